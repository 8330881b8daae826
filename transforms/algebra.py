"""Algebraic identities: what one op on scalars comes to, given what computed its arguments.

Integers are simplified as linear forms, so that `(n - 1) + 1` is `n` and an index of the reverse sweep reads as a person would
write it. Floating-point identities are exact, with two exceptions that every AD tool makes: 0 * x is 0 though x may be
infinite, and 0.0 + x is x though x may be -0.0. A minus sign moves outwards, where an addition swallows it.

The first exception is for derivatives only. An adjoint that is zero has no effect, whatever it is multiplied by, and one that
a condition masks is masked behind the product: `where(c, g, 0) * x` is `where(c, g * x, 0)`, or the branch not taken would
give 0 * inf. Likewise an adjoint that was multiplied by what divides it now, as in the square of a root, is the adjoint
itself, where 0 / 0 would be NaN. In the function itself such an op is what NumPy makes of it: it is marked `exact`, and stays.
"""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from srcad.ir import BOOL, FLOAT, INT, Array, Atom, Const, Op, Scalar, Var, const, is_float
from srcad.transforms.shapes import Shapes
from srcad.transforms.symbolic import Dim, Size

#: `make(name, *args)` appends an op (simplified in its turn) and gives its result.
Make = Callable[..., Atom]
Definitions = Mapping[Var, Op]

_FOLDED: Mapping[str, Callable[..., Any]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "neg": operator.neg,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
    "eq": operator.eq,
    "ne": operator.ne,
    "and": lambda a, b: bool(a and b),
    "or": lambda a, b: bool(a or b),
    "not": operator.not_,
    "maximum": max,
    "minimum": min,
    "trips": lambda start, stop, step: len(range(start, stop, step)) if step else None,
}
COMPARISONS = frozenset({"lt", "le", "gt", "ge", "eq", "ne"})
_SIZES = frozenset({"dim", "trips", "length", "broadcast_dim"})


class Algebra:
    """Simplifies ops. `definitions` says which op gave a Var; `counters` are loop indices that are never negative."""

    def __init__(self, definitions: Definitions, counters: set[Var], shapes: Shapes) -> None:
        self._definitions = definitions
        self._counters = counters
        self._shapes = shapes

    def simplify(self, op: Op, make: Make) -> Atom | None:
        """What the op's result equals, or None where the op stands as it is."""
        if op.name in ("dim", "trips", "broadcast_dim", "spans"):
            return self._size(op, make)
        if not all(isinstance(arg.type, Scalar) for arg in op.args) or not op.results:
            return self._reference(op, make)
        folded = fold_literals(op)
        if folded is not None or op.attr("exact"):
            return folded
        type = op.result.type
        if type == INT and op.name in ("add", "sub", "mul", "neg"):
            return self._linear(op, make)
        rule = getattr(self, f"_{op.name}", None)
        found: Atom | None = rule(make, *op.args) if rule is not None else None
        if op.name in COMPARISONS:
            found = self._compare(op)
        if op.name == "cast" and op.args[0].type == type and isinstance(op.args[0], Var):
            found = op.args[0]
        return found

    def definition(self, operand: Atom, name: str) -> tuple[Atom, ...] | None:
        """The arguments of the op of that name that gave the operand, if one did."""
        op = self._definitions.get(operand) if isinstance(operand, Var) else None
        return op.args if op is not None and op.name == name else None

    def may_vanish(self, op: Op) -> bool:
        """Whether the op is a product or quotient with a zero in it, with what a condition may make zero, or with a factor
        to cancel that may be zero."""
        if op.name in ("mul", "div") and self._cancelled(op.name, *op.args) is not None:
            return True
        factors = op.args if op.name == "mul" else op.args[:1] if op.name == "div" else ()
        return all(is_float(result.type) for result in op.results) and any(
            is_literal(x, 0) or self._masked(x) for x in factors
        )

    def _cancelled(self, name: str, a: Atom, b: Atom) -> Atom | None:
        """What is left of the product `a` when it is divided by its factor `b`; of the quotients `a` or `b` when they are
        multiplied by their divisors."""
        if name == "div":
            if self._same(a, b):
                return const(1.0)
            factors = self.definition(a, "mul") or ()
            return next((rest for factor, rest in itertools.permutations(factors, 2) if self._same(factor, b)), None)
        for factor, other in ((a, b), (b, a)):
            terms = self.definition(other, "div")
            if terms is not None and self._same(terms[1], factor):
                return terms[0]
        return None

    def _same(self, a: Atom, b: Atom) -> bool:
        """Whether both are one value, or the product of the same factors."""
        terms = self.definition(a, "mul")
        return isinstance(a, Var) and (a is b or (terms is not None and terms == self.definition(b, "mul")))

    def _masked(self, operand: Atom) -> bool:
        choice = self.definition(operand, "where")
        return choice is not None and any(is_literal(x, 0) for x in choice[1:])

    def _behind_mask(self, make: Make, masked: Atom, of: Callable[[Atom], Atom]) -> Atom | None:
        """`of(where(c, g, 0))`, linear as it is, as `where(c, of(g), 0)`."""
        if not self._masked(masked):
            return None
        c, *arms = self.definition(masked, "where") or ()
        return make("where", c, *(const(0.0) if is_literal(arm, 0) else of(arm) for arm in arms))

    def _of_masked(self, make: Make, name: str, a: Atom, b: Atom) -> Atom | None:
        """The sum or difference of two terms that one condition masks, as one choice."""
        one, two = self.definition(a, "where"), self.definition(b, "where")
        if one is None or two is None or one[0] != two[0]:
            return None
        pairs = list(zip(one[1:], two[1:], strict=True))
        if not all(self._masked(x) for x in (a, b)):
            return None
        return make("where", one[0], *(const(0.0) if is_zeros(pair) else make(name, *pair) for pair in pairs))

    # --- floats ---

    def _add(self, make: Make, a: Atom, b: Atom) -> Atom | None:
        if is_literal(b, 0):
            return a
        if is_literal(a, 0):
            return b
        if (minus := self._negated(b)) is not None:
            return make("sub", a, minus)
        if (minus := self._negated(a)) is not None:
            return make("sub", b, minus)
        return make("mul", const(2), a) if a is b else self._of_masked(make, "add", a, b)

    def _sub(self, make: Make, a: Atom, b: Atom) -> Atom | None:
        if is_literal(b, 0):
            return a
        if is_literal(a, 0):
            return make("neg", b)
        if (minus := self._negated(b)) is not None:
            return make("add", a, minus)
        if (inner := self.definition(a, "neg")) is not None:
            return make("neg", make("add", inner[0], b))
        return self._of_masked(make, "sub", a, b)

    def _mul(self, make: Make, a: Atom, b: Atom) -> Atom | None:
        for factor, other in ((a, b), (b, a)):
            if is_literal(factor, 1):
                return other
            if is_literal(factor, 0):
                return const(0.0)
            if is_literal(factor, -1):
                return make("neg", other)
            if (inner := self.definition(factor, "neg")) is not None:
                return make("neg", make("mul", *((inner[0], other) if factor is a else (other, inner[0]))))
            if (rest := self._cancelled("mul", a, b)) is not None:
                return rest
            if self._masked(factor):
                if factor is a:
                    return self._behind_mask(make, a, lambda g: make("mul", g, b))
                return self._behind_mask(make, b, lambda g: make("mul", a, g))
            if isinstance(factor, Const) and (terms := self.definition(other, "mul")) is not None:
                left, right = terms
                if isinstance(left, Const) and not left.name and (is_power_of_two(left) or is_power_of_two(factor)):
                    product = fold_values("mul", factor, left)
                    return None if product is None else make("mul", product, right)
        return None

    def _div(self, make: Make, a: Atom, b: Atom) -> Atom | None:
        if is_literal(b, 1):
            return a
        if is_literal(b, -1):
            return make("neg", a)
        if is_literal(a, 0):
            return const(0.0)
        if (rest := self._cancelled("div", a, b)) is not None:
            return rest
        if self._masked(a):
            return self._behind_mask(make, a, lambda g: make("div", g, b))
        for position, operand in enumerate((a, b)):
            if (inner := self.definition(operand, "neg")) is not None:
                return make("neg", make("div", *((inner[0], b) if position == 0 else (a, inner[0]))))
        return None

    def _neg(self, make: Make, a: Atom) -> Atom | None:
        if (inner := self.definition(a, "neg")) is not None:
            return inner[0]
        if (terms := self.definition(a, "sub")) is not None:
            return make("sub", terms[1], terms[0])
        return None

    def _pow(self, make: Make, a: Atom, b: Atom) -> Atom | None:
        if is_literal(b, 1):
            return a
        return const(1.0) if is_literal(b, 0) else None

    def _negated(self, operand: Atom) -> Atom | None:
        """x where the operand is -x or a negative literal."""
        if (inner := self.definition(operand, "neg")) is not None:
            return inner[0]
        if (
            isinstance(operand, Const)
            and not operand.name
            and isinstance(operand.value, int | float)
            and operand.value < 0
        ):
            return Const(-operand.value, operand.type, operand.weak)
        return None

    # --- choices ---

    def _where(self, make: Make, c: Atom, a: Atom, b: Atom) -> Atom | None:
        if isinstance(c, Const):
            return a if c.value else b
        if a is b or (isinstance(a, Const) and a == b):
            return a
        if (inner := self.definition(c, "not")) is not None:
            return make("where", inner[0], b, a)
        return None

    def _not(self, make: Make, a: Atom) -> Atom | None:
        inner = self.definition(a, "not")
        return inner[0] if inner is not None else None

    def _and(self, make: Make, a: Atom, b: Atom) -> Atom | None:
        for this, other in ((a, b), (b, a)):
            if isinstance(this, Const):
                return other if this.value else const(False)
        return a if a is b else None

    def _or(self, make: Make, a: Atom, b: Atom) -> Atom | None:
        for this, other in ((a, b), (b, a)):
            if isinstance(this, Const):
                return const(True) if this.value else other
        return a if a is b else None

    def _maximum(self, make: Make, a: Atom, b: Atom) -> Atom | None:
        for this, other in ((a, b), (b, a)):
            if is_literal(this, 0) and not is_float(other.type) and self.nonnegative(other):
                return other
        return None

    # --- integers ---

    def linear(self, operand: Atom, depth: int = 8) -> tuple[dict[Atom, int], int]:
        """The integer as a sum of multiples of Vars and a number."""
        if isinstance(operand, Const):
            return ({operand: 1}, 0) if operand.name else ({}, int(operand.value))
        op = self._definitions.get(operand)
        if op is None or depth == 0 or op.result.type != INT:
            return {operand: 1}, 0
        found = self._combine(op, depth - 1)
        return ({operand: 1}, 0) if found is None else found

    def _combine(self, op: Op, depth: int) -> tuple[dict[Atom, int], int] | None:
        if op.name not in ("add", "sub", "neg", "mul"):
            return None
        parts = [self.linear(arg, depth) for arg in op.args]
        if op.name == "mul":
            for (terms, number), (none, factor) in (parts, parts[::-1]):
                if not none:
                    return {v: c * factor for v, c in terms.items() if c * factor}, number * factor
            return None
        signs = {"add": (1, 1), "sub": (1, -1), "neg": (-1,)}[op.name]
        total: dict[Atom, int] = {}
        for sign, (terms, _) in zip(signs, parts, strict=True):
            for var, factor in terms.items():
                total[var] = total.get(var, 0) + sign * factor
        number = sum(sign * part[1] for sign, part in zip(signs, parts, strict=True))
        return {var: factor for var, factor in total.items() if factor}, number

    def _linear(self, op: Op, make: Make) -> Atom | None:
        found = self._combine(op, 8)
        if found is None or any(arg.type != INT for arg in op.args):
            return None
        terms, number = found
        match sorted(terms.items(), key=lambda term: -term[1]):
            case []:
                return const(number)
            case [(var, 1)]:
                if number == 0:
                    return var
                return _unless_same(op, make, "add" if number > 0 else "sub", var, const(abs(number)))
            case [(a, 1), (b, -1)] if number == 0:
                return _unless_same(op, make, "sub", a, b)
        return None

    def _compare(self, op: Op) -> Atom | None:
        """A comparison of integers whose difference is known."""
        a, b = op.args
        if a.type != INT or b.type != INT:
            return None
        (terms, number), (other, offset) = self.linear(a), self.linear(b)
        return const(bool(_FOLDED[op.name](number, offset))) if terms == other else None

    def nonnegative(self, operand: Atom) -> bool:
        """Whether an integer is known not to be negative."""
        if isinstance(operand, Const):
            return bool(operand.value >= 0)
        if operand in self._counters:
            return True
        op = self._definitions.get(operand)
        if op is None:
            return False
        if op.name in ("add", "mul", "floordiv", "minimum", "where"):
            return all(map(self.nonnegative, op.args[op.name == "where" :]))
        return op.name in _SIZES or (op.name == "maximum" and any(map(self.nonnegative, op.args)))

    # --- sizes and references ---

    def _size(self, op: Op, make: Make) -> Atom | None:
        if op.name == "trips":
            return self._trips(op)
        if op.name == "broadcast_dim":
            n, m = op.args
            return m if is_literal(n, 1) or n == m else n if is_literal(m, 1) else None
        if op.name == "spans":
            return const(True) if op.args[0] == op.args[1] else None
        return self._dim(op, make)

    def _trips(self, op: Op) -> Atom | None:
        folded = fold_literals(op)
        start, stop, step = op.args
        if folded is not None or not (is_literal(step, 1) or is_literal(step, -1)):
            return folded
        (low, first), (high, last) = map(self.linear, (start, stop) if is_literal(step, 1) else (stop, start))
        count = {var: high.get(var, 0) - low.get(var, 0) for var in {**high, **low}}
        match [(var, factor) for var, factor in count.items() if factor]:
            case []:
                return const(max(0, last - first))
            case [(var, 1)] if last == first and self.nonnegative(var):
                return var
        return None

    def _dim(self, op: Op, make: Make) -> Atom | None:
        """The size of an axis by its first name: what the array was made with, or a size of the array it is made from."""
        size = self._shapes.value(op.result)
        if not size.terms:
            return const(size.constant)
        match size.lone:
            case Var() as var if var is not op.result:
                return var
            case Dim(array=array, axis=axis) if (array, axis) != (op.args[0], op.attr("axis")):
                return make("dim", array, axis=axis)
        return None

    def _reference(self, op: Op, make: Make) -> Atom | None:
        """A view of the whole array is the array, and so is an array that is expanded to the shape it has."""
        base = op.args[0] if op.args else None
        if op.name == "expand" and base is not None:
            wanted = tuple(Size.of(self._shapes.value(size)) for size in op.args[1:])
            return base if self._shapes.of(base) == wanted else None
        if op.name == "view" and not op.attr("spec"):
            return base
        if op.name == "transpose" and isinstance(base, Var) and isinstance(base.type, Array):
            axes = op.attr("axes")
            inner = self._definitions.get(base)
            if axes == tuple(range(len(axes))):
                return base
            if inner is not None and inner.name == "transpose":
                return make("transpose", inner.args[0], axes=tuple(inner.attr("axes")[axis] for axis in axes))
        return None


def _unless_same(op: Op, make: Make, name: str, *args: Atom) -> Atom | None:
    return None if (op.name, op.args) == (name, args) else make(name, *args)


def is_literal(operand: Atom, value: int) -> bool:
    """Whether the operand is this number, written out."""
    if not isinstance(operand, Const) or not isinstance(operand.type, Scalar) or operand.name:
        return False
    return operand.value is not None and not isinstance(operand.value, bool) and bool(operand.value == value)


def is_zeros(pair: tuple[Atom, Atom]) -> bool:
    return is_literal(pair[0], 0) and is_literal(pair[1], 0)


SINGLE = Scalar("float32")


def is_power_of_two(literal: Const) -> bool:
    """Whether multiplying by it is exact."""
    return isinstance(literal.value, int | float) and abs(math.frexp(literal.value)[0]) == 0.5


def fold_literals(op: Op) -> Const | None:
    """The value of an op on literals. Named ones keep their names, and long decimals are left to be read as written."""
    literals = [arg for arg in op.args if isinstance(arg, Const) and not arg.name]
    if len(literals) != len(op.args) or not all(literal.type in (BOOL, INT, FLOAT, SINGLE) for literal in literals):
        return None
    value = literals[0] if op.name == "cast" else fold_values(op.name, *literals)
    if op.result.type == SINGLE:
        return value if value is None else as_single(value)
    return None if op.name == "cast" or SINGLE in [literal.type for literal in literals] else value


def as_single(literal: Const) -> Const | None:
    """The literal as a float32, if it is one."""
    exact = (
        isinstance(literal.value, int | float)
        and abs(literal.value) < 1e38
        and np.float32(literal.value) == literal.value
    )
    return Const(float(literal.value), SINGLE, weak=False) if exact else None


def fold_values(name: str, *literals: Const) -> Const | None:
    """The value of an op on these literals, if it is worth writing out."""
    values = [literal.value for literal in literals]
    value: Any = None
    if name == "div" and is_power_of_two(literals[1]):
        value = values[0] / values[1]
    elif name in ("floordiv", "mod") and all(type(v) is int for v in values) and values[1] > 0:
        value = values[0] // values[1] if name == "floordiv" else values[0] % values[1]
    elif name in _FOLDED and all(isinstance(v, bool | int | float) and v == v for v in values):
        value = _FOLDED[name](*values)
    if value is None or (not isinstance(value, bool) and abs(value) >= 2**63):
        return None
    longest = max(len(repr(v)) for v in values)
    return const(value) if isinstance(value, bool | int) or len(repr(value)) <= longest + 3 else None

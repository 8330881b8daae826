"""Folding: constants, algebraic identities (`transforms.algebra`), and control flow that is decided already.

A branch whose condition is known replaces its `If`; inside a branch the condition is known to hold. A loop without trips
disappears, one with a single trip is its body, and a value that a loop only hands on is not carried by it.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import Any

from srcad.ir import (
    BOOL,
    FLOAT,
    Array,
    Atom,
    Block,
    Builder,
    Const,
    For,
    If,
    Op,
    Operand,
    Scalar,
    Stmt,
    Trace,
    Type,
    Undef,
    Var,
    While,
    clone,
    const,
    replace,
)
from srcad.ops import ELEMENTWISE, result_type
from srcad.transforms.algebra import Algebra
from srcad.transforms.alias import next_values
from srcad.transforms.shapes import Shapes

#: What ops on an array without axes are on an element.
AT_ELEMENT = {"load": "load", "store": "store", "update": "update", "assign": "store", "accumulate": "update"}
#: A fold can enable another; this many rounds are the most that are tried.
ROUNDS = 6


def fold(trace: Trace, exact: bool = False) -> Trace:
    """The trace with what is known while it is generated worked out. With `exact`, floats are what NumPy computes."""
    for _ in range(ROUNDS):
        folder = _Folder(Shapes(trace), exact)
        trace = folder.trace(trace)
        if not folder.changed:
            break
    return replace(trace, functions=tuple(fold(function, exact) for function in trace.functions))


def exact_fold(trace: Trace) -> Trace:
    """`fold` for a function as the user wrote it."""
    return fold(trace, exact=True)


class _Folder:
    """One walk over a trace, in program order."""

    def __init__(self, shapes: Shapes, exact: bool) -> None:
        self.changed = False
        self._exact = exact
        self._env: dict[Var, Operand] = {}
        self._definitions: dict[Var, Op] = {}
        self._counters: set[Var] = set()
        self._algebra = Algebra(self._definitions, self._counters, shapes)

    def trace(self, trace: Trace) -> Trace:
        out: list[Stmt] = []
        starts: list[int] = []
        for stmt in trace.body.stmts:
            starts.append(len(out))
            self._stmt(stmt, out)
        starts.append(len(out))
        body = Block(tuple(out), self._reads(trace.body.yields))
        return replace(trace, body=body, comments=tuple((starts[at], text) for at, text in trace.comments))

    # --- operands ---

    def _read(self, operand: Operand) -> Operand:
        while isinstance(operand, Var) and operand in self._env:
            operand = self._env[operand]
        return operand

    def _reads(self, operands: Iterable[Operand]) -> tuple[Operand, ...]:
        return tuple(map(self._read, operands))

    def _atom(self, operand: Operand, out: list[Stmt]) -> Atom:
        """As `_read`, for an op: one that is never executed may read what is never assigned, and gets anything."""
        found = self._read(operand)
        if not isinstance(found, Undef):
            return found
        if isinstance(found.type, Scalar):
            return as_type(const(0), found.type)  # type: ignore[return-value]
        b = Builder(out)
        if isinstance(found.type, Array):
            return b.op("alloc", *[const(0)] * found.type.ndim, fill="empty", dtype=found.type.dtype)
        return b.op("list", item=found.type.item)

    def _replace(self, var: Var, operand: Operand) -> bool:
        """Let another operand stand for the Var, if it has the Var's type."""
        operand = as_type(operand, var.type)
        fits = isinstance(operand, Const | Undef) or operand.type == var.type or _same_memory(operand.type, var.type)
        if fits:
            self._env[var] = operand
            self.changed = True
        return fits

    # --- statements ---

    def _block(self, block: Block) -> Block:
        out: list[Stmt] = []
        for stmt in block.stmts:
            self._stmt(stmt, out)
        return Block(tuple(out), self._reads(block.yields))

    def _stmt(self, stmt: Stmt, out: list[Stmt]) -> None:
        match stmt:
            case Op():
                self._op(stmt, out)
            case If():
                self._if(stmt, out)
            case For():
                self._for(stmt, out)
            case While():
                self._while(stmt, out)

    def _op(self, op: Op, out: list[Stmt]) -> None:
        args = tuple([self._atom(arg, out) for arg in op.args])
        same = all(map(operator.is_, args, op.args))
        new = op if same else keep_type(op, replace(op, args=args))
        if self._exact and self._algebra.may_vanish(new) and not new.attr("exact"):
            new = replace(new, attrs=(*new.attrs, ("exact", True)))
        if new.name in AT_ELEMENT:
            new = self._at_element(new)
        if len(new.results) == 1:
            make = self._maker(new, out)
            found = self._algebra.simplify(new, make)
            if isinstance(found, Var) and found.type == Scalar("float32") and new.result.type == FLOAT:
                found = make("cast", found, dtype="float64")  # 1.0 * x, where x is a float32 and 1.0 is not
            if found is not None and self._replace(new.result, found):
                return
            self._definitions[new.result] = new
        out.append(new)

    def _at_element(self, op: Op) -> Op:
        """The op on an array without axes as one on an element: of the array that it is a view of, if that is known."""
        target, *rest = op.args
        if not isinstance(target.type, Array) or target.type.ndim or any(isinstance(a.type, Array) for a in rest):
            return op
        view = self._definitions.get(target) if isinstance(target, Var) else None
        found = view.args if view is not None and view.name == "view" else (target,)
        self.changed |= len(found) > 1 or op.name != AT_ELEMENT[op.name]
        return replace(op, name=AT_ELEMENT[op.name], args=(*found, *rest))

    def _maker(self, op: Op, out: list[Stmt]) -> Any:
        """How the algebra appends the ops that stand in the place of `op`."""
        made: set[Var] = set()

        def make(name: str, *given: Atom, **attrs: Any) -> Atom:
            args = tuple(self._atom(arg, out) for arg in given)
            type = result_type(name, args, attrs)
            assert type is not None
            result = Var(op.result.hint, type, op.span)
            made.add(result)
            if name == "neg" and args[0] in made:
                object.__setattr__(args[0], "hint", "")  # the name is that of the value, not of its opposite
            new = Op((result,), name, args, tuple(attrs.items()), op.span)
            found = self._algebra.simplify(new, make)
            if found is not None and (isinstance(found, Const) or found.type == type):
                return as_type(found, type)  # type: ignore[return-value]
            self._definitions[result] = new
            out.append(new)
            return result

        return make

    def _if(self, stmt: If, out: list[Stmt]) -> None:
        cond = self._atom(stmt.cond, out)
        if isinstance(cond, Const):
            taken = stmt.then if cond.value else stmt.orelse
            for inner in taken.stmts:
                self._stmt(inner, out)
            for result, value in zip(stmt.results, self._reads(taken.yields), strict=True):
                self._inline(result, value, out)
            self.changed = True
            return
        then, orelse = self._branch(stmt.then, cond, True), self._branch(stmt.orelse, cond, False)
        results, kept = [], []
        for result, pair in zip(stmt.results, zip(then.yields, orelse.yields, strict=True), strict=True):
            same = self._merge(result, pair, cond, {*_defined(then), *_defined(orelse)})
            if same is None or not self._replace(result, same):
                results.append(result)
                kept.append(pair)
        then = Block(then.stmts, tuple(pair[0] for pair in kept))
        orelse = Block(orelse.stmts, tuple(pair[1] for pair in kept))
        if then.stmts or orelse.stmts or results:
            out.append(replace(stmt, results=tuple(results), cond=cond, then=then, orelse=orelse))

    def _branch(self, block: Block, cond: Var, holds: bool) -> Block:
        """A branch, in which the condition is known."""
        outside = dict(self._env)
        self._assume(cond, holds)
        new = self._block(block)
        self._env = outside
        return new

    def _assume(self, cond: Atom, holds: bool) -> None:
        if not isinstance(cond, Var):
            return
        self._env[cond] = const(holds)
        if (inner := self._algebra.definition(cond, "not")) is not None:
            self._assume(inner[0], not holds)
        for arg in self._algebra.definition(cond, "and" if holds else "or") or ():
            self._assume(arg, holds)

    def _merge(self, result: Var, pair: tuple[Operand, Operand], cond: Var, inside: set[Var]) -> Operand | None:
        """What the result of an `If` is whichever branch is taken, if that is known outside."""
        known = [value for value in pair if not isinstance(value, Undef)]
        if not known:
            return Undef(result.type)
        if known[0] in inside or any(value != known[0] for value in known):
            return cond if result.type == BOOL and pair == (const(True), const(False)) else None
        return known[0]

    def _inline(self, result: Var, value: Operand, out: list[Stmt]) -> None:
        """The value in the place of the result; a conversion where a branch's type was not the merged one."""
        if self._replace(result, value):
            return
        assert not isinstance(value, Undef)
        out.append(Op((result,), "cast", (value,), (("dtype", result.type.dtype),)))  # type: ignore[union-attr]

    def _carried(self, stmt: For | While) -> list[int]:
        """The places of the params that change; the others are replaced by what they start from."""
        changing = []
        slots = zip(stmt.params, stmt.inits, next_values(stmt), stmt.results, strict=True)
        for place, (param, init, after, result) in enumerate(slots):
            init, after = self._read(init), self._read(after)
            unchanged = after is param or as_type(after, param.type) == as_type(init, param.type)
            if isinstance(init, Undef) or not unchanged or not self._replace(param, init):
                changing.append(place)
            elif not self._replace(result, init):
                raise AssertionError("a loop's result has its param's type")
        return changing

    def _for(self, stmt: For, out: list[Stmt]) -> None:
        start, stop, step = (self._atom(bound, out) for bound in (stmt.start, stmt.stop, stmt.step))
        if all(isinstance(bound, Const) for bound in (start, stop, step)):
            trips = len(range(start.value, stop.value, step.value))  # type: ignore[union-attr]
            if trips == 0:
                for result, init in zip(stmt.results, self._reads(stmt.inits), strict=True):
                    self._inline(result, init, out)
                self.changed = True
                return
            if trips == 1 and not stmt.exits:
                self._once(stmt, start, out)
                return
        if isinstance(step, Const) and self._algebra.nonnegative(start if step.value > 0 else _next(stop)):
            self._counters.add(stmt.index)
        keep = self._carried(stmt)
        inits = self._reads(stmt.inits)
        slots = None if stmt.slots is None else self._atom(stmt.slots, out)
        body, exits = self._body(stmt, keep)
        out.append(
            replace(
                stmt,
                results=_pick(stmt.results, keep),
                slots=slots,
                start=start,
                stop=stop,
                step=step,
                params=_pick(stmt.params, keep),
                inits=_pick(inits, keep),
                body=body,
                exits=exits,
            )
        )

    def _once(self, stmt: For, start: Atom, out: list[Stmt]) -> None:
        """The body of a loop with one trip."""
        for param, init in zip(stmt.params, self._reads(stmt.inits), strict=True):
            self._inline(param, init, out)
        self._replace(stmt.index, start)
        for inner in stmt.body.stmts:
            self._stmt(inner, out)
        for result, value in zip(stmt.results, self._reads(stmt.body.yields), strict=True):
            self._inline(result, value, out)
        self.changed = True

    def _while(self, stmt: While, out: list[Stmt]) -> None:
        keep = self._carried(stmt)
        inits = self._reads(stmt.inits)
        changed = self.changed
        at_first = self._block(clone(stmt.cond, dict(zip(stmt.params, inits, strict=True))))
        self.changed = changed  # what is only looked at enables nothing
        cond = self._block(stmt.cond)
        if at_first.yields == (const(False),):
            for place in keep:
                self._inline(stmt.results[place], inits[place], out)
            self.changed = True
            return
        body, exits = self._body(stmt, keep)
        out.append(
            replace(
                stmt,
                results=_pick(stmt.results, keep),
                params=_pick(stmt.params, keep),
                inits=_pick(inits, keep),
                cond=cond,
                body=body,
                exits=exits,
            )
        )

    def _body(self, stmt: For | While, keep: list[int]) -> tuple[Block, bool]:
        """The loop's body without the params that do not change, and whether it can still leave the loop."""
        body = self._block(stmt.body)
        go, values = body.yields[: int(stmt.exits)], body.yields[int(stmt.exits) :]
        if go == (const(True),):
            go = ()
            self.changed = True
        return Block(body.stmts, (*go, *_pick(values, keep))), bool(go)


def as_type(operand: Operand, type: Type) -> Operand:
    """The operand as a value of the type: a literal is converted, 0 to 0.0 for a float."""
    if not isinstance(operand, Const) or not isinstance(type, Scalar) or operand.type == type or operand.name:
        return operand
    kind = "complex" if type.dtype.startswith("complex") else type.dtype.rstrip("0123456789").removeprefix("u")
    value = {"bool": bool, "int": int, "float": float, "complex": complex}[kind](operand.value)
    if const(value).type == type or operand.weak:
        return const(value)
    return Const(value, type, weak=False)


def keep_type(old: Op, new: Op) -> Op:
    """The op, with literals that came in for Vars made strong where weak ones would change the result's type."""
    if new.name not in ELEMENTWISE or result_type(new.name, new.args, dict(new.attrs)) == new.result.type:
        return new
    args = (
        replace(arg, weak=False) if isinstance(arg, Const) and isinstance(was, Var) else arg
        for arg, was in zip(new.args, old.args, strict=True)
    )
    return replace(new, args=tuple(args))


def _same_memory(given: Type, taker: Type) -> bool:
    return (
        isinstance(given, Array) and isinstance(taker, Array) and (given.dtype, given.ndim) == (taker.dtype, taker.ndim)
    )


def _defined(block: Block) -> set[Var]:
    return {var for stmt in block.stmts for var in stmt.results}


def _next(stop: Atom) -> Atom:
    """The last value of an index that runs downwards is past `stop`."""
    return const(int(stop.value) + 1) if isinstance(stop, Const) else stop


def _pick(items: tuple[Any, ...], places: list[int]) -> tuple[Any, ...]:
    return tuple(items[place] for place in places)

"""math's and cmath's functions that are put together from others, operator's that make functions, and slices."""

from __future__ import annotations

import cmath
import math
import operator
from typing import Any

import numpy as np

from srcad.ir import Atom, const
from srcad.lower import number_library
from srcad.lower.casts import cast, kind_of
from srcad.lower.comparisons import compare, truth
from srcad.lower.elementwise_calls import elementwise, math_operand, pythons_float
from srcad.lower.failures import check_remainder
from srcad.lower.indexing import getitem, setitem
from srcad.lower.known import NONE, is_known, is_none, lift, python
from srcad.lower.operands import int_operand, operand
from srcad.lower.operators import binary, fold
from srcad.lower.registry import lowers
from srcad.lower.values import Context, Obj, SliceValue, Tup, Value

# --- math -------------------------------------------------------------------------------------------------------------


@lowers(math.hypot)
def _hypot(ctx: Context, *coordinates: Value) -> Value:
    if all(map(is_known, coordinates)) and (folded := fold(ctx, math.hypot, *coordinates)) is not None:
        return folded
    first, *rest = [pythons_float(ctx, math_operand(ctx, math.hypot, value)) for value in coordinates]
    if not rest:
        return elementwise(ctx, "abs", first)
    for other in rest:
        first = elementwise(ctx, "hypot", first, other)
    ctx.belongs(first, python=True)
    return first


@lowers(math.dist)
def _dist(ctx: Context, p: Value, q: Value, /) -> Value:
    return ctx.call(Obj(np.linalg.norm), [binary(ctx, "sub", operand(ctx, p), operand(ctx, q))], {})


@lowers(math.remainder)
def _remainder(ctx: Context, x: Value, y: Value, /) -> Value:
    if is_known(x) and is_known(y) and (folded := fold(ctx, math.remainder, x, y)) is not None:
        return folded
    a, b = math_operand(ctx, math.remainder, x), math_operand(ctx, math.remainder, y)
    a, b = cast(ctx, a, "float64"), cast(ctx, b, "float64")
    check_remainder(ctx, a, b)
    whole = elementwise(ctx, "rint", ctx.b.op("div", a, b))
    return binary(ctx, "sub", a, binary(ctx, "mul", whole, b))


@lowers(math.modf)
def _modf(ctx: Context, x: Value, /) -> Value:
    number = cast(ctx, math_operand(ctx, math.modf, x), "float64")
    whole = elementwise(ctx, "trunc", number)
    return Tup((binary(ctx, "sub", number, whole), whole))


@lowers(math.ldexp)
def _ldexp(ctx: Context, x: Value, i: Value, /) -> Value:
    number = cast(ctx, math_operand(ctx, math.ldexp, x), "float64")
    return binary(ctx, "mul", number, binary(ctx, "pow", const(2.0), int_operand(ctx, i, "the exponent of ldexp")))


def _of_integers(function: Any, lowered: Any, defaults: tuple[Value, ...] = ()) -> None:
    @lowers(function)
    def lowering(ctx: Context, *args: Value) -> Value:
        if all(map(is_known, args)) and (folded := fold(ctx, function, *args)) is not None:
            return folded
        numbers: list[Value] = [int_operand(ctx, arg, f"the argument of math.{function.__name__}()") for arg in args]
        return ctx.call(Obj(lowered), [*numbers, *defaults[len(numbers) - 1 :]], {})


for _name in ("comb", "factorial", "isqrt"):
    _of_integers(getattr(math, _name), getattr(number_library, _name))
_of_integers(math.perm, number_library.perm, (const(-1),))


def _folding(function: Any, lowered: Any, start: int) -> None:
    @lowers(function)
    def lowering(ctx: Context, *args: Value) -> Value:
        if all(map(is_known, args)) and (folded := fold(ctx, function, *args)) is not None:
            return folded
        result: Value = const(start)
        for arg in args:
            result = ctx.call(
                Obj(lowered), [result, int_operand(ctx, arg, f"the argument of math.{function.__name__}()")], {}
            )
        return result


_folding(math.gcd, number_library.gcd, 0)
_folding(math.lcm, number_library.lcm, 1)

if hasattr(math, "sumprod"):

    @lowers(math.sumprod)
    def _sumprod(ctx: Context, p: Value, q: Value, /) -> Value:
        return ctx.call(Obj(np.dot), [operand(ctx, p), operand(ctx, q)], {})


# --- cmath ------------------------------------------------------------------------------------------------------------


def _complex(ctx: Context, value: Value, name: str) -> Atom:
    atom = math_operand(ctx, getattr(cmath, name), value)
    return atom if kind_of(atom) == "c" else cast(ctx, atom, "complex128")


def _of_cmath(name: str, op: str) -> None:
    function = getattr(cmath, name)

    @lowers(function)
    def lowering(ctx: Context, z: Value, /) -> Value:
        if is_known(z) and (folded := fold(ctx, function, z)) is not None:
            return folded
        return elementwise(ctx, op, _complex(ctx, z, name))


for _name in "sqrt exp sin cos tan sinh cosh tanh isnan isinf isfinite".split():
    _of_cmath(_name, _name)
for _name in "sin cos tan sinh cosh tanh".split():
    _of_cmath(f"a{_name}", f"arc{_name}")


@lowers(cmath.log)
def _log(ctx: Context, z: Value, base: Value = NONE, /) -> Value:
    logs = [elementwise(ctx, "log", _complex(ctx, x, "log")) for x in (z, base) if not is_none(x)]
    return logs[0] if len(logs) == 1 else binary(ctx, "div", *logs)


@lowers(cmath.log10)
def _log10(ctx: Context, z: Value, /) -> Value:
    return _log(ctx, z, const(10.0))


@lowers(cmath.phase)
def _phase(ctx: Context, z: Value, /) -> Value:
    return ctx.call(Obj(np.angle), [_complex(ctx, z, "phase")], {})


@lowers(cmath.polar)
def _polar(ctx: Context, z: Value, /) -> Value:
    return Tup((elementwise(ctx, "abs", _complex(ctx, z, "polar")), _phase(ctx, z)))


@lowers(cmath.rect)
def _rect(ctx: Context, r: Value, phi: Value, /) -> Value:
    parts = [binary(ctx, "mul", r, elementwise(ctx, op, operand(ctx, phi))) for op in ("cos", "sin")]
    return ctx.call(Obj(complex), parts, {})


# --- operator ---------------------------------------------------------------------------------------------------------

lowers(operator.abs)(lambda ctx, x, /: ctx.call(Obj(abs), [x], {}))
lowers(operator.getitem)(lambda ctx, a, b, /: getitem(ctx, a, b))
lowers(operator.contains)(lambda ctx, a, b, /: compare(ctx, "in", b, a))
lowers(operator.is_)(lambda ctx, a, b, /: compare(ctx, "is", a, b))
lowers(operator.is_not)(lambda ctx, a, b, /: compare(ctx, "isnot", a, b))
lowers(operator.index)(lambda ctx, a, /: int_operand(ctx, a, "operator.index"))
lowers(operator.concat)(lambda ctx, a, b, /: binary(ctx, "add", a, b))


@lowers(operator.setitem)
def _setitem(ctx: Context, a: Value, b: Value, c: Value, /) -> Value:
    setitem(ctx, a, b, c)
    return NONE


@lowers(operator.truth)
def _truth(ctx: Context, a: Value, /) -> Value:
    known = truth(ctx, a)
    return const(known) if isinstance(known, bool) else known


def call_getter(ctx: Context, getter: Any, value: Value) -> Value:
    """A call of what operator.itemgetter or operator.attrgetter made."""
    from srcad.lower.methods import attribute

    names = getter.__reduce__()[1]
    if isinstance(getter, operator.itemgetter):
        found = [getitem(ctx, value, lift(ctx, name)) for name in names]
    else:
        found = []
        for name in names:
            part = value
            for step in name.split("."):
                part = attribute(ctx, part, step)
            found.append(part)
    return found[0] if len(found) == 1 else Tup(tuple(found))


# --- slices -----------------------------------------------------------------------------------------------------------


@lowers(slice)
def _slice(ctx: Context, first: Value, /, *others: Value) -> Value:
    parts = (first, *others, NONE)[:3] if others else (NONE, first, NONE)
    if all(map(is_known, parts)):
        return Obj(slice(*map(python, parts)))
    return SliceValue(*[part if is_none(part) else int_operand(ctx, part, "a slice") for part in parts])

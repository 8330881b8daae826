"""Truth and choice, elementwise: logical functions, where, clip, rounding, and what is put together from them."""

from __future__ import annotations

import math

import numpy as np

from srcad.ir import Atom, const
from srcad.lower.arguments import written
from srcad.lower.casts import adapted, dtype_of, is_array, kind_of, zero_like
from srcad.lower.elementwise_calls import elementwise
from srcad.lower.known import ATOL, FALSE, NONE, RTOL, TRUE, ZERO, ZERO_FLOAT, flag, is_none, known_int
from srcad.lower.operands import operand
from srcad.lower.operators import binary, unary
from srcad.lower.registry import lowers
from srcad.lower.values import Context, Obj, Seq, Tup, Value


def boolean(ctx: Context, value: Value) -> Atom:
    """The value as booleans, elementwise."""
    atom = operand(ctx, value)
    return atom if kind_of(atom) == "b" else ctx.b.op("ne", atom, zero_like(atom))


for _name, _op in {"logical_and": "and", "logical_or": "or", "logical_xor": "ne"}.items():
    lowers(getattr(np, _name))(lambda ctx, x, y, /, op=_op: ctx.b.op(op, boolean(ctx, x), boolean(ctx, y)))
lowers(np.logical_not)(lambda ctx, x, /: ctx.b.op("not", boolean(ctx, x)))
lowers(np.invert)(lambda ctx, x, /: unary(ctx, "invert", x))


@lowers(np.isclose)
def isclose(
    ctx: Context, a: Value, b: Value, rtol: Value = RTOL, atol: Value = ATOL, equal_nan: Value = FALSE
) -> Value:
    x, y = operand(ctx, a), operand(ctx, b)
    difference = elementwise(ctx, "abs", binary(ctx, "sub", x, y))
    bound = binary(ctx, "add", atol, binary(ctx, "mul", rtol, elementwise(ctx, "abs", y)))
    close = ctx.b.op("le", difference, operand(ctx, bound))
    finite = ctx.b.op("and", close, elementwise(ctx, "isfinite", y))
    near = ctx.b.op("or", finite, ctx.b.op("eq", x, y))
    if not flag(ctx, equal_nan, "equal_nan="):
        return near
    return ctx.b.op("or", near, ctx.b.op("and", elementwise(ctx, "isnan", x), elementwise(ctx, "isnan", y)))


# --- choices ----------------------------------------------------------------------------------------------------------


@lowers(np.where)
def where(ctx: Context, condition: Value, x: Value = NONE, y: Value = NONE, /) -> Value:
    if is_none(x) and is_none(y):
        return ctx.call(Obj(np.nonzero), [condition], {})
    if is_none(x) or is_none(y):
        ctx.type_error("np.where takes a condition alone, or both of what it chooses from")
    return ctx.b.op("where", boolean(ctx, condition), *adapted(ctx, operand(ctx, x), operand(ctx, y)))


@lowers(np.clip, method="clip")
def clip(
    ctx: Context,
    a: Value,
    a_min: Value = NONE,
    a_max: Value = NONE,
    out: Value = NONE,
    *,
    min: Value = NONE,
    max: Value = NONE,
) -> Value:
    low, high = (min if is_none(a_min) else a_min), (max if is_none(a_max) else a_max)
    result = operand(ctx, a)
    if is_none(low) and is_none(high):
        return written(ctx, unary(ctx, "pos", result), out)
    if not is_none(low):
        result = elementwise(ctx, "maximum", result, low)
    if not is_none(high):
        result = elementwise(ctx, "minimum", result, high)
    return written(ctx, result, out)


@lowers(np.heaviside)
def _heaviside(ctx: Context, x: Value, half: Value, /) -> Value:
    atom = operand(ctx, x)
    below = ctx.b.op("where", ctx.b.op("lt", atom, ZERO), const(0.0), operand(ctx, half))
    return ctx.b.op("where", ctx.b.op("gt", atom, ZERO), const(1.0), below)


#: sin(y) / y in powers of y**2, exact to rounding below 0.1, the next derivatives too.
SINC = (-1 / 39916800, 1 / 362880, -1 / 5040, 1 / 120, -1 / 6, 1.0)


@lowers(np.sinc)
def _sinc(ctx: Context, x: Value, /) -> Value:
    y = operand(ctx, binary(ctx, "mul", const(math.pi), x))
    small = ctx.b.op("lt", elementwise(ctx, "abs", y), const(0.1))
    away = ctx.b.op("where", small, const(1.0), y)
    square = ctx.b.op("mul", y, y)
    series: Value = const(SINC[0])
    for coefficient in SINC[1:]:
        series = binary(ctx, "add", binary(ctx, "mul", series, square), const(coefficient))
    return where(ctx, small, series, binary(ctx, "div", elementwise(ctx, "sin", away), away))


@lowers(np.round, np.around, method="round")
def numpy_round(ctx: Context, a: Value, decimals: Value = ZERO, out: Value = NONE) -> Value:
    digits = known_int(decimals)
    if digits is None:
        ctx.refuse("the number of decimals must be an integer in the source", "scale: round(x * 10.0**n) / 10.0**n")
    x = operand(ctx, a)
    if kind_of(x) in "biu":
        return written(ctx, ctx.b.op("copy", x) if is_array(x) else x, out)
    if not digits:
        return written(ctx, elementwise(ctx, "rint", x), out)
    scale = const(10.0 ** abs(digits))
    there, back = ("mul", "div") if digits > 0 else ("div", "mul")
    return written(ctx, binary(ctx, back, elementwise(ctx, "rint", binary(ctx, there, x, scale)), scale), out)


@lowers(np.nan_to_num)
def _nan_to_num(
    ctx: Context, x: Value, copy: Value = TRUE, nan: Value = ZERO_FLOAT, posinf: Value = NONE, neginf: Value = NONE
) -> Value:
    if not flag(ctx, copy, "copy="):
        ctx.refuse("np.nan_to_num in place is not supported", "assign the result: x[:] = np.nan_to_num(x)")
    atom = operand(ctx, x)
    if kind_of(atom) != "f":
        return unary(ctx, "pos", atom)
    largest = float(np.finfo(dtype_of(atom)).max)
    high = const(largest) if is_none(posinf) else operand(ctx, posinf)
    low = const(-largest) if is_none(neginf) else operand(ctx, neginf)
    result: Atom = ctx.b.op("where", ctx.b.op("isnan", atom), operand(ctx, nan), atom)
    result = ctx.b.op("where", ctx.b.op("eq", atom, const(math.inf)), high, result)
    return ctx.b.op("where", ctx.b.op("eq", atom, const(-math.inf)), low, result)


@lowers(np.select)
def _select(ctx: Context, condlist: Value, choicelist: Value, default: Value = ZERO) -> Value:
    """The first choice whose condition holds."""
    if not (isinstance(condlist, Tup | Seq) and isinstance(choicelist, Tup | Seq)):
        ctx.type_error("np.select takes a list of conditions and a list of choices")
    if len(condlist.items) != len(choicelist.items) or not condlist.items:
        ctx.type_error("np.select needs as many choices as conditions, and at least one")
    result = default
    for condition, choice in reversed(list(zip(condlist.items, choicelist.items, strict=True))):
        result = where(ctx, condition, choice, result)
    return result

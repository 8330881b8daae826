"""Reductions: sums, means, extremes, and the running ones."""

from __future__ import annotations

import math

import numpy as np

from srcad.ir import Atom, Var, const
from srcad.lower import library, masked_library, order_library
from srcad.lower.arguments import axes, axis_number, with_dtype, written
from srcad.lower.casts import cast, dtype_of, is_array, kind_of, ndim_of
from srcad.lower.choice_calls import boolean, isclose
from srcad.lower.elementwise_calls import elementwise
from srcad.lower.known import (
    ATOL,
    FALSE,
    MINUS_ONE,
    NONE,
    ONE,
    RTOL,
    TRUE,
    ZERO,
    flag,
    holds_always,
    is_none,
    known_int,
)
from srcad.lower.operands import operand
from srcad.lower.operators import arithmetic, binary, guard
from srcad.lower.registry import Lowering, lowers
from srcad.lower.shapes import FULL, alloc, dims, leading, product, ravel, size, view
from srcad.lower.values import Context, Obj, Tup, Value


def reduction(ctx: Context, op: str, a: Value, axis: Value = NONE, keepdims: Value = FALSE, out: Value = NONE) -> Value:
    """sum, mean, prod, max or min."""
    x = operand(ctx, a, f"np.{op}")
    if op in ("max", "min") and kind_of(x) == "c":
        ctx.refuse(f"np.{op} of complex numbers is not supported", "compare their real parts or their absolute values")
    if op in ("max", "min") and kind_of(x) == "b":
        if is_array(x):
            guard(ctx, ctx.b.op("eq", size(ctx, x), ZERO), ValueError, "zero-size array to reduction operation")
        return ctx.call(Obj(np.any if op == "max" else np.all), [x, axis, out, keepdims], {})
    if not is_array(x):
        axes(ctx, axis, 1)
        return written(ctx, _of_number(ctx, op, x), out)
    keep = flag(ctx, keepdims, "keepdims=")
    return written(ctx, ctx.b.op(op, x, axis=axes(ctx, axis, ndim_of(x)), keepdims=keep), out)


def _of_number(ctx: Context, op: str, x: Atom) -> Atom:
    if op == "mean" and kind_of(x) in "biu":
        return cast(ctx, x, "float64")
    return cast(ctx, x, "int64") if kind_of(x) == "b" else x


@lowers(np.mean, method="mean")
def _mean(
    ctx: Context,
    a: Value,
    axis: Value = NONE,
    dtype: Value = NONE,
    out: Value = NONE,
    keepdims: Value = FALSE,
    *,
    where: Value = TRUE,
) -> Value:
    x = with_dtype(ctx, operand(ctx, a, "np.mean"), dtype)
    if not holds_always(where):
        return written(ctx, ctx.call(Obj(masked_library.mean), [x, where, axis, keepdims], {}), out)
    return reduction(ctx, "mean", x, axis, keepdims, out)


def _starting(op: str, combine: str, neutral: Atom) -> Lowering:
    """sum and prod, which also start from a number and leave elements out."""

    def lowering(
        ctx: Context,
        a: Value,
        axis: Value = NONE,
        dtype: Value = NONE,
        out: Value = NONE,
        keepdims: Value = FALSE,
        initial: Value = NONE,
        where: Value = TRUE,
    ) -> Value:
        x = with_dtype(ctx, operand(ctx, a, f"np.{op}"), dtype)
        if not holds_always(where):
            x = ctx.b.op("where", boolean(ctx, where), x, neutral)
        if is_none(initial):
            return reduction(ctx, op, x, axis, keepdims, out)
        total = reduction(ctx, op, x, axis, keepdims)
        return written(ctx, binary(ctx, combine, operand(ctx, initial), total), out)

    return lowering


def _extreme(op: str, combine: str) -> Lowering:
    def lowering(
        ctx: Context,
        a: Value,
        axis: Value = NONE,
        out: Value = NONE,
        keepdims: Value = FALSE,
        initial: Value = NONE,
        where: Value = TRUE,
    ) -> Value:
        if is_none(initial) and holds_always(where):
            return reduction(ctx, op, a, axis, keepdims, out)
        if is_none(initial):
            ctx.type_error(f"np.{op} with where= needs initial=, which it is where nothing is left")
        function = Obj(masked_library.extreme)
        found = ctx.call(
            function, [operand(ctx, a, f"np.{op}"), axis, keepdims, initial, where, Obj(getattr(np, combine))], {}
        )
        return written(ctx, found, out)

    return lowering


lowers(np.sum, method="sum")(_starting("sum", "add", ZERO))
lowers(np.prod, method="prod")(_starting("prod", "mul", ONE))
lowers(np.max, np.amax, method="max")(_extreme("max", "maximum"))
lowers(np.min, np.amin, method="min")(_extreme("min", "minimum"))
lowers(math.fsum)(lambda ctx, seq, /: reduction(ctx, "sum", with_dtype(ctx, operand(ctx, seq), Obj(float))))


@lowers(math.prod)
def _prod(ctx: Context, iterable: Value, /, *, start: Value = ONE) -> Value:
    return binary(ctx, "mul", start, reduction(ctx, "prod", iterable))


# --- spread -----------------------------------------------------------------------------------------------------------


@lowers(np.var, method="var")
def variance(
    ctx: Context,
    a: Value,
    axis: Value = NONE,
    dtype: Value = NONE,
    out: Value = NONE,
    ddof: Value = ZERO,
    keepdims: Value = FALSE,
    *,
    where: Value = TRUE,
    mean: Value = NONE,
    correction: Value = NONE,
) -> Value:
    x = with_dtype(ctx, operand(ctx, a, "np.var"), dtype)
    if kind_of(x) in "biu":
        x = cast(ctx, x, "float64")
    if not is_array(x):
        x = ctx.b.op("array", x, shape=(1,), dtype=dtype_of(x))
    ddof = ddof if is_none(correction) else correction
    if not holds_always(where):
        return written(ctx, ctx.call(Obj(masked_library.variance), [x, where, axis, ddof, keepdims, mean], {}), out)
    over = axes(ctx, axis, ndim_of(x))
    centre = ctx.b.op("mean", x, axis=over, keepdims=over is not None) if is_none(mean) else operand(ctx, mean)
    deviation = ctx.b.op("sub", x, centre)
    total = ctx.b.op("sum", magnitude_squared(ctx, deviation), axis=over, keepdims=flag(ctx, keepdims, "keepdims="))
    sizes = dims(ctx, x)
    count = product(ctx, sizes if over is None else [sizes[k] for k in over])
    divisor = operand(ctx, binary(ctx, "sub", count, ddof))
    if known_int(ddof) != 0:
        divisor = ctx.b.op("maximum", divisor, ZERO)
    return written(ctx, ctx.b.op("div", total, _count(ctx, divisor, dtype_of(total))), out)


def magnitude_squared(ctx: Context, x: Atom) -> Atom:
    """|x|**2, elementwise."""
    parts = [ctx.b.op("real", x), ctx.b.op("imag", x)] if kind_of(x) == "c" else [x]
    squares = [arithmetic(ctx, "mul", part, part) for part in parts]
    return squares[0] if len(parts) == 1 else arithmetic(ctx, "add", *squares)


def _count(ctx: Context, count: Atom, dtype: str) -> Atom:
    """A computed integer beside float32 would make float64 of it."""
    return cast(ctx, count, dtype) if dtype == "float32" and isinstance(count, Var) else count


@lowers(np.std, method="std")
def deviation(
    ctx: Context,
    a: Value,
    axis: Value = NONE,
    dtype: Value = NONE,
    out: Value = NONE,
    ddof: Value = ZERO,
    keepdims: Value = FALSE,
    *,
    where: Value = TRUE,
    mean: Value = NONE,
    correction: Value = NONE,
) -> Value:
    squared = variance(ctx, a, axis, dtype, NONE, ddof, keepdims, where=where, mean=mean, correction=correction)
    return written(ctx, elementwise(ctx, "sqrt", squared), out)


@lowers(np.ptp)
def _range(ctx: Context, a: Value, axis: Value = NONE, out: Value = NONE, keepdims: Value = FALSE) -> Value:
    largest, least = (reduction(ctx, op, a, axis, keepdims) for op in ("max", "min"))
    return written(ctx, binary(ctx, "sub", largest, least), out)


# --- which, any, all --------------------------------------------------------------------------------------------------


def _which(op: str) -> Lowering:
    function = getattr(np, op)

    def lowering(ctx: Context, a: Value, axis: Value = NONE, out: Value = NONE, *, keepdims: Value = FALSE) -> Value:
        x = operand(ctx, a, f"np.{op}")
        if not is_array(x):
            axes(ctx, axis, 1)
            return written(ctx, const(0), out)
        keep = flag(ctx, keepdims, "keepdims=")
        if not keep and (is_none(axis) or (ndim_of(x) == 1 and axis_number(ctx, axis, 1) == 0)):
            return written(ctx, ctx.b.op(op, x), out)
        return written(ctx, ctx.call(Obj(order_library.place_along), [x, axis, const(keep), Obj(function)], {}), out)

    return lowering


def _quantifier(op: str) -> Lowering:
    def lowering(
        ctx: Context,
        a: Value,
        axis: Value = NONE,
        out: Value = NONE,
        keepdims: Value = FALSE,
        *,
        where: Value = TRUE,
    ) -> Value:
        x = boolean(ctx, a)
        if not holds_always(where):
            x = ctx.b.op("where", boolean(ctx, where), x, const(op == "all"))
        if not is_array(x):
            axes(ctx, axis, 1)
            return written(ctx, x, out)
        over, keep = axes(ctx, axis, ndim_of(x)), flag(ctx, keepdims, "keepdims=")
        if not keep and (over is None or len(over) == ndim_of(x)):
            return written(ctx, ctx.b.op(op, x), out)
        sizes = dims(ctx, x)
        count = ctx.b.op("sum", x, axis=over, keepdims=keep)
        every = product(ctx, sizes if over is None else [sizes[k] for k in over])
        return written(ctx, ctx.b.op("gt", count, ZERO) if op == "any" else ctx.b.op("eq", count, every), out)

    return lowering


for _op in ("argmax", "argmin"):
    lowers(getattr(np, _op), method=_op)(_which(_op))
for _op in ("any", "all"):
    lowers(getattr(np, _op), method=_op)(_quantifier(_op))


@lowers(np.count_nonzero)
def _count_nonzero(ctx: Context, a: Value, axis: Value = NONE, *, keepdims: Value = FALSE) -> Value:
    return reduction(ctx, "sum", boolean(ctx, a), axis, keepdims)


@lowers(np.allclose)
def _allclose(
    ctx: Context, a: Value, b: Value, rtol: Value = RTOL, atol: Value = ATOL, equal_nan: Value = FALSE
) -> Value:
    return _quantifier("all")(ctx, isclose(ctx, a, b, rtol, atol, equal_nan))


@lowers(np.array_equal)
def _array_equal(ctx: Context, a1: Value, a2: Value, equal_nan: Value = FALSE) -> Value:
    x, y = operand(ctx, a1), operand(ctx, a2)
    if ndim_of(x) != ndim_of(y):
        return FALSE
    return ctx.call(Obj(masked_library.equal), [x, y, const(flag(ctx, equal_nan, "equal_nan="))], {})


# --- running ----------------------------------------------------------------------------------------------------------


def _running(function: object, name: str) -> Lowering:
    def lowering(ctx: Context, a: Value, axis: Value = NONE, dtype: Value = NONE, out: Value = NONE) -> Value:
        x = with_dtype(ctx, operand(ctx, a, f"np.{name}"), dtype)
        if not is_array(x):
            x = ctx.b.op("array", x, shape=(1,), dtype=dtype_of(x))
        if dtype_of(x) in ("bool", "int8", "int16", "int32") and is_none(dtype):
            x = cast(ctx, x, "int64")
        x = ravel(ctx, x) if is_none(axis) else x
        result = ctx.b.op("copy", x)
        number = 0 if is_none(axis) else axis_number(ctx, axis, ndim_of(x))
        ctx.call(Obj(function), [leading(ctx, result, number)], {})
        return written(ctx, result, out)

    return lowering


lowers(np.cumsum, method="cumsum")(_running(library.accumulate_sum, "cumsum"))
lowers(np.cumprod, method="cumprod")(_running(library.accumulate_product, "cumprod"))


def _step(ctx: Context, value: Value, x: Atom, number: int) -> Atom:
    """What prepend= or append= of np.diff joins to the array: a number is an axis of one."""
    more = operand(ctx, value, "np.diff")
    if is_array(more):
        return more
    sizes = dims(ctx, x)
    step = alloc(ctx, [*sizes[:number], ONE, *sizes[number + 1 :]], dtype_of(more))
    ctx.b.effect("assign", step, more)
    return step


@lowers(np.diff)
def _diff(
    ctx: Context, a: Value, n: Value = ONE, axis: Value = MINUS_ONE, prepend: Value = NONE, append: Value = NONE
) -> Value:
    x = operand(ctx, a, "np.diff")
    times = known_int(n)
    if times is None or times < 0:
        ctx.refuse("the order of np.diff must be a nonnegative integer in the source", "write a loop of np.diff(x)")
    if not is_array(x):
        ctx.type_error("np.diff takes an array of at least one axis")
    number = axis_number(ctx, axis, ndim_of(x))
    before, after = ([] if is_none(part) else [_step(ctx, part, x, number)] for part in (prepend, append))
    joined = [*before, x, *after]
    if len(joined) > 1 and times:
        x = operand(ctx, ctx.call(Obj(np.concatenate), [Tup(tuple(joined))], {"axis": const(number)}))
    front = [FULL] * number
    for _ in range(times):
        later = view(ctx, x, [*front, (const(1), FULL[1], FULL[2])])
        earlier = view(ctx, x, [*front, (FULL[0], const(-1), FULL[2])])
        x = ctx.b.op("ne", later, earlier) if kind_of(x) == "b" else arithmetic(ctx, "sub", later, earlier)
    return x

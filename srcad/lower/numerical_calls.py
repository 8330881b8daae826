"""Small numerical methods: polynomials, convolution, interpolation, quadrature."""

from __future__ import annotations

import numpy as np

from srcad.ir import Atom, const
from srcad.lower import library
from srcad.lower.arguments import axis_number
from srcad.lower.casts import cast, common_dtype, dtype_of, is_array, kind_of, ndim_of
from srcad.lower.indexing import getitem
from srcad.lower.known import ABSENT, MINUS_ONE, NONE, ONE, ZERO, describe, is_none
from srcad.lower.operands import array_operand, int_operand, operand
from srcad.lower.operators import binary
from srcad.lower.reduction_calls import reduction
from srcad.lower.registry import lowers
from srcad.lower.shapes import FULL, Item, alloc, dims, ravel, view, write
from srcad.lower.values import Context, Obj, Seq, Tup, Value

WHOLE = Obj("full")
CONSTANT = Obj("constant")
LEFT = Obj("left")
#: x[1:] and x[:-1].
LATER: Item = (const(1), ABSENT, ABSENT)
EARLIER: Item = (ABSENT, const(-1), ABSENT)


@lowers(np.polyval)
def _polyval(ctx: Context, p: Value, x: Value) -> Value:
    coefficients, point = operand(ctx, p, "np.polyval"), operand(ctx, x, "np.polyval")
    if ndim_of(coefficients) != 1:
        ctx.type_error(f"np.polyval takes a vector of coefficients, not {describe(coefficients)}")
    dtype = common_dtype([coefficients, point])
    zero: Value = cast(ctx, ZERO, dtype)
    if is_array(point):
        zero = alloc(ctx, dims(ctx, point), dtype, "zeros")
    return ctx.call(Obj(library.polynomial), [coefficients, point, zero], {})


@lowers(np.convolve)
def _convolve(ctx: Context, a: Value, v: Value, mode: Value = WHOLE) -> Value:
    x, y = operand(ctx, a, "np.convolve"), operand(ctx, v, "np.convolve")
    if ndim_of(x) != 1 or ndim_of(y) != 1:
        ctx.type_error("np.convolve takes two vectors")
    if not (isinstance(mode, Obj) and mode.value == "full"):
        ctx.refuse("np.convolve is supported with mode='full'", "take a slice of the full result")
    return ctx.call(Obj(library.convolve), [x, y], {})


@lowers(np.interp)
def _interp(ctx: Context, x: Value, xp: Value, fp: Value) -> Value:
    point, places, values = (operand(ctx, value, "np.interp") for value in (x, xp, fp))
    if ndim_of(point) > 1 or ndim_of(places) != 1 or ndim_of(values) != 1:
        ctx.refuse("np.interp is supported for a number or a vector, and vectors of points", "flatten the array first")
    function = library.interpolate_each if is_array(point) else library.interpolate
    return ctx.call(Obj(function), [point, places, values], {})


@lowers(np.trapezoid)
def _trapezoid(ctx: Context, y: Value, x: Value = NONE, dx: Value = ONE, axis: Value = MINUS_ONE) -> Value:
    """The sum of (y[1:] + y[:-1]) / 2 times the steps."""
    values = array_operand(ctx, y, "np.trapezoid")
    number = axis_number(ctx, axis, ndim_of(values))
    front = [FULL] * number
    ends = binary(ctx, "add", view(ctx, values, [*front, LATER]), view(ctx, values, [*front, EARLIER]))
    steps: Value = operand(ctx, dx, "dx=")
    if not is_none(x):
        places = array_operand(ctx, x, "np.trapezoid")
        over = ndim_of(places) - 1 if ndim_of(places) == 1 else number
        before = [FULL] * over
        steps = binary(ctx, "sub", view(ctx, places, [*before, LATER]), view(ctx, places, [*before, EARLIER]))
        if ndim_of(places) == 1:
            steps = view(ctx, operand(ctx, steps), [FULL, *[None] * (ndim_of(values) - 1 - number)])
    areas = binary(ctx, "div", binary(ctx, "mul", steps, ends), const(2.0))
    return reduction(ctx, "sum", areas, const(number))


@lowers(np.take, method="take")
def _take(ctx: Context, a: Value, indices: Value, axis: Value = NONE) -> Value:
    x = array_operand(ctx, a, "np.take")
    if is_none(axis):
        x = ravel(ctx, x)
    elif axis_number(ctx, axis, ndim_of(x)) != 0:
        ctx.refuse("np.take along a later axis is not supported", "use x.T, or index it")
    return getitem(ctx, x, indices)


@lowers(np.pad)
def _pad(
    ctx: Context, array: Value, pad_width: Value, mode: Value = CONSTANT, *, constant_values: Value = ZERO
) -> Value:
    """Padding with a constant: a new array, and the old one assigned into its middle."""
    x = array_operand(ctx, array, "np.pad")
    if not (isinstance(mode, Obj) and mode.value == "constant"):
        ctx.refuse("np.pad is supported with mode='constant'", "write the other parts with slices")
    widths = [_width(ctx, pad_width, axis, ndim_of(x)) for axis in range(ndim_of(x))]
    sizes = dims(ctx, x)
    new = [
        operand(ctx, binary(ctx, "add", binary(ctx, "add", before, n), after))
        for n, (before, after) in zip(sizes, widths, strict=True)
    ]
    out = operand(
        ctx, ctx.call(Obj(np.full), [Tup(tuple(new)), cast(ctx, operand(ctx, constant_values), dtype_of(x))], {})
    )
    middle: list[Item] = [
        (before, operand(ctx, binary(ctx, "add", before, n)), ABSENT)
        for n, (before, _) in zip(sizes, widths, strict=True)
    ]
    write(ctx, out, middle, x)
    return out


def _width(ctx: Context, pad_width: Value, axis: int, ndim: int) -> tuple[Atom, Atom]:
    """What is added before and after one axis, from a number, a pair, or a pair for each axis."""
    if not isinstance(pad_width, Tup | Seq):
        width = int_operand(ctx, pad_width, "the width of np.pad")
        return width, width
    pairs = pad_width.items
    pair = pairs[axis] if len(pairs) == ndim and all(isinstance(p, Tup | Seq) for p in pairs) else pad_width
    if not isinstance(pair, Tup | Seq) or len(pair.items) != 2:
        ctx.refuse("this width of np.pad is not supported", "pass (before, after) for each axis")
    before, after = (int_operand(ctx, part, "the width of np.pad") for part in pair.items)
    return before, after


@lowers(np.nansum)
def _nansum(ctx: Context, a: Value, axis: Value = NONE) -> Value:
    x = operand(ctx, a, "np.nansum")
    kept = ctx.b.op("where", ctx.b.op("isnan", x), const(0.0), x) if kind_of(x) == "f" else x
    return reduction(ctx, "sum", kept, axis)


@lowers(np.bincount)
def _bincount(ctx: Context, x: Value, weights: Value = NONE, minlength: Value = ZERO) -> Value:
    places, least = array_operand(ctx, x, "np.bincount"), int_operand(ctx, minlength, "minlength=")
    if ndim_of(places) != 1 or kind_of(places) not in "iu":
        ctx.type_error(f"np.bincount takes a vector of integers, not {describe(places)}")
    counted: Value = ONE if is_none(weights) else array_operand(ctx, weights, "np.bincount")
    dtype = Obj(np.dtype("int64" if is_none(weights) else "float64"))
    return ctx.call(Obj(library.bincount), [places, counted, least, dtype], {})


@lowers(np.searchsorted)
def _searchsorted(ctx: Context, a: Value, v: Value, side: Value = LEFT) -> Value:
    places, value = array_operand(ctx, a, "np.searchsorted"), operand(ctx, v, "np.searchsorted")
    if ndim_of(places) != 1 or is_array(value):
        ctx.refuse("np.searchsorted is supported for one number", "loop over the numbers")
    if not isinstance(side, Obj) or side.value not in ("left", "right"):
        ctx.type_error("side= of np.searchsorted is 'left' or 'right'")
    return ctx.call(Obj(library.searchsorted), [places, value, const(side.value == "right")], {})

"""Small numerical methods: polynomials, quadrature, counting, the Cholesky decomposition."""

from __future__ import annotations

import numpy as np

from srcad.ir import const
from srcad.lower import library
from srcad.lower.arguments import axis_number
from srcad.lower.casts import cast, common_dtype, is_array, kind_of, ndim_of
from srcad.lower.known import ABSENT, MINUS_ONE, NONE, ONE, ZERO, describe, is_none
from srcad.lower.operands import array_operand, int_operand, operand
from srcad.lower.operators import binary
from srcad.lower.reduction_calls import reduction
from srcad.lower.registry import lowers
from srcad.lower.shapes import FULL, Item, alloc, dims, view
from srcad.lower.values import Context, Obj, Value

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


@lowers(np.bincount)
def _bincount(ctx: Context, x: Value, weights: Value = NONE, minlength: Value = ZERO) -> Value:
    places, least = array_operand(ctx, x, "np.bincount"), int_operand(ctx, minlength, "minlength=")
    if ndim_of(places) != 1 or kind_of(places) not in "iu":
        ctx.type_error(f"np.bincount takes a vector of integers, not {describe(places)}")
    counted: Value = ONE if is_none(weights) else array_operand(ctx, weights, "np.bincount")
    dtype = Obj(np.dtype("int64" if is_none(weights) else "float64"))
    return ctx.call(Obj(library.bincount), [places, counted, least, dtype], {})

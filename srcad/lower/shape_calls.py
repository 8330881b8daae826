"""Functions that change how an array is laid out or joined: reshape, transpose, stack, roll and their kin."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from srcad.ir import Atom, Const, const
from srcad.lower import library
from srcad.lower.arguments import axes, axis_number, shape_of
from srcad.lower.casts import dtype_of, is_array, ndim_of
from srcad.lower.known import ABSENT, MINUS_ONE, NONE, ONE, ZERO, describe, is_none
from srcad.lower.layouts import VIEWED
from srcad.lower.operands import array_operand, int_operand, kept_operand, operand
from srcad.lower.operators import binary, guard
from srcad.lower.registry import lowers
from srcad.lower.shapes import (
    FULL,
    alloc,
    along,
    contiguous,
    dim,
    dims,
    leading,
    product,
    ravel,
    read_only,
    reshape,
    size,
    view,
)
from srcad.lower.values import Context, Obj, Seq, Tup, Value

# --- asked for --------------------------------------------------------------------------------------------------------


@lowers(np.shape)
def shape(ctx: Context, a: Value) -> Value:
    return Tup(tuple(dims(ctx, operand(ctx, a))))


@lowers(np.size)
def _size(ctx: Context, a: Value, axis: Value = NONE) -> Value:
    x = operand(ctx, a)
    return size(ctx, x) if is_none(axis) else dim(ctx, x, axis_number(ctx, axis, ndim_of(x)))


@lowers(np.ndim)
def _ndim(ctx: Context, a: Value) -> Value:
    return const(ndim_of(operand(ctx, a)))


# --- other shapes of the same elements --------------------------------------------------------------------------------


@lowers(np.reshape)
def reshape_to(ctx: Context, a: Value, shape: Value, order: Value = NONE) -> Value:
    x = kept_operand(ctx, a, "np.reshape")
    if not is_none(order) and not (isinstance(order, Obj) and order.value == "C"):
        ctx.refuse("reshape in column-major order is not supported", "use a.T.reshape(...)")
    items = shape.items if isinstance(shape, Tup | Seq) else (shape,)
    sizes = [int_operand(ctx, item, "a size") for item in items]
    unknown = [k for k, n in enumerate(sizes) if isinstance(n, Const) and n.value < 0]
    if len(unknown) > 1 or any(sizes[k] != MINUS_ONE for k in unknown):
        ctx.type_error("at most one size of a reshape can be unknown (-1), and none negative")
    if not is_array(x):
        x = ctx.b.op("array", x, shape=(1,), dtype=dtype_of(x))
    if unknown:
        sizes[unknown[0]] = _remaining(ctx, x, [n for k, n in enumerate(sizes) if k not in unknown])
    if ndim_of(x) == 1 and unknown and all(n == ONE for k, n in enumerate(sizes) if k not in unknown):
        return view(ctx, x, [None if k not in unknown else FULL for k in range(len(sizes))])
    return reshape(ctx, x, sizes)


def _remaining(ctx: Context, x: Atom, others: Sequence[Atom]) -> Atom:
    total = size(ctx, x)
    return operand(ctx, binary(ctx, "floordiv", total, product(ctx, others))) if others else total


@lowers(np.ravel, method="ravel")
def raveled(ctx: Context, a: Value, order: Value = NONE) -> Value:
    x = kept_operand(ctx, a, "np.ravel")
    return contiguous(ctx, x) if ndim_of(x) == 1 else reshape_to(ctx, x, MINUS_ONE, order)


@lowers(np.transpose)
def transpose(ctx: Context, a: Value, axes: Value = NONE) -> Value:
    x = kept_operand(ctx, a, "np.transpose")
    if ndim_of(x) < 2:
        return x
    turned = tuple(reversed(range(ndim_of(x))))
    if not is_none(axes):
        numbers = axes.items if isinstance(axes, Tup | Seq) else (axes,)
        turned = tuple(axis_number(ctx, axis, ndim_of(x)) for axis in numbers)
        if sorted(turned) != list(range(ndim_of(x))):
            ctx.type_error(f"the axes {turned} are not those of {describe(x)}")
    return ctx.b.op("transpose", x, axes=turned)


lowers(np.matrix_transpose)(lambda ctx, x, /: _swapaxes(ctx, x, const(-1), const(-2)))


@lowers(np.swapaxes, method="swapaxes")
def _swapaxes(ctx: Context, a: Value, axis1: Value, axis2: Value) -> Value:
    x = array_operand(ctx, a, "np.swapaxes")
    order = list(range(ndim_of(x)))
    i, j = axis_number(ctx, axis1, ndim_of(x)), axis_number(ctx, axis2, ndim_of(x))
    order[i], order[j] = j, i
    return ctx.b.op("transpose", x, axes=tuple(order))


@lowers(np.moveaxis)
def _moveaxis(ctx: Context, a: Value, source: Value, destination: Value) -> Value:
    x = array_operand(ctx, a, "np.moveaxis")
    start, end = axis_number(ctx, source, ndim_of(x)), axis_number(ctx, destination, ndim_of(x))
    order = [k for k in range(ndim_of(x)) if k != start]
    order.insert(end, start)
    return ctx.b.op("transpose", x, axes=tuple(order))


@lowers(np.expand_dims)
def _expand_dims(ctx: Context, a: Value, axis: Value) -> Value:
    x = kept_operand(ctx, a, "np.expand_dims")
    if not is_array(x):
        ctx.type_error(f"np.expand_dims takes an array, not {describe(x)}")
    return view(ctx, x, along(axis_number(ctx, axis, ndim_of(x) + 1), None))


@lowers(np.squeeze, method="squeeze")
def _squeeze(ctx: Context, a: Value, axis: Value = NONE) -> Value:
    x = array_operand(ctx, a, "np.squeeze")
    removed = axes(ctx, axis, ndim_of(x))
    if removed is None:
        ctx.refuse("np.squeeze needs its axis: which sizes are 1 is not known while compiling", "pass axis=")
    for number in removed:
        wrong = ctx.b.op("ne", dim(ctx, x, number), ONE)
        guard(ctx, wrong, ValueError, "cannot select an axis to squeeze out which has size not equal to one")
    items = [ZERO if k in removed else FULL for k in range(ndim_of(x))]
    return view(ctx, x, items)


@lowers(np.broadcast_to)
def _broadcast_to(ctx: Context, array: Value, shape: Value) -> Value:
    x, sizes = kept_operand(ctx, array, "np.broadcast_to"), shape_of(ctx, shape)
    if not is_array(x):
        out = alloc(ctx, sizes, dtype_of(x))
        ctx.b.effect("assign", out, x)
        return out
    if ndim_of(x) > len(sizes):
        ctx.type_error(f"{describe(x)} does not broadcast to {len(sizes)} axes")
    result = read_only(ctx.b.op("expand", x, *sizes))
    VIEWED.add(result)
    return result


@lowers(np.atleast_1d)
def atleast_1d(ctx: Context, a: Value, /) -> Value:
    x = kept_operand(ctx, a)
    if is_array(x):
        return x if ndim_of(x) else view(ctx, x, [None])
    return ctx.b.op("array", x, shape=(1,), dtype=dtype_of(x))


@lowers(np.atleast_2d)
def atleast_2d(ctx: Context, a: Value, /) -> Value:
    x = operand(ctx, atleast_1d(ctx, a))
    return view(ctx, x, [None]) if ndim_of(x) == 1 else x


# --- reversed and rolled ----------------------------------------------------------------------------------------------


def _flipped(ctx: Context, x: Atom, over: Sequence[int]) -> Atom:
    backwards = (ABSENT, ABSENT, MINUS_ONE)
    return view(ctx, x, [backwards if k in over else FULL for k in range(ndim_of(x))])


@lowers(np.flip)
def _flip(ctx: Context, m: Value, axis: Value = NONE) -> Value:
    x = array_operand(ctx, m, "np.flip")
    over = axes(ctx, axis, ndim_of(x))
    return _flipped(ctx, x, range(ndim_of(x)) if over is None else over)


lowers(np.flipud)(lambda ctx, m: _flip(ctx, m, ZERO))
lowers(np.fliplr)(lambda ctx, m: _flip(ctx, m, ONE))


@lowers(np.roll)
def _roll(ctx: Context, a: Value, shift: Value, axis: Value = NONE) -> Value:
    x, by = array_operand(ctx, a, "np.roll"), int_operand(ctx, shift, "the shift of np.roll")
    if is_none(axis) and ndim_of(x) > 1:
        rolled = operand(ctx, _roll(ctx, ravel(ctx, x), by))
        return reshape(ctx, rolled, dims(ctx, x))
    number = 0 if is_none(axis) else axis_number(ctx, axis, ndim_of(x))
    out = alloc(ctx, dims(ctx, x), dtype_of(x))
    ctx.call(Obj(library.roll), [leading(ctx, out, number), leading(ctx, x, number), by], {})
    return out

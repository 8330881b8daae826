"""Functions that change how an array is laid out or joined: reshape, transpose, stack, roll and their kin."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from srcad.ir import Atom, Const, const
from srcad.lower.arguments import axes, axis_number, axis_numbers, shape_of
from srcad.lower.casts import dtype_of, is_array, ndim_of
from srcad.lower.known import ABSENT, MINUS_ONE, NONE, ONE, ZERO, describe, is_none, known_int
from srcad.lower.layouts import VIEWED
from srcad.lower.operands import array_operand, int_operand, kept_operand, operand
from srcad.lower.operators import binary, guard
from srcad.lower.registry import Lowering, lowers
from srcad.lower.shapes import (
    FULL,
    alloc,
    contiguous,
    dim,
    dims,
    product,
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
    over = axes(ctx, axis, ndim_of(x))
    return size(ctx, x) if over is None else product(ctx, [dim(ctx, x, k) for k in over])


@lowers(np.ndim)
def _ndim(ctx: Context, a: Value) -> Value:
    return const(ndim_of(operand(ctx, a)))


# --- other shapes of the same elements --------------------------------------------------------------------------------


@lowers(np.reshape)
def reshape_to(ctx: Context, a: Value, shape: Value, order: Value = NONE) -> Value:
    x = kept_operand(ctx, a, "np.reshape")
    items = shape.items if isinstance(shape, Tup | Seq) else (shape,)
    if by_columns(ctx, x, order, len(items)):
        turned = operand(ctx, reshape_to(ctx, transpose(ctx, x), Tup(tuple(reversed(items)))))
        return transpose(ctx, turned)
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


def by_columns(ctx: Context, x: Atom, order: Value, ndim: int = 1) -> bool:
    """order= of what looks at the elements one after the other: whether the first index changes fastest. `ndim` is the number
    of axes that it gives them: a line of elements may be laid out either way."""
    if is_none(order) or max(ndim_of(x), ndim) < 2 or (isinstance(order, Obj) and order.value == "C"):
        return False
    if not (isinstance(order, Obj) and order.value in ("F", "K", "A")):
        ctx.type_error(f"order= is 'C' or 'F', not {describe(order)}")
    if order.value == "A" and ndim_of(x) < 2:
        return False
    if order.value != "F":
        ctx.refuse(
            f"order={order.value!r} depends on how the array lies in memory, which is not known", "pass 'C' or 'F'"
        )
    return True


def _remaining(ctx: Context, x: Atom, others: Sequence[Atom]) -> Atom:
    total = size(ctx, x)
    return operand(ctx, binary(ctx, "floordiv", total, product(ctx, others))) if others else total


@lowers(np.ravel, method="ravel")
def raveled(ctx: Context, a: Value, order: Value = NONE) -> Value:
    x = kept_operand(ctx, a, "np.ravel")
    if by_columns(ctx, x, order):
        x = operand(ctx, transpose(ctx, x))
    return contiguous(ctx, x) if ndim_of(x) == 1 else reshape_to(ctx, x, MINUS_ONE)


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


lowers(np.matrix_transpose, np.linalg.matrix_transpose)(lambda ctx, x, /: _swapaxes(ctx, x, const(-1), const(-2)))


@lowers(np.swapaxes, method="swapaxes")
def _swapaxes(ctx: Context, a: Value, axis1: Value, axis2: Value) -> Value:
    x = array_operand(ctx, a, "np.swapaxes")
    order = list(range(ndim_of(x)))
    i, j = axis_number(ctx, axis1, ndim_of(x)), axis_number(ctx, axis2, ndim_of(x))
    order[i], order[j] = j, i
    return ctx.b.op("transpose", x, axes=tuple(order))


@lowers(np.moveaxis)
def moveaxis(ctx: Context, a: Value, source: Value, destination: Value) -> Value:
    x = operand(ctx, a, "np.moveaxis")
    starts, ends = axis_numbers(ctx, source, ndim_of(x)), axis_numbers(ctx, destination, ndim_of(x))
    if len(starts) != len(ends):
        ctx.type_error("np.moveaxis takes as many places to move to as axes to move")
    order = [k for k in range(ndim_of(x)) if k not in starts]
    for end, start in sorted(zip(ends, starts, strict=True)):
        order.insert(end, start)
    return ctx.b.op("transpose", x, axes=tuple(order)) if order else x


@lowers(np.rollaxis)
def _rollaxis(ctx: Context, a: Value, axis: Value, start: Value = ZERO) -> Value:
    x = array_operand(ctx, a, "np.rollaxis")
    number, end = axis_number(ctx, axis, ndim_of(x)), known_int(start)
    if end is None or not -ndim_of(x) <= end <= ndim_of(x):
        ctx.type_error("the start= of np.rollaxis must be an axis that is written in the source")
    end = end + ndim_of(x) if end < 0 else end
    return moveaxis(ctx, x, const(number), const(end - (number < end)))


@lowers(np.expand_dims)
def expand_dims(ctx: Context, a: Value, axis: Value) -> Value:
    x = kept_operand(ctx, a, "np.expand_dims")
    count = len(axis.items) if isinstance(axis, Tup | Seq) else 1
    new = axis_numbers(ctx, axis, ndim_of(x) + count)
    if not is_array(x):
        return ctx.b.op("array", x, shape=(1,) * count, dtype=dtype_of(x)) if count else x
    return view(ctx, x, [None if k in new else FULL for k in range(ndim_of(x) + count)])


@lowers(np.squeeze, method="squeeze")
def _squeeze(ctx: Context, a: Value, axis: Value = NONE) -> Value:
    x = operand(ctx, a, "np.squeeze")
    removed = axes(ctx, axis, ndim_of(x)) if is_array(x) else ()
    if not is_array(x):
        return x
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


@lowers(np.broadcast_shapes)
def _broadcast_shapes(ctx: Context, *args: Value) -> Value:
    shapes = [shape_of(ctx, arg) for arg in args]
    out: list[Atom] = []
    for k in range(max(map(len, shapes), default=0)):  # axes counted from the last
        first, *rest = [shape[-1 - k] for shape in shapes if k < len(shape)]
        for other in rest:
            first = ctx.b.op("broadcast_dim", first, other)
        out.insert(0, first)
    return Tup(tuple(out))


def at_least(ctx: Context, value: Value, ndim: int) -> Atom:
    """A view with axes of size 1 in front; of three axes, that of a vector is the middle one."""
    x = kept_operand(ctx, value)
    if not is_array(x):
        return ctx.b.op("array", x, shape=(1,) * ndim, dtype=dtype_of(x))
    if ndim == 3 and 0 < ndim_of(x) < 3:
        return view(ctx, x, [None, FULL, None] if ndim_of(x) == 1 else [FULL, FULL, None])
    return view(ctx, x, [None] * max(0, ndim - ndim_of(x)))


def _at_least(ndim: int) -> Lowering:
    def lowering(ctx: Context, *arys: Value) -> Value:
        made = tuple(at_least(ctx, x, ndim) for x in arys)
        return made[0] if len(made) == 1 else Tup(made)

    return lowering


for _ndim_least in (1, 2, 3):
    lowers(getattr(np, f"atleast_{_ndim_least}d"))(_at_least(_ndim_least))


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

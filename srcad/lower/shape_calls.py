"""Functions that change how an array is laid out or joined: reshape, transpose, stack, roll and their kin."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from srcad.ir import Atom, Const, Var, const
from srcad.lower import library
from srcad.lower.arguments import axes, axis_number, shape_of
from srcad.lower.casts import common_dtype, dtype_of, is_array, ndim_of
from srcad.lower.known import ABSENT, FALSE, MINUS_ONE, NONE, ONE, ZERO, describe, is_none, known_int
from srcad.lower.operands import array_operand, int_operand, operand
from srcad.lower.operators import binary, guard
from srcad.lower.registry import Lowering, lowers
from srcad.lower.shapes import FULL, alloc, along, dim, dims, product, ravel, reshape, size, stack, view, write
from srcad.lower.values import Context, Obj, Seq, Tup, Value

CARTESIAN = Obj("xy")

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
    x = operand(ctx, a, "np.reshape")
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
    if len(sizes) == 1 and ndim_of(x) == 1 and unknown:
        return x
    return reshape(ctx, x, sizes)


def _remaining(ctx: Context, x: Atom, others: Sequence[Atom]) -> Atom:
    total = size(ctx, x)
    return operand(ctx, binary(ctx, "floordiv", total, product(ctx, others))) if others else total


@lowers(np.ravel, method="ravel")
def _ravel(ctx: Context, a: Value, order: Value = NONE) -> Value:
    return reshape_to(ctx, a, MINUS_ONE, order)


@lowers(np.transpose)
def transpose(ctx: Context, a: Value, axes: Value = NONE) -> Value:
    x = operand(ctx, a, "np.transpose")
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
    x = array_operand(ctx, a, "np.expand_dims")
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
    return ctx.b.op("load", x, *[ZERO] * ndim_of(x)) if len(removed) == ndim_of(x) else view(ctx, x, items)


@lowers(np.broadcast_to)
def _broadcast_to(ctx: Context, array: Value, shape: Value) -> Value:
    x, sizes = operand(ctx, array, "np.broadcast_to"), shape_of(ctx, shape)
    if not is_array(x):
        out = alloc(ctx, sizes, dtype_of(x))
        ctx.b.effect("assign", out, x)
        return out
    if ndim_of(x) > len(sizes):
        ctx.type_error(f"{describe(x)} does not broadcast to {len(sizes)} axes")
    return ctx.b.op("expand", x, *sizes)


@lowers(np.atleast_1d)
def _atleast_1d(ctx: Context, a: Value, /) -> Value:
    x = operand(ctx, a)
    return x if is_array(x) else ctx.b.op("array", x, shape=(1,), dtype=dtype_of(x))


@lowers(np.atleast_2d)
def _atleast_2d(ctx: Context, a: Value, /) -> Value:
    x = operand(ctx, _atleast_1d(ctx, a))
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
    length = dim(ctx, x, number)
    cut = operand(ctx, binary(ctx, "mod", by, operand(ctx, ctx.call(Obj(max), [ONE, length], {}))))
    split = operand(ctx, binary(ctx, "sub", length, cut))
    out = alloc(ctx, dims(ctx, x), dtype_of(x))
    write(ctx, out, along(number, (cut, ABSENT, ABSENT)), view(ctx, x, along(number, (ABSENT, split, ABSENT))))
    write(ctx, out, along(number, (ABSENT, cut, ABSENT)), view(ctx, x, along(number, (split, ABSENT, ABSENT))))
    return out


# --- joined -----------------------------------------------------------------------------------------------------------


def _arrays(ctx: Context, value: Value, name: str) -> list[Atom]:
    if is_array(value):
        ctx.refuse(f"{name} of the rows of an array is not supported", "use reshape")
    if not isinstance(value, Tup | Seq) or not value.items:
        ctx.type_error(f"{name} takes a tuple or list of arrays, not {describe(value)}")
    return [operand(ctx, item, name) for item in value.items]


def concatenate(ctx: Context, arrays: Sequence[Atom], axis: int, name: str) -> Var:
    """Fresh memory, each array assigned to its part."""
    if not all(map(is_array, arrays)):
        ctx.type_error(f"{name}: numbers cannot be joined with arrays", "make them arrays: np.array([x])")
    if len({ndim_of(x) for x in arrays}) > 1:
        ctx.type_error(f"{name}: all arrays must have the same number of axes")
    ends: list[Atom] = [ZERO]
    for x in arrays:
        ends.append(operand(ctx, binary(ctx, "add", ends[-1], dim(ctx, x, axis))))
    sizes = dims(ctx, arrays[0])
    out = alloc(ctx, [*sizes[:axis], ends[-1], *sizes[axis + 1 :]], common_dtype(arrays))
    for x, start, stop in zip(arrays, ends[:-1], ends[1:], strict=True):
        _same_shape(ctx, x, sizes, axis)
        write(ctx, out, along(axis, (start, stop, ABSENT)), x)
    return out


def _same_shape(ctx: Context, x: Atom, sizes: Sequence[Atom], axis: int) -> None:
    """Where an axis of size 1 would be repeated silently, NumPy refuses to join; so does the program when it runs."""
    for k, n in enumerate(sizes):
        if k != axis and (own := dim(ctx, x, k)) is not n:
            guard(ctx, ctx.b.op("ne", own, n), ValueError, "all the input array dimensions must match exactly")


@lowers(np.concatenate)
def _concatenate(ctx: Context, arrays: Value, axis: Value = ZERO) -> Value:
    items = _arrays(ctx, arrays, "np.concatenate")
    if is_none(axis):
        return concatenate(ctx, [operand(ctx, _ravel(ctx, x)) for x in items], 0, "np.concatenate")
    return concatenate(ctx, items, axis_number(ctx, axis, max(1, ndim_of(items[0]))), "np.concatenate")


@lowers(np.stack)
def _stack(ctx: Context, arrays: Value, axis: Value = ZERO) -> Value:
    items = _arrays(ctx, arrays, "np.stack")
    if len({ndim_of(x) for x in items}) > 1:
        ctx.type_error("np.stack: all arrays must have the same number of axes")
    if not is_array(items[0]):
        return operand(ctx, Seq(tuple(items)))
    return stack(ctx, items, axis_number(ctx, axis, ndim_of(items[0]) + 1), common_dtype(items))


@lowers(np.hstack)
def _hstack(ctx: Context, tup: Value) -> Value:
    items = [operand(ctx, _atleast_1d(ctx, x)) for x in _arrays(ctx, tup, "np.hstack")]
    return concatenate(ctx, items, 0 if ndim_of(items[0]) == 1 else 1, "np.hstack")


@lowers(np.vstack)
def _vstack(ctx: Context, tup: Value) -> Value:
    items = _arrays(ctx, tup, "np.vstack")
    if all(ndim_of(x) == 1 for x in items):
        return stack(ctx, items, 0, common_dtype(items))
    return concatenate(ctx, [operand(ctx, _atleast_2d(ctx, x)) for x in items], 0, "np.vstack")


@lowers(np.column_stack)
def _column_stack(ctx: Context, tup: Value) -> Value:
    items = _arrays(ctx, tup, "np.column_stack")
    if all(ndim_of(x) == 1 for x in items):
        return stack(ctx, items, 1, common_dtype(items))
    columns = [view(ctx, x, [FULL, None]) if ndim_of(x) == 1 else x for x in items]
    return concatenate(ctx, columns, 1, "np.column_stack")


@lowers(np.append)
def _append(ctx: Context, arr: Value, values: Value, axis: Value = NONE) -> Value:
    items = [operand(ctx, _atleast_1d(ctx, x)) for x in (arr, values)]
    if is_none(axis):
        return concatenate(ctx, [operand(ctx, _ravel(ctx, x)) for x in items], 0, "np.append")
    return concatenate(ctx, items, axis_number(ctx, axis, ndim_of(items[0])), "np.append")


def _repeating(name: str, function: object) -> Lowering:
    def lowering(ctx: Context, a: Value, times: Value) -> Value:
        x = operand(ctx, _atleast_1d(ctx, a))
        if ndim_of(x) != 1 or not isinstance(times, Var | Const) or is_array(times):
            ctx.refuse(f"np.{name} is supported for a vector and one integer", "write the loop")
        return ctx.call(Obj(function), [x, int_operand(ctx, times, "the number of times")], {})

    return lowering


lowers(np.repeat)(_repeating("repeat", library.repeat))
lowers(np.tile)(_repeating("tile", library.tile))


@lowers(np.meshgrid)
def _meshgrid(ctx: Context, x: Value, y: Value, /, *, indexing: Value = CARTESIAN, copy: Value = FALSE) -> Value:
    a, b = array_operand(ctx, x, "np.meshgrid"), array_operand(ctx, y, "np.meshgrid")
    if not isinstance(indexing, Obj) or indexing.value not in ("xy", "ij") or ndim_of(a) != 1 or ndim_of(b) != 1:
        ctx.refuse("np.meshgrid is supported for two vectors", "use a[:, None] and b[None, :]")
    rows = indexing.value == "ij"
    sizes = [dim(ctx, a, 0), dim(ctx, b, 0)]
    first = view(ctx, a, [FULL, None] if rows else [None])
    second = view(ctx, b, [None] if rows else [FULL, None])
    out = []
    for part in (first, second):
        grid = alloc(ctx, sizes if rows else sizes[::-1], dtype_of(part))
        ctx.b.effect("assign", grid, part)
        out.append(grid)
    return Seq(tuple(out))


@lowers(np.split)
def _split(ctx: Context, ary: Value, indices_or_sections: Value, axis: Value = ZERO) -> Value:
    x = array_operand(ctx, ary, "np.split")
    number = axis_number(ctx, axis, ndim_of(x))
    if isinstance(indices_or_sections, Tup | Seq):
        cuts: list[Atom] = [int_operand(ctx, item, "where np.split cuts") for item in indices_or_sections.items]
    else:
        sections = known_int(indices_or_sections)
        if sections is None or sections < 1:
            ctx.refuse("the number of parts of np.split must be a positive integer in the source", "use slices")
        length = dim(ctx, x, number)
        rest = ctx.b.op("mod", length, const(sections))
        guard(ctx, ctx.b.op("ne", rest, ZERO), ValueError, "array split does not result in an equal division")
        part = ctx.b.op("floordiv", length, const(sections))
        cuts = [operand(ctx, binary(ctx, "mul", const(k), part)) for k in range(1, sections)]
    bounds = [ABSENT, *cuts, ABSENT]
    return Seq(tuple(view(ctx, x, along(number, (a, b, ABSENT))) for a, b in itertools.pairwise(bounds)))

"""Arrays joined, repeated and split."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from srcad.ir import Atom, Const, Var, const
from srcad.lower import library
from srcad.lower.arguments import axis_number
from srcad.lower.casts import common_dtype, dtype_of, is_array, ndim_of
from srcad.lower.known import ABSENT, FALSE, NONE, ZERO, describe, is_none, known_int
from srcad.lower.operands import array_operand, int_operand, operand
from srcad.lower.operators import binary, guard
from srcad.lower.registry import Lowering, lowers
from srcad.lower.shape_calls import at_least, raveled
from srcad.lower.shapes import FULL, alloc, along, dim, dims, leading, product, reshape, stack, view
from srcad.lower.values import Context, Obj, Seq, Tup, Value

CARTESIAN = Obj("xy")


def _arrays(ctx: Context, value: Value, name: str) -> list[Atom]:
    if not isinstance(value, Tup | Seq) or not value.items:
        ctx.type_error(f"{name} takes a tuple or list of arrays, not {describe(value)}")
    return [operand(ctx, item, name) for item in value.items]


def _rows(ctx: Context, value: Value, name: str) -> Atom:
    """The array whose rows are joined: of a list that grew, or given as an array."""
    array = operand(ctx, value)
    if ndim_of(array) < 2:
        ctx.type_error(f"{name} joins arrays, not numbers", "use the array itself")
    guard(ctx, ctx.b.op("eq", dim(ctx, array, 0), ZERO), ValueError, "need at least one array to concatenate")
    return array


def _inward(ctx: Context, rows: Atom, axis: int) -> Atom:
    """The rows along another axis of the result, in fresh memory."""
    order = (*range(1, axis + 1), 0, *range(axis + 1, ndim_of(rows)))
    return ctx.b.op("copy", ctx.b.op("transpose", rows, axes=order) if axis else rows)


def _joined_rows(ctx: Context, rows: Atom, axis: int) -> Atom:
    """The rows one after the other along one of their axes."""
    inward = _inward(ctx, rows, axis)
    sizes = dims(ctx, inward)
    return reshape(ctx, inward, [*sizes[:axis], product(ctx, sizes[axis : axis + 2]), *sizes[axis + 2 :]])


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
    for x, start in zip(arrays, ends[:-1], strict=True):
        if x is not arrays[0]:
            _same_shape(ctx, x, sizes, axis)
        ctx.call(Obj(library.copy_into), [leading(ctx, out, axis), leading(ctx, x, axis), start], {})
    return out


def _same_shape(ctx: Context, x: Atom, sizes: Sequence[Atom], axis: int) -> None:
    """Where an axis of size 1 would be repeated silently, NumPy refuses to join; so does the program when it runs."""
    for k, n in enumerate(sizes):
        if k != axis and (own := dim(ctx, x, k)) is not n:
            guard(ctx, ctx.b.op("ne", own, n), ValueError, "all the input array dimensions must match exactly")


@lowers(np.concatenate)
def _concatenate(ctx: Context, arrays: Value, axis: Value = ZERO) -> Value:
    if is_array(arrays):
        rows = _rows(ctx, arrays, "np.concatenate")
        if is_none(axis):
            return raveled(ctx, ctx.b.op("copy", rows))
        return _joined_rows(ctx, rows, axis_number(ctx, axis, ndim_of(rows) - 1))
    items = _arrays(ctx, arrays, "np.concatenate")
    if is_none(axis):
        return concatenate(ctx, [operand(ctx, raveled(ctx, x)) for x in items], 0, "np.concatenate")
    return concatenate(ctx, items, axis_number(ctx, axis, max(1, ndim_of(items[0]))), "np.concatenate")


@lowers(np.stack)
def _stack(ctx: Context, arrays: Value, axis: Value = ZERO) -> Value:
    if is_array(arrays) and ndim_of(operand(ctx, arrays)) > 1:
        rows = _rows(ctx, arrays, "np.stack")
        return _inward(ctx, rows, axis_number(ctx, axis, ndim_of(rows)))
    if is_array(arrays):
        return ctx.b.op("copy", operand(ctx, arrays))
    items = _arrays(ctx, arrays, "np.stack")
    if len({ndim_of(x) for x in items}) > 1:
        ctx.type_error("np.stack: all arrays must have the same number of axes")
    if not is_array(items[0]):
        return operand(ctx, Seq(tuple(items)))
    return stack(ctx, items, axis_number(ctx, axis, ndim_of(items[0]) + 1), common_dtype(items))


@lowers(np.hstack)
def _hstack(ctx: Context, tup: Value) -> Value:
    if is_array(tup):
        rows = _rows(ctx, tup, "np.hstack")
        return _joined_rows(ctx, rows, 0 if ndim_of(rows) == 2 else 1)
    items = [at_least(ctx, x, 1) for x in _arrays(ctx, tup, "np.hstack")]
    return concatenate(ctx, items, 0 if ndim_of(items[0]) == 1 else 1, "np.hstack")


@lowers(np.vstack)
def _vstack(ctx: Context, tup: Value) -> Value:
    if is_array(tup):
        rows = _rows(ctx, tup, "np.vstack")
        return _inward(ctx, rows, 0) if ndim_of(rows) == 2 else _joined_rows(ctx, rows, 0)
    items = _arrays(ctx, tup, "np.vstack")
    if all(ndim_of(x) == 1 for x in items):
        return stack(ctx, items, 0, common_dtype(items))
    return concatenate(ctx, [at_least(ctx, x, 2) for x in items], 0, "np.vstack")


@lowers(np.column_stack)
def _column_stack(ctx: Context, tup: Value) -> Value:
    if is_array(tup):
        rows = _rows(ctx, tup, "np.column_stack")
        return _inward(ctx, rows, 1) if ndim_of(rows) == 2 else _joined_rows(ctx, rows, 1)
    items = _arrays(ctx, tup, "np.column_stack")
    if all(ndim_of(x) == 1 for x in items):
        return stack(ctx, items, 1, common_dtype(items))
    columns = [view(ctx, x, [FULL, None]) if ndim_of(x) == 1 else x for x in items]
    return concatenate(ctx, columns, 1, "np.column_stack")


@lowers(np.append)
def _append(ctx: Context, arr: Value, values: Value, axis: Value = NONE) -> Value:
    items = [at_least(ctx, x, 1) for x in (arr, values)]
    if is_none(axis):
        return concatenate(ctx, [operand(ctx, raveled(ctx, x)) for x in items], 0, "np.append")
    return concatenate(ctx, items, axis_number(ctx, axis, ndim_of(items[0])), "np.append")


def _repeating(name: str, function: object) -> Lowering:
    def lowering(ctx: Context, a: Value, times: Value) -> Value:
        x = at_least(ctx, a, 1)
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
    return Tup(tuple(out))


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

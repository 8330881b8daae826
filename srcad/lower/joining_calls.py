"""Arrays joined, repeated and split."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from srcad.ir import Atom, Var, const
from srcad.lower import library
from srcad.lower.arguments import axis_number, dtype_name, with_dtype, written
from srcad.lower.casts import common_dtype, dtype_of, is_array, ndim_of
from srcad.lower.known import ABSENT, FALSE, NONE, TRUE, ZERO, describe, flag, is_none, known_int
from srcad.lower.operands import array_of, array_operand, int_operand, operand
from srcad.lower.operators import binary, guard
from srcad.lower.registry import lowers
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


def concatenate(ctx: Context, arrays: Sequence[Atom], axis: int, name: str, dtype: Value = NONE) -> Var:
    """Fresh memory, each array assigned to its part."""
    if not all(map(is_array, arrays)):
        ctx.type_error(f"{name}: numbers cannot be joined with arrays", "make them arrays: np.array([x])")
    if len({ndim_of(x) for x in arrays}) > 1:
        ctx.type_error(f"{name}: all arrays must have the same number of axes")
    ends: list[Atom] = [ZERO]
    for x in arrays:
        ends.append(operand(ctx, binary(ctx, "add", ends[-1], dim(ctx, x, axis))))
    sizes = dims(ctx, arrays[0])
    out = alloc(ctx, [*sizes[:axis], ends[-1], *sizes[axis + 1 :]], dtype_name(ctx, dtype, common_dtype(arrays)))
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
def _concatenate(ctx: Context, arrays: Value, axis: Value = ZERO, out: Value = NONE, *, dtype: Value = NONE) -> Value:
    if is_array(arrays):
        rows = with_dtype(ctx, _rows(ctx, arrays, "np.concatenate"), dtype)
        if is_none(axis):
            return written(ctx, raveled(ctx, ctx.b.op("copy", rows)), out)
        return written(ctx, _joined_rows(ctx, rows, axis_number(ctx, axis, ndim_of(rows) - 1)), out)
    items = _arrays(ctx, arrays, "np.concatenate")
    number = 0
    if is_none(axis):
        items = [operand(ctx, raveled(ctx, at_least(ctx, x, 1))) for x in items]
    else:
        number = axis_number(ctx, axis, max(1, ndim_of(items[0])))
    return written(ctx, concatenate(ctx, items, number, "np.concatenate", dtype), out)


@lowers(np.stack)
def _stack(ctx: Context, arrays: Value, axis: Value = ZERO, out: Value = NONE, *, dtype: Value = NONE) -> Value:
    if is_array(arrays) and ndim_of(operand(ctx, arrays)) > 1:
        rows = with_dtype(ctx, _rows(ctx, arrays, "np.stack"), dtype)
        return written(ctx, _inward(ctx, rows, axis_number(ctx, axis, ndim_of(rows))), out)
    if is_array(arrays):
        return written(ctx, ctx.b.op("copy", with_dtype(ctx, operand(ctx, arrays), dtype)), out)
    items = _arrays(ctx, arrays, "np.stack")
    if len({ndim_of(x) for x in items}) > 1:
        ctx.type_error("np.stack: all arrays must have the same number of axes")
    name = dtype_name(ctx, dtype, common_dtype(items))
    number = axis_number(ctx, axis, ndim_of(items[0]) + 1)
    if not is_array(items[0]):
        return written(ctx, array_of(ctx, Seq(tuple(items)), name), out)
    for item in items[1:]:
        _same_shape(ctx, item, dims(ctx, items[0]), -1)
    return written(ctx, stack(ctx, items, number, name), out)


@lowers(np.hstack)
def _hstack(ctx: Context, tup: Value, *, dtype: Value = NONE) -> Value:
    if is_array(tup):
        rows = with_dtype(ctx, _rows(ctx, tup, "np.hstack"), dtype)
        return _joined_rows(ctx, rows, 0 if ndim_of(rows) == 2 else 1)
    items = [at_least(ctx, x, 1) for x in _arrays(ctx, tup, "np.hstack")]
    return concatenate(ctx, items, 0 if ndim_of(items[0]) == 1 else 1, "np.hstack", dtype)


@lowers(np.vstack, *([np.row_stack] if hasattr(np, "row_stack") else []))
def _vstack(ctx: Context, tup: Value, *, dtype: Value = NONE) -> Value:
    if is_array(tup):
        rows = with_dtype(ctx, _rows(ctx, tup, "np.vstack"), dtype)
        return _inward(ctx, rows, 0) if ndim_of(rows) == 2 else _joined_rows(ctx, rows, 0)
    items = [at_least(ctx, x, 2) for x in _arrays(ctx, tup, "np.vstack")]
    return concatenate(ctx, items, 0, "np.vstack", dtype)


@lowers(np.dstack)
def _dstack(ctx: Context, tup: Value) -> Value:
    if is_array(tup):
        rows = _rows(ctx, tup, "np.dstack")
        tup = Seq((rows,)) if ndim_of(rows) == 1 else rows
        if ndim_of(rows) < 4:
            return ctx.b.op("copy", at_least(ctx, _inward(ctx, rows, ndim_of(rows) - 1), 3))
        return _joined_rows(ctx, rows, 2)
    items = [at_least(ctx, x, 3) for x in _arrays(ctx, tup, "np.dstack")]
    return concatenate(ctx, items, 2, "np.dstack")


@lowers(np.column_stack)
def _column_stack(ctx: Context, tup: Value) -> Value:
    if is_array(tup):
        rows = _rows(ctx, tup, "np.column_stack")
        return _inward(ctx, rows, 1) if ndim_of(rows) == 2 else _joined_rows(ctx, rows, 1)
    items = [at_least(ctx, x, 1) for x in _arrays(ctx, tup, "np.column_stack")]
    columns = [view(ctx, x, [FULL, None]) if ndim_of(x) == 1 else x for x in items]
    return concatenate(ctx, columns, 1, "np.column_stack")


@lowers(np.block)
def _block(ctx: Context, arrays: Value) -> Value:
    """Nested lists, joined along the last axis inside, along the one before it around that, and so on."""
    depth = _depth(ctx, arrays)
    leaves = [operand(ctx, leaf) for leaf in _blocks(arrays)]
    if not leaves:
        ctx.type_error("np.block takes lists of arrays that are not empty")
    ndim = max(depth, *map(ndim_of, leaves)) if len(leaves) > 1 else max(depth, ndim_of(leaves[0]))
    if not depth:
        return ctx.b.op("copy", leaves[0]) if is_array(leaves[0]) else leaves[0]

    def joined(value: Value, level: int) -> Atom:
        if isinstance(value, Seq):
            parts = [joined(item, level + 1) for item in value.items]
            return concatenate(ctx, parts, ndim - depth + level, "np.block")
        x = operand(ctx, value)
        if not is_array(x):
            return ctx.b.op("array", x, shape=(1,) * ndim, dtype=dtype_of(x))
        return view(ctx, x, [None] * (ndim - ndim_of(x)))

    return joined(arrays, 0)


def _blocks(value: Value) -> list[Value]:
    return [leaf for item in value.items for leaf in _blocks(item)] if isinstance(value, Seq) else [value]


def _depth(ctx: Context, value: Value) -> int:
    if isinstance(value, Tup):
        ctx.type_error("np.block takes lists, not tuples")
    if not isinstance(value, Seq):
        return 0
    depths = {_depth(ctx, item) for item in value.items}
    if len(depths) != 1:
        ctx.type_error("the lists of np.block are not nested alike")
    return 1 + depths.pop()


@lowers(np.append)
def _append(ctx: Context, arr: Value, values: Value, axis: Value = NONE) -> Value:
    items = [at_least(ctx, x, 1) for x in (arr, values)]
    if is_none(axis):
        return concatenate(ctx, [operand(ctx, raveled(ctx, x)) for x in items], 0, "np.append")
    return concatenate(ctx, items, axis_number(ctx, axis, ndim_of(items[0])), "np.append")


@lowers(np.meshgrid)
def _meshgrid(
    ctx: Context, *xi: Value, copy: Value = TRUE, sparse: Value = FALSE, indexing: Value = CARTESIAN
) -> Value:
    """A vector for each axis; "xy" has the first two axes the other way round."""
    vectors = [at_least(ctx, x, 1) for x in xi]
    if not isinstance(indexing, Obj) or indexing.value not in ("xy", "ij"):
        ctx.type_error("indexing= of np.meshgrid is 'xy' or 'ij'")
    if any(ndim_of(x) > 1 for x in vectors):
        ctx.refuse("np.meshgrid of arrays with several axes is not supported", "pass vectors: a.ravel()")
    order = list(range(len(vectors)))
    if indexing.value == "xy" and len(vectors) > 1:
        order[:2] = 1, 0
    sizes = [dim(ctx, vectors[k], 0) for k in order]
    thin = flag(ctx, sparse, "sparse=")
    if not flag(ctx, copy, "copy="):
        ctx.refuse("np.meshgrid with copy=False is not supported", "leave it out")
    out: list[Value] = []
    for k, x in enumerate(vectors):
        part = view(ctx, x, [FULL if place == k else None for place in order])
        if thin:
            out.append(ctx.b.op("copy", part))
            continue
        grid = alloc(ctx, sizes, dtype_of(x))
        ctx.b.effect("assign", grid, part)
        out.append(grid)
    return Tup(tuple(out))


# --- split ------------------------------------------------------------------------------------------------------------


def _splitting(function: Any, axis: int | None = None, equal: bool = True, least: int = 1) -> None:
    """Views; `hsplit` and its kin have an axis of their own."""
    name = f"np.{function.__name__}"

    def lowering(ctx: Context, ary: Value, indices_or_sections: Value, axis: Value) -> Value:
        x = array_operand(ctx, ary, name)
        if ndim_of(x) < least:
            ctx.type_error(f"{name} takes arrays of at least {least} axes, not {describe(x)}")
        number = axis_number(ctx, axis, ndim_of(x))
        length = dim(ctx, x, number)
        if isinstance(indices_or_sections, Tup | Seq):
            cuts: list[Atom] = [int_operand(ctx, item, f"where {name} cuts") for item in indices_or_sections.items]
        else:
            cuts = _even_cuts(ctx, name, indices_or_sections, length, equal)
        bounds = [ABSENT, *cuts, ABSENT]
        return Seq(tuple(view(ctx, x, along(number, (a, b, ABSENT))) for a, b in itertools.pairwise(bounds)))

    if axis is None:
        lowers(function)(lambda ctx, ary, indices_or_sections, axis=ZERO: lowering(ctx, ary, indices_or_sections, axis))
    elif function is np.hsplit:  # along the only axis of a vector
        lowers(function)(
            lambda ctx, ary, indices_or_sections: lowering(
                ctx, ary, indices_or_sections, const(min(1, ndim_of(operand(ctx, ary)) - 1))
            )
        )
    else:
        lowers(function)(lambda ctx, ary, indices_or_sections: lowering(ctx, ary, indices_or_sections, const(axis)))


def _even_cuts(ctx: Context, name: str, parts: Value, length: Atom, equal: bool) -> list[Atom]:
    """Where parts of one size end; if it may not go even, the first ones are longer by one."""
    sections = known_int(parts)
    if sections is None or sections < 1:
        ctx.refuse(f"the number of parts of {name} must be a positive integer in the source", "use slices")
    rest = ctx.b.op("mod", length, const(sections))
    part = ctx.b.op("floordiv", length, const(sections))
    if equal:
        guard(ctx, ctx.b.op("ne", rest, ZERO), ValueError, "array split does not result in an equal division")
    ends: list[Atom] = []
    for k in range(1, sections):
        end = operand(ctx, binary(ctx, "mul", const(k), part))
        ends.append(end if equal else ctx.b.op("add", end, ctx.b.op("minimum", const(k), rest)))
    return ends


_splitting(np.split)
_splitting(np.array_split, equal=False)
_splitting(np.hsplit, axis=1)
_splitting(np.vsplit, axis=0, least=2)
_splitting(np.dsplit, axis=2, least=3)

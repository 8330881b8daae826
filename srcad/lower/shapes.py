"""Sizes, allocation, views and shapes of array operands."""

from __future__ import annotations

import weakref
from collections.abc import Sequence

from srcad.ir import Array, Atom, Const, Var, const
from srcad.lower.casts import dtype_of, ndim_of, stored
from srcad.lower.known import ABSENT
from srcad.lower.layouts import COPIES
from srcad.lower.values import Context
from srcad.lower.weak import note, weak_type

#: One item of an index: an Atom is an integer, a triple a slice, None is np.newaxis.
Item = Atom | tuple[Atom, Atom, Atom] | None
FULL = (ABSENT, ABSENT, ABSENT)


def dim(ctx: Context, array: Atom, axis: int) -> Atom:
    if isinstance(array, Const):
        return const(int(array.value.shape[axis]))
    size = ctx.b.op("dim", array, axis=axis)
    note(size, least=0)
    return size


def dims(ctx: Context, array: Atom) -> list[Atom]:
    return [dim(ctx, array, axis) for axis in range(ndim_of(array))]


def load(ctx: Context, array: Atom) -> Atom:
    """The number in a 0-d array."""
    return ctx.b.op("load", array)


def product(ctx: Context, factors: Sequence[Atom]) -> Atom:
    """The product of sizes, what is known of it multiplied now."""
    known, total = 1, None
    for factor in factors:
        if isinstance(factor, Const):
            known *= factor.value
        else:
            total = factor if total is None else ctx.b.op("mul", total, factor)
    if total is None:
        return const(known)
    total = total if known == 1 else ctx.b.op("mul", const(known), total)
    if all(map(weak_type, factors)):
        note(total)
    return total


def size(ctx: Context, array: Atom) -> Atom:
    return product(ctx, dims(ctx, array))


def alloc(ctx: Context, shape: Sequence[Atom], dtype: str, fill: str = "empty") -> Var:
    return ctx.b.op("alloc", *shape, fill=fill, dtype=dtype)


def view(ctx: Context, array: Atom, items: Sequence[Item]) -> Atom:
    """`array[items]`. Full slices at the end go without saying, and a view of everything is the array itself."""
    items = list(items)
    while items and items[-1] == FULL:
        items.pop()
    if not items:
        return array
    letters = ""
    operands: list[Atom] = []
    for item in items:
        if item is None:
            letters += "n"
        elif isinstance(item, tuple):
            letters += "s"
            operands += item
        else:
            letters += "i"
            operands.append(item)
    result = ctx.b.op("view", array, *operands, spec=letters)
    return read_only(result) if array in READ_ONLY else result


def along(axis: int, *items: Item) -> list[Item]:
    """The index that puts `items` on one axis and keeps those before it."""
    return [*[FULL] * axis, *items]


#: Arrays that nobody may write, since they are read-only in NumPy.
READ_ONLY: weakref.WeakSet[Var] = weakref.WeakSet()


def read_only(array: Var) -> Var:
    READ_ONLY.add(array)
    return array


def leading(ctx: Context, array: Atom, axis: int) -> Atom:
    """The array with one axis moved to the front, so that indexing it goes along that axis."""
    order = (axis, *[k for k in range(ndim_of(array)) if k != axis])
    return ctx.b.op("transpose", array, axes=order) if axis else array


def contiguous(ctx: Context, array: Atom) -> Atom:
    """The array itself, or a C-contiguous copy of it."""
    assert isinstance(array.type, Array)
    return array if array.type.layout == "C" else ctx.b.op("copy", array)


def reshape(ctx: Context, array: Atom, shape: Sequence[Atom]) -> Atom:
    rows = contiguous(ctx, array)
    if rows is not array and isinstance(rows, Var):
        COPIES[rows] = array
    result = ctx.b.op("reshape", rows, *shape)
    return read_only(result) if array in READ_ONLY else result


def ravel(ctx: Context, array: Atom) -> Atom:
    return contiguous(ctx, array) if ndim_of(array) == 1 else reshape(ctx, array, [size(ctx, array)])


def stack(ctx: Context, items: Sequence[Atom], axis: int, dtype: str) -> Var:
    """`np.stack`: fresh memory with a new axis for the items."""
    shape = dims(ctx, items[0])
    out = alloc(ctx, [*shape[:axis], const(len(items)), *shape[axis:]], dtype)
    for k, item in enumerate(items):
        write(ctx, out, along(axis, const(k)), item)
    return out


def write(ctx: Context, array: Atom, items: Sequence[Item], value: Atom) -> None:
    """`array[items] = value` for an index that is ready."""
    value = stored(ctx, value, dtype_of(array))
    if len(items) == ndim_of(array) and all(isinstance(item, Var | Const) for item in items):
        ctx.b.effect("store", array, *[item for item in items if isinstance(item, Var | Const)], value)
    else:
        ctx.b.effect("assign", view(ctx, array, items), value)

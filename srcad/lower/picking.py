"""Masks and integer arrays in subscripts, as loops in library.py over the places that they name.

Whatever stands in the index, the array is first viewed through its integers and slices, and the axes with index arrays are
turned to the front; the index arrays become vectors of one length, a mask the vectors of the places where it holds. What is
read has its new axes where NumPy puts them: where the index arrays stood, or in front if a slice stands between them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from srcad.ir import Atom, Op, Var
from srcad.lower import library
from srcad.lower.casts import dtype_of, is_array, kind_of, ndim_of, stored
from srcad.lower.operands import operand
from srcad.lower.operators import BINARY, binary, fitted
from srcad.lower.shapes import FULL, Item, dim, dims, ravel, reshape, view
from srcad.lower.values import Context, Obj, Tup, Value
from srcad.ops import ELEMENTWISE, FRESH


@dataclass(frozen=True)
class Picked:
    """An index with masks or integer arrays among its items."""

    items: tuple[Item, ...]

    @property
    def arrays(self) -> list[Atom]:
        return [item for item in self.items if _is_picking(item)]  # type: ignore[misc]

    def only_mask(self, array: Atom) -> Atom | None:
        """The mask, if there is one, alone, with one axis or as many as the array."""
        first, *rest = self.items
        if _is_picking(first) and kind_of(first) == "b" and all(item == FULL for item in rest):  # type: ignore[arg-type]
            return first if ndim_of(first) in (1, ndim_of(array)) else None  # type: ignore[arg-type, return-value]
        return None


@dataclass(frozen=True)
class Places:
    """The array with the axes that are indexed in front, and the vectors of places on them."""

    target: Atom
    places: Tup
    shape: list[Atom]  #: what the index arrays broadcast to
    front: int  #: how many of the other axes stand before the new ones in what is read

    @property
    def rest(self) -> list[int]:
        """The axes of the target that are not indexed."""
        return list(range(len(self.places.items), ndim_of(self.target)))


def _is_picking(item: Item) -> bool:
    return not isinstance(item, tuple) and item is not None and ndim_of(item) > 0


def _check_uncaught(ctx: Context) -> None:
    """NumPy looks at all places before it writes any; the loops do not."""
    if ctx.catches(IndexError):
        ctx.refuse("what this index raises is caught, and elements are written", "move it out of the `try`")


def find(ctx: Context, array: Atom, place: Picked) -> Places:
    seen: list[Item] = []  # the index that views the array
    indexed: list[int] = []  # the axes of the view that have index arrays
    axes = 0
    groups: list[int] = []  # how many other axes stand before each integer or index array
    for item in place.items:
        if item is None or isinstance(item, tuple):
            seen.append(item)
            axes += 1
            continue
        groups.append(axes - len(indexed))
        if not ndim_of(item):
            seen.append(item)
            continue
        span = ndim_of(item) if kind_of(item) == "b" else 1
        seen += [FULL] * span
        indexed += range(axes, axes + span)
        axes += span
    viewed = view(ctx, array, seen)
    order = (*indexed, *[k for k in range(ndim_of(viewed)) if k not in indexed])
    places, shape = _vectors(ctx, array, place)
    target = viewed if order == tuple(range(ndim_of(viewed))) else ctx.b.op("transpose", viewed, axes=order)
    return Places(target, places, shape, groups[0] if len(set(groups)) == 1 else 0)


def _vectors(ctx: Context, array: Atom, place: Picked) -> tuple[Tup, list[Atom]]:
    """The places on each indexed axis as vectors of one length, and the shape that they broadcast to."""
    arrays: list[Atom] = []
    axis = 0
    for item in place.items:
        if _is_picking(item) and kind_of(item) == "b":  # type: ignore[arg-type]
            arrays += _where(ctx, array, item, axis)  # type: ignore[arg-type]
            axis += ndim_of(item)  # type: ignore[arg-type]
            continue
        if _is_picking(item):
            arrays.append(item)  # type: ignore[arg-type]
        axis += item is not None
    if all(ndim_of(index) == 1 for index in arrays):
        vectors = Tup(tuple(arrays))
        ctx.call(Obj(library.check_vectors), [vectors], {})
        return vectors, dims(ctx, arrays[0])
    shape: list[Atom] = []
    for k in range(max(map(ndim_of, arrays))):  # axes counted from the last
        sizes = [dim(ctx, index, ndim_of(index) - 1 - k) for index in arrays if k < ndim_of(index)]
        size = sizes[0]
        for other in sizes[1:]:
            size = ctx.b.op("broadcast_dim", size, other)
        shape.insert(0, size)
    if len(arrays) > 1:
        arrays = [ctx.b.op("expand", index, *shape) for index in arrays]
    return Tup(tuple(ravel(ctx, index) for index in arrays)), shape


def _where(ctx: Context, array: Atom, mask: Atom, axis: int) -> list[Atom]:
    """The places where a mask holds, a vector for each of its axes."""
    for k in range(ndim_of(mask)):
        ctx.call(Obj(library.check_length), [dim(ctx, mask, k), dim(ctx, array, axis + k)], {})
    if ndim_of(mask) == 1:
        return [operand(ctx, ctx.call(Obj(library.places), [mask], {}))]
    found = ctx.call(Obj(library.places_on_axes), [mask], {})
    assert isinstance(found, Tup)
    return [operand(ctx, item) for item in found.items]


# --- reading ----------------------------------------------------------------------------------------------------------


def read(ctx: Context, array: Atom, place: Picked) -> Value:
    mask = place.only_mask(array)
    if mask is not None:
        if ndim_of(mask) > 1:
            array, mask = ravel(ctx, array), ravel(ctx, mask)
        return ctx.call(Obj(library.compress), [array, mask], {})
    found = find(ctx, array, place)
    taken = operand(ctx, ctx.call(Obj(library.take), [found.target, found.places], {}))
    if len(found.shape) != 1:
        taken = reshape(ctx, taken, [*found.shape, *dims(ctx, taken)[1:]])
    if not found.front:
        return taken
    new, rest = len(found.shape), ndim_of(taken) - len(found.shape)
    order = (*range(new, new + found.front), *range(new), *range(new + found.front, new + rest))
    return ctx.b.op("transpose", taken, axes=order)


# --- writing ----------------------------------------------------------------------------------------------------------


def write(ctx: Context, array: Var, place: Picked, item: Atom) -> None:
    _check_uncaught(ctx)
    mask = place.only_mask(array)
    if mask is not None and not is_array(item):
        ctx.call(Obj(library.masked_fill), [array, mask, item], {})
        return
    found = find(ctx, array, place)
    values = _values(ctx, found, item)
    put = library.put if is_array(values) else library.put_number
    ctx.call(Obj(put), [found.target, _lasting(ctx, found), _apart(ctx, values)], {})


def augment(ctx: Context, array: Var, place: Picked, op: str, item: Value) -> None:
    """`array[place] op= item`, buffered: a place that is given twice is written twice, and the last time counts."""
    _check_uncaught(ctx)
    amount = operand(ctx, item, f"{BINARY[op][0]}=")
    mask = place.only_mask(array)
    if mask is not None and not is_array(amount):
        ctx.call(Obj(library.masked_update), [array, mask, Obj(BINARY[op][1]), amount], {})
        return
    found = find(ctx, array, place)
    taken = ctx.call(Obj(library.take), [found.target, found.places], {})
    new = binary(ctx, op, taken, _values(ctx, found, amount))
    values = stored(ctx, operand(ctx, new), dtype_of(array))
    ctx.call(Obj(library.put), [found.target, _lasting(ctx, found), values], {})


def add_at(ctx: Context, array: Var, place: Picked, item: Atom) -> None:
    _check_uncaught(ctx)
    found = find(ctx, array, place)
    ctx.call(Obj(library.add_at), [found.target, _lasting(ctx, found), _apart(ctx, _values(ctx, found, item))], {})


def update_at(ctx: Context, array: Var, place: Picked, function: Any, item: Atom) -> None:
    """`array[place] = function(array[place], item)`, one place after the other."""
    _check_uncaught(ctx)
    found = find(ctx, array, place)
    values = _apart(ctx, _values(ctx, found, item))
    ctx.call(Obj(library.update_at), [found.target, _lasting(ctx, found), Obj(function), values], {})


def _values(ctx: Context, found: Places, item: Atom) -> Atom:
    """What is written, broadcast to what would be read there, with the new axes in front and in one line."""
    if not is_array(item):
        return item
    rest = [dim(ctx, found.target, k) for k in found.rest]
    shape = [*rest[: found.front], *found.shape, *rest[found.front :]]
    values = fitted(ctx, item, len(shape))
    values = ctx.b.op("expand", values, *shape)
    if found.front:
        new = range(found.front, found.front + len(found.shape))
        values = ctx.b.op("transpose", values, axes=(*new, *[k for k in range(len(shape)) if k not in new]))
    if len(found.shape) == 1:
        return values
    count = dim(ctx, operand(ctx, found.places.items[0]), 0)
    return reshape(ctx, values, [count, *rest])


def _lasting(ctx: Context, found: Places) -> Tup:
    """The places, which writing there must not change: an array of integers may be its own index."""
    if kind_of(found.target) not in "iu":
        return found.places
    return Tup(tuple(ctx.b.op("copy", operand(ctx, vector)) for vector in found.places.items))


def _apart(ctx: Context, values: Atom) -> Atom:
    """The values in memory of their own, since what is written may be what is read."""
    if not is_array(values):
        return values
    made = next((op for op in reversed(ctx.b.stmts) if isinstance(op, Op) and values in op.results), None)
    return values if made and (made.name in ELEMENTWISE or made.name in FRESH) else ctx.b.op("copy", values)

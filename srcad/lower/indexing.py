"""Subscripts. A full integer index is one element (`load`, `store`, `update`); whatever else stays basic is a view, and
writes go through the view. Masks and integer arrays are loops in library.py."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from srcad.ir import Array, Atom, Const, ListOf, Op, Var, const
from srcad.lower import library
from srcad.lower.casts import dtype_of, is_array, kind_of, ndim_of, stored
from srcad.lower.known import ABSENT, NONE, describe, is_known, is_none, known_int, lift, python
from srcad.lower.operands import array_of, int_operand, operand, scalar_operand
from srcad.lower.operators import BINARY, augmented, binary, check_writable, unary
from srcad.lower.registry import lowers
from srcad.lower.shapes import FULL, Item, ravel, reshape, view
from srcad.lower.shapes import dims as dims_of
from srcad.lower.values import Context, Obj, Seq, SliceValue, Tup, Value
from srcad.ops import ELEMENTWISE, FRESH, promote


@dataclass(frozen=True)
class Basic:
    """An index of integers, slices and np.newaxis, one item an axis as far as it goes."""

    items: tuple[Item, ...]

    def element(self, array: Atom) -> tuple[Atom, ...] | None:
        """The integers, if the index names one element."""
        integers = tuple(item for item in self.items if isinstance(item, Var | Const))
        return integers if len(integers) == len(self.items) == ndim_of(array) else None


@dataclass(frozen=True)
class Picked:
    """An index with masks or integer arrays: integers first, then the arrays, then whole axes."""

    items: tuple[Item, ...]
    arrays: tuple[Atom, ...]

    @property
    def is_mask(self) -> bool:
        return kind_of(self.arrays[0]) == "b"


# --- reading ----------------------------------------------------------------------------------------------------------


def getitem(ctx: Context, value: Value, index: Value) -> Value:
    match value:
        case Tup() | Seq():
            return _item(ctx, value, index)
        case Obj():
            return _static_item(ctx, value, index)
        case Var(type=ListOf()):
            ctx.refuse("reading an element of a growing list is not supported", "use an array, or .pop()")
        case SliceValue():
            ctx.type_error("a slice has no elements")
    array = _array(ctx, value, index)
    if array is None:
        return value
    place = _place(ctx, array, index)
    if isinstance(place, Picked):
        return _pick(ctx, array, place)
    element = place.element(array)
    return view(ctx, array, place.items) if element is None else ctx.b.op("load", array, *element)


def _item(ctx: Context, value: Tup | Seq, index: Value) -> Value:
    if isinstance(index, SliceValue):
        if not is_known(index):
            ctx.refuse("a slice of a tuple or list must be known while compiling", "make it an array: np.array(...)")
        items = value.items[python(index)]
        return Tup(items) if isinstance(value, Tup) else Seq(items)
    number = known_int(index)
    if number is not None:
        if not -len(value.items) <= number < len(value.items):
            ctx.type_error(f"index {number} is out of range for {describe(value)}")
        return value.items[number]
    return ctx.select(value, int_operand(ctx, index, "the index of a tuple or list"))


def _static_item(ctx: Context, value: Obj, index: Value) -> Value:
    if not is_known(index):
        ctx.refuse(f"{describe(value)} is indexed by a value that is computed", "use an array")
    try:
        return lift(ctx, value.value[python(index)])
    except Exception as error:  # whatever the object says of this index, it would say when run
        return ctx.type_error(f"{describe(value)} cannot be indexed so: {type(error).__name__}: {error}")


def _array(ctx: Context, value: Value, index: Value) -> Atom | None:
    """The value as an array; None for a number under an empty index (`x[()]` is x)."""
    if is_array(value):
        assert isinstance(value, Var | Const)
        return value
    if (isinstance(index, Tup) and not index.items) or (isinstance(index, Obj) and index.value is Ellipsis):
        return None
    return ctx.type_error(f"{describe(value)} cannot be indexed")


# --- writing ----------------------------------------------------------------------------------------------------------


def setitem(ctx: Context, value: Value, index: Value, item: Value) -> None:
    array = _writable(ctx, value)
    place = _place(ctx, array, index)
    dtype = dtype_of(array)
    if isinstance(place, Picked):
        _put(ctx, array, place, stored(ctx, operand(ctx, item, "an array element"), dtype))
        return
    element = place.element(array)
    if element is not None:
        number = operand(ctx, item, "an array element")
        if is_array(number):
            ctx.type_error(f"{describe(number)} does not fit into one element", "assign to a slice, or index the array")
        ctx.b.effect("store", array, *element, stored(ctx, number, dtype))
        return
    target = view(ctx, array, place.items)
    new = operand(ctx, item, "an array slice")
    if ndim_of(new) > ndim_of(target):
        ctx.type_error(f"{describe(new)} does not fit into {describe(target)}")
    ctx.b.effect("assign", target, stored(ctx, new, dtype))


def augment_item(ctx: Context, value: Value, index: Value, op: str, item: Value) -> None:
    """`value[index] op= item`, the index evaluated once."""
    array = _writable(ctx, value)
    place = _place(ctx, array, index)
    dtype = dtype_of(array)
    if isinstance(place, Picked):
        _augment_picked(ctx, array, place, op, item)
        return
    element = place.element(array)
    if element is None:
        augmented(ctx, op, view(ctx, array, place.items), item)
        return
    number = scalar_operand(ctx, item, f"{BINARY[op][0]}= on an array element")
    exact = np.dtype(dtype).kind in "ifc" and promote((Const(0, array.type, False), number)) == dtype
    if op in ("add", "sub") and exact:
        number = stored(ctx, number, dtype)
        amount = number if op == "add" else unary(ctx, "neg", number)
        assert isinstance(amount, Var | Const)
        ctx.b.effect("update", array, *element, amount)
        return
    result = operand(ctx, binary(ctx, op, ctx.b.op("load", array, *element), number))
    ctx.b.effect("store", array, *element, stored(ctx, result, dtype))


def _writable(ctx: Context, value: Value) -> Var:
    match value:
        case Var(type=Array()):
            check_writable(ctx, value)
            return value
        case Const(type=Array()):
            ctx.refuse(f"the global array '{value.name}' is written", "pass it as an argument, or copy it first")
        case Seq() | Var(type=ListOf()):
            ctx.refuse("assigning to an element of a list is not supported", "make it an array: np.array(...)")
        case Tup():
            ctx.type_error("a tuple does not support item assignment", "make it an array: np.array(...)")
    return ctx.type_error(f"{describe(value)} does not support item assignment")


# --- what an index means ----------------------------------------------------------------------------------------------


def _place(ctx: Context, array: Atom, index: Value) -> Basic | Picked:
    raw = list(index.items) if isinstance(index, Tup) else [index]
    parts: list[Value] = [array_of(ctx, part) if isinstance(part, Seq | Tup) else part for part in raw]
    arrays = [part for part in parts if isinstance(part, Var | Const) and ndim_of(part)]
    used = sum(not is_none(part) and not _is_ellipsis(part) for part in parts)
    used += sum(ndim_of(part) - 1 for part in arrays if kind_of(part) == "b")
    if used > ndim_of(array):
        ctx.type_error(f"too many indices: {describe(array)} is indexed with {used}")
    if sum(map(_is_ellipsis, parts)) > 1:
        ctx.type_error("an index can only have a single ellipsis ('...')")
    whole = ndim_of(array) - used
    if arrays:
        return _picked(ctx, parts, arrays)
    items: list[Item] = []
    for part in parts:
        items += [FULL] * whole if _is_ellipsis(part) else [_basic(ctx, part)]
    return Basic(tuple(items))


def _is_ellipsis(part: Value) -> bool:
    return isinstance(part, Obj) and part.value is Ellipsis


def _basic(ctx: Context, part: Value) -> Item:
    if is_none(part):
        return None
    if isinstance(part, SliceValue):
        start, stop, step = (ABSENT if is_none(p) else int_operand(ctx, p, "a slice") for p in _parts(part))
        if step == const(0):
            ctx.type_error("the step of a slice cannot be zero")
        return start, stop, ABSENT if step == const(1) else step
    if isinstance(part, Var | Const) and not is_array(part) and kind_of(part) == "b":
        ctx.refuse("an array is indexed with a boolean", "use an if, or an integer index")
    return int_operand(ctx, part, "an array index")


def _parts(part: SliceValue) -> tuple[Value, Value, Value]:
    return part.start, part.stop, part.step


def _picked(ctx: Context, parts: list[Value], arrays: list[Atom]) -> Picked:
    """Masks and integer arrays, where they stand together and only integers stand before them."""
    for array in arrays:
        if kind_of(array) not in "biu":
            ctx.type_error(f"an array index must be of integers or booleans, not {describe(array)}")
    first = next(k for k, part in enumerate(parts) if any(part is array for array in arrays))
    rest = parts[first + len(arrays) :]
    leading = [_basic(ctx, part) for part in parts[:first]]
    tail = [FULL if _is_ellipsis(part) else _basic(ctx, part) for part in rest]
    plain = all(any(part is array for array in arrays) for part in parts[first : first + len(arrays)])
    if not plain or any(not isinstance(item, Var | Const) for item in leading) or any(item != FULL for item in tail):
        ctx.refuse("integer arrays or masks mixed with slices are not supported", "index one axis after the other")
    kinds = {kind_of(array) for array in arrays}
    if len(arrays) > 2 or (len(arrays) == 2 and ("b" in kinds or any(ndim_of(array) != 1 for array in arrays))):
        ctx.refuse("this combination of index arrays is not supported", "write the loop")
    return Picked(tuple(leading), tuple(arrays))


# --- masks and integer arrays -----------------------------------------------------------------------------------------


def _pick(ctx: Context, array: Atom, place: Picked) -> Value:
    source = view(ctx, array, place.items)
    if len(place.arrays) == 2:
        if ndim_of(source) != 2:
            ctx.refuse("two index arrays need a two-dimensional array", "write the loop")
        return ctx.call(Obj(library.take_pairs), [source, *place.arrays], {})
    (index,) = place.arrays
    if place.is_mask:
        if ndim_of(index) > 1:
            source, index = ravel(ctx, source), ravel(ctx, index)
        return ctx.call(Obj(library.compress), [source, index], {})
    if ndim_of(index) == 1:
        return ctx.call(Obj(library.take), [source, index], {})
    taken = ctx.call(Obj(library.take), [source, ravel(ctx, index)], {})
    return reshape(ctx, operand(ctx, taken), [*dims_of(ctx, index), *dims_of(ctx, source)[1:]])


def _put(ctx: Context, array: Var, place: Picked, item: Atom) -> None:
    target, index = _target(ctx, array, place)
    item = _apart(ctx, item)
    if place.is_mask:
        if is_array(item):
            ctx.refuse("assigning an array through a mask is not supported", "write x[...] = np.where(mask, values, x)")
        ctx.call(Obj(library.masked_fill), [target, index, item], {})
    elif is_array(item):
        if ndim_of(item) != ndim_of(target):
            ctx.refuse("this assignment through an integer array broadcasts", "write the loop")
        ctx.call(Obj(library.put), [target, index, item], {})
    else:
        ctx.call(Obj(library.put_number), [target, index, item], {})


@lowers(np.add.at)
def _add_at(ctx: Context, a: Value, indices: Value, b: Value, /) -> Value:
    """Unlike `a[indices] += b`, this counts every index as often as it is given."""
    array = _writable(ctx, a)
    place = _place(ctx, array, indices)
    if isinstance(place, Basic) or place.is_mask or len(place.arrays) > 1:
        augment_item(ctx, a, indices, "add", b)
        return NONE
    target, index = _target(ctx, array, place)
    values = _apart(ctx, stored(ctx, operand(ctx, b, "np.add.at"), dtype_of(array)))
    ctx.call(Obj(library.add_at), [target, index, values], {})
    return NONE


def _augment_picked(ctx: Context, array: Var, place: Picked, op: str, item: Value) -> None:
    target, index = _target(ctx, array, place)
    amount = operand(ctx, item, f"{BINARY[op][0]}=")
    if place.is_mask:
        if is_array(amount):
            ctx.refuse("an array combined through a mask is not supported", "write x[...] = np.where(mask, x + v, x)")
        ctx.call(Obj(library.masked_update), [target, index, Obj(BINARY[op][1]), amount], {})
        return
    taken = ctx.call(Obj(library.take), [target, index], {})
    _put(ctx, array, place, stored(ctx, operand(ctx, binary(ctx, op, taken, amount)), dtype_of(array)))


def _apart(ctx: Context, values: Atom) -> Atom:
    """The values in memory of their own, since what is written may be what is read."""
    if not is_array(values):
        return values
    made = next((op for op in reversed(ctx.b.stmts) if isinstance(op, Op) and values in op.results), None)
    return values if made and (made.name in ELEMENTWISE or made.name in FRESH) else ctx.b.op("copy", values)


def _target(ctx: Context, array: Var, place: Picked) -> tuple[Atom, Atom]:
    target = view(ctx, array, place.items)
    if len(place.arrays) > 1 or ndim_of(place.arrays[0]) > 2 or (ndim_of(place.arrays[0]) > 1 and not place.is_mask):
        ctx.refuse("writing through this combination of index arrays is not supported", "write the loop")
    if place.is_mask and ndim_of(place.arrays[0]) not in (1, ndim_of(target)):
        ctx.refuse("a mask must have one axis or as many as the array", "write the loop")
    return target, place.arrays[0]

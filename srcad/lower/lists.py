"""Lists that grow: columns with room for more items, and how many items there are, as a tuple of its own class.

A column is an array whose first axis counts the items: of numbers a vector, of arrays of one shape an array with one axis more.
Items that are tuples, or lists of a fixed length, have a column for each of their parts, nested as they are; items that are
lists of numbers themselves have a matrix for their numbers, and a vector for their lengths. What is the same in all items, such
as a string, is its own column.

A variable holds such a list if it is assigned a list literal and the function changes the list, or if its length is known only
at run time. Only one variable may refer to the list: an assignment, or storing it in another list, moves it, so that nobody
can see that appending rebinds the variable. A function that is called borrows it. Indexed, looped over, or given to NumPy, it
is the used part of its columns.

Arrays in lists are copied into the column, where Python keeps a reference; sharing.py checks that this makes no difference.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, TypeGuard

import numpy as np

from srcad.ir import Array, Atom, Const, Scalar, Var, const, operands
from srcad.lower import list_library as library
from srcad.lower.casts import dtype_of, is_array, ndim_of, stored
from srcad.lower.changes import changes
from srcad.lower.function import Lowering
from srcad.lower.indexing import augment_item, getitem, setitem
from srcad.lower.known import NONE, ZERO, describe, is_hashable, known_int, opened
from srcad.lower.merge import Borrowed, Growing, same_object
from srcad.lower.operands import int_operand, operand
from srcad.lower.operators import binary, compare, guard
from srcad.lower.records import is_record
from srcad.lower.scope import Poison
from srcad.lower.shapes import FULL, alloc, dims
from srcad.lower.sharing import APPENDS, DUPLICATES, ITEMS, ROWS
from srcad.lower.values import Obj, Seq, SliceValue, Tup, Value
from srcad.lower.weak import least_of
from srcad.ops import promote

REMEDY = "append to it, index it, loop over it, or make it an array: np.array(...)"


def is_growing(value: object) -> TypeGuard[Tup]:
    return isinstance(value, Tup) and value.cls in (Growing, Borrowed)


def holds_list(value: object) -> bool:
    """Whether this is such a list, or a tuple with one in it."""
    return is_growing(value) or (isinstance(value, Tup | Seq) and any(map(holds_list, value.items)))


def is_changeable(value: object) -> bool:
    """Whether this is, or holds, a list or dictionary, of which changes would show by every name."""
    if is_growing(value) or is_record(value):
        return True
    return isinstance(value, Tup | Seq) and any(map(is_changeable, value.items))


def is_plain(value: Tup) -> bool:
    """Whether the items are numbers, or arrays."""
    return not value.items or isinstance(value.items[0], Var)


def holds_numbers(value: Tup) -> bool:
    """Whether the items are numbers; there may be none."""
    column = value.items[0] if value.items else None
    return column is None or (isinstance(column, Var) and isinstance(column.type, Array) and column.type.ndim == 1)


def grows(ctx: Lowering, name: str) -> bool:
    """Whether the function changes the list in this variable."""
    return changes(ctx.frame, name)


# --- new lists --------------------------------------------------------------------------------------------------------


def growing(ctx: Lowering, items: Seq) -> Tup:
    """The list that a literal makes."""
    if not items.items:
        return Tup((), Growing)
    return Tup((_column(ctx, items.items), const(len(items.items))), Growing)


def table(ctx: Lowering, items: Seq) -> Tup | None:
    """The list that lists of numbers make, all of one length, if they are that: as if they had been appended."""
    rows = [row.items if isinstance(row := opened(ctx, item), Seq) else () for item in items.items]
    width = len(rows[0]) if rows else 0
    numbers = all(isinstance(x, Var | Const) and isinstance(x.type, Scalar) for row in rows for x in row)
    if not width or not numbers or any(len(row) != width for row in rows):
        return None
    lengths = operand(ctx, Seq(tuple(const(width) for _ in rows)))
    return Tup((Tup((operand(ctx, Seq(tuple(map(Seq, rows)))), lengths), Growing), const(len(rows))), Growing)


def _column(ctx: Lowering, items: Sequence[Value]) -> Value:
    first = items[0]
    if any(map(is_growing, items)):
        ctx.refuse("a list of lists of unknown lengths is written out", "append the lists one by one")
    if isinstance(first, Tup | Seq):
        parts = [item.items for item in items if isinstance(item, Tup | Seq)]
        if len(parts) < len(items) or not all(alike(first, item) for item in items):
            unlike(ctx)
        return like(first, [_column(ctx, column) for column in zip(*parts, strict=True)])
    if isinstance(first, Obj):
        if not all(isinstance(item, Obj) and same_object(item.value, first.value) for item in items):
            unlike(ctx)
        return first
    if not any(map(is_array, items)):
        return operand(ctx, Seq(tuple(items)))
    rows = [operand(ctx, item) for item in items]
    if not all(map(is_array, rows)) or len(set(map(ndim_of, rows))) > 1:
        unlike(ctx)
    room = alloc(ctx, [const(len(rows)), *dims(ctx, rows[0])], dtype_of(rows[0]), "empty")
    for k, row in enumerate(rows):
        check_type(ctx, row, room.type, "put into")
        put(ctx, room, const(k), row)
    return room


def unlike(ctx: Lowering) -> NoReturn:
    ctx.refuse("the items of a list that is changed are of different types", "give all items one type, or use a tuple")


def like(value: Value, items: Sequence[Value]) -> Value:
    """A tuple or list that nests as the value does."""
    return Tup(tuple(items), value.cls) if isinstance(value, Tup) else Seq(tuple(items))


def repeated(ctx: Lowering, items: Seq, times: Var) -> Tup:
    """`[x, ...] * times`"""
    array = operand(ctx, items)
    assert isinstance(array, Var)
    if array.type.ndim > 1:  # type: ignore[union-attr]
        ctx.refuse("a list of arrays is repeated, which are the same arrays each time", "write a comprehension")
    count = operand(ctx, binary(ctx, "mul", ctx.b.op("maximum", times, const(0)), const(len(items.items))))
    if len(items.items) == 1 and isinstance(items.items[0], Var | Const):
        return Tup((array_in(ctx.call(Obj(np.full), [count, items.items[0]], {})), count), Growing)
    return Tup((array_in(ctx.call(Obj(np.tile), [array, times], {})), count), Growing)


def listed(ctx: Lowering, value: Value) -> Value:
    """`list(value)`"""
    if is_growing(value):
        if not value.items:
            return value
        return Tup((mapped(lambda column: duplicate(ctx, column), value.items[0]), value.items[1]), Growing)
    if isinstance(value, Var | Const) and isinstance(value.type, Array) and value.type.ndim >= 1:
        rows = ctx.b.op("copy", value)
        if value.type.ndim > 1:  # the rows of an array are views of it
            ITEMS.add(rows)
            ROWS.add(rows)
        return Tup((rows, ctx.b.op("dim", value, axis=0)), Growing)
    return ctx.call(Obj(list), [value], {})


def duplicate(ctx: Lowering, array: Var, stays: bool = True) -> Var:
    """A copy of an array of a list, or of all of them, which Python has twice if it stays where it is."""
    copy = ctx.b.op("copy", array)
    if stays and isinstance(copy.type, Array) and (copy.type.ndim > 1 or array in ITEMS):
        DUPLICATES.add(copy)
    return copy


def set_aside(ctx: Lowering, value: Value, stays: bool) -> Value:
    """What has been read from a list that is changed before it is stored, as in `a[0], a[1] = a[1], a[0]`."""
    return mapped(lambda array: duplicate(ctx, array, stays) if array in ITEMS else array, value)


def array_in(value: Value) -> Var:
    assert isinstance(value, Var)
    return value


def mapped(change: Callable[[Var], Value], column: Value) -> Value:
    """The columns, each changed."""
    match column:
        case Var():
            return change(column)
        case Tup() | Seq():
            return like(column, [mapped(change, part) for part in column.items])
    return column


def alike(a: Value, b: Value) -> bool:
    """Whether these are tuples, or lists, of one length and class."""
    if not isinstance(a, Tup | Seq) or type(a) is not type(b):
        return False
    return len(a.items) == len(b.items) and getattr(a, "cls", None) is getattr(b, "cls", None)


def put(ctx: Lowering, room: Var, place: Value, new: Atom) -> None:
    assert isinstance(room.type, Array) and isinstance(place, Var | Const)
    if not is_array(new):
        ctx.b.effect("store", room, place, stored(ctx, new, room.type.dtype))
        return
    _put_row(ctx, array_in(getitem(ctx, room, place)), new, held_another=False)


def _put_row(ctx: Lowering, row: Var, new: Atom, held_another: bool) -> None:
    """Copy an array to its place. All arrays of a list have one shape."""
    for size, wanted in zip(dims(ctx, new), dims(ctx, row), strict=True):
        guard(ctx, ctx.b.op("ne", size, wanted), ValueError, library.RAGGED)
    APPENDS[row] = held_another
    ctx.b.effect("assign", row, stored(ctx, new, dtype_of(row)))


# --- items ------------------------------------------------------------------------------------------------------------


def item(ctx: Lowering, value: Tup, index: Value) -> Value:
    """What is at an index; a slice is another list."""
    if isinstance(index, SliceValue):
        return _part(ctx, value, index)
    if not value.items:
        return getitem(ctx, contents(ctx, value), index)
    check_place(ctx, value.items[1], index, "list index out of range")
    return _borrowed(
        mapped(lambda column: _item_of(getitem(ctx, used(ctx, column, value.items[1]), index)), value.items[0])
    )


def check_place(ctx: Lowering, count: Value, index: Value, message: str) -> None:
    """A column has more room than what is in use: an index beyond that is an error, as in any list."""
    place, size = int_operand(ctx, index, "the index of a list"), int_operand(ctx, count, "the size of a list")
    if isinstance(place, Const):
        outside = [ctx.b.op("le", size, place) if place.value >= 0 else ctx.b.op("lt", size, const(-place.value))]
    else:
        outside = [] if ctx.session.ends.get(place) == size else [ctx.b.op("ge", place, size)]
        least = least_of(place)
        outside += [] if least is not None and least >= 0 else [ctx.b.op("lt", place, ctx.b.op("neg", size))]
    if outside:
        guard(ctx, outside[0] if len(outside) == 1 else ctx.b.op("or", *outside), IndexError, message)


def _borrowed(found: Value) -> Value:
    match found:
        case Tup(cls=cls) if cls is Growing:
            return Tup(found.items, Borrowed)
        case Tup() | Seq():
            return like(found, [_borrowed(part) for part in found.items])
    return found


def _item_of(found: Value) -> Value:
    if isinstance(found, Var) and isinstance(found.type, Array):
        ITEMS.add(found)
    return found


def _part(ctx: Lowering, value: Tup, index: SliceValue) -> Tup:
    if not value.items:
        return value
    parts: list[Var] = []

    def copied(column: Var) -> Value:
        found = getitem(ctx, used(ctx, column, value.items[1]), index)
        parts.append(duplicate(ctx, array_in(found)))
        return parts[-1]

    columns = mapped(copied, value.items[0])
    if not parts:
        ctx.refuse("a slice of a list of objects", "write a loop")
    return Tup((columns, ctx.b.op("dim", parts[0], axis=0)), Growing)


def set_item(ctx: Lowering, value: Tup, index: Value, new: Value, op: str = "") -> None:
    """`value[index] = new`, or with an operator before the `=`."""
    if isinstance(index, SliceValue):
        ctx.refuse("a slice of a list is assigned", "make it an array: np.array(...)")
    if value.items:
        check_place(ctx, value.items[1], index, "list assignment index out of range")
    if not value.items:
        setitem(ctx, contents(ctx, value), index, new)
    elif isinstance(value.items[0], Var) and isinstance(value.items[0].type, Array) and value.items[0].type.ndim == 1:
        _set_number(ctx, used(ctx, value.items[0], value.items[1]), index, new, op)
    elif op:
        found = item(ctx, value, index)
        if is_growing(found):
            ctx.refuse("a list in a list is changed by an operator", "append to it")
        if isinstance(found, Var):
            setter = SliceValue(NONE, NONE, NONE)
            augment_item(ctx, found, setter, op, lambda: new)
        else:
            set_item(ctx, value, index, binary(ctx, op, found, new))
    else:
        _set_parts(ctx, value.items[0], value.items[1], index, new)


def _set_number(ctx: Lowering, column: Var, index: Value, new: Value, op: str) -> None:
    number = operand(ctx, new, "an item of a list")
    if not isinstance(number.type, Scalar):
        ctx.refuse(f"{describe(number)} is stored into a list", "store it into an array, row by row")
    check_type(ctx, number, column.type, "stored into")
    if op:
        augment_item(ctx, column, index, op, lambda: number)
    else:
        setitem(ctx, column, index, number)


def _set_parts(ctx: Lowering, column: Value, count: Value, index: Value, new: Value) -> None:
    match column, new:
        case (Tup() | Seq(), Tup() | Seq()) if not holds_list(column) and alike(column, new):
            for part, value in zip(column.items, new.items, strict=True):
                _set_parts(ctx, part, count, index, value)
            return
        case Var(type=Array(ndim=1)), Var() | Const():
            _set_number(ctx, used(ctx, column, count), index, new, "")
            return
        case Var(type=Array() as type), Var() | Const() if is_array(new) and type.ndim == new.type.ndim + 1:  # type: ignore[union-attr]
            row = array_in(getitem(ctx, used(ctx, column, count), index))
            check_type(ctx, new, type, "stored into")
            _put_row(ctx, row, new, held_another=True)
            return
        case Obj(), Obj() if same_object(column.value, new.value):
            return
    unlike(ctx)


def check_type(ctx: Lowering, number: Atom, type: Any, what: str) -> None:
    if promote((Const(0, type, weak=False), number)) != type.dtype:
        ctx.refuse(f"{describe(number)} is {what} a list of {type.dtype}", "give all items one type: 0.0 for 0")


# --- as a whole -------------------------------------------------------------------------------------------------------


def used(ctx: Lowering, column: Var, count: Value) -> Var:
    """The part of a column that is in use."""
    whole = any(stmt.results == (column,) and operands(stmt)[:1] == (count,) for stmt in reversed(ctx.b.stmts))
    part = column if whole else getitem(ctx, column, SliceValue(NONE, count, NONE))
    assert isinstance(part, Var)
    if part.type.ndim > 1:  # type: ignore[union-attr]
        if part is column:  # found now, where the column is there all along
            part = ctx.b.op("view", column, *FULL, spec="s")
        ITEMS.add(part)
    return part


def contents(ctx: Lowering, value: Tup) -> Var:
    """The list as NumPy makes an array of it; of numbers and arrays it is the used part of the column."""
    if not value.items:
        return ctx.b.op("alloc", const(0), fill="empty", dtype="float64")
    column, count = value.items
    if isinstance(column, Var):
        return used(ctx, column, count)
    if is_growing(column):
        return array_in(ctx.call(Obj(library.rows_of_lists), [*column.items, count], {}))
    parts: list[Value] = []
    for part in getattr(column, "items", ()):
        if not isinstance(part, Var | Tup | Seq):
            ctx.refuse("a list of tuples with objects in them makes no array", "loop over it")
        parts.append(contents(ctx, Tup((part, count), Growing)))
    return array_in(ctx.call(Obj(np.stack), [Seq(tuple(parts)), const(1)], {}))


def as_array(ctx: Lowering, value: Tup) -> Var:
    """The same for a function of NumPy. Without items, the shape of arrays in the list would not be that of Python."""
    array = contents(ctx, value)
    if isinstance(array.type, Array) and array.type.ndim > 1 and known_int(length(value)) is None:
        none = operand(ctx, compare(ctx, "eq", length(value), ZERO))
        guard(ctx, none, ValueError, "an array is made of a list that would have held arrays or tuples, and is empty")
    return array


def length(value: Tup) -> Value:
    return value.items[1] if value.items else const(0)


#: Functions of Python that read a list and keep no reference to it.
BUILTINS = frozenset({sum, max, min, any, all, sorted, functools.reduce})
READERS = BUILTINS | {np.array, np.sum, np.mean, np.prod, np.max, np.min, np.std, np.var, np.median, np.argmax}
READERS |= {np.argmin, np.dot, np.cumsum, np.cumprod, np.linalg.norm, np.diff, np.concatenate, np.sort, np.any, np.all}
READERS |= {np.stack, np.vstack, np.hstack, np.column_stack}


def takes_lists(function: Value) -> bool:
    """Whether the function reads a list as it would an array."""
    thing = function.value if isinstance(function, Obj) else None
    return reads(thing) or str(getattr(thing, "__module__", None) or "").startswith("numpy")


def reads(thing: Any) -> bool:
    """Whether the result is sure not to be a view of the argument, which of a list it cannot be."""
    return isinstance(thing, np.ufunc) or (callable(thing) and is_hashable(thing) and thing in READERS)


def _has_borrowed(value: Value) -> bool:
    return isinstance(value, Tup | Seq) and (
        getattr(value, "cls", None) is Borrowed or any(map(_has_borrowed, value.items))
    )


# --- one variable -----------------------------------------------------------------------------------------------------


def moved(ctx: Lowering, name: str, to: str) -> Value:
    """The list in a variable, or what it is in, which is known by another name from here on."""
    value = ctx.read(name)
    if _has_borrowed(value):
        ctx.refuse(f"'{name}' is a list in another list, and is given {to}", "build a new list")
    what, copy = ("list", "list") if holds_list(value) else ("dictionary", "dict")
    ctx.env.names[name] = Poison(
        f"the {what} '{name}' is read after it was given {to}", f"copy it there: {copy}({name})"
    )
    return value

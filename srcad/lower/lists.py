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
from collections.abc import Callable, Hashable, Sequence
from typing import Any, NoReturn, TypeGuard

import numpy as np

from srcad.ir import Array, Atom, Const, Scalar, Var, const, operands
from srcad.lower import list_library as library
from srcad.lower.casts import is_array, stored
from srcad.lower.changes import changes
from srcad.lower.function import Lowering
from srcad.lower.indexing import augment_item, getitem, setitem
from srcad.lower.known import NONE, ZERO, describe, known_int
from srcad.lower.merge import Borrowed, Growing, empty_columns, same_object
from srcad.lower.operands import operand
from srcad.lower.operators import binary, compare, guard
from srcad.lower.scope import Poison
from srcad.lower.sharing import APPENDS, ITEMS
from srcad.lower.values import Obj, Seq, SliceValue, Tup, Value
from srcad.ops import promote

REMEDY = "append to it, index it, loop over it, or make it an array: np.array(...)"


def is_growing(value: object) -> TypeGuard[Tup]:
    return isinstance(value, Tup) and value.cls in (Growing, Borrowed)


def holds_list(value: object) -> bool:
    """Whether this is such a list, or a tuple with one in it."""
    return is_growing(value) or (isinstance(value, Tup | Seq) and any(map(holds_list, value.items)))


def is_plain(value: Tup) -> bool:
    """Whether the items are numbers, or arrays."""
    return not value.items or isinstance(value.items[0], Var)


def grows(ctx: Lowering, name: str) -> bool:
    """Whether the function changes the list in this variable."""
    return changes(ctx.frame, name)


# --- new lists --------------------------------------------------------------------------------------------------------


def growing(ctx: Lowering, items: Seq) -> Tup:
    """The list that a literal makes."""
    if not items.items:
        return Tup((), Growing)
    return Tup((_column(ctx, items.items), const(len(items.items))), Growing)


def _column(ctx: Lowering, items: Sequence[Value]) -> Value:
    first = items[0]
    if any(map(is_growing, items)):
        ctx.refuse("a list of lists of unknown lengths is written out", "append the lists one by one")
    if isinstance(first, Tup | Seq):
        parts = [item.items for item in items if isinstance(item, Tup | Seq)]
        if len(parts) < len(items) or not all(_alike(first, item) for item in items):
            _unlike(ctx)
        return _like(first, [_column(ctx, column) for column in zip(*parts, strict=True)])
    if isinstance(first, Obj):
        if not all(isinstance(item, Obj) and same_object(item.value, first.value) for item in items):
            _unlike(ctx)
        return first
    if not any(map(is_array, items)):
        return operand(ctx, Seq(tuple(items)))
    rows = [operand(ctx, item) for item in items]
    if len({row.type for row in rows if isinstance(row.type, Array)}) == 0 or not all(map(is_array, rows)):
        _unlike(ctx)
    sizes = [ctx.b.op("dim", rows[0], axis=k) for k in range(rows[0].type.ndim)]  # type: ignore[union-attr]
    room = ctx.b.op("alloc", const(len(rows)), *sizes, fill="empty", dtype=rows[0].type.dtype)  # type: ignore[union-attr]
    for k, row in enumerate(rows):
        _put(ctx, room, const(k), row)
    return room


def _unlike(ctx: Lowering) -> NoReturn:
    ctx.refuse("the items of a list that is changed are of different types", "give all items one type, or use a tuple")


def _like(value: Value, items: Sequence[Value]) -> Value:
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
        return Tup((_array(ctx.call(Obj(np.full), [count, items.items[0]], {})), count), Growing)
    return Tup((_array(ctx.call(Obj(np.tile), [array, times], {})), count), Growing)


def listed(ctx: Lowering, value: Value) -> Value:
    """`list(value)`"""
    if is_growing(value):
        if not value.items:
            return value
        return Tup((_mapped(lambda column: ctx.b.op("copy", column), value.items[0]), value.items[1]), Growing)
    if isinstance(value, Var | Const) and isinstance(value.type, Array) and value.type.ndim >= 1:
        rows = ctx.b.op("copy", value)
        if value.type.ndim > 1:  # the rows of an array are views of it
            ITEMS.add(rows)
        return Tup((rows, ctx.b.op("dim", value, axis=0)), Growing)
    return ctx.call(Obj(list), [value], {})


def _array(value: Value) -> Var:
    assert isinstance(value, Var)
    return value


def _mapped(change: Callable[[Var], Value], column: Value) -> Value:
    """The columns, each changed."""
    match column:
        case Var():
            return change(column)
        case Tup() | Seq():
            return _like(column, [_mapped(change, part) for part in column.items])
    return column


# --- items ------------------------------------------------------------------------------------------------------------


def item(ctx: Lowering, value: Tup, index: Value) -> Value:
    """What is at an index; a slice is another list."""
    if isinstance(index, SliceValue):
        return _part(ctx, value, index)
    if not value.items:
        return getitem(ctx, contents(ctx, value), index)
    return _borrowed(
        _mapped(lambda column: _item_of(getitem(ctx, _used(ctx, column, value.items[1]), index)), value.items[0])
    )


def _borrowed(found: Value) -> Value:
    match found:
        case Tup(cls=cls) if cls is Growing:
            return Tup(found.items, Borrowed)
        case Tup() | Seq():
            return _like(found, [_borrowed(part) for part in found.items])
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
        found = getitem(ctx, _used(ctx, column, value.items[1]), index)
        parts.append(ctx.b.op("copy", found))  # type: ignore[arg-type]
        if parts[-1].type.ndim > 1:  # type: ignore[union-attr]
            ITEMS.add(parts[-1])
        return parts[-1]

    columns = _mapped(copied, value.items[0])
    if not parts:
        ctx.refuse("a slice of a list of objects", "write a loop")
    return Tup((columns, ctx.b.op("dim", parts[0], axis=0)), Growing)


def set_item(ctx: Lowering, value: Tup, index: Value, new: Value, op: str = "") -> None:
    """`value[index] = new`, or with an operator before the `=`."""
    if isinstance(index, SliceValue):
        ctx.refuse("a slice of a list is assigned", "make it an array: np.array(...)")
    if not value.items:
        setitem(ctx, contents(ctx, value), index, new)
    elif isinstance(value.items[0], Var) and isinstance(value.items[0].type, Array) and value.items[0].type.ndim == 1:
        _set_number(ctx, _used(ctx, value.items[0], value.items[1]), index, new, op)
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
    _check_type(ctx, number, column.type, "stored into")
    if op:
        augment_item(ctx, column, index, op, lambda: number)
    else:
        setitem(ctx, column, index, number)


def _set_parts(ctx: Lowering, column: Value, count: Value, index: Value, new: Value) -> None:
    match column, new:
        case (Tup() | Seq(), Tup() | Seq()) if not holds_list(column) and _alike(column, new):
            for part, value in zip(column.items, new.items, strict=True):
                _set_parts(ctx, part, count, index, value)
            return
        case Var(type=Array(ndim=1)), Var() | Const():
            _set_number(ctx, _used(ctx, column, count), index, new, "")
            return
        case Var(type=Array() as type), Var() | Const() if is_array(new) and type.ndim == new.type.ndim + 1:  # type: ignore[union-attr]
            row = getitem(ctx, _used(ctx, column, count), index)
            assert isinstance(row, Var)
            _check_type(ctx, new, type, "stored into")
            check_shape(ctx, new, [ctx.b.op("dim", row, axis=k) for k in range(type.ndim - 1)])
            APPENDS[row] = True
            ctx.b.effect("assign", row, stored(ctx, new, type.dtype))
            return
        case Obj(), Obj() if same_object(column.value, new.value):
            return
    _unlike(ctx)


def check_shape(ctx: Lowering, array: Atom, sizes: Sequence[Atom]) -> None:
    """All arrays of a list have one shape."""
    for k, size in enumerate(sizes):
        wrong = ctx.b.op("ne", ctx.b.op("dim", array, axis=k), size)
        guard(ctx, wrong, ValueError, library.RAGGED)


def _check_type(ctx: Lowering, number: Atom, type: Any, what: str) -> None:
    if promote((Const(0, type, weak=False), number)) != type.dtype:
        ctx.refuse(f"{describe(number)} is {what} a list of {type.dtype}", "give all items one type: 0.0 for 0")


# --- as a whole -------------------------------------------------------------------------------------------------------


def _used(ctx: Lowering, column: Var, count: Value) -> Var:
    """The part of a column that is in use."""
    whole = any(stmt.results == (column,) and operands(stmt)[:1] == (count,) for stmt in reversed(ctx.b.stmts))
    part = column if whole else getitem(ctx, column, SliceValue(NONE, count, NONE))
    assert isinstance(part, Var)
    if part.type.ndim > 1:  # type: ignore[union-attr]
        ITEMS.add(part)
    return part


def contents(ctx: Lowering, value: Tup) -> Var:
    """The list as NumPy makes an array of it; of numbers and arrays it is the used part of the column."""
    if not value.items:
        return ctx.b.op("alloc", const(0), fill="empty", dtype="float64")
    column, count = value.items
    if isinstance(column, Var):
        return _used(ctx, column, count)
    if is_growing(column):
        return _array(ctx.call(Obj(library.rows_of_lists), [*column.items, count], {}))
    parts: list[Value] = []
    for part in getattr(column, "items", ()):
        if not isinstance(part, Var | Tup | Seq):
            ctx.refuse("a list of tuples with objects in them makes no array", "loop over it")
        parts.append(contents(ctx, Tup((part, count), Growing)))
    return _array(ctx.call(Obj(np.stack), [Seq(tuple(parts)), const(1)], {}))


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
    return isinstance(thing, np.ufunc) or (callable(thing) and isinstance(thing, Hashable) and thing in READERS)


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


# --- methods ----------------------------------------------------------------------------------------------------------


def method(ctx: Lowering, name: str, value: Tup, attr: str, args: Sequence[Value]) -> Value:
    """A call of a method of the list in this variable."""
    if value.cls is Borrowed and attr not in ("copy", "count", "index"):
        ctx.refuse(f"'{name}' is a list in another list, and is changed", "build a new list")
    match attr, list(args):
        case "append", [new]:
            ctx.define(name, append(ctx, value, new))
            return NONE
        case "pop", []:
            return _pop(ctx, name, value, const(-1))
        case "pop", [index]:
            return _pop(ctx, name, value, index)
        case "insert", [index, new]:
            ctx.define(name, _insert(ctx, value, index, new))
            return NONE
        case "clear", []:
            ctx.define(name, Tup((value.items[0], ZERO) if value.items else (), Growing))
            return NONE
        case "extend", [more]:
            ctx.define(name, extended(ctx, value, more))
            return NONE
        case "reverse", [] if is_plain(value):
            if value.items:
                used = contents(ctx, value)
                _refuse_arrays(ctx, used, "reversed")
                backwards = getitem(ctx, used, SliceValue(NONE, NONE, const(-1)))
                ctx.b.effect("assign", used, ctx.b.op("copy", backwards))  # type: ignore[arg-type]
            return NONE
        case "copy", []:
            return listed(ctx, value)
        case (("count" | "index"), [sought]) if is_plain(value):
            found = {"count": library.count_of, "index": library.place_of}[attr]
            return ctx.call(Obj(found), [contents(ctx, value), sought], {})
        case "sort", [] if is_plain(value):
            used = contents(ctx, value)
            _refuse_arrays(ctx, used, "sorted")
            ctx.b.effect("assign", used, operand(ctx, ctx.call(Obj(np.sort), [used], {})))
            return NONE
    return ctx.refuse(
        f"the list method '{attr}' is not supported here", "use append, pop, insert and extend, or an array"
    )


def _refuse_arrays(ctx: Lowering, column: Var, what: str) -> None:
    if column.type.ndim > 1:  # type: ignore[union-attr]
        ctx.refuse(f"a list of arrays is {what} in place", "loop over it in that order")


def extended(ctx: Lowering, value: Tup, more: Value) -> Tup:
    """`value + more`, in place."""
    if is_growing(more):
        if not more.items:
            return value
        if not (is_plain(more) and is_plain(value)):
            ctx.refuse("a list of tuples is joined to another", "append its items in a loop")
        more = contents(ctx, more)
    if isinstance(more, Var | Const) and isinstance(more.type, Array):
        if more.type.ndim > 1:
            ctx.refuse("a list is extended by arrays", "append them in a loop")
        if not value.items:
            value = Tup(tuple(empty_columns(ctx.b, Scalar(more.type.dtype))), Growing)
        _check_type(ctx, more, value.items[0].type, "joined to")  # type: ignore[union-attr]
        room = ctx.call(Obj(library.joined), [*value.items, more], {})
        return Tup((room, binary(ctx, "add", value.items[1], ctx.b.op("dim", more, axis=0))), Growing)
    if not isinstance(more, Tup | Seq):
        ctx.type_error(f"a list is extended by {describe(more)}")
    for new in more.items:
        value = append(ctx, value, new)
    return value


def append(ctx: Lowering, value: Tup, new: Value) -> Tup:
    """The list with one item more."""
    if isinstance(new, Var | Const) and is_array(new) and new.type.ndim == 0:  # type: ignore[union-attr]
        new = operand(ctx, new)
    if not value.items:
        value = Tup((_empty(ctx, new), ZERO), Growing)
    column, count = value.items
    return Tup((_longer(ctx, column, count, new), binary(ctx, "add", count, const(1))), Growing)


def _empty(ctx: Lowering, new: Value) -> Value:
    """The columns of a list without items, for items like this one."""
    match new:
        case Var() | Const() if isinstance(new.type, Scalar | Array):
            return empty_columns(ctx.b, new.type)[0]
        case Tup() | Seq():
            if isinstance(new, Seq) and not new.items:
                ctx.refuse("an empty list is put into a list", "use a matrix, and a vector of lengths")
            return _like(new, [_empty(ctx, part) for part in new.items])
        case Obj():
            return new
    return ctx.refuse(f"{describe(new)} is put into a list", "keep numbers, arrays and tuples in lists")


def _longer(ctx: Lowering, column: Value, count: Value, new: Value) -> Value:
    match column, new:
        case Tup(), Tup() if is_growing(column) and is_growing(new):
            wide = ctx.call(Obj(library.with_wide_room), [column.items[0], count, *new.items], {})
            return Tup((wide, _longer(ctx, column.items[1], count, new.items[1])), Growing)
        case (Tup() | Seq(), Tup() | Seq()) if _alike(column, new):
            pairs = zip(column.items, new.items, strict=True)
            return _like(column, [_longer(ctx, part, count, value) for part, value in pairs])
        case Obj(), Obj() if same_object(column.value, new.value):
            return column
        case Var(), Var() | Const() if _axes(column) == _axes(new) + 1:
            return _with(ctx, column, count, new)
        case Var(), Obj(value=np.generic()):
            return _longer(ctx, column, count, operand(ctx, new))
    if isinstance(column, Var) and not isinstance(new, Var | Const):
        ctx.refuse(f"{describe(new)} is appended to a list of {column.type.dtype}", "give all items one type")  # type: ignore[union-attr]
    return _unlike(ctx)


def _alike(a: Value, b: Value) -> bool:
    """Whether these are tuples, or lists, of one length and class."""
    if not isinstance(a, Tup | Seq) or type(a) is not type(b):
        return False
    return len(a.items) == len(b.items) and getattr(a, "cls", None) is getattr(b, "cls", None)


def _axes(value: Value) -> int:
    return value.type.ndim if isinstance(value, Var | Const) and isinstance(value.type, Array) else 0


def _with(ctx: Lowering, column: Var, count: Value, new: Atom) -> Var:
    assert isinstance(column.type, Array)
    _check_type(ctx, new, column.type, "appended to")
    more = [new] if is_array(new) else []
    room = ctx.call(Obj(library.with_room_for if more else library.with_room), [column, count, *more], {})
    assert isinstance(room, Var)
    _put(ctx, room, count, new)
    return room


def _put(ctx: Lowering, room: Var, place: Value, new: Atom) -> None:
    assert isinstance(room.type, Array) and isinstance(place, Var | Const)
    if not is_array(new):
        ctx.b.effect("store", room, place, stored(ctx, new, room.type.dtype))
        return
    row = getitem(ctx, room, place)
    assert isinstance(row, Var)
    check_shape(ctx, new, [ctx.b.op("dim", row, axis=k) for k in range(room.type.ndim - 1)])
    APPENDS[row] = False
    ctx.b.effect("assign", row, stored(ctx, new, room.type.dtype))


def _pop(ctx: Lowering, name: str, value: Tup, index: Value) -> Value:
    if not value.items:
        ctx.type_error("pop from an empty list")
    columns, count = value.items
    empty = compare(ctx, "le", count, const(0))
    assert isinstance(empty, Var | Const)
    guard(ctx, empty, IndexError, "pop from empty list")
    last = binary(ctx, "sub", count, const(1))
    place = last if index == const(-1) else index
    if is_growing(columns):
        ctx.refuse("a list is popped from a list", "loop over it")

    def taken(column: Var) -> Value:
        found = getitem(ctx, _used(ctx, column, count), place)
        if isinstance(found, Var) and isinstance(found.type, Array):
            found = ctx.b.op("copy", found)
            ITEMS.add(found)
        if place is not last:
            _refuse_arrays(ctx, column, "shortened")
            ctx.call(Obj(library.close_gap), [column, count, place], {})
        return found

    found = _mapped(taken, columns)
    ctx.define(name, Tup((columns, last), Growing))
    return found


def _insert(ctx: Lowering, value: Tup, index: Value, new: Value) -> Tup:
    longer = append(ctx, value, new)
    if not is_plain(longer):
        ctx.refuse("a tuple is inserted into a list", "append it")
    column, count = longer.items
    assert isinstance(column, Var)
    _refuse_arrays(ctx, column, "filled")
    ctx.call(Obj(library.insert_last), [column, count, index], {})
    return longer

"""The methods of lists that grow: each gives the variable another list."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from srcad.ir import Array, Atom, Const, Scalar, Var, const
from srcad.lower import list_library as library
from srcad.lower.casts import is_array, ndim_of
from srcad.lower.function import Lowering
from srcad.lower.indexing import getitem
from srcad.lower.known import FALSE, NONE, ZERO, describe, known_int, opened
from srcad.lower.lists import (
    alike,
    array_in,
    check_place,
    check_type,
    contents,
    is_growing,
    is_plain,
    like,
    listed,
    mapped,
    put,
    unlike,
    used,
)
from srcad.lower.merge import Borrowed, Growing, empty_columns, same_object
from srcad.lower.operands import operand
from srcad.lower.operators import binary, compare, guard
from srcad.lower.sharing import APPENDS, ITEMS
from srcad.lower.values import Obj, Seq, SliceValue, Tup, Value


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
    return ctx.refuse(
        f"the list method '{attr}' is not supported here", "use append, pop, insert and extend, or an array"
    )


def sort(ctx: Lowering, name: str, value: Tup, *, key: Value = NONE, reverse: Value = FALSE) -> Value:
    """`.sort(key=, reverse=)`: the variable holds what `sorted` gives."""
    if value.cls is Borrowed:
        ctx.refuse(f"'{name}' is a list in another list, and is changed", "build a new list")
    items: Value = value
    if value.items and is_plain(value):
        items = contents(ctx, value)
        _refuse_arrays(ctx, items, "sorted")
    if value.items:
        ctx.define(name, ctx.call(Obj(sorted), [items], {"key": key, "reverse": reverse}))
    return NONE


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
        check_type(ctx, more, value.items[0].type, "joined to")  # type: ignore[union-attr]
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
    if isinstance(new, Obj) and isinstance(new.value, list):
        new = opened(ctx, new)
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
            return like(new, [_empty(ctx, part) for part in new.items])
        case Obj():
            return new
    return ctx.refuse(f"{describe(new)} is put into a list", "keep numbers, arrays and tuples in lists")


def _longer(ctx: Lowering, column: Value, count: Value, new: Value) -> Value:
    match column, new:
        case Tup(), Tup() if is_growing(column) and is_growing(new):
            wide = ctx.call(Obj(library.with_wide_room), [column.items[0], count, *new.items], {})
            return Tup((wide, _longer(ctx, column.items[1], count, new.items[1])), Growing)
        case (Tup() | Seq(), Tup() | Seq()) if alike(column, new):
            pairs = zip(column.items, new.items, strict=True)
            return like(column, [_longer(ctx, part, count, value) for part, value in pairs])
        case Obj(), Obj() if same_object(column.value, new.value):
            return column
        case Var(), Var() | Const() if ndim_of(column) == ndim_of(new) + 1:
            return _with(ctx, column, count, new)
        case Var(), Obj(value=np.generic()):
            return _longer(ctx, column, count, operand(ctx, new))
    if isinstance(column, Var) and not isinstance(new, Var | Const):
        ctx.refuse(f"{describe(new)} is appended to a list of {column.type.dtype}", "give all items one type")  # type: ignore[union-attr]
    return unlike(ctx)


def _with(ctx: Lowering, column: Var, count: Value, new: Atom) -> Var:
    assert isinstance(column.type, Array)
    check_type(ctx, new, column.type, "appended to")
    more = [new] if is_array(new) else []
    room = ctx.call(Obj(library.with_room_for if more else library.with_room), [column, count, *more], {})
    assert isinstance(room, Var)
    put(ctx, room, count, new)
    return room


def _pop(ctx: Lowering, name: str, value: Tup, index: Value) -> Value:
    if not value.items:
        ctx.type_error("pop from an empty list")
    columns, count = value.items
    empty = compare(ctx, "le", count, const(0))
    assert isinstance(empty, Var | Const)
    guard(ctx, empty, IndexError, "pop from empty list")
    last = binary(ctx, "sub", count, const(1))
    place = last if index == const(-1) else index
    if place is not last:
        check_place(ctx, count, index, "pop index out of range")
    if is_growing(columns):
        ctx.refuse("a list is popped from a list", "loop over it")

    def taken(column: Var) -> Value:
        found = getitem(ctx, used(ctx, column, count), place)
        if isinstance(found, Var) and isinstance(found.type, Array):
            found = ctx.b.op("copy", found)
            ITEMS.add(found)
        if place is not last and column.type.ndim > 1:  # type: ignore[union-attr]
            _close_gap(ctx, column, count, last, place)
        elif place is not last:
            ctx.call(Obj(library.close_gap), [column, count, place], {})
        return found

    found = mapped(taken, columns)
    ctx.define(name, Tup((columns, last), Growing))
    return found


def _close_gap(ctx: Lowering, column: Var, count: Value, last: Value, place: Value) -> None:
    """Move the arrays behind a place one forward."""
    first = known_int(place)
    if first is None or first < 0:
        ctx.refuse("an array is taken out of the middle of a list", "take it from an end: pop() or pop(0)")
    items = used(ctx, column, count)
    gap = array_in(getitem(ctx, items, SliceValue(const(first), last, NONE)))
    APPENDS[gap] = True
    ctx.b.effect("assign", gap, ctx.b.op("copy", getitem(ctx, items, SliceValue(const(first + 1), NONE, NONE))))  # type: ignore[arg-type]


def _insert(ctx: Lowering, value: Tup, index: Value, new: Value) -> Tup:
    longer = append(ctx, value, new)
    if not is_plain(longer):
        ctx.refuse("a tuple is inserted into a list", "append it")
    column, count = longer.items
    assert isinstance(column, Var)
    _refuse_arrays(ctx, column, "filled")
    ctx.call(Obj(library.insert_last), [column, count, index], {})
    return longer

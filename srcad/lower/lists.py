"""Lists of numbers that grow: a buffer and how much of it is in use, as a tuple of its own class.

A variable holds such a list if it is assigned a list literal and has items appended or popped in the same function. Only that
variable may refer to the list: where the list itself would be passed on, it is refused, so nobody can see that appending
rebinds the variable. Indexed, looped over, or given to NumPy, it is the used part of the buffer.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any, TypeGuard

import numpy as np

from srcad.ir import Array, Atom, Const, Scalar, Var, const, operands
from srcad.lower.casts import stored
from srcad.lower.function import Lowering
from srcad.lower.indexing import augment_item, getitem, setitem
from srcad.lower.known import NONE, describe, is_hashable
from srcad.lower.merge import Growing, empty_buffer
from srcad.lower.names import Names, appended, changed_inside, item_assigned
from srcad.lower.operands import operand
from srcad.lower.operators import binary, compare, guard
from srcad.lower.values import Obj, Seq, SliceValue, Tup, Value
from srcad.ops import promote

REMEDY = "append to it, index it, loop over it, or make it an array: np.array(...)"


def is_growing(value: object) -> TypeGuard[Tup]:
    return isinstance(value, Tup) and value.cls is Growing


def grows(ctx: Lowering, name: str) -> bool:
    """Whether the function changes the list in this variable."""
    return name in _changed(ctx.frame.node)


@functools.lru_cache(maxsize=1024)
def _changed(node: Any) -> Names:
    body = node.body if isinstance(node.body, list) else [node.body]
    return appended(body) | changed_inside(node) | item_assigned(body)


def growing(ctx: Lowering, items: Seq) -> Tup:
    """The list that a literal makes."""
    if not items.items:
        return Tup((), Growing)
    buffer = operand(ctx, items)
    assert isinstance(buffer, Var)
    if buffer.type.ndim != 1:  # type: ignore[union-attr]
        ctx.refuse("a list of arrays is changed", "make it an array, and store its rows")
    return Tup((buffer, const(len(items.items))), Growing)


def repeated(ctx: Lowering, items: Seq, times: Var) -> Tup:
    """`[x, ...] * times`"""
    array = operand(ctx, items)
    assert isinstance(array, Var)
    count = operand(ctx, binary(ctx, "mul", ctx.b.op("maximum", times, const(0)), const(len(items.items))))
    if len(items.items) == 1 and isinstance(items.items[0], Var | Const):
        return Tup((_array(ctx.call(Obj(np.full), [count, items.items[0]], {})), count), Growing)
    return Tup((_array(ctx.call(Obj(np.tile), [array, times], {})), count), Growing)


def listed(ctx: Lowering, value: Value) -> Value:
    """`list(value)`"""
    if is_growing(value):
        return Tup((ctx.b.op("copy", contents(ctx, value)), value.items[1]), Growing) if value.items else value
    if isinstance(value, Var | Const) and isinstance(value.type, Array) and value.type.ndim == 1:
        return Tup((ctx.b.op("copy", value), ctx.b.op("dim", value, axis=0)), Growing)
    return ctx.call(Obj(list), [value], {})


def _array(value: Value) -> Var:
    assert isinstance(value, Var)
    return value


def item(ctx: Lowering, value: Tup, index: Value) -> Value:
    """What is at an index; a slice is another list."""
    found = getitem(ctx, contents(ctx, value), index)
    return ctx.b.op("copy", found) if isinstance(found, Var) and isinstance(found.type, Array) else found


def set_item(ctx: Lowering, value: Tup, index: Value, new: Value, op: str = "") -> None:
    """`value[index] = new`, or with an operator before the `=`."""
    if isinstance(index, SliceValue):
        ctx.refuse("a slice of a list is assigned", "make it an array: np.array(...)")
    array = contents(ctx, value)
    number = operand(ctx, new, "an item of a list")
    if not isinstance(number.type, Scalar):
        ctx.refuse(f"{describe(number)} is stored into a list", "store it into an array, row by row")
    _check_type(ctx, number, array.type, "stored into")
    if op:
        augment_item(ctx, array, index, op, lambda: number)
    else:
        setitem(ctx, array, index, number)


def _check_type(ctx: Lowering, number: Atom, type: Any, what: str) -> None:
    if promote((Const(0, type, weak=False), number)) != type.dtype:
        ctx.refuse(f"{describe(number)} is {what} a list of {type.dtype}", "give all items one type: 0.0 for 0")


def contents(ctx: Lowering, value: Tup) -> Var:
    """The used part of the buffer."""
    if not value.items:
        return ctx.b.op("alloc", const(0), fill="empty", dtype="float64")
    buffer, count = value.items
    assert isinstance(buffer, Var)
    whole = any(stmt.results == (buffer,) and operands(stmt) == (count,) for stmt in reversed(ctx.b.stmts))
    part = buffer if whole else getitem(ctx, buffer, SliceValue(NONE, count, NONE))
    assert isinstance(part, Var)
    return part


def length(value: Tup) -> Value:
    return value.items[1] if value.items else const(0)


#: Functions that read a list and keep no reference to it.
READERS = frozenset(
    {
        sum,
        max,
        min,
        any,
        all,
        functools.reduce,
        np.array,
        np.sum,
        np.mean,
        np.prod,
        np.max,
        np.min,
        np.std,
        np.var,
        np.median,
        np.argmax,
    }
    | {np.argmin, np.dot, np.cumsum, np.cumprod, np.linalg.norm, np.diff, np.concatenate, np.sort, np.any, np.all}
)


def takes_lists(function: Value) -> bool:
    """Whether the function reads a list as it would an array."""
    thing = function.value if isinstance(function, Obj) else None
    return reads(thing) or str(getattr(thing, "__module__", None) or "").startswith("numpy")


def reads(thing: Any) -> bool:
    """Whether the result is sure not to be a view of the argument, which of a list it cannot be."""
    return isinstance(thing, np.ufunc) or (callable(thing) and is_hashable(thing) and thing in READERS)


def method(ctx: Lowering, name: str, attr: str, args: Sequence[Value]) -> Value:
    """A call of a method of the list in this variable."""
    value = ctx.env.names[name]
    assert isinstance(value, Tup)
    if attr == "append" and len(args) == 1:
        ctx.define(name, _append(ctx, value, args[0]))
        return NONE
    if attr == "pop" and not args:
        return _pop(ctx, name, value)
    if attr == "extend" and len(args) == 1 and isinstance(args[0], Tup | Seq) and not is_growing(args[0]):
        for item in args[0].items:
            ctx.define(name, value := _append(ctx, value, item))
        return NONE
    return ctx.refuse(f"the list method '{attr}' is not supported here", "use append(x) and pop()")


def _append(ctx: Lowering, value: Tup, item: Value) -> Tup:
    number = operand(ctx, item, "append")
    if not isinstance(number.type, Scalar):
        ctx.refuse(f"{describe(number)} is appended to a list", "store it into an array, row by row")
    dtype = number.type.dtype
    if not value.items:
        value = Tup(tuple(empty_buffer(ctx.b, dtype)), Growing)
    buffer, count = value.items
    assert isinstance(buffer, Var) and isinstance(buffer.type, Array) and isinstance(count, Var | Const)
    _check_type(ctx, number, buffer.type, "appended to")
    room = ctx.call(Obj(with_room), [buffer, count], {})
    assert isinstance(room, Var)
    ctx.b.effect("store", room, count, stored(ctx, number, buffer.type.dtype))
    return Tup((room, binary(ctx, "add", count, const(1))), Growing)


def _pop(ctx: Lowering, name: str, value: Tup) -> Value:
    if not value.items:
        ctx.type_error("pop from an empty list")
    buffer, count = value.items
    empty = compare(ctx, "le", count, const(0))
    assert isinstance(empty, Var | Const)
    guard(ctx, empty, IndexError, "pop from empty list")
    last = binary(ctx, "sub", count, const(1))
    ctx.define(name, Tup((buffer, last), Growing))
    return getitem(ctx, buffer, last)


def with_room(buffer: Any, count: Any) -> Any:
    """The buffer, or a longer copy if it is full. (Lowered like the user's code.)"""
    if count < buffer.shape[0]:
        return buffer
    longer = np.empty(2 * count + 1, buffer.dtype)
    longer[:count] = buffer
    return longer

"""Lists of numbers that grow: a buffer and how much of it is in use, as a tuple of its own class.

A variable holds such a list if it is assigned a list literal and has items appended or popped in the same function. Only that
variable may refer to the list: where the list itself would be passed on, it is refused, so nobody can see that appending
rebinds the variable. Indexed, looped over, or given to NumPy, it is the used part of the buffer.
"""

from __future__ import annotations

import functools
from collections.abc import Hashable, Sequence
from typing import Any, TypeGuard

import numpy as np

from srcad.ir import Array, Const, Scalar, Var, const, operands
from srcad.lower.casts import stored
from srcad.lower.function import Lowering
from srcad.lower.indexing import getitem
from srcad.lower.known import NONE, describe
from srcad.lower.merge import Growing, empty_buffer
from srcad.lower.names import Names, appended, changed_inside
from srcad.lower.operands import operand
from srcad.lower.operators import binary, compare, guard
from srcad.lower.values import Obj, Seq, SliceValue, Tup, Value
from srcad.ops import promote

REMEDY = "append to it, index it, loop over it, or make it an array: np.array(...)"


def is_growing(value: object) -> TypeGuard[Tup]:
    return isinstance(value, Tup) and value.cls is Growing


def grows(ctx: Lowering, name: str) -> bool:
    """Whether the function appends to the variable."""
    return name in _appended(ctx.frame.node) or name in changed_inside(ctx.frame.node)


@functools.lru_cache(maxsize=1024)
def _appended(node: Any) -> Names:
    return appended(node.body if isinstance(node.body, list) else [node.body])


def growing(ctx: Lowering, items: Seq) -> Tup:
    """The list that a literal makes."""
    made = Tup((), Growing)
    for item in items.items:
        made = _append(ctx, made, item)
    return made


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
    {sum, max, min, any, all, np.array, np.sum, np.mean, np.prod, np.max, np.min, np.std, np.var, np.median, np.argmax}
    | {np.argmin, np.dot, np.cumsum, np.cumprod, np.linalg.norm, np.diff, np.concatenate, np.sort, np.any, np.all}
)


def takes_lists(function: Value) -> bool:
    """Whether the function reads a list as it would an array."""
    thing = function.value if isinstance(function, Obj) else None
    return reads(thing) or str(getattr(thing, "__module__", None) or "").startswith("numpy")


def reads(thing: Any) -> bool:
    """Whether the result is sure not to be a view of the argument, which of a list it cannot be."""
    return isinstance(thing, np.ufunc) or (callable(thing) and isinstance(thing, Hashable) and thing in READERS)


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
    if promote((Const(0, buffer.type, weak=False), number)) != buffer.type.dtype:
        ctx.type_error(f"{describe(number)} is appended to a list of {buffer.type.dtype}", "give all items one type")
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
    longer = np.empty(2 * count, buffer.dtype)
    longer[:count] = buffer
    return longer

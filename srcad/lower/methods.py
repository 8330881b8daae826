"""Attributes: of arrays and numbers, of tuples, and of Python objects; and the methods of arrays."""

from __future__ import annotations

import difflib
import types
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from srcad import reads
from srcad.ir import Array, Atom, Const, ListOf, Var, const
from srcad.lower import cuda_calls, records
from srcad.lower.casts import dtype_of, is_array, kind_of, ndim_of, stored
from srcad.lower.elementwise_calls import imag, real
from srcad.lower.guards import present
from srcad.lower.known import NONE, ONE, ZERO, describe, lift
from srcad.lower.linalg_calls import transposed
from srcad.lower.operands import int_operand, operand
from srcad.lower.operators import guard
from srcad.lower.registry import METHODS, apply, lowers
from srcad.lower.shape_calls import by_columns, reshape_to, transpose
from srcad.lower.shapes import dims, ravel, size
from srcad.lower.values import Context, Func, Obj, Seq, Tup, Value

REMEDIES = {
    "tolist": "keep the array; indexing it gives numbers",
    "flat": "loop over it, or index the array itself: a[i, j], a.reshape(-1)[k]",
}
IN_MEMORY = "pass what depends on how the array lies in memory as an argument"


@dataclass(frozen=True, eq=False)
class BoundMethod:
    """`value.name`, ready to be called."""

    value: Value
    name: str


def attribute(ctx: Context, value: Value, name: str) -> Value:
    value = present(ctx, value)
    match value:
        case Var(type=ListOf()) | Seq():
            return _list_method(ctx, value, name)
        case Var() | Const():
            return _array_attribute(ctx, value, name)
        case Tup():
            return _tuple_attribute(ctx, value, name)
        case Obj():
            return _object_attribute(ctx, value.value, name)
        case Func() if records.is_record(value):
            return Obj(BoundMethod(value, name))
        case Func():
            ctx.refuse(f"an attribute of {describe(value)}", "choose the attribute itself")
    return ctx.type_error(f"a slice has no attribute '{name}'", "use the numbers that it is made of")


def _array_attribute(ctx: Context, value: Atom, name: str) -> Value:
    match name:
        case "shape":
            return Tup(tuple(dims(ctx, value)))
        case "size":
            return size(ctx, value)
        case "ndim":
            return const(ndim_of(value))
        case "dtype":
            return Obj(np.dtype(dtype_of(value)))
        case "T" | "mT" if ndim_of(value) < 2:
            return value
        case "T":
            return transposed(ctx, value)
        case "mT":
            return ctx.b.op(
                "transpose", value, axes=(*range(ndim_of(value) - 2), ndim_of(value) - 1, ndim_of(value) - 2)
            )
        case "real":
            return real(ctx, value)
        case "imag":
            return imag(ctx, value)
    if name in METHODS:
        return Obj(BoundMethod(value, name))
    known = np.ndarray if is_array(value) else np.float64
    if hasattr(known, name):
        ctx.refuse(f"the attribute '{name}' of {describe(value)} is not supported", REMEDIES.get(name, IN_MEMORY))
    return ctx.type_error(f"{describe(value)} has no attribute '{name}'", near(name, dir(known)))


def near(name: str, known: Iterable[str]) -> str:
    """Which of the known names may be meant."""
    found = difflib.get_close_matches(name, known, n=3)
    return f"did you mean {' or '.join(found)}?" if found else "see its attributes with dir()"


def _list_method(ctx: Context, value: Value, name: str) -> Value:
    if isinstance(value, Var) and name in ("append", "pop"):
        return Obj(BoundMethod(value, name))
    if name in ("append", "extend", "insert", "pop", "remove", "clear", "sort", "reverse"):
        ctx.refuse(
            f"'{name}' changes a list that no variable of this function holds for itself",
            "make the list in the function, or pass it to it as an argument",
        )
    if hasattr(list, name):
        ctx.refuse(f"the list method '{name}' is not supported here", "use append and pop, or an array")
    return ctx.type_error(f"a list has no attribute '{name}'", near(name, dir(list)))


def _tuple_attribute(ctx: Context, value: Tup, name: str) -> Value:
    fields = getattr(value.cls, "_fields", ())
    if name in fields:
        return value.items[fields.index(name)]
    if name == "_fields" and fields:
        return lift(ctx, fields)
    if name == "_replace" and fields:
        return Obj(BoundMethod(value, name))
    found = getattr(value.cls, name, None)
    if isinstance(found, property) and isinstance(found.fget, types.FunctionType):
        return ctx.call(Obj(found.fget), [value], {})
    if isinstance(found, types.FunctionType):
        return Obj(BoundMethod(value, name))
    if hasattr(tuple, name):
        ctx.refuse(f"the tuple method '{name}' is not supported", "write a loop")
    return ctx.type_error(f"{describe(value)} has no attribute '{name}'", near(name, (*fields, *dir(tuple))))


def _object_attribute(ctx: Context, thing: Any, name: str) -> Value:
    if (path := cuda_calls.path_of(thing)) is not None:
        return cuda_calls.attribute(ctx, path, name)
    try:
        found = getattr(thing, name)
    except AttributeError as error:
        ctx.type_error(str(error), near(name, dir(thing)))
    reads.record_attribute(thing, name, found)
    return lift(ctx, found, name)


# --- calls of methods -------------------------------------------------------------------------------------------------


def call_method(ctx: Context, method: BoundMethod, args: Sequence[Value], kwargs: Mapping[str, Value]) -> Value:
    value, name = method.value, method.name
    if records.is_record(value):
        return records.method(ctx, value, name, [*args, *kwargs.values()])
    if isinstance(value, Tup):
        return _call_tuple_method(ctx, value, name, args, kwargs)
    if isinstance(value, Var) and isinstance(value.type, ListOf):
        return _call_list_method(ctx, value, name, args)
    return apply(ctx, f".{name}", METHODS[name], [value, *args], kwargs)


def _call_tuple_method(
    ctx: Context, value: Tup, name: str, args: Sequence[Value], kwargs: Mapping[str, Value]
) -> Value:
    fields = getattr(value.cls, "_fields", ())
    if name != "_replace":
        return ctx.call(Obj(getattr(value.cls, name)), [value, *args], kwargs)
    if args or not set(kwargs) <= set(fields):
        ctx.type_error(f"_replace takes the fields {', '.join(fields)} as keywords")
    return Tup(tuple(kwargs.get(f, item) for f, item in zip(fields, value.items, strict=True)), value.cls)


def _call_list_method(ctx: Context, value: Var, name: str, args: Sequence[Value]) -> Value:
    assert isinstance(value.type, ListOf)
    if name == "pop":
        if args:
            ctx.refuse("pop with an index is not supported", "use pop()")
        return ctx.b.op("pop", value)
    if len(args) != 1:
        ctx.type_error(f"append takes one argument, not {len(args)}")
    item = args[0] if is_array(args[0]) else operand(ctx, args[0], "append")
    assert isinstance(item, Var | Const)
    if isinstance(item.type, Array) != isinstance(value.type.item, Array):
        ctx.type_error(f"{describe(item)} is appended to a list of {value.type.item}")
    if not isinstance(value.type.item, ListOf):
        item = stored(ctx, item, value.type.item.dtype)
    ctx.b.effect("append", value, item)
    return NONE


@lowers(method="reshape")
def _reshape(ctx: Context, a: Value, *shape: Value, order: Value = NONE) -> Value:
    return reshape_to(ctx, a, shape[0] if len(shape) == 1 else Tup(shape), order)


@lowers(method="transpose")
def _transpose(ctx: Context, a: Value, *axes: Value) -> Value:
    return transpose(ctx, a, axes[0] if len(axes) == 1 else Tup(axes) if axes else NONE)


@lowers(method="flatten")
def _flatten(ctx: Context, a: Value, order: Value = NONE) -> Value:
    x = operand(ctx, a)
    x = operand(ctx, transpose(ctx, x)) if by_columns(ctx, x, order) else x
    return reshape_to(ctx, ctx.b.op("copy", x) if is_array(x) else x, const(-1))


@lowers(method="fill")
def _fill(ctx: Context, a: Value, value: Value) -> Value:
    number = operand(ctx, value, ".fill")
    if is_array(number) or not isinstance(a, Var) or not is_array(a):
        ctx.type_error(f"fill stores one number into an array, not {describe(number)}")
    ctx.b.effect("assign", a, stored(ctx, number, dtype_of(a)))
    return NONE


@lowers(method="item")
def _item(ctx: Context, a: Value, *index: Value) -> Value:
    """What it gives is Python's number, and as weak as that."""
    number = operand(ctx, _element(ctx, operand(ctx, a), index))
    python = {"f": float, "i": int}.get(kind_of(number))
    return ctx.call(Obj(python), [number], {}) if python else number


def _element(ctx: Context, x: Atom, index: Sequence[Value]) -> Value:
    if not is_array(x):
        return x
    if len(index) == ndim_of(x):
        return ctx.b.op("load", x, *[int_operand(ctx, k, "an index") for k in index])
    if len(index) == 1:
        return ctx.b.op("load", ravel(ctx, x), int_operand(ctx, index[0], "an index"))
    if index:
        ctx.type_error(f"item of {describe(x)} takes {ndim_of(x)} indices")
    guard(ctx, ctx.b.op("ne", size(ctx, x), ONE), ValueError, "can only convert an array of size 1 to a Python scalar")
    return ctx.b.op("load", x, *[ZERO] * ndim_of(x))

"""From values to operands: what the lowering of every operator, subscript and call begins with."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad.ir import Array, Atom, Const, Scalar, Var, const
from srcad.lower.casts import common_dtype, is_array, kind_of, ndim_of, stored
from srcad.lower.guards import present
from srcad.lower.known import describe, known_int, lift, opened
from srcad.lower.shapes import alloc, load, stack
from srcad.lower.values import RANGE, Context, Func, Obj, Seq, Tup, Value


def operand(ctx: Context, value: Value, what: str = "this operation") -> Atom:
    """The value as a number or an array. Lists and tuples of numbers become arrays, as NumPy reads them, and 0-d arrays
    become the number in them."""
    value = present(ctx, value)
    match value:
        case Var() | Const() if isinstance(value.type, Array):
            return load(ctx, value) if value.type.ndim == 0 else value
        case Var() | Const() if isinstance(value.type, Scalar):
            return value
        case Tup() | Seq():
            return array_of(ctx, value)
        case Obj(value=list() | range()):
            return operand(ctx, opened(ctx, value), what)
        case Func(kind=kind) if kind is RANGE:
            return operand(ctx, numbers(ctx, value), what)
        case Obj(value=np.generic() as number):
            lifted = lift(ctx, number)
            if isinstance(lifted, Const):
                return lifted
    return ctx.type_error(f"{what} takes numbers and arrays, not {describe(value)}")


def numbers(ctx: Context, value: Value) -> Value:
    """What a function of numbers takes one by one: a range as the array of them, a list from outside opened."""
    match value:
        case Func(kind=kind, items=bounds) if kind is RANGE:
            return ctx.call(Obj(np.arange), list(bounds), {})
    return opened(ctx, value)


def kept_operand(ctx: Context, value: Value, what: str = "this operation") -> Atom:
    """The value as a number or an array; one without axes stays an array, where an operand would be the number in it."""
    if isinstance(value, Var) and isinstance(value.type, Array) and value.type.ndim == 0:
        return value
    return operand(ctx, value, what)


def array_operand(ctx: Context, value: Value, what: str) -> Atom:
    """The value as an array of at least one axis."""
    atom = operand(ctx, value, what)
    if not is_array(atom):
        ctx.type_error(f"{what} takes an array, not {describe(atom)}")
    return atom


def scalar_operand(ctx: Context, value: Value, what: str) -> Atom:
    atom = operand(ctx, value, what)
    if is_array(atom):
        ctx.type_error(f"{what} takes a number, not {describe(atom)}")
    return atom


def int_operand(ctx: Context, value: Value, what: str) -> Atom:
    """The value as an integer scalar: an index, a size, an axis."""
    if (number := known_int(value)) is not None:
        return const(number)
    value = present(ctx, value)
    match value:
        case Var() if isinstance(value.type, Scalar) and kind_of(value) in "iu":
            return value
        case Var() | Const() if isinstance(value.type, Array) and value.type.ndim == 0 and kind_of(value) in "iu":
            return load(ctx, value)
    return ctx.type_error(f"{what} must be an integer, not {describe(value)}", "convert it with int(...)")


def array_of(ctx: Context, value: Tup | Seq, dtype: str | None = None) -> Atom:
    """`np.array` of a list or tuple, nested or not, of numbers or arrays of one shape."""
    value = _opened(ctx, value)
    if (shape := _literal_shape(ctx, value)) is not None:
        elements = [operand(ctx, item) for item in _leaves(value)]
        dtype = dtype or common_dtype(elements)
        if not elements:
            return alloc(ctx, [const(n) for n in shape], dtype)
        return ctx.b.op("array", *[stored(ctx, element, dtype) for element in elements], shape=shape, dtype=dtype)
    items = [operand(ctx, item, "an array") for item in value.items]
    if len({ndim_of(item) for item in items}) > 1:
        ctx.type_error("the items of the list have different numbers of axes, so they do not make an array")
    return stack(ctx, items, 0, dtype or common_dtype(items))


def _opened(ctx: Context, value: Any) -> Any:
    """The list or tuple with the lists among its items opened, which are known as Python objects."""
    value = opened(ctx, value)
    return type(value)(tuple(_opened(ctx, item) for item in value.items)) if isinstance(value, Tup | Seq) else value


def _literal_shape(ctx: Context, value: Value) -> tuple[int, ...] | None:
    """The shape of nested lists of numbers; None where arrays are among them."""
    match value:
        case Tup() | Seq():
            shapes = {_literal_shape(ctx, item) for item in value.items}
            if None in shapes:
                return None
            if len(shapes) > 1:
                ctx.type_error("the rows of the list have different lengths, so they do not make an array")
            return (len(value.items), *((shapes.pop() if shapes else None) or ()))
    return None if is_array(value) and ndim_of(operand(ctx, value)) else ()


def _leaves(value: Value) -> list[Value]:
    return [leaf for item in value.items for leaf in _leaves(item)] if isinstance(value, Tup | Seq) else [value]

"""Arguments that many NumPy functions share: axis=, dtype=, shape=, out=."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad.ir import Atom, Const, Var
from srcad.lower.casts import adapted, cast, dtype_of, is_array, kind_of, ndim_of, stored
from srcad.lower.known import TRUE, describe, is_known, is_none, known_int, python
from srcad.lower.operands import int_operand, operand
from srcad.lower.values import Context, Seq, Tup, Value


def axis_number(ctx: Context, value: Value, ndim: int) -> int:
    """One axis, counted from 0."""
    axis = known_int(value)
    if axis is None:
        ctx.refuse("the axis must be an integer in the source", "write one branch for each axis")
    if not -ndim <= axis < ndim:
        ctx.type_error(f"axis {axis} is out of bounds for an array with {ndim} axes")
    return axis % ndim


def axes(ctx: Context, value: Value, ndim: int) -> tuple[int, ...] | None:
    """axis= of a reduction: None means all of them."""
    return None if is_none(value) else tuple(sorted(axis_numbers(ctx, value, ndim)))


def axis_numbers(ctx: Context, value: Value, ndim: int) -> tuple[int, ...]:
    """One axis or several, in their order."""
    numbers = tuple(axis_number(ctx, v, ndim) for v in (value.items if isinstance(value, Tup | Seq) else (value,)))
    if len(set(numbers)) < len(numbers):
        ctx.type_error("an axis is given twice")
    return numbers


def dtype_name(ctx: Context, value: Value, default: str) -> str:
    if is_none(value):
        return default
    dtype: Any = None
    if is_known(value):
        try:
            dtype = np.dtype(python(value))
        except TypeError:
            dtype = None
    if dtype is None:
        ctx.type_error(f"{describe(value)} is no dtype")
    if dtype.kind not in "biufc" or dtype.name in ("float16", "longdouble", "float128", "clongdouble", "complex256"):
        ctx.refuse(f"arrays of {dtype} are not supported", "use float64, float32, an integer type, bool or complex128")
    return str(dtype.name)


def shape_of(ctx: Context, value: Value) -> list[Atom]:
    """shape= of a new array: an integer or a tuple of them."""
    if is_array(value) and ndim_of(operand(ctx, value)):
        ctx.refuse("a shape given as an array is not supported", "write it as a tuple")
    items = value.items if isinstance(value, Tup | Seq) else (value,)
    sizes = [int_operand(ctx, item, "a size") for item in items]
    for size in sizes:
        if isinstance(size, Const) and size.value < 0:
            ctx.type_error("negative dimensions are not allowed")
    return sizes


def with_dtype(ctx: Context, atom: Atom, dtype: Value) -> Atom:
    """dtype= of a computation: its argument converted first."""
    return cast(ctx, atom, dtype_name(ctx, dtype, dtype_of(atom)))


def written(ctx: Context, result: Value, out: Value, where: Value = TRUE) -> Value:
    """out= of a computation: the result written there, where where= is true, and `out` itself."""
    if is_none(out):
        if where != TRUE:
            ctx.refuse("where= without out= leaves elements without a value", "pass out=, as in out=np.zeros_like(x)")
        return result
    if not (isinstance(out, Var) and is_array(out)):
        ctx.type_error(f"out= must be an array, not {describe(out)}")
    atom = operand(ctx, result)
    if where != TRUE:
        mask = operand(ctx, where)
        if kind_of(mask) != "b":
            ctx.type_error(f"where= must be boolean, not {describe(mask)}")
        atom = ctx.b.op("where", mask, *adapted(ctx, atom, out))
    if ndim_of(atom) > ndim_of(out):
        ctx.type_error(f"{describe(atom)} does not fit into out=, {describe(out)}")
    if not np.can_cast(dtype_of(atom), dtype_of(out), "same_kind"):
        ctx.type_error(f"{dtype_of(atom)} is not stored into out= of {dtype_of(out)}")
    ctx.b.effect("assign", out, stored(ctx, atom, dtype_of(out)))
    return out

"""New arrays: filled, copied, counted, built from lists."""

from __future__ import annotations

import math

import numpy as np

from srcad.ir import Array, Atom, Const, Var, const
from srcad.lower import library
from srcad.lower.arguments import dtype_name, shape_of
from srcad.lower.casts import cast, common_dtype, dtype_of, is_array, kind_of, ndim_of, stored, strong
from srcad.lower.known import NONE, ONE, TRUE, ZERO, describe, flag, is_none, opened
from srcad.lower.layouts import laid_out_like
from srcad.lower.operands import array_of, int_operand, kept_operand, operand, scalar_operand
from srcad.lower.operators import binary
from srcad.lower.registry import Lowering, lowers
from srcad.lower.shapes import alloc, contiguous, dims, read_only
from srcad.lower.values import Context, Obj, Seq, Tup, Value

FIFTY = const(50)

# --- filled -----------------------------------------------------------------------------------------------------------


def _filled(fill: str) -> Lowering:
    def lowering(ctx: Context, shape: Value, dtype: Value = NONE, order: Value = NONE) -> Value:
        _row_major(ctx, order)
        return alloc(ctx, shape_of(ctx, shape), dtype_name(ctx, dtype, "float64"), fill)

    return lowering


def _filled_like(fill: str) -> Lowering:
    def lowering(ctx: Context, a: Value, dtype: Value = NONE, order: Value = NONE, *, shape: Value = NONE) -> Value:
        _row_major(ctx, order)
        x = kept_operand(ctx, a)
        name = dtype_name(ctx, dtype, dtype_of(x))
        if not is_array(x) and is_none(shape):
            return strong(ctx, const(1 if fill == "ones" else 0), name)
        if not is_none(shape):
            return alloc(ctx, shape_of(ctx, shape), name, fill)
        return laid_out_like(alloc(ctx, dims(ctx, x), name, fill), x)

    return lowering


def _row_major(ctx: Context, order: Value) -> None:
    if not is_none(order) and not (isinstance(order, Obj) and order.value in ("C", "K", "A")):
        ctx.refuse("arrays in column-major order are not supported", "use the default order and .T")


for _fill in ("zeros", "ones", "empty"):
    lowers(getattr(np, _fill))(_filled(_fill))
    lowers(getattr(np, f"{_fill}_like"))(_filled_like(_fill))


@lowers(np.full)
def _full(ctx: Context, shape: Value, fill_value: Value, dtype: Value = NONE, order: Value = NONE) -> Value:
    _row_major(ctx, order)
    number = operand(ctx, fill_value, "np.full")
    return _filled_with(ctx, shape_of(ctx, shape), number, dtype_name(ctx, dtype, dtype_of(number)))


@lowers(np.full_like)
def _full_like(ctx: Context, a: Value, fill_value: Value, dtype: Value = NONE) -> Value:
    x, number = kept_operand(ctx, a), operand(ctx, fill_value, "np.full_like")
    name = dtype_name(ctx, dtype, dtype_of(x))
    return laid_out_like(_filled_with(ctx, dims(ctx, x), number, name), x) if is_array(x) else cast(ctx, number, name)


def _filled_with(ctx: Context, shape: list[Atom], number: Atom, dtype: str) -> Var:
    if ndim_of(number) > len(shape):
        ctx.type_error(f"{describe(number)} does not fit into the shape")
    if isinstance(number, Const) and not is_array(number) and number.value in (0, 1):
        return alloc(ctx, shape, dtype, "ones" if number.value else "zeros")
    out = alloc(ctx, shape, dtype)
    ctx.b.effect("assign", out, stored(ctx, number, dtype, wraps=True))
    return out


# --- from values ------------------------------------------------------------------------------------------------------


def array(ctx: Context, a: Value, dtype: Value, fresh: bool) -> Atom:
    """np.array or np.asarray; a number stays a number, since a 0-d array that is not changed behaves as one."""
    a = opened(ctx, a)
    if isinstance(a, Tup | Seq):
        return array_of(ctx, a, None if is_none(dtype) else dtype_name(ctx, dtype, "float64"))
    if isinstance(a, Obj):
        ctx.type_error(f"an array cannot be made of {describe(a)}")
    x = kept_operand(ctx, a, "np.array")
    name = dtype_name(ctx, dtype, dtype_of(x))
    if not is_array(x):
        return x if is_none(dtype) and isinstance(x, Var) else strong(ctx, x, name)
    if name != dtype_of(x):
        return cast(ctx, x, name)
    return laid_out_like(ctx.b.op("copy", x), x) if fresh else x


@lowers(np.array)
def _array(
    ctx: Context, object: Value, dtype: Value = NONE, *, copy: Value = TRUE, order: Value = NONE, ndmin: Value = ZERO
) -> Value:
    _row_major(ctx, order)
    if ndmin != ZERO:
        ctx.refuse("ndmin= is not supported", "use np.atleast_1d")
    made = array(ctx, object, dtype, fresh=flag(ctx, copy, "copy="))
    return made if is_array(made) else _zero_dimensional(ctx, made)


def _zero_dimensional(ctx: Context, number: Value) -> Var:
    """Memory of its own, which `+=` changes for all names that it has."""
    value = operand(ctx, number)
    made = alloc(ctx, [], dtype_of(value), "empty")
    ctx.b.effect("store", made, value)
    return made


@lowers(np.asarray, np.asanyarray, np.asfarray if hasattr(np, "asfarray") else np.asarray)
def _asarray(ctx: Context, a: Value, dtype: Value = NONE, order: Value = NONE, *, copy: Value = NONE) -> Value:
    _row_major(ctx, order)
    return array(ctx, a, dtype, fresh=not is_none(copy) and flag(ctx, copy, "copy="))


@lowers(np.ascontiguousarray)
def _ascontiguousarray(ctx: Context, a: Value, dtype: Value = NONE) -> Value:
    x = array(ctx, a, dtype, fresh=False)
    return contiguous(ctx, x) if is_array(x) else x


@lowers(np.copy)
def copy(ctx: Context, a: Value, order: Value = NONE) -> Value:
    _row_major(ctx, order)
    return array(ctx, a, NONE, fresh=True)


@lowers(method="copy")
def _copy(ctx: Context, a: Value, order: Value = NONE) -> Value:
    """The method gives rows in a line, where the function keeps the order of what it copies."""
    _row_major(ctx, order)
    x = kept_operand(ctx, a)
    return ctx.b.op("copy", x) if is_array(x) else x


@lowers(np.astype, method="astype")
def astype(ctx: Context, x: Value, dtype: Value, *, copy: Value = TRUE) -> Value:
    return array(ctx, x, dtype, fresh=flag(ctx, copy, "copy="))


# --- counted ----------------------------------------------------------------------------------------------------------


@lowers(np.arange)
def _arange(ctx: Context, start: Value, stop: Value = NONE, step: Value = ONE, dtype: Value = NONE) -> Value:
    if is_none(stop):
        start, stop = ZERO, start
    first, last, by = (
        scalar_operand(ctx, value, "np.arange") for value in (start, stop, ONE if is_none(step) else step)
    )
    name = dtype_name(ctx, dtype, common_dtype([first, last, by]))
    if all(kind_of(atom) in "iu" for atom in (first, last, by)):
        count: Atom = ctx.b.op("trips", first, last, by)
    else:
        span = binary(ctx, "div", binary(ctx, "sub", last, first), by)
        found = ctx.call(Obj(math.ceil), [span], {})
        count = int_operand(ctx, ctx.call(Obj(max), [ZERO, found], {}), "the length of np.arange")
    first, by = (cast(ctx, atom, name) if isinstance(atom, Const) else atom for atom in (first, by))
    return ctx.call(Obj(library.ramp), [count, first, by, Obj(np.dtype(name))], {})


@lowers(np.linspace)
def _linspace(
    ctx: Context, start: Value, stop: Value, num: Value = FIFTY, endpoint: Value = TRUE, *, dtype: Value = NONE
) -> Value:
    first, last = (scalar_operand(ctx, value, "np.linspace") for value in (start, stop))
    count = int_operand(ctx, num, "the length of np.linspace")
    closed = flag(ctx, endpoint, "endpoint=")
    steps: Value = count
    if closed:
        steps = ctx.call(Obj(max), [ONE, binary(ctx, "sub", count, ONE)], {})
    natural = common_dtype([first, last])
    name = dtype_name(ctx, dtype, natural if natural.startswith(("float", "complex")) else "float64")
    return ctx.call(Obj(library.linspace), [first, last, count, steps, const(closed), Obj(np.dtype(name))], {})


@lowers(np.eye)
def _eye(ctx: Context, N: Value, M: Value = NONE, k: Value = ZERO, dtype: Value = NONE) -> Value:
    rows = int_operand(ctx, N, "a size")
    columns = rows if is_none(M) else int_operand(ctx, M, "a size")
    name = dtype_name(ctx, dtype, "float64")
    return ctx.call(Obj(library.eye), [rows, columns, int_operand(ctx, k, "k"), Obj(np.dtype(name))], {})


@lowers(np.identity)
def _identity(ctx: Context, n: Value, dtype: Value = NONE) -> Value:
    return _eye(ctx, n, dtype=dtype)


# --- diagonals and triangles ------------------------------------------------------------------------------------------


@lowers(np.diag)
def _diag(ctx: Context, v: Value, k: Value = ZERO) -> Value:
    x, offset = operand(ctx, v, "np.diag"), int_operand(ctx, k, "k")
    if ndim_of(x) not in (1, 2):
        ctx.type_error(f"np.diag takes a vector or a matrix, not {describe(x)}")
    if ndim_of(x) == 2:
        return _diagonal(ctx, x, offset)
    return ctx.call(Obj(library.diagonal_matrix), [x, offset], {})


@lowers(np.diagonal, method="diagonal")
def _diagonal(ctx: Context, a: Value, offset: Value = ZERO) -> Value:
    x = operand(ctx, a, "np.diagonal")
    if ndim_of(x) != 2:
        ctx.refuse(f"np.diagonal of {describe(x)} is not supported", "pass a two-dimensional array")
    assert isinstance(x.type, Array)
    first = int_operand(ctx, offset, "the offset")
    made = ctx.call(Obj(library.diagonal_view if x.type.layout == "C" else library.diagonal), [x, first], {})
    return read_only(made) if isinstance(made, Var) else made


def _triangle(name: str) -> Lowering:
    def lowering(ctx: Context, m: Value, k: Value = ZERO) -> Value:
        x = operand(ctx, m, f"np.{name}")
        if ndim_of(x) != 2:
            ctx.refuse(f"np.{name} of {describe(x)} is not supported", "pass a two-dimensional array")
        return ctx.call(Obj(library.triangle), [x, int_operand(ctx, k, "k"), const(name == "tril")], {})

    return lowering


for _name in ("tril", "triu"):
    lowers(getattr(np, _name))(_triangle(_name))

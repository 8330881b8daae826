"""New arrays: filled, copied, counted, built from lists."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from srcad.ir import Array, Atom, Const, Var, const
from srcad.lower import library
from srcad.lower.arguments import axis_numbers, dtype_name, shape_of
from srcad.lower.casts import cast, common_dtype, dtype_of, is_array, kind_of, ndim_of, stored, strong
from srcad.lower.elementwise_calls import elementwise
from srcad.lower.known import (
    FALSE,
    MINUS_ONE,
    NONE,
    ONE,
    TRUE,
    ZERO,
    describe,
    flag,
    is_none,
    known_int,
    opened,
    python,
)
from srcad.lower.layouts import VIEWED, laid_out_like
from srcad.lower.operands import array_of, int_operand, kept_operand, operand, scalar_operand
from srcad.lower.operators import binary, unary
from srcad.lower.registry import Lowering, lowers
from srcad.lower.shapes import alloc, contiguous, dims, read_only, view
from srcad.lower.values import Context, Obj, Seq, Tup, Value
from srcad.ops import promote

FIFTY = const(50)
KEPT = Obj("K")
UNSAFE = Obj("unsafe")

# --- filled -----------------------------------------------------------------------------------------------------------


def by_columns(ctx: Context, order: Value) -> bool:
    """order= of a new array: whether its columns lie in a line. "K" and "A" are as what it is made of lies."""
    if is_none(order) or (isinstance(order, Obj) and order.value in ("C", "K", "A")):
        return False
    if not (isinstance(order, Obj) and order.value == "F"):
        ctx.type_error(f"order= is 'C', 'F', 'K' or 'A', not {describe(order)}")
    return True


def _made(ctx: Context, shape: Sequence[Atom], dtype: str, fill: str, order: Value) -> Var:
    if not by_columns(ctx, order) or len(shape) < 2:
        return alloc(ctx, shape, dtype, fill)
    return _turned(ctx, alloc(ctx, shape[::-1], dtype, fill))


def _turned(ctx: Context, x: Atom) -> Var:
    return ctx.b.op("transpose", x, axes=tuple(reversed(range(ndim_of(x)))))


def _filled(fill: str) -> Lowering:
    def lowering(ctx: Context, shape: Value, dtype: Value = NONE, order: Value = NONE) -> Value:
        return _made(ctx, shape_of(ctx, shape), dtype_name(ctx, dtype, "float64"), fill, order)

    return lowering


def _filled_like(fill: str) -> Lowering:
    def lowering(
        ctx: Context, a: Value, dtype: Value = NONE, order: Value = KEPT, subok: Value = TRUE, shape: Value = NONE
    ) -> Value:
        x = kept_operand(ctx, a)
        name = dtype_name(ctx, dtype, dtype_of(x))
        if not is_array(x) and is_none(shape):
            return strong(ctx, const(1 if fill == "ones" else 0), name)
        sizes = dims(ctx, x) if is_none(shape) else shape_of(ctx, shape)
        return _laid_out(_made(ctx, sizes, name, fill, order), x, order)

    return lowering


def _laid_out(made: Var, x: Atom, order: Value) -> Var:
    kept = isinstance(order, Obj) and order.value in ("K", "A")
    return laid_out_like(made, x) if kept and is_array(x) else made


for _fill in ("zeros", "ones", "empty"):
    lowers(getattr(np, _fill))(_filled(_fill))
    lowers(getattr(np, f"{_fill}_like"))(_filled_like(_fill))


@lowers(np.full)
def _full(ctx: Context, shape: Value, fill_value: Value, dtype: Value = NONE, order: Value = NONE) -> Value:
    number = operand(ctx, fill_value, "np.full")
    return _filled_with(ctx, shape_of(ctx, shape), number, dtype_name(ctx, dtype, dtype_of(number)), order)


@lowers(np.full_like)
def _full_like(
    ctx: Context,
    a: Value,
    fill_value: Value,
    dtype: Value = NONE,
    order: Value = KEPT,
    subok: Value = TRUE,
    shape: Value = NONE,
) -> Value:
    x, number = kept_operand(ctx, a), operand(ctx, fill_value, "np.full_like")
    name = dtype_name(ctx, dtype, dtype_of(x))
    if not is_array(x) and is_none(shape):
        return cast(ctx, number, name)
    sizes = dims(ctx, x) if is_none(shape) else shape_of(ctx, shape)
    return _laid_out(_filled_with(ctx, sizes, number, name, order), x, order)


def _filled_with(ctx: Context, shape: list[Atom], number: Atom, dtype: str, order: Value) -> Var:
    if ndim_of(number) > len(shape):
        ctx.type_error(f"{describe(number)} does not fit into the shape")
    if isinstance(number, Const) and not is_array(number) and number.value in (0, 1):
        return _made(ctx, shape, dtype, "ones" if number.value else "zeros", order)
    out = _made(ctx, shape, dtype, "empty", order)
    ctx.b.effect("assign", out, stored(ctx, number, dtype, wraps=True))
    return out


# --- from values ------------------------------------------------------------------------------------------------------


def array(ctx: Context, a: Value, dtype: Value, fresh: bool, order: Value = KEPT) -> Atom:
    """np.array or np.asarray; a number stays a number, since a 0-d array that is not changed behaves as one."""
    columns = by_columns(ctx, order)
    a = opened(ctx, a)
    if isinstance(a, Tup | Seq):
        made = array_of(ctx, a, None if is_none(dtype) else dtype_name(ctx, dtype, "float64"))
        return _by_columns(ctx, made, False) if columns else made
    if isinstance(a, Obj):
        ctx.type_error(f"an array cannot be made of {describe(a)}")
    x = kept_operand(ctx, a, "np.array")
    name = dtype_name(ctx, dtype, dtype_of(x))
    if not is_array(x):
        return x if is_none(dtype) and isinstance(x, Var) else strong(ctx, x, name)
    if columns:
        return _by_columns(ctx, cast(ctx, x, name), fresh and name == dtype_of(x))
    if name != dtype_of(x):
        return cast(ctx, x, name)
    return _laid_out(ctx.b.op("copy", x), x, order) if fresh else x


def _by_columns(ctx: Context, x: Atom, fresh: bool) -> Atom:
    """The array with its columns in a line: itself if they are, unless it must be fresh."""
    assert isinstance(x.type, Array)
    if x.type.ndim < 2 or (x.type.layout == "F" and not fresh):
        return ctx.b.op("copy", x) if fresh else x
    return _turned(ctx, ctx.b.op("copy", _turned(ctx, x)))


@lowers(np.array)
def _array(
    ctx: Context,
    object: Value,
    dtype: Value = NONE,
    *,
    copy: Value = TRUE,
    order: Value = KEPT,
    subok: Value = FALSE,
    ndmin: Value = ZERO,
) -> Value:
    fresh = not is_none(copy) and flag(ctx, copy, "copy=")
    if known_int(ndmin) is None:
        ctx.type_error("ndmin= must be a number in the source")
    made = array(ctx, object, dtype, fresh, order)
    missing = (known_int(ndmin) or 0) - ndim_of(made)
    if missing > 0 and not is_array(made):
        return ctx.b.op("array", made, shape=(1,) * missing, dtype=dtype_of(made))
    if missing > 0:
        return view(ctx, made, [None] * missing)
    return made if is_array(made) else _zero_dimensional(ctx, made)


def _zero_dimensional(ctx: Context, number: Value) -> Var:
    """Memory of its own, which `+=` changes for all names that it has."""
    value = operand(ctx, number)
    made = alloc(ctx, [], dtype_of(value), "empty")
    ctx.b.effect("store", made, value)
    return made


@lowers(np.asarray, np.asanyarray, np.asfarray if hasattr(np, "asfarray") else np.asarray)
def _asarray(ctx: Context, a: Value, dtype: Value = NONE, order: Value = KEPT, *, copy: Value = NONE) -> Value:
    return array(ctx, a, dtype, not is_none(copy) and flag(ctx, copy, "copy="), order)


@lowers(np.asfortranarray)
def _asfortranarray(ctx: Context, a: Value, dtype: Value = NONE) -> Value:
    x = array(ctx, a, dtype, False, Obj("F"))
    return x if is_array(x) else ctx.b.op("array", x, shape=(1,), dtype=dtype_of(x))


@lowers(np.ascontiguousarray)
def _ascontiguousarray(ctx: Context, a: Value, dtype: Value = NONE) -> Value:
    x = array(ctx, a, dtype, fresh=False)
    return contiguous(ctx, x) if is_array(x) else ctx.b.op("array", x, shape=(1,), dtype=dtype_of(x))


@lowers(np.copy)
def copy(ctx: Context, a: Value, order: Value = KEPT, subok: Value = FALSE) -> Value:
    return array(ctx, a, NONE, True, order)


@lowers(method="copy")
def _copy(ctx: Context, a: Value, order: Value = NONE) -> Value:
    """The method gives rows in a line, where the function keeps the order of what it copies."""
    x = kept_operand(ctx, a)
    return array(ctx, x, NONE, True, order) if is_array(x) else x


@lowers(np.astype)
def astype(ctx: Context, x: Value, dtype: Value, *, copy: Value = TRUE) -> Value:
    return array(ctx, x, dtype, fresh=flag(ctx, copy, "copy="))


@lowers(method="astype")
def _astype(
    ctx: Context,
    a: Value,
    dtype: Value,
    order: Value = KEPT,
    casting: Value = UNSAFE,
    subok: Value = TRUE,
    copy: Value = TRUE,
) -> Value:
    x = operand(ctx, a)
    name = dtype_name(ctx, dtype, dtype_of(x))
    if not np.can_cast(dtype_of(x), name, str(python(casting))):  # type: ignore[arg-type]
        ctx.type_error(f"astype does not convert {dtype_of(x)} to {name} with casting={python(casting)!r}")
    return array(ctx, a, dtype, flag(ctx, copy, "copy="), order)


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
    ctx: Context,
    start: Value,
    stop: Value,
    num: Value = FIFTY,
    endpoint: Value = TRUE,
    retstep: Value = FALSE,
    dtype: Value = NONE,
    axis: Value = ZERO,
) -> Value:
    first, last = (operand(ctx, value, "np.linspace") for value in (start, stop))
    count = int_operand(ctx, num, "the length of np.linspace")
    closed = flag(ctx, endpoint, "endpoint=")
    steps: Value = count
    if closed:
        steps = ctx.call(Obj(max), [ONE, binary(ctx, "sub", count, ONE)], {})
    natural = promote((first, last))
    natural = natural if natural.startswith(("float", "complex")) else "float64"
    kind = Obj(np.dtype(dtype_name(ctx, dtype, natural)))
    if kind.value.kind not in "fc":
        made = ctx.call(Obj(library.linspace), [first, last, count, steps, const(closed), Obj(np.dtype(natural))], {})
        found = cast(ctx, elementwise(ctx, "floor", made), str(kind.value))
    else:
        found = operand(ctx, ctx.call(Obj(library.linspace), [first, last, count, steps, const(closed), kind], {}))
    if axis != ZERO:
        found = operand(ctx, ctx.call(Obj(np.moveaxis), [found, ZERO, axis], {}))
    if not flag(ctx, retstep, "retstep="):
        return found
    return Tup((found, ctx.call(Obj(library.step_of_linspace), [first, last, count, steps, const(closed)], {})))


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
def _diagonal(ctx: Context, a: Value, offset: Value = ZERO, axis1: Value = ZERO, axis2: Value = ONE) -> Value:
    """A view that nobody may write. Of arrays whose rows do not lie in a line it is one of a copy."""
    x = operand(ctx, a, "np.diagonal")
    if ndim_of(x) < 2:
        ctx.type_error(f"np.diagonal takes an array of at least two axes, not {describe(x)}")
    first, second = axis_numbers(ctx, Tup((axis1, axis2)), ndim_of(x))
    by = int_operand(ctx, offset, "the offset")
    order = (*[k for k in range(ndim_of(x)) if k not in (first, second)], first, second)
    turned = x if order == tuple(range(ndim_of(x))) else ctx.b.op("transpose", x, axes=order)
    assert isinstance(turned.type, Array)
    layout = turned.type.layout
    if layout == "F" and ndim_of(x) == 2:
        turned, by = _turned(ctx, turned), operand(ctx, unary(ctx, "neg", by))
    elif layout != "C":
        turned = ctx.b.op("copy", turned)
        VIEWED.add(turned)
    made = ctx.call(Obj(library.diagonal_view), [turned, by], {})
    return read_only(made) if isinstance(made, Var) else made


@lowers(np.linalg.diagonal)
def _matrix_diagonal(ctx: Context, x: Value, /, *, offset: Value = ZERO) -> Value:
    return _diagonal(ctx, x, offset, const(-2), MINUS_ONE)


def _triangle(name: str) -> Lowering:
    def lowering(ctx: Context, m: Value, k: Value = ZERO) -> Value:
        x = operand(ctx, m, f"np.{name}")
        if not is_array(x):
            ctx.type_error(f"np.{name} takes an array, not {describe(x)}")
        if ndim_of(x) == 1:  # the rows of a matrix
            x = ctx.b.op("expand", x, *dims(ctx, x) * 2)
        return ctx.call(Obj(library.triangle), [x, int_operand(ctx, k, "k"), const(name == "tril")], {})

    return lowering


for _name in ("tril", "triu"):
    lowers(getattr(np, _name))(_triangle(_name))

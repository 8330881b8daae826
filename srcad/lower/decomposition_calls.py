"""Eigenvalues, singular values, QR, and what is put together from them: pinv, lstsq, ranks, norms, condition numbers."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from srcad.ir import Atom, const
from srcad.lower import matrix_library
from srcad.lower.arguments import axes
from srcad.lower.casts import cast, dtype_of, is_array, kind_of, ndim_of
from srcad.lower.comparisons import compare
from srcad.lower.elementwise_calls import elementwise
from srcad.lower.known import ABSENT, FALSE, MINUS_ONE, NONE, TRUE, ZERO, describe, flag, is_known, is_none, python
from srcad.lower.linalg_calls import dot, float_matrices, float_matrix, hermitian
from srcad.lower.operands import operand, scalar_operand
from srcad.lower.operators import binary
from srcad.lower.reduction_calls import magnitude_squared, reduction
from srcad.lower.registry import lowers
from srcad.lower.shapes import FULL, dims, view
from srcad.lower.stacks import stacked
from srcad.lower.values import Context, Obj, Tup, Value
from srcad.ops import real_part

LOWER = Obj("L")
REDUCED = Obj("reduced")


def _real_matrix(ctx: Context, value: Value, name: str) -> Atom:
    x = float_matrix(ctx, value, name)
    if kind_of(x) == "c":
        ctx.refuse(f"{name} of a complex matrix is not supported", "write it for the real and imaginary parts")
    return x


# --- eigenvalues ------------------------------------------------------------------------------------------------------


def eigh(ctx: Context, a: Value, uplo: Value, name: str) -> tuple[Atom, Atom]:
    """Of the lower triangle. The upper one is the lower triangle of the adjoint."""
    x = float_matrices(ctx, a, name)
    side = str(python(uplo)).upper() if is_known(uplo) else ""
    if side not in ("L", "U"):
        ctx.type_error(f"UPLO= of {name} is 'L' or 'U'")
    if ndim_of(x) > 2:
        function = functools.partial(np.linalg.eigh, UPLO=side)
        w, v = stacked(ctx, function, [x], [("m", real_part(dtype_of(x))), ("mm", dtype_of(x))])
    else:
        w, v = ctx.b.several("eigh", hermitian(ctx, x) if side == "U" else x)
    return w, v


@lowers(np.linalg.eigh)
def _eigh_of(ctx: Context, a: Value, UPLO: Value = LOWER) -> Value:
    return Tup(eigh(ctx, a, UPLO, "np.linalg.eigh"), type(np.linalg.eigh(np.eye(1))))


@lowers(np.linalg.eigvalsh)
def _eigvalsh(ctx: Context, a: Value, UPLO: Value = LOWER) -> Value:
    return eigh(ctx, a, UPLO, "np.linalg.eigvalsh")[0]


def eig(ctx: Context, a: Value, vectors: bool = True) -> list[Value]:
    """Complex in any case, where NumPy looks at the values: a real dtype if all eigenvalues are real."""
    x = float_matrices(ctx, a, "np.linalg.eig")
    dtype = "complex64" if dtype_of(x) in ("float32", "complex64") else "complex128"
    if ndim_of(x) > 2:
        function, kinds = (np.linalg.eig, ["m", "mm"]) if vectors else (np.linalg.eigvals, ["m"])
        return [*stacked(ctx, function, [x], [(kind, dtype) for kind in kinds])]
    w, v = ctx.b.several("eig", x)
    return [w, ctx.call(Obj(matrix_library.with_unit_length), [v], {})] if vectors else [w]


@lowers(np.linalg.eig)
def _eig(ctx: Context, a: Value) -> Value:
    return Tup(tuple(eig(ctx, a)), type(np.linalg.eig(np.eye(1))))


@lowers(np.linalg.eigvals)
def _eigvals(ctx: Context, a: Value) -> Value:
    return eig(ctx, a, vectors=False)[0]


# --- svd and qr -------------------------------------------------------------------------------------------------------


def singular_values(ctx: Context, x: Atom) -> Atom:
    if ndim_of(x) > 2:
        return stacked(ctx, np.linalg.svdvals, [x], [("k", dtype_of(x))])[0]
    return ctx.b.several("svd", x, full=False)[1]


@lowers(np.linalg.svd)
def svd(ctx: Context, a: Value, full_matrices: Value = TRUE, compute_uv: Value = TRUE) -> Value:
    x = float_matrices(ctx, a, "np.linalg.svd", real=True)
    if not flag(ctx, compute_uv, "compute_uv="):
        return singular_values(ctx, x)
    full = flag(ctx, full_matrices, "full_matrices=")
    cls = type(np.linalg.svd(np.eye(1)))
    if ndim_of(x) == 2:
        return Tup(ctx.b.several("svd", x, full=full), cls)
    kinds = ("mm", "k", "nn") if full else ("mk", "k", "kn")
    function = functools.partial(np.linalg.svd, full_matrices=full)
    return Tup(tuple(stacked(ctx, function, [x], [(kind, dtype_of(x)) for kind in kinds])), cls)


@lowers(np.linalg.svdvals)
def svdvals(ctx: Context, x: Value, /) -> Value:
    return singular_values(ctx, float_matrices(ctx, x, "np.linalg.svdvals", real=True))


@lowers(np.linalg.qr)
def qr(ctx: Context, a: Value, mode: Value = REDUCED) -> Value:
    x = float_matrices(ctx, a, "np.linalg.qr", real=True)
    if not (isinstance(mode, Obj) and mode.value in ("reduced", "r")):
        ctx.refuse("np.linalg.qr is supported with mode='reduced' or 'r'", "take what you need from the reduced one")
    kinds = [("mk", dtype_of(x)), ("kn", dtype_of(x))]
    q, r = ctx.b.several("qr", x) if ndim_of(x) == 2 else stacked(ctx, np.linalg.qr, [x], kinds)
    return r if mode.value == "r" else Tup((q, r), type(np.linalg.qr(np.eye(1))))


# --- least squares ----------------------------------------------------------------------------------------------------


@lowers(np.linalg.pinv)
def _pinv(ctx: Context, a: Value, rcond: Value = NONE, hermitian: Value = FALSE, *, rtol: Value = NONE) -> Value:
    x = float_matrices(ctx, a, "np.linalg.pinv", real=True)
    if flag(ctx, hermitian, "hermitian="):
        ctx.refuse("np.linalg.pinv with hermitian=True is not supported", "leave it out: the result is the same")
    cutoff = rtol if is_none(rcond) else rcond
    given = [] if is_none(cutoff) else [scalar_operand(ctx, cutoff, "rcond=")]
    if ndim_of(x) == 2:
        return ctx.b.op("pinv", x, *given)
    if given and not is_known(given[0]):
        ctx.refuse("rcond= of several matrices must be known in the source", "call np.linalg.pinv in a loop")
    function = functools.partial(np.linalg.pinv, rcond=python(given[0])) if given else np.linalg.pinv
    return stacked(ctx, function, [x], [("nm", dtype_of(x))])[0]


def _relative_precision(ctx: Context, x: Atom) -> Atom:
    """NumPy's default for what counts as zero beside the largest singular value."""
    rows, columns = dims(ctx, x)
    return ctx.b.op("mul", ctx.b.op("maximum", rows, columns), const(float(np.finfo(dtype_of(x)).eps)))


def _count_above(ctx: Context, s: Atom, tolerance: Value) -> Atom:
    return operand(ctx, reduction(ctx, "sum", operand(ctx, compare(ctx, "gt", s, tolerance))))


@lowers(np.linalg.lstsq)
def _lstsq(ctx: Context, a: Value, b: Value, rcond: Value = NONE) -> Value:
    """The solution of least norm by the pseudo-inverse, which the singular values are cut off for alike."""
    x, y = _real_matrix(ctx, a, "np.linalg.lstsq"), operand(ctx, b, "np.linalg.lstsq")
    if ndim_of(y) not in (1, 2):
        ctx.type_error(f"np.linalg.lstsq takes a vector or a matrix on the right, not {describe(y)}")
    if kind_of(y) == "c":
        ctx.refuse("np.linalg.lstsq of complex numbers is not supported", "solve for the real and imaginary parts")
    dtype = np.result_type(np.dtype(dtype_of(x)), np.dtype(dtype_of(y))).name
    x, y = cast(ctx, x, dtype), cast(ctx, y, dtype)
    if is_known(rcond) and python(rcond) == -1:
        ctx.refuse("np.linalg.lstsq with rcond=-1 is not supported", "pass rcond=None, or a small number")
    cutoff = _relative_precision(ctx, x) if is_none(rcond) else scalar_operand(ctx, rcond, "rcond=")
    solution = operand(ctx, dot(ctx, ctx.b.op("pinv", x, cutoff), y))
    s = singular_values(ctx, x)
    rank = _count_above(ctx, s, binary(ctx, "mul", cutoff, reduction(ctx, "max", s)))
    rest = ctx.b.op("sub", y, operand(ctx, dot(ctx, x, solution)))
    squares = operand(ctx, reduction(ctx, "sum", ctx.b.op("mul", rest, rest), ZERO, const(ndim_of(y) == 1)))
    rows, columns = dims(ctx, x)
    determined = ctx.b.op("and", ctx.b.op("eq", rank, columns), ctx.b.op("gt", rows, columns))
    count = ctx.b.op("where", determined, dims(ctx, squares)[0], ZERO)
    return Tup((solution, view(ctx, squares, [(ABSENT, count, ABSENT)]), rank, s))


@lowers(np.linalg.matrix_rank)
def _matrix_rank(ctx: Context, A: Value, tol: Value = NONE, hermitian: Value = FALSE, *, rtol: Value = NONE) -> Value:
    x = _real_matrix(ctx, A, "np.linalg.matrix_rank")
    if flag(ctx, hermitian, "hermitian="):
        ctx.refuse("np.linalg.matrix_rank with hermitian=True is not supported", "leave it out")
    s = singular_values(ctx, x)
    if is_none(tol):
        relative = _relative_precision(ctx, x) if is_none(rtol) else scalar_operand(ctx, rtol, "rtol=")
        tol = binary(ctx, "mul", relative, reduction(ctx, "max", s))
    return _count_above(ctx, s, tol)


# --- norms ------------------------------------------------------------------------------------------------------------


@lowers(np.linalg.norm)
def norm(ctx: Context, x: Value, ord: Value = NONE, axis: Value = NONE, keepdims: Value = FALSE) -> Value:
    a = operand(ctx, x, "np.linalg.norm")
    if not is_array(a):
        return elementwise(ctx, "abs", a)
    if not is_known(ord):
        ctx.refuse("the ord of np.linalg.norm must be known in the source", "write one branch for each")
    kind = python(ord)
    a = a if kind_of(a) in "fc" else cast(ctx, a, "float64")
    if is_none(axis) and kind is None:
        return _euclidean(ctx, a, axis, keepdims)
    over = axes(ctx, axis, ndim_of(a)) or tuple(range(ndim_of(a)))
    if len(over) == 1:
        return _vector_norm(ctx, a, kind, const(over[0]), keepdims)
    if len(over) > 2:
        ctx.type_error(f"the norm {kind!r} takes one axis or two, not {len(over)}", "pass axis=")
    if isinstance(axis, Tup) and len(axis.items) == 2 and kind in (1, -1, math.inf, -math.inf):
        over = tuple(k % ndim_of(a) for k in python(axis))
    return _matrix_norm(ctx, a, kind, over, keepdims)


def _euclidean(ctx: Context, a: Atom, axis: Value, keepdims: Value) -> Value:
    return elementwise(ctx, "sqrt", reduction(ctx, "sum", magnitude_squared(ctx, a), axis, keepdims))


def _vector_norm(ctx: Context, a: Atom, kind: Any, axis: Value, keepdims: Value) -> Value:
    if kind in (None, 2):
        return _euclidean(ctx, a, axis, keepdims)
    if isinstance(kind, str):
        ctx.type_error(f"the norm {kind!r} is one of matrices", "pass a number")
    if kind == 0:
        nonzero = operand(ctx, compare(ctx, "ne", a, const(0.0)))
        return reduction(ctx, "sum", cast(ctx, nonzero, dtype_of(elementwise(ctx, "abs", a))), axis, keepdims)
    size = elementwise(ctx, "abs", a)
    if kind in (math.inf, -math.inf):
        return reduction(ctx, "max" if kind > 0 else "min", size, axis, keepdims)
    if kind == 1:
        return reduction(ctx, "sum", size, axis, keepdims)
    power = const(float(kind))
    return binary(ctx, "pow", reduction(ctx, "sum", binary(ctx, "pow", size, power), axis, keepdims), const(1 / kind))


def _matrix_norm(ctx: Context, a: Atom, kind: Any, over: tuple[int, ...], keepdims: Value) -> Value:
    if kind in (None, "fro", "f"):
        return _euclidean(ctx, a, Tup(tuple(map(const, over))), keepdims)
    if kind in (1, -1, math.inf, -math.inf):
        summed, chosen = over if abs(kind) == 1 else over[::-1]
        sums = reduction(ctx, "sum", elementwise(ctx, "abs", a), const(summed), keepdims)
        if not flag(ctx, keepdims, "keepdims="):
            chosen -= chosen > summed
        return reduction(ctx, "max" if kind > 0 else "min", sums, const(chosen), keepdims)
    if kind not in (2, -2, "nuc"):
        ctx.type_error(f"there is no norm {kind!r} of matrices")
    if over != tuple(range(ndim_of(a)))[-2:]:
        rest = [k for k in range(ndim_of(a)) if k not in over]
        a = ctx.b.op("transpose", a, axes=(*rest, *over))
    s = singular_values(ctx, float_matrices(ctx, a, "np.linalg.norm", real=True))
    result = operand(ctx, reduction(ctx, {2: "max", -2: "min", "nuc": "sum"}[kind], s, MINUS_ONE))
    if not flag(ctx, keepdims, "keepdims="):
        return result
    if ndim_of(a) == 2:
        return ctx.b.op("array", result, shape=(1, 1), dtype=dtype_of(result))
    return view(ctx, result, [None if k in over else FULL for k in range(ndim_of(a))])


@lowers(np.linalg.cond)
def _cond(ctx: Context, x: Value, p: Value = NONE) -> Value:
    a = _real_matrix(ctx, x, "np.linalg.cond")
    kind = (
        python(p)
        if is_known(p)
        else ctx.refuse("the p of np.linalg.cond must be known in the source", "write p=1, 2 or 'fro' out")
    )
    if kind in (None, 2, -2):
        s = singular_values(ctx, a)
        largest, least = reduction(ctx, "max", s), reduction(ctx, "min", s)
        return binary(ctx, "div", least, largest) if kind == -2 else binary(ctx, "div", largest, least)
    return binary(ctx, "mul", norm(ctx, a, p), norm(ctx, ctx.b.op("inv", a), p))

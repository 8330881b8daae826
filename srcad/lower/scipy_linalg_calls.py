"""scipy.linalg, by its names and keywords. What only says how SciPy is to compute (overwrite_a, check_finite) has no effect.

Which half of a symmetric matrix SciPy reads is which half has a derivative.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad.ir import Atom, Const, const
from srcad.lower import matrix_library
from srcad.lower.casts import cast, common_dtype, dtype_of, kind_of, ndim_of
from srcad.lower.decomposition_calls import REDUCED, eig, eigh, norm, qr, svd, svdvals
from srcad.lower.guards import guard
from srcad.lower.known import (
    ABSENT,
    FALSE,
    NONE,
    ONE,
    TRUE,
    ZERO,
    describe,
    flag,
    is_known,
    is_none,
    known_int,
    python,
)
from srcad.lower.linalg_calls import cholesky as lower_factor
from srcad.lower.linalg_calls import common_floats, det, dot, float_matrices, float_matrix, hermitian, inv
from srcad.lower.linalg_calls import solve as solve_any
from srcad.lower.operands import array_operand, operand
from srcad.lower.operators import binary
from srcad.lower.reduction_calls import reduction
from srcad.lower.registry import Lowering, lowers
from srcad.lower.shapes import FULL, alloc, dim, dims, view
from srcad.lower.values import Context, Obj, Seq, Tup, Value

FULL_MODE, GENERAL = Obj("full"), Obj("gen")


def linalg_functions(module: Any) -> None:
    """Register the functions of scipy.linalg; called once it is there."""
    for name, lowering in TABLE.items():
        lowers(getattr(module, name))(lowering)


def _right(ctx: Context, value: Value, name: str) -> Atom:
    y = operand(ctx, value, name)
    if ndim_of(y) not in (1, 2):
        ctx.type_error(f"{name} takes a vector or a matrix on the right, not {describe(y)}")
    return y


def _upper(ctx: Context, x: Atom, k: int = 0) -> Atom:
    return operand(ctx, ctx.call(Obj(np.triu), [x, const(k)], {}))


def _lower(ctx: Context, x: Atom, k: int = 0) -> Atom:
    return operand(ctx, ctx.call(Obj(np.tril), [x, const(k)], {}))


# --- systems of equations ---------------------------------------------------------------------------------------------


def _triangular(ctx: Context, a: Atom, b: Atom, lower: bool, trans: int = 0, unit: bool = False) -> Atom:
    """With trans=2, of the adjoint of the matrix."""
    a, b = common_floats(ctx, a, b)
    if trans == 2 and kind_of(a) == "c":
        a = ctx.b.op("conj", a)
    return ctx.b.op("solve_triangular", a, b, lower=lower, trans=min(trans, 1), unit=unit)


def _trans(ctx: Context, value: Value) -> int:
    found = python(value) if is_known(value) else None
    for number, text in enumerate("NTC"):
        if found in (number, text):
            return number
    return ctx.type_error("trans= is 0, 1 or 2")


def _solve_triangular(
    ctx: Context,
    a: Value,
    b: Value,
    trans: Value = ZERO,
    lower: Value = FALSE,
    unit_diagonal: Value = FALSE,
    overwrite_b: Value = FALSE,
    check_finite: Value = TRUE,
) -> Value:
    name = "scipy.linalg.solve_triangular"
    x, y = float_matrix(ctx, a, name), _right(ctx, b, name)
    unit = flag(ctx, unit_diagonal, "unit_diagonal=")
    return _triangular(ctx, x, y, flag(ctx, lower, "lower="), _trans(ctx, trans), unit)


def _factor(ctx: Context, x: Atom, lower: bool) -> Atom:
    """The Cholesky factor of the triangle that is read."""
    if lower:
        return operand(ctx, lower_factor(ctx, x))
    return hermitian(ctx, operand(ctx, lower_factor(ctx, hermitian(ctx, x))))


def _cholesky(
    ctx: Context, a: Value, lower: Value = FALSE, overwrite_a: Value = FALSE, check_finite: Value = TRUE
) -> Value:
    return _factor(ctx, float_matrix(ctx, a, "scipy.linalg.cholesky"), flag(ctx, lower, "lower="))


def _cho_factor(
    ctx: Context, a: Value, lower: Value = FALSE, overwrite_a: Value = FALSE, check_finite: Value = TRUE
) -> Value:
    """The other triangle, where SciPy leaves what it likes, is zero."""
    return Tup((_cholesky(ctx, a, lower), const(flag(ctx, lower, "lower="))))


def _pair(ctx: Context, value: Value, name: str) -> tuple[Value, Value]:
    if not (isinstance(value, Tup | Seq) and len(value.items) == 2):
        ctx.type_error(f"{name} takes a pair, not {describe(value)}")
    first, second = value.items
    return first, second


def _cho_solve(
    ctx: Context, c_and_lower: Value, b: Value, overwrite_b: Value = FALSE, check_finite: Value = TRUE
) -> Value:
    c, lower = _pair(ctx, c_and_lower, "scipy.linalg.cho_solve")
    x, y = float_matrix(ctx, c, "scipy.linalg.cho_solve"), _right(ctx, b, "scipy.linalg.cho_solve")
    return _by_factor(ctx, x, y, flag(ctx, lower, "lower="))


def _by_factor(ctx: Context, factor: Atom, b: Atom, lower: bool) -> Atom:
    first, second = (0, 2) if lower else (2, 0)
    return _triangular(ctx, factor, _triangular(ctx, factor, b, lower, first), lower, second)


def _lu_factor(ctx: Context, a: Value, overwrite_a: Value = FALSE, check_finite: Value = TRUE) -> Value:
    return Tup(ctx.b.several("lu", float_matrix(ctx, a, "scipy.linalg.lu_factor")))


def _lu_solve(
    ctx: Context,
    lu_and_piv: Value,
    b: Value,
    trans: Value = ZERO,
    overwrite_b: Value = FALSE,
    check_finite: Value = TRUE,
) -> Value:
    lu, piv = _pair(ctx, lu_and_piv, "scipy.linalg.lu_solve")
    x, swaps = float_matrix(ctx, lu, "scipy.linalg.lu_solve"), array_operand(ctx, piv, "scipy.linalg.lu_solve")
    y = common_floats(ctx, _right(ctx, b, "scipy.linalg.lu_solve"), x)[0]
    turned = _trans(ctx, trans)
    if not turned:
        swapped = ctx.b.op("swap_rows", y, swaps, back=False)
        return _triangular(ctx, x, _triangular(ctx, x, swapped, True, unit=True), False)
    solved = _triangular(ctx, x, _triangular(ctx, x, y, False, turned), True, turned, unit=True)
    return ctx.b.op("swap_rows", solved, swaps, back=True)


def _lu(
    ctx: Context,
    a: Value,
    permute_l: Value = FALSE,
    overwrite_a: Value = FALSE,
    check_finite: Value = TRUE,
    p_indices: Value = FALSE,
) -> Value:
    x = float_matrix(ctx, a, "scipy.linalg.lu")
    factors, swaps = ctx.b.several("lu", x)
    rows, columns = dims(ctx, x)
    k = ctx.b.op("minimum", rows, columns)
    below = view(ctx, _lower(ctx, factors, -1), [FULL, (ABSENT, k, ABSENT)])
    ones = ctx.call(Obj(np.eye), [rows, k], {"dtype": Obj(np.dtype(dtype_of(x)))})
    lower = operand(ctx, binary(ctx, "add", below, ones))
    upper = _upper(ctx, view(ctx, factors, [(ABSENT, k, ABSENT)]))
    if flag(ctx, permute_l, "permute_l="):
        return Tup((ctx.b.op("swap_rows", lower, swaps, back=True), upper))
    if flag(ctx, p_indices, "p_indices="):
        order = operand(ctx, ctx.call(Obj(np.arange), [rows], {}))
        return Tup((ctx.b.op("swap_rows", order, swaps, back=True), lower, upper))
    identity = ctx.call(Obj(np.eye), [rows], {"dtype": Obj(np.dtype(dtype_of(x)))})
    return Tup((ctx.b.op("swap_rows", operand(ctx, identity), swaps, back=True), lower, upper))


#: What assume_a= says by another name.
STRUCTURES = {
    "general": "gen", "symmetric": "sym", "hermitian": "her", "positive definite": "pos", "lower": "lower triangular",
    "upper": "upper triangular",
}  # fmt: skip


def _solve(
    ctx: Context,
    a: Value,
    b: Value,
    lower: Value = FALSE,
    overwrite_a: Value = FALSE,
    overwrite_b: Value = FALSE,
    check_finite: Value = TRUE,
    assume_a: Value = NONE,
    transposed: Value = FALSE,
) -> Value:
    name = "scipy.linalg.solve"
    assumed = (
        python(assume_a) if is_known(assume_a) else ctx.refuse("assume_a= must be known in the source", "write it")
    )
    kind = STRUCTURES.get(assumed, assumed)
    if kind in (None, "gen") and not flag(ctx, transposed, "transposed="):
        return solve_any(ctx, a, b)
    x, y = common_floats(ctx, float_matrix(ctx, a, name), _right(ctx, b, name))
    turned, below = flag(ctx, transposed, "transposed="), flag(ctx, lower, "lower=")
    if kind == "pos":
        if turned and kind_of(x) == "c":
            x, below = ctx.b.op("transpose", x, axes=(1, 0)), not below
        return _by_factor(ctx, _factor(ctx, x, below), y, below)
    if kind in ("lower triangular", "upper triangular"):
        return _triangular(ctx, x, y, kind.startswith("lower"), int(turned))
    match kind:
        case None | "gen":
            pass
        case "sym" | "her":
            whole = matrix_library.hermitian if kind == "her" and kind_of(x) == "c" else matrix_library.symmetric
            x = operand(ctx, ctx.call(Obj(whole), [x, const(below)], {}))
        case "tridiagonal" | "diagonal":
            width = 0 if kind == "diagonal" else 1
            x = _lower(ctx, _upper(ctx, x, -width), width)
        case _:
            ctx.refuse(f"assume_a={kind!r} is not supported", "leave assume_a= out")
    return solve_any(ctx, ctx.b.op("transpose", x, axes=(1, 0)) if turned else x, y)


# --- twins of np.linalg -----------------------------------------------------------------------------------------------


def _inv(ctx: Context, a: Value, overwrite_a: Value = FALSE, check_finite: Value = TRUE) -> Value:
    return inv(ctx, a)


def _det(ctx: Context, a: Value, overwrite_a: Value = FALSE, check_finite: Value = TRUE) -> Value:
    return det(ctx, a)


def _eigh(
    ctx: Context,
    a: Value,
    b: Value = NONE,
    *,
    lower: Value = TRUE,
    eigvals_only: Value = FALSE,
    overwrite_a: Value = FALSE,
    overwrite_b: Value = FALSE,
    type: Value = ONE,
    check_finite: Value = TRUE,
    subset_by_index: Value = NONE,
    driver: Value = NONE,
) -> Value:
    """Of A v = B v diag(w), by the Cholesky factor of B: (L^-1 A L^-H) (L^H v) = (L^H v) diag(w)."""
    below = flag(ctx, lower, "lower=")
    side = Obj("L" if below else "U")
    if is_none(b):
        w, v = eigh(ctx, a, side, "scipy.linalg.eigh")
    else:
        if known_int(type) != 1:
            ctx.refuse("scipy.linalg.eigh is supported with type=1", "write the problem as A v = w B v")
        x, y = common_floats(ctx, *(float_matrix(ctx, m, "scipy.linalg.eigh") for m in (a, b)))
        whole = matrix_library.hermitian if kind_of(x) == "c" else matrix_library.symmetric
        x = operand(ctx, ctx.call(Obj(whole), [x, const(below)], {}))
        factor = _factor(ctx, y, below)
        factor = factor if below else hermitian(ctx, factor)
        left = _triangular(ctx, factor, x, True)
        w, v = eigh(ctx, _triangular(ctx, factor, hermitian(ctx, left), True), Obj("L"), "scipy.linalg.eigh")
        v = _triangular(ctx, factor, v, True, 2)
    if not is_none(subset_by_index):
        first, last = _pair(ctx, subset_by_index, "subset_by_index=")
        part = (operand(ctx, first), operand(ctx, binary(ctx, "add", last, ONE)), ABSENT)
        w, v = view(ctx, w, [part]), view(ctx, v, [FULL, part])
    return w if flag(ctx, eigvals_only, "eigvals_only=") else Tup((w, v))


def _eigvalsh(
    ctx: Context,
    a: Value,
    b: Value = NONE,
    *,
    lower: Value = TRUE,
    overwrite_a: Value = FALSE,
    overwrite_b: Value = FALSE,
    type: Value = ONE,
    check_finite: Value = TRUE,
    subset_by_index: Value = NONE,
    driver: Value = NONE,
) -> Value:
    return _eigh(ctx, a, b, lower=lower, eigvals_only=TRUE, type=type, subset_by_index=subset_by_index)


def _eig(
    ctx: Context, a: Value, b: Value = NONE, left: Value = FALSE, right: Value = TRUE, overwrite_a: Value = FALSE,
    overwrite_b: Value = FALSE, check_finite: Value = TRUE,
) -> Value:  # fmt: skip
    if not is_none(b):
        ctx.refuse("scipy.linalg.eig of two matrices is not supported", "take the eigenvalues of np.linalg.solve(b, a)")
    if flag(ctx, left, "left="):
        ctx.refuse("left eigenvectors are not supported", "take the eigenvectors of the transpose")
    if not flag(ctx, right, "right="):
        return eig(ctx, a, vectors=False)[0]
    return Tup(tuple(eig(ctx, a)))


def _eigvals(ctx: Context, a: Value, b: Value = NONE, overwrite_a: Value = FALSE, check_finite: Value = TRUE) -> Value:
    return _eig(ctx, a, b, right=FALSE)


def _svd(
    ctx: Context,
    a: Value,
    full_matrices: Value = TRUE,
    compute_uv: Value = TRUE,
    overwrite_a: Value = FALSE,
    check_finite: Value = TRUE,
    lapack_driver: Value = NONE,
) -> Value:
    found = svd(ctx, a, full_matrices, compute_uv)
    return Tup(found.items) if isinstance(found, Tup) else found


def _svdvals(ctx: Context, a: Value, overwrite_a: Value = FALSE, check_finite: Value = TRUE) -> Value:
    return svdvals(ctx, a)


def _qr(
    ctx: Context,
    a: Value,
    overwrite_a: Value = FALSE,
    lwork: Value = NONE,
    mode: Value = FULL_MODE,
    pivoting: Value = FALSE,
    check_finite: Value = TRUE,
) -> Value:
    """A full decomposition is the economic one where there are no more rows than columns."""
    if flag(ctx, pivoting, "pivoting="):
        ctx.refuse("a QR decomposition with pivoting is not supported", "leave pivoting= out")
    kind = python(mode) if is_known(mode) else None
    if kind not in ("full", "r", "economic"):
        ctx.refuse(f"mode={kind!r} is not supported", "pass mode='economic'")
    x = float_matrix(ctx, a, "scipy.linalg.qr")
    if kind != "economic":
        tall = ctx.b.op("gt", *dims(ctx, x))
        guard(ctx, tall, ValueError, "of a matrix with more rows than columns, pass mode='economic' to qr")
    found = qr(ctx, x, REDUCED)
    assert isinstance(found, Tup)
    return Tup((found.items[1],)) if kind == "r" else Tup(found.items)


def _norm(
    ctx: Context,
    a: Value,
    ord: Value = NONE,
    axis: Value = NONE,
    keepdims: Value = FALSE,
    check_finite: Value = TRUE,
) -> Value:
    return norm(ctx, a, ord, axis, keepdims)


def _eps(ctx: Context, x: Atom) -> Const:
    return const(float(np.finfo(dtype_of(x)).eps))


def _pinv(
    ctx: Context,
    a: Value,
    *,
    atol: Value = NONE,
    rtol: Value = NONE,
    return_rank: Value = FALSE,
    check_finite: Value = TRUE,
) -> Value:
    x = float_matrix(ctx, a, "scipy.linalg.pinv")
    if not is_none(atol) or flag(ctx, return_rank, "return_rank="):
        ctx.refuse("scipy.linalg.pinv is supported with rtol= only", "leave atol= and return_rank= out")
    if is_none(rtol):
        rtol = ctx.b.op("mul", ctx.b.op("maximum", *dims(ctx, x)), _eps(ctx, x))
    return ctx.call(Obj(np.linalg.pinv), [x, rtol], {})


def _lstsq(
    ctx: Context,
    a: Value,
    b: Value,
    cond: Value = NONE,
    overwrite_a: Value = FALSE,
    overwrite_b: Value = FALSE,
    check_finite: Value = TRUE,
    lapack_driver: Value = NONE,
) -> Value:
    """The squares that are left of a vector are one number."""
    x, y = float_matrix(ctx, a, "scipy.linalg.lstsq"), _right(ctx, b, "scipy.linalg.lstsq")
    found = ctx.call(Obj(np.linalg.lstsq), [x, y, _eps(ctx, x) if is_none(cond) else cond], {})
    assert isinstance(found, Tup)
    solution, squares, rank, s = found.items
    if ndim_of(y) == 1:
        squares = reduction(ctx, "sum", squares)
    return Tup((solution, squares, rank, s))


# --- functions of matrices --------------------------------------------------------------------------------------------


def _of_matrix(ctx: Context, op: str, a: Value) -> Atom:
    x = float_matrices(ctx, a, f"scipy.linalg.{op}")
    if ndim_of(x) > 2:
        ctx.refuse(f"scipy.linalg.{op} of {describe(x)} is not supported", "loop over the leading axes")
    return ctx.b.op(op, x)


def _expm(ctx: Context, A: Value) -> Value:
    return _of_matrix(ctx, "expm", A)


def _logm(ctx: Context, A: Value, disp: Value = TRUE) -> Value:
    if not flag(ctx, disp, "disp="):
        ctx.refuse("disp=False is not supported", "leave it out")
    return _of_matrix(ctx, "logm", A)


def _sqrtm(ctx: Context, A: Value, disp: Value = TRUE, blocksize: Value = NONE) -> Value:
    if not flag(ctx, disp, "disp="):
        ctx.refuse("disp=False is not supported", "leave it out")
    return _of_matrix(ctx, "sqrtm", A)


def _even_or_odd(name: str, factor: complex, operation: str, divisor: complex) -> Lowering:
    """(expm(f A) + expm(-f A)) / d, or the difference; of a real A with f = 1j a part of one of them."""

    def lowering(ctx: Context, A: Value) -> Value:
        x = float_matrix(ctx, A, f"scipy.linalg.{name}")
        scaled = x if factor == 1 else operand(ctx, binary(ctx, "mul", const(factor), x))
        found = ctx.b.op("expm", scaled)
        if factor != 1 and kind_of(x) != "c":
            return ctx.b.op("real" if operation == "add" else "imag", found)
        other = ctx.b.op("expm", ctx.b.op("neg", scaled))
        return binary(ctx, "div", ctx.b.op(operation, found, other), const(divisor))

    return lowering


_cosm, _sinm = _even_or_odd("cosm", 1j, "add", 2.0), _even_or_odd("sinm", 1j, "sub", 2j)
_coshm, _sinhm = _even_or_odd("coshm", 1, "add", 2.0), _even_or_odd("sinhm", 1, "sub", 2.0)


def _tanm(ctx: Context, A: Value) -> Value:
    return solve_any(ctx, _cosm(ctx, A), _sinm(ctx, A))


def _tanhm(ctx: Context, A: Value) -> Value:
    return solve_any(ctx, _coshm(ctx, A), _sinhm(ctx, A))


def _fractional_matrix_power(ctx: Context, A: Value, t: Value) -> Value:
    if known_int(t) is not None:
        return ctx.call(Obj(np.linalg.matrix_power), [A, t], {})
    if is_known(t) and python(t) == 0.5:
        return _of_matrix(ctx, "sqrtm", A)
    return ctx.b.op("expm", operand(ctx, binary(ctx, "mul", t, _of_matrix(ctx, "logm", A))))


def _expm_frechet(
    ctx: Context, A: Value, E: Value, method: Value = NONE, compute_expm: Value = TRUE, check_finite: Value = TRUE
) -> Value:
    """The blocks of the exponential of a matrix twice as large."""
    x, e = common_floats(ctx, *(float_matrix(ctx, m, "scipy.linalg.expm_frechet") for m in (A, E)))
    n = dim(ctx, x, 0)
    double = ctx.b.op("mul", n, const(2))
    whole = alloc(ctx, [double, double], dtype_of(x), "zeros")
    first, second = (ABSENT, n, ABSENT), (n, ABSENT, ABSENT)
    for rows, columns, block in ((first, first, x), (first, second, e), (second, second, x)):
        ctx.b.effect("assign", view(ctx, whole, [rows, columns]), block)
    found = ctx.b.op("expm", whole)
    parts = [ctx.b.op("copy", view(ctx, found, [first, part])) for part in (first, second)]
    return Tup(tuple(parts)) if flag(ctx, compute_expm, "compute_expm=") else parts[1]


def _solve_sylvester(ctx: Context, a: Value, b: Value, q: Value) -> Value:
    arrays = common_floats(ctx, *(float_matrix(ctx, m, "scipy.linalg.solve_sylvester") for m in (a, b, q)))
    return ctx.b.op("sylvester", *arrays)


def _solve_continuous_lyapunov(ctx: Context, a: Value, q: Value) -> Value:
    x, y = common_floats(ctx, *(float_matrix(ctx, m, "scipy.linalg.solve_continuous_lyapunov") for m in (a, q)))
    return ctx.b.op("sylvester", x, hermitian(ctx, x), y)


def _solve_discrete_lyapunov(ctx: Context, a: Value, q: Value, method: Value = NONE) -> Value:
    """a x a^H - x + q = 0, as SciPy does for matrices that are not small: by a bilinear map to a continuous one."""
    x, y = common_floats(ctx, *(float_matrix(ctx, m, "scipy.linalg.solve_discrete_lyapunov") for m in (a, q)))
    ones = operand(ctx, ctx.call(Obj(np.eye), [dim(ctx, x, 0)], {"dtype": Obj(np.dtype(dtype_of(x)))}))
    turned = hermitian(ctx, x)
    inverse = ctx.b.op("inv", ctx.b.op("add", turned, ones))
    b = ctx.b.op("dot", ctx.b.op("sub", turned, ones), inverse)
    left = hermitian(ctx, inverse)
    c = operand(ctx, binary(ctx, "mul", const(2.0), dot(ctx, dot(ctx, left, y), inverse)))
    return ctx.b.op("sylvester", hermitian(ctx, b), b, ctx.b.op("neg", c))


# --- special matrices -------------------------------------------------------------------------------------------------


def _block_diag(ctx: Context, *arrs: Value) -> Value:
    blocks = []
    for arr in arrs:
        x = operand(ctx, arr, "scipy.linalg.block_diag")
        x = ctx.b.op("array", x, shape=(1,), dtype=dtype_of(x)) if ndim_of(x) == 0 else x
        blocks.append(view(ctx, x, [None, FULL]) if ndim_of(x) == 1 else x)
        if ndim_of(blocks[-1]) != 2:
            ctx.type_error(f"scipy.linalg.block_diag takes matrices, not {describe(x)}")
    if not blocks:
        return alloc(ctx, [ONE, ZERO], "float64")
    places: list[tuple[Value, Value]] = [(ZERO, ZERO)]
    for block in blocks:
        rows, columns = dims(ctx, block)
        places.append((binary(ctx, "add", places[-1][0], rows), binary(ctx, "add", places[-1][1], columns)))
    out = alloc(ctx, [operand(ctx, n) for n in places[-1]], common_dtype(blocks), "zeros")
    for block, (row, column) in zip(blocks, places, strict=False):
        ctx.call(Obj(matrix_library.block_diagonal), [out, cast(ctx, block, dtype_of(out)), row, column], {})
    return out


def _of_vectors(function: Any, conjugated: bool) -> Lowering:
    """A matrix of its first column and of a row: by default that of the column (its conjugate), or zeros."""

    def lowering(ctx: Context, c: Value, r: Value = NONE) -> Value:
        column = _vector(ctx, c)
        row = column if is_none(r) else _vector(ctx, r)
        if is_none(r) and not conjugated:
            row = alloc(ctx, dims(ctx, column), dtype_of(column), "zeros")
        elif is_none(r) and kind_of(column) == "c":
            row = ctx.b.op("conj", column)
        dtype = np.dtype(common_dtype([column, row]))
        return ctx.call(Obj(function), [column, row, Obj(dtype)], {})

    return lowering


def _vector(ctx: Context, value: Value) -> Atom:
    x = operand(ctx, value, "a matrix of vectors")
    x = ctx.b.op("array", x, shape=(1,), dtype=dtype_of(x)) if ndim_of(x) == 0 else x
    if ndim_of(x) != 1:
        ctx.refuse(f"a matrix of {describe(x)} is not supported", "pass vectors")
    return x


def _circulant(ctx: Context, c: Value) -> Value:
    return ctx.call(Obj(matrix_library.circulant), [_vector(ctx, c)], {})


TABLE: dict[str, Lowering] = {
    "solve_triangular": _solve_triangular, "cholesky": _cholesky, "cho_factor": _cho_factor, "cho_solve": _cho_solve,
    "lu_factor": _lu_factor, "lu_solve": _lu_solve, "lu": _lu, "solve": _solve, "inv": _inv, "det": _det, "eigh": _eigh,
    "eigvalsh": _eigvalsh, "eig": _eig, "eigvals": _eigvals, "svd": _svd, "svdvals": _svdvals, "qr": _qr, "norm": _norm,
    "pinv": _pinv, "lstsq": _lstsq, "expm": _expm, "logm": _logm, "sqrtm": _sqrtm, "cosm": _cosm, "sinm": _sinm,
    "tanm": _tanm, "coshm": _coshm, "sinhm": _sinhm, "tanhm": _tanhm, "expm_frechet": _expm_frechet,
    "fractional_matrix_power": _fractional_matrix_power, "solve_sylvester": _solve_sylvester,
    "solve_continuous_lyapunov": _solve_continuous_lyapunov, "solve_lyapunov": _solve_continuous_lyapunov,
    "solve_discrete_lyapunov": _solve_discrete_lyapunov, "block_diag": _block_diag,
    "toeplitz": _of_vectors(matrix_library.toeplitz, True), "hankel": _of_vectors(matrix_library.hankel, False),
    "circulant": _circulant,
}  # fmt: skip

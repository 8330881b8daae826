"""Functions of matrices that generated code calls: triangular systems, LU, eig, expm, logm, sqrtm, the Sylvester equation.

Interpreted they are SciPy's and NumPy's. Numba knows nothing of the kind: compiled, they call LAPACK (`srcad.lapack`), or are
written out here. A function whose dtype would depend on the values has one that follows from its argument's: eigenvalues are
complex, and a real matrix has a real square root and logarithm, or LinAlgError is raised.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.linalg
from numba.core import types
from numba.extending import overload, register_jitable

from srcad.lapack import routine

COMPLEX_RESULT = "the result is complex: pass a complex matrix"

#: LAPACK's options: lower and upper, transposed, vectors, none.
L, U, T, V, N = map(ord, "LUTVN")


@register_jitable  # type: ignore[untyped-decorator]
def by_columns(a: Any) -> Any:
    """A copy of a matrix that is laid out by columns, or of a vector."""
    out = np.empty(a.shape[::-1], a.dtype).T
    if a.ndim == 1:
        for i in range(a.shape[0]):
            out[i] = a[i]
    else:
        for j in range(a.shape[1]):
            for i in range(a.shape[0]):
                out[i, j] = a[i, j]
    return out


# --- triangular systems and LU ----------------------------------------------------------------------------------------


def solve_triangular(a: Any, b: Any, lower: bool, trans: int = 0, unit: bool = False) -> Any:
    """x with a x = b, or a.T x = b with trans=1, of one triangle of `a`; with a diagonal of ones if `unit`.

    >>> solve_triangular(np.array([[2.0, 9.0], [1.0, 4.0]]), np.array([2.0, 9.0]), True)
    array([1., 2.])
    """
    return scipy.linalg.solve_triangular(a, b, trans, lower, unit, check_finite=False)


@overload(solve_triangular, strict=False)  # type: ignore[untyped-decorator]
def _solve_triangular(a: Any, b: Any, lower: Any, trans: Any = 0, unit: Any = False) -> Any:
    trtrs = routine("trtrs", a.dtype)
    by_rows = a.layout != "F"  # by columns, it is the transpose
    contiguous = register_jitable((lambda a: a.copy()) if a.layout == "A" else (lambda a: a))

    def solve(a: Any, b: Any, lower: bool, trans: int = 0, unit: bool = False) -> Any:
        n = a.shape[0]
        if a.shape[1] != n or b.shape[0] != n:
            raise ValueError("the sizes of the matrix and the right-hand side do not match")
        x = by_columns(b)
        if x.size == 0:
            return x
        side = np.uint8(L if lower != by_rows else U)
        turned, ones = np.uint8(T if (trans == 1) != by_rows else N), np.uint8(U if unit else N)
        if trtrs(side, turned, ones, n, x.size // n, contiguous(a), n, x, n) > 0:
            raise np.linalg.LinAlgError("singular matrix: a number on the diagonal is zero")
        return x

    return solve


def lu(a: Any) -> Any:
    """The factors of p a = l u in one array, and for each row the one that it was swapped with.

    >>> lu(np.array([[1.0, 2.0], [2.0, 2.0]]))
    (array([[2. , 2. ],
           [0.5, 1. ]]), array([1, 1]))
    """
    if a.size == 0:
        return a.copy(), np.empty(0, np.int64)
    (getrf,) = scipy.linalg.get_lapack_funcs(("getrf",), (a,))
    factors, swaps, _ = getrf(a)
    return factors, swaps.astype(np.int64)


@overload(lu, strict=False)  # type: ignore[untyped-decorator]
def _lu(a: Any) -> Any:
    getrf = routine("getrf", a.dtype)

    def factor(a: Any) -> Any:
        m, n = a.shape
        factors = by_columns(a)
        swaps = np.empty(min(m, n), np.int32)
        if factors.size > 0:
            getrf(m, n, factors, m, swaps)
        out = np.empty(swaps.size, np.int64)
        for k in range(swaps.size):
            out[k] = swaps[k] - 1
        return factors, out

    return factor


@register_jitable  # type: ignore[untyped-decorator]
def swap_rows(a: Any, swaps: Any, back: bool = False) -> Any:
    """`a` with each row swapped with the one that `swaps` names, one after the other; `back` undoes it.

    >>> swap_rows(np.array([1.0, 2.0, 3.0]), np.array([2, 2]))
    array([3., 1., 2.])
    """
    out = np.empty(a.shape, a.dtype)
    out[...] = a
    for step in range(swaps.size):
        k = swaps.size - 1 - step if back else step
        if swaps[k] != k:
            row = np.copy(out[k : k + 1])
            out[k : k + 1] = out[swaps[k] : swaps[k] + 1]
            out[swaps[k] : swaps[k] + 1] = row
    return out


@register_jitable  # type: ignore[untyped-decorator]
def lu_solve(factors: Any, swaps: Any, b: Any, trans: int = 0) -> Any:
    """x with a x = b, or a.T x = b with trans=1, by what `lu` gives of a square `a`; LinAlgError if that is singular.

    >>> lu_solve(*lu(np.array([[1.0, 2.0], [2.0, 2.0]])), np.array([5.0, 6.0]))
    array([1., 2.])
    """
    if factors.shape[0] != factors.shape[1]:
        raise np.linalg.LinAlgError("Last 2 dimensions of the array must be square")
    for k in range(factors.shape[0]):
        if factors[k, k] == 0.0:
            raise np.linalg.LinAlgError("Singular matrix")
    if trans == 1:
        right = solve_triangular(factors, b, False, 1, False)
        return swap_rows(solve_triangular(factors, right, True, 1, True), swaps, True)
    return solve_triangular(
        factors, solve_triangular(factors, swap_rows(b, swaps, False), True, 0, True), False, 0, False
    )


# --- eigenvalues of any matrix ----------------------------------------------------------------------------------------


def eig(a: Any) -> Any:
    """The eigenvalues and eigenvectors of a square matrix, complex in any case.

    >>> eig(np.array([[0.0, 1.0], [-1.0, 0.0]]))[0]
    array([0.+1.j, 0.-1.j])
    """
    w, v = np.linalg.eig(a)
    dtype = np.result_type(a.dtype, np.complex64)
    return w.astype(dtype), v.astype(dtype)


@overload(eig, strict=False)  # type: ignore[untyped-decorator]
def _eig(a: Any) -> Any:
    if isinstance(a.dtype, types.Complex):
        return lambda a: np.linalg.eig(a)
    geev = routine("geev", a.dtype)
    dtype = np.complex64 if a.dtype == types.float32 else np.complex128

    def decompose(a: Any) -> Any:
        n = a.shape[0]
        if a.shape[1] != n:
            raise np.linalg.LinAlgError("Last 2 dimensions of the array must be square")
        values, vectors = np.empty(n, dtype), np.empty((n, n), dtype).T
        if n == 0:
            return values, vectors
        matrix, right = by_columns(a), by_columns(a)
        if not np.all(np.isfinite(matrix)):
            raise np.linalg.LinAlgError("Array must not contain infs or NaNs")
        real, imaginary = np.empty(n, a.dtype), np.empty(n, a.dtype)
        no, yes, work = np.uint8(N), np.uint8(V), np.empty(1, a.dtype)
        geev(no, yes, n, matrix, n, real, imaginary, None, n, right, n, work, -1)  # says how much room it needs
        work = np.empty(int(work[0]), a.dtype)
        if geev(no, yes, n, matrix, n, real, imaginary, None, n, right, n, work, work.size) > 0:
            raise np.linalg.LinAlgError("Eigenvalues did not converge")
        for k in range(n):
            values[k] = real[k] + 1j * imaginary[k]
            for i in range(n):  # of a pair, one column is the real part and the next the imaginary one
                if imaginary[k] > 0:
                    vectors[i, k] = right[i, k] + 1j * right[i, k + 1]
                elif imaginary[k] < 0:
                    vectors[i, k] = right[i, k - 1] - 1j * right[i, k]
                else:
                    vectors[i, k] = right[i, k]
        return values, vectors

    return decompose


# --- functions of matrices --------------------------------------------------------------------------------------------

#: The coefficients of the numerators of Padé approximants to exp, and the norms up to which they are exact to rounding (Higham
#: 2005, "The scaling and squaring method for the matrix exponential revisited", table 2.3).
PADE = (
    (0.01495585217958292, (120.0, 60.0, 12.0, 1.0)),
    (0.2539398330063230, (30240.0, 15120.0, 3360.0, 420.0, 30.0, 1.0)),
    (0.9504178996162932, (17297280.0, 8648640.0, 1995840.0, 277200.0, 25200.0, 1512.0, 56.0, 1.0)),
    (
        2.097847961257068,
        (17643225600.0, 8821612800.0, 2075673600.0, 302702400.0, 30270240.0, 2162160.0, 110880.0, 3960.0, 90.0, 1.0),
    ),
    (
        5.371920351148152,
        (
            64764752532480000.0, 32382376266240000.0, 7771770303897600.0, 1187353796428800.0, 129060195264000.0,
            10559470521600.0, 670442572800.0, 33522128640.0, 1323241920.0, 40840800.0, 960960.0, 16380.0, 182.0, 1.0,
        ),
    ),
)  # fmt: skip
_BOUNDS = np.array([bound for bound, _ in PADE])
_COEFFICIENTS = np.zeros((len(PADE), len(PADE[-1][1])))
for _k, (_, _row) in enumerate(PADE):
    _COEFFICIENTS[_k, : len(_row)] = _row
_DEGREES = np.array([len(row) - 1 for _, row in PADE])


@register_jitable  # type: ignore[untyped-decorator]
def _norm(a: Any) -> float:
    """The largest sum of a column's magnitudes; infinite if one of them is no number."""
    largest = 0.0
    for j in range(a.shape[1]):
        total = 0.0
        for i in range(a.shape[0]):
            total += abs(a[i, j])
        largest = max(largest, total if total == total else np.inf)
    return largest


def expm(a: Any) -> Any:
    """The exponential of a square matrix.

    >>> expm(np.array([[0.0, 1.0], [0.0, 0.0]]))
    array([[1., 1.],
           [0., 1.]])
    """
    return scipy.linalg.expm(a)


@overload(expm, strict=False)  # type: ignore[untyped-decorator]
def _expm(a: Any) -> Any:
    dtype = a.dtype
    real = np.float32 if dtype in (types.float32, types.complex64) else np.float64

    def exponential(a: Any) -> Any:
        n = a.shape[0]
        if a.shape[1] != n:
            raise ValueError("expected a square matrix")
        norm, choice, squarings = _norm(a), 0, 0
        while choice < 4 and norm > _BOUNDS[choice]:
            choice += 1
        while norm > _BOUNDS[4] and norm < np.inf:
            norm /= 2.0
            squarings += 1
        factor = real(0.5**squarings if norm < np.inf else np.nan)
        scaled, power = np.empty((n, n), dtype), np.zeros((n, n), dtype)
        even, odd = (
            np.zeros((n, n), dtype),
            np.zeros((n, n), dtype),
        )  # the sums of even powers, and of odd ones over the first
        for i in range(n):
            power[i, i] = 1.0
            for j in range(n):
                scaled[i, j] = factor * a[i, j]
        square = scaled @ scaled
        for k in range(0, _DEGREES[choice], 2):
            first, second = real(_COEFFICIENTS[choice, k]), real(_COEFFICIENTS[choice, k + 1])
            for i in range(n):
                for j in range(n):
                    even[i, j] += first * power[i, j]
                    odd[i, j] += second * power[i, j]
            power = power @ square
        odd = scaled @ odd
        for i in range(n):
            for j in range(n):
                even[i, j], odd[i, j] = even[i, j] - odd[i, j], even[i, j] + odd[i, j]
        out = np.linalg.solve(even, odd).copy()
        for _ in range(squarings):
            out = out @ out
        return out

    return exponential


def sqrtm(a: Any) -> Any:
    """The principal square root of a square matrix; LinAlgError for a real one that has no real root.

    >>> sqrtm(np.array([[4.0, 0.0], [0.0, 9.0]]))
    array([[2., 0.],
           [0., 3.]])
    """
    return _in_dtype(scipy.linalg.sqrtm(a), a)


def logm(a: Any) -> Any:
    """The principal logarithm of a square matrix; LinAlgError for a real one that has no real logarithm.

    >>> logm(np.array([[1.0, 1.0], [0.0, 1.0]]))
    array([[0., 1.],
           [0., 0.]])
    """
    return _in_dtype(scipy.linalg.logm(a), a)


def _in_dtype(result: Any, a: Any) -> Any:
    if np.iscomplexobj(result) and not np.iscomplexobj(a):
        raise np.linalg.LinAlgError(COMPLEX_RESULT)
    return np.ascontiguousarray(result.astype(a.dtype))


def _schur(a: Any) -> Any:
    """The complex Schur decomposition, of compiled code: t and z with a = z t z^H."""


@overload(_schur, strict=False)  # type: ignore[untyped-decorator]
def _schur_of(a: Any) -> Any:
    single = a.dtype in (types.float32, types.complex64)
    dtype, real = (np.complex64, np.float32) if single else (np.complex128, np.float64)
    gees = routine("gees", types.complex64 if single else types.complex128)

    def decompose(a: Any) -> Any:
        n = a.shape[0]
        if a.shape[1] != n:
            raise ValueError("expected a square matrix")
        t, z = by_columns(a.astype(dtype)), np.empty((n, n), dtype).T
        if n == 0:
            return t, z
        values, parts, work = np.empty(n, dtype), np.empty(n, real), np.empty(1, dtype)
        no, yes = np.uint8(N), np.uint8(V)
        gees(yes, no, None, n, t, n, 0, values, z, n, work, -1, parts, None)  # says how much room it needs
        work = np.empty(int(work[0].real), dtype)
        if gees(yes, no, None, n, t, n, 0, values, z, n, work, work.size, parts, None) > 0:
            raise np.linalg.LinAlgError("Schur form not found. Possibly ill-conditioned.")
        return t, z

    return decompose


@register_jitable  # type: ignore[untyped-decorator]
def _root_of_triangle(t: Any) -> Any:
    """The square root of an upper triangle (Björck & Hammarling 1983), column by column."""
    n = t.shape[0]
    r = np.zeros((n, n), t.dtype)
    for j in range(n):
        r[j, j] = np.sqrt(t[j, j])
        for i in range(j - 1, -1, -1):
            rest = t[i, j]
            for k in range(i + 1, j):
                rest -= r[i, k] * r[k, j]
            if rest != 0:
                r[i, j] = rest / (r[i, i] + r[j, j])
    return r


@register_jitable  # type: ignore[untyped-decorator]
def _real(a: Any) -> Any:
    """The real part of a matrix whose imaginary part is rounding, at most."""
    largest, rest = 0.0, 0.0
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            largest, rest = max(largest, abs(a[i, j])), max(rest, abs(a[i, j].imag))
    if rest > 1e-3 * largest:
        raise np.linalg.LinAlgError(COMPLEX_RESULT)
    return np.ascontiguousarray(a.real)


@overload(sqrtm, strict=False)  # type: ignore[untyped-decorator]
def _sqrtm(a: Any) -> Any:
    return _by_schur(a, _root_of_triangle)


@overload(logm, strict=False)  # type: ignore[untyped-decorator]
def _logm(a: Any) -> Any:
    return _by_schur(a, _log_of_triangle)


def _by_schur(a: Any, of_triangle: Any) -> Any:
    if isinstance(a.dtype, types.Complex):

        def function(a: Any) -> Any:
            t, z = _schur(a)
            return np.ascontiguousarray(z) @ of_triangle(t) @ np.ascontiguousarray(np.conj(z.T))

    else:

        def function(a: Any) -> Any:
            t, z = _schur(a)
            return _real(np.ascontiguousarray(z) @ of_triangle(t) @ np.ascontiguousarray(np.conj(z.T)))

    return function


_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(7)
_NODES, _WEIGHTS = (_NODES + 1) / 2, _WEIGHTS / 2


@register_jitable  # type: ignore[untyped-decorator]
def _log_of_triangle(t: Any) -> Any:
    """The logarithm of an upper triangle by inverse scaling and squaring: roots are taken until what is left is so close to 1
    that the Padé approximant of degree 7, as partial fractions, is exact to rounding (Higham 2008, "Functions of Matrices",
    section 11.5)."""
    n, roots, rest = t.shape[0], 0, t.copy()
    for k in range(n):
        rest[k, k] -= 1.0
    while roots < 100 and _norm(rest) > 0.2644:
        t = _root_of_triangle(t)
        rest = t.copy()
        for k in range(n):
            rest[k, k] -= 1.0
        roots += 1
    out = np.zeros((n, n), t.dtype)
    for k in range(7):
        scaled = t.copy()
        for j in range(n):
            for i in range(j + 1):
                scaled[i, j] = _NODES[k] * rest[i, j]
            scaled[j, j] += 1.0
        part = solve_triangular(scaled, rest, False)
        for j in range(n):
            for i in range(j + 1):
                out[i, j] += 2.0**roots * _WEIGHTS[k] * part[i, j]
    return out


def sylvester(a: Any, b: Any, q: Any) -> Any:
    """x with a x + x b = q.

    >>> sylvester(np.array([[3.0]]), np.array([[1.0]]), np.array([[8.0]]))
    array([[2.]])
    """
    return np.ascontiguousarray(scipy.linalg.solve_sylvester(a, b, q))


@overload(sylvester, strict=False)  # type: ignore[untyped-decorator]
def _sylvester(a: Any, b: Any, q: Any) -> Any:
    """By Schur decompositions (Bartels & Stewart 1972)."""
    is_complex, single = isinstance(a.dtype, types.Complex), a.dtype in (types.float32, types.complex64)
    dtype, real = (np.complex64, np.float32) if single else (np.complex128, np.float64)
    trsyl = routine("trsyl", types.complex64 if single else types.complex128)
    part = register_jitable((lambda x: x) if is_complex else (lambda x: np.ascontiguousarray(x.real)))

    def solve(a: Any, b: Any, q: Any) -> Any:
        m, n = a.shape[0], b.shape[0]
        if q.shape != (m, n):
            raise ValueError("the sizes of the matrices do not match")
        t, z = _schur(a)
        s, w = _schur(b)
        z, w = np.ascontiguousarray(z), np.ascontiguousarray(w)
        x = by_columns(np.ascontiguousarray(np.conj(z.T)) @ q.astype(dtype) @ w)
        if x.size == 0:
            return np.zeros((m, n), q.dtype)
        scale = np.empty(1, real)
        trsyl(np.uint8(N), np.uint8(N), 1, m, n, t, m, s, n, x, m, scale)
        x = np.ascontiguousarray(x)
        return part(z @ x @ np.ascontiguousarray(np.conj(w.T)) * (real(1.0) / scale[0]))

    return solve

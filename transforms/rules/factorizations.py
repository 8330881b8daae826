"""Rules of Cholesky, LU and the eigenvalues of any matrix: of factors that belong to the matrix uniquely."""

from __future__ import annotations

from collections.abc import Sequence

from srcad.ir import Atom, Builder, Op
from srcad.transforms.rules.decompositions import Eigh
from srcad.transforms.rules.structural import (
    array_type,
    cases,
    conj,
    half,
    newaxis,
    outer,
    product,
    refuse_if,
    several,
    structural,
    summed,
    total,
    transposed,
)


def solve_triangular(b: Builder, a: Atom, right: Atom, lower: bool, trans: int = 0, unit: bool = False) -> Atom:
    return b.op("solve_triangular", a, right, lower=lower, trans=trans, unit=unit)


def _adjoint(b: Builder, a: Atom) -> Atom:
    return conj(b, transposed(b, a))


def _upper(b: Builder, a: Atom) -> Atom:
    return b.op("sub", a, b.op("tril", a, k=-1))


@structural("cholesky", at=cases("pp"))
class Cholesky:
    """A = L L^H (Murray 2016, "Differentiation of the Cholesky decomposition"): with Phi(X) the lower triangle of X and half its
    diagonal, L_dot = L Phi(L^-1 A_dot L^-H) and A_bar = L^-T Phi(L^T L_bar) conj(L)^-1, folded onto the lower triangle, which is
    all that LAPACK reads."""

    @staticmethod
    def _phi(b: Builder, a: Atom) -> Atom:
        return half(b, b.op("add", b.op("tril", a, k=0), b.op("tril", a, k=-1)))

    @staticmethod
    def pushforward(b: Builder, op: Op, dots: Sequence[Atom | None]) -> Atom | None:
        assert dots[0] is not None
        factor = op.result
        left = solve_triangular(b, factor, Eigh.hermitian(b, dots[0]), True)
        both = solve_triangular(b, factor, _adjoint(b, left), True)
        return product(b, factor, Cholesky._phi(b, both))

    @staticmethod
    def pullback(b: Builder, op: Op, y_bar: Atom, wanted: Sequence[bool]) -> list[Atom | None]:
        factor = op.result
        left = solve_triangular(b, factor, Cholesky._phi(b, product(b, transposed(b, factor), y_bar)), True, 1)
        both = solve_triangular(b, factor, _adjoint(b, left), True, 1)
        return [Eigh.folded(b, both)]


@structural(
    "solve_triangular",
    at=(*cases("ss s", "ss sk", lower=True, trans=0, unit=False), *cases("ss sk", lower=False, trans=1, unit=True)),
)
class SolveTriangular:
    """x = A^-1 b: x_dot = A^-1 (b_dot - A_dot x); b_bar = A^-T x_bar, A_bar = -b_bar x^T, of the triangle that is read. With
    trans=1 A is transposed throughout."""

    @staticmethod
    def _triangle(b: Builder, op: Op, a: Atom) -> Atom:
        if op.attr("lower"):
            return b.op("tril", a, k=-1 if op.attr("unit") else 0)
        return b.op("sub", a, b.op("tril", a, k=0 if op.attr("unit") else -1))

    @staticmethod
    def _solve(b: Builder, op: Op, right: Atom, trans: int) -> Atom:
        return solve_triangular(b, op.args[0], right, op.attr("lower"), trans, op.attr("unit"))

    @staticmethod
    def pushforward(b: Builder, op: Op, dots: Sequence[Atom | None]) -> Atom | None:
        matrix_dot, known = dots
        if matrix_dot is not None:
            triangle = SolveTriangular._triangle(b, op, matrix_dot)
            moved = product(b, transposed(b, triangle) if op.attr("trans") else triangle, op.result)
            known = b.op("neg", moved) if known is None else b.op("sub", known, moved)
        assert known is not None
        return SolveTriangular._solve(b, op, known, op.attr("trans"))

    @staticmethod
    def pullback(b: Builder, op: Op, y_bar: Atom, wanted: Sequence[bool]) -> list[Atom | None]:
        right_bar = SolveTriangular._solve(b, op, y_bar, 1 - op.attr("trans"))
        if not wanted[0]:
            return [None, right_bar]
        u, v = (op.result, right_bar) if op.attr("trans") else (right_bar, op.result)
        pairs = outer(b, u, v) if array_type(u).ndim == 1 else product(b, u, transposed(b, v))
        matrix_bar = b.op("neg", SolveTriangular._triangle(b, op, pairs))
        return [matrix_bar, right_bar if wanted[1] else None]


@several("lu", at=cases("ss"))
class Lu:
    """P A = L U in one array, of a square matrix (de Hoog, Anderssen & Lukas 2011, "Differentiation of matrix functionals using
    triangular factorization"): with X = L^-1 P A_dot U^-1, L_dot = L X below the diagonal of X, and U_dot = X U of the rest. The
    rows that are swapped are constant."""

    SHAPE = "the derivative of an LU decomposition needs a square matrix"

    @staticmethod
    def _check(b: Builder, op: Op) -> None:
        rows, columns = (b.op("dim", op.args[0], axis=axis) for axis in (0, 1))
        refuse_if(b, op, b.op("ne", rows, columns), Lu.SHAPE)

    @staticmethod
    def pushforward(b: Builder, op: Op, dots: Sequence[Atom | None]) -> list[Atom | None]:
        factors, swaps = op.results
        assert dots[0] is not None
        Lu._check(b, op)
        left = solve_triangular(b, factors, b.op("swap_rows", dots[0], swaps, back=False), True, unit=True)
        x = transposed(b, solve_triangular(b, factors, transposed(b, left), False, 1))
        below = b.op("tril", x, k=-1)
        lower_dot = b.op("add", product(b, b.op("tril", factors, k=-1), below), below)
        upper_dot = product(b, b.op("sub", x, below), _upper(b, factors))
        return [b.op("add", lower_dot, upper_dot), None]

    @staticmethod
    def pullback(b: Builder, op: Op, y_bars: Sequence[Atom | None], wanted: Sequence[bool]) -> list[Atom | None]:
        (factors, swaps), bar = op.results, y_bars[0]
        assert bar is not None
        Lu._check(b, op)
        below = b.op("tril", bar, k=-1)
        of_lower = b.op("add", product(b, transposed(b, b.op("tril", factors, k=-1)), below), below)
        of_upper = product(b, b.op("sub", bar, below), transposed(b, _upper(b, factors)))
        both = b.op("add", b.op("tril", of_lower, k=-1), _upper(b, of_upper))
        right = transposed(b, solve_triangular(b, factors, transposed(b, both), False))
        a_bar = solve_triangular(b, factors, right, True, 1, unit=True)
        return [b.op("swap_rows", a_bar, swaps, back=True)]


@structural("swap_rows", at=cases("sk swaps", "s swaps", back=False))
class SwapRows:
    """Linear in the rows."""

    @staticmethod
    def pushforward(b: Builder, op: Op, dots: Sequence[Atom | None]) -> Atom | None:
        return None if dots[0] is None else b.op("swap_rows", dots[0], op.args[1], back=op.attr("back"))

    @staticmethod
    def pullback(b: Builder, op: Op, y_bar: Atom, wanted: Sequence[bool]) -> list[Atom | None]:
        return [b.op("swap_rows", y_bar, op.args[1], back=not op.attr("back")) if wanted[0] else None, None]


@several("eig", at=cases("ss"))
class Eig:
    """A V = V diag(w) (Giles 2008, section 3.1): with F = 1 / (w[j] - w[i]) off the diagonal, P = V^-1 A_dot V, w_dot = diag(P)
    and V_dot = V (F * P); A_bar = V^-T (diag(w_bar) + F * (V^T V_bar)) V^T. No eigenvector moves along itself: what length and
    phase it has is for who calls this to say."""

    @staticmethod
    def pushforward(b: Builder, op: Op, dots: Sequence[Atom | None]) -> list[Atom | None]:
        w, v = op.results
        assert dots[0] is not None
        a_dot = dots[0] if array_type(dots[0]) == array_type(v) else b.op("cast", dots[0], dtype=array_type(v).dtype)
        p = b.op("solve", v, product(b, a_dot, v))
        return [_diagonal(b, p), product(b, v, b.op("mul", b.op("inverse_gaps", w), p))]

    @staticmethod
    def pullback(b: Builder, op: Op, y_bars: Sequence[Atom | None], wanted: Sequence[bool]) -> list[Atom | None]:
        (w, v), (w_bar, v_bar) = op.results, y_bars
        turned = transposed(b, v)
        inner = [
            None if w_bar is None else b.op("mul", newaxis(b, w_bar, (1,)), turned),
            None
            if v_bar is None
            else product(b, b.op("mul", b.op("inverse_gaps", w), product(b, turned, v_bar)), turned),
        ]
        both = total(b, inner)
        assert both is not None
        return [b.op("solve", turned, both)]


def _diagonal(b: Builder, a: Atom) -> Atom:
    """The diagonal, as the sums of the columns of what is there only."""
    return summed(b, b.op("sub", b.op("tril", a, k=0), b.op("tril", a, k=-1)), 0)

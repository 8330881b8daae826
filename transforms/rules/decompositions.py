"""Rules of eigh, svd, qr and pinv, and of what these rules are made of.

A decomposition has several results, so that its rules take and give a derivative for each of them. Eigenvectors and singular
vectors have no derivative where two eigenvalues (singular values) are equal, to rounding. It comes out as NaN there: which
number a function of them wants cannot be known (for V f(w) V^T, the derivative of f), and zero would be a wrong one. The
derivative of what depends on the values alone never divides by their differences.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from srcad.ir import Atom, Builder, Op, const
from srcad.transforms.rules.structural import (
    OMITTED,
    array_type,
    cases,
    conj,
    half,
    minus_transpose,
    newaxis,
    plus_adjoint,
    product,
    refuse_if,
    several,
    structural,
    summed,
    total,
    transposed,
)


@several("eigh", at=cases("ss"))
class Eigh:
    """A V = V diag(w) (Giles 2008, section 3.1), of the lower triangle of A, which is all that LAPACK reads: with F = 1 /
    (w[j] - w[i]) off the diagonal and P = V^H A_dot V, w_dot = diag(P) and V_dot = V (F * P); A_bar = conj(V) (diag(w_bar) +
    F * (V^T V_bar)) V^T. A_dot is first made Hermitian of its lower triangle, and A_bar is folded onto it in return, so that a
    program that fills one triangle has the right derivative. Of a symmetric A_dot, or of an A that is computed symmetric, nothing
    is changed.
    """

    @staticmethod
    def hermitian(b: Builder, a: Atom) -> Atom:
        return half(b, plus_adjoint(b, Eigh._below_twice(b, a)))

    @staticmethod
    def folded(b: Builder, a: Atom) -> Atom:
        """The adjoint of that."""
        return Eigh._below_twice(b, half(b, plus_adjoint(b, a)))

    @staticmethod
    def _below_twice(b: Builder, a: Atom) -> Atom:
        """The lower triangle, with what is below the diagonal twice."""
        return b.op("add", b.op("tril", a, k=0), b.op("tril", a, k=-1))

    @staticmethod
    def pushforward(b: Builder, op: Op, dots: Sequence[Atom | None]) -> list[Atom | None]:
        w, v = op.results
        assert dots[0] is not None
        moved = product(b, Eigh.hermitian(b, dots[0]), v)
        adjoint = conj(b, transposed(b, v))
        w_dot = summed(b, b.op("mul", conj(b, v), moved), 0)
        v_dot = product(b, v, b.op("mul", b.op("inverse_gaps", w), product(b, adjoint, moved)))
        return [w_dot, v_dot]

    @staticmethod
    def pullback(b: Builder, op: Op, y_bars: Sequence[Atom | None], wanted: Sequence[bool]) -> list[Atom | None]:
        (w, v), (w_bar, v_bar) = op.results, y_bars
        turned = transposed(b, v)
        inner = None if w_bar is None else b.op("mul", newaxis(b, w_bar, (1,)), turned)
        if v_bar is None:
            assert inner is not None
            return [Eigh.folded(b, product(b, conj(b, v), inner))]
        mixed = product(b, b.op("mul", b.op("inverse_gaps", w), product(b, turned, v_bar)), turned)
        both = total(b, [inner, mixed])
        assert both is not None
        return [Eigh.folded(b, product(b, conj(b, v), both))]


@structural("inverse_gaps", at=cases("w"))
class InverseGaps:
    """F[i, j] = 1 / (w[j] - w[i]) off the diagonal: F_dot[i, j] = -F[i, j]**2 (w_dot[j] - w_dot[i])."""

    @staticmethod
    def pushforward(b: Builder, op: Op, dots: Sequence[Atom | None]) -> Atom | None:
        w_dot = dots[0]
        assert w_dot is not None
        gaps = b.op("sub", newaxis(b, w_dot, (0,)), newaxis(b, w_dot, (1,)))
        return b.op("neg", b.op("mul", b.op("mul", op.result, op.result), gaps))

    @staticmethod
    def pullback(b: Builder, op: Op, y_bar: Atom, wanted: Sequence[bool]) -> list[Atom | None]:
        each = b.op("mul", b.op("mul", op.result, op.result), y_bar)
        return [b.op("sub", summed(b, each, 1), summed(b, each, 0)) if wanted[0] else None]


@structural("tril", at=cases("mn", k=-1))
class Tril:
    @staticmethod
    def pushforward(b: Builder, op: Op, dots: Sequence[Atom | None]) -> Atom | None:
        assert dots[0] is not None
        return b.op("tril", dots[0], k=op.attr("k"))

    @staticmethod
    def pullback(b: Builder, op: Op, y_bar: Atom, wanted: Sequence[bool]) -> list[Atom | None]:
        return [b.op("tril", y_bar, k=op.attr("k")) if wanted[0] else None]


@several("qr", at=cases("mn"))
class Qr:
    """A = Q R with as many rows as columns or more (Walter & Lehmann 2012; Seeger et al. 2017, "Auto-differentiating linear
    algebra"): with X = A_dot R^-1, W = Q^T X and the antisymmetric D that agrees with W below the diagonal, Q_dot = X + Q (D - W)
    and R_dot = (W - D) R. Its adjoint takes for W_bar the symmetric matrix whose upper triangle is that of
    R_bar R^T - Q^T Q_bar, and A_bar = (Q_bar + Q W_bar) R^-T."""

    @staticmethod
    def _check(b: Builder, op: Op) -> None:
        rows, columns = (b.op("dim", op.args[0], axis=axis) for axis in (0, 1))
        refuse_if(b, op, b.op("lt", rows, columns), Qr.WIDE)

    WIDE = "the derivative of a QR decomposition needs a matrix with as many rows as columns or more"

    @staticmethod
    def pushforward(b: Builder, op: Op, dots: Sequence[Atom | None]) -> list[Atom | None]:
        q, r = op.results
        assert dots[0] is not None
        Qr._check(b, op)
        x = transposed(b, b.op("solve", transposed(b, r), transposed(b, dots[0])))
        w = product(b, transposed(b, q), x)
        below = b.op("tril", w, k=-1)
        rest = b.op("sub", w, b.op("sub", below, transposed(b, below)))
        return [b.op("sub", x, product(b, q, rest)), product(b, rest, r)]

    @staticmethod
    def pullback(b: Builder, op: Op, y_bars: Sequence[Atom | None], wanted: Sequence[bool]) -> list[Atom | None]:
        (q, r), (q_bar, r_bar) = op.results, y_bars
        Qr._check(b, op)
        m = total(
            b,
            [
                None if r_bar is None else product(b, r_bar, transposed(b, r)),
                None if q_bar is None else b.op("neg", product(b, transposed(b, q), q_bar)),
            ],
        )
        assert m is not None
        w_bar = b.op("sub", m, b.op("tril", b.op("sub", m, transposed(b, m)), k=-1))
        x_bar = total(b, [q_bar, product(b, q, w_bar)])
        assert x_bar is not None
        return [transposed(b, b.op("solve", r, transposed(b, x_bar)))]


@several("svd", at=cases("mn", "nm", full=False))
class Svd:
    """A = U diag(s) V^T (Townsend 2016, "Differentiating the singular value decomposition"; Giles 2008, section 3.2): with
    P = U^T A_dot V and F = 1 / (s[j]**2 - s[i]**2) off the diagonal, s_dot = diag(P),
    U_dot = U (F * (P S + S P^T)) + (I - U U^T) A_dot V S^-1, V_dot = V (F * (S P + P^T S)) + (I - V V^T) A_dot^T U S^-1."""

    FULL = "singular vectors without a singular value have no derivative: pass full_matrices=False"

    @staticmethod
    def _inverse_gaps(b: Builder, s: Atom) -> Atom:
        """1 / (s[j]**2 - s[i]**2), of differences that no square has rounded."""
        return b.op("div", b.op("inverse_gaps", s), b.op("add", newaxis(b, s, (0,)), newaxis(b, s, (1,))))

    @staticmethod
    def _thin(b: Builder, op: Op) -> tuple[Atom, Atom, Atom]:
        """U, s and V^T with as many columns and rows as there are singular values."""
        u, s, vt = op.results
        if not op.attr("full"):
            return u, s, vt
        return Svd._first(b, op, u, 1), s, Svd._first(b, op, vt, 0)

    @staticmethod
    def pushforward(b: Builder, op: Op, dots: Sequence[Atom | None]) -> list[Atom | None]:
        a_dot = dots[0]
        assert a_dot is not None
        u, s, vt = Svd._thin(b, op)
        moved, across = product(b, a_dot, transposed(b, vt)), product(b, transposed(b, u), a_dot)
        row, column = newaxis(b, s, (0,)), newaxis(b, s, (1,))
        p = product(b, transposed(b, u), moved)
        f = Svd._inverse_gaps(b, s)
        turn = b.op("mul", f, plus_adjoint(b, b.op("mul", p, row)))
        u_dot = b.op("add", product(b, u, turn), b.op("div", b.op("sub", moved, product(b, u, p)), row))
        turn = b.op("mul", f, plus_adjoint(b, b.op("mul", column, p)))
        vt_dot = b.op("sub", b.op("div", b.op("sub", across, product(b, p, vt)), column), product(b, turn, vt))
        return [Svd._whole(b, op, u_dot, 1), summed(b, b.op("mul", u, moved), 0), Svd._whole(b, op, vt_dot, 0)]

    @staticmethod
    def _whole(b: Builder, op: Op, dot: Atom, axis: int) -> Atom:
        """The dot of all singular vectors, which stand along the axis: NaN for those without a singular value."""
        if not op.attr("full"):
            return dot
        of = op.results[2 - 2 * axis]
        out = b.op("alloc", *[b.op("dim", of, axis=k) for k in (0, 1)], fill="empty", dtype=array_type(of).dtype)
        b.effect("assign", out, const(math.nan))
        b.effect("assign", Svd._first(b, op, out, axis), dot)
        return out

    @staticmethod
    def _first(b: Builder, op: Op, vectors: Atom, axis: int) -> Atom:
        """Those singular vectors that have a singular value."""
        first = (OMITTED, b.op("dim", op.results[1], axis=0), OMITTED)
        return b.op("view", vectors, *[OMITTED] * (3 * axis), *first, spec="s" * (axis + 1))

    @staticmethod
    def _thin_bar(b: Builder, op: Op, bar: Atom | None, axis: int) -> Atom | None:
        """The adjoint of the singular vectors that have a singular value. The others must have none."""
        if bar is None or not op.attr("full"):
            return bar
        rest = (b.op("dim", op.results[1], axis=0), OMITTED, OMITTED)
        others = b.op("view", bar, *[OMITTED] * (3 * axis), *rest, spec="s" * (axis + 1))
        size = b.op("sum", b.op("abs", others), axis=None, keepdims=False)
        refuse_if(b, op, b.op("ne", size, const(0.0)), Svd.FULL)
        return Svd._first(b, op, bar, axis)

    @staticmethod
    def pullback(b: Builder, op: Op, y_bars: Sequence[Atom | None], wanted: Sequence[bool]) -> list[Atom | None]:
        u_bar, s_bar, vt_bar = y_bars
        u_bar, vt_bar = Svd._thin_bar(b, op, u_bar, 1), Svd._thin_bar(b, op, vt_bar, 0)
        u, s, vt = Svd._thin(b, op)
        row, column = newaxis(b, s, (0,)), newaxis(b, s, (1,))
        f = None if u_bar is None and vt_bar is None else Svd._inverse_gaps(b, s)
        p_bars: list[Atom | None] = []
        inner: list[Atom | None] = []
        outer: Atom | None = None
        if u_bar is not None:
            assert f is not None
            x, outside = product(b, transposed(b, u), u_bar), b.op("div", u_bar, row)
            p_bars.append(b.op("mul", b.op("mul", f, minus_transpose(b, x)), row))
            p_bars.append(b.op("neg", product(b, transposed(b, u), outside)))
            outer = product(b, outside, vt)
        if vt_bar is not None:
            assert f is not None
            z, outside = product(b, vt_bar, transposed(b, vt)), b.op("div", vt_bar, column)
            p_bars.append(b.op("neg", b.op("mul", column, b.op("mul", f, minus_transpose(b, z)))))
            p_bars.append(b.op("neg", product(b, outside, transposed(b, vt))))
            inner.append(outside)
        p_bar = total(b, p_bars)
        inner.append(None if p_bar is None else product(b, p_bar, vt))
        inner.append(None if s_bar is None else b.op("mul", newaxis(b, s_bar, (1,)), vt))
        within = total(b, inner)
        assert within is not None
        return [total(b, [product(b, u, within), outer])]


@structural("pinv", at=cases("mn"))
class Pinv:
    """P = A^+ of constant rank (Golub & Pereyra 1973, theorem 4.3):
    P_dot = -P A_dot P + P P^T A_dot^T (I - A P) + (I - P A) A_dot^T P^T P."""

    @staticmethod
    def pushforward(b: Builder, op: Op, dots: Sequence[Atom | None]) -> Atom | None:
        a, p, a_dot = op.args[0], op.result, dots[0]
        if a_dot is None:
            return None
        turned, moved = transposed(b, p), transposed(b, a_dot)
        left, right = product(b, product(b, p, turned), moved), product(b, moved, product(b, turned, p))
        return total(
            b,
            [
                b.op("sub", left, product(b, product(b, left, a), p)),
                b.op("sub", right, product(b, p, product(b, a, right))),
                b.op("neg", product(b, product(b, p, a_dot), p)),
            ],
        )

    @staticmethod
    def pullback(b: Builder, op: Op, y_bar: Atom, wanted: Sequence[bool]) -> list[Atom | None]:
        others: list[Atom | None] = [None] * (len(op.args) - 1)
        if not wanted[0]:
            return [None, *others]
        a, p = op.args[0], op.result
        turned, moved = transposed(b, p), transposed(b, y_bar)
        left, right = product(b, moved, product(b, p, turned)), product(b, product(b, turned, p), moved)
        a_bar = total(
            b,
            [
                b.op("sub", left, product(b, a, product(b, p, left))),
                b.op("sub", right, product(b, product(b, right, p), a)),
                b.op("neg", product(b, product(b, turned, y_bar), turned)),
            ],
        )
        return [a_bar, *others]

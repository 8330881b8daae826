"""Rules of linear algebra: dot, solve, inv, det and its cofactors (Giles 2008)."""

from __future__ import annotations

from collections.abc import Sequence

from srcad.ir import Atom, Builder, Op, Scalar, const
from srcad.transforms.rules.structural import array_type, cases, outer, structural, total, transposed


def _like(b: Builder, value: Atom, other: Atom) -> Atom:
    """The value in the other's dtype: BLAS takes one dtype at a time."""
    assert not isinstance(other.type, Scalar) or isinstance(value.type, Scalar)
    dtype = other.type.dtype  # type: ignore[union-attr]
    return value if value.type.dtype == dtype else b.op("cast", value, dtype=dtype)  # type: ignore[union-attr]


def _dot(b: Builder, left: Atom, right: Atom) -> Atom:
    return b.op("dot", left, right)


@structural("dot", at=cases("n n", "mn n", "m mn", "mn nk"))
class Dot:
    @staticmethod
    def pushforward(b: Builder, op: Op, dots: Sequence[Atom | None]) -> Atom | None:
        (left, right), (left_dot, right_dot) = op.args, dots
        return total(
            b,
            [
                None if left_dot is None else _dot(b, left_dot, right),
                None if right_dot is None else _dot(b, left, right_dot),
            ],
        )

    @staticmethod
    def pullback(b: Builder, op: Op, y_bar: Atom, wanted: Sequence[bool]) -> list[Atom | None]:
        left, right = op.args
        left_bar: Atom | None = None
        right_bar: Atom | None = None
        match array_type(left).ndim, array_type(right).ndim:
            case 1, 1 if left is right:  # |x|^2
                left_bar = b.op("mul", b.op("mul", const(2), y_bar), left)
            case 1, 1:
                left_bar = b.op("mul", y_bar, right) if wanted[0] else None
                right_bar = b.op("mul", y_bar, left) if wanted[1] else None
            case 2, 1:
                left_bar = outer(b, y_bar, right) if wanted[0] else None
                right_bar = _dot(b, transposed(b, left), y_bar) if wanted[1] else None
            case 1, 2:
                left_bar = _dot(b, right, y_bar) if wanted[0] else None
                right_bar = outer(b, left, y_bar) if wanted[1] else None
            case 2, 2:
                left_bar = _dot(b, y_bar, transposed(b, right)) if wanted[0] else None
                right_bar = _dot(b, transposed(b, left), y_bar) if wanted[1] else None
            case ranks:
                raise AssertionError(f"dot of {ranks}")
        return [left_bar, right_bar]


def _product(b: Builder, u: Atom, v: Atom) -> Atom:
    """u v^T, for vectors and for matrices of columns."""
    return outer(b, u, v) if array_type(u).ndim == 1 else _dot(b, u, transposed(b, v))


@structural("solve", at=cases("ss s", "ss sk"))
class Solve:
    """x = A^-1 b: x_dot = A^-1 (b_dot - A_dot x); b_bar = A^-T x_bar, A_bar = -b_bar x^T."""

    @staticmethod
    def _again(b: Builder, op: Op, right: Atom, adjoint: bool) -> Atom:
        return b.op("solve", transposed(b, op.args[0]) if adjoint else op.args[0], right)

    @classmethod
    def pushforward(cls, b: Builder, op: Op, dots: Sequence[Atom | None]) -> Atom | None:
        matrix_dot, right_dot = dots[0], dots[-1]
        known: Atom | None = right_dot
        if matrix_dot is not None:
            turned = transposed(b, matrix_dot) if op.attr("trans") else matrix_dot
            moved = _dot(b, turned, op.result)
            known = b.op("neg", moved) if known is None else b.op("sub", known, moved)
        assert known is not None
        return cls._again(b, op, known, adjoint=False)

    @classmethod
    def pullback(cls, b: Builder, op: Op, y_bar: Atom, wanted: Sequence[bool]) -> list[Atom | None]:
        right_bar = cls._again(b, op, y_bar, adjoint=True)
        u, v = (op.result, right_bar) if op.attr("trans") else (right_bar, op.result)
        matrix_bar = b.op("neg", _product(b, u, v)) if wanted[0] else None
        between: list[Atom | None] = [None] * (len(op.args) - 2)
        return [matrix_bar, *between, right_bar if wanted[-1] else None]


@structural("lu_solve", at=(*cases("ss factors s", trans=0), *cases("ss factors sk", trans=1)))
class LuSolve(Solve):
    """The same with the factors of A, which solve for its transpose as well; their own derivatives are part of that for A."""

    @staticmethod
    def _again(b: Builder, op: Op, right: Atom, adjoint: bool) -> Atom:
        a, lu, swaps, _ = op.args
        return b.op("lu_solve", a, lu, swaps, right, trans=op.attr("trans") ^ adjoint)


@structural("inv", at=cases("ss"))
class Inv:
    """Y = A^-1: Y_dot = -Y A_dot Y; A_bar = -Y^T Y_bar Y^T."""

    @staticmethod
    def pushforward(b: Builder, op: Op, dots: Sequence[Atom | None]) -> Atom | None:
        assert dots[0] is not None
        return b.op("neg", _dot(b, _dot(b, op.result, dots[0]), op.result))

    @staticmethod
    def pullback(b: Builder, op: Op, y_bar: Atom, wanted: Sequence[bool]) -> list[Atom | None]:
        if not wanted[0]:
            return [None]
        turned = transposed(b, op.result)
        return [b.op("neg", _dot(b, _dot(b, turned, y_bar), turned))]


@structural("det", at=cases("ss"))
class Det:
    """d = det A: d_dot = sum(C * A_dot) and A_bar = d_bar C, where C = d A^-T are the cofactors of A, singular or not."""

    @staticmethod
    def pushforward(b: Builder, op: Op, dots: Sequence[Atom | None]) -> Atom | None:
        assert dots[0] is not None
        return _inner(b, b.op("cofactors", op.args[0], op.result), dots[0])

    @staticmethod
    def pullback(b: Builder, op: Op, y_bar: Atom, wanted: Sequence[bool]) -> list[Atom | None]:
        if not wanted[0]:
            return [None]
        return [b.op("mul", y_bar, b.op("cofactors", op.args[0], op.result))]


def _inner(b: Builder, u: Atom, v: Atom) -> Atom:
    return b.op("sum", b.op("mul", u, v), axis=None, keepdims=False)


@structural("cofactors", at=cases("ss det"))
class Cofactors:
    """C(A), the gradient of det. Its derivative is symmetric, so both modes are C's derivative along what comes. The second
    argument, det A, follows from the first, so that it has no derivative of its own."""

    @staticmethod
    def pushforward(b: Builder, op: Op, dots: Sequence[Atom | None]) -> Atom | None:
        return None if dots[0] is None else b.op("cofactors_along", *op.args, dots[0])

    @staticmethod
    def pullback(b: Builder, op: Op, y_bar: Atom, wanted: Sequence[bool]) -> list[Atom | None]:
        return [b.op("cofactors_along", *op.args, y_bar) if wanted[0] else None, None]


@structural("cofactors_along", at=cases("ss det ss"))
class CofactorsAlong:
    """H(A, V) = (sum(C * V) C - C V^T C) / d, the second derivative of det; linear in V. Its derivative in A along W comes from
    that formula, with C_dot = H(A, W) and d_dot = sum(C * W), and is symmetric, too; NaN where A is singular."""

    @staticmethod
    def pushforward(b: Builder, op: Op, dots: Sequence[Atom | None]) -> Atom | None:
        matrix_dot, _, along_dot = dots
        a, d, _ = op.args
        return total(
            b,
            [
                None if matrix_dot is None else CofactorsAlong._change(b, op, matrix_dot),
                None if along_dot is None else b.op("cofactors_along", a, d, along_dot),
            ],
        )

    @staticmethod
    def pullback(b: Builder, op: Op, y_bar: Atom, wanted: Sequence[bool]) -> list[Atom | None]:
        a, d, _ = op.args
        matrix_bar = CofactorsAlong._change(b, op, y_bar) if wanted[0] else None
        return [matrix_bar, None, b.op("cofactors_along", a, d, y_bar) if wanted[2] else None]

    @staticmethod
    def _change(b: Builder, op: Op, w: Atom) -> Atom:
        a, d, v = op.args
        c = b.op("cofactors", a, d)
        c_dot = b.op("cofactors_along", a, d, w)
        turned = transposed(b, v)
        terms = [
            b.op("mul", _inner(b, c_dot, v), c),
            b.op("mul", _inner(b, c, v), c_dot),
            b.op("neg", _dot(b, _dot(b, c_dot, turned), c)),
            b.op("neg", _dot(b, _dot(b, c, turned), c_dot)),
            b.op("neg", b.op("mul", _inner(b, c, w), op.result)),
        ]
        change = total(b, terms)
        assert change is not None
        return b.op("div", change, d)

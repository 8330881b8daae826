"""Rules of functions of matrices that power series define, and of the Sylvester equation."""

from __future__ import annotations

from collections.abc import Sequence

from srcad.ir import Atom, Builder, Op, const
from srcad.transforms.rules.structural import OMITTED, array_type, cases, product, structural, total, transposed


@structural("expm", "sqrtm", "logm", at=cases("pp"))
class MatrixFunction:
    """y = f(A): y_dot = L(A, A_dot), the Fréchet derivative, and A_bar = L(A^T, y_bar). It is a block of the same function of a
    matrix twice as large (Al-Mohy & Higham 2009, "Computing the Fréchet derivative of the matrix exponential", theorem 2.1;
    Mathias 1996 for other functions): f([[A, E], [0, A]]) = [[f(A), L(A, E)], [0, f(A)]]. So derivatives of any order follow, and
    are as exact as the function itself.
    """

    @staticmethod
    def _along(b: Builder, op: Op, a: Atom, e: Atom) -> Atom:
        n = b.op("dim", a, axis=0)
        double = b.op("mul", n, const(2))
        whole = b.op("alloc", double, double, fill="zeros", dtype=array_type(a).dtype)
        first, second = (OMITTED, n, OMITTED), (n, OMITTED, OMITTED)
        for rows, columns, block in ((first, first, a), (first, second, e), (second, second, a)):
            b.effect("assign", b.op("view", whole, *rows, *columns, spec="ss"), block)
        return b.op("copy", b.op("view", b.op(op.name, whole), *first, *second, spec="ss"))

    @staticmethod
    def pushforward(b: Builder, op: Op, dots: Sequence[Atom | None]) -> Atom | None:
        assert dots[0] is not None
        return MatrixFunction._along(b, op, op.args[0], dots[0])

    @staticmethod
    def pullback(b: Builder, op: Op, y_bar: Atom, wanted: Sequence[bool]) -> list[Atom | None]:
        return [MatrixFunction._along(b, op, transposed(b, op.args[0]), y_bar)]


@structural("sylvester", at=cases("pp ss ss"))
class Sylvester:
    """A x + x B = q: A x_dot + x_dot B = q_dot - A_dot x - x B_dot; A^T q_bar + q_bar B^T = x_bar, A_bar = -q_bar x^T and
    B_bar = -x^T q_bar."""

    @staticmethod
    def pushforward(b: Builder, op: Op, dots: Sequence[Atom | None]) -> Atom | None:
        (a, c, _), (a_dot, c_dot, q_dot), x = op.args, dots, op.result
        terms = [
            q_dot,
            None if a_dot is None else b.op("neg", product(b, a_dot, x)),
            None if c_dot is None else b.op("neg", product(b, x, c_dot)),
        ]
        known = total(b, terms)
        assert known is not None
        return b.op("sylvester", a, c, known)

    @staticmethod
    def pullback(b: Builder, op: Op, y_bar: Atom, wanted: Sequence[bool]) -> list[Atom | None]:
        a, c, _ = op.args
        turned = transposed(b, op.result)
        q_bar = b.op("sylvester", transposed(b, a), transposed(b, c), y_bar)
        return [
            b.op("neg", product(b, q_bar, turned)) if wanted[0] else None,
            b.op("neg", product(b, turned, q_bar)) if wanted[1] else None,
            q_bar if wanted[2] else None,
        ]

"""Symbolic sizes.

An int is an `Affine` sum of unknowns: Vars, sizes of arrays that come from outside, and ops on ints that are not linear.
The `Size` of an axis is what several affine sizes broadcast to; broadcasting joins them, so that two sizes are equal where the
same arrays met, in whatever order, and the size of an axis that is statically 1 is the empty join. An affine size that comes
out negative means an empty axis, as a slice's does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from srcad.ir import Var


@dataclass(frozen=True)
class Dim:
    """The size of an axis of an array about which nothing else is known."""

    array: Var
    axis: int


@dataclass(frozen=True)
class Term:
    """An int that is not linear in others: `max0(e)`, `join(n, m)`, the size `cut(n, start, stop)` of a slice, or an op of
    `srcad.ops`."""

    name: str
    args: tuple[Affine, ...]


Unknown = Var | Dim | Term


@dataclass(frozen=True, eq=False)
class Affine:
    """`constant + sum(coefficient * unknown)`. The order of the terms is only there to be repeatable."""

    constant: int
    terms: tuple[tuple[Unknown, int], ...] = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Affine) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    @property
    def _key(self) -> tuple[int, frozenset[tuple[Unknown, int]]]:
        return self.constant, frozenset(self.terms)

    def plus(self, other: Affine, factor: int = 1) -> Affine:
        terms = dict(self.terms)
        for unknown, coefficient in other.terms:
            terms[unknown] = terms.get(unknown, 0) + factor * coefficient
        return Affine(self.constant + factor * other.constant, tuple((u, c) for u, c in terms.items() if c))

    def times(self, factor: int) -> Affine:
        return Affine(0).plus(self, factor)

    @property
    def lone(self) -> Unknown | None:
        """The unknown that this is, if it is nothing else."""
        return self.terms[0][0] if self.constant == 0 and len(self.terms) == 1 and self.terms[0][1] == 1 else None

    @property
    def nonnegative(self) -> bool:
        """Whether this is surely never negative (an unknown Var may be)."""
        return self.constant >= 0 and all(
            c > 0 and (isinstance(u, Dim) or (isinstance(u, Term) and u.name in ("max0", "join", "cut")))
            for u, c in self.terms
        )


def unknown(u: Unknown) -> Affine:
    return Affine(0, ((u, 1),))


def max0(e: Affine) -> Affine:
    return e if e.nonnegative else Affine(max(e.constant, 0)) if not e.terms else unknown(Term("max0", (e,)))


@dataclass(frozen=True, eq=False)
class Size:
    """What the sizes in `parts` broadcast to; none of them is statically 1."""

    parts: tuple[Affine, ...] = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Size) and frozenset(self.parts) == frozenset(other.parts)

    def __hash__(self) -> int:
        return hash(frozenset(self.parts))

    @staticmethod
    def of(e: Affine) -> Size:
        """The size of an axis made with this many elements."""
        match e.lone:
            case Term(name="max0", args=(inner,)):
                return Size.of(inner)
            case Term(name="join", args=parts):
                return Size(parts)
        if not e.terms:
            e = Affine(max(e.constant, 0))
        return ONE if e == Affine(1) else Size((e,))

    def join(self, other: Size) -> Size:
        return Size(tuple(dict.fromkeys((*self.parts, *other.parts))))

    @property
    def affine(self) -> Affine:
        """The same, up to the meaning of a negative size."""
        if not self.parts:
            return Affine(1)
        return self.parts[0] if len(self.parts) == 1 else unknown(Term("join", self.parts))


ONE = Size()
Sizes = tuple[Size, ...]


def join(shapes: Iterable[Sizes]) -> Sizes:
    """The shape that arrays of these shapes broadcast to."""
    result: Sizes = ()
    for shape in shapes:
        n = max(len(result), len(shape))
        left, right = (ONE,) * (n - len(result)) + result, (ONE,) * (n - len(shape)) + shape
        result = tuple(a.join(b) for a, b in zip(left, right, strict=True))
    return result

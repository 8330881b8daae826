"""Rules of the reductions: sum, mean, max, min, prod.

The result's adjoint is spread over the axes that were summed away by broadcasting, never by filling an array.
"""

from __future__ import annotations

from collections.abc import Sequence

from srcad.ir import Array, Atom, Builder, Op, const
from srcad.transforms.rules.structural import array_type, cases, newaxis, structural

CASES = (
    *cases("n", "mn", "mnk", axis=None, keepdims=False),
    *cases("mn", "mnk", axis=(1,), keepdims=False),
    *cases("mnk", axis=(0, 2), keepdims=True),
)


def _axes(op: Op) -> tuple[int, ...]:
    axis = op.attr("axis")
    return tuple(range(array_type(op.args[0]).ndim)) if axis is None else tuple(axis)


def _spread(b: Builder, op: Op, value: Atom) -> Atom:
    """A value shaped as the result, so that it broadcasts against the argument."""
    if op.attr("keepdims") or not isinstance(value.type, Array):
        return value
    return newaxis(b, value, _axes(op))


def _count(b: Builder, op: Op) -> Atom:
    """How many elements go into one of the result, in the result's dtype."""
    sizes = [b.op("dim", op.args[0], axis=axis) for axis in _axes(op)]
    count: Atom = const(1)
    for position, size in enumerate(sizes):
        count = b.op("mul", count, size) if position else size
    return b.op("cast", count, dtype=_dtype(op))


def _dtype(op: Op) -> str:
    type = op.result.type
    return type.dtype  # type: ignore[union-attr]


def _same(b: Builder, op: Op, a: Atom) -> Atom:
    """The same reduction of another array."""
    return b.op("sum", a, axis=op.attr("axis"), keepdims=bool(op.attr("keepdims")))


@structural("sum", at=CASES)
class Sum:
    @staticmethod
    def pushforward(b: Builder, op: Op, dots: Sequence[Atom | None]) -> Atom | None:
        assert dots[0] is not None
        return _same(b, op, dots[0])

    @staticmethod
    def pullback(b: Builder, op: Op, y_bar: Atom, wanted: Sequence[bool]) -> list[Atom | None]:
        return [_spread(b, op, y_bar) if wanted[0] else None]


@structural("mean", at=CASES)
class Mean:
    @staticmethod
    def pushforward(b: Builder, op: Op, dots: Sequence[Atom | None]) -> Atom | None:
        assert dots[0] is not None
        return b.op("mean", dots[0], axis=op.attr("axis"), keepdims=bool(op.attr("keepdims")))

    @staticmethod
    def pullback(b: Builder, op: Op, y_bar: Atom, wanted: Sequence[bool]) -> list[Atom | None]:
        return [_spread(b, op, b.op("div", y_bar, _count(b, op))) if wanted[0] else None]


@structural("max", "min", at=CASES)
class Extremum:
    """Elements that tie for the extremum share its derivative in equal parts, as in JAX."""

    @staticmethod
    def _mask(b: Builder, op: Op) -> tuple[Atom, Atom]:
        """Which elements are the extremum, and how many they are, shaped as the result."""
        mask = b.op("eq", op.args[0], _spread(b, op, op.result))
        return mask, b.op("cast", _same(b, op, mask), dtype=_dtype(op))

    @staticmethod
    def pushforward(b: Builder, op: Op, dots: Sequence[Atom | None]) -> Atom | None:
        assert dots[0] is not None
        mask, count = Extremum._mask(b, op)
        return b.op("div", _same(b, op, b.op("where", mask, dots[0], const(0.0))), count)

    @staticmethod
    def pullback(b: Builder, op: Op, y_bar: Atom, wanted: Sequence[bool]) -> list[Atom | None]:
        if not wanted[0]:
            return [None]
        mask, count = Extremum._mask(b, op)
        return [b.op("where", mask, _spread(b, op, b.op("div", y_bar, count)), const(0.0))]

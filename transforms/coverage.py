"""How much of an array a read covers, through views of it, in the loops around: axis by axis."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from srcad.ir import INT, Atom, Const, For, Op, Operand, Trace, Var, const, walk
from srcad.transforms.shapes import Shapes
from srcad.transforms.symbolic import Affine


@dataclass(frozen=True)
class Cut:
    """The part of an axis from one index up to another one; None is the end of the axis."""

    start: Affine | None
    stop: Affine | None

    def meets(self, other: Cut) -> bool:
        """Whether the two are all there is of the axis. That they meet is assumed where the sizes do not tell."""
        if self.start is None:
            return other.start is not None and other.meets(self)
        if self.stop is not None or other.start is not None or other.stop is None:
            return False
        overlap = other.stop.plus(self.start, -1)
        return bool(overlap.terms) or overlap.constant >= 0


#: All of an axis; what a loop takes of it; a fixed index, or a part of a part.
ALL, SOME, FIXED = "all", "some", "fixed"
Axis = str | Cut
#: In the place of an index, the whole axis; in that of a bound, its end.
ABSENT = Const(None, INT)


class Coverage:
    def __init__(self, trace: Trace, shapes: Shapes) -> None:
        self.shapes = shapes
        self.views = {s.result: s for s in walk(trace.body) if isinstance(s, Op) and s.name in ("view", "transpose")}

    def read(self, array: Operand, index: Sequence[Operand], around: Iterable[For]) -> tuple[Axis, ...]:
        """What of each axis of the array that this is a view of (of a reshaped one, of that) is read by such an index."""
        loops = {loop.index: loop for loop in around}
        axes: list[Axis] = []
        for i, size in zip(index, self.shapes.of(array), strict=True):
            loop = loops.pop(i, None) if isinstance(i, Var) else None
            if i == ABSENT or (i == const(0) and size.affine == Affine(1)):
                axes.append(ALL)
            elif loop is not None:
                axes.append(ALL if self.runs_over(loop, size.affine) else SOME)
            else:
                axes.append(self.fixed(i, size.affine))
        return self.outwards(array, axes, loops)

    def outwards(self, array: Operand, axes: list[Axis], loops: dict[Var, For]) -> tuple[Axis, ...]:
        op = self.views.get(array)  # type: ignore[arg-type]
        if op is None:
            return tuple(axes)
        source, *operands = op.args
        found: list[Axis] = []
        if op.name == "transpose":
            found = [axis for _, axis in sorted(zip(op.attr("axes"), axes, strict=True), key=lambda pair: pair[0])]
            return self.outwards(source, found, loops)
        sizes = self.shapes.of(source)
        rest, bounds = iter(axes), iter(operands)
        for letter in op.attr("spec"):
            if letter == "n":
                next(rest)
            elif letter == "s":
                start, stop, step = next(bounds), next(bounds), next(bounds)
                found.append(self.slice(next(rest), start, stop, step, sizes[len(found)].affine))
            else:
                i = next(bounds)
                loop = loops.pop(i, None) if isinstance(i, Var) else None
                whole = loop is not None and self.runs_over(loop, sizes[len(found)].affine)
                found.append(ALL if whole else self.fixed(i, sizes[len(found)].affine))
        return self.outwards(source, [*found, *rest], loops)

    def fixed(self, i: Operand, size: Affine) -> Axis:
        """A literal index, unless the size is known too: then the others are taken to be read as well."""
        return FIXED if isinstance(i, Const) and size.terms else SOME

    def slice(self, axis: Axis, start: Operand, stop: Operand, step: Operand, size: Affine) -> Axis:
        if start == stop == ABSENT and step in (ABSENT, const(1), const(-1)):
            return axis
        if axis != ALL or step not in (ABSENT, const(1)):
            return FIXED
        return Cut(None if start == const(0) else self.bound(start, size), self.bound(stop, size))

    def bound(self, n: Operand, size: Affine) -> Affine | None:
        value = None if n == ABSENT else self.shapes.value(n)
        return size.plus(value) if value is not None and not value.terms and value.constant < 0 else value

    def runs_over(self, loop: For, size: Affine) -> bool:
        """Whether the index takes each value from 0 to size - 1, in either direction."""
        first, stop = self.value(loop.start), self.value(loop.stop)
        if loop.step == const(1):
            return first == Affine(0) and stop == size
        return loop.step == const(-1) and first == size.plus(Affine(-1)) and stop == Affine(-1)

    def value(self, n: Atom) -> Affine | None:
        return self.shapes.value(n) if n.type == INT and not (isinstance(n, Const) and n.value is None) else None


def is_whole(reads: Iterable[tuple[Axis, ...]]) -> bool:
    """Whether they read all of an array, one of them or two side by side."""
    return any(itertools.starmap(_complete, itertools.product(reads, repeat=2)))


def _complete(one: tuple[Axis, ...], other: tuple[Axis, ...]) -> bool:
    cut = [pair for pair in zip(one, other, strict=False) if pair != (ALL, ALL)]
    if len(cut) != 1:
        return not cut
    a, b = cut[0]
    return isinstance(a, Cut) and isinstance(b, Cut) and a.meets(b)

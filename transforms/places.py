"""Where in memory an elementwise loop reads and writes.

`Places` sees through views: element (i, j) of `x[1:, k].T` is an element of x, and two names for the same elements of the same
array are known to be so. What it cannot see through, such as a slice with computed bounds, stays an array of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from srcad.ir import Array, Atom, Block, Const, For, Op, Trace, Var, While, binds, blocks_of, const
from srcad.ops import VIEWS
from srcad.transforms.alias import Aliases
from srcad.transforms.shapes import Shapes
from srcad.transforms.symbolic import ONE, Sizes


@dataclass(frozen=True)
class Fixed:
    """An index that is the same for all elements."""

    index: Atom


@dataclass(frozen=True)
class Along:
    """The position along an axis, plus an offset. `whole`: it runs over all of the base's axis. `spans`, where it is known at
    run time only, tells whether it runs at all, or one element is repeated."""

    axis: int
    offset: int = 0
    whole: bool = True
    spans: Atom | None = None


@dataclass(frozen=True)
class Place:
    """The elements of an array as elements of `base`; `index` has one entry per axis of base."""

    base: Atom
    index: tuple[Fixed | Along, ...]


class Places:
    def __init__(self, trace: Trace, shapes: Shapes) -> None:
        self._shapes = shapes
        self._aliases = Aliases(trace, read_only=True)
        self._views: dict[Var, Op] = {}
        self._made: set[Var] = set()
        self._order: dict[Var, int] = {}
        for var in trace.inputs:
            self._order[var] = 0
        self._block(trace.body)
        self._given = {self._aliases.find(var) for var in trace.inputs}

    def _block(self, block: Block) -> None:
        for stmt in block.stmts:
            if isinstance(stmt, For | While):
                for var in binds(stmt):
                    self._order[var] = len(self._order)
            for inner in blocks_of(stmt):
                self._block(inner)
            if isinstance(stmt, Op):
                self.op(stmt)
            else:
                for var in stmt.results:
                    self._order[var] = len(self._order)

    def op(self, op: Op) -> None:
        """Take note of an op. One that is added later may only make memory, or a view of what came before."""
        for var in op.results:
            self._order[var] = len(self._order)
            if op.name in VIEWS:
                self._views[var] = op
            elif isinstance(var.type, Array) and op.name not in ("pop", "call", "reduce_like"):
                self._made.add(var)

    def sizes(self, array: Atom) -> Sizes:
        return self._shapes.of(array)

    # --- the same memory -----------------------------------------------------------------------------------------------------

    def root(self, array: Atom) -> Atom:
        """The array of which this is a view."""
        while isinstance(array, Var) and array in self._views:
            array = self._views[array].args[0]
        return array

    def family(self, array: Atom) -> Any:
        """Arrays of different families never share memory. Those that come from the caller may."""
        root = self.root(array)
        if isinstance(root, Const):
            return "caller"
        found = self._aliases.find(root)
        return "caller" if found in self._given else found

    def overlap(self, a: Atom, b: Atom) -> bool:
        """Whether the arrays may share memory. Memory that an op has made is not what was there before."""
        if self.family(a) != self.family(b):
            return False
        a, b = self.root(a), self.root(b)
        if a is b or not (isinstance(a, Var) and isinstance(b, Var)):
            return True
        late = a if self._order[a] > self._order[b] else b
        return late not in self._made

    # --- the same elements ---------------------------------------------------------------------------------------------------

    def place(self, array: Atom) -> Place:
        op = self._views.get(array) if isinstance(array, Var) else None
        seen = None
        if op is not None and op.name == "transpose":
            axes = op.attr("axes")
            seen = self._through(op.args[0], {old: Along(new) for new, old in enumerate(axes)})
        elif op is not None and op.name == "view":
            seen = self._through_view(op)
        if seen is not None:
            return seen
        assert isinstance(array.type, Array)
        return Place(array, tuple(Along(k) for k in range(array.type.ndim)))

    def _through_view(self, op: Op) -> Place | None:
        keep: dict[int, Fixed | Along] = {}
        for new, cut in enumerate(self._shapes.cuts(op)):
            if cut.source is not None:
                if cut.offset is None:
                    return None
                keep[cut.source] = Along(new, cut.offset, cut.whole)
        rest, axis = iter(op.args[1:]), 0
        for letter in op.attr("spec"):
            if letter == "i":
                keep[axis] = Fixed(next(rest))
            elif letter == "s":
                _ = next(rest), next(rest), next(rest)
            axis += letter != "n"
        return self._through(op.args[0], keep)

    def _through(self, base: Atom, keep: dict[int, Fixed | Along]) -> Place | None:
        """The place of a view of `base` which does this to base's axes."""
        below = self.place(base)
        index: list[Fixed | Along] = []
        for entry in below.index:
            if isinstance(entry, Along):
                match keep[entry.axis]:
                    case Along(axis, offset, whole):
                        entry = Along(axis, entry.offset + offset, entry.whole and whole)
                    case Fixed() as fixed if entry.whole:
                        entry = fixed
                    case Fixed(Const(value=int(value))) if value >= 0:
                        entry = Fixed(const(value + entry.offset))
                    case _:
                        return None
            index.append(entry)
        return Place(below.base, tuple(index))

    def within(self, array: Atom, space: Sizes) -> Place | None:
        """The place in terms of the axes of an iteration space to which the array broadcasts; None if it may be
        repeated there."""
        sizes = self._shapes.of(array)
        shift = len(space) - len(sizes)
        if shift < 0 or any(n not in (ONE, whole) for n, whole in zip(sizes, space[shift:], strict=True)):
            return None
        return self.repeated(array, space, {})

    def repeated(self, array: Atom, space: Sizes, spans: Mapping[int, Atom]) -> Place:
        """The place in an iteration space of an array that may be repeated along some axes: `spans` tell whether it is not."""
        sizes = self._shapes.of(array)
        shift = len(space) - len(sizes)
        place = self.place(array)
        index: list[Fixed | Along] = []
        for entry in place.index:
            if isinstance(entry, Along):
                if sizes[entry.axis] == ONE:
                    entry = Fixed(const(entry.offset))
                else:
                    entry = Along(entry.axis + shift, entry.offset, entry.whole, spans.get(entry.axis))
            index.append(entry)
        return Place(place.base, tuple(index))

    def name(self, place: Place) -> tuple[Any, ...]:
        """Equal for places that are the same elements."""
        base: Any = place.base
        index = tuple((e.axis, e.offset, e.spans) if isinstance(e, Along) else e for e in place.index)
        if isinstance(base, Var) and (op := self._views.get(base)) is not None:
            below, sizes = self.name(self.place(op.args[0])), self._shapes.of(op.args[0])
            base = (op.name, below, len(sizes), op.args[1:], op.attrs)  # x and x[:, None] expand to different things
        return base, index

    def same(self, a: Atom, b: Atom, space: Sizes) -> bool:
        """Whether a loop over `space` meets each element of the two arrays in the same iteration, or never in both."""
        one, other = self.within(a, space), self.within(b, space)
        if one is None or other is None:
            return False
        mine, theirs = self.name(one), self.name(other)
        if mine == theirs:
            axes = {e.axis for e in one.index if isinstance(e, Along)}
            return all(n == ONE or k in axes for k, n in enumerate(space))
        return mine[0] == theirs[0] and any(map(_apart, one.index, other.index))


def _apart(a: Fixed | Along, b: Fixed | Along) -> bool:
    match a, b:
        case Fixed(Const(value=int(x))), Fixed(Const(value=int(y))):
            return x != y and x >= 0 and y >= 0
    return False


__all__ = ["Along", "Fixed", "Place", "Places"]

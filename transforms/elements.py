"""One iteration of a loop nest: elements are loaded once, used, and stored where they belong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from srcad.ir import Array, Atom, Builder, Const, Op, Scalar, Var, const
from srcad.transforms.places import Along, Place, Places
from srcad.transforms.symbolic import ONE, Sizes


@dataclass(eq=False)
class Frame:
    """What all iterations share. `live` are the axes that have loops, `starts` where these begin to count, `spans` what arrays
    do along axes where they may be repeated, `read` gives the present name of a scalar."""

    places: Places
    read: Callable[[Atom], Atom]
    live: list[int]
    starts: list[int]
    spans: dict[tuple[Atom, Sizes], dict[int, Atom]]


@dataclass(eq=False)
class Elements:
    """What an iteration has in hand, by the array it is of and by where it is in memory. `counters` are the loops'."""

    frame: Frame
    counters: tuple[Var, ...]
    known: dict[Atom, Atom] = field(default_factory=dict)
    _loaded: dict[Any, tuple[Atom, Atom]] = field(default_factory=dict)
    _stored: dict[Any, Op] = field(default_factory=dict)
    _moved: dict[tuple[Atom, Atom], Atom] = field(default_factory=dict)

    def read(self, b: Builder, a: Atom, space: Sizes) -> Atom:
        """The element of an array that broadcasts to the space, or the scalar."""
        if not isinstance(a.type, Array):
            return self.frame.read(a)
        if a in self.known:
            return self.known[a]
        place = self._place(a, space)
        name = self.frame.places.name(place)
        if name not in self._loaded:
            self._loaded[name] = a, b.op("load", place.base, *self._index(b, place, space), hint=self._hint(place))
        return self._loaded[name][1]

    def write(self, b: Builder, target: Atom, value: Atom, space: Sizes, *, add: bool = False) -> None:
        """`target[...] = value` or `+= value` here. What was stored there in the same iteration is replaced by the sum."""
        place = self._place(target, space)
        name = self.frame.places.name(place)
        stored = self._stored.get(name)
        before = self._loaded[name][1] if name in self._loaded else None
        self._forget(target)
        if stored is not None:
            b.stmts.remove(stored)
        if add and (stored is None or before is None):
            b.effect("update", place.base, *self._index(b, place, space), value)
            return
        if add:
            assert before is not None
            value = b.op("add", before, value, hint=before.hint if isinstance(before, Var) else "")
        store = Op((), "store", (place.base, *self._index(b, place, space), value), span=b.span)
        b.add(store)
        assert isinstance(target.type, Array)
        if value.type == Scalar(target.type.dtype) and not (isinstance(value, Const) and value.weak):
            self._loaded[name] = target, value
            self._stored[name] = store

    def _forget(self, target: Atom) -> None:
        """Elements that a write may change are not in hand any more."""
        overlap = self.frame.places.overlap
        for name in [name for name, (array, _) in self._loaded.items() if overlap(array, target)]:
            del self._loaded[name]
            self._stored.pop(name, None)
        for array in [a for a in self.known if isinstance(a.type, Array) and overlap(a, target)]:
            del self.known[array]

    # --- indices -------------------------------------------------------------------------------------------------------------

    def _place(self, array: Atom, space: Sizes) -> Place:
        return self.frame.places.repeated(array, space, self.frame.spans.get((array, space), {}))

    def _index(self, b: Builder, place: Place, space: Sizes) -> Sequence[Atom]:
        return [
            self.at(b, entry, space) if isinstance(entry, Along) else self.frame.read(entry.index)
            for entry in place.index
        ]

    def at(self, b: Builder, entry: Along, space: Sizes) -> Atom:
        """This iteration's position along an axis."""
        if space[entry.axis] == ONE:
            here = const(entry.offset)  # so it is, if the sizes fit: asked for lest nobody checks
            return here if entry.spans is None else b.op("where", entry.spans, here, const(entry.offset + 1))
        loop = self.frame.live.index(entry.axis)
        if entry.spans is not None:
            return self._shifted(b, self._repeated(b, loop, entry.spans), entry.offset)
        return self._shifted(b, self.counters[loop], entry.offset - self.frame.starts[loop])

    def _repeated(self, b: Builder, loop: int, spans: Atom) -> Atom:
        """The position along an axis whose only element may be repeated. By a choice, of which LLVM makes two loops."""
        key = self.counters[loop], spans
        if key not in self._moved:
            position = self._shifted(b, self.counters[loop], -self.frame.starts[loop])
            self._moved[key] = b.op("where", spans, position, const(0))
        return self._moved[key]

    def _shifted(self, b: Builder, counter: Atom, offset: int) -> Atom:
        if not offset:
            return counter
        key = counter, const(offset)
        if key not in self._moved:
            self._moved[key] = b.op("add" if offset > 0 else "sub", counter, const(abs(offset)))
        return self._moved[key]

    def _hint(self, place: Place) -> str:
        """x_ij for x[i, j]."""
        live = self.frame.live
        entries = [live.index(e.axis) if isinstance(e, Along) and e.axis in live else None for e in place.index]
        base = place.base.hint if isinstance(place.base, Var) else place.base.name
        counted = [(n, e) for n, e in zip(entries, place.index, strict=True) if n is not None and isinstance(e, Along)]
        plain = len(counted) == len(entries) and all(e.offset == self.frame.starts[n] for n, e in counted)
        return f"{base}_{''.join(self.counters[n].hint for n, _ in counted)}" if plain and base and counted else ""

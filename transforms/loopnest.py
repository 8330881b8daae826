"""One loop nest for a group of elementwise ops, assignments and reductions over the same axes.

The nest has one `For` per axis, and the members of the group in its innermost body, in their order. A value that only the group
reads is a scalar there. A reduction over the last axes is a scalar carried around the loops over these; one over other axes is
added into an array of zeros. Members over fewer axes, which work on what such a reduction gives, follow the inner loops.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from srcad.ir import INT, Array, Atom, Block, Builder, Const, For, If, Op, Scalar, Var, const
from srcad.transforms.elements import Elements, Frame
from srcad.transforms.places import Along, Places
from srcad.transforms.scope import Scope
from srcad.transforms.shapes import reduced_axes
from srcad.transforms.symbolic import ONE, Size, Sizes

REDUCTIONS = {"sum": "add", "prod": "mul", "max": "maximum", "min": "minimum"}


@dataclass(eq=False)
class Member:
    """An op on arrays and the axes that it runs over. `values` are what it reads element by element."""

    op: Op
    space: Sizes

    @property
    def target(self) -> Atom | None:
        """The array that is written through a name of its own."""
        return self.op.args[0] if self.op.name in ("assign", "accumulate") else None

    @property
    def values(self) -> tuple[Atom, ...]:
        return self.op.args if self.target is None else self.op.args[1:]

    @cached_property
    def reads(self) -> list[Atom]:
        return [a for a in self.values if isinstance(a.type, Array)]

    @cached_property
    def writes(self) -> list[Atom]:
        return [] if self.target is None else [self.target]

    @property
    def reduces(self) -> bool:
        return self.op.name in REDUCTIONS

    @property
    def depth(self) -> int:
        """How many loops it takes."""
        return sum(n != ONE for n in self.space)

    @property
    def level(self) -> int | None:
        """How many loops are around a reduction's accumulator; None if it adds into an array."""
        live = [k for k, n in enumerate(self.space) if n != ONE]
        axes = [k for k in reduced_axes(self.op) if k in live]
        return len(live) - len(axes) if axes == live[len(live) - len(axes) :] else None


class Nest:
    def __init__(
        self,
        members: Sequence[Member],
        kept: Collection[Var],
        scope: Scope,
        places: Places,
        read: Callable[[Atom], Atom],
    ) -> None:
        """The first member runs over all axes. `kept` are the results that others read too; `read` gives the present name of a
        scalar."""
        self.members, self.kept, self.scope, self.places = members, kept, scope, places
        self.space = members[0].space
        live = [k for k, n in enumerate(self.space) if n != ONE]
        self.frame = Frame(places, read, live, [0] * len(live), {})
        self.aliases: dict[Var, Atom] = {}

    # --- before the loops ----------------------------------------------------------------------------------------------------

    def emit(self) -> dict[Var, Atom]:
        """Append the nest to the scope's block. Gives the results that turn out to be other values."""
        builder = self.scope.builder
        builder.span = self.members[0].op.span
        inside = [m.op.result for m in self.members if m.op.results]
        self.arrays = [
            (a, k) for m in self.members for a in (*m.values, m.target) if a is not None and a not in inside
            for k in range(len(self.scope.shapes.of(a)))
        ]  # fmt: skip
        self.stops = [self.scope.size(self.space[k], self.arrays) for k in self.frame.live]
        for m in self.members:
            for a in m.values:
                if a not in inside:
                    self._widen(a, m.space)
        if not self.frame.spans:
            self._shift()
        for m in self.members:
            if m.op.name in ("max", "min"):
                self._refuse_empty(m)
            for var in m.op.results:
                if var in self.kept and isinstance(var.type, Array):
                    self._alloc(var, "zeros" if m.reduces and m.level is None else "empty")
        self._nest(builder, 0, (), {})
        self.scope.define(*inside)
        builder.span = None
        return self.aliases

    def _shift(self) -> None:
        """Count as the array does that is written: `for i in range(1, n - 1): u[i] = ...`."""
        if any(isinstance(var.type, Array) and var in self.kept for m in self.members for var in m.op.results):
            return
        target = next((m.target for m in self.members if m.target is not None and m.space == self.space), None)
        place = self.places.within(target, self.space) if target is not None else None
        for entry in place.index if place is not None else ():
            if isinstance(entry, Along):
                loop = self.frame.live.index(entry.axis)
                self.frame.starts[loop] = entry.offset
                self.stops[loop] = self.scope.shifted(self.space[entry.axis], self.stops[loop], entry.offset)

    def _widen(self, a: Atom, space: Sizes) -> None:
        """Find out how an operand moves along axes where it may be broadcast."""
        if not isinstance(a.type, Array) or self.places.within(a, space) is not None:
            return
        sizes = self.scope.shapes.of(a)
        wholes = space[len(space) - len(sizes) :]
        self.frame.spans[a, space] = {
            k: self.scope.spans(own, whole, self.arrays)
            for k, (own, whole) in enumerate(zip(sizes, wholes, strict=True))
            if own not in (ONE, whole)
        }

    def _dim(self, size: Size) -> Atom:
        return self.scope.size(size, self.arrays, exact=True)

    def _alloc(self, var: Var, fill: str) -> None:
        assert isinstance(var.type, Array)
        dims = tuple(self._dim(n) for n in self.scope.shapes.of(var))
        attrs = (("fill", fill), ("dtype", var.type.dtype))
        self.scope.builder.add(Op((var,), "alloc", dims, attrs, self.scope.builder.span))

    def _refuse_empty(self, m: Member) -> None:
        names = {"max": "maximum", "min": "minimum"}
        for k in reduced_axes(m.op):
            n = self._dim(m.space[k])
            if not isinstance(n, Const) or n.value == 0:
                branch = Builder(span=m.op.span)
                message = f"zero-size array to reduction operation {names[m.op.name]} which has no identity"
                branch.effect("raise", exc="ValueError", message=message)
                empty = self.scope.builder.op("eq", n, const(0))
                self.scope.builder.add(If((), empty, branch.block(), Block(), m.op.span))

    # --- the loops -----------------------------------------------------------------------------------------------------------

    def _nest(
        self, b: Builder, level: int, counters: tuple[Var, ...], carried: dict[Member, Atom]
    ) -> dict[Member, Atom]:
        """Append the loops from `level` on and what follows them, and give the accumulators' values then."""
        elements = Elements(self.frame, counters)
        sums = dict(carried)
        starting = [m for m in self.members if m.reduces and m.level == level < m.depth]
        if level < len(self.frame.live):
            sums |= {m: _identity(m) for m in starting}
            deeper = {m: value for m, value in sums.items() if m.depth > level}
            sums |= self._loop(b, level, counters, deeper)
            for m in starting:
                self._finish(b, elements, m, sums[m])
        for m in self.members:
            if m.depth == level:
                b.span = m.op.span
                self._member(b, elements, m, sums)
        return {m: sums[m] for m in carried}

    def _loop(
        self, b: Builder, level: int, counters: tuple[Var, ...], carried: dict[Member, Atom]
    ) -> dict[Member, Atom]:
        counter = Var("ijk"[level] if level < 3 else f"i{level - 2}", INT, b.span)
        params = {m: Var(m.op.result.hint or "s", _element_type(m), m.op.span) for m in carried}
        inner = Builder(span=b.span)
        after = self._nest(inner, level + 1, (*counters, counter), dict(params))
        final = {m: not isinstance(m.op.result.type, Array) and m.level == level for m in carried}
        results = {m: m.op.result if final[m] else params[m].like() for m in carried}
        body = inner.block(*(after[m] for m in carried))
        bounds = const(self.frame.starts[level]), self.stops[level], const(1)
        b.add(
            For(
                tuple(results.values()),
                counter,
                *bounds,
                tuple(params.values()),
                tuple(carried.values()),
                body,
                span=b.span,
            )
        )
        return dict(results)

    def _finish(self, b: Builder, elements: Elements, m: Member, value: Atom) -> None:
        """A reduction has its value: from now on it is an element of the result."""
        result = m.op.result
        if not isinstance(result.type, Array):
            if value is not result:
                self.aliases[result] = value
            return
        elements.known[result] = value
        if result in self.kept:
            b.effect("store", result, *_outer(b, elements, m), value)

    # --- one member in one iteration -----------------------------------------------------------------------------------------

    def _member(self, b: Builder, elements: Elements, m: Member, sums: dict[Member, Atom]) -> None:
        values = [elements.read(b, a, m.space) for a in m.values]
        if m.target is not None:
            elements.write(b, m.target, values[0], m.space, add=m.op.name == "accumulate")
        elif m.reduces:
            self._accumulate(b, elements, m, values[0], sums)
        else:
            result = m.op.result
            value = values[0] if m.op.name == "copy" else _compute(b, m.op, values)
            if result in self.kept:
                elements.write(b, result, value, m.space)
            elements.known[result] = value

    def _accumulate(self, b: Builder, elements: Elements, m: Member, value: Atom, sums: dict[Member, Atom]) -> None:
        type = _element_type(m)
        term = value if value.type == type else b.op("cast", value, dtype=type.dtype)
        if m.level is None:
            if m.op.result in self.kept:
                b.effect("update", m.op.result, *_outer(b, elements, m), term)
        elif m.level == m.depth:
            self._finish(b, elements, m, term)
        else:
            sums[m] = b.op(REDUCTIONS[m.op.name], sums[m], term, hint=m.op.result.hint or "s")


def _element_type(m: Member) -> Scalar:
    assert isinstance(m.op.result.type, Scalar | Array)
    return Scalar(m.op.result.type.dtype)


def _compute(b: Builder, op: Op, values: Sequence[Atom]) -> Var:
    assert isinstance(op.result.type, Array)
    result = Var(op.result.hint, Scalar(op.result.type.dtype), op.span)
    b.add(Op((result,), op.name, tuple(values), op.attrs, op.span))
    return result


def _outer(b: Builder, elements: Elements, m: Member) -> list[Atom]:
    """The index of a reduction's result."""
    axes, keep = reduced_axes(m.op), m.op.attr("keepdims")
    kept = [k for k in range(len(m.space)) if keep or k not in axes]
    return [const(0) if k in axes else elements.at(b, Along(k), m.space) for k in kept]


def _identity(m: Member) -> Const:
    """What a reduction starts from, as an exact literal."""
    dtype = _element_type(m).dtype
    kind = np.dtype(dtype)
    value: Any = {"sum": 0, "prod": 1}.get(m.op.name)
    if value is None:
        bounds = (-np.inf, np.inf) if kind.kind == "f" else (np.iinfo(kind).min, np.iinfo(kind).max)
        value = bounds[m.op.name == "min"]
    convert = {"f": float, "c": complex}.get(kind.kind, int)
    return Const(convert(value), Scalar(dtype), weak=dtype in ("float64", "int64", "complex128"))

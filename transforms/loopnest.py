"""One loop nest for a group of elementwise ops, assignments and reductions over the same axes.

The nest has one `For` per axis, and all members of the group in its innermost body, in their order. A value that only the group
reads is a scalar there. A reduction over the last axes is a scalar carried around the loops over these; one over other axes is
added into an array of zeros.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from srcad.ir import Array, Atom, Block, Builder, Const, For, If, Op, Scalar, Type, Var, const
from srcad.transforms.places import Along, Place, Places
from srcad.transforms.scope import Scope
from srcad.transforms.shapes import ONE, Sizes, reduced_axes

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

    @property
    def reduces(self) -> bool:
        return self.op.name in REDUCTIONS


@dataclass(eq=False)
class Sum:
    """A reduction in a nest. `level` is how many loops are around its accumulator; None if it adds into an array."""

    member: Member
    level: int | None
    zero: Const
    out: Var | None

    @property
    def type(self) -> Type:
        result = self.member.op.result.type
        assert isinstance(result, Scalar | Array)
        return Scalar(result.dtype)


@dataclass(eq=False)
class Body:
    """What an iteration knows: the elements in hand, by the array they are of and by where they are in memory."""

    index: tuple[Atom, ...] = ()
    elements: dict[Atom, Atom] = field(default_factory=dict)
    loaded: dict[Any, tuple[Atom, Atom]] = field(default_factory=dict)
    stored: dict[Any, Op] = field(default_factory=dict)
    shifted: dict[tuple[Atom, int], Atom] = field(default_factory=dict)


class Nest:
    def __init__(
        self, members: Sequence[Member], kept: Collection[Var], scope: Scope, places: Places, read: Callable[[Atom], Atom]
    ) -> None:
        """`kept` are the results that others read too; `read` gives the present name of a scalar."""
        self.members, self.kept, self.scope, self.places, self.read = members, kept, scope, places, read
        self.space = members[0].space
        self.live = [k for k, n in enumerate(self.space) if n != ONE]
        self.aliases: dict[Var, Atom] = {}

    # --- before the loops ----------------------------------------------------------------------------------------------------

    def emit(self) -> dict[Var, Atom]:
        """Append the nest to the scope's block. Gives the results that turn out to be other values."""
        builder = self.scope.builder
        builder.span = self.members[0].op.span
        inside = {m.op.result for m in self.members if m.op.results}
        self.arrays = [
            (a, k) for m in self.members for a in (*m.values, m.target) if a is not None and a not in inside
            for k in range(len(self.scope.shapes.of(a)))
        ]  # fmt: skip
        self.stops = [self.scope.size(self.space[k], self.arrays) for k in self.live]
        self.wide = {a: self._widened(a) for m in self.members for a in m.values if a not in inside}
        for m in self.members:
            if m.op.results and m.op.result in self.kept and not m.reduces:
                self._alloc(m.op.result, "empty")
        self.sums = {m: self._sum(m) for m in self.members if m.reduces}
        self._nest(builder, 0, Body(), {})
        for var in inside:
            self.scope.define(var)
        builder.span = None
        return self.aliases

    def _widened(self, a: Atom) -> Atom:
        """The operand itself, or its expansion where it may be broadcast."""
        if not isinstance(a.type, Array) or self.places.within(a, self.space) is not None:
            return a
        sizes = self.scope.shapes.of(a)
        space = self.space[len(self.space) - len(sizes) :]
        target = tuple(ONE if n == ONE else whole for n, whole in zip(sizes, space, strict=True))
        return self.scope.expand(a, target, [self._dim(n) for n in target])

    def _dim(self, size: Any) -> Atom:
        return self.scope.size(size, self.arrays, exact=True)

    def _alloc(self, var: Var, fill: str) -> None:
        assert isinstance(var.type, Array)
        dims = tuple(self._dim(n) for n in self.scope.shapes.of(var))
        attrs = (("fill", fill), ("dtype", var.type.dtype))
        self.scope.builder.add(Op((var,), "alloc", dims, attrs, self.scope.builder.span))

    def _sum(self, m: Member) -> Sum:
        result = m.op.result
        axes = [k for k in reduced_axes(m.op) if k in self.live]
        trailing = axes == self.live[len(self.live) - len(axes) :]
        level = len(self.live) - len(axes) if trailing else None
        assert level is not None or m.op.name == "sum"
        out = result if isinstance(result.type, Array) else None
        if out is not None:
            self._alloc(out, "empty" if trailing else "zeros")
        assert isinstance(result.type, Array | Scalar)
        if m.op.name in ("max", "min"):
            self._refuse_empty(m, axes)
        return Sum(m, level, _identity(m.op.name, result.type.dtype), out)

    def _refuse_empty(self, m: Member, axes: list[int]) -> None:
        names = {"max": "maximum", "min": "minimum"}
        for k in axes:
            n = self._dim(self.space[k])
            if not isinstance(n, Const) or n.value == 0:
                branch = Builder(span=m.op.span)
                message = f"zero-size array to reduction operation {names[m.op.name]} which has no identity"
                branch.effect("raise", exc="ValueError", message=message)
                empty = self.scope.builder.op("eq", n, const(0))
                self.scope.builder.add(If((), empty, branch.block(), Block(), m.op.span))

    # --- the loops -----------------------------------------------------------------------------------------------------------

    def _nest(self, b: Builder, level: int, body: Body, carried: dict[Sum, Atom]) -> dict[Sum, Atom]:
        """Append the loops from `level` on, and give the accumulators' values after them."""
        starting = [s for s in self.sums.values() if s.level == level]
        if level == len(self.live):
            index = iter(body.index)
            body.index = tuple(const(0) if n == ONE else next(index) for n in self.space)
            after = self._members(b, body, carried)
        else:
            after = self._loop(b, level, body, carried | {s: s.zero for s in starting})
        for s in starting:
            if s.out is not None:
                index = body.index if level == len(self.live) else self._full(body.index)
                b.effect("store", s.out, *self._outer(s.member, index), after[s])
            elif after[s] is not s.member.op.result:
                self.aliases[s.member.op.result] = after[s]
        return after

    def _full(self, index: Sequence[Atom]) -> tuple[Atom, ...]:
        """An index per axis; what inner loops will count is left 0."""
        known = iter(index)
        return tuple(const(0) if k not in self.live else next(known, const(0)) for k in range(len(self.space)))

    def _loop(self, b: Builder, level: int, body: Body, carried: dict[Sum, Atom]) -> dict[Sum, Atom]:
        letters = "ijk"
        counter = Var(letters[level] if level < 3 else f"i{level - 2}", const(0).type, b.span)
        params = {s: Var(s.member.op.result.hint or "s", s.type, s.member.op.span) for s in carried}
        inner = Builder(span=b.span)
        after = self._nest(inner, level + 1, Body((*body.index, counter)), dict(params))
        results = {
            s: s.member.op.result if s.level == level and s.out is None else params[s].like() for s in carried
        }
        yields = inner.block(*(after[s] for s in carried))
        b.add(
            For(
                tuple(results.values()), counter, const(0), self.stops[level], const(1),
                tuple(params.values()), tuple(carried.values()), yields, span=b.span,
            )
        )  # fmt: skip
        return dict(results)

    # --- one iteration -------------------------------------------------------------------------------------------------------

    def _members(self, b: Builder, body: Body, carried: dict[Sum, Atom]) -> dict[Sum, Atom]:
        after = dict(carried)
        for m in self.members:
            b.span = m.op.span
            values = [self._element(b, body, a) for a in m.values]
            if m.reduces:
                s = self.sums[m]
                term = self._as(b, values[0], s.type)
                if s.level is None:
                    assert s.out is not None
                    b.effect("update", s.out, *self._outer(m, body.index), term)
                elif s.level == len(self.live):
                    after[s] = term
                else:
                    after[s] = b.op(REDUCTIONS[m.op.name], carried[s], term, hint=m.op.result.hint or "s")
            elif m.target is not None:
                self._write(b, body, m, m.target, values[0])
            else:
                body.elements[m.op.result] = value = self._compute(b, m.op, values)
                if m.op.result in self.kept:
                    self._store(b, body, m.op.result, self._place(m.op.result), value)
        return after

    def _compute(self, b: Builder, op: Op, values: list[Atom]) -> Atom:
        if op.name == "copy":
            return values[0]
        assert isinstance(op.result.type, Array)
        result = Var(op.result.hint, Scalar(op.result.type.dtype), op.span)
        b.add(Op((result,), op.name, tuple(values), op.attrs, op.span))
        return result

    def _as(self, b: Builder, value: Atom, type: Type) -> Atom:
        """The value in the accumulator's type."""
        assert isinstance(type, Scalar)
        return value if value.type == type else b.op("cast", value, dtype=type.dtype)

    def _outer(self, m: Member, index: Sequence[Atom]) -> list[Atom]:
        """The index of a reduction's result."""
        axes, keep = reduced_axes(m.op), m.op.attr("keepdims")
        return [const(0) if k in axes else index[k] for k in range(len(self.space)) if keep or k not in axes]

    def _element(self, b: Builder, body: Body, a: Atom) -> Atom:
        if not isinstance(a.type, Array):
            return self.read(a)
        if a in body.elements:
            return body.elements[a]
        a = self.wide.get(a, a)
        place = self._place(a)
        name = self.places.name(place)
        if name not in body.loaded:
            plain = all(isinstance(e, Along) and not e.offset for e in place.index)
            base = place.base.hint if isinstance(place.base, Var) else place.base.name
            letters = "".join(i.hint for i in body.index if isinstance(i, Var))
            hint = f"{base}_{letters}" if plain and base and letters else ""
            body.loaded[name] = a, b.op("load", place.base, *self._index(b, body, place), hint=hint)
        return body.loaded[name][1]

    def _index(self, b: Builder, body: Body, place: Place) -> list[Atom]:
        return [
            self._shift(b, body, body.index[e.axis], e.offset) if isinstance(e, Along) else self.read(e.index)
            for e in place.index
        ]

    def _shift(self, b: Builder, body: Body, index: Atom, offset: int) -> Atom:
        if not offset:
            return index
        if isinstance(index, Const):
            return const(index.value + offset)
        if (index, offset) not in body.shifted:
            body.shifted[index, offset] = b.op("add", index, const(offset))
        return body.shifted[index, offset]

    def _write(self, b: Builder, body: Body, m: Member, target: Atom, value: Atom) -> None:
        """`target[...] = value` or `+=` here. A value that was stored there in the same iteration is replaced by the sum."""
        place = self._place(target)
        name = self.places.name(place)
        before = body.stored.get(name)
        known = body.loaded[name][1] if name in body.loaded else None
        for key in [k for k, (array, _) in body.loaded.items() if self.places.overlap(array, target)]:
            del body.loaded[key]
            body.stored.pop(key, None)
        for array in [a for a in body.elements if self.places.overlap(a, target)]:
            del body.elements[array]
        if before is not None:
            b.stmts.remove(before)
        if m.op.name == "accumulate":
            if before is None or known is None:
                b.effect("update", place.base, *self._index(b, body, place), value)
                return
            value = b.op("add", known, value, hint=known.hint if isinstance(known, Var) else "")
        self._store(b, body, target, place, value)

    def _place(self, array: Atom) -> Place:
        place = self.places.within(array, self.space)
        assert place is not None, "broadcast, and not expanded"
        return place

    def _store(self, b: Builder, body: Body, array: Atom, place: Place, value: Atom) -> None:
        """Store, and remember what is there now."""
        store = Op((), "store", (place.base, *self._index(b, body, place), value), span=b.span)
        b.add(store)
        assert isinstance(array.type, Array)
        if value.type == Scalar(array.type.dtype) and not (isinstance(value, Const) and value.weak):
            name = self.places.name(place)
            body.loaded[name] = array, value
            body.stored[name] = store


def _identity(name: str, dtype: str) -> Const:
    """What a reduction starts from, as an exact literal."""
    kind = np.dtype(dtype)
    value: Any = {"sum": 0, "prod": 1}.get(name)
    if value is None:
        bounds = (-np.inf, np.inf) if kind.kind == "f" else (np.iinfo(kind).min, np.iinfo(kind).max)
        value = bounds[name == "min"]
    convert = {"f": float, "c": complex}.get(kind.kind, int)
    return Const(convert(value), Scalar(dtype), weak=dtype in ("float64", "int64", "complex128"))

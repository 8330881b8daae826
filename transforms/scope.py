"""What a growing block has at hand: which Vars are defined, and which of them hold which size."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from srcad.ir import Atom, Builder, Op, Var, const
from srcad.transforms.shapes import Shapes
from srcad.transforms.symbolic import Affine, Dim, Size, Term, Unknown

_HINTS = {"dim": "n", "broadcast_dim": "n", "spans": "spans"}


@dataclass(eq=False)
class Scope:
    """A block being built, inside those of `parent`. Sizes are computed once and found again."""

    shapes: Shapes
    parent: Scope | None = None
    builder: Builder = field(default_factory=Builder)
    _defined: set[Var] = field(default_factory=set)
    _sizes: dict[Affine, Atom] = field(default_factory=dict)
    _spans: dict[tuple[Size, Size], Atom] = field(default_factory=dict)

    def inner(self) -> Scope:
        return Scope(self.shapes, self)

    def define(self, *variables: Var) -> None:
        self._defined.update(variables)

    def note(self, op: Op) -> None:
        """An op was added: if it computes a size, it need not be computed again."""
        self.define(*op.results)
        if op.name in ("dim", "broadcast_dim", "trips"):
            self._sizes.setdefault(self.shapes.value(op.result), op.result)

    def defines(self, var: Var) -> bool:
        return var in self._defined or (self.parent is not None and self.parent.defines(var))

    def _find(self, e: Affine) -> Atom | None:
        found = self._sizes.get(e)
        return found if found is not None or self.parent is None else self.parent._find(e)

    # --- sizes ---------------------------------------------------------------------------------------------------------------

    def size(self, size: Size, arrays: Iterable[tuple[Atom, int]] = (), *, exact: bool = False) -> Atom:
        """The number of elements along an axis. `arrays` may tell it by their axes if nothing else does. Unless `exact`, an
        empty axis may come out negative, which is good enough for `range`."""
        joined = len(size.parts) > 1
        found = self._find(size.affine) if joined else self._affine(size.affine, exact)
        if found is not None:
            return found
        for array, axis in arrays:
            if self.shapes.of(array)[axis] == size:
                return self.op("dim", array, axis=axis)
        assert joined, f"no way to tell the size {size}"
        result, *parts = [self.size(Size((part,)), arrays, exact=True) for part in size.parts]
        for part in parts:
            result = self.op("broadcast_dim", result, part)
        self._sizes[size.affine] = result
        return result

    def op(self, name: str, *args: Atom, axis: int | None = None) -> Atom:
        attrs: dict[str, Any] = {} if axis is None else {"axis": axis}
        result = self.builder.op(name, *args, hint=_HINTS.get(name, ""), **attrs)
        self.define(result)
        return result

    def _affine(self, e: Affine, exact: bool) -> Atom | None:
        if exact and e.terms and (e.constant < 0 or any(c < 0 for _, c in e.terms)):
            e = Affine(0, ((Term("max0", (e,)), 1),))
        found = self._find(e)
        if found is None:
            found = self._sum(e)
            if isinstance(found, Var):
                self._sizes[e] = found
        return found

    def _sum(self, e: Affine) -> Atom | None:
        total: Atom | None = None
        for u, coefficient in sorted(e.terms, key=lambda term: term[1] < 0):
            atom = self._unknown(u)
            if atom is None:
                return None
            if abs(coefficient) != 1:
                atom = self.op("mul", const(abs(coefficient)), atom)
            if total is None:
                total = atom if coefficient > 0 else self.op("neg", atom)
            else:
                total = self.op("add" if coefficient > 0 else "sub", total, atom)
        if total is None:
            return const(e.constant)
        if e.constant:
            return self.op("add" if e.constant > 0 else "sub", total, const(abs(e.constant)))
        return total

    def _unknown(self, u: Unknown) -> Atom | None:
        match u:
            case Var():
                return u if self.defines(u) else None
            case Dim(array, axis):
                whole = Affine(0, ((u, 1),))
                if (found := self._find(whole)) is not None:
                    return found
                if not self.defines(array):
                    return None
                self._sizes[whole] = found = self.op("dim", array, axis=axis)
                return found
            case Term(name="max0", args=(e,)):
                atom = self._affine(e, False)
                return None if atom is None else self.op("trips", const(0), atom, const(1))
            case Term(name="join", args=parts):
                return self.size(Size(parts))
            case Term(name="cut"):
                whole = Affine(0, ((u, 1),))
                found = self._find(whole)
                view = next(((v, k) for v, k in self.shapes.views(u) if self.defines(v)), None)
                if found is None and view is not None:
                    self._sizes[whole] = found = self.op("dim", view[0], axis=view[1])
                return found
            case Term():
                atoms = [self._affine(e, False) for e in u.args]
                known = [atom for atom in atoms if atom is not None]
                return self.op(u.name, *known) if len(known) == len(atoms) else None

    def shifted(self, size: Size, n: Atom, offset: int) -> Atom:
        """`n + offset`, where n is what `size` gave."""
        found = self._affine(size.affine.plus(Affine(offset)), False) if offset and len(size.parts) == 1 else None
        return found if found is not None else self.op("add", n, const(offset)) if offset else n

    # --- broadcasting --------------------------------------------------------------------------------------------------------

    def spans(self, own: Size, whole: Size, arrays: Iterable[tuple[Atom, int]]) -> Atom:
        """Whether an axis of one size spans one of another: else its only element is repeated."""
        found = self._known(own, whole)
        if found is None:
            n, m = (self.size(size, arrays, exact=True) for size in (own, whole))
            self._spans[own, whole] = found = self.op("spans", n, m)
        return found

    def _known(self, own: Size, whole: Size) -> Atom | None:
        found = self._spans.get((own, whole))
        return found if found is not None or self.parent is None else self.parent._known(own, whole)

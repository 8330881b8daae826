"""Ints of a loop's body as ints of a region around the loop: how large a tape must be, before the loop runs.

An int that is an affine function of the indices of loops in between has a lowest and a highest value there, at the ends of
these loops' ranges. (Where such a loop makes no trips, the bounds may be anything.)
"""

from __future__ import annotations

from collections.abc import Iterable

from srcad.ir import Atom, Builder, Const, For, Op, Stmt, Var, blocks_of, const
from srcad.transforms.regions import Node, Region
from srcad.transforms.shapes import Shapes
from srcad.transforms.symbolic import Affine, Dim

#: What may be computed outside of the loop, where a condition around it in the loop need not hold.
REPEATABLE = frozenset("add sub mul dim trips minimum maximum".split())


class Outward:
    """`where` says in which region a Var is defined, `item` by what."""

    def __init__(self, shapes: Shapes, where: dict[Var, Region], item: dict[Var, Stmt | Node | None]) -> None:
        self.shapes = shapes
        self._where = where
        self._item = item
        self._loops: dict[Var, For] = {}

    def define(self, region: Region, item: Stmt | Node | None, variables: Iterable[Var]) -> None:
        for var in variables:
            self._where[var] = region
            self._item[var] = item

    def enter(self, stmt: Stmt) -> None:
        """Take note of a loop and those in it: their indices may then be bounded."""
        if isinstance(stmt, For):
            self._loops[stmt.index] = stmt
        for block in blocks_of(stmt):
            for inner in block.stmts:
                self.enter(inner)

    def known(self, var: Var, outside: Region) -> bool:
        """Whether the value is there in the region, at the loop in question."""
        home = self._where.get(var)
        return home is None or outside.sees(home)

    def exact(self, operand: Atom, outside: Region, b: Builder) -> Atom | None:
        """The int itself, computed from what is known outside; None if it cannot be."""
        if not isinstance(operand, Var) or self.known(operand, outside):
            return operand
        op = self._item.get(operand)
        if not isinstance(op, Op) or not (op.name in REPEATABLE or _divides_by_number(op)):
            return None
        args = [self.exact(arg, outside, b) for arg in op.args]
        if None in args:
            return None
        new = operand.like()
        b.add(Op((new,), op.name, tuple(arg for arg in args if arg is not None), op.attrs, op.span))
        return new

    def affine(self, operand: Atom) -> Affine:
        """The int as a sum of Vars that are no sums themselves."""
        if isinstance(operand, Const):
            return Affine(int(operand.value))
        match self._item.get(operand):
            case Op(name="add", args=(a, b)):
                return self.affine(a).plus(self.affine(b))
            case Op(name="sub", args=(a, b)):
                return self.affine(a).plus(self.affine(b), -1)
            case (
                Op(name="mul", args=(Const(value=int(factor)), a)) | Op(name="mul", args=(a, Const(value=int(factor))))
            ):
                return self.affine(a).times(factor)
            case Op(name="dim", args=(Var() as a,)) as op:
                return Affine(0, ((Dim(a, op.attr("axis")), 1),))
        return Affine(0, ((operand, 1),))

    def resolved(self, e: Affine) -> Affine:
        """The same in terms of the sizes of arrays, for comparison with these."""
        found = Affine(e.constant)
        for unknown, factor in e.terms:
            match unknown:
                case Var():
                    value = self.shapes.value(unknown)
                case Dim(array, axis):
                    value = self.shapes.of(array)[axis].affine
                case _:
                    value = Affine(0, ((unknown, 1),))
            found = found.plus(value, factor)
        return found

    def bound(self, e: Affine, outside: Region, side: int) -> Affine | None:
        """The highest (`side` 1) or lowest (-1) value, or that value if there is but one (0), in unknowns of the region
        outside; None if that is not known."""
        found = Affine(e.constant)
        for unknown, factor in e.terms:
            if isinstance(unknown, Dim) and self.known(unknown.array, outside):
                term: Affine | None = Affine(0, ((unknown, 1),))
            elif not isinstance(unknown, Var):
                return None
            elif self.known(unknown, outside):
                term = Affine(0, ((unknown, 1),))
            else:
                loop = self._loops.get(unknown)
                ends = self.range(loop) if loop is not None and side else None
                if ends is None:
                    return None
                term = self.bound(ends[factor * side > 0], outside, side if factor > 0 else -side)
            if term is None:
                return None
            found = found.plus(term, factor)
        return found

    def range(self, loop: For) -> tuple[Affine, Affine] | None:
        """The lowest and the highest value of a loop's index."""
        if loop.step not in (const(1), const(-1)):
            return None
        first, end = self.affine(loop.start), self.affine(loop.stop)
        return (first, end.plus(Affine(-1))) if loop.step == const(1) else (end.plus(Affine(1)), first)

    def rectangular(self, index: Var, outside: Region) -> bool:
        """Whether the range of the index's loop is the same in every iteration of the loops between it and the region outside."""
        loop = self._loops.get(index)
        ends = None if loop is None else self.range(loop)
        return ends is not None and all(self.bound(end, outside, 0) is not None for end in ends)

    def emit(self, e: Affine, b: Builder) -> Atom:
        """The ops that compute an affine int."""
        total: Atom | None = None
        for unknown, factor in e.terms:
            if isinstance(unknown, Dim):
                term: Atom = b.op("dim", unknown.array, axis=unknown.axis, hint="n")
            else:
                assert isinstance(unknown, Var)
                term = unknown
            if total is None:
                total = term if factor == 1 else b.op("mul", const(factor), term)
            elif factor in (1, -1):
                total = b.op("add" if factor == 1 else "sub", total, term)
            else:
                total = b.op("add", total, b.op("mul", const(factor), term))
        if total is None:
            return const(e.constant)
        if e.constant == 0:
            return total
        return b.op("add" if e.constant > 0 else "sub", total, const(abs(e.constant)))

    def size(self, b: Builder, e: Affine) -> Atom:
        """An affine int as the size of an axis, which is never negative."""
        n = self.emit(e, b)
        return n if self.resolved(e).nonnegative else b.op("maximum", n, const(0))

    def from_start(self, b: Builder, index: Atom, start: Affine) -> Atom:
        """How far an index is from where a part of an axis starts."""
        return index if start == Affine(0) else b.op("sub", index, self.emit(start, b))

    def insert(self, b: Builder, node: Node) -> None:
        """Put statements before a loop."""
        for stmt in b.stmts:
            node.parent.insert_before(node, stmt)
            self.define(node.parent, stmt if isinstance(stmt, Op) else None, stmt.results)


def _divides_by_number(op: Op) -> bool:
    return op.name == "floordiv" and isinstance(op.args[1], Const) and bool(op.args[1].value)

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

#: What may be computed again outside of the loop.
REPEATABLE = frozenset("add sub mul floordiv dim trips minimum maximum".split())


class Outward:
    """`where` says in which region a Var is defined, `item` by what."""

    def __init__(self, shapes: Shapes, where: dict[Var, Region], item: dict[Var, Op | Node | None]) -> None:
        self.shapes = shapes
        self._where = where
        self._item = item
        self._loops: dict[Var, For] = {}

    def define(self, region: Region, item: Op | Node | None, variables: Iterable[Var]) -> None:
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
        return home is None or home in outside.enclosing()

    def exact(self, operand: Atom, outside: Region, b: Builder) -> Atom | None:
        """The int itself, computed from what is known outside; None if it cannot be."""
        if not isinstance(operand, Var) or self.known(operand, outside):
            return operand
        op = self._item.get(operand)
        if not isinstance(op, Op) or op.name not in REPEATABLE:
            return None
        args = [self.exact(arg, outside, b) for arg in op.args]
        if None in args:
            return None
        new = operand.like()
        b.add(Op((new,), op.name, tuple(arg for arg in args if arg is not None), op.attrs, op.span))
        return new

    def affine(self, operand: Atom) -> Affine:
        return self.shapes.value(operand)

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
        return total if e.constant == 0 else plus(b, total, e.constant)


def plus(b: Builder, value: Atom, offset: int) -> Atom:
    if offset == 0:
        return value
    if isinstance(value, Const):
        return const(int(value.value) + offset)
    return b.op("add", value, const(offset)) if offset > 0 else b.op("sub", value, const(-offset))

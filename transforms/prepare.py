"""What stands in the way of fusion is removed first: zeros that are overwritten at once, sizes asked of arrays that need not
be made, writes that overlap what they read.
"""

from __future__ import annotations

from collections.abc import Iterator

from srcad.ir import Array, Atom, Builder, Env, Op, Stmt, Var, blocks_of, const, operands, replace, uses
from srcad.ops import ELEMENTWISE
from srcad.transforms.decompose import has_axes
from srcad.transforms.loopnest import REDUCTIONS
from srcad.transforms.places import Places
from srcad.transforms.shapes import Shapes, reduced_axes
from srcad.transforms.symbolic import ONE


def is_elementwise(stmt: Stmt) -> bool:
    return isinstance(stmt, Op) and stmt.name in ELEMENTWISE and isinstance(stmt.result.type, Array)


def becomes_loop(op: Op, final: bool) -> bool:
    """Whether fusion replaces the op in any case (a `copy` stays where it is of use)."""
    if op.name in ("sum", "prod"):
        return isinstance(op.args[0].type, Array)
    return is_elementwise(op) or op.name in ("assign", "accumulate") or (final and has_axes(op))


class Preparation:
    """`sizes` are results that are known numbers."""

    def __init__(self, shapes: Shapes, places: Places, final: bool) -> None:
        self._shapes, self._places, self._final = shapes, places, final
        self._made: dict[Var, Op] = {}
        self.sizes: Env = {}

    def block(self, stmts: tuple[Stmt, ...]) -> tuple[list[Stmt], list[int]]:
        """The statements with what stands in the way of fusion removed, and from which statement each comes."""
        result: list[Stmt] = []
        origin: list[int] = []
        for position, stmt in enumerate(without_zeros(stmts)):
            b = Builder(span=stmt.span)
            if isinstance(stmt, Op) and stmt.name == "dim":
                self._dim(b, stmt)
            elif isinstance(stmt, Op) and stmt.name in ("assign", "accumulate"):
                self._buffered(b, stmt)
            else:
                b.add(stmt)
            if isinstance(stmt, Op) and (becomes_loop(stmt, self._final) or stmt.name == "copy") and stmt.results:
                self._made[stmt.result] = stmt
            result += b.stmts
            origin += [position] * len(b.stmts)
        return result, origin

    def _dim(self, b: Builder, op: Op) -> None:
        """Ask the arrays that a result comes from for its size, not the result: it may never be made."""
        found = self._sources(op.args[0], op.attr("axis"))
        if not found:
            self.sizes[op.result] = const(1)
            return
        *sources, last = found
        sizes: list[Atom] = [b.op("dim", a, axis=k, hint="n") for a, k in sources]
        attrs = (("axis", last[1]),)
        if not sizes:
            b.add(Op(op.results, "dim", (last[0],), attrs, op.span))
            return
        sizes.append(b.op("dim", last[0], axis=last[1], hint="n"))
        total = sizes[0]
        for n in sizes[1:-1]:
            total = b.op("broadcast_dim", total, n, hint="n")
        b.add(Op(op.results, "broadcast_dim", (total, sizes[-1]), (), op.span))

    def _sources(self, array: Atom, axis: int) -> list[tuple[Atom, int]]:
        """Axes of arrays that are there anyway, whose sizes broadcast to that of this axis; none if it is statically 1."""
        op = self._made.get(array) if isinstance(array, Var) else None
        if op is None:
            return [(array, axis)]
        size = self._shapes.of(array)[axis]
        if op.name in REDUCTIONS:
            kept = [
                k for k in range(len(self._shapes.of(op.args[0]))) if op.attr("keepdims") or k not in reduced_axes(op)
            ]
            return [] if size == ONE else self._sources(op.args[0], kept[axis])
        found: dict[tuple[Atom, int], None] = {}
        for a in op.args:
            sizes = self._shapes.of(a)
            k = axis + len(sizes) - len(self._shapes.of(array))
            if k >= 0 and sizes[k] != ONE:
                if sizes[k] == size:
                    return self._sources(a, k)
                found.update(dict.fromkeys(self._sources(a, k)))
        return list(found)

    def _buffered(self, b: Builder, op: Op) -> None:
        """NumPy reads all of the value before it writes: where they overlap, the value is copied first."""
        target, value = op.args
        if isinstance(value.type, Array):
            assert isinstance(target.type, Array)
            extra = value.type.ndim - target.type.ndim
            if extra > 0:
                value = b.op("view", value, *[const(0)] * extra, spec="i" * extra)
                self._note(b)
            space = self._shapes.of(target)
            if self._places.overlap(target, value) and not self._places.same(target, value, space):
                value = b.op("copy", value, hint=value.hint if isinstance(value, Var) else "")
                self._note(b)
        b.add(replace(op, args=(target, value)))

    def _note(self, b: Builder) -> None:
        op = b.stmts[-1]
        assert isinstance(op, Op)
        self._shapes.op(op)
        self._places.op(op)


def without_zeros(stmts: tuple[Stmt, ...]) -> Iterator[Stmt]:
    """Zeros that are at once overwritten, or added to, need not be written."""
    idle: dict[Stmt, str] = {}
    fresh: dict[Var, Op] = {}
    for stmt in stmts:
        if isinstance(stmt, Op) and stmt.name in ("assign", "accumulate") and stmt.args[0] in fresh:
            target, value = stmt.args
            if value is not target and isinstance(target, Var):
                idle[fresh.pop(target)] = "alloc"
                idle[stmt] = "assign"
        if not (isinstance(stmt, Op) and stmt.name == "dim"):
            for var in mentions(stmt):
                fresh.pop(var, None)
        if isinstance(stmt, Op) and stmt.name == "alloc" and stmt.attr("fill") == "zeros":
            fresh[stmt.result] = stmt
    for stmt in stmts:
        match idle.get(stmt), stmt:
            case "alloc", Op():
                attrs = tuple((k, "empty" if k == "fill" else v) for k, v in stmt.attrs)
                yield replace(stmt, attrs=attrs)
            case "assign", Op():
                yield replace(stmt, name="assign")
            case _:
                yield stmt


def mentions(stmt: Stmt) -> Iterator[Var]:
    """The Vars that the statement reads, in its blocks too."""
    yield from (a for a in operands(stmt) if isinstance(a, Var))
    for inner in blocks_of(stmt):
        yield from uses(inner)

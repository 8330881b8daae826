"""Snapshots: loops read an array that is overwritten after them, so its content is kept whole, once, where they start.

Keeping every value that a loop reads would keep each element as often as it is read, one at a time. A copy of the part that
the loop sweeps is smaller, is made at the speed of memory, and lets everything that is cheap be recomputed from it.
"""

from __future__ import annotations

from dataclasses import dataclass

from srcad.ir import Array, Atom, Builder, Const, For, Op, Var, const, walk
from srcad.transforms.alias import Memory
from srcad.transforms.outward import Outward
from srcad.transforms.regions import Node, Region
from srcad.transforms.symbolic import Affine, Size

#: A part that leaves out no more cells than this at either end of an axis is taken as the whole axis.
MARGIN = 4


@dataclass(frozen=True)
class Fixed:
    """An axis that is read at one place."""

    index: Atom


@dataclass(frozen=True)
class Swept:
    """An axis along which a loop moves: the cells read are low <= k < high."""

    low: Affine
    high: Affine


Part = tuple[Fixed | Swept, ...]


@dataclass(frozen=True, eq=False)
class Snapshot:
    """`copy` holds the part of the array; an axis that is swept from `starts` (None: a fixed axis, which the copy has not)."""

    copy: Var
    starts: tuple[Atom | None, ...]


class Snapshots:
    """The snapshots of one function. `outward` knows which Vars are where."""

    def __init__(self, memory: Memory, outward: Outward) -> None:
        self._memory, self._outward = memory, outward
        self._made: dict[tuple[Node, Var], list[tuple[Part, Snapshot]]] = {}
        self._found: dict[Op, Snapshot | None] = {}

    def of(self, load: Op, region: Region) -> Snapshot | None:
        """The snapshot that holds what the load reads; None if its reads make no region of the array."""
        if load not in self._found:
            self._found[load] = self._find(load, region)
        return self._found[load]

    def index(self, load: Op, snapshot: Snapshot, b: Builder) -> list[Atom]:
        """Where the snapshot has what the load reads."""
        found: list[Atom] = []
        for operand, start in zip(load.args[1:], snapshot.starts, strict=True):
            if start is not None:
                found.append(operand if start == const(0) else b.op("sub", operand, start))
        return found

    def _find(self, load: Op, region: Region) -> Snapshot | None:
        array = load.args[0]
        if not isinstance(array, Var) or any(r.invocation for r in region.enclosing()):
            return None
        loop = self._outermost(array, region)
        if loop is None:
            return None
        self._outward.enter(loop.source)
        part = self._part(load, loop)
        if part is None:
            return None
        made = self._made.setdefault((loop, array), [])
        for whole, snapshot in made:
            if _union(whole, part) == whole:
                return snapshot
        for stmt in walk(loop.source.body):  # type: ignore[union-attr]
            if isinstance(stmt, Op) and stmt.name == "load" and stmt.args[0] is array:
                part = _union(part, self._part(stmt, loop)) or part
        snapshot = self._take(array, part, loop)
        made.append((part, snapshot))
        return snapshot

    def _outermost(self, array: Var, region: Region) -> Node | None:
        """The outermost loop around that leaves the array as it is, with nothing but loops between it and the innermost."""
        found: Node | None = None
        loops = region.loops()
        if not loops:
            return None
        node: Node | None = loops[-1]
        while node is not None and isinstance(node.stmt, For) and not node.stmt.exits:
            if not self._outward.known(array, node.parent) or self._memory.written_in(node.source, array):
                break
            found, node = node, node.parent.node
        return found

    def _part(self, load: Op, loop: Node) -> Part | None:
        axes: list[Fixed | Swept] = []
        taken: set[Var] = set()
        for operand in load.args[1:]:
            if not isinstance(operand, Var) or self._outward.known(operand, loop.parent):
                axes.append(Fixed(operand))
                continue
            e = self._outward.affine(operand)
            low, high = (self._outward.bound(e, loop.parent, side) for side in (-1, 1))
            over = [u for u, factor in e.terms if isinstance(u, Var) and not self._outward.known(u, loop.parent)]
            if low is None or high is None or len(over) != 1 or over[0] in taken:
                return None
            if dict(e.terms)[over[0]] not in (1, -1) or not self._memory.nonnegative(operand):
                return None
            taken.add(over[0])
            axes.append(Swept(low, high.plus(Affine(1))))
        return tuple(axes) if taken else None

    def _take(self, array: Var, part: Part, loop: Node) -> Snapshot:
        b = Builder(span=None)
        spec, operands = "", []
        known: list[Size | None] = []
        starts: list[Atom | None] = []
        nothing = Const(None, const(0).type)
        sizes = self._outward.shapes.of(array)
        for axis, n in zip(part, sizes, strict=True):
            if isinstance(axis, Fixed):
                spec += "i"
                operands.append(axis.index)
                starts.append(None)
                continue
            known.append(None)
            low, high = axis.low, axis.high
            short = high.plus(n.affine, -1)
            whole = not low.terms and not short.terms and 0 <= low.constant <= MARGIN and -MARGIN <= short.constant <= 0
            spec += "s"
            if whole:
                operands += [nothing, nothing, nothing]
                starts.append(const(0))
            else:
                start, stop = self._outward.emit(low, b), self._outward.emit(high, b)
                extent = high.plus(low, -1)
                if extent.nonnegative:
                    known[-1] = Size.of(extent)
                else:
                    stop = b.op("maximum", stop, start)
                operands += [nothing if start == const(0) else start, stop, nothing]
                starts.append(start)
        source: Var = array
        if any(operand is not nothing for operand in operands):
            source = b.op("view", array, *operands, spec=spec, hint=array.hint)
        copy = b.op("copy", source, hint=array.hint)
        for op in b.stmts:
            assert isinstance(op, Op)
            loop.parent.insert_before(loop, op)
            self._outward.define(loop.parent, op, op.results)
            self._outward.shapes.op(op)
            if isinstance(op.result.type, Array):  # the loop reads all of the part: so it is there
                found = self._outward.shapes.of(op.result)
                self._outward.shapes.set(op.result, tuple(n or own for n, own in zip(known, found, strict=True)))
        return Snapshot(copy, tuple(starts))



def _union(a: Part, b: Part | None) -> Part | None:
    """The least part that holds both, if they differ by constants."""
    if b is None:
        return None
    axes: list[Fixed | Swept] = []
    for x, y in zip(a, b, strict=True):
        match x, y:
            case Fixed(), Fixed() if x == y:
                axes.append(x)
            case Swept(), Swept():
                below, above = y.low.plus(x.low, -1), y.high.plus(x.high, -1)
                if below.terms or above.terms:
                    return None
                axes.append(Swept(y.low if below.constant < 0 else x.low, y.high if above.constant > 0 else x.high))
            case _:
                return None
    return tuple(axes)

"""Snapshots: loops read an array that is overwritten after them, so its content is kept whole, once, where they start.

Keeping every value that a loop reads would keep each element as often as it is read, one at a time. A copy of the part that
the loop sweeps is smaller, is made at the speed of memory, and lets everything that is cheap be recomputed from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from srcad.ir import INT, Array, Atom, Builder, For, Op, Stmt, Var, blocks_of, const
from srcad.transforms.memory import Memory
from srcad.transforms.outward import Outward
from srcad.transforms.places import Fixed
from srcad.transforms.regions import Node, Region
from srcad.transforms.symbolic import Affine, Size

#: A part that leaves out no more cells than this at either end of an axis is taken as the whole axis.
MARGIN = 4


@dataclass(frozen=True)
class Swept:
    """An axis along which a loop moves: the cells read are low <= k < high. `whole`: they are all there are."""

    low: Affine
    high: Affine
    whole: bool = False


Part = tuple[Fixed | Swept, ...]


@dataclass(frozen=True, eq=False)
class Snapshot:
    """`copy` holds the part of `array` that is `axes`; the axes that are read at one place it has not. `sure`: the loops that
    it is for read all of the part; else some of it may not even be there."""

    copy: Var
    array: Var
    axes: Part
    sure: bool

    @property
    def sizes(self) -> list[Affine]:
        return [axis.high.plus(axis.low, -1) for axis in self.axes if isinstance(axis, Swept)]


class Snapshots:
    """The snapshots of one function. `outward` knows which Vars are where."""

    def __init__(self, memory: Memory, outward: Outward) -> None:
        self._memory, self._outward = memory, outward
        self._made: dict[tuple[Node, Var], list[tuple[Part, Snapshot]]] = {}
        self._found: dict[Op, Snapshot | None] = {}
        self.by_copy: dict[Var, Snapshot] = {}

    def of(self, load: Op, region: Region) -> Snapshot | None:
        """The snapshot that holds what the load reads; None if its reads make no region of the array."""
        if load not in self._found:
            self._found[load] = self._find(load, region)
        return self._found[load]

    def index(self, load: Op, snapshot: Snapshot, b: Builder) -> list[Atom]:
        """Where the snapshot has what the load reads."""
        pairs = zip(load.args[1:], snapshot.axes, strict=True)
        return [self._outward.from_start(b, k, axis.low) for k, axis in pairs if isinstance(axis, Swept)]

    def fill(self, b: Builder, snapshot: Snapshot, target: Var, place: Sequence[Atom] = ()) -> None:
        """Append the loops that copy what the snapshot holds to `target[place]`."""
        self._fill(b, snapshot, target, [], list(place))

    def _fill(self, b: Builder, snapshot: Snapshot, target: Var, source: list[Atom], place: list[Atom]) -> None:
        if len(source) == len(snapshot.axes):
            b.effect("store", target, *place, b.op("load", snapshot.array, *source))
            return
        axis = snapshot.axes[len(source)]
        if isinstance(axis, Fixed):
            self._fill(b, snapshot, target, [*source, axis.index], place)
            return
        start, stop = self._outward.emit(axis.low, b), self._outward.emit(axis.high, b)
        if not (snapshot.sure or axis.whole):
            stop = b.op("minimum", stop, b.op("dim", snapshot.array, axis=len(source)))
        depth = sum(isinstance(other, Swept) for other in snapshot.axes[: len(source)])
        k, body = Var("ijkl"[min(depth, 3)], INT), Builder()
        here = self._outward.from_start(body, k, axis.low)
        self._fill(body, snapshot, target, [*source, k], [*place, here])
        b.add(For((), k, start, stop, const(1), (), (), body.block()))

    def _find(self, load: Op, region: Region) -> Snapshot | None:
        array = load.args[0]
        if not isinstance(array, Var) or any(r.invocation for r in region.enclosing()):
            return None
        loop = self._outermost(array, region)
        if loop is None:
            return None
        assert isinstance(loop.source, For)
        self._outward.enter(loop.source)
        found = {op: self._part(op, loop, path) for op, path in _loads(loop.source, array, ())}
        part, sure = found.get(load, (None, False))
        if part is None:
            return None
        made = self._made.setdefault((loop, array), [])
        for whole, snapshot in made:
            if _union(whole, part) == whole:
                return snapshot
        for other, as_sure in found.values():
            if other is not None and (both := _union(part, other)) is not None:
                same = both == part == other  # the union of parts without cells may have some
                part, sure = both, sure and as_sure and same
        snapshot = self._take(array, part, sure, loop)
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

    def _part(self, load: Op, loop: Node, path: Path) -> tuple[Part | None, bool]:
        """The cells that the load reads in the course of the loop, and whether it is sure to read them all."""
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
                return None, False
            if dict(e.terms)[over[0]] not in (1, -1) or not self._memory.nonnegative(operand):
                return None, False
            taken.add(over[0])
            axes.append(Swept(low, high.plus(Affine(1))))
        # another loop around it may make no trip, and so may one that is shorter the further another one has come
        sure = set(path) == taken and all(self._outward.rectangular(index, loop.parent) for index in taken)
        if not taken or (not sure and any(isinstance(axis, Fixed) for axis in axes)):
            return None, False
        return tuple(axes), sure

    def _take(self, array: Var, part: Part, sure: bool, loop: Node) -> Snapshot:
        """Make the copy before the loop."""
        assert isinstance(array.type, Array)
        axes = tuple(map(self._rounded, part, self._outward.shapes.of(array)))
        rank = sum(isinstance(axis, Swept) for axis in axes)
        snapshot = Snapshot(Var(array.hint, Array(array.type.dtype, rank)), array, axes, sure)
        b = Builder()
        dims = tuple(self._outward.size(b, n) for n in snapshot.sizes)
        b.add(Op((snapshot.copy,), "alloc", dims, (("fill", "empty"), ("dtype", array.type.dtype))))
        self.fill(b, snapshot, snapshot.copy)
        self._outward.insert(b, loop)
        self.by_copy[snapshot.copy] = snapshot
        return snapshot

    def _rounded(self, axis: Fixed | Swept, size: Size) -> Fixed | Swept:
        """All of an array's axis in place of nearly all of it, or of what is never read beyond its end."""
        if isinstance(axis, Swept):
            beyond = self._outward.resolved(axis.high).plus(size.affine, -1)
            near = not beyond.terms and abs(beyond.constant) <= MARGIN
            if near and not axis.low.terms and axis.low.constant <= MARGIN:
                return Swept(Affine(0), axis.high.plus(Affine(-beyond.constant)), whole=True)
        return axis


#: The loops around a statement, outermost first: their indices, or None for what may not be run all the way.
Path = tuple[Var | None, ...]


def _loads(stmt: Stmt, array: Var, path: Path) -> Iterator[tuple[Op, Path]]:
    """The loads of the array in a statement, each with the loops around it."""
    if isinstance(stmt, Op):
        if stmt.name == "load" and stmt.args[0] is array:
            yield stmt, path
        return
    around = stmt.index if isinstance(stmt, For) and not stmt.exits else None
    for block in blocks_of(stmt):
        for inner in block.stmts:
            yield from _loads(inner, array, (*path, around))


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

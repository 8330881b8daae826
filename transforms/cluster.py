"""Which statements of a block become one loop nest, and in what order the nests and the other statements then stand.

Statements are nodes of a graph of what must come before what: definitions before uses, and accesses to memory that may be the
same in their order if one of them writes. A statement joins an earlier group over the same axes if nothing that depends on
the group comes in between, and if in every iteration it meets only elements that the group meets in the same iteration.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from srcad.ir import Array, Atom, Block, Op, Stmt, Var, blocks_of, free, operands, walk
from srcad.ops import SHAPE_ONLY, WRITES
from srcad.transforms.loopnest import Member
from srcad.transforms.places import Places
from srcad.transforms.symbolic import ONE

#: Ops that keep their order among each other, and before which nothing may move that stood after them.
BARRIERS = frozenset(
    {"raise", "print", "call", "append", "pop", "length", "check_disjoint", "check_shape", "check_sizes", "draw"}
)


@dataclass(eq=False)
class Node:
    """A group of members, or one other statement."""

    positions: list[int]
    stmt: Stmt | None = None
    members: list[Member] = field(default_factory=list)
    made: dict[Atom, Member] = field(default_factory=dict)
    before: set[Node] = field(default_factory=set)
    writes: list[Atom] = field(default_factory=list)

    @property
    def first(self) -> int:
        return self.positions[0]

    @property
    def last(self) -> int:
        return self.positions[-1]

    def follows(self, other: Node) -> bool:
        """Whether this must come after the other."""
        seen = {self}
        stack = [self]
        while stack:
            node = stack.pop()
            if node is other:
                return True
            new = node.before - seen
            seen |= new
            stack.extend(new)
        return False


def cluster(
    stmts: Sequence[Stmt], members: dict[Stmt, Member], places: Places, first: Collection[Member] = ()
) -> list[Node]:
    """The nodes of a block, in an order in which they can be executed. Members that are to be the `first` of their groups join
    no others."""
    nodes: list[Node] = []
    maker: dict[Var, Node] = {}
    traffic = _Traffic(places)
    barrier: Node | None = None
    for position, stmt in enumerate(stmts):
        member = members.get(stmt)
        reads, writes, blocks = accesses(stmt, member)
        before = {maker[var] for var in _uses(stmt) if var in maker} | traffic.before(reads, writes)
        if barrier is not None:
            before.add(barrier)
        if isinstance(stmt, Op) and stmt.name == "comment":
            before |= set(nodes)
        node = _home(member, before, nodes, places) if member and member not in first else None
        if node is None:
            node = Node([], None if member else stmt)
            nodes.append(node)
        node.positions.append(position)
        if member:
            node.members.append(member)
            node.made.update(dict.fromkeys(stmt.results, member))
        node.before |= before - {node}
        node.writes += writes
        traffic.add(node, reads, writes)
        barrier = node if blocks else barrier
        maker.update(dict.fromkeys(stmt.results, node))
    return _ordered(nodes)


class _Traffic:
    """Who has read and written which memory so far."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._readers: dict[Any, dict[Atom, set[Node]]] = defaultdict(lambda: defaultdict(set))
        self._writers: dict[Any, dict[Atom, set[Node]]] = defaultdict(lambda: defaultdict(set))

    def add(self, node: Node, reads: list[Atom], writes: list[Atom]) -> None:
        for array in reads:
            self._readers[self._places.family(array)][self._places.root(array)].add(node)
        for array in writes:
            self._writers[self._places.family(array)][self._places.root(array)].add(node)

    def before(self, reads: list[Atom], writes: list[Atom]) -> set[Node]:
        """The nodes that must come before one that reads and writes these."""
        found: set[Node] = set()
        pairs = [(array, self._writers) for array in (*reads, *writes)] + [(array, self._readers) for array in writes]
        for array, users in pairs:
            for root, nodes in users[self._places.family(array)].items():
                if not nodes <= found and self._places.overlap(root, array):
                    found |= nodes
        return found


def _uses(stmt: Stmt) -> Iterator[Var]:
    yield from (a for a in operands(stmt) if isinstance(a, Var))
    for inner in blocks_of(stmt):
        yield from free(inner)


def accesses(stmt: Stmt, member: Member | None = None) -> tuple[list[Atom], list[Atom], bool]:
    """The arrays whose contents the statement reads and those that it writes (inside its blocks, too), and whether it is a
    barrier."""
    if member is not None:
        return member.reads, member.writes, False
    reads: dict[Atom, None] = {}
    writes: dict[Atom, None] = {}
    barrier = False
    for op in walk(Block((stmt,))):
        if isinstance(op, Op):
            arrays = [a for a in op.args if isinstance(a.type, Array)]
            if op.name in WRITES:
                writes[op.args[0]] = None
                arrays = arrays[1:]
            elif op.name == "call":
                writes.update(dict.fromkeys(arrays))
            elif op.name == "reduce_like":
                writes[op.args[0]] = None  # its result may be the same memory
            if op.name not in SHAPE_ONLY or op.name == "expand":
                reads.update(dict.fromkeys(arrays))
            barrier = barrier or op.name in BARRIERS
    return list(reads), list(writes), barrier


def _home(member: Member, before: set[Node], nodes: list[Node], places: Places) -> Node | None:
    """The group that a new member joins: one over the same axes, or one that reduces to them what the member needs."""
    fitting = [n for n in nodes if n.members and (n.members[0].space == member.space or _follows_up(member, n))]
    fitting.sort(key=lambda n: (n in before, n.last), reverse=True)
    for node in fitting:
        if _in_step(node, member, places) and not any(n.follows(node) for n in before if n is not node):
            return node
    return None


def _follows_up(member: Member, node: Node) -> bool:
    """Whether the member can stand after the inner loops of the group, and has reason to."""
    space, whole = member.space, node.members[0].space
    depth = sum(n != ONE for n in space)
    outer = next((k for k in range(len(space) + 1) if space[k:] == (ONE,) * (len(space) - k)), 0)
    leading = space[:outer] == whole[:outer] and depth < node.members[0].depth
    return leading and any(a in node.made for a in member.values)


def _in_step(node: Node, member: Member, places: Places) -> bool:
    """Whether every iteration of the new member needs of the group only what the same iteration has done."""
    for a in member.values:
        maker = node.made.get(a)
        if maker is None:
            continue
        if maker.reduces and (maker.level != member.depth or places.sizes(maker.op.result) != member.space):
            return False
        if not maker.reduces and maker.space != member.space:
            return False
    maker = None if member.target is None else node.made.get(member.target)
    if maker is not None and (maker.reduces or maker.space != member.space):
        return False
    for m in node.members if member.writes or node.writes else ():
        for a, b in _clashes(m, member):
            if places.overlap(a, b) and not (m.space == member.space and places.same(a, b, m.space)):
                return False
    return True


def _clashes(early: Member, late: Member) -> Iterator[tuple[Atom, Atom]]:
    """Accesses of which one is a write."""
    for a in early.writes:
        for b in (*late.reads, *late.writes):
            yield a, b
    for a in early.reads:
        for b in late.writes:
            yield a, b


def _ordered(nodes: list[Node]) -> list[Node]:
    """The nodes in an order that respects what must come before what, and else the order in which they stood."""
    waiting = {node: len(node.before) for node in nodes}
    after: dict[Node, list[Node]] = {node: [] for node in nodes}
    for node in nodes:
        for other in node.before:
            after[other].append(node)
    ready = [(node.first, node) for node in nodes if not node.before]
    heapq.heapify(ready)
    result: list[Node] = []
    while ready:
        _, node = heapq.heappop(ready)
        result.append(node)
        for other in after[node]:
            waiting[other] -= 1
            if not waiting[other]:
                heapq.heappush(ready, (other.first, other))
    assert len(result) == len(nodes), "statements wait for each other"
    return result

"""Adjoints of stencils in loops that can be vectorised.

Where a stencil reads `u[j - 1]`, `u[j]` and `u[j + 1]`, its adjoint adds to three neighbouring cells in each iteration, and the
next iteration must wait for these sums. One loop for each neighbour has nothing to wait for: sums may be added in any order, and
what is added is cheap to compute again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from srcad.ir import (
    Atom,
    Block,
    Const,
    For,
    Op,
    Stmt,
    Trace,
    Var,
    blocks_of,
    replace,
    with_blocks,
)
from srcad.ops import WRITES
from srcad.transforms.alias import is_memory
from srcad.transforms.cse import rename
from srcad.transforms.memory import Memory

#: What is computed again for each neighbour, and no more of these than LIMIT.
CHEAP = frozenset("add sub mul neg load cast where lt le gt ge eq ne and or not abs".split())
LIMIT = 12


def fission(trace: Trace) -> Trace:
    """The trace with innermost loops that add to neighbouring cells as several loops."""
    body = _block(trace.body, Memory(trace))
    return replace(trace, body=body, functions=tuple(map(fission, trace.functions)))


def _block(block: Block, memory: Memory) -> Block:
    stmts: list[Stmt] = []
    for stmt in block.stmts:
        stmt = with_blocks(stmt, [_block(inner, memory) for inner in blocks_of(stmt)])
        stmts += _Loop(stmt, memory).parts() if isinstance(stmt, For) and not stmt.exits else [stmt]
    return Block(tuple(stmts), block.yields)


class _Loop:
    """One innermost loop. Its parts stand before what is left of it, and see what it overwrites as it was."""

    def __init__(self, loop: For, memory: Memory) -> None:
        self.loop, self.memory = loop, memory
        self.ops = [s for s in loop.body.stmts if isinstance(s, Op)]
        self.made = {s.result: s for s in self.ops if len(s.results) == 1}

    def parts(self) -> list[Stmt]:
        loop = self.loop
        known = {*CHEAP, "store", "update"}
        if len(self.ops) != len(loop.body.stmts) or loop.params or any(op.name not in known for op in self.ops):
            return [loop]
        moved: list[list[Op]] = []
        for cells in self.neighbours().values():
            if not self.only_added_to(cells) or not all(self.repeatable(op) for op in cells[1:]):
                return [loop]
            for k, op in enumerate(cells[1:]):
                if k == len(moved):
                    moved.append([])
                moved[k].append(op)
        if not moved:
            return [loop]
        gone = {op for part in moved for op in part}
        rest = self.slice([op for op in self.ops if op not in gone and not op.results])
        return [*(self.copy(part) for part in moved), replace(loop, body=Block(tuple(rest)))]

    def neighbours(self) -> dict[tuple[object, ...], list[Op]]:
        """The sums into cells that differ by constants along the last axis only, in groups of several."""
        groups: dict[tuple[object, ...], dict[tuple[Atom, ...], list[Op]]] = defaultdict(dict)
        for op in self.ops:
            if op.name == "update" and len(op.args) > 2:
                array, *index, _ = op.args
                root, _ = self.root(index[-1])
                groups[(array, *index[:-1], root)].setdefault(op.args[:-1], []).append(op)
        return {
            key: [op for ops in cells.values() for op in ops[:1]]
            for key, cells in groups.items()
            if len(cells) > 1 and all(len(ops) == 1 for ops in cells.values()) and key[-1] is self.loop.index
        }

    def root(self, index: Atom) -> tuple[Atom, int]:
        """What an index is without the constant that is added to it, and the constant."""
        op = self.made.get(index) if isinstance(index, Var) else None
        if op is not None and op.name in ("add", "sub") and isinstance(op.args[1], Const):
            root, offset = self.root(op.args[0])
            return root, offset + (op.args[1].value if op.name == "add" else -op.args[1].value)
        return index, 0

    def only_added_to(self, cells: Sequence[Op]) -> bool:
        """Whether the loop does nothing else with the memory, but add to it."""
        array = cells[0].args[0]
        for op in self.ops:
            others = [v for v in op.args if is_memory(v) and not self.memory.apart(v, array)]
            if others and not (op.name == "update" and op.args[0] is array and others == [array]):
                return False
        return True

    def repeatable(self, op: Op) -> bool:
        """Whether a loop before this one finds the same operands: it reads nothing that this one has overwritten by then."""
        needed = self.slice([op])
        if len(needed) > LIMIT:
            return False
        for load in (n for n in needed if n.name == "load"):
            for write in (w for w in self.ops if w.name in WRITES and not self.memory.apart(w.args[0], load.args[0])):
                same = write.args[:-1] == load.args and self.ops.index(load) < self.ops.index(write)
                own = any(self.memory.affine(i, self.loop.index) is not None for i in load.args[1:])
                if not (same and own and all(map(self.memory.nonnegative, load.args[1:]))):
                    return False
        return True

    def slice(self, roots: Sequence[Op]) -> list[Op]:
        """The ops, and those in the loop that they need."""
        needed = set(roots)
        for op in reversed(self.ops):
            if op in needed:
                needed |= {self.made[v] for v in op.args if isinstance(v, Var) and v in self.made}
        return [op for op in self.ops if op in needed]

    def copy(self, roots: Sequence[Op]) -> For:
        body = Block(tuple(self.slice(roots)))
        names = {op.result: op.result.like() for op in body.stmts if isinstance(op, Op) and op.results}
        index = self.loop.index.like()
        body = rename(body, {**names, self.loop.index: index})
        return replace(self.loop, index=index, body=body, mirror=None)

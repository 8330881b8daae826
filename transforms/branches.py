"""Branches on one condition become one branch.

    if c:                     if c:
        r_bar = y_bar             x_bar = y_bar / (2 * r)
    else:                     else:
        r_bar = 0.0               x_bar = 0.0
    if c:
        x_bar = r_bar / (2 * r)
    else:
        x_bar = 0.0

The second one reads what the first one leaves in the same branch. A comment stands between sweeps, which stay apart.
"""

from __future__ import annotations

from collections.abc import Mapping

from srcad.ir import (
    Block,
    If,
    Op,
    Operand,
    Stmt,
    Trace,
    Undef,
    Var,
    blocks_of,
    free,
    replace,
    substitute,
    walk,
    with_blocks,
)
from srcad.transforms.order import Order


def branches(trace: Trace) -> Trace:
    """The trace with each branch moved up to the first one on the same condition, or on its opposite, where it can be."""
    if sum(isinstance(s, If) for s in walk(trace.body)) < 2:
        return trace
    opposites = {
        s.result: s.args[0]
        for s in walk(trace.body)
        if isinstance(s, Op) and s.name == "not" and isinstance(s.args[0], Var)
    }
    merger = _Merger(Order(trace), opposites)
    body = merger.block(trace.body)
    return replace(trace, body=body) if merger.changed else trace


class _Merger:
    def __init__(self, order: Order, opposites: Mapping[Var, Operand]) -> None:
        self.order = order
        self.opposites = opposites
        self.changed = False

    def block(self, block: Block) -> Block:
        stmts = [with_blocks(s, [self.block(inner) for inner in blocks_of(s)]) for s in block.stmts]
        at = 0
        while at < len(stmts):
            changed = self.merge_next(stmts, at) if isinstance(stmts[at], If) else None
            if changed is None:
                at += 1
            else:
                stmts = changed
                self.changed = True
        return Block(tuple(stmts), block.yields)

    def merge_next(self, stmts: list[Stmt], at: int) -> list[Stmt] | None:
        """The first later branch on the same condition that can be moved up to the one at `at`, moved there."""
        here = stmts[at]
        assert isinstance(here, If)
        for k in range(at + 1, len(stmts)):
            there = stmts[k]
            if isinstance(there, Op) and there.name == "comment":
                return None
            if not isinstance(there, If) or (paths := self.paths(here, there)) is None:
                continue
            first = self.order.moved_up(stmts, at, k)
            if first is None:
                return None
            blocks = []
            for above, below in zip(blocks_of(here), paths, strict=True):
                known = dict(zip(here.results, above.yields, strict=True))
                if any(isinstance(known.get(v), Undef) for v in free(below)):
                    return None
                below = substitute(below, known)
                blocks.append(Block((*above.stmts, *below.stmts), (*above.yields, *below.yields)))
            merged = replace(with_blocks(here, blocks), results=(*here.results, *there.results))
            moved = [id(s) for s in (*first, here, there)]
            rest = [s for s in stmts[at + 1 :] if id(s) not in moved]
            return [*stmts[:at], *first, merged, *rest]
        return None

    def paths(self, here: If, there: If) -> tuple[Block, ...] | None:
        """The blocks of `there` in the order in which those of `here` are taken; None if that is not known."""
        if here.cond is there.cond:
            return blocks_of(there)
        if self.opposite(there.cond) is here.cond or self.opposite(here.cond) is there.cond:
            return (there.orelse, there.then)
        return None

    def opposite(self, cond: Operand) -> Operand | None:
        return self.opposites.get(cond) if isinstance(cond, Var) else None

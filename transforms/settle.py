"""Last touches: zeros that are only added to, and comments over nothing.

An array of zeros to each cell of which a loop adds once, before anything else looks at it, need not be zero first. What has just
been made need not be copied. A comment that announces a sweep goes when the sweep is empty.
"""

from __future__ import annotations

from collections import Counter

from srcad.ir import (
    Array,
    Atom,
    Block,
    Const,
    For,
    If,
    Op,
    Stmt,
    Trace,
    Var,
    blocks_of,
    const,
    free,
    replace,
    uses,
    walk,
    with_blocks,
)
from srcad.ops import FRESH


def settle(trace: Trace) -> Trace:
    """The trace with sums into fresh zeros as stores into fresh memory, and without comments over nothing."""
    made = {s.result: s for s in walk(trace.body) if isinstance(s, Op) and len(s.results) == 1}
    body = _comments(_Settler(made, Counter(uses(trace.body))).block(trace.body))
    return replace(trace, body=body, functions=tuple(map(settle, trace.functions)))


class _Settler:
    def __init__(self, made: dict[Var, Op], uses: Counter[Var]) -> None:
        self.made, self.uses = made, uses

    def block(self, block: Block) -> Block:
        stmts = [with_blocks(s, [self.block(inner) for inner in blocks_of(s)]) for s in block.stmts]
        stmts = self.uncopied(stmts)
        reads = [set(free(Block((s,)))) for s in stmts]
        for at, stmt in enumerate(stmts):
            if isinstance(stmt, Op) and stmt.name == "alloc" and stmt.attr("fill") == "zeros":
                first = next((k for k in range(at + 1, len(stmts)) if stmt.result in reads[k]), None)
                loop = stmts[first] if first is not None else None
                if first is not None and isinstance(loop, For) and (new := self.stored(loop, stmt, 0)) is not None:
                    stmts[first] = new
                    stmts[at] = replace(stmt, attrs=(("fill", "empty"), ("dtype", stmt.attr("dtype"))))
        return Block(tuple(stmts), block.yields)

    def uncopied(self, stmts: list[Stmt]) -> list[Stmt]:
        """Without copies of fresh memory that nobody else knows."""
        for copy in [s for s in stmts if isinstance(s, Op) and s.name == "copy"]:
            maker = self.made.get(copy.args[0]) if isinstance(copy.args[0], Var) else None
            if maker is None or maker not in stmts or maker.name not in FRESH or maker.result.type != copy.result.type:
                continue
            if self.uses[maker.result] == 1:
                stmts.remove(copy)
                stmts[stmts.index(maker)] = new = replace(maker, results=copy.results)
                self.made[copy.result] = new
        return stmts

    def stored(self, loop: For, alloc: Op, axis: int) -> For | None:
        """The loop nest with its one `update` of the array as a `store`, if it goes over every cell once."""
        array = alloc.result
        if not alloc.args or loop.exits or array in loop.inits or not self.covers(loop, alloc.args[axis]):
            return None
        touching = [k for k, s in enumerate(loop.body.stmts) if array in free(Block((s,)))]
        if len(touching) != 1 or array in loop.body.yields:
            return None
        (at,) = touching
        touched = loop.body.stmts[at]
        assert isinstance(array.type, Array)
        inner: Stmt | None
        if axis + 1 == array.type.ndim:
            inner = self.store(touched, array)
        else:
            inner = self.stored(touched, alloc, axis + 1) if isinstance(touched, For) else None
        if inner is None or (axis == 0 and not self.indexed(loop, inner, array)):
            return None
        stmts = (*loop.body.stmts[:at], inner, *loop.body.stmts[at + 1 :])
        return replace(loop, body=Block(stmts, loop.body.yields))

    @staticmethod
    def store(op: Stmt, array: Var) -> Op | None:
        if isinstance(op, Op) and op.name == "update" and op.args[0] is array and op.args[-1] is not array:
            return replace(op, name="store")
        return None

    @staticmethod
    def indexed(loop: For, inner: Stmt, array: Var) -> bool:
        """Whether the store's indices are the loops' own, outermost first."""
        indices = [loop.index]
        while isinstance(inner, For):
            indices.append(inner.index)
            inner = next(s for s in inner.body.stmts if array in free(Block((s,))))
        return isinstance(inner, Op) and inner.args[1:-1] == tuple(indices)

    def covers(self, loop: For, size: Atom) -> bool:
        """Whether the loop runs over 0 .. size - 1, in either direction."""
        if loop.step == const(1):
            return loop.start == const(0) and self.same(loop.stop, size)
        last = self.made.get(loop.start) if isinstance(loop.start, Var) else None
        backwards = loop.step == const(-1) and loop.stop == const(-1)
        return (
            backwards
            and last is not None
            and last.name == "sub"
            and last.args[1] == const(1)
            and self.same(last.args[0], size)
        )

    def same(self, a: Atom, b: Atom) -> bool:
        if a is b or (isinstance(a, Const) and a == b):
            return True
        x, y = (self.made.get(v) if isinstance(v, Var) else None for v in (a, b))
        return x is not None and y is not None and x.name == y.name == "dim" and (x.args, x.attrs) == (y.args, y.attrs)


def _comments(body: Block) -> Block:
    stmts: list[Stmt] = []
    for stmt in body.stmts:
        stmt = with_blocks(stmt, map(_comments, blocks_of(stmt))) if isinstance(stmt, If | For) else stmt
        if _is_comment(stmt) and (over := _over_nothing(stmts)) is not None:
            del stmts[over]
        stmts.append(stmt)
    if stmts and _is_comment(stmts[-1]):
        stmts.pop()
    comments = [stmt for stmt in stmts if _is_comment(stmt)]
    if comments and not any(isinstance(s, For) for s in stmts) and len(comments) == 1 and stmts[0] is comments[0]:
        stmts = stmts[1:]
    return replace(body, stmts=tuple(stmts))


def _over_nothing(stmts: list[Stmt]) -> int | None:
    """The place of the last comment, if nothing but sizes comes after it."""
    for at in range(len(stmts) - 1, -1, -1):
        stmt = stmts[at]
        if not (isinstance(stmt, Op) and stmt.name == "dim"):
            return at if _is_comment(stmt) else None
    return None


def _is_comment(stmt: Stmt) -> bool:
    return isinstance(stmt, Op) and stmt.name == "comment"

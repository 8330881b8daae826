"""Shared memory by turns: what the threads of a block do between two barriers.

The reverse of a kernel waits where the kernel waits. So it is right where between two barriers no thread reads an element that
another one writes, and no two write the same one: then what they do in reverse between these barriers meets no more than that.
That is checked for each two accesses which are not always a barrier apart, as in `transforms.ownership`; what is the same for
all threads of a block counts as a constant, and so does the index of a loop, where both are on the same trip.
"""

from __future__ import annotations

from collections.abc import Mapping

from srcad.errors import UnsupportedError
from srcad.ir import Block, If, Op, Trace, Var, blocks_of, replace, walk, with_blocks
from srcad.transforms.ownership import DOES, Access, accesses_to, never_meet, signs_of
from srcad.transforms.threads import Poly, Threads

#: Accesses that may be under way, and whether they belong to an earlier trip of a loop around.
Open = Mapping[Op, bool]


class _Together(Threads):
    """The ints of threads that are at the same place."""

    def is_constant(self, poly: Poly) -> bool:
        return self.is_uniform(poly)


class _Apart(Threads):
    """The ints of threads of which some are a trip ahead."""

    def is_constant(self, poly: Poly) -> bool:
        rest = Poly.of(
            {tuple(u for u in m if not getattr(u, "name", "").startswith("blockIdx")): c for m, c in poly.terms}
        )
        return super().is_constant(rest)


def shared_arrays(trace: Trace) -> list[Var]:
    return [op.result for op in walk(trace.body) if isinstance(op, Op) and op.attr("shared")]


def in_phases(trace: Trace) -> Trace:
    """The trace with its shared memory at the start. A kernel with threads that meet there between two barriers is refused."""
    _Checker(trace, shared_arrays(trace)).block(trace.body, {})
    made = [op for op in walk(trace.body) if isinstance(op, Op) and op.attr("shared")]

    def rest(block: Block) -> Block:
        return replace(
            block, stmts=tuple(with_blocks(s, map(rest, blocks_of(s))) for s in block.stmts if s not in made)
        )

    return replace(trace, body=replace(trace.body, stmts=(*made, *rest(trace.body).stmts)))


class _Checker:
    def __init__(self, trace: Trace, arrays: list[Var]) -> None:
        self.threads = {False: _Together(trace), True: _Apart(trace)}
        self.accesses = {
            ahead: {a.op: a for a in accesses_to(arrays, trace, threads)} for ahead, threads in self.threads.items()
        }
        self.ids = {id for id in self.threads[False].used if id.startswith("threadIdx")}

    def block(self, block: Block, under_way: Open) -> Open:
        """Check what the block does while these accesses may be under way; give those that are when it ends."""
        for stmt in block.stmts:
            if isinstance(stmt, Op):
                if stmt.name == "barrier":
                    under_way = {}
                elif stmt in self.accesses[False]:
                    under_way = {**under_way, stmt: False}
                    for other, ahead in under_way.items():
                        self.check(stmt, other, ahead)
            elif isinstance(stmt, If):
                ends = [self.block(inner, under_way) for inner in blocks_of(stmt)]
                under_way = _either(*ends)
            else:
                body = blocks_of(stmt)[-1]
                after = self.block(body, under_way)
                again = self.block(body, _either(under_way, dict.fromkeys(after, True)))
                under_way = _either(under_way, after, again)
        return under_way

    def check(self, op: Op, other: Op, ahead: bool) -> None:
        one, two = self.accesses[ahead][op], self.accesses[ahead][other]
        adding = op.name == other.name == "atomic_add"
        if one.root is not two.root or adding or not (one.writes or two.writes):
            return
        threads = self.threads[ahead]
        if op is not other and (never_meet(threads, one, two) or never_meet(threads, two, one)):
            return
        signs = signs_of(threads, two)
        known = frozenset[str]().union(*(ids for sign, ids in signs_of(threads, one).items() if sign in signs))
        if self.ids - known:
            self.refuse(one, two)

    @staticmethod
    def refuse(one: Access, two: Access) -> None:
        name = one.root.hint or "shared memory"
        line = two.op.span.line if two.op.span else "?"
        does, did = (DOES.get(access.op.name, "writes") for access in (one, two))
        if one is two:
            reason = f"several threads of a block may write the same element of '{name}' at the same time"
        else:
            reason = (
                f"this {does} an element of '{name}' that another thread {did} in line {line}, maybe at the same time: no "
                "cuda.syncthreads() is in between, or it cannot be seen that they never meet"
            )
        raise UnsupportedError(
            reason, one.op.span, "synchronise, use indices made of cuda.threadIdx, or do without shared memory"
        )


def _either(*found: Open) -> Open:
    """What may be under way, by one way or another."""
    return {op: any(f.get(op, False) for f in found) for each in found for op in each}


def fewer_barriers(trace: Trace) -> Trace:
    """The trace without barriers between which nothing happens to shared memory."""
    arrays = set(shared_arrays(trace))

    def touches(stmt: object) -> bool:
        return isinstance(stmt, Op) and any(arg in arrays for arg in stmt.args)

    def visit(block: Block) -> Block:
        stmts = []
        waits = False
        for stmt in block.stmts:
            inside = list(walk(Block((stmt,))))
            if not any(map(touches, inside)):
                if isinstance(stmt, Op) and stmt.name == "barrier":
                    if waits:
                        continue
                    waits = True
                elif not isinstance(stmt, Op):
                    stmt = with_blocks(stmt, map(_without_barriers, blocks_of(stmt)))
            else:
                waits = False
                stmt = with_blocks(stmt, map(visit, blocks_of(stmt)))
            stmts.append(stmt)
        return replace(block, stmts=tuple(stmts))

    return replace(trace, body=visit(trace.body))


def without_barriers(trace: Trace) -> Trace:
    """The trace of a kernel whose threads have nothing to wait for."""
    return replace(trace, body=_without_barriers(trace.body))


def _without_barriers(block: Block) -> Block:
    kept = (s for s in block.stmts if not (isinstance(s, Op) and s.name == "barrier"))
    return replace(block, stmts=tuple(with_blocks(s, map(_without_barriers, blocks_of(s))) for s in kept))

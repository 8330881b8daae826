"""Arrays that a loop carries from trip to trip get a place of their own, where memory cannot be allocated on every trip.

`x = x + h * f(x)` makes an array on each trip, and the next trip reads it while it makes another. A thread of a GPU has one
place for both. So what a loop carries is copied, at the end of a trip, into a buffer that was there before the loop. Where
somebody might see that it is a copy, because it is written while it has another name, the program is refused.
"""

from __future__ import annotations

from collections.abc import Sequence

from srcad.errors import UnsupportedError
from srcad.ir import (
    Array,
    Atom,
    Block,
    Builder,
    For,
    Op,
    Operand,
    Trace,
    Undef,
    Var,
    While,
    blocks_of,
    const,
    replace,
    substitute,
    uses,
    walk,
    with_blocks,
)
from srcad.transforms.alias import next_values
from srcad.transforms.instances import Instances, writes
from srcad.transforms.shapes import Shapes
from srcad.transforms.whole import nest

REMEDY = 'make a copy of the array, or use batched(target="cpu")'


def buffers(trace: Trace) -> Trace:
    """The trace with buffers for what loops carry and have made themselves."""
    instances = Instances(trace)
    _check_kept(instances, trace.body)
    made = _Buffers(trace, instances)
    return replace(trace, body=substitute(made.block(trace.body), made.env))


class _Buffers:
    def __init__(self, trace: Trace, instances: Instances) -> None:
        self.instances = instances
        self.shapes = Shapes(trace)
        self.env: dict[Var, Operand] = {}

    def block(self, block: Block) -> Block:
        b = Builder()
        for k, stmt in enumerate(block.stmts):
            new = with_blocks(stmt, [self.block(inner) for inner in blocks_of(stmt)])
            if isinstance(stmt, For | While) and isinstance(new, For | While):
                carried = [n for n in range(len(stmt.params)) if self.is_moved(stmt, n)]
                rest = Block(block.stmts[k + 1 :], block.yields)
                own = {n for n in carried if self.is_own(stmt, n, block, rest)}
                for n in carried:
                    self.check(stmt, n, n in own)
                new = self.buffered(b, new, carried, own) if carried else new
            b.add(new)
        return b.block(*block.yields)

    def is_moved(self, loop: For | While, n: int) -> bool:
        """Whether the next trip would overwrite what it is given, or what lies in the buffer of another param."""
        after = next_values(loop)[n]
        moves = self.instances.made_in(loop, after) or self.instances.is_older(after)
        return isinstance(loop.params[n].type, Array) and bool(moves)

    def is_own(self, loop: For | While, n: int, block: Block, rest: Block) -> bool:
        """Whether nobody but the loop has to do with what it begins with: that may be the buffer."""
        of, param, init = self.instances.of, loop.params[n], loop.inits[n]
        made = {v for stmt in block.stmts if isinstance(stmt, Op) for v in stmt.results}
        roots = of(init)
        if isinstance(init, Undef) or not roots <= made or loop.inits.count(init) > 1:
            return False
        others = [v for inner in (*blocks_of(loop), rest) for v in uses(inner)]
        twice = any(not roots.isdisjoint(of(p)) for k, p in enumerate(loop.params) if k != n)
        return not twice and all(roots.isdisjoint(of(v)) or param in of(v) for v in others)

    @staticmethod
    def first(loop: For | While, n: int) -> Operand:
        """What tells the sizes of what a loop carries: what it begins with, if that is anything."""
        return next_values(loop)[n] if isinstance(loop.inits[n], Undef) else loop.inits[n]

    def is_known(self, loop: For | While, n: int) -> bool:
        """Whether nothing comes before what the first trip makes, of a known size."""
        undefined = isinstance(loop.inits[n], Undef)
        return undefined and not any(size.affine.terms for size in self.shapes.of(self.first(loop, n)))

    def check(self, loop: For | While, n: int, own: bool) -> None:
        param = loop.params[n]
        if self.shapes.of(param) != self.shapes.of(self.first(loop, n)) and not self.is_known(loop, n):
            raise UnsupportedError(
                "an array that changes its size while a loop runs has no place in a thread of a GPU", loop.span, REMEDY
            )
        of = self.instances.of
        written = [op for op in writes(loop.body) if not of(param).isdisjoint(of(op.args[0]))]
        shared = [
            v
            for inner in blocks_of(loop)
            for v in uses(inner)
            if not of(param).isdisjoint(of(v)) and param not in of(v)
        ]
        if written and (shared or not own):
            raise UnsupportedError(
                "an array that a loop replaces is written while it may have another name, which a thread of a GPU cannot "
                "keep apart",
                written[0].span or loop.span,
                REMEDY,
            )

    def buffered(self, b: Builder, loop: For | While, carried: list[int], own: set[int]) -> For | While:
        """The loop without these params, which are buffers from now on: what it begins with, where that is its own."""
        b.span = loop.span
        sizes = {n: self.sizes(b, self.first(loop, n)) for n in carried}
        places = {n: self.place(b, sizes[n], loop, n, n in own) for n in carried}
        self.env |= {old: places[n] for n in carried for old in (loop.params[n], loop.results[n])}
        end = Builder(list(loop.body.stmts), loop.span)
        after = list(next_values(loop))
        for n in carried:  # what is copied may be what another copy overwrites
            if any(m != n and loop.params[m] in self.instances.of(after[n]) for m in carried):
                after[n] = self.copied(end, sizes[n], after[n], loop.params[n])
        for n in carried:
            if not isinstance(after[n], Undef):
                copy_elements(end, sizes[n], after[n], places[n])
        kept = [n for n in range(len(loop.params)) if n not in carried]
        go = loop.body.yields[:1] if loop.exits else ()
        return replace(
            loop,
            params=tuple(loop.params[n] for n in kept),
            results=tuple(loop.results[n] for n in kept),
            inits=tuple(loop.inits[n] for n in kept),
            body=end.block(*go, *(after[n] for n in kept)),
        )

    def place(self, b: Builder, sizes: list[Atom], loop: For | While, n: int, own: bool) -> Operand:
        return loop.inits[n] if own else self.copied(b, sizes, loop.inits[n], loop.params[n])

    def sizes(self, b: Builder, array: Operand) -> list[Atom]:
        known = [size.affine for size in self.shapes.of(array)]
        assert not isinstance(array, Undef)
        return [b.op("dim", array, axis=k) if n.terms else const(n.constant) for k, n in enumerate(known)]

    def copied(self, b: Builder, sizes: list[Atom], source: Operand, like: Var) -> Var:
        assert isinstance(like.type, Array)
        array = b.op("alloc", *sizes, fill="empty", dtype=like.type.dtype, hint=like.hint)
        if not isinstance(source, Undef):
            copy_elements(b, sizes, source, array)
        return array


def copy_elements(b: Builder, sizes: Sequence[Atom], source: Operand, target: Operand, write: str = "store") -> None:
    assert not isinstance(source, Undef)
    assert not isinstance(target, Undef)
    nest(b, sizes, lambda inner, index: inner.effect(write, target, *index, inner.op("load", source, *index)))


def _check_kept(instances: Instances, body: Block) -> None:
    """An array that goes to a list is copied there. It must not be changed while it is in it; and what is taken out may only be
    changed if nobody else has it."""
    ops = [op for op in walk(body) if isinstance(op, Op)]
    written = writes(body)
    changed = {
        op.args[0]
        for op in ops
        if op.name == "pop" and any(op.results[0] in instances.ageless(write.args[0]) for write in written)
    }
    kept = [op for op in ops if op.name == "append" and isinstance(op.args[1].type, Array)]
    for op in kept:
        write = instances.written_after(body, op, op.args[1])
        if write is None and op.args[0] in changed and not _is_alone(instances, op, ops, kept):
            write = op
        if write is not None:
            raise UnsupportedError(
                "an array is written after it was kept in a list, which a thread of a GPU cannot do", write.span, REMEDY
            )


def _is_alone(instances: Instances, op: Op, ops: Sequence[Op], kept: Sequence[Op]) -> bool:
    """Whether what goes to the list is made for that alone: anew each time, in no other list, and not looked at once things
    are taken out."""
    around, roots = instances.around[op], instances.ageless(op.args[1])
    if any(instances.loops.get(root) != around for root in instances.of(op.args[1])):
        return False
    first = min(instances.position[p] for p in ops if p.name == "pop" and p.args[0] is op.args[0])
    later = [v for p in ops if instances.position[p] > first for v in p.args]
    others = [other.args[1] for other in kept if other is not op]
    return all(roots.isdisjoint(instances.ageless(v)) for v in (*later, *others))

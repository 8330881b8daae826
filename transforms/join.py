"""One loop for both sweeps.

A loop whose iterations need nothing from one another can run its reverse in the same iteration: what the reverse
needs is at hand, nothing is kept on a tape, a branch is taken once. `join` moves the reverse of such a loop up to
the loop itself, when what the reverse reads is known by then and nothing in between minds; sums that it carries may
be summed in the other direction.
"""

from __future__ import annotations

from collections.abc import Collection

from srcad.ir import (
    Atom,
    Block,
    Builder,
    Const,
    For,
    If,
    Op,
    Operand,
    Scalar,
    Stmt,
    Trace,
    Var,
    While,
    blocks_of,
    const,
    definitions,
    free,
    replace,
    subst,
    substitute,
    uses,
    walk,
    with_blocks,
)
from srcad.ops import WRITES
from srcad.transforms.alias import is_memory
from srcad.transforms.branches import branches
from srcad.transforms.cse import cse
from srcad.transforms.memory import Memory
from srcad.transforms.order import ADDS, CONTENTS, Order


def join(trace: Trace) -> Trace:
    """The trace with loops and their reverses joined where they can be."""
    joiner = _Joiner(trace)
    body = joiner.block(trace.body)
    functions = tuple(map(join, trace.functions))
    trace = replace(trace, body=body, functions=functions)
    if joiner.joined:
        trace = _forward_tapes(cse(trace))
    trace = branches(trace)
    if joiner.joined:
        trace = _renamed(_forward_tapes(cse(trace)))
    return _Joiner(trace).forwards(trace)


def is_independent(trace: Trace, loop: For) -> bool:
    """Whether the iterations of a loop of the trace may run in any order, each with what it makes for itself."""
    joiner = _Joiner(trace)
    made = {v for stmt in walk(loop.body) if isinstance(stmt, Op) and stmt.name == "alloc" for v in stmt.results}
    return not loop.params and not loop.exits and joiner.independent(loop, made)


def _renamed(trace: Trace) -> Trace:
    """The comment over one loop for both sweeps, if nothing but that is left of the reverse sweep."""
    body = trace.body
    comments = [k for k, stmt in enumerate(body.stmts) if isinstance(stmt, Op) and stmt.name == "comment"]
    if len(comments) != 2 or any(isinstance(stmt, For | While) for stmt in body.stmts[comments[1] :]):
        return trace
    both = Op((), "comment", (), (("text", "forward and reverse sweep"),))
    stmts = (
        *body.stmts[: comments[0]],
        both,
        *body.stmts[comments[0] + 1 : comments[1]],
        *body.stmts[comments[1] + 1 :],
    )
    return replace(trace, body=replace(body, stmts=stmts))


class _Joiner:
    def __init__(self, trace: Trace) -> None:
        self.order = Order(trace)
        self.memory = Memory(trace)
        self.joined = False

    def block(self, block: Block) -> Block:
        stmts = [with_blocks(s, [self.block(inner) for inner in blocks_of(s)]) for s in block.stmts]
        at = 0
        while at < len(stmts):
            first = stmts[at]
            if isinstance(first, For) and first.mirror is not None:
                later = (k for k in range(at + 1, len(stmts)) if getattr(stmts[k], "mirror", None) is first.mirror)
                k = next(later, None)
                if k is not None and (changed := self.join_loops(stmts, at, k)) is not None:
                    stmts = [self.again(s) if isinstance(s, For) and s not in stmts else s for s in changed]
                    self.joined = True
                    continue
            at += 1
        return Block(tuple(stmts), block.yields)

    def again(self, joined: For) -> For:
        """A joined loop, with the loops in its body joined that have come together there."""
        return replace(joined, body=self.block(joined.body))

    def join_loops(self, stmts: list[Stmt], at: int, k: int) -> list[Stmt] | None:
        here, there = stmts[at], stmts[k]
        assert isinstance(here, For) and isinstance(there, For)
        if here.exits or there.exits or set(free(Block((there,)))) & set(here.results):
            return None
        first = self.order.moved_up(stmts, at, k)
        if first is None:
            return None
        forward, reverse = self.order.effects([here]), self.order.effects([there])
        if not forward.allows(reverse) or reverse.writes & (forward.reads | forward.writes):
            return None
        if not self.independent(there):
            return None
        for param, after in zip(there.params, there.body.yields, strict=True):
            if not isinstance(param.type, Scalar) or not only_summed(param, there.body, after):
                return None
        body = substitute(there.body, {there.index: here.index})
        joined = replace(
            here,
            results=(*here.results, *there.results),
            params=(*here.params, *there.params),
            inits=(*here.inits, *there.inits),
            body=Block((*here.body.stmts, *body.stmts), (*here.body.yields, *body.yields)),
            mirror=None,
        )
        moved = [id(s) for s in (*first, here, there)]
        rest = [s for s in stmts[at + 1 :] if id(s) not in moved]
        return [*stmts[:at], *first, joined, *rest]

    def independent(self, loop: For, apart: Collection[Var] = ()) -> bool:
        """Whether the iterations may run in any order: what one overwrites, or adds to and reads, no other touches. Arrays that
        are `apart` are other ones for each."""
        inside = {*definitions(loop.body), *loop.params}
        touching = [op for op in walk(loop.body) if isinstance(op, Op) and op.name in {*WRITES, *CONTENTS}]
        arrays = list(dict.fromkeys(v for op in touching for v in op.args if isinstance(v, Var) and is_memory(v)))
        arrays = [v for v in arrays if self.memory.origin(v) not in apart]
        while arrays:
            group = arrays[:1]
            for var in group:  # with all that may be the same memory
                group += [v for v in arrays if v not in group and not self.memory.apart(v, var)]
            arrays = [v for v in arrays if v not in group]
            ops = [op for op in touching if any(v in group for v in op.args)]
            kinds = {"add" if op.name in ADDS else "store" for op in ops if op.name in WRITES and op.args[0] in group}
            reads = any(op.name not in WRITES or any(v in group for v in op.args[1:]) for op in ops)
            if "store" in kinds or (kinds and reads):
                # by the same index, the next iteration means other cells of an array that the loop names anew
                places = {None if op.args[0] in inside else self.place(op, loop) for op in ops}
                if len(group) > 1 or len(places) != 1 or None in places:
                    return False
        return True

    def forwards(self, trace: Trace) -> Trace:
        """The trace with the loops of its reverse sweep run forwards where the order does not matter."""
        stmts = trace.body.stmts
        at = next(
            (k for k, s in enumerate(stmts) if isinstance(s, Op) and s.attr("text") == "reverse sweep"), len(stmts)
        )
        reverse = self.upwards(Block(stmts[at:], trace.body.yields))
        return replace(trace, body=Block((*stmts[:at], *reverse.stmts), reverse.yields))

    def upwards(self, block: Block) -> Block:
        """The block with loops that run backwards for no reason run forwards."""
        b = Builder()
        for stmt in block.stmts:
            stmt = with_blocks(stmt, [self.upwards(inner) for inner in blocks_of(stmt)])
            if isinstance(stmt, For) and stmt.step == const(-1) and not stmt.exits and self.any_order(stmt):
                ends = self.following(b, stmt.stop), self.following(b, stmt.start)
                stmt = replace(stmt, start=ends[0], stop=ends[1], step=const(1))
            b.add(stmt)
        return b.block(*block.yields)

    def any_order(self, loop: For) -> bool:
        pairs = zip(loop.params, loop.body.yields, strict=True)
        summed = all(isinstance(p.type, Scalar) and only_summed(p, loop.body, after) for p, after in pairs)
        effects = self.order.effects([loop])
        return summed and not (effects.other or effects.raises) and self.independent(loop)

    def following(self, b: Builder, operand: Atom) -> Atom:
        """operand + 1"""
        if isinstance(operand, Const):
            return const(int(operand.value) + 1)
        made = self.memory.definition.get(operand)
        if made is not None and made.name == "sub" and made.args[1] == const(1):
            return made.args[0]
        return b.op("add", operand, const(1))

    def place(self, op: Op, loop: For) -> tuple[int, int] | None:
        """Along which axis the op's index is the loop's, plus how much; None if that is not known."""
        if op.name not in ("load", "store", "update"):
            return None
        index = op.args[1:] if op.name == "load" else op.args[1:-1]
        for axis, operand in enumerate(index):
            offset = self.memory.affine(operand, loop.index)
            if offset is not None and self.memory.nonnegative(operand):
                return axis, offset
        return None


def only_summed(param: Var, block: Block, after: Operand) -> bool:
    """Whether the block does nothing with `param` but add to it, on the way to `after`."""
    reads = sum(v is param for v in _reads(block))
    return reads == _links(param, block, after)


def _reads(block: Block) -> list[Var]:
    return list(uses(block))


def _links(param: Var, block: Block, after: Operand) -> int:
    """How many reads of `param` are links of the chain of additions that ends in `after`; -1 if there is no such chain."""
    if after is param:
        return 1
    for stmt in block.stmts:
        if after not in stmt.results or not isinstance(after, Var):
            continue
        if sum(v is after for v in _reads(block)) != 1:
            return -1
        match stmt:
            case Op(name="add", args=(a, b)):
                for operand in (a, b):
                    if (found := _links(param, block, operand)) > 0:
                        return found
            case Op(name="sub", args=(a, _)):
                return _links(param, block, a)
            case If():
                position = stmt.results.index(after)
                links = [_links(param, inner, inner.yields[position]) for inner in blocks_of(stmt)]
                return sum(links) if min(links) > 0 else -1
            case For() if not stmt.exits:
                position = stmt.results.index(after)
                inner, init = stmt.params[position], stmt.inits[position]
                if only_summed(inner, stmt.body, stmt.body.yields[position]):
                    return _links(param, block, init)
    return -1


def _forward_tapes(trace: Trace) -> Trace:
    """Replace a load from a tape by the value stored there, where the same iteration has just stored it."""
    body = trace.body
    stores: dict[Operand, int] = {}
    for stmt in walk(body):
        if isinstance(stmt, Op) and stmt.name in WRITES:
            stores[stmt.args[0]] = stores.get(stmt.args[0], 0) + 1
    tapes = {v for v, n in stores.items() if isinstance(v, Var) and v.hint.endswith("_tape") and n == 1}

    def block(old: Block, at_hand: dict[tuple[Operand, ...], Operand], env: dict[Var, Operand]) -> Block:
        stmts: list[Stmt] = []
        for stmt in old.stmts:
            if isinstance(stmt, Op) and stmt.args and stmt.args[0] in tapes:
                if stmt.name == "store":
                    at_hand[stmt.args[:-1]] = subst(env, stmt.args[-1])
                elif stmt.name == "load" and stmt.args in at_hand:
                    env[stmt.result] = at_hand[stmt.args]
                    continue
            inside = [block(inner, dict(at_hand), env) for inner in blocks_of(stmt)]
            stmts.append(with_blocks(stmt, inside))
        return Block(tuple(stmts), old.yields)

    env: dict[Var, Operand] = {}
    body = block(body, {}, env)
    for var in list(env):
        while isinstance(target := env[var], Var) and target in env:
            env[var] = env[target]
    return replace(trace, body=substitute(body, env))

"""Grid-stride loops, while a kernel is differentiated: loops over the numbers of their trips.

    for i in range(cuda.grid(1), n, cuda.gridsize(1)):          while i < n:
        ...                                                         ...
                                                                    i += cuda.gridsize(1)

Both run from an id of the thread to a bound, in steps of the size of the grid. A loop from 0 by ones is what the passes know
best: its reverse can be joined with it, and a tape has a place for each trip. What is left of such loops in the end is written
as a range again.
"""

from __future__ import annotations

from srcad.ir import (
    INT,
    Atom,
    Block,
    Builder,
    Const,
    For,
    Op,
    Stmt,
    Trace,
    Var,
    While,
    blocks_of,
    const,
    definitions,
    free,
    replace,
    substitute,
    uses,
    walk,
    with_blocks,
)
from srcad.transforms.threads import Threads

#: What may be computed before a loop instead of in it.
_STEADY = frozenset({"thread", "grid2", "grid3", "dim", "add", "sub", "mul"})


def by_trips(trace: Trace) -> Trace:
    """The trace with grid-stride loops as loops over the numbers of their trips."""
    trace = replace(trace, body=_steady(trace.body))
    threads = Threads(trace)

    def block(old: Block) -> Block:
        b = Builder()
        for stmt in old.stmts:
            stmt = with_blocks(stmt, map(block, blocks_of(stmt)))
            if isinstance(stmt, For) and not isinstance(stmt.step, Const) and threads.is_extent(stmt.step):
                _counted(b, stmt, stmt.index, stmt.start, stmt.stop, stmt.step)
            elif isinstance(stmt, While) and (found := _counter(stmt, threads)) is not None:
                k, stop, step = found
                start = stmt.inits[k]
                assert isinstance(start, Var | Const)
                trips = _counted(b, _as_for(stmt, k), stmt.params[k], start, stop, step)
                if stmt.results[k] in set(uses(trace.body)):
                    b.add(Op((stmt.results[k],), "strided", (start, trips, step), (), stmt.span))
            else:
                b.add(stmt)
        return b.block(*old.yields)

    return replace(trace, body=block(trace.body))


def _counted(b: Builder, loop: For, index: Var, start: Atom, stop: Atom, step: Atom) -> Var:
    """Append the loop, over the numbers of its trips; give how many there are."""
    b.span = loop.span
    trips = b.op("trips", start, stop, step, positive=True)
    number = Var("m", INT, index.span)
    place = Op((index,), "strided", (start, number, step), (), loop.span)
    body = replace(loop.body, stmts=(place, *loop.body.stmts))
    b.add(replace(loop, index=number, start=const(0), stop=trips, step=const(1), body=body))
    return trips


def _counter(loop: While, threads: Threads) -> tuple[int, Atom, Atom] | None:
    """The param that a while loop counts up, to what, and by how much."""
    cond = loop.cond.stmts[-1] if loop.cond.stmts else None
    if loop.exits or len(loop.cond.stmts) != 1 or not isinstance(cond, Op) or cond.results != loop.cond.yields:
        return None
    param, stop = cond.args if cond.name == "lt" else cond.args[::-1] if cond.name == "gt" else (None, None)
    if param not in loop.params or param.type != INT or stop in loop.params or stop is None:
        return None
    k = loop.params.index(param)
    after = loop.body.yields[k]
    for op in loop.body.stmts:
        if isinstance(op, Op) and op.results == (after,) and op.name == "add" and param in op.args:
            step = op.args[1] if op.args[0] is param else op.args[0]
            inside = set(definitions(loop.body)) | set(loop.params)
            if step not in inside and stop not in inside and threads.is_extent(step):
                return k, stop, step
    return None


def _as_for(loop: While, k: int) -> For:
    """The loop without the param that is its index."""

    def rest(items: tuple[Stmt, ...]) -> tuple[Stmt, ...]:
        return (*items[:k], *items[k + 1 :])

    body = replace(loop.body, yields=rest(loop.body.yields))  # type: ignore[arg-type]
    index, zero = loop.params[k], const(0)
    return For(
        rest(loop.results), index, zero, zero, zero, rest(loop.params), rest(loop.inits), body, False, loop.span  # type: ignore[arg-type]
    )  # fmt: skip


def _steady(block: Block) -> Block:
    """The block with indices and extents that do not change in a loop computed before it."""
    stmts: list[Stmt] = []
    for stmt in block.stmts:
        stmt = with_blocks(stmt, map(_steady, blocks_of(stmt)))
        if isinstance(stmt, For | While):
            inside = {v for inner in blocks_of(stmt) for v in definitions(inner)} | set(stmt.params)
            inside |= {stmt.index} if isinstance(stmt, For) else set()
            blocks = []
            for inner in blocks_of(stmt):
                kept: list[Stmt] = []
                for op in inner.stmts:
                    if (
                        isinstance(op, Op)
                        and op.name in _STEADY
                        and inside.isdisjoint(free(Block((op,))))
                        and _is_int(op)
                    ):
                        stmts.append(op)
                        inside.difference_update(op.results)
                    else:
                        kept.append(op)
                blocks.append(replace(inner, stmts=tuple(kept)))
            stmt = with_blocks(stmt, blocks)
        stmts.append(stmt)
    return Block(tuple(stmts), block.yields)


def _is_int(op: Op) -> bool:
    return all(v.type == INT for v in op.results)


def by_range(trace: Trace) -> Trace:
    """The trace with loops over the numbers of trips as ranges, where the number is there for the index alone."""
    made = {v: s for s in walk(trace.body) if isinstance(s, Op) for v in s.results}

    def block(old: Block) -> Block:
        return replace(old, stmts=tuple(loop(with_blocks(s, map(block, blocks_of(s)))) for s in old.stmts))

    def loop(stmt: Stmt) -> Stmt:
        trips = made.get(stmt.stop) if isinstance(stmt, For) and isinstance(stmt.stop, Var) else None
        if not isinstance(stmt, For) or trips is None or trips.name != "trips":
            return stmt
        start, stop, step = trips.args
        if (stmt.start, stmt.step) != (const(0), const(1)):
            return stmt
        places = [
            s
            for s in stmt.body.stmts
            if isinstance(s, Op) and s.name == "strided" and s.args == (start, stmt.index, step)
        ]
        if not places or list(uses(stmt.body)).count(stmt.index) != len(places):
            return stmt
        index, *others = (op.result for op in places)
        rest = replace(stmt.body, stmts=tuple(s for s in stmt.body.stmts if s not in places))
        body = substitute(rest, dict.fromkeys(others, index))
        return replace(stmt, index=index, start=start, stop=stop, step=step, body=body)

    return replace(trace, body=block(trace.body))

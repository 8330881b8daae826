"""Loops that keep little for the reverse sweep, by request: `for t in srcad.checkpoint(range(n))` (Griewank & Walther 2000).

Before an adjoint is derived, such a loop becomes a nest: an outer loop over runs of iterations, an inner one over the iterations
of a run.

    for at in range(0, n, run):
        for t in range(at, min(at + run, n)): ...

As a loop like any other the nest means the same. In the adjoint (`transforms.recompute`) the outer loop keeps what it carries,
and the inner one nothing: the reverse sweep runs it again, then backwards, one run after the other.

A run has sqrt(n) iterations, or so many that there is a slot for each run and a slot is no less than an iteration; where there
are fewer slots than runs, not all runs start from a checkpoint.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from srcad.ir import (
    BOOL,
    FLOAT,
    INT,
    Array,
    Atom,
    Block,
    Builder,
    Const,
    For,
    ListOf,
    Operand,
    Scalar,
    Stmt,
    Trace,
    Type,
    Undef,
    Var,
    blocks_of,
    const,
    definitions,
    replace,
    uses,
    walk,
    with_blocks,
)
from srcad.transforms.activity import Activity
from srcad.transforms.alias import next_values

ZERO, ONE = const(0), const(1)


@dataclass(frozen=True, eq=False)
class Nest:
    """`loop` runs over the runs, `inner` over the iterations of one; `whole` is the loop that the program has, `plain` what
    `loop` has for a body where nothing is to be reversed. `slots` is None where every run starts from a checkpoint."""

    loop: For
    inner: For
    whole: For
    plain: Block
    trips: Atom
    run: Atom
    slots: Atom | None


#: The nests of a trace, by their outer loops.
Nests = Mapping[For, Nest]
NONE: Nests = MappingProxyType({})


def requested(block: Block) -> Iterator[For]:
    return (stmt for stmt in walk(block) if isinstance(stmt, For) and stmt.slots is not None)


def nested(trace: Trace, active: Activity) -> tuple[Trace, Nests]:
    """The trace with a nest for each loop that asks for checkpoints and has something to be reversed. In functions that are
    called none has: their sweeps are functions too, and keep what they need on stacks."""
    if any(any(requested(f.body)) for f in trace.functions):
        trace = replace(trace, functions=tuple(replace(f, body=_plain(f.body)) for f in trace.functions))
    if not any(requested(trace.body)):
        return trace, NONE
    made = _Nested(active)
    starts: list[int] = []
    body = made.block(trace.body, starts)
    comments = tuple((starts[at], text) for at, text in trace.comments)
    return replace(trace, body=body, comments=comments), made.nests


def _plain(block: Block) -> Block:
    """The block, whose loops ask for nothing."""
    if not any(requested(block)):
        return block

    def step(stmt: Stmt) -> Stmt:
        stmt = with_blocks(stmt, map(_plain, blocks_of(stmt)))
        return replace(stmt, slots=None) if isinstance(stmt, For) else stmt

    return Block(tuple(map(step, block.stmts)), block.yields)


class _Nested:
    def __init__(self, active: Activity) -> None:
        self.active = active
        self.nests: dict[For, Nest] = {}

    def block(self, block: Block, starts: list[int] | None = None) -> Block:
        """`starts`: where each statement has come to, and the end."""
        b = Builder()
        for stmt in block.stmts:
            if starts is not None:
                starts.append(len(b.stmts))
            if isinstance(stmt, For) and stmt.slots is not None:
                if any(var in self.active for var in (*stmt.results, *definitions(stmt.body), *uses(stmt.body))):
                    self.nest(b, stmt, stmt.slots)
                    continue
                stmt = replace(stmt, slots=None)
            b.add(with_blocks(stmt, map(self.block, blocks_of(stmt))))
        if starts is not None:
            starts.append(len(b.stmts))
        return b.block(*block.yields)

    def nest(self, b: Builder, loop: For, slots: Atom) -> None:
        trips = b.op("trips", loop.start, loop.stop, loop.step, hint="n")
        run, few = _run(b, trips, slots)
        at = Var("at", INT)
        inits = _defined(b, loop)
        first = tuple(p.like() for p in loop.params)
        read = set(uses(loop.body))
        head = Builder()
        end = head.op("minimum", head.op("add", at, run), trips, hint="end")
        inner = replace(
            loop,
            results=tuple(r.like() for r in loop.results),
            start=index_at(head, loop, at),
            stop=index_at(head, loop, end),
            inits=tuple(
                v if p in read or isinstance(p.type, Array) else Undef(p.type)
                for v, p in zip(first, loop.params, strict=True)
            ),
            slots=None,
        )
        yields: tuple[Operand, ...] = inner.results
        if loop.exits:
            inner, go = _telling(inner)
            yields = (go, *yields)
        plain = replace(inner, body=_plain(inner.body))
        inner = replace(inner, body=self.block(inner.body))
        outer = replace(
            loop,
            index=at,
            start=ZERO,
            stop=trips,
            step=run,
            params=first,
            inits=inits,
            body=Block((*head.stmts, inner), yields),
            slots=None,
        )
        b.add(outer)
        body = Block((*head.stmts, plain), yields)
        self.nests[outer] = Nest(outer, inner, loop, body, trips, run, few)


def _run(b: Builder, trips: Atom, slots: Atom) -> tuple[Atom, Atom | None]:
    """How many iterations a run has; how many slots there are, if they may be fewer than the runs."""
    if slots == ZERO:
        root = b.op("sqrt", b.op("cast", trips, dtype=FLOAT.dtype))
        return b.op("maximum", b.op("cast", root, dtype=INT.dtype), ONE, hint="run"), None
    each = b.op("floordiv", b.op("add", trips, b.op("sub", slots, ONE)), slots)
    return b.op("maximum", b.op("minimum", each, slots), ONE, hint="run"), slots


def index_at(b: Builder, loop: For, number: Atom) -> Atom:
    """The index of the loop in the iteration with this number."""
    ahead = number if loop.step == ONE else b.op("mul", number, loop.step)
    return ahead if loop.start == ZERO else b.op("add", loop.start, ahead)


def _defined(b: Builder, loop: For) -> tuple[Operand, ...]:
    """The loop's inits; for what the body may seem to read before it assigns it, and for arrays, whose shadows ask for their
    sizes, something to start from."""
    read = set(uses(loop.body))

    def defined(init: Operand, param: Var) -> Operand:
        if not isinstance(init, Undef) or isinstance(param.type, ListOf):
            return init
        if isinstance(param.type, Array):
            return empty_array(b, param)
        return _zero(param.type) if param in read else init

    return tuple(map(defined, loop.inits, loop.params))


def empty_array(b: Builder, like: Var) -> Var:
    """An array without elements, laid out as another one."""
    assert isinstance(like.type, Array)
    dims = [ZERO] * like.type.ndim
    empty = b.op("alloc", *dims, hint=like.hint, fill="empty", dtype=like.type.dtype)
    if like.type.layout == "F":
        empty = b.op("transpose", empty, hint=like.hint, axes=tuple(reversed(range(like.type.ndim))))
    return empty


def _zero(type: Type) -> Const:
    assert isinstance(type, Scalar)
    if type == BOOL:
        return const(False)
    return Const(0.0 if type.dtype.startswith(("float", "complex")) else 0, type)


def _telling(inner: For) -> tuple[For, Var]:
    """The loop, which also says in its results whether it came to its end."""
    param, result = Var("go", BOOL), Var("go", BOOL)
    go = inner.body.yields[0]
    body = replace(inner.body, yields=(go, *next_values(inner), go))
    inits = (*inner.inits, const(True))
    return replace(
        inner, results=(*inner.results, result), params=(*inner.params, param), inits=inits, body=body
    ), result

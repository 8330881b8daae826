"""The adjoint of a CUDA kernel, from what one of its threads runs.

All that a kernel does is to write into arrays that it is given. So its adjoint is given their shadows, too: a load adds to the
shadow of what it read, a store takes what is in the shadow of what it wrote and leaves zero there. Other threads do the same at
the same time, each for its own part (`transforms.ownership`): where their parts meet, additions are atomic.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from srcad.errors import UnsupportedError
from srcad.ir import (
    Block,
    Builder,
    For,
    If,
    Op,
    Operand,
    Param,
    Static,
    Stmt,
    Trace,
    Var,
    blocks_of,
    free,
    replace,
    walk,
    with_blocks,
)
from srcad.ops import WRITES
from srcad.transforms import custom
from srcad.transforms.activity import Activity
from srcad.transforms.alias import REFERENCES
from srcad.transforms.cse import rename
from srcad.transforms.join import is_independent
from srcad.transforms.memory import Memory
from srcad.transforms.ownership import Ownership
from srcad.transforms.phases import shared_arrays
from srcad.transforms.recursion import Callees
from srcad.transforms.regions import Region
from srcad.transforms.shadows import bar_name
from srcad.transforms.signature import unused
from srcad.transforms.sweeps import Sweeps

REMEDY = "write the results to another array than the one that is read, or work in a cuda.local.array"


def adjoint_kernel(trace: Trace, wrt: Sequence[int], owned: Ownership, within: Trace | None = None) -> Trace:
    """The adjoint of a kernel's trace: parameters (*args, *x_bars), one x_bar for each parameter in `wrt`, which are arrays.

    The trace may be what a loop does on each trip `within` a kernel.
    """
    whole = within or trace
    if (loop := _independent_loop(trace, whole)) is not None:
        return _of_each_trip(trace, loop, wrt, owned, whole)
    arrays = [trace.params[k].tree for k in wrt]
    outputs = [v for v in arrays if v in owned.written]
    active = Activity(trace, arrays, outputs)
    if custom.has_custom(trace):
        trace = custom.opened(trace, active)
        active = Activity(trace, arrays, outputs)
    shared = shared_arrays(trace)
    memory = Memory(trace, volatile=shared)
    sweeps = Sweeps(trace, active, memory, Callees(trace, memory))
    others = [*(v for v in arrays if v not in owned.own), *shared]
    sweeps.concurrent = frozenset(sweeps.aliased(v) for v in others)  # type: ignore[misc]

    top = Region()
    sweeps.tape.define(top, None, trace.inputs)
    params = list(trace.params)
    for var in arrays:
        name = unused(bar_name(var), params)
        sweeps.shadows[var] = shadow = Var(name, replace(var.type, layout="A"), var.span)
        sweeps.tape.define(top, None, (shadow,))
        params.append(Param(name, shadow))
    sweeps.forward(trace.body, top)
    b = Builder()
    sweeps.outermost = b
    sweeps.reverse(trace.body, top, b, {})
    forward, reverse = (
        _commented(trace, stmts, name, within is not None)
        for stmts, name in ((top.freeze().stmts, "forward"), (b.stmts, "reverse"))
    )
    body = rename(Block((*forward, *reverse)), sweeps.renamed)
    return Trace(f"{trace.name}_adjoint", tuple(params), body, Static(None), span=trace.span)


def _independent_loop(trace: Trace, whole: Trace) -> For | None:
    """The loop that is all the kernel does, if its trips have nothing to do with one another."""
    *before, last = trace.body.stmts or (None,)
    if not isinstance(last, For) or not all(isinstance(s, Op) and s.name != "alloc" and s.results for s in before):
        return None
    return last if is_independent(whole, last) else None


def _of_each_trip(trace: Trace, loop: For, wrt: Sequence[int], owned: Ownership, whole: Trace) -> Trace:
    """The adjoint that goes back at the end of each trip of the loop: tapes then hold one trip."""
    outer = [Param(var.hint or "v", var) for var in free(loop.body) if var not in trace.inputs]
    count = len(trace.params)
    body = replace(trace, params=(*trace.params, *outer), body=loop.body)
    made = adjoint_kernel(body, wrt, owned, whole)
    bars = made.params[count + len(outer) :]
    stmts = (*trace.body.stmts[:-1], replace(loop, body=made.body))
    return replace(made, params=(*trace.params, *bars), body=Block(stmts))


def _commented(trace: Trace, stmts: Sequence[Stmt], name: str, inside: bool) -> Sequence[Stmt]:
    """A sweep with a comment over it: in the branch around it, where all of the kernel is in one."""
    text = ("text", f"{name} sweep")
    deep = Op((), "comment", (), (text, ("inside", True)))
    branching = [stmt for stmt in trace.body.stmts if not isinstance(stmt, Op)]
    at = [k for k, stmt in enumerate(stmts) if isinstance(stmt, If)]
    if len(branching) == 1 and isinstance(branching[0], If) and len(at) == 1:
        blocks = list(blocks_of(stmts[at[0]]))
        filled = [k for k, block in enumerate(blocks_of(branching[0])) if block.stmts]
        if len(filled) == 1:
            blocks[filled[0]] = replace(blocks[filled[0]], stmts=(deep, *blocks[filled[0]].stmts))
            return [*stmts[: at[0]], with_blocks(stmts[at[0]], blocks), *stmts[at[0] + 1 :]]
    return [deep if inside else Op((), "comment", (), (text,)), *stmts]


def check_contents(adjoint: Trace, kernel: Trace, written: Collection[Var]) -> None:
    """Refuse an adjoint that needs what an array held before the kernel wrote into it: that is gone when the adjoint is run.

    It may read what it stores itself, as the kernel did. Where a thread never writes what it has read, doing all again gives the
    same, whatever it begins with.
    """
    arrays = {v for v in written if not _is_settled(kernel, v)}

    def visit(block: Block, stored: frozenset[tuple[object, ...]], names: dict[object, Var]) -> None:
        for stmt in block.stmts:
            if isinstance(stmt, Op) and stmt.name in REFERENCES and stmt.args[0] in names:
                names[stmt.result] = names[stmt.args[0]]
            elif isinstance(stmt, Op) and stmt.name == "store":
                stored |= {stmt.args[:-1]}
            elif isinstance(stmt, Op) and stmt.name in ("load", "update", "atomic_add") and stmt.args[0] in names:
                cell = stmt.args if stmt.name == "load" else stmt.args[:-1]
                if cell not in stored:
                    name = names[stmt.args[0]].hint
                    raise UnsupportedError(
                        f"the adjoint needs what '{name}' held here, and the kernel may have overwritten that by then",
                        stmt.span or adjoint.span,
                        REMEDY,
                    )
            for inner in blocks_of(stmt):
                visit(inner, stored, names)

    visit(adjoint.body, frozenset(), {v: v for v in arrays})


def _is_settled(kernel: Trace, array: Var) -> bool:
    """Whether no thread writes an element that it has read."""
    memory = Memory(kernel)

    def reads_or_adds(op: Op) -> bool:
        own = op.args and isinstance(op.args[0], Var) and memory.aliases.find(op.args[0]) is memory.aliases.find(array)
        return bool(own) and op.name in ("load", "update", "atomic_add")

    found = filter(reads_or_adds, _ops(kernel))
    return all(op.name == "load" and memory.intact(op, op.args[0]) for op in found)


def plain(trace: Trace) -> Trace:
    """The trace of a kernel with arithmetic as a GPU has it, where nothing raises."""

    def block(old: Block) -> Block:
        stmts = []
        for stmt in old.stmts:
            if isinstance(stmt, Op) and stmt.attr("raises"):
                stmt = replace(stmt, attrs=tuple(pair for pair in stmt.attrs if pair[0] != "raises"))
            stmts.append(with_blocks(stmt, map(block, blocks_of(stmt))))
        return Block(tuple(stmts), old.yields)

    return replace(trace, body=block(trace.body))


def _ops(trace: Trace) -> list[Op]:
    return [stmt for stmt in walk(trace.body) if isinstance(stmt, Op)]


def without_echoes(trace: Trace) -> Trace:
    """The trace without stores of what is in the element already: the shadow of a sum that goes on in place."""

    def visit(block: Block) -> Block:
        stmts: list[Stmt] = []
        seen: dict[Operand, tuple[object, ...]] = {}
        for stmt in block.stmts:
            stmt = with_blocks(stmt, map(visit, blocks_of(stmt)))
            if isinstance(stmt, Op) and stmt.name == "load":
                seen[stmt.result] = stmt.args
            elif isinstance(stmt, Op) and stmt.name == "store" and seen.get(stmt.args[-1]) == stmt.args[:-1]:
                continue
            elif not isinstance(stmt, Op) or stmt.name in WRITES or stmt.name == "barrier":
                seen.clear()
            stmts.append(stmt)
        return Block(tuple(stmts), block.yields)

    return replace(trace, body=visit(trace.body))

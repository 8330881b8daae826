"""Reverse mode: from a trace to its adjoint trace, y_bar -> x_bar (Griewank & Walther 2008, ch. 6; Hascoet & Pascual 2013).

The adjoint runs the trace (the forward sweep) and then its statements backwards (the reverse sweep): see `transforms.sweeps`.
Recursive functions become two functions, one a sweep, that share stacks: see `transforms.recursion`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from srcad.ir import (
    Array,
    Block,
    Builder,
    Op,
    Operand,
    Param,
    Scalar,
    Static,
    Stmt,
    Trace,
    Tree,
    Var,
    free,
    is_float,
    leaves,
    map_tree,
    replace,
)
from srcad.transforms import custom
from srcad.transforms.activity import Activity
from srcad.transforms.alias import REFERENCES
from srcad.transforms.bars import Bars, zero
from srcad.transforms.checkpoints import nested
from srcad.transforms.cse import rename
from srcad.transforms.duals import shaped
from srcad.transforms.factored import factored
from srcad.transforms.memory import Memory
from srcad.transforms.recursion import Callees, writes_parameters
from srcad.transforms.regions import Region
from srcad.transforms.shadows import is_beside
from srcad.transforms.signature import unused
from srcad.transforms.sweeps import Sweeps


def adjoint(trace: Trace, wrt: Sequence[int] | None = None, of: Collection[int] | None = None) -> Trace:
    """The adjoint trace: parameters (*args, y_bar), results (y, *x_bars), one x_bar for each parameter in `wrt`.

    y_bar is nested as y and each x_bar as its parameter, with None for what is not a float. `wrt` counts parameters; the
    default is every parameter with a float in it. `of` counts the leaves of y that have a y_bar; the default is all floats.
    """
    if wrt is None:
        wrt = [k for k, p in enumerate(trace.params) if any(is_float(v.type) for v in leaves(p.tree))]
    independents = [v for k in wrt for v in leaves(trace.params[k].tree)]
    seeded = [y for k, y in enumerate(trace.body.yields) if of is None or k in of]
    active = Activity(trace, independents, seeded)
    if custom.has_custom(trace):
        trace = custom.opened(trace, active)
        active = Activity(trace, independents, seeded)
    trace = factored(trace, active)
    trace, nests = nested(trace, active)
    active = Activity(trace, independents, seeded)
    memory = Memory(trace, calls_write=writes_parameters(trace.functions), nests=nests)
    callees = Callees(trace, memory)
    sweeps = Sweeps(trace, active, memory, callees, nests)

    top = Region()
    sweeps.tape.define(top, None, trace.inputs)
    top.items.append(Op((), "comment", (), (("text", "forward sweep"),)))
    for var in trace.inputs:
        if sweeps.has_shadow(var):
            sweeps.make_zeros(var, top)
    sweeps.forward(trace.body, top)
    results: list[Operand] = [sweeps.lasting_result(y, top) for y in trace.body.yields]

    seeds, y_bar = _seeds(trace, of)
    b, bars = Builder(), Bars()
    sweeps.outermost = b
    b.effect("comment", text="reverse sweep")
    for y, seed in zip(trace.body.yields, seeds, strict=True):
        if seed is not None and y in active:
            sweeps.contribute(b, bars, y, shaped(b, seed, y) if isinstance(y, Var) else seed)
    sweeps.reverse(trace.body, top, b, bars)

    def result(operand: Operand) -> int:
        results.append(operand)
        return len(results) - 1

    def x_bar(leaf: Var) -> int | Static:
        if not is_float(leaf.type):
            return Static(None)
        if isinstance(leaf.type, Scalar):
            return result(bars.get(leaf, zero(leaf.type)))
        return result(
            sweeps.shadow(leaf) if sweeps.has_shadow(leaf) else sweeps.zeros_like(b, leaf, leaf.hint + "_bar")
        )

    bar_trees = tuple(map_tree(x_bar, trace.params[k].tree) for k in wrt)
    body = callees.finish(
        _sink_allocations(rename(Block((*top.freeze().stmts, *b.stmts), tuple(results)), sweeps.renamed))
    )
    return Trace(
        name=f"{trace.name}_adjoint",
        params=(*trace.params, Param(unused("y_bar", trace.params), y_bar)),
        body=body,
        returns=Tree((trace.returns, *bar_trees)),
        functions=callees.functions(),
        span=trace.span,
    )


def _seeds(trace: Trace, of: Collection[int] | None) -> tuple[list[Var | None], object]:
    """One seed for each result (None for one without), and the tree of the parameter y_bar."""
    yields = trace.body.yields
    seeds: list[Var | None] = [None] * len(yields)

    def seed(leaf: int) -> Var | Static:
        type = yields[leaf].type
        if not is_float(type) or (of is not None and leaf not in of):
            return Static(None)
        if isinstance(type, Array):
            type = replace(type, layout="A")
        seeds[leaf] = var = Var("y_bar", type)
        return var

    return seeds, map_tree(seed, trace.returns)


def _sink_allocations(body: Block) -> Block:
    """Move each shadow of the top level down to just before its first use, to stand in the reverse sweep if it is used there."""
    waiting: dict[Var, Op] = {}
    stmts: list[Stmt] = []

    def place(used: Iterable[Var]) -> None:
        for var in used:
            if (op := waiting.pop(var, None)) is not None:
                place(arg for arg in op.args if isinstance(arg, Var))
                stmts.append(op)

    for stmt in body.stmts:
        if isinstance(stmt, Op) and stmt.name in ("alloc", *REFERENCES) and is_beside(stmt.result):
            waiting[stmt.result] = stmt
        else:
            place(free(Block((stmt,))))
            stmts.append(stmt)
    place(list(waiting))
    return Block(tuple(stmts), body.yields)

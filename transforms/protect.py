"""A derivative never modifies its inputs: parameters that the function writes into are copied first.

The copies must not hide that two arguments share memory, since then a write through one is seen through the other. That is
checked when the function is called. They are laid out as what they are copies of: `A.T.ravel()` of an array in Fortran's order
is a view.
"""

from __future__ import annotations

from srcad.ir import Array, Block, Builder, Op, Trace, Var, replace, substitute, walk
from srcad.ops import WRITES
from srcad.transforms.alias import Aliases, is_memory
from srcad.transforms.equal_sizes import is_check
from srcad.transforms.signature import in_layout


def protect(trace: Trace) -> Trace:
    """The trace with copies of the parameters that it writes."""
    arrays = [v for v in trace.inputs if isinstance(v.type, Array)]
    written = modified(trace)
    if not written:
        return trace
    b = Builder()
    for k, var in enumerate(written):
        for other in arrays:
            if other not in written[: k + 1]:
                b.effect("check_disjoint", var, other)
    b.span = trace.span
    env: dict[Var, Var] = {}
    for var in written:
        assert isinstance(var.type, Array)
        env[var] = in_layout(b, var, "F" if var.type.layout == "F" else "C")
    checks = list(filter(is_check, trace.body.stmts))
    rest = [s for s in trace.body.stmts if s not in checks]
    body = substitute(Block(tuple(rest), trace.body.yields), env)
    return replace(trace, body=Block((*checks, *b.stmts, *body.stmts), body.yields))


def modified(trace: Trace) -> list[Var]:
    """The array parameters that the function, or one that it calls, may write into."""
    aliases = Aliases(trace)
    written: set[Var] = set()
    for stmt in walk(trace.body):
        if isinstance(stmt, Op) and (stmt.name in WRITES or stmt.name == "call"):
            targets = stmt.args if stmt.name == "call" else stmt.args[:1]
            written.update(aliases.find(v) for v in targets if isinstance(v, Var) and is_memory(v))
    return [v for v in trace.inputs if isinstance(v.type, Array) and aliases.find(v) in written]

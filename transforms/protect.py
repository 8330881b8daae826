"""A derivative never modifies its inputs: parameters that the function writes into are copied first.

The copies must not hide that two arguments share memory, since then a write through one is seen through the other. That is
checked when the function is called.
"""

from __future__ import annotations

from srcad.ir import Array, Block, Op, Trace, Var, replace, substitute, walk
from srcad.ops import WRITES
from srcad.transforms.alias import Aliases, is_memory


def written_inputs(trace: Trace) -> list[Var]:
    """The arrays among the inputs that the trace writes."""
    aliases = Aliases(trace)
    written: set[Var] = set()
    for stmt in walk(trace.body):
        if isinstance(stmt, Op) and (stmt.name in WRITES or stmt.name == "call"):
            targets = stmt.args if stmt.name == "call" else stmt.args[:1]
            written.update(aliases.find(v) for v in targets if isinstance(v, Var) and is_memory(v))
    return [v for v in trace.inputs if isinstance(v.type, Array) and aliases.find(v) in written]


def protect(trace: Trace) -> Trace:
    """The trace with copies of the parameters that it writes."""
    modified = written_inputs(trace)
    arrays = [v for v in trace.inputs if isinstance(v.type, Array)]
    if not modified:
        return trace
    head: list[Op] = []
    for k, var in enumerate(modified):
        for other in arrays:
            if other not in modified[: k + 1]:
                head.append(Op((), "check_disjoint", (var, other)))
    env: dict[Var, Var] = {}
    for var in modified:
        assert isinstance(var.type, Array)
        env[var] = Var(var.hint, Array(var.type.dtype, var.type.ndim))
        head.append(Op((env[var],), "copy", (var,), (), trace.span))
    body = substitute(trace.body, env)
    return replace(trace, body=Block((*head, *body.stmts), body.yields))

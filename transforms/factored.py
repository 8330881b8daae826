"""Systems of equations that are solved more than once: the derivative solves with the same matrix, whose factors are kept.

Outside of loops only. In a loop the factors of each iteration would have to be kept, where the matrix may be the same in all.
"""

from __future__ import annotations

from srcad.ir import Block, Builder, Op, Trace, replace
from srcad.transforms.activity import Activity


def factored(trace: Trace, active: Activity) -> Trace:
    """The trace with every active `solve` of its top level as a factorization and a solution by that."""
    if not any(map(_is_solve, trace.body.stmts)):
        return trace
    b = Builder()
    starts: list[int] = []
    for stmt in trace.body.stmts:
        starts.append(len(b.stmts))
        if isinstance(stmt, Op) and _is_solve(stmt) and stmt.result in active:
            matrix, right = stmt.args
            b.span = stmt.span
            lu, swaps = b.several("factor", matrix)
            b.add(replace(stmt, name="lu_solve", args=(matrix, lu, swaps, right), attrs=(("trans", 0),)))
        else:
            b.add(stmt)
    starts.append(len(b.stmts))
    comments = tuple((starts[at], text) for at, text in trace.comments)
    return replace(trace, body=Block(tuple(b.stmts), trace.body.yields), comments=comments)


def _is_solve(stmt: object) -> bool:
    return isinstance(stmt, Op) and stmt.name == "solve"

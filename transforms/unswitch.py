"""Two loops for one that reads or adds to neighbouring cells and may repeat elements: where nothing is repeated, which is nearly
always, the index is the loop's own.

LLVM vectorises that loop. It would make the same two loops by itself, but not where many loops stand side by side, and
`transforms.fission` needs them. Loops over single cells are left to it.
"""

from __future__ import annotations

from srcad.ir import (
    Block,
    Builder,
    Const,
    For,
    If,
    Op,
    Stmt,
    Trace,
    Var,
    blocks_of,
    clone,
    const,
    replace,
    substitute,
    with_blocks,
)
from srcad.transforms.fission import CHEAP
from srcad.transforms.shadows import as_var

#: What such a loop may consist of, to be vectorised.
PLAIN = frozenset({*CHEAP, "store", "update"})


def unswitch(trace: Trace) -> Trace:
    """The trace with innermost loops of plain arithmetic that may repeat elements as two."""
    tests = {s.result for s in _ops(trace.body) if s.name == "spans"}
    body = _block(trace.body, tests) if tests else trace.body
    return replace(trace, body=body, functions=tuple(map(unswitch, trace.functions)))


def _ops(block: Block) -> list[Op]:
    return [
        op
        for s in block.stmts
        for op in ([s] if isinstance(s, Op) else [o for inner in blocks_of(s) for o in _ops(inner)])
    ]


def _block(block: Block, tests: set[Var]) -> Block:
    b = Builder()
    for stmt in block.stmts:
        stmt = with_blocks(stmt, [_block(inner, tests) for inner in blocks_of(stmt)])
        choices = _choices(stmt, tests)
        if choices and isinstance(stmt, For):
            _split(b, stmt, choices)
        else:
            b.add(stmt)
    return b.block(*block.yields)


def _choices(stmt: Stmt, tests: set[Var]) -> list[Op]:
    """The ops that choose whether the loop's index counts, if the loop is of the kind."""
    if not isinstance(stmt, For) or stmt.exits:
        return []
    if not all(isinstance(op, Op) and op.name in PLAIN for op in stmt.body.stmts):
        return []
    ops = _ops(stmt.body)
    found = [op for op in ops if op.name == "where" and op.args[0] in tests and op.args[1] is stmt.index]
    stencil = any(op.name in ("add", "sub") and op.args[0] in [f.result for f in found] for op in ops)
    return found if stencil else []


def _split(b: Builder, loop: For, choices: list[Op]) -> None:
    tests = [as_var(test) for test in dict.fromkeys(op.args[0] for op in choices) if not isinstance(test, Const)]
    cond = tests[0]
    for test in tests[1:]:
        cond = b.op("and", cond, test)
    own = {op.result: loop.index for op in choices}
    kept = tuple(s for s in loop.body.stmts if s not in choices)
    straight = replace(loop, body=substitute(Block(kept, loop.body.yields), own))
    if len(tests) == 1:
        first = dict.fromkeys(own, const(0))
        loop = replace(loop, body=substitute(Block(kept, loop.body.yields), first))
    then, orelse = (clone(Block((version,), loop.results), {}) for version in (straight, loop))
    b.add(If(loop.results, cond, then, orelse, loop.span))

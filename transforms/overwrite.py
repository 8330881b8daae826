"""A cell that is set to zero and then added to is set to what is added.

So it goes with the adjoint of `a[i] = a[i] * b`: what was the adjoint of the new value makes room for that of the old.
"""

from __future__ import annotations

from srcad.ir import Block, Const, Op, Stmt, Trace, Var, blocks_of, free, replace, with_blocks
from srcad.transforms.alias import is_memory
from srcad.transforms.memory import Memory


def overwrite(trace: Trace) -> Trace:
    """The trace with stores in place of sums to cells that have just been set to zero."""
    body = _block(trace.body, Memory(trace))
    return replace(trace, body=body, functions=tuple(map(overwrite, trace.functions)))


def _block(block: Block, memory: Memory) -> Block:
    stmts: list[Stmt] = []
    waiting: list[Op] = []  # zeros that nothing has looked at yet
    for stmt in block.stmts:
        stmt = with_blocks(stmt, [_block(inner, memory) for inner in blocks_of(stmt)])
        match stmt:
            case Op(name="update"):
                zero = next((z for z in waiting if z.args[:-1] == stmt.args[:-1]), None)
                if zero is not None and not is_memory(stmt.args[-1]):
                    stmts.remove(zero)
                    stmt = replace(stmt, name="store")
            case Op(name="raise" | "call"):
                waiting.clear()
        arrays = {v for v in (*free(Block((stmt,))), *stmt.results) if is_memory(v)}
        waiting = [z for z in waiting if all(memory.apart(z.args[0], v) for v in arrays)]
        if _is_zero(stmt) and isinstance(stmt, Op):
            waiting.append(stmt)
        stmts.append(stmt)
    return Block(tuple(stmts), block.yields)


def _is_zero(stmt: Stmt) -> bool:
    if not isinstance(stmt, Op) or stmt.name != "store" or not isinstance(stmt.args[0], Var):
        return False
    value = stmt.args[-1]
    return isinstance(value, Const) and value.value == 0

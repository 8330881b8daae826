"""Lists by one name each, for what has no references to lists: a thread of a GPU, whose lists are memory that was there
before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from srcad.errors import UnsupportedError
from srcad.ir import (
    Block,
    For,
    If,
    ListOf,
    Op,
    Operand,
    Stmt,
    Trace,
    Undef,
    Var,
    While,
    blocks_of,
    replace,
    subst,
    substitute,
    walk,
    with_blocks,
)
from srcad.transforms.alias import next_values
from srcad.transforms.instances import Instances, writes


def by_one_name(trace: Trace) -> Trace:
    """The trace in which every list is the result of the op that makes it, also where a branch or a loop has passed it on."""
    env: dict[Var, Operand] = {}
    _find(trace.body, env)
    return replace(trace, body=_without(substitute(trace.body, env)))


def _find(block: Block, env: dict[Var, Operand]) -> None:
    for stmt in block.stmts:
        match stmt:
            case For() | While():
                for param, init in zip(stmt.params, stmt.inits, strict=True):
                    if isinstance(param.type, ListOf):
                        env[param] = subst(env, init)
        for inner in blocks_of(stmt):
            _find(inner, env)
        match stmt:
            case If():
                for k, var in enumerate(stmt.results):
                    _same(stmt, var, [b.yields[k] for b in blocks_of(stmt)], env)
            case For() | While():
                for var, param, after in zip(stmt.results, stmt.params, next_values(stmt), strict=True):
                    _same(stmt, var, [param, after], env)


def _same(stmt: Stmt, var: Var, found: Sequence[Operand], env: dict[Var, Operand]) -> None:
    if not isinstance(var.type, ListOf):
        return
    lists = {subst(env, operand) for operand in found if not isinstance(operand, Undef)}
    if len(lists) != 1:
        raise UnsupportedError(
            "a list that is one or another has no place in a thread of a GPU",
            stmt.span,
            'use arrays, or batched(target="cpu")',
        )
    env[var] = lists.pop()


def _without(block: Block) -> Block:
    """The block where lists are passed nowhere."""
    stmts: list[Stmt] = []
    for old in block.stmts:
        stmt = with_blocks(old, [_without(inner) for inner in blocks_of(old)])
        kept = [k for k, var in enumerate(stmt.results) if not isinstance(var.type, ListOf)]
        if isinstance(stmt, Op) or len(kept) == len(stmt.results):
            stmts.append(stmt)
            continue
        fields: dict[str, Any] = {"results": tuple(stmt.results[k] for k in kept)}
        if isinstance(stmt, For | While):
            fields |= {key: tuple(getattr(stmt, key)[k] for k in kept) for key in ("params", "inits")}
            kept = [0, *(k + 1 for k in kept)] if stmt.exits else kept
            body = replace(stmt.body, yields=tuple(stmt.body.yields[k] for k in kept))
            stmts.append(replace(stmt, body=body, **fields))
        else:
            both = [replace(b, yields=tuple(b.yields[k] for k in kept)) for b in blocks_of(stmt)]
            stmts.append(with_blocks(replace(stmt, **fields), both))
    return Block(tuple(stmts), block.yields)


def kept_late(trace: Trace) -> Trace:
    """The trace in which an array goes to a list when it is complete: there it is a copy."""
    return replace(trace, body=_late(trace.body, Instances(trace)))


def _late(block: Block, instances: Instances) -> Block:
    stmts = [with_blocks(stmt, [_late(inner, instances) for inner in blocks_of(stmt)]) for stmt in block.stmts]
    for at in reversed(range(len(stmts))):
        op = stmts[at]
        if not isinstance(op, Op) or op.name != "append" or isinstance(op.args[1].type, ListOf):
            continue
        last = at
        for k in range(at + 1, len(stmts)):
            inside = Block((stmts[k],))
            if any(isinstance(s, Op) and s.name in ("append", "pop") and s.args[0] is op.args[0] for s in walk(inside)):
                break
            if any(instances.share(write.args[0], op.args[1]) for write in writes(inside)):
                last = k
        stmts.insert(last, stmts.pop(at))
    return Block(tuple(stmts), block.yields)

"""Traces put together keep the functions that they call apart: functions of one name need not be the same."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import Any

from srcad.ir import Block, Op, Stmt, Trace, blocks_of, clone, map_tree, replace, with_blocks


def adopted(known: list[Trace], trace: Trace, reserved: Iterable[str] = ()) -> Trace:
    """The trace with the functions that it calls among `known`, where they are added, under names of their own."""
    names: dict[str, str] = {}
    added: list[Trace] = []
    for function in trace.functions:
        if any(function is other for other in known):
            continue
        taken = {*reserved, *(other.name for other in (*known, *added))} | {
            f.name for f in trace.functions if f is not function
        }
        names[function.name] = name = unused_name(function.name, taken)
        added.append(replace(_renewed(function), name=name))
    known += [replace(function, body=_renamed(function.body, names)) for function in added]
    return replace(trace, body=_renamed(trace.body, names), functions=())


def _renewed(trace: Trace) -> Trace:
    """The function with variables of its own."""
    env: dict[Any, Any] = {v: v.like() for v in trace.inputs}
    params = tuple(replace(p, tree=map_tree(env.__getitem__, p.tree)) for p in trace.params)
    return replace(trace, params=params, body=clone(trace.body, env))


def unused_name(name: str, taken: Container[str]) -> str:
    """The name, with a number if another function has it."""
    base, count = name, 1
    while name in taken:
        count += 1
        name = f"{base}_{count}"
    return name


def _renamed(block: Block, names: Mapping[str, str]) -> Block:
    def step(stmt: Stmt) -> Stmt:
        if not isinstance(stmt, Op):
            return with_blocks(stmt, [_renamed(inner, names) for inner in blocks_of(stmt)])
        callee = stmt.attr("callee")
        if names.get(callee, callee) == callee:
            return stmt
        attrs = tuple((key, names[callee] if key == "callee" else value) for key, value in stmt.attrs)
        return replace(stmt, attrs=attrs)

    return Block(tuple(map(step, block.stmts)), block.yields)

"""Traces of other functions inlined into this one bring along the recursive functions that they call."""

from __future__ import annotations

from collections.abc import Mapping

from srcad.ir import Block, Op, Stmt, Trace, blocks_of, replace, show, with_blocks
from srcad.lower.function import Session


def adopt(session: Session, trace: Trace) -> Trace:
    """Enter the functions that the trace calls; the trace, and they, call them by names that are free here."""
    own = {callee.name for callee in session.called.values()}
    names: dict[str, str] = {}
    known = {function.name: function for function in session.functions}
    for function in trace.functions:
        name, count = function.name, 1
        while name in own or (name in known and not _same(known[name], function)):
            count += 1
            name = f"{function.name}_{count}"
        names[function.name] = name
    added = [replace(f, name=names[f.name], body=_calling(f.body, names)) for f in trace.functions]
    session.functions += [function for function in added if function.name not in known]
    return replace(trace, body=_calling(trace.body, names))


def _same(a: Trace, b: Trace) -> bool:
    return show(replace(a, name="")) == show(replace(b, name=""))


def _calling(block: Block, names: Mapping[str, str]) -> Block:
    """The block, calling functions by other names."""
    if all(name == new for name, new in names.items()):
        return block

    def step(stmt: Stmt) -> Stmt:
        if isinstance(stmt, Op):
            callee = stmt.attr("callee")
            if callee not in names:
                return stmt
            attrs = tuple((key, names[callee] if key == "callee" else value) for key, value in stmt.attrs)
            return replace(stmt, attrs=attrs)
        return with_blocks(stmt, [_calling(inner, names) for inner in blocks_of(stmt)])

    return Block(tuple(map(step, block.stmts)), block.yields)

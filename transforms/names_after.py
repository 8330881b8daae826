"""Whether an array that a loop carries and writes has another name, by which its memory is read after the loop."""

from __future__ import annotations

from srcad.ir import (
    Block,
    For,
    If,
    Loop,
    Op,
    Operand,
    Trace,
    Var,
    While,
    binds,
    blocks_of,
    definitions,
    operands,
    uses,
    walk,
)
from srcad.transforms.alias import REFERENCES, is_memory
from srcad.transforms.memory import Memory


def stale_name(trace: Trace, memory: Memory, loop: For, param: Var) -> Var | None:
    """A name, read after the loop, for memory that the loop's `param` starts from; None if there is none, or if that memory is
    not written from the loop on. What the loop gives as its result has the name of that."""
    if not memory.written_from(loop, param):
        return None
    names = _names(trace, memory, loop, loop.inits[loop.params.index(param)])
    return _Reads(loop, names).found(trace.body)


def _names(trace: Trace, memory: Memory, loop: For, start: Operand) -> set[Operand]:
    """What memory the operand may be, where it comes from, and every view of that; not what a loop has made of it."""
    names: set[Operand] = set()
    todo: list[Operand] = [start]
    own = {*definitions(loop.body), *loop.params, *loop.results}
    while todo:
        while todo:
            var = todo.pop()
            if is_memory(var) and var not in names:
                names.add(var)
                todo += memory.given(var)  # type: ignore[arg-type]
        for stmt in walk(trace.body):
            match stmt:
                case Op() if stmt.name in REFERENCES and stmt.args[0] in names:
                    todo += [r for r in stmt.results if r not in own and r not in names]
                case If():
                    merged = zip(stmt.results, stmt.then.yields, stmt.orelse.yields, strict=True)
                    todo += [r for r, *given in merged if r not in own | names and any(y in names for y in given)]
    return names


class _Reads:
    """The reads of some names after a loop, in program order; in a loop around it, what is before it is after it as well."""

    def __init__(self, loop: For, names: set[Operand]) -> None:
        self.loop, self.names = loop, names

    def found(self, block: Block) -> Var | None:
        name, _ = self.visit(block, False)
        return name

    def visit(self, block: Block, after: bool) -> tuple[Var | None, bool]:
        for stmt in block.stmts:
            if stmt is self.loop:
                after = True
                continue
            if after and not (isinstance(stmt, Op) and stmt.name == "dim") and (name := self.first(operands(stmt))):
                return name, after
            if isinstance(stmt, For | While) and self.loop in walk(stmt.body) and (name := self.from_outside(stmt)):
                return name, after
            inside = [self.visit(inner, after) for inner in blocks_of(stmt)]
            for name, _ in inside:
                if name is not None:
                    return name, after
            after = after or any(passed for _, passed in inside)
        return (self.first(block.yields) if after else None), after

    def from_outside(self, around: Loop) -> Var | None:
        own = {*definitions(around.body), *binds(around)}
        return self.first([v for v in uses(around.body) if v not in own])

    def first(self, given: object) -> Var | None:
        return next((v for v in given if isinstance(v, Var) and v in self.names), None)  # type: ignore[attr-defined]

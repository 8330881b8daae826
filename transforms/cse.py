"""Common subexpressions: compute once what is computed twice.

An op whose result depends on its arguments alone is shared with every later op of the same name and arguments that it
dominates. What is read from memory is shared as long as nothing has written there: each class of memory (see
`transforms.alias`) has a version, which changes with every write to it and around loops that write. Fresh memory is never
shared, and nothing is moved.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from srcad.ir import (
    Block,
    Const,
    For,
    If,
    Op,
    Operand,
    Scalar,
    Stmt,
    Trace,
    Var,
    While,
    blocks_of,
    replace,
    rewrite,
    subst,
    walk,
)
from srcad.ops import ELEMENTWISE, WRITES
from srcad.transforms.alias import Aliases, is_memory

#: References and sizes: they depend on which array it is, not on what is in it. And the ids of a thread.
NAMES = frozenset({"view", "transpose", "reshape", "dim", "trips", "broadcast_dim", "spans", "stop_gradient"}) | {
    "thread",
    "strided",
}
#: What reads memory and gives a number.
READS = frozenset(
    """load length sum mean prod max min argmax argmin dot det any all is_invertible is_positive_definite""".split()
)
COMMUTATIVE = frozenset({"add", "mul", "eq", "ne", "and", "or", "maximum", "minimum"})

Key = tuple[Any, ...]


def cse(trace: Trace) -> Trace:
    """The trace with every common subexpression computed once."""
    sharing = _Sharing(trace)
    body = sharing.block(trace.body, {})
    starts = [0]
    for stmt in trace.body.stmts:
        starts.append(starts[-1] + (stmt not in sharing.dropped))
    return replace(
        trace,
        body=rename(body, sharing.names),
        functions=tuple(map(cse, trace.functions)),
        comments=tuple((starts[at], text) for at, text in trace.comments),
    )


class _Sharing:
    def __init__(self, trace: Trace) -> None:
        self.dropped: set[Stmt] = set()
        self.names: dict[Var, Var] = {}
        self._aliases = Aliases(trace, read_only=True)
        self._env: dict[Var, Operand] = {}
        self._version: dict[Var, int] = defaultdict(int)
        self._clock = 0
        self._barriers = 0

    def block(self, block: Block, outer: dict[Key, Var]) -> Block:
        """The block, where what `outer` holds has been computed already."""
        seen = dict(outer)
        stmts: list[Stmt] = []
        for stmt in block.stmts:
            new = rewrite(stmt, self._env)
            if isinstance(new, Op):
                key = self._key(new)
                if key is not None and key in seen:
                    self._share(stmt, new.result, seen[key])
                    continue
                if key is not None:
                    seen[key] = new.result
                self._write(new)
            else:
                if isinstance(new, For | While):
                    self._writes_in(stmt)
                new = self._inside(stmt, new, seen)
                self._writes_in(stmt)
            stmts.append(new)
        return Block(tuple(stmts), tuple(subst(self._env, operand) for operand in block.yields))

    def _inside(self, old: Stmt, new: Stmt, seen: dict[Key, Var]) -> Stmt:
        match new:
            case If():
                versions = dict(self._version)
                then = self.block(new.then, seen)
                self._version = defaultdict(int, versions)
                return replace(new, then=then, orelse=self.block(new.orelse, seen))
            case For():
                return replace(new, body=self.block(new.body, seen))
            case While():
                return replace(new, cond=self.block(new.cond, seen), body=self.block(new.body, seen))
        raise AssertionError(f"{old} has no blocks")

    def _share(self, stmt: Stmt, result: Var, first: Var) -> None:
        self.dropped.add(stmt)
        self._env[result] = first
        if result.hint and not self.names.get(first, first).hint:
            self.names[first] = first.like(result.hint)

    def _key(self, op: Op) -> Key | None:
        """What makes another op give the same value; None if nothing does."""
        if len(op.results) != 1:
            return None
        versions: tuple[int, ...] = ()
        if isinstance(op.result.type, Scalar) and (op.name in READS or op.name in ELEMENTWISE):
            versions = (
                self._barriers,
                *(self._version[self._aliases.find(arg)] for arg in op.args if isinstance(arg, Var) and is_memory(arg)),
            )
        elif op.name not in NAMES:
            return None
        args = tuple(sorted(op.args, key=_order)) if op.name in COMMUTATIVE else op.args
        return op.name, args, op.attrs, versions, op.result.type

    def _write(self, op: Op) -> None:
        """Give the memory that the op writes a new version."""
        if op.name in WRITES or op.name in ("append", "pop"):
            self._touch(op.args[0])
        elif op.name == "call":
            for arg in op.args:
                self._touch(arg)
        elif op.name == "barrier":  # others may have written anywhere
            self._barriers += 1

    def _touch(self, operand: Operand) -> None:
        if isinstance(operand, Var) and is_memory(operand):
            self._clock += 1
            self._version[self._aliases.find(operand)] = self._clock

    def _writes_in(self, stmt: Stmt) -> None:
        for block in blocks_of(stmt):
            for inner in walk(block):
                if isinstance(inner, Op):
                    self._write(inner)


def _order(operand: Operand) -> tuple[bool, int]:
    return isinstance(operand, Const), hash(operand)


def rename(block: Block, names: Mapping[Var, Var]) -> Block:
    """The block with other Vars for some that it defines."""
    if not names:
        return block

    def new(operands: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(subst(dict(names), operand) for operand in operands)

    stmts: list[Stmt] = []
    for stmt in block.stmts:
        stmt = rewrite(stmt, dict(names))
        stmt = replace(stmt, results=new(stmt.results))
        match stmt:
            case If():
                stmt = replace(stmt, then=rename(stmt.then, names), orelse=rename(stmt.orelse, names))
            case For():
                stmt = replace(stmt, body=rename(stmt.body, names))
            case While():
                stmt = replace(stmt, cond=rename(stmt.cond, names), body=rename(stmt.body, names))
        stmts.append(stmt)
    return Block(tuple(stmts), new(block.yields))

"""Which names may mean the same memory.

`Aliases` unites the array (and list) Vars that may share memory: views with their base, merges with what they merge. Two
parameters are taken to be different memory; `transforms.protect` sees to it that this is so where it matters.
"""

from __future__ import annotations

from collections.abc import Iterator

from srcad.ir import (
    Array,
    Block,
    For,
    If,
    ListOf,
    Loop,
    Op,
    Operand,
    Scalar,
    Trace,
    Type,
    Var,
    While,
    blocks_of,
    replace,
    walk,
)
from srcad.ops import WRITES

#: Results of these refer to the memory of their first argument and are written through.
REFERENCES = frozenset({"view", "transpose", "reshape"})
#: These may refer to it too, and have adjoints (or none) of their own.
READ_ONLY = frozenset({"expand", "reduce_like", "stop_gradient"})


def is_memory(operand: Operand) -> bool:
    return isinstance(operand, Var) and not isinstance(operand.type, Scalar)


class Aliases:
    """Union-find over memory Vars. With `read_only`, names that only ever read their base's memory are in its class too."""

    def __init__(self, trace: Trace, *, read_only: bool = False) -> None:
        self._parent: dict[Var, Var] = {}
        self._through = REFERENCES | READ_ONLY if read_only else REFERENCES
        self._block(trace.body)

    def find(self, var: Var) -> Var:
        root = var
        while (parent := self._parent.get(root, root)) is not root:
            root = parent
        while (parent := self._parent.get(var, var)) is not root:
            self._parent[var] = root
            var = parent
        return root

    def written(self, block: Block) -> set[Var]:
        """The classes of memory that the block may write; a function that is called may write all its arguments."""
        found: set[Var] = set()
        for op in walk(block):
            if isinstance(op, Op) and (op.name in WRITES or op.name in ("append", "pop", "call")):
                targets = op.args if op.name == "call" else op.args[:1]
                found |= {self.find(v) for v in targets if isinstance(v, Var) and is_memory(v)}
        return found

    def _unite(self, a: Operand, b: Operand) -> None:
        if is_memory(a) and is_memory(b):
            assert isinstance(a, Var) and isinstance(b, Var)
            self._parent[self.find(a)] = self.find(b)

    def _unite_all(self, *groups: tuple[Operand, ...]) -> None:
        for members in zip(*groups, strict=True):
            for member in members[1:]:
                self._unite(member, members[0])

    def _block(self, block: Block) -> None:
        for stmt in block.stmts:
            if type(stmt) is Op:
                self._op(stmt)
                continue
            match stmt:
                case If():
                    self._unite_all(stmt.results, stmt.then.yields, stmt.orelse.yields)
                case For() | While():
                    self._unite_all(stmt.results, stmt.params, stmt.inits, next_values(stmt))
            for inner in blocks_of(stmt):
                self._block(inner)

    def _op(self, op: Op) -> None:
        if op.name in self._through:
            self._unite(op.result, op.args[0])
        elif op.name == "append":
            self._unite(*op.args)
        elif op.name == "pop":
            self._unite(op.result, op.args[0])
        elif op.name == "call":
            memory = [v for v in (*op.args, *op.results) if is_memory(v)]
            for other in memory[1:]:
                self._unite(other, memory[0])


def next_values(loop: Loop) -> tuple[Operand, ...]:
    """What the body yields for the loop's params (without the `go` flag)."""
    return loop.body.yields[1:] if loop.exits else loop.body.yields


def holds_arrays(var: Var) -> bool:
    """Whether this is a list of arrays: a stack of references."""
    return isinstance(var.type, ListOf) and not isinstance(var.type.item, Scalar)


def made_fortran(block: Block) -> Iterator[Var]:
    """The arrays that are made column by column, as LAPACK makes them: derivatives of them are laid out row by row."""
    for op in walk(block):
        if isinstance(op, Op) and op.name not in REFERENCES:
            yield from (v for v in op.results if isinstance(v.type, Array) and v.type.layout == "F")


def any_layout(stack: Type) -> ListOf:
    """The type of a list beside this one, for arrays that are laid out otherwise."""
    assert isinstance(stack, ListOf)
    return ListOf(replace(stack.item, layout="A")) if isinstance(stack.item, Array) else stack

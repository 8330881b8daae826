"""What a thread of a kernel reads where it has just written is what it wrote; what it overwrites at once it need not write.

`a[i] = math.tanh(x[i])`, then `b[i] = a[i] * x[i]`: many kernels use an element of the result as a variable. Where the value is
at hand, the adjoint need not store it again to read it.
"""

from __future__ import annotations

from srcad.ir import (
    Array,
    Atom,
    Block,
    Env,
    If,
    Op,
    Operand,
    Scalar,
    Stmt,
    Trace,
    blocks_of,
    free,
    replace,
    rewrite,
    subst,
    walk,
    with_blocks,
)
from srcad.ops import WRITES
from srcad.transforms.alias import Aliases, is_memory

Cell = tuple[Atom, ...]


def forwarded(trace: Trace) -> Trace:
    """The trace with values in place of loads of where they were stored."""
    return replace(trace, body=_Forwarder(trace).block(trace.body, {}))


class _Forwarder:
    def __init__(self, trace: Trace) -> None:
        self.aliases = Aliases(trace, read_only=True)
        self.env: Env = {}
        made = (s for s in walk(trace.body) if isinstance(s, Op) and s.attr("shared"))
        self.shared = {self.aliases.find(op.result) for op in made}

    def block(self, block: Block, known: dict[Cell, Operand]) -> Block:
        """The block, where `known` says what is in some elements; it is brought up to date."""
        stmts: list[Stmt] = []
        for old in block.stmts:
            stmt = rewrite(old, self.env)
            if isinstance(stmt, Op) and stmt.name == "load" and stmt.args in known:
                self.env[stmt.result] = known[stmt.args]
                continue
            if isinstance(stmt, Op):
                self.write(stmt, known)
            else:
                self.forget(stmt, known, keep=isinstance(stmt, If))
                stmt = with_blocks(stmt, [self.block(inner, dict(known)) for inner in blocks_of(stmt)])
                self.forget(stmt, known)
            stmts.append(stmt)
        return Block(tuple(self.read(stmts)), tuple(subst(self.env, operand) for operand in block.yields))

    def read(self, stmts: list[Stmt]) -> list[Stmt]:
        """The statements without stores into elements that are overwritten before anybody reads them."""
        kept: list[Stmt] = []
        coming: set[Cell] = set()
        for stmt in reversed(stmts):
            if isinstance(stmt, Op) and stmt.name == "store":
                if stmt.args[:-1] in coming:
                    continue
                if not self.is_shared(stmt):
                    coming.add(stmt.args[:-1])
            else:
                classes = {self.aliases.find(v) for v in (*free(Block((stmt,))), *stmt.results) if is_memory(v)}
                coming = {cell for cell in coming if self.aliases.find(cell[0]) not in classes}  # type: ignore[arg-type]
            kept.append(stmt)
        return kept[::-1]

    def write(self, op: Op, known: dict[Cell, Operand]) -> None:
        if op.name not in WRITES or self.is_shared(op):
            return
        self.touch(op, known)
        *cell, value = op.args
        assert isinstance(op.args[0].type, Array)
        if op.name == "store" and value.type == Scalar(op.args[0].type.dtype):
            known[tuple(cell)] = value

    def is_shared(self, op: Op) -> bool:
        """Whether other threads write there, too."""
        return self.aliases.find(op.args[0]) in self.shared  # type: ignore[arg-type]

    def touch(self, op: Op, known: dict[Cell, Operand]) -> None:
        root = self.aliases.find(op.args[0])  # type: ignore[arg-type]
        for cell in [c for c in known if self.aliases.find(c[0]) is root]:  # type: ignore[arg-type]
            del known[cell]

    def forget(self, stmt: Stmt, known: dict[Cell, Operand], keep: bool = False) -> None:
        """Forget what the statement may overwrite."""
        if not keep:
            for inner in (
                op for block in blocks_of(stmt) for op in walk(block) if isinstance(op, Op) and op.name in WRITES
            ):
                self.touch(inner, known)

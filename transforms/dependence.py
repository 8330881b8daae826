"""What depends on the value of some inputs, by any way: through numbers, memory, and the control flow that they decide."""

from __future__ import annotations

from collections.abc import Iterable

from srcad.ir import Block, For, If, Op, Operand, Trace, Var, While
from srcad.ops import WRITES
from srcad.transforms.alias import Aliases, is_memory, next_values


def depends(trace: Trace, inputs: Iterable[Var]) -> bool:
    """Whether a result does. Shapes are no values; of functions that are called, all is taken to depend on all."""
    found = _Dependence(trace, inputs)
    while found.block(trace.body, False):
        pass
    return any(map(found.has, trace.body.yields))


class _Dependence:
    def __init__(self, trace: Trace, inputs: Iterable[Var]) -> None:
        self._aliases = Aliases(trace, read_only=True)
        self._known: set[Var] = set()
        self._mark(inputs)

    def has(self, operand: Operand) -> bool:
        return isinstance(operand, Var) and self._node(operand) in self._known

    def _node(self, var: Var) -> Var:
        return self._aliases.find(var) if is_memory(var) else var

    def _mark(self, operands: Iterable[Operand]) -> bool:
        """Mark these; whether any is new."""
        new = {self._node(v) for v in operands if isinstance(v, Var)} - self._known
        self._known |= new
        return bool(new)

    def block(self, block: Block, decided: bool) -> bool:
        """One walk; whether anything was marked. `decided`: whether the block runs depends on the inputs."""
        changed = False
        for stmt in block.stmts:
            match stmt:
                case Op():
                    changed |= self._op(stmt, decided)
                case If():
                    inner = decided or self.has(stmt.cond)
                    changed |= self.block(stmt.then, inner) | self.block(stmt.orelse, inner)
                    for result, *values in zip(stmt.results, stmt.then.yields, stmt.orelse.yields, strict=True):
                        if inner or any(map(self.has, values)):
                            changed |= self._mark((result,))
                case For() | While():
                    bounds = (stmt.start, stmt.stop, stmt.step) if isinstance(stmt, For) else stmt.cond.yields
                    inner = decided or any(map(self.has, bounds)) or (stmt.exits and self.has(stmt.body.yields[0]))
                    if isinstance(stmt, While):
                        changed |= self.block(stmt.cond, inner)
                    changed |= self.block(stmt.body, inner)
                    for slot in zip(stmt.results, stmt.params, stmt.inits, next_values(stmt), strict=True):
                        if inner or any(map(self.has, slot)):
                            changed |= self._mark(slot[:2])
        return changed

    def _op(self, op: Op, decided: bool) -> bool:
        if op.name == "dim":
            return False
        read = op.args[:1] if op.name == "reduce_like" else op.args
        if not decided and not any(map(self.has, read)):
            return False
        written = op.args if op.name == "call" else op.args[:1] if op.name in (*WRITES, "append") else ()
        return self._mark((*op.results, *written))

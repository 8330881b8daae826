"""Values that only some paths use, such as the root in `r = sqrt(x)` before `if x > 2: return r`.

On a path that does not use it, a value has the adjoint 0. Where its own derivative is infinite, 0 times that would be NaN, though
nothing depends on it: its pullback belongs to the paths on which something has been added to its adjoint. That is a matter of
the path, never of the adjoint's value: `r * r` at 0 uses r, and the adjoint of r is 0.

A value is *used* if on every path from its definition to the end something that is used reads it (in compilers, the value is
anticipated, or very busy). A `for` loop is taken to run. What is stored to memory, or passed to a function that stays a call, is
taken to be used.
"""

from __future__ import annotations

from collections.abc import Iterable

from srcad.ir import Block, Const, For, If, Loop, Op, Operand, Scalar, Trace, Var, While, const, is_float
from srcad.ops import WRITES
from srcad.transforms.activity import Activity
from srcad.transforms.alias import is_memory, next_values
from srcad.transforms.rules import has_rule, is_constant

#: Ops whose partial derivatives are finite whatever their operands are, infinities and NaN included.
_TAME = frozenset("add sub neg cast where maximum minimum sum real imag conj load pop".split())


def is_tame(op: Op) -> bool:
    """Whether a zero adjoint stays one in the op's pullback."""
    if op.name in ("mul", "div"):
        first = op.name == "mul" and isinstance(op.args[0], Const)
        return first or isinstance(op.args[1], Const)
    return op.name in _TAME


def partly_used(trace: Trace, active: Activity) -> set[Var]:
    """The active scalars that some path does not use, if a pullback that is not tame depends on their adjoints."""
    used = _Used(active)
    used.block(trace.body, set(_scalars(trace.body.yields)))
    return _tainted(trace.body, active) - used.everywhere


def _scalars(operands: Iterable[Operand]) -> list[Var]:
    return [v for v in operands if isinstance(v, Var) and isinstance(v.type, Scalar) and is_float(v.type)]


class _Used:
    """The backward walk. `everywhere` collects what is used on every path from where it is defined."""

    def __init__(self, active: Activity) -> None:
        self.active = active
        self.everywhere: set[Var] = set()

    def block(self, block: Block, after: set[Var]) -> set[Var]:
        """What is used on every path from the start of the block, given what is at its end."""
        used = set(after)
        for stmt in reversed(block.stmts):
            self.everywhere |= {v for v in stmt.results if v in used}
            match stmt:
                case Op():
                    used |= self.read(stmt, used)
                case If():
                    used |= self.branches(stmt, used)
                case For() | While():
                    used |= self.loop(stmt, used)
        return used

    def read(self, op: Op, used: set[Var]) -> set[Var]:
        """What the op passes adjoints on to."""
        if op.name in WRITES or op.name == "append":
            return set(_scalars(op.args[-1:])) if op.args[0] in self.active else set()
        if is_constant(op.name) or (may_be_partly_used(op) and op.result not in used):
            return set()
        return set(_scalars(op.args))

    def branches(self, stmt: If, used: set[Var]) -> set[Var]:
        paths = []
        for block in (stmt.then, stmt.orelse):
            given = [y for y, result in zip(block.yields, stmt.results, strict=True) if result in used]
            found = self.block(block, used | set(_scalars(given)))
            if not any(isinstance(inner, Op) and inner.name == "raise" for inner in block.stmts):
                paths.append(found)
        return set.intersection(*paths) if paths else set()

    def loop(self, stmt: Loop, used: set[Var]) -> set[Var]:
        """A loop's next value is used if both the next iteration and the loop's result are."""
        nexts = dict(zip(stmt.params, next_values(stmt), strict=True))
        results = dict(zip(stmt.params, stmt.results, strict=True))
        after = {p for p in stmt.params if results[p] in used}
        runs = isinstance(stmt, For) or stmt.cond.yields == (const(True),)
        before = set(self.everywhere)
        while True:
            self.everywhere = set(before)
            start = self.block(stmt.body, used | set(_scalars(nexts[p] for p in after)))
            if after <= start:
                break
            after &= start
        self.everywhere |= {p for p in stmt.params if p in start}
        inits = dict(zip(stmt.params, stmt.inits, strict=True))
        taken = {p for p in stmt.params if p in start and (runs or results[p] in used)}
        return (start if runs else set()) | set(_scalars(inits[p] for p in taken))


def may_be_partly_used(op: Op) -> bool:
    """Whether the adjoint transform can leave out the op's pullback: it has one scalar result, and a rule or a load."""
    return len(op.results) == 1 and not is_memory(op.result) and (has_rule(op.name) or op.name in ("load", "pop"))


def _tainted(body: Block, active: Activity) -> set[Var]:
    """The active scalars that are results of ops that are not tame, or depend on such scalars: their adjoints reach those ops."""
    found: set[Var] = set()

    def merge(results: Iterable[Var], *given: Iterable[Operand]) -> None:
        found.update(result for result, *values in zip(results, *given, strict=True) if any(v in found for v in values))

    def visit(block: Block) -> None:
        for stmt in block.stmts:
            match stmt:
                case Op() if may_be_partly_used(stmt) and not is_constant(stmt.name):
                    if not is_tame(stmt) or any(v in found for v in stmt.args):
                        found.add(stmt.result)
                case If():
                    visit(stmt.then)
                    visit(stmt.orelse)
                    merge(stmt.results, stmt.then.yields, stmt.orelse.yields)
                case For() | While():
                    before = -1
                    while before != len(found):  # what the body yields is what its next trip starts from
                        before = len(found)
                        merge(stmt.params, stmt.inits, next_values(stmt))
                        visit(stmt.body)
                    merge(stmt.results, stmt.inits, next_values(stmt))

    visit(body)
    return {v for v in found if v in active and isinstance(v.type, Scalar)}

"""What an expression may be moved past: which statements write memory that it reads."""

from __future__ import annotations

from collections.abc import Sequence

from srcad.ir import Array, ListOf, Op, Operand, Stmt, Trace, Var, blocks_of, walk
from srcad.ops import EFFECTS, ELEMENTWISE, FRESH, SHAPE_ONLY, WRITES

#: Pieces of memory: the arrays that were there before their views, or `_ANYTHING`.
Roots = frozenset[object]
_ANYTHING = object()


class Hazards:
    """Which reads a write may disturb: all of memory it may share. Fresh arrays share none with each other or with inputs, and
    inputs none with each other if they are known to be `apart`."""

    def __init__(self, trace: Trace, apart: bool = False) -> None:
        self.inputs = set(trace.inputs)
        self.apart = apart
        self.definition = {r: s for s in walk(trace.body) if isinstance(s, Op) for r in s.results}

    def root(self, operand: Operand) -> Operand:
        while isinstance(operand, Var):
            op = self.definition.get(operand)
            if op is None or op.name not in SHAPE_ONLY or op.name == "dim":
                break
            operand = op.args[0]
        return operand

    def fresh(self, root: object) -> bool:
        op = self.definition.get(root) if isinstance(root, Var) else None
        return op is not None and (op.name in FRESH or op.name in ("alloc", "list") or op.name in ELEMENTWISE)

    def reads(self, op: Op) -> Roots:
        """The roots of the memory whose contents the op reads."""
        if op.name in SHAPE_ONLY and op.name != "expand":
            return frozenset()
        return frozenset(self.root(a) for a in op.args if isinstance(a, Var) and isinstance(a.type, Array | ListOf))

    def writes(self, stmt: Stmt) -> Roots:
        """The roots of the memory that the statement writes, its blocks included."""
        found: set[object] = set()
        for inner in (stmt, *(s for b in blocks_of(stmt) for s in walk(b))):
            if isinstance(inner, Op) and inner.name in (*WRITES, "append", "pop"):
                found.add(self.root(inner.args[0]))
            elif isinstance(inner, Op) and inner.name in ("call", "barrier"):
                found.add(_ANYTHING)
        return frozenset(found)

    def disturbs(self, writes: Roots, reads: Roots) -> bool:
        return any(self.overlap(w, r) for w in writes for r in reads)

    def overlap(self, a: object, b: object) -> bool:
        if a is b or a is _ANYTHING:
            return True
        known = [x in self.inputs or self.fresh(x) for x in (a, b)]
        return not (all(known) and (self.apart or self.fresh(a) or self.fresh(b)))


def callee_of(op: Op, functions: Sequence[Trace]) -> Trace:
    """The function that a call calls, given by its index or its name."""
    callee = op.attr("callee")
    return functions[callee] if isinstance(callee, int) else next(f for f in functions if f.name == callee)


def reachable(function: Trace, functions: Sequence[Trace]) -> list[Trace]:
    """The function and all that it calls."""
    found = [function]
    for caller in found:
        for stmt in walk(caller.body):
            if isinstance(stmt, Op) and stmt.name == "call" and (callee := callee_of(stmt, functions)) not in found:
                found.append(callee)
    return found


def is_pure(function: Trace, functions: Sequence[Trace]) -> bool:
    """Whether calls of the function have no effects."""
    ops = (s for callee in reachable(function, functions) for s in walk(callee.body) if isinstance(s, Op))
    return not any(op.name in EFFECTS - {"call", "comment"} for op in ops)

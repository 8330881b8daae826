"""Sums in registers: an element to which every iteration of a loop adds is added to once, after the loop.

`x_bar[i] += ...` in a loop over j reads and writes memory each time, which neither lets the sum stay in a register nor the
loop be vectorised, since Numba's arrays may overlap for all that LLVM knows. A loop that does not touch the array otherwise
carries the sum as a scalar. Where it may make no trip and the element may not exist, the sum is only added if it made one.
"""

from __future__ import annotations

from collections.abc import Sequence

from srcad.ir import (
    INT,
    Array,
    Atom,
    Block,
    Builder,
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
    const,
    definitions,
    replace,
    walk,
    with_blocks,
)
from srcad.transforms.alias import is_memory
from srcad.transforms.memory import Memory
from srcad.transforms.shapes import Shapes
from srcad.transforms.symbolic import ONE, Size

Cell = tuple[Atom, ...]


def registers(trace: Trace) -> Trace:
    """The trace with sums that loops carry in place of elements that they add to."""
    promoter = _Promoter(trace)
    return replace(trace, body=promoter.block(trace.body, ()), functions=tuple(map(registers, trace.functions)))


class _Promoter:
    def __init__(self, trace: Trace) -> None:
        self.memory = Memory(trace)
        self.shapes = Shapes(trace)

    def block(self, block: Block, around: Sequence[For]) -> Block:
        stmts: list[Stmt] = []
        for stmt in block.stmts:
            inside = (*around, stmt) if isinstance(stmt, For) else around
            stmt = with_blocks(stmt, [self.block(inner, inside) for inner in blocks_of(stmt)])
            known = isinstance(stmt, For) and not stmt.exits and isinstance(stmt.step, Const)
            stmts += self.loop(stmt, around) if known else [stmt]  # type: ignore[arg-type]
        return Block(tuple(stmts), block.yields)

    def loop(self, loop: For, around: Sequence[For]) -> list[Stmt]:
        """The loop with sums, what it need not compute in each iteration, and what adds the sums up after it."""
        inside = {loop.index, *loop.params, *definitions(loop.body)}
        before, b = list[Stmt](), Builder(span=loop.span)
        for stmt in loop.body.stmts:
            if _is_index(stmt) and inside.isdisjoint(a for a in _operands(stmt) if isinstance(a, Var)):
                before.append(stmt)
                inside.difference_update(stmt.results)
        loop = replace(loop, body=Block(tuple(s for s in loop.body.stmts if s not in before), loop.body.yields))
        for cell, name in {cell: s.name for s in loop.body.stmts if isinstance(s, Op) and (cell := _added(s))}.items():
            if inside.isdisjoint(a for a in cell if isinstance(a, Var)) and self.alone(loop.body, cell):
                loop, total = _summed(loop, cell)
                self.add(b, loop, name, cell, total, around)
        return [*before, loop, *b.stmts]

    def alone(self, body: Block, cell: Cell) -> bool:
        """Whether the body does nothing to the memory of the array, nor with it, but add to this cell; or, where additions
        are atomic, to others: nobody reads these in the meantime."""
        array = cell[0]
        assert isinstance(array, Var)
        for stmt in walk(body):
            if isinstance(stmt, Op) and stmt.name == "call":
                return False
            if isinstance(stmt, Op) and stmt.name == "atomic_add" and stmt.args[0] is array:
                continue
            if _added(stmt) == cell and stmt in body.stmts:
                continue
            touched = (*_operands(stmt), *stmt.results)
            if any(is_memory(v) and self.memory.aliases.find(v) is self.memory.aliases.find(array) for v in touched):  # type: ignore[arg-type]
                return False
        return True

    def add(self, b: Builder, loop: For, name: str, cell: Cell, total: Var, around: Sequence[For]) -> None:
        update = Op((), name, (*cell, total), (), loop.span)
        if self.exists(cell, around):
            b.add(update)
            return
        assert isinstance(loop.step, Const)
        ran = b.op("lt" if loop.step.value > 0 else "gt", loop.start, loop.stop)
        b.add(If((), ran, Block((update,)), Block(), loop.span))

    def exists(self, cell: Cell, around: Sequence[For]) -> bool:
        """Whether the array surely has the element, by the ranges of the loops around."""
        array, *index = cell
        loops = {loop.index: loop for loop in around}
        sizes = self.shapes.of(array)
        for operand, size in zip(index, sizes, strict=True):
            if isinstance(operand, Const):
                if not (operand.value == 0 and size == ONE):
                    return False
                continue
            loop = loops.get(operand)
            if loop is None:
                return False
            low, high = (loop.start, loop.stop) if loop.step == const(1) else (loop.stop, loop.start)
            backwards = loop.step == const(-1)
            first, last = self.shapes.value(low).plus(ONE.affine, int(backwards)), self.shapes.value(high)
            last = last.plus(ONE.affine, int(backwards))
            if loop.step not in (const(1), const(-1)) or not first.nonnegative or Size.of(last) != size:
                return False
        return True


def _is_index(stmt: Stmt) -> bool:
    """Whether this computes where elements are, and cannot fail."""
    return isinstance(stmt, Op) and stmt.name in ("add", "sub", "mul", "where") and stmt.result.type == INT


def _added(stmt: Stmt) -> Cell:
    """The cell of an array to which this adds a number of the array's own dtype; empty if it does not."""
    if not isinstance(stmt, Op) or stmt.name not in ("update", "atomic_add") or not isinstance(stmt.args[0], Var):
        return ()
    array, value = stmt.args[0].type, stmt.args[-1]
    assert isinstance(array, Array)
    fits = value.type == Scalar(array.dtype) and array.dtype.startswith("float")
    return stmt.args[:-1] if fits else ()


def _summed(loop: For, cell: Cell) -> tuple[For, Var]:
    """The loop with a sum for the cell, and the sum after it."""
    array = cell[0]
    assert isinstance(array, Var) and isinstance(array.type, Array)
    type, hint = Scalar(array.type.dtype), "s_bar" if array.hint.endswith("_bar") else "s"
    param, result = Var(hint, type), Var(hint, type)
    total = param
    stmts: list[Stmt] = []
    for stmt in loop.body.stmts:
        if isinstance(stmt, Op) and _added(stmt) == cell:
            before, total = total, Var(hint, type, stmt.span)
            stmts.append(Op((total,), "add", (before, stmt.args[-1]), (), stmt.span))
        else:
            stmts.append(stmt)
    zero = Const(0.0, type, weak=type.dtype == "float64")
    loop = replace(
        loop,
        results=(*loop.results, result),
        params=(*loop.params, param),
        inits=(*loop.inits, zero),
        body=Block(tuple(stmts), (*loop.body.yields, total)),
    )
    return loop, result


def _operands(stmt: Stmt) -> tuple[Operand, ...]:
    match stmt:
        case Op():
            return stmt.args
        case For() | While():
            return (*stmt.inits, *stmt.params, *stmt.body.yields)
        case If():
            return (*stmt.then.yields, *stmt.orelse.yields)

"""Sizes by the name of what they are: `u.size` in a loop that swaps arrays of `n` cells is `n`.

Every `dim` op is replaced by the size that the array was made with, followed through copies, views of whole axes,
merges and loops. For a loop that carries arrays it is assumed that their sizes stay what they are at first, and the
assumption is dropped where the body refutes it. Tapes can then be allocated before the outermost loop, and arrays
need not be kept for the sake of their size.
"""

from __future__ import annotations

from srcad.ir import (
    Array,
    Block,
    Const,
    For,
    If,
    Op,
    Operand,
    Stmt,
    Trace,
    Var,
    While,
    binds,
    blocks_of,
    const,
    replace,
    subst,
    substitute,
    with_blocks,
)
from srcad.transforms.alias import next_values

#: A size: an operand of the trace, or the size of an axis of an array about which no more is known.
Size = Operand | tuple[Var, int]


def sizes(trace: Trace) -> Trace:
    """The trace with `dim` ops replaced by sizes that are known by another name."""
    finder = _Finder(trace)
    return replace(
        trace, body=finder.block(trace.body, set(trace.inputs)), functions=tuple(map(sizes, trace.functions))
    )


class _Finder:
    def __init__(self, trace: Trace) -> None:
        self.definition: dict[Var, tuple[Stmt, int]] = {}
        self.loop_of: dict[Var, tuple[For | While, int]] = {}
        self.known: dict[tuple[Var, int], Size] = {}
        self.env: dict[Var, Operand] = {}
        for var in trace.inputs:
            if isinstance(var.type, Array) and var.type.sizes is not None:
                self.known.update({(var, axis): const(n) for axis, n in enumerate(var.type.sizes)})
        self._define(trace.body)
        for stmt in trace.body.stmts:
            if isinstance(stmt, Op) and stmt.name == "check_sizes" and not stmt.attr("more"):
                late, known = (
                    self.scalar(a) if axis is None else self.size(a, axis)
                    for a, axis in zip(stmt.args, stmt.attr("axes"), strict=True)
                )
                if isinstance(late, tuple) and known is not None:
                    self.known[late] = known

    def _define(self, block: Block) -> None:
        for stmt in block.stmts:
            self.definition.update({result: (stmt, k) for k, result in enumerate(stmt.results)})
            if isinstance(stmt, For | While):
                self.loop_of.update({param: (stmt, k) for k, param in enumerate(stmt.params)})
            for inner in blocks_of(stmt):
                self._define(inner)

    def size(self, array: Operand, axis: int) -> Size | None:
        """The size of an axis; None for a value that is never read."""
        if isinstance(array, Const):
            return const(int(array.value.shape[axis]))
        if not isinstance(array, Var):
            return None
        if (array, axis) not in self.known:
            self.known[array, axis] = (array, axis)  # in case it depends on itself
            self.known[array, axis] = self._find(array, axis)
        return self.known[array, axis]

    def _find(self, array: Var, axis: int) -> Size:
        own: Size = (array, axis)
        if array in self.loop_of:
            return self._carried(*self.loop_of[array], axis)
        stmt, k = self.definition.get(array, (None, 0))
        match stmt:
            case Op(name="alloc", args=args):
                return self.scalar(args[axis])
            case Op(name="expand", args=(_, *dims)) | Op(name="reshape", args=(_, *dims)):
                return self.scalar(dims[axis])
            case Op(name="copy", args=(source,)):
                return self.size(source, axis) or own
            case Op(name="transpose", args=(source,)):
                return self.size(source, stmt.attr("axes")[axis]) or own
            case If():
                found = {self.size(block.yields[k], axis) for block in blocks_of(stmt)} - {None}
                return found.pop() or own if len(found) == 1 else own
            case For() | While():
                carried = self.size(stmt.params[k], axis)
                return own if carried is None or carried == (stmt.params[k], axis) else carried
        return own

    def scalar(self, operand: Operand) -> Size:
        """A size that was given as a number: the size it was taken from, if it was."""
        stmt, _ = self.definition.get(operand, (None, 0)) if isinstance(operand, Var) else (None, 0)
        if isinstance(stmt, Op) and stmt.name == "dim":
            return self.size(stmt.args[0], stmt.attr("axis")) or operand
        return operand

    def _carried(self, loop: For | While, k: int, axis: int) -> Size:
        """Assume that all arrays of the loop keep the sizes they start with, until one is found that does not."""
        arrays = [n for n, p in enumerate(loop.params) if isinstance(p.type, Array)]
        assumed = {(n, a): self.size(loop.inits[n], a) for n in arrays for a in range(loop.params[n].type.ndim)}  # type: ignore[union-attr]
        before = dict(self.known)
        while True:
            self.known = dict(before)
            for (n, a), size in assumed.items():
                self.known[loop.params[n], a] = size or (loop.params[n], a)
            after = next_values(loop)
            wrong = [(n, a) for (n, a), size in assumed.items() if size and self.size(after[n], a) not in (size, None)]
            if not wrong:
                return self.known[loop.params[k], axis]
            assumed |= dict.fromkeys(wrong)

    def block(self, block: Block, scope: set[Var]) -> Block:
        """The block, with sizes replaced by what is defined where they are asked for: `scope` holds that."""
        stmts: list[Stmt] = []
        scope = set(scope)
        for stmt in block.stmts:
            if isinstance(stmt, Op) and stmt.name == "dim":
                match self.size(stmt.args[0], stmt.attr("axis")):
                    case (Var() as array, axis) if array in scope:
                        stmt = replace(stmt, args=(array,), attrs=(("axis", axis),))
                    case Var() | Const() as size if isinstance(size, Const) or size in scope:
                        self.env[stmt.result] = subst(self.env, size)
                        continue
            inside = scope.union(binds(stmt))
            stmts.append(with_blocks(stmt, [self.block(inner, inside) for inner in blocks_of(stmt)]))
            scope.update(stmt.results)
        return substitute(Block(tuple(stmts), block.yields), self.env)

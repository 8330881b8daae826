"""Arrays that hold one number throughout are that number.

    C_bar = np.empty((n, m))             for i in range(n):
    for i in range(n):                       for j in range(m):
        for j in range(m):           ->          A_bar[i, k] += y_bar * B[k, j]
            C_bar[i, j] = y_bar
    ... C_bar[i, j] * B[k, j]

So it goes with the adjoint of a sum: an array that is filled with the adjoint of the sum, or to whose zeros that is added, and
that is read, and nothing else.
"""

from __future__ import annotations

from collections import defaultdict

from srcad.ir import (
    Array,
    Atom,
    Block,
    Const,
    For,
    Op,
    Operand,
    Scalar,
    Stmt,
    Trace,
    Var,
    blocks_of,
    const,
    definitions,
    operands,
    replace,
    substitute,
    walk,
    with_blocks,
)
from srcad.transforms.fold import fold


def uniform(trace: Trace) -> Trace:
    """The trace with the number where elements of such arrays are read. That these are still filled is left to `dce`."""
    finder = _Finder(trace)
    body = finder.block(trace.body)
    if finder.env:
        trace = fold(replace(trace, body=substitute(body, finder.env)))
    return replace(trace, functions=tuple(map(uniform, trace.functions)))


class _Finder:
    def __init__(self, trace: Trace) -> None:
        self.env: dict[Var, Operand] = {}
        #: What reads or writes elements of an array, and the arrays that are mentioned otherwise.
        self.writes: dict[Operand, list[Op]] = defaultdict(list)
        self.loads: dict[Operand, list[Op]] = defaultdict(list)
        self.others: set[Operand] = set()
        self._look(trace.body)

    def _look(self, block: Block) -> None:
        self.others.update(block.yields)
        for stmt in block.stmts:
            match stmt:
                case Op(name="store" | "update", args=(array, *_, value)):
                    self.writes[array].append(stmt)
                    self.others.add(value)
                case Op(name="load", args=(array, *_)):
                    self.loads[array].append(stmt)
                case Op(name="dim"):
                    pass
                case _:
                    self.others.update(operands(stmt))
            for inner in blocks_of(stmt):
                self._look(inner)

    def block(self, block: Block) -> Block:
        for at, stmt in enumerate(block.stmts):
            if isinstance(stmt, Op) and stmt.name == "alloc" and self.is_candidate(stmt):
                self.found(stmt, block.stmts[at + 1 :])
        return Block(
            tuple(with_blocks(s, [self.block(inner) for inner in blocks_of(s)]) for s in block.stmts), block.yields
        )

    def is_candidate(self, alloc: Op) -> bool:
        array, writes = alloc.result, self.writes[alloc.result]
        if not alloc.args or array in self.others or len(writes) != 1 or not self.loads[array]:
            return False
        return writes[0].name == "store" or alloc.attr("fill") == "zeros"

    def found(self, alloc: Op, after: tuple[Stmt, ...]) -> None:
        """Let the number stand for what is read, if the array is filled with it before."""
        array, (store,) = alloc.result, self.writes[alloc.result]
        for at, loop in enumerate(after):
            inside = list(walk(Block((loop,))))
            if store not in inside:
                continue
            value = self.value(store, loop, array)
            later = set(map(id, walk(Block(after[at + 1 :]))))
            if value is not None and fills(loop, store, alloc.args) and all(id(s) in later for s in self.loads[array]):
                self.env.update((load.result, value) for load in self.loads[array])
            return

    def value(self, store: Op, loop: Stmt, array: Var) -> Atom | None:
        """What is stored, if it comes from outside of the loop, as a number of the array's dtype."""
        value = store.args[-1]
        assert isinstance(array.type, Array)
        if isinstance(value, Const):
            weak = array.type.dtype in ("float64", "int64", "complex128")
            return replace(value, type=Scalar(array.type.dtype), weak=weak) if not value.name else None
        inside = set(definitions(Block((loop,))))
        return value if value not in inside and value.type == Scalar(array.type.dtype) else None


def fills(loop: Stmt, store: Op, sizes: tuple[Atom, ...]) -> bool:
    """Whether the nest stores to every cell of an array of these sizes: one loop for each axis, and nothing in between."""
    for place, size in enumerate(sizes):
        if not isinstance(loop, For) or loop.exits or (loop.start, loop.step) != (const(0), const(1)):
            return False
        if loop.stop != size or store.args[1 + place] is not loop.index:
            return False
        if place + 1 == len(sizes):
            return store in loop.body.stmts
        nests = [s for s in loop.body.stmts if isinstance(s, For) and store in walk(Block((s,)))]
        if len(nests) != 1:
            return False
        (loop,) = nests
    return False

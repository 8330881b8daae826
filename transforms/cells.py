"""Arrays whose cells only some paths read, such as `r = np.sqrt(x)` before `if i != j: e += 1 / r[i, j]`.

As for the scalars of `transforms.partly`: a cell that nothing reads has the adjoint 0, and what was stored in it no pullback.
Which cells are read is known at run time only: the adjoint marks them in an array of bools beside the shadow.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from srcad.ir import INT, Atom, Block, Const, For, If, Op, Operand, Stmt, Trace, Var, blocks_of, const, is_float, walk
from srcad.ops import WRITES
from srcad.transforms.activity import Activity
from srcad.transforms.alias import REFERENCES, is_memory
from srcad.transforms.memory import Memory
from srcad.transforms.shapes import Shapes
from srcad.transforms.symbolic import Affine

#: What makes the arrays whose cells can be marked: their contents come from stores only.
MADE = frozenset({"alloc", "array"})


def markable(trace: Trace, active: Activity, memory: Memory) -> set[Var]:
    """The classes of memory (by their representatives in `active.aliases`) with one array, made here, and views of it."""
    given = {active.aliases.find(v) for v in (*trace.inputs, *trace.body.yields) if is_memory(v)}  # type: ignore[arg-type]
    made = [s.result for s in walk(trace.body) if isinstance(s, Op) and s.name in MADE]
    return {active.aliases.find(v) for v in made if is_float(v.type) and v in active and memory.is_simple(v)} - given


def partly_read(trace: Trace, classes: set[Var], active: Activity, shapes: Shapes, used: Collection[Var]) -> set[Var]:
    """The classes that something reads on some paths only, or where a computed index points to, and nothing reads cell by cell
    on every path from where the array is made; and those with cells that constants overwrite. `used` are the scalars that every
    path uses.

    A loop is taken to run, and to read all that matters: the steps of a recurrence, which store what they read in the array
    itself, count for nothing.
    """
    reads = _Reads(trace, classes, active, shapes, used)
    reads.block(trace.body)
    reads.stores(trace.body, (), set())
    return (reads.by_chance - reads.wholly) | reads.overwritten


def _computed(trace: Trace) -> set[Var]:
    """The integers that depend on the contents of arrays."""
    found: set[Var] = set()
    for stmt in walk(trace.body):
        if isinstance(stmt, Op) and (stmt.name == "load" or found.intersection(stmt.args)):
            found.update(v for v in stmt.results if v.type == INT)
    return found


class _Reads:
    def __init__(
        self, trace: Trace, classes: set[Var], active: Activity, shapes: Shapes, used: Collection[Var]
    ) -> None:
        self.classes, self.active, self.aliases = classes, active, active.aliases
        self.shapes, self.used = shapes, used
        self.wholly: set[Var] = set()
        self.by_chance: set[Var] = set()
        self.overwritten: set[Var] = set()
        self.computed = _computed(trace)
        self.cut = {
            s.result
            for s in walk(trace.body)
            if isinstance(s, Op) and s.name == "view" and any(letter not in "n" for letter in s.attr("spec"))
        }

    def block(self, block: Block) -> None:
        made = [self.aliases.find(s.result) for s in block.stmts if isinstance(s, Op) and s.name in MADE]
        if here := self.classes.intersection(made):
            for stmt in block.stmts:
                self.wholly |= here.intersection(self.whole(stmt))
                self.by_chance |= here.intersection(self.chancy(stmt))
        for stmt in block.stmts:
            for inner in blocks_of(stmt):
                self.block(inner)

    def chancy(self, stmt: Stmt, conditional: bool = False) -> Iterator[Var]:
        """What is read in a branch, by what some path does not use, or where a computed index points to."""
        picked = isinstance(stmt, Op) and stmt.name == "load" and self.computed.intersection(stmt.args[1:])
        unsure = [v for v in stmt.results if v in self.active and (conditional or picked or not self.counts(v))]
        if unsure and isinstance(stmt, Op):
            for memory in map(self.aliases.find, self.read(stmt)):
                if memory in self.classes and any(is_memory(v) or v in self.active.past(memory) for v in unsure):
                    yield memory
        for block in blocks_of(stmt):
            for inner in block.stmts:
                yield from self.chancy(inner, conditional or isinstance(stmt, If))

    def whole(self, stmt: Stmt) -> Iterable[Var]:
        if isinstance(stmt, For):
            return self.nest(stmt, ())
        if isinstance(stmt, Op) and stmt.name not in ("load", "dim") and all(map(self.counts, stmt.results)):
            return [self.aliases.find(v) for v in self.read(stmt) if v not in self.cut]
        return ()

    def read(self, op: Op) -> list[Var]:
        """The arrays that an op reads, all of them but for `load`."""
        read = () if op.name in REFERENCES else op.args[1:] if op.name in WRITES else op.args
        return [v for v in read if isinstance(v, Var) and is_memory(v)]

    def counts(self, result: Var) -> bool:
        return is_memory(result) or result in self.used

    def nest(self, loop: For, around: tuple[For, ...]) -> Iterator[Var]:
        """What a nest of loops reads, cell by cell."""
        around = (*around, loop)
        if loop.exits:
            return
        for stmt in loop.body.stmts:
            match stmt:
                case For():
                    yield from self.nest(stmt, around)
                case Op(name="load", args=(Var() as array, *index)) if stmt.result in self.used and self.covers(
                    array, index, around
                ):
                    yield self.aliases.find(array)

    def stores(self, block: Block, around: tuple[For, ...], filled: set[Var]) -> None:
        """What constants overwrite of the classes that are `filled` already, without overwriting all of it."""
        for stmt in block.stmts:
            if isinstance(stmt, Op) and stmt.name in ("store", "assign") and stmt.args[0] in self.active:
                array, *index, value = stmt.args
                memory = self.aliases.find(array)  # type: ignore[arg-type]
                whole = array not in self.cut if stmt.name == "assign" else self.covers(array, index, around)
                if value in self.active:
                    filled.add(memory)
                elif memory in filled.intersection(self.classes) and not whole:
                    self.overwritten.add(memory)
            for inner in blocks_of(stmt):
                self.stores(
                    inner, (*around, stmt) if isinstance(stmt, For) else () if isinstance(stmt, If) else around, filled
                )

    def covers(self, array: Operand, index: Sequence[Operand], around: tuple[For, ...]) -> bool:
        if array in self.cut:
            return False
        loops = {loop.index: loop for loop in around}
        for i, size in zip(index, self.shapes.of(array), strict=True):
            if i == const(0) and size.affine == Affine(1):
                continue
            loop = loops.pop(i, None) if isinstance(i, Var) else None
            if loop is None or not self.runs_over(loop, size.affine):
                return False
        return True

    def runs_over(self, loop: For, size: Affine) -> bool:
        """Whether the index takes each value from 0 to size - 1, in either direction."""
        first, stop = self.value(loop.start), self.value(loop.stop)
        if loop.step == const(1):
            return first == Affine(0) and stop == size
        return loop.step == const(-1) and first == size.plus(Affine(-1)) and stop == Affine(-1)

    def value(self, n: Atom) -> Affine | None:
        return self.shapes.value(n) if n.type == INT and not (isinstance(n, Const) and n.value is None) else None

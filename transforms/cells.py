"""Arrays whose cells only some paths read, such as `r = np.sqrt(x)` before `if i != j: e += 1 / r[i, j]`.

As for the scalars of `transforms.partly`: a cell that nothing reads has the adjoint 0, and what was stored in it no pullback.
Which cells are read is known at run time only: the adjoint marks them in an array of bools beside the shadow.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from srcad.ir import (
    INT,
    Atom,
    Block,
    Const,
    For,
    If,
    Op,
    Stmt,
    Trace,
    Var,
    While,
    binds,
    blocks_of,
    const,
    definitions,
    free,
    is_float,
    walk,
)
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
    """The classes that something reads on some paths only, and nothing reads cell by cell on every path from where the array is
    made. `used` are the scalars that every path uses.

    A loop is taken to run, and to read all that matters, unless how often it runs depends on the trip of a loop around it (the
    half of a matrix). The steps of a recurrence, which store what they read in the array itself, count for nothing.
    """
    reads = _Reads(trace, classes, active, shapes, used)
    reads.block(trace.body)
    return reads.by_chance - reads.wholly


class _Reads:
    def __init__(
        self, trace: Trace, classes: set[Var], active: Activity, shapes: Shapes, used: Collection[Var]
    ) -> None:
        self.classes, self.active, self.aliases = classes, active, active.aliases
        self.shapes, self.used = shapes, used
        self.wholly: set[Var] = set()
        self.by_chance: set[Var] = set()
        self.cut = {
            s.result
            for s in walk(trace.body)
            if isinstance(s, Op) and s.name == "view" and any(letter not in "n" for letter in s.attr("spec"))
        }

        #: Integers that come from arrays, or that a loop counts by itself, and what is made of them.
        self.looked_up: set[Var] = set()
        for s in walk(trace.body):
            found = s.params if isinstance(s, For | While) else ()
            if isinstance(s, Op) and (s.name == "load" or not self.looked_up.isdisjoint(s.args)):
                found = s.results
            self.looked_up.update(v for v in found if v.type == INT)

    def block(self, block: Block) -> None:
        made = [self.aliases.find(s.result) for s in block.stmts if isinstance(s, Op) and s.name in MADE]
        if here := self.classes.intersection(made):
            for stmt in block.stmts:
                self.wholly |= here.intersection(self.whole(stmt))
                self.by_chance |= here.intersection(self.chancy(stmt))
        for stmt in block.stmts:
            for inner in blocks_of(stmt):
                self.block(inner)

    def chancy(self, stmt: Stmt, conditional: bool = False, varying: frozenset[Var] = frozenset()) -> Iterator[Var]:
        """What is read in a branch, in a loop whose trips depend on the trip of another, at places that are looked up, or by
        what some path does not use. `varying` are the variables of the loops around."""
        if isinstance(stmt, Op):
            chance = conditional or not self.looked_up.isdisjoint(stmt.args[1:] if stmt.name == "load" else ())
            unsure = [v for v in stmt.results if v in self.active and (chance or not self.counts(v))]
            for memory in map(self.aliases.find, self.read(stmt) if unsure else ()):
                if memory in self.classes and any(is_memory(v) or v in self.active.past(memory) for v in unsure):
                    yield memory
        match stmt:
            case If():
                conditional = True
            case For():
                conditional |= not varying.isdisjoint((stmt.start, stmt.stop))
                varying |= {*binds(stmt), *definitions(stmt.body)}
            case While():
                conditional |= not varying.isdisjoint((*stmt.inits, *free(stmt.cond)))
                varying |= {*binds(stmt), *definitions(stmt.body)}
        for block in blocks_of(stmt):
            for inner in block.stmts:
                yield from self.chancy(inner, conditional, varying)

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
                case Op(name="load", args=(Var() as array, *_)) if stmt.result in self.used and self.covers(
                    stmt, around
                ):
                    yield self.aliases.find(array)

    def covers(self, load: Op, around: tuple[For, ...]) -> bool:
        array, *index = load.args
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

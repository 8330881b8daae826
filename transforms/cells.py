"""Arrays whose cells only some paths read, such as `r = np.sqrt(x)` before `if i != j: e += 1 / r[i, j]`.

As for the scalars of `transforms.partly`: a cell that nothing reads has the adjoint 0, and what was stored in it no pullback.
Which cells are read is known at run time only: the adjoint marks them in an array of bools beside the shadow.
"""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence

from srcad.ir import (
    INT,
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
    definitions,
    free,
    is_float,
    walk,
)
from srcad.ops import WRITES
from srcad.transforms.activity import Activity
from srcad.transforms.alias import REFERENCES, is_memory
from srcad.transforms.coverage import ABSENT, FIXED, Axis, Coverage, Cut, is_whole
from srcad.transforms.memory import Memory
from srcad.transforms.shapes import Shapes

#: What makes the arrays whose cells can be marked: their contents come from stores only.
MADE = frozenset({"alloc", "array"})


def markable(trace: Trace, active: Activity, memory: Memory) -> set[Var]:
    """The classes of memory (by their representatives in `active.aliases`) with one array, made here, and views of it."""
    given = {active.aliases.find(v) for v in (*trace.inputs, *trace.body.yields) if is_memory(v)}  # type: ignore[arg-type]
    made = [s.result for s in walk(trace.body) if isinstance(s, Op) and s.name in MADE]
    return {active.aliases.find(v) for v in made if is_float(v.type) and v in active and memory.is_simple(v)} - given


def partly_read(trace: Trace, classes: set[Var], active: Activity, shapes: Shapes, used: Collection[Var]) -> set[Var]:
    """The classes that something reads on some paths only, where a computed or a fixed index points to, or a part of, and
    nothing reads cell by cell on every path from where the array is made; and those with cells that constants overwrite. `used`
    are the scalars that every path uses.

    A loop is taken to run, and to read all that matters, unless how often it runs depends on the trip of a loop around it (the
    half of a matrix). The steps of a recurrence, which store what they read in the array itself, count for nothing.
    """
    reads = _Reads(trace, classes, active, shapes, used)
    reads.block(trace.body)
    reads.stores(trace.body, (), set())
    wholly = {memory for memory, axes in reads.read.items() if is_whole(axes)}
    return (reads.by_chance - wholly) | reads.overwritten


def _computed(trace: Trace) -> set[Var]:
    """The integers that depend on the contents of arrays, or that a loop counts by itself."""
    found: set[Var] = set()
    for stmt in walk(trace.body):
        given = stmt.params if isinstance(stmt, For | While) else ()
        if isinstance(stmt, Op) and (stmt.name == "load" or not found.isdisjoint(stmt.args)):
            given = stmt.results
        found.update(v for v in given if v.type == INT)
    return found


class _Reads:
    def __init__(
        self, trace: Trace, classes: set[Var], active: Activity, shapes: Shapes, used: Collection[Var]
    ) -> None:
        self.classes, self.active, self.aliases = classes, active, active.aliases
        self.past = functools.cache(active.past)
        self.used = used
        self.coverage = Coverage(trace, shapes)
        self.read: dict[Var, set[tuple[Axis, ...]]] = defaultdict(set)  #: what every path reads of a class
        self.by_chance: set[Var] = set()
        self.overwritten: set[Var] = set()
        self.computed = _computed(trace)

    def block(self, block: Block) -> None:
        made = [self.aliases.find(s.result) for s in block.stmts if isinstance(s, Op) and s.name in MADE]
        if here := self.classes.intersection(made):
            for stmt in block.stmts:
                self.all_paths(stmt, ())
                self.by_chance |= here.intersection(self.chancy(stmt))
        for stmt in block.stmts:
            for inner in blocks_of(stmt):
                self.block(inner)

    def chancy(self, stmt: Stmt, conditional: bool = False, varying: frozenset[Var] = frozenset()) -> Iterator[Var]:
        """What is read in a branch, in a loop whose trips depend on the trip of another, by what some path does not use, where a
        computed or a fixed index points to, or in part. `varying` are the variables of the loops around."""
        picked = isinstance(stmt, Op) and stmt.name == "load" and self.is_picked(*stmt.args)
        unsure = [v for v in stmt.results if v in self.active and (conditional or picked or not self.counts(v))]
        if unsure and isinstance(stmt, Op):
            for memory in map(self.aliases.find, self.arrays(stmt)):
                if memory in self.classes and any(is_memory(v) or v in self.past(memory) for v in unsure):
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

    def is_picked(self, array: Operand, *index: Operand) -> bool:
        if not self.computed.isdisjoint(index):
            return True
        return any(
            axis == FIXED or isinstance(axis, Cut) for axis in self.coverage.read(array, self.everywhere(index), ())
        )

    def everywhere(self, index: Sequence[Operand]) -> list[Operand]:
        """The index, with each loop taken to run over its axis."""
        return [i if isinstance(i, Const) else ABSENT for i in index]

    def all_paths(self, stmt: Stmt, around: tuple[For, ...]) -> None:
        """Note what is read on every path, in nests of loops cell by cell."""
        match stmt:
            case For(exits=False):
                for inner in stmt.body.stmts:
                    self.all_paths(inner, (*around, stmt))
            case Op(name="load", args=(Var() as array, *index)) if stmt.result in self.used:
                self.note(array, index, around)
            case Op() if stmt.name not in ("load", "dim") and all(map(self.counts, stmt.results)):
                for array in self.arrays(stmt):
                    if isinstance(array.type, Array):
                        self.note(array, [ABSENT] * array.type.ndim, around)

    def note(self, array: Var, index: Sequence[Operand], around: tuple[For, ...]) -> None:
        if (memory := self.aliases.find(array)) in self.classes:
            self.read[memory].add(self.coverage.read(array, index, around))

    def arrays(self, op: Op) -> list[Var]:
        """The arrays that an op reads, all of them but for `load`."""
        read = () if op.name in REFERENCES else op.args[1:] if op.name in WRITES else op.args
        return [v for v in read if isinstance(v, Var) and is_memory(v)]

    def counts(self, result: Var) -> bool:
        return is_memory(result) or result in self.used

    def stores(self, block: Block, around: tuple[For, ...], filled: set[Var]) -> None:
        """What constants overwrite of the classes that are `filled` already, without overwriting all of it."""
        for stmt in block.stmts:
            if isinstance(stmt, Op) and stmt.name in ("store", "assign") and stmt.args[0] in self.active:
                array, *index, value = stmt.args
                memory = self.aliases.find(array)  # type: ignore[arg-type]
                index = index or [ABSENT] * array.type.ndim  # type: ignore[union-attr]
                if value in self.active:
                    filled.add(memory)
                elif memory in self.classes & filled and not is_whole([self.coverage.read(array, index, around)]):
                    self.overwritten.add(memory)
            for inner in blocks_of(stmt):
                self.stores(
                    inner, (*around, stmt) if isinstance(stmt, For) else () if isinstance(stmt, If) else around, filled
                )

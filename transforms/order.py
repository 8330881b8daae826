"""What may change places: by what pieces of a trace do to memory, and whether they may raise."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from srcad.ir import Block, Op, Stmt, Trace, Var, free, walk
from srcad.ops import EFFECTS, MATRICES, WRITES
from srcad.transforms.alias import Aliases, is_memory

#: Ops that read contents of memory; what else has no effect may be moved up past anything.
CONTENTS = frozenset(
    """load copy sum mean prod max min argmax argmin argsort any all dot solve inv det cofactors is_invertible
    is_positive_definite eigh svd qr pinv tril inverse_gaps fft ifft rfft irfft dct dst cofactors_along expand reduce_like pop
    length cholesky factor""".split()
) | set(MATRICES)
#: Writes that may change places with one another.
ADDS = frozenset({"update", "accumulate", "atomic_add"})


@dataclass
class Effects:
    """The classes of memory that a piece of a trace reads, adds to, and overwrites; whether it may raise, and whether the caller
    sees how far it came when something does; `other` if it does more than that."""

    reads: set[Var] = field(default_factory=set)
    adds: set[Var] = field(default_factory=set)
    stores: set[Var] = field(default_factory=set)
    raises: bool = False
    shows: bool = False
    other: bool = False

    @property
    def writes(self) -> set[Var]:
        return self.adds | self.stores

    def allows(self, later: Effects) -> bool:
        """Whether it is no matter for anybody outside if what has the `later` effects is done first."""
        return not (self.other or later.other or (self.raises and later.shows))

    def commute(self, later: Effects) -> bool:
        """Whether what has the `later` effects may be done first."""
        return self.allows(later) and not (
            later.reads & self.writes
            or later.stores & (self.reads | self.writes)
            or later.adds & (self.reads | self.stores)
        )


class Order:
    """What may be moved in a trace."""

    def __init__(self, trace: Trace) -> None:
        self.aliases = Aliases(trace, read_only=True)
        self.outside = {self.aliases.find(v) for v in trace.inputs}

    def effects(self, stmts: Iterable[Stmt]) -> Effects:
        found = Effects()
        for stmt in walk(Block(tuple(stmts))):
            if not isinstance(stmt, Op):
                continue
            classes = [self.aliases.find(v) for v in stmt.args if isinstance(v, Var) and is_memory(v)]
            if stmt.name in WRITES:
                (found.adds if stmt.name in ADDS else found.stores).add(classes[0])
                found.reads.update(classes[1:])
            elif stmt.name in CONTENTS and stmt.name != "pop":
                found.reads.update(classes)
            elif stmt.name == "raise" or stmt.attr("raises"):
                found.raises = True
            elif stmt.name in EFFECTS and stmt.name != "comment":
                found.other = True
        found.shows = found.raises or bool(found.writes & self.outside)
        return found

    def moved_up(self, stmts: Sequence[Stmt], at: int, k: int) -> list[Stmt] | None:
        """What must go before statement `at` so that statement `k` can stand right behind it; None if it cannot."""
        here, there = stmts[at], stmts[k]
        needed = set(free(Block((there,))))
        first: list[Stmt] = []
        for stmt in reversed(stmts[at + 1 : k]):
            if needed & set(stmt.results):
                if not isinstance(stmt, Op) or stmt.name in CONTENTS or stmt.name in EFFECTS or stmt.attr("raises"):
                    return None
                first.insert(0, stmt)
                needed |= set(free(Block((stmt,))))
        if set(free(Block(tuple(first)))) & set(here.results):
            return None
        between = self.effects(stmts[at + 1 : k])
        return first if between.commute(self.effects([there])) else None

"""What a piece of a trace does to memory, and so what may be moved past it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from srcad.ir import Block, Op, Stmt, Var, free, walk
from srcad.ops import EFFECTS, WRITES
from srcad.transforms.alias import Aliases, is_memory

#: Ops that read contents of memory; what else has no effect may be moved up past anything.
CONTENTS = frozenset(
    """load copy sum mean prod max min argmax argmin argsort any all dot solve inv det cofactors is_invertible
    is_positive_definite eigh svd qr pinv tril inverse_gaps fft ifft rfft irfft dct dst cofactors_along expand reduce_like pop
    length""".split()
)
#: Writes that may change places with one another.
ADDS = frozenset({"update", "accumulate"})


@dataclass
class Effects:
    """The classes of memory that a piece of a trace reads, adds to, and overwrites; `other` if it does more than that."""

    reads: set[Var] = field(default_factory=set)
    adds: set[Var] = field(default_factory=set)
    stores: set[Var] = field(default_factory=set)
    other: bool = False

    @property
    def writes(self) -> set[Var]:
        return self.adds | self.stores

    def commute(self, later: Effects) -> bool:
        """Whether what has these effects may be done after what has the `later` ones."""
        if self.other or later.other:
            return False
        return not (
            later.reads & self.writes
            or later.stores & (self.reads | self.writes)
            or later.adds & (self.reads | self.stores)
        )


def effects(stmts: Iterable[Stmt], aliases: Aliases) -> Effects:
    found = Effects()
    for stmt in walk(Block(tuple(stmts))):
        if not isinstance(stmt, Op):
            continue
        classes = [aliases.find(v) for v in stmt.args if isinstance(v, Var) and is_memory(v)]
        if stmt.name in WRITES:
            (found.adds if stmt.name in ADDS else found.stores).add(classes[0])
            found.reads.update(classes[1:])
        elif stmt.name in CONTENTS and stmt.name != "pop":
            found.reads.update(classes)
        elif stmt.name in EFFECTS and stmt.name != "comment":
            found.other = True
    return found


def moved_up(stmts: Sequence[Stmt], at: int, k: int, aliases: Aliases) -> list[Stmt] | None:
    """What must go before statement `at` so that statement `k` can stand right behind it; None if it cannot."""
    here, there = stmts[at], stmts[k]
    needed = set(free(Block((there,))))
    first: list[Stmt] = []
    for stmt in reversed(stmts[at + 1 : k]):
        if needed & set(stmt.results):
            if not isinstance(stmt, Op) or stmt.name in CONTENTS or stmt.name in EFFECTS:
                return None
            first.insert(0, stmt)
            needed |= set(free(Block((stmt,))))
    if set(free(Block(tuple(first)))) & set(here.results):
        return None
    between = effects(stmts[at + 1 : k], aliases)
    return first if between.commute(effects([there], aliases)) else None

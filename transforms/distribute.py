"""A loop as two: first what each trip does on its own, then what must be done in order.

    for i in range(n):                      for i in range(n):
        e_i = np.exp(x[i])           ->         e[i] = np.exp(x[i])
        e[i] = e_i                          for i in range(n):
        s += e_i                                s += e[i]

The second needs values of the first. What is in memory anyway is read again, what is cheap is computed again, and the rest is
kept in memory that is made for it (Allen and Kennedy, Optimizing Compilers for Modern Architectures, 2001, calls the split loop
distribution, and what is kept scalar expansion).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from srcad.ir import (
    Array,
    Atom,
    Block,
    Builder,
    Const,
    For,
    Op,
    Operand,
    Scalar,
    Stmt,
    Var,
    clone,
    const,
    definitions,
    free,
    replace,
    walk,
)
from srcad.ops import ELEMENTWISE, WRITES
from srcad.transforms.cse import rename
from srcad.transforms.memory import Memory

#: What is computed again where it is needed, rather than kept.
CHEAP = frozenset("add sub mul neg abs lt le gt ge eq ne and or not where cast".split())
#: What changes memory,
CHANGES = frozenset({*WRITES, "append", "pop"})
#: and what may be moved from one trip's place to a later one.
MOVABLE = frozenset({*ELEMENTWISE, *CHANGES, "load", "dim", "comment"})


class Distribution:
    """`front` are the statements that no other trip has a part in, if `stays` has nothing against them, and `back` the rest.

    `made` says which statement of the body a value comes from.
    """

    def __init__(self, loop: For, memory: Memory, stays: Callable[[Stmt, Distribution], bool]) -> None:
        self.loop, self.memory = loop, memory
        self.ops = [s for s in walk(loop.body) if isinstance(s, Op)]
        self.own = set(definitions(loop.body))
        self.made = {v: s for s in loop.body.stmts for v in s.results}
        self.writes = [op for op in self.ops if op.name in CHANGES]
        self.front: list[Stmt] = []
        self.back: list[Stmt] = []
        ordered = [op.args[0] for op in self.writes if not self.is_apart_from_other_trips(op)]
        dependent: set[Var] = set(loop.params)
        written: list[Atom] = ordered[:]  #: what the back writes,
        touched: list[Atom] = ordered[:]  #: and what it has read or written
        for stmt in loop.body.stmts:
            inside = [op for op in walk(Block((stmt,))) if isinstance(op, Op)]
            reads = [op.args[0] for op in inside if op.name == "load"]
            writes = [op.args[0] for op in inside if op.name in CHANGES]
            waits = not dependent.isdisjoint(free(Block((stmt,)))) or self.meet(reads, written)
            waits = waits or self.meet(writes, touched) or not stays(stmt, self)
            if not waits:
                self.front.append(stmt)
                continue
            self.back.append(stmt)
            dependent.update(stmt.results)
            written += writes
            touched += [*reads, *writes]

    @staticmethod
    def is_possible(loop: For) -> bool:
        """Whether the loop goes over all of its range, and what is in it may be moved: nothing raises or prints."""
        ops = [s for s in walk(loop.body) if isinstance(s, Op)]
        plain = all(op.name in MOVABLE and not op.attr("raises") for op in ops)
        return plain and not loop.exits and not any(hasattr(s, "exits") for s in walk(loop.body))

    # --- memory ------------------------------------------------------------------------------------------

    def apart(self, a: Atom, b: Atom) -> bool:
        return isinstance(b, Const) or isinstance(a, Const) or self.memory.apart(a, b)

    def meet(self, some: Iterable[Atom], others: Iterable[Atom]) -> bool:
        others = list(others)
        return any(not self.apart(a, b) for a in some for b in others)

    def is_apart_from_other_trips(self, write: Op) -> bool:
        """Whether the cell that is written is another one on each trip, and no other trip reads or writes it."""
        array, place = write.args[0], write.args[1:-1]
        if write.name not in ("store", "update") or not isinstance(array.type, Array):
            return False
        moves = [self.memory.affine(i, self.loop.index) is not None for i in place]
        fixed = all(move or self.is_fixed(i) for i, move in zip(place, moves, strict=True))
        if not (any(moves) and fixed and all(map(self.memory.nonnegative, place))):
            return False
        for other in self.ops:
            if other.name in ("load", *CHANGES) and not self.apart(other.args[0], array):
                at = other.args[1:] if other.name == "load" else other.args[1:-1]
                if other.args[0] is not array or at != place:
                    return False
        return True

    def is_fixed(self, operand: Operand) -> bool:
        """Whether the operand is the same on all trips."""
        return operand is not self.loop.index and operand not in self.own

    # --- the two loops -----------------------------------------------------------------------------------

    def loops(self, memory_for: Callable[[For, Var], Var | None]) -> tuple[For, list[For]] | None:
        """The first loop, and the second if there must be one. `memory_for` gives an array for a value of each trip; None is
        the result if it has none for one."""
        front, again = list(self.front), dict[Var, list[Stmt]]()
        for var in free(Block(tuple(self.back), self.loop.body.yields)):
            if self.made.get(var) not in self.front:
                continue
            found = self.again(var)
            if found is None:
                array = memory_for(self.loop, var)
                if array is None:
                    return None
                front.append(Op((), "store", (array, self.loop.index, var), (), self.loop.span))
                found = [Op((var,), "load", (array, self.loop.index), (), self.loop.span)]
            again[var] = found
        first = replace(self.loop, results=(), params=(), inits=(), body=Block(tuple(front)), mirror=None)
        return first, [self.second(again)] if self.back or self.loop.params else []

    def second(self, again: dict[Var, list[Stmt]]) -> For:
        repeated = list(_once(stmt for found in again.values() for stmt in found))
        loads = [s.result for s in repeated if isinstance(s, Op) and s.name == "load"]
        body = rename(Block((*repeated, *self.back), self.loop.body.yields), {v: v.like("") for v in loads})
        copy = clone(Block((replace(self.loop, body=body, mirror=None),)), {}).stmts[0]
        assert isinstance(copy, For)
        return replace(copy, results=self.loop.results)

    def again(self, operand: Operand) -> list[Stmt] | None:
        """The statements that find a value of the front anew; None if that is not cheap."""
        made = self.made.get(operand) if isinstance(operand, Var) else None
        if made is None:
            return []
        assert isinstance(operand, Var)
        for store in self.front:
            if isinstance(store, Op) and store.name == "store" and store.args[-1] is operand and self.is_kept(store):
                place = self.all_again(store.args[1:-1])
                if place is not None:
                    return [*place, Op((operand,), "load", store.args[:-1], (), made.span)]
        if not isinstance(made, Op) or made.name not in CHEAP | {"load", "dim"}:
            return None
        if made.name == "load" and self.meet([made.args[0]], [write.args[0] for write in self.writes]):
            return None
        found = self.all_again(made.args)
        return None if found is None else [*found, made]

    def all_again(self, operands: Iterable[Operand]) -> list[Stmt] | None:
        found: list[Stmt] = []
        for operand in operands:
            needed = self.again(operand)
            if needed is None:
                return None
            found += needed
        return found

    def is_kept(self, store: Op) -> bool:
        """Whether what is stored is still there after the loop, as it was."""
        array, value = store.args[0], store.args[-1]
        assert isinstance(array.type, Array) and isinstance(value.type, Scalar)
        others = [write.args[0] for write in self.writes if write is not store]
        return not self.meet([array], others) and array.type.dtype == value.type.dtype


def memory_before(b: Builder, memory: Memory, inside: frozenset[Var]) -> Callable[[For, Var], Var | None]:
    """Arrays for values of each trip of a loop, made by `b`, where what is defined `inside` is not known yet."""
    counts: dict[Atom, Atom] = {}

    def memory_for(loop: For, var: Var) -> Var | None:
        end = _end(loop, memory)
        if end is None or end in inside or not isinstance(var.type, Scalar):
            return None
        if end not in counts:
            counts[end] = end if memory.nonnegative(end) else b.op("trips", const(0), end, const(1), hint="n")
        return b.op("alloc", counts[end], fill="empty", dtype=var.type.dtype, hint=var.hint)

    return memory_for


def _end(loop: For, memory: Memory) -> Atom | None:
    """What is more than any index of the loop, if none is negative."""
    if loop.step == const(1) and memory.nonnegative(loop.start):
        return loop.stop
    if isinstance(loop.start, Var) and (loop.stop, loop.step) == (const(-1), const(-1)):
        made = memory.definition.get(loop.start)
        if made is not None and made.name == "sub" and made.args[1] == const(1):
            return made.args[0]
    return None


def _once(stmts: Iterable[Stmt]) -> Iterator[Stmt]:
    """Without what defines a value a second time."""
    seen: set[Var] = set()
    for stmt in stmts:
        if seen.isdisjoint(stmt.results):
            seen.update(stmt.results)
            yield stmt

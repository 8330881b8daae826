"""What a loop's iterations read that is not there any more when the reverse sweep runs them again: its state.

Carried values are kept at every checkpoint, and so is memory that the body both writes and reads. Memory that the body only
reads, and that is overwritten later, is kept once. In the reverse sweep memory is restored in place, to what it held at an
earlier time: whatever else the reverse sweep reads there was not overwritten since then, so it is the same in both. Writes to
memory that the body does not read, as those of a history, are not done again.

Refused: what cannot be computed again, or would not be the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from srcad.errors import UnsupportedError
from srcad.ir import (
    Array,
    ListOf,
    Op,
    Operand,
    Span,
    Trace,
    Var,
    definitions,
    free,
    uses,
    walk,
)
from srcad.ops import WRITES
from srcad.transforms.alias import REFERENCES, is_memory
from srcad.transforms.checkpoints import Nest
from srcad.transforms.dce import contents
from srcad.transforms.memory import Memory
from srcad.transforms.names_after import stale_name

#: Ops that the reverse sweep leaves out when it runs iterations again: they have had their effect.
DONE = frozenset({"print", "raise"})


@dataclass(frozen=True)
class State:
    """`carried`: the params of the loop over the runs that its body reads. `written`: memory kept at every checkpoint. `read`:
    memory kept once. `silent`: ops that are not run again."""

    carried: tuple[Var, ...]
    written: tuple[Var, ...]
    read: tuple[Var, ...]
    silent: frozenset[Op]


def state_of(nest: Nest, trace: Trace, memory: Memory) -> State:
    return _Analysis(nest, trace, memory).state()


class _Analysis:
    def __init__(self, nest: Nest, trace: Trace, memory: Memory) -> None:
        self.nest, self.trace, self.memory = nest, trace, memory
        self.body = nest.loop.body
        self.ops = [op for op in walk(self.body) if isinstance(op, Op)]
        self.inside = {*definitions(self.body), *nest.loop.params}
        read = set(uses(nest.inner.body))
        params = zip(nest.loop.params, nest.inner.params, strict=False)  # the inner loop may have one more
        self.carried = tuple(param for param, inside in params if inside in read)
        self.outer = [v for v in free(self.body) if is_memory(v) and v not in nest.loop.params]
        made = set(self.ops)
        self.writes = [(op, v) for op in self.ops for v in _targets(op) if memory.made(v) not in made]
        self.written = {self.find(target) for _, target in self.writes}

    def find(self, var: Var) -> Var:
        return self.memory.aliases.find(var)

    def state(self) -> State:
        self.check_repeatable()
        self.check_lists()
        self.check_carried()
        reads = [(op, arg) for op in self.ops for arg in contents(op) if isinstance(arg, Var) and is_memory(arg)]
        lost = {self.find(arg) for op, arg in reads if not self.memory.intact(op, arg)}
        plain = {self.find(v) for v in self.outer} - {self.find(v) for v in self.merged()}
        gone = [v for v in self.outer if self.find(v) in (lost if self.find(v) in plain else lost | self.written)]
        kept = self.bases(gone)
        restored = {self.find(v) for v in kept}
        left = plain - restored
        return State(
            self.carried,
            tuple(v for v in kept if self.find(v) in self.written),
            tuple(v for v in kept if self.find(v) not in self.written),
            frozenset(op for op in self.ops if op.name in DONE)
            | {op for op, target in self.writes if self.find(target) in left and op.name in WRITES},
        )

    def merged(self) -> Iterator[Var]:
        """The names of memory in the body that are no views of what is outside of it."""
        for var in {*filter(is_memory, uses(self.body)), *filter(is_memory, self.inside)}:
            origin = self.memory.origin(var)
            if origin in self.inside:
                yield var

    def bases(self, names: Iterable[Var]) -> list[Var]:
        """The names without those that are views of others among them."""
        found = list(names)
        return [v for v in found if not any(base in found for base in self.viewed(v))]

    def viewed(self, var: Operand) -> Iterator[Operand]:
        while isinstance(var, Var) and (op := self.memory.definition.get(var)) is not None and op.name in REFERENCES:
            var = op.args[0]
            yield var

    # --- what is refused -------------------------------------------------------------------------------------------------

    def refuse(self, reason: str, span: Span | None, remedy: str) -> None:
        raise UnsupportedError(reason, span or self.nest.loop.span, remedy)

    def check_repeatable(self) -> None:
        draws = any(isinstance(op, Op) and op.name == "draw" for f in self.trace.functions for op in walk(f.body))
        for op in self.ops:
            if op.name == "draw" or (op.name == "call" and draws):
                reason = "random numbers are drawn in a loop over srcad.checkpoint, which is run again in reverse mode"
                self.refuse(reason, op.span, "draw them before the loop, into an array")

    def check_lists(self) -> None:
        remedy = "use an array, or a loop without srcad.checkpoint"
        for op, target in self.writes:
            if isinstance(target.type, ListOf) and self.find(target) in map(self.find, self.outer):
                self.refuse("a loop over srcad.checkpoint changes a list from before it", op.span, remedy)
        for var in (*self.carried, *self.outer):
            if isinstance(var.type, ListOf) and (var in self.carried or self.memory.writes(var)):
                self.refuse("a loop over srcad.checkpoint carries a list", self.nest.loop.span, remedy)

    def check_carried(self) -> None:
        """Carried arrays are kept one by one: written through one name, they must not be read through another."""
        arrays = [v for v in self.carried if isinstance(v.type, Array)]
        inner = dict(zip(self.nest.loop.params, self.nest.inner.params, strict=False))
        for k, var in enumerate(arrays):
            if self.find(var) not in self.written:
                continue
            others = [(other, inner[other]) for other in arrays[:k]] + [(other, other) for other in self.outer]
            for other, seen in others:
                if not self.memory.apart(inner[var], seen):
                    same = "another name in it" if var.hint == other.hint else _name(other)
                    reason = f"a loop over srcad.checkpoint writes to {_name(var)}, which may be the memory of {same}"
                    self.refuse(reason, self.nest.loop.span, "copy one of them before the loop")
        for var in (v for v in self.nest.loop.params if isinstance(v.type, Array)):
            if (stale := stale_name(self.trace, self.memory, self.nest.loop, var)) is not None:
                same = "under another name" if var.hint == stale.hint else f"as {_name(stale)}"
                reason = f"a loop over srcad.checkpoint writes to {_name(var)}, whose memory is read after it {same}"
                self.refuse(reason, self.nest.loop.span, f"let {_name(var)} start as a copy")


def _targets(op: Op) -> list[Var]:
    """The memory that the op writes."""
    given = op.args[:1] if op.name in (*WRITES, "append", "pop") else op.args if op.name == "call" else ()
    return [v for v in given if isinstance(v, Var) and is_memory(v)]


def _name(var: Var) -> str:
    return f"'{var.hint}'" if var.hint else "an array"

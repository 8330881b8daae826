"""Arrays in lists, which are copied where Python would keep a reference.

The two differ only if somebody writes into an array that is in a list, or into one that was put there, while the other is
still in use. Then the function is refused.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator

from srcad.errors import UnsupportedError
from srcad.ir import Op, Span, Trace, Var, walk
from srcad.lower.layouts import Memory, Place

#: The places in lists that are given an array to hold, and whether they held another one before.
APPENDS: weakref.WeakKeyDictionary[Var, bool] = weakref.WeakKeyDictionary()
#: Arrays that are read from lists: views of the list's own memory, or what was taken from it.
ITEMS: weakref.WeakSet[Var] = weakref.WeakSet()

REMEDY = "append a copy: .append(x.copy()), or store into an array, row by row"


def check(trace: Trace) -> Trace:
    """The trace, if it does not matter that its lists hold copies."""
    for function in (trace, *trace.functions):
        if any(isinstance(stmt, Op) and stmt.name == "assign" and stmt.args[0] in APPENDS for stmt in walk(function.body)):
            _Sharing(function).check()
    return trace


class _Sharing:
    def __init__(self, trace: Trace) -> None:
        self.memory = memory = Memory(trace)
        self.spans: dict[Place, Span | None] = {}
        self.given = [(op, place) for op, place in memory.assigns if op.args[0] in APPENDS]
        own = {op.args[0] for op, _ in self.given}
        self.items = {v: memory.reached([v], memory.onwards) for v in memory.places if v in ITEMS and v not in own}
        self.written = [
            (var, place)
            for var in set().union(*self.items.values())
            for place in memory.writes[var]
            if var not in own
        ]

    def check(self) -> None:
        replaced = [place for op, place in self.given if APPENDS[op.args[0]]]  # type: ignore[index]
        for op, place in self.given:
            source = op.args[1]
            if not isinstance(source, Var):
                continue
            sources = self.memory.connected(source)
            if sources & self.items.keys():
                sources = {source}
            if self._written_later(sources, place) or self._read_later(sources):
                raise UnsupportedError(
                    "an array is put into a list, and it, or that in the list, is written while both are in use",
                    op.span,
                    REMEDY,
                )
        growth = [place for _, place in self.given] if self.written else replaced
        for var, place in self._straddling(growth):
            raise UnsupportedError(
                "an array of a list is in use while the list is changed",
                var.span or self.given[0][0].span,
                "copy it when it is read: .copy()",
            )

    def _written_later(self, sources: set[Var], since: Place) -> bool:
        """Whether what was put into the list is written by its own name after that."""
        return any(
            write[0] > since[0] or self.memory.is_old(var, since, write) for var in sources for write in self.memory.writes[var]
        )

    def _read_later(self, sources: set[Var]) -> bool:
        """Whether it is read by its own name after it was written in the list."""
        return any(
            read[0] > write[0] or self.memory.is_old(var, read, write)
            for _, write in self.written
            for var in sources
            for read in self.memory.reads[var]
        ) or bool(self.written and sources & self.memory.inputs)

    def _straddling(self, changes: list[Place]) -> Iterator[tuple[Var, Place]]:
        """Arrays of lists that are read or written after the list has changed since they were found there."""
        for item, aliases in self.items.items():
            start = self.memory.places[item]
            for var in aliases:
                for use in (*self.memory.reads[var], *self.memory.writes[var]):
                    for change in changes:
                        between = start[0] < change[0] < use[0]
                        carried = self.memory.is_old(var, use, change) and use[0] <= change[0]
                        if between or carried:
                            yield item, use

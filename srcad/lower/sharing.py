"""Arrays in lists, which are copied where Python would keep a reference.

The two differ only if somebody writes into an array that is in a list, or into one that was put there, while the other is
still in use. Then the function is refused.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator

from srcad.errors import UnsupportedError
from srcad.ir import Op, Operand, Span, Trace, Var, walk
from srcad.lower.layouts import Memory, Place

#: The places in lists that are given an array to hold, and whether they held another one before.
APPENDS: weakref.WeakKeyDictionary[Var, bool] = weakref.WeakKeyDictionary()
#: Arrays that are read from lists: views of the list's own memory, or what was taken from it.
ITEMS: weakref.WeakSet[Var] = weakref.WeakSet()

#: Copies of arrays that are run through later, where Python would look at the array itself.
SNAPSHOTS: weakref.WeakSet[Var] = weakref.WeakSet()
#: Copies of arrays of which Python would have a list of views.
ROWS: weakref.WeakSet[Var] = weakref.WeakSet()
#: Copies of arrays of lists that are the same arrays in Python: what another list, or another place, is given.
DUPLICATES: weakref.WeakSet[Var] = weakref.WeakSet()

TWICE = "an array is in two places of a list, or in two lists, and is written there"
REMEDY = "append a copy: .append(x.copy()), or store into an array, row by row"


def check(trace: Trace) -> Trace:
    """The trace, if it does not matter that its lists hold copies."""
    for function in (trace, *trace.functions):
        ops = [stmt for stmt in walk(function.body) if isinstance(stmt, Op)]
        copies = [
            op for op in ops if op.results and any(op.results[0] in kind for kind in (SNAPSHOTS, ROWS, DUPLICATES))
        ]
        if copies or any(op.name == "assign" and op.args[0] in APPENDS for op in ops):
            _Sharing(function, ops, copies).check()
    return trace


class _Sharing:
    def __init__(self, trace: Trace, ops: list[Op], copies: list[Op]) -> None:
        self.copies = copies
        self.memory = memory = Memory(trace)
        self.spans: dict[Place, Span | None] = {}
        self.given = [(op, place) for op, place in memory.assigns if op.args[0] in APPENDS]
        own = {op.args[0] for op, _ in self.given}
        self.items = {v: memory.reached([v], memory.onwards) for v in memory.places if v in ITEMS and v not in own}
        #: Items that are in a list, and not taken from it.
        self.views = self.items.keys() - {op.result for op in ops if op.name == "copy"}
        self.written = [
            (var, place) for var in set().union(*self.items.values()) for place in memory.writes[var] if var not in own
        ]

    def check(self) -> None:
        for op in self.copies:
            if op.result in DUPLICATES:
                if self._changed_later(self._both(op.args[0], op.result), self.memory.places[op.result]):
                    raise UnsupportedError(TWICE, op.span, "copy each array as well: [w[k].copy() for k in range(n)]")
                continue
            if op.results[0] in ROWS and any(self.memory.writes[v] for v in self.memory.connected(op.results[0])):
                raise UnsupportedError(
                    "a row of an array is written through a list of its rows",
                    op.span,
                    "loop over the array itself: for r in A",
                )
            source, since = op.args[0], self.memory.places[op.result]
            if (
                op.result in ROWS
                and isinstance(source, Var)
                and self._written_later(self.memory.connected(source), since)
            ):
                raise UnsupportedError(
                    "an array is written while a list of its rows is in use",
                    op.span,
                    "make the list of a copy: list(A.copy())",
                )
            if isinstance(source, Var) and self._written_inside(self.memory.connected(source), since):
                raise UnsupportedError(
                    "an array is written while an iterator runs through it", op.span, "run through a copy: x.copy()"
                )
        for op, place in self.given:
            source = op.args[1]
            if not isinstance(source, Var):
                continue
            sources = self.memory.connected(source)
            if self._is_elsewhere(op, sources, place) and self._changed_later(self._both(*op.args), place):
                raise UnsupportedError(TWICE, op.span, "put in a copy: .copy()")
            if sources & self.items.keys():
                sources = {source}
            if self._written_later(sources, place) or self._read_later(sources, place):
                raise UnsupportedError(
                    "an array is put into a list, and it, or that in the list, is written while both are in use",
                    op.span,
                    REMEDY,
                )
        for var in self._straddling():
            raise UnsupportedError(
                "an array of a list is in use while the list is changed",
                var.span or self.given[0][0].span,
                "copy it when it is read: .copy()",
            )

    def _written_later(self, sources: set[Var], since: Place) -> bool:
        """Whether what was put into the list is written by its own name after that."""
        return any(
            not self._made_later(var, since, write) and (write[0] > since[0] or self.memory.is_old(var, since, write))
            for var in sources
            for write in self.memory.writes[var]
        )

    def _made_later(self, var: Var, since: Place, write: Place) -> bool:
        """Whether the memory is made anew between the two, each time."""
        roots = self.memory.reached([var], self.memory.backwards)
        places = self.memory.places
        return not self.memory.is_old(var, since, write) and all(
            root in places and since[0] < places[root][0] <= write[0] for root in roots
        )

    def _written_inside(self, sources: set[Var], since: Place) -> bool:
        """Whether it is written in a loop that follows."""
        return any(
            write[0] > since[0] and set(write[1]) - set(since[1])
            for var in sources
            for write in self.memory.writes[var]
        )

    def _read_later(self, sources: set[Var], since: Place) -> bool:
        """Whether it is read by its own name after it was written in the list."""
        writes = [write for _, write in self.written if write[0] > since[0] or set(write[1]) & set(since[1])]
        later = any(
            (read[0] > write[0] and read != since) or self.memory.is_old(var, read, write)
            for write in writes
            for var in sources
            for read in self.memory.reads[var]
        )
        return later or bool(writes and sources & self.memory.inputs)

    def _both(self, *shared: Operand) -> set[Var]:
        return set().union(*(self.memory.connected(var) for var in shared if isinstance(var, Var)))

    def _changed_later(self, memory: set[Var], since: Place) -> bool:
        """Whether an array of a list, which this is, is written after that."""
        return any(
            var in memory and (write[0] > since[0] or self.memory.is_old(var, since, write))
            for var, write in self.written
        )

    def _is_elsewhere(self, put: Op, sources: set[Var], place: Place) -> bool:
        """Whether what is put into a list may be in another place of it, or of another one."""
        others = any(op is not put and op.args[1] in sources for op, _ in self.given)
        return others or bool(sources & self.views) or self.memory.recurs(put.args[1], place[1])  # type: ignore[arg-type]

    def _straddling(self) -> Iterator[Var]:
        """Arrays of lists that are read or written after their list has changed since they were found there. That a list
        has grown is no matter where nobody writes into its arrays."""
        for item, aliases in self.items.items():
            own = self.memory.connected(item)
            written = any(var in own for var, _ in self.written)
            changes = [place for op, place in self.given if op.args[0] in own and (written or APPENDS[op.args[0]])]  # type: ignore[index]
            start = self.memory.places[item]
            uses = [(var, use) for var in aliases for use in (*self.memory.reads[var], *self.memory.writes[var])]
            for var, use in uses:
                for change in changes:
                    carried = use[0] <= change[0] and self.memory.is_old(var, use, change, aliases)
                    if start[0] < change[0] < use[0] or carried:
                        yield item

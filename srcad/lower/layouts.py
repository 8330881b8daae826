"""Copies of what NumPy makes a view of: some reshapes, as the strides are; real and imaginary parts; what is broadcast.

NumPy reshapes without a copy wherever the strides allow it, and lays the result of an elementwise function out as its
operands ("K" order). The trace copies what is not C-contiguous by its type, and its own results are C-contiguous. Both come
to the same unless the source or the result is written while the other is still in use; then the function is refused.
"""

from __future__ import annotations

import weakref
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence

from srcad.errors import UnsupportedError
from srcad.ir import Array, Block, For, If, Loop, Op, Operand, Stmt, Trace, Var, While, blocks_of
from srcad.ops import ELEMENTWISE, SHAPE_ONLY, VIEWS, WRITES

#: Results that NumPy lays out as another array, beside those of elementwise ops: of np.copy, np.zeros_like and their kin.
LAID_OUT_LIKE: weakref.WeakKeyDictionary[Var, Operand] = weakref.WeakKeyDictionary()
#: Copies made to be reshaped, of arrays that are not C-contiguous by their type.
COPIES: weakref.WeakKeyDictionary[Var, Operand] = weakref.WeakKeyDictionary()
#: Other copies, which are always views in NumPy.
VIEWED: weakref.WeakSet[Var] = weakref.WeakSet()

COPY = "make a copy of it: .copy()"
_REDUCTIONS = frozenset({"sum", "mean", "prod", "max", "min"})
#: A place in the program: how many statements come before it, and the loops around it, outermost first.
Place = tuple[int, tuple[Loop, ...]]


def laid_out_like(result: Var, source: Operand) -> Var:
    LAID_OUT_LIKE[result] = source
    return result


def check(trace: Trace) -> Trace:
    """The trace, if it does not matter which of its reshapes are copies."""
    for function in (trace, *trace.functions):
        Memory(function).check()
    return trace


class Memory:
    """Where the memory of one function comes from, and where it is read and written."""

    def __init__(self, trace: Trace) -> None:
        self.inputs = set(trace.inputs)
        self.onwards: dict[Var, set[Var]] = defaultdict(set)  #: from memory to what may be the same memory
        self.backwards: dict[Var, set[Var]] = defaultdict(set)
        self.doubtful: set[Var] = set()  #: C-contiguous here, and perhaps not in NumPy
        self.reads: dict[Var, list[Place]] = defaultdict(list)
        self.writes: dict[Var, list[Place]] = defaultdict(list)
        #: the loops in every iteration of which a Var is new
        self.home: dict[Var, tuple[Loop, ...]] = dict.fromkeys(trace.inputs, ())
        self.places: dict[Var, Place] = {}  #: where the result of each op is made
        self.copies: list[tuple[Op, Place]] = []
        self.assigns: list[tuple[Op, Place]] = []
        self.count = 0
        self._block(trace.body, ())
        self._read(trace.body.yields, (self.count + 1, ()))
        for var in [v for v in (*self.onwards, *self.backwards) if v in self.doubtful]:
            self.doubtful |= {v for v in self.reached([var], self.onwards) if _axes(v) > 1}

    def check(self) -> None:
        for op, place in self.copies:
            source, reason, remedy = self._copied(op)
            if not isinstance(source, Var):
                continue
            results = self.reached([op.result], self.onwards)
            sources = self.connected(source) - results
            pairs = (results, sources), (sources, results)
            if any(self._disturbed(written, read, results, place) for written, read in pairs):
                raise UnsupportedError(f"{reason}, and it is written while both are in use", op.span, remedy)

    def _copied(self, op: Op) -> tuple[Operand | None, str, str]:
        """What the result may share memory with in NumPy, and in other words; what to write instead."""
        source: Operand = op.args[0]
        if op.name != "reshape":
            remedy = COPY if op.name in ("expand", "copy") else "copy it, or write the complex numbers themselves"
            return source, "this is a view in NumPy and a copy here", remedy
        if isinstance(source, Var) and source in COPIES:
            source = COPIES[source]
        elif source not in self.doubtful:
            return None, "", ""
        return source, "whether this is a view or a copy depends on the strides", COPY

    def _disturbed(self, written: set[Var], read: set[Var], results: set[Var], since: Place) -> bool:
        """Whether one is written after the reshape, and the other is read after that."""
        return any(
            self._follows(since, write, results) and (read & self.inputs or self._is_read(read, write))
            for var in written
            for write in self.writes[var]
        )

    def _follows(self, since: Place, write: Place, results: set[Var]) -> bool:
        """Whether the write comes after the reshape; in the next iteration, if that hands on what was reshaped."""
        shared = set(since[1]).intersection(write[1])
        return write[0] > since[0] or any(not shared.issubset(self.home[v]) for v in results)

    def _is_read(self, variables: set[Var], write: Place) -> bool:
        """Whether one of them is read after the write; earlier in the loop, if it is the same in the next iteration."""
        return any(
            read[0] > write[0] or any(loop not in self.home[var] for loop in set(read[1]).intersection(write[1]))
            for var in variables
            for read in self.reads[var]
        )

    def is_old(self, var: Var, here: Place, there: Place, among: Collection[Var] | None = None) -> bool:
        """Whether the memory may be the same in several iterations of a loop around both places. `among`: whether one of these
        names of it may be."""
        shared = set(here[1]).intersection(there[1])
        names = self.reached([var], self.backwards)
        return any(not shared.issubset(self.home[v]) for v in names if among is None or v in among)

    def recurs(self, var: Var, loops: Sequence[Loop]) -> bool:
        """Whether an iteration of the loops may find the memory in this variable that an earlier one has found there. What a loop
        starts from, only its first iteration finds, unless it is handed on."""
        flows = [(k, *flow) for k, loop in enumerate(loops) for flow in _carried(loop)]
        graph = self.backwards | {param: {after} for _, param, _, after in flows if isinstance(after, Var)}
        names = self.reached([var], graph)
        carried = {param: (k, init) for k, param, init, _ in flows if param in names}
        if any(not set(loops).issubset(self.home[v]) for v in names - carried.keys()):
            return True
        return any(
            param in self.reached(graph[param], graph) or (k and isinstance(init, Var) and self.recurs(init, loops[:k]))
            for param, (k, init) in carried.items()
        )

    # --- reading the trace ---

    def _block(self, block: Block, loops: tuple[Loop, ...]) -> None:
        for stmt in block.stmts:
            self.count += 1
            place = self.count, loops
            self.home.update(dict.fromkeys(stmt.results, loops))
            if isinstance(stmt, Op):
                self.places.update(dict.fromkeys(stmt.results, place))
                self._op(stmt, place)
            inner = (*loops, stmt) if isinstance(stmt, For | While) else loops
            if isinstance(stmt, For | While):
                # A param may hold what an earlier iteration made.
                self.home.update(dict.fromkeys(stmt.params, loops))
            for each in blocks_of(stmt):
                self._block(each, inner)
            for source, result in _merged(stmt):
                self._same(source, result)

    def _op(self, op: Op, place: Place) -> None:
        if op.name not in SHAPE_ONLY:
            self._read(op.args[1:] if op.name in ("store", "assign") else op.args, place)
        if op.name in WRITES and isinstance(op.args[0], Var):
            self.writes[op.args[0]].append(place)
        elif op.name == "call":
            for arg in op.args:
                if isinstance(arg, Var):
                    self.writes[arg].append(place)
                    for result in op.results:
                        self._same(arg, result)
        elif op.name == "append":
            self._same(op.args[1], op.args[0])
        elif op.name == "pop" or op.name in VIEWS:
            self._same(op.args[0], op.result)
        if op.name == "assign":
            self.assigns.append((op, place))
        if op.name == "reshape" or any(result in VIEWED for result in op.results):
            self.copies.append((op, place))
        if len(op.results) == 1 and self._doubtful(op):
            self.doubtful.add(op.result)

    def _doubtful(self, op: Op) -> bool:
        if _axes(op.result) < 2:
            return False
        if op.name in ELEMENTWISE or op.name in _REDUCTIONS:
            return any(self._other(arg) for arg in op.args)
        if op.name in VIEWS:
            return op.args[0] in self.doubtful
        return op.result in LAID_OUT_LIKE and self._other(LAID_OUT_LIKE[op.result])

    def _other(self, arg: Operand) -> bool:
        """Whether NumPy may lay the array out in another way than row by row."""
        return _axes(arg) > 1 and (arg in self.doubtful or arg.type.layout != "C")  # type: ignore[union-attr]

    def _read(self, found: Iterable[Operand], place: Place) -> None:
        for operand in found:
            if isinstance(operand, Var) and isinstance(operand.type, Array):
                self.reads[operand].append(place)

    def _same(self, source: Operand, result: Operand) -> None:
        if isinstance(source, Var) and isinstance(result, Var):
            self.onwards[source].add(result)
            self.backwards[result].add(source)

    def reached(self, start: Iterable[Var], graph: dict[Var, set[Var]]) -> set[Var]:
        found = set(start)
        todo = list(found)
        while todo:
            new = graph[todo.pop()] - found
            found |= new
            todo += new
        return found

    def connected(self, var: Var) -> set[Var]:
        found: set[Var] = set()
        new = {var}
        while new - found:
            found |= new
            new = {v for known in found for v in (*self.onwards[known], *self.backwards[known])}
        return found


def _axes(operand: Operand) -> int:
    return operand.type.ndim if isinstance(operand.type, Array) else 0


def _merged(stmt: Stmt) -> Iterator[tuple[Operand, Operand]]:
    """Pairs of what flows into a result or param, and that."""
    match stmt:
        case If():
            for result, *values in zip(stmt.results, stmt.then.yields, stmt.orelse.yields, strict=True):
                yield from ((value, result) for value in values)
        case For() | While():
            for (param, *values), result in zip(_carried(stmt), stmt.results, strict=True):
                for value in values:
                    yield value, param
                    yield value, result


def _carried(loop: Loop) -> Iterator[tuple[Var, Operand, Operand]]:
    """The params of a loop, what they are at first, and in the next iteration."""
    return zip(loop.params, loop.inits, loop.body.yields[1:] if loop.exits else loop.body.yields, strict=True)

"""Which writes may change what a read has seen.

`Memory` answers the question behind to-be-recorded analysis (TBR; Hascoet, Naumann & Pascual 2005): after this read, may the
same memory be written again? If not, the reverse sweep reads it again instead of keeping its value on a tape. To that end it
knows the order of all reads and writes, the loops around them, how indices move with these, and which names of a class of
memory (see `transforms.alias`) surely differ.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from srcad.ir import (
    INT,
    Array,
    Atom,
    Block,
    Const,
    For,
    If,
    Loop,
    Op,
    Operand,
    Stmt,
    Trace,
    Undef,
    Var,
    While,
    binds,
    blocks_of,
    const,
    operands,
    walk,
)
from srcad.ops import FRESH, WRITES
from srcad.transforms.alias import REFERENCES, Aliases, is_memory, next_values
from srcad.transforms.checkpoints import NONE, Nests


@dataclass(frozen=True)
class Below:
    """The indices of an axis that are less than `stop`, where that is not negative."""

    stop: Atom


class Memory:
    """Order and place of every read and write of memory in a trace."""

    def __init__(
        self, trace: Trace, *, calls_write: bool = True, volatile: Iterable[Var] = (), nests: Nests = NONE
    ) -> None:
        """`calls_write`: whether a call may write into its arguments. `volatile`: memory that the caller may write later. The
        two loops of a nest count as the one that they are made from."""
        self._nests = nests
        self._wholes = {nest.inner: nest.whole for nest in nests.values()}
        self.aliases = Aliases(trace, read_only=True)
        self._calls_write = calls_write
        self._volatile = {self.aliases.find(var) for var in volatile}
        self.definition: dict[Var, Op] = {}
        self._order: dict[Stmt, int] = {}
        self._loops: dict[Stmt, tuple[Loop, ...]] = {}
        self._writes: dict[Var, list[Op]] = defaultdict(list)
        self._home: dict[Var, tuple[Loop, ...]] = {}
        self._index_of: dict[Var, For] = {}
        #: the loops in which a name gets its meaning anew
        self._named: dict[Var, tuple[Loop, ...]] = {}
        #: where a merge gets a reference from: the statement and the position among its results or params
        self._meets: dict[Var, tuple[If | Loop, int]] = {}
        self._merged: set[Var] = set()
        self._listed: set[Var] = set()
        self._global: set[Var] = set()
        for var in trace.inputs:
            self._place(var, ())
        self._block(trace.body, ())

    def _place(self, var: Var, loops: tuple[Loop, ...]) -> None:
        """The memory of a class is new in every iteration of the loops in which all its names are defined."""
        if is_memory(var):
            self._named[var] = loops
            root = self.aliases.find(var)
            self._home[root] = common(self._home.get(root, loops), loops)

    def _block(self, block: Block, loops: tuple[Loop, ...]) -> None:
        for stmt in block.stmts:
            self._order[stmt] = len(self._order)
            self._loops[stmt] = loops
            for var in stmt.results:
                self._place(var, loops)
            if isinstance(stmt, Op):
                for var in stmt.results:
                    self.definition[var] = stmt
                if stmt.name in WRITES:
                    self._writes[self.aliases.find(_var(stmt.args[0]))].append(stmt)
                elif stmt.name == "call" and self._calls_write:
                    for arg in filter(is_memory, stmt.args):
                        self._writes[self.aliases.find(_var(arg))].append(stmt)
            else:
                self._meets.update({var: (stmt, k) for k, var in enumerate(stmt.results)})
            if isinstance(stmt, For | While):
                self._meets.update({var: (stmt, k) for k, var in enumerate(stmt.params)})
            if isinstance(stmt, For):
                self._index_of[stmt.index] = self._wholes.get(stmt, stmt)
            listed = isinstance(stmt, Op) and stmt.name in ("append", "pop", "call")
            if listed or not isinstance(stmt, Op):
                classes = [self.aliases.find(_var(v)) for v in (*stmt.results, *operands(stmt)) if is_memory(v)]
                self._merged.update(classes)
                self._listed.update(classes if listed else ())
                if any(isinstance(v, Const) and isinstance(v.type, Array) for v in (*operands(stmt), *_yields(stmt))):
                    self._global.update(classes)
            inside = (*loops, stmt) if isinstance(stmt, For | While) else loops
            if isinstance(stmt, For | While):
                for var in stmt.params:
                    self._place(var, inside)
            for inner in blocks_of(stmt):
                self._block(inner, inside)

    def writes(self, var: Var) -> list[Op]:
        """Every write to memory that `var` may refer to."""
        return self._writes.get(self.aliases.find(var), [])

    def home(self, var: Var) -> tuple[Loop, ...]:
        return self._home.get(self.aliases.find(var), ())

    def stand_in(self, read: Op, place: Op) -> None:
        """Let `read`, which is not in the trace, be as if right after the statement `place`."""
        if place in self._order:
            self._order[read], self._loops[read] = self._order[place], self._loops[place]

    def intact(self, read: Op, array: Atom) -> bool:
        """Whether what `read` saw of `array` is still there when the function ends."""
        if isinstance(array, Const):
            return True
        if self.aliases.find(array) in self._volatile:
            return False
        return not any(self._may_follow(write, read, array) for write in self.writes(array))

    def _may_follow(self, write: Op, read: Op, array: Var) -> bool:
        home = len(self.home(array))
        if write.name != "call" and (made := self.made(write.args[0])) is not None:
            around = self._loops[made]
            if common(self._loops[read], around) != around or self.apart(write.args[0], array):
                return False  # such a write goes to memory that is made after the read, or is other memory
            home = max(home, len(around))
        shared = [loop for loop in common(self._loops[read], self._loops[write])[home:] if loop not in self._nests]
        later = self._order[write] > self._order[read]
        if not shared:
            return later
        if not isinstance(array.type, Array):
            return True  # a list: where it is written is not known
        base, reads = (array, read.args[1:]) if read.name == "load" else self._part(array)
        if write.name not in ("store", "update") or base is not write.args[0]:
            return True
        written = write.args[1:-1]
        for loop in shared:
            if loop in self._named[base]:
                return True  # the next iteration means other cells by the same index
            steps = [self._distance(r, w, loop) for r, w in zip(reads, written, strict=True)]
            ahead = [step for step in steps if step is not None]
            if not ahead:
                return True  # nothing known: a later iteration may write the cell
            if any(step < 0 for step in ahead):
                return False  # the write is past the cell already, in this iteration and all later ones
            if any(step > 0 for step in ahead):
                return True
        return later

    def _part(self, array: Var) -> tuple[Var, tuple[Atom | Below | None, ...]]:
        """The array of which this is a view, and what of each axis: one index, those below a bound, or no one knows which."""
        op = self.definition.get(array)
        assert isinstance(array.type, Array)
        if op is None or op.name != "view":
            return array, (None,) * array.type.ndim
        base, *operands = op.args
        assert isinstance(base, Var) and isinstance(base.type, Array)
        rest, found = iter(operands), list[Atom | Below | None]()
        for letter in op.attr("spec"):
            if letter == "i":
                found.append(next(rest))
            elif letter == "s":
                _, stop, step = next(rest), next(rest), next(rest)
                plain = isinstance(step, Const) and step.value in (None, 1) and stop.type == INT
                known = plain and not (isinstance(stop, Const) and stop.value is None)
                found.append(Below(stop) if known else None)
        return base, (*found, *[None] * (base.type.ndim - len(found)))

    def _distance(self, read: Atom | Below | None, written: Atom, loop: Loop) -> int | None:
        """How many iterations after the read the same loop writes the index that was read: negative if only earlier ones do;
        None if not known."""
        if read is None or not (isinstance(loop, For) and isinstance(loop.step, Const)):
            return None
        bound = read.stop if isinstance(read, Below) else read
        if loop.step.value not in (1, -1) or not (self.nonnegative(bound) and self.nonnegative(written)):
            return None  # u[i - 1] at i = 0 is the last cell
        step = int(loop.step.value)
        if isinstance(read, Below):
            highest, lowest = self._offset(bound, loop.index, 1), self._offset(written, loop.index, -1)
            clear = step == 1 and highest is not None and lowest is not None and lowest >= highest
            return -1 if clear else None
        a, b = self.affine(read, loop.index), self.affine(written, loop.index)
        if a is not None and b is not None:
            return (a - b) * step
        nearest_read, nearest_write = self._offset(read, loop.index, step), self._offset(written, loop.index, -step)
        if nearest_read is None or nearest_write is None:
            return None
        distance = (nearest_read - nearest_write) * step
        return distance if distance < 0 else None

    def _offset(self, operand: Atom, index: Var, side: int) -> int | None:
        """c such that the operand is at most (`side` 1) or at least (-1) `index + c`, by the range of a loop further in."""
        exact = self.affine(operand, index)
        if exact is not None:
            return exact
        op = self.definition.get(operand) if isinstance(operand, Var) else None
        if op is not None and op.name in ("add", "sub") and isinstance(op.args[1], Const):
            inner = self._offset(op.args[0], index, side)
            return None if inner is None else inner + (op.args[1].value if op.name == "add" else -op.args[1].value)
        loop = self._index_of.get(operand) if isinstance(operand, Var) else None
        if loop is None or loop.step not in (const(1), const(-1)):
            return None
        if loop.step.value == side:  # type: ignore[union-attr]
            end = self._offset(loop.stop, index, side)
            return None if end is None else end - side
        return self._offset(loop.start, index, side)

    def affine(self, operand: Atom, index: Var) -> int | None:
        """c if the operand is `index + c`, or would be if the loop went by ones: of what a longer stride never meets, this says
        that it may."""
        if operand is index:
            return 0
        op = self.definition.get(operand) if isinstance(operand, Var) else None
        if op is not None and op.name == "strided":
            return self.affine(op.args[1], index)
        if op is not None and op.name in ("add", "sub") and len(op.args) == 2:
            left, right = op.args
            if isinstance(right, Const):
                inner = self.affine(left, index)
                return None if inner is None else inner + (right.value if op.name == "add" else -right.value)
            if isinstance(left, Const) and op.name == "add":
                inner = self.affine(right, index)
                return None if inner is None else inner + left.value
        return None

    def _classes(self, stmt: Stmt) -> set[Var]:
        return {self.aliases.find(_var(v)) for v in (*stmt.results, *binds(stmt), *operands(stmt)) if is_memory(v)}

    def is_simple(self, var: Var) -> bool:
        """Whether no merge, loop or list is among the names of this memory: one origin, and views of it."""
        return self.aliases.find(var) not in self._merged

    def may_be_global(self, var: Var) -> bool:
        """Whether the name may mean a global array, which compiled code holds read-only."""
        return self.aliases.find(var) in self._global

    def origin(self, array: Operand) -> Operand:
        """What a chain of views starts from."""
        while isinstance(array, Var) and (op := self.definition.get(array)) is not None and op.name in REFERENCES:
            array = op.args[0]
        return array

    def written_in(self, loop: Stmt, array: Var) -> bool:
        """Whether the loop may write the memory that `array`, a name from outside of it, means while it runs."""
        return any(
            loop in self._loops[write] and (write.name == "call" or not self.apart(write.args[0], array))
            for write in self.writes(array)
        )

    def written_from(self, loop: Loop, array: Var) -> bool:
        """Whether the memory that the array is where the loop starts may be written by the loop, or after it."""
        home = len(self.home(array))

        def follows(stmt: Stmt) -> bool:
            return loop in self._loops[stmt] or self._order[stmt] > self._order[loop]

        for write in self.writes(array):
            made = None if write.name == "call" else self.made(write.args[0])
            if made is not None and follows(made):
                continue
            if follows(write) or len(common(self._loops[write], self._loops[loop])) > home:
                return True
        return False

    def given(self, var: Var) -> list[Operand]:
        """The names that the name takes its meaning from: what it is a view of, what meets in it, what a loop starts from or
        swaps it with."""
        op = self.definition.get(var)
        if op is not None:
            return [op.args[0]] if op.name in REFERENCES or op.name == "pop" else []
        stmt, k = self._meets.get(var, (None, 0))
        if isinstance(stmt, If):
            return [stmt.then.yields[k], stmt.orelse.yields[k]]
        if stmt is None:
            return []
        after = next_values(stmt)[k]
        return [stmt.inits[k], after] if after in stmt.params else [stmt.inits[k]]

    def may_be_undefined(self, operand: Operand) -> bool:
        """Whether there is a path on which the name means no memory, or any."""
        seen: set[Operand] = set()
        todo = [operand]
        while todo:
            found = self.origin(todo.pop())
            if isinstance(found, Undef):
                return True
            if isinstance(found, Var) and found in self._meets and found not in seen:
                seen.add(found)
                stmt, k = self._meets[found]
                if isinstance(stmt, If):
                    todo += [stmt.then.yields[k], stmt.orelse.yields[k]]
                else:
                    todo += [stmt.inits[k], next_values(stmt)[k]]
        return False

    def apart(self, a: Operand, b: Operand, assumed: frozenset[frozenset[Operand]] = frozenset()) -> bool:
        """Whether two names that are known at the same time surely mean different memory: as the two buffers that a loop
        swaps do, on every trip, if they do at first."""
        a, b = self.origin(a), self.origin(b)
        if isinstance(a, Undef) or isinstance(b, Undef):
            return True  # never read
        if a is b or not (isinstance(a, Var) and isinstance(b, Var)):
            return False
        pair = frozenset((a, b))
        if pair in assumed or self.aliases.find(a) is not self.aliases.find(b):
            return True
        ops = [self.definition.get(var) for var in (a, b)]
        for var, op, other in zip((a, b), ops, (b, a), strict=True):
            if op is not None and op.name in FRESH and self._since(var) > self._since(other):
                return True
        met = [(self._meets[var], var) for var in (a, b) if var in self._meets]
        if not met:
            return False
        # take the later merge apart; one that both come from, for both
        (stmt, _), _ = max(met, key=lambda found: self._order[found[0][0]])
        for var, other in ((a, b), (b, a)):
            carried = isinstance(stmt, For | While) and var in stmt.params
            if carried and other not in stmt.params and self._since(other) > self._order[stmt]:  # type: ignore[union-attr]
                return False  # a name of this iteration: what the next one is given says nothing of it
        sides = [self._sources(var, stmt) for var in (a, b)]
        return all(self.apart(x, y, assumed | {pair}) for x, y in zip(*sides, strict=True))

    def made(self, array: Operand) -> Op | None:
        """The op that made the memory which the array, a view of it perhaps, refers to; None for a merge or a parameter."""
        origin = self.origin(array)
        op = self.definition.get(origin) if isinstance(origin, Var) else None
        return op if op is not None and op.name in FRESH else None

    def _since(self, var: Var) -> int:
        """When the name gets its meaning, in program order; the function's parameters do before all else."""
        op = self.definition.get(var)
        if op is not None:
            return self._order[op]
        return self._order[self._meets[var][0]] if var in self._meets else -1

    def _sources(self, var: Var, stmt: If | Loop) -> tuple[Operand, Operand]:
        """The two references of which `var` is one, if it comes from that statement; else itself."""
        owner, k = self._meets.get(var, (None, 0))
        if owner is not stmt:
            return var, var
        if isinstance(stmt, If):
            return stmt.then.yields[k], stmt.orelse.yields[k]
        return stmt.inits[k], next_values(stmt)[k]

    def rebinds_fresh_arrays(self, loop: Loop, params: Sequence[Var]) -> bool:
        """Whether the loop carries these arrays as if they were values: each is replaced by memory made in that iteration, or
        by another of them, and what they refer to is not written while they do. Then each may have a shadow of its own.
        """
        after = [dict(zip(loop.params, next_values(loop), strict=True))[p] for p in params]
        if len(set(after)) != len(after):
            return False
        made = {v for v in after if isinstance(v, Var) and v not in params}
        for var in made:
            op = self.definition.get(var)
            if op is None or op.name not in FRESH or self._loops[op] != (*self._loops[loop], loop):
                return False
        if len(made) != len([v for v in after if v not in params]):
            return False
        classes = {self.aliases.find(param) for param in params}
        if any(not isinstance(stmt, Op) and classes & self._classes(stmt) for stmt in walk(loop.body)):
            return False  # a merge inside would need the shadows in the forward sweep
        for param in params:
            if self.aliases.find(param) in self._listed:
                return False
            for write in self.writes(param):
                origin = self.origin(write.args[0])
                if origin in made:
                    continue
                op = self.definition.get(origin) if isinstance(origin, Var) else None
                fresh = op is not None and op.name in FRESH
                before = self._order[write] < self._order[loop]
                once = len(common(self._loops[write], self._loops[loop])) <= len(self.home(param))
                if not (fresh and before and once):
                    return False
        return True

    def nonnegative(self, operand: Atom) -> bool:
        low = self._lower_bound(operand)
        return low is not None and low >= 0

    def _lower_bound(self, operand: Operand) -> int | None:
        """An integer that the operand never falls below, if one is known."""
        if isinstance(operand, Const):
            return int(operand.value)
        if not isinstance(operand, Var):
            return None
        if (loop := self._index_of.get(operand)) is not None and isinstance(loop.step, Const):
            if loop.step.value > 0:
                return self._lower_bound(loop.start)
            stop = self._lower_bound(loop.stop)
            return None if stop is None else stop + 1
        match self.definition.get(operand):
            case Op(name="dim" | "trips" | "length" | "broadcast_dim" | "thread" | "grid2" | "grid3"):
                return 0
            case Op(name="strided", args=(start, number, _)) if self.nonnegative(number):
                return self._lower_bound(start)
            case Op(name="add", args=(a, b)):
                low, other = self._lower_bound(a), self._lower_bound(b)
                return None if low is None or other is None else low + other
            case Op(name="sub", args=(a, Const(value=c))):
                low = self._lower_bound(a)
                return None if low is None else low - c
            case Op(name="where", args=(_, a, b)):
                low, other = self._lower_bound(a), self._lower_bound(b)
                return None if low is None or other is None else min(low, other)
            case Op(name="mul", args=(a, b)) if self.nonnegative(a) and self.nonnegative(b):
                return 0
            case Op(name="mod", args=(_, Const(value=int(n)))) if n > 0:
                return 0
        return None

    def written_once(self, store: Op) -> bool:
        """Whether `store` is the only write to memory made by an `alloc`, and never hits the same cell twice."""
        array = _var(store.args[0])
        origin = self.definition.get(array)
        if origin is None or origin.name != "alloc":
            return False
        others = [write for write in self.writes(array) if write is not store]
        if any(write.name == "call" or not self.apart(write.args[0], array) for write in others):
            return False
        inside = self._loops[store][len(self._loops[origin]) :]
        free = list(store.args[1:-1])
        for loop in (loop for loop in inside if loop not in self._nests):
            hits = [i for i in free if isinstance(loop, For) and self.affine(i, loop.index) is not None]
            hits = [i for i in hits if self.nonnegative(i)]
            if not hits:
                return False
            free.remove(hits[0])
        return True


def _yields(stmt: Stmt) -> tuple[Operand, ...]:
    return tuple(operand for block in blocks_of(stmt) for operand in block.yields)


def common(a: tuple[Loop, ...], b: tuple[Loop, ...]) -> tuple[Loop, ...]:
    """The loops that both are in, outermost first."""
    both = []
    for x, y in zip(a, b, strict=False):
        if x is not y:
            break
        both.append(x)
    return tuple(both)


def _var(operand: Operand) -> Var:
    assert isinstance(operand, Var), f"{operand} is not memory that can be written"
    return operand

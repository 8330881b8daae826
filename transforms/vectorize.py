"""Loops that LLVM can vectorise, with the elementary functions that it can vectorise along: `srcad.vector_math`.

    for i in range(n):                      for i in range(n):
        e_i = np.exp(x[i])           ->         e[i] = vm.exp(x[i])
        e[i] = e_i                          for i in range(n):
        s += e_i                                s += e[i]

A sum of floats is made in order, one by one, and a loop with such a sum is not vectorised: so it gets a loop of its own, which
reads what is in memory anyway, or is put there for it. Sines are exact up to a limit only: whether a number exceeds it is
looked up before the loop, which then stands there twice. All other loops stay as they are, since there is nothing to gain: for
one number at a time, these functions are no faster than Numba's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from srcad.ir import (
    BOOL,
    Array,
    Atom,
    Block,
    Builder,
    Const,
    For,
    If,
    Op,
    Operand,
    Scalar,
    Stmt,
    Trace,
    Var,
    blocks_of,
    clone,
    const,
    definitions,
    free,
    replace,
    walk,
    with_blocks,
)
from srcad.ops import VECTOR, WRITES
from srcad.transforms.dce import dce
from srcad.transforms.memory import Memory

#: What LLVM vectorises, beside the functions.
PLAIN = frozenset(
    """add sub mul div neg abs lt le gt ge eq ne and or not bitand bitor bitxor where cast sqrt floor ceil trunc rint sign
    maximum minimum fmax fmin isnan isinf isfinite copysign deg2rad rad2deg dim comment load store update""".split()
)
#: What is computed again where a sum needs it, rather than kept.
CHEAP = frozenset("add sub mul neg abs lt le gt ge eq ne and or not where cast".split())
#: The functions that have a limit.
LIMITED = frozenset({"sin", "cos"})
#: Powers that LLVM makes quotients, roots and products of, beside those of small integers.
SIMPLE_POWERS = frozenset({-1.0, 0.0, 0.5, 1.0, 2.0})
#: A loop of fewer trips is not worth it.
FEW = 8


def vectorize(trace: Trace) -> Trace:
    """The trace with vectorisable functions, in loops where that pays and for whole arrays."""
    return replace(dce(_Vectorizer(trace).trace()), functions=tuple(map(vectorize, trace.functions)))


def asks_for_it(trace: Trace) -> bool:
    """Whether the user has called these functions: then derivatives do, too."""
    return any(isinstance(s, Op) and s.attr("vector") for t in (*trace.functions, trace) for s in walk(t.body))


def is_candidate(op: Stmt) -> bool:
    """Whether there is a vectorisable function for this op of numbers."""
    if not (isinstance(op, Op) and op.name in VECTOR) or op.attr("raises"):
        return False
    types = [v.type for v in (*op.args, *op.results)]
    if not all(isinstance(t, Scalar) and t.dtype in ("float32", "float64") for t in types):
        return False
    return not (op.name == "pow" and is_simple_power(op.args[1]))


def is_simple_power(power: Operand) -> bool:
    if not isinstance(power, Const):
        return False
    return abs(power.value) <= 32 if isinstance(power.value, int) else power.value in SIMPLE_POWERS


def is_plain(op: Op) -> bool:
    return op.name in PLAIN or (op.name == "pow" and not op.attr("raises") and is_simple_power(op.args[1]))


class _Vectorizer:
    def __init__(self, trace: Trace) -> None:
        self.given, self.memory = trace, Memory(trace)

    def trace(self) -> Trace:
        stmts: list[Stmt] = []
        starts = [0]
        for stmt in self.given.body.stmts:
            stmts += self.stmt(stmt, outermost=True)
            starts.append(len(stmts))
        comments = tuple((starts[at], text) for at, text in self.given.comments)
        return replace(self.given, body=Block(tuple(stmts), self.given.body.yields), comments=comments)

    def stmt(self, stmt: Stmt, outermost: bool) -> list[Stmt]:
        if isinstance(stmt, Op):
            return [_of_array(stmt)]
        inside = outermost and isinstance(stmt, If)
        blocks = [
            Block(tuple(new for s in block.stmts for new in self.stmt(s, inside)), block.yields)
            for block in blocks_of(stmt)
        ]
        if isinstance(stmt, For) and any(map(is_candidate, walk(stmt.body))):
            found = _Loop(stmt, self.memory, outermost).parts()
            if found:
                return found
        return [with_blocks(stmt, blocks)]


def _of_array(op: Op) -> Op:
    """A function of one whole array, wherever it is."""
    result = op.results[0].type if op.results else None
    known = isinstance(result, Array) and result.dtype in ("float32", "float64") and len(op.args) == 1
    return _marked(op, VECTOR[op.name]) if op.name in VECTOR and known else op


def _marked(op: Op, function: str) -> Op:
    return replace(op, attrs=(*((k, v) for k, v in op.attrs if k != "vector"), ("vector", function)))


class _Loop:
    """A loop with candidates. `front` is what does not depend on what is carried, `back` the rest."""

    def __init__(self, loop: For, memory: Memory, outermost: bool) -> None:
        self.loop, self.memory, self.outermost = loop, memory, outermost
        self.ops = [s for s in walk(loop.body) if isinstance(s, Op)]
        self.own = set(definitions(loop.body))
        self.made = {v: s for s in loop.body.stmts for v in s.results}
        dependent: set[Var] = set(loop.params)
        self.front: list[Stmt] = []
        self.back: list[Stmt] = []
        for stmt in loop.body.stmts:
            if dependent.isdisjoint(free(Block((stmt,)))):
                self.front.append(stmt)
            else:
                self.back.append(stmt)
                dependent.update(stmt.results)
        self.writes = [op for op in self.ops if op.name in WRITES]

    def parts(self) -> list[Stmt]:
        """What takes the loop's place; nothing if it cannot be vectorised."""
        loop = self.loop
        if not self.is_simple() or not self.is_free_of_order():
            return []
        before, front, after = Builder(), list(self.front), list[Stmt]()
        if loop.params:
            kept = self.kept(before, front)
            if kept is None:
                return []
            after.append(self.rest(kept))
        body = replace(loop, results=(), params=(), inits=(), body=Block(tuple(front)), mirror=None)
        limited = [s for s in front if is_candidate(s) and isinstance(s, Op) and s.name in LIMITED]
        if not limited:
            return [*before.stmts, _with_functions(body), *after]
        check = self.check(limited)
        if check is None:
            return []
        general = clone(Block((body,)), {})
        choice = If((), check.results[0], general, Block((_with_functions(body),)), loop.span)
        return [*before.stmts, check, choice, *after]

    # --- whether -----------------------------------------------------------------------------------------

    def is_simple(self) -> bool:
        """Whether there is nothing in it that LLVM does not vectorise, the sums aside."""
        loop = self.loop
        few = isinstance(loop.stop, Const) and isinstance(loop.start, Const)
        if loop.exits or loop.step not in (const(1), const(-1)):
            return False
        if few and abs(loop.stop.value - loop.start.value) < FEW:  # type: ignore[union-attr]
            return False
        if not all(isinstance(s, Op | If) for s in walk(loop.body)):
            return False
        if not all(is_plain(op) or is_candidate(op) for op in self.ops):
            return False
        inner = [op for s in loop.body.stmts if isinstance(s, If) for block in blocks_of(s) for op in walk(block)]
        if any(isinstance(op, Op) and op.name in LIMITED for op in inner):
            return False  # the check would not know whether they are reached
        return all(isinstance(s, Op) and is_plain(s) and s.name not in WRITES for s in self.back)

    def is_free_of_order(self) -> bool:
        """Whether no trip reads or writes what another one writes."""
        index, memory = self.loop.index, self.memory
        for write in self.writes:
            array, *place, _ = write.args
            moves = [memory.affine(i, index) is not None for i in place]
            fixed = all(move or self.is_fixed(i) for i, move in zip(place, moves, strict=True))
            if not (any(moves) and fixed and all(map(memory.nonnegative, place))):
                return False
            for other in self.ops:
                if other.name not in ("load", *WRITES) or isinstance(other.args[0], Const):
                    continue
                at = other.args[1:] if other.name == "load" else other.args[1:-1]
                same = other.args[0] is array and at == tuple(place)
                if not same and not memory.apart(other.args[0], array):
                    return False
        return True

    def is_fixed(self, operand: Operand) -> bool:
        """Whether the operand is the same on all trips."""
        return operand is not self.loop.index and operand not in self.own

    # --- sums --------------------------------------------------------------------------------------------

    def kept(self, before: Builder, front: list[Stmt]) -> dict[Var, list[Stmt]] | None:
        """By each value that the back needs from the front: what computes it there anew. None if too much would have to be
        kept for that. What is needed for it goes before the loop, and at the end of its front."""
        wanted = [v for v in free(Block(tuple(self.back), self.loop.body.yields)) if v in self.made]
        wanted = [v for v in wanted if self.made[v] in self.front]
        found: dict[Var, list[Stmt]] = {}
        for var in wanted:
            again = self.again(var)
            if again is None:
                array = self.memory_for(var, before)
                if array is None:
                    return None
                front.append(Op((), "store", (array, self.loop.index, var), (), self.loop.span))
                again = [Op((var,), "load", (array, self.loop.index), (), self.loop.span)]
            found[var] = again
        return found

    def memory_for(self, var: Var, before: Builder) -> Var | None:
        """An array for a value of each trip; not within other loops, which would make one on each trip of theirs."""
        loop = self.loop
        if not self.outermost or loop.start != const(0) or loop.step != const(1) or not isinstance(var.type, Scalar):
            return None
        count = loop.stop
        if not self.memory.nonnegative(count):
            counts = [op.result for op in before.stmts if isinstance(op, Op) and op.name == "trips"]
            count = counts[0] if counts else before.op("trips", loop.start, loop.stop, loop.step, hint="n")
        return before.op("alloc", count, fill="empty", dtype=var.type.dtype, hint=var.hint)

    def again(self, var: Operand) -> list[Stmt] | None:
        """The statements that compute a value of the front anew, from memory that is as it was."""
        made = self.made.get(var) if isinstance(var, Var) else None
        if made is None:
            return []
        assert isinstance(var, Var)
        for write in self.front:
            if isinstance(write, Op) and write.name == "store" and write.args[-1] is var and self.reads_back(write, var):
                needed = self.all_again(write.args[1:-1])
                if needed is not None:
                    return [*needed, Op((var,), "load", write.args[:-1], (), made.span)]
        if not isinstance(made, Op):
            return None
        if made.name == "load":
            changes = [w for w in self.writes if not self.apart(w.args[0], made.args[0])]
        elif made.name in CHEAP:
            changes = []
        else:
            return None
        needed = None if changes else self.all_again(made.args)
        return None if needed is None else [*needed, made]

    def all_again(self, operands: Iterable[Operand]) -> list[Stmt] | None:
        found: list[Stmt] = []
        for operand in operands:
            needed = self.again(operand)
            if needed is None:
                return None
            found += [s for s in needed if s not in found]
        return found

    def reads_back(self, store: Op, var: Var) -> bool:
        """Whether what is stored is still there, and the same number, after the loop."""
        array = store.args[0]
        others = [w for w in self.writes if w is not store and not self.apart(w.args[0], array)]
        return not others and isinstance(array.type, Array) and array.type.dtype == getattr(var.type, "dtype", "")

    def apart(self, a: Atom, b: Atom) -> bool:
        return isinstance(b, Const) or self.memory.apart(a, b)

    def rest(self, kept: dict[Var, list[Stmt]]) -> For:
        stmts: list[Stmt] = []
        for needed in kept.values():
            stmts += [s for s in needed if s not in stmts]
        body = Block((*_once(stmts), *self.back), self.loop.body.yields)
        # what is computed again gets other names
        env: dict[Var, Operand] = {}
        loop = replace(self.loop, body=body, mirror=None)
        copy = clone(Block((loop,)), env).stmts[0]
        assert isinstance(copy, For)
        return replace(copy, results=self.loop.results)

    # --- limits ------------------------------------------------------------------------------------------

    def check(self, limited: Sequence[Op]) -> For | None:
        """A loop that says whether any argument exceeds the limit; None if it would have to compute too much."""
        arguments = list(dict.fromkeys(op.args[0] for op in limited))
        needed: list[Stmt] = []
        for argument in arguments:
            found = self.slice(argument)
            if found is None:
                return None
            needed += [s for s in found if s not in needed]
        stmts = sorted(needed, key=self.loop.body.stmts.index)
        large = Var("large", BOOL)
        b, found_large = Builder(stmts, self.loop.span), large
        for argument in arguments:
            found_large = b.op("bitor", found_large, b.op("exceeds", argument), hint="large")
        loop = replace(
            self.loop,
            results=(large.like(),),
            params=(large,),
            inits=(const(False),),
            body=b.block(found_large),
            mirror=None,
        )
        copy = clone(Block((loop,)), {}).stmts[0]
        assert isinstance(copy, For)
        return copy

    def slice(self, operand: Operand) -> list[Stmt] | None:
        """The statements that compute an argument, if these are cheap and may stand before the loop."""
        made = self.made.get(operand) if isinstance(operand, Var) else None
        if made is None:
            return []
        if not isinstance(made, Op) or made.name in WRITES or not is_plain(made):
            return None
        if made.name == "load":
            at = self.ops.index(made)
            if any(self.ops.index(w) < at and not self.apart(w.args[0], made.args[0]) for w in self.writes):
                return None
        found: list[Stmt] = []
        for arg in made.args:
            needed = self.slice(arg)
            if needed is None:
                return None
            found += [s for s in needed if s not in found]
        return [*found, made]


def _once(stmts: Iterable[Stmt]) -> Iterator[Stmt]:
    """Without what defines a value a second time."""
    seen: set[Var] = set()
    for stmt in stmts:
        if seen.isdisjoint(stmt.results):
            seen.update(stmt.results)
            yield stmt


def _with_functions(stmt: Stmt) -> Stmt:
    """The statement with vectorisable functions in place of all candidates."""
    if is_candidate(stmt):
        assert isinstance(stmt, Op)
        return _marked(stmt, f"{VECTOR[stmt.name]}_within" if stmt.name in LIMITED else VECTOR[stmt.name])
    blocks = [Block(tuple(map(_with_functions, block.stmts)), block.yields) for block in blocks_of(stmt)]
    return with_blocks(stmt, blocks)

"""Where a thread of a GPU has its memory: arrays of a few elements with itself, all others where the launcher says.

A kernel cannot allocate. An array whose size is known and small is local memory, which the compiler keeps in registers where
it can. Larger ones, those of a size that is known only at run time, and lists are slices of memory that the launcher has
allocated for each thread (`Scratch`). Where its size was a guess, the thread checks that there is room, says how much it
needs where there is not, and gives up; the launcher then begins again with more. So nothing is lost when a tape turns out to
be longer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from srcad.errors import UnsupportedError
from srcad.ir import (
    INT,
    Array,
    Atom,
    Block,
    Builder,
    Const,
    For,
    ListOf,
    Op,
    Operand,
    Param,
    Scalar,
    Static,
    Trace,
    Tree,
    Undef,
    Var,
    While,
    blocks_of,
    const,
    leaves,
    operands,
    replace,
    rewrite,
    subst,
    walk,
    with_blocks,
)
from srcad.transforms.buffers import copy_elements
from srcad.transforms.shapes import Shapes
from srcad.transforms.signature import unused
from srcad.transforms.whole import nest

#: The most elements of a local array; of one that is a tape; of either in a function that no launcher gives memory to.
LOCAL, TAPE, ALONE = 64, 16, 4096
#: The first guess of how many elements are needed.
GUESS = 64
#: The same along each of several axes.
GUESSES = 8


@dataclass(frozen=True)
class Scratch:
    """An array that the launcher gives to each thread: `shape` is that of one thread's part, a guess along the axes in
    `grows`. The parts of all threads lie side by side, element by element, so that neighbours read neighbours."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    grows: tuple[int, ...]


@dataclass(frozen=True)
class Result:
    """A leaf of the result: `shape` is None for a number, which is returned; an array is written into a parameter."""

    name: str
    shape: tuple[int, ...] | None
    dtype: str


@dataclass(frozen=True)
class Placed:
    """A trace with places for all its memory: its parameters are its own, then the results that are arrays, then the scratch,
    and, where something grows, what says how much is needed."""

    trace: Trace
    results: tuple[Result, ...]
    scratch: tuple[Scratch, ...]


def place(trace: Trace, sums: frozenset[int] = frozenset(), alone: bool = False) -> Placed:
    """The trace with places for its memory. To the results that `sums` counts (leaves that are arrays) it adds. Where it is
    to be `alone`, nobody gives it memory."""
    placer = _Placer(trace, alone)
    indices = leaves(trace.returns)
    for k, index in enumerate(indices):
        value = trace.body.yields[index]
        if k not in sums and indices.count(index) == 1 and trace.body.yields.count(value) == 1:
            placer.make_direct(value)
    places = placer.make_lists()
    body = placer.block(trace.body)
    b = Builder([*places, *body.stmts])
    results: list[Result] = []
    outs: list[Param] = []
    numbers: list[Operand] = []
    for k, index in enumerate(indices):
        value = body.yields[index]
        hint = getattr(value, "hint", "") or "y"
        if not isinstance(value.type, Array):
            assert isinstance(value.type, Scalar)
            numbers.append(value)
            results.append(Result(hint, None, value.type.dtype))
            continue
        sizes = [size.affine for size in placer.shapes.of(trace.body.yields[index])]
        if any(size.terms for size in sizes):
            raise UnsupportedError(
                "the size of the result is known only when the function runs: a thread of a GPU has no place for it",
                getattr(value, "span", None) or trace.span,
                'use batched(target="cpu")',
            )
        shape = tuple(size.constant for size in sizes)
        out = placer.direct.get(trace.body.yields[index])
        if out is None:
            out = Var(hint, Array(value.type.dtype, value.type.ndim, "A"))
            copy_elements(b, [const(n) for n in shape], value, out, "update" if k in sums else "store")
        outs.append(Param(unused(hint, (*trace.params, *outs, *placer.params)), out))
        results.append(Result(outs[-1].name, shape, value.type.dtype))
    params = (*trace.params, *outs, *placer.params)
    if placer.need is not None:
        params = (*params, Param(unused("need", params), placer.need))
    new = replace(trace, params=params, body=b.block(*numbers), returns=_flat(len(numbers)))
    return Placed(new, tuple(results), tuple(placer.scratch))


def _flat(count: int) -> object:
    if count == 0:
        return Static(None)
    return 0 if count == 1 else Tree(tuple(range(count)))


class _Placer:
    def __init__(self, trace: Trace, alone: bool) -> None:
        self.trace = trace
        self.alone = alone
        own = [op for op in walk(trace.body) if isinstance(op, Op) and op.attr("own")]
        largest = max((math.prod(n.value for n in op.args) for op in own), default=0)  # type: ignore[union-attr]
        self.local, self.tape = (ALONE, ALONE) if alone else (max(LOCAL, largest), TAPE)
        self.shapes = Shapes(trace)
        self.env: dict[Var, Operand] = {}
        #: Results that are written where they go.
        self.direct: dict[Operand, Var] = {}
        self.params: list[Param] = []
        self.scratch: list[Scratch] = []
        self.need: Var | None = None
        ops = [s for s in walk(trace.body) if isinstance(s, Op)]
        self.rules = {
            "alloc": self._alloc, "list": self._list, "append": self._append, "pop": self._pop, "length": self._length,
        }  # fmt: skip
        self.lists: dict[Var, tuple[Var, Var]] = {}
        self.items: dict[Var, tuple[int, ...]] = {}
        self.lengths = lengths(trace.body)
        last_pop = {op.args[0]: k for k, op in enumerate(ops) if op.name == "pop"}
        first_pop = {op.args[0]: k for k, op in reversed(list(enumerate(ops))) if op.name == "pop"}
        #: Lists that grow again after something was taken from them.
        self.regrown = {
            op.args[0] for k, op in enumerate(ops) if op.name == "append" and first_pop.get(op.args[0], k) < k
        } & last_pop.keys()

    def block(self, block: Block) -> Block:
        b = Builder()
        for old in block.stmts:
            stmt = rewrite(old, self.env)
            b.span = stmt.span
            rule = self.rules.get(stmt.name) if isinstance(stmt, Op) else None
            if rule is not None and isinstance(stmt, Op):
                rule(b, stmt)
                continue
            if isinstance(stmt, For | While):
                stmt = replace(stmt, inits=tuple(self._dummy(b, init) for init in stmt.inits))
            b.add(with_blocks(stmt, [self.block(inner) for inner in blocks_of(stmt)]))
        return b.block(*(self._dummy(b, subst(self.env, operand)) for operand in block.yields))

    def make_direct(self, value: Operand) -> None:
        """An array that is made, and then stored into element by element, is made where the result goes."""
        made = [s for s in self.trace.body.stmts if isinstance(s, Op) and s.name == "alloc" and s.results == (value,)]
        if made and isinstance(value, Var) and _is_only_stored(self.trace.body, value):
            assert isinstance(value.type, Array)
            self.direct[value] = Var(value.hint, Array(value.type.dtype, value.type.ndim, "A"))

    # --- arrays --------------------------------------------------------------------------------------------------------------

    def _alloc(self, b: Builder, op: Op) -> None:
        dtype, (result,) = op.attr("dtype"), op.results
        if not op.args:
            raise UnsupportedError("an array without axes has no place in a thread of a GPU", op.span, "use a number")
        shape = [n.value for n in op.args if isinstance(n, Const)]
        array: Var | None = self.direct.get(result)
        known = len(shape) == len(op.args)
        count = math.prod(shape)
        if array is not None:
            pass
        elif op.attr("shared"):
            self._shared(b, op, tuple(shape))
            return
        elif known and count <= (self.tape if op.attr("tape") else self.local):
            array = b.op("local", shape=tuple(max(n, 0) for n in shape), dtype=dtype, hint=result.hint)
        elif known:
            array = self._given(op, tuple(shape), dtype)
        else:
            array = self._slice(b, op)
        self.env[result] = array
        if op.attr("fill") != "empty":
            value = {"zeros": 0, "ones": 1}[op.attr("fill")]
            kind = float if dtype.startswith("float") else bool if dtype == "bool" else int
            literal = Const(kind(value), Scalar(dtype), weak=dtype in ("float64", "int64", "bool"))
            nest(b, op.args, lambda inner, index: inner.effect("store", array, *index, literal))

    def _shared(self, b: Builder, op: Op, shape: tuple[int, ...]) -> None:
        """Memory of the block, which its threads fill with zeros together if it is to be so."""
        dtype, (result,) = op.attr("dtype"), op.results
        array = self.env[result] = b.op("local", shape=shape, dtype=dtype, shared=True, hint=result.hint)
        if op.attr("fill") == "empty":
            return
        rows, index = Builder(span=op.span), Var("i", INT)
        zero = Const(0.0, Scalar(dtype), weak=dtype == "float64")
        nest(rows, op.args[1:], lambda inner, rest: inner.effect("store", array, index, *rest, zero))
        thread, threads = b.op("thread", id="threadIdx.x"), b.op("thread", id="blockDim.x")
        b.add(For((), index, thread, op.args[0], threads, (), (), rows.block(), span=op.span))
        b.effect("barrier")

    def _slice(self, b: Builder, op: Op) -> Var:
        """As much of the thread's scratch as is needed."""
        grows = tuple(k for k, n in enumerate(op.args) if not isinstance(n, Const))
        guess = GUESS if len(grows) == 1 else GUESSES
        whole = self._given(
            op, tuple(n.value if isinstance(n, Const) else guess for n in op.args), op.attr("dtype"), grows
        )
        bounds: list[Atom] = []
        for k, n in enumerate(op.args):
            if k in grows:
                self._check_room(b, whole, k, b.op("sub", n, const(1)))
            bounds += [Const(None, INT), n if k in grows else Const(None, INT), Const(None, INT)]
        return b.op("view", whole, *bounds, spec="s" * len(op.args), hint=op.result.hint)

    def _given(self, op: Op, shape: tuple[int, ...], dtype: str, grows: tuple[int, ...] = ()) -> Var:
        if self.alone:
            what = "memory of a size that is known only at run time" if grows else "a large array"
            raise UnsupportedError(
                f"{what} is needed for this, and a device function has nobody to give it",
                op.span or self.trace.span,
                "give the loop a number of trips that is known, use forward mode, or .batched(target='cuda')",
            )
        hint = op.result.hint or "memory"
        name = unused(hint, (*self.trace.params, *self.params))
        array = Var(name, Array(dtype, len(shape), "A"))
        self.params.append(Param(name, array))
        self.scratch.append(Scratch(name, shape, dtype, grows))
        if grows and self.need is None:
            self.need = Var("need", Array("int64", 1))
        return array

    def _check_room(self, b: Builder, array: Var, axis: int, place: Atom) -> None:
        """Have the thread give up where an array that grows has no such place along an axis."""
        slot = 0
        for param, scratch in zip(self.params, self.scratch, strict=True):
            if param.tree is array and axis in scratch.grows:
                assert self.need is not None
                b.effect("room", array, const(axis), place, self.need, const(slot + scratch.grows.index(axis)))
            slot += len(scratch.grows)

    def _dummy(self, b: Builder, operand: Operand) -> Operand:
        """Some array for a value that is never read."""
        if not isinstance(operand, Undef) or not isinstance(operand.type, Array):
            return operand
        return b.op("local", shape=(1,) * operand.type.ndim, dtype=operand.type.dtype)

    # --- lists ---------------------------------------------------------------------------------------------------------------

    def make_lists(self) -> list[Op]:
        """Places for all lists, and the counters of their elements, which are there from the start."""
        b = Builder()
        for op in walk(self.trace.body):
            if isinstance(op, Op) and op.name == "list":
                self._make_list(b, op)
        return [stmt for stmt in b.stmts if isinstance(stmt, Op)]

    def _make_list(self, b: Builder, op: Op) -> None:
        item, hint = op.attr("item"), op.result.hint or "list"
        shape: tuple[int, ...] = ()
        if isinstance(item, ListOf):
            raise UnsupportedError(
                "lists of lists have no place in a thread of a GPU", op.span, 'use batched(target="cpu")'
            )
        if isinstance(item, Array):
            shape = self._shape_of_items(op)
        length = self.lengths[op.result]
        if length is not None and length <= self.tape and length * math.prod(shape) <= self.local:
            memory = b.op("local", shape=(length, *shape), dtype=item.dtype, hint=hint)
        else:
            memory = self._given(op, (length or GUESS, *shape), item.dtype, () if length else (0,))
        count = b.op("local", shape=(1,), dtype="int64", hint=f"{hint.removesuffix('_tape')}_count")
        self.lists[op.result], self.items[op.result] = (memory, count), shape

    def _list(self, b: Builder, op: Op) -> None:
        _, count = self.lists[op.result]
        b.effect("store", count, const(0), const(0))

    def _shape_of_items(self, op: Op) -> tuple[int, ...]:
        for stmt in walk(self.trace.body):
            if isinstance(stmt, Op) and stmt.name == "append" and stmt.args[0] is op.result:
                found = [size.affine for size in self.shapes.of(stmt.args[1])]
                if any(size.terms for size in found):
                    raise UnsupportedError(
                        "arrays whose sizes are known only at run time are kept in a list, which has no place in a thread "
                        "of a GPU",
                        stmt.span,
                        'use batched(target="cpu")',
                    )
                return tuple(size.constant for size in found)
        return ()

    def _append(self, b: Builder, op: Op) -> None:
        stack, value = op.args
        assert isinstance(stack, Var)
        memory, count = self.lists[stack]
        at = b.op("load", count, const(0), hint="at")
        self._check_room(b, memory, 0, at)
        if isinstance(value.type, Array):
            spec = "i" + "s" * value.type.ndim
            whole = Const(None, INT)
            place = b.op("view", memory, at, *[whole] * (3 * value.type.ndim), spec=spec)
            copy_elements(b, list(map(const, self.items[stack])), value, place)
        else:
            b.effect("store", memory, at, value)
        b.effect("store", count, const(0), b.op("add", at, const(1)))

    def _pop(self, b: Builder, op: Op) -> None:
        (stack,) = op.args
        assert isinstance(stack, Var)
        memory, count = self.lists[stack]
        at = b.op("sub", b.op("load", count, const(0)), const(1), hint="at")
        b.effect("store", count, const(0), at)
        (result,) = op.results
        if not isinstance(result.type, Array):
            self.env[result] = b.op("load", memory, at, hint=result.hint)
            return
        ndim = result.type.ndim
        place = b.op("view", memory, at, *[Const(None, INT)] * (3 * ndim), spec="i" + "s" * ndim, hint=result.hint)
        self.env[result] = place
        if stack in self.regrown:
            dims = tuple(map(const, self.items[stack]))
            self._alloc(b, Op((result,), "alloc", dims, (("fill", "empty"), ("dtype", result.type.dtype)), op.span))
            copied = self.env[result]
            assert isinstance(copied, Var)
            copy_elements(b, dims, place, copied)

    def _length(self, b: Builder, op: Op) -> None:
        (stack,) = op.args
        assert isinstance(stack, Var)
        _, count = self.lists[stack]
        self.env[op.result] = b.op("load", count, const(0), hint=op.result.hint)


def _is_only_stored(block: Block, array: Var) -> bool:
    """Whether nobody in the block reads the array, or has it by another name."""
    for stmt in walk(block):
        given = operands(stmt)
        if isinstance(stmt, Op) and stmt.name == "store":
            given = given[1:]
        if array in given or any(array in inner.yields for inner in blocks_of(stmt)):
            return False
    return True


def lengths(block: Block) -> dict[Var, int | None]:
    """How long each list can get, if the loops that append to it run a known number of times."""
    found: dict[Var, int | None] = {}

    def visit(block: Block, times: int | None) -> None:
        for stmt in block.stmts:
            if isinstance(stmt, Op) and stmt.name == "list":
                found[stmt.result] = 0
            elif isinstance(stmt, Op) and stmt.name == "append" and isinstance(stack := stmt.args[0], Var):
                before = found.get(stack)
                found[stack] = None if before is None or times is None else before + times
            inside = times
            if isinstance(stmt, While):
                inside = None
            elif isinstance(stmt, For):
                bounds = [n.value for n in (stmt.start, stmt.stop, stmt.step) if isinstance(n, Const)]
                inside = times * len(range(*bounds)) if times is not None and len(bounds) == 3 else None
            for inner in blocks_of(stmt):
                visit(inner, inside)

    visit(block, 1)
    return found

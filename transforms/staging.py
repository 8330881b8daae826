"""Shared memory that stages what all threads of a block read: the adjoint reads it where it came from.

    tile[t] = x[i]              each thread brings one element,
    cuda.syncthreads()          waits for the others,
    y += w[k] * tile[t + k]     and reads any: what thread t + k has brought, x[blockIdx.x * blockDim.x + t + k]

Here each load of shared memory is replaced by what the thread has stored there whose index that is, computed once more. That
thread is known if the index of the store is an id plus something that is the same for all threads of the block. With several
stores, as for the margins of a tile, it is asked which one it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NoReturn

from srcad.errors import UnsupportedError
from srcad.ir import (
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
    While,
    binds,
    blocks_of,
    clone,
    const,
    free,
    replace,
    walk,
    with_blocks,
)
from srcad.ops import ELEMENTWISE
from srcad.transforms.alias import Aliases
from srcad.transforms.memory import Memory
from srcad.transforms.threads import Id, Poly, Threads

REMEDY = "read the array that is staged itself: the caches of the GPU do much of this"
#: The axes of a block.
AXES = "xyz"


def unstaged(trace: Trace) -> Trace:
    """The trace without shared memory. UnsupportedError is raised at what does more than stage."""
    shared = [op for op in _ops(trace.body) if op.name == "alloc" and op.attr("shared")]
    if not shared:
        return trace
    trace = replace(trace, body=_ids_first(trace.body))
    unstager = _Unstager(trace, {op.result: op for op in shared})
    return replace(trace, body=unstager.block(trace.body))


def has_margins(trace: Trace) -> bool:
    """Whether a piece of shared memory is filled by several stores, and none is read in a loop: then to read it again where it
    came from means to ask where that was, and to keep what was read takes no memory."""
    shared = {op.result for op in _ops(trace.body) if op.attr("shared")}
    stores = [op.args[0] for op in _ops(trace.body) if op.name == "store" and op.args[0] in shared]
    loops = [stmt for stmt in walk(trace.body) if isinstance(stmt, For | While)]
    inside = (op for loop in loops for inner in blocks_of(loop) for op in _ops(inner))
    return len(stores) > len(set(stores)) and not any(op.name == "load" and op.args[0] in shared for op in inside)


def _ids_first(body: Block) -> Block:
    """The body with all ids of the thread known from the start."""
    ids = [op for op in _ops(body) if op.name in ("thread", "grid2", "grid3")]

    def rest(block: Block) -> Block:
        return replace(block, stmts=tuple(with_blocks(s, map(rest, blocks_of(s))) for s in block.stmts if s not in ids))

    return replace(body, stmts=(*ids, *rest(body).stmts))


@dataclass(frozen=True)
class _Store:
    op: Op
    #: The conditions under which it is done, and what they must be.
    guards: tuple[tuple[Operand, bool], ...]


@dataclass
class _Stage:
    """A piece of shared memory that is filled, and then read, in one block of the trace."""

    stores: list[_Store] = field(default_factory=list)


class _Unstager:
    def __init__(self, trace: Trace, shared: Mapping[Var, Op]) -> None:
        self.threads = Threads(trace)
        self.memory = Memory(trace)
        self.aliases = Aliases(trace, read_only=True)
        self.written = self.aliases.written(trace.body)
        self.inputs = set(trace.inputs)
        self.made: dict[Var, Stmt] = {}
        self.bound: dict[Var, For | While] = {}
        for stmt in walk(trace.body):
            self.made.update(dict.fromkeys(stmt.results, stmt))
            if isinstance(stmt, For | While):
                self.bound.update(dict.fromkeys(binds(stmt), stmt))
        self.shared = shared
        self.stages = {array: self.stage(trace.body, array) for array in shared}

    def refuse(self, reason: str, op: Op) -> NoReturn:
        raise UnsupportedError(f"shared memory {reason}", op.span, REMEDY)

    # --- how it is used ------------------------------------------------------------------------------------------------------

    def stage(self, block: Block, array: Var, repeats: bool = False) -> _Stage:
        """The stores into the array: first these, then a barrier, then all loads; and another barrier where this repeats."""
        users = [s for s in block.stmts if any(array in op.args for op in _ops(Block((s,))))]
        if len(users) == 1 and isinstance(loop := users[0], For | While):
            return self.stage(blocks_of(loop)[-1], array, repeats=True)
        if len(users) == 1 and isinstance(users[0], If):
            inside = [b for b in blocks_of(users[0]) if any(array in op.args for op in _ops(b))]
            if len(inside) == 1:
                return self.stage(inside[0], array, repeats)
        stage = _Stage()
        state = "filling"
        for stmt in block.stmts:
            ops = list(_ops(Block((stmt,))))
            touching = [op for op in ops if array in op.args]
            if isinstance(stmt, Op) and stmt.name == "barrier":
                state = {"filling": "filled" if stage.stores else "filling", "reading": "done"}.get(state, state)
            for op in touching:
                if op.name == "store" and state == "filling":
                    stage.stores += self.guarded(stmt, op)
                elif op.name == "load" and state in ("filled", "reading"):
                    state = "reading"
                elif op.name == "load" and state == "filling":
                    self.refuse("is read before a cuda.syncthreads() after it was written", op)
                elif op.name in ("load", "store"):
                    self.refuse("is written and read by turns, which the adjoint cannot undo", op)
                else:
                    self.refuse("is not only written and read element by element", op)
        if repeats and state == "reading":
            last = [op for op in _ops(block) if op.name == "load" and array in op.args][-1]
            self.refuse("is read here, and written on the next trip without a cuda.syncthreads() in between", last)
        return stage

    def guarded(self, stmt: Stmt, store: Op) -> list[_Store]:
        """The store, and the conditions that it is under within the statement."""
        if stmt is store:
            return [_Store(store, ())]
        if isinstance(stmt, If):
            for block, value in zip(blocks_of(stmt), (True, False), strict=True):
                for inner in block.stmts:
                    if store in list(_ops(Block((inner,)))):
                        return [_Store(s.op, ((stmt.cond, value), *s.guards)) for s in self.guarded(inner, store)]
        return self.refuse("is filled in a loop of its own", store)

    # --- what was stored -----------------------------------------------------------------------------------------------------

    def block(self, block: Block) -> Block:
        b = Builder()
        for stmt in block.stmts:
            new = with_blocks(stmt, map(self.block, blocks_of(stmt)))
            if isinstance(new, Op) and any(v in self.shared for v in (*new.args, *new.results)):
                if new.name == "load":
                    b.span = new.span
                    array, *places = new.args
                    assert isinstance(array, Var)
                    load = replace(new, args=(array, *(self.counted(b, array, k, n) for k, n in enumerate(places))))
                    value = self.value(b, load, self.stages[array].stores)
                    self.define(b, new.result, value)
                continue
            b.add(new)
        return b.block(*block.yields)

    def counted(self, b: Builder, array: Operand, axis: int, index: Atom) -> Atom:
        """The index, counted from the start: of what may be negative, the place is asked for."""
        if self.memory.nonnegative(index):
            return index
        size = self.shared[array].args[axis]  # type: ignore[index]
        return b.op("where", b.op("lt", index, const(0)), b.op("add", index, size), index)

    def define(self, b: Builder, result: Var, value: Atom) -> None:
        """Give the value the name that the load had."""
        b.add(Op((result,), "cast", (value,), (("dtype", result.type.dtype),), result.span))  # type: ignore[union-attr]

    def value(self, b: Builder, load: Op, stores: Sequence[_Store]) -> Atom:
        """What the last of these stores that meets the element has put there; 0 where none has."""
        if not stores:
            type_ = load.result.type
            assert isinstance(type_, Scalar)
            return Const(0.0 if type_.dtype.startswith("float") else 0, type_)
        *earlier, store = stores
        ids = self.writer(b, load, store.op, store)
        array = load.args[0]
        assert isinstance(array, Var)
        alone = len(self.stages[array].stores) == 1  # then it is taken to have met all that is read
        conditions = [] if alone else list(self.meets(b, load, store.op, ids))
        conditions += [(self.again(b, cond, ids, load), value) for cond, value in store.guards]
        if not conditions:
            return self.again(b, store.op.args[-1], ids, load)
        cond: Atom | None = None
        for one, value in conditions:
            one = one if value else b.op("not", one)
            cond = one if cond is None else b.op("and", cond, one)
        assert cond is not None
        then, orelse = Builder(span=load.span), Builder(span=load.span)
        inside, outside = self.again(then, store.op.args[-1], ids, load), self.value(orelse, load, earlier)
        result = Var(load.result.hint, load.result.type, load.span)
        b.add(If((result,), cond, then.block(inside), orelse.block(outside), load.span))
        return result

    def writer(self, b: Builder, load: Op, op: Op, store: _Store) -> dict[str, Atom]:
        """The ids, within its block, of the thread whose store it was, by axis; of axes that make no difference, none."""
        ids: dict[str, Atom] = {}
        for place, index in zip(op.args[1:-1], load.args[1:], strict=True):
            poly = self.threads.poly(place)
            axes = [u for u in poly.unknowns if isinstance(u, Id) and u.name.startswith(("threadIdx", "grid."))]
            if not axes:
                if not self.threads.is_uniform(poly):
                    self.refuse("is written at a place from which the thread is not known", op)
                continue
            (id, *more) = axes
            parts = poly.split(id)
            if (
                more
                or parts is None
                or parts[0].constant != 1
                or id.name.startswith("grid.")
                or not self.threads.is_uniform(parts[1])
            ):
                self.refuse("is written at a place from which the thread is not known", op)
            axis = id.axis
            ids[axis] = self.difference(b, index, parts[1], load)
        for cond, value in store.guards:
            for fact in self.threads.facts_of(cond, value):
                for one, other in ((fact.left, fact.right), (fact.right, fact.left)):
                    for axis in AXES:
                        if (
                            fact.equal
                            and one == Poly.unknown(Id(f"threadIdx.{axis}"))
                            and axis not in ids
                            and self.threads.is_uniform(other)
                        ):
                            ids[axis] = self.spelt(b, other, load)
        return ids

    def meets(self, b: Builder, load: Op, op: Op, ids: Mapping[str, Atom]) -> Iterator[tuple[Atom, bool]]:
        """What must hold if the store is to have met the element."""
        for place, index in zip(op.args[1:-1], load.args[1:], strict=True):
            poly = self.threads.poly(place)
            axes = [u.axis for u in poly.unknowns if isinstance(u, Id) and u.name.startswith("threadIdx")]
            if axes:
                thread = ids[axes[0]]
                yield b.op("ge", thread, const(0)), True
                yield b.op("lt", thread, b.op("thread", id=f"blockDim.{axes[0]}")), True
            elif self.threads.poly(index) != poly:
                yield b.op("eq", index, self.spelt(b, poly, load)), True

    def difference(self, b: Builder, index: Atom, offset: Poly, load: Op) -> Atom:
        if not offset.terms:
            return index
        if (n := offset.constant) is not None:
            return b.op("add" if n < 0 else "sub", index, const(abs(n)))
        return b.op("sub", index, self.spelt(b, offset, load))

    def spelt(self, b: Builder, poly: Poly, load: Op) -> Atom:
        """The polynomial, computed."""
        total: Atom | None = None
        for monomial, c in sorted(poly.terms, key=lambda term: len(term[0]), reverse=True):
            value: Atom = const(c)
            for unknown in monomial:
                factor: Atom
                if isinstance(unknown, Id):
                    factor = b.op("thread", id=unknown.name)
                elif isinstance(unknown, Var):
                    factor = self.again(b, unknown, {}, load)
                else:
                    factor = b.op("dim", unknown.array, axis=unknown.axis)
                value = factor if value == const(1) else b.op("mul", value, factor)
            total = value if total is None else b.op("add", total, value)
        return const(0) if total is None else total

    def again(self, b: Builder, value: Operand, ids: Mapping[str, Atom], load: Op) -> Atom:
        """The value as another thread of the block has computed it: the one with these ids."""
        own = {axis for axis, id in ids.items() if self.threads.poly(id) == Poly.unknown(Id(f"threadIdx.{axis}"))}
        env: dict[object, Atom] = {}

        def get(operand: Operand) -> Atom:
            if isinstance(operand, Const) or operand in self.inputs:
                return operand
            assert isinstance(operand, Var)
            if operand not in env:
                env[operand] = make(operand)
            return env[operand]

        def make(var: Var) -> Atom:
            loop = self.bound.get(var)
            if loop is not None:
                if not self.threads.is_uniform(Poly.unknown(var)):
                    self.refuse("holds what threads carry from trip to trip", load)
                return var
            stmt = self.made[var]
            if isinstance(stmt, Op) and stmt.name in ("thread", "grid2", "grid3"):
                return place(stmt, var)
            if isinstance(stmt, If) and all(self.is_repeatable(op) for inner in blocks_of(stmt) for op in _ops(inner)):
                outer = {
                    v: get(v) for v in dict.fromkeys((*free(stmt.then), *free(stmt.orelse))) if v not in self.inputs
                }
                then, orelse = (clone(inner, dict(outer)) for inner in blocks_of(stmt))
                results = tuple(r.like() for r in stmt.results)
                b.add(If(results, get(stmt.cond), then, orelse, stmt.span))
                env.update(zip(stmt.results, results, strict=True))
                return env[var]
            if not isinstance(stmt, Op) or not self.is_repeatable(stmt):
                self.refuse("holds what cannot be computed again where it is read", load)
            new = var.like()
            b.add(replace(stmt, results=(new,), args=tuple(map(get, stmt.args))))
            return new

        def place(op: Op, var: Var) -> Atom:
            name = op.attr("id", "")
            axis = name[-1] if op.name == "thread" and name.startswith("threadIdx") else ""
            if name == "grid" or op.name != "thread":
                axis = "x" if op.name == "thread" else AXES[op.results.index(var)]
                if axis in own:
                    return var
                block, size = (b.op("thread", id=f"{kind}.{axis}") for kind in ("blockIdx", "blockDim"))
                return b.op("add", b.op("mul", block, size), one(axis))
            return var if not axis or axis in own else one(axis)

        def one(axis: str) -> Atom:
            if axis not in ids:
                self.refuse("is written at a place from which the thread is not known", load)
            return ids[axis]

        return get(value)

    def is_repeatable(self, op: Op) -> bool:
        """Whether the op gives the same wherever the block is."""
        if op.name == "load":
            array = op.args[0]
            return not (isinstance(array, Var) and (self.aliases.find(array) in self.written or array in self.shared))
        return op.name in ELEMENTWISE or op.name in ("dim", "trips", "view", "transpose")


def _ops(block: Block) -> Iterator[Op]:
    return (stmt for stmt in walk(block) if isinstance(stmt, Op))

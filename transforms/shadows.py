"""Shadows: the adjoints of arrays, which alias exactly as the arrays do.

A shadow is made where the array is made, beside it, and named wherever the array is named. Where an array only passes a first
contribution on, or is a copy, no memory of its own is needed: what has served is handed over.
"""

from __future__ import annotations

from collections import Counter

from srcad.ir import (
    Array,
    Atom,
    Block,
    Builder,
    Const,
    Op,
    Operand,
    Trace,
    Undef,
    Var,
    const,
    definitions,
    free,
    is_float,
    replace,
)
from srcad.ops import FOURIER
from srcad.transforms.activity import Activity
from srcad.transforms.alias import is_memory
from srcad.transforms.memory import Memory
from srcad.transforms.regions import Region
from srcad.transforms.shapes import Shapes
from srcad.transforms.symbolic import Dim
from srcad.transforms.tape import Tape

#: Ops whose fresh result can be a shadow.
ADOPTED = frozenset({"dot", "reduce_like", "solve", "solve_triangular", "lu_solve", "inv", *FOURIER})


class Shadows:
    """The shadows of one function, and the tape beside them."""

    def __init__(self, trace: Trace, active: Activity, memory: Memory) -> None:
        self.trace = trace
        self.active = active
        self.memory = memory
        self.tape = Tape(memory, Shapes(trace))
        self.returned = {memory.aliases.find(y) for y in trace.body.yields if is_memory(y)}  # type: ignore[arg-type]
        self.shadows: dict[Var, Var] = {}
        #: Classes of memory (in `active.aliases`) whose cells are marked where they are used: see `transforms.cells`.
        self.marked: set[Var] = set()
        #: Beside the shadow of such an array, the marks.
        self.marks: dict[Operand, Var] = {}
        #: Arrays of the top level whose shadow, of which there is no view, has not been used yet.
        self.unused: set[Operand] = set()
        #: Shadows that the forward sweep knows nothing of: its loops do not carry them.
        self.backward_only: set[Var] = set()
        #: Shadows that have come to be those of other arrays, under the names that they have then.
        self.renamed: dict[Var, Var] = {}
        #: Classes of memory to whose shadows other threads add at the same time.
        self.concurrent: frozenset[Var] = frozenset()
        #: The reverse sweep at the top level.
        self.outermost: Builder | None = None
        variables = (*trace.inputs, *definitions(trace.body))
        self.names = Counter(active.aliases.find(v) for v in variables if is_memory(v))

    def aliased(self, array: Operand) -> Operand:
        """The class of memory that the array belongs to."""
        return self.active.aliases.find(array) if isinstance(array, Var) else array

    def has_shadow(self, operand: Operand) -> bool:
        return is_memory(operand) and is_float(operand.type) and operand in self.active

    def shadow(self, operand: Operand) -> Var:
        assert isinstance(operand, Var)
        self.unused.discard(operand)
        return self.shadows[operand]

    def emit(self, region: Region, op: Op) -> None:
        region.items.append(op)
        self.tape.define(region, op, op.results)

    def zeros_like(self, b: Builder, array: Operand, hint: str, dtype: str = "") -> Var:
        assert isinstance(array.type, Array) and not isinstance(array, Undef)
        dtype = dtype or array.type.dtype
        dims = self.sizes(b, array)
        made = self.memory.definition.get(array) if isinstance(array, Var) else None
        if made is not None and made.attr("shared"):
            return b.op("alloc", *dims, hint=hint, fill="zeros", dtype=array.type.dtype, shared=True)
        if array.type.layout == "F" and array.type.ndim > 1:
            # The shadow of a view is a view of the shadow only where both lie alike in memory.
            columns = b.op("alloc", *reversed(dims), fill="zeros", dtype=dtype)
            return b.op("transpose", columns, hint=hint, axes=tuple(reversed(range(array.type.ndim))))
        return b.op("alloc", *dims, hint=hint, fill="zeros", dtype=dtype)

    def sizes(self, b: Builder, array: Operand) -> list[Atom]:
        """The array's shape; from what it was made of, so that the array itself need not be kept for it."""
        assert isinstance(array.type, Array) and not isinstance(array, Undef)
        op = self.memory.definition.get(array) if isinstance(array, Var) else None
        match op:
            case Op(name="alloc"):
                return list(op.args)
            case Op(name="expand"):
                return list(op.args[1:])
            case Op(name="array"):
                return [const(n) for n in op.attr("shape")]
            case Op(name="copy"):
                return self.sizes(b, op.args[0])
        return [self.size(b, array, k) for k in range(array.type.ndim)]

    def size(self, b: Builder, array: Atom, axis: int) -> Atom:
        """The size of an axis, asked of an array that is there throughout if that is known to have the same."""
        outward = self.tape.outward
        n = outward.shapes.of(array)[axis].affine
        if not n.terms:
            return const(n.constant)
        match n.lone:
            case Dim(array=Var() as other, axis=k) if other in self.tape.where and self.tape.where[other].is_function:
                return b.op("dim", other, axis=k)
        return b.op("dim", array, axis=axis)

    def make_zeros(self, var: Var, region: Region, local: bool = False) -> None:
        """A shadow of zeros, beside what it is the shadow of; `local` if it lives in one iteration."""
        b = Builder()
        self.shadows[var] = self.zeros_like(b, var, bar_name(var))
        marked = self.is_marked(var)
        if marked:
            self.marks[var] = self.zeros_like(b, var, mark_name(var), "bool")
        for op in b.stmts:
            assert isinstance(op, Op)
            self.emit(region, op)
        if (
            not marked
            and not region.repeats()
            and region.is_function
            and self.names[self.active.aliases.find(var)] == 1
            and self.memory.is_simple(var)
        ):
            self.unused.add(var)
        if local or (region.repeats() and self.is_local(var, region)):
            self.tape.local.update(*(op.results for op in b.stmts))

    def is_local(self, var: Var, region: Region) -> bool:
        """Whether the array and all its views live within one iteration, with no merge among them."""
        if self.memory.aliases.find(var) in self.returned:
            return False
        return len(self.memory.home(var)) == region.depth() and self.memory.is_simple(var)

    def is_marked(self, var: Var) -> bool:
        return bool(self.marked) and self.active.aliases.find(var) in self.marked

    def shadow_of(self, operand: Operand, region: Region) -> Operand:
        """The shadow of what flows into a merge; fresh zeros for an inactive or global array."""
        if isinstance(operand, Undef):
            return operand
        if isinstance(operand, Const):
            b = Builder()
            zeros = self.zeros_like(b, operand, "zeros")
            for op in b.stmts:
                assert isinstance(op, Op)
                self.emit(region, op)
            return zeros
        return self.shadow(operand)

    def adopt(self, b: Builder, to: Operand, contribution: Atom) -> bool:
        """Make fresh memory with the first contribution the shadow itself, instead of zeros that it is added to."""
        if b is not self.outermost or to not in self.unused or contribution.type != self.shadows[to].type:  # type: ignore[index]
            return False
        made = [k for k, stmt in enumerate(b.stmts) if contribution in stmt.results]
        if not made or not isinstance(op := b.stmts[made[0]], Op) or op.name not in ADOPTED:
            return False
        if contribution in free(Block(tuple(b.stmts[made[0] + 1 :]))):
            return False
        assert isinstance(to, Var)
        self.unused.discard(to)
        self.shadows[to] = shadow = Var(bar_name(to), contribution.type, op.span)
        b.stmts[made[0]] = replace(op, results=(shadow,))
        return True

    def hand_over(self, b: Builder, copy: Var, to: Operand) -> bool:
        """Let the shadow of a copy, which has served, be the shadow of what was copied, if nothing has been added to that."""
        shadow = self.shadow(copy)
        made = self.tape.item.get(shadow)
        fresh = isinstance(made, Op) and made.name == "alloc" and self.tape.where[shadow].is_function
        if b is not self.outermost or to not in self.unused or not fresh or shadow.type != self.shadows[to].type:  # type: ignore[index]
            return False
        self.unused.discard(to)
        self.shadows[as_var(to)] = shadow
        self.renamed[shadow] = shadow.like(bar_name(to))
        return True


def bar_name(operand: Operand) -> str:
    hint = operand.hint if isinstance(operand, Var) else ""
    if hint:
        return f"{hint}_bar"
    return "v_bar" if is_memory(operand) else ""


def mark_name(operand: Operand) -> str:
    return f"{operand.hint}_used" if isinstance(operand, Var) and operand.hint else "used"


def is_beside(var: Var) -> bool:
    """Whether a name says that this is a shadow, or its marks."""
    return var.hint.endswith(("_bar", "_used"))


def as_var(operand: Operand) -> Var:
    assert isinstance(operand, Var)
    return operand

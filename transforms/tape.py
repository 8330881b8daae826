"""The tape: how the reverse sweep gets hold of values of the forward sweep.

A value that is defined at the top level of the function simply stays alive. A value of a loop's body or of a branch is, in this
order of preference,

    recomputed   if that is cheap (index arithmetic, additions, products, reads of memory that is not written again, or that the
                 value was stored to) and needs no more from the tape than keeping the value itself would
    carried out  of a branch that is in no loop, as one more result of the `If`
    kept         in an array with a place for each iteration, when the numbers of iterations are known where the outermost
                 loop starts, else in a list that the reverse sweep pops; an array that loops read element by element is kept
                 whole (`transforms.snapshot`)

`Tape.resolve` does this for one block of the reverse sweep, innermost blocks first; what it reads from the next outer block is
resolved when that block is.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable

from srcad.ir import (
    Array,
    Atom,
    Block,
    Builder,
    Const,
    For,
    ListOf,
    Loop,
    Op,
    Scalar,
    Stmt,
    Var,
    const,
    free,
    replace,
    substitute,
)
from srcad.transforms.memory import Memory
from srcad.transforms.outward import Outward
from srcad.transforms.regions import Node, Region
from srcad.transforms.shapes import Shapes
from srcad.transforms.snapshot import MARGIN, Snapshot, Snapshots
from srcad.transforms.symbolic import Affine

#: Recomputed rather than kept.
CHEAP = frozenset(
    """add sub mul neg abs lt le gt ge eq ne and or not floordiv mod where cast minimum maximum dim trips broadcast_dim spans
    view transpose reshape load sign floor ceil isnan bitand bitor bitxor thread strided""".split()
)
#: What costs nothing to have again: names for memory, sizes.
FREE = frozenset("dim trips view transpose reshape thread strided".split())
#: A recomputation of more ops than this is no longer cheap.
LIMIT = 12
#: What a snapshot costs where one value for each iteration costs 1: it is copied at the speed of memory.
SNAPSHOT = 0.5


class Tape:
    """Keeps what `resolve` asks for. `where` says in which region of the forward sweep a Var is defined, `item` by what."""

    def __init__(self, memory: Memory, shapes: Shapes) -> None:
        self.memory = memory
        self.where: dict[Var, Region] = {}
        self.item: dict[Var, Stmt | Node | None] = {}
        self.outward = Outward(shapes, self.where, self.item)
        self.snapshots = Snapshots(memory, self.outward)
        #: Loads that give values again from where the program itself has stored them.
        self.stored: dict[Var, Op] = {}
        #: Shadows that live in one iteration: allocated anew by the reverse sweep.
        self.local: set[Var] = set()
        #: Lists that the caller of a recursive function makes and passes to both its sweeps.
        self.stacks: list[Var] = []

    def define(self, region: Region, item: Stmt | Node | None, variables: Iterable[Var]) -> None:
        self.outward.define(region, item, variables)
        match item:
            case Op(name="store", args=(Var(type=Array(dtype=dtype)) as array, *index, Var() as value)):
                if value.type == Scalar(dtype) and self.where.get(value) is region and value not in self.stored:
                    self.stored[value] = load = Op((value,), "load", (array, *index), (), item.span)
                    self.memory.stand_in(load, item)

    def resolve(self, region: Region, block: Block, known: dict[Var, Atom], prologue: Builder) -> Block:
        """The reverse sweep's `block` with every Var of the forward `region` made available at its start.

        `known` holds what needs no help, such as the loop's index; `prologue` is what computes that.
        """
        needed = [var for var in free(block) if self.where.get(var) is region and var not in known]
        kept, again = self._choose(region, needed, known)
        env: dict[Var, Atom] = dict(known)

        def get(operand: Atom) -> Atom:
            if not isinstance(operand, Var) or self.where.get(operand) is not region:
                return operand
            if operand not in env:
                if operand in kept:
                    env[operand] = self._recall(operand, region, prologue, get)
                else:
                    op = again.get(operand, self._op(operand))  # a place on the tape is no value that was asked for
                    assert op is not None
                    new = operand.like()
                    args = tuple(map(get, op.args))
                    if (snapshot := self._snapshot(op, region)) is not None:
                        args = (snapshot.copy, *self.snapshots.index(replace(op, args=args), snapshot, prologue))
                    prologue.add(replace(op, results=(new,), args=args))
                    env[operand] = new
            return env[operand]

        for var in needed:
            get(var)
        if not env:
            return block
        block = substitute(block, env)
        return Block((*prologue.stmts, *block.stmts), block.yields)

    # --- what to keep ------------------------------------------------------------------------------------------------

    def _op(self, var: Var) -> Op | None:
        item = self.item.get(var)
        return item if isinstance(item, Op) else None

    def _snapshot(self, op: Op, region: Region) -> Snapshot | None:
        """What holds the content that a load saw, if that is overwritten later."""
        if op.name != "load" or not region.repeats() or self.memory.intact(op, op.args[0]):
            return None
        return self.snapshots.of(op, region)

    def _ways(self, var: Var, region: Region) -> list[Op]:
        """The ops that give the value again: its own, if that is cheap, and a load of where it was stored."""
        ways = [op] if (op := self._op(var)) is not None and self._is_cheap(op, region) else []
        stored = self.stored.get(var)
        if stored is not None and region.repeats() and self.memory.intact(stored, stored.args[0]):
            ways += [stored] if self.where.get(stored.args[0]) is not region else []  # type: ignore[arg-type]
        return ways

    def _is_cheap(self, op: Op, region: Region) -> bool:
        if op.name == "alloc":
            return op.result in self.local
        if op.name == "pow" and region.repeats():
            return op.args[1] in (const(2), const(3))
        if op.name == "expand":
            return isinstance(op.args[0], Const)  # a global array, mostly itself
        if op.name not in (CHEAP if region.repeats() else FREE):
            return False
        if op.name == "load":
            return self.memory.intact(op, op.args[0]) or self.snapshots.of(op, region) is not None
        return True

    def _choose(self, region: Region, needed: list[Var], known: dict[Var, Atom]) -> tuple[set[Var], dict[Var, Op]]:
        """The Vars to keep on the tape, and the ops by which the rest is had again, from these and from snapshots."""
        memo: dict[Var, tuple[frozenset[Var], frozenset[Var]]] = {}
        again: dict[Var, Op] = {}
        snapshots: set[Var] = set()
        ways_of = functools.cache(functools.partial(self._ways, region=region))

        def sources(operand: Atom) -> tuple[frozenset[Var], frozenset[Var]]:
            """What must be kept to recompute the operand, and what is recomputed on the way."""
            if not isinstance(operand, Var) or self.where.get(operand) is not region or operand in known:
                return frozenset(), frozenset()
            if operand not in memo:
                memo[operand] = frozenset((operand,)), frozenset()
                ways = [(op, through(op, operand)) for op in ways_of(operand)]
                if ways:
                    again[operand], memo[operand] = min(ways, key=lambda way: tuple(map(len, way[1])))
            return memo[operand]

        def through(op: Op, result: Var) -> tuple[frozenset[Var], frozenset[Var]]:
            parts = [sources(arg) for arg in op.args]
            if (snapshot := self._snapshot(op, region)) is not None:
                snapshots.add(snapshot.copy)
                parts.append((frozenset((snapshot.copy,)), frozenset()))
            kept, made = (frozenset[Var]().union(*sets) for sets in zip(*parts, strict=True)) if parts else ((), ())
            return frozenset(kept), frozenset((*made, result))

        def from_the_leaves(var: Var) -> None:
            """Work out the sources of what the Var is computed from first: chains are longer than Python's stack is deep."""
            seen, path = {var}, [var]
            while path:
                args = [arg for op in ways_of(path[-1]) for arg in op.args if isinstance(arg, Var)]
                below = [a for a in args if a not in seen and self.where.get(a) is region and a not in known]
                if below and path[-1] not in memo:
                    seen.add(below[0])
                    path.append(below[0])
                else:
                    sources(path.pop())

        def few(var: Var) -> bool:
            return len(sources(var)[1]) <= LIMIT

        for var in needed:
            from_the_leaves(var)
        kept: set[Var] = {var for var in needed if sources(var)[0] == {var}}
        open_ = [var for var in needed if var not in kept]
        for var in open_:
            missing = sources(var)[0] - kept
            if not missing and few(var):
                continue
            shared = [other for other in open_ if sources(other)[0] - kept <= missing and few(other)]
            is_reference = not isinstance(var.type, Scalar)
            weight = sum(SNAPSHOT if other in snapshots else 1 for other in missing)
            if is_reference or (weight < len(shared) and few(var)):
                kept |= missing
            else:
                kept.add(var)
                memo[var] = frozenset((var,)), frozenset()
        return kept, again

    # --- how to keep it ----------------------------------------------------------------------------------------------

    def _recall(self, var: Var, region: Region, prologue: Builder, get: Callable[[Atom], Atom]) -> Atom:
        """Make the forward sweep keep `var`; give the value in the reverse sweep."""
        loops = region.loops()
        if not region.repeats():
            node = region.node
            assert node is not None
            result = node.export(var, region)
            self.define(node.parent, node, (result,))
            return result
        if not loops:
            stack = Var(f"{self._name(var)}_tape", ListOf(var.type))
            self.stacks.append(stack)
            # at the end: calls in the region push on the same stack, and the reverse sweep pops this first
            region.items.append(Op((), "append", (stack, var)))
            return prologue_op(prologue, "pop", var, stack)
        outside = loops[0].parent
        snapshot = self.snapshots.by_copy.get(var)
        sizes: list[Atom | None] = [self._trips(loop) for loop in loops]
        if snapshot is not None:
            sizes += [self._outside(n, loops[0]) for n in snapshot.sizes]
        elif not isinstance(var.type, Scalar):
            sizes.append(None)
        if None in sizes:
            tape = Var(f"{self._name(var)}_tape", ListOf(var.type))
            keep = Op((tape,), "list", (), (("item", var.type), ("tape", True)))
            given, after = var, self.item[var]
            if isinstance(var.type, Array) and self.memory.may_be_global(var):
                given = Var(var.hint, Array(var.type.dtype, var.type.ndim))  # a list holds arrays of one type only
                copy = Op((given,), "copy", (var,))
                region.insert_after(after, copy)
                after = copy
            region.insert_after(after, Op((), "append", (tape, given)))
            value = prologue_op(prologue, "pop", var, tape)
        else:
            assert isinstance(var.type, Scalar | Array)
            tape = Var(f"{self._name(var)}_tape", Array(var.type.dtype, len(sizes)))
            dims = tuple(size for size in sizes if size is not None)
            keep = Op((tape,), "alloc", dims, (("fill", "empty"), ("dtype", var.type.dtype), ("tape", True)))
            index = [self.position(loop) for loop in loops]
            if snapshot is None:
                region.insert_after(self.item[var], Op((), "store", (tape, *index, var)))
                value = prologue_op(prologue, "load", var, tape, *map(get, index))
            else:
                b = Builder()
                self.snapshots.fill(b, snapshot, tape, index)
                for stmt in reversed(b.stmts):
                    region.insert_after(self.item[var], stmt)
                value = prologue.op("view", tape, *map(get, index), spec="i" * len(index), hint=var.hint)
        outside.insert_before(loops[0], keep)
        self.define(outside, keep, (tape,))
        return value

    def _name(self, var: Var) -> str:
        """The variable's name; for an unnamed element, its array's."""
        op = self._op(var)
        if not var.hint and op is not None and op.name == "load" and isinstance(op.args[0], Var):
            return op.args[0].hint or "v"
        return var.hint or "v"

    def position(self, node: Node) -> Var:
        """The place of an iteration on the tape, as a Var of the forward loop's body: the loop's own index, if that starts
        close to 0, else the number of the iteration."""
        if node.position is None:
            stmt, body = node.stmt, node.regions[-1]
            if not isinstance(stmt, For) or counted(stmt):
                self.count(node)
            elif self._highest(node) is not None:
                node.position = stmt.index
            else:
                ends = (stmt.index, stmt.start) if stmt.step == const(1) else (stmt.start, stmt.index)
                node.position = Var("", stmt.index.type)
                op = Op((node.position,), "sub", ends)
                body.insert_at_head(op)
                self.define(body, op, (node.position,))
        assert node.position is not None
        return node.position

    def _highest(self, node: Node) -> Affine | None:
        """The highest value of the index, as a value of what is around the outermost loop, if it is fit to be a place on the
        tape."""
        stmt = node.stmt
        assert isinstance(stmt, For)
        ends = self.outward.range(stmt)
        if ends is None or not self.memory.nonnegative(stmt.index):
            return None
        outermost = node.regions[-1].loops()[0]
        self.outward.enter(outermost.source)
        low, high = (self.outward.bound(e, outermost.parent, side) for e, side in zip(ends, (-1, 1), strict=True))
        most = self.outward.bound(ends[1].plus(ends[0], -1), outermost.parent, 1)
        if low is None or high is None or most is None or low.terms or not 0 <= low.constant <= MARGIN:
            return None
        waste = high.plus(most, -1)  # of a narrow band of indices, the number of the iteration is the better place
        return high if not waste.terms and waste.constant <= MARGIN else None

    def count(self, node: Node) -> Var:
        """The number of iterations that the forward loop made, counted as it runs."""
        if node.count is None:
            body = node.regions[-1]
            node.position = Var("n", const(0).type)
            after = Var("n", const(0).type)
            self.define(body, None, (node.position,))
            op = Op((after,), "add", (node.position, const(1)))
            body.insert_at_head(op)
            self.define(body, op, (after,))
            node.count = node.carry(node.position, const(0), after)
            self.define(node.parent, node, (node.count,))
        return node.count

    def _trips(self, node: Node) -> Atom | None:
        """How many places the tape has for the loop, as a value known before the outermost loop; None if it cannot be."""
        stmt = node.stmt
        if not isinstance(stmt, For) or stmt.exits:
            return None
        b = Builder()
        outermost = node.regions[-1].loops()[0]
        ends = [self.outward.exact(end, outermost.parent, b) for end in (stmt.start, stmt.stop, stmt.step)]
        start, stop, step = ends
        highest = None if counted(stmt) else self._highest(node)
        if highest is not None and stop is not None and step == const(1):
            size = stop if self._is_size(stop) else b.op("maximum", stop, const(0))
        elif highest is not None:
            size = self.outward.size(b, highest.plus(Affine(1)))
        elif start is not None and stop is not None and step is not None:
            size = b.op("trips", start, stop, step)
        else:
            found = self.outward.range(stmt)
            most = found and self.outward.bound(found[1].plus(found[0], -1), outermost.parent, 1)
            if most is None:
                return None
            size = self.outward.size(b, most.plus(Affine(1)))
        self.outward.insert(b, outermost)
        return size

    def _outside(self, size: Affine, outermost: Node) -> Atom | None:
        """The size of an axis as a value of the region around the outermost loop."""
        found = self.outward.bound(size, outermost.parent, 0)
        if found is None:
            return None
        b = Builder()
        n = self.outward.size(b, found)
        self.outward.insert(b, outermost)
        return n

    def _is_size(self, operand: Atom) -> bool:
        """Whether the number is never negative, whatever the arguments are."""
        if isinstance(operand, Const):
            return bool(operand.value >= 0)
        op = self._op(operand)
        return op is not None and op.name in ("dim", "trips", "broadcast_dim", "spans", "length")


def counted(loop: Loop) -> bool:
    """Whether the number of iterations is found only by counting them; else the reverse loop runs its range backwards."""
    return not isinstance(loop, For) or loop.exits or loop.step not in (const(1), const(-1))


def prologue_op(prologue: Builder, name: str, var: Var, *args: Atom) -> Var:
    """Like `Builder.op`, but the result has the kept Var's own type and name."""
    value = var.like()
    prologue.add(Op((value,), name, args))
    return value

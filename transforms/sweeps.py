"""The two sweeps of an adjoint: statements forward, then their adjoints backward.

A scalar's adjoint is a value that grows by `add` as the reverse sweep meets the scalar's uses. An array's adjoint is an array,
its *shadow*, made where the array is made and named wherever the array is named: a view's shadow is the same view of the shadow,
a loop that swaps two arrays swaps their shadows. So adjoints alias exactly as the arrays do, and a store through one name is
undone through every name.

What the reverse sweep reads of the forward sweep it simply names here; `transforms.tape` then makes it available.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from srcad.ir import (
    BOOL,
    Array,
    Atom,
    Block,
    Builder,
    Const,
    For,
    If,
    Loop,
    Op,
    Operand,
    Scalar,
    Trace,
    Var,
    While,
    const,
    is_float,
)
from srcad.transforms import custom, recompute
from srcad.transforms.activity import Activity
from srcad.transforms.alias import holds_arrays, is_memory, next_values
from srcad.transforms.bars import TRUE, Bars, either, merge, zero
from srcad.transforms.checkpoints import NONE, Nests
from srcad.transforms.forward_sweep import ForwardSweep
from srcad.transforms.loop_bars import LoopBars
from srcad.transforms.memory import Memory
from srcad.transforms.partly import is_tame, partly_used
from srcad.transforms.regions import Region
from srcad.transforms.rules import in_dtype, is_constant, pullback
from srcad.transforms.shadows import as_var, bar_name
from srcad.transforms.tape import counted


class Sweeps(ForwardSweep):
    """Derives both sweeps of one function."""

    def __init__(
        self,
        trace: Trace,
        active: Activity,
        memory: Memory,
        callees: Mapping[str, tuple[Trace, Trace]],
        nests: Nests = NONE,
    ) -> None:
        super().__init__(trace, active, memory, callees, nests)
        #: Values that the tape of an inner derivative holds, also those of paths not taken. Their adjoints, masked by
        #: themselves, have no effect when they are zero, whatever they are multiplied by.
        self.taped: set[Var] = set()
        #: Of values that only some paths use, whether this one has: a name among the bars, bound to a bool.
        scalars, self.marked = partly_used(trace, active, memory, self.tape.outward.shapes)
        self.used = {v: Var("used", BOOL) for v in scalars}

    def add(self, b: Builder, bars: Bars, to: Operand, contribution: Atom, used: Atom = TRUE) -> None:
        """Add to the adjoint of a scalar, what comes from a value that is `used`."""
        if not isinstance(to, Var) or to not in self.active:
            return
        if (name := self.used.get(to)) is not None:
            bars[name] = either(b, bars.get(name), used)
        assert isinstance(to.type, Scalar)
        weak = isinstance(contribution, Const) and contribution.weak
        if not weak:
            contribution = in_dtype(b, contribution, to.type.dtype)
        hint = f"{to.hint}_bar" if to.hint else ""
        if to in bars:
            bars[to] = b.op("add", bars[to], contribution, hint=hint)
        else:
            bars[to] = contribution

    def take(self, bars: Bars, var: Var) -> tuple[Atom | None, Atom]:
        """The adjoint of a scalar that is complete, and whether the value is used."""
        name = self.used.get(var)
        used = TRUE if var in bars else const(False)
        return bars.pop(var, None), used if name is None else bars.pop(name, used)

    def contribute(self, b: Builder, bars: Bars, to: Operand, contribution: Atom | None, used: Atom = TRUE) -> None:
        """Add to the adjoint of a scalar or an array."""
        if contribution is None or to not in self.active:
            return
        if is_memory(to):
            if not self.adopt(b, to, contribution):
                self.write(b, "accumulate", to, (), contribution, used)
        else:
            self.add(b, bars, to, contribution, used)

    def write(
        self, b: Builder, how: str, array: Operand, index: Sequence[Atom], contribution: Atom, used: Atom = TRUE
    ) -> None:
        """Add to a cell of a shadow, or to all of it, and mark what has been used."""
        marks = self.marks.get(array)
        path = b if marks is None or used == TRUE else Builder(span=b.span)
        path.effect(how, self.shadow(array), *index, contribution)
        if marks is not None:
            path.effect("assign" if how == "accumulate" else "store", marks, *index, TRUE)
        if path is not b:
            b.add(If((), used, path.block(), Block(()), b.span))

    def mark(self, b: Builder, array: Operand, index: Sequence[Atom], value: Operand) -> Atom:
        """Whether the cell in which the value has been stored was used; it is asked where the value depends on that."""
        if (marks := self.marks.get(array)) is None or value not in self.used:
            return TRUE
        return b.op("load", marks, *index, hint=marks.hint)

    def reverse(self, block: Block, region: Region, b: Builder, bars: Bars) -> None:
        for stmt in reversed(block.stmts):
            match stmt:
                case Op():
                    b.span = stmt.span
                    self.reverse_op(self.seen_as.get(stmt, stmt), stmt, b, bars)
                case If():
                    self.reverse_if(stmt, b, bars)
                case For() if stmt in self.nests:
                    recompute.reverse(self, self.nests[stmt], region, b, bars)
                case For() | While():
                    self.reverse_loop(stmt, b, bars)

    def reverse_op(self, op: Op, original: Op, b: Builder, bars: Bars) -> None:
        """`original` has the operands that take the contributions; `op` those to read."""
        args = original.args
        match op.name:
            case "call" if self.is_active_call(original):
                self.reverse_call(original, b, bars)
            case "ruled":
                self.reverse_ruled(op, original, b, bars)
            case "load":
                y_bar, used = self.take(bars, op.result)
                if y_bar is not None:
                    add = "atomic_add" if self.aliased(args[0]) in self.concurrent else "update"
                    self.write(b, add, args[0], args[1:], y_bar, used)
            case "store" | "update" | "atomic_add" if self.has_shadow(args[0]):
                cell = (self.shadow(args[0]), *args[1:-1])
                if args[-1] in self.active:
                    used = self.mark(b, args[0], args[1:-1], args[-1])
                    self.add(b, bars, args[-1], b.op("load", *cell, hint=bar_name(args[-1])), used)
                    self.note_taped(args[0], args[-1])
                if op.name == "store" and not self.memory.written_once(original):
                    b.effect("store", *cell, zero(Scalar(_dtype(args[0]))))
                    if args[0] in self.marks:
                        b.effect("store", self.marks[args[0]], *args[1:-1], const(False))
            case "assign" | "accumulate" if self.has_shadow(args[0]):
                self.reverse_assign(original, b, bars)
            case "barrier":
                b.effect("barrier")
            case "copy" if self.has_shadow(op.result):
                if not self.hand_over(b, op.result, args[0]):
                    self.contribute(b, bars, args[0], self.shadow(op.result))
            case "expand" if self.has_shadow(op.result):
                self.contribute(b, bars, args[0], b.op("reduce_like", self.shadow(op.result), args[0]))
            case "reduce_like" if self.has_shadow(op.result):
                array = args[0]
                dims = [b.op("dim", array, axis=k) for k in range(array.type.ndim)]  # type: ignore[union-attr]
                self.contribute(b, bars, array, b.op("expand", self.shadow(op.result), *dims))
            case "array" if self.has_shadow(op.result):
                shape = op.attr("shape")
                for k, element in enumerate(args):
                    if element in self.active:
                        index = [const(n) for n in unravel(k, shape)]
                        used = self.mark(b, op.result, index, element)
                        bar = b.op("load", self.shadow(op.result), *index, hint=bar_name(element))
                        self.add(b, bars, element, bar, used)
            case "append" if self.has_shadow(args[0]) and not holds_arrays(as_var(args[0])):
                popped = b.op("pop", self.shadow(args[0]), hint=bar_name(args[1]))
                self.add(b, bars, args[1], popped)
                self.note_taped(args[0], args[1])
            case "pop" if self.has_shadow(args[0]) and not holds_arrays(as_var(args[0])):
                y_bar, _ = self.take(bars, op.result)
                b.effect("append", self.shadow(args[0]), zero(op.result.type) if y_bar is None else y_bar)
            case _ if op.results and not is_constant(op.name) and op.name not in SILENT:
                self.reverse_function(op, original, b, bars)

    def note_taped(self, memory: Operand, value: Operand) -> None:
        made = self.memory.definition.get(memory) if isinstance(memory, Var) else None
        if made is not None and made.attr("tape") and isinstance(value, Var):
            self.taped.add(value)

    def reverse_assign(self, op: Op, b: Builder, bars: Bars) -> None:
        """a[...] = value and a[...] += value, which buffer their value first."""
        array, value = op.args
        shadow = self.shadow(array)
        if value in self.active:
            seed = b.op("copy", shadow) if is_memory(value) else b.op("sum", shadow, axis=None, keepdims=False)
            if op.name == "assign":
                self.forget(b, array)
            if is_memory(value):
                seed = b.op("reduce_like", seed, value)
            self.contribute(b, bars, value, seed)
        elif op.name == "assign":
            self.forget(b, array)

    def forget(self, b: Builder, array: Operand) -> None:
        """The shadow of what has been overwritten."""
        b.effect("assign", self.shadow(array), zero(Scalar(_dtype(array))))
        if array in self.marks:
            b.effect("assign", self.marks[array], const(False))

    def reverse_function(self, op: Op, original: Op, b: Builder, bars: Bars) -> None:
        """An op with a rule in the book."""
        y_bars: list[Atom | None] = []
        used: Atom = TRUE
        for result in original.results:
            if is_memory(result):
                y_bar: Atom | None = self.shadow(result) if self.has_shadow(result) else None
            else:
                y_bar, used = self.take(bars, result)
            if result in self.taped and y_bar is not None:
                y_bar = b.op("where", b.op("ne", y_bar, const(0)), y_bar, const(0.0))
            y_bars.append(y_bar)
        if not any(arg in self.active for arg in original.args) or all(y_bar is None for y_bar in y_bars):
            return
        if used == TRUE or is_tame(op):
            self.pull_back(op, original, y_bars, b, bars, used)
        else:
            path, local = Builder(span=b.span), Bars(bars)
            self.pull_back(op, original, y_bars, path, local)
            merge(b, bars, used, ((path, local), (Builder(), Bars(bars))), op.span)

    def pull_back(
        self, op: Op, original: Op, y_bars: Sequence[Atom | None], b: Builder, bars: Bars, used: Atom = TRUE
    ) -> None:
        wanted = [arg in self.active for arg in original.args]
        contributions = pullback(b, op, y_bars, wanted)
        for k, (to, contribution) in enumerate(zip(original.args, contributions, strict=True)):
            if contribution in contributions[:k] or contribution in contributions[k + 1 :]:
                self.unused.discard(to)  # one buffer cannot be the shadow of two arrays
            path = used
            if op.name == "where" and to in self.used:
                chosen = op.args[0] if k == 1 else b.op("not", op.args[0])
                path = chosen if used == TRUE else b.op("and", used, chosen)
            self.contribute(b, bars, to, contribution, path)

    def reverse_if(self, stmt: If, b: Builder, bars: Bars) -> None:
        node = self.nodes[stmt]
        seeds = [self.take(bars, result) for result in stmt.results]
        paths: list[tuple[Builder, Bars]] = []
        for block, region in zip((stmt.then, stmt.orelse), node.regions, strict=True):
            inner, local = Builder(), Bars(bars)
            for y, (seed, used) in zip(block.yields, seeds, strict=True):
                if seed is not None:
                    self.add(inner, local, y, seed, used)
            self.reverse(block, region, inner, local)
            paths.append((inner, local))

        def resolve(k: int, block: Block) -> Block:
            return self.tape.resolve(node.regions[k], block, {}, Builder())

        merge(b, bars, stmt.cond, paths, stmt.span, resolve)

    def reverse_loop(self, stmt: Loop, b: Builder, bars: Bars) -> None:
        node = self.nodes[stmt]
        body = node.regions[-1]
        results = dict(zip(stmt.params, stmt.results, strict=True))
        nexts = dict(zip(stmt.params, next_values(stmt), strict=True))
        firsts = dict(zip(stmt.params, stmt.inits, strict=True))
        through = LoopBars(self, stmt, bars)
        self.reverse(stmt.body, body, through.inner, through.bars)
        yields = through.yields()
        params, inits = list(through.params), list(through.inits)
        arrays, anew = self.handed_back.get(stmt, ([], False))
        if not through.inner.stmts and not through.carried and not anew:
            return

        index = Var(stmt.index.hint if isinstance(stmt, For) else "i", const(0).type)
        known: dict[Var, Atom] = {}
        for v in arrays:
            back = self.shadows[v].like()
            known[self.shadow(nexts[v])] = back
            params.append(back)
            inits.append(self.shadow(results[v]))
            yields.append(self.shadows[v])
        head = Builder()
        count = self.tape.count(node) if counted(stmt) else None
        if count is not None:
            bounds: tuple[Atom, Atom, Atom] = (b.op("sub", count, const(1)), const(-1), const(-1))
            assert node.position is not None
            known[node.position] = index
            if isinstance(stmt, For):
                known[stmt.index] = head.op("add", stmt.start, head.op("mul", index, stmt.step), hint=stmt.index.hint)
        else:
            assert isinstance(stmt, For)
            index = stmt.index.like()
            known[stmt.index] = index
            one = stmt.step
            step = const(-1) if one == const(1) else const(1)
            bounds = (b.op("sub", stmt.stop, one), b.op("sub", stmt.start, one), step)
        block = self.tape.resolve(body, through.inner.block(*yields), known, head)
        mirror = None if count is not None else node.stmt.mirror  # type: ignore[union-attr]
        finals = tuple(p.like() for p in params)
        b.add(For(finals, index, *bounds, tuple(params), tuple(inits), block, False, stmt.span, mirror))
        through.leave(b, bars, finals, None if isinstance(stmt, For) else count)
        if anew:
            for v, final in zip(arrays, finals[len(through.params) :], strict=True):
                self.contribute(b, bars, firsts[v], final)

    def reverse_call(self, op: Op, b: Builder, bars: Bars) -> None:
        _, reverse = self.callees[op.attr("callee")]
        shadows = [self.shadow(v) for v in op.args if is_memory(v) and is_float(v.type)]
        seeds = [bars.pop(r, zero(r.type)) for r in op.results if not is_memory(r) and is_float(r.type)]
        takers = [v for v in op.args if not is_memory(v) and is_float(v.type)]
        results = tuple(Var(bar_name(v), v.type) for v in takers)
        attrs = (("callee", reverse.name), ("results", tuple(r.type for r in results)))
        b.add(Op(results, "call", (*op.args, *shadows, *seeds), attrs, op.span))
        for to, contribution in zip(takers, results, strict=True):
            self.add(b, bars, to, contribution)

    def reverse_ruled(self, op: Op, original: Op, b: Builder, bars: Bars) -> None:
        def y_bar(result: Var) -> Atom:
            if not is_memory(result):
                return bars.pop(result, zero(result.type))
            return self.shadow(result) if self.has_shadow(result) else self.zeros_like(b, result, bar_name(result))

        y_bars = [y_bar(result) for result in op.results if is_float(result.type)]
        for to, contribution in zip(original.args, custom.pull_back(b, op, y_bars), strict=False):
            if contribution is not None:
                self.contribute(b, bars, to, contribution)


#: Ops with nothing to do in the reverse sweep: memory itself, and effects on the outside.
SILENT = frozenset({"alloc", "view", "transpose", "reshape", "list", "raise", "print", "comment", "stop_gradient", "call"}) | {
    "load", "store", "update", "atomic_add", "assign", "accumulate", "copy", "expand", "reduce_like", "array", "append", "pop",
}  # fmt: skip


def unravel(k: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    index = []
    for n in reversed(shape):
        k, i = divmod(k, n)
        index.append(i)
    return tuple(reversed(index))


def _dtype(operand: Operand) -> str:
    assert isinstance(operand.type, Array)
    return operand.type.dtype

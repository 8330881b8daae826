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
    Array,
    Atom,
    Block,
    Builder,
    Const,
    For,
    If,
    ListOf,
    Loop,
    Op,
    Operand,
    Scalar,
    Trace,
    Undef,
    Var,
    While,
    const,
    free,
    is_float,
    replace,
)
from srcad.ops import MATRICES
from srcad.transforms import custom
from srcad.transforms.activity import Activity
from srcad.transforms.alias import REFERENCES, holds_arrays, is_memory, next_values
from srcad.transforms.memory import Memory
from srcad.transforms.regions import Node, Region, open_node
from srcad.transforms.rules import in_dtype, is_constant, pullback
from srcad.transforms.shadows import Shadows, as_var, bar_name
from srcad.transforms.tape import counted

Bars = dict[Var, Atom]

#: Whole-array functions whose rules read the contents of their operands or result, which must then still be there.
READS_CONTENTS = frozenset(
    "dot solve inv det cofactors cofactors_along max min prod eigh svd qr pinv inverse_gaps cholesky".split()
) | set(MATRICES)


class Sweeps(Shadows):
    """Derives the sweeps of one function. `callees` gives the two functions that a recursive call turns into."""

    def __init__(
        self, trace: Trace, active: Activity, memory: Memory, callees: Mapping[str, tuple[Trace, Trace]]
    ) -> None:
        super().__init__(trace, active, memory)
        self.callees = callees
        #: Ops as the reverse sweep should see them: with copies of operands that are overwritten later.
        self.seen_as: dict[Op, Op] = {}
        self.nodes: dict[If | Loop, Node] = {}
        #: Values that the tape of an inner derivative holds, also those of paths not taken. Their adjoints, masked by
        #: themselves, have no effect when they are zero, whatever they are multiplied by.
        self.taped: set[Var] = set()
        #: Loops whose reverse carries shadows backwards: the arrays, and whether they are new in each iteration (else swapped).
        self.handed_back: dict[Loop, tuple[list[Var], bool]] = {}

    # --- the forward sweep ----------------------------------------------------------------------------------------------

    def forward(self, block: Block, region: Region) -> None:
        for stmt in block.stmts:
            match stmt:
                case Op():
                    self.forward_op(stmt, region)
                case If():
                    self.forward_if(stmt, region)
                case For() | While():
                    self.forward_loop(stmt, region)

    def forward_op(self, op: Op, region: Region) -> None:
        if op.name == "comment":
            return
        if self.is_active_call(op):
            self.forward_call(op, region)
            return
        if op.attr("passing"):
            self.emit(region, custom.passed(op))
            return
        if op.name == "ruled":
            self.forward_ruled(op, region)
            return
        if op.name in READS_CONTENTS and any(r in self.active for r in op.results):
            op = self.with_lasting_operands(op, region)
        else:
            self.emit(region, op)
        for result in op.results:
            if not self.has_shadow(result) or result in self.shadows:
                continue
            if op.name in REFERENCES:
                base, *rest = op.args
                self.shadows[result] = shadow = result.like(bar_name(result))
                view = replace(op, results=(shadow,), args=(self.shadow(base), *rest))
                if self.shadow(base) in self.backward_only:
                    self.backward_only.add(shadow)
                    self.tape.define(region, view, (shadow,))
                else:
                    self.emit(region, view)
            elif op.name == "list":
                assert isinstance(result.type, ListOf)
                self.shadows[result] = shadow = Var(bar_name(result), result.type, result.span)
                self.emit(region, replace(op, results=(shadow,), attrs=(("item", result.type.item),)))
            elif op.name == "pop":
                stack = self.shadow(op.args[0])
                self.shadows[result] = shadow = Var(bar_name(result), stack.type.item, result.span)  # type: ignore[union-attr]
                self.emit(region, replace(op, results=(shadow,), args=(stack,)))
            else:
                self.make_zeros(result, region)
        if op.name == "append" and self.has_shadow(op.args[0]) and holds_arrays(as_var(op.args[0])):
            value = self.shadow_of(op.args[1], region)
            assert isinstance(value, Var)
            self.emit(region, replace(op, args=(self.shadow(op.args[0]), value)))

    def is_active_call(self, op: Op) -> bool:
        return op.name == "call" and any(v in self.active for v in (*op.args, *op.results))

    def forward_call(self, op: Op, region: Region) -> None:
        """A recursive call becomes a call of its forward sweep, with the shadows of the memory it is given."""
        forward, _ = self.callees[op.attr("callee")]
        shadows = []
        for arg in op.args:
            if is_memory(arg) and is_float(arg.type):
                if arg not in self.active:
                    self.make_zeros(as_var(arg), region)
                shadows.append(self.shadow(arg))
        made = [r.like(bar_name(r)) for r in op.results if is_memory(r) and is_float(r.type)]
        self.shadows.update(zip((r for r in op.results if is_memory(r) and is_float(r.type)), made, strict=True))
        results = (*op.results, *made)
        attrs = (("callee", forward.name), ("results", tuple(r.type for r in results)))
        self.emit(region, replace(op, results=results, args=(*op.args, *shadows), attrs=attrs))

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

    def forward_ruled(self, op: Op, region: Region) -> None:
        """Results of a function with a rule of its own, which has been run: they get shadows."""
        read = set(custom.read(op))
        self.seen_as[op] = replace(op, args=self.lasting(op, [a if a in read else None for a in op.args], region))
        for stmt in custom.results(op):
            self.emit(region, stmt)
        for result in filter(self.has_shadow, op.results):
            self.make_zeros(result, region)

    def reverse_ruled(self, op: Op, original: Op, b: Builder, bars: Bars) -> None:
        def y_bar(result: Var) -> Atom:
            if not is_memory(result):
                return bars.pop(result, zero(result.type))
            return self.shadow(result) if self.has_shadow(result) else self.zeros_like(b, result, bar_name(result))

        y_bars = [y_bar(result) for result in op.results if is_float(result.type)]
        for to, contribution in zip(original.args, custom.pull_back(b, op, y_bars), strict=False):
            if contribution is not None:
                self.contribute(b, bars, to, contribution)

    def with_lasting_operands(self, op: Op, region: Region) -> Op:
        """The op with copies of the arrays whose contents its rule will read when they are overwritten by then."""
        kept = replace(op, args=self.lasting(op, op.args, region))
        self.emit(region, kept)
        results = list(kept.results)
        for k, result in enumerate(kept.results):
            if is_memory(result) and not self.memory.intact(op, result):
                results[k] = Var(result.hint, Array(result.type.dtype, result.type.ndim), result.span)  # type: ignore[union-attr]
                self.emit(region, Op((results[k],), "copy", (result,), (), op.span))
        self.seen_as[op] = replace(kept, results=tuple(results))
        return kept

    def lasting(self, op: Op, wanted: Sequence[Atom | None], region: Region) -> tuple[Atom, ...]:
        """The op's operands; of those wanted, copies of the arrays that are overwritten later."""
        args = list(op.args)
        for k, arg in enumerate(wanted):
            if arg is not None and is_memory(arg) and not self.memory.intact(op, arg):
                args[k] = Var(arg.hint, Array(arg.type.dtype, arg.type.ndim))  # type: ignore[union-attr]
                self.emit(region, Op((args[k],), "copy", (arg,), (), op.span))  # type: ignore[arg-type]
        return tuple(args)

    def forward_if(self, stmt: If, region: Region) -> None:
        node = self.nodes[stmt] = open_node(stmt, region)
        for block, inner in zip((stmt.then, stmt.orelse), node.regions, strict=True):
            self.forward(block, inner)
        self.tape.define(region, node, stmt.results)
        for k, result in enumerate(stmt.results):
            if self.has_shadow(result):
                values = [self.shadow_of(r.yields[k], r) for r in node.regions]
                self.shadows[result] = shadow = node.merge(bar_name(result), as_var(result).type, *values)
                self.tape.define(region, node, (shadow,))

    def forward_loop(self, stmt: Loop, region: Region) -> None:
        arrays = [p for p in stmt.params if self.has_shadow(p)]
        anew = bool(arrays) and self.memory.rebinds_fresh_arrays(stmt, arrays)
        inits: dict[Var, Operand] = {}
        if not anew:
            firsts = dict(zip(stmt.params, stmt.inits, strict=True))
            inits = {p: self.shadow_of(firsts[p], region) for p in arrays}
        node = self.nodes[stmt] = open_node(stmt, region)
        body = node.regions[-1]
        self.tape.define(body, None, stmt.params)
        if isinstance(stmt, For):
            self.tape.define(body, None, (stmt.index,))
        if isinstance(stmt, While):
            node.regions[0].items = list(stmt.cond.stmts)
        nexts = dict(zip(stmt.params, next_values(stmt), strict=True))
        handed_on = [nexts[p] for p in arrays]
        for var in (*arrays, *handed_on) if anew else arrays:
            if anew and var not in handed_on:
                self.define_first(node, as_var(var))
                self.make_zeros(as_var(var), body, local=True)
            else:
                self.shadows[as_var(var)] = shadow = as_var(var).like(bar_name(var))
                self.tape.define(body, None, (shadow,))
                if anew:
                    self.backward_only.add(shadow)
        self.forward(stmt.body, body)
        self.tape.define(region, node, stmt.results)
        for param, result in zip(stmt.params, stmt.results, strict=True):
            if param in inits:
                shadow = node.carry(self.shadows[param], inits[param], self.shadow_of(nexts[param], body))
                self.shadows[result] = shadow
                self.tape.define(region, node, (shadow,))
            elif param in arrays:
                self.make_zeros(result, region)
        if anew or (arrays and set(handed_on) == set(arrays)):
            self.handed_back[stmt] = arrays, anew

    def define_first(self, node: Node, param: Var) -> None:
        """Let an array that the first trip finds unassigned be an empty one: its shadow asks for its size."""
        assert isinstance(node.stmt, For | While) and isinstance(param.type, Array)
        k = node.stmt.params.index(param)
        if isinstance(node.stmt.inits[k], Undef):
            b = Builder()
            empty = b.op("alloc", *[const(0)] * param.type.ndim, hint=param.hint, fill="empty", dtype=param.type.dtype)
            if param.type.layout == "F":
                empty = b.op("transpose", empty, hint=param.hint, axes=tuple(reversed(range(param.type.ndim))))
            self.tape.outward.insert(b, node)
            node.stmt = replace(node.stmt, inits=(*node.stmt.inits[:k], empty, *node.stmt.inits[k + 1 :]))

    # --- the reverse sweep ----------------------------------------------------------------------------------------------

    def add(self, b: Builder, bars: Bars, to: Operand, contribution: Atom) -> None:
        """Add to the adjoint of a scalar."""
        if not isinstance(to, Var) or to not in self.active:
            return
        assert isinstance(to.type, Scalar)
        weak = isinstance(contribution, Const) and contribution.weak
        if not weak:
            contribution = in_dtype(b, contribution, to.type.dtype)
        hint = f"{to.hint}_bar" if to.hint else ""
        if to in bars:
            bars[to] = b.op("add", bars[to], contribution, hint=hint)
        else:
            bars[to] = contribution

    def contribute(self, b: Builder, bars: Bars, to: Operand, contribution: Atom | None) -> None:
        """Add to the adjoint of a scalar or an array."""
        if contribution is None or to not in self.active:
            return
        if is_memory(to):
            if not self.adopt(b, to, contribution):
                b.effect("accumulate", self.shadow(to), contribution)
        else:
            self.add(b, bars, to, contribution)

    def reverse(self, block: Block, region: Region, b: Builder, bars: Bars) -> None:
        for stmt in reversed(block.stmts):
            match stmt:
                case Op():
                    b.span = stmt.span
                    self.reverse_op(self.seen_as.get(stmt, stmt), stmt, b, bars)
                case If():
                    self.reverse_if(stmt, b, bars)
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
                y_bar = bars.pop(op.result, None)
                if y_bar is not None:
                    b.effect("update", self.shadow(args[0]), *args[1:], y_bar)
            case "store" | "update" if self.has_shadow(args[0]):
                cell = (self.shadow(args[0]), *args[1:-1])
                if args[-1] in self.active:
                    self.add(b, bars, args[-1], b.op("load", *cell, hint=bar_name(args[-1])))
                    self.note_taped(args[0], args[-1])
                if op.name == "store" and not self.memory.written_once(original):
                    b.effect("store", *cell, zero(Scalar(_dtype(args[0]))))
            case "assign" | "accumulate" if self.has_shadow(args[0]):
                self.reverse_assign(original, b, bars)
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
                        index = map(const, unravel(k, shape))
                        self.add(b, bars, element, b.op("load", self.shadow(op.result), *index, hint=bar_name(element)))
            case "append" if self.has_shadow(args[0]) and not holds_arrays(as_var(args[0])):
                popped = b.op("pop", self.shadow(args[0]), hint=bar_name(args[1]))
                self.add(b, bars, args[1], popped)
                self.note_taped(args[0], args[1])
            case "pop" if self.has_shadow(args[0]) and not holds_arrays(as_var(args[0])):
                y_bar = bars.pop(op.result, None)
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
                b.effect("assign", shadow, zero(Scalar(_dtype(array))))
            if is_memory(value):
                seed = b.op("reduce_like", seed, value)
            self.contribute(b, bars, value, seed)
        elif op.name == "assign":
            b.effect("assign", shadow, zero(Scalar(_dtype(array))))

    def reverse_function(self, op: Op, original: Op, b: Builder, bars: Bars) -> None:
        """An op with a rule in the book."""
        y_bars: list[Atom | None] = []
        for result in original.results:
            shadow: Atom | None = self.shadow(result) if self.has_shadow(result) else None
            y_bar = shadow if is_memory(result) else bars.pop(result, None)
            if result in self.taped and y_bar is not None:
                y_bar = b.op("where", b.op("ne", y_bar, const(0)), y_bar, const(0.0))
            y_bars.append(y_bar)
        wanted = [arg in self.active for arg in original.args]
        if not any(wanted) or all(y_bar is None for y_bar in y_bars):
            return
        contributions = pullback(b, op, y_bars, wanted)
        for k, (to, contribution) in enumerate(zip(original.args, contributions, strict=True)):
            if contribution in contributions[:k] or contribution in contributions[k + 1 :]:
                self.unused.discard(to)  # one buffer cannot be the shadow of two arrays
            self.contribute(b, bars, to, contribution)

    def reverse_if(self, stmt: If, b: Builder, bars: Bars) -> None:
        node = self.nodes[stmt]
        seeds = [bars.pop(result, None) for result in stmt.results]
        blocks: list[Builder] = []
        after: list[Bars] = []
        for block, region in zip((stmt.then, stmt.orelse), node.regions, strict=True):
            inner, local = Builder(), Bars(bars)
            for y, seed in zip(block.yields, seeds, strict=True):
                if seed is not None:
                    self.add(inner, local, y, seed)
            self.reverse(block, region, inner, local)
            blocks.append(inner)
            after.append(local)
        changed = [v for v in dict.fromkeys((*after[0], *after[1])) if any(bars.get(v) is not a.get(v) for a in after)]
        if not changed and not any(inner.stmts for inner in blocks):
            return
        results = tuple(Var(bar_name(v), v.type) for v in changed)
        bodies = [
            self.tape.resolve(region, inner.block(*(local.get(v, zero(v.type)) for v in changed)), {}, Builder())
            for region, inner, local in zip(node.regions, blocks, after, strict=True)
        ]
        b.add(If(results, stmt.cond, bodies[0], bodies[1], stmt.span))
        bars.update(zip(changed, results, strict=True))

    def reverse_loop(self, stmt: Loop, b: Builder, bars: Bars) -> None:
        node = self.nodes[stmt]
        body = node.regions[-1]
        outer = [v for v in free(stmt.body) if isinstance(v.type, Scalar) and v in self.active and v not in stmt.params]
        if isinstance(stmt, For):
            outer = [v for v in outer if v is not stmt.index]
        results = dict(zip(stmt.params, stmt.results, strict=True))
        # one that the body only assigns is active as the loop's result only, one not read after the loop as its parameter only
        scalars = [v for v in stmt.params if isinstance(v.type, Scalar)]
        carried = [v for v in scalars if v in self.active or results[v] in self.active]
        nexts = dict(zip(stmt.params, next_values(stmt), strict=True))
        firsts = dict(zip(stmt.params, stmt.inits, strict=True))

        inner = Builder()
        params = [Var(bar_name(v), v.type) for v in (*outer, *carried)]
        inits = [bars.get(v, zero(v.type)) for v in outer]
        inits += [bars.pop(results[v], zero(v.type)) for v in carried]
        local: Bars = dict(zip(outer, params, strict=False))
        for v, seed in zip(carried, params[len(outer) :], strict=True):
            self.add(inner, local, nexts[v], seed)
        self.reverse(stmt.body, body, inner, local)
        yields = [local.get(v, zero(v.type)) for v in (*outer, *carried)]
        arrays, anew = self.handed_back.get(stmt, ([], False))
        if not inner.stmts and not carried and not anew:
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
        if counted(stmt):
            count = self.tape.count(node)
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
        block = self.tape.resolve(body, inner.block(*yields), known, head)
        mirror = None if counted(stmt) else node.stmt.mirror  # type: ignore[union-attr]
        finals = tuple(p.like() for p in params)
        b.add(For(finals, index, *bounds, tuple(params), tuple(inits), block, False, stmt.span, mirror))
        bars.update(zip(outer, finals, strict=False))
        for v, final in zip((*carried, *arrays), finals[len(outer) :], strict=True):
            if v in carried or anew:
                self.contribute(b, bars, firsts[v], final)


#: Ops with nothing to do in the reverse sweep: memory itself, and effects on the outside.
SILENT = frozenset({"alloc", "view", "transpose", "reshape", "list", "raise", "print", "comment", "stop_gradient", "call"}) | {
    "load", "store", "update", "assign", "accumulate", "copy", "expand", "reduce_like", "array", "append", "pop",
}  # fmt: skip


def zero(type: object) -> Const:
    assert isinstance(type, Scalar)
    return Const(0.0, type)


def unravel(k: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    index = []
    for n in reversed(shape):
        k, i = divmod(k, n)
        index.append(i)
    return tuple(reversed(index))


def _dtype(operand: Operand) -> str:
    assert isinstance(operand.type, Array)
    return operand.type.dtype

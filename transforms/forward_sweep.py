"""The forward sweep: the trace as it is, with the shadows of its arrays beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from srcad.errors import UnsupportedError
from srcad.ir import (
    Array,
    Atom,
    Block,
    Builder,
    For,
    If,
    ListOf,
    Loop,
    Op,
    Operand,
    Trace,
    Undef,
    Var,
    While,
    is_float,
    replace,
)
from srcad.ops import MATRICES
from srcad.transforms import custom, recompute
from srcad.transforms.activity import Activity
from srcad.transforms.alias import REFERENCES, holds_arrays, is_memory, next_values
from srcad.transforms.checkpoints import NONE, Nests, empty_array
from srcad.transforms.memory import Memory
from srcad.transforms.regions import Node, Region, open_node
from srcad.transforms.shadows import Shadows, as_var, bar_name, mark_name

#: Whole-array functions whose rules read the contents of their operands or result, which must then still be there.
READS_CONTENTS = frozenset(
    "dot solve inv det cofactors cofactors_along max min prod eigh svd qr pinv inverse_gaps cholesky".split()
) | set(MATRICES)


class ForwardSweep(Shadows):
    """Derives the forward sweep of one function. `callees` gives the two functions that a recursive call turns into."""

    def __init__(
        self,
        trace: Trace,
        active: Activity,
        memory: Memory,
        callees: Mapping[str, tuple[Trace, Trace]],
        nests: Nests = NONE,
    ) -> None:
        super().__init__(trace, active, memory)
        self.callees = callees
        #: Ops as the reverse sweep should see them: with copies of operands that are overwritten later.
        self.seen_as: dict[Op, Op] = {}
        self.nodes: dict[If | Loop, Node] = {}
        self.nests = nests
        self.kept: dict[For, recompute.Kept] = {}
        #: Ops that are not run again where iterations are.
        self.silent: frozenset[Op] = frozenset()
        #: Memory that the reverse sweep writes.
        self.restored: set[Var] = set()
        #: Loops whose reverse carries shadows backwards: the arrays, and whether they are new in each iteration (else swapped).
        self.handed_back: dict[Loop, tuple[list[Var], bool]] = {}

    def forward(self, block: Block, region: Region) -> None:
        for stmt in block.stmts:
            match stmt:
                case Op():
                    self.forward_op(stmt, region)
                case If():
                    self.forward_if(stmt, region)
                case For() if stmt in self.nests:
                    recompute.forward(self, self.nests[stmt], region)
                case For() | While():
                    self.forward_loop(stmt, region)

    def forward_op(self, op: Op, region: Region) -> None:
        if op.name == "comment":
            return
        if op in self.silent:
            self.tape.define(region, op, ())
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
                if (marks := self.marks.get(base)) is not None:
                    assert isinstance(result.type, Array)
                    type = replace(result.type, dtype="bool")
                    self.marks[result] = same = Var(mark_name(result), type, result.span)
                    self.emit(region, replace(op, results=(same,), args=(marks, *rest)))
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

    def lasting_result(self, y: Operand, region: Region) -> Operand:
        """A result of the function; a copy, where the reverse sweep restores what the memory was."""
        if not is_memory(y) or self.memory.aliases.find(as_var(y)) not in self.restored:
            return y
        if isinstance(y.type, ListOf):
            reason = "a list of arrays is returned that a loop over srcad.checkpoint writes to"
            raise UnsupportedError(reason, self.trace.span, "return an array")
        copy = as_var(y).like()
        copy = replace(copy, type=Array(copy.type.dtype, copy.type.ndim))  # type: ignore[union-attr]
        self.emit(region, Op((copy,), "copy", (y,)))  # type: ignore[arg-type]
        return copy

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

    def forward_ruled(self, op: Op, region: Region) -> None:
        """Results of a function with a rule of its own, which has been run: they get shadows."""
        read = set(custom.read(op))
        self.seen_as[op] = replace(op, args=self.lasting(op, [a if a in read else None for a in op.args], region))
        for stmt in custom.results(op):
            self.emit(region, stmt)
        for result in filter(self.has_shadow, op.results):
            self.make_zeros(result, region)

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
            empty = empty_array(b, param)
            self.tape.outward.insert(b, node)
            node.stmt = replace(node.stmt, inits=(*node.stmt.inits[:k], empty, *node.stmt.inits[k + 1 :]))

"""Which values are written inside other expressions, and which get a statement of their own.

The trace has one op a value. A value that is read once is written where it is read, as long as the line stays readable and the
computation may wait until then: nothing in between writes the memory that it reads. Values that the user named keep their
statement, except in a sum that runs under one name.

Values that flow into a variable of the control flow (the result of an If, the param of a loop) have a statement at first, since
with luck the variable is theirs already. Those that turn out to need a copy are nested in it on a second round: they are `late`.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from srcad.hazards import Hazards, Roots, callee_of, is_pure
from srcad.ir import (
    INT,
    Block,
    Const,
    For,
    Op,
    Operand,
    Span,
    Static,
    Stmt,
    Trace,
    Tree,
    Type,
    Undef,
    Var,
    While,
    blocks_of,
    operands,
)
from srcad.ops import RESULTS
from srcad.spelling import call_of, constants, effect, expression, literal
from srcad.syntax import STORE, call, name, target, tuple_of
from srcad.unparse import expression_text

#: How long an expression may become by nesting, and a statement without a name before it.
WIDTH, EFFECT_WIDTH = 88, 100
#: Hints of elements of arrays, such as fusion makes: `u_i` is good where a name is needed, but `u[i]` is better.
_ELEMENT = re.compile(r"_[ijklm]+(_dot|_bar)*$")
#: Hints of results of Ifs that the user has no name for: "result" is what lowering calls what a function returns.
NAMELESS = ("", "result")


@dataclass
class Pending:
    """A value that waits to be nested: it is read once, later in the block. `slot` is where its own statement would stand."""

    slot: int
    var: Var
    expr: ast.expr
    reads: Roots
    span: Span | None


@dataclass
class Frame:
    """The block that is being written: its statements so far, in slots, and the values that wait."""

    slots: list[list[ast.stmt]] = field(default_factory=list)
    pending: dict[Var, Pending] = field(default_factory=dict)

    def put(self, *stmts: ast.stmt) -> None:
        self.slots.append(list(stmts))

    def settle(self, wanted: Callable[[Pending], bool] = lambda p: True) -> None:
        """Give the waiting values that are `wanted` their own statements after all."""
        for p in [p for p in self.pending.values() if wanted(p)]:
            del self.pending[p.var]
            self.slots[p.slot].append(at(ast.Assign([target(p.var)], p.expr), p.span))

    def stmts(self) -> list[ast.stmt]:
        assert not self.pending
        return [stmt for slot in self.slots for stmt in slot]


def at(stmt: ast.stmt, span: Span | None) -> ast.stmt:
    stmt.span = span  # type: ignore[attr-defined]
    return stmt


@dataclass(frozen=True)
class Scope:
    """What decides if a value may wait: the block as it was when reads were counted, and what it yields: `kept` are the values
    that flow into variables, `repeated` those that do more than once."""

    home: Block
    kept: frozenset[Operand]
    repeated: frozenset[Operand]


class Values:
    """Writes the values of one trace. `frame` is the block that is being written."""

    def __init__(self, trace: Trace, functions: tuple[Trace, ...], late: frozenset[Var], apart: bool) -> None:
        self.trace = trace
        self.functions = functions
        self.late = late
        self.hazards = Hazards(trace, apart)
        self.counts: Counter[Var] = Counter()
        self.home: dict[Var, Block] = {}
        #: The param that each loop result is the last value of.
        self.results: dict[Var, Var] = {}
        #: What loops start with; that, and all that blocks yield; the indices of loops, and of threads.
        self.carried: set[Operand] = set()
        self.flowing: set[Operand] = set()
        self.indices: set[Operand] = set()
        #: Names for values without a hint.
        self.hints: dict[Var, str] = {}
        #: Values that are written out wherever they are read.
        self.inlined: dict[Var, ast.expr] = {}
        #: Values with a statement of their own for the only reason that they flow into a variable.
        self.could_be_late: set[Var] = set()
        self.frame = Frame()
        self.count(trace.body)

    def count(self, block: Block) -> None:
        """Count the reads of every Var, and note in which block they are."""
        for stmt in block.stmts:
            for operand in operands(stmt):
                self.read(operand, block)
            if isinstance(stmt, For):
                self.indices.add(stmt.index)
            elif isinstance(stmt, Op) and self.is_place(stmt):
                self.indices.update(stmt.results)
            if isinstance(stmt, For | While):
                self.flowing.update(stmt.inits)
                self.carried.update(stmt.inits)
                self.results.update(zip(stmt.results, stmt.params, strict=True))
            for inner in blocks_of(stmt):
                self.count(inner)
        self.flowing.update(block.yields)
        for operand in block.yields:
            self.read(operand, block)

    def is_place(self, op: Op) -> bool:
        """Whether this says where a thread is in its launch: that is an index, too."""
        if op.name in ("thread", "grid2", "grid3", "strided"):
            return True
        return op.name in ("add", "mul") and all(arg in self.indices for arg in op.args)

    def read(self, operand: Operand, block: Block) -> None:
        if isinstance(operand, Var):
            self.counts[operand] += 1
            self.home[operand] = block

    # --- statements -----------------------------------------------------------------------------------

    def op(self, op: Op, scope: Scope) -> None:
        if op.name == "call":
            self.call(op, scope)
        elif not op.results or op.name in ("pop", "draw"):
            self.effect(op)
        elif len(op.results) > 1:
            self.several(op)
        else:
            self.define(op, scope)

    def define(self, op: Op, scope: Scope) -> None:
        """A pure op: a value for later, or a statement."""
        expr, reads = self.spell(op)
        reads |= self.hazards.reads(op)
        if self.is_short_everywhere(op):
            self.inlined[op.result] = expr
        elif self.can_wait(op.result, expr, scope):
            self.wait(op.result, expr, reads, op.span)
        else:
            if not op.result.hint and op.args:
                self.hints[op.result] = self.element_hint(op)
            self.frame.put(at(ast.Assign([target(op.result)], expr), op.span))

    def several(self, op: Op) -> None:
        """An op with several results, of which those that nobody reads have no name."""
        expr, _ = self.spell(op)
        self.hints |= {r: text for r, text in zip(op.results, RESULTS[op.name], strict=True) if not r.hint}
        read: list[ast.expr] = [target(r) if self.counts[r] else ast.Name("_", STORE) for r in op.results]
        pattern: ast.expr = ast.Tuple(read, STORE)
        if op.name == "eigh" and not self.counts[op.results[1]]:
            assert isinstance(expr, ast.Call)
            pattern, expr = read[0], call("np.linalg.eigvalsh", *expr.args)
        self.frame.put(at(ast.Assign([pattern], expr), op.span))

    def wait(self, var: Var, expr: ast.expr, reads: Roots, span: Span | None) -> None:
        self.frame.put()
        self.frame.pending[var] = Pending(len(self.frame.slots) - 1, var, expr, reads, span)

    def is_short_everywhere(self, op: Op) -> bool:
        """Whether the value is written at each use: the size of an array that keeps its name anyway, or `i - 1`."""
        if op.result.hint or op.result in self.flowing:
            return False
        if op.name == "dim":
            return op.args[0] in self.hazards.inputs
        if op.name not in ("add", "sub"):
            return False
        left, *right = op.args
        if not all(isinstance(a, Const) and a.value in (1, 2) for a in right):
            return False
        return op.result.type == INT and (left in self.indices or left in self.hazards.inputs or self.is_size(left))

    def is_size(self, operand: Operand) -> bool:
        op = self.hazards.definition.get(operand) if isinstance(operand, Var) else None
        return op is not None and op.name == "dim"

    def element_hint(self, op: Op) -> str:
        """`x_i` for a nameless `x[i]` that is read more than once, `x_prev` for `x[i - 1]`."""
        array, *index = op.args
        if op.name != "load" or not isinstance(array, Var) or not array.hint:
            return ""
        letters = [v.hint for v in index if isinstance(v, Var) and v in self.indices and len(v.hint) == 1]
        if len(letters) == len(index):
            return f"{array.hint}_{''.join(letters)}"
        match [self.hazards.definition.get(v) for v in index if isinstance(v, Var)]:
            case [Op(name="sub" | "add" as sign, args=(i, Const(value=1)))] if i in self.indices and len(index) == 1:
                return f"{array.hint}_{'prev' if sign == 'sub' else 'next'}"
        return ""

    def can_wait(self, var: Var, expr: ast.expr | None, scope: Scope) -> bool:
        if self.counts[var] != 1 or self.home[var] is not scope.home or var in scope.repeated:
            return False
        if var in self.late:
            return True
        if var in self.carried or var in scope.kept:
            self.could_be_late.add(var)
            return False
        if not var.hint or (expr is None and var.hint in NAMELESS):
            return True
        return not adds_to(var, expr) and (_ELEMENT.search(var.hint) is not None or self.continues(var))

    def continues(self, var: Var) -> bool:
        """Whether the value goes on under the same name, as a term of a sum or an element of an array."""
        reader = next((s for s in self.home[var].stmts if var in operands(s)), None)
        taker = reader.results or reader.args[:1] if isinstance(reader, Op) else ()
        return any(isinstance(v, Var) and v.hint == var.hint for v in taker)

    def call(self, op: Op, scope: Scope) -> None:
        function = callee_of(op, self.functions)
        self.fit(op.args)
        reads = self.hazards.reads(op).union(*(p.reads for p in self.waiting(op.args)))
        args = iter([self.value(a, v.type) for a, v in zip(op.args, function.inputs, strict=True)])

        def build(tree: object) -> ast.expr:
            if isinstance(tree, Tree):
                return tuple_of([build(item) for item in tree.items])
            value = ast.Constant(None) if isinstance(tree, Static) else next(args)
            assert value is not None
            return value

        def unpack(tree: object) -> ast.expr:
            if isinstance(tree, Tree):
                return ast.Tuple([unpack(item) for item in tree.items], STORE)
            return target(op.results[tree]) if isinstance(tree, int) else ast.Name("_", STORE)

        value = call_of(function, [build(p.tree) for p in function.params])
        if function.returns == 0 and is_pure(function, self.functions) and self.can_wait(op.result, value, scope):
            self.wait(op.result, value, reads, op.span)
            return
        self.before_writes(op)
        pattern = unpack(function.returns)
        self.frame.put(at(ast.Assign([pattern], value) if op.results else ast.Expr(value), op.span))

    def effect(self, op: Op) -> None:
        if op.results and self.counts[op.result]:
            stmt: ast.stmt = ast.Assign([target(op.result)], self.spell(op)[0])
        else:
            stmt = effect(op, [self.take(a) for a in op.args] if op.name in ("pop",) else self.arguments(op)[0])
        self.before_writes(op)
        self.frame.put(at(stmt, op.span))

    def before_writes(self, stmt: Stmt) -> None:
        """Values that read what the statement is about to write can wait no longer."""
        if writes := self.hazards.writes(stmt):
            self.frame.settle(lambda p: self.hazards.disturbs(writes, p.reads))

    def arguments(self, op: Op) -> tuple[list[ast.expr], Roots]:
        """The op's arguments as expressions, and the memory that they read."""
        types = constants(op)
        if op.args and not op.results:  # what is written into has a name, or is a view of what has one
            self.frame.settle(lambda p: p.var is op.args[0] and not isinstance(p.expr, ast.Subscript | ast.Attribute))
        self.fit(op.args, op.results[0].hint if op.results else None)
        reads = [p.reads for p in self.waiting(op.args)]
        args = [literal(a, t) if isinstance(a, Const) else self.take(a) for a, t in zip(op.args, types, strict=True)]
        return args, frozenset().union(*reads)

    def waiting(self, args: Sequence[Operand]) -> list[Pending]:
        return [self.frame.pending[a] for a in args if isinstance(a, Var) and a in self.frame.pending]

    def fit(self, args: Sequence[Operand], hint: str | None = "") -> None:
        """Give the widest of the arguments statements of their own, until the line of all of them is readable.

        A sum of many terms under one name (`hint`) is better continued by `x += ...` than filled with names for its terms. An
        effect has no name, and its line may be as long as that of `name = ...`.
        """
        while nested := self.waiting(args):
            widths = {p.var: self.width(p.expr) for p in nested}
            others = sum(
                self.width(self.name_or_literal(a)) for a in args if not isinstance(a, Undef) and a not in widths
            )
            if others + sum(widths.values()) + 2 * len(args) <= (EFFECT_WIDTH if hint is None else WIDTH):
                break
            widest = max(nested, key=lambda p: (bool(hint) and p.var.hint == hint, widths[p.var]))
            self.frame.settle(lambda p, widest=widest: p is widest)  # type: ignore[misc]

    def width(self, node: ast.expr) -> int:
        """How long the expression will be, names being guessed."""

        def guess(id: object) -> str:
            hint = getattr(id, "hint", "") or self.hints.get(id, "")  # type: ignore[call-overload]
            return hint or getattr(id, "name", "") or "v10"

        return len(expression_text(node, guess))

    def spell(self, op: Op) -> tuple[ast.expr, Roots]:
        args, reads = self.arguments(op)
        return expression(op, args), reads

    def name(self, var: Var) -> ast.expr:
        return self.inlined.get(var) or name(self.results.get(var, var))

    def take(self, operand: Operand) -> ast.expr:
        if isinstance(operand, Const):
            return literal(operand)
        assert isinstance(operand, Var)
        waiting = self.frame.pending.pop(operand, None)
        return waiting.expr if waiting else self.name(operand)

    def discard(self, operand: Operand) -> Roots:
        """Forget a waiting value, since it is written now; what it reads."""
        waiting = self.frame.pending.pop(operand, None) if isinstance(operand, Var) else None
        return waiting.reads if waiting else frozenset()

    def name_or_literal(self, operand: Operand) -> ast.expr:
        return literal(operand) if isinstance(operand, Const) else self.name(operand)  # type: ignore[arg-type]

    def value(self, operand: Operand, type: Type) -> ast.expr | None:
        """What flows into a variable of this type; None where nothing does."""
        if isinstance(operand, Undef):
            return None
        if isinstance(operand, Const):
            return literal(operand, type)
        return self.take(operand)


def adds_to(var: Var, expr: ast.expr | None) -> bool:
    """Whether `var = expr` will be written `var += ...`."""
    first = expr.left if isinstance(expr, ast.BinOp) else None
    return isinstance(first, ast.Name) and getattr(first.id, "hint", "") == var.hint

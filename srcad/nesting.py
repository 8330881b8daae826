"""From the trace to statements and expressions: what is nested, what gets a statement of its own.

The trace has one op a value. A value that is read once is written where it is read, as long as the line stays readable and the
computation may wait until then: nothing in between writes the memory that it reads. Values that the user named keep their
statement, except in a sum that runs under one name.

Names come later (`srcad.naming`): in these trees a name is a Var still. What flows along the edges of the control flow (into the
results of an If, the params of a loop) is a `Copies` statement, of which few are left when names are chosen well. Values that
need a copy anyway are nested in it on a second round: they are the `late` ones.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from srcad.ir import (
    BOOL,
    INT,
    Array,
    Block,
    Const,
    For,
    If,
    ListOf,
    Loop,
    Op,
    Operand,
    Scalar,
    Span,
    Static,
    Stmt,
    Trace,
    Tree,
    Undef,
    Var,
    While,
    blocks_of,
    leaves,
    operands,
    walk,
)
from srcad.naming import Copies, variables
from srcad.ops import ELEMENTWISE, FRESH, SHAPE_ONLY, WRITES
from srcad.spelling import (
    STORE,
    call_of,
    constants,
    effect,
    expression,
    literal,
    name,
    range_of,
    target,
    tuple_of,
)
from srcad.unparse import Comment, expression_text

#: How long an expression may become by nesting, and a conditional one.
WIDTH, CONDITIONAL = 88, 60
#: Hints of elements of arrays, such as fusion makes: `u_i` is good where a name is needed, but `u[i]` is better.
_ELEMENT = re.compile(r"_[ijklm]+(_dot|_bar)*$")
_ANYTHING = object()
Writes = frozenset[object]


# --- memory ---------------------------------------------------------------------------------------


class Memory:
    """Which reads a write may disturb: all of memory it may share. Fresh arrays share none with each other or with inputs."""

    def __init__(self, trace: Trace) -> None:
        self.inputs = set(trace.inputs)
        self.definition = {r: s for s in walk(trace.body) if isinstance(s, Op) for r in s.results}

    def root(self, operand: Operand) -> Operand:
        while isinstance(operand, Var):
            op = self.definition.get(operand)
            if op is None or op.name not in SHAPE_ONLY or op.name == "dim":
                break
            operand = op.args[0]
        return operand

    def fresh(self, root: object) -> bool:
        op = self.definition.get(root) if isinstance(root, Var) else None
        return op is not None and (op.name in FRESH or op.name in ("alloc", "list") or op.name in ELEMENTWISE)

    def reads(self, op: Op) -> Writes:
        """The roots of the memory whose contents the op reads."""
        if op.name in SHAPE_ONLY and op.name != "expand":
            return frozenset()
        return frozenset(self.root(a) for a in op.args if isinstance(a, Var) and isinstance(a.type, Array | ListOf))

    def writes(self, stmt: Stmt) -> Writes:
        """The roots of the memory that the statement writes, its blocks included."""
        found: set[object] = set()
        for inner in (stmt, *(s for b in blocks_of(stmt) for s in walk(b))):
            if isinstance(inner, Op) and inner.name in (*WRITES, "append", "pop"):
                found.add(self.root(inner.args[0]))
            elif isinstance(inner, Op) and inner.name == "call":
                found.add(_ANYTHING)
        return frozenset(found)

    def disturbs(self, writes: Writes, reads: Writes) -> bool:
        return any(self.overlap(w, r) for w in writes for r in reads)

    def overlap(self, a: object, b: object) -> bool:
        if a is b or a is _ANYTHING:
            return True
        known = [x in self.inputs or self.fresh(x) for x in (a, b)]
        return not (all(known) and (self.fresh(a) or self.fresh(b)))


# --- one block ------------------------------------------------------------------------------------


@dataclass
class Pending:
    """A value that waits to be nested: it is read once, later in the block. `slot` is where its own statement would stand."""

    slot: int
    var: Var
    expr: ast.expr
    reads: Writes
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
            self.slots[p.slot].append(_at(ast.Assign([target(p.var)], p.expr), p.span))

    def stmts(self) -> list[ast.stmt]:
        assert not self.pending
        return [stmt for slot in self.slots for stmt in slot]


def _at(stmt: ast.stmt, span: Span | None) -> ast.stmt:
    stmt.span = span  # type: ignore[attr-defined]
    return stmt


@dataclass
class Ending:
    """What becomes of a block's yields. `write` gives the statements for their expressions.

    The yields in `nested` may be expressions; the others are copied, and do best as variables of their own. A tail If whose
    results are yields can be `split`: both its branches then end like the block.
    """

    write: Callable[[list[ast.expr | None]], list[ast.stmt]]
    types: Sequence[Operand]
    nested: Callable[[int], bool]
    split: Callable[[If, tuple[Operand, ...]], bool] = lambda stmt, yields: False


class Scope:
    """What `Nester.can_wait` asks of a block: its identity when reads were counted, and the values that it yields."""

    def __init__(self, home: Block, yields: tuple[Operand, ...], ending: Ending) -> None:
        self.home = home
        self.kept = {y for k, y in enumerate(yields) if not ending.nested(k)}
        self.repeated = {y for y, times in Counter(y for y in yields if isinstance(y, Var)).items() if times > 1}


class Nester:
    """Writes one trace. After `function`, `results` maps each loop result to the param that it is the last value of."""

    def __init__(self, trace: Trace, functions: tuple[Trace, ...], late: frozenset[Var] = frozenset()) -> None:
        self.trace = trace
        self.functions = functions
        self.late = late
        self.memory = Memory(trace)
        self.counts: Counter[Var] = Counter()
        self.home: dict[Var, Block] = {}
        self.results: dict[Var, Var] = {}
        self.carried: set[Var] = set()
        self.flowing: set[Operand] = set()
        self.indices: set[Operand] = set()
        #: Names for values without a hint.
        self.hints: dict[Var, str] = {}
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
            if isinstance(stmt, For | While):
                self.flowing.update(stmt.inits)
                self.carried.update(v for v in stmt.inits if isinstance(v, Var))
                self.results.update(zip(stmt.results, stmt.params, strict=True))
            for inner in blocks_of(stmt):
                self.count(inner)
        self.flowing.update(block.yields)
        for operand in block.yields:
            self.read(operand, block)

    def read(self, operand: Operand, block: Block) -> None:
        if isinstance(operand, Var):
            self.counts[operand] += 1
            self.home[operand] = block

    # --- the function ---------------------------------------------------------------------------------

    def function(self) -> list[ast.stmt]:
        opening = [ast.Assign([self.pattern(p.tree)], name(p)) for p in self.trace.params if isinstance(p.tree, Tree)]
        return [*opening, *self.block(self.trace.body, self.ending_of_function())]

    def pattern(self, tree: object) -> ast.expr:
        if isinstance(tree, Tree):
            return ast.Tuple([self.pattern(item) for item in tree.items], STORE)
        return target(tree) if isinstance(tree, Var) else ast.Name("_", STORE)

    def ending_of_function(self) -> Ending:
        def write(yields: list[ast.expr | None]) -> list[ast.stmt]:
            if isinstance(self.trace.returns, Static) and self.trace.returns.value is None:
                return []
            return [ast.Return(build(self.trace.returns, yields))]

        def build(tree: object, yields: list[ast.expr | None]) -> ast.expr:
            if isinstance(tree, Tree):
                items = [build(item, yields) for item in tree.items]
                return ast.Call(name(tree.cls), items, []) if tree.cls else tuple_of(items)
            if isinstance(tree, Static):
                return ast.Constant(tree.value)
            assert isinstance(tree, int)
            value = yields[tree]
            return ast.Constant(None) if value is None else value

        used = Counter(leaves(self.trace.returns))
        body = self.trace.body

        def split(stmt: If, yields: tuple[Operand, ...]) -> bool:
            return bool(stmt.results) and body is not stmt and not any(r.hint for r in stmt.results)

        return Ending(write, body.yields, lambda k: used[k] == 1, split)

    # --- blocks ---------------------------------------------------------------------------------------

    def block(self, block: Block, ending: Ending, home: Block | None = None) -> list[ast.stmt]:
        """The block's statements, and what its ending makes of its yields. `home` is the block that counted the reads."""
        outer, self.frame = self.frame, Frame()
        try:
            tail = self.tail(block, ending)
            comments = dict(self.trace.comments) if block is self.trace.body else {}
            scope = Scope(home or block, block.yields, ending)
            for position, stmt in enumerate(block.stmts):
                if position in comments:
                    self.comment(comments[position])
                if stmt is tail:
                    return self.split_tail(tail, block, ending)
                self.statement(stmt, scope)
            if len(block.stmts) in comments:
                self.comment(comments[len(block.stmts)])
            self.fit(block.yields)
            yields = self.yields(block.yields, ending)
            self.frame.settle()
            return [*self.frame.stmts(), *ending.write(yields)]
        finally:
            self.frame = outer

    def yields(self, yields: Sequence[Operand], ending: Ending) -> list[ast.expr | None]:
        return [self.value(y, taker.type) for y, taker in zip(yields, ending.types, strict=True)]

    def value(self, operand: Operand, type: object = None) -> ast.expr | None:
        """What flows into a variable of this type; None where nothing does."""
        if isinstance(operand, Undef):
            return None
        if isinstance(operand, Const):
            return literal(operand, type)  # type: ignore[arg-type]
        return self.take(operand)

    def comment(self, text: str) -> None:
        """Values do not go from one sweep to the next, unless they are mere indices and sizes."""
        self.frame.settle(lambda p: p.var.type != INT or bool(p.reads))
        self.frame.put(Comment(text))

    def tail(self, block: Block, ending: Ending) -> If | None:
        """The If at the end of the block that can be split, if there is one."""
        last = block.stmts[-1] if block.stmts else None
        if not isinstance(last, If) or not last.results:
            return None
        yielded = Counter(y for y in block.yields if isinstance(y, Var))
        if any(self.counts[r] != yielded[r] or yielded[r] > 1 for r in last.results):
            return None
        return last if ending.split(last, block.yields) else None

    def split_tail(self, stmt: If, block: Block, ending: Ending) -> list[ast.stmt]:
        """End both branches as the block ends; a branch that jumps away needs no else after it."""
        test = self.take(stmt.cond)
        self.frame.settle()

        def branch(inner: Block) -> list[ast.stmt]:
            env: dict[Operand, Operand] = dict(zip(stmt.results, inner.yields, strict=True))
            whole = Block(inner.stmts, tuple(env.get(y, y) for y in block.yields))
            return self.block(whole, ending, inner)

        then, orelse = branch(stmt.then), branch(stmt.orelse)
        if leaves_block(then):
            rest: list[ast.stmt] = [_at(ast.If(test, then, []), stmt.span), *orelse]
        elif leaves_block(orelse):
            rest = [_at(ast.If(negate(test), orelse, []), stmt.span), *then]
        else:
            rest = [_at(ast.If(test, then, orelse), stmt.span)]
        return [*self.frame.stmts(), *rest]

    # --- statements -----------------------------------------------------------------------------------

    def statement(self, stmt: Stmt, scope: Scope) -> None:
        match stmt:
            case Op():
                self.op(stmt, scope)
            case If():
                self.conditional(stmt, scope)
            case For() | While():
                self.loop(stmt)

    def op(self, op: Op, scope: Scope) -> None:
        if op.name == "comment":
            self.comment(op.attr("text"))
        elif op.name == "call":
            self.call(op)
        elif not op.results or op.name == "pop":
            self.effect(op)
        else:
            self.define(op, scope)

    def define(self, op: Op, scope: Scope) -> None:
        """A pure op: a value for later, or a statement."""
        expr, reads = self.spell(op)
        reads |= self.memory.reads(op)
        if self.is_short_everywhere(op):
            self.inlined[op.result] = expr
        elif self.can_wait(op.result, expr, scope):
            self.wait(op.result, expr, reads, op.span)
        else:
            if not op.result.hint and op.args:
                self.hints[op.result] = self.element_hint(op)
            self.frame.put(_at(ast.Assign([target(op.result)], expr), op.span))

    def wait(self, var: Var, expr: ast.expr, reads: Writes, span: Span | None) -> None:
        self.frame.put()
        self.frame.pending[var] = Pending(len(self.frame.slots) - 1, var, expr, reads, span)

    def is_short_everywhere(self, op: Op) -> bool:
        """Whether the value is written at each use: the size of an array that keeps its name anyway, or `i - 1`."""
        if op.result.hint or op.result in self.flowing:
            return False
        if op.name == "dim":
            return op.args[0] in self.memory.inputs
        left, *right = op.args
        small = op.name in ("add", "sub") and all(isinstance(a, Const) and a.value in (1, 2) for a in right)
        return small and (left in self.indices or (left in self.memory.inputs and op.result.type == INT))

    def element_hint(self, op: Op) -> str:
        """`x_i` for a nameless `x[i]` that is read more than once, `x_prev` for `x[i - 1]`."""
        array, *index = op.args
        if op.name != "load" or not isinstance(array, Var) or not array.hint:
            return ""
        letters = [v.hint for v in index if isinstance(v, Var) and v in self.indices and len(v.hint) == 1]
        if len(letters) == len(index):
            return f"{array.hint}_{''.join(letters)}"
        match [self.memory.definition.get(v) for v in index if isinstance(v, Var)]:
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
        if not var.hint:
            return True
        return not adds_to(var, expr) and (_ELEMENT.search(var.hint) is not None or self.continues(var))

    def continues(self, var: Var) -> bool:
        """Whether the value is a term of a sum that goes on under the same name."""
        reader = next((s for s in self.home[var].stmts if var in operands(s)), None)
        return isinstance(reader, Op) and any(r.hint == var.hint for r in reader.results)

    def call(self, op: Op) -> None:
        callee = op.attr("callee")
        function = (
            self.functions[callee] if isinstance(callee, int) else next(f for f in self.functions if f.name == callee)
        )
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
        self.before_writes(op)
        pattern = unpack(function.returns)
        self.frame.put(_at(ast.Assign([pattern], value) if op.results else ast.Expr(value), op.span))

    def effect(self, op: Op) -> None:
        if op.results and self.counts[op.result]:
            stmt: ast.stmt = ast.Assign([target(op.result)], self.spell(op)[0])
        else:
            stmt = effect(op, [self.take(a) for a in op.args] if op.name in ("pop",) else self.arguments(op)[0])
        self.before_writes(op)
        self.frame.put(_at(stmt, op.span))

    def before_writes(self, stmt: Stmt) -> None:
        """Values that read what the statement is about to write can wait no longer."""
        if writes := self.memory.writes(stmt):
            self.frame.settle(lambda p: self.memory.disturbs(writes, p.reads))

    def arguments(self, op: Op) -> tuple[list[ast.expr], Writes]:
        """The op's arguments as expressions, and the memory that they read."""
        types = constants(op)
        memory = self.frame.pending.get(op.args[0]) if op.args and not op.results else None  # type: ignore[arg-type]
        if memory and not isinstance(memory.expr, ast.Subscript | ast.Attribute):
            self.frame.settle(lambda p: p is memory)
        self.fit(op.args, op.results[0].hint if op.results else "")
        reads = [p.reads for p in self.waiting(op.args)]
        args = [literal(a, t) if isinstance(a, Const) else self.take(a) for a, t in zip(op.args, types, strict=True)]
        return args, frozenset().union(*reads)

    def waiting(self, args: Sequence[Operand]) -> list[Pending]:
        return [p for a in args if (p := self.frame.pending.get(a)) is not None]  # type: ignore[arg-type]

    def fit(self, args: Sequence[Operand], hint: str = "") -> None:
        """Give the widest of the arguments statements of their own, until the line of all of them is readable.

        A sum of many terms under one name (`hint`) is better continued by `x += ...` than filled with names for its terms.
        """
        while nested := self.waiting(args):
            widths = {p.var: self.width(p.expr) for p in nested}
            others = sum(
                self.width(self.name_or_literal(a)) for a in args if not isinstance(a, Undef) and a not in widths
            )
            if others + sum(widths.values()) + 2 * len(args) <= WIDTH:
                break
            widest = max(nested, key=lambda p: (p.var.hint == hint != "", widths[p.var]))
            self.frame.settle(lambda p, widest=widest: p is widest)  # type: ignore[misc]

    def width(self, node: ast.expr) -> int:
        """How long the expression will be, names being guessed."""

        def guess(id: object) -> str:
            hint = getattr(id, "hint", "") or self.hints.get(id, "")  # type: ignore[call-overload]
            return hint or getattr(id, "name", "") or "v10"

        return len(expression_text(node, guess))

    def spell(self, op: Op) -> tuple[ast.expr, Writes]:
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

    # --- control flow ---------------------------------------------------------------------------------

    def conditional(self, stmt: If, scope: Scope) -> None:
        if self.as_expression(stmt, scope):
            return
        test = self.take(stmt.cond)
        self.before_writes(stmt)

        def write(yields: list[ast.expr | None]) -> list[ast.stmt]:
            return [Copies(list(zip(stmt.results, yields, strict=True)))] if stmt.results else []

        ending = Ending(write, stmt.results, lambda k: False)
        then, orelse = (self.block(b, ending) for b in blocks_of(stmt))
        self.frame.put(_at(ast.If(test, then, orelse), stmt.span))

    def as_expression(self, stmt: If, scope: Scope) -> bool:
        """Write the If as `a if c else b` (or `c and a`), if that is how the user, or any reader, would have it."""
        if len(stmt.results) != 1 or not isinstance(stmt.results[0].type, Scalar):
            return False
        result, sides = stmt.results[0], (stmt.then, stmt.orelse)
        if any(isinstance(b.yields[0], Undef) for b in sides) or any(len(b.stmts) > 6 for b in sides):
            return False
        one_line = stmt.span is not None and stmt.span.line == stmt.span.end_line
        plain = not any(b.stmts or getattr(b.yields[0], "hint", "") == result.hint for b in sides)
        if (result.hint or result in scope.kept) and not one_line and not plain:
            return False
        waits = self.can_wait(result, None, scope)
        parts = [self.pure(b, result) for b in sides]
        if None in parts:
            return False
        (then, then_reads), (orelse, orelse_reads) = parts  # type: ignore[misc]
        test = (
            self.frame.pending[stmt.cond].expr if stmt.cond in self.frame.pending else self.name_or_literal(stmt.cond)
        )  # type: ignore[index]
        expr = choice(test, then, orelse, result)
        if self.width(expr) > (CONDITIONAL if waits else WIDTH):
            return False
        waiting = self.frame.pending.pop(stmt.cond, None)  # type: ignore[arg-type]
        reads = then_reads | orelse_reads | (waiting.reads if waiting else frozenset())
        if waits:
            self.wait(result, expr, reads, stmt.span)
        else:
            self.frame.put(_at(ast.Assign([target(result)], expr), stmt.span))
        return True

    def name_or_literal(self, operand: Operand) -> ast.expr:
        return literal(operand) if isinstance(operand, Const) else self.name(operand)  # type: ignore[arg-type]

    def pure(self, block: Block, result: Var) -> tuple[ast.expr, Writes] | None:
        """The block as one expression, with what it reads; None if it takes statements."""
        reads: set[object] = set()
        for stmt in walk(block):
            if not isinstance(stmt, Op | If) or self.memory.writes(stmt):
                return None
            if isinstance(stmt, Op):
                if not stmt.results or stmt.name in ("alloc", "list", "pop"):
                    return None
                reads |= self.memory.reads(stmt)
        found: list[ast.expr] = []

        def write(yields: list[ast.expr | None]) -> list[ast.stmt]:
            found.extend(y for y in yields if y is not None)
            return []

        stmts = self.block(block, Ending(write, (result,), lambda k: True))
        return None if stmts else (found[0], frozenset(reads))

    def loop(self, loop: Loop) -> None:
        bounds = [self.take(b) for b in (loop.start, loop.stop, loop.step)] if isinstance(loop, For) else []
        inits = Copies([(p, self.value(i, p.type)) for p, i in zip(loop.params, loop.inits, strict=True)])
        self.before_writes(loop)

        def write(yields: list[ast.expr | None]) -> list[ast.stmt]:
            go = yields[0] if loop.exits else ast.Constant(True)
            assert go is not None
            copies = Copies(list(zip(loop.params, yields[loop.exits :], strict=True)))
            if isinstance(go, ast.Constant):
                return [copies] if go.value else [copies, ast.Break()]
            first: list[ast.stmt] = []
            if any(n.id in loop.params for n in variables(go)):
                flag = Var("", BOOL)
                first, go = [ast.Assign([target(flag)], go)], name(flag)
            return [*first, copies, ast.If(negate(go), [ast.Break()], [])]

        def split(stmt: If, yields: tuple[Operand, ...]) -> bool:
            if not loop.exits or yields[0] not in stmt.results:
                return False
            which = stmt.results.index(yields[0])
            return any(self.decides(b, which) for b in blocks_of(stmt))

        takers = (*((Var("", BOOL),) if loop.exits else ()), *loop.params)
        ending = Ending(write, takers, lambda k: loop.exits and k == 0, split)
        if isinstance(loop, For):
            body = self.block(loop.body, ending)
            head: ast.stmt = ast.For(target(loop.index), range_of(*bounds), body, [])  # type: ignore[arg-type]
        else:
            head = self.while_loop(loop, ending)
        self.frame.put(inits, _at(head, loop.span))

    def decides(self, block: Block, which: int) -> bool:
        """Whether a branch says by a literal, somewhere in its own tail, if the loop goes on."""
        go = block.yields[which]
        if isinstance(go, Const):
            return True
        last = block.stmts[-1] if block.stmts else None
        if isinstance(last, If) and go in last.results:
            inner = last.results.index(go)  # type: ignore[arg-type]
            return any(self.decides(b, inner) for b in blocks_of(last))
        return False

    def while_loop(self, loop: While, ending: Ending) -> ast.stmt:
        tests: list[ast.expr] = []

        def write(yields: list[ast.expr | None]) -> list[ast.stmt]:
            tests.extend(y for y in yields if y is not None)
            return []

        before = self.block(loop.cond, Ending(write, (Var("", BOOL),), lambda k: True))
        body = self.block(loop.body, ending)
        if not before:
            return ast.While(tests[0], body, [])
        leave = ast.If(negate(tests[0]), [ast.Break()], [])
        return ast.While(ast.Constant(True), [*before, leave, *body], [])


# --- trees ----------------------------------------------------------------------------------------


def adds_to(var: Var, expr: ast.expr | None) -> bool:
    """Whether `var = expr` will be written `var += ...`."""
    first = expr.left if isinstance(expr, ast.BinOp) else None
    return isinstance(first, ast.Name) and getattr(first.id, "hint", "") == var.hint


def leaves_block(stmts: Sequence[ast.stmt]) -> bool:
    return bool(stmts) and isinstance(stmts[-1], ast.Break | ast.Return | ast.Raise)


def choice(test: ast.expr, then: ast.expr, orelse: ast.expr, result: Var) -> ast.expr:
    if result.type == BOOL and isinstance(orelse, ast.Constant) and orelse.value is False:
        return ast.BoolOp(ast.And(), [test, then])
    if result.type == BOOL and isinstance(then, ast.Constant) and then.value is True:
        return ast.BoolOp(ast.Or(), [test, orelse])
    return ast.IfExp(test, then, orelse)


_OPPOSITE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.GtE, ast.GtE: ast.Lt, ast.Gt: ast.LtE, ast.LtE: ast.Gt,
}  # fmt: skip


def negate(test: ast.expr) -> ast.expr:
    """The opposite of a condition. Floats have no opposite of `<`: both `a < b` and `a >= b` are false of a nan."""
    match test:
        case ast.UnaryOp(op=ast.Not()):
            return test.operand
        case ast.Constant(value=bool()):
            return ast.Constant(not test.value)
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            if isinstance(op, ast.Eq | ast.NotEq) or (is_int(left) and is_int(right)):
                return ast.Compare(left, [_OPPOSITE[type(op)]()], [right])
    return ast.UnaryOp(ast.Not(), test)


def is_int(node: ast.expr) -> bool:
    """Whether the expression is certainly an integer."""
    match node:
        case ast.Name(id=Var() | Const() as operand):
            return isinstance(operand.type, Scalar) and "int" in operand.type.dtype
        case ast.Constant():
            return isinstance(node.value, int)
        case ast.BinOp(op=ast.Add() | ast.Sub() | ast.Mult() | ast.Mod() | ast.FloorDiv()):
            return is_int(node.left) and is_int(node.right)
        case ast.Attribute(attr="size") | ast.Call(func=ast.Name(id="len")):
            return True
    return False

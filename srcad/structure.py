"""From the trace to statements: branches, loops and returns as a person would write them.

Names come later (`srcad.naming`): in these trees a name is a Var still. What flows along the edges of the control flow (into the
results of an If, the params of a loop) is a `Copies` statement, of which few are left when names are chosen well.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from srcad.hazards import Roots
from srcad.ir import (
    BOOL,
    INT,
    Block,
    Const,
    For,
    If,
    Loop,
    Op,
    Operand,
    Scalar,
    Span,
    Static,
    Stmt,
    Tree,
    Undef,
    Var,
    While,
    blocks_of,
    leaves,
    walk,
)
from srcad.naming import Copies, mentioned
from srcad.nesting import NAMELESS, WIDTH, Frame, Scope, Values, at
from srcad.spelling import default, range_of
from srcad.syntax import STORE, choice, leaves_block, name, negate, target, tuple_of
from srcad.unparse import Comment

#: How long a conditional expression may be inside another expression.
CONDITIONAL = 60


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
    carried: tuple[Var, ...] = ()


class Structure(Values):
    """Writes one trace as statements: see `statements_of`."""

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

        def split(stmt: If, yields: tuple[Operand, ...]) -> bool:
            return all(r.hint in NAMELESS for r in stmt.results)

        return Ending(write, self.trace.body.yields, lambda k: used[k] == 1, split)

    # --- blocks ---------------------------------------------------------------------------------------

    def block(self, block: Block, ending: Ending, home: Block | None = None) -> list[ast.stmt]:
        """The block's statements, and what its ending makes of its yields. `home` is the block that counted the reads."""
        outer, self.frame = self.frame, Frame()
        try:
            tail = self.tail(block, ending)
            comments = dict(self.trace.comments) if block is self.trace.body else {}
            yielded = Counter(block.yields)
            kept = frozenset(y for k, y in enumerate(block.yields) if not ending.nested(k))
            scope = Scope(home or block, kept, frozenset(y for y in yielded if yielded[y] > 1))
            for position, stmt in enumerate(block.stmts):
                if position in comments:
                    self.comment(comments[position])
                if stmt is not tail:
                    self.statement(stmt, scope)
                elif not self.mere_exit(tail, ending):
                    return self.split_tail(tail, block, ending)
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

    def mere_exit(self, stmt: If, ending: Ending) -> bool:
        """Whether the If does no more than to leave the loop on a condition, which can then be asked last of all."""
        if not isinstance(stmt.cond, Var) or stmt.then.stmts or stmt.orelse.stmts:
            return False
        waiting = self.frame.pending.get(stmt.cond)
        test = waiting.expr if waiting else self.name(stmt.cond)
        if any(var in ending.carried for var in mentioned(test)):
            return False
        found: dict[Var, ast.expr] = {}
        for result, yes, no in zip(stmt.results, stmt.then.yields, stmt.orelse.yields, strict=True):
            if isinstance(yes, Const) and isinstance(no, Const) and {yes.value, no.value} == {True, False}:
                found[result] = test if yes.value else negate(test)
            elif yes is no or yes == no:
                found[result] = self.value(yes, result.type) or default(result.type)
            else:
                return False
        self.inlined.update(found)
        self.discard(stmt.cond)
        return True

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
            rest: list[ast.stmt] = [at(ast.If(test, then, []), self.span_of(stmt)), *orelse]
        elif leaves_block(orelse):
            rest = [at(ast.If(negate(test), orelse, []), self.span_of(stmt)), *then]
        else:
            rest = [at(ast.If(test, then, orelse), self.span_of(stmt))]
        return [*self.frame.stmts(), *rest]

    def statement(self, stmt: Stmt, scope: Scope) -> None:
        match stmt:
            case Op(name="comment"):
                self.comment(stmt.attr("text"))
            case Op():
                self.op(stmt, scope)
            case If():
                self.conditional(stmt, scope)
            case For() | While():
                self.loop(stmt)

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
        self.frame.put(at(ast.If(test, then, orelse), self.span_of(stmt)))

    def as_expression(self, stmt: If, scope: Scope) -> bool:
        """Write the If as `a if c else b` (or `c and a`), if that is how the user, or any reader, would have it."""
        if len(stmt.results) != 1 or not isinstance(stmt.results[0].type, Scalar):
            return False
        result, sides = stmt.results[0], (stmt.then, stmt.orelse)
        if any(isinstance(b.yields[0], Undef) for b in sides) or any(len(b.stmts) > 6 for b in sides):
            return False
        one_line = stmt.span is not None and stmt.span.line == stmt.span.end_line
        plain = not any(b.stmts or getattr(b.yields[0], "hint", "") == result.hint for b in sides)
        if (result.hint not in NAMELESS or result in scope.kept) and not one_line and not plain:
            return False
        waits = self.can_wait(result, None, scope)
        first, second = (self.pure(b, result) for b in sides)
        if first is None or second is None:
            return False
        waiting = self.frame.pending.get(stmt.cond) if isinstance(stmt.cond, Var) else None
        test = waiting.expr if waiting else self.name_or_literal(stmt.cond)
        expr = choice(test, first[0], second[0], result)
        if self.width(expr) > (CONDITIONAL if waits else WIDTH):
            return False
        reads = first[1] | second[1] | self.discard(stmt.cond)
        if waits:
            self.wait(result, expr, reads, stmt.span)
        else:
            self.frame.put(at(ast.Assign([target(result)], expr), stmt.span))
        return True

    def span_of(self, stmt: If) -> Span | None:
        """Where the user wrote the condition."""
        return (stmt.cond.span if isinstance(stmt.cond, Var) else None) or stmt.span

    def pure(self, block: Block, result: Var) -> tuple[ast.expr, Roots] | None:
        """The block as one expression, with what it reads; None if it takes statements."""
        reads: set[object] = set()
        for stmt in walk(block):
            if not isinstance(stmt, Op | If) or self.hazards.writes(stmt):
                return None
            if isinstance(stmt, Op):
                if not stmt.results or stmt.name in ("alloc", "local", "list", "pop"):
                    return None
                reads |= self.hazards.reads(stmt)
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
            if any(var in loop.params for var in mentioned(go)):
                flag = Var("", BOOL)
                first, go = [ast.Assign([target(flag)], go)], name(flag)
            return [*first, copies, ast.If(negate(go), [ast.Break()], [])]

        def split(stmt: If, yields: tuple[Operand, ...]) -> bool:
            if not loop.exits or yields[0] not in stmt.results:
                return False
            which = stmt.results.index(yields[0])
            return any(self.decides(b, which) for b in blocks_of(stmt))

        takers = (*((Var("", BOOL),) if loop.exits else ()), *loop.params)
        ending = Ending(write, takers, lambda k: loop.exits and k == 0, split, loop.params)
        if isinstance(loop, For):
            body = self.block(loop.body, ending)
            nameless = loop.index.hint in ("", "_")
            index = ast.Name("_", STORE) if nameless and not self.counts[loop.index] else target(loop.index)
            self.hints.update({loop.index: "k"} if nameless else {})
            head: ast.stmt = ast.For(index, range_of(*bounds), body, [])
        else:
            head = self.while_loop(loop, ending)
        self.frame.put(inits, at(head, loop.span))

    def decides(self, block: Block, which: int) -> bool:
        """Whether a branch says by a literal, somewhere in its own tail, if the loop goes on."""
        go = block.yields[which]
        if isinstance(go, Const):
            return True
        last = block.stmts[-1] if block.stmts else None
        if isinstance(last, If) and go in last.results:
            inner = last.results.index(go)
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

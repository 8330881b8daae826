"""Finishing touches: variables get their names, copies become assignments, and what is left empty goes."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from srcad.ir import Scalar, Var
from srcad.naming import Copies, Names, mentioned, sequence, source, variable, variables
from srcad.spelling import default
from srcad.syntax import STORE, leaves_block, negate, unsigned


class Finisher:
    """Puts names for variables, assignments for copies, and tidies up."""

    """`resolve` gives their names to what is not a variable."""

    def __init__(self, names: Names, body: list[ast.stmt], resolve: Callable[[ast.AST], None]) -> None:
        self.find = names.find
        self.resolve = resolve
        self.names = names.choose(body)
        self.needed = self.must_exist(body)
        #: Names that certainly have a value by now.
        self.assigned: set[str] = set(names.fixed.values())

    def must_exist(self, body: list[ast.stmt]) -> set[Var]:
        """Variables that are copied, returned or kept on a tape even where they are never assigned: Python would complain. And
        variables that a loop reads above where it assigns them: Numba would, even if they are not read on the first trip."""
        found: set[Var] = set()
        for node in walk_statements(body):
            if isinstance(node, Copies):
                found.update(
                    self.find(origin)
                    for to, expr in node.pairs
                    if (origin := source(expr)) is not None and self.find(origin) is not self.find(to)
                )
            elif isinstance(node, ast.Return) or is_kept(node):
                found.update(self.find(var) for var in mentioned(node))
            elif isinstance(node, ast.For | ast.While):
                found.update(read_first(node.body, self.find))
        return found

    def block(self, stmts: list[ast.stmt], ends_loop: bool = False) -> list[ast.stmt]:
        """The statements, finished. Those that `ends_loop` are the last of a loop's body."""
        last = max((k for k, stmt in enumerate(stmts) if not self.vanishes(stmt)), default=0)
        return [done for k, stmt in enumerate(stmts) for done in self.stmt(stmt, ends_loop and k == last)]

    def vanishes(self, stmt: ast.stmt) -> bool:
        """Whether nothing will be left of copies, since all is in its place already."""

        def done(var: Var, expr: ast.expr | None) -> bool:
            origin = source(expr)
            return origin is not None and self.names[origin] == self.names[var]

        return isinstance(stmt, Copies) and all(done(*pair) for pair in stmt.pairs)

    def stmt(self, stmt: ast.stmt, ends_loop: bool) -> list[ast.stmt]:
        match stmt:
            case Copies():
                return self.assignments(stmt)
            case ast.If():
                return self.conditional(stmt, ends_loop)
            case ast.For() | ast.While():
                before = set(self.assigned)
                stmt.body = self.block(stmt.body, ends_loop=True) or [ast.Pass()]
                self.assigned = before
                head = stmt.iter if isinstance(stmt, ast.For) else stmt.test
                self.rename(head)
                if isinstance(stmt, ast.For):
                    self.rename(stmt.target)
                return [stmt]
        self.rename(stmt)
        if isinstance(stmt, ast.Assign) and isinstance(stmt.targets[0], ast.Name):
            return self.assign(stmt)
        return [stmt]

    def rename(self, node: ast.AST) -> None:
        self.resolve(node)
        for found in variables(node):
            if not isinstance(found.id, Var):  # it stands in two places
                continue
            found.var = variable(found)  # type: ignore[attr-defined]
            found.id = self.names[variable(found)]
            if isinstance(found.ctx, ast.Store):
                self.assigned.add(found.id)

    def assign(self, stmt: ast.Assign) -> list[ast.stmt]:
        """`x = x + e` becomes `x += e` for numbers; for arrays it would mean something else."""
        to, value = stmt.targets[0], stmt.value
        assert isinstance(to, ast.Name)
        if isinstance(value, ast.Name) and value.id == to.id:
            return []
        scalar = isinstance(getattr(to, "var", None), Var) and isinstance(to.var.type, Scalar)  # type: ignore[attr-defined]
        if scalar and isinstance(value, ast.BinOp):
            if isinstance(value.left, ast.Name) and value.left.id == to.id:
                return [_like(ast.AugAssign(to, value.op, value.right), stmt)]
            swaps = isinstance(value.op, ast.Add | ast.Mult)
            if swaps and isinstance(value.right, ast.Name) and value.right.id == to.id:
                rest = unsigned(value.left) if isinstance(value.op, ast.Add) else None
                op = value.op if rest is None else ast.Sub()
                return [_like(ast.AugAssign(to, op, value.left if rest is None else rest), stmt)]
        return [stmt]

    def assignments(self, copies: Copies) -> list[ast.stmt]:
        pairs = []
        types = {}
        for var, expr in copies.pairs:
            if expr is None:
                if self.find(var) not in self.needed or self.names[var] in self.assigned:
                    continue
                expr = default(var.type)
            origin = source(expr)
            if origin is not None and self.names[origin] == self.names[var]:
                continue
            self.rename(expr)
            types[self.names[var]] = var
            reads = {n.id for n in ast.walk(expr) if isinstance(n, ast.Name) and isinstance(n.id, str)}
            pairs.append((self.names[var], expr, reads))
        self.assigned.update(types)
        done: list[ast.stmt] = []
        for ring in sequence(pairs):
            if len(ring) == 1:
                text, expr = ring[0]
                to = ast.Name(text, STORE)
                to.var = types[text]  # type: ignore[attr-defined]
                done += self.assign(ast.Assign([to], expr))
            else:
                left = ast.Tuple([ast.Name(text, STORE) for text, _ in ring], STORE)
                done.append(ast.Assign([left], ast.Tuple([expr for _, expr in ring], ast.Load())))
        return done

    def conditional(self, stmt: ast.If, ends_loop: bool) -> list[ast.stmt]:
        opposite = negate(stmt.test)
        self.rename(stmt.test)
        self.rename(opposite)
        before = set(self.assigned)
        stmt.body, after_body = self.block(stmt.body, ends_loop), self.assigned
        self.assigned = before
        stmt.orelse = self.block(stmt.orelse, ends_loop)
        self.assigned = meet(stmt.body, after_body, stmt.orelse, self.assigned)
        if not stmt.body and not stmt.orelse:
            return []
        if not stmt.body:
            if ends_loop and isinstance(opposite, ast.UnaryOp):
                return [_like(ast.If(stmt.test, [ast.Continue()], []), stmt), *stmt.orelse]
            stmt.test = opposite
            stmt.body, stmt.orelse = stmt.orelse, []
        return [stmt]


def read_first(stmts: list[ast.stmt], find: Callable[[Var], Var]) -> set[Var]:
    """The variables of which the first thing to be found in the text is that they are read."""
    seen: set[Var] = set()
    found: set[Var] = set()

    def take(node: object) -> None:
        names = [(find(variable(name)), isinstance(name.ctx, ast.Store)) for name in variables(node)]
        reads = {var for var, stored in names if not stored}
        found.update(reads - seen)
        seen.update(var for var, _ in names)

    for stmt in walk_statements(stmts):
        match stmt:
            case Copies():
                for _, expr in stmt.pairs:
                    take(expr)
                seen.update(find(var) for var, _ in stmt.pairs)
            case ast.If() | ast.While():
                take(stmt.test)
            case ast.For():
                take(stmt.iter)
                take(stmt.target)
            case _:
                take(stmt)
    return found


def is_kept(stmt: ast.stmt) -> bool:
    """Whether a value goes to a tape: `x_tape[i] = x` or `x_tape.append(x)`."""
    match stmt:
        case ast.Assign(targets=[ast.Subscript()], value=ast.Name()):
            return True
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr="append"))):
            return True
    return False


def meet(then: list[ast.stmt], after_then: set[str], orelse: list[ast.stmt], after_orelse: set[str]) -> set[str]:
    """What has a value after an If. A branch that jumps away has no say."""
    if leaves_block(then):
        return after_orelse
    return after_then if leaves_block(orelse) else after_then & after_orelse


def _like(new: ast.stmt, old: ast.stmt) -> ast.stmt:
    new.span = getattr(old, "span", None)  # type: ignore[attr-defined]
    return new


def walk_statements(stmts: list[ast.stmt]) -> Iterator[ast.stmt]:
    for stmt in stmts:
        yield stmt
        for inner in ("body", "orelse"):
            yield from walk_statements(getattr(stmt, inner, []))

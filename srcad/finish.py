"""Finishing touches: variables get their names, copies become assignments, and what is left empty goes."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from srcad.ir import Scalar, Var
from srcad.naming import Copies, Names, sequence, source, variables
from srcad.nesting import negate
from srcad.spelling import STORE, default, unsigned


class Finisher:
    """Puts names for variables, assignments for copies, and tidies up."""

    """`resolve` gives their names to what is not a variable."""

    def __init__(self, names: Names, body: list[ast.stmt], resolve: Callable[[ast.AST], None]) -> None:
        self.find = names.find
        self.resolve = resolve
        self.names = names.choose(body)
        self.needed = self.must_exist(body)

    def must_exist(self, body: list[ast.stmt]) -> set[Var]:
        """Variables that are copied or returned even where they are never assigned: Python would complain."""
        found: set[Var] = set()
        for node in walk_statements(body):
            if isinstance(node, Copies):
                found.update(
                    self.find(origin)
                    for to, expr in node.pairs
                    if (origin := source(expr)) is not None and self.find(origin) is not self.find(to)
                )
            elif isinstance(node, ast.Return):
                found.update(self.find(n.id) for n in variables(node))
        return found

    def block(self, stmts: list[ast.stmt]) -> list[ast.stmt]:
        return [done for stmt in stmts for done in self.stmt(stmt)]

    def stmt(self, stmt: ast.stmt) -> list[ast.stmt]:
        match stmt:
            case Copies():
                return self.assignments(stmt)
            case ast.If():
                return self.conditional(stmt)
            case ast.For() | ast.While():
                stmt.body = self.block(stmt.body) or [ast.Pass()]
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
            found.var = found.id  # type: ignore[attr-defined]
            found.id = self.names[found.id]  # type: ignore[index]

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
                if self.find(var) not in self.needed:
                    continue
                expr = default(var.type)
            origin = source(expr)
            if origin is not None and self.names[origin] == self.names[var]:
                continue
            self.rename(expr)
            types[self.names[var]] = var
            reads = {n.id for n in ast.walk(expr) if isinstance(n, ast.Name) and isinstance(n.id, str)}
            pairs.append((self.names[var], expr, reads))
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

    def conditional(self, stmt: ast.If) -> list[ast.stmt]:
        stmt.body, stmt.orelse = self.block(stmt.body), self.block(stmt.orelse)
        if not stmt.body and not stmt.orelse:
            return []
        if not stmt.body:
            stmt.test = negate(stmt.test)
            stmt.body, stmt.orelse = stmt.orelse, []
        self.rename(stmt.test)
        return [stmt]


def _like(new: ast.stmt, old: ast.stmt) -> ast.stmt:
    new.span = getattr(old, "span", None)  # type: ignore[attr-defined]
    return new


def walk_statements(stmts: list[ast.stmt]) -> Iterator[ast.stmt]:
    for stmt in stmts:
        yield stmt
        for inner in ("body", "orelse"):
            yield from walk_statements(getattr(stmt, inner, []))

"""Random structured traces, for checking that what is emitted means what the trace means.

They compute nonsense, but exactly: only operations that give the same bits in NumPy, Python and compiled code. All arrays
have SIZE elements, so that every index is `something % SIZE`.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from srcad.ir import (
    BOOL,
    FLOAT,
    INT,
    Array,
    Atom,
    Block,
    Builder,
    Const,
    For,
    If,
    Operand,
    Param,
    Scalar,
    Span,
    Trace,
    Tree,
    Type,
    Undef,
    Var,
    While,
    const,
)

SIZE = 3
ROW = Array("float64", 1)
HINTS = ["x", "y", "a", "b", "i", "np", "x_bar", "v1", "", "", "", ""]
FLOAT_OPS = ["add", "sub", "mul", "add", "sub", "mul", "minimum", "maximum"]


class Maker:
    """Makes one trace. `scope` holds the values that can be read here."""

    def __init__(self, seed: int, dtype: str = "float64") -> None:
        self.random = random.Random(seed)
        self.float = Scalar(dtype)
        self.row = Array(dtype, 1)
        self.budget = self.random.choice([6, 12, 25, 40])
        self.line = 0

    def hint(self) -> str:
        return self.random.choice(HINTS)

    def pick(self, scope: list[Var], type: Type, literals: bool = True) -> Atom:
        found = [v for v in scope if v.type == type]
        recent = found[-4:] if self.random.random() < 0.7 else found
        if not found or (literals and isinstance(type, Scalar) and self.random.random() < 0.15):
            match type:
                case Scalar("bool"):
                    return const(self.random.random() < 0.5)
                case Scalar("int64"):
                    return const(self.random.randrange(-2, 4))
                case _:
                    return const(self.random.choice([0.0, 1.0, -1.5, 0.25, 2, -1]))
        return self.random.choice(recent)

    def span(self) -> Span | None:
        self.line += self.random.randrange(2)
        return (
            Span("f.py", self.line, 0, self.line + self.random.randrange(2), 1) if self.random.random() < 0.8 else None
        )

    def index(self, b: Builder, scope: list[Var]) -> Atom:
        if self.random.random() < 0.3:
            return const(self.random.randrange(-1, SIZE))
        return b.op("mod", self.pick(scope, INT, False), const(SIZE))

    def statement(self, b: Builder, scope: list[Var], depth: int) -> None:
        self.budget -= 1
        b.span = self.span()
        pick, rnd = self.pick, self.random
        kind = rnd.random()
        if kind < 0.35 or (depth > 3 and kind < 0.7):
            scope.append(
                b.op(rnd.choice(FLOAT_OPS), pick(scope, self.float, False), pick(scope, self.float), hint=self.hint())
            )
        elif kind < 0.40:
            scope.append(b.op("neg", pick(scope, self.float, False), hint=self.hint()))
        elif kind < 0.45:
            left = b.op("add", pick(scope, INT, False), pick(scope, INT))
            scope.append(b.op("mod", left, const(7), hint=self.hint()))
        elif kind < 0.50:
            op = rnd.choice(["lt", "le", "gt", "eq", "ne"])
            type = rnd.choice([self.float, INT])
            scope.append(b.op(op, pick(scope, type, False), pick(scope, type), hint=self.hint()))
        elif kind < 0.53:
            op = rnd.choice(["and", "or"])
            scope.append(b.op(op, pick(scope, BOOL), pick(scope, BOOL), hint=self.hint()))
        elif kind < 0.60:
            scope.append(b.op("load", pick(scope, self.row), self.index(b, scope), hint=self.hint()))
        elif kind < 0.68:
            op = rnd.choice(["store", "update"])
            b.effect(op, pick(scope, self.row), self.index(b, scope), pick(scope, self.float))
        elif kind < 0.69:
            none = Const(None, INT)
            backwards = b.op("view", pick(scope, self.row), none, none, const(-1), spec="s", hint=self.hint())
            scope.append(b.op("load", backwards, self.index(b, scope), hint=self.hint()))
            b.effect("store", backwards, self.index(b, scope), pick(scope, self.float))
        elif kind < 0.70:
            scope.append(b.op("copy", pick(scope, self.row), hint=self.hint()))
        elif kind < 0.72:
            scope.append(
                b.op("alloc", const(SIZE), fill=rnd.choice(["zeros", "ones"]), dtype=self.row.dtype, hint=self.hint())
            )
        elif kind < 0.74:
            scope.append(b.op("sum", pick(scope, self.row), hint=self.hint()))
        elif kind < 0.76:
            b.effect("accumulate", pick(scope, self.row), pick(scope, rnd.choice([self.row, self.float])))
        elif depth > 3:
            return
        elif kind < 0.88:
            self.conditional(b, scope, depth)
        elif kind < 0.96:
            self.for_loop(b, scope, depth)
        else:
            self.while_loop(b, scope, depth)

    def stmts(self, scope: list[Var], depth: int, last: Callable[[Builder, list[Var]], list[Operand]]) -> Block:
        b = Builder()
        for _ in range(self.random.choice([0, 1, 1, 2, 3, 4] if depth else [3, 5, 8])):
            if self.budget > 0:
                self.statement(b, scope, depth)
        yields = last(b, scope)
        return b.block(*yields)

    def types(self, low: int) -> list[Type]:
        return [
            self.random.choice([self.float, self.float, INT, BOOL, self.row])
            for _ in range(self.random.randrange(low, 4))
        ]

    def conditional(self, b: Builder, scope: list[Var], depth: int) -> None:
        types = self.types(0)
        results = tuple(Var(self.hint(), t) for t in types)
        cond = self.pick(scope, BOOL, False)
        then, orelse = (
            self.stmts(list(scope), depth + 1, lambda b, s: [self.pick(s, t) for t in types]) for _ in range(2)
        )
        b.add(If(results, cond, then, orelse, self.span()))
        scope += results

    def carried(self, scope: list[Var]) -> tuple[tuple[Var, ...], tuple[Operand, ...], tuple[Var, ...]]:
        types = self.types(1)
        params = tuple(Var(self.hint(), t) for t in types)
        results = tuple(p.like() if self.random.random() < 0.8 else p.like("z") for p in params)
        return params, tuple(self.pick(scope, t) for t in types), results

    def nexts(self, params: tuple[Var, ...], exits: bool) -> Callable[[Builder, list[Var]], list[Operand]]:
        def last(b: Builder, scope: list[Var]) -> list[Operand]:
            if self.random.random() < 0.3:
                scope = [*scope, *params]  # swaps
            values: list[Operand] = [self.pick(scope, p.type) for p in params]
            if not exits:
                return values
            if self.random.random() < 0.3:
                return [self.pick(scope, BOOL), *values]
            # What lowering makes of `if c: ...; break` with more statements behind it.
            results = tuple(p.like() for p in params)
            go = Var("", BOOL)
            flip = self.random.random() < 0.5

            def ending(go_on: bool) -> Block:
                return self.stmts(list(scope), 4, lambda b, s: [const(go_on), *(self.pick(s, p.type) for p in params)])

            b.add(If((go, *results), self.pick(scope, BOOL, False), ending(flip), ending(not flip)))
            return [go, *(r if self.random.random() < 0.9 else v for r, v in zip(results, values, strict=True))]

        return last

    def for_loop(self, b: Builder, scope: list[Var], depth: int) -> None:
        params, inits, results = self.carried(scope)
        index = Var(self.random.choice(["i", "j", ""]), INT)
        exits = self.random.random() < 0.4
        bounds = self.random.choice([(0, 3, 1), (2, -1, -1), (0, 0, 1), (1, 4, 2)])
        start, stop, step = (const(n) for n in bounds)
        if self.random.random() < 0.3:
            stop = b.op("mod", self.pick(scope, INT, False), const(4))  # type: ignore[assignment]
        body = self.stmts([*scope, *params, index], depth + 1, self.nexts(params, exits))
        b.add(For(results, index, start, stop, step, params, inits, body, exits, self.span()))
        scope += results

    def while_loop(self, b: Builder, scope: list[Var], depth: int) -> None:
        params, inits, results = self.carried(scope)
        count = Var("k", INT)
        exits = self.random.random() < 0.4
        test = Builder()
        inner = [*scope, *params]
        below = test.op("lt", count, const(3))
        cond: Operand = test.op("and", below, self.pick(inner, BOOL))
        if self.random.random() < 0.3:
            self.statement(test, inner, 9)
            cond = test.op("and", below, self.pick(inner, BOOL))
        condition = test.block(cond)
        written = {"store", "update", "accumulate"}
        if any(getattr(s, "name", "") in written for s in condition.stmts):
            condition = Block(condition.stmts[:1], (below,))

        def last(b: Builder, s: list[Var]) -> list[Operand]:
            values = self.nexts(params, exits)(b, s)
            return [*values, b.op("add", count, const(1))]

        body = self.stmts([*scope, *params, count], depth + 1, last)
        b.add(
            While((*results, count.like()), (*params, count), (*inits, const(0)), condition, body, exits, self.span())
        )
        scope += results

    def trace(self) -> Trace:
        x, u, t = Var("x", self.float), Var("u", self.row), Var("t", self.row)
        n, c = Var("n", INT), Var("c", BOOL)
        scope = [x, u, t, n, c]
        types: list[Type] = [self.float, INT, self.row, BOOL, self.float]
        body = self.stmts(scope, 0, lambda b, s: [self.pick(s, t) for t in types])
        params = (Param("x", x), Param("p", Tree((u, t))), Param("n", n), Param("c", c))
        return Trace("f", params, body, Tree((0, Tree((1, 2)), 3, 4)))


def random_trace(seed: int, dtype: str = "float64") -> Trace:
    return Maker(seed, dtype).trace()


__all__ = ["FLOAT", "SIZE", "Const", "Undef", "random_trace"]

"""Programs that nobody planned: random, valid Python of the kinds that derivative tools get wrong.

`generate(seed)` writes a function of a float, two arrays of four and a matrix: branches, loops, exits, stores, views,
aliases, swaps and rebinding, nested at random. Values stay bounded (every assignment goes through sin or a mean), indices
stay in range, and everything read was assigned on every path.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

HEAD = """import math

import numpy as np


def helper_scalar(p, q):
    if p > q:
        return p * q
    return np.sin(p) + 0.5 * q


def helper_write(u, p):
    u[1] = u[0] * p
    u[2:] *= 0.5
    return u[3] + p


"""


@dataclass
class Scope:
    """The names assigned on every path to here: scalars, arrays of four, loop indices (0 to 3), and what holds them."""

    scalars: list[str]
    arrays: list[str]
    matrices: list[str]
    indices: list[str] = field(default_factory=list)
    loops: int = 0
    depth: int = 0

    def inner(self, loop: bool = False) -> Scope:
        return Scope(
            list(self.scalars),
            list(self.arrays),
            list(self.matrices),
            list(self.indices),
            self.loops + loop,
            self.depth + 1,
        )


class Generator:
    def __init__(self, seed: int) -> None:
        self.r = random.Random(seed)
        self.lines: list[str] = []
        self.count = 0

    def program(self) -> str:
        scope = Scope(["x", "s"], ["a", "b", "y"], ["m"])
        self.lines = ["s = 0.5 * x", "y = np.zeros(4)" if self.r.random() < 0.5 else "y = a * x"]
        if self.r.random() < 0.3:
            self.lines += ["w = m.copy()"]
            scope.matrices.append("w")
        self.block(scope, self.r.randint(3, 7), "")
        self.lines.append(f"return {self.result(scope)}")
        body = "".join(f"    {line}\n" for line in self.lines)
        return f"{HEAD}def program(x, a, b, m, n):\n{body}"

    def result(self, scope: Scope) -> str:
        parts = [self.r.choice(scope.scalars), f"np.sum({self.r.choice(scope.arrays)} * a)"]
        parts += [f"np.sum({self.array(scope)})", f"np.sum({self.r.choice(scope.matrices)} ** 2)"]
        self.r.shuffle(parts)
        return " + ".join(parts[: self.r.randint(1, 4)] + ["0.1 * y[2] + s"])

    # --- expressions --------------------------------------------------------------------------------------------------

    def index(self, scope: Scope) -> str:
        options = ["0", "1", "2", "3", "-1", "-2"]
        options += scope.indices * 3
        options += [f"3 - {i}" for i in scope.indices] + [f"({i} + 1) % 4" for i in scope.indices]
        return self.r.choice(options)

    def leaf(self, scope: Scope) -> str:
        pick = self.r.random()
        if pick < 0.45:
            return self.r.choice(scope.scalars)
        if pick < 0.8:
            return f"{self.r.choice(scope.arrays)}[{self.index(scope)}]"
        if pick < 0.9:
            return f"{self.r.choice(scope.matrices)}[{self.r.choice(['0', '1', '2'])}, {self.index(scope)}]"
        return self.r.choice(["0.5", "1.5", "2.0", "-0.7"])

    def scalar(self, scope: Scope, depth: int = 2) -> str:
        if depth == 0 or self.r.random() < 0.2:
            return self.leaf(scope)
        p, q = self.scalar(scope, depth - 1), self.scalar(scope, depth - 1)
        forms = [
            f"({p} + {q})", f"({p} - {q})", f"{p} * {q}", f"{p} * {q}", f"np.sin({p})", f"math.cos({p})",
            f"{p} / (1.5 + ({q}) ** 2)", f"np.exp(-({p}) ** 2)", f"np.tanh({p})", f"({p}) ** 2",
            f"({p} if {self.condition(scope)} else {q})", f"helper_scalar({p}, {q})", f"max({p}, {q})",
            f"np.sum({self.array(scope, 0)})", f"abs({p})", f"np.sqrt(1.0 + ({p}) ** 2)",
            f"np.dot({self.array(scope, 0)}, {self.array(scope, 0)})",
        ]  # fmt: skip
        return self.r.choice(forms)

    def array(self, scope: Scope, depth: int = 1) -> str:
        if depth == 0 or self.r.random() < 0.2:
            pick = self.r.random()
            name = self.r.choice(scope.arrays)
            if pick < 0.7:
                return name
            if pick < 0.8:
                return f"{name}[::-1]"
            return f"{self.r.choice(scope.matrices)}[{self.r.choice(['0', '1', '2'])}]"
        p, q = self.array(scope, depth - 1), self.array(scope, depth - 1)
        s = self.scalar(scope, 0)
        forms = [
            f"{p} * {q}", f"({p} + {q})", f"({p} - {s} * {q})", f"np.sin({p})", f"{s} * {p}", f"np.tanh({p}) * {q}",
            f"np.where({p} > {s}, {p}, {q})", f"np.maximum({p}, {q})", f"{p} / (1.5 + {q} ** 2)", f"{p}.copy()",
            f"np.sum({self.matrix(scope)}, axis=0)", f"np.mean({self.matrix(scope)} * {p}, axis=0)",
            f"0.3 * ({self.matrix(scope)}.T @ {p}[1:])", f"{self.matrix(scope)}[:, :2].T.ravel()[1:5]",
            f"np.max({self.matrix(scope)}, axis=0)", f"np.linalg.solve(np.eye(4) + 0.1 * np.outer({p}, {q}), {p})",
            f"({self.matrix(scope)} @ {p})[np.array([0, 2, 1, 0])]", f"np.clip({p}, -0.5, {s})",
            f"np.array([{s}, {s}, {p}[0], 0.5])", f"np.sum({p}[:, None] * {q}, axis=0)",
        ]  # fmt: skip
        return self.r.choice(forms)

    def matrix(self, scope: Scope) -> str:
        """A 3 by 4 matrix."""
        m, p, s = self.r.choice(scope.matrices), self.r.choice(scope.arrays), self.r.choice(scope.scalars)
        forms = [
            m, m, m, f"np.sin({m})", f"({m} * {p})", f"({m} - {m}[:, :1])", f"({s} * {m})", f"np.outer({p}[1:], {p})",
            f"({m} + {m}[::-1])", f"{m}.reshape((4, 3)).T", f"({m} / (2.0 + np.sum({m} ** 2)))", f"({m} @ np.outer({p}, {p}))",
        ]  # fmt: skip
        return self.r.choice(forms)

    def condition(self, scope: Scope) -> str:
        p, q = self.leaf(scope), self.leaf(scope)
        forms = [f"{p} > {q}", f"{p} < 0.3", f"-0.4 < {p} < 0.6", f"{p} > 0.1 and {q} < 0.5", f"not {p} > {q}"]
        if scope.indices:
            forms += [f"{self.r.choice(scope.indices)} % 2 == 0", f"{self.r.choice(scope.indices)} > 1"]
        return self.r.choice(forms)

    # --- statements ---------------------------------------------------------------------------------------------------

    def emit(self, indent: str, line: str) -> None:
        self.lines.append(indent + line)

    def fresh(self, kind: str) -> str:
        self.count += 1
        return f"{kind}{self.count}"

    def block(self, scope: Scope, size: int, indent: str) -> None:
        for _ in range(size):
            self.statement(scope, indent)

    def statement(self, scope: Scope, indent: str) -> None:
        simple = [self.assign, self.assign, self.store, self.store, self.rebind, self.slice, self.alias, self.swap, self.call,
                  self.augment, self.matrix_store, self.matrix_bind]  # fmt: skip
        nested = [self.branch, self.loop, self.loop, self.loop_while, self.over]
        exits = [self.leave] if scope.depth else []
        if scope.depth < 3 and self.r.random() < 0.4:
            self.r.choice(nested)(scope, indent)
        else:
            self.r.choice(simple + exits)(scope, indent)

    def assign(self, scope: Scope, indent: str) -> None:
        new = self.r.random() < 0.4
        target = self.fresh("t") if new else self.r.choice(scope.scalars)
        self.emit(indent, f"{target} = np.sin({self.scalar(scope)})")
        if new:
            scope.scalars.append(target)

    def augment(self, scope: Scope, indent: str) -> None:
        name = self.r.choice(scope.arrays)
        form = self.r.choice(["s += 0.3 * {s}", "s *= {s}", "{a} += 0.3 * {v}", "{a} *= 0.5", "{a} -= 0.2 * {v}"])
        self.emit(indent, form.format(s=self.scalar(scope, 1), a=name, v=self.array(scope)))

    def store(self, scope: Scope, indent: str) -> None:
        name, op = self.r.choice(scope.arrays), self.r.choice(["=", "=", "+=", "*=", "-="])
        self.emit(indent, f"{name}[{self.index(scope)}] {op} np.sin({self.scalar(scope)})")

    def rebind(self, scope: Scope, indent: str) -> None:
        new = self.r.random() < 0.4
        target = self.fresh("v") if new else self.r.choice(scope.arrays)
        self.emit(indent, f"{target} = np.sin({self.array(scope)})")
        if new:
            scope.arrays.append(target)

    def slice(self, scope: Scope, indent: str) -> None:
        p, q = self.r.choice(scope.arrays), self.r.choice(scope.arrays)
        s = self.scalar(scope, 0)
        forms = [
            f"{p}[1:3] = {s}", f"{p}[:2] = {q}[2:] * {s}", f"{p}[1:] = 0.5 * {q}[:-1]", f"{p}[::2] *= {s}",
            f"{p}[1:] += 0.5 * {p}[:-1]", f"{p}[:] = np.sin({q})", f"{p}[::-1] = np.cos({q})", f"{p}[1:3] -= {q}[2:] * 0.3",
        ]  # fmt: skip
        self.emit(indent, self.r.choice(forms))

    def matrix_bind(self, scope: Scope, indent: str) -> None:
        target = self.fresh("w") if (new := self.r.random() < 0.4) else self.r.choice(scope.matrices)
        self.emit(indent, f"{target} = np.sin({self.matrix(scope)})")
        if new:
            scope.matrices.append(target)

    def matrix_store(self, scope: Scope, indent: str) -> None:
        m, p, s, i = (
            self.r.choice(scope.matrices),
            self.r.choice(scope.arrays),
            self.scalar(scope, 1),
            self.index(scope),
        )
        forms = [
            f"{m}[1] = np.sin({p})", f"{m}[:, {i}] *= np.cos({s})", f"{m}[2, {i}] = np.sin({s})", f"{m}[0] += 0.3 * {p}",
            f"{m}[1:, :2] = 0.5 * {m}[:2, 2:]", f"{m}[:, 1] = {m}[:, 2] * np.cos({s})",
        ]  # fmt: skip
        self.emit(indent, self.r.choice(forms))

    def alias(self, scope: Scope, indent: str) -> None:
        new = self.r.random() < 0.6
        target = self.fresh("v") if new else self.r.choice(scope.arrays)
        source = self.r.choice(
            [*scope.arrays, *(f"{m}[1]" for m in scope.matrices), *(f"{p}[::-1]" for p in scope.arrays)]
        )
        self.emit(indent, f"{target} = {source}")
        if new:
            scope.arrays.append(target)

    def swap(self, scope: Scope, indent: str) -> None:
        names = scope.arrays if self.r.random() < 0.6 else scope.scalars
        p, q = self.r.choice(names), self.r.choice(names)
        self.emit(indent, f"{p}, {q} = {q}, {p}")

    def call(self, scope: Scope, indent: str) -> None:
        target = self.r.choice(scope.scalars)
        self.emit(indent, f"{target} = np.sin(helper_write({self.r.choice(scope.arrays)}, {self.scalar(scope, 1)}))")

    def branch(self, scope: Scope, indent: str) -> None:
        self.emit(indent, f"if {self.condition(scope)}:")
        self.block(scope.inner(), self.r.randint(1, 3), indent + "    ")
        if self.r.random() < 0.6:
            self.emit(indent, "else:")
            self.block(scope.inner(), self.r.randint(1, 3), indent + "    ")

    def loop(self, scope: Scope, indent: str) -> None:
        i = self.fresh("i")
        stop = self.r.choice(
            ["range(4)", "range(n)", "range(1, 4)", "range(3, -1, -1)", "range(0, 4, 2)", "range(n - 1)"]
        )
        self.emit(indent, f"for {i} in {stop}:")
        inner = scope.inner(loop=True)
        inner.indices.append(i)
        self.block(inner, self.r.randint(1, 4), indent + "    ")

    def over(self, scope: Scope, indent: str) -> None:
        v, name = self.fresh("e"), self.r.choice([*scope.arrays, "a"])
        inner = scope.inner(loop=True)
        inner.scalars.append(v)
        if self.r.random() < 0.5:
            self.emit(indent, f"for {v} in {name}:")
        else:
            i = self.fresh("i")
            inner.indices.append(i)
            self.emit(indent, f"for {i}, {v} in enumerate({name}):")
        self.block(inner, self.r.randint(1, 3), indent + "    ")

    def loop_while(self, scope: Scope, indent: str) -> None:
        k, limit = self.fresh("k"), self.r.choice(["3", "4", "n"])
        self.emit(indent, f"{k} = 0")
        condition = f"{k} < {limit}" + (f" and {self.condition(scope)}" if self.r.random() < 0.5 else "")
        self.emit(indent, f"while {condition}:")
        inner = scope.inner(loop=True)
        inner.indices.append(f"({k} - 1)")
        self.emit(indent + "    ", f"{k} += 1")
        self.block(inner, self.r.randint(1, 3), indent + "    ")

    def leave(self, scope: Scope, indent: str) -> None:
        ways = [f"return {self.result(scope)}"]
        if scope.loops:
            ways += ["break", "continue", "break", "continue"]
        self.emit(indent, f"if {self.condition(scope)}:")
        self.emit(indent + "    ", self.r.choice(ways))


def generate(seed: int) -> str:
    """The source of a module whose function is called `program`."""
    return Generator(seed).program()

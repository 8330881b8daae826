"""Random programs of `try` statements, nested in each other and in loops and branches."""

import linecache
import math
import random
from collections.abc import Callable
from typing import Any

import numpy as np

RAISED = ("ValueError", "KeyError", "IndexError", "ZeroDivisionError", "RuntimeError")
CAUGHT = (*RAISED, "LookupError", "ArithmeticError", "(ValueError, KeyError)", "Exception", "")
HELPER = """def helper(t):
    if t > 1.0:
        raise ValueError('explicit')
    if t < -1.5:
        raise KeyError('explicit')
    return t * t + 0.1
"""
DEEPEST = 2


class Writer:
    """Writes one program. What Python raises by itself stands only where all of it is caught, since elsewhere the numbers
    that compiled code gives instead are no error."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.caught = 0
        self.lines = ["def f(x, y, a):", "    a = a.copy()", "    z = x * y", "    w = 0.5", "    k = 2"]
        for _ in range(3):
            self.block(1, False, 0, False, False)
        self.lines.append("    return x + y * z + w + np.sum(a * a)")

    def add(self, indent: int, line: str) -> None:
        self.lines.append("    " * indent + line)

    def number(self) -> str:
        return str(round(self.random.uniform(-1.5, 1.5), 2))

    def name(self) -> str:
        return self.random.choice("xyzw")

    def condition(self) -> str:
        return f"{self.name()} {self.random.choice('<>')} {self.number()}"

    def expression(self, depth: int = 0) -> str:
        kind, name = self.random.randrange(12 if self.caught else 11), self.name()
        if depth > 1 or kind < 3:
            return name
        if kind < 5:
            return self.number()
        if kind < 8:
            return f"({self.expression(depth + 1)} {self.random.choice('+-*')} {self.expression(depth + 1)})"
        if kind < 11:
            place = self.random.randrange(3)
            return (f"math.sin({self.expression(depth + 1)})", f"float(a[{place}])", f"helper({name})")[kind - 8]
        risky = (
            f"{name} / (k - 1.0)",
            f"float(a[{self.random.randrange(-4, 5)}])",
            f"math.sqrt({name})",
            f"math.log({name})",
        )
        return f"({self.random.choice(risky)})"

    def block(self, indent: int, loop: bool, depth: int, final: bool, handler: bool) -> None:
        for _ in range(self.random.randrange(1, 3)):
            self.statement(indent, loop, depth, final, handler)

    def statement(self, indent: int, loop: bool, depth: int, final: bool, handler: bool) -> None:
        kind = self.random.randrange(20 if depth <= DEEPEST else 9)
        if kind < 6:
            self.add(indent, f"{self.name()} {self.random.choice(['', '', '+', '*'])}= {self.expression()}")
        elif kind < 7:
            self.add(indent, f"a[{self.random.randrange(5 if self.caught else 3)}] = {self.expression()}")
        elif kind < 9:
            self.add(indent, f"if {self.condition()}:")
            self.exit(indent + 1, loop, final, handler)
        elif kind < 11:
            self.add(indent, f"if {self.condition()}:")
            self.block(indent + 1, loop, depth + 1, final, handler)
            self.add(indent, "else:")
            self.block(indent + 1, loop, depth + 1, final, handler)
        elif kind < 13:
            self.add(indent, f"for k in range({self.random.randrange(4)}):")
            self.block(indent + 1, not final, depth + 1, final, handler)
        else:
            self.attempt(indent, loop, depth + 1, final, handler)

    def exit(self, indent: int, loop: bool, final: bool, handler: bool) -> None:
        kind = self.random.randrange(5)
        if kind == 0 and loop:
            self.add(indent, self.random.choice(["break", "continue"]))
        elif kind == 1 and not final:
            self.add(indent, f"return {self.expression()}")
        elif kind == 2 and handler:
            self.add(indent, "raise")
        else:
            self.add(indent, f"raise {self.random.choice(RAISED)}('explicit')")

    def attempt(self, indent: int, loop: bool, depth: int, final: bool, handler: bool) -> None:
        clauses = [self.random.choice(CAUGHT) for _ in range(self.random.randrange(3))]
        clauses = [clause or "KeyError" for clause in clauses[:-1]] + clauses[-1:]
        everything = any(clause in ("", "Exception") for clause in clauses)
        self.caught += everything
        self.add(indent, "try:")
        self.block(indent + 1, loop, depth, final, handler)
        self.caught -= everything
        for clause in clauses:
            self.add(indent, f"except {clause}:".replace(" :", ":"))
            self.block(indent + 1, loop, depth, final, True)
        if clauses and self.random.random() < 0.3:
            self.add(indent, "else:")
            self.block(indent + 1, loop, depth, final, handler)
        if not clauses or self.random.random() < 0.35:
            self.add(indent, "finally:")
            self.block(indent + 1, False, depth, True, handler)


def random_try(seed: int) -> Callable[..., Any]:
    """The function that the seed stands for."""
    text = HELPER + "\n".join(Writer(seed).lines) + "\n"
    name = f"<random try {seed}>"
    linecache.cache[name] = (len(text), None, text.splitlines(True), name)
    scope: dict[str, Any] = {"np": np, "math": math}
    exec(compile(text, name, "exec"), scope)
    return scope["f"]

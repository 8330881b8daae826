"""Random programs from the grammar: `generate(seed)` is the source of a module with a function `program`."""

from __future__ import annotations

import ast
import random
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from fuzz.grammar import FORMS, HELPERS, LEAVE, LEAVE_LOOP, LEAVES, NESTED, RESULTS, SIMPLE

HOLE = re.compile(r"<([+@#]?)([A-Za-z]+)(\d?)>")
#: What stands before a hole in what a loop or a comprehension goes over, or a lambda is given: its names are not known there.
OUTSIDE = re.compile(r"\bfor [^:]* in (?:(?! if |\]).)*$|\(lambda .*\)\($")
#: The parameters of every program (see `fuzz.check.arguments`), by their types.
PARAMETERS = {"s": ["x"], "a": ["a", "c"], "m": ["m"], "k": ["n"]}
#: How a program may begin.
FIRST = [
    ("a", "y = np.zeros(4)"), ("a", "y = a * x"), ("b", "b = a[1:].copy()"), ("m", "w = m.copy()"), ("l", "l = [x, 0.5 * s]"),
    ("f", "f = lambda p: p * s"),
]  # fmt: skip


class NoSuchName(Exception):
    """A template wants a variable of a type that there is none of."""


@dataclass
class Scope:
    """The names assigned on every path to here, by their types, and what is around: a loop, or a function within."""

    names: dict[str, list[str]]
    depth: int = 0
    loop: bool = False
    returns: bool = True

    def inner(self, loop: bool, returns: bool) -> Scope:
        return Scope({kind: list(found) for kind, found in self.names.items()}, self.depth + 1, loop, returns)

    def add(self, kind: str, name: str) -> None:
        self.names.setdefault(kind, []).append(name)


class Generator:
    def __init__(self, seed: int) -> None:
        self.r = random.Random(seed)
        self.count = 0
        self.budget = self.r.randint(5, 16)
        self.result = self.r.choice(RESULTS)

    def program(self) -> str:
        scope = Scope({kind: list(names) for kind, names in PARAMETERS.items()})
        scope.add("s", "s")
        lines = ["s = 0.5 * x"]
        for kind, line in FIRST:
            if self.r.random() < 0.5:
                lines.append(line)
                scope.add(kind, line[0])
        while self.budget > 0:
            lines += self.statement(scope)
        lines.append("return " + self.fill(self.result, scope, 1)[0])
        body = "".join(f"    {line}\n" for line in lines)
        return HELPERS + ast.unparse(ast.parse(f"def program(x, a, c, m, n, flag):\n{body}")) + "\n"

    def fresh(self, kind: str) -> str:
        self.count += 1
        return f"{kind}{self.count}"

    # --- templates ----------------------------------------------------------------------------------------------------

    def fill(self, template: str, scope: Scope, depth: int) -> list[str]:
        """The lines of a template. New names are known in `scope` afterwards; those of a block only in the block."""
        binders = Binders(template, self.fresh)
        known = dict(binders.known)
        inside = scope.inner(scope.loop, scope.returns)
        if template.startswith("def "):
            inside.names = {}
        for kind, name in binders.made["@"]:
            inside.add(kind, name)

        def hole(match: re.Match[str], where: Scope) -> str:
            mark, kind, digit = match.groups()
            if mark in binders.pending and not digit:
                return next(binders.pending[mark])
            if not (mark or digit):
                return self.one_of(kind, where, depth)
            if match[0] not in known:
                known[match[0]] = self.fresh(kind) if mark == "#" else self.one_of(kind, where, depth)
            return known[match[0]]

        lines: list[str] = []
        for line in template.split("\n"):
            text = line.lstrip()
            indent = line[: len(line) - len(text)]
            if text in ("<BLOCK>", "<LOOP>", "<SIMPLE>"):
                lines += [indent + inner for inner in self.block(inside, text, template)]
                continue
            where = inside if indent or "\n" not in template else scope

            def fitting(match: re.Match[str], where: Scope = where) -> str:
                return hole(match, scope if OUTSIDE.search(match.string[: match.start()]) else where)

            lines.append(indent + HOLE.sub(fitting, text))
        for kind, name in binders.made["+"]:
            scope.add(kind, name)
        return lines

    def one_of(self, kind: str, scope: Scope, depth: int) -> str:
        """A name, or an expression, of this type."""
        if kind == "RESULT":
            return self.fill(self.result, scope, 1)[0]
        if kind.islower():
            if not scope.names.get(kind):
                raise NoSuchName(kind)
            return self.r.choice(scope.names[kind])
        for _ in range(20):
            leaf = depth <= 0 or self.r.random() < 0.25
            template = self.r.choice((LEAVES if leaf else FORMS)[kind])
            try:
                return tight(self.fill(template, scope.inner(False, False), depth - 1)[0])
            except NoSuchName:
                continue
        raise NoSuchName(kind)

    # --- statements ---------------------------------------------------------------------------------------------------

    def block(self, scope: Scope, hole: str, template: str) -> list[str]:
        if hole == "<SIMPLE>":
            return self.one(SIMPLE, scope)
        function = template.startswith("def ")
        inner = scope.inner(hole == "<LOOP>" or (scope.loop and not function), scope.returns and not function)
        return [line for _ in range(self.r.randint(1, 3)) for line in self.statement(inner)]

    def statement(self, scope: Scope) -> list[str]:
        self.budget -= 1
        pick = self.r.random()
        ways = SIMPLE
        if scope.depth < 7 and pick < 0.33 and self.budget > 0:
            ways = NESTED
        elif pick > 0.93 and scope.depth and scope.returns:
            ways = LEAVE
        elif pick > 0.85 and scope.loop:
            ways = LEAVE_LOOP
        return self.one(ways, scope)

    def one(self, ways: list[str], scope: Scope) -> list[str]:
        for _ in range(50):
            before = {kind: list(names) for kind, names in scope.names.items()}
            try:
                return self.fill(self.r.choice(ways), scope, 2)
            except NoSuchName:
                scope.names = before
        return ["pass"]


class Binders:
    """The names that a template binds: `made` by their marks, with their types; `pending`, in the order of their holes;
    `known`, by the holes that mean them again (`<@s1>` is the first `<@s>`)."""

    def __init__(self, template: str, fresh: Callable[[str], str]) -> None:
        self.made: dict[str, list[tuple[str, str]]] = {"+": [], "@": []}
        self.known: dict[str, str] = {}
        counts: Counter[str] = Counter()
        for mark, kind, digit in HOLE.findall(template):
            if mark in self.made and not digit:
                name = fresh(kind)
                self.made[mark].append((kind, name))
                counts[mark + kind] += 1
                self.known[f"<{mark}{kind}{counts[mark + kind]}>"] = name
        self.pending = {mark: iter([name for _, name in names]) for mark, names in self.made.items()}


def tight(text: str) -> str:
    """The expression, in parentheses if an operator beside it would take it apart."""
    tree = ast.parse(text.strip(), mode="eval").body
    loose = isinstance(
        tree, ast.BinOp | ast.UnaryOp | ast.BoolOp | ast.Compare | ast.IfExp | ast.Lambda | ast.NamedExpr
    )
    return f"({text})" if loose else text


def generate(seed: int) -> str:
    return Generator(seed).program()

"""Random programs from the grammar: `generate(seed)` is the source of a module with a function `program`."""

from __future__ import annotations

import ast
import random
import re
from dataclasses import dataclass, field

from fuzz.grammar import FORMS, HELPERS, LEAVE, LEAVE_LOOP, LEAVES, NESTED, RESULTS, SIMPLE

HOLE = re.compile(r"<([+@#]?)([A-Za-z]+)(\d?)>")
#: What stands before a hole in what a loop or a comprehension goes over, or a lambda is given: its variables are not known there.
OUTSIDE = re.compile(r"\bfor [^:]* in (?:(?! if |\]).)*$|\(lambda .*\)\($")
#: The parameters of every program (see `tests.fuzz.arguments`), and what its first lines assign.
PARAMETERS = {"s": ["x"], "a": ["a", "c"], "m": ["m"], "k": ["n"]}


class NoSuchName(Exception):
    """A template wants a variable of a type that there is none of."""


@dataclass
class Scope:
    """The names assigned on every path to here, by their types, and whether a loop or a nested function is around."""

    names: dict[str, list[str]]
    depth: int = 0
    loop: bool = False
    returns: bool = True
    fixed: set[str] = field(default_factory=set)

    def inner(self, loop: bool, returns: bool) -> Scope:
        names = {kind: list(found) for kind, found in self.names.items()}
        return Scope(names, self.depth + 1, loop, returns, set(self.fixed))


class Generator:
    def __init__(self, seed: int) -> None:
        self.r = random.Random(seed)
        self.count = 0
        self.budget = self.r.randint(5, 16)
        self.result = self.r.choice(RESULTS)

    def program(self) -> str:
        scope = Scope({kind: list(names) for kind, names in PARAMETERS.items()})
        scope.names["s"].append("s")
        lines = ["s = 0.5 * x"]
        for line in ("y = np.zeros(4)", "y = a * x", "b = a[1:].copy()", "w = m.copy()", "l = [x, 0.5 * s]", "f = lambda p: p * s"):
            if self.r.random() < 0.5:
                lines.append(line)
                scope.names.setdefault({"y": "a", "b": "b", "w": "m", "l": "l", "f": "f"}[line[0]], []).append(line[0])
        while self.budget > 0:
            lines += self.statement(scope)
        lines.append("return " + self.fill(self.result, scope, 1)[0])
        body = "".join(f"    {line}\n" for line in lines)
        return HELPERS + ast.unparse(ast.parse(f"def program(x, a, c, m, n, flag):\n{body}")) + "\n"

    # --- expressions --------------------------------------------------------------------------------------------------

    def expression(self, kind: str, scope: Scope, depth: int) -> str:
        for _ in range(20):
            leaf = depth <= 0 or self.r.random() < 0.25
            template = self.r.choice((LEAVES if leaf else FORMS)[kind])
            try:
                return tight(self.fill(template, scope.inner(False, False), depth - 1)[0])
            except NoSuchName:
                continue
        raise NoSuchName(kind)

    def name(self, kind: str, scope: Scope) -> str:
        if not scope.names.get(kind):
            raise NoSuchName(kind)
        return self.r.choice(scope.names[kind])

    def fresh(self, kind: str) -> str:
        self.count += 1
        return f"{kind}{self.count}"

    # --- templates ----------------------------------------------------------------------------------------------------

    def fill(self, template: str, scope: Scope, depth: int) -> list[str]:
        """The lines of a template. New names are known in `scope` afterwards; those of a block only in the block."""
        known: dict[str, str] = {}
        made: dict[str, list[tuple[str, str]]] = {"+": [], "@": []}
        for mark, kind, digit in HOLE.findall(template):
            if mark in made and not digit:
                made[mark].append((kind, self.fresh(kind)))
                count = sum(other == kind for other, _ in made[mark])
                known[f"{mark}{kind}{count}"] = made[mark][-1][1]
        inside = scope.inner(scope.loop, scope.returns)
        if template.startswith("def "):
            inside.names = {kind: [] for kind in inside.names}
        for kind, name in made["@"]:
            inside.names.setdefault(kind, []).append(name)
        pending = {mark: iter([name for _, name in names]) for mark, names in made.items()}
        whole = "\n" not in template

        def hole(match: re.Match[str], where: Scope) -> str:
            mark, kind, digit = match.groups()
            key = mark + kind + digit
            if mark in pending and not digit:
                return next(pending[mark])
            if (mark == "#" or digit) and key in known:
                return known[key]
            if mark == "#":
                text = self.fresh(kind)
            elif kind == "RESULT":
                text = self.fill(self.result, scope, 1)[0]
            elif kind.islower():
                text = self.name(kind, where)
            else:
                text = self.expression(kind, where, depth)
            if digit or mark:
                known[key] = text
            return text

        lines: list[str] = []
        for line in template.split("\n"):
            text = line.lstrip()
            indent = line[: len(line) - len(text)]
            if text in ("<BLOCK>", "<LOOP>", "<SIMPLE>"):
                block = self.simple(inside) if text == "<SIMPLE>" else self.block(inside, text == "<LOOP>", template)
                lines += [indent + inner for inner in block]
                continue
            where = inside if whole or indent else scope
            lines.append(indent + HOLE.sub(lambda match: hole(match, scope if OUTSIDE.search(match.string[: match.start()]) else where), text))
        for kind, name in made["+"]:
            scope.names.setdefault(kind, []).append(name)
        return lines

    # --- statements ---------------------------------------------------------------------------------------------------

    def block(self, scope: Scope, loop: bool, template: str) -> list[str]:
        function = template.startswith("def ")
        inner = scope.inner(loop or (scope.loop and not function), scope.returns and not function)
        lines: list[str] = []
        for _ in range(self.r.randint(1, 3)):
            lines += self.statement(inner)
        return lines

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

    def simple(self, scope: Scope) -> list[str]:
        return self.one(SIMPLE, scope)

    def one(self, ways: list[str], scope: Scope) -> list[str]:
        for _ in range(50):
            before = {kind: list(names) for kind, names in scope.names.items()}
            try:
                return self.fill(self.r.choice(ways), scope, 2)
            except NoSuchName:
                scope.names = before
        return ["pass"]


def generate(seed: int) -> str:
    return Generator(seed).program()


def tight(text: str) -> str:
    """The expression, in parentheses if an operator beside it would take it apart."""
    tree = ast.parse(text.strip(), mode="eval").body
    loose = isinstance(tree, ast.BinOp | ast.UnaryOp | ast.BoolOp | ast.Compare | ast.IfExp | ast.Lambda | ast.NamedExpr)
    return f"({text})" if loose else text

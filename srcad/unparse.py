"""Printing syntax trees as a person would write them.

`astunparse` prints any tree correctly but guards every operator with parentheses, writes `x[(i, :)]`, and forgets comments. This
subclass knows precedence, prints `Comment` statements, and hangs an end-of-line comment on a statement that has a `note`. It
reads `ast` and `gast` trees alike, since it goes by the names of the node classes.

The emitter prints expressions before it has chosen names: there `Name.id` is no string yet, and `name` says how to spell it.
"""

from __future__ import annotations

import ast
import io
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from astunparse import Unparser

TUPLE, TEST, OR, AND, NOT, COMPARE, BITOR, BITXOR, BITAND, SHIFT, ARITH, TERM, UNARY, POWER, ATOM = range(15)

_BINARY = {
    "BitOr": BITOR,
    "BitXor": BITXOR,
    "BitAnd": BITAND,
    "LShift": SHIFT,
    "RShift": SHIFT,
    "Add": ARITH,
    "Sub": ARITH,
    "Pow": POWER,
}
_LEVELS = {"IfExp": TEST, "Lambda": TEST, "NamedExpr": TUPLE, "Compare": COMPARE, "Yield": TUPLE, "YieldFrom": TUPLE}

#: Between a statement and its note, until all lines are known and notes can be aligned.
_NOTE = "\0"
_NOTE_COLUMN = 72
#: Where lines are broken, and how long they may be with a note.
_LINE, _NOTED_LINE = 110, 120


class Comment(ast.stmt):
    """A comment on a line of its own. (Not a node of Python's grammar: only our Unparser knows it.)"""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


def kind(node: Any) -> str:
    return type(node).__name__


def precedence(node: Any) -> int:
    """How tightly the node's text holds together; the higher the tighter."""
    match kind(node):
        case "BinOp":
            return _BINARY.get(kind(node.op), TERM)
        case "UnaryOp":
            return NOT if kind(node.op) == "Not" else UNARY
        case "BoolOp":
            return AND if kind(node.op) == "And" else OR
        case "Constant":
            return UNARY if repr(node.value).startswith("-") else ATOM
        case "Tuple":
            return TUPLE if node.elts else ATOM
        case other:
            return _LEVELS.get(other, ATOM)


class SourceUnparser(Unparser):  # type: ignore[misc]
    """Prints a tree with only the parentheses that it needs."""

    def __init__(self, tree: Any, file: io.StringIO, name: Callable[[Any], str] = str) -> None:
        self.name = name
        self.note = ""
        super().__init__(tree, file)

    # statements

    def dispatch(self, tree: Any) -> None:
        note = getattr(tree, "note", "")
        if note:
            self.note = note
        super().dispatch(tree)
        if note:
            self.end_line()

    def end_line(self) -> None:
        if self.note:
            self.write(f"{_NOTE}# {self.note}")
            self.note = ""

    def enter(self) -> None:
        super().enter()
        self.end_line()

    def fill(self, text: str = "") -> None:
        note, self.note = self.note, ""
        super().fill(text)
        self.note = note

    def _Comment(self, tree: Any) -> None:
        self.fill(f"# {tree.text}")

    def _Expr(self, tree: Any) -> None:
        self.fill()
        self.put(tree.value, TEST)

    def _Assign(self, tree: Any) -> None:
        self.fill()
        for target in tree.targets:
            self.put(target, TUPLE)
            self.write(" = ")
        self.put(tree.value, TUPLE)

    def _AugAssign(self, tree: Any) -> None:
        self.fill()
        self.put(tree.target, ATOM)
        self.write(f" {self.binop[kind(tree.op)]}= ")
        self.put(tree.value, TUPLE)

    def _Return(self, tree: Any) -> None:
        self.fill("return")
        if tree.value is not None:
            self.write(" ")
            self.put(tree.value, TUPLE)

    # expressions

    def put(self, node: Any, level: int) -> None:
        """Print the node where only text of at least this precedence may stand bare."""
        note, self.note = self.note, ""
        guard = precedence(node) < level
        if guard:
            self.write("(")
        if kind(node) == "Tuple":
            self.sequence(node.elts)
            self.write("," if len(node.elts) == 1 else "" if node.elts else "()")
        else:
            super().dispatch(node)
        if guard:
            self.write(")")
        self.note = note

    def sequence(self, nodes: Sequence[Any]) -> None:
        for position, node in enumerate(nodes):
            if position:
                self.write(", ")
            self.put(node, TEST)

    def _write_constant(self, value: Any) -> None:
        text = repr(value)
        quoted = isinstance(value, str) and text.startswith("'") and '"' not in text
        self.write(f'"{text[1:-1]}"' if quoted else text)

    def _Name(self, tree: Any) -> None:
        self.write(tree.id if isinstance(tree.id, str) else self.name(tree.id))

    def _Tuple(self, tree: Any) -> None:
        self.put(tree, TEST)

    def _List(self, tree: Any) -> None:
        self.write("[")
        self.sequence(tree.elts)
        self.write("]")

    def _UnaryOp(self, tree: Any) -> None:
        symbol = self.unop[kind(tree.op)]
        self.write("not " if symbol == "not" else symbol)
        self.put(tree.operand, precedence(tree))

    def _BinOp(self, tree: Any) -> None:
        level = precedence(tree)
        power = level == POWER
        self.put(tree.left, level + power)
        self.write(f" {self.binop[kind(tree.op)]} ")
        self.put(tree.right, UNARY if power else level + 1)

    def _Compare(self, tree: Any) -> None:
        self.put(tree.left, COMPARE + 1)
        for op, right in zip(tree.ops, tree.comparators, strict=True):
            self.write(f" {self.cmpops[kind(op)]} ")
            self.put(right, COMPARE + 1)

    def _BoolOp(self, tree: Any) -> None:
        level = precedence(tree)
        for position, value in enumerate(tree.values):
            if position:
                self.write(" and " if level == AND else " or ")
            self.put(value, level + (position > 0))

    def _IfExp(self, tree: Any) -> None:
        self.put(tree.body, OR)
        self.write(" if ")
        self.put(tree.test, OR)
        self.write(" else ")
        self.put(tree.orelse, TEST)

    def _Lambda(self, tree: Any) -> None:
        self.write("lambda ")
        self.dispatch(tree.args)
        self.write(": ")
        self.put(tree.body, TEST)

    def _Attribute(self, tree: Any) -> None:
        number = kind(tree.value) == "Constant" and not isinstance(tree.value.value, str)
        self.put(tree.value, ATOM + number)
        self.write(f".{tree.attr}")

    def _Subscript(self, tree: Any) -> None:
        self.put(tree.value, ATOM)
        self.write("[")
        self.put(tree.slice, TUPLE)
        self.write("]")

    def _Call(self, tree: Any) -> None:
        self.put(tree.func, ATOM)
        self.write("(")
        self.sequence([*tree.args, *tree.keywords])
        self.write(")")


def unparse(tree: Any, name: Callable[[Any], str] = str) -> str:
    """The tree as source text, without a newline at the ends."""
    file = io.StringIO()
    SourceUnparser(tree, file, name)
    return "\n".join(align([fold(line) for line in file.getvalue().strip("\n").split("\n")]))


def expression_text(node: Any, name: Callable[[Any], str] = str) -> str:
    file = io.StringIO()
    SourceUnparser(node, file, name)
    return file.getvalue().strip("\n")


def align(lines: Sequence[str]) -> list[str]:
    """Put the notes of all lines into one column, near the ends of the lines that have one."""
    widths = [len(line.partition(_NOTE)[0]) for line in lines if _NOTE in line]
    column = max((width for width in widths if width <= _NOTE_COLUMN), default=0)
    return [_aligned(line, column) for line in lines]


def _aligned(line: str, column: int) -> str:
    code, mark, rest = line.partition(_NOTE)
    note, *rows = rest.split("\n")
    noted = f"{code.ljust(column)}  {note}"
    return "\n".join([noted if mark and len(noted) <= _NOTED_LINE else code, *rows])


def fold(line: str) -> str:
    """Break a line that is too long after the commas of its widest outermost bracket. Its note stays on the first row."""
    code, mark, note = line.partition(_NOTE)
    pieces = _bracket(code) if len(code) > _LINE else None
    if pieces is None:
        return line
    head, items, tail = pieces
    indent = code[: len(code) - len(code.lstrip())]
    rows = [f"{indent}    {items[0]}"]
    for item in items[1:]:
        if len(rows[-1]) + len(item) + 3 <= _LINE:
            rows[-1] += f", {item}"
        else:
            rows[-1] += ","
            rows.append(f"{indent}    {item}")
    return "\n".join([head + mark + note, *rows, f"{indent}{tail}"])


def _bracket(line: str) -> tuple[str, list[str], str] | None:
    """The line around its widest outermost bracket: what stands before, between its commas, and from its end on."""
    best: tuple[int, list[int]] | None = None
    stack: list[tuple[int, list[int]]] = []
    quote = ""
    for at, char in enumerate(line):
        if quote:
            quote = "" if char == quote and line[at - 1] != "\\" else quote
        elif char in "'\"":
            quote = char
        elif char == "#":
            break
        elif char in "([{":
            stack.append((at, [at]))
        elif char == "," and stack:
            stack[-1][1].append(at)
        elif char in ")]}":
            start, cuts = stack.pop()
            cuts.append(at)
            if not stack and (best is None or at - start > best[1][-1] - best[0]):
                best = start, cuts
    if best is None or best[1][-1] - best[0] < _LINE // 3 or line.lstrip().startswith(("for ", "if ", "while ")):
        return None
    cuts = best[1]
    items = [line[a + 1 : b].strip() for a, b in pairwise(cuts)]
    return line[: cuts[0] + 1], [item for item in items if item], line[cuts[-1] :]

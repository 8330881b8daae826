"""A failing program made small: functions, statements, blocks and operands are taken away while it fails in the same way."""

from __future__ import annotations

import ast
import time
import warnings
from collections.abc import Callable, Iterator

#: A way to make a node smaller: the field, the position in it (None: it is no list), and what to put there.
Cut = tuple[ast.AST, str, int | None, object]


def shrink(source: str, fails: Callable[[str], bool], seconds: float = 120.0) -> str:
    """The smallest source found within the time of which `fails` holds: statements go first, then parts of expressions."""
    end = time.monotonic() + seconds
    best, size = without_unused(source), 0
    while len(best) != size:
        size = len(best)
        for cuts in (statements, expressions):
            at = 0
            while time.monotonic() < end and (candidate := changed(best, cuts, at)) is not None:
                candidate = without_unused(candidate) if candidate else ""
                if candidate and len(candidate) < len(best) and fails(candidate):
                    best = candidate
                else:
                    at += 1
    return best


def changed(source: str, cuts: Callable[[ast.AST], Iterator[Cut]], at: int) -> str | None:
    """The source after one of the cuts, "" where that is no Python, None where there are not so many."""
    tree = ast.parse(source)
    found = [cut for node in ast.walk(tree) for cut in cuts(node)]
    if at >= len(found):
        return None
    node, field, position, new = found[at]
    if position is None:
        setattr(node, field, new)
    else:
        getattr(node, field)[position : position + 1] = new
    try:
        text = ast.unparse(ast.fix_missing_locations(tree)) + "\n"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            compile(text, "candidate", "exec")
    except (SyntaxError, ValueError, TypeError, RecursionError):
        return ""
    return text


def without_unused(source: str) -> str:
    """Without the functions, imports and assignments at the top level whose names appear nowhere else."""
    tree = ast.parse(source)
    for _ in range(10):
        used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
        kept = [stmt for stmt in tree.body if not (names := _defined(stmt)) or names & (used | {"program"})]
        if len(kept) == len(tree.body):
            break
        tree.body = kept
    return ast.unparse(tree) + "\n"


def _defined(stmt: ast.stmt) -> set[str]:
    if isinstance(stmt, ast.FunctionDef):
        return {stmt.name}
    if isinstance(stmt, ast.Import | ast.ImportFrom):
        return {alias.asname or alias.name for alias in stmt.names}
    if isinstance(stmt, ast.Assign):
        return {target.id for target in stmt.targets if isinstance(target, ast.Name)}
    return set()


def statements(node: ast.AST) -> Iterator[Cut]:
    """A statement goes, or what is in it takes its place."""
    for field, value in ast.iter_fields(node):
        if not (isinstance(value, list) and value and isinstance(value[0], ast.stmt)):
            continue
        if field == "body" and isinstance(node, ast.FunctionDef) and len(value) > 4:  # halves first
            for half in (value[len(value) // 2 : -1], value[: len(value) // 2]):
                yield node, field, None, [stmt for stmt in value if stmt not in half]
        for at, stmt in reversed(list(enumerate(value))):
            if len(value) > 1 or field == "orelse":
                yield node, field, at, []
            elif not isinstance(stmt, ast.Pass):
                yield node, field, at, [ast.Pass()]
            if isinstance(stmt, ast.Match):
                yield from ((node, field, at, case.body) for case in stmt.cases)
            elif not isinstance(stmt, ast.FunctionDef):
                yield from (
                    (node, field, at, block) for name in ("body", "orelse") if (block := getattr(stmt, name, None))
                )


def expressions(node: ast.AST) -> Iterator[Cut]:
    """A part takes the place of the whole, or something that is always there does."""
    for field, value in ast.iter_fields(node):
        if isinstance(value, ast.expr):
            yield from ((node, field, None, new) for new in _smaller(value))
        elif isinstance(value, list) and value and isinstance(value[0], ast.expr):
            for at, item in enumerate(value):
                yield from ((node, field, at, [new]) for new in _smaller(item))
                if len(value) > 1 and not isinstance(node, ast.Compare):
                    yield node, field, at, []


def _smaller(value: ast.expr) -> Iterator[ast.expr]:
    if isinstance(getattr(value, "ctx", None), ast.Store):
        return
    if not isinstance(value, ast.Constant | ast.Name):
        yield ast.Constant(0.5)
        yield ast.Name("x", ast.Load())
        yield ast.Name("a", ast.Load())
    for child in ast.walk(value):
        if (
            child is not value
            and isinstance(child, ast.expr)
            and not isinstance(getattr(child, "ctx", None), ast.Store)
        ):
            yield child
    if isinstance(value, ast.Name):
        yield ast.Constant(0)

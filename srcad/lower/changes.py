"""Which variables of a function hold lists that the function changes, itself or by passing them on."""

from __future__ import annotations

import functools
import types
from collections.abc import Iterator
from typing import Any

import gast

from srcad.errors import SourceError
from srcad.lower.names import Names, appended, changed_inside, item_assigned, same_lists, statements, walk_scope
from srcad.lower.scope import Frame
from srcad.source import source_of


@functools.lru_cache(maxsize=1024)
def changed(node: Any) -> Names:
    """The variables of a function with a list that the function itself changes."""
    body = statements(node)
    return same_lists(body, appended(body) | changed_inside(node) | item_assigned(body) | _joined(body))


def _joined(nodes: list[Any]) -> Names:
    """The names to which lists are added: `a += [...]`, `a = a + [...]`."""
    found: set[str] = set()
    for node in walk_scope(nodes):
        match node:
            case gast.AugAssign(target=gast.Name(id=name), op=gast.Add(), value=gast.List() | gast.ListComp()):
                found.add(name)
            case gast.Assign(targets=[gast.Name(id=name)], value=gast.BinOp(left=left, op=gast.Add(), right=right)):
                sides = (left, right)
                if any(isinstance(side, gast.Name) and side.id == name for side in sides) and any(
                    isinstance(side, gast.List | gast.ListComp) for side in sides
                ):
                    found.add(name)
    return frozenset(found)


def changes(frame: Frame, name: str) -> bool:
    """Whether a list in this variable is changed, by the function of the frame or by those to which it is passed."""
    return name in changed(frame.node) or _passes_on(frame, frame.node, name, set())


def _passes_on(frame: Frame | None, node: Any, name: str, seen: set[tuple[Any, str]]) -> bool:
    if (node, name) in seen:
        return False
    seen.add((node, name))
    for call, parameter in _uses(node, name):
        found = _callee(frame, node, call.func)
        if found is None:
            continue
        inner, callee = found
        taken = _parameter(callee, parameter)
        if taken and (taken in changed(callee) or _passes_on(inner, callee, taken, seen)):
            return True
    return False


def _uses(node: Any, name: str) -> Iterator[tuple[Any, int | str]]:
    """The calls to which the variable is an argument, and which."""
    for call in gast.walk(node):
        if isinstance(call, gast.Call):
            for k, arg in enumerate(call.args):
                if isinstance(arg, gast.Name) and arg.id == name:
                    yield call, k
            for keyword in call.keywords:
                if isinstance(keyword.value, gast.Name) and keyword.value.id == name and keyword.arg:
                    yield call, keyword.arg


def _callee(frame: Frame | None, node: Any, func: Any) -> tuple[Frame | None, Any] | None:
    """The function that a name stands for, with the frame around it, as far as this is plain to see."""
    if not isinstance(func, gast.Name):
        return None
    for inner in walk_scope(statements(node)):
        if isinstance(inner, gast.FunctionDef) and inner.name == func.id:
            return frame, inner
    scope = frame
    while scope is not None:
        for inner in walk_scope(statements(scope.node)) if scope.node is not None else ():
            if isinstance(inner, gast.FunctionDef) and inner.name == func.id:
                return scope, inner
        if scope.parent is None:
            cell = scope.cells.get(func.id)
            thing = scope.globals.get(func.id) if cell is None else cell.cell_contents
            plain = getattr(thing, "py_func", thing)
            if not isinstance(plain, types.FunctionType):
                return None
            try:
                source = source_of(plain)
            except SourceError:
                return None
            return Frame(source, source.node, plain.__globals__), source.node
        scope = scope.parent
    return None


def _parameter(node: Any, which: int | str) -> str:
    """The parameter that takes an argument; none if it goes into *args."""
    names = [arg.id for arg in (*node.args.posonlyargs, *node.args.args)]
    if isinstance(which, str):
        return which
    return str(names[which]) if which < len(names) else ""

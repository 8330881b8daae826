"""Iterators that compute their items: here all of them at once, where Python computes each when it is asked for.

The two differ if what the items are computed from changes in the meantime, or if computing one raises what is caught: then
part of what follows has happened already. Both are refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import gast

from srcad.ir import Const, Scalar, Var
from srcad.lower.function import Lowering
from srcad.lower.names import (
    NONE,
    Names,
    appended,
    assigned,
    changed_inside,
    item_assigned,
    read_names,
    statements,
    target_names,
)
from srcad.lower.scope import Closure
from srcad.lower.values import Obj
from srcad.source import parameter_names

REMEDY = "make it a list, list(...), or compute the items in the body of the loop"
#: What gives the items of others as they are asked for, and what makes them of others by a function.
_WRAPPING = frozenset({"zip", "enumerate", "reversed"})
_CALLING = frozenset({"map", "filter", "accumulate", "starmap", "takewhile", "dropwhile", "filterfalse"})
_PASSING = frozenset({"chain", "islice", "pairwise", "product", "combinations", "permutations", "compress"})


def check_loop(ctx: Lowering, stmt: Any) -> None:
    """Refuse a loop over what is computed from something that its body changes."""
    _check(ctx, stmt.iter, [*stmt.body, stmt.target])


def check_kept(ctx: Lowering, node: Any) -> None:
    """Refuse an iterator in a variable if a later statement changes what it is computed from."""
    body = ctx.frame.node.body
    if isinstance(body, list):
        later = [stmt for top in body for stmt in gast.walk(top) if isinstance(stmt, gast.stmt)]
        _check(ctx, node, [stmt for stmt in later if (stmt.lineno, stmt.col_offset) > (node.lineno, node.col_offset)])
        if _delayed(ctx, node) and any(isinstance(stmt, gast.Try) for stmt in later):
            with ctx.at(node):
                ctx.refuse("an iterator is kept in a function that catches exceptions", REMEDY)


def _check(ctx: Lowering, node: Any, meanwhile: list[Any]) -> None:
    delayed = _delayed(ctx, node)
    if not delayed:
        return
    with ctx.at(node):
        changed = assigned(meanwhile) | appended(meanwhile) | item_assigned(meanwhile) | changed_inside(ctx.frame.node)
        for name in sorted(delayed & changed):
            ctx.refuse(f"'{name}' changes while an iterator that is computed from it is run through", REMEDY)
        if ctx.catchers.active:
            ctx.refuse("an iterator that computes its items is run through where exceptions are caught", REMEDY)


def _delayed(ctx: Lowering, node: Any) -> Names:
    """The variables that are read whenever the iterator is asked for an item."""
    if isinstance(node, gast.GeneratorExp):
        first, *rest = node.generators
        own = NONE.union(*(target_names(generator.target) for generator in node.generators))
        late = NONE.union(*map(read_names, [node.elt, *first.ifs, *rest])) - own
        return _with_functions(ctx, late | _source(ctx, first.iter))
    if not isinstance(node, gast.Call):
        return NONE
    name = getattr(node.func, "id", getattr(node.func, "attr", ""))
    if name in _CALLING:
        return _with_functions(ctx, NONE.union(*(_source(ctx, arg) for arg in node.args)))
    if name in _WRAPPING | _PASSING:
        return NONE.union(*(_delayed(ctx, arg) for arg in node.args))
    return NONE


def _source(ctx: Lowering, node: Any) -> Names:
    """What an argument reads later: of what is evaluated at once, arrays and lists, which may be changed in place."""
    if isinstance(node, gast.Lambda):
        return read_names(node.body) - frozenset(parameter_names(node))
    held = (name for name in read_names(node) if not _is_number(ctx.env.names.get(name)))
    return _delayed(ctx, node) | frozenset(held)


def _is_number(value: Any) -> bool:
    return isinstance(value, Var | Const) and isinstance(value.type, Scalar)


def _with_functions(ctx: Lowering, names: Iterable[str]) -> Names:
    """The names, and those that the local functions among them read."""
    found: set[str] = set()
    todo = list(names)
    while todo:
        name = todo.pop()
        if name in found:
            continue
        found.add(name)
        value = ctx.env.names.get(name)
        if isinstance(value, Obj) and isinstance(value.value, Closure) and value.value.frame is ctx.frame:
            node = value.value.node
            body = statements(node)
            todo += read_names(node) - assigned(body) - frozenset(parameter_names(node))
    return frozenset(found)

"""Calls as they are written: how the arguments are lowered for what is called, and what is lent to it."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import gast
import numpy as np

from srcad.lower import comprehensions, list_methods, lists, records
from srcad.lower.changes import changes
from srcad.lower.expressions import (
    changeable_in,
    elements,
    expr,
    given,
    held,
    kept,
    listing,
    record_in,
    sequence,
    used_up,
    whole,
)
from srcad.lower.function import Lowering
from srcad.lower.iterating import iterated
from srcad.lower.known import NONE
from srcad.lower.printing import printing
from srcad.lower.registry import lookup
from srcad.lower.scope import Closure, Poison
from srcad.lower.values import RANGE, Obj, Value, is_kind


def lent(ctx: Lowering, node: Any) -> Value:
    """An argument of a function that is compiled with this one, which may read and change a list while it runs."""
    if (iterator := used_up(ctx, node)) is not None:
        return iterator
    with ctx.at(node):
        return kept(ctx, node, held(ctx, node))


def array_sequence(ctx: Lowering, node: Any) -> Value:
    """An expression where NumPy makes an array of a growing list, and keeps no view of it."""
    with ctx.at(node):
        value = listing(ctx, node)
        return lists.as_array(ctx, value) if lists.is_growing(value) else value


def copied_sequence(ctx: Lowering, node: Any) -> Value:
    """The same, where what becomes of the items is not known."""
    with ctx.at(node):
        value = listing(ctx, node)
        return ctx.b.op("copy", lists.as_array(ctx, value)) if lists.is_growing(value) else value


def call_expression(ctx: Lowering, node: Any) -> Value:
    node = comprehensions.mapped(ctx, node) or node
    if not isinstance(node, gast.Call):
        return comprehensions.list_of(ctx, node)
    if isinstance(node.func, gast.Attribute) and lists.is_growing(held := changeable_in(ctx, node.func.value)):
        joins = node.func.attr == "extend"
        args, kwargs = arguments(ctx, node, listing if joins else partial(given, to="to another list"))
        name = node.func.value.id
        now = ctx.env.names.get(name, held)
        whose = now if lists.is_growing(now) else held
        if node.func.attr == "sort":
            return list_methods.sort(ctx, name, whose, *args, **kwargs)
        return list_methods.method(ctx, name, whose, node.func.attr, [*args, *kwargs.values()])
    attr = node.func.attr if isinstance(node.func, gast.Attribute) else ""
    if attr and attr not in records.READING and (name := record_in(ctx, node.func.value)) is not None:
        args, kwargs = arguments(ctx, node)
        after, result = records.changed(ctx, ctx.read(name), attr, args, kwargs)  # type: ignore[arg-type]
        ctx.define(name, after)
        return result
    function = expr(ctx, node.func)
    thing = function.value if isinstance(function, Obj) else None
    if thing is len and len(node.args) == 1 and lists.is_growing(value := listing(ctx, node.args[0])):
        return lists.length(value)
    reads = thing in (list, tuple, sum, max, min, any, all, sorted, np.array)
    if reads and node.args and (made := iterated(ctx, node.args[0])) is not None:
        rest = [expr(ctx, arg) for arg in node.args[1:]]
        named = {str(k.arg): expr(ctx, k.value) for k in node.keywords}
        if lists.is_growing(made):
            if thing is list:
                return made
            made = lists.contents(ctx, made) if lists.is_plain(made) else whole(ctx, made)
        return ctx.call(function, [made, *rest], named)
    if thing is list and len(node.args) == 1 and _runs_on(ctx, node.args[0]):
        return comprehensions.list_of(ctx, comprehensions.each(node.args[0]))
    if thing is list and len(node.args) == 1:
        return lists.listed(ctx, listing(ctx, node.args[0]))
    items = (comprehensions.mapped(ctx, node.args[0]) or node.args[0]) if node.args else None
    if thing is sum and len(node.args) in (1, 2) and isinstance(items, comprehensions.COMPREHENSIONS):
        options = [*node.args[1:], *(keyword.value for keyword in node.keywords)]
        return comprehensions.total(ctx, items, *(expr(ctx, option) for option in options))
    if thing in (any, all) and len(node.args) == 1 and isinstance(items, comprehensions.COMPREHENSIONS):
        return comprehensions.quantified(ctx, items, "or" if thing is any else "and")
    if thing is print:
        printing(ctx, node)
        return NONE
    names = _lent_names(ctx, node) if is_compiled(thing) else {}
    if names:
        return _lending(ctx, node, function, names)
    args, kwargs = arguments(ctx, node, _operand_for(function, any(keyword.arg == "key" for keyword in node.keywords)))
    return ctx.call(function, args, kwargs)


def _run_through(ctx: Lowering, node: Any) -> Value:
    return comprehensions.list_of(ctx, comprehensions.each(node)) if _runs_on(ctx, node) else listing(ctx, node)


def _runs_on(ctx: Lowering, node: Any) -> bool:
    """Whether this is an iterator of Python's own over what is known only when the program runs."""
    if isinstance(node, gast.Name):
        value = ctx.env.names.get(node.id)
        return is_kind(value, RANGE)
    if not isinstance(node, gast.Call) or not isinstance(node.func, gast.Name):
        return False
    function = expr(ctx, node.func)
    if not isinstance(function, Obj) or function.value not in (zip, enumerate, range, reversed):
        return False
    return not comprehensions.are_known(ctx, [node])


def _operand_for(function: Value, keyed: bool) -> Callable[[Lowering, Any], Value]:
    """How the arguments of the function are lowered."""
    thing = function.value if isinstance(function, Obj) else None
    if is_compiled(thing):
        return lent
    if thing in (max, min, sorted) and keyed:
        return _run_through
    if lists.reads(thing):
        return sequence if thing in lists.BUILTINS else array_sequence
    if lists.takes_lists(function):
        return copied_sequence
    return _looked_at if thing in LOOKING else expr


#: Functions that look at a dictionary and keep no reference to it.
LOOKING = (dict, list, tuple, bool, len, isinstance, enumerate, zip)


def _looked_at(ctx: Lowering, node: Any) -> Value:
    with ctx.at(node):
        return whole(ctx, listing(ctx, node))


def is_compiled(thing: Any) -> bool:
    """Whether this is a Python function, the body of which is lowered where it is called."""
    if isinstance(thing, Closure):
        return True
    plain = getattr(thing, "py_func", thing)
    return (
        isinstance(plain, types.FunctionType)
        and lookup(thing) is None
        and not str(plain.__module__).startswith(("numpy", "srcad.api"))
    )


def _lent_names(ctx: Lowering, node: Any) -> dict[str, Value]:
    """The variables among the arguments that hold lists."""
    args = [*node.args, *(keyword.value for keyword in node.keywords)]
    names = [arg.id for arg in args if isinstance(arg, gast.Name)]
    found = {name: value for name in names if lists.is_changeable(value := ctx.env.names.get(name))}
    for name in found:
        if names.count(name) > 1:
            ctx.refuse(f"the list '{name}' is passed twice", f"pass a copy: list({name})")
    return found  # type: ignore[return-value]


def _lending(ctx: Lowering, node: Any, function: Value, names: Mapping[str, Value]) -> Value:
    """A call with lists in these variables: while it runs, they are the function's, and then they are what it made of them."""
    args, kwargs = arguments(ctx, node, lent)
    frame = ctx.frame
    for name in names:
        frame.env.names[name] = Poison(
            f"'{name}' is read by its own name in a function to which it is passed, and which may change it",
            "pass it only",
        )
    outer, ctx.session.lent = ctx.session.lent, {}
    try:
        result = ctx.call(function, args, kwargs)
        ended = ctx.session.lent
    finally:
        ctx.session.lent = outer
    for name, value in names.items():
        after = ended.get(id(value), value)
        if isinstance(after, Poison):
            after = Poison(
                f"'{name}' is read after a function gave it away, to which it was passed", "pass a copy of it"
            )
        frame.env.names[name] = after
        kept = after is value or isinstance(after, Poison)
        if not kept and not lists.holds_list(value) and not changes(frame, name):
            ctx.refuse(f"'{name}' is changed by a function to which it is passed", "let the function return it")
    return result


def arguments(
    ctx: Lowering, node: Any, operand: Callable[[Lowering, Any], Value] = expr
) -> tuple[list[Value], dict[str, Value]]:
    args = list(elements(ctx, node.args, operand))
    kwargs: dict[str, Value] = {}
    for keyword in node.keywords:
        with ctx.at(keyword.value):
            if keyword.arg is None:
                kwargs |= {str(key): value for key, value in records.opened(ctx, listing(ctx, keyword.value)).items()}
                continue
            kwargs[keyword.arg] = (lent if operand is lent else expr)(ctx, keyword.value)
    return args, kwargs

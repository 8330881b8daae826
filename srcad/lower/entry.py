"""From a function and the types of its arguments to its trace."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from srcad.callable import parameters
from srcad.ir import Builder, Operand, Param, Span, Trace
from srcad.lower.function import Lowering, NeverReturns, Session
from srcad.lower.known import NONE
from srcad.lower.layouts import check
from srcad.lower.recursion import RecursionFound, settle, traces
from srcad.lower.scope import Frame
from srcad.lower.structure import parameter_tree, returned, value_of_parameter
from srcad.lower.unbound import UnboundReadFound
from srcad.lower.values import Obj, Tup, Value
from srcad.source import Source, source_of


def lower(fn: Any, args: tuple[Any, ...], name: str | None = None) -> Trace:
    """The primal trace of `fn`. There is one entry of `args` for each parameter: a Type, a Static, or a Tree of these."""
    target = getattr(fn, "py_func", fn)
    own = parameters(target)
    if len(own) != len(args):
        raise TypeError(f"{name_of(target)} has {len(own)} parameters, and {len(args)} types were given")
    params = tuple(Param(p.name, parameter_tree(arg, p.name)) for arg, p in zip(args, own, strict=True))
    recursive: set[object] = set()
    tracked: set[tuple[object, str]] = set()
    with _room_for_nesting():
        while True:
            try:
                return _lower(
                    Session(tracked=tracked, recursive=recursive), target, own, params, name or name_of(target)
                )
            except RecursionFound as found:
                recursive.add(found.key)
            except UnboundReadFound as found:
                tracked.add(found.key)


def _lower(
    session: Session, fn: Any, parameters: list[inspect.Parameter], params: tuple[Param, ...], name: str
) -> Trace:
    span = span_of(fn)
    while True:
        session.functions.clear()
        ctx = Lowering(session, Builder(span=span), outermost())
        result = _call(ctx, fn, parameters, params)
        settle(session)
        if not session.unsettled:
            break
    yields: list[Operand] = []
    returns = returned(ctx, result, yields)
    functions = (*session.functions, *traces(ctx))
    doc = inspect.getdoc(fn) or "" if span else ""
    return check(Trace(name, params, ctx.b.block(*yields), returns, functions, doc=doc, span=span))


def _call(ctx: Lowering, fn: Any, parameters: list[inspect.Parameter], params: tuple[Param, ...]) -> Value:
    positional: list[Value] = []
    named: dict[str, Value] = {}
    for param, p in zip(params, parameters, strict=True):
        value = value_of_parameter(ctx, param.tree, p.name)
        if p.kind is p.KEYWORD_ONLY:
            named[p.name] = value
        elif p.kind is p.VAR_POSITIONAL and isinstance(value, Tup):
            positional += value.items
        else:
            positional.append(value)
    try:
        return ctx.call(Obj(fn), positional, named)
    except NeverReturns:
        return NONE


def outermost() -> Frame:
    """The frame from which the function is called."""
    return Frame(Source("", (), None, ""), None, {})


def span_of(fn: Any) -> Span | None:
    """Where the function is defined, if it is Python."""
    function = getattr(fn, "__func__", fn)
    if not inspect.isfunction(function):
        return None
    source = source_of(function)
    return Span(source.file, *source.position(source.node))


def name_of(fn: Any) -> str:
    name = getattr(fn, "__name__", None) or getattr(getattr(fn, "func", None), "__name__", "function")
    return str(name) if str(name).isidentifier() else "function"


@contextmanager
def _room_for_nesting() -> Iterator[None]:
    """Lowering recurses over the tree and over calls: deep programs need more stack than Python allows by default."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, 20_000))
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)

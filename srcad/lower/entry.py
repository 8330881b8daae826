"""From a function and the types of its arguments to its trace."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from srcad.callable import parameters as parameters_of
from srcad.errors import UnsupportedError
from srcad.ir import (
    INT,
    Builder,
    If,
    Op,
    Operand,
    Param,
    Span,
    Static,
    Stmt,
    Trace,
    Tree,
    blocks_of,
    free,
    leaves,
    substitute,
)
from srcad.lower import layouts, sharing
from srcad.lower.function import Lowering, Session
from srcad.lower.known import NONE, ZERO_FLOAT, is_none
from srcad.lower.origins import check_claims
from srcad.lower.recursion import RecursionFound, settle, traces
from srcad.lower.scope import Closure, Frame
from srcad.lower.structure import parameter_tree, returned, value_of_parameter
from srcad.lower.unbound import UnboundReadFound
from srcad.lower.values import NeverReturns, Obj, Tup, Value
from srcad.lower.weak import note
from srcad.source import Source, source_of

if TYPE_CHECKING:
    from srcad.lower.custom import Script
    from srcad.lower.derivatives import Inner


def lower(fn: Any, args: tuple[Any, ...], name: str | None = None, kernel: bool = False) -> Trace:
    """The primal trace of `fn`. There is one entry of `args` for each parameter: a Type, a Static, or a Tree of these. That of
    a `kernel` is what one thread runs."""
    target = getattr(fn, "py_func", fn)
    parameters = parameters_of(target)
    if len(parameters) != len(args):
        raise TypeError(f"{name_of(target)} has {len(parameters)} parameters, and {len(args)} types were given")
    with _room_for_nesting():
        span = span_of(target)
    doc = inspect.getdoc(target) or "" if span else ""
    return trace_of(Obj(target), parameters, args, name or name_of(target), span, doc, kernel=kernel)


def trace_of(
    function: Value,
    parameters: list[inspect.Parameter],
    args: Sequence[Any],
    name: str,
    span: Span | None,
    doc: str = "",
    outer: Inner | Script | None = None,
    kernel: bool = False,
) -> Trace:
    """The trace of a call of the function. `outer`: it belongs to another lowering in progress."""
    params = tuple(Param(p.name, parameter_tree(arg, p.name)) for arg, p in zip(args, parameters, strict=True))
    recursive: set[object] = set()
    tracked: set[tuple[object, str]] = set()
    stack = outer.stack if outer else ()
    nested = outer is not None or any(isinstance(thing, Closure) for arg in args for thing in _statics(arg))
    with _room_for_nesting():
        while True:
            session = Session(tracked=tracked, recursive=recursive, kernel=kernel)
            if outer:
                session.constants = outer.session.constants
            try:
                return replace(_lower(session, stack, function, parameters, params, name, span, nested), doc=doc)
            except RecursionFound as found:
                if found.key in stack:
                    reason = (
                        f"'{name}' is differentiated in a function that it calls: that needs derivatives of every order"
                    )
                    raise UnsupportedError(reason, span, "differentiate outside of the recursion") from None
                recursive.add(found.key)
            except UnboundReadFound as found:
                if found.key in tracked:  # a variable of the lowering around this one
                    raise
                tracked.add(found.key)


def _lower(
    session: Session,
    stack: tuple[object, ...],
    function: Value,
    parameters: list[inspect.Parameter],
    params: tuple[Param, ...],
    name: str,
    span: Span | None,
    nested: bool,
) -> Trace:
    while True:
        session.functions.clear()
        session.claims.clear()
        session.missing, session.error = False, None
        ctx = Lowering(session, Builder(span=span), outermost(), stack)
        if not nested:
            for leaf in (leaf for param in params for leaf in leaves(param.tree) if leaf.type == INT):
                note(leaf)
        result = _call(ctx, function, parameters, params)
        settle(session)
        if not session.unsettled:
            break
    yields: list[Operand] = []
    if is_none(result) and _raises(ctx.b.stmts):
        result = ZERO_FLOAT  # so that the derivative raises, too
    with ctx.at_span(session.returned or span):
        returns = returned(ctx, result, yields)
    functions = (*session.functions, *traces(ctx))
    body = ctx.b.block(*yields)
    never = check_claims(ctx, params, body, functions, nested)
    body = substitute(body, never)
    functions = tuple(replace(f, body=substitute(f.body, never)) for f in functions)
    given = {leaf for param in params for leaf in leaves(param.tree)}
    around = tuple(Param(var.hint or "v", var, outer=var) for var in free(body) if var not in given)
    assert not around or nested, "a function on its own reads nothing of others"
    return sharing.check(layouts.check(Trace(name, (*params, *around), body, returns, functions, span=span)))


def _raises(stmts: Sequence[Stmt]) -> bool:
    """Whether the statements end in an exception, whichever way is taken."""
    match stmts[-1:]:
        case [Op(name="raise")]:
            return True
        case [If() as branch]:
            return all(_raises(block.stmts) for block in blocks_of(branch))
    return False


def _call(ctx: Lowering, function: Value, parameters: list[inspect.Parameter], params: tuple[Param, ...]) -> Value:
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
        return ctx.call(function, positional, named)
    except NeverReturns:
        return NONE


def _statics(tree: Any) -> list[Any]:
    """The objects among the types of the arguments."""
    if isinstance(tree, Tree):
        return [thing for item in tree.items for thing in _statics(item)]
    return [tree.value] if isinstance(tree, Static) else []


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

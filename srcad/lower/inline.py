"""Python functions, lowered where they are called: arguments bound, the body run in a frame of its own."""

from __future__ import annotations

import functools
import types
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import gast

from srcad import reads
from srcad.errors import SourceError, SrcadError
from srcad.lower import lists
from srcad.lower.changes import changes
from srcad.lower.control import Step, run
from srcad.lower.function import Lowering
from srcad.lower.known import FALSE, TRUE, lift
from srcad.lower.matching import without_match
from srcad.lower.merge import is_plain
from srcad.lower.names import Names, assigned, item_assigned, shared, statements, walk_scope
from srcad.lower.records import is_record
from srcad.lower.recursion import RecursionFound, call_recursive, key_of
from srcad.lower.scope import RESULT, Closure, Env, Frame, Poison, locals_of, owner
from srcad.lower.unbound import PERHAPS, UnboundReadFound, flag_name, flag_of, set_flag
from srcad.lower.values import NeverReturns, Obj, Tup, Value
from srcad.source import Source, source_of

#: How deep calls may nest before it is taken for recursion through ever new functions.
DEEPEST = 100


def inline_function(ctx: Lowering, fn: types.FunctionType, args: Sequence[Value], kwargs: Mapping[str, Value]) -> Value:
    try:
        source = source_of(fn)
    except SourceError as error:
        error.span = error.span or ctx.span
        raise
    cells: dict[str, types.CellType] = {}
    for name, cell in zip(fn.__code__.co_freevars, fn.__closure__ or (), strict=True):
        with suppress(ValueError):  # assigned later, or never
            cell.cell_contents  # noqa: B018
            cells[name] = cell
    node = without_match(source.node)
    frame = Frame(source, node, fn.__globals__, cells)
    if str(fn.__module__).startswith("srcad.lower"):
        frame.site = ctx.span
    else:
        reads.record_function(fn, steady=not ctx.stack)
    positional = fn.__code__.co_varnames[: fn.__code__.co_argcount]
    raw: dict[str, Any] = dict(zip(positional[::-1], (fn.__defaults__ or ())[::-1], strict=False)) | (
        fn.__kwdefaults__ or {}
    )
    hold = lift if frame.site else ctx.session.constants.hold
    defaults = {name: functools.partial(hold, ctx, value, name) for name, value in raw.items()}
    identity = (fn.__code__, *(id(cell.cell_contents) for cell in cells.values()))
    return _inline(ctx, frame, identity, bind_arguments(ctx, node, fn.__name__, args, kwargs, defaults))


def inline_closure(ctx: Lowering, fn: Closure, args: Sequence[Value], kwargs: Mapping[str, Value]) -> Value:
    outer = fn.frame
    frame = Frame(
        Source(outer.source.file, outer.source.lines, fn.node, fn.__name__), fn.node, outer.globals, outer.cells, outer
    )
    frame.site = outer.site
    defaults = {name: functools.partial(lambda v: v, value) for name, value in fn.defaults.items()}
    return _inline(ctx, frame, (fn.node, outer.path), bind_arguments(ctx, fn.node, fn.__name__, args, kwargs, defaults))


def _inline(ctx: Lowering, frame: Frame, identity: object, names: dict[str, Value]) -> Value:
    """Lower the function's body here, unless it is recursive."""
    if isinstance(frame.node, gast.AsyncFunctionDef):
        ctx.refuse(f"'{frame.name}' is a coroutine, and calling it does not run it", "differentiate a plain function")
    if _yields(frame.node):
        ctx.refuse(
            f"'{frame.name}' is a generator, which gives its values one at a time",
            "store the values in an array and return that, or write the loop where they are used",
        )
    key = key_of(identity, names)
    frame.path = (*ctx.frame.path, ctx.span, frame.node)
    if key in ctx.session.recursive:
        if any(owner(frame.parent, name) for name in shared(frame.node) if frame.parent):
            ctx.refuse(f"'{frame.name}' calls itself and changes variables of the function around it", "return them")
        if any(lists.holds_list(value) and changes(frame, name) for name, value in names.items()):
            ctx.refuse(f"'{frame.name}' calls itself and changes a list that is passed to it", "use an array")
        return call_recursive(ctx, key, frame, names)
    if key in ctx.stack:
        raise RecursionFound(key)
    if len(ctx.stack) > DEEPEST:
        ctx.refuse(f"calls are nested more than {DEEPEST} deep", "write a loop")
    stack, site = ctx.stack, ctx.span
    ctx.stack = (*stack, key)
    try:
        changed = _changed_around(ctx, frame)
        borrowed = {name: value for name, value in names.items() if lists.is_changeable(value)}
        run = run_body if not changed else functools.partial(_run_changing, changed=changed)
        result = run(ctx, frame, names, live=frozenset(borrowed))
        _give_back(ctx, frame, borrowed)
        return result
    except SrcadError as error:
        written = frame.node.name != "<comprehension>" if isinstance(frame.node, gast.FunctionDef) else True
        if stack and site and error.span is not site and not frame.site and written:
            error.callers.append(site)
        raise
    finally:
        ctx.stack = stack


def _give_back(ctx: Lowering, frame: Frame, borrowed: Mapping[str, Value]) -> None:
    """Note what became of the lists that were passed to the function."""
    body = statements(frame.node)
    for name, value in borrowed.items():
        if name not in assigned(body):
            ctx.session.lent[id(value)] = frame.env.names.get(name, value)
        elif changes(frame, name):
            ctx.refuse(f"'{frame.name}' changes the list '{name}' and assigns to it", "use another variable")


@functools.lru_cache(maxsize=1024)
def _yields(node: Any) -> bool:
    body = statements(node)
    return any(isinstance(inner, gast.Yield | gast.YieldFrom) for inner in walk_scope(body))


def _changed_around(ctx: Lowering, frame: Frame) -> dict[str, Frame]:
    """The variables of functions around that this call may change, and where they live."""
    if frame.parent is None:
        return {}
    own = locals_of(frame.node)
    stored = {name for name in item_assigned(statements(frame.node)) - own if _is_record_in(frame.parent, name)}
    found = {name: scope for name in sorted(shared(frame.node) | stored) if (scope := owner(frame.parent, name))}
    for name, scope in found.items():
        if scope is not ctx.frame:
            reason = f"'{frame.name}' changes '{name}' of a function around it, from which it is not called directly"
            ctx.refuse(reason, "return the value, and assign it there")
    return found


def _is_record_in(frame: Frame, name: str) -> bool:
    scope = owner(frame, name)
    return scope is not None and is_record(scope.env.names.get(name))


def _run_changing(
    ctx: Lowering, frame: Frame, names: Mapping[str, Value], live: Names, changed: Mapping[str, Frame]
) -> Value:
    """Run a body that changes variables of the function around: in a copy, which becomes theirs when it returns."""
    given: dict[str, Value] = {}
    for name, scope in changed.items():
        bound = flag_of(scope.env, name)
        if bound != FALSE:
            given[name] = ctx.usable(scope.env.names[name])
            scope.env.names[name] = Poison(
                f"'{name}' is read while '{frame.name}' changes it", "pass it as an argument"
            )
        if bound not in (TRUE, FALSE):
            _track(ctx, scope, frame, name)
            given[flag_name(name)] = bound
    frame.inner |= changed.keys()
    result = run_body(ctx, frame, {**names, **given}, live | changed.keys())
    for name, scope in changed.items():
        if name in frame.env.names:
            scope.env.names[name] = frame.env.names[name]
            bound = flag_of(frame.env, name)
            if isinstance(bound, Obj):
                if (scope.node, name) in ctx.session.tracked:
                    _track(ctx, scope, frame, name)
                bound = PERHAPS
            set_flag(scope.env, name, bound)
    return result


def _track(ctx: Lowering, scope: Frame, frame: Frame, name: str) -> None:
    """Keep a bool for whether the variable is bound, in the function that has it and in the one that changes it."""
    for key in ((scope.node, name), (frame.node, name)):
        if key not in ctx.session.tracked:
            raise UnboundReadFound(key)


def run_body(ctx: Lowering, frame: Frame, names: Mapping[str, Value], live: Names = frozenset()) -> Value:
    """Run the function's body on these variables, and give what it returns. `live` are those that are read after it."""
    outer, ctx.frame = ctx.frame, frame
    start, remembered = len(ctx.b.stmts), ctx.session.shapes.setdefault(frame.path, {})
    frame.results.shape = frame.results.shape or remembered.get(RESULT)
    try:
        while True:
            for name, value in names.items():
                ctx.define(name, value)
            run(ctx, body_of(frame.node), live | {RESULT})
            if not frame.results.unsettled:
                break
            if is_plain(frame.results.shape):
                remembered[RESULT] = frame.results.shape
            frame.env, frame.results.unsettled = Env(), False
            del ctx.b.stmts[start:]
    finally:
        ctx.frame = outer
    if frame.env.dead or RESULT not in frame.env.names:  # as long as a recursive function's result is not known
        raise NeverReturns
    return ctx.usable(frame.env.names[RESULT])


def body_of(node: Any) -> list[Step]:
    """The statements of a function, with the return that Python adds at the end."""
    if isinstance(node, gast.Lambda):
        return [gast.copy_location(gast.Return(value=node.body), node.body)]
    return [*node.body, gast.copy_location(gast.Return(value=None), node)]


def bind_arguments(
    ctx: Lowering,
    node: Any,
    name: str,
    args: Sequence[Value],
    kwargs: Mapping[str, Value],
    defaults: Mapping[str, functools.partial[Value]],
) -> dict[str, Value]:
    """The values of the parameters, with Python's own complaints."""
    spec = node.args
    if spec.kwarg is not None:
        ctx.refuse(f"'{name}' takes **{spec.kwarg.id}, which is not supported", "write the keyword arguments out")
    positional = [arg.id for arg in (*spec.posonlyargs, *spec.args)]
    named = {arg.id for arg in (*spec.args, *spec.kwonlyargs)}
    given: dict[str, Value] = dict(zip(positional, args, strict=False))
    extra = tuple(args[len(positional) :])
    if spec.vararg is not None:
        given[spec.vararg.id] = Tup(extra)
    elif extra:
        ctx.type_error(f"{name}() takes {len(positional)} positional arguments but {len(args)} were given")
    for key, value in kwargs.items():
        if key not in named:
            ctx.type_error(f"{name}() got an unexpected keyword argument '{key}'")
        if key in given:
            ctx.type_error(f"{name}() got multiple values for argument '{key}'")
        given[key] = value
    for parameter in [*positional, *(arg.id for arg in spec.kwonlyargs)]:
        if parameter not in given:
            if parameter not in defaults:
                ctx.type_error(f"{name}() misses the argument '{parameter}'")
            given[parameter] = defaults[parameter]()
    return given

"""Functions that call themselves: a trace of their own each, called and not inlined.

That a function is recursive shows when it is about to be inlined into itself, with arguments of the same types: then lowering
starts over and calls it everywhere. What such a call gives is a fixpoint over all recursive functions: at first nothing, so
that only the branches that end the recursion count, then what these return.

A recursive function that was defined inside another is given the outer variables it reads as further arguments.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from srcad.callees import unused_name
from srcad.ir import Builder, Op, Operand, Param, Trace, free, leaves
from srcad.lower.function import Lowering, NeverReturns, Session
from srcad.lower.merge import Shape, flatten, fresh, join, rebuild, shape_of
from srcad.lower.names import read_names
from srcad.lower.scope import Closure, Frame, Poison, locals_of
from srcad.lower.structure import argument_type, atoms_of, parameter_tree, returned, value_of_parameter
from srcad.lower.values import Obj, Seq, Tup, Value

#: Recursion with ever new argument types would not end.
MOST = 24

Key = object


class RecursionFound(Exception):  # noqa: N818 - control flow, not an error
    """A function is about to be inlined into itself: start over, and call it."""

    def __init__(self, key: Key) -> None:
        super().__init__(key)
        self.key = key


@dataclass
class Recursive:
    """A recursive function: `frame` to run it in, its parameters, and what it is known to return so far."""

    name: str
    frame: Frame
    params: dict[str, Value]
    captured: dict[str, Value]
    tree: tuple[Param, ...]
    shape: Shape | None = None
    trace: Trace | None = None


def key_of(identity: object, names: Mapping[str, Value]) -> Key:
    """What makes two calls of a function the same: the types of the arguments, and the objects among them."""
    return (identity, *((name, _key(value)) for name, value in names.items()))


def _key(value: Value) -> object:
    match value:
        case Tup() | Seq():
            return (type(value), getattr(value, "cls", None), *map(_key, value.items))
        case Obj(value=Closure() as closure):
            return (closure.node, closure.frame.path)
        case Obj(value=thing):
            return thing if isinstance(thing, str) else id(thing)
    return shape_of(value)


def call_recursive(ctx: Lowering, key: Key, frame: Frame, names: dict[str, Value]) -> Value:
    """A call of a function known to be recursive."""
    session = ctx.session
    captured = _captured(frame)
    if key not in session.called:
        if len(session.called) >= MOST:
            ctx.refuse(f"'{frame.name}' calls itself with ever new argument types", "write a loop")
        session.called[key] = _recursive(ctx, frame, names, captured)
        session.unsettled = True
    callee = session.called[key]
    if callee.shape is None:
        raise NeverReturns
    args = [atom for value in (*names.values(), *captured.values()) for atom in atoms_of(value)]
    results = fresh("", callee.shape, ctx.span)
    types = tuple(var.type for var in results)
    ctx.b.add(Op(tuple(results), "call", tuple(args), (("callee", callee.name), ("results", types)), ctx.span))
    return ctx.usable(rebuild(callee.shape, iter(results)))


def _captured(frame: Frame) -> dict[str, Value]:
    """The variables of the functions around that a nested function reads, as they are when it is called."""
    found: dict[str, Value] = {}
    pending = sorted(read_names(frame.node) - frame.locals)
    while pending:
        name = pending.pop(0)
        scope = frame.parent
        while scope is not None and name not in scope.locals:
            scope = scope.parent
        value = scope.env.names.get(name) if scope else None
        if value is None or isinstance(value, Poison) or name in found:
            continue
        found[name] = value
        if isinstance(value, Obj) and isinstance(value.value, Closure):
            pending += sorted(read_names(value.value.node) - locals_of(value.value.node))
    return found


def _recursive(ctx: Lowering, frame: Frame, names: dict[str, Value], captured: dict[str, Value]) -> Recursive:
    """The function with parameters of its own, and with what it captures in a scope of its own."""
    taken = {c.name for c in ctx.session.called.values()} | {f.name for f in ctx.session.functions}
    name = unused_name(f"{frame.name if frame.name.isidentifier() else 'function'}_recursive", taken)
    params: list[Param] = []
    values: dict[str, Value] = {}
    for variable, value in {**names, **captured}.items():
        tree = parameter_tree(argument_type(value), variable)
        values[variable] = value_of_parameter(ctx, tree, variable)
        if leaves(tree):
            params.append(Param(variable, tree))
    own = {variable: values[variable] for variable in names}
    return Recursive(name, frame, own, {variable: values[variable] for variable in captured}, tuple(params))


def settle(session: Session) -> None:
    """Lower every recursive function once more with what is known of the others, and note whether that changed anything."""
    session.unsettled = False
    done = 0
    while done < len(session.called):
        for callee in list(session.called.values())[done:]:
            _lower(session, callee)
            done += 1


def _lower(session: Session, callee: Recursive) -> None:
    from srcad.lower.inline import run_body

    span = callee.frame.span(callee.frame.node)
    ctx = Lowering(session, Builder(span=span), Frame(callee.frame.source, callee.frame.node, {}))
    frame = replace(callee.frame, env=type(callee.frame.env)(), path=callee.frame.path)
    if callee.frame.parent is not None:
        frame.parent = _scope(callee.frame.parent, callee.captured)
    try:
        result = run_body(ctx, frame, callee.params)
    except NeverReturns:
        return
    shape = shape_of(result)
    joined = shape if callee.shape is None else join("<result>", callee.shape, shape)
    ctx.usable(rebuild(joined, iter(fresh("", joined, span))))
    session.unsettled |= joined != callee.shape
    callee.shape = joined
    yields: list[Operand] = []
    rebuilt = rebuild(joined, iter(flatten(ctx.b, result, joined)))
    returns = returned(ctx, rebuilt, yields)  # type: ignore[arg-type]
    block = ctx.b.block(*yields)
    inputs = {leaf for param in callee.tree for leaf in leaves(param.tree)}
    if any(var not in inputs for var in free(block)):
        ctx.refuse(
            f"'{callee.frame.name}' calls itself and uses variables of the functions around it", "pass them to it"
        )
    callee.trace = Trace(callee.name, callee.tree, block, returns, span=span)


def traces(ctx: Lowering) -> list[Trace]:
    """The traces of the recursive functions, once all is settled."""
    found: list[Trace] = []
    for callee in ctx.session.called.values():
        if callee.trace is None:
            with ctx.at_span(callee.frame.span(callee.frame.node)):
                ctx.refuse(f"'{callee.frame.name}' calls itself on every path", "return without a call in one branch")
        else:
            found.append(callee.trace)
    return found


def _scope(outer: Frame, captured: dict[str, Value]) -> Frame:
    """What a recursive inner function sees around it: the variables it was given. Functions defined beside it move along."""
    scope = replace(outer, env=type(outer.env)())
    for name, value in captured.items():
        if isinstance(value, Obj) and isinstance(value.value, Closure) and value.value.frame is outer:
            value = Obj(replace(value.value, frame=scope))
        scope.env.names[name] = value
    return scope

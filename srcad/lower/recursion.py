"""Functions that call themselves: a trace of their own each, called and not inlined.

That a function is recursive shows when it is about to be inlined into itself, with arguments of the same types: then lowering
starts over and calls it everywhere. What such a call gives is a fixpoint over all recursive functions: at first nothing, so
that only the branches that end the recursion count, then what these return.

What a recursive function, or a function among its arguments, reads of the functions around is given as further arguments.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from srcad.callees import unused_name
from srcad.ir import Builder, Const, Op, Operand, Param, Trace, Var, free, leaves
from srcad.lower.capture import Variables, captured, moved
from srcad.lower.function import Lowering, Session
from srcad.lower.merge import Shape, flatten, fresh, join, rebuild, shape_of
from srcad.lower.risks import watched
from srcad.lower.scope import Closure, Frame
from srcad.lower.structure import argument_type, atoms_of, parameter_tree, returned, value_of_parameter
from srcad.lower.values import Func, NeverReturns, Obj, Seq, Tup, Value

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
    tree: tuple[Param, ...]
    shape: Shape | None = None
    trace: Trace | None = None
    raises: set[type[BaseException]] = field(default_factory=set)  #: and what operations in it would, if somebody asked


def key_of(identity: object, names: Mapping[str, Value]) -> Key:
    """What makes two calls of a function the same: the types of the arguments, and the objects among them."""
    return (identity, *((name, _key(value)) for name, value in names.items()))


def _key(value: Value) -> object:
    match value:
        case Tup() | Seq():
            return (type(value), getattr(value, "cls", None), *map(_key, value.items))
        case Func():
            return (value.kind, *map(_key, value.items))
        case Obj(value=Closure() as closure):
            return (closure.node, closure.frame.path)
        case Obj(value=thing):
            return thing if isinstance(thing, str) else id(thing)
        case Var() | Const():
            return value.type
    return shape_of(value)


def call_recursive(ctx: Lowering, key: Key, frame: Frame, names: dict[str, Value]) -> Value:
    """A call of a function known to be recursive."""
    session = ctx.session
    around = captured(names.values(), frame)
    key = (key, *(_key(value) for value in around.values()))
    if key not in session.called:
        if len(session.called) >= MOST:
            ctx.refuse(f"'{frame.name}' calls itself with ever new argument types", "write a loop")
        session.called[key] = _recursive(ctx, frame, names, around)
        session.unsettled = True
    callee = session.called[key]
    if any(map(ctx.catches, sorted(callee.raises, key=str))):
        reason = f"'{frame.name}' calls itself, and what it may raise is caught outside of it"
        ctx.refuse(reason, "catch it inside, or return a flag")
    if callee.shape is None:
        session.missing = True
        raise NeverReturns
    args = [atom for value in (*names.values(), *around.values()) for atom in atoms_of(value)]
    results = fresh("", callee.shape, ctx.span)
    types = tuple(var.type for var in results)
    ctx.b.add(Op(tuple(results), "call", tuple(args), (("callee", callee.name), ("results", types)), ctx.span))
    return ctx.usable(rebuild(callee.shape, iter(results)))


def _recursive(ctx: Lowering, frame: Frame, names: dict[str, Value], around: Variables) -> Recursive:
    """The function with parameters of its own, also for what it and its arguments read of the functions around."""
    taken = {c.name for c in ctx.session.called.values()} | {f.name for f in ctx.session.functions}
    base = frame.name if frame.name.isidentifier() else "function"
    params: list[Param] = []

    def parameter(hint: str, value: Value) -> Value:
        tree = parameter_tree(argument_type(value), hint)
        if leaves(tree):
            params.append(Param(unused_name(hint, {p.name for p in params}), tree))
        return value_of_parameter(ctx, tree, hint)

    own = {name: parameter(name, value) for name, value in names.items()}
    value_in, frame_in = moved({(scope, name): parameter(name, value) for (scope, name), value in around.items()})
    inside = replace(frame, parent=frame_in(frame.parent) if frame.parent else None)
    own = {name: value_in(value) for name, value in own.items()}
    return Recursive(unused_name(f"{base}_recursive", taken), inside, own, tuple(params))


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
    ctx.b = watched(ctx)
    frame = replace(callee.frame, env=type(callee.frame.env)())
    try:
        result = run_body(ctx, frame, callee.params)
    except NeverReturns:
        return
    finally:
        session.unsettled |= not ctx.catchers.loose <= callee.raises
        callee.raises |= ctx.catchers.loose
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
            if ctx.session.error is not None:
                raise ctx.session.error
            with ctx.at_span(callee.frame.span(callee.frame.node)):
                ctx.refuse(f"'{callee.frame.name}' calls itself on every path", "return without a call in one branch")
        else:
            found.append(callee.trace)
    return found

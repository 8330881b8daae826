"""srcad's own functions, called in the function being lowered: `grad(f)` makes a function now, `jvp` and `vjp` compute.

A function that is defined inside the one being lowered is differentiated as a trace of its own, in which the variables that it
reads of the functions around are parameters: constants to that derivative, and no more than arguments to a derivative taken
outside of it. Every trace has variables of its own, so perturbations are never confused.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from srcad.ir import Array, Const, Scalar, Trace, Var, const, is_float
from srcad.lower.capture import captured, map_atoms, moved
from srcad.lower.function import Lowering
from srcad.lower.known import NONE, describe, is_known, python
from srcad.lower.scope import Closure
from srcad.lower.values import CHOSEN, PARTIAL, PULLBACK, Func, Obj, Seq, Tup, Value


class Inner:
    """A function of the lowering in progress, as an object that `grad` and its kin take."""

    def __init__(self, ctx: Lowering, function: Obj | Func) -> None:
        self.session, self.stack, self.function = ctx.session, ctx.stack, function
        self.__signature__ = signature_of(function)
        closure = function.value if isinstance(function, Obj) else None
        self.__name__ = self.__qualname__ = closure.__name__ if closure else "function"
        self.span = closure.frame.span(closure.node) if closure else ctx.span

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError(f"{self.__name__} is known only to the function that defines it")

    def __srcad_trace__(self, arg_types: Sequence[Any]) -> Trace:
        from srcad.lower.entry import trace_of

        parameters = list(self.__signature__.parameters.values())
        return trace_of(self.function, parameters, arg_types, self.__name__, self.span, outer=self)


def is_local(value: Value) -> bool:
    """Whether this is a function that only the lowering in progress knows."""
    return isinstance(value, Func) or (isinstance(value, Obj) and isinstance(value.value, Closure))


def signature_of(function: Value) -> inspect.Signature:
    """The parameters of a function value; their defaults may be values."""
    match function:
        case Func(kind=kind) if kind is PARTIAL:
            inner, args, *named = function.items

            def stub() -> None: ...

            stub.__signature__ = signature_of(inner)  # type: ignore[attr-defined]
            keywords = {python(item.items[0]): item.items[1] for item in named if isinstance(item, Tup)}
            return inspect.signature(functools.partial(stub, *getattr(args, "items", ()), **keywords))
        case Func(kind=kind) if kind is CHOSEN:
            return signature_of(function.items[1])
        case Func():
            return inspect.Signature([inspect.Parameter("y_bar", inspect.Parameter.POSITIONAL_OR_KEYWORD)])
        case Obj(value=Closure() as closure):
            return inspect.Signature(_parameters(closure))
        case Obj(value=thing):
            return inspect.signature(getattr(thing, "py_func", thing))
    raise AssertionError(f"{function} is no function")


def _parameters(closure: Closure) -> list[inspect.Parameter]:
    args, kinds = closure.node.args, inspect._ParameterKind
    groups = [
        (args.posonlyargs, kinds.POSITIONAL_ONLY),
        (args.args, kinds.POSITIONAL_OR_KEYWORD),
        ([args.vararg] if args.vararg else [], kinds.VAR_POSITIONAL),
        (args.kwonlyargs, kinds.KEYWORD_ONLY),
        ([args.kwarg] if args.kwarg else [], kinds.VAR_KEYWORD),
    ]
    empty = inspect.Parameter.empty
    return [
        inspect.Parameter(arg.id, kind, default=closure.defaults.get(arg.id, empty))
        for group, kind in groups
        for arg in group
    ]


def derived(ctx: Lowering, function: Any, args: Sequence[Value], kwargs: Mapping[str, Value]) -> Value:
    """`function(*args)` for one of the functions of srcad.api."""
    name = function.__name__
    if name == "stop_gradient" and len(args) == 1:
        return _stop_gradient(ctx, args[0])
    if name in ("jvp", "vjp"):
        lowering = _jvp if name == "jvp" else _vjp
        try:
            bound = inspect.signature(function).bind(*args, **kwargs)
        except TypeError as error:
            ctx.type_error(f"srcad.{name}(): {error}")
        return lowering(ctx, *bound.args, **bound.kwargs)
    if not all(is_known(value) or is_local(value) for value in (*args, *kwargs.values())):
        ctx.refuse(f"srcad.{name} of a value that is computed", "give it a function and known options")
    if name == "inverse_hvp":
        ctx.refuse("srcad.inverse_hvp is for Python only", "solve with srcad.hessian, or call it outside")
    if name == "differentiate" and any(map(is_local, (*args, *kwargs.values()))):
        ctx.refuse(
            "srcad.differentiate of a function defined inside the compiled function", "use srcad.grad and its kin"
        )
    return Obj(function(*map(_object(ctx), args), **{key: _object(ctx)(value) for key, value in kwargs.items()}))


def _object(ctx: Lowering) -> Any:
    def of(value: Value) -> Any:
        return Inner(ctx, value) if isinstance(value, Obj | Func) and is_local(value) else python(value)

    return of


def _stop_gradient(ctx: Lowering, value: Value) -> Value:
    match value:
        case Var() if isinstance(value.type, Scalar | Array):
            return ctx.b.op("stop_gradient", value)
        case Tup() | Seq():
            items = tuple(_stop_gradient(ctx, item) for item in value.items)
            return Tup(items, value.cls) if isinstance(value, Tup) else Seq(items)
    return value


# --- jvp and vjp ------------------------------------------------------------------------------------------------------


def _of_kind(ctx: Lowering, function: Value, kind: str, count: int) -> Any:
    """The derivative of that kind for calls with `count` arguments."""
    thing = _object(ctx)(function) if isinstance(function, Obj | Func) else None
    if not callable(thing):
        ctx.type_error(f"a function is what srcad differentiates, not {describe(function)}")
    parameters = inspect.signature(getattr(thing, "py_func", thing)).parameters.values()
    starred = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    stars = count - len(parameters) + 1 if starred else None
    return sys.modules["srcad.api"].derive(thing, kind, stars=stars)


def _jvp(ctx: Lowering, function: Value, primals: Value, tangents: Value, out: Value = NONE) -> Value:
    if not (isinstance(primals, Tup | Seq) and isinstance(tangents, Tup | Seq)):
        ctx.type_error("jvp takes a tuple of primals and a tuple of tangents")
    if len(primals.items) != len(tangents.items):
        ctx.type_error(f"jvp needs a tangent for each primal: {describe(primals)} and {describe(tangents)} were given")
    for x, dot in zip(primals.items, tangents.items, strict=True):
        if not _has_float(x) and _has_float(dot) and not _is_zero(dot):
            ctx.type_error(f"jvp has a tangent for {describe(x)}, which is a constant", "make it a float")
    made = _of_kind(ctx, function, "tangent", len(primals.items))
    own = list(made.derivative.own)
    values = list(primals.items)
    values += [_default(ctx, p) for p in own[len(values) :] if p.default is not p.empty]
    dots = [dot if _has_float(x) else NONE for x, dot in zip(primals.items, tangents.items, strict=True)]
    dots += [const(0.0) if _has_float(x) else NONE for x in values[len(dots) :]]
    return ctx.call(Obj(made), [*values, *dots], {made.buffer: out})


def _default(ctx: Lowering, parameter: inspect.Parameter) -> Value:
    return ctx.session.constants.lift(ctx, parameter.default, parameter.name)


def _vjp(ctx: Lowering, function: Value, *primals: Value) -> Value:
    """The value, and the pullback: both see copies, as the one of srcad.api does, and the variables of now."""
    kept = [map_atoms(lambda v: _copied(ctx, v), value) for value in primals]
    own, _ = moved({key: map_atoms(lambda v: _copied(ctx, v), v) for key, v in captured([function]).items()})
    made = _of_kind(ctx, own(function), "adjoint", len(primals))
    y = ctx.call(function, [map_atoms(lambda v: _copied(ctx, v), value) for value in primals], {})
    kept += [_default(ctx, p) for p in list(made.derivative.own)[len(kept) :] if p.default is not p.empty]
    return Tup((y, Func(PULLBACK, (Obj(made), const(len(primals)), *kept))))


def pull_back(ctx: Lowering, pullback: Func, args: Sequence[Value], kwargs: Mapping[str, Value]) -> Value:
    """A call of what `vjp` gave."""
    seeds = [*args, *(value for key, value in kwargs.items() if key == "y_bar")]
    if len(seeds) != 1 or kwargs.keys() - {"y_bar", "out"}:
        ctx.type_error("a pullback takes one argument, y_bar, and out=")
    adjoint, count, *primals = pullback.items
    assert isinstance(count, Const)
    assert isinstance(adjoint, Obj)
    out = {adjoint.value.buffer: _buffers(ctx, primals, count.value, kwargs.get("out", NONE))}
    results = ctx.call(adjoint, [*primals, *seeds], out)
    assert isinstance(results, Tup)
    bars = iter(results.items[1:])
    return Tup(tuple([next(bars) if _has_float(x) else NONE for x in primals][: count.value]))


def _buffers(ctx: Lowering, primals: Sequence[Value], count: int, out: Value) -> Value:
    """The buffers of a pullback, one for each primal, as those of the adjoint, one for each x_bar."""
    if out == NONE:
        return NONE
    if not isinstance(out, Tup) or len(out.items) != count:
        ctx.type_error(f"out must be a tuple with a buffer or None for each primal, {count} here")
    each = zip(primals, [*out.items, *[NONE] * (len(primals) - count)], strict=True)
    given = tuple(buffer for x, buffer in each if _has_float(x))
    return given[0] if len(given) == 1 else Tup(given)


def _has_float(value: Value) -> bool:
    match value:
        case Var() | Const():
            return is_float(value.type)
        case Tup() | Seq():
            return any(map(_has_float, value.items))
    return False


def _is_zero(value: Value) -> bool:
    if isinstance(value, Tup | Seq):
        return all(map(_is_zero, value.items))
    return isinstance(value, Const) and isinstance(value.type, Scalar) and value.value == 0


def _copied(ctx: Lowering, value: Value) -> Value:
    return ctx.b.op("copy", value) if isinstance(value, Var) and isinstance(value.type, Array) else value

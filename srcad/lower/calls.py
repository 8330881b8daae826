"""Calls: what is called, and which of the ways to lower a call applies."""

from __future__ import annotations

import functools
import inspect
import sys
import types
from collections.abc import Mapping, Sequence
from typing import Any

from srcad.callees import adopted
from srcad.checkpointing import checkpoint
from srcad.ir import Op, Trace, clone
from srcad.lower.checkpointed import IN_PLACE, OUT_OF_PLACE
from srcad.lower.cuda_calls import call_intrinsic, path_of
from srcad.lower.custom import Script, call_custom
from srcad.lower.derivatives import derived, pull_back
from srcad.lower.function import Lowering
from srcad.lower.guards import present
from srcad.lower.inline import inline_closure, inline_function
from srcad.lower.known import NONE, describe, python
from srcad.lower.numpy_calls import OTHERWISE, call_builtin
from srcad.lower.scope import Closure
from srcad.lower.selection import call_chosen
from srcad.lower.structure import argument_type, atoms_of, value_of
from srcad.lower.values import CHOSEN, PARTIAL, PULLBACK, Func, Obj, Tup, Value
from srcad.primitive import with_rule


def call(ctx: Lowering, function: Value, args: Sequence[Value], kwargs: Mapping[str, Value]) -> Value:
    """Call anything callable."""
    function = present(ctx, function)
    custom = with_rule(function.value) if isinstance(function, Obj) else None
    return call_plain(ctx, function, args, kwargs) if custom is None else call_custom(ctx, custom, args, kwargs)


def call_plain(ctx: Lowering, function: Value, args: Sequence[Value], kwargs: Mapping[str, Value]) -> Value:
    """Call what has no rule of its own, or the function itself of what has one."""
    if isinstance(function, Func):
        return _call_func(ctx, function, args, kwargs)
    if not isinstance(function, Obj):
        ctx.type_error(f"{describe(function)} cannot be called")
    thing = function.value
    if path := path_of(thing):
        return call_intrinsic(ctx, path, args, kwargs)
    if isinstance(thing, Script):
        return thing.run(ctx, args)
    if isinstance(thing, Closure):
        return inline_closure(ctx, thing, args, kwargs)
    if thing is functools.partial:
        return _partial(ctx, args, kwargs)
    if isinstance(thing, functools.partial):
        bound = [ctx.session.constants.hold(ctx, arg, f"argument_{k}") for k, arg in enumerate(thing.args)]
        named = {name: ctx.session.constants.hold(ctx, arg, name) for name, arg in thing.keywords.items()}
        return call(ctx, Obj(thing.func), [*bound, *args], {**named, **kwargs})
    if isinstance(thing, types.FunctionType) and thing.__module__ in (None, "builtins"):  # made by exec
        return inline_function(ctx, thing, args, kwargs)
    if reason := getattr(thing, "__srcad_refusal__", ""):
        ctx.refuse(reason, "call it outside of the function")
    if isinstance(thing, types.MethodType) and hasattr(thing.__func__, "__srcad_trace__"):
        return call(ctx, Obj(thing.__func__), [Obj(thing.__self__), *args], kwargs)
    if hasattr(thing, "__srcad_trace__"):
        return _inline_trace(ctx, thing, args, kwargs)
    if thing is checkpoint:
        return ctx.refuse(OUT_OF_PLACE, IN_PLACE)
    if (found := call_builtin(ctx, thing, args, kwargs)) is not NotImplemented:
        return found
    plain = getattr(thing, "py_func", thing)
    if isinstance(plain, functools._lru_cache_wrapper):  # what is remembered is what would be computed
        return call(ctx, Obj(plain.__wrapped__), args, kwargs)
    if isinstance(plain, types.MethodType):
        return call(ctx, Obj(plain.__func__), [Obj(plain.__self__), *args], kwargs)
    if isinstance(plain, type) and issubclass(plain, tuple) and hasattr(plain, "_fields"):
        return _named_tuple(ctx, plain, args, kwargs)
    module = str(getattr(plain, "__module__", "") or "")
    if module == "srcad.api" and getattr(sys.modules[module], plain.__name__, None) is plain:
        return derived(ctx, plain, args, kwargs)
    if isinstance(plain, types.FunctionType) and module.split(".")[0] not in ("numpy", "scipy", "math"):
        return inline_function(ctx, plain, args, kwargs)
    return _refuse(ctx, thing)


def _partial(ctx: Lowering, args: Sequence[Value], kwargs: Mapping[str, Value]) -> Value:
    if not args or not isinstance(args[0], Obj | Func):
        ctx.type_error("functools.partial takes a function first")
    return Func(PARTIAL, (args[0], Tup(tuple(args[1:])), *(Tup((Obj(key), v)) for key, v in kwargs.items())))


def _call_func(ctx: Lowering, function: Func, args: Sequence[Value], kwargs: Mapping[str, Value]) -> Value:
    if function.kind is PULLBACK:
        return pull_back(ctx, function, args, kwargs)
    if function.kind is CHOSEN:
        return call_chosen(ctx, function, args, kwargs)
    inner, given, *named = function.items
    assert isinstance(given, Tup)
    keywords = {str(python(key)): value for key, value in (item.items for item in named if isinstance(item, Tup))}
    return call(ctx, inner, [*given.items, *args], {**keywords, **kwargs})


def _refuse(ctx: Lowering, thing: Any) -> Value:
    name = getattr(thing, "__qualname__", getattr(thing, "__name__", type(thing).__name__))
    module = getattr(thing, "__module__", None)
    full = f"{module}.{name}" if module and module != "builtins" else name
    if module == "itertools" or thing is filter:
        return ctx.refuse("an iterator is kept, which is used up when it is run through", "make it a list: list(...)")
    if isinstance(thing, type):
        return ctx.refuse(f"objects of class '{full}' are not supported", "use numbers, arrays, tuples and namedtuples")
    if not callable(thing):
        return ctx.type_error(f"{describe(Obj(thing))} cannot be called")
    if not hasattr(thing, "__name__"):
        return ctx.refuse(f"calling an object of class '{type(thing).__name__}' is not supported", "call a function")
    return ctx.refuse(f"srcad has no derivative of '{full}'", OTHERWISE)


def _named_tuple(ctx: Lowering, cls: Any, args: Sequence[Value], kwargs: Mapping[str, Value]) -> Value:
    fields = cls._fields
    given = dict(zip(fields, args, strict=False)) | dict(kwargs)
    defaults = {f: ctx.session.constants.lift(ctx, v, f) for f, v in cls._field_defaults.items() if f not in given}
    given = defaults | given
    if len(args) > len(fields) or given.keys() != set(fields) or set(fields[: len(args)]) & kwargs.keys():
        ctx.type_error(f"{cls.__name__} takes the fields {', '.join(fields)}")
    return Tup(tuple(given[f] for f in fields), cls)


# --- functions that srcad made ----------------------------------------------------------------------------------------


def _inline_trace(ctx: Lowering, thing: Any, args: Sequence[Value], kwargs: Mapping[str, Value]) -> Value:
    keyword = getattr(thing, "buffer", None)
    if keyword and keyword in kwargs:
        out = kwargs[keyword]
        kwargs = {name: value for name, value in kwargs.items() if name != keyword}
        if out != NONE:
            thing = thing.into
            args, kwargs = ([out, *args], kwargs) if thing.starred else (args, {**kwargs, thing.names[-1]: out})
    signature = inspect.signature(thing)
    try:
        given = signature.bind(*args, **kwargs).arguments
    except TypeError as error:
        ctx.type_error(f"{thing.__name__}: {error}")
    args = []
    for name, p in signature.parameters.items():
        if p.kind is p.VAR_POSITIONAL:
            args.append(Tup(tuple(given.get(name, ()))))
        else:
            args.append(given[name] if name in given else ctx.session.constants.lift(ctx, p.default, name))
    if ctx.guarded:
        ctx.refuse("a derivative is called where exceptions are caught", "call it outside of the `try`")
    trace: Trace = thing.__srcad_trace__(tuple(map(argument_type, args)))
    trace = adopted(ctx.session.functions, trace, [callee.name for callee in ctx.session.called.values()])
    atoms = [atom for arg in args for atom in atoms_of(arg)]
    atoms += [p.outer for p in trace.params if p.outer is not None]
    block = clone(trace.body, dict(zip(trace.inputs, atoms, strict=True)))
    ctx.b.stmts += [stmt for stmt in block.stmts if not (isinstance(stmt, Op) and stmt.name == "comment")]
    return value_of(trace.returns, block.yields)

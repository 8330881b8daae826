"""The table of calls that are lowered by name: from the Python object that is called to the function that lowers it.

A lowering is an ordinary function of the context and the arguments' values; its own signature is the signature it
accepts, so that NumPy's keywords are spelt once and whatever else is passed is refused by name.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

from srcad.lower.known import NotKnown, describe
from srcad.lower.values import Context, Value

Lowering = Callable[..., Value]

CALLS: dict[Hashable, Lowering] = {}
METHODS: dict[str, Lowering] = {}
#: The default of a parameter that has none.
MUST = inspect.Parameter.empty


def lowers(*functions: Any, method: str = "") -> Callable[[Lowering], Lowering]:
    """Register a lowering for Python functions, and for the array method of that name."""

    def register(lowering: Lowering) -> Lowering:
        CALLS.update(dict.fromkeys(functions, lowering))
        if method:
            METHODS[method] = lowering
        return lowering

    return register


def lookup(function: Any) -> Lowering | None:
    try:
        return CALLS.get(function)
    except TypeError:  # an object without a hash
        return None


def apply(ctx: Context, name: str, lowering: Lowering, args: Sequence[Value], kwargs: Mapping[str, Value]) -> Value:
    """Call the lowering, with Python's own errors for a wrong number of arguments or an unknown keyword."""
    try:
        bound = _signature(lowering).bind(ctx, *args, **kwargs)
    except TypeError as error:
        if str(error).startswith("got an unexpected keyword"):
            supported = ", ".join(f"{p}=" for p in _keywords(lowering)) or "none"
            what = str(error).removeprefix("got an unexpected ")
            ctx.refuse(
                f"{name}: {what} is not supported", f"write out what it does; the supported keywords are {supported}"
            )
        ctx.type_error(f"{name}(): {error}")
    try:
        return lowering(*bound.args, **bound.kwargs)
    except NotKnown as error:
        ctx.refuse(
            f"{name} takes an option that must be known while compiling, but is {describe(error.args[0])}",
            "write it in the source, one branch for each value",
        )


def _keywords(lowering: Lowering) -> list[str]:
    """The names that may be passed by keyword and need not be passed."""
    params = _signature(lowering).parameters.values()
    return [p.name for p in params if p.default is not p.empty and p.kind is not p.POSITIONAL_ONLY]


@functools.cache
def _signature(lowering: Lowering) -> inspect.Signature:
    return inspect.signature(lowering)


def with_parameters(parameters: Mapping[str, Any], run: Callable[..., Value]) -> Lowering:
    """The lowering with these parameters, which `run` takes by position; they may be given by name."""
    kinds = inspect._ParameterKind
    found = [inspect.Parameter(p, kinds.POSITIONAL_OR_KEYWORD, default=d) for p, d in parameters.items()]
    signature = inspect.Signature([inspect.Parameter("ctx", kinds.POSITIONAL_ONLY), *found])

    def lowering(*args: Any, **kwargs: Value) -> Value:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return run(*bound.arguments.values())

    lowering.__signature__ = signature  # type: ignore[attr-defined]
    return lowering

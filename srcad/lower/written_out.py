"""NumPy's functions that are written out as ordinary ones, in the language that srcad compiles: inlined where they are called,
so that derivatives of any order, dtypes and aliasing are those of what they are made of.

`stands_for` registers such a function; its signature is what is accepted. What it asks of the compiler is here, too: functions
that are known by name and never run.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, NoReturn

from srcad.ir import const
from srcad.lower.arguments import axis_number, axis_numbers
from srcad.lower.known import holds_always, is_known, is_none, known_int, python
from srcad.lower.registry import lowers
from srcad.lower.values import Context, Obj, Tup, Value

Function = Callable[..., Any]
NOTHING = Obj("")


def stands_for(*functions: Any, method: str = "", given: tuple[Any, ...] = ()) -> Callable[[Function], Function]:
    """Register a function that computes what these do, its first arguments given here."""

    def register(function: Function) -> Function:
        def lowering(ctx: Context, *args: Value, **kwargs: Value) -> Value:
            return ctx.call(Obj(function), [*map(Obj, given), *args], kwargs)

        context = inspect.Parameter("ctx", inspect.Parameter.POSITIONAL_ONLY)
        parameters = list(inspect.signature(function).parameters.values())[len(given) :]
        lowering.__signature__ = inspect.Signature([context, *parameters])  # type: ignore[attr-defined]
        lowers(*functions, method=method)(lowering)
        return function

    return register


def refuse(reason: str, remedy: str) -> NoReturn:
    """The call is not supported."""
    raise NotImplementedError(reason, remedy)


def reject(reason: str, remedy: str = "") -> NoReturn:
    """The call is a TypeError, or a ValueError that shows while compiling."""
    raise NotImplementedError(reason, remedy)


def always(condition: Any) -> bool:
    """Whether this is True, as where= is if it is left out."""
    raise NotImplementedError(condition)


def known(value: Any, what: str) -> Any:
    """The value, which must be known while compiling."""
    raise NotImplementedError(value, what)


def one_axis(axis: int, ndim: int) -> int:
    """The axis counted from 0."""
    raise NotImplementedError(axis, ndim)


def axes_of(axis: Any, ndim: int) -> tuple[int, ...]:
    """The axes counted from 0, in their order; all of them for None."""
    raise NotImplementedError(axis, ndim)


@lowers(refuse)
def _refuse(ctx: Context, reason: Value, remedy: Value) -> Value:
    return ctx.refuse(str(python(reason)), str(python(remedy)))


@lowers(reject)
def _reject(ctx: Context, reason: Value, remedy: Value = NOTHING) -> Value:
    return ctx.type_error(str(python(reason)), str(python(remedy)))


@lowers(always)
def _always(ctx: Context, condition: Value) -> Value:
    return const(holds_always(condition))


@lowers(known)
def _known(ctx: Context, value: Value, what: Value) -> Value:
    if not is_known(value):
        ctx.refuse(f"{python(what)} must be known while compiling", "write it in the source, one branch for each value")
    return value


@lowers(one_axis)
def _one_axis(ctx: Context, axis: Value, ndim: Value) -> Value:
    return const(axis_number(ctx, axis, known_int(ndim) or 0))


@lowers(axes_of)
def _axes_of(ctx: Context, axis: Value, ndim: Value) -> Value:
    count = known_int(ndim) or 0
    return Tup(tuple(map(const, range(count) if is_none(axis) else axis_numbers(ctx, axis, count))))

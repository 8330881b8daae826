"""Calls of filter and of itertools, where what they give is run through."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Sequence
from typing import Any

import gast

from srcad.ir import Array, Const, Var, const
from srcad.lower import iterators, lists
from srcad.lower.builtin_calls import KNOWN
from srcad.lower.function import Lowering
from srcad.lower.iterators import ITERATORS
from srcad.lower.known import NONE, describe, is_none, known_int, lift, opened, python
from srcad.lower.sharing import SNAPSHOTS
from srcad.lower.values import Obj, Seq, Tup, Value

#: Those of which the result follows from the items' places alone.
PLACES = {
    itertools.chain,
    itertools.product,
    itertools.combinations,
    itertools.combinations_with_replacement,
    itertools.permutations,
    itertools.pairwise,
    itertools.islice,
    itertools.repeat,
}
#: Those that take a number of items.
CHOOSING = {itertools.combinations, itertools.combinations_with_replacement, itertools.permutations}


def iterated(ctx: Lowering, node: Any) -> Value | None:
    """What a call of one of these gives, as a list; None for anything else."""
    from srcad.lower.call_expressions import arguments
    from srcad.lower.expressions import expr

    if not isinstance(node, gast.Call) or not isinstance(node.func, gast.Name | gast.Attribute):
        return None
    function = expr(ctx, node.func)
    thing = function.value if isinstance(function, Obj) else None
    if thing == itertools.chain.from_iterable and isinstance(thing, type(itertools.chain.from_iterable)):
        args, kwargs = arguments(ctx, node, source)
        outer = opened(ctx, args[0])
        if not isinstance(outer, Tup | Seq) or lists.is_growing(outer):
            ctx.refuse("how many iterables are chained is known only when the program runs", "append in nested loops")
        return _run(ctx, itertools.chain, list(outer.items), {})
    if not isinstance(thing, type) or thing not in ITERATORS:
        return None
    args, kwargs = arguments(ctx, node, source)
    return _run(ctx, thing, args, kwargs)


def source(ctx: Lowering, node: Any) -> Value:
    """An argument: of an array the elements as they are now."""
    from srcad.lower.expressions import listing

    if (inner := iterated(ctx, node)) is not None:
        return inner
    with ctx.at(node):
        value = listing(ctx, node)
        if isinstance(value, Obj) and isinstance(value.value, KNOWN):
            return Seq(tuple(lift(ctx, item) for item in value.value))
        value = opened(ctx, value)
        if isinstance(value, Var | Const) and isinstance(value.type, Array) and value.type.ndim == 1:  # rows are views
            kept = ctx.b.op("copy", value)
            SNAPSHOTS.add(kept)
            return kept
        return value


def _run(ctx: Lowering, thing: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if thing is itertools.product and (repeat := kwargs.pop("repeat", None)) is not None:
        args = args * (known_int(repeat) or 0)
    if thing is itertools.accumulate:
        return _accumulated(ctx, *args, **kwargs)
    if kwargs and not (thing is itertools.repeat and kwargs.keys() == {"times"}):
        ctx.type_error(f"{thing.__name__}() takes no keyword '{next(iter(kwargs))}'")
    args = [*args, *kwargs.values()]
    if thing is filter and is_none(args[0]):
        args[0] = Obj(bool)
    if thing in PLACES and (known := _known(thing, args)) is not None:
        return known
    if thing is itertools.starmap and isinstance(args[1], Tup | Seq) and not lists.is_growing(args[1]):
        rows = [row.items if isinstance(row, Tup | Seq) else () for row in args[1].items]
        return Seq(tuple(ctx.call(args[0], list(row), {}) for row in rows))
    if thing in CHOOSING and (len(args) < 2 or known_int(args[1]) not in (2, 3)):
        ctx.refuse(f"itertools.{thing.__name__} is supported for 2 or 3 at a time", "write the loops out")
    if thing is itertools.product and len(args) not in (2, 3):
        ctx.refuse("itertools.product is supported for 2 or 3 iterables", "write the loops out")
    if thing is itertools.islice:
        start, stop, step = (NONE, args[1], NONE) if len(args) == 2 else (*args[1:], NONE, NONE)[:3]
        args = [args[0], const(0) if is_none(start) else start, stop, const(1) if is_none(step) else step]
    if thing is itertools.repeat and len(args) != 2:
        ctx.refuse("itertools.repeat without a number of times does not end", "say how many times")
    return ctx.call(Obj(ITERATORS[thing]), args, {})


def _known(thing: Any, args: Sequence[Value]) -> Seq | None:
    """What Python's own function gives, if all that it runs through is known."""
    parts: list[Any] = []
    for arg in args:
        if isinstance(arg, Tup | Seq) and not lists.is_growing(arg):
            parts.append(arg.items)
        elif known_int(arg) is not None or is_none(arg):
            parts.append(python(arg))
        elif thing is itertools.repeat and not parts:
            parts.append(arg)
        else:
            return None
    if thing is itertools.repeat and len(parts) != 2:
        return None
    found = list(thing(*parts))
    return Seq(tuple(Tup(item) if isinstance(item, tuple) else item for item in found))


def _accumulated(
    ctx: Lowering, values: Value, function: Value = NONE, func: Value = NONE, initial: Value = NONE
) -> Value:
    combine = func if is_none(function) else function
    combine = Obj(operator.add) if is_none(combine) else combine
    if isinstance(values, Tup | Seq) and not lists.is_growing(values):
        items = values.items if is_none(initial) else (initial, *values.items)
        return Seq(tuple(itertools.accumulate(items, lambda a, b: ctx.call(combine, [a, b], {}))))
    if not (lists.holds_list(values) or isinstance(values, Var | Const)) and not hasattr(values, "kind"):
        ctx.type_error(f"accumulate takes a tuple, a list or an array, not {describe(values)}")
    if is_none(initial):
        return ctx.call(Obj(iterators.accumulate), [values, combine], {})
    return ctx.call(Obj(iterators.accumulate_from), [values, combine, initial], {})

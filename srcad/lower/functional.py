"""functools.reduce: written out over what is known, else a loop."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from srcad.lower.casts import is_array
from srcad.lower.known import describe, opened
from srcad.lower.registry import lowers
from srcad.lower.values import Context, Obj, Seq, Tup, Value


@lowers(functools.reduce)
def _reduce(ctx: Context, function: Value, iterable: Value, *initial: Value) -> Value:
    items = opened(ctx, iterable)
    if isinstance(items, Tup | Seq):
        values = [*initial, *items.items]
        if not values:
            ctx.type_error("reduce() of empty iterable with no initial value")
        return functools.reduce(lambda a, b: ctx.call(function, [a, b], {}), values)
    if not is_array(items):
        ctx.type_error(f"reduce takes a tuple, a list or an array, not {describe(items)}")
    return ctx.call(Obj(folded if initial else folded_from_first), [function, items, *initial], {})


def folded(function: Any, values: Any, initial: Any) -> Any:
    for k in range(values.shape[0]):
        initial = function(initial, values[k])
    return initial


def folded_from_first(function: Any, values: Any) -> Any:
    if values.shape[0] == 0:
        raise TypeError("reduce() of empty iterable with no initial value")
    result = np.copy(values[0]) if values.ndim > 1 else values[0]
    for k in range(1, values.shape[0]):
        result = function(result, values[k])
    return result

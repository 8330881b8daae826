"""The order of elements, which is a constant, and Python's own sorting. What is sorted by it is in order_library.py."""

from __future__ import annotations

import numpy as np

from srcad.ir import const
from srcad.lower import list_library, lists, order_library
from srcad.lower.arguments import axis_number
from srcad.lower.casts import cast, kind_of, ndim_of
from srcad.lower.indexing import getitem
from srcad.lower.known import FALSE, MINUS_ONE, NONE, describe, flag, is_known, is_none, opened, python
from srcad.lower.merge import Growing
from srcad.lower.operands import array_operand, operand
from srcad.lower.registry import lowers
from srcad.lower.shapes import ravel
from srcad.lower.values import Context, Obj, Seq, SliceValue, Tup, Value


@lowers(np.argsort, method="argsort")
def _argsort(ctx: Context, a: Value, axis: Value = MINUS_ONE, kind: Value = NONE, *, stable: Value = NONE) -> Value:
    x = array_operand(ctx, a, "np.argsort")
    if kind_of(x) == "c":
        ctx.refuse(f"np.argsort of {describe(x)} is not supported", "sort by the real parts or the absolute values")
    x = cast(ctx, x, "int8") if kind_of(x) == "b" else x
    if is_none(axis):
        return ctx.b.op("argsort", ravel(ctx, x))
    number = axis_number(ctx, axis, ndim_of(x))
    if ndim_of(x) > 1:
        return ctx.call(Obj(order_library.argsort_along), [x, const(number)], {})
    return ctx.b.op("argsort", x)


@lowers(sorted)
def _sorted(ctx: Context, iterable: Value, /, *, key: Value = NONE, reverse: Value = FALSE) -> Value:
    """A list; of a tuple or list of a fixed length, as long as that."""
    descending = flag(ctx, reverse, "reverse=")
    values = opened(ctx, iterable)
    items = values.items if isinstance(values, Tup | Seq) and not lists.is_growing(values) else None
    if items is not None and is_none(key) and all(map(is_known, items)):
        return Seq(tuple(sorted(items, key=python, reverse=descending)))
    if not is_none(key):
        made = ctx.call(Obj(list_library.sorted_by), [values, key, const(descending)], {})
    else:
        rows = operand(ctx, ctx.call(Obj(np.sort), [operand(ctx, values)], {}))
        if ndim_of(rows) != 1:
            ctx.type_error(f"sorted takes numbers, not {describe(iterable)}", "give it a key= that is a number")
        if descending:
            rows = ctx.b.op("copy", getitem(ctx, rows, SliceValue(NONE, NONE, MINUS_ONE)))  # type: ignore[arg-type]
        made = Tup((rows, ctx.b.op("dim", rows, axis=0)), Growing)
    if items is None:
        return made
    assert isinstance(made, Tup)
    return Seq(tuple(lists.item(ctx, made, const(k)) for k in range(len(items))))  # type: ignore[arg-type]

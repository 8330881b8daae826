"""Sorting, and what is found by sorting. The order is a constant where no two elements are equal, so that the derivative
is that of the elements in that order."""

from __future__ import annotations

import numpy as np

from srcad.ir import Atom, const
from srcad.lower import library, list_library, lists
from srcad.lower.arguments import axis_number
from srcad.lower.casts import cast, is_array, kind_of, ndim_of
from srcad.lower.indexing import getitem
from srcad.lower.known import FALSE, MINUS_ONE, NONE, describe, flag, is_known, is_none, opened, python
from srcad.lower.merge import Growing
from srcad.lower.operands import array_operand, operand
from srcad.lower.operators import binary
from srcad.lower.registry import lowers
from srcad.lower.shapes import leading, ravel
from srcad.lower.values import Context, Obj, Seq, SliceValue, Tup, Value

LINEAR = Obj("linear")


def _lines(ctx: Context, a: Value, axis: Value, name: str) -> tuple[Atom, int]:
    """The array as a vector, or as a matrix of rows to be sorted, and the axis along which it is sorted."""
    x = array_operand(ctx, a, name)
    if kind_of(x) in "bc":
        ctx.refuse(f"{name} of {describe(x)} is not supported", "sort floats or integers")
    if is_none(axis):
        return ravel(ctx, x), 0
    number = axis_number(ctx, axis, ndim_of(x))
    if ndim_of(x) > 2:
        ctx.refuse(f"{name} of {describe(x)} is not supported", "loop over the first axis")
    return (x if number == ndim_of(x) - 1 else leading(ctx, x, 1)), number


def _by_rows(ctx: Context, function: object, lines: Atom, axis: int, *rest: Value) -> Atom:
    found = operand(ctx, ctx.call(Obj(function), [lines, *rest], {}))
    return ctx.b.op("transpose", found, axes=(1, 0)) if ndim_of(lines) == 2 and axis == 0 else found


@lowers(np.argsort, method="argsort")
def _argsort(ctx: Context, a: Value, axis: Value = MINUS_ONE, kind: Value = NONE, *, stable: Value = NONE) -> Value:
    lines, number = _lines(ctx, a, axis, "np.argsort")
    if ndim_of(lines) == 1:
        return ctx.b.op("argsort", lines)
    return _by_rows(ctx, library.argsort_rows, lines, number)


@lowers(np.sort)
def sort(ctx: Context, a: Value, axis: Value = MINUS_ONE, kind: Value = NONE, *, stable: Value = NONE) -> Value:
    lines, number = _lines(ctx, a, axis, "np.sort")
    return _by_rows(ctx, library.sort if ndim_of(lines) == 1 else library.sort_rows, lines, number)


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
        rows = operand(ctx, sort(ctx, operand(ctx, values)))
        if ndim_of(rows) != 1:
            ctx.type_error(f"sorted takes numbers, not {describe(iterable)}", "give it a key= that is a number")
        if descending:
            rows = ctx.b.op("copy", getitem(ctx, rows, SliceValue(NONE, NONE, MINUS_ONE)))  # type: ignore[arg-type]
        made = Tup((rows, ctx.b.op("dim", rows, axis=0)), Growing)
    if items is None:
        return made
    assert isinstance(made, Tup)
    return Seq(tuple(lists.item(ctx, made, const(k)) for k in range(len(items))))  # type: ignore[arg-type]


@lowers(method="sort")
def _sort_in_place(
    ctx: Context, a: Value, axis: Value = MINUS_ONE, kind: Value = NONE, *, stable: Value = NONE
) -> Value:
    ctx.call(Obj(library.assign), [a, sort(ctx, a, axis)], {})
    return NONE


# --- quantiles --------------------------------------------------------------------------------------------------------


@lowers(np.median)
def _median(ctx: Context, a: Value, axis: Value = NONE) -> Value:
    lines, _ = _lines(ctx, _floats(ctx, a, "np.median"), axis, "np.median")
    return ctx.call(Obj(library.median if ndim_of(lines) == 1 else library.median_rows), [lines], {})


@lowers(np.quantile)
def quantile(ctx: Context, a: Value, q: Value, axis: Value = NONE, *, method: Value = LINEAR) -> Value:
    if not isinstance(method, Obj) or method.value != "linear":
        ctx.refuse("only the method 'linear' of np.quantile is supported", "sort the array and pick from it")
    lines, _ = _lines(ctx, _floats(ctx, a, "np.quantile"), axis, "np.quantile")
    if isinstance(q, Tup | Seq) and ndim_of(lines) == 1:
        return operand(ctx, Seq(tuple(ctx.call(Obj(library.quantile), [lines, item], {}) for item in q.items)))
    share = operand(ctx, q, "np.quantile")
    if is_array(share):
        ctx.refuse("np.quantile at an array of places is not supported", "write them as a list, or call it for each")
    return ctx.call(Obj(library.quantile if ndim_of(lines) == 1 else library.quantile_rows), [lines, share], {})


@lowers(np.percentile)
def _percentile(ctx: Context, a: Value, q: Value, axis: Value = NONE, *, method: Value = LINEAR) -> Value:
    if isinstance(q, Tup | Seq):
        return quantile(
            ctx, a, Seq(tuple(binary(ctx, "div", item, const(100.0)) for item in q.items)), axis, method=method
        )
    return quantile(ctx, a, binary(ctx, "div", q, const(100.0)), axis, method=method)


def _floats(ctx: Context, a: Value, name: str) -> Atom:
    x = array_operand(ctx, a, name)
    return cast(ctx, x, "float64") if kind_of(x) in "biu" else x

"""Reductions of some of the elements: those where a mask holds, and those that are not NaN."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad.lower.line_library import reduce_lines
from srcad.lower.order_library import floats, median_of, quantile_of, quantiles
from srcad.lower.written_out import always, axes_of, refuse, reject, stands_for

# --- where a mask holds -----------------------------------------------------------------------------------------------


def inexact(a: Any) -> Any:
    a = np.atleast_1d(a)
    return a if a.dtype.kind in "fc" else a.astype(np.float64, copy=False)


def count(a: Any, mask: Any, axis: Any, keepdims: Any) -> Any:
    """How many elements are left, as numbers of their own precision."""
    return np.sum(np.broadcast_to(mask, a.shape), axis=axis, keepdims=keepdims).astype(a.real.dtype, copy=False)


def mean(a: Any, mask: Any, axis: Any, keepdims: Any) -> Any:
    a = inexact(a)
    return np.sum(np.where(mask, a, 0), axis=axis, keepdims=keepdims) / count(a, mask, axis, keepdims)


def squares(a: Any, mask: Any, axis: Any, keepdims: Any, centre: Any) -> Any:
    """The sum of squared distances from the mean, or from what is given as it."""
    if centre is None:
        centre = mean(a, mask, axis, True)
    rest = np.where(mask, a - centre, 0)
    if a.dtype.kind == "c":
        return np.sum(rest.real**2 + rest.imag**2, axis=axis, keepdims=keepdims)
    return np.sum(rest**2, axis=axis, keepdims=keepdims)


def variance(a: Any, mask: Any, axis: Any, ddof: Any, keepdims: Any, centre: Any) -> Any:
    freedom = np.maximum(count(a, mask, axis, keepdims) - ddof, 0)
    return squares(a, mask, axis, keepdims, centre) / freedom


def extreme(a: Any, axis: Any, keepdims: Any, initial: Any, mask: Any, function: Any) -> Any:
    """np.maximum or np.minimum, as a reduction that starts from a number."""
    left = np.where(mask, a, initial)
    if left.ndim == 0:
        return function(left, initial)
    shape = np.sum(left, axis=axis, keepdims=keepdims).shape
    for n in left.shape:
        if n == 0:
            return (
                np.broadcast_to(np.asarray(initial, left.dtype), shape)
                if len(shape)
                else initial * np.ones(1, left.dtype)[0]
            )
    reduce = np.max if function is np.maximum else np.min
    return function(reduce(left, axis=axis, keepdims=keepdims), initial)


def equal(a: Any, b: Any, equal_nan: Any) -> Any:
    """np.array_equal of arrays with the same number of axes."""
    if a.shape != b.shape:
        return False
    same = a == b
    return np.all(same | ((a != a) & (b != b))) if equal_nan else np.all(same)


# --- what is not NaN --------------------------------------------------------------------------------------------------


def filled(a: Any, value: Any) -> Any:
    """The array with another value for NaN."""
    a = np.asarray(a)
    return np.where(np.isnan(a), value, a) if a.dtype.kind in "fc" else a


def no_result_in(out: Any) -> None:
    if out is not None:
        refuse("out= is not supported here", "assign the result: out[...] = ...")


def numbers(a: Any, where: Any) -> Any:
    """Where the elements count."""
    return ~np.isnan(a) if always(where) else ~np.isnan(a) & where


@stands_for(np.nansum)
def nansum(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = False,
    initial: Any = 0,
    where: Any = True,
) -> Any:
    return np.sum(filled(a, 0), axis, dtype, out, keepdims, initial, where)


@stands_for(np.nanprod)
def nanprod(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = False,
    initial: Any = 1,
    where: Any = True,
) -> Any:
    return np.prod(filled(a, 1), axis, dtype, out, keepdims, initial, where)


@stands_for(np.nancumsum)
def nancumsum(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    return np.cumsum(filled(a, 0), axis, dtype, out)


@stands_for(np.nancumprod)
def nancumprod(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    return np.cumprod(filled(a, 1), axis, dtype, out)


@stands_for(np.nanmean)
def nanmean(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, *, where: Any = True
) -> Any:
    no_result_in(out)
    a = inexact(a) if dtype is None else inexact(a).astype(dtype, copy=False)
    return mean(a, numbers(a, where), axis, keepdims)


@stands_for(np.nanvar)
def nanvar(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    ddof: Any = 0,
    keepdims: Any = False,
    *,
    where: Any = True,
    mean: Any = None,
    correction: Any = None,
) -> Any:
    no_result_in(out)
    a = inexact(a) if dtype is None else inexact(a).astype(dtype, copy=False)
    mask = numbers(a, where)
    freedom = count(a, mask, axis, keepdims) - (ddof if correction is None else correction)
    enough = freedom > 0
    return np.where(enough, squares(a, mask, axis, keepdims, mean), np.nan) / np.where(enough, freedom, 1)


@stands_for(np.nanstd)
def nanstd(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    ddof: Any = 0,
    keepdims: Any = False,
    *,
    where: Any = True,
    mean: Any = None,
    correction: Any = None,
) -> Any:
    return np.sqrt(nanvar(a, axis, dtype, out, ddof, keepdims, where=where, mean=mean, correction=correction))


def extreme_number(a: Any, axis: Any, keepdims: Any, initial: Any, where: Any, least: Any, function: Any) -> Any:
    """np.max or np.min of what is not NaN; NaN where nothing else is."""
    if a.dtype.kind not in "fc":
        return function(a, axis=axis, keepdims=keepdims, initial=initial, where=where)
    found = function(filled(a, least), axis=axis, keepdims=keepdims, initial=initial, where=where)
    return np.where(np.all(np.isnan(a), axis=axis, keepdims=keepdims), np.nan, found) if initial is None else found


@stands_for(np.nanmax)
def nanmax(
    a: Any, axis: Any = None, out: Any = None, keepdims: Any = False, initial: Any = None, where: Any = True
) -> Any:
    no_result_in(out)
    return extreme_number(np.asarray(a), axis, keepdims, initial, where, -np.inf, np.max)


@stands_for(np.nanmin)
def nanmin(
    a: Any, axis: Any = None, out: Any = None, keepdims: Any = False, initial: Any = None, where: Any = True
) -> Any:
    no_result_in(out)
    return extreme_number(np.asarray(a), axis, keepdims, initial, where, np.inf, np.min)


def check_some(a: Any, axis: Any) -> None:
    if a.dtype.kind == "f" and np.any(np.all(np.isnan(a), axis=axis)):
        raise ValueError("All-NaN slice encountered")


@stands_for(np.nanargmax)
def nanargmax(a: Any, axis: Any = None, out: Any = None, *, keepdims: Any = False) -> Any:
    a = np.asarray(a)
    check_some(a, axis)
    return np.argmax(filled(a, -np.inf), axis, out, keepdims=keepdims)


@stands_for(np.nanargmin)
def nanargmin(a: Any, axis: Any = None, out: Any = None, *, keepdims: Any = False) -> Any:
    a = np.asarray(a)
    check_some(a, axis)
    return np.argmin(filled(a, np.inf), axis, out, keepdims=keepdims)


@stands_for(np.nanmedian)
def nanmedian(a: Any, axis: Any = None, out: Any = None, overwrite_input: Any = False, keepdims: Any = False) -> Any:
    no_result_in(out)
    a = floats(a, "np.nanmedian")
    return reduce_lines(a, axis, keepdims, lambda line: median_of(line[~np.isnan(line)]), a.dtype)


def quantile_of_numbers(ordered: Any, q: Any, method: Any) -> Any:
    """The quantile of a sorted line without NaN, which stands at its end."""
    count = np.sum(~np.isnan(ordered))
    return quantile_of(ordered[:count], q, method) if count > 0 else np.nan + np.zeros(1, ordered.dtype)[0]


@stands_for(np.nanquantile)
def nanquantile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: Any = None,
    overwrite_input: Any = False,
    method: Any = "linear",
    keepdims: Any = False,
) -> Any:
    no_result_in(out)
    return quantiles(floats(a, "np.nanquantile"), q, axis, method, keepdims, quantile_of_numbers)


@stands_for(np.nanpercentile)
def nanpercentile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: Any = None,
    overwrite_input: Any = False,
    method: Any = "linear",
    keepdims: Any = False,
) -> Any:
    return nanquantile(a, np.asarray(q) / 100, axis, out, overwrite_input, method, keepdims)


# --- weights ----------------------------------------------------------------------------------------------------------


@stands_for(np.average)
def average(a: Any, axis: Any = None, weights: Any = None, returned: Any = False, *, keepdims: Any = False) -> Any:
    a = np.asarray(a)
    if weights is None:
        found = np.mean(a, axis=axis, keepdims=keepdims)
        total = np.full_like(found, a.size / found.size)
    else:
        w = spread(np.asarray(weights), a, axis)
        dtype = (
            np.result_type(a.dtype, w.dtype) if a.dtype.kind in "fc" else np.result_type(a.dtype, w.dtype, np.float64)
        )
        total = np.sum(w.astype(dtype, copy=False), axis=axis, keepdims=keepdims)
        if np.any(total == 0.0):
            raise ZeroDivisionError("Weights sum to zero, can't be normalized")
        found = np.sum(a * w.astype(dtype, copy=False), axis=axis, keepdims=keepdims) / total
    return (found, total) if returned else found


def spread(w: Any, a: Any, axis: Any) -> Any:
    """The weights, one for each element: given so, or for each place on the axes."""
    if w.ndim == a.ndim:
        if w.shape != a.shape:
            raise TypeError("Axis must be specified when shapes of a and weights differ.")
        return w
    if axis is None:
        reject("np.average needs its axis where the weights are not of the array's shape", "pass axis=")
    axes = axes_of(axis, a.ndim)
    if w.ndim != len(axes):
        reject("np.average needs weights of the array's shape, or of that of its axes")
    if w.shape != tuple([a.shape[k] for k in axes]):
        raise ValueError("Shape of weights must be consistent with shape of a along specified axis.")
    wide = np.expand_dims(w, tuple([k + w.ndim for k in range(a.ndim - w.ndim)]))
    return np.broadcast_to(np.moveaxis(wide, tuple(range(w.ndim)), axes), a.shape)

"""Sorted lines, and what is found in them: the order is a constant, so that derivatives are those of the elements in it."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad.lower.library import searchsorted as place_among
from srcad.lower.library import take
from srcad.lower.line_library import along, gathered, in_line, kept, of_lines, reduce_lines
from srcad.lower.written_out import axes_of, refuse, reject, stands_for

# --- sorted -----------------------------------------------------------------------------------------------------------


def comparable(a: Any, name: Any) -> Any:
    a = np.asarray(a)
    if a.ndim == 0:
        reject(name + " takes an array, not a number")
    if a.dtype.kind == "c":
        refuse(name + " of complex numbers is not supported", "sort their real parts or their absolute values")
    return a


def sorted_line(a: Any) -> Any:
    return take(a, (np.argsort(a),))


@stands_for(np.sort)
def sort(a: Any, axis: Any = -1, kind: Any = None, *, stable: Any = None) -> Any:
    a = comparable(a, "np.sort")
    if axis is None:
        return sort(in_line(a))
    if a.dtype.kind == "b":
        return sort(a.astype(np.int8, copy=False), axis).astype(bool, copy=False)
    return along(a, axis, sorted_line, a.dtype)


def argsort_along(a: Any, axis: Any) -> Any:
    return along(a, axis, np.argsort, np.int64)


@stands_for(np.partition)
def partition(a: Any, kth: Any, axis: Any = -1, kind: Any = "introselect") -> Any:
    """All of it sorted, which NumPy leaves open except for the elements at `kth`."""
    check_places(np.asarray(a), kth, axis)
    return sort(a, axis)


def check_places(a: Any, kth: Any, axis: Any) -> None:
    n = a.size if axis is None else a.shape[axis]
    for k in kth if isinstance(kth, tuple | list) else (kth,):
        if np.any((np.asarray(k) < -n) | (np.asarray(k) >= n)):
            raise ValueError("kth is out of bounds")


@stands_for(np.argpartition)
def argpartition(a: Any, kth: Any, axis: Any = -1, kind: Any = "introselect") -> Any:
    check_places(np.asarray(a), kth, axis)
    return np.argsort(a, axis)


def assign(a: Any, values: Any) -> None:
    a[...] = values


@stands_for(method="sort")
def sort_in_place(a: Any, axis: Any = -1, kind: Any = None, *, stable: Any = None) -> None:
    assign(a, sort(a, axis))


@stands_for(method="partition")
def partition_in_place(a: Any, kth: Any, axis: Any = -1, kind: Any = "introselect") -> None:
    assign(a, partition(a, kth, axis))


# --- the extreme elements ---------------------------------------------------------------------------------------------


def place_along(a: Any, axis: Any, keepdims: Any, function: Any) -> Any:
    """np.argmax or np.argmin along an axis."""
    return reduce_lines(a, axis, keepdims, function, np.int64)


# --- quantiles --------------------------------------------------------------------------------------------------------


def floats(a: Any, name: Any) -> Any:
    a = comparable(np.atleast_1d(a), name)
    return a if a.dtype.kind == "f" else a.astype(np.float64, copy=False)


def median_of(a: Any) -> Any:
    """The middle, or the mean of the two in the middle; NaN, which is sorted to the end, if there is one."""
    n = a.shape[0]
    if n == 0:
        return np.nan + np.zeros(1, a.dtype)[0]
    order = np.argsort(a)
    middle = (a[order[(n - 1) // 2]] + a[order[n // 2]]) / 2
    return a[order[n - 1]] if np.isnan(a[order[n - 1]]) else middle


@stands_for(np.median)
def median(a: Any, axis: Any = None, out: Any = None, overwrite_input: Any = False, keepdims: Any = False) -> Any:
    if out is not None:
        refuse("np.median with out= is not supported", "assign the result: out[...] = np.median(a)")
    a = floats(a, "np.median")
    return reduce_lines(a, axis, keepdims, median_of, a.dtype)


def place_of(q: Any, n: Any, method: Any) -> Any:
    """Where the quantile of n numbers is, counted from 0. The names are those of Hyndman and Fan, Sample quantiles in
    statistical packages (1996), and NumPy's for the rest."""
    if method in ("linear", "lower", "higher", "midpoint", "nearest"):
        return q * (n - 1)
    if method == "hazen":
        return q * n + 0.5 - 1
    if method == "weibull":
        return q * n + q - 1
    if method == "median_unbiased":
        return q * n + (1 / 3 + q * (1 / 3)) - 1
    if method == "normal_unbiased":
        return q * n + (3 / 8 + q * (1 / 4)) - 1
    if method in ("interpolated_inverted_cdf", "inverted_cdf", "averaged_inverted_cdf"):
        return q * n - 1
    return refuse("this method of np.quantile is not supported", "use method='linear', the default")


def fraction_of(place: Any, low: Any, method: Any) -> Any:
    """How far the quantile is from the element below to the one above."""
    rest = place - low
    if method == "lower":
        return 0 * rest
    if method in ("higher", "inverted_cdf"):
        return np.where(rest > 0, 1.0, 0.0)
    if method == "midpoint":
        return np.where(rest > 0, 0.5, 0.0)
    if method == "averaged_inverted_cdf":
        return np.where(rest > 0, 1.0, 0.5)
    if method == "nearest":
        return np.where(rest == 0.5, low % 2, np.rint(rest))
    return rest


def quantile_of(a: Any, q: Any, method: Any) -> Any:
    """The quantile of a sorted line."""
    n = a.shape[0]
    if n == 0:
        raise IndexError("index -1 is out of bounds for axis 0 with size 0")
    place = place_of(q, n, method)
    low = int(np.floor(place))
    share = fraction_of(place, low, method)
    below = a[min(max(low, 0), n - 1)]
    above = a[min(max(low + 1, 0), n - 1)]
    gap = above - below
    found = below + gap * share if share < 0.5 else above - gap * (1 - share)  # as NumPy rounds
    return a[n - 1] if np.isnan(a[n - 1]) else found


@stands_for(np.quantile)
def quantile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: Any = None,
    overwrite_input: Any = False,
    method: Any = "linear",
    keepdims: Any = False,
    *,
    weights: Any = None,
) -> Any:
    if out is not None or weights is not None:
        refuse("np.quantile with out= or weights= is not supported", "sort the array and pick from it")
    return quantiles(floats(a, "np.quantile"), q, axis, method, keepdims, quantile_of)


def quantiles(a: Any, q: Any, axis: Any, method: Any, keepdims: Any, function: Any) -> Any:
    """The quantiles at q, by this function of each sorted line."""
    axes = axes_of(axis, a.ndim)
    ordered = sort(gathered(a, axes))
    q = np.asarray(q)
    if q.ndim == 0:
        share = a.dtype.type(checked_share(q))
        return kept(of_lines(ordered, lambda line: function(line, share, method), a.dtype), axes, keepdims)
    shares = in_line(q)
    found = np.empty((shares.shape[0], *ordered.shape[:-1]), np.result_type(a.dtype, q.dtype, np.float64))
    for k in range(shares.shape[0]):
        share = checked_share(shares[k])
        found[k] = of_lines(ordered, lambda line, share=share: function(line, share, method), found.dtype)
    found = found.reshape((*q.shape, *ordered.shape[:-1]))
    return np.expand_dims(found, tuple([k + q.ndim for k in axes])) if keepdims else found


def checked_share(q: Any) -> Any:
    if not 0 <= q <= 1:
        raise ValueError("Quantiles must be in the range [0, 1]")
    return q


@stands_for(np.percentile)
def percentile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: Any = None,
    overwrite_input: Any = False,
    method: Any = "linear",
    keepdims: Any = False,
    *,
    weights: Any = None,
) -> Any:
    return quantile(a, np.asarray(q) / 100, axis, out, overwrite_input, method, keepdims, weights=weights)


# --- places in a sorted line ------------------------------------------------------------------------------------------


def places_among(a: Any, values: Any, right: Any) -> Any:
    if values.ndim == 0:
        return place_among(a, values, right)
    out = np.empty(values.shape, np.int64)
    for k in range(values.shape[0]):
        out[k] = places_among(a, values[k], right)
    return out


@stands_for(np.searchsorted, method="searchsorted")
def searchsorted(a: Any, v: Any, side: Any = "left", sorter: Any = None) -> Any:
    a = np.asarray(a)
    if a.ndim != 1:
        reject("np.searchsorted takes a vector to search in")
    if side not in ("left", "right"):
        reject("side= of np.searchsorted is 'left' or 'right'")
    return places_among(a if sorter is None else a[sorter], np.asarray(v), side == "right")


@stands_for(np.digitize)
def digitize(x: Any, bins: Any, right: Any = False) -> Any:
    """Bins that descend are searched from their end."""
    bins = np.asarray(bins)
    if bins.ndim != 1:
        reject("np.digitize takes a vector of bins")
    n = bins.shape[0]
    for k in range(1, n):
        if (bins[k] - bins[k - 1]) * (bins[n - 1] - bins[0]) < 0:
            raise ValueError("bins must be monotonically increasing or decreasing")
    if n > 0 and bins[0] > bins[n - 1]:
        return n - np.searchsorted(bins[::-1], x, side="right" if right else "left")
    return np.searchsorted(bins, x, side="left" if right else "right")

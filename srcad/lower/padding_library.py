"""np.pad: one axis after the other, so that what is added on a later axis is made of what was added before."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad.lower.written_out import axes_of, refuse, reject, stands_for

#: What is added is one of the elements.
PICKING = ("edge", "wrap", "reflect", "symmetric")
REDUCING = ("maximum", "minimum", "mean", "median")


@stands_for(np.pad)
def pad(
    array: Any,
    pad_width: Any,
    mode: Any = "constant",
    *,
    constant_values: Any = 0,
    end_values: Any = 0,
    reflect_type: Any = "even",
    stat_length: Any = None,
) -> Any:
    a = np.asarray(array)
    if stat_length is not None:
        refuse("np.pad with stat_length= is not supported", "join the parts: np.concatenate")
    if mode not in ("constant", "empty", "linear_ramp", *PICKING, *REDUCING):
        refuse("this mode of np.pad is not supported", "write the other parts with slices")
    values = end_values if mode == "linear_ramp" else constant_values
    odd = mode in ("reflect", "symmetric") and reflect_type == "odd"
    ndim = a.ndim
    for axis in axes_of(None, ndim):
        a = padded(a, axis, pair(pad_width, axis, ndim), mode, pair(values, axis, ndim), odd)
    return a


def padded(a: Any, axis: Any, widths: Any, mode: Any, values: Any, odd: Any) -> Any:
    before, after = widths
    if before < 0 or after < 0:
        raise ValueError("index can't contain negative values")
    n = a.shape[axis]
    out = np.empty((*a.shape[:axis], before + n + after, *a.shape[axis + 1 :]), a.dtype)
    to, of = np.moveaxis(out, axis, 0), np.moveaxis(a, axis, 0)
    if mode not in ("constant", "empty") and n == 0 and before + after > 0:
        raise ValueError("can't extend empty axis using modes other than 'constant' or 'empty'")
    if mode in PICKING:
        for i in range(before + n + after):
            to[i] = picked(of, i - before, n, mode, odd)
    else:
        to[before : before + n] = of
        if mode != "empty":
            fill_ends(to, of, before, n, after, mode, values)
    return out


def pair(given: Any, axis: Any, ndim: Any) -> Any:
    """What belongs before and after one axis, of a number, a pair, or a pair for each axis."""
    if not isinstance(given, tuple | list):
        if isinstance(given, dict) or np.ndim(given) > 0:
            refuse("np.pad takes numbers and tuples of them here", "write a pair for each axis: ((1, 2), (0, 0))")
        return given, given
    if len(given) == 1:
        return pair(given[0], axis, ndim)
    if not isinstance(given[0], tuple | list):
        if len(given) != 2:
            reject("np.pad takes a number, a pair, or a pair for each axis")
        return given[0], given[1]
    if len(given) != ndim:
        reject("np.pad takes a number, a pair, or a pair for each axis")
    own = given[axis]
    return own[0], own[len(own) - 1]


def picked(of: Any, i: Any, n: Any, mode: Any, odd: Any) -> Any:
    """The element that stands i places from the first one, in the array repeated without end."""
    if mode == "edge":
        return of[min(max(i, 0), n - 1)]
    if mode == "wrap":
        return of[i % n]
    period = 2 * n if mode == "symmetric" else max(2 * n - 2, 1)
    place = i % period
    back = period - 1 - place if mode == "symmetric" else period - place
    if not odd:
        return of[min(place, back)]
    turned = of[place] * 1 if place < n else 2 * of[n - 1] - of[back]
    return turned + i // period * 2 * (of[n - 1] - of[0])


def fill_ends(to: Any, of: Any, before: Any, n: Any, after: Any, mode: Any, values: Any) -> None:
    if mode == "linear_ramp":
        for k in range(before):
            to[k] = whole((of[0] - values[0]) / before * k + values[0], to, np.floor)
        for k in range(after):
            to[before + n + after - 1 - k] = whole((of[n - 1] - values[1]) / after * k + values[1], to, np.floor)
    elif mode == "constant":
        to[:before] = values[0]
        to[before + n :] = values[1]
    else:
        value = whole(reduction(mode)(of, axis=0), to, np.rint)
        to[:before] = value
        to[before + n :] = value


def reduction(mode: Any) -> Any:
    if mode == "maximum":
        return np.max
    if mode == "minimum":
        return np.min
    return np.mean if mode == "mean" else np.median


def whole(value: Any, to: Any, rounding: Any) -> Any:
    """The value as it is stored: integers are rounded."""
    return rounding(value).astype(to.dtype, copy=False) if to.dtype.kind in "iu" else value

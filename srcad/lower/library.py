"""What NumPy does in a loop, as a loop: ordinary functions in the language that srcad compiles, inlined where called.

They are written for any number of axes where that costs nothing; `a.ndim` is known while lowering, so an `if` on it
is free. Arguments have been checked by the lowering that calls them.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def take(a: Any, places: Any) -> Any:
    """a[places], for one vector of places for each of the first axes."""
    out = np.empty((places[0].shape[0], *a.shape[len(places) :]), a.dtype)
    for k in range(places[0].shape[0]):
        out[k] = a[tuple([p[k] for p in places])]
    return out


def put(a: Any, places: Any, values: Any) -> None:
    for k in range(places[0].shape[0]):
        a[tuple([p[k] for p in places])] = values[k]


def put_number(a: Any, places: Any, value: Any) -> None:
    for k in range(places[0].shape[0]):
        a[tuple([p[k] for p in places])] = value


def add_at(a: Any, places: Any, values: Any) -> None:
    for k in range(places[0].shape[0]):
        if values.ndim == 0:
            a[tuple([p[k] for p in places])] += values
        else:
            a[tuple([p[k] for p in places])] += values[k]


def check_vectors(places: Any) -> None:
    for p in places[1:]:
        if p.shape[0] != places[0].shape[0]:
            raise IndexError("shape mismatch: indexing arrays could not be broadcast together")


def check_length(n: Any, m: Any) -> None:
    if n != m:
        raise IndexError("boolean index did not match indexed array")


def places(mask: Any) -> Any:
    out = np.empty(np.count_nonzero(mask), np.int64)
    count = 0
    for k in range(mask.shape[0]):
        if mask[k]:
            out[count] = k
            count += 1
    return out


def places_of_two(mask: Any) -> Any:
    rows = np.empty(np.count_nonzero(mask), np.int64)
    columns = np.empty(rows.shape[0], np.int64)
    count = 0
    for i in range(mask.shape[0]):
        for j in range(mask.shape[1]):
            if mask[i, j]:
                rows[count] = i
                columns[count] = j
                count += 1
    return rows, columns


def compress(a: Any, mask: Any) -> Any:
    check_mask(a, mask)
    count = 0
    for k in range(mask.shape[0]):
        if mask[k]:
            count += 1
    out = np.empty((count, *a.shape[1:]), a.dtype)
    place = 0
    for k in range(mask.shape[0]):
        if mask[k]:
            out[place] = a[k]
            place += 1
    return out


def check_mask(a: Any, mask: Any) -> None:
    for n, m in zip(mask.shape, a.shape[: mask.ndim], strict=True):
        check_length(n, m)


def masked_fill(a: Any, mask: Any, value: Any) -> None:
    check_mask(a, mask)
    for k in range(mask.shape[0]):
        if mask.ndim == 2:
            for j in range(mask.shape[1]):
                if mask[k, j]:
                    a[k, j] = value
        elif mask[k]:
            a[k] = value


def masked_update(a: Any, mask: Any, combine: Any, value: Any) -> None:
    check_mask(a, mask)
    for k in range(mask.shape[0]):
        if mask.ndim == 2:
            for j in range(mask.shape[1]):
                if mask[k, j]:
                    a[k, j] = combine(a[k, j], value)
        elif mask[k]:
            a[k] = combine(a[k], value)


def argmax_rows(a: Any) -> Any:
    out = np.empty(a.shape[0], np.int64)
    for i in range(a.shape[0]):
        out[i] = np.argmax(a[i])
    return out


def argmin_rows(a: Any) -> Any:
    out = np.empty(a.shape[0], np.int64)
    for i in range(a.shape[0]):
        out[i] = np.argmin(a[i])
    return out


def sort(a: Any) -> Any:
    return take(a, (np.argsort(a),))


def sort_rows(a: Any) -> Any:
    out = np.empty(a.shape, a.dtype)
    for i in range(a.shape[0]):
        out[i] = sort(a[i])
    return out


def argsort_rows(a: Any) -> Any:
    out = np.empty(a.shape, np.int64)
    for i in range(a.shape[0]):
        out[i] = np.argsort(a[i])
    return out


def assign(a: Any, values: Any) -> None:
    a[...] = values


def median(a: Any) -> Any:
    """The middle, or the mean of the two in the middle; NaN, which is sorted to the end, if there is one."""
    n = a.shape[0]
    if n == 0:
        raise ValueError("the median of no elements is not defined")
    order = np.argsort(a)
    middle = (a[order[(n - 1) // 2]] + a[order[n // 2]]) / 2
    return a[order[n - 1]] if np.isnan(a[order[n - 1]]) else middle


def median_rows(a: Any) -> Any:
    out = np.empty(a.shape[0], a.dtype)
    for i in range(a.shape[0]):
        out[i] = median(a[i])
    return out


def quantile(a: Any, q: Any) -> Any:
    n = a.shape[0]
    if n == 0 or not 0 <= q <= 1:
        raise ValueError("Quantiles must be in the range [0, 1], of at least one element")
    order = np.argsort(a)
    place = q * (n - 1)
    low = int(place)
    high = min(low + 1, n - 1)
    gap = a[order[high]] - a[order[low]]
    if place - low < 0.5:  # as NumPy rounds
        found = a[order[low]] + gap * (place - low)
    else:
        found = a[order[high]] - gap * (1 - (place - low))
    return a[order[n - 1]] if np.isnan(a[order[n - 1]]) else found


def quantile_rows(a: Any, q: Any) -> Any:
    out = np.empty(a.shape[0], np.result_type(a.dtype, np.float64))
    for i in range(a.shape[0]):
        out[i] = quantile(a[i], q)
    return out


def copy_into(out: Any, a: Any, start: Any) -> None:
    for i in range(a.shape[0]):
        out[start + i] = a[i]


def roll(out: Any, a: Any, shift: Any) -> None:
    n = a.shape[0]
    for i in range(n):
        out[(i + shift) % n] = a[i]


def frequencies(n: Any, d: Any) -> Any:
    out = np.empty(n)
    step = 1.0 / (n * d)
    for i in range(n):
        out[i] = (i if i <= (n - 1) // 2 else i - n) * step
    return out


def frequencies_of_real(n: Any, d: Any) -> Any:
    out = np.empty(n // 2 + 1)
    step = 1.0 / (n * d)
    for i in range(n // 2 + 1):
        out[i] = i * step
    return out


def accumulate_sum(a: Any) -> None:
    for i in range(1, a.shape[0]):
        a[i] += a[i - 1]


def accumulate_product(a: Any) -> None:
    for i in range(1, a.shape[0]):
        a[i] *= a[i - 1]


def ramp(n: Any, start: Any, step: Any, dtype: Any) -> Any:
    out = np.empty(n, dtype)
    for i in range(n):
        out[i] = start + i * step
    return out


def linspace(start: Any, stop: Any, n: Any, steps: Any, endpoint: Any, dtype: Any) -> Any:
    out = np.empty(n, dtype)
    step = (stop - start) / steps
    for i in range(n):
        out[i] = start + i * step
    if endpoint and n > 1:
        out[n - 1] = stop
    return out


def eye(n: Any, m: Any, k: Any, dtype: Any) -> Any:
    out = np.zeros((n, m), dtype)
    for i in range(max(0, -k), min(n, m - k)):
        out[i, i + k] = 1
    return out


def diagonal(a: Any, k: Any) -> Any:
    first = max(0, -k)
    out = np.empty(max(0, min(a.shape[0], a.shape[1] - k) - first), a.dtype)
    for i in range(out.shape[0]):
        out[i] = a[first + i, first + i + k]
    return out


def diagonal_view(a: Any, k: Any) -> Any:
    """Every (columns + 1)-th element of the rows in one line."""
    n, m = a.shape
    first = k if k >= 0 else -k * m
    count = max(0, min(n, m - k) if k >= 0 else min(n + k, m))
    return a.reshape(n * m)[first : first + count * (m + 1) : m + 1]


def fill_diagonal(a: Any, value: Any) -> None:
    for i in range(min(a.shape[0], a.shape[1])):
        if value.ndim:
            a[i, i] = value[i % value.shape[0]]
        else:
            a[i, i] = value


def diagonal_matrix(v: Any, k: Any) -> Any:
    n = v.shape[0] + abs(k)
    out = np.zeros((n, n), v.dtype)
    first = max(0, -k)
    for i in range(v.shape[0]):
        out[first + i, first + i + k] = v[i]
    return out


def trace(a: Any, k: Any, zero: Any) -> Any:
    total = zero
    for i in range(max(0, -k), min(a.shape[0], a.shape[1] - k)):
        total += a[i, i + k]
    return total


def triangle(a: Any, k: Any, lower: Any) -> Any:
    out = np.zeros(a.shape, a.dtype)
    for i in range(a.shape[0]):
        if lower:
            for j in range(min(a.shape[1], max(0, i + k + 1))):
                out[i, j] = a[i, j]
        else:
            for j in range(max(0, i + k), a.shape[1]):
                out[i, j] = a[i, j]
    return out


def repeat(a: Any, times: Any) -> Any:
    out = np.empty((a.shape[0] * times, *a.shape[1:]), a.dtype)
    for i in range(a.shape[0]):
        for k in range(times):
            out[i * times + k] = a[i]
    return out


def tile(a: Any, times: Any) -> Any:
    n = a.shape[0]
    out = np.empty((n * times, *a.shape[1:]), a.dtype)
    for k in range(times):
        out[k * n : (k + 1) * n] = a
    return out


def polynomial(p: Any, x: Any, zero: Any) -> Any:
    value = zero
    for i in range(p.shape[0]):
        value = value * x + p[i]
    return value


def convolve(a: Any, v: Any) -> Any:
    out = np.zeros(a.shape[0] + v.shape[0] - 1, np.result_type(a.dtype, v.dtype))
    for i in range(a.shape[0]):
        for j in range(v.shape[0]):
            out[i + j] += a[i] * v[j]
    return out


def interpolate(x: Any, xp: Any, fp: Any) -> Any:
    n = xp.shape[0]
    if n == 0 or fp.shape[0] != n:
        raise ValueError("fp and xp are not of the same length, or empty")
    low = 0
    high = n - 1
    while high - low > 1:
        middle = (low + high) // 2
        if xp[middle] <= x:
            low = middle
        else:
            high = middle
    if x <= xp[0]:
        value = fp[0] * 1.0
    elif x >= xp[n - 1]:
        value = fp[n - 1] * 1.0
    else:
        value = fp[low] + (fp[high] - fp[low]) / (xp[high] - xp[low]) * (x - xp[low])
    return value


def interpolate_each(x: Any, xp: Any, fp: Any) -> Any:
    out = np.empty(x.shape[0], np.result_type(x.dtype, fp.dtype))
    for i in range(x.shape[0]):
        out[i] = interpolate(x[i], xp, fp)
    return out


def power_of_matrix(a: Any, n: Any) -> Any:
    out = np.eye(a.shape[0], dtype=a.dtype)
    for _ in range(n):
        out = out @ a
    return out


def batched_matmul(a: Any, b: Any, dtype: Any) -> Any:
    out = np.empty((a.shape[0], a.shape[1], b.shape[-1]), dtype)
    for i in range(a.shape[0]):
        if b.ndim == 3:
            out[i] = a[i] @ b[i]
        else:
            out[i] = a[i] @ b
    return out


def bincount(places: Any, weights: Any, least: Any, dtype: Any) -> Any:
    if weights.ndim and weights.shape[0] != places.shape[0]:
        raise ValueError("The weights and list don't have the same length.")
    n = least
    for k in range(places.shape[0]):
        if places[k] < 0:
            raise ValueError("'list' argument must have no negative elements")
        n = max(n, places[k] + 1)
    out = np.zeros(n, dtype)
    for k in range(places.shape[0]):
        if weights.ndim == 0:
            out[places[k]] += weights
        else:
            out[places[k]] += weights[k]
    return out


def searchsorted(places: Any, value: Any, right: Any) -> Any:
    low = 0
    high = places.shape[0]
    while low < high:
        middle = (low + high) // 2
        if places[middle] < value or (right and places[middle] == value):
            low = middle + 1
        else:
            high = middle
    return low

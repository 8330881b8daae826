"""What NumPy does in a loop, as a loop: ordinary functions in the language that srcad compiles, inlined where called.

They are written for any number of axes where that costs nothing; `a.ndim` is known while lowering, so an `if` on it
is free. Arguments have been checked by the lowering that calls them.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def direction(z: Any) -> Any:
    """np.sign of a complex number."""
    size = np.abs(z)
    return z / np.where(size == 0, 1, size)


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


def update_at(a: Any, places: Any, function: Any, values: Any) -> None:
    for k in range(places[0].shape[0]):
        place = tuple([p[k] for p in places])
        a[place] = function(a[place], values if values.ndim == 0 else values[k])


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


def places_on_axes(mask: Any) -> Any:
    out = tuple([np.empty(np.count_nonzero(mask), np.int64) for _ in range(mask.ndim)])
    count = 0
    for index in np.ndindex(mask.shape):
        if mask[index]:
            for vector, place in zip(out, index, strict=True):
                vector[count] = place
            count += 1
    return out


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
    fill_where(a, mask, value)


def fill_where(a: Any, mask: Any, value: Any) -> None:
    for k in range(mask.shape[0]):
        if mask.ndim > 1:
            fill_where(a[k], mask[k], value)
        elif mask[k]:
            a[k] = value


def masked_update(a: Any, mask: Any, combine: Any, value: Any) -> None:
    check_mask(a, mask)
    update_where(a, mask, combine, value)


def update_where(a: Any, mask: Any, combine: Any, value: Any) -> None:
    for k in range(mask.shape[0]):
        if mask.ndim > 1:
            update_where(a[k], mask[k], combine, value)
        elif mask[k]:
            a[k] = combine(a[k], value)


def copy_into(out: Any, a: Any, start: Any) -> None:
    for i in range(a.shape[0]):
        out[start + i] = a[i]


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
    step = (stop - start) / steps
    out = np.empty((n, *step.shape), dtype)
    for i in range(n):
        out[i] = start + i * step
    if endpoint and n > 1:
        out[n - 1] = stop
    return out


def step_of_linspace(start: Any, stop: Any, n: Any, steps: Any, endpoint: Any) -> Any:
    step = (stop - start) / steps
    return step * np.nan if endpoint and n < 2 else step


def eye(n: Any, m: Any, k: Any, dtype: Any) -> Any:
    out = np.zeros((n, m), dtype)
    for i in range(max(0, -k), min(n, m - k)):
        out[i, i + k] = 1
    return out


def diagonal_view(a: Any, k: Any) -> Any:
    """Every (columns + 1)-th element of the rows in one line, in the last two axes."""
    *others, n, m = a.shape
    first = k if k >= 0 else -k * m
    count = max(0, min(n, m - k) if k >= 0 else min(n + k, m))
    return a.reshape((*others, n * m))[..., first : first + count * (m + 1) : m + 1]


def fill_diagonal(a: Any, value: Any, wrap: Any) -> None:
    """Every (columns + 1)-th element in a line; of more axes the places that have one number on all."""
    if a.ndim == 2:
        n, m = a.shape
        for k in range(0, n * m if wrap else min(n, m) * m, m + 1):
            a[k // m, k % m] = value if value.ndim == 0 else value[k // (m + 1) % value.shape[0]]
    else:
        for n in a.shape[1:]:
            if n != a.shape[0]:
                raise ValueError("All dimensions of input must be of equal length")
        for i in range(a.shape[0]):
            a[(i,) * a.ndim] = value if value.ndim == 0 else value[i % value.shape[0]]


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
    fill_triangle(out, a, k, lower)
    return out


def fill_triangle(out: Any, a: Any, k: Any, lower: Any) -> None:
    for i in range(a.shape[0]):
        if a.ndim > 2:
            fill_triangle(out[i], a[i], k, lower)
        elif lower:
            for j in range(min(a.shape[1], max(0, i + k + 1))):
                out[i, j] = a[i, j]
        else:
            for j in range(max(0, i + k), a.shape[1]):
                out[i, j] = a[i, j]


def polynomial(p: Any, x: Any, zero: Any) -> Any:
    value = zero
    for i in range(p.shape[0]):
        value = value * x + p[i]
    return value


def power_of_matrix(a: Any, n: Any) -> Any:
    out = np.eye(a.shape[0], dtype=a.dtype)
    for _ in range(n):
        out = out @ a
    return out

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

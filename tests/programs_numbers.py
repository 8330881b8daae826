"""Single elements as memory, narrow integers, and Python's numbers beside NumPy's."""

from __future__ import annotations

import numpy as np

from programs_kit import program, sample


@program(sample(3), tags="alias zero-d view inplace")
def views_of_one_element(a):
    b = a.copy()
    e = b[..., 1]
    e *= a[0]
    f = np.squeeze(b[0:1], axis=0)
    f += e
    b[1] = b[2] * e
    g = b[2:].reshape(())
    g -= e
    h = np.zeros(())
    h.reshape(1)[0] = a[1]
    np.ravel(h)[0] *= a[2]
    return np.sum(b * b) + e * f + h


@program(np.array([1.5, 0.7, 1.1]), tags="alias zero-d view loop branch")
def view_of_a_chosen_element(a):
    b = a.copy()
    e = b[..., 0] if a[0] > 1.0 else b[..., 1]
    f = b[2, ...]
    for k in range(3):
        e *= a[k]
        e -= f
        e, f = f, e
    e = np.outer(b, a)[..., 1, 2]
    e **= 2
    return np.sum(b * b) + e * f


@program(sample(3), tags="alias zero-d view callee")
def element_given_to_a_function(a):
    def store(e, v):
        e[...] = v

    b = a * 1.0
    store(b[..., 1], a[0] * a[2])
    np.multiply(b[..., 1], a[0], out=b[..., 0])
    np.copyto(b[2, ...], b[0])
    return np.sum(b * a)


@program(sample(3), tags="zip strict tuple")
def zipped_with_a_tuple(a):
    s = 0.0
    for x, w in zip(a, (0.5, 0.3, 0.2), strict=True):
        s += w * x * x
    for k, (x, y) in enumerate(zip(a, a[::-1], strict=True)):
        s += k * x * y
    return s + np.ptp(a) * np.sum(np.isclose(a * np.nan, np.full(3, np.nan), equal_nan=True))


@program(2.0, 5, tags="ranges", compiled=False)
def ranges_as_numbers(x, n):
    down = sorted(range(n), key=lambda k: -k)
    near = np.asarray(range(3)) + np.cumsum(range(4))[1:] + (np.ones(3) * x + range(3))
    return x * down[0] + np.sum(np.array(range(n)) * x) + x * near.sum() + sum(range(2, n, 2)) * x + max(range(n)) * x

"""Masks and integer arrays in subscripts, alone and beside slices and integers; read, written and changed in place."""

import numpy as np

from programs_kit import normal, program, sample

PLACES = np.array([2, 0, 2])


@program(normal(4, 3), PLACES, tags="picking")
def columns(a, k):
    return np.sum(a[:, k] * a[k, 0] * np.arange(3)) + np.sum(a[k] ** 2) + a[k, :][0, 1]


@program(normal(3, 3), PLACES, tags="picking")
def pairs_in_place(a, k):
    b = a * 1.0
    b[k, [0, 1, 0]] += a[0] * a[1]
    b[:, k] *= a[1:2]
    b[np.arange(3), np.arange(3)] = a[2] ** 2
    return np.sum(b * a)


@program(sample(5), sample(5, seed=1), tags="picking mask")
def masked_values(x, w):
    y = x.copy()
    m = y > 0.5
    y[m] = y[m] ** 2
    y[~m] *= w[~m]
    return np.sum(y * w) + y[m][0]


@program(normal(2, 3, 4), np.array([[1, 0], [3, 3]]), tags="picking 3d")
def along_the_last_axis(t, k):
    u = t.copy()
    u[..., k] = np.sin(t[..., k])
    u[1, :, k] += 0.5
    return np.sum(u * t, axis=2)


@program(normal(3, 3), tags="picking mask")
def mask_of_a_matrix(a):
    b = np.zeros((3, 3))
    positive = a > 0
    b[positive] = a[positive] * 2.0
    b[positive[:, 0], 1:] = a[positive[0], :2][:1]
    return np.sum(b * b * a)


@program(sample(6), tags="picking slice object")
def slice_objects(x):
    inner = slice(1, -1)
    y = x * 1.0
    y[inner] += x[inner] * x[slice(None, -2)]
    y[inner, None][:, 0] *= 2.0
    return np.sum(y**2)


def _change(u):
    u[0] = u[0] * 2.0
    u[2] *= u[1]
    return u[0] + u[1]


def _times(x, k):
    return x if k <= 0 else 0.5 * _times(np.sin(x), k - 1)


@program(sample(4), PLACES, tags="picking calls")
def changed_by_what_is_added(x, k):
    y = x.copy()
    y[k] *= _change(y)
    y[y > 0.4] += _change(y)
    y[k] += _times(x[0], 2)
    return y * x

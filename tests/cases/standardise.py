"""Reductions along an axis."""

import numpy as np


def standardise(x, w):
    mean = x.mean(axis=0)
    deviation = np.sqrt(((x - mean) ** 2).sum(axis=0) / x.shape[0])
    return np.sum((x - mean) / deviation * w)


ARGS = (np.array([[1.0, 2.0], [0.5, 4.0], [3.0, 1.0]]), np.array([[0.2, 1.0], [0.7, -1.0], [1.5, 0.3]]))
KINDS = ("adjoint",)


# -------------------------------------------------------------------------------------------------------------- adjoint

import numpy as np
from numba import njit
from srcad.runtime import broadcast_dim, expand, reduce_like


@njit(error_model="numpy")
def standardise_adjoint(x, w, y_bar):
    # forward sweep
    n = x.shape[0]
    n_1 = x.shape[1]
    mean = np.zeros(n_1)                # standardise.py:7
    for i in range(n):
        for j in range(n_1):
            mean[j] += x[i, j]
    mean_1 = np.empty(n_1)
    for i in range(n_1):
        mean_1[i] = mean[i] / n
    v1 = np.zeros(n_1)                  # standardise.py:8
    for i in range(n):
        for j in range(n_1):
            v1[j] += (x[i, j] - mean_1[j]) ** 2
    deviation = np.empty(n_1)
    for i in range(n_1):
        deviation[i] = np.sqrt(v1[i] / n)
    n_2 = broadcast_dim(n, w.shape[0])  # standardise.py:9
    n_3 = broadcast_dim(n_1, w.shape[1])
    x_1 = expand(x, n_2, n_3)
    mean = expand(mean_1, n_3)
    deviation_1 = expand(deviation, n_3)
    w_1 = expand(w, n_2, n_3)
    w_bar = np.empty((n_2, n_3))
    deviation_bar = np.zeros(n_3)
    mean_bar = np.zeros(n_3)
    x_bar = np.empty((n_2, n_3))
    s = 0.0
    for i in range(n_2):
        for j in range(n_3):
            deviation_j = deviation_1[j]
            v2 = (x_1[i, j] - mean[j]) / deviation_j
            w_ij = w_1[i, j]
            s += v2 * w_ij
            w_bar[i, j] = y_bar * v2
            v3 = y_bar * w_ij / deviation_j
            deviation_bar[j] -= v3 * v2
            mean_bar[j] -= v3
            x_bar[i, j] = v3
    # reverse sweep
    w_bar = reduce_like(w_bar, w)
    deviation_bar = reduce_like(deviation_bar, deviation)
    mean_bar = reduce_like(mean_bar, mean_1)
    x_bar = reduce_like(x_bar, x)
    v_bar = np.empty(n_1)
    for i in range(n_1):
        deviation_2 = deviation[i]
        deviation_bar_1 = deviation_bar[i]
        v_bar[i] = deviation_bar_1 / (2 * deviation_2) / n
    for i in range(n):
        for j in range(n_1):
            v4 = 2 * (x[i, j] - mean_1[j]) * v_bar[j]
            mean_bar[j] -= v4
            x_bar[i, j] += v4
    mean_bar_1 = np.empty(n_1)
    for i in range(n_1):
        mean_bar_2 = mean_bar[i]
        mean_bar_1[i] = mean_bar_2 / n
    for i in range(n):
        for j in range(n_1):
            x_bar[i, j] += mean_bar_1[j]
    return s, x_bar, w_bar

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
from srcad.runtime import broadcast_dim, spans


@njit(error_model="numpy")
def standardise_adjoint(x, w, y_bar):
    # forward sweep
    n = x.shape[0]
    n_1 = x.shape[1]
    n_2 = w.shape[0]
    n_3 = w.shape[1]
    mean = np.zeros(n_1)         # standardise.py:7
    for i in range(n):
        for j in range(n_1):
            mean[j] += x[i, j]
    mean_1 = np.empty(n_1)
    for i in range(n_1):
        mean_1[i] = mean[i] / n
    v1 = np.zeros(n_1)           # standardise.py:8
    for i in range(n):
        for j in range(n_1):
            v1[j] += (x[i, j] - mean_1[j]) ** 2
    deviation = np.empty(n_1)
    for i in range(n_1):
        deviation[i] = np.sqrt(v1[i] / n)
    n_4 = broadcast_dim(n, n_2)  # standardise.py:9
    n_5 = broadcast_dim(n_1, n_3)
    spans_1 = spans(n, n_4)
    spans_2 = spans(n_1, n_5)
    spans_3 = spans(n_2, n_4)
    spans_4 = spans(n_3, n_5)
    w_bar = np.zeros((n_2, n_3))
    deviation_bar = np.zeros(n_1)
    mean_bar = np.zeros(n_1)
    x_bar = np.zeros((n, n_1))
    s = 0.0
    for i in range(n_4):
        v2 = i if spans_1 else 0
        v3 = i if spans_3 else 0
        for j in range(n_5):
            v4 = j if spans_2 else 0
            deviation_j = deviation[v4]
            v5 = (x[v2, v4] - mean_1[v4]) / deviation_j
            v6 = j if spans_4 else 0
            w_ij = w[v3, v6]
            s += v5 * w_ij
            w_bar[v3, v6] += y_bar * v5
            v7 = y_bar * w_ij / deviation_j
            deviation_bar[v4] -= v7 * v5
            mean_bar[v4] -= v7
            x_bar[v2, v4] += v7
    # reverse sweep
    v_bar = np.empty(n_1)
    for i in range(n_1):
        deviation_1 = deviation[i]
        deviation_bar_1 = deviation_bar[i]
        v_bar[i] = deviation_bar_1 / (2 * deviation_1) / n
    for i in range(n):
        for j in range(n_1):
            v8 = 2 * (x[i, j] - mean_1[j]) * v_bar[j]
            mean_bar[j] -= v8
            x_bar[i, j] += v8
    mean_bar_1 = np.empty(n_1)
    for i in range(n_1):
        mean_bar_2 = mean_bar[i]
        mean_bar_1[i] = mean_bar_2 / n
    for i in range(n):
        for j in range(n_1):
            x_bar[i, j] += mean_bar_1[j]
    return s, x_bar, w_bar

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
from srcad.runtime import check_sizes


@njit(error_model="numpy")
def standardise_adjoint(x, w, y_bar):
    check_sizes(w.shape[1], x.shape[1])
    check_sizes(w.shape[0], x.shape[0])
    # forward sweep
    n = x.shape[0]
    n_1 = x.shape[1]
    mean = np.zeros(n_1)  # standardise.py:7
    for i in range(n):
        for j in range(n_1):
            mean[j] += x[i, j]
    mean_1 = np.empty(n_1)
    for i in range(n_1):
        mean_1[i] = mean[i] / n
    v1 = np.zeros(n_1)    # standardise.py:8
    for i in range(n):
        for j in range(n_1):
            v1[j] += (x[i, j] - mean_1[j]) ** 2
    deviation = np.empty(n_1)
    for i in range(n_1):
        deviation[i] = np.sqrt(v1[i] / n)
    w_bar = np.empty((n, n_1))
    deviation_bar = np.zeros(n_1)
    mean_bar = np.zeros(n_1)
    x_bar = np.empty((n, n_1))
    s = 0.0
    for i in range(n):    # standardise.py:9
        for j in range(n_1):
            deviation_j = deviation[j]
            v2 = (x[i, j] - mean_1[j]) / deviation_j
            w_ij = w[i, j]
            s += v2 * w_ij
            w_bar[i, j] = y_bar * v2
            v3 = y_bar * w_ij / deviation_j
            deviation_bar[j] -= v3 * v2
            mean_bar[j] -= v3
            x_bar[i, j] = v3
    # reverse sweep
    v_bar = np.empty(n_1)
    for i in range(n_1):
        deviation_1 = deviation[i]
        deviation_bar_1 = deviation_bar[i]
        v_bar[i] = deviation_bar_1 / (2 * deviation_1) / n
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

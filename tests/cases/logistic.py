"""Array statements: BLAS where it is BLAS, the rest one loop."""

import numpy as np


def logistic(w, X, t):
    p = 1.0 / (1.0 + np.exp(-(X @ w)))
    return -np.sum(t * np.log(p) + (1.0 - t) * np.log(1.0 - p))


ARGS = (np.array([0.5, -0.2]), np.arange(6.0).reshape(3, 2) / 5.0, np.array([0.0, 1.0, 1.0]))
KINDS = ("adjoint", "tangent")


# -------------------------------------------------------------------------------------------------------------- adjoint

import numpy as np
from numba import njit
from srcad.runtime import broadcast_dim, spans


@njit(error_model="numpy")
def logistic_adjoint(w, X, t, y_bar):
    # forward sweep
    n = X.shape[0]
    n_1 = t.size
    v1 = X @ w                              # logistic.py:7
    n_2 = broadcast_dim(n_1, n)
    spans_1 = spans(n, n_2)
    spans_2 = spans(n_1, n_2)
    t_bar = np.zeros(n_1)
    v_bar = np.zeros(n)
    s = 0.0
    for i in range(n_2):
        v2 = i if spans_1 else 0
        v3 = np.exp(-v1[v2])
        v4 = 1.0 + v3
        p = 1.0 / v4
        v5 = np.log(p)                      # logistic.py:8
        v6 = i if spans_2 else 0
        t_i = t[v6]
        v7 = 1.0 - t_i
        v8 = 1.0 - p
        v9 = np.log(v8)
        s += t_i * v5 + v7 * v9
        t_bar[v6] += y_bar * v9 - y_bar * v5
        p_bar = y_bar * v7 / v8 - y_bar * t_i / p
        v_bar[v2] += v3 * (p_bar / v4 * p)  # logistic.py:7
    y = -s                                  # logistic.py:8
    # reverse sweep
    w_bar = X.T @ v_bar
    X_bar = np.empty((n, X.shape[1]))
    spans_1 = spans(w.size, X.shape[1])
    for i in range(n):
        for j in range(X.shape[1]):
            X_bar[i, j] = v_bar[i] * w[j if spans_1 else 0]
    return y, w_bar, X_bar, t_bar


# -------------------------------------------------------------------------------------------------------------- tangent

import numpy as np
from numba import njit
from srcad.runtime import broadcast_dim, of_shape, spans


@njit(error_model="numpy")
def logistic_tangent(w, X, t, w_dot, X_dot, t_dot):
    w_dot = of_shape("w_dot", w_dot, w.size)
    n = X.shape[0]
    X_dot = of_shape("X_dot", X_dot, n, X.shape[1])
    n_1 = t.size
    t_dot = of_shape("t_dot", t_dot, n_1)
    v1 = X @ w          # logistic.py:7
    v2 = X_dot @ w
    v3 = X @ w_dot
    v4 = np.empty(n)
    for i in range(n):
        v4[i] = v2[i] + v3[i]
    n_2 = broadcast_dim(n_1, n)
    spans_1 = spans(n, n_2)
    spans_2 = spans(n_1, n_2)
    s = 0.0
    s_dot = 0.0
    for i in range(n_2):
        v5 = i if spans_1 else 0
        v6 = np.exp(-v1[v5])
        v7 = 1.0 + v6
        p = 1.0 / v7
        p_dot = p * (v6 * v4[v5]) / v7
        v8 = np.log(p)  # logistic.py:8
        v9 = i if spans_2 else 0
        t_i = t[v9]
        t_i_dot = t_dot[v9]
        v10 = 1.0 - t_i
        v11 = 1.0 - p
        v12 = np.log(v11)
        s += t_i * v8 + v10 * v12
        s_dot += t_i_dot * v8 + t_i * (p_dot / p) - (t_i_dot * v12 + v10 * (p_dot / v11))
    y = -s
    y_dot = -s_dot
    return y, y_dot

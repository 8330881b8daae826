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
from srcad.runtime import check_sizes


@njit(error_model="numpy")
def logistic_adjoint(w, X, t, y_bar):
    check_sizes(X.shape[1], w.size)
    check_sizes(t.size, X.shape[0])
    # forward sweep
    n = X.shape[0]
    v1 = X @ w                            # logistic.py:7
    t_bar = np.empty(n)
    v_bar = np.empty(n)
    s = 0.0
    for i in range(n):
        v2 = np.exp(-v1[i])
        v3 = 1.0 + v2
        p = 1.0 / v3
        v4 = np.log(p)                    # logistic.py:8
        t_i = t[i]
        v5 = 1.0 - t_i
        v6 = 1.0 - p
        v7 = np.log(v6)
        s += t_i * v4 + v5 * v7
        t_bar[i] = y_bar * v7 - y_bar * v4
        p_bar = y_bar * v5 / v6 - y_bar * t_i / p
        v_bar[i] = v2 * (p_bar / v3 * p)  # logistic.py:7
    y = -s                                # logistic.py:8
    # reverse sweep
    w_bar = X.T @ v_bar
    X_bar = np.empty((n, w.size))
    for i in range(n):
        for j in range(w.size):
            X_bar[i, j] = v_bar[i] * w[j]
    return y, w_bar, X_bar, t_bar


# -------------------------------------------------------------------------------------------------------------- tangent

import numpy as np
from numba import njit
from srcad.runtime import check_sizes, of_shape


@njit(error_model="numpy")
def logistic_tangent(w, X, t, w_dot, X_dot, t_dot):
    check_sizes(X.shape[1], w.size)
    check_sizes(t.size, X.shape[0])
    w_dot = of_shape("w_dot", w_dot, w.size)
    n = X.shape[0]
    X_dot = of_shape("X_dot", X_dot, n, w.size)
    t_dot = of_shape("t_dot", t_dot, n)
    v1 = X @ w          # logistic.py:7
    v2 = X_dot @ w
    v3 = X @ w_dot
    v4 = np.empty(n)
    for i in range(n):
        v4[i] = v2[i] + v3[i]
    s = 0.0
    s_dot = 0.0
    for i in range(n):
        v5 = np.exp(-v1[i])
        v6 = 1.0 + v5
        p = 1.0 / v6
        p_dot = p * (v5 * v4[i]) / v6
        v7 = np.log(p)  # logistic.py:8
        t_i = t[i]
        t_i_dot = t_dot[i]
        v8 = 1.0 - t_i
        v9 = 1.0 - p
        v10 = np.log(v9)
        s += t_i * v7 + v8 * v10
        s_dot += t_i_dot * v7 + t_i * (p_dot / p) - (t_i_dot * v10 + v8 * (p_dot / v9))
    y = -s
    y_dot = -s_dot
    return y, y_dot

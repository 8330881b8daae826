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
from srcad.runtime import broadcast_dim, expand, reduce_like


@njit(error_model="numpy")
def logistic_adjoint(w, X, t, y_bar):
    # forward sweep
    n = X.shape[0]
    v1 = X @ w                            # logistic.py:7
    n_1 = broadcast_dim(t.size, n)
    v2 = expand(v1, n_1)
    t_1 = expand(t, n_1)
    t_bar = np.empty(n_1)
    v_bar = np.empty(n_1)
    s = 0.0
    for i in range(n_1):
        v3 = np.exp(-v2[i])
        v4 = 1.0 + v3
        p = 1.0 / v4
        v5 = np.log(p)                    # logistic.py:8
        t_i = t_1[i]
        v6 = 1.0 - t_i
        v7 = 1.0 - p
        v8 = np.log(v7)
        s += t_i * v5 + v6 * v8
        t_bar[i] = y_bar * v8 - y_bar * v5
        p_bar = y_bar * v6 / v7 - y_bar * t_i / p
        v_bar[i] = v3 * (p_bar / v4 * p)  # logistic.py:7
    y = -s                                # logistic.py:8
    # reverse sweep
    t_bar = reduce_like(t_bar, t)
    v_bar = reduce_like(v_bar, v1)
    w_bar = X.T @ v_bar
    X_bar = np.empty((n, X.shape[1]))
    v9 = expand(w[np.newaxis], 1, X.shape[1])
    for i in range(n):
        for j in range(X.shape[1]):
            X_bar[i, j] = v_bar[i] * v9[0, j]
    return y, w_bar, X_bar, t_bar


# -------------------------------------------------------------------------------------------------------------- tangent

import numpy as np
from numba import njit
from srcad.runtime import broadcast_dim, expand, of_shape


@njit(error_model="numpy")
def logistic_tangent(w, X, t, w_dot, X_dot, t_dot):
    w_dot = of_shape("w_dot", w_dot, w.size)
    n = X.shape[0]
    X_dot = of_shape("X_dot", X_dot, n, X.shape[1])
    n_1 = t.size
    v1 = X_dot @ w      # logistic.py:7
    v2 = X @ w_dot
    v3 = np.empty(n)
    for i in range(n):
        v3[i] = v1[i] + v2[i]
    n = broadcast_dim(n_1, n)
    v4 = expand(X @ w, n)
    v5 = expand(v3, n)
    t = expand(t, n)
    t_dot = expand(of_shape("t_dot", t_dot, n_1), n)
    s = 0.0
    s_dot = 0.0
    for i in range(n):
        v6 = np.exp(-v4[i])
        v7 = 1.0 + v6
        p = 1.0 / v7
        p_dot = p * (v6 * v5[i]) / v7
        v8 = np.log(p)  # logistic.py:8
        t_i = t[i]
        t_i_dot = t_dot[i]
        v9 = 1.0 - t_i
        v10 = 1.0 - p
        v11 = np.log(v10)
        s += t_i * v8 + v9 * v11
        s_dot += t_i_dot * v8 + t_i * (p_dot / p) - (t_i_dot * v11 + v9 * (p_dot / v10))
    y = -s
    y_dot = -s_dot
    return y, y_dot

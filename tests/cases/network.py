"""Matrices and broadcasting."""

import numpy as np


def network(W, b, x, t):
    hidden = np.tanh(x @ W + b)
    return np.mean((hidden - t) ** 2)


ARGS = (
    np.array([[0.1, -0.2, 0.3], [0.4, 0.5, -0.6]]),
    np.zeros(3),
    np.arange(8.0).reshape(4, 2) / 4.0,
    np.full((4, 3), 0.1),
)
KINDS = ("adjoint", "tangent")


# -------------------------------------------------------------------------------------------------------------- adjoint

import numpy as np
from numba import njit
from srcad.runtime import broadcast_dim, expand, reduce_like


@njit(error_model="numpy")
def network_adjoint(W, b, x, t, y_bar):
    # forward and reverse sweep
    v1 = x @ W
    n = broadcast_dim(x.shape[0], t.shape[0])
    n_1 = broadcast_dim(broadcast_dim(W.shape[1], b.size), t.shape[1])
    v2 = expand(v1, n, n_1)
    b_1 = expand(b, n_1)
    t_1 = expand(t, n, n_1)
    v3 = n * n_1
    v4 = y_bar / v3
    t_bar = np.empty((n, n_1))
    b_bar = np.zeros(n_1)
    v_bar = np.empty((n, n_1))
    s = 0.0
    for i in range(n):
        for j in range(n_1):
            hidden = np.tanh(v2[i, j] + b_1[j])
            v5 = hidden - t_1[i, j]
            s += v5 ** 2
            v6 = 2 * v5 * v4
            t_bar[i, j] = -v6
            v7 = (1 - hidden * hidden) * v6
            b_bar[j] += v7
            v_bar[i, j] = v7
    y = s / v3
    t_bar = reduce_like(t_bar, t)
    b_bar = reduce_like(b_bar, b)
    v_bar = reduce_like(v_bar, v1)
    x_bar = v_bar @ W.T
    W_bar = x.T @ v_bar
    return y, W_bar, b_bar, x_bar, t_bar


# -------------------------------------------------------------------------------------------------------------- tangent

import numpy as np
from numba import njit
from srcad.runtime import broadcast_dim, expand, of_shape


@njit(error_model="numpy")
def network_tangent(W, b, x, t, W_dot, b_dot, x_dot, t_dot):
    n = W.shape[1]
    W_dot = of_shape("W_dot", W_dot, W.shape[0], n)
    n_1 = b.size
    n_2 = x.shape[0]
    x_dot = of_shape("x_dot", x_dot, n_2, x.shape[1])
    n_3 = t.shape[0]
    n_4 = t.shape[1]
    v1 = x_dot @ W                 # network.py:7
    v2 = x @ W_dot
    v3 = np.empty((n_2, n))
    for i in range(n_2):
        for j in range(n):
            v3[i, j] = v1[i, j] + v2[i, j]
    n_2 = broadcast_dim(n_2, n_3)
    n = broadcast_dim(broadcast_dim(n, n_1), n_4)
    v4 = expand(x @ W, n_2, n)
    v5 = expand(v3, n_2, n)
    b = expand(b, n)
    b_dot = expand(of_shape("b_dot", b_dot, n_1), n)
    t = expand(t, n_2, n)
    t_dot = expand(of_shape("t_dot", t_dot, n_3, n_4), n_2, n)
    s = 0.0
    s_dot = 0.0
    for i in range(n_2):
        for j in range(n):
            hidden = np.tanh(v4[i, j] + b[j])
            hidden_dot = (1 - hidden * hidden) * (v5[i, j] + b_dot[j])
            v6 = hidden - t[i, j]  # network.py:8
            s += v6 ** 2
            s_dot += 2 * v6 * (hidden_dot - t_dot[i, j])
    v7 = n_2 * n
    y = s / v7
    y_dot = s_dot / v7
    return y, y_dot

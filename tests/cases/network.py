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
    n = b.size
    n_1 = t.shape[0]
    n_2 = t.shape[1]
    v1 = x @ W
    n_3 = broadcast_dim(x.shape[0], n_1)
    n_4 = broadcast_dim(W.shape[1], n)
    n_4 = broadcast_dim(n_4, n_2)
    v2 = expand(v1, n_3, n_4)
    b_1 = expand(b, n_4)
    t_1 = expand(t, n_3, n_4)
    hidden_tape = np.empty((n_3, n_4))
    n_1 = broadcast_dim(v1.shape[0], n_1)
    n = broadcast_dim(v1.shape[1], n)
    n = broadcast_dim(n, n_2)
    v3 = n_1 * n
    v4 = y_bar / v3
    t_bar = np.zeros((n_3, n_4))
    b_bar = np.zeros(n_4)
    v_bar = np.zeros((n_3, n_4))
    s = 0.0
    for i in range(n_3):
        for j in range(n_4):
            b_ij = b_1[j]
            hidden = np.tanh(v2[i, j] + b_ij)
            hidden_tape[i, j] = hidden
            t_ij = t_1[i, j]
            s += (hidden - t_ij) ** 2
        for j in range(n_4 - 1, -1, -1):
            hidden = hidden_tape[i, j]
            t_ij = t_1[i, j]
            v5 = 2 * (hidden - t_ij) * v4
            t_bar[i, j] -= v5
            v6 = (1 - hidden * hidden) * v5
            b_bar[j] += v6
            v_bar[i, j] += v6
    v7 = s / v3
    # reverse sweep
    t_bar = reduce_like(t_bar, t)
    b_bar = reduce_like(b_bar, b)
    v_bar = reduce_like(v_bar, v1)
    x_bar = v_bar @ W.T
    W_bar = x.T @ v_bar
    return v7, W_bar, b_bar, x_bar, t_bar


# -------------------------------------------------------------------------------------------------------------- tangent

import numpy as np
from numba import njit
from srcad.runtime import broadcast_dim, expand


@njit(error_model="numpy")
def network_tangent(W, b, x, t, W_dot, b_dot, x_dot, t_dot):
    v1 = x @ W              # network.py:7
    n = x.shape[0]
    n_1 = broadcast_dim(x_dot.shape[0], n)
    n_2 = W.shape[1]
    n_3 = broadcast_dim(n_2, W_dot.shape[1])
    v2 = expand(x_dot @ W, n_1, n_3)
    v3 = expand(x @ W_dot, n_1, n_3)
    v4 = np.empty((n_1, n_3))
    for i in range(n_1):
        for j in range(n_3):
            v4[i, j] = v2[i, j] + v3[i, j]
    n_1 = t.shape[0]
    n = broadcast_dim(n, n_1)
    n_3 = b.size
    n_4 = t.shape[1]
    n_2 = broadcast_dim(n_2, n_3)
    n_2 = broadcast_dim(n_2, n_4)
    v5 = expand(v1, n, n_2)
    v6 = expand(v4, n, n_2)
    b = expand(b, n_2)
    b_dot = expand(b_dot, n_2)
    t = expand(t, n, n_2)
    t_dot = expand(t_dot, n, n_2)
    s = 0.0
    s_dot = 0.0
    for i in range(n):
        for j in range(n_2):
            b_ij = b[j]
            b_ij_dot = b_dot[j]
            hidden = np.tanh(v5[i, j] + b_ij)
            hidden_dot = (1 - hidden * hidden) * (v6[i, j] + b_ij_dot)
            t_ij = t[i, j]  # network.py:8
            t_ij_dot = t_dot[i, j]
            v7 = hidden - t_ij
            s += v7 ** 2
            s_dot += 2 * v7 * (hidden_dot - t_ij_dot)
    n = broadcast_dim(v1.shape[0], n_1)
    n_1 = broadcast_dim(v1.shape[1], n_3)
    n_1 = broadcast_dim(n_1, n_4)
    v8 = n * n_1
    return s / v8, s_dot / v8

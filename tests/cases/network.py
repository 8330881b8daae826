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
from srcad.runtime import check_sizes


@njit(error_model="numpy")
def network_adjoint(W, b, x, t, y_bar):
    check_sizes(x.shape[1], W.shape[0])
    check_sizes(b.size, W.shape[1])
    check_sizes(t.shape[1], W.shape[1])
    check_sizes(t.shape[0], x.shape[0])
    # forward and reverse sweep
    n = W.shape[1]
    n_1 = x.shape[0]
    v1 = x @ W
    v2 = n_1 * n
    v3 = y_bar / v2
    t_bar = np.empty((n_1, n))
    b_bar = np.zeros(n)
    v_bar = np.empty((n_1, n))
    s = 0.0
    for i in range(n_1):
        for j in range(n):
            hidden = np.tanh(v1[i, j] + b[j])
            v4 = hidden - t[i, j]
            s += v4 ** 2
            v5 = 2 * v4 * v3
            t_bar[i, j] = -v5
            v6 = (1 - hidden * hidden) * v5
            b_bar[j] += v6
            v_bar[i, j] = v6
    y = s / v2
    x_bar = v_bar @ W.T
    W_bar = x.T @ v_bar
    return y, W_bar, b_bar, x_bar, t_bar


# -------------------------------------------------------------------------------------------------------------- tangent

import numpy as np
from numba import njit
from srcad.runtime import check_sizes, of_shape


@njit(error_model="numpy")
def network_tangent(W, b, x, t, W_dot, b_dot, x_dot, t_dot):
    check_sizes(x.shape[1], W.shape[0])
    check_sizes(b.size, W.shape[1])
    check_sizes(t.shape[1], W.shape[1])
    check_sizes(t.shape[0], x.shape[0])
    n = W.shape[1]
    W_dot = of_shape("W_dot", W_dot, W.shape[0], n)
    b_dot = of_shape("b_dot", b_dot, n)
    n_1 = x.shape[0]
    x_dot = of_shape("x_dot", x_dot, n_1, W.shape[0])
    t_dot = of_shape("t_dot", t_dot, n_1, n)
    v1 = x @ W                     # network.py:7
    v2 = x_dot @ W
    v3 = x @ W_dot
    v4 = np.empty((n_1, n))
    for i in range(n_1):
        for j in range(n):
            v4[i, j] = v2[i, j] + v3[i, j]
    s = 0.0
    s_dot = 0.0
    for i in range(n_1):
        for j in range(n):
            hidden = np.tanh(v1[i, j] + b[j])
            hidden_dot = (1 - hidden * hidden) * (v4[i, j] + b_dot[j])
            v5 = hidden - t[i, j]  # network.py:8
            s += v5 ** 2
            s_dot += 2 * v5 * (hidden_dot - t_dot[i, j])
    v6 = n_1 * n
    y = s / v6
    y_dot = s_dot / v6
    return y, y_dot

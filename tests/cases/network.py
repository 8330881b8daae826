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
from srcad.runtime import broadcast_dim, spans


@njit(error_model="numpy")
def network_adjoint(W, b, x, t, y_bar):
    # forward and reverse sweep
    n = W.shape[1]
    n_1 = b.size
    n_2 = x.shape[0]
    n_3 = t.shape[0]
    n_4 = t.shape[1]
    v1 = x @ W
    n_5 = broadcast_dim(n_2, n_3)
    n_6 = broadcast_dim(broadcast_dim(n, n_1), n_4)
    spans_1 = spans(n_2, n_5)
    spans_2 = spans(n, n_6)
    spans_3 = spans(n_1, n_6)
    spans_4 = spans(n_3, n_5)
    spans_5 = spans(n_4, n_6)
    v2 = n_5 * n_6
    v3 = y_bar / v2
    t_bar = np.zeros((n_3, n_4))
    b_bar = np.zeros(n_1)
    v_bar = np.zeros((n_2, n))
    s = 0.0
    for i in range(n_5):
        v4 = i if spans_1 else 0
        v5 = i if spans_4 else 0
        for j in range(n_6):
            v6 = j if spans_2 else 0
            v7 = j if spans_3 else 0
            hidden = np.tanh(v1[v4, v6] + b[v7])
            v8 = j if spans_5 else 0
            v9 = hidden - t[v5, v8]
            s += v9 ** 2
            v10 = 2 * v9 * v3
            t_bar[v5, v8] -= v10
            v11 = (1 - hidden * hidden) * v10
            b_bar[v7] += v11
            v_bar[v4, v6] += v11
    y = s / v2
    x_bar = v_bar @ W.T
    W_bar = x.T @ v_bar
    return y, W_bar, b_bar, x_bar, t_bar


# -------------------------------------------------------------------------------------------------------------- tangent

import numpy as np
from numba import njit
from srcad.runtime import broadcast_dim, of_shape, spans


@njit(error_model="numpy")
def network_tangent(W, b, x, t, W_dot, b_dot, x_dot, t_dot):
    n = W.shape[1]
    W_dot = of_shape("W_dot", W_dot, W.shape[0], n)
    n_1 = b.size
    b_dot = of_shape("b_dot", b_dot, n_1)
    n_2 = x.shape[0]
    x_dot = of_shape("x_dot", x_dot, n_2, x.shape[1])
    n_3 = t.shape[0]
    n_4 = t.shape[1]
    t_dot = of_shape("t_dot", t_dot, n_3, n_4)
    v1 = x @ W                        # network.py:7
    v2 = x_dot @ W
    v3 = x @ W_dot
    v4 = np.empty((n_2, n))
    for i in range(n_2):
        for j in range(n):
            v4[i, j] = v2[i, j] + v3[i, j]
    n_5 = broadcast_dim(n_2, n_3)
    n_6 = broadcast_dim(broadcast_dim(n, n_1), n_4)
    spans_1 = spans(n_2, n_5)
    spans_2 = spans(n, n_6)
    spans_3 = spans(n_1, n_6)
    spans_4 = spans(n_3, n_5)
    spans_5 = spans(n_4, n_6)
    s = 0.0
    s_dot = 0.0
    for i in range(n_5):
        v5 = i if spans_1 else 0
        v6 = i if spans_4 else 0      # network.py:8
        for j in range(n_6):          # network.py:7
            v7 = j if spans_2 else 0
            v8 = j if spans_3 else 0
            hidden = np.tanh(v1[v5, v7] + b[v8])
            hidden_dot = (1 - hidden * hidden) * (v4[v5, v7] + b_dot[v8])
            v9 = j if spans_5 else 0  # network.py:8
            v10 = hidden - t[v6, v9]
            s += v10 ** 2
            s_dot += 2 * v10 * (hidden_dot - t_dot[v6, v9])
    v11 = n_5 * n_6
    y = s / v11
    y_dot = s_dot / v11
    return y, y_dot

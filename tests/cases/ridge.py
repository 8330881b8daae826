"""A linear solve."""

import numpy as np


def ridge(X, t, strength):
    A = X.T @ X
    for i in range(A.shape[0]):
        A[i, i] += strength
    w = np.linalg.solve(A, X.T @ t)
    r = X @ w - t
    return np.dot(r, r)


ARGS = (np.arange(8.0).reshape(4, 2) ** 0.5, np.array([1.0, 0.0, 2.0, 1.0]), 0.1)
KINDS = ("adjoint",)


# -------------------------------------------------------------------------------------------------------------- adjoint

import numpy as np
from numba import njit
from srcad.runtime import broadcast_dim, spans


@njit(error_model="numpy")
def ridge_adjoint(X, t, strength, y_bar):
    # forward sweep
    n = X.shape[0]
    n_1 = t.size
    v1 = X.T                        # ridge.py:7
    A = v1 @ X
    for i in range(X.shape[1]):     # ridge.py:8
        A[i, i] += strength         # ridge.py:9
    w = np.linalg.solve(A, v1 @ t)  # ridge.py:10
    v2 = X @ w                      # ridge.py:11
    n_2 = broadcast_dim(n, n_1)
    spans_1 = spans(n, n_2)
    spans_2 = spans(n_1, n_2)
    r = np.empty(n_2)
    for i in range(n_2):
        r[i] = v2[i if spans_1 else 0] - t[i if spans_2 else 0]
    y = r @ r                       # ridge.py:12
    # reverse sweep
    r_bar = np.empty(n_2)
    for i in range(n_2):
        r_bar[i] = 2 * (y_bar * r[i])
    t_bar = np.zeros(n_1)
    v_bar = np.zeros(n)
    for i in range(n_2):
        r_bar_1 = r_bar[i]
        t_bar[i if spans_2 else 0] -= r_bar_1
        v_bar[i if spans_1 else 0] += r_bar_1
    w_bar = v1 @ v_bar
    X_bar = np.empty((n, X.shape[1]))
    for i in range(n):
        for j in range(X.shape[1]):
            X_bar[i, j] = v_bar[i] * w[j]
    v3 = np.linalg.solve(A.T, w_bar)
    A_bar = np.empty((X.shape[1], X.shape[1]))
    for i in range(X.shape[1]):
        for j in range(X.shape[1]):
            A_bar[i, j] = -(v3[i] * w[j])
    v_bar = v3.copy()
    v4 = X @ v_bar
    spans_1 = spans(n, n_1)
    for i in range(n_1):
        t_bar[i] += v4[i if spans_1 else 0]
    strength_bar = 0.0
    for i in range(X.shape[1]):
        strength_bar += A_bar[i, i]
    v5 = A_bar @ v1
    spans_1 = spans(n_1, n)
    for i in range(X.shape[1]):
        for j in range(n):
            X_bar[j, i] += v_bar[i] * t[j if spans_1 else 0]
            X_bar[j, i] += v5[i, j]
    v6 = X @ A_bar
    for i in range(n):
        for j in range(X.shape[1]):
            X_bar[i, j] += v6[i, j]
    return y, X_bar, t_bar, strength_bar

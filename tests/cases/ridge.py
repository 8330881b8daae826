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
from srcad import matrices
from srcad.runtime import broadcast_dim, expand, reduce_like


@njit(error_model="numpy")
def ridge_adjoint(X, t, strength, y_bar):
    # forward sweep
    n = X.shape[0]
    n_1 = t.size
    v1 = X.T                     # ridge.py:7
    A = v1 @ X
    for i in range(X.shape[1]):  # ridge.py:8
        A[i, i] += strength      # ridge.py:9
    lu, swaps = matrices.lu(A)   # ridge.py:10
    w = matrices.lu_solve(lu, swaps, v1 @ t)
    v2 = X @ w                   # ridge.py:11
    n_2 = broadcast_dim(n, n_1)
    v3 = expand(v2, n_2)
    t_1 = expand(t, n_2)
    r = np.empty(n_2)
    for i in range(n_2):
        r[i] = v3[i] - t_1[i]
    y = r @ r                    # ridge.py:12
    # reverse sweep
    r_bar = np.empty(n_2)
    for i in range(n_2):
        r_bar[i] = 2 * (y_bar * r[i])
    t_bar = np.empty(n_2)
    v_bar = np.empty(n_2)
    for i in range(n_2):
        r_bar_1 = r_bar[i]
        t_bar[i] = -r_bar_1
        v_bar[i] = r_bar_1
    t_bar = reduce_like(t_bar, t)
    v_bar = reduce_like(v_bar, v2)
    w_bar = v1 @ v_bar
    X_bar = np.empty((n, X.shape[1]))
    for i in range(n):
        for j in range(X.shape[1]):
            X_bar[i, j] = v_bar[i] * w[j]
    v4 = matrices.lu_solve(lu, swaps, w_bar, trans=1)
    A_bar = np.empty((X.shape[1], X.shape[1]))
    for i in range(X.shape[1]):
        for j in range(X.shape[1]):
            A_bar[i, j] = -(v4[i] * w[j])
    v_bar = v4.copy()
    v5 = expand(X @ v_bar, n_1)
    for i in range(n_1):
        t_bar[i] += v5[i]
    strength_bar = 0.0
    for i in range(X.shape[1]):
        strength_bar += A_bar[i, i]
    v6 = A_bar @ v1
    v7 = expand(t[np.newaxis], 1, n)
    for i in range(X.shape[1]):
        for j in range(n):
            X_bar[j, i] += v_bar[i] * v7[0, j]
            X_bar[j, i] += v6[i, j]
    v8 = X @ A_bar
    for i in range(n):
        for j in range(X.shape[1]):
            X_bar[i, j] += v8[i, j]
    return y, X_bar, t_bar, strength_bar

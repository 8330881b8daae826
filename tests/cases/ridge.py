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
from srcad.runtime import check_sizes


@njit(error_model="numpy")
def ridge_adjoint(X, t, strength, y_bar):
    check_sizes(t.size, X.shape[0])
    # forward sweep
    n = X.shape[0]
    v1 = X.T                     # ridge.py:7
    A = v1 @ X
    for i in range(X.shape[1]):  # ridge.py:8
        A[i, i] += strength      # ridge.py:9
    lu, swaps = matrices.lu(A)   # ridge.py:10
    w = matrices.lu_solve(lu, swaps, v1 @ t)
    v2 = X @ w                   # ridge.py:11
    r = np.empty(n)
    for i in range(n):
        r[i] = v2[i] - t[i]
    y = r @ r                    # ridge.py:12
    # reverse sweep
    v3 = 2 * y_bar
    r_bar = np.empty(n)
    for i in range(n):
        r_bar[i] = v3 * r[i]
    t_bar = np.empty(n)
    v_bar = np.empty(n)
    for i in range(n):
        r_bar_1 = r_bar[i]
        t_bar[i] = -r_bar_1
        v_bar[i] = r_bar_1
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
    v5 = X @ v_bar
    for i in range(n):
        t_bar[i] += v5[i]
    strength_bar = 0.0
    for i in range(X.shape[1]):
        strength_bar += A_bar[i, i]
    v6 = A_bar @ v1
    for i in range(X.shape[1]):
        for j in range(n):
            X_bar[j, i] += v_bar[i] * t[j]
            X_bar[j, i] += v6[i, j]
    v7 = X @ A_bar
    for i in range(n):
        for j in range(X.shape[1]):
            X_bar[i, j] += v7[i, j]
    return y, X_bar, t_bar, strength_bar

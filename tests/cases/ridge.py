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
from srcad.runtime import broadcast_dim, expand, reduce_like


@njit(error_model="numpy")
def ridge_adjoint(X, t, strength, y_bar):
    # forward sweep
    n = X.shape[0]
    n_1 = t.size
    v1 = X.T                 # ridge.py:7
    A = v1 @ X
    v2 = A.shape[0]
    v3 = A.shape[1]
    for i in range(v2):
        A[i, i] += strength  # ridge.py:9
    v4 = v1 @ t              # ridge.py:10
    v5 = v4.size
    w = np.linalg.solve(A, v4)
    v6 = X @ w               # ridge.py:11
    n_2 = broadcast_dim(n, n_1)
    v7 = expand(v6, n_2)
    t_1 = expand(t, n_2)
    r = np.empty(n_2)
    for i in range(n_2):
        t_i = t_1[i]
        r_1 = v7[i] - t_i
        r[i] = r_1
    v8 = r @ r               # ridge.py:12
    # reverse sweep
    r_bar = np.empty(n_2)
    for i in range(n_2):
        r_i = r[i]
        r_bar[i] = 2 * (y_bar * r_i)
    t_bar = np.zeros(n_2)
    v_bar = np.zeros(n_2)
    for i in range(n_2 - 1, -1, -1):
        r_bar_1 = r_bar[i]
        t_bar[i] -= r_bar_1
        v_bar[i] += r_bar_1
    t_bar = reduce_like(t_bar, t)
    v_bar = reduce_like(v_bar, v6)
    w_bar = v1 @ v_bar
    X_bar = np.empty((n, X.shape[1]))
    for i in range(n):
        for j in range(X.shape[1]):
            v_bar_ij = v_bar[i]
            w_ij = w[j]
            X_bar[i, j] = v_bar_ij * w_ij
    v9 = np.linalg.solve(A.T, w_bar)
    A_bar = np.empty((v2, v3))
    for i in range(X.shape[1]):
        for j in range(X.shape[1]):
            w_ij = w[j]
            A_bar[i, j] = -(v9[i] * w_ij)
    v_bar = np.empty(v5)
    for i in range(X.shape[1]):
        v_bar[i] = v9[i]
    v10 = expand(X @ v_bar, n_1)
    for i in range(n_1):
        t_bar[i] += v10[i]
    strength_bar = 0.0
    for i in range(v2 - 1, -1, -1):
        strength_bar += A_bar[i, i]
    v11 = A_bar @ v1
    v12 = expand(t[np.newaxis], 1, n)
    for i in range(X.shape[1]):
        for j in range(n):
            v_bar_ij = v_bar[i]
            X_bar[j, i] += v_bar_ij * v12[0, j]
            X_bar[j, i] += v11[i, j]
    v13 = X @ A_bar
    for i in range(n):
        for j in range(X.shape[1]):
            X_bar[i, j] += v13[i, j]
    return v8, X_bar, t_bar, strength_bar

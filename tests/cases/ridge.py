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

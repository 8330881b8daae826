"""Array statements: BLAS where it is BLAS, the rest one loop."""

import numpy as np


def logistic(w, X, t):
    p = 1.0 / (1.0 + np.exp(-(X @ w)))
    return -np.sum(t * np.log(p) + (1.0 - t) * np.log(1.0 - p))


ARGS = (np.array([0.5, -0.2]), np.arange(6.0).reshape(3, 2) / 5.0, np.array([0.0, 1.0, 1.0]))
KINDS = ("adjoint", "tangent")

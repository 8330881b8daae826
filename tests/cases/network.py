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

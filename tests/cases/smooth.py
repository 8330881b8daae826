"""An array written once, cell by cell: memory is its own tape."""

import numpy as np


def smooth(x, a):
    u = np.zeros(x.size)
    for i in range(1, x.size):
        u[i] = a * u[i - 1] ** 2 + (1.0 - a) * x[i]
    return np.sum(u)


ARGS = (np.linspace(0.1, 0.9, 6), 0.3)
KINDS = ("adjoint",)

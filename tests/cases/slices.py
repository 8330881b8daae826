"""Rows and slices written in place."""

import numpy as np


def slices(x, a):
    y = np.zeros((2, x.size))
    y[0] = x
    y[1, 1:] = a * x[:-1]
    y[1, 1:] *= y[0, 1:]
    y[0] += 2.0 * y[1]
    return np.sum(y[0] * y[0])


ARGS = (np.linspace(0.2, 1.0, 4), 1.5)
KINDS = ("adjoint",)

"""Reductions along an axis."""

import numpy as np


def standardise(x, w):
    mean = x.mean(axis=0)
    deviation = np.sqrt(((x - mean) ** 2).sum(axis=0) / x.shape[0])
    return np.sum((x - mean) / deviation * w)


ARGS = (np.array([[1.0, 2.0], [0.5, 4.0], [3.0, 1.0]]), np.array([[0.2, 1.0], [0.7, -1.0], [1.5, 0.3]]))
KINDS = ("adjoint",)

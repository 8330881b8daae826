"""Recursion: the derivative calls itself, at a cost linear in the depth."""

import numpy as np


def factorial_power(x, n):
    if n == 0:
        return 1.0
    return np.sin(x) * factorial_power(x, n - 1) + x / n


ARGS = (0.6, 5)
KINDS = ("adjoint", "tangent")

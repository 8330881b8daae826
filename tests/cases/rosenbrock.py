"""Neighbouring elements: two reads of one array."""

import numpy as np


def rosenbrock(x):
    total = 0.0
    for i in range(x.size - 1):
        total += 100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2
    return total


ARGS = (np.linspace(-1.0, 1.5, 5),)
KINDS = ("adjoint", "tangent", "hvp")

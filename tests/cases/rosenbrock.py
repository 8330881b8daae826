"""Neighbouring elements: two reads of one array."""

import numpy as np


def rosenbrock(x):
    total = 0.0
    for i in range(x.size - 1):
        total += 100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2
    return total


ARGS = (np.linspace(-1.0, 1.5, 5),)
KINDS = ("adjoint", "tangent", "hvp")


# -------------------------------------------------------------------------------------------------------------- adjoint

import numpy as np
from numba import njit


@njit(error_model="numpy")
def rosenbrock_adjoint(x, y_bar):
    # forward and reverse sweep
    x_bar = np.zeros(x.size)
    total = 0.0
    for i in range(x.size - 1):
        v1 = i + 1
        v2 = x[i]
        v3 = x[v1] - v2 ** 2
        v4 = 1.0 - v2
        total += 100.0 * v3 ** 2 + v4 ** 2
        v5 = 2 * v3 * (y_bar * 100.0)
        x_bar[i] -= 2 * v4 * y_bar + 2 * v2 * v5
        x_bar[v1] += v5
    return total, x_bar


# -------------------------------------------------------------------------------------------------------------- tangent

from numba import njit


@njit(error_model="numpy")
def rosenbrock_tangent(x, x_dot):
    total = 0.0
    total_dot = 0.0
    for i in range(x.size - 1):
        v1 = i + 1  # rosenbrock.py:9
        v2 = x[i]
        v3 = x_dot[i]
        v4 = x[v1] - v2 ** 2
        v5 = 1.0 - v2
        total += 100.0 * v4 ** 2 + v5 ** 2
        total_dot += 100.0 * (2 * v4 * (x_dot[v1] - 2 * v2 * v3)) - 2 * v5 * v3
    return total, total_dot


# ------------------------------------------------------------------------------------------------------------------ hvp

import numpy as np
from numba import njit


@njit(error_model="numpy")
def rosenbrock_hvp(x, v):
    # forward sweep
    # reverse sweep
    x_bar_dot = np.zeros(x.size)
    for i in range(x.size - 2, -1, -1):
        v1 = x[i]
        v2 = v[i]
        v3 = i + 1
        v4 = 2 * v1
        v5 = 2 * v2
        v6 = 200.0 * (v[v3] - v4 * v2)
        x_bar_dot[i] += v5 - (v5 * (200.0 * (x[v3] - v1 ** 2)) + v4 * v6)
        x_bar_dot[v3] += v6
    return x_bar_dot

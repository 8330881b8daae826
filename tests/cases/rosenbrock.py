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
        x_i = x[i]
        v1 = x[i + 1] - x_i ** 2
        v2 = 1.0 - x_i
        total += 100.0 * v1 ** 2 + v2 ** 2
        v3 = 2 * v1 * (y_bar * 100.0)
        x_bar[i] -= 2 * v2 * y_bar + 2 * x_i * v3
        x_bar[i + 1] += v3
    return total, x_bar


# -------------------------------------------------------------------------------------------------------------- tangent

from numba import njit
from srcad.runtime import of_shape


@njit(error_model="numpy")
def rosenbrock_tangent(x, x_dot):
    x_dot = of_shape("x_dot", x_dot, x.size)
    total = 0.0
    total_dot = 0.0
    for i in range(x.size - 1):  # rosenbrock.py:8
        x_i = x[i]               # rosenbrock.py:9
        x_dot_i = x_dot[i]
        v1 = x[i + 1] - x_i ** 2
        v2 = 1.0 - x_i
        total += 100.0 * v1 ** 2 + v2 ** 2
        total_dot += 100.0 * (2 * v1 * (x_dot[i + 1] - 2 * x_i * x_dot_i)) - 2 * v2 * x_dot_i
    return total, total_dot


# ------------------------------------------------------------------------------------------------------------------ hvp

import numpy as np
from numba import njit
from srcad.runtime import of_shape


@njit(error_model="numpy")
def rosenbrock_hvp(x, v):
    x_dot = of_shape("v", v, x.size)
    # reverse sweep
    x_bar_dot = np.zeros(x.size)
    for i in range(x.size - 1):
        x_i = x[i]
        x_dot_i = x_dot[i]
        v1 = 2 * x_i
        v2 = 2 * x_dot_i
        v3 = 200.0 * (x_dot[i + 1] - v1 * x_dot_i)
        x_bar_dot[i] += v2 - (v2 * (200.0 * (x[i + 1] - x_i ** 2)) + v1 * v3)
        x_bar_dot[i + 1] += v3
    return x_bar_dot

"""A carried scalar: a tape of known length."""

import numpy as np


def horner(x, n):
    y = 1.0
    for i in range(n):
        y = y * x + np.sin(y)
    return y


ARGS = (0.4, 7)
KINDS = ("adjoint", "tangent")


# -------------------------------------------------------------------------------------------------------------- adjoint

import numpy as np
from numba import njit


@njit(error_model="numpy")
def horner_adjoint(x, n, y_bar):
    # forward sweep
    y_tape = np.empty(max(n, 0))
    y = 1.0
    for i in range(n):         # horner.py:8
        y_tape[i] = y
        y = y * x + np.sin(y)  # horner.py:9
    # reverse sweep
    x_bar = 0.0
    for i in range(n - 1, -1, -1):
        y_1 = y_tape[i]
        x_bar += y_bar * y_1
        y_bar = np.cos(y_1) * y_bar + y_bar * x
    return y, x_bar


# -------------------------------------------------------------------------------------------------------------- tangent

import numpy as np
from numba import njit


@njit(error_model="numpy")
def horner_tangent(x, n, x_dot):
    y = 1.0
    y_dot = 0.0
    for i in range(n):                                     # horner.py:8
        y_dot = y_dot * x + y * x_dot + np.cos(y) * y_dot  # horner.py:9
        y = y * x + np.sin(y)
    return y, y_dot

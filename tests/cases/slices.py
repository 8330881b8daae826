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


# -------------------------------------------------------------------------------------------------------------- adjoint

import numpy as np
from numba import njit


@njit(error_model="numpy")
def slices_adjoint(x, a, y_bar):
    # forward sweep
    y = np.zeros((2, x.size))                 # slices.py:7
    for i in range(x.size):                   # slices.py:8
        y[0, i] = x[i]
    y_tape = np.empty(x.size)
    for i in range(1, x.size):                # slices.py:9
        v1 = y[0, i]                          # slices.py:10
        y_tape[i] = v1
        y[1, i] = a * x[i - 1] * v1
    y_bar_1 = np.zeros((2, x.size))
    s = 0.0
    for i in range(x.size):                   # slices.py:11
        y[0, i] += 2.0 * y[1, i]
        v2 = y[0, i]                          # slices.py:12
        s += v2 * v2
        y_bar_1[0, i] += 2 * v2 * y_bar
        y_bar_1[1, i] += y_bar_1[0, i] * 2.0  # slices.py:11
    # reverse sweep
    x_bar = np.zeros(x.size)
    a_bar = 0.0
    for i in range(1, x.size):
        x_prev = x[i - 1]
        v3 = y_bar_1[1, i]
        y_bar_1[1, i] = 0.0
        v4 = v3 * y_tape[i]
        y_bar_1[0, i] += v3 * (a * x_prev)
        a_bar += v4 * x_prev
        x_bar[i - 1] += v4 * a
    for i in range(x.size):
        x_i_bar = y_bar_1[0, i]
        y_bar_1[0, i] = 0.0
        x_bar[i] += x_i_bar
    return s, x_bar, a_bar

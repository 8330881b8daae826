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
    # forward and reverse sweep
    y = np.zeros((2, x.size))
    for i in range(x.size):
        x_i = x[i]
        y[0, i] = x_i
    v1 = x.size - 1
    v_tape = np.empty(len(range(v1)))
    for i in range(v1):
        x_i = x[i]
        v2 = i + 1
        v3 = y[0, v2]
        v_tape[i] = v3
        y[1, v2] = a * x_i * v3
    y_bar_1 = np.zeros((2, x.size))
    s = 0.0
    for i in range(x.size):
        y[0, i] += 2.0 * y[1, i]
        v4 = y[0, i]
        s += v4 * v4
        y_bar_1[0, i] += 2 * v4 * y_bar
        y_bar_1[1, i] += y_bar_1[0, i] * 2.0
    # reverse sweep
    x_bar = np.zeros(x.size)
    a_bar = 0.0
    for i in range(x.size - 2, -1, -1):
        v5 = i + 1
        x_i = x[i]
        v6 = y_bar_1[1, v5]
        y_bar_1[1, v5] = 0.0
        v7 = v6 * v_tape[i]
        y_bar_1[0, v5] += v6 * (a * x_i)
        a_bar += v7 * x_i
        x_bar[i] += v7 * a
    for i in range(v1, -1, -1):
        x_i_bar = y_bar_1[0, i]
        y_bar_1[0, i] = 0.0
        x_bar[i] += x_i_bar
    return s, x_bar, a_bar

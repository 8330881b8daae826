"""An array written once, cell by cell: memory is its own tape."""

import numpy as np


def smooth(x, a):
    u = np.zeros(x.size)
    for i in range(1, x.size):
        u[i] = a * u[i - 1] ** 2 + (1.0 - a) * x[i]
    return np.sum(u)


ARGS = (np.linspace(0.1, 0.9, 6), 0.3)
KINDS = ("adjoint",)


# -------------------------------------------------------------------------------------------------------------- adjoint

import numpy as np
from numba import njit


@njit(error_model="numpy")
def smooth_adjoint(x, a, y_bar):
    # forward and reverse sweep
    u = np.zeros(x.size)
    for i in range(1, x.size):
        u[i] = a * u[i - 1] ** 2 + (1.0 - a) * x[i]
    v1 = x.size - 1
    u_bar = np.zeros(x.size)
    s = 0.0
    for i in range(x.size):
        u_i = u[i]
        s += u_i
        u_bar[i] += y_bar
    # reverse sweep
    x_bar = np.zeros(x.size)
    a_bar = 0.0
    for i in range(v1, 0, -1):
        v2 = i - 1
        v3 = u[v2]
        v4 = u_bar[i]
        x_bar[i] += v4 * (1.0 - a)
        a_bar -= v4 * x[i]
        a_bar += v4 * v3 ** 2
        u_bar[v2] += 2 * v3 * (v4 * a)
    return s, x_bar, a_bar

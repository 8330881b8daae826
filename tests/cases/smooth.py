"""An array written once, cell by cell: memory is its own tape."""

import numpy as np


def smooth(x, a):
    u = np.zeros(x.size)
    for i in range(1, x.size):
        u[i] = a * u[i - 1] ** 2 + (1.0 - a) * x[i]
    return np.sum(u)


ARGS = (np.linspace(0.1, 0.9, 6), 0.3)
KINDS = ("adjoint", "grad_out")


# -------------------------------------------------------------------------------------------------------------- adjoint

import numpy as np
from numba import njit


@njit(error_model="numpy")
def smooth_adjoint(x, a, y_bar):
    # forward sweep
    u = np.zeros(x.size)                             # smooth.py:7
    for i in range(1, x.size):                       # smooth.py:8
        u[i] = a * u[i - 1] ** 2 + (1.0 - a) * x[i]  # smooth.py:9
    u_bar = np.empty(x.size)
    s = 0.0
    for i in range(x.size):                          # smooth.py:10
        s += u[i]
        u_bar[i] = y_bar
    # reverse sweep
    x_bar = np.zeros(x.size)
    a_bar = 0.0
    for i in range(x.size - 1, 0, -1):
        u_prev = u[i - 1]
        u_bar_i = u_bar[i]
        x_bar[i] += u_bar_i * (1.0 - a)
        a_bar -= u_bar_i * x[i]
        a_bar += u_bar_i * u_prev ** 2
        u_bar[i - 1] += 2 * u_prev * (u_bar_i * a)
    return s, x_bar, a_bar


# ------------------------------------------------------------------------------------------------------------- grad_out

import numpy as np
from numba import njit
from srcad.runtime import check_disjoint, check_shape


@njit(error_model="numpy")
def smooth_grad(x, a, out):
    check_disjoint(out, x)
    # forward sweep
    u = np.zeros(x.size)                             # smooth.py:7
    for i in range(1, x.size):                       # smooth.py:8
        u[i] = a * u[i - 1] ** 2 + (1.0 - a) * x[i]  # smooth.py:9
    # reverse sweep
    u_bar = np.empty(x.size)
    for i in range(x.size):
        u_bar[i] = 1.0
    check_shape("out", out, x.size)
    out[:] = 0.0
    for i in range(x.size - 1, 0, -1):
        u_bar_i = u_bar[i]
        out[i] += u_bar_i * (1.0 - a)
        u_bar[i - 1] += 2 * u[i - 1] * (u_bar_i * a)
    return out

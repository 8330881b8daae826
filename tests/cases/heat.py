"""A linear stencil in a swapped buffer: nothing needs saving."""

import numpy as np


def heat(u0, alpha, steps):
    u = u0.copy()
    v = u0.copy()
    for k in range(steps):
        for i in range(1, u.size - 1):
            v[i] = u[i] + 0.1 * (u[i + 1] - 2.0 * u[i] + u[i - 1])
        u, v = v, u
    return alpha * np.sum(u * u)


ARGS = (np.linspace(0.1, 0.9, 6) ** 2, 0.3, 4)
KINDS = ("adjoint",)


# -------------------------------------------------------------------------------------------------------------- adjoint

import numpy as np
from numba import njit


@njit(error_model="numpy")
def heat_adjoint(u0, alpha, steps, y_bar):
    # forward sweep
    n = u0.size
    u = u0.copy()                  # heat.py:7
    v = u0.copy()                  # heat.py:8
    u_bar = np.zeros(n)
    u0_bar = np.zeros(n)
    u_bar_1 = u_bar
    v_bar = u0_bar
    for k in range(steps):         # heat.py:9
        for i in range(1, n - 1):  # heat.py:10
            u_i = u[i]             # heat.py:11
            v[i] = u_i + 0.1 * (u[i + 1] - 2.0 * u_i + u[i - 1])
        u, v = v, u
        u_bar_1, v_bar = v_bar, u_bar_1
    v1 = y_bar * alpha             # heat.py:13
    s = 0.0
    for i in range(n):
        u_i = u[i]
        s += u_i * u_i
        u_bar_1[i] += 2 * u_i * v1
    y = alpha * s
    # reverse sweep
    for k in range(steps - 1, -1, -1):
        for i in range(1, n - 1):
            v_bar[i + 1] += u_bar_1[i] * 0.1
        for i in range(1, n - 1):
            u_bar_i = u_bar_1[i]
            v_bar[i] += u_bar_i - u_bar_i * 0.1 * 2.0
        for i in range(1, n - 1):
            v2 = u_bar_1[i]
            u_bar_1[i] = 0.0
            v_bar[i - 1] += v2 * 0.1
        u_bar_1, v_bar = v_bar, u_bar_1
    for i in range(n):
        u0_bar[i] += u_bar[i]
    return y, u0_bar, y_bar * s

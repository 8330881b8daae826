"""A state overwritten every step and used nonlinearly: saved where it is overwritten."""

import numpy as np


def burgers(u0, dt, steps):
    u = u0.copy()
    v = u0.copy()
    for k in range(steps):
        for i in range(1, u.size):
            v[i] = u[i] - dt * u[i] * (u[i] - u[i - 1])
        u, v = v, u
    return np.sum(u * u)


ARGS = (np.linspace(0.1, 0.9, 6), 0.1, 5)
KINDS = ("adjoint",)


# -------------------------------------------------------------------------------------------------------------- adjoint

import numpy as np
from numba import njit


@njit(error_model="numpy")
def burgers_adjoint(u0, dt, steps, y_bar):
    # forward sweep
    n = u0.size
    u = u0.copy()              # burgers.py:7
    v = u0.copy()              # burgers.py:8
    u_tape = np.empty((max(steps, 0), n))
    u_bar = np.zeros(n)
    u0_bar = np.zeros(n)
    u_bar_1 = u_bar
    v_bar = u0_bar
    for k in range(steps):     # burgers.py:9
        for i in range(n):
            u_tape[k, i] = u[i]
        for i in range(1, n):  # burgers.py:10
            u_i = u[i]         # burgers.py:11
            v[i] = u_i - dt * u_i * (u_i - u[i - 1])
        u, v = v, u
        u_bar_1, v_bar = v_bar, u_bar_1
    s = 0.0
    for i in range(n):         # burgers.py:13
        u_i = u[i]
        s += u_i * u_i
        u_bar_1[i] += 2 * u_i * y_bar
    # reverse sweep
    dt_bar = 0.0
    for k in range(steps - 1, -1, -1):
        u = u_tape[k]
        for i in range(1, n):
            u_i = u[i]
            v1 = u_i - u[i - 1]
            u_bar_i = u_bar_1[i]
            u_bar_1[i] = 0.0
            v2 = u_bar_i * v1
            v3 = u_bar_i * (dt * u_i)
            v_bar[i - 1] += v3
            dt_bar -= v2 * u_i
            v_bar[i] += u_bar_i - v3 - v2 * dt
        u_bar_1, v_bar = v_bar, u_bar_1
    for i in range(n):
        u0_bar[i] += u_bar[i]
    return s, u0_bar, dt_bar

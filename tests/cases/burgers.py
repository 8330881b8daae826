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
    # forward and reverse sweep
    n = u0.size
    u = u0.copy()
    v = u0.copy()
    v_tape = [0.0 for _ in range(0)]
    v_tape_1 = [0.0 for _ in range(0)]
    v_tape_2 = np.empty(len(range(steps)), dtype=np.int64)
    u_bar = np.zeros(n)
    v_bar = np.zeros(n)
    u_bar_1 = u_bar
    v_bar_1 = v_bar
    for k in range(steps):
        v1 = u.size
        v_tape_2[k] = v1
        for i in range(1, v1):
            v2 = u[i]
            v_tape.append(v2)
            v3 = u[i - 1]
            v_tape_1.append(v3)
            v[i] = v2 - dt * v2 * (v2 - v3)
        u, v = v, u
        u_bar_1, v_bar_1 = v_bar_1, u_bar_1
    s = 0.0
    for i in range(n):
        u_i = u[i]
        s += u_i * u_i
        u_bar_1[i] += 2 * u_i * y_bar
    # reverse sweep
    dt_bar = 0.0
    for k in range(steps - 1, -1, -1):
        for i in range(v_tape_2[k] - 1, 0, -1):
            v4 = v_tape.pop()
            v5 = v_tape_1.pop()
            v6 = u_bar_1[i]
            u_bar_1[i] = 0.0
            v7 = v6 * (v4 - v5)
            v8 = v6 * (dt * v4)
            v_bar_1[i - 1] += v8
            dt_bar -= v7 * v4
            v_bar_1[i] += v6 - v8 - v7 * dt
        u_bar_1, v_bar_1 = v_bar_1, u_bar_1
    u0_bar = np.empty(n)
    for i in range(n):
        u_bar_i = u_bar[i]
        v_bar_i = v_bar[i] + u_bar_i
        u0_bar[i] = v_bar_i
    return s, u0_bar, dt_bar

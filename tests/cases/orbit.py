"""A helper that returns a tuple, inlined; tuples as state."""


def field(x, v, k):
    return v, -k * x - 0.1 * v * v * v


def orbit(x, v, k, steps):
    h = 0.05
    for _ in range(steps):
        a, b = field(x, v, k)
        c, d = field(x + h * a, v + h * b, k)
        x, v = x + 0.5 * h * (a + c), v + 0.5 * h * (b + d)
    return x * x + v * v


ARGS = (1.0, 0.2, 2.0, 9)
KINDS = ("adjoint",)


# -------------------------------------------------------------------------------------------------------------- adjoint

import numpy as np
from numba import njit


@njit(error_model="numpy")
def orbit_adjoint(x, v, k, steps, y_bar):
    # forward sweep
    v1 = max(steps, 0)
    v_tape = np.empty(v1)
    x_tape = np.empty(v1)
    for i in range(steps):                   # orbit.py:10
        v_tape[i] = v
        x_tape[i] = x
        b = k * x + 0.1 * v * v * v          # orbit.py:5
        x_1 = x + 0.05 * v                   # orbit.py:12
        v_1 = v - 0.05 * b
        d = k * x_1 + 0.1 * v_1 * v_1 * v_1  # orbit.py:5
        x += 0.025 * (v + v_1)               # orbit.py:13
        v -= 0.025 * (b + d)
    y = x * x + v * v                        # orbit.py:14
    # reverse sweep
    v_bar = 2 * v * y_bar
    x_bar = 2 * x * y_bar
    k_bar = 0.0
    for i in range(steps - 1, -1, -1):
        v = v_tape[i]
        x = x_tape[i]
        v2 = 0.1 * v
        v3 = v2 * v
        b = k * x + v3 * v
        v_1 = v - 0.05 * b
        v4 = 0.1 * v_1
        x_1 = x + 0.05 * v
        v5 = v_bar * 0.025
        v6 = x_bar * 0.025
        v_bar += v6
        v7 = v5 * v_1
        v_bar_1 = v6 - v5 * (v4 * v_1) - v7 * v4
        v8 = v7 * v_1 * 0.1
        v_bar_2 = v_bar_1 - v8
        v9 = v5 * k
        k_bar -= v5 * x_1
        v_bar += v_bar_2
        b_bar = (v8 - v_bar_1) * 0.05 - v5
        x_bar -= v9
        v_bar -= v9 * 0.05
        v10 = b_bar * v
        v_bar += b_bar * v3
        v_bar += v10 * v2
        v_bar += v10 * v * 0.1
        k_bar += b_bar * x
        x_bar += b_bar * k
    return y, x_bar, v_bar, k_bar

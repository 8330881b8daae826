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
    for i in range(steps):            # orbit.py:10
        v_tape[i] = v
        x_tape[i] = x
        v2 = k * x + 0.1 * v * v * v  # orbit.py:5
        x_1 = x + 0.05 * v            # orbit.py:12
        v_1 = v - 0.05 * v2
        x += 0.025 * (v + v_1)        # orbit.py:13
        v -= 0.025 * (v2 + (k * x_1 + 0.1 * v_1 * v_1 * v_1))
    y = x * x + v * v                 # orbit.py:14
    # reverse sweep
    v_bar = 2 * v * y_bar
    x_bar = 2 * x * y_bar
    k_bar = 0.0
    for i in range(steps - 1, -1, -1):
        v = v_tape[i]
        x = x_tape[i]
        v3 = 0.1 * v
        v4 = v3 * v
        v_1 = v - 0.05 * (k * x + v4 * v)
        v5 = 0.1 * v_1
        x_1 = x + 0.05 * v
        v6 = v_bar * 0.025
        v7 = x_bar * 0.025
        v_bar += v7
        v8 = v6 * v_1
        v_bar_1 = v7 - v6 * (v5 * v_1) - v8 * v5
        v9 = v8 * v_1 * 0.1
        v_bar_2 = v_bar_1 - v9
        v10 = v6 * k
        k_bar -= v6 * x_1
        v_bar += v_bar_2
        v11 = (v9 - v_bar_1) * 0.05 - v6
        x_bar -= v10
        v_bar -= v10 * 0.05
        v12 = v11 * v
        v_bar += v11 * v4
        v_bar += v12 * v3
        v_bar += v12 * v * 0.1
        k_bar += v11 * x
        x_bar += v11 * k
    return y, x_bar, v_bar, k_bar

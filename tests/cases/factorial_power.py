"""Recursion: the derivative calls itself, at a cost linear in the depth."""

import numpy as np


def factorial_power(x, n):
    if n == 0:
        return 1.0
    return np.sin(x) * factorial_power(x, n - 1) + x / n


ARGS = (0.6, 5)
KINDS = ("adjoint", "tangent")


# -------------------------------------------------------------------------------------------------------------- adjoint

import numpy as np
from numba import njit


@njit(error_model="numpy")
def factorial_power_recursive_forward(x, n, stack_0, stack_1):
    if n == 0:      # factorial_power.py:7
        return 1.0,
    v1 = np.sin(x)  # factorial_power.py:9
    v2, = factorial_power_recursive_forward(x, n - 1, stack_0, stack_1)
    stack_0.append(v2)
    stack_1.append(v1)
    return v1 * v2 + x / n,


@njit(error_model="numpy")
def factorial_power_recursive_reverse(x, n, y_bar, stack_0, stack_1):
    if n == 0:  # factorial_power.py:7
        x_bar = 0.0
    else:
        v1 = stack_0.pop()
        v2 = stack_1.pop()
        x_bar, = factorial_power_recursive_reverse(x, n - 1, y_bar * v2, stack_0, stack_1)  # factorial_power.py:9
        x_bar = y_bar / n + x_bar + np.cos(x) * (y_bar * v1)
    return x_bar,


@njit(error_model="numpy")
def factorial_power_adjoint(x, n, y_bar):
    v_tape = [0.0][1:]
    v_tape_1 = [0.0][1:]
    # forward sweep
    y, = factorial_power_recursive_forward(x, n, v_tape, v_tape_1)  # factorial_power.py:6
    # reverse sweep
    x_bar, = factorial_power_recursive_reverse(x, n, y_bar, v_tape, v_tape_1)
    return y, x_bar


# -------------------------------------------------------------------------------------------------------------- tangent

import numpy as np
from numba import njit


@njit(error_model="numpy")
def factorial_power_recursive_tangent(x, n, x_dot):
    if n == 0:          # factorial_power.py:7
        result = 1.0
        result_dot = 0.0
    else:
        v1 = np.sin(x)  # factorial_power.py:9
        v2, v3 = factorial_power_recursive_tangent(x, n - 1, x_dot)
        result = v1 * v2 + x / n
        result_dot = np.cos(x) * x_dot * v2 + v1 * v3 + x_dot / n
    return result, result_dot


@njit(error_model="numpy")
def factorial_power_tangent(x, n, x_dot):
    y, y_dot = factorial_power_recursive_tangent(x, n, x_dot)  # factorial_power.py:6
    return y, y_dot

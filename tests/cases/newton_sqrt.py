"""Unknown trip count and an early exit: a list."""


def newton_sqrt(a):
    x = a
    while True:
        step = (x * x - a) / (2.0 * x)
        x = x - step
        if abs(step) < 1e-12:
            break
    return x


ARGS = (3.0,)
KINDS = ("adjoint", "tangent")


# -------------------------------------------------------------------------------------------------------------- adjoint

from numba import njit


@njit(error_model="numpy")
def newton_sqrt_adjoint(a, y_bar):
    # forward sweep
    x_tape = [0.0][1:]
    step_tape = [0.0][1:]
    x = a
    n = 0
    while True:                         # newton_sqrt.py:6
        n += 1
        x_tape.append(x)
        step = (x * x - a) / (2.0 * x)  # newton_sqrt.py:7
        step_tape.append(step)
        x -= step                       # newton_sqrt.py:8
        if abs(step) < 1e-12:
            break
    # reverse sweep
    a_bar = 0.0
    x_bar = y_bar
    for i in range(n - 1, -1, -1):
        x_1 = x_tape.pop()
        step = step_tape.pop()
        v1 = x_bar / (2.0 * x_1)
        x_bar += v1 * step * 2.0
        a_bar += v1
        x_bar -= 2 * x_1 * v1
    a_bar += x_bar
    return x, a_bar


# -------------------------------------------------------------------------------------------------------------- tangent

from numba import njit


@njit(error_model="numpy")
def newton_sqrt_tangent(a, a_dot):
    x = a
    x_dot = a_dot
    while True:       # newton_sqrt.py:6
        v1 = 2.0 * x  # newton_sqrt.py:7
        step = (x * x - a) / v1
        step_dot = (2 * x * x_dot - a_dot - step * (2.0 * x_dot)) / v1
        x -= step     # newton_sqrt.py:8
        x_dot -= step_dot
        if abs(step) < 1e-12:
            break
    return x, x_dot

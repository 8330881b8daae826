"""A branch in a loop that carries only a sum: one loop for both sweeps."""

import numpy as np


def leaky(x, w):
    s = 0.0
    for i in range(x.size):
        z = x[i] * w
        if z > 0.0:
            s += z * z
        else:
            s += 0.1 * z
    return s


ARGS = (np.linspace(-0.5, 0.6, 6), 0.7)
KINDS = ("adjoint",)


# -------------------------------------------------------------------------------------------------------------- adjoint

import numpy as np
from numba import njit


@njit(error_model="numpy")
def leaky_adjoint(x, w, y_bar):
    # forward and reverse sweep
    x_bar = np.empty(x.size)
    s = 0.0
    w_bar = 0.0
    for i in range(x.size):
        x_i = x[i]
        z = x_i * w
        if z > 0.0:
            s += z * z
            z_bar = 2 * z * y_bar
        else:
            s += 0.1 * z
            z_bar = y_bar * 0.1
        w_bar += z_bar * x_i
        x_bar[i] = z_bar * w
    return s, x_bar, w_bar

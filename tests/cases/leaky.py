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

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

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

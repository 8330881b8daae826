"""A carried scalar: a tape of known length."""

import numpy as np


def horner(x, n):
    y = 1.0
    for i in range(n):
        y = y * x + np.sin(y)
    return y


ARGS = (0.4, 7)
KINDS = ("adjoint", "tangent")

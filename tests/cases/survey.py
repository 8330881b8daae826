"""Straight line."""

import numpy as np


def survey(x1, x2):
    return np.log(x1) + x1 * x2 - np.sin(x2)


ARGS = (2.0, 5.0)
KINDS = ("adjoint", "tangent")

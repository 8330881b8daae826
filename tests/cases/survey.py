"""Straight line."""

import numpy as np


def survey(x1, x2):
    return np.log(x1) + x1 * x2 - np.sin(x2)


ARGS = (2.0, 5.0)
KINDS = ("adjoint", "tangent")


# -------------------------------------------------------------------------------------------------------------- adjoint

import numpy as np
from numba import njit


@njit(error_model="numpy")
def survey_adjoint(x1, x2, y_bar):
    # forward sweep
    y = np.log(x1) + x1 * x2 - np.sin(x2)  # survey.py:7
    # reverse sweep
    x2_bar = y_bar * x1 - np.cos(x2) * y_bar
    x1_bar = y_bar * x2 + y_bar / x1
    return y, x1_bar, x2_bar


# -------------------------------------------------------------------------------------------------------------- tangent

import numpy as np
from numba import njit


@njit(error_model="numpy")
def survey_tangent(x1, x2, x1_dot, x2_dot):
    y = np.log(x1) + x1 * x2 - np.sin(x2)  # survey.py:7
    y_dot = x1_dot / x1 + (x1_dot * x2 + x1 * x2_dot) - np.cos(x2) * x2_dot
    return y, y_dot

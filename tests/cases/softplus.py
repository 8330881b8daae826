"""Early returns: the branches are mirrored."""

import math


def softplus(x, sharpness):
    if x > 30.0:
        return x
    if x < -30.0:
        return 0.0
    return math.log1p(math.exp(sharpness * x)) / sharpness


ARGS = (0.7, 2.0)
KINDS = ("adjoint", "tangent", "grad")


# -------------------------------------------------------------------------------------------------------------- adjoint

import numpy as np
from numba import njit


@njit(error_model="numpy")
def softplus_adjoint(x, sharpness, y_bar):
    # forward sweep
    v1 = x > 30.0               # softplus.py:7
    if v1:
        result = x
    else:
        v2 = x < -30.0          # softplus.py:9
        if v2:
            result = 0.0
        else:
            v4 = sharpness * x  # softplus.py:11
            if v4 > 709.782712893384 and np.isfinite(v4):
                raise OverflowError("math range error")
            v3 = np.exp(v4)
            if v3 <= -1.0:
                raise ValueError("math domain error")
            result = np.log1p(v3) / sharpness
    # reverse sweep
    if v1:
        x_bar = y_bar
        sharpness_bar = 0.0
    elif v2:
        sharpness_bar = 0.0
        x_bar = 0.0
    else:
        v5 = y_bar / sharpness
        v6 = v3 * (v5 / (1 + v3))
        x_bar = v6 * sharpness
        sharpness_bar = v6 * x - v5 * result
    return result, x_bar, sharpness_bar


# -------------------------------------------------------------------------------------------------------------- tangent

import numpy as np
from numba import njit


@njit(error_model="numpy")
def softplus_tangent(x, sharpness, x_dot, sharpness_dot):
    if x > 30.0:            # softplus.py:7
        result = x
        result_dot = x_dot
    elif x < -30.0:
        result = 0.0
        result_dot = 0.0
    else:
        v1 = sharpness * x  # softplus.py:11
        if v1 > 709.782712893384 and np.isfinite(v1):
            raise OverflowError("math range error")
        v2 = np.exp(v1)
        if v2 <= -1.0:
            raise ValueError("math domain error")
        result = np.log1p(v2) / sharpness
        v3 = v2 * (sharpness_dot * x + sharpness * x_dot) / (1 + v2) - result * sharpness_dot
        result_dot = v3 / sharpness
    return result, result_dot


# ----------------------------------------------------------------------------------------------------------------- grad

import numpy as np
from numba import njit


@njit(error_model="numpy")
def softplus_grad(x, sharpness):
    # forward sweep
    v1 = x > 30.0               # softplus.py:7
    if not v1:
        v2 = x < -30.0          # softplus.py:9
        if not v2:
            v4 = sharpness * x  # softplus.py:11
            if v4 > 709.782712893384 and np.isfinite(v4):
                raise OverflowError("math range error")
            v3 = np.exp(v4)
            if v3 <= -1.0:
                raise ValueError("math domain error")
    # reverse sweep
    if v1:
        x_bar = 1.0
    elif v2:
        x_bar = 0.0
    else:
        x_bar = v3 * (1.0 / sharpness / (1 + v3)) * sharpness
    return x_bar

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

from numba import njit
from srcad import checked_math as math


@njit(error_model="numpy")
def softplus_adjoint(x, sharpness, y_bar):
    # forward sweep
    v1 = x > 30.0                         # softplus.py:7
    if v1:
        result = x
    else:
        v2 = x < -30.0                    # softplus.py:9
        if v2:
            result = 0.0
        else:
            v3 = math.exp(sharpness * x)  # softplus.py:11
            result = math.log1p(v3) / sharpness
    # reverse sweep
    if v1:
        x_bar = y_bar
        sharpness_bar = 0.0
    elif v2:
        sharpness_bar = 0.0
        x_bar = 0.0
    else:
        v4 = y_bar / sharpness
        v5 = v3 * (v4 / (1 + v3))
        x_bar = v5 * sharpness
        sharpness_bar = v5 * x - v4 * result
    return result, x_bar, sharpness_bar


# -------------------------------------------------------------------------------------------------------------- tangent

from numba import njit
from srcad import checked_math as math


@njit(error_model="numpy")
def softplus_tangent(x, sharpness, x_dot, sharpness_dot):
    if x > 30.0:                      # softplus.py:7
        result = x
        result_dot = x_dot
    elif x < -30.0:
        result = 0.0
        result_dot = 0.0
    else:
        v1 = math.exp(sharpness * x)  # softplus.py:11
        result = math.log1p(v1) / sharpness
        v2 = v1 * (sharpness_dot * x + sharpness * x_dot) / (1 + v1) - result * sharpness_dot
        result_dot = v2 / sharpness
    return result, result_dot


# ----------------------------------------------------------------------------------------------------------------- grad

from numba import njit
from srcad import checked_math as math


@njit(error_model="numpy")
def softplus_grad(x, sharpness):
    # forward sweep
    v1 = x > 30.0                         # softplus.py:7
    if not v1:
        v2 = x < -30.0                    # softplus.py:9
        if not v2:
            v3 = math.exp(sharpness * x)  # softplus.py:11
            v4 = math.log1p(v3)
    # reverse sweep
    if v1:
        x_bar = 1.0
    elif v2:
        x_bar = 0.0
    else:
        x_bar = v3 * (1.0 / sharpness / (1 + v3)) * sharpness
    return x_bar

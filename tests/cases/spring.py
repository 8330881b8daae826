"""A namedtuple in, a namedtuple of gradients out."""

from typing import NamedTuple


class Spring(NamedTuple):
    stiffness: float
    length: float


def spring(s, x):
    gap = abs(x) - s.length
    return 0.5 * s.stiffness * gap * gap if gap > 0.0 else 0.0


ARGS = (Spring(3.0, 1.0), -1.7)
KINDS = ("adjoint", "grad")


# -------------------------------------------------------------------------------------------------------------- adjoint

from collections import namedtuple
import numpy as np
from numba import njit

Spring = namedtuple("Spring", ["stiffness", "length"])


@njit(error_model="numpy")
def spring_adjoint(s, x, y_bar):
    s_stiffness, s_length = s
    # forward sweep
    gap = abs(x) - s_length  # spring.py:12
    v1 = gap > 0.0           # spring.py:13
    if v1:
        v2 = 0.5 * s_stiffness
        v3 = v2 * gap
        y = v3 * gap
    else:
        y = 0.0
    # reverse sweep
    if v1:
        v4 = y_bar * gap
        gap_bar = y_bar * v3 + v4 * v2
        s_stiffness_bar = v4 * gap * 0.5
        x_bar = np.sign(x) * gap_bar
    else:
        gap_bar = 0.0
        s_stiffness_bar = 0.0
        x_bar = 0.0
    return y, Spring(s_stiffness_bar, -gap_bar), x_bar


# ----------------------------------------------------------------------------------------------------------------- grad

from collections import namedtuple
from numba import njit

Spring = namedtuple("Spring", ["stiffness", "length"])


@njit(error_model="numpy")
def spring_grad(s, x):
    s_stiffness, s_length = s
    # forward sweep
    gap = abs(x) - s_length  # spring.py:12
    v1 = gap > 0.0           # spring.py:13
    if v1:
        v2 = 0.5 * s_stiffness
        v3 = v2 * gap
    # reverse sweep
    if v1:
        gap_bar = v3 + gap * v2
        s_stiffness_bar = gap * gap * 0.5
    else:
        gap_bar = 0.0
        s_stiffness_bar = 0.0
    return Spring(s_stiffness_bar, -gap_bar)

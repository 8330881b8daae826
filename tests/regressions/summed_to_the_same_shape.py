"""What a broadcast's adjoint gives away may be the very memory that the adjoint's adjoint reads again."""

import numpy as np

SEED = 29
LEVELS = "second"


def program(x, a, c, m, n, flag):
    m += np.array([a, a, a]) / x
    return m

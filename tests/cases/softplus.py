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

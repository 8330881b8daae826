"""Unknown trip count and an early exit: a list."""


def newton_sqrt(a):
    x = a
    while True:
        step = (x * x - a) / (2.0 * x)
        x = x - step
        if abs(step) < 1e-12:
            break
    return x


ARGS = (3.0,)
KINDS = ("adjoint", "tangent")

"""A helper that returns a tuple, inlined; tuples as state."""


def field(x, v, k):
    return v, -k * x - 0.1 * v * v * v


def orbit(x, v, k, steps):
    h = 0.05
    for _ in range(steps):
        a, b = field(x, v, k)
        c, d = field(x + h * a, v + h * b, k)
        x, v = x + 0.5 * h * (a + c), v + 0.5 * h * (b + d)
    return x * x + v * v


ARGS = (1.0, 0.2, 2.0, 9)
KINDS = ("adjoint",)

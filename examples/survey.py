"""The exercise of the survey (Baydin, Pearlmutter, Radul & Siskind 2018): y = log(x1) + x1 x2 - sin(x2) at (2, 5).

Prints the three traces, which in the survey are tables, as the Python functions that srcad makes of them.
"""

import math

import numpy as np

from srcad import differentiate


@differentiate
def f(x1, x2):
    return np.log(x1) + x1 * x2 - np.sin(x2)


def main() -> None:
    for kind in ("primal", "tangent", "adjoint"):
        print(f"--- the {kind} trace " + "-" * (60 - len(kind)))
        print(f.source(kind).strip(), end="\n\n")

    y, y_dot = f.tangent(2.0, 5.0, 1.0, 0.0)
    print(f"forward mode, seeded with x1_dot = 1:  y = {y:.3f}, dy/dx1 = {y_dot:.3f}")
    y, x1_bar, x2_bar = f.adjoint(2.0, 5.0, 1.0)
    print(f"reverse mode, seeded with y_bar = 1:   y = {y:.3f}, dy/dx1 = {x1_bar:.3f}, dy/dx2 = {x2_bar:.3f}")

    assert math.isclose(y, 11.652, abs_tol=5e-4)
    assert math.isclose(y_dot, 5.5)
    assert math.isclose(x1_bar, 5.5)
    assert math.isclose(x2_bar, 1.716, abs_tol=5e-4)
    assert f.grad(2.0, 5.0) == x1_bar


if __name__ == "__main__":
    main()

"""A rule of one's own: an implicit Euler step, whose adjoint solves one linear system instead of undoing Newton's iteration.

The step y = x + h f(y, p) is solved for y. By the implicit function theorem its adjoint is one solve with the transposed matrix
of the last Newton step: (1 - h df/dy)^T u = y_bar, then x_bar = u and p_bar = h (df/dp)^T u (Hairer & Wanner 1996; Griewank &
Walther 2008, section 15.4). The stiff reaction of Robertson (1966) is the example.
"""

import functools

import numpy as np

import srcad


@functools.partial(srcad.custom_vjp, nondiff_argnums=(0,))
def implicit_step(f, x, p, h):
    """One step of size h of dy/dt = f(y, p) from x."""
    y = x.copy()
    for _ in range(50):
        residual = y - x - h * f(y, p)
        delta = np.linalg.solve(np.eye(x.size) - h * srcad.jacfwd(f)(y, p), residual)
        y = y - delta
        if np.max(np.abs(delta)) < 1e-12:
            break
    return y


def implicit_step_fwd(f, x, p, h):
    y = implicit_step(f, x, p, h)
    return y, (y, p, h)


def implicit_step_bwd(f, residuals, y_bar):
    y, p, h = residuals
    u = np.linalg.solve((np.eye(y.size) - h * srcad.jacfwd(f)(y, p)).T, y_bar)
    _, pullback = srcad.vjp(lambda q: f(y, q), p)
    return u, pullback(h * u)[0], np.dot(u, f(y, p))


implicit_step.defvjp(implicit_step_fwd, implicit_step_bwd)


def robertson(y, p):
    slow, middle, fast = p[0] * y[0], p[1] * y[1] * y[1], p[2] * y[1] * y[2]
    return np.array([fast - slow, slow - fast - middle, middle])


def final(p, steps):
    """What is left of the first substance after steps that grow, from 1e-4 on."""
    y, h = np.array([1.0, 0.0, 0.0]), 1e-4
    for _ in range(steps):
        y = implicit_step(robertson, y, p, h)
        h *= 1.5
    return y[0]


def main() -> None:
    p = np.array([0.04, 3e7, 1e4])
    value, gradient = srcad.value_and_grad(final)(p, 35)
    print(f"y[0] = {value:.6f}, relative sensitivities {np.array2string(gradient * p, precision=6)}")
    for k in range(3):
        step = np.zeros(3)
        step[k] = 1e-4 * p[k]
        difference = (final(p + step, 35) - final(p - step, 35)) / 2e-4
        print(f"  parameter {k}: {gradient[k] * p[k]:+.8f} by the adjoint, {difference:+.8f} by differences")
        assert abs(gradient[k] * p[k] - difference) < 1e-5 * abs(difference)


if __name__ == "__main__":
    main()

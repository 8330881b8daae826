"""Equations of motion, by steps of the kinds people write."""

from __future__ import annotations

import numpy as np

from tests.bench.kit import Program


def species(y, rate, matrix):
    return y * (rate + matrix @ y)


def rk4(y0, rate, matrix, h, steps):
    """Lotka and Volterra's equations for many species, by the classical method of Runge and Kutta."""
    y = y0.copy()
    for t in range(steps):
        k1 = species(y, rate, matrix)
        k2 = species(y + 0.5 * h * k1, rate, matrix)
        k3 = species(y + 0.5 * h * k2, rate, matrix)
        k4 = species(y + h * k3, rate, matrix)
        y = y + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
    return np.sum(y * y)


def robertson(y, k, f, jac):
    """The right-hand side of Robertson's three reactions, and its Jacobian."""
    slow = k[0] * y[0]
    fast = k[1] * y[1] * y[1]
    both = k[2] * y[1] * y[2]
    f[0] = -slow + both
    f[1] = slow - both - fast
    f[2] = fast
    jac[0, 0] = -k[0]
    jac[0, 1] = k[2] * y[2]
    jac[0, 2] = k[2] * y[1]
    jac[1, 0] = k[0]
    jac[1, 1] = -k[2] * y[2] - 2.0 * k[1] * y[1]
    jac[1, 2] = -k[2] * y[1]
    jac[2, 1] = 2.0 * k[1] * y[1]


def implicit_euler(y0, logs, h, steps):
    """Stiff kinetics, by the logarithms of the reactions' rates; each step is solved by Newton's method."""
    k = np.exp(logs)
    y = y0.copy()
    f = np.zeros(3)
    jac = np.zeros((3, 3))
    for t in range(steps):
        new = y.copy()
        for trip in range(20):
            robertson(new, k, f, jac)
            step = np.linalg.solve(np.eye(3) - h * jac, new - y - h * f)
            new -= step
            if np.max(np.abs(step)) < 1e-12:
                break
        y = new
    return np.sum(y * np.array([1.0, 1e4, 2.0]))


def brusselator(u0, v0, a, b, alpha, h, steps):
    """A reaction that diffuses on a torus, by explicit steps."""
    n = u0.shape[0]
    u, v = u0.copy(), v0.copy()
    u_new, v_new = np.empty((n, n)), np.empty((n, n))
    for t in range(steps):
        for i in range(n):
            up = i - 1 if i > 0 else n - 1
            down = i + 1 if i < n - 1 else 0
            for j in range(n):
                left = j - 1 if j > 0 else n - 1
                right = j + 1 if j < n - 1 else 0
                x, y = u[i, j], v[i, j]
                react = x * x * y
                spread_u = u[up, j] + u[down, j] + u[i, left] + u[i, right] - 4.0 * x
                spread_v = v[up, j] + v[down, j] + v[i, left] + v[i, right] - 4.0 * y
                u_new[i, j] = x + h * (b + react - (a + 1.0) * x + alpha * spread_u)
                v_new[i, j] = y + h * (a * x - react + alpha * spread_v)
        u, u_new = u_new, u
        v, v_new = v_new, v
    return np.sum(u * v)


def slope(q, X, t):
    """The gradient of logistic regression's negative log posterior under a normal prior."""
    p = 1.0 / (1.0 + np.exp(-(X @ q)))
    return X.T @ (p - t) + q


def hmc_leapfrog(q0, p0, eps, X, t, steps):
    """The trajectory of Hamiltonian Monte Carlo; the square of the jump, for which the step's size is tuned."""
    q = q0.copy()
    p = p0 - 0.5 * eps * slope(q, X, t)
    for k in range(steps - 1):
        q = q + eps * p
        p = p - eps * slope(q, X, t)
    q = q + eps * p
    p = p - 0.5 * eps * slope(q, X, t)
    return np.sum((q - q0) ** 2) + np.sum(p * p)


def programs() -> list[Program]:
    r = np.random.default_rng(0)
    f = r.standard_normal
    n = 12
    competition = -np.eye(n) - 0.2 * r.random((n, n))
    return [
        Program(
            "rk4", rk4, (r.uniform(0.5, 1.0, n), 1.0 + r.random(n), competition, 0.01, 300), (0, 1, 2), ("species",)
        ),
        Program(
            "implicit_euler",
            implicit_euler,
            (np.array([1.0, 0.0, 0.0]), np.log([0.04, 3e7, 1e4]), 0.1, 200),
            (1,),
            ("robertson",),
        ),
        Program(
            "brusselator",
            brusselator,
            (1.0 + 0.1 * f((32, 32)), 3.0 + 0.1 * f((32, 32)), 3.4, 1.0, 0.1, 0.01, 50),
            (0, 1, 2, 3, 4),
        ),
        Program(
            "hmc_leapfrog",
            hmc_leapfrog,
            (0.1 * f(20), f(20), 0.01, f((300, 20)), (r.random(300) > 0.5).astype(np.float64), 30),
            (0, 1, 2),
            ("slope",),
        ),
    ]

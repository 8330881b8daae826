"""Programs of the kinds people write with NumPy and Numba, twenty to sixty lines with what they call."""

from __future__ import annotations

import math

import numpy as np

from tests.bench.kit import Program

# --- scalar loops ------------------------------------------------------------------------------------------------------------


def horner(x, n):
    y = 1.0
    for i in range(n):
        if i % 3 == 0:
            y = y * x + np.sin(y)
        else:
            y = 0.5 * (y + x / (1.0 + y * y))
    return y


def lorenz_rhs(x, y, z, sigma, rho, beta):
    return sigma * (y - x), x * (rho - z) - y, x * y - beta * z


def lorenz(sigma, rho, beta, dt, steps):
    """Classical Runge-Kutta; the mean of z along the orbit."""
    x, y, z = 1.0, 1.0, 20.0
    total = 0.0
    for k in range(steps):
        a1, b1, c1 = lorenz_rhs(x, y, z, sigma, rho, beta)
        h = 0.5 * dt
        a2, b2, c2 = lorenz_rhs(x + h * a1, y + h * b1, z + h * c1, sigma, rho, beta)
        a3, b3, c3 = lorenz_rhs(x + h * a2, y + h * b2, z + h * c2, sigma, rho, beta)
        a4, b4, c4 = lorenz_rhs(x + dt * a3, y + dt * b3, z + dt * c3, sigma, rho, beta)
        x += dt / 6.0 * (a1 + 2.0 * a2 + 2.0 * a3 + a4)
        y += dt / 6.0 * (b1 + 2.0 * b2 + 2.0 * b3 + b4)
        z += dt / 6.0 * (c1 + 2.0 * c2 + 2.0 * c3 + c4)
        total += z
    return total / steps


def kepler(eccentricity, anomalies):
    """Newton's method on Kepler's equation, one `while` for each anomaly."""
    total = 0.0
    for i in range(anomalies.size):
        mean = anomalies[i]
        angle = mean
        trips = 0
        while trips < 50:
            step = (angle - eccentricity * np.sin(angle) - mean) / (1.0 - eccentricity * np.cos(angle))
            angle = angle - step
            trips += 1
            if abs(step) < 1e-12:
                break
        total += np.cos(angle) - eccentricity
    return total


# --- arrays written in place -------------------------------------------------------------------------------------------------


def burgers(u0, dt, steps):
    u = u0.copy()
    v = u0.copy()
    for k in range(steps):
        for i in range(1, u.size):
            v[i] = u[i] - dt * u[i] * (u[i] - u[i - 1])
        u, v = v, u
    return np.sum(u * u)


def heat(u0, alpha, steps):
    """Explicit steps of the heat equation on a square, its edges held."""
    n, m = u0.shape
    u = u0.copy()
    v = u0.copy()
    for k in range(steps):
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                laplacian = u[i + 1, j] + u[i - 1, j] + u[i, j + 1] + u[i, j - 1] - 4.0 * u[i, j]
                v[i, j] = u[i, j] + alpha * laplacian
        u, v = v, u
    total = 0.0
    for i in range(n):
        for j in range(m):
            total += u[i, j] ** 2
    return total


def accelerations(position, mass, out):
    n = position.shape[0]
    for i in range(n):
        for d in range(3):
            out[i, d] = 0.0
    for i in range(n):
        for j in range(i + 1, n):
            r2 = 0.01
            for d in range(3):
                r2 += (position[j, d] - position[i, d]) ** 2
            w = 1.0 / (r2 * np.sqrt(r2))
            for d in range(3):
                gap = position[j, d] - position[i, d]
                out[i, d] += mass[j] * w * gap
                out[j, d] -= mass[i] * w * gap


def nbody(position0, velocity0, mass, dt, steps):
    """Leapfrog; how far the bodies get from the origin."""
    position = position0.copy()
    velocity = velocity0.copy()
    force = np.zeros(position.shape)
    accelerations(position, mass, force)
    for k in range(steps):
        for i in range(position.shape[0]):
            for d in range(3):
                velocity[i, d] += 0.5 * dt * force[i, d]
                position[i, d] += dt * velocity[i, d]
        accelerations(position, mass, force)
        for i in range(position.shape[0]):
            for d in range(3):
                velocity[i, d] += 0.5 * dt * force[i, d]
    return np.sum(position * position)


# --- array statements --------------------------------------------------------------------------------------------------------


def logistic(w, X, t, ridge):
    z = X @ w
    p = 1.0 / (1.0 + np.exp(-z))
    loss = -np.mean(t * np.log(p) + (1.0 - t) * np.log(1.0 - p))
    return loss + 0.5 * ridge * np.sum(w * w)


def black_scholes(spot, strike, rate, volatility, maturity):
    """The value of a book of calls."""
    total = 0.0
    for i in range(strike.size):
        root = volatility * math.sqrt(maturity[i])
        d1 = (math.log(spot / strike[i]) + (rate + 0.5 * volatility**2) * maturity[i]) / root
        d2 = d1 - root
        n1 = 0.5 * (1.0 + math.erf(d1 / math.sqrt(2.0)))
        n2 = 0.5 * (1.0 + math.erf(d2 / math.sqrt(2.0)))
        total += spot * n1 - strike[i] * math.exp(-rate * maturity[i]) * n2
    return total


def network(W1, b1, W2, b2, X, t):
    hidden = np.tanh(X @ W1 + b1)
    out = hidden @ W2 + b2
    error = out - t
    return 0.5 * np.mean(error * error)


def gmm(alphas, means, logs, points):
    """The log-likelihood of a mixture of Gaussians with diagonal covariances."""
    k, d = means.shape
    total = 0.0
    terms = np.empty(k)
    for i in range(points.shape[0]):
        for c in range(k):
            q = 0.0
            logdet = 0.0
            for j in range(d):
                z = (points[i, j] - means[c, j]) * np.exp(logs[c, j])
                q += z * z
                logdet += logs[c, j]
            terms[c] = alphas[c] + logdet - 0.5 * q
        top = np.max(terms)
        total += top + np.log(np.sum(np.exp(terms - top)))
    return total - points.shape[0] * np.log(np.sum(np.exp(alphas)))


def lstm(W, b, X):
    """One layer; the gates are rows of W, four blocks of the state's size."""
    n = b.size // 4
    h = np.zeros(n)
    c = np.zeros(n)
    loss = 0.0
    for t in range(X.shape[0] - 1):
        z = W[:, :n] @ h + W[:, n:] @ X[t] + b
        forget = 1.0 / (1.0 + np.exp(-z[:n]))
        write = 1.0 / (1.0 + np.exp(-z[n : 2 * n]))
        read = 1.0 / (1.0 + np.exp(-z[2 * n : 3 * n]))
        c = forget * c + write * np.tanh(z[3 * n :])
        h = read * np.tanh(c)
        loss += np.sum((h - X[t + 1]) ** 2)
    return loss


def gaussian_process(theta, x, y):
    """The negative log marginal likelihood under a squared-exponential kernel."""
    n = x.size
    K = np.empty((n, n))
    for i in range(n):
        for j in range(n):
            K[i, j] = np.exp(theta[0] - 0.5 * (x[i] - x[j]) ** 2 * np.exp(-2.0 * theta[1]))
        K[i, i] += np.exp(theta[2])
    alpha = np.linalg.solve(K, y)
    return 0.5 * np.dot(y, alpha) + 0.5 * np.log(np.linalg.det(K))


def programs() -> list[Program]:
    r = np.random.default_rng(0)
    points = np.sort(r.uniform(0.0, 10.0, 60))
    n_bodies, n_state = 12, 14
    return [
        Program("horner", horner, (0.4, 20_000)),
        Program("lorenz", lorenz, (10.0, 28.0, 8.0 / 3.0, 0.001, 4_000), (0, 1, 2), ("lorenz_rhs",)),
        Program("kepler", kepler, (0.6, r.uniform(0.0, 6.0, 1_000))),
        Program("burgers", burgers, (r.uniform(0.1, 1.0, 400), 0.1, 50)),
        Program("heat", heat, (r.standard_normal((60, 60)), 0.1, 20)),
        Program(
            "nbody",
            nbody,
            (r.standard_normal((n_bodies, 3)), 0.1 * r.standard_normal((n_bodies, 3)), np.ones(n_bodies), 0.01, 30),
            (0, 1),
            ("accelerations",),
        ),
        Program("logistic", logistic, (0.1 * r.standard_normal(30), r.standard_normal((2_000, 30)), _labels(r), 0.1)),
        Program(
            "black_scholes",
            black_scholes,
            (100.0, r.uniform(80.0, 120.0, 2_000), 0.03, 0.2, r.uniform(0.2, 2.0, 2_000)),
            (0, 2, 3),
        ),
        Program(
            "network",
            network,
            (
                0.3 * r.standard_normal((20, 30)),
                np.zeros(30),
                0.3 * r.standard_normal((30, 3)),
                np.zeros(3),
                r.standard_normal((300, 20)),
                r.standard_normal((300, 3)),
            ),
            (0, 1, 2, 3),
        ),
        Program(
            "gmm",
            gmm,
            (np.zeros(5), r.standard_normal((5, 4)), 0.1 * r.standard_normal((5, 4)), r.standard_normal((400, 4))),
            (0, 1, 2),
        ),
        Program(
            "lstm",
            lstm,
            (
                0.2 * r.standard_normal((4 * n_state, 2 * n_state)),
                np.zeros(4 * n_state),
                r.standard_normal((60, n_state)),
            ),
            (0, 1),
        ),
        Program("gaussian_process", gaussian_process, (np.array([0.0, 0.3, -2.0]), points, np.sin(points))),
    ]


def _labels(r: np.random.Generator) -> np.ndarray:
    return (r.random(2_000) > 0.5).astype(np.float64)

"""Hamiltonian Monte Carlo: the gradient of a log density, called inside a compiled leapfrog loop.

The posterior is that of a linear regression with Gaussian noise and prior, whose mean and deviations are known exactly.
"""

import numpy as np
from numba import njit

import srcad

NOISE = 0.5


def log_density(theta, X, y):
    """The log posterior up to a constant: prior N(0, 1), noise N(0, NOISE^2)."""
    total = 0.0
    for i in range(y.size):
        residual = (y[i] - X[i] @ theta) / NOISE
        total -= 0.5 * residual * residual
    return total - 0.5 * np.sum(theta * theta)


density = njit(log_density)
score = srcad.grad(log_density)


@njit
def leapfrog(q, p, step, n, X, y):
    p = p + 0.5 * step * score(q, X, y)
    for k in range(n):
        q = q + step * p
        p = p + (step if k < n - 1 else 0.5 * step) * score(q, X, y)
    return q, p


@njit
def sample(q, draws, step, n, X, y, seed):
    np.random.seed(seed)
    chain = np.empty((draws, q.size))
    accepted = 0
    for k in range(draws):
        p = np.random.standard_normal(q.size)
        q_new, p_new = leapfrog(q, p, step, n, X, y)
        before = density(q, X, y) - 0.5 * np.sum(p * p)
        after = density(q_new, X, y) - 0.5 * np.sum(p_new * p_new)
        if np.log(np.random.random()) < after - before:
            q = q_new
            accepted += 1
        chain[k] = q
    return chain, accepted / draws


def main() -> None:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((40, 3))
    y = X @ np.array([1.0, -2.0, 0.5]) + NOISE * rng.standard_normal(40)

    chain, rate = sample(np.zeros(3), 4000, 0.08, 10, X, y, 1)
    mean, deviation = chain[500:].mean(axis=0), chain[500:].std(axis=0)

    precision = X.T @ X / NOISE**2 + np.eye(3)
    exact_mean = np.linalg.solve(precision, X.T @ y / NOISE**2)
    exact_deviation = np.sqrt(np.diag(np.linalg.inv(precision)))
    print(f"{len(chain)} draws of 10 leapfrog steps, {rate:.0%} accepted")
    for k in range(3):
        print(
            f"theta[{k}] = {mean[k]:+.3f} +- {deviation[k]:.3f}   "
            f"(exactly {exact_mean[k]:+.3f} +- {exact_deviation[k]:.3f})"
        )
    assert rate > 0.8
    assert np.all(abs(mean - exact_mean) < 0.15 * exact_deviation)
    assert np.allclose(deviation, exact_deviation, rtol=0.1)


if __name__ == "__main__":
    main()

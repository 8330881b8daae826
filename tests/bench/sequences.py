"""Series, paths and trees: filters, alignments, simulations and a function that calls itself."""

from __future__ import annotations

import numpy as np

from tests.bench.kit import Program


def kalman(F, H, Q, R, z):
    """The log-likelihood of observations of a linear system with normal noise, constants left out."""
    n = F.shape[0]
    x = np.zeros(n)
    P = np.eye(n)
    total = 0.0
    for t in range(z.shape[0]):
        x = F @ x
        P = F @ P @ F.T + Q
        gap = z[t] - H @ x
        S = H @ P @ H.T + R
        K = np.linalg.solve(S, H @ P).T
        x = x + K @ gap
        P = P - K @ H @ P
        total -= 0.5 * (np.log(np.linalg.det(S)) + gap @ np.linalg.solve(S, gap))
    return total


def soft_dtw(a, b, gamma):
    """Dynamic time warping with a soft minimum (Cuturi & Blondel 2017)."""
    n, m = a.shape[0], b.shape[0]
    R = np.full((n + 1, m + 1), 1e10)
    R[0, 0] = 0.0
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            cost = 0.0
            for d in range(a.shape[1]):
                cost += (a[i - 1, d] - b[j - 1, d]) ** 2
            x, y, z = -R[i - 1, j - 1] / gamma, -R[i - 1, j] / gamma, -R[i, j - 1] / gamma
            top = max(x, y, z)
            R[i, j] = cost - gamma * (np.log(np.exp(x - top) + np.exp(y - top) + np.exp(z - top)) + top)
    return R[n, m]


def asian_call(spot, strike, rate, volatility, maturity, normal):
    """The value of a call on the mean of a price, by paths of Black and Scholes's model."""
    paths, steps = normal.shape
    dt = maturity / steps
    drift = (rate - 0.5 * volatility**2) * dt
    spread = volatility * np.sqrt(dt)
    total = 0.0
    for p in range(paths):
        price = spot
        mean = 0.0
        for t in range(steps):
            price *= np.exp(drift + spread * normal[p, t])
            mean += price
        mean /= steps
        total += max(mean - strike, 0.0)
    return np.exp(-rate * maturity) * total / paths


def wave(x, a, b):
    return np.exp(-a * x) * np.sin(b * x * x)


def halves(left, right, f_left, f_middle, f_right, whole, tolerance, a, b):
    middle = 0.5 * (left + right)
    f_low = wave(0.5 * (left + middle), a, b)
    f_high = wave(0.5 * (middle + right), a, b)
    low = (middle - left) / 6.0 * (f_left + 4.0 * f_low + f_middle)
    high = (right - middle) / 6.0 * (f_middle + 4.0 * f_high + f_right)
    gap = low + high - whole
    if abs(gap) <= 15.0 * tolerance:
        return low + high + gap / 15.0
    low = halves(left, middle, f_left, f_low, f_middle, low, 0.5 * tolerance, a, b)
    high = halves(middle, right, f_middle, f_high, f_right, high, 0.5 * tolerance, a, b)
    return low + high


def simpson(a, b, tolerance):
    """The integral of a wave from 0 to 4, by Simpson's rule on halves, as often as it takes."""
    f_left = wave(0.0, a, b)
    f_middle = wave(2.0, a, b)
    f_right = wave(4.0, a, b)
    whole = 4.0 / 6.0 * (f_left + 4.0 * f_middle + f_right)
    return halves(0.0, 4.0, f_left, f_middle, f_right, whole, tolerance, a, b)


def programs() -> list[Program]:
    r = np.random.default_rng(0)
    f = r.standard_normal
    n, m = 4, 2
    return [
        Program(
            "kalman",
            kalman,
            (0.9 * np.eye(n) + 0.05 * f((n, n)), f((m, n)), 0.1 * np.eye(n), 0.5 * np.eye(m), f((100, m))),
            (0, 1, 2, 3),
        ),
        Program("soft_dtw", soft_dtw, (f((80, 3)), f((90, 3)), 0.5), (0, 1)),
        Program("asian_call", asian_call, (100.0, 105.0, 0.03, 0.2, 1.0, f((500, 50))), (0, 2, 3)),
        Program("simpson", simpson, (0.7, 3.0, 1e-10), (0, 1), ("wave", "halves")),
    ]

"""Adjoints of an alignment and of paths."""

from __future__ import annotations

import numpy as np

from tests.bench.kit import compiled


@compiled
def soft_dtw(a, b, gamma):
    n, m, d = a.shape[0], b.shape[0], a.shape[1]
    shares = np.empty((n, m, 3))  # of the three cells before, in the soft minimum
    last = np.full(m + 1, 1e10)
    last[0] = 0.0
    here = np.empty(m + 1)
    for i in range(n):
        here[0] = 1e10
        for j in range(m):
            cost = 0.0
            for k in range(d):
                cost += (a[i, k] - b[j, k]) ** 2
            x, y, z = -last[j] / gamma, -last[j + 1] / gamma, -here[j] / gamma
            top = max(x, y, z)
            x, y, z = np.exp(x - top), np.exp(y - top), np.exp(z - top)
            s = x + y + z
            here[j + 1] = cost - gamma * (np.log(s) + top)
            shares[i, j, 0], shares[i, j, 1], shares[i, j, 2] = x / s, y / s, z / s
        last, here = here, last
    a_bar, b_bar = np.zeros(a.shape), np.zeros(b.shape)
    above = np.zeros(m + 1)  # the cotangents of the row before
    g = np.zeros(m + 1)
    g[m] = 1.0
    for i in range(n - 1, -1, -1):
        above[:] = 0.0
        for j in range(m - 1, -1, -1):
            w = g[j + 1]
            above[j] += w * shares[i, j, 0]
            above[j + 1] += w * shares[i, j, 1]
            g[j] += w * shares[i, j, 2]
            for k in range(d):
                z = 2.0 * w * (a[i, k] - b[j, k])
                a_bar[i, k] += z
                b_bar[j, k] -= z
        g, above = above, g
    return a_bar, b_bar


@compiled
def asian_call(spot, strike, rate, volatility, maturity, normal):
    """With three inputs and one pass, what reverse mode would keep is summed as it comes."""
    paths, steps = normal.shape
    dt = maturity / steps
    drift = (rate - 0.5 * volatility**2) * dt
    root = np.sqrt(dt)
    total = 0.0
    spot_bar = 0.0
    rate_bar = 0.0
    volatility_bar = 0.0
    for p in range(paths):
        price = spot
        mean = 0.0
        by_rate = 0.0
        by_volatility = 0.0
        walk = 0.0
        for t in range(steps):
            walk += normal[p, t]
            price *= np.exp(drift + volatility * root * normal[p, t])
            mean += price
            by_rate += price * (t + 1)
            by_volatility += price * walk
        mean /= steps
        if mean > strike:
            total += mean - strike
            spot_bar += mean / spot
            rate_bar += by_rate * dt / steps
            volatility_bar += (by_volatility * root - volatility * by_rate * dt) / steps
    discount = np.exp(-rate * maturity) / paths
    return discount * spot_bar, discount * (rate_bar - maturity * total), discount * volatility_bar

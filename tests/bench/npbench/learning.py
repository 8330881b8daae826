"""Statistics, networks, bodies that attract each other, and the example of Numba's own front page."""

from __future__ import annotations

import numpy as np

from tests.bench.kit import Program


def covariance(data0):
    n, m = data0.shape
    data = data0 - np.sum(data0, axis=0) / n
    cov = np.zeros((m, m))
    for i in range(m):
        row = data[:, i] @ data[:, i:m] / (n - 1.0)
        cov[i:m, i] = row
        cov[i, i:m] = row
    return np.sum(cov)


def correlation(data0):
    n, m = data0.shape
    data = data0 - np.sum(data0, axis=0) / n
    spread = np.sqrt(np.sum(data * data, axis=0) / n)
    spread = np.where(spread <= 0.1, 1.0, spread)
    data = data / (np.sqrt(float(n)) * spread)
    corr = np.eye(m)
    for i in range(m - 1):
        row = data[:, i] @ data[:, i + 1 : m]
        corr[i + 1 : m, i] = row
        corr[i, i + 1 : m] = row
    return np.sum(corr)


def softmax(x):
    """The sum of the squares: that of the kernel's output has no derivative."""
    top = np.max(x, axis=-1, keepdims=True)
    e = np.exp(x - top)
    y = e / np.sum(e, axis=-1, keepdims=True)
    return np.sum(y * y)


def mlp(x, w1, b1, w2, b2, w3, b3):
    h = np.maximum(x @ w1 + b1, 0.0)
    h = np.maximum(h @ w2 + b2, 0.0)
    z = h @ w3 + b3
    e = np.exp(z - np.max(z, axis=-1, keepdims=True))
    y = e / np.sum(e, axis=-1, keepdims=True)
    return np.sum(y * y)


def nbody_np(pos0, vel0, mass, dt, steps, soft):
    """Mocz's leapfrog with matrices of all distances; the sum of the positions' squares."""
    pos = pos0.copy()
    vel = vel0.copy()
    acc = gravity(pos, mass, soft)
    for i in range(steps):
        vel = vel + acc * dt / 2.0
        pos = pos + vel * dt
        acc = gravity(pos, mass, soft)
        vel = vel + acc * dt / 2.0
    return np.sum(pos * pos)


def gravity(pos, mass, soft):
    x = pos[:, 0:1]
    y = pos[:, 1:2]
    z = pos[:, 2:3]
    dx = x.T - x
    dy = y.T - y
    dz = z.T - z
    w = (dx**2 + dy**2 + dz**2 + soft**2) ** (-1.5)
    return np.hstack(((dx * w) @ mass, (dy * w) @ mass, (dz * w) @ mass))


def go_fast(a):
    trace = 0.0
    for i in range(a.shape[0]):
        trace += np.tanh(a[i, i])
    return np.sum(a + trace)


def programs() -> list[Program]:
    f = np.random.default_rng(0).standard_normal
    return [
        Program("covariance", covariance, (f((200, 120)),)),
        Program("correlation", correlation, (f((200, 120)),)),
        Program("softmax", softmax, (f((8, 8, 32, 64)),)),
        Program(
            "mlp",
            mlp,
            (f((64, 100)), f((100, 120)) / 10, f(120), f((120, 60)) / 10, f(60), f((60, 20)) / 8, f(20)),
            (1, 2, 3, 4, 5, 6),
        ),
        Program(
            "nbody_np", nbody_np, (f((40, 3)), f((40, 3)), np.full((40, 1), 0.5), 0.01, 20, 0.1), (0, 1), ("gravity",)
        ),
        Program("go_fast", go_fast, (f((800, 800)),)),
    ]

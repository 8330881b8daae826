"""Factors of matrices, and solutions of systems."""

from __future__ import annotations

import numpy as np

from tests.bench.kit import Program


def trisolv(l, b):
    x = np.empty(b.size)
    for i in range(b.size):
        x[i] = (b[i] - l[i, :i] @ x[:i]) / l[i, i]
    return np.sum(x)


def cholesky(a0):
    a = a0.copy()
    a[0, 0] = np.sqrt(a[0, 0])
    for i in range(1, a.shape[0]):
        for j in range(i):
            a[i, j] -= np.dot(a[i, :j], a[j, :j])
            a[i, j] /= a[j, j]
        a[i, i] -= np.dot(a[i, :i], a[i, :i])
        a[i, i] = np.sqrt(a[i, i])
    return np.sum(a)


def lu(a0):
    a = a0.copy()
    for i in range(a.shape[0]):
        for j in range(i):
            a[i, j] -= a[i, :j] @ a[:j, j]
            a[i, j] /= a[j, j]
        for j in range(i, a.shape[0]):
            a[i, j] -= a[i, :i] @ a[:i, j]
    return np.sum(a)


def ludcmp(a0, b):
    n = a0.shape[0]
    a = a0.copy()
    x = np.zeros(n)
    y = np.zeros(n)
    for i in range(n):
        for j in range(i):
            a[i, j] -= a[i, :j] @ a[:j, j]
            a[i, j] /= a[j, j]
        for j in range(i, n):
            a[i, j] -= a[i, :i] @ a[:i, j]
    for i in range(n):
        y[i] = b[i] - a[i, :i] @ y[:i]
    for i in range(n - 1, -1, -1):
        x[i] = (y[i] - a[i, i + 1 :] @ x[i + 1 :]) / a[i, i]
    return np.sum(x)


def durbin(r):
    y = np.empty(r.size)
    alpha = -r[0]
    beta = 1.0
    y[0] = -r[0]
    for k in range(1, r.size):
        beta *= 1.0 - alpha * alpha
        alpha = -(r[k] + np.dot(np.flip(r[:k]), y[:k])) / beta
        y[:k] += alpha * np.flip(y[:k])
        y[k] = alpha
    return np.sum(y)


def gramschmidt(a0):
    a = a0.copy()
    q = np.zeros(a.shape)
    r = np.zeros((a.shape[1], a.shape[1]))
    for k in range(a.shape[1]):
        r[k, k] = np.sqrt(np.dot(a[:, k], a[:, k]))
        q[:, k] = a[:, k] / r[k, k]
        for j in range(k + 1, a.shape[1]):
            r[k, j] = np.dot(q[:, k], a[:, j])
            a[:, j] -= q[:, k] * r[k, j]
    return np.sum(q) + np.sum(r)


def programs() -> list[Program]:
    f = np.random.default_rng(0).standard_normal

    def positive(n: int) -> np.ndarray:
        m = f((n, n))
        return m @ m.T / n + np.eye(n)

    def dominant(n: int) -> np.ndarray:
        return f((n, n)) / n + np.eye(n)

    return [
        Program("trisolv", trisolv, (np.tril(f((400, 400))) / 400 + np.eye(400), f(400)), (0, 1)),
        Program("cholesky", cholesky, (positive(120),), symmetric=True),
        Program("lu", lu, (dominant(120),)),
        Program("ludcmp", ludcmp, (dominant(120), f(120)), (0, 1)),
        Program("durbin", durbin, (f(400) / 100,)),
        Program("gramschmidt", gramschmidt, (f((100, 80)),)),
    ]

"""Adjoints that are one pass."""

from __future__ import annotations

import numpy as np

from tests.bench.kit import compiled


@compiled
def softmax(x):
    x_bar = np.empty(x.shape)
    total = 0.0
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            for k in range(x.shape[2]):
                row = x[i, j, k]
                bar = x_bar[i, j, k]
                top = np.max(row)
                s = 0.0
                for l in range(row.size):
                    bar[l] = np.exp(row[l] - top)
                    s += bar[l]
                dot = 0.0
                for l in range(row.size):
                    bar[l] /= s
                    dot += bar[l] * bar[l]
                total += dot
                for l in range(row.size):
                    bar[l] = 2.0 * bar[l] * (bar[l] - dot)
    return (x_bar,)


@compiled
def go_fast(a):
    a_bar = np.ones(a.shape)
    for i in range(a.shape[0]):
        a_bar[i, i] += a.size * (1.0 - np.tanh(a[i, i]) ** 2)
    return (a_bar,)


@compiled
def logistic(w, X, t, ridge):
    z = X @ w
    for i in range(z.size):
        z[i] = (1.0 / (1.0 + np.exp(-z[i])) - t[i]) / z.size
    return (z @ X + ridge * w,)


@compiled
def network(W1, b1, W2, b2, X, t):
    hidden = X @ W1
    for i in range(hidden.shape[0]):
        for j in range(hidden.shape[1]):
            hidden[i, j] = np.tanh(hidden[i, j] + b1[j])
    g = hidden @ W2
    b2_bar = np.zeros(b2.size)
    for i in range(g.shape[0]):
        for j in range(g.shape[1]):
            g[i, j] = (g[i, j] + b2[j] - t[i, j]) / g.size
            b2_bar[j] += g[i, j]
    W2_bar = hidden.T @ g
    h = g @ W2.T
    b1_bar = np.zeros(b1.size)
    for i in range(h.shape[0]):
        for j in range(h.shape[1]):
            h[i, j] *= 1.0 - hidden[i, j] ** 2
            b1_bar[j] += h[i, j]
    return X.T @ h, b1_bar, W2_bar, b2_bar

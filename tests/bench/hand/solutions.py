"""Adjoints of factors and solutions."""

from __future__ import annotations

import numpy as np

from tests.bench.kit import compiled


@compiled
def trisolv(l, b):
    n = b.size
    x = np.empty(n)
    for i in range(n):
        x[i] = (b[i] - l[i, :i] @ x[:i]) / l[i, i]
    x_bar = np.ones(n)
    l_bar = np.zeros((n, n))
    for i in range(n - 1, -1, -1):
        g = x_bar[i] / l[i, i]
        x_bar[i] = g
        l_bar[i, i] = -g * x[i]
        for j in range(i):
            l_bar[i, j] = -g * x[j]
            x_bar[j] -= g * l[i, j]
    return l_bar, x_bar


@compiled
def cholesky(a0):
    a = a0.copy()
    n = a.shape[0]
    a[0, 0] = np.sqrt(a[0, 0])
    for i in range(1, n):
        for j in range(i):
            a[i, j] = (a[i, j] - np.dot(a[i, :j], a[j, :j])) / a[j, j]
        a[i, i] = np.sqrt(a[i, i] - np.dot(a[i, :i], a[i, :i]))
    g = np.ones((n, n))
    for i in range(n - 1, -1, -1):
        g[i, i] *= 0.5 / a[i, i]
        w = 2.0 * g[i, i]
        for k in range(i):
            g[i, k] -= w * a[i, k]
        for j in range(i - 1, -1, -1):
            s = g[i, j] / a[j, j]
            g[i, j] = s
            g[j, j] -= s * a[i, j]
            for k in range(j):
                g[i, k] -= s * a[j, k]
                g[j, k] -= s * a[i, k]
    return (g,)


@compiled
def durbin(r):
    n = r.size
    kept = np.empty((n, n))  # y before each step
    alphas = np.empty(n)
    betas = np.empty(n)
    y = np.empty(n)
    alpha = -r[0]
    beta = 1.0
    y[0] = -r[0]
    alphas[0] = alpha
    betas[0] = beta
    for k in range(1, n):
        beta *= 1.0 - alpha * alpha
        s = 0.0
        for i in range(k):
            kept[k, i] = y[i]
            s += r[k - 1 - i] * y[i]
        alpha = -(r[k] + s) / beta
        for i in range(k):
            y[i] = kept[k, i] + alpha * kept[k, k - 1 - i]
        y[k] = alpha
        alphas[k] = alpha
        betas[k] = beta
    r_bar = np.zeros(n)
    y_bar = np.ones(n)
    new = np.empty(n)
    alpha_bar = 0.0
    beta_bar = 0.0
    for k in range(n - 1, 0, -1):
        alpha_bar += y_bar[k]
        alpha = alphas[k]
        for i in range(k):
            alpha_bar += y_bar[i] * kept[k, k - 1 - i]
        s_bar = -alpha_bar / betas[k]
        beta_bar -= alpha_bar * alpha / betas[k]
        r_bar[k] += s_bar
        for i in range(k):
            r_bar[k - 1 - i] += s_bar * kept[k, i]
            new[i] = y_bar[i] + alpha * y_bar[k - 1 - i] + s_bar * r[k - 1 - i]
        y_bar[:k] = new[:k]
        last = alphas[k - 1]
        alpha_bar = -2.0 * last * betas[k - 1] * beta_bar
        beta_bar *= 1.0 - last * last
    r_bar[0] -= y_bar[0] + alpha_bar
    return (r_bar,)


@compiled
def lu(a0):
    a = a0.copy()
    n = a.shape[0]
    for i in range(n):
        for j in range(i):
            a[i, j] = (a[i, j] - a[i, :j] @ a[:j, j]) / a[j, j]
        for j in range(i, n):
            a[i, j] -= a[i, :i] @ a[:i, j]
    g = np.ones((n, n))
    for i in range(n - 1, -1, -1):
        for k in range(i):
            s = 0.0
            w = a[i, k]
            for j in range(i, n):
                s += g[i, j] * a[k, j]
                g[k, j] -= w * g[i, j]
            g[i, k] -= s
        for j in range(i - 1, -1, -1):
            s = g[i, j]
            for k in range(j + 1, i):
                s -= g[i, k] * a[j, k]
            g[i, j] = s / a[j, j]
        for k in range(i):
            w = a[i, k]
            for j in range(k, i):
                g[k, j] -= w * g[i, j]
    return (g,)

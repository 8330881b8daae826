"""Adjoints of products."""

from __future__ import annotations

import numpy as np

from tests.bench.kit import compiled


@compiled
def gemm(alpha, beta, c, a, b):
    c_bar = np.full(c.shape, beta)
    seed = np.full(c.shape, alpha)
    return c_bar, seed @ b.T, a.T @ seed


@compiled
def gemm_loops(alpha, beta, c0, a, b):
    n, m = c0.shape
    c_bar = np.ones((n, m))
    a_bar = np.zeros(a.shape)
    b_bar = np.zeros(b.shape)
    for i in range(n):
        for k in range(a.shape[1]):
            s = 0.0
            w = alpha * a[i, k]
            for j in range(m):
                s += c_bar[i, j] * b[k, j]
                b_bar[k, j] += w * c_bar[i, j]
            a_bar[i, k] = alpha * s
        for j in range(m):
            c_bar[i, j] *= beta
    return c_bar, a_bar, b_bar


@compiled
def atax(a, x):
    v = a @ x
    seed = np.ones(x.size)
    v_bar = a @ seed
    a_bar = np.empty(a.shape)
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            a_bar[i, j] = v[i] * seed[j] + v_bar[i] * x[j]
    return a_bar, v_bar @ a


@compiled
def syrk(alpha, beta, c0, a):
    n, m = a.shape
    c_bar = np.ones((n, n))
    a_bar = np.zeros((n, m))
    for i in range(n):
        for k in range(m):
            s = 0.0
            w = alpha * a[i, k]
            for j in range(i + 1):
                s += c_bar[i, j] * a[j, k]
                a_bar[j, k] += w * c_bar[i, j]
            a_bar[i, k] += alpha * s
        for j in range(i + 1):
            c_bar[i, j] *= beta
    return c_bar, a_bar


@compiled
def k2mm(alpha, beta, a, b, c, d):
    seed = np.full(d.shape, alpha)
    ab_bar = seed @ c.T
    return ab_bar @ b.T, a.T @ ab_bar, (a @ b).T @ seed, np.full(d.shape, beta)


@compiled
def k3mm(a, b, c, d):
    ab = a @ b
    seed = np.ones((a.shape[0], d.shape[1]))
    abc_bar = seed @ d.T
    ab_bar = abc_bar @ c.T
    return ab_bar @ b.T, a.T @ ab_bar, ab.T @ abc_bar, (ab @ c).T @ seed


@compiled
def bicg(a, p, r):
    n, m = a.shape
    a_bar = np.empty((n, m))
    p_bar = np.zeros(m)
    r_bar = np.empty(n)
    for i in range(n):
        s = 0.0
        for j in range(m):
            a_bar[i, j] = r[i] + p[j]
            p_bar[j] += a[i, j]
            s += a[i, j]
        r_bar[i] = s
    return a_bar, p_bar, r_bar


@compiled
def mvt(x1, x2, y1, y2, a):
    n, m = a.shape
    a_bar = np.empty((n, m))
    y1_bar = np.zeros(m)
    y2_bar = np.empty(n)
    for i in range(n):
        s = 0.0
        for j in range(m):
            a_bar[i, j] = y2[i] + y1[j]
            y1_bar[j] += a[i, j]
            s += a[i, j]
        y2_bar[i] = s
    return np.ones(x1.size), np.ones(x2.size), y1_bar, y2_bar, a_bar


@compiled
def gesummv(alpha, beta, a, b, x):
    n, m = a.shape
    a_bar = np.empty((n, m))
    b_bar = np.empty((n, m))
    x_bar = np.zeros(m)
    for i in range(n):
        for j in range(m):
            a_bar[i, j] = alpha * x[j]
            b_bar[i, j] = beta * x[j]
            x_bar[j] += alpha * a[i, j] + beta * b[i, j]
    return a_bar, b_bar, x_bar


@compiled
def gemver(alpha, beta, a0, u1, v1, u2, v2, y, z):
    """The sum of the matrix of rank two and a0 is not needed itself."""
    x = beta * (y @ a0 + np.dot(y, u1) * v1 + np.dot(y, u2) * v2) + z
    x_bar = alpha * (np.ones(y.size) @ a0 + np.sum(u1) * v1 + np.sum(u2) * v2)
    y_bar = beta * (a0 @ x_bar + np.dot(v1, x_bar) * u1 + np.dot(v2, x_bar) * u2)
    a_bar = np.empty(a0.shape)
    for i in range(a0.shape[0]):
        w = beta * y[i]
        for j in range(a0.shape[1]):
            a_bar[i, j] = alpha * x[j] + w * x_bar[j]
    u1_bar = alpha * np.dot(x, v1) + beta * np.dot(x_bar, v1) * y
    u2_bar = alpha * np.dot(x, v2) + beta * np.dot(x_bar, v2) * y
    v1_bar = alpha * np.sum(u1) * x + beta * np.dot(u1, y) * x_bar
    v2_bar = alpha * np.sum(u2) * x + beta * np.dot(u2, y) * x_bar
    return a_bar, u1_bar, v1_bar, u2_bar, v2_bar, y_bar, x_bar


@compiled
def doitgen(a0, c4):
    """The cotangent of every row is that of the first."""
    n = c4.shape[0]
    row = np.empty(n)
    for p in range(n):
        row[p] = np.sum(c4[p])
    a_bar = np.empty(a0.shape)
    sums = np.zeros(n)
    for r in range(a0.shape[0]):
        for q in range(a0.shape[1]):
            for p in range(n):
                a_bar[r, q, p] = row[p]
                sums[p] += a0[r, q, p]
    c4_bar = np.empty(c4.shape)
    for p in range(n):
        c4_bar[p] = sums[p]
    return a_bar, c4_bar

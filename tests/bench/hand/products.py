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
    n, m = a0.shape
    a = np.empty((n, m))
    for i in range(n):
        for j in range(m):
            a[i, j] = a0[i, j] + u1[i] * v1[j] + u2[i] * v2[j]
    x = beta * (y @ a) + z
    x_bar = alpha * (np.ones(n) @ a)
    y_bar = beta * (a @ x_bar)
    v1_bar, v2_bar = np.zeros(m), np.zeros(m)
    u1_bar, u2_bar = np.empty(n), np.empty(n)
    for i in range(n):
        w = beta * y[i]
        s1 = s2 = 0.0
        for j in range(m):
            g = alpha * x[j] + w * x_bar[j]
            a[i, j] = g
            s1 += g * v1[j]
            s2 += g * v2[j]
            v1_bar[j] += g * u1[i]
            v2_bar[j] += g * u2[i]
        u1_bar[i], u2_bar[i] = s1, s2
    return a, u1_bar, v1_bar, u2_bar, v2_bar, y_bar, x_bar


@compiled
def doitgen(a0, c4):
    a = a0.reshape(-1, c4.shape[0])
    seed = np.ones(a.shape)
    return (seed @ c4.T).reshape(a0.shape), a.T @ seed

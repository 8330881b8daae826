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

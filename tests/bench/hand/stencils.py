"""Adjoints of the stencils: gather where it is easy."""

from __future__ import annotations

import numpy as np

from tests.bench.kit import compiled


@compiled
def jacobi_1d(a0, b0, steps):
    """Inside, each half step overwrites one cotangent by what the other gathers; the edges only ever sum."""
    n = a0.size
    a, b = np.ones(n), np.zeros(n)
    a[0] = a[n - 1] = 0.0
    a_bar, b_bar = np.zeros(n), np.zeros(n)
    for t in range(1, steps):
        _gather_1d(a, b, b_bar)
        _gather_1d(b, a, a_bar)
    a_bar[0] += 1.0
    a_bar[n - 1] += 1.0
    a_bar[1:-1] = a[1:-1]
    return a_bar, b_bar


@compiled
def _gather_1d(y, x, edges):
    n = y.size
    edges[0] += 0.33333 * y[1]
    edges[n - 1] += 0.33333 * y[n - 2]
    for i in range(1, n - 1):
        x[i] = 0.33333 * (y[i - 1] + y[i] + y[i + 1])


@compiled
def jacobi_2d(a0, b0, steps):
    n, m = a0.shape
    a, b = np.zeros((n, m)), np.zeros((n, m))
    a[1:-1, 1:-1] = 1.0
    a_bar, b_bar = np.ones((n, m)), np.zeros((n, m))
    for t in range(1, steps):
        _gather_2d(a, b, b_bar)
        _gather_2d(b, a, a_bar)
    a_bar[1:-1, 1:-1] = a[1:-1, 1:-1]
    return a_bar, b_bar


@compiled
def _gather_2d(y, x, edges):
    n, m = y.shape
    for j in range(1, m - 1):
        edges[0, j] += 0.2 * y[1, j]
        edges[n - 1, j] += 0.2 * y[n - 2, j]
    for i in range(1, n - 1):
        edges[i, 0] += 0.2 * y[i, 1]
        edges[i, m - 1] += 0.2 * y[i, m - 2]
        for j in range(1, m - 1):
            x[i, j] = 0.2 * (y[i, j] + y[i, j - 1] + y[i, j + 1] + y[i - 1, j] + y[i + 1, j])


@compiled
def seidel_2d(a0, steps):
    n, m = a0.shape
    g = np.ones((n, m))
    for t in range(steps - 1):
        for i in range(n - 2, 0, -1):
            w = 0.0
            for j in range(m - 2, 0, -1):
                w = (g[i, j] + w) / 9.0
                g[i, j] = w
            g[i, 0] += w
            for j in range(1, m - 1):
                w = g[i, j]
                g[i - 1, j - 1] += w
                g[i - 1, j] += w
                g[i - 1, j + 1] += w
                g[i + 1, j - 1] += w
                g[i + 1, j] += w
                g[i + 1, j + 1] += w
            for j in range(m - 1, 1, -1):
                g[i, j] += g[i, j - 1]
    return (g,)


@compiled
def hdiff(field, coeff):
    I, J, K = coeff.shape
    lap = np.empty((I + 2, J + 2, K))
    for i in range(I + 2):
        for j in range(J + 2):
            for k in range(K):
                lap[i, j, k] = 4.0 * field[i + 1, j + 1, k] - (
                    field[i + 2, j + 1, k] + field[i, j + 1, k] + field[i + 1, j + 2, k] + field[i + 1, j, k]
                )
    total = 0.0
    field_bar = np.zeros(field.shape)
    coeff_bar = np.empty(coeff.shape)
    lap_bar = np.zeros(lap.shape)
    for i in range(I):
        for j in range(J):
            for k in range(K):
                x1 = lap[i + 2, j + 1, k] - lap[i + 1, j + 1, k]
                x0 = lap[i + 1, j + 1, k] - lap[i, j + 1, k]
                y1 = lap[i + 1, j + 2, k] - lap[i + 1, j + 1, k]
                y0 = lap[i + 1, j + 1, k] - lap[i + 1, j, k]
                here = field[i + 2, j + 2, k]
                fx1 = 0.0 if x1 * (field[i + 3, j + 2, k] - here) > 0.0 else 1.0
                fx0 = 0.0 if x0 * (here - field[i + 1, j + 2, k]) > 0.0 else 1.0
                fy1 = 0.0 if y1 * (field[i + 2, j + 3, k] - here) > 0.0 else 1.0
                fy0 = 0.0 if y0 * (here - field[i + 2, j + 1, k]) > 0.0 else 1.0
                flux = fx1 * x1 - fx0 * x0 + fy1 * y1 - fy0 * y0
                c = coeff[i, j, k]
                total += here - c * flux
                coeff_bar[i, j, k] = -flux
                field_bar[i + 2, j + 2, k] += 1.0
                lap_bar[i + 2, j + 1, k] -= c * fx1
                lap_bar[i, j + 1, k] -= c * fx0
                lap_bar[i + 1, j + 2, k] -= c * fy1
                lap_bar[i + 1, j, k] -= c * fy0
                lap_bar[i + 1, j + 1, k] += c * (fx1 + fx0 + fy1 + fy0)
    for i in range(I + 2):
        for j in range(J + 2):
            for k in range(K):
                g = lap_bar[i, j, k]
                field_bar[i + 1, j + 1, k] += 4.0 * g
                field_bar[i + 2, j + 1, k] -= g
                field_bar[i, j + 1, k] -= g
                field_bar[i + 1, j + 2, k] -= g
                field_bar[i + 1, j, k] -= g
    return field_bar, coeff_bar


@compiled
def conv2d(image, weights):
    n, k, cin, cout = image.shape[0], weights.shape[0], weights.shape[2], weights.shape[3]
    rows, columns = image.shape[1] - k + 1, image.shape[2] - k + 1
    image_bar = np.zeros(image.shape)
    weights_bar = np.zeros(weights.shape)
    for b in range(n):
        for i in range(rows):
            for j in range(columns):
                for p in range(k):
                    for q in range(k):
                        for c in range(cin):
                            x = image[b, i + p, j + q, c]
                            s = 0.0
                            for o in range(cout):
                                s += weights[p, q, c, o]
                                weights_bar[p, q, c, o] += x
                            image_bar[b, i + p, j + q, c] += s
    return image_bar, weights_bar


@compiled
def fdtd_2d(ex0, ey0, hz0, fict):
    """Linear, so that nothing of the function is needed but its transpose."""
    n, m = hz0.shape
    ex, ey, hz = np.zeros((n, m)), np.zeros((n, m)), np.ones((n, m))
    fict_bar = np.empty(fict.size)
    for t in range(fict.size - 1, -1, -1):
        for i in range(n - 1):
            for j in range(m - 1):
                g = 0.7 * hz[i, j]
                ex[i, j + 1] -= g
                ex[i, j] += g
                ey[i + 1, j] -= g
                ey[i, j] += g
        for i in range(n):
            for j in range(1, m):
                g = 0.5 * ex[i, j]
                hz[i, j] -= g
                hz[i, j - 1] += g
        for i in range(1, n):
            for j in range(m):
                g = 0.5 * ey[i, j]
                hz[i, j] -= g
                hz[i - 1, j] += g
        fict_bar[t] = np.sum(ey[0])
        ey[0] = 0.0
    return ex, ey, hz, fict_bar


@compiled
def heat(u0, alpha, steps):
    n, m = u0.shape
    u = u0.copy()
    v = u0.copy()
    for k in range(steps):
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                laplacian = u[i + 1, j] + u[i - 1, j] + u[i, j + 1] + u[i, j - 1] - 4.0 * u[i, j]
                v[i, j] = u[i, j] + alpha * laplacian
        u, v = v, u
    edges = 2.0 * u
    g = np.zeros((n, m))
    g[1:-1, 1:-1] = edges[1:-1, 1:-1]
    new = np.zeros((n, m))
    for k in range(steps):
        for j in range(1, m - 1):
            edges[0, j] += alpha * g[1, j]
            edges[n - 1, j] += alpha * g[n - 2, j]
        for i in range(1, n - 1):
            edges[i, 0] += alpha * g[i, 1]
            edges[i, m - 1] += alpha * g[i, m - 2]
            for j in range(1, m - 1):
                laplacian = g[i + 1, j] + g[i - 1, j] + g[i, j + 1] + g[i, j - 1] - 4.0 * g[i, j]
                new[i, j] = g[i, j] + alpha * laplacian
        g, new = new, g
    edges[1:-1, 1:-1] = g[1:-1, 1:-1]
    return (edges,)

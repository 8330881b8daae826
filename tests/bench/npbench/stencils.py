"""Stencils, sweeps along one axis and a convolution."""

from __future__ import annotations

import numpy as np

from tests.bench.kit import Program


def jacobi_1d(a0, b0, steps):
    a = a0.copy()
    b = b0.copy()
    for t in range(1, steps):
        b[1:-1] = 0.33333 * (a[:-2] + a[1:-1] + a[2:])
        a[1:-1] = 0.33333 * (b[:-2] + b[1:-1] + b[2:])
    return np.sum(a)


def jacobi_2d(a0, b0, steps):
    a = a0.copy()
    b = b0.copy()
    for t in range(1, steps):
        b[1:-1, 1:-1] = 0.2 * (a[1:-1, 1:-1] + a[1:-1, :-2] + a[1:-1, 2:] + a[2:, 1:-1] + a[:-2, 1:-1])
        a[1:-1, 1:-1] = 0.2 * (b[1:-1, 1:-1] + b[1:-1, :-2] + b[1:-1, 2:] + b[2:, 1:-1] + b[:-2, 1:-1])
    return np.sum(a)


def heat_3d(a0, b0, steps):
    a = a0.copy()
    b = b0.copy()
    for t in range(1, steps):
        b[1:-1, 1:-1, 1:-1] = (
            0.125 * (a[2:, 1:-1, 1:-1] - 2.0 * a[1:-1, 1:-1, 1:-1] + a[:-2, 1:-1, 1:-1])
            + 0.125 * (a[1:-1, 2:, 1:-1] - 2.0 * a[1:-1, 1:-1, 1:-1] + a[1:-1, :-2, 1:-1])
            + 0.125 * (a[1:-1, 1:-1, 2:] - 2.0 * a[1:-1, 1:-1, 1:-1] + a[1:-1, 1:-1, :-2])
            + a[1:-1, 1:-1, 1:-1]
        )
        a[1:-1, 1:-1, 1:-1] = (
            0.125 * (b[2:, 1:-1, 1:-1] - 2.0 * b[1:-1, 1:-1, 1:-1] + b[:-2, 1:-1, 1:-1])
            + 0.125 * (b[1:-1, 2:, 1:-1] - 2.0 * b[1:-1, 1:-1, 1:-1] + b[1:-1, :-2, 1:-1])
            + 0.125 * (b[1:-1, 1:-1, 2:] - 2.0 * b[1:-1, 1:-1, 1:-1] + b[1:-1, 1:-1, :-2])
            + b[1:-1, 1:-1, 1:-1]
        )
    return np.sum(a)


def seidel_2d(a0, steps):
    a = a0.copy()
    n = a.shape[0]
    for t in range(steps - 1):
        for i in range(1, n - 1):
            a[i, 1:-1] += (
                a[i - 1, :-2] + a[i - 1, 1:-1] + a[i - 1, 2:] + a[i, 2:] + a[i + 1, :-2] + a[i + 1, 1:-1] + a[i + 1, 2:]
            )
            for j in range(1, n - 1):
                a[i, j] += a[i, j - 1]
                a[i, j] /= 9.0
    return np.sum(a)


def fdtd_2d(ex0, ey0, hz0, fict):
    ex = ex0.copy()
    ey = ey0.copy()
    hz = hz0.copy()
    for t in range(fict.size):
        ey[0, :] = fict[t]
        ey[1:, :] -= 0.5 * (hz[1:, :] - hz[:-1, :])
        ex[:, 1:] -= 0.5 * (hz[:, 1:] - hz[:, :-1])
        hz[:-1, :-1] -= 0.7 * (ex[:-1, 1:] - ex[:-1, :-1] + ey[1:, :-1] - ey[:-1, :-1])
    return np.sum(hz)


def hdiff(field, coeff):
    I, J = coeff.shape[0], coeff.shape[1]
    lap = 4.0 * field[1 : I + 3, 1 : J + 3, :] - (
        field[2 : I + 4, 1 : J + 3, :]
        + field[0 : I + 2, 1 : J + 3, :]
        + field[1 : I + 3, 2 : J + 4, :]
        + field[1 : I + 3, 0 : J + 2, :]
    )
    rx = lap[1:, 1 : J + 1, :] - lap[: I + 1, 1 : J + 1, :]
    flx = np.where((rx * (field[2 : I + 3, 2 : J + 2, :] - field[1 : I + 2, 2 : J + 2, :])) > 0.0, 0.0, rx)
    ry = lap[1 : I + 1, 1:, :] - lap[1 : I + 1, : J + 1, :]
    fly = np.where((ry * (field[2 : I + 2, 2 : J + 3, :] - field[2 : I + 2, 1 : J + 2, :])) > 0.0, 0.0, ry)
    out = field[2 : I + 2, 2 : J + 2, :] - coeff * (flx[1:, :, :] - flx[:-1, :, :] + fly[:, 1:, :] - fly[:, :-1, :])
    return np.sum(out)


def conv2d(image, weights):
    k = weights.shape[0]
    n, rows, columns = image.shape[0], image.shape[1] - k + 1, image.shape[2] - k + 1
    out = np.empty((n, rows, columns, weights.shape[3]))
    for i in range(rows):
        for j in range(columns):
            out[:, i, j, :] = np.sum(image[:, i : i + k, j : j + k, :, None] * weights[None, :, :, :], axis=(1, 2, 3))
    return np.sum(out)


def programs() -> list[Program]:
    f = np.random.default_rng(0).standard_normal
    return [
        Program("jacobi_1d", jacobi_1d, (f(2000), f(2000), 100), (0, 1)),
        Program("jacobi_2d", jacobi_2d, (f((100, 100)), f((100, 100)), 30), (0, 1)),
        Program("heat_3d", heat_3d, (f((24, 24, 24)), f((24, 24, 24)), 15), (0, 1)),
        Program("seidel_2d", seidel_2d, (f((100, 100)), 15)),
        Program("fdtd_2d", fdtd_2d, (f((80, 90)), f((80, 90)), f((80, 90)), f(30)), (0, 1, 2, 3)),
        Program("hdiff", hdiff, (f((36, 36, 40)), f((32, 32, 40))), (0, 1)),
        Program("conv2d", conv2d, (f((4, 20, 20, 3)), f((5, 5, 3, 8))), (0, 1)),
    ]

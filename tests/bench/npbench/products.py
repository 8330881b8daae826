"""Products of matrices and vectors, as products and as loops."""

from __future__ import annotations

import numpy as np

from tests.bench.kit import Program


def gemm(alpha, beta, c, a, b):
    return np.sum(alpha * a @ b + beta * c)


def gemm_loops(alpha, beta, c0, a, b):
    c = c0.copy()
    for i in range(c.shape[0]):
        for j in range(c.shape[1]):
            c[i, j] *= beta
        for k in range(a.shape[1]):
            for j in range(c.shape[1]):
                c[i, j] += alpha * a[i, k] * b[k, j]
    return np.sum(c)


def k2mm(alpha, beta, a, b, c, d):
    return np.sum(alpha * a @ b @ c + beta * d)


def k3mm(a, b, c, d):
    return np.sum(a @ b @ c @ d)


def atax(a, x):
    return np.sum((a @ x) @ a)


def bicg(a, p, r):
    return np.sum(r @ a) + np.sum(a @ p)


def mvt(x1, x2, y1, y2, a):
    return np.sum(x1 + a @ y1) + np.sum(x2 + y2 @ a)


def gesummv(alpha, beta, a, b, x):
    return np.sum(alpha * a @ x + beta * b @ x)


def gemver(alpha, beta, a0, u1, v1, u2, v2, y, z):
    a = a0 + np.outer(u1, v1) + np.outer(u2, v2)
    x = beta * y @ a + z
    w = alpha * a @ x
    return np.sum(w)


def syrk(alpha, beta, c0, a):
    c = c0.copy()
    for i in range(a.shape[0]):
        c[i, : i + 1] *= beta
        for k in range(a.shape[1]):
            c[i, : i + 1] += alpha * a[i, k] * a[: i + 1, k]
    return np.sum(c)


def syr2k(alpha, beta, c0, a, b):
    c = c0.copy()
    for i in range(a.shape[0]):
        c[i, : i + 1] *= beta
        for k in range(a.shape[1]):
            c[i, : i + 1] += a[: i + 1, k] * alpha * b[i, k] + b[: i + 1, k] * alpha * a[i, k]
    return np.sum(c)


def trmm(alpha, a, b0):
    b = b0.copy()
    for i in range(b.shape[0]):
        for j in range(b.shape[1]):
            b[i, j] += np.dot(a[i + 1 :, i], b[i + 1 :, j])
    b *= alpha
    return np.sum(b)


def symm(alpha, beta, c0, a, b):
    c = beta * c0
    sums = np.empty(c.shape[1])
    for i in range(c.shape[0]):
        for j in range(c.shape[1]):
            c[:i, j] += alpha * b[i, j] * a[i, :i]
            sums[j] = b[:i, j] @ a[i, :i]
        c[i, :] += alpha * b[i, :] * a[i, i] + alpha * sums
    return np.sum(c)


def doitgen(a0, c4):
    a = a0.copy()
    for r in range(a.shape[0]):
        a[r] = a[r] @ c4
    return np.sum(a)


def programs() -> list[Program]:
    f = np.random.default_rng(0).standard_normal
    return [
        Program("gemm", gemm, (1.5, 1.2, f((200, 220)), f((200, 240)), f((240, 220))), (2, 3, 4)),
        Program("gemm_loops", gemm_loops, (1.5, 1.2, f((90, 100)), f((90, 110)), f((110, 100))), (2, 3, 4)),
        Program("k2mm", k2mm, (1.5, 1.2, f((120, 130)), f((130, 140)), f((140, 150)), f((120, 150))), (2, 3, 4, 5)),
        Program("k3mm", k3mm, (f((120, 130)), f((130, 140)), f((140, 150)), f((150, 160))), (0, 1, 2, 3)),
        Program("atax", atax, (f((500, 600)), f(600)), (0, 1)),
        Program("bicg", bicg, (f((500, 600)), f(600), f(500)), (0, 1, 2)),
        Program("mvt", mvt, (f(500), f(500), f(500), f(500), f((500, 500))), (0, 1, 2, 3, 4)),
        Program("gesummv", gesummv, (1.5, 1.2, f((400, 400)), f((400, 400)), f(400)), (2, 3, 4)),
        Program("gemver", gemver, (1.5, 1.2, f((400, 400)), *(f(400) for _ in range(6))), tuple(range(2, 9))),
        Program("syrk", syrk, (1.5, 1.2, f((120, 120)), f((120, 100))), (2, 3)),
        Program("syr2k", syr2k, (1.5, 1.2, f((120, 120)), f((120, 100)), f((120, 100))), (2, 3, 4)),
        Program("trmm", trmm, (1.5, f((100, 100)), f((100, 90))), (1, 2)),
        Program("symm", symm, (1.5, 1.2, f((100, 90)), f((100, 100)), f((100, 90))), (2, 3, 4)),
        Program("doitgen", doitgen, (f((30, 40, 50)), f((50, 50))), (0, 1)),
    ]

"""Kernels of PolyBench (Pouchet, Ohio State) and of NPBench (Ziogas et al. 2021), in the form that NumPy programmers give them.

Every program works on copies of the arrays that its kernel overwrites, so that it can be called again, and returns the sum of
the kernel's output.
"""

from __future__ import annotations

import numpy as np

from tests.bench.kit import Program

# --- stencils ----------------------------------------------------------------------------------------------------------------


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


# --- products ----------------------------------------------------------------------------------------------------------------


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


# --- factors and solutions ---------------------------------------------------------------------------------------------------


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


# --- statistics and learning -------------------------------------------------------------------------------------------------


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
    r = np.random.default_rng(0)

    def f(*shape: int) -> np.ndarray:
        return r.standard_normal(shape)

    def positive(n: int) -> np.ndarray:
        m = f(n, n)
        return m @ m.T / n + np.eye(n)

    def dominant(n: int) -> np.ndarray:
        return f(n, n) / n + np.eye(n)

    n = 120
    return [
        Program("jacobi_1d", jacobi_1d, (f(2000), f(2000), 100), (0, 1)),
        Program("jacobi_2d", jacobi_2d, (f(100, 100), f(100, 100), 30), (0, 1)),
        Program("heat_3d", heat_3d, (f(24, 24, 24), f(24, 24, 24), 15), (0, 1)),
        Program("seidel_2d", seidel_2d, (f(100, 100), 15)),
        Program("fdtd_2d", fdtd_2d, (f(80, 90), f(80, 90), f(80, 90), f(30)), (0, 1, 2, 3)),
        Program("hdiff", hdiff, (f(36, 36, 40), f(32, 32, 40)), (0, 1)),
        Program("conv2d", conv2d, (f(4, 20, 20, 3), f(5, 5, 3, 8)), (0, 1)),
        Program("gemm", gemm, (1.5, 1.2, f(200, 220), f(200, 240), f(240, 220)), (2, 3, 4)),
        Program("gemm_loops", gemm_loops, (1.5, 1.2, f(90, 100), f(90, 110), f(110, 100)), (2, 3, 4)),
        Program("k2mm", k2mm, (1.5, 1.2, f(n, 130), f(130, 140), f(140, 150), f(n, 150)), (2, 3, 4, 5)),
        Program("k3mm", k3mm, (f(n, 130), f(130, 140), f(140, 150), f(150, 160)), (0, 1, 2, 3)),
        Program("atax", atax, (f(500, 600), f(600)), (0, 1)),
        Program("bicg", bicg, (f(500, 600), f(600), f(500)), (0, 1, 2)),
        Program("mvt", mvt, (f(500), f(500), f(500), f(500), f(500, 500)), (0, 1, 2, 3, 4)),
        Program("gesummv", gesummv, (1.5, 1.2, f(400, 400), f(400, 400), f(400)), (2, 3, 4)),
        Program("gemver", gemver, (1.5, 1.2, f(400, 400), *(f(400) for _ in range(6))), tuple(range(2, 9))),
        Program("syrk", syrk, (1.5, 1.2, f(n, n), f(n, 100)), (2, 3)),
        Program("syr2k", syr2k, (1.5, 1.2, f(n, n), f(n, 100), f(n, 100)), (2, 3, 4)),
        Program("trmm", trmm, (1.5, f(100, 100), f(100, 90)), (1, 2)),
        Program("symm", symm, (1.5, 1.2, f(100, 90), f(100, 100), f(100, 90)), (2, 3, 4)),
        Program("doitgen", doitgen, (f(30, 40, 50), f(50, 50)), (0, 1)),
        Program("trisolv", trisolv, (np.tril(f(400, 400)) / 400 + np.eye(400), f(400)), (0, 1)),
        Program("cholesky", cholesky, (positive(n),)),
        Program("lu", lu, (dominant(n),)),
        Program("ludcmp", ludcmp, (dominant(n), f(n)), (0, 1)),
        Program("durbin", durbin, (f(400) / 40,)),
        Program("gramschmidt", gramschmidt, (f(100, 80),)),
        Program("covariance", covariance, (f(200, 120),)),
        Program("correlation", correlation, (f(200, 120),)),
        Program("softmax", softmax, (f(8, 8, 32, 64),)),
        Program(
            "mlp",
            mlp,
            (f(64, 100), f(100, 120) / 10, f(120), f(120, 60) / 10, f(60), f(60, 20) / 8, f(20)),
            (1, 2, 3, 4, 5, 6),
        ),
        Program("nbody_np", nbody_np, (f(40, 3), f(40, 3), np.full((40, 1), 0.5), 0.01, 20, 0.1), (0, 1), ("gravity",)),
        Program("go_fast", go_fast, (f(800, 800),)),
    ]

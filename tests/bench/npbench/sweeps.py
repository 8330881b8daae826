"""Implicit steps: tridiagonal systems along one axis, for all points across it at once."""

from __future__ import annotations

import numpy as np

from tests.bench.kit import Program


def adi(u0, steps):
    """Heat in a square by alternating directions, its edges held at one."""
    n = u0.shape[0]
    u = u0.copy()
    v = np.empty(u.shape)
    p = np.empty(u.shape)
    q = np.empty(u.shape)
    across = 2.0 * n * n / steps  # B1 and B2 of PolyBench are 2 and 1
    along = 1.0 * n * n / steps
    a = -across / 2.0
    b = 1.0 + across
    c = a
    d = -along / 2.0
    e = 1.0 + along
    f = d
    for t in range(1, steps + 1):
        v[0, 1 : n - 1] = 1.0
        p[1 : n - 1, 0] = 0.0
        q[1 : n - 1, 0] = v[0, 1 : n - 1]
        for j in range(1, n - 1):
            p[1 : n - 1, j] = -c / (a * p[1 : n - 1, j - 1] + b)
            q[1 : n - 1, j] = (
                -d * u[j, 0 : n - 2] + (1.0 + 2.0 * d) * u[j, 1 : n - 1] - f * u[j, 2:n] - a * q[1 : n - 1, j - 1]
            ) / (a * p[1 : n - 1, j - 1] + b)
        v[n - 1, 1 : n - 1] = 1.0
        for j in range(n - 2, 0, -1):
            v[j, 1 : n - 1] = p[1 : n - 1, j] * v[j + 1, 1 : n - 1] + q[1 : n - 1, j]

        u[1 : n - 1, 0] = 1.0
        p[1 : n - 1, 0] = 0.0
        q[1 : n - 1, 0] = u[1 : n - 1, 0]
        for j in range(1, n - 1):
            p[1 : n - 1, j] = -f / (d * p[1 : n - 1, j - 1] + e)
            q[1 : n - 1, j] = (
                -a * v[0 : n - 2, j] + (1.0 + 2.0 * a) * v[1 : n - 1, j] - c * v[2:n, j] - d * q[1 : n - 1, j - 1]
            ) / (d * p[1 : n - 1, j - 1] + e)
        u[1 : n - 1, n - 1] = 1.0
        for j in range(n - 2, 0, -1):
            u[1 : n - 1, j] = p[1 : n - 1, j] * u[1 : n - 1, j + 1] + q[1 : n - 1, j]
    return np.sum(u)


def vadv(stage, wind, wcon, pos, tens, dtr):
    """Vertical advection (COSMO): a tridiagonal system in each column of air."""
    I, J, K = stage.shape
    new = stage.copy()
    ccol = np.empty((I, J, K))
    dcol = np.empty((I, J, K))
    data = np.empty((I, J))

    gcv = 0.25 * (wcon[1:, :, 1] + wcon[:-1, :, 1])
    cs = gcv * 0.5
    ccol[:, :, 0] = gcv * 0.5
    bcol = dtr - ccol[:, :, 0]
    correction = -cs * (wind[:, :, 1] - wind[:, :, 0])
    dcol[:, :, 0] = dtr * pos[:, :, 0] + tens[:, :, 0] + new[:, :, 0] + correction
    divided = 1.0 / bcol
    ccol[:, :, 0] = ccol[:, :, 0] * divided
    dcol[:, :, 0] = dcol[:, :, 0] * divided

    for k in range(1, K - 1):
        gav = -0.25 * (wcon[1:, :, k] + wcon[:-1, :, k])
        gcv = 0.25 * (wcon[1:, :, k + 1] + wcon[:-1, :, k + 1])
        as_ = gav * 0.5
        cs = gcv * 0.5
        acol = gav * 0.5
        ccol[:, :, k] = gcv * 0.5
        bcol = dtr - acol - ccol[:, :, k]
        correction = -as_ * (wind[:, :, k - 1] - wind[:, :, k]) - cs * (wind[:, :, k + 1] - wind[:, :, k])
        dcol[:, :, k] = dtr * pos[:, :, k] + tens[:, :, k] + new[:, :, k] + correction
        divided = 1.0 / (bcol - ccol[:, :, k - 1] * acol)
        ccol[:, :, k] = ccol[:, :, k] * divided
        dcol[:, :, k] = (dcol[:, :, k] - dcol[:, :, k - 1] * acol) * divided

    gav = -0.25 * (wcon[1:, :, K - 1] + wcon[:-1, :, K - 1])
    as_ = gav * 0.5
    acol = gav * 0.5
    bcol = dtr - acol
    correction = -as_ * (wind[:, :, K - 2] - wind[:, :, K - 1])
    dcol[:, :, K - 1] = dtr * pos[:, :, K - 1] + tens[:, :, K - 1] + new[:, :, K - 1] + correction
    divided = 1.0 / (bcol - ccol[:, :, K - 2] * acol)
    dcol[:, :, K - 1] = (dcol[:, :, K - 1] - dcol[:, :, K - 2] * acol) * divided

    data[:] = dcol[:, :, K - 1]
    new[:, :, K - 1] = dtr * (data - pos[:, :, K - 1])
    for k in range(K - 2, -1, -1):
        here = dcol[:, :, k] - ccol[:, :, k] * data
        data[:] = here
        new[:, :, k] = dtr * (here - pos[:, :, k])
    return np.sum(new)


def programs() -> list[Program]:
    f = np.random.default_rng(0).standard_normal
    air = (20, 22, 24)
    return [
        Program("adi", adi, (f((60, 60)), 10)),
        Program("vadv", vadv, (f(air), f(air), f((21, 22, 24)), f(air), f(air), 3.0 / 20.0 * 20.0), (0, 1, 2, 3, 4)),
    ]

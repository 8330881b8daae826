"""NPBench's kernels for JAX, where it has something better than the arrays as they are."""

from __future__ import annotations

import jax.numpy as jnp
from jax import lax

from tests.bench.others import arrays
from tests.bench.others.by_jax.kit import XP, repeat


def jacobi_1d(a, b, steps):
    def step(state):
        a, b = state
        b = b.at[1:-1].set(0.33333 * (a[:-2] + a[1:-1] + a[2:]))
        return a.at[1:-1].set(0.33333 * (b[:-2] + b[1:-1] + b[2:])), b

    return jnp.sum(repeat(steps - 1, step, (a, b))[0])


def jacobi_2d(a, b, steps):
    def mean(a):
        return 0.2 * (a[1:-1, 1:-1] + a[1:-1, :-2] + a[1:-1, 2:] + a[2:, 1:-1] + a[:-2, 1:-1])

    def step(state):
        a, b = state
        b = b.at[1:-1, 1:-1].set(mean(a))
        return a.at[1:-1, 1:-1].set(mean(b)), b

    return jnp.sum(repeat(steps - 1, step, (a, b))[0])


def seidel_2d(a, steps):
    """Rows from top to bottom; along a row, a linear recurrence."""
    n = a.shape[0]

    def row(above, rows):
        here, below = rows
        b = here[1:-1] + above[:-2] + above[1:-1] + above[2:] + here[2:] + below[:-2] + below[1:-1] + below[2:]
        last, new = lax.scan(lambda left, x: ((x + left) / 9.0,) * 2, here[0], b)
        new = jnp.concatenate([here[:1], new, here[-1:]])
        return new, new

    def step(a):
        _, inner = lax.scan(row, a[0], (a[1:-1], a[2:]))
        return jnp.concatenate([a[:1], inner, a[n - 1 :]])

    return jnp.sum(repeat(steps - 1, step, a))


def conv2d(image, weights):
    return jnp.sum(
        lax.conv_general_dilated(image, weights, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC"))
    )


def durbin(r):
    n = r.size
    index = jnp.arange(n)

    def step(state, k):
        y, alpha, beta = state
        beta = beta * (1.0 - alpha * alpha)
        inside = index < k
        flipped = jnp.where(inside, y[(k - 1 - index) % n], 0.0)
        alpha = -(r[k] + jnp.dot(r, flipped)) / beta
        y = jnp.where(inside, y + alpha * flipped, y).at[k].set(alpha)
        return (y, alpha, beta), None

    first = jnp.zeros(n).at[0].set(-r[0])
    return jnp.sum(lax.scan(step, (first, -r[0], 1.0), jnp.arange(1, n))[0][0])


def heat_3d(a, b, steps):
    def mean(a):
        c = a[1:-1, 1:-1, 1:-1]
        near = a[2:, 1:-1, 1:-1] + a[:-2, 1:-1, 1:-1] + a[1:-1, 2:, 1:-1] + a[1:-1, :-2, 1:-1]
        return 0.25 * c + 0.125 * (near + a[1:-1, 1:-1, 2:] + a[1:-1, 1:-1, :-2])

    def step(state):
        a, b = state
        b = b.at[1:-1, 1:-1, 1:-1].set(mean(a))
        return a.at[1:-1, 1:-1, 1:-1].set(mean(b)), b

    return jnp.sum(repeat(steps - 1, step, (a, b))[0])


def fdtd_2d(ex, ey, hz, fict):
    def step(state, f):
        ex, ey, hz = state
        ey = ey.at[0].set(f).at[1:].add(-0.5 * (hz[1:] - hz[:-1]))
        ex = ex.at[:, 1:].add(-0.5 * (hz[:, 1:] - hz[:, :-1]))
        hz = hz.at[:-1, :-1].add(-0.7 * (ex[:-1, 1:] - ex[:-1, :-1] + ey[1:, :-1] - ey[:-1, :-1]))
        return (ex, ey, hz), None

    return jnp.sum(lax.scan(step, (ex, ey, hz), fict)[0][2])


def adi(u, steps):
    n = u.shape[0]
    across, along = 2.0 * n * n / steps, 1.0 * n * n / steps

    def solve(rhs, coefficient, diagonal):
        """Tridiagonal systems with a constant diagonal in the columns of the interior, ones at their ends."""

        def eliminate(state, r):
            p, q = state
            pivot = coefficient * p + diagonal
            state = (-coefficient / pivot, (r - coefficient * q) / pivot)
            return state, state

        _, (p, q) = lax.scan(eliminate, (0.0, jnp.ones(n - 2)), rhs)
        substitute = lambda right, pq: (pq[0] * right + pq[1],) * 2
        return lax.scan(substitute, jnp.ones(n - 2), (p, q), reverse=True)[1]

    def step(u):
        a, d = -across / 2.0, -along / 2.0
        rhs = -d * u[1:-1, :-2] + (1.0 + 2.0 * d) * u[1:-1, 1:-1] - d * u[1:-1, 2:]
        v = jnp.ones((n, n - 2)).at[1:-1].set(solve(rhs, a, 1.0 + across))
        rhs = -a * v[:-2] + (1.0 + 2.0 * a) * v[1:-1] - a * v[2:]
        u = u.at[1:-1, 0].set(1.0).at[1:-1, -1].set(1.0)
        return u.at[1:-1, 1:-1].set(solve(rhs.T, d, 1.0 + along).T)

    return jnp.sum(repeat(steps, step, u))


def vadv(stage, wind, wcon, pos, tens, dtr):
    mean = jnp.moveaxis(0.125 * (wcon[1:] + wcon[:-1]), 2, 0)
    x, y, z, w = (jnp.moveaxis(a, 2, 0) for a in (stage, wind, pos, tens))
    low = jnp.concatenate([jnp.zeros_like(mean[:1]), -mean[1:]])
    high = jnp.concatenate([mean[1:], jnp.zeros_like(mean[:1])])
    gap = jnp.pad(y[1:] - y[:-1], ((1, 1), (0, 0), (0, 0)))
    rhs = dtr * z + w + x + low * gap[:-1] - high * gap[1:]

    def eliminate(state, row):
        c, d = state
        low, high, rhs = row
        pivot = 1.0 / (dtr - low - high - c * low)
        state = (high * pivot, (rhs - d * low) * pivot)
        return state, state

    start = jnp.zeros(x.shape[1:])
    _, (c, d) = lax.scan(eliminate, (start, start), (low, high, rhs))
    _, data = lax.scan(lambda below, row: (row[1] - row[0] * below,) * 2, start, (c, d), reverse=True)
    return jnp.sum(dtr * (data - z))


def lu(a):
    """JAX's own factors are of a matrix with its rows exchanged, and those of the program are not: columns in turn."""
    n = a.shape[0]
    index = jnp.arange(n)

    def column(a, k):
        below = index > k
        factors = jnp.where(below, a[:, k] / a[k, k], 0.0)
        row = jnp.where(below, a[k], 0.0)
        return (a - jnp.outer(factors, row)).at[:, k].set(jnp.where(below, factors, a[:, k])), None

    return jnp.sum(lax.scan(column, a, index)[0])


def ludcmp(a, b):
    return jnp.sum(jnp.linalg.solve(a, b))


def gramschmidt(a):
    """The factors of NumPy's QR, with the signs that make the diagonal positive."""
    q, r = jnp.linalg.qr(a)
    sign = jnp.sign(jnp.diagonal(r))
    return jnp.sum(q * sign) + jnp.sum(r * sign[:, None])


def nbody_np(pos, vel, mass, dt, steps, soft):
    def step(state):
        pos, vel, acc = state
        vel = vel + 0.5 * dt * acc
        pos = pos + dt * vel
        acc = arrays.gravity(XP, pos, mass, soft)
        return pos, vel + 0.5 * dt * acc, acc

    return jnp.sum(repeat(steps, step, (pos, vel, arrays.gravity(XP, pos, mass, soft)))[0] ** 2)

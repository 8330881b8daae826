"""The programs' own loops, cell by cell, as a literal port to JAX has them: `fori_loop` and `.at[]`.

Trip counts are static, which reverse mode asks of `fori_loop`; where an inner loop's depends on an outer one's index, it runs to
the end and what is outside is masked.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jax.lax import cond, fori_loop
from jax.scipy.special import erf

from tests.bench.others import Gradient
from tests.bench.others.by_jax.kit import compiled


def gradient(name: str, args: tuple[Any, ...], argnums: tuple[int, ...]) -> Gradient | None:
    return compiled(globals().get(name), args, argnums)


def gemm_loops(alpha, beta, c, a, b):
    def row(i, c):
        c = fori_loop(0, c.shape[1], lambda j, c: c.at[i, j].multiply(beta), c)

        def term(k, c):
            return fori_loop(0, c.shape[1], lambda j, c: c.at[i, j].add(alpha * a[i, k] * b[k, j]), c)

        return fori_loop(0, a.shape[1], term, c)

    return jnp.sum(fori_loop(0, c.shape[0], row, c))


def trisolv(l, b):
    n = b.size

    def row(i, x):
        inside = jnp.where(jnp.arange(n) < i, l[i], 0.0)
        return x.at[i].set((b[i] - inside @ x) / l[i, i])

    return jnp.sum(fori_loop(0, n, row, jnp.zeros(n)))


def cholesky(a):
    n = a.shape[0]

    def masked_dot(a, i, j, k):
        return jnp.sum(jnp.where(jnp.arange(n) < k, a[i] * a[j], 0.0))

    def row(i, a):
        def left(j, a):
            return cond(j < i, lambda a: a.at[i, j].set((a[i, j] - masked_dot(a, i, j, j)) / a[j, j]), lambda a: a, a)

        a = fori_loop(0, n, left, a)
        return a.at[i, i].set(jnp.sqrt(a[i, i] - masked_dot(a, i, i, i)))

    return jnp.sum(fori_loop(0, n, row, a))


def seidel_2d(a, steps):
    n, m = a.shape

    def step(t, a):
        def row(i, a):
            near = a[i - 1, :-2] + a[i - 1, 1:-1] + a[i - 1, 2:] + a[i, 2:]
            a = a.at[i, 1:-1].add(near + a[i + 1, :-2] + a[i + 1, 1:-1] + a[i + 1, 2:])
            return fori_loop(1, m - 1, lambda j, a: a.at[i, j].set((a[i, j] + a[i, j - 1]) / 9.0), a)

        return fori_loop(1, n - 1, row, a)

    return jnp.sum(fori_loop(0, steps - 1, step, a))


def horner(x, n):
    def step(i, y):
        return cond(i % 3 == 0, lambda y: y * x + jnp.sin(y), lambda y: 0.5 * (y + x / (1.0 + y * y)), y)

    return fori_loop(0, n, step, 1.0)


def burgers(u, dt, steps):
    def step(k, u):
        return fori_loop(1, u.size, lambda i, v: v.at[i].set(u[i] - dt * u[i] * (u[i] - u[i - 1])), u)

    return jnp.sum(fori_loop(0, steps, step, u) ** 2)


def heat(u, alpha, steps):
    n, m = u.shape

    def step(k, u):
        def row(i, v):
            def cell(j, v):
                laplacian = u[i + 1, j] + u[i - 1, j] + u[i, j + 1] + u[i, j - 1] - 4.0 * u[i, j]
                return v.at[i, j].set(u[i, j] + alpha * laplacian)

            return fori_loop(1, m - 1, cell, v)

        return fori_loop(1, n - 1, row, u)

    return jnp.sum(fori_loop(0, steps, step, u) ** 2)


def nbody(position, velocity, mass, dt, steps):
    n = mass.size

    def forces(p):
        def one(i, out):
            def pair(j, out):
                gap = p[j] - p[i]
                r2 = 0.01 + jnp.sum(gap * gap)
                w = jnp.where(j > i, 1.0 / (r2 * jnp.sqrt(r2)), 0.0)
                return out.at[i].add(mass[j] * w * gap).at[j].add(-mass[i] * w * gap)

            return fori_loop(0, n, pair, out)

        return fori_loop(0, n, one, jnp.zeros(p.shape))

    def step(k, state):
        p, v, force = state
        v = v + 0.5 * dt * force
        p = p + dt * v
        force = forces(p)
        return p, v + 0.5 * dt * force, force

    return jnp.sum(fori_loop(0, steps, step, (position, velocity, forces(position)))[0] ** 2)


def black_scholes(spot, strike, rate, volatility, maturity):
    def option(i, total):
        root = volatility * jnp.sqrt(maturity[i])
        d1 = (jnp.log(spot / strike[i]) + (rate + 0.5 * volatility**2) * maturity[i]) / root
        n1 = 0.5 * (1.0 + erf(d1 / jnp.sqrt(2.0)))
        n2 = 0.5 * (1.0 + erf((d1 - root) / jnp.sqrt(2.0)))
        return total + spot * n1 - strike[i] * jnp.exp(-rate * maturity[i]) * n2

    return fori_loop(0, strike.size, option, 0.0)


def soft_dtw(a, b, gamma):
    n, m = a.shape[0], b.shape[0]

    def row(i, R):
        def cell(j, R):
            cost = jnp.sum((a[i - 1] - b[j - 1]) ** 2)
            x, y, z = -R[i - 1, j - 1] / gamma, -R[i - 1, j] / gamma, -R[i, j - 1] / gamma
            top = jnp.maximum(jnp.maximum(x, y), z)
            soft = jnp.log(jnp.exp(x - top) + jnp.exp(y - top) + jnp.exp(z - top)) + top
            return R.at[i, j].set(cost - gamma * soft)

        return fori_loop(1, m + 1, cell, R)

    return fori_loop(1, n + 1, row, jnp.full((n + 1, m + 1), 1e10).at[0, 0].set(0.0))[n, m]


def asian_call(spot, strike, rate, volatility, maturity, normal):
    paths, steps = normal.shape
    dt = maturity / steps
    drift = (rate - 0.5 * volatility**2) * dt
    spread = volatility * jnp.sqrt(dt)

    def path(p, total):
        def step(t, state):
            price, mean = state
            price = price * jnp.exp(drift + spread * normal[p, t])
            return price, mean + price

        mean = fori_loop(0, steps, step, (spot, 0.0))[1] / steps
        return total + jnp.maximum(mean - strike, 0.0)

    return jnp.exp(-rate * maturity) * fori_loop(0, paths, path, 0.0) / paths

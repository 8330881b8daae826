"""The programs as one writes them for JAX to be fast: whole arrays, `scan`, its own solvers."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import lax

jax.config.update("jax_enable_x64", True)

#: Programs of a symmetric matrix, whose gradient JAX spreads over both triangles.
SYMMETRIC = frozenset({"cholesky"})


def _steps(count, body, start):  # type: ignore[no-untyped-def]
    return lax.scan(lambda carry, _: (body(carry), None), start, None, length=count)[0]


def jacobi_1d(a, b, steps):
    def step(state):
        a, b = state
        b = b.at[1:-1].set(0.33333 * (a[:-2] + a[1:-1] + a[2:]))
        return a.at[1:-1].set(0.33333 * (b[:-2] + b[1:-1] + b[2:])), b

    return jnp.sum(_steps(steps - 1, step, (a, b))[0])


def jacobi_2d(a, b, steps):
    def mean(a):
        return 0.2 * (a[1:-1, 1:-1] + a[1:-1, :-2] + a[1:-1, 2:] + a[2:, 1:-1] + a[:-2, 1:-1])

    def step(state):
        a, b = state
        b = b.at[1:-1, 1:-1].set(mean(a))
        return a.at[1:-1, 1:-1].set(mean(b)), b

    return jnp.sum(_steps(steps - 1, step, (a, b))[0])


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

    return jnp.sum(_steps(steps - 1, step, a))


def gemm(alpha, beta, c, a, b):
    return jnp.sum(alpha * a @ b + beta * c)


gemm_loops = gemm


def atax(a, x):
    return jnp.sum((a @ x) @ a)


def softmax(x):
    return jnp.sum(jax.nn.softmax(x, axis=-1) ** 2)


def conv2d(image, weights):
    return jnp.sum(
        lax.conv_general_dilated(image, weights, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC"))
    )


def syrk(alpha, beta, c, a):
    lower = jnp.tril(jnp.ones(c.shape))
    return jnp.sum(jnp.where(lower > 0.0, alpha * a @ a.T + beta * c, c))


def trisolv(l, b):
    return jnp.sum(jax.scipy.linalg.solve_triangular(l, b, lower=True))


def cholesky(a):
    factor = jnp.linalg.cholesky(a, symmetrize_input=False)
    return jnp.sum(jnp.tril(factor)) + jnp.sum(jnp.triu(a, 1))


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


def hdiff(field, coeff):
    I, J = coeff.shape[:2]
    lap = 4.0 * field[1 : I + 3, 1 : J + 3] - (
        field[2 : I + 4, 1 : J + 3]
        + field[: I + 2, 1 : J + 3]
        + field[1 : I + 3, 2 : J + 4]
        + field[1 : I + 3, : J + 2]
    )
    x = lap[1:, 1 : J + 1] - lap[: I + 1, 1 : J + 1]
    x = jnp.where(x * (field[2 : I + 3, 2 : J + 2] - field[1 : I + 2, 2 : J + 2]) > 0.0, 0.0, x)
    y = lap[1 : I + 1, 1:] - lap[1 : I + 1, : J + 1]
    y = jnp.where(y * (field[2 : I + 2, 2 : J + 3] - field[2 : I + 2, 1 : J + 2]) > 0.0, 0.0, y)
    return jnp.sum(field[2 : I + 2, 2 : J + 2] - coeff * (x[1:] - x[:-1] + y[:, 1:] - y[:, :-1]))


def go_fast(a):
    return jnp.sum(a + jnp.sum(jnp.tanh(jnp.diagonal(a))))


def nbody(position, velocity, mass, dt, steps):
    def force(p):
        gap = p[None, :, :] - p[:, None, :]
        r2 = 0.01 + jnp.sum(gap * gap, axis=-1)
        return jnp.einsum("ijd,ij,j->id", gap, r2**-1.5, mass)

    def step(state):
        p, v, f = state
        v = v + 0.5 * dt * f
        p = p + dt * v
        f = force(p)
        return p, v + 0.5 * dt * f, f

    return jnp.sum(_steps(steps, step, (position, velocity, force(position)))[0] ** 2)


def gmm_full(alphas, means, factors, x, gamma):
    k, d = means.shape
    columns, rows = jnp.triu_indices(d, 1)
    lower = jnp.zeros((k, d, d)).at[:, rows, columns].set(factors[:, d:])
    lower = lower + jax.vmap(jnp.diag)(jnp.exp(factors[:, :d]))
    q = jnp.einsum("kij,nkj->nki", lower, x[:, None, :] - means)
    main = alphas + jnp.sum(factors[:, :d], axis=1) - 0.5 * jnp.sum(q * q, axis=-1)
    prior = 0.5 * gamma**2 * (jnp.sum(jnp.exp(2.0 * factors[:, :d])) + jnp.sum(factors[:, d:] ** 2))
    whole = jnp.sum(jax.nn.logsumexp(main, axis=1))
    return whole - x.shape[0] * jax.nn.logsumexp(alphas) + prior


def bundle(cams, points, weights, observed, feats):
    def residual(cam, point, w, feat):
        r, x = cam[:3], point - cam[3:6]
        angle = jnp.sqrt(jnp.sum(r * r))
        a = r / angle
        x = x * jnp.cos(angle) + jnp.cross(a, x) * jnp.sin(angle) + a * jnp.dot(a, x) * (1.0 - jnp.cos(angle))
        u = x[:2] / x[2]
        r2 = jnp.sum(u * u)
        e = w * (cam[6] * u * (1.0 + cam[9] * r2 + cam[10] * r2 * r2) + cam[7:9] - feat)
        return 0.5 * (jnp.sum(e * e) + (1.0 - w * w) ** 2)

    return jnp.sum(jax.vmap(residual)(cams[observed[:, 0]], points[observed[:, 1]], weights, feats))


def lstm_layers(main, extra, state, sequence):
    b = state.shape[1]
    layers = main.shape[0] // 2

    def step(state, given):
        x, gold = given
        x = x * extra[0]
        new = []
        for l in range(layers):
            w, bias, hidden, cell = main[2 * l], main[2 * l + 1], state[2 * l], state[2 * l + 1]
            forget = jax.nn.sigmoid(x * w[:b] + bias[:b])
            write = jax.nn.sigmoid(hidden * w[b : 2 * b] + bias[b : 2 * b])
            read = jax.nn.sigmoid(x * w[2 * b : 3 * b] + bias[2 * b : 3 * b])
            cell = cell * forget + write * jnp.tanh(hidden * w[3 * b :] + bias[3 * b :])
            x = read * jnp.tanh(cell)
            new += [x, cell]
        y = x * extra[1] + extra[2]
        return jnp.stack(new), jnp.sum(gold * (y - jnp.log(jnp.sum(jnp.exp(y)) + 2.0)))

    _, terms = lax.scan(step, state, (sequence[:-1], sequence[1:]))
    return -jnp.sum(terms) / ((sequence.shape[0] - 1) * b)


def logistic(w, X, t, ridge):
    z = X @ w
    loss = jnp.mean(jnp.logaddexp(0.0, z) - t * z)
    return loss + 0.5 * ridge * jnp.sum(w * w)


def black_scholes(spot, strike, rate, volatility, maturity):
    root = volatility * jnp.sqrt(maturity)
    d1 = (jnp.log(spot / strike) + (rate + 0.5 * volatility**2) * maturity) / root
    cdf = jax.scipy.stats.norm.cdf
    return jnp.sum(spot * cdf(d1) - strike * jnp.exp(-rate * maturity) * cdf(d1 - root))


def burgers(u0, dt, steps):
    def step(u):
        return u.at[1:].set(u[1:] - dt * u[1:] * (u[1:] - u[:-1]))

    return jnp.sum(_steps(steps, step, u0) ** 2)


def heat(u0, alpha, steps):
    def step(u):
        c = u[1:-1, 1:-1]
        return u.at[1:-1, 1:-1].set(c + alpha * (u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2] - 4.0 * c))

    return jnp.sum(_steps(steps, step, u0) ** 2)

"""ADBench's objectives and the users' programs for JAX: `scan` over time, maps over cells."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import lax

from tests.bench.others import arrays
from tests.bench.others.by_jax.kit import XP, repeat


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

    return jnp.sum(repeat(steps, step, (position, velocity, force(position)))[0] ** 2)


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


def burgers(u0, dt, steps):
    def step(u):
        return u.at[1:].set(u[1:] - dt * u[1:] * (u[1:] - u[:-1]))

    return jnp.sum(repeat(steps, step, u0) ** 2)


def heat(u0, alpha, steps):
    def step(u):
        c = u[1:-1, 1:-1]
        return u.at[1:-1, 1:-1].set(c + alpha * (u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2] - 4.0 * c))

    return jnp.sum(repeat(steps, step, u0) ** 2)


def horner(x, n):
    def step(y, i):
        return lax.cond(i % 3 == 0, lambda y: y * x + jnp.sin(y), lambda y: 0.5 * (y + x / (1.0 + y * y)), y), None

    return lax.scan(step, 1.0, jnp.arange(n))[0]


def lorenz(sigma, rho, beta, dt, steps):
    """Of numbers: arrays of three are many times slower."""

    def rhs(x, y, z):
        return sigma * (y - x), x * (rho - z) - y, x * y - beta * z

    def moved(state, h, slope):
        return tuple(s + h * k for s, k in zip(state, slope, strict=True))

    def step(state, _):
        k1 = rhs(*state)
        k2 = rhs(*moved(state, 0.5 * dt, k1))
        k3 = rhs(*moved(state, 0.5 * dt, k2))
        k4 = rhs(*moved(state, dt, k3))
        mean = [(a + 2.0 * b + 2.0 * c + d) / 6.0 for a, b, c, d in zip(k1, k2, k3, k4, strict=True)]
        state = moved(state, dt, mean)
        return state, state[2]

    return jnp.mean(lax.scan(step, (1.0, 1.0, 20.0), None, length=steps)[1])


def kepler(eccentricity, anomalies):
    """Newton's method to its end without derivatives, and one step more with them, which has them exactly."""

    def step(angle, e):
        return angle - (angle - e * jnp.sin(angle) - anomalies) / (1.0 - e * jnp.cos(angle))

    def body(state):
        angle, _, trips = state
        new = step(angle, fixed)
        return new, jnp.max(jnp.abs(new - angle)), trips + 1

    fixed = lax.stop_gradient(eccentricity)
    start = (anomalies, jnp.inf, 0)
    angle = lax.while_loop(lambda state: (state[1] >= 1e-12) & (state[2] < 50), body, start)[0]
    return jnp.sum(jnp.cos(step(lax.stop_gradient(angle), eccentricity)) - eccentricity)


def lstm(W, b, X):
    n = b.shape[0] // 4

    def step(state, given):
        x, gold = given
        h, c = arrays.lstm_step(XP, W, b, x, *state)
        return (h, c), jnp.sum((h - gold) ** 2)

    return jnp.sum(lax.scan(step, (jnp.zeros(n), jnp.zeros(n)), (X[:-1], X[1:]))[1])


def rk4(y, rate, matrix, h, steps):
    return jnp.sum(repeat(steps, lambda y: arrays.rk4_step(y, rate, matrix, h), y) ** 2)


def implicit_euler(y, logs, h, steps):
    """The derivative of the step's solution by the implicit function: one Newton step with derivatives after the last."""
    k = jnp.exp(logs)

    def rhs(y, k):
        slow, fast, both = k[0] * y[0], k[1] * y[1] * y[1], k[2] * y[1] * y[2]
        return jnp.stack([-slow + both, slow - both - fast, fast])

    def newton(new, y, k):
        jac = jnp.eye(3) - h * jax.jacfwd(rhs)(new, k)
        return new - jnp.linalg.solve(lax.stop_gradient(jac), new - y - h * rhs(new, k))

    def step(y):
        fixed = lax.stop_gradient((y, k))

        def body(state):
            new, _, trips = state
            better = newton(new, *fixed)
            return better, jnp.max(jnp.abs(better - new)), trips + 1

        new = lax.while_loop(lambda s: (s[1] >= 1e-12) & (s[2] < 20), body, (fixed[0], jnp.inf, 0))[0]
        return newton(lax.stop_gradient(new), y, k)

    return jnp.sum(repeat(steps, step, y) * jnp.array([1.0, 1e4, 2.0]))


def brusselator(u, v, a, b, alpha, h, steps):
    u, v = repeat(steps, lambda state: arrays.brusselator_step(XP, *state, a, b, alpha, h), (u, v))
    return jnp.sum(u * v)


def hmc_leapfrog(q0, p0, eps, X, t, steps):
    def step(state):
        q, p = state
        q = q + eps * p
        return q, p - eps * arrays.slope(XP, q, X, t)

    q, p = repeat(steps - 1, step, (q0, p0 - 0.5 * eps * arrays.slope(XP, q0, X, t)))
    q = q + eps * p
    p = p - 0.5 * eps * arrays.slope(XP, q, X, t)
    return jnp.sum((q - q0) ** 2) + jnp.sum(p * p)


def kalman(F, H, Q, R, z):
    def step(state, z):
        x, P, term = arrays.kalman_step(XP, F, H, Q, R, z, *state)
        return (x, P), term

    n = F.shape[0]
    return -jnp.sum(lax.scan(step, (jnp.zeros(n), jnp.eye(n)), z)[1])


def soft_dtw(a, b, gamma):
    """By antidiagonals, whose cells do not need each other."""
    n, m = a.shape[0], b.shape[0]
    cost = jnp.sum((a[:, None] - b) ** 2, axis=-1)
    rows = jnp.arange(n + 1)

    def diagonal(state, k):
        before, last = state  # R[i, k - 2 - i] and R[i, k - 1 - i]
        j = k - rows
        up, corner = jnp.roll(last, 1), jnp.roll(before, 1)
        near = -jnp.stack([corner, up, last]) / gamma
        new = cost[rows - 1, (j - 1) % m] - gamma * jax.nn.logsumexp(near, axis=0)
        inside = (rows >= 1) & (j >= 1) & (j <= m)
        return (last, jnp.where(inside, new, 1e10)), None

    empty = jnp.full(n + 1, 1e10)
    (_, last), _ = lax.scan(diagonal, (empty.at[0].set(0.0), empty), jnp.arange(2, n + m + 1))
    return last[n]


def hand_tracking(theta, us, parents, relatives, inverses, base, weights, triangles, seen, points):
    c, s = jnp.cos, jnp.sin
    x = jnp.zeros(20).at[jnp.array([0, 1, 2] * 5) + 4 * jnp.repeat(jnp.arange(5), 3)]
    flexions = theta[6:].reshape(5, 4)
    x = x.set(flexions[:, jnp.array([0, 2, 3])].ravel())
    y = jnp.zeros(20).at[4 * jnp.arange(5)].set(flexions[:, 1])
    zero = jnp.zeros(20)
    local = jnp.stack([
        jnp.stack([c(y), s(y) * s(x), s(y) * c(x), zero], -1),
        jnp.stack([zero, c(x), -s(x), zero], -1),
        jnp.stack([-s(y), c(y) * s(x), c(y) * c(x), zero], -1),
        jnp.stack([zero, zero, zero, zero + 1.0], -1),
    ], axis=1)  # fmt: skip
    relative = jnp.concatenate([relatives[:2], relatives[2:] @ local])
    absolutes = [relative[0], relative[0] @ relative[1]]
    chain = absolutes[1]
    fingers = relative[2:].reshape(5, 4, 4, 4)
    joints = []
    for joint in range(4):
        chain = chain @ fingers[:, joint]
        joints.append(chain)
    absolutes = jnp.concatenate([jnp.stack(absolutes), jnp.stack(joints, 1).reshape(20, 4, 4)])
    vertices = jnp.einsum("bij,jv,bv->iv", (absolutes @ inverses)[:, :3], base, weights)
    r = theta[:3]
    angle = jnp.sqrt(jnp.sum(r * r))
    a = r / angle
    cross = jnp.array([[0.0, -a[2], a[1]], [a[2], 0.0, -a[0]], [-a[1], a[0], 0.0]])
    whole = jnp.eye(3) + s(angle) * cross + (1.0 - c(angle)) * (cross @ cross)
    vertices = whole @ vertices + theta[3:6, None]
    corners = vertices[:, triangles[seen]]
    there = corners[:, :, 0] * us[:, 0] + corners[:, :, 1] * us[:, 1] + corners[:, :, 2] * (1.0 - us[:, 0] - us[:, 1])
    return 0.5 * jnp.sum((points - there) ** 2)


def asian_call(spot, strike, rate, volatility, maturity, normal):
    """All paths at once, step by step: JAX's `cumsum` is slower than that."""
    paths, steps = normal.shape
    dt = maturity / steps

    def step(state, z):
        price, total = state
        price = price * jnp.exp((rate - 0.5 * volatility**2) * dt + volatility * jnp.sqrt(dt) * z)
        return (price, total + price), None

    total = lax.scan(step, (jnp.full(paths, spot), jnp.zeros(paths)), normal.T)[0][1]
    return jnp.exp(-rate * maturity) * jnp.mean(jax.nn.relu(total / steps - strike))

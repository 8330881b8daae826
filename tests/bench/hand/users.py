"""Adjoints of programs of the kinds people write."""

from __future__ import annotations

import math

import numpy as np

from tests.bench.kit import compiled


@compiled
def _forces(position, mass, force):
    force[:] = 0.0
    for i in range(position.shape[0]):
        for j in range(i + 1, position.shape[0]):
            x, y, z = position[j, 0] - position[i, 0], position[j, 1] - position[i, 1], position[j, 2] - position[i, 2]
            r2 = 0.01 + x * x + y * y + z * z
            w = 1.0 / (r2 * np.sqrt(r2))
            a, b = mass[j] * w, mass[i] * w
            force[i, 0] += a * x
            force[i, 1] += a * y
            force[i, 2] += a * z
            force[j, 0] -= b * x
            force[j, 1] -= b * y
            force[j, 2] -= b * z


@compiled
def _forces_bar(position, mass, force_bar, position_bar):
    for i in range(position.shape[0]):
        for j in range(i + 1, position.shape[0]):
            x, y, z = position[j, 0] - position[i, 0], position[j, 1] - position[i, 1], position[j, 2] - position[i, 2]
            r2 = 0.01 + x * x + y * y + z * z
            w = 1.0 / (r2 * np.sqrt(r2))
            gx = mass[j] * force_bar[i, 0] - mass[i] * force_bar[j, 0]
            gy = mass[j] * force_bar[i, 1] - mass[i] * force_bar[j, 1]
            gz = mass[j] * force_bar[i, 2] - mass[i] * force_bar[j, 2]
            h = -3.0 * w / r2 * (gx * x + gy * y + gz * z)
            x, y, z = w * gx + h * x, w * gy + h * y, w * gz + h * z
            position_bar[j, 0] += x
            position_bar[j, 1] += y
            position_bar[j, 2] += z
            position_bar[i, 0] -= x
            position_bar[i, 1] -= y
            position_bar[i, 2] -= z


@compiled
def nbody(position0, velocity0, mass, dt, steps):
    n = position0.shape[0]
    path = np.empty((steps + 1, n, 3))
    path[0] = position0
    velocity = velocity0.copy()
    force = np.empty((n, 3))
    _forces(path[0], mass, force)
    for k in range(steps):
        for i in range(n):
            for d in range(3):
                velocity[i, d] += 0.5 * dt * force[i, d]
                path[k + 1, i, d] = path[k, i, d] + dt * velocity[i, d]
        _forces(path[k + 1], mass, force)
        for i in range(n):
            for d in range(3):
                velocity[i, d] += 0.5 * dt * force[i, d]
    position_bar = 2.0 * path[steps]
    velocity_bar = np.zeros((n, 3))
    force_bar = np.zeros((n, 3))
    for k in range(steps - 1, -1, -1):
        for i in range(n):
            for d in range(3):
                force_bar[i, d] += 0.5 * dt * velocity_bar[i, d]
        _forces_bar(path[k + 1], mass, force_bar, position_bar)
        for i in range(n):
            for d in range(3):
                velocity_bar[i, d] += dt * position_bar[i, d]
                force_bar[i, d] = 0.5 * dt * velocity_bar[i, d]
    _forces_bar(path[0], mass, force_bar, position_bar)
    return position_bar, velocity_bar


@compiled
def horner(x, n):
    tape = np.empty(n)
    y = 1.0
    for i in range(n):
        tape[i] = y
        if i % 3 == 0:
            y = y * x + np.sin(y)
        else:
            y = 0.5 * (y + x / (1.0 + y * y))
    x_bar = 0.0
    y_bar = 1.0
    for i in range(n - 1, -1, -1):
        y = tape[i]
        if i % 3 == 0:
            x_bar += y_bar * y
            y_bar *= x + np.cos(y)
        else:
            d = 1.0 / (1.0 + y * y)
            x_bar += 0.5 * y_bar * d
            y_bar *= 0.5 - x * y * d * d
    return (x_bar,)


@compiled
def burgers(u0, dt, steps):
    n = u0.size
    path = np.empty((steps + 1, n))
    u = path[0]
    v = u0.copy()
    u[:] = u0
    for k in range(steps):
        v = path[k + 1]
        v[0] = u0[0]
        for i in range(1, n):
            v[i] = u[i] - dt * u[i] * (u[i] - u[i - 1])
        u = v
    u_bar = 2.0 * path[steps]
    new = np.empty(n)
    first = 0.0
    for k in range(steps - 1, -1, -1):
        u = path[k]
        first += u_bar[0]
        u_bar[0] = 0.0
        for i in range(n - 1):
            new[i] = u_bar[i] * (1.0 - dt * (2.0 * u[i] - u[i - 1])) + u_bar[i + 1] * dt * u[i + 1]
        new[n - 1] = u_bar[n - 1] * (1.0 - dt * (2.0 * u[n - 1] - u[n - 2]))
        u_bar, new = new, u_bar
    u_bar[0] += first
    return (u_bar,)


@compiled
def black_scholes(spot, strike, rate, volatility, maturity):
    total = 0.0
    spot_bar = 0.0
    rate_bar = 0.0
    volatility_bar = 0.0
    for i in range(strike.size):
        t = maturity[i]
        s = math.sqrt(t)
        root = volatility * s
        d1 = (math.log(spot / strike[i]) + (rate + 0.5 * volatility**2) * t) / root
        d2 = d1 - root
        n1 = 0.5 * (1.0 + math.erf(d1 / math.sqrt(2.0)))
        n2 = 0.5 * (1.0 + math.erf(d2 / math.sqrt(2.0)))
        cash = strike[i] * math.exp(-rate * t)
        total += spot * n1 - cash * n2
        spot_bar += n1
        rate_bar += cash * n2 * t
        volatility_bar += spot * math.exp(-0.5 * d1 * d1) * 0.3989422804014327 * s
    return spot_bar, rate_bar, volatility_bar


@compiled
def gmm(alphas, means, logs, points):
    k, d = means.shape
    scales = np.exp(logs)
    base = alphas.copy()
    for c in range(k):
        base[c] += np.sum(logs[c])
    alphas_bar, means_bar, logs_bar = np.zeros(k), np.zeros((k, d)), np.zeros((k, d))
    z = np.empty((k, d))
    terms = np.empty(k)
    for i in range(points.shape[0]):
        for c in range(k):
            q = 0.0
            for j in range(d):
                z[c, j] = (points[i, j] - means[c, j]) * scales[c, j]
                q += z[c, j] * z[c, j]
            terms[c] = base[c] - 0.5 * q
        top = np.max(terms)
        s = 0.0
        for c in range(k):
            terms[c] = np.exp(terms[c] - top)
            s += terms[c]
        for c in range(k):
            w = terms[c] / s
            alphas_bar[c] += w
            for j in range(d):
                means_bar[c, j] += w * z[c, j] * scales[c, j]
                logs_bar[c, j] += w * (1.0 - z[c, j] * z[c, j])
    e = np.exp(alphas)
    return alphas_bar - points.shape[0] * e / np.sum(e), means_bar, logs_bar


@compiled
def lstm(W, b, X):
    n, steps = b.size // 4, X.shape[0] - 1
    inputs = np.zeros((steps + 1, 2 * n))  # the state before, and what is read
    cells = np.zeros((steps + 1, n))
    gates = np.empty((steps, 4, n))
    for t in range(steps):
        inputs[t, n:] = X[t]
        z = W @ inputs[t]
        for i in range(n):
            forget = 1.0 / (1.0 + np.exp(-z[i] - b[i]))
            write = 1.0 / (1.0 + np.exp(-z[n + i] - b[n + i]))
            read = 1.0 / (1.0 + np.exp(-z[2 * n + i] - b[2 * n + i]))
            change = np.tanh(z[3 * n + i] + b[3 * n + i])
            g = gates[t]
            g[0, i], g[1, i], g[2, i], g[3, i] = forget, write, read, change
            cells[t + 1, i] = forget * cells[t, i] + write * change
            inputs[t + 1, i] = read * np.tanh(cells[t + 1, i])
    bars = np.empty((steps, 4 * n))
    b_bar = np.zeros(4 * n)
    h_bar, c_bar = np.zeros(2 * n), np.zeros(n)
    for t in range(steps - 1, -1, -1):
        z = bars[t]
        for i in range(n):
            forget, write, read, change = gates[t, 0, i], gates[t, 1, i], gates[t, 2, i], gates[t, 3, i]
            h = h_bar[i] + 2.0 * (inputs[t + 1, i] - X[t + 1, i])
            top = np.tanh(cells[t + 1, i])
            c = c_bar[i] + h * read * (1.0 - top * top)
            z[i] = c * cells[t, i] * forget * (1.0 - forget)
            z[n + i] = c * change * write * (1.0 - write)
            z[2 * n + i] = h * top * read * (1.0 - read)
            z[3 * n + i] = c * write * (1.0 - change * change)
            c_bar[i] = c * forget
        b_bar += z
        h_bar = z @ W
    return bars.T @ inputs[:steps], b_bar

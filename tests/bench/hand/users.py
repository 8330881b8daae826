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

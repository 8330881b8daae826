"""Adjoints of equations of motion: the path is kept, and walked back."""

from __future__ import annotations

import numpy as np

from tests.bench.kit import compiled


@compiled
def _spread(w, i, j, up, down, left, right):
    return w[up, j] + w[down, j] + w[i, left] + w[i, right] - 4.0 * w[i, j]


@compiled
def brusselator(u0, v0, a, b, alpha, h, steps):
    n = u0.shape[0]
    us = np.empty((steps + 1, n, n))
    vs = np.empty((steps + 1, n, n))
    us[0], vs[0] = u0, v0
    for t in range(steps):
        u, v = us[t], vs[t]
        u_new, v_new = us[t + 1], vs[t + 1]
        for i in range(n):
            up = i - 1 if i > 0 else n - 1
            down = i + 1 if i < n - 1 else 0
            for j in range(n):
                left = j - 1 if j > 0 else n - 1
                right = j + 1 if j < n - 1 else 0
                x, y = u[i, j], v[i, j]
                react = x * x * y
                u_new[i, j] = x + h * (b + react - (a + 1.0) * x + alpha * _spread(u, i, j, up, down, left, right))
                v_new[i, j] = y + h * (a * x - react + alpha * _spread(v, i, j, up, down, left, right))
    g, f = vs[steps].copy(), us[steps].copy()
    g_new, f_new = np.empty((n, n)), np.empty((n, n))
    a_bar = b_bar = alpha_bar = 0.0
    for t in range(steps - 1, -1, -1):
        u, v = us[t], vs[t]
        for i in range(n):
            up = i - 1 if i > 0 else n - 1
            down = i + 1 if i < n - 1 else 0
            for j in range(n):
                left = j - 1 if j > 0 else n - 1
                right = j + 1 if j < n - 1 else 0
                x, y = u[i, j], v[i, j]
                p, q = h * g[i, j], h * f[i, j]
                spread_g = _spread(g, i, j, up, down, left, right)
                spread_f = _spread(f, i, j, up, down, left, right)
                gap = p - q
                a_bar -= x * gap
                b_bar += p
                alpha_bar += h * (x * spread_g + y * spread_f)
                g_new[i, j] = g[i, j] + gap * (2.0 * x * y - a) - p + h * alpha * spread_g
                f_new[i, j] = f[i, j] + gap * x * x + h * alpha * spread_f
        g, g_new = g_new, g
        f, f_new = f_new, f
    return g, f, a_bar, b_bar, alpha_bar


@compiled
def rk4(y0, rate, matrix, h, steps):
    n = y0.size
    stages = np.empty((steps, 4, n))  # where the right-hand side is evaluated
    slopes = np.empty((4, n))
    y = y0.copy()
    for t in range(steps):
        for s in range(4):
            at = stages[t, s]
            c = 0.0 if s == 0 else h if s == 3 else 0.5 * h
            for i in range(n):
                at[i] = y[i] + c * slopes[s - 1, i] if s > 0 else y[i]
            for i in range(n):
                z = rate[i]
                for j in range(n):
                    z += matrix[i, j] * at[j]
                slopes[s, i] = at[i] * z
        for i in range(n):
            y[i] += h / 6.0 * (slopes[0, i] + 2.0 * slopes[1, i] + 2.0 * slopes[2, i] + slopes[3, i])
    y_bar = 2.0 * y
    rate_bar = np.zeros(n)
    matrix_bar = np.zeros((n, n))
    new = np.empty(n)
    back = np.empty(n)
    for t in range(steps - 1, -1, -1):
        for i in range(n):
            new[i] = y_bar[i]
            back[i] = 0.0
        for s in range(3, -1, -1):
            at = stages[t, s]
            weight = h / 6.0 if s == 0 or s == 3 else h / 3.0
            c = h if s == 2 else 0.5 * h  # of this slope in the next stage
            for i in range(n):
                slopes[0, i] = weight * y_bar[i] + c * back[i] if s < 3 else weight * y_bar[i]
            for i in range(n):
                back[i] = 0.0
            for i in range(n):
                z = rate[i]
                w = slopes[0, i] * at[i]
                rate_bar[i] += w
                for j in range(n):
                    z += matrix[i, j] * at[j]
                    matrix_bar[i, j] += w * at[j]
                    back[j] += w * matrix[i, j]
                back[i] += slopes[0, i] * z
            for i in range(n):
                new[i] += back[i]
        for i in range(n):
            y_bar[i] = new[i]
    return y_bar, rate_bar, matrix_bar


@compiled
def hmc_leapfrog(q0, p0, eps, X, t, steps):
    n = q0.size
    qs = np.empty((steps + 1, n))  # where the slope is taken
    ps = np.empty((steps, n))  # the momenta that move q
    weights = np.empty((steps + 1, X.shape[0]))
    slopes = np.empty((steps + 1, n))
    qs[0] = q0
    p = p0
    for k in range(steps + 1):
        z = X @ qs[k]
        for i in range(z.size):
            s = 1.0 / (1.0 + np.exp(-z[i]))
            weights[k, i] = s * (1.0 - s)
            z[i] = s - t[i]
        slopes[k] = z @ X + qs[k]
        p = p - (0.5 * eps if k == 0 or k == steps else eps) * slopes[k]
        if k < steps:
            ps[k] = p
            qs[k + 1] = qs[k] + eps * p
    p_bar = 2.0 * p
    q_bar = 2.0 * (qs[steps] - q0)
    q0_bar = -q_bar
    eps_bar = 0.0
    for k in range(steps, -1, -1):
        half = 0.5 if k == 0 or k == steps else 1.0
        eps_bar -= half * np.dot(p_bar, slopes[k])
        z = X @ p_bar
        for i in range(z.size):
            z[i] *= weights[k, i]
        q_bar = q_bar - half * eps * (z @ X + p_bar)
        if k > 0:
            p_bar = p_bar + eps * q_bar
            eps_bar += np.dot(q_bar, ps[k - 1])
    return q_bar + q0_bar, p_bar, eps_bar


@compiled
def lorenz(sigma, rho, beta, dt, steps):
    path = np.empty((steps + 1, 3))
    x, y, z = 1.0, 1.0, 20.0
    h = 0.5 * dt
    for k in range(steps):
        path[k, 0], path[k, 1], path[k, 2] = x, y, z
        a1, b1, c1 = _rhs(x, y, z, sigma, rho, beta)
        a2, b2, c2 = _rhs(x + h * a1, y + h * b1, z + h * c1, sigma, rho, beta)
        a3, b3, c3 = _rhs(x + h * a2, y + h * b2, z + h * c2, sigma, rho, beta)
        a4, b4, c4 = _rhs(x + dt * a3, y + dt * b3, z + dt * c3, sigma, rho, beta)
        x += dt / 6.0 * (a1 + 2.0 * a2 + 2.0 * a3 + a4)
        y += dt / 6.0 * (b1 + 2.0 * b2 + 2.0 * b3 + b4)
        z += dt / 6.0 * (c1 + 2.0 * c2 + 2.0 * c3 + c4)
    p = q = r = 0.0
    s_bar = r_bar = b_bar = 0.0
    share = 1.0 / steps
    for k in range(steps - 1, -1, -1):
        x, y, z = path[k, 0], path[k, 1], path[k, 2]
        a1, b1, c1 = _rhs(x, y, z, sigma, rho, beta)
        x2, y2, z2 = x + h * a1, y + h * b1, z + h * c1
        a2, b2, c2 = _rhs(x2, y2, z2, sigma, rho, beta)
        x3, y3, z3 = x + h * a2, y + h * b2, z + h * c2
        a3, b3, c3 = _rhs(x3, y3, z3, sigma, rho, beta)
        x4, y4, z4 = x + dt * a3, y + dt * b3, z + dt * c3
        r += share
        w = dt / 6.0
        k4, s4, r4, b4 = _rhs_bar(x4, y4, z4, w * p, w * q, w * r, sigma, rho, beta)
        k3, s3, r3, b3 = _rhs_bar(
            x3, y3, z3, 2.0 * w * p + dt * k4[0], 2.0 * w * q + dt * k4[1], 2.0 * w * r + dt * k4[2], sigma, rho, beta
        )
        k2, s2, r2, b2 = _rhs_bar(
            x2, y2, z2, 2.0 * w * p + h * k3[0], 2.0 * w * q + h * k3[1], 2.0 * w * r + h * k3[2], sigma, rho, beta
        )
        k1, s1, r1, b1 = _rhs_bar(x, y, z, w * p + h * k2[0], w * q + h * k2[1], w * r + h * k2[2], sigma, rho, beta)
        p += k1[0] + k2[0] + k3[0] + k4[0]
        q += k1[1] + k2[1] + k3[1] + k4[1]
        r += k1[2] + k2[2] + k3[2] + k4[2]
        s_bar += s1 + s2 + s3 + s4
        r_bar += r1 + r2 + r3 + r4
        b_bar += b1 + b2 + b3 + b4
    return s_bar, r_bar, b_bar


@compiled
def _rhs(x, y, z, sigma, rho, beta):
    return sigma * (y - x), x * (rho - z) - y, x * y - beta * z


@compiled
def _rhs_bar(x, y, z, p, q, r, sigma, rho, beta):
    state = (q * (rho - z) + r * y - sigma * p, sigma * p - q + r * x, -q * x - beta * r)
    return state, p * (y - x), q * x, -r * z

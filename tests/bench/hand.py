"""Adjoints written by hand in plain Numba: the yardstick. Each takes its program's arguments and gives the gradients.

They are what a person who knows reverse mode and Numba writes: one pass where one serves, gather where it is easy, products by
BLAS, nothing kept that is still there, and nothing of the function computed that its gradient does not need.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from tests.bench.adbench import sigmoid as _sigmoid

compiled = njit(error_model="numpy")
sigmoid = compiled(_sigmoid)


@compiled
def jacobi_1d(a0, b0, steps):
    n = a0.size
    a_bar = np.ones(n)
    b_bar = np.zeros(n)
    for t in range(1, steps):
        _gather_1d(a_bar, b_bar)
        _gather_1d(b_bar, a_bar)
    return a_bar, b_bar


@compiled
def _gather_1d(y_bar, x_bar):
    """x_bar += the transpose of the three-point mean of y_bar, and y_bar = 0, inside."""
    n = y_bar.size
    left, right = y_bar[0], y_bar[n - 1]
    y_bar[0] = 0.0
    y_bar[n - 1] = 0.0
    x_bar[0] += 0.33333 * y_bar[1]
    x_bar[n - 1] += 0.33333 * y_bar[n - 2]
    for i in range(1, n - 1):
        x_bar[i] += 0.33333 * (y_bar[i - 1] + y_bar[i] + y_bar[i + 1])
    y_bar[:] = 0.0
    y_bar[0] = left
    y_bar[n - 1] = right


@compiled
def jacobi_2d(a0, b0, steps):
    n, m = a0.shape
    a_bar = np.ones((n, m))
    b_bar = np.zeros((n, m))
    for t in range(1, steps):
        _scatter_2d(a_bar, b_bar)
        _scatter_2d(b_bar, a_bar)
    return a_bar, b_bar


@compiled
def _scatter_2d(y_bar, x_bar):
    n, m = y_bar.shape
    for i in range(1, n - 1):
        for j in range(1, m - 1):
            g = 0.2 * y_bar[i, j]
            x_bar[i, j] += g
            x_bar[i, j - 1] += g
            x_bar[i, j + 1] += g
            x_bar[i + 1, j] += g
            x_bar[i - 1, j] += g
            y_bar[i, j] = 0.0


@compiled
def seidel_2d(a0, steps):
    n, m = a0.shape
    g = np.ones((n, m))
    for t in range(steps - 1):
        for i in range(n - 2, 0, -1):
            w = 0.0
            for j in range(m - 2, 0, -1):
                w = (g[i, j] + w) / 9.0
                g[i, j] = w
            g[i, 0] += w
            for j in range(1, m - 1):
                w = g[i, j]
                g[i - 1, j - 1] += w
                g[i - 1, j] += w
                g[i - 1, j + 1] += w
                g[i + 1, j - 1] += w
                g[i + 1, j] += w
                g[i + 1, j + 1] += w
            for j in range(m - 1, 1, -1):
                g[i, j] += g[i, j - 1]
    return (g,)


@compiled
def gemm(alpha, beta, c, a, b):
    c_bar = np.full(c.shape, beta)
    seed = np.full(c.shape, alpha)
    return c_bar, seed @ b.T, a.T @ seed


@compiled
def gemm_loops(alpha, beta, c0, a, b):
    n, m = c0.shape
    c_bar = np.ones((n, m))
    a_bar = np.zeros(a.shape)
    b_bar = np.zeros(b.shape)
    for i in range(n):
        for k in range(a.shape[1]):
            s = 0.0
            w = alpha * a[i, k]
            for j in range(m):
                s += c_bar[i, j] * b[k, j]
                b_bar[k, j] += w * c_bar[i, j]
            a_bar[i, k] = alpha * s
        for j in range(m):
            c_bar[i, j] *= beta
    return c_bar, a_bar, b_bar


@compiled
def atax(a, x):
    v = a @ x
    seed = np.ones(x.size)
    v_bar = a @ seed
    a_bar = np.empty(a.shape)
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            a_bar[i, j] = v[i] * seed[j] + v_bar[i] * x[j]
    return a_bar, v_bar @ a


@compiled
def softmax(x):
    x_bar = np.empty(x.shape)
    total = 0.0
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            for k in range(x.shape[2]):
                row = x[i, j, k]
                bar = x_bar[i, j, k]
                top = np.max(row)
                s = 0.0
                for l in range(row.size):
                    bar[l] = np.exp(row[l] - top)
                    s += bar[l]
                dot = 0.0
                for l in range(row.size):
                    bar[l] /= s
                    dot += bar[l] * bar[l]
                total += dot
                for l in range(row.size):
                    bar[l] = 2.0 * bar[l] * (bar[l] - dot)
    return (x_bar,)


@compiled
def conv2d(image, weights):
    n, k, cin, cout = image.shape[0], weights.shape[0], weights.shape[2], weights.shape[3]
    rows, columns = image.shape[1] - k + 1, image.shape[2] - k + 1
    image_bar = np.zeros(image.shape)
    weights_bar = np.zeros(weights.shape)
    for b in range(n):
        for i in range(rows):
            for j in range(columns):
                for p in range(k):
                    for q in range(k):
                        for c in range(cin):
                            x = image[b, i + p, j + q, c]
                            s = 0.0
                            for o in range(cout):
                                s += weights[p, q, c, o]
                                weights_bar[p, q, c, o] += x
                            image_bar[b, i + p, j + q, c] += s
    return image_bar, weights_bar


@compiled
def syrk(alpha, beta, c0, a):
    n, m = a.shape
    c_bar = np.ones((n, n))
    a_bar = np.zeros((n, m))
    for i in range(n):
        for k in range(m):
            s = 0.0
            w = alpha * a[i, k]
            for j in range(i + 1):
                s += c_bar[i, j] * a[j, k]
                a_bar[j, k] += w * c_bar[i, j]
            a_bar[i, k] += alpha * s
        for j in range(i + 1):
            c_bar[i, j] *= beta
    return c_bar, a_bar


@compiled
def trisolv(l, b):
    n = b.size
    x = np.empty(n)
    for i in range(n):
        x[i] = (b[i] - l[i, :i] @ x[:i]) / l[i, i]
    x_bar = np.ones(n)
    l_bar = np.zeros((n, n))
    for i in range(n - 1, -1, -1):
        g = x_bar[i] / l[i, i]
        x_bar[i] = g
        l_bar[i, i] = -g * x[i]
        for j in range(i):
            l_bar[i, j] = -g * x[j]
            x_bar[j] -= g * l[i, j]
    return l_bar, x_bar


@compiled
def cholesky(a0):
    a = a0.copy()
    n = a.shape[0]
    a[0, 0] = np.sqrt(a[0, 0])
    for i in range(1, n):
        for j in range(i):
            a[i, j] = (a[i, j] - np.dot(a[i, :j], a[j, :j])) / a[j, j]
        a[i, i] = np.sqrt(a[i, i] - np.dot(a[i, :i], a[i, :i]))
    g = np.ones((n, n))
    for i in range(n - 1, -1, -1):
        g[i, i] *= 0.5 / a[i, i]
        w = 2.0 * g[i, i]
        for k in range(i):
            g[i, k] -= w * a[i, k]
        for j in range(i - 1, -1, -1):
            s = g[i, j] / a[j, j]
            g[i, j] = s
            g[j, j] -= s * a[i, j]
            for k in range(j):
                g[i, k] -= s * a[j, k]
                g[j, k] -= s * a[i, k]
    return (g,)


@compiled
def durbin(r):
    n = r.size
    kept = np.empty((n, n))  # y before each step
    alphas = np.empty(n)
    betas = np.empty(n)
    y = np.empty(n)
    alpha = -r[0]
    beta = 1.0
    y[0] = -r[0]
    alphas[0] = alpha
    betas[0] = beta
    for k in range(1, n):
        beta *= 1.0 - alpha * alpha
        s = 0.0
        for i in range(k):
            kept[k, i] = y[i]
            s += r[k - 1 - i] * y[i]
        alpha = -(r[k] + s) / beta
        for i in range(k):
            y[i] = kept[k, i] + alpha * kept[k, k - 1 - i]
        y[k] = alpha
        alphas[k] = alpha
        betas[k] = beta
    r_bar = np.zeros(n)
    y_bar = np.ones(n)
    new = np.empty(n)
    alpha_bar = 0.0
    beta_bar = 0.0
    for k in range(n - 1, 0, -1):
        alpha_bar += y_bar[k]
        alpha = alphas[k]
        for i in range(k):
            alpha_bar += y_bar[i] * kept[k, k - 1 - i]
        s_bar = -alpha_bar / betas[k]
        beta_bar -= alpha_bar * alpha / betas[k]
        r_bar[k] += s_bar
        for i in range(k):
            r_bar[k - 1 - i] += s_bar * kept[k, i]
            new[i] = y_bar[i] + alpha * y_bar[k - 1 - i] + s_bar * r[k - 1 - i]
        y_bar[:k] = new[:k]
        last = alphas[k - 1]
        alpha_bar = -2.0 * last * betas[k - 1] * beta_bar
        beta_bar *= 1.0 - last * last
    r_bar[0] -= y_bar[0] + alpha_bar
    return (r_bar,)


@compiled
def hdiff(field, coeff):
    I, J, K = coeff.shape
    lap = np.empty((I + 2, J + 2, K))
    for i in range(I + 2):
        for j in range(J + 2):
            for k in range(K):
                lap[i, j, k] = 4.0 * field[i + 1, j + 1, k] - (
                    field[i + 2, j + 1, k] + field[i, j + 1, k] + field[i + 1, j + 2, k] + field[i + 1, j, k]
                )
    total = 0.0
    field_bar = np.zeros(field.shape)
    coeff_bar = np.empty(coeff.shape)
    lap_bar = np.zeros(lap.shape)
    for i in range(I):
        for j in range(J):
            for k in range(K):
                x1 = lap[i + 2, j + 1, k] - lap[i + 1, j + 1, k]
                x0 = lap[i + 1, j + 1, k] - lap[i, j + 1, k]
                y1 = lap[i + 1, j + 2, k] - lap[i + 1, j + 1, k]
                y0 = lap[i + 1, j + 1, k] - lap[i + 1, j, k]
                here = field[i + 2, j + 2, k]
                fx1 = 0.0 if x1 * (field[i + 3, j + 2, k] - here) > 0.0 else 1.0
                fx0 = 0.0 if x0 * (here - field[i + 1, j + 2, k]) > 0.0 else 1.0
                fy1 = 0.0 if y1 * (field[i + 2, j + 3, k] - here) > 0.0 else 1.0
                fy0 = 0.0 if y0 * (here - field[i + 2, j + 1, k]) > 0.0 else 1.0
                flux = fx1 * x1 - fx0 * x0 + fy1 * y1 - fy0 * y0
                c = coeff[i, j, k]
                total += here - c * flux
                coeff_bar[i, j, k] = -flux
                field_bar[i + 2, j + 2, k] += 1.0
                lap_bar[i + 2, j + 1, k] -= c * fx1
                lap_bar[i, j + 1, k] -= c * fx0
                lap_bar[i + 1, j + 2, k] -= c * fy1
                lap_bar[i + 1, j, k] -= c * fy0
                lap_bar[i + 1, j + 1, k] += c * (fx1 + fx0 + fy1 + fy0)
    for i in range(I + 2):
        for j in range(J + 2):
            for k in range(K):
                g = lap_bar[i, j, k]
                field_bar[i + 1, j + 1, k] += 4.0 * g
                field_bar[i + 2, j + 1, k] -= g
                field_bar[i, j + 1, k] -= g
                field_bar[i + 1, j + 2, k] -= g
                field_bar[i + 1, j, k] -= g
    return field_bar, coeff_bar


@compiled
def go_fast(a):
    a_bar = np.ones(a.shape)
    for i in range(a.shape[0]):
        a_bar[i, i] += a.size * (1.0 - np.tanh(a[i, i]) ** 2)
    return (a_bar,)


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
def gmm_full(alphas, means, factors, x, gamma):
    k, d = means.shape
    sums = np.zeros(k)
    diagonal = np.exp(factors[:, :d])
    lower = np.zeros((k, d, d))
    for c in range(k):
        at = d
        for j in range(d):
            sums[c] += factors[c, j]
            lower[c, j, j] = diagonal[c, j]
            for i in range(j + 1, d):
                lower[c, i, j] = factors[c, at]
                at += 1
    total = 0.0
    alphas_bar = np.zeros(k)
    means_bar = np.zeros((k, d))
    lower_bar = np.zeros((k, d, d))
    main = np.empty(k)
    gap = np.empty((k, d))
    q = np.empty((k, d))
    for n in range(x.shape[0]):
        for c in range(k):
            square = 0.0
            for i in range(d):
                gap[c, i] = x[n, i] - means[c, i]
                s = 0.0
                for j in range(i + 1):
                    s += lower[c, i, j] * gap[c, j]
                q[c, i] = s
                square += s * s
            main[c] = alphas[c] + sums[c] - 0.5 * square
        top = np.max(main)
        s = 0.0
        for c in range(k):
            main[c] = np.exp(main[c] - top)
            s += main[c]
        total += top + np.log(s)
        for c in range(k):
            w = main[c] / s
            alphas_bar[c] += w
            for i in range(d):
                g = w * q[c, i]
                for j in range(i + 1):
                    lower_bar[c, i, j] -= g * gap[c, j]
                    means_bar[c, j] += g * lower[c, i, j]
    factors_bar = np.empty(factors.shape)
    e = np.exp(alphas)
    s = np.sum(e)
    total -= x.shape[0] * np.log(s)
    for c in range(k):
        at = d
        for j in range(d):
            z = diagonal[c, j]
            total += 0.5 * gamma * gamma * z * z
            factors_bar[c, j] = alphas_bar[c] + lower_bar[c, j, j] * z + gamma * gamma * z * z
            for i in range(j + 1, d):
                total += 0.5 * gamma * gamma * factors[c, at] ** 2
                factors_bar[c, at] = lower_bar[c, i, j] + gamma * gamma * factors[c, at]
                at += 1
        alphas_bar[c] -= x.shape[0] * e[c] / s
    return alphas_bar, means_bar, factors_bar


@compiled
def lstm_layers(main, extra, state0, sequence):
    layers, b, steps = main.shape[0] // 2, state0.shape[1], sequence.shape[0] - 1
    states = np.empty((steps + 1, 2 * layers, b))
    gates = np.empty((steps, layers, 5, b))
    soft = np.empty((steps, b))
    states[0] = state0
    x = np.empty(b)
    total = 0.0
    for t in range(steps):
        for i in range(b):
            x[i] = sequence[t, i] * extra[0, i]
        for l in range(layers):
            for i in range(b):
                hidden, cell = states[t, 2 * l, i], states[t, 2 * l + 1, i]
                forget = sigmoid(x[i] * main[2 * l, i] + main[2 * l + 1, i])
                write = sigmoid(hidden * main[2 * l, b + i] + main[2 * l + 1, b + i])
                read = sigmoid(x[i] * main[2 * l, 2 * b + i] + main[2 * l + 1, 2 * b + i])
                change = np.tanh(hidden * main[2 * l, 3 * b + i] + main[2 * l + 1, 3 * b + i])
                cell = cell * forget + write * change
                top = np.tanh(cell)
                g = gates[t, l]
                g[0, i], g[1, i], g[2, i], g[3, i], g[4, i] = forget, write, read, change, top
                states[t + 1, 2 * l + 1, i] = cell
                x[i] = states[t + 1, 2 * l, i] = read * top
        s = 2.0
        for i in range(b):
            x[i] = x[i] * extra[1, i] + extra[2, i]
            soft[t, i] = np.exp(x[i])
            s += soft[t, i]
        log = np.log(s)
        for i in range(b):
            soft[t, i] /= s
            total += sequence[t + 1, i] * (x[i] - log)
    main_bar, extra_bar = np.zeros(main.shape), np.zeros(extra.shape)
    state_bar = np.zeros(state0.shape)
    scale = -1.0 / (steps * b)
    for t in range(steps - 1, -1, -1):
        gold = 0.0
        for i in range(b):
            gold += sequence[t + 1, i]
        for i in range(b):
            g = scale * (sequence[t + 1, i] - gold * soft[t, i])
            extra_bar[1, i] += g * states[t + 1, 2 * layers - 2, i]
            extra_bar[2, i] += g
            state_bar[2 * layers - 2, i] += g * extra[1, i]
        for l in range(layers - 1, -1, -1):
            for i in range(b):
                below = states[t + 1, 2 * l - 2, i] if l > 0 else sequence[t, i] * extra[0, i]
                hidden, cell = states[t, 2 * l, i], states[t, 2 * l + 1, i]
                gate = gates[t, l]
                forget, write, read, change, top = gate[0, i], gate[1, i], gate[2, i], gate[3, i], gate[4, i]
                h = state_bar[2 * l, i]
                c = state_bar[2 * l + 1, i] + h * read * (1.0 - top * top)
                f = c * cell * forget * (1.0 - forget)
                w = c * change * write * (1.0 - write)
                r = h * top * read * (1.0 - read)
                z = c * write * (1.0 - change * change)
                main_bar[2 * l, i] += f * below
                main_bar[2 * l + 1, i] += f
                main_bar[2 * l, b + i] += w * hidden
                main_bar[2 * l + 1, b + i] += w
                main_bar[2 * l, 2 * b + i] += r * below
                main_bar[2 * l + 1, 2 * b + i] += r
                main_bar[2 * l, 3 * b + i] += z * hidden
                main_bar[2 * l + 1, 3 * b + i] += z
                state_bar[2 * l + 1, i] = c * forget
                state_bar[2 * l, i] = w * main[2 * l, b + i] + z * main[2 * l, 3 * b + i]
                x_bar = f * main[2 * l, i] + r * main[2 * l, 2 * b + i]
                if l > 0:
                    state_bar[2 * l - 2, i] += x_bar
                else:
                    extra_bar[0, i] += x_bar * sequence[t, i]
    return main_bar, extra_bar


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


ADJOINTS = {
    f.__name__: f
    for f in (
        jacobi_1d, jacobi_2d, seidel_2d, gemm, gemm_loops, atax, softmax, conv2d, syrk, trisolv, cholesky, durbin, hdiff,
        go_fast, nbody, gmm_full, lstm_layers, horner, burgers, black_scholes,
    )
}  # fmt: skip

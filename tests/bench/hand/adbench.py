"""Adjoints of ADBench's objectives."""

from __future__ import annotations

import numpy as np

from tests.bench.adbench import sigmoid
from tests.bench.kit import compiled

_sigmoid = compiled(sigmoid)


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
                forget = _sigmoid(x[i] * main[2 * l, i] + main[2 * l + 1, i])
                write = _sigmoid(hidden * main[2 * l, b + i] + main[2 * l + 1, b + i])
                read = _sigmoid(x[i] * main[2 * l, 2 * b + i] + main[2 * l + 1, 2 * b + i])
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
def bundle(cams, points, weights, observed, feats):
    cams_bar, points_bar = np.zeros(cams.shape), np.zeros(points.shape)
    weights_bar = np.empty(weights.size)
    for p in range(weights.size):
        c, k = observed[p, 0], observed[p, 1]
        rx, ry, rz = cams[c, 0], cams[c, 1], cams[c, 2]
        x, y, z = points[k, 0] - cams[c, 3], points[k, 1] - cams[c, 4], points[k, 2] - cams[c, 5]
        sq = rx * rx + ry * ry + rz * rz
        small = sq <= 1e-12
        if small:
            u, v, w = x + ry * z - rz * y, y + rz * x - rx * z, z + rx * y - ry * x
            angle, cos, sin, ax, ay, az, along = 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0
        else:
            angle = np.sqrt(sq)
            cos, sin = np.cos(angle), np.sin(angle)
            ax, ay, az = rx / angle, ry / angle, rz / angle
            along = ax * x + ay * y + az * z
            dot = along * (1.0 - cos)
            u = x * cos + (ay * z - az * y) * sin + ax * dot
            v = y * cos + (az * x - ax * z) * sin + ay * dot
            w = z * cos + (ax * y - ay * x) * sin + az * dot
        u /= w
        v /= w
        r2 = u * u + v * v
        scale = 1.0 + cams[c, 9] * r2 + cams[c, 10] * r2 * r2
        focal, weight = cams[c, 6], weights[p]
        e0 = focal * u * scale + cams[c, 7] - feats[p, 0]
        e1 = focal * v * scale + cams[c, 8] - feats[p, 1]
        e2 = 1.0 - weight * weight
        weights_bar[p] = weight * (e0 * e0 + e1 * e1) - 2.0 * weight * e2
        g0, g1 = weight * weight * e0, weight * weight * e1
        both = g0 * u + g1 * v
        cams_bar[c, 6] += both * scale
        cams_bar[c, 7] += g0
        cams_bar[c, 8] += g1
        cams_bar[c, 9] += focal * both * r2
        cams_bar[c, 10] += focal * both * r2 * r2
        r2_bar = focal * both * (cams[c, 9] + 2.0 * cams[c, 10] * r2)
        u_bar = (focal * scale * g0 + 2.0 * u * r2_bar) / w
        v_bar = (focal * scale * g1 + 2.0 * v * r2_bar) / w
        w_bar = -(u_bar * u + v_bar * v)
        # v x u_bar for the axis, and the transpose of the rotation for the point
        cx, cy, cz = y * w_bar - z * v_bar, z * u_bar - x * w_bar, x * v_bar - y * u_bar
        if small:
            bx, by, bz = cx, cy, cz
            x_bar, y_bar, z_bar = (
                u_bar + rz * v_bar - ry * w_bar,
                v_bar + rx * w_bar - rz * u_bar,
                w_bar + ry * u_bar - rx * v_bar,
            )
        else:
            side = ax * u_bar + ay * v_bar + az * w_bar
            dot_bar = side * (1.0 - cos)
            angle_bar = sin * (along * side - (x * u_bar + y * v_bar + z * w_bar)) + cos * (ax * cx + ay * cy + az * cz)
            bx = sin * cx + dot * u_bar + dot_bar * x
            by = sin * cy + dot * v_bar + dot_bar * y
            bz = sin * cz + dot * w_bar + dot_bar * z
            out = (bx * ax + by * ay + bz * az) / angle
            bx, by, bz = (
                bx / angle + ax * (angle_bar - out),
                by / angle + ay * (angle_bar - out),
                bz / angle + az * (angle_bar - out),
            )
            x_bar = cos * u_bar + sin * (az * v_bar - ay * w_bar) + ax * dot_bar
            y_bar = cos * v_bar + sin * (ax * w_bar - az * u_bar) + ay * dot_bar
            z_bar = cos * w_bar + sin * (ay * u_bar - ax * v_bar) + az * dot_bar
        cams_bar[c, 0] += bx
        cams_bar[c, 1] += by
        cams_bar[c, 2] += bz
        points_bar[k, 0] += x_bar
        points_bar[k, 1] += y_bar
        points_bar[k, 2] += z_bar
        cams_bar[c, 3] -= x_bar
        cams_bar[c, 4] -= y_bar
        cams_bar[c, 5] -= z_bar
    return cams_bar, points_bar, weights_bar

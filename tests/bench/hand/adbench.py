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

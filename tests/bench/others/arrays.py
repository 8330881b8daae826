"""The programs as whole arrays that nothing is written into, for JAX, autograd and PyTorch alike: `xp` is the tool's NumPy.

Steps in time are loops, which a tool of tapes runs as they are; where JAX has something better, `jax_best` has the form.
"""

from __future__ import annotations

import math


def gemm(xp, alpha, beta, c, a, b):
    return xp.sum(alpha * a @ b + beta * c)


gemm_loops = gemm


def k2mm(xp, alpha, beta, a, b, c, d):
    return xp.sum(alpha * a @ b @ c + beta * d)


def k3mm(xp, a, b, c, d):
    return xp.sum(a @ b @ c @ d)


def atax(xp, a, x):
    return xp.sum((a @ x) @ a)


def bicg(xp, a, p, r):
    return xp.sum(r @ a) + xp.sum(a @ p)


def mvt(xp, x1, x2, y1, y2, a):
    return xp.sum(x1 + a @ y1) + xp.sum(x2 + y2 @ a)


def gesummv(xp, alpha, beta, a, b, x):
    return xp.sum(alpha * a @ x + beta * b @ x)


def gemver(xp, alpha, beta, a, u1, v1, u2, v2, y, z):
    a = a + xp.outer(u1, v1) + xp.outer(u2, v2)
    x = beta * y @ a + z
    return xp.sum(alpha * a @ x)


def syrk(xp, alpha, beta, c, a):
    lower = xp.tril(xp.ones(tuple(c.shape)))
    return xp.sum(lower * (alpha * a @ a.T + beta * c) + (1.0 - lower) * c)


def syr2k(xp, alpha, beta, c, a, b):
    lower = xp.tril(xp.ones(tuple(c.shape)))
    return xp.sum(lower * (alpha * (a @ b.T + b @ a.T) + beta * c) + (1.0 - lower) * c)


def trmm(xp, alpha, a, b):
    return xp.sum(alpha * (b + xp.tril(a, -1).T @ b))


def symm(xp, alpha, beta, c, a, b):
    lower = xp.tril(a, -1)
    diagonal = xp.diagonal(a)[:, None]
    return xp.sum(beta * c + alpha * (lower @ b + lower.T @ b + diagonal * b))


def doitgen(xp, a, c4):
    return xp.sum(a @ c4)


def trisolv(xp, l, b):
    return xp.sum(xp.solve_lower(l, b))


def cholesky(xp, a):
    return xp.sum(xp.tril(xp.cholesky(a))) + xp.sum(xp.tril(a.T, -1))


def hdiff(xp, field, coeff):
    I, J = coeff.shape[:2]
    lap = 4.0 * field[1 : I + 3, 1 : J + 3] - (
        field[2 : I + 4, 1 : J + 3]
        + field[: I + 2, 1 : J + 3]
        + field[1 : I + 3, 2 : J + 4]
        + field[1 : I + 3, : J + 2]
    )
    x = lap[1:, 1 : J + 1] - lap[: I + 1, 1 : J + 1]
    x = xp.where(x * (field[2 : I + 3, 2 : J + 2] - field[1 : I + 2, 2 : J + 2]) > 0.0, 0.0, x)
    y = lap[1 : I + 1, 1:] - lap[1 : I + 1, : J + 1]
    y = xp.where(y * (field[2 : I + 2, 2 : J + 3] - field[2 : I + 2, 1 : J + 2]) > 0.0, 0.0, y)
    return xp.sum(field[2 : I + 2, 2 : J + 2] - coeff * (x[1:] - x[:-1] + y[:, 1:] - y[:, :-1]))


def covariance(xp, data):
    data = data - xp.mean(data, 0)
    return xp.sum(data.T @ data) / (data.shape[0] - 1.0)


def correlation(xp, data):
    n, m = data.shape
    data = data - xp.mean(data, 0)
    spread = xp.sqrt(xp.mean(data * data, 0))
    data = data / (math.sqrt(n) * xp.where(spread <= 0.1, 1.0, spread))
    return xp.sum(data.T @ data * (1.0 - xp.eye(m))) + m


def softmax(xp, x):
    y = xp.softmax(x)
    return xp.sum(y * y)


def mlp(xp, x, w1, b1, w2, b2, w3, b3):
    h = xp.relu(x @ w1 + b1)
    h = xp.relu(h @ w2 + b2)
    y = xp.softmax(h @ w3 + b3)
    return xp.sum(y * y)


def nbody_np(xp, pos, vel, mass, dt, steps, soft):
    acc = gravity(xp, pos, mass, soft)
    for t in range(steps):
        vel = vel + 0.5 * dt * acc
        pos = pos + dt * vel
        acc = gravity(xp, pos, mass, soft)
        vel = vel + 0.5 * dt * acc
    return xp.sum(pos * pos)


def gravity(xp, pos, mass, soft):
    gap = pos[None, :, :] - pos[:, None, :]
    w = (xp.sum(gap * gap, -1) + soft**2) ** -1.5
    return xp.einsum("ijd,ij,j->id", gap, w, mass[:, 0])


def go_fast(xp, a):
    return xp.sum(a + xp.sum(xp.tanh(xp.diagonal(a))))


def gmm(xp, alphas, means, logs, points):
    z = (points[:, None, :] - means) * xp.exp(logs)
    terms = alphas + xp.sum(logs, 1) - 0.5 * xp.sum(z * z, -1)
    return xp.sum(xp.logsumexp(terms)) - points.shape[0] * xp.logsumexp(alphas)


def lstm(xp, W, b, X):
    n = b.shape[0] // 4
    h = xp.zeros(n)
    c = xp.zeros(n)
    loss = 0.0
    for t in range(X.shape[0] - 1):
        h, c = lstm_step(xp, W, b, X[t], h, c)
        loss = loss + xp.sum((h - X[t + 1]) ** 2)
    return loss


def lstm_step(xp, W, b, x, h, c):
    n = h.shape[0]
    z = W[:, :n] @ h + W[:, n:] @ x + b
    c = xp.sigmoid(z[:n]) * c + xp.sigmoid(z[n : 2 * n]) * xp.tanh(z[3 * n :])
    return xp.sigmoid(z[2 * n : 3 * n]) * xp.tanh(c), c


def lstm_layers(xp, main, extra, state, sequence):
    b = state.shape[1]
    layers = main.shape[0] // 2
    hidden = [state[2 * l] for l in range(layers)]
    cells = [state[2 * l + 1] for l in range(layers)]
    total = 0.0
    for t in range(sequence.shape[0] - 1):
        x = sequence[t] * extra[0]
        for l in range(layers):
            w, bias = main[2 * l], main[2 * l + 1]
            forget = xp.sigmoid(x * w[:b] + bias[:b])
            write = xp.sigmoid(hidden[l] * w[b : 2 * b] + bias[b : 2 * b])
            read = xp.sigmoid(x * w[2 * b : 3 * b] + bias[2 * b : 3 * b])
            cells[l] = cells[l] * forget + write * xp.tanh(hidden[l] * w[3 * b :] + bias[3 * b :])
            x = hidden[l] = read * xp.tanh(cells[l])
        y = x * extra[1] + extra[2]
        total = total + xp.sum(sequence[t + 1] * (y - xp.log(xp.sum(xp.exp(y)) + 2.0)))
    return -total / ((sequence.shape[0] - 1) * b)


def logistic(xp, w, X, t, ridge):
    z = X @ w
    return xp.mean(xp.softplus(z) - t * z) + 0.5 * ridge * xp.sum(w * w)


def black_scholes(xp, spot, strike, rate, volatility, maturity):
    root = volatility * xp.sqrt(maturity)
    d1 = (xp.log(spot / strike) + (rate + 0.5 * volatility**2) * maturity) / root
    n1 = 0.5 * (1.0 + xp.erf(d1 / math.sqrt(2.0)))
    n2 = 0.5 * (1.0 + xp.erf((d1 - root) / math.sqrt(2.0)))
    return xp.sum(spot * n1 - strike * xp.exp(-rate * maturity) * n2)


def network(xp, W1, b1, W2, b2, X, t):
    error = xp.tanh(X @ W1 + b1) @ W2 + b2 - t
    return 0.5 * xp.mean(error * error)


def gaussian_process(xp, theta, x, y):
    gap = x[:, None] - x
    K = xp.exp(theta[0] - 0.5 * gap * gap * xp.exp(-2.0 * theta[1])) + xp.exp(theta[2]) * xp.eye(x.shape[0])
    return 0.5 * y @ xp.solve(K, y) + 0.5 * xp.slogdet(K)[1]


def rk4(xp, y, rate, matrix, h, steps):
    for t in range(steps):
        y = rk4_step(y, rate, matrix, h)
    return xp.sum(y * y)


def rk4_step(y, rate, matrix, h):
    def species(y):
        return y * (rate + matrix @ y)

    k1 = species(y)
    k2 = species(y + 0.5 * h * k1)
    k3 = species(y + 0.5 * h * k2)
    k4 = species(y + h * k3)
    return y + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)


def brusselator(xp, u, v, a, b, alpha, h, steps):
    for t in range(steps):
        u, v = brusselator_step(xp, u, v, a, b, alpha, h)
    return xp.sum(u * v)


def brusselator_step(xp, u, v, a, b, alpha, h):
    def spread(w):
        return xp.roll(w, 1, 0) + xp.roll(w, -1, 0) + xp.roll(w, 1, 1) + xp.roll(w, -1, 1) - 4.0 * w

    react = u * u * v
    u_dot = b + react - (a + 1.0) * u + alpha * spread(u)
    v_dot = a * u - react + alpha * spread(v)
    return u + h * u_dot, v + h * v_dot


def hmc_leapfrog(xp, q0, p0, eps, X, t, steps):
    q, p = q0, p0 - 0.5 * eps * slope(xp, q0, X, t)
    for k in range(steps - 1):
        q = q + eps * p
        p = p - eps * slope(xp, q, X, t)
    q = q + eps * p
    p = p - 0.5 * eps * slope(xp, q, X, t)
    return xp.sum((q - q0) ** 2) + xp.sum(p * p)


def slope(xp, q, X, t):
    return X.T @ (xp.sigmoid(X @ q) - t) + q


def kalman(xp, F, H, Q, R, z):
    x, P = xp.zeros(F.shape[0]), xp.eye(F.shape[0])
    total = 0.0
    for t in range(z.shape[0]):
        x, P, term = kalman_step(xp, F, H, Q, R, z[t], x, P)
        total = total - term
    return total


def kalman_step(xp, F, H, Q, R, z, x, P):
    x = F @ x
    P = F @ P @ F.T + Q
    gap = z - H @ x
    S = H @ P @ H.T + R
    K = xp.solve(S, H @ P).T
    term = 0.5 * (xp.slogdet(S)[1] + gap @ xp.solve(S, gap))
    return x + K @ gap, P - K @ H @ P, term


def asian_call(xp, spot, strike, rate, volatility, maturity, normal):
    steps = normal.shape[1]
    dt = maturity / steps
    logs = xp.cumsum((rate - 0.5 * volatility**2) * dt + volatility * dt**0.5 * normal, 1)
    mean = xp.mean(spot * xp.exp(logs), 1)
    return xp.exp(-rate * maturity) * xp.mean(xp.relu(mean - strike))

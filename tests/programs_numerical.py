"""Numerical methods and models, as they are found in people's notebooks."""

import math

import numpy as np

from programs_kit import normal, program, sample, spd

# --- roots, quadrature, polynomials ----------------------------------------------------------------------------------


@program(2.0, 0.3, tags="newton for")
def kepler(M, e):
    E = M
    for _ in range(20):
        dE = (E - e * math.sin(E) - M) / (1.0 - e * math.cos(E))
        E -= dE
        if abs(dE) < 1e-13:
            break
    return E


@program(2.0, 0.7, tags="bisection early exit", rtol=1e-5)
def bisection_then_newton(a, b):
    lo, hi = 0.0, 10.0
    x = 5.0
    for _ in range(100):
        x = 0.5 * (lo + hi)
        fx = x**3 + b * x - a
        if abs(fx) < 1e-3:
            break
        if fx > 0.0:
            hi = x
        else:
            lo = x
    for _ in range(6):
        x = x - (x**3 + b * x - a) / (3.0 * x**2 + b)
    return x


@program(0.2, 1.7, tags="secant while", rtol=1e-5)
def secant(a, c):
    x0, x1 = 0.1, 1.0
    f0, f1 = math.exp(a * x0) - c, math.exp(a * x1) - c
    n = 0
    while abs(f1) > 1e-13 and n < 50:
        x0, x1 = x1, x1 - f1 * (x1 - x0) / (f1 - f0)
        f0, f1 = f1, math.exp(a * x1) - c
        n += 1
    return x1


@program(sample(4), tags="root in loop")
def roots_inside_a_loop(c):
    total = 0.0
    for k in range(c.size):
        x = 1.0
        while abs(x * x * x - c[k]) > 1e-13:
            x = x - (x**3 - c[k]) / (3 * x**2)
        total += x * (k + 1)
    return total


@program(0.1, 1.4, 10, tags="quadrature")
def trapezoid(a, b, n):
    h = (b - a) / n
    s = 0.5 * (math.exp(-(a**2)) + math.exp(-(b**2)))
    for i in range(1, n):
        s += math.exp(-((a + i * h) ** 2))
    return s * h


@program(0.0, 2.0, 0.8, tags="quadrature recursion")
def adaptive_quadrature(a, b, w):
    m = 0.5 * (a + b)
    h = b - a
    coarse = h / 6.0 * (math.sin(w * a * a) + 4.0 * math.sin(w * m * m) + math.sin(w * b * b))
    if h < 0.3:
        return coarse
    return adaptive_quadrature(a, m, w) + adaptive_quadrature(m, b, w)


@program(sample(5), 0.6, tags="horner", single=True)
def horner(coefficients, x):
    y = 0.0
    for c in coefficients[::-1]:
        y = y * x + c
    return y


@program(sample(5), 0.4, tags="clenshaw")
def chebyshev_series(c, x):
    b1 = 0.0
    b2 = 0.0
    for k in range(len(c) - 1, 0, -1):
        b1, b2 = 2.0 * x * b1 - b2 + c[k], b1
    return x * b1 - b2 + c[0]


@program(sample(6), tags="polynomial fit")
def line_fit(y):
    n = y.size
    t = np.linspace(0.0, 1.0, n)
    tm, ym = np.mean(t), np.mean(y)
    slope = np.sum((t - tm) * (y - ym)) / np.sum((t - tm) ** 2)
    intercept = ym - slope * tm
    return np.sum((y - (slope * t + intercept)) ** 2) + slope


@program(sample(6), tags="polynomial fit solve")
def quadratic_fit(y):
    n = y.size
    V = np.empty((n, 3))
    for i in range(n):
        for j in range(3):
            V[i, j] = (i / n) ** j
    return np.linalg.solve(V.T @ V, V.T @ y)


# --- differential equations ------------------------------------------------------------------------------------------


def lotka_volterra(z, p):
    dz = np.empty(2)
    dz[0] = p[0] * z[0] - p[1] * z[0] * z[1]
    dz[1] = p[2] * z[0] * z[1] - p[3] * z[1]
    return dz


@program(np.array([1.0, 0.8]), sample(4), 5, tags="rk4")
def rk4(z0, p, n):
    z = z0.copy()
    h = 0.1
    for _ in range(n):
        k1 = lotka_volterra(z, p)
        k2 = lotka_volterra(z + 0.5 * h * k1, p)
        k3 = lotka_volterra(z + 0.5 * h * k2, p)
        k4 = lotka_volterra(z + h * k3, p)
        z = z + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
    return z


@program(1.0, 0.0, 1.3, 8, tags="verlet")
def velocity_verlet(x, v, k, n):
    dt = 0.1
    a = -k * x - x**3
    for _ in range(n):
        x += v * dt + 0.5 * a * dt * dt
        a_new = -k * x - x**3
        v += 0.5 * (a + a_new) * dt
        a = a_new
    return 0.5 * v * v + 0.5 * k * x * x


@program(1.2, tags="adaptive step")
def adaptive_euler(k):
    t, y, h = 0.0, 1.0, 0.2
    steps = 0
    while t < 1.0 and steps < 100:
        slope = -k * y
        trial = y + h * slope
        better = y + 0.5 * h * (slope - k * trial)
        if abs(better - trial) > 0.02:
            h *= 0.5
            continue
        y = better
        t += h
        steps += 1
    return y


@program(normal(3, 2), normal(3, 2, seed=1) * 0.1, sample(3), 3, tags="nbody")
def nbody(pos, vel, mass, steps):
    x = pos.copy()
    v = vel.copy()
    n = x.shape[0]
    for _ in range(steps):
        for i in range(n):
            ax = 0.0
            ay = 0.0
            for j in range(n):
                if i == j:
                    continue
                dx = x[j, 0] - x[i, 0]
                dy = x[j, 1] - x[i, 1]
                r2 = dx * dx + dy * dy + 0.1
                f = mass[j] / (r2 * math.sqrt(r2))
                ax += f * dx
                ay += f * dy
            v[i, 0] += 0.05 * ax
            v[i, 1] += 0.05 * ay
        x += 0.05 * v
    return np.sum(x * x) + np.sum(v * v)


@program(sample(5, 5), 0.1, 3, tags="stencil 2d")
def heat_2d(u0, alpha, steps):
    u = u0.copy()
    for _ in range(steps):
        w = u.copy()
        for i in range(1, 4):
            for j in range(1, 4):
                w[i, j] = u[i, j] + alpha * (u[i + 1, j] + u[i - 1, j] + u[i, j + 1] + u[i, j - 1] - 4.0 * u[i, j])
        u = w
    return np.sum(u**2)


@program(sample(6), 0.05, 4, tags="burgers slices")
def burgers_upwind(u, dt, steps):
    for _ in range(steps):
        du = np.zeros_like(u)
        du[1:] = u[1:] * (u[1:] - u[:-1])
        u = u - dt * du
    return 0.5 * np.sum(u**2)


@program(3.1, 0.4, 12, tags="chaos")
def logistic_map(r, x, n):
    for _ in range(n):
        x = r * x * (1.0 - x)
    return x


# --- linear algebra by loops -----------------------------------------------------------------------------------------


@program(spd(4), tags="cholesky")
def cholesky_log_det(A):
    n = A.shape[0]
    L = np.zeros((n, n))
    for i in range(n):
        for j in range(i + 1):
            s = A[i, j]
            for k in range(j):
                s -= L[i, k] * L[j, k]
            if i == j:
                L[i, j] = math.sqrt(s)
            else:
                L[i, j] = s / L[j, j]
    out = 0.0
    for i in range(n):
        out += 2.0 * math.log(L[i, i])
    return out


@program(sample(4), sample(5, low=2.5, high=3.0), sample(4, seed=1), sample(5, seed=2), tags="thomas")
def thomas(a, b, c, d):
    n = d.size
    cp = np.zeros(n)
    dp = np.zeros(n)
    cp[0] = c[0] / b[0]
    dp[0] = d[0] / b[0]
    for i in range(1, n):
        m = b[i] - a[i - 1] * cp[i - 1]
        if i < n - 1:
            cp[i] = c[i] / m
        dp[i] = (d[i] - a[i - 1] * dp[i - 1]) / m
    x = np.zeros(n)
    x[-1] = dp[-1]
    for i in range(n - 2, -1, -1):
        x[i] = dp[i] - cp[i] * x[i + 1]
    return x


@program(np.array([3.0, 1.1, 0.4, 0.2]), tags="levinson")
def levinson_durbin(r):
    n = r.size - 1
    a = np.zeros(n + 1)
    a[0] = 1.0
    err = r[0]
    for m in range(1, n + 1):
        acc = r[m]
        for i in range(1, m):
            acc += a[i] * r[m - i]
        k = -acc / err
        old = a.copy()
        for i in range(1, m):
            a[i] = old[i] + k * old[m - i]
        a[m] = k
        err *= 1.0 - k * k
    return err * a[1] + a[n]


@program(spd(4), sample(4), tags="gauss elimination")
def gaussian_elimination(A, b):
    M = A.copy()
    x = b.copy()
    n = len(b)
    for k in range(n):
        p = k
        for i in range(k + 1, n):
            if abs(M[i, k]) > abs(M[p, k]):
                p = i
        if p != k:
            for j in range(n):
                M[k, j], M[p, j] = M[p, j], M[k, j]
            x[k], x[p] = x[p], x[k]
        for i in range(k + 1, n):
            f = M[i, k] / M[k, k]
            M[i, k:] -= f * M[k, k:]
            x[i] -= f * x[k]
    for i in range(n - 1, -1, -1):
        for j in range(i + 1, n):
            x[i] -= M[i, j] * x[j]
        x[i] /= M[i, i]
    return x


@program(spd(4), sample(4), 40, tags="power iteration")
def power_iteration(A, v, n):
    lam = 0.0
    for _ in range(n):
        w = A @ v
        lam = math.sqrt(np.sum(w * w))
        v = w / lam
    return lam


@program(spd(4), sample(4), tags="conjugate gradients", rtol=1e-5)
def conjugate_gradients(A, b):
    x = np.zeros(4)
    r = b - A @ x
    p = r.copy()
    rs = r @ r
    for _ in range(3):
        Ap = A @ p
        alpha = rs / (p @ Ap)
        x = x + alpha * p
        r = r - alpha * Ap
        rs_new = r @ r
        p = r + rs_new / rs * p
        rs = rs_new
    return np.sum(x * b)


@program(spd(4), sample(4), 5, tags="jacobi buffers")
def jacobi_iteration(A, b, sweeps):
    x = np.zeros(4)
    y = np.zeros(4)
    for _ in range(sweeps):
        for i in range(4):
            s = b[i]
            for j in range(4):
                if j != i:
                    s -= A[i, j] * x[j]
            y[i] = s / A[i, i]
        x, y = y, x
    return x


@program(spd(4), sample(4), 5, tags="gauss seidel")
def gauss_seidel(A, b, sweeps):
    x = np.zeros_like(b)
    for _ in range(sweeps):
        for i in range(b.size):
            s = b[i]
            for j in range(b.size):
                if j != i:
                    s -= A[i, j] * x[j]
            x[i] = s / A[i, i]
    return np.sum(x)


@program(sample(3, 4), sample(4, 2), tags="matmul loops")
def matmul_by_loops(A, B):
    n, k = A.shape
    m = B.shape[1]
    C = np.zeros((n, m))
    for i in range(n):
        for j in range(m):
            for l in range(k):  # noqa: E741
                C[i, j] += A[i, l] * B[l, j]
    return C


# --- statistics and learning -----------------------------------------------------------------------------------------


@program(normal(3), normal(8, 3), (normal(8) > 0).astype(float), tags="logistic", single=True)
def logistic_regression(w, X, t):
    p = 1.0 / (1.0 + np.exp(-(X @ w)))
    return -np.sum(t * np.log(p) + (1.0 - t) * np.log(1.0 - p))


@program(normal(3), normal(8, 3), (normal(8) > 0) * 2 - 1, tags="logistic loops ints")
def logistic_by_loops(w, X, labels):
    loss = 0.0
    for i in range(X.shape[0]):
        z = 0.0
        for j in range(X.shape[1]):
            z += X[i, j] * w[j]
        loss += math.log1p(math.exp(-labels[i] * z))
    return loss + 0.1 * np.sum(w**2)


@program(sample(2), normal(2), sample(2, seed=4), normal(9), tags="gmm")
def gmm_log_likelihood(weights, means, sigmas, data):
    total = 0.0
    for i in range(data.size):
        density = 0.0
        for k in range(weights.size):
            z = (data[i] - means[k]) / sigmas[k]
            density += weights[k] / np.sum(weights) * np.exp(-0.5 * z * z) / (sigmas[k] * np.sqrt(2 * np.pi))
        total += np.log(density)
    return total


@program(normal(5, 2), normal(3, 2), normal(3), normal(3), tags="gmm arrays")
def gmm_vectorised(X, mu, log_sigma, logits):
    diff = (X[:, None, :] - mu[None, :, :]) * np.exp(-log_sigma)[None, :, None]
    logp = -0.5 * np.sum(diff * diff, axis=2) - 2.0 * log_sigma[None, :]
    logw = logits - np.log(np.sum(np.exp(logits)))
    z = logp + logw
    m = np.max(z, axis=1)
    return np.sum(m + np.log(np.sum(np.exp(z - m[:, None]), axis=1)))


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


@program(normal(3), normal(3, seed=1), normal(2), normal(12, 2), normal(12, 3), normal(12), tags="lstm tuple")
def lstm_cell(h, c, x, W, U, b):
    z = W @ x + U @ h + b
    i = sigmoid(z[0:3])
    f = sigmoid(z[3:6])
    o = sigmoid(z[6:9])
    g = np.tanh(z[9:])
    c = f * c + i * g
    return o * np.tanh(c), c


@program(normal(4, 2), normal(3, 2), normal(3, 3) * 0.5, tags="rnn")
def simple_rnn(xs, Wx, Wh):
    h = np.zeros(3)
    for x in xs:
        h = np.tanh(Wx @ x + Wh @ h)
    return np.sum(h * h)


@program(normal(4, 3), normal(4), normal(4), 0.3, normal(6, 3), normal(6), tags="mlp", single=True)
def mlp_loss(W1, b1, w2, b2, X, y):
    hidden = np.tanh(X @ W1.T + b1)
    out = hidden @ w2 + b2
    return np.mean((out - y) ** 2)


@program(((normal(4, 3), normal(4)), (normal(2, 4), normal(2))), normal(3), tags="mlp tuple")
def mlp_of_layers(layers, x):
    for W, b in layers:
        x = np.maximum(W @ x + b, 0.1 * (W @ x + b))
    return np.sum(x**2)


@program(normal(4), normal(3), 0.7, tags="dtw")
def soft_dtw(x, y, gamma):
    n, m = x.size, y.size
    D = np.full((n + 1, m + 1), 1e3)
    D[0, 0] = 0.0
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            d = (x[i - 1] - y[j - 1]) ** 2
            a, b, c = -D[i - 1, j] / gamma, -D[i, j - 1] / gamma, -D[i - 1, j - 1] / gamma
            top = max(a, b, c)
            D[i, j] = d - gamma * (top + np.log(np.exp(a - top) + np.exp(b - top) + np.exp(c - top)))
    return D[n, m]


@program(normal(3), normal(3, 3), normal(4, 3), tags="forward algorithm")
def hmm_forward(start, trans, emit):
    n = start.size
    alpha = start + emit[0]
    for t in range(1, emit.shape[0]):
        new = np.empty(n)
        for j in range(n):
            best = alpha[0] + trans[0, j]
            for i in range(1, n):
                best = max(best, alpha[i] + trans[i, j])
            s = 0.0
            for i in range(n):
                s += math.exp(alpha[i] + trans[i, j] - best)
            new[j] = best + math.log(s) + emit[t, j]
        alpha = new
    return np.sum(alpha**2)


@program(np.array([0.3, 0.5, 0.2]), normal(5, 3), tags="viterbi")
def viterbi_score(bias, scores):
    best = scores[0] + bias
    for t in range(1, scores.shape[0]):
        new = np.zeros(3)
        for j in range(3):
            m = best[0]
            for i in range(1, 3):
                if best[i] - 0.1 * i * j > m:
                    m = best[i] - 0.1 * i * j
            new[j] = m + scores[t, j]
        best = new
    return np.max(best) * bias[0]


@program(normal(2), normal(6), 0.5, 0.3, tags="kalman")
def kalman_filter(x0, observations, q, r):
    F = np.array([[1.0, 0.1], [0.0, 1.0]])
    H = np.array([1.0, 0.0])
    x = x0
    P = np.eye(2)
    nll = 0.0
    for z in observations:
        x = F @ x
        P = F @ P @ F.T + q * np.eye(2)
        s = H @ P @ H + r
        gain = P @ H / s
        innovation = z - H @ x
        nll += 0.5 * (innovation**2 / s + math.log(s))
        x = x + gain * innovation
        P = P - np.outer(gain, H) @ P
    return nll


def norm_cdf(x):
    return 0.5 * (1.0 + math.erf(x / math.sqrt(2.0)))


@program(100.0, 95.0, 0.5, 0.02, 0.25, tags="black scholes")
def black_scholes(S, K, T, r, sigma):
    d1 = (math.log(S / K) + (r + 0.5 * sigma**2) * T) / (sigma * math.sqrt(T))
    d2 = d1 - sigma * math.sqrt(T)
    return S * norm_cdf(d1) - K * math.exp(-r * T) * norm_cdf(d2)


@program(100.0, 0.2, normal(4, 5), tags="monte carlo")
def asian_option(s0, sigma, noise):
    payoff = 0.0
    dt = 0.1
    for path in noise:
        s = s0
        mean = 0.0
        for z in path:
            s *= np.exp((0.02 - 0.5 * sigma**2) * dt + sigma * np.sqrt(dt) * z)
            mean += s
        payoff += max(mean / path.size - 98.0, 0.0)
    return payoff / noise.shape[0]


@program(100.0, 103.0, 0.2, 6, tags="binomial tree")
def american_put(S, K, sigma, n):
    u = np.exp(sigma * np.sqrt(0.1))
    d = 1.0 / u
    p = (1.002 - d) / (u - d)
    v = np.zeros(n + 1)
    for j in range(n + 1):
        v[j] = max(K - S * u ** (2 * j - n), 0.0)
    for i in range(n - 1, -1, -1):
        for j in range(i + 1):
            hold = (p * v[j + 1] + (1 - p) * v[j]) / 1.002
            v[j] = max(hold, K - 1.02 * S * u ** (2 * j - i))
    return v[0]


@program(np.array([0.01, 0.02, -0.015, 0.005, 0.0]), 0.05, 0.1, 0.8, tags="garch")
def garch_likelihood(returns, omega, alpha, beta):
    h = omega / (1.0 - alpha - beta)
    ll = 0.0
    for r in returns:
        h = omega + alpha * r**2 + beta * h
        ll -= 0.5 * (math.log(h) + r * r / h)
    return ll


@program(sample(7), sample(3), tags="convolution")
def convolution(x, k):
    out = np.zeros(x.size - k.size + 1)
    for i in range(out.size):
        for j in range(k.size):
            out[i] += x[i + j] * k[j]
    return out


@program(sample(5, 5), sample(2, 2), tags="convolution 2d pool")
def conv_relu_pool(image, kernel):
    c = np.zeros((4, 4))
    for i in range(4):
        for j in range(4):
            c[i, j] = max(np.sum(image[i : i + 2, j : j + 2] * kernel) - 1.3, 0.0)
    pooled = 0.0
    for i in range(0, 4, 2):
        for j in range(0, 4, 2):
            pooled += max(c[i, j], c[i + 1, j], c[i, j + 1], c[i + 1, j + 1]) ** 2
    return pooled


@program(sample(2), tags="rosenbrock", single=True)
def rosenbrock(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


@program(normal(4, 3), tags="lennard jones")
def lennard_jones(positions):
    e = 0.0
    n = len(positions)
    for i in range(n):
        for j in range(i + 1, n):
            d = positions[i] - positions[j]
            r2 = np.dot(d, d) + 0.5
            s6 = 1.0 / r2**3
            e += 4.0 * (s6 * s6 - s6)
    return e


@program(normal(3), tags="quaternion")
def rotate_by_axis_angle(w):
    theta = math.sqrt(w[0] ** 2 + w[1] ** 2 + w[2] ** 2)
    k = w / theta
    K = np.array([[0.0, -k[2], k[1]], [k[2], 0.0, -k[0]], [-k[1], k[0], 0.0]])
    R = np.eye(3) + np.sin(theta) * K + (1.0 - np.cos(theta)) * (K @ K)
    return R @ np.array([1.0, 2.0, 3.0])


@program(sample(4), sample(4, seed=1), tags="projection robot arm")
def robot_arm(lengths, angles):
    x = y = 0.0
    total = 0.0
    for l, t in zip(lengths, angles):  # noqa: E741
        total += t
        x += l * math.cos(total)
        y += l * math.sin(total)
    return x, y


@program(0.8, 1.5, 30, tags="series early stop")
def bessel_series(x, nu, terms):
    term = 1.0
    total = 1.0
    for k in range(1, terms):
        term *= -x * x / (4.0 * k * (k + nu))
        total += term
        if abs(term) < 1e-16:
            break
    return total


@program(sample(6, low=-1.0, high=1.0), 0.3, tags="attention loops")
def running_softmax(scores, temperature):
    m = -1e9
    s = 0.0
    acc = 0.0
    for i in range(scores.size):
        z = scores[i] / temperature
        if z > m:
            shrink = math.exp(m - z)
            s = s * shrink
            acc = acc * shrink
            m = z
        e = math.exp(z - m)
        s += e
        acc += e * scores[i] ** 2
    return acc / s

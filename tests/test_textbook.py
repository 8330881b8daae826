"""Ten programs from textbooks of statistics and signal processing, as people write them: against JAX on the same source, with its
modules in the place of NumPy's and SciPy's, and against scikit-learn where it has the model."""

import types

import numpy as np
import pytest
import scipy.linalg as sl
from scipy.special import gammaln, logsumexp

import oracles as o
import srcad
from programs_kit import normal, sample, spd


def gaussian_process(theta, X, y):
    """Log marginal likelihood (Rasmussen & Williams 2006, algorithm 2.1)."""
    variance, length, noise = np.exp(theta)
    gaps = X[:, None, :] - X[None, :, :]
    K = variance * np.exp(-0.5 * np.sum(gaps**2, axis=-1) / length**2) + noise * np.eye(len(y))
    L = sl.cholesky(K, lower=True)
    alpha = sl.cho_solve((L, True), y)
    return -0.5 * y @ alpha - np.sum(np.log(np.diag(L))) - 0.5 * len(y) * np.log(2 * np.pi)


def kalman_filter(theta, y):
    """Likelihood of a local linear trend by prediction errors (Durbin & Koopman 2012, chapter 4)."""
    T = np.array([[1.0, 1.0], [0.0, 1.0]])
    Z = np.array([[1.0, 0.0]])
    Q = np.diag(np.exp(theta[:2]))
    H = np.exp(theta[2]) * np.eye(1)
    m, P = np.zeros(2), 10.0 * np.eye(2)
    loglik = 0.0
    for t in range(y.shape[0]):
        v = y[t] - Z @ m
        S = Z @ P @ Z.T + H
        K = np.linalg.solve(S, Z @ P).T
        loglik = loglik - 0.5 * (np.log(np.linalg.det(2 * np.pi * S)) + v @ np.linalg.solve(S, v))
        m, P = T @ (m + K @ v), T @ (P - K @ S @ K.T) @ T.T + Q
    return loglik


def gaussian_mixture(logits, means, log_scales, x):
    """Log-likelihood of a mixture (Bishop 2006, 9.14)."""
    log_weights = logits - logsumexp(logits)
    z = (x[:, None] - means) / np.exp(log_scales)
    log_density = -0.5 * z**2 - log_scales - 0.5 * np.log(2 * np.pi)
    return np.sum(logsumexp(log_weights + log_density, axis=1))


def whittle(theta, y):
    """Whittle's likelihood of an autoregression, whose spectral density is found by FFT (Brockwell & Davis 1991, 10.8)."""
    n = y.shape[0]
    periodogram = np.abs(np.fft.rfft(y - np.mean(y))) ** 2 / n
    phi, sigma2 = np.tanh(theta[0]), np.exp(theta[1])
    response = np.fft.rfft(np.array([1.0, -phi]), n)
    density = sigma2 / np.abs(response) ** 2
    return -np.sum(np.log(density[1:]) + periodogram[1:] / density[1:])


def ridge(log_penalty, X, y, X_new, y_new):
    """The loss on new data of a ridge regression, for its penalty (Hastie, Tibshirani & Friedman 2009, 3.4.1)."""
    A = X.T @ X + np.exp(log_penalty) * np.eye(X.shape[1])
    L = np.linalg.cholesky(A)
    beta = sl.solve_triangular(L.T, sl.solve_triangular(L, X.T @ y, lower=True))
    return np.mean((y_new - X_new @ beta) ** 2)


def principal_components(X):
    """What two components explain, and what they leave (Jolliffe 2002, 3.5)."""
    Xc = X - X.mean(axis=0)
    U, s, Vt = np.linalg.svd(Xc, full_matrices=False)
    rest = Xc - (U[:, :2] * s[:2]) @ Vt[:2]
    w, V = np.linalg.eigh(Xc.T @ Xc / (X.shape[0] - 1))
    return np.sum(s[:2] ** 2) / np.sum(s**2) + np.sum(rest**2) * w[-1] + V[0, -1] ** 2


def negative_binomial(beta, log_alpha, X, k):
    """Log-likelihood of a regression of counts (Cameron & Trivedi 2013, 3.3)."""
    mu, r = np.exp(X @ beta), np.exp(-log_alpha)
    terms = gammaln(k + r) - gammaln(r) - gammaln(k + 1.0) + r * np.log(r / (r + mu)) + k * np.log(mu / (r + mu))
    return np.sum(terms)


def logistic_growth(theta, y):
    """Least squares for a logistic equation, by the method of Runge and Kutta (Hairer, Nørsett & Wanner 1993, II.1)."""
    rate, capacity, u = np.exp(theta[0]), np.exp(theta[1]), np.exp(theta[2])
    h, loss = 0.25, 0.0
    for target in y:
        for _ in range(4):
            k1 = rate * u * (1 - u / capacity)
            k2 = rate * (u + h / 2 * k1) * (1 - (u + h / 2 * k1) / capacity)
            k3 = rate * (u + h / 2 * k2) * (1 - (u + h / 2 * k2) / capacity)
            k4 = rate * (u + h * k3) * (1 - (u + h * k3) / capacity)
            u = u + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        loss = loss + (u - target) ** 2
    return loss


def dirichlet_multinomial(log_alpha, counts):
    """Log-likelihood of counts with a random composition (Minka 2000)."""
    alpha = np.exp(log_alpha)
    n, total = counts.sum(axis=1), alpha.sum()
    rows = gammaln(total) - gammaln(n + total) + np.sum(gammaln(counts + alpha) - gammaln(alpha), axis=1)
    return np.sum(rows)


def matrix_normal(X, M, U, V):
    """Log-density (Gupta & Nagar 2000, 2.2.1)."""
    n, p = X.shape
    R = X - M
    quadratic = np.trace(np.linalg.solve(V, R.T) @ np.linalg.inv(U) @ R)
    log_dets = n * np.linalg.slogdet(V)[1] + p * np.linalg.slogdet(U)[1]
    return -0.5 * (quadratic + log_dets + n * p * np.log(2 * np.pi))


COUNTS = np.array([[2.0, 0.0, 3.0], [1.0, 4.0, 0.0], [0.0, 1.0, 5.0], [3.0, 2.0, 1.0]])
#: The programs, their arguments, and how many of these are parameters.
PROGRAMS = [
    (gaussian_process, (np.array([0.3, -0.2, -1.5]), normal(6, 2), normal(6)), 1),
    (kalman_filter, (np.array([-1.0, -2.0, -0.5]), np.cumsum(normal(8))), 1),
    (gaussian_mixture, (normal(3), np.array([-1.0, 0.2, 1.5]), normal(3, seed=1) * 0.3, normal(10)), 3),
    (whittle, (np.array([0.4, -0.3]), normal(16)), 1),
    (ridge, (0.3, normal(7, 3), normal(7), normal(4, 3), normal(4)), 3),
    (principal_components, (normal(6, 3),), 1),
    (negative_binomial, (normal(2) * 0.3, -0.4, normal(6, 2), np.array([0.0, 3.0, 1.0, 7.0, 2.0, 0.0])), 2),
    (logistic_growth, (np.array([-0.5, 1.2, -1.0]), sample(5)), 1),
    (dirichlet_multinomial, (normal(3) * 0.5, COUNTS), 1),
    (matrix_normal, (normal(3, 2), normal(3, 2, seed=1), spd(3), spd(2)), 4),
]


EACH = pytest.mark.parametrize(("f", "args", "count"), PROGRAMS, ids=lambda f: getattr(f, "__name__", ""))


@EACH
def test_agrees_with_differences(f, args, count):
    wrt = tuple(range(count))
    value, gradient = srcad.value_and_grad(srcad.differentiate(f, jit=False), argnums=wrt)(*args)
    assert value == pytest.approx(f(*args), rel=1e-12)
    v = o.direction(args[:count], seed=1)
    want = o.difference(lambda *params: f(*params, *args[count:]), args[:count], v)
    assert o.dot(gradient, v) == pytest.approx(want, rel=1e-6)


@EACH
def test_agrees_with_jax(f, args, count):
    jax = pytest.importorskip("jax", reason="pip install srcad[oracles]")
    from jax.scipy import linalg, special

    wrt = tuple(range(count))
    gradient = srcad.grad(srcad.differentiate(f, jit=False), argnums=wrt)(*args)
    modules = {"np": jax.numpy, "sl": linalg, "gammaln": special.gammaln, "logsumexp": special.logsumexp}
    theirs = types.FunctionType(f.__code__, {**f.__globals__, **modules})
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    try:
        want = jax.grad(theirs, argnums=wrt)(*map(jax.numpy.asarray, args))
    finally:
        jax.config.update("jax_enable_x64", before)
    for got, other in zip(gradient, want, strict=True):
        if f is principal_components or np.ndim(got) < 2 or got.shape[0] != got.shape[1]:
            np.testing.assert_allclose(got, other, rtol=1e-8, atol=1e-10)
        else:  # of symmetric matrices, the derivative along symmetric directions
            np.testing.assert_allclose(got + got.T, other + other.T, rtol=1e-8, atol=1e-10)


def test_agrees_with_scikit_learn():
    process = pytest.importorskip("sklearn.gaussian_process", reason="pip install scikit-learn")
    (theta, X, y), kernels = PROGRAMS[0][1], process.kernels
    kernel = kernels.ConstantKernel(1.0) * kernels.RBF(1.0) + kernels.WhiteKernel(1.0)
    model = process.GaussianProcessRegressor(kernel, optimizer=None, alpha=0.0).fit(X, y)
    value, gradient = srcad.value_and_grad(srcad.differentiate(gaussian_process, jit=False))(theta, X, y)
    want, want_gradient = model.log_marginal_likelihood(theta, eval_gradient=True)
    assert value == pytest.approx(want, rel=1e-10)
    np.testing.assert_allclose(gradient, want_gradient, rtol=1e-8)

"""Programs that JAX can express too, written for it: gradients and Hessian products agree to rounding."""

import numpy as np
import pytest

import oracles as o
import programs_control as control
import programs_numerical as numerical
import programs_numpy as numpy_programs
import srcad
from programs_kit import normal, sample, spd

jax = pytest.importorskip("jax", reason="pip install srcad[oracles] for a second opinion by JAX")
jnp = jax.numpy


@pytest.fixture(autouse=True, scope="module")
def _double_precision():
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", before)


def horner_sin(x, n):
    return jax.lax.fori_loop(0, n, lambda i, y: y * x + jnp.sin(y), 1.0)


def gaussian_log_density(S, x):
    d = x - 0.5
    return -0.5 * d @ jnp.linalg.solve(S, d) - 0.5 * jnp.linalg.slogdet(S)[1] - 1.5 * jnp.log(2 * jnp.pi)


def logistic_regression(w, X, t):
    p = 1.0 / (1.0 + jnp.exp(-(X @ w)))
    return -jnp.sum(t * jnp.log(p) + (1.0 - t) * jnp.log(1.0 - p))


def mlp_loss(W1, b1, w2, b2, X, y):
    return jnp.mean((jnp.tanh(X @ W1.T + b1) @ w2 + b2 - y) ** 2)


def simple_rnn(xs, Wx, Wh):
    h, _ = jax.lax.scan(lambda h, x: (jnp.tanh(Wx @ x + Wh @ h), None), jnp.zeros(3), xs)
    return jnp.sum(h * h)


def cholesky_log_det(A):
    # The loops read the lower triangle only, so the factorisation must too.
    lower = jnp.tril(A) + jnp.tril(A, -1).T
    return 2.0 * jnp.sum(jnp.log(jnp.diag(jnp.linalg.cholesky(lower, symmetrize_input=False))))


def rk4_energy(z0, p, n):
    def slope(z):
        return jnp.array([p[0] * z[0] - p[1] * z[0] * z[1], p[2] * z[0] * z[1] - p[3] * z[1]])

    z, h = z0, 0.1
    for _ in range(n):
        k1 = slope(z)
        k2 = slope(z + 0.5 * h * k1)
        k3 = slope(z + 0.5 * h * k2)
        k4 = slope(z + h * k3)
        z = z + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
    return jnp.sum(z**2)


def rk4_energy_loops(z0, p, n):
    return np.sum(numerical.rk4(z0, p, n) ** 2)


def gmm(X, mu, log_sigma, logits):
    diff = (X[:, None, :] - mu[None]) * jnp.exp(-log_sigma)[None, :, None]
    logp = -0.5 * jnp.sum(diff * diff, axis=2) - 2.0 * log_sigma
    return jnp.sum(jax.scipy.special.logsumexp(logp + jax.nn.log_softmax(logits), axis=1))


def black_scholes(S, K, T, r, sigma):
    d1 = (jnp.log(S / K) + (r + 0.5 * sigma**2) * T) / (sigma * jnp.sqrt(T))
    d2 = d1 - sigma * jnp.sqrt(T)
    return S * jax.scipy.stats.norm.cdf(d1) - K * jnp.exp(-r * T) * jax.scipy.stats.norm.cdf(d2)


def soft_dtw(x, y, gamma):
    D = [[1e3] * (y.size + 1) for _ in range(x.size + 1)]
    D[0][0] = 0.0
    for i in range(1, x.size + 1):
        for j in range(1, y.size + 1):
            before = jnp.array([D[i - 1][j], D[i][j - 1], D[i - 1][j - 1]])
            soft = -gamma * jax.scipy.special.logsumexp(-before / gamma)
            D[i][j] = (x[i - 1] - y[j - 1]) ** 2 + soft
    return D[x.size][y.size]


def rosenbrock(x):
    return jnp.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def lennard_jones(positions):
    i, j = np.triu_indices(len(positions), 1)
    s6 = 1.0 / (jnp.sum((positions[i] - positions[j]) ** 2, axis=1) + 0.5) ** 3
    return jnp.sum(4.0 * (s6 * s6 - s6))


def burgers_upwind(u, dt, steps):
    for _ in range(steps):
        u = u - dt * jnp.concatenate((jnp.zeros(1), u[1:] * (u[1:] - u[:-1])))
    return 0.5 * jnp.sum(u**2)


PAIRS = [
    (control.horner_sin, horner_sin, (0.4, 7), (0,)),
    (numpy_programs.gaussian_log_density, gaussian_log_density, (spd(3), sample(3)), (0, 1)),
    (numerical.logistic_regression, logistic_regression, (normal(3), normal(8, 3), sample(8)), (0, 1)),
    (
        numerical.mlp_loss,
        mlp_loss,
        (normal(4, 3), normal(4), normal(4), 0.3, normal(6, 3), normal(6)),
        (0, 1, 2, 3),
    ),
    (numerical.simple_rnn, simple_rnn, (normal(4, 2), normal(3, 2), normal(3, 3) * 0.5), (0, 1, 2)),
    (numerical.cholesky_log_det, cholesky_log_det, (spd(4),), (0,)),
    (rk4_energy_loops, rk4_energy, (np.array([1.0, 0.8]), sample(4), 5), (0, 1)),
    (numerical.gmm_vectorised, gmm, (normal(5, 2), normal(3, 2), normal(3), normal(3)), (0, 1, 2, 3)),
    (numerical.black_scholes, black_scholes, (100.0, 95.0, 0.5, 0.02, 0.25), (0, 1, 2, 3, 4)),
    (numerical.soft_dtw, soft_dtw, (normal(4), normal(3), 0.7), (0, 1, 2)),
    (numerical.rosenbrock, rosenbrock, (sample(5),), (0,)),
    (numerical.lennard_jones, lennard_jones, (normal(4, 3),), (0,)),
    (numerical.burgers_upwind, burgers_upwind, (sample(6), 0.05, 4), (0, 1)),
]


@pytest.mark.parametrize(("ours", "theirs", "args", "argnums"), PAIRS, ids=[pair[1].__name__ for pair in PAIRS])
def test_agrees_with_jax(ours, theirs, args, argnums):
    """The value, every gradient, and forward over reverse along a random direction."""
    f = srcad.differentiate(ours, jit=False)
    value, gradient = srcad.value_and_grad(f, argnums=argnums)(*args)
    want, want_gradient = jax.value_and_grad(theirs, argnums=argnums)(*args)
    np.testing.assert_allclose(value, want, rtol=1e-12)
    for got, expected in zip(gradient, want_gradient, strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-11)

    v = o.direction(args, seed=5)
    along = tuple(v[i] if i in argnums else _zero(arg) for i, arg in enumerate(args))
    _, hv = srcad.jvp(srcad.grad(f, argnums=argnums), args, along)

    def jax_gradient(*moving):
        full = list(args)
        for i, x in zip(argnums, moving, strict=True):
            full[i] = x
        return jax.grad(theirs, argnums=argnums)(*full)

    _, want_hv = jax.jvp(jax_gradient, tuple(args[i] for i in argnums), tuple(v[i] for i in argnums))
    for got, expected in zip(hv, want_hv, strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-8, atol=1e-9)


def _zero(x):
    return np.zeros_like(x) if isinstance(x, np.ndarray) else type(x)(0)

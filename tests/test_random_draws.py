"""Random draws: constants, made once, in the forward sweep, and in NumPy's order."""

import numpy as np
import pytest

import oracles as o
import srcad


def simulation(theta, n):
    """A path with noise, where draws decide and where they are terms; then arrays of draws."""
    np.random.seed(3)
    x, total = theta[0], 0.0
    for _ in range(n):
        x = x + 0.1 * np.sin(theta[1] * x) + 0.3 * np.exp(theta[0]) * np.random.normal()
        if np.random.random() < 0.7:
            total += x**2 * np.random.uniform(theta[0], 2.0)
        else:
            total += np.random.exponential(theta[1])
    z = np.random.normal(theta[0], theta[1], size=(3, 2))
    w = theta[1] * np.random.randn(4) + np.random.laplace(theta, 1.0)[0]
    counts = np.random.poisson(3.0, size=4) + np.random.randint(0, 5)
    order = np.random.permutation(4)
    np.random.shuffle(w)
    return total + np.sum(z**2) * np.sum(w * counts) + np.sum(w[order] * np.arange(4.0))


def distributions(theta):
    np.random.seed(5)
    a, b = theta
    y = np.random.gamma(2.0, b) + np.random.gamma(np.array([1.0, 2.0]), theta)[1] + np.random.weibull(b)
    y += np.random.lognormal(a, 0.2) + np.random.pareto(b) + np.random.rayleigh(a) + np.random.logistic(a, b)
    y += np.random.gumbel(a) + a * np.random.standard_t(4.0) + b * np.random.beta(2.0, 3.0) + b * np.random.chisquare(3)
    y += a * np.random.binomial(10, 0.3) + b * np.random.geometric(0.4) + np.random.standard_exponential() * a
    picked = theta[np.random.choice(2, 5)]
    rates = np.random.poisson(np.exp(np.array([0.1, 2.0])))
    return (
        y
        + np.sum(picked**3) * np.sum(rates)
        + np.random.choice(np.array([1.0, 2.0])) * np.sum(np.random.rand(2, 2)) * a
    )


THETA = np.array([0.4, 1.3])


@pytest.mark.parametrize(("f", "args"), [(simulation, (THETA, 5)), (distributions, (THETA,))])
def test_draws_are_constants(f, args):
    """The seed is set inside, so that differences see the same draws; NumPy's numbers, in NumPy's order."""
    g = srcad.differentiate(f, jit=False)
    assert g(*args) == pytest.approx(f(*args), rel=1e-13)
    v = (np.array([0.3, -0.7]), None)[: len(args)]
    want = o.difference(f, args, v)
    assert srcad.jvp(g, args, v)[1] == pytest.approx(want, rel=1e-7)
    assert srcad.grad(g)(*args) @ v[0] == pytest.approx(want, rel=1e-7)
    hv = srcad.hvp(g)(*args, v[0])
    np.testing.assert_allclose(hv, o.difference(srcad.grad(g), args, v), rtol=1e-6, atol=1e-7)


def test_draws_once():
    """The reverse sweep uses the draws of the forward sweep: the next number afterwards is the same as after the function."""

    def noisy(x):
        for _ in range(4):
            x = x * np.random.normal(1.0, 0.1)
        return x

    np.random.seed(1)
    value = noisy(2.0)
    after = np.random.random()
    np.random.seed(1)
    y, x_bar = srcad.value_and_grad(srcad.differentiate(noisy, jit=False))(2.0)
    assert (y, np.random.random()) == (pytest.approx(value), after)
    assert x_bar == pytest.approx(value / 2.0)


def test_compiled_draws():
    """Numba has generators of its own: the derivative is that of what it drew."""

    def noisy(x, n):
        np.random.seed(7)
        z = np.random.standard_normal(3)
        for _ in range(n):
            x = x * (1.0 + 0.1 * np.random.normal()) + z[0] * np.random.exponential(x)
        return x + np.sum(z * x)

    y, x_bar = srcad.value_and_grad(noisy)(2.0, 4)
    h = 1e-5
    value = srcad.differentiate(noisy)
    assert value(2.0, 4) == y
    assert x_bar == pytest.approx((value(2.0 + h, 4) - value(2.0 - h, 4)) / (2 * h), rel=1e-8)


def test_parameters_without_a_formula():
    def f(a):
        return np.random.beta(a, 2.0)

    with pytest.raises(srcad.UnsupportedError, match="beta has no derivative for its parameters") as refusal:
        srcad.grad(srcad.differentiate(f, jit=False))(0.3)
    assert "np.random.beta(a, 2.0)" in str(refusal.value)
    assert (
        srcad.grad(srcad.differentiate(lambda a: np.random.beta(srcad.stop_gradient(a), 2.0) * a, jit=False))(0.3) > 0
    )

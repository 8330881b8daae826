"""Jacobians by forward mode, which carry several directions at once where tangents would repeat work of the primal."""

import numpy as np
import pytest

import oracles as o
import srcad


def carried(x):
    u, out = 0.5, np.zeros((2, x.size + 1))
    for k in range(6):
        u = u * x[k % x.size] + np.sin(u) if u < 1.0 else u / (1.0 + x[0])
        out[k % 2, k % x.size] += u * x[-1]
    return out


def sines(x):
    return np.sin(x) * np.exp(-x * x) * np.sum(x)


def by_while(x):
    u, k = 1.0, 0
    while u > 0.1 and k < 9:
        u = u * np.cos(x[k % x.size]) ** 2
        if u < 0.2:
            break
        k += 1
    return u, x * u


def appended(x):
    values, u = [], 0.3
    for k in range(5):
        u = np.tanh(u + x[k % x.size])
        values.append(u)
    return np.array(values)


def plain(x):
    return np.array([x[0] * x[-1], np.sin(x[0]), x[0] ** 3])


def summed(x):
    s = 0.0
    for k in range(x.size):
        s += x[k] ** 2
    return s


def step(text):
    """The step of the loop over the elements of x."""
    return 4 if ", 4):" in text else 1


@pytest.mark.parametrize("n", [1, 3, 4, 5, 8])
@pytest.mark.parametrize(
    ("f", "directions"), [(carried, 4), (sines, 4), (by_while, 4), (appended, 4), (plain, 1), (summed, 1)]
)
def test_sizes(f, directions, n):
    """Sizes that are multiples of the chunk's, and others; against reverse mode, which has no chunks."""
    x = np.linspace(0.2, 0.9, n)
    g = srcad.differentiate(f, jit=False)
    got = g.jacfwd(x)
    for a, b in zip(o.leaves(got), o.leaves(g.jacrev(x)), strict=True):
        assert np.shape(a) == np.shape(b)
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)
    assert step(g.source("jacfwd")) == directions


def test_of_several_arguments():
    """Arrays of several axes, one direction for numbers, float32, and no elements."""

    def f(A, b, c):
        s = c
        for k in range(4):
            s = np.tanh(s * A[k % A.shape[0], -1] + b)
        return s * np.sum(A), A * s

    g = srcad.differentiate(f, argnums=(0, 1, 2), jit=False)
    for dtype in (np.float64, np.float32):
        A = np.linspace(0.1, 1.0, 15).reshape(3, 5).astype(dtype)
        for x in (A, np.asfortranarray(A), A[:, ::2]):
            args = x, dtype(0.3), dtype(0.7)
            for a, b in zip(o.leaves(g.jacfwd(*args)), o.leaves(g.jacrev(*args)), strict=True):
                assert np.asarray(a).dtype == np.asarray(b).dtype == dtype
                np.testing.assert_allclose(a, b, rtol=1e-5 if dtype == np.float32 else 1e-12)
    assert srcad.jacfwd(srcad.differentiate(sines, jit=False))(np.zeros(0)).shape == (0, 0)


def test_to_any_order():
    """The Jacobian is a program: differentiated itself, with its buffers and without; and a Hessian by chunks."""
    f, x = srcad.differentiate(carried, jit=False), np.linspace(0.2, 0.9, 5)
    norm = srcad.differentiate(lambda x: np.sum(f.jacfwd(x) ** 2), jit=False)
    other = srcad.differentiate(lambda x: np.sum(f.jacrev(x) ** 2), jit=False)
    np.testing.assert_allclose(norm.grad(x), other.grad(x), rtol=1e-11)
    np.testing.assert_allclose(norm.hvp(x, x), other.hvp(x, x), rtol=1e-10)
    J = np.full((2, 6, 5), np.nan)
    assert f.jacfwd(x, out=J) is J
    np.testing.assert_array_equal(J, f.jacfwd(x))
    loss = srcad.differentiate(lambda x: np.sum(np.log1p(np.exp(x * x[0]))), jit=False)
    H, columns = loss.hessian(x), [loss.hvp(x, e) for e in np.eye(5)]
    np.testing.assert_allclose(H, np.array(columns).T, rtol=1e-12)
    assert step(loss.source("hessian")) == 4


def test_compiled():
    x = np.linspace(0.2, 0.9, 6)
    np.testing.assert_allclose(
        srcad.jacfwd(appended)(x), srcad.differentiate(appended, jit=False).jacrev(x), rtol=1e-12
    )

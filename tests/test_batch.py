"""Batches on the CPU: axes, errors, sums, and the same numbers as one problem after the other. Kernels are in `test_cuda.py`."""

from __future__ import annotations

import pickle
from typing import NamedTuple

import numpy as np
import pytest

import srcad
from programs_batch import CASES
from srcad.trees import unpack


def plain(fn):
    return srcad.differentiate(fn, jit=False)


def product(x, p):
    return p[0] * np.sum(x) ** 2 + p[1]


X, P = np.arange(12.0).reshape(4, 3), np.array([2.0, 1.0])


@pytest.mark.parametrize("axes", [(0, None), [0, None], (-2, None), (0, (None))])
def test_axes_are_those_of_vmap(axes):
    alone = srcad.grad(plain(product))
    want = np.stack([alone(x, P) for x in X])
    np.testing.assert_allclose(srcad.grad(plain(product)).batched(in_axes=axes)(X, P), want)
    np.testing.assert_allclose(srcad.grad(plain(product)).batched(in_axes=(1, None))(X.T, P), want)
    np.testing.assert_allclose(srcad.grad(plain(product)).batched(in_axes=(1, None))(X.T.copy(), P), want)


def test_the_same_as_jax():
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    import jax.numpy as jnp

    def g(x, p):
        return p[0] * jnp.sum(jnp.sin(x)) ** 2 + p[1]

    def f(x, p):
        return p[0] * np.sum(np.sin(x)) ** 2 + p[1]

    Ps = np.linspace(0.0, 1.0, 8).reshape(2, 4)
    for axes in [(0, None), (0, 1)]:
        p = P if axes[1] is None else Ps
        np.testing.assert_allclose(
            srcad.grad(plain(f)).batched(in_axes=axes)(X, p), jax.vmap(jax.grad(g), in_axes=axes)(X, p), rtol=1e-12
        )
        np.testing.assert_allclose(
            srcad.hessian(plain(f)).batched(in_axes=axes)(X, p),
            jax.vmap(jax.hessian(g), in_axes=axes)(X, p),
            rtol=1e-12,
        )
    total = lambda p: jnp.sum(jax.vmap(g, in_axes=(0, None))(X, p))
    np.testing.assert_allclose(srcad.grad(plain(f), 1).batched(in_axes=(0, None))(X, P), jax.grad(total)(P), rtol=1e-12)
    with pytest.raises(ValueError, match="got inconsistent sizes"):
        jax.vmap(g)(X, P[None])


class Pair(NamedTuple):
    a: object
    b: object


def test_axes_nest_as_arguments_do():
    def f(t, c=3.0):
        (x, s), q = t
        return c * np.sum(x) * s * q.a * q.b

    t = ((X, 2.0), Pair(np.arange(4.0), 0.5))
    for axes in [(((0, None), (0, None)),), ((((0, None)), (0, None)),)]:
        (x_bar, s_bar), q_bar = srcad.grad(plain(f)).batched(in_axes=axes)(t)
        assert x_bar.shape == (4, 3)
        assert isinstance(q_bar, Pair)
        np.testing.assert_allclose(s_bar, sum(3.0 * X[k].sum() * k * 0.5 for k in range(4)))
        np.testing.assert_allclose(q_bar.a, X.sum(1) * 3.0)


@pytest.mark.parametrize(
    ("axes", "args", "error", "words"),
    [
        ((0, 0), (X, P), ValueError, "inconsistent sizes.*\n.*size 4.*argument x.*\n.*size 2.*argument p"),
        ((0,), (X, P), ValueError, "tuple of entries"),
        ((0, None, 0), (X, P), ValueError, "tuple of entries"),
        ((0, (0, None)), (X, P), ValueError, "tree prefix"),
        ((2, None), (X, P), ValueError, "rank should be at least 3"),
        ((-3, None), (X, P), ValueError, "rank should be at least 3"),
        (0, (X, 1.0), ValueError, r"argument p along axis 0.*its shape is \(\)"),
        ((0, None), (X[:0], P), ValueError, "batch is empty"),
    ],
)
def test_axes_that_do_not_fit(axes, args, error, words):
    with pytest.raises(error, match=words):
        srcad.grad(plain(product)).batched(in_axes=axes)(*args)


def test_axes_that_are_none():
    with pytest.raises(TypeError, match="in_axes must be"):
        srcad.grad(product).batched(in_axes=("x", None))
    with pytest.raises(TypeError, match="in_axes must be"):
        srcad.grad(product).batched(in_axes=0.5)
    for axes in (None, (None, None)):
        with pytest.raises(ValueError, match="at least one non-None"):
            srcad.grad(product).batched(in_axes=axes)
    with pytest.raises(ValueError, match="target"):
        srcad.grad(product).batched("tpu")
    with pytest.raises(TypeError, match="list"):
        srcad.grad(product).batched(in_axes=(0, None))(X, [1.0, 2.0])


def test_keywords_and_defaults():
    def f(x, scale=2.0, power=2):
        return scale * x**power

    g = srcad.value_and_grad(plain(f)).batched()
    x = np.array([1.0, 2.0])
    np.testing.assert_allclose(g(x)[1], 4.0 * x)
    np.testing.assert_allclose(g(x, power=np.array([2, 3]))[1], [4.0, 24.0])
    np.testing.assert_allclose(srcad.grad(plain(f)).batched(in_axes=(0, None))(x, 5.0), 10.0 * x)


def test_compiled_by_several_threads():
    c = CASES["lotka_volterra"]
    u = np.random.default_rng(0).uniform(0.5, 1.0, (300, 2))
    g = srcad.value_and_grad(c.fn, (0, 1)).batched(in_axes=(0, None, None))
    value, (u_bar, p_bar) = g(u, c.args[1], 20)
    alone = srcad.value_and_grad(plain(c.fn), (0, 1))
    one = [alone(x, c.args[1], 20) for x in u]
    np.testing.assert_allclose(value, [r[0] for r in one])
    np.testing.assert_allclose(u_bar, [r[1][0] for r in one])
    np.testing.assert_allclose(p_bar, sum(r[1][1] for r in one))
    assert all(np.array_equal(p_bar, g(u, c.args[1], 20)[1][1]) for _ in range(3))


def test_the_first_failing_problem_raises_its_error():
    def f(x):
        if x < -2.0:
            raise ValueError("very negative")
        if x < 0.0:
            raise ValueError("negative")
        return np.sqrt(x)

    g = srcad.grad(f).batched()
    x = np.ones(1000)
    x[700], x[900] = -1.0, -3.0
    with pytest.raises(ValueError, match="^negative"):
        g(x)
    np.testing.assert_allclose(g(np.ones(1000)), 0.5)


def test_what_is_read_is_read_again():
    scale = 2.0

    def f(x):
        return scale * x * x

    g = srcad.grad(plain(f)).batched()
    assert g(np.ones(2)).tolist() == [4.0, 4.0]
    scale = 3.0
    assert g(np.ones(2)).tolist() == [6.0, 6.0]


def test_two_functions_of_one_name_are_two():
    made = [srcad.grad(plain(lambda x, k=k: k * x**2), 0) for k in (1.0, 2.0)]
    assert [g.batched(in_axes=(0, None))(np.ones(2), k).tolist() for g, k in zip(made, (1.0, 2.0))] == [
        [2.0] * 2,
        [4.0] * 2,
    ]
    squares, cubes = (plain(lambda x: x**2), plain(lambda x: x**3))
    assert srcad.grad(squares).batched()(np.array([2.0])) == 4.0
    assert srcad.grad(cubes).batched()(np.array([2.0])) == 12.0


def test_arguments_stay_as_they_are():
    def f(x):
        x[0] = 2.0 * x[0]
        return np.sum(x * x)

    x = X.copy()
    np.testing.assert_allclose(plain(f).batched()(x), [4 * r[0] ** 2 + r[1] ** 2 + r[2] ** 2 for r in X])
    assert np.array_equal(x, X)


def test_float32():
    x = X.astype(np.float32)
    value, bar = srcad.value_and_grad(plain(product)).batched(in_axes=(0, None))(x, P.astype(np.float32))
    assert {a.dtype for a in unpack((value, bar))} == {np.dtype(np.float32)}


def test_a_batch_is_no_function_to_differentiate():
    batch = srcad.grad(product).batched(in_axes=(0, None))
    with pytest.raises(srcad.UnsupportedError, match="batches"):
        srcad.grad(lambda x: np.sum(batch(x, P)))(X)


def test_batches_are_pickled():
    batch = srcad.grad(product).batched(in_axes=(0, None))
    assert np.array_equal(pickle.loads(pickle.dumps(batch))(X, P), batch(X, P))

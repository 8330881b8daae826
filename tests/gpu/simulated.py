"""Kernels in Numba's simulator, against the same batch on the CPU. Run by `tests/test_cuda.py`, with NUMBA_ENABLE_CUDASIM=1."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from numba import cuda

import srcad
from programs_batch import CASES
from srcad.jit import launch
from srcad.trees import map_tree, unpack


def plain(fn: Any) -> Any:
    return srcad.differentiate(fn, jit=False)


def agree(want: Any, got: Any, tol: float = 1e-9) -> None:
    a, b = list(unpack(want)), list(unpack(got))
    assert len(a) == len(b)
    for x, y in zip(a, b, strict=True):
        if x is None:
            assert y is None
            continue
        assert np.shape(x) == np.shape(y)
        assert np.asarray(x).dtype == np.asarray(y).dtype
        np.testing.assert_allclose(x, y, rtol=tol, atol=tol)


def both(derivative: Any, axes: Any, args: Any, tol: float = 1e-9) -> Any:
    got = derivative.batched("cuda", axes)(*args)
    agree(derivative.batched("cpu", axes)(*args), got, tol)
    return got


def seeded(args: Any, axes: Any) -> Any:
    """A direction for every argument with floats, batched as that is."""
    rng = np.random.default_rng(1)

    def dot(x: Any) -> Any:
        if np.asarray(x).dtype.kind != "f":
            return None
        return np.asarray(x).dtype.type(0.3) if np.ndim(x) == 0 else rng.normal(size=x.shape).astype(x.dtype)

    each = axes if isinstance(axes, tuple) else (axes,) * len(args)
    pairs = [(map_tree(dot, x), a) for x, a in zip(args, each, strict=True)]
    pairs = [(x, a) for x, a in pairs if any(leaf is not None for leaf in unpack(x))]
    return [x for x, _ in pairs], [a for _, a in pairs], (*each, *(a for _, a in pairs))


@pytest.mark.parametrize("kind", ["value", "value_and_grad", "jacfwd", "tangent"])
@pytest.mark.parametrize("name", CASES)
def test_a_kernel_agrees_with_the_cpu(name: str, kind: str) -> None:
    c = CASES[name]
    if kind == "value_and_grad" and not c.scalar:
        pytest.skip("no gradient")
    f = plain(c.fn)
    if kind == "tangent":
        dots, _, axes = seeded(c.args, c.axes)
        both(srcad.tangent(f), axes, (*c.args, *dots))
    else:
        both(f if kind == "value" else getattr(srcad, kind)(f, c.argnums), c.axes, c.args)


@pytest.mark.parametrize("name", ["rosenbrock", "lotka_volterra", "collatz", "network", "heat", "early"])
def test_second_order(name: str) -> None:
    c = CASES[name]
    each = c.axes if isinstance(c.axes, tuple) else (c.axes,) * len(c.args)
    wrt = c.argnums[0] if isinstance(c.argnums, tuple) else c.argnums
    v = np.random.default_rng(3).normal(size=np.shape(c.args[wrt]))
    both(srcad.hvp(plain(c.fn), wrt), (*each, each[wrt]), (*c.args, v))
    if name in ("rosenbrock", "collatz"):
        both(srcad.hessian(plain(c.fn), wrt), c.axes, c.args)
        both(srcad.grad(plain(lambda *a: np.sum(srcad.grad(c.fn, wrt)(*a) ** 2)), wrt), c.axes, c.args)


@pytest.mark.parametrize("name", ["black_scholes", "lotka_volterra", "network", "softmax", "heat", "of_a_tuple"])
def test_float32_stays_float32(name: str) -> None:
    c = CASES[name]

    def narrow(x: Any) -> Any:
        if isinstance(x, float):
            return np.float32(x)
        return x.astype(np.float32) if getattr(x, "dtype", np.int64) == np.float64 else x

    args = tuple(map_tree(narrow, x) for x in c.args)
    kind = "value_and_grad" if c.scalar else "jacfwd"
    both(getattr(srcad, kind)(plain(c.fn), c.argnums), c.axes, args, 2e-3)


def test_adjoints_sum_what_is_shared() -> None:
    c = CASES["network"]
    y_bar = np.linspace(1.0, 2.0, 5)
    f = srcad.adjoint(plain(c.fn))
    y, x_bar, W_bar, b_bar = both(f, (*c.axes, 0), (*c.args, y_bar))
    assert x_bar.shape == (5, 3)
    assert W_bar.shape == (4, 3)
    x, W, b = c.args
    one = [f(x[k], W, b, y_bar[k]) for k in range(5)]
    np.testing.assert_allclose(W_bar, sum(r[2] for r in one))
    np.testing.assert_allclose(b_bar, sum(r[3] for r in one))


def test_hvps_for_what_is_shared_are_summed_if_the_vector_is_shared() -> None:
    f = plain(lambda x, p: x * p[0] ** 2 * p[1])
    x, p, v = np.array([1.0, 2.0, 3.0]), np.array([2.0, 3.0]), np.array([1.0, 0.5])
    one = [srcad.hvp(f, 1)(a, p, v) for a in x]
    np.testing.assert_allclose(srcad.hvp(f, 1).batched("cuda", (0, None, None))(x, p, v), sum(one))
    np.testing.assert_allclose(srcad.hvp(f, 1).batched("cuda", (0, None, 0))(x, p, np.stack([v] * 3)), one)


def test_a_tape_grows_until_it_is_long_enough() -> None:
    c = CASES["power_by_hand"]
    n = np.array([1, 1000, 0, 64, 65])
    g = srcad.grad(plain(c.fn)).batched("cuda")
    want = srcad.grad(plain(c.fn)).batched("cpu")(c.args[0], n)
    np.testing.assert_allclose(g(c.args[0], n), want)
    before = dict(launch._grown)
    np.testing.assert_allclose(g(c.args[0], n), want)
    assert launch._grown == before
    assert any(1000 <= m < 2100 for made in before.values() for s in made for m in s.shape)


def f_that_fails(x: Any, n: Any) -> Any:
    if x < 0.0:
        raise ValueError("negative")
    return x * (7 // n)


def test_the_first_failing_problem_raises_its_error() -> None:
    g = srcad.grad(plain(f_that_fails)).batched("cuda")
    x, n = np.array([1.0, 2.0, -1.0, -2.0]), np.array([1, 2, 3, 4])
    np.testing.assert_allclose(g(abs(x), n), [7.0, 3.0, 2.0, 1.0])
    with pytest.raises(ValueError, match="negative"):
        g(x, n)
    with pytest.raises(ZeroDivisionError):
        g(abs(x), np.array([1, 0, 1, 1]))


def test_an_error_of_the_simulator_is_no_result() -> None:
    """Nothing in the function raises; an index is out of bounds, and the threads that follow never run."""
    g = srcad.grad(plain(lambda x, i: x[i])).batched("cuda")
    np.testing.assert_array_equal(g(np.ones((3, 2)), np.array([1, 0, -1])), [[0.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
    with pytest.raises(IndexError):
        g(np.ones((3, 2)), np.array([0, 1, 2]))


def test_arguments_that_share_memory_are_refused_where_one_is_written() -> None:
    def writes(x: Any, y: Any) -> Any:
        x[0] = x[0] * y[1]
        return x[0] * y[0]

    x = np.ones((3, 2))
    g = srcad.grad(plain(writes)).batched("cuda")
    np.testing.assert_allclose(g(x, x.copy()), [[1.0, 0.0]] * 3)
    with pytest.raises(ValueError, match="share memory"):
        g(x, x)
    assert np.all(x == 1.0)


def test_arrays_of_a_gpu_stay_there() -> None:
    f = srcad.value_and_grad(plain(CASES["logistic"].fn), 1)
    x, w, label = CASES["logistic"].args

    given = cuda.to_device(np.ascontiguousarray(x.T))
    value, bar = f.batched("cuda", (1, None, 0))(given, w, label)
    assert type(value) is type(given)
    agree(f.batched("cpu", (0, None, 0))(x, w, label), (value.copy_to_host(), bar.copy_to_host()))


def test_sums_are_the_same_each_time() -> None:
    c = CASES["logistic"]
    rng = np.random.default_rng(0)
    args = rng.normal(size=(37, 3)), c.args[1], rng.integers(0, 2, 37)
    g = srcad.grad(plain(c.fn), 1).batched("cuda", (0, None, 0))
    first = g(*args)
    assert np.array_equal(first, g(*args))
    np.testing.assert_allclose(first, srcad.grad(plain(c.fn), 1).batched("cpu", (0, None, 0))(*args))


def test_a_function_that_is_made_for_a_gpu() -> None:
    @srcad.differentiate(target="cuda")
    def f(x, p):
        return np.sum(np.sin(x)) * p

    X, p = np.linspace(0.0, 1.0, 6).reshape(2, 3), np.array([2.0, 3.0])
    np.testing.assert_allclose(f(X, p), np.sin(X).sum(1) * p)
    np.testing.assert_allclose(f.grad(X, p), np.cos(X) * p[:, None])
    np.testing.assert_allclose(f.hvp(X, p, X), -np.sin(X) * X * p[:, None])
    np.testing.assert_allclose(srcad.jvp(f, (X, p), (X, 0 * p))[1], (np.cos(X) * X).sum(1) * p)
    y, pullback = srcad.vjp(f, X, p)
    np.testing.assert_allclose(pullback(np.ones(2))[1], np.sin(X).sum(1))
    assert "f_grad_kernel" in f.source("grad", "f8[3], f8")


def test_a_device_function_in_a_kernel_of_the_users() -> None:
    def energy(q):
        return 0.5 * np.sum(q * q) + 0.25 * np.sum(q**4)

    grad = srcad.grad(energy).device("f8[2]")
    value = srcad.differentiate(energy, jit=False).device("f8[2]")

    @cuda.jit
    def step(q, p, h, energies):
        k = cuda.grid(1)
        if k < q.shape[0]:
            g = cuda.local.array(2, np.float64)
            grad(q[k], g)
            for j in range(2):
                p[k, j] -= h * g[j]
                q[k, j] += h * p[k, j]
            energies[k] = value(q[k])

    q, p, e = np.ones((3, 2)), np.zeros((3, 2)), np.zeros(3)
    step[1, 4](q, p, 0.1, e)
    np.testing.assert_allclose(p, -0.2)
    np.testing.assert_allclose(q, 0.98)
    np.testing.assert_allclose(e, energy(np.array([0.98, 0.98])))


def test_a_kernel_is_made_once_for_each_size() -> None:
    g = srcad.grad(plain(CASES["rosenbrock"].fn)).batched("cuda")
    for size in (4, 6, 4):
        g(np.ones((2, size)))
    assert len(g._made) == 2
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        g(np.ones((7, 6)))
    assert len(g._made) == 2

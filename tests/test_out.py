"""Derivatives with `out=`: what they give without, in the caller's arrays, whatever these held before."""

import pickle
from typing import NamedTuple

import numpy as np
import pytest
from numba import njit
from numba.core.errors import TypingError
from numba.core.runtime import _nrt_python, rtsys

import oracles as o
import srcad
from programs import PROGRAMS
from test_programs import interpreted

ARRAYS = [p for p in PROGRAMS if any(isinstance(x, np.ndarray) and o.is_active(x) for x in o.leaves(p.args))]
LAYOUTS = {
    "C": lambda a: np.full(a.shape, np.nan, a.dtype),
    "F": lambda a: np.full(a.shape[::-1], np.nan, a.dtype).T,
    "strided": lambda a: np.full([2 * n for n in a.shape], np.nan, a.dtype)[(..., *[slice(None, None, 2)] * a.ndim)],
}


def buffers(tree, make=LAYOUTS["C"]):
    """Arrays full of NaN for those of a derivative, None for the rest."""
    return o.map_leaves(lambda leaf: make(leaf) if isinstance(leaf, np.ndarray) else None, tree)


def assert_same(got, want, out):
    for a, b, given in zip(o.leaves(got), o.leaves(want), o.leaves(out), strict=True):
        assert given is None or a is given
        assert (a is None) == (b is None)
        if b is not None:
            np.testing.assert_allclose(a, b, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize(("k", "p"), list(enumerate(ARRAYS[::6])), ids=lambda p: getattr(p, "name", None))
def test_programs(k, p):
    """Every sixth of the corpus, each for another layout."""
    try:
        y, pullback = srcad.vjp(interpreted(p), *o.copy(p.args))
    except srcad.UnsupportedError as refusal:
        pytest.skip(str(refusal).splitlines()[0])
    want = pullback(y_bar := o.direction(y, seed=2))
    out = buffers(want, list(LAYOUTS.values())[k % 3])
    assert_same(pullback(y_bar, out=out), want, out)


def product(A, x, n):
    """Its gradient by x is a matrix product, that by A a loop."""
    return np.sum(np.sin(A @ x)) * n


A, X = np.array([[1.0, 0.5, -0.3], [0.2, -0.7, 0.4]]), np.array([0.3, 0.8, 0.1])
V = np.array([1.0, -2.0, 0.5])
KINDS = {
    "grad": (A, X, 2),
    "value_and_grad": (A, X, 2),
    "hvp": (A, X, 2, (np.ones((2, 3)), V)),
    "jacfwd": (A, X, 2),
    "jacrev": (A, X, 2),
    "hessian": (A, X, 2),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("kind", KINDS)
def test_kinds(kind, layout):
    f = srcad.differentiate(product, argnums=("A", "x"), jit=False)
    want = getattr(f, kind)(*KINDS[kind])
    derivatives = want[1] if kind == "value_and_grad" else want
    out = buffers(derivatives, LAYOUTS[layout])
    got = getattr(f, kind)(*KINDS[kind], out=out)
    assert_same(got[1] if kind == "value_and_grad" else got, derivatives, out)
    some = (None, *out[1:])
    got = getattr(f, kind)(*KINDS[kind], out=some)
    assert_same(
        got[1] if kind == "value_and_grad" else got, derivatives, buffers(derivatives, lambda leaf: None)[:1] + some[1:]
    )


def test_both_modes():
    f = srcad.differentiate(lambda x, n: np.sin(x) * n, jit=False)
    out = np.full(3, np.nan)
    for got in (f.tangent(X, 2, V, out=out)[1], srcad.jvp(f, (X, 2), (V, 0), out=out)[1]):
        assert got is out
        np.testing.assert_allclose(out, 2 * np.cos(X) * V)
    y, pullback = srcad.vjp(f, X, 2)
    for got in (f.adjoint(X, 2, V, out=out)[1], pullback(V, out=(out, None))[0]):
        assert got is out
        np.testing.assert_allclose(out, 2 * np.cos(X) * V)
    _, pullback = srcad.vjp(lambda x: x.size, X)
    assert pullback(None, out=(out,))[0] is out
    assert not out.any()


def early(x, w):
    if x.size == 0:
        return 0.0
    s = 0.0
    for k in range(x.size):
        if x[k] < 0.0:
            return s * w[0]
        s += x[k] ** 3
    return s


class Pair(NamedTuple):
    a: np.ndarray
    b: float


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (early, (np.array([0.5, 2.0, 1.0]), X)),
        (early, (np.array([0.5, 2.0, -1.0, 3.0]), X)),
        (early, (np.zeros(0), X)),
        (lambda x, w: np.sum(x), (np.float32([1.0, 2.0]), np.float32([[3.0]]))),
        (lambda x, w: w[()] * x[0, 1, 0], (np.ones((1, 2, 3)), np.array(2.0))),
        (lambda x, w: np.sum(x[1:] * w.b) + x @ w.a, (X, Pair(V, 2.0))),
        (lambda x, w: np.sum(x * w), (np.ones((2, 3)), np.array([[2.0]]))),
        (lambda x, w: np.sum(x * x[0]) + np.sum(x * w), (X, X + 1.0)),
    ],
)
def test_corners(f, args):
    """Early exits, what is not used, empty, of no axes, nested, broadcast."""
    gradient = srcad.differentiate(f, argnums=(0, 1), jit=False).grad
    want = gradient(*args)
    out = buffers(want)
    assert_same(gradient(*args, out=out), want, out)


def test_forms_of_calls():
    def scaled(x, n=2, *ws):
        for w in ws:
            x = x * w
        return n * np.sum(x), x

    gradient, out = srcad.grad(srcad.differentiate(scaled, jit=False), has_aux=True), np.full(3, np.nan)
    for args, kwargs in (
        ((X,), {}),
        ((X, 3), {}),
        ((X, 3, V), {}),
        ((X, 3, V, V), {}),
        ((), {"x": X}),
        ((X,), {"n": 3}),
    ):
        got, _ = gradient(*args, **kwargs, out=out)
        assert got is out
        np.testing.assert_array_equal(out, gradient(*args, **kwargs)[0])
    assert gradient(X, out=None)[0] is not out


def test_a_function_with_a_parameter_of_that_name():
    """That is what `out` means then, and buffers are `out_`, as seeds make room for names."""
    gradient = srcad.grad(srcad.differentiate(lambda x, out: np.sum(x * out), jit=False))
    np.testing.assert_array_equal(gradient(X, out=2.0), np.full(3, 2.0))
    assert gradient(X, 3.0, out_=(out := np.empty(3))) is out
    assert (out == 3.0).all()


READ_ONLY = np.zeros(3)
READ_ONLY.flags.writeable = False
BETWEEN = np.zeros(8)


@pytest.mark.parametrize(
    ("x", "out", "error", "message"),
    [
        (X, np.zeros(4), ValueError, r"out has the shape \(4,\), but what is written into it has \(3,\)"),
        (
            X,
            np.zeros((3, 1)),
            TypeError,
            r"out must have the type of the derivative, float64\[:\], but is float64\[:, :\]",
        ),
        (X, np.zeros(3, np.float32), TypeError, r"float64\[:\], but is float32\[:\]"),
        (X, (np.zeros(3),), TypeError, r"float64\[:\], but is \(float64\[:\],\)"),
        (X, [0.0, 0.0, 0.0], TypeError, "'out' is a list"),
        (X, np.ma.zeros(3), TypeError, "'out' is a numpy.MaskedArray"),
        (X, READ_ONLY, ValueError, "read-only"),
        (X, X, ValueError, "share memory"),
        (BETWEEN[:3], BETWEEN[2:5], ValueError, "share memory"),
        (2.0, np.zeros(()), TypeError, "out has nothing to hold, since the derivative is a number"),
    ],
)
def test_what_is_refused(x, out, error, message):
    with pytest.raises(error, match=message):
        srcad.differentiate(lambda x: np.sum(x * x), jit=False).grad(x, out=out)


def test_what_is_refused_of_several():
    f = srcad.differentiate(product, argnums=(0, 1), jit=False)
    both = f.grad
    a, x = np.zeros((2, 3)), np.zeros(3)
    with pytest.raises(TypeError, match=r"out must be nested as the derivative, \(float64\[:, :\], float64\[:\]\)"):
        both(A, X, 2, out=x)
    with pytest.raises(ValueError, match=r"out\[1\] has the shape"):
        both(A, X, 2, out=(a, x[:2]))
    with pytest.raises(ValueError, match="share memory"):
        both(A, X, 2, out=(a, a[0]))
    with pytest.raises(TypeError, match="a tuple with a buffer or None for each primal, 3 here"):
        srcad.vjp(f, A, X, 2)[1](1.0, out=(a, x))
    with pytest.raises(TypeError, match="a buffer for the constant 2"):
        srcad.vjp(f, A, X, 2)[1](1.0, out=(a, x, x))
    with pytest.raises(TypeError, match="takes no out="):
        srcad.grad(product).batched(in_axes=(0, None, None))(A, X, 2, out=a)
    with pytest.raises(TypeError, match="out"):
        srcad.differentiate(product, jit=False)(A, X, 2, out=x)
    with pytest.raises(ValueError, match="the function itself takes no buffers"):
        srcad.differentiate(product, jit=False).source(out=True)


def test_inside_of_what_is_differentiated():
    """A gradient with a buffer is a program that writes into an array: it has derivatives of its own, to any order."""
    f = srcad.differentiate(lambda x: np.sum(np.sin(x) * x[0]), jit=False)

    def with_buffers(x):
        G, s = np.empty((3, x.size)), 0.0
        for k in range(3):
            g = f.grad((k + 1) * x, out=G[k])
            g[0] += 1.0
            _, g = f.value_and_grad(x, out=None)
            s += G[k] @ g
        return s

    def without(x):
        s = 0.0
        for k in range(3):
            g = f.grad((k + 1) * x)
            g[0] += 1.0
            s += g @ f.grad(x)
        return s

    ours, theirs = (srcad.differentiate(g, jit=False) for g in (with_buffers, without))
    np.testing.assert_allclose(ours.grad(X), theirs.grad(X), rtol=1e-13)
    np.testing.assert_allclose(ours.tangent(X, V), theirs.tangent(X, V), rtol=1e-13)
    np.testing.assert_allclose(ours.hvp(X, V), theirs.hvp(X, V), rtol=1e-13)
    with pytest.raises(ValueError, match="share memory"):
        srcad.differentiate(lambda x: np.sum(f.grad(x, out=x)), jit=False).grad(X)


def test_vjp_and_jvp_inside():
    def with_buffers(x):
        b, c = np.empty(x.size), np.empty(x.size)
        srcad.jvp(scaled, (x, 2), (x * x, 0), out=b)
        _, pullback = srcad.vjp(scaled, x, 2)
        pullback(x, out=(c, None))
        return b @ c

    def scaled(x, n):
        return np.sin(x) * x[0] * n

    gradient = srcad.differentiate(with_buffers, jit=False).grad
    want = srcad.grad(
        srcad.differentiate(
            lambda x: srcad.jvp(scaled, (x, 2), (x * x, 0))[1] @ srcad.vjp(scaled, x, 2)[1](x)[0], jit=False
        )
    )
    np.testing.assert_allclose(gradient(X), want(X), rtol=1e-13)
    with pytest.raises(TypeError, match="a tuple with a buffer or None for each primal, 2 here"):
        srcad.differentiate(lambda x: srcad.vjp(scaled, x, 2)[1](x, out=x)[0][0], jit=False).grad(X)


def rosenbrock(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def test_compiled():
    """From Python and from compiled code, where a loop of gradient steps allocates nothing."""
    gradient = srcad.grad(rosenbrock)
    want, out = gradient(X), np.full(3, np.nan)
    assert gradient(X, out=out) is out
    np.testing.assert_array_equal(out, want)
    with pytest.raises(ValueError, match="out has another shape"):
        gradient(X, out=np.zeros(2))
    with pytest.raises(ValueError, match="share memory"):
        gradient(X, out=X)
    with pytest.raises(ValueError, match="read-only"):
        gradient(X, out=READ_ONLY)
    assert pickle.loads(pickle.dumps(gradient))(X, out=out) is out

    @njit
    def descend(x, g, steps):
        for _ in range(steps):
            gradient(x, out=g)
            for i in range(x.size):
                x[i] -= 1e-4 * g[i]
        return g

    assert descend(X.copy(), out, 1) is out
    np.testing.assert_array_equal(out, want)
    _nrt_python.memsys_enable_stats()
    made = []
    for steps in (1, 100):
        before = rtsys.get_allocation_stats().mi_alloc
        descend(x := X.copy(), out, steps)
        made.append(rtsys.get_allocation_stats().mi_alloc - before)
    assert made[0] == made[1]  # what Numba makes of the arguments
    assert rosenbrock(x) < rosenbrock(X)
    with pytest.raises(TypingError, match="out must have the type of the derivative"):
        descend(X.copy(), np.zeros((3, 3)), 1)


WEIGHTS = np.array([0.5, 2.0, 1.0])


def test_compiled_for_several():
    """A matrix product in place; sizes that are equal at first, and broadcast then; a global array."""
    both = srcad.grad(lambda A, x, w: np.sum(w * (A @ x)) + WEIGHTS[1], argnums=(0, 1))
    plain = srcad.differentiate(both.derivative.fn, argnums=(0, 1), jit=False).grad
    for w in (V[:2], V[:1]):
        want = plain(A, X, w)
        out = buffers(want)
        assert_same(both(A, X, w, out=out), want, out)
    assert "np.dot(A.T, v_bar, x_bar)" in both.source(out=True)

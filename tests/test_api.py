"""The public functions: what they take and give, what they refuse, and that they compose."""

import collections
import copy
import functools
import inspect
import math
import os
import pickle
import subprocess
import sys
import threading
from fractions import Fraction

import numpy as np
import pytest
from numba import njit

import srcad
import srcad.infer
from srcad import (
    adjoint,
    differentiate,
    grad,
    hessian,
    hvp,
    inverse_hvp,
    jacfwd,
    jacrev,
    jvp,
    stop_gradient,
    tangent,
    value_and_grad,
    vjp,
)

Point = collections.namedtuple("Point", "a b")
JIT = pytest.mark.parametrize("jit", [True, False], ids=["compiled", "interpreted"])
X = np.array([1.0, 2.0, 3.0])


def survey(x1, x2):
    """The survey's example."""
    return np.log(x1) + x1 * x2 - np.sin(x2)


def cube(x):
    return x**3


def squares(x):
    return np.sum(x * x)


def affine(a, x, n=2, shift=1.0):
    return a * x**n + shift


@pytest.fixture(params=[True, False], ids=["compiled", "interpreted"])
def wrap(request):
    """The function, to be compiled or to be interpreted."""
    return functools.partial(differentiate, jit=request.param)


# --- grad ------------------------------------------------------------------------------------------------------------


def test_grad(wrap):
    f = wrap(survey)
    assert f(2.0, 5.0) == pytest.approx(11.652071455223084)
    assert grad(f)(2.0, 5.0) == pytest.approx(5.5)
    assert grad(f, (0, 1))(2.0, 5.0) == pytest.approx((5.5, 2.0 - math.cos(5.0)))
    assert grad(f, (1,))(2.0, 5.0) == pytest.approx((2.0 - math.cos(5.0),))
    assert grad(f, -1)(2.0, 5.0) == grad(f, "x2")(2.0, 5.0) == grad(f, 1)(2.0, 5.0)
    assert grad(f, ("x2", 0))(2.0, 5.0) == pytest.approx((2.0 - math.cos(5.0), 5.5))
    assert grad(f, ())(2.0, 5.0) == ()
    assert value_and_grad(f)(2.0, 5.0) == pytest.approx((11.652071455223084, 5.5))
    assert grad(f)(x2=5.0, x1=2.0) == pytest.approx(5.5)


def test_defaults_and_keywords(wrap):
    f = wrap(affine)
    assert f(2.0, 3.0) == 19.0
    assert grad(f, "x")(2.0, 3.0) == 12.0
    assert grad(f, "x")(2.0, 3.0, 3) == 54.0
    assert grad(f, "x")(a=2.0, n=1, x=3.0) == 2.0
    assert grad(f, "shift")(2.0, 3.0) == 1.0
    assert jvp(f, (2.0, 3.0), (0.0, 1.0)) == (19.0, 12.0)
    assert vjp(f, 2.0, 3.0)[1](1.0) == (9.0, 12.0)
    assert tangent(f)(2.0, 3.0, 2, 1.0, 0.0, 1.0, 0.0) == (19.0, 12.0)
    assert tangent(f)(2.0, 3.0, a_dot=0.0, x_dot=1.0, shift_dot=0.0) == (19.0, 12.0)
    assert adjoint(f)(2.0, 3.0, 2, 1.0, 1.0) == (19.0, 9.0, 12.0, 1.0)
    assert list(inspect.signature(adjoint(f)).parameters) == ["a", "x", "n", "shift", "y_bar"]


def test_has_aux(wrap):
    f = wrap(lambda x: (np.sum(x**2), (x * 3.0, 7)))
    g, aux = grad(f, has_aux=True)(X)
    np.testing.assert_array_equal(g, 2.0 * X)
    np.testing.assert_array_equal(aux[0], 3.0 * X)
    assert aux[1] == 7
    (y, aux), g = value_and_grad(f, has_aux=True)(X)
    assert (y, aux[1]) == (14.0, 7)
    np.testing.assert_array_equal(g, 2.0 * X)
    f = wrap(lambda x: (x * x, x * x))
    assert grad(f, has_aux=True)(3.0) == (6.0, 9.0)
    x = X.copy()
    (_, aux), _ = value_and_grad(wrap(lambda x: (np.sum(x), x[1:])), has_aux=True)(x)
    assert not np.shares_memory(aux, x)
    with pytest.raises(TypeError, match="has_aux"):
        grad(wrap(cube), has_aux=True)(1.0)


def square_and_cube(x):
    return x**2, x**3


def gradient_of_square_times_cube(x):
    g, aux = grad(square_and_cube, has_aux=True)(x)
    return g * aux


def test_aux_is_differentiated(wrap):
    """Only a gradient leaves aux out: what is derived from the gradient does not."""
    assert jvp(grad(wrap(square_and_cube), has_aux=True), (1.5,), (1.0,)) == ((3.0, 3.375), (2.0, 6.75))
    assert np.isclose(grad(wrap(gradient_of_square_times_cube))(1.5), 8 * 1.5**3)


@pytest.mark.parametrize(
    ("function", "args", "message"),
    [
        (cube, (2,), "requires real-valued inputs.*int64"),
        (cube, (True,), "requires real-valued inputs.*bool"),
        (cube, (2j,), "requires real-valued inputs.*complex128"),
        (squares, (np.arange(3),), "requires real-valued inputs.*int64"),
        (lambda p: p[0] * p[1], ((1.0, 2),), "requires real-valued inputs.*int64"),
        (lambda x: x, (X,), r"scalar-output functions. Output had shape: \(:,\)"),
        (lambda x: (x, x), (2.0,), r"scalar-output functions. Output had type: \(float64, float64\)"),
        (lambda x: 3, (2.0,), "requires real-valued outputs.*int64"),
        (lambda x: x > 1.0, (2.0,), "requires real-valued outputs.*bool"),
        (cube, ([1.0],), "list"),
        (cube, ({},), "dict"),
        (cube, (None,), "None"),
        (cube, ("a",), "str"),
        (cube, (), "argument|arguments"),
    ],
)
def test_grad_refuses(wrap, function, args, message):
    with pytest.raises(TypeError, match=message):
        grad(wrap(function))(*args)


def test_what_is_no_function():
    with pytest.raises(TypeError, match="not a float"):
        grad(2.0)
    with pytest.raises(ValueError, match="argnums"):
        grad(cube, 1)
    with pytest.raises(ValueError, match=r"'z'.*\(x\)"):
        grad(cube, "z")
    with pytest.raises(TypeError):
        grad(cube, 0.5)
    with pytest.raises(ValueError, match="target"):
        differentiate(cube, target="tpu")
    with pytest.raises(ValueError, match="kind"):
        differentiate(cube).source("gradient")
    with pytest.raises(AttributeError):
        srcad.no_such_thing  # noqa: B018
    assert {"grad", "vjp", "testing", "UnsupportedError"} <= set(dir(srcad))


def test_unsupported_code_shows_the_line():
    def f(x):
        return x * float(open("file").read())

    with pytest.raises(srcad.UnsupportedError) as caught:
        grad(f)(1.0)
    message = str(caught.value)
    assert "test_api.py:" in message
    assert "open" in message
    assert "^" in message
    assert "help:" in message
    assert isinstance(caught.value, NotImplementedError)


# --- structures and dtypes -------------------------------------------------------------------------------------------


def same(got, wanted):
    """Equal in value, type, shape and dtype throughout."""
    if got is None or wanted is None:
        assert got is wanted
    elif isinstance(wanted, tuple):
        assert type(got) is type(wanted), (got, wanted)
        assert len(got) == len(wanted)
        for a, b in zip(got, wanted, strict=True):
            same(a, b)
    elif isinstance(wanted, np.ndarray):
        assert (got.shape, got.dtype) == (wanted.shape, wanted.dtype)
        np.testing.assert_allclose(got, wanted)
    else:
        assert not isinstance(got, np.ndarray)
        assert np.asarray(got).dtype == np.asarray(wanted).dtype
        assert got == pytest.approx(wanted)


def test_gradients_are_as_their_arguments(wrap):
    f = wrap(lambda p, s: p[0] * np.sum(p[1] ** 2) * s)
    same(grad(f)((2.0, X), 3.0), (42.0, 12.0 * X))
    same(grad(f, (0, 1))((2.0, X), 3.0), ((42.0, 12.0 * X), 28.0))
    g = wrap(lambda p: p.a * np.sum(p.b[0] * p.b[1]))
    same(grad(g)(Point(2.0, (X, 2.0))), Point(12.0, (np.full(3, 4.0), 12.0)))
    h = wrap(lambda x: np.sum(x * x))
    same(grad(h)(np.array(3.0)), np.array(6.0))
    same(grad(h)(np.ones((2, 0))), np.ones((2, 0)))
    same(grad(h)(np.float32(X)), np.float32(2.0 * X))
    same(grad(h)(np.asfortranarray(np.ones((2, 3)))), 2.0 * np.ones((2, 3)))
    same(grad(h)(np.arange(8.0)[::2]), 2.0 * np.arange(8.0)[::2])
    same(grad(h)(np.arange(8.0)[::-1]), 2.0 * np.arange(8.0)[::-1])


@pytest.mark.parametrize(
    "f", [lambda x: x * x, lambda x: x + x, lambda x: 2 * x, lambda x: x * 0.0, lambda x: np.sin(x)]
)
def test_float32_stays_float32(f):
    x = np.float32(1.5)
    for out in (grad(f)(x), tangent(f)(x, x)[1], adjoint(f)(x, x)[1], hvp(f)(x, x), jacfwd(f)(x), hessian(f)(x)):
        assert type(out) is np.float32
    y, dot = jvp(f, (x,), (1.0,))
    assert (type(y), type(dot)) == (np.float32, np.float32)
    assert type(vjp(f, x)[1](1)[0]) is np.float32
    assert vjp(f, np.float32(X))[1](np.ones(3))[0].dtype == np.float32


def test_inputs_are_never_modified_and_never_returned(wrap):
    def overwrites(x):
        x[0] = x[1] * x[2]
        x *= 2.0
        return np.sum(x)

    f = wrap(overwrites)
    for make in (grad, value_and_grad, jacrev, jacfwd, hessian):
        x = X.copy()
        make(f)(x)
        np.testing.assert_array_equal(x, X)
    x, v = X.copy(), np.ones(3)
    jvp(f, (x,), (v,))
    hvp(f)(x, v)
    vjp(f, x)
    np.testing.assert_array_equal(x, X)
    np.testing.assert_array_equal(v, np.ones(3))
    assert f(x) != 0.0
    assert not np.array_equal(x, X), "the function itself does what it always did"


def test_results_share_no_memory(wrap):
    x, v = X.copy(), np.ones(3)
    y, dot = jvp(wrap(lambda x: x), (x,), (v,))
    assert not np.shares_memory(y, x)
    assert not np.shares_memory(dot, v)
    (a, b), (c, d) = jvp(wrap(lambda x: (x, x)), (x,), (v,))
    assert not any(np.shares_memory(s, t) for s, t in [(a, b), (c, d), (a, x), (c, v)])
    (bar,) = vjp(wrap(lambda x: x), x)[1](v)
    assert not np.shares_memory(bar, v)
    s, t = grad(wrap(lambda x, y: np.sum(x + y)), (0, 1))(x, x)
    assert not np.shares_memory(s, t)


# --- jvp and vjp -----------------------------------------------------------------------------------------------------


def test_jvp(wrap):
    f = wrap(lambda x, n, p: (x**n * p.a, Point(p.b, n)))
    y, dot = jvp(f, (2.0, 3, Point(2.0, X)), (1.0, 0, Point(0.5, np.ones(3))))
    same(y, (16.0, Point(X, 3)))
    same(dot, (28.0, Point(np.ones(3), None)))
    same(jvp(f, (2.0, 3, Point(2.0, X)), (1.0, None, Point(0.5, np.ones(3)))), (y, dot))


def test_jvp_refuses(wrap):
    f = wrap(lambda x, n: x * n)
    with pytest.raises(TypeError, match="1 tangent"):
        jvp(f, (1.0, 2), (1.0,))
    with pytest.raises(TypeError, match="constant"):
        jvp(f, (1.0, 2), (1.0, 1.0))
    with pytest.raises(TypeError, match="float64"):
        jvp(f, (1.0, 2), (X, 0))
    with pytest.raises(TypeError, match="nothing to differentiate"):
        jvp(f, (1, 2), (0, 0))
    with pytest.raises(TypeError, match=r"tangents\[0\]\[1\] is not 0"):
        jvp(wrap(lambda p: p[0] ** p[1]), ((2.0, 3),), ((1.0, 5.0),))


def test_seeds_of_another_shape(wrap):
    f, g = wrap(lambda x: x * x), wrap(lambda x: np.sum(x**3))
    for wrong in (np.ones(1), np.ones(4)):
        size = wrong.size
        with pytest.raises(ValueError, match=rf"tangents\[0\] has the shape \({size},\).*has \(3,\)"):
            jvp(f, (X,), (wrong,))
        with pytest.raises(ValueError, match=rf"y_bar has the shape \({size},\).*has \(3,\)"):
            vjp(f, X)[1](wrong)
        with pytest.raises(ValueError, match="x_dot has"):
            tangent(f)(X, wrong)
        with pytest.raises(ValueError, match="y_bar has"):
            adjoint(f)(X, wrong)
        with pytest.raises(ValueError, match="v has"):
            hvp(g)(X, wrong)


def test_vjp(wrap):
    f = wrap(lambda x, n, p: (x**n * p.a, Point(p.b, n)))
    y, pullback = vjp(f, 2.0, 3, Point(2.0, X))
    same(y, (16.0, Point(X, 3)))
    for _ in range(2):
        same(pullback((1.0, Point(X, None))), (24.0, None, Point(8.0, X)))
    same(pullback((1.0, Point(np.arange(6)[::2], 5))), (24.0, None, Point(8.0, np.array([0.0, 2.0, 4.0]))))
    with pytest.raises(TypeError, match="y_bar"):
        pullback(1.0)
    with pytest.raises(TypeError, match="y_bar"):
        pullback((X, Point(X, None)))


def test_vjp_keeps_its_own_copy_of_the_primals(wrap):
    x = X.copy()
    _, pullback = vjp(wrap(squares), x)
    x[:] = 0.0
    np.testing.assert_array_equal(pullback(1.0)[0], 2.0 * X)


def test_jvp_as_the_vjp_of_a_vjp(wrap):
    f = wrap(lambda x: np.sin(x) * x[0])
    v = np.array([1.0, -1.0, 0.5])
    _, pullback = vjp(f, X)
    _, transposed = vjp(pullback, np.zeros(3))
    np.testing.assert_allclose(transposed((v,))[0], jvp(f, (X,), (v,))[1])


def test_changed_globals_are_seen_by_jvp_and_vjp():
    scale = 2.0

    def f(x):
        return scale * x

    assert jvp(f, (1.0,), (1.0,)) == (2.0, 2.0)
    scale = 3.0
    assert jvp(f, (1.0,), (1.0,)) == (3.0, 3.0)
    assert vjp(f, 1.0)[1](1.0) == (3.0,)


class Config:
    def __init__(self, k):
        self.k = k


CHANGING = Config(0.0)


def by_config(x):
    return x * CHANGING.k


def test_what_a_function_reads_may_change_between_calls(wrap, monkeypatch):
    f = wrap(by_config)
    g = grad(f)
    for k in (1.0, 2.0, 1.0):
        monkeypatch.setitem(globals(), "CHANGING", Config(k))
        assert (f(2.0), g(2.0), f.grad(2.0), f.tangent(2.0, 1.0)) == (2.0 * k, k, k, (2.0 * k, k))
        assert jvp(f, (2.0,), (1.0,)) == (2.0 * k, k)
        CHANGING.k = k + 5.0
        assert (f(2.0), g(2.0), vjp(f, 2.0)[1](1.0)) == (2.0 * k + 10.0, k + 5.0, (k + 5.0,))
    array, table, items = np.ones(3), {"a": 2.0}, [1.0, 2.0]
    helper = cube
    h = wrap(lambda x: helper(x) * array[0] * table["a"] + items[1])
    assert (h(2.0), grad(h)(2.0)) == (18.0, 24.0)
    array[0] = 3.0
    assert (h(2.0), grad(h)(2.0)) == (50.0, 72.0)
    table["a"], items[1] = 1.0, 0.0
    assert (h(2.0), grad(h)(2.0)) == (24.0, 36.0)
    helper = squares
    assert (h(2.0), grad(h)(2.0)) == (12.0, 12.0)


def _scaled(t, k=2.0):
    return t * k


def _keyword(t, *, k=2.0):
    return t * k


def _other(t, k=2.0):
    return t * t * k


def test_helpers_that_are_changed_in_place(wrap, monkeypatch):
    """Also from within nested functions, and as arguments."""
    f = wrap(lambda x: _scaled(x) + (lambda t: _keyword(t))(x))
    h = wrap(lambda x, g: g(x))
    assert (f(3.0), grad(f)(3.0), h(3.0, _scaled), grad(h)(3.0, _scaled)) == (12.0, 4.0, 6.0, 2.0)
    monkeypatch.setattr(_scaled, "__defaults__", (5.0,))
    assert (f(3.0), grad(f)(3.0), h(3.0, _scaled), grad(h)(3.0, _scaled)) == (21.0, 7.0, 15.0, 5.0)
    monkeypatch.setattr(_scaled, "__code__", _other.__code__)
    assert (f(3.0), grad(f)(3.0), h(3.0, _scaled), grad(h)(3.0, _scaled)) == (51.0, 32.0, 45.0, 30.0)
    monkeypatch.setitem(_keyword.__kwdefaults__, "k", 1.0)
    assert (f(3.0), grad(f)(3.0), jvp(f, (3.0,), (1.0,))) == (48.0, 31.0, (48.0, 31.0))


SIZE = 2.0


def measured(x):
    return abs(x) * SIZE * math.exp(0.0)


def test_names_of_python_may_become_globals(wrap, monkeypatch):
    f = wrap(measured)
    assert (f(-3.0), grad(f)(-3.0)) == (6.0, -2.0)
    monkeypatch.setitem(globals(), "abs", _other)
    assert (f(-3.0), grad(f)(-3.0)) == (36.0, -24.0)
    monkeypatch.delitem(globals(), "abs")
    assert (f(-3.0), grad(f)(-3.0)) == (6.0, -2.0)
    monkeypatch.setitem(globals(), "math", Config(0.0))
    monkeypatch.setattr(Config, "exp", staticmethod(lambda t: 3.0), raising=False)
    assert (f(-3.0), grad(f)(-3.0)) == (18.0, -6.0)
    monkeypatch.setattr(measured, "__code__", (lambda x: x * SIZE).__code__)
    assert (f(-3.0), grad(f)(-3.0)) == (-6.0, 2.0)


def test_a_pullback_belongs_to_what_was_read(wrap):
    scale = np.array([2.0])
    _, pullback = vjp(wrap(lambda x: x * scale[0]), 1.0)
    scale[0] = 3.0
    with pytest.raises(RuntimeError, match="'scale', which the function reads, has changed"):
        pullback(1.0)


def test_arguments_that_share_memory(wrap):
    def overwrites(x, y):
        x[0] = x[1] * y[2]
        return np.sum(x * y)

    def reads_global(x):
        x[0] = x[1] * 2.0
        return np.sum(x * X)

    f, x = wrap(overwrites), X.copy()
    for call in (lambda: vjp(f, x, x), lambda: jvp(f, (x, x), (x, x)), lambda: vjp(f, x[:], x)):
        with pytest.raises(ValueError, match="share memory"):
            call()
    pair = wrap(lambda p: overwrites(p[0], p[1]))
    with pytest.raises(ValueError, match="share memory"):
        vjp(pair, (x, x))
    g, before = wrap(reads_global), X.copy()
    for call in (lambda: g(X), lambda: grad(g)(X), lambda: vjp(g, X), lambda: g(X[:2]), lambda: grad(g)(X[1:])):
        with pytest.raises(ValueError, match="shares memory with 'X'"):
            call()
    np.testing.assert_array_equal(X, before)
    assert grad(g)(X.copy()).shape == (3,)


def test_copies_of_arguments_are_laid_out_as_they_are(wrap):
    def through_a_view(A):
        flat = A.T.ravel()
        flat[1] = 100.0 * flat[0]
        return A * 1.0

    def through_a_copy(A):
        flat = A.ravel()
        flat[0] = 100.0 * flat[1]
        return np.sum(A * A)

    A = np.asfortranarray([[1.0, 2.0], [3.0, 4.0]])
    wanted = np.array([[1.0, 2.0], [100.0, 4.0]])
    f = wrap(through_a_view)
    same(jvp(f, (A,), (A,))[0], wanted)
    y, pullback = vjp(f, A)
    same(y, wanted)
    same(pullback(np.ones((2, 2)))[0], np.array([[101.0, 1.0], [0.0, 1.0]]))
    strided = np.arange(16.0).reshape(4, 4)[::2, ::2]
    for call in (wrap(through_a_copy), grad(wrap(through_a_copy)), lambda A: vjp(wrap(through_a_copy), A)):
        with pytest.raises(srcad.UnsupportedError, match="depends on the strides"):
            call(strided)


@pytest.mark.parametrize(
    "x",
    [
        *(np.ones(2, dtype) for dtype in ("f2", ">f8", np.longdouble)),
        np.ma.array([1.0]),
        np.ones((1, 1)).view(np.matrix),
        {"w": 1.0},
        {1.0},
        Fraction(1, 2),
        object(),
        [1.0],
    ],
)
def test_arguments_that_are_refused(wrap, x):
    with pytest.raises(TypeError, match="argument 'A' (is|has) .*: pass"):
        grad(wrap(lambda A: np.sum(A * A)))(x)


# --- Jacobians and Hessians ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("jacobian", [jacfwd, jacrev])
def test_jacobians(wrap, jacobian):
    f = wrap(lambda x, s: (s * x**2, np.sum(x) * s))
    jx, js = np.diag(4.0 * X), X**2
    same(jacobian(f)(X, 2.0), (jx, np.full(3, 2.0)))
    same(jacobian(f, (0, 1))(X, 2.0), ((jx, js), (np.full(3, 2.0), 6.0)))
    same(jacobian(wrap(cube))(2.0), 12.0)
    A = np.arange(6.0).reshape(2, 3)
    got = jacobian(wrap(lambda A, x: A @ x))(A, X)
    assert got.shape == (2, 2, 3)
    np.testing.assert_allclose(got, np.einsum("ij,k->ijk", np.eye(2), X))
    got = jacobian(wrap(lambda x: x.reshape((2, 2)) ** 2))(np.arange(4.0))
    np.testing.assert_allclose(got, np.diag(2.0 * np.arange(4.0)).reshape(2, 2, 4))
    same(jacobian(wrap(lambda x: x * 2))(np.float32(X)), np.float32(2.0 * np.eye(3)))
    same(jacobian(wrap(lambda x: x * 2.0))(np.ones(0)), np.ones((0, 0)))
    same(jacobian(wrap(lambda x, n: (x * n, n)))(2.0, 3), (3.0, None))
    with pytest.raises(TypeError, match="real-valued inputs"):
        jacobian(wrap(cube))(2)


def test_hessian(wrap):
    f = wrap(lambda x, y: x[0] ** 2 * x[1] * y)
    same(hessian(f)(X[:2], 3.0), np.array([[12.0, 6.0], [6.0, 0.0]]))
    (xx, xy), (yx, yy) = hessian(f, (0, 1))(X[:2], 3.0)
    same(xx, np.array([[12.0, 6.0], [6.0, 0.0]]))
    same(xy, np.array([4.0, 1.0]))
    same(yx, np.array([4.0, 1.0]))
    same(yy, 0.0)
    assert hessian(wrap(cube))(2.0) == 12.0
    got = hessian(wrap(lambda x: x**3))(X)
    assert got.shape == (3, 3, 3)
    np.testing.assert_allclose(got[[0, 1, 2], [0, 1, 2], [0, 1, 2]], 6.0 * X)


def test_hvp(wrap):
    f = wrap(lambda x, y: x[0] ** 2 * x[1] * y)
    same(hvp(f)(X[:2], 3.0, np.array([1.0, 0.0])), np.array([12.0, 6.0]))
    same(hvp(f, (0,))(X[:2], 3.0, (np.array([1.0, 0.0]),)), (np.array([12.0, 6.0]),))
    same(hvp(f, (0, 1))(X[:2], 3.0, (np.array([1.0, 0.0]), 2.0)), (np.array([20.0, 8.0]), 4.0))
    assert hvp(wrap(cube))(2.0, 1) == 12.0
    with pytest.raises(TypeError):
        hvp(wrap(cube))(2.0)
    with pytest.raises(TypeError, match="v must"):
        hvp(wrap(cube))(2.0, X)


def test_inverse_hvp(wrap):
    pytest.importorskip("scipy")
    A = np.array([[4.0, 1.0], [1.0, 3.0]])
    f = wrap(lambda x, s: 0.5 * x @ (A @ x) * s)
    r = np.array([1.0, 2.0])
    np.testing.assert_allclose(inverse_hvp(f)(np.zeros(2), 2.0, r), np.linalg.solve(2.0 * A, r))
    g = wrap(lambda p: p.a**2 + np.sum(p.b**2 * 2.0))
    same(inverse_hvp(g)(Point(1.0, X), Point(2.0, X)), Point(1.0, X / 4.0))
    np.testing.assert_allclose(inverse_hvp(squares)(X, np.array([1, 2, 3])), [0.5, 1.0, 1.5])
    assert inverse_hvp(wrap(lambda a, b=2.0: a * a * b))(3.0, 1) == inverse_hvp(wrap(lambda a: 2.0 * a * a))(3.0, r=1)
    with pytest.raises(ValueError, match="r has the shape"):
        inverse_hvp(squares)(X, np.ones(2))
    with pytest.raises(TypeError, match="r must be shaped"):
        inverse_hvp(squares)(X, 1.0)
    with pytest.raises(np.linalg.LinAlgError, match="1 iterations"):
        inverse_hvp(f, maxiter=1, tol=1e-14)(np.zeros(2), 2.0, r)
    with pytest.raises(ValueError, match="argnums"):
        inverse_hvp(f, "nothing")


# --- composition -----------------------------------------------------------------------------------------------------


def test_any_order(wrap):
    f = wrap(lambda x: x**5)
    values = [80.0, 160.0, 240.0, 240.0, 120.0]
    for k, value in enumerate(values):
        derivative = f
        for _ in range(k + 1):
            derivative = grad(derivative)
        assert derivative(2.0) == pytest.approx(value)
    assert jacfwd(jacrev(f))(2.0) == jacrev(jacfwd(f))(2.0) == pytest.approx(160.0)
    assert jvp(grad(f), (2.0,), (1.0,)) == pytest.approx((80.0, 160.0))


def test_jacobians_compose(wrap):
    f = wrap(lambda x: np.sum(x**3))
    wanted = np.diag(6.0 * X)
    for outer in (jacfwd, jacrev):
        for inner in (jacfwd, jacrev, grad):
            np.testing.assert_allclose(outer(inner(f))(X), wanted)
    np.testing.assert_allclose(hvp(lambda x: np.sum(x**3))(X, X), 6.0 * X * X)
    third = jacfwd(hessian(f))(X)
    np.testing.assert_allclose(third[[0, 1, 2], [0, 1, 2], [0, 1, 2]], 6.0)


derivative_of_cube = grad(cube)


def test_derivatives_inside_functions(wrap):
    assert grad(wrap(lambda x: derivative_of_cube(x) * x))(2.0) == 36.0
    assert grad(wrap(lambda x: srcad.grad(cube)(x) * x))(2.0) == 36.0
    assert grad(wrap(lambda x: adjoint(cube)(x, 1.0)[1]))(2.0) == 12.0
    assert grad(wrap(lambda x: tangent(affine)(2.0, x, 2, 1.0, 0.0, 1.0, 0.0)[1]))(2.0) == 4.0
    assert grad(wrap(lambda x: hvp(cube)(x, x)))(2.0) == 24.0
    assert grad(wrap(lambda x: differentiate(cube)(x)))(2.0) == 12.0
    assert grad(wrap(lambda x: np.sum(hessian(squares)(x))))(X).shape == (3,)


def test_perturbations_are_not_confused(wrap):
    def inner(x):
        return grad(lambda y: y)(1.0) * x

    def g(y):
        return y

    f = wrap(lambda x: x * grad(g)(x))
    assert grad(f)(3.0) == 1.0


def test_what_functions_may_be(wrap):
    @njit(fastmath=True)
    def compiled(x):
        return x * x

    assert grad(compiled)(3.0) == 6.0
    assert grad(compiled).__srcad_options__.fastmath is True
    assert grad(functools.partial(affine, 2.0, n=3))(2.0) == 24.0
    assert grad(functools.partial(affine, shift=0.0), 1)(2.0, 3.0) == 12.0
    k = 3.0
    assert grad(lambda x: k * x)(1.0) == 3.0
    assert grad(lambda h, x: h(x) * x, 1)(cube, 2.0) == 32.0
    assert grad(lambda h, x: h(x) * x, 1)(compiled, 2.0) == 12.0
    assert grad(lambda x, h=cube: h(x))(2.0) == 12.0
    assert grad(lambda x, w=None: x if w is None else x * w)(2.0) == 1.0
    assert grad(lambda x, w=None: x if w is None else x * w)(2.0, 3.0) == 3.0
    assert grad(lambda x, mode="a": x if mode == "a" else 2.0 * x)(2.0) == 1.0
    assert grad(lambda x, mode="a": x if mode == "a" else 2.0 * x)(2.0, "b") == 2.0
    assert grad(lambda *xs: xs[0] * xs[1], 1)(2.0, 3.0) == 2.0
    assert grad(lambda x, *xs: x * xs[0] * xs[1], (0, 2))(2.0, 3.0, 4.0) == (12.0, 6.0)
    assert jvp(lambda *xs: xs[0] * xs[1], (2.0, 3.0), (1.0, 0.0)) == (6.0, 3.0)
    assert vjp(lambda *xs: xs[0] * xs[1], 2.0, 3.0)[1](1.0) == (3.0, 2.0)
    assert grad(lambda x, *, n: x**n)(2.0, n=3) == 12.0
    with pytest.raises(TypeError, match="arguments were|given 2"):
        grad(lambda *xs: xs[0], 2)(2.0, 3.0)
    assert adjoint(lambda x, *xs: x * xs[0])(2.0, 3.0, 1.0) == (6.0, 3.0, 2.0)
    assert tangent(lambda *xs: xs[0] * xs[1])(2.0, 3, 1.0) == (6.0, 3.0)
    assert hvp(lambda *xs: xs[0] ** 2 * xs[1])(2.0, 3.0, 1.0) == 6.0
    with pytest.raises(TypeError, match="x_dot for each argument with floats, 2 here, but got 1"):
        tangent(lambda *xs: xs[0] * xs[1])(2.0, 3.0, 1.0)
    with pytest.raises(TypeError, match=r"\*\*k"):
        grad(lambda x, **k: x)


def test_seeds_after_defaults(wrap):
    f = wrap(lambda a, b=2.0: a * a * b)
    assert hvp(f)(3.0, v=1.0) == hvp(f)(3.0, 2.0, 1.0) == 4.0
    assert adjoint(f)(3.0, y_bar=1.0) == adjoint(f)(3.0, 2.0, 1.0) == (18.0, 12.0, 9.0)
    for made, seed in ((hvp(f), "v"), (adjoint(f), "y_bar")):
        with pytest.raises(TypeError, match=f"give it by name: {seed}="):
            made(3.0, 1.0)
    g = wrap(lambda a, b=2.0, *, c: a * b * c)
    assert grad(g)(2.0, c=3.0) == 6.0
    with pytest.raises(TypeError, match="'c'"):
        grad(g)(2.0)
    assert grad(functools.partial(survey, x1=2.0), "x2")(x2=5.0) == pytest.approx(2.0 - math.cos(5.0))


def test_tangents_of_tangents_with_constants(wrap):
    t = tangent(wrap(lambda x, n: x * x * n))
    xx, two = X * X * 3, 6.0 * X * X
    same(jvp(t, (X, 3, X), (X, 0, X)), ((xx, two), (two, 2.0 * two)))
    y, pullback = vjp(t, X, 3, X)
    same(y, (xx, two))
    same(pullback((X, X)), (two + 6.0 * X * X, None, two, None)[:3])
    same(tangent(t)(X, 3, X, X, X), ((xx, two), (two, 2.0 * two)))
    same(adjoint(t)(X, 3, X, (X, X)), ((xx, two), 2.0 * two, two))
    same(tangent(tangent(t))(X, 3, X, X, X, X, X, X, X)[0], ((xx, two), (two, 2.0 * two)))
    with pytest.raises(TypeError, match="1 here, but got 0"):
        t(X, 3)


def recursive(x, n):
    return x if n <= 1 else x * recursive(x + 0.1, n - 1)


def gradient_and_recursion(x, n):
    return RECURSIVE_GRAD(x, n) + np.sum(recursive(np.ones(3) * x, n)) * x


RECURSIVE_GRAD = grad(recursive)


def test_derivatives_of_recursive_functions_keep_their_functions_apart(wrap):
    f = wrap(recursive)
    assert jacfwd(f)(1.3, 4) == jacrev(f)(1.3, 4) == pytest.approx(grad(f)(1.3, 4))
    assert hessian(f)(1.3, 4) == pytest.approx(25.18)
    x, h = 1.3, 1e-6
    slope = (gradient_and_recursion(x + h, 4) - gradient_and_recursion(x - h, 4)) / (2 * h)
    assert grad(wrap(gradient_and_recursion))(x, 4) == pytest.approx(slope)


@pytest.mark.parametrize(
    ("f", "remedy"),
    [
        (lambda x: x.summ(), "did you mean sum or cumsum?"),
        (lambda x: np.sim(x)[0], "did you mean sum or sin?"),
    ],
)
def test_remedies(f, remedy):
    with pytest.raises(srcad.errors.SrcadError) as caught:
        grad(f)(X)
    assert f"help: {remedy}" in str(caught.value)


def test_functions_of_numpy_are_functions():
    assert grad(np.sin)(1.0) == pytest.approx(math.cos(1.0))
    same(grad(np.sum)(X), np.ones(3))
    same(grad(np.linalg.norm)(X), X / np.linalg.norm(X))
    assert grad(math.exp)(0.0) == 1.0


def test_wrapped_functions_name_their_place():
    @functools.wraps(cube)
    def wrapped(*args, **kwargs):
        return cube(*args, **kwargs)

    with pytest.raises(TypeError, match=r"test_api.py:\d+: cube has \*\*kwargs.*cube.__wrapped__"):
        grad(wrapped)(2.0)
    with pytest.raises(TypeError, match=r"lru_cache.*cube.__wrapped__"):
        grad(functools.lru_cache(cube))(2.0)
    with pytest.raises(srcad.UnsupportedError, match="inverse_hvp"):
        grad(lambda x: inverse_hvp(cube)(x, x))(2.0)


def test_a_read_only_argument_that_is_written(wrap):
    def overwrites(x):
        x[0] = x[0] ** 2
        return np.sum(x)

    x = np.ones(3)
    x.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        wrap(overwrites)(x)
    same(grad(wrap(overwrites))(x), np.array([2.0, 1.0, 1.0]))


def test_stop_gradient(wrap):
    assert stop_gradient(3.0) == 3.0
    assert njit(lambda x: stop_gradient(x))(3.0) == 3.0
    assert grad(wrap(lambda x: x * stop_gradient(x)))(3.0) == 3.0


# --- differentiate ---------------------------------------------------------------------------------------------------


@differentiate(argnums=(0, 1))
def decorated(x1, x2):
    """Documented."""
    return np.log(x1) + x1 * x2 - np.sin(x2)


@differentiate
def plain(x):
    return x * x


@JIT
def test_differentiate(jit):
    f = differentiate(survey, jit=jit)
    assert f.grad(2.0, 5.0) == pytest.approx(5.5)
    assert f.value_and_grad(2.0, 5.0) == pytest.approx((11.652071455223084, 5.5))
    assert f.tangent(2.0, 5.0, 1.0, 0.0) == pytest.approx((11.652071455223084, 5.5))
    assert f.adjoint(2.0, 5.0, 1.0) == pytest.approx((11.652071455223084, 5.5, 1.7163378145367738))
    assert f.hvp(2.0, 5.0, 1.0) == pytest.approx(-0.25)
    assert f.hessian(2.0, 5.0) == pytest.approx(-0.25)
    assert f.jacfwd(2.0, 5.0) == f.jacrev(2.0, 5.0) == pytest.approx(5.5)
    assert f.grad is f.grad
    assert (f.__name__, f.__doc__, f.grad.__name__) == ("survey", "The survey's example.", "survey_grad")
    assert list(inspect.signature(f.tangent).parameters) == ["x1", "x2", "x1_dot", "x2_dot"]


def test_decorated():
    assert decorated.grad(2.0, 5.0) == pytest.approx((5.5, 1.7163378145367738))
    assert decorated.__doc__ == "Documented."
    assert grad(decorated)(2.0, 5.0) == pytest.approx(5.5)


def test_source():
    f = differentiate(survey)
    text = f.source("adjoint")
    assert "def survey_adjoint(x1, x2, y_bar):" in text
    assert "# reverse sweep" in text
    namespace = {}
    exec(text, namespace)
    assert namespace["survey_adjoint"](2.0, 5.0, 1.0)[1] == pytest.approx(5.5)
    for kind in ("primal", "tangent", "adjoint", "grad", "value_and_grad", "hvp", "jacfwd", "jacrev", "hessian"):
        assert f"def survey{'' if kind == 'primal' else '_' + kind}(" in f.source(kind)
    g = differentiate(squares)
    assert "for " in g.source("grad", "f8[::1]")
    g(X)
    assert "for " in g.source("grad")
    assert "float32" in g.source("grad", [srcad.infer.arg_type_of(np.float32(X))])
    assert "njit" not in differentiate(survey, jit=False).source("grad")
    assert "fastmath=True" in differentiate(survey, fastmath=True).source()
    assert grad(survey).source().startswith(("import", "from"))

    def annotated(x: np.ndarray, n: int):
        return np.sum(x) * n

    assert "for " in grad(annotated).source()


@pytest.mark.parametrize("options", [{"fastmath": True}, {"parallel": True}, {"boundscheck": True}, {"cache": False}])
def test_options(options):
    f = differentiate(squares, **options)
    np.testing.assert_array_equal(f.grad(X), 2.0 * X)
    np.testing.assert_array_equal(grad(f)(X), 2.0 * X)


def test_boundscheck():
    @differentiate(boundscheck=True)
    def f(x, i):
        return x[i]

    with pytest.raises(IndexError):
        f.grad(X, 5)


# --- citizens of Numba -----------------------------------------------------------------------------------------------

plain_grad = plain.grad
survey_vg = value_and_grad(survey, (0, 1))
survey_tangent, survey_adjoint = tangent(survey), adjoint(survey)
cube_hvp, cube_hessian = hvp(cube), hessian(cube)
squares_jacfwd, squares_jacrev = jacfwd(squares), jacrev(squares)
power_tangent = tangent(lambda n, x: x**n)
product_grad = grad(lambda *xs: xs[0] * xs[1])


@njit
def uses_everything(x, v):
    y, (a, b) = survey_vg(x, 5.0)
    _, dot = survey_tangent(x, 5.0, 1.0, 0.0)
    _, c, d = survey_adjoint(x, 5.0, 1.0)
    total = y + a + b + dot + c + d + cube_hvp(x, 1.0) + cube_hessian(x)
    total += power_tangent(3, x, 1.0)[1] + product_grad(x, 2.0)
    return total + plain_grad(x) + plain(x), squares_jacfwd(v) + squares_jacrev(v)


def test_inside_njit():
    got, jacobians = uses_everything(2.0, X)
    y, (a, b) = survey_vg(2.0, 5.0)
    assert got == pytest.approx(y + 3 * a + 2 * b + 12.0 + 12.0 + 12.0 + 2.0 + 4.0 + 4.0)
    np.testing.assert_allclose(jacobians, 4.0 * X)


@njit
def leapfrog(gradient, q, p, step, steps):
    for _ in range(steps):
        p = p - 0.5 * step * gradient(q)
        q = q + step * p
        p = p - 0.5 * step * gradient(q)
    return q, p


def test_passed_to_njit():
    for energy in (squares, lambda q: np.sum(q**4)):
        g = grad(energy)
        q, p = leapfrog(g, X, X, 0.01, 10)
        q2, p2 = leapfrog.py_func(g, X, X, 0.01, 10)
        np.testing.assert_allclose(q, q2)
        np.testing.assert_allclose(p, p2)


def test_attributes_inside_njit():
    @njit
    def run(x):
        return plain.grad(x) + decorated.grad(x, 5.0)[0] + plain.hvp(x, 1.0)

    assert run(2.0) == pytest.approx(4.0 + 5.5 + 2.0)


def test_njit_of_a_function_with_arrays_and_tuples():
    g = grad(lambda p: p.a * np.sum(p.b))

    @njit
    def run(x):
        bar = g(Point(2.0, x))
        return bar.a + bar.b[0]

    assert run(X) == 8.0


class Spring:
    def __init__(self, stiffness):
        self.stiffness = stiffness

    @differentiate(jit=False)
    def energy(self, x, half=0.5):
        return half * self.stiffness * x * x

    def power(self, x):
        return self.energy(x) * x


def test_methods_that_were_differentiated():
    spring = Spring(3.0)
    assert grad(spring.energy)(2.0) == 6.0
    assert grad(spring.energy, "half")(2.0) == 12.0
    assert hvp(spring.energy)(2.0, v=1.0) == 3.0
    assert differentiate(spring.power, jit=False).grad(2.0) == 18.0
    spring.stiffness = 1.0
    assert jvp(spring.energy, (2.0,), (1.0,)) == (2.0, 2.0)


def test_pickle_and_copy():
    objects = [
        plain,
        plain.grad,
        decorated.grad,
        grad(cube),
        hvp(cube),
        tangent(cube),
        grad(grad(cube)),
        grad(lambda x: x),
    ]
    objects += [differentiate(cube, jit=False), differentiate(cube, jit=False).grad]
    for made in objects:
        count = len(inspect.signature(made).parameters)
        args = (2.0,) * count
        for twin in (pickle.loads(pickle.dumps(made)), copy.copy(made), copy.deepcopy(made)):
            assert twin(*args) == made(*args)
    assert pickle.loads(pickle.dumps(decorated)).grad(2.0, 5.0) == decorated.grad(2.0, 5.0)
    pullback = vjp(differentiate(cube, jit=False), 2.0)[1]
    for twin in (pickle.loads(pickle.dumps(pullback)), copy.deepcopy(pullback)):
        assert twin(1.0) == pullback(1.0)


def test_pickle_into_another_process(tmp_path):
    path = tmp_path / "objects.pickle"
    k = 3.0
    path.write_bytes(pickle.dumps((grad(cube), plain, grad(lambda x: k * x))))
    program = (
        f"import pickle; a, b, c = pickle.load(open({str(path)!r}, 'rb')); print(a(2.0), b(3.0), b.grad(3.0), c(1.0))"
    )
    folders = [inspect.getfile(srcad).rpartition("/srcad/")[0], __file__.rpartition("/")[0]]
    env = {"PYTHONPATH": ":".join(folders), "PATH": ""}
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True)
    assert done.stdout.split() == ["12.0", "9.0", "6.0", "3.0"], done.stderr


def test_threads():
    def f(x, n):
        return np.sum(x**n)

    g, errors = value_and_grad(f), []
    gate = threading.Barrier(6)

    def work(k):
        gate.wait()
        for _ in range(5):
            x = np.arange(1.0, 3.0 + k)
            y, bar = g(x, 2 + k)
            if not (np.isclose(y, np.sum(x ** (2 + k))) and np.allclose(bar, (2 + k) * x ** (1 + k))):
                errors.append(k)
            if not np.allclose(jvp(f, (x, 2), (x, 0))[1], 2 * np.sum(x * x)):
                errors.append(-k)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_import_is_light():
    program = "import sys, srcad; srcad.__doc__; print('numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "False\n", done.stderr


def test_disabled_compilation():
    program = "import srcad; print(type(srcad.grad(srcad.grad(lambda x: x**3))).__name__)"
    env = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=env)
    assert done.stdout == "InterpretedDerivative\n", done.stderr


def test_a_file_that_was_edited_since_it_was_imported(tmp_path, monkeypatch):
    import importlib
    import os

    monkeypatch.syspath_prepend(tmp_path)
    file = tmp_path / "edited_module.py"
    file.write_text("def f(x):\n    return 2.0 * x\n\n\nh = lambda x: 3.0 * x\n")
    module = importlib.import_module("edited_module")
    assert grad(module.h)(1.0) == 3.0
    file.write_text("def f(x):\n    return 77.0 * x\n\n\nh = lambda x: 3.0 * x\n")
    os.utime(file, (1, 1))
    with pytest.raises(srcad.errors.SourceError, match="not what runs"):
        grad(module.f)(1.0)
    assert grad(module.h)(1.0) == 3.0


def rooted(x, p):
    return x**p


def narrowed(x, s):
    return np.sum(np.float32(s) * x)


@pytest.mark.parametrize("jit", [False, True])
def test_numbers_as_compiled_code_has_them(jit):
    """Infinite where Python's float raises; and a bar has the type of its argument."""
    assert srcad.grad(srcad.differentiate(rooted, jit=jit))(0.0, 0.5) == np.inf
    s_bar = srcad.grad(srcad.differentiate(narrowed, jit=jit), "s")(np.ones(2, np.float32), 2.0)
    assert type(s_bar) is float
    assert s_bar == 2.0


def test_a_keyword_that_changes_the_result_is_not_to_be_left_out():
    with pytest.raises(srcad.UnsupportedError, match="write out what it does; the supported keywords are"):
        srcad.differentiate(lambda x: np.sum(x, like=x), jit=False)(np.ones(2))


def test_sinc_has_its_curvature_at_zero():
    hessian = srcad.hessian(srcad.differentiate(lambda x: np.sum(np.sinc(x)), jit=False))
    np.testing.assert_allclose(np.diag(hessian(np.array([0.0, 1e-9, 1e-8]))), -(np.pi**2) / 3, rtol=1e-12)
    third = srcad.grad(srcad.grad(srcad.grad(srcad.differentiate(np_sinc, jit=False))))
    np.testing.assert_allclose(third(0.01), np.pi**4 / 5 * 0.01, rtol=1e-3)


def np_sinc(x):
    return np.sinc(x)


def kept_quotients(x, a):
    t = x[0] * a[1]
    return np.sum(2.0 * x) * x[0] / x[0] + (x[0] * 3.0) / (x[0] * 3.0) + t / x[0]


def test_the_value_of_a_derivative_is_the_functions_own(wrap):
    """0 / 0 is NaN, however much of it cancels."""
    zero, a = np.array([0.0, 1.0]), np.array([1.0, 2.0])
    with np.errstate(all="ignore"):
        assert np.isnan(kept_quotients(zero, a))
        assert np.isnan(wrap(kept_quotients)(zero, a))
        assert np.isnan(value_and_grad(wrap(kept_quotients))(zero, a)[0])


def ragged_in_a_while(x):
    out = np.zeros(2)
    s = 1.0
    while s < 3.0:
        for j in range(int(s), 3):
            out[0] += np.sin(x[j] * s)
        s = s + 0.7 * x[0]
        out[1] += s * s
    return out


def test_reverse_over_reverse_of_rows(wrap):
    """The tape of one sweep is a list that the next one keeps on a list."""
    f, x = wrap(ragged_in_a_while), np.array([0.9, 0.8, 1.1])
    np.testing.assert_allclose(jacrev(jacrev(f))(x), jacfwd(jacfwd(f))(x), rtol=1e-12)

"""Traces are kept for the next derivative of the function, and never used where they would be wrong."""

import functools
import gc
import linecache
import math
import pickle
import sys
import threading
import types
import weakref

import numpy as np
import pytest

import srcad
from srcad import pipeline
from srcad.remembered import MOST, Remembered

RATE, TABLE, LARGE = 2.0, np.array([1.0, 2.0]), np.ones(2**18)
CONFIG = types.ModuleType("srcad_config")
CONFIG.rate = 2.0


class Model:
    def __init__(self, rate):
        self.rate = rate


FIRST, SECOND = Model(2.0), Model(2.0)
FIRST.rate = SECOND.rate


def helper(x):
    return x * RATE


def gradient(f):
    """Of a new derivative object, made as a user makes it."""
    return srcad.grad(srcad.differentiate(f, jit=False))(1.5)


@pytest.fixture
def lowered(monkeypatch):
    """How often a function was lowered."""
    calls, original = [], pipeline.lower
    monkeypatch.setattr(pipeline, "lower", lambda fn, *args: calls.append(fn) or original(fn, *args))
    return calls


def test_a_function_is_lowered_once(lowered):
    def f(x):
        return np.sum(x**3)

    g, x = srcad.differentiate(f, jit=False), np.array([1.0, 2.0])
    g(x), g.grad(x), g.tangent(x, x), g.hvp(x, x)
    srcad.jvp(g.grad, (x,), (x,))
    assert len(lowered) == 1
    g.grad(x.astype("float32"))
    assert len(lowered) == 2


def with_global(x):
    return x**2 * RATE


def with_helper(x):
    return helper(x)


def with_module(x):
    return x * CONFIG.rate


def with_presence(x):
    return x * 3.0 if hasattr(CONFIG, "other") else x


def with_absence(x):
    return x * getattr(CONFIG, "missing", 2.0)


def with_objects(x):
    return x * FIRST.rate + x * SECOND.rate


def with_contents(x):
    return x * TABLE[0]


def with_large(x):
    return x * LARGE[0]


CHANGES = {
    with_global: lambda set_: set_(sys.modules[__name__], "RATE", 5.0),
    with_helper: lambda set_: set_(helper, "__code__", (lambda x: x * 7.0).__code__),
    with_module: lambda set_: set_(CONFIG, "rate", 5.0),
    with_presence: lambda set_: set_(CONFIG, "other", 5.0, raising=False),
    with_absence: lambda set_: set_(CONFIG, "missing", 5.0, raising=False),
    with_objects: lambda set_: set_(SECOND, "rate", 5.0),
    with_contents: lambda set_: TABLE.__setitem__(0, TABLE[0] + 4.0),
    with_large: lambda set_: LARGE.__setitem__(0, LARGE[0] + 4.0),
}


@pytest.mark.parametrize("f", CHANGES, ids=lambda f: f.__name__)
def test_what_was_read_has_changed(f, monkeypatch):
    kept = srcad.differentiate(f, jit=False)
    before = kept.grad(1.5)
    CHANGES[f](monkeypatch.setattr)
    want = (f(1.5 + 1e-5) - f(1.5 - 1e-5)) / 2e-5
    assert not np.isclose(before, want)
    assert np.isclose(gradient(f), want)
    if f is not with_large:  # of which only a replacement is noticed
        assert np.isclose(kept.grad(1.5), want)


def test_closures_and_defaults_change():
    rate = 2.0

    def f(x, n=3.0):
        return x * rate * n

    assert gradient(f) == 6.0
    rate = 5.0
    assert gradient(f) == 15.0
    f.__defaults__ = (4.0,)
    assert gradient(f) == 20.0


def test_what_a_partial_binds_changes():
    bound = functools.partial(lambda x, rate: x * rate, rate=2.0)

    def f(x):
        return bound(x)

    kept = srcad.differentiate(f, jit=False)
    assert kept.grad(1.5) == gradient(f) == 2.0
    bound.keywords["rate"] = 5.0
    assert kept.grad(1.5) == gradient(f) == 5.0


def test_globals_of_one_name_in_two_modules():
    """They have the same value, which is one object."""
    first, second = types.ModuleType("first"), types.ModuleType("second")
    for module in (first, second):
        text, path = "n = 3\ndef f(x):\n    return x * n\n", f"<{module.__name__} of two>"
        linecache.cache[path] = (len(text), None, text.splitlines(keepends=True), path)
        exec(compile(text, path, "exec"), vars(module))
    one, other = first.f, second.f

    def f(x):
        return one(x) * other(x)

    g = srcad.differentiate(f, jit=False)
    assert srcad.jvp(g, (1.0,), (1.0,))[1] == g.grad(1.0) == 18.0
    second.n = 5
    assert srcad.jvp(g, (1.0,), (1.0,))[1] == g.grad(1.0) == gradient(f) / 1.5 == 30.0


def test_a_rule_that_is_given_later():
    def f(x):
        return x * x

    def g(x):
        return f(x)

    assert gradient(g) == 3.0
    srcad.rule("y = f(x)", "y_dot = 10.0 * x_dot", functions={"f": f})
    assert gradient(g) == 10.0


def test_what_a_rule_reads_has_changed():
    """The rule is lowered after the function, and only for the mode that needs it."""
    rate = 2.0

    @srcad.custom_jvp
    def f(x):
        return x * 2.0

    @f.defjvp
    def f_jvp(primals, tangents):
        return f(primals[0]), rate * tangents[0]

    g = srcad.differentiate(lambda x: f(x) * 1.0, jit=False)
    for _ in range(3):
        rate += 1.0
        assert srcad.jvp(g, (1.0,), (1.0,))[1] == rate
        assert srcad.grad(lambda x: g(x))(1.0) == g.grad(1.0) == rate


def test_statics_are_told_apart():
    def f(x, n, flag):
        return x * n if flag else x

    for n, flag, want in [(1, True, 1.0), (3, True, 3.0), (3, False, 1.0), (3, 0, 1.0), (True, True, 1.0)]:
        assert srcad.grad(srcad.differentiate(f, jit=False))(1.5, n, flag) == want
    g = srcad.differentiate(lambda x, h: h(x), jit=False)
    assert g.grad(0.5, math.sin) == math.cos(0.5)
    assert g.grad(0.5, math.cos) == -math.sin(0.5)


def test_one_derivative_called_twice():
    """Its loops belong to one call: what runs over x is not joined with what runs over y."""

    def squared(x):
        s = 0.0
        for i in range(x.size):
            s += x[i] ** 2
        return s * s

    slope = srcad.grad(srcad.differentiate(squared, jit=False))

    @srcad.differentiate(jit=False)
    def f(x, y):
        return np.sum(slope(x)) + np.sum(slope(y))

    x, y = np.array([1.0, 2.0, 3.0]), np.array([0.5])
    want = 4 * (x @ x) * np.sum(x) + 4 * y[0] ** 3
    assert f(x, y) == want
    value, pullback = srcad.vjp(f, x, y)
    assert value == want
    np.testing.assert_allclose(pullback(1.0)[0], 8 * x * np.sum(x) + 4 * x @ x)
    np.testing.assert_allclose(pullback(1.0)[1], 12 * y**2)


def test_a_recursive_function_differentiated_twice():
    def power(x, n):
        return x * power(x, n - 1) if n > 0 else 1.0

    slope = srcad.grad(srcad.differentiate(power, jit=False))

    @srcad.differentiate(jit=False)
    def f(x, y):
        return slope(x, 3) * slope(y, 2)

    assert f(2.0, 3.0) == 72.0
    assert srcad.grad(f, (0, 1))(2.0, 3.0) == (72.0, 24.0)


def test_a_function_inside_reads_what_its_variables_are_now():
    @srcad.differentiate(jit=False)
    def f(x):
        a = x
        slope = srcad.grad(lambda t: t * t * a)
        first = slope(1.0)
        a = 3.0 * x
        return first + slope(1.0)

    assert f(2.0) == 2.0 * 2.0 + 2.0 * 6.0
    assert f.grad(2.0) == 8.0


def test_a_wrapper_is_another_function():
    def f(x):
        return x * 2.0

    assert gradient(f) == 2.0

    @functools.wraps(f)
    def wrapped(x):
        return f(x) * 3.0

    assert gradient(wrapped) == 6.0
    assert gradient(f) == 2.0


def test_goes_with_the_function():
    def f(x):
        return x * 2.0

    assert gradient(f) == 2.0
    assert any(isinstance(value, Remembered) for value in vars(f).values())
    assert pickle.loads(pickle.dumps(next(iter(vars(f).values())))) == {}
    gone = weakref.ref(f)
    del f
    gc.collect()
    assert gone() is None


def test_few_are_kept():
    def f(x, n):
        return x * n

    for kind in ("float64", "float32"):
        for ndim in range(2 * MOST):
            pipeline.Derivative(f, "tangent").build([pipeline.Array(kind, ndim), pipeline.Scalar("int64")])
    (memory,) = vars(f).values()
    assert len(memory.made) == MOST


def test_threads():
    def f(x, n):
        return np.sum(x**n)

    wrong = []

    def work(k):
        for n in range(1, 6):
            x = np.ones(3, ["float32", "float64"][(k + n) % 2])
            found = srcad.grad(srcad.differentiate(f, jit=False))(x, n)
            if found.dtype != x.dtype or not np.allclose(found, n):
                wrong.append((k, n))

    threads = [threading.Thread(target=work, args=(k,)) for k in range(6)]
    [t.start() for t in threads], [t.join() for t in threads]
    assert not wrong

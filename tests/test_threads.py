"""Eight threads at once: calling and first compiling, the same derivative and different ones, while globals change."""

import subprocess
import sys
import threading

import numpy as np
import pytest

import srcad

COUNT = 8
SCALE = 1.0


def together(work, count=COUNT):
    """Run `work(k)` in as many threads, all starting at one moment and taking turns often; the errors that they raise."""
    gate, errors = threading.Barrier(count), []

    def run(k):
        gate.wait()
        try:
            work(k)
        except BaseException as error:
            errors.append(error)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        threads = [threading.Thread(target=run, args=(k,)) for k in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    return errors


def cubes(x, n):
    s = 0.0
    for i in range(x.size):
        s += n * x[i] ** 3
    return s


def scaled(x):
    return np.sum(x * x) * SCALE


def power(x, n):
    return 1.0 if n == 0 else x * power(x, n - 1)


KINDS = {
    "value": (lambda f, x: f(x, 2), lambda x: 2 * np.sum(x**3)),
    "grad": (lambda f, x: f.grad(x, 2), lambda x: 6 * x**2),
    "tangent": (lambda f, x: f.tangent(x, 2, x)[1], lambda x: 6 * np.sum(x**3)),
    "adjoint": (lambda f, x: f.adjoint(x, 2, 1.0)[1], lambda x: 6 * x**2),
    "hvp": (lambda f, x: f.hvp(x, 2, x), lambda x: 12 * x**2),
    "hessian": (lambda f, x: f.hessian(x, 2), lambda x: np.diag(12 * x)),
    "jvp": (lambda f, x: srcad.jvp(f, (x, 2), (x, None))[1], lambda x: 6 * np.sum(x**3)),
    "vjp": (lambda f, x: srcad.vjp(f, x, 2)[1](1.0)[0], lambda x: 6 * x**2),
}


@pytest.mark.parametrize("jit", [True, False])
def test_the_same_and_different_derivatives(jit):
    """Each thread begins with another kind, all go through all of them, of one function that nobody has called before."""
    f = srcad.differentiate(cubes, jit=jit)

    def work(k):
        for round in range(2):
            for name in [*KINDS][k:] + [*KINDS][:k]:
                call, want = KINDS[name]
                x = np.arange(1.0, 3.0 + k % 3)
                np.testing.assert_allclose(call(f, x), want(x), err_msg=f"{name}, round {round}")

    assert together(work) == []


@pytest.mark.parametrize("jit", [True, False])
def test_different_argument_types(jit):
    g = srcad.grad(srcad.differentiate(cubes, jit=jit))
    kinds = [np.ones(3), np.ones(3, np.float32), np.ones(6)[::2], np.ones(3, order="F")]

    def work(k):
        x = kinds[k % len(kinds)]
        for n in (2, 2.0):
            bar = g(x, n)
            assert bar.dtype == x.dtype
            np.testing.assert_allclose(bar, 6 * x**2)

    assert together(work) == []


@pytest.mark.parametrize("jit", [True, False])
def test_recursion_and_functions_of_each_thread(jit):
    def work(k):
        factor = float(k)
        g = srcad.grad(srcad.differentiate(lambda x, n: factor * power(x, n), jit=jit))
        assert g(2.0, 3) == 12.0 * k

    assert together(work) == []


@pytest.mark.parametrize("jit", [True, False])
def test_globals_that_change_meanwhile(jit, monkeypatch):
    """Whatever a thread sees is the gradient for some value that the global has had."""
    g = srcad.grad(srcad.differentiate(scaled, jit=jit))
    x = np.ones(2)

    def work(k):
        for step in range(3 if jit else 20):
            if k == 0:
                monkeypatch.setitem(globals(), "SCALE", float(step % 3))
            bar = g(x)
            assert bar[0] in (0.0, 2.0, 4.0)
            assert bar[0] == bar[1]

    assert together(work) == []
    monkeypatch.setitem(globals(), "SCALE", 5.0)
    np.testing.assert_array_equal(g(x), 10.0 * x)


def test_refusals_reach_the_thread_they_belong_to():
    @srcad.differentiate
    def f(x, n):
        return np.unique(x)[0] if n else x

    def work(k):
        if k % 2:
            assert f.grad(2.0, 0) == 1.0
        else:
            with pytest.raises(srcad.UnsupportedError):
                f.grad(np.ones(3), 1)

    errors = together(work)
    assert all(isinstance(error, srcad.UnsupportedError) for error in errors)


IMPORTING = """
import sys, threading
from srcad.lower.numpy_calls import foreign_tables
from srcad.lower.registry import lookup

thread = threading.Thread(target=__import__, args=("scipy.special",))
thread.start()
while "scipy.special" not in sys.modules:
    pass
foreign_tables()
assert lookup(sys.modules["scipy.special"].erf) is not None
"""


def test_scipy_imported_by_another_thread():
    subprocess.run([sys.executable, "-c", IMPORTING], check=True)

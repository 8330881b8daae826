"""Solutions of equations: their derivatives are those of the solution, and no iteration shows in the reverse sweep."""

import numpy as np
import pytest

import srcad
from srcad.implicit import fixed_point, root
from srcad.testing import check_grads


def kepler(M, e):
    return root(lambda E, M, e: E - e * np.sin(E) - M, M, (M, e))


def system(p):
    def g(y, a, b):
        return np.array([y[0] ** 2 + a * y[1] - 2.0, y[1] * y[0] - b[0] * np.exp(-y[1])])

    total = 0.0
    for scale in (0.9, 1.1):
        y = root(g, np.array([1.0, 1.0]), (scale * p[0], p[1:]))
        total += np.sum(y**2)
    return total


def recurrent(A, b):
    y = fixed_point(lambda y, A, b: np.tanh(A @ y + b), b, (A, b))
    return np.sum(y * y * y)


def scalar_fixed_point(a):
    return fixed_point(lambda y, a: np.cos(a * y), 0.5, (a,)) * a


def started_from_ones(a):
    """The rule's arguments are made in another order than it has them: the size of y is that of a, not the other way."""
    y = root(lambda y, a: y * y * y - a, np.ones(a.size), (a,))
    return np.sum(y * np.array([1.0, -2.0, 3.0]))


def in_a_loop_and_a_branch(a):
    y = np.ones(a.size)
    for k in range(2):
        if k > 0:
            y = fixed_point(lambda y, a: 0.5 * np.sin(y) + a, y, (a,))
    return np.sum(y * a)


A2 = np.array([[0.2, 0.1], [-0.3, 0.15]])
PROGRAMS = [
    (kepler, (1.0, 0.3)),
    (system, (np.array([0.7, 1.2, 0.3]),)),
    (recurrent, (A2, np.array([0.4, 0.7]))),
    (scalar_fixed_point, (0.9,)),
    (started_from_ones, (np.array([0.7, 1.2, 0.3]),)),
    (in_a_loop_and_a_branch, (np.array([0.7, 0.2, 0.3]),)),
]


@pytest.mark.parametrize("f, args", PROGRAMS, ids=[f.__name__ for f, _ in PROGRAMS])
def test_derivatives(f, args):
    check_grads(srcad.differentiate(f, jit=False), args, order=2)


def test_compiled_and_exact():
    E = srcad.differentiate(kepler)(1.0, 0.3)
    slopes = srcad.grad(kepler, argnums=(0, 1))(1.0, 0.3)
    np.testing.assert_allclose(slopes, np.array([1.0, np.sin(E)]) / (1.0 - 0.3 * np.cos(E)), rtol=1e-12)


def test_the_reverse_sweep_does_not_iterate():
    _, reverse = srcad.grad(kepler).source("f8, f8").split("# reverse sweep")
    assert "for " not in reverse and "while " not in reverse


def test_the_start_does_not_count():
    assert srcad.grad(lambda x: root(lambda y: y * y - 2.0, x))(1.0) == 0.0


@pytest.mark.parametrize("jit", [False, True])
def test_no_convergence(jit):
    f = srcad.differentiate(lambda a: root(lambda y, a: y * y + a, 1.0, (a,)), jit=jit)
    for call in (f, f.grad):
        with pytest.raises(RuntimeError, match=r"srcad.implicit.root did not converge"):
            call(2.0)
    g = srcad.differentiate(lambda a: fixed_point(lambda y, a: a * y + 1.0, 1.0, (a,)), jit=False)
    with pytest.raises(RuntimeError, match="fixed_point did not converge"):
        g.grad(2.0)


def test_what_is_read_and_not_passed_is_refused():
    with pytest.raises(srcad.UnsupportedError, match="takes it for a constant"):
        srcad.grad(lambda a: root(lambda y: y * y - a, 1.0))(2.0)

"""Reshapes that NumPy makes views or copies of: right where it does not matter, refused where it does."""

import numpy as np
import pytest

import srcad

MATRIX = np.array([[1.0, 2.0], [3.0, 4.0]])


def writes_the_result(a):
    v = a.T.ravel()
    v[1] = 100.0 * a[0, 0]
    return a * 1.0


def writes_the_source(a):
    v = a.T.reshape(2, 2)
    a[0, 1] = 100.0
    return v


def row_turned(a):
    v = a[:1].T.ravel()
    v[1] = 100.0 * a[0, 0]
    return a * 1.0


def computed_of_a_transpose(a):
    z = a.T * 2.0
    v = z.ravel()
    v[1] = 100.0 * a[0, 0]
    return z


def copied_as_it_lies(a):
    z = np.copy(a.T)
    v = np.reshape(z, -1)
    v[1] = 100.0 * a[0, 0]
    return z


def made_like_a_transpose(a):
    z = np.zeros_like(a.T)
    v = z.ravel()
    for i in range(4):
        v[i] = i * a[0, 0]
    return z


def kept_in_the_loop(a):
    total = 0.0
    v = a[:, :1].reshape(2)
    for i in range(2):
        total += v[0]
        a[0, 0] *= 2.0
    return total


def handed_on_by_the_loop(a):
    v = np.ones(4)
    for i in range(3):
        a[0, 0] += np.sum(v)
        v = a.T.ravel()
    return v


@pytest.mark.parametrize(
    "f",
    [
        writes_the_result,
        writes_the_source,
        row_turned,
        computed_of_a_transpose,
        copied_as_it_lies,
        made_like_a_transpose,
        kept_in_the_loop,
        handed_on_by_the_loop,
    ],
    ids=lambda f: f.__name__,
)
def test_refused(f):
    with pytest.raises(srcad.UnsupportedError, match="a view or a copy") as caught:
        srcad.differentiate(f, jit=False)(MATRIX.copy())
    assert "reshape(" in str(caught.value) or "ravel()" in str(caught.value)


def writes_before(a):
    total = 0.0
    for i in range(3):
        a[0, 0] += i
        v = a.T.ravel()
        total += v[0] * v[1]
    return total


def source_is_gone(a):
    v = (a.T * 2.0).ravel()
    v[1] = 100.0 * a[0, 0]
    return v


def copied(a):
    v = a.T.ravel().copy()
    v[1] = 7.0
    return a * v[1] + v[2]


def method_copies_rows(a):
    z = a.T.copy()
    z.ravel()[1] = 5.0
    return z


def rows(a):
    z = a * 2.0
    z.reshape(-1)[1] = 5.0
    return z


@pytest.mark.parametrize(
    "f",
    [writes_before, source_is_gone, copied, method_copies_rows, rows],
    ids=lambda f: f.__name__,
)
def test_works(f):
    g = srcad.differentiate(f, jit=False)
    np.testing.assert_array_equal(g(MATRIX.copy()), f(MATRIX.copy()))

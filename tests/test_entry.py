"""Subclasses of arrays: right or a TypeError, whether or not the function is compiled for such an array already."""

import timeit

import numpy as np
import pytest
from numba import njit

import srcad


def squares(x):
    return np.sum(x * x)


def of_tuple(t, n):
    return np.sum(t[0]) * t[1] * n


class Mine(np.ndarray):
    pass


X = np.array([[1.0, 2.0], [3.0, 4.0]])
ODD = {
    "matrix": np.matrix(X),
    "masked": np.ma.masked_array(X, [[True, False], [False, False]]),
    "mine": X.view(Mine),
}
compiled = {True: srcad.differentiate(squares), False: srcad.differentiate(squares, jit=False)}


@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.parametrize("odd", ODD)
def test_subclasses_are_refused(odd, jit):
    f, x = compiled[jit], ODD[odd]
    for call in (f, f.grad, f.hvp, f.tangent):
        count = 1 if call in (f, f.grad) else 2
        for given in (x, X, x):
            if given is X:
                call(*[given] * count)
            else:
                with pytest.raises(TypeError, match=r"np.asarray"):
                    call(*[given] * count)
    g = srcad.differentiate(of_tuple, jit=jit)
    assert g((X, 2.0), 3) == 60.0
    with pytest.raises(TypeError, match=r"np.asarray"):
        g((x, 2.0), 3)
    with pytest.raises(TypeError, match=r"np.asarray"):
        srcad.vjp(f, x)
    with pytest.raises(TypeError, match=r"np.asarray"):
        srcad.vjp(lambda x: x * 2.0, X)[1](x)


def test_a_call_costs_what_it_costs():
    """The best of many rounds by turns: the rest of the machine is not to be measured."""
    plain, own = njit(squares), compiled[True]
    plain(X), own(X)
    times = {f: [] for f in (plain, own)}
    for _ in range(30):
        for f in times:
            times[f].append(timeit.timeit(lambda: f(X), number=500))
    assert min(times[own]) < 1.3 * min(times[plain])

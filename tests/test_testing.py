"""check_grads accepts what is right, and says clearly what is wrong."""

from typing import NamedTuple

import numpy as np
import pytest

import srcad
import srcad.testing
from programs_kit import sample
from srcad.testing import check_grads


class Line(NamedTuple):
    slope: np.ndarray
    offset: float


def model(line, x, n):
    y = x.copy()
    for _ in range(n):
        y = line.slope * np.sin(y) + line.offset
    return np.sum(y)


def pair(a, x):
    return a * x, np.sum(x) * a * a


def interpreted(f):
    return srcad.differentiate(f, jit=False)


def test_accepts_structures_and_constants():
    check_grads(interpreted(model), (Line(sample(3), 0.4), sample(3, seed=1), 2))


def test_accepts_results_that_are_not_scalars():
    check_grads(interpreted(pair), (0.7, sample(3)))


def test_accepts_float32():
    check_grads(interpreted(lambda x: np.sum(x**3)), (sample(4).astype(np.float32),), order=1)


def test_accepts_functions_that_write_into_their_arguments():
    def scale(x, c):
        x[0] = x[0] * c
        x *= c
        return np.sum(x * x)

    x = sample(3)
    before = x.copy()
    check_grads(interpreted(scale), (x, 0.4))
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize("modes", [("fwd",), ("rev",)])
def test_checks_one_mode(modes):
    check_grads(interpreted(lambda x: np.sin(x) * x), (0.7,), modes=modes)


def test_tells_a_wrong_forward_mode(monkeypatch):
    monkeypatch.setattr(srcad.testing, "jvp", lambda f, args, dots: (f(*args), 1.01 * args[0] * dots[0]))
    with pytest.raises(AssertionError, match=r"forward mode of cube disagrees with finite differences for argument 0"):
        check_grads(cube, (1.5,), modes=("fwd",), order=1)


def test_tells_a_wrong_reverse_mode(monkeypatch):
    monkeypatch.setattr(srcad.testing, "vjp", lambda f, *args: (f(*args), lambda y_bar: (2.9 * args[0] ** 2 * y_bar,)))
    with pytest.raises(AssertionError, match=r"reverse mode of cube disagrees with finite differences for argument 0"):
        check_grads(cube, (1.5,), modes=("rev",), order=1)


def cube(x):
    return x**3


def test_a_kink_is_told_by_differences():
    with pytest.raises(AssertionError, match="finite differences"):
        check_grads(interpreted(lambda x: abs(x)), (1e-4,), order=1)


@pytest.mark.parametrize(
    ("args", "options", "error", "reason"),
    [
        ((1.0,), {"order": 0}, ValueError, "order must be at least 1"),
        ((1.0,), {"modes": ("forward",)}, ValueError, "'fwd' and 'rev'"),
        ((1.0,), {"modes": ()}, ValueError, "'fwd' and 'rev'"),
        ((1,), {}, TypeError, "nothing to differentiate"),
    ],
)
def test_refuses_nonsense(args, options, error, reason):
    with pytest.raises(error, match=reason):
        check_grads(cube, args, **options)


def test_a_complex_result_is_refused():
    with pytest.raises(TypeError, match="the result is complex"):
        check_grads(srcad.differentiate(lambda x: (x, x * 1j), jit=False), (1.0,), order=1)

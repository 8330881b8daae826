"""Python's numbers beside NumPy's: dtypes as in NumPy 2, and what a narrow integer does not hold."""

import enum
import math

import numpy as np
import pytest

import srcad
from srcad.infer import parse_types
from srcad.pipeline import Derivative, build
from srcad.transforms import signature


def by_a_count(x, n):
    return x[0] * n


def by_a_size(x, n):
    h = 1.0 / len(x)
    return np.sum(x * h) / x.shape[0] - x.size * x[0]


def by_an_index(x, n):
    s = 0.0
    for i in range(x.size):
        s += x[i] * i
    return s / x.size


def by_conversions(x, n):
    return float(x[0]) * x[1] + int(x[1]) * x[0] + round(2.6) * x[0]


def by_a_carried_number(x, n):
    t, s, m = 0.0, x[0], 1
    for k in range(3):
        t += 0.1
        m *= k + 1
        s = s * t
    while n > 0:
        s = s * n + x[1]
        n -= 1
    return s / m


def by_math(x, n):
    return math.sqrt(len(x)) * x[0] + math.exp(x[0]) * x[1] + math.hypot(n, 2) * x[2]


def by_numpy(x, n):
    return np.sqrt(len(x)) * x[0]


def by_numpys_number(x, n):
    return np.float64(n) * x[0]


def by_builtins(x, n):
    return abs(-n) * x[0] + min(n, 4) * x[1] + divmod(x[0], n)[1] * n + x[0] ** n


def by_functions(x, n):
    def half(v):
        return v * 0.5

    return half(n) * x[0] + half(x[0]) + (1.5, n)[n - n] * x[1] + sum(v * k for k, v in enumerate(x))


def by_a_choice(x, n):
    return x[0] + (1 if x[0] > 0 else n) + np.where(x > n, x, n).sum()


def in_place(x, n):
    y = np.zeros_like(x)
    y += x * n
    y[0] += n / 2
    return np.sum(y)


def of_math(x, n):
    return math.exp(x[0])


def of_a_choice(x, n):
    return (x[0] if n > 5 else n * 0.1) + 0.0


def of_mathematics(x, n):
    """Of two numbers, math's functions are Python's floats, too."""
    return math.hypot(x[0], x[1]), math.pow(2, x[0]), math.ldexp(x[1], n)


def test_math_gives_pythons_floats():
    x = np.array([1.5, 2.0, 3.0], dtype=np.float32)
    trace = build(Derivative(of_mathematics, "value"), list(parse_types("f4[:], i8")))
    assert [t.dtype for t in signature.result_types(trace).items] == ["float64"] * 3
    assert srcad.differentiate(of_mathematics, jit=False)(x, 3) == pytest.approx(of_mathematics(x, 3))


def by_an_item(x, n):
    return x.sum() * np.array([2.5]).item() + x[0] * np.arange(3).item(2)


FLOATS = [by_a_count, by_a_size, by_an_index, by_conversions, by_a_carried_number, by_math, by_numpy, by_numpys_number]
FLOATS += [by_builtins, by_functions, by_a_choice, in_place, of_math, of_a_choice, by_an_item]


@pytest.mark.parametrize("f", FLOATS, ids=lambda f: f.__name__)
def test_single_precision_stays(f):
    x = np.array([1.5, 2.0, 3.0], dtype=np.float32)
    trace = build(Derivative(f, "value"), list(parse_types("f4[:], i8")))
    assert signature.result_types(trace).dtype == np.asarray(f(x, 3)).dtype
    d = srcad.grad(srcad.differentiate(f, jit=False))
    assert d(x, 3).dtype == np.float32
    np.testing.assert_allclose(d(x, 3), d(np.float64(x), 3), rtol=1e-5)


def test_single_precision_stays_compiled():
    def all_of_it(x, n):
        return by_a_size(x, n) + by_conversions(x, n) + by_a_carried_number(x, n) + by_builtins(x, n) + in_place(x, n)

    x, f = np.array([1.5, 2.0, 3.0], dtype=np.float32), srcad.differentiate(all_of_it)
    assert type(f(x, 3)) is np.float32
    assert f(x, 3) == pytest.approx(all_of_it(x, 3), rel=1e-6)
    assert f.grad(x, 3).dtype == np.float32
    np.testing.assert_allclose(f.grad(x, 3), f.grad(np.float64(x), 3), rtol=1e-5)


# --- narrow integers ----------------------------------------------------------------------------------------------------


def literal(x, u, n):
    b = np.zeros(3, dtype=np.int8)
    b[0] = 300
    return x * b[0]


def whole(x, u, n):
    b = np.zeros(3, dtype=np.int8)
    b[:] = n * 100
    return x * b[0]


def listed(x, u, n):
    b = np.zeros(3, dtype=np.int8)
    b[:] = [1, 2, n * 100]
    return x * b[0]


def element(x, u, n):
    b = np.zeros(3, dtype=np.int8)
    b[0] = u[0]
    return x * b[0]


def from_float(x, u, n):
    b = np.zeros(3, dtype=np.int16)
    b[0] = x * 1e5
    return x * b[0]


def negative(x, u, n):
    b = np.zeros(3, dtype=np.uint8)
    for k in range(3):
        b[k] = k - 1
    return x * b[0]


def beside(x, u, n):
    b = np.zeros(3, dtype=np.int8)
    return x * (b[0] * (n * 100))


def array(x, u, n):
    return x * np.array([1, n * 100], dtype=np.int8)[0]


def converted(x, u, n):
    return x * np.int8(n * 100)


def masked(x, u, n):
    b = np.zeros(3, dtype=np.int8)
    b[u > 200] = n * 100
    return x * b[0]


@pytest.mark.parametrize(
    "f",
    [literal, whole, listed, element, from_float, negative, beside, array, converted, masked],
    ids=lambda f: f.__name__,
)
def test_too_large_for_a_narrow_integer(f):
    args = 0.5, np.array([300, 200, 250]), 3
    d = srcad.differentiate(f, jit=False)
    for call in (f, d, srcad.grad(d)):
        with pytest.raises(OverflowError, match="out of bounds for u?int"):
            call(*args)


def wrapping(x, u, n):
    b = np.zeros(3, dtype=np.int8)
    b[:] = u
    b += u
    c = np.zeros(3, dtype=np.int32)
    c += 2**30
    c[0] += 2**30
    d = c + c
    s = 0
    for v in c:
        s += v
    e = np.zeros(3, dtype=np.uint8)
    e[0] -= 7
    e[[1, 2]] = u[0]
    return x * (b[0] + 2.0 * s + sum(c) + np.sum(c) + d[1] + c[0] * c[0] + np.cumsum(c)[2] + np.dot(c, c) + e[0] - e[1])


@pytest.mark.parametrize("jit", [False, True])
def test_arrays_of_narrow_integers_wrap(jit):
    args = 0.5, np.array([300, 200, 250]), 3
    with np.errstate(over="ignore"):
        want = wrapping(*args)
        d = srcad.differentiate(wrapping, jit=jit)
        assert d(*args) == want
        assert d.grad(*args) == want / 0.5


def test_what_always_raises_has_derivatives_that_raise():
    def f(x):
        if x > 2.0:
            raise KeyError
        raise ValueError("never")

    for call in (srcad.grad(f), lambda x: srcad.jvp(f, (x,), (1.0,)), lambda x: srcad.vjp(f, x)):
        with pytest.raises(ValueError, match="never"):
            call(1.0)


class Metres(float):
    """A float, by another name."""


class Kind(enum.IntEnum):
    CUBE = 3


class Unit(float, enum.Enum):
    CM = 0.01


class Saturated(float):
    def __mul__(self, other):
        return 1.0


LENGTH, LIMIT = Metres(2.5), Saturated(2.0)


def test_numbers_of_other_classes():
    def f(x):
        return x**Kind.CUBE * LENGTH * Unit.CM

    assert srcad.differentiate(f, jit=False).grad(2.0) == pytest.approx(0.3)
    with pytest.raises(srcad.UnsupportedError, match="class 'Saturated', which has operators of its own"):
        srcad.differentiate(lambda x: LIMIT * x, jit=False).grad(2.0)

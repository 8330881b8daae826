"""Integers that leave the 64 bits of compiled code: Python's answer where they fit, an error where they do not."""

import math

import numpy as np
import pytest

import srcad
from srcad.infer import parse_types
from srcad.jit.generate import source
from srcad.jit.options import Options
from srcad.pipeline import Derivative, build


def factorial(x, n):
    p = 1
    for k in range(1, n + 1):
        p *= k
    return x / p


def power(x, n):
    return x * 10**n


def negative_base(x, n):
    return x * (-3) ** n


def fibonacci(x, n):
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return x * a


def shifted(x, n):
    return x * (1 << n)


def generator(x, n):
    s = 12345
    for _ in range(n):
        s = (1103515245 * s + 12345) % 2147483648
    return x * s


def truncated(x, n):
    return x * int(x * 10.0**n)


def floored(x, n):
    return x * math.floor(x * 10.0**n)


def of_library(x, n):
    return x * math.factorial(n) / math.comb(2 * n, n) * math.gcd(12, n)


def recursive(n):
    return 1 if n == 0 else n * recursive(n - 1)


def by_recursion(x, n):
    return x * recursive(n)


def compared(x, n):
    k = 1
    for _ in range(n):
        k *= 10
    return x if k > 5 else -x


def stored(x, n):
    k = 1
    for _ in range(n):
        k *= 10
    a = np.array([x, k])
    return a[0] * a[1]


@pytest.mark.parametrize(
    ("f", "fits", "beyond"),
    [
        (factorial, 20, 21),
        (power, 18, 19),
        (negative_base, 39, 40),
        (fibonacci, 91, 93),
        (shifted, 61, 63),
        (generator, 50, None),
        (truncated, 18, 19),
        (floored, 18, 19),
        (of_library, 14, 25),
        (by_recursion, 20, 21),
        (compared, 18, 19),
        (stored, 18, 20),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_pythons_answer_or_an_error(f, fits, beyond):
    compiled = srcad.differentiate(f)
    want = f(2.0, fits)
    assert compiled(2.0, fits) == pytest.approx(want, rel=1e-15)
    assert srcad.grad(f)(2.0, fits) == pytest.approx(
        srcad.grad(srcad.differentiate(f, jit=False))(2.0, fits), rel=1e-15
    )
    if beyond is not None:
        with pytest.raises(OverflowError, match="64 bits"):
            compiled(2.0, beyond)
        with pytest.raises(OverflowError, match="64 bits"):
            srcad.grad(f)(2.0, beyond)
        assert srcad.differentiate(f, jit=False)(2.0, beyond) == f(2.0, beyond)


def test_errors_of_conversions_are_pythons():
    f = srcad.differentiate(truncated)
    with pytest.raises(ValueError, match="cannot convert float NaN to integer"):
        f(math.nan, 0)
    with pytest.raises(OverflowError):
        f(math.inf, 0)
    with pytest.raises(ValueError, match="negative shift count"):
        srcad.differentiate(shifted)(1.0, -1)
    with pytest.raises(ValueError, match="not defined for negative values"):
        srcad.differentiate(of_library)(1.0, -1)


def divided(x, n):
    s = 0.0
    for k in range(3):
        s += x[k % n] * (7 // n)
    return s


def test_divisions_by_zero():
    """Also where a remainder is only an index."""
    f, x = srcad.differentiate(divided), np.array([1.0, 2.0])
    assert f(x, 2) == divided(x, 2)
    np.testing.assert_array_equal(f.grad(x, 2), [6.0, 3.0])
    for call in (divided, f, f.grad):
        with pytest.raises(ZeroDivisionError, match="modulo by zero"):
            call(x, 0)
    tangent = srcad.tangent(lambda x, n, k: x * (n // k))
    assert tangent(2.0, 7, 2, 1.0) == (6.0, 3.0)
    with pytest.raises(ZeroDivisionError):
        tangent(2.0, 7, 0, 1.0)


def strided(a, n, m):
    """Index arithmetic is left alone."""
    s = 0.0
    k = 0
    while k < n:
        for j in range(m):
            s += a[k * m + j] * (k + 1) * (2 * j - 1)
        k += 1
    return s / (n - 1)


def histogram(x, counts):
    """Elements of integer arrays wrap in NumPy, too."""
    total = 0
    for k in range(counts.size):
        total += counts[k] * counts[k]
    return x * total


def searched(a, x):
    low, high = 0, a.size
    while low < high:
        middle = (low + high) // 2
        if a[middle] < x:
            low = middle + 1
        else:
            high = middle
    return a[low] * x


@pytest.mark.parametrize(
    ("f", "types"),
    [(strided, "f8[:], i8, i8"), (histogram, "f8, i8[:]"), (searched, "f8[:], f8"), (generator, "f8, i8")],
)
def test_what_needs_no_check_has_none(f, types):
    text = source(build(Derivative(f, "adjoint"), list(parse_types(types))), Options())
    assert "checked" not in text
    assert "to_int" not in text

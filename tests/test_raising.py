"""What Python raises and compiled code would not: in the value and in every derivative, also where nobody needs the value."""

import math

import numpy as np
import pytest

import srcad


def unused_quotient(x, n):
    7 // n
    return x


def constant_quotient(x, n):
    return x + 7 // n


def unused_remainder(x, n):
    7 % n
    return 2.0 * x


def unused_inverse(x, n):
    np.linalg.inv(np.zeros((2, 2)) * x)
    return x


def constant_solution(x, n):
    return x + np.linalg.solve(np.zeros((2, 2)) + n, np.ones(2))[0] * 0.0


def unused_conversion(x, n):
    int(x * math.inf)
    return x


def quotient_of_integers(x, n):
    return x + 0 * (3 / n)


def reciprocal_of_an_integer(x, n):
    h = 1.0 / n
    return x * h


def root(x, n):
    return x + math.sqrt(n - 1)


def logarithm(x, n):
    return math.log(x * n)


def unused_logarithm(x, n):
    s = 0.0
    for k in range(3):
        s += x
        math.log(k - x)
    return s


def exponential(x, n):
    return x * math.exp(1000.0 + x)


def arc(x, n):
    return math.acos(2.0 + x)


def pole_of_a_power(x, n):
    return math.pow(x - 0.5, n - 1)


def root_by_a_power(x, n):
    math.pow(-x, 0.5)
    return x


def large_power(x, n):
    return math.pow(1e200 * x, n + 2)


def remainder(x, n):
    return math.remainder(x, 1.0 * n)


def list_index(x, n):
    xs = []
    for k in range(3):
        xs.append(x * k)
    return xs[n + 3]


def list_index_from_the_end(x, n):
    xs = [x, x * x]
    xs.append(x**3)
    xs[n - 4] = x
    return xs[0]


def list_pop(x, n):
    xs = [x, x * x]
    xs.append(x**3)
    return xs.pop(n + 4)


def by_another_handler(x, n):
    """The division is not caught, and what would come of it is not either."""
    try:
        r = math.sin(1.0 / (x - x))
    except ValueError:
        return 5.0 * x
    return r


def zipped_strictly(x, n):
    s = 0.0
    for a, b in zip(np.ones(3) * x, np.ones(4), strict=True):
        s += a * b
    return s


def known_and_zipped_strictly(x, n):
    return sum(a * b for a, b in zip((x, x), (1.0, 2.0, 3.0), strict=True))


RAISING = [
    unused_quotient, constant_quotient, unused_remainder, unused_inverse, constant_solution, unused_conversion,
    quotient_of_integers, reciprocal_of_an_integer, root, logarithm, unused_logarithm, exponential, arc, pole_of_a_power,
    root_by_a_power, large_power, remainder, list_index, list_index_from_the_end, list_pop, by_another_handler,
    zipped_strictly, known_and_zipped_strictly,
]  # fmt: skip


def raises_alike(f, jit):
    with pytest.raises(Exception) as wanted:
        f(0.5, 0)
    d = srcad.differentiate(f, jit=jit)
    for call in (d, d.grad, lambda x, n: d.tangent(x, n, 1.0), lambda x, n: srcad.jvp(d.grad, (x, n), (1.0, 0))):
        with pytest.raises(type(wanted.value)) as found:
            call(0.5, 0)
        assert type(found.value) is type(wanted.value)


@pytest.mark.parametrize("f", RAISING, ids=lambda f: f.__name__)
def test_interpreted(f):
    raises_alike(f, jit=False)


def together(x, n):
    if n == 0:
        xs = []
        xs.append(x)
        return xs[n + 1]
    if n == 1:
        return math.log(x - x)
    if n == 2:
        return math.pow(1e200 * x, n)
    if n == 3:
        7 // (n - 3)
    return 1.0 / (n - 4) * x


@pytest.mark.parametrize("n", range(5))
def test_compiled(n):
    errors = [IndexError, ValueError, OverflowError, ZeroDivisionError, ZeroDivisionError]
    for call in (COMPILED, COMPILED.grad):
        assert call(0.5, 5) == (0.5 if call is COMPILED else 1.0)
        with pytest.raises(errors[n]):
            call(np.float64(0.5), n)


COMPILED = srcad.differentiate(together)


def test_numpys_numbers_do_not_raise_in_a_try():
    def f(a):
        try:
            r = a[0] / a[1]
            if r > 9.0:
                raise ValueError
        except ValueError:
            return 5.0 * a[0]
        return r

    with np.errstate(divide="ignore"):
        d = srcad.differentiate(f, jit=False)
        assert d(np.array([1.0, 0.0])) == 5.0


def test_a_loop_that_may_raise_runs_once():
    def f(x):
        s = 0.0
        for v in x:
            s += math.sqrt(v)
        return s

    d = srcad.differentiate(f, jit=False)
    text = d.source("grad", [srcad.infer.arg_type_of(np.ones(3))])
    assert text.count("for ") == 1
    assert "tape" not in text
    x = np.array([1.0, 4.0])
    np.testing.assert_array_equal(d.grad(x), [0.5, 0.25])
    with pytest.raises(ValueError, match="math domain error"):
        d.grad(-x)

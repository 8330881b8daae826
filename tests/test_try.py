"""Exceptions that are caught: every way through, what is raised in the end, and what is refused."""

import copy
import math

import numpy as np
import pytest

import srcad
from random_tries import random_try
from srcad.testing import check_grads

A = np.array([0.2, 0.8, 1.3])
REGULAR, SINGULAR = np.array([[2.0, 1.0], [0.5, 1.5]]), np.array([[1.0, 2.0], [2.0, 4.0]])


def quotient(a, b):
    try:
        r = a / b
    except ZeroDivisionError:
        r = 0.5 * a
    return r * r


def logarithm_of_quotient(x, y):
    try:
        r = math.log(x / y)
    except (ZeroDivisionError, ValueError):
        r = x - y
    return r


def overflow(x):
    try:
        v = math.exp(x * 100)
    except OverflowError:
        v = x
    return v


def power(x):
    try:
        z = x**500.0
    except OverflowError:
        z = x * 2
    return z


def element(a, i):
    try:
        y = a[i] * 2
    except IndexError:
        y = np.sum(a)
    return y


def elements(a, places):
    try:
        y = a[places]
    except IndexError:
        y = a * 2
    return np.sum(y)


def item(x, i):
    try:
        y = (x, x * x, x**3)[i]
    except IndexError:
        y = -x
    return y


def inverse(a):
    try:
        b = np.linalg.inv(a)
    except np.linalg.LinAlgError:
        return np.sum(a * a)
    return np.sum(b * b)


def broadcast(a, b):
    try:
        c = a + b
    except ValueError:
        return np.sum(a)
    return np.sum(c * c)


def greatest(a):
    try:
        y = np.max(a) + a @ a
    except ValueError:
        y = 1.5
    return y + np.sum(a)


def to_integer(x):
    try:
        k = int(x)
        return x * k
    except (ValueError, OverflowError):
        k = 3
    return x + k


def asserted(a, b):
    try:
        assert a > b, "no"
        y = a - b
    except AssertionError:
        y = b * b
    return y


def first_of_two(x, y):
    try:
        if x > 1:
            raise IndexError
        if y > 1:
            raise KeyError
        z = x * y
    except IndexError:
        z = x
    except LookupError:
        z = y * y
    return z


def raised_again(x):
    try:
        try:
            if x > 2:
                raise KeyError
            if x > 1:
                raise IndexError
            y = x
        except LookupError:
            if x > 3:
                raise
            y = x * x
    except KeyError:
        y = x**3
    return y


def from_other(x):
    try:
        if x > 1:
            raise ValueError("a")
        y = x
    except ValueError as e:
        try:
            raise RuntimeError(f"b, since {e}") from e
        except RuntimeError:
            y = x * 3
    finally:
        x = x * 2
    return y * x


def returned_value(x):
    try:
        if x > 1:
            return x * x
    finally:
        x = x + 3
    return x**3


def returned_over_exception(x):
    try:
        try:
            return math.sqrt(x)
        finally:
            x = 5.0 * x
    except ValueError:
        return x + 3.0


def returned_in_loop(x):
    y = x
    try:
        for _ in range(2):
            try:
                if y < 1:
                    return math.log(y)
            finally:
                y = y * 2
    except ValueError:
        pass
    return y * 5


def raised_in_loop(x, y):
    try:
        for _ in range(2):
            if x > -0.91:
                y = y * x
                if y > 2.0:
                    raise KeyError
    except KeyError:
        y = y + x
    return y


def by_branch_of_expression(x):
    try:
        return x if x < 1 else math.sqrt(2.0 - x)
    except ValueError:
        return x * 7


def in_comprehension(x):
    try:
        s = sum([math.sqrt(x - k) for k in range(3)])
    except ValueError:
        s = x * 2
    return s


def in_condition(a, x):
    k = 0
    try:
        while a[k] < x:
            k += 1
    except IndexError:
        return x * x
    return a[k] * x


def late_binding(x):
    y = x

    def helper(u):
        if u > 1:
            raise ValueError
        return u * y

    try:
        y = x * 2
        z = helper(x)
    except ValueError:
        z = y
    return z


def grown(x):
    values = []
    try:
        for i in range(5):
            values.append(x * i)
            if i == 3 and x > 1:
                raise ValueError
    except ValueError:
        values.append(100.0 * x)
    return sum(values)


def known_before(x):
    total = 0.0
    for k in range(3):
        try:
            if x > 5:
                raise KeyError
            total += (x, 2 * x)[1]
            values = [x]
            values.append(x / 0)
            total += 100.0
        except (ZeroDivisionError, KeyError):
            total += k * x
    try:
        import no_such_module

        total = no_such_module.value
    except ImportError:
        total *= x
    return total


class Custom(Exception):
    pass


class Special(Custom):
    pass


def own_classes(x):
    try:
        if x > 1:
            raise Special("s")
        if x < 0:
            raise Custom
        y = x
    except Special:
        y = x * 2
    except Custom:
        y = x * 3
    return y


def nothing_raised(x):
    try:
        x = x * 2
    except ValueError:
        x = 0.0
    return x


def always_raised(x):
    try:
        raise ValueError
    except ValueError:
        y = x * 3
    return y


def bare(x):
    try:
        y = 1.0 / x + math.log(x)
    except:  # noqa: E722
        y = 2 * x
    return y


def pythons_of_numpys(a):
    try:
        r = float(a[0]) / float(a[1] - 0.8)
    except ZeroDivisionError:
        r = a[1]
    return r * a[2]


WAYS = [
    *((quotient, 1.5, b) for b in (2.0, 0.0)),
    *((logarithm_of_quotient, 1.5, y) for y in (2.0, 0.0, -1.0)),
    *((overflow, x) for x in (0.1, 10.0)),
    *((power, x) for x in (1.2, 50.0)),
    *((element, A, i) for i in (1, 3, -3, -4)),
    *((elements, A, np.array(places)) for places in ([0, 1, 1], [0, 5])),
    *((item, 1.5, i) for i in (1, 3, -4)),
    *((inverse, a) for a in (REGULAR, np.zeros((0, 0)), np.ones((2, 3)))),
    *((broadcast, A, b) for b in (2 * A, np.ones(1), np.ones(2))),
    *((greatest, a) for a in (A, np.zeros(0))),
    *((to_integer, x) for x in (2.5, np.inf, np.nan)),
    *((asserted, a, 1.5) for a in (2.0, 1.0)),
    *((first_of_two, x, y) for x, y in ((0.5, 0.7), (1.5, 0.7), (0.5, 1.7))),
    *((raised_again, x) for x in (0.5, 1.5, 2.5, 3.5)),
    *((from_other, x) for x in (0.5, 1.5)),
    *((returned_value, x) for x in (0.5, 1.5)),
    *((returned_over_exception, x) for x in (0.5, -1.5)),
    *((returned_in_loop, x) for x in (-2.0, 0.4, 0.7, 1.5)),
    *((raised_in_loop, x, 1.5) for x in (-2.0, 0.4, 1.7)),
    *((by_branch_of_expression, x) for x in (0.5, 1.5, 2.5)),
    *((in_comprehension, x) for x in (0.5, 2.5)),
    *((in_condition, A, x) for x in (0.5, 2.5)),
    *((late_binding, x) for x in (0.5, 1.5)),
    *((grown, x) for x in (0.5, 1.5)),
    *((own_classes, x) for x in (0.5, 1.5, -1.0)),
    (known_before, 1.5),
    (nothing_raised, 1.5),
    (always_raised, 1.5),
    *((bare, x) for x in (1.5, -1.5)),
    (pythons_of_numpys, A),
]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("case", WAYS, ids=lambda case: f"{case[0].__name__}")
def test_every_way(case):
    f, *args = case
    compiled = srcad.differentiate(f, jit=False)
    np.testing.assert_allclose(compiled(*copy.deepcopy(args)), f(*args))
    smooth = f is not pythons_of_numpys and (f not in (quotient, logarithm_of_quotient) or args[1] != 0.0)
    integers = any(isinstance(arg, np.ndarray) and arg.dtype.kind == "i" for arg in args)
    if smooth and not integers and np.isfinite(f(*args)):
        check_grads(compiled, args, order=2)


def test_singular_matrix():
    assert srcad.differentiate(inverse, jit=False)(SINGULAR) == np.sum(SINGULAR**2)
    np.testing.assert_allclose(srcad.grad(inverse)(SINGULAR), 2 * SINGULAR)


def outcome(f, *args):
    """What the call gives, or the class of what it raises."""
    try:
        return f(*copy.deepcopy(args))
    except Exception as error:
        if isinstance(error, srcad.SrcadError):
            raise
        return type(error)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("seed", range(60))
def test_random_tries(seed):
    f = random_try(seed)
    compiled = srcad.differentiate(f, argnums=(0, 1, 2), jit=False)
    rng = np.random.default_rng(seed)
    for _ in range(3):
        args, dots = [(float(rng.normal()), float(rng.normal()), rng.normal(size=3)) for _ in range(2)]
        try:
            want, got = outcome(f, *args), outcome(compiled, *args)
            if isinstance(want, type) or isinstance(got, type):
                assert got is want
                continue
            np.testing.assert_allclose(got, want)
            bars = compiled.grad(*args)
        except srcad.UnsupportedError as refusal:
            assert "NumPy's numbers" in str(refusal)
            return
        _, dot = compiled.tangent(*args, *dots)
        np.testing.assert_allclose(
            dot, sum(np.sum(a * b) for a, b in zip(bars, dots, strict=True)), rtol=1e-7, atol=1e-9
        )


# --- what is raised, and what is refused ------------------------------------------------------------------------------


def cleaned_up(a, x):
    try:
        if x > 1:
            raise ValueError("too large")
        a[0] = x
    finally:
        print("done")
    return a[0] * x


def test_uncaught_exception_passes_finally(capsys):
    with pytest.raises(ValueError, match="too large"):
        srcad.grad(cleaned_up, argnums=1)(A, 1.5)
    assert capsys.readouterr().out == "done\n"


def printed(x):
    try:
        if x > 1:
            raise KeyError("large")
    except KeyError as e:
        print("caught", e)
        return x * x
    return x


def test_exception_is_printed(capsys):
    assert srcad.grad(printed)(1.5) == 3.0
    assert capsys.readouterr().out == "caught 'large'\n"


def factorisation(a):
    return np.sum(np.linalg.cholesky(a))


def test_cholesky_raises_numpys_error():
    with pytest.raises(np.linalg.LinAlgError, match="not positive definite"):
        srcad.grad(factorisation)(-np.eye(2))


def test_generated_code_is_plain():
    assert "    if b == 0:  " in srcad.differentiate(quotient, jit=False).source("primal")


def product(x, n):
    if n == 0:
        return x
    if x > 100:
        raise ValueError
    return x * product(x, n - 1)


def caught_outside_of_recursion(x):
    try:
        return product(x, 3)
    except ValueError:
        return x


def numpys_numbers(a):
    try:
        return a[0] / a[1]
    except ZeroDivisionError:
        return 0.0


def numpys_numbers_in_a_loop(a):
    x = 1.0
    try:
        for i in range(a.size):
            x = a[i] / x
    except ZeroDivisionError:
        x = 0.0
    return x


def exception_as_a_value(x):
    try:
        if x > 1:
            raise ValueError(x)
    except ValueError as e:
        return len(str(e)) * x
    return x


def left_in_finally(x):
    for _ in range(3):
        try:
            x = x * 2
        finally:
            break
    return x


def written_by_places(a):
    try:
        a[np.array([0, 1])] = 2.0
    except IndexError:
        return 0.0
    return np.sum(a)


def derivative_inside(x):
    try:
        return srcad.grad(quotient)(x, 2.0)
    except ValueError:
        return x


def computed_class(x, errors=("ValueError",)):
    try:
        return x
    except errors:
        return 2 * x


def raising_errstate(x):
    with np.errstate(all="raise"):
        return x * x


REFUSED = [
    (caught_outside_of_recursion, 1.5, "'product' calls itself, and what it may raise is caught", "product(x, 3)"),
    (numpys_numbers, A, "what / raises is caught, and one of NumPy's numbers", "a[0] / a[1]"),
    (numpys_numbers_in_a_loop, A, "what / raises is caught, and one of NumPy's numbers", "a[i] / x"),
    (exception_as_a_value, 1.5, "the exception 'e' is used as a value", "e"),
    (left_in_finally, 1.5, "`break` in `finally`", "break"),
    (written_by_places, A, "what this index raises is caught", "a[np.array([0, 1])]"),
    (derivative_inside, 1.5, "a derivative is called where exceptions are caught", "srcad.grad(quotient)(x, 2.0)"),
    (computed_class, 1.5, "exceptions are caught by classes that are known", "errors"),
    (raising_errstate, 1.5, "np.errstate is supported where it does not raise", "'raise'"),
]


@pytest.mark.parametrize(("f", "arg", "reason", "place"), REFUSED, ids=lambda part: getattr(part, "__name__", ""))
def test_refused(f, arg, reason, place):
    with pytest.raises(srcad.UnsupportedError) as caught:
        srcad.differentiate(f, jit=False).grad(arg)
    text = str(caught.value)
    assert reason in text
    shown, carets = text.splitlines()[1:3]
    marked = shown[carets.index("^") : carets.rindex("^") + 1]
    assert marked.replace('"', "'") == place

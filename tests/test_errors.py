"""What a function raises, its derivatives raise: the kind, the message, and the user's line; and what Numba has to say."""

import traceback

import numpy as np
import pytest

import srcad
from srcad.jit import generate


def own(x):
    if x[0] < 0:
        raise ValueError("negative: no root")
    return np.sqrt(x[0])


def without_message(x):
    if x[0] < 0:
        raise RuntimeError
    return x[0] ** 2


def asserted(x):
    assert x[0] > 0, "must be positive"
    return x[0] ** 2


def in_a_loop(x):
    s = 0.0
    for v in x:
        if v < 0:
            raise ArithmeticError("in a loop")
        s += v * v
    return s


def helper(v):
    if v < 0:
        raise IndexError("in a helper")
    return v * v


def in_a_helper(x):
    return helper(x[0])


def recursive(v, n):
    if v < 0:
        raise OverflowError("in a recursion")
    return v if n == 0 else v * recursive(v, n - 1)


def in_a_recursion(x):
    return recursive(x[0], 3)


def unbound(x):
    if x[0] > 0:
        y = x[0]
    return y * y


def unbound_in_a_helper(x):
    def g():
        return y * y

    if x[0] > 0:
        y = x[0]
    return g()


def unbound_to_a_helper(x):
    def g():
        nonlocal y
        y = y * y

    if x[0] > 0:
        y = x[0]
    g()
    return y


def unbound_after_a_comprehension(x):
    if any((y := v) > 0 for v in x[:1] if v > 0):
        return y * y
    return y


def after_all(x):
    y = x[0] ** 2
    if x[0] < 0:
        raise KeyError("after all")
    return 3.0 * y


def not_used(x):
    if x[0] < 0:
        raise LookupError("of no use")
    return 3.0 * x[0]


def divided(x):
    return 7 // int(x[0] > 0) * x[0] ** 2


GOOD, BAD = np.array([1.0, 2.0]), np.array([-1.0, 2.0])
RAISING = [
    own, without_message, asserted, in_a_loop, in_a_helper, in_a_recursion, unbound, unbound_in_a_helper,
    unbound_to_a_helper, unbound_after_a_comprehension, after_all, not_used, divided,
]  # fmt: skip


def calls(d):
    yield from (d, d.grad, srcad.value_and_grad(d), lambda x: d.hvp(x, GOOD), lambda x: d.tangent(x, GOOD))
    yield from (lambda x: d.adjoint(x, 1.0), lambda x: srcad.jvp(d, (x,), (GOOD,)), lambda x: srcad.vjp(d, x)[1](1.0))


@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.parametrize("f", RAISING, ids=lambda f: f.__name__)
def test_the_same_error(f, jit):
    with pytest.raises(Exception) as wanted:
        f(BAD)
    d = srcad.differentiate(f, jit=jit)
    for call in list(calls(d))[: 4 if jit else None]:
        call(GOOD)
        with pytest.raises(Exception) as found:
            call(BAD)
        assert type(found.value) is type(wanted.value)
        assert (
            str(found.value).splitlines()[:1] == str(wanted.value).splitlines()[:1]
        )  # pytest adds to what is asserted
        call(GOOD)


def test_the_users_line_is_in_the_traceback():
    """As a comment on the line of the generated file that is shown."""
    f = srcad.differentiate(own, jit=False)
    line = own.__code__.co_firstlineno + 2
    for call in calls(f):
        try:
            call(BAD)
        except ValueError:
            assert f"test_errors.py:{line}" in traceback.format_exc()


# --- out of bounds ----------------------------------------------------------------------------------------------------


def read_in_loop(x, n):
    s = 0.0
    for i in range(n):
        s += x[i] ** 2
    return s


def written_in_while(x, n):
    y = x.copy()
    i = 0
    while i < n:
        y[i] = y[i] * y[-1 - i]
        i += 1
    return np.sum(y)


def read_in_recursion(x, n):
    return x[0] if n == 0 else x[n - 1] * read_in_recursion(x, n - 1)


@pytest.mark.parametrize("f", [read_in_loop, written_in_while, read_in_recursion], ids=lambda f: f.__name__)
def test_boundscheck(f):
    x, v = np.array([1.0, 2.0, 3.0]), np.ones(3)
    d = srcad.differentiate(f, boundscheck=True)
    plain = srcad.differentiate(f, jit=False)
    kinds = {
        "value": lambda d, n: d(x, n),
        "grad": lambda d, n: d.grad(x, n),
        "tangent": lambda d, n: d.tangent(x, n, v)[1],
        "hvp": lambda d, n: d.hvp(x, n, v),
        "grad of grad": lambda d, n: srcad.vjp(d.grad, x, n)[1](v)[0],
    }
    for name, call in kinds.items():
        np.testing.assert_allclose(call(d, 3), call(plain, 3), err_msg=name)
        with pytest.raises(IndexError):
            call(d, 5)


def test_boundscheck_of_the_environment(monkeypatch):
    """Also where the same code has been compiled, and kept, without it."""

    def f(x, n):
        return x[n] ** 2 + x[-1]

    g, x = srcad.grad(f), np.array([1.0, 2.0])
    np.testing.assert_array_equal(g(x, 0), [2.0, 1.0])
    monkeypatch.setattr("numba.core.config.BOUNDSCHECK", 1)
    g = srcad.grad(f)
    np.testing.assert_array_equal(g(x, -2), [2.0, 1.0])
    for n in (2, -3):
        with pytest.raises(IndexError):
            g(x, n)


def chosen(x, kind):
    if kind == "square":
        return x * x
    raise ValueError(f"{kind} is unknown, with x = {x}")


def test_what_is_known_of_a_message_is_filled_in():
    f = srcad.differentiate(chosen, jit=False)
    assert f(3.0, "square") == 9.0
    with pytest.raises(ValueError, match=r"cube is unknown, with x = \{x\}"):
        f(3.0, "cube")


# --- Numba's own errors -------------------------------------------------------------------------------------------------


def typical(x):
    y = x * x
    z = np.sin(y)
    return z * x


@pytest.mark.parametrize("wrong", ["np.array2string(", "np.zeros("])
def test_what_numba_does_not_compile_shows_the_users_line(monkeypatch, wrong):
    emit = generate.emit
    monkeypatch.setattr(generate, "emit", lambda *args, **kwargs: emit(*args, **kwargs).replace("np.sin(", wrong))
    with pytest.raises(srcad.UnsupportedError, match="Numba does not compile") as caught:
        srcad.differentiate(typical)(2.0)
    assert f"test_errors.py:{typical.__code__.co_firstlineno + 2}: " in str(caught.value)
    assert "z = np.sin(y)" in str(caught.value)


class Diverged(ArithmeticError):
    """An exception of the user's own."""


class Coded(Exception):
    def __init__(self, code):
        super().__init__(code)


def diverges(x):
    if x > 2.0:
        raise Diverged("too large")
    return x * x


@pytest.mark.parametrize("jit", [False, True])
def test_exceptions_of_ones_own(jit):
    f = srcad.differentiate(diverges, jit=jit)
    assert f.grad(1.5) == 3.0
    for call in (f, f.grad, lambda x: f.hvp(x, 1.0), lambda x: srcad.jvp(f, (x,), (1.0,))):
        with pytest.raises(Diverged, match="^too large$"):
            call(3.0)

    class Local(Diverged):
        pass

    def g(x):
        if x > 2.0:
            raise Local
        return x

    with pytest.raises(Local):
        srcad.differentiate(g, jit=jit).grad(3.0)


def test_an_exception_that_is_made_in_its_own_way_is_refused():
    def f(x):
        if x > 2.0:
            raise Coded(3)
        return x

    with pytest.raises(srcad.UnsupportedError, match="'Coded' is made in a way of its own"):
        srcad.grad(f)(1.0)

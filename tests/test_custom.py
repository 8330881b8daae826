"""Functions with rules of their own: the rule is used in every mode and place, to any order, and bad rules are refused."""

import ctypes
import ctypes.util
import functools
import pickle

import numba
import numpy as np
import pytest
from numba import njit, objmode

import srcad
from srcad import custom_jvp, custom_vjp
from srcad.testing import check_grads, check_rule

x3 = np.array([0.5, 2.0, 1.0])


@custom_jvp
def logistic(x):
    return 1.0 / (1.0 + np.exp(-x))


@logistic.defjvp
def logistic_jvp(primals, tangents):
    (x,), (x_dot,) = primals, tangents
    y = logistic(x)
    return y, y * (1.0 - y) * x_dot


@custom_vjp
def product(x, y):
    return x * x * y


def product_fwd(x, y):
    return product(x, y), (x, y)


def product_bwd(residuals, z_bar):
    x, y = residuals
    return 2 * x * y * z_bar, x * x * z_bar


product.defvjp(product_fwd, product_bwd)


@custom_vjp
def quadratic(A, b):
    return np.dot(b, A @ b)


quadratic.defvjp(
    lambda A, b: (quadratic(A, b), (A, b)),
    lambda res, y_bar: (y_bar * np.outer(res[1], res[1]), y_bar * ((res[0] + res[0].T) @ res[1])),
)


@custom_vjp
def scaled(x, n, flag=True):
    if flag:
        return x * n, n
    return x, n


def scaled_bwd(residuals, y_bar):
    n, flag, _ = residuals
    y_bar, none = y_bar
    return (y_bar * n if flag else y_bar), none, None


scaled.defvjp(lambda x, n, flag: (scaled(x, n, flag), (n, flag, "unused")), scaled_bwd)


@custom_jvp
def itself(x):
    return x


@itself.defjvp
def itself_jvp(primals, tangents):
    return primals[0], tangents[0]


@custom_jvp
def shrunk(a, b):
    return (a * b[0], b[1] * 2.0)


@shrunk.defjvp
def shrunk_jvp(primals, tangents):
    (a, b), (a_dot, b_dot) = primals, tangents
    return shrunk(a, b), (a_dot * b[0] + a * b_dot[0], 2.0 * b_dot[1])


@functools.partial(custom_vjp, nondiff_argnums=(0,))
def root(f, x, p):
    for _ in range(60):
        x = x - f(x, p) / srcad.grad(f)(x, p)
    return x


def root_bwd(f, residuals, y_bar):
    y, p = residuals
    return None, -y_bar * srcad.grad(f, "p")(y, p) / srcad.grad(f)(y, p)


root.defvjp(lambda f, x, p: (root(f, x, p), (root(f, x, p), p)), root_bwd)


def in_a_loop(x):
    s = 0.0
    for k in range(4):
        s = s + logistic(x * k) * s + product(x, s + 1.0) * 0.1
    return s


def over_written_arrays(A, b):
    """The residuals are overwritten after the call."""
    s, v, M, i = 0.0, b.copy(), A.copy(), 0
    while i < 3:
        if s < 1.0:
            s += quadratic(M, v)
        else:
            s += 0.1 * quadratic(M, v) * v[0]
        v *= 0.5
        M[0, 1] = s
        i += 1
    return s


def written_again(A, b):
    """The same, small enough to be compiled to second order."""
    s, v, i = 0.0, b.copy(), 0
    while i < 2:
        s += quadratic(A, v)
        v *= s
        i += 1
    return s


def results_are_written(x):
    """What comes of the function is fresh memory, also where it returns its argument."""
    y = itself(x)
    z = x * 1.0
    w = itself(z)
    w[0] = 5.0
    w *= y
    return np.sum(z * w) * x[0]


def literals_and_flags(x):
    y, n = scaled(x, 3)
    z, _ = scaled(y, 2, False)
    y[0] = 7.0
    w, _ = scaled(z, 5, flag=True)
    return np.sum(w**2 * y) * n


def tuples_in_and_out(x):
    pair = (x[0], x * 2.0)
    for _ in range(3):
        pair = shrunk(pair[0], pair)
        pair[1][0] = pair[0]
    return pair[0] * np.sum(pair[1])


def recursive(x, n):
    if n == 0:
        return x
    return logistic(recursive(x, n - 1) * product(x, 1.5))


def differentiated_inside(x):
    return srcad.grad(lambda t: logistic(t) * t)(x) + logistic(x)


def function_argument(a):
    def f(y, p):
        return y**3 - p * y - c

    c = 1.0
    y = root(f, 2.0, a)
    c = 7.0
    return y * y + a * c


def never_called(x):
    s = np.sum(x)
    for k in range(0):
        s += product(x[k], s)
    return s


A3 = np.array([[0.3, -0.1, 0.2], [0.1, 0.4, 0.0], [-0.2, 0.5, 0.1]])
PROGRAMS = [
    (in_a_loop, (0.7,)),
    (over_written_arrays, (A3, x3)),
    (written_again, (A3, x3)),
    (results_are_written, (x3,)),
    (literals_and_flags, (x3,)),
    (tuples_in_and_out, (x3,)),
    (recursive, (0.8, 3)),
    (differentiated_inside, (1.3,)),
    (function_argument, (1.2,)),
    (never_called, (x3,)),
    (logistic, (0.3,)),
    (quadratic, (A3, x3)),
]


COMPILED = (in_a_loop, written_again, tuples_in_and_out, function_argument)


@pytest.mark.parametrize(
    "f, args, jit",
    [(f, args, jit) for f, args in PROGRAMS for jit in (False, True) if not jit or f in COMPILED],
    ids=lambda value: value.__name__ if callable(value) else "compiled" if value is True else "",
)
def test_right_rules_give_right_derivatives(f, args, jit):
    g = srcad.differentiate(f, jit=jit)
    given = [np.copy(a) for a in args]
    np.testing.assert_allclose(g(*args), getattr(f, "fn", f)(*given), rtol=1e-12)
    check_grads(g, args, order=2)
    for a, before in zip(args, given):
        np.testing.assert_array_equal(a, before)


def _tripled(kind):
    """A square whose rule says three times too much, so that its use shows; the second derivative is the rule's."""

    def square(x):
        return x * x

    if kind == "jvp":
        square = custom_jvp(square)
        square.defjvp(lambda primals, tangents: (square(primals[0]), 6.0 * primals[0] * tangents[0]))
    else:
        square = custom_vjp(square)
        square.defvjp(lambda x: (square(x), x), lambda x, y_bar: (6.0 * x * y_bar,))
    return square


@pytest.mark.parametrize("kind", ["jvp", "vjp"])
def test_the_rule_is_what_counts(kind):
    square = _tripled(kind)

    def f(x):
        return square(x) + x

    assert srcad.differentiate(f, jit=False)(3.0) == 12.0
    f = srcad.differentiate(f, jit=False)
    assert f.grad(3.0) == 19.0
    assert srcad.jvp(f, (3.0,), (1.0,)) == (12.0, 19.0)
    assert srcad.vjp(f, 3.0)[1](1.0) == (19.0,)
    assert f.jacfwd(3.0) == f.jacrev(3.0) == 19.0
    assert f.hessian(3.0) == f.hvp(3.0, 1.0) == srcad.grad(f.grad)(3.0) == 6.0


def test_the_rule_is_used_inside_its_own_forward_half_only_for_higher_derivatives():
    """fwd calls the function: its second derivative is by the rule again."""
    calls = custom_vjp(lambda x: x**3)
    calls.defvjp(lambda x: (calls(x), calls(x)), lambda y, y_bar: (5.0 * y * y_bar,))
    assert srcad.grad(calls)(2.0) == 40.0
    assert srcad.grad(srcad.grad(calls))(2.0) == 5 * 40.0


def test_float32_stays_float32():
    x = np.float32(0.5)
    assert isinstance(srcad.grad(lambda x: logistic(x) * product(x, x))(x), np.float32)
    f = srcad.grad(lambda x: np.sum(itself(x) * x))
    assert f(x3.astype(np.float32)).dtype == np.float32


def test_a_new_rule_is_noticed():
    square = _tripled("vjp")
    derivative = srcad.grad(lambda x: square(x) + x)
    assert derivative(1.0) == 7.0
    square.defvjp(lambda x: (square(x), x), lambda x, y_bar: (2.0 * x * y_bar,))
    assert derivative(1.0) == 3.0


def test_it_is_called_from_python_and_compiled_code():
    @njit
    def twice(x):
        return 2.0 * logistic(x)

    assert twice(0.0) == 1.0
    assert logistic(0.0) == 0.5
    assert product(y=3.0, x=2.0) == 12.0
    assert logistic.__name__ == "logistic"
    assert pickle.loads(pickle.dumps(logistic)) is logistic


def test_an_inactive_call_needs_no_rule():
    plain = custom_vjp(lambda x: x * x)
    assert srcad.grad(lambda x, y: x * plain(y))(2.0, 3.0) == 9.0


def _with(fwd=None, bwd=None):
    @custom_vjp
    def dotted(x, y):
        return np.sum(x * y)

    dotted.defvjp(
        fwd or (lambda x, y: (dotted(x, y), (x, y))), bwd or (lambda res, y_bar: (y_bar * res[1], y_bar * res[0]))
    )
    return dotted


def _without_rule():
    return custom_vjp(lambda x, y: np.sum(x * y))


def _writing():
    @custom_vjp
    def writing(x, y):
        x[0] = 0.0
        return np.sum(x)

    return writing


def _calls_itself():
    @custom_jvp
    def power(x, y):
        return 1.0 if y[0] < 1.0 else np.sum(x) * power(x, y - 1.0)

    return power


def _blind():
    @functools.partial(custom_jvp, nondiff_argnums=(1,))
    def blind(x, y):
        return np.sum(x * y)

    blind.defjvp(lambda y, primals, tangents: (blind(primals[0], y), np.sum(tangents[0] * y)))
    return lambda x, y: blind(x, x * 2.0)


def _with_writing_bwd():
    def bwd(res, y_bar):
        res[0][0] = 3.0
        return y_bar * res[1], None

    return _with(bwd=bwd)


BAD = {
    "no rule": (_without_rule, srcad.UnsupportedError, "has no rule yet"),
    "no tuple": (lambda: _with(bwd=lambda res, y_bar: y_bar * res[1]), TypeError, "a tuple of an x_bar for each of 2"),
    "too few": (lambda: _with(bwd=lambda res, y_bar: (y_bar * res[1],)), TypeError, "for each of 2 arguments"),
    "a scalar": (lambda: _with(bwd=lambda res, y_bar: (y_bar * res[1], y_bar)), TypeError, "derivative of 'y'"),
    "nested": (lambda: _with(bwd=lambda res, y_bar: ((y_bar * res[1],), None)), TypeError, "derivative of 'x'"),
    "complex": (lambda: _with(bwd=lambda res, y_bar: (y_bar * res[1] * 1j, None)), TypeError, "is complex"),
    "shape": (lambda: _with(bwd=lambda res, y_bar: (y_bar * res[1][:1], None)), ValueError, "x_bar of dotted has"),
    "no pair": (lambda: _with(fwd=lambda x, y: np.sum(x * y)), TypeError, r"must return \(y, residuals\)"),
    "other y": (lambda: _with(fwd=lambda x, y: (x * y, (x, y))), TypeError, "must give a y as 'dotted' gives it"),
    "one parameter": (lambda: _with(bwd=lambda res: res), TypeError, "1 positional argument"),
    "writes": (_writing, srcad.UnsupportedError, "writes into its arguments"),
    "bwd writes": (_with_writing_bwd, srcad.UnsupportedError, "writes into its arguments"),
    "calls itself": (_calls_itself, srcad.UnsupportedError, "calls itself"),
    "constant that varies": (_blind, srcad.UnsupportedError, "takes it for a constant"),
}


@pytest.mark.parametrize("make, error, message", BAD.values(), ids=BAD.keys())
def test_bad_rules(make, error, message):
    f = make()
    with pytest.raises(error, match=message) as info:
        srcad.differentiate(lambda x, y: f(x, y), jit=False).grad(x3, 2.0 * x3)
    if isinstance(info.value, srcad.SrcadError):
        assert "test_custom.py:" in str(info.value)


def test_rules_that_are_not_linear_serve_one_mode_only():
    """As a gradient that is clipped: there is no forward mode that it could be the transpose of."""
    clipped = custom_vjp(lambda x: x)
    clipped.defvjp(lambda x: (x, None), lambda _, y_bar: (min(max(y_bar, -1.0), 1.0),))
    assert srcad.grad(lambda x: clipped(x) ** 2)(3.0) == 1.0
    with pytest.raises(
        srcad.UnsupportedError, match="is not linear in y_bar, so that forward mode does not follow"
    ) as info:
        srcad.jvp(clipped, (3.0,), (1.0,))
    assert "test_custom.py:" in str(info.value) and "custom_jvp" in str(info.value)
    squared = custom_jvp(lambda x: np.sum(x))
    squared.defjvp(lambda primals, tangents: (np.sum(primals[0]), np.sum(tangents[0] ** 2)))
    assert srcad.jvp(squared, (x3,), (x3,))[1] == np.sum(x3**2)
    with pytest.raises(srcad.UnsupportedError, match="is not linear in the tangents, so that reverse mode"):
        srcad.grad(squared)(x3)


def test_constant_that_varies_is_refused_in_forward_mode_too():
    f = _blind()
    with pytest.raises(srcad.UnsupportedError, match="takes it for a constant"):
        srcad.jvp(f, (x3, x3), (x3, x3))


def test_what_the_rule_knows_is_computed_once():
    """The transpose of a JVP rule takes from the forward sweep what does not depend on the tangents."""
    source = srcad.grad(lambda x: logistic(x) ** 2).source("f8")
    assert source.count("np.exp") == 1


# --- functions without Python source --------------------------------------------------------------------------------

libm = ctypes.CDLL(ctypes.util.find_library("m"))
libm.cbrt.restype, libm.cbrt.argtypes = ctypes.c_double, [ctypes.c_double]
cube_root = custom_jvp(libm.cbrt)
cube_root.defjvp(lambda primals, tangents: (cube_root(primals[0]), tangents[0] / (3.0 * cube_root(primals[0]) ** 2)))


libm.exp2.restype, libm.exp2.argtypes = ctypes.c_double, [ctypes.c_double]
power_of_two = libm.exp2
srcad.rule("y = f(x)", "y_dot = 0.6931471805599453 * y * x_dot", functions={"f": power_of_two})


@pytest.mark.parametrize("jit", [False, True])
def test_a_rule_for_a_function_of_a_c_library(jit):
    f = srcad.differentiate(lambda x: power_of_two(x) * x, jit=jit)
    assert f.grad(2.0) == pytest.approx(4.0 + 8.0 * np.log(2.0))


@pytest.mark.parametrize(
    ("forward", "reverse"), [("y_dot = slope(x) * x_dot", ()), ("y_dot = x_dot", ("x_bar = slope * y_bar",))]
)
def test_names_that_a_rule_does_not_know(forward, reverse):
    with pytest.raises(ValueError, match="'slope' in .* is no argument, and functions= does not say what it is"):
        srcad.rule("y = f(x)", forward, *reverse, functions={"f": lambda x: x})


@numba.vectorize(["float64(float64, float64)"])
def scaled_cube(x, a):
    return a * x * x * x


srcad.rule("y = f(x, a)", "y_dot = 3 * a * x**2 * x_dot + x**3 * a_dot", functions={"f": scaled_cube})


@pytest.mark.parametrize("jit", [False, True])
def test_a_rule_for_a_ufunc(jit):
    f = srcad.differentiate(lambda x, a: np.sum(scaled_cube(x, a) * x), argnums=(0, 1), jit=jit)
    by_x, by_a = f.grad(np.array([0.5, 2.0]), 3.0)
    np.testing.assert_allclose(by_x, [1.5, 96.0])
    np.testing.assert_allclose(by_a, 16.0625)


@custom_vjp
def straight_through(x):
    return np.round(x)


straight_through.defvjp(lambda x: (straight_through(x), None), lambda residuals, y_bar: (y_bar,))


def test_an_adjoint_that_is_passed_through():
    """Forward mode follows from it, and is that of the identity."""
    f = srcad.differentiate(lambda x: straight_through(x) ** 2, jit=False)
    assert srcad.jvp(f, (2.6,), (0.5,)) == (9.0, 3.0)
    assert f.grad(2.6) == 6.0
    assert f.hessian(2.6) == 2.0
    y, y_dot = srcad.jvp(lambda x: straight_through(x), (np.array([1.2, 2.6]),), (np.array([1.0, 2.0]),))
    np.testing.assert_array_equal(y_dot, [1.0, 2.0])


@custom_jvp
@njit
def opaque(x, y):
    with objmode(a="float64", b="float64[:]"):
        a, b = x * 2, y * 3
    return a, b


opaque.defjvp(lambda primals, tangents: (opaque(primals[0], primals[1]), (2 * tangents[0], 3 * tangents[1])))


def calls_a_c_library(x):
    s = 0.0
    for k in range(3):
        s += cube_root(x + k) * s + x
    return s


def calls_an_object_mode_block(x):
    a, b = opaque(x[0], x)
    b[0] = a
    return np.sum(b * b) * a


@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.parametrize("f, args", [(calls_a_c_library, (1.3,)), (calls_an_object_mode_block, (x3,))])
def test_black_boxes(f, args, jit):
    check_grads(srcad.differentiate(f, jit=jit), args, order=2)


def test_a_black_box_without_a_rule_is_refused():
    with pytest.raises(srcad.UnsupportedError, match="is not supported|has no derivative"):
        srcad.grad(lambda x: libm.cbrt(x))(1.0)


# --- rules of one line -----------------------------------------------------------------------------------------------


def expit(x):
    return 1.0 / (1.0 + np.exp(-x))


def softplus(x):
    return np.log1p(np.exp(x))


def scaled_sine(a, x):
    return a * np.sin(x)


srcad.rule(
    "y = softplus(x)",
    "y_dot = expit(x) * x_dot",
    "x_bar = expit(x) * y_bar",
    functions={"softplus": softplus, "expit": expit},
)
srcad.rule(
    "y = f(a, x)",
    "y_dot = a_dot * np.sin(x) + a * np.cos(x) * x_dot",
    "a_bar = np.sin(x) * y_bar",
    "x_bar = a * np.cos(x) * y_bar",
    functions={"f": scaled_sine},
)


def test_a_rule_holds_for_numbers_and_arrays():
    check_rule(softplus, (0.3,), order=2)
    check_rule(softplus, (x3,))
    check_rule(scaled_sine, (0.7, 0.3), order=2)

    def f(a, x):
        return np.sum(scaled_sine(a, x) * softplus(x)) + scaled_sine(x[0], a)

    check_grads(srcad.differentiate(f, jit=False), (0.7, x3), order=2)


def test_a_wrong_rule_is_found():
    def cube(a, b):
        return a**3 * b

    srcad.rule(
        "y = c(a, b)",
        "y_dot = 3 * a * a * b * a_dot + a**3 * b_dot",
        "a_bar = 3 * a * b * y_bar",
        functions={"c": cube},
    )
    with pytest.raises(AssertionError, match="reverse mode of cube disagrees with forward mode for argument 0"):
        check_rule(cube, (1.3, 0.7))
    wrong = custom_jvp(lambda x, n: x * n)
    wrong.defjvp(lambda primals, tangents: (wrong(primals[0], primals[1]), tangents[0]))
    with pytest.raises(
        AssertionError, match=r"forward mode of <lambda> disagrees with finite differences for argument 0"
    ):
        check_rule(wrong, (1.3, 2))
    with pytest.raises(TypeError, match="expit has no rule of its own"):
        check_rule(expit, (1.0,))


@pytest.mark.parametrize(
    "texts, message",
    [
        (("y = f(x", "y_dot = x_dot"), "is not one equation"),
        (("z = f(x)", "y_dot = x_dot"), "is not of the form 'y = f"),
        (("y = f(2)", "y_dot = x_dot"), "must be names"),
        (("y = h(x)", "y_dot = x_dot"), "does not say what 'h' is"),
        (("y = f(x)", "x_dot = x_dot"), "is not of the form 'y_dot"),
        (("y = f(x)", "y_dot = 2 * x"), "is of no x_dot"),
        (("y = f(x)", "y_dot = x_dot", "z_bar = y_bar"), "z_bar is the adjoint of no argument"),
    ],
)
def test_misprints_in_a_rule(texts, message):
    with pytest.raises(ValueError, match=message):
        srcad.rule(*texts, functions={"f": lambda x: x})

"""SciPy's special functions in compiled code, and the arguments for which they have no derivative."""

import numba
import numpy as np
import pytest
import scipy.special as sc
from numba import njit

import srcad
import srcad.special  # makes Numba know them
from srcad.ops import SPECIAL

ORDERS = (2.0, 3.0, 1.7)


@pytest.mark.parametrize("name", ["ndtr", "jv", "betainc", "hyp2f1"])
def test_compiled_functions_are_scipys(name):
    """One of each number of arguments; each is called in double, and in float32 gives float32."""
    ufunc, arity = getattr(sc, name), SPECIAL[name]
    orders = ORDERS[: arity - 1]

    @njit
    def call(*args):
        return ufunc(*args)

    for x in (0.0, 0.3, 0.9, np.nan):
        np.testing.assert_array_equal(call(*orders, x), ufunc(*orders, x))
    single = call(*map(np.float32, (*orders, 0.3)))
    assert call.nopython_signatures[-1].return_type == numba.float32
    np.testing.assert_allclose(single, ufunc(*orders, 0.3), rtol=1e-6)


@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.parametrize("f", [sc.gammaln, lambda x: sc.polygamma(2, x), lambda x: sc.jv(1, x), sc.log_ndtr])
def test_float32(f, jit):
    g = srcad.differentiate(lambda x: f(x), jit=jit)
    x = np.float32(1.3)
    assert isinstance(g(x), np.float32) and isinstance(g.grad(x), np.float32)
    np.testing.assert_allclose(g.grad(x), srcad.grad(g)(1.3), rtol=1e-5)


@pytest.mark.parametrize(
    "f",
    [
        lambda a: sc.gammainc(a, 2.0),
        lambda v: sc.jv(v, 2.0),
        lambda a: sc.betainc(1.0, a, 0.5),
        lambda n: sc.stdtr(n, 1.0),
    ],
)
def test_unknown_derivatives_are_refused(f):
    for derivative in (srcad.grad(f), lambda x: srcad.jvp(f, (x,), (1.0,))):
        with pytest.raises(srcad.UnsupportedError, match="is not known to srcad") as info:
            derivative(1.5)
        assert "stop_gradient" in str(info.value) and "test_special.py" in str(info.value)


def test_wrong_number_of_arguments():
    with pytest.raises(TypeError, match=r"scipy.special.jv takes 2 arguments, and 1 were given"):
        srcad.grad(lambda x: sc.jv(x))(1.0)


@pytest.mark.parametrize(
    ("f", "x", "want"),
    [
        (sc.ellipk, 0.0, 9 * np.pi / 64),
        (sc.ellipk, 1e-9, 9 * np.pi / 64),
        (sc.ellipe, 0.0, -3 * np.pi / 64),
        (sc.ellipe, 1e-9, -3 * np.pi / 64),
        (sc.spence, 1.0, 0.5),
        (sc.spence, 1.0 + 1e-9, 0.5),
    ],
)
def test_second_derivatives_at_removable_singularities(f, x, want):
    """By the power series: K = pi/2 (1 + m/4 + 9 m^2/64 + ...), E = pi/2 (1 - m/4 - 3 m^2/64 - ...), Li2(1 - x)."""
    hessian = srcad.hessian(srcad.differentiate(lambda x: f(x), jit=False))
    np.testing.assert_allclose(hessian(x), want, rtol=1e-8)


@pytest.mark.parametrize(("f", "slope"), [(sc.xlogy, 1 / 1.3), (sc.xlog1py, 1 / 2.3)])
def test_mixed_derivatives_where_a_factor_is_zero(f, slope):
    """d2/dadb of a log b is 1 / b, at a = 0 too: where a gamma distribution is exponential, for one."""
    hessian = srcad.hessian(srcad.differentiate(lambda a, b: f(a, b), jit=False), argnums=(0, 1))
    ((aa, ab), (ba, bb)) = hessian(0.0, 1.3)
    np.testing.assert_allclose((aa, ab, ba, bb), (0.0, slope, slope, 0.0), rtol=1e-12)

"""Elementary functions that vectorise: how exact they are, beside mpmath, and that LLVM does vectorise them."""

import re
from functools import cache

import numpy as np
import pytest
from numba import njit

import minimax
from srcad import vector_math as vm
from srcad.vector_math import constants

mp = pytest.importorskip("mpmath").mp

FORMATS = pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["float64", "float32"])
#: mpmath's functions, and beyond which number they are what they are there.
EXACT = {
    "exp": (lambda x: mp.exp(x), 800),
    "expm1": (lambda x: mp.expm1(x), 800),
    "log": (lambda x: mp.log(x), np.inf),
    "log1p": (lambda x: mp.log1p(x), np.inf),
    "tanh": (lambda x: mp.tanh(x), 800),
    "sigmoid": (lambda x: 1 / (1 + mp.exp(-x)), 800),
    "sin": (lambda x: mp.sin(x), np.inf),
    "cos": (lambda x: mp.cos(x), np.inf),
}
FUNCTIONS = pytest.mark.parametrize("name", EXACT)


def everywhere(dtype, each):
    """Random numbers of both signs, `each` in every binade and among the subnormal ones; and the ends of the binades."""
    info = np.finfo(dtype)
    unsigned = np.dtype(f"u{info.bits // 8}")
    exponents = np.repeat(np.arange(2**info.iexp - 1), each).astype(unsigned)
    rng = np.random.default_rng(0)
    mantissas = rng.integers(0, 2**info.nmant, exponents.size, unsigned)
    mantissas[::7], mantissas[3::7] = 0, 2**info.nmant - 1
    x = ((exponents << unsigned.type(info.nmant)) | mantissas).view(dtype)
    return np.concatenate([x, -x])


def nearby(name, dtype):
    """Where something changes: between two formulas, at the ends of what is finite and normal, where digits cancel."""
    rng = np.random.default_rng(1)
    ends = {"exp": (709.0, 745.0), "expm1": (37.0, 709.0), "sigmoid": (708.0, 745.0), "tanh": (0.65, 22.0)}
    if dtype == np.float32:
        ends = {"exp": (87.0, 103.0), "expm1": (17.0, 88.0), "sigmoid": (87.0, 103.0), "tanh": (0.65, 9.0)}
    found = [rng.uniform(-1.0, 1.0, 300), rng.uniform(-20.0, 20.0, 300)]
    if name in ends:
        found += [sign * (end + rng.uniform(-0.7, 0.9, 100)) for end in ends[name] for sign in (1, -1)]
    elif name.startswith("log"):
        found.append((name == "log") + rng.choice([-1, 1], 300) * 2.0 ** rng.uniform(-60, 0, 300))
    else:
        found += [rng.integers(0, 2**k, 200) * (np.pi / 2) for k in (4, 19)]  # near zeros
    return np.concatenate(found).astype(dtype)


@cache
def points(name, dtype):
    return np.concatenate([everywhere(dtype, 2 if dtype == np.float64 else 6), nearby(name, dtype)])


def split(exact):
    """A number of mpmath's as a float and what is missing."""
    if mp.isnan(exact) or mp.im(exact):
        return np.nan, 0.0
    high = float(exact)
    return high, 0.0 if np.isinf(high) else float(exact - mp.mpf(high))


@cache
def reference(name, dtype):
    function, saturated = EXACT[name]
    lowest = {"log": 0.0, "log1p": -1.0}.get(name, -np.inf)

    def exact(x):
        if x <= lowest:
            return -np.inf if x == lowest else np.nan, 0.0
        with mp.workprec(1200 if abs(x) > 1e6 and name in ("sin", "cos") else 160):
            return split(function(mp.mpf(float(min(max(x, -saturated), saturated)))))

    return np.array([exact(x) for x in points(name, dtype)]).T


def error(y, high, low):
    """The largest difference from high + low, in units in the last place of y."""
    with np.errstate(all="ignore"):
        near = high.astype(y.dtype)
        assert np.array_equal(np.isnan(y), np.isnan(near))
        huge = np.isinf(near) | np.isinf(y)
        limit = np.finfo(y.dtype).max
        assert np.all(np.sign(y[huge]) == np.sign(high[huge]))
        assert np.all(np.abs(high[huge]) > limit.astype(np.float64) * (1 - 2 * np.finfo(y.dtype).eps))
        tiny = (near == 0) & (high != 0)
        assert np.array_equal(np.signbit(y[tiny]), np.signbit(high[tiny]))
        ulps = np.abs((y.astype(np.float64) - high) - low) / np.spacing(np.abs(near)).astype(np.float64)
    return float(np.max(ulps[~huge & ~np.isnan(near)]))


@FORMATS
@FUNCTIONS
def test_exact_to_two_units_in_every_binade(name, dtype):
    """By NumPy, and so without fused products."""
    y = getattr(vm, name)(points(name, dtype))
    assert y.dtype == dtype
    assert error(y, *reference(name, dtype)) < 1.5


def loop(function, of_two=False):
    """The function in a loop, compiled when it is called."""
    names = {"function": function}
    call = "function(x[i], y[i])" if of_two else "function(x[i])"
    exec(f"def loop(x, y, z):\n    for i in range(x.size):\n        z[i] = {call}", names)
    return njit(names["loop"])


def is_vectorised(compiled):
    return all(re.search(r"fmul <\d+ x (double|float)>", code) for code in compiled.inspect_llvm().values())


@FUNCTIONS
def test_compiled_they_are_as_exact_and_vectorised(name):
    compiled = loop(getattr(vm, name))
    for dtype in (np.float64, np.float32):
        x = points(name, dtype)
        y = np.empty_like(x)
        compiled(x, x, y)
        assert error(y, *reference(name, dtype)) < 1.5
    assert is_vectorised(compiled) or name in ("sin", "cos")


@FORMATS
def test_powers(dtype):
    """Of bases in every binade, with exponents for results in every binade; near one; of negative bases; and compiled."""
    rng = np.random.default_rng(2)
    x = np.abs(everywhere(dtype, 1 if dtype == np.float64 else 4))
    x = np.concatenate([x, 1 + rng.uniform(-1, 1, 500) * 2.0 ** rng.uniform(-50, 0, 500)]).astype(dtype)
    x = x[(x != 1) & (x != 0)]
    largest = np.log(np.finfo(dtype).max.astype(np.float64))
    y = (rng.uniform(-1.08 * largest, 1.01 * largest, x.size) / np.log(x.astype(np.float64))).astype(dtype)
    whole = rng.integers(-20, 20, x.size)
    x = np.concatenate([x, -(np.abs(x) ** dtype(0.05))])
    y = np.concatenate([y, whole]).astype(dtype)
    with mp.workprec(160):
        exact = [split(mp.power(mp.mpf(float(a)), mp.mpf(float(b)))) for a, b in zip(x, y, strict=True)]
    found, again, compiled = vm.pow(x, y), np.empty_like(x), loop(vm.pow, of_two=True)
    compiled(x, y, again)
    assert found.dtype == dtype
    assert error(found, *np.array(exact).T) < 1.5
    assert error(again, *np.array(exact).T) < 1.5
    assert is_vectorised(compiled)


def special_numbers(dtype):
    info = np.finfo(dtype)
    numbers = [0, np.inf, np.nan, 1, 0.5, 2, 3, 1.5, info.max, info.tiny, info.smallest_subnormal, 2**info.nmant, 7e5]
    numbers += [2 ** (info.nmant + 1), 2 ** (info.nmant + 1) - 1, 2 ** (info.nmant + 2)]
    return np.array([*numbers, *(-n for n in numbers)], dtype)


@FORMATS
def test_what_is_special(dtype):
    """Zeros, infinities and nan are as NumPy has them, with their signs."""
    x = special_numbers(dtype)
    with np.errstate(all="ignore"):
        for name in [name for name in EXACT if name != "sigmoid"]:
            compare(getattr(vm, name)(x), getattr(np, name)(x))
        compare(vm.sigmoid(x), 1 / (1 + np.exp(-x)))
        bases, powers = np.meshgrid(x, x)
        compare(vm.pow(bases, powers), bases**powers)


def compare(found, wanted):
    np.testing.assert_allclose(found, wanted, rtol=4 * np.finfo(found.dtype).eps, atol=np.finfo(found.dtype).tiny)
    assert np.array_equal(
        np.signbit(found), np.signbit(wanted) & ~np.isnan(wanted) | np.isnan(found) & np.signbit(found)
    )


def test_sines_of_what_exceeds():
    x = np.array([0.5, -(2.0**20), 2.0**20 + 1, 1e22, np.inf, np.nan])
    sin, cos, exceeds = (np.empty_like(x) for _ in range(3))
    loops = loop(vm.sin_within), loop(vm.cos_within), loop(vm.exceeds)
    for compiled, y in zip(loops, (sin, cos, exceeds), strict=True):
        compiled(x, x, y)
    for s, c, e in ((sin, cos, exceeds), (vm.sin_within(x), vm.cos_within(x), vm.exceeds(x))):
        np.testing.assert_allclose(s, [*np.sin(x[:2]), *4 * [np.nan]], rtol=1e-15)
        np.testing.assert_allclose(c, [*np.cos(x[:2]), *4 * [np.nan]], rtol=1e-15)
        assert e.tolist() == [False, False, True, True, True, False]
    assert is_vectorised(loops[0]) and is_vectorised(loops[1])
    everything = njit(lambda x: vm.sin(x))  # of an array, with numbers that exceed, and without
    np.testing.assert_allclose(everything(x[:4]), np.sin(x[:4]), rtol=1e-15)
    np.testing.assert_allclose(everything(x[:2]), np.sin(x[:2]), rtol=1e-15)


def test_what_else_they_take():
    """Other numbers, and arrays of any layout and number of axes, as NumPy has it."""
    matrix = np.arange(12.0).reshape(3, 4) / 8
    exp = njit(lambda x: vm.exp(x))
    for x in (np.array(2.0), matrix[:, ::2], matrix[:0, ::2], np.arange(3, dtype=np.int8)):
        wanted = np.exp(np.asarray(x, np.float64))
        for found in (exp(x), vm.exp(x)):
            assert np.shape(found) == np.shape(x) and np.asarray(found).dtype == np.float64
            np.testing.assert_allclose(found, wanted, rtol=1e-15)
    power = njit(lambda x, y: vm.pow(x, y))
    for x, y in ((2, 3), (matrix.T, matrix[0, 0])):
        for found in (power(x, y), vm.pow(x, y)):
            np.testing.assert_allclose(found, np.power(x, y), rtol=1e-15)
    assert isinstance(vm.exp(1), np.float64) and isinstance(vm.exp(np.float32(1)), np.float32)


def test_fastmath_around_them_is_not_theirs():
    """A caller's licence to drop rounding errors is none for the parts that are made of them."""

    @njit(fastmath=True)
    def f(x):
        return vm.expm1(x)

    x = points("expm1", np.float64)
    assert error(f(x), *reference("expm1", np.float64)) < 1.5


def test_polynomials_are_the_best_ones():
    derived = minimax.polynomials()
    tables = {"double": (constants.DOUBLE, constants.DOUBLE_CIRCLE, constants.POWER)}
    tables["single"] = (constants.SINGLE, constants.SINGLE_CIRCLE)
    for name, (coefficients, _) in derived.items():
        format_, part = name.split()
        (found,) = [
            getattr(t, part.replace("log_tail", "tail"))
            for t in tables[format_]
            if hasattr(t, part.replace("log_tail", "tail"))
        ]
        np.testing.assert_array_equal(found, np.array(list(map(float, coefficients)), type(found[0])))

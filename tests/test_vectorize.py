"""Loops with functions that LLVM vectorises: which loops they are, what these become, and that nothing else changes."""

import pickle

import numpy as np
import pytest

import srcad
from srcad import differentiate, grad
from srcad.ir import verify
from srcad.transforms.finish import finish
from srcad.transforms.vectorize import vectorize


def plain(f):
    return differentiate(f, jit=False)


def vector(f, **options):
    return differentiate(f, jit=False, vectorize_math=True, **options)


def body(f, types, kind="primal"):
    """The statements that are generated, without comments."""
    text = vector(f).source(kind, types).partition("):\n")[2]
    return [line.partition("  # ")[0].rstrip()[4:] for line in text.splitlines() if not line.lstrip().startswith("#")]


# --- what loops become ------------------------------------------------------------------------------------------------


def softmax(x):
    e = np.exp(x - np.max(x))
    return e / np.sum(e)


def test_a_sum_reads_what_is_in_memory_anyway():
    assert body(softmax, "f8[:]") == [
        "v1 = np.max(x)",
        "n = x.size",
        "e = np.empty(n)",
        "for i in range(n):",
        "    e[i] = vm.exp(x[i] - v1)",
        "s = 0.0",
        "for i in range(n):",
        "    s += e[i]",
        "v2 = np.empty(n)",
        "for i in range(n):",
        "    v2[i] = e[i] / s",
        "return v2",
    ]


def weighted(X, w):
    s = 0.0
    for i in range(X.shape[0]):
        for j in range(X.shape[1]):
            s += w[j] * np.tanh(X[i, j])
    return s


def test_a_sum_gets_memory_that_is_made_once():
    assert body(weighted, "f8[:, :], f8[:]") == [
        "v1 = np.empty(X.shape[1])",
        "s = 0.0",
        "for i in range(X.shape[0]):",
        "    for j in range(X.shape[1]):",
        "        v1[j] = w[j] * vm.tanh(X[i, j])",
        "    for j in range(X.shape[1]):",
        "        s += v1[j]",
        "return s",
    ]


def wave(x, w, out):
    for i in range(x.size):
        out[i] = np.sin(w * x[i])


def test_sines_are_versioned_by_their_limit():
    assert body(wave, "f8[:], f8, f8[:]") == [
        "large = False",
        "for i in range(x.size):",
        "    large |= vm.exceeds(w * x[i])",
        "if large:",
        "    for i in range(x.size):",
        "        out[i] = np.sin(w * x[i])",
        "else:",
        "    for i in range(x.size):",
        "        out[i] = vm.sin_within(w * x[i])",
    ]


def carried(x):
    s = 0.0
    for i in range(x.size):
        s = np.exp(-s) + x[i]
    return s


def shifted(x):
    u = x.copy()
    for i in range(1, u.size):
        u[i] = np.exp(-u[i - 1]) + x[i]
    return u


def scattered(x, places):
    u = np.zeros(x.size)
    for i in range(x.size):
        u[places[i]] = np.log(1.0 + u[places[i]]) + x[i]
    return u


def raising(x):
    import math

    s = 0.0
    for i in range(x.size):
        s += math.exp(x[i]) + np.exp(x[i])
    return s


def few(x):
    s = 0.0
    for i in range(3):
        s += np.exp(x[i])
    return s


def no_loop(x):
    return np.exp(x[0]) ** 1.5


def simple_powers(x):
    return np.sum(x**2 + x**2.0 + x**0.5 + x**-1.0)


@pytest.mark.parametrize(
    "f", [carried, shifted, scattered, raising, few, no_loop, simple_powers], ids=lambda f: f.__name__
)
def test_what_gains_nothing_stays(f):
    types = "f8[:], i8[:]" if f is scattered else "f8[:]"
    assert vector(f).source("primal", types) == plain(f).source("primal", types)


# --- results ----------------------------------------------------------------------------------------------------------


def elementary(x, p):
    s = 0.0
    for i in range(x.size):
        s += np.exp(x[i]) * np.sin(x[i]) + np.expm1(x[i]) + np.log(x[i]) * np.cos(p * x[i]) + np.abs(x[i]) ** p
        s -= np.tanh(x[i]) + np.log1p(x[i])
    return s


def in_place(x, p):
    u = x.copy()
    for _ in range(2):
        for i in range(u.size):
            u[i] = np.sin(u[i] * p)
            u[i] = np.exp(-u[i]) * u[i]
    return np.sum(u)


def stored_first(x, p):
    u = np.zeros(x.size)
    for i in range(x.size):
        u[i] = p * x[i]
        u[i] += np.cos(u[i])
    return np.sum(u * x)


def running(x, p):
    """What is carried goes to memory that the first loop has a hand in."""
    u = x.copy()
    s = p
    for i in range(x.size):
        a = u[i]
        u[i] = np.exp(-a)
        s += a * u[i]
        u[i] = s * np.tanh(u[i] + a)
    return np.sum(u) + s


def fixed_cells(x, p):
    u = np.zeros(2)
    for i in range(x.size):
        u[i % 2] += np.exp(-x[i])
        u[1] += np.tanh(x[i]) * u[0] * p
    return u[0] * u[1]


def grown(x, p):
    kept = []
    for i in range(x.size):
        kept.append(np.exp(-x[i]) * p)
    s = 0.0
    for i in range(len(kept)):
        s += kept[i] * kept[-1 - i]
    return s


def read_while_grown(x, p):
    kept = [p]
    s = 0.0
    for i in range(x.size):
        kept.append(np.exp(-x[i]) * kept[i])
        s += kept[-1] * np.tanh(kept[i])
    return s


def changed_list(x, p):
    kept = [1.0, p]
    for i in range(x.size):
        kept[i % 2] = np.exp(-kept[1] * x[i])
    values = [v for v in x]
    for i in range(x.size):
        values[i] = np.exp(-x[i]) * p
    return kept[0] + kept[1] + sum(values)


def swapped(x, p):
    u, v = x.copy(), x.copy()
    large = p
    for k in range(3):
        for i in range(u.size):
            v[i] = np.exp(-u[i])
            large += v[i] * np.sin(u[i])
        u, v = v, u
    return large


def from_one(x, p):
    s = p
    for i in range(1, x.size):
        s += np.exp(-x[i] * x[i - 1])
    for i in range(x.size - 1, -1, -1):
        s *= np.tanh(x[i] * p)
    return s


def branches(x, p):
    u = np.zeros(x.size)
    s = 0.0
    for i in range(x.size):
        if x[i] > 0.5:
            u[i] = np.exp(-x[i])
            s += u[i]
        else:
            u[i] = np.log1p(x[i]) * p
    return np.sum(u) * s


def backwards(x, p):
    s = p
    for i in range(x.size - 1, -1, -2):
        s += np.exp(-x[i]) / (1.0 + i)
    return s


def two_views(x, p):
    u = x.copy()
    v = u[1:]
    for i in range(v.size):
        u[i] = np.exp(-v[i]) * p
    return np.sum(u)


def same_cell(x, p):
    u = np.zeros(x.size)
    for i in range(x.size):
        u[i] = np.exp(-x[i])
        u[0] = u[i] * p
    return np.sum(u)


RESULTS = [
    elementary, in_place, stored_first, running, fixed_cells, grown, branches, read_while_grown, changed_list, swapped,
    from_one, backwards, two_views, same_cell,
]  # fmt: skip
EACH = pytest.mark.parametrize("f", RESULTS, ids=lambda f: f.__name__)


@EACH
@pytest.mark.parametrize("n", [9, 1, 0])
def test_results_are_the_same(f, n):
    """The value, gradients and second derivatives."""
    x, v = np.random.default_rng(0).uniform(0.2, 1.2, (2, n))
    for kind, more in (("value_and_grad", ()), ("hvp", ((v, 0.5),)), ("tangent", (v, 0.5))):
        made = [getattr(of(f, argnums=(0, 1)) if of is vector else differentiate(f, argnums=(0, 1), jit=False), kind)
                for of in (vector, plain)]  # fmt: skip
        try:
            want = made[1](x, 1.3, *more)
        except IndexError:
            with pytest.raises(IndexError):
                made[0](x, 1.3, *more)
            continue
        for a, b in zip(srcad.trees.unpack(made[0](x, 1.3, *more)), srcad.trees.unpack(want), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13)


@EACH
def test_traces_are_sound(f):
    for kind in ("primal", "grad", "hvp"):
        derivative = (
            grad(f) if kind == "grad" else getattr(srcad, "hvp" if kind == "hvp" else "differentiate")(f)
        ).derivative
        verify(vectorize(finish(derivative.build(srcad.infer.parse_types("f8[:], f8")))))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_results_are_right_where_numbers_end(dtype):
    """At zeros, infinities, nan, and what is subnormal or large; one by one, and each in the company of others."""
    info = np.finfo(dtype)
    numbers = [0.0, -0.0, np.inf, -np.inf, np.nan, info.max, info.tiny / 4, 1e7, -1.0, 710.0, -740.0, 3.0, 0.5]
    numbers = np.array(numbers, dtype)
    cases = [*np.split(numbers, numbers.size), numbers[[7, 11, 12]], numbers[[11, 12, 6]], numbers]
    made = [of(elementary).value_and_grad for of in (vector, plain)]
    with np.errstate(all="ignore"):
        for x in cases:
            for a, b in zip(made[0](x, dtype(1.5)), made[1](x, dtype(1.5)), strict=True):
                assert np.asarray(a).dtype == np.asarray(b).dtype
                np.testing.assert_allclose(a, b, rtol=20 * info.eps)


def test_compiled():
    f = differentiate(elementary, argnums=(0, 1), vectorize_math=True)
    for x in (np.linspace(0.1, 2.0, 50), np.array([1.0, 1e9, 3.0])):
        value, (x_bar, p_bar) = f.value_and_grad(x, 1.5)
        want, (wanted, p_wanted) = differentiate(elementary, argnums=(0, 1), jit=False).value_and_grad(x, 1.5)
        for a, b in ((value, want), (x_bar, wanted), (p_bar, p_wanted)):
            np.testing.assert_allclose(a, b, rtol=1e-12)


# --- options ----------------------------------------------------------------------------------------------------------


def test_the_option_goes_where_the_function_goes():
    f = vector(weighted)
    types = "f8[:, :], f8[:]"
    for derivative in (grad(f), f.grad, srcad.hvp(f), pickle.loads(pickle.dumps(f)).grad, grad(grad(vector(no_loop)))):
        assert derivative.__srcad_options__.vectorize_math
    assert "vm.tanh" in grad(f).source(types)
    assert "vm." not in grad(weighted).source(types)


def test_by_request_in_the_function():
    """Who calls one of these functions gets them wherever they pay."""
    from srcad import vector_math as vm

    def f(x):
        return np.sum(vm.sin(x) * np.exp(x))

    text = grad(f).source("f8[:]")
    assert "vm.cos_within" in text and "vm.exp" in text
    with pytest.raises(srcad.UnsupportedError, match="sin_within is for loops"):
        grad(lambda x: vm.sin_within(x))(1.0)
    with pytest.raises(srcad.UnsupportedError, match=r"exp takes real numbers[\s\S]*use np.exp"):
        grad(lambda x: vm.exp(1j * x).real)(1.0)

"""The whole corpus, in both modes, interpreted and compiled, against differences and the dot-product identity."""

import functools

import numpy as np
import pytest
from numba.core import config

import oracles as o
import srcad
from programs import PROGRAMS, Program

EVERY = pytest.mark.parametrize("p", PROGRAMS, ids=lambda p: p.name)


def plain(p: Program):
    """The function as Python runs it."""
    return getattr(p.fn, "py_func", p.fn)


def uncompiled(p: Program):
    """The same, where derivatives that the function makes itself, anew in each call, are plain Python as well: for
    differences, which take many calls."""

    def run(*args):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(config, "DISABLE_JIT", True)
            return plain(p)(*args)

    return run


@functools.cache
def interpreted(p: Program):
    return srcad.differentiate(p.fn, jit=False)


def refusals_skip(test):
    """A program tagged `beyond` may be refused (it may not be wrong)."""

    @functools.wraps(test)
    def run(p):
        try:
            test(p)
        except srcad.UnsupportedError as refusal:
            if "beyond" not in p.tags:
                raise
            pytest.skip(str(refusal).splitlines()[0])

    return run


def assert_same_kind(gradient, argument):
    """A gradient has the structure, shape and dtype of its argument and shares no memory with it."""

    def check(x, bar):
        if not o.is_active(x):
            return
        assert np.shape(bar) == np.shape(x)
        assert isinstance(bar, np.ndarray) == isinstance(x, np.ndarray)
        assert np.asarray(bar).dtype == np.asarray(x).dtype
        assert not (isinstance(x, np.ndarray) and np.shares_memory(bar, x))

    o.map_leaves(check, argument, gradient)


def assert_untouched(args, before):
    for now, then in zip(o.leaves(args), o.leaves(before), strict=True):
        if isinstance(now, np.ndarray):
            assert now.tobytes() == then.tobytes(), "an input was modified"


def floats_of(p: Program) -> tuple[int, ...]:
    return tuple(i for i, arg in enumerate(p.args) if o.has_floats(arg))


def scalar_result(p: Program) -> bool:
    y = plain(p)(*o.copy(p.args))
    return o.is_active(y) and np.ndim(y) == 0


def close(got, want, rtol, atol=1e-9):
    np.testing.assert_allclose(got, want, rtol=rtol, atol=atol * max(1.0, float(np.max(np.abs(want), initial=0.0))))


# --- interpreted -----------------------------------------------------------------------------------------------------


@EVERY
@refusals_skip
def test_value(p):
    want = plain(p)(*(mutated := o.copy(p.args)))
    got = interpreted(p)(*(ours := o.copy(p.args)))
    close(o.flatten(got), o.flatten(want), rtol=1e-12)
    close(o.flatten(ours), o.flatten(mutated), rtol=1e-12)
    for a, b in zip(o.leaves(got), o.leaves(want), strict=True):
        assert np.shape(a) == np.shape(b)
        assert np.asarray(a).dtype == np.asarray(b).dtype
    for a, b in zip(_nodes(got), _nodes(want), strict=True):
        assert type(a) is type(b)


def _nodes(tree):
    if isinstance(tree, tuple):
        yield tree
        for item in tree:
            yield from _nodes(item)


@EVERY
@refusals_skip
def test_forward(p):
    args, v = o.copy(p.args), o.direction(p.args, seed=1)
    y, y_dot = srcad.jvp(interpreted(p), args, v)
    close(o.flatten(y), o.flatten(uncompiled(p)(*o.copy(p.args))), rtol=1e-12)
    close(o.flatten(y_dot), o.difference(uncompiled(p), p.args, v), p.rtol)
    if p.analytic:
        close(o.flatten(y_dot), o.complex_step(uncompiled(p), p.args, v), rtol=1e-12)
    assert_untouched(args, p.args)


@EVERY
@refusals_skip
def test_reverse(p):
    args, v = o.copy(p.args), o.direction(p.args, seed=1)
    _, y_dot = srcad.jvp(interpreted(p), args, v)
    y, pullback = srcad.vjp(interpreted(p), *args)
    y_bar = o.direction(y, seed=2)
    kept = o.copy(y_bar)
    bars = pullback(y_bar)
    again = pullback(y_bar)
    assert_untouched(args, p.args)
    assert_untouched(y_bar, kept)
    assert isinstance(bars, tuple)
    assert len(bars) == len(args)
    floats = floats_of(p)
    for i in floats:
        assert_same_kind(bars[i], args[i])
    x_bar = tuple(bars[i] for i in floats)
    close(o.dot(x_bar, tuple(v[i] for i in floats)), o.dot(y_bar, y_dot), rtol=1e-9)
    assert o.flatten(x_bar).tobytes() == o.flatten(tuple(again[i] for i in floats)).tobytes(), "a second call differs"
    arrays = [leaf for leaf in o.leaves((x_bar, y_bar)) if isinstance(leaf, np.ndarray)]
    arrays += [leaf for leaf in o.leaves(y) if isinstance(leaf, np.ndarray)]
    ours = [leaf for leaf in o.leaves(x_bar) if isinstance(leaf, np.ndarray)]
    for a in ours:
        assert not any(np.shares_memory(a, b) for b in arrays if a is not b)


@pytest.mark.parametrize("p", [p for p in PROGRAMS if p.second and scalar_result(p)], ids=lambda p: p.name)
@refusals_skip
def test_second_order(p):
    """Forward over reverse against differences of the gradient; reverse over reverse against that."""
    floats = floats_of(p)
    gradient = srcad.grad(interpreted(p), argnums=floats)
    args, v = o.copy(p.args), o.direction(p.args, seed=3)
    g, hv = srcad.jvp(gradient, args, v)
    close(o.flatten(hv), o.difference(gradient, p.args, v), max(p.rtol, 1e-5), atol=1e-8)
    _, pullback = srcad.vjp(gradient, *args)
    bars = pullback(u := o.direction(g, seed=4))
    close(o.dot(tuple(bars[i] for i in floats), tuple(v[i] for i in floats)), o.dot(u, hv), rtol=1e-8)
    assert_untouched(args, p.args)


# --- compiled --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("p", [p for p in PROGRAMS if p.compiled], ids=lambda p: p.name)
@refusals_skip
def test_compiled(p):
    """What Numba makes of the adjoint is what Python makes of it."""
    args = o.copy(p.args)
    y, pullback = srcad.vjp(p.fn, *args)
    want, interpreted_pullback = srcad.vjp(interpreted(p), *args)
    y_bar = o.direction(want, seed=2)
    bars, want_bars = pullback(y_bar), interpreted_pullback(y_bar)
    assert_untouched(args, p.args)
    close(o.flatten(y), o.flatten(want), rtol=1e-10)
    for i in floats_of(p):
        assert_same_kind(bars[i], args[i])
        close(o.flatten(bars[i]), o.flatten(want_bars[i]), rtol=1e-8)


# --- float32 ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("p", [p for p in PROGRAMS if p.single], ids=lambda p: p.name)
def test_float32(p):
    """float32 in, float32 out, in both modes, close to what float64 gives."""
    args, v = o.single(p.args), o.single(o.direction(p.args, seed=1))
    y, y_dot = srcad.jvp(interpreted(p), args, v)
    want, want_dot = srcad.jvp(interpreted(p), p.args, o.direction(p.args, seed=1))
    y, pullback = srcad.vjp(interpreted(p), *args)
    bars = pullback(o.single(o.direction(want, seed=2)))
    want_bars = srcad.vjp(interpreted(p), *p.args)[1](o.direction(want, seed=2))
    close(o.flatten(y_dot), o.flatten(want_dot), rtol=2e-3, atol=1e-3)
    for leaf in [*o.leaves(y), *o.leaves(y_dot)]:
        assert np.asarray(leaf).dtype == np.float32
    for i in floats_of(p):
        assert_same_kind(bars[i], args[i])
        close(o.flatten(bars[i]), o.flatten(want_bars[i]), rtol=2e-3, atol=1e-3)


# --- stop_gradient -----------------------------------------------------------------------------------------------------


def normalised(x, a):
    scale = srcad.stop_gradient(np.max(a))
    return np.sum(a / scale) * x + srcad.stop_gradient(x) ** 2


def test_stop_gradient():
    """What is stopped is constant: the differences of the same function with the stopped values held."""
    x, a = 0.6, np.array([0.2, 0.9, 0.4])
    f = srcad.differentiate(normalised, jit=False, argnums=(0, 1))
    assert f(x, a) == normalised(x, a)
    x_bar, a_bar = f.grad(x, a)
    assert np.isclose(x_bar, np.sum(a / 0.9))
    close(a_bar, np.full(3, 0.6 / 0.9), rtol=1e-12)
    close(srcad.jvp(f, (x, a), (1.0, np.zeros(3)))[1], x_bar, rtol=1e-12)

"""The catalogue of traps, in every mode, against answers derived by hand."""

import numpy as np
import pytest

import oracles as o
import srcad
import traps_flow  # noqa: F401
import traps_functions  # noqa: F401
import traps_kinks  # noqa: F401
import traps_memory  # noqa: F401
import traps_values  # noqa: F401
from traps_kit import TRAPS, Trap

EVERY = pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap.name)


def same(got, want):
    for g, w in zip(o.leaves(got), o.leaves(want), strict=True):
        assert np.shape(g) == np.shape(w)
        tolerance = 2e-6 if np.asarray(g).dtype == np.float32 else 1e-11
        np.testing.assert_allclose(g, w, rtol=tolerance, atol=tolerance)


def eighths(leaf):
    """The number rounded to what float32 holds exactly."""
    return (
        type(leaf)(np.round(leaf * 8) / 8)
        if isinstance(leaf, float)
        else np.round(leaf * 8) / 8
        if o.is_active(leaf)
        else leaf
    )


def along(args, count, v):
    """The direction `v` in the first `count` arguments, and no change of the others."""
    still = o.map_leaves(lambda leaf: 0.0 * leaf if o.is_active(leaf) else o.zero(leaf), args[count:])
    return (*v[:count], *still)


def check(trap: Trap, jit: bool) -> None:
    f, args = srcad.differentiate(trap.fn, jit=jit), trap.at
    several = isinstance(trap.grad, list)
    bars = tuple(trap.grad) if several else (trap.grad,)
    argnums = tuple(range(len(bars))) if several else 0
    before = o.copy(args)
    same(f(*o.copy(args)), trap.value)
    for _ in range(2):
        value, gradient = srcad.value_and_grad(f, argnums)(*args)
        same(value, trap.value)
        same(gradient, bars if several else bars[0])
    v = along(args, len(bars), o.map_leaves(eighths, o.direction(args, seed=1)))
    y, y_dot = srcad.jvp(f, args, v)
    same(y, trap.value)
    want = o.dot(bars, v[: len(bars)])
    np.testing.assert_allclose(y_dot, want, rtol=2e-5 if np.asarray(y).dtype == np.float32 else 1e-10, atol=1e-11)
    if trap.second is not None:
        ones = o.map_leaves(lambda leaf: leaf * 0 + 1, args[0])
        same(srcad.jvp(srcad.grad(f), args, along(args, 1, (ones,)))[1], trap.second)
        same(srcad.vjp(srcad.grad(f), *args)[1](ones)[0], trap.second)
    for now, then in zip(o.leaves(args), o.leaves(before), strict=True):
        if isinstance(now, np.ndarray):
            np.testing.assert_array_equal(now, then, "an input was modified")


@EVERY
def test_interpreted(trap):
    check(trap, jit=False)


@pytest.mark.parametrize("trap", [t for t in TRAPS if t.compiled], ids=lambda trap: trap.name)
def test_compiled(trap):
    check(trap, jit=True)


def test_size():
    assert len(TRAPS) >= 150
    assert all(trap.what for trap in TRAPS)

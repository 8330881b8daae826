"""Random programs, with seeds that never change, through both modes and both orders. `SRCAD_RANDOM=100:500 pytest ...`
tries others."""

import linecache
import os
import types

import numpy as np
import pytest

import oracles as o
import srcad
from programs_kit import sample
from random_programs import generate

ARGS = (0.7, sample(4, low=-1.0), sample(4, low=-1.0, seed=1), sample(3, 4, low=-1.0), 3)
SEEDS = range(*map(int, os.environ.get("SRCAD_RANDOM", "0:40").split(":")))
#: A loop with a jump inside the step of the differences.
KINKS = 1e-5


def load(seed):
    """The function, with its source where `inspect` and tracebacks find it."""
    source, name = generate(seed), f"<random program {seed}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    module = types.ModuleType(f"random_program_{seed}")
    exec(compile(source, name, "exec"), vars(module))
    return module.program


def smooth_difference(f, args, v):
    """The derivative by differences, or a skip where two steps disagree (a branch flips in between)."""
    coarse, fine = (o.difference(f, args, v, step) for step in (1e-4, 3e-5))
    if not np.allclose(coarse, fine, rtol=KINKS, atol=KINKS * max(1.0, np.abs(fine).max())):
        pytest.skip("not smooth here")
    return coarse


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_random_program(seed):
    f = load(seed)
    s = srcad.differentiate(f, jit=False)
    want = f(*(theirs := o.copy(ARGS)))
    got = s(*(ours := o.copy(ARGS)))
    np.testing.assert_allclose(got, want, rtol=1e-10)
    np.testing.assert_allclose(o.flatten(ours), o.flatten(theirs), rtol=1e-10)

    given, v = o.copy(ARGS), o.direction(ARGS, seed)
    _, y_dot = srcad.jvp(s, given, v)
    _, pullback = srcad.vjp(s, *given)
    x_bar = pullback(1.0)[:4]
    assert o.flatten(given).tobytes() == o.flatten(ARGS).tobytes(), "an input was modified"
    np.testing.assert_allclose(o.dot(x_bar, v[:4]), y_dot, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(y_dot, smooth_difference(f, ARGS, v)[0], rtol=1e-4, atol=1e-5 * max(1.0, abs(want)))

    if seed % 4 == 0:
        gradient, u = srcad.grad(s, argnums=(0, 1, 2, 3)), o.direction(ARGS, seed + 1)
        _, hv = srcad.jvp(gradient, ARGS, u)
        _, pullback = srcad.vjp(gradient, *ARGS)
        scale = max(1.0, np.abs(o.flatten(hv)).max())
        np.testing.assert_allclose(o.dot(pullback(v[:4])[:4], u[:4]), o.dot(v[:4], hv), rtol=1e-7, atol=1e-9 * scale)
        np.testing.assert_allclose(o.flatten(hv), smooth_difference(gradient, ARGS, u), rtol=1e-4, atol=1e-4 * scale)


@pytest.mark.parametrize("seed", SEEDS[1:3])
def test_random_program_compiled(seed):
    f = load(seed)
    got, gradient = srcad.value_and_grad(f, argnums=(0, 1, 2, 3))(*ARGS)
    s = srcad.differentiate(f, jit=False, argnums=(0, 1, 2, 3))
    np.testing.assert_allclose(got, s(*o.copy(ARGS)), rtol=1e-10)
    np.testing.assert_allclose(o.flatten(gradient), o.flatten(s.grad(*ARGS)), rtol=1e-8, atol=1e-10)

"""srcad.checkpoint: the schedule against the best there is, the memory that is left, and what is the same as without it."""

import functools
import tracemalloc
from types import SimpleNamespace

import numba
import numpy as np
import pytest

import srcad
from srcad.checkpointing import next_checkpoint
from srcad.emit import emit
from srcad.infer import arg_type_of
from srcad.pipeline import Derivative, build


@functools.cache
def fewest(runs: int, slots: int) -> int:
    """How many runs must be run to reverse `runs` of them from one checkpoint, with so many in all: by trying all ways."""
    if runs < 2:
        return 0
    if slots == 1:
        return runs * (runs - 1) // 2
    return min(k + fewest(runs - k, slots - 1) + fewest(k, slots) for k in range(1, runs))


def spent(runs: int, slots: int) -> int:
    """The same, with the checkpoints where `next_checkpoint` puts them."""
    if runs < 2:
        return 0
    k = next_checkpoint(0, runs, 1, slots - 1)
    return runs * (runs - 1) // 2 if slots == 1 else k + spent(runs - k, slots - 1) + spent(k, slots)


def test_schedule_is_the_best_there_is():
    for slots in range(1, 8):
        assert [spent(runs, slots) for runs in range(40)] == [fewest(runs, slots) for runs in range(40)]
    assert next_checkpoint(30, 71, 10, 0) == 71
    assert next_checkpoint(30, 71, 10, 9) == 40


def plain(iterable, slots):
    return iterable


def programs(over):
    def scalar(x, n, slots):
        s = x[0]
        for t in over(range(n), slots):
            if t % 4 == 2:
                continue
            s = s + np.sin(s) * x[t % x.size]
            if s > 6.0:
                break
        else:
            s = s * x[1]
        return s * s

    def arrays(x, n, slots):
        u, v, w = x.copy(), 0.5 * x, np.outer(x, x)
        for t in over(range(2 * n, 0, -2), slots):
            for i in range(1, x.size):
                v[i] = np.sin(u[i]) * u[i - 1] + w[t % x.size, i]
            w[1:] *= w[:-1]
            u, v = v, u
        return np.sum(u * v) + np.sum(w)

    def nests(x, n, slots):
        s, u = 0.4, x * x
        for _ in range(2):
            for t in over(range(n), slots):
                u[1:] = u[1:] * np.cos(u[:-1])
                for k in over(range(t), slots):
                    s = s + 0.1 * np.sin(s) * u[k % 3]
                    u[0] = s
            u = u * x
        return s * np.sum(u)

    return [scalar, arrays, nests]


@pytest.mark.parametrize("which", range(3))
def test_any_number_of_trips_and_slots(which):
    kept, stored = (
        srcad.differentiate(programs(over)[which], jit=False).value_and_grad for over in (srcad.checkpoint, plain)
    )
    x = np.array([0.7, 0.3, 0.5, 0.9])
    for slots in (None, 1, 2, 3, 100):
        for n in (0, 1, 2, 3, 7, 16):
            value, gradient = kept(x, n, slots)
            want_value, want = stored(x, n, slots)
            assert value == want_value
            assert np.array_equal(gradient, want), (n, slots)


def orbit(x, n, slots):
    for _ in srcad.checkpoint(range(n), slots=slots):
        x = x + 0.1 * np.sin(x)
    return x


@pytest.mark.parametrize(("n", "slots"), [(60, 3), (61, 1), (48, 4), (5, 9)])
def test_iterations_are_run_no_more_often_than_they_must_be(n, slots):
    source = emit(build(Derivative(orbit, "grad"), [arg_type_of(a) for a in (0.5, n, slots)]), jit=False)
    calls = []
    counting = SimpleNamespace(**{name: getattr(np, name) for name in ("cos", "empty", "sqrt")})
    counting.sin = lambda x: calls.append(x) or np.sin(x)
    module = {}
    exec(source, module)
    module["np"] = counting
    module["orbit_grad"](0.5, n, slots)
    run = min(slots, -(-n // slots))
    assert len(calls) <= 2 * n + run * fewest(-(-n // run), slots)


def heat(over):
    def heat(u0, n, slots):
        u = u0.copy()
        for _ in over(range(n), slots):
            u[1:-1] += 0.1 * u[1:-1] * (u[2:] - u[:-2])
        return np.sum(u * u)

    return srcad.grad(srcad.differentiate(heat, jit=False))


def test_memory():
    """What is kept of 30 iterations, beside what the gradient keeps without checkpoints."""

    def peak(gradient, slots):
        gradient(u0[:4], 3, slots)
        tracemalloc.start()
        gradient(u0, 30, slots)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    u0 = np.linspace(0.0, 1.0, 80)
    stored = peak(heat(plain), None)
    assert peak(heat(srcad.checkpoint), None) < 0.75 * stored
    assert peak(heat(srcad.checkpoint), 2) < 0.5 * stored


def shown(x, n):
    for k in srcad.checkpoint(range(n), slots=2):
        print("step", k)
        x = x * np.sin(x)
    return x


def test_print_is_shown_once(capsys):
    srcad.differentiate(shown, jit=False).grad(0.5, 7)
    assert capsys.readouterr().out == "".join(f"step {k}\n" for k in range(7))


def test_elsewhere_it_is_the_iterable():
    assert srcad.checkpoint(range(3), slots=2) == range(3)
    assert numba.njit(orbit)(0.5, 5, 2) == orbit(0.5, 5, 2)
    for call in (orbit, srcad.differentiate(orbit, jit=False), srcad.differentiate(orbit, jit=False).grad):
        with pytest.raises(ValueError, match="at least 1"):
            call(0.5, 5, 0)
    with pytest.raises(TypeError, match="must be an integer"):
        srcad.differentiate(orbit, jit=False).grad(0.5, 5, 2.0)


def test_derivatives_keep_the_request():
    """The adjoint of a tangent has checkpoints; a tangent has none."""

    def along(x):
        return srcad.jvp(lambda y: orbit(y, 9, 2), (x,), (1.0,))[1]

    def source(f, kind, *args):
        return emit(build(Derivative(f, kind), [arg_type_of(a) for a in args]), jit=False)

    assert "next_checkpoint" in source(along, "grad", 0.5)
    assert "kept" not in source(orbit, "tangent", 0.5, 9, 2)
    second = srcad.grad(srcad.grad(srcad.differentiate(orbit, jit=False)))
    assert np.isclose(srcad.differentiate(along, jit=False).grad(0.5), second(0.5, 9, 2), rtol=1e-12)


def test_batched():
    gradient = heat(srcad.checkpoint)
    u = np.random.default_rng(0).uniform(size=(3, 6))
    want = [gradient(row, 9, 2) for row in u]
    assert np.allclose(gradient.batched(in_axes=(0, None, None))(u, 9, 2), want, rtol=1e-12)


def test_a_recursive_function_keeps_everything():
    def tower(x, depth):
        for _ in srcad.checkpoint(range(3)):
            x = np.sin(x) * x + 0.5
        return x if depth == 0 else tower(x, depth - 1)

    f = srcad.differentiate(tower, jit=False)
    assert np.isclose(f.grad(0.9, 2), srcad.jvp(f, (0.9, 2), (1.0, None))[1], rtol=1e-12)

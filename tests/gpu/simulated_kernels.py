"""Derivatives of users' kernels in Numba's simulator, against differences and by hand. Run by `tests/test_cuda.py`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numba import cuda

import srcad
from programs_kernels import KERNELS, REFUSED, given_steps, saxpy, stencil_2d
from srcad.kernels import KernelDerivative


def copied(args: Any) -> list[Any]:
    return [a.copy() if isinstance(a, np.ndarray) else a for a in args]


def floats(args: Any) -> list[int]:
    return [k for k, a in enumerate(args) if isinstance(a, np.ndarray) and a.dtype.kind == "f"]


def slopes(kernel: Any, grid: Any, block: Any, args: Any, dots: Any) -> Any:
    """How what is in each array after the kernel depends on what was in all before, along the dots: by differences."""

    def run(step: float) -> list[Any]:
        moved = [a + step * dots[k] if k in dots else a for k, a in enumerate(copied(args))]
        kernel[grid, block](*moved)
        return moved

    h = 1e-6
    plus, minus = run(h), run(-h)
    return {k: (plus[k] - minus[k]) / (2 * h) for k in dots}


@pytest.mark.parametrize("name", KERNELS)
def test_tangent_and_adjoint_agree_with_differences(name: str) -> None:
    c = KERNELS[name]
    rng = np.random.default_rng(3)
    dots = {k: rng.normal(size=c.args[k].shape) for k in floats(c.args)}
    bars = {k: rng.normal(size=c.args[k].shape) for k in floats(c.args)}
    want = slopes(c.kernel, c.grid, c.block, c.args, dots)
    after = copied(c.args)
    c.kernel[c.grid, c.block](*after)
    args, duals = copied(c.args), {k: dot.copy() for k, dot in dots.items()}
    srcad.tangent(c.kernel)[c.grid, c.block](*args, *duals.values())
    for k, dual in duals.items():
        np.testing.assert_allclose(dual, want[k], rtol=1e-5, atol=1e-7)

    right = sum(np.vdot(bars[k], duals[k]) for k in bars)  # <y_bar, J x_dot> = <J^T y_bar, x_dot>
    before = copied(after)
    srcad.adjoint(c.kernel)[c.grid, c.block](*after, *bars.values())
    np.testing.assert_allclose(sum(np.vdot(bars[k], dots[k]) for k in bars), right, rtol=1e-10, atol=1e-12)
    for a, b, d in zip(after, before, args, strict=True):  # what they do again comes out the same
        np.testing.assert_allclose(a, b, rtol=1e-12)
        np.testing.assert_allclose(d, b, rtol=1e-12)


@pytest.mark.parametrize("name", ["squared_in_place", "scattered", "cleared_while_others_add"])
def test_tangents_of_what_has_no_adjoint(name: str) -> None:
    kernel, _, _, _ = REFUSED[name]
    x = np.linspace(0.5, 1.5, 8)
    args: list[Any] = [x]
    if name != "squared_in_place":
        args += [np.array([3, 1, 2, 0, 7, 6, 5, 4])] if name == "scattered" else []
        args += [np.ones(8)]
    grid, block = (8, 1) if name == "cleared_while_others_add" else (2, 4)
    dots = {k: np.random.default_rng(k).normal(size=8) for k in floats(args)}
    want = slopes(kernel, grid, block, args, dots)
    srcad.tangent(kernel)[grid, block](*args, *dots.values())
    for k, dot in dots.items():
        np.testing.assert_allclose(dot, want[k], rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", ["product", "stencil_2d", "given_steps", "own_steps", "local_array", "tiled_product"])
def test_float32(name: str) -> None:
    c = KERNELS[name]
    bars = {k: np.random.default_rng(k).normal(size=c.args[k].shape) for k in floats(c.args)}
    wide = [bars[k].copy() for k in bars]
    srcad.adjoint(c.kernel)[c.grid, c.block](*copied(c.args), *wide)
    args = [a.astype(np.float32) if k in bars else a for k, a in enumerate(c.args)]
    narrow = [bars[k].astype(np.float32) for k in bars]
    srcad.adjoint(c.kernel)[c.grid, c.block](*args, *narrow)
    for a, b in zip(narrow, wide, strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-4, atol=2e-4)


def test_as_by_hand() -> None:
    u = np.linspace(0.0, 1.0, 20).reshape(4, 5)
    out = np.zeros((4, 5))
    stencil_2d[(2, 2), (3, 3)](u, out)
    u_bar, out_bar = np.ones((4, 5)), np.ones((4, 5))
    want, seen = np.ones((4, 5)), np.ones((4, 5))
    for i in range(1, 3):
        for j in range(1, 4):
            want[i, j] += 2 * u[i, j]
            want[i - 1, j] += 0.1 * u[i + 1, j]
            want[i + 1, j] += 0.1 * u[i - 1, j]
            want[i, j - 1] += 0.1
            want[i, j + 1] -= 0.1
            seen[i, j] = 0.0
    srcad.adjoint(stencil_2d)[(2, 2), (3, 3)](u, out, u_bar, out_bar)
    np.testing.assert_allclose(u_bar, want)
    np.testing.assert_array_equal(out_bar, seen)


def test_an_array_without_a_shadow_is_constant() -> None:
    c = KERNELS["product"]
    a, x, y, out = copied(c.args)
    x_bar, out_bar = np.zeros(x.size), np.ones(x.size)
    srcad.adjoint(c.kernel)[c.grid, c.block](a, x, y, out, x_bar, None, out_bar)
    np.testing.assert_allclose(x_bar, a * np.exp(y))


def test_arrays_of_a_gpu() -> None:
    c = KERNELS["stencil"]
    u, out = copied(c.args)
    u_bar, out_bar = np.zeros(8), np.ones(8)
    given = [cuda.to_device(a) for a in (u, out, u_bar, out_bar)]
    adjoint = srcad.adjoint(c.kernel)
    adjoint[c.grid, c.block, cuda.stream()](*given)
    adjoint[c.grid, c.block](u, out, u_bar, out_bar)
    np.testing.assert_array_equal(given[2].copy_to_host(), u_bar)
    assert len({id(kernel.compiled) for kernel in adjoint._made.values()}) == 1
    assert srcad.adjoint(c.kernel) is adjoint


@pytest.mark.parametrize("name", ["own_steps", "views_and_steps", "strided_steps"])
def test_a_tape_grows_and_nothing_is_added_twice(name: str) -> None:
    """Arrays on a GPU show what threads have written before one of them ran out of memory."""
    c = KERNELS[name]
    size, last = c.args[0].shape, c.args[-1].shape
    bars = [np.zeros(size), np.ones(last)]
    adjoint = KernelDerivative(c.kernel, "adjoint")
    for _ in range(2):
        again = [cuda.to_device(a) for a in (*c.args, np.zeros(size), np.ones(last))]
        adjoint[c.grid, c.block](*again)
        (made,) = adjoint._made.values()
        assert all(m.shape[0] >= 70 for m in made.memory)
        if not bars[0].any():
            adjoint.forall(size[0] + 5, 4)(*c.args, *bars)
        np.testing.assert_allclose(again[-2].copy_to_host(), bars[0], rtol=1e-14)
        np.testing.assert_array_equal(again[-1].copy_to_host(), bars[1])


def test_what_cannot_be_launched() -> None:
    u, out = np.ones((4, 5)), np.ones((4, 5))
    adjoint = srcad.adjoint(stencil_2d)
    run = adjoint[(2, 2), (3, 3)]
    with pytest.raises(TypeError, match=r"takes \(u, out, u_bar, out_bar\), but got 3"):
        run(u, out, u)
    with pytest.raises(ValueError, match="u_bar has shape"):
        run(u, out, np.ones((3, 3)), np.ones((4, 5)))
    with pytest.raises(TypeError, match="u_bar has dtype float32"):
        run(u, out, np.ones((4, 5), np.float32), np.ones((4, 5)))
    with pytest.raises(TypeError, match="belongs to an array"):
        run(u, out, 1.0, np.ones((4, 5)))
    for args in [(u, u, out.copy(), u.copy()), (u, out, u, out.copy()), (u, out, v := u.copy(), v)]:
        with pytest.raises(ValueError, match="share memory"):
            run(*args)
    with pytest.raises(ValueError, match=r"2 values of cuda.blockIdx.z"):
        adjoint[(2, 2, 2), (3, 3)](u, out, u.copy(), out.copy())
    sums = KERNELS["block_product"]
    with pytest.raises(ValueError, match=r"2 values of cuda.threadIdx.y"):
        srcad.adjoint(sums.kernel)[2, (4, 2)](*sums.args, *copied(sums.args))
    with pytest.raises(ValueError, match=r"stencil_2d_adjoint\[blocks, threads\]"):
        adjoint(u, out, u.copy(), out.copy())
    with pytest.raises(TypeError, match="nothing to differentiate"):
        run(u, out, u.copy(), None)
    c = KERNELS["two_outputs"]
    with pytest.raises(TypeError, match="needs b_dot"):
        srcad.tangent(c.kernel)[c.grid, c.block](*c.args, c.args[0].copy(), c.args[1].copy(), None)


def test_columns_of_a_matrix_do_not_share_memory() -> None:
    A = cuda.to_device(np.ones((5, 4)))
    srcad.adjoint(saxpy)[2, 4](2.0, A[:, 0], A[:, 1], A[:, 2], A[:, 3])
    np.testing.assert_array_equal(A.copy_to_host(), np.repeat([[1.0, 1.0, 3.0, 1.0]], 5, 0))


def test_an_array_may_be_read_as_two_arguments() -> None:
    c = KERNELS["product"]
    x = np.linspace(0.0, 1.0, 5)
    x_bar, y_bar = np.zeros(5), np.zeros(5)
    srcad.adjoint(c.kernel)[2, 4](1.5, x, x, np.ones(5), x_bar, y_bar, np.ones(5))
    np.testing.assert_allclose(x_bar, 1.5 * np.exp(x))
    np.testing.assert_allclose(y_bar, 1.5 * x * np.exp(x))


def test_steps_of_any_number() -> None:
    u, p, out = np.ones(3), np.array([0.3, 0.2]), np.ones(3)
    adjoint = srcad.adjoint(given_steps)
    for steps in (0, -2, 1, 200, 3):
        u_bar, p_bar = np.zeros(3), np.zeros(2)
        adjoint[1, 4](u, p, steps, out, u_bar, p_bar, np.ones(3))
        y, slope, slopes = 1.0, 1.0, np.zeros(2)
        for _ in range(steps):
            slopes = slopes * (1 + 0.1 * (p[0] - 2 * p[1] * y)) + 0.1 * np.array([y, -y * y])
            slope *= 1 + 0.1 * (p[0] - 2 * p[1] * y)
            y += 0.1 * (p[0] * y - p[1] * y * y)
        np.testing.assert_allclose(u_bar, [slope] * 3)
        np.testing.assert_allclose(p_bar, 3 * slopes)

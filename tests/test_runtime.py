"""The helpers of generated code do the same interpreted and compiled."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit

from srcad.runtime import broadcast_dim, check_disjoint, cofactors, cofactors_along, expand, reduce_like

SHAPES = [
    ((), ()),
    ((), (3,)),
    ((3,), (3,)),
    ((1,), (4,)),
    ((3,), (2, 3)),
    ((2, 1), (2, 3)),
    ((1, 1), (2, 3)),
    ((1, 3), (0, 3)),
]


@njit
def expand_0(a):
    return expand(a)


@njit
def expand_1(a, n):
    return expand(a, n)


@njit
def expand_2(a, n, m):
    return expand(a, n, m)


@njit
def reduce_like_(g, a):
    return reduce_like(g, a)


@njit
def broadcast_dim_(n, m):
    return broadcast_dim(n, m)


@pytest.mark.parametrize(("small", "large"), SHAPES)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_expand_and_reduce_like(small, large, dtype):
    rng = np.random.default_rng(0)
    a, g = rng.random(small).astype(dtype), rng.random(large).astype(dtype)
    compiled = (expand_0, expand_1, expand_2)[len(large)]
    for run in (expand, compiled):
        out = run(a, *large)
        assert out.dtype == dtype
        np.testing.assert_array_equal(out, np.broadcast_to(a, large))
        assert (out is a or np.shares_memory(out, a)) == (small == large)
    for run in (reduce_like, reduce_like_):
        out = run(g, a)
        assert (out.shape, out.dtype) == (small, dtype)
        assert not np.shares_memory(out, a)
        lost = len(large) - len(small)
        expected = g.sum(axis=tuple(range(lost)))
        for k, n in enumerate(small):
            if n == 1:
                expected = expected.sum(axis=k, keepdims=True)
        np.testing.assert_allclose(out, expected, rtol=1e-6)


def test_layouts():
    a = np.arange(6.0).reshape(3, 2).T
    assert expand_2(a, 2, 3) is not None
    np.testing.assert_array_equal(expand_2(a[:1], 2, 3), np.broadcast_to(a[:1], (2, 3)))
    np.testing.assert_array_equal(expand_2(np.asfortranarray(a), 2, 3), a)
    column = np.asfortranarray(np.arange(4.0).reshape(2, 2))[:, :1]
    np.testing.assert_array_equal(expand_2(column, 2, 3), np.broadcast_to(column, (2, 3)))


@pytest.mark.parametrize("run", [broadcast_dim, broadcast_dim_])
def test_broadcast_dim(run):
    assert [run(3, 3), run(1, 3), run(3, 1), run(1, 1), run(0, 1)] == [3, 3, 3, 1, 0]
    with pytest.raises(ValueError, match="broadcast"):
        run(2, 3)


@pytest.mark.parametrize("run", [expand, expand_1])
def test_expand_refuses(run):
    with pytest.raises(ValueError, match="broadcast"):
        run(np.zeros(2), 3)


@njit
def check_disjoint_(a, b):
    check_disjoint(a, b)


@pytest.mark.parametrize("run", [check_disjoint, check_disjoint_])
def test_check_disjoint(run):
    a = np.zeros((4, 4))
    for x, y in [(a, np.zeros(3)), (a[:2], a[2:]), (a[3:1:-1], a[1::-1]), (a[:0], a), (a[1], a[0])]:
        run(x, y)
    for x, y in [(a, a), (a[1:], a[:2]), (a[::-1], a[:1]), (a.T, a[0]), (a[2:0:-1], a[1])]:
        with pytest.raises(ValueError, match="share memory"):
            run(x, y)


@njit
def cofactors_(a, d):
    return cofactors(a, d)


@pytest.mark.parametrize("dtype", ["float64", "float32", "complex128"])
@pytest.mark.parametrize("rank", [0, 1, 2, 3])
def test_cofactors(rank, dtype):
    """The signed minors, whatever the rank."""
    rng = np.random.default_rng(rank)
    a = (rng.standard_normal((3, rank)) @ rng.standard_normal((rank, 3))).astype(dtype)
    if dtype == "complex128":
        a = a * (1 + 0.5j)
    d = np.linalg.det(a) if rank == 3 else a.dtype.type(0)
    minors = [
        [np.linalg.det(np.delete(np.delete(a, i, 0), j, 1)) * (-1) ** (i + j) for j in range(3)] for i in range(3)
    ]
    for run in (cofactors, cofactors_):
        out = run(a, d)
        assert out.dtype == dtype
        np.testing.assert_allclose(out, minors, atol=1e-4 if dtype == "float32" else 1e-12)


@njit
def cofactors_along_(a, d, v):
    return cofactors_along(a, d, v)


@pytest.mark.parametrize("dtype", ["float64", "float32", "complex128"])
@pytest.mark.parametrize("rank", [0, 1, 2, 3])
def test_cofactors_along(rank, dtype):
    """The minors are quadratic, so that a central difference of them is exact, whatever the rank."""
    rng = np.random.default_rng(rank)
    a = (rng.standard_normal((3, rank)) @ rng.standard_normal((rank, 3))).astype(dtype)
    v = np.asfortranarray(rng.standard_normal((3, 3)).astype(dtype))
    if dtype == "complex128":
        a, v = a * (1 + 0.5j), v * (0.3 - 1j)
    d = np.linalg.det(a) if rank == 3 else a.dtype.type(0)

    def minors(a):
        return np.array(
            [[np.linalg.det(np.delete(np.delete(a, i, 0), j, 1)) * (-1) ** (i + j) for j in range(3)] for i in range(3)]
        )

    want = (minors(a.astype("complex128") + v) - minors(a.astype("complex128") - v)) / 2
    for run in (cofactors_along, cofactors_along_):
        out = run(a, d, v)
        assert out.dtype == dtype
        np.testing.assert_allclose(out, want, atol=1e-4 if dtype == "float32" else 1e-12)

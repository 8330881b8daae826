"""What the loops of derivatives look like, and that they are right where that is most easily lost: elements that are repeated at
run time, loops that make no trip, slices that are overwritten after all."""

from __future__ import annotations

import numpy as np
import pytest

import srcad
from srcad.testing import check_grads


def source(f, types: str, kind: str = "adjoint") -> str:
    return srcad.differentiate(f, jit=False).source(kind, types)


def run(f):
    """Interpreted, so that an index out of range is an error."""
    return srcad.differentiate(f, jit=False)


# --- elements that are repeated ----------------------------------------------------------------------------------------------


def product(x, w):
    return np.sum(np.sin(x) * w)


def stencil(a, b):
    c = b.copy()
    c[1:-1] = c[1:-1] * (a[:-2] + 2.0 * a[1:-1] * a[2:])
    return np.sum(c * c)


def columns(a, b, w):
    y = (a[1:] - a[:-1]) * w + b
    return np.sum(y * y)


R = np.random.default_rng(0)
SHAPES = [
    (product, (4,), (4,)),
    (product, (1,), (4,)),
    (product, (4,), (1,)),
    (product, (0,), (1,)),
    (product, (3, 1), (3, 4)),
    (product, (3, 1), (1, 4)),
    (product, (4,), (3, 1)),
    (stencil, (6,), (6,)),
    (stencil, (3,), (6,)),
    (stencil, (3,), (3,)),
    (columns, (4, 3), (3, 3), (3, 3)),
    (columns, (2, 3), (3, 3), (3, 1)),
    (columns, (4, 1), (1, 3), (3, 3)),
]


@pytest.mark.parametrize("case", SHAPES, ids=lambda case: f"{case[0].__name__}{case[1:]}")
def test_repeated_elements(case) -> None:
    f, *shapes = case
    args = tuple(R.standard_normal(shape) for shape in shapes)
    check_grads(run(f), args, order=2)


@pytest.mark.parametrize("case", [(product, (2,), (3,)), (stencil, (5,), (6,)), (columns, (4, 3), (2, 3), (3, 3))])
def test_sizes_that_clash(case) -> None:
    f, *shapes = case
    args = tuple(np.ones(shape) for shape in shapes)
    with pytest.raises(ValueError, match="broadcast"):
        run(f).grad(*args)


def test_sizes_that_clash_in_compiled_code() -> None:
    with pytest.raises(ValueError, match="broadcast"):
        srcad.grad(product)(np.ones(2), np.ones(3))
    np.testing.assert_array_equal(srcad.grad(product)(np.zeros(1), np.ones(3)), [3.0])


def test_one_element_takes_no_more_than_one() -> None:
    def f(x):
        y = np.zeros((1, 2))
        y[:1] = x
        return np.sum(y)

    np.testing.assert_array_equal(run(f).grad(np.ones((1, 2))), np.ones((1, 2)))
    with pytest.raises(ValueError, match="broadcast"):
        run(f).grad(np.ones((3, 2)))


def test_nothing_is_copied_to_be_broadcast() -> None:
    text = source(stencil, "f8[:], f8[:]")
    assert "expand" not in text and "reduce_like" not in text
    assert "a_bar = np.zeros(a.size)" in text or "a_bar = np.zeros(n)" in text


# --- sums in registers -------------------------------------------------------------------------------------------------------


def rows(x, a, n):
    total = 0.0
    for i in range(a.shape[0]):
        for j in range(n):
            total += x[i] * a[i, j] * a[i, j]
    return total


def test_sums_stay_in_registers() -> None:
    text = source(rows, "f8[:], f8[:, :], i8")
    assert "s_bar += " in text and text.count("x_bar[i] +=") == 1
    check_grads(run(rows), (R.standard_normal(3), R.standard_normal((3, 4)), 4), order=2)


def test_what_no_trip_reads_is_not_written() -> None:
    """x has fewer elements than a rows."""
    x_bar, a_bar = srcad.grad(rows, (0, 1))(np.ones(1), np.ones((5, 2)), 0)
    interpreted = srcad.differentiate(rows, argnums=(0, 1), jit=False).grad(np.ones(1), np.ones((5, 2)), 0)
    for bars in ((x_bar, a_bar), interpreted):
        np.testing.assert_array_equal(bars[0], np.zeros(1))
        np.testing.assert_array_equal(bars[1], np.zeros((5, 2)))


def test_sums_in_loops_of_other_steps() -> None:
    """Whether such a loop made a trip is a matter of its step's sign."""

    def even(x, k):
        u = np.zeros(3)
        for i in range(0, x.size, 2):
            u[k] += x[i] ** 2
        return u[k] * u[k] + u[0]

    def any_step(x, k, step):
        u = np.ones(3)
        for i in range(1, x.size, step):
            u[k] += np.sin(x[i])
        for i in range(x.size - 1, 0, -step):
            u[k] += x[i] ** 2
        return np.sum(u * u)

    x = R.standard_normal(5)
    assert run(even)(x, 0) == even(x, 0) and run(any_step)(x, 1, 3) == any_step(x, 1, 3)
    check_grads(run(even), (x, 0), order=2)
    check_grads(run(any_step), (x, 1, 3), order=2)


def test_sums_of_an_array_that_is_read_beside_stay_in_memory() -> None:
    def f(x):
        y = x.copy()
        for i in range(1, 3):
            for j in range(y.size):
                y[0] += y[j] * x[i]
        return np.sum(y * y)

    check_grads(run(f), (R.standard_normal(4),), order=2)


# --- cells that are zeroed and added to --------------------------------------------------------------------------------------


def scaled(x, c):
    y = x.copy()
    for i in range(y.size):
        y[i] = y[i] * c
        y[0] = y[0] + y[i] * y[i]
    return np.sum(y)


def test_a_cell_is_set_to_its_first_sum() -> None:
    def f(x, c):
        y = x.copy()
        for i in range(y.size):
            y[i] = y[i] * c
        return np.sum(y)

    assert "= 0.0" not in source(f, "f8[:], f8", "grad")
    check_grads(run(f), (R.standard_normal(3), 0.5), order=2)
    check_grads(run(scaled), (R.standard_normal(3), 0.5), order=2)


# --- neighbours --------------------------------------------------------------------------------------------------------------


def smooth(u0, steps):
    u = u0.copy()
    v = u0.copy()
    for k in range(steps):
        for i in range(1, u.size - 1):
            v[i] = u[i - 1] * u[i] + 0.5 * u[i + 1]
        u, v = v, u
    return np.sum(u * u)


def test_neighbours_have_loops_of_their_own() -> None:
    text = source(smooth, "f8[:], i8")
    reverse = text[text.index("# reverse sweep") :]
    assert reverse.count("for i in range(1, ") == 3
    for n in (1, 3, 6):
        check_grads(run(smooth), (R.standard_normal(n), 3), order=2)


def test_sums_that_read_their_neighbours_stay_together() -> None:
    def f(x):
        y = x.copy()
        for i in range(1, y.size - 1):
            y[i] = y[i] + y[i - 1] * y[i + 1]
        return np.sum(y)

    check_grads(run(f), (R.standard_normal(6),), order=2)


# --- slices that are not overwritten -----------------------------------------------------------------------------------------


def cholesky(a0):
    a = a0.copy()
    for i in range(a.shape[0]):
        for j in range(i):
            a[i, j] -= np.dot(a[i, :j], a[j, :j])
            a[i, j] /= a[j, j]
        a[i, i] = np.sqrt(a[i, i] - np.dot(a[i, :i], a[i, :i]))
    return np.sum(np.cos(a))


def test_a_factorisation_keeps_nothing() -> None:
    assert "_tape" not in source(cholesky, "f8[:, :]")
    a = R.standard_normal((4, 4))
    check_grads(run(cholesky), (a @ a.T + 4.0 * np.eye(4),), order=2)


def above(a0):
    a = a0.copy()
    for j in range(a.size - 1, 0, -1):
        a[j - 1] += np.dot(a[:j], a[:j])
    return np.sum(a)


def last_of_it(a0):
    a = a0.copy()
    for j in range(1, a.size):
        a[j - 1] += np.dot(a[:j], a[:j])
    return np.sum(a)


def from_the_end(a0):
    a = a0.copy()
    for j in range(1, a.size):
        a[j - a.size] += np.dot(a[:j], a[:j])
    return np.sum(a)


def to_the_end(a0):
    a = a0.copy()
    for j in range(1, a.size):
        a[j] += np.dot(a[: j - a.size], a[: j - a.size])
        a[0] += 0.5 * a[j]
    return np.sum(a)


def another_row(a0):
    b = a0.copy().reshape(2, a0.size // 2)
    for k in range(2):
        for j in range(b.shape[1]):
            b[1 - k, j] += np.dot(b[k, :j], b[k, :j])
    return np.sum(b)


def twice_over(a0):
    a = a0.copy()
    for k in range(2):
        for j in range(a.size):
            a[j] += 0.3 * np.dot(a[:j], a[:j])
    return np.sum(a)


@pytest.mark.parametrize("f", [above, last_of_it, from_the_end, to_the_end, another_row, twice_over])
def test_slices_that_are_overwritten_are_kept(f) -> None:
    check_grads(run(f), (0.4 * R.standard_normal(6),), order=2)


# --- arrays of one number ----------------------------------------------------------------------------------------------------


def product_by_loops(A, B):
    C = np.zeros((A.shape[0], B.shape[1]))
    for i in range(A.shape[0]):
        for j in range(B.shape[1]):
            for k in range(A.shape[1]):
                C[i, j] += A[i, k] * B[k, j]
    return np.sum(C)


def partly_filled(x, n):
    a = np.empty(n)
    for i in range(n - 1):
        a[i] = 2.0
    if n > 1:
        a[n - 1] = 3.0
    s = 0.0
    for i in range(n):
        s += a[i] * x[i] ** 2
    return s


def read_before_it_is_filled(x):
    a = np.zeros(x.size)
    s = 0.0
    for k in range(2):
        for i in range(x.size):
            s += a[i] * x[i] ** 2
        for i in range(x.size):
            a[i] = 5.0
    return s


def filled_anew(x):
    s = 0.0
    for k in range(3):
        a = np.empty(x.size)
        for i in range(x.size):
            a[i] = x[k]
        for i in range(x.size):
            s += a[i] * x[i] ** 2
    return s


def kept_under_two_names(x):
    a = np.empty(x.size)
    for i in range(x.size):
        a[i] = x[0]
    b = a[::-1]
    b[0] = 7.0
    s = 0.0
    for i in range(x.size):
        s += a[i] * x[i] ** 2
    return s


@pytest.mark.parametrize("f", [filled_anew, kept_under_two_names, read_before_it_is_filled])
def test_filled_arrays(f) -> None:
    x = np.array([0.5, -1.5, 2.0])
    check_grads(srcad.differentiate(f, jit=False), (x,), order=2)
    np.testing.assert_allclose(srcad.differentiate(f, jit=False)(x), f(x))


def test_an_array_that_is_filled_in_part() -> None:
    x = np.array([0.5, -1.5, 2.0])
    for n in (1, 2, 3):
        if n > 1:  # with n = 1 the element is never written
            check_grads(srcad.differentiate(partly_filled, jit=False), (x, n), order=2)


def test_the_adjoint_of_a_sum_stays_a_number() -> None:
    text = srcad.grad(product_by_loops).source("f8[:,:], f8[:,:]")
    assert "C_bar" not in text, text
    text = srcad.adjoint(product_by_loops).source("f8[:,:], f8[:,:]")
    assert "C_bar" not in text, text
    A, B = np.arange(6.0).reshape(2, 3), np.arange(12.0).reshape(3, 4)
    A_bar, B_bar = srcad.grad(srcad.differentiate(product_by_loops, jit=False), (0, 1))(A, B)
    np.testing.assert_allclose(A_bar, np.ones((2, 4)) @ B.T)
    np.testing.assert_allclose(B_bar, A.T @ np.ones((2, 4)))

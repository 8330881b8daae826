"""Traps of arrays as memory: what shares it, what overwrites it, and when."""

import numpy as np

from traps_kit import trap

X = np.array([1.0, 2.0, 3.0])


def _strided():
    a = np.array([1.0, 9.0, 2.0, 9.0, 3.0, 9.0])
    return a[::2]


def _read_only():
    a = np.array([1.0, 2.0, 3.0])
    a.setflags(write=False)
    return a


# --- overlap ----------------------------------------------------------------------------------------------------------


@trap("y[1:] += y[:-1] reads before it writes: 1, 3, 5", X, value=35.0, grad=np.array([8.0, 16.0, 10.0]), compiled=True)
def overlapping_shift(x):
    y = x.copy()
    y[1:] += y[:-1]
    return np.sum(y * y)


@trap("y -= y[::-1] reads before it writes: -2, 0, 2", X, value=8.0, grad=np.array([-8.0, 0.0, 8.0]), compiled=True)
def overlapping_reversal(x):
    y = x.copy()
    y -= y[::-1]
    return np.sum(y * y)


@trap("B += B.T reads before it writes: the sum of the squares of 2, 5, 5, 8", np.array([[1.0, 2.0], [3.0, 4.0]]), value=118.0,
      grad=np.array([[8.0, 20.0], [20.0, 32.0]]), compiled=True)  # fmt: skip
def overlapping_transpose(a):
    b = a.copy()
    b += b.T
    return np.sum(b * b)


@trap("y[1:] = y[:-1] moves, and does not smear", X, value=1 + 2 + 6.0, grad=np.array([3.0, 3.0, 0.0]))
def overlapping_move(x):
    y = x.copy()
    y[1:] = y[:-1]
    return y[0] + 2 * y[1] + 3 * y[2]


@trap("a loop smears where the slice does not", X, value=6.0, grad=np.array([6.0, 0.0, 0.0]))
def loop_smears(x):
    y = x.copy()
    for i in range(1, y.size):
        y[i] = y[i - 1]
    return y[0] + 2 * y[1] + 3 * y[2]


@trap("a prefix sum in place: 1, 3, 6", X, value=10.0, grad=np.array([3.0, 2.0, 1.0]))
def prefix_sum(x):
    y = x.copy()
    for i in range(1, y.size):
        y[i] += y[i - 1]
    return np.sum(y)


@trap("a swap of two slices of one array through a copy", X, value=3.0 + 4 + 3.0, grad=np.array([3.0, 2.0, 1.0]))
def reversed_in_place(x):
    y = x.copy()
    y[:] = y[::-1].copy()
    return y[0] + 2 * y[1] + 3 * y[2]


@trap("a swap without a temporary", X, value=3.0 + 2 * 1.0, grad=np.array([2.0, 0.0, 1.0]))
def swapped_cells(x):
    y = x.copy()
    y[0], y[2] = y[2], y[0]
    return y[0] + 2 * y[2]


# --- the same memory twice --------------------------------------------------------------------------------------------


def _add_into(out, v):
    out += v


@trap("the same array is passed twice: y += y doubles", X, value=56.0, grad=8 * X, compiled=True)
def same_array_twice(x):
    y = x.copy()
    _add_into(y, y)
    return np.sum(y * y)


@trap("x + x has one gradient of 2", X, value=12.0, grad=np.full(3, 2.0))
def added_to_itself(x):
    return np.sum(x + x)


@trap("x @ x is the sum of squares", X, value=14.0, grad=2 * X, second=np.full(3, 2.0), compiled=True)
def dotted_with_itself(x):
    return x @ x


@trap("a view of a view, written through", X, value=1 + 4 + 2.5, grad=np.array([1.0, 4.0, 0.5]))
def view_of_view(x):
    y = x.copy()
    z = y[1:]
    w = z[:1]
    w[0] = w[0] ** 2
    y[2] = 0.5 * y[2] + 1.0
    return np.sum(y)


@trap("a transpose is a view", np.array([[1.0, 2.0], [3.0, 4.0]]), value=1 + 9 * 2 + 3 + 4.0,
      grad=np.array([[1.0, 0.0], [13.0, 1.0]]))  # fmt: skip
def written_through_transpose(a):
    b = a.copy()
    t = b.T
    t[1, 0] = t[0, 1] ** 2 * 2.0
    return np.sum(b)


@trap("a row is a view", np.array([[1.0, 2.0], [3.0, 4.0]]), value=1 + 4 + 7.0, grad=np.array([[2.0, 4.0], [1.0, 1.0]]))
def written_through_row(a):
    b = a.copy()
    r = b[0]
    r *= r
    return np.sum(b)


@trap("a reshape of contiguous memory is a view", np.array([[1.0, 2.0], [3.0, 4.0]]), value=1 + 2 + 9 + 4.0,
      grad=np.array([[1.0, 1.0], [6.0, 1.0]]))  # fmt: skip
def written_through_reshape(a):
    b = a.copy()
    flat = b.reshape(4)
    flat[2] = flat[2] ** 2
    return np.sum(b)


@trap("two names for one array", X, value=1 + 4 + 27.0, grad=np.array([1.0, 2.0, 27.0]))
def two_names(x):
    y = x.copy()
    z = y
    z[2] = z[2] ** 3
    return y[0] + 2 * y[1] + y[2]


@trap("y = y + 1 makes a new array, y += 1 does not", X, value=6.0 + 9.0, grad=np.full(3, 2.0))
def rebinding_is_not_writing(x):
    y = x.copy()
    z = y
    y = y + 1.0
    return np.sum(y) + np.sum(z)


@trap("the argument is overwritten before it is used", X, value=30.0, grad=np.array([0.0, 10.0, 10.0]))
def argument_overwritten_before(x):
    x = x.copy()
    x[0] = -2.0
    return 10.0 * np.sum(x)


@trap("the argument is overwritten between its uses", 2.0, np.zeros(2), value=4.0 + 16.0, grad=4.0 + 32.0)
def overwritten_between_uses(x, buffer):
    buffer[0] = x * x
    s = buffer[0]
    buffer[0] = buffer[0] ** 2
    return s + buffer[0]


@trap("an argument is written into, and the caller's array is not", X, value=14.0 + 1.0, grad=2 * X)
def argument_squared_in_place(x):
    x *= x
    return np.sum(x) + 1.0


@trap("a buffer argument's own content is overwritten: its gradient is 0", np.ones(3), 2.0, value=12.0,
      grad=[np.zeros(3), 6.0])  # fmt: skip
def buffer_overwritten(buffer, x):
    for i in range(3):
        buffer[i] = x * (i + 1)
    return np.sum(buffer)


def _fill(out, v):
    for i in range(out.size):
        out[i] = v[i] ** 2
    out[0] += 1.0


@trap("a callee writes into a local array", X, value=15.0, grad=2 * X, second=np.full(3, 2.0), compiled=True)
def callee_writes(x):
    y = np.empty(3)
    _fill(y, x)
    return np.sum(y)


@trap("a callee writes into a slice", X, value=1 + 1 + 4 + 9.0, grad=2 * X)
def callee_writes_slice(x):
    y = np.zeros(5)
    _fill(y[1:4], x)
    return np.sum(y)


# --- buffers ----------------------------------------------------------------------------------------------------------


@trap("two swapped buffers: x, 2x+1, 4x+3, 8x+7", np.array([1.0]), value=15.0, grad=np.array([8.0]), compiled=True)
def swapped_buffers(x):
    a, b = x.copy(), np.empty(1)
    for _ in range(3):
        b[0] = 2 * a[0] + 1
        a, b = b, a
    return a[0]


@trap("three rotating buffers: Fibonacci from (x, x)", 1.5, value=5 * 1.5, grad=5.0)
def rotating_buffers(x):
    a, b, c = np.full(1, x), np.full(1, x), np.zeros(1)
    for _ in range(3):
        c[0] = a[0] + b[0]
        a, b, c = b, c, a
    return b[0]


@trap("an odd and an even number of swaps", 2.0, 3, value=8.0 * 2, grad=8.0)
def swaps_computed(x, n):
    a, b = np.full(1, x), np.zeros(1)
    for _ in range(n):
        b[:] = 2 * a
        a, b = b, a
    return a[0]


@trap("the same cell is overwritten in a nonlinear loop: x**8", 1.1, value=1.1**8, grad=8 * 1.1**7, second=56 * 1.1**6)
def cell_squared(x):
    y = np.array([x])
    for _ in range(3):
        y[0] = y[0] * y[0]
    return y[0]


@trap(
    "cells are overwritten out of order: p + p**2 of the product p", X, value=42.0, grad=13 * np.array([6.0, 3.0, 2.0])
)
def out_of_order(x):
    y = np.ones(3)
    for i in (2, 0, 1):
        y[0] = y[0] * x[i]
    for i in (1, 0):
        y[i + 1] = y[0] * y[i]
    return y[1] + y[2]


@trap("whole and partial overwrites in nested loops", 2.0, value=8.0, grad=6.0)
def partial_overwrites(x):
    y = np.zeros(2)
    s = 0.0
    for i in range(2):
        y[:] = x
        for j in range(2):
            y[j] = y[j] * j
        s += y[0] + y[1]
        y[0] = x * x
    return s + y[0]


@trap("a fixed point in one buffer", 0.5, value=0.25 + 0.0625, grad=1.0 + 0.5)
def history_of_buffer(x):
    y = np.full(1, x)
    s = 0.0
    for _ in range(2):
        y[0] = y[0] * y[0]
        s += y[0]
    return s


# --- index arrays and masks -------------------------------------------------------------------------------------------


@trap("repeated indices accumulate in a loop", X, value=25.0 + 1.0 + 0.0, grad=np.array([2.0, 10.0, 10.0]))
def histogram(x):
    y = np.zeros(3)
    k = np.array([1, 0, 0])
    for i in range(3):
        y[k[i]] += x[i]
    return np.sum(y * y)


@trap("repeated indices in y[k] += v are buffered: the last wins", X, value=9.0 + 1.0, grad=np.array([2.0, 0.0, 6.0]))
def buffered_index_update(x):
    y = np.zeros(3)
    k = np.array([1, 0, 0])
    y[k] += x
    return np.sum(y * y)


@trap("repeated indices read twice", X, value=1 + 1 + 9.0, grad=np.array([4.0, 0.0, 6.0]), compiled=True)
def gathered_twice(x):
    y = x[np.array([0, 0, 2])]
    return np.sum(y * y)


@trap("a mask reads a copy, which is not written through", X, value=6.0 + 50.0, grad=np.array([1.0, 11.0, 11.0]))
def mask_reads_a_copy(x):
    y = x.copy()
    z = y[y > 1.5]
    z *= 10.0
    return np.sum(y) + np.sum(z)


@trap("a mask is written with a number", X, value=1.0 + 2 * 7.0, grad=np.array([1.0, 0.0, 0.0]))
def mask_filled(x):
    y = x.copy()
    y[y > 1.5] = 7.0
    return np.sum(y)


@trap("a mask is updated in place", X, value=1 + 4 + 9.0, grad=np.array([1.0, 4.0, 6.0]))
def mask_updated(x):
    y = x.copy()
    m = y > 1.5
    y[m] *= x[m]
    return np.sum(y)


@trap("negative indices", X, value=9 * 1.0 + 2.0, grad=np.array([9.0, 1.0, 6.0]))
def negative_indices(x):
    return x[-1] ** 2 * x[-3] + x[-2]


@trap("reversed steps", X, value=3 + 4 + 3.0, grad=np.array([3.0, 2.0, 1.0]))
def reversed_step(x):
    return np.sum(x[::-1] * np.array([1.0, 2.0, 3.0]))


@trap("a slice past the end is cut off", X, value=5.0, grad=np.array([0.0, 1.0, 1.0]))
def slice_past_the_end(x):
    return np.sum(x[1:100])


@trap("an empty slice", X, value=1.0, grad=np.array([1.0, 0.0, 0.0]))
def empty_slice(x):
    return np.sum(x[2:1]) + x[0]


# --- kinds of inputs --------------------------------------------------------------------------------------------------


@trap("a 0-d array", np.array(3.0), value=9.0, grad=np.array(6.0), second=np.array(2.0))
def zero_dimensional(x):
    return x[()] ** 2


@trap("a 0-d array, as a number", np.array(3.0), value=9.0, grad=np.array(6.0))
def zero_dimensional_as_number(x):
    return float(x) ** 2


@trap("an empty array", np.zeros(0), value=1.0, grad=np.zeros(0), second=np.zeros(0), compiled=True)
def empty(x):
    return np.sum(x * x) + 1.0


@trap("an empty matrix", np.zeros((0, 3)), value=0.0, grad=np.zeros((0, 3)))
def empty_matrix(x):
    return np.sum(np.sum(x, axis=0) ** 2)


@trap("the product of nothing is 1", np.zeros(0), value=1.0, grad=np.zeros(0))
def empty_product(x):
    return np.prod(x)


@trap("a strided input", _strided(), value=14.0, grad=2 * X, second=np.full(3, 2.0), compiled=True)
def strided(x):
    return np.sum(x * x)


@trap("a read-only input", _read_only(), value=14.0, grad=2 * X, compiled=True)
def read_only(x):
    return np.sum(x * x)


@trap("a Fortran-ordered input, flattened in C order", np.asfortranarray([[1.0, 2.0], [3.0, 4.0]]), value=1 + 4 + 9 + 16.0,
      grad=np.array([[1.0, 2.0], [3.0, 4.0]]), compiled=True)  # fmt: skip
def fortran_ravel(a):
    return np.sum(a.ravel() * np.array([1.0, 2.0, 3.0, 4.0]))


@trap("a reversed input", np.array([3.0, 2.0, 1.0])[::-1], value=14.0, grad=np.array([1.0, 2.0, 3.0]))
def reversed_input(x):
    return np.sum(x * np.array([1.0, 2.0, 3.0]))


@trap("integer buffers are constants", 2.0, value=2.0 * 3, grad=3.0)
def integer_buffer(x):
    k = np.zeros(3, dtype=np.int64)
    for i in range(3):
        k[i] = i
    return x * np.sum(k)


@trap("boolean buffers are constants", X, value=5.0, grad=np.array([0.0, 1.0, 1.0]))
def boolean_buffer(x):
    m = np.zeros(3, dtype=np.bool_)
    for i in range(3):
        m[i] = x[i] > 1.5
    s = 0.0
    for i in range(3):
        if m[i]:
            s += x[i]
    return s


@trap("a float stored into an integer array loses its derivative", 2.7, value=2.0 + 2.7, grad=1.0)
def stored_as_integer(x):
    k = np.zeros(1, dtype=np.int64)
    k[0] = int(x)
    return k[0] + x


@trap("copy() and np.array() are not views", X, value=6.0, grad=np.ones(3))
def copies_are_not_views(x):
    y = np.array(x)
    z = y.copy()
    y[0] = 100.0
    return np.sum(z)


@trap("np.asarray is not a copy", X, value=200.0 + 10, grad=np.array([0.0, 2.0, 2.0]))
def asarray_is_a_view(x):
    y = x.copy()
    z = np.asarray(y)
    y[0] = 100.0
    return np.sum(y) + np.sum(z)


@trap("np.broadcast_to repeats: the gradient is summed", X, value=24.0, grad=np.full(3, 4.0))
def broadcast(x):
    return np.sum(np.broadcast_to(x, (4, 3)))


@trap(
    "a column against a row: the gradient of each is summed",
    X,
    value=36.0,
    grad=np.full(3, 12.0),
    second=np.full(3, 6.0),
)
def outer_sum(x):
    return np.sum(x[:, None] * x[None, :])


@trap("np.diag of a matrix is read, not written", np.array([[1.0, 2.0], [3.0, 4.0]]), value=5.0, grad=np.eye(2))
def trace_by_diagonal(a):
    return np.sum(np.diag(a))

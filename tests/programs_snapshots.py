"""Loops that read arrays which are overwritten after them: what the reverse sweep must get back, and must not mix up."""

import numpy as np

from programs_kit import normal, program, sample


@program(sample(6), 4, tags="swap stencil")
def swapped_buffers(x, steps):
    u = x.copy()
    v = np.zeros(x.size)
    for k in range(steps):
        for i in range(1, u.size - 1):
            v[i] = u[i] * u[i - 1] + 0.5 * u[i + 1] ** 2
        u, v = v, u
    return np.sum(u * v) + u[2]


@program(sample(6), 4, tags="swap alias")
def swapped_aliases(x, steps):
    # Both names are one buffer: every store is seen by the next read.
    u = x.copy()
    v = u
    for k in range(steps):
        for i in range(1, u.size):
            v[i] = np.sin(u[i]) * u[i - 1]
        u, v = v, u
    return np.sum(u * u)


@program(sample(5), 5, tags="rotate")
def rotating_buffers(x, steps):
    a, b, c = x.copy(), 0.5 * x, x * x
    for k in range(steps):
        for i in range(a.size):
            c[i] = a[i] * b[i] + 0.1 * c[i]
        a, b, c = b, c, a
    return np.sum(a) + np.prod(b)


@program(sample(5), 5, 0.4, tags="swap branch")
def swapped_in_a_branch(x, steps, t):
    u, v = x.copy(), 2.0 * x
    for k in range(steps):
        for i in range(u.size):
            v[i] = u[i] ** 2 * t + 0.3 * v[i]
        if v[1] > t:
            u, v = v, u
    return np.sum(u) - np.sum(v)


@program(sample(5), 5, 0.6, tags="branch alias")
def aliased_in_a_branch(x, steps, t):
    u, v = x.copy(), 2.0 * x
    for k in range(steps):
        for i in range(1, u.size):
            v[i] = 0.5 * u[i - 1] * v[i] + u[i] ** 2
        if k == 2:
            u = v
    return np.sum(u * v) * t


@program(normal(5, 3), 3, tags="triangular")
def pairs(x, steps):
    p = x.copy()
    for k in range(steps):
        s = 0.0
        for i in range(5):
            for j in range(i + 1, 5):
                r2 = 0.1
                for d in range(3):
                    r2 += (p[i, d] - p[j, d]) ** 2
                s += 1.0 / np.sqrt(r2)
        for i in range(5):
            for d in range(3):
                p[i, d] += 0.01 * s * p[i, d]
    return s


@program(sample(6), 3, tags="triangular backwards")
def backwards_triangular(x, steps):
    u = x.copy()
    for k in range(steps):
        for i in range(u.size - 1, 0, -1):
            for j in range(i - 1, -1, -1):
                u[i] = u[i] + np.exp(-u[j] * u[i]) * 0.1
    return np.sum(u)


@program(sample(7), 1, 6, 3, tags="bounds")
def part_of_an_array(x, a, b, steps):
    u = x.copy()
    for k in range(steps):
        s = 0.0
        for i in range(a, b):
            s += u[i] * u[i]
        for i in range(a, b):
            u[i] = np.tanh(s * u[i])
    return np.sum(u)


@program(sample(7), 5, 2, 3, tags="bounds zero trip")
def no_part_of_an_array(x, a, b, steps):
    u = x.copy()
    for k in range(steps):
        s = 0.1
        for i in range(a, b):
            s += u[i] * u[i] * s
        u[k] = np.tanh(s * u[k])
    return np.sum(u)


@program(normal(4, 5), 2, tags="rows")
def rows_overwritten(x, steps):
    A = x.copy()
    total = 0.0
    for k in range(steps):
        for i in range(4):
            row = A[i]
            s = 0.0
            for j in range(1, 5):
                s += row[j] * row[j - 1]
            total += np.sin(s)
            for j in range(5):
                row[j] = row[j] * s + 0.1 * total
    return total + np.sum(A)


@program(normal(4, 4), 3, tags="fixed column")
def one_column_swept(x, steps):
    A = x.copy()
    for k in range(steps):
        s = 0.0
        for i in range(4):
            s += A[i, k] * A[k, i]
        for i in range(4):
            A[i, k] = np.cos(s * A[i, k])
    return np.sum(A * A)


@program(normal(5), np.array([3, 1, 4, 0]), 3, tags="gather")
def gathered_then_overwritten(x, where, steps):
    u = x.copy()
    for k in range(steps):
        s = 0.0
        for m in range(where.size):
            s += u[where[m]] ** 2 * (m + 1.0)
        for i in range(u.size):
            u[i] = np.sin(s + u[i])
    return s


@program(sample(6), 0.8, tags="while")
def until_small(x, tol):
    u = x.copy()
    norm = 10.0
    while norm > tol:
        norm = 0.0
        for i in range(u.size):
            norm += u[i] * u[i]
        for i in range(1, u.size):
            u[i] = 0.7 * u[i] * np.cos(u[i - 1])
    return norm + np.sum(u)


@program(sample(6), 4, tags="early exit")
def left_early(x, steps):
    u = x.copy()
    s = 0.0
    for k in range(steps):
        for i in range(u.size):
            if u[i] > 1.5:
                break
            s += u[i] * u[i] * s + u[i]
        for i in range(u.size):
            u[i] = u[i] * 1.3
    return s


@program(normal(3, 4), 3, tags="transpose")
def seen_transposed(x, steps):
    A = x.copy()
    T = A.T
    s = 0.0
    for k in range(steps):
        for i in range(4):
            for j in range(3):
                s += T[i, j] * A[j, i] * (i + 1)
        for j in range(3):
            A[j, k] = s * A[j, k] * 0.1
    return s


@program(sample(9), 3, tags="diagonal strided index")
def strided_reads(x, steps):
    u = x.copy()
    s = 0.0
    for k in range(steps):
        for i in range(3):
            s += u[2 * i] * u[8 - 3 * i + k % 2 * i]
        for i in range(9):
            u[i] = u[i] * (1.0 + 0.01 * s)
    return s


@program(sample(6), 3, tags="negative index")
def wrapped_reads(x, steps):
    u = x.copy()
    for k in range(steps):
        s = 0.0
        for i in range(6):
            s += u[i - 1] * u[-i] + u[(i + 1) % 6] ** 2
        for i in range(6):
            u[i] = np.sin(u[i] + s)
    return np.sum(u)


@program(sample(5), 3, tags="helper writes")
def overwritten_by_a_helper(x, steps):
    def relax(u, w):
        for i in range(1, u.size):
            u[i] = w * u[i] * u[i - 1]

    u = x.copy()
    s = 0.0
    for k in range(steps):
        for i in range(u.size):
            s += u[i] * u[i]
        relax(u, s)
    return s


@program(normal(6, 6), tags="elimination triangular")
def eliminated(x):
    A = x @ x.T + 3.0 * np.eye(6)
    n = A.shape[0]
    logdet = 0.0
    for k in range(n):
        logdet += np.log(A[k, k])
        for i in range(k + 1, n):
            f = A[i, k] / A[k, k]
            for j in range(k, n):
                A[i, j] -= f * A[k, j]
    return logdet


@program(normal(4, 4), tags="transpose order")
def transposed_overwrite(x):
    A = x.copy()
    T = A.T
    s = 0.0
    for i in range(4):
        for j in range(4):
            T[i, j] = np.sin(A[i, j]) + 0.5 * A[i, j]
    for i in range(4):
        for j in range(4):
            s += A[i, j] * (i - 0.3 * j)
    return s


@program(sample(6), tags="order of iterations")
def overlapping_stores(x):
    u = x.copy()
    for i in range(5):
        u[i + 1] = u[i] * u[i + 1]
    w = np.zeros(6)
    for i in range(6):
        w[i // 2] = u[i] * x[i]
    return np.sum(w * w)


@program(sample(6), np.array([2, 0, 2, 5, 1]), tags="order of iterations gather")
def scattered_stores(x, where):
    u = x.copy()
    for k in range(where.size):
        u[where[k]] = np.sin(u[k]) * u[where[k]]
    v = np.zeros(6)
    for k in range(where.size):
        v[where[k]] += u[k] ** 2
    return np.sum(v * v) + np.sum(u)


@program(sample(3), tags="moving view")
def view_that_moves(x):
    # row[k] is A[n] on every trip, though the index moves
    n = x.size
    A = np.zeros(2 * n + 1)
    s = 0.0
    for k in range(n):
        row = A[n - k :]
        row[k] = row[k] + x[k]
        s += row[k] ** 2 * x[k]
    return s


@program(sample(3), tags="moving view order")
def overwritten_through_a_moving_view(x):
    n = x.size
    A = np.zeros(2 * n + 1)
    s = 0.0
    for k in range(n):
        row = A[n - k :]
        row[k] = x[k] * x[k]
        s += row[k]
    return s + A[n] ** 2


@program(sample(3), tags="moving view reversed")
def levinson_like(x):
    A = np.ones(x.size)
    s = 0.0
    for k in range(x.size):
        r = A[k::-1]
        r[k] = r[k] + x[k]
        s += r[k] ** 2 * x[k]
    return s


@program(sample(3), 8, 0, tags="zero trip bounds")
def loop_around_nothing(x, m, trips):
    y = x.copy()
    s = np.sum(x)
    for i in range(m):
        for t in range(trips):
            s += np.sin(y[i]) * y[i] * y[i]
    y[:] = 0.0
    return s * y[0] + s


@program(sample(5), 3, tags="guarded bounds")
def neighbours_if_there(x, steps):
    u = x.copy()
    s = 0.0
    for k in range(steps):
        for i in range(u.size):
            if i < u.size - 1:
                s += u[i] * u[i + 1] ** 2
            if i >= 2:
                s += u[i - 2] ** 3
        for i in range(u.size):
            u[i] = u[i] * 1.1 + 0.01 * s
    return s


@program(sample(9), 2, tags="band")
def banded_sums(x, steps):
    u = x.copy()
    s = 0.0
    for k in range(steps):
        for i in range(u.size - 3):
            for j in range(i, i + 3):
                s += np.exp(-u[i] * u[j]) * u[j]
        for i in range(u.size):
            u[i] = np.sin(u[i] + 0.1 * s)
    return s


@program(sample(3), tags="index overwritten")
def indexed_by_what_is_written(x):
    p = np.array([2, 0, 1])
    p[p] = np.arange(3)
    q = np.array([2, 0, 1])
    q[q[::-1]] = q
    return np.sum(x[p] * np.arange(3)) + x[q[0]] ** 2


@program(sample(3), 6, 0, tags="guarded size")
def trips_by_a_guarded_quotient(x, m, k):
    s = 1.0
    for i in range(x.size):
        if k > 0:
            for j in range(m // k):
                s = np.sin(s * x[i])
        s *= x[i]
    return s


@program(sample(4, 4), 6, tags="rows that are not there")
def rows_for_which_the_inner_loop_is_empty(a, rows):
    m = a.copy()
    n = m.shape[0]
    s = 0.0
    for i in range(rows):
        for j in range(n - i):
            s += m[i, j] ** 3
        for j in range(i + 1, n):
            s += np.sin(m[i, j]) * m[0, j]
    m[:] = s * m
    return np.sum(m * m)


@program(sample(1), -1, tags="range below zero")
def neighbours_in_a_range_that_is_empty(x, count):
    u = x.copy()
    s = 1.0
    for i in range(count):
        s += u[i] ** 2 * u[i + 3] ** 2
    u *= 0.5
    return s * np.sum(u)

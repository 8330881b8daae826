"""Arrays as memory: stores, views, aliases, buffers, and arguments that are written into."""

import numpy as np

from programs_kit import normal, program, sample

# --- stores ----------------------------------------------------------------------------------------------------------


@program(sample(6), 0.3, tags="store recurrence")
def smooth(x, a):
    u = np.zeros(x.size)
    for i in range(1, x.size):
        u[i] = a * u[i - 1] ** 2 + (1.0 - a) * x[i]
    return np.sum(u)


@program(sample(5), tags="store overwrite")
def overwritten_cell(x):
    y = x.copy()
    y[0] = y[0] * y[1]
    y[0] = y[0] * y[0]
    y[1] = y[0] + np.sin(y[1])
    return y[0] * y[1] * y[2]


@program(sample(5), tags="store augmented")
def augmented_elements(x):
    y = np.ones(5)
    for i in range(5):
        y[i] += x[i]
        y[i] *= y[i - 1]
        y[i] -= 0.5 * x[0]
        y[i] /= 1.0 + x[4]
    return np.sum(y)


@program(sample(4, 3), tags="store 2d")
def fill_matrix(m):
    out = np.empty((3, 4))
    for i in range(4):
        for j in range(3):
            out[j, i] = m[i, j] * m[i, 0] + j
    return out


@program(sample(5), tags="store negative index")
def negative_indices(x):
    y = np.zeros(5)
    y[-1] = x[0] * x[-2]
    y[-2] += x[-1] ** 2
    return y[-1] * y[3] + y[-2]


@program(sample(6), tags="store cumulative")
def prefix_sums(x):
    s = np.zeros(x.size + 1)
    for i in range(x.size):
        s[i + 1] = s[i] + x[i] * x[i]
    return s


@program(sample(6), tags="store in place recurrence")
def prefix_products_in_place(x):
    y = x * 1.0
    for i in range(1, len(y)):
        y[i] *= y[i - 1]
    return y.sum()


@program(sample(5), np.array([0, 3, 3, 1, 4, 0]), tags="gather int array")
def gather_through_integers(x, where):
    s = 0.0
    for k in where:
        s += x[k] ** 2
    return s


@program(sample(6), np.array([0, 3, 3, 1, 2, 0]), tags="scatter int array")
def histogram_scatter(x, bins):
    h = np.zeros(4)
    for i in range(x.size):
        h[bins[i]] += x[i] * x[i]
    return h * h


@program(sample(5), 2, tags="store dynamic index")
def sort_of_insertion(x, k):
    y = np.empty(x.size + 1)
    for i in range(k):
        y[i] = x[i]
    y[k] = x[0] * x[1]
    for i in range(k, x.size):
        y[i + 1] = x[i]
    return y[2] * y[3] + y[5] ** 2


@program(np.array([0.9, 0.3, 0.7, 0.5, 0.1]), tags="store swap sort")
def bubble_sort(x):
    y = x.copy()
    n = len(y)
    for i in range(n):
        for j in range(n - 1 - i):
            if y[j] > y[j + 1]:
                y[j], y[j + 1] = y[j + 1], y[j]
    return y[0] * 3.0 + y[1] * y[2] + y[4] ** 2


# --- slices ----------------------------------------------------------------------------------------------------------


@program(sample(6), tags="slice read")
def slice_reads(x):
    a = x[1:4]
    b = x[:3]
    c = x[-3:]
    return np.sum(a * b * c) + np.sum(x[::2] * x[1::2])


@program(sample(6), tags="slice reversed")
def reversed_slice(x):
    return np.sum(x[::-1] * x * np.arange(6))


@program(sample(6), tags="slice write")
def slice_writes(x):
    y = np.zeros(8)
    y[1:7] = x
    y[2:4] = y[4:6] * y[0:2]
    y[::3] += 1.5
    return np.sum(y * y)


@program(sample(4, 3), tags="slice augmented column")
def column_doubled(x):
    y = x.copy()
    y[1:3, 1] *= 2
    y[:, 0] += y[:, 2] * y[:, 1]
    y[-1, :] -= 0.5
    return np.sum(y**2)


@program(sample(4, 3), tags="rows read write")
def row_operations(m):
    a = m.copy()
    for i in range(1, a.shape[0]):
        a[i] -= a[i, 0] / a[0, 0] * a[0]
    return np.sum(a[1:, 1:] ** 2)


@program(sample(4, 3), tags="row store")
def rows_stored(m):
    out = np.zeros((4, 3))
    for i in range(4):
        out[i] = m[3 - i] * m[i, 0]
    return np.sum(out**3)


@program(sample(6), tags="slice overlapping")
def shifted_in_place(x):
    y = x.copy()
    y[1:] = y[:-1] * 2.0
    y[1:] += y[:-1]
    return np.sum(y * y)


@program(sample(3, 3), tags="overlap transpose")
def symmetrised_in_place(B):
    A = B.copy()
    A += A.T
    return np.sum(A * A * B)


@program(sample(5), tags="overlap reversed")
def antisymmetrised_in_place(x):
    y = x.copy()
    y -= 0.3 * y[::-1]
    y -= y[::-1]
    return np.sum(y**3)


@program(sample(5), 2.5, tags="fill")
def filled_slice(x, c):
    y = x * x
    y[1:3] = c
    y[3:] = c * c
    return np.sum(y * x)


@program(sample(4), tags="full slice assign")
def whole_array_assigned(x):
    y = np.zeros(4)
    y[:] = x * 2.0
    z = np.empty_like(y)
    z[...] = y * y
    return np.sum(z)


# --- views and aliases -----------------------------------------------------------------------------------------------


@program(sample(6), tags="view write through")
def write_through_a_view(x):
    y = x.copy()
    tail = y[3:]
    tail[0] = tail[0] * y[0]
    y[4] = y[3] * 2.0
    return np.sum(tail * tail) + y[3]


@program(sample(3, 4), tags="view row alias")
def write_through_a_row(m):
    a = m.copy()
    row = a[1]
    row *= 2.0
    a[1, 2] = row[0] * row[3]
    row[1] = a[1, 2] ** 2
    return np.sum(a)


@program(sample(3, 4), tags="view transpose alias")
def write_through_a_transpose(m):
    a = m.copy()
    t = a.T
    t[0, 1] = a[2, 3] * a[0, 0]
    a[1, 0] *= t[3, 2]
    return np.sum(t * t)


@program(sample(6), tags="view reshape alias")
def write_through_a_reshape(x):
    y = x.copy()
    grid = y.reshape((2, 3))
    grid[1, 0] = grid[0, 2] * y[4]
    y[0] = grid[1, 0] ** 2
    return np.sum(grid * grid)


@program(sample(5), tags="alias name")
def two_names(x):
    a = np.zeros(5)
    b = a
    a[1] = x[1] * x[0]
    b[1] += x[2]
    a[2] = b[1] ** 2
    return np.sum(b)


@program(sample(4), 0.5, tags="alias branch")
def aliased_by_branch(x, c):
    a = x * 1.0
    b = x * 2.0
    if c > 0.3:
        t = a
    else:
        t = b
    t[0] = t[0] * c
    t[1] += t[0] * b[1]
    return np.sum(a * b)


@program(sample(5), tags="augmented alias")
def augmented_assignment_of_an_array(x):
    a = x.copy()
    b = a
    a += x * x
    a *= 2.0
    return np.sum(a * b)


@program(sample(5), sample(5, seed=1), tags="alias add")
def sum_of_the_same(x, w):
    return (x + w) + x


# --- arguments written into ------------------------------------------------------------------------------------------


@program(sample(5), 0.7, tags="argument written")
def writes_its_argument(x, c):
    for i in range(1, x.size):
        x[i] = x[i] * x[i - 1] + c
    return np.sum(x)


@program(sample(5), tags="argument scaled")
def scales_its_argument(x):
    x *= 3.0
    x[0] = x[1] * x[2]
    return np.sum(x * x)


@program(sample(4), np.zeros(4), tags="argument out")
def fills_a_buffer(x, out):
    for i in range(4):
        out[i] = np.exp(x[i]) * x[0]
    return np.sum(out * x)


@program(sample(4), tags="argument returned written")
def returns_its_written_argument(x):
    x[0] = x[0] * x[1]
    return x


# --- buffers and rebinding -------------------------------------------------------------------------------------------


@program(sample(6), 0.1, 5, tags="swap buffers")
def burgers(u0, dt, steps):
    u = u0.copy()
    v = u0.copy()
    for _ in range(steps):
        for i in range(1, u.size):
            v[i] = u[i] - dt * u[i] * (u[i] - u[i - 1])
        u, v = v, u
    return np.sum(u * u)


@program(sample(8), 0.2, 5, tags="swap buffers slices")
def heat_with_swapped_buffers(u0, r, steps):
    u = u0.copy()
    new = np.empty_like(u)
    for _ in range(steps):
        new[1:-1] = u[1:-1] + r * (u[2:] - 2.0 * u[1:-1] + u[:-2])
        new[0] = new[1]
        new[-1] = new[-2]
        u, new = new, u
    return u


@program(sample(4), 0.1, 5, tags="fresh rebound")
def gradient_descent(x, lr, steps):
    for _ in range(steps):
        g = 2.0 * x + np.sin(x)
        x = x - lr * g
    return np.sum(x * x)


@program(sample(4), 4, tags="fresh in loop")
def fresh_arrays_in_a_loop(x, n):
    y = x
    for i in range(n):
        z = np.zeros(4)
        for j in range(4):
            z[j] = y[j] * y[j - 1]
        y = z + 0.1 * i
    return y


@program(sample(4), tags="fresh while")
def fresh_arrays_in_a_while(x):
    y = x
    while np.sum(y) < 30.0:
        y = y * y + y
    return np.sum(np.sqrt(y))


@program(sample(4), 6, tags="history rows")
def history_matrix(x0, n):
    xs = np.zeros((n + 1, 4))
    xs[0] = x0
    for k in range(n):
        xs[k + 1] = xs[k] + 0.1 * np.sin(xs[k]) * xs[k, 0]
    return xs


@program(sample(5), tags="branch rebind")
def rebound_in_a_branch(x):
    y = x
    if x[0] < 100.0:
        y = x * x
        y[0] = y[1] * 2.0
    return np.sum(y * x)


@program(normal(6), tags="store in branch in loop")
def clipped_stores(x):
    y = np.empty(6)
    for i in range(6):
        if x[i] > 0.5:
            y[i] = x[i] ** 2
        elif x[i] > -0.2:
            y[i] = 1.0
        else:
            y[i] = np.sin(x[i])
    return y


@program(sample(6), 1.4, tags="store break")
def stores_until_break(x, limit):
    y = np.zeros(6)
    s = 0.0
    for i in range(6):
        s += x[i]
        if s > limit:
            break
        y[i] = s * x[i]
    return y * y


@program(sample(5), tags="list append")
def list_of_scalars(x):
    terms = []
    for v in x:
        terms.append(v * v)
    s = 0.0
    for t in terms:
        s += t * s + t
    return s


@program(sample(3), tags="list literal")
def list_literal(x):
    parts = [x[0], x[1] * x[2], 3.0]
    s = 1.0
    for p in parts:
        s *= p
    return s + parts[1] * len(parts)


@program(sample(5), tags="stale read after write")
def old_value_kept(x):
    y = x.copy()
    old = y[2]
    y[2] = 5.0 * y[1]
    new = y[2]
    return old * new + y[2] * old


@program(sample(5), 3, tags="overwrite in loop")
def scratch_cell(x, n):
    t = np.zeros(1)
    s = 0.0
    for k in range(n):
        for i in range(5):
            t[0] = x[i] * (k + 1)
            t[0] = t[0] * t[0]
            s += t[0] * x[4 - i]
    return s


@program(np.array(0.7), tags="0d")
def zero_dimensional(x):
    return x * x + np.sin(x)


@program(sample(4), tags="loop local array")
def array_made_in_a_loop(a):
    for i in range(2):
        t = a * a
        a = a + t
    return np.sum(t)


@program(normal(3, 4), tags="loop local array rows")
def row_made_in_a_loop(m):
    s = 0.0
    for row in m:
        t = np.sin(row)
        s += np.sum(t * row)
    return s + t[1]


@program(sample(3), 0.7, tags="loop local array while")
def array_made_in_while(x, tol):
    step = 1.0
    while step > tol:
        g = np.cos(x) * x
        x = x - 0.1 * g
        step = step * 0.8
    return np.sum(g * x)


@program(sample(4), 3, tags="loop local sizes")
def arrays_of_growing_size(x, n):
    for k in range(1, n + 1):
        t = x[:k] * x[0]
        x = x * np.sum(t)
    return np.sum(t * t) + x[1]


def shifts_and_sums(a, w):
    for k in range(a.size):
        a[k] = np.sin(a[k] * w)
    return a[0] + a[1]


@program(sample(3), 0.7, tags="augmented order of evaluation")
def old_element_is_read_first(x, w):
    # Python reads a[i] before it calls what changes it.
    a = x.copy()
    for i in range(2):
        a[i] *= shifts_and_sums(a, w)
        a[1] += shifts_and_sums(a, w) * a[i]
        a[0] -= shifts_and_sums(a, w)
    return np.sum(a * a)


# --- laid out column by column ---------------------------------------------------------------------------------------


@program(np.asfortranarray(normal(3, 2)), np.arange(6.0), tags="layout view")
def columns_flattened(a, w):
    return np.sum(a.T.ravel() ** 2 * w) + np.dot(a.T.reshape(6), a.ravel())


@program(np.asfortranarray(normal(3, 3)), 3, tags="layout view loop store")
def columns_written(a, n):
    for k in range(n):
        rows = a.T
        flat = rows.reshape(9)
        flat[k] = flat[k] * a[1, 2] + np.sum(rows[k])
    return np.sum(a * a.T)


@program(normal(3, 3), tags="layout linalg view")
def columns_of_a_factor(a):
    factor = np.linalg.cholesky(a @ a.T + np.eye(3))
    return np.dot(factor.T.ravel(), np.arange(9.0)) + np.dot(factor.ravel(), np.arange(9.0) ** 2)


@program(sample(5), np.array([0, 2, 0, 1]), tags="store fancy repeated")
def forces_taken_off(x, pairs):
    force = x.copy()
    np.subtract.at(force, pairs, x[1:] ** 2)
    np.subtract.at(force, 4, x[0] * x[1])
    return np.sum(force * x)


# --- narrow integers, which wrap -------------------------------------------------------------------------------------


@program(0.3, np.array([200, 100], dtype=np.uint8), tags="integer buffer")
def narrow_unsigned(x, k):
    return x * (k[0] * 2) + x * (k[0] + k[1]) - x * k[0] ** 2 + x * (k[0] << 1)


@program(0.3, np.array([2**31 - 1, 5], dtype=np.int32), tags="integer buffer")
def narrow_signed(x, k):
    return (x * (k[0] + 1) + x * (k * 2)[0] + x * np.sum(k)) / 2**31


@program(0.3, np.array([1, 5], dtype=np.uint64), tags="integer buffer")
def wide_unsigned(x, k):
    return x * (k[0] - 2) / 2**60


@program(sample(3), np.array([True, True, False]), tags="boolean buffer")
def booleans_counted(x, b):
    n = 0
    for v in x:
        n += v > 0.5
    return x[0] * n + x[1] * (~b[0]) + x[2] * np.add(b[0], b[1]) + (b[0] * b[1]) * x[0]


@program(1.3, 0.4, tags="alias zero-d inplace")
def accumulator_of_no_axes(x, y):
    s = np.array(0.0)
    t = s
    for k in range(3):
        s += x * y + k
        s *= y
    u = np.array(x)
    v = u * 1.0
    u -= y
    return t * 2.0 + s * v + u**2


@program(1.3, np.array(0.7), tags="alias zero-d inplace callee")
def copies_and_views_without_axes(x, z):
    def inc(s):
        s += x

    a = np.zeros_like(z)
    b = a
    a += z * x
    inc(a)
    c = z.copy()
    d = np.asarray(c)
    c *= 2.0
    e = np.full((), 2.0)
    f = e[...]
    e *= x
    g = np.empty(())
    g[()] = b * d
    return g * f + b


@program(sample(3, 2), tags="list rows views")
def rows_of_a_list_are_views(A):
    B = A * 1.0
    for r in list(B):
        r *= B[0, 1]
    return np.sum(B) + sum(r[0] * r[1] for r in list(A))

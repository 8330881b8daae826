"""Code that is fine in Python and easy to get wrong: where names, memory, shapes and exits meet."""

import math
from typing import NamedTuple

import numpy as np

from programs_kit import normal, program, sample, spd

TABLE = ((0.5, 2), (1.5, 3))


class Particle(NamedTuple):
    x: np.ndarray
    v: np.ndarray
    mass: float


# --- names ------------------------------------------------------------------------------------------------------------


@program(0.6, 3, tags="loop variable assigned")
def loop_variable_overwritten(x, n):
    s = 0.0
    for i in range(n):
        s += x * i
        i = i * x
        s += i * i
    return s


@program(0.6, 4, tags="range bound changed")
def bound_changed_in_loop(x, n):
    s = x
    for i in range(n):
        n = n + 1
        s = s * x + n * 0.1
    return s * n


@program(0.6, tags="shadowed builtins names")
def names_that_collide(x):
    x_bar = x * x
    x_dot = np.sin(x_bar)
    y_bar = x_dot * x
    v1 = y_bar + x_bar
    result = v1 * x_dot
    x_tape = result * x
    return x_tape + result


@program(0.6, tags="keyword names")
def shadowed_builtins(x):
    sum = x * x
    list = sum * x
    np_ = list + sum
    range_ = np_ * 2.0
    return range_ * sum


@program(0.6, 1.2, tags="parameter rebound branch")
def parameter_rebound(x, y):
    if y > 1.0:
        x, y = y, x * y
    x = x * y
    return x * x


@program(0.6, tags="closure late binding")
def late_binding(x):
    scale = 2.0

    def g(t):
        return t * scale

    scale = x
    return g(x) * g(1.0)


@program(0.6, tags="function picked")
def function_picked_by_flag(x, kind="sin"):
    f = np.sin if kind == "sin" else np.cos
    return f(x) * f(x * x)


@program(0.4, "rk2", tags="string flag")
def method_by_name(y, method):
    h = 0.1
    for _ in range(4):
        k1 = -y * y
        if method == "euler":
            y = y + h * k1
        elif method == "rk2":
            k2 = -((y + 0.5 * h * k1) ** 2)
            y = y + h * k2
    return y


@program(0.7, tags="tuple of functions")
def sum_over_functions(x):
    total = 0.0
    for f in (np.sin, math.exp, lambda t: t * t):
        total += f(x) * x
    return total


@program(0.7, tags="global tuple")
def global_table(x):
    s = 0.0
    for weight, power in TABLE:
        s += weight * x**power
    return s


@program(0.7, 3, tags="bound in every branch")
def assigned_on_every_path(x, n):
    for i in range(n):
        if i % 2 == 0:
            t = x * i
        else:
            t = x - i
        x = x + 0.1 * t * t
    return x


@program(0.7, 4, tags="carried conditionally")
def first_time_through(x, n):
    first = True
    best = 0.0
    for i in range(n):
        value = np.sin(x * (i + 1))
        if first or value > best:
            best = value * x
            first = False
    return best


@program(0.7, 5, tags="previous value")
def previous_iterate(x, n):
    prev = x
    y = x * 0.5
    for _ in range(n):
        prev, old = y, prev
        y = np.cos(old) * prev + x
        if y > 2.0:
            y = prev * old
    return y * prev


# --- exits ------------------------------------------------------------------------------------------------------------


@program(sample(5), tags="return in while in for")
def search(a):
    for i in range(a.size):
        t = a[i]
        while True:
            t = t * 1.3
            if t > 1.5:
                break
            if t * i > 3.0:
                return t * a[0]
        a = a * t
    return np.sum(a)


@program(sample(4), 0.9, tags="return array early")
def array_returned_early(x, limit):
    y = np.zeros(4)
    for i in range(4):
        y[i] = x[i] * x[0]
        if y[i] > limit * 10:
            return y * 2.0
        if i == 2:
            return y * x
    return y


@program(sample(4), tags="break with arrays")
def fresh_array_and_break(x):
    y = x
    for i in range(6):
        z = y * y
        if np.sum(z) > 4.0:
            break
        y = z + x * i
    return np.sum(y * z)


@program(0.3, tags="while true return")
def only_way_out(x):
    y = 1.0
    while True:
        y *= 1.0 + x
        if y > 3.0:
            return y * y


@program(0.5, 3, tags="continue while")
def continue_in_while(x, n):
    i = 0
    s = 0.0
    while i < 10:
        i += 1
        if i % n == 0:
            s *= x
            continue
        s += x / i
        if s > 1e6:
            break
    return s


@program(0.4, 6, tags="nested exits carry")
def exits_of_three_loops(x, n):
    s = x
    for i in range(n):
        for j in range(n):
            if j > i:
                break
            for k in range(n):
                if k == j:
                    continue
                s = s + 0.01 * x * s * k
                if s > 1.4:
                    break
            if s > 1.6:
                break
        else:
            s = s * 0.9
    return s * s


@program(0.8, 0, tags="and or values")
def short_circuits(x, y):
    if y != 0.0 and x / y > 1.0:
        return x
    return x * x if y == 0.0 or x / y < 0.0 else y


# --- memory -----------------------------------------------------------------------------------------------------------


def normalise_in_place(v):
    v /= np.sqrt(np.sum(v * v))


def axpy(alpha, x, y):
    for i in range(len(x)):
        y[i] += alpha * x[i]


def rotate_pair(v, i, j, angle):
    c, s = np.cos(angle), np.sin(angle)
    v[i], v[j] = c * v[i] - s * v[j], s * v[i] + c * v[j]


@program(sample(3, 4), tags="view passed to writer")
def gram_schmidt(A):
    Q = A.copy()
    for i in range(3):
        for j in range(i):
            Q[i] -= np.dot(Q[i], Q[j]) * Q[j]
        normalise_in_place(Q[i])
    return Q


@program(0.3, sample(4), sample(4, seed=1), tags="helper writes argument")
def helper_writes_twice(alpha, x, y):
    z = y.copy()
    axpy(alpha, x, z)
    axpy(alpha * alpha, z, z)
    return np.sum(z * x)


@program(sample(4), 0.4, tags="swap elements loop")
def rotations_in_place(x, t):
    v = x.copy()
    for i in range(3):
        rotate_pair(v, i, i + 1, t * (i + 1))
    return v[0] * v[3]


@program(sample(5), 3, tags="pointer jumping")
def current_and_best(x, n):
    current = x * 1.0
    best = current
    for k in range(n):
        current = current * 0.9 + 0.1 * k
        if np.sum(current) > np.sum(best):
            best = current
        current[0] += best[1]
    return np.sum(best * x)


@program(sample(4), sample(4, seed=2), 5, tags="swap odd three buffers")
def three_buffers(x, y, n):
    a, b, c = x.copy(), y.copy(), np.zeros(4)
    for _ in range(n):
        c[:] = a * b
        c[0] += a[1]
        a, b, c = b, c, a
    return np.sum(a) + 2.0 * np.sum(b) + 3.0 * np.sum(c)


@program(sample(3, 3), tags="view chain")
def views_of_views(m):
    a = m.copy()
    block = a[1:, :]
    column = block.T[2]
    column *= 2.0
    block[0, 2] += column[1] * a[0, 0]
    return np.sum(a * m) + column[0]


@program(sample(4), tags="alias then rebind")
def rebinding_is_not_writing(x):
    y = x
    y = y * 2.0
    y[0] = 5.0 * x[1]
    z = y
    z = z + 1.0
    z[1] = 0.0
    return np.sum(x * y * z)


@program(sample(4), tags="inplace of view of argument")
def argument_through_view(x):
    head = x[:2]
    head *= 3.0
    x[2] = head[0] * head[1]
    return np.sum(x**2)


@program(sample(6), tags="diagonal strides")
def strided_views_interleaved(x):
    y = np.zeros(6)
    even, odd = y[::2], y[1::2]
    even[:] = x[:3] * x[3:]
    odd[:] = even * x[::2]
    even += odd
    return y


@program(sample(2, 3, 2), tags="3d store")
def three_dimensional_store(t):
    u = np.zeros((2, 3, 2))
    for i in range(2):
        for j in range(3):
            u[i, j] = t[i, j, ::-1] * t[1 - i, j, 0]
            u[i, j, 1] += t[i, 2 - j, 1] ** 2
    u[:, 1:, 0] *= u[:, :2, 1]
    return np.sum(u**2)


@program(sample(4), tags="matrix rows list")
def tuple_of_arrays_written(x):
    pair = (x * 1.0, x * 2.0)
    for a in pair:
        a[0] *= a[1]
    first, second = pair
    second[2] = first[0] * second[3]
    return np.sum(first * second)


@program(Particle(sample(2), sample(2, seed=1), 1.3), 4, tags="namedtuple arrays")
def particle_pushed(p, steps):
    for _ in range(steps):
        force = -p.x * p.mass - p.x**3
        v = p.v + 0.1 * force / p.mass
        p = Particle(p.x + 0.1 * v, v, p.mass)
    return p


@program(Particle(sample(2), sample(2, seed=1), 1.3), tags="namedtuple replace")
def namedtuple_replaced(p):
    q = p._replace(v=p.v * p.mass)
    return np.sum(q.v * q.x) * q.mass


@program(sample(5), tags="stack written")
def explicit_stack(x):
    stack = np.zeros(8)
    top = 0
    for v in x:
        stack[top] = v
        top += 1
        if top >= 2 and stack[top - 1] > stack[top - 2]:
            top -= 1
            stack[top - 1] = stack[top - 1] * stack[top]
    s = 0.0
    while top > 0:
        top -= 1
        s = s * 0.5 + stack[top]
    return s


@program(sample(5), tags="queue ring buffer")
def ring_buffer(x):
    ring = np.zeros(3)
    s = 0.0
    for i in range(10):
        ring[i % 3] = x[i % 5] * (1.0 + ring[(i + 1) % 3])
        s += ring[i % 3] * ring[(i + 2) % 3]
    return s


@program(sample(4), tags="uninitialised then filled")
def partially_filled(x):
    y = np.empty(6)
    y[:4] = x
    for i in range(4, 6):
        y[i] = y[i - 1] * y[i - 2]
    return y


# --- shapes -----------------------------------------------------------------------------------------------------------


@program(sample(8), tags="shape changes in loop")
def halving_array(x):
    y = x
    while y.size > 1:
        y = y[::2] * y[1::2] + y[: y.size // 2]
    return y[0]


@program(sample(3), 3, tags="shape grows in loop")
def growing_array(x, n):
    y = x
    for k in range(n):
        z = np.zeros(y.size + 1)
        z[1:] = y
        z[:-1] += y * (k + 1)
        y = z
    return np.sum(y * y)


@program(sample(1), sample(3), tags="broadcast size one store")
def size_one_into_slice(a, x):
    y = x.copy()
    y[:] = y * a
    y[1:] += a
    return np.sum(y * y) * a[0]


@program(sample(1, 3), sample(2, 1), sample(2, 3), tags="broadcast both")
def broadcast_each_way(r, c, m):
    t = r * c
    m = m + t
    u = np.zeros((2, 3))
    u += r
    u *= c
    return np.sum(m * u)


@program(sample(4), 0, tags="empty slice")
def empty_slices(x, k):
    y = x[:k]
    z = x[k:]
    return np.sum(y) * 3.0 + np.sum(z * z)


@program(sample(0), 0.5, tags="empty array")
def empty_array(x, c):
    s = c
    for v in x:
        s = s * v
    return s * c + np.sum(x)


@program(sample(4), 1, 3, tags="variable slice")
def variable_slices(x, i, j):
    y = x.copy()
    y[i:j] *= x[i - 1 : j - 1]
    for k in range(i, j + 1):
        y[k:] += 0.5 * x[: x.size - k]
    return y


@program(sample(3, 3), tags="triangular")
def triangular_solve(L):
    b = np.ones(3)
    x = np.zeros(3)
    for i in range(3):
        x[i] = (b[i] - L[i, :i] @ x[:i]) / L[i, i]
    return x


@program(sample(4, 3), tags="matrix vector mixed orders")
def fortran_and_strided(m):
    a = m.T
    return (a @ m) @ a[:, ::2] @ m[::2, 0] + a[::-1] @ m[:, 1]


# --- numbers ----------------------------------------------------------------------------------------------------------


@program(1.5, 3, tags="int float mix")
def integers_become_floats(x, n):
    total = 0
    count = 0
    for i in range(n):
        if i > 0:
            total += x**i
        count += i
    return total / count


@program(0.5, 2, -2, tags="int powers")
def powers_of_integers(x, n, k):
    return x**n + x**k + n**3 * x + 2.0**k * x


@program(normal(5), tags="bool arrays")
def boolean_arrays(x):
    positive = x > 0
    large = np.abs(x) > 0.5
    return np.sum(np.where(positive & large, x * x, np.where(~positive, 0.1 * x, x)))


@program(normal(5, seed=3), tags="counting")
def counted(x):
    n = 0
    for v in x:
        if v > 0:
            n += 1
    return np.sum(x) / n + np.sum(x > 0) * x[0]


@program(normal(4), np.array([1, -1, 1, 1]), tags="integer array arithmetic")
def signs(x, s):
    z = s * x
    counts = np.zeros(3, dtype=np.int64)
    for i in range(4):
        counts[s[i] + 1] += 1
    return np.sum(z * z * s) * counts[2] + z[0]


@program(0.8, 1.2, tags="min max ties")
def branches_meet(x, y):
    a = max(x, y) - min(x, y)
    b = max(a, 0.1, x * y)
    return min(b, 5.0) * a


@program(0.5, tags="large small")
def safe_exponentials(x):
    return math.log1p(math.exp(-50.0 * x)) + np.logaddexp(700.0 * x, 699.0) + np.expm1(1e-8 * x) * 1e8


@program(sample(3), tags="where guard")
def where_with_both_sides(x):
    return np.where(x > 0.5, np.sqrt(x), x**2) * np.where(x < 2.0, 1.0, np.log(x))


# --- recursion --------------------------------------------------------------------------------------------------------


def quicksort(a, lo, hi):
    if lo >= hi:
        return
    p = a[hi]
    i = lo
    for j in range(lo, hi):
        if a[j] < p:
            a[i], a[j] = a[j], a[i]
            i += 1
    a[i], a[hi] = a[hi], a[i]
    quicksort(a, lo, i - 1)
    quicksort(a, i + 1, hi)


@program(np.array([0.9, 0.3, 0.7, 0.5, 0.1]), tags="recursion writes")
def sorted_weights(x):
    a = x.copy()
    quicksort(a, 0, 4)
    return a[0] + 2.0 * a[1] + a[2] * a[3] + a[4] ** 2


def falling_factorial(x, n):
    return 1.0 if n <= 0 else x * falling_factorial(x - 1.0, n - 1)


def doubled_in_place(a, i):
    if i >= len(a):
        return 0.0
    a[i] *= 2.0
    return doubled_in_place(a, i + 1) * a[i] + a[i]


@program(sample(3), 3, tags="recursion writes order", compiled=False)
def recursion_reads_before_another_writes(x, n):
    """What the first call is given is read before the second call changes it."""
    a = x.copy()
    return falling_factorial(a[0], n) + doubled_in_place(a, 0)


@program(sample(3), 3, tags="recursion writes loop", compiled=False)
def factorials_in_a_loop(x, n):
    """Calls of two functions in a loop: their tapes are lists that both write, which a second reverse sweep reads."""
    s = 0.0
    for i in range(n):
        s += falling_factorial(x[i], i) * doubled_in_place(x, 1)
    return s


def fft_like(x, n, stride):
    if n == 1:
        return x[:1] * 1.0
    even = fft_like(x, n // 2, 2 * stride)
    odd = fft_like(x[stride:], n // 2, 2 * stride)
    out = np.empty(n)
    for k in range(n // 2):
        t = math.cos(math.pi * k / n) * odd[k]
        out[k] = even[k] + t
        out[k + n // 2] = even[k] - t * even[0]
    return out


@program(sample(8), tags="recursion arrays")
def recursive_transform(x):
    return fft_like(x, 8, 1)


def fold_pair(x, n):
    if n == 0:
        return x, 1.0
    a, b = fold_pair(x * 0.9, n - 1)
    return a * b + x, b * x


@program(0.8, 5, tags="recursion tuple")
def recursion_of_pairs(x, n):
    a, b = fold_pair(x, n)
    return a + b


@program(0.7, 5, tags="recursion in loop")
def recursion_in_a_loop(x, n):
    def power(t, k):
        return 1.0 if k == 0 else t * power(t, k - 1)

    s = 0.0
    for i in range(n):
        s += power(x, i) / (i + 1)
    return s


@program(spd(3), tags="recursion minors")
def determinant_by_minors(A):
    if A.shape[0] == 1:
        return A[0, 0]
    n = A.shape[0]
    total = 0.0
    for j in range(n):
        minor = np.empty((n - 1, n - 1))
        for r in range(1, n):
            for c in range(n - 1):
                minor[r - 1, c] = A[r, c if c < j else c + 1]
        total += (-1) ** j * A[0, j] * determinant_by_minors(minor)
    return total


@program(0.7, tags="conditional definition loop")
def perhaps_defined_in_a_loop(x):
    s = 0.0
    for i in range(2):
        if x > 1:
            y = np.sin(x * i)
        s += x * i
        x = np.cos(x)
        if i > 5:
            s += y * y * x
    return s


@program(sample(3), 2, tags="conditional definition loop array")
def array_defined_now_and_then(x, n):
    s = 0.0
    for i in range(n):
        if i % 2 == 0:
            t = x * (i + 1)
        s += np.sum(np.sin(t) * x)
    return s


@program(0.6, 0.7, tags="while that never runs")
def loop_that_never_runs(x, y):
    k = 2
    terms = [x]
    while k < 2:
        k += 1
        terms.append(x * x)
    for e in terms:
        y = y * 0.5 + e * y
    return y

"""Lists that are filled, changed and filtered, what is looped over, `match`, `:=`, `nonlocal` and stars."""

import functools
import math

import numpy as np

from programs_kit import program, sample

MIXED = np.array([0.3, -0.4, 0.9, 1.2])


# --- lists -----------------------------------------------------------------------------------------------------------


@program(MIXED, tags="comprehension list")
def filtered_values(x):
    return np.sum(np.array([v * v for v in x if v > 0])) + len([v for v in x if v < 0])


@program(MIXED, 2, tags="comprehension list loop", rtol=1e-5)
def nested_comprehensions(x, n):
    ys = [v * w + i for i, v in enumerate(x) for w in x[i:] if w > v]
    s = 0.0
    for y in ys:
        s = s * 0.5 + y
    return s + sum(v * w for v in x for w in x if v < 2.0) + max(v * w for v in x for w in x[:n]) + ys[-1]


@program(0.7, 4, tags="list loop")
def preallocated_lists(x, n):
    v, w = [0.0] * n, [x] * 2
    for i in range(n):
        v[i] += w[i % 2] * i
        w[(i + 1) % 2] = v[i] * x + 1.0
    z = [1.0, x] * n
    z[3] = x * w[1]
    kept = v[1:]
    v[1] = 100.0
    a = [0.0] * 3
    a[1] = x
    return v[-1] + sum(z) * kept[0] + np.sum(np.array(v)) * a[1]


def powers_up_to(x, n):
    out = []
    for i in range(n):
        out.append(x * i + x)
    return out


@program(0.7, 3, tags="list call")
def list_from_a_function(x, n):
    h = powers_up_to(x, n)
    h.append(1.0)
    return sum(h) * powers_up_to(x, n)[0] + len(powers_up_to(x, 2)) + np.sum(powers_up_to(x, n))


@program(MIXED, tags="map list")
def mapped_arrays(x):
    s = sum(map(lambda v: v * v, x))
    for w in map(math.sin, x):
        s += w
    pairs = list(map(lambda a, b: a * b, x, x[::-1]))
    pairs.append(s)
    return s + max(map(abs, x)) + pairs[0] + pairs[-1] + sum(list(x))


@program(sample(4), 3, tags="reduce")
def reduced(x, n):
    a = functools.reduce(lambda a, b: a * b + 1.0, x)
    b = functools.reduce(lambda a, b: a * b, (x[0], x[1], 2.0), 0.5)
    c = functools.reduce(lambda a, v: a + v * n, x, 0)
    return a * b + c + functools.reduce(math.hypot, [v * v for v in x])


@program(sample(4), sample(2, 3), 3, tags="loop iteration")
def what_is_looped_over(x, A, n):
    s = 1.0
    for i in range(n)[::-1]:
        s = s * x[i] + i
    for i, v in reversed(list(enumerate(x))):
        s = s * v + i
    for v in list(x):
        x[0] = x[0] * 0.5
        s += v * s
    for i, j in np.ndindex(2, n):
        s += A[i, j] * s * (i + 2 * j)
    for (i, j), v in np.ndenumerate(A):
        if i == j:
            continue
        s += v * v * i + s * j
    for k, v in enumerate(A.flat):
        s += v * k
    for v in x[::-1]:
        s = s * v + v
    return s


@program(sample(4), tags="star list")
def starred_array(x):
    a, *b, c = x
    *d, e = x
    b.append(a)
    b[0] = b[0] * c
    s = 0.0
    for i, v in enumerate(b):
        s += v * (i + 1)
    f, *g = (a, c, e)
    return s * d[1] + len(d) * e + g[0] * f


# --- assignment from within --------------------------------------------------------------------------------------------


@program(0.7, 4, tags="walrus loop")
def walrus_anywhere(x, n):
    s = 0.0
    k = 0
    while (k := k + 1) < n and (y := s * x) < 10.0:
        s += y + k * x
    if (z := s * 2) > 1 and (w := z * x) > 0:
        s += w
    t = [u * z for i in range(3) if (u := x * i) >= 0]
    return s + z + t[-1] + u + (q := s * s) * q


@program(0.7, tags="nonlocal loop branch")
def nonlocal_total(x):
    total = 0.0

    def add(v):
        nonlocal total
        total += v * x

    add(x)
    for i in range(3):
        if x > i * 0.4:
            add(total)
        else:
            add(1.0)
    while total < 5.0:
        add(total)
    return total


@program(0.7, 3, tags="nonlocal loop branch")
def nonlocal_in_branches(x, n):
    count = 0
    last = 0.0

    def step(v):
        nonlocal count, last
        if v > 1.0:
            return v
        for k in range(n):
            if k * x > 1.0:
                break
            count += 1
            last = v * x + last
        return v * count

    s = 0.0
    for i in range(4):
        s += step(i * x)
        s = s if s < 2 else step(s)
    return s + last * count + (step(x) if x > 0 else 1.0)


@program(0.7, tags="nonlocal")
def nonlocal_of_two_functions(x):
    t = x

    def a():
        nonlocal t
        u = t

        def b():
            nonlocal t, u
            t = t * x
            u += t

        b()
        b()
        return u

    return a() * t


@program(0.7, tags="nonlocal list")
def history_kept_by_a_function(x):
    h = []

    def note(v):
        h.append(v * x)

    note(x)
    for i in range(3):
        note(h[-1] + i)
    s = 0.0
    for v in h:
        s = s * x + v
    return s + len(h) * h[1]


# --- match -------------------------------------------------------------------------------------------------------------


@program(0.7, 3, tags="match loop")
def matched_numbers(x, n):
    s = 0.0
    for i in range(5):
        match i + n:
            case 0 | 1 | 3:
                s += x
            case 4:
                s *= x
                continue
            case k if k > 6:
                s += k * x * x
                break
            case k:
                s += math.sin(x * k)
    return s


@program(0.7, "a", tags="match")
def matched_pairs(x, kind):
    match (kind, x):
        case ("b", y):
            return y * x
        case (_, 0.5):
            return 2.0 * x
        case ("a", z) if z > 0:
            return z**3
    return x


@program(0.7, tags="print")
def printed(x):
    if x > 100.0:
        print(f"x = {x:.3f}", 2 * x, end="")
    return x * x


@program(sample(4), tags="list sort key comprehension slice")
def sorted_by_a_key_and_stored(a):
    pairs = [(v * v, v) for v in a if v > 0.0]
    pairs.sort(key=lambda p: -p[1])
    numbers = [a[0], a[1]]
    numbers.append(a[2] * a[3])
    numbers.sort(reverse=True)
    x = np.zeros(5)
    x[1:] = [v * numbers[0] for v in a]
    m = np.ones((4, 2))
    m[:] = [(v, v * v) for v in a]
    return pairs[0][0] * numbers[-1] + np.sum(x * x) + np.sum(m[1:] * m[:-1])


@program(sample(3), tags="list nested item inplace")
def tables_of_lists(a):
    g = [[0.0] * 3 for _ in range(3)]
    h = [[a[0], 1.0], [2.0, a[1]]]
    for i in range(3):
        for j in range(3):
            g[i][j] = a[i] * a[j]
        g[i][0] += a[1]
        h[i % 2][1] *= a[i]
    h[0][0] -= 3.0
    return g[1][2] * g[2][0] + sum(map(sum, h))


@program(sample(5), 1, 4, 0, 9, 2, tags="range slice")
def slices_of_ranges(x, a, b, first, stop, step):
    s, t = 0.0, 1.0
    for i in range(x.size)[::-2]:
        s += x[i] ** 3 * t + x[i - 1]
        t *= 0.7
    for i in range(x.size)[a:b]:
        t += np.sin(s) * x[i]
    for i in range(first, stop, step)[a:b:2]:
        s = 0.5 * s * t + 0.1 * i
    for i in range(first, stop, step)[b:a:-3]:
        t = 0.5 * np.sin(s) * t - 0.1 * i
    for i in range(stop, first, -2)[-3:-1]:
        t = np.cos(s + 0.1 * i * t)
    return s * t + len(range(first, stop, step)[1::2])


@program(sample(4), 0, -9, 9, -1, -2, tags="range slice")
def slices_of_ranges_that_go_down(x, a, b, first, stop, step):
    return slices_of_ranges(x, a, b, first, stop, step)


@program(sample(1), 7, 2, 4, 0, 1, tags="range slice")
def slices_of_empty_ranges(x, a, b, first, stop, step):
    return slices_of_ranges(x, a, b, first, stop, step)

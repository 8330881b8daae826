"""Branches, loops and exits."""

import math

import numpy as np

from programs_kit import normal, program, sample

# --- straight lines and branches -------------------------------------------------------------------------------------


@program(2.0, 5.0, tags="straight", single=True)
def survey(x1, x2):
    return np.log(x1) + x1 * x2 - np.sin(x2)


@program(0.7, tags="straight math", single=True)
def reassigned(x):
    y = x * x
    x = y + x
    y = math.sin(x) * y
    x = x * y
    return x


@program(1.3, -0.4, tags="if", single=True)
def if_else(a, b):
    if a > b:
        c = a * b
    else:
        c = a - b
    return c * c


@program(0.3, tags="if elif")
def ladder(x):
    if x < 0.0:
        y = -x
    elif x < 0.25:
        y = x * x
    elif x < 0.5:
        y = math.exp(x) * x
    else:
        y = 1.0 / x
    return y + x


@program(-0.6, tags="if return")
def guard(x):
    if x < 0:
        return 0.01 * x * x
    return x**3


@program(0.8, -1.1, tags="ifexp")
def conditional_expression(x, y):
    return (x * y if x > y else x + y) * (1.0 if y > 0 else x)


@program(0.5, 1.5, tags="if bool")
def boolean_logic(x, y):
    if x > 0 and y > 1 or x < -1:
        z = x * y
    else:
        z = x
    if not (x > y):
        z = z * z
    return z + y


@program(0.4, tags="if chained")
def chained_comparison(x):
    if -1.0 < x <= 0.5 < 2.0:
        return x * x * x
    return x


@program(0.4, True, 3, tags="if bool int")
def flags_and_counts(x, square, n):
    if square:
        x = x * x
    return x * n + x**n


@program(0.9, 2.0, tags="if nested")
def nested_branches(x, y):
    if x > 0.5:
        if y > 3:
            out = x
        else:
            out = y * x
            if out > 1:
                out *= x
    else:
        out = y
    return out * y


@program(0.9, tags="if onearm")
def only_then(x):
    y = x
    if x > 0.5:
        y = np.sin(x) * y
    return y * x


@program(0.4, None, tags="none default")
def optional_argument(x, scale=None):
    if scale is None:
        scale = 2.0
    return scale * x * x


# --- for -------------------------------------------------------------------------------------------------------------


@program(0.4, 7, tags="for")
def horner_sin(x, n):
    y = 1.0
    for i in range(n):
        y = y * x + np.sin(y)
    return y


@program(0.7, 5, tags="for index")
def power_sum(x, n):
    s = 0.0
    for i in range(n):
        s += x**i / (i + 1)
    return s


@program(0.7, 0, tags="for zerotrip")
def no_trips(x, n):
    y = x
    for _ in range(n):
        y = y * y
    return y * 3.0


@program(1.1, 3, 12, 4, tags="for step")
def strided(x, start, stop, step):
    s = x
    for i in range(start, stop, step):
        s = s * x + i
    return s


@program(sample(6), tags="for negative")
def countdown(a):
    s = 0.0
    for i in range(len(a) - 1, -1, -1):
        s = 0.5 * s * a[i] + a[i]
    return s


@program(sample(7), 6, -1, -2, tags="for negative step")
def countdown_by_two(a, start, stop, step):
    s = 1.0
    for i in range(start, stop, step):
        s *= a[i]
    return s


@program(sample(5), tags="for array")
def over_elements(a):
    s = 0.0
    for v in a:
        s += v * v * v
    return s


@program(sample(4, 3), tags="for rows")
def over_rows(m):
    s = 0.0
    for row in m:
        p = 1.0
        for v in row:
            p *= v
        s += p
    return s


@program(sample(5), tags="for enumerate")
def enumerated(a):
    s = 0.0
    for i, v in enumerate(a):
        s += (i + 1) * v**2
    return s


@program(sample(5), tags="for enumerate start")
def enumerated_from_one(a):
    s = 0.0
    for i, v in enumerate(a, 1):
        s += v**i
    return s


@program(sample(5), sample(5, seed=1), tags="for zip")
def zipped(a, b):
    s = 0.0
    for x, y in zip(a, b):
        s += x * y * y
    return s


@program(sample(4), sample(6, seed=1), tags="for zip")
def zip_of_unequal_lengths(a, b):
    s = 0.0
    for x, y in zip(a, b):
        s += math.atan2(x, y)
    return s


@program(0.8, tags="for tuple")
def over_a_tuple(x):
    s = 0.0
    for c in (1.0, -2.0, 0.5):
        s = s * x + c
    return s


@program(0.6, 3, 4, tags="for nested")
def nested_loops(x, n, m):
    s = x
    for i in range(n):
        t = s
        for j in range(m):
            t = t * x + 0.1 * j
        s = s + np.sin(t)
    return s


@program(0.6, 5, tags="for nested triangular")
def triangular_loops(x, n):
    s = 0.0
    for i in range(n):
        for j in range(i):
            for k in range(j, i):
                s += np.cos(x * k) * x
    return s


@program(sample(6) - 0.7, 0.7, tags="for if")
def leaky(x, w):
    s = 0.0
    for i in range(x.size):
        z = x[i] * w
        if z > 0.0:
            s += z * z
        else:
            s += 0.1 * z
    return s


@program(0.5, 6, tags="for carried swap")
def fibonacci_like(x, n):
    a, b = x, 1.0 + x
    for _ in range(n):
        a, b = b, a * b + x
    return a


@program(0.5, tags="for leftover")
def loop_variable_after_loop(x):
    s = 0.0
    for i in range(5):
        t = x * i
        s += t * t
    return s + t * i


@program(0.5, 4, tags="for int carried")
def integer_and_float_carried(x, n):
    k = 1
    y = 0
    for i in range(n):
        k = k * 2
        y = y + k * x**2
    return y


# --- while, break, continue, return ----------------------------------------------------------------------------------


@program(3.0, tags="while break")
def newton_sqrt(a):
    x = a
    while True:
        step = (x * x - a) / (2.0 * x)
        x = x - step
        if abs(step) < 1e-12:
            break
    return x


@program(1.7, tags="while")
def halve(x):
    y = x * x
    while y > 0.3:
        y = y * 0.5 * x / (1 + 0.1 * x)
    return y


@program(1.7, 20, tags="while and")
def two_conditions(x, limit):
    n = 0
    y = x
    while y < 50.0 and n < limit:
        y = y * 1.5 + np.sin(y)
        n += 1
    return y * n


@program(1.3, tags="while nested")
def nested_whiles(x):
    s = 0.0
    a = x
    while a > 0.1:
        b = a
        while b < 1.0:
            b = b * 1.7
            s += b * x
        a = a * 0.6
    return s


@program(sample(8), 1.5, tags="for break")
def until_the_sum_passes(a, limit):
    s = 0.0
    for v in a:
        s += v * v
        if s > limit:
            break
    return s * s


@program(normal(8), tags="for continue")
def skip_negatives(a):
    s = 0.0
    for v in a:
        if v < 0:
            continue
        s += v * np.exp(v)
    return s


@program(sample(4, 4), 1.0, tags="for return nested")
def return_from_nested_loops(m, limit):
    s = 0.0
    for i in range(m.shape[0]):
        for j in range(m.shape[1]):
            s += m[i, j] ** 2
            if s > limit:
                return s * m[i, j]
    return s


@program(sample(4, 4), 1e9, tags="for return nested untaken")
def return_never_taken(m, limit):
    s = 0.0
    for i in range(m.shape[0]):
        for j in range(m.shape[1]):
            s += m[i, j] ** 2
            if s > limit:
                return s * m[i, j]
    return s / 2


@program(sample(6), tags="for else break")
def for_else(a):
    s = 0.0
    for v in a:
        s = s + v * v
        if s > 100.0:
            break
    else:
        s = s * 2.0 * a[0]
    return s


@program(0.9, tags="while else")
def while_else(x):
    n = 0
    y = x
    while n < 4:
        y = y * x + 1.0
        n += 1
        if y < -10:
            break
    else:
        y = y * y
    return y


@program(0.7, tags="while break continue return")
def every_exit(x):
    s = x
    i = 0
    while i < 30:
        i += 1
        if i % 3 == 0:
            continue
        for j in range(i):
            if j == 4:
                break
            s = s + 0.01 * x * j
            if s > 2.2:
                return s * s * x
        if i > 20:
            break
    return s


@program(0.3, 0.5, 60, tags="while escape")
def mandelbrot_escape(cx, cy, limit):
    zx, zy = 0.0, 0.0
    n = 0
    while zx * zx + zy * zy < 4.0:
        zx, zy = zx * zx - zy * zy + cx, 2.0 * zx * zy + cy
        n += 1
        if n >= limit:
            break
    return math.log(1.0 + zx * zx + zy * zy) + zx


@program(sample(5), 3, tags="for continue carried")
def skip_one(a, skip):
    y = 1.0
    for i in range(len(a)):
        if i == skip:
            continue
        y = y * a[i] + 1.0
    return y


@program(0.4, tags="if return loops")
def collatz_flavoured(x):
    n = 7
    y = x
    while n != 1:
        if n % 2 == 0:
            n //= 2
            y = y * x + 1.0
        else:
            n = 3 * n + 1
            y = y + x * x
    return y


@program(0.35, tags="while bool flag")
def flag_controlled(x):
    done = False
    y = 1.0
    count = 0
    while not done:
        y = y * (1.0 + x)
        count += 1
        done = y > 3.0 or count >= 50
    return y


@program(1.2, tags="assert raise")
def checked_input(x):
    assert x > 0, "x must be positive"
    if x > 100:
        raise ValueError("too large")
    return np.log(x) * x


@program(0.6, tags="pass docstring annotations")
def well_documented(x: float, n: int = 3) -> float:
    """Compute something, with the ornaments of careful code."""
    total: float = 0.0
    for k in range(n):
        if k == 1:
            pass
        total += x ** (k + 1)
    return total


@program(sample(4), tags="read before assigned loop branch")
def previous_value(x):
    total = 0.0
    for k in range(x.size):
        if k > 0:
            total += before * before * x[k]
        before = np.sin(x[k])
    return total


@program(sample(3), tags="read before assigned nested array")
def previous_array(x):
    total = 0.0
    for k in range(3):
        for i in range(x.size):
            if i > 0 or k > 0:
                total += np.sum(p * x[i])
            p = x * x[i]
    return total + p[0]


@program(0.7, tags="read before assigned while expression")
def previous_in_an_expression(x):
    k = 0
    s = 0.0
    while k < 4:
        s += x if k == 0 else last * x
        last, k = s * x, k + 1
    return s * last


@program(0.5, sample(4), tags="for nested unbound")
def an_inner_loop_reads_what_the_trip_before_assigned(x, a):
    s = x
    for i in range(3):
        if i > 0:
            for k in range(2):
                s = np.sin(v) + 0.1 * k
        v = s * a[i]
        for k in range(i):
            s += np.cos(w) * v
        w = s * a[i + 1]
    return s

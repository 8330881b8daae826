"""Programs that try the corners of lowering: each is run as Python and as a trace, and must do the same."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

CASES: list[tuple[Callable[..., Any], tuple[Any, ...]]] = []


def case(*argument_lists):
    """Try the decorated function with each of these tuples of arguments."""

    def enter(fn):
        CASES.extend((fn, args) for args in argument_lists)
        return fn

    return enter


a5 = np.arange(1.0, 6.0)
a24 = np.arange(1.0, 25.0)
m34 = np.arange(12.0).reshape(3, 4) / 7
K = 3
KF = 2.5
TAB = np.array([1.0, 2.0, 3.0])
TUP = (1.5, 2.5, -1.0)
NPF = np.float64(0.25)
LST = [0.5, 0.25]


@case((1.0,), (-1.0,), (5.0,))
def return_in_one_inner_branch(x):
    if x < 0:
        r = -1.0
    else:
        if x > 3:
            return x * 2
        r = x
    return r + 1


@case((0,), (1,), (3,), (10,))
def break_continue_else_nested(n):
    s = 0.0
    for i in range(n):
        if i == 2:
            continue
        if i == 7:
            break
        for j in range(i):
            if j == 3:
                break
            if j == 1:
                continue
            s += i * j
        else:
            s += 100
        s += 1
    else:
        s += 1000
    return s


@case((0,), (1,), (3,), (10,))
def while_else_return(n):
    i = 0
    while i < n:
        i += 1
        if i % 2 == 0:
            continue
        if i > 5:
            return i * 10
    else:
        return -1
    return 5


@case((0,), (1,), (5,))
def endless_return_or_break(n):
    while True:
        n += 1
        if n > 4:
            if n % 2:
                return n
            else:
                break
    return n * 100


@case((0,), (1,), (5,))
def endless_nested(n):
    k = 0
    while True:
        while True:
            k += 1
            if k > n:
                return k
            if k % 3 == 0:
                break
        if k > 6:
            break
    return -k


@case((0, 1.0), (4, 2.0))
def loop_variables_read_after(n, x):
    for i in range(n):
        y = x * i
    if n > 0:
        return y + i
    return x


@case((3,), (-1,), (0,))
def for_else_without_break(n):
    x = 0
    for i in range(n):
        x += i
    else:
        x += 0.5
    return x


@case((1.0, 2.0), (2.0, 1.0), (-1.0, -2.0))
def and_or_of_values(x, y):
    return (x and y) or 3.0


@case((1, 2), (0, 1), (2, 0))
def and_or_of_mixed_numbers(x, y):
    return (x or y) + (x and 1.5)


@case((1.0,), (0.5,), (3.0,))
def long_comparison_chain(x):
    return 0 < x < 2 != 7 > x


@case((1.0,), (-2.0,))
def nested_conditional_expression(x):
    z = -1 if x < 0 else 1 if x == 0 else 2.5
    return z * x


@case(
    (1.0, 2.0),
)
def unpacking_targets(x, y):
    x, y = y, x
    (a, b), c = (x, y), x * y
    [d, e] = a, b
    return d - e + c


@case((a5.copy(),))
def array_unpacked(x):
    a, b, c, d, e = x
    return a * b - c * d + e


@case((a5.copy()[:3],))
def array_unpacked_wrongly(x):
    a, b = x
    return a


@case((m34.copy(),))
def rows_unpacked_are_views(m):
    a, b, c = m
    a[0] = 5.0
    return a @ b + c.sum()


@case((a5.copy(), m34.copy()[:2]))
def enumerate_of_zip(x, m):
    s = 0.0
    for i, (r, v) in enumerate(zip(m, x)):
        s += i * v * r[i]
    return s


@case((4,), (0,), (7,))
def reversed_ranges(n):
    s = 0
    for i in reversed(range(n)):
        s = s * 2 + i
    for i in reversed(range(1, n, 2)):
        s = s * 3 + i
    for i in reversed(range(n, 0, -1)):
        s = s * 3 + i
    for i in reversed(range(n, -n, -3)):
        s = s * 5 + i
    for i, j in enumerate(reversed(range(n, -n, -3)), 2):
        s = s * 3 % 10007 + i * j
    for i, j in zip(range(3, n), range(n, 0, -1)):
        s += i * j
    return s


@case((4, 3, -2), (0, 9, 4), (9, 0, -1))
def any_step(a, b, st):
    s = 0
    for i in range(a, b, st):
        s = s * 7 + i
    for i in reversed(range(a, b, st)):
        s = s * 5 + i
    return s


@case((a5.copy(),))
def reversed_arrays(x):
    s = 1.0
    for v in reversed(x):
        s = s / 2 + v
    for v in x[::-2]:
        s = s / 3 + v
    for i, v in enumerate(reversed(x)):
        s += i * v
    return s


@case((1.0, 2), (2.0, 3))
def types_joined_or_raise(x, n):
    if n == 2:
        y = x
        z = 1
    elif n == 3:
        y = n
        z = 0.5
    else:
        raise ValueError("bad n")
    return y * z


@case((1.0,), (-1.0,))
def raise_with_computed_message(x):
    if x < 0:
        raise ValueError(f"x is {x}")
    return math.sqrt(x)


@case((1.0,), (-1.0,))
def assert_with_message(x):
    assert x > 0, "neg"
    return x


@case((1.0,), (-1.0,))
def assert_without_message(x):
    assert x > 0
    return x


def helper(a, b=2.0, *rest, c=1.0):
    s = a * b * c
    for r in rest:
        s += r
    return s


@case((1.5,))
def all_kinds_of_arguments(x):
    return helper(x) + helper(x, x) + helper(x, x, x, 2.0) + helper(x, c=x) + helper(b=x, a=1) + helper(*(x, 3.0))


@case((1.5,))
def default_evaluated_once(x):
    def g(y, k=x * 2):
        return y * k + x

    x = x + 1
    return g(x)


@case((1.5, 3), (1.5, 0))
def loop_over_functions(x, n):
    fs = (math.sin, lambda z: z * x, np.exp)
    s = 0.0
    for f in fs:
        for i in range(n):
            s += f(x * i)
    return s


@case((2.0,))
def static_branch_not_lowered(x):
    return {"a": x} if K == 4 else x


@case((2.0,))
def globals_of_all_kinds(x):
    return KF * x + K + TAB[1] + TUP[2] * x + NPF + sum(LST)


@case((5,), (1,), (0,))
def inner_recursion(n):
    def fact(k):
        if k <= 1:
            return 1
        return k * fact(k - 1)

    return fact(n)


@case((5, 2.0), (1, 3.0), (0, 1.0))
def inner_recursion_with_captures(n, x):
    def f(k):
        if k <= 1:
            return x
        return x * k + f(k - 1) * y

    y = x + 1
    return f(n)


@case((5,), (4,))
def inner_mutual_recursion(n):
    def even(k):
        return True if k == 0 else odd(k - 1)

    def odd(k):
        return False if k == 0 else even(k - 1)

    return even(n)


@case((a5.copy(),))
def recursion_over_views(x):
    def total(v):
        if v.size == 1:
            return v[0]
        h = v.size // 2
        return total(v[:h]) + total(v[h:]) * 2

    return total(x)


@case((a5.copy(),))
def aliases_and_augmented(x):
    y = x
    y += 1
    z = x[1:3]
    z *= 2
    y = y * 2
    y += 1
    x[0] -= 3
    return y.sum() + z.sum()


@case((a5.copy(), 3))
def swapped_buffers(x, n):
    y = x.copy()
    for i in range(n):
        y += x
        x, y = y, x
    return (x * a5).sum()


@case((1.0, 3), (1.0, 0))
def maybe_assigned_in_loop(x, n):
    a = x
    b = 0
    for i in range(n):
        t = a * 2
        a = t + b
        if i > 1:
            b = t
    return a + b


@case(
    (1.0, 3),
)
def none_then_number(x, n):
    r = None
    if r is None:
        r = x
    if n is not None:
        r *= 2
    return r


@case(
    (1.0, 3),
)
def loop_variable_reassigned(x, n):
    s = 0.0
    i = 10
    for i in range(n):
        i = i * 2
        s += i
    return s + i


@case((7,), (8,))
def walrus_in_while(n):
    s = 0
    while (k := n // 2) > 0:
        s += k
        n = k
    return s


@case((7.0,), (1.0,))
def walrus_in_and(x):
    if (y := x * 2) > 5 and (z := y + 1) > 0:
        return y * z
    return y


@case((3.0,), (-3.0,))
def boolean_values(x):
    sign = 1 if x > 0 else -1
    ok = x > 0
    ok2 = not ok or x > 5
    k = 0
    if ok and not ok2:
        k += 1
    if ok2 ^ ok:
        k += 2
    return sign * k


@case(
    (4,),
)
def unused_inner_function(n):
    def gen(f, k):
        if k == 0:
            return f
        return gen(lambda z: f(z) + 1, k - 1)

    return n


class S(NamedTuple):
    a: float
    b: float = 2.0


@case((S(1.0, 2.0), 4), (S(1.0, 3.0), 0))
def namedtuple_carried(s, n):
    for i in range(n):
        s = S(s.a + s.b, b=s.b * 0.5)
        if s.a > 3:
            s = s._replace(a=0.0)
    return s


@case(((1.0, (2.0, 3.0)), 3))
def nested_tuple_carried(p, n):
    for _ in range(n):
        a, (b, c) = p
        p = (b, (c, a + b))
    return p


@case((2.0,))
def unrolled_with_exits(x):
    total = 0.0
    for i, c in enumerate((1, 2.0, x), 1):
        if c == 2.0:
            continue
        if c == 5.0:
            break
        total += c**i
    else:
        total += 10
    return total


@case((2.0,), (5.0,), (1.0,))
def unrolled_with_return(x):
    for c in (1.0, 2.0, 3.0):
        if c == x:
            return c * 100
    return x


@case((2.0,), (5.0,), (1.0,))
def unrolled_inside_loop(x):
    for i in range(3):
        for c in (1.0, 2.0, 3.0):
            if c == x:
                break
            x += 0.5
        else:
            x += 100
            continue
        x *= 2
    return x


@case(
    (2.0,),
)
def comprehensions(x):
    v = [x * k for k in range(3) if k != 1]
    w = [a * b for a in (1, 2) for b in v]
    return sum(w) + len(w) + v[-1]


@case((3,), (0,))
def first_assigned_in_first_trip(n):
    s = 0.0
    for i in range(n):
        if i == 0:
            prev = 1.0
        s += prev
        prev = s
    return s


@case(
    (
        1.0,
        2,
    ),
    (3.0, 4),
    (9.0, 2),
)
def returns_in_nested_branches_of_loop(x, n):
    """doc"""
    res = 0.0
    for i in range(n):
        if x > 2:
            if x > 8:
                return res
            x -= 1
            if i == 1:
                continue
            res += x
        else:
            res -= 1
        res *= 2
    return res + x


@case((6.0,), (0.5,))
def condition_of_three(x):
    n = 0
    while x > 1 and n < 10 or x == 0.5:
        x /= 2
        n += 1
    return x, n


@case((a5.copy(), 3.0), (a5.copy(), 30.0), (a5.copy(), 1.0))
def search_with_guarded_index(x, v):
    i = 0
    while i < len(x) and x[i] != v:
        i += 1
    return i


@case((3,), (20,))
def tuple_returned_from_inner_loop(n):
    a = 0
    b = 1
    for i in range(n):
        a, b = b, a + b
        if b > 100:
            for j in range(3):
                b += j
                if b % 7 == 0:
                    return a, b
            break
    return b, a


@case((3.0,), (-3.0,), (0.1,))
def callee_with_many_returns(x):
    def inner(y):
        if y > 1:
            return y, 1
        for i in range(5):
            y += 0.5
            if y > 0.3:
                return y, i
        return y * 2, 0

    a, k = inner(x)
    b, _ = inner(a - 1)
    return a * b + k


@case((3.0,), (-3.0,))
def callee_that_may_raise(x):
    def check(v):
        if v < 0:
            raise ValueError("neg")
        return v

    return check(x) * 2


@case((3.0,), (-3.0,))
def callee_that_always_raises(x):
    def fail():
        raise RuntimeError("boom")

    y = x if x > 0 else fail()
    return y * 2


@case((2, 3), (0, 1))
def arithmetic_of_bools(a, b):
    x = a > 1
    y = b > 2
    z = x and y
    w = x or b > 0
    return z + w + (x == y)


@case((m34.copy(),))
def rows_written_while_looping(m):
    s = 0.0
    for row in m:
        for j, v in enumerate(row):
            if v > 1:
                break
            s += v * j
        row[0] = s
    return m.sum()


@case((1.0, 4), (1.0, 0))
def int_becomes_float_in_loop(x, n):
    y = 0
    for i in range(n):
        z = 0
        for j in range(i):
            z = z + x * j
        y = y + z
    return float(y)


@case(
    (5,),
)
def del_annotations_augmented(n):
    del_me = 3
    del del_me
    k: int = 4
    k **= 2
    k //= 3
    k <<= 1
    k |= 1
    k %= 7
    return k + n


@case((1.5,))
def local_imports(x):
    import math as mm
    from math import cos as co
    from math import sin

    return mm.exp(x) + sin(x) * co(x)


@case((2.0,), (0.0,))
def lambdas_with_defaults(x):
    f = np.sin if K == 3 else np.cos
    g = lambda *a: a[0] * a[-1]
    h = lambda y, z=x: y - z
    return f(x) + g(x, 2, 3) + h(1) + h(1, z=3)


@case((2.0, 3), (2.0, 0))
def continue_after_semicolon(x, n):
    while n > 0:
        n -= 1
        if n == 1:
            x = x * 2
            continue
        x += 1
    return x


@case((2.0, 3), (2.0, 0))
def returns_after_elif(x, n):
    if n == 0:
        return x
    elif n == 1:
        pass
    else:
        x = x * 2
        if x > 3:
            x = x + 1
            if x > 4:
                return x * x
    x = x - 1
    return x


@case((2,), (3,), (7,))
def primes(n):
    # primes with for/else inside
    count = 0
    for k in range(2, n * 3):
        for d in range(2, k):
            if k % d == 0:
                break
        else:
            count += k
    return count


@case((2.0, 5), (0.5, 5))
def argmax_by_hand(x, n):
    out = np.zeros(n)
    best = -1.0
    arg = -1
    for i in range(n):
        out[i] = x**i
        if out[i] > best and i != 3:
            best = out[i]
            arg = i
    return out, best, arg


def apply(f, x):
    return f(x)


@case((2.0,))
def function_inside_itself_by_argument(x):
    return apply(lambda z: apply(math.sin, z) + apply(lambda w: w * x, z), x)


def _mk(k):
    def g(x):
        return x * k

    return g


G2 = _mk(2.0)
G3 = _mk(3.0)


@case((2.0,))
def closures_of_one_code(x):
    return G2(x) + G3(x)


@case((2.0,), (-1.0,))
def inner_function_per_branch(x):
    if x > 0:

        def f(z):
            return z + 1

        r = f(x)
    else:

        def f(z):
            return z - 1

        r = f(x)
    return r


@case((3,), (6,))
def integer_condition(n):
    i = n
    while i:
        i -= 1
        if i == 4:
            break
    else:
        i = 99
    return i


@case((3, 1.0), (6, 2.0))
def max_carried(n, x):
    s = 0
    for i in range(n):
        try_ = i * x
        s = max(s, try_)
    return s


@case((1.0, 2.0, 3.0))
def star_args(a, b, c):
    return added_up(a, b, c)


def added_up(*xs):
    s = 0.0
    for k, v in enumerate(xs):
        s += k * v
    return s


@case((0.3,), (2.3,))
def flag_carried(x):
    flag = False
    while not flag:
        x += 1
        if x > 3:
            flag = True
    return x, flag


@case((True, 1.0), (False, 2.0))
def length_from_branch(flag, x):
    n = 3 if flag else 5
    y = np.zeros(n)
    for i in range(n):
        y[i] = x * i
    return y


@case((2,), (5,))
def tuple_items_joined(n):
    t = (1.0, 2.0)
    for i in range(n):
        t = (t[1], t[0] + t[1])
    if n > 3:
        t = (0, t[1])
    return t


@case((2.0,), (3.0,))
def endless_with_return(x):
    while True:
        x = x * 2
        if x > 10:
            return x


@case(
    (2.0, 3),
)
def return_from_three_loops(x, n):
    s = 0.0
    for i in range(n):
        for j in range(n):
            if j > i:
                break
            if (i + j) % 2:
                continue
            for k in range(2):
                if k == 1 and i == 2:
                    return s
                s += x * k + j
    return s


@case((a24,), (a24[:0],))
def list_looped(x):
    ts = []
    for v in x:
        ts.append(v * v)
    s = 0.0
    for i, v in enumerate(ts):
        s += v * i
    return s + len(ts)


@case((a24,))
def list_indexed_and_reduced(x):
    ts = []
    for v in x:
        if v > 3:
            ts.append(v)
        if len(ts) > 15:
            break
    ts[0] = 7.0
    ts[-1] += 2.0
    return np.array(ts) * 2, sum(ts), np.mean(ts), max(ts)


@case((5,), (1,))
def list_as_stack(n):
    stack = [n]
    total = 0
    while stack:
        k = stack.pop()
        total += k
        if k > 1:
            stack.append(k - 1)
            if k > 3:
                stack.append(k - 2)
    return total


@case((1.5,))
def list_literal_appended(x):
    ts = [x, x * 2]
    ts.append(3.0)
    ts.extend([1.0, x])
    y = ts.pop()
    return ts[1] + y + ts[-1] * ts[2]


@case((3,))
def list_per_row(n):
    best = 0.0
    for i in range(n):
        row = []
        for j in range(i + 1):
            row.append(j * 1.5)
        best += sum(row)
    return best


@case((a24,))
def list_of_history(x):
    h = [0.0]
    for v in x:
        h.append(h[-1] * 0.5 + v)
    return np.array(h)


@case((3,))
def list_popped_too_often(n):
    s = [1]
    s.pop()
    s.pop()
    return n


@case((3, a5), (0, a5))
def else_clause_of_an_outer_loop(n, arr):
    s = 0.0
    for p in arr:
        while True:
            break
        else:
            s += 100.0
        if n * p > 8:
            break
        s += p
    else:
        s = -s
    return s


@case((3, 1.0), (9, 1.0), (0, 1.0))
def integers_and_floats_returned_from_loops(n, x):
    for i in range(n):
        while True:
            x = x * 1.5
            if x > 10:
                return 7
            if i < 4:
                break
        else:
            return x
        if x > 5 and n > 5:
            return x
    return 0.5


@case((2.0, 3), (2.0, 0))
def variable_that_may_be_unassigned(x, n):
    for i in range(n):
        if i == 1:
            found = x * i
    if n > 1:
        return found
    return x


@case((1.0,), (7.0,))
def long_table(x):
    s = 0.0
    for c in (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0, 17.0, 18.0, 19.0):
        s = s * 0.5 + c * x
    return s


@case((a24, 3), (a24[:2], 0))
def sums_of_comprehensions(x, n):
    whole = sum(v * v for v in x) + sum(x[i] * i for i in range(n))
    some = sum(v if v > 3 else -v for v in x if v > 2 if v < 20)
    return whole + some + sum([x[0] * i for i in range(3)], 1.5) + sum(i for i in range(100))


@case((a24, 3), (a24[:2], 1))
def lists_of_computed_length(x, n):
    ys = [math.sin(v) * n for v in x]
    ys.append(n * 1.0)
    zs = np.array([y * 2 for y in ys])
    zs[0] = ys[-1]
    return zs, len(ys), max([i * 2 for i in range(n)]), len([1 for v in x]), any(v > 23 for v in x)


@case((a24,))
def comprehension_in_comprehension(x):
    f = lambda v: v * x[1]
    ys = [f(v) + sum(x[j] for j in range(i)) for i, v in enumerate(x)]
    i = 5
    return ys[2] * i


@case((m34,))
def arrays_from_rows(m):
    return np.array([sum(r) for r in m]) + np.array([r.max() for r in m])


@case((a5,))
def list_made_an_array_is_a_copy(x):
    ys = [v * 2 for v in x]
    ys.append(1.0)
    zs = np.asarray(ys)
    ys[0] = 100.0
    return zs


@case((3, a5, 1.0), (0, a5, 2.0))
def value_kept_where_the_loop_continues(n, arr, x):
    c = 1.0
    s = 0.0
    for p in arr:
        s += c * p
        if n:
            pass
        else:
            if c > 0:
                continue
            c = s
        c = x - 1
    return c + s


@case((2.0,), (0.0,))
def warnings_switched_off(x):
    with np.errstate(divide="ignore"):
        if x > 1:
            y = x * 2
        else:
            y = np.float64(1.0) / x
    return y


@case((3, 1.0), (0, 1.0), (1, 2.0))
def unbound_after_a_loop(n, x):
    for i in range(n):
        if x > 0:
            y = x * i
    return y


@case((True, True, 1.0), (True, False, 1.0), (False, False, 1.0), (False, True, 2.0))
def unbound_in_correlated_branches(p, q, x):
    if p:
        y = x * 2
    x += 1.0
    if q:
        x = x * y
    return x


@case((3, 1.0), (0, -1.0), (4, -1.0))
def unbound_of_two_types(n, x):
    for i in range(n):
        if i == 2:
            y = 1
        elif i == 3:
            y = 0.5
        if x > 0 and i > 2:
            x += y
    return x + y


@case((3.0,), (-3.0,), (0.5,))
def bound_wherever_it_is_read(x):
    if x > 0:
        if x < 1:
            return x
        y = x * 2
    else:
        y = x
    for k in range(2):
        z = y * k
    return y + z + k

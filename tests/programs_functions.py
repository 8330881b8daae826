"""Calls, closures, recursion, and structured arguments and results."""

import functools
import math
from typing import NamedTuple

import numba
import numpy as np

from programs_kit import normal, program, sample

GRAVITY = 9.81
WEIGHTS = np.array([0.2, 0.5, 0.3])


class State(NamedTuple):
    position: float
    velocity: float


class Params(NamedTuple):
    w: np.ndarray
    b: float


# --- helpers that programs call --------------------------------------------------------------------------------------


def square(x):
    return x * x


@numba.njit
def cube(x):
    return x * x * x


def softplus(x):
    if x > 30.0:
        return x
    return math.log1p(math.exp(x))


def divide(a, b):
    return a / b, a - b


def scaled(x, factor=2.0, *, offset=0.0):
    return factor * x + offset


def add_one_to_first(a, amount):
    a[0] += amount
    return a[0] * 2.0


def simpson(f, a, b, n):
    h = (b - a) / n
    s = f(a) + f(b)
    for i in range(1, n):
        s += (4.0 if i % 2 else 2.0) * f(a + i * h)
    return s * h / 3.0


# --- calls -----------------------------------------------------------------------------------------------------------


@program(0.7, tags="call")
def calls_python(x):
    return square(x) + square(square(x) + x)


@program(0.7, tags="call njit")
def calls_njit(x):
    return cube(x) * square(cube(x))


@program(0.7, tags="call branch return")
def calls_with_early_return(x):
    return softplus(x) * softplus(-x) + softplus(x * 50.0)


@program(1.1, 0.6, tags="call tuple unpack")
def calls_for_two(a, b):
    q, d = divide(a, b)
    r, _ = divide(q, d)
    return q * d + r


@program(0.7, tags="call keyword default")
def calls_with_keywords(x):
    return scaled(x) * scaled(x, 3.0) + scaled(factor=x, x=0.5) * scaled(x, offset=x)


@program(0.7, 0.2, tags="nested closure")
def nested_function(x, a):
    def g(t):
        return a * t * t

    return g(x) + g(g(x))


@program(0.7, tags="lambda")
def lambdas(x):
    f = lambda t: t * math.sin(t)  # noqa: E731
    return f(x) + (lambda a, b: a * b)(x, f(x))


@program(0.2, 1.3, tags="function argument")
def integral_of_a_lambda(a, b):
    return simpson(lambda t: math.exp(-t * t) * b, a, b, 8)


@program(0.2, 1.3, tags="function argument")
def integral_of_a_function(a, b):
    return simpson(cube, a, b, 6) + simpson(np.sin, a, b, 6)


@program(0.6, tags="closure chain")
def composed(x):
    def compose(f, g):
        return lambda t: f(g(t))

    h = compose(square, compose(math.sin, square))
    return h(x)


@program(0.6, tags="global scalar")
def uses_a_global(v):
    return v * v / (2.0 * GRAVITY)


@program(sample(3), tags="global array")
def uses_a_global_array(x):
    s = 0.0
    for i in range(3):
        s += WEIGHTS[i] * x[i] ** 2
    return s + np.dot(WEIGHTS, x)


@program(sample(4), 0.3, tags="call mutation")
def helper_writes(x, c):
    a = x * 2.0
    r = add_one_to_first(a, c * c)
    return r + a[0] * a[1] + np.sum(a)


def make_polynomial(a, b, c):
    def quadratic(x):
        return (a * x + b) * x + c

    return quadratic


program(0.4, tags="closure made")(make_polynomial(2.0, -1.0, 0.5))


def power_law(a, x, n):
    return a * x**n


partial_power = functools.partial(power_law, 1.5, n=3.0)
partial_power.__name__ = "partial_power"
program(0.8, tags="partial")(partial_power)

anonymous = lambda x, y: x * np.exp(-y * x)  # noqa: E731
anonymous.__name__ = "anonymous"
program(0.8, 0.3, tags="lambda")(anonymous)


@numba.njit
def compiled_already(x, y):
    s = 0.0
    for i in range(3):
        s += x ** (i + 1) * y
    return s


program(0.8, 0.3, tags="njit")(compiled_already)


# --- recursion -------------------------------------------------------------------------------------------------------


@program(0.9, 6, tags="recursion linear")
def power_by_recursion(x, n):
    if n == 0:
        return 1.0
    return x * power_by_recursion(x, n - 1)


@program(1.1, 10, tags="recursion binary")
def power_by_squaring(x, n):
    if n == 0:
        return 1.0
    half = power_by_squaring(x, n // 2)
    if n % 2 == 0:
        return half * half
    return half * half * x


@program(0.4, 6, tags="recursion tree")
def fib_tree(x, n):
    if n < 2:
        return x * (n + 1) + math.sin(x)
    return fib_tree(x, n - 1) * 0.5 + fib_tree(x, n - 2) * x


@program(sample(8), 0, 8, tags="recursion array")
def pairwise_sum(a, lo, hi):
    if hi - lo == 1:
        return a[lo] * a[lo]
    mid = (lo + hi) // 2
    return pairwise_sum(a, lo, mid) + pairwise_sum(a, mid, hi) * 1.5


def is_even_step(x, n):
    if n == 0:
        return x
    return is_odd_step(x * 1.1, n - 1)


def is_odd_step(x, n):
    if n == 0:
        return x * x
    return is_even_step(math.sin(x), n - 1)


@program(0.5, 5, tags="recursion mutual")
def mutual_recursion(x, n):
    return is_even_step(x, n)


# --- tuples and named tuples -----------------------------------------------------------------------------------------


@program(0.4, 0.9, tags="tuple out")
def rotate(x, y):
    return x * np.cos(y), x * np.sin(y)


@program((0.4, 0.9), tags="tuple in")
def tuple_in(p):
    x, y = p
    return x * y + y * y


@program((0.4, (0.9, sample(3))), tags="tuple nested")
def nested_tuple_in(p):
    a, (b, c) = p
    return a * b + c[0] * c[1] * c[2] * b


@program(0.4, sample(3), tags="tuple nested out")
def nested_tuple_out(x, a):
    y = x * a
    return x * x, (y, np.sum(y))


@program(State(0.3, 1.1), 0.1, tags="namedtuple in out")
def euler_step(state, dt):
    accel = -np.sin(state.position)
    return State(state.position + dt * state.velocity, state.velocity + dt * accel)


@program(State(0.3, 1.1), tags="namedtuple dictionary")
def fields_by_name(state):
    s = 0.0
    for k, (name, value) in enumerate(state._asdict().items()):
        if name == state._fields[1]:
            s += value**2
        s += k * value
    return s * len(state._fields)


@program(State(0.3, 1.1), 0.1, 5, tags="namedtuple loop")
def euler_steps(state, dt, n):
    for _ in range(n):
        state = euler_step(state, dt)
    return state.position * state.velocity


@program(Params(sample(3), 0.4), normal(5, 3), tags="namedtuple array")
def linear_model(params, X):
    r = X @ params.w + params.b
    return np.sum(r * r)


@program(0.3, 0.8, tags="tuple swap rotate")
def swaps(a, b):
    c = a * b
    a, b = b, a
    a, b, c = b * c, c, a
    (a, b), c = (b, c), a
    return a * b + c


@program(0.3, 0.8, tags="tuple index")
def tuple_indexing(a, b):
    t = (a, b, a * b)
    u = t[1:] + (a,)
    return t[0] * t[-1] + u[0] * u[2] + len(u)


@program(0.3, 0.8, tags="multiple targets")
def chained_assignment(a, b):
    x = y = a * b
    x += 1.0
    return x * y


@program(0.5, 2, tags="int result")
def with_an_integer_result(x, n):
    return x * n, n * 2


@program(0.5, tags="aliased scalars")
def same_value_twice(x):
    y = x * x
    return y, y


@program(sample(3), tags="aliased result")
def returns_its_argument(x):
    return x


@program(sample(3), tags="aliased result tuple")
def returns_the_same_array_twice(x):
    y = x * x
    return y, y


@program(0.5, 0.1, tags="constant result")
def ignores_an_argument(x, unused):
    return x * 3.0 + 0.5


@program(0.5, tags="constant result", second=False)
def constant(x):
    return 4.0


WEIGHTS = np.array([0.5, 1.5, -0.7])


def weighted_at_the_bottom(v, depth):
    if depth == 0:
        return np.sum(v * WEIGHTS)
    return weighted_at_the_bottom(v * v, depth - 1) * v[0]


@program(sample(3), tags="recursion global array")
def recursion_to_a_global_array(x):
    return weighted_at_the_bottom(x, 2)


@program(sample(3), tags="global array loop merge")
def now_a_global_array(x):
    s = 0.0
    v = x * x
    for i in range(3):
        q = WEIGHTS if i % 2 else v
        s += np.sum(q * v) * s + 1.0
        v = v * s
    while s < 20.0:
        s += np.sum(v * WEIGHTS) * 0.5 + 3.0
        v = np.sin(v + WEIGHTS)
    return s


@functools.lru_cache(maxsize=64)
def remembered(k):
    return 1 if k < 2 else remembered(k - 1) + remembered(k - 2)


@functools.cache
def cubed(t):
    return t * t * t


@program(0.7, 6, tags="cache recursion")
def helpers_with_caches(x, n):
    return remembered(n) * x + cubed(x * x)


def _halved(p, k):
    c = k > 0
    if c:
        v = _turned(p * p, k - 1)
    if c:
        return np.sin(v)
    return p


def _turned(p, k):
    if k > 0:
        t = _halved(p, k - 1)
    else:
        t = 0.5 * p
    return t


@program(0.7, 3, 0.4, tags="recursion branch")
def recursion_gives_what_one_branch_assigns(x, n, p):
    given = p > 0.3
    if given:
        v = _turned(x, n)
    s = x * p
    if given:
        s += np.sin(v)
    return s


@program(0.7, 0.4, tags="list loop")
def a_list_grows_in_a_loop_over_its_length(x, p):
    l = [x]
    for e in (p, len(l) * x, l[0] * p):
        l.append(e * l[-1])
    return sum(l)


def _ping(p, k):
    return 0.5 * _pong(np.sin(p), k - 1)


def _pong(p, k):
    return p * p if k <= 0 else _ping(p + 0.2, k - 1) + p


@program(0.7, 3, sample(3), tags="recursion while return")
def a_loop_returns_by_what_recursion_gives(x, n, a):
    k = 0
    while x > 0.1:
        k += 1
        if _ping(x, n) > 0.29 or k > 3:
            return np.sum(a * np.arange(3)) + x * k
        x = 1.5 * x
    return x

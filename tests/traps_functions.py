"""Traps of functions and names: when things are bound, and what they are called."""

import functools
import math
import math as m
from typing import NamedTuple

import numpy
import numpy as np
import numpy as xp

from traps_kit import trap

X = np.array([1.0, 2.0, 3.0])
OFFSET = 3.0


# --- binding ----------------------------------------------------------------------------------------------------------


@trap("a nested function reads a variable when it is called", 2.0, value=2.0 * 4.0, grad=12.0)
def late_binding(x):
    scale = 100.0

    def g(t):
        return scale * t

    scale = x * x
    return g(x)


@trap(
    "a lambda made in a loop reads the loop's variable when it is called",
    3.0,
    value=3.0 * (0 + 1 + 2) + 3.0 * 7,
    grad=10.0,
)
def lambda_in_a_loop(x):
    s = 0.0
    for i in range(3):
        f = lambda t: t * i
        s += f(x)
    i = 7
    return s + f(x)


@trap("a default is evaluated when the function is defined", 3.0, value=3.0 * (0 + 1 + 2), grad=3.0)
def defaults_in_a_loop(x):
    s = 0.0
    fs = [lambda t, k=i: t * k for i in range(3)]
    for f in fs:
        s += f(x)
    return s


@trap("a default keeps the value of its definition", 2.0, value=2.0 + 5.0, grad=1.0)
def default_once(x):
    k = 5.0

    def g(t, shift=k):
        return t + shift

    k = 100.0
    return g(x)


@trap("an active default", 2.0, value=4.0 * 3.0, grad=12.0)
def active_default(x):
    def g(t, a=x * x):
        return t * a

    x = 3.0
    return g(x)


def _with_list(v, seen=[1.0, 2.0]):
    return v * len(seen)


@trap("a mutable default that nobody changes", 2.0, value=4.0, grad=2.0)
def mutable_default(x):
    return _with_list(x)


@trap("a nested function assigns around itself", 2.0, value=2.0 + 4 + 8, grad=1 + 4 + 12.0)
def nonlocal_sum(x):
    s = 0.0

    def add(v):
        nonlocal s
        s = s + v

    for k in range(1, 4):
        add(x**k)
    return s


@trap("a nested function assigns what only some path has assigned before", 2.0, 1, value=8.0, grad=4.0, compiled=True)
def nonlocal_first(x, n):
    def assign():
        nonlocal t
        for k in range(2):
            if x > k:
                t = 4.0 * x

    if n:
        t = 0.0
    assign()
    return t


@trap(
    "a variable of a comprehension's `:=`, read after it", np.array([1.0, 3.0]), value=13.0, grad=np.array([0.0, 10.0])
)
def assigned_by_a_comprehension(x):
    return sum(y * (y + 1.0) for v in x if (y := v - 1.0) > 0.5) + y * y + y + 1.0


@trap("any() assigns, in a loop", np.array([1.0, 3.0]), value=10.0, grad=np.array([0.0, 6.0]))
def assigned_by_any(x):
    for k in range(3):
        if any((w := v * k) > 2.5 for v in x):
            break
    return w * w + k


@trap("a function of the same name as a variable elsewhere", 2.0, value=8.0, grad=12.0)
def shadowed_parameter(x):
    def g(x):
        x = x * x
        return x

    return g(x) * x


@trap("a parameter is rebound and its old value is used", 2.0, value=4.0 * 2, grad=4 * 2 - 0.0 + 4.0)
def parameter_rebound(x):
    old = x
    x = x * x
    return x * old


@trap("a global read by a callee", 2.0, value=6.0, grad=3.0)
def global_in_callee(x):
    return _scaled(x)


def _scaled(v):
    return OFFSET * v


# --- names ------------------------------------------------------------------------------------------------------------


@trap(
    "names that generated code would like",
    2.0,
    value=2 + 4 + 8 + 16.0,
    grad=1 + 4 + 12 + 32.0,
    second=2 + 12 + 48.0,
    compiled=True,
)
def names_of_adjoints(x):
    x_bar = x
    v1 = x_bar * x
    tape = v1 * x
    y_bar = tape * x
    return x_bar + v1 + tape + y_bar


@trap("names of tangents", 2.0, value=16.0, grad=32.0)
def names_of_tangents(x):
    x_dot = x * x
    y = x_dot
    y_dot = y * x_dot
    return y_dot


@trap("a variable called np", 2.0, value=8.0, grad=12.0, compiled=True)
def variable_called_np(x):
    np = x * x
    return np * x


@trap("a parameter called np, and numpy by its own name", 0.0, value=1.0, grad=1.0)
def parameter_called_np(np):
    return numpy.exp(np)


@trap("shadowed builtins are variables", 2.0, value=2.0 * 4 * 8, grad=6 * 2.0**5)
def shadowed_builtins(x):
    sum = x
    range = sum * x
    len = range * x
    return sum * range * len


@trap("a nested function called sum", X, value=1.0 * 2, grad=np.array([2.0, 1.0, 0.0]))
def own_sum(x):
    def sum(a):
        return a[0] * a[1]

    return sum(x)


@trap("a keyword of Numba as a name", 2.0, value=4.0, grad=4.0)
def names_of_numba(x):
    njit = x
    prange = njit * x
    return prange


@trap("names that differ in a prime", 2.0, value=2.0 + 8, grad=1 + 12.0)
def names_like_temporaries(x):
    x_1 = x
    x_2 = x_1 * x
    x_1 = x_2 * x
    return x + x_1


@trap("a name beyond ASCII", 2.0, value=4.0, grad=4.0)
def greek_names(λ):
    λ_bar = λ * λ
    return λ_bar


@trap(
    "modules under other names",
    1.0,
    value=math.exp(1.0) * math.sin(1.0),
    grad=math.exp(1.0) * (math.sin(1.0) + math.cos(1.0)),
)
def modules_renamed(x):
    return xp.exp(x) * m.sin(x)


_alias = np.multiply


@trap("a function of NumPy under another name", 3.0, value=9.0, grad=6.0)
def function_renamed(x):
    return _alias(x, x)


# --- ways to call -----------------------------------------------------------------------------------------------------


@trap("keywords in another order", 2.0, 3.0, value=2.0 - 9.0, grad=[1.0, -6.0])
def keywords(x, y):
    def g(a, b):
        return a - b * b

    return g(b=y, a=x)


@trap("starred arguments", X, value=1.0 + 2 * 2 * 3, grad=np.array([1.0, 6.0, 4.0]))
def starred(x):
    def g(a, *rest):
        return a + 2 * rest[0] * rest[1]

    return g(x[0], *(x[1], x[2]))


@trap("starred unpacking", X, value=1.0 * 3 + 2, grad=np.array([3.0, 1.0, 1.0]))
def starred_unpacking(x):
    first, *middle, last = x[0], x[1], x[2]
    return first * last + middle[0]


def _power(a, n, b=0.0):
    return a**n + b


@trap("functools.partial with a keyword", 2.0, value=8.0 + 1, grad=12.0, second=12.0)
def partial(x):
    cube = functools.partial(_power, n=3, b=1.0)
    return cube(x)


@trap("a partial holds an active value", 2.0, value=4.0 + 2.0, grad=5.0)
def active_partial(x):
    g = functools.partial(_power, x, 2)
    return g(b=x)


@trap("functools.reduce", X, value=6.0, grad=np.array([6.0, 3.0, 2.0]))
def reduced(x):
    return functools.reduce(lambda a, b: a * b, (x[0], x[1], x[2]))


@trap("functions in a tuple, by a computed index", 2.0, 1, value=8.0, grad=12.0)
def function_in_tuple(x, n):
    fs = (lambda t: t, lambda t: t**3)
    return fs[n](x)


@trap("a function that returns a function", 2.0, value=10.0, grad=7.0)
def function_returned(x):
    def shifted(a):
        return lambda t: t * a + a * a * 0 + 3 * t

    return shifted(x)(x)


@trap("a function given to a function twice", 2.0, value=16.0, grad=32.0)
def function_as_argument(x):
    def twice(f, t):
        return f(f(t))

    return twice(lambda t: t * t, x)


def _factorial_power(x, n):
    return 1.0 if n == 0 else x * _factorial_power(x, n - 1)


@trap("recursion on an integer", 2.0, 3, value=8.0, grad=12.0, second=12.0)
def recursion(x, n):
    return _factorial_power(x, n)


def _even(x, n):
    return x if n == 0 else _odd(x * x, n - 1)


def _odd(x, n):
    return 3 * x if n == 0 else _even(x + 1, n - 1)


@trap(
    "mutual recursion: 3 * ((x**2 + 1)**2)",
    1.0,
    3,
    value=12.0,
    grad=3 * 2 * 2 * 2.0,
    second=3 * (2 * 2 * 2 + 2 * 4),
    compiled=True,
)
def mutual_recursion(x, n):
    return _even(x, n)


def _square_cells(a, k):
    if k < a.size:
        a[k] = a[k] * a[k]
        _square_cells(a, k + 1)


@trap("recursion through an array that it writes", X, value=14.0, grad=2 * X)
def recursion_through_array(x):
    y = x.copy()
    _square_cells(y, 0)
    return np.sum(y)


def _tree_sum(x, lo, hi):
    if hi - lo == 1:
        return x[lo] ** 2
    mid = (lo + hi) // 2
    return _tree_sum(x, lo, mid) + _tree_sum(x, mid, hi)


@trap("two recursive calls", X, value=14.0, grad=2 * X, second=np.full(3, 2.0))
def tree_recursion(x):
    return _tree_sum(x, 0, x.size)


# --- tuples -----------------------------------------------------------------------------------------------------------


class Point(NamedTuple):
    x: float
    y: float


@trap("a namedtuple is rebuilt by its own class", Point(2.0, 3.0), value=12.0, grad=Point(6.0, 4.0))
def named(p):
    q = Point(y=p.x, x=p.y)
    return 2 * q.x * q.y


@trap("_replace makes another tuple", Point(2.0, 3.0), value=4.0 * 3 + 2, grad=Point(4 * 3 + 1.0, 4.0))
def replaced(p):
    q = p._replace(x=p.x**2)
    return q.x * q.y + p.x


@trap("nested tuples in", ((1.0, 2.0), 3.0), value=6.0, grad=((6.0, 3.0), 2.0))
def nested_tuples(t):
    (a, b), c = t
    return a * b * c


@trap("a tuple swapped through itself", 2.0, 5.0, value=2.0 - 25.0, grad=[1.0, -10.0])
def swapped(x, y):
    t = (x, y)
    y, x = t
    return y - x * x


@trap("an argument that is passed twice", 3.0, value=9.0, grad=6.0)
def passed_twice(x):
    def g(a, b):
        return a * b

    return g(x, x)


@trap("an argument that is not used", 3.0, 5.0, value=9.0, grad=[6.0, 0.0])
def unused_argument(x, y):
    return x * x


@trap("a constant result", 3.0, value=4.0, grad=0.0, second=0.0)
def constant_result(x):
    return 4.0


@trap("the argument itself is the result", 3.0, value=3.0, grad=1.0, second=0.0)
def identity(x):
    return x


@trap("a derivative inside: no confusion of perturbations", 2.0, value=2.0, grad=1.0)
def perturbations(x):
    import srcad

    return x * srcad.grad(lambda y: x * 0 + y)(3.0)


@trap(
    "zip(*...) is a transpose",
    np.array([1.0, 2.0, 3.0]),
    value=1.0 * 2 + 2 * 9 + 3 * 1,
    grad=np.array([5.0, 9.0, 13.0]),
)
def transposed_by_zip(x):
    pairs = [(x[0], 2.0), (x[1], x[2] ** 2), (x[2], x[0])]
    left, right = zip(*pairs)
    s = left[0] * right[0]
    for u, v in zip(*(left[1:], right[1:])):
        s += u * v
    return s

"""Traps of values: dtypes, lists, comprehensions, integers, complex numbers in between."""

import math

import numpy as np

from traps_kit import trap

X = np.array([1.0, 2.0, 3.0])


@trap("1 / 2 is a half, also of integers", 3.0, 1, 2, value=1.5, grad=0.5)
def true_division(x, a, b):
    return x * (a / b)


@trap("// of negative integers rounds down", 2.0, -7, value=-8.0, grad=-4.0)
def floor_of_negative(x, n):
    return x * (n // 2)


@trap("% of a negative integer is positive", 2.0, -7, value=4.0, grad=2.0)
def modulo_of_negative(x, n):
    return x * (n % 3)


@trap("2**n with n = -2 is a quarter", 3.0, value=0.75, grad=0.25)
def negative_power(x):
    return x * 2**-2


@trap("a float to a negative power", 3.0, -2, value=0.75, grad=0.25, compiled=True)
def computed_negative_power(x, n):
    return x * 2.0**n


@trap("-x**2 is -(x**2)", 3.0, value=-9.0, grad=-6.0)
def minus_square(x):
    return -(x**2) if x > 100 else -(x**2)


@trap("2**x**2 is 2**(x**2)", 1.0, value=2.0, grad=4 * math.log(2.0))
def tower(x):
    return 2**x**2


@trap("True is 1", 3.0, True, value=6.0, grad=2.0)
def booleans_count(x, flag):
    return x * (flag + 1)


@trap("float32 in, float32 out", np.float32(3.0), value=np.float32(9.0), grad=np.float32(6.0), compiled=True)
def single(x):
    return x * x


@trap("a Python float does not widen float32", np.array([1.0, 2.0], np.float32), value=np.float32(1.5),
      grad=np.array([0.5, 0.5], np.float32))  # fmt: skip
def single_scaled(x):
    return np.sum(0.5 * x)


@trap(
    "an accumulator of float64 over float32",
    np.array([1.0, 2.0], np.float32),
    value=5.0,
    grad=np.array([2.0, 4.0], np.float32),
)
def mixed_precision(x):
    s = 0.0
    for v in x:
        s += v * v
    return s


@trap("a cast to float32 and back", 0.5, value=0.25, grad=1.0)
def cast_and_back(x):
    y = np.array([x], dtype=np.float32)
    return float(y[0]) * float(y[0])


@trap("a list literal", 2.0, value=2.0 + 8.0, grad=13.0)
def list_literal(x):
    v = [x, x * x, x**3]
    return v[0] + v[-1]


@trap("a list appended to, then summed", 2.0, value=2 + 4 + 8.0, grad=1 + 4 + 12.0)
def appended_and_summed(x):
    v = []
    p = 1.0
    for _ in range(3):
        p = p * x
        v.append(p)
    return sum(v)


@trap("a list appended to, then indexed from its end", 2.0, 4, value=16.0 * 8, grad=7 * 2.0**6)
def appended_and_indexed(x, n):
    v = [x]
    for _ in range(1, n):
        v.append(v[-1] * x)
    return v[-1] * v[-2]


@trap("a list turned into an array", 2.0, value=2 + 2 * 4 + 3 * 8.0, grad=1 + 2 * 4 + 3 * 12.0)
def list_to_array(x):
    v = [x**k for k in range(1, 4)]
    return np.sum(np.array(v) * np.array([1.0, 2.0, 3.0]))


@trap("a generator inside sum", X, value=14.0, grad=2 * X)
def generator_sum(x):
    return sum(v * v for v in x)


@trap("a filtered generator", X, value=13.0, grad=np.array([0.0, 4.0, 6.0]))
def filtered_sum(x):
    return sum(v * v for v in x if v > 1.5)


@trap("min of a generator", X, value=-9.0, grad=np.array([0.0, 0.0, -6.0]))
def generator_min(x):
    return min(-v * v for v in x)


@trap("any and all", X, value=6.0 * 2, grad=np.full(3, 2.0))
def any_and_all(x):
    k = 1.0
    if any(v > 2.5 for v in x) and all(v > 0 for v in x):
        k = 2.0
    return k * np.sum(x)


@trap("the variable of a comprehension is its own", 5.0, value=5.0 + 3.0, grad=1.0)
def comprehension_scope(x):
    v = [x for x in (1.0, 2.0)]
    return x + v[0] + v[1]


@trap("a comprehension over two ranges", 2.0, value=2.0 * (0 + 1 + 2 + 1 + 2 + 3), grad=9.0)
def two_ranges(x):
    return sum([x * (i + j) for i in range(2) for j in range(3)])


@trap("the real part of a complex square: x**2 - y**2", 3.0, 2.0, value=5.0, grad=[6.0, -4.0], second=2.0)
def complex_square(x, y):
    z = x + 1j * y
    return (z * z).real


@trap("|z| of a complex number", 3.0, 4.0, value=5.0, grad=[0.6, 0.8])
def complex_modulus(x, y):
    return abs(x + 1j * y)


@trap("exp(ix) has modulus 1 for every x", 0.7, value=1.0, grad=0.0)
def complex_phase(x):
    z = np.exp(1j * x)
    return z.real**2 + z.imag**2


@trap("x - x is 0, and so is its slope", 3.0, value=0.0, grad=0.0)
def cancelled(x):
    return x - x


@trap("x / x is 1", 3.0, value=1.0, grad=0.0, second=0.0)
def divided_by_itself(x):
    return x / x


@trap("0 * x keeps a NaN that Python has", math.nan, value=math.nan, grad=0.0)
def times_zero(x):
    return 0.0 * x


@trap("float('inf') as a start of min", X, value=1.0, grad=np.array([1.0, 0.0, 0.0]))
def min_from_infinity(x):
    best = float("inf")
    for v in x:
        if v < best:
            best = v
    return best


@trap("a string chooses, as a constant", 3.0, "square", value=9.0, grad=6.0)
def string_option(x, kind):
    if kind == "square":
        return x * x
    return x


@trap("None as a default", 3.0, value=3.0, grad=1.0)
def none_option(x, scale=None):
    return x if scale is None else x * scale


@trap("np.float64 scalars are numbers", np.float64(3.0), value=9.0, grad=6.0)
def numpy_scalar(x):
    return x * x


@trap("a mean is divided by the count once", X, value=2.0, grad=np.full(3, 1 / 3))
def mean(x):
    return np.mean(x)


@trap("var with ddof", np.array([1.0, 3.0]), value=2.0, grad=np.array([-2.0, 2.0]), second=np.zeros(2))
def variance(x):
    return np.var(x, ddof=1)


@trap("a stopped gradient is a constant", 3.0, value=9.0, grad=3.0)
def stopped(x):
    import srcad

    return x * srcad.stop_gradient(x)


@trap("integer powers of integers stay exact", 1.5, 3, value=1.5 * 3**20, grad=float(3**20))
def exact_power(x, n):
    return x * n**20


@trap("the sum of an empty list", 3.0, value=3.0, grad=1.0)
def empty_sum(x):
    return x + sum([])


@trap("solve, by hand: A = [[2, 0], [0, 4]]", X[:2], value=0.5 + 0.5, grad=np.array([0.5, 0.25]))
def solved(b):
    return np.sum(np.linalg.solve(np.array([[2.0, 0.0], [0.0, 4.0]]), b))


@trap(
    "the inverse of a 1x1 matrix: -1/a**2",
    np.array([[2.0]]),
    value=0.5,
    grad=np.array([[-0.25]]),
    second=np.array([[0.25]]),
)
def inverse(a):
    return np.linalg.inv(a)[0, 0]


@trap("einsum of a quadratic form", X, value=36.0, grad=np.full(3, 12.0), second=np.full(3, 6.0))
def quadratic_form(x):
    return np.einsum("i,ij,j->", x, np.ones((3, 3)), x)

"""Functions as values: derivatives taken inside, closures in recursion, functions and tuple items chosen at run time."""

import functools
import math

import numpy as np

import srcad
from programs_kit import program, sample


def cube(t):
    return t**3


def powers(a, b, c):
    return a * b**c


# --- derivatives of functions that are defined inside -------------------------------------------------------------------


@program(1.3, tags="inner")
def perturbed_twice(x):
    return srcad.grad(lambda t: t**3 * x)(x) + x * srcad.grad(lambda y: x + y)(1.0)


@program(sample(3), sample(3, seed=1), tags="inner")
def energy_derivatives(x, w):
    def energy(p):
        return np.sum(w * p**2) + p[0] * p[1]

    g = srcad.grad(energy)(x)
    product = srcad.hvp(energy)(x, g)
    value, again = srcad.value_and_grad(energy)(x)
    j = srcad.jacrev(lambda p: p * p * w)(x) - srcad.jacfwd(lambda p: p * w[0])(x)
    return np.sum(srcad.hessian(energy)(x) @ g) + np.sum(j * j) + np.sum(product) + value * np.sum(again)


@program(0.7, tags="inner loop branch")
def derivatives_in_a_loop(x):
    s = 0.1
    for i in range(3):

        def g(t, k=0.5):
            return t**3 * x * i * k

        if x * i > 0.5:
            s += srcad.grad(srcad.grad(g))(x) * 0.1
        y, pullback = srcad.vjp(g, s)
        s += pullback(x)[0] * 0.1 + y
        s += srcad.jvp(lambda a, n: a**n * s, (x, 3), (0.2, None))[1]
    return s


@program(0.7, tags="inner loop")
def newton_with_its_own_derivative(a):
    def residual(x):
        return x**3 - a * x - 1.0

    x = 1.5
    while abs(residual(x)) > 1e-13:
        x = x - residual(x) / srcad.grad(residual)(x)
    return x


@program(sample(3), tags="inner")
def pullback_sees_what_was(x):
    scale = x * 2.0
    y, pullback = srcad.vjp(lambda p: p * p * scale, x)
    x[0] = 7.0
    x = x * 3.0
    return np.sum(pullback(x)[0] * y)


@program(1.1, 0.6, tags="inner")
def along_and_back(x, v):
    y, y_dot = srcad.jvp(cube, (x,), (v,))
    z, pullback = srcad.vjp(lambda p: (p[0] * p[1], p[1] ** 2), (y, y_dot))
    (bars,) = pullback(z)
    return bars[0] * bars[1] + srcad.grad(functools.partial(powers, b=v, c=3))(x)


@program(sample(3), 0.4, tags="inner")
def derivatives_of_library_functions(x, a):
    y, pullback = srcad.vjp(np.multiply, a, x[0])
    bars = pullback(y)
    along = srcad.jvp(np.sin, (x,), (x * x,))[1]
    return bars[0] * bars[1] + np.sum(along) + srcad.grad(math.exp)(a) + np.sum(srcad.grad(np.linalg.norm)(x) * x**2)


# --- closures in recursion -----------------------------------------------------------------------------------------------


def adaptive(f, a, fa, b, fb, tol):
    m = 0.5 * (a + b)
    fm = f(m)
    whole = (b - a) * 0.5 * (fa + fb)
    parts = (m - a) * 0.5 * (fa + fm) + (b - m) * 0.5 * (fm + fb)
    if abs(whole - parts) < tol:
        return parts
    return adaptive(f, a, fa, m, fm, tol / 2) + adaptive(f, m, fm, b, fb, tol / 2)


@program(0.1, 1.3, 0.9, tags="recursion closure loop")
def quadrature_of_a_closure(a, b, w):
    c = np.array([w, w * w])

    def inner(x):
        return math.sin(x * w) * c[1]

    def f(x):
        return inner(x) + c[0]

    s = 0.0
    for _ in range(2):
        s += adaptive(f, a, f(a), b, f(b), 1e-2)
        w = w * 1.1
        a += 0.1
    return s


@program(0.7, 1.3, tags="recursion closure")
def recursive_closure_of_closures(a, w):
    def rec(f, n):
        if n == 0:
            return f(a)
        return f(a) * rec(f, n - 1) + w

    return rec(lambda x: x * w, 2) + rec(lambda t: t * a, 3)


def scaled_down(x, n):
    return x if n == 0 else x * scaled_down(x * 1.1, n - 1)


def scaled_pair(x, y):
    return scaled_down(np.array([x, y]), 2)[0]


def scaled_twice(x):
    return scaled_down(x, 2)


@program(0.7, 0.8, tags="recursion inner")
def recursion_and_its_derivatives(x, y):
    """A recursive function, itself and differentiated."""
    return scaled_down(x, 3) + srcad.grad(scaled_twice)(x) * scaled_down(y, 1)


@program(0.7, 0.8, tags="recursion inner arrays")
def recursion_for_numbers_and_arrays(x, y):
    return scaled_down(x, 3) * srcad.grad(scaled_pair)(x, y)


# --- chosen at run time --------------------------------------------------------------------------------------------------


@program(0.7, 1, tags="choice loop branch")
def function_by_condition(x, n):
    def own(t):
        return t * t * x

    if n == 0:
        f = math.sin
    elif n == 1:
        f = own
    else:
        f = lambda t: t**3 + x
    s = 0.0
    for i in range(3):
        if x * i > 1.0:
            f = own if x < 5.0 else math.cos
        s += f(x + i) * f(0.3)
    return s


@program(0.7, 1, tags="choice loop")
def functions_by_index(x, k):
    fs = (math.sin, math.cos, lambda t: t * x)
    s = 0.0
    for i in range(3):
        s += fs[i](x) * fs[(i + k) % 3](s)
    return s + fs[k](x) + fs[-k - 1](x)


@program((0.4, 0.9), -2, tags="choice loop tuple")
def numbers_by_index(p, k):
    s = p[k] ** 2
    for i in range(len(p)):
        s += p[i] ** 2 * p[-i - 1]
    return s


@program(0.7, 9, tags="choice tuple")
def long_tuple_by_index(x, k):
    t = (x, 2 * x, x * x, 1.0, x, x, x, x, x, x**3)
    return t[k] * t[-k]


@program(sample(3), 3, tags="choice loop memory")
def ping_pong_buffers(x, n):
    bufs = [x.copy(), np.zeros_like(x)]
    for k in range(n):
        src = bufs[k % 2]
        dst = bufs[(k + 1) % 2]
        dst[:] = src * src * 0.5 + src[0]
        bufs[k % 2][0] = 0.1 * dst[1]
    return np.sum(bufs[n % 2]) + bufs[0][0]


@program(0.7, 1, tags="choice tuple")
def pairs_by_index(x, k):
    table = ((x, 2.0), (x * x, 3), (1.0, x))
    a, b = table[k]
    return a * b


@program(0.7, 1.2, tags="partial")
def partial_made_inside(x, y):
    f = functools.partial(powers, x, c=2)
    g = functools.partial(f, c=y)
    return f(3.0) + g(x) * functools.partial(powers, b=3.0, c=y)(2.0)


def product_of_powers(x):
    s = x
    c = 0
    while c < 2:
        for i in range(2):
            s = s * x
        c += 1
    return s


@program(0.9, tags="inner optimiser")
def unrolled_descent(x):
    for _ in range(3):
        x = x - 0.1 * srcad.grad(product_of_powers)(x)
    return x

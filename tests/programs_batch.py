"""Programs for batches: what a thread of a GPU must manage, with arguments for a batch and their axes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy.special import erfc

rng = np.random.default_rng(5)


@dataclass(frozen=True)
class Case:
    fn: Callable[..., Any]
    args: tuple[Any, ...]
    axes: Any
    argnums: Any
    scalar: bool

    @property
    def name(self) -> str:
        return self.fn.__name__


CASES: dict[str, Case] = {}


def case(*args: Any, axes: Any = 0, argnums: Any = 0, scalar: bool = True) -> Callable[..., Any]:
    """`scalar` says that the result is a number, which has a gradient."""

    def add(fn: Callable[..., Any]) -> Callable[..., Any]:
        CASES[fn.__name__] = Case(fn, args, axes, argnums, scalar)
        return fn

    return add


N = 5
X = rng.normal(size=N)
P = rng.normal(size=(N, 3))
S = rng.uniform(0.5, 1.5, N)


@case(S, 100.0, 1.2, 0.05, axes=(0, None, None, None), argnums=(0, 2))
def black_scholes(s, k, t, r):
    sigma = 0.2
    s = 100.0 * s
    d1 = (np.log(s / k) + (r + 0.5 * sigma**2) * t) / (sigma * np.sqrt(t))
    d2 = d1 - sigma * np.sqrt(t)
    cdf1 = 0.5 * erfc(-d1 / math.sqrt(2.0))
    cdf2 = 0.5 * erfc(-d2 / math.sqrt(2.0))
    return s * cdf1 - k * np.exp(-r * t) * cdf2


@case(P, rng.normal(size=3), np.array([1, 0, 1, 1, 0]), axes=(0, None, 0), argnums=1)
def logistic(x, w, label):
    z = np.dot(x, w)
    return np.logaddexp(0.0, z) - label * z


@case(rng.uniform(0.5, 1.0, (N, 2)), np.array([1.1, 0.4, 0.3, 0.9]), 9, axes=(0, None, None), argnums=(0, 1))
def lotka_volterra(u, p, steps):
    def rhs(u):
        return np.array([p[0] * u[0] - p[1] * u[0] * u[1], p[2] * u[0] * u[1] - p[3] * u[1]])

    h = 0.1
    for _ in range(steps):
        k1 = rhs(u)
        k2 = rhs(u + 0.5 * h * k1)
        u = u + h * k2
    return np.sum(u * u)


@case(rng.normal(size=(N, 6)))
def rosenbrock(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


@case(S, np.array([0, 1, 3, 70, 2]), axes=(0, 0))
def power_by_hand(x, n):
    y = 1.0
    for _ in range(n):
        y = y * x * 0.9 + 0.1
    return y


@case(S)
def collatz(x):
    count = 0
    while x < 20.0 and count < 200:
        if x < 1.0:
            x = x * 1.7 + 0.1
        elif count % 2:
            x = x + math.sin(x) ** 2
        else:
            x = 1.1 * x
        count += 1
    return x + count


@case(np.array([0.2, -0.5, 2.0, -3.0, 0.0]))
def early(x):
    if x < -1.0:
        return -x
    for k in range(10):
        x = x * x - 0.3
        if x > 1.5:
            return x * k
    return math.exp(x)


@case((X, P), axes=((0, 0),))
def of_a_tuple(t):
    a, v = t
    return a * np.sum(np.sin(v))


class State(NamedTuple):
    q: Any
    p: Any


@case(State(P, 2.0), 0.1, axes=((0, None), None), scalar=False)
def leapfrog(state, h):
    q, p = state
    p = p - 0.5 * h * q**3
    q = q + h * p
    return State(q, np.sum(p)), np.max(q)


@case(rng.normal(size=(N, 3, 3)), rng.normal(size=(3, N)), axes=(0, 1), argnums=(0, 1))
def quadratic(A, x):
    return x @ (A @ x) + np.trace(A @ A.T)


@case(rng.normal(size=(4, N)), axes=1, scalar=False)
def softmax(x):
    e = np.exp(x - np.max(x))
    return e / np.sum(e)


@case(P, rng.normal(size=(4, 3)), rng.normal(size=4), axes=(0, None, None), argnums=(1, 2))
def network(x, W, b):
    h = np.tanh(W @ x + b)
    h = np.maximum(h, 0.1 * h)
    return np.sum(np.sqrt(1.0 + h**2))


@case(rng.normal(size=(N, 20)))
def heat(u):
    u = u.copy()
    for _ in range(3):
        v = u.copy()
        v[1:-1] = u[1:-1] + 0.2 * (u[2:] - 2.0 * u[1:-1] + u[:-2])
        u = v * (1.0 + 0.1 * v)
    return np.sum(u * u)


@case(rng.normal(size=(N, 5)))
def swapped(x):
    a = x * 2.0
    b = np.zeros(5)
    for k in range(4):
        for i in range(5):
            b[i] = a[i] * a[(i + 1) % 5] + 0.1 * k
        a, b = b, a
    return np.sum(a)


@case(rng.normal(size=(N, 3)), scalar=False)
def rotated(x):
    a, b, c = x * 1.0, x * 2.0, x * 3.0
    for _ in range(4):
        a, b, c = b, c, np.sin(a * b) + 0.1 * c
    return a, b, c


@case(rng.normal(size=(N, 9)), P, axes=(0, 0))
def of_flat_weights(w, x):
    W = w[:6].reshape(2, 3)
    h = np.tanh(W @ x)
    W[0, -1] = h[1]
    return np.sum(h * w[6:8]) + w[8] * np.sum(W[0])


@case(rng.normal(size=(N, 3)), scalar=False)
def scan(x):
    out = np.empty(6)
    s = 0.0
    for i in range(6):
        s = 0.5 * s + x[i % 3] ** 2
        out[i] = s
    return out, s, len(out)


@case(rng.normal(size=(N, 90)))
def many(x):
    y = np.sin(x)
    z = np.cumsum(y * x)
    return np.sum(z * y)


@case(P, np.array([2, 0, 5, 70, 1]), axes=(0, 0))
def rows(x, n):
    A = np.zeros((n, 3))
    for i in range(n):
        for j in range(3):
            A[i, j] = x[j] * (i + 1) / (n + 1)
    return np.sum(A * A * A)


@case(S, 11, np.array([2, 0, 15, 3, 9]), axes=(0, None, 0))
def nested(x, n, m):
    A = np.ones((n, m + 1))
    for i in range(n):
        for j in range(m):
            x = np.sin(x) * A[i, j] + 0.5
            A[i, j + 1] = x * A[i, j]
    return x + np.sum(A)


@case(S, S + 0.5, axes=(0, 0), argnums=(0, 1), scalar=False)
def kinds(x, y):
    return (
        np.sign(x - 1.0) * abs(y), np.arctan2(y, x), np.hypot(x, y), np.rint(10.0 * x), np.trunc(x), np.cbrt(y), np.exp2(x),
        np.log1p(x), np.expm1(y), np.minimum(x, y), np.fmax(x, 1.0), np.floor(3.0 * x) + np.ceil(y), x % y, x // 0.3,
        np.logaddexp(x, y), np.deg2rad(x), np.where(x > y, x, 2.0 * y), math.gamma(x) * 0.0 + 1.0, x > y, int(4.0 * y),
    )  # fmt: skip


@case(rng.normal(size=(N, 4)), scalar=False)
def picked(x):
    k = int(np.argmax(x))
    return x[k] ** 2 + np.min(x), x[::-1], x.reshape((2, 2)).T, np.any(x > 1.0)


@case(rng.uniform(1.0, 2.0, (N, 4)), scalar=False)
def newton(x):
    y = np.ones(4)
    while np.sum((y * y - x) ** 2) > 1e-20:
        y = 0.5 * (y + x / y)
    return y


@case(rng.normal(size=(N, 4)))
def pairs(x):
    r = np.empty((4, 4))
    for i in range(4):
        for j in range(4):
            r[i, j] = np.sqrt((x[i] - x[j]) ** 2)
    e = 0.0
    for i in range(4):
        for j in range(4):
            if i != j:
                e += 1.0 / (1.0 + r[i, j])
    return e

"""Functions of scipy.special that are put together from others, under SciPy's names, for numbers and arrays.

Imported when SciPy's own are.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.special import betainc, betaincc, exprel, gamma, gammainc, gammaincc, gammaln, kv, yv

# --- distributions ----------------------------------------------------------------------------------------------------


def chdtr(v: Any, x: Any) -> Any:
    return gammainc(0.5 * v, 0.5 * x)


def chdtrc(v: Any, x: Any) -> Any:
    return gammaincc(0.5 * v, 0.5 * x)


def gdtr(a: Any, b: Any, x: Any) -> Any:
    return gammainc(b, a * x)


def gdtrc(a: Any, b: Any, x: Any) -> Any:
    return gammaincc(b, a * x)


def fdtr(dfn: Any, dfd: Any, x: Any) -> Any:
    return betainc(0.5 * dfn, 0.5 * dfd, dfn * x / (dfd + dfn * x))


def fdtrc(dfn: Any, dfd: Any, x: Any) -> Any:
    return betainc(0.5 * dfd, 0.5 * dfn, dfd / (dfd + dfn * x))


def pdtr(k: Any, m: Any) -> Any:
    return gammaincc(np.floor(k) + 1.0, m)


def pdtrc(k: Any, m: Any) -> Any:
    return gammainc(np.floor(k) + 1.0, m)


def bdtr(k: Any, n: Any, p: Any) -> Any:
    return betaincc(np.floor(k) + 1.0, n - np.floor(k), p)


def bdtrc(k: Any, n: Any, p: Any) -> Any:
    return betainc(np.floor(k) + 1.0, n - np.floor(k), p)


def nbdtr(k: Any, n: Any, p: Any) -> Any:
    return betainc(n * 1.0, k + 1.0, p)


def nbdtrc(k: Any, n: Any, p: Any) -> Any:
    return betaincc(n * 1.0, k + 1.0, p)


# --- losses and transformations ---------------------------------------------------------------------------------------


def softplus(x: Any) -> Any:
    return np.logaddexp(0.0, x)


def huber(delta: Any, r: Any) -> Any:
    size = np.abs(r)
    return np.where(delta < 0.0, np.inf, np.where(size <= delta, 0.5 * r * r, delta * (size - 0.5 * delta)))


def pseudo_huber(delta: Any, r: Any) -> Any:
    ratio = r / delta
    return delta * delta * (ratio * ratio / (np.sqrt(1.0 + ratio * ratio) + 1.0))


def boxcox(x: Any, lmbda: Any) -> Any:
    logarithm = np.log(x)
    return logarithm * exprel(lmbda * logarithm)


def boxcox1p(x: Any, lmbda: Any) -> Any:
    logarithm = np.log1p(x)
    return logarithm * exprel(lmbda * logarithm)


def exp10(x: Any) -> Any:
    return 10.0**x


def sindg(x: Any) -> Any:
    return np.sin(np.deg2rad(x))


def cosdg(x: Any) -> Any:
    return np.cos(np.deg2rad(x))


# --- of integers, of the gamma function -------------------------------------------------------------------------------


def kn(n: Any, x: Any) -> Any:
    return kv(n, x)


def yn(n: Any, x: Any) -> Any:
    return yv(n, x)


def factorial(n: Any) -> Any:
    return np.where(n < 0.0, 0.0, gamma(np.where(n < 0.0, 0.0, n) + 1.0))


def multigammaln(a: Any, d: Any) -> Any:
    total = 0.25 * d * (d - 1) * math.log(math.pi) + gammaln(a)
    for k in range(1, d):
        total = total + gammaln(a - 0.5 * k)
    return total


# --- orthogonal polynomials of an integer degree ----------------------------------------------------------------------


def eval_legendre(n: Any, x: Any) -> Any:
    before, now = 0.0 * x, 0.0 * x + 1.0
    for k in range(n):
        before, now = now, ((2 * k + 1) * x * now - k * before) / (k + 1)
    return now


def eval_chebyt(n: Any, x: Any) -> Any:
    before, now = x * 1.0, 0.0 * x + 1.0
    for _ in range(n):
        before, now = now, 2.0 * x * now - before
    return now


def eval_chebyu(n: Any, x: Any) -> Any:
    before, now = 0.0 * x, 0.0 * x + 1.0
    for _ in range(n):
        before, now = now, 2.0 * x * now - before
    return now


def eval_hermite(n: Any, x: Any) -> Any:
    before, now = 0.0 * x, 0.0 * x + 1.0
    for k in range(n):
        before, now = now, 2.0 * (x * now - k * before)
    return now


def eval_hermitenorm(n: Any, x: Any) -> Any:
    before, now = 0.0 * x, 0.0 * x + 1.0
    for k in range(n):
        before, now = now, x * now - k * before
    return now


def eval_laguerre(n: Any, x: Any) -> Any:
    before, now = 0.0 * x, 0.0 * x + 1.0
    for k in range(n):
        before, now = now, ((2 * k + 1 - x) * now - k * before) / (k + 1)
    return now

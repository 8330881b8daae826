"""The standard densities and distribution functions of scipy.stats: at location 0 and scale 1, for numbers and arrays.

Outside of its support a density is 0 and its logarithm -inf, without a derivative; formulas see a point inside of it instead.
Imported when SciPy's own are.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.special import (
    betainc,
    betaincc,
    betaincinv,
    betaln,
    expit,
    gammainc,
    gammaincc,
    gammainccinv,
    gammaincinv,
    gammaln,
    i0e,
    log_expit,
    log_ndtr,
    logit,
    ndtr,
    ndtri,
    stdtr,
    stdtrit,
    xlog1py,
    xlogy,
)

LOG_2 = math.log(2.0)
LOG_PI = math.log(math.pi)
HALF_LOG_2_PI = 0.5 * math.log(2.0 * math.pi)

# --- continuous -------------------------------------------------------------------------------------------------------


def norm_logpdf(z: Any) -> Any:
    return -0.5 * z * z - HALF_LOG_2_PI


def norm_cdf(z: Any) -> Any:
    return ndtr(z)


def norm_sf(z: Any) -> Any:
    return ndtr(-z)


def norm_logcdf(z: Any) -> Any:
    return log_ndtr(z)


def norm_logsf(z: Any) -> Any:
    return log_ndtr(-z)


def norm_ppf(q: Any) -> Any:
    return ndtri(q)


def norm_isf(q: Any) -> Any:
    return -ndtri(q)


def t_logpdf(z: Any, df: Any) -> Any:
    half = 0.5 * (df + 1.0)
    return gammaln(half) - gammaln(0.5 * df) - 0.5 * (np.log(df) + LOG_PI) - half * np.log1p(z * z / df)


def t_cdf(z: Any, df: Any) -> Any:
    return stdtr(df, z)


def t_sf(z: Any, df: Any) -> Any:
    return stdtr(df, -z)


def t_ppf(q: Any, df: Any) -> Any:
    return stdtrit(df, q)


def t_isf(q: Any, df: Any) -> Any:
    return -stdtrit(df, q)


def gamma_logpdf(z: Any, a: Any) -> Any:
    x = np.where(z >= 0.0, z, 1.0)
    return np.where(z >= 0.0, xlogy(a - 1.0, x) - x - gammaln(a), -np.inf)


def gamma_cdf(z: Any, a: Any) -> Any:
    return np.where(z > 0.0, gammainc(a, np.where(z > 0.0, z, 1.0)), 0.0)


def gamma_sf(z: Any, a: Any) -> Any:
    return np.where(z > 0.0, gammaincc(a, np.where(z > 0.0, z, 1.0)), 1.0)


def gamma_ppf(q: Any, a: Any) -> Any:
    return gammaincinv(a, q)


def gamma_isf(q: Any, a: Any) -> Any:
    return gammainccinv(a, q)


def erlang_logpdf(z: Any, a: Any) -> Any:
    return gamma_logpdf(z, a)


def erlang_cdf(z: Any, a: Any) -> Any:
    return gamma_cdf(z, a)


def erlang_sf(z: Any, a: Any) -> Any:
    return gamma_sf(z, a)


def erlang_ppf(q: Any, a: Any) -> Any:
    return gammaincinv(a, q)


def invgamma_logpdf(z: Any, a: Any) -> Any:
    x = np.where(z > 0.0, z, 1.0)
    return np.where(z > 0.0, -(a + 1.0) * np.log(x) - gammaln(a) - 1.0 / x, -np.inf)


def invgamma_cdf(z: Any, a: Any) -> Any:
    return np.where(z > 0.0, gammaincc(a, 1.0 / np.where(z > 0.0, z, 1.0)), 0.0)


def invgamma_sf(z: Any, a: Any) -> Any:
    return np.where(z > 0.0, gammainc(a, 1.0 / np.where(z > 0.0, z, 1.0)), 1.0)


def invgamma_ppf(q: Any, a: Any) -> Any:
    return 1.0 / gammainccinv(a, q)


def chi2_logpdf(z: Any, df: Any) -> Any:
    x = np.where(z >= 0.0, z, 1.0)
    half = 0.5 * df
    return np.where(z >= 0.0, xlogy(half - 1.0, x) - 0.5 * x - gammaln(half) - half * LOG_2, -np.inf)


def chi2_cdf(z: Any, df: Any) -> Any:
    return np.where(z > 0.0, gammainc(0.5 * df, 0.5 * np.where(z > 0.0, z, 1.0)), 0.0)


def chi2_sf(z: Any, df: Any) -> Any:
    return np.where(z > 0.0, gammaincc(0.5 * df, 0.5 * np.where(z > 0.0, z, 1.0)), 1.0)


def chi2_ppf(q: Any, df: Any) -> Any:
    return 2.0 * gammaincinv(0.5 * df, q)


def chi2_isf(q: Any, df: Any) -> Any:
    return 2.0 * gammainccinv(0.5 * df, q)


def beta_logpdf(z: Any, a: Any, b: Any) -> Any:
    inside = (z >= 0.0) & (z <= 1.0)
    x = np.where(inside, z, 0.5)
    return np.where(inside, xlogy(a - 1.0, x) + xlog1py(b - 1.0, -x) - betaln(a, b), -np.inf)


def beta_cdf(z: Any, a: Any, b: Any) -> Any:
    inside = (z > 0.0) & (z < 1.0)
    return np.where(inside, betainc(a, b, np.where(inside, z, 0.5)), np.where(z > 0.0, 1.0, 0.0))


def beta_sf(z: Any, a: Any, b: Any) -> Any:
    inside = (z > 0.0) & (z < 1.0)
    return np.where(inside, betaincc(a, b, np.where(inside, z, 0.5)), np.where(z > 0.0, 0.0, 1.0))


def beta_ppf(q: Any, a: Any, b: Any) -> Any:
    return betaincinv(a, b, q)


def expon_logpdf(z: Any) -> Any:
    return np.where(z >= 0.0, -z, -np.inf)


def expon_cdf(z: Any) -> Any:
    return np.where(z > 0.0, -np.expm1(-np.where(z > 0.0, z, 1.0)), 0.0)


def expon_sf(z: Any) -> Any:
    return np.exp(-np.where(z > 0.0, z, 0.0))


def expon_logsf(z: Any) -> Any:
    return -np.where(z > 0.0, z, 0.0)


def expon_ppf(q: Any) -> Any:
    return -np.log1p(-q)


def expon_isf(q: Any) -> Any:
    return -np.log(q)


def laplace_logpdf(z: Any) -> Any:
    return -np.abs(z) - LOG_2


def laplace_cdf(z: Any) -> Any:
    tail = 0.5 * np.exp(-np.abs(z))
    return np.where(z > 0.0, 1.0 - tail, tail)


def laplace_sf(z: Any) -> Any:
    return laplace_cdf(-z)


def laplace_ppf(q: Any) -> Any:
    upper = q > 0.5
    return np.where(upper, -np.log(2.0 * np.where(upper, 1.0 - q, 0.5)), np.log(2.0 * np.where(upper, 0.5, q)))


def lognorm_logpdf(z: Any, s: Any) -> Any:
    logarithm = np.log(np.where(z > 0.0, z, 1.0))
    return np.where(z > 0.0, norm_logpdf(logarithm / s) - np.log(s) - logarithm, -np.inf)


def lognorm_cdf(z: Any, s: Any) -> Any:
    return np.where(z > 0.0, ndtr(np.log(np.where(z > 0.0, z, 1.0)) / s), 0.0)


def lognorm_sf(z: Any, s: Any) -> Any:
    return np.where(z > 0.0, ndtr(-np.log(np.where(z > 0.0, z, 1.0)) / s), 1.0)


def lognorm_logcdf(z: Any, s: Any) -> Any:
    return np.where(z > 0.0, log_ndtr(np.log(np.where(z > 0.0, z, 1.0)) / s), -np.inf)


def lognorm_logsf(z: Any, s: Any) -> Any:
    return np.where(z > 0.0, log_ndtr(-np.log(np.where(z > 0.0, z, 1.0)) / s), 0.0)


def lognorm_ppf(q: Any, s: Any) -> Any:
    return np.exp(s * ndtri(q))


def lognorm_isf(q: Any, s: Any) -> Any:
    return np.exp(-s * ndtri(q))


def cauchy_logpdf(z: Any) -> Any:
    return -LOG_PI - np.log1p(z * z)


def cauchy_cdf(z: Any) -> Any:
    return np.arctan2(1.0, -z) / np.pi


def cauchy_sf(z: Any) -> Any:
    return np.arctan2(1.0, z) / np.pi


def cauchy_ppf(q: Any) -> Any:
    return np.tan(np.pi * (q - 0.5))


def logistic_logpdf(z: Any) -> Any:
    return z - 2.0 * np.logaddexp(0.0, z)


def logistic_cdf(z: Any) -> Any:
    return expit(z)


def logistic_sf(z: Any) -> Any:
    return expit(-z)


def logistic_logcdf(z: Any) -> Any:
    return log_expit(z)


def logistic_logsf(z: Any) -> Any:
    return log_expit(-z)


def logistic_ppf(q: Any) -> Any:
    return logit(q)


def uniform_logpdf(z: Any) -> Any:
    return np.where((z >= 0.0) & (z <= 1.0), 0.0, -np.inf)


def uniform_cdf(z: Any) -> Any:
    return np.clip(z, 0.0, 1.0)


def uniform_ppf(q: Any) -> Any:
    return q * 1.0


def halfnorm_logpdf(z: Any) -> Any:
    return np.where(z >= 0.0, norm_logpdf(z) + LOG_2, -np.inf)


def halfnorm_cdf(z: Any) -> Any:
    return np.where(z > 0.0, 2.0 * ndtr(z) - 1.0, 0.0)


def halfnorm_sf(z: Any) -> Any:
    return np.where(z > 0.0, 2.0 * ndtr(-z), 1.0)


def halfnorm_ppf(q: Any) -> Any:
    return ndtri(0.5 * (1.0 + q))


def halfcauchy_logpdf(z: Any) -> Any:
    return np.where(z >= 0.0, cauchy_logpdf(z) + LOG_2, -np.inf)


def halfcauchy_cdf(z: Any) -> Any:
    return np.where(z > 0.0, 2.0 / np.pi * np.arctan(z), 0.0)


def halfcauchy_sf(z: Any) -> Any:
    return np.where(z > 0.0, 2.0 / np.pi * np.arctan2(1.0, z), 1.0)


def halfcauchy_ppf(q: Any) -> Any:
    return np.tan(0.5 * np.pi * q)


def weibull_min_logpdf(z: Any, c: Any) -> Any:
    x = np.where(z > 0.0, z, 1.0)
    return np.where(z > 0.0, np.log(c) + (c - 1.0) * np.log(x) - x**c, -np.inf)


def weibull_min_cdf(z: Any, c: Any) -> Any:
    return np.where(z > 0.0, -np.expm1(-(np.where(z > 0.0, z, 1.0) ** c)), 0.0)


def weibull_min_logsf(z: Any, c: Any) -> Any:
    return np.where(z > 0.0, -(np.where(z > 0.0, z, 1.0) ** c), 0.0)


def weibull_min_sf(z: Any, c: Any) -> Any:
    return np.exp(weibull_min_logsf(z, c))


def weibull_min_ppf(q: Any, c: Any) -> Any:
    return (-np.log1p(-q)) ** (1.0 / c)


def pareto_logpdf(z: Any, b: Any) -> Any:
    x = np.where(z >= 1.0, z, 1.0)
    return np.where(z >= 1.0, np.log(b) - (b + 1.0) * np.log(x), -np.inf)


def pareto_sf(z: Any, b: Any) -> Any:
    return np.where(z >= 1.0, np.where(z >= 1.0, z, 1.0) ** -b, 1.0)


def pareto_cdf(z: Any, b: Any) -> Any:
    return 1.0 - pareto_sf(z, b)


def pareto_ppf(q: Any, b: Any) -> Any:
    return (1.0 - q) ** (-1.0 / b)


def lomax_logpdf(z: Any, c: Any) -> Any:
    x = np.where(z >= 0.0, z, 0.0)
    return np.where(z >= 0.0, np.log(c) - (c + 1.0) * np.log1p(x), -np.inf)


def lomax_logsf(z: Any, c: Any) -> Any:
    return -c * np.log1p(np.where(z >= 0.0, z, 0.0))


def lomax_sf(z: Any, c: Any) -> Any:
    return np.exp(lomax_logsf(z, c))


def lomax_cdf(z: Any, c: Any) -> Any:
    return -np.expm1(lomax_logsf(z, c))


def lomax_ppf(q: Any, c: Any) -> Any:
    return np.expm1(-np.log1p(-q) / c)


def gumbel_r_logpdf(z: Any) -> Any:
    return -z - np.exp(-z)


def gumbel_r_logcdf(z: Any) -> Any:
    return -np.exp(-z)


def gumbel_r_cdf(z: Any) -> Any:
    return np.exp(-np.exp(-z))


def gumbel_r_sf(z: Any) -> Any:
    return -np.expm1(-np.exp(-z))


def gumbel_r_ppf(q: Any) -> Any:
    return -np.log(-np.log(q))


def gumbel_l_logpdf(z: Any) -> Any:
    return z - np.exp(z)


def gumbel_l_cdf(z: Any) -> Any:
    return -np.expm1(-np.exp(z))


def gumbel_l_logsf(z: Any) -> Any:
    return -np.exp(z)


def gumbel_l_sf(z: Any) -> Any:
    return np.exp(-np.exp(z))


def gumbel_l_ppf(q: Any) -> Any:
    return np.log(-np.log1p(-q))


def rayleigh_logpdf(z: Any) -> Any:
    x = np.where(z >= 0.0, z, 1.0)
    return np.where(z >= 0.0, np.log(x) - 0.5 * x * x, -np.inf)


def rayleigh_logsf(z: Any) -> Any:
    return np.where(z >= 0.0, -0.5 * z * z, 0.0)


def rayleigh_sf(z: Any) -> Any:
    return np.exp(rayleigh_logsf(z))


def rayleigh_cdf(z: Any) -> Any:
    return -np.expm1(rayleigh_logsf(z))


def rayleigh_ppf(q: Any) -> Any:
    return np.sqrt(-2.0 * np.log1p(-q))


def maxwell_logpdf(z: Any) -> Any:
    x = np.where(z >= 0.0, z, 1.0)
    return np.where(z >= 0.0, LOG_2 - HALF_LOG_2_PI + 2.0 * np.log(x) - 0.5 * x * x, -np.inf)


def maxwell_cdf(z: Any) -> Any:
    x = np.where(z > 0.0, z, 1.0)
    return np.where(z > 0.0, gammainc(1.5, 0.5 * x * x), 0.0)


def maxwell_sf(z: Any) -> Any:
    x = np.where(z > 0.0, z, 1.0)
    return np.where(z > 0.0, gammaincc(1.5, 0.5 * x * x), 1.0)


def maxwell_ppf(q: Any) -> Any:
    return np.sqrt(2.0 * gammaincinv(1.5, q))


def f_logpdf(z: Any, dfn: Any, dfd: Any) -> Any:
    x, n, m = np.where(z > 0.0, z, 1.0), 0.5 * dfn, 0.5 * dfd
    inside = m * np.log(dfd) + n * np.log(dfn) + xlogy(n - 1.0, x) - (n + m) * np.log(dfd + dfn * x) - betaln(n, m)
    return np.where(z > 0.0, inside, -np.inf)


def f_cdf(z: Any, dfn: Any, dfd: Any) -> Any:
    x = np.where(z > 0.0, z, 1.0)
    return np.where(z > 0.0, betainc(0.5 * dfn, 0.5 * dfd, dfn * x / (dfd + dfn * x)), 0.0)


def f_sf(z: Any, dfn: Any, dfd: Any) -> Any:
    x = np.where(z > 0.0, z, 1.0)
    return np.where(z > 0.0, betainc(0.5 * dfd, 0.5 * dfn, dfd / (dfd + dfn * x)), 1.0)


def genpareto_logsf(z: Any, c: Any) -> Any:
    """For c = 0, the exponential distribution; its derivative for c is that of the limit."""
    inside = (z >= 0.0) & (1.0 + c * z > 0.0)
    x = np.where(inside, z, 0.0)
    flat = np.abs(c * x) < 1e-5
    logarithm = np.log1p(np.where(flat, 1.0, c * x)) / np.where(flat, 1.0, c)
    series = x * (1.0 - c * x / 2.0 + c * c * x * x / 3.0)
    return np.where(inside, -np.where(flat, series, logarithm), np.where(z > 0.0, -np.inf, 0.0))


def genpareto_logpdf(z: Any, c: Any) -> Any:
    inside = (z >= 0.0) & (1.0 + c * z > 0.0)
    return np.where(inside, (1.0 + c) * genpareto_logsf(np.where(inside, z, 0.0), c), -np.inf)


def genpareto_sf(z: Any, c: Any) -> Any:
    return np.exp(genpareto_logsf(z, c))


def genpareto_cdf(z: Any, c: Any) -> Any:
    return -np.expm1(genpareto_logsf(z, c))


def fisk_logpdf(z: Any, c: Any) -> Any:
    t = c * np.log(np.where(z > 0.0, z, 1.0))
    return np.where(z > 0.0, np.log(c) - np.log(np.where(z > 0.0, z, 1.0)) + t - 2.0 * np.logaddexp(0.0, t), -np.inf)


def fisk_cdf(z: Any, c: Any) -> Any:
    return np.where(z > 0.0, expit(c * np.log(np.where(z > 0.0, z, 1.0))), 0.0)


def fisk_sf(z: Any, c: Any) -> Any:
    return np.where(z > 0.0, expit(-c * np.log(np.where(z > 0.0, z, 1.0))), 1.0)


def fisk_ppf(q: Any, c: Any) -> Any:
    return np.exp(logit(q) / c)


def invgauss_logpdf(z: Any, mu: Any) -> Any:
    x = np.where(z > 0.0, z, 1.0)
    return np.where(z > 0.0, -HALF_LOG_2_PI - 1.5 * np.log(x) - 0.5 * ((x - mu) / mu) ** 2 / x, -np.inf)


def skewnorm_logpdf(z: Any, a: Any) -> Any:
    return LOG_2 + norm_logpdf(z) + log_ndtr(a * z)


def gennorm_logpdf(z: Any, beta: Any) -> Any:
    return np.log(0.5 * beta) - gammaln(1.0 / beta) - np.abs(z) ** beta


def vonmises_logpdf(z: Any, kappa: Any) -> Any:
    return kappa * (np.cos(z) - 1.0) - math.log(2.0 * math.pi) - np.log(i0e(kappa))


def loggamma_logpdf(z: Any, c: Any) -> Any:
    return c * z - np.exp(z) - gammaln(c)


def loggamma_cdf(z: Any, c: Any) -> Any:
    return gammainc(c, np.exp(z))


def loggamma_sf(z: Any, c: Any) -> Any:
    return gammaincc(c, np.exp(z))


def truncnorm_logpdf(z: Any, a: Any, b: Any) -> Any:
    return np.where((z >= a) & (z <= b), norm_logpdf(z) - _log_between(a, b), -np.inf)


def truncnorm_cdf(z: Any, a: Any, b: Any) -> Any:
    inside = np.exp(_log_between(a, np.clip(z, a, b)) - _log_between(a, b))
    return np.where(z > a, np.where(z < b, inside, 1.0), 0.0)


def _log_between(a: Any, b: Any) -> Any:
    """The logarithm of what is between a and b, of the tail that is not rounded to 1."""
    right = a > 0.0
    low, high = np.where(right, -b, a), np.where(right, -a, b)
    upper, lower = log_ndtr(high), log_ndtr(low)
    return upper + np.log1p(-np.exp(np.where(low < high, lower - upper, -np.inf)))


# --- discrete: k at location 0 ------------------------------------------------------------------------------------------


def poisson_logpmf(k: Any, mu: Any) -> Any:
    allowed = (k >= 0) & (k == np.floor(k))
    n = np.where(allowed, k, 0)
    return np.where(allowed, xlogy(n, mu) - gammaln(n + 1.0) - mu, -np.inf)


def poisson_cdf(k: Any, mu: Any) -> Any:
    n = np.floor(np.where(k >= 0, k, 0))
    return np.where(k >= 0, gammaincc(n + 1.0, mu), 0.0)


def poisson_sf(k: Any, mu: Any) -> Any:
    n = np.floor(np.where(k >= 0, k, 0))
    return np.where(k >= 0, gammainc(n + 1.0, mu), 1.0)


def binom_logpmf(k: Any, n: Any, p: Any) -> Any:
    allowed = (k >= 0) & (k <= n) & (k == np.floor(k))
    hits = np.where(allowed, k, 0)
    ways = gammaln(n + 1.0) - gammaln(hits + 1.0) - gammaln(n - hits + 1.0)
    return np.where(allowed, ways + xlogy(hits, p) + xlog1py(n - hits, -p), -np.inf)


def binom_cdf(k: Any, n: Any, p: Any) -> Any:
    inside = (k >= 0) & (k < n)
    hits = np.floor(np.where(inside, k, 0))
    return np.where(inside, betaincc(hits + 1.0, np.where(inside, n - hits, 1.0), p), np.where(k < 0, 0.0, 1.0))


def binom_sf(k: Any, n: Any, p: Any) -> Any:
    inside = (k >= 0) & (k < n)
    hits = np.floor(np.where(inside, k, 0))
    return np.where(inside, betainc(hits + 1.0, np.where(inside, n - hits, 1.0), p), np.where(k < 0, 1.0, 0.0))


def betabinom_logpmf(k: Any, n: Any, a: Any, b: Any) -> Any:
    allowed = (k >= 0) & (k <= n) & (k == np.floor(k))
    hits = np.where(allowed, k, 0)
    ways = -np.log(n + 1.0) - betaln(n - hits + 1.0, hits + 1.0)
    return np.where(allowed, ways + betaln(hits + a, n - hits + b) - betaln(a, b), -np.inf)


def bernoulli_logpmf(k: Any, p: Any) -> Any:
    return np.where(k == 1, np.log(p), np.where(k == 0, np.log1p(-p), -np.inf))


def bernoulli_cdf(k: Any, p: Any) -> Any:
    return np.where(k < 0, 0.0, np.where(k < 1, 1.0 - p, 1.0))


def bernoulli_sf(k: Any, p: Any) -> Any:
    return np.where(k < 0, 1.0, np.where(k < 1, p, 0.0))


def nbinom_logpmf(k: Any, n: Any, p: Any) -> Any:
    allowed = (k >= 0) & (k == np.floor(k))
    failures = np.where(allowed, k, 0)
    ways = gammaln(n + failures) - gammaln(failures + 1.0) - gammaln(n)
    return np.where(allowed, ways + n * np.log(p) + xlog1py(failures, -p), -np.inf)


def nbinom_cdf(k: Any, n: Any, p: Any) -> Any:
    failures = np.floor(np.where(k >= 0, k, 0))
    return np.where(k >= 0, betainc(n * 1.0, failures + 1.0, p), 0.0)


def nbinom_sf(k: Any, n: Any, p: Any) -> Any:
    failures = np.floor(np.where(k >= 0, k, 0))
    return np.where(k >= 0, betaincc(n * 1.0, failures + 1.0, p), 1.0)


def geom_logpmf(k: Any, p: Any) -> Any:
    allowed = (k >= 1) & (k == np.floor(k))
    return np.where(allowed, np.log(p) + xlog1py(np.where(allowed, k, 1) - 1.0, -p), -np.inf)


def geom_logsf(k: Any, p: Any) -> Any:
    return np.floor(np.where(k >= 1, k, 0)) * np.log1p(-p)


def geom_sf(k: Any, p: Any) -> Any:
    return np.exp(geom_logsf(k, p))


def geom_cdf(k: Any, p: Any) -> Any:
    return -np.expm1(geom_logsf(k, p))

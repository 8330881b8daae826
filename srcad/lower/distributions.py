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
    betaln,
    expit,
    gammainc,
    gammaincc,
    gammaln,
    log_ndtr,
    ndtr,
    ndtri,
    stdtr,
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


def t_logpdf(z: Any, df: Any) -> Any:
    half = 0.5 * (df + 1.0)
    return gammaln(half) - gammaln(0.5 * df) - 0.5 * (np.log(df) + LOG_PI) - half * np.log1p(z * z / df)


def t_cdf(z: Any, df: Any) -> Any:
    return stdtr(df, z)


def gamma_logpdf(z: Any, a: Any) -> Any:
    x = np.where(z >= 0.0, z, 1.0)
    return np.where(z >= 0.0, xlogy(a - 1.0, x) - x - gammaln(a), -np.inf)


def gamma_cdf(z: Any, a: Any) -> Any:
    return np.where(z > 0.0, gammainc(a, np.where(z > 0.0, z, 1.0)), 0.0)


def invgamma_logpdf(z: Any, a: Any) -> Any:
    x = np.where(z > 0.0, z, 1.0)
    return np.where(z > 0.0, -(a + 1.0) * np.log(x) - gammaln(a) - 1.0 / x, -np.inf)


def chi2_logpdf(z: Any, df: Any) -> Any:
    x = np.where(z >= 0.0, z, 1.0)
    half = 0.5 * df
    return np.where(z >= 0.0, xlogy(half - 1.0, x) - 0.5 * x - gammaln(half) - half * LOG_2, -np.inf)


def chi2_cdf(z: Any, df: Any) -> Any:
    return np.where(z > 0.0, gammainc(0.5 * df, 0.5 * np.where(z > 0.0, z, 1.0)), 0.0)


def beta_logpdf(z: Any, a: Any, b: Any) -> Any:
    inside = (z >= 0.0) & (z <= 1.0)
    x = np.where(inside, z, 0.5)
    return np.where(inside, xlogy(a - 1.0, x) + xlog1py(b - 1.0, -x) - betaln(a, b), -np.inf)


def beta_cdf(z: Any, a: Any, b: Any) -> Any:
    inside = (z > 0.0) & (z < 1.0)
    return np.where(inside, betainc(a, b, np.where(inside, z, 0.5)), np.where(z > 0.0, 1.0, 0.0))


def expon_logpdf(z: Any) -> Any:
    return np.where(z >= 0.0, -z, -np.inf)


def expon_cdf(z: Any) -> Any:
    return np.where(z > 0.0, -np.expm1(-np.where(z > 0.0, z, 1.0)), 0.0)


def laplace_logpdf(z: Any) -> Any:
    return -np.abs(z) - LOG_2


def laplace_cdf(z: Any) -> Any:
    tail = 0.5 * np.exp(-np.abs(z))
    return np.where(z > 0.0, 1.0 - tail, tail)


def lognorm_logpdf(z: Any, s: Any) -> Any:
    logarithm = np.log(np.where(z > 0.0, z, 1.0))
    return np.where(z > 0.0, norm_logpdf(logarithm / s) - np.log(s) - logarithm, -np.inf)


def lognorm_cdf(z: Any, s: Any) -> Any:
    return np.where(z > 0.0, ndtr(np.log(np.where(z > 0.0, z, 1.0)) / s), 0.0)


def cauchy_logpdf(z: Any) -> Any:
    return -LOG_PI - np.log1p(z * z)


def cauchy_cdf(z: Any) -> Any:
    return 0.5 + np.arctan(z) / np.pi


def logistic_logpdf(z: Any) -> Any:
    return z - 2.0 * np.logaddexp(0.0, z)


def logistic_cdf(z: Any) -> Any:
    return expit(z)


def uniform_logpdf(z: Any) -> Any:
    return np.where((z >= 0.0) & (z <= 1.0), 0.0, -np.inf)


def uniform_cdf(z: Any) -> Any:
    return np.clip(z, 0.0, 1.0)


def halfnorm_logpdf(z: Any) -> Any:
    return np.where(z >= 0.0, norm_logpdf(z) + LOG_2, -np.inf)


def halfcauchy_logpdf(z: Any) -> Any:
    return np.where(z >= 0.0, cauchy_logpdf(z) + LOG_2, -np.inf)


def weibull_min_logpdf(z: Any, c: Any) -> Any:
    x = np.where(z > 0.0, z, 1.0)
    return np.where(z > 0.0, np.log(c) + (c - 1.0) * np.log(x) - x**c, -np.inf)


def weibull_min_cdf(z: Any, c: Any) -> Any:
    return np.where(z > 0.0, -np.expm1(-(np.where(z > 0.0, z, 1.0) ** c)), 0.0)


def pareto_logpdf(z: Any, b: Any) -> Any:
    x = np.where(z >= 1.0, z, 1.0)
    return np.where(z >= 1.0, np.log(b) - (b + 1.0) * np.log(x), -np.inf)


# --- discrete: k at location 0 ------------------------------------------------------------------------------------------


def poisson_logpmf(k: Any, mu: Any) -> Any:
    allowed = (k >= 0) & (k == np.floor(k))
    n = np.where(allowed, k, 0)
    return np.where(allowed, xlogy(n, mu) - gammaln(n + 1.0) - mu, -np.inf)


def poisson_cdf(k: Any, mu: Any) -> Any:
    n = np.floor(np.where(k >= 0, k, 0))
    return np.where(k >= 0, gammaincc(n + 1.0, mu), 0.0)


def binom_logpmf(k: Any, n: Any, p: Any) -> Any:
    allowed = (k >= 0) & (k <= n) & (k == np.floor(k))
    hits = np.where(allowed, k, 0)
    ways = gammaln(n + 1.0) - gammaln(hits + 1.0) - gammaln(n - hits + 1.0)
    return np.where(allowed, ways + xlogy(hits, p) + xlog1py(n - hits, -p), -np.inf)


def bernoulli_logpmf(k: Any, p: Any) -> Any:
    return np.where(k == 1, np.log(p), np.where(k == 0, np.log1p(-p), -np.inf))


def nbinom_logpmf(k: Any, n: Any, p: Any) -> Any:
    allowed = (k >= 0) & (k == np.floor(k))
    failures = np.where(allowed, k, 0)
    ways = gammaln(n + failures) - gammaln(failures + 1.0) - gammaln(n)
    return np.where(allowed, ways + n * np.log(p) + xlog1py(failures, -p), -np.inf)


def geom_logpmf(k: Any, p: Any) -> Any:
    allowed = (k >= 1) & (k == np.floor(k))
    return np.where(allowed, np.log(p) + xlog1py(np.where(allowed, k, 1) - 1.0, -p), -np.inf)


# --- of vectors -----------------------------------------------------------------------------------------------------------


def multivariate_normal_logpdf(x: Any, mean: Any, cov: Any) -> Any:
    """Of one point, or of each row; by the Cholesky factor of the covariance, which must be positive definite."""
    factor = np.linalg.cholesky(cov)
    n = cov.shape[0]
    constant = n * HALF_LOG_2_PI + np.sum(np.log(np.diag(factor)))
    z = np.linalg.solve(factor, (x - mean).T)
    return -0.5 * np.sum(z * z, axis=0) - constant


def dirichlet_logpdf(x: Any, alpha: Any) -> Any:
    return gammaln(np.sum(alpha)) - np.sum(gammaln(alpha)) + np.sum(xlogy(alpha - 1.0, x))

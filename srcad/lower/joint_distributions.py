"""The densities of scipy.stats for vectors and matrices. Imported when SciPy's own are."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.linalg import solve_triangular
from scipy.special import gammaln, multigammaln, xlogy

LOG_2 = math.log(2.0)
LOG_PI = math.log(math.pi)
HALF_LOG_2_PI = 0.5 * math.log(2.0 * math.pi)


def _half_log_det(factor: Any) -> Any:
    return np.sum(np.log(np.diag(factor)))


def multivariate_normal_logpdf(x: Any, mean: Any, cov: Any) -> Any:
    """Of one point, or of each row; by the Cholesky factor of the covariance, which must be positive definite."""
    factor = np.linalg.cholesky(cov)
    z = solve_triangular(factor, (x - mean).T, lower=True)
    return -0.5 * np.sum(z * z, axis=0) - cov.shape[0] * HALF_LOG_2_PI - _half_log_det(factor)


def multivariate_t_logpdf(x: Any, loc: Any, shape: Any, df: Any) -> Any:
    factor = np.linalg.cholesky(shape)
    n = shape.shape[0]
    z = solve_triangular(factor, (x - loc).T, lower=True)
    half = 0.5 * (df + n)
    constant = gammaln(half) - gammaln(0.5 * df) - 0.5 * n * (np.log(df) + LOG_PI) - _half_log_det(factor)
    return constant - half * np.log1p(np.sum(z * z, axis=0) / df)


def dirichlet_logpdf(x: Any, alpha: Any) -> Any:
    """The last number may be left out: it makes the sum 1."""
    total = gammaln(np.sum(alpha)) - np.sum(gammaln(alpha))
    if x.shape[0] == alpha.shape[0]:
        return total + np.sum(xlogy(alpha - 1.0, x))
    n = x.shape[0]
    return total + np.sum(xlogy(alpha[:n] - 1.0, x)) + xlogy(alpha[n] - 1.0, 1.0 - np.sum(x))


def multinomial_logpmf(x: Any, n: Any, p: Any) -> Any:
    """The last probability is what the others leave, as SciPy has it."""
    last = p.shape[0] - 1
    rest = 1.0 - np.sum(p[:last])
    ways = gammaln(n + 1.0) - np.sum(gammaln(x + 1.0))
    inside = ways + np.sum(xlogy(x[:last], p[:last])) + xlogy(x[last], rest)
    return inside if np.sum(x) == n and np.min(x) >= 0 else -np.inf


def dirichlet_multinomial_logpmf(x: Any, alpha: Any, n: Any) -> Any:
    total = np.sum(alpha)
    inside = gammaln(total) + gammaln(n + 1.0) - gammaln(n + total)
    inside += np.sum(gammaln(x + alpha) - gammaln(alpha) - gammaln(x + 1.0))
    return inside if np.sum(x) == n and np.min(x) >= 0 else -np.inf


def matrix_normal_logpdf(X: Any, mean: Any, rowcov: Any, colcov: Any) -> Any:
    """By the Cholesky factors of both covariances, which must be positive definite."""
    rows, columns = np.linalg.cholesky(rowcov), np.linalg.cholesky(colcov)
    m, n = X.shape
    z = solve_triangular(columns, solve_triangular(rows, X - mean, lower=True).T, lower=True)
    return -0.5 * np.sum(z * z) - m * n * HALF_LOG_2_PI - n * _half_log_det(rows) - m * _half_log_det(columns)


def wishart_logpdf(x: Any, df: Any, scale: Any) -> Any:
    n = scale.shape[0]
    factor, inner = np.linalg.cholesky(scale), np.linalg.cholesky(x)
    z = solve_triangular(factor, inner, lower=True)
    constant = -0.5 * df * n * LOG_2 - df * _half_log_det(factor) - multigammaln(0.5 * df, n)
    return constant + (df - n - 1.0) * _half_log_det(inner) - 0.5 * np.sum(z * z)


def invwishart_logpdf(x: Any, df: Any, scale: Any) -> Any:
    n = scale.shape[0]
    factor, inner = np.linalg.cholesky(scale), np.linalg.cholesky(x)
    z = solve_triangular(inner, factor, lower=True)
    constant = -0.5 * df * n * LOG_2 + df * _half_log_det(factor) - multigammaln(0.5 * df, n)
    return constant - (df + n + 1.0) * _half_log_det(inner) - 0.5 * np.sum(z * z)

"""Likelihoods with scipy.stats, as people write them."""

import numpy as np
from scipy import stats
from scipy.stats import norm

from programs_kit import normal, program, sample, spd

COUNTS = np.array([0, 3, 1, 7, 2])
DATA = np.array([0.3, 1.7, -0.4, 2.2, 0.9])


@program(0.4, 1.3, tags="stats likelihood")
def normal_sample(mu, sigma):
    return np.sum(norm.logpdf(DATA, mu, sigma)) + norm.logpdf(mu, scale=2.0) + norm.logpdf(mu)


@program(0.4, 1.3, tags="stats likelihood for")
def robust_sample(mu, sigma):
    total = 0.0
    for y in DATA:
        total += stats.t.logpdf(y, 4, loc=mu, scale=sigma)
    return total + stats.halfnorm.logpdf(sigma) + stats.cauchy(0.0, 2.0).logpdf(mu)


@program(np.array([0.2, 0.4]), sample(5), tags="stats likelihood glm")
def poisson_regression(beta, x):
    rate = np.exp(beta[0] + beta[1] * x)
    return np.sum(stats.poisson.logpmf(COUNTS, rate)) + np.sum(stats.norm(0.0, 10.0).logpdf(beta))


@program(np.array([0.3, 0.6]), tags="stats mixture")
def beta_binomial(p):
    prior = stats.beta(2.0, 3.0).logpdf(p[0]) + stats.gamma.logpdf(p[1], 2.5, scale=0.5)
    return prior + np.sum(stats.binom.logpmf(COUNTS[:3], 7, p[0])) + stats.expon.logpdf(p[1], scale=p[0])


@program(0.7, 0.4, tags="stats censored if")
def censored(mu, sigma):
    total = 0.0
    for y in DATA:
        total += norm.logsf(y, mu, sigma) if y > 1.0 else np.log(norm.pdf(y, mu, sigma))
    return total + norm.cdf(mu) * norm.ppf(0.3, sigma) + stats.logistic.logpdf(mu) + stats.lognorm.logpdf(sigma, 0.5)


@program(sample(3), spd(3), normal(4, 3), tags="stats linalg")
def gaussian_rows(mean, cov, X):
    one = stats.multivariate_normal(mean, cov).logpdf(X[0])
    return one + np.sum(stats.multivariate_normal.logpdf(X, mean=mean, cov=cov))


@program(sample(3), tags="stats support")
def outside_of_the_support(x):
    """What is outside has a density of zero, and no derivative."""
    inside = stats.expon.pdf(x[0]) + stats.uniform.pdf(x[1] / 2.0) + stats.gamma.pdf(x[2], 2.0)
    return inside + stats.expon.pdf(-x[0]) + stats.beta.pdf(1.0 + x[1], 2.0, 3.0) + stats.lognorm.pdf(-x[2], 0.4)


@program(1.0, 1.0, sample(3), tags="stats likelihood")
def exponential_as_a_special_case(a, b, x):
    """A shape of 1, where a power of x is one of zero."""
    return np.sum(stats.gamma.logpdf(x, a, scale=b)) + stats.beta.logpdf(0.3, a, b) + stats.chi2.logpdf(x[0], 2.0 * a)

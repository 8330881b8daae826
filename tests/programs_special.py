"""SciPy's special functions, as people write them in likelihoods and in physics."""

import numpy as np
import scipy.special as sc
from scipy.special import digamma, gammaln, log_ndtr, xlogy

from programs_kit import normal, program, sample

COUNTS = np.array([0, 3, 1, 7, 2, 0])


@program(np.array([0.3, 0.1, 0.2]), normal(6, 2), tags="special likelihood")
def negative_binomial(theta, X):
    r, mu = np.exp(theta[0]), np.exp(X @ theta[1:])
    density = gammaln(COUNTS + r) - gammaln(r) - gammaln(COUNTS + 1) + r * np.log(r / (r + mu))
    return np.sum(density + xlogy(COUNTS, mu / (r + mu)))


@program(np.array([0.1, 0.2]), normal(6, 2), tags="special likelihood for if")
def probit(b, X):
    total = 0.0
    for i in range(X.shape[0]):
        z = X[i] @ b
        total += log_ndtr(z) if COUNTS[i] > 1 else log_ndtr(-z)
    return total


@program(sample(4), tags="special likelihood array")
def dirichlet_multinomial(alpha):
    n, counts = 13, COUNTS[:4]
    total = gammaln(np.sum(alpha)) - gammaln(n + np.sum(alpha))
    return total + np.sum(gammaln(counts + alpha) - gammaln(alpha)) + digamma(alpha[0])


@program(sample(5), tags="special bessel for array")
def bessel_sum(x):
    total = 0.0
    for n in range(x.size):
        total += sc.jv(n, x[n]) * sc.iv(0.5, x[n]) - sc.kv(1, x[n]) * sc.j0(x[n])
    return total + np.sum(sc.jv(np.array([[0], [1]]), x) * sc.i0e(x))


@program(0.4, 1.7, tags="special scalar")
def distribution_functions(x, b):
    y = sc.betainc(2.0, 3.0, x) * sc.gammainc(1.5, b) + sc.ndtr(b) * sc.ndtri(x) + sc.stdtr(4, b)
    return y + sc.beta(x, b) + sc.betaln(b, x) + sc.hyp2f1(1.0, 2.0, 3.0, x) + sc.erfinv(x) * sc.erfcx(b)


@program(np.array([0.2, 0.5, 0.3]), np.array([0.1, 0.6, 0.3]), tags="special entropy array")
def divergences(p, q):
    mixed = 0.5 * (p + q)
    total = np.sum(sc.rel_entr(p, mixed)) + np.sum(sc.kl_div(q, mixed)) + np.sum(sc.entr(p))
    return total + sc.log_expit(p[0]) + sc.xlog1py(q[0], p[1]) + sc.ellipk(p[2]) * sc.ellipe(q[2])


@program(normal(2), normal(2, 2), tags="special softmax infinity loop", second=False, compiled=False)
def chain_with_impossible_steps(p, steps):
    steps = np.where(np.eye(2) > 0, steps, -np.inf)
    a = np.array([0.0, -np.inf])
    for _ in range(2):
        a = sc.logsumexp(a[:, None] + steps, axis=0) + p
    return sc.logsumexp(a)


@program(normal(3), sample(3), tags="special softmax weights", compiled=False)
def absent_terms_do_not_overflow(z, b):
    far = np.array([2000.0, 0.0, 0.0])
    return sc.logsumexp(z + far, b=b * (far == 0)) + sc.logsumexp(z, b=b * np.array([0.0, 2.0, 1.0]))


@program(normal(3, 4), tags="special softmax array")
def softmax_family(z):
    total = sc.logsumexp(z) + np.sum(sc.logsumexp(z, axis=0, keepdims=True) * z)
    weights = np.array([1.0, 2.0, 0.5, 3.0])
    total += np.sum(sc.logsumexp(z, axis=1, b=weights) ** 2)
    return total + np.sum(sc.log_softmax(z, axis=1) * z) + np.sum(sc.softmax(z, axis=0) ** 2)

"""Rules of SciPy's special functions: their derivatives as the DLMF has them (https://dlmf.nist.gov), by section.

`unknown` names arguments for which there is no closed form, such as orders of Bessel functions: constants, or refused.
The numbers are 1/sqrt(2 pi), sqrt(2 pi), sqrt(pi)/2, 2/sqrt(pi), pi/8.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from srcad.transforms.rules.language import rule
from srcad.transforms.rules.points import (
    AWAY_FROM_ZERO,
    FRACTIONS,
    MODERATE,
    NEGATIVE,
    PAIRS,
    POSITIVE_PAIRS,
    REALS,
    UNIT,
)


def _by_slope(
    call: str, slope: str, *, at: Sequence[Any], unknown: Mapping[str, float] = {}, argument: str = "x"
) -> None:
    """A function of one argument that counts, with this derivative."""
    y_dot, x_bar = f"({slope}) * {argument}_dot", f"({slope}) * y_bar"
    rule(f"y = {call}", f"y_dot = {y_dot}", f"{argument}_bar = {x_bar}", at=at, unknown=unknown, depth=2)


# The normal distribution and the error function: 7.2, 7.17. The ratio of density and tail is taken of their logarithms.
_by_slope("ndtr(x)", "0.3989422804014327 * exp(-0.5 * x * x)", at=REALS)
_by_slope("log_ndtr(x)", "0.3989422804014327 * exp(-0.5 * x * x - y)", at=REALS)
_by_slope("ndtri(x)", "2.5066282746310002 * exp(0.5 * y * y)", at=FRACTIONS)
_by_slope("erfinv(x)", "0.886226925452758 * exp(y * y)", at=UNIT)
_by_slope("erfcinv(x)", "-0.886226925452758 * exp(y * y)", at=FRACTIONS)
_by_slope("ndtri_exp(x)", "2.5066282746310002 * exp(x + 0.5 * y * y)", at=NEGATIVE)
_by_slope("erfi(x)", "1.1283791670955126 * exp(x * x)", at=REALS)
_by_slope("erfcx(x)", "2 * x * y - 1.1283791670955126", at=REALS)
_by_slope("dawsn(x)", "1 - 2 * x * y", at=REALS)

# Gamma and beta: 5.5, 5.9, 5.12; incomplete: 8.8, 8.17.
rule(
    "y = beta(a, b)",
    "y_dot = y * ((polygamma(0, a) - polygamma(0, a + b)) * a_dot + (polygamma(0, b) - polygamma(0, a + b)) * b_dot)",
    "a_bar = y * (polygamma(0, a) - polygamma(0, a + b)) * y_bar",
    "b_bar = y * (polygamma(0, b) - polygamma(0, a + b)) * y_bar",
    at=POSITIVE_PAIRS,
)
rule(
    "y = betaln(a, b)",
    "y_dot = (polygamma(0, a) - polygamma(0, a + b)) * a_dot + (polygamma(0, b) - polygamma(0, a + b)) * b_dot",
    "a_bar = (polygamma(0, a) - polygamma(0, a + b)) * y_bar",
    "b_bar = (polygamma(0, b) - polygamma(0, a + b)) * y_bar",
    at=POSITIVE_PAIRS,
)
_by_slope("rgamma(x)", "-polygamma(0, x) * y", at=REALS)
_by_slope("gammainc(a, x)", "exp(xlogy(a - 1, x) - x - lgamma(a))", unknown={"a": 1.7}, at=MODERATE)
_by_slope("gammaincc(a, x)", "-exp(xlogy(a - 1, x) - x - lgamma(a))", unknown={"a": 1.7}, at=MODERATE)
_by_slope("gammaincinv(a, x)", "exp(y + lgamma(a) - xlogy(a - 1, y))", unknown={"a": 1.7}, at=FRACTIONS)
_by_slope("gammainccinv(a, x)", "-exp(y + lgamma(a) - xlogy(a - 1, y))", unknown={"a": 1.7}, at=FRACTIONS)
_by_slope(
    "betainc(a, b, x)",
    "exp(xlogy(a - 1, x) + xlog1py(b - 1, -x) - (lgamma(a) + lgamma(b) - lgamma(a + b)))",
    unknown={"a": 1.7, "b": 1.7},
    at=FRACTIONS,
)
_by_slope(
    "betaincc(a, b, x)",
    "-exp(xlogy(a - 1, x) + xlog1py(b - 1, -x) - (lgamma(a) + lgamma(b) - lgamma(a + b)))",
    unknown={"a": 1.7, "b": 1.7},
    at=FRACTIONS,
)
_by_slope(
    "betaincinv(a, b, x)",
    "exp(lgamma(a) + lgamma(b) - lgamma(a + b) - xlogy(a - 1, y) - xlog1py(b - 1, -y))",
    unknown={"a": 1.7, "b": 1.7},
    at=FRACTIONS,
)
_by_slope(
    "stdtr(n, x)",
    "exp(lgamma(0.5 * n + 0.5) - lgamma(0.5 * n) - 0.5 * log(n * 3.141592653589793) - (0.5 * n + 0.5) * log1p(x * x / n))",
    unknown={"n": 1.7},
    at=REALS,
)
_by_slope(
    "stdtrit(n, x)",
    "exp(lgamma(0.5 * n) - lgamma(0.5 * n + 0.5) + 0.5 * log(n * 3.141592653589793) + (0.5 * n + 0.5) * log1p(y * y / n))",
    unknown={"n": 1.7},
    at=FRACTIONS,
)

# x log y with 0 log 0 = 0, and what is made of it. Only where both are 0 is another denominator taken, so that the derivative of
# a / b for a is 1 / b at a = 0, too.
rule(
    "y = xlogy(a, b)",
    "y_dot = log(b) * a_dot + a / where(a == 0 and b == 0, 1, b) * b_dot",
    "a_bar = log(b) * y_bar",
    "b_bar = a / where(a == 0 and b == 0, 1, b) * y_bar",
    at=POSITIVE_PAIRS,
)
rule(
    "y = xlog1py(a, b)",
    "y_dot = log1p(b) * a_dot + a / where(a == 0 and b == -1, 1, 1 + b) * b_dot",
    "a_bar = log1p(b) * y_bar",
    "b_bar = a / where(a == 0 and b == -1, 1, 1 + b) * y_bar",
    at=POSITIVE_PAIRS,
)
_by_slope("entr(x)", "-(log(x) + 1)", at=MODERATE)
rule(
    "y = rel_entr(a, b)",
    "y_dot = (log(a / b) + 1) * a_dot - a / b * b_dot",
    "a_bar = (log(a / b) + 1) * y_bar",
    "b_bar = -(a / b * y_bar)",
    at=POSITIVE_PAIRS,
)
rule(
    "y = kl_div(a, b)",
    "y_dot = log(a / b) * a_dot + (1 - a / b) * b_dot",
    "a_bar = log(a / b) * y_bar",
    "b_bar = (1 - a / b) * y_bar",
    at=POSITIVE_PAIRS,
)

# Bessel functions: 10.6, 10.29.
_by_slope("j0(x)", "-j1(x)", at=REALS)
_by_slope("j1(x)", "0.5 * (j0(x) - jv(2.0, x))", at=REALS)
_by_slope("y0(x)", "-y1(x)", at=AWAY_FROM_ZERO)
_by_slope("y1(x)", "0.5 * (y0(x) - yv(2.0, x))", at=AWAY_FROM_ZERO)
_by_slope("jv(v, x)", "0.5 * (jv(v - 1, x) - jv(v + 1, x))", unknown={"v": 1.7}, at=MODERATE)
_by_slope("yv(v, x)", "0.5 * (yv(v - 1, x) - yv(v + 1, x))", unknown={"v": 1.7}, at=AWAY_FROM_ZERO)
_by_slope("i0(x)", "i1(x)", at=REALS)
_by_slope("i1(x)", "0.5 * (i0(x) + iv(2.0, x))", at=REALS)
_by_slope("iv(v, x)", "0.5 * (iv(v - 1, x) + iv(v + 1, x))", unknown={"v": 1.7}, at=MODERATE)
_by_slope("i0e(x)", "i1e(x) - sign(x) * y", at=REALS)
_by_slope("i1e(x)", "0.5 * (i0e(x) + ive(2.0, x)) - sign(x) * y", at=REALS)
_by_slope("ive(v, x)", "0.5 * (ive(v - 1, x) + ive(v + 1, x)) - sign(x) * y", unknown={"v": 1.7}, at=MODERATE)
_by_slope("k0(x)", "-k1(x)", at=AWAY_FROM_ZERO)
_by_slope("k1(x)", "-0.5 * (k0(x) + kv(2.0, x))", at=AWAY_FROM_ZERO)
_by_slope("kv(v, x)", "-0.5 * (kv(v - 1, x) + kv(v + 1, x))", unknown={"v": 1.7}, at=AWAY_FROM_ZERO)
_by_slope("k0e(x)", "y - k1e(x)", at=AWAY_FROM_ZERO)
_by_slope("k1e(x)", "y - 0.5 * (k0e(x) + kve(2.0, x))", at=AWAY_FROM_ZERO)
_by_slope("kve(v, x)", "y - 0.5 * (kve(v - 1, x) + kve(v + 1, x))", unknown={"v": 1.7}, at=AWAY_FROM_ZERO)

# Hypergeometric functions: 15.5, 13.3, 16.3; elliptic and exponential integrals: 19.4, 6.2, 8.19, 25.12.
_by_slope("hyp0f1(v, x)", "hyp0f1(v + 1, x) / v", unknown={"v": 1.7}, at=MODERATE)
_by_slope("hyp1f1(a, b, x)", "a / b * hyp1f1(a + 1, b + 1, x)", unknown={"a": 1.7, "b": 1.7}, at=MODERATE)
_by_slope(
    "hyp2f1(a, b, c, x)", "a * b / c * hyp2f1(a + 1, b + 1, c + 1, x)", unknown={"a": 1.7, "b": 1.7, "c": 1.7}, at=UNIT
)
# A closed form with a removable singularity gives way to the hypergeometric function around it, which has derivatives there.
_by_slope(
    "ellipk(x)",
    "where(abs(x) < 0.5, 0.39269908169872414 * hyp2f1(1.5, 1.5, 2.0, x),"
    " 0.5 * (ellipe(x) / (1 - x) - y) / where(abs(x) < 0.5, 1, x))",
    at=FRACTIONS,
)
_by_slope(
    "ellipe(x)",
    "where(abs(x) < 0.5, -0.39269908169872414 * hyp2f1(0.5, 1.5, 2.0, x),"
    " 0.5 * (y - ellipk(x)) / where(abs(x) < 0.5, 1, x))",
    at=FRACTIONS,
)
_by_slope("expi(x)", "exp(x) / x", at=MODERATE)
_by_slope("exp1(x)", "-(exp(-x) / x)", at=MODERATE)
_by_slope("expn(n, x)", "-expn(n - 1, x)", unknown={"n": 4}, at=MODERATE)
_by_slope(
    "spence(x)",
    "where(abs(x - 1) < 0.5, -hyp2f1(1.0, 1.0, 2.0, 1 - x), log(x) / where(abs(x - 1) < 0.5, 1, 1 - x))",
    at=MODERATE,
)
_by_slope("ellipkinc(x, m)", "1 / sqrt(1 - m * sin(x)**2)", unknown={"m": 0.3}, at=FRACTIONS)
_by_slope("ellipeinc(x, m)", "sqrt(1 - m * sin(x)**2)", unknown={"m": 0.3}, at=FRACTIONS)
_by_slope("hyperu(a, b, x)", "-a * hyperu(a + 1, b + 1, x)", unknown={"a": 1.7, "b": 1.7}, at=AWAY_FROM_ZERO)
_by_slope("exprel(x)", "0.5 * hyp1f1(2.0, 3.0, x)", at=MODERATE)
_by_slope("wrightomega(x)", "y / (1 + y)", at=MODERATE)
_by_slope("cosm1(x)", "-sin(x)", at=REALS)
_by_slope("inv_boxcox(x, m)", "y**(1 - m)", unknown={"m": 0.4}, at=MODERATE)

# Struve functions and Wright's: 11.4, 10.46; Hurwitz's zeta function: 25.11; Owen's T (Owen 1956, "Tables for computing bivariate
# normal probabilities"); binomials and Pochhammer's symbol by the gamma functions in them: 5.2, 26.1.
_by_slope("struve(v, x)", "struve(v - 1, x) - v / x * y", unknown={"v": 1.7}, at=AWAY_FROM_ZERO)
_by_slope("modstruve(v, x)", "modstruve(v - 1, x) - v / x * y", unknown={"v": 1.7}, at=AWAY_FROM_ZERO)
_by_slope("wright_bessel(a, b, x)", "wright_bessel(a, a + b, x)", unknown={"a": 1.7, "b": 1.7}, at=MODERATE)
_by_slope(
    "log_wright_bessel(a, b, x)", "exp(log_wright_bessel(a, a + b, x) - y)", unknown={"a": 1.7, "b": 1.7}, at=MODERATE
)
_by_slope("zeta(s, x)", "-s * zeta(s + 1, x)", unknown={"s": 2.5}, at=AWAY_FROM_ZERO)
rule(
    "y = owens_t(x, a)",
    "y_dot = 0.15915494309189535 * exp(-0.5 * x * x * (1 + a * a)) / (1 + a * a) * a_dot"
    " - 0.19947114020071635 * exp(-0.5 * x * x) * erf(0.7071067811865476 * a * x) * x_dot",
    "x_bar = -0.19947114020071635 * exp(-0.5 * x * x) * erf(0.7071067811865476 * a * x) * y_bar",
    "a_bar = 0.15915494309189535 * exp(-0.5 * x * x * (1 + a * a)) / (1 + a * a) * y_bar",
    at=PAIRS,
)
rule(
    "y = binom(n, k)",
    "y_dot = y * ((polygamma(0, n + 1) - polygamma(0, n - k + 1)) * n_dot"
    " + (polygamma(0, n - k + 1) - polygamma(0, k + 1)) * k_dot)",
    "n_bar = y * (polygamma(0, n + 1) - polygamma(0, n - k + 1)) * y_bar",
    "k_bar = y * (polygamma(0, n - k + 1) - polygamma(0, k + 1)) * y_bar",
    at=POSITIVE_PAIRS,
)
rule(
    "y = poch(a, m)",
    "y_dot = y * ((polygamma(0, a + m) - polygamma(0, a)) * a_dot + polygamma(0, a + m) * m_dot)",
    "a_bar = y * (polygamma(0, a + m) - polygamma(0, a)) * y_bar",
    "m_bar = y * polygamma(0, a + m) * y_bar",
    at=POSITIVE_PAIRS,
)

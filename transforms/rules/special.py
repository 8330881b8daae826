"""Rules of SciPy's special functions: their derivatives as the DLMF has them (https://dlmf.nist.gov), by section.

`unknown` names arguments for which there is no closed form, such as orders of Bessel functions: constants, or refused.
The numbers are 1/sqrt(2 pi), sqrt(2 pi), sqrt(pi)/2, 2/sqrt(pi), pi/8.
"""

from srcad.transforms.rules.language import rule


def _by_slope(call: str, slope: str, argument: str = "x", unknown: str = "") -> None:
    """A function of one argument that counts, with this derivative."""
    y_dot, x_bar = f"({slope}) * {argument}_dot", f"({slope}) * y_bar"
    rule(f"y = {call}", f"y_dot = {y_dot}", f"{argument}_bar = {x_bar}", unknown=unknown)


# The normal distribution and the error function: 7.2, 7.17. The ratio of density and tail is taken of their logarithms.
_by_slope("ndtr(x)", "0.3989422804014327 * exp(-0.5 * x * x)")
_by_slope("log_ndtr(x)", "0.3989422804014327 * exp(-0.5 * x * x - y)")
_by_slope("ndtri(x)", "2.5066282746310002 * exp(0.5 * y * y)")
_by_slope("erfinv(x)", "0.886226925452758 * exp(y * y)")
_by_slope("erfcinv(x)", "-0.886226925452758 * exp(y * y)")
_by_slope("erfcx(x)", "2 * x * y - 1.1283791670955126")
_by_slope("dawsn(x)", "1 - 2 * x * y")

# Gamma and beta: 5.5, 5.9, 5.12; incomplete: 8.8, 8.17.
rule(
    "y = beta(a, b)",
    "y_dot = y * ((polygamma(0, a) - polygamma(0, a + b)) * a_dot + (polygamma(0, b) - polygamma(0, a + b)) * b_dot)",
    "a_bar = y * (polygamma(0, a) - polygamma(0, a + b)) * y_bar",
    "b_bar = y * (polygamma(0, b) - polygamma(0, a + b)) * y_bar",
)
rule(
    "y = betaln(a, b)",
    "y_dot = (polygamma(0, a) - polygamma(0, a + b)) * a_dot + (polygamma(0, b) - polygamma(0, a + b)) * b_dot",
    "a_bar = (polygamma(0, a) - polygamma(0, a + b)) * y_bar",
    "b_bar = (polygamma(0, b) - polygamma(0, a + b)) * y_bar",
)
_by_slope("rgamma(x)", "-polygamma(0, x) * y")
_by_slope("gammainc(a, x)", "exp(xlogy(a - 1, x) - x - lgamma(a))", unknown="a")
_by_slope("gammaincc(a, x)", "-exp(xlogy(a - 1, x) - x - lgamma(a))", unknown="a")
_by_slope("gammaincinv(a, x)", "exp(y + lgamma(a) - xlogy(a - 1, y))", unknown="a")
_by_slope("gammainccinv(a, x)", "-exp(y + lgamma(a) - xlogy(a - 1, y))", unknown="a")
_by_slope(
    "betainc(a, b, x)",
    "exp(xlogy(a - 1, x) + xlog1py(b - 1, -x) - (lgamma(a) + lgamma(b) - lgamma(a + b)))",
    unknown="a b",
)
_by_slope(
    "betaincc(a, b, x)",
    "-exp(xlogy(a - 1, x) + xlog1py(b - 1, -x) - (lgamma(a) + lgamma(b) - lgamma(a + b)))",
    unknown="a b",
)
_by_slope(
    "betaincinv(a, b, x)",
    "exp(lgamma(a) + lgamma(b) - lgamma(a + b) - xlogy(a - 1, y) - xlog1py(b - 1, -y))",
    unknown="a b",
)
_by_slope(
    "stdtr(n, x)",
    "exp(lgamma(0.5 * n + 0.5) - lgamma(0.5 * n) - 0.5 * log(n * 3.141592653589793) - (0.5 * n + 0.5) * log1p(x * x / n))",
    unknown="n",
)

# x log y with 0 log 0 = 0, and what is made of it. Only where both are 0 is another denominator taken, so that the derivative of
# a / b for a is 1 / b at a = 0, too.
rule(
    "y = xlogy(a, b)",
    "y_dot = log(b) * a_dot + a / where(a == 0 and b == 0, 1, b) * b_dot",
    "a_bar = log(b) * y_bar",
    "b_bar = a / where(a == 0 and b == 0, 1, b) * y_bar",
)
rule(
    "y = xlog1py(a, b)",
    "y_dot = log1p(b) * a_dot + a / where(a == 0 and b == -1, 1, 1 + b) * b_dot",
    "a_bar = log1p(b) * y_bar",
    "b_bar = a / where(a == 0 and b == -1, 1, 1 + b) * y_bar",
)
_by_slope("entr(x)", "-(log(x) + 1)")
rule(
    "y = rel_entr(a, b)",
    "y_dot = (log(a / b) + 1) * a_dot - a / b * b_dot",
    "a_bar = (log(a / b) + 1) * y_bar",
    "b_bar = -(a / b * y_bar)",
)
rule(
    "y = kl_div(a, b)",
    "y_dot = log(a / b) * a_dot + (1 - a / b) * b_dot",
    "a_bar = log(a / b) * y_bar",
    "b_bar = (1 - a / b) * y_bar",
)

# Bessel functions: 10.6, 10.29.
_by_slope("j0(x)", "-j1(x)")
_by_slope("j1(x)", "0.5 * (j0(x) - jv(2.0, x))")
_by_slope("y0(x)", "-y1(x)")
_by_slope("y1(x)", "0.5 * (y0(x) - yv(2.0, x))")
_by_slope("jv(v, x)", "0.5 * (jv(v - 1, x) - jv(v + 1, x))", unknown="v")
_by_slope("yv(v, x)", "0.5 * (yv(v - 1, x) - yv(v + 1, x))", unknown="v")
_by_slope("i0(x)", "i1(x)")
_by_slope("i1(x)", "0.5 * (i0(x) + iv(2.0, x))")
_by_slope("iv(v, x)", "0.5 * (iv(v - 1, x) + iv(v + 1, x))", unknown="v")
_by_slope("i0e(x)", "i1e(x) - sign(x) * y")
_by_slope("i1e(x)", "0.5 * (i0e(x) + ive(2.0, x)) - sign(x) * y")
_by_slope("ive(v, x)", "0.5 * (ive(v - 1, x) + ive(v + 1, x)) - sign(x) * y", unknown="v")
_by_slope("k0(x)", "-k1(x)")
_by_slope("k1(x)", "-0.5 * (k0(x) + kv(2.0, x))")
_by_slope("kv(v, x)", "-0.5 * (kv(v - 1, x) + kv(v + 1, x))", unknown="v")
_by_slope("k0e(x)", "y - k1e(x)")
_by_slope("k1e(x)", "y - 0.5 * (k0e(x) + kve(2.0, x))")
_by_slope("kve(v, x)", "y - 0.5 * (kve(v - 1, x) + kve(v + 1, x))", unknown="v")

# Hypergeometric functions: 15.5, 13.3, 16.3; elliptic and exponential integrals: 19.4, 6.2, 8.19, 25.12.
_by_slope("hyp0f1(v, x)", "hyp0f1(v + 1, x) / v", unknown="v")
_by_slope("hyp1f1(a, b, x)", "a / b * hyp1f1(a + 1, b + 1, x)", unknown="a b")
_by_slope("hyp2f1(a, b, c, x)", "a * b / c * hyp2f1(a + 1, b + 1, c + 1, x)", unknown="a b c")
# A closed form with a removable singularity gives way to the hypergeometric function around it, which has derivatives there.
_by_slope(
    "ellipk(x)",
    "where(abs(x) < 0.5, 0.39269908169872414 * hyp2f1(1.5, 1.5, 2.0, x),"
    " 0.5 * (ellipe(x) / (1 - x) - y) / where(abs(x) < 0.5, 1, x))",
)
_by_slope(
    "ellipe(x)",
    "where(abs(x) < 0.5, -0.39269908169872414 * hyp2f1(0.5, 1.5, 2.0, x),"
    " 0.5 * (y - ellipk(x)) / where(abs(x) < 0.5, 1, x))",
)
_by_slope("expi(x)", "exp(x) / x")
_by_slope("exp1(x)", "-(exp(-x) / x)")
_by_slope("expn(n, x)", "-expn(n - 1, x)", unknown="n")
_by_slope(
    "spence(x)",
    "where(abs(x - 1) < 0.5, -hyp2f1(1.0, 1.0, 2.0, 1 - x), log(x) / where(abs(x - 1) < 0.5, 1, 1 - x))",
)

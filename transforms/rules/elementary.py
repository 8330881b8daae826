"""Rules of the elementary functions. The result is used again wherever that is cheaper than a new function call."""

from srcad.transforms.rules.language import rule
from srcad.transforms.rules.points import ABOVE_ONE, BETWEEN_POLES, PAIRS, POSITIVE, REALS, UNIT

rule("y = sqrt(x)", "y_dot = x_dot / (2 * y)", "x_bar = y_bar / (2 * y)", at=POSITIVE)
rule("y = cbrt(x)", "y_dot = x_dot / (3 * y * y)", "x_bar = y_bar / (3 * y * y)", at=POSITIVE)

rule("y = exp(x)", "y_dot = y * x_dot", "x_bar = y * y_bar", at=REALS)
rule("y = exp2(x)", "y_dot = log(2.0) * y * x_dot", "x_bar = log(2.0) * y * y_bar", at=REALS)
rule("y = expm1(x)", "y_dot = (y + 1) * x_dot", "x_bar = (y + 1) * y_bar", at=REALS)
rule("y = log(x)", "y_dot = x_dot / x", "x_bar = y_bar / x", at=POSITIVE)
rule("y = log2(x)", "y_dot = x_dot / (log(2.0) * x)", "x_bar = y_bar / (log(2.0) * x)", at=POSITIVE)
rule("y = log10(x)", "y_dot = x_dot / (log(10.0) * x)", "x_bar = y_bar / (log(10.0) * x)", at=POSITIVE)
rule("y = log1p(x)", "y_dot = x_dot / (1 + x)", "x_bar = y_bar / (1 + x)", at=POSITIVE)

rule("y = sin(x)", "y_dot = cos(x) * x_dot", "x_bar = cos(x) * y_bar", at=REALS)
rule("y = cos(x)", "y_dot = -(sin(x) * x_dot)", "x_bar = -(sin(x) * y_bar)", at=REALS)
rule("y = tan(x)", "y_dot = (1 + y * y) * x_dot", "x_bar = (1 + y * y) * y_bar", at=REALS)
rule("y = arcsin(x)", "y_dot = x_dot / sqrt(1 - x * x)", "x_bar = y_bar / sqrt(1 - x * x)", at=UNIT)
rule("y = arccos(x)", "y_dot = -(x_dot / sqrt(1 - x * x))", "x_bar = -(y_bar / sqrt(1 - x * x))", at=UNIT)
rule("y = arctan(x)", "y_dot = x_dot / (1 + x * x)", "x_bar = y_bar / (1 + x * x)", at=REALS)

rule("y = sinh(x)", "y_dot = cosh(x) * x_dot", "x_bar = cosh(x) * y_bar", at=REALS)
rule("y = cosh(x)", "y_dot = sinh(x) * x_dot", "x_bar = sinh(x) * y_bar", at=REALS)
rule("y = tanh(x)", "y_dot = (1 - y * y) * x_dot", "x_bar = (1 - y * y) * y_bar", at=REALS)
rule("y = arcsinh(x)", "y_dot = x_dot / sqrt(x * x + 1)", "x_bar = y_bar / sqrt(x * x + 1)", at=REALS)
rule(
    "y = arccosh(x)",
    "y_dot = x_dot / (sqrt(x - 1) * sqrt(x + 1))",
    "x_bar = y_bar / (sqrt(x - 1) * sqrt(x + 1))",
    at=ABOVE_ONE,
)  # one root each, since of complex numbers the root of the product may be the other one
rule("y = arctanh(x)", "y_dot = x_dot / (1 - x * x)", "x_bar = y_bar / (1 - x * x)", at=UNIT)

rule("y = deg2rad(x)", "y_dot = deg2rad(x_dot)", "x_bar = deg2rad(y_bar)", at=REALS)
rule("y = rad2deg(x)", "y_dot = rad2deg(x_dot)", "x_bar = rad2deg(y_bar)", at=REALS)

# The literal is 2 / sqrt(pi).
rule(
    "y = erf(x)",
    "y_dot = 1.1283791670955126 * exp(-x * x) * x_dot",
    "x_bar = 1.1283791670955126 * exp(-x * x) * y_bar",
    at=REALS,
)
rule(
    "y = erfc(x)",
    "y_dot = -(1.1283791670955126 * exp(-x * x) * x_dot)",
    "x_bar = -(1.1283791670955126 * exp(-x * x) * y_bar)",
    at=REALS,
)

rule("y = lgamma(x)", "y_dot = polygamma(0, x) * x_dot", "x_bar = polygamma(0, x) * y_bar", at=BETWEEN_POLES)
rule("y = gamma(x)", "y_dot = y * polygamma(0, x) * x_dot", "x_bar = y * polygamma(0, x) * y_bar", at=BETWEEN_POLES)
rule(
    "y = polygamma(n, x)",
    "y_dot = polygamma(n + 1, x) * x_dot",
    "x_bar = polygamma(n + 1, x) * y_bar",
    unknown={"n": 1},
    at=BETWEEN_POLES,
)

rule(
    "y = arctan2(a, b)",
    "y_dot = (a_dot * b - a * b_dot) / (a * a + b * b)",
    "a_bar = y_bar * b / (a * a + b * b)",
    "b_bar = -(y_bar * a / (a * a + b * b))",
    at=PAIRS,
)

# At the origin the distance has a kink: the derivative there is 0, in the middle of the subgradients.
rule(
    "y = hypot(a, b)",
    "y_dot = (a * a_dot + b * b_dot) / where(y == 0, 1, y)",
    "a_bar = a / where(y == 0, 1, y) * y_bar",
    "b_bar = b / where(y == 0, 1, y) * y_bar",
    at=PAIRS,
)

# a - y is the logarithm of a's share; a == y holds where the share is all, and where both are infinite.
rule(
    "y = logaddexp(a, b)",
    "y_dot = exp(where(a == y, 0, a - y)) * a_dot + exp(where(b == y, 0, b - y)) * b_dot",
    "a_bar = exp(where(a == y, 0, a - y)) * y_bar",
    "b_bar = exp(where(b == y, 0, b - y)) * y_bar",
    at=PAIRS,
)
rule(
    "y = logaddexp2(a, b)",
    "y_dot = exp2(where(a == y, 0, a - y)) * a_dot + exp2(where(b == y, 0, b - y)) * b_dot",
    "a_bar = exp2(where(a == y, 0, a - y)) * y_bar",
    "b_bar = exp2(where(b == y, 0, b - y)) * y_bar",
    at=PAIRS,
)

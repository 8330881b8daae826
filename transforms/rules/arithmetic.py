"""Rules of the operators."""

from srcad.transforms.rules.language import rule
from srcad.transforms.rules.points import PAIRS, POSITIVE, POWERS, REALS

rule("y = add(a, b)", "y_dot = a_dot + b_dot", "a_bar = y_bar", "b_bar = y_bar", at=PAIRS)
rule("y = sub(a, b)", "y_dot = a_dot - b_dot", "a_bar = y_bar", "b_bar = -y_bar", at=PAIRS)
rule("y = mul(x, x)", "y_dot = 2 * x * x_dot", "x_bar = 2 * x * y_bar", at=REALS)
rule("y = mul(a, b)", "y_dot = a_dot * b + a * b_dot", "a_bar = y_bar * b", "b_bar = y_bar * a", at=PAIRS)
rule("y = div(a, b)", "y_dot = (a_dot - y * b_dot) / b", "a_bar = y_bar / b", "b_bar = -(y_bar / b * y)", at=PAIRS)
rule("y = neg(x)", "y_dot = -x_dot", "x_bar = -y_bar", at=REALS)
rule("y = cast(x)", "y_dot = x_dot", "x_bar = y_bar", at=REALS)
rule(
    "y = mod(a, b)",
    "y_dot = a_dot - floor(a / b) * b_dot",
    "a_bar = y_bar",
    "b_bar = -(floor(a / b) * y_bar)",
    at=PAIRS,
)
rule(
    "y = fmod(a, b)",
    "y_dot = a_dot - trunc(a / b) * b_dot",
    "a_bar = y_bar",
    "b_bar = -(trunc(a / b) * y_bar)",
    at=PAIRS,
)

# A literal exponent keeps its small integer powers. Elsewhere 0 * 0**-1 must not become NaN at x = p = 0, nor 0 * log(0) at
# x = 0; the guards are inside the functions, so that the next derivative is safe as well. A negative base has no derivative
# in p, and gives NaN.
rule("y = pow(x, 0)", "y_dot = 0", "x_bar = 0", at=POSITIVE)
rule("y = pow(x, 1)", "y_dot = x_dot", "x_bar = y_bar", at=POSITIVE)
rule("y = pow(x, 2)", "y_dot = 2 * x * x_dot", "x_bar = 2 * x * y_bar", at=POSITIVE)
rule("y = pow(x, 0.5)", "y_dot = x_dot / (2 * y)", "x_bar = y_bar / (2 * y)", at=POSITIVE)
rule("y = pow(x, N)", "y_dot = N * x**(N - 1) * x_dot", "x_bar = N * x**(N - 1) * y_bar", at=POSITIVE)
rule("y = pow(0, p)", "y_dot = 0", "p_bar = 0", at=POSITIVE)
rule("y = pow(B, p)", "y_dot = log(B) * y * p_dot", "p_bar = log(B) * y * y_bar", at=POSITIVE)
rule(
    "y = pow(x, p)",
    "y_dot = p * where(x == 0 and p == 0, 1.0, x)**(p - 1) * x_dot + log(where(x == 0, 1, x)) * y * p_dot",
    "x_bar = p * where(x == 0 and p == 0, 1.0, x)**(p - 1) * y_bar",
    "p_bar = log(where(x == 0, 1, x)) * y * y_bar",
    at=POWERS,
)

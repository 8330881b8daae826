"""Rules of the ops that choose between their arguments, and of those with a kink.

At a tie two arguments share the derivative in halves, and |x| has the derivative 0 at 0: as in JAX. A value that was not
chosen takes a plain zero, not a product with zero, so that an infinity on the path not taken does no harm.
"""

from srcad.transforms.rules.language import rule
from srcad.transforms.rules.points import CHOICES, PAIRS, REALS

rule(
    "y = where(c, a, b)",
    "y_dot = where(c, a_dot, b_dot)",
    "a_bar = where(c, y_bar, 0)",
    "b_bar = where(c, 0, y_bar)",
    at=CHOICES,
)
rule("y = abs(x)", "y_dot = sign(x) * x_dot", "x_bar = sign(x) * y_bar", at=REALS)
rule(
    "y = copysign(a, b)",
    "y_dot = sign(a) * sign(y) * a_dot",
    "a_bar = sign(a) * sign(y) * y_bar",
    "b_bar = 0",
    at=PAIRS,
)
rule(
    "y = maximum(a, b)",
    "y_dot = where(a > b, a_dot, where(a < b, b_dot, 0.5 * (a_dot + b_dot)))",
    "a_bar = where(a > b, y_bar, where(a == b, 0.5 * y_bar, 0))",
    "b_bar = where(b > a, y_bar, where(a == b, 0.5 * y_bar, 0))",
    at=PAIRS,
)
rule(
    "y = minimum(a, b)",
    "y_dot = where(a < b, a_dot, where(a > b, b_dot, 0.5 * (a_dot + b_dot)))",
    "a_bar = where(a < b, y_bar, where(a == b, 0.5 * y_bar, 0))",
    "b_bar = where(b < a, y_bar, where(a == b, 0.5 * y_bar, 0))",
    at=PAIRS,
)
# fmax and fmin ignore a NaN, so what they chose is found by looking at the result.
for _name in ("fmax", "fmin"):
    rule(
        f"y = {_name}(a, b)",
        "y_dot = where(a == b, 0.5 * (a_dot + b_dot), where(a == y, a_dot, b_dot))",
        "a_bar = where(a == b, 0.5 * y_bar, where(a == y, y_bar, 0))",
        "b_bar = where(a == b, 0.5 * y_bar, where(b == y, y_bar, 0))",
        at=PAIRS,
    )

"""sin and cos, for one number of either format or, in Python, an array of them. Those of float32 are computed in float64.

x = n pi / 2 + r, where n is an integer and |r| <= pi / 4 (Cody and Waite 1980: pi / 2 is taken off in four parts, with the
rounding errors), and the sine of x is that of r or its cosine, with a sign, by n mod 4. Where n has more than 20 bits
this is no longer exact, and the result nan: what takes care of such numbers stands in `srcad.vector_math`.
"""

from __future__ import annotations

from typing import Any

from numba.extending import register_jitable

from srcad.vector_math.constants import circle_of
from srcad.vector_math.machine import converted, has_bit, mad, polynomial, select, with_sign


@register_jitable  # type: ignore[untyped-decorator]
def parts(x: Any, shift: int) -> Any:
    """The sine that is wanted of x + shift * pi / 2."""
    c = circle_of(x)
    wide = converted(x, c.one)
    quarters = mad(wide, c.quarters, c.magic)
    n = quarters - c.magic
    r, missing = wide - n * c.parts[0], n * c.parts[3]
    whole = r
    r = whole - n * c.parts[1]
    missing -= (whole - r) - n * c.parts[1]
    whole = r
    r = whole - n * c.parts[2]
    missing -= (whole - r) - n * c.parts[2]
    whole = r
    r = whole - missing
    missing = (whole - r) - missing
    square = r * r
    half = c.half * square
    sine = r + (r * square * polynomial(square, c.sin) + missing * (c.one - half))
    near = c.one - half
    cosine = near + (((c.one - near) - half) + (square * square * polynomial(square, c.cos) - r * missing))
    quarters += shift
    value = select(has_bit(quarters, 0), cosine, sine)
    value = select(has_bit(quarters, 1), -value, value)
    return converted(select(with_sign(wide, c.one) <= c.limit, value, c.nan), x)


def sin(x: Any) -> Any:
    return select(x == 0, x, parts(x, 0))


def cos(x: Any) -> Any:
    return parts(x, 1)

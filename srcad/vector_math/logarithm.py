"""log and log1p, for one number of either format or, in Python, an array of them.

x = 2**k (1 + f), where 1 + f is in [sqrt(1/2), sqrt(2)), and log(1 + f) = 2 atanh(s) for s = f / (2 + f), or
f - s (f - s**2 q(s**2)), put together as in fdlibm (Sun Microsystems, 1993; Muller et al.,
Handbook of Floating-Point Arithmetic, 2018, chapter 10).
"""

from __future__ import annotations

from typing import Any

from numba.extending import register_jitable

from srcad.vector_math.constants import format_of
from srcad.vector_math.machine import exponent, mad, polynomial, power_of_two, select, significand, with_sign


@register_jitable  # type: ignore[untyped-decorator]
def taken_apart(x: Any) -> Any:
    """k and the significand, for any positive number."""
    f = format_of(x)
    small = x < f.normal
    x = select(small, x * f.raised, x)
    return exponent(x) - select(small, f.raise_by, f.zero), significand(x)


@register_jitable  # type: ignore[untyped-decorator]
def put_together(k: Any, part: Any, missing: Any) -> Any:
    """k ln 2 + log(1 + f), where `missing` is small beside the result; and s."""
    f = format_of(part)
    s = part / (f.two + part)
    square = s * s
    half = f.half * part * part
    low = s * (half + square * polynomial(square, f.log))
    low = mad(k, f.ln2_low, missing) + low
    return k * f.ln2_high - ((half - low) - part)


@register_jitable  # type: ignore[untyped-decorator]
def at_the_ends(x: Any, value: Any, pole: Any) -> Any:
    """The value, or what a logarithm is at its pole, left of it, and at infinity and nan."""
    f = format_of(x)
    value = select(x < f.infinity, value, x)
    return select(x > pole, value, select(x == pole, -f.infinity, select(x < pole, f.nan, x)))


def log(x: Any) -> Any:
    f = format_of(x)
    k, m = taken_apart(x)
    return at_the_ends(x, put_together(k, m - f.one, f.zero), f.zero)


def log1p(x: Any) -> Any:
    """log(u) for u = 1 + x rounded, and the rounding error over u. A few terms of 1 / (1 + f) are enough for that:
    it is small beside u, and f is small where it is not small beside the result."""
    f = format_of(x)
    u = f.one + x
    rest = u - f.one
    missing = (f.one - (u - rest)) + (x - rest)
    k, part = exponent(u), significand(u) - f.one
    missing = missing * power_of_two(f.magic - select(k > f.many, f.many, k))
    missing = missing * (f.one - part * (f.one - part * (f.one - part)))
    return with_sign(at_the_ends(x, put_together(k, part, missing), -f.one), x)

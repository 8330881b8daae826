"""x**y, for numbers of either format or, in Python, arrays of them. Those of float32 are computed in float64.

exp(y log x), where log x has 65 correct bits: k ln 2 + 2 s + 2/3 s**3 + s**5 q(s**2), the first three terms as sums of two
numbers, with the rounding errors of their products (Dekker 1971; Muller et al.,
Handbook of Floating-Point Arithmetic, 2018, chapter 4).
Signs, and what is so at zeros and infinities, are as in C99, Annex F.
"""

from __future__ import annotations

from typing import Any

from numba.extending import register_jitable

from srcad.vector_math.constants import POWER, format_of
from srcad.vector_math.exponential import clamped, halves, reduced
from srcad.vector_math.logarithm import put_together, taken_apart
from srcad.vector_math.machine import converted, mad, polynomial, rounding_error, select, with_sign


@register_jitable  # type: ignore[untyped-decorator]
def precise_log(x: Any) -> Any:
    """log x for positive finite x, as a sum of two numbers."""
    f = format_of(x)
    k, m = taken_apart(x)
    above, below = m - f.one, m + f.one
    s = above / below
    product = s * below
    rest = (above - product) - rounding_error(s, below, product) - s * (m - (below - f.one))
    s_low = rest * (f.half - f.half * s)
    square = s * s
    square_low = rounding_error(s, s, square) + f.two * s * s_low
    cube = s * square
    cube_low = rounding_error(s, square, cube) + s * square_low + s_low * square
    third = cube * POWER.third
    third_low = rounding_error(cube, POWER.third, third) + cube * POWER.third_low + cube_low * POWER.third
    twice = f.two * s
    part = twice + third
    low = (twice - part) + third + (third_low + f.two * s_low + cube * square * polynomial(square, POWER.tail))
    high = k * f.ln2_high
    total = high + part
    low += (high - total) + part + k * f.ln2_low
    result = total + low
    return result, (total - result) + low


@register_jitable  # type: ignore[untyped-decorator]
def exp_of_sum(x: Any, low: Any) -> Any:
    f = format_of(x)
    n, r, missing = reduced(x)
    first, second = halves(n)
    missing = missing + low
    whole = r + missing
    missing = (r - whole) + missing
    r = whole
    return (f.one + (r + mad(r * r, polynomial(r, f.exp), missing))) * first * second


@register_jitable  # type: ignore[untyped-decorator]
def with_rules(x: Any, y: Any, value: Any) -> Any:
    """The power of x, where `value` is that of |x| if x and y are neither zero nor infinite."""
    f = format_of(x)
    size, power = with_sign(x, f.one), with_sign(y, f.one)
    extreme = (size == f.zero) | (size == f.infinity) | (power == f.infinity)
    value = select(extreme, select((size > f.one) == (y > f.zero), f.infinity, f.zero), value)
    whole = (power >= POWER.whole) | ((power + POWER.whole) - POWER.whole == power)
    half = f.half * power
    odd = whole & (power < POWER.even) & ((half + POWER.whole) - POWER.whole != half)
    value = select((x < f.zero) & (size < f.infinity) & ~whole, f.nan, value)
    value = select(odd, with_sign(value, x), value)
    value = select((x != x) | (y != y), f.nan, value)
    return select((y == f.zero) | (x == f.one) | ((size == f.one) & (power == f.infinity)), f.one, value)


def double_pow(x: Any, y: Any) -> Any:
    f = format_of(x)
    high, low = precise_log(with_sign(x, f.one))
    bounded = clamped(y, -POWER.large, POWER.large)
    product = high * bounded
    rest = rounding_error(high, bounded, product) + low * bounded
    inside = (product > f.underflow) & (product < f.overflow)
    value = exp_of_sum(clamped(product, f.underflow, f.overflow), select(inside, rest, f.zero))
    return with_rules(x, y, value)


def single_pow(x: Any, y: Any) -> Any:
    wide, power = converted(x, POWER.large), converted(y, POWER.large)
    f = format_of(wide)
    k, m = taken_apart(with_sign(wide, f.one))
    product = put_together(k, m - f.one, f.zero) * power
    value = exp_of_sum(clamped(product, f.underflow, f.overflow), f.zero)
    return converted(with_rules(wide, power, value), x)

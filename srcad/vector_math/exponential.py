"""exp, expm1, tanh and the logistic function, for one number of either format or, in Python, an array of them.

x = n ln 2 + r, where n is an integer and |r| <= ln 2 / 2 (Cody and Waite, Software Manual for the Elementary Functions, 1980:
ln 2 is taken off in two parts); exp(r) = 1 + r + r**2 q(r), and exp(x) = 2**n exp(r).
"""

from __future__ import annotations

from typing import Any

from numba.extending import register_jitable

from srcad.vector_math.constants import format_of
from srcad.vector_math.machine import mad, polynomial, power_of_two, select, with_sign


@register_jitable  # type: ignore[untyped-decorator]
def reduced(x: Any) -> Any:
    """n, r, and what is missing in r."""
    f = format_of(x)
    n = mad(x, f.log2_e, f.magic) - f.magic
    high, low = x - n * f.ln2_high, n * f.ln2_low
    r = high - low
    return n, r, (high - r) - low


@register_jitable  # type: ignore[untyped-decorator]
def clamped(x: Any, low: Any, high: Any) -> Any:
    """x between the bounds; nan is nan."""
    x = select(x < low, low, x)
    return select(x > high, high, x)


@register_jitable  # type: ignore[untyped-decorator]
def halves(n: Any) -> Any:
    """2**n as a product of two numbers, neither of which is too large or small if it is. What is multiplied by them, one after
    the other, is rounded once, by the second."""
    f = format_of(n)
    first = mad(n, f.half, f.magic)
    return power_of_two(first), power_of_two(n - (first - f.magic) + f.magic)


def exp(x: Any) -> Any:
    f = format_of(x)
    n, r, _ = reduced(clamped(x, f.underflow, f.overflow))
    first, second = halves(n)
    return (f.one + (r + r * r * polynomial(r, f.exp))) * first * second


def expm1(x: Any) -> Any:
    """2**n ((1 - 2**-n) + r + r**2 q(r)): the first sum with its rounding error."""
    f = format_of(x)
    n, r, missing = reduced(clamped(x, -f.two * f.small, f.overflow))
    first, second = halves(n)
    base = f.one - power_of_two(f.magic - select(n > f.many, f.many, n))
    total = base + r
    tail = (r - (total - base)) + mad(r * r, polynomial(r, f.exp), mad(missing, r, missing))
    return with_sign((total + tail) * first * second, x)


def tanh(x: Any) -> Any:
    """x + x**3 times a quotient of polynomials for small x, else 1 - 2 / (exp(2 x) + 1)."""
    f = format_of(x)
    a = with_sign(x, f.one)
    square = a * a
    n, r, _ = reduced(clamped(f.two * a, f.zero, f.two * f.small))
    e = (f.one + (r + r * r * polynomial(r, f.exp))) * power_of_two(n + f.magic)
    small = a < f.tanh_from
    above = select(small, a * square * polynomial(square, f.tanh_above), -f.two)
    below = select(small, polynomial(square, f.tanh_below), e + f.one)
    return with_sign(select(small, a, f.one) + above / below, x)


def sigmoid(x: Any) -> Any:
    """1 / (1 + e) for e = exp(-|x|), or e / (1 + e) for negative x; e and the divisor in two parts each."""
    f = format_of(x)
    negative = x < f.zero
    n, r, missing = reduced(clamped(-with_sign(x, f.one), f.underflow, f.zero))
    first, second = halves(n)
    square = r * r * polynomial(r, f.exp)
    part = r + square
    e = f.one + part
    e_low = ((f.one - e) + part) + ((r - part) + square + missing)
    scale = first * second
    divisor = f.one + scale * e
    divisor_low = (f.one - divisor) + scale * e + scale * e_low
    above, above_low = select(negative, e, f.one), select(negative, e_low, f.zero)
    quotient = above / divisor
    inverse = select(negative, f.one - scale * quotient, quotient)
    quotient += (above_low - quotient * divisor_low) * inverse
    return quotient * select(negative, first, f.one) * select(negative, second, f.one)

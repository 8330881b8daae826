"""Functions of integers, written as library.py is. Python's integers have no end; where 64 bits may not suffice, compiled code
raises (`transforms.integers`)."""

from __future__ import annotations

from typing import Any


def factorial(n: Any) -> Any:
    if n < 0:
        raise ValueError("factorial() not defined for negative values")
    result = 1
    for k in range(2, n + 1):
        result *= k
    return result


def comb(n: Any, k: Any) -> Any:
    if n < 0 or k < 0:
        raise ValueError("n and k must be non-negative integers")
    result = 0
    if k <= n:
        result = 1
        for i in range(1, min(k, n - k) + 1):
            result = result * (n - i + 1) // i
    return result


def perm(n: Any, k: Any) -> Any:
    if n < 0 or k < -1:
        raise ValueError("n and k must be non-negative integers")
    times = n if k == -1 else k
    result = 0
    if times <= n:
        result = 1
        for i in range(times):
            result *= n - i
    return result


def isqrt(n: Any) -> Any:
    if n < 0:
        raise ValueError("isqrt() argument must be nonnegative")
    low = 0
    high = min(n, 3037000499) + 1
    while high - low > 1:
        middle = (low + high) // 2
        if middle * middle <= n:
            low = middle
        else:
            high = middle
    return low


def gcd(a: Any, b: Any) -> Any:
    a = abs(a)
    b = abs(b)
    while b != 0:
        rest = a % b
        a = b
        b = rest
    return a


def lcm(a: Any, b: Any) -> Any:
    if a == 0 or b == 0:
        result = 0
    else:
        result = abs(a) // gcd(a, b) * abs(b)
    return result

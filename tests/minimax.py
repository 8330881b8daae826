"""The polynomials of `srcad.vector_math`, by Remez' exchange algorithm: `python -m tests.minimax` prints them anew.

Muller, Elementary Functions (3rd ed., 2016), section 3.5. A polynomial is the best for a weight: the error is weighted as it
will stand beside the result that it becomes part of.
"""

from __future__ import annotations

from collections.abc import Callable

import mpmath as mp
from mpmath import mpf

Function = Callable[[mpf], mpf]


def minimax(f: Function, weight: Function, low: mpf, high: mpf, count: int) -> tuple[list[mpf], mpf]:
    """The coefficients of the polynomial p, lowest first, and the largest value of weight * |f - p| between low and high."""

    def chebyshev(number: int, shift: mpf) -> list[mpf]:
        return [(low + high) / 2 - (high - low) / 2 * mp.cos(mp.pi * (k + shift) / number) for k in range(number)]

    points = chebyshev(count + 1, mpf("0.5"))
    grid = [*chebyshev(40 * count, mpf(0)), high]
    while True:
        matrix = mp.matrix([[x**j for j in range(count)] + [(-1) ** k / weight(x)] for k, x in enumerate(points)])
        coefficients = list(mp.lu_solve(matrix, mp.matrix([f(x) for x in points])))[:count]
        errors = [weight(x) * (f(x) - mp.polyval(coefficients[::-1], x)) for x in grid]
        runs = [[0]]
        for k in range(1, len(grid)):
            if (errors[k] > 0) == (errors[runs[-1][-1]] > 0):
                runs[-1].append(k)
            else:
                runs.append([k])
        peaks = [max(run, key=lambda k: abs(errors[k])) for run in runs]
        while len(peaks) > count + 1:
            peaks.pop(0 if abs(errors[peaks[0]]) < abs(errors[peaks[-1]]) else -1)
        heights = [abs(errors[k]) for k in peaks]
        if len(peaks) <= count or max(heights) < mpf("1.02") * min(heights):
            return coefficients, max(map(abs, errors))
        points = [grid[k] for k in peaks]


def _exp(r: mpf) -> mpf:
    return (mp.expm1(r) - r) / r**2 if abs(r) > mpf("1e-20") else 0.5 + r / 6


def _log(z: mpf) -> mpf:
    s = mp.sqrt(z)
    return (2 * mp.atanh(s) / s - 2) / z if z > mpf("1e-20") else mpf(2) / 3 + z * 2 / 5


def _log_tail(z: mpf) -> mpf:
    return (_log(z) - mpf(2) / 3) / z if z > mpf("1e-20") else mpf(2) / 5 + z * 2 / 7


def _sin(z: mpf) -> mpf:
    r = mp.sqrt(z)
    return (mp.sin(r) - r) / (r * z) if z > mpf("1e-20") else -mpf(1) / 6 + z / 120


def _cos(z: mpf) -> mpf:
    return (mp.cos(mp.sqrt(z)) - 1 + z / 2) / z**2 if z > mpf("1e-16") else mpf(1) / 24 - z / 720


def polynomials() -> dict[str, tuple[list[mpf], mpf]]:
    """By name: the coefficients, and the weighted error."""
    mp.mp.dps = 50
    a_little = mpf("1.0001")  # reduced arguments may be a rounding error larger
    half_ln2 = mp.log(2) / 2 * a_little
    root = ((mp.sqrt(2) - 1) / (mp.sqrt(2) + 1)) ** 2 * a_little
    eighth = (mp.pi / 4) ** 2 * a_little
    floor = mpf("1e-6")

    def linear(x: mpf) -> mpf:
        return abs(x) + floor

    def square(x: mpf) -> mpf:
        return x * x + floor

    return {
        "double exp": minimax(_exp, linear, -half_ln2, half_ln2, 11),
        "single exp": minimax(_exp, linear, -half_ln2, half_ln2, 6),
        "double log": minimax(_log, linear, mpf(0), root, 7),
        "single log": minimax(_log, linear, mpf(0), root, 4),
        "double log_tail": minimax(_log_tail, square, mpf(0), root, 7),
        "double sin": minimax(_sin, linear, mpf(0), eighth, 6),
        "single sin": minimax(_sin, linear, mpf(0), eighth, 4),
        "double cos": minimax(_cos, square, mpf(0), eighth, 6),
        "single cos": minimax(_cos, square, mpf(0), eighth, 4),
    }


if __name__ == "__main__":
    for name, (coefficients, error) in polynomials().items():
        print(f"{name}: error 2**{float(mp.log(error, 2)):.1f}")
        print("   ", ", ".join(repr(float(c)) for c in coefficients))
    mp.mp.prec = 400
    for what, value in {"ln 2": mp.log(2), "pi / 2": mp.pi / 2}.items():
        print(f"{what}:", mp.nstr(value, 60))

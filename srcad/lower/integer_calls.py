"""Functions of integers: math.factorial and its kin. Their results may be too large for 64 bits: see `transforms.integers`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from srcad.lower import library
from srcad.lower.known import is_known
from srcad.lower.operands import int_operand
from srcad.lower.operators import fold
from srcad.lower.registry import lowers
from srcad.lower.values import Context, Obj, Value


def _of_integers(function: Callable[..., int], count: int, written: Any) -> None:
    def call(ctx: Context, *args: Value) -> Value:
        if all(map(is_known, args)) and (folded := fold(ctx, function, *args)) is not None:
            return folded
        name = f"math.{function.__name__}"
        return ctx.call(Obj(written), [int_operand(ctx, arg, f"an argument of {name}") for arg in args], {})

    if count == 1:
        lowers(function)(lambda ctx, n, /: call(ctx, n))
    else:
        lowers(function)(lambda ctx, n, k, /: call(ctx, n, k))


_of_integers(math.factorial, 1, library.factorial)
_of_integers(math.comb, 2, library.binomial)
_of_integers(math.gcd, 2, library.greatest_divisor)

"""Python's math for generated code: what raises in Python raises where it is compiled, too. Numba's functions give inf or nan.

The rules are those of CPython (Modules/mathmodule.c, `math_1`): a nan that was not given is a domain error, an infinity that was
not given a range error, or a domain error of a function that has poles.

>>> from srcad import checked_math as math
>>> math.exp(0.0)
1.0
>>> math.exp(1000.0)
Traceback (most recent call last):
OverflowError: math range error
"""

import math
from collections.abc import Callable
from math import *  # noqa: F403 - what raises nothing is the same
from math import isfinite, isinf, isnan
from typing import Any

import numpy as np
from numba.extending import register_jitable


def _checked(function: Callable[[float], float], *, overflows: bool = False, has_poles: bool = False) -> Any:
    """`function`, which is defined everywhere where it is finite."""

    def checked(x: float) -> float:
        y = function(x)
        if isnan(y) and not isnan(x):
            raise ValueError("math domain error")
        if isinf(y) and isfinite(x):
            if overflows and not (has_poles and x <= 0):
                raise OverflowError("math range error")
            raise ValueError("math domain error")
        return y

    return register_jitable(checked)


acos, asin = _checked(math.acos), _checked(math.asin)
acosh, atanh = _checked(math.acosh), _checked(math.atanh)
cos, sin, tan = _checked(math.cos), _checked(math.sin), _checked(math.tan)
cosh, sinh = _checked(math.cosh, overflows=True), _checked(math.sinh, overflows=True)
exp, expm1 = _checked(math.exp, overflows=True), _checked(math.expm1, overflows=True)
exp2 = _checked(np.exp2, overflows=True)
gamma = _checked(math.gamma, overflows=True, has_poles=True)
lgamma = _checked(math.lgamma, overflows=True, has_poles=True)
log, log1p = _checked(math.log), _checked(math.log1p)
log2, log10 = _checked(math.log2), _checked(math.log10)
sqrt = _checked(math.sqrt)


def _fmod(x: float, y: float) -> float:
    if (isinf(x) and not isnan(y)) or (y == 0 and not isnan(x)):
        raise ValueError("math domain error")
    return math.fmod(x, y)


fmod = register_jitable(_fmod)

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

#: What gives infinity for numbers that are merely large.
OVERFLOWS = frozenset("cosh sinh exp expm1 exp2 gamma lgamma".split())
#: Of these, what has poles, at numbers that are not positive.
POLES = frozenset({"gamma", "lgamma"})


def _checked(name: str, function: Callable[[float], float]) -> Any:
    """math's function by this name, as `function` computes it."""
    overflows, has_poles = name in OVERFLOWS, name in POLES

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


acos, asin = _checked("acos", math.acos), _checked("asin", math.asin)
acosh, atanh = _checked("acosh", math.acosh), _checked("atanh", math.atanh)
cos, sin, tan = _checked("cos", math.cos), _checked("sin", math.sin), _checked("tan", math.tan)
cosh, sinh = _checked("cosh", math.cosh), _checked("sinh", math.sinh)
exp, expm1, exp2 = _checked("exp", math.exp), _checked("expm1", math.expm1), _checked("exp2", np.exp2)
gamma, lgamma = _checked("gamma", math.gamma), _checked("lgamma", math.lgamma)
log, log1p = _checked("log", math.log), _checked("log1p", math.log1p)
log2, log10 = _checked("log2", math.log2), _checked("log10", math.log10)
sqrt = _checked("sqrt", math.sqrt)


def _fmod(x: float, y: float) -> float:
    if (isinf(x) and not isnan(y)) or (y == 0 and not isnan(x)):
        raise ValueError("math domain error")
    return math.fmod(x, y)


fmod = register_jitable(_fmod)


def _pow(x: float, y: float) -> float:
    z = math.pow(x, y)
    if not isfinite(z) and isfinite(x) and isfinite(y):
        if isnan(z) or x == 0:
            raise ValueError("math domain error")
        raise OverflowError("math range error")
    return z


pow = register_jitable(_pow)

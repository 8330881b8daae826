"""The numbers in the algorithms, for float64 and for float32. `python -m tests.minimax` derives the polynomials."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numba import typeof
from numba.core import types
from numba.extending import lower_builtin, type_callable


class Format(NamedTuple):
    """What exponentials and logarithms need. `magic` is 1.5 * 2**52: adding it rounds to an integer, in the low bits."""

    zero: float
    half: float
    one: float
    two: float
    infinity: float
    nan: float
    magic: float
    log2_e: float
    ln2_high: float  #: so short that its product with an exponent is exact
    ln2_low: float
    underflow: float  #: exp is 0 below,
    overflow: float  #: and infinite above
    small: float  #: twice this argument, and tanh is 1, expm1(-x) is -1
    many: float  #: 1 - 2**-n is 1 for this exponent n
    normal: float  #: the smallest normal number
    raised: float  #: 2**raise_by makes subnormal numbers normal
    raise_by: float
    exp: tuple[float, ...]  #: (exp(r) - 1 - r) / r**2
    log: tuple[float, ...]  #: (2 atanh(s) - 2 s) / s**3, in s**2
    tanh_from: float
    tanh_above: tuple[float, ...]  #: tanh(x) - x is x**3 above / below, in x**2
    tanh_below: tuple[float, ...]


class Circle(NamedTuple):
    """What sines and cosines need, which are computed in float64. The parts of pi / 2 but the last have 32 bits, so that their
    products with fewer than 2**20 quarters are exact."""

    half: float
    one: float
    nan: float
    magic: float
    quarters: float  #: 2 / pi
    parts: tuple[float, float, float, float]
    limit: float
    sin: tuple[float, ...]  #: (sin(r) - r) / r**3, in r**2
    cos: tuple[float, ...]  #: (cos(r) - 1 + r**2 / 2) / r**4, in r**2


class Power(NamedTuple):
    """What `pow` needs beside exponentials and logarithms."""

    third: float  #: 2 / 3 in two parts
    third_low: float
    tail: tuple[float, ...]  #: (2 atanh(s) - 2 s - 2/3 s**3) / s**5, in s**2
    whole: float  #: 2**52: adding it rounds to an integer
    even: float  #: 2**53: what is as large is an even integer
    large: float  #: no larger exponent makes a difference


#: Larger numbers have sines that take more than the parts of pi / 2 that are there.
LIMIT = 2.0**20


def _made(table: Callable[..., Any], dtype: Callable[[float], Any], values: dict[str, Any]) -> Any:
    """The table with its numbers in this type, as Numba and NumPy will compute with them."""

    def typed(value: Any) -> Any:
        return tuple(map(dtype, value)) if isinstance(value, tuple) else dtype(value)

    return table(**{name: typed(value) for name, value in values.items()})


_EXP = (
    0.5, 0.16666666666666677, 0.0416666666666667, 0.008333333333321615, 0.0013888888888866741, 0.00019841269886161877,
    2.4801587360725644e-05, 2.7557244178404766e-06, 2.7557242629153967e-07, 2.5109046143477218e-08, 2.0924479774954777e-09,
)  # fmt: skip
_LOG = (
    0.6666666666666734, 0.39999999999414526, 0.2857142874243486, 0.22222198567173343, 0.1818356469348399, 0.1531403985888146,
    0.14796068716308017,
)  # fmt: skip
_LOG_TAIL = (
    0.4000000000000204, 0.28571428570186097, 0.2222222250656131, 0.18181785403652864, 0.1538671425440804, 0.13257734586360304,
    0.1318847186946461,
)  # fmt: skip
_SIN = (
    -0.16666666666666632, 0.00833333333332242, -0.0001984126982981259, 2.755731369359877e-06, -2.5050758385142724e-08,
    1.589681175892045e-10,
)  # fmt: skip
_COS = (
    0.0416666666666666, -0.0013888888888874133, 2.4801587289487524e-05, -2.7557314353903413e-07, 2.087572349119468e-09,
    -1.1359659340009187e-11,
)  # fmt: skip
_EXP_SINGLE = (
    0.500000004641674, 0.16666666816222178, 0.04166635464024183, 0.00833327313766619, 0.0013941010349789802,
    0.0001991415629802271,
)  # fmt: skip
_LOG_SINGLE = (0.6666666564537786, 0.4000033524031957, 0.2853730419565083, 0.23582250759834766)
_SIN_SINGLE = (-0.16666666641619682, 0.008333329385043352, -0.00019839334553409658, 2.718308694361421e-06)
_COS_SINGLE = (0.0416666666228509, -0.0013888883755037613, 2.479952036915857e-05, -2.7210262296369473e-07)
#: Lambert's continued fraction x / (1 + x**2 / (3 + x**2 / (5 + ...))), to 15 and to 9, less x.
_TANH_15 = (-675675.0, -45045.0, -594.0, -1.0), (2027025.0, 945945.0, 51975.0, 630.0, 1.0)
_TANH_9 = (-315.0, -14.0), (945.0, 420.0, 15.0)

_NUMBERS = {
    "zero": 0.0,
    "half": 0.5,
    "one": 1.0,
    "two": 2.0,
    "infinity": np.inf,
    "nan": np.nan,
    "log2_e": 1.4426950408889634,
}

DOUBLE: Format = _made(
    Format,
    np.float64,
    _NUMBERS
    | {
        "magic": 1.5 * 2.0**52,
        "ln2_high": 0.6931471805601177,
        "ln2_low": -1.7239444525614835e-13,
        "underflow": -750.0,
        "overflow": 712.0,
        "small": 20.0,
        "many": 60.0,
        "normal": 2.0**-1022,
        "raised": 2.0**54,
        "raise_by": 54.0,
        "exp": _EXP,
        "log": _LOG,
        "tanh_from": 0.65,
        "tanh_above": _TANH_15[0],
        "tanh_below": _TANH_15[1],
    },
)
SINGLE: Format = _made(
    Format,
    np.float32,
    _NUMBERS
    | {
        "magic": 1.5 * 2.0**23,
        "ln2_high": 0.69317626953125,
        "ln2_low": -2.9088971132296138e-05,
        "underflow": -106.0,
        "overflow": 90.0,
        "small": 10.0,
        "many": 30.0,
        "normal": 2.0**-126,
        "raised": 2.0**25,
        "raise_by": 25.0,
        "exp": _EXP_SINGLE,
        "log": _LOG_SINGLE,
        "tanh_from": 0.65,
        "tanh_above": _TANH_9[0],
        "tanh_below": _TANH_9[1],
    },
)
_CIRCLE = {
    "half": 0.5,
    "one": 1.0,
    "nan": np.nan,
    "magic": 1.5 * 2.0**52,
    "quarters": 0.6366197723675814,
    "parts": (1.5707963267341256, 6.077100506303966e-11, 2.0222662487111665e-21, 8.4784276603689e-32),
    "limit": LIMIT,
}
DOUBLE_CIRCLE: Circle = _made(Circle, np.float64, _CIRCLE | {"sin": _SIN, "cos": _COS})
SINGLE_CIRCLE: Circle = _made(Circle, np.float64, _CIRCLE | {"sin": _SIN_SINGLE, "cos": _COS_SINGLE})
POWER: Power = _made(
    Power,
    np.float64,
    {
        "third": 0.6666666666666666,
        "third_low": 3.700743415417188e-17,
        "tail": _LOG_TAIL,
        "whole": 2.0**52,
        "even": 2.0**53,
        "large": 2.0**64,
    },
)


def _by_format(double: Any, single: Any) -> Callable[[Any], Any]:
    """The function that gives the constants for a number, by its type."""

    def constants(x: Any) -> Any:
        return single if x.dtype == np.float32 else double

    def chosen(x: Any) -> Any:
        return single if x == types.float32 else double

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return context.get_constant_generic(builder, sig.return_type, chosen(*sig.args))

    type_callable(constants)(lambda context: lambda x: typeof(chosen(x)))
    lower_builtin(constants, types.Float)(lower)
    return constants


format_of: Callable[[Any], Format] = _by_format(DOUBLE, SINGLE)
circle_of: Callable[[Any], Circle] = _by_format(DOUBLE_CIRCLE, SINGLE_CIRCLE)

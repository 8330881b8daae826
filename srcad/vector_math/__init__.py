"""Elementary functions that LLVM vectorises with the loop that calls them: exp, log, sin and their kin, for `@njit` code.

Numba calls the C library for these, once for each number, where it has no SVML. What stands here is plain arithmetic without
tables, branches and calls, which runs on four or eight numbers at a time.

>>> from numba import njit
>>> from srcad import vector_math as vm
>>> @njit
... def softplus(x):
...     y = np.empty(x.size)
...     for i in range(x.size):
...         y[i] = vm.log1p(vm.exp(x[i]))
...     return y
>>> softplus(np.zeros(1))
array([0.69314718])

Of float32 they give float32, of any other real numbers float64, and of arrays fresh arrays. All results are within 2 units in
the last place of what is exact (1.3 is the most that was seen), be they subnormal or what belongs to infinities and nan; zeros
have the signs of C99. Nothing is raised or warned of.

A loop is only vectorised where nothing else stands in the way: a sum of floats does, which is to be made in order unless
`fastmath` says otherwise, and whatever else is carried from one trip to the next. In such a loop exp and log are slower than
Numba's.

sin and cos have a branch for numbers beyond 2**20, for which they ask Numba, and so do not make a loop any faster; of an array
they do, unless it holds such a number. `sin_within` and `cos_within` are nan there, and `exceeds` says where that is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit
from numba.core import types
from numba.extending import overload

from srcad.vector_math import circle, exponential, logarithm, power
from srcad.vector_math.constants import LIMIT


def exp(x: Any) -> Any:
    """e**x; infinite beyond 709.78 (88.72 in float32), subnormal and then zero below -708.4 (-87.3).

    >>> exp(np.array([0.0, -np.inf, 1000.0]))
    array([ 1.,  0., inf])
    """
    return _evaluated(exponential.exp, x)


def expm1(x: Any) -> Any:
    """e**x - 1, precise near zero.

    >>> expm1(np.array([1e-20, -0.0]))
    array([ 1.e-20, -0.e+00])
    """
    return _evaluated(exponential.expm1, x)


def log(x: Any) -> Any:
    """The natural logarithm; -inf at zero, nan below.

    >>> log(np.array([1.0, 0.0, -1.0]))
    array([  0., -inf,  nan])
    """
    return _evaluated(logarithm.log, x)


def log1p(x: Any) -> Any:
    """log(1 + x), precise near zero; -inf at -1, nan below.

    >>> log1p(np.array([1e-20, -1.0]))
    array([1.e-20,   -inf])
    """
    return _evaluated(logarithm.log1p, x)


def tanh(x: Any) -> Any:
    """The hyperbolic tangent.

    >>> tanh(np.array([1e-20, -np.inf]))
    array([ 1.e-20, -1.e+00])
    """
    return _evaluated(exponential.tanh, x)


def sigmoid(x: Any) -> Any:
    """1 / (1 + e**-x), the logistic function, precise where it is tiny, too; `expit` is another name for it.

    >>> sigmoid(np.array([0.0, -1000.0, 1000.0]))
    array([0.5, 0. , 1. ])
    """
    return _evaluated(exponential.sigmoid, x)


def sin(x: Any) -> Any:
    """The sine, also of numbers beyond 2**20: a branch, which keeps loops from being vectorised.

    >>> sin(np.array([0.0, np.inf]))
    array([ 0., nan])
    """
    return _evaluated(_sin, x)


def cos(x: Any) -> Any:
    """The cosine, also of numbers beyond 2**20: a branch, which keeps loops from being vectorised.

    >>> cos(np.float32(0.0))
    np.float32(1.0)
    """
    return _evaluated(_cos, x)


def sin_within(x: Any) -> Any:
    """The sine for |x| <= 2**20, nan beyond.

    >>> sin_within(np.array([0.0, 1e7]))
    array([ 0., nan])
    """
    return _evaluated(circle.sin, x)


def cos_within(x: Any) -> Any:
    """The cosine for |x| <= 2**20, nan beyond.

    >>> cos_within(np.array([0.0, 1e7]))
    array([ 1., nan])
    """
    return _evaluated(circle.cos, x)


def exceeds(x: Any) -> Any:
    """Whether |x| > 2**20, where `sin_within` and `cos_within` are nan though there is a sine.

    >>> exceeds(np.array([1.0, -1e7, np.nan]))
    array([False,  True, False])
    """
    return np.abs(x) > LIMIT


def pow(x: Any, y: Any) -> Any:
    """x**y, with C99's rules for zeros, infinities, nan and negative x.

    >>> pow(np.array([2.0, -2.0, -2.0, 0.0]), np.array([0.5, 3.0, 0.5, -1.0]))
    array([ 1.41421356, -8.        ,         nan,         inf])
    """
    single = all(np.asarray(number).dtype == np.float32 for number in (x, y))
    return _evaluated(power.single_pow if single else power.double_pow, x, y)


expit = sigmoid


def _evaluated(kernel: Callable[..., Any], *args: Any) -> Any:
    """The kernel of numbers or arrays, which broadcast, by NumPy."""
    arrays = [np.asarray(arg) for arg in args]
    dtype = np.float32 if all(a.dtype == np.float32 for a in arrays) else np.float64
    shape = np.broadcast_shapes(*(a.shape for a in arrays))
    with np.errstate(all="ignore"):
        value = kernel(*(np.atleast_1d(np.broadcast_to(a, shape)).astype(dtype) for a in arrays))
    return value.reshape(shape)[()]


def _sin(x: Any) -> Any:
    return np.where(exceeds(x), np.sin(x), circle.sin(x))


def _cos(x: Any) -> Any:
    return np.where(exceeds(x), np.cos(x), circle.cos(x))


# --- compiled ----------------------------------------------------------------------------------------------------------------

#: The options are the kernels' own, whatever the caller's are: they reckon with rounding errors.
_OPTIONS = {"error_model": "numpy", "fastmath": False, "no_cpython_wrapper": True}
_INLINE = {**_OPTIONS, "forceinline": True}
_kernel = njit(**_INLINE)


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def _any_exceeds(x: Any) -> bool:
    found = False
    for i in range(x.size):
        found |= abs(x[i]) > LIMIT
    return found


def _careful(kernel: Any, general: Callable[[Any], Any]) -> Any:
    """The kernel, or what takes its place for numbers that are too large for it."""
    return njit(**_OPTIONS)(lambda x: general(x) if abs(x) > LIMIT else kernel(x))


def _format(*args: Any) -> Any:
    """The float type that numbers or arrays of these types are computed in; None for what are neither."""
    dtypes = [x.dtype if isinstance(x, types.Array) else x for x in args]
    if all(x == types.float32 for x in dtypes):
        return np.float32
    known = all(isinstance(x, types.Integer | types.Boolean) or x in (types.float32, types.float64) for x in dtypes)
    return np.float64 if known else None


def _register(function: Callable[[Any], Any], python: Callable[[Any], Any], general: Any = None) -> None:
    """Let Numba know the function of one number or array. `general` is another for numbers that exceed the limit."""
    within = _kernel(python)
    kernel = within if general is None else _careful(within, general)

    @overload(function, strict=False, jit_options=_INLINE)  # type: ignore[untyped-decorator]
    def typed(x: Any) -> Any:
        float_ = _format(x)
        if float_ is None:
            return None
        if not isinstance(x, types.Array):
            return lambda x: kernel(float_(x))
        if not x.ndim:
            return lambda x: kernel(float_(x[()]))

        @njit(**_OPTIONS)  # type: ignore[untyped-decorator]
        def elementwise(x: Any) -> Any:
            y = np.empty(x.shape, float_)
            given, found = np.ascontiguousarray(x).reshape(x.size), y.reshape(x.size)
            if general is not None and _any_exceeds(given):
                for i in range(x.size):
                    found[i] = kernel(float_(given[i]))
            else:
                for i in range(x.size):
                    found[i] = within(float_(given[i]))
            return y

        return lambda x: elementwise(x)


for _function, _python in {
    exp: exponential.exp,
    expm1: exponential.expm1,
    log: logarithm.log,
    log1p: logarithm.log1p,
    tanh: exponential.tanh,
    sigmoid: exponential.sigmoid,
    sin_within: circle.sin,
    cos_within: circle.cos,
}.items():
    _register(_function, _python)
_register(sin, circle.sin, np.sin)
_register(cos, circle.cos, np.cos)


@overload(exceeds, strict=False, jit_options=_INLINE)  # type: ignore[untyped-decorator]
def _exceeds(x: Any) -> Any:
    return (lambda x: abs(x) > LIMIT) if not isinstance(x, types.Array) else (lambda x: np.abs(x) > LIMIT)


_double_pow, _single_pow = _kernel(power.double_pow), _kernel(power.single_pow)


@overload(pow, strict=False, jit_options=_INLINE)  # type: ignore[untyped-decorator]
def _pow(x: Any, y: Any) -> Any:
    float_ = _format(x, y)
    kernel = _single_pow if float_ is np.float32 else _double_pow
    if float_ is None:
        return None
    if not isinstance(x, types.Array) and not isinstance(y, types.Array):
        return lambda x, y: kernel(float_(x), float_(y))
    if not getattr(x, "ndim", 0) and not getattr(y, "ndim", 0):
        return lambda x, y: kernel(float_(np.asarray(x)[()]), float_(np.asarray(y)[()]))

    @njit(**_OPTIONS)  # type: ignore[untyped-decorator]
    def elementwise(x: Any, y: Any) -> Any:
        bases, powers = np.broadcast_arrays(np.asarray(x).astype(float_), np.asarray(y).astype(float_))
        z = np.empty(bases.shape, float_)
        base, exponent = np.ascontiguousarray(bases).reshape(z.size), np.ascontiguousarray(powers).reshape(z.size)
        found = z.reshape(z.size)
        for i in range(z.size):
            found[i] = kernel(base[i], exponent[i])
        return z

    return lambda x, y: elementwise(x, y)


__all__ = [
    "cos",
    "cos_within",
    "exceeds",
    "exp",
    "expit",
    "expm1",
    "log",
    "log1p",
    "pow",
    "sigmoid",
    "sin",
    "sin_within",
    "tanh",
]

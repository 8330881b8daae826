"""The methods of NumPy's functions of two arguments: reduce, accumulate and outer."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad.lower.line_library import gathered, kept
from srcad.lower.written_out import axes_of, one_axis, refuse, reject, stands_for

#: What is reduced in one go.
SUMMED: dict[Any, Any] = {np.add: np.sum, np.multiply: np.prod}
CHOSEN: dict[Any, Any] = {np.maximum: np.max, np.minimum: np.min, np.logical_and: np.all, np.logical_or: np.any}
RUNNING: dict[Any, Any] = {np.add: np.cumsum, np.multiply: np.cumprod}
FUNCTIONS: tuple[Any, ...] = (
    np.add, np.subtract, np.multiply, np.divide, np.power, np.maximum, np.minimum, np.fmax, np.fmin, np.hypot, np.arctan2,
    np.logaddexp, np.logaddexp2, np.fmod, np.remainder, np.floor_divide, np.logical_and, np.logical_or, np.logical_xor,
    np.greater, np.greater_equal, np.less, np.less_equal, np.equal, np.not_equal, np.bitwise_and, np.bitwise_or,
    np.bitwise_xor,
)  # fmt: skip


def summed(
    function: Any,
    array: Any,
    axis: Any = 0,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    return function(array, axis, dtype, out, keepdims, initial, where)


def chosen(function: Any, array: Any, axis: Any = 0, dtype: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    if dtype is not None:
        refuse("reduce with dtype= is not supported", "convert the array: a.astype(...)")
    return function(array, axis, out, keepdims)


def folded(function: Any, array: Any, axis: Any = 0, dtype: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    """function(function(a[0], a[1]), a[2]), and so on."""
    if dtype is not None or out is not None:
        refuse("reduce with dtype= or out= is not supported", "convert the array, and assign the result")
    a = np.asarray(array)
    axes = axes_of(axis, a.ndim)
    lines = np.moveaxis(gathered(a, axes), -1, 0)
    if lines.shape[0] == 0:
        raise ValueError("zero-size array to a reduction")
    total = lines[0].astype(function(lines, lines).dtype)
    for i in range(1, lines.shape[0]):
        total = function(total, lines[i])
    return kept(total, axes, keepdims)


def accumulated(function: Any, array: Any, axis: Any = 0, dtype: Any = None, out: Any = None) -> Any:
    return function(array, axis, dtype, out)


def running(function: Any, array: Any, axis: Any = 0, dtype: Any = None, out: Any = None) -> Any:
    """Each element with what came of those before it."""
    if dtype is not None or out is not None:
        refuse("accumulate with dtype= or out= is not supported", "convert the array, and assign the result")
    a = np.asarray(array)
    if a.ndim == 0:
        reject("accumulate takes an array")
    found = a.astype(function(a, a).dtype)
    lines = np.moveaxis(found, one_axis(axis, a.ndim), 0)
    for i in range(1, lines.shape[0]):
        lines[i] = function(lines[i - 1], lines[i])
    return found


def outer(function: Any, A: Any, B: Any, /) -> Any:
    a, b = np.asarray(A), np.asarray(B)
    return function(np.expand_dims(a, tuple([k + a.ndim for k in range(b.ndim)])), b)


for _function in FUNCTIONS:
    stands_for(_function.outer, given=(_function,))(outer)
    if _function in RUNNING:
        stands_for(_function.accumulate, given=(RUNNING[_function],))(accumulated)
    elif _function in (np.maximum, np.minimum, np.fmax, np.fmin, np.logaddexp, np.logaddexp2, np.hypot):
        stands_for(_function.accumulate, given=(_function,))(running)
    if _function in SUMMED:
        stands_for(_function.reduce, given=(SUMMED[_function],))(summed)
    elif _function in CHOSEN:
        stands_for(_function.reduce, given=(CHOSEN[_function],))(chosen)
    elif _function in (np.fmax, np.fmin, np.logaddexp, np.logaddexp2, np.hypot, np.subtract, np.divide, np.power):
        stands_for(_function.reduce, given=(_function,))(folded)


@stands_for(np.cumulative_sum)
def cumulative_sum(
    x: Any, /, *, axis: Any = None, dtype: Any = None, out: Any = None, include_initial: Any = False
) -> Any:
    return cumulative(np.asarray(x), np.cumsum, 0, axis, dtype, out, include_initial)


@stands_for(np.cumulative_prod)
def cumulative_prod(
    x: Any, /, *, axis: Any = None, dtype: Any = None, out: Any = None, include_initial: Any = False
) -> Any:
    return cumulative(np.asarray(x), np.cumprod, 1, axis, dtype, out, include_initial)


def cumulative(x: Any, function: Any, neutral: Any, axis: Any, dtype: Any, out: Any, include_initial: Any) -> Any:
    x = np.atleast_1d(x)
    if axis is None and x.ndim > 1:
        reject("the axis of a cumulative sum or product must be given for more than one axis", "pass axis=")
    axis = 0 if axis is None else one_axis(axis, x.ndim)
    if not include_initial:
        return function(x, axis, dtype, out)
    if out is not None:
        refuse("include_initial= with out= is not supported", "assign the result")
    found = function(x, axis, dtype)
    shape = tuple([1 if k == axis else x.shape[k] for k in range(x.ndim)])
    return np.concatenate((np.full(shape, neutral, found.dtype), found), axis)

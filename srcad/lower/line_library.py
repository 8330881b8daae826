"""A function of one line of numbers, applied along one or several axes of an array of any shape."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad.lower.written_out import axes_of, one_axis, stands_for


def fill_lines(out: Any, a: Any, function: Any) -> None:
    """What the function makes of each line of `a`, written to the same place of `out`; the last axis has the lines."""
    for i in range(a.shape[0]):
        if a.ndim == 2:
            out[i] = function(a[i])
        else:
            fill_lines(out[i], a[i], function)


def of_lines(a: Any, function: Any, dtype: Any) -> Any:
    """A number for each line of the last axis."""
    if a.ndim == 1:
        return function(a)
    out = np.empty(a.shape[:-1], dtype)
    fill_lines(out, a, function)
    return out


def along(a: Any, axis: Any, function: Any, dtype: Any) -> Any:
    """A line for each line of an axis, as long as that."""
    if a.ndim == 1:
        return function(a)
    out = np.empty_like(a, dtype=dtype)
    fill_lines(np.moveaxis(out, axis, -1), np.moveaxis(a, axis, -1), function)
    return out


def in_line(a: Any) -> Any:
    """np.ravel, where the elements are only read: no vector is copied."""
    a = np.asarray(a)
    return a if a.ndim == 1 else np.ravel(a)


def axis_and_array(a: Any, axis: Any) -> Any:
    """The array and the axis, counted from 0; without an axis, all of it in one line."""
    return (in_line(a), 0) if axis is None else (a, one_axis(axis, a.ndim))


def gathered(a: Any, axes: Any) -> Any:
    """The array with these axes turned to the end and made one."""
    if len(axes) == a.ndim:
        return in_line(a)
    lines = np.moveaxis(a, axes, tuple([k - len(axes) for k in range(len(axes))]))
    if len(axes) == 1:
        return lines
    count = 1
    for n in lines.shape[-len(axes) :]:
        count *= n
    return lines.reshape((*lines.shape[: -len(axes)], count))


def kept(reduced: Any, axes: Any, keepdims: Any) -> Any:
    """What was reduced along the axes, with these kept as axes of size 1 if asked for."""
    return np.expand_dims(reduced, axes) if keepdims else reduced


def reduce_lines(a: Any, axis: Any, keepdims: Any, function: Any, dtype: Any) -> Any:
    """A number for all that stands along these axes."""
    axes = axes_of(axis, a.ndim)
    return kept(of_lines(gathered(a, axes), function, dtype), axes, keepdims)


@stands_for(np.apply_along_axis)
def apply_along_axis(func1d: Any, axis: Any, arr: Any, *args: Any) -> Any:
    """What the function gives for the first line tells the shape and dtype of the result."""
    a = np.asarray(arr)
    axis = one_axis(axis, a.ndim)
    if a.ndim == 1:
        return np.copy(func1d(a, *args))
    lines = np.moveaxis(a, axis, -1)
    for n in lines.shape[:-1]:
        if n == 0:
            raise ValueError("Cannot apply_along_axis when any iteration dimensions are 0")
    first = np.asarray(func1d(lines[(0,) * (a.ndim - 1)], *args))
    out = np.empty((*lines.shape[:-1], *first.shape), first.dtype)
    out[(0,) * (a.ndim - 1)] = first
    for count, index in enumerate(np.ndindex(lines.shape[:-1])):
        if count > 0:
            out[index] = func1d(lines[index], *args)
    if first.ndim == 0:
        return out
    places = tuple([axis + k for k in range(first.ndim)])
    return np.moveaxis(out, tuple([a.ndim - 1 + k for k in range(first.ndim)]), places)


@stands_for(np.apply_over_axes)
def apply_over_axes(func: Any, a: Any, axes: Any) -> Any:
    a = np.asarray(a)
    for axis in axes if isinstance(axes, tuple | list) else (axes,):
        found = func(a, axis)
        a = found if found.ndim == a.ndim else np.expand_dims(found, axis)
    return a

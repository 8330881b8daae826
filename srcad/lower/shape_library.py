"""Arrays turned, rolled, repeated, and with elements left out or put in between."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad.lower.line_library import axis_and_array, in_line
from srcad.lower.written_out import axes_of, known, one_axis, refuse, reject, stands_for

# --- turned and rolled ------------------------------------------------------------------------------------------------


@stands_for(np.rot90)
def rot90(m: Any, k: Any = 1, axes: Any = (0, 1)) -> Any:
    """A view, turned by quarters."""
    m = np.asarray(m)
    first, second = axes_of(axes, m.ndim)
    quarters = known(k, "k of np.rot90") % 4
    if quarters == 0:
        return m[:]
    if quarters == 2:
        return np.flip(m, (first, second))
    if quarters == 1:
        return np.swapaxes(np.flip(m, second), first, second)
    return np.flip(np.swapaxes(m, first, second), second)


@stands_for(np.roll)
def roll(a: Any, shift: Any, axis: Any = None) -> Any:
    a = np.asarray(a)
    if axis is None:
        total = sum(shift) if isinstance(shift, tuple | list) else shift
        return rolled(a, total, 0) if a.ndim == 1 else rolled(np.ravel(a), total, 0).reshape(a.shape)
    places = axis if isinstance(axis, tuple | list) else (axis,)
    shifts = shift if isinstance(shift, tuple | list) else (shift,) * len(places)
    places = places * len(shifts) if len(places) == 1 else places
    if len(shifts) != len(places):
        reject("np.roll takes one shift, or one for each axis")
    for by, place in zip(shifts, places, strict=True):
        a = rolled(a, by, one_axis(place, a.ndim))
    return a


def rolled(a: Any, shift: Any, axis: Any) -> Any:
    out = np.empty_like(a)
    to, of = np.moveaxis(out, axis, 0), np.moveaxis(a, axis, 0)
    n = of.shape[0]
    for i in range(n):
        to[(i + shift) % n] = of[i]
    return out


# --- repeated ---------------------------------------------------------------------------------------------------------


@stands_for(np.repeat, method="repeat")
def repeat(a: Any, repeats: Any, axis: Any = None) -> Any:
    a, axis = axis_and_array(np.atleast_1d(a), axis)
    lines = np.moveaxis(a, axis, 0)
    times = np.asarray(repeats)
    if times.dtype.kind not in "iub":
        reject("np.repeat takes integers for the number of times")
    if times.ndim == 1:
        times = np.broadcast_to(times, (lines.shape[0],))
    if np.any(times < 0):
        raise ValueError("counts cannot be negative")
    total = times * lines.shape[0] if times.ndim == 0 else np.sum(times)
    shape = (*a.shape[:axis], total, *a.shape[axis + 1 :])
    out = np.empty(shape, a.dtype)
    to = np.moveaxis(out, axis, 0)
    place = 0
    for i in range(lines.shape[0]):
        for _ in range(times if times.ndim == 0 else times[i]):
            to[place] = lines[i]
            place += 1
    return out


@stands_for(np.tile)
def tile(A: Any, reps: Any) -> Any:
    """A new axis for each number of times, made one with the axis that is repeated."""
    a = np.asarray(A)
    times = reps if isinstance(reps, tuple | list) else (reps,)
    ndim = max(a.ndim, len(times))
    times = (1,) * (ndim - len(times)) + tuple(times)
    a = np.expand_dims(a, tuple(range(ndim - a.ndim)))
    if ndim == 0:
        return a
    out = np.empty(tuple([times[k // 2] if k % 2 == 0 else a.shape[k // 2] for k in range(2 * ndim)]), a.dtype)
    out[...] = np.expand_dims(a, tuple([2 * k for k in range(ndim)]))
    return out.reshape(tuple([times[k] * a.shape[k] for k in range(ndim)]))


@stands_for(np.resize)
def resize(a: Any, new_shape: Any) -> Any:
    """The elements in a line, as often as they are needed."""
    line = in_line(a)
    out = np.empty(new_shape, line.dtype)
    flat = out.reshape(out.size)
    if line.shape[0] == 0:
        out[...] = 0
    for k in range(out.size if line.shape[0] > 0 else 0):
        flat[k] = line[k % line.shape[0]]
    return out


# --- left out and put in ----------------------------------------------------------------------------------------------


@stands_for(np.delete)
def delete(arr: Any, obj: Any, axis: Any = None) -> Any:
    a, axis = axis_and_array(np.asarray(arr), axis)
    kept = np.ones(a.shape[axis], np.bool_)
    if isinstance(obj, tuple | list):
        kept[np.asarray(obj)] = False
    else:
        kept[obj] = False
    return np.compress(kept, a, axis)


@stands_for(np.insert)
def insert(arr: Any, obj: Any, values: Any, axis: Any = None) -> Any:
    a, axis = axis_and_array(np.asarray(arr), axis)
    if np.ndim(obj) > 0:
        refuse("np.insert at several places is not supported", "join the parts: np.concatenate")
    n = a.shape[axis]
    if obj < -n or obj > n:
        raise IndexError("index is out of bounds")
    place = obj if obj >= 0 else obj + n
    lines = np.moveaxis(a, axis, 0)
    new = np.asarray(values).astype(a.dtype, copy=False)
    if a.ndim == 1:
        new = np.atleast_1d(new)
    elif new.ndim < a.ndim:
        new = np.broadcast_to(new, lines.shape[1:])[None]
    else:
        new = np.moveaxis(new, axis, 0)
    return np.moveaxis(np.concatenate((lines[:place], new, lines[place:])), 0, axis)


@stands_for(np.trim_zeros)
def trim_zeros(filt: Any, trim: Any = "fb") -> Any:
    a = np.asarray(filt)
    if a.ndim != 1:
        refuse("np.trim_zeros is supported for vectors", "slice the array")
    first, last = 0, a.shape[0]
    if "f" in trim or "F" in trim:
        while first < last and a[first] == 0:
            first += 1
    if "b" in trim or "B" in trim:
        while last > first and a[last - 1] == 0:
            last -= 1
    return a[first:last]


# --- broadcast --------------------------------------------------------------------------------------------------------


@stands_for(np.broadcast_arrays)
def broadcast_arrays(*args: Any) -> Any:
    arrays = [np.asarray(a) for a in args]
    shape = np.broadcast_shapes(*[a.shape for a in arrays])
    return tuple([np.broadcast_to(a, shape) for a in arrays])


@stands_for(np.diagflat)
def diagflat(v: Any, k: Any = 0) -> Any:
    return np.diag(in_line(v), k)


@stands_for(np.tri)
def tri(N: Any, M: Any = None, k: Any = 0, dtype: Any = float) -> Any:
    return np.tril(np.ones((N, N if M is None else M), dtype), k)


# --- windows ----------------------------------------------------------------------------------------------------------


def across(M: Any) -> Any:
    """From -1 to 1 in M steps."""
    return np.arange(1.0 - M, M, 2.0) / max(M - 1.0, 1.0)


@stands_for(np.hanning)
def hanning(M: Any) -> Any:
    return 0.5 + 0.5 * np.cos(np.pi * across(M))


@stands_for(np.hamming)
def hamming(M: Any) -> Any:
    return 0.54 + 0.46 * np.cos(np.pi * across(M))


@stands_for(np.blackman)
def blackman(M: Any) -> Any:
    t = np.pi * across(M)
    return 0.42 + 0.5 * np.cos(t) + 0.08 * np.cos(2.0 * t)


@stands_for(np.bartlett)
def bartlett(M: Any) -> Any:
    return 1.0 - np.abs(across(M))


# --- np.r_ and np.c_ --------------------------------------------------------------------------------------------------


def in_a_row(*parts: Any) -> Any:
    """np.r_"""
    return np.concatenate([np.atleast_1d(part) for part in parts])


def in_columns(*parts: Any) -> Any:
    """np.c_"""
    columns = [np.atleast_1d(part) for part in parts]
    return np.concatenate([c[:, None] if c.ndim == 1 else c for c in columns], axis=-1)

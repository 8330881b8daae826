"""Places in arrays: where something holds, of triangles and grids; and what is taken from places, or put there."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad.lower.library import places, places_on_axes
from srcad.lower.line_library import axis_and_array, in_line
from srcad.lower.written_out import axes_of, one_axis, refuse, reject, stands_for

# --- where something holds --------------------------------------------------------------------------------------------


@stands_for(np.nonzero, method="nonzero")
def nonzero(a: Any) -> Any:
    mask = np.asarray(a) != 0
    if mask.ndim == 0:
        reject("np.nonzero takes an array, not a number", "use np.atleast_1d(x)")
    return (places(mask),) if mask.ndim == 1 else places_on_axes(mask)


@stands_for(np.flatnonzero)
def flatnonzero(a: Any) -> Any:
    return places(in_line(np.asarray(a) != 0))


@stands_for(np.argwhere)
def argwhere(a: Any) -> Any:
    return np.stack(nonzero(a), axis=1)


def check_reach(mask: Any, n: Any) -> None:
    if mask.shape[0] > n and np.any(mask[n:]):
        raise IndexError("index is out of bounds")


@stands_for(np.compress)
def compress(condition: Any, a: Any, axis: Any = None, out: Any = None) -> Any:
    if out is not None:
        refuse("np.compress with out= is not supported", "assign the result")
    mask = np.asarray(condition) != 0
    if mask.ndim != 1:
        reject("the condition of np.compress is a vector")
    a, axis = axis_and_array(np.asarray(a), axis)
    check_reach(mask, a.shape[axis])
    if axis == 0:
        return a[places(mask)]
    return np.moveaxis(np.moveaxis(a, axis, 0)[places(mask)], 0, axis)


@stands_for(method="compress")
def compress_method(a: Any, condition: Any, axis: Any = None, out: Any = None) -> Any:
    return compress(condition, a, axis, out)


@stands_for(np.extract)
def extract(condition: Any, arr: Any) -> Any:
    line, mask = in_line(arr), in_line(np.asarray(condition) != 0)
    check_reach(mask, line.shape[0])
    return line[places(mask)]


# --- triangles, diagonals and grids -----------------------------------------------------------------------------------


@stands_for(np.tril_indices)
def tril_indices(n: Any, k: Any = 0, m: Any = None) -> Any:
    return places_on_axes(np.tri(n, m, k, bool))


@stands_for(np.triu_indices)
def triu_indices(n: Any, k: Any = 0, m: Any = None) -> Any:
    return places_on_axes(~np.tri(n, m, k - 1, bool))


@stands_for(np.tril_indices_from)
def tril_indices_from(arr: Any, k: Any = 0) -> Any:
    return tril_indices(arr.shape[0], k, arr.shape[1])


@stands_for(np.triu_indices_from)
def triu_indices_from(arr: Any, k: Any = 0) -> Any:
    return triu_indices(arr.shape[0], k, arr.shape[1])


@stands_for(np.diag_indices)
def diag_indices(n: Any, ndim: Any = 2) -> Any:
    return (np.arange(n),) * ndim


@stands_for(np.diag_indices_from)
def diag_indices_from(arr: Any) -> Any:
    for n in arr.shape[1:]:
        if n != arr.shape[0]:
            raise ValueError("All dimensions of input must be of equal length")
    return diag_indices(arr.shape[0], arr.ndim)


@stands_for(np.indices)
def indices(dimensions: Any, dtype: Any = int, sparse: Any = False) -> Any:
    grids = np.meshgrid(*[np.arange(n, dtype=dtype) for n in dimensions], indexing="ij", sparse=sparse)
    return grids if sparse else np.stack(grids)


@stands_for(np.ix_)
def ix(*args: Any) -> Any:
    """Each vector on an axis of its own; a mask is where it holds."""
    vectors = [np.asarray(a) for a in args]
    vectors = [places(v) if v.dtype.kind == "b" else v for v in vectors]
    others = [tuple([j for j in range(len(vectors)) if j != k]) for k in range(len(vectors))]
    return tuple([np.expand_dims(v, axes) for v, axes in zip(vectors, others, strict=True)])


@stands_for(np.unravel_index)
def unravel_index(indices: Any, shape: Any, order: Any = "C") -> Any:
    """Counted from the last axis; in Fortran's order from the first."""
    sizes = tuple(shape) if isinstance(shape, tuple | list) else (shape,)
    rest = np.asarray(indices)
    total = 1
    for n in sizes:
        total *= n
    if np.any((rest < 0) | (rest >= total)):
        raise ValueError("index is out of bounds for array")
    sizes = sizes if order == "F" else sizes[::-1]
    found: Any = ()
    for n in sizes:
        found = (*found, rest % n)
        rest = rest // n
    return found if order == "F" else found[::-1]


@stands_for(np.ravel_multi_index)
def ravel_multi_index(multi_index: Any, dims: Any, mode: Any = "raise", order: Any = "C") -> Any:
    sizes = tuple(dims) if isinstance(dims, tuple | list) else (dims,)
    pairs = zip(multi_index, sizes, strict=True)
    found = [inside(np.asarray(index), n, mode, ValueError) for index, n in pairs]
    if order == "F":
        found, sizes = found[::-1], sizes[::-1]
    total = 0
    for index, n in zip(found, sizes, strict=True):
        total = total * n + index
    return total


# --- taken ------------------------------------------------------------------------------------------------------------


def inside(index: Any, n: Any, mode: Any, error: Any) -> Any:
    """The index in range, or brought there."""
    if mode == "wrap":
        return index % n
    if mode == "clip":
        return np.clip(index, 0, n - 1)
    if error is ValueError and np.any((index < 0) | (index >= n)):
        raise ValueError("invalid entry in coordinates array")
    return index


@stands_for(np.take, method="take")
def take(a: Any, indices: Any, axis: Any = None, out: Any = None, mode: Any = "raise") -> Any:
    if out is not None:
        refuse("np.take with out= is not supported", "assign the result")
    a, axis = axis_and_array(np.atleast_1d(a), axis)
    index = np.asarray(indices)
    if index.dtype.kind == "b":
        index = index.astype(int, copy=False)
    found = a[(slice(None),) * axis + (inside(index, a.shape[axis], mode, IndexError),)]
    return found.copy() if index.ndim == 0 else found


def along_axis(indices: Any, a: Any, axis: Any) -> Any:
    """The index of an array that goes along one axis by these indices, and along the others as they are."""
    if indices.ndim != a.ndim:
        reject("the indices and the array must have the same number of axes")
    for k in axes_of(None, a.ndim):
        if k != axis and indices.shape[k] != a.shape[k] and indices.shape[k] != 1 and a.shape[k] != 1:
            raise IndexError("shape mismatch: indexing arrays could not be broadcast together")
    others = [tuple([j for j in range(a.ndim) if j != k]) for k in range(a.ndim)]
    return tuple([indices if k == axis else np.expand_dims(np.arange(a.shape[k]), others[k]) for k in range(a.ndim)])


@stands_for(np.take_along_axis)
def take_along_axis(arr: Any, indices: Any, axis: Any = -1) -> Any:
    a, axis = axis_and_array(np.asarray(arr), axis)
    return a[along_axis(np.asarray(indices), a, axis)]


@stands_for(np.choose)
def choose(a: Any, choices: Any, out: Any = None, mode: Any = "raise") -> Any:
    if out is not None:
        refuse("np.choose with out= is not supported", "assign the result")
    which = inside(np.asarray(a), len(choices), mode, None)
    if np.any((which < 0) | (which >= len(choices))):
        raise ValueError("invalid entry in choice array")
    return chosen(which, tuple(choices), 0)


def chosen(which: Any, choices: Any, first: Any) -> Any:
    if len(choices) == 1:
        return np.where(True, choices[0], np.zeros(which.shape, int)) if which.ndim else choices[0]
    return np.where(which == first, choices[0], chosen(which, choices[1:], first + 1))


@stands_for(method="choose")
def choose_method(a: Any, choices: Any, out: Any = None, mode: Any = "raise") -> Any:
    return choose(a, choices, out, mode)


@stands_for(np.isin)
def isin(element: Any, test_elements: Any, assume_unique: Any = False, invert: Any = False, *, kind: Any = None) -> Any:
    a, tests = np.asarray(element), in_line(test_elements)
    found = np.any(np.expand_dims(a, a.ndim) == tests, axis=-1)
    return ~found if invert else found


# --- put --------------------------------------------------------------------------------------------------------------


@stands_for(np.put_along_axis)
def put_along_axis(arr: Any, indices: Any, values: Any, axis: Any) -> None:
    if axis is None:
        refuse("np.put_along_axis with axis=None is not supported", "use np.put")
    axis = one_axis(axis, arr.ndim)
    arr[along_axis(np.asarray(indices), arr, axis)] = values


@stands_for(np.put, method="put")
def put(a: Any, ind: Any, v: Any, mode: Any = "raise") -> None:
    """In a line, the values as often as they are needed; each place is found by division, whatever the strides are."""
    places, values = in_line(ind), np.array(in_line(v))
    size = a.size
    for k in range(places.shape[0] if values.shape[0] > 0 else 0):
        place = inside(places[k], size, mode, IndexError)
        if place < -size or place >= size:
            raise IndexError("index is out of bounds")
        store_at(a, place % size, values[k % values.shape[0]])


def store_at(a: Any, place: Any, value: Any) -> None:
    if a.ndim == 1:
        a[place] = value
    else:
        rest = a[0].size
        store_at(a[place // rest], place % rest, value)


def mask_for(a: Any, mask: Any) -> Any:
    mask = np.asarray(mask)
    if mask.ndim != a.ndim:
        refuse("a mask with another number of axes than the array is not supported here", "reshape the mask")
    if mask.shape != a.shape:
        raise ValueError("the mask and the array must have the same shape")
    return mask


@stands_for(np.putmask)
def putmask(a: Any, mask: Any, values: Any) -> None:
    """The value at a place in a line is that at the same place of the values, which are repeated."""
    given, mask = np.array(in_line(values)), mask_for(a, mask)
    for count, index in enumerate(np.ndindex(a.shape)):
        if mask[index]:
            a[index] = given[count % given.shape[0]]


@stands_for(np.place)
def place(arr: Any, mask: Any, vals: Any) -> None:
    """The values in their order, from the first one again where they end."""
    given, mask = np.array(in_line(vals)), mask_for(arr, mask)
    count = 0
    if given.shape[0] == 0 and np.any(mask):
        raise ValueError("Cannot insert from an empty array!")
    for index in np.ndindex(arr.shape):
        if mask[index]:
            arr[index] = given[count % given.shape[0]]
            count += 1

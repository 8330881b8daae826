"""Tuples and namedtuples of numbers and arrays, at any nesting: the structures that arguments and results may have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.lib.array_utils import byte_bounds


def map_tree(fn: Callable[[Any], Any], tree: Any) -> Any:
    if isinstance(tree, tuple):
        items = [map_tree(fn, item) for item in tree]
        return type(tree)(*items) if hasattr(tree, "_fields") else tuple(items)
    return fn(tree)


def unpack(tree: Any) -> Iterator[Any]:
    """The leaves from left to right."""
    if isinstance(tree, tuple):
        for item in tree:
            yield from unpack(item)
    else:
        yield tree


def has_float(tree: Any) -> bool:
    return any(
        isinstance(leaf, float | complex | np.ndarray | np.generic) and np.asarray(leaf).dtype.kind in "fc"
        for leaf in unpack(tree)
    )


def copied(tree: Any) -> Any:
    """The tree with copies of its arrays, laid out as they are: with their strides, and sharing memory where they do."""
    arrays = {id(leaf): leaf for leaf in unpack(tree) if isinstance(leaf, np.ndarray)}
    copies: dict[int, Any] = {}
    for group in _sharing(list(arrays.values())):
        copies |= zip(map(id, group), _copies(group), strict=True)
    return map_tree(lambda leaf: copies[id(leaf)] if isinstance(leaf, np.ndarray) else leaf, tree)


def _sharing(arrays: list[Any]) -> Iterator[list[Any]]:
    """The arrays in groups: those of different groups share no memory."""
    group: list[Any] = []
    end = 0
    for array in sorted(arrays, key=lambda array: byte_bounds(array)[0]):
        low, high = byte_bounds(array)
        if not array.size or array.dtype.hasobject:
            yield [array]
            continue
        if group and low >= end:
            yield group
            group = []
        group.append(array)
        end = max(end, high)
    if group:
        yield group


def _copies(group: list[Any]) -> list[Any]:
    """Copies that lie to each other as the arrays do."""
    if len(group) == 1 and (group[0].flags.forc or not group[0].size or group[0].dtype.hasobject):
        return [group[0].copy(order="K")]
    bounds = [byte_bounds(array) for array in group]
    start = min(low for low, _ in bounds)
    memory = np.empty(max(high for _, high in bounds) - start, np.uint8)
    made = []
    for array in group:
        offset = array.__array_interface__["data"][0] - start
        view = np.ndarray(array.shape, array.dtype, memory, offset, array.strides)
        view[...] = array
        made.append(view)
    return made


def check_shapes(values: Any, seeds: Any, name: str) -> None:
    """Refuse seeds of another shape than the arrays they belong to. What is nested otherwise is for the types to tell."""
    if isinstance(values, tuple) and isinstance(seeds, tuple) and len(values) == len(seeds):
        for k, (value, seed) in enumerate(zip(values, seeds, strict=True)):
            check_shapes(value, seed, f"{name}[{k}]")
    elif (
        isinstance(values, np.ndarray)
        and isinstance(seeds, np.ndarray)
        and has_float(values)
        and values.ndim == seeds.ndim
        and values.shape != seeds.shape
    ):
        raise ValueError(f"{name} has the shape {seeds.shape}, but what it belongs to has {values.shape}")


def check_constants(values: Any, seeds: Any, name: str) -> None:
    """Refuse seeds that are floats other than 0 for what is constant."""
    if isinstance(values, tuple) and isinstance(seeds, tuple) and len(values) == len(seeds):
        for k, (value, seed) in enumerate(zip(values, seeds, strict=True)):
            check_constants(value, seed, f"{name}[{k}]")
    elif not has_float(values) and any(has_float(leaf) and np.any(leaf) for leaf in unpack(seeds)):
        raise TypeError(
            f"{name} is not 0, but belongs to the constant {values!r}: make that a float to differentiate for it"
        )


def outline(tree: Any) -> Any:
    """The tree with arrays of the same shapes, without their contents."""

    def leaf(old: Any) -> Any:
        return np.broadcast_to(old.dtype.type(), old.shape) if isinstance(old, np.ndarray) else old

    return map_tree(leaf, tree)


def zeros(tree: Any) -> Any:
    """Zeros in place of its floats, None for the rest: a direction along which nothing changes."""

    def leaf(old: Any) -> Any:
        if not has_float(old):
            return None
        return np.zeros_like(old) if isinstance(old, np.ndarray) else type(old)(0)

    return map_tree(leaf, tree)


def written(values: Any, out: Any, name: str) -> Any:
    """The tree with its arrays written into those of `out`, where that has any: as a derivative with buffers gives it."""
    if out is None:
        return values
    if isinstance(values, tuple) and isinstance(out, tuple) and len(values) == len(out):
        items = [written(v, o, f"{name}[{k}]") for k, (v, o) in enumerate(zip(values, out, strict=True))]
        return type(values)(*items) if hasattr(values, "_fields") else tuple(items)
    types = [(leaf.dtype, leaf.ndim) if isinstance(leaf, np.ndarray) else None for leaf in (values, out)]
    if types[0] != types[1] or types[0] is None:
        raise TypeError(f"{name} must have the type of the derivative, but is {out!r}")
    check_shapes(values, out, name)
    out[...] = values
    return out


def filled(like: Any, tree: Any, name: str) -> Any:
    """The tree, whose leaves are numbers or arrays, as float64; TypeError if it is not nested as `like`."""
    if isinstance(like, tuple):
        if not isinstance(tree, tuple) or len(tree) != len(like):
            raise TypeError(f"{name} must be nested as what it belongs to, a tuple of {len(like)}, but is {tree!r}")
        return tuple(filled(a, b, name) for a, b in zip(like, tree, strict=True))
    if np.shape(tree) != np.shape(like):
        raise TypeError(f"{name} must be shaped as what it belongs to: {np.shape(like)}, but is {tree!r}")
    return np.asarray(tree, np.float64)


def pack(like: Any, flat: Any) -> Any:
    """The numbers of a flat array in the structure, the shapes and the dtypes of another tree."""
    position = 0

    def leaf(old: Any) -> Any:
        nonlocal position
        size = np.size(old)
        part, position = flat[position : position + size], position + size
        if isinstance(old, np.ndarray):
            return part.reshape(old.shape).astype(old.dtype)
        return type(old)(part[0])

    return map_tree(leaf, like)

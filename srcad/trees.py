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


def zeros(tree: Any) -> Any:
    """Zeros in place of its floats, None for the rest: a direction along which nothing changes."""
    return map_tree(lambda leaf: np.zeros_like(leaf)[()] if has_float(leaf) else None, tree)


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

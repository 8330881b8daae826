"""Tuples and namedtuples of numbers and arrays, at any nesting: the structures that arguments and results may have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np


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
    """The tree with copies of its arrays, laid out as they are."""
    return map_tree(lambda leaf: leaf.copy(order="K") if isinstance(leaf, np.ndarray) else leaf, tree)


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

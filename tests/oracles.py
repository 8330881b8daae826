"""Derivatives by other means: differences with Richardson extrapolation, the complex step, the dot-product identity.

An argument or a result is a tree: numbers and arrays in tuples and namedtuples. Its floats form a vector, the rest
(ints, bools, strings, functions, None) is constant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

Tree = Any
Function = Callable[..., Any]

# --- trees -----------------------------------------------------------------------------------------------------------


def rebuild(like: tuple[Any, ...], items: list[Any]) -> tuple[Any, ...]:
    """A tuple or namedtuple of the same type with other items."""
    return type(like)(*items) if hasattr(like, "_fields") else tuple(items)


def map_leaves(fn: Function, tree: Tree, *others: Tree) -> Tree:
    if isinstance(tree, tuple):
        return rebuild(tree, [map_leaves(fn, *parts) for parts in zip(tree, *others, strict=True)])
    return fn(tree, *others)


def leaves(tree: Tree) -> Iterator[Any]:
    if isinstance(tree, tuple):
        for item in tree:
            yield from leaves(item)
    else:
        yield tree


def is_active(leaf: Any) -> bool:
    """Whether the leaf is a float or an array of floats."""
    return isinstance(leaf, float | np.ndarray | np.floating) and np.asarray(leaf).dtype.kind == "f"


def has_floats(tree: Tree) -> bool:
    return any(map(is_active, leaves(tree)))


def copy(tree: Tree) -> Tree:
    return map_leaves(lambda leaf: leaf.copy(order="K") if isinstance(leaf, np.ndarray) else leaf, tree)


def flatten(tree: Tree) -> np.ndarray:
    """The floats of the tree as one float64 vector (complex where the tree is)."""
    parts = [np.ravel(leaf) for leaf in leaves(tree) if is_active(leaf) or np.iscomplexobj(leaf)]
    return np.concatenate([np.zeros(0), *parts])


def unflatten(tree: Tree, vector: np.ndarray) -> Tree:
    """The tree with its floats replaced; each leaf keeps its shape, layout and dtype, unless the vector is complex."""
    rest = list(vector)

    def take(leaf: Any) -> Any:
        if not is_active(leaf):
            return leaf
        new = np.array([rest.pop(0) for _ in range(np.size(leaf))]).reshape(np.shape(leaf))
        if isinstance(leaf, np.ndarray):
            laid_out = np.empty_like(leaf, dtype=new.dtype if np.iscomplexobj(new) else leaf.dtype)
            laid_out[...] = new
            return laid_out
        return type(leaf)(new) if not np.iscomplexobj(new) else complex(new)

    return map_leaves(take, tree)


def single(tree: Tree) -> Tree:
    """The tree in float32."""

    def narrow(leaf: Any) -> Any:
        if not is_active(leaf):
            return leaf
        return leaf.astype(np.float32) if isinstance(leaf, np.ndarray) else np.float32(leaf)

    return map_leaves(narrow, tree)


def direction(tree: Tree, seed: int) -> Tree:
    """A random tree of the same structure: a tangent or a cotangent. Zero where the tree is not differentiable."""
    rng = np.random.default_rng(seed)
    moved = unflatten(tree, rng.standard_normal(flatten(tree).size))
    return map_leaves(lambda leaf, new: new if is_active(leaf) else zero(leaf), tree, moved)


def zero(leaf: Any) -> Any:
    """The tangent of a constant."""
    if isinstance(leaf, np.ndarray):
        return np.zeros(leaf.shape, int)
    return 0 if isinstance(leaf, int | bool | np.number | np.bool_) else None


# --- derivatives -----------------------------------------------------------------------------------------------------


def along(f: Function, args: tuple[Any, ...], v: Tree) -> Callable[[float], np.ndarray]:
    """t -> the floats of f(args + t * v)."""
    dots = [dot for arg, dot in zip(leaves(args), leaves(v), strict=True) if is_active(arg)]
    x, dx = flatten(args), flatten(tuple(dots))
    return lambda t: flatten(f(*unflatten(args, x + t * dx)))


def difference(f: Function, args: tuple[Any, ...], v: Tree, step: float = 1e-3) -> np.ndarray:
    """The directional derivative by central differences, extrapolated three times (error O(step^8))."""
    at = along(f, args, v)
    rows = [(at(h) - at(-h)) / (2 * h) for h in (step / 2**k for k in range(4))]
    for power in (4, 16, 64):
        rows = [(power * fine - coarse) / (power - 1) for coarse, fine in zip(rows, rows[1:], strict=False)]
    return rows[0]


def complex_step(f: Function, args: tuple[Any, ...], v: Tree) -> np.ndarray:
    """The directional derivative to machine precision; f must be analytic and take complex numbers."""
    return along(f, args, v)(1e-30j).imag / 1e-30


def dot(a: Tree, b: Tree) -> float:
    """The inner product of two trees of floats."""
    return float(flatten(a) @ flatten(b))

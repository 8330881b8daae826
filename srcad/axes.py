"""`in_axes`, as in `jax.vmap`: which axis of each argument counts the problems of a batch, if any."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

Axes = Any


@dataclass(frozen=True)
class Mapped:
    """A number or array among the arguments: where it is, and along which axis it is one for each problem (None: for all)."""

    where: str
    value: Any
    axis: int | None

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(getattr(self.value, "shape", ()))


def checked(in_axes: Axes) -> Axes:
    """The same, a list at the top as a tuple; TypeError for what is neither int, None nor a tuple of these."""
    if isinstance(in_axes, list):
        in_axes = tuple(in_axes)
    if not _is_axes(in_axes):
        raise TypeError(
            f"in_axes must be an int, None, or (nested) container with those types as leaves, but got {in_axes!r}."
        )
    if in_axes is None or (isinstance(in_axes, tuple) and all(a is None for a in _flat(in_axes))):
        raise ValueError("batched must have at least one non-None value in in_axes")
    return in_axes


def spread(in_axes: Axes, args: Sequence[Any], names: Sequence[str]) -> list[Any]:
    """For each argument, the tree of its leaves as `Mapped`."""
    if isinstance(in_axes, tuple) and len(in_axes) != len(args):
        raise ValueError(
            "in_axes must be an int, None, or a tuple of entries corresponding to the positional arguments passed to the "
            f"function, but got {len(in_axes)=}, {len(args)=}"
        )
    each = in_axes if isinstance(in_axes, tuple) else (in_axes,) * len(args)
    return [_spread(a, x, name) for a, x, name in zip(each, args, names, strict=True)]


def _spread(axes: Axes, value: Any, where: str) -> Any:
    if isinstance(value, tuple):
        if isinstance(axes, tuple) and len(axes) != len(value):
            raise ValueError(
                f"in_axes must be a tree prefix of the corresponding value: got {axes!r} for {where}, a tuple of {len(value)}"
            )
        each = axes if isinstance(axes, tuple) else (axes,) * len(value)
        items = [_spread(a, v, f"{where}[{k}]") for k, (a, v) in enumerate(zip(each, value, strict=True))]
        return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
    if isinstance(axes, tuple):
        raise ValueError(
            f"in_axes must be a tree prefix of the corresponding value: got {axes!r} for {where}, which is no tuple"
        )
    if axes is None or value is None or isinstance(value, str) or callable(value):
        return Mapped(where, value, None)
    rank = len(getattr(value, "shape", ()))
    axis = operator.index(axes)
    if not -rank <= axis < rank:
        need = axis + 1 if axis >= 0 else -axis
        raise ValueError(
            f"batched was requested to map its argument {where} along axis {axis}, which implies that its rank should be at "
            f"least {need}, but is only {rank} (its shape is {tuple(getattr(value, 'shape', ()))})"
        )
    return Mapped(where, value, axis % rank)


def batch_size(args: Sequence[Any]) -> int:
    """The number of problems; ValueError where arguments do not agree, or where there are none."""
    mapped = [leaf for leaf in flat(args) if leaf.axis is not None]
    if not mapped:
        raise ValueError("batched must have at least one non-None value in in_axes")
    sizes: dict[int, Mapped] = {}
    for leaf in mapped:
        sizes.setdefault(leaf.shape[leaf.axis or 0], leaf)
    if len(sizes) > 1:
        lines = [
            f"  * one axis had size {n}: axis {leaf.axis} of argument {leaf.where} of shape {leaf.shape}"
            for n, leaf in sizes.items()
        ]
        raise ValueError("\n".join(["batched got inconsistent sizes for array axes to be mapped:", *lines]))
    (n,) = sizes
    if n == 0:
        raise ValueError("the batch is empty: an axis to be mapped has size 0, and the shapes of results are not known")
    return n


def flat(tree: Any) -> Iterator[Mapped]:
    if isinstance(tree, Mapped):
        yield tree
    else:
        for item in tree:
            yield from flat(item)


def _flat(axes: Axes) -> Iterator[Any]:
    if isinstance(axes, tuple):
        for item in axes:
            yield from _flat(item)
    else:
        yield axes


def _is_axes(axes: Axes) -> bool:
    if isinstance(axes, tuple):
        return all(map(_is_axes, axes))
    return axes is None or (hasattr(axes, "__index__") and not isinstance(axes, bool) and not hasattr(axes, "shape"))

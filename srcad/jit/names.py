"""Names in the small programs that are written as text: loops over a batch, kernels and their launchers."""

from __future__ import annotations

import keyword
from collections.abc import Callable, Iterable
from typing import Any

from srcad.axes import Mapped

Namer = Callable[[str], str]


def unique(taken: Iterable[str]) -> Namer:
    """A function that gives each name once, with a number where it is taken already."""
    used = {*taken, *keyword.kwlist}

    def name(wanted: str) -> str:
        found, count = wanted, 0
        while found in used:
            count += 1
            found = f"{wanted}_{count}"
        used.add(found)
        return found

    return name


def spelt(tree: Any, name: str, names: Namer, values: dict[str, Any]) -> tuple[str, list[str]]:
    """An argument of one problem, as an expression in the index `k` of the problem, and the parameters that it reads. Classes
    of namedtuples get names in `values`."""
    if isinstance(tree, Mapped):
        if is_constant(tree.value):
            return "None", []
        own = names(name)
        if tree.axis is None:
            return own, [own]
        return f"{own}[{':, ' * tree.axis}k]", [own]
    parts = [spelt(item, f"{name}_{k}", names, values) for k, item in enumerate(tree)]
    inputs = [own for _, found in parts for own in found]
    text = "".join(f"{part}, " for part, _ in parts)
    if not hasattr(tree, "_fields"):
        return f"({text.removesuffix(' ')})", inputs
    cls = next((n for n, known in values.items() if known is type(tree)), None)
    if cls is None:
        values[cls := names(type(tree).__name__)] = type(tree)
    return f"{cls}({text.removesuffix(', ')})", inputs


def is_constant(value: Any) -> bool:
    """Whether the value is built into what is generated, so that anything may stand in its place."""
    return value is None or isinstance(value, str) or callable(value)

"""A batch on the CPU: one compiled loop over problems, run by several threads on consecutive pieces of the batch.

What is summed over the batch is summed piece by piece, and the pieces in their order, so that the sum does not depend on how many
threads there are. An error is the one that the first of the failing problems raises.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numba
import numpy as np

from srcad.axes import Mapped, flat
from srcad.ir import Static, Trace, Tree, leaves
from srcad.jit.cache import load
from srcad.jit.generate import generate
from srcad.jit.names import is_constant, spelt, unique
from srcad.jit.options import Options
from srcad.transforms.signature import result_types
from srcad.trees import map_tree

#: The most pieces that a batch is cut into.
PIECES = 64


class Loop:
    """The loop for one trace. `args` are trees as `srcad.axes` makes them; `sums` counts the leaves of the result to add up."""

    def __init__(self, trace: Trace, args: Sequence[Any], sums: frozenset[int], options: Options) -> None:
        self.trace, self.sums = trace, sums
        self.function = generate(trace, options)
        self.types = leaves(result_types(trace))
        self.text, values = _text(trace, args, sums, options, self.function.__module__)
        name = f"{trace.name}_loop"
        self.loop = getattr(load(self.text, name, values, inner=self.function), name)

    def __call__(self, count: int, args: Sequence[Any]) -> list[Any]:
        """The leaves of the result, for this number of problems."""
        first = [map_tree(_of_first, tree) for tree in args]
        shapes = [np.shape(leaf) for leaf in _leaves_of(self.function(*first), self.trace.returns)]
        pieces = min(count, PIECES)
        outs = [
            (np.zeros if k in self.sums else np.empty)((pieces if k in self.sums else count, *shape), type.dtype)
            for k, (shape, type) in enumerate(zip(shapes, self.types, strict=True))
        ]
        given = [leaf.value for tree in args for leaf in flat(tree) if not is_constant(leaf.value)]
        bounds = [(piece, piece * count // pieces, (piece + 1) * count // pieces) for piece in range(pieces)]

        def run(bound: tuple[int, int, int]) -> None:
            self.loop(*bound, *given, *outs)

        run(bounds[0])  # which compiles
        for _ in _threads().map(run, bounds[1:]) if pieces > 1 else ():
            pass
        return [out.sum(axis=0) if k in self.sums else out for k, out in enumerate(outs)]


def _of_first(leaf: Mapped) -> Any:
    """What the first problem is given."""
    return leaf.value if leaf.axis is None else leaf.value[(slice(None),) * leaf.axis + (0,)]


@functools.cache
def _threads_of(process: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(numba.get_num_threads(), "srcad-batch")


def _threads() -> ThreadPoolExecutor:
    """The threads of this process: a forked one has none of its parent's."""
    return _threads_of(os.getpid())


def _text(
    trace: Trace, args: Sequence[Any], sums: frozenset[int], options: Options, module: str
) -> tuple[str, dict[str, Any]]:
    """The module of the loop, and its globals. It names the module that it calls, so that another one is another text."""
    values: dict[str, Any] = {}
    names = unique(["piece", "start", "stop", "k", "y", "inner", "njit"])
    spelling = [spelt(tree, p.name, names, values) for tree, p in zip(args, trace.params, strict=True)]
    inputs = [name for _, found in spelling for name in found]
    outs = [names(f"out_{k}") for k in range(len(leaves(trace.returns)))]
    writes = [
        f"{out}[piece] += {path}" if k in sums else f"{out}[k] = {path}"
        for k, (out, path) in enumerate(zip(outs, _paths(trace.returns, "y"), strict=True))
    ]
    lines = [
        f"def {trace.name}_loop({', '.join(['piece', 'start', 'stop', *inputs, *outs])}):",
        "    for k in range(start, stop):",
        f"        y = inner({', '.join(text for text, _ in spelling)})",
        *(f"        {write}" for write in writes),
    ]
    head: list[str] = []
    if options.jit:
        keywords = {**replace(options, cache=options.cache and not values, parallel=False).njit(), "nogil": True}
        head = ["from numba import njit", "", "", f"@njit({', '.join(f'{k}={v!r}' for k, v in keywords.items())})"]
    return "\n".join([f"# calls {module}.{trace.name}", *head, *lines]) + "\n", values


def _paths(returns: Any, path: str) -> list[str]:
    """How each leaf of a result is reached."""
    if isinstance(returns, Tree):
        return [found for k, item in enumerate(returns.items) for found in _paths(item, f"{path}[{k}]")]
    return [] if isinstance(returns, Static) else [path]


def _leaves_of(value: Any, returns: Any) -> list[Any]:
    if isinstance(returns, Tree):
        return [leaf for v, r in zip(value, returns.items, strict=True) for leaf in _leaves_of(v, r)]
    return [] if isinstance(returns, Static) else [value]

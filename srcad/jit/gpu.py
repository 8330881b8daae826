"""A batch on the GPU: a kernel for the sizes of its arguments, what goes there, and what comes back."""

from __future__ import annotations

import functools
import itertools
import math
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from srcad.axes import Mapped, flat
from srcad.ir import Op, Trace, Var, leaves, walk
from srcad.jit.cache import load
from srcad.jit.cuda import as_array, described, free_memory, ready
from srcad.jit.generate import generate
from srcad.jit.kernel import kernel_text
from srcad.jit.launch import SHARE, FailedError
from srcad.jit.names import is_constant
from srcad.jit.options import Options
from srcad.jit.simulated import helpers
from srcad.runtime import SHARED
from srcad.transforms.thread import thread
from srcad.trees import map_tree, unpack


class Kernel:
    """The kernel for one trace. `args` are trees as `srcad.axes` makes them; `sums` counts the leaves of the result to add up."""

    def __init__(self, trace: Trace, args: Sequence[Any], sums: frozenset[int], options: Options) -> None:
        self.trace, self.sums, self.options = trace, sums, options
        self.apart = list(_apart(trace, args))
        placed = thread(trace, sums)
        self.results = placed.results
        made = kernel_text(placed, list(map(_in_front, args)), sums, options)
        self.text = made.text
        self.launch = getattr(load(made.text, f"{made.name}_kernel", made.values, **helpers()), f"{made.name}_launch")

    def __call__(self, count: int, args: Sequence[Any]) -> list[Any]:
        """The leaves of the result, for this number of problems: NumPy's arrays, or the GPU's where an argument is one."""
        leaves = [leaf for tree in args for leaf in flat(tree) if not is_constant(leaf.value)]
        _check_apart(self.apart, [leaf.value for tree in args for leaf in flat(tree)])
        device = next((leaf.value for leaf in leaves if described(leaf.value)), None)
        cuda = ready()
        parts = 1 if device is not None else self._parts(cuda, count, leaves)
        if parts > 1:
            warnings.warn(
                f"a batch of {count} problems does not fit in the memory of the GPU: it is split into {parts}",
                stacklevel=3,
            )
        found: list[list[Any]] = []
        for part in range(parts):
            start, stop = part * count // parts, (part + 1) * count // parts
            given = [_piece(leaf, start, stop) for leaf in leaves]
            shared = ready()
            try:
                outs = self.launch(stop - start, *[_to_device(shared, leaf) for leaf in given])
            except FailedError as failed:
                self._raise(args, [start + k for k in failed.problems])
            found.append([_like(device, out) for out in outs])
        if parts == 1:
            return found[0]
        joined = zip(*found, strict=True)
        return [sum(pieces) if k in self.sums else np.concatenate(pieces) for k, pieces in enumerate(joined)]

    def _parts(self, cuda: Any, count: int, leaves: Sequence[Mapped]) -> int:
        """Into how many parts the batch must be split to fit in memory."""
        free = free_memory(cuda)
        if free is None:
            return 1
        whole = sum(np.asarray(leaf.value).nbytes for leaf in leaves)
        whole += sum(count * math.prod(r.shape or ()) * np.dtype(r.dtype).itemsize for r in self.results)
        return max(1, min(count, math.ceil(whole / (SHARE * free))))

    def _raise(self, args: Sequence[Any], problems: Sequence[int]) -> None:
        """Run the problems that failed on the CPU, in their order, until one raises its error."""
        options = replace(self.options, target="cpu", jit=True, cache=False, boundscheck=True)
        function = generate(self.trace, options)
        for k in problems:
            function(*(map_tree(functools.partial(_of, k), tree) for tree in args))
        raise RuntimeError(f"problem {problems[0]} failed on the GPU, and does not fail on the CPU: please report it")


# --- arguments ---------------------------------------------------------------------------------------------------------------


def _in_front(tree: Any) -> Any:
    """The axes as the kernel has them: those of NumPy's arrays are moved to the front on the way."""
    return map_tree(lambda leaf: leaf if leaf.axis is None or described(leaf.value) else replace(leaf, axis=0), tree)


def _piece(leaf: Mapped, start: int, stop: int) -> Mapped:
    if leaf.axis is None or described(leaf.value):
        return leaf
    return replace(leaf, value=np.moveaxis(leaf.value, leaf.axis, 0)[start:stop])


def _to_device(cuda: Any, leaf: Mapped) -> Any:
    """Numbers as they are; arrays with the problems side by side in memory, so that neighbouring threads read neighbours."""
    if described(leaf.value):
        return as_array(cuda, leaf.value)
    if not isinstance(leaf.value, np.ndarray):
        return leaf.value
    order: Any = "C" if leaf.axis is None else "F"
    return cuda.to_device(np.array(leaf.value, order=order))


def _of(k: int, leaf: Mapped) -> Any:
    """What problem k is given, on the CPU."""
    value = leaf.value
    if described(value):
        value = as_array(ready(), value).copy_to_host()
    return value if leaf.axis is None else np.moveaxis(value, leaf.axis, 0)[k]


def _like(device: Any, out: Any) -> Any:
    """A result as an array of the library that the argument came from, or NumPy's."""
    if not hasattr(out, "copy_to_host"):
        return out
    if device is None:
        return out.copy_to_host()
    library = type(device).__module__.partition(".")[0]
    if library == "cupy":
        import cupy

        return cupy.asarray(out)
    if library == "torch":
        import torch

        return torch.as_tensor(out, device="cuda")
    return out


def _apart(trace: Trace, args: Sequence[Any]) -> Iterator[tuple[int, int]]:
    """The leaves of arguments that must share no memory, since the function writes into one of them."""
    inputs: dict[Var, int] = {}
    position = itertools.count()
    for p, tree in zip(trace.params, args, strict=True):
        numbers = list(map_tree(lambda _: next(position), tree) if isinstance(tree, tuple) else (next(position),))
        inputs |= dict(zip(_vars(p.tree, tree), unpack(tuple(numbers)), strict=False))
    for op in walk(trace.body):
        if isinstance(op, Op) and op.name == "check_disjoint":
            a, b = (inputs.get(v) for v in op.args if isinstance(v, Var))
            if a is not None and b is not None:
                yield a, b


def _vars(tree: Any, arg: Any) -> list[Any]:
    """The parameter's leaf for each of the argument's, None for constants."""
    if isinstance(arg, Mapped):
        found = leaves(tree)
        return found if found else [None]
    return [v for t, a in zip(tree.items, arg, strict=True) for v in _vars(t, a)]


def _check_apart(pairs: Sequence[tuple[int, int]], values: Sequence[Any]) -> None:
    for a, b in pairs:
        x, y = values[a], values[b]
        if x is y or (isinstance(x, np.ndarray) and isinstance(y, np.ndarray) and np.may_share_memory(x, y)):
            raise ValueError(SHARED)

"""The adjoint of a user's kernel: its text, and its launch.

It is launched as the kernel is. Where threads need scratch memory of which the size was a guess, and one of them runs out, all
that had been written is put back, and the kernel is launched again with more.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np

from srcad.emit import KERNEL, emit, given_globals
from srcad.ir import INT, Array, Atom, Builder, Const, Op, Param, Trace, Var, walk
from srcad.jit.cache import load
from srcad.jit.cuda import CudaError, described, free_memory, is_simulated, ready
from srcad.jit.kernel import for_backend
from srcad.jit.launch import SHARE, Fixed, Growing
from srcad.jit.simulated import helpers
from srcad.transforms.alias import Aliases
from srcad.transforms.cse import cse
from srcad.transforms.scratch import Placed

AXES = "xyz"


class UserKernel:
    """A kernel that was made of a trace. `results` counts the parameters into which the user's kernel writes; `single` are the
    ids of threads along which a launch has one thread only."""

    def __init__(self, placed: Placed, results: Sequence[int], single: frozenset[str], fastmath: Any) -> None:
        trace, self.single = _side_by_side(placed, single)
        self.results = results
        self.memory: list[Fixed] = [
            Growing(s.shape, s.dtype, s.grows) if s.grows else Fixed(s.shape, s.dtype) for s in placed.scratch
        ]
        self.slots = sum(len(s.grows) for s in placed.scratch)
        aliases = Aliases(trace)
        written = aliases.written(trace.body)
        self.written = [
            k for k, p in enumerate(trace.params) if isinstance(p.tree, Var) and aliases.find(p.tree) in written
        ]
        self.name, self.values = trace.name, given_globals(trace)
        self.text = for_backend(emit(trace, options={"fastmath": True} if fastmath else {}, decorator=KERNEL))
        self._compiled: Any = None

    @property
    def compiled(self) -> Any:
        if self._compiled is None:
            self._compiled = getattr(load(self.text, self.name, self.values, **helpers()), self.name)
        return self._compiled

    def launch(self, configuration: Sequence[Any], args: Sequence[Any]) -> None:
        grid, block = (_extents(n) for n in configuration[:2])
        self.check_extents(grid, block)
        if not self.memory:
            self.compiled[tuple(configuration)](*args)
            return
        cuda = ready()
        threads = math.prod(grid) * math.prod(block)
        before = {k: _saved(args[k]) for k in self.written if k < len(args)} if self.slots else {}
        while True:
            _check_memory(cuda, self.memory, threads)
            space = [cuda.device_array(s.whole(threads), s.dtype) for s in self.memory]
            need = [cuda.to_device(np.zeros(self.slots, np.int64))] if self.slots else []
            with suppress(MemoryError):  # which a thread says in the simulator only
                self.compiled[tuple(configuration)](*args, *space, *need)
            if not need:
                return
            needed = iter(need[0].copy_to_host())
            more = [s.grown([next(needed) for _ in s.axes]) if isinstance(s, Growing) else s for s in self.memory]
            if more == self.memory:
                return
            self.memory = more
            for k, saved in before.items():
                _restore(args[k], saved)

    def check_extents(self, grid: tuple[int, ...], block: tuple[int, ...]) -> None:
        """ValueError where the launch has threads that the kernel does not tell apart."""
        extents = {f"blockIdx.{a}": n for a, n in zip(AXES, grid, strict=False)}
        extents |= {f"threadIdx.{a}": n for a, n in zip(AXES, block, strict=False)}
        for id in sorted(self.single):
            if extents.get(id, 1) > 1:
                raise ValueError(
                    f"{self.name} is launched with {extents[id]} values of cuda.{id}, which the kernel does not use to tell its "
                    "threads apart: they would write the same elements"
                )


def _extents(n: Any) -> tuple[int, ...]:
    return tuple(n) if isinstance(n, tuple | list) else (n,)


def _saved(array: Any) -> Any:
    if isinstance(array, np.ndarray):
        return array.copy()
    if is_simulated():
        return array.copy_to_host()
    cuda = ready()
    device = cuda.as_cuda_array(array)
    copy = cuda.device_array_like(device)
    copy.copy_to_device(device)
    return copy


def _restore(array: Any, saved: Any) -> None:
    if isinstance(array, np.ndarray):
        array[...] = saved
    elif is_simulated():
        array.copy_to_device(saved)
    else:
        ready().as_cuda_array(array).copy_to_device(saved)


def _check_memory(cuda: Any, memory: Sequence[Fixed], threads: int) -> None:
    need = threads * sum(math.prod(s.shape) * np.dtype(s.dtype).itemsize for s in memory)
    free = free_memory(cuda)
    if free is not None and need > SHARE * free:
        raise CudaError(
            f"the tapes of {threads} threads take {need / 2**30:.1f} GiB, and {free / 2**30:.1f} GiB are free on the GPU: launch "
            "parts of the grid, or write the kernel as a grid-stride loop and launch fewer threads"
        )


# --- arguments ---------------------------------------------------------------------------------------------------------------


def share_memory(a: Any, b: Any) -> bool:
    """Whether two arrays share memory; also said of those for which that takes long to find out."""
    if _on_cpu(a) != _on_cpu(b):
        return False
    try:
        return np.shares_memory(_placed(a), _placed(b), max_work=1000)  # type: ignore[arg-type]
    except np.exceptions.TooHardError:
        return True


def _on_cpu(array: Any) -> bool:
    return isinstance(array, np.ndarray) or is_simulated()


def _placed(array: Any) -> Any:
    """An array of NumPy's in the same place, not to be looked into."""
    if _on_cpu(array):
        return np.asarray(getattr(array, "_ary", array))
    return np.asarray(_Place(array.__cuda_array_interface__))


class _Place:
    def __init__(self, interface: Mapping[str, Any]) -> None:
        known = ("shape", "typestr", "data", "strides")
        self.__array_interface__ = {**{key: interface.get(key) for key in known}, "version": 3}


def check_apart(arrays: Mapping[str, Any], written: frozenset[str]) -> None:
    """ValueError where an array that is written shares memory with another one."""
    for name in sorted(written & arrays.keys()):
        for other, array in arrays.items():
            if other != name and share_memory(arrays[name], array):
                raise ValueError(
                    f"'{name}' and '{other}' share memory, and the kernel writes into '{name}': pass arrays that are apart"
                )


def dtype_and_shape(array: Any) -> tuple[str, tuple[int, ...]]:
    found = described(array)
    return (str(array.dtype), array.shape) if found is None else found


# --- scratch -----------------------------------------------------------------------------------------------------------------


def _side_by_side(placed: Placed, single: frozenset[str]) -> tuple[Trace, frozenset[str]]:
    """The trace with the scratch of all threads in place of that of one: `u_tape = u_tapes[:, t]`."""
    trace = placed.trace
    if not placed.scratch:
        return trace, single
    own = [p for p in trace.params if p.name in {s.name for s in placed.scratch}]
    ids = [op for op in walk(trace.body) if isinstance(op, Op) and op.name in ("thread", "grid2", "grid3")]
    axes = max([1, *(_axes(op) for op in ids)])
    b = Builder(span=trace.span)
    t = _number(b, axes)
    wholes: dict[Param, Param] = {}
    names = {p.name for p in trace.params}
    for p in own:
        assert isinstance(p.tree, Var) and isinstance(p.tree.type, Array)
        ndim = p.tree.type.ndim
        name = p.name.rstrip("_") + "s"
        while name in names:
            name += "_"
        names.add(name)
        whole = Var(name, Array(p.tree.type.dtype, ndim + 1, "A"))
        bounds: list[Atom] = [Const(None, INT)] * (3 * ndim)
        b.add(Op((p.tree,), "view", (whole, *bounds, t), (("spec", "s" * ndim + "i"),), trace.span))
        wholes[p] = Param(name, whole)
    params = tuple(wholes.get(p, p) for p in trace.params)
    body = replace(trace.body, stmts=(*b.stmts, *trace.body.stmts))
    comments = tuple((at + len(b.stmts), text) for at, text in trace.comments)
    beyond = {f"{kind}.{a}" for kind in ("threadIdx", "blockIdx") for a in AXES[axes:]}
    return cse(replace(trace, params=params, body=body, comments=comments)), single | beyond


def _axes(op: Op) -> int:
    """How many axes a launch has for which the kernel asks this."""
    if op.name != "thread":
        return int(op.name[-1])
    axis = op.attr("id").rpartition(".")[2]
    return AXES.index(axis) + 1 if axis in AXES else 1


def _number(b: Builder, axes: int) -> Var:
    """The number of the thread among all of the launch."""
    if axes == 1:
        return b.op("thread", id="grid")
    places = b.several(f"grid{axes}")
    t = places[-1]
    for axis in reversed(range(axes - 1)):
        extent = b.op("mul", b.op("thread", id=f"blockDim.{AXES[axis]}"), b.op("thread", id=f"gridDim.{AXES[axis]}"))
        t = b.op("add", b.op("mul", t, extent), places[axis], hint="t" if axis == 0 else "")
    return t

"""What stands between a caller and a kernel: arrays go to the GPU, memory is given to threads, errors and results come back.

A thread that runs out of scratch memory says so (`srcad.jit.threads.room`), and the kernel is launched again with more; the
sizes that were enough are remembered. A thread that meets an error gives up its problem: the first such problem is run again
on the CPU, which raises what it raises.
"""

from __future__ import annotations

import math
import threading
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from srcad.jit.cuda import CudaError, free_memory, is_simulated, ready

#: Threads in a block, and the most threads that sums are collected by.
BLOCK, COLLECTORS = 128, 128 * 256
#: How much of the free memory scratch may take.
SHARE = 0.8


@dataclass(frozen=True)
class Each:
    """A result for each problem."""

    shape: tuple[int, ...]
    dtype: Any


@dataclass(frozen=True)
class Sum:
    """A result that is summed over the batch: each thread has its own part."""

    shape: tuple[int, ...]
    dtype: Any


@dataclass(frozen=True)
class Fixed:
    """Scratch memory of each thread; that of all threads lies side by side."""

    shape: tuple[int, ...]
    dtype: Any

    def whole(self, threads: int) -> tuple[int, ...]:
        return (*self.shape, threads)


@dataclass(frozen=True)
class Growing(Fixed):
    """Likewise, where the lengths of these axes are guesses."""

    axes: tuple[int, ...] = (0,)

    def grown(self, needed: Sequence[int]) -> Growing:
        """With at least as much along each of these axes, and twice what it had where that is more."""
        shape = list(self.shape)
        for axis, need in zip(self.axes, needed, strict=True):
            if need > shape[axis]:
                shape[axis] = max(2 * shape[axis], int(need))
        return replace(self, shape=tuple(shape))


class FailedError(Exception):
    """Problems that no thread could finish, in order."""

    def __init__(self, problems: Sequence[int]) -> None:
        super().__init__(f"problems {list(problems[:10])} failed on the GPU")
        self.problems = problems


_grown: dict[Any, list[Fixed]] = {}
_lock = threading.Lock()


def launch(
    kernel: Any,
    n: int,
    args: Sequence[Any],
    results: Sequence[Each | Sum],
    scratch: Sequence[Fixed] = (),
    fails: bool = False,
) -> list[Any]:
    """The results for `n` problems, as arrays on the GPU. Raises `FailedError` for problems that raise an error."""
    cuda = ready()
    with _lock:
        memory = list(_grown.get(kernel, scratch))
    sums = any(isinstance(r, Sum) for r in results)
    outs = [None if isinstance(r, Sum) else _array(cuda, (n, *r.shape), r.dtype) for r in results]
    while True:
        threads, block = _threads(cuda, n, memory, sums)
        given = [
            _zeros(cuda, (threads, *r.shape), r.dtype) if out is None else out
            for r, out in zip(results, outs, strict=True)
        ]
        checks: list[Any] = []
        slots = sum(len(s.axes) for s in memory if isinstance(s, Growing))
        if slots:
            checks.append(_zeros(cuda, (slots,), np.int64))
        if fails:
            checks.append(_zeros(cuda, (n,), np.bool_))
        space = [cuda.device_array(s.whole(threads), s.dtype) for s in memory]
        _run(kernel, threads // block, block, [n, *args, *given, *space, *checks], fails)
        if not fails:
            break
        done = checks[-1].copy_to_host()
        if done.all():
            break
        needed = iter(checks[0].copy_to_host() if slots else ())
        more = [s.grown([next(needed) for _ in s.axes]) if isinstance(s, Growing) else s for s in memory]
        if more == memory:
            raise FailedError(np.flatnonzero(~done).tolist())
        memory = more
        with _lock:
            _grown[kernel] = memory
    return [_added(cuda, a) if isinstance(r, Sum) else a for r, a in zip(results, given, strict=True)]


def _run(kernel: Any, blocks: int, block: int, args: Sequence[Any], fails: bool) -> None:
    try:
        kernel[blocks, block](*args)
    except Exception:
        if not (fails and is_simulated()):  # the simulator ends the whole grid where a thread would end itself
            raise


def _threads(cuda: Any, n: int, memory: Sequence[Fixed], sums: bool) -> tuple[int, int]:
    """How many threads run, and how many in a block: as many as there are problems, if their scratch fits."""
    if is_simulated():
        return 2, 1  # its threads are Python's
    threads = -(-n // BLOCK) * BLOCK
    if sums:
        threads = min(threads, COLLECTORS)
    each = sum(math.prod(s.shape) * np.dtype(s.dtype).itemsize for s in memory)
    free = free_memory(cuda)
    if each and free is not None and threads * each > SHARE * free:
        fitting = int(SHARE * free / each) // BLOCK * BLOCK
        if fitting == 0:
            raise CudaError(
                f"the scratch memory of one block of threads takes {BLOCK * each / 2**30:.1f} GiB, and {free / 2**30:.1f} GiB "
                "are free on the GPU: run shorter loops, or use target='cpu'"
            )
        warnings.warn(
            f"scratch memory for {threads} threads does not fit in the {free / 2**30:.1f} GiB that are free on the GPU: "
            f"{fitting} threads share the batch",
            stacklevel=2,
        )
        threads = fitting
    return threads, BLOCK


def _array(cuda: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    """An array in which what neighbouring threads write lies side by side."""
    return cuda.device_array(shape, dtype, order="F")


def _zeros(cuda: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    return cuda.to_device(np.zeros(shape, dtype))


def _added(cuda: Any, parts: Any) -> Any:
    """The sum over the threads, the same each time."""
    from srcad.jit.threads import WIDTH, add_up

    columns = math.prod(parts.shape[1:])
    total = _zeros(cuda, (columns,), parts.dtype)
    if columns and not is_simulated():
        add_up[columns, WIDTH](parts.reshape(parts.shape[0], columns), total)
    elif columns:
        total = cuda.to_device(parts.copy_to_host().reshape(parts.shape[0], columns).sum(axis=0))
    if len(parts.shape) == 1:
        return total.copy_to_host()[0]
    return total.reshape(*parts.shape[1:]) if len(parts.shape) > 2 else total

"""What generated kernels may call on the GPU. Imported by them alone, since it needs a CUDA compiler."""

from __future__ import annotations

from typing import Any

from srcad.jit.cuda import backend, is_simulated
from srcad.jit.simulated import Cuda

_, cuda = backend()

#: The threads of a block that adds up.
WIDTH = 128


@cuda.jit(device=True)  # type: ignore[untyped-decorator]
def room(memory: Any, axis: int, place: int, need: Any, slot: int) -> None:
    """Say how long `memory` must be along an axis, and give up, if it has no such place."""
    if place >= memory.shape[axis]:
        cuda.atomic.max(need, slot, place + 1)
        raise MemoryError


@cuda.jit  # type: ignore[untyped-decorator]
def add_up(parts: Any, total: Any) -> None:
    """total[j] = the sum of parts[:, j], a block for each j: always in the same order, so that it is always the same number."""
    shared = cuda.shared.array(WIDTH, total.dtype)
    t = cuda.threadIdx.x
    j = cuda.blockIdx.x
    mine = total.dtype.type(0)
    for k in range(t, parts.shape[0], WIDTH):
        mine += parts[k, j]
    shared[t] = mine
    cuda.syncthreads()
    half = WIDTH // 2
    while half > 0:
        if t < half:
            shared[t] += shared[t + half]
        cuda.syncthreads()
        half //= 2
    if t == 0:
        total[j] = shared[0]


if is_simulated():
    cuda = Cuda()

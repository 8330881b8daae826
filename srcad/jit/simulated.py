"""Arithmetic in Numba's simulator, which runs kernels as plain Python, such that it gives a GPU's numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from srcad.jit.cuda import is_simulated


class Cuda:
    """`cuda` as the kernel that runs has it.

    The simulator puts that into the globals of a device function for the time of each call, and takes it away again: where
    several threads are in the function, too early. This is no module, which it leaves alone.
    """

    def __getattr__(self, name: str) -> Any:
        from numba.cuda.simulator.kernel import _get_kernel_context

        return getattr(_get_kernel_context(), name)


def helpers() -> dict[str, Any]:
    """What generated modules are given in place of what they import, in the simulator."""
    return {"math": Math(), "cuda": Cuda()} if is_simulated() else {}


class Math:
    """`math` with inf and NaN in place of Python's errors, and results of the dtype of the argument."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        found = getattr(np, f"arc{name[1:]}" if name[0] == "a" else name, None)
        if found is None:
            return lambda x: _like(x, getattr(math, name)(x))

        def function(*args: Any) -> Any:
            with np.errstate(all="ignore"):
                return found(*args)

        return function


def _like(x: Any, value: float) -> Any:
    return np.float32(value) if isinstance(x, np.float32) else value

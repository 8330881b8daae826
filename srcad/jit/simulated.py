"""Arithmetic in Numba's simulator, which runs kernels as plain Python, such that it gives a GPU's numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


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

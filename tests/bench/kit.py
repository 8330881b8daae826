"""What is timed: a program, its arguments, and what stands beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from numba import njit

compiled = njit(error_model="numpy")


@dataclass(frozen=True)
class Program:
    """A function with a number for a result, its arguments, and the positions of those that its gradient is taken for.

    `calls` are the functions that it calls, which plain Numba wants compiled as well. Of a `symmetric` matrix some tools spread
    the gradient over both triangles. What follows a colon in the name says which arguments these are.
    """

    name: str
    function: Callable[..., Any]
    args: tuple[Any, ...]
    argnums: tuple[int, ...] = (0,)
    calls: tuple[str, ...] = ()
    symmetric: bool = False

    @property
    def form(self) -> str:
        """The name by which adjoints by hand and forms for other tools go."""
        return self.name.split(":")[0]

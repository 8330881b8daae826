"""How the catalogue of traps is written: a function as a user would write it, and its answers, derived by hand.

A trap is code whose derivative a careless tool gets wrong. The answers are numbers or closed formulas in the data, never
computed by differences or by another tool, so that they hold at kinks and for constructs that no oracle here shares.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, eq=False)
class Trap:
    """`grad` is with respect to the first argument; a list has one gradient for each of the first arguments. `second` is
    the Hessian in the first argument times the vector of ones."""

    fn: Callable[..., Any]
    what: str
    at: tuple[Any, ...]
    value: Any
    grad: Any
    second: Any = None
    compiled: bool = False

    @property
    def name(self) -> str:
        return self.fn.__name__


TRAPS: list[Trap] = []


def trap(what: str, *at: Any, value: Any, grad: Any, **options: Any) -> Callable[[F], F]:
    """Enter the decorated function into the catalogue, with its answers at the arguments `at`."""

    def enter(fn: F) -> F:
        assert all(fn.__name__ != other.name for other in TRAPS), f"two traps are called {fn.__name__}"
        TRAPS.append(Trap(fn, what, at, value, grad, **options))
        return fn

    return enter

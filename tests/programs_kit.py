"""How the corpus is written: a program is a plain function with the arguments to try it at, entered by a decorator.

The decorator hands the function back untouched, so what srcad sees is what a stranger would have written.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, eq=False)
class Program:
    """`second`: differentiate twice when the result is a scalar; `single`: holds in float32 too; `analytic`: the
    complex step may be taken (no comparison or abs of the inputs); `rtol`: against finite differences; `compiled`: compile it,
    since no other program compiles what it is about."""

    fn: Callable[..., Any]
    args: tuple[Any, ...]
    tags: frozenset[str]
    second: bool = True
    single: bool = False
    analytic: bool = False
    rtol: float = 1e-6
    compiled: bool = True

    @property
    def name(self) -> str:
        return self.fn.__name__


PROGRAMS: list[Program] = []


def program(*args: Any, tags: str, **options: Any) -> Callable[[F], F]:
    """Enter the decorated function into the corpus, to be tried at `args`."""

    def enter(fn: F) -> F:
        assert all(fn.__name__ != other.name for other in PROGRAMS), f"two programs are called {fn.__name__}"
        PROGRAMS.append(Program(fn, args, frozenset(tags.split()), **options))
        return fn

    return enter


def sample(*shape: int, low: float = 0.2, high: float = 1.2, seed: int = 0) -> Any:
    """Reproducible numbers away from zero, a scalar when no shape is given."""
    rng = np.random.default_rng([seed, *shape])
    return rng.uniform(low, high, shape) if shape else float(rng.uniform(low, high))


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng([seed, 7, *shape]).standard_normal(shape)


def spd(n: int, seed: int = 0) -> np.ndarray:
    """A well-conditioned symmetric positive definite matrix."""
    a = normal(n, n, seed=seed)
    return a @ a.T / n + np.eye(n)

"""How generated code is to run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

TARGETS = ("cpu", "cuda")


@dataclass(frozen=True)
class Options:
    """`fastmath`, `parallel` and `boundscheck` mean what they mean to `numba.njit`. `fastmath` may be a set of flags.
    With `vectorize_math`, elementary functions in loops are those of `srcad.vector_math`."""

    target: str = "cpu"
    jit: bool = True
    cache: bool = True
    fastmath: Any = False
    parallel: bool = False
    boundscheck: bool | None = None
    vectorize_math: bool = False

    def __post_init__(self) -> None:
        if self.target not in TARGETS:
            raise ValueError(f'target must be "cpu" or "cuda", not {self.target!r}')
        if isinstance(self.fastmath, set):
            object.__setattr__(self, "fastmath", frozenset(self.fastmath))

    def njit(self) -> dict[str, Any]:
        """The keywords of `njit` that are not its defaults."""
        given: dict[str, Any] = {"cache": self.cache, "fastmath": self.fastmath, "parallel": self.parallel}
        given = {key: value for key, value in given.items() if value}
        if isinstance(self.fastmath, frozenset):
            given["fastmath"] = {str(flag) for flag in self.fastmath}
        if self.boundscheck is not None:
            given["boundscheck"] = self.boundscheck
        return given


def options_of(fn: Callable[..., Any]) -> Options:
    """The options to derive `fn` with: its own, if it is a derivative or was compiled by Numba."""
    own = getattr(fn, "__srcad_options__", None)
    if isinstance(own, Options):
        return own
    given = getattr(fn, "targetoptions", {})
    known = {key: given[key] for key in ("fastmath", "parallel", "boundscheck") if given.get(key) is not None}
    return Options(**known)

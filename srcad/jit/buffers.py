"""Calls with `out=`: a derivative that writes into the caller's arrays is a function of its own, made when first asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class Buffered:
    """A compiled derivative that takes buffers from Python. A call without keywords goes straight to Numba."""

    enter: Any
    enter_named: Any

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.enter_named(args, kwargs) if kwargs else self.enter(*args)


def with_buffers(into: Any, args: Sequence[Any], kwargs: dict[str, Any], out: Any) -> Any:
    """A call of the derivative `into` buffers: they are its last argument, or its first where there may be any number."""
    if into.starred:
        return into(out, *args, **kwargs)
    names = into.names
    return into(*args, out) if not kwargs and len(args) == len(names) - 1 else into(*args, **kwargs, **{names[-1]: out})

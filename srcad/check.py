"""What `srcad check` measures: directional derivatives by forward mode, reverse mode and finite differences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from srcad.api import jvp, vjp
from srcad.callable import parameters
from srcad.derive import underlying
from srcad.jit.options import options_of
from srcad.testing import _Check, _flatten, _random, _zeros, check_real, is_narrow
from srcad.trees import copied, has_float


@dataclass(frozen=True)
class Row:
    """y_bar . J v, where v moves one argument only."""

    name: str
    forward: float
    reverse: float
    difference: float

    @property
    def error(self) -> float:
        """How far the three lie apart, beside the largest of them (or beside 1)."""
        values = (self.forward, self.reverse, self.difference)
        apart = max(values) - min(values)
        return apart / max(1.0, *map(abs, values)) if np.isfinite(values).all() else float("inf")


def evaluate(f: Callable[..., Any], args: Sequence[Any]) -> Any:
    """f(*args) by plain Python, its arguments spared."""
    return underlying(f)(*copied(tuple(args)))


def compare(f: Callable[..., Any], args: Sequence[Any], y: Any) -> list[Row]:
    """One row for each argument that has floats in it. Numbers move by one, arrays and tuples along a random direction."""
    if options_of(f).target == "cuda":  # one problem is looked at, on the CPU
        f = underlying(f)
    check_real(y)
    names = [p.name for p in parameters(underlying(f))]
    active = [i for i, arg in enumerate(args) if has_float(arg)]
    if not active:
        return []
    y_bar = 1.0 if np.ndim(y) == 0 and not isinstance(y, tuple) else _random(y, seed=1)
    bars = vjp(f, *copied(tuple(args)))[1](y_bar)
    differences = _Check(
        f, tuple(args), active, modes=frozenset(), atol=0.0, rtol=0.0, eps=3e-2 if is_narrow(tuple(args)) else 1e-3
    )
    rows = []
    for i in active:
        own = type(args[i])(1.0) if isinstance(args[i], float) else _random(args[i], seed=2 + i)
        along = tuple(own if j == i else _zeros(arg) for j, arg in enumerate(args))
        y_dot = jvp(f, copied(tuple(args)), along)[1]
        weights = _flatten(y_bar)
        rows.append(
            Row(
                names[i] if i < len(names) else f"argument {i}",
                forward=float(weights @ _flatten(y_dot)),
                reverse=float(_flatten(bars[i]) @ _flatten(own)),
                difference=float(weights @ differences.difference(along)),
            )
        )
    return rows

"""Which arguments of a call are the function's own, and which are seeds.

Seeds follow the function's own arguments: a y_bar, a v, or an x_dot for each argument with floats. How many x_dots there
are, and how many arguments a function with `*args` has, is known only from the types of what is given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from srcad.callable import parameters
from srcad.ir import REQUIRED, Param, Static, Trace, is_float, leaves, replace

#: The seed that a kind of derivative has whatever the arguments are.
FIXED = {"adjoint": "y_bar", "hvp": "v"}


@dataclass(frozen=True)
class Arrangement:
    """Positions among what was given: of the function's own arguments (None: an x_dot that is left out), and of the seeds."""

    own: tuple[int | None, ...]
    seeds: tuple[int, ...] = ()

    @property
    def order(self) -> list[int]:
        """The arguments that the generated function takes."""
        return [k for k in (*self.own, *self.seeds) if k is not None]

    def own_types(self, given: Sequence[Any]) -> list[Any]:
        return [Static(None) if k is None else given[k] for k in self.own]


def arrange(kind: str, fn: Any, given: Sequence[Any], name: str) -> Arrangement:
    """Tell them apart by the types of all that was given, `Static(None)` for what was left out."""
    if kind == "tangent" or _is_tangent(fn):
        own, seeds = _with_dots(fn, given)
        wanted = 1 if kind in FIXED else sum(k is not None and has_float(given[k]) for k in own)
        if kind == "tangent" or kind in FIXED:
            if len(seeds) != wanted:
                what = "one seed" if kind in FIXED else f"an x_dot for each argument with floats, {wanted} here"
                raise TypeError(f"{name} takes {what}, but got {len(seeds)}")
        elif seeds:
            raise TypeError(f"{name} got {len(seeds)} arguments too many")
        arranged = Arrangement(tuple(own), tuple(seeds))
    else:
        count = len(given) - (kind in FIXED)
        arranged = Arrangement(tuple(range(count)), tuple(range(count, len(given))))
    for k in arranged.order:
        if is_missing(given[k]):
            names = [*(p.name for p in parameters(fn)), FIXED.get(kind, "")]
            hint = f"; where defaults are left out, give it by name: {names[k]}=..." if k in arranged.seeds else ""
            raise TypeError(f"{name} misses the argument {names[k]!r}{hint}")
    return arranged


def _is_tangent(fn: Any) -> bool:
    return getattr(getattr(fn, "derivative", None), "kind", "") == "tangent"


def _with_dots(fn: Any, given: Sequence[Any]) -> tuple[list[int | None], list[int]]:
    """The positions of `fn`'s own arguments, and what is left for the x_dots."""
    if _is_tangent(fn):
        own, rest = _with_dots(fn.derivative.fn, given)
        dots: list[int | None] = [rest.pop(0) if k is not None and has_float(given[k]) and rest else None for k in own]
        return [*own, *dots], rest
    params = parameters(fn)
    if any(p.kind is p.VAR_POSITIONAL for p in params):
        count = next((m for m in range(len(given)) if m + sum(map(has_float, given[:m])) >= len(given)), len(given))
    else:
        count = len(params)
    return list(range(count)), [
        k for k in range(count, len(given)) if not is_none(given[k]) and not is_missing(given[k])
    ]


def with_all_dots(trace: Trace, count: int) -> Trace:
    """The tangent trace with a parameter for every x_dot, as its signature has: None for arguments without floats."""
    params = list(trace.params)
    for k, own in enumerate(trace.params[:count]):
        if not any(is_float(v.type) for v in leaves(own.tree)):
            params.insert(count + k, Param(f"{own.name}_dot", Static(None)))
    return replace(trace, params=tuple(params))


def without_dots(trace: Trace, own: Sequence[int | None]) -> Trace:
    """The trace without the parameters for x_dots that are left out."""
    kept = [p for k, p in enumerate(trace.params) if k >= len(own) or own[k] is not None]
    return replace(trace, params=tuple(kept))


def is_missing(type: Any) -> bool:
    return isinstance(type, Static) and type.value is REQUIRED


def is_none(type: Any) -> bool:
    return isinstance(type, Static) and type.value is None


def has_float(type: Any) -> bool:
    return any(is_float(leaf) for leaf in leaves(type))

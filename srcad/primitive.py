"""A function with a rule of its own is one node of the trace: an op named "custom", whose attribute `primitive` is this.

Everything here is flat: the op's arguments are the leaves of the function's arguments, its results the leaves of y.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from srcad.ir import Span, Trace

#: The functions that were given a rule afterwards (`srcad.rule`), and what stands for them where they are called.
RULES: dict[Hashable, Any] = {}


def with_rule(function: Any) -> Any:
    """What `custom_jvp`, `custom_vjp` or `rule` made of the function, or None."""
    if hasattr(function, "__srcad_rule__"):
        return function
    return RULES.get(identity(function)) or RULES.get(identity(getattr(function, "py_func", None)))


def identity(function: Any) -> Hashable:
    """What a rule is found by: the function, or where it has no hash, as those that ctypes gives, which object it is."""
    try:
        hash(function)
    except TypeError:
        return "object", id(function)
    return function  # type: ignore[no-any-return]


@dataclass(frozen=True, eq=False)
class Reverse:
    """Reverse mode: `forward` maps the arguments to y and the residuals, `backward` maps the arguments, the residuals and
    y_bar (for each leaf of y with a float in it) to x_bar.

    `backward.returns` is a flat tree with an item for each argument: None where there is no contribution.
    """

    forward: Trace
    backward: Trace


@dataclass(frozen=True, eq=False)
class Primitive:
    """`primal` maps the arguments to y. `varies` says which arguments may have a derivative.

    One of the two rules is given, or both, and made when first asked for; the other follows from it (`transforms.transposed`).
    `jvp` maps the arguments, and an x_dot for each that varies, to y and a y_dot for each leaf of y with a float in it.
    """

    name: str
    primal: Trace
    varies: tuple[bool, ...]
    jvp: Callable[[], Trace] | None = None
    vjp: Callable[[], Reverse] | None = None
    span: Span | None = None

    def __repr__(self) -> str:
        return self.name

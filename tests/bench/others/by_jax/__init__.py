"""JAX at its best: whole arrays, `scan`, its own solvers."""

from __future__ import annotations

from functools import partial
from typing import Any

from tests.bench.others import Gradient, arrays
from tests.bench.others.by_jax import kernels, models
from tests.bench.others.by_jax.kit import XP, compiled

#: The form of each program by its name: one of JAX's own, or the arrays that other tools have too.
FORMS = {name: partial(form, XP) for name, form in vars(arrays).items() if callable(form)}
FORMS |= {name: form for module in (kernels, models) for name, form in vars(module).items() if callable(form)}


def gradient(name: str, args: tuple[Any, ...], argnums: tuple[int, ...]) -> Gradient | None:
    return compiled(FORMS.get(name), args, argnums)

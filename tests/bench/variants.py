"""The calls that are timed for one program, each compiled and checked."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numba.core.errors
import numpy as np

import srcad
from tests.bench import hand
from tests.bench.kit import Program, compiled
from tests.bench.timing import Call

MODES = ("gradient", "tangent", "hvp")


@dataclass
class Variants:
    """The calls of one program by name, and how long the first call of each took."""

    calls: dict[str, Call]
    first: dict[str, float]


def variants(program: Program, modes: Sequence[str] = MODES, tools: Mapping[str, ModuleType] | None = None) -> Variants:
    """Every call compiled, and every gradient checked: AssertionError if one differs."""
    f, args, argnums = program.function, program.args, program.argnums
    wrt = argnums[0] if len(argnums) == 1 else argnums
    rng = np.random.default_rng(1)
    found = Variants({}, {})

    def add(name: str, call: Call) -> Any:
        start = time.perf_counter()
        value = call()
        found.first[name] = time.perf_counter() - start
        found.calls[name] = call
        return value

    grad, hvp, tangent = srcad.grad(f, wrt), srcad.hvp(f, wrt), srcad.tangent(f)
    gradient = add("gradient", lambda: grad(*args))
    gradient = (gradient,) if len(argnums) == 1 else gradient
    v = tuple(_random_like(args[i], rng) for i in argnums)
    check_differences(f, args, argnums, v, gradient, program.form)
    if "tangent" in modes:
        dots = tuple(_random_like(arg, rng) for arg in args if _is_float(arg))
        add("tangent", lambda: tangent(*args, *dots))
    if "hvp" in modes:
        direction = v[0] if len(argnums) == 1 else v
        along = add("hvp", lambda: hvp(*args, direction))
        if not any(map(np.any, along if isinstance(along, tuple) else (along,))):
            del found.calls["hvp"]  # of what is linear: no work at all would only flatter the mean
    by_hand = hand.ADJOINTS.get(program.form)
    if by_hand is not None:
        check(gradient, add("hand", lambda: by_hand(*args)), f"{program.name} by hand")
    plain = _njit_deep(program)
    try:
        add("primal", lambda: plain(*args))
    except numba.core.errors.NumbaError:  # what Numba does not know is run as srcad writes it
        own = srcad.differentiate(f)
        add("primal", lambda: own(*args))
    for tool, module in (tools or {}).items():
        call = module.gradient(program.form, args, argnums)
        if call is not None:
            fold = _folded if program.symmetric else tuple
            check(fold(gradient), fold(add(tool, call)), f"{program.name} by {tool}")
    return found


def _is_float(arg: Any) -> bool:
    return isinstance(arg, float) or (isinstance(arg, np.ndarray) and arg.dtype.kind == "f")


def _random_like(arg: Any, rng: np.random.Generator) -> Any:
    return rng.standard_normal(np.shape(arg)) if np.ndim(arg) else float(rng.standard_normal())


def _njit_deep(program: Program) -> Any:
    """The function by plain Numba, as its user would have it: what it calls is compiled too."""
    scope = dict(program.function.__globals__)

    def here(f: Any) -> Any:
        return compiled(type(f)(f.__code__, scope, f.__name__, f.__defaults__))

    scope |= {name: here(scope[name]) for name in program.calls}
    return here(program.function)


def _folded(matrices: Any) -> tuple[Any, ...]:
    """Each matrix plus its transpose: how much a symmetric change of the argument changes the result."""
    return tuple(np.asarray(m) + np.asarray(m).T for m in matrices)


def check(found: tuple[Any, ...], other: Any, what: str) -> None:
    for a, b in zip(found, tuple(other), strict=True):
        np.testing.assert_allclose(np.asarray(b), a, rtol=1e-7, atol=1e-8 * (1.0 + np.max(np.abs(a))), err_msg=what)


def check_differences(
    f: Callable[..., Any],
    args: tuple[Any, ...],
    argnums: tuple[int, ...],
    v: tuple[Any, ...],
    found: tuple[Any, ...],
    name: str,
) -> None:
    """The gradient along one direction beside central differences of the function."""
    value = srcad.differentiate(f)

    def at(t: float) -> float:
        moved = list(args)
        for k, direction in zip(argnums, v, strict=True):
            moved[k] = args[k] + t * direction
        return float(value(*moved))

    h = 1e-5 if name not in ("lorenz",) else 1e-7
    slopes = [(8.0 * (at(s) - at(-s)) - (at(2.0 * s) - at(-2.0 * s))) / (12.0 * s) for s in (h, h / 8.0)]
    exact = float(sum(np.sum(g * d) for g, d in zip(found, v, strict=True)))
    error = min(abs(s - exact) for s in slopes)
    assert error <= 1e-5 * (1.0 + abs(exact)), f"{name}: {exact} along a direction, but differences give {slopes}"

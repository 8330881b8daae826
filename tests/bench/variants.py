"""The calls that are timed for one program, each compiled and checked."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numba.core.errors
import numpy as np

import srcad
from tests.bench import hand
from tests.bench.kit import Program, compiled
from tests.bench.timing import Call

MODES = ("gradient", "tangent", "hvp")


def variants(
    program: Program, modes: tuple[str, ...] = MODES, jax: bool = True
) -> tuple[dict[str, Call], dict[str, float]]:
    """The calls by name, and how long the first call of each took. AssertionError if gradients differ."""
    f, args, argnums = program.function, program.args, program.argnums
    wrt = argnums[0] if len(argnums) == 1 else argnums
    rng = np.random.default_rng(1)
    calls: dict[str, Call] = {}
    first: dict[str, float] = {}

    def add(name: str, call: Call) -> Any:
        start = time.perf_counter()
        value = call()
        first[name] = time.perf_counter() - start
        calls[name] = call
        return value

    grad, hvp, tangent = srcad.grad(f, wrt), srcad.hvp(f, wrt), srcad.tangent(f)
    found = add("gradient", lambda: grad(*args))
    found = (found,) if len(argnums) == 1 else found
    floats = tuple(arg for arg in args if _is_float(arg))
    dots = tuple(_random_like(arg, rng) for arg in floats)
    v = tuple(_random_like(args[i], rng) for i in argnums)
    check_differences(f, args, argnums, v, found, program.name)
    if "tangent" in modes:
        add("tangent", lambda: tangent(*args, *dots))
    if "hvp" in modes:
        direction = v[0] if len(argnums) == 1 else v
        add("hvp", lambda: hvp(*args, direction))
    by_hand = hand.ADJOINTS.get(program.name)
    if by_hand is not None:
        check(found, add("hand", lambda: by_hand(*args)), f"{program.name} by hand")
    plain = _njit_deep(program)
    try:
        add("primal", lambda: plain(*args))
    except numba.core.errors.NumbaError:  # what Numba does not know is run as srcad writes it
        own = srcad.differentiate(f)
        add("primal", lambda: own(*args))
    form = _jax_form(program.name) if jax else None
    if form is not None:
        from tests.bench import jax_forms

        value = add("jax", form(args, argnums))
        fold = _folded if program.name in jax_forms.SYMMETRIC else tuple
        check(fold(found), fold(value), f"{program.name} by JAX")
    return calls, first


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


def _jax_form(name: str) -> Callable[[tuple[Any, ...], tuple[int, ...]], Call] | None:
    try:
        import jax

        from tests.bench import jax_forms
    except ImportError:
        return None
    form = getattr(jax_forms, name, None)
    if form is None:
        return None

    def made(args: tuple[Any, ...], argnums: tuple[int, ...]) -> Call:
        static = tuple(k for k, a in enumerate(args) if isinstance(a, int))
        gradient = jax.jit(jax.grad(form, argnums), static_argnums=static)
        given = [a if k in static else jax.device_put(a) for k, a in enumerate(args)]
        return lambda: jax.block_until_ready(gradient(*given))

    return made


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

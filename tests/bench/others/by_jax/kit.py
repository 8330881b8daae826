"""What the forms for JAX share."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from tests.bench.others import Gradient

jax.config.update("jax_enable_x64", True)

XP = SimpleNamespace(
    **{name: getattr(jnp, name) for name in
       "sum mean exp log sqrt tanh where outer tril eye zeros ones diagonal einsum roll cumsum".split()},
    cholesky=lambda a: jnp.linalg.cholesky(a, symmetrize_input=False),
    solve_lower=lambda l, b: jax.scipy.linalg.solve_triangular(l, b, lower=True),
    solve=jnp.linalg.solve,
    slogdet=jnp.linalg.slogdet,
    sigmoid=jax.nn.sigmoid,
    softmax=jax.nn.softmax,
    relu=jax.nn.relu,
    softplus=jax.nn.softplus,
    logsumexp=lambda x: jax.nn.logsumexp(x, axis=-1),
    erf=jax.scipy.special.erf,
)  # fmt: skip


def compiled(form: Callable[..., Any] | None, args: tuple[Any, ...], argnums: tuple[int, ...]) -> Gradient | None:
    """Integers, which decide shapes and trips, are static."""
    if form is None:
        return None
    static = tuple(k for k, a in enumerate(args) if isinstance(a, int))
    derivative = jax.jit(jax.grad(form, argnums), static_argnums=static)
    given = [a if k in static else jax.device_put(a) for k, a in enumerate(args)]
    return lambda: jax.block_until_ready(derivative(*given))


def repeat(count: int, body: Callable[[Any], Any], start: Any) -> Any:
    return lax.scan(lambda carry, _: (body(carry), None), start, None, length=count)[0]

"""HIPS autograd: NumPy with a tape, uncompiled."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import autograd
import autograd.numpy as anp
from autograd.scipy.linalg import solve_triangular
from autograd.scipy.special import erf, expit, logsumexp

from tests.bench.others import Gradient, arrays


def _softmax(x):  # type: ignore[no-untyped-def]
    e = anp.exp(x - anp.max(x, axis=-1, keepdims=True))
    return e / anp.sum(e, axis=-1, keepdims=True)


XP = SimpleNamespace(
    **{name: getattr(anp, name) for name in
       "sum mean exp log sqrt tanh where outer tril eye zeros ones einsum roll cumsum".split()},
    diagonal=lambda a: anp.diagonal(a, axis1=-1, axis2=-2),
    cholesky=anp.linalg.cholesky,
    solve_lower=lambda l, b: solve_triangular(l, b, lower=True),
    solve=anp.linalg.solve,
    slogdet=anp.linalg.slogdet,
    sigmoid=expit,
    softmax=_softmax,
    relu=lambda x: anp.maximum(x, 0.0),
    softplus=lambda x: anp.logaddexp(0.0, x),
    logsumexp=lambda x: logsumexp(x, axis=-1),
    erf=erf,
)  # fmt: skip


def gradient(name: str, args: tuple[Any, ...], argnums: tuple[int, ...]) -> Gradient | None:
    form = getattr(arrays, name, None)
    if form is None:
        return None
    derivative = autograd.grad(lambda *args: form(XP, *args), argnums)
    return lambda: derivative(*args)

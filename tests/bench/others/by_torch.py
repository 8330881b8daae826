"""PyTorch on the processor, on one thread, in double precision."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

from tests.bench.others import Gradient, arrays

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)

XP = SimpleNamespace(
    **{name: getattr(torch, name) for name in
       "sum mean exp log sqrt tanh where outer tril eye zeros ones diagonal einsum roll cumsum sigmoid relu erf".split()},
    cholesky=torch.linalg.cholesky,
    solve_lower=lambda l, b: torch.linalg.solve_triangular(l, b[:, None], upper=False)[:, 0],
    solve=torch.linalg.solve,
    slogdet=torch.linalg.slogdet,
    softmax=lambda x: torch.softmax(x, -1),
    softplus=torch.nn.functional.softplus,
    logsumexp=lambda x: torch.logsumexp(x, -1),
)  # fmt: skip


def gradient(name: str, args: tuple[Any, ...], argnums: tuple[int, ...]) -> Gradient | None:
    form = getattr(arrays, name, None)
    if form is None:
        return None
    given = [_tensor(a) if isinstance(a, np.ndarray | float) else a for a in args]
    for k in argnums:
        given[k].requires_grad_()
    wanted = [given[k] for k in argnums]
    return lambda: torch.autograd.grad(form(XP, *given), wanted)


def _tensor(x: Any) -> torch.Tensor:
    return torch.tensor(x)

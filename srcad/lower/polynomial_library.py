"""Polynomials by their coefficients, the highest power first; functions put together from pieces."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad.lower.written_out import refuse, reject, stands_for


def coefficients(p: Any, name: Any) -> Any:
    p = np.atleast_1d(p)
    if p.ndim != 1:
        reject(name + " takes vectors of coefficients")
    return p


@stands_for(np.polyder)
def polyder(p: Any, m: Any = 1) -> Any:
    p = coefficients(p, "np.polyder")
    p = p.astype(np.result_type(p.dtype, np.int64), copy=False)
    for _ in range(m):
        p = p[:-1] * np.arange(p.shape[0] - 1, 0, -1)
    return p


@stands_for(np.polyint)
def polyint(p: Any, m: Any = 1, k: Any = 0) -> Any:
    p = coefficients(p, "np.polyint")
    p = p.astype(np.result_type(p.dtype, np.float64), copy=False)
    constants = np.atleast_1d(0 if k is None else k)
    for i in range(m):
        constant = constants[i if constants.shape[0] > 1 else 0]
        p = np.append(p / np.arange(p.shape[0], 0, -1), constant)
    return p


@stands_for(np.polyadd)
def polyadd(a1: Any, a2: Any) -> Any:
    a, b = coefficients(a1, "np.polyadd"), coefficients(a2, "np.polyadd")
    out = np.zeros(max(a.shape[0], b.shape[0]), np.result_type(a.dtype, b.dtype))
    out[out.shape[0] - a.shape[0] :] += a
    out[out.shape[0] - b.shape[0] :] += b
    return out


@stands_for(np.polysub)
def polysub(a1: Any, a2: Any) -> Any:
    return polyadd(a1, -coefficients(a2, "np.polysub"))


@stands_for(np.polymul)
def polymul(a1: Any, a2: Any) -> Any:
    return np.convolve(coefficients(a1, "np.polymul"), coefficients(a2, "np.polymul"))


@stands_for(np.piecewise)
def piecewise(x: Any, condlist: Any, funclist: Any, *args: Any) -> Any:
    """Each function sees the elements that are its own."""
    x = np.asarray(x)
    if x.ndim == 0:
        refuse("np.piecewise of a number is not supported", "use if, or a conditional expression")
    masks = condlist if isinstance(condlist, tuple | list) else (condlist,)
    y = np.zeros_like(x)
    if len(funclist) == len(masks) + 1:
        masks = (*masks, ~np.any(np.stack(masks), axis=0))
    if len(funclist) != len(masks):
        reject("np.piecewise takes a function for each condition, and perhaps one for the rest")
    for mask, function in zip(masks, funclist, strict=True):
        if callable(function):
            y[mask] = function(x[mask], *args)
        else:
            y[mask] = function
    return y


@stands_for(np.fromfunction)
def fromfunction(function: Any, shape: Any, *, dtype: Any = float) -> Any:
    return function(*np.meshgrid(*[np.arange(n, dtype=dtype) for n in shape], indexing="ij"))

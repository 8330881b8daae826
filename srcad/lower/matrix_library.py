"""What np.linalg and scipy.linalg do in loops, or in terms of simpler functions: see library.py."""

from __future__ import annotations

from typing import Any

import numpy as np


def each_matrix(function: Any, arrays: Any, outs: Any) -> None:
    """The results of the function for the matrices at each place of the stacks."""
    for k in range(outs[0].shape[0]):
        results = function(*[a[k] for a in arrays])
        if len(outs) == 1:
            outs[0][k] = results
        else:
            for out, result in zip(outs, results, strict=True):
                out[k] = result


def with_unit_length(v: Any) -> Any:
    """The columns of `v` again, whose derivatives keep the length of 1 and the component real that LAPACK makes so."""
    out = np.empty(v.shape, v.dtype)
    for k in range(v.shape[1]):
        chosen = 0
        for i in range(v.shape[0]):
            if v[i, k].imag == 0.0 and (abs(v[i, k]) > abs(v[chosen, k]) or v[chosen, k].imag != 0.0):
                chosen = i
        size = np.sqrt(np.sum(v[:, k].real ** 2 + v[:, k].imag ** 2))
        phase = np.conj(v[chosen, k]) / abs(v[chosen, k]) * np.sign(v[chosen, k].real)
        out[:, k] = v[:, k] * (phase / size)
    return out


def block_diagonal(out: Any, block: Any, row: Any, column: Any) -> None:
    out[row : row + block.shape[0], column : column + block.shape[1]] = block


def toeplitz(c: Any, r: Any, dtype: Any) -> Any:
    out = np.empty((c.shape[0], r.shape[0]), dtype)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            if i >= j:
                out[i, j] = c[i - j]
            else:
                out[i, j] = r[j - i]
    return out


def hankel(c: Any, r: Any, dtype: Any) -> Any:
    out = np.empty((c.shape[0], r.shape[0]), dtype)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            if i + j < c.shape[0]:
                out[i, j] = c[i + j]
            else:
                out[i, j] = r[i + j - c.shape[0] + 1]
    return out


def circulant(c: Any) -> Any:
    n = c.shape[0]
    out = np.empty((n, n), c.dtype)
    for i in range(n):
        for j in range(n):
            out[i, j] = c[(i - j) % n]
    return out


def symmetric(a: Any, lower: Any) -> Any:
    """The symmetric matrix of one triangle."""
    out = a.copy()
    for i in range(a.shape[0]):
        for j in range(i):
            if lower:
                out[j, i] = a[i, j]
            else:
                out[i, j] = a[j, i]
    return out


def hermitian(a: Any, lower: Any) -> Any:
    """The Hermitian matrix of one triangle."""
    out = a.copy()
    for i in range(a.shape[0]):
        out[i, i] = a[i, i].real
        for j in range(i):
            if lower:
                out[j, i] = np.conj(a[i, j])
            else:
                out[i, j] = np.conj(a[j, i])
    return out


def draw_each(function: Any, out: Any, params: Any) -> None:
    """A draw for each place; a parameter is an array, or one number for all."""
    for k in range(out.shape[0]):
        out[k] = function(*[p if np.ndim(p) == 0 else p[k] for p in params])

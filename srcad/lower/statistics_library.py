"""Covariances, and numbers spaced in other ways."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad.lower.masked_library import average
from srcad.lower.written_out import reject, stands_for

# --- covariances ------------------------------------------------------------------------------------------------------


def variables(m: Any, rowvar: Any, dtype: Any) -> Any:
    """A variable in each row."""
    m = np.asarray(m)
    if m.ndim > 2:
        reject("np.cov takes a vector or a matrix")
    rows = np.atleast_2d(m.astype(dtype, copy=False))
    return rows if rowvar or m.ndim < 2 else rows.T


@stands_for(np.cov)
def cov(
    m: Any,
    y: Any = None,
    rowvar: Any = True,
    bias: Any = False,
    ddof: Any = None,
    fweights: Any = None,
    aweights: Any = None,
    *,
    dtype: Any = None,
) -> Any:
    """A number for one variable. That a matrix has one only is not known while compiling."""
    m = np.asarray(m)
    if y is None:
        kind = np.result_type(m.dtype, np.float64) if dtype is None else dtype
        x = variables(m, rowvar, kind)
    else:
        y = np.asarray(y)
        kind = np.result_type(m.dtype, y.dtype, np.float64) if dtype is None else dtype
        x = np.concatenate((variables(m, rowvar, kind), variables(y, rowvar, kind)))
    if m.ndim == 2 and y is None and x.shape[0] == 1:
        raise NotImplementedError("np.cov of a matrix with one variable gives a number: pass the vector")
    lost = (0 if bias else 1) if ddof is None else ddof
    if fweights is None and aweights is None:
        rest = x - np.mean(x, axis=1, keepdims=True)
        weighed, freedom = rest, x.shape[1] - lost
    else:
        own = np.ones(x.shape[1]) if aweights is None else weights(aweights, x)
        w = own if fweights is None else own * weights(fweights, x)
        total = np.sum(w)
        rest = x - np.expand_dims(average(x, 1, w), 1)
        weighed = rest * w
        freedom = total - lost * (1.0 if aweights is None else np.sum(w * own) / total)
    products = rest @ weighed.conj().T
    found = products / np.maximum(freedom, 0)
    return found if m.ndim == 2 or y is not None else found[0, 0]


def weights(w: Any, x: Any) -> Any:
    w = np.asarray(w).astype(np.float64, copy=False)
    if w.ndim != 1:
        raise RuntimeError("cannot handle multidimensional weights")
    if w.shape[0] != x.shape[1]:
        raise RuntimeError("incompatible numbers of samples and weights")
    if np.any(w < 0):
        raise ValueError("weights cannot be negative")
    return w


@stands_for(np.corrcoef)
def corrcoef(x: Any, y: Any = None, rowvar: Any = True, *, dtype: Any = None) -> Any:
    c = cov(x, y, rowvar, dtype=dtype)
    if c.ndim == 0:
        return c / c
    deviation = np.sqrt(np.diag(c).real)
    found = c / deviation[:, None] / deviation[None, :]
    if found.dtype.kind == "c":
        return np.clip(found.real, -1, 1) + 1j * np.clip(found.imag, -1, 1)
    return np.clip(found, -1, 1)


# --- spaced numbers ---------------------------------------------------------------------------------------------------


@stands_for(np.logspace)
def logspace(start: Any, stop: Any, num: Any = 50, endpoint: Any = True, base: Any = 10.0, dtype: Any = None) -> Any:
    found = np.power(base, np.linspace(start, stop, num, endpoint))
    return found if dtype is None else found.astype(dtype, copy=False)


@stands_for(np.geomspace)
def geomspace(start: Any, stop: Any, num: Any = 50, endpoint: Any = True, dtype: Any = None) -> Any:
    """Of numbers of one sign; the first and the last are those given."""
    if start == 0 or stop == 0:
        raise ValueError("Geometric sequence cannot include zero")
    if start * stop < 0:
        raise NotImplementedError("np.geomspace of numbers with different signs is not supported")
    found = start * np.power(stop / start, np.linspace(0.0, 1.0, num, endpoint))
    if endpoint and num > 1:
        found[num - 1] = stop
    return found if dtype is None else found.astype(dtype, copy=False)

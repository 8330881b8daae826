"""Products of arrays with any number of axes, put together from those of matrices; convolution and correlation."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad.lower.line_library import gathered, in_line, kept
from srcad.lower.written_out import axes_of, known, reject, stands_for

# --- matrices ---------------------------------------------------------------------------------------------------------


def matmul(a: Any, b: Any) -> Any:
    """The matrices are in the last two axes, a vector is a row on the left and a column on the right; the axes before them
    are broadcast."""
    if a.ndim == 1:
        return matmul(a[None], b)[..., 0, :]
    if b.ndim == 1:
        return matmul(a, b[:, None])[..., 0]
    if a.shape[-1] != b.shape[-2]:
        raise ValueError("matmul: Input operand 1 has a mismatch in its core dimension 0")
    shape = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    out = np.empty((*shape, a.shape[-2], b.shape[-1]), np.result_type(a.dtype, b.dtype))
    fill_products(out, a, b)
    return out


def fill_products(out: Any, a: Any, b: Any) -> None:
    for i in range(out.shape[0]):
        if out.ndim == 3:
            out[i] = matrix(a, out.ndim, i) @ matrix(b, out.ndim, i)
        else:
            fill_products(out[i], matrix(a, out.ndim, i), matrix(b, out.ndim, i))


def matrix(a: Any, ndim: Any, i: Any) -> Any:
    """What stands at this place of the first axis, which may be repeated or not be there."""
    return a[i % a.shape[0]] if a.ndim == ndim else a


def dot(a: Any, b: Any) -> Any:
    """The last axis of the one meets the last but one of the other; the rest of both stays."""
    if b.ndim == 1:
        return (rows(a, 1) @ b).reshape(a.shape[:-1])
    inner = np.moveaxis(b, -2, 0)
    if a.shape[-1] != inner.shape[0]:
        raise ValueError("shapes not aligned")
    return (rows(a, 1) @ columns(inner, 1)).reshape((*a.shape[:-1], *inner.shape[1:]))


def count(sizes: Any) -> Any:
    total = 1
    for n in sizes:
        total *= n
    return total


def rows(a: Any, inner: Any) -> Any:
    """The array as a matrix, its last axes as many columns."""
    split = a.ndim - inner
    return a.reshape((count(a.shape[:split]), count(a.shape[split:])))


def columns(a: Any, inner: Any) -> Any:
    """The array as a matrix, its first axes as many rows."""
    return a.reshape((count(a.shape[:inner]), count(a.shape[inner:])))


@stands_for(np.inner)
def inner(a: Any, b: Any, /) -> Any:
    a, b = np.asarray(a), np.asarray(b)
    if a.ndim == 0 or b.ndim == 0:
        return a * b
    return np.dot(a, np.swapaxes(b, -1, -2) if b.ndim > 1 else b)


@stands_for(np.tensordot)
def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    a, b = np.asarray(a), np.asarray(b)
    if isinstance(axes, tuple | list):
        first, second = axes_of(axes[0], a.ndim), axes_of(axes[1], b.ndim)
    else:
        known(axes, "axes= of np.tensordot")
        if axes < 0 or axes > a.ndim or axes > b.ndim:
            reject("np.tensordot sums over more axes than the arrays have")
        first = tuple([a.ndim - axes + k for k in range(axes)])
        second = tuple(range(axes))
    if len(first) != len(second):
        reject("np.tensordot takes as many axes of the one array as of the other")
    n = len(first)
    a = np.moveaxis(a, first, tuple([a.ndim - n + k for k in range(n)]))
    b = np.moveaxis(b, second, tuple(range(n)))
    if a.shape[a.ndim - n :] != b.shape[:n]:
        raise ValueError("shape-mismatch for sum")
    if a.ndim == n and b.ndim == n:
        return np.dot(in_line(a), in_line(b))
    product = rows(a, n) @ columns(b, n)
    return product.reshape((*a.shape[: a.ndim - n], *b.shape[n:]))


@stands_for(np.linalg.tensordot)
def linalg_tensordot(x1: Any, x2: Any, /, *, axes: Any = 2) -> Any:
    return tensordot(x1, x2, axes)


@stands_for(np.kron)
def kron(a: Any, b: Any) -> Any:
    a, b = np.asarray(a), np.asarray(b)
    ndim = max(a.ndim, b.ndim)
    if ndim == 0:
        return a * b
    a = np.expand_dims(a, tuple(range(ndim - a.ndim)))
    b = np.expand_dims(b, tuple(range(ndim - b.ndim)))
    a_wide = np.expand_dims(a, tuple([2 * k + 1 for k in range(ndim)]))
    b_wide = np.expand_dims(b, tuple([2 * k for k in range(ndim)]))
    return (a_wide * b_wide).reshape(tuple([a.shape[k] * b.shape[k] for k in range(ndim)]))


@stands_for(np.vecdot, np.linalg.vecdot)
def vecdot(x1: Any, x2: Any, /, *, axis: Any = -1) -> Any:
    a, b = np.asarray(x1), np.asarray(x2)
    a, b = np.moveaxis(a, axis, -1), np.moveaxis(b, axis, -1)
    if a.shape[-1] != b.shape[-1]:
        raise ValueError("vecdot: Input operand 1 has a mismatch in its core dimension 0")
    return np.sum(a.conj() * b, axis=-1)


@stands_for(np.matvec)
def matvec(x1: Any, x2: Any, /) -> Any:
    a, b = np.asarray(x1), np.asarray(x2)
    return np.matmul(a, b[..., None])[..., 0] if b.ndim > 1 else np.matmul(a, b)


@stands_for(np.vecmat)
def vecmat(x1: Any, x2: Any, /) -> Any:
    a, b = np.asarray(x1).conj(), np.asarray(x2)
    return np.matmul(a[..., None, :], b)[..., 0, :] if a.ndim > 1 else np.matmul(a, b)


# --- cross ------------------------------------------------------------------------------------------------------------


@stands_for(np.cross)
def cross(a: Any, b: Any, axisa: Any = -1, axisb: Any = -1, axisc: Any = -1, axis: Any = None) -> Any:
    if axis is not None:
        axisa, axisb, axisc = axis, axis, axis
    a, b = np.moveaxis(np.asarray(a), axisa, -1), np.moveaxis(np.asarray(b), axisb, -1)
    if a.shape[-1] != 3 or b.shape[-1] != 3:
        raise ValueError("np.cross is supported for vectors of three numbers: write the product of others out")
    shape = (*np.broadcast_shapes(a.shape[:-1], b.shape[:-1]), 3)
    out = np.empty(shape, np.result_type(a.dtype, b.dtype))
    for i, j, k in ((1, 2, 0), (2, 0, 1), (0, 1, 2)):
        out[..., k] = a[..., i] * b[..., j] - a[..., j] * b[..., i]
    return np.moveaxis(out, -1, axisc)


@stands_for(np.linalg.cross)
def linalg_cross(x1: Any, x2: Any, /, *, axis: Any = -1) -> Any:
    return cross(x1, x2, axis=axis)


# --- convolution ------------------------------------------------------------------------------------------------------


def vector(v: Any, name: Any) -> Any:
    v = np.atleast_1d(v)
    if v.ndim != 1:
        reject(name + " takes vectors")
    if v.shape[0] == 0:
        raise ValueError("the vectors cannot be empty")
    return v


def mode_of(mode: Any, name: Any) -> Any:
    if mode not in ("full", "same", "valid"):
        reject("mode= of " + name + " is 'full', 'same' or 'valid'")
    return mode


def convolved(a: Any, v: Any, mode: Any, middle: Any) -> Any:
    """All of it, the middle as long as the longer vector, or where both overlap. Where the middle begins is up to the caller."""
    n, m = a.shape[0], v.shape[0]
    low = min(n, m)
    first = 0 if mode == "full" else low - 1 if mode == "valid" else middle
    length = n + m - 1 if mode == "full" else max(n, m) - low + 1 if mode == "valid" else max(n, m)
    out = np.zeros(length, np.result_type(a.dtype, v.dtype))
    for i in range(n):
        for j in range(max(0, first - i), min(m, first + length - i)):
            out[i + j - first] += a[i] * v[j]
    return out


@stands_for(np.convolve)
def convolve(a: Any, v: Any, mode: Any = "full") -> Any:
    a, v = vector(a, "np.convolve"), vector(v, "np.convolve")
    return convolved(a, v, mode_of(mode, "np.convolve"), (min(a.shape[0], v.shape[0]) - 1) // 2)


@stands_for(np.correlate)
def correlate(a: Any, v: Any, mode: Any = "valid") -> Any:
    """A convolution with the other one backwards and conjugate."""
    a, v = vector(a, "np.correlate"), vector(v, "np.correlate").conj()
    n, m = a.shape[0], v.shape[0]
    return convolved(a, v[::-1], mode_of(mode, "np.correlate"), (m - 1) // 2 if m <= n else n // 2)


@stands_for(np.vander)
def vander(x: Any, N: Any = None, increasing: Any = False) -> Any:
    x = np.asarray(x)
    if x.ndim != 1:
        reject("np.vander takes a vector")
    n = x.shape[0] if N is None else N
    out = np.empty((x.shape[0], n), np.result_type(x.dtype, np.int64))
    to = out if increasing else out[:, ::-1]
    for i in range(x.shape[0]):
        power = np.ones(1, out.dtype)[0]
        for k in range(n):
            to[i, k] = power
            power = power * x[i]
    return out


# --- norms ------------------------------------------------------------------------------------------------------------


@stands_for(np.linalg.vector_norm)
def vector_norm(x: Any, /, *, axis: Any = None, keepdims: Any = False, ord: Any = 2) -> Any:
    x = np.asarray(x)
    axes = axes_of(axis, x.ndim)
    return kept(np.linalg.norm(gathered(x, axes), ord, -1), axes, keepdims)


@stands_for(np.linalg.matrix_norm)
def matrix_norm(x: Any, /, *, keepdims: Any = False, ord: Any = "fro") -> Any:
    return np.linalg.norm(x, ord, (-2, -1), keepdims)

"""What NumPy's names lower to: each line below, lowered and interpreted, gives NumPy's value, shape and dtype."""

from __future__ import annotations

import linecache
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import interp
from srcad.errors import TypeInferenceError, UnsupportedError
from srcad.ir import Array, Scalar, Trace, Type, verify
from srcad.lower import lower

ARGUMENTS: dict[str, Any] = {
    "x": np.array([0.3, 0.7, 1.2]),
    "y": np.array([1.0, -2.0, 0.5]),
    "m": np.arange(12.0).reshape(4, 3) / 7 + 0.1,
    "q": np.array([[2.0, 1, 0], [1, 3, 1], [0, 1, 4]]),
    "t": np.arange(24.0).reshape(2, 3, 4) / 5,
    "k": np.array([2, 1, 2]),
    "f": np.array([0.3, 0.7, 1.2], np.float32),
    "b": np.array([True, False, True]),
    "z": np.array(0.7),
    "n": 5,
    "s": 0.4,
}
HEAD = "import math\nimport numpy as np\nfrom collections import namedtuple\nfrom operator import mul\n"
HEAD += "LIST = [0.5, 1.5]\nARRAY = np.array([1.0, 2.0, 4.0])\nTABLE = {'a': 2.0, 'w': ARRAY}\nK = 3\n"
HEAD += "Point = namedtuple('Point', 'x y')\n"
HEAD += f"def f({', '.join(ARGUMENTS)}):\n"


def function(body: str) -> Any:
    """The function with this body: an expression, or statements separated by `; `."""
    *statements, result = body.split("; ")
    text = HEAD + "".join(f"    {line}\n" for line in (*statements, f"return {result}"))
    name = f"<numpy lowering: {body}>"
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    module = types.ModuleType("numpy_lowering")
    exec(compile(text, name, "exec"), module.__dict__)
    return module.__dict__["f"]


def type_of(value: Any) -> Type:
    array = np.asarray(value)
    return Array(array.dtype.name, array.ndim) if isinstance(value, np.ndarray) else Scalar(array.dtype.name)


def trace_of(body: str) -> Trace:
    return verify(lower(function(body), tuple(map(type_of, ARGUMENTS.values()))))


def copies() -> list[Any]:
    return [value.copy() if isinstance(value, np.ndarray) else value for value in ARGUMENTS.values()]


def agree(got: Any, want: Any) -> None:
    if isinstance(want, tuple | list):
        assert len(got) == len(want)
        for a, b in zip(got, want, strict=True):
            agree(a, b)
    elif isinstance(want, np.ndarray) and want.ndim:
        assert (got.shape, got.dtype) == (want.shape, want.dtype)
        np.testing.assert_allclose(got, want, rtol=1e-6)
    elif isinstance(want, int | float | complex | np.generic | np.ndarray):
        assert np.ndim(got) == 0
        assert np.asarray(got).dtype.kind == np.asarray(want).dtype.kind
        np.testing.assert_allclose(got, want, rtol=1e-6)
    else:
        assert got == want


GOOD_LINES: list[str] = []


def good(text: str) -> None:
    GOOD_LINES.extend(line.strip() for line in text.strip().splitlines())


def each(text: str) -> None:
    """Expressions, several a line, separated by ` | `."""
    GOOD_LINES.extend(part.strip() for line in text.strip().splitlines() for part in line.split(" | "))


each("""
x + y | x * 2 | 2 * x | x / k | k / 2 | k // 2 | k % 2 | k**2 | x**2 | x**-1 | s**n | n**2 | n**k[0] | -x | +x | ~b | ~k
b & b | b ^ b | k << 1 | k * b | b * b | b + b | b * 2 | b / 2.0 | x * b | True + n | n / 2 | n // 2 | -n % 3 | 2**-1
x @ y | m @ x | q @ q | x @ q
k @ k | k @ q.astype(int) | q.astype(int) @ k | t @ np.ones((4, 2)) | t @ t.transpose(0, 2, 1)
f * 2.0 | f + k | f @ f | f @ x | np.sin(f) | np.mean(f) | np.sum(f) | np.std(f) | np.var(f, ddof=1) | f * math.sqrt(2)
x > y | x == y | (x > 0) & (y > 0) | x.shape == y.shape | m.shape == x.shape | x is None | n in (1, 5) | 3 in (1, K) | n != 5
x.dtype == np.float64 | z * z + np.sin(z) | z + x | z > 0.5 | LIST[0] * x | np.array(LIST) * s | TABLE["a"] * x
ARRAY * x | ARRAY[1] * s | TABLE["w"] @ x | np.sum(ARRAY)
len(ARRAY) | max(LIST) | sum(LIST) | Point(x, s).y * Point(x, s).x
Point(s, n)._replace(x=2.0).x
""")
each("""
np.sum(x) | np.sum(m, axis=0) | np.sum(m, axis=-1, keepdims=True) | np.sum(m, axis=(0, 1)) | m.sum() | m.mean(1) | m.max()
m.prod(axis=0) | m.min(axis=1) | np.amax(m, 0) | b.sum() | k.sum() | k.mean() | np.mean(b) | np.var(m, axis=0) | np.std(m)
m.std(axis=1, keepdims=True) | np.ptp(x)
np.average(x, weights=y) | np.average(m, axis=0) | np.average(m, axis=1, weights=x)
np.sum(s) | np.sum([s, 2.0]) | np.mean(n) | np.max(t, axis=(0, 2)) | np.sum(f, dtype=np.float64) | np.add.reduce(m)
np.linalg.norm(t) | np.linalg.norm(k, 3) | np.linalg.norm(q, "nuc", keepdims=True) | np.linalg.norm(t, -1, axis=(0, 2))
np.linalg.norm(t, np.inf, axis=(-1, 0)) | np.linalg.norm(x, 0) | np.linalg.norm(f, 1.5) | np.linalg.norm(1j * m, "fro")
np.linalg.norm(q, axis=(0, 1), keepdims=True) | np.linalg.norm(t, axis=2) | np.linalg.norm(s) | np.linalg.norm(m, -np.inf)
np.linalg.norm(x) | np.linalg.norm(m) | np.linalg.norm(m, axis=1) | np.linalg.norm(x, 1) | np.linalg.norm(y, np.inf)
np.argmax(x) | x.argmin() | np.argmax(m, axis=0) | m.argmin(axis=1) | np.any(x > 1) | np.all(b) | np.any(m > 1, axis=0)
np.count_nonzero(b) | np.diff(x) | np.diff(m, axis=0) | np.diff(x, n=2) | np.allclose(x, x) | np.nansum(x) | np.trapezoid(x)
np.cumsum(x) | np.cumsum(m) | np.cumsum(m, axis=1) | m.cumsum(axis=0) | np.cumprod(x) | np.cumprod(m, axis=0) | np.cumsum(b)
np.trapezoid(m, x) | np.trapezoid(m, dx=0.5, axis=0) | math.fsum(x)
math.prod((s, n)) | k.max() | k.prod() | np.logaddexp(x, y)
""")
each("""
np.dot(x, y) | x.dot(m.T) | np.dot(s, x) | np.vdot(x, y) | np.inner(x, y) | np.inner(m, m) | np.outer(x, y) | np.trace(q)
np.linalg.solve(q, x) | np.linalg.solve(q, q) | np.linalg.solve(q, k) | np.linalg.inv(q) | np.linalg.det(q)
np.linalg.slogdet(q) | np.linalg.matrix_power(q, 3) | np.linalg.matrix_power(q, -2) | np.linalg.matrix_power(q, n)
np.linalg.matrix_power(q, 0) | np.linalg.multi_dot([m, q, x]) | np.linalg.norm(t, 2, axis=(0, 1)) | np.trace(q.astype(int), 1)
np.einsum("ij,j->i", m, x) | np.einsum("ij,jk->ik", m, q) | np.einsum("ij,ij->", q, q) | np.einsum("i,i", x, y)
np.einsum("i,j->ij", x, y) | np.einsum("ij->ji", m) | np.einsum("ijk,k->ij", t, np.ones(4)) | np.einsum("ki,kj->ij", m, m)
np.einsum("i,ij,j->", x, q, y) | np.einsum("ij->j", m) | np.einsum("ij,kj->ki", m, q) | np.tensordot(m, q, 1)
np.tensordot(q, q) | np.kron(q, q) | np.cross(x, y) | np.add.outer(x, y)
""")
each("""
np.zeros(3) | np.zeros((2, n)) | np.ones(x.shape) | np.full(3, 2.5) | np.full((2, 2), s) | np.full(3, 1) | np.zeros_like(m)
np.ones_like(k) | np.full_like(x, 3) | np.zeros_like(s) | np.zeros(3, np.float32) | np.zeros((2, 3), dtype=x.dtype)
np.zeros(len(x)) | np.ones(3, "int64") | np.zeros(2, bool) | np.ones(n - 2) * x | np.empty_like(m) * 0
np.array([1.0, s, 2]) | np.array([[1, 2], [3, 4]]) | np.array([[s, 1], [x[0], 2]])
np.array([x, y]) | np.array(x) | np.array(s)
np.asarray(x) | np.asarray([1, 2]) | np.array([1, 2], dtype=float)
np.array([1, 2], dtype="float32") | np.copy(x) | x.copy()
np.array([]) | np.array((s, s)) | np.array([[x, y], [y, x]]) | np.array([True, s]) | np.array([[]]) | np.array(m, dtype=int)
x.astype(int) | k.astype(np.float32) | x.astype(bool) | np.float64(2) * f
np.float32(2) * x | np.int32(n) | float(n) | int(s)
np.arange(n) | np.arange(2, n) | np.arange(n, 0, -2)
np.arange(0.0, 1.0, 0.3) | np.arange(3.0) | np.arange(s, 2.0) | np.arange(0)
np.arange(3, dtype=float) | np.linspace(0, 1, 5)
np.linspace(s, 2, n) | np.linspace(0, 1, 1) | np.linspace(0, 1, 4, endpoint=False)
np.eye(3) | np.eye(n) | np.eye(2, 3) | np.eye(3, k=1)
np.eye(3, 4, -1) | np.identity(2) | np.diag(x) | np.diag(m) | np.diag(m, 1)
np.diag(x, -1) | np.diagonal(q) | np.tril(m) | np.triu(q, 1) | np.tril(q, -1) | np.eye(2, dtype=int)
""")
each("""
m.shape | m.size | m.ndim | m.T | np.shape(m) | np.size(m, 0) | np.ndim(x) | len(m) | np.shape(s) | m.reshape(3, 4)
m.reshape((2, 6)) | m.reshape(-1) | m.reshape(2, -1) | np.reshape(m, (6, 2)) | m.T.reshape(12) | m.ravel() | m.T.ravel()
x.reshape(-1, 1) | x.reshape(1, -1) | x[::2].reshape(1, -1) | m.flatten() | np.transpose(m) | t.transpose(1, 0, 2)
np.transpose(t, (2, 0, 1)) | np.swapaxes(t, 0, 2) | np.moveaxis(t, 0, -1) | np.expand_dims(x, 0) | np.expand_dims(x, -1)
np.squeeze(m[:, :1], axis=1) | np.broadcast_to(x, (4, 3)) | np.broadcast_to(s, (2,)) | np.atleast_1d(s) | np.atleast_2d(x)
np.flip(x) | np.flip(m) | np.flip(m, 1) | np.flipud(m) | np.fliplr(m) | np.roll(x, 1) | np.roll(x, -1) | np.roll(x, n) | x.T
np.roll(m, 1, axis=0) | np.roll(m, 2, axis=1) | np.roll(m, 5)
np.repeat(x, 2) | np.tile(x, 3) | np.pad(x, 1) | np.pad(x, (1, 2))
np.pad(m, ((1, 0), (0, 2)), constant_values=2.0) | np.concatenate((x, y)) | np.concatenate([m, q], axis=0) | m.size / n
np.concatenate((m, m), axis=1) | np.concatenate((m, q), axis=None) | np.concatenate((x, k)) | np.stack([x, y])
np.stack((x, y), axis=1) | np.stack((m, m), axis=-1) | np.stack([s, 1.0])
np.hstack((x, y)) | np.hstack((m, m)) | np.hstack([s, x])
np.vstack((x, y)) | np.vstack((m, x)) | np.column_stack((x, y))
np.append(x, s) | np.append(x, y) | np.meshgrid(x, np.ones(2))
np.meshgrid(x, y, indexing="ij") | np.split(m, 2)[1] | np.split(x, [1])[0] | np.take(x, k) | np.take(m, k, axis=0)
""")
each("""
x[0] | x[-1] | x[1:] | x[::-1] | x[::2] | m[0] | m[1, 2] | m[:, 1] | m[1:3, 0] | m[1:3, ::2] | m[...] | m[..., 0] | m[0, ...]
x[None] | x[:, None] | x[None, :] | m[:, None, :] | t[0, 1]
t[:, 1] | t[..., 1:] | t[1, :, 2] | x[n - 4] | x[:] | x[np.newaxis]
x[k] | m[k] | m[k, k] | m[0, k] | x[[0, 2]] | x[b] | x[x > 0.5] | m[m > 0.5] | q[b] | x[k - 1].sum() | m[1:][0, 1:]
x[np.array([[0, 1], [2, 2]])] | (s, n, 3.0)[1] | (s, n, 3.0)[1:] | [s, n][0] | x[z > 0 and 1] | x[n % 2 :] | m[-1, -2:]
""")
each("""
np.clip(x, 0.5, 1) | x.clip(0.5, None) | np.clip(x, None, 1.0) | np.where(x > 0.5, x, y) | np.where(b, 1.0, 0.0)
np.where(x > 1, x, 0) | np.where(s > 0, s, n) | np.maximum(x, 0.5) | np.minimum(x, y) | np.abs(y) | abs(y) | np.sign(y)
np.square(x) | np.reciprocal(x) | np.power(x, 2) | np.negative(x)
np.heaviside(y, 0.5) | np.sinc(y) | np.round(x) | np.round(x, 1)
x.round(2) | np.nan_to_num(x) | np.isclose(x, y) | np.floor(k)
np.floor(x) | np.ceil(x) | np.trunc(y) | np.rint(y) | np.fix(y)
np.hypot(x, y) | np.arctan2(x, y) | np.float_power(k, 2) | np.real(x) | np.conj(x) | np.imag(x) | np.degrees(x) | np.fabs(y)
np.isfinite(x) | np.divmod(x, y) | np.add(x, y) | np.subtract(x, 1) | np.true_divide(x, y) | np.mod(x, y) | np.greater(x, y)
np.multiply.outer(x, y) | np.floor(s) | np.abs(-3) | np.sqrt(2)
np.sqrt(n) | np.exp(k) | np.maximum(k, 2) | np.maximum(k, 2.5)
np.select([x > 1, x > 0.5], [x, y], 0.5) | np.logical_and(x, y)
np.logical_not(b) | np.logical_xor(b, x) | np.logical_or(s, n)
np.polyval([1.0, s, 2.0], x) | np.polyval(x, s) | np.convolve(x, y)
np.interp(s, x, y) | np.interp(y, x, k) | np.searchsorted(x, s)
np.bincount(k) | np.bincount(k, weights=x) | np.bincount(k, minlength=5) | np.finfo(float).eps * s | np.pi * x | np.inf * s
""")
each("""
math.sin(s) | math.log(s, 2) | math.floor(s * 7) | math.ceil(s)
math.pow(n, 2) | math.fabs(-s) | math.hypot(s, 2) | math.e * x
math.atan2(s, n) | math.erf(s) | math.gamma(s + 2) | math.degrees(s) | math.isclose(s, 0.4) | math.factorial(5) * s
abs(-s) | abs(-n) | min(s, n, 3) | max(n, 2) | max((s, 3.0)) | max(x)
min(k) | sum(x) | sum(m) | sum((s, n)) | sum([x, y]) | len("ab")
round(s * 7) | round(2.567, 1) | round(s, 2) | pow(s, 2) | divmod(n, 3) | int(s * 7) | float(n) | bool(n) | bool(x.size)
isinstance(x, np.ndarray) | isinstance(s, float) | isinstance(n, (int, np.integer)) | isinstance(x, (list, tuple))
isinstance(s, (int, float)) | hasattr(x, "shape") | callable(math.sin)
tuple(x.shape) | list(m.shape)[1] | all((s > 0, n > 0))
any([s > 1, n > 9]) | any(x > 1) | list(range(3))[2] | tuple(reversed((1, s))) | sum(map(math.sin, (s, 2.0))) | mul(s, n)
sum(a * c for a, c in zip((s, 2.0), (n, 3))) | len(list(enumerate((s, n)))) | "a" + "b"
(1, s) + (n,) | (s,) * 3 | ([s] * 2)[1]
""")
good("""
x += y; x
x += 1; x
x -= 2.5; x
x *= y; x
x /= y; x
x **= 2; x
m += x; m
m[1:] -= x; m
k += 1; k
k *= 2; k
k //= 2; k
f += x; f
f -= n; f
b &= x > 0.5; b
n += 2; n
x[0] = s; x
x[1:] = y[1:]; x
m[1] = x; m
m[:, 0] = 2; m
k[0] = 2.7; k
f[0] = s; f
f[:2] = x[:2]; f
m[...] = 0.0; m
m[1, 2] = n; m
x[:] = k; x
m[0] = [1, 2, s]; m
b[0] = False; b
k[:2] = x[:2]; k
x[0] += s; x
x[0] -= s; x
x[0] *= s; x
x[0] **= 2; x
k[0] += 1; k
k[0] += 1.5; k
f[0] += s; f
m[0, 1] /= n; m
m[:, 1] *= x[0]; m
x[x > 0.5] = 0.0; x
x[x > 0.5] += s; x
m[m > 1] *= 2; m
m[m[:, 0] > 1] = 0.0; m
x[k] = y; x
x[k] = 1.0; x
x[k] += y; x
x[k] *= 2.0; x
np.add.at(x, k, y); x
np.add.at(x, k, 1.0); x
np.add(x, y, out=x); x
np.exp(x, out=y); y
np.sum(m, axis=0, out=x); x
x.fill(s); x
r = m.reshape(12); r[1] = 5.0; m
r = m.ravel(); r += 1; m
r = m.T; r[0, 1] = s; m
r = x[1:]; r *= 2; x
r = x.reshape(-1, 1); r[1, 0] = 9.0; x
r = m[1:3].reshape(-1); r[0] = 3.0; m
r = m.flatten(); r[0] = 5.0; m
r = [x, y]; r[1] * r[0]
a, c, d = x; a * c + d
h, w = m.shape; h * w
""")

each("""
np.vdot(1j * x, x + 1j * y)
np.linalg.eigh(q) | np.linalg.eigh(q, UPLO="U")[0] | np.linalg.eigvalsh(q + m[:3], "u") | np.linalg.eigh(q).eigenvalues
np.linalg.eigh(q + 1j * (m[:3] - m[:3].T)) | np.linalg.eigvalsh(q.astype(np.float32)) | np.linalg.eigvalsh(q.astype(int))
np.linalg.svd(q) | np.linalg.svd(m) | np.linalg.svd(m.T, full_matrices=False) | np.linalg.svd(m, compute_uv=False)
np.linalg.svd(m).S | np.linalg.svdvals(q) | np.linalg.qr(m) | np.linalg.qr(m.T).R | np.linalg.qr(q, mode="r")
np.linalg.pinv(q) | np.linalg.pinv(m, 0.1) | np.linalg.pinv(m.T, rtol=1e-3) | np.linalg.matrix_rank(m) | np.linalg.cond(q)
np.linalg.matrix_rank(q) | np.linalg.matrix_rank(q, tol=3.0) | np.linalg.matrix_rank(m, rtol=0.5) | np.linalg.cond(q, -2)
np.linalg.lstsq(q, x) | np.linalg.lstsq(q, m[:3], 0.1) | np.linalg.lstsq(q[:, :2], x) | np.linalg.lstsq(q[:, :2], m[:3], None)
np.linalg.lstsq(q[:2], x[:2], rcond=None) | np.linalg.cond(q, 1) | np.linalg.cond(q, np.inf) | np.linalg.cond(q, "fro")
np.fft.fft(x) | np.fft.ifft(x, 5) | np.fft.fft(f) | np.fft.rfft(k, 2) | np.fft.irfft(x) | np.fft.irfft(1j * x, n=3, norm="ortho")
np.fft.fft(m, axis=0) | np.fft.rfft(t, axis=1, norm="forward") | np.fft.irfft(t, axis=-2) | np.fft.fft(t[::-1, :, 1])
np.fft.fft2(t) | np.fft.ifftn(t, norm="ortho") | np.fft.fftn(m, (3, 5), (0, 1)) | np.fft.rfft2(m)
np.fft.irfftn(t, (4, 2), axes=(2, 0))
np.fft.rfftn(t, axes=(2, 0)) | np.fft.irfft2(m, s=(3, 3)) | np.fft.fftshift(m) | np.fft.ifftshift(x) | np.fft.fftshift(t, axes=1)
np.fft.fftshift(t, axes=(0, 2)) | np.fft.fftfreq(n) | np.fft.fftfreq(6, d=s) | np.fft.rfftfreq(n, 0.1) | np.fft.rfftfreq(6)
""")

GOOD_LINES.extend((Path(__file__).parent / "cases" / "numpy.txt").read_text().splitlines())

UNSUPPORTED = """
x[True] | x.tolist() | sorted(x) | np.random.multivariate_normal(x, q) | np.sum(x, axis=n) | x.strides
np.squeeze(x) | np.unstack(m) | np.histogram(x) | np.lexsort((x, y)) | m.ravel(order="K") | np.rot90(m, n)
np.fmod(k, k) | np.reciprocal(k)
np.linalg.svd(1j * q)
x.astype(object) | x.astype("float16") | np.vectorize(math.sin)
np.fft.hfft(x) | np.fft.fftn(m, axes=(0, 0)) | np.linalg.qr(q, "complete")
(s, x)[n] | math.nextafter(s, 1.0)
isinstance(s, np.float64) | np.sum(x, keepdims=n) | x is y | np.floor(1j * s)
"""
WRONG = """
np.concatenate(x)
x[0.5] | x[s] | x[0, 1] | m[0, 1, 2] | x["a"] | n[0] | x.foo | np.zeros("a") | np.zeros(2.5) | np.zeros((2, s)) | x + None
x + "a" | np.sin(None) | np.sin(x, x, x) | np.sin() | np.sum(x, axis=3)
np.foo | x @ s | 1 if x > 0 else 2 | x[::0] | -b | b - b
~x | x & y | x << 1 | k**-1
np.reshape(x, (-1, -1)) | np.transpose(m, (0, 0)) | np.concatenate((x, s)) | np.concatenate((x, m))
np.array([[1, 2], [3]]) | np.array([x, m]) | np.array(None)
np.array(["a"]) | np.linspace(0, 1, s) | np.split(x, [s]) | (1, s)[7]
x < None | (1, s) + 2 | len(s) | max(m) | abs("a") | float(x) | math.sin(x) | np.zeros(-1) | x.item(0, 1) | x.dot()
x[y] | x[..., ...] | np.float64("a") | s.foo | (1, 2).foo
math.foo | np.eye(s) | np.linalg.solve(q, s) | np.fft.rfft(1j * x) | np.fft.fft(s)
np.linalg.norm(t, 2) | np.linalg.norm(x, "nuc") | np.linalg.norm(m, 3) | np.linalg.eigh(q, UPLO="x") | np.fft.fft(x, norm="other")
np.fft.fft(x, axis=1) | np.fft.fft(x, s) | np.linalg.lstsq(q, t) | [s] + (s,) | "a" * s
"""
WRONG_STATEMENTS = """
k += 0.5; k
k /= 2; k
x += m; x
b += 1; b
x[0] = y; x
x[0] = None; x
"""


@pytest.mark.parametrize("line", GOOD_LINES)
@pytest.mark.filterwarnings("ignore:(Degrees of freedom|All-NaN)")
def test_gives_what_numpy_gives(line: str) -> None:
    for body in line.split(" | "):
        expected, given = copies(), copies()
        with np.errstate(all="ignore"):
            want = function(body)(*expected)
        agree(interp.run(trace_of(body), *given), want)
        agree(given, expected)


#: What may be a view of x or q, or a copy.
ALIASES = """
np.conj(x) | x.conj() | np.real(x) | np.float64(x) | np.nan_to_num(k) | np.round(k) | np.floor(k) | x.T | np.transpose(x)
np.asarray(x) | np.array(x) | np.ravel(x) | x.ravel() | x[::2].ravel() | x[::-1].reshape(-1) | x.reshape(-1) | x.reshape(3)
x.flatten() | np.atleast_2d(x)[0] | np.expand_dims(x, 0)[0] | np.squeeze(x[None], axis=0) | np.flip(x) | x.astype(float)
x.astype(float, copy=False) | np.ascontiguousarray(x) | +x | x[:] | x[...] | x[None][0] | sum([x]) | m.T[0] | q.ravel()
np.swapaxes(q, 0, 1)[0] | np.split(x, [1])[0] | np.einsum("ij->ji", q)[0] | x[k] | q.mT[0]
np.linalg.matrix_power(q, 1)[0] | np.clip(x, None, None) | np.concatenate((x,)) | np.diff(x, n=0) | q.reshape(1, -1)[0]
np.where(True, x, x) | np.stack([x])[0] | np.vstack((x,))[0] | np.meshgrid(x, y)[0][0] | np.roll(x, 0) | x**1 | q[:, 0]
np.rot90(q)[0] | np.rot90(q, 2)[0] | np.rot90(q,0)[0] | np.rot90(q,3)[0] | np.moveaxis(q,0,1)[0]
np.moveaxis(q,(0,1),(1,0))[0] | np.rollaxis(q,1)[0] | np.atleast_1d(x) | np.atleast_1d(x, y)[0]
np.atleast_3d(x)[0,:,0] | np.atleast_3d(q)[0,:,0] | np.array_split(x,2)[0] | np.hsplit(q,3)[0][:,0]
np.vsplit(q,3)[0][0] | np.hsplit(x,3)[0] | np.block([x]) | np.block(x)
np.dstack((x,))[0,:,0] | np.tile(x,1) | np.repeat(x,1) | np.pad(x,0) | np.pad(x,0,"edge") | np.take(x,k)
np.take(q, 0, axis=0) | np.take(q, 1, axis=1) | np.compress([True,True,True], x) | np.sort(x) | np.partition(x,1)
np.delete(x, 0) | np.diag(q) | np.diagonal(q) | np.diagonal(q.T) | np.einsum("ij->ij", q)[0] | np.einsum("...->...", x)
np.trim_zeros(x) | np.array(x, ndmin=2)[0] | np.array(x, ndmin=1) | np.asfortranarray(x) | np.asfortranarray(q)[0]
np.copy(q, order="F")[0] | np.asarray(q, order="F")[0] | np.asarray(q.T, order="F")[0] | q.T.ravel("F")
q.T.reshape(9, order="F") | q.T.flatten("F") | q.flatten("F") | q.T.reshape((3, 3), order="F")[0]
np.meshgrid(x, y, sparse=True)[0][0] | np.r_[x] | np.c_[x][:, 0] | np.apply_along_axis(lambda v: v, 0, x)
np.apply_along_axis(lambda v: v, 0, q)[0] | np.unwrap(x) | np.cumsum(x) | np.resize(x, 3) | np.select([x>0],[x])
np.choose(k-k,[x,y]) | np.ix_(k)[0][:]
np.expand_dims(x,(0,1))[0,0] | np.apply_over_axes(np.sum, q, 0)[0] | np.apply_over_axes(np.sum, q, ())[0]
np.polyder(x, 0) | np.vander(x,1)[:,0] | np.nan_to_num(x) | np.nonzero(k)[0] | np.where(k)[0] | np.median(q, axis=0)
np.average(q, axis=0) | np.nanmax(q, axis=0) | np.cumulative_sum(x) | np.swapaxes(q,0,1)[0] | np.matrix_transpose(q)[0]
np.diff(x, n=0, prepend=1.0) | np.extract(x > 0, x) | np.interp(x, x, y) | np.gradient(x) | np.real(x) | np.angle(x)
np.linalg.diagonal(q) | np.tril(q)[0] | np.triu(q, -5)[0] | np.roll(q, 0, axis=0)[0] | np.roll(x, 0, axis=0)
np.fromfunction(lambda i: i + x, (3,)) | np.piecewise(x, [x > 0], [lambda v: v]) | np.astype(x, float)
np.take_along_axis(x, k, 0) | np.vecdot(q, x) | np.matmul(q, x) | np.tensordot(x, y, 0)[0] | np.convolve(x, [1.0])
np.ediff1d(x) | np.append(x, []) | np.stack((x,))[0] | np.hstack((x,)) | np.column_stack((x,))[:, 0]
np.concatenate((q,), axis=None)[:3] | np.insert(x, 0, 1.0) | np.flip(q, 0)[0] | np.squeeze(q[:1], 0)
np.ascontiguousarray(q.T)[0] | np.unravel_index(k, (3,))[0]
"""


@pytest.mark.parametrize("write", ["r[0] = 7", "x[0] = 55.0; k[0] = 1; q[0, 0] = 66.0"])
@pytest.mark.parametrize("body", [part for line in ALIASES.strip().splitlines() for part in line.split(" | ")])
def test_is_a_view_where_numpys_is(body: str, write: str) -> None:
    program = f"r = {body}; {write}; (x, k, q, r)"
    try:
        want = function(program)(*copies())
    except ValueError:  # read-only
        with pytest.raises(UnsupportedError):
            trace_of(program)
        return
    agree(interp.run(trace_of(program), *copies()), want)


def test_reads_through_a_diagonal() -> None:
    program = "r = np.diag(q); q[1, 1] = 66.0; r"
    agree(interp.run(trace_of(program), *copies()), function(program)(*copies()))


#: t has the shape (2, 3, 4), m (4, 3), q (3, 3), k is [2, 1, 2], b has three items.
MORE = """
np.sum(x, where=b) | np.sum(x, initial=2.0) | x.sum(where=x > 0.5, initial=s) | np.prod(m, axis=0, where=m > 0.5)
np.prod(k, initial=3)
q @= q; q
np.fill_diagonal(q, s); q
np.fill_diagonal(m, x * 2); m
np.copyto(m, x); m
np.copyto(x, y, where=b); x
np.sort(y) | np.argsort(y) | y.argsort() | np.sort(m) | np.sort(-m, axis=0) | np.argsort(-q, axis=1)
np.sort(k) | np.sort(q, axis=None)
np.argsort(k, kind="stable") | np.median(y) | np.median(y[:2]) | np.median(m) | np.median(-m, axis=0) | np.median(m, axis=1)
np.median(k) | np.quantile(y, 0.3) | np.quantile(y, [0.0, 0.5, 1.0]) | np.percentile(m, 40) | np.percentile(m, 75, axis=0)
np.median(np.array([1.0, np.nan])) | np.quantile(y, s) | np.sort(f) | np.median(f) | np.sort(y)[::-1] | np.take(x, np.argsort(y))
y.sort(); y
q.sort(axis=0); q
"""


@pytest.mark.parametrize("body", [part.strip() for line in MORE.strip().splitlines() for part in line.split(" | ")])
def test_more_of_numpy(body: str) -> None:
    agree(interp.run(trace_of(body), *copies()), function(body)(*copies()))


PICKS = """
m[:, k] | m[1:, k] | m[k, 0] | m[0, k] | m[k, :] | m[k, 1:] | m[k - 1, k - 2] | q[x > 0.5, 0]
q[b] | q[:, b] | q[b, 1:] | q[b, k[:2]] | q[q > 0] | q[q > 0.5] | t[:, k] | t[:, :, k] | t[0, :, k] | t[:, 0, k] | t[1, k]
t[k - 1, :, k] | t[:, k, k] | t[:, k, k + 1] | t[k - 1, k] | t[k - 1, k, k] | t[..., k] | t[..., k, 0] | t[:, None, k]
t[:, b] | q[k[:, None], k] | q[k[:, None], k[None, :]] | m[:, k[:, None]]
q[np.array([[0, 2], [1, 1]])] | q[:, np.array([[0, 2], [1, 1]])] | x[np.arange(3)[:, None]]
q[np.arange(3), np.arange(3)] | q[[0, 2], 1] | q[[0, 2]][:, [1, 0]]
x[slice(1, None)] | x[slice(-1)] | q[slice(0, 2), 1] | q[np.s_[1:, ::2]]
"""


@pytest.mark.parametrize("body", [part.strip() for line in PICKS.strip().splitlines() for part in line.split(" | ")])
def test_picks_and_puts(body: str) -> None:
    """Read, written with a number and an array, changed in place: what NumPy does, buffered as NumPy does it."""
    name = body.partition("[")[0]
    for program in (
        body,
        f"{body} = s; {name}",
        f"r = {body} * 2.0 + 1.0; {body} = r; {name}",
        f"{body} += 1.5; {name}",
        f"{body} *= {body} + np.cumsum(x)[-1]; {name}",
        f"{body} = {body}[..., ::-1]; {name}",
    ):
        agree(interp.run(trace_of(program), *copies()), function(program)(*copies()))


@pytest.mark.parametrize(
    "body",
    [
        "m[1] = m[:1] * 2.0; m",
        "x[:] = q[:1]; x",
        "m[:2] = x; m",
        "m[[0, 1]] = x; m",
        "m[:, [0, 1]] = y[:1]; m",
        "np.add.at(q, (k, k), x); q",
        "np.add.at(q, (k, 0), 1.0); q",
        "x[x > 0.5] = x[x > 0.5]**2; x",
    ],
)
def test_broadcasts_into_place(body: str) -> None:
    agree(interp.run(trace_of(body), *copies()), function(body)(*copies()))


@pytest.mark.parametrize("body", ["x[k] = x[::-1]; x", "x[:2][k - 1] = x[1:][k - 1]; x", "np.add.at(x, k, x); x"])
def test_reads_before_it_writes(body: str) -> None:
    agree(interp.run(trace_of(body), *copies()), function(body)(*copies()))


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("x[m[:, 0] > 0]", IndexError),
        ("x[:2] = m; x", ValueError),
        ("x[b] = y; x", ValueError),
        ("q[:, m[:, 0] > 0]", IndexError),
        ("q[k, k[:2]]", IndexError),
        ("x[k] = x[:2]; x", ValueError),
        ("np.concatenate((m, t[0]), axis=0)", ValueError),
        ("np.squeeze(m, axis=0)", ValueError),
        ("np.split(x, 2)[0]", ValueError),
        ("m.item()", ValueError),
        ("k**(k - 2)", ValueError),
        ("n**(k[0] - 5)", ValueError),
        ("np.cross(m[:, 0], x)", ValueError),
        ("k @ m.astype(int)", ValueError),
        ("m.reshape(5, -1)", ValueError),
        ("sum([a * c for a, c in zip(x, m[:, 0], strict=True)])", ValueError),
        ("t[:1] @ np.ones((3, 4, 2))[:2] @ np.ones((5, 2, 2))", ValueError),
        ("np.repeat(x, [1, -1, 2])", ValueError),
        ("np.putmask(m, b[None] > 0, x)", ValueError),
        ("np.compress([True, True, True, True], x)", IndexError),
        ("np.partition(x, 3)", ValueError),
        ("np.quantile(x[:0], 0.5)", IndexError),
        ("np.take_along_axis(m, np.zeros((2, 1), int), 1)", IndexError),
        ("np.nanargmax(x * np.nan)", ValueError),
        ("np.average(x, weights=x - x)", ZeroDivisionError),
    ],
)
def test_raises_what_numpy_raises(body: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        function(body)(*copies())
    with pytest.raises(error):
        interp.run(trace_of(body), *copies())


def bodies(*texts: str) -> list[str]:
    return [part.strip() for text in texts for line in text.strip().splitlines() for part in line.split(" | ")]


@pytest.mark.parametrize("body", bodies(UNSUPPORTED))
def test_refuses_what_it_cannot_do(body: str) -> None:
    with pytest.raises(UnsupportedError):
        trace_of(body)


@pytest.mark.parametrize("body", bodies(WRONG, WRONG_STATEMENTS))
def test_says_what_is_wrong(body: str) -> None:
    with pytest.raises(TypeInferenceError):
        trace_of(body)

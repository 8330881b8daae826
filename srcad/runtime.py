"""The helpers that generated code may call: about broadcasting and seeds, integers, determinants and what linear algebra takes,
spectra, aliases and lgamma.

They run as plain Python and inside compiled code. Compiled, they are specialised on the numbers of axes, which is why
their loops are written out as text: Numba cannot index with a tuple whose length it computes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numba.extending import intrinsic, overload, register_jitable

TOO_LARGE = "an integer does not fit into the 64 bits that compiled code has for it: compute with floats"
SHARED = "two array arguments share memory, and one of them is written into: pass a copy"


def broadcast_dim(n: int, m: int) -> int:
    """The size of an axis of which one operand has `n` and the other `m`.

    >>> broadcast_dim(1, 3)
    3
    """
    if n == m or m == 1:
        return n
    if n == 1:
        return m
    raise ValueError("operands could not be broadcast together")


def spans(n: int, m: int) -> bool:
    """Whether an axis of `n` elements spans one of `m` that it is broadcast to; if not, its only element is repeated.

    >>> spans(3, 3), spans(1, 3)
    (True, False)
    """
    if n == m or n == 1:
        return n == m
    raise ValueError("operands could not be broadcast together")


def expand(a: Any, *dims: int) -> Any:
    """`a` broadcast to the shape `dims`: `a` itself if that is its shape, else fresh memory.

    >>> expand(np.array([1.0, 2.0]), 2, 2)
    array([[1., 2.],
           [1., 2.]])
    """
    return a if a.shape == dims else np.broadcast_to(a, dims).copy()


def element(a: Any, *index: int) -> Any:
    """One element of an array as a view without axes: `a[index, ...]`, which Numba reads as the number.

    >>> a = np.zeros(2)
    >>> element(a, 1)[()] = 5.0
    >>> a
    array([0., 5.])
    """
    return a[(*index, ...)]


def of_shape(name: str, seed: Any, *dims: int) -> Any:
    """`seed` itself, which must have the shape `dims` of what it belongs to.

    >>> of_shape("x_dot", np.array([1.0, 2.0]), 2)
    array([1., 2.])
    """
    if seed.shape != dims:
        raise ValueError(f"{name} has the shape {seed.shape}, but what it belongs to has {dims}")
    return seed


def check_shape(name: str, out: Any, *dims: int) -> None:
    """Refuse a buffer, which is called that, of another shape than what will be written into it.

    >>> check_shape("out", np.zeros(2), 2)
    """
    if out.shape != dims:
        raise ValueError(f"{name} has the shape {out.shape}, but what is written into it has {dims}")


def reduce_like(g: Any, a: Any) -> Any:
    """`g` summed over the axes along which `a` was repeated to get the shape of `g`: `g` itself if none was.

    The caller gives `g` away: it is read no more.

    >>> reduce_like(np.ones((3, 2)), np.zeros((1, 2)))
    array([[3., 3.]])
    """
    if g.shape == a.shape:
        return g
    leading = g.ndim - a.ndim
    repeated = tuple(k for k in range(g.ndim) if k < leading or (a.shape[k - leading] == 1 and g.shape[k] != 1))
    return np.array(g.sum(axis=repeated)).reshape(a.shape)


def check_disjoint(a: Any, b: Any) -> None:
    """Refuse two arguments that may share memory, where one is written: its derivative would have to go through both.

    >>> check_disjoint(np.zeros(2), np.zeros(2))
    """
    if np.may_share_memory(a, b):
        raise ValueError(SHARED)


class SizeError(ValueError):
    """Arrays that meet have sizes that were taken to be equal. Derivatives called from Python are then generated anew."""


@register_jitable  # type: ignore[untyped-decorator]
def check_sizes(n: int, m: int) -> None:
    """Refuse arrays of different sizes, for which this code was not made (`srcad show --broadcast` makes code for them).

    >>> check_sizes(3, 3)
    """
    if n != m:
        raise SizeError("arrays that meet have different sizes, and this code is made for equal ones")


def checked_add(a: int, b: int) -> int:
    """a + b. Compiled, it raises OverflowError where the sum does not fit into 64 bits.

    >>> checked_add(2, 3)
    5
    """
    return a + b


def checked_sub(a: int, b: int) -> int:
    """a - b, likewise."""
    return a - b


def checked_mul(a: int, b: int) -> int:
    """a * b, likewise."""
    return a * b


@register_jitable  # type: ignore[untyped-decorator]
def checked_pow(a: int, n: int) -> int:
    """a**n for n >= 0, likewise.

    >>> checked_pow(-3, 5)
    -243
    """
    power = 1
    while n > 0:
        if n & 1:
            power = checked_mul(power, a)
        n >>= 1
        if n > 0:
            a = checked_mul(a, a)
    return power


@register_jitable  # type: ignore[untyped-decorator]
def checked_lshift(a: int, n: int) -> int:
    """a << n, likewise.

    >>> checked_lshift(3, 4)
    48
    """
    if n < 0:
        raise ValueError("negative shift count")
    return checked_mul(a, checked_pow(2, n)) if a != 0 else 0


@register_jitable  # type: ignore[untyped-decorator]
def checked_floordiv(a: int, b: int) -> int:
    """a // b, with Python's error for b = 0 in compiled code, too.

    >>> checked_floordiv(-7, 2)
    -4
    """
    if b == 0:
        raise ZeroDivisionError("integer division or modulo by zero")
    return a // b


@register_jitable  # type: ignore[untyped-decorator]
def checked_mod(a: int, b: int) -> int:
    """a % b, likewise.

    >>> checked_mod(-7, 2)
    1
    """
    if b == 0:
        raise ZeroDivisionError("integer modulo by zero")
    return a % b


@register_jitable  # type: ignore[untyped-decorator]
def to_int(x: float) -> int:
    """int(x), likewise; and ValueError for a NaN, as in Python.

    >>> to_int(-2.7)
    -2
    """
    if not abs(x) < 9223372036854775808.0:
        if x != x:
            raise ValueError("cannot convert float NaN to integer")
        raise OverflowError(TOO_LARGE)
    return int(x)


def polygamma(n: int, x: Any) -> Any:
    """The derivative of order n + 1 of log(gamma(x)), NaN at its poles (and where x is below -10000).

    The recurrence in x leads to where the asymptotic series is exact to rounding (Abramowitz & Stegun 6.4.6, 6.4.11).

    >>> round(polygamma(1, 1.0), 12)  # pi**2 / 6
    1.644934066848
    """
    value = _polygamma(int(n), float(x))
    return np.float32(value) if isinstance(x, np.float32) else value


@register_jitable  # type: ignore[untyped-decorator]
def _polygamma(n: int, x: float) -> float:
    if x < -10000.0 or (x <= 0.0 and x == np.floor(x)):
        return np.nan
    factorial = 1.0
    for k in range(2, n + 1):
        factorial *= k
    total = 0.0
    while x < 10.0 + n:
        total += factorial / x ** (n + 1)
        x += 1.0
    total += factorial / (2.0 * x ** (n + 1))
    total += factorial / (n * x**n) if n > 0 else -np.log(x)
    term = factorial * (n + 1) / (2.0 * x ** (n + 2))
    k = 2
    for bernoulli in (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510):
        total += bernoulli * term
        term *= (k + n) * (k + n + 1) / ((k + 1) * (k + 2) * x * x)
        k += 2
    return total if n % 2 else -total


def zeta(s: float, x: Any) -> Any:
    """Hurwitz's zeta function, the sum of (x + k)**-s over k >= 0, for s > 1 and x > 0; else NaN.

    The sum of its first terms, and of the rest by the formula of Euler and Maclaurin (DLMF 25.11.5, with 25.11.28's terms).

    >>> round(zeta(2.0, 1.0), 12)  # pi**2 / 6
    1.644934066848
    """
    value = _zeta(float(s), float(x))
    return np.float32(value) if isinstance(x, np.float32) else value


@register_jitable  # type: ignore[untyped-decorator]
def _zeta(s: float, x: float) -> float:
    if s == 1.0:
        return np.inf
    if not (s > 1.0 and x > 0.0):
        return np.nan
    total = 0.0
    while x < 12.0:
        total += x**-s
        x += 1.0
    total += x ** (1.0 - s) / (s - 1.0) + 0.5 * x**-s
    term = s * x ** (-s - 1.0)
    k = 1.0
    for coefficient in (1 / 12, -1 / 720, 1 / 30240, -1 / 1209600, 1 / 47900160, -691 / 1307674368000, 1 / 74724249600):
        total += coefficient * term
        term *= (s + k) * (s + k + 1.0) / (x * x)
        k += 2.0
    return float(total)


@register_jitable  # type: ignore[untyped-decorator]
def cofactors(a: Any, d: Any) -> Any:
    """The cofactors of a matrix whose determinant is `d`: from its inverse, or where it has none, from its singular values.

    >>> cofactors(np.array([[1.0, 2.0], [2.0, 4.0]]), 0.0).round(12) + 0.0
    array([[ 4., -2.],
           [-2.,  1.]])
    """
    out = np.empty(a.shape, a.dtype)
    if d != 0.0:
        out[:] = d * np.linalg.inv(a).T
        return out
    u, s, v = np.linalg.svd(a)
    sign = np.linalg.det(u) * np.linalg.det(v)
    u, v = np.conj(u), np.conj(v)
    for i in range(s.size):
        others = sign
        for j in range(s.size):
            if j != i:
                others *= s[j]
        for j in range(s.size):
            v[i, j] *= others
    out[:] = u @ v
    return out


@register_jitable  # type: ignore[untyped-decorator]
def is_invertible(a: Any) -> bool:
    """Whether `np.linalg.inv` and `solve` take the matrix: it is square, and LAPACK's LU (getrf) finds no pivot of exactly 0.

    >>> bool(is_invertible(np.array([[1.0, 2.0], [2.0, 4.0]])))
    False
    """
    if a.shape[0] != a.shape[1]:
        return False
    return bool(a.shape[0] == 0 or np.linalg.slogdet(a)[0] != 0.0)


@register_jitable  # type: ignore[untyped-decorator]
def is_positive_definite(a: Any) -> bool:
    """Whether `np.linalg.cholesky` takes the matrix: it is square, and all pivots, read from the lower triangle, are positive.

    >>> bool(is_positive_definite(np.array([[1.0, 2.0], [2.0, 4.0]])))
    False
    """
    n = a.shape[0]
    if a.shape[1] != n:
        return False
    out = np.zeros((n, n), a.dtype)
    for j in range(n):
        rest = a[j, j]
        for k in range(j):
            rest -= out[j, k] * out[j, k]
        if not rest > 0:
            return False
        out[j, j] = np.sqrt(rest)
        for i in range(j + 1, n):
            rest = a[i, j]
            for k in range(j):
                rest -= out[i, k] * out[j, k]
            out[i, j] = rest / out[j, j]
    return True


@register_jitable  # type: ignore[untyped-decorator]
def inverse_gaps(w: Any) -> Any:
    """The matrix of 1 / (w[j] - w[i]) with a diagonal of zeros, and NaN where others are equal to rounding.

    >>> inverse_gaps(np.array([1.0, 3.0, 3.0]))
    array([[ 0. ,  0.5,  0.5],
           [-0.5,  0. ,  nan],
           [-0.5,  nan,  0. ]])
    """
    out = np.zeros((w.size, w.size), w.dtype)
    if w.size == 0:
        return out
    rounding = w.size * np.finfo(w.dtype).eps * np.max(np.abs(w))
    for i in range(w.size):
        for j in range(w.size):
            if i != j:
                out[i, j] = 1 / (w[j] - w[i]) if abs(w[j] - w[i]) > rounding else np.nan
    return out


@register_jitable  # type: ignore[untyped-decorator]
def multiplicity(n: int, dtype: Any = np.float64) -> Any:
    """For how many of `n` frequencies each that `np.fft.rfft` gives stands: itself, and its conjugate if that is another.

    >>> multiplicity(4)
    array([1., 2., 1.])
    """
    out = np.full(n // 2 + 1, 2, dtype)
    out[0] = 1
    if n % 2 == 0:
        out[n // 2] = 1
    return out


@register_jitable  # type: ignore[untyped-decorator]
def ends(n: int, first: float, inside: float, last: float, dtype: Any = np.float64) -> Any:
    """`n` equal numbers, but for the first or the last one.

    >>> ends(4, 1.0, 2.0, 1.0)
    array([1., 2., 2., 1.])
    """
    out = np.full(n, inside, dtype)
    if last != inside:
        out[n - 1] = last
    if first != inside:
        out[0] = first
    return out


@register_jitable  # type: ignore[untyped-decorator]
def cofactors_along(a: Any, d: Any, v: Any) -> Any:
    """The derivative of the cofactors of `a` along `v`. Of a singular matrix u diag(s) w it is made from minors of diag(s):
    the diagonal of u^H v w^H meets products of all but two of s, and so does each other element, transposed.

    >>> cofactors_along(np.zeros((2, 2)), 0.0, np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([[ 4., -3.],
           [-2.,  1.]])
    """
    out = np.empty(a.shape, a.dtype)
    if d != 0.0:
        c = cofactors(a, d)
        out[:] = (np.sum(c * v) * c - c @ np.ascontiguousarray(v.T) @ c) / d
        return out
    u, s, w = np.linalg.svd(a)
    sign = np.linalg.det(u) * np.linalg.det(w)
    inner = np.conj(u.T) @ np.ascontiguousarray(v) @ np.conj(w.T)
    minor = np.zeros(a.shape, a.dtype)
    for i in range(s.size):
        for j in range(s.size):
            if i != j:
                others = sign
                for k in range(s.size):
                    if k != i and k != j:
                        others *= s[k]
                minor[i, i] += others * inner[j, j]
                minor[i, j] -= others * inner[j, i]
    out[:] = np.conj(u) @ minor @ np.conj(w)
    return out


# --- compiled --------------------------------------------------------------------------------------------------------


@overload(broadcast_dim, strict=False)  # type: ignore[untyped-decorator]
def _broadcast_dim(n: Any, m: Any) -> Any:
    def broadcast_dim(n: int, m: int) -> int:
        if n == m or m == 1:
            return n
        if n == 1:
            return m
        raise ValueError("operands could not be broadcast together")

    return broadcast_dim


@overload(spans, strict=False)  # type: ignore[untyped-decorator]
def _spans(n: Any, m: Any) -> Any:
    def spans(n: int, m: int) -> bool:
        if n == m or n == 1:
            return n == m
        raise ValueError("operands could not be broadcast together")

    return spans


@overload(expand, strict=False)  # type: ignore[untyped-decorator]
def _expand(a: Any, *dims: Any) -> Any:
    """Both ends of the `if` must have one type: where `a` itself may come back, the copy is laid out as `a` is."""
    (shape,) = dims if len(dims) == 1 and isinstance(dims[0], types.BaseTuple) else (dims,)
    ndim, letters = len(shape), [f"i{k}" for k in range(len(shape))]
    fortran = a.layout == "F" and a.ndim == ndim and ndim > 1
    alloc = "np.empty(dims[::-1], a.dtype).T" if fortran else "np.empty(dims, a.dtype)"
    lines = ["if a.shape == dims:", "    return a"] if a.ndim == ndim else []
    lines += [f"out = {alloc}", *_check(a.ndim, ndim)]
    lines += _loops(letters, "out", f"out[{', '.join(letters) or '()'}] = a[{_repeated(a.ndim, letters)}]")
    return _define("expand", "a, *dims", [*lines, "return out"])


@overload(element, strict=False)  # type: ignore[untyped-decorator]
def _element(a: Any, *index: Any) -> Any:
    count = len(index[0]) if len(index) == 1 and isinstance(index[0], types.BaseTuple) else len(index)
    lines: list[str] = []
    for k in range(count):
        lines += [
            f"i{k} = index[{k}] + a.shape[{k}] if index[{k}] < 0 else index[{k}]",
            f"if not 0 <= i{k} < a.shape[{k}]:",
            '    raise IndexError("index is out of bounds")',
        ]
    at = ", ".join(f"i{k}:" for k in range(count))
    return _define("element", "a, *index", [*lines, f"return np.lib.stride_tricks.as_strided(a[{at}], (), ())"])


@overload(of_shape, strict=False, prefer_literal=True)  # type: ignore[untyped-decorator]
def _of_shape(name: Any, seed: Any, *dims: Any) -> Any:
    text = name.literal_value if isinstance(name, types.StringLiteral) else "a seed"
    message = f"{text} has another shape than what it belongs to"
    lines = ["if seed.shape != dims:", f"    raise ValueError({message!r})", "return seed"]
    return _define("of_shape", "name, seed, *dims", lines)


@overload(check_shape, strict=False, prefer_literal=True)  # type: ignore[untyped-decorator]
def _check_shape(name: Any, out: Any, *dims: Any) -> Any:
    text = name.literal_value if isinstance(name, types.StringLiteral) else "out"
    message = f"{text} has another shape than what is written into it"
    return _define("check_shape", "name, out, *dims", ["if out.shape != dims:", f"    raise ValueError({message!r})"])


@overload(reduce_like, strict=False)  # type: ignore[untyped-decorator]
def _reduce_like(g: Any, a: Any) -> Any:
    letters = [f"i{k}" for k in range(g.ndim)]
    body = _loops(letters, "g", f"out[{_repeated(a.ndim, letters)}] += g[{', '.join(letters) or '()'}]")
    same = ["if g.shape == a.shape:", "    return g"] if g.ndim == a.ndim else []
    return _define("reduce_like", "g, a", [*same, "out = np.zeros(a.shape, g.dtype)", *body, "return out"])


def _checked(function: Any, operation: str) -> None:
    """Compiled, the processor's own flag tells whether the result fits."""

    @intrinsic  # type: ignore[untyped-decorator]
    def with_overflow(typing_context: Any, a: Any, b: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            both = getattr(builder, f"s{operation}_with_overflow")(*args)
            parts = [builder.extract_value(both, k) for k in range(2)]
            return context.make_tuple(builder, signature.return_type, parts)

        return types.Tuple((types.int64, types.boolean))(types.int64, types.int64), generate

    @overload(function, strict=False)  # type: ignore[untyped-decorator]
    def compiled(a: Any, b: Any) -> Any:
        def checked(a: int, b: int) -> int:
            result, overflow = with_overflow(a, b)
            if overflow:
                raise OverflowError(TOO_LARGE)
            return result  # type: ignore[no-any-return]

        return checked


_checked(checked_add, "add")
_checked(checked_sub, "sub")
_checked(checked_mul, "mul")


@overload(check_disjoint, strict=False)  # type: ignore[untyped-decorator]
def _check_disjoint(a: Any, b: Any) -> Any:
    def check_disjoint(a: Any, b: Any) -> None:
        if a.size > 0 and b.size > 0:
            low, high = _bounds(a)
            other_low, other_high = _bounds(b)
            if low < other_high and other_low < high:
                raise ValueError(SHARED)

    return check_disjoint


@register_jitable  # type: ignore[untyped-decorator]
def _bounds(a: Any) -> tuple[int, int]:
    """The addresses of an array's first byte and of the one after its last."""
    low = high = a.ctypes.data
    for n, stride in zip(a.shape, a.strides):  # noqa: B905 - Numba knows no strict=
        if stride < 0:
            low += (n - 1) * stride
        else:
            high += (n - 1) * stride
    return low, high + a.itemsize


def _repeated(ndim: int, letters: list[str]) -> str:
    """The index into an array of `ndim` axes, aligned at the last, that stays at 0 along axes of size 1."""
    own = letters[len(letters) - ndim :]
    return ", ".join(f"{i} if a.shape[{k}] != 1 else 0" for k, i in enumerate(own)) or "()"


def _check(ndim: int, wanted: int) -> list[str]:
    """Statements that refuse what does not broadcast, as NumPy does."""
    pairs = [f"a.shape[{k}] != 1 and a.shape[{k}] != dims[{wanted - ndim + k}]" for k in range(ndim)]
    refuse = '    raise ValueError("operands could not be broadcast together")'
    return [line for pair in pairs for line in (f"if {pair}:", refuse)]


def _loops(letters: list[str], array: str, statement: str) -> list[str]:
    lines = [f"{'    ' * k}for {i} in range({array}.shape[{k}]):" for k, i in enumerate(letters)]
    return [*lines, "    " * len(letters) + statement]


def _define(name: str, params: str, lines: list[str]) -> Any:
    body = "".join(f"    {line}\n" for line in lines)
    namespace: dict[str, Any] = {"np": np}
    exec(f"def {name}({params}):\n{body}", namespace)
    return namespace[name]


def _of_numbers(function: Any, double: Any, first: Any) -> None:
    """Compiled, a function of two numbers is one of doubles, and gives a float32 for one as its second."""

    @overload(function, strict=False)  # type: ignore[untyped-decorator]
    def compiled(n: Any, x: Any) -> Any:
        if x == types.float32:
            return lambda n, x: np.float32(double(first(n), np.float64(x)))
        return lambda n, x: double(first(n), np.float64(x))


_of_numbers(polygamma, _polygamma, int)
_of_numbers(zeta, _zeta, np.float64)

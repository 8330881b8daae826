"""What floats are to the machine: operations on their bits, and roundings that can be told.

Each is defined twice: in NumPy, for arrays, which says what it means, and as the instructions that Numba compiles it to, none of
which is a branch or a call. So a function that is made of them can be vectorised by LLVM with the loop that calls it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import lower_builtin, type_callable

#: Bits of the mantissa, and bits of the number one, by the number of bits.
MANTISSA = {64: 52, 32: 23}
ONE = {64: 0x3FF << 52, 32: 0x7F << 23}
ROOT = {64: 0x3FE6A09E667F3BCD, 32: 0x3F3504F3}  #: the square root of one half


def _width(x: Any) -> int:
    return int(x.dtype.itemsize) * 8


def _bits(x: Any) -> Any:
    return x.view(f"u{x.dtype.itemsize}")


def _floats(u: Any) -> Any:
    return u.view(f"f{u.dtype.itemsize}")


def _unsigned(value: int, x: Any) -> Any:
    return np.dtype(f"u{x.dtype.itemsize}").type(value)


# --- in NumPy ---------------------------------------------------------------------------------------------------------------


def select(condition: Any, yes: Any, no: Any) -> Any:
    """One of two numbers that are both computed."""
    return np.where(condition, yes, no)


def mad(a: Any, b: Any, c: Any) -> Any:
    """a * b + c, rounded once or twice: as is faster."""
    return a * b + c


def converted(x: Any, like: Any) -> Any:
    """x as a number of the other's type."""
    return x.astype(like.dtype)


def with_sign(x: Any, sign: Any) -> Any:
    """x with the sign of the other."""
    return np.copysign(x, sign)


def polynomial(x: Any, coefficients: Any) -> Any:
    """The value of the polynomial, lowest coefficient first; even and odd powers apart, which halves the chain of operations."""
    return mad(x, _horner(x * x, coefficients[1::2]), _horner(x * x, coefficients[0::2]))


def _horner(x: Any, coefficients: Any) -> Any:
    value = coefficients[-1]
    for c in coefficients[-2::-1]:
        value = mad(value, x, c)
    return value


def rounding_error(a: Any, b: Any, product: Any) -> Any:
    """a * b - product, where the product is a * b rounded: exact, unless that is very large or tiny (Dekker 1971)."""
    a_high, b_high = _high(a), _high(b)
    a_low, b_low = a - a_high, b - b_high
    return ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low


def _high(x: Any) -> Any:
    """x rounded towards zero to half of the bits."""
    half = (MANTISSA[_width(x)] + 1) // 2 + 1
    return _floats(_bits(x) >> half << half)


def power_of_two(n: Any) -> Any:
    """2**n, where n is an integer that was added to the magic number 1.5 * 2**52 (1.5 * 2**23 for float32): it stands in the
    low bits then."""
    return _floats((_bits(n) << _unsigned(MANTISSA[_width(n)], n)) + _unsigned(ONE[_width(n)], n))


def has_bit(n: Any, bit: int) -> Any:
    """Whether this bit is set in an integer that was added to the magic number."""
    return (_bits(n) >> bit) & 1 == 1


def exponent(x: Any) -> Any:
    """The integer k for which x / 2**k is in [sqrt(1/2), sqrt(2)), as a float, for positive normal x."""
    width, mantissa = _width(x), _unsigned(MANTISSA[_width(x)], x)
    magic = ONE[width] + (MANTISSA[width] << MANTISSA[width])  # the bits of 2**52
    biased = (_bits(x) + _unsigned(ONE[width] - ROOT[width], x)) >> mantissa
    shift = x.dtype.type(2 ** MANTISSA[width] + (ONE[width] >> MANTISSA[width]))
    return _floats(biased | _unsigned(magic, x)) - shift


def significand(x: Any) -> Any:
    """x / 2**k in [sqrt(1/2), sqrt(2)), for positive normal x."""
    width = _width(x)
    low = (_bits(x) + _unsigned(ONE[width] - ROOT[width], x)) & _unsigned(2 ** MANTISSA[width] - 1, x)
    return _floats(low + _unsigned(ROOT[width], x))


# --- compiled ---------------------------------------------------------------------------------------------------------------


def _compiled(function: Callable[..., Any], typer: Callable[..., Any], *kinds: Any) -> Callable[..., Any]:
    """Register how Numba compiles the function: `typer` gives the result's type, what is decorated the instructions."""
    type_callable(function)(lambda context: typer)

    def register(lowering: Callable[..., Any]) -> Callable[..., Any]:
        def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            return lowering(_Code(context, builder), *args)

        lower_builtin(function, *kinds)(lower)
        return lowering

    return register


class _Code:
    """An LLVM builder, with what is needed here in terms of a float's width."""

    def __init__(self, context: Any, builder: Any) -> None:
        self.context, self.builder = context, builder

    @staticmethod
    def width(x: Any) -> int:
        return 64 if x.type == ir.DoubleType() else 32

    def bits(self, x: Any) -> Any:
        return self.builder.bitcast(x, ir.IntType(self.width(x)))

    def floats(self, u: Any) -> Any:
        return self.builder.bitcast(u, ir.DoubleType() if u.type.width == 64 else ir.FloatType())

    def call(self, intrinsic: str, *args: Any) -> Any:
        type = args[0].type
        function = self.builder.module.declare_intrinsic(intrinsic, [type], ir.FunctionType(type, [type] * len(args)))
        return self.builder.call(function, args)

    def has_fma(self) -> bool:
        """Whether the machine has an instruction for a product and a sum, rounded once."""
        triple, _, features = self.context.codegen().magic_tuple()
        return "+fma" in features.split(",") or str(triple).startswith(("aarch64", "arm64"))


def _one(x: Any) -> Any:
    return x


def _two(x: Any, y: Any) -> Any:
    return x if x == y else None


def _three(x: Any, y: Any, z: Any) -> Any:
    return x if x == y == z else None


_FLOATS = (types.Float,) * 3


@_compiled(select, lambda condition, yes, no: yes if yes == no else None, types.Boolean, types.Any, types.Any)
def _select(code: _Code, condition: Any, yes: Any, no: Any) -> Any:
    return code.builder.select(condition, yes, no)


@_compiled(mad, _three, *_FLOATS)
def _mad(code: _Code, a: Any, b: Any, c: Any) -> Any:
    return code.call("llvm.fmuladd", a, b, c)


@_compiled(with_sign, _two, *_FLOATS[:2])
def _with_sign(code: _Code, x: Any, sign: Any) -> Any:
    return code.call("llvm.copysign", x, sign)


@_compiled(converted, lambda x, like: like if isinstance(like, types.Float) else None, types.Float, types.Float)
def _converted(code: _Code, x: Any, like: Any) -> Any:
    if x.type == like.type:
        return x
    return code.builder.fptrunc(x, like.type) if code.width(x) == 64 else code.builder.fpext(x, like.type)


@_compiled(polynomial, lambda x, coefficients: x, types.Float, types.UniTuple)
def _polynomial(code: _Code, x: Any, coefficients: Any) -> Any:
    square = code.builder.fmul(x, x)
    count = coefficients.type.count

    def horner(powers: range) -> Any:
        *rest, last = (code.builder.extract_value(coefficients, k) for k in powers)
        for c in reversed(rest):
            last = code.call("llvm.fmuladd", last, square, c)
        return last

    return code.call("llvm.fmuladd", x, horner(range(1, count, 2)), horner(range(0, count, 2)))


@_compiled(rounding_error, _three, *_FLOATS)
def _rounding_error(code: _Code, a: Any, b: Any, product: Any) -> Any:
    builder = code.builder
    if code.has_fma():
        return code.call("llvm.fma", a, b, builder.fneg(product))

    def halves(x: Any) -> tuple[Any, Any]:
        u = code.bits(x)
        dropped = 2 ** ((MANTISSA[code.width(x)] + 1) // 2 + 1) - 1
        high = code.floats(builder.and_(u, u.type(2**u.type.width - 1 - dropped)))
        return high, builder.fsub(x, high)

    (a_high, a_low), (b_high, b_low) = halves(a), halves(b)
    error = builder.fsub(builder.fmul(a_high, b_high), product)
    error = builder.fadd(error, builder.fmul(a_high, b_low))
    error = builder.fadd(error, builder.fmul(a_low, b_high))
    return builder.fadd(error, builder.fmul(a_low, b_low))


@_compiled(power_of_two, _one, types.Float)
def _power_of_two(code: _Code, n: Any) -> Any:
    u = code.bits(n)
    width = u.type.width
    return code.floats(code.builder.add(code.builder.shl(u, u.type(MANTISSA[width])), u.type(ONE[width])))


@_compiled(has_bit, lambda n, bit: types.boolean, types.Float, types.Integer)
def _has_bit(code: _Code, n: Any, bit: Any) -> Any:
    u = code.bits(n)
    bit = code.builder.zext(bit, u.type) if bit.type.width < u.type.width else code.builder.trunc(bit, u.type)
    mask = code.builder.shl(u.type(1), bit)
    return code.builder.icmp_unsigned("!=", code.builder.and_(u, mask), u.type(0))


@_compiled(exponent, _one, types.Float)
def _exponent(code: _Code, x: Any) -> Any:
    builder, u = code.builder, code.bits(x)
    width, mantissa = u.type.width, MANTISSA[u.type.width]
    biased = builder.lshr(builder.add(u, u.type(ONE[width] - ROOT[width])), u.type(mantissa))
    found = code.floats(builder.or_(biased, u.type(ONE[width] + (mantissa << mantissa))))
    return builder.fsub(found, found.type(float(2**mantissa + (ONE[width] >> mantissa))))


@_compiled(significand, _one, types.Float)
def _significand(code: _Code, x: Any) -> Any:
    builder, u = code.builder, code.bits(x)
    width = u.type.width
    low = builder.and_(builder.add(u, u.type(ONE[width] - ROOT[width])), u.type(2 ** MANTISSA[width] - 1))
    return code.floats(builder.add(low, u.type(ROOT[width])))

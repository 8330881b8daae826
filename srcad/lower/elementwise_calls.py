"""Elementwise functions of NumPy, math and scipy.special, by their many names."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from srcad.ir import Atom, Const, Var, const
from srcad.lower import library
from srcad.lower.arguments import written
from srcad.lower.casts import adapted, cast, dtype_of, is_array, kind_of, whole
from srcad.lower.failures import check_integer, check_math
from srcad.lower.known import FALSE, NONE, TRUE, ZERO, flag, is_known, is_none
from srcad.lower.layouts import VIEWED
from srcad.lower.operands import kept_operand, operand
from srcad.lower.operators import arithmetic, binary, fold, unary
from srcad.lower.registry import METHODS, Lowering, lowers
from srcad.lower.shapes import alloc, dims
from srcad.lower.values import Context, Obj, Value
from srcad.ops import ELEMENTWISE

#: NumPy's functions that are called as their op is.
SAME = """sqrt cbrt exp exp2 expm1 log log2 log10 log1p sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh arccosh
    arctanh floor ceil trunc rint deg2rad rad2deg arctan2 hypot copysign logaddexp logaddexp2 fmod maximum minimum fmax
    fmin sign isnan isinf isfinite"""
NUMPY = {name: name for name in SAME.split()} | {"degrees": "rad2deg", "radians": "deg2rad", "fix": "trunc"}

SAME_IN_MATH = """sqrt cbrt exp exp2 expm1 log2 log10 log1p sin cos tan sinh cosh tanh copysign fmod erf erfc
    gamma lgamma isnan isinf isfinite"""
MATH = {name: name for name in SAME_IN_MATH.split()} | {
    "asin": "arcsin",
    "acos": "arccos",
    "atan": "arctan",
    "asinh": "arcsinh",
    "acosh": "arccosh",
    "atanh": "arctanh",
    "atan2": "arctan2",
    "degrees": "rad2deg",
    "radians": "deg2rad",
    "fabs": "abs",
}

#: What is defined for complex numbers as well.
HOLOMORPHIC = """sqrt exp exp2 expm1 log log2 log10 log1p sin cos tan sinh cosh tanh arcsin arccos arctan arcsinh arccosh
    arctanh isnan isinf isfinite"""
COMPLEX = frozenset(HOLOMORPHIC.split())


def elementwise(ctx: Context, op: str, *args: Value, **attrs: Any) -> Atom:
    """An op of the table on checked operands, where NumPy's integers and booleans need no care."""
    x, *rest = [operand(ctx, arg, op) for arg in args]
    kinds = {kind_of(atom) for atom in (x, *rest)}
    if op in ("floor", "ceil", "trunc") and kinds <= set("biu"):
        return ctx.b.op("copy", x) if is_array(x) else x
    if op == "fmod" and kinds <= set("biu"):
        ctx.refuse("fmod of integers is not supported", "use % or convert to float")
    if op in ("abs", "sign") and kinds == {"b"}:
        x = cast(ctx, x, "int64")
    if op in ("maximum", "minimum", "fmax", "fmin") and kinds == {"b"}:
        op = "or" if op.endswith("max") or op == "maximum" else "and"
    if op == "abs" and kinds == {"c"}:
        return ctx.b.op("hypot", ctx.b.op("real", x), ctx.b.op("imag", x))
    if op == "sign" and kinds == {"c"}:
        return operand(ctx, ctx.call(Obj(library.direction), [x], {}))
    if "c" in kinds and op not in COMPLEX:
        ctx.refuse(f"{op} of complex numbers is not supported", "compute the real and imaginary parts separately")
    return ctx.b.op(op, *adapted(ctx, x, *rest), **attrs)


def of_numpy(op: str) -> Lowering:
    if ELEMENTWISE[op].arity == 1:
        return lambda ctx, x, /, out=NONE, *, where=TRUE: written(ctx, elementwise(ctx, op, x), out, where)
    return lambda ctx, x, y, /, out=NONE, *, where=TRUE: written(ctx, elementwise(ctx, op, x, y), out, where)


def _of_math(op: str, function: Callable[..., Any]) -> Lowering:
    """math's functions take numbers only; of literals they are literals."""

    def lowering(ctx: Context, *args: Value) -> Value:
        if all(map(is_known, args)) and (folded := fold(ctx, function, *args)) is not None:
            return folded
        numbers = [math_operand(ctx, function, arg) for arg in args]
        numbers = [pythons_float(ctx, x) if op == "abs" or kind_of(x) == "f" else x for x in numbers]
        raises = {"raises": True} if check_math(ctx, op, *numbers) else {}
        result = elementwise(ctx, op, *numbers, **raises)
        ctx.belongs(result, python=True)
        return result

    if ELEMENTWISE[op].arity == 1:
        return lambda ctx, x, /: lowering(ctx, x)
    return lambda ctx, x, y, /: lowering(ctx, x, y)


def pythons_float(ctx: Context, atom: Atom) -> Atom:
    """The number as math's functions take it; those of a GPU compute in the precision that they are given."""
    return atom if ctx.in_kernel and kind_of(atom) == "f" else cast(ctx, atom, "float64")


def math_operand(ctx: Context, function: Callable[..., Any], value: Value) -> Atom:
    called = function.__name__ if function.__module__ == "builtins" else f"math.{function.__name__}"
    atom = operand(ctx, value, called)
    if is_array(atom):
        ctx.type_error(f"{called} takes a number, not an array", f"use np.{function.__name__}")
    return atom


for _name, _op in NUMPY.items():
    lowers(getattr(np, _name))(of_numpy(_op))
lowers(np.abs, np.fabs)(of_numpy("abs"))
for _name, _op in MATH.items():
    lowers(getattr(math, _name))(_of_math(_op, getattr(math, _name)))


# --- arithmetic and comparisons by name -------------------------------------------------------------------------------

OPERATORS = {
    "add": "add",
    "subtract": "sub",
    "multiply": "mul",
    "divide": "div",
    "floor_divide": "floordiv",
    "remainder": "mod",
    "power": "pow",
    "bitwise_and": "bitand",
    "bitwise_or": "bitor",
    "bitwise_xor": "bitxor",
    "left_shift": "lshift",
    "right_shift": "rshift",
}
COMPARISONS = {
    "greater": "gt",
    "greater_equal": "ge",
    "less": "lt",
    "less_equal": "le",
    "equal": "eq",
    "not_equal": "ne",
}


def _arithmetic(op: str) -> Lowering:
    def lowering(ctx: Context, x: Value, y: Value, /, out: Value = NONE, *, where: Value = TRUE) -> Value:
        return written(ctx, arithmetic(ctx, op, operand(ctx, x), operand(ctx, y)), out, where)

    return lowering


for _name, _op in OPERATORS.items():
    lowers(getattr(np, _name))(_arithmetic(_op))
for _name, _op in COMPARISONS.items():
    lowers(getattr(np, _name))(lambda ctx, x, y, /, op=_op: ctx.b.op(op, operand(ctx, x), operand(ctx, y)))


@lowers(np.negative)
def _negative(ctx: Context, x: Value, /, out: Value = NONE, *, where: Value = TRUE) -> Value:
    return written(ctx, unary(ctx, "neg", operand(ctx, x)), out, where)


@lowers(np.positive)
def _positive(ctx: Context, x: Value, /) -> Value:
    return unary(ctx, "pos", operand(ctx, x))


@lowers(np.square)
def square(ctx: Context, x: Value, /, out: Value = NONE, *, where: Value = TRUE) -> Value:
    atom = operand(ctx, x)
    return written(ctx, arithmetic(ctx, "mul", atom, atom), out, where)


@lowers(np.reciprocal)
def _reciprocal(ctx: Context, x: Value, /) -> Value:
    atom = operand(ctx, x)
    if kind_of(atom) not in "fc":
        ctx.refuse("np.reciprocal of integers is not supported", "write 1 / x")
    return ctx.b.op("div", const(1.0), atom)


@lowers(math.pow)
def _math_pow(ctx: Context, x: Value, y: Value, /) -> Value:
    if is_known(x) and is_known(y) and (folded := fold(ctx, math.pow, x, y)) is not None:
        return folded
    base, power = math_operand(ctx, math.pow, x), math_operand(ctx, math.pow, y)
    if "c" in kind_of(base) + kind_of(power):
        ctx.refuse("pow of complex numbers is not supported", "write x ** y")
    power = pythons_float(ctx, power) if kind_of(power) == "f" else power
    base = pythons_float(ctx, base)
    raises = check_math(ctx, "pow", base, power)
    result = ctx.b.op("pow", base, power, raises=True) if raises else ctx.b.op("pow", base, power)
    ctx.belongs(result, python=True)
    return result


@lowers(np.float_power)
def _float_power(ctx: Context, x: Value, y: Value, /) -> Value:
    if is_known(x) and is_known(y) and (folded := fold(ctx, math.pow, x, y)) is not None:
        return folded
    base, power = operand(ctx, x), operand(ctx, y)
    return ctx.b.op("pow", base if kind_of(base) in "fc" else cast(ctx, base, "float64"), power)


@lowers(math.log)
def _log(ctx: Context, x: Value, base: Value = NONE, /) -> Value:
    args = [x] if is_none(base) else [x, base]
    if all(map(is_known, args)) and (folded := fold(ctx, math.log, *args)) is not None:
        return folded
    logs = [_of_math("log", math.log)(ctx, arg) for arg in args]
    return logs[0] if is_none(base) else binary(ctx, "div", *logs)


def _to_integer(op: str, function: Callable[[float], int]) -> None:
    @lowers(function)
    def lowering(ctx: Context, x: Value, /) -> Value:
        if is_known(x) and (folded := fold(ctx, function, x)) is not None:
            return folded
        number = math_operand(ctx, function, x)
        check_integer(ctx, number)
        result = whole(ctx, elementwise(ctx, op, number))
        ctx.belongs(result, python=True)
        return result


for _op in ("floor", "ceil", "trunc"):
    _to_integer(_op, getattr(math, _op))


# --- complex numbers --------------------------------------------------------------------------------------------------


@lowers(np.real)
def real(ctx: Context, x: Value, /) -> Value:
    atom = kept_operand(ctx, x)
    return _part(ctx, "real", operand(ctx, atom)) if kind_of(atom) == "c" else atom


@lowers(np.imag)
def imag(ctx: Context, x: Value, /) -> Value:
    """The imaginary part; of real numbers a zero (an array of them, which is fresh)."""
    atom = operand(ctx, x)
    if kind_of(atom) == "c":
        return _part(ctx, "imag", atom)
    zero = cast(ctx, ZERO, dtype_of(atom))
    return alloc(ctx, dims(ctx, atom), dtype_of(atom), "zeros") if is_array(atom) else zero


def _part(ctx: Context, name: str, atom: Atom) -> Var:
    part: Var = ctx.b.op(name, atom)
    if is_array(atom):
        VIEWED.add(part)
    return part


@lowers(np.conjugate)
def conjugate(ctx: Context, x: Value, /) -> Value:
    atom = operand(ctx, x)
    return ctx.b.op("conj", atom) if kind_of(atom) == "c" else unary(ctx, "pos", atom)


@lowers(method="conj")
def _conj(ctx: Context, x: Value, /) -> Value:
    """NumPy's method gives a real array itself, not a copy."""
    atom = operand(ctx, x)
    return conjugate(ctx, atom) if kind_of(atom) == "c" else atom


METHODS["conjugate"] = _conj


@lowers(np.angle)
def _angle(ctx: Context, z: Value, deg: Value = FALSE) -> Value:
    atom = operand(ctx, z)
    if kind_of(atom) != "c":
        atom = cast(ctx, atom, "complex64" if dtype_of(atom) == "float32" else "complex128")
    angle = ctx.b.op("arctan2", ctx.b.op("imag", atom), ctx.b.op("real", atom))
    return ctx.b.op("rad2deg", angle) if flag(ctx, deg, "deg=") else angle


lowers(np.iscomplexobj)(lambda ctx, x: const(kind_of(operand(ctx, x)) == "c"))
lowers(np.isrealobj)(lambda ctx, x: const(kind_of(operand(ctx, x)) != "c"))
lowers(np.isreal)(lambda ctx, x: ctx.b.op("eq", operand(ctx, imag(ctx, x)), ZERO))
lowers(np.iscomplex)(lambda ctx, x: ctx.b.op("ne", operand(ctx, imag(ctx, x)), ZERO))


@lowers(np.isscalar)
def _isscalar(ctx: Context, element: Value) -> Value:
    return const(isinstance(element, Var | Const) and not is_array(element))


@lowers(complex)
def _complex(ctx: Context, real: Value = ZERO, imag: Value = NONE, /) -> Value:
    parts = [real] if is_none(imag) else [real, imag]
    if all(map(is_known, parts)) and (folded := fold(ctx, complex, *parts)) is not None:
        return folded
    atoms = [math_operand(ctx, complex, part) for part in parts]
    if len(atoms) == 1:
        return cast(ctx, atoms[0], "complex128")
    if "c" in {kind_of(atom) for atom in atoms}:
        ctx.refuse("complex() of two numbers that are complex themselves", "write a + 1j * b")
    return ctx.b.op("complex", *[cast(ctx, atom, "float64") for atom in atoms])

"""scipy.special's names, for what the table of elementwise ops has or what is put together from it."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable
from typing import Any

from srcad.ir import Var, const
from srcad.lower.arguments import written
from srcad.lower.casts import dtype_of
from srcad.lower.choice_calls import where
from srcad.lower.comparisons import compare
from srcad.lower.elementwise_calls import elementwise, of_numpy
from srcad.lower.known import FALSE, NONE, TRUE, ZERO, flag, is_none
from srcad.lower.operands import operand
from srcad.lower.operators import binary, unary
from srcad.lower.reduction_calls import reduction
from srcad.lower.registry import lowers
from srcad.lower.values import Context, Obj, Tup, Value
from srcad.ops import SPECIAL as SCIPY

SAME = "erf erfc gamma expm1 log1p cbrt exp2"
SPECIAL = {name: name for name in SAME.split()} | {"gammaln": "lgamma"}


def special_functions(module: Any) -> None:
    """scipy.special's names for what the table has; called once SciPy is there."""
    for name, op in SPECIAL.items():
        lowers(getattr(module, name))(of_numpy(op))
    for name, arity in SCIPY.items():
        lowers(getattr(module, name))(_of_scipy(name, arity))
    for name in ("psi", "digamma"):
        lowers(getattr(module, name))(_ufunc(_digamma))
    lowers(module.polygamma)(_polygamma)
    lowers(module.expit)(_ufunc(expit))
    lowers(module.log_expit)(_ufunc(_log_expit))
    lowers(module.logit)(_ufunc(_logit))
    lowers(module.logsumexp)(_logsumexp)
    lowers(module.softmax)(_softmax)
    lowers(module.log_softmax)(_log_softmax)
    lowers(module.zeta)(_zeta)
    lowers(module.comb)(_comb)
    lowers(module.round)(of_numpy("rint"))
    from srcad.lower import special_library

    for name, function in inspect.getmembers(special_library, inspect.isfunction):
        lowers(getattr(module, name))(_by_library(function))


def _by_library(function: Callable[..., Any]) -> Any:
    """The lowering of a function that is written out."""

    @functools.wraps(function)
    def lowering(ctx: Context, *args: Value) -> Value:
        return ctx.call(Obj(function), args, {})

    del lowering.__wrapped__
    return lowering


def _zeta(ctx: Context, x: Value, q: Value = NONE) -> Value:
    return elementwise(ctx, "zeta", x, const(1.0) if is_none(q) else q)


def _comb(ctx: Context, N: Value, k: Value, *, exact: Value = FALSE, repetition: Value = FALSE) -> Value:
    if flag(ctx, exact, "exact=") or flag(ctx, repetition, "repetition="):
        ctx.refuse("exact= and repetition= are not supported", "use math.comb")
    return elementwise(ctx, "binom", N, k)


def expit(ctx: Context, x: Value, /, **attrs: Any) -> Value:
    """From the power of -|x|, which does not overflow, nor do the derivatives."""
    positive = compare(ctx, "ge", x, ZERO)
    power = elementwise(ctx, "exp", where(ctx, positive, unary(ctx, "neg", x), x), **attrs)
    upper = binary(ctx, "div", const(1.0), binary(ctx, "add", const(1.0), power))
    return where(ctx, positive, upper, binary(ctx, "mul", power, upper))


def _ufunc(formula: Callable[[Context, Value], Value]) -> Any:
    """The lowering of a formula that has a ufunc's out= and where=."""

    def lowering(ctx: Context, x: Value, /, out: Value = NONE, *, where: Value = TRUE) -> Value:
        return written(ctx, formula(ctx, x), out, where)

    return lowering


def _of_scipy(op: str, arity: int) -> Any:
    """The lowering of a function that is called as its op is, with that many arguments."""

    def lowering(ctx: Context, *args: Value, out: Value = NONE, where: Value = TRUE) -> Value:
        if len(args) != arity:
            ctx.type_error(f"scipy.special.{op} takes {arity} arguments, and {len(args)} were given")
        return written(ctx, elementwise(ctx, op, *args), out, where)

    return lowering


def _digamma(ctx: Context, x: Value, /) -> Value:
    return elementwise(ctx, "polygamma", ZERO, x)


def _polygamma(ctx: Context, n: Value, x: Value, /) -> Value:
    return elementwise(ctx, "polygamma", n, x)


def _log_expit(ctx: Context, x: Value, /) -> Value:
    return unary(ctx, "neg", elementwise(ctx, "logaddexp", const(0.0), unary(ctx, "neg", x)))


def _logit(ctx: Context, x: Value, /) -> Value:
    odds = binary(ctx, "div", x, binary(ctx, "sub", const(1.0), x))
    return elementwise(ctx, "log", odds)


def _largest(ctx: Context, a: Value, axis: Value, keepdims: Value) -> Value:
    """What powers are shifted by, so that none overflows. The result does not depend on it: it has no derivative."""
    largest = reduction(ctx, "max", a, axis, keepdims)
    return ctx.b.op("stop_gradient", largest) if isinstance(largest, Var) else largest


def _logsumexp(
    ctx: Context, a: Value, axis: Value = NONE, b: Value = NONE, keepdims: Value = FALSE, return_sign: Value = FALSE
) -> Value:
    """b are weights, and what has none counts as absent. With return_sign the logarithm is that of the magnitude, and the sign
    is beside it. A sum of nothing but exp(-inf) does not depend on its terms."""
    weighted = not is_none(b)
    absent = compare(ctx, "eq", b, ZERO) if weighted else NONE
    present = where(ctx, absent, const(-math.inf), a) if weighted else a
    shift = _shift(ctx, present, axis, const(not is_none(axis)))
    exponents = binary(ctx, "sub", a, shift)
    if weighted:
        limit = const(88.0 if dtype_of(operand(ctx, exponents, "logsumexp")) == "float32" else 709.0)
        small = where(ctx, compare(ctx, "le", exponents, limit), exponents, const(-math.inf))
        exponents = where(ctx, absent, small, exponents)
    powers = elementwise(ctx, "exp", exponents)
    terms = binary(ctx, "mul", b, powers) if weighted else powers
    total = reduction(ctx, "sum", terms, axis, keepdims)
    signed = flag(ctx, return_sign, "return_sign=")
    logarithm = elementwise(ctx, "log", elementwise(ctx, "abs", total) if signed else total)
    summed = where(ctx, compare(ctx, "eq", total, ZERO), const(-math.inf), logarithm)
    shifted = binary(
        ctx, "add", summed, shift if is_none(axis) or keepdims == TRUE else _shift(ctx, present, axis, FALSE)
    )
    return Tup((shifted, elementwise(ctx, "sign", total))) if signed else shifted


def _shift(ctx: Context, a: Value, axis: Value, keepdims: Value) -> Value:
    """The largest, where it can be subtracted."""
    largest = _largest(ctx, a, axis, keepdims)
    return where(ctx, elementwise(ctx, "isfinite", largest), largest, const(0.0))


def _log_softmax(ctx: Context, x: Value, axis: Value = NONE) -> Value:
    return binary(ctx, "sub", x, _logsumexp(ctx, x, axis, keepdims=const(not is_none(axis))))


def _softmax(ctx: Context, x: Value, axis: Value = NONE) -> Value:
    keep = const(not is_none(axis))
    powers = elementwise(ctx, "exp", binary(ctx, "sub", x, _largest(ctx, x, axis, keep)))
    return binary(ctx, "div", powers, reduction(ctx, "sum", powers, axis, keep))

"""Operators: arithmetic, and what `x += v` does in place. Comparisons and truth are in comparisons.py."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from srcad.ir import Atom, Const, Var, const
from srcad.lower.casts import adapted, cast, dtype_of, is_array, kind_of, ndim_of, stored
from srcad.lower.comparisons import compare, truth
from srcad.lower.failures import PRODUCTS, Claim, check_arithmetic, check_booleans, may_be
from srcad.lower.guards import guard, present
from srcad.lower.known import ZERO, describe, is_known, known_int, lift, python
from srcad.lower.operands import operand
from srcad.lower.shapes import READ_ONLY, dim, view
from srcad.lower.values import Context, NeverReturns, Seq, Tup, Value
from srcad.lower.weak import least_of, note, weak_type
from srcad.ops import promote

__all__ = ["augmented", "binary", "compare", "guard", "truth", "unary"]

#: How Python writes and computes each binary operator.
BINARY: dict[str, tuple[str, Callable[[Any, Any], Any]]] = {
    "add": ("+", operator.add),
    "sub": ("-", operator.sub),
    "mul": ("*", operator.mul),
    "div": ("/", operator.truediv),
    "floordiv": ("//", operator.floordiv),
    "mod": ("%", operator.mod),
    "pow": ("**", operator.pow),
    "matmul": ("@", operator.matmul),
    "bitand": ("&", operator.and_),
    "bitor": ("|", operator.or_),
    "bitxor": ("^", operator.xor),
    "lshift": ("<<", operator.lshift),
    "rshift": (">>", operator.rshift),
}
UNARY: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "neg": ("-", operator.neg),
    "pos": ("+", operator.pos),
    "invert": ("~", operator.invert),
}


def binary(ctx: Context, op: str, a: Value, b: Value) -> Value:
    a, b = present(ctx, a), present(ctx, b)
    if is_known(a) and is_known(b):
        if (folded := fold(ctx, BINARY[op][1], a, b)) is not None:
            return folded
    elif (joined := _sequence(op, a, b)) is not None:
        return joined
    if op == "matmul":
        from srcad.lower.linalg_calls import matmul

        return matmul(ctx, a, b)
    if not (is_array(a) or is_array(b)) and isinstance(a, Tup | Seq) | isinstance(b, Tup | Seq):
        ctx.type_error(f"unsupported operands of {BINARY[op][0]}: {describe(a)} and {describe(b)}")
    symbol = BINARY[op][0]
    x, y = operand(ctx, a, symbol), operand(ctx, b, symbol)
    check_arithmetic(ctx, op, symbol, x, y)
    if op in ("add", "sub"):
        check_booleans(ctx, symbol, x, y)
    return arithmetic(ctx, op, x, y, numpy=is_array(x) or is_array(y))


def unary(ctx: Context, op: str, a: Value) -> Value:
    if op == "not":
        known = truth(ctx, a)
        return const(not known) if isinstance(known, bool) else ctx.b.op("not", known)
    symbol, function = UNARY[op]
    if is_known(a) and (folded := fold(ctx, function, a)) is not None:
        return folded
    x = operand(ctx, a, symbol)
    boolean = kind_of(x) == "b"
    if op == "invert":
        if kind_of(x) in "fc":
            ctx.type_error(f"~ takes integers and booleans, not {describe(x)}")
        if boolean and not is_array(x):
            reason = "~ of a boolean that may be Python's, where it is -1 or -2"
            ctx.claim(Claim(ctx.span, (x,), reason, "write `not b`", python=False))
        return ctx.b.op("not" if boolean else "invert", x)
    if boolean and is_array(x):
        ctx.type_error(f"{symbol} of a boolean array", "use ~ to negate it, or convert it with .astype(int)")
    check_booleans(ctx, symbol, x)
    if boolean:
        x = cast(ctx, x, "int64")
    if op == "pos":
        return ctx.b.op("copy", x) if is_array(x) else x
    result = ctx.b.op("neg", x)
    if weak_type(x):
        note(result)
    return result


def fold(ctx: Context, function: Callable[..., Any], *values: Value) -> Value | None:
    """The value computed now; None where it has none (a division by zero), so that it is left to run time."""
    try:
        with np.errstate(all="ignore"):
            result = function(*map(python, values))
    except ArithmeticError:
        return None
    except Exception as error:  # whatever Python says of these operands, it would say when run
        if ctx.catches(type(error)):
            ctx.throw(type(error), str(error))
            raise NeverReturns from error
        ctx.type_error(str(error))
    return None if isinstance(result, np.ndarray) else lift(ctx, result)


def _sequence(op: str, a: Value, b: Value) -> Value | None:
    """Tuples and lists, joined or repeated."""
    if op == "add" and isinstance(a, Tup) and isinstance(b, Tup):
        return Tup(a.items + b.items)
    if op == "add" and isinstance(a, Seq) and isinstance(b, Seq):
        return Seq(a.items + b.items)
    if op == "mul":
        for sequence, count in ((a, b), (b, a)):
            if isinstance(sequence, Tup | Seq) and (times := known_int(count)) is not None:
                return type(sequence)(sequence.items * times)
    return None


# --- arithmetic on numbers and arrays ---------------------------------------------------------------------------------


def arithmetic(ctx: Context, op: str, x: Atom, y: Atom, *, numpy: bool = True) -> Var:
    """`x op y` elementwise, once it is known that both are numbers or arrays; of booleans as NumPy or as Python has it."""
    symbol = BINARY[op][0]
    kinds = kind_of(x) + kind_of(y)
    if "c" in kinds and op in ("floordiv", "mod"):
        ctx.type_error(f"{symbol} of complex numbers")
    if op in ("bitand", "bitor", "bitxor", "lshift", "rshift"):
        if set(kinds) & set("fc"):
            ctx.type_error(f"{symbol} takes integers and booleans, not {describe(x)} and {describe(y)}")
        if op.endswith("shift"):
            x, y = _number(ctx, x), _number(ctx, y)
    elif kinds == "bb" and numpy:
        return _boolean(ctx, op, x, y)
    elif kinds == "bb":
        result = ctx.b.op(op, _number(ctx, x), _number(ctx, y))
        if op == "mul":
            PRODUCTS.add(result)
        return result
    pythons = weak_type(x) and weak_type(y)
    if op == "pow" and kind_of(x) == "f" and weak_type(y) and kind_of(y) == "i":
        power = cast(ctx, ctx.b.op(op, x, y), dtype_of(x))  # an exponent stays an integer
        assert isinstance(power, Var)
        return power
    x, y = adapted(ctx, x, y)
    if op == "pow":
        x = _power_base(ctx, x, y)
    if op in ("floordiv", "mod") and "f" not in kinds and not (is_array(x) or is_array(y)) and may_be(y, 0):
        result = ctx.b.op(op, x, y, raises=True)
    else:
        result = ctx.b.op(op, x, y)
    if pythons:
        least = least_of(x), least_of(y)
        note(result, least=least[0] + least[1] if op == "add" and None not in least else None)  # type: ignore[operator]
    return result


def _number(ctx: Context, atom: Atom) -> Atom:
    return cast(ctx, atom, "int64") if kind_of(atom) == "b" else atom


def _boolean(ctx: Context, op: str, x: Atom, y: Atom) -> Var:
    """Booleans of NumPy, which reads + as or, and * as and."""
    if op in ("add", "mul"):
        return ctx.b.op({"add": "or", "mul": "and"}[op], x, y)
    if op == "div":
        return ctx.b.op("div", cast(ctx, x, "float64"), cast(ctx, y, "float64"))
    return ctx.type_error(f"{BINARY[op][0]} of boolean arrays", "convert them with .astype(int), or use ^ and ~")


def _power_base(ctx: Context, x: Atom, y: Atom) -> Atom:
    """The base of a power. Integers to a negative power are floats in Python and an error in NumPy; compiled code would
    give 0, so a power that may be negative is checked when it runs."""
    if kind_of(x) in "fc" or kind_of(y) in "fc":
        return x
    x = _number(ctx, x)
    if isinstance(y, Const) and not is_array(y):
        if y.value >= 0:
            return x
        if is_array(x):
            ctx.type_error(
                "integers to negative integer powers are not allowed", "use a float exponent or a float array"
            )
        return cast(ctx, x, "float64")
    if kind_of(y) == "i":
        _refuse_negative(ctx, y)
    return x


def _refuse_negative(ctx: Context, y: Atom) -> None:
    negative = ctx.b.op("lt", y, ZERO)
    message = (
        "an integer to a negative integer power is a float, and this was compiled for integers: make the base a float"
    )
    if is_array(negative):
        negative = ctx.b.op("any", negative)
        guard(ctx, negative, ValueError, "Integers to negative integer powers are not allowed.")
        return
    with ctx.sure():  # Python would go on: nobody is to catch this
        guard(ctx, negative, ValueError, message)


# --- in place ---------------------------------------------------------------------------------------------------------


def augmented(ctx: Context, op: str, target: Value, value: Value) -> Value:
    """`target op= value`: in place for arrays, whose dtype and shape stay as they are."""
    target = present(ctx, target)
    if not is_array(target):
        return binary(ctx, op, target, value)
    assert isinstance(target, Var | Const)
    if isinstance(target, Const):
        ctx.refuse(f"the global array '{target.name}' is written", "copy it first: a = a.copy()")
    check_writable(ctx, target)
    if op == "matmul":
        product = operand(ctx, binary(ctx, op, target, value), "@=")
        if ndim_of(product) != ndim_of(target):
            ctx.type_error(f"{describe(product)} does not fit into {describe(target)} in place", "write a = a @ b")
        ctx.b.effect("assign", target, stored(ctx, product, dtype_of(target)))
        return target
    amount = operand(ctx, value, BINARY[op][0] + "=")
    if ndim_of(amount) > ndim_of(target):
        ctx.type_error(f"{describe(amount)} does not fit into {describe(target)} in place", "write a = a + b")
    _, amount = adapted(ctx, target, amount)
    dtype, result = dtype_of(target), _result_dtype(op, target, amount)
    if not np.can_cast(result, dtype, "same_kind"):
        ctx.type_error(
            f"{BINARY[op][0]}= gives {result}, which NumPy does not store into an array of {dtype}",
            "make the array of floats, or write a = a + b",
        )
    if op in ("add", "sub") and np.dtype(dtype).kind in "ifc":
        amount = stored(ctx, amount, dtype, wraps=True)
        if op == "sub":
            negated = unary(ctx, "neg", amount)
            assert isinstance(negated, Var | Const)
            amount = negated
        ctx.b.effect("accumulate", target, amount)
    else:
        ctx.b.effect("assign", target, stored(ctx, arithmetic(ctx, op, operand(ctx, target), amount), dtype))
    return target


def fitted(ctx: Context, value: Atom, ndim: int) -> Atom:
    """The value without leading axes, which must have the size 1, so that it broadcasts to `ndim` axes."""
    for _ in range(ndim_of(value) - ndim):
        guard(
            ctx, ctx.b.op("ne", dim(ctx, value, 0), const(1)), ValueError, "could not broadcast input array into shape"
        )
        value = view(ctx, value, [const(0)]) if ndim_of(value) > 1 else ctx.b.op("load", value, const(0))
    return value


def check_writable(ctx: Context, array: Var) -> None:
    if array in READ_ONLY:
        ctx.refuse("this array is read-only", "copy it before it is written: a = a.copy()")


def _result_dtype(op: str, x: Atom, y: Atom) -> str:
    dtype = promote((x, y))
    return "float64" if op == "div" and np.dtype(dtype).kind in "biu" else dtype

"""Comparisons, membership and truth: known while lowering wherever they depend on types and literals only."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

from srcad.ir import Array, Atom, Const, ListOf, Scalar, Var, const
from srcad.lower.casts import is_array, kind_of, zero_like
from srcad.lower.known import FALSE, ZERO, describe, is_known, python
from srcad.lower.operands import operand
from srcad.lower.shapes import load
from srcad.lower.values import Context, Obj, Seq, Tup, Value

COMPARE: dict[str, tuple[str, Callable[[Any, Any], Any]]] = {
    "lt": ("<", operator.lt),
    "le": ("<=", operator.le),
    "gt": (">", operator.gt),
    "ge": (">=", operator.ge),
    "eq": ("==", operator.eq),
    "ne": ("!=", operator.ne),
}


def compare(ctx: Context, op: str, a: Value, b: Value) -> Value:
    match op:
        case "is" | "isnot":
            return const(_identical(ctx, a, b) == (op == "is"))
        case "in":
            return _contains(ctx, a, b)
        case "notin":
            return negation(ctx, _contains(ctx, a, b))
    symbol, function = COMPARE[op]
    if is_known(a) and is_known(b):
        try:
            return const(bool(function(python(a), python(b))))
        except Exception as error:  # whatever Python says of these operands, it would say when run
            ctx.type_error(str(error))
    if op in ("eq", "ne") and not (is_array(a) or is_array(b)):
        if isinstance(a, Tup | Seq | Obj) or isinstance(b, Tup | Seq | Obj):
            same = _equal(ctx, a, b)
            return same if op == "eq" else negation(ctx, same)
    elif isinstance(a, Tup | Seq) and isinstance(b, Tup | Seq):
        ctx.refuse(f"{symbol} of tuples with computed items", "compare the items one by one")
    x, y = operand(ctx, a, symbol), operand(ctx, b, symbol)
    if "c" in kind_of(x) + kind_of(y) and op not in ("eq", "ne"):
        ctx.type_error(f"{symbol} of complex numbers")
    return ctx.b.op(op, x, y)


def truth(ctx: Context, a: Value) -> bool | Atom:
    """`bool(a)`: a Python bool when it is known, else an atom of bool type."""
    match a:
        case Tup() | Seq():
            return bool(a.items)
        case Const(type=Scalar()):
            return bool(a.value)
        case Var(type=ListOf()):
            return ctx.b.op("gt", ctx.b.op("length", a), ZERO)
        case Var() | Const() if isinstance(a.type, Array):
            if a.type.ndim:
                ctx.type_error(
                    "the truth value of an array with more than one element is ambiguous", "use np.any(a) or np.all(a)"
                )
            return truth(ctx, load(ctx, a))
        case Var():
            return a if kind_of(a) == "b" else ctx.b.op("ne", a, zero_like(a))
    return bool(python(a)) if is_known(a) else True


def negation(ctx: Context, a: Value) -> Value:
    known = truth(ctx, a)
    return const(not known) if isinstance(known, bool) else ctx.b.op("not", known)


def conjunction(ctx: Context, op: str, conditions: Sequence[bool | Atom]) -> Value:
    """All ("and") or any ("or") of the conditions, what is known of them left out."""
    decisive = op == "or"
    result: Atom | None = None
    for condition in conditions:
        if isinstance(condition, bool):
            if condition == decisive:
                return const(decisive)
        else:
            result = condition if result is None else ctx.b.op(op, result, condition)
    return const(not decisive) if result is None else result


def _identical(ctx: Context, a: Value, b: Value) -> bool:
    """`a is b`. What the trace computes is never None, a function or a type."""
    if isinstance(a, Obj) and isinstance(b, Obj):
        return a.value is b.value
    if isinstance(a, Obj) or isinstance(b, Obj):
        return False
    if isinstance(a, Const) and isinstance(b, Const) and isinstance(a.value, bool) and isinstance(b.value, bool):
        return a.value is b.value
    if a is b and is_array(a):
        return True
    return ctx.refuse(f"whether {describe(a)} is {describe(b)} is not known while compiling", "compare with ==")


def _equal(ctx: Context, a: Value, b: Value) -> Value:
    """`a == b` where one of them is a tuple, a list or a Python object."""
    if is_known(a) and is_known(b):
        return const(bool(python(a) == python(b)))
    if (isinstance(a, Tup) and isinstance(b, Tup)) or (isinstance(a, Seq) and isinstance(b, Seq)):
        if len(a.items) != len(b.items):
            return FALSE
        pairs = [truth(ctx, compare(ctx, "eq", x, y)) for x, y in zip(a.items, b.items, strict=True)]
        return conjunction(ctx, "and", pairs)
    return FALSE


def _contains(ctx: Context, item: Value, container: Value) -> Value:
    if is_known(item) and is_known(container):
        try:
            return const(python(item) in python(container))
        except Exception as error:  # whatever Python says of these operands, it would say when run
            ctx.type_error(str(error))
    if isinstance(container, Tup | Seq):
        return conjunction(ctx, "or", [truth(ctx, compare(ctx, "eq", item, other)) for other in container.items])
    if is_array(container):
        return ctx.b.op("any", ctx.b.op("eq", operand(ctx, container), operand(ctx, item)))
    return ctx.type_error(f"{describe(container)} is no container")

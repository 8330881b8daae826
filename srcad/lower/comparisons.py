"""Comparisons, membership and truth: known while lowering wherever they depend on types and literals only."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

from srcad.ir import BOOL, Array, Atom, Block, Builder, Const, If, ListOf, Scalar, Var, const
from srcad.lower import records
from srcad.lower.casts import adapted, is_array, kind_of, zero_like
from srcad.lower.guards import present
from srcad.lower.known import FALSE, TRUE, ZERO, describe, is_known, is_none, lift, python
from srcad.lower.operands import operand
from srcad.lower.shapes import load
from srcad.lower.values import CHOSEN, OPTIONAL, RANGE, Context, Func, Obj, Seq, Tup, Value, is_kind

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
            same = _identical(ctx, a, b)
            return same if op == "is" else negation(ctx, same)
        case "in":
            return _contains(ctx, a, b)
        case "notin":
            return negation(ctx, _contains(ctx, a, b))
    symbol, function = COMPARE[op]
    if op in ("eq", "ne") and any(isinstance(x, Func) and x.kind is not OPTIONAL for x in (a, b)):
        same = _same_choice(ctx, a, b)
        return same if op == "eq" else negation(ctx, same)
    if op in ("eq", "ne") and (_is_nothing(a, b) or _is_nothing(b, a)):
        return compare(ctx, {"eq": "is", "ne": "isnot"}[op], a, b)
    a, b = present(ctx, a), present(ctx, b)
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
    return ctx.b.op(op, *adapted(ctx, x, y, compared=True))


def truth(ctx: Context, a: Value) -> bool | Atom:
    """`bool(a)`: a Python bool when it is known, else an atom of bool type."""
    match a:
        case Tup() | Seq():
            return bool(a.items)
        case Func() if records.is_record(a):
            return bool(a.items)
        case Func(kind=kind) if kind is OPTIONAL:
            return _truth_if_there(ctx, a)
        case Func(kind=kind) if kind is CHOSEN:
            return truth(ctx, _any_of(ctx, a.items[0], [truth(ctx, item) for item in a.items[1:]]))
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


def _truth_if_there(ctx: Context, value: Func) -> Atom:
    """The truth of what may be None, which is false."""
    there, held = value.items
    assert isinstance(there, Var | Const)
    result, inner = Var("", BOOL, ctx.span), Builder(span=ctx.span)
    outer, ctx.b = ctx.b, inner
    known = truth(ctx, held)
    ctx.b = outer
    yielded = const(known) if isinstance(known, bool) else known
    ctx.b.add(If((result,), there, inner.block(yielded), Block((), (FALSE,)), ctx.span))
    return result


def _any_of(ctx: Context, number: Value, answers: Sequence[bool | Atom]) -> Value:
    """Whether one of the places is chosen of which the answer is yes."""
    assert isinstance(number, Var | Const)
    yes = [k for k, answer in enumerate(answers) if answer is not False]
    if len(yes) == len(answers) and all(answer is True for answer in answers):
        return TRUE
    return conjunction(ctx, "or", [truth(ctx, compare(ctx, "eq", number, const(k))) for k in yes])


def _same_choice(ctx: Context, a: Value, b: Value, op: str = "eq") -> Value:
    """`a == b` where one of them is one of several objects, known by its number."""
    if not is_kind(a, CHOSEN):
        a, b = b, a
    if not is_kind(a, CHOSEN):
        return const(a is b)
    ways = [truth(ctx, compare(ctx, op, item, b)) for item in a.items[1:]]
    if all(isinstance(way, bool) for way in ways):
        return _any_of(ctx, a.items[0], ways)
    here = [truth(ctx, compare(ctx, "eq", a.items[0], const(k))) for k in range(len(ways))]
    both = [truth(ctx, conjunction(ctx, "and", pair)) for pair in zip(here, ways, strict=True)]
    return conjunction(ctx, "or", both)


def _is_nothing(a: Value, b: Value) -> bool:
    """Whether this is None, beside what may be None."""
    return is_none(a) and is_kind(b, OPTIONAL)


def _identical(ctx: Context, a: Value, b: Value) -> Value:
    """`a is b`. What the trace computes is never a function or a type, and None only where it is said to be."""
    if _is_nothing(a, b) or _is_nothing(b, a):
        there = (b if is_none(a) else a).items[0]  # type: ignore[union-attr]
        return negation(ctx, there)
    if any(is_kind(x, CHOSEN) for x in (a, b)):
        return _same_choice(ctx, a, b, "is")
    if isinstance(a, Obj) and isinstance(b, Obj):
        return const(a.value is b.value)
    if isinstance(a, Obj) or isinstance(b, Obj):
        return FALSE
    if isinstance(a, Const) and isinstance(b, Const) and isinstance(a.value, bool) and isinstance(b.value, bool):
        return const(a.value is b.value)
    if a is b and is_array(a):
        return TRUE
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


def _in_range(ctx: Context, item: Atom, bounds: Sequence[Value]) -> Value:
    start, stop, step = (operand(ctx, bound) for bound in bounds)
    steps = ctx.b.op("sub", item, start)
    inside = [
        ctx.b.op("eq", ctx.b.op("mod", steps, step), ZERO),
        ctx.b.op("ge", ctx.b.op("floordiv", steps, step), ZERO),
        ctx.b.op("lt", ctx.b.op("floordiv", steps, step), ctx.b.op("trips", start, stop, step)),
    ]
    return conjunction(ctx, "and", inside)


def _contains(ctx: Context, item: Value, container: Value) -> Value:
    if is_known(item) and is_known(container):
        try:
            return const(python(item) in python(container))
        except Exception as error:  # whatever Python says of these operands, it would say when run
            ctx.type_error(str(error))
    if records.is_record(container):
        container = records.keys(ctx, container)
        return _contains(ctx, item, container)
    if is_kind(container, RANGE):
        return _in_range(ctx, operand(ctx, item), container.items)
    if isinstance(container, Obj) and isinstance(container.value, dict | list | set | frozenset):
        return _contains(ctx, item, Tup(tuple(lift(ctx, other) for other in container.value)))
    if isinstance(container, Tup | Seq):
        return conjunction(ctx, "or", [truth(ctx, compare(ctx, "eq", item, other)) for other in container.items])
    if is_array(container):
        return ctx.b.op("any", ctx.b.op("eq", operand(ctx, container), operand(ctx, item)))
    return ctx.type_error(f"{describe(container)} is no container")

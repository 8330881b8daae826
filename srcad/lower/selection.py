"""What is chosen when the program runs: an item of a tuple by a computed index, a function under a condition."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from srcad.ir import Atom, Const, Op, Scalar, Var, const
from srcad.lower.comparisons import compare, conjunction
from srcad.lower.control import choose
from srcad.lower.function import Lowering
from srcad.lower.indexing import getitem
from srcad.lower.known import TRUE, describe
from srcad.lower.operands import operand
from srcad.lower.operators import binary, guard
from srcad.lower.scope import Closure
from srcad.lower.values import CHOSEN, FUNCTIONS, Func, NeverReturns, Obj, Seq, Tup, Value

#: More numbers than this make an array.
LONGEST = 8


def select(ctx: Lowering, value: Tup | Seq, index: Atom | Func) -> Value:
    """The item at this index, or beside the one of several objects that it is."""
    items = value.items
    if isinstance(index, Func):
        assert isinstance(index.items[0], Var | Const)
        return _chosen_among(ctx, index.items[0], items)
    what = "tuple" if isinstance(value, Tup) else "list"
    if not items:
        ctx.type_error(f"{describe(value)} is indexed", f"a {what} without items has none to give")
    if len(items) > LONGEST and all(isinstance(item, Var | Const) and isinstance(item.type, Scalar) for item in items):
        return getitem(ctx, operand(ctx, value), index)
    return _chosen_among(ctx, _place(ctx, index, len(items), what), items)


def _chosen_among(ctx: Lowering, place: Atom, items: Sequence[Value]) -> Value:
    if all(map(_is_function, items)):
        return Func(CHOSEN, (place, *items))
    return _one_of(ctx, place, [partial(_itself, item) for item in items])


def _is_function(value: Value) -> bool:
    if isinstance(value, Func):
        return value.kind in FUNCTIONS
    return isinstance(value, Obj) and (isinstance(value.value, Closure) or callable(value.value))


def call_chosen(ctx: Lowering, function: Func, args: Sequence[Value], kwargs: Mapping[str, Value]) -> Value:
    """A call of one of several functions: of each in a branch of its own."""
    number, *functions = function.items
    assert isinstance(number, Var | Const)
    return _one_of(ctx, number, [partial(_called, ctx, f, args, kwargs) for f in functions])


def _called(ctx: Lowering, function: Value, args: Sequence[Value], kwargs: Mapping[str, Value]) -> Value:
    if isinstance(function, Obj) and (function.value is None or isinstance(function.value, str)):
        guard(ctx, TRUE, TypeError, f"{describe(function)} is called")
        raise NeverReturns
    return ctx.call(function, args, kwargs)


def _itself(item: Value) -> Value:
    return item


def _one_of(ctx: Lowering, number: Atom, ways: Sequence[Callable[[], Value]], first: int = 0) -> Value:
    way, *rest = ways
    if not rest:
        return way()
    if isinstance(number, Const):
        return ways[int(number.value) - first]()
    here = operand(ctx, compare(ctx, "eq", number, const(first)))
    return choose(ctx, here, way, lambda: _one_of(ctx, number, rest, first + 1))


def _place(ctx: Lowering, index: Atom, count: int, what: str) -> Atom:
    """The index counted from 0, once it is known to be in range."""
    known = _range_of(ctx, index)
    if known is not None and all(0 <= k < count for k in known):
        return index
    outside = [operand(ctx, compare(ctx, op, index, const(k))) for op, k in (("lt", -count), ("ge", count))]
    guard(ctx, operand(ctx, conjunction(ctx, "or", outside)), IndexError, f"{what} index out of range")
    from_the_end = operand(ctx, binary(ctx, "add", index, const(count)))
    return ctx.b.op("where", operand(ctx, compare(ctx, "lt", index, const(0))), from_the_end, index)


def _range_of(ctx: Lowering, index: Atom) -> tuple[int, ...] | None:
    """The least and the greatest value of an index of a loop, or of a remainder."""
    assert isinstance(index, Var)
    if index in ctx.session.ranges:
        numbers = ctx.session.ranges[index]
        return (numbers[0], numbers[-1]) if numbers else ()
    made = next((stmt for stmt in reversed(ctx.b.stmts) if index in stmt.results), None)
    if isinstance(made, Op) and made.name == "mod" and isinstance(made.args[1], Const) and made.args[1].value > 0:
        return 0, int(made.args[1].value) - 1
    return None

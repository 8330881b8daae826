"""What a `for` loop runs over: ranges, arrays, tuples, and enumerate, zip and reversed of these."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import gast
import numpy as np

from srcad.ir import Array, Atom, Const, ListOf, Scalar, Var, const
from srcad.lower import lists, records
from srcad.lower.builtin_calls import KNOWN
from srcad.lower.function import Lowering
from srcad.lower.guards import present
from srcad.lower.indexing import getitem
from srcad.lower.known import FALSE, TRUE, ZERO, describe, flag, known_int, lift
from srcad.lower.operands import int_operand, operand
from srcad.lower.operators import binary, guard
from srcad.lower.values import RANGE, Context, Func, Obj, Seq, Tup, Value

ONE = const(1)


@dataclass(frozen=True)
class Range:
    start: Atom
    stop: Atom
    step: Atom


@dataclass(frozen=True)
class Elements:
    """The elements of a 1-d array, the rows of others."""

    array: Atom


@dataclass(frozen=True)
class Listed:
    """A list of arrays, tuples or lists that grows (lists.py)."""

    value: Tup


@dataclass(frozen=True)
class Items:
    """A tuple or list: a loop over it is unrolled."""

    items: tuple[Value, ...]


@dataclass(frozen=True)
class Enumerated:
    inner: Iterable
    start: Atom


@dataclass(frozen=True)
class Zipped:
    inners: tuple[Iterable, ...]


@dataclass(frozen=True)
class Reversed:
    inner: Iterable


@dataclass(frozen=True)
class Places:
    """The indices of an array of this shape in row-major order (`np.ndindex`), or what is there (`a.flat`), or both."""

    dims: tuple[Atom, ...]
    array: Atom | None = None
    indexed: bool = True


Iterable = Range | Elements | Listed | Items | Enumerated | Zipped | Reversed | Places


def iterable(ctx: Lowering, node: Any) -> Iterable:
    """What the expression after `in` runs over."""
    from srcad.lower.call_expressions import arguments
    from srcad.lower.expressions import expr, listing

    with ctx.at(node):
        if isinstance(node, gast.Call):
            function = expr(ctx, node.func)
            if isinstance(function, Obj) and function.value is builtins.range:
                args, _ = arguments(ctx, node)
                return _range(ctx, args)
            if isinstance(function, Obj) and any(function.value is f for f in (enumerate, zip, reversed)):
                return _wrapped(ctx, function.value, node)
            if isinstance(function, Obj) and any(function.value is f for f in (list, tuple)) and len(node.args) == 1:
                return _snapshot(ctx, iterable(ctx, node.args[0]))
            if isinstance(function, Obj) and any(function.value is f for f in (np.ndindex, np.ndenumerate)):
                return _places(ctx, function.value, arguments(ctx, node)[0])
        if isinstance(node, gast.Attribute) and node.attr == "flat":
            array = expr(ctx, node.value)
            if isinstance(array, Var | Const) and isinstance(array.type, Array):
                return Places(_dims(ctx, array), array, indexed=False)
        if isinstance(node, gast.Subscript) and _is_backwards(node.slice):
            inner = iterable(ctx, node.value)
            return Items(inner.items[::-1]) if isinstance(inner, Items) else Reversed(inner)
        from srcad.lower.iterating import iterated

        value = made if (made := iterated(ctx, node)) is not None else listing(ctx, node)
        return _over(ctx, value)


def _over(ctx: Lowering, value: Value) -> Iterable:
    if lists.is_growing(value):
        return Elements(lists.contents(ctx, value)) if lists.holds_numbers(value) else Listed(value)
    return _of_value(ctx, value)


def _range(ctx: Lowering, args: Sequence[Value]) -> Range:
    if not 1 <= len(args) <= 3:
        ctx.type_error(f"range takes 1 to 3 arguments, not {len(args)}")
    bounds = [int_operand(ctx, arg, "the argument of range()") for arg in args]
    start, stop = (ZERO, bounds[0]) if len(bounds) == 1 else bounds[:2]
    step = bounds[2] if len(bounds) == 3 else ONE
    if step == ZERO:
        ctx.type_error("the step of range() must not be zero")
    if not isinstance(step, Const) and ctx.catches(ValueError):
        guard(ctx, ctx.b.op("eq", step, ZERO), ValueError, "range() arg 3 must not be zero")
    return Range(start, stop, step)


def _is_backwards(index: Any) -> bool:
    """Whether this is the slice `::-1`."""
    if not isinstance(index, gast.Slice) or index.lower is not None or index.upper is not None:
        return False
    step = index.step
    return isinstance(step, gast.UnaryOp) and isinstance(step.op, gast.USub) and getattr(step.operand, "value", 0) == 1


def _snapshot(ctx: Lowering, source: Iterable) -> Iterable:
    """What `list(...)` keeps of it: the elements of arrays as they are now."""
    match source:
        case Elements():
            flat = isinstance(source.array.type, Array) and source.array.type.ndim == 1
            return Elements(ctx.b.op("copy", source.array)) if flat else source  # rows are views
        case Listed():
            copied = lists.listed(ctx, source.value)
            assert isinstance(copied, Tup)
            return Listed(copied)
        case Places(array=array) if array is not None:
            return replace(source, array=ctx.b.op("copy", array))
        case Enumerated() | Reversed():
            return replace(source, inner=_snapshot(ctx, source.inner))
        case Zipped():
            return Zipped(tuple(_snapshot(ctx, inner) for inner in source.inners))
    return source


def _dims(ctx: Lowering, array: Atom) -> tuple[Atom, ...]:
    assert isinstance(array.type, Array)
    return tuple(ctx.b.op("dim", array, axis=k) for k in range(array.type.ndim))


def _places(ctx: Lowering, function: Any, args: Sequence[Value]) -> Places:
    if function is np.ndenumerate:
        (array,) = args
        if not isinstance(array, Var | Const) or not isinstance(array.type, Array):
            ctx.type_error(f"np.ndenumerate takes an array, not {describe(array)}")
        return Places(_dims(ctx, array), array)
    sizes = args[0].items if len(args) == 1 and isinstance(args[0], Tup | Seq) else args
    return Places(tuple(int_operand(ctx, size, "a size") for size in sizes))


def _wrapped(ctx: Lowering, function: Any, node: Any) -> Iterable:
    from srcad.lower.expressions import expr

    options = {keyword.arg: expr(ctx, keyword.value) for keyword in node.keywords}
    starred = any(isinstance(arg, gast.Starred) for arg in node.args)
    if (starred and function is not zip) or None in options:
        ctx.refuse("starred arguments of an iterator are not supported", "write the arguments out")
    if function is zip:
        inners = [inner for arg in node.args for inner in _zipped_argument(ctx, arg)]
        if options.keys() - {"strict"}:
            ctx.type_error("zip() takes no keyword but strict=")
        if flag(ctx, options.get("strict", FALSE), "strict="):
            check_lengths(ctx, [length(ctx, inner) for inner in inners])
        return _zipped(ctx, inners)
    if function is reversed:
        (arg,) = node.args
        inner = iterable(ctx, arg)
        return Items(inner.items[::-1]) if isinstance(inner, Items) else Reversed(inner)
    inner = iterable(ctx, node.args[0])
    start = expr(ctx, node.args[1]) if len(node.args) > 1 else options.get("start", ZERO)
    if isinstance(inner, Items):
        return Items(tuple(Tup((binary(ctx, "add", start, const(k)), v)) for k, v in enumerate(inner.items)))
    return Enumerated(inner, int_operand(ctx, start, "the start of enumerate()"))


def _zipped_argument(ctx: Lowering, node: Any) -> list[Iterable]:
    """What an argument of zip() runs over; a starred one is as many as it has items."""
    if not isinstance(node, gast.Starred):
        return [iterable(ctx, node)]
    items = known_items(iterable(ctx, node.value))
    if items is None:
        with ctx.at(node):
            ctx.refuse(
                "how many arguments zip() has is known only when the program runs",
                "loop over the transpose: np.array(a).T",
            )
    with ctx.at(node.value):
        return [_over(ctx, item) for item in items]


def check_lengths(ctx: Context, lengths: Sequence[Atom]) -> None:
    """`zip(..., strict=True)`, which raises before the loop here, and in Python after the last items that there are."""
    if len(set(lengths)) > 1 and ctx.catches(ValueError):
        ctx.refuse("what zip(strict=True) raises is caught", "compare the lengths first")
    for k, other in enumerate(lengths[1:], 2):
        if other != lengths[0]:
            known = isinstance(lengths[0], Const) and isinstance(other, Const)
            wrong = TRUE if known else ctx.b.op("ne", lengths[0], other)
            guard(ctx, wrong, ValueError, f"zip() argument {k} has another length than the arguments before it")


def _zipped(ctx: Lowering, inners: list[Iterable]) -> Iterable:
    if not any(isinstance(inner, Items) for inner in inners):
        return Zipped(tuple(inners))
    columns = [known_items(inner) for inner in inners]
    if any(column is None for column in columns):
        inners = [_tabled(ctx, inner) for inner in inners]
        if not any(isinstance(inner, Items) for inner in inners):
            return Zipped(tuple(inners))
        ctx.refuse("a tuple is zipped with an array or a range that is not known while compiling", "make it an array")
    return Items(tuple(Tup(row) for row in zip(*[column or () for column in columns], strict=False)))


def _tabled(ctx: Lowering, source: Iterable) -> Iterable:
    """A tuple of numbers of one type as an array."""
    items = source.items if isinstance(source, Items) else ()
    types = {item.type if isinstance(item, Var | Const) else None for item in items}
    plain = len(types) == 1 and isinstance(types.pop(), Scalar)
    return Elements(operand(ctx, Seq(items))) if plain else source


def known_range(source: Range) -> range | None:
    """The range itself, if its bounds are known while lowering."""
    start, stop, step = (known_int(bound) for bound in (source.start, source.stop, source.step))
    return None if start is None or stop is None or step is None else range(start, stop, step)


def known_items(source: Iterable) -> tuple[Value, ...] | None:
    """All that the loop will see, if it is known while lowering."""
    match source:
        case Items():
            return source.items
        case Range():
            numbers = known_range(source)
            return None if numbers is None else tuple(map(const, numbers))
        case Enumerated():
            inner, start = known_items(source.inner), known_int(source.start)
            if inner is not None and start is not None:
                return tuple(Tup((const(k), v)) for k, v in enumerate(inner, start))
        case Zipped():
            columns = [known_items(inner) for inner in source.inners]
            if None not in columns:
                return tuple(Tup(row) for row in zip(*[column or () for column in columns], strict=False))
        case Reversed():
            inner = known_items(source.inner)
            return None if inner is None else inner[::-1]
    return None


def _of_value(ctx: Lowering, value: Value) -> Iterable:
    value = present(ctx, value)
    match value:
        case Var(type=Array(ndim=n)) | Const(type=Array(ndim=n)) if n:
            return Elements(value)
        case Tup() | Seq():
            return Items(value.items)
        case Var(type=ListOf()):
            ctx.refuse("a loop over a growing list is not supported", "use an array")
        case Obj(value=range() as r):
            return Range(const(r.start), const(r.stop), const(r.step))
        case Func(kind=kind, items=(start, stop, step)) if kind is RANGE:
            assert isinstance(start, Var | Const) and isinstance(stop, Var | Const) and isinstance(step, Var | Const)
            return Range(start, stop, step)
        case Func() if records.is_record(value):
            return Items(records.keys(ctx, value).items)
        case Obj(value=list() | tuple() as items):
            return Items(tuple(lift(ctx, item) for item in items))
        case Obj(value=items) if isinstance(items, KNOWN):
            return Items(tuple(lift(ctx, item) for item in items))
        case Obj(value=set() | frozenset() as items):
            ctx.refuse(f"a loop over a {type(items).__name__} is not supported", "make it a tuple outside: tuple(...)")
    return ctx.type_error(f"{describe(value)} cannot be looped over")


# --- as a range -------------------------------------------------------------------------------------------------------

Header = tuple[Atom, Atom, Atom, Callable[[Var], Value] | None]


def header(ctx: Lowering, source: Iterable) -> Header:
    """Start, stop and step of a loop over the source, and what its index stands for (None: itself)."""
    match source:
        case Range():
            return source.start, source.stop, source.step, None
        case Reversed(inner=Range() as inner):
            start, stop, step = _backwards(ctx, inner)
            return start, stop, step, None
        case Reversed():
            last = _int(ctx, "sub", length(ctx, source.inner), ONE)
            return last, const(-1), const(-1), lambda k: item(ctx, source.inner, k)
    return ZERO, bound(ctx, source), ONE, lambda k: item(ctx, source, k)


def _backwards(ctx: Lowering, r: Range) -> tuple[Atom, Atom, Atom]:
    """The range that `reversed(range(...))` is."""
    step = known_int(r.step)
    if step == 1:
        return _int(ctx, "sub", r.stop, ONE), _int(ctx, "sub", r.start, ONE), const(-1)
    if step == -1:
        return _int(ctx, "add", r.stop, ONE), _int(ctx, "add", r.start, ONE), ONE
    negated = ctx.b.op("neg", r.step) if step is None else const(-step)
    last = _int(ctx, "sub", length(ctx, r), ONE)
    return _int(ctx, "add", r.start, _int(ctx, "mul", last, r.step)), _int(ctx, "sub", r.start, r.step), negated


def bound(ctx: Lowering, source: Iterable) -> Atom:
    """A stop that makes `range(stop)` as long as the source: below zero it may be any."""
    match source:
        case Range(start=Const(value=0), step=Const(value=1)):
            return source.stop
        case Enumerated() | Reversed():
            return bound(ctx, source.inner)
        case Zipped():
            bounds = list(dict.fromkeys(bound(ctx, inner) for inner in source.inners))
            if not bounds:
                return ZERO
            least = bounds[0]
            for other in bounds[1:]:
                least = ctx.b.op("minimum", least, other)
            return least
    return length(ctx, source)


def length(ctx: Lowering, source: Iterable) -> Atom:
    match source:
        case Range():
            known = known_range(source)
            return ctx.b.op("trips", source.start, source.stop, source.step) if known is None else const(len(known))
        case Elements():
            return ctx.b.op("dim", source.array, axis=0)
        case Listed():
            return operand(ctx, lists.length(source.value))
        case Items():
            return const(len(source.items))
        case Places():
            size: Atom = ONE
            for dim in source.dims:
                size = _int(ctx, "mul", size, dim)
            return size
        case Zipped():
            lengths = [length(ctx, inner) for inner in source.inners]
            least = lengths[0]
            for other in lengths[1:]:
                least = ctx.b.op("minimum", least, other)
            return least
    return length(ctx, source.inner)


def item(ctx: Lowering, source: Iterable, k: Atom) -> Value:
    """What the loop sees on trip k, counted from 0."""
    match source:
        case Range():
            return _int(ctx, "add", source.start, _int(ctx, "mul", k, source.step))
        case Elements():
            return getitem(ctx, source.array, k)
        case Listed():
            return lists.item(ctx, source.value, k)
        case Enumerated():
            return Tup((_int(ctx, "add", k, source.start), item(ctx, source.inner, k)))
        case Zipped():
            return Tup(tuple(item(ctx, inner, k) for inner in source.inners))
        case Places():
            place: list[Atom] = []
            for dim in reversed(source.dims[1:]):
                place.insert(0, _int(ctx, "mod", k, dim))
                k = _int(ctx, "floordiv", k, dim)
            place = [k, *place] if source.dims else []
            if source.array is None:
                return Tup(tuple(place))
            there = getitem(ctx, source.array, Tup(tuple(place)))
            return Tup((Tup(tuple(place)), there)) if source.indexed else there
        case Reversed():
            last = _int(ctx, "sub", length(ctx, source.inner), ONE)
            return item(ctx, source.inner, _int(ctx, "sub", last, k))
    raise AssertionError(f"{source} has no computed items")


def _int(ctx: Lowering, op: str, x: Atom, y: Atom) -> Atom:
    """Integer arithmetic that leaves out what does nothing."""
    a, b = known_int(x), known_int(y)
    if (op == "add" and a == 0) or (op == "mul" and a == 1):
        return y
    if (op in ("add", "sub") and b == 0) or (op == "mul" and b == 1):
        return x
    result = binary(ctx, op, x, y)
    assert isinstance(result, Var | Const)
    return result

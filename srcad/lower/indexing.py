"""Subscripts. A full integer index is one element (`load`, `store`, `update`); whatever else stays basic is a view, and
writes go through the view. Masks and integer arrays are the business of picking.py."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from srcad.ir import Array, Atom, Block, Builder, Const, ListOf, Op, Scalar, Stmt, Var, const, walk
from srcad.lower import library, picking, records, shape_library
from srcad.lower.casts import adapted, dtype_of, is_array, kind_of, ndim_of, stored
from srcad.lower.guards import present
from srcad.lower.known import (
    ABSENT,
    FALSE,
    NONE,
    ONE,
    TRUE,
    ZERO,
    describe,
    flag,
    holds_always,
    is_known,
    is_none,
    known_int,
    lift,
    python,
)
from srcad.lower.operands import array_of, int_operand, operand, scalar_operand
from srcad.lower.operators import BINARY, augmented, binary, check_writable, fitted, guard, unary
from srcad.lower.picking import Picked
from srcad.lower.registry import Lowering, lowers
from srcad.lower.shapes import FULL, Item, ravel, view
from srcad.lower.values import CHOSEN, RANGE, Context, Func, NeverReturns, Obj, Seq, SliceValue, Tup, Value, is_kind
from srcad.ops import VIEWS, WRITES, promote

SAME_KIND = Obj("same_kind")


@dataclass(frozen=True)
class Basic:
    """An index of integers, slices and np.newaxis, one item an axis as far as it goes. `whole`: with an ellipsis, so that it
    gives a view even if it names one element."""

    items: tuple[Item, ...]
    whole: bool = False

    def element(self, array: Atom) -> tuple[Atom, ...] | None:
        """The integers, if the index names one element."""
        integers = tuple(item for item in self.items if isinstance(item, Var | Const))
        return integers if len(integers) == len(self.items) == ndim_of(array) else None


# --- reading ----------------------------------------------------------------------------------------------------------


def getitem(ctx: Context, value: Value, index: Value) -> Value:
    value = present(ctx, value)
    match value:
        case Tup() | Seq():
            return _item(ctx, value, index)
        case Obj():
            return _static_item(ctx, value, index)
        case Var(type=ListOf()):
            ctx.refuse("reading an element of a growing list is not supported", "use an array, or .pop()")
        case Func() if records.is_record(value):
            return records.item(ctx, value, index)
        case Func(kind=kind, items=bounds) if kind is RANGE:
            return _of_range(ctx, bounds, index)
        case SliceValue():
            ctx.type_error("a slice has no elements")
    array = _array(ctx, value, index)
    if array is None or (ndim_of(array) == 0 and isinstance(index, Obj) and index.value is Ellipsis):
        return value
    place = _place(ctx, array, index)
    if isinstance(place, Picked):
        return picking.read(ctx, array, place)
    element = None if place.whole else place.element(array)
    return view(ctx, array, place.items) if element is None else ctx.b.op("load", array, *element)


def _of_range(ctx: Context, bounds: Sequence[Value], index: Value) -> Value:
    """`range(start, stop, step)[index]`"""
    start, stop, step = (int_operand(ctx, bound, "a range") for bound in bounds)
    if isinstance(index, SliceValue):
        return _part_of_range(ctx, start, stop, step, index)
    place = int_operand(ctx, index, "the index of a range")
    count = ctx.b.op("trips", start, stop, step)
    from_the_end = operand(ctx, binary(ctx, "add", count, place))
    if known_int(place) is None:
        below = ctx.b.op("lt", place, const(0))
        place = ctx.b.op("where", below, from_the_end, place)
    elif known_int(place) < 0:  # type: ignore[operator]
        place = from_the_end
    outside = ctx.b.op("or", ctx.b.op("lt", place, const(0)), ctx.b.op("ge", place, count))
    guard(ctx, outside, IndexError, "range object index out of range")
    return binary(ctx, "add", start, binary(ctx, "mul", place, step))


def _part_of_range(ctx: Context, start: Atom, stop: Atom, step: Atom, part: SliceValue) -> Value:
    """`range(start, stop, step)[part]`, which is a range."""
    stride = ONE if is_none(part.step) else int_operand(ctx, part.step, "a slice")
    ahead = known_int(stride)
    if ahead is None:
        ctx.refuse("the step of a slice of a range must be known while compiling", "write it as a range")
    if ahead == 0:
        ctx.type_error("the step of a slice cannot be zero")

    def compute(name: str, a: Atom, b: Atom) -> Atom:
        return operand(ctx, binary(ctx, name, a, b))

    count = ctx.b.op("trips", start, stop, step)
    last = compute("sub", count, ONE)
    low, high = (ZERO, count) if ahead > 0 else (const(-1), last)

    def place(bound: Value, default: Atom) -> Atom:
        if is_none(bound):
            return default
        k = int_operand(ctx, bound, "a slice")
        from_the_end = ctx.b.op("maximum", compute("add", count, k), low)
        if (known := known_int(k)) is not None:
            return from_the_end if known < 0 else ctx.b.op("minimum", k, high)
        return ctx.b.op("where", ctx.b.op("lt", k, ZERO), from_the_end, ctx.b.op("minimum", k, high))

    ends = place(part.start, low if ahead > 0 else high), place(part.stop, high if ahead > 0 else low)
    factor = known_int(step)
    stride = compute("mul", step, stride) if factor is None else const(factor * ahead)
    first, past = (compute("add", start, compute("mul", end, step)) for end in ends)
    return Func(RANGE, (first, past, stride))


def _item(ctx: Context, value: Tup | Seq, index: Value) -> Value:
    if isinstance(index, SliceValue):
        if not is_known(index):
            ctx.refuse("a slice of a tuple or list must be known while compiling", "make it an array: np.array(...)")
        items = value.items[python(index)]
        return Tup(items) if isinstance(value, Tup) else Seq(items)
    number = known_int(index)
    if number is not None:
        if not -len(value.items) <= number < len(value.items):
            if ctx.catches(IndexError):
                ctx.throw(IndexError, "index out of range")
                raise NeverReturns
            ctx.type_error(f"index {number} is out of range for {describe(value)}")
        return value.items[number]
    return ctx.select(value, int_operand(ctx, index, "the index of a tuple or list"))


def _static_item(ctx: Context, value: Obj, index: Value) -> Value:
    if value.value is np.s_ or value.value is np.index_exp:
        return index if value.value is np.s_ or isinstance(index, Tup) else Tup((index,))
    if value.value is np.r_ or value.value is np.c_:
        parts = [_spelt_out(ctx, part) for part in (index.items if isinstance(index, Tup) else (index,))]
        return ctx.call(Obj(shape_library.in_a_row if value.value is np.r_ else shape_library.in_columns), parts, {})
    if is_kind(index, CHOSEN):
        return ctx.select(Tup(tuple(_static_item(ctx, value, key) for key in index.items[1:])), index)
    if not is_known(index) and isinstance(value.value, dict):
        return records.item(ctx, records.made(ctx, [value], {}), index)
    if not is_known(index):
        ctx.refuse(f"{describe(value)} is indexed by a value that is computed", "use an array")
    try:
        found = value.value[python(index)]
    except Exception as error:  # whatever the object says of this index, it would say when run
        return ctx.type_error(f"{describe(value)} cannot be indexed so: {type(error).__name__}: {error}")
    return lift(ctx, found)


def _spelt_out(ctx: Context, part: Value) -> Value:
    """What np.r_ joins: a slice is the numbers that it names; with a step that is imaginary, so many."""
    if isinstance(part, Obj) and isinstance(part.value, str):
        ctx.refuse("np.r_ and np.c_ with directions in a string are not supported", "use np.concatenate or np.stack")
    part = opened_slice(ctx, part)
    if not isinstance(part, SliceValue):
        return part
    start = ZERO if is_none(part.start) else part.start
    step = ONE if is_none(part.step) else part.step
    if isinstance(step, Const) and kind_of(step) == "c":
        return ctx.call(Obj(np.linspace), [start, part.stop, const(int(abs(step.value)))], {})
    return ctx.call(Obj(np.arange), [start, part.stop, step], {})


def _array(ctx: Context, value: Value, index: Value) -> Atom | None:
    """The value as an array; None for a number under an empty index (`x[()]` is x)."""
    if is_array(value):
        assert isinstance(value, Var | Const)
        return value
    if (isinstance(index, Tup) and not index.items) or (isinstance(index, Obj) and index.value is Ellipsis):
        return None
    return ctx.type_error(f"{describe(value)} cannot be indexed")


# --- writing ----------------------------------------------------------------------------------------------------------


def setitem(ctx: Context, value: Value, index: Value, item: Value) -> None:
    array = _writable(ctx, value)
    place = _place(ctx, array, index)
    dtype = dtype_of(array)
    if isinstance(item, Seq | Tup) and kind_of(array) in "iu":
        item = array_of(ctx, item, dtype)  # number by number: none may be too large
    if isinstance(place, Picked):
        picking.write(ctx, array, place, stored(ctx, operand(ctx, item, "an array element"), dtype, wraps=True))
        return
    element = place.element(array)
    if element is not None:
        number = operand(ctx, item, "an array element")
        if is_array(number):
            ctx.type_error(f"{describe(number)} does not fit into one element", "assign to a slice, or index the array")
        ctx.b.effect("store", array, *element, stored(ctx, number, dtype))
        return
    target = view(ctx, array, place.items)
    new = fitted(ctx, operand(ctx, item, "an array slice"), ndim_of(target))
    ctx.b.effect("assign", target, stored(ctx, new, dtype))


def augment_item(ctx: Context, value: Value, index: Value, op: str, evaluate: Callable[[], Value]) -> None:
    """`value[index] op= item`, the index evaluated once, then the old value of an element, then `item` by `evaluate`."""
    array = _writable(ctx, value)
    place = _place(ctx, array, index)
    dtype = dtype_of(array)
    start = len(ctx.b.stmts)
    item = evaluate()
    writes = writes_memory(ctx.b.stmts[start:])
    if isinstance(place, Picked):
        if not writes:
            picking.augment(ctx, array, place, op, item)
            return
        later = ctx.b.stmts[start:]
        del ctx.b.stmts[start:]
        old = picking.read(ctx, array, place)
        ctx.b.stmts += later
        picking.write(ctx, array, place, stored(ctx, operand(ctx, binary(ctx, op, old, item)), dtype, wraps=True))
        return
    element = place.element(array)
    if element is None:
        augmented(ctx, op, view(ctx, array, place.items), item)
        return
    number = scalar_operand(ctx, item, f"{BINARY[op][0]}= on an array element")
    if op != "pow":
        _, number = adapted(ctx, Const(0, Scalar(dtype), False), number)
    if writes:
        b = Builder(span=ctx.span, check=ctx.b.check)
        old = b.op("load", array, *element)
        ctx.b.stmts[start:start] = b.stmts
        result = operand(ctx, binary(ctx, op, old, number))
        ctx.b.effect("store", array, *element, stored(ctx, result, dtype))
        return
    exact = np.dtype(dtype).kind in "ifc" and promote((Const(0, array.type, False), number)) == dtype
    if op in ("add", "sub") and exact:
        number = stored(ctx, number, dtype)
        amount = number if op == "add" else unary(ctx, "neg", number)
        assert isinstance(amount, Var | Const)
        ctx.b.effect("update", array, *element, amount)
        return
    result = operand(ctx, binary(ctx, op, ctx.b.op("load", array, *element), number))
    ctx.b.effect("store", array, *element, stored(ctx, result, dtype))


def add_item(ctx: Context, value: Value, index: Value, item: Value, name: str) -> None:
    """Append an op that adds to one element of an array."""
    array = _writable(ctx, value)
    place = _place(ctx, array, index)
    element = None if isinstance(place, Picked) else place.element(array)
    if element is None:
        ctx.type_error("an atomic addition is to one element", "index the array with a number for each axis")
    number = scalar_operand(ctx, item, "an atomic addition")
    ctx.b.effect(name, array, *element, stored(ctx, number, dtype_of(array)))


def writes_memory(stmts: Sequence[Stmt]) -> bool:
    """Whether the statements write into what was there before them."""
    made: dict[Var, Op] = {}
    for op in walk(Block(tuple(stmts))):
        if isinstance(op, Op):
            made.update(dict.fromkeys(op.results, op))
            target = op.args[0] if op.name in WRITES else None
            while isinstance(target, Var) and target in made and made[target].name in VIEWS:
                target = made[target].args[0]
            passed = op.name == "call" and any(not isinstance(arg.type, Scalar) for arg in op.args)
            if passed or (isinstance(target, Var) and target not in made):
                return True
    return False


def _writable(ctx: Context, value: Value) -> Var:
    value = present(ctx, value)
    match value:
        case Var(type=Array()):
            check_writable(ctx, value)
            return value
        case Const(type=Array()):
            ctx.refuse(f"the global array '{value.name}' is written", "pass it as an argument, or copy it first")
        case Seq() | Var(type=ListOf()):
            ctx.refuse("assigning to an element of a list is not supported", "make it an array: np.array(...)")
        case Func() if records.is_record(value):
            ctx.refuse(
                "a dictionary is changed that is not in a variable of this function",
                "assign it to a variable, and return it",
            )
        case Tup():
            ctx.type_error("a tuple does not support item assignment", "make it an array: np.array(...)")
    return ctx.type_error(f"{describe(value)} does not support item assignment")


# --- what an index means ----------------------------------------------------------------------------------------------


def _place(ctx: Context, array: Atom, index: Value) -> Basic | Picked:
    raw = [opened_slice(ctx, part) for part in (index.items if isinstance(index, Tup) else (index,))]
    parts: list[Value] = [array_of(ctx, part) if isinstance(part, Seq | Tup) else part for part in raw]
    arrays = [part for part in parts if isinstance(part, Var | Const) and ndim_of(part)]
    used = sum(not is_none(part) and not _is_ellipsis(part) for part in parts)
    used += sum(ndim_of(part) - 1 for part in arrays if kind_of(part) == "b")
    if used > ndim_of(array):
        ctx.type_error(f"too many indices: {describe(array)} is indexed with {used}")
    if sum(map(_is_ellipsis, parts)) > 1:
        ctx.type_error("an index can only have a single ellipsis ('...')")
    whole = ndim_of(array) - used
    for array_index in arrays:
        if kind_of(array_index) not in "biu":
            ctx.type_error(f"an array index must be of integers or booleans, not {describe(array_index)}")
    items: list[Item] = []
    for part in parts:
        if _is_ellipsis(part):
            items += [FULL] * whole
        else:
            items.append(part if isinstance(part, Var | Const) and ndim_of(part) else _basic(ctx, part))
    return Picked(tuple(items)) if arrays else Basic(tuple(items), any(map(_is_ellipsis, parts)))


def opened_slice(ctx: Context, part: Value) -> Value:
    """A slice object from a variable, as the slice that it is."""
    if isinstance(part, Obj) and isinstance(part.value, slice):
        return SliceValue(*(lift(ctx, bound) for bound in (part.value.start, part.value.stop, part.value.step)))
    return part


def _is_ellipsis(part: Value) -> bool:
    return isinstance(part, Obj) and part.value is Ellipsis


def _basic(ctx: Context, part: Value) -> Item:
    if is_none(part):
        return None
    if isinstance(part, SliceValue):
        start, stop, step = (ABSENT if is_none(p) else int_operand(ctx, p, "a slice") for p in _parts(part))
        if step == const(0):
            ctx.type_error("the step of a slice cannot be zero")
        return start, stop, ABSENT if step == const(1) else step
    if isinstance(part, Var | Const) and not is_array(part) and kind_of(part) == "b":
        ctx.refuse("an array is indexed with a boolean", "use an if, or an integer index")
    return int_operand(ctx, part, "an array index")


def _parts(part: SliceValue) -> tuple[Value, Value, Value]:
    return part.start, part.stop, part.step


@lowers(np.add.at)
def _add_at(ctx: Context, a: Value, indices: Value, b: Value, /) -> Value:
    """Unlike `a[indices] += b`, this counts every index as often as it is given."""
    array = _writable(ctx, a)
    place = _place(ctx, array, indices)
    if isinstance(place, Basic):
        augment_item(ctx, a, indices, "add", lambda: b)
    else:
        picking.add_at(ctx, array, place, stored(ctx, operand(ctx, b, "np.add.at"), dtype_of(array), wraps=True))
    return NONE


@lowers(np.subtract.at)
def _subtract_at(ctx: Context, a: Value, indices: Value, b: Value, /) -> Value:
    return _add_at(ctx, a, indices, unary(ctx, "neg", operand(ctx, b, "np.subtract.at")))


def _update_at(function: np.ufunc) -> Lowering:
    def lowering(ctx: Context, a: Value, indices: Value, b: Value, /) -> Value:
        array = _writable(ctx, a)
        place = _place(ctx, array, indices)
        if isinstance(place, Picked):
            value = stored(ctx, operand(ctx, b, f"np.{function.__name__}.at"), dtype_of(array))
            picking.update_at(ctx, array, place, function, value)
        else:
            setitem(ctx, a, indices, ctx.call(Obj(function), [getitem(ctx, a, indices), b], {}))
        return NONE

    return lowering


for _function in (np.multiply, np.divide, np.maximum, np.minimum, np.power, np.logaddexp):
    lowers(_function.at)(_update_at(_function))


@lowers(np.copyto)
def _copyto(ctx: Context, dst: Value, src: Value, casting: Value = SAME_KIND, where: Value = TRUE) -> Value:
    """`dst[...] = src`, or where a mask holds."""
    target = _writable(ctx, dst)
    new = fitted(ctx, operand(ctx, src, "np.copyto"), ndim_of(target))
    if not np.can_cast(dtype_of(new), dtype_of(target), str(python(casting))):  # type: ignore[arg-type]
        ctx.type_error(f"np.copyto does not convert {dtype_of(new)} to {dtype_of(target)}", "use .astype first")
    if not holds_always(where):
        new = ctx.b.op("where", operand(ctx, where), new, target)
    ctx.b.effect("assign", target, stored(ctx, new, dtype_of(target), wraps=True))
    return NONE


@lowers(np.fill_diagonal)
def _fill_diagonal(ctx: Context, a: Value, val: Value, wrap: Value = FALSE) -> Value:
    target, value = _writable(ctx, a), operand(ctx, val, "np.fill_diagonal")
    if ndim_of(target) < 2:
        ctx.type_error("np.fill_diagonal takes an array of at least two axes")
    values = ravel(ctx, value) if is_array(value) else value
    rest = [stored(ctx, values, dtype_of(target)), const(flag(ctx, wrap, "wrap="))]
    ctx.call(Obj(library.fill_diagonal), [target, *rest], {})
    return NONE

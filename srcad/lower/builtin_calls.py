"""Python's own functions: abs, min, max, sum, len, conversions, and what works on tuples and lists."""

from __future__ import annotations

import builtins
import math
import operator
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from srcad import reads
from srcad.ir import Array, Atom, Const, ListOf, Scalar, Var, const
from srcad.lower import list_library, records
from srcad.lower.casts import cast, dtype_of, is_array, kind_of, ndim_of, strong, whole
from srcad.lower.choice_calls import boolean, numpy_round
from srcad.lower.comparisons import COMPARE, compare, conjunction, truth
from srcad.lower.elementwise_calls import elementwise
from srcad.lower.failures import check_integer
from srcad.lower.guards import guard
from srcad.lower.known import (
    FALSE,
    NONE,
    TRUE,
    ZERO,
    ZERO_FLOAT,
    describe,
    flag,
    is_known,
    is_none,
    known_int,
    lift,
    opened,
    python,
)
from srcad.lower.operands import int_operand, numbers, operand, scalar_operand
from srcad.lower.operators import BINARY, UNARY, augmented, binary, fold, unary
from srcad.lower.reduction_calls import reduction
from srcad.lower.registry import Lowering, lowers
from srcad.lower.scope import Closure
from srcad.lower.shapes import dim
from srcad.lower.values import FUNCTIONS, RANGE, Context, Func, Obj, Seq, Tup, Value
from srcad.lower.weak import note, weak_type

EMPTY = Tup(())
UNEQUAL = "zip() arguments have different lengths"
NUMBERS = "float64 float32 int64 int32 int16 int8 uint64 uint32 uint16 uint8 complex128 complex64"
NANO = const(1e-9)

# --- numbers ----------------------------------------------------------------------------------------------------------


@lowers(abs)
def _abs(ctx: Context, x: Value, /) -> Value:
    if is_known(x) and (folded := fold(ctx, abs, x)) is not None:
        return folded
    result = elementwise(ctx, "abs", x)
    if weak_type(operand(ctx, x)):
        note(result)
    return result


@lowers(pow)
def _pow(ctx: Context, base: Value, exp: Value, mod: Value = NONE) -> Value:
    if not is_none(mod):
        ctx.refuse("pow with three arguments is not supported", "write base**exp % mod")
    return binary(ctx, "pow", base, exp)


@lowers(divmod, np.divmod)
def _divmod(ctx: Context, x: Value, y: Value, /) -> Value:
    return Tup((binary(ctx, "floordiv", x, y), binary(ctx, "mod", x, y)))


@lowers(round)
def _round(ctx: Context, number: Value, ndigits: Value = NONE) -> Value:
    digits = [] if is_none(ndigits) else [ndigits]
    if is_known(number) and is_known(ndigits) and (folded := fold(ctx, round, number, *digits)) is not None:
        return folded
    x = operand(ctx, number, "round")
    if is_array(x) or digits:
        return numpy_round(ctx, x, *digits)
    check_integer(ctx, x)
    if kind_of(x) in "biu":
        return x
    rounded = whole(ctx, elementwise(ctx, "rint", x))
    ctx.belongs(rounded, python=True)
    return rounded


def _extreme(op: str, function: Callable[..., Any]) -> Lowering:
    def lowering(ctx: Context, first: Value, /, *others: Value, key: Value = NONE, default: Value = NONE) -> Value:
        first = numbers(ctx, first)
        if not is_none(key):
            by = {"max": list_library.largest_by, "min": list_library.smallest_by}[function.__name__]
            return ctx.call(Obj(by), [Tup((first, *others)) if others else first, key, default], {})
        if not is_none(default) and not others:
            if isinstance(first, Tup | Seq) and not first.items:
                return default
            if is_array(first):
                either = {"max": list_library.largest_or, "min": list_library.smallest_or}[function.__name__]
                return ctx.call(Obj(either), [first, default], {})
        items: Sequence[Value] = (first, *others)
        if not others:
            if is_array(first):
                if ndim_of(operand(ctx, first)) != 1:
                    ctx.type_error(
                        f"{function.__name__} of {describe(first)} is ambiguous", f"use np.{function.__name__}"
                    )
                return reduction(ctx, function.__name__, first)
            if not isinstance(first, Tup | Seq):
                ctx.type_error(f"{function.__name__} takes numbers, or one tuple, list or array, not {describe(first)}")
            items = first.items
        if not items:
            ctx.type_error(f"{function.__name__} of nothing")
        if len(items) == 1:
            return scalar_operand(ctx, items[0], function.__name__)
        if all(map(is_known, items)) and (folded := fold(ctx, function, *items)) is not None:
            return folded
        result: Atom = scalar_operand(ctx, items[0], function.__name__)
        for item in items[1:]:
            pythons = weak_type(result) and weak_type(operand(ctx, item))
            result = elementwise(ctx, op, result, scalar_operand(ctx, item, function.__name__))
            if pythons:
                note(result)
        return result

    return lowering


lowers(max)(_extreme("maximum", max))
lowers(min)(_extreme("minimum", min))


@lowers(sum)
def _sum(ctx: Context, iterable: Value, /, start: Value = ZERO) -> Value:
    iterable = numbers(ctx, iterable)
    if isinstance(iterable, Tup | Seq):
        total = start
        for item in iterable.items:
            plain = total == ZERO and isinstance(item, Var)
            total = item if plain else binary(ctx, "add", total, item)
        return unary(ctx, "pos", total) if len(iterable.items) == 1 and is_array(total) else total
    if not is_array(iterable):
        ctx.type_error(f"sum takes a tuple, a list or an array, not {describe(iterable)}")
    total = reduction(ctx, "sum", iterable, ZERO)
    if kind_of(operand(ctx, iterable)) in "iu":
        total = cast(ctx, operand(ctx, total), dtype_of(operand(ctx, iterable)))  # item by item, as Python does
    return total if start == ZERO else binary(ctx, "add", start, total)


# --- conversions ------------------------------------------------------------------------------------------------------


def _converts(function: Callable[..., Any], dtype: str) -> None:
    @lowers(function)
    def lowering(ctx: Context, x: Value = ZERO, /) -> Value:
        if is_known(x) and (folded := fold(ctx, function, x)) is not None:
            return folded
        atom = operand(ctx, x, function.__name__)
        if is_array(atom):
            ctx.type_error(
                f"{function.__name__} takes a number, not {describe(atom)}",
                f"use .astype({function.__name__}), or index it",
            )
        if function is int:
            check_integer(ctx, atom)
        number = whole(ctx, atom) if function is int else cast(ctx, atom, dtype)
        if number is atom and isinstance(atom, Var) and not weak_type(atom):
            number = ctx.b.op("cast", atom, dtype=dtype)  # another number: whose it is matters
        if number is not atom:
            ctx.belongs(number, python=True)
        return number


_converts(float, "float64")
_converts(int, "int64")


@lowers(bool, np.bool_)
def _bool(ctx: Context, x: Value = FALSE, /) -> Value:
    known = truth(ctx, x)
    return const(known) if isinstance(known, bool) else known


def _numpy_scalar(dtype: str) -> Lowering:
    def lowering(ctx: Context, x: Value = ZERO, /) -> Value:
        atom = operand(ctx, x, f"np.{dtype}")
        return cast(ctx, atom, dtype) if is_array(atom) else strong(ctx, atom, dtype)

    return lowering


for _dtype in NUMBERS.split():
    lowers(getattr(np, _dtype))(_numpy_scalar(_dtype))
for _op, (_, _function) in BINARY.items():
    lowers(_function)(lambda ctx, x, y, /, op=_op: binary(ctx, op, x, y))
for _op, (_, _compare) in COMPARE.items():
    lowers(_compare)(lambda ctx, x, y, /, op=_op: compare(ctx, op, x, y))
for _op, (_, _unary) in UNARY.items():
    lowers(_unary)(lambda ctx, x, /, op=_op: unary(ctx, op, x))
for _op in ("add", "sub", "mul", "pow"):
    lowers(getattr(operator, f"i{_op}"))(lambda ctx, x, y, /, op=_op: augmented(ctx, op, x, y))
lowers(operator.itruediv)(lambda ctx, x, y, /: augmented(ctx, "div", x, y))
lowers(operator.not_)(lambda ctx, x, /: unary(ctx, "not", x))


# --- tuples and lists -------------------------------------------------------------------------------------------------


@lowers(len)
def _len(ctx: Context, x: Value, /) -> Value:
    match x:
        case Tup() | Seq():
            return const(len(x.items))
        case Func() if records.is_record(x):
            return const(len(x.items))
        case Func(kind=kind, items=bounds) if kind is RANGE:
            count = ctx.b.op("trips", *bounds)  # type: ignore[arg-type]
            note(count)
            return count
        case Var(type=ListOf()):
            count = ctx.b.op("length", x)
            note(count)
            return count
        case Var() | Const() if isinstance(x.type, Array) and x.type.ndim:
            return dim(ctx, x, 0)
        case Obj() if hasattr(x.value, "__len__"):
            return const(len(x.value))
    return ctx.type_error(f"{describe(x)} has no len()")


#: Python's own collections, the items of which are known in order.
KNOWN: tuple[type[Iterable[Any]], ...] = (str, dict, type({}.items()), type({}.keys()), type({}.values()))


def items_of(ctx: Context, value: Value, name: str) -> tuple[Value, ...]:
    """The items of something whose length is known while lowering."""
    match opened(ctx, value):
        case Tup(items=items) | Seq(items=items):
            return items
        case Obj(value=thing) if isinstance(thing, KNOWN):
            return tuple(lift(ctx, item) for item in thing)
        case Func() as made if records.is_record(made):
            return records.keys(ctx, made).items
    return ctx.refuse(f"{name} of {describe(value)} is not supported here", "write a loop over range(len(...))")


lowers(dict)(lambda ctx, *args, **kwargs: records.made(ctx, args, kwargs))
lowers(tuple)(lambda ctx, x=EMPTY, /: Tup(items_of(ctx, x, "tuple")))
lowers(list)(lambda ctx, x=EMPTY, /: Seq(items_of(ctx, x, "list")))
lowers(reversed)(lambda ctx, x, /: Tup(items_of(ctx, x, "reversed")[::-1]))


@lowers(zip)
def _zip(ctx: Context, /, *iterables: Value, strict: Value = FALSE) -> Value:
    columns = [items_of(ctx, value, "zip") for value in iterables]
    if flag(ctx, strict, "strict=") and len(set(map(len, columns))) > 1:
        guard(ctx, TRUE, ValueError, "the arguments of zip() have different lengths")
    return Tup(tuple(Tup(row) for row in builtins.zip(*columns, strict=False)))


@lowers(enumerate)
def _enumerate(ctx: Context, iterable: Value, start: Value = ZERO) -> Value:
    first = known_int(start)
    if first is None:
        ctx.refuse("the start of this enumerate must be an integer in the source", "start at 0, and add to the number")
    return Tup(tuple(Tup((const(k), v)) for k, v in builtins.enumerate(items_of(ctx, iterable, "enumerate"), first)))


@lowers(map)
def _map(ctx: Context, function: Value, /, *iterables: Value) -> Value:
    columns = [items_of(ctx, value, "map") for value in iterables]
    return Tup(tuple(ctx.call(function, list(row), {}) for row in builtins.zip(*columns, strict=False)))


@lowers(range)
def _range(ctx: Context, start: Value, stop: Value = NONE, step: Value = NONE, /) -> Value:
    given = [value for value in (start, stop, step) if not is_none(value)]
    bounds = [known_int(value) for value in given]
    if None in bounds:
        first, last = (ZERO, given[0]) if len(given) == 1 else given[:2]
        parts = [int_operand(ctx, part, "the argument of range()") for part in (first, last, *given[2:])]
        return Func(RANGE, (*parts, const(1))[:3])
    return Seq(tuple(const(k) for k in builtins.range(*[n for n in bounds if n is not None])))


@lowers(all)
def _all(ctx: Context, iterable: Value, /) -> Value:
    return _quantified(ctx, "all", "and", iterable)


@lowers(any)
def _any(ctx: Context, iterable: Value, /) -> Value:
    return _quantified(ctx, "any", "or", iterable)


def _quantified(ctx: Context, name: str, op: str, iterable: Value) -> Value:
    iterable = numbers(ctx, iterable)
    if is_array(iterable):
        return ctx.b.op(name, boolean(ctx, iterable))
    return conjunction(ctx, op, [truth(ctx, item) for item in items_of(ctx, iterable, name)])


# --- types ------------------------------------------------------------------------------------------------------------


@lowers(isinstance)
def _isinstance(ctx: Context, x: Value, cls: Value, /) -> Value:
    classes = python(cls) if is_known(cls) else None
    if classes is None:
        ctx.type_error("isinstance takes a type or a tuple of types")
    answers = {isinstance(example, classes) for example in examples(x)}
    if len(answers) > 1:
        ctx.refuse(
            f"isinstance of {describe(x)} depends on whether the caller passes a Python or a NumPy number",
            "name both, for example (float, np.floating)",
        )
    return const(answers.pop())


def examples(value: Value) -> list[Any]:
    """Python objects of the types that the value may have."""
    match value:
        case Const(type=Scalar()) | Obj():
            return [python(value)]
        case Tup():
            return [value.cls.__new__(value.cls, *[None] * len(value.items)) if value.cls else ()]
        case Seq() | Var(type=ListOf()):
            return [[]]
        case Var() | Const() if isinstance(value.type, Array):
            return [np.empty((0,) * value.type.ndim, value.type.dtype)]
        case Var(type=Scalar(dtype=dtype)):
            number = np.dtype(dtype).type(0)
            return [number, number.item()] if dtype in ("float64", "int64", "bool", "complex128") else [number]
    return [slice(None)]


@lowers(hasattr)
def _hasattr(ctx: Context, x: Value, name: Value, /) -> Value:
    text = python(name) if isinstance(name, Obj) else None
    if not isinstance(text, str):
        ctx.type_error("hasattr takes the name of an attribute")
    answers = {hasattr(example, text) for example in examples(x)}
    if len(answers) > 1:
        ctx.refuse(f"whether {describe(x)} has '{text}' depends on what the caller passes", "use np.ndim, np.shape ...")
    answer = answers.pop()
    if isinstance(x, Obj):
        reads.record_presence(x.value, text, answer)
    return const(answer)


@lowers(type)
def _type(ctx: Context, x: Value, /) -> Value:
    return Obj(type(examples(x)[-1]))


@lowers(callable)
def _callable(ctx: Context, x: Value, /) -> Value:
    if isinstance(x, Func):
        return const(x.kind in FUNCTIONS)
    return const(isinstance(x, Obj) and (callable(x.value) or isinstance(x.value, Closure)))


@lowers(math.isclose)
def _isclose(ctx: Context, a: Value, b: Value, *, rel_tol: Value = NANO, abs_tol: Value = ZERO_FLOAT) -> Value:
    largest = elementwise(ctx, "maximum", elementwise(ctx, "abs", a), elementwise(ctx, "abs", b))
    bound = elementwise(ctx, "maximum", binary(ctx, "mul", rel_tol, largest), abs_tol)
    return compare(ctx, "le", elementwise(ctx, "abs", binary(ctx, "sub", a, b)), bound)

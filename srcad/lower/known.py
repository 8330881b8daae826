"""What lowering knows already: from values to Python objects and back, and how errors speak of them."""

from __future__ import annotations

import types
from typing import Any

import numpy as np

from srcad.ir import INT, Array, Const, ListOf, Scalar, Var, const
from srcad.lower.values import CHOSEN, ITERATOR, OPTIONAL, RANGE, Context, Func, Obj, Seq, SliceValue, Tup, Value

NONE = Obj(None)
FALSE = const(False)
TRUE = const(True)
ZERO = const(0)
ONE = const(1)
MINUS_ONE = const(-1)
RTOL = const(1e-5)
ATOL = const(1e-8)
ZERO_FLOAT = const(0.0)
TWO = const(2)
#: The part of a slice that was left out.
ABSENT = Const(None, INT)


def is_none(value: Value) -> bool:
    return isinstance(value, Obj) and value.value is None


def holds_always(value: Value) -> bool:
    """Whether this is True, as where= is if it is left out."""
    return isinstance(value, Const) and value.value is True


def is_known(value: Value) -> bool:
    """Whether `python` can give the value as a Python object."""
    match value:
        case Obj():
            return True
        case Const():
            return isinstance(value.type, Scalar)
        case Tup() | Seq():
            return all(map(is_known, value.items))
        case Func(kind=kind):
            return kind.name == "record" and all(map(is_known, value.items))
        case SliceValue():
            return all(map(is_known, (value.start, value.stop, value.step)))
    return False


def is_hashable(thing: Any) -> bool:
    """Whether the object can be looked up; functions of C libraries cannot, though their class says so."""
    try:
        hash(thing)
    except TypeError:
        return False
    return True


class NotKnown(Exception):  # noqa: N818 - becomes a refusal of the call
    """A value was asked for that is computed when the program runs."""


def python(value: Value) -> Any:
    """The Python object that a known value stands for; a strong literal is a NumPy scalar."""
    match value:
        case Obj():
            return value.value
        case Const() if isinstance(value.type, Scalar):
            return value.value if value.weak else np.dtype(value.type.dtype).type(value.value)
        case Tup():
            items = [python(item) for item in value.items]
            return value.cls(*items) if value.cls else tuple(items)
        case Seq():
            return [python(item) for item in value.items]
        case Func(kind=kind):
            return dict(zip(kind.keys, map(python, value.items), strict=True))  # type: ignore[attr-defined]
        case SliceValue():
            return slice(python(value.start), python(value.stop), python(value.step))
    raise NotKnown(value)


def lift(ctx: Context, thing: Any, name: str = "") -> Value:
    """The value that stands for a Python object. `name` is what a global array is called."""
    match thing:
        case np.generic() if thing.dtype.kind in "biufc":
            kind = {"b": bool, "i": int, "u": int, "f": float, "c": complex}[thing.dtype.kind]
            return Const(kind(thing), Scalar(thing.dtype.name), weak=False)
        case bool():
            return const(thing)
        case int() | float() | complex() if computes_differently(thing):
            ctx.refuse(
                f"a number of class '{type(thing).__name__}', which has operators of its own", "use a plain number"
            )
        case float() | complex():
            return const(float(thing) if isinstance(thing, float) else complex(thing))
        case int():
            if not -(2**63) <= thing < 2**63:
                ctx.type_error(f"the integer {thing} does not fit in 64 bits", "use a float")
            return const(int(thing))
        case tuple():
            cls = type(thing) if hasattr(thing, "_fields") else None
            return Tup(tuple(lift(ctx, item, name) for item in thing), cls)
        case np.ndarray():
            name = name or "constant"
            if thing.dtype.kind not in "biufc":
                ctx.type_error(f"the array '{name}' has dtype {thing.dtype}, which is not a number")
            layout = "C" if thing.flags.c_contiguous else "F" if thing.flags.f_contiguous else "A"
            return Const(thing, Array(thing.dtype.name, thing.ndim, layout), weak=False, name=name)
    return Obj(thing)


#: What a subclass of a number may do otherwise.
OPERATORS = [
    f"__{name}__"
    for name in "add radd sub rsub mul rmul truediv rtruediv floordiv rfloordiv mod rmod pow rpow neg pos abs "
    "eq ne lt le gt ge bool float".split()
]


def computes_differently(thing: int | float | complex) -> bool:
    """Whether the number's class replaces operators: those of enumerations do not."""
    base = next(base for base in (int, float, complex) if isinstance(thing, base))
    cls = type(thing)
    return cls is not base and any(getattr(cls, name, None) is not getattr(base, name, None) for name in OPERATORS)


def opened(ctx: Context, value: Value) -> Value:
    """A Python list or range from outside the function as a list of values; anything else as it is."""
    if isinstance(value, Obj) and isinstance(value.value, list | range):
        return Seq(tuple(lift(ctx, item) for item in value.value))
    return value


def known_int(value: Value) -> int | None:
    """The value as a Python int when it is one; None when it is computed, or no integer."""
    match value:
        case Const() if isinstance(value.value, int) and not isinstance(value.value, bool):
            return value.value
        case Obj(value=np.integer() as number):
            return int(number)
    return None


def describe(value: Value) -> str:
    """The value in an error message."""
    match value:
        case Var() | Const() if isinstance(value.type, Array):
            dims = f"{value.type.ndim}-d" if value.type.ndim else "0-d"
            return f"a {dims} array of {value.type.dtype}"
        case Const():
            return f"the {type(value.value).__name__} {value.value!r}"
        case Var() if isinstance(value.type, ListOf):
            return "a list"
        case Var():
            return f"a number ({value.type})"
        case Tup(cls=cls) if cls and cls.__name__ in ("Growing", "Borrowed"):
            return "a growing list"
        case Tup():
            return f"a {value.cls.__name__ if value.cls else 'tuple'} of {len(value.items)}"
        case Seq():
            return f"a list of {len(value.items)}"
        case Func(kind=kind) if kind is OPTIONAL:
            return f"what is None or {describe(value.items[1])}"
        case Func(kind=kind) if kind is CHOSEN and not all(
            isinstance(item, Obj) and callable(item.value) for item in value.items[1:]
        ):
            return "one of several objects"
        case Func(kind=kind) if kind.name == "record":
            return "a dictionary"
        case Func(kind=kind) if kind is RANGE:
            return "a range"
        case Func(kind=kind) if kind is ITERATOR:
            return "an iterator"
        case Func():
            return "a function"
        case Obj(value=None):
            return "None"
        case Obj(value=str() as text):
            return f"the string {text!r}"
        case Obj(value=types.ModuleType() as module):
            return f"the module '{module.__name__}'"
        case Obj(value=thing) if callable(thing):
            return f"the function '{getattr(thing, '__name__', thing)}'"
        case Obj(value=thing):
            return f"a {type(thing).__name__}"
    return "a slice"


def flag(ctx: Context, value: Value, what: str) -> bool:
    """A flag such as keepdims=, which must be known."""
    if not is_known(value):
        ctx.refuse(f"{what} must be True or False in the source", "branch on it outside the function")
    return bool(python(value))

"""Dictionaries with keys that are known while lowering: records, whose parts may be anything.

The value is a tuple by name; storing under a key gives the variable another value. So that nobody can tell, a dictionary that
is changed has one variable only, as a list that grows has (lists.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

from srcad.ir import const
from srcad.lower.guards import guard
from srcad.lower.known import NONE, describe, is_known, lift, python
from srcad.lower.values import Context, Func, Kind, Obj, Seq, Tup, Value


@dataclass(frozen=True)
class Record(Kind):
    """The kind of the values that stand for dictionaries with these keys."""

    keys: tuple[Any, ...] = ()

    @property
    def _fields(self) -> tuple[str, ...]:
        """What the parts are called in generated code."""
        return tuple(re.sub(r"\W", "_", str(key)) for key in self.keys)


def is_record(value: object) -> TypeGuard[Func]:
    return isinstance(value, Func) and isinstance(value.kind, Record)


def record(pairs: Mapping[Any, Value]) -> Func:
    return Func(Record("record", tuple(pairs)), tuple(pairs.values()))


def parts(value: Func) -> dict[Any, Value]:
    assert isinstance(value.kind, Record)
    return dict(zip(value.kind.keys, value.items, strict=True))


def key_of(ctx: Context, key: Value) -> Any:
    if not is_known(key):
        ctx.refuse("a dictionary has a key that is computed", "use an array, or keys that are written in the source")
    found = python(key)
    try:
        hash(found)
    except TypeError as error:
        ctx.type_error(str(error))
    return found


def made(ctx: Context, args: Sequence[Value], kwargs: Mapping[str, Value]) -> Func:
    """`dict(*args, **kwargs)`"""
    pairs: dict[Any, Value] = {}
    for arg in args:
        pairs |= opened(ctx, arg)
    return record({**pairs, **kwargs})


def opened(ctx: Context, value: Value) -> dict[Any, Value]:
    """The parts of a dictionary, or of pairs of keys and values."""
    if is_record(value):
        return parts(value)
    if isinstance(value, Obj) and isinstance(value.value, dict):
        return {key: lift(ctx, thing, f"{key}") for key, thing in value.value.items()}
    if isinstance(value, Tup | Seq):
        pairs = [item.items if isinstance(item, Tup | Seq) else () for item in value.items]
        if all(len(pair) == 2 for pair in pairs):
            return {key_of(ctx, key): thing for key, thing in pairs}
    return ctx.type_error(f"a dictionary is not made of {describe(value)}")


def item(ctx: Context, value: Func, key: Value) -> Value:
    found = parts(value)
    if isinstance(key, Func):  # one of several strings
        return ctx.select(Tup(tuple(item(ctx, value, k) for k in key.items[1:])), key)
    if not is_known(key):
        numbers = list(found) == list(range(len(found)))
        if numbers and not isinstance(key, Tup | Seq | Func | Obj):
            return ctx.select(Tup(value.items), key)  # type: ignore[arg-type]
    wanted = key_of(ctx, key)
    if wanted not in found:
        if ctx.catches(KeyError):
            guard(ctx, const(True), KeyError, repr(wanted))
        ctx.type_error(f"KeyError: {wanted!r}", f"the keys are {', '.join(map(repr, found))}")
    return found[wanted]


def with_item(ctx: Context, value: Func, key: Value, new: Value) -> Func:
    return record(parts(value) | {key_of(ctx, key): new})


def keys(ctx: Context, value: Func) -> Tup:
    return Tup(tuple(lift(ctx, key) for key in parts(value)))


#: Methods that leave the dictionary as it is.
READING = frozenset({"items", "keys", "values", "get", "copy"})


def method(ctx: Context, value: Func, name: str, args: Sequence[Value]) -> Value:
    match name, list(args):
        case "items", []:
            pairs = zip(keys(ctx, value).items, value.items, strict=True)
            return Tup(tuple(Tup(pair) for pair in pairs))
        case "keys", []:
            return keys(ctx, value)
        case "values", []:
            return Tup(value.items)
        case "copy", []:
            return value
        case "get", [key, *default]:
            wanted = key_of(ctx, key)
            return parts(value).get(wanted, default[0] if default else NONE)
    return ctx.refuse(
        f"the method '{name}' of a dictionary is not supported here", "assign to its keys, or use a namedtuple"
    )


def changed(
    ctx: Context, value: Func, name: str, args: Sequence[Value], kwargs: Mapping[str, Value]
) -> tuple[Func, Value]:
    """The dictionary after a method that changes it, and what that gives."""
    match name, list(args):
        case "update", more:
            return made(ctx, [value, *more], kwargs), NONE
        case "pop", [key, *default] if not kwargs:
            rest = parts(value)
            wanted = key_of(ctx, key)
            if wanted not in rest and not default:
                ctx.type_error(f"KeyError: {wanted!r}")
            found = rest.pop(wanted, default[0] if default else NONE)
            return record(rest), found
        case "setdefault", [key, default]:
            have = parts(value)
            wanted = key_of(ctx, key)
            return record({**have, wanted: have.get(wanted, default)}), have.get(wanted, default)
    return ctx.refuse(f"the method '{name}' of a dictionary is not supported", "assign to its keys")

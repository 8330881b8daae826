"""What a function's behaviour depends on, as a key: its code, what its closure holds, the globals it reads, its callees.

Generated code has globals and closure values built in. `jvp` and its kin, which take a function each time anew, look here
whether something has changed since they last compiled it.
"""

from __future__ import annotations

import functools
import hashlib
import types
from collections.abc import Hashable, Iterator
from typing import Any

import numpy as np


def fingerprint(fn: Any) -> Hashable:
    """Equal for two functions, or one function at two times, only if they do the same."""
    return tuple(_parts(fn, set()))


def _parts(value: Any, seen: set[int]) -> Iterator[Hashable]:
    value = getattr(value, "py_func", value) if not hasattr(value, "derivative") else value.derivative.fn
    match value:
        case bool() | int() | float() | complex() | str() | bytes() | None:
            yield type(value), repr(value)
        case np.ndarray():
            array = np.ascontiguousarray(value)
            yield value.dtype.str, value.shape, hashlib.sha256(array.tobytes()).digest()
        case tuple() | list():
            yield type(value), len(value)
            for item in value:
                yield from _parts(item, seen)
        case functools.partial():
            for item in (value.func, *value.args, *value.keywords.values()):
                yield from _parts(item, seen)
        case types.FunctionType() if id(value) not in seen:
            seen.add(id(value))
            yield from _function(value, seen)
        case _:
            yield id(value)


def _function(fn: types.FunctionType, seen: set[int]) -> Iterator[Hashable]:
    yield fn.__code__
    for held in (*(fn.__defaults__ or ()), *(fn.__kwdefaults__ or {}).values()):
        yield from _parts(held, seen)
    for cell in fn.__closure__ or ():
        try:
            yield from _parts(cell.cell_contents, seen)
        except ValueError:  # not assigned yet
            yield None
    names = list(dict.fromkeys(_names(fn.__code__)))
    for name in names:
        if name not in fn.__globals__:
            continue
        value = fn.__globals__[name]
        yield name
        if isinstance(value, types.ModuleType) and value.__name__ not in ("numpy", "math"):
            for attribute in names:
                if attribute in vars(value):
                    yield from _parts(vars(value)[attribute], seen)
        else:
            yield from _parts(value, seen)


def _names(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            yield from _names(inner)

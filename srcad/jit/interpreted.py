"""A derivative without Numba: the generated source as plain Python, to step through or to run where nothing compiles."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numba.core.serialize import custom_reduce

from srcad.infer import ArgType, arg_type, typeof
from srcad.ir import FLOAT, Trace, Tree
from srcad.jit.generate import Derivative, generate, seeds_given, signature_only
from srcad.jit.options import Options
from srcad.transforms.signature import result_types


def as_compiled(function: Callable[..., Any], types: Any) -> Callable[..., Any]:
    """The function with numbers as compiled code has them: Python's floats raise where NumPy's give inf or nan, and beside a
    float32 they are narrowed."""

    def numbers(*args: Any) -> Any:
        return returned(function(*map(given, args)), types)

    return functools.update_wrapper(numbers, function)


def given(arg: Any) -> Any:
    if isinstance(arg, tuple):
        return type(arg)(*map(given, arg)) if hasattr(arg, "_fields") else tuple(map(given, arg))
    return np.float64(arg) if type(arg) is float else arg


def returned(result: Any, types: Any) -> Any:
    """The result with every float64 as Python's float, as Numba returns it."""
    if isinstance(types, Tree):
        items = [returned(item, type) for item, type in zip(result, types.items, strict=True)]
        return type(result)(*items) if hasattr(result, "_fields") else tuple(items)
    return float(result) if types == FLOAT else result


class Interpreted:
    """A derivative, generated for each combination of argument types when it is first called with it."""

    def __init__(self, derivative: Derivative, options: Options) -> None:
        stub = signature_only(derivative.name, derivative.signature, derivative.fn)
        self.derivative = derivative
        self.__srcad_options__ = options
        self.last_types: tuple[ArgType, ...] | None = None
        self.__name__, self.__qualname__ = stub.__name__, stub.__qualname__
        self.__doc__, self.__module__ = stub.__doc__, stub.__module__
        self.__signature__ = derivative.signature
        self._functions: dict[tuple[Any, ...], Callable[..., Any]] = {}

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        bound = self.__signature__.bind(*args, **kwargs)
        bound.apply_defaults()
        given = list(bound.arguments.values())
        kept = seeds_given(given, [value is None for value in given], self.derivative)
        given = [given[k] for k in kept]
        key = tuple(map(typeof, given))
        if key not in self._functions:
            names = [list(bound.arguments)[k] for k in kept]
            self.last_types = tuple(map(arg_type, key, names))
            trace = self.derivative.build(self.last_types)
            self._functions[key] = as_compiled(generate(trace, self.__srcad_options__), result_types(trace))
        if any(p.kind is p.VAR_POSITIONAL for p in self.__signature__.parameters.values()):
            *given, rest = given
            given += rest
        return self._functions[key](*given)

    def __srcad_trace__(self, arg_types: Sequence[ArgType]) -> Trace:
        return self.derivative.build(arg_types)

    def __get__(self, owner: Any, kind: Any = None) -> Any:
        return self if owner is None else self.__call__.__get__(owner)

    def __reduce__(self) -> Any:
        return custom_reduce(type(self), {"derivative": self.derivative, "options": self.__srcad_options__})

    @classmethod
    def _rebuild(cls, derivative: Derivative, options: Options) -> Interpreted:
        return cls(derivative, options)

    def __repr__(self) -> str:
        return f"<{self.__name__}{inspect.signature(self)}, interpreted>"

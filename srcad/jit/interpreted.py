"""A derivative without Numba: the generated source as plain Python, to step through or to run where nothing compiles."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from types import MethodType
from typing import Any

import numpy as np
from numba.core.serialize import custom_reduce

from srcad.infer import ArgType, arg_type, typeof
from srcad.ir import Scalar, Trace
from srcad.jit.buffers import with_buffers
from srcad.jit.generate import Derivative, generate, signature_only
from srcad.jit.options import Options
from srcad.reads import Reads, recording
from srcad.runtime import SizeError
from srcad.transforms.signature import result_types


def as_compiled(function: Callable[..., Any], returns: Any) -> Callable[..., Any]:
    """The function with floats that behave as in compiled code: Python's raise where NumPy's give inf or nan, and what `math`
    makes of a float32 is none. `returns` is the tree of the types of the result."""

    def floats(*args: Any) -> Any:
        return _returned(function(*map(_given, args)), returns)

    return functools.update_wrapper(floats, function)


def _given(value: Any) -> Any:
    if isinstance(value, tuple):
        return _like(value, map(_given, value))
    return np.float64(value) if type(value) is float else value


def _returned(value: Any, type_: Any) -> Any:
    if isinstance(value, tuple):
        return _like(value, map(_returned, value, type_.items))
    if isinstance(value, float) and type_ == Scalar("float32"):
        return np.float32(value)
    return float(value) if type(value) is np.float64 else value


def _like(value: tuple[Any, ...], items: Iterable[Any]) -> Any:
    return type(value)(*items) if hasattr(value, "_fields") else tuple(items)


@dataclass
class Made:
    """The functions that were generated, by the types of their arguments, and what they depend on besides."""

    functions: dict[tuple[Any, ...], tuple[Callable[..., Any], list[int]]] = field(default_factory=dict)
    reads: Reads = field(default_factory=Reads)


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
        self.buffer, self.starred = derivative.buffer, derivative.star is not None
        self.names = list(derivative.signature.parameters)
        self._made = Made()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if (out := kwargs.pop(self.buffer, None)) is not None:  # type: ignore[arg-type]
            return with_buffers(self.into, args, kwargs, out)
        bound = self.__signature__.bind(*args, **kwargs)
        bound.apply_defaults()
        names: list[str] = []
        given: list[Any] = []
        for name, value in bound.arguments.items():
            starred = self.__signature__.parameters[name].kind is inspect.Parameter.VAR_POSITIONAL
            given += value if starred else [value]
            names += [name] * (len(value) if starred else 1)
        if self._made.reads.changed:
            self._made = Made()
        made = self._made  # another thread may put another one in its place
        key = tuple(map(typeof, given, names))
        if key not in made.functions:
            types = list(map(arg_type, key, names))
            with recording() as reads:
                trace, order = self.derivative.build_call(types)
            made.reads.update(reads)
            self.last_types = tuple(types[k] for k in order)
            made.functions[key] = as_compiled(generate(trace, self.__srcad_options__), result_types(trace)), order
        made.reads.check_arguments(given)
        function, order = made.functions[key]
        try:
            return function(*[given[k] for k in order])
        except SizeError:
            if self.derivative.broadcasts:
                raise
            return self.general(*args, **kwargs)

    @functools.cached_property
    def general(self) -> Interpreted:
        """The derivative for arrays that broadcast where they meet, by sizes that are known only in the call."""
        return type(self)(self.derivative.broadcasting, self.__srcad_options__)

    @functools.cached_property
    def into(self) -> Interpreted:
        """The derivative that writes into buffers of the caller's, which are an argument of it."""
        return type(self)(self.derivative.into_buffers, self.__srcad_options__)

    @property
    def reads(self) -> Reads:
        return self._made.reads

    def __srcad_trace__(self, arg_types: Sequence[ArgType]) -> Trace:
        return self.derivative.trace(arg_types)

    def __get__(self, owner: Any, kind: Any = None) -> Any:
        return self if owner is None else MethodType(self, owner)

    def __reduce__(self) -> Any:
        return custom_reduce(type(self), {"derivative": self.derivative, "options": self.__srcad_options__})

    @classmethod
    def _rebuild(cls, derivative: Derivative, options: Options) -> Interpreted:
        return cls(derivative, options)

    def __repr__(self) -> str:
        return f"<{self.__name__}{inspect.signature(self)}, interpreted>"

"""From a derivative and the types of its arguments to the generated module."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from importlib.util import find_spec
from typing import Any, Protocol

from srcad.emit import emit, given_globals
from srcad.errors import UnsupportedError
from srcad.infer import ArgType, constant
from srcad.ir import Op, Trace, Tree, walk
from srcad.jit.cache import is_named, load
from srcad.jit.options import Options
from srcad.ops import FOURIER
from srcad.transforms.finish import finish
from srcad.transforms.integers import check_integers
from srcad.transforms.vectorize import asks_for_it, vectorize


class Derivative(Protocol):
    """What is derived, and how: see `srcad.pipeline.Derivative`."""

    @property
    def name(self) -> str: ...
    @property
    def fn(self) -> Any: ...
    @property
    def signature(self) -> inspect.Signature: ...
    @property
    def broadcasts(self) -> bool: ...
    @property
    def broadcasting(self) -> Derivative: ...
    @property
    def buffer(self) -> str | None: ...
    @property
    def into_buffers(self) -> Derivative: ...
    @property
    def star(self) -> int | None: ...
    def build_call(self, given: Sequence[ArgType]) -> tuple[Trace, list[int]]: ...
    def trace(self, given: Sequence[ArgType]) -> Trace: ...


def generate(trace: Trace, options: Options) -> Any:
    """The function that the trace becomes, in a module of its own."""
    trace = _finished(trace, options)
    values = given_globals(trace)
    classes = list(dict.fromkeys(_classes(trace)))
    named = [*classes, *(value for value in values.values() if isinstance(value, type))]
    if not all(map(is_named, named)):
        options = replace(options, cache=False)  # Numba's cache pickles them by name
    if trace.functions:
        options = replace(options, cache=False)  # what Numba loads of a recursive function aborts the process
    if options.jit:
        _check_fourier(trace)
    text = emit(trace, jit=options.jit, options=options.njit() if options.jit else {})
    if classes:
        values |= _own_classes(text, classes)
    return getattr(load(text, trace.name, values), trace.name)


def _check_fourier(trace: Trace) -> None:
    """Numba compiles np.fft where rocket-fft is installed."""
    ops = (stmt for function in (*trace.functions, trace) for stmt in walk(function.body) if isinstance(stmt, Op))
    first = next((op for op in ops if op.name in FOURIER), None)
    if first is not None and find_spec("rocket_fft") is None:
        raise UnsupportedError(
            "Fourier transforms are compiled by rocket-fft, which is not installed",
            first.span,
            "pip install 'srcad[fft]', or pass jit=False",
        )


def source(trace: Trace, options: Options) -> str:
    """The text of that module, to be run from anywhere: only a file can have Numba's cache."""
    return emit(
        _finished(trace, options), jit=options.jit, options=replace(options, cache=False).njit() if options.jit else {}
    )


def _finished(trace: Trace, options: Options) -> Trace:
    """The trace as it is to be written; where it is compiled, integers have 64 bits."""
    trace = finish(trace)
    if options.vectorize_math or asks_for_it(trace):
        trace = vectorize(trace)
    return check_integers(trace) if options.jit else trace


def _classes(trace: Trace) -> Iterator[type]:
    def walk(tree: Any) -> Iterator[type]:
        if isinstance(tree, Tree):
            if tree.cls is not None:
                yield tree.cls
            for item in tree.items:
                yield from walk(item)

    for function in (*trace.functions, trace):
        yield from walk(function.returns)


def _own_classes(text: str, classes: Sequence[type]) -> dict[str, type]:
    """The user's namedtuple classes by the names that the module has for its own, which look the same."""
    import ast

    made = [
        stmt.targets[0].id
        for stmt in ast.parse(text).body
        if isinstance(stmt, ast.Assign)
        and isinstance(stmt.targets[0], ast.Name)
        and isinstance(stmt.value, ast.Call)
        and getattr(stmt.value.func, "id", "").startswith("namedtuple")
    ]
    return dict(zip(made, classes, strict=True))


def signature_only(name: str, signature: inspect.Signature, fn: Callable[..., Any]) -> Any:
    """A function with this name and signature; Numba reads both from it and never runs it."""
    params = list(signature.parameters.values())
    stars = ["*" if p.kind is p.VAR_POSITIONAL else "" for p in params]
    given = [constant(p.default) for p in params if p.default is not p.empty]
    texts = [
        f"{star}{p.name}" + ("" if p.default is p.empty else "=None") for star, p in zip(stars, params, strict=True)
    ]
    namespace: dict[str, Any] = {}
    exec(f"def {name}({', '.join(texts)}): raise NotImplementedError", namespace)
    stub = namespace[name]
    stub.__defaults__ = tuple(given) or None
    stub.__doc__, stub.__module__ = getattr(fn, "__doc__", None), getattr(fn, "__module__", __name__)
    stub.__qualname__ = name
    return stub

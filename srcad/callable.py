"""The parameters of whatever can be called: Python functions, partial applications, derivatives, NumPy's own functions."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
from numba.np.ufunc.dufunc import DUFunc


def parameters(fn: Callable[..., Any]) -> list[inspect.Parameter]:
    """The parameters of the function itself, not of what a decorator wrapped; `*args` where only C knows.

    TypeError is raised for what has `**kwargs`, and for wrappers that keep results, since they cannot be compiled.
    """
    if isinstance(fn, np.ufunc | DUFunc):
        names = ["x", *(f"x{k}" for k in range(2, fn.nin + 1))]
        return [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in names]
    if hasattr(fn, "cache_info") and hasattr(fn, "__wrapped__"):
        raise TypeError(
            f"{name_of(fn)} keeps its results (functools.lru_cache), which cannot be compiled: pass {name_of(fn)}.__wrapped__"
        )
    module = str(getattr(fn, "__module__", None) or "")
    if not inspect.isfunction(fn) and module.partition(".")[0] in ("numpy", "scipy", "math", "builtins", "_operator"):
        return [inspect.Parameter("args", inspect.Parameter.VAR_POSITIONAL)]
    found = list(inspect.signature(fn, follow_wrapped=hasattr(fn, "derivative")).parameters.values())
    for p in found:
        if p.kind is p.VAR_KEYWORD:
            raise TypeError(_without_kwargs(fn, p.name))
    return found


def _without_kwargs(fn: Any, name: str) -> str:
    code = getattr(fn, "__code__", None)
    place = f"{code.co_filename}:{code.co_firstlineno}: " if code is not None else ""
    text = f"{place}{name_of(fn)} has **{name}, which cannot be compiled: name the parameters"
    return f"{text}, or pass {name_of(fn)}.__wrapped__, without its decorator" if hasattr(fn, "__wrapped__") else text


def name_of(fn: Any) -> str:
    return str(getattr(fn, "__name__", None) or getattr(getattr(fn, "func", None), "__name__", type(fn).__name__))

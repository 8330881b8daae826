"""Calls that are lowered by name. Here is the dispatcher; the table fills itself in the modules that are imported."""

from __future__ import annotations

import functools
import importlib
import math
import operator
import sys
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from srcad import reads
from srcad.lower import (  # noqa: F401  (the tables)
    builtin_calls,
    calculus_library,
    creation_calls,
    decomposition_calls,
    fourier_calls,
    functional,
    joining_calls,
    linalg_calls,
    math_calls,
    numerical_calls,
    padding_library,
    places_library,
    polynomial_library,
    random_calls,
    scipy_linalg_calls,
    shape_calls,
    shape_library,
    sorting_calls,
    special_calls,
    statistics_library,
    ufunc_methods,
    vector_calls,
)
from srcad.lower.casts import is_array
from srcad.lower.known import is_known, lift, python
from srcad.lower.methods import BoundMethod, call_method
from srcad.lower.registry import apply, lookup
from srcad.lower.stats_calls import distributions
from srcad.lower.values import Context, NeverReturns, Obj, Value

#: Functions of what is known while lowering, evaluated then and there.
EVALUATED = frozenset(
    {
        np.finfo,
        np.iinfo,
        np.dtype,
        np.result_type,
        np.promote_types,
        np.issubdtype,
        str,
        repr,
        getattr,
        issubclass,
        operator.itemgetter,
        operator.attrgetter,
        math.nextafter,
        math.ulp,
    }
)
#: Functions of NumPy that give Python's integers.
SIZES = (np.size, np.ndim, np.shape)
#: What to write instead, by the last part of the name, or a part before it.
REMEDIES: dict[str, str] = {
    "lexsort": "sort by one key: np.argsort",
    "unique": "sort, and compare neighbours: s = np.sort(x), s[1:] != s[:-1]",
    "histogram": "np.bincount(np.digitize(x, edges)), which is a constant, or a sum of smooth kernels",
    "unstack": "loop over the array, or name the rows: a, b = m",
    "sliding_window_view": "stack the windows: np.stack([x[k : k + n - w + 1] for k in range(w)], axis=1)",
    "as_strided": "index the array",
    "real_if_close": "take the real part: z.real",
    "vectorize": "call the function on the arrays, or in a loop",
    "solve_banded": "write the elimination as a loop, which is fast here, or use scipy.linalg.solve",
    "solveh_banded": "write the elimination as a loop, which is fast here, or use scipy.linalg.solve",
    "solve_toeplitz": "use scipy.linalg.solve of scipy.linalg.toeplitz",
    "solve_circulant": "use scipy.linalg.solve of scipy.linalg.circulant",
    "polyfit": "solve for the coefficients: np.linalg.lstsq(v, y)[0] with the powers of x as columns of v",
    "rvs": "draw the numbers outside and pass them as an argument",
    **dict.fromkeys(
        ("default_rng", "RandomState", "Generator"),
        "use np.random.normal and its kin, seeded by np.random.seed, or draw the numbers outside and pass them as an argument",
    ),
    "random": "draw the numbers outside and pass them as an argument",
    "multivariate_normal": "write it out: mean + np.linalg.cholesky(cov) @ np.random.standard_normal(n)",
    "eval": "write the expression itself: text that is read when the program runs has no derivative",
    "exec": "write the statements themselves: text that is read when the program runs has no derivative",
    "dict": "use a tuple, a namedtuple or separate variables",
    "set": "use a tuple or an array",
    "iter": "loop over the thing itself: for v in a",
    "next": "loop over the thing itself: for v in a",
    "str": "keep numbers as numbers: a derivative does not pass through text",
    "repr": "keep numbers as numbers: a derivative does not pass through text",
    "format": "keep numbers as numbers: a derivative does not pass through text",
    "input": "read it outside and pass it as an argument",
    "open": "read it outside and pass it as an argument",
    "setattr": "use a local variable, and return it",
}
OTHERWISE = (
    "call it outside and pass the result as an argument, or write what it computes: loops over arrays are fast here"
)


def call_builtin(ctx: Context, function: Any, args: Sequence[Value], kwargs: Mapping[str, Value]) -> Value | Any:
    """The value of the call; NotImplemented for a function that is not known by name, whose source is tried then."""
    if isinstance(function, BoundMethod):
        return call_method(ctx, function, args, kwargs)
    if isinstance(function, operator.itemgetter | operator.attrgetter) and len(args) == 1 and not kwargs:
        return math_calls.call_getter(ctx, function, args[0])
    if isinstance(function, functools.partial):
        rest = {name: lift(ctx, value, name) for name, value in function.keywords.items()} | dict(kwargs)
        return ctx.call(Obj(function.func), [*(lift(ctx, v, "argument") for v in function.args), *args], rest)
    foreign_tables()
    if (lowering := lookup(function)) is not None:
        name = full_name(function)
        result = apply(ctx, name, lowering, args, kwargs)
        if name.startswith("np.") and function not in SIZES and not is_array(result):
            ctx.belongs(result, python=False)
        return result
    if _is_evaluated(function) and all(map(is_known, (*args, *kwargs.values()))):
        return _evaluate(ctx, function, args, kwargs)
    if not _is_foreign(function):
        return NotImplemented
    name = full_name(function)
    remedy = next((REMEDIES[part] for part in reversed(name.split(".")) if part in REMEDIES), OTHERWISE)
    foreign = "." in name and not name.startswith(("np.", "str."))
    reason = f"{name} has no rule, and no Python source to read" if foreign else f"{name} is not supported"
    return ctx.refuse(reason, remedy)


def foreign_tables() -> None:
    """Register what SciPy has, once it is there. Another thread may still be importing it, which `import_module` waits for."""
    for name, register in FOREIGN.items():
        if name in sys.modules:
            _registered(register, importlib.import_module(name))


FOREIGN: Mapping[str, Callable[[types.ModuleType], None]] = {
    "scipy.special": special_calls.special_functions,
    "scipy.stats": distributions,
    "scipy.fft": fourier_calls.scipy_functions,
    "scipy.linalg": scipy_linalg_calls.linalg_functions,
}


@functools.cache
def _registered(register: Callable[[types.ModuleType], None], module: types.ModuleType) -> None:
    register(module)


def _is_evaluated(function: Any) -> bool:
    """Whether the function may run while lowering: it is pure, and so are the methods of strings, tuples and dicts."""
    owner = getattr(function, "__self__", None)
    if isinstance(function, types.BuiltinMethodType) and isinstance(owner, str | tuple | dict | frozenset | np.dtype):
        return True
    try:
        return function in EVALUATED or getattr(function, "__module__", "") == "math"
    except TypeError:  # an object without a hash
        return False


def _evaluate(ctx: Context, function: Any, args: Sequence[Value], kwargs: Mapping[str, Value]) -> Value:
    try:
        result = function(*map(python, args), **{name: python(value) for name, value in kwargs.items()})
        if function is getattr:
            reads.record_attribute(python(args[0]), python(args[1]), result, *map(python, args[2:]))
    except Exception as error:  # whatever the function says of these arguments, it would say when run
        if ctx.catches(type(error)):
            ctx.throw(type(error), str(error))
            raise NeverReturns from error
        ctx.type_error(f"{full_name(function)}(): {error}")
    return lift(ctx, result)


def _is_foreign(function: Any) -> bool:
    """Whether there is no Python source to lower: NumPy, builtins and extension modules."""
    module = str(getattr(function, "__module__", None) or type(function).__module__)
    compiled = isinstance(function, types.BuiltinFunctionType | np.ufunc | types.MethodDescriptorType)
    return compiled or module.partition(".")[0] in ("numpy", "scipy", "math", "builtins", "operator", "cmath")


def full_name(function: Any) -> str:
    """How a user writes the function: np.linalg.inv, math.sin, abs."""
    name = str(getattr(function, "__qualname__", None) or getattr(function, "__name__", repr(function)))
    if isinstance(function, np.ufunc):
        module = "np" if getattr(np, function.__name__, None) is function else "scipy.special"
        return f"{module}.{function.__name__}"
    of = getattr(function, "__self__", None)
    if isinstance(of, np.ufunc):
        return f"{full_name(of)}.{function.__name__}"
    module = getattr(function, "__module__", None) or getattr(of, "__module__", None) or ""
    if module.startswith("scipy.stats") and of is not None:
        return f"scipy.stats.{type(of).__name__.removesuffix('_gen')}.{name.rpartition('.')[2]}"
    if isinstance(of, np.random.Generator):
        return f"np.random.Generator.{name.rpartition('.')[2]}"
    if module.startswith("numpy"):
        part = next((p + "." for p in ("linalg", "random", "fft") if p in module), "")
        return f"np.{part}{name.rpartition('.')[2]}"
    if module in ("builtins", "io", ""):
        return name
    public = ".".join(part for part in module.split(".") if not part.startswith("_")) or module.lstrip("_")
    return f"{public}.{name.removeprefix('Random.')}"

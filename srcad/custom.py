"""Functions with rules of their own: `custom_jvp` and `custom_vjp`, as in JAX, and `rule`, of one line a mode.

The rules are Python functions that srcad lowers as it lowers any other. They are put where a derivative of the function is asked
for, so that they are differentiated in their turn, to any order; and since they are linear in what they propagate, a rule for
one mode serves the other: reverse mode of a JVP rule is its transpose, and forward mode of a VJP rule is that of the VJP.
"""

from __future__ import annotations

import ast
import builtins
import functools
import inspect
import itertools
import linecache
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numba import njit
from numba.core import types
from numba.core.errors import NumbaError
from numba.core.registry import cpu_target
from numba.extending import typeof_impl

from srcad import infer
from srcad.callable import parameters
from srcad.derive import derive, resolve, underlying
from srcad.ir import Block, Param, Trace, Type, Undef, Var, leaves, map_tree
from srcad.jit.options import options_of
from srcad.primitive import RULES, identity

Function = Callable[..., Any]


class _Custom:
    """A function with a rule, to be called from Python and from `@njit` code like the function itself."""

    __name__: str
    __srcad_rule__ = True  #: what lowering looks for

    def __init__(self, fun: Function, nondiff_argnums: int | str | Sequence[int | str] = ()) -> None:
        functools.update_wrapper(self, fun)
        self.__name__ = getattr(fun, "__name__", "function")
        self.fn = underlying(fun)
        self.__signature__ = inspect.Signature(_parameters(self.fn))
        self.__srcad_options__ = options_of(fun)
        positions = resolve(self, nondiff_argnums)
        self.nondiff = positions if isinstance(positions, tuple) else (positions,)
        #: The functions of the rule, by what they give: "jvp", "vjp".
        self.rules: Mapping[str, tuple[Function, ...]] = {}

    @functools.cached_property
    def compiled(self) -> Any:
        return derive(self, "primal")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.compiled(*args, **kwargs)

    def foreign(self, types: Sequence[Type]) -> Trace | None:
        """The function as Numba knows it, for arguments of these types; None if it does not."""
        numba_types = tuple(map(infer.numba_type, types))
        callee = njit(self.fn) if inspect.isfunction(self.fn) else self.fn
        try:
            context = cpu_target.typing_context
            known = context.resolve_function_type(context.resolve_value_type(callee), numba_types, {})
            result = infer.arg_type(known.return_type)
        except (NumbaError, TypeError, ValueError, AttributeError):
            return None
        numbers = itertools.count()
        params = tuple(Param(f"x_{k}", Var("x", type)) for k, type in enumerate(types))
        body = Block((), tuple(map(Undef, leaves(result))))
        name = self.__name__ if self.__name__.isidentifier() else "function"
        return Trace(name, params, body, map_tree(lambda _: next(numbers), result), foreign=callee)

    def __reduce__(self) -> Any:
        """By name, as functions are."""
        name = self.__qualname__  # type: ignore[attr-defined]
        found: Any = sys.modules.get(self.__module__)
        for part in name.split("."):
            found = getattr(found, part, None)
        if found is not self:
            raise TypeError(f"{name} is not found as {self.__module__}.{name}, so that it cannot be pickled")
        return name

    def __repr__(self) -> str:
        return f"<{self.__name__}{self.__signature__}, with a rule>"


def _parameters(fn: Any) -> list[inspect.Parameter]:
    """What the function takes; any arguments where that is not known, as for a function that ctypes or cffi gives."""
    try:
        return parameters(fn)
    except ValueError:
        return [inspect.Parameter("args", inspect.Parameter.VAR_POSITIONAL)]


class custom_jvp(_Custom):  # noqa: N801 - a decorator
    """Give a function its own rule for forward mode, from which reverse mode follows.

    fun               the function. It must not write into its arguments
    nondiff_argnums   positions or names of arguments that are constants to the rule, functions among them

    `defjvp(jvp)` gives the rule: `jvp(primals, tangents) -> (y, y_dot)`, with the arguments in `nondiff_argnums` before the
    two. `primals` and `tangents` are tuples with an item for each of the other arguments; a tangent has the shape and dtype of
    its primal, and None stands for that of what is no float. y_dot is nested as y, with None for zero, and linear in `tangents`.

    TypeError (`srcad.TypeInferenceError`) is raised where the rule does not fit the function; ValueError, by the derivative,
    where it gives a derivative of another shape. A wrong rule gives wrong derivatives: `srcad.testing.check_grads` finds it.

    >>> @custom_jvp
    ... def logistic(x):
    ...     return 1.0 / (1.0 + np.exp(-x))
    >>> @logistic.defjvp
    ... def logistic_jvp(primals, tangents):
    ...     (x,), (x_dot,) = primals, tangents
    ...     y = logistic(x)
    ...     return y, y * (1.0 - y) * x_dot
    >>> grad(logistic)(-800.0)
    0.0
    """

    def defjvp(self, jvp: Function) -> Function:
        """Set the rule. Gives `jvp` back, so that it can stand as a decorator."""
        self.rules = {"jvp": (jvp,)}
        return jvp


class custom_vjp(_Custom):  # noqa: N801
    """Give a function its own rule for reverse mode, from which forward mode follows.

    fun               the function. It must not write into its arguments
    nondiff_argnums   positions or names of arguments that are constants to the rule, functions among them

    `defvjp(fwd, bwd)` gives the rule: `fwd(*args) -> (y, residuals)`, where the residuals are whatever `bwd` needs, nested in
    tuples as you like; and `bwd(residuals, y_bar) -> x_bars`, with the arguments in `nondiff_argnums` before the two. `y_bar` is
    nested as y, with None for what is no float. `x_bars` is a tuple with an item for each of the other arguments, with its shape
    and dtype, or None for zero; it must be linear in `y_bar`.

    TypeError (`srcad.TypeInferenceError`) is raised where the rule does not fit the function; ValueError, by the derivative,
    where it gives a derivative of another shape. A wrong rule gives wrong derivatives: `srcad.testing.check_grads` finds it.

    >>> @custom_vjp
    ... def clipped(x, bound):
    ...     return x
    >>> def clipped_fwd(x, bound):
    ...     return x, bound
    >>> def clipped_bwd(bound, y_bar):
    ...     return min(max(y_bar, -bound), bound), None
    >>> clipped.defvjp(clipped_fwd, clipped_bwd)
    >>> grad(lambda x: clipped(x, 1.0) ** 2)(3.0)
    1.0
    """

    def defvjp(self, fwd: Function, bwd: Function) -> None:
        """Set the rule."""
        self.rules = {"vjp": (fwd, bwd)}


def rule(pattern: str, forward: str, *reverse: str, functions: Mapping[str, Function]) -> None:
    """Give a function a rule of one line a mode, in the notation of the rule book, wherever it is called from now on.

    pattern     the function and its arguments: "y = softplus(x)"
    forward     "y_dot = ...", of the arguments, `y` and x_dot, linear in the last
    reverse     "x_bar = ...", of the arguments, `y` and y_bar, for each argument that is differentiated for; the others are
                constants to reverse mode. Left out altogether, reverse mode follows from `forward`
    functions   what the names in all of these mean, the function itself among them; `np` and `math` are known

    The function may be anything that Numba can call, a ufunc or a function of a C library, or a Python function. On arrays
    the rule holds elementwise; adjoints of numbers that meet arrays are summed. ValueError is raised for what is not in this
    notation. `srcad.testing.check_rule` compares a rule with differences.

    >>> def softplus(x):
    ...     return math.log1p(math.exp(x))
    >>> def expit(x):
    ...     return 1.0 / (1.0 + math.exp(-x))
    >>> rule("y = softplus(x)", "y_dot = expit(x) * x_dot", "x_bar = expit(x) * y_bar",
    ...      functions={"softplus": softplus, "expit": expit})
    >>> grad(lambda x: softplus(x) ** 2)(0.0)
    0.6931471805599453
    """
    y, call = _equation(pattern)
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and y == "y" and not call.keywords):
        raise ValueError(f"{pattern!r} is not of the form 'y = f(a, b)'")
    if not all(isinstance(arg, ast.Name) for arg in call.args):
        raise ValueError(f"the arguments in {pattern!r} must be names")
    names = [ast.unparse(arg) for arg in call.args]
    if call.func.id not in functions:
        raise ValueError(f"functions= does not say what {call.func.id!r} is")
    function = functions[call.func.id]
    space = {"np": np, "math": math, **functions, "_like": _like}
    left, y_dot = _equation(forward)
    if left != "y_dot":
        raise ValueError(f"{forward!r} is not of the form 'y_dot = ...'")
    if not {f"{name}_dot" for name in names} & {node.id for node in ast.walk(y_dot) if isinstance(node, ast.Name)}:
        raise ValueError(f"{forward!r} is of no {names[0] if names else 'x'}_dot: a derivative is linear in it")
    known = {*space, *names, *(f"{name}_dot" for name in names), "y", "y_bar", *dir(builtins)}
    for text in (forward, *reverse):
        for node in ast.walk(_equation(text)[1]):
            if isinstance(node, ast.Name) and node.id not in known:
                raise ValueError(f"{node.id!r} in {text!r} is no argument, and functions= does not say what it is")
    made = _Custom(function)
    space[call.func.id] = made
    arguments = ", ".join(names)
    dots = ", ".join(f"{name}_dot" for name in names)
    jvp = _defined(
        f"{call.func.id}_jvp", "primals, tangents", space,
        f"({arguments},), ({dots},) = primals, tangents", f"y = {ast.unparse(call)}", f"return y, {ast.unparse(y_dot)}",
    )  # fmt: skip
    rules: dict[str, tuple[Function, ...]] = {"jvp": (jvp,)}
    if reverse:
        bars = dict(map(_equation, reverse))
        if unknown := bars.keys() - {f"{name}_bar" for name in names}:
            raise ValueError(f"{min(unknown)} is the adjoint of no argument in {pattern!r}")
        given = [bars.get(f"{name}_bar") for name in names]
        texts = [
            f"_like({ast.unparse(bar)}, {name})" if bar else "None" for name, bar in zip(names, given, strict=True)
        ]
        fwd = _defined(
            f"{call.func.id}_fwd", arguments, space, f"y = {ast.unparse(call)}", f"return y, ({arguments}, y)"
        )
        bwd = _defined(
            f"{call.func.id}_bwd",
            "residuals, y_bar",
            space,
            f"{arguments}, y = residuals",
            f"return {', '.join(texts)},",
        )
        rules["vjp"] = (fwd, bwd)
    made.rules = rules
    RULES[identity(made.fn)] = made


def _equation(text: str) -> tuple[str, ast.expr]:
    try:
        (statement,) = ast.parse(text).body
    except (SyntaxError, ValueError):
        raise ValueError(f"{text!r} is not one equation") from None
    if not (isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name)):
        raise ValueError(f"{text!r} is not of the form 'name = ...'")
    return statement.targets[0].id, statement.value


def _defined(name: str, parameters: str, space: Mapping[str, Any], *lines: str) -> Function:
    """A function with this source, which can be found again."""
    text = "\n    ".join((f"def {name}({parameters}):", *lines)) + "\n"
    file = f"<srcad rule {name} {next(_numbers)}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    own = dict(space)
    exec(compile(text, file, "exec"), own)
    made: Function = own[name]
    return made


_numbers = itertools.count()


def _like(bar: Any, x: Any) -> Any:
    """The contribution to a number's adjoint of all elements that it met."""
    return np.sum(bar) if np.ndim(x) == 0 else bar


@typeof_impl.register(_Custom)  # type: ignore[untyped-decorator]
def _typeof(function: _Custom, context: Any) -> Any:
    """Inside `@njit` code it is its compiled function."""
    return types.Dispatcher(function.compiled)


__all__ = ["custom_jvp", "custom_vjp", "rule"]

"""Functions with rules of their own: `custom_jvp` and `custom_vjp`, as in JAX.

The rules are Python functions that srcad lowers as it lowers any other. They are put where a derivative of the function is asked
for, so that they are differentiated in their turn, to any order; and since they are linear in what they propagate, a rule for
one mode serves the other: reverse mode of a JVP rule is its transpose, and forward mode of a VJP rule is that of the VJP.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from numba.core import types
from numba.extending import typeof_impl

from srcad.derive import derive, resolve, underlying
from srcad.jit.options import options_of

Function = Callable[..., Any]


class _Custom:
    """A function with a rule, to be called from Python and from `@njit` code like the function itself."""

    kind: ClassVar[str]
    __srcad_rule__ = True  #: what lowering looks for

    def __init__(self, fun: Function, nondiff_argnums: int | str | Sequence[int | str] = ()) -> None:
        functools.update_wrapper(self, fun)
        self.fn = underlying(fun)
        self.__signature__ = inspect.signature(self.fn)
        self.__srcad_options__ = options_of(fun)
        positions = resolve(self.fn, nondiff_argnums)
        self.nondiff = positions if isinstance(positions, tuple) else (positions,)
        #: The functions of the rule, once it is given.
        self.rule: tuple[Function, ...] | None = None

    @functools.cached_property
    def compiled(self) -> Any:
        return derive(self, "primal")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.compiled(*args, **kwargs)

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
        return f"<{self.__name__}{self.__signature__}, with a rule>"  # type: ignore[attr-defined]


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

    kind = "jvp"

    def defjvp(self, jvp: Function) -> Function:
        """Set the rule. Gives `jvp` back, so that it can stand as a decorator."""
        self.rule = (jvp,)
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

    kind = "vjp"

    def defvjp(self, fwd: Function, bwd: Function) -> None:
        """Set the rule."""
        self.rule = (fwd, bwd)


@typeof_impl.register(_Custom)  # type: ignore[untyped-decorator]
def _typeof(function: _Custom, context: Any) -> Any:
    """Inside `@njit` code it is its compiled function."""
    return types.Dispatcher(function.compiled)


__all__ = ["custom_jvp", "custom_vjp"]

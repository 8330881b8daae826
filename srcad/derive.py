"""The objects that users hold: derivatives to call, and functions that carry all of their derivatives."""

from __future__ import annotations

import functools
import inspect
import operator
from collections.abc import Callable, Mapping, Sequence
from types import MethodType
from typing import Any

from numba.core import config

from srcad import infer
from srcad.batch import Batched
from srcad.callable import parameters
from srcad.errors import UnsupportedError
from srcad.ir import Static, Trace, Tree, replace, show
from srcad.jit.buffers import Buffered
from srcad.jit.cuda import is_kernel
from srcad.jit.device import device_function
from srcad.jit.dispatcher import Assuming, Compiled, Watching
from srcad.jit.generate import source as module_text
from srcad.jit.interpreted import Interpreted
from srcad.jit.options import Options, options_of
from srcad.kernels import KernelDerivative
from srcad.pipeline import PIPELINES, Derivative
from srcad.reads import Reads
from srcad.transforms.signature import bind, returning
from srcad.trees import check_shapes, has_float, written, zeros

Argnums = int | str | Sequence[int | str]
#: What can be asked for by name. "value" is what `vjp` gives beside the pullback.
KINDS = frozenset(PIPELINES) - {"value"}


def derive(
    fn: Callable[..., Any],
    kind: str,
    argnums: Argnums = 0,
    has_aux: bool = False,
    options: Options | None = None,
    stars: int | None = None,
) -> Any:
    """The derivative of that kind of any function that srcad takes, to be called."""
    if is_kernel(fn) and kind in ("adjoint", "tangent"):
        return _of_kernel(fn, kind)
    options = options or options_of(fn)
    if config.DISABLE_JIT:  # NUMBA_DISABLE_JIT=1: everything is to run as plain Python
        options = replace(options, jit=False)
    inner = underlying(fn)
    derivative = Derivative(inner, kind, resolve(inner, argnums), has_aux, stars)
    if options.target == "cuda":
        return (BatchedFunction if kind == "primal" else BatchedDerivative)(derivative, options)
    return CLASSES[kind == "primal", options.jit](derivative, options)


def derive_once(fn: Callable[..., Any], kind: str, count: int) -> Any:
    """The derivative for calls with `count` arguments: the same object each time, so that `jvp` in a loop compiles once."""
    inner = underlying(fn)
    named = parameters(inner)
    starred = any(p.kind is p.VAR_POSITIONAL for p in named)
    return _derived(inner, kind, options_of(fn), count - len(named) + 1 if starred else None)


@functools.lru_cache(maxsize=256)
def _derived(fn: Callable[..., Any], kind: str, options: Options, stars: int | None) -> Any:
    return derive(fn, kind, options=options, stars=stars)


@functools.lru_cache(maxsize=256)
def _of_kernel(kernel: Any, kind: str) -> KernelDerivative:
    """The same object each time, so that a launch in a loop compiles once."""
    return KernelDerivative(kernel, kind)


def underlying(fn: Any) -> Any:
    """The function as it was written: without `@differentiate` or `@njit` around it."""
    if isinstance(fn, WithDerivatives):
        return fn.derivative.fn
    if isinstance(fn, Compiled | Interpreted):
        return fn
    if not callable(fn):
        raise TypeError(f"a function is what srcad differentiates, not a {type(fn).__name__}")
    if is_kernel(fn):
        raise UnsupportedError(
            f"{getattr(fn, '__name__', 'this')} is a CUDA kernel: of kernels there are srcad.adjoint and srcad.tangent",
            remedy="differentiate the function of one problem: .batched('cuda') makes a kernel of it, and .device() a function "
            "for kernels of yours",
        )
    if isinstance(fn, KernelDerivative):
        raise UnsupportedError(
            f"{fn.__name__} is the {fn.kind} of a kernel, which has no derivatives of its own yet",
            remedy="differentiate the function of one problem twice: srcad.hvp(f).batched('cuda')",
        )
    if isinstance(fn, MethodType) and (inner := underlying(fn.__func__)) is not fn.__func__:
        return MethodType(inner, fn.__self__)
    return getattr(fn, "py_func", fn)


def resolve(fn: Callable[..., Any], argnums: Argnums) -> int | tuple[int, ...]:
    """Positions for positions or names; ValueError for what the function has no parameter for."""
    names = [p.name for p in parameters(fn)]
    starred = any(p.kind is p.VAR_POSITIONAL for p in parameters(fn))

    def position(item: int | str) -> int:
        if isinstance(item, str):
            if item in names:
                return names.index(item)
        else:
            item = operator.index(item)
            if -len(names) <= item < len(names) or (starred and item >= 0):
                return item if starred else item % len(names)
        raise ValueError(f"argnums has {item!r}, but the parameters are ({', '.join(names)})")

    if isinstance(argnums, Sequence) and not isinstance(argnums, str):
        return tuple(map(position, argnums))
    return position(argnums) if names else 0


def source_of(
    derivative: Derivative,
    options: Options,
    types: str | Sequence[Any] | None,
    last: Sequence[infer.ArgType] | None,
    stop_after: str = "",
) -> str:
    if isinstance(types, str):
        types = infer.parse_types(types)
    if types is None:
        types = last or infer.default_types(derivative.fn, derivative.signature)[: len(derivative.own)]
    else:
        types = [infer.as_arg_type(type) for type in types]
    if derivative.star is not None:
        derivative = derivative.with_args(derivative.own_count(types) if types is last else len(types))
    trace = derivative.build(types, stop_after)
    return show(trace) if stop_after else module_text(trace, options)


def with_defaults(fn: Callable[..., Any], args: Sequence[Any]) -> list[Any]:
    """The arguments, and the defaults of those left out."""
    left_out = parameters(underlying(fn))[len(args) :]
    return [*args, *(p.default for p in left_out if p.default is not p.empty)]


def primals_of(
    fn: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any], wrt: int | tuple[int, ...]
) -> Any:
    """The arguments at these positions of a call, defaults filled in; a tuple of them for a tuple."""
    bound = inspect.Signature(parameters(underlying(fn))).bind(*args, **kwargs)
    bound.apply_defaults()
    values: list[Any] = []
    for name, value in bound.arguments.items():
        starred = bound.signature.parameters[name].kind is inspect.Parameter.VAR_POSITIONAL
        values += value if starred else [value]
    return tuple(values[k] for k in wrt) if isinstance(wrt, tuple) else values[wrt]


def into(made: Any, out: Any) -> dict[str, Any]:
    """How the derivative is given the arrays to write into: a batch takes none, and says so."""
    return {} if out is None else {getattr(made, "buffer", "out"): out}


class Pullback:
    """The function y_bar -> x_bars at given primals; to call, or to differentiate again.

    `count` of the x_bars were asked for, `y` is the result without its contents, and `reads` what it depends on besides.
    """

    def __init__(self, adjoint: Any, primals: Sequence[Any], count: int, y: Any, reads: Reads) -> None:
        self.adjoint, self.primals, self.count, self.y, self.reads = adjoint, primals, count, y, reads
        self.__name__ = f"{adjoint.derivative.name.removesuffix('_adjoint')}_pullback"
        self.__srcad_options__ = adjoint.__srcad_options__
        #: That of the function which is differentiated: buffers are no argument of it.
        self.__signature__ = inspect.Signature([inspect.Parameter("y_bar", inspect.Parameter.POSITIONAL_OR_KEYWORD)])

    def __call__(self, y_bar: Any, *, out: Any = None) -> tuple[Any, ...]:
        if (read := self.reads.changed) is not None:
            raise RuntimeError(
                f"'{read.name}', which the function reads, has changed since vjp was called: call it again"
            )
        check_shapes(self.y, y_bar, "y_bar")
        buffers = self._buffers(out)
        if not has_float(self.y):
            nothing = [zeros(x) if has_float(x) else None for x in self.primals]
            return tuple([written(*each, "out") for each in zip(nothing, buffers, strict=True)][: self.count])
        given = [buffer for x, buffer in zip(self.primals, buffers, strict=True) if has_float(x)]
        out = None if out is None else given[0] if len(given) == 1 else tuple(given)
        bars = iter(self.adjoint(*self.primals, y_bar, **into(self.adjoint, out))[1:])
        return tuple([next(bars) if has_float(x) else None for x in self.primals][: self.count])

    def _buffers(self, out: Any) -> list[Any]:
        """A buffer, or None, for each primal."""
        if out is not None and not (isinstance(out, tuple) and len(out) == self.count):
            raise TypeError(
                f"out must be a tuple with a buffer or None for each primal, {self.count} here, but is {out!r}"
            )
        buffers = [*(out or ())] + [None] * (len(self.primals) - len(out or ()))
        for x, buffer in zip(self.primals, buffers, strict=True):
            if buffer is not None and not has_float(x):
                raise TypeError(f"out has a buffer for the constant {x!r}: give None")
        return buffers

    def __getstate__(self) -> dict[str, Any]:
        """What was read is known to the process that read it: another one reads its own globals."""
        return {**vars(self), "reads": Reads()}

    def __srcad_trace__(self, arg_types: Sequence[infer.ArgType]) -> Trace:
        """The adjoint trace with the primals built in."""
        types = [infer.arg_type_of(x) for x in self.primals]
        trace = self.adjoint.derivative.build([*types, *arg_types])
        for x in self.primals:
            trace = bind(trace, 0, x)
        bars = iter(trace.returns.items[1:])
        items = tuple([next(bars) if has_float(x) else Static(None) for x in self.primals][: self.count])
        return replace(returning(trace, Tree(items)), name=self.__name__)


class WithBatches:
    """What can run for many problems at once."""

    derivative: Derivative
    __srcad_options__: Options

    def batched(self, target: str | None = None, in_axes: Any = 0) -> Batched:
        """The derivative of many problems at once: see `srcad.batch`.

        in_axes   as in `jax.vmap`: an int, None, or a tuple with an entry for each argument, nested as the argument is; it says
                  along which axis of an array the problems are, None that all share what is given
        target    "cpu" runs the batch in several threads, "cuda" in one thread of a GPU for each problem; if not given, what
                  the function was made for

        Results have the problems along axis 0. Gradients for what all problems share are summed over the batch; Jacobians are
        not. ValueError is raised where arguments do not agree on the number of problems.

        >>> import srcad
        >>> srcad.grad(lambda x, p: p * x**2).batched(in_axes=(0, None))(np.array([1.0, 2.0]), 3.0)
        array([ 6., 12.])
        """
        options = self.__srcad_options__
        return Batched(_for_batches(self.derivative), options, target or options.target, in_axes)

    def device(self, types: str | Sequence[Any] | None = None) -> Any:
        """The derivative as a CUDA device function, to be called in your own `@cuda.jit` kernels.

        `types` are those of its arguments, arrays with their sizes: "f8[3], f8". If not given, they are those of annotations,
        or float64. Numbers in the result are returned (a tuple of several); arrays are written into arguments that follow
        the others. An error ends the thread, as it does in any kernel. UnsupportedError is raised where memory is needed of
        which the size is not known.

        >>> square = grad(lambda x: x**2).device("f8")  # doctest: +SKIP
        """
        derivative = _for_batches(self.derivative)
        if types is None:
            types = infer.default_types(derivative.fn, derivative.signature)[: len(derivative.own)]
        elif isinstance(types, str):
            types = infer.parse_sized(types)
        return device_function(derivative.build([infer.as_arg_type(type) for type in types]), self.__srcad_options__)


def _for_batches(derivative: Derivative) -> Derivative:
    """The derivative as batches take it: for arrays of any sizes, which are known there; the function itself as one that leaves
    its arguments as they are."""
    return replace(derivative.broadcasting, kind="value" if derivative.kind == "primal" else derivative.kind)


class WithSource(WithBatches):
    """Derivatives show what they run."""

    derivative: Derivative
    __srcad_options__: Options
    last_types: tuple[infer.ArgType, ...] | None

    def source(self, types: str | Sequence[Any] | None = None, *, out: bool = False) -> str:
        """The generated module for these argument types ("f8[:], i8", or a sequence of types); if not given, for those
        of the last compilation, or for the annotated ones, or for float64 scalars. `out` asks for what calls with `out=` run."""
        return source_of(_with_buffers(self, out), self.__srcad_options__, types, last_types(self))


def _with_buffers(made: Any, out: bool) -> Derivative:
    d: Derivative = made.derivative
    if out and d.buffer is None:
        raise ValueError("out=True is for derivatives: the function itself takes no buffers")
    return d.into_buffers if out else d


def last_types(made: Any) -> tuple[infer.ArgType, ...] | None:
    """The types of the last call that compiled anything, without those of buffers."""
    into = vars(made).get("into")
    if made.last_types is not None or into is None or into.last_types is None:
        return made.last_types  # type: ignore[no-any-return]
    return tuple(into.last_types[1:] if into.starred else into.last_types[:-1])


class _Derived:
    """An attribute that is a derivative of the function it belongs to, made when first asked for."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.kind = name

    def __get__(self, owner: Any, cls: type | None = None) -> Any:
        if owner is None:
            return self
        d, options = owner.derivative, owner.__srcad_options__
        return owner.__dict__.setdefault(self.kind, derive(d.fn, self.kind, d.argnums, options=options))


def _check_kind(kind: str) -> None:
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(k for k in PIPELINES if k in KINDS)}, not {kind!r}")


class WithDerivatives(WithBatches):
    """A function that carries its derivatives: what `differentiate` gives."""

    attributes = KINDS - {"primal"}
    derivative: Derivative
    __srcad_options__: Options
    last_types: tuple[infer.ArgType, ...] | None

    tangent = _Derived()
    adjoint = _Derived()
    grad = _Derived()
    value_and_grad = _Derived()
    hvp = _Derived()
    jacfwd = _Derived()
    jacrev = _Derived()
    hessian = _Derived()

    def source(self, kind: str = "primal", types: str | Sequence[Any] | None = None, *, out: bool = False) -> str:
        """The generated module that runs for a kind of derivative: "primal", "tangent", "adjoint", "grad", "hvp" ...

        `types` are those of the function's arguments, as in "f8[:], i8", or a sequence of types; if not given, those of
        the last call that compiled anything, else the annotated ones, else float64 scalars. `out` asks for what calls with
        `out=` run.
        """
        _check_kind(kind)
        made = self if kind == "primal" else getattr(self, kind)
        last = last_types(made)
        if last is None and self.derivative.star is None:
            others = [self, *(self.__dict__[k] for k in PIPELINES if k in self.__dict__)]
            seen = [found for found in map(last_types, others) if found is not None]
            last = seen[-1][: len(self.derivative.own)] if seen else None
        return source_of(_with_buffers(made, out), self.__srcad_options__, types, last)


class DerivativeFunction(WithSource, Buffered, Compiled):  # type: ignore[misc]
    """A derivative, compiled: call it from Python, from inside `@njit` code, or pass it to such code."""


class InterpretedDerivative(WithSource, Interpreted):  # type: ignore[misc]
    """A derivative, as plain Python."""


class AssumingDerivative(Assuming, DerivativeFunction):  # type: ignore[misc]
    """The same, for sizes that are equal: see `Assuming`."""


class WatchingDerivative(Watching, DerivativeFunction):  # type: ignore[misc]
    """The same, with values built in that may change: see `Watching`."""


class DifferentiableFunction(WithDerivatives, Compiled):  # type: ignore[misc]
    """A compiled function that carries its derivatives."""


class AssumingFunction(Assuming, DifferentiableFunction):  # type: ignore[misc]
    """The same, for sizes that are equal."""


class WatchingFunction(Watching, DifferentiableFunction):  # type: ignore[misc]
    """The same, with values built in that may change."""


DerivativeFunction.assuming, DerivativeFunction.watching = AssumingDerivative, WatchingDerivative
DifferentiableFunction.assuming, DifferentiableFunction.watching = AssumingFunction, WatchingFunction


class InterpretedFunction(WithDerivatives, Interpreted):  # type: ignore[misc]
    """A function that carries its derivatives, as plain Python."""


class BatchedDerivative(WithBatches, Batched):
    """A derivative of a function that was made for GPUs: batched over axis 0 of all arguments."""

    def __init__(self, derivative: Derivative, options: Options) -> None:
        super().__init__(_for_batches(derivative), options, options.target, 0)


class BatchedFunction(WithDerivatives, BatchedDerivative):
    """A function for GPUs that carries its derivatives."""

    def source(self, kind: str = "primal", types: Any = None) -> str:  # type: ignore[override]
        """The generated module for a kind of derivative: see `Batched.source`."""
        _check_kind(kind)
        return str(Batched.source(self if kind == "primal" else getattr(self, kind), types))


#: The class for (is the primal, is compiled).
CLASSES: dict[tuple[bool, bool], Any] = {
    (False, True): DerivativeFunction,
    (False, False): InterpretedDerivative,
    (True, True): DifferentiableFunction,
    (True, False): InterpretedFunction,
}

"""The pipelines: what turns a function into each kind of derivative, as tuples of passes to be read from top to bottom.

A pass maps a trace to a trace, given the `Derivative` that is being made. Derivatives compose: the derivative of a
derivative starts from the trace of the inner one, instead of from source.
"""

from __future__ import annotations

import inspect
import keyword
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from srcad.errors import UnsupportedError
from srcad.ir import Array, Scalar, Static, Trace, Tree, Type, is_float, leaves, replace, verify
from srcad.lower import lower
from srcad.transforms import jacobian, signature
from srcad.transforms.adjoint import adjoint
from srcad.transforms.cse import cse
from srcad.transforms.dce import dce
from srcad.transforms.fold import fold
from srcad.transforms.fuse import fuse
from srcad.transforms.join import join
from srcad.transforms.protect import protect
from srcad.transforms.settle import settle
from srcad.transforms.sizes import sizes
from srcad.transforms.tangent import tangent

ArgType = Type | Tree | Static


@dataclass(frozen=True)
class Derivative:
    """Which derivative of which function. `argnums` counts parameters; an int gives one result, a tuple a tuple."""

    fn: Callable[..., Any]
    kind: str
    argnums: int | tuple[int, ...] = 0
    has_aux: bool = False

    @property
    def wrt(self) -> tuple[int, ...]:
        return self.argnums if isinstance(self.argnums, tuple) else (self.argnums,)

    @property
    def single(self) -> bool:
        return not isinstance(self.argnums, tuple)

    @property
    def name(self) -> str:
        return name_of(self.fn) if self.kind == "primal" else f"{name_of(self.fn)}_{self.kind}"

    @property
    def signature(self) -> inspect.Signature:
        """The function's own parameters, then the seeds: y_bar, v, or an x_dot for each. Parameters before a seed that
        must be given have no defaults."""
        own = [_plain_parameter(p) for p in parameters(self.fn)]
        seeds = {"adjoint": ["y_bar"], "hvp": ["v"], "tangent": [f"{p.name}_dot" for p in own]}.get(self.kind, [])
        if seeds and any(p.kind is p.VAR_POSITIONAL for p in own):
            raise TypeError(f"{self.kind} of {name_of(self.fn)}: its parameter *{own[-1].name} must be a tuple instead")
        if seeds and self.kind != "tangent":
            own = [p.replace(default=p.empty) for p in own]
        for seed in seeds:
            default = None if self.kind == "tangent" else inspect.Parameter.empty
            free = signature.unused(seed, own)
            own.append(inspect.Parameter(free, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=default))
        return inspect.Signature(own)

    def build(self, arg_types: Sequence[ArgType], stop_after: str = "") -> Trace:
        return build(self, arg_types, stop_after)


def parameters(fn: Callable[..., Any]) -> list[inspect.Parameter]:
    return list(inspect.signature(fn).parameters.values())


def _plain_parameter(p: inspect.Parameter) -> inspect.Parameter:
    """As Numba wants it: positional, keyword or both, all the same."""
    if p.kind is p.VAR_KEYWORD:
        raise TypeError(f"**{p.name} cannot be compiled: name the parameters")
    kind = p.VAR_POSITIONAL if p.kind is p.VAR_POSITIONAL else p.POSITIONAL_OR_KEYWORD
    return inspect.Parameter(p.name, kind, default=p.default)


def name_of(fn: Any) -> str:
    """A name for generated functions: "f"; "<lambda>" is none that Python would take."""
    name = getattr(fn, "__name__", None) or getattr(getattr(fn, "func", None), "__name__", "function")
    name = "".join(c for c in name if c.isalnum() or c == "_")
    return name if name.isidentifier() and not keyword.iskeyword(name) else f"_{name}"


@dataclass(frozen=True)
class Pass:
    """`name` is what `srcad show --pass` calls it."""

    name: str
    run: Callable[[Trace, Derivative], Trace]


# --- the passes -------------------------------------------------------------------------------------------------------


def _plain(name: str, transform: Callable[[Trace], Trace]) -> Pass:
    return Pass(name, lambda trace, _: transform(trace))


def _tidy(suffix: str = "") -> tuple[Pass, ...]:
    passes = {"fuse": fuse, "sizes": sizes, "fold": fold, "cse": cse, "dce": dce}
    if suffix:
        passes |= {"join": join, "refold": fold, "recse": cse, "redce": dce, "settle": settle}
    return tuple(_plain(name + suffix, transform) for name, transform in passes.items())


def _tangent(trace: Trace, d: Derivative) -> Trace:
    return tangent(trace, floats(trace))


def _adjoint(trace: Trace, d: Derivative) -> Trace:
    if not any(is_float(type) for type in leaves(signature.result_types(trace))):
        raise TypeError(f"{name_of(d.fn)} has no adjoint: its result {_text(trace)} has no float in it")
    return adjoint(trace, floats(trace))


def _scalar(trace: Trace, d: Derivative) -> Trace:
    """Refuse what has no gradient, in JAX's words."""
    _real_inputs(trace, d)
    result = signature.result_types(trace)
    if d.has_aux:
        if not isinstance(result, Tree) or len(result.items) != 2:
            raise TypeError(f"with has_aux=True {name_of(d.fn)} must return (value, aux), but it returns {_text(trace)}")
        result = result.items[0]
    if not isinstance(result, Scalar | Array) or getattr(result, "ndim", 0):
        axes = getattr(result, "ndim", 0) * (":",)
        found = f"shape: ({', '.join(axes)}{',' if len(axes) == 1 else ''})" if axes else f"type: {_text(trace)}"
        raise TypeError(f"Gradient only defined for scalar-output functions. Output had {found}.")
    if not result.dtype.startswith("float"):
        real = "real-valued outputs (output dtype that is a sub-dtype of np.floating)"
        raise TypeError(f"{d.kind} requires {real}, but got {result.dtype}.")
    return trace


def _gradient(trace: Trace, d: Derivative) -> Trace:
    """The adjoint with the seed 1: (*args) -> (y, x_bar), where y may be (value, aux)."""
    seed = len(trace.params)
    if d.has_aux:
        bars = signature.fill(dce(adjoint(signature.stop_result(trace, 1), d.wrt)), seed, signature.one, 0)
    else:
        bars = signature.fill(adjoint(trace, d.wrt), seed, signature.one)
    y, *x_bars = bars.returns.items
    returns = Tree((y, x_bars[0] if d.single else Tree(tuple(x_bars))))
    return replace(signature.returning(bars, returns), name=f"{trace.name}_{d.kind}")


def _derivative_only(trace: Trace, d: Derivative) -> Trace:
    """From (y, x_bar) to x_bar; from ((y, aux), x_bar) to (x_bar, aux)."""
    if not d.has_aux:
        return signature.select(trace, 1)
    (_, aux), x_bar = trace.returns.items[0].items, trace.returns.items[1]
    return signature.returning(trace, Tree((x_bar, aux)))


def _along(trace: Trace, d: Derivative) -> Trace:
    """The tangent of a gradient: (*args, v) -> H v."""
    dots = signature.select(tangent(trace, d.wrt), 1)
    count = len(trace.params)
    grouped = signature.group(dots, range(count, len(dots.params)), "v")
    return replace(grouped, name=trace.name)


def _jacfwd(trace: Trace, d: Derivative) -> Trace:
    _real_inputs(trace, d)
    return jacobian.jacfwd(trace, d.wrt, d.single)


def _jacrev(trace: Trace, d: Derivative) -> Trace:
    _real_inputs(trace, d)
    return jacobian.jacrev(trace, d.wrt, d.single)


def _hessian(trace: Trace, d: Derivative) -> Trace:
    made = jacobian.jacfwd(trace, d.wrt, d.single)
    return replace(made, name=trace.name.removesuffix("_jacrev") + "_hessian")


def _real_inputs(trace: Trace, d: Derivative) -> None:
    for k in d.wrt:
        for type in leaves(signature.types_of(trace.params[k].tree)) or [None]:
            dtype = getattr(type, "dtype", "None")
            if not dtype.startswith("float"):
                real = "real-valued inputs (input dtype that is a sub-dtype of np.floating)"
                raise TypeError(f"{d.kind} requires {real}, but got {dtype} for {trace.params[k].name!r}.")


def floats(trace: Trace) -> list[int]:
    """The parameters with a float in them."""
    found = [k for k, p in enumerate(trace.params) if any(is_float(v.type) for v in leaves(p.tree))]
    if not found:
        raise TypeError(f"no argument of {trace.name} is a float: there is nothing to differentiate for")
    return found


_PRIMAL = (Pass("lower", lambda trace, d: trace), *_tidy())
_FRONT = (*_PRIMAL, _plain("protect", protect))
_GRADIENT = (Pass("scalar", _scalar), Pass("adjoint", _gradient))
_RESULTS = _plain("results", signature.strong_results)

PIPELINES: Mapping[str, tuple[Pass, ...]] = {
    "primal": (*_PRIMAL, _RESULTS),
    "tangent": (*_FRONT, Pass("tangent", _tangent), *_tidy("2"), _RESULTS),
    "adjoint": (*_FRONT, Pass("adjoint", _adjoint), *_tidy("2"), _RESULTS),
    "value_and_grad": (*_FRONT, *_GRADIENT, *_tidy("2"), _RESULTS),
    "grad": (*_FRONT, *_GRADIENT, Pass("drop", _derivative_only), *_tidy("2"), _RESULTS),
    "hvp": (
        *_FRONT, *_GRADIENT, Pass("drop", _derivative_only), *_tidy("2"), Pass("tangent", _along), *_tidy("3"), _RESULTS,
    ),
    "jacfwd": (*_FRONT, Pass("jacfwd", _jacfwd), *_tidy("2"), _RESULTS),
    "jacrev": (*_FRONT, Pass("jacrev", _jacrev), *_tidy("2"), _RESULTS),
    "hessian": (*_FRONT, Pass("jacrev", _jacrev), *_tidy("2"), Pass("jacfwd", _hessian), *_tidy("3"), _RESULTS),
}  # fmt: skip

#: Kinds with parameters after the function's own: the seeds.
SEEDED = frozenset({"tangent", "adjoint", "hvp"})


# --- running them ------------------------------------------------------------------------------------------------------


def build(d: Derivative, arg_types: Sequence[ArgType], stop_after: str = "") -> Trace:
    """The trace of a derivative for arguments of these types, or what it is after the pass `stop_after`.

    Types beyond the function's own parameters are those of the seeds; left out, seeds have the types they belong to.
    TypeError is raised for arguments that have no such derivative, UnsupportedError for what srcad cannot differentiate.
    """
    passes = PIPELINES[d.kind]
    if stop_after and stop_after not in {p.name for p in passes}:
        raise ValueError(f"{d.kind} has no pass {stop_after!r}; its passes are {', '.join(p.name for p in passes)}")
    count = len(parameters(d.fn))
    trace = _base(d.fn, tuple(arg_types[:count]))
    for step in passes:
        trace = step.run(trace, d)
        if os.environ.get("SRCAD_VERIFY"):
            verify(trace)
        if step.name == stop_after:
            return trace
    seeds = arg_types[count:]
    if seeds and len(seeds) != len(trace.params) - count:
        names = ", ".join(p.name for p in trace.params[count:])
        raise TypeError(f"{trace.name} takes {len(trace.params) - count} seeds ({names}), but got {len(seeds)}")
    for k, given in enumerate(seeds, start=count):
        trace = signature.take(trace, k, given)
    return trace


_building = threading.local()


def _base(fn: Any, arg_types: tuple[ArgType, ...]) -> Trace:
    """The trace of the function itself: from its source, or from the derivative that it is."""
    active: list[Any] = _building.__dict__.setdefault("active", [])
    if len(active) > 50 and active.count(fn) > 10:
        raise UnsupportedError(f"{name_of(fn)} needs its own derivative to be differentiated")
    active.append(fn)
    try:
        trace = getattr(fn, "__srcad_trace__", None)
        return trace(arg_types) if trace is not None else lower(fn, arg_types, name_of(fn))
    finally:
        active.pop()


def _text(trace: Trace) -> str:
    return signature.text(signature.result_types(trace))

"""The pipelines: what turns a function into each kind of derivative, as tuples of passes to be read from top to bottom.

A pass maps a trace to a trace, given the `Derivative` that is being made. Derivatives compose: the derivative of a
derivative starts from the trace of the inner one, instead of from source.
"""

from __future__ import annotations

import inspect
import keyword
import os
import threading
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FunctionType
from typing import Any, TypeVar

from srcad import reads
from srcad.callable import parameters
from srcad.errors import UnsupportedError
from srcad.ir import REQUIRED, Array, Op, Scalar, Static, Trace, Tree, Type, is_float, leaves, replace, verify, walk
from srcad.lower import lower
from srcad.primitive import RULES
from srcad.remembered import remembered
from srcad.seeds import Arrangement, arrange, with_all_dots, without_dots
from srcad.transforms import jacobian, signature
from srcad.transforms.adjoint import adjoint
from srcad.transforms.cse import cse
from srcad.transforms.custom import checked
from srcad.transforms.dce import dce
from srcad.transforms.equal_sizes import checks_first, equal_sizes
from srcad.transforms.fission import fission
from srcad.transforms.fold import exact_fold, fold
from srcad.transforms.fuse import fuse
from srcad.transforms.into import into
from srcad.transforms.join import join
from srcad.transforms.overwrite import overwrite
from srcad.transforms.protect import modified, protect
from srcad.transforms.registers import registers
from srcad.transforms.settle import settle
from srcad.transforms.sizes import sizes
from srcad.transforms.tangent import tangent
from srcad.transforms.uniform import uniform
from srcad.transforms.unshared import unshared

ArgType = Type | Tree | Static
Made = TypeVar("Made")


@dataclass(frozen=True)
class Derivative:
    """Which derivative of which function. `argnums` counts arguments; an int gives one result, a tuple a tuple.

    A function with `*args` has as many parameters as it is given arguments. `stars` fixes how many of them are for the
    `*args`, which lets seeds follow. `broadcasts` allows for arrays whose sizes are found to differ where they meet only when
    the function is called: see `transforms.equal_sizes`. One `into` buffers has a parameter for them: see `transforms.into`.
    """

    fn: Callable[..., Any]
    kind: str
    argnums: int | tuple[int, ...] = 0
    has_aux: bool = False
    stars: int | None = None
    broadcasts: bool = False
    into: bool = False

    @property
    def broadcasting(self) -> Derivative:
        """The same for arrays of any sizes."""
        return replace(self, broadcasts=True)

    @property
    def into_buffers(self) -> Derivative:
        """The same with its arrays written into buffers of the caller's."""
        return replace(self, into=True)

    @property
    def buffer(self) -> str | None:
        """The keyword for buffers, `out` unless the function has a parameter of that name; None where there is none."""
        if self.into or self.kind in ("primal", "value"):
            return None
        return signature.unused("out", list(self.signature.parameters.values()))

    @property
    def wrt(self) -> tuple[int, ...]:
        return self.argnums if isinstance(self.argnums, tuple) else (self.argnums,)

    @property
    def single(self) -> bool:
        return not isinstance(self.argnums, tuple)

    @property
    def name(self) -> str:
        return name_of(self.fn) if self.kind in ("primal", "value") else f"{name_of(self.fn)}_{self.kind}"

    @property
    def own(self) -> list[inspect.Parameter]:
        """The function's parameters, without the seeds, as Numba wants them: positional, keyword or both, all the same."""
        found: list[inspect.Parameter] = []
        for p in parameters(self.fn):
            if p.kind is not p.VAR_POSITIONAL:
                found.append(p.replace(kind=p.POSITIONAL_OR_KEYWORD))
            elif self.stars is None:
                found.append(p)
            else:
                found += [inspect.Parameter(f"{p.name}_{k}", p.POSITIONAL_OR_KEYWORD) for k in range(self.stars)]
        return found

    @property
    def signature(self) -> inspect.Signature:
        """The function's own parameters, then the seeds: y_bar, v, or an x_dot for each. After parameters with defaults, a
        seed has one too, which `arrange` refuses; `*args` hold the seeds as well."""
        own = self.own
        if any(p.kind is p.VAR_POSITIONAL for p in own[:-1]):
            raise TypeError(f"{name_of(self.fn)} has parameters after its *args, which cannot be compiled")
        own = _defaults_last(own)
        seeds = {"adjoint": ["y_bar"], "hvp": ["v"], "tangent": [f"{p.name}_dot" for p in own]}.get(self.kind, [])
        if own and own[-1].kind is inspect.Parameter.VAR_POSITIONAL:
            seeds = []
        must = REQUIRED if own and own[-1].default is not inspect.Parameter.empty else inspect.Parameter.empty
        for seed in seeds:
            default = None if self.kind == "tangent" else must
            free = signature.unused(seed, own)
            own.append(inspect.Parameter(free, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=default))
        if self.into:
            free = signature.unused("out", own)
            at = self._buffer_at(len(own))
            optional = at > 0 and own[at - 1].default is not inspect.Parameter.empty
            default = REQUIRED if optional else inspect.Parameter.empty
            own.insert(at, inspect.Parameter(free, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=default))
        return inspect.Signature(own)

    def _buffer_at(self, count: int) -> int:
        """The position of the buffers beside `count` other parameters: after them, but before those of which `*args` are one."""
        return count if self.star is None else 0

    def _split(self, given: Sequence[ArgType]) -> tuple[list[ArgType], ArgType, int]:
        """All other arguments, the buffers, and the position of these."""
        at = self._buffer_at(len(given) - 1)
        return [*given[:at], *given[at + 1 :]], given[at], at

    def build(self, arg_types: Sequence[ArgType], stop_after: str = "") -> Trace:
        trace = build(replace(self, into=False), arg_types, stop_after)
        return self._with_buffers(trace, None) if self.into and not stop_after else trace

    def build_call(self, given: Sequence[ArgType]) -> tuple[Trace, list[int]]:
        """The trace for a call with all that was given, and the positions of what it takes of that. `*args` are spread."""
        if self.into:
            own, buffers, at = self._split(given)
            trace, order = replace(self, into=False).build_call(own)
            order = [k + (k >= at) for k in order]
            return self._with_buffers(trace, buffers), [at, *order] if at == 0 else [*order, at]
        arranged, trace = self._arranged(given)
        return without_dots(trace, arranged.own), arranged.order

    def trace(self, given: Sequence[ArgType]) -> Trace:
        """The trace as a function to be called or differentiated: with a parameter for each that the signature has."""
        if self.into:
            own, buffers, _ = self._split(given)
            return self._with_buffers(replace(self, into=False).trace(own), buffers)
        star = self.star
        if star is not None and isinstance(rest := given[star], Tree):
            given = [*given[:star], *rest.items, *given[star + 1 :]]
        arranged, trace = self._arranged(given)
        return with_all_dots(trace, len(arranged.own)) if self.kind == "tangent" and star is None else trace

    def _arranged(self, given: Sequence[ArgType]) -> tuple[Arrangement, Trace]:
        arranged = arrange(self.kind, self.fn, given, self.name)
        seeds = [given[k] for k in arranged.seeds]
        return arranged, self.with_args(len(arranged.own)).build([*arranged.own_types(given), *seeds])

    def _with_buffers(self, trace: Trace, given: ArgType | None) -> Trace:
        """The trace that writes into buffers of these types; into one for each array if none are given."""
        own = sum(p.outer is None for p in trace.params)
        return into(trace, derivatives(self, trace.returns), given, self._buffer_at(own))

    @property
    def star(self) -> int | None:
        return next((k for k, p in enumerate(self.own) if p.kind is p.VAR_POSITIONAL), None)

    def own_count(self, given: Sequence[ArgType]) -> int:
        """How many of what was given are arguments of the function, not seeds."""
        return len(arrange(self.kind, self.fn, given, self.name).own)

    def with_args(self, count: int) -> Derivative:
        """With the number of `*args` that makes `count` arguments."""
        return self if self.star is None else replace(self, stars=count - len(self.own) + 1)


def derivatives(d: Derivative, returns: Any) -> Any:
    """The part of the result that is derivatives, as `out` is nested: the adjoint's only bar by itself, as a gradient is."""
    match d.kind:
        case "tangent" | "value_and_grad":
            return returns.items[1]
        case "grad" if d.has_aux:
            return returns.items[0]
        case "adjoint":
            bars = returns.items[1:]
            return bars[0] if len(bars) == 1 else Tree(bars)
    return returns


def _defaults_last(own: list[inspect.Parameter]) -> list[inspect.Parameter]:
    """The parameters with `REQUIRED` for a default where one with a default stands before: keyword-only in the function,
    or after one that a `functools.partial` binds, they are positional here."""
    first = next((k for k, p in enumerate(own) if p.default is not p.empty), len(own))
    fixed = [k > first and p.default is p.empty and p.kind is not p.VAR_POSITIONAL for k, p in enumerate(own)]
    return [p.replace(default=REQUIRED) if fix else p for p, fix in zip(own, fixed, strict=True)]


def name_of(fn: Any) -> str:
    """A name for generated functions: "f"; "<lambda>" is none that Python would take."""
    name = str(getattr(fn, "__name__", None) or getattr(getattr(fn, "func", None), "__name__", "function"))
    name = "".join(c for c in name if c.isalnum() or c == "_")
    return name if name.isidentifier() and not keyword.iskeyword(name) else f"_{name}"


@dataclass(frozen=True)
class Pass:
    """`name` is what `srcad show --pass` calls it. One that tidies changes neither the results nor their types."""

    name: str
    run: Callable[[Trace, Derivative], Trace]
    tidies: bool = False


# --- the passes -------------------------------------------------------------------------------------------------------


def _plain(name: str, transform: Callable[[Trace], Trace]) -> Pass:
    return Pass(name, lambda trace, _: transform(trace), tidies=True)


def tidy(suffix: str = "") -> tuple[Pass, ...]:
    """The passes after a function has become a trace, or, with a suffix to their names, a derivative."""
    passes = {"fuse": fuse, "sizes": sizes, "fold": fold if suffix else exact_fold, "cse": cse}
    if suffix:
        passes |= {"dce": dce, "join": join, "registers": registers, "refold": fold}
        passes |= {
            "recse": cse,
            "uniform": uniform,
            "redce": dce,
            "overwrite": overwrite,
            "settle": settle,
            "fission": fission,
        }
    else:
        passes |= {"refold": exact_fold, "dce": dce}  # what is one value now may cancel, too
    return tuple(_plain(name + suffix, transform) for name, transform in passes.items())


def _equal_sizes(trace: Trace, d: Derivative) -> Trace:
    return trace if d.broadcasts else equal_sizes(trace)


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
            raise TypeError(
                f"with has_aux=True {name_of(d.fn)} must return (value, aux), but it returns {_text(trace)}"
            )
        result = result.items[0]
    if not isinstance(result, Scalar | Array) or (isinstance(result, Array) and result.ndim):
        axes = (result.ndim if isinstance(result, Array) else 0) * (":",)
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
        value, _ = trace.returns.items
        bars = signature.fill(adjoint(trace, d.wrt, leaves(value)), seed, signature.one, 0)
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
    grouped = signature.group(signature.named_seeds(dots, "v"), range(count, len(dots.params)), "v", d.single)
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
        types = signature.types_of(trace.params[k].tree)
        for type in leaves(types) or [None]:
            dtype = getattr(type, "dtype", signature.text(types))
            if not dtype.startswith("float"):
                real = "real-valued inputs (input dtype that is a sub-dtype of np.floating)"
                raise TypeError(f"{d.kind} requires {real}, but got {dtype} for {trace.params[k].name!r}.")


def floats(trace: Trace) -> list[int]:
    """The parameters with a float in them."""
    own = [(k, p) for k, p in enumerate(trace.params) if p.outer is None]
    found = [k for k, p in own if any(is_float(v.type) for v in leaves(p.tree))]
    if not found:
        raise TypeError(f"no argument of {trace.name} is a float: there is nothing to differentiate for")
    return found


_PRIMAL = (Pass("lower", lambda trace, d: checked(trace)), Pass("equal", _equal_sizes), *tidy())
_FRONT = (*_PRIMAL, _plain("protect", protect), _plain("name", signature.named))
_GRADIENT = (Pass("scalar", _scalar), Pass("adjoint", _gradient))
_OWN = _plain("own", unshared)

PIPELINES: Mapping[str, tuple[Pass, ...]] = {
    "primal": _PRIMAL,
    "value": (*_FRONT, _OWN, *tidy("2")),
    "tangent": (*_FRONT, Pass("tangent", _tangent), _OWN, *tidy("2")),
    "adjoint": (*_FRONT, Pass("adjoint", _adjoint), _OWN, *tidy("2")),
    "value_and_grad": (*_FRONT, *_GRADIENT, _OWN, *tidy("2")),
    "grad": (*_FRONT, *_GRADIENT, Pass("drop", _derivative_only), _OWN, *tidy("2")),
    "hvp": (
        *_FRONT, *_GRADIENT, Pass("drop", _derivative_only), _OWN, *tidy("2"), Pass("tangent", _along), _OWN, *tidy("3"),
    ),
    "jacfwd": (*_FRONT, Pass("jacfwd", _jacfwd), _OWN, *tidy("2")),
    "jacrev": (*_FRONT, Pass("jacrev", _jacrev), _OWN, *tidy("2")),
    "hessian": (*_FRONT, Pass("jacrev", _jacrev), _OWN, *tidy("2"), Pass("jacfwd", _hessian), _OWN, *tidy("3")),
}  # fmt: skip


# --- running them ------------------------------------------------------------------------------------------------------


def build(d: Derivative, arg_types: Sequence[ArgType], stop_after: str = "") -> Trace:
    """The trace of a derivative for arguments of these types, or what it is after the pass `stop_after`.

    Types beyond the function's own parameters are those of the seeds; left out, seeds have the types they belong to.
    TypeError is raised for arguments that have no such derivative, UnsupportedError for what srcad cannot differentiate.
    """
    general = d.broadcasts or not _building.__dict__.get("assumes", True)
    with _assuming(False):
        return _built(replace(d, broadcasts=general), arg_types, stop_after)


def _built(d: Derivative, arg_types: Sequence[ArgType], stop_after: str) -> Trace:
    passes = PIPELINES[d.kind]
    if not stop_after:
        return _remembered(d, (d.kind, d.argnums, d.has_aux), arg_types, lambda: _build(d, arg_types))
    names = [p.name for p in passes]
    if stop_after not in names:
        raise ValueError(f"{d.kind} has no pass {stop_after!r}; its passes are {', '.join(names)}")
    trace, types = _base(d, arg_types[: len(d.own)])
    _check_argnums(d, trace)
    return _run(d, trace, types, passes[: names.index(stop_after) + 1])[0]


def _build(d: Derivative, arg_types: Sequence[ArgType]) -> Trace:
    count = len(d.own)
    seeds = arg_types[count:]
    given = arg_types[:count]
    trace, types = _remembered(d, "primal", given, lambda: _run(d, *_base(d, given), _PRIMAL))
    _check_argnums(d, trace)
    count = len(trace.params)
    trace, types = _run(d, trace, types, PIPELINES[d.kind][len(_PRIMAL) :])
    if d.kind == "tangent":  # the x_dots of what is no float are left out
        seeds = [type for type in seeds if not (isinstance(type, Static) and type.value is None)]
    if seeds and len(seeds) != len(trace.params) - count:
        names = ", ".join(p.name for p in trace.params[count:])
        wanted = len(trace.params) - count
        takes = f"{wanted} {'seed' if wanted == 1 else 'seeds'} ({names})" if wanted else "no seeds"
        raise TypeError(f"{trace.name} takes {takes}, but got {len(seeds)}")
    for k, seed in enumerate(seeds, start=count):
        trace = signature.take(trace, k, seed)
    return checks_first(signature.outer_last(signature.strong_results(trace, types)))


def _run(d: Derivative, trace: Trace, types: Any, passes: Sequence[Pass]) -> tuple[Trace, Any]:
    """The trace after these passes, and the types of its results. `types` are those that it has by now."""
    for step in passes:
        if not step.tidies:
            trace = signature.strong_results(trace, types)
        trace = step.run(trace, d)
        types = types if step.tidies else signature.result_types(trace)
        if os.environ.get("SRCAD_VERIFY"):
            verify(trace)
    return trace, types


def _check_argnums(d: Derivative, trace: Trace) -> None:
    own = [p for p in trace.params if p.outer is None]
    if d.kind != "primal" and max(d.wrt, default=0) >= len(own):
        raise TypeError(f"argnums has {max(d.wrt)}, but {name_of(d.fn)} was given {len(own)} arguments")


def _check_outer(trace: Trace) -> None:
    """A derivative works on copies of what is written, so that the function around would not see it."""
    outer = {p.tree: p.name for p in trace.params if p.outer is not None}
    for var in modified(trace) if outer else ():
        if var in outer:
            raise UnsupportedError(
                f"'{outer[var]}' of the function around is written by a function that is differentiated inside it",
                trace.span,
                "pass it as an argument, or return what is to be written",
            )


_building = threading.local()


@contextmanager
def _assuming(assumes: bool) -> Iterator[None]:
    """What is built meanwhile has the same arguments as what is built now, or not: only of those is known what to assume."""
    before = _building.__dict__.get("assumes", True)
    _building.assumes = assumes
    try:
        yield
    finally:
        _building.assumes = before


def _base(d: Derivative, given: Sequence[ArgType]) -> tuple[Trace, Any]:
    """The trace of the function itself, and the types of its results: from its source, or from the derivative that it is."""
    arg_types = list(map(signature.unsized, given))
    star = next((k for k, p in enumerate(parameters(d.fn)) if p.kind is p.VAR_POSITIONAL), None)
    if star is not None and d.stars is not None:
        arg_types[star : star + d.stars] = [Tree(tuple(arg_types[star : star + d.stars]))]
    active: list[Any] = _building.__dict__.setdefault("active", [])
    if len(active) > 50 and active.count(d.fn) > 10:
        raise UnsupportedError(f"{name_of(d.fn)} needs its own derivative to be differentiated")
    active.append(d.fn)
    try:
        made = getattr(d.fn, "__srcad_trace__", None)
        if made is not None:
            with _assuming(not d.broadcasts):
                trace: Trace = made(arg_types)
        else:
            trace = lower(d.fn, tuple(arg_types), name_of(d.fn))
    finally:
        active.pop()
    if star is not None and trace.params[star].name == parameters(d.fn)[star].name:
        trace = signature.spread(trace, star)
    trace = signature.sized(trace, given)
    if modified(trace):
        reads.record_writes()
    _check_outer(trace)
    return trace, signature.result_types(trace)


# --- what was made before ----------------------------------------------------------------------------------------------


def _remembered(d: Derivative, what: Hashable, arg_types: Sequence[ArgType], make: Callable[[], Made]) -> Made:
    """What `make` makes of the function for arguments of these types, or made before."""
    try:
        types = tuple(map(_key, arg_types))
    except _NoKey:
        return make()
    names = [(p.name, p.kind) for p in parameters(d.fn)]
    key = what, d.broadcasts, d.stars, types, name_of(d.fn), getattr(d.fn, "__doc__", None), *names, *RULES.values()
    return remembered(d.fn, key, make, _lasts)


class _NoKey(Exception):  # noqa: N818 - control flow
    """An argument that is known by nothing but itself, such as a function of the lowering in progress."""


def _key(type: ArgType) -> Hashable:
    match type:
        case Tree():
            return (type.cls, *map(_key, type.items))
        case Static(value=None | bool() | int() | str() | FunctionType() as value):
            return value.__class__, value
        case Static():
            raise _NoKey
        case Array():
            return type, type.sizes
    return type


def _lasts(made: Any) -> bool:
    """Rules of users are lowered when they are asked for, with reads of their own: traces that have such do not last."""
    trace = made if isinstance(made, Trace) else made[0]
    ops = (stmt for function in (*trace.functions, trace) for stmt in walk(function.body) if isinstance(stmt, Op))
    return all(op.name != "custom" for op in ops)


def _text(trace: Trace) -> str:
    return signature.text(signature.result_types(trace))

"""Derivatives of CUDA kernels that users have written."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Sequence
from typing import Any

from srcad import infer
from srcad.callable import parameters
from srcad.errors import UnsupportedError
from srcad.ir import Array, Trace, Tree, Var, is_float, leaves, replace
from srcad.jit.cuda import described
from srcad.jit.user_kernel import UserKernel, check_apart, dtype_and_shape
from srcad.lower import lower
from srcad.lower.entry import span_of
from srcad.pipeline import ArgType, name_of, tidy
from srcad.transforms.branches import branches
from srcad.transforms.cse import cse
from srcad.transforms.dce import dce
from srcad.transforms.forwarded import forwarded
from srcad.transforms.kernel import adjoint_kernel, check_contents, plain, without_echoes
from srcad.transforms.ownership import ownership
from srcad.transforms.phases import fewer_barriers, in_phases, shared_arrays, without_barriers
from srcad.transforms.protect import modified
from srcad.transforms.scratch import Placed
from srcad.transforms.settle import settle
from srcad.transforms.signature import unused
from srcad.transforms.staging import has_margins, unstaged
from srcad.transforms.strides import by_range, by_trips
from srcad.transforms.tangent import tangent_in_place
from srcad.transforms.thread import thread


class KernelDerivative:
    """What `srcad.adjoint` and `srcad.tangent` make of a `@cuda.jit` kernel: a kernel that takes more arrays after its arguments.

    `tangent[blocks, threads](*args, *x_dots)` does what the kernel does, and the same with derivatives: there is an x_dot of the
    same dtype and shape for every argument that is an array of floats, in their order, and where the kernel writes a number into
    an array, its derivative goes to the x_dot of that.

    `adjoint[blocks, threads](*args, *x_bars)` is launched after the kernel, with the same configuration (a stream and the size of
    shared memory may follow). To the x_bars of arrays that the kernel reads it adds; those of arrays that it writes are taken,
    and are zero then, where the kernel has written.

    None in place of an x_dot or x_bar holds its array constant. Numbers are constants: for the derivative of one, pass an array
    of one element. ValueError is raised where arrays share memory or one has another shape, TypeError where one has another
    dtype; by the adjoint UnsupportedError, with the line, where threads read what other threads write, or write what others do,
    and where it would need what an array held before the kernel wrote into it.
    """

    def __init__(self, kernel: Any, kind: str) -> None:
        self.kernel, self.kind = kernel, kind
        self.fn = kernel.py_func
        self.__name__ = f"{name_of(self.fn)}_{kind}"
        self._suffix = {"adjoint": "bar", "tangent": "dot"}[kind]
        self._made: dict[Any, UserKernel] = {}
        self._lock = threading.Lock()
        self.last_types: tuple[ArgType, ...] | None = None
        if getattr(kernel, "_device", False) or getattr(kernel, "targetoptions", {}).get("device"):
            raise UnsupportedError(
                f"{name_of(self.fn)} is a device function, which has no launch",
                remedy=f"differentiate the kernel that calls it, or the function itself: srcad.{kind}(f.py_func)",
            )

    def __getitem__(self, configuration: Any) -> Configured:
        if not isinstance(configuration, tuple) or not 2 <= len(configuration) <= 4:
            raise ValueError(f"{self.__name__} is launched as {self.__name__}[blocks, threads](...), as the kernel is")
        return Configured(self, configuration)

    def forall(self, ntasks: int, tpb: int = 0, stream: Any = 0, sharedmem: int = 0) -> Configured:
        """A launch with a thread for each task, in blocks of `tpb` threads."""
        threads = tpb or 128
        return self[-(-ntasks // threads), threads, stream, sharedmem]

    def __call__(self, *args: Any) -> Any:
        raise ValueError(f"{self.__name__} has no launch configuration: {self.__name__}[blocks, threads](...)")

    def source(self, types: str | Sequence[Any] | None = None) -> str:
        """The generated module for these types of the kernel's arguments ("f8[:], f8[:], i8"); if not given, for those of the
        last launch, or of annotations, or for float64 numbers."""
        if isinstance(types, str):
            found: Sequence[ArgType] = infer.parse_types(types)
        elif types is not None:
            found = [infer.as_arg_type(type) for type in types]
        else:
            found = self.last_types or infer.default_types(self.fn, inspect.signature(self.fn))
        names = self._names()
        if len(found) != len(names):
            raise TypeError(
                f"{name_of(self.fn)} has {len(names)} parameters ({', '.join(names)}), and {len(found)} types were given"
            )
        return self._kernel(tuple(found), tuple(k for k, type in enumerate(found) if _has_shadow(type))).text

    def launch(self, configuration: Any, given: Sequence[Any]) -> None:
        names = self._names()
        args, shadows = given[: len(names)], given[len(names) :]
        types = tuple(_type(arg, name) for arg, name in zip(args, names, strict=False))
        with_shadow = [k for k, type in enumerate(types) if _has_shadow(type)]
        if len(args) < len(names) or len(shadows) != len(with_shadow):
            bars = [
                unused(f"{names[k]}_{self._suffix}", parameters(self.fn))
                for k, _ in zip(with_shadow, args, strict=False)
            ]
            raise TypeError(f"{self.__name__} takes ({', '.join([*names, *bars])}), but got {len(given)} arguments")
        for k, shadow in zip(with_shadow, shadows, strict=True):
            if shadow is not None:
                _check_shadow(names[k], f"{names[k]}_{self._suffix}", args[k], shadow)
        wrt = tuple(k for k, shadow in zip(with_shadow, shadows, strict=True) if shadow is not None)
        kernel = self._kernel(types, wrt)
        self.last_types = types
        taken = [*args, *(shadow for shadow in shadows if shadow is not None)]
        labels = [*names, *(f"{names[k]}_{self._suffix}" for k in wrt)]
        arrays = {
            label: a for label, a in zip(labels, taken, strict=True) if hasattr(a, "shape") and hasattr(a, "dtype")
        }
        check_apart(arrays, frozenset([*labels[len(names) :], *(names[k] for k in kernel.results)]))
        kernel.launch(configuration, taken)

    def _names(self) -> list[str]:
        return [p.name for p in parameters(self.fn)]

    def _kernel(self, types: tuple[ArgType, ...], wrt: tuple[int, ...]) -> UserKernel:
        key = tuple((type, getattr(type, "layout", "")) for type in types), wrt
        with self._lock:
            if key not in self._made:
                fast = getattr(
                    self.kernel, "_fastmath", getattr(self.kernel, "targetoptions", {}).get("fastmath", False)
                )
                self._made[key] = BUILDS[self.kind](self.fn, types, wrt, fast)
            return self._made[key]


class Configured:
    """A launch that only lacks the arguments: `adjoint[blocks, threads]`."""

    def __init__(self, derivative: KernelDerivative, configuration: tuple[Any, ...]) -> None:
        self.derivative, self.configuration = derivative, configuration

    def __call__(self, *args: Any) -> None:
        self.derivative.launch(self.configuration, args)


def _has_shadow(type: ArgType) -> bool:
    return isinstance(type, Array) and is_float(type)


def _type(value: Any, name: str) -> ArgType:
    found = described(value)
    if found is not None:
        return Array(found[0], len(found[1]), "A")
    type = infer.arg_type_of(value, name)
    return replace(type, layout="A") if isinstance(type, Array) else type


def _check_shadow(name: str, label: str, array: Any, shadow: Any) -> None:
    if not (hasattr(shadow, "dtype") and hasattr(shadow, "shape")):
        raise TypeError(f"{label} belongs to an array, and so is one, not a {type(shadow).__name__}")
    (dtype, shape), (own, size) = dtype_and_shape(array), dtype_and_shape(shadow)
    if own != dtype:
        raise TypeError(f"{label} has dtype {own}, but {name} has {dtype}")
    if size != shape:
        raise ValueError(f"{label} has shape {size}, but {name} has {shape}")


def _adjoint(fn: Any, types: tuple[ArgType, ...], wrt: tuple[int, ...], fastmath: Any) -> UserKernel:
    trace = _shared(_lowered(fn, types))
    owned = ownership(trace)
    written = [v for v in trace.inputs if v in owned.written]
    _check_written(trace, written, wrt)
    trace = dce(cse(by_trips(forwarded(trace))))
    made = _tidied(dce(adjoint_kernel(trace, wrt, owned), forgotten=written), "2")
    made = by_range(settle(dce(fewer_barriers(branches(without_echoes(made))), forgotten=written)))
    check_contents(made, trace, written)
    return UserKernel(_placed(made), _places(made, written), owned.single, fastmath)


def _shared(trace: Trace) -> Trace:
    """The trace where shared memory is no matter to its adjoint: gone, where it only stages, or used by turns. Where the one is
    not so, the other may be."""
    if not shared_arrays(trace):
        return without_barriers(trace)

    def gone(trace: Trace) -> Trace:
        return _tidied(without_barriers(unstaged(trace)))

    first, second = (in_phases, gone) if has_margins(trace) else (gone, in_phases)
    try:
        return first(trace)
    except UnsupportedError as error:
        try:
            return second(trace)
        except UnsupportedError:
            if first is in_phases:
                raise error from None
            raise


def _tangent(fn: Any, types: tuple[ArgType, ...], wrt: tuple[int, ...], fastmath: Any) -> UserKernel:
    trace = _lowered(fn, types)
    written = modified(trace)
    _check_written(trace, written, wrt)
    made = _tidied(tangent_in_place(trace, wrt), "2")
    return UserKernel(_placed(made), _places(made, written), frozenset(), fastmath)


BUILDS = {"adjoint": _adjoint, "tangent": _tangent}


def _lowered(fn: Any, types: tuple[ArgType, ...]) -> Trace:
    """What one thread of the kernel runs."""
    for name, type in zip((p.name for p in parameters(fn)), types, strict=True):
        if isinstance(type, Tree) and any(map(is_float, leaves(type))):
            raise UnsupportedError(
                f"'{name}' is a tuple, which has no shadow", span_of(fn), "pass what is in it one by one"
            )
    trace = _tidied(plain(lower(fn, types, name_of(fn), kernel=True)))
    if trace.functions:
        raise UnsupportedError("recursion is not for the threads of a GPU", trace.span, "write a loop")
    return trace


def _check_written(trace: Trace, written: Sequence[Var], wrt: Sequence[int]) -> None:
    if not any(trace.params[k].tree in written for k in wrt):
        raise TypeError(
            f"{trace.name} writes into no array of floats that has a derivative: there is nothing to differentiate"
        )


def _placed(trace: Trace) -> Placed:
    try:
        placed = thread(trace, exact=False)
    except UnsupportedError as error:
        error.remedy = "do this outside of the kernel"
        raise
    return replace(placed, trace=fewer_barriers(placed.trace))


def _places(trace: Trace, arrays: Sequence[Var]) -> list[int]:
    return [k for k, p in enumerate(trace.params) if p.tree in arrays]


def _tidied(trace: Trace, suffix: str = "") -> Trace:
    for step in tidy(suffix):
        trace = step.run(trace, None)  # type: ignore[arg-type]
    return trace

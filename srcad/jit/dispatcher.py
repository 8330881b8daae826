"""A derivative as a Numba dispatcher.

To Numba it is an ordinary compiled function: called from Python through the dispatcher's own fast path, called from inside
other compiled functions, passed to them, pickled. What differs is the compile step: it generates source for the types of the
arguments, has Numba compile the function in it, and takes over the result.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterator, Sequence
from typing import Any

from numba.core import config, errors, types
from numba.core.compiler_lock import global_compiler_lock
from numba.core.dispatcher import OmittedArg, _FunctionCompiler
from numba.core.registry import CPUDispatcher
from numba.core.sigutils import normalize_signature
from numba.core.typing.templates import AttributeTemplate
from numba.extending import infer_getattr, lower_getattr_generic

from srcad.errors import SrcadError
from srcad.infer import ArgType, arg_type, typeof
from srcad.ir import Trace, Tree
from srcad.jit.boxing import is_widened, marked, marking
from srcad.jit.buffers import with_buffers
from srcad.jit.cache import load
from srcad.jit.failures import in_users_terms
from srcad.jit.generate import Derivative, generate, signature_only
from srcad.jit.options import Options
from srcad.reads import Reads, recording
from srcad.runtime import SizeError
from srcad.transforms.equal_sizes import is_checked
from srcad.transforms.protect import modified


class Compiled(CPUDispatcher):  # type: ignore[misc]
    """A derivative, compiled for each combination of argument types when it is first called with it."""

    #: Attributes that are dispatchers too, and can be used in compiled code.
    attributes: frozenset[str] = frozenset()
    #: The classes with `Assuming` and `Watching`.
    assuming: type
    watching: type
    #: Whether Python has called it with arrays for which `general` is made.
    broadcasts = False

    def __init__(self, derivative: Derivative, options: Options) -> None:
        self.derivative = derivative
        self.__srcad_options__ = options
        self.last_types: tuple[ArgType, ...] | None = None
        #: What Python calls, where it is not what compiled code calls: by argument types.
        self.entries: dict[tuple[Any, ...], Any] = {}
        #: The argument types for which sizes are taken to be equal.
        self.assumed: set[tuple[Any, ...]] = set()
        self.reads = Reads()
        self.__signature__ = derivative.signature
        self.buffer, self.starred = derivative.buffer, derivative.star is not None
        self.names = list(derivative.signature.parameters)
        stub = signature_only(derivative.name, derivative.signature, derivative.fn)
        super().__init__(stub, targetoptions={"nopython": True})
        self._compiler = _Generator(self, stub, self.targetdescr, self.targetoptions, {}, None)
        #: Numba's own way in, without Python in between.
        self.enter = _call.__get__(self)

    def __srcad_trace__(self, arg_types: Sequence[ArgType]) -> Trace:
        """The trace to differentiate when this derivative is itself differentiated, or inlined."""
        return self.derivative.trace(arg_types)

    @functools.cached_property
    def general(self) -> Compiled:
        """The derivative for arrays that broadcast where they meet, by sizes that are known only in the call. Compiled code
        calls that one, since nothing can be compiled when it runs."""
        return type(self)(self.derivative.broadcasting, self.__srcad_options__)

    @functools.cached_property
    def into(self) -> Compiled:
        """The derivative that writes into buffers of the caller's, which are an argument of it."""
        return type(self)(self.derivative.into_buffers, self.__srcad_options__)

    def enter_named(self, args: Sequence[Any], kwargs: dict[Any, Any]) -> Any:
        """A call with keywords, of which `out` is none of Numba's."""
        out = kwargs.pop(self.buffer, None)
        return self.enter(*args, **kwargs) if out is None else with_buffers(self.into, args, kwargs, out)

    # --- types of arguments ------------------------------------------------------------------------------------------

    def typeof_pyval(self, value: Any) -> Any:
        try:
            found = typeof(value)
        except TypeError:  # will be told with the argument's name, by `_compile_for_args`
            return types.pyobject
        self._types_active_call.add(found)
        return found

    def _compile_for_args(self, *args: Any, **kws: Any) -> Any:
        """What is refused is the caller's business, where in here it was found is not; NUMBA_FULL_TRACEBACKS shows it."""
        try:
            for name, value in inspect.signature(self).bind_partial(*args, **kws).arguments.items():
                if not isinstance(value, OmittedArg):
                    typeof(value, name)
            entry = super()._compile_for_args(*args, **kws)
            self.reads.check_arguments((*args, *kws.values()))
            return functools.partial(self.guarded, entry) if isinstance(self, Assuming) else entry
        except (SrcadError, TypeError, ValueError) as error:
            raise error if config.FULL_TRACEBACKS else error.with_traceback(None) from None

    def watch(self, reads: Reads) -> None:
        """What was read while compiling is looked at again when Python calls, and other sizes are noticed, at a cost."""
        self.reads.update(reads)
        if self.reads.worth_a_look:
            self.__class__ = self.watching
        elif self.assumed and not isinstance(self, Assuming):
            self.__class__ = self.assuming

    def compile(self, sig: Any) -> Any:
        entry = super().compile(sig)
        return self.entries.get(tuple(normalize_signature(sig)[0]), entry)

    def add_overload(self, cres: Any) -> None:
        """Calls from Python may enter elsewhere than calls from compiled code."""
        args = tuple(cres.signature.args)
        self._insert([arg._code for arg in args], self.entries.get(args, cres.entry_point), False)
        self.overloads[args] = cres

    def get_call_template(self, args: Sequence[Any], kws: dict[str, Any]) -> Any:
        """Called for calls inside compiled code. Literal types would make every number a specialisation.

        Numba may come with types that it will widen later: what is wrong with those it must be able to ignore.
        """
        args = tuple(map(_unliteral, args))
        kws = {name: _unliteral(type) for name, type in kws.items()}
        if self.buffer in kws:
            if self.starred:
                raise errors.TypingError(f"TypeError: {self.buffer}= is for Python where a function has *args")
            return self.into.get_call_template(args, kws)
        try:
            folded = tuple(self._compiler.fold_argument_types(args, kws)[1])
            if folded not in self.overloads and not self.derivative.broadcasts:
                self._compiler.trace(folded)
            if folded in self.assumed:
                return self.general.get_call_template(args, kws)
            return super().get_call_template(args, kws)
        except (SrcadError, TypeError) as error:
            raise errors.TypingError(f"{type(error).__name__}: {error}") from error

    def get_overload(self, sig: Any) -> Any:
        if self.buffer and len(normalize_signature(sig)[0]) > len(self.names):
            return self.into.get_overload(sig)
        if tuple(normalize_signature(sig)[0]) in self.assumed:
            return self.general.get_overload(sig)
        return super().get_overload(sig)

    # --- copies ------------------------------------------------------------------------------------------------------

    def _reduce_states(self) -> dict[str, Any]:
        return {"uuid": str(self._uuid), "derivative": self.derivative, "options": self.__srcad_options__}

    @classmethod
    def _rebuild(cls, uuid: str, derivative: Derivative, options: Options) -> Compiled:
        known = cls._memo.get(uuid)
        if known is None:
            known = cls(derivative, options)
            known._set_uuid(uuid)
        return known  # type: ignore[no-any-return]

    def _make_finalizer(self) -> Any:
        """What is compiled belongs to the generated module, which other dispatchers may share: nothing to release."""
        return lambda: None

    def _callback_add_timer(self, *_: Any, **__: Any) -> None:
        """Compile results are taken over with the timings that they have."""

    def __repr__(self) -> str:
        return f"<{self.derivative.name}{self.__signature__}>"


class Assuming:
    """A compiled derivative for sizes that are equal. Where Python calls it with others, it is compiled for any."""

    derivative: Derivative
    general: Any
    broadcasts: bool
    enter: Any
    enter_named: Any

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.broadcasts:
            return self.general(*args, **kwargs)
        try:
            return self.enter_named(args, kwargs) if kwargs else self.enter(*args)
        except SizeError:
            return self.in_general(args, kwargs)

    def guarded(self, entry: Any, *args: Any, **kwargs: Any) -> Any:
        """The first call, of what has just been compiled. `args` are as Numba has them: with what stands for defaults."""
        try:
            return entry(*args, **kwargs)
        except SizeError:
            return self.in_general([a.value if isinstance(a, OmittedArg) else a for a in args], kwargs)

    def in_general(self, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        if self.derivative.broadcasts:
            raise
        self.broadcasts = True
        return self.general(*args, **kwargs)


class Watching(Assuming):
    """A compiled derivative with globals built in. When Python calls it and finds them changed, it is compiled anew.

    Calls from compiled code keep what was compiled, as with any `@njit` function.
    """

    reads: Reads
    entries: dict[tuple[Any, ...], Any]
    assumed: set[tuple[Any, ...]]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        reads = self.reads
        if reads.suspect() and reads.changed:
            with global_compiler_lock:
                self._reset_overloads()  # type: ignore[attr-defined]
                self.entries.clear()
                self.assumed.clear()
                self.reads = Reads()
        elif reads.writes_arguments:
            reads.check_arguments((*args, *kwargs.values()))
        return super().__call__(*args, **kwargs)


_call = CPUDispatcher.__call__


@infer_getattr
class _Attributes(AttributeTemplate):  # type: ignore[misc]
    """`f.grad` inside compiled code."""

    key = types.Dispatcher

    def generic_resolve(self, type: Any, name: str) -> Any:
        owner = type.dispatcher
        known = isinstance(owner, Compiled) and name in owner.attributes
        return types.Dispatcher(getattr(owner, name)) if known else None


@lower_getattr_generic(types.Dispatcher)  # type: ignore[untyped-decorator]
def _get_attribute(context: Any, builder: Any, type: Any, value: Any, name: str) -> Any:
    return context.get_dummy_value()


class _Generator(_FunctionCompiler):  # type: ignore[misc]
    """The compile step, for argument types that were not seen before. Numba holds its compiler lock meanwhile."""

    def __init__(self, owner: Compiled, *args: Any) -> None:
        super().__init__(*args)
        self.owner = owner

    def _compile_core(self, args: tuple[Any, ...], return_type: Any) -> Any:
        options, parameters = self.owner.__srcad_options__, list(self.pysig.parameters.values())
        with recording() as reads:
            trace, order, given = self.trace(args)
        self.owner.watch(reads)
        check_writable(trace, [args[k] for k in order] if len(given) == len(args) else [])
        self.owner.last_types = tuple(given[k][1] for k in order)
        generated = inner = generate(trace, options)
        starred = any(p.kind is p.VAR_POSITIONAL for p in parameters)
        if starred or order != list(range(len(args))):
            inner = caller(inner, parameters, [given[k][0] for k in order], options)
        try:
            inner.compile(args)
        except errors.NumbaError as error:
            raise in_users_terms(error, trace, generated.py_func.__code__.co_filename) from error
        result = inner.overloads[tuple(args)]
        returned = result.signature.return_type
        if is_widened(returned):
            to_python = caller(inner, parameters, list(map(starred_name, parameters)), options, returned)
            self.owner.entries[tuple(args)] = to_python.compile(args)
        return result

    def trace(self, args: tuple[Any, ...]) -> tuple[Trace, list[int], list[tuple[str, Any]]]:
        """The trace for these types; the arguments, spread, by their names in a caller and with their types; and which of them
        the trace takes."""
        given = [
            (text, arg_type(item, p.name))
            for p, arg in zip(self.pysig.parameters.values(), args, strict=True)
            for text, item in spread(p, arg)
        ]
        trace, order = self.owner.derivative.build_call([type for _, type in given])
        if is_checked(trace):
            self.owner.assumed.add(args)
        return trace, order, given


def check_writable(trace: Trace, args: Sequence[Any]) -> None:
    """Refuse a read-only array that the function writes into, as NumPy does."""
    written = modified(trace)
    for param, arg in zip(trace.params, args, strict=False):
        if any(not type.mutable and var in written for var, type in _arrays(param.tree, arg)):
            raise ValueError(
                f"assignment destination is read-only: the function writes into its argument '{param.name}'"
            )


def _arrays(tree: Any, type: Any) -> Iterator[tuple[Any, Any]]:
    """The arrays in a parameter, with Numba's types of them."""
    if isinstance(tree, Tree) and isinstance(type, types.BaseTuple):
        for item, part in zip(tree.items, type, strict=True):
            yield from _arrays(item, part)
    elif isinstance(type, types.Array):
        yield tree, type


def spread(p: inspect.Parameter, type: Any) -> list[tuple[str, Any]]:
    """The arguments in a parameter of a compiled caller, as it would write them, with their types."""
    if p.kind is p.VAR_POSITIONAL:
        return [(f"{p.name}[{k}]", item) for k, item in enumerate(type)]
    return [(p.name, type)]


def starred_name(p: inspect.Parameter) -> str:
    return f"*{p.name}" if p.kind is p.VAR_POSITIONAL else p.name


def caller(
    inner: Any, parameters: Sequence[inspect.Parameter], args: Sequence[str], options: Options, returned: Any = None
) -> Any:
    """A compiled function with the dispatcher's own signature that calls `inner` with the arguments that it takes.

    If `returned`, the type of the result, is given, scalars in it are marked for Python: see `srcad.jit.boxing`.
    """
    params = ", ".join(map(starred_name, parameters))
    values: dict[str, Any] = {}
    result = "result" if returned is None else marking("result", returned, values)
    name = f"{inner.__name__}_{'call' if returned is None else 'from_python'}"
    text = (
        f"# calls {inner.__module__}\nfrom numba import njit\n\n\n@njit(cache={options.cache and not values})\n"
        f"def {name}({params}):\n"
        f"    result = inner({', '.join(args)})\n    return {result}\n"
    )
    return getattr(load(text, name, values, inner=inner, marked=marked), name)


def _unliteral(type: Any) -> Any:
    return type if isinstance(type, types.StringLiteral) else types.unliteral(type)

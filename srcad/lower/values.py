"""What an expression evaluates to while a function is lowered: a value of the trace, or something known already.

Var, Const      a number or an array that the generated code computes
Tup             a tuple (or namedtuple) of values; the trace never holds tuples, they live here only
Seq             a list literal or comprehension of known length that was never appended to
Obj             a Python object: a module, a function, None, a string, a dtype, a type, Ellipsis
Func            what holds values of the trace and says by its kind what they are: a function, one of several objects
SliceValue      a slice inside a subscript
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol, TypeGuard

from srcad.ir import Builder, Const, Span, Var


class NeverReturns(Exception):  # noqa: N818 - control flow, not an error
    """The expression being lowered always raises, or calls a function that does: what follows is not reached."""


@dataclass(frozen=True)
class Tup:
    items: tuple[Value, ...]
    cls: type | None = None


@dataclass(frozen=True)
class Seq:
    items: tuple[Value, ...]


@dataclass(frozen=True, eq=False)
class Obj:
    value: Any


@dataclass(frozen=True, eq=False)
class Kind:
    """A kind of `Func`; it also marks the trees and shapes that stand for one."""

    name: str


#: functools.partial: the function, a Tup of the arguments, a Tup (name, value) for each keyword.
PARTIAL = Kind("partial")
#: One of several functions or strings (or None): its number, and these.
CHOSEN = Kind("chosen")
#: A value or None: whether it is there, and the value, which is undefined if it is not.
OPTIONAL = Kind("optional")
#: A range with bounds that are computed: start, stop, step.
RANGE = Kind("range")
#: An iterator with a name: all that it runs through, once.
ITERATOR = Kind("iterator")
#: What `srcad.vjp` gives beside the value: the adjoint, how many bars it gives, the primals.
PULLBACK = Kind("pullback")
#: What may be called.
FUNCTIONS = frozenset({PARTIAL, CHOSEN, PULLBACK})


@dataclass(frozen=True)
class Func:
    kind: Kind
    items: tuple[Value, ...]


def is_kind(value: object, kind: Kind) -> TypeGuard[Func]:
    """Whether this is what that kind stands for."""
    return isinstance(value, Func) and value.kind is kind


@dataclass(frozen=True)
class SliceValue:
    """`start:stop:step`; each part is a scalar value or Obj(None)."""

    start: Value
    stop: Value
    step: Value


Value = Var | Const | Tup | Seq | Func | Obj | SliceValue


class Context(Protocol):
    """What the lowering of calls, operators and subscripts may ask of the lowering of functions."""

    b: Builder  #: where ops are appended; its `span` is the expression being lowered

    @property
    def span(self) -> Span | None: ...

    def refuse(self, reason: str, remedy: str) -> NoReturn:
        """Raise UnsupportedError at the expression being lowered."""

    def type_error(self, reason: str, remedy: str = "") -> NoReturn:
        """Raise TypeInferenceError at the expression being lowered."""

    def call(self, function: Value, args: Sequence[Value], kwargs: Mapping[str, Value]) -> Value:
        """Call anything callable: builtins, NumPy, Python functions (inlined)."""

    def select(self, value: Tup | Seq, index: Var | Const | Func) -> Value:
        """The item of a tuple or list at a place that is computed."""

    @property
    def guarded(self) -> bool:
        """Whether there is an `except` around."""

    def catches(self, error: type[BaseException]) -> bool:
        """Whether an `except` around catches this, so that what may raise it has to be checked before."""

    def claim(self, claim: Any) -> None:
        """Note that what is lowered here is right for Python's numbers only (failures.py)."""

    def belongs(self, number: Value, python: bool) -> None:
        """Note that a number that was made here is one of Python's, or one of NumPy's."""

    def sure(self) -> AbstractContextManager[None]:
        """What is lowered in there does not raise: that was checked before."""

    @property
    def in_kernel(self) -> bool:
        """Whether this is what a thread of a CUDA kernel runs, where nothing raises."""

    def throw(self, error: type[BaseException], message: str | None = None) -> None:
        """Raise when the program runs and comes here."""

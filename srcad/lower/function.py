"""The state of lowering: which block is being built, which function is being read, and what the whole trace shares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from srcad.errors import TypeInferenceError, UnsupportedError
from srcad.ir import Builder, Span, Trace, Var
from srcad.lower.merge import Shape
from srcad.lower.scope import Constants, Env, Frame, Poison, read
from srcad.lower.values import Value

if TYPE_CHECKING:
    from srcad.lower.recursion import Recursive


class NeverReturns(Exception):  # noqa: N818 - control flow, not an error
    """The expression being lowered calls a function that always raises: what follows is not reached."""


@dataclass
class Session:
    """What all the functions of one trace share."""

    constants: Constants = field(default_factory=Constants)
    #: What loops were found to carry, so that an inner loop starts from there when the outer one is read again.
    shapes: dict[object, dict[str, Shape]] = field(default_factory=dict)
    #: The functions found to call themselves, by `recursion.key_of`, and those among them that are called.
    recursive: set[object] = field(default_factory=set)
    called: dict[object, Recursive] = field(default_factory=dict)
    unsettled: bool = False  #: something new became known of them
    functions: list[Trace] = field(default_factory=list)  #: functions that inlined derivatives call


@dataclass
class Lowering:
    """The context of lowering (`values.Context`): an abstract interpreter of gast trees."""

    session: Session
    b: Builder
    frame: Frame
    stack: tuple[object, ...] = ()  #: the functions being inlined, outermost first

    @property
    def span(self) -> Span | None:
        return self.b.span

    @property
    def env(self) -> Env:
        return self.frame.env

    @env.setter
    def env(self, env: Env) -> None:
        self.frame.env = env

    def refuse(self, reason: str, remedy: str = "") -> NoReturn:
        raise UnsupportedError(reason, self.span, remedy)

    def type_error(self, reason: str, remedy: str = "") -> NoReturn:
        raise TypeInferenceError(reason, self.span, remedy)

    def call(self, function: Value, args: Sequence[Value], kwargs: Mapping[str, Value]) -> Value:
        from srcad.lower.calls import call

        return call(self, function, args, kwargs)

    @contextmanager
    def at(self, node: Any) -> Iterator[None]:
        """Ops and errors come from this node."""
        with self.at_span(self.frame.span(node)):
            yield

    @contextmanager
    def at_span(self, place: Span | None) -> Iterator[None]:
        builder, span = self.b, self.b.span
        builder.span = place
        try:
            yield
        finally:
            builder.span = span

    @contextmanager
    def building(self, b: Builder) -> Iterator[Builder]:
        """Ops go into another block."""
        outer, self.b = self.b, b
        try:
            yield b
        finally:
            self.b = outer

    def read(self, name: str) -> Value:
        value = read(self.frame, name, self.session.constants, self)
        return self.usable(value)

    def usable(self, value: Value | Poison) -> Value:
        if isinstance(value, Poison):
            self.type_error(value.reason, value.remedy)
        return value

    def define(self, name: str, value: Value) -> None:
        """Bind a local variable; a temporary takes its name."""
        self.env.names[name] = value
        self.name(value, name)

    def name(self, value: Value, hint: str) -> None:
        """A Var without a name was made by the expression just lowered: it may still be named in place."""
        if isinstance(value, Var) and not value.hint:
            object.__setattr__(value, "hint", hint)

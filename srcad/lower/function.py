"""The state of lowering: which block is being built, which function is being read, and what the whole trace shares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from srcad.errors import SrcadError, TypeInferenceError, UnsupportedError
from srcad.ir import Atom, Builder, Const, Span, Trace, Var
from srcad.lower.exceptions import Catchers, Error, raise_error
from srcad.lower.failures import Claim
from srcad.lower.guards import guard
from srcad.lower.known import TRUE
from srcad.lower.merge import Shape
from srcad.lower.names import shared
from srcad.lower.scope import Constants, Env, Frame, Poison, global_value, owner, unbound
from srcad.lower.unbound import UnboundReadFound, flag_of, set_flag
from srcad.lower.values import Func, NeverReturns, Obj, Seq, Tup, Value
from srcad.lower.weak import forget, note

if TYPE_CHECKING:
    from srcad.lower.recursion import Recursive


@dataclass
class Session:
    """What all the functions of one trace share."""

    constants: Constants = field(default_factory=Constants)
    #: What loops were found to carry, so that an inner loop starts from there when the outer one is read again.
    shapes: dict[object, dict[str, Shape]] = field(default_factory=dict)
    #: Variables read where they may be unbound, by the function and the name.
    tracked: set[tuple[object, str]] = field(default_factory=set)
    #: The functions found to call themselves, by `recursion.key_of`, and those among them that are called.
    recursive: set[object] = field(default_factory=set)
    called: dict[object, Recursive] = field(default_factory=dict)
    unsettled: bool = False  #: something new became known of them
    #: One was called that nothing is known of yet: what is wrong on this pass may be right on the next.
    missing: bool = False
    error: SrcadError | None = None  #: what was wrong on such a pass
    ranges: dict[Var, range] = field(default_factory=dict)  #: what the indices of loops run over, where it is known
    ends: dict[Var, Atom] = field(default_factory=dict)  #: before what the index of a loop stops that runs upwards
    lent: dict[int, Value | Poison] = field(default_factory=dict)  #: what functions made of lists passed to them, by id
    functions: list[Trace] = field(default_factory=list)  #: functions that inlined derivatives call
    claims: list[Claim] = field(default_factory=list)  #: what was lowered for Python's numbers (origins.py)
    pythons: set[Var] = field(default_factory=set)  #: what is known to be Python's number, and what NumPy's
    numpys: set[Var] = field(default_factory=set)
    #: The first expression that the outermost function returns and that is no number or array.
    returned: Span | None = None
    kernel: bool = False  #: what is lowered is a CUDA kernel


@dataclass
class Lowering:
    """The context of lowering (`values.Context`): an abstract interpreter of gast trees."""

    session: Session
    b: Builder
    frame: Frame
    stack: tuple[object, ...] = ()  #: the functions being inlined, outermost first
    catchers: Catchers = field(default_factory=Catchers)  #: the `try` statements around

    @property
    def span(self) -> Span | None:
        return self.b.span

    @property
    def env(self) -> Env:
        return self.frame.env

    @env.setter
    def env(self, env: Env) -> None:
        self.frame.env = env

    def refuse(self, reason: str, remedy: str) -> NoReturn:
        raise UnsupportedError(reason, self.span, remedy)

    def type_error(self, reason: str, remedy: str = "") -> NoReturn:
        raise TypeInferenceError(reason, self.span, remedy)

    def call(self, function: Value, args: Sequence[Value], kwargs: Mapping[str, Value]) -> Value:
        from srcad.lower.calls import call

        return call(self, function, args, kwargs)

    def select(self, value: Tup | Seq, index: Var | Const | Func) -> Value:
        from srcad.lower.selection import select

        return select(self, value, index)

    def catches(self, error: Error) -> bool:
        if self.frame.site and issubclass(error, ArithmeticError):
            return False  # srcad's own library computes with NumPy's numbers
        return self.catchers.catch(error)

    def claim(self, claim: Claim) -> None:
        self.session.claims.append(claim)

    def belongs(self, number: Value, python: bool) -> None:
        if isinstance(number, Var):
            (self.session.pythons if python else self.session.numpys).add(number)
            (note if python else forget)(number)

    @contextmanager
    def sure(self) -> Iterator[None]:
        """What is lowered in here does not raise: that was checked before."""
        outer, check = self.catchers, self.b.check
        self.catchers, self.b.check = Catchers(), None
        try:
            yield
        finally:
            self.catchers, self.b.check = outer, check

    @property
    def guarded(self) -> bool:
        return any(catcher.clauses for catcher in self.catchers.active)

    @property
    def in_kernel(self) -> bool:
        return self.session.kernel

    def throw(self, error: Error, message: str | None = None, exact: bool = False) -> None:
        if self.in_kernel:
            return
        raise_error(self, error, message, exact=exact)

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
        b.check = b.check or self.b.check
        outer, self.b = self.b, b
        try:
            yield b
        finally:
            self.b = outer

    def read(self, name: str) -> Value:
        """The value of a variable or a global."""
        scope = owner(self.frame, name)
        if scope is None:
            return self.usable(global_value(self.frame, name, self.session.constants, self))
        if name in scope.awaited and name not in scope.env.names:
            scope.missed.add(name)
            raise NeverReturns  # not on the first trip, and what follows is read again when more is known
        value = self.usable(scope.env.names.get(name, unbound(name)))
        self._check_bound(scope, name)
        return value

    def _check_bound(self, scope: Frame, name: str) -> None:
        flag = flag_of(scope.env, name)
        if isinstance(flag, Obj):
            raise UnboundReadFound((scope.node, name))
        if isinstance(flag, Var):
            kind, message = _complaint(scope, self.frame, name)
            guard(self, self.b.op("not", flag), kind, message)
            if scope is self.frame:
                set_flag(scope.env, name, TRUE)

    def tracking_key(self, name: str) -> tuple[object, str]:
        return self.frame.node, name

    def tracks(self, name: str) -> bool:
        """Whether a bool is kept for whether this variable of the current function is bound."""
        return self.tracking_key(name) in self.session.tracked

    def usable(self, value: Value | Poison) -> Value:
        if isinstance(value, Poison):
            (self.refuse if value.unsupported else self.type_error)(value.reason, value.remedy)
        return value

    def define(self, name: str, value: Value) -> None:
        """Bind a local variable; a temporary takes its name."""
        self.env.names[name] = value
        set_flag(self.env, name, TRUE)
        self.name(value, name)

    def name(self, value: Value, hint: str) -> None:
        """A Var without a name was made by the expression just lowered: it may still be named in place."""
        if isinstance(value, Var) and not value.hint:
            object.__setattr__(value, "hint", hint)


def _complaint(scope: Frame, frame: Frame, name: str) -> tuple[type[NameError], str]:
    """What Python raises where a variable, of this function or of one around it, is read before it has a value."""
    if frame.name == "<comprehension>" or (scope is frame and name not in shared(frame.node)):
        return UnboundLocalError, f"cannot access local variable '{name}' where it is not associated with a value"
    where = "where it is not associated with a value in enclosing scope"
    return NameError, f"cannot access free variable '{name}' {where}"

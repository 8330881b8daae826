"""Exceptions that are caught: which `try` statement takes one, and what is known where it is raised.

While the body of a `try` statement is lowered, in the functions that it calls too, a catcher stands for it. What is raised
there and caught becomes the op `throw`, which names the catcher and holds the variables that its handlers read, as they are
at that point. Once the body is complete, escapes.py turns these into branches: no trace that leaves lowering has a `throw`.

An operation that may fail by itself (risks.py) is checked before it is done, but only where somebody catches that.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from srcad.ir import Atom, Op, Span
from srcad.lower.merge import flatten, rebuild, shape_of
from srcad.lower.names import Names
from srcad.lower.scope import Env, Frame
from srcad.lower.unbound import is_flag

if TYPE_CHECKING:
    from srcad.lower.function import Lowering

Error = type[BaseException]


@dataclass(frozen=True)
class Raised:
    """One place where something is raised: what and where. `exact`: the message is Python's to the letter."""

    error: Error
    message: str
    span: Span | None
    exact: bool = False


@dataclass(eq=False)
class Catcher:
    """A `try` statement whose body is being lowered. `clauses` are the classes that each `except` names, and `names` the
    variables that are to be known where one catches. With `finally`, whatever leaves the body comes by: `passing`."""

    frame: Frame
    names: Names
    clauses: tuple[tuple[Error, ...], ...] = ()
    passing: bool = False
    always: bool = False  #: what `finally` does shows even if nobody catches the exception later

    def clause(self, error: Error) -> int | None:
        """The number of the first `except` that catches the exception."""
        return next((k for k, classes in enumerate(self.clauses) if issubclass(error, classes)), None)


@dataclass(eq=False)
class Catchers:
    """The `try` statements around the operation being lowered, outermost first. `loose` are the exceptions that were asked
    about or raised and that none of them catches."""

    active: tuple[Catcher, ...] = ()
    loose: set[Error] = field(default_factory=set)

    def catch(self, error: Error) -> bool:
        """Whether one of them catches what an operation may raise by itself."""
        caught = any(catcher.clause(error) is not None for catcher in self.active)
        if not caught:
            self.loose.add(error)
        return caught

    def taker(self, error: Error) -> Catcher | None:
        """The one to which an exception goes that is raised here: the first, if it is caught or shows somewhere further out."""
        self.catch(error)
        first: Catcher | None = None
        for catcher in reversed(self.active):
            catches = catcher.clause(error) is not None
            if catches or catcher.passing:
                first = first or catcher
            if catches or catcher.always:
                return first
        return None

    @contextmanager
    def within(self, catcher: Catcher) -> Iterator[None]:
        outer, self.active = self.active, (*self.active, catcher)
        try:
            yield
        finally:
            self.active = outer


def raise_error(
    ctx: Lowering, error: Error, message: str | None, span: Span | None = None, exact: bool = False
) -> None:
    """Append what raises the exception here: nothing that follows in this block is reached."""
    raised = Raised(error, message or "", span or ctx.span, exact)
    catcher = ctx.catchers.taker(error)
    if catcher is None:
        ctx.b.effect("raise", span=raised.span, exc=error, message=message)
        return
    known = catcher.frame.env.names
    kept = {name: v for name, v in known.items() if (name[7:-1] if is_flag(name) else name) in catcher.names}
    shapes = {name: shape_of(value) for name, value in kept.items()}
    args = [leaf for name, value in kept.items() for leaf in flatten(ctx.b, value, shapes[name])]
    assert all(isinstance(arg, Atom) for arg in args), "a value has its own leaves"
    ctx.b.effect("throw", *args, span=raised.span, catcher=catcher, raised=raised, shapes=tuple(shapes.items()))  # type: ignore[arg-type]


def variables(throw: Op) -> Env:
    """The variables at a `throw`."""
    leaves = iter(throw.args)
    return Env({name: rebuild(shape, leaves) for name, shape in throw.attr("shapes")})

"""Where variables live: one activation of a function, the names in it, and the globals and closures behind it."""

from __future__ import annotations

import builtins
import functools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import CellType
from typing import Any

import gast
import numpy as np

from srcad import reads
from srcad.ir import Const, Span, Var
from srcad.lower.known import FALSE, TRUE, lift
from srcad.lower.names import Liveness, Names, assigned, target_names
from srcad.lower.values import Context, Obj, Seq, Tup, Value
from srcad.source import Source, parameter_names

# Pseudo variables beside the user's (no Python name is spelt so): merged and carried like any other.
ALIVE = "<alive>"  #: whether the rest of the block runs: False after break, continue and return
RETURNED = "<returned>"  #: whether the function has returned
RESULT = "<result>"  #: what it returned
BROKE = "<broke>"  #: whether the loop around was left by break, which skips its else clause
GO = "<go>"  #: whether the loop around goes on
VALUE = "<value>"  #: what a branch of a conditional expression gives


@dataclass(frozen=True, eq=False)
class Poison:
    """What a variable holds where it has no one value: an error, but only if it is read."""

    reason: str
    remedy: str
    unsupported: bool = True  #: Python would take it


@dataclass
class Env:
    """The variables at one point. `dead` after raise: the point is never reached, and what its variables hold is no matter."""

    names: dict[str, Value | Poison] = field(default_factory=lambda: {ALIVE: TRUE, RETURNED: FALSE})
    dead: bool = False

    def copy(self) -> Env:
        return Env(dict(self.names), self.dead)

    def update(self, names: Mapping[str, Value | Poison]) -> None:
        self.names.update(names)

    @property
    def alive(self) -> Value | Poison:
        """Whether statements that follow run."""
        return FALSE if self.dead else self.names.get(ALIVE, TRUE)


@dataclass
class Results:
    """What the return statements of a function give. They convert what they return to the type common to all of them, which
    is known only when all were seen: then the function is read once more."""

    shape: Any = None
    unsettled: bool = False


@dataclass(eq=False)
class Frame:
    """One activation of a function. Functions defined in it keep it, and read `env` when they are called."""

    source: Source
    node: Any
    globals: Mapping[str, Any]
    cells: Mapping[str, CellType] = field(default_factory=dict)  #: of a closure; those that hold something
    parent: Frame | None = None
    site: Span | None = None  #: in srcad's own library, the user's call: what errors and comments point at
    path: tuple[object, ...] = ()  #: tells activations apart, and is the same from one pass over a loop to the next
    env: Env = field(default_factory=Env)
    results: Results = field(default_factory=Results)
    inner: Names = frozenset()  #: variables of the comprehension being lowered
    #: variables that the loop being lowered assigns further down, of which nothing is known yet; and those that were read
    awaited: Names = frozenset()
    missed: set[str] = field(default_factory=set)
    handled: dict[int, Any] = field(default_factory=dict)  #: by handler, what it caught (tries.py)

    @property
    def locals(self) -> Names:
        return locals_of(self.node) | self.inner

    @property
    def liveness(self) -> Liveness:
        return liveness_of(self.node)

    @property
    def name(self) -> str:
        return getattr(self.node, "name", "<lambda>")

    def span(self, node: Any) -> Span:
        return self.site or Span(self.source.file, *self.source.position(node))


@dataclass(frozen=True, eq=False)
class Closure:
    """A function or lambda defined inside the function being lowered, as the value of an Obj."""

    node: Any
    frame: Frame
    defaults: Mapping[str, Value]

    @property
    def __name__(self) -> str:
        return getattr(self.node, "name", "<lambda>")


@functools.lru_cache(maxsize=1024)
def locals_of(node: Any) -> Names:
    body = [node.body] if isinstance(node, gast.Lambda) else node.body
    return assigned(body) | frozenset(parameter_names(node))


@functools.lru_cache(maxsize=1024)
def liveness_of(node: Any) -> Liveness:
    return Liveness(node)


def unbound(name: str) -> Poison:
    return Poison(f"'{name}' has no value here", f"assign '{name}' before this line on every path", unsupported=False)


def owner(frame: Frame, name: str) -> Frame | None:
    """The frame, this one or one around it, in which the name is a local variable."""
    scope: Frame | None = frame
    while scope is not None and name not in scope.locals:
        scope = scope.parent
    return scope


def global_value(frame: Frame, name: str, constants: Constants, ctx: Context) -> Value | Poison:
    """What a name that is no local means: what a closure, the module or Python says."""
    own = False
    while True:
        own |= name in _comprehension_names(frame.node)
        if frame.parent is None:
            break
        frame = frame.parent
    if name in frame.cells:
        cell = frame.cells[name]
        value = cell.cell_contents  # read once: another thread may change it
        reads.record_cell(cell, name, value)
        return constants.lift(ctx, value, name)
    if name in frame.globals:
        value = frame.globals[name]
        if not frame.site:  # srcad's own library is not changed
            reads.record_item(frame.globals, name, value)
        return constants.lift(ctx, value, name)
    if name in vars(builtins):
        if not frame.site:
            reads.record_builtin(frame.globals, name, vars(builtins)[name])
        return constants.lift(ctx, vars(builtins)[name], name)
    if own:
        reason = f"'{name}' of a comprehension is read after its turn, by a function that was made there"
        return Poison(reason, f"make the functions in a loop, or keep its value: lambda ..., {name}={name}: ...")
    return Poison(f"name '{name}' is not defined", "define it, or import it", unsupported=False)


@functools.lru_cache(maxsize=1024)
def _comprehension_names(node: Any) -> Names:
    inner = gast.walk(node) if node is not None else ()
    return frozenset[str]().union(
        *(target_names(part.target) for part in inner if isinstance(part, gast.comprehension))
    )


@dataclass
class Constants:
    """The names under which the generated module defines what it reads of the user's globals: one value a name."""

    names: dict[str, Any] = field(default_factory=dict)

    def lift(self, ctx: Context, thing: Any, name: str) -> Value:
        """The value that stands for a global, a closure variable, a default."""
        match thing:
            case Var() | Const() | Tup() | Seq() | Obj():  # the default of a function that is being lowered
                return thing
            case bool() | int() | float() | complex() | np.generic():
                value = lift(ctx, thing)
                return replace(value, name=self._claim(thing, name)) if isinstance(value, Const) else value
            case np.ndarray():
                return lift(ctx, thing, self._claim(thing, name))
            case tuple():
                cls = type(thing) if hasattr(thing, "_fields") else None
                return Tup(tuple(self.lift(ctx, item, f"{name}_{k}") for k, item in enumerate(thing)), cls)
            case list():
                return Seq(tuple(self.lift(ctx, item, f"{name}_{k}") for k, item in enumerate(thing)))
        return Obj(thing)

    def hold(self, ctx: Context, thing: Any, name: str) -> Value:
        """The value that stands for a default, or for an argument that is bound: its contents may change."""
        reads.record_contents(name, thing)
        return self.lift(ctx, thing, name)

    def _claim(self, thing: Any, name: str) -> str:
        """The name itself, or with a number if another value has it."""
        number, base = 1, name
        while name in self.names and not _identical(self.names[name], thing):
            number += 1
            name = f"{base}_{number}"
        self.names[name] = thing
        return name


def _identical(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return a is b
    return type(a) is type(b) and repr(a) == repr(b)

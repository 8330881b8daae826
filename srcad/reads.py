"""What a derivative was made from besides its arguments: the globals, closure variables and attributes that were read.

Their values are built into generated code. Lowering records each read, and derivatives called from Python look again before
they run: where Python would read something else now, they are made anew.

Numbers, strings and what is compared by identity are looked at wherever they were found; of arrays, lists and dictionaries
the contents count, of functions their code and defaults. An array of more than `LARGEST` bytes is taken to change only by being
replaced. That a name of Python's becomes a global, or a module is replaced, is noticed by interpreted derivatives, and by
compiled ones that have something else to look at.
"""

from __future__ import annotations

import threading
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

LARGEST = 2**20
LIBRARIES = ("numpy", "math", "scipy", "srcad")
_MISSING = object()


@dataclass(frozen=True, eq=False)
class Read:
    """`find` gives what is read; `name` is what the user calls it. The value is kept, so that its id stays its own."""

    name: str
    find: Callable[[], Any]
    value: Any
    state: Any
    #: The dictionary or the cell, for a global or a closure variable; a function, for what it is made of.
    owner: Any = None
    builtin: bool = False  #: the dictionary lacks the name, which means what Python says
    #: Not worth a look at every call on its own account: names of builtins and modules, the function's own code.
    steady: bool = False
    #: The object, for an attribute.
    holder: Any = None

    @property
    def key(self) -> tuple[Any, ...]:
        """What makes two reads the same."""
        return self.name, id(self.value), id(self.owner), id(self.holder)

    def test(self, k: int) -> tuple[str, dict[str, Any]]:
        """An expression that is true if the read has, or may have, changed; and the names in it."""
        names = {f"owner{k}": self.owner, f"value{k}": self.value, f"read{k}": self}
        tests = []
        if isinstance(self.owner, dict):
            tests.append(f"{self.name!r} in owner{k}" if self.builtin else f"owner{k}[{self.name!r}] is not value{k}")
        elif isinstance(self.owner, types.CellType):
            tests.append(f"owner{k}.cell_contents is not value{k}")
        elif self.owner is None:
            return f"read{k}.changed", names
        if isinstance(self.value, types.FunctionType):
            names[f"code{k}"] = self.value.__code__
            tests.append(f"value{k}.__code__ is not code{k}")
            if not self.steady and self.value.__defaults__:
                names[f"defaults{k}"] = self.value.__defaults__
                tests.append(f"value{k}.__defaults__ is not defaults{k}")
            if not self.steady and self.value.__kwdefaults__:
                names[f"keywords{k}"] = dict(self.value.__kwdefaults__)
                tests.append(f"value{k}.__kwdefaults__ != keywords{k}")
        elif isinstance(self.value, np.ndarray) and self.state is not _MISSING and isinstance(self.state[-1], bytes):
            names |= {f"bytes{k}": self.state[-1], f"shape{k}": self.value.shape}
            tests += [f"value{k}.tobytes() != bytes{k}", f"value{k}.shape != shape{k}"]
        elif self.state is not _MISSING:
            return f"read{k}.changed", names
        return " or ".join(tests), names

    @property
    def changed(self) -> bool:
        try:
            found = self.find()
        except (AttributeError, LookupError, ValueError):  # deleted; ValueError is what an empty cell raises
            return True
        if found is self.value and self.state is _MISSING:
            return False
        return bool(state(found) != state(self.value) if self.state is _MISSING else state(found) != self.state)


@dataclass
class Reads:
    """The reads of one or several traces, and whether the function writes into its arguments."""

    items: list[Read] = field(default_factory=list)
    writes_arguments: bool = False
    #: Whether any may have changed: one expression over all of them, since it is evaluated in every call.
    suspect: Callable[[], bool] = bool

    @property
    def is_closed(self) -> bool:
        """Whether all of it is known by its contents: nothing can have changed that `changed` does not see."""
        return all(_is_closed(item.value) and _is_closed(item.holder) for item in self.items)

    def copy(self) -> Reads:
        return Reads(list(self.items), self.writes_arguments, self.suspect)

    @property
    def worth_a_look(self) -> bool:
        """Whether any of it is likely enough to change that calls look at it all."""
        return any(not item.steady for item in self.items)

    @property
    def changed(self) -> Read | None:
        """The first that Python would read differently now."""
        return next((item for item in self.items if item.changed), None) if self.suspect() else None

    def take(self, other: Reads) -> None:
        """Add what another one has."""
        known = {item.key for item in self.items}
        self.items += [item for item in other.items if item.key not in known]
        self.writes_arguments |= other.writes_arguments

    def update(self, other: Reads) -> None:
        """The same, for what is to be looked at in calls."""
        self.take(other)
        names: dict[str, Any] = {}
        tests = []
        for k, item in enumerate(self.items):
            test, own = item.test(k)
            tests.append(test)
            names |= own
        if tests:
            text = f"return {' or '.join(tests)}"  # ValueError is what an empty cell raises, KeyError a global that is gone
            exec(
                f"def suspect():\n    try:\n        {text}\n    except (KeyError, ValueError):\n        return True",
                names,
            )
            self.suspect = names["suspect"]

    def check_arguments(self, args: Sequence[Any]) -> None:
        """Refuse an argument that is (part of) an array which the function also reads by another name, if it writes one."""
        if not self.writes_arguments:
            return
        for item in self.items:
            if isinstance(item.value, np.ndarray) and any(_shares(arg, item.value) for arg in args):
                raise ValueError(
                    f"an argument shares memory with '{item.name}', which the function reads, and the function writes into "
                    "its arguments: pass a copy"
                )


def _shares(arg: Any, array: Any) -> bool:
    if isinstance(arg, tuple):
        return any(_shares(item, array) for item in arg)
    return isinstance(arg, np.ndarray) and np.may_share_memory(arg, array)


# --- states -----------------------------------------------------------------------------------------------------------


class _Same:
    """An object that is compared by identity, kept alive."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.value is self.value

    __hash__ = None  # type: ignore[assignment]


def state(value: Any) -> Any:
    """Equal for two values only if code that has one of them built in does what Python does with the other."""
    match value:
        case bool() | int() | float() | complex() | str() | bytes() | None | np.generic():
            return type(value), repr(value)
        case np.ndarray() if value.nbytes > LARGEST or value.dtype.hasobject:
            return _Same(value), value.dtype, value.shape, value.strides
        case np.ndarray():
            return value.dtype, value.shape, value.strides, value.tobytes()
        case list() | tuple():
            return type(value), [state(item) for item in value]
        case dict():
            return type(value), [(state(key), state(item)) for key, item in value.items()]
        case types.FunctionType():
            keywords = value.__kwdefaults__ or {}
            given = (*(value.__defaults__ or ()), *keywords.values())
            return _Same(value), _Same(value.__code__), tuple(keywords), [_Same(item) for item in given]
        case types.MethodType():
            return _Same(value.__func__), _Same(value.__self__)
        case types.BuiltinMethodType():
            return _Same(value.__self__), value.__name__
        case set() | frozenset():
            return type(value), value.copy()
        case partial():
            return _Same(value), state(value.func), state(value.args), state(value.keywords)
    return _Same(value)


def _is_settled(value: Any) -> bool:
    """Whether the same object is always in the same state."""
    if isinstance(value, tuple):
        return all(map(_is_settled, value))
    return not isinstance(value, np.ndarray | list | dict | set | types.FunctionType | partial)


def _is_closed(value: Any) -> bool:
    """Whether the state of the value, and reads of its attributes, say all that can be told of it."""
    match value:
        case np.ndarray():
            return value.nbytes <= LARGEST and not value.dtype.hasobject
        case list() | tuple() | set() | frozenset():
            return all(map(_is_closed, value))
        case dict():
            return all(map(_is_closed, (*value.keys(), *value.values())))
        case bool() | int() | float() | complex() | str() | bytes() | None | np.generic() | np.dtype() | np.ufunc():
            return True
        case type() | types.FunctionType() | types.BuiltinFunctionType() | types.ModuleType():
            return True
        case partial(func=func, args=args, keywords=keywords):
            return all(map(_is_closed, (func, *args, *keywords.values())))
    return hasattr(value, "derivative") or hasattr(value, "py_func") or _is_of_a_library(value)


def _is_of_a_library(value: Any) -> bool:
    """Whether this is a function of NumPy or the like, which stays as it is."""
    module = str(getattr(value, "__module__", None) or "")
    return callable(value) and hasattr(value, "__name__") and module.partition(".")[0] in LIBRARIES


# --- recording --------------------------------------------------------------------------------------------------------

_recording = threading.local()


@contextmanager
def recording() -> Iterator[Reads]:
    """Collect what is read meanwhile, by this thread."""
    outer: list[Reads] = _recording.__dict__.setdefault("active", [])
    reads = Reads()
    outer.append(reads)
    try:
        yield reads
    finally:
        outer.pop()
        if outer:
            outer[-1].take(reads)


def replay(found: Reads) -> None:
    """Record again what was recorded before."""
    for outer in _recording.__dict__.setdefault("active", [])[-1:]:
        outer.take(found)


def record(
    name: str,
    find: Callable[[], Any],
    value: Any,
    owner: Any = None,
    builtin: bool = False,
    steady: bool = False,
    holder: Any = None,
) -> None:
    active: list[Reads] = _recording.__dict__.setdefault("active", [])
    if active:
        steady |= builtin or isinstance(value, types.ModuleType)
        item = Read(name, find, value, _MISSING, owner, builtin, steady, holder)
        if all(item.key != other.key for other in active[-1].items):
            active[-1].items.append(item if _is_settled(value) else replace(item, state=state(value)))


def record_writes() -> None:
    """The function being lowered writes into its arguments."""
    for reads in _recording.__dict__.setdefault("active", [])[-1:]:
        reads.writes_arguments = True


def record_item(mapping: Mapping[str, Any], name: str, value: Any) -> None:
    record(name, lambda: mapping[name], value, mapping)


def record_builtin(mapping: Mapping[str, Any], name: str, value: Any) -> None:
    """A name that is no global, so far."""
    record(name, lambda: mapping.get(name, value), value, mapping, builtin=True)


def record_function(function: types.FunctionType, steady: bool) -> None:
    """What a function is made of, which may be replaced: its code and its defaults."""
    record(function.__name__, lambda: function, function, function, steady=steady)


def record_cell(cell: types.CellType, name: str, value: Any) -> None:
    record(name, lambda: cell.cell_contents, value, cell)


def record_attribute(owner: Any, name: str, value: Any, *default: Any) -> None:
    """An attribute of an object or a module, or the default; those of NumPy and the like stay as they are."""
    module = owner.__name__ if isinstance(owner, types.ModuleType) else ""
    if module.partition(".")[0] not in LIBRARIES:
        text = f"{getattr(owner, '__name__', type(owner).__name__)}.{name}"
        record(text, lambda: getattr(owner, name, *default), value, holder=owner)


def record_presence(owner: Any, name: str, found: bool) -> None:
    """Whether there is such an attribute."""
    record(f"hasattr {name}", lambda: hasattr(owner, name), found, holder=owner)


def record_contents(name: str, value: Any) -> None:
    """What is held by something that cannot itself be replaced: a default, an argument that is bound."""
    if not _is_settled(value):
        record(name, lambda: value, value)

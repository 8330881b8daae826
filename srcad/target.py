"""From what a command line names to the function: `path/file.py:f`, `package.module:f`, or a file or module alone."""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any


class TargetError(Exception):
    """The target names nothing that can be differentiated; the message says what there is instead."""


def load(target: str) -> tuple[ModuleType, Callable[..., Any] | None]:
    """The module, and the function if the target names one."""
    place, colon, name = target.rpartition(":")
    if not colon or not all(part.isidentifier() for part in name.split(".")):
        return _module(target), None
    module = _module(place)
    found: Any = module
    for part in name.split("."):
        found = getattr(found, part, None)
    if found is None:
        raise TargetError(f"{place} has no function {name!r}{_close(name, functions(module))}")
    if not callable(found) or isinstance(found, type):
        raise TargetError(f"{name} in {place} is a {type(found).__name__}, not a function")
    return module, found


def functions(module: ModuleType) -> dict[str, Callable[..., Any]]:
    """The functions that the module itself defines, in its order: those made by `@differentiate` if there are any."""
    own = {name: value for name, value in vars(module).items() if _is_own(value, module)}
    marked = {name: value for name, value in own.items() if hasattr(value, "value_and_grad")}
    return marked or own


def _is_own(value: Any, module: ModuleType) -> bool:
    if callable(value) and hasattr(value, "value_and_grad"):  # made by `@differentiate`, for any target
        value = value.derivative.fn
    inner = inspect.unwrap(getattr(value, "py_func", value)) if callable(value) else None
    return inspect.isfunction(inner) and inner.__module__ == module.__name__


def _module(place: str) -> ModuleType:
    return _from_file(Path(place)) if place.endswith(".py") or "/" in place else _from_name(place)


def _from_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise TargetError(f"no such file: {path}{_close(path.name, (p.name for p in path.parent.glob('*.py')))}")
    path = path.resolve()
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise TargetError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module  # dataclasses and pickle look a function's module up
    sys.path.insert(0, str(path.parent))  # as `python file.py` does
    _run(lambda: spec.loader.exec_module(module), str(path))  # type: ignore[union-attr]
    return module


def _from_name(name: str) -> ModuleType:
    if not all(part.isidentifier() for part in name.split(".")):
        raise TargetError(f"{name!r} is neither a file ending in .py nor the name of a module")
    sys.path.insert(0, "")  # as `python -m` does
    try:
        known = importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        known = False
    if not known:
        file = Path(name.replace(".", "/") + ".py")
        hint = f"; did you mean {file}?" if file.is_file() else ""
        raise TargetError(f"no module named {name!r}{hint}")
    _run(lambda: importlib.import_module(name), name)
    return sys.modules[name]


def _run(load: Callable[[], object], what: str) -> None:
    """Run the user's module; what goes wrong there is theirs, and told as Python tells it."""
    try:
        load()
    except (Exception, SystemExit) as error:
        frames = error.__traceback__
        while frames is not None and (frames.tb_frame.f_code.co_filename in (__file__,) or _is_import(frames)):
            frames = frames.tb_next
        where = f"{frames.tb_frame.f_code.co_filename}:{frames.tb_lineno}: " if frames is not None else ""
        if isinstance(error, SyntaxError):
            where = f"{error.filename}:{error.lineno}: "
        raise TargetError(f"{where}{type(error).__name__}: {error}, while importing {what}") from error


def _is_import(frame: Any) -> bool:
    return "importlib" in frame.tb_frame.f_code.co_filename


def _close(name: str, known: Iterable[str]) -> str:
    known = list(known)
    near = difflib.get_close_matches(name, known, n=3)
    if near:
        return f"; did you mean {' or '.join(near)}?"
    return f"; there is {', '.join(known[:10])}" if known else ""

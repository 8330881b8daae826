"""What was made of a function before: its tangent and its adjoint start from one trace, its Hessian from its gradient.

It is kept in the function's own dictionary, so that it goes when the function does, and is good for as long as all that was
read for it (`srcad.reads`) is as it was. What reads things that are not known by their contents, such as objects of the user's
classes, is made anew each time.
"""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable
from types import FunctionType
from typing import Any, TypeVar

from srcad import reads

T = TypeVar("T")
#: How many things are kept for one function.
MOST = 16
_NAME = "__srcad_remembered__"
_lock = threading.Lock()


class Remembered:
    """What was made of one function, the last used last."""

    def __init__(self, owner: Any) -> None:
        self.owner = weakref.ref(owner)
        self.made: OrderedDict[Hashable, tuple[Any, reads.Reads]] = OrderedDict()

    def __reduce__(self) -> Any:
        """What pickles functions with their dictionaries takes nothing along."""
        return dict, ()

    def find(self, key: Hashable) -> tuple[Any, reads.Reads] | None:
        with _lock:
            found = self.made.get(key)
            if found is not None:
                self.made.move_to_end(key)
        return found

    def keep(self, key: Hashable, value: Any, found: reads.Reads) -> None:
        with _lock:
            self.made[key] = value, found
            self.made.move_to_end(key)
            while len(self.made) > MOST:
                self.made.popitem(last=False)


def remembered(fn: Any, key: Hashable, make: Callable[[], T], lasts: Callable[[Any], bool]) -> T:
    """What `make` gives, or gave before for the same key, if it lasts and nothing has changed that was read for it.

    A key of None is that of nothing else.
    """
    memory = _of(fn) if key is not None else None
    if memory is None:
        return make()
    found = memory.find(key)
    if found is not None and not any(item.changed for item in found[1].items):
        reads.replay(found[1])
        return found[0]  # type: ignore[no-any-return]
    with reads.recording() as own:
        value = make()
    if own.is_closed and lasts(value):
        memory.keep(key, value, own)
    return value


def _of(fn: Any) -> Remembered | None:
    """The memory of a Python function, or of a derivative of one. What belongs to a lowering in progress has none."""
    root = fn
    while hasattr(root, "derivative"):
        root = root.derivative.fn
    if not isinstance(root, FunctionType):
        return None
    memory = vars(fn).get(_NAME)
    if not isinstance(memory, Remembered) or memory.owner() is not fn:  # `functools.wraps` copies dictionaries
        memory = vars(fn)[_NAME] = Remembered(fn)
    return memory

"""Whether a source text is that of a code object: a file may have been edited since it was imported."""

from __future__ import annotations

import functools
import types
from collections.abc import Iterator
from typing import Any

#: The flags of a code object that come from `from __future__ import ...`.
_FUTURE = 0x1FE0000


def is_source_of(text: str, file: str, code: types.CodeType) -> bool:
    """Whether compiling the text gives this code, where it says that it is from.

    Names that Python could not spell ("@pytest_ar") are those of tools that rewrite the tree before it is compiled, such as
    pytest its assertions. The code is then only looked through for what the source mentions.
    """
    try:
        module = _compiled(text, file, code.co_flags & _FUTURE)
    except (SyntaxError, ValueError):  # a notebook's cell may hold what only IPython compiles
        return True
    here = [c for c in _inner(module) if (c.co_name, c.co_firstlineno) == (code.co_name, code.co_firstlineno)]
    return any(_same(found, code) or (_is_rewritten(code) and _mentions(code, found)) for found in here)


@functools.lru_cache(maxsize=32)
def _compiled(text: str, file: str, flags: int) -> types.CodeType:
    code: types.CodeType = compile(text, file, "exec", flags=flags, dont_inherit=True)
    return code


def _inner(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for const in code.co_consts:
        if isinstance(const, types.CodeType):
            yield from _inner(const)


def _same(a: types.CodeType, b: types.CodeType) -> bool:
    if a.co_code != b.co_code or a.co_names != b.co_names or len(a.co_consts) != len(b.co_consts):
        return False
    if (a.co_varnames, a.co_freevars, a.co_cellvars) != (b.co_varnames, b.co_freevars, b.co_cellvars):
        return False
    return all(_same_const(x, y) for x, y in zip(a.co_consts, b.co_consts, strict=True))


def _same_const(a: Any, b: Any) -> bool:
    if isinstance(a, types.CodeType) and isinstance(b, types.CodeType):
        return _same(a, b)
    if isinstance(a, frozenset):  # written in any order
        return bool(a == b)
    return type(a) is type(b) and repr(a) == repr(b)


def _is_rewritten(code: types.CodeType) -> bool:
    return any(name.startswith("@") for inner in _inner(code) for name in inner.co_names)


def _mentions(code: types.CodeType, found: types.CodeType) -> bool:
    """Whether all names and constants of `found` are in the code too."""
    return _mentioned(found) - {"AssertionError"} <= _mentioned(code)


def _mentioned(code: types.CodeType) -> set[str]:
    return {
        *(name for inner in _inner(code) for name in inner.co_names),
        *(repr(c) for inner in _inner(code) for c in inner.co_consts if isinstance(c, int | float | complex)),
    }

"""From a function to its syntax tree, with positions in the file as the user sees it.

The whole file is parsed and the function found in it, so that positions need no correction and lambdas can be told apart:
the code object knows which columns each instruction came from.
"""

from __future__ import annotations

import functools
import linecache
import types
from dataclasses import dataclass
from typing import Any

import gast

from srcad.bytecode import is_source_of
from srcad.errors import SourceError

#: What ends a name scope of its own.
FUNCTIONS = (gast.FunctionDef, gast.AsyncFunctionDef, gast.Lambda)


@dataclass(frozen=True, eq=False)
class Source:
    """The text of a function: `node` is a gast FunctionDef or Lambda with positions in `file`."""

    file: str
    lines: tuple[str, ...]
    node: Any
    name: str

    def position(self, node: Any) -> tuple[int, int, int, int]:
        """Line, column, end line and end column, in characters where Python counts bytes."""
        line, end_line = node.lineno, node.end_lineno
        return line, self._column(line, node.col_offset), end_line, self._column(end_line, node.end_col_offset)

    def text(self, node: Any) -> str:
        line, col, end_line, end_col = self.position(node)
        if line == end_line:
            return self.lines[line - 1][col:end_col]
        first, last = self.lines[line - 1][col:], self.lines[end_line - 1][:end_col]
        return "".join([first, *self.lines[line : end_line - 1], last])

    def _column(self, line: int, offset: int) -> int:
        text = self.lines[line - 1]
        return offset if text.isascii() else len(text.encode()[:offset].decode(errors="replace"))


def source_of(fn: types.FunctionType) -> Source:
    """The source of a plain Python function or lambda."""
    return _source_of_code(fn.__code__, fn.__code__.co_filename)


@functools.lru_cache(maxsize=1024)
def _source_of_code(code: types.CodeType, file: str) -> Source:
    linecache.checkcache(file)
    lines = tuple(linecache.getlines(file))
    if not lines:
        raise SourceError(
            f"the source of '{code.co_name}' is not available ({file})",
            remedy="define the function in a file or a notebook cell; code made by exec needs an entry in linecache",
        )
    try:
        tree = _parse("".join(lines))
    except SyntaxError as error:
        raise SourceError(f"{file} does not parse: {error}") from error
    matches = [node for node in _functions(tree) if _is_definition(node, code)]
    if len(matches) > 1:
        matches = [node for node in matches if _covers(node, code)] or matches
    if len(matches) != 1:
        what = "no" if not matches else "more than one"
        raise SourceError(
            f"{what} definition of '{code.co_name}' was found at {file}:{code.co_firstlineno}",
            remedy="reload the module if the file has changed; put lambdas on lines of their own",
        )
    if not is_source_of("".join(lines), file, code):
        raise SourceError(
            f"{file}:{code.co_firstlineno}: the source of '{code.co_name}' is not what runs: it was changed since",
            remedy="reload the module, or start Python anew",
        )
    return Source(file, lines, matches[0], code.co_name)


@functools.lru_cache(maxsize=32)
def _parse(text: str) -> Any:
    return gast.parse(text)


@functools.lru_cache(maxsize=32)
def _functions(tree: Any) -> tuple[Any, ...]:
    return tuple(node for node in gast.walk(tree) if isinstance(node, FUNCTIONS))


def _is_definition(node: Any, code: types.CodeType) -> bool:
    if code.co_name == "<lambda>":
        named = isinstance(node, gast.Lambda)
    else:
        named = not isinstance(node, gast.Lambda) and node.name == code.co_name
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
    return named and first == code.co_firstlineno and parameter_names(node) == _code_parameters(code)


def _covers(node: Any, code: types.CodeType) -> bool:
    """Whether the lambda's body is what the code computes last: one of its instructions has exactly that extent."""
    body = node.body if isinstance(node, gast.Lambda) else node.body[-1]
    extent = (body.lineno, body.end_lineno, body.col_offset, body.end_col_offset)
    return extent in set(code.co_positions())


def parameter_names(node: Any) -> list[str]:
    """All parameters in the order of a code object's variables."""
    args = node.args
    names = [arg.id for arg in (*args.posonlyargs, *args.args, *args.kwonlyargs)]
    return names + [arg.id for arg in (args.vararg, args.kwarg) if arg is not None]


def _code_parameters(code: types.CodeType) -> list[str]:
    stars = bool(code.co_flags & 0x04) + bool(code.co_flags & 0x08)
    return list(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount + stars])

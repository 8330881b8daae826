"""The one family of exceptions: each shows the user's own line with a caret, says why, and says what to write instead."""

from __future__ import annotations

import itertools
import linecache
from typing import Protocol


class Place(Protocol):
    """A piece of the user's source (an `ir.Span`): lines count from 1, columns from 0, the end is exclusive."""

    @property
    def file(self) -> str: ...
    @property
    def line(self) -> int: ...
    @property
    def col(self) -> int: ...
    @property
    def end_line(self) -> int: ...
    @property
    def end_col(self) -> int: ...


class SrcadError(Exception):
    """What srcad refuses to do, and where. `callers` are the calls that led there, the innermost first."""

    def __init__(self, reason: str, span: Place | None = None, remedy: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.span = span
        self.remedy = remedy
        self.callers: list[Place] = []

    def __str__(self) -> str:
        lines = [f"{self.span.file}:{self.span.line}: {self.reason}" if self.span else self.reason]
        if self.span:
            lines += excerpt(self.span)
        calls = [f"called from {place.file}:{place.line}" for place in self.callers]
        for line, same in itertools.groupby(calls):
            times = len(list(same))
            lines.append(f"{line}, {times} times" if times > 1 else line)
        if self.remedy:
            lines.append(f"help: {self.remedy}")
        return "\n".join(lines)


class UnsupportedError(SrcadError, NotImplementedError):
    """Python or NumPy that srcad does not differentiate."""


class TypeInferenceError(SrcadError, TypeError):
    """A value without one type, or of a type that the operation does not take."""


class SourceError(SrcadError):
    """A function whose source cannot be found."""


def excerpt(span: Place) -> list[str]:
    """The source line and carets below the piece that is meant; nothing where the file cannot be read."""
    text = linecache.getline(span.file, span.line).rstrip()
    if not text:
        return []
    end = span.end_col if span.end_line == span.line else len(text)
    number = f"{span.line:5d}"
    gap = "".join(c if c == "\t" else " " for c in text[: span.col])
    return [f"{number} | {text}", f"{' ' * len(number)} | {gap}{'^' * max(1, end - span.col)}"]

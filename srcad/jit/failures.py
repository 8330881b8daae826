"""What Numba says of generated code, in terms of the user's own line.

Statements of the forward sweep end in the line that they come from, as a comment; what has no comment of its own belongs to the
statement above it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any

from srcad.errors import UnsupportedError
from srcad.ir import Span, Trace, walk

_NOTE = re.compile(r"#\s(\S+):(\d+)$")


def in_users_terms(error: Exception, trace: Trace, path: str) -> UnsupportedError:
    """The refusal for an error of Numba's in the module at this path, which was generated from the trace."""
    first = next((line for line in str(error).splitlines() if line and not line.startswith("Failed in")), "")
    return UnsupportedError(
        f"Numba does not compile what becomes of this: {first.rstrip('.')}",
        _place(getattr(error, "loc", None), trace, path),
        "run it as plain Python: srcad.differentiate(f, jit=False); and please report it, with what `srcad show` prints",
    )


def _place(loc: Any, trace: Trace, path: str) -> Span | None:
    spans = {f"{os.path.basename(span.file)}:{span.line}": span for span in _spans(trace)}
    try:
        with open(path, encoding="utf-8") as file:
            above = file.read().splitlines()[: loc.line]
    except (OSError, AttributeError):
        return trace.span
    notes = (found for line in reversed(above) if (found := _NOTE.search(line)))
    return next((spans[key] for note in notes if (key := ":".join(note.groups())) in spans), trace.span)


def _spans(trace: Trace) -> Iterator[Span]:
    for function in (*trace.functions, trace):
        for stmt in walk(function.body):
            if stmt.span:
                yield stmt.span

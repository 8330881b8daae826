"""What `srcad rules` prints: the rules of the book, one line of mathematics each, and the functions that are made of them."""

from __future__ import annotations

import importlib
import textwrap
from collections.abc import Iterator
from contextlib import suppress

from srcad.lower import numpy_calls
from srcad.lower.registry import CALLS, METHODS
from srcad.transforms.rules import CONSTANT
from srcad.transforms.rules.language import BOOK
from srcad.transforms.rules.structural import SEVERAL, STRUCTURAL


def lines(part: str = "") -> Iterator[str]:
    """The book, or of it what has `part` in its name."""
    for module in (
        "scipy.special",
        "scipy.stats",
        "scipy.fft",
        "scipy.linalg",
    ):  # their names are known once they are there
        with suppress(ImportError):
            importlib.import_module(module)
    numpy_calls.foreign_tables()
    rules = [rule for name in BOOK if part in name for rule in BOOK[name]]
    if rules:
        yield "rules: forward mode; reverse mode"
        for rule in rules:
            unknown = f"   ({', '.join(sorted(rule.unknown))} constant)" if rule.unknown else ""
            yield f"    {rule.text}{unknown}"
    yield from _section("rules in Python, of whole arrays", (n for n in (*STRUCTURAL, *SEVERAL) if part in n))
    yield from _section("constants", (name for name in CONSTANT if part in name))
    names = (numpy_calls.full_name(function) for function in CALLS)
    yield from _section("functions", (name for name in names if part in name and "<" not in name))
    yield from _section("methods of arrays", (f".{name}" for name in METHODS if part in name))


def _section(title: str, names: Iterator[str]) -> Iterator[str]:
    found = sorted(set(names))
    if found:
        yield f"{title}:"
        yield textwrap.fill(
            "  ".join(found), 118, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False
        )

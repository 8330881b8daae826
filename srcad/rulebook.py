"""What `srcad rules` prints: the rules of the book, one line of mathematics each, and the functions that are made of them."""

from __future__ import annotations

import importlib
import inspect
import textwrap
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import numpy as np

from srcad.lower import numpy_calls
from srcad.lower.registry import CALLS, METHODS
from srcad.transforms.rules import CONSTANT
from srcad.transforms.rules.complex_numbers import HOLOMORPHIC
from srcad.transforms.rules.language import BOOK, Rule
from srcad.transforms.rules.structural import SEVERAL, STRUCTURAL


def lines(part: str = "") -> Iterator[str]:
    """The book, or of it what has `part` in its name; of what is called just that, all that is known."""
    _complete()
    rules = [rule for name in BOOK if part in name for rule in BOOK[name]]
    if rules:
        yield "rules: forward mode; reverse mode"
        for rule in rules:
            unknown = f"   ({', '.join(sorted(rule.unknown))} constant)" if rule.unknown else ""
            yield f"    {rule.text}{unknown}"
            if rule.op == part:
                yield from _details(rule)
    if part in STRUCTURAL or part in SEVERAL:
        entry = STRUCTURAL.get(part) or SEVERAL[part]
        yield f"rule in Python, of whole arrays, at {entry.source}:"
        yield textwrap.indent(inspect.cleandoc(entry.doc), "    ") if entry.doc else "    linear"
        yield f"    {_EVERYWHERE}"
    yield from _section("rules in Python, of whole arrays", (n for n in (*STRUCTURAL, *SEVERAL) if part in n))
    yield from _section("constants", (name for name in CONSTANT if part in name))
    yield from _section("functions", (name for name in _names() if part in name))
    yield from _section("methods of arrays", (f".{name}" for name in METHODS if part in name))


def _complete() -> None:
    """Fill the tables that fill themselves when SciPy is there."""
    for module in ("scipy.special", "scipy.stats", "scipy.fft", "scipy.linalg"):
        with suppress(ImportError):
            importlib.import_module(module)
    numpy_calls.foreign_tables()


def _names() -> list[str]:
    """Every public name of what there is a lowering for: `scipy.special.psi` is `digamma` too."""
    names = [name for name in map(numpy_calls.full_name, CALLS) if "<" not in name and not name.startswith("srcad.")]
    for start in ROWS.values():
        with suppress(ImportError):
            module = importlib.import_module(start.rstrip(".").replace("np", "numpy"))
            names += [start + name for name in dir(module) if _is_lowered(getattr(module, name, None))]
    return names


def _is_lowered(thing: Any) -> bool:
    return (inspect.isroutine(thing) or isinstance(thing, np.ufunc)) and thing in CALLS


_EVERYWHERE = "forward and reverse mode, of every order"


def _details(rule: Rule) -> Iterator[str]:
    numbers = "float64, float32" + (", complex128" if rule.op in HOLOMORPHIC else "")
    points = "; ".join(", ".join(map(str, p)) if isinstance(p, tuple) else str(p) for p in rule.points)
    held = "".join(f", {name} = {value}" for name, value in rule.unknown.items())
    yield f"        {_EVERYWHERE}; {numbers}; numbers and arrays"
    yield f"        tested at {points}{held}"
    yield f"        {rule.source}"


#: The rows of the table of what is covered: what it is called, and what the names in it start with.
ROWS = {
    "NumPy": "np.", "`np.linalg`": "np.linalg.", "`np.fft`": "np.fft.", "`np.random`": "np.random.", "`math`": "math.",
    "`cmath`": "cmath.", "`scipy.special`": "scipy.special.", "`scipy.linalg`": "scipy.linalg.", "`scipy.fft`": "scipy.fft.",
    "`scipy.stats`": "scipy.stats.",
}  # fmt: skip


def markdown() -> Iterator[str]:
    """The table of the functions that have derivatives, for documents."""
    _complete()
    names = set(_names())
    yield "| module | functions |"
    yield "|---|---|"
    for title, start in ROWS.items():
        inner = [other for other in ROWS.values() if other != start and other.startswith(start)]
        own = [n.removeprefix(start) for n in names if n.startswith(start) and not n.startswith(tuple(inner))]
        if start == "scipy.stats.":  # the distributions, with their methods
            own = [f"{name} ({methods})" for name, methods in _methods(own)]
        yield f"| {title} | {', '.join(sorted(own))} |"
    yield f"| methods of arrays | {', '.join(sorted(METHODS))} |"


def _methods(names: list[str]) -> Iterator[tuple[str, str]]:
    found: dict[str, list[str]] = {}
    for name in names:
        distribution, _, method = name.partition(".")
        if method:
            found.setdefault(distribution, []).append(method)
    for distribution, methods in found.items():
        yield distribution, " ".join(sorted(methods))


def _section(title: str, names: Iterator[str]) -> Iterator[str]:
    found = sorted(set(names))
    if found:
        yield f"{title}:"
        yield textwrap.fill(
            "  ".join(found), 118, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False
        )

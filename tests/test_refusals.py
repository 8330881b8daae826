"""What is refused, and in which words: small programs with the complete error, kept to be read as a user would.

tests/cases/refusals.txt holds programs, each under a line with its name, and below a line of dashes what srcad says. A program's
last function is differentiated; the names of its parameters tell their types. After a change that is meant:
`SRCAD_UPDATE_GOLDEN=1 pytest tests/test_refusals.py`, then read the diff.
"""

import linecache
import math
import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import srcad
from srcad.infer import parse_types
from srcad.ir import Static
from srcad.pipeline import Derivative, build

FILE = Path(__file__).parent / "cases" / "refusals.txt"
CASE = re.compile(r"^=+ (.+)\n", re.MULTILINE)
DASHES = "-" * 60 + "\n"
TYPES = {
    **dict.fromkeys("x y".split(), "f8"),
    **dict.fromkeys("n k".split(), "i8"),
    **dict.fromkeys("a b".split(), "f8[:]"),
    **dict.fromkeys("m q".split(), "f8[:, :]"),
    "c": "f8[:, :, :]",
    "z": "c16",
    "w": "c16[:]",
    "h": "c16[:, :]",
    "i": "i8[:]",
    "mask": "b1[:]",
    "grid": "b1[:, :]",
    "cube": "b1[:, :, :]",
    "o": "f8[:, :, :, :]",
    "t": "Tuple((f8, f8))",
    "u": "i4[:]",
}


def cases() -> dict[str, tuple[str, str]]:
    """The programs and what is said of them, by name."""
    _, *parts = CASE.split(FILE.read_text())
    pairs = zip(parts[::2], parts[1::2], strict=True)
    split = {name: text.partition(DASHES) for name, text in pairs}
    assert len(split) == len(parts) // 2, "two cases have one name"
    return {name: (program.strip("\n") + "\n", said.strip("\n") + "\n") for name, (program, _, said) in split.items()}


class Thing:
    """An object of a user's class."""

    scale = 2.0

    def __call__(self, x: float) -> float:
        return self.scale * x

    def method(self, x: float) -> float:
        return x * self.scale


def run(program: str) -> str:
    """What srcad says of the program."""
    linecache.cache["program.py"] = len(program), None, program.splitlines(keepends=True), "program.py"
    thing = Thing()
    names: dict[str, Any] = {"np": np, "math": math, "srcad": srcad, "thing": thing, "Thing": Thing, "__name__": "user"}
    exec(compile(program, "program.py", "exec"), names)
    fn = [value for value in names.values() if getattr(value, "__module__", "") == "user" and callable(value)][-1]
    code = fn.__code__
    parameters = code.co_varnames[: code.co_argcount]
    types = [Static("text") if name == "text" else parse_types(TYPES[name])[0] for name in parameters]
    try:
        build(Derivative(fn, "grad"), types)
    except (srcad.SrcadError, TypeError) as error:
        return f"{type(error).__name__}: {error}\n"
    return "nothing\n"


@pytest.mark.parametrize("name", cases())
def test_message(name):
    program, said = cases()[name]
    now = run(program)
    if os.environ.get("SRCAD_UPDATE_GOLDEN"):
        texts = {**cases(), name: (program, now)}
        FILE.write_text("".join(f"===== {n}\n{text}{DASHES}{answer}\n" for n, (text, answer) in texts.items()))
    else:
        assert now == said, "if this is meant: SRCAD_UPDATE_GOLDEN=1 pytest tests/test_refusals.py"


@pytest.mark.parametrize("name", cases())
def test_shows_the_place_and_a_remedy(name):
    """Every refusal of code has its line, a caret under it, and a way out; what is refused of arguments names them."""
    _, said = cases()[name]
    kind, _, reason = said.partition(": ")
    if kind == "TypeError":
        assert "float" in reason or "scalar" in reason
        return
    lines = reason.splitlines()
    assert re.match(r"program\.py:\d+: .", lines[0])
    assert "^" in lines[2]
    assert lines[-1].startswith("help: ") or kind == "TypeInferenceError"
    assert lines[-1] != "help: write it out with what is supported"

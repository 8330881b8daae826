"""The golden files: small programs, each with the derivatives that srcad writes for it, kept so that changes can be read.

A file in tests/cases holds a program, its ARGS and KINDS, and below each separator line the generated module. A kind that ends in
`_out` is what calls with `out=` run. After a change that is meant: `SRCAD_UPDATE_GOLDEN=1 pytest tests/test_golden.py`, then
read the diff as a person would.
"""

import os
import re
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from oracles import difference, direction, dot, flatten, is_active, leaves, map_leaves, zero
from srcad.emit import emit
from srcad.infer import arg_type_of
from srcad.pipeline import Derivative

CASES = sorted(Path(__file__).parent.joinpath("cases").glob("*.py"))
SEPARATOR = re.compile(r"^# -{10,} (\w+)\n", re.MULTILINE)


def separator(kind: str) -> str:
    return f"# {'-' * (117 - len(kind))} {kind}\n"


@lru_cache
def read(path: Path) -> tuple[str, dict[str, str]]:
    """The program, and the generated modules by kind."""
    head, *rest = SEPARATOR.split(path.read_text())
    return head.rstrip() + "\n", {kind: text.strip() + "\n" for kind, text in zip(rest[::2], rest[1::2], strict=True)}


@lru_cache
def program(path: Path) -> ModuleType:
    """The program's module. Its positions are those of the golden file, whose head it is."""
    module = ModuleType(path.stem)
    module.__file__ = str(path)
    exec(compile(read(path)[0], str(path), "exec"), module.__dict__)
    return module


@lru_cache
def generated(path: Path, kind: str, jit: bool = True) -> str:
    module = program(path)
    types = [arg_type_of(arg) for arg in module.ARGS]
    derivative = Derivative(getattr(module, path.stem), kind.removesuffix("_out"))
    return emit((derivative.into_buffers if kind.endswith("_out") else derivative).build(types), jit=jit)


cases = pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)


@cases
def test_golden(path):
    head, kept = read(path)
    now = {kind: generated(path, kind).strip() + "\n" for kind in program(path).KINDS}
    if os.environ.get("SRCAD_UPDATE_GOLDEN"):
        path.write_text(head + "".join(f"\n\n{separator(kind)}\n{text}" for kind, text in now.items()))
    else:
        assert now == kept, "if this is meant: SRCAD_UPDATE_GOLDEN=1 pytest tests/test_golden.py"


@cases
def test_generated_module_runs_alone(path):
    """Interpreted, with nothing of srcad's but the text; against differences of the plain program."""
    module = program(path)
    f, args = getattr(module, path.stem), module.ARGS
    y = f(*args)
    y_bar, v = direction(y, seed=1), direction(args, seed=2)
    y_dot = difference(f, args, v)
    for kind in module.KINDS:
        g = load(path, kind)
        floats = [i for i, arg in enumerate(args) if any(map(is_active, leaves(arg)))]
        if kind == "adjoint":
            value, *bars = g(*args, y_bar)
            got, want = sum(dot(bar, v[i]) for i, bar in zip(floats, bars, strict=True)), flatten(y_bar) @ y_dot
        elif kind == "tangent":
            value, dots = g(*args, *(v[i] for i in floats))
            got, want = flatten(dots), y_dot
        elif kind == "jacfwd":
            value, got = y, g(*args) @ v[0]
            want = difference(lambda x: f(x, *args[1:]), args[:1], v[:1])
        elif kind in ("grad", "grad_out", "hvp"):
            along = (v[0], *map_leaves(lambda leaf: 0.0 * leaf if is_active(leaf) else zero(leaf), args[1:]))
            value = y
            if kind == "grad":
                got, want = dot(g(*args), v[0]), difference(f, args, along)
            elif kind == "grad_out":
                buffer = np.full_like(args[0], np.nan)
                assert g(*args, buffer) is buffer
                got, want = dot(buffer, v[0]), difference(f, args, along)
            else:
                gradient = load(path, "grad")
                got, want = flatten(g(*args, v[0])), difference(lambda *args: gradient(*args), args, along)
        else:
            pytest.fail(f"no test for {kind}")
        np.testing.assert_allclose(flatten(value), flatten(y), rtol=1e-12)
        np.testing.assert_allclose(got, want, rtol=1e-7, atol=1e-9)


def load(path: Path, kind: str) -> Any:
    """The generated function, as plain Python."""
    text = generated(path, kind, jit=False)
    namespace: dict[str, Any] = {}
    exec(compile(text, f"<{path.stem} {kind}>", "exec"), namespace)
    return namespace[f"{path.stem}_{kind.removesuffix('_out')}"]

"""The text of a kernel: the function of one problem, the loop over problems that each thread runs, and what launches it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from srcad.emit import DEVICE, emit, given_globals
from srcad.ir import Op, walk
from srcad.jit.cuda import backend
from srcad.jit.names import spelt, unique
from srcad.jit.options import Options
from srcad.transforms.scratch import Placed, Scratch


@dataclass(frozen=True)
class Text:
    """The module, and the globals that it must be given."""

    text: str
    name: str
    values: dict[str, Any]


def device_text(placed: Placed, options: Options) -> str:
    """The module with the function of one problem alone."""
    fast = {"fastmath": True} if options.fastmath else {}
    return for_backend(emit(placed.trace, options=fast, decorator=DEVICE))


def kernel_text(placed: Placed, args: Sequence[Any], sums: frozenset[int], options: Options) -> Text:
    """The module with `NAME_kernel` and its launcher. `args` are trees as `srcad.axes` makes them."""
    trace = placed.trace
    values = given_globals(trace)
    names = unique(["n", "t", "k", "done", "need", "cuda", "np", "launch", trace.name, *values])
    own = trace.params[: len(args)]
    spelling = [spelt(tree, p.name, names, values) for tree, p in zip(args, own, strict=True)]
    inputs = [name for _, found in spelling for name in found]
    outs = [names(result.name) for result in placed.results]
    memory = [names(s.name) for s in placed.scratch]
    grows, fails = any(s.grows for s in placed.scratch), may_fail(placed)
    checks = [*(["need"] if grows else []), *(["done"] if fails else [])]

    given = [text for text, _ in spelling]
    targets: list[str] = []
    after: list[str] = []
    for k, (result, out) in enumerate(zip(placed.results, outs, strict=True)):
        place = f"{out}[{'t' if k in sums else 'k'}]"
        if result.shape is not None:
            given.append(place)
        elif k in sums:
            targets.append(names(f"{out}_k"))
            after.append(f"{place} += {targets[-1]}")
        else:
            targets.append(place)
    for s, name in zip(placed.scratch, memory, strict=True):
        given.append(f"{name}[{':, ' * len(s.shape)}t]")
    given += ["need"] if grows else []
    call = f"{trace.name}({', '.join(given)})"
    body = [f"{', '.join(targets)} = {call}" if targets else call, *after, *(["done[k] = True"] if fails else [])]
    specs = [_spec("Sum" if k in sums else "Each", r.shape or (), r.dtype) for k, r in enumerate(placed.results)]
    parameters = ", ".join(["n", *inputs, *outs, *memory, *checks])
    fast = "(fastmath=True)" if options.fastmath else ""
    lines = [
        "", "",
        f"@cuda.jit{fast}",
        f"def {trace.name}_kernel({parameters}):",
        "    t = cuda.grid(1)",
        "    for k in range(t, n, cuda.gridsize(1)):",
        *(f"        {line}" for line in body),
        "", "",
        f"def {trace.name}_launch({', '.join(['n', *inputs])}):",
        "    return launch(",
        f"        {trace.name}_kernel, n, [{', '.join(inputs)}],",
        f"        results=[{', '.join(specs)}],",
    ]  # fmt: skip
    if memory:
        lines.append(f"        scratch=[{', '.join(map(_scratch, placed.scratch))}],")
    if fails:
        lines.append("        fails=True,")
    text = "\n".join([device_text(placed, options).rstrip("\n"), *lines, "    )"]) + "\n"
    used = [word for word in ("Each", "Sum", "Growing", "Fixed") if f"{word}(" in text]
    return Text(_importing(text, f"from srcad.jit.launch import {', '.join([*used, 'launch'])}"), trace.name, values)


def may_fail(placed: Placed) -> bool:
    """Whether a thread may give up a problem."""
    return any(isinstance(s, Op) and s.name in ("raise", "room") for s in walk(placed.trace.body))


def _scratch(scratch: Scratch) -> str:
    if scratch.grows in ((), (0,)):
        return _spec("Growing" if scratch.grows else "Fixed", scratch.shape, scratch.dtype)
    return f"{_spec('Growing', scratch.shape, scratch.dtype)[:-1]}, axes={scratch.grows})"


def _spec(kind: str, shape: Sequence[int], dtype: str) -> str:
    return f"{kind}({tuple(shape)}, np.{'bool_' if dtype == 'bool' else dtype})"


def _importing(text: str, line: str) -> str:
    """The module with one more import, and with NumPy."""
    head, body = text.split("\n\n\n", 1)
    lines = head.splitlines()
    if "import numpy as np" not in lines:
        at = next(k for k, found in enumerate(lines) if found.startswith("from numba"))
        lines.insert(at, "import numpy as np")
    at = max(k for k, found in enumerate(lines) if found.startswith(("import ", "from ")))
    lines.insert(at + 1, line)
    return "\n".join(lines) + "\n\n\n" + body


def for_backend(text: str) -> str:
    """The module as the package that compiles it here has it."""
    package, _ = backend()
    return text if package == "numba" else text.replace("from numba import cuda", f"from {package} import cuda")

"""The programs for other tools, which take turns with ours. A tool that is not installed is left out.

Every module here has `gradient(name, args, argnums)`: a call that gives the gradients, compiled where the tool compiles, or None
where there is no such form of the program.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from types import ModuleType
from typing import Any

#: The tools by the names of their columns: JAX at its best, JAX with the program's loops as they are, and tools of tapes.
TOOLS = {"jax": "by_jax", "loops": "jax_loops", "autograd": "by_autograd", "torch": "by_torch"}
Gradient = Callable[[], Any]


def installed(wanted: list[str]) -> tuple[dict[str, ModuleType], list[str]]:
    """The tools that there are, and a line on each that there is not."""
    there, missing = {}, []
    for tool in wanted:
        try:
            there[tool] = importlib.import_module(f"{__name__}.{TOOLS[tool]}")
        except ImportError as error:
            missing.append(f"{tool}: left out, {error}")
    return there, missing

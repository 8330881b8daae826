"""A derivative as a device function, for kernels that users write."""

from __future__ import annotations

from typing import Any

from srcad.emit import given_globals
from srcad.ir import Trace
from srcad.jit.cache import load
from srcad.jit.kernel import device_text
from srcad.jit.options import Options
from srcad.jit.simulated import helpers
from srcad.transforms.thread import thread


def device_function(trace: Trace, options: Options) -> Any:
    """The function that the trace becomes, for `@cuda.jit` kernels to call."""
    placed = thread(trace, alone=True)
    text = device_text(placed, options)
    return getattr(load(text, f"{trace.name}_device", given_globals(placed.trace), **helpers()), trace.name)

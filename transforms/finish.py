"""What is left to do when no more derivatives will be taken: ops that are kept whole for their rules become loops."""

from __future__ import annotations

from srcad.ir import Op, Trace, walk
from srcad.transforms.cse import cse
from srcad.transforms.dce import dce
from srcad.transforms.fold import exact_fold
from srcad.transforms.fuse import fuse


def finish(trace: Trace) -> Trace:
    """The trace with `max` and `min` over axes as loops: their rule shares ties, and Numba has no axes for them."""
    bodies = (trace.body, *(function.body for function in trace.functions))
    extremes = [s for body in bodies for s in walk(body) if isinstance(s, Op) and s.name in ("max", "min")]
    if all(op.attr("axis") is None and not op.attr("keepdims") for op in extremes):
        return trace
    return dce(cse(exact_fold(fuse(trace, final=True))))

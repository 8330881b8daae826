"""What is left to do when no more derivatives will be taken: ops that are kept whole for their rules become loops, and elements
leave the names of their arrays to these."""

from __future__ import annotations

from collections import Counter

from srcad.ir import Block, Op, Stmt, Trace, Var, replace, uses, walk
from srcad.transforms.cse import cse, rename
from srcad.transforms.custom import has_custom, primal
from srcad.transforms.dce import dce
from srcad.transforms.fold import exact_fold
from srcad.transforms.fuse import fuse
from srcad.transforms.transposed import tidied


def finish(trace: Trace) -> Trace:
    """The trace as it is to be written."""
    return _elements(_products(_extremes(_written_out(trace))))


def _written_out(trace: Trace) -> Trace:
    """The trace with the bodies of functions that have rules of their own."""
    return tidied(primal(trace), exact_fold) if has_custom(trace) else trace


def _extremes(trace: Trace) -> Trace:
    """The trace with `max` and `min` over axes as loops: their rule shares ties, and Numba has no axes for them."""
    bodies = (trace.body, *(function.body for function in trace.functions))
    extremes = [s for body in bodies for s in walk(body) if isinstance(s, Op) and s.name in ("max", "min")]
    if all(op.attr("axis") is None and not op.attr("keepdims") for op in extremes):
        return trace
    return dce(cse(exact_fold(fuse(trace, final=True))))


def _products(trace: Trace) -> Trace:
    """The trace with matrix products that are only assigned to a buffer computed in it."""
    used = Counter(uses(trace.body))
    stmts: list[Stmt] = []
    for stmt in trace.body.stmts:
        last = stmts[-1] if stmts else None
        if isinstance(stmt, Op) and stmt.attr("product") and isinstance(last, Op) and last.results == stmt.args[1:]:
            array, product = stmt.args
            if used[last.result] == 1 and array.type == product.type:
                stmts[-1] = replace(last, name="product", results=(), args=(array, *last.args))
                continue
        stmts.append(stmt)
    return replace(trace, body=Block(tuple(stmts), trace.body.yields)) if used else trace


def _elements(trace: Trace) -> Trace:
    """The trace with elements that are called as their array is without a name: one is made up, `x_i`, where it takes one."""
    names: dict[Var, Var] = {}
    for op in walk(trace.body):
        if isinstance(op, Op) and op.name == "load" and op.result.hint == getattr(op.args[0], "hint", ""):
            names[op.result] = op.result.like("")
    functions = tuple(map(_elements, trace.functions))
    return replace(trace, body=rename(trace.body, names), functions=functions)

"""Reductions in terms of simpler ones: a mean is a sum over a count, and a product runs over the last axes."""

from __future__ import annotations

from srcad.ir import Array, Atom, Block, Builder, Const, Op, Var, blocks_of, const, with_blocks
from srcad.transforms.shapes import reduced_axes


def decompose(block: Block, final: bool) -> Block:
    """The block without `mean`, and with every `prod` over the last axes. With `final`, `max` and `min` likewise, if they have
    axes (or keep them); their derivatives have to be taken while they are whole."""
    b = Builder()
    for stmt in block.stmts:
        if isinstance(stmt, Op) and stmt.args and isinstance(stmt.args[0].type, Array):
            b.span = stmt.span
            if stmt.name == "mean":
                _mean(b, stmt)
                continue
            if stmt.name == "prod" or (final and has_axes(stmt)):
                _last_axes(b, stmt)
                continue
        b.add(with_blocks(stmt, [decompose(inner, final) for inner in blocks_of(stmt)]))
    return b.block(*block.yields)


def has_axes(op: Op) -> bool:
    """Whether this is a `max` or `min` that Numba does not have."""
    if op.name not in ("max", "min"):
        return False
    assert isinstance(op.args[0].type, Array)
    axes = op.attr("axis") is not None or bool(op.attr("keepdims"))
    return axes and not op.args[0].type.dtype.startswith(("complex", "bool"))


def _mean(b: Builder, op: Op) -> None:
    a = op.args[0]
    assert isinstance(a.type, Array)
    exact = a if a.type.dtype.startswith(("float", "complex")) else b.op("cast", a, dtype="float64")
    total = b.op("sum", exact, axis=op.attr("axis"), keepdims=bool(op.attr("keepdims")), hint=op.result.hint)
    count: Atom = const(1)
    for k, axis in enumerate(reduced_axes(op)):
        n = b.op("dim", a, axis=axis, hint="n")
        count = b.op("mul", count, n) if k else n
    if a.type.dtype in ("float32", "complex64", "float16"):
        count = b.op("cast", count, dtype="float16" if a.type.dtype == "float16" else "float32")
    b.add(Op(op.results, "div", (total, count), (), op.span))


def _last_axes(b: Builder, op: Op) -> None:
    a, axes = op.args[0], reduced_axes(op)
    assert isinstance(a.type, Array)
    rest = [k for k in range(a.type.ndim) if k not in axes]
    order = (*rest, *axes)
    keep = bool(op.attr("keepdims"))
    last = tuple(range(len(rest), a.type.ndim))
    if order == tuple(range(a.type.ndim)):
        b.add(Op(op.results, op.name, op.args, (("axis", last), ("keepdims", keep)), op.span))
        return
    turned = b.op("transpose", a, axes=order)
    if not keep:
        b.add(Op(op.results, op.name, (turned,), (("axis", last), ("keepdims", False)), op.span))
        return
    less = b.op(op.name, turned, axis=last, keepdims=False, hint=op.result.hint)
    spec = "".join("n" if k in axes else "s" for k in range(a.type.ndim))
    whole = Const(None, const(0).type)
    view: Var = b.op("view", less, *[whole] * (3 * len(rest)), spec=spec)
    b.add(Op(op.results, "copy", (view,), (), op.span))

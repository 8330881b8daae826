"""Comprehensions: written out where their items are known, else a loop that fills an array or adds up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import gast

from srcad.ir import INT, Builder, Const, For, Scalar, Var, const
from srcad.lower.casts import stored
from srcad.lower.control import choose
from srcad.lower.function import Lowering, NeverReturns
from srcad.lower.iteration import Iterable, Range, item, iterable, known_items, length
from srcad.lower.known import ZERO, describe
from srcad.lower.merge import Growing, convert, join_types
from srcad.lower.names import Names, target_names
from srcad.lower.operands import operand
from srcad.lower.operators import binary, truth
from srcad.lower.values import Obj, Seq, Tup, Value

#: A range of known length is still a loop when it is longer than this.
LONGEST = 32
COMPREHENSIONS = (gast.ListComp, gast.GeneratorExp)


def list_of(ctx: Lowering, node: Any) -> Value:
    """The list that a comprehension makes: a Seq, or a list with a buffer (lists.py)."""
    source = _computed(ctx, node)
    if source is None:
        return Seq(tuple(_known(ctx, node, node.generators)))
    if node.generators[0].ifs:
        _refuse(ctx, node.generators[0].ifs[0], "how many items this comprehension keeps")
    count = length(ctx, source)
    _, b, value = _body(ctx, node, source, lambda value: value)
    if not isinstance(value.type, Scalar):
        ctx.refuse("a comprehension of arrays over a computed range", "fill a two-dimensional array in a loop")
    out = ctx.b.op("alloc", count, fill="empty", dtype=value.type.dtype)
    index = _
    with ctx.building(b):
        b.effect("store", out, index, stored(ctx, value, value.type.dtype))
    ctx.b.add(For((), index, ZERO, count, const(1), (), (), b.block(), False, ctx.span))
    return Tup((out, count), Growing)

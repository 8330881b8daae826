"""`for t in srcad.checkpoint(range(n), slots=...)`: what the loop runs over, and the request that it carries."""

from __future__ import annotations

import inspect
from typing import Any

import gast

from srcad.checkpointing import NO_SLOTS, checkpoint
from srcad.ir import Atom, const
from srcad.lower.function import Lowering
from srcad.lower.guards import guard
from srcad.lower.iteration import Iterable, iterable
from srcad.lower.known import FALSE, TRUE, is_none, known_int
from srcad.lower.operands import int_operand
from srcad.lower.values import Obj

OUT_OF_PLACE = "srcad.checkpoint stands elsewhere than behind the `in` of a `for` statement"
IN_PLACE = "put it around all that the loop runs over: for t in srcad.checkpoint(range(n)):"

#: As many slots as is best, found when the loop starts.
ANY = const(0)


def checkpointed(ctx: Lowering, node: Any) -> tuple[Atom | None, Iterable]:
    """The slots that the loop asks for (None: it is an ordinary one), and what it runs over."""
    from srcad.lower.expressions import expr

    if not isinstance(node, gast.Call) or not _is_dotted(node.func):
        return None, iterable(ctx, node)
    with ctx.at(node):
        function = expr(ctx, node.func)
        if not isinstance(function, Obj) or function.value is not checkpoint:
            return None, iterable(ctx, node)
        try:
            given = inspect.signature(checkpoint).bind(*node.args, **{word.arg: word.value for word in node.keywords})
        except TypeError as error:
            ctx.type_error(f"srcad.checkpoint(): {error}")
        if any(isinstance(arg, gast.Starred) for arg in node.args):
            ctx.refuse(OUT_OF_PLACE, IN_PLACE)
        source = iterable(ctx, given.arguments["iterable"])
        slots = given.arguments.get("slots")
        return (ANY if slots is None else _slots(ctx, slots)), source


def _is_dotted(node: Any) -> bool:
    """Whether this is a name, or one in a module: looking at it twice does nothing twice."""
    while isinstance(node, gast.Attribute):
        node = node.value
    return isinstance(node, gast.Name)


def _slots(ctx: Lowering, node: Any) -> Atom:
    from srcad.lower.expressions import expr

    with ctx.at(node):
        value = expr(ctx, node)
        if is_none(value):
            return ANY
        slots = int_operand(ctx, value, "slots= of srcad.checkpoint")
        known = known_int(slots)
        wrong = ctx.b.op("lt", slots, const(1)) if known is None else (TRUE if known < 1 else FALSE)
        guard(ctx, wrong, ValueError, NO_SLOTS)
        return slots

"""What is checked when the program runs: conditions that raise, and values that may be None."""

from __future__ import annotations

from srcad.ir import Atom, Block, Builder, If, Var, const
from srcad.lower.values import OPTIONAL, Context, NeverReturns, Value, is_kind


def guard(ctx: Context, wrong: Atom, error: type[Exception], message: str) -> None:
    """Raise when the program runs and `wrong` is true."""
    if wrong == const(True):
        ctx.throw(error, message)
        raise NeverReturns
    outer, ctx.b = ctx.b, Builder(span=ctx.span)
    ctx.throw(error, message)
    raising, ctx.b = ctx.b.block(), outer
    if wrong != const(False):
        ctx.b.add(If((), wrong, raising, Block(), ctx.span))


def present(ctx: Context, value: Value) -> Value:
    """What may be None, where None is an error: the value in it, once it is checked that there is one."""
    if not is_kind(value, OPTIONAL):
        return value
    there, held = value.items
    if isinstance(there, Var):
        guard(ctx, ctx.b.op("not", there), TypeError, "a value is None here, and is used as if it were none")
    return held

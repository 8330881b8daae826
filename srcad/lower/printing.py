"""`print`: text that is known and values that are computed, one after the other.

Compiled code cannot format numbers, so the values in an f-string are shown in full, and `sep` and `end` are not heeded.
"""

from __future__ import annotations

from typing import Any

import gast

from srcad.ir import Atom, Var
from srcad.lower.function import Lowering
from srcad.lower.known import is_known, python
from srcad.lower.values import Seq, Tup, Value


def printing(ctx: Lowering, node: Any) -> None:
    from srcad.lower.call_expressions import arguments
    from srcad.lower.expressions import expr

    template: list[str | None] = []
    operands: list[Atom] = []

    def add(value: Value) -> None:
        match value:
            case Var():
                operands.append(value)
                template.append(None)
            case _ if is_known(value):
                template.append(str(python(value)))
            case Tup() | Seq():
                for item in value.items:
                    add(item)
            case _:
                ctx.refuse("this cannot be printed from compiled code", "print numbers, arrays and strings")

    formatted = {part for part in node.args if isinstance(part, gast.JoinedStr)}
    plain = [part for part in node.args if part not in formatted]
    values, options = arguments(ctx, gast.copy_location(gast.Call(node.func, plain, node.keywords), node))
    if options.keys() - {"sep", "end", "flush"}:
        ctx.refuse("print() to a file is not supported", "print to the standard output")
    if not formatted:
        for value in values:
            add(value)
    for part in node.args if formatted else ():
        if part not in formatted:
            add(expr(ctx, part))
            continue
        for piece in part.values:
            with ctx.at(piece):
                if not isinstance(piece, gast.Constant):
                    add(expr(ctx, piece.value))
                elif piece.value.strip():
                    template.append(piece.value.strip())
    ctx.b.effect("print", *operands, template=tuple(template))

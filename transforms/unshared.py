"""What a derivative returns is the caller's own: arrays that share memory with an argument, or with each other, are copied."""

from __future__ import annotations

from srcad.ir import Array, Builder, Const, Operand, Trace, Var, replace
from srcad.transforms.alias import Aliases, is_memory


def unshared(trace: Trace, count: int | None = None) -> Trace:
    """The trace with copies of such results, of the first `count` only if that is given, taken when all else is done."""
    aliases = Aliases(trace, read_only=True)
    taken = {aliases.find(var) for var in trace.inputs if is_memory(var)}
    b = Builder(list(trace.body.stmts))

    def own(result: Operand) -> Operand:
        if not isinstance(result, Var | Const) or not isinstance(result.type, Array):
            return result
        root = aliases.find(result) if isinstance(result, Var) else None
        if root is not None and root not in taken:
            taken.add(root)
            return result
        return b.op("copy", result, hint=result.hint if isinstance(result, Var) else result.name)

    yields = tuple(map(own, trace.body.yields[:count]))
    rest = trace.body.yields[count:] if count is not None else ()
    return replace(trace, body=b.block(*yields, *rest))

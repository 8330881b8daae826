"""Functions of matrices, of arrays that hold one in their last two axes: a loop over the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from srcad.ir import Atom, Var
from srcad.lower import matrix_library
from srcad.lower.casts import ndim_of
from srcad.lower.shapes import alloc, dims, product, reshape
from srcad.lower.values import Context, Obj, Tup


def stacked(
    ctx: Context, function: Callable[..., Any], arrays: Sequence[Atom], results: Sequence[tuple[str, str]]
) -> list[Atom]:
    """The results of `function` for each matrix of the arrays, whose leading axes broadcast.

    `results` gives for each the letters of its sizes, and its dtype: m and n are the rows and columns of the first array, k is
    the smaller of them, and c counts the columns of the last.
    """
    rows, columns = dims(ctx, arrays[0])[-2:]
    sizes = {"m": rows, "n": columns, "c": dims(ctx, arrays[-1])[-1]}
    if any("k" in letters for letters, _ in results):
        sizes["k"] = ctx.b.op("minimum", rows, columns)
    lead = _lead(ctx, arrays)
    count = product(ctx, lead)
    shapes = [[sizes[letter] for letter in letters] for letters, _ in results]
    outs = [alloc(ctx, [count, *shape], dtype) for shape, (_, dtype) in zip(shapes, results, strict=True)]
    flat = [reshape(ctx, _repeated(ctx, x, lead), [count, *dims(ctx, x)[-2:]]) for x in arrays]
    ctx.call(Obj(matrix_library.each_matrix), [Obj(function), Tup(tuple(flat)), Tup(tuple(outs))], {})
    return [
        reshape(ctx, out, [*lead, *shape]) if len(lead) > 1 else out for out, shape in zip(outs, shapes, strict=True)
    ]


def _lead(ctx: Context, arrays: Sequence[Atom]) -> list[Atom]:
    """The sizes of the leading axes that all have, aligned at the last."""
    found: list[Atom] = []
    for x in arrays:
        own = dims(ctx, x)[:-2]
        longer, shorter = (own, found) if len(own) > len(found) else (found, own)
        extra = len(longer) - len(shorter)
        met = [n if n is m else ctx.b.op("broadcast_dim", n, m) for n, m in zip(longer[extra:], shorter, strict=True)]
        found = [*longer[:extra], *met]
    return found


def _repeated(ctx: Context, x: Atom, lead: Sequence[Atom]) -> Atom:
    own = dims(ctx, x)
    if ndim_of(x) == len(lead) + 2 and all(n is m for n, m in zip(own, lead, strict=False)):
        return x
    expanded: Var = ctx.b.op("expand", x, *lead, *own[-2:])
    return expanded

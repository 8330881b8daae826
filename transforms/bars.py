"""The adjoints of scalars in a growing reverse sweep.

`Bars` binds each scalar to its adjoint so far, and, by another name, a value that only some paths use (`transforms.partly`) to
whether this path has used it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from srcad.ir import BOOL, Atom, Block, Builder, Const, If, Scalar, Span, Var, const
from srcad.transforms.shadows import bar_name

Bars = dict[Var, Atom]
TRUE = const(True)


def zero(type: object) -> Const:
    """What the adjoint of a value is that nothing has used."""
    assert isinstance(type, Scalar)
    return const(False) if type == BOOL else Const(0.0, type)


def either(b: Builder, one: Atom | None, other: Atom) -> Atom:
    if one is None or one == const(False) or other == TRUE:
        return other
    return one if one == TRUE or one is other else b.op("or", one, other)


def merge(
    b: Builder,
    bars: Bars,
    cond: Atom,
    paths: Sequence[tuple[Builder, Bars]],
    span: Span | None,
    resolve: Callable[[int, Block], Block] = lambda _, block: block,
) -> None:
    """Append the two paths of a branch in the reverse sweep, and merge the adjoints that they leave."""
    after = [local for _, local in paths]
    changed = [v for v in dict.fromkeys((*after[0], *after[1])) if any(bars.get(v) is not a.get(v) for a in after)]
    if not changed and not any(path.stmts for path, _ in paths):
        return
    for name in [v for v in changed if v.type == BOOL]:
        match [local.get(name) for local in after]:
            case [known, other] if known == TRUE and other is bars.get(name):
                bars[name] = either(b, other, cond)
            case [other, known] if known == TRUE and other is bars.get(name):
                bars[name] = either(b, other, b.op("not", cond, hint=name.hint))
            case _:
                continue
        changed.remove(name)
    results = tuple(Var(v.hint if v.type == BOOL else bar_name(v), v.type) for v in changed)
    then, orelse = (
        resolve(k, path.block(*(local.get(v, zero(v.type)) for v in changed))) for k, (path, local) in enumerate(paths)
    )
    b.add(If(results, cond, then, orelse, span))
    bars.update(zip(changed, results, strict=True))

"""From one rule of a function to the other: both modes are linear, so that each is the transpose of the other's.

Reverse mode of a JVP rule is the adjoint of x_dot -> y_dot, and forward mode of a VJP rule is the adjoint of y_bar -> x_bar: the
transpose of the transpose. What of an adjoint depends on the arguments alone is moved to the forward sweep (Radul et al. 2023,
"You Only Linearize Once").
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterable, Sequence

from srcad.callees import adopted
from srcad.errors import UnsupportedError
from srcad.ir import (
    Array,
    Atom,
    Block,
    Builder,
    Op,
    Operand,
    Param,
    Scalar,
    Static,
    Stmt,
    Trace,
    Tree,
    Undef,
    Var,
    free,
    is_float,
    leaves,
    replace,
    substitute,
)
from srcad.primitive import Primitive, Reverse
from srcad.transforms.alias import Aliases, is_memory
from srcad.transforms.cse import cse, rename
from srcad.transforms.dce import dce
from srcad.transforms.dependence import depends
from srcad.transforms.duals import dot_of, zero, zeros_like
from srcad.transforms.fold import exact_fold, fold
from srcad.transforms.fuse import fuse
from srcad.transforms.protect import modified
from srcad.transforms.rules import in_dtype
from srcad.transforms.signature import in_layout, inline
from srcad.transforms.sizes import sizes


@functools.lru_cache(maxsize=256)
def forward_rule(p: Primitive) -> Trace:
    """The JVP rule: given, or the transpose of the VJP rule."""
    if p.jvp is not None:
        jvp = p.jvp()
        check(jvp, p.name)
        return jvp
    rule = _vjp(p)
    args = [v.like() for v in p.primal.inputs]
    dots = [dot_of(v) for v, varies in zip(args, p.varies, strict=True) if varies]
    b = Builder(span=p.span)
    functions: list[Trace] = []
    forward = adopted(functions, rule.forward)
    ys, residuals = split(inline(b, forward, args), p.primal)
    floats = [y for y in ys if is_float(y.type)]
    wrt = range(len(rule.backward.params) - len(floats), len(rule.backward.params))
    bars = adopted(functions, _adjoint(rule.backward, wrt))
    _check_linear(bars, wrt, p, "bwd", "y_bar", "forward")
    contributing = [
        isinstance(index, int) for index, varies in zip(rule.backward.returns.items, p.varies, strict=True) if varies
    ]
    x_dots = [dot for dot, contributes in zip(dots, contributing, strict=True) if contributes]
    zeros = [_zero(b, y) for y in floats]
    given = (*args, *residuals, *zeros, *x_dots)
    yields = inline(b, bars, [like(b, a, v) for a, v in zip(given, bars.inputs, strict=True)])
    y_dots = [yields[index] for index in leaves(Tree(bars.returns.items[1:]))]
    # an x_dot that is passed through is called what it is
    names = {dot: dot.like("y_dot") for dot in y_dots if isinstance(dot, Var) and dot not in dots}
    return _flat(p.name, (*args, *dots), rename(b.block(*ys, *y_dots), names), functions)


@functools.lru_cache(maxsize=256)
def reverse_rule(p: Primitive) -> Reverse:
    """The VJP rule: given, or the transpose of the JVP rule."""
    if p.vjp is not None:
        return _vjp(p)
    jvp = forward_rule(p)
    jvp = replace(jvp, returns=Tree(tuple(range(len(jvp.body.yields)))))
    count = len(p.primal.body.yields)
    args = [v.like() for v in p.primal.inputs]
    y_bars = [Var("y_bar", y.type) for y in p.primal.body.yields if is_float(y.type)]
    b, functions = Builder(span=p.span), list[Trace]()
    dots = [_zero(b, v) for v, varies in zip(args, p.varies, strict=True) if varies]
    y_dots = range(count, len(jvp.body.yields))
    wrt = range(len(args), len(jvp.params))
    bars = adopted(functions, _adjoint(jvp, wrt, y_dots))
    _check_linear(bars, wrt, p, "the jvp", "the tangents", "reverse")
    given = (*args, *dots, *y_bars)
    yields = inline(b, bars, [like(b, a, v) for a, v in zip(given, bars.inputs, strict=True)])
    y, *x_bars = bars.returns.items
    results = [yields[k] for k in (*leaves(y)[:count], *leaves(Tree(tuple(x_bars))))]
    whole = tidied(_flat(p.name, (*args, *y_bars), b.block(*results), functions), fold)

    before, after, residuals = _divided(whole.body, args)
    forward = Block(before, (*whole.body.yields[:count], *residuals))
    own = [v.like() for v in residuals]
    backward = Block(after, whole.body.yields[count:])
    env: dict[Var, Operand] = dict(zip(residuals, own, strict=True))
    numbers = iter(range(len(backward.yields)))
    returns = Tree(tuple(next(numbers) if varies else Static(None) for varies in p.varies))
    return Reverse(
        _flat(f"{p.name}_fwd", args, forward, whole.functions),
        replace(
            _flat(f"{p.name}_bwd", (*args, *own, *y_bars), substitute(backward, env), whole.functions), returns=returns
        ),
    )


def _check_linear(bars: Trace, wrt: Sequence[int], p: Primitive, rule: str, what: str, mode: str) -> None:
    """Refuse a rule whose transpose still depends on what it should be linear in."""
    kept = leaves(Tree(bars.returns.items[1:]))
    body = replace(bars.body, yields=tuple(bars.body.yields[k] for k in kept))
    if depends(replace(bars, body=body), [v for k in wrt for v in leaves(bars.params[k].tree)]):
        raise UnsupportedError(
            f"{rule} of '{p.name}' is not linear in {what}, so that {mode} mode does not follow from it",
            bars.span or p.span,
            "give a rule for that mode: custom_jvp for forward, custom_vjp for reverse",
        )


def tidied(trace: Trace, folds: Callable[[Trace], Trace]) -> Trace:
    """The trace without what its inlined parts leave behind."""
    for tidy in (fuse, sizes, folds, cse, dce):
        trace = tidy(trace)
    return trace


def _divided(body: Block, known: Sequence[Var]) -> tuple[tuple[Stmt, ...], tuple[Stmt, ...], list[Var]]:
    """The statements that need no more than what is known, the others, and what these read of the first."""
    aliases = Aliases(Trace("", (), body, Tree(())), read_only=True)
    late: set[Stmt] = set()

    def classes(variables: Iterable[Operand]) -> set[Var]:
        return {aliases.find(v) for v in variables if isinstance(v, Var) and is_memory(v)}

    def touched(stmt: Stmt) -> set[Var]:
        return classes((*free(Block((stmt,))), *stmt.results))

    while True:
        values = {*known, *(r for s in body.stmts if s not in late for r in s.results)}
        written = {c for s in body.stmts if s in late for c in aliases.written(Block((s,)))}
        more = {
            s
            for s in body.stmts
            if s not in late and (not values.issuperset(free(Block((s,)))) or touched(s) & written)
        }
        if not more:
            break
        late |= more
    before = tuple(s for s in body.stmts if s not in late and not (isinstance(s, Op) and s.name == "comment"))
    after = tuple(s for s in body.stmts if s in late)
    made = {r for s in before for r in s.results}
    return before, after, [v for v in free(Block(after, body.yields)) if v in made]


def _vjp(p: Primitive) -> Reverse:
    assert p.vjp is not None
    rule = p.vjp()
    for trace in (rule.forward, rule.backward):
        check(trace, p.name)
    return rule


def _adjoint(trace: Trace, wrt: Sequence[int], of: Collection[int] | None = None) -> Trace:
    from srcad.transforms.adjoint import adjoint

    return adjoint(tidied(trace, exact_fold), wrt, of)


# --- the pieces -------------------------------------------------------------------------------------------------------


def check(trace: Trace, name: str) -> None:
    """What a foreign function does, nobody can see."""
    if modified(trace) and all(function.foreign is None for function in trace.functions):
        reason = f"'{trace.name}' writes into its arguments, and is part of the rule of '{name}'"
        if trace.name == name:
            reason = f"'{name}' has a rule of its own and writes into its arguments"
        raise UnsupportedError(reason, trace.span, "return a new array")


def split(yields: Iterable[Operand], of: Op | Trace) -> tuple[list[Atom], list[Atom]]:
    """The results, and the residuals after them."""
    count = len(of.results if isinstance(of, Op) else of.body.yields)
    atoms = [atom_of(y) for y in yields]
    return atoms[:count], atoms[count:]


def atom_of(operand: Operand) -> Atom:
    assert not isinstance(operand, Undef)
    return operand


def like(b: Builder, value: Operand, other: Var) -> Atom:
    """The value with the dtype and the layout of another."""
    value = atom_of(value)
    assert isinstance(value.type, Scalar | Array) and isinstance(other.type, Scalar | Array)
    if value.type == other.type:
        return value
    value = in_dtype(b, value, other.type.dtype)
    if isinstance(other.type, Array) and other.type.layout not in ("A", value.type.layout):  # type: ignore[union-attr]
        assert isinstance(value, Var)
        value = in_layout(b, value, other.type.layout)
    return value


def _zero(b: Builder, value: Atom) -> Atom:
    return zero(value.type) if isinstance(value.type, Scalar) else zeros_like(b, value)


def _flat(name: str, inputs: Sequence[Var], body: Block, functions: Sequence[Trace]) -> Trace:
    params = tuple(Param(f"x_{k}", v) for k, v in enumerate(inputs))
    return Trace(name, params, body, Tree(tuple(range(len(body.yields)))), tuple(functions))

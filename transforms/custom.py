"""Functions with rules of their own (`srcad.primitive`), in both modes.

A rule for one mode serves the other. Both are linear in what they propagate, so that reverse mode of a JVP rule is the adjoint
of x_dot -> y_dot, and forward mode of a VJP rule is the adjoint of y_bar -> x_bar: the transpose of the transpose (Radul et al.
2023, "You Only Linearize Once").

Rules are ordinary traces, and are put in the place of the op: what comes of it can be differentiated again.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace

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
    blocks_of,
    free,
    is_float,
    leaves,
    substitute,
    uses,
    walk,
    with_blocks,
)
from srcad.ops import WRITES
from srcad.primitive import Primitive, Reverse
from srcad.transforms.activity import Activity
from srcad.transforms.alias import Aliases, is_memory
from srcad.transforms.cse import cse, rename
from srcad.transforms.dce import dce
from srcad.transforms.duals import copied, dot_hint, dot_of, zero, zeros_like
from srcad.transforms.fold import exact_fold, fold
from srcad.transforms.fuse import fuse
from srcad.transforms.protect import modified
from srcad.transforms.rules import in_dtype
from srcad.transforms.signature import in_layout, inline
from srcad.transforms.sizes import sizes
from srcad.transforms.unshared import unshared


def has_custom(trace: Trace) -> bool:
    return any(isinstance(s, Op) and s.name == "custom" for t in (trace, *trace.functions) for s in walk(t.body))


def checked(trace: Trace) -> Trace:
    """The trace itself; refused if a function with a rule writes into its arguments, since no rule says what that does."""
    for op in walk(trace.body):
        if isinstance(op, Op) and op.name == "custom":
            _check(op.attr("primitive").primal, op.attr("primitive").name)
    return trace


def _check(trace: Trace, name: str) -> None:
    """What a foreign function does, nobody can see."""
    if modified(trace) and all(function.foreign is None for function in trace.functions):
        reason = f"'{trace.name}' writes into its arguments, and is part of the rule of '{name}'"
        if trace.name == name:
            reason = f"'{name}' has a rule of its own and writes into its arguments"
        raise UnsupportedError(reason, trace.span, "return a new array")


# --- in the place of the op -------------------------------------------------------------------------------------------


def primal(trace: Trace) -> Trace:
    """The trace with every such function as it was written: no more derivatives will be taken."""

    def body(b: Builder, op: Op, p: Primitive, own: Trace) -> None:
        for result, y in zip(op.results, inline(b, own, op.args), strict=True):
            same(b, result, y)

    while has_custom(trace):
        trace = _replaced(trace, lambda p: [unshared(p.primal)], lambda b, op, p, found: body(b, op, p, found[0]))
    return trace


def opened(trace: Trace, active: Activity) -> Trace:
    """The trace with the active ones as the reverse sweep needs them: the forward half of the rule on arguments that are
    held constant, then an op `ruled` that gives its results their derivatives."""

    def body(b: Builder, op: Op, p: Primitive, found: list[Trace]) -> None:
        forward, backward = found
        held = [
            b.op("stop_gradient", arg, hint=arg.hint, passing=True)
            if isinstance(arg, Var) and is_float(arg.type)
            else arg
            for arg in op.args
        ]
        ys, residuals = _split(
            inline(b, forward, [_as(b, a, v) for a, v in zip(held, forward.inputs, strict=True)]), op
        )
        attrs = (("backward", backward), ("primitive", p), ("residuals", len(residuals)))
        b.add(Op(op.results, "ruled", (*op.args, *_kept(b, op, residuals, ys), *ys), attrs, op.span))

    def _kept(b: Builder, op: Op, residuals: Sequence[Atom], ys: Sequence[Atom]) -> list[Atom]:
        """Residuals that are (part of) a result which may be written are copied."""
        if not any(is_memory(y) and aliases.find(y) in written for y in op.results):
            return list(residuals)
        return [b.op("copy", r, hint=r.hint) if isinstance(r, Var) and is_memory(r) else r for r in residuals]

    def traces(p: Primitive) -> list[Trace]:
        rule = reverse_rule(p)
        return [unshared(rule.forward, len(p.primal.body.yields)), rule.backward]

    aliases, written = Aliases(trace), _written(trace)
    own = {s for s in walk(trace.body) if isinstance(s, Op)}
    return _replaced(trace, traces, body, lambda op: _wanted(op, active if op in own else None))


def with_rules(trace: Trace, active: Activity) -> tuple[Trace, dict[Primitive, Trace]]:
    """The trace, which knows the functions that the JVP rules call; and these rules."""
    found: dict[Primitive, Trace] = {}
    known = list(trace.functions)
    for function in (trace, *trace.functions):
        for op in walk(function.body):
            if isinstance(op, Op) and op.name == "custom" and _wanted(op, active if function is trace else None):
                p = op.attr("primitive")
                if p not in found:
                    found[p] = adopted(known, unshared(forward_rule(p), len(p.primal.body.yields)))
    return replace(trace, functions=tuple(known)), found


def push_forward(b: Builder, op: Op, rule: Trace, dots: Sequence[Operand]) -> dict[Var, Atom]:
    """Append the op by its JVP rule, and give the derivatives of its results."""
    given = [_as(b, a, v) for a, v in zip((*op.args, *dots), rule.inputs, strict=True)]
    yields = inline(b, rule, given)
    results = [_atom(y) for y in yields]
    for result, y in zip(op.results, results, strict=False):
        same(b, result, y)
    floats = [r for r in op.results if is_float(r.type)]
    found: dict[Var, Atom] = {}
    for result, y_dot in zip(floats, results[len(op.results) :], strict=True):
        dot = _fitted(b, y_dot, result, f"y_dot of {op.attr('primitive')}")
        # the caller may write into y, and then into this
        found[result] = copied(b, _as(b, dot, result), dot_hint(result)) if is_memory(result) else dot
    return found


def results(op: Op) -> list[Op]:
    """The results of an op `ruled`, as names for what its forward half gave."""
    b = Builder(span=op.span)
    for result, y in zip(op.results, op.args[len(op.args) - len(op.results) :], strict=True):
        same(b, result, y)
    return [stmt for stmt in b.stmts if isinstance(stmt, Op)]


def read(op: Op) -> list[Atom]:
    """The arguments of an op `ruled` that its adjoint reads."""
    backward: Trace = op.attr("backward")
    used = set(uses(backward.body))
    return [arg for arg, v in zip(op.args, backward.inputs, strict=False) if v in used]


def pull_back(b: Builder, op: Op, y_bars: Sequence[Atom]) -> list[Atom | None]:
    """Append the adjoint of an op `ruled`, and give what it contributes to each argument of the function."""
    backward: Trace = op.attr("backward")
    count = len(op.args) - op.attr("residuals") - len(op.results)
    given = (*op.args[: len(op.args) - len(op.results)], *y_bars)
    yields = inline(b, backward, [_as(b, a, v) for a, v in zip(given, backward.inputs, strict=True)])
    bars: list[Atom | None] = []
    for arg, index in zip(op.args[:count], backward.returns.items, strict=True):
        bar = _atom(yields[index]) if isinstance(index, int) else None
        bars.append(None if bar is None else _fitted(b, bar, arg, f"x_bar of {op.attr('primitive')}"))
    return bars


def same(b: Builder, result: Var, value: Operand) -> None:
    """Append `result` as a name for the value."""
    value = _as(b, _atom(value), result)
    if is_memory(result):
        axes = tuple(range(result.type.ndim))  # type: ignore[union-attr]
        b.add(Op((result,), "transpose", (value,), (("axes", axes),), result.span))
    else:
        b.add(Op((result,), "cast", (value,), (("dtype", result.type.dtype),), result.span))  # type: ignore[union-attr]


def passed(op: Op) -> Op:
    """The op that held an argument constant, as it stands when its derivative has been taken."""
    b = Builder()
    same(b, op.result, op.args[0])
    (named,) = (stmt for stmt in b.stmts if isinstance(stmt, Op))
    return named


# --- one rule from the other ------------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=256)
def forward_rule(p: Primitive) -> Trace:
    """The JVP rule: given, or the transpose of the VJP rule."""
    if p.jvp is not None:
        jvp = p.jvp()
        _check(jvp, p.name)
        return jvp
    rule = _vjp(p)
    args = [v.like() for v in p.primal.inputs]
    dots = [dot_of(v) for v, varies in zip(args, p.varies, strict=True) if varies]
    b = Builder(span=p.span)
    functions: list[Trace] = []
    forward = adopted(functions, rule.forward)
    ys, residuals = _split(inline(b, forward, args), p.primal)
    floats = [y for y in ys if is_float(y.type)]
    wrt = range(len(rule.backward.params) - len(floats), len(rule.backward.params))
    bars = adopted(functions, _adjoint(rule.backward, wrt))
    contributing = [
        isinstance(index, int) for index, varies in zip(rule.backward.returns.items, p.varies, strict=True) if varies
    ]
    x_dots = [dot for dot, contributes in zip(dots, contributing, strict=True) if contributes]
    zeros = [_zero(b, y) for y in floats]
    given = (*args, *residuals, *zeros, *x_dots)
    yields = inline(b, bars, [_as(b, a, v) for a, v in zip(given, bars.inputs, strict=True)])
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
    bars = adopted(functions, _adjoint(jvp, range(len(args), len(jvp.params)), y_dots))
    given = (*args, *dots, *y_bars)
    yields = inline(b, bars, [_as(b, a, v) for a, v in zip(given, bars.inputs, strict=True)])
    y, *x_bars = bars.returns.items
    results = [yields[k] for k in (*leaves(y)[:count], *leaves(Tree(tuple(x_bars))))]
    whole = _tidied(_flat(p.name, (*args, *y_bars), b.block(*results), functions), fold)

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


def _tidied(trace: Trace, folds: Callable[[Trace], Trace]) -> Trace:
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
        written = {c for s in body.stmts if s in late for c in _written_by(s, aliases)}
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
        _check(trace, p.name)
    return rule


def _adjoint(trace: Trace, wrt: Sequence[int], of: Collection[int] | None = None) -> Trace:
    from srcad.transforms.adjoint import adjoint

    return adjoint(_tidied(trace, exact_fold), wrt, of)


# --- the pieces -------------------------------------------------------------------------------------------------------


def _replaced(
    trace: Trace,
    traces: Callable[[Primitive], list[Trace]],
    body: Callable[[Builder, Op, Primitive, list[Trace]], None],
    wanted: Callable[[Op], bool] = lambda op: True,
) -> Trace:
    """The trace with statements in the place of each such op, here and in the functions that it calls."""
    known = list(trace.functions)
    found: dict[Primitive, list[Trace]] = {}

    def block(given: Block) -> Block:
        b = Builder()
        for stmt in given.stmts:
            if isinstance(stmt, Op) and stmt.name == "custom" and wanted(stmt):
                p: Primitive = stmt.attr("primitive")
                if p not in found:
                    found[p] = [adopted(known, own) for own in traces(p)]
                b.span = stmt.span
                body(b, stmt, p, found[p])
            else:
                b.add(with_blocks(stmt, map(block, blocks_of(stmt))))
        return b.block(*given.yields)

    def starts() -> tuple[tuple[int, str], ...]:
        places = [0]
        for stmt in trace.body.stmts:
            places.append(places[-1] + len(block(Block((stmt,))).stmts))
        return tuple((places[at], text) for at, text in trace.comments)

    comments = starts() if trace.comments else ()
    own = {function: replace(function, body=block(function.body)) for function in trace.functions}
    new = block(trace.body)
    functions = tuple(own.get(function, function) for function in known)
    return replace(trace, body=new, functions=functions, comments=comments)


def _wanted(op: Op, active: Activity | None) -> bool:
    """Whether the op needs its rule; refused if it cannot do. Of functions that are called, nothing is known to be inactive."""
    if active is not None and not any(r in active for r in op.results):
        return False
    p: Primitive = op.attr("primitive")
    if p.jvp is None and p.vjp is None:
        raise UnsupportedError(f"'{p.name}' has no rule yet", op.span, "give it one: defvjp(fwd, bwd) or defjvp(jvp)")
    for arg, varies in zip(op.args, p.varies, strict=True):
        if not varies and isinstance(arg, Var) and is_float(arg.type) and (active is None or arg in active):
            name = f"'{arg.hint}'" if arg.hint else "an argument"
            reason = f"{name} depends on what is differentiated for, but the rule of '{p.name}' takes it for a constant"
            raise UnsupportedError(
                reason, op.span, "pass it as an argument that the rule knows, or use srcad.stop_gradient"
            )
    return True


def _written(trace: Trace) -> set[Var]:
    """The classes of memory that the trace may write."""
    aliases = Aliases(trace)
    return {c for stmt in trace.body.stmts for c in _written_by(stmt, aliases)}


def _written_by(stmt: Stmt, aliases: Aliases) -> set[Var]:
    ops = [s for s in walk(Block((stmt,))) if isinstance(s, Op)]
    targets = [
        op.args[:1] if op.name in WRITES or op.name in ("append", "pop") else op.args if op.name == "call" else ()
        for op in ops
    ]
    return {aliases.find(v) for group in targets for v in group if isinstance(v, Var) and is_memory(v)}


def _split(yields: Iterable[Operand], like: Op | Trace) -> tuple[list[Atom], list[Atom]]:
    """The results, and the residuals after them."""
    count = len(like.results if isinstance(like, Op) else like.body.yields)
    atoms = [_atom(y) for y in yields]
    return atoms[:count], atoms[count:]


def _atom(operand: Operand) -> Atom:
    assert not isinstance(operand, Undef)
    return operand


def _as(b: Builder, value: Operand, like: Var) -> Atom:
    """The value with the dtype and the layout of another."""
    value = _atom(value)
    assert isinstance(value.type, Scalar | Array) and isinstance(like.type, Scalar | Array)
    if value.type == like.type:
        return value
    value = in_dtype(b, value, like.type.dtype)
    if isinstance(like.type, Array) and like.type.layout not in ("A", value.type.layout):  # type: ignore[union-attr]
        assert isinstance(value, Var)
        value = in_layout(b, value, like.type.layout)
    return value


def _zero(b: Builder, value: Atom) -> Atom:
    return zero(value.type) if isinstance(value.type, Scalar) else zeros_like(b, value)


def _fitted(b: Builder, value: Atom, like: Atom, what: str) -> Atom:
    """A derivative with the dtype and the shape of what it belongs to; ValueError, when it runs, for another shape."""
    assert isinstance(like.type, Scalar | Array) and isinstance(value.type, Scalar | Array)
    value = in_dtype(b, value, like.type.dtype)
    if isinstance(like.type, Array) and like.type.ndim:
        dims = [b.op("dim", like, axis=axis) for axis in range(like.type.ndim)]
        value = b.op("expand", value, *dims, seed=what, hint=getattr(value, "hint", ""))
    return value


def _flat(name: str, inputs: Sequence[Var], body: Block, functions: Sequence[Trace]) -> Trace:
    params = tuple(Param(f"x_{k}", v) for k, v in enumerate(inputs))
    return Trace(name, params, body, Tree(tuple(range(len(body.yields)))), tuple(functions))

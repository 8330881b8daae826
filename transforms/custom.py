"""Functions with rules of their own (`srcad.primitive`), in both modes.

A rule for one mode serves the other (`transforms.transposed`).
Rules are ordinary traces, and are put in the place of the op: what comes of it can be differentiated again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from srcad.callees import adopted
from srcad.errors import UnsupportedError
from srcad.ir import (
    Array,
    Atom,
    Block,
    Builder,
    Op,
    Operand,
    Scalar,
    Trace,
    Var,
    blocks_of,
    is_float,
    replace,
    uses,
    walk,
    with_blocks,
)
from srcad.primitive import Primitive
from srcad.transforms.activity import Activity
from srcad.transforms.alias import Aliases, is_memory
from srcad.transforms.duals import copied, dot_hint
from srcad.transforms.rules import in_dtype
from srcad.transforms.signature import inline
from srcad.transforms.transposed import atom_of, check, forward_rule, like, reverse_rule, split
from srcad.transforms.unshared import unshared


def has_custom(trace: Trace) -> bool:
    return any(isinstance(s, Op) and s.name == "custom" for t in (trace, *trace.functions) for s in walk(t.body))


def checked(trace: Trace) -> Trace:
    """The trace itself; refused if a function with a rule writes into its arguments, since no rule says what that does."""
    for op in walk(trace.body):
        if isinstance(op, Op) and op.name == "custom":
            check(op.attr("primitive").primal, op.attr("primitive").name)
    return trace


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
        ys, residuals = split(
            inline(b, forward, [like(b, a, v) for a, v in zip(held, forward.inputs, strict=True)]), op
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

    aliases = Aliases(trace)
    written = aliases.written(trace.body)
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
    given = [like(b, a, v) for a, v in zip((*op.args, *dots), rule.inputs, strict=True)]
    yields = inline(b, rule, given)
    results = [atom_of(y) for y in yields]
    for result, y in zip(op.results, results, strict=False):
        same(b, result, y)
    floats = [r for r in op.results if is_float(r.type)]
    found: dict[Var, Atom] = {}
    for result, y_dot in zip(floats, results[len(op.results) :], strict=True):
        dot = _fitted(b, y_dot, result, f"y_dot of {op.attr('primitive')}")
        # the caller may write into y, and then into this
        found[result] = copied(b, like(b, dot, result), dot_hint(result)) if is_memory(result) else dot
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
    yields = inline(b, backward, [like(b, a, v) for a, v in zip(given, backward.inputs, strict=True)])
    bars: list[Atom | None] = []
    for arg, index in zip(op.args[:count], backward.returns.items, strict=True):
        bar = atom_of(yields[index]) if isinstance(index, int) else None
        bars.append(None if bar is None else _fitted(b, bar, arg, f"x_bar of {op.attr('primitive')}"))
    return bars


def same(b: Builder, result: Var, value: Operand) -> None:
    """Append `result` as a name for the value."""
    value = like(b, atom_of(value), result)
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

    def block(given: Block, starts: list[int] | None = None) -> Block:
        """`starts`: where each statement has come to."""
        b = Builder()
        for stmt in given.stmts:
            if starts is not None:
                starts.append(len(b.stmts))
            if isinstance(stmt, Op) and stmt.name == "custom" and wanted(stmt):
                p: Primitive = stmt.attr("primitive")
                if p not in found:
                    found[p] = [adopted(known, own) for own in traces(p)]
                b.span = stmt.span
                body(b, stmt, p, found[p])
            else:
                b.add(with_blocks(stmt, map(block, blocks_of(stmt))))
        return b.block(*given.yields)

    own = {function: replace(function, body=block(function.body)) for function in trace.functions}
    starts: list[int] = []
    new = block(trace.body, starts)
    starts.append(len(new.stmts))
    comments = tuple((starts[at], text) for at, text in trace.comments)
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


def _fitted(b: Builder, value: Atom, of: Atom, what: str) -> Atom:
    """A derivative with the dtype and the shape of what it belongs to; ValueError, when it runs, for another shape."""
    assert isinstance(of.type, Scalar | Array) and isinstance(value.type, Scalar | Array)
    value = in_dtype(b, value, of.type.dtype)
    if isinstance(of.type, Array) and of.type.ndim:
        dims = [b.op("dim", of, axis=axis) for axis in range(of.type.ndim)]
        value = b.op("expand", value, *dims, seed=what, hint=getattr(value, "hint", ""))
    return value

"""The two sweeps of a loop that is kept at checkpoints (`transforms.checkpoints` makes the nest that it is by then).

    for at in range(0, n, run):                     forward: what is carried is pushed at a checkpoint; the iterations
        s_kept.append(s)                            keep nothing
        for t in range(at, min(at + run, n)): ...

    for at in range((n - 1) // run * run, -1, -run):
        s = s_kept.pop()                            reverse: from the checkpoint on, the run is an ordinary loop
        for t in range(at, min(at + run, n)): ...   with a forward sweep
        for t in ...: ...                           and a reverse sweep

Where there are fewer slots than runs, a run may have to be reached from a checkpoint that is further back. On the way from there
new checkpoints are made, in the slots that are free (`srcad.checkpointing.next_checkpoint`).

A run has its own region, which the reverse sweep contains. Arrays that the loop carries are copied when they are pushed, and each
run has its own shadows of them; arrays that it writes in place are restored in place, and have the shadows that they have.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from srcad.ir import (
    INT,
    Array,
    Atom,
    Block,
    Builder,
    For,
    If,
    ListOf,
    Op,
    Operand,
    Scalar,
    Stmt,
    Type,
    Var,
    While,
    blocks_of,
    clone,
    const,
    replace,
    with_blocks,
)
from srcad.transforms import custom
from srcad.transforms.alias import next_values
from srcad.transforms.bars import Bars
from srcad.transforms.checkpoints import ONE, ZERO, Nest, empty_array, index_at
from srcad.transforms.loop_bars import LoopBars
from srcad.transforms.regions import Region
from srcad.transforms.state import State, state_of

if TYPE_CHECKING:
    from srcad.transforms.forward_sweep import ForwardSweep
    from srcad.transforms.sweeps import Sweeps


@dataclass(frozen=True)
class Kept:
    """What the forward sweep keeps. `places`: the stack of the checkpoints' positions, if these are irregular; `stacks`: one for
    each of `state.carried` and `state.written`; `copies` of `state.read`. `last` is where the last run started, `used` how many
    slots were taken; None where both are known."""

    state: State
    places: Var | None
    stacks: tuple[Var, ...]
    copies: tuple[Var, ...]
    last: Var | None
    used: Var | None


# --- stacks -----------------------------------------------------------------------------------------------------------


def _stack(sweeps: ForwardSweep, region: Region, of: Var, type: Type) -> Var:
    """A list that is there before all loops and branches around: what an iteration of these pushes, its reverse pops."""
    stack = Var(f"{of.hint or 'v'}_kept", ListOf(type))
    make = Op((stack,), "list", (), (("item", type), ("tape", True)))
    *inside, outermost = region.enclosing()
    if inside:
        assert inside[-1].node is not None
        outermost.insert_before(inside[-1].node, make)
    else:
        outermost.items.append(make)
    sweeps.tape.define(outermost, make, (stack,))
    return stack


def _item(type: Type) -> Type:
    return Array(type.dtype, type.ndim) if isinstance(type, Array) else type


def _push(b: Builder, stack: Var, value: Atom) -> None:
    """Push a number, or a copy of an array; one that is laid out column by column is pushed transposed."""
    if isinstance(value.type, Array):
        if value.type.layout == "F":
            value = b.op("transpose", value, axes=tuple(reversed(range(value.type.ndim))))
        value = b.op("copy", value, hint=value.hint)  # type: ignore[union-attr]
    b.effect("append", stack, value)


def _pop(b: Builder, target: Var, stack: Var) -> None:
    """Let `target` be what was pushed last."""
    type = target.type
    if isinstance(type, Scalar) or (isinstance(type, Array) and type.layout == "C"):
        b.add(Op((target,), "pop", (stack,)))
        return
    assert isinstance(type, Array)
    axes = tuple(range(type.ndim)) if type.layout == "A" else tuple(reversed(range(type.ndim)))
    b.add(Op((target,), "transpose", (b.op("pop", stack, hint=target.hint),), (("axes", axes),)))


def _performed(block: Block, silent: frozenset[Op]) -> Block:
    """The block as it is run where nothing is kept of it, without some of its ops, which have no results."""

    def step(stmt: Stmt) -> Sequence[Stmt]:
        if not isinstance(stmt, Op):
            return [with_blocks(stmt, [_performed(inner, silent) for inner in blocks_of(stmt)])]
        if stmt in silent:
            return []
        if stmt.name == "ruled":
            return custom.results(stmt)
        return [custom.passed(stmt) if stmt.attr("passing") else stmt]

    return Block(tuple(new for stmt in block.stmts for new in step(stmt)), block.yields)


# --- forward ----------------------------------------------------------------------------------------------------------


def forward(sweeps: ForwardSweep, nest: Nest, region: Region) -> None:
    """Append the loop to the forward sweep: it keeps its state at the checkpoints."""
    loop = nest.loop
    at, *params = own = [v.like() for v in (loop.index, *loop.params)]
    env: dict[Var, Atom] = dict(zip((loop.index, *loop.params), own, strict=True))
    body = clone(_performed(nest.plain, sweeps.silent), env)
    state = state_of(nest, sweeps.trace, sweeps.memory)
    sweeps.silent |= state.silent
    sweeps.restored |= {sweeps.memory.aliases.find(v) for v in (*state.written, *state.read)}
    copies = []
    for var in state.read:
        copies.append(Var(var.hint, _item(var.type), var.span))
        sweeps.emit(region, Op((copies[-1],), "copy", (var,)))
    stacks = tuple(_stack(sweeps, region, v, _item(v.type)) for v in (*state.carried, *state.written))
    places = None if nest.slots is None else _stack(sweeps, region, loop.index, INT)

    b = Builder()
    extra: list[tuple[Var, Atom, Atom]] = []  # params of the loop, what they start from, and what comes next

    def checkpoint(b: Builder) -> None:
        if places is not None:
            b.effect("append", places, at)
        for stack, var in zip(stacks, (*state.carried, *state.written), strict=True):
            _push(b, stack, env.get(var, var))

    if nest.slots is None:
        checkpoint(b)
    else:
        here, used = Var("here", INT), Var("used", INT)
        then = Builder()
        checkpoint(then)
        more = then.op("add", used, ONE, hint="used")
        there = then.op("next_checkpoint", at, nest.trips, nest.run, then.op("sub", nest.slots, more), hint="here")
        merged = here.like(), used.like()
        b.add(If(merged, b.op("eq", at, here), then.block(there, more), Block((), (here, used))))
        extra += [(here, ZERO, merged[0]), (used, ZERO, merged[1])]
    if loop.exits:
        extra.append((Var("last", INT), const(-1), at))
    results = [param.like() for param, _, _ in extra]
    made = replace(
        loop,
        results=(*loop.results, *results),
        index=at,
        params=(*params, *(param for param, _, _ in extra)),
        inits=(*loop.inits, *(init for _, init, _ in extra)),
        body=Block((*b.stmts, *body.stmts), (*body.yields, *(after for _, _, after in extra))),
    )
    region.items.append(made)
    sweeps.tape.define(region, made, made.results)
    for result in loop.results:
        if sweeps.has_shadow(result):
            sweeps.make_zeros(result, region)
    last = results[-1] if loop.exits else None
    sweeps.kept[loop] = Kept(state, places, stacks, tuple(copies), last, None if nest.slots is None else results[1])


# --- reverse ----------------------------------------------------------------------------------------------------------


def reverse(sweeps: Sweeps, nest: Nest, region: Region, b: Builder, bars: Bars) -> None:
    """Append the loop over the runs backwards to the reverse sweep."""
    loop, kept = nest.loop, sweeps.kept[nest.loop]
    for var, copy in zip(kept.state.read, kept.copies, strict=True):
        b.effect("assign", var, copy)
    through = LoopBars(sweeps, loop, bars)
    params, inits = list(through.params), list(through.inits)

    run = Region(around=region)
    sweeps.tape.define(run, None, (loop.index,))
    head = Builder()
    used = Var("used", INT) if kept.used is not None else None
    left = _restore(head, nest, kept, used, sweeps)
    for stmt in head.stmts:
        run.items.append(stmt)
        sweeps.tape.define(run, stmt, stmt.results)
    arrays = [v for v in loop.params if sweeps.has_shadow(v)]
    for var in arrays:
        sweeps.make_zeros(var, run)
    sweeps.forward(loop.body, run)

    last: Atom | None = kept.last
    if last is None:
        last = b.op("mul", b.op("floordiv", b.op("sub", nest.trips, ONE), nest.run), nest.run, hint="last")
    nexts = dict(zip(loop.params, next_values(loop), strict=True))
    firsts = dict(zip(loop.params, loop.inits, strict=True))
    results = {v: sweeps.shadow(r) for v, r in zip(loop.params, loop.results, strict=True) if v in arrays}
    passed = [v for v in arrays if v in kept.state.carried]
    backs = {v: results[v].like() for v in passed}
    params += backs.values()
    inits += [results[v] for v in passed]
    _pass_on(sweeps, through.inner, through.bars, passed, backs, nexts)
    anew = [v for v in arrays if v not in passed]  # each run makes them, and of the last run's they are the results
    _if_equal(through.inner, loop.index, last, lambda b: _pass_on(sweeps, b, bars, anew, results, nexts))
    sweeps.reverse(loop.body, run, through.inner, through.bars)
    yields = [*through.yields(), *map(sweeps.shadow, passed)]
    if used is not None:
        assert kept.used is not None and left is not None
        params.append(used)
        inits.append(kept.used)
        yields.append(left)

    finals = tuple(p.like() for p in params)
    block = Block((*run.freeze().stmts, *through.inner.stmts), tuple(yields))
    bounds = last, const(-1), b.op("neg", nest.run)
    b.add(For(finals, loop.index, *bounds, tuple(params), tuple(inits), block, span=loop.span))
    through.leave(b, bars, finals, None)
    for var, final in zip(passed, finals[len(through.params) :], strict=False):
        sweeps.contribute(b, bars, firsts[var], final)
    _if_equal(b, nest.trips, ZERO, lambda b: _pass_on(sweeps, b, bars, anew, results, firsts))


def _pass_on(
    sweeps: Sweeps, b: Builder, bars: Bars, arrays: Sequence[Var], shadows: Mapping[Var, Var], to: Mapping[Var, Operand]
) -> None:
    """Add to the shadows of what a run hands on. What is not assigned there is read by no one: it passes nothing back, and has
    any size."""
    for var in arrays:
        then, shadow = Builder(), shadows[var]
        assert isinstance(shadow.type, Array)
        sweeps.contribute(then, bars, to[var], shadow)
        if not (then.stmts and shadow.type.ndim and sweeps.memory.may_be_undefined(to[var])):
            b.stmts += then.stmts
            continue
        dims = [[b.op("dim", a, axis=k) for a in (sweeps.shadow(to[var]), shadow)] for k in range(shadow.type.ndim)]
        same = functools.reduce(lambda one, other: b.op("and", one, other), [b.op("eq", *pair) for pair in dims])
        b.add(If((), same, then.block(), Block()))


def _if_equal(b: Builder, one: Atom, other: Atom, do: Callable[[Builder], None]) -> None:
    then = Builder()
    do(then)
    if then.stmts:
        b.add(If((), b.op("eq", one, other), then.block(), Block()))


def _restore(b: Builder, nest: Nest, kept: Kept, used: Var | None, sweeps: Sweeps) -> Atom | None:
    """Give the loop's params and the memory that it writes what they had when the run started; how many slots are then used."""
    state = kept.state
    carried, written = state.carried, state.written
    for var in nest.loop.params:
        if isinstance(var.type, Array) and var not in carried:
            empty_array(b, var)
            b.stmts[-1] = replace(b.stmts[-1], results=(var,))

    def popped(targets: Sequence[Var]) -> None:
        for target, stack in reversed(list(zip(targets, kept.stacks, strict=False))):
            _pop(b, target, stack)

    for target, stack in reversed(list(zip(written, kept.stacks[len(carried) :], strict=True))):
        _pop(b, content := target.like(), stack)
        b.effect("assign", target, content)
    if used is None or kept.places is None:
        popped(carried)
        return None
    firsts = [v.like() for v in carried]
    popped(firsts)
    start = b.op("pop", kept.places, hint="here")
    left = b.op("sub", used, ONE, hint="used")

    # from the checkpoint to the run, with new checkpoints on the way
    at, run = nest.loop.index, nest.run
    here, taken = Var("here", INT), Var("used", INT)
    now = [v.like() for v in carried]
    step = Builder()
    step.effect("append", kept.places, here)
    for stack, value in zip(kept.stacks, (*now, *written), strict=True):
        _push(step, stack, value)
    more = step.op("add", taken, ONE, hint="used")
    assert nest.slots is not None
    free = step.op("sub", nest.slots, more)
    there = step.op("next_checkpoint", here, step.op("add", at, run), run, free, hint="there")
    there = step.op("minimum", there, at, hint="there")
    env: dict[Var, Atom] = dict(zip(carried, now, strict=True))
    inner = nest.plain.stmts[-1]
    assert isinstance(inner, For)
    inner = replace(inner, start=index_at(step, nest.whole, here), stop=index_at(step, nest.whole, there))
    again = _performed(Block((inner,)), sweeps.silent)
    advanced = clone(Block((*step.stmts, *again.stmts), inner.results), env)
    after = dict(zip(nest.loop.params, advanced.yields, strict=False))
    there, more = (env[v] for v in (there, more))  # type: ignore[assignment]
    cond = Builder()
    cond.op("lt", here, at)
    results = (Var("here", INT), Var("used", INT), *carried)
    b.add(
        While(
            results,
            (here, taken, *now),
            (start, left, *firsts),
            cond.block(cond.stmts[0].results[0]),
            Block(advanced.stmts, (there, more, *(after[v] for v in carried))),
            span=nest.loop.span,
        )
    )
    return results[1]

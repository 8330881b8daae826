"""Structured control flow: statements in order, branches, and what follows a branch that leaves.

A statement list is run on the variables at hand. Where a branch leaves (break, continue, return), the statements after it
belong in the other branch; where it is decided only at run time whether a branch left, they go under an `if` on that flag.
Nothing is lowered twice.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from srcad.errors import SrcadError
from srcad.ir import Atom, Builder, Const, Var
from srcad.lower.function import Lowering
from srcad.lower.known import FALSE, TRUE
from srcad.lower.merge import Arm, merge
from srcad.lower.names import Names
from srcad.lower.scope import ALIVE, RESULT, RETURNED, VALUE, Env
from srcad.lower.unbound import settle
from srcad.lower.values import NeverReturns, Value

#: In either branch, the variables that may be None elsewhere and are not None here, and their values.
Narrow = tuple[Mapping[str, Value], Mapping[str, Value]]


@dataclass
class Fork:
    """A branch to be taken with the statements after it in view. `after` is what is live when the branches meet (None: all that
    is known before); `flags` are pseudo variables known in each branch."""

    cond: Atom
    then: Iterable[Step]
    orelse: Iterable[Step]
    after: Names | None = None
    then_flags: Mapping[str, Value] = field(default_factory=dict)
    else_flags: Mapping[str, Value] = field(default_factory=dict)
    narrow: Narrow = ({}, {})


#: A statement of the tree, or what srcad itself does between statements.
Step = Any | Callable[[], "Outcome"]
#: What a statement leaves to do: nothing, other statements, or a branch.
Outcome = None | list[Step] | Fork


def run(ctx: Lowering, steps: Iterable[Step], live: Names) -> None:
    """Lower the steps one after the other. `live` are the variables needed after them."""
    from srcad.lower.statements import execute

    todo = deque(steps)
    while todo:
        alive = ctx.env.alive
        if isinstance(alive, Const):
            if not alive.value:
                return
            step = todo.popleft()
            try:
                outcome = step() if callable(step) else execute(ctx, step)
            except NeverReturns:
                ctx.env.dead = True
                return
            except SrcadError as error:
                if not ctx.session.missing:
                    raise
                ctx.session.error = ctx.session.error or error
                ctx.env.dead = True
                return
        else:
            assert isinstance(alive, Var)
            outcome = Fork(alive, [*todo], [], None, {ALIVE: TRUE}, {ALIVE: FALSE})
            todo.clear()
        if isinstance(outcome, Fork):
            rest = split(ctx, outcome, [*todo], live)
            todo = deque(rest)
        elif outcome:
            todo.extendleft(reversed(outcome))


def split(ctx: Lowering, fork: Fork, rest: list[Step], live: Names) -> list[Step]:
    """Lower both branches and merge them. The rest goes into the one branch that does not leave, if the other does;
    what is left to do comes back."""
    after = live
    if rest:
        known = ctx.env.names.keys() if fork.after is None else fork.after
        after = frozenset({ALIVE, *known, *(name for name in live if name.startswith("<"))})
    then = _arm(ctx, fork.then, {**fork.then_flags, **fork.narrow[0]}, after)
    orelse = _arm(ctx, fork.orelse, {**fork.else_flags, **fork.narrow[1]}, after)
    if rest and _left(then) != _left(orelse):
        _resume(ctx, orelse if _left(then) else then, rest, live)
        rest = []
    elif _left(then) and _left(orelse):
        rest = []
    for (arm, narrowed), other in zip(zip((then, orelse), fork.narrow, strict=True), (orelse, then), strict=True):
        widen(arm.env, narrowed, ctx.env, other.env)
    ctx.env = merge(ctx, fork.cond, then, orelse, after if rest else live)
    return rest


def widen(env: Env, narrowed: Mapping[str, Value], outer: Env, other: Env | None = None) -> None:
    """Variables that were not None in a branch are again what they are outside of it, if the other branch leaves them so."""
    for name, value in narrowed.items():
        same = other is None or other.names.get(name) is outer.names.get(name)
        if same and env.names.get(name) is value and name in outer.names:
            env.names[name] = outer.names[name]


def _left(arm: Arm) -> bool:
    return not arm.env.dead and arm.env.alive == FALSE


def _arm(ctx: Lowering, steps: Iterable[Step], flags: Mapping[str, Value], live: Names) -> Arm:
    env = ctx.env.copy()
    env.names.update(flags)
    if flags.get(ALIVE) == TRUE or flags.get(RETURNED) == FALSE:
        env.names.pop(RESULT, None)  # what is there belongs to the other branch
    if ALIVE in flags:
        settle(env, flags[ALIVE] == TRUE)
    arm = Arm(Builder(span=ctx.span), env)
    _resume(ctx, arm, steps, live)
    return arm


def _resume(ctx: Lowering, arm: Arm, steps: Iterable[Step], live: Names) -> None:
    outer = ctx.env
    ctx.env = arm.env
    with ctx.building(arm.b):
        run(ctx, steps, live)
    arm.env, ctx.env = ctx.env, outer


def choose(ctx: Lowering, cond: Atom, then: Callable[[], Value], orelse: Callable[[], Value]) -> Value:
    """The value of a conditional expression: one of two, each lowered in its branch."""
    return meet(ctx, cond, apart(ctx, then), apart(ctx, orelse))


def apart(ctx: Lowering, value: Callable[[], Value]) -> Arm:
    """An operand that may not be evaluated, lowered in a branch of its own."""
    outer = ctx.env
    ctx.env = outer.copy()
    try:
        with ctx.building(Builder(span=ctx.span)) as b:
            try:
                ctx.env.names[VALUE] = value()
            except NeverReturns:
                ctx.env.dead = True
        return Arm(b, ctx.env)
    finally:
        ctx.env = outer


def meet(ctx: Lowering, cond: Atom, then: Arm, orelse: Arm) -> Value:
    """What one of two operands gave."""
    ctx.env = merge(ctx, cond, then, orelse, None)
    if ctx.env.dead:
        raise NeverReturns
    return ctx.usable(ctx.env.names.pop(VALUE))

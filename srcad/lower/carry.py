"""What a loop carries from trip to trip, found as a fixpoint, and the loop statement made of it.

A loop carries what its body assigns and what is still needed at the next trip or after the loop. The body is read again until
the shapes of what comes out of it are those of what went in; what turns out not to vary is not carried after all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from srcad.ir import Atom, Block, Builder, Loop, Operand, Undef, Var, definitions, subst, substitute
from srcad.lower.control import Step, run
from srcad.lower.function import Lowering
from srcad.lower.known import FALSE, TRUE
from srcad.lower.lists import is_changeable
from srcad.lower.merge import Arm, Shape, flatten_variable, fresh, is_plain, join, rebuild, shape_of
from srcad.lower.names import Names, changed_by, changed_inside, item_assigned, passed, stored_inside
from srcad.lower.scope import ALIVE, BROKE, GO, RESULT, RETURNED, Env, Poison
from srcad.lower.unbound import PERHAPS, flag_name, flag_of, is_flag, set_flag
from srcad.lower.values import ITERATOR, Value, is_kind
from srcad.lower.weak import alike

Shapes = dict[str, Shape]
Params = dict[str, list[Var]]


@dataclass
class Threaded:
    """The carried leaves of a loop, and `known`: params that turned out not to vary, and what they are."""

    results: tuple[Var, ...]
    params: tuple[Var, ...]
    inits: tuple[Operand, ...]
    known: dict[Var, Any]


class Head(Protocol):
    """What distinguishes `for` and `while`."""

    @property
    def never(self) -> bool:
        """Whether the loop turned out not to run."""

    @property
    def runs(self) -> bool:
        """Whether the body is sure to run at least once."""

    @property
    def binds(self) -> tuple[Var, ...]:
        """What the loop defines in its body, beside the params."""

    def enter(self) -> list[Step]:
        """Begin a trip: what to do before the body."""

    def close(self, threaded: Threaded, body: Block, exits: bool) -> Loop:
        """The loop statement."""


def thread(ctx: Lowering, stmt: Any, head: Head, flags: Sequence[str]) -> bool:
    """Append the loop and update the variables; False if it never runs. `flags` are the pseudo variables that are to tell
    how it was left."""
    before = ctx.env
    live = ctx.frame.liveness.live_in_loop(stmt)
    bound = _changed(ctx, stmt) & ctx.frame.locals
    known_before = [name for name in before.names if name in bound & live]
    carried = [*known_before, *sorted((bound & live) - {*known_before})]
    open_before = [name for name in carried if flag_of(before, name) != TRUE]
    names = [*carried, *(flag_name(name) for name in open_before if ctx.tracks(name)), *flags]
    key = (ctx.frame.path, stmt)
    shapes = _initial_shapes(before, names, ctx.session.shapes.get(key, {}))
    awaited = frozenset(carried)
    while True:
        params = {name: fresh(name, shape, ctx.span) for name, shape in shapes.items()}
        own = awaited - shapes.keys()
        with _awaiting(ctx, own) as missed:
            arm = _trip(ctx, stmt, head, shapes, params, live | {GO, RESULT, *flags}, open_before)
        if head.never:
            return False
        grown = _grown(shapes, names, arm.env)
        if _same(shapes, grown):
            if not missed & own:
                break  # what a loop around is to assign, it will come back with
            awaited = frozenset()  # no trip assigns what is read
        shapes = grown
    ctx.session.shapes[key] = {name: shape for name, shape in shapes.items() if is_plain(shape)}
    after = before.copy()
    for name in bound:
        after.names.pop(name, None)
    after.names.update(_close(ctx, head, shapes, params, arm, before))
    for name in carried:
        ends_bound = flag_of(arm.env, name) == TRUE or arm.env.dead
        if ends_bound and (head.runs or name not in open_before):
            set_flag(after, name, TRUE)
        elif not ctx.tracks(name):
            set_flag(after, name, PERHAPS)
    after.names[ALIVE] = TRUE
    ctx.env = after
    return True


def _changed(ctx: Lowering, stmt: Any) -> Names:
    """What a trip may change, by the functions that it calls too."""
    names = passed(stmt) | item_assigned(stmt.body) | stored_inside(ctx.frame.node)
    lent = (name for name in names if is_changeable(ctx.env.names.get(name)))
    return changed_by(stmt) | changed_inside(ctx.frame.node) | frozenset(lent)


@contextmanager
def _awaiting(ctx: Lowering, names: Names) -> Iterator[set[str]]:
    """Let these be variables that a later statement of the loop may assign; gives those that are read in the meantime."""
    frame = ctx.frame
    outer = frame.awaited, frame.missed
    frame.awaited, frame.missed = frame.awaited | names, set()
    try:
        yield frame.missed
    finally:
        frame.awaited, frame.missed = outer[0], outer[1] | (frame.missed - names)


def _trip(
    ctx: Lowering, stmt: Any, head: Head, shapes: Shapes, params: Params, live: Names, open_before: list[str]
) -> Arm:
    """Lower the body once, for variables of these shapes. Those in `open_before` may be unbound before the loop."""
    before = ctx.env
    ctx.env = env = before.copy()
    for name in (RESULT, *_changed(ctx, stmt)):
        env.names.pop(name, None)
    env.names.update({name: rebuild(shape, iter(params[name])) for name, shape in shapes.items() if name != RESULT})
    env.names.update({ALIVE: TRUE, GO: TRUE, RETURNED: FALSE, BROKE: FALSE})
    for name in open_before:
        if name in env.names and not ctx.tracks(name):
            set_flag(env, name, PERHAPS)
    with ctx.building(Builder(span=ctx.span)) as b:
        first = head.enter()
        if not head.never:
            run(ctx, [*first, *stmt.body], live)
    arm = Arm(b, ctx.env)
    check_iterators(ctx, before, arm.env)
    ctx.env = before
    return arm


def check_iterators(ctx: Lowering, before: Env, end: Env) -> None:
    """An iterator from outside of a loop would be used up in the first trip."""
    for name, value in before.names.items():
        if is_kind(value, ITERATOR) and isinstance(end.names.get(name), Poison):
            ctx.refuse(f"the iterator '{name}' is run through in a loop", "make it a list: list(...)")


# --- shapes -----------------------------------------------------------------------------------------------------------


def _given(before: Env, name: str) -> Value | Poison | None:
    """What the variable is before the loop."""
    if is_flag(name):
        return flag_of(before, name[7:-1])
    return None if name == RESULT else FALSE if name in (RETURNED, BROKE) else before.names.get(name)


def _at_end(end: Env, name: str) -> Value | Poison | None:
    """What the variable is at the end of the body."""
    return flag_of(end, name[7:-1]) if is_flag(name) else end.names.get(name)


def _initial_shapes(before: Env, names: list[str], remembered: Shapes) -> Shapes:
    shapes: Shapes = {}
    for name in names:
        value = _given(before, name)
        known = [] if value is None else [shape_of(value)]
        if name in remembered:
            known.append(remembered[name])
        if known:
            shapes[name] = known[0] if len(known) == 1 else join(name, *known)
    return shapes


def _grown(shapes: Shapes, names: list[str], end: Env) -> Shapes:
    """The shapes that hold what went into the body and what came out."""
    grown: Shapes = {}
    for name in names:
        value = None if end.dead else _at_end(end, name)
        if value is not None:
            grown[name] = join(name, shapes[name], shape_of(value)) if name in shapes else shape_of(value)
        elif name in shapes:
            grown[name] = shapes[name]
    return grown


def _same(a: Shapes, b: Shapes) -> bool:
    return a.keys() == b.keys() and all(x is b[name] or x == b[name] for name, x in a.items())


# --- the statement ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Leaf:
    """One number or array that may be carried: `end` is what the body yields for it."""

    name: str
    param: Var
    init: Operand
    end: Operand


def _close(
    ctx: Lowering, head: Head, shapes: Shapes, params: Params, arm: Arm, before: Env
) -> dict[str, Value | Poison]:
    """Append the loop, and give the variables that it carried."""
    end = Env() if arm.env.dead else arm.env
    leaves = [
        _Leaf(name, *leaf)
        for name, shape in shapes.items()
        for leaf in zip(
            params[name],
            flatten_variable(ctx, ctx.b, before, name, _given(before, name), shape),
            flatten_variable(ctx, arm.b, end, name, None if arm.env.dead else _at_end(end, name), shape),
            strict=True,
        )
    ]
    inside = {*definitions(Block(tuple(arm.b.stmts))), *head.binds, *(leaf.param for leaf in leaves)}
    known = _invariants(leaves, inside)
    carried = [leaf for leaf in leaves if leaf.param not in known]
    results = {leaf.param: alike(leaf.param) for leaf in carried}
    go = end.names.get(GO, TRUE)
    exits = go != TRUE
    yields = [leaf.end for leaf in carried]
    body = substitute(Block(tuple(arm.b.stmts), (_operand(go), *yields) if exits else tuple(yields)), known)
    params_, inits = tuple(leaf.param for leaf in carried), tuple(leaf.init for leaf in carried)
    ctx.b.add(head.close(Threaded(tuple(results.values()), params_, inits, known), body, exits))
    final: dict[Var, Atom] = {**known, **results}
    return {name: rebuild(shape, (final[param] for param in params[name])) for name, shape in shapes.items()}


def _operand(flag: Value | Poison) -> Operand:
    assert isinstance(flag, Operand)
    return flag


def _invariants(leaves: list[_Leaf], inside: set[Var]) -> dict[Var, Any]:
    """The params that are the same on every trip and after the loop, and what they are."""
    known: dict[Var, Any] = {}
    while True:
        found: dict[Var, Any] = {}
        for leaf in leaves:
            end = subst(known, leaf.end)
            if leaf.param in known:
                continue
            if isinstance(leaf.init, Undef):
                # What a loop returns is looked at only if it returned: it may be what lies outside anyway.
                if leaf.name == RESULT and not isinstance(end, Undef) and end not in inside:
                    found[leaf.param] = end
            elif end is leaf.param or end == leaf.init:
                found[leaf.param] = leaf.init
        if not found:
            return known
        known |= found

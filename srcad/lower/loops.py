"""Loops: for and while, unrolled where they run over a tuple, and what follows a loop that was left early."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import gast

from srcad.ir import INT, Atom, Block, Builder, Const, For, Loop, Op, Scalar, Var, While, substitute, walk
from srcad.lower.carry import Threaded, thread
from srcad.lower.checkpointed import checkpointed
from srcad.lower.control import Fork, Outcome, Step, run
from srcad.lower.delays import check_loop
from srcad.lower.function import Lowering
from srcad.lower.iteration import Elements, Enumerated, Items, Iterable, Range, Reversed, header, known_range
from srcad.lower.known import FALSE, TRUE
from srcad.lower.lists import is_growing
from srcad.lower.names import Names, appended, assigned, changed_inside, leaves_loop, passed, passed_on
from srcad.lower.operands import operand
from srcad.lower.scope import ALIVE, BROKE, GO, RESULT, RETURNED, Poison
from srcad.lower.unbound import settle
from srcad.lower.values import Seq, Value
from srcad.lower.weak import least_of, note
from srcad.ops import is_pure

#: A loop over a longer tuple of numbers is not unrolled.
LONGEST = 16


@dataclass
class Exits:
    """How a loop statement may be left."""

    stmt: Any
    by_break: bool
    by_return: bool

    @property
    def flags(self) -> list[str]:
        """The pseudo variables that tell, after the loop, how it was left."""
        flags = [RESULT, RETURNED] if self.by_return else []
        return [*flags, BROKE] if self.by_break and self.stmt.orelse else flags


@lru_cache(maxsize=4096)
def exits_of(stmt: Any) -> Exits:
    return Exits(stmt, leaves_loop(stmt.body, gast.Break), leaves_loop(stmt.body, gast.Return))


def for_loop(ctx: Lowering, stmt: Any) -> Outcome:
    check_loop(ctx, stmt)
    slots, source = checkpointed(ctx, stmt.iter)
    changed = (appended(stmt.body) | passed(stmt)) & passed_on(stmt.iter)
    held = {name: value for name in changed if is_growing(value := ctx.env.names.get(name))}
    if held.keys() & appended(stmt.body):
        _refuse_growth(ctx, stmt)
    if isinstance(source, Items):
        if not _is_table(source):
            if slots is not None:
                with ctx.at(stmt.iter):
                    ctx.refuse(
                        "srcad.checkpoint of a tuple, over which a loop is unrolled", "loop over a range or an array"
                    )
            return _unrolled(ctx, stmt, source)
        numbers = operand(ctx, Seq(source.items))
        source = Elements(numbers)
    outcome = _loop(ctx, stmt, _ForHead(ctx, stmt, source, slots))
    if any(ctx.env.names.get(name) != value for name, value in held.items()):
        _refuse_growth(ctx, stmt)
    return outcome


def _refuse_growth(ctx: Lowering, stmt: Any) -> None:
    with ctx.at(stmt.iter):
        ctx.refuse("a list grows while it is looped over", "loop with `while k < len(...)`")


def while_loop(ctx: Lowering, stmt: Any) -> Outcome:
    return _loop(ctx, stmt, _WhileHead(ctx, stmt))


def _is_table(source: Items) -> bool:
    """Whether these are so many numbers of one type that they are better looped over as an array."""
    types = {item.type if isinstance(item, Const | Var) else None for item in source.items}
    return len(source.items) > LONGEST and len(types) == 1 and isinstance(types.pop(), Scalar)


# --- loops of known, short length -------------------------------------------------------------------------------------


def _unrolled(ctx: Lowering, stmt: Any, items: Items) -> Outcome:
    """A loop over a tuple, whose items may have different types: one copy of the body for each."""
    from srcad.lower.statements import bind

    exits = exits_of(stmt)
    frame, path = ctx.frame, ctx.frame.path
    live = frame.liveness.live_in_loop(stmt) | {GO, RESULT, *exits.flags}
    outer = {flag: ctx.env.names.get(flag, TRUE) for flag in (GO, BROKE)}

    def trip(number: int, item: Value) -> None:
        frame.path = (*path, number)
        ctx.env.names.update({ALIVE: TRUE, GO: TRUE})
        bind(ctx, stmt.target, item)
        run(ctx, stmt.body, live)
        settle(ctx.env, False)
        ctx.env.names[ALIVE] = ctx.env.names.get(GO, TRUE)
        frame.path = path

    ctx.env.names.update({RETURNED: FALSE, BROKE: FALSE})
    run(ctx, [partial(trip, k, item) for k, item in enumerate(items.items)], live)
    ctx.env.names[ALIVE] = TRUE
    return _after(ctx, exits, outer)


#: How things are where a loop has returned from the function.
LEFT: dict[str, Value] = {ALIVE: FALSE, RETURNED: TRUE, GO: FALSE}


def _after(ctx: Lowering, exits: Exits, outer: dict[str, Value | Poison]) -> list[Step]:
    """What happens between a loop and the next statement: leave the function if the loop did; run its else clause. The flags
    of the loop around are its own again."""
    names = ctx.env.names
    returned, broke = names.get(RETURNED, FALSE), names.get(BROKE, FALSE)
    names.update(outer)
    steps: list[Step] = []
    if exits.by_return:
        steps.append(partial(_fork, ctx, returned, LEFT, {RETURNED: FALSE}, []))
    if exits.stmt.orelse:
        after = ctx.frame.liveness.live_after(exits.stmt)
        steps.append(partial(_fork, ctx, broke if exits.by_break else FALSE, {}, {}, exits.stmt.orelse, after))
    return steps


def _fork(
    ctx: Lowering,
    cond: Value | Poison,
    then_flags: dict[str, Value],
    else_flags: dict[str, Value],
    orelse: list[Step],
    after: Names | None = None,
) -> Outcome:
    """A branch on a flag that may be known."""
    if isinstance(cond, Const):
        ctx.env.names.update(then_flags if cond.value else else_flags)
        return None if cond.value else orelse
    assert isinstance(cond, Var)
    return Fork(cond, [], orelse, after, then_flags, else_flags)


# --- loops that stay loops --------------------------------------------------------------------------------------------


def _loop(ctx: Lowering, stmt: Any, head: _ForHead | _WhileHead) -> Outcome:
    exits = exits_of(stmt)
    outer = {flag: ctx.env.names.get(flag, TRUE) for flag in (GO, BROKE)}
    if not thread(ctx, stmt, head, exits.flags):
        return list(stmt.orelse)
    if head.endless and not exits.by_break:
        ctx.env.dead = not (exits.by_return and RESULT in ctx.env.names)
        ctx.env.names.update(LEFT)
        return None
    return _after(ctx, exits, outer)


class _ForHead:
    endless = never = False

    @property
    def runs(self) -> bool:
        return bool(known_range(Range(self.start, self.stop, self.step)))

    @property
    def binds(self) -> tuple[Var, ...]:
        return (self.index,)

    def __init__(self, ctx: Lowering, stmt: Any, source: Iterable, slots: Atom | None) -> None:
        self.ctx, self.stmt, self.slots = ctx, stmt, slots
        self.start, self.stop, self.step, self.item = header(ctx, source)
        self.hint = _index_name(stmt.target, source) or "i"
        self.index = Var(self.hint, INT)

    def enter(self) -> list[Step]:
        from srcad.lower.statements import bind

        self.index = index = Var(self.hint, INT, self.ctx.frame.span(self.stmt.target))
        upwards = isinstance(self.step, Const) and self.step.value > 0
        note(index, least=least_of(self.start) if upwards else None)
        if upwards:
            self.ctx.session.ends[index] = self.stop
        if (known := known_range(Range(self.start, self.stop, self.step))) is not None:
            self.ctx.session.ranges[index] = known

        def begin() -> None:
            with self.ctx.at(self.stmt.target):
                item = self.item(index) if self.item else index
                bind(self.ctx, self.stmt.target, item)

        return [begin]

    def close(self, threaded: Threaded, body: Block, exits: bool) -> Loop:
        t = threaded
        bounds = self.start, self.stop, self.step
        span = self.ctx.span
        return For(t.results, self.index, *bounds, t.params, t.inits, body, exits, span, slots=self.slots)


class _WhileHead:
    """The condition has a block of its own, unless it has effects: then the loop is `while True` with a break."""

    binds: tuple[Var, ...] = ()

    @property
    def runs(self) -> bool:
        return self.endless

    def __init__(self, ctx: Lowering, stmt: Any) -> None:
        self.ctx, self.stmt = ctx, stmt
        calls = any(isinstance(node, gast.Call) for node in gast.walk(stmt.test))
        self.inside = bool(assigned([stmt.test])) or (calls and bool(changed_inside(ctx.frame.node)))
        self.endless = self.never = False
        self.cond = Block((), (TRUE,))

    def enter(self) -> list[Step]:
        if not self.inside:
            env, self.ctx.env = self.ctx.env, self.ctx.env.copy()
            with self.ctx.building(Builder(span=self.ctx.span)) as b:
                known = self._truth()
            self.ctx.env = env
            self.endless, self.never = known is True, known is False
            self.inside = not all(is_pure(stmt.name) for stmt in walk(b.block()) if isinstance(stmt, Op))
            if not self.inside:
                self.cond = b.block(TRUE if isinstance(known, bool) else known)
                return []
            self.endless = self.never = False
        self.cond = Block((), (TRUE,))
        leave: dict[str, Value] = {ALIVE: FALSE, GO: FALSE}

        def leave_unless() -> Outcome:
            known = self._truth()
            if known is False:
                self.ctx.env.names.update(leave)
            return None if isinstance(known, bool) else Fork(known, [], [], None, {}, leave)

        return [leave_unless]

    def _truth(self) -> bool | Atom:
        from srcad.lower.expressions import condition

        return condition(self.ctx, self.stmt.test)

    def close(self, threaded: Threaded, body: Block, exits: bool) -> Loop:
        t = threaded
        return While(t.results, t.params, t.inits, substitute(self.cond, t.known), body, exits, self.ctx.span)


def _index_name(target: Any, source: Iterable) -> str:
    """What the program itself calls the index of the loop, if anything."""
    if isinstance(source, Enumerated) and isinstance(target, gast.Tuple) and isinstance(target.elts[0], gast.Name):
        return str(target.elts[0].id)
    counts = isinstance(source.inner if isinstance(source, Reversed) else source, Range)
    return str(target.id) if isinstance(target, gast.Name) and counts else ""

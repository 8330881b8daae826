"""Loops: which variables they carry, of what shape, and how they are left.

A loop carries what its body assigns and what is still needed at the next trip or after the loop. What these variables are
is a fixpoint: the body is read again until what comes out of it fits what went in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import gast

from srcad.ir import BOOL, INT, Atom, Block, Builder, Const, For, Loop, Op, Operand, Undef, Var, While, definitions, substitute, walk
from srcad.lower.control import Fork, Outcome, Step, run
from srcad.lower.function import Lowering
from srcad.lower.iteration import Items, header, iterable
from srcad.lower.known import FALSE, TRUE
from srcad.lower.merge import Arm, Group, Shape, flatten, fresh, join, rebuild, shape_of
from srcad.lower.names import Names, assigned, leaves_loop
from srcad.lower.scope import ALIVE, BROKE, GO, RESULT, RETURNED, Env
from srcad.lower.values import Obj, Value
from srcad.ops import is_pure


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


def exits_of(stmt: Any) -> Exits:
    return Exits(stmt, leaves_loop(stmt.body, gast.Break), leaves_loop(stmt.body, gast.Return))


def for_loop(ctx: Lowering, stmt: Any) -> Outcome:
    source = iterable(ctx, stmt.iter)
    if isinstance(source, Items):
        return _unrolled(ctx, stmt, source)
    return _threaded(ctx, stmt, _ForHead(ctx, stmt, source))


def while_loop(ctx: Lowering, stmt: Any) -> Outcome:
    return _threaded(ctx, stmt, _WhileHead(ctx, stmt))


# --- loops of known, short length -------------------------------------------------------------------------------------------


def _unrolled(ctx: Lowering, stmt: Any, items: Items) -> Outcome:
    """A loop over a tuple, whose items may have different types: one copy of the body for each."""
    from srcad.lower.statements import bind

    exits = exits_of(stmt)
    frame, path = ctx.frame, ctx.frame.path
    live = frame.liveness.live_in_loop(stmt) | {GO, RESULT, *exits.flags}
    outer = ctx.env.names.get(GO, TRUE)

    def trip(number: int, item: Value) -> None:
        frame.path = (*path, number)
        ctx.env.names.update({ALIVE: TRUE, GO: TRUE})
        bind(ctx, stmt.target, item)
        run(ctx, stmt.body, live)
        ctx.env.names[ALIVE] = ctx.env.names.get(GO, TRUE)
        frame.path = path

    ctx.env.names.update({RETURNED: FALSE, BROKE: FALSE})
    run(ctx, [lambda k=k, item=item: trip(k, item) for k, item in enumerate(items.items)], live)
    ctx.env.names.update({ALIVE: TRUE, GO: outer})
    return _after(ctx, exits)


def _after(ctx: Lowering, exits: Exits) -> list[Step]:
    """What happens between a loop and the next statement: leave the function if the loop did; run its else clause."""
    steps: list[Step] = []
    names = ctx.env.names
    if exits.by_return:
        steps.append(
            lambda: _fork(ctx, names.get(RETURNED, FALSE), {ALIVE: FALSE, GO: FALSE, RETURNED: TRUE}, {RETURNED: FALSE})
        )
    if exits.stmt.orelse:
        after = ctx.frame.liveness.live_after(exits.stmt)
        broke = names.get(BROKE, FALSE) if exits.by_break else FALSE
        steps.append(lambda: _fork(ctx, broke, {}, {}, exits.stmt.orelse, after))
    return steps


def _fork(
    ctx: Lowering,
    cond: Any,
    then_flags: dict[str, Value],
    else_flags: dict[str, Value],
    orelse: list[Step] | None = None,
    after: Names | None = None,
) -> Outcome:
    if isinstance(cond, Const):
        ctx.env.names.update(then_flags if cond.value else else_flags)
        return None if cond.value else orelse
    return Fork(cond, [], orelse or [], after, then_flags, else_flags)


# --- loops that stay loops ----------------------------------------------------------------------------------------------------


class Head(Protocol):
    """What distinguishes `for` and `while`."""

    endless: bool  #: only the body can leave the loop
    never: bool  #: the loop does not run
    binds: tuple[Var, ...]  #: what it defines in its body

    def enter(self) -> list[Step]:
        """Begin a trip: what to do before the body."""

    def close(self, threaded: Threaded, body: Block, exits: bool) -> Loop: ...


class _ForHead:
    endless = never = False

    @property
    def binds(self) -> tuple[Var, ...]:
        return (self.index,)

    def __init__(self, ctx: Lowering, stmt: Any, source: Any) -> None:
        self.ctx, self.stmt = ctx, stmt
        self.start, self.stop, self.step, self.item = header(ctx, source)
        self.hint = stmt.target.id if self.item is None and isinstance(stmt.target, gast.Name) else "i"
        self.index = Var(self.hint, INT)

    def enter(self) -> list[Step]:
        from srcad.lower.statements import bind

        self.index = index = Var(self.hint, INT, self.ctx.frame.span(self.stmt.target))

        def begin() -> None:
            with self.ctx.at(self.stmt.target):
                bind(self.ctx, self.stmt.target, self.item(index) if self.item else index)

        return [begin]

    def close(self, threaded: Threaded, body: Block, exits: bool) -> Loop:
        t = threaded
        span = self.ctx.span
        return For(t.results, self.index, self.start, self.stop, self.step, t.params, t.inits, body, exits, span)


class _WhileHead:
    """The condition has a block of its own, unless it has effects: then the loop is `while True` with a break."""

    binds = ()

    def __init__(self, ctx: Lowering, stmt: Any) -> None:
        self.ctx, self.stmt = ctx, stmt
        self.inside = bool(assigned([stmt.test]))
        self.endless = self.never = False
        self.cond = Block((), (TRUE,))

    def enter(self) -> list[Step]:
        if not self.inside:
            with self.ctx.building(Builder(span=self.ctx.span)) as b:
                known = self._truth()
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


@dataclass
class Threaded:
    """What a loop carries, leaf by leaf, and `known`: params that turned out not to vary."""

    results: tuple[Var, ...]
    params: tuple[Var, ...]
    inits: tuple[Operand, ...]
    known: dict[Var, Any]


def _threaded(ctx: Lowering, stmt: Any, head: Head) -> Outcome:
    exits = exits_of(stmt)
    liveness, before = ctx.frame.liveness, ctx.env
    live = liveness.live_in_loop(stmt)
    bound = assigned([*stmt.body, stmt.target if isinstance(stmt, gast.For) else stmt.test])
    carried = [*(name for name in before.names if name in bound & live), *sorted((bound & live) - before.names.keys())]
    names = [*carried, *exits.flags]
    key = (ctx.frame.path, stmt)
    shapes = _initial_shapes(before, names, ctx.session.shapes.get(key, {}))
    while True:
        params = {name: fresh(name, shape, ctx.span) for name, shape in shapes.items()}
        arm = _trip(ctx, stmt, head, shapes, params, live | {GO, RESULT, *exits.flags})
        if head.never:
            return list(stmt.orelse)
        grown = _grown(shapes, names, arm.env)
        if _same(shapes, grown):
            break
        shapes = grown
    ctx.session.shapes[key] = {name: shape for name, shape in shapes.items() if _is_plain(shape)}
    after = before.copy()
    for name in bound:
        after.names.pop(name, None)
    after.names.update(_close(ctx, head, shapes, params, arm, before))
    after.names[ALIVE] = TRUE
    ctx.env = after
    if head.endless and not exits.by_break:
        if RESULT not in shapes:
            after.dead = True
        after.names.update({ALIVE: FALSE, RETURNED: TRUE, GO: FALSE})
        return None
    return _after(ctx, exits)


def _trip(
    ctx: Lowering, stmt: Any, head: Head, shapes: dict[str, Shape], params: dict[str, list[Var]], live: Names
) -> Arm:
    """Lower the body once, for variables of these shapes."""
    before = ctx.env
    ctx.env = env = before.copy()
    for name in assigned([*stmt.body]) - shapes.keys():
        env.names.pop(name, None)
    env.names.update({name: rebuild(shape, iter(params[name])) for name, shape in shapes.items()})
    env.names.pop(RESULT, None)
    env.names.update({ALIVE: TRUE, GO: TRUE, RETURNED: FALSE, BROKE: FALSE})
    with ctx.building(Builder(span=ctx.span)) as b:
        first = head.enter()
        if not head.never:
            run(ctx, [*first, *stmt.body], live)
    arm = Arm(b, ctx.env)
    ctx.env = before
    return arm


def _initial_shapes(before: Env, names: list[str], remembered: dict[str, Shape]) -> dict[str, Shape]:
    shapes: dict[str, Shape] = {}
    for name in names:
        value = before.names.get(name) if name != RESULT else None
        known = [shape_of(value)] if value is not None else [BOOL] if name in (RETURNED, BROKE) else []
        if name in remembered:
            known.append(remembered[name])
        if known:
            shapes[name] = known[0] if len(known) == 1 else join(name, *known)
    return shapes


def _grown(shapes: dict[str, Shape], names: list[str], end: Env) -> dict[str, Shape]:
    grown: dict[str, Shape] = {}
    for name in names:
        value = None if end.dead else end.names.get(name)
        if value is None:
            if name in shapes:
                grown[name] = shapes[name]
        else:
            grown[name] = join(name, shapes[name], shape_of(value)) if name in shapes else shape_of(value)
    return grown


def _same(a: dict[str, Shape], b: dict[str, Shape]) -> bool:
    return a.keys() == b.keys() and all(x is b[name] or x == b[name] for name, x in a.items())


def _is_plain(shape: Shape) -> bool:
    """Whether the shape holds nothing that belongs to one pass, such as a nested function."""
    if isinstance(shape, Group):
        return all(map(_is_plain, shape.items))
    return not isinstance(shape, Obj) and not hasattr(shape, "remedy")


def _close(
    ctx: Lowering, head: Head, shapes: dict[str, Shape], params: dict[str, list[Var]], arm: Arm, before: Env
) -> dict[str, Any]:
    """Append the loop, and give the variables that it carried. What did not vary is not carried."""
    rows: list[list[Any]] = []
    for name, shape in shapes.items():
        given = None if name == RESULT else FALSE if name in (RETURNED, BROKE) else before.names.get(name)
        inits = flatten(ctx.b, given, shape)
        ends = flatten(arm.b, None if arm.env.dead else arm.env.names.get(name), shape)
        rows += [[name, p, i, y] for p, i, y in zip(params[name], inits, ends, strict=True)]
    known: dict[Var, Any] = {}
    inside = {*definitions(Block(tuple(arm.b.stmts))), *head.binds, *(row[1] for row in rows)}
    while True:
        found = {row[1]: value for row in rows if (value := _invariant(*row, inside, known)) is not None}
        if found.keys() <= known.keys():
            break
        known.update(found)
        rows = [[name, p, i, known.get(y, y) if isinstance(y, Var) else y] for name, p, i, y in rows]
    kept = [row for row in rows if row[1] not in known]
    results = {row[1]: row[1].like() for row in kept}
    go = TRUE if arm.env.dead else arm.env.names.get(GO, TRUE)
    yields = [row[3] for row in kept]
    body = substitute(Block(tuple(arm.b.stmts), (go, *yields) if go != TRUE else tuple(yields)), known)
    threaded = Threaded(tuple(results.values()), tuple(r[1] for r in kept), tuple(r[2] for r in kept), known)
    ctx.b.add(head.close(threaded, body, go != TRUE))
    final = {**known, **results}
    return {name: rebuild(shape, (final[p] for p in params[name])) for name, shape in shapes.items()}


def _invariant(name: str, param: Var, init: Operand, end: Operand, inside: set[Var], known: dict[Var, Any]) -> Any:
    """What the param is on every trip and after the loop, if that is known outside of the loop."""
    if param in known:
        return known[param]
    if isinstance(init, Undef):
        return end if name == RESULT and not isinstance(end, Undef) and end not in inside else None
    return init if end is param or end == init else None

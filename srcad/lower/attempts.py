"""The body of a `try` statement, lowered: how it may be left, and what is known on either way.

Where several throws lead to the same place, the variables meet there as they do after a branch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial, reduce
from typing import Any

from srcad.ir import BOOL, INT, Atom, Block, Builder, Const, Op, Operand, Undef, Var, const, definitions
from srcad.lower.control import Fork, Outcome, Step, run
from srcad.lower.escapes import Escapes, left_cond, only_fall, throws_of
from srcad.lower.exceptions import Catcher, Raised, variables
from srcad.lower.function import Lowering
from srcad.lower.known import FALSE, TRUE
from srcad.lower.merge import Shape, flatten_variable, fresh, join, rebuild, shape_of
from srcad.lower.risks import watched
from srcad.lower.scope import ALIVE, BROKE, GO, RESULT, RETURNED, Closure, Env, Poison, unbound
from srcad.lower.unbound import PERHAPS, flag_name, flag_of, is_flag
from srcad.lower.values import Func, Obj, Seq, SliceValue, Tup, Value

FLAGS = (ALIVE, GO, BROKE, RETURNED, RESULT)


@dataclass
class Left:
    """A body that was lowered: the statements before it is known whether it was left by an exception, and then the block and
    the variables on either way. `thrown` is None if nothing in it throws; `goes_on` ends dead if something always does."""

    before: tuple[Any, ...]
    cond: Atom
    thrown: tuple[Block, Env] | None
    goes_on: tuple[Block, Env]
    holds: bool
    code: Atom  #: which of the keys it was, counted from 1; True if there is one only
    keys: list[tuple[int, Raised]]  #: the clause that catches, and what

    def go_on(self, ctx: Lowering) -> None:
        block, env = self.goes_on
        ctx.b.stmts += (*self.before, *block.stmts)
        ctx.env = env

    def fork(self, ctx: Lowering, thrown: list[Step], goes_on: list[Step], after: frozenset[str]) -> Outcome:
        assert self.thrown is not None

        def enter(way: tuple[Block, Env]) -> None:
            ctx.b.stmts += way[0].stmts
            ctx.env = way[1].copy()

        ctx.b.stmts += self.before
        if self.goes_on[1].dead and self.cond == TRUE:
            enter(self.thrown)
            return thrown
        ways: list[list[Step]] = [[partial(enter, self.thrown), *thrown], [partial(enter, self.goes_on), *goes_on]]
        then, orelse = ways if self.holds else ways[::-1]
        return Fork(self.cond, then, orelse, after)


def attempt(ctx: Lowering, catcher: Catcher, body: Iterable[Step], live: frozenset[str], exact: list[bool]) -> Left:
    """Lower the body. `exact` says for each clause whether it matters which exception it was."""
    before = ctx.env.copy()
    with ctx.building(watched(ctx)) as b, ctx.catchers.within(catcher):
        run(ctx, body, live | {*FLAGS})
    end, ctx.env = ctx.env, before
    block = b.block()
    throws = throws_of(block, catcher)
    if not throws:
        return Left((), FALSE, None, (block, end), True, FALSE, [])

    def key(throw: Op) -> tuple[int, Raised | None]:
        raised = throw.attr("raised")
        clause = 0 if catcher.passing else catcher.clause(raised.error)
        assert clause is not None
        return clause, raised if exact[clause] else None

    found = dict.fromkeys(sorted(map(key, throws), key=lambda k: k[0]))
    keys = [(clause, raised or throws[0].attr("raised")) for clause, raised in found]
    codes = (
        {key: const(number) for number, key in enumerate(found, 1)} if len(found) > 1 else dict.fromkeys(found, TRUE)
    )
    inside = {*definitions(block)}
    landing = _Landing(ctx, throws, inside)
    around = {name: v for name, v in before.names.items() if name.startswith("<") and not is_flag(name)}
    ends = [] if end.dead else _leaves_inside(end, live | {*FLAGS}, inside)

    def known_after(yields: Sequence[Operand]) -> Env:
        after = dict(zip(ends, yields, strict=True))
        names = {name: moved for name, v in end.names.items() if (moved := _moved(v, after, inside)) is not None}
        return Env(names, end.dead)

    block = Block(block.stmts, tuple(ends))
    if len(throws) == 1 and (fall := only_fall(block, catcher)) is not None:
        *stmts, throw = fall.thrown.stmts
        b = Builder(stmts, ctx.span)
        assert isinstance(throw, Op)
        leaves = landing.leaves_of(throw, b)
        thrown = b.block(), Env({**around, **landing.names(leaves)})
        goes_on = fall.goes_on, known_after(fall.goes_on.yields)
        return Left(fall.before, fall.cond, thrown, goes_on, fall.holds, TRUE, keys)
    code = Var("raised" if len(found) == 1 else "error", BOOL if len(found) == 1 else INT, ctx.span)
    outs = [code, *landing.outs]
    escapes = Escapes(catcher, outs, lambda throw, b: landing.land(throw, b, codes[key(throw)]))
    left = escapes.rewritten(block, [Undef(var.type) for var in ends])
    ended, *rest = left.yields
    assert isinstance(ended, Var | Const)
    thrown = Block(), Env({**around, **landing.names_after(rest[: len(landing.outs)])})
    after = known_after(rest[len(landing.outs) :])
    if isinstance(ended, Const) or end.dead:
        return Left(left.stmts, TRUE, thrown, (Block(), replace(after, dead=True)), True, ended, keys)
    b = Builder(span=ctx.span)
    cond = left_cond(b, ended)
    return Left((*left.stmts, *b.stmts), cond, thrown, (Block(), after), True, ended, keys)


class _Landing:
    """The variables where the throws of a body meet: `outs` are those of their leaves that differ from throw to throw, or
    that only the body knows."""

    def __init__(self, ctx: Lowering, throws: list[Op], inside: set[Var]) -> None:
        self.ctx = ctx
        envs = [variables(throw) for throw in throws]
        self.shapes: dict[str, Shape] = {}
        self.flags: dict[str, Value] = {}
        for name in dict.fromkeys(name for env in envs for name in env.names if not is_flag(name)):
            self._join(ctx, name, envs)
        vars = [var for name, shape in self.shapes.items() for var in fresh(name, shape, ctx.span)]
        b = Builder(span=ctx.span)
        columns = list(zip(*(self.leaves_of(throw, b) for throw in throws), strict=True))
        made = {var for stmt in b.stmts for var in stmt.results} | inside
        self.leaves: list[Operand] = []
        self.outs: list[Var] = []
        self.places: list[int] = []
        for place, (var, column) in enumerate(zip(vars, columns, strict=True)):
            first = column[0]
            same = all(other == first for other in column) and first not in made and not isinstance(first, Undef)
            self.leaves.append(first if same else var)
            if not same:
                self.outs.append(var)
                self.places.append(place)

    def _join(self, ctx: Lowering, name: str, envs: list[Env]) -> None:
        values = [env.names[name] for env in envs if name in env.names]
        shape = reduce(partial(join, name), map(shape_of, values))
        if len(values) < len(envs) and isinstance(shape, Obj):
            shape = unbound(name)
        self.shapes[name] = shape
        flags = [flag_of(env, name) for env in envs]
        if ctx.tracks(name) and any(flag != flags[0] for flag in flags):
            self.shapes[flag_name(name)] = BOOL
        elif any(flag != TRUE for flag in flags):
            self.flags[flag_name(name)] = flags[0] if all(flag == flags[0] for flag in flags) else PERHAPS

    def leaves_of(self, throw: Op, b: Builder) -> list[Operand]:
        env = variables(throw)
        leaves: list[Operand] = []
        for name, shape in self.shapes.items():
            value = flag_of(env, name[7:-1]) if is_flag(name) else env.names.get(name)
            leaves += flatten_variable(self.ctx, b, env, name, value, shape)
        return leaves

    def land(self, throw: Op, b: Builder, code: Const) -> list[Operand]:
        leaves = self.leaves_of(throw, b)
        return [code, *(leaves[place] for place in self.places)]

    def names(self, leaves: Sequence[Operand]) -> dict[str, Value | Poison]:
        rest = iter(leaves)
        return {**self.flags, **{name: rebuild(shape, rest) for name, shape in self.shapes.items()}}

    def names_after(self, outs: Sequence[Operand]) -> dict[str, Value | Poison]:
        given = dict(zip(self.outs, outs, strict=True))
        return self.names([given.get(leaf, leaf) if isinstance(leaf, Var) else leaf for leaf in self.leaves])


def _leaves_inside(end: Env, live: frozenset[str], inside: set[Var]) -> list[Var]:
    """What the body defines and what follows may read."""
    found: dict[Var, None] = {}

    def look(value: Any) -> None:
        match value:
            case Var():
                if value in inside:
                    found[value] = None
            case Tup() | Seq() | Func():
                for item in value.items:
                    look(item)
            case SliceValue():
                for item in (value.start, value.stop, value.step):
                    look(item)
            case Obj(value=Closure() as closure):
                for item in closure.defaults.values():
                    look(item)

    for name, value in end.names.items():
        if (name[7:-1] if is_flag(name) else name) in live or name.startswith("<"):
            look(value)
    return list(found)


def _moved(value: Any, after: dict[Var, Any], inside: set[Var]) -> Any:
    """The value as it is known after the body; None if it is not needed there."""
    match value:
        case Var():
            return after.get(value, None if value in inside else value)
        case Tup() | Seq() | Func():
            items = [_moved(item, after, inside) for item in value.items]
            return None if None in items else replace(value, items=tuple(items))
        case SliceValue():
            parts = [_moved(part, after, inside) for part in (value.start, value.stop, value.step)]
            return None if None in parts else SliceValue(*parts)
        case Obj(value=Closure() as closure):
            defaults = {name: _moved(item, after, inside) for name, item in closure.defaults.items()}
            return None if None in defaults.values() else Obj(replace(closure, defaults=defaults))
    return value

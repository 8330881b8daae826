"""`try`: what its body may raise leads to the handlers, as plain branches.

The body is lowered in a block of its own with a catcher around it (exceptions.py), and its throws become branches
(escapes.py). What the handlers read is then what it was at the throw, whichever it was; `else` goes on where there was none.
`finally` runs once, with the way the body was left kept beside it, and that way is taken up again after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial, reduce
from typing import Any

import gast

from srcad.ir import BOOL, INT, Atom, Block, Builder, Const, Op, Operand, Undef, Var, const, definitions
from srcad.lower.control import Fork, Outcome, Step, run
from srcad.lower.escapes import Escapes, left_cond, only_fall, throws_of
from srcad.lower.exceptions import Catcher, Error, Raised, raise_error, variables
from srcad.lower.expressions import expr
from srcad.lower.function import Lowering
from srcad.lower.known import FALSE, TRUE
from srcad.lower.merge import Shape, flatten_variable, fresh, join, rebuild, shape_of
from srcad.lower.names import leaves_loop, read_names, walk_scope
from srcad.lower.risks import watched
from srcad.lower.scope import ALIVE, BROKE, GO, RESULT, RETURNED, Closure, Env, Poison, unbound
from srcad.lower.unbound import PERHAPS, flag_name, flag_of, is_flag, set_flag
from srcad.lower.values import Func, Obj, Seq, SliceValue, Tup, Value
from srcad.ops import is_spelt

FLAGS = (ALIVE, GO, BROKE, RETURNED, RESULT)
#: By what the body of a `try` was left, while its `finally` runs.
_RAISED = "<<raised>>"
#: What `finally` is run with.
CLEAN: dict[str, Value] = {ALIVE: TRUE, GO: TRUE, BROKE: FALSE, RETURNED: FALSE}


def try_statement(ctx: Lowering, stmt: Any) -> Outcome:
    return _finally(ctx, stmt) if stmt.finalbody else _except(ctx, stmt)


# --- except -----------------------------------------------------------------------------------------------------------


def _except(ctx: Lowering, stmt: Any) -> Outcome:
    liveness = ctx.frame.liveness
    clauses = tuple(_classes(ctx, handler) for handler in stmt.handlers)
    catcher = Catcher(ctx.frame, liveness.live_in_handlers(stmt), clauses)
    left = _attempt(ctx, catcher, stmt.body, liveness.live_after_body(stmt), [*map(_distinguishes, stmt.handlers)])
    if left.thrown is None:
        left.go_on(ctx)
        return list(stmt.orelse)
    handlers = _handlers(ctx, stmt, left)
    return left.fork(ctx, handlers, list(stmt.orelse), liveness.live_after(stmt))


def _classes(ctx: Lowering, handler: Any) -> tuple[Error, ...]:
    """What an `except` names."""
    if handler.type is None:
        return (BaseException,)
    named = expr(ctx, handler.type)
    with ctx.at(handler.type):
        return error_classes(ctx, named.items if isinstance(named, Tup) else [named])


def error_classes(ctx: Lowering, values: Iterable[Value]) -> tuple[Error, ...]:
    found = [value.value if isinstance(value, Obj) else None for value in values]
    classes = tuple(cls for cls in found if isinstance(cls, type) and issubclass(cls, BaseException))
    if len(classes) < len(found):
        ctx.refuse("exceptions are caught by classes that are known while compiling", "name the class")
    return classes


def _distinguishes(handler: Any) -> bool:
    """Whether it matters to the handler which exception it caught: it may raise it again, or read it."""
    again = any(handler_of(node, handler) for node in walk_scope(handler.body) if isinstance(node, gast.Raise))
    return again or (handler.name is not None and any(handler.name.id in read_names(node) for node in handler.body))


def _exception(errors: Sequence[tuple[int, Raised]]) -> Obj | None:
    """The exception itself, where it is known."""
    (_, raised), *others = errors
    if others or not raised.exact or not is_spelt(raised.error):
        return None
    return Obj(raised.error(raised.message) if raised.message else raised.error())


def handler_of(node: Any, handler: Any) -> bool:
    """Whether the `raise` statement raises again what this handler, around it, caught: `raise`, or `raise e`."""
    if node.exc is None:
        inner = [part for part in walk_scope(handler.body) if isinstance(part, gast.ExceptHandler)]
        return not any(node is part for within in inner for part in walk_scope(within.body))
    return isinstance(node.exc, gast.Name) and handler.name is not None and node.exc.id == handler.name.id


@lru_cache(maxsize=1024)
def handlers_in(node: Any) -> tuple[Any, ...]:
    """The handlers of a function, outer ones first."""
    body = node.body if isinstance(node.body, list) else [node.body]
    return tuple(part for part in walk_scope(body) if isinstance(part, gast.ExceptHandler))


def raise_again(ctx: Lowering, stmt: Any) -> Outcome | None:
    """Raise what the handler around caught; NotImplemented if the statement does not do that."""
    around = [h for h in handlers_in(ctx.frame.node) if any(part is stmt for part in walk_scope(h.body))]
    found = next((h for h in reversed(around) if handler_of(stmt, h)), None)
    if found is None:
        return NotImplemented  # type: ignore[no-any-return]
    return _raise_one(ctx, *ctx.frame.handled[id(found)])


def _raise_one(ctx: Lowering, code: Operand, errors: Sequence[tuple[int, Raised]]) -> Outcome:
    """Raise the exception that the code stands for."""
    (number, raised), *others = errors
    if not others:
        raise_error(ctx, raised.error, raised.message, raised.span, raised.exact)
        ctx.env.dead = True
        return None
    assert isinstance(code, Var)
    cond = ctx.b.op("eq", code, const(number))
    return Fork(
        cond, [partial(_raise_one, ctx, code, errors[:1])], [partial(_raise_one, ctx, code, others)], frozenset()
    )


def _handlers(ctx: Lowering, stmt: Any, left: Left) -> list[Step]:
    """The steps that run the handler which the code stands for."""
    numbers: dict[int, list[tuple[int, Raised]]] = {}
    for number, (clause, raised) in enumerate(left.keys, 1):
        numbers.setdefault(clause, []).append((number, raised))

    def enter(clause: int) -> None:
        handler = stmt.handlers[clause]
        ctx.frame.handled[id(handler)] = left.code, numbers[clause]
        if handler.name is not None:
            name = handler.name.id
            ctx.env.names[name] = _exception(numbers[clause]) or Poison(
                f"the exception '{name}' is used as a value", "decide by several `except` clauses"
            )
            set_flag(ctx.env, name, TRUE)

    def leave(clause: int) -> None:
        if (name := stmt.handlers[clause].name) is not None:
            ctx.env.names.pop(name.id, None)

    def steps(clauses: list[int]) -> list[Step]:
        first, *rest = clauses
        own: list[Step] = [partial(enter, first), *stmt.handlers[first].body, partial(leave, first)]
        if not rest:
            return own
        after = ctx.frame.liveness.live_after(stmt)

        def choose() -> Fork:
            assert isinstance(left.code, Var)
            low, high = numbers[first][0][0], numbers[first][-1][0]
            cond = ctx.b.op("eq" if low == high else "le", left.code, const(high))
            return Fork(cond, own, steps(rest), after)

        return [choose]

    return steps(sorted(numbers))


def suppress(ctx: Lowering, stmt: Any, named: list[Any]) -> Outcome:
    """`with contextlib.suppress(*named)`"""
    classes = error_classes(ctx, [expr(ctx, node) for node in named])
    liveness = ctx.frame.liveness
    catcher = Catcher(ctx.frame, liveness.live_in_handlers(stmt), (classes,))
    left = _attempt(ctx, catcher, stmt.body, liveness.live_after_body(stmt), [False])
    if left.thrown is None:
        left.go_on(ctx)
        return None
    return left.fork(ctx, [], [], liveness.live_after(stmt))


# --- finally ----------------------------------------------------------------------------------------------------------


def _finally(ctx: Lowering, stmt: Any) -> Outcome:
    for kind, word in ((gast.Return, "return"), (gast.Break, "break"), (gast.Continue, "continue")):
        if leaves_loop(stmt.finalbody, kind):
            with ctx.at(next(node for node in walk_scope(stmt.finalbody) if isinstance(node, kind))):
                ctx.refuse(f"`{word}` in `finally` is not supported: it drops exceptions", "write it after the `try`")
    live = ctx.frame.liveness.live_in_finally(stmt)
    raised = _RAISED
    while raised in ctx.env.names:  # that of a `finally` which this one is in
        raised = f"<{raised}>"
    kept = {flag: raised.replace(_RAISED, f"<{flag}>") for flag in FLAGS}
    catcher = Catcher(ctx.frame, live, passing=True, always=_shows(stmt.finalbody))
    body = [partial(_except, ctx, stmt)] if stmt.handlers else stmt.body
    left = _attempt(ctx, catcher, body, live, [True])

    names = left.goes_on[1].names
    names.update({kept[flag]: names[flag] for flag in FLAGS if flag in names} | {**CLEAN, raised: FALSE})
    names.pop(RESULT, None)
    if left.thrown is not None:
        left.thrown[1].names.update({**CLEAN, raised: left.code})

    def restore() -> None:
        names = ctx.env.names
        names.update({flag: names.pop(name) for flag, name in kept.items() if name in names})

    def resume() -> Outcome:
        code = ctx.env.names.pop(raised)
        assert isinstance(code, Atom)
        if code == FALSE:
            return [restore]
        again = partial(_raise_one, ctx, code, [(number, error) for number, (_, error) in enumerate(left.keys, 1)])
        return [again] if isinstance(code, Const) else Fork(left_cond(ctx.b, code), [again], [restore])

    rest: list[Step] = [*stmt.finalbody, resume]
    if left.thrown is None:
        left.go_on(ctx)
        return rest
    return [lambda: left.fork(ctx, [], [], live | {*kept.values(), raised}), *rest]


def _shows(body: list[Any]) -> bool:
    """Whether `finally` does something that shows where the exception is caught by nobody: printing, or raising another."""
    return any(isinstance(node, gast.Call | gast.Raise | gast.Assert) for node in walk_scope(body))


# --- how a body is left -----------------------------------------------------------------------------------------------


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


def _attempt(ctx: Lowering, catcher: Catcher, body: Iterable[Step], live: frozenset[str], exact: list[bool]) -> Left:
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
    landing = _Landing(ctx, throws, {*definitions(block)})
    around = {name: v for name, v in before.names.items() if name.startswith("<") and not is_flag(name)}
    inside = {*definitions(block)}
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

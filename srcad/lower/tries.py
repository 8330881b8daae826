"""`try`: what its body may raise leads to the handlers, as plain branches.

The body is lowered in a block of its own with a catcher around it (exceptions.py, attempts.py), and its throws become
branches (escapes.py). What the handlers read is then what it was at the throw, whichever it was; `else` goes on where there
was none. `finally` runs once, with the way the body was left kept beside it, and that way is taken up again after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache, partial
from typing import Any

import gast

from srcad.ir import Atom, Const, Operand, Var, const
from srcad.lower.attempts import FLAGS, Left, attempt
from srcad.lower.control import Fork, Outcome, Step
from srcad.lower.escapes import left_cond
from srcad.lower.exceptions import Catcher, Error, Raised, raise_error
from srcad.lower.expressions import expr
from srcad.lower.function import Lowering
from srcad.lower.known import FALSE, TRUE
from srcad.lower.names import leaves_loop, read_names, statements, walk_scope
from srcad.lower.scope import ALIVE, BROKE, GO, RESULT, RETURNED, Poison
from srcad.lower.unbound import set_flag
from srcad.lower.values import Obj, Tup, Value
from srcad.ops import is_spelt

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
    left = attempt(ctx, catcher, stmt.body, liveness.live_after_body(stmt), [*map(_distinguishes, stmt.handlers)])
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
    body = statements(node)
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
    left = attempt(ctx, catcher, stmt.body, liveness.live_after_body(stmt), [False])
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
    left = attempt(ctx, catcher, body, live, [True])

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

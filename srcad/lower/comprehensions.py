"""Comprehensions: written out where their items are known, else a loop that fills an array or adds up.

Where not even the number of items is known before, a comprehension is what Python makes of it: a function that appends in loops.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import gast

from srcad.ir import INT, Atom, Builder, Const, For, Scalar, Var
from srcad.lower.carry import check_iterators
from srcad.lower.casts import is_array, stored
from srcad.lower.control import choose
from srcad.lower.function import Lowering
from srcad.lower.iteration import ONE, Iterable, Range, item, iterable, known_items, known_range, length
from srcad.lower.known import ZERO, describe
from srcad.lower.merge import Growing, convert, fresh, join_types, typed
from srcad.lower.names import Names, assigned, changed_inside, target_names
from srcad.lower.operands import operand
from srcad.lower.operators import binary
from srcad.lower.scope import Closure, Env
from srcad.lower.unbound import flag_name
from srcad.lower.values import Obj, Seq, Tup, Value
from srcad.lower.weak import note

#: What makes a list, and what may stand for one as the argument of sum().
COMPREHENSIONS = (gast.ListComp, gast.GeneratorExp)
#: A longer range is a loop although its items are known.
LONGEST = 32


def list_of(ctx: Lowering, node: Any) -> Seq | Tup:
    """The list that a comprehension makes: a Seq, or a buffer with its length (lists.py)."""
    generator = node.generators[0]
    env = ctx.env.copy()
    source = iterable(ctx, generator.iter)
    if not _is_loop(ctx, node, source):
        known = _known(ctx, node, node.generators, source)
        if known is not None:
            return Seq(tuple(known))
    if generator.ifs or node.generators[1:] or _walrus(node):
        return _appended(ctx, node, env)
    count = length(ctx, source)
    index = Var("i", INT, ctx.span)
    note(index)
    with _one_trip(ctx, generator, source, index) as b:
        value = _element(ctx, node.elt)
    if not isinstance(value, Var | Const) or not isinstance(value.type, Scalar):
        return _appended(ctx, node, env)
    dtype = value.type.dtype
    buffer = ctx.b.op("alloc", count, fill="empty", dtype=dtype)
    with ctx.building(b):
        b.effect("store", buffer, index, stored(ctx, value, dtype))
    ctx.b.add(For((), index, ZERO, count, ONE, (), (), b.block(), span=ctx.span))
    return Tup((buffer, count), Growing)


def _appended(ctx: Lowering, node: Any, env: Env) -> Tup:
    """The list that a loop appends the items to, from these variables on."""
    ctx.env = env
    made = _called(ctx, appending(node))
    assert isinstance(made, Tup)
    return made


def pairs_of(ctx: Lowering, node: Any) -> Seq:
    """The keys and values that a dictionary is made of."""
    pair = gast.copy_location(gast.Tuple([node.key, node.value], gast.Load()), node)
    made = gast.copy_location(gast.ListComp(pair, node.generators), node)
    source = iterable(ctx, node.generators[0].iter)
    known = _known(ctx, made, node.generators, source)
    if known is None:
        ctx.refuse("the keys of a dictionary are known only when the program runs", "use arrays")
    return Seq(tuple(known))


def total(ctx: Lowering, node: Any, start: Value = ZERO) -> Value:
    """`sum` of a comprehension."""
    generator = node.generators[0]
    env = ctx.env.copy()
    source = iterable(ctx, generator.iter)
    if not _is_loop(ctx, node, source):
        known = _known(ctx, node, node.generators, source)
        if known is not None:
            return ctx.call(Obj(sum), [Seq(tuple(known)), start], {})
    if node.generators[1:] or _walrus(node):
        ctx.env = env
        return _called(ctx, adding(node), start)
    init = operand(ctx, start, "sum")
    count = length(ctx, source)
    type = typed(init)
    while True:
        index, (before,) = Var("i", INT, ctx.span), fresh("total", type, ctx.span)
        note(index)
        with _one_trip(ctx, generator, source, index) as b:
            after = _added(ctx, node, generator.ifs, before)
        joined = join_types(type, typed(after))
        if joined == type:
            break
        assert joined is not None, "numbers have a common type"
        type = joined
    end = convert(b, after, type)
    (result,) = fresh("total", type, ctx.span)
    ctx.b.add(
        For((result,), index, ZERO, count, ONE, (before,), (convert(ctx.b, init, type),), b.block(end), span=ctx.span)
    )
    return result


def quantified(ctx: Lowering, node: Any, op: str) -> Value:
    """`any` ("or") or `all` ("and") of a comprehension, of which no more is evaluated than decides."""
    env = ctx.env.copy()
    source = iterable(ctx, node.generators[0].iter)
    if not _is_loop(ctx, node, source):
        known = _known(ctx, node, node.generators, source)
        if known is not None:
            return ctx.call(Obj(any if op == "or" else all), [Seq(tuple(known))], {})
    ctx.env = env
    return _called(ctx, deciding(node, op))


@functools.lru_cache(maxsize=1024)
def deciding(node: Any, op: str) -> Any:
    """`def(): for ...: if ...: return True; return False`, or the other way round."""
    test = node.elt if op == "or" else gast.UnaryOp(gast.Not(), node.elt)
    name = unused("decided", node)
    found = gast.If(test, [gast.Return(gast.Constant(op == "or", None))], [])
    return _function(node, [], name, gast.Constant(op != "or", None), found)


@functools.lru_cache(maxsize=1024)
def appending(node: Any) -> Any:
    """`def(): items = []; for ...: if ...: items.append(...); return items`"""
    name = unused("items", node)
    call = gast.Call(gast.Attribute(read(name), "append", gast.Load()), [node.elt], [])
    return _function(node, [], name, gast.List([], gast.Load()), gast.Expr(call))


@functools.lru_cache(maxsize=1024)
def adding(node: Any) -> Any:
    """`def(start): total = start; for ...: if ...: total = total + ...; return total`"""
    name = unused("total", node)
    more = gast.Assign([written(name)], gast.BinOp(read(name), gast.Add(), node.elt), None)
    return _function(node, [unused("start", node)], name, read(unused("start", node)), more)


def _walrus(node: Any) -> Names:
    """What the comprehension assigns by `:=`, in the function around it."""
    return assigned([node.elt, *(test for generator in node.generators for test in generator.ifs)])


def mapped(ctx: Lowering, node: Any) -> Any:
    """`map(f, xs, ys)` over what is not known as the comprehension that it is; None for anything else."""
    from srcad.lower.expressions import expr

    named = isinstance(node, gast.Call) and isinstance(node.func, gast.Name) and node.func.id == "map"
    if not named or len(node.args) < 2 or node.keywords or any(isinstance(arg, gast.Starred) for arg in node.args):
        return None
    function = expr(ctx, node.func)
    if not isinstance(function, Obj) or function.value is not map:
        return None
    return None if are_known(ctx, node.args[1:]) else _generator(node)


def are_known(ctx: Lowering, nodes: Sequence[Any]) -> bool:
    """Whether it is known while lowering what these run over, of which nothing is kept."""
    start, before = len(ctx.b.stmts), ctx.env.copy()
    known = all(known_items(iterable(ctx, node)) is not None for node in nodes)
    del ctx.b.stmts[start:]
    ctx.env = before
    return known


@functools.lru_cache(maxsize=1024)
def _generator(node: Any) -> Any:
    names = [unused(f"item_{k}", node) for k in range(len(node.args) - 1)]
    call = gast.Call(node.args[0], [read(name) for name in names], [])
    target = gast.Tuple([written(name) for name in names], gast.Store())
    source = gast.Call(gast.Constant(zip, None), node.args[1:], [])
    return _located(gast.GeneratorExp(call, [gast.comprehension(target, source, [], 0)]), node)


@functools.lru_cache(maxsize=1024)
def each(node: Any) -> Any:
    """All that an iterator runs through, as a comprehension."""
    name = unused("item", node)
    return _located(gast.ListComp(read(name), [gast.comprehension(written(name), node, [], 0)]), node)


def _located(made: Any, node: Any) -> Any:
    """The new tree, at the place of the node."""
    for inner in gast.walk(made):
        if not hasattr(inner, "lineno"):
            gast.copy_location(inner, node)
    return made


def _function(node: Any, parameters: list[str], name: str, start: Any, step: Any) -> Any:
    """A function that begins with `name = start`, runs the step in the loops of the comprehension, and returns the name."""
    body = step
    for generator in reversed(node.generators):
        for test in reversed(generator.ifs):
            body = gast.If(test, [body], [])
        body = gast.For(generator.target, generator.iter, [body], [], None)
    args = gast.arguments([gast.Name(p, gast.Param(), None, None) for p in parameters], [], None, [], [], None, [])
    outer = [gast.Nonlocal(sorted(_walrus(node)))] if _walrus(node) else []
    stmts = [*outer, gast.Assign([written(name)], start, None), body, gast.Return(read(name))]
    made = gast.FunctionDef("<comprehension>", args, stmts, [], None, None, [])
    for inner in gast.walk(made):
        if not hasattr(inner, "lineno"):
            gast.copy_location(inner, node)
    return made


def read(name: str) -> Any:
    return gast.Name(name, gast.Load(), None, None)


def written(name: str) -> Any:
    return gast.Name(name, gast.Store(), None, None)


def unused(name: str, node: Any) -> str:
    taken = {inner.id for inner in gast.walk(node) if isinstance(inner, gast.Name)}
    while name in taken:
        name += "_"
    return name


def _added(ctx: Lowering, node: Any, tests: list[Any], before: Var) -> Atom:
    """The sum after one more item, if it passes the tests."""
    from srcad.lower.expressions import condition

    if not tests:
        return operand(ctx, binary(ctx, "add", before, _number(ctx, node.elt)))
    test, *rest = tests
    known = condition(ctx, test)
    if isinstance(known, bool):
        return _added(ctx, node, rest, before) if known else before
    return operand(ctx, choose(ctx, known, lambda: _added(ctx, node, rest, before), lambda: before))


def _element(ctx: Lowering, node: Any) -> Value:
    from srcad.lower.expressions import given

    with ctx.at(node):
        value = given(ctx, node, "to a list")
        return operand(ctx, value) if is_array(value) and value.type.ndim == 0 else value  # type: ignore[union-attr]


def _number(ctx: Lowering, node: Any) -> Atom:
    from srcad.lower.expressions import expr

    with ctx.at(node):
        value = operand(ctx, expr(ctx, node), "a comprehension")
        if not isinstance(value.type, Scalar):
            ctx.refuse(f"{describe(value)} in a comprehension over a computed range", "fill an array in a loop instead")
        return value


def _is_loop(ctx: Lowering, node: Any, source: Iterable) -> bool:
    """Whether the comprehension is a loop when it runs; otherwise its items are written out."""
    numbers = known_range(source) if isinstance(source, Range) else None
    long = numbers is not None and len(numbers) > LONGEST and not node.generators[1:]
    return long or known_items(source) is None


def _called(ctx: Lowering, function: Any, *args: Value) -> Value:
    """What the comprehension gives, written as a function."""
    return ctx.call(Obj(Closure(function, ctx.frame, {})), args, {})


@contextmanager
def _one_trip(ctx: Lowering, generator: Any, source: Iterable, index: Var) -> Iterator[Builder]:
    """Lower what happens for one item, in a block of its own."""
    from srcad.lower.statements import bind

    with _own_variables(ctx, target_names(generator.target)), ctx.building(Builder(span=ctx.span)) as b:
        outer, ctx.env = ctx.env, ctx.env.copy()
        bind(ctx, generator.target, item(ctx, source, index))
        yield b
        inner, ctx.env = ctx.env, outer
        check_iterators(ctx, outer, inner)
        if any(inner.names.get(name) is not outer.names.get(name) for name in changed_inside(ctx.frame.node)):
            ctx.refuse("a comprehension calls a function that changes variables around it", "write a loop")


def _known(ctx: Lowering, node: Any, generators: list[Any], source: Iterable) -> list[Value] | None:
    """The items of a comprehension over what is known; None if it turns out that how many there are is not."""
    start, before = len(ctx.b.stmts), ctx.env.copy()
    try:
        return _items(ctx, node, generators, source)
    except _UnknownError:
        del ctx.b.stmts[start:]
        ctx.env = before
        return None


class _UnknownError(Exception):
    pass


def _items(ctx: Lowering, node: Any, generators: list[Any], source: Iterable) -> list[Value]:
    from srcad.lower.expressions import condition, expr
    from srcad.lower.statements import bind

    generator, *inner = generators
    known = known_items(source)
    if known is None:
        raise _UnknownError
    items: list[Value] = []
    frame = ctx.frame
    with _own_variables(ctx, target_names(generator.target)):
        path = frame.path
        for number, value in enumerate(known):
            frame.path = (*path, number)
            bind(ctx, generator.target, value)
            tests = [condition(ctx, test) for test in generator.ifs]
            if not all(isinstance(test, bool) for test in tests):
                raise _UnknownError
            if all(tests) and inner:
                items += _items(ctx, node, inner, iterable(ctx, inner[0].iter))
            elif all(tests):
                items.append(expr(ctx, node.elt))
    return items


@contextmanager
def _own_variables(ctx: Lowering, names: Names) -> Iterator[None]:
    """The variables of a comprehension, which are gone after it."""
    frame, inner, path = ctx.frame, ctx.frame.inner, ctx.frame.path
    names = names | frozenset(map(flag_name, names))
    saved = {name: value for name, value in ctx.env.names.items() if name in names}
    frame.inner = inner | names
    try:
        yield
    finally:
        for name in names:
            frame.env.names.pop(name, None)
        frame.env.names.update(saved)
        frame.inner, frame.path = inner, path

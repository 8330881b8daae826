"""Expressions, and the table of those that srcad refuses."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import gast

from srcad.ir import BOOL, INT, Atom, Const, Op, Var
from srcad.lower import comprehensions, list_methods, lists, records
from srcad.lower.changes import changes
from srcad.lower.control import Narrow, apart, choose, meet, widen
from srcad.lower.delays import check_kept
from srcad.lower.function import Lowering
from srcad.lower.indexing import getitem
from srcad.lower.iteration import iterable, known_items
from srcad.lower.known import FALSE, NONE, TRUE, describe, is_known, lift, python
from srcad.lower.merge import Arm
from srcad.lower.methods import attribute
from srcad.lower.operators import binary, compare, truth, unary
from srcad.lower.scope import VALUE, Closure, Poison, owner
from srcad.lower.values import ITERATOR, OPTIONAL, Func, Obj, Seq, SliceValue, Tup, Value, is_kind

COMPARISONS: Mapping[type, str] = {
    gast.Lt: "lt",
    gast.LtE: "le",
    gast.Gt: "gt",
    gast.GtE: "ge",
    gast.Eq: "eq",
    gast.NotEq: "ne",
    gast.Is: "is",
    gast.IsNot: "isnot",
    gast.In: "in",
    gast.NotIn: "notin",
}
UNARY: Mapping[type, str] = {gast.USub: "neg", gast.UAdd: "pos", gast.Not: "not", gast.Invert: "invert"}

#: What may be computed although Python would not: it neither fails nor has effects.
HARMLESS = frozenset(
    """add sub mul neg abs lt le gt ge eq ne and or not isnan isinf isfinite maximum minimum fmax fmin sign floor ceil
    dim trips length""".split()
)

REFUSED: Mapping[type, tuple[str, str]] = {
    gast.Set: ("sets are not supported", "use a tuple"),
    gast.SetComp: ("sets are not supported", "use a tuple"),
    gast.Await: ("`await` is not supported", "differentiate a plain function"),
    gast.Yield: ("generators are not supported", "fill an array and return it"),
    gast.YieldFrom: ("generators are not supported", "fill an array and return it"),
    gast.Starred: ("a starred expression is not supported here", "write the items out"),
}


def expr(ctx: Lowering, node: Any) -> Value:
    """Lower one expression."""
    with ctx.at(node):
        match node:
            case gast.Constant():
                return Obj(node.value) if node.value is Ellipsis else lift(ctx, node.value)
            case gast.Name():
                if (iterator := used_up(ctx, node)) is not None:
                    return whole(ctx, iterator.items[0])
                value = ctx.read(node.id)
                if lists.holds_list(value):
                    ctx.refuse(f"the growing list '{node.id}' is used as a whole", lists.REMEDY)
                if lists.is_changeable(value) and (scope := owner(ctx.frame, node.id)) and changes(scope, node.id):
                    ctx.refuse(
                        f"the dictionary '{node.id}' is changed, and is known by another name too", "copy it: dict(...)"
                    )
                return value
            case gast.BinOp():
                return whole(ctx, _bin_op(ctx, node))
            case gast.UnaryOp():
                return unary(ctx, UNARY[type(node.op)], expr(ctx, node.operand))
            case gast.Compare():
                return _compare(ctx, node)
            case gast.BoolOp():
                return _bool_op(ctx, node)
            case gast.IfExp():
                return _if_exp(ctx, node)
            case gast.Call():
                return whole(ctx, _call(ctx, node))
            case gast.Attribute():
                return attribute(ctx, whole(ctx, listing(ctx, node.value)), node.attr)
            case gast.Subscript():
                return whole(ctx, _subscript(ctx, node))
            case gast.Tuple():
                return Tup(_displayed(ctx, node.elts))
            case gast.List():
                return Seq(_displayed(ctx, node.elts))
            case gast.Dict():
                return _dictionary(ctx, node)
            case gast.DictComp():
                return records.made(ctx, [comprehensions.pairs_of(ctx, node)], {})
            case gast.ListComp() | gast.GeneratorExp():
                return whole(ctx, comprehensions.list_of(ctx, node))
            case gast.Lambda():
                from srcad.lower.statements import defaults_of

                return Obj(Closure(node, ctx.frame, defaults_of(ctx, node)))
            case gast.NamedExpr():
                value = expr(ctx, node.value)
                ctx.define(node.target.id, value)
                return value
            case gast.JoinedStr():
                return _formatted(ctx, node)
        reason, remedy = REFUSED.get(
            type(node), (f"`{type(node).__name__}` expressions are not supported", "write it with simpler ones")
        )
        return ctx.refuse(reason, remedy)


def _subscript(ctx: Lowering, node: Any) -> Value:
    value, index = listing(ctx, node.value), index_of(ctx, node.slice)
    return lists.item(ctx, value, index) if lists.is_growing(value) else getitem(ctx, value, index)


def _dictionary(ctx: Lowering, node: Any) -> Value:
    pairs: dict[Any, Value] = {}
    for key, value in zip(node.keys, node.values, strict=True):
        if key is None:
            pairs |= records.opened(ctx, listing(ctx, value))
            continue
        with ctx.at(key):
            wanted = records.key_of(ctx, expr(ctx, key))
        pairs[wanted] = expr(ctx, value)
    return records.record(pairs)


def sequence(ctx: Lowering, node: Any) -> Value:
    """An expression where a growing list may stand for its items."""
    with ctx.at(node):
        value = listing(ctx, node)
        if lists.is_growing(value) and not lists.is_plain(value):
            ctx.refuse("a list of tuples or lists is used as a whole", lists.REMEDY)
        return lists.contents(ctx, value) if lists.is_growing(value) else value


def is_iterator(ctx: Lowering, node: Any) -> bool:
    """Whether the expression makes an iterator, which gives its items once."""
    if isinstance(node, gast.GeneratorExp):
        return True
    if not isinstance(node, gast.Call) or not isinstance(node.func, gast.Name) or node.func.id not in ITERATORS:
        return False
    function = expr(ctx, node.func)
    return isinstance(function, Obj) and function.value is getattr(builtins, node.func.id)


#: Python's own functions that make iterators.
ITERATORS = frozenset({"zip", "map", "enumerate", "reversed", "filter"})


def used_up(ctx: Lowering, node: Any) -> Func | None:
    """The iterator in the variable that the node names, if there is one: it has none from here on."""
    scope = owner(ctx.frame, node.id) if isinstance(node, gast.Name) else None
    value = scope.env.names.get(node.id) if scope else None
    if scope is None or not is_kind(value, ITERATOR):
        return None
    scope.env.names[node.id] = Poison(
        f"the iterator '{node.id}' is used up when it was run through once", "make it a list: list(...)"
    )
    return value


def kept(ctx: Lowering, node: Any, value: Value) -> Value:
    """The value of the node for a variable."""
    if not is_iterator(ctx, node):
        return value
    check_kept(ctx, node)
    return Func(ITERATOR, (value,))


def _displayed(ctx: Lowering, nodes: list[Any]) -> tuple[Value, ...]:
    for node in nodes:
        if is_iterator(ctx, node):
            with ctx.at(node):
                ctx.refuse("an iterator is kept, which is used up when it is run through", "make it a list: list(...)")
    return elements(ctx, nodes)


def given(ctx: Lowering, node: Any, to: str) -> Value:
    """An expression that gives away the list which it names."""
    with ctx.at(node):
        if isinstance(node, gast.Name) and lists.is_changeable(ctx.env.names.get(node.id)):
            return lists.moved(ctx, node.id, to)
        if isinstance(node, gast.Name) or (isinstance(node, gast.Subscript) and not isinstance(node.slice, gast.Slice)):
            return expr(ctx, node)
        return held(ctx, node)


def _call(ctx: Lowering, node: Any) -> Value:
    from srcad.lower.call_expressions import call_expression

    return call_expression(ctx, node)


def listing(ctx: Lowering, node: Any) -> Value:
    """The same, run through if it is an iterator."""
    value = held(ctx, node)
    return value.items[0] if is_kind(value, ITERATOR) else value


def held(ctx: Lowering, node: Any) -> Value:
    """An expression that may make, or be, a list of a length that is not known."""
    if isinstance(node, comprehensions.COMPREHENSIONS):
        with ctx.at(node):
            return comprehensions.list_of(ctx, node)
    if (iterator := used_up(ctx, node)) is not None:
        return iterator.items[0]
    if (growing := changeable_in(ctx, node)) is not None:
        return growing
    made_by = {gast.BinOp: _bin_op, gast.Call: _call, gast.Subscript: _subscript}.get(type(node), expr)
    with ctx.at(node):
        return made_by(ctx, node)


def whole(ctx: Lowering, made: Value) -> Value:
    made = made.items[0] if is_kind(made, ITERATOR) else made
    if lists.is_growing(made):
        ctx.refuse("this list is of a length that is known only when the program runs", lists.REMEDY)
    return made


def _bin_op(ctx: Lowering, node: Any) -> Value:
    from srcad.lower.statements import OPERATORS

    lower = listing if isinstance(node.op, gast.Add) else expr
    left = lower(ctx, node.left)
    right = lower(ctx, node.right)
    if lists.is_growing(left) or lists.is_growing(right):
        return _joined(ctx, left, right)
    if isinstance(node.op, gast.Mult):
        for items, times in ((left, right), (right, left)):
            if isinstance(items, Seq) and isinstance(times, Var) and times.type == INT:
                return lists.repeated(ctx, items, times)
    return binary(ctx, OPERATORS[type(node.op)], left, right)


def _joined(ctx: Lowering, left: Value, right: Value) -> Value:
    """`left + right`, where one of them is a list of a length that is not known."""
    if isinstance(left, Seq):
        left = lists.growing(ctx, left)
    if not lists.is_growing(left) or not (lists.is_growing(right) or isinstance(right, Seq)):
        ctx.type_error(f"unsupported operands of +: {describe(left)} and {describe(right)}")
    copied = lists.listed(ctx, left)
    assert isinstance(copied, Tup)
    return list_methods.extended(ctx, copied, right)


def changeable_in(ctx: Lowering, node: Any) -> Value | None:
    """The list or dictionary in the variable that the node names, or what holds one, if it does."""
    scope = owner(ctx.frame, node.id) if isinstance(node, gast.Name) else None
    value = scope.env.names.get(node.id) if scope else None
    if isinstance(value, Poison) or not lists.is_changeable(value):
        return None
    ctx.read(node.id)
    return value


def record_in(ctx: Lowering, node: Any) -> str | None:
    """The variable of this function that the node names, if a dictionary is in it."""
    return node.id if isinstance(node, gast.Name) and records.is_record(ctx.env.names.get(node.id)) else None


def condition(ctx: Lowering, node: Any) -> bool | Atom:
    """The truth of an expression: a bool if it is known while lowering."""
    with ctx.at(node):
        match node:
            case gast.BoolOp():
                return truth(ctx, _bool_op(ctx, node, only_truth=True))
            case gast.UnaryOp(op=gast.Not()):
                known = condition(ctx, node.operand)
                return (not known) if isinstance(known, bool) else ctx.b.op("not", known)
        if lists.is_growing(growing := changeable_in(ctx, node)):
            return truth(ctx, lists.length(growing))
        return truth(ctx, expr(ctx, node))


def index_of(ctx: Lowering, node: Any) -> Value:
    match node:
        case gast.Slice():
            with ctx.at(node):
                parts = (NONE if part is None else expr(ctx, part) for part in (node.lower, node.upper, node.step))
                return SliceValue(*parts)
        case gast.Tuple():
            return Tup(tuple(index_of(ctx, item) for item in node.elts))
    return expr(ctx, node)


def elements(ctx: Lowering, nodes: list[Any], operand: Callable[[Lowering, Any], Value] = expr) -> tuple[Value, ...]:
    """The items of a tuple, list or call, starred ones spread."""
    items: list[Value] = []
    for node in nodes:
        if isinstance(node, gast.Starred):
            source = known_items(iterable(ctx, node.value))
            if source is None:
                with ctx.at(node):
                    ctx.refuse("how many values the star stands for is not known while compiling", "write them out")
            items += source
        else:
            items.append(operand(ctx, node))
    return tuple(items)


def _formatted(ctx: Lowering, node: Any) -> Value:
    text = ""
    for part in node.values:
        if isinstance(part, gast.Constant):
            text += part.value
            continue
        value = expr(ctx, part.value)
        if not is_known(value) or part.format_spec is not None or part.conversion != -1:
            with ctx.at(part.value):
                ctx.refuse("an f-string of computed values is not supported", "pass them to print() one by one")
        text += format(python(value))
    return Obj(text)


# --- conditions -------------------------------------------------------------------------------------------------------


def _if_exp(ctx: Lowering, node: Any) -> Value:
    cond = condition(ctx, node.test)
    if isinstance(cond, bool):
        return expr(ctx, node.body if cond else node.orelse)
    then, orelse = narrowed(ctx, node.test)
    return choose(
        ctx,
        cond,
        partial(_among, ctx, then, partial(expr, ctx, node.body)),
        partial(_among, ctx, orelse, partial(expr, ctx, node.orelse)),
    )


def narrowed(ctx: Lowering, test: Any) -> Narrow:
    """The variables that may be None, but are not where this condition is true, and where it is false."""
    match test:
        case gast.Compare(left=gast.Name() as name, ops=[gast.Is() | gast.IsNot() | gast.Eq() | gast.NotEq() as op]):
            value = ctx.env.names.get(name.id)
            other = test.comparators[0]
            if is_kind(value, OPTIONAL) and isinstance(other, gast.Constant) and other.value is None:
                found = {name.id: value.items[1]}
                return ({}, found) if isinstance(op, gast.Is | gast.Eq) else (found, {})
        case gast.Name():
            value = ctx.env.names.get(test.id)
            return ({test.id: value.items[1]}, {}) if is_kind(value, OPTIONAL) else ({}, {})
        case gast.UnaryOp(op=gast.Not()):
            return narrowed(ctx, test.operand)[::-1]
        case gast.BoolOp():
            which = 0 if isinstance(test.op, gast.And) else 1
            both = {name: value for part in test.values for name, value in narrowed(ctx, part)[which].items()}
            return (both, {}) if which == 0 else ({}, both)
    return {}, {}


def _among(ctx: Lowering, narrow: Mapping[str, Value], value: Callable[[], Value]) -> Value:
    """What an operand gives where these variables are not None."""
    before = ctx.env.copy()
    ctx.env.names.update(narrow)
    result = value()
    widen(ctx.env, narrow, before)
    return result


def _bool_op(ctx: Lowering, node: Any, only_truth: bool = False) -> Value:
    """`a and b and c`: each operand is evaluated if the ones before it leave the answer open."""
    op = "and" if isinstance(node.op, gast.And) else "or"

    def chain(operands: list[Any]) -> Value:
        first, *rest = operands
        if not rest:
            return known_truth(first) if only_truth else expr(ctx, first)
        narrow = narrowed(ctx, first)[op == "or"]
        value = known_truth(first) if only_truth else expr(ctx, first)
        return short_circuit(ctx, op, value, lambda: _among(ctx, narrow, lambda: chain(rest)))

    def known_truth(operand: Any) -> Value:
        known = condition(ctx, operand)
        return (TRUE if known else FALSE) if isinstance(known, bool) else known

    return chain(node.values)


def short_circuit(ctx: Lowering, op: str, left: Value, right: Callable[[], Value]) -> Value:
    """`left op right()`. One op where the right operand is harmless, else a branch."""
    known = truth(ctx, left)
    if isinstance(known, bool):
        return right() if known == (op == "and") else left
    arm = apart(ctx, right)
    value = arm.env.names.get(VALUE)
    flags = all(isinstance(v, Var | Const) and v.type == BOOL for v in (left, value))
    harmless = all(isinstance(stmt, Op) and stmt.name in HARMLESS for stmt in arm.b.stmts)
    if flags and harmless and not arm.env.dead and _unchanged(ctx, arm):
        assert isinstance(value, Var | Const)
        if isinstance(value, Const):
            return left if value.value == (op == "and") else value
        ctx.b.stmts += arm.b.stmts
        return ctx.b.op(op, known, value)
    skipped = apart(ctx, lambda: left)
    return meet(ctx, known, arm, skipped) if op == "and" else meet(ctx, known, skipped, arm)


def _unchanged(ctx: Lowering, arm: Arm) -> bool:
    """Whether the operand assigned no variable."""
    before = ctx.env.names
    return all(name == VALUE or value is before.get(name) for name, value in arm.env.names.items())


def _compare(ctx: Lowering, node: Any) -> Value:
    """`a < b < c` is `a < b and b < c`, with b evaluated once."""

    def chain(left: Value, links: list[tuple[Any, Any]]) -> Value:
        (op, operand), *rest = links
        right = sequence(ctx, operand) if isinstance(op, gast.In | gast.NotIn) else expr(ctx, operand)
        result = compare(ctx, COMPARISONS[type(op)], left, right)
        return short_circuit(ctx, "and", result, lambda: chain(right, rest)) if rest else result

    return chain(expr(ctx, node.left), list(zip(node.ops, node.comparators, strict=True)))

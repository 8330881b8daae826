"""Pieces of syntax trees, and the liberties that may be taken with them.

Names in these trees are not chosen yet: `Name.id` is a Var for a local, a Const for a global constant, a Trace for a function
of the module, a Param, a class, or a string for what the module imports or Python has built in ("np", "range"). `srcad.naming`
and `srcad.emit` turn all of them into names that do not clash.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from functools import cache
from typing import Any

from srcad.ir import BOOL, Const, Scalar, Var

LOAD, STORE = ast.Load(), ast.Store()


def name(id: Any) -> ast.Name:
    return ast.Name(id=id, ctx=LOAD)


def target(var: Any) -> ast.Name:
    return ast.Name(id=var, ctx=STORE)


@cache
def _template(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def phrase(text: str, *args: ast.expr) -> ast.expr:
    """The expression that the text spells, with `args` for its names `_0`, `_1`, ..."""

    def fill(node: Any) -> Any:
        if isinstance(node, list):
            return [fill(item) for item in node]
        if not isinstance(node, ast.AST) or isinstance(node, ast.expr_context | ast.operator | ast.unaryop | ast.cmpop):
            return node
        if isinstance(node, ast.Name) and node.id[0] == "_" and node.id[1:].isdigit():
            return args[int(node.id[1:])]
        return type(node)(**{field: fill(value) for field, value in ast.iter_fields(node)})

    result: ast.expr = fill(_template(text))
    return result


def call(function: str, *args: ast.expr, **keywords: ast.expr) -> ast.expr:
    return ast.Call(phrase(function), list(args), [ast.keyword(key, value) for key, value in keywords.items()])


def tuple_of(items: Sequence[ast.expr]) -> ast.expr:
    return ast.Tuple(list(items), LOAD)


def one_or_tuple(items: Sequence[ast.expr]) -> ast.expr:
    return items[0] if len(items) == 1 else tuple_of(items)


def is_number(node: ast.expr, value: int) -> bool:
    return isinstance(node, ast.Constant) and node.value == value


# --- sums ---


def both(left: ast.expr, right: ast.expr) -> ast.expr:
    """`left and right`; `a < b and b < c` is written `a < b < c`."""
    match left, right:
        case (
            ast.Compare(comparators=[ast.Name() as last]),
            ast.Compare(left=ast.Name() as first),
        ) if last.id is first.id:
            return ast.Compare(left.left, [*left.ops, *right.ops], [last, *right.comparators])
    return ast.BoolOp(ast.And(), [left, right])


def total(left: ast.expr, right: ast.expr, minus: bool) -> ast.expr:
    """`left + right` or `left - right`; `a + -b * c` is written `a - b * c`, which is the same number."""
    opposite = unsigned(right)
    if opposite is not None:
        right, minus = opposite, not minus
    return ast.BinOp(left, ast.Sub() if minus else ast.Add(), right)


def unsigned(node: ast.expr) -> ast.expr | None:
    """The expression without its leading minus, or None if it has none."""
    match node:
        case ast.UnaryOp(op=ast.USub()):
            return node.operand
        case ast.Constant(value=int() | float() as value) if repr(value).startswith("-"):
            return ast.Constant(-value)
        case ast.BinOp(left=left, op=ast.Mult() | ast.Div() as op, right=right):
            inner = unsigned(left)
            return None if inner is None else ast.BinOp(inner, op, right)
    return None


# --- conditions ---


_OPPOSITE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.GtE, ast.GtE: ast.Lt, ast.Gt: ast.LtE, ast.LtE: ast.Gt,
}  # fmt: skip


def negate(test: ast.expr) -> ast.expr:
    """The opposite of a condition. Floats have no opposite of `<`: both `a < b` and `a >= b` are false of a nan."""
    match test:
        case ast.UnaryOp(op=ast.Not()):
            return test.operand
        case ast.Constant(value=bool()):
            return ast.Constant(not test.value)
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            if isinstance(op, ast.Eq | ast.NotEq) or (is_int(left) and is_int(right)):
                return ast.Compare(left, [_OPPOSITE[type(op)]()], [right])
    return ast.UnaryOp(ast.Not(), test)


def is_int(node: ast.expr) -> bool:
    """Whether the expression is certainly an integer."""
    match node:
        case ast.Name(id=Var() | Const() as operand):
            return isinstance(operand.type, Scalar) and "int" in operand.type.dtype
        case ast.Constant():
            return isinstance(node.value, int)
        case ast.BinOp(op=ast.Add() | ast.Sub() | ast.Mult() | ast.Mod() | ast.FloorDiv()):
            return is_int(node.left) and is_int(node.right)
        case ast.Attribute(attr="size") | ast.Call(func=ast.Name(id="len")):
            return True
    return False


def choice(test: ast.expr, then: ast.expr, orelse: ast.expr, result: Var) -> ast.expr:
    if result.type == BOOL and isinstance(orelse, ast.Constant) and orelse.value is False:
        return both(test, then)
    if result.type == BOOL and isinstance(then, ast.Constant) and then.value is True:
        return ast.BoolOp(ast.Or(), [test, orelse])
    return ast.IfExp(test, then, orelse)


def leaves_block(stmts: Sequence[ast.stmt]) -> bool:
    return bool(stmts) and isinstance(stmts[-1], ast.Break | ast.Return | ast.Raise)

"""The notation of the rule book: one line of mathematics a rule, parsed once and never executed.

    rule("y = sin(x)", "y_dot = cos(x) * x_dot", "x_bar = cos(x) * y_bar", at=REALS)

The first text is the op with names for its arguments; the others give the derivative in forward mode and the contribution to
each argument's adjoint. They may read the arguments, the result `y` and the incoming derivatives, in Python's operators and
calls of the ops of `srcad.ops`. In the first text a number stands for that very literal and an upper-case name for any
literal, so that `x**2` and `x**N` have rules of their own; a name that stands twice stands for one value in both places. The
first rule of an op that matches is the one that is used. `at` are the points at which the test that walks the book tries it.

A zero is structural: what is multiplied by the derivative of a constant is never generated.
"""

from __future__ import annotations

import ast
import math
import operator
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from srcad.errors import UnsupportedError
from srcad.ir import Atom, Builder, Const, Op, Scalar, const
from srcad.ops import ELEMENTWISE

#: What an expression of the notation comes to; None is a zero that is known while the code is generated.
Value = Atom | None

_BINARY: Mapping[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "div",
    ast.Pow: "pow",
}
_COMPARE: Mapping[type[ast.cmpop], str] = {
    ast.Lt: "lt",
    ast.LtE: "le",
    ast.Gt: "gt",
    ast.GtE: "ge",
    ast.Eq: "eq",
    ast.NotEq: "ne",
}


_FOLDED: Mapping[str, Callable[..., int | float]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "neg": operator.neg,
    "log": math.log,
    "lgamma": math.lgamma,
}


@dataclass(frozen=True)
class Rule:
    """A parsed rule. `params` are the names (or the literals) that the op's arguments have in it."""

    op: str
    params: tuple[str | int | float, ...]
    forward: ast.expr
    reverse: Mapping[str, ast.expr]
    text: str
    points: Sequence[Any]  #: where it is tested: for each of the other params a number, or a tuple of them
    unknown: Mapping[
        str, float
    ]  #: the params for which no derivative is known, and at which value they are held in tests
    source: str  #: the file and line

    def bind(self, op: Op) -> dict[str, Value] | None:
        """The arguments by name, or None where the rule is not for such arguments."""
        env: dict[str, Value] = {"y": op.result}
        for param, arg in zip(self.params, op.args, strict=True):
            if isinstance(param, str):
                if (param.isupper() and not isinstance(arg, Const)) or env.setdefault(param, arg) is not arg:
                    return None
            elif not isinstance(arg, Const) or arg.value != param:
                return None
        return env


BOOK: dict[str, list[Rule]] = {}


def rule(
    pattern: str, forward: str, *reverse: str, at: Sequence[Any], unknown: Mapping[str, float] = {}, depth: int = 1
) -> None:
    """Add a rule to the book, with the points `at` which it is tested. `unknown` names the arguments for which it knows no
    derivative: they must be constants, and are these in tests. `depth` counts the calls from where the rule stands."""
    target, call = _equation(pattern)
    assert target == "y" and isinstance(call, ast.Call) and isinstance(call.func, ast.Name), pattern
    name = call.func.id
    params = tuple(ast.literal_eval(arg) if not isinstance(arg, ast.Name) else arg.id for arg in call.args)
    assert ELEMENTWISE[name].arity == len(params), pattern
    left, pushforward = _equation(forward)
    assert left == "y_dot", forward
    bars = dict(map(_equation, reverse))
    known = {"y", *(p for p in params if isinstance(p, str))}
    _check(pushforward, known | {f"{p}_dot" for p in params})
    for left, expr in bars.items():
        assert left.removesuffix("_bar") in params, left
        _check(expr, known | {"y_bar"})
    text = "; ".join((pattern, forward, *reverse))
    caller = sys._getframe(depth)
    source = f"transforms/rules/{os.path.basename(caller.f_code.co_filename)}:{caller.f_lineno}"
    BOOK.setdefault(name, []).append(Rule(name, params, pushforward, bars, text, at, unknown, source))


def _equation(text: str) -> tuple[str, ast.expr]:
    (statement,) = ast.parse(text).body
    assert isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name), text
    return statement.targets[0].id, statement.value


def _check(expr: ast.expr, names: set[str]) -> None:
    """Catch misprints at import, not in the first derivative that meets them."""
    calls = {node.func for node in ast.walk(expr) if isinstance(node, ast.Call)}
    for node in ast.walk(expr):
        if isinstance(node, ast.Name):
            known = ELEMENTWISE if node in calls else names
            assert node.id in known, f"{node.id} is unknown in {ast.unparse(expr)}"


def find(op: Op) -> tuple[Rule, dict[str, Value]]:
    """The rule for the op, with its arguments by name."""
    for candidate in BOOK[op.name]:
        env = candidate.bind(op)
        if env is not None:
            return candidate, env
    raise AssertionError(f"no rule of {op.name} matches {op.args}")


def evaluate(b: Builder, expr: ast.expr, env: Mapping[str, Value]) -> Value:
    """Append the ops that compute an expression of the notation."""

    def value(node: ast.expr) -> Value:
        return evaluate(b, node, env)

    def number(node: ast.expr) -> Atom:
        found = value(node)
        return const(0.0) if found is None else found

    def argument(node: ast.expr) -> Atom:
        return const(node.value) if isinstance(node, ast.Constant) else number(node)  # type: ignore[arg-type]

    def op(name: str, *args: Atom) -> Atom:
        return folded(name, args) or b.op(name, *args)

    match expr:
        case ast.Name(id=name):
            return env[name]
        case ast.Constant(value=int() | float() | complex() as literal):
            return const(literal) if literal else None
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            inner = value(operand)
            return None if inner is None else op("neg", inner)
        case ast.BinOp(left=left, op=operator, right=right):
            return _arithmetic(op, _BINARY[type(operator)], value(left), value(right))
        case ast.Compare(left=left, ops=[operator], comparators=[right]):
            return op(_COMPARE[type(operator)], argument(left), argument(right))
        case ast.BoolOp(op=junction, values=[left, right]):
            return op("and" if isinstance(junction, ast.And) else "or", number(left), number(right))
        case ast.Call(func=ast.Name(id="where"), args=[cond, then, orelse]):
            if value_is_zero(then, env) and value_is_zero(orelse, env):
                return None
            return op("where", number(cond), number(then), number(orelse))
        case ast.Call(func=ast.Name(id=name), args=args):
            return op(name, *map(argument, args))
    raise AssertionError(f"not in the notation: {ast.unparse(expr)}")


def value_is_zero(expr: ast.expr, env: Mapping[str, Value]) -> bool:
    """Whether an expression is a structural zero, found without generating anything."""
    scratch = Builder()
    return evaluate(scratch, expr, env) is None


def _arithmetic(op: OpMaker, name: str, left: Value, right: Value) -> Value:
    """Arithmetic with structural zeros."""
    if left is not None and right is not None:
        return op(name, left, right)
    match name:
        case "add":
            return right if left is None else left
        case "sub":
            return op("neg", right) if right is not None else left
        case "mul":
            return None
        case "div":
            assert right is not None, "division by zero in a rule"
            return None
    raise AssertionError(f"{name} of a zero in a rule")


def check_known(rule: Rule, op: Op, wanted: Sequence[bool]) -> None:
    """Refuse a derivative for an argument of which the rule says that it is unknown."""
    for param, want in zip(rule.params, wanted, strict=True):
        if want and param in rule.unknown:
            raise UnsupportedError(
                f"the derivative of {op.name} for its argument '{param}' is not known to srcad",
                op.span,
                "hold it constant with srcad.stop_gradient, or give the function a rule with srcad.custom_jvp",
            )


class OpMaker(Protocol):
    def __call__(self, name: str, *args: Atom) -> Atom: ...


def folded(name: str, args: Sequence[Atom]) -> Const | None:
    """The number that literals come to: the `N - 1` of `N * x**(N - 1)`, log(2.0). It adapts to float32 as they do."""
    literals = [arg for arg in args if isinstance(arg, Const) and isinstance(arg.type, Scalar) and arg.weak]
    if len(literals) != len(args) or name not in _FOLDED:
        return None
    try:
        return const(_FOLDED[name](*(arg.value for arg in literals)))
    except (ArithmeticError, ValueError, TypeError):  # infinities, NaN, complex logarithms: found when it runs
        return None

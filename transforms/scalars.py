"""Arithmetic on numbers as a thread of a GPU knows it: the functions of `math`, comparisons, and what is made of these.

NumPy's functions of one number, which compiled code has on the CPU, a kernel does not have; and its `max` and `min` lose a NaN.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

import numpy as np

from srcad.checked_math import OVERFLOWS, POLES
from srcad.errors import UnsupportedError
from srcad.ir import (
    Atom,
    Block,
    Builder,
    Const,
    If,
    Op,
    Operand,
    Scalar,
    Trace,
    Var,
    blocks_of,
    const,
    replace,
    rewrite,
    subst,
    with_blocks,
)
from srcad.ops import ELEMENTWISE, MATH
from srcad.spelling import RAISING, raises

#: What is written the same way for the CPU.
_SAME = frozenset(
    """add sub mul div neg mod floordiv pow lt le gt ge eq ne and or not bitand bitor bitxor lshift rshift invert abs where cast
    erf erfc gamma lgamma""".split()
)


def scalars(trace: Trace) -> Trace:
    """The trace in terms of such arithmetic."""
    return replace(trace, body=_block(trace.body, {}))


def _block(block: Block, env: dict[Var, Operand]) -> Block:
    b = Builder()
    for old in block.stmts:
        stmt = rewrite(old, env)
        b.span = stmt.span
        if isinstance(stmt, Op) and stmt.attr("vector"):
            stmt = replace(stmt, attrs=())  # a thread has one number at a time
        if isinstance(stmt, Op) and stmt.name == "cast" and stmt.attr("dtype") == "bool":
            env[stmt.result] = _named(b.op("ne", stmt.args[0], _number(stmt.args[0], 0)), b, stmt)
        elif isinstance(stmt, Op) and raises(stmt):
            _checked(b, stmt)
        elif not isinstance(stmt, Op) or stmt.name not in ELEMENTWISE or stmt.name in _SAME:
            b.add(with_blocks(stmt, [_block(inner, env) for inner in blocks_of(stmt)]))
        elif stmt.name in MATH:
            b.add(replace(stmt, name=f"math_{stmt.name}"))
        elif stmt.name in _RULES:
            env[stmt.result] = _named(_RULES[stmt.name](b, *stmt.args), b, stmt)
        else:
            raise UnsupportedError(
                f"{ELEMENTWISE[stmt.name].text.partition('(')[0]} is not for the threads of a GPU",
                stmt.span,
                'batched(target="cpu") runs it in parallel on the CPU',
            )
    return b.block(*(subst(env, operand) for operand in block.yields))


def _checked(b: Builder, op: Op) -> None:
    """A function of math's that raises in Python, and what it raises: see `srcad.checked_math`."""
    name, x, y = RAISING[op.name], op.args[0], op.result
    infinite = _number(x, math.inf)

    def fail(wrong: Atom, exc: str) -> None:
        branch = Builder(span=op.span)
        branch.effect("raise", exc=exc, message=f"math {'range' if exc == 'OverflowError' else 'domain'} error")
        b.add(If((), wrong, branch.block(), Block(), op.span))

    if name == "fmod":
        fail(b.op("or", b.op("eq", op.args[1], _number(x, 0)), b.op("eq", b.op("abs", x), infinite)), "ValueError")
    if name == "pow":
        b.add(replace(op, attrs=()))
        finite = [b.op("lt", b.op("abs", v), _number(v, math.inf)) for v in op.args if _is_float(v)]
        given = functools.reduce(lambda p, q: b.op("and", p, q), finite)
        over = b.op("and", b.op("eq", b.op("abs", y), infinite), given)
        pole = b.op("and", over, b.op("eq", x, _number(x, 0)))
        fail(b.op("or", b.op("and", b.op("ne", y, y), given), pole), "ValueError")
        fail(over, "OverflowError")
        return
    b.add(replace(op, name=op.name if op.name in _SAME else f"math_{op.name}", attrs=()))
    if name == "fmod":
        return
    fail(b.op("and", b.op("ne", y, y), b.op("eq", x, x)), "ValueError")
    over = b.op("and", b.op("eq", b.op("abs", y), infinite), b.op("lt", b.op("abs", x), infinite))
    if name in POLES:
        fail(b.op("and", over, b.op("le", x, _number(x, 0))), "ValueError")
    fail(over, "OverflowError" if name in OVERFLOWS else "ValueError")


def _named(value: Atom, b: Builder, op: Op) -> Atom:
    """The value, under the name that the op's result had."""
    last = b.stmts[-1] if b.stmts else None
    if isinstance(last, Op) and last.results == (value,):
        b.stmts[-1] = replace(last, results=op.results)
        return op.result
    return value


def _number(like: Atom, value: float) -> Const:
    """A literal of the dtype of another number."""
    assert isinstance(like.type, Scalar)
    integer = np.dtype(like.type.dtype).kind in "iub"
    return Const(int(value) if integer else value, like.type, weak=like.type.dtype in ("float64", "int64"))


def _is_float(x: Atom) -> bool:
    return isinstance(x.type, Scalar) and x.type.dtype.startswith("float")


def _larger(b: Builder, x: Atom, y: Atom, test: str) -> Atom:
    """x where x > y or x is NaN, else y."""
    better = b.op(test, x, y)
    if _is_float(x):
        better = b.op("or", better, b.op("ne", x, x))
    return b.op("where", better, x, y)


def _known(b: Builder, x: Atom, y: Atom, test: str) -> Atom:
    """x where x > y or y is NaN, else y."""
    better = b.op(test, x, y)
    if _is_float(y):
        better = b.op("or", better, b.op("ne", y, y))
    return b.op("where", better, x, y)


def _sign(b: Builder, x: Atom) -> Atom:
    one, zero = _number(x, 1), _number(x, 0)
    below = b.op("where", b.op("lt", x, zero), _number(x, -1), x)
    return b.op("where", b.op("gt", x, zero), one, below)


def _rint(b: Builder, x: Atom) -> Atom:
    """To the nearest whole number, of two the even one."""
    low = b.op("math_floor", x)
    rest = b.op("sub", x, low)
    odd = b.op("ne", b.op("mod", low, _number(low, 2)), _number(low, 0))
    half = _number(rest, 0.5)
    up = b.op("or", b.op("gt", rest, half), b.op("and", b.op("eq", rest, half), odd))
    return b.op("where", up, b.op("add", low, _number(low, 1)), low)


def _trunc(b: Builder, x: Atom) -> Atom:
    return b.op("where", b.op("lt", x, _number(x, 0)), b.op("math_ceil", x), b.op("math_floor", x))


def _cbrt(b: Builder, x: Atom) -> Atom:
    """By a power, and one step of Newton's method for the last digits: y - (y - x / y**2) / 3."""
    y = b.op("math_copysign", b.op("pow", b.op("abs", x), _number(x, 1 / 3)), x)
    error = b.op("div", b.op("sub", y, b.op("div", x, b.op("mul", y, y))), _number(y, 3))
    usable = b.op("and", b.op("ne", y, _number(y, 0)), b.op("math_isfinite", y))
    return b.op("where", usable, b.op("sub", y, error), y)


def _logaddexp(b: Builder, x: Atom, y: Atom) -> Atom:
    """max + log1p(exp(-|x - y|)); where both are the same infinity, that."""
    high, gap = _larger(b, x, y, "gt"), b.op("abs", b.op("sub", x, y))
    rest = b.op("math_log1p", b.op("math_exp", b.op("neg", gap)))
    same = b.op("and", b.op("eq", x, y), b.op("math_isinf", x))
    return b.op("where", same, x, b.op("add", high, rest))


def _logaddexp2(b: Builder, x: Atom, y: Atom) -> Atom:
    scale = _number(x if _is_float(x) else y, float(np.log(2.0)))
    return b.op("div", _logaddexp(b, b.op("mul", x, scale), b.op("mul", y, scale)), scale)


_RULES: dict[str, Callable[..., Atom]] = {
    "maximum": lambda b, x, y: _larger(b, x, y, "gt"),
    "minimum": lambda b, x, y: _larger(b, x, y, "lt"),
    "fmax": lambda b, x, y: _known(b, x, y, "gt"),
    "fmin": lambda b, x, y: _known(b, x, y, "lt"),
    "sign": _sign,
    "rint": _rint,
    "trunc": _trunc,
    "cbrt": _cbrt,
    "exp2": lambda b, x: b.op("pow", _number(x if _is_float(x) else const(1.0), 2.0), x),
    "deg2rad": lambda b, x: b.op("mul", x, _number(x if _is_float(x) else const(1.0), float(np.pi / 180))),
    "rad2deg": lambda b, x: b.op("mul", x, _number(x if _is_float(x) else const(1.0), float(180 / np.pi))),
    "logaddexp": _logaddexp,
    "logaddexp2": _logaddexp2,
    "checked_add": lambda b, x, y: _in_range(b, b.op("add", x, y), lambda r: b.op(
        "lt", b.op("bitand", b.op("bitxor", x, r), b.op("bitxor", y, r)), const(0))),
    "checked_sub": lambda b, x, y: _in_range(b, b.op("sub", x, y), lambda r: b.op(
        "lt", b.op("bitand", b.op("bitxor", x, y), b.op("bitxor", x, r)), const(0))),
    "checked_mul": lambda b, x, y: _in_range(b, b.op("mul", x, y), lambda r: b.op("gt", b.op("abs", b.op(
        "mul", b.op("cast", x, dtype="float64"), b.op("cast", y, dtype="float64"))), const(9.2e18))),
    "checked_floordiv": lambda b, x, y: _divided(b, "floordiv", x, y),
    "checked_mod": lambda b, x, y: _divided(b, "mod", x, y),
    "to_int": lambda b, x: _whole(b, x),
}  # fmt: skip


def _raise(b: Builder, wrong: Atom, exc: str, message: str) -> None:
    branch = Builder(span=b.span)
    branch.effect("raise", exc=exc, message=message)
    b.add(If((), wrong, branch.block(), Block(), b.span))


def _in_range(b: Builder, result: Var, is_wrong: Callable[[Var], Atom]) -> Atom:
    _raise(b, is_wrong(result), "OverflowError", "an integer does not fit into the 64 bits that a thread has for it")
    return result


def _divided(b: Builder, name: str, x: Atom, y: Atom) -> Atom:
    _raise(b, b.op("eq", y, const(0)), "ZeroDivisionError", "integer division or modulo by zero")
    return b.op(name, x, y)


def _whole(b: Builder, x: Atom) -> Atom:
    wrong = b.op("not", b.op("lt", b.op("abs", x), const(9223372036854775808.0)))
    _raise(b, wrong, "OverflowError", "a float does not fit into the 64 bits that a thread has for an integer")
    return b.op("cast", x, dtype="int64")

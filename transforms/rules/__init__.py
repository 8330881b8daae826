"""The rule book: the derivative of every op that has one.

Two functions read it. `pushforward` gives the derivative of an op's result from those of its arguments; `pullback` gives what
an op's adjoint contributes to its arguments' adjoints. Both append ordinary ops, so that what they make can be differentiated
again. Memory ops (load, store, view, ...) are the business of the transforms themselves.

The adjoint z_bar of a complex value is JAX's: a change dz changes the result by Re(z_bar dz), without a conjugate. So the
rules of holomorphic functions hold for complex numbers as they stand, and what is real takes the real part of what comes.
"""

from __future__ import annotations

from collections.abc import Sequence

from srcad.ir import Array, Atom, Builder, Const, Op, Scalar, Type, is_float, replace
from srcad.transforms.rules import (
    arithmetic,
    choice,
    complex_numbers,
    decompositions,
    elementary,
    factorizations,
    fourier,
    linalg,
    matrix_functions,
    random,
    reductions,
    special,
)
from srcad.transforms.rules.language import BOOK, check_known, evaluate, find
from srcad.transforms.rules.structural import SEVERAL, STRUCTURAL

__all__ = [
    "arithmetic",
    "choice",
    "complex_numbers",
    "decompositions",
    "elementary",
    "factorizations",
    "fourier",
    "has_rule",
    "in_dtype",
    "is_constant",
    "linalg",
    "matrix_functions",
    "pullback",
    "pushforward",
    "random",
    "reductions",
    "special",
]

#: Ops whose derivative is zero wherever it exists.
CONSTANT = frozenset(
    """lt le gt ge eq ne and or not bitand bitor bitxor lshift rshift invert floordiv floor ceil trunc rint sign isnan isinf
    isfinite exceeds argmax argmin argsort any all is_invertible is_positive_definite multiplicity ends factor
    dim trips broadcast_dim spans length stop_gradient checked_add checked_sub checked_mul checked_pow checked_lshift
    checked_floordiv checked_mod to_int""".split()
)


def has_rule(name: str) -> bool:
    """Whether the op has a rule in the book."""
    return name in BOOK or name in STRUCTURAL or name in SEVERAL


def is_constant(name: str) -> bool:
    """Whether the op's derivative is zero, so that it needs no rule."""
    return name in CONSTANT


def pushforward(b: Builder, op: Op, dots: Sequence[Atom | None]) -> list[Atom | None]:
    """The derivatives of the op's results, from its arguments' (None is zero)."""
    if not any(is_float(y.type) for y in op.results) or all(dot is None for dot in dots):
        return [None] * len(op.results)
    if op.name in SEVERAL:
        y_dots = SEVERAL[op.name].pushforward(b, op, dots)
        return [None if dot is None else _as(b, dot, y.type) for dot, y in zip(y_dots, op.results, strict=True)]
    if op.name in STRUCTURAL:
        y_dot = STRUCTURAL[op.name].pushforward(b, op, dots)
    else:
        rule, env = find(op)
        check_known(rule, op, [dot is not None for dot in dots])
        env |= {f"{param}_dot": dot for param, dot in zip(rule.params, dots, strict=True)}
        y_dot = evaluate(b, rule.forward, env)
    if y_dot is None:
        return [None]
    return [_named(b, _as(b, y_dot, op.result.type), f"{op.result.hint}_dot" if op.result.hint else "")]


def pullback(b: Builder, op: Op, y_bars: Sequence[Atom | None], wanted: Sequence[bool]) -> list[Atom | None]:
    """What the op contributes to its arguments' adjoints; None where that is zero or not wanted. One of its results at least
    has an adjoint.

    A contribution may be a `y_bar` itself or a view of it, and for a reduction it may have fewer elements than the argument and
    broadcast to its shape: it belongs to nobody, and is to be accumulated, not kept.
    """
    wanted = [want and is_float(arg.type) for want, arg in zip(wanted, op.args, strict=True)]
    if op.name in SEVERAL:
        bars = SEVERAL[op.name].pullback(b, op, y_bars, wanted)
        return [None if bar is None else _as(b, bar, arg.type) for bar, arg in zip(bars, op.args, strict=True)]
    (y_bar,) = y_bars
    assert y_bar is not None
    if op.name in STRUCTURAL:
        bars = STRUCTURAL[op.name].pullback(b, op, y_bar, wanted)
        return [None if bar is None else _as(b, bar, arg.type) for bar, arg in zip(bars, op.args, strict=True)]
    rule, env = find(op)
    check_known(rule, op, wanted)
    env["y_bar"] = y_bar
    contributions: list[Atom | None] = []
    for place, (param, arg, want) in enumerate(zip(rule.params, op.args, wanted, strict=True)):
        first = param not in rule.params[:place]
        expr = rule.reverse.get(f"{param}_bar") if first else None
        bar = evaluate(b, expr, env) if want and expr is not None else None
        contributions.append(None if bar is None else _as(b, bar, arg.type))
    return contributions


def _named(b: Builder, value: Atom, hint: str) -> Atom:
    """The value under a name, if the last op has just made it."""
    match b.stmts[-1:]:
        case [Op(results=(last,)) as op] if last is value and not last.hint:
            value = last.like(hint)
            b.stmts[-1] = replace(op, results=(value,))
    return value


def _as(b: Builder, value: Atom, type: Type) -> Atom:
    """The value with the dtype of what it is the derivative of: no float64 leaks into float32."""
    assert isinstance(type, Scalar | Array) and isinstance(value.type, Scalar | Array)
    if isinstance(value, Const) and value.weak and not (value.type.dtype.startswith("complex") and is_real(type)):
        return value
    return in_dtype(b, value, type.dtype)


def in_dtype(b: Builder, value: Atom, dtype: str) -> Atom:
    """The value with the dtype; of a complex adjoint, what is real takes the real part."""
    assert isinstance(value.type, Scalar | Array)
    if value.type.dtype.startswith("complex") and not dtype.startswith("complex"):
        value = b.op("real", value)
    return value if value.type.dtype == dtype else b.op("cast", value, dtype=dtype)  # type: ignore[union-attr]


def is_real(type: Scalar | Array) -> bool:
    return not type.dtype.startswith("complex")

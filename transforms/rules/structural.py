"""What the rules of whole-array functions share. They are written in Python, since their mathematics is about shapes."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from srcad.ir import INT, Array, Atom, Block, Builder, Const, If, Op, const


@dataclass(frozen=True)
class Case:
    """Arguments to test the rule of an op at: a kind for each ("mn" is a matrix; see tests/test_rules.py), and its attributes."""

    kinds: str
    attrs: Mapping[str, Any] = field(default_factory=dict)


def cases(*kinds: str, **attrs: Any) -> tuple[Case, ...]:
    """Cases of these arguments, and of attributes that they share."""
    return tuple(Case(text, attrs) for text in kinds)


Pushforward = Callable[[Builder, Op, Sequence[Atom | None]], Atom | None]
Pullback = Callable[[Builder, Op, Atom, Sequence[bool]], list[Atom | None]]

#: A slice bound that is left out.
OMITTED = Const(None, INT)


@dataclass(frozen=True)
class Structural:
    """`at` is where it is tested, `doc` its mathematics, `source` the file and line."""

    pushforward: Pushforward
    pullback: Pullback
    at: Sequence[Case]
    doc: str
    source: str


STRUCTURAL: dict[str, Structural] = {}


@dataclass(frozen=True)
class Several:
    """The rules of an op with several results: with a derivative for each of them, None where that is zero."""

    pushforward: Callable[[Builder, Op, Sequence[Atom | None]], list[Atom | None]]
    pullback: Callable[[Builder, Op, Sequence[Atom | None], Sequence[bool]], list[Atom | None]]
    at: Sequence[Case]
    doc: str
    source: str


SEVERAL: dict[str, Several] = {}


def structural(*names: str, at: Sequence[Case]) -> Callable[[type[Any]], type[Any]]:
    """Enter a class with the static methods `pushforward` and `pullback` in the book, with the cases at which it is tested."""
    source = _source()

    def enter(rules: type[Any]) -> type[Any]:
        for name in names:
            STRUCTURAL[name] = Structural(rules.pushforward, rules.pullback, at, rules.__doc__ or "", source)
        return rules

    return enter


def several(name: str, at: Sequence[Case]) -> Callable[[type[Any]], type[Any]]:
    """Enter the rules of an op with several results in the book."""
    source = _source()

    def enter(rules: type[Any]) -> type[Any]:
        SEVERAL[name] = Several(rules.pushforward, rules.pullback, at, rules.__doc__ or "", source)
        return rules

    return enter


def _source() -> str:
    """Where the rule stands that is being entered."""
    caller = sys._getframe(2)
    return f"transforms/rules/{os.path.basename(caller.f_code.co_filename)}:{caller.f_lineno}"


def array_type(value: Atom) -> Array:
    assert isinstance(value.type, Array)
    return value.type


def newaxis(b: Builder, a: Atom, axes: Sequence[int]) -> Atom:
    """A view of `a` with axes of length 1 where `axes` says, counted in the result."""
    if not axes:
        return a
    rank = array_type(a).ndim + len(axes)
    spec = "".join("n" if axis in axes else "s" for axis in range(rank)).rstrip("s")
    return b.op("view", a, *[OMITTED] * (3 * spec.count("s")), spec=spec)


def transposed(b: Builder, a: Atom) -> Atom:
    return b.op("transpose", a, axes=tuple(reversed(range(array_type(a).ndim))))


def outer(b: Builder, u: Atom, v: Atom) -> Atom:
    """The matrix of the products u[i] * v[j]."""
    return b.op("mul", newaxis(b, u, (1,)), newaxis(b, v, (0,)))


def total(b: Builder, terms: Sequence[Atom | None]) -> Atom | None:
    """The sum of the terms that are not zero."""
    left = [term for term in terms if term is not None]
    result = left[0] if left else None
    for term in left[1:]:
        assert result is not None
        result = b.op("add", result, term)
    return result


# --- matrices -----------------------------------------------------------------------------------------------------------


def product(b: Builder, first: Atom, *others: Atom) -> Atom:
    for other in others:
        first = b.op("dot", first, other)
    return first


def conj(b: Builder, a: Atom) -> Atom:
    return b.op("conj", a) if array_type(a).dtype.startswith("complex") else a


def plus_adjoint(b: Builder, a: Atom) -> Atom:
    """A + A^H."""
    return b.op("add", a, conj(b, transposed(b, a)))


def minus_transpose(b: Builder, a: Atom) -> Atom:
    return b.op("sub", a, transposed(b, a))


def half(b: Builder, a: Atom) -> Atom:
    return b.op("mul", const(0.5), a)


def summed(b: Builder, a: Atom, axis: int) -> Atom:
    return b.op("sum", a, axis=(axis,), keepdims=False)


def refuse_if(b: Builder, op: Op, wrong: Atom, message: str) -> None:
    """ValueError when the program runs and `wrong` is true."""
    raising = Builder(span=op.span)
    raising.effect("raise", exc=ValueError, message=message)
    b.add(If((), wrong, raising.block(), Block(), op.span))

"""`match` on simple values, as the chain of `if` that it stands for.

Literals, `|`, captures, `_`, guards and sequences of a fixed length; what else there is stays a `match`, which is refused.
"""

from __future__ import annotations

import copy
import functools
from typing import Any

import gast

from srcad.ir import const
from srcad.lower.registry import lowers
from srcad.lower.values import Context, Seq, Tup, Value


@functools.lru_cache(maxsize=1024)
def without_match(node: Any) -> Any:
    """The function with its match statements written as if statements; itself if it has none."""
    if not any(isinstance(inner, gast.Match) for inner in gast.walk(node)):
        return node
    tree = copy.deepcopy(node)
    return _Chains({inner.id for inner in gast.walk(tree) if isinstance(inner, gast.Name)}).visit(tree)


class _Chains(gast.NodeTransformer):  # type: ignore[misc]
    def __init__(self, names: set[str]) -> None:
        self.names = names

    def visit_Match(self, node: Any) -> Any:  # noqa: N802
        self.generic_visit(node)
        name, count = "subject", 1
        while name in self.names:
            count += 1
            name = f"subject_{count}"
        self.names.add(name)
        try:
            return _chain(node, name)
        except _NotSimpleError:
            return node


class _NotSimpleError(Exception):
    pass


def _chain(node: Any, name: str) -> list[Any]:
    """`subject = ...`, and the cases as if, elif, else."""

    def subject(place: Any) -> Any:
        return gast.copy_location(gast.Name(name, gast.Load(), None, None), place)

    made = gast.copy_location(
        gast.Assign([gast.Name(name, gast.Store(), None, None)], node.subject, None), node.subject
    )
    gast.copy_location(made.targets[0], node.subject)
    rest: list[Any] = []
    for case in reversed(node.cases):
        tests, names = _pattern(case.pattern, subject(case.pattern))
        body = case.body
        if case.guard is None:
            body = [*(_located(gast.Assign([_stored(n, p)], v, None), p) for n, v, p in names), *body]
        else:
            tests += [_bound(n, v, p) for n, v, p in names] + [case.guard]
        if not tests:
            rest = body
            continue
        test = tests[0] if len(tests) == 1 else _located(gast.BoolOp(gast.And(), tests), case.pattern)
        rest = [_located(gast.If(test, body, rest), case.pattern)]
    return [made, *rest]


Captures = list[tuple[str, Any, Any]]


def _pattern(pattern: Any, subject: Any) -> tuple[list[Any], Captures]:
    """The conditions under which the pattern matches, in order, and what it binds."""
    match pattern:
        case gast.MatchValue():
            return [_located(gast.Compare(subject, [gast.Eq()], [pattern.value]), pattern)], []
        case gast.MatchSingleton():
            value = _located(gast.Constant(pattern.value, None), pattern)
            return [_located(gast.Compare(subject, [gast.Is()], [value]), pattern)], []
        case gast.MatchAs():
            tests, names = ([], []) if pattern.pattern is None else _pattern(pattern.pattern, subject)
            return tests, names if pattern.name is None else [*names, (pattern.name, subject, pattern)]
        case gast.MatchOr():
            ways = [_pattern(way, subject) for way in pattern.patterns]
            if any(names for _, names in ways) or not all(tests for tests, _ in ways):
                raise _NotSimpleError
            either = [
                tests[0] if len(tests) == 1 else _located(gast.BoolOp(gast.And(), tests), pattern) for tests, _ in ways
            ]
            return [_located(gast.BoolOp(gast.Or(), either), pattern)], []
        case gast.MatchSequence():
            count = _located(gast.Constant(len(pattern.patterns), None), pattern)
            function = _located(gast.Constant(is_sequence_of, None), pattern)
            tests, names = [_located(gast.Call(function, [subject, count], []), pattern)], []
            for k, inner in enumerate(pattern.patterns):
                index = _located(gast.Constant(k, None), inner)
                more, bound = _pattern(inner, _located(gast.Subscript(subject, index, gast.Load()), inner))
                tests, names = tests + more, names + bound
            return tests, names
    raise _NotSimpleError


def _located(node: Any, place: Any) -> Any:
    return gast.copy_location(node, place)


def _stored(name: str, place: Any) -> Any:
    return _located(gast.Name(name, gast.Store(), None, None), place)


def _bound(name: str, value: Any, place: Any) -> Any:
    """A condition that is true and binds the name: `(name := value, True)[1]`."""
    pair = [_located(gast.NamedExpr(_stored(name, place), value), place), _located(gast.Constant(True, None), place)]
    second = _located(gast.Constant(1, None), place)
    return _located(gast.Subscript(_located(gast.Tuple(pair, gast.Load()), place), second, gast.Load()), place)


def is_sequence_of(subject: Any, count: int) -> bool:
    """Whether a sequence pattern with that many items may match: arrays are no sequences to Python."""
    return isinstance(subject, tuple | list) and len(subject) == count


@lowers(is_sequence_of)
def _is_sequence_of(ctx: Context, subject: Value, count: Value) -> Value:
    return const(isinstance(subject, Tup | Seq) and const(len(subject.items)) == count)

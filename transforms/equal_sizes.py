"""Sizes that meet are taken to be equal.

`X @ w - y` broadcasts if y has one element, and a derivative that allows for that at run time has to expand arrays and to sum
their adjoints back, in every line. Hardly any program means it. So where axes of unknown sizes meet in an elementwise op or a
product, and they are sizes of arguments, the trace begins with a check that they are equal, and `transforms.shapes` may rely on
it. Code for which the check fails is generated once more without the assumption (`Derivative.broadcasts`).

    check_sizes(X.shape[0], y.size)
"""

from __future__ import annotations

from itertools import pairwise

from srcad.ir import INT, Array, Atom, Block, Const, Op, Stmt, Trace, Var, blocks_of, const, replace, walk, with_blocks
from srcad.ops import ELEMENTWISE
from srcad.transforms.shapes import Shapes
from srcad.transforms.symbolic import Affine, Dim, Unknown


def equal_sizes(trace: Trace) -> Trace:
    """The trace with checks that sizes of its arguments are equal, or differ by a known number, where they meet."""
    while checks := _checks(trace):  # what is known now may tell more
        body = Block((*checks, *trace.body.stmts), trace.body.yields)
        comments = tuple((at + len(checks), text) for at, text in trace.comments)
        trace = replace(trace, body=body, comments=comments)
    return trace


def checks_first(trace: Trace) -> Trace:
    """The trace with each check of its arguments once, before all else: also before seeds are looked at."""
    inputs = set(trace.inputs)
    first: dict[object, Op] = {}

    def without(block: Block) -> Block:
        stmts: list[Stmt] = []
        for stmt in block.stmts:
            if isinstance(stmt, Op) and is_check(stmt) and all(isinstance(a, Const) or a in inputs for a in stmt.args):
                first.setdefault((stmt.args, stmt.attrs), stmt)
            else:
                stmts.append(with_blocks(stmt, map(without, blocks_of(stmt))))
        return Block(tuple(stmts), block.yields)

    if not is_checked(trace):
        return trace
    body = without(trace.body)
    comments = tuple((at + len(first), text) for at, text in trace.comments)
    return replace(trace, body=replace(body, stmts=(*first.values(), *body.stmts)), comments=comments)


def is_checked(trace: Trace) -> bool:
    """Whether the trace relies on sizes of its arguments."""
    return any(map(is_check, walk(trace.body)))


def is_check(stmt: Stmt) -> bool:
    return isinstance(stmt, Op) and stmt.name == "check_sizes"


def _checks(trace: Trace) -> list[Op]:
    finder = _Finder(trace)
    for one, other in _Meetings(trace).found:
        finder.relate(one, other)
    return finder.checks


class _Meetings(Shapes):
    """The sizes that meet on an axis, two by two; in a loop, those of its first iteration too, whatever comes of them later."""

    def __init__(self, trace: Trace) -> None:
        self.found: dict[tuple[Affine, Affine], None] = {}
        super().__init__(trace)

    def op(self, op: Op) -> None:
        super().op(op)
        if op.name in ELEMENTWISE or op.name in ("assign", "accumulate"):
            sizes = [self.of(a)[::-1] for a in op.args if isinstance(a.type, Array)]
            for axis in range(max(map(len, sizes), default=0)):
                self._meet([part for size in sizes if axis < len(size) for part in size[axis].parts])
        elif op.name == "dot":
            left, right = map(self.of, op.args)
            self._meet([*left[-1].parts, *right[-2 if len(right) > 1 else 0].parts])
        elif op.name == "broadcast_dim":
            self._meet(list(map(self.value, op.args)))

    def _meet(self, parts: list[Affine]) -> None:
        self.found.update(dict.fromkeys(pair for pair in pairwise(parts) if pair[0] != pair[1]))


class _Finder:
    def __init__(self, trace: Trace) -> None:
        self.order = {v: k for k, v in enumerate(trace.inputs)}
        self.known: dict[Unknown, Affine] = {}
        self.checks: list[Op] = []

    def relate(self, one: Affine, other: Affine) -> None:
        """Let the difference be 0, if it is that of two sizes of arguments and a number, or of one and a number."""
        gap = self.now(one).plus(self.now(other), -1)
        if not 1 <= len(gap.terms) <= 2 or not all(abs(c) == 1 and self.is_argument(u) for u, c in gap.terms):
            return
        (late, sign), *rest = sorted(gap.terms, key=lambda term: self.place(term[0]), reverse=True)
        if rest and rest[0][1] == sign:
            return
        e = Affine(0, ((late, 1),)).plus(gap, -sign)
        if not rest and e.constant < 0:
            return
        self.known = {u: _substituted(k, late, e) for u, k in self.known.items()} | {late: e}
        (a, axis), (b, other_axis) = _argument(late), _argument(rest[0][0]) if rest else (const(0), None)
        attrs = (("axes", (axis, other_axis)), ("more", e.constant))
        self.checks.append(Op((), "check_sizes", (a, b), attrs))

    def now(self, e: Affine) -> Affine:
        for u, known in self.known.items():
            e = _substituted(e, u, known)
        return e

    def is_argument(self, u: Unknown) -> bool:
        var = u.array if isinstance(u, Dim) else u
        return isinstance(var, Var) and var in self.order and (isinstance(u, Dim) or var.type == INT)

    def place(self, u: Unknown) -> tuple[int, int]:
        var, axis = _argument(u)
        return self.order[var], axis or 0  # type: ignore[index]


def _argument(u: Unknown) -> tuple[Atom, int | None]:
    if isinstance(u, Dim):
        return u.array, u.axis
    assert isinstance(u, Var)
    return u, None


def _substituted(e: Affine, u: Unknown, value: Affine) -> Affine:
    factor = dict(e.terms).get(u, 0)
    return e.plus(Affine(0, ((u, 1),)), -factor).plus(value, factor) if factor else e

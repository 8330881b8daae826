"""Elementwise array code becomes explicit loops, fused: no temporaries, one nest for all that runs over the same axes.

It runs before the derivative is taken, so that elementwise rules are rules about scalars and loops are all there is; and after,
on the array ops that the rules of whole-array functions bring in.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from srcad.ir import (
    Array,
    Atom,
    Block,
    Const,
    Op,
    Stmt,
    Trace,
    Var,
    binds,
    blocks_of,
    operands,
    replace,
    rewrite,
    subst,
    uses,
    with_blocks,
)  # fmt: skip
from srcad.transforms.cluster import Node, cluster
from srcad.transforms.decompose import decompose
from srcad.transforms.loopnest import Member, Nest
from srcad.transforms.places import Places
from srcad.transforms.prepare import Preparation, becomes_loop, is_elementwise, mentions
from srcad.transforms.scope import Scope
from srcad.transforms.shapes import Shapes
from srcad.transforms.symbolic import ONE, Sizes


def fuse(trace: Trace, final: bool = False) -> Trace:
    """The trace with loops in place of elementwise array ops, `assign`, `accumulate`, and `sum`, `mean` and `prod`.

    `final` says that no derivative will be taken of the result: then `max` and `min` over axes become loops, too.
    """
    trace = replace(trace, body=decompose(trace.body, final), functions=tuple(fuse(f, final) for f in trace.functions))
    fusion = _Fusion(trace, final)
    scope = Scope(fusion.shapes)
    scope.define(*trace.inputs)
    body = fusion.block(trace.body, scope, trace.comments)
    return replace(trace, body=body, comments=fusion.comments)


@dataclass(eq=False)
class _Uses:
    """Who reads a Var in a block: ops that read it element by element, and others."""

    elementwise: list[Stmt] = field(default_factory=list)
    others: bool = False


class _Fusion:
    def __init__(self, trace: Trace, final: bool) -> None:
        self.final = final
        self.shapes = Shapes(trace)
        self.places = Places(trace, self.shapes)
        self.preparation = Preparation(self.shapes, self.places, final)
        self.env = self.preparation.sizes
        self.comments: tuple[tuple[int, str], ...] = ()

    # --- a block -------------------------------------------------------------------------------------------------------------

    def block(self, block: Block, scope: Scope, comments: tuple[tuple[int, str], ...] = ()) -> Block:
        stmts, origin = self.preparation.block(block.stmts)
        readers = self._readers(stmts, block)
        members = self._members(stmts, readers)
        if not members:
            nodes = [Node([k], stmt) for k, stmt in enumerate(stmts)]
        else:
            before = {m: m.space for m in members.values()}
            held: set[Member] = set()
            while True:
                self._widen(stmts, members, readers, held)
                nodes = cluster(stmts, members, self.places)
                torn = self._torn(nodes, before, readers)
                if not torn:
                    break
                held.update(torn)
                for member, space in before.items():
                    member.space = space
            if early := self._early(nodes, readers):
                nodes = cluster(stmts, members, self.places, early)
        ends = [self._emit(node, scope, readers) for node in nodes]
        if comments:
            self._place_comments(comments, [(origin[node.last], end) for node, end in zip(nodes, ends, strict=True)])
        return scope.builder.block(*(subst(self.env, y) for y in block.yields))

    def _place_comments(self, comments: tuple[tuple[int, str], ...], ends: list[tuple[int, int]]) -> None:
        """A comment stands after all that is wholly before it."""
        self.comments = tuple(
            (max((end for last, end in ends if last < position), default=0), text) for position, text in comments
        )

    # --- members -------------------------------------------------------------------------------------------------------------

    def _readers(self, stmts: list[Stmt], block: Block) -> dict[Var, _Uses]:
        readers: dict[Var, _Uses] = {}

        def other(var: Var) -> None:
            readers.setdefault(var, _Uses()).others = True

        for stmt in stmts:
            if isinstance(stmt, Op) and (becomes_loop(stmt, self.final) or stmt.name == "copy"):
                values = stmt.args
                if stmt.name in ("assign", "accumulate"):
                    assert isinstance(stmt.args[0], Var)
                    other(stmt.args[0])
                    values = stmt.args[1:]
                for a in values:
                    if isinstance(a, Var):
                        readers.setdefault(a, _Uses()).elementwise.append(stmt)
            else:
                for operand in operands(stmt):
                    if isinstance(operand, Var):
                        other(operand)
            for inner in blocks_of(stmt):
                for var in uses(inner):
                    other(var)
        for operand in block.yields:
            if isinstance(operand, Var):
                other(operand)
        return readers

    def _members(self, stmts: list[Stmt], readers: dict[Var, _Uses]) -> dict[Stmt, Member]:
        """What becomes loops. A copy does if only loops read it."""
        members: dict[Stmt, Member] = {}
        for stmt in reversed(stmts):
            if not isinstance(stmt, Op):
                continue
            if stmt.name == "copy":
                use = readers.get(stmt.result, _Uses(others=True))
                if use.others or not all(reader in members for reader in use.elementwise):
                    continue
            elif not becomes_loop(stmt, self.final):
                continue
            mapped = stmt.name == "copy" or is_elementwise(stmt)
            members[stmt] = Member(stmt, self.shapes.of(stmt.result if mapped else stmt.args[0]))
        return members

    def _widen(
        self, stmts: list[Stmt], members: dict[Stmt, Member], readers: dict[Var, _Uses], held: Collection[Member]
    ) -> None:
        """A value that only loops over other sizes read is computed at their sizes: at run time they are most likely the same.
        Those `held` stay as they are."""
        for stmt in reversed(stmts):
            member = members.get(stmt)
            if member is None or not stmt.results or member.reduces or member in held:
                continue
            use = readers.get(stmt.results[0], _Uses(others=True))
            spaces = {members[reader].space if reader in members else () for reader in use.elementwise}
            if use.others or len(spaces) != 1:
                continue
            (space,) = spaces
            if len(space) == len(member.space) and all(
                (a == ONE) == (b == ONE) for a, b in zip(space, member.space, strict=True)
            ):
                member.space = space

    def _torn(self, nodes: list[Node], before: Mapping[Member, Sizes], readers: dict[Var, _Uses]) -> list[Member]:
        """The values that were widened for a loop that they could not join after all."""
        found: list[Member] = []
        for node in nodes:
            here = {m.op for m in node.members}
            for m in node.members:
                if m.space != before[m] and not all(reader in here for reader in readers[m.op.result].elementwise):
                    found.append(m)
        return found

    def _early(self, nodes: list[Node], readers: dict[Var, _Uses]) -> list[Member]:
        """Values that would be kept in arrays, since they are computed in one loop and read in another, with nothing to do with
        the first: they can start the other."""
        at: dict[Stmt, Node] = {m.op: node for node in nodes for m in node.members}
        found: list[Member] = []
        for node in nodes:
            for m in node.members[1:]:
                if m.reduces or m.target is not None or any(a in node.made for a in m.values):
                    continue
                use = readers.get(m.op.result, _Uses(others=True))
                elsewhere = {at.get(reader) for reader in use.elementwise}
                if not use.others and len(elsewhere) == 1 and elsewhere.isdisjoint((node, None)):
                    found.append(m)
        return found

    # --- emission ------------------------------------------------------------------------------------------------------------

    def _emit(self, node: Node, scope: Scope, readers: dict[Var, _Uses]) -> int:
        """Append what the node stands for, and give how many statements there are then."""
        match node.stmt, node.members:
            case None, [Member(op=Op(name="copy") as op)]:
                self._append(op, scope)
            case None, [Member(op=Op(name="assign", args=(Var() as target, Var() as value)) as op)] if self._copies(
                target, value, scope.builder.stmts
            ):
                self._append(Op((target,), "copy", (value,), (), op.span), scope)
            case None, members:
                here = {m.op for m in members}
                kept = {var for m in members for var in m.op.results if not _only_in(readers.get(var), here)}
                self.env.update(Nest(members, kept, scope, self.places, self._read).emit())
            case stmt, _:
                assert stmt is not None
                self._append(stmt, scope)
        return len(scope.builder.stmts)

    def _copies(self, target: Var, value: Var, stmts: list[Stmt]) -> bool:
        """Whether memory that was just made is filled with what another array holds. If so, take its making back."""
        if value is target or not isinstance(value.type, Array):
            return False
        if target.type != Array(value.type.dtype, value.type.ndim):
            return False
        made = next((s for s in stmts if isinstance(s, Op) and s.name == "alloc" and target in s.results), None)
        if made is None or self.shapes.of(target) != self.shapes.of(value):
            return False
        if any(target in mentions(s) for s in stmts):
            return False
        stmts.remove(made)
        return True

    def _append(self, stmt: Stmt, scope: Scope) -> None:
        def inner(block: Block) -> Block:
            inside = scope.inner()
            inside.define(*binds(stmt))
            return self.block(block, inside)

        new = with_blocks(rewrite(stmt, self.env), [inner(block) for block in blocks_of(stmt)])
        scope.builder.add(new)
        if isinstance(new, Op):
            scope.note(new)
        else:
            scope.define(*new.results)

    def _read(self, atom: Atom) -> Atom:
        found = subst(self.env, atom)
        assert isinstance(found, Var | Const)
        return found


def _only_in(use: _Uses | None, here: set[Op]) -> bool:
    return use is None or (not use.others and all(reader in here for reader in use.elementwise))

"""From `throw` ops to structured control flow: the block of a `try` body, which may be left anywhere, as one that ends.

Beside what it yields, the new block yields `outs`: first how it was left (False or 0 if it was not), then what the handlers
read. What follows a statement that may throw goes into the branch that does not, and a loop that may throw has one more exit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from srcad.ir import (
    BOOL,
    Block,
    Builder,
    Const,
    If,
    Loop,
    Op,
    Operand,
    Stmt,
    Type,
    Undef,
    Var,
    blocks_of,
    const,
    substitute,
    walk,
    with_blocks,
)
from srcad.lower.exceptions import Catcher
from srcad.lower.known import FALSE, TRUE, ZERO


def throws_of(block: Block, catcher: Catcher) -> list[Op]:
    """The ops by which the block is left for the catcher."""
    return [stmt for stmt in walk(block) if is_throw(stmt, catcher)]  # type: ignore[misc]


def is_throw(stmt: Stmt, catcher: Catcher) -> bool:
    return isinstance(stmt, Op) and stmt.name == "throw" and stmt.attr("catcher") is catcher


@dataclass(frozen=True)
class Fall:
    """A block with one throw that is decided by one condition at its top: the branch that throws, and the one that goes on."""

    before: tuple[Stmt, ...]
    cond: Var | Const
    thrown: Block
    goes_on: Block
    holds: bool  #: whether it throws where the condition holds


def only_fall(block: Block, catcher: Catcher) -> Fall | None:
    """The block in that form, if it has it."""
    for k, stmt in enumerate(block.stmts):
        if not isinstance(stmt, If) or not _throws(stmt, catcher):
            continue
        holds = _ends(stmt.then)
        thrown, other = (stmt.then, stmt.orelse) if holds else (stmt.orelse, stmt.then)
        direct = bool(thrown.stmts) and is_throw(thrown.stmts[-1], catcher)
        goes_on = _continued(stmt, other, block.stmts[k + 1 :], block.yields)
        if not direct or goes_on is None or len(throws_of(block, catcher)) > 1:
            return None
        return Fall(block.stmts[:k], stmt.cond, thrown, goes_on, holds)
    return None


@dataclass
class Escapes:
    """How the throws of one catcher leave. `land` appends to a builder what a throw yields for `outs`."""

    catcher: Catcher
    outs: Sequence[Var]
    land: Callable[[Op, Builder], list[Operand]]

    def rewritten(self, block: Block, missing: Sequence[Operand]) -> Block:
        """The block with `outs` yielded in front. `missing` is what it yields for the rest where it was left."""
        for k, stmt in enumerate(block.stmts):
            if not _throws(stmt, self.catcher):
                continue
            before, rest = block.stmts[:k], Block(block.stmts[k + 1 :], block.yields)
            match stmt:
                case Op():
                    b = Builder(span=stmt.span)
                    outs = self.land(stmt, b)
                    return Block((*before, *b.stmts), (*outs, *missing))
                case If():
                    stmts, yields = self._branch(stmt, rest, missing)
                case _:
                    stmts, yields = self._loop(stmt, rest, missing)
            return Block((*before, *stmts), yields)
        return Block(block.stmts, (*self._stays(), *block.yields))

    def _stays(self) -> list[Operand]:
        code, *leaves = self.outs
        return [FALSE if code.type == BOOL else ZERO, *(Undef(leaf.type) for leaf in leaves)]

    def _branch(self, stmt: If, rest: Block, missing: Sequence[Operand]) -> tuple[list[Stmt], tuple[Operand, ...]]:
        ends = [_ends(stmt.then), _ends(stmt.orelse)]
        if any(ends):
            arms = [
                Block(arm.stmts, tuple(missing)) if end else _continued(stmt, arm, rest.stmts, rest.yields)
                for arm, end in zip(blocks_of(stmt), ends, strict=True)
            ]
            if (then := arms[0]) is not None and (orelse := arms[1]) is not None:
                return self._met(stmt.cond, then, orelse, missing)
        undefined = [Undef(result.type) for result in stmt.results]
        outs = self._fresh()
        inner = [self.rewritten(arm, undefined) for arm in blocks_of(stmt)]
        branched = replace(stmt, results=(*outs, *stmt.results), then=inner[0], orelse=inner[1])
        return self._after(branched, outs, rest, missing)

    def _met(
        self, cond: Var | Const, then: Block, orelse: Block, missing: Sequence[Operand]
    ) -> tuple[list[Stmt], tuple[Operand, ...]]:
        """A branch with which the block ends."""
        outs = self._fresh()
        arms = [self.rewritten(arm, missing) for arm in (then, orelse)]
        more = [Var(_hint(*pair), _type(*pair)) for pair in zip(then.yields, orelse.yields, strict=True)]
        return [If((*outs, *more), cond, arms[0], arms[1])], (*outs, *more)

    def _loop(self, stmt: Loop, rest: Block, missing: Sequence[Operand]) -> tuple[list[Stmt], tuple[Operand, ...]]:
        go, *after = stmt.body.yields if stmt.exits else (TRUE, *stmt.body.yields)
        body = self.rewritten(Block(stmt.body.stmts, (go, *after)), [FALSE, *(Undef(p.type) for p in stmt.params)])
        count = len(self.outs)
        outs, params = self._fresh(), self._fresh()
        ends = body.yields[count], *body.yields[:count], *body.yields[count + 1 :]
        inner = with_blocks(stmt, [*blocks_of(stmt)[:-1], Block(body.stmts, ends)])
        assert isinstance(inner, Loop)
        looped = replace(
            inner,
            results=(*outs, *stmt.results),
            params=(*params, *stmt.params),
            inits=(*self._stays(), *stmt.inits),
            exits=True,
        )
        return self._after(looped, outs, rest, missing)

    def _after(
        self, stmt: Stmt, outs: list[Var], rest: Block, missing: Sequence[Operand]
    ) -> tuple[list[Stmt], tuple[Operand, ...]]:
        """The statement, and then what follows it if it was not left."""
        b = Builder(span=stmt.span)
        left = left_cond(b, outs[0])
        given = {(TRUE, FALSE): lambda: b.op("not", left)}  # a loop that goes on
        pairs = list(zip(rest.yields, missing, strict=True))
        if not rest.stmts and all(isinstance(gone, Undef) or pair in given for pair in pairs for gone in pair[1:]):
            ends = [given[pair]() if pair in given else pair[0] for pair in pairs]
            return [stmt, *b.stmts], (*outs, *ends)
        stmts, yields = self._met_after(left, outs, Block((), tuple(missing)), rest, missing)
        return [stmt, *b.stmts, *stmts], yields

    def _met_after(
        self, cond: Var | Const, outs: list[Var], left: Block, rest: Block, missing: Sequence[Operand]
    ) -> tuple[list[Stmt], tuple[Operand, ...]]:
        results = self._fresh()
        more = [Var(_hint(*pair), _type(*pair)) for pair in zip(left.yields, rest.yields, strict=True)]
        then = Block((), (*outs, *left.yields))
        return [If((*results, *more), cond, then, self.rewritten(rest, missing))], (*results, *more)

    def _fresh(self) -> list[Var]:
        return [out.like() for out in self.outs]


def left_cond(b: Builder, code: Var) -> Var:
    """Whether the block was left."""
    return code if code.type == BOOL else b.op("ne", code, const(0))


def _throws(stmt: Stmt, catcher: Catcher) -> bool:
    return is_throw(stmt, catcher) or any(throws_of(block, catcher) for block in blocks_of(stmt))


def _ends(block: Block) -> bool:
    """Whether the end of the block is never reached."""
    if not block.stmts:
        return False
    last = block.stmts[-1]
    if isinstance(last, If):
        return _ends(last.then) and _ends(last.orelse)
    return isinstance(last, Op) and last.name in ("raise", "throw")


def _continued(stmt: If, arm: Block, rest: Sequence[Stmt], yields: Sequence[Operand]) -> Block | None:
    """An arm of the branch with what follows the branch; None if what it yields cannot stand for what the branch gives."""
    given = dict(zip(stmt.results, arm.yields, strict=True))
    if any(isinstance(value, Undef) or value.type != var.type for var, value in given.items()):
        return None
    after = substitute(Block(tuple(rest), tuple(yields)), given)
    return Block((*arm.stmts, *after.stmts), after.yields)


def _hint(a: Operand, b: Operand) -> str:
    return next((value.hint for value in (a, b) if isinstance(value, Var)), "")


def _type(a: Operand, b: Operand) -> Type:
    return (b if isinstance(a, Undef) else a).type

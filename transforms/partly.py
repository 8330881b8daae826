"""Values that only some paths use, such as the root in `r = sqrt(x)` before `if x > 2: return r`.

On a path that does not use it, a value has the adjoint 0. Where its own derivative is infinite, 0 times that would be NaN, though
nothing depends on it: its pullback belongs to the paths on which something has been added to its adjoint. That is a matter of
the path, never of the adjoint's value: `r * r` at 0 uses r, and the adjoint of r is 0.

A value is *used* if on every path from its definition to the end something that is used reads it (in compilers, the value is
anticipated, or very busy). A `for` loop is taken to run. What is passed to a function that stays a call, or stored, is taken to
be used, but for arrays whose cells are marked where they are used (`transforms.cells`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from srcad.ir import Block, Const, For, If, Loop, Op, Operand, Scalar, Trace, Var, While, blocks_of, const, is_float
from srcad.ops import WRITES
from srcad.transforms.activity import Activity
from srcad.transforms.alias import is_memory, next_values
from srcad.transforms.cells import markable, partly_read
from srcad.transforms.memory import Memory
from srcad.transforms.rules import has_rule, is_constant
from srcad.transforms.shapes import Shapes

#: Ops whose partial derivatives are finite whatever their operands are, infinities and NaN included.
_TAME = frozenset("add sub neg cast where maximum minimum sum real imag conj load pop".split())

#: What stores scalars one by one, in cells that can be marked as used.
CELLWISE = frozenset({"store", "update", "array"})


def is_tame(op: Op) -> bool:
    """Whether a zero adjoint stays one in the op's pullback."""
    if op.name in ("mul", "div"):
        first = op.name == "mul" and isinstance(op.args[0], Const)
        return first or isinstance(op.args[1], Const)
    return op.name in _TAME


#: Ops that are not tame, with finite partial derivatives wherever their operands are finite.
_FINITE = _TAME | frozenset(
    "mul square sin cos tanh arctan arcsinh abs copysign expit log_expit softplus erf erfc".split()
)


def _risks(op: Op) -> tuple[Operand, ...]:
    """The operands for finite values of which a partial derivative may be infinite, or overflow."""
    match op:
        case Op(name="div", args=(_, divisor)):
            return (divisor,)
        case Op(name="pow", args=(base, Const(value=int() | float() as n))):
            return () if n >= 1 and n == int(n) else (base,)
        case _:
            return () if op.name in _FINITE else op.args


def partly_used(trace: Trace, active: Activity, memory: Memory, shapes: Shapes) -> tuple[set[Var], set[Var]]:
    """The active scalars, and the classes of arrays, that some path does not use, or not all of, if a pullback that is not
    tame depends on their adjoints."""
    cells: set[Var] = set()
    if risky := _Taint(trace.body, active, markable(trace, active, memory)).stored:
        while True:  # what is stored in cells that are used in part is used in part, too
            used = _Used(trace.body, active, cells)
            found = partly_read(trace, risky, active, shapes, used.everywhere)
            if found <= cells:
                break
            cells |= found
    while cells != (risky := (taint := _Taint(trace.body, active, cells)).stored):
        cells = risky
    partly = taint.scalars - _Used(trace.body, active, cells).everywhere
    if cells or not partly:
        return partly, cells
    masked = partly & _Used(trace.body, active, cells, arms=False).everywhere
    return (partly - masked) | _beyond_a_mask(trace.body, masked & taint.steep), cells


def _beyond_a_mask(body: Block, masked: set[Var]) -> set[Var]:
    """Of values that only arms of a `where` use, those whose adjoints are sums, which no mask is left on: what is used twice, or
    in another block than it is defined in, such as the loop of a fused array expression; and what these are made of."""
    blocks: dict[Var, Block] = {}
    found: set[Var] = set()
    made: list[tuple[tuple[Var, ...], Sequence[Operand]]] = []

    def visit(block: Block) -> None:
        seen: set[Operand] = set()
        for stmt in block.stmts:
            for inner in blocks_of(stmt):
                visit(inner)
                found.update(masked.intersection(inner.yields))
                made.append((stmt.results, inner.yields))
            if isinstance(stmt, Op) and not is_constant(stmt.name):
                found.update(v for v in masked.intersection(stmt.args) if v in seen or blocks.get(v) is not block)
                seen.update(stmt.args)
                made.append((stmt.results, stmt.args))
            elif isinstance(stmt, For | While):
                found.update(masked.intersection(stmt.inits))
            blocks.update(dict.fromkeys(stmt.results, block))

    visit(body)
    for results, given in made:
        if not found.isdisjoint(given):
            found |= masked.intersection(results)
    for results, given in reversed(made):
        if not found.isdisjoint(results):
            found |= masked.intersection(given)
    return found


def _scalars(operands: Iterable[Operand]) -> list[Var]:
    return [v for v in operands if isinstance(v, Var) and isinstance(v.type, Scalar) and is_float(v.type)]


class _Used:
    """The backward walk. `everywhere` collects what is used on every path from where it is defined.

    With `arms`, each arm of a `where` is used in part; they need not be where its mask does all that there is to do.
    """

    def __init__(self, body: Block, active: Activity, cells: set[Var], arms: bool = True) -> None:
        self.active = active
        self.cells = cells
        self.arms = arms
        self.everywhere: set[Var] = set()
        self.block(body, set(_scalars(body.yields)))

    def block(self, block: Block, after: set[Var]) -> set[Var]:
        """What is used on every path from the start of the block, given what is at its end."""
        used = set(after)
        for stmt in reversed(block.stmts):
            self.everywhere |= {v for v in stmt.results if v in used}
            match stmt:
                case Op():
                    used |= self.read(stmt, used)
                case If():
                    used |= self.branches(stmt, used)
                case For() | While():
                    used |= self.loop(stmt, used)
        return used

    def read(self, op: Op, used: set[Var]) -> set[Var]:
        """What the op passes adjoints on to."""
        if op.name in WRITES or op.name == "append":
            marked = op.name in CELLWISE and in_class(op.args[0], self.active, self.cells)
            return set(_scalars(op.args[-1:])) if op.args[0] in self.active and not marked else set()
        if op.name == "array" and in_class(op.result, self.active, self.cells):
            return set()
        if op.name == "where" and self.arms:
            return set(_scalars(op.args[1:2])) & set(_scalars(op.args[2:]))
        if is_constant(op.name) or (may_be_partly_used(op) and op.result not in used):
            return set()
        return set(_scalars(op.args))

    def branches(self, stmt: If, used: set[Var]) -> set[Var]:
        paths = []
        for block in (stmt.then, stmt.orelse):
            given = [y for y, result in zip(block.yields, stmt.results, strict=True) if result in used]
            found = self.block(block, used | set(_scalars(given)))
            if not any(isinstance(inner, Op) and inner.name == "raise" for inner in block.stmts):
                paths.append(found)
        return set.intersection(*paths) if paths else set()

    def loop(self, stmt: Loop, used: set[Var]) -> set[Var]:
        """A loop's next value is used if both the next iteration and the loop's result are."""
        nexts = dict(zip(stmt.params, next_values(stmt), strict=True))
        results = dict(zip(stmt.params, stmt.results, strict=True))
        after = {p for p in stmt.params if results[p] in used}
        runs = isinstance(stmt, For) or stmt.cond.yields == (const(True),)
        before = set(self.everywhere)
        while True:
            self.everywhere = set(before)
            start = self.block(stmt.body, used | set(_scalars(nexts[p] for p in after)))
            if after <= start:
                break
            after &= start
        self.everywhere |= {p for p in stmt.params if p in start}
        inits = dict(zip(stmt.params, stmt.inits, strict=True))
        taken = {p for p in stmt.params if p in start and (runs or results[p] in used)}
        return (start if runs else set()) | set(_scalars(inits[p] for p in taken))


def may_be_partly_used(op: Op) -> bool:
    """Whether the adjoint transform can leave out the op's pullback: it has one scalar result, and a rule or a load."""
    return len(op.results) == 1 and not is_memory(op.result) and (has_rule(op.name) or op.name in ("load", "pop"))


class _Taint:
    """The forward walk. `scalars` are the active results of ops that are not tame, and those that depend on them: their adjoints
    reach those ops. `stored` are those of the cells that hold what depends on a risk, which is another one in each cell."""

    def __init__(self, body: Block, active: Activity, cells: set[Var]) -> None:
        self.active, self.cells = active, cells
        self.found: set[Var] = set()
        self.risky: set[Var] = set()
        #: What depends on an op that has a risk.
        self.steep: set[Var] = set()
        self.stored: set[Var] = set()
        #: What may be different in each iteration of a loop.
        self.varying: set[Var] = set()
        before = -1
        while before != self.size and (before == -1 or cells):  # what is stored late may be loaded early
            before = self.size
            self.block(body)
        self.scalars = {v for v in self.found if v in active and isinstance(v.type, Scalar)}

    def block(self, block: Block) -> None:
        for stmt in block.stmts:
            match stmt:
                case Op():
                    self.op(stmt)
                case If():
                    self.block(stmt.then)
                    self.block(stmt.orelse)
                    self.merge(stmt.results, stmt.then.yields, stmt.orelse.yields)
                case For() | While():
                    self.varying.update(stmt.params, [stmt.index] if isinstance(stmt, For) else [])
                    before = -1
                    while before != self.size:  # what the body yields is what its next trip starts from
                        before = self.size
                        self.merge(stmt.params, stmt.inits, next_values(stmt))
                        self.block(stmt.body)
                    self.merge(stmt.results, stmt.inits, next_values(stmt))

    @property
    def size(self) -> int:
        return len(self.found) + len(self.risky) + len(self.steep) + len(self.stored)

    def merge(self, results: Iterable[Var], *given: Iterable[Operand]) -> None:
        for result, *values in zip(results, *given, strict=True):
            for kind in (self.found, self.risky, self.steep, self.varying):
                if any(v in kind for v in values):
                    kind.add(result)

    def op(self, op: Op) -> None:
        loaded = op.name == "load" and in_class(op.args[0], self.active, self.stored)
        if op.name in CELLWISE:
            memory = op.result if op.name == "array" else op.args[0]
            if in_class(memory, self.active, self.cells) and any(v in self.risky for v in op.args):
                self.stored.add(self.active.aliases.find(memory))  # type: ignore[arg-type]
        elif may_be_partly_used(op) and not is_constant(op.name):
            if loaded or not is_tame(op) or any(v in self.found for v in op.args):
                self.found.add(op.result)
            risks = _risks(op)
            if loaded or any(v in self.varying for v in risks) or any(v in self.risky for v in op.args):
                self.risky.add(op.result)
            if any(isinstance(v, Var) for v in risks) or any(v in self.steep for v in op.args):
                self.steep.add(op.result)
        if op.name in ("load", "pop") or any(v in self.varying for v in op.args):
            self.varying.update(op.results)


def in_class(memory: Operand, active: Activity, classes: set[Var]) -> bool:
    return bool(classes) and isinstance(memory, Var) and active.aliases.find(memory) in classes

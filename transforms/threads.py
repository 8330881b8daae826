"""Where the threads of a kernel are: ints as polynomials in the ids of a thread, and what conditions around say of them.

`i = cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x` and `i = cuda.grid(1)` are the same polynomial, and the index of a
loop that starts there and goes on by the size of the grid tells threads apart as well. An unknown that is the same for all
threads throughout a launch is a constant here: a number that is passed, the size of an array, what is computed from these.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from srcad.ir import FLOAT, INT, Block, Const, For, If, Op, Operand, Stmt, Trace, Var, While, walk
from srcad.ops import ELEMENTWISE
from srcad.transforms.alias import next_values
from srcad.transforms.symbolic import Dim


@dataclass(frozen=True)
class Id:
    """An id of a thread or an extent of the launch, by its name in `cuda`; "grid.x" is the place in the whole grid."""

    name: str

    @property
    def axis(self) -> str:
        return self.name[-1]


#: An id as the sum of which others: those that it tells apart.
APART: Mapping[str, frozenset[str]] = {
    name: frozenset(f"{kind}.{axis}" for kind in kinds)
    for axis in "xyz"
    for name, kinds in (
        (f"grid.{axis}", ("threadIdx", "blockIdx")),
        (f"threadIdx.{axis}", ("threadIdx",)),
        (f"blockIdx.{axis}", ("blockIdx",)),
    )
}
#: By how much the index of a loop grows that starts at such an id and never meets that of another thread.
_STRIDES = {"grid": ("blockDim", "gridDim"), "threadIdx": ("blockDim",), "blockIdx": ("gridDim",)}

Unknown = Var | Dim | Id
Monomial = tuple[Unknown, ...]


@dataclass(frozen=True)
class Poly:
    """A sum of products of unknowns, each with an integer before it."""

    terms: frozenset[tuple[Monomial, int]]

    @staticmethod
    def of(terms: Mapping[Monomial, int]) -> Poly:
        return Poly(frozenset((m, c) for m, c in terms.items() if c))

    @staticmethod
    def number(n: int) -> Poly:
        return Poly.of({(): n})

    @staticmethod
    def unknown(*factors: Unknown) -> Poly:
        return Poly.of({_sorted(factors): 1})

    def plus(self, other: Poly, factor: int = 1) -> Poly:
        found = dict(self.terms)
        for monomial, c in other.terms:
            found[monomial] = found.get(monomial, 0) + factor * c
        return Poly.of(found)

    def times(self, other: Poly) -> Poly:
        found: dict[Monomial, int] = {}
        for a, c in self.terms:
            for b, d in other.terms:
                key = _sorted((*a, *b))
                found[key] = found.get(key, 0) + c * d
        return Poly.of(found)

    @property
    def constant(self) -> int | None:
        """The number that this is, if it is one."""
        return dict(self.terms).get((), 0) if all(m == () for m, _ in self.terms) else None

    def covers(self, other: Poly) -> bool:
        """Whether this is the other, so many times."""
        mine, theirs = dict(self.terms), dict(other.terms)
        ratios = {mine[m] / theirs[m] for m in mine if m in theirs}
        return mine.keys() == theirs.keys() and len(ratios) == 1 and min(ratios) >= 1 and min(ratios).is_integer()

    @property
    def unknowns(self) -> set[Unknown]:
        return {u for monomial, _ in self.terms for u in monomial}

    def split(self, unknown: Unknown) -> tuple[Poly, Poly] | None:
        """(m, r) where this is `m * unknown + r` and neither has the unknown in it; None if there is no such thing."""
        factor: dict[Monomial, int] = {}
        rest: dict[Monomial, int] = {}
        for monomial, c in self.terms:
            if monomial.count(unknown) > 1:
                return None
            at = monomial.index(unknown) if unknown in monomial else None
            if at is None:
                rest[monomial] = c
            else:
                factor[monomial[:at] + monomial[at + 1 :]] = c
        return (Poly.of(factor), Poly.of(rest)) if factor else None


def _sorted(factors: Iterable[Unknown]) -> Monomial:
    return tuple(sorted(factors, key=lambda u: u.name if isinstance(u, Id) else f"~{hash(u)}"))


ZERO, ONE = Poly.number(0), Poly.number(1)


@dataclass(frozen=True)
class Strided:
    """The index of a loop that begins at an id, plus a constant, and goes on by its extent: it tells apart what the id does."""

    id: Id
    offset: Poly


@dataclass(frozen=True)
class Fact:
    """`left < right`, or `left == right`."""

    left: Poly
    right: Poly
    equal: bool = False


#: What holds everywhere.
ALWAYS = tuple(
    Fact(Poly.unknown(Id(f"{id}.{axis}")), Poly.unknown(Id(f"{extent}.{axis}")))
    for id, extent in (("threadIdx", "blockDim"), ("blockIdx", "gridDim"))
    for axis in "xyz"
)


class Threads:
    """The ints of a kernel's trace."""

    def __init__(self, trace: Trace) -> None:
        self._definition: dict[Var, Op] = {}
        self._loop: dict[Var, For] = {}
        self._carried: dict[Var, tuple[Operand, Operand]] = {}
        self._polys: dict[Var, Poly] = {}
        self._uniform: dict[Var, bool] = {}
        self._inputs = set(trace.inputs)
        self.used: set[str] = set()  #: the ids that the kernel asks for
        for stmt in walk(trace.body):
            match stmt:
                case Op():
                    self._definition.update(dict.fromkeys(stmt.results, stmt))
                    self.used |= _asked(stmt)
                case For() | While():
                    self._carried.update(zip(stmt.params, zip(stmt.inits, next_values(stmt), strict=True), strict=True))
                    if isinstance(stmt, For):
                        self._loop[stmt.index] = stmt

    # --- ints ------------------------------------------------------------------------------------------------------------

    def poly(self, operand: Operand) -> Poly:
        if isinstance(operand, Const):
            return Poly.number(int(operand.value))
        assert isinstance(operand, Var)
        if operand not in self._polys:
            self._polys[operand] = Poly.unknown(operand)  # for a loop that carries what depends on itself
            self._polys[operand] = _joined(self._poly(operand))
        return self._polys[operand]

    def _poly(self, var: Var) -> Poly:
        op = self._definition.get(var)
        match op:
            case Op(name="add", args=(a, b)):
                return self.poly(a).plus(self.poly(b))
            case Op(name="sub", args=(a, b)):
                return self.poly(a).plus(self.poly(b), -1)
            case Op(name="mul", args=(a, b)):
                return self.poly(a).times(self.poly(b))
            case Op(name="neg", args=(a,)):
                return ZERO.plus(self.poly(a), -1)
            case Op(name="dim", args=(Var() as array,)):
                return Poly.unknown(Dim(array, op.attr("axis")))
            case Op(name="thread"):
                return _id(op.attr("id"))
            case Op(name="grid2" | "grid3"):
                return Poly.unknown(Id(f"grid.{'xyz'[op.results.index(var)]}"))
        return Poly.unknown(var)

    def is_constant(self, poly: Poly) -> bool:
        """Whether this is the same for all threads, all the time."""
        return all(map(self._is_constant, poly.unknowns))

    def _is_constant(self, unknown: Unknown) -> bool:
        if isinstance(unknown, Id):
            return unknown.name not in APART
        if isinstance(unknown, Dim):
            return unknown.array in self._inputs
        if unknown in self._inputs:
            return True
        op = self._definition.get(unknown)
        if op is None or op.name in ("load", "pop"):
            return False
        return all(isinstance(arg, Const) or self.is_constant(self.poly(arg)) for arg in op.args)

    def is_uniform(self, poly: Poly) -> bool:
        """Whether this is the same for all threads of a block that are at the same place of the program, on the same trip of
        the loops around."""
        return all(map(self._is_uniform, poly.unknowns))

    def _is_uniform(self, unknown: Unknown) -> bool:
        if isinstance(unknown, Id):
            return unknown.name not in APART or unknown.name.startswith("blockIdx")
        if isinstance(unknown, Dim) or unknown in self._inputs:
            return self._is_constant(unknown)
        if unknown not in self._uniform:
            before = dict(self._uniform)
            self._uniform[unknown] = True  # what a loop carries is, if it is at first and stays so
            if not all(
                isinstance(n, Const) or (n.type == INT and self.is_uniform(self.poly(n)))
                for n in self._sources(unknown)
            ):
                self._uniform = before | {unknown: False}
        return self._uniform[unknown]

    def _sources(self, unknown: Var) -> Sequence[Operand]:
        """What a number is made of; itself, for what is not known."""
        if (loop := self._loop.get(unknown)) is not None:
            return loop.start, loop.stop, loop.step
        if unknown in self._carried:
            return self._carried[unknown]
        op = self._definition.get(unknown)
        return op.args if op is not None and (op.name in ELEMENTWISE or op.name == "trips") else (Var("", FLOAT),)

    def is_extent(self, operand: Operand) -> bool:
        """Whether this is a number of threads, of a block or of the grid."""
        poly = self.poly(operand)
        return bool(poly.unknowns) and _is_extent(poly)

    def strided(self, unknown: Unknown) -> Strided | None:
        """What tells threads apart: an id itself, or the index of a loop with the stride that belongs to it."""
        if isinstance(unknown, Id):
            return Strided(unknown, ZERO) if unknown.name in APART else None
        if not isinstance(unknown, Var):
            return None
        if unknown in self._loop:
            loop = self._loop[unknown]
            first, step = self.poly(loop.start), self.poly(loop.step)
        elif unknown in self._carried:
            init, after = self._carried[unknown]
            if not isinstance(init, Var) or not isinstance(after, Var):
                return None
            first, step = self.poly(init), self.poly(after).plus(Poly.unknown(unknown), -1)
        else:
            return None
        for id in (u for u in first.unknowns if isinstance(u, Id) and u.name in APART):
            kind, axis = id.name.split(".")
            offset = first.plus(Poly.unknown(id), -1)
            if step == Poly.unknown(*(Id(f"{extent}.{axis}") for extent in _STRIDES[kind])) and self.is_constant(
                offset
            ):
                return Strided(id, offset)
        return None

    # --- what is known of them ---------------------------------------------------------------------------------------------

    def facts(self, stmt: Stmt, branch: Block) -> Iterator[Fact]:
        """What holds in a block of the statement."""
        if isinstance(stmt, If):
            yield from self.facts_of(stmt.cond, branch is stmt.then)
        elif isinstance(stmt, While) and branch is stmt.body:
            yield from self.facts_of(stmt.cond.yields[0], True)
        elif isinstance(stmt, For):
            index, step = Poly.unknown(stmt.index), stmt.step
            if isinstance(step, Const) and step.value < 0:
                yield Fact(self.poly(stmt.stop), index)
                yield Fact(index, self.poly(stmt.start).plus(ONE))
            elif isinstance(step, Const) or _is_extent(self.poly(step)):
                yield Fact(index, self.poly(stmt.stop))
                yield Fact(self.poly(stmt.start).plus(ONE, -1), index)

    def facts_of(self, cond: Operand, value: bool) -> Iterator[Fact]:
        """What holds if the condition has this value."""
        op = self._definition.get(cond) if isinstance(cond, Var) else None
        if op is None:
            return
        if op.name == "not":
            yield from self.facts_of(op.args[0], not value)
        elif op.name == ("and" if value else "or"):
            for arg in op.args:
                yield from self.facts_of(arg, value)
        elif op.name in _COMPARED and all(str(arg.type).startswith(("int", "uint")) for arg in op.args):
            a, b = map(self.poly, op.args)
            name = op.name if value else _OPPOSITE[op.name]
            if name in ("gt", "ge"):
                a, b = b, a
            if name in ("lt", "gt", "le", "ge"):
                yield Fact(a, b if name in ("lt", "gt") else b.plus(ONE))
            elif name == "eq":
                yield Fact(a, b, equal=True)


_OPPOSITE = {"lt": "ge", "ge": "lt", "gt": "le", "le": "gt", "eq": "ne", "ne": "eq"}
_COMPARED = frozenset(_OPPOSITE)


def _is_extent(poly: Poly) -> bool:
    """Whether this is a number of threads, which is positive."""
    return all(c > 0 and all(isinstance(u, Id) and u.name not in APART for u in m) for m, c in poly.terms)


def _id(name: str) -> Poly:
    if name == "gridsize":
        return Poly.unknown(Id("blockDim.x"), Id("gridDim.x"))
    return Poly.unknown(Id("grid.x" if name == "grid" else name))


def _asked(op: Op) -> frozenset[str]:
    """The ids that the op asks for, by which threads differ."""
    if op.name in ("grid2", "grid3"):
        return frozenset[str]().union(*(APART[f"grid.{axis}"] for axis in "xyz"[: int(op.name[-1])]))
    name = op.attr("id") if op.name == "thread" else ""
    return APART.get("grid.x" if name == "grid" else name, frozenset())


def _joined(poly: Poly) -> Poly:
    """With `blockIdx * blockDim + threadIdx` as the place in the grid."""
    for axis in "xyz":
        block, extent, thread = (Id(f"{kind}.{axis}") for kind in ("blockIdx", "blockDim", "threadIdx"))
        terms = dict(poly.terms)
        for monomial, c in poly.terms:
            if block in monomial and extent in monomial:
                rest = list(monomial)
                rest.remove(block)
                rest.remove(extent)
                alone = _sorted((*rest, thread))
                if terms.get(alone) == c:
                    del terms[alone], terms[monomial]
                    whole = _sorted((*rest, Id(f"grid.{axis}")))
                    terms[whole] = terms.get(whole, 0) + c
        poly = Poly.of(terms)
    return poly

"""Which elements of its arrays a thread of a kernel has for itself.

Threads run in any order. The adjoint of a kernel is right if no thread reads what another one writes, and no two write the same
element; and a shadow may be added to plainly where each element belongs to one thread, while elsewhere it takes atomic
additions. Each access to an array is looked at for what its indices tell of the thread: `x[i]` with `i = cuda.grid(1)`,
`A[i, k]`, `x[3 * i + k]` with k from range(3), `A[row * n + col]` under `col < n`, elements under `if threadIdx.x == 0`. If all
accesses to an array have something in common by which the thread is known, then each element belongs to one thread.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from srcad.errors import UnsupportedError
from srcad.ir import Array, Const, Op, Operand, Stmt, Trace, Var, blocks_of, walk
from srcad.ops import WRITES
from srcad.transforms.alias import Aliases
from srcad.transforms.threads import ALWAYS, APART, ONE, ZERO, Fact, Id, Poly, Threads, Unknown

#: All that threads may differ in.
EVERY = frozenset[str]().union(*APART.values())
#: What a place has in common with others of its array, and the ids that are known by it.
Sign = tuple[object, ...]
Signs = dict[Sign, frozenset[str]]


@dataclass(frozen=True)
class Access:
    """A load, a store or an atomic addition, and what is known there."""

    op: Op
    root: Var
    index: tuple[Poly | None, ...]
    facts: tuple[Fact, ...]

    @property
    def writes(self) -> bool:
        return self.op.name in WRITES


@dataclass(frozen=True)
class Ownership:
    """Of the arrays that a kernel is given: those whose elements belong to one thread each, those that it writes; and the ids
    that are not told apart by all of these, along which a launch must have one thread only."""

    own: frozenset[Var]
    written: frozenset[Var]
    single: frozenset[str]


def ownership(trace: Trace) -> Ownership:
    """Who has what in the kernel. UnsupportedError is raised at an access that meets what another thread may write."""
    threads = Threads(trace)
    arrays = [v for v in trace.inputs if isinstance(v.type, Array)]
    accesses = list(accesses_to(arrays, trace, threads))
    own: set[Var] = set()
    written: set[Var] = set()
    single = {id for id in EVERY - threads.used if id.startswith("threadIdx")} if _has_shared(trace) else set[str]()
    for array in arrays:
        found = [a for a in accesses if a.root is array]
        known = _known(threads, found)
        missing = threads.used - known
        changed = [a for a in found if a.writes]
        adds_only = all(a.op.name == "atomic_add" for a in found)
        if changed:
            written.add(array)
        if not found or (missing and (adds_only or not changed)):
            continue
        if missing:
            _refuse(threads, array, found)
        own.add(array)
        single |= EVERY - known
    return Ownership(frozenset(own), frozenset(written), frozenset(single))


def _has_shared(trace: Trace) -> bool:
    """Whether the kernel has memory of a block, in which threads that it does not tell apart would do the same twice."""
    return any(isinstance(stmt, Op) and stmt.attr("shared") for stmt in walk(trace.body))


def _refuse(threads: Threads, array: Var, found: Sequence[Access]) -> None:
    """Say at which access threads meet: a write that may be that of several, or whatever does not go with another write."""
    name = array.hint or "an array"
    for access in found:
        missing = threads.used - _known(threads, [access])
        if access.writes and missing and access.op.name != "atomic_add":
            ids = ", ".join(f"cuda.{name}" for name in sorted(missing))
            raise UnsupportedError(
                f"several threads may write the same element of '{name}': it cannot be seen that the index differs where "
                f"{ids} {'does' if len(missing) == 1 else 'do'}",
                access.op.span,
                "use indices made of cuda.grid, or cuda.atomic.add into an array of zeros",
            )
    writes = sorted((a for a in found if a.writes), key=lambda a: a.op.name == "atomic_add")
    first, access = next(
        (write, a) for write in writes for a in found if a is not write and threads.used - _known(threads, [write, a])
    )
    line = first.op.span.line if first.op.span else "?"
    raise UnsupportedError(
        f"this {DOES.get(access.op.name, 'writes')} an element of '{name}' that another thread may have: the kernel "
        f"{DOES.get(first.op.name, 'writes')} that array in line {line}, and threads run in any order",
        access.op.span,
        "write to another array than the one that is read, or make two kernels of it",
    )


DOES = {"load": "reads", "atomic_add": "adds to"}

# --- accesses ----------------------------------------------------------------------------------------------------------------


def accesses_to(arrays: Collection[Var], trace: Trace, threads: Threads) -> Iterator[Access]:
    """Every access to one of these arrays."""
    inputs = set(arrays)
    aliases = Aliases(trace, read_only=True)
    roots = {aliases.find(v): v for v in inputs}
    if len(roots) < len(inputs):
        raise UnsupportedError(
            "an array of this kernel may be one or another of its arguments",
            trace.span,
            "read and write each array in a branch of its own",
        )
    #: The indices of a view in terms of the array itself: those that are given, and the axes that are left.
    views: dict[Var, tuple[Var, tuple[Poly | int | None, ...]]] = {
        v: (v, tuple(range(v.type.ndim)))  # type: ignore[union-attr]
        for v in inputs
    }

    def block(stmts: Sequence[Stmt], facts: tuple[Fact, ...]) -> Iterator[Access]:
        for stmt in stmts:
            if isinstance(stmt, Op):
                yield from visit(stmt, facts)
            for inner in blocks_of(stmt):
                yield from block(inner.stmts, (*facts, *threads.facts(stmt, inner)))

    def visit(op: Op, facts: tuple[Fact, ...]) -> Iterator[Access]:
        given = [v for v in op.args if isinstance(v, Var) and isinstance(v.type, Array) and aliases.find(v) in roots]
        if not given or op.name == "dim":
            return
        array = given[0]
        if op.name in ("view", "transpose"):
            if array in views:
                views[op.result] = views[array][0], _through(op, views[array][1], threads)
            return
        if op.name not in ("load", "store", "update", "atomic_add"):
            raise UnsupportedError(
                f"an array that the kernel is given is used as a whole ({op.name})",
                op.span,
                "write the loop over its elements",
            )
        index = op.args[1:] if op.name == "load" else op.args[1:-1]
        if array not in views:
            root = roots[aliases.find(array)]
            yield Access(op, root, (None,) * root.type.ndim, facts)  # type: ignore[union-attr]
            return
        root, places = views[array]
        yield Access(op, root, tuple(_place(p, index, threads) for p in places), facts)

    yield from block(trace.body.stmts, ALWAYS)


def _place(place: Poly | int | None, index: Sequence[Operand], threads: Threads) -> Poly | None:
    return threads.poly(index[place]) if isinstance(place, int) else place


def _through(op: Op, places: tuple[Poly | int | None, ...], threads: Threads) -> tuple[Poly | int | None, ...]:
    """The indices of a view of a view; None for those of a part of an axis."""
    if op.name == "transpose":
        axes = op.attr("axes")
        return tuple(axes.index(p) if isinstance(p, int) else p for p in places)
    taken: dict[int, Poly | int | None] = {}
    operands, axis, left = list(op.args[1:]), 0, 0
    for letter in op.attr("spec"):
        if letter == "n":
            left += 1
        elif letter == "i":
            taken[axis] = threads.poly(operands.pop(0))
            axis += 1
        else:
            start, _, step = operands[:3]
            del operands[:3]
            whole = all(isinstance(b, Const) and b.value in (None, 0) for b in (start, step))
            taken[axis] = left if whole else None
            axis, left = axis + 1, left + 1
    after = {axis + k: left + k for k in range(len(places))}
    return tuple((taken | after)[p] if isinstance(p, int) else p for p in places)


# --- signs -------------------------------------------------------------------------------------------------------------------


def _known(threads: Threads, accesses: Sequence[Access]) -> frozenset[str]:
    """The ids in which two threads do not differ that have an element in common by any of these accesses."""
    known = EVERY
    signs = [signs_of(threads, access) for access in accesses]
    for k, one in enumerate(accesses):
        for n, other in enumerate(accesses[: k + 1]):
            if n == k or not (never_meet(threads, one, other) or never_meet(threads, other, one)):
                common = [ids for sign, ids in signs[k].items() if sign in signs[n]]
                known &= frozenset[str]().union(*common)
    return known


def never_meet(threads: Threads, one: Access, other: Access) -> bool:
    """Whether the indices of two accesses, by two threads, are known to be apart along an axis: what the first does is known to
    be below a constant that the second reaches, or beside the second, if that is a constant. (The lower one must not be negative,
    since `x[-1]` is the last element.)"""
    for a, index in zip(one.index, other.index, strict=True):
        if a is None or index is None:
            continue
        counted = _reaches(threads, a, one.facts)
        for b in (index.plus(zero) for zero in _zeros(other)):
            above, below = a.plus(b, -1), b.plus(a, -1)
            if threads.is_constant(b):
                ahead = [fact.right.plus(fact.left, -1) for fact in one.facts if not fact.equal]
                if counted and any(_exceeds(below, least) for least in ahead):
                    return True
                over = _reaches(threads, above.plus(ONE, -1), one.facts) or any(
                    _exceeds(above, least) for least in ahead
                )
                if over and _reaches(threads, b, other.facts):
                    return True
            bounds = [fact.right for fact in one.facts if not fact.equal and fact.left == a]
            bounds = [bound for bound in bounds if threads.is_constant(bound)]
            if counted and any(_reaches(threads, b.plus(bound, -1), other.facts) for bound in bounds):
                return True
    return False


def _exceeds(poly: Poly, other: Poly) -> bool:
    """Whether this is no less than the other, whatever the unknowns are."""
    n = poly.plus(other, -1).constant
    return n is not None and n >= 0


def _zeros(access: Access) -> list[Poly]:
    """0, and what is known to be 0 there."""
    pairs = [(fact.left, fact.right) for fact in access.facts if fact.equal]
    return [ZERO, *(a.plus(b, -1) for pair in pairs for a, b in (pair, pair[::-1]))]


def _reaches(threads: Threads, poly: Poly, facts: Sequence[Fact]) -> bool:
    """Whether this is surely not negative: by itself, or since it is no less than what a fact says is positive, less 1."""
    ahead = (fact.right.plus(fact.left, -1).plus(ONE, -1) for fact in facts if not fact.equal)
    return any(_is_sum(threads, poly.plus(less, -1), facts) for less in (ZERO, *ahead))


def _is_sum(threads: Threads, poly: Poly, facts: Sequence[Fact]) -> bool:
    """Whether this is made of what is not negative."""
    least = 0
    for monomial, c in poly.terms:
        low, high = _range(monomial[0], facts) if len(monomial) == 1 else (None, None)
        if not monomial:
            least += c
        elif c > 0 and low is not None:
            least += c * low
        elif c < 0 and high is not None:
            least += c * high
        elif c < 0 or not all(_is_nonnegative(threads, u, facts) for u in monomial):
            return False
    return least >= 0


def signs_of(threads: Threads, access: Access) -> Signs:
    found: Signs = {}
    for axis, poly in enumerate(access.index):
        if poly is None:
            continue
        for zero in _zeros(access):  # out[0] is out[i] where i == 0
            signs = _of_index(threads, poly.plus(zero), access.facts)
            found |= {(axis, *sign): ids for sign, ids in signs.items()}
    for fact in (f for f in access.facts if f.equal):
        for one, other in ((fact.left, fact.right), (fact.right, fact.left)):
            for id in (u for u in one.unknowns if isinstance(u, Id) and u.name in APART):
                if one == Poly.unknown(id) and threads.is_constant(other):
                    found["is", id, other] = APART[id.name]
    return found


def _of_index(threads: Threads, poly: Poly, facts: Sequence[Fact]) -> Signs:
    """What an index tells: `m * u + r`, where u tells threads apart and r is a constant, or less than m."""
    found: Signs = {}
    for unknown in poly.unknowns:
        who = threads.strided(unknown)
        parts = poly.split(unknown)
        if who is None or parts is None or not threads.is_constant(parts[0]):
            continue
        factor, rest = parts
        ids = APART[who.id.name]
        key = (who.id, who.offset, factor)
        step = factor.constant
        if step is not None and (ends := _ends(threads, rest, facts)) is not None:
            low, _ = _range(unknown, facts)
            wraps = step > 0 and ends[0] < 0 and (low is None or step * low + ends[0] < 0)  # to x[-1] from x[i - 1]
            if ends[0] // step == ends[1] // step and not wraps:
                found[*key, ends[0] // step] = ids
        elif step is None and (rest == ZERO or _is_below(threads, rest, factor, facts)):
            if not _is_nonnegative(threads, unknown, facts):
                continue
            found[*key, 0] = ids
            for sign, more in _of_index(threads, rest, facts).items():
                found[*key, 0, *sign] = ids | more
        elif threads.is_constant(rest) and (all(c > 0 for _, c in poly.terms) or _reaches(threads, poly, facts)):
            found[*key, rest] = ids
    return found


def _ends(threads: Threads, poly: Poly, facts: Sequence[Fact]) -> tuple[int, int] | None:
    """The least and the greatest number that this may be."""
    low = high = 0
    for monomial, c in poly.terms:
        ends: tuple[int | None, int | None] = (1, 1)
        if monomial:
            if len(monomial) > 1:
                return None
            ends = _range(monomial[0], facts)
        if ends[0] is None or ends[1] is None:
            return None
        low, high = low + min(c * ends[0], c * ends[1]), high + max(c * ends[0], c * ends[1])
    return low, high


def _range(unknown: Unknown, facts: Sequence[Fact]) -> tuple[int | None, int | None]:
    """What is known of an unknown, as numbers, the ends included."""
    low: int | None = 0 if isinstance(unknown, Id) else None
    high: int | None = None
    lone = Poly.unknown(unknown)
    for fact in (f for f in facts if not f.equal):
        if fact.left == lone and (n := fact.right.constant) is not None:
            high = n - 1 if high is None else min(high, n - 1)
        if fact.right == lone and (n := fact.left.constant) is not None:
            low = n + 1 if low is None else max(low, n + 1)
    return low, high


def _is_below(threads: Threads, poly: Poly, bound: Poly, facts: Sequence[Fact]) -> bool:
    """Whether 0 <= poly < bound, for a product of unknowns: `w < bound`, or `m * w + r` with r < m and m * t = bound for a t
    that w is less than."""
    for unknown in poly.unknowns:
        parts = poly.split(unknown)
        if parts is None or not _is_nonnegative(threads, unknown, facts):
            continue
        factor, rest = parts
        inside = rest == ZERO or (rest.constant is None and _is_below(threads, rest, factor, facts))
        lone = Poly.unknown(unknown)
        if inside and any(not f.equal and f.left == lone and bound.covers(f.right.times(factor)) for f in facts):
            return True
    return False


def _is_nonnegative(threads: Threads, unknown: Unknown, facts: Sequence[Fact]) -> bool:
    low, _ = _range(unknown, facts)
    if low is not None:
        return low >= 0
    who = threads.strided(unknown)
    return who is not None and (n := who.offset.constant) is not None and n >= 0

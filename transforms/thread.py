"""What one thread of a GPU runs: the trace of a derivative, finished in the ways that a thread needs.

The trace is the one that runs on the CPU, made for arrays of known sizes (`Array.sizes`). What is left to do is little:
functions of whole arrays become loops, memory gets its places, and arithmetic is spelt with `math`. What a thread cannot do
at all is refused with the user's line.
"""

from __future__ import annotations

from collections.abc import Mapping

from srcad.errors import UnsupportedError
from srcad.ir import Array, Atom, Block, Const, ListOf, Op, Scalar, Trace, Var, replace, substitute, walk
from srcad.ops import ELEMENTWISE, FOURIER, MATRICES, SPECIAL
from srcad.transforms.buffers import buffers
from srcad.transforms.cse import cse
from srcad.transforms.dce import dce
from srcad.transforms.finish import finish
from srcad.transforms.fold import exact_fold
from srcad.transforms.fuse import fuse
from srcad.transforms.instances import writes
from srcad.transforms.integers import check_integers
from srcad.transforms.reshapes import unreshaped
from srcad.transforms.scalars import scalars
from srcad.transforms.scratch import Placed, place
from srcad.transforms.sizes import sizes
from srcad.transforms.stacks import by_one_name, kept_late
from srcad.transforms.whole import whole

#: The ops that are left for a thread, beside arithmetic.
_KNOWN = frozenset(
    """alloc load store update view transpose reshape dim raise comment list append pop length check_disjoint local
    room thread grid2 grid3 strided atomic_add
    barrier""".split()
)
_CPU = 'batched(target="cpu") runs it in parallel on the CPU'
_WHY: Mapping[str, str] = {
    **dict.fromkeys(
        "solve inv det factor cholesky cofactors cofactors_along eigh svd qr pinv tril inverse_gaps".split(),
        "linear algebra",
    ),
    **dict.fromkeys((*MATRICES, "is_invertible", "is_positive_definite"), "linear algebra"),
    **dict.fromkeys((*FOURIER, "multiplicity", "ends"), "a Fourier transform"),
    **dict.fromkeys((*SPECIAL, "polygamma"), "this special function"),
    **dict.fromkeys(("checked_pow", "checked_lshift"), "an integer power that may not fit into 64 bits"),
    "argsort": "sorting",
    "draw": "a random draw",
    "spans": "arithmetic with arrays whose sizes are known only when it runs",
    "print": "printing",
    "check_shape": "a derivative with out=",
    "call": "recursion, or a function that is not Python,",
    "custom": "a function that is not Python",
    "ruled": "a function that is not Python",
}


def thread(trace: Trace, sums: frozenset[int] = frozenset(), alone: bool = False, exact: bool = True) -> Placed:
    """The trace with everything in its place, and what it needs from the launcher: nothing, if it is `alone`. To the results
    that `sums` counts it adds. With `exact`, integers that leave 64 bits raise, as on the CPU."""
    try:
        return _thread(trace, sums, alone, exact)
    except UnsupportedError as error:
        error.span = error.span or trace.span
        raise


def _thread(trace: Trace, sums: frozenset[int], alone: bool, exact: bool) -> Placed:
    trace = fuse(finish(trace), final=True)
    for step in (_single, _uncopied, _tidied, whole, _tidied, unreshaped, _tidied):
        trace = step(trace)
    for stmt in walk(trace.body):
        _check(stmt)
    trace = buffers(kept_late(by_one_name(trace)))
    trace = check_integers(trace) if exact else trace
    for stmt in walk(trace.body):
        _check(stmt)
    placed = place(dce(trace), sums, alone)
    return replace(placed, trace=dce(cse(exact_fold(scalars(placed.trace)))))


def _tidied(trace: Trace) -> Trace:
    return dce(cse(exact_fold(sizes(trace))))


def _single(trace: Trace) -> Trace:
    """The trace without the check that arguments share no memory, which is the launcher's."""
    kept = tuple(s for s in trace.body.stmts if not (isinstance(s, Op) and s.name == "check_disjoint"))
    moved = [sum(s in kept for s in trace.body.stmts[:at]) for at, _ in trace.comments]
    comments = tuple((at, text) for at, (_, text) in zip(moved, trace.comments, strict=True))
    return replace(trace, body=replace(trace.body, stmts=kept), comments=comments)


def _uncopied(trace: Trace) -> Trace:
    """The trace that returns the array itself where it returned a copy: results are written elsewhere anyway."""
    body = trace.body
    env: dict[Var, Atom] = {}
    for k, op in enumerate(body.stmts):
        if isinstance(op, Op) and op.name == "copy" and op.result in body.yields and not writes(Block(body.stmts[k:])):
            env[op.result] = op.args[0]
    return replace(trace, body=substitute(body, env))


def _check(stmt: object) -> None:
    if not isinstance(stmt, Op):
        return
    types = [v.type for v in (*stmt.args, *stmt.results)]
    if any(_dtype(type).startswith("complex") for type in types):
        raise UnsupportedError("complex numbers are not for the threads of a GPU", stmt.span, _CPU)
    if stmt.name == "spans" and all(isinstance(n, Const) for n in stmt.args):
        n, m = (n.value for n in stmt.args if isinstance(n, Const))
        reason = f"arrays do not fit here: an axis of {n} elements meets one of {m}"
        raise UnsupportedError(reason, stmt.span, "pass arrays of one size, or of sizes that broadcast")
    if stmt.name in _WHY or (stmt.name not in _KNOWN and stmt.name not in ELEMENTWISE):
        raise UnsupportedError(f"{_WHY.get(stmt.name, stmt.name)} is not for the threads of a GPU", stmt.span, _CPU)
    if stmt.name in ELEMENTWISE:
        assert not any(isinstance(type, Array) for type in types), f"{stmt.name} of arrays is left"


def _dtype(type: object) -> str:
    if isinstance(type, ListOf):
        return _dtype(type.item)
    return type.dtype if isinstance(type, Scalar | Array) else ""


__all__ = ["Placed", "thread"]

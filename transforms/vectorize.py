"""Loops that LLVM can vectorise, with the elementary functions that it can vectorise along: `srcad.vector_math`.

What keeps a loop from being vectorised gets a loop of its own (`transforms.distribute`): sums of floats, which are to be made in
order, and functions that are called. Sines are exact up to a limit: whether a number exceeds it is looked up before the loop,
which then stands there twice.

    large = False
    for i in range(n):
        large |= vm.exceeds(x[i])
    if large:
        for i in range(n):
            y[i] = np.sin(x[i])
    else:
        for i in range(n):
            y[i] = vm.sin_within(x[i])

All other loops stay as they are, since there is nothing to gain: of one number at a time, these functions are no faster than
Numba's.
"""

from __future__ import annotations

from collections.abc import Sequence

from srcad.ir import (
    BOOL,
    Array,
    Block,
    Builder,
    Const,
    For,
    If,
    Op,
    Operand,
    Scalar,
    Stmt,
    Trace,
    Var,
    blocks_of,
    clone,
    const,
    definitions,
    replace,
    walk,
    with_blocks,
)
from srcad.ops import VECTOR, WRITES
from srcad.transforms.dce import dce
from srcad.transforms.distribute import Distribution, memory_before
from srcad.transforms.memory import Memory

#: What LLVM vectorises, beside the functions.
PLAIN = frozenset(
    """add sub mul div neg abs lt le gt ge eq ne and or not bitand bitor bitxor where cast sqrt floor ceil trunc rint sign
    maximum minimum fmax fmin isnan isinf isfinite copysign deg2rad rad2deg dim comment load store update""".split()
)
#: The functions that have a limit.
LIMITED = frozenset({"sin", "cos"})
#: Powers that LLVM makes quotients, roots and products of, beside those of small integers.
SIMPLE_POWERS = frozenset({-1.0, 0.0, 0.5, 1.0, 2.0})
#: A loop of fewer trips is not worth it.
FEW = 8


def vectorize(trace: Trace) -> Trace:
    """The trace with vectorisable functions, in loops where that pays and of whole arrays."""
    memory = Memory(trace)
    stmts: list[Stmt] = []
    starts = [0]
    for stmt in trace.body.stmts:
        stmts += _around(stmt, memory)
        starts.append(len(stmts))
    comments = tuple((starts[at], text) for at, text in trace.comments)
    made = replace(trace, body=Block(tuple(stmts), trace.body.yields), comments=comments)
    return replace(dce(made), functions=tuple(map(vectorize, trace.functions)))


def asks_for_it(trace: Trace) -> bool:
    """Whether the user has called these functions: then derivatives do, too."""
    return any(isinstance(s, Op) and s.attr("vector") for t in (*trace.functions, trace) for s in walk(t.body))


# --- which functions --------------------------------------------------------------------------------------------------


def is_candidate(op: Stmt) -> bool:
    """Whether there is a vectorisable function for this op of numbers."""
    if not (isinstance(op, Op) and op.name in VECTOR) or op.attr("raises"):
        return False
    types = [v.type for v in (*op.args, *op.results)]
    if not all(isinstance(t, Scalar) and t.dtype in ("float32", "float64") for t in types):
        return False
    return not (op.name == "pow" and _is_simple_power(op.args[1]))


def _is_simple_power(power: Operand) -> bool:
    if not isinstance(power, Const):
        return False
    return abs(power.value) <= 32 if isinstance(power.value, int) else power.value in SIMPLE_POWERS


def _is_plain(op: Op) -> bool:
    if op.name in ("load", *WRITES) and not isinstance(op.args[0].type, Array):
        return False
    return op.name in PLAIN or (op.name == "pow" and _is_simple_power(op.args[1]))


def _marked(op: Op, function: str) -> Op:
    return replace(op, attrs=(*((k, v) for k, v in op.attrs if k != "vector"), ("vector", function)))


def _with_functions(stmt: Stmt) -> Stmt:
    """The statement with vectorisable functions in place of all candidates."""
    if is_candidate(stmt):
        assert isinstance(stmt, Op)
        return _marked(stmt, f"{VECTOR[stmt.name]}_within" if stmt.name in LIMITED else VECTOR[stmt.name])
    blocks = [Block(tuple(map(_with_functions, block.stmts)), block.yields) for block in blocks_of(stmt)]
    return with_blocks(stmt, blocks)


# --- which loops ------------------------------------------------------------------------------------------------------


def _around(stmt: Stmt, memory: Memory) -> list[Stmt]:
    """What takes the place of a statement that no loop is around."""
    if isinstance(stmt, If):
        blocks = [
            Block(tuple(new for s in block.stmts for new in _around(s, memory)), block.yields)
            for block in blocks_of(stmt)
        ]
        return [with_blocks(stmt, blocks)]
    b = Builder(span=stmt.span)
    made = _within(stmt, memory, b, frozenset(definitions(Block((stmt,)))))
    return [*b.stmts, *made]


def _within(stmt: Stmt, memory: Memory, b: Builder, inside: frozenset[Var]) -> list[Stmt]:
    """What takes the place of a statement; `b` makes memory before the outermost loop, where nothing `inside` is known."""
    if isinstance(stmt, Op):
        result = stmt.results[0].type if stmt.results else None
        whole = isinstance(result, Array) and result.dtype in ("float32", "float64") and len(stmt.args) == 1
        return [_marked(stmt, VECTOR[stmt.name]) if stmt.name in VECTOR and whole else stmt]
    if isinstance(stmt, For) and any(map(is_candidate, walk(stmt.body))) and (found := _loop(stmt, memory, b, inside)):
        return found
    blocks = [
        Block(tuple(new for s in block.stmts for new in _within(s, memory, b, inside)), block.yields)
        for block in blocks_of(stmt)
    ]
    return [with_blocks(stmt, blocks)]


def _loop(loop: For, memory: Memory, b: Builder, inside: frozenset[Var]) -> list[Stmt]:
    """What takes the place of an innermost loop; nothing if it is to stay."""
    known = isinstance(loop.stop, Const) and isinstance(loop.start, Const)
    few = known and abs(loop.stop.value - loop.start.value) < FEW  # type: ignore[union-attr]
    if few or loop.step not in (const(1), const(-1)) or not Distribution.is_possible(loop):
        return []
    parts = Distribution(loop, memory, _vectorises)
    limited = [s for s in parts.front if isinstance(s, Op) and is_candidate(s) and s.name in LIMITED]
    if not any(is_candidate(s) for stmt in parts.front for s in walk(Block((stmt,)))):
        return []
    loops = parts.loops(memory_before(b, memory, inside))
    if loops is None:
        return []
    first, rest = loops
    if not limited:
        return [_with_functions(first), *rest]
    check = _check(parts, limited)
    general = clone(Block((first,)), {})
    choice = If((), check.results[0], general, Block((_with_functions(first),)), loop.span)
    return [check, choice, *rest]


def _vectorises(stmt: Stmt, parts: Distribution) -> bool:
    """Whether LLVM can vectorise a loop with this statement."""
    if is_candidate(stmt):
        assert isinstance(stmt, Op)
        return stmt.name not in LIMITED or _slice(parts, stmt.args[0]) is not None
    if isinstance(stmt, Op):
        return _is_plain(stmt)
    if not isinstance(stmt, If):
        return False
    ops = [s for s in walk(Block((stmt,))) if s is not stmt]
    # whether sines in a branch are reached is not known before the loop
    return all(isinstance(s, Op) and (_is_plain(s) or (is_candidate(s) and s.name not in LIMITED)) for s in ops)


# --- limits -----------------------------------------------------------------------------------------------------------


def _check(parts: Distribution, limited: Sequence[Op]) -> For:
    """A loop that says whether an argument of these functions exceeds the limit."""
    arguments = list(dict.fromkeys(op.args[0] for op in limited))
    needed = {stmt for argument in arguments for stmt in _slice(parts, argument) or ()}
    b = Builder([stmt for stmt in parts.loop.body.stmts if stmt in needed], parts.loop.span)
    large = total = Var("large", BOOL)
    for argument in arguments:
        total = b.op("bitor", total, b.op("exceeds", argument), hint="large")
    body, inits = b.block(total), (const(False),)
    loop = replace(parts.loop, results=(large.like(),), params=(large,), inits=inits, body=body, mirror=None)
    copy = clone(Block((loop,)), {}).stmts[0]
    assert isinstance(copy, For)
    return copy


def _slice(parts: Distribution, operand: Operand) -> list[Stmt] | None:
    """The statements that compute a value, if they are cheap and may stand before the loop."""
    made = parts.made.get(operand) if isinstance(operand, Var) else None
    if made is None:
        return []
    if not isinstance(made, Op) or made.name in WRITES or not _is_plain(made):
        return None
    if made.name == "load":
        earlier = parts.ops[: parts.ops.index(made)]
        if parts.meet([made.args[0]], [op.args[0] for op in earlier if op.name in WRITES]):
            return None
    found = [_slice(parts, arg) for arg in made.args]
    return None if None in found else [*(stmt for part in found if part for stmt in part), made]

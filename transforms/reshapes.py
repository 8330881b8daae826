"""Reshaped arrays by their elements: a thread of a GPU has no reshape, which a library does where memory allows it.

An element of a reshaped array is one of the array that it is a view of, wherever it is read or written one by one. Where the
array is wanted as a whole it is a copy, if nobody can tell.
"""

from __future__ import annotations

from srcad.errors import UnsupportedError
from srcad.ir import (
    Array,
    Atom,
    Block,
    Builder,
    Const,
    For,
    Op,
    Operand,
    Trace,
    Var,
    blocks_of,
    const,
    operands,
    replace,
    rewrite,
    subst,
    walk,
    with_blocks,
)
from srcad.transforms.instances import Instances
from srcad.transforms.shapes import Shapes
from srcad.transforms.whole import Index, nest

_ELEMENTS = frozenset(("load", "store", "update"))


def unreshaped(trace: Trace) -> Trace:
    """The trace without `reshape`."""
    if not any(isinstance(stmt, Op) and stmt.name == "reshape" for stmt in walk(trace.body)):
        return trace
    return replace(trace, body=_Rewriter(trace).block(trace.body))


class _Rewriter:
    def __init__(self, trace: Trace) -> None:
        self.body, self.shapes, self.instances = trace.body, Shapes(trace), Instances(trace)
        self.env: dict[Var, Operand] = {}
        self.counters = {loop.index for loop in walk(trace.body) if isinstance(loop, For) and _is_never_negative(loop)}
        #: What a reshaped array is a view of, the sizes that it has and those that this has.
        self.source: dict[Atom, tuple[Atom, Index, Index]] = {}

    def block(self, block: Block) -> Block:
        b = Builder()
        for old in block.stmts:
            stmt = rewrite(old, self.env)
            b.span = stmt.span
            if isinstance(old, Op) and isinstance(stmt, Op) and stmt.name == "reshape":
                self.reshape(b, stmt, old)
            elif isinstance(stmt, Op) and stmt.name in _ELEMENTS:
                b.add(self.element(b, stmt))
            else:
                b.add(with_blocks(stmt, [self.block(inner) for inner in blocks_of(stmt)]))
        return b.block(*(subst(self.env, operand) for operand in block.yields))

    def reshape(self, b: Builder, op: Op, old: Op) -> None:
        source, *dims = op.args
        assert isinstance(source.type, Array)
        known = [size.affine for size in self.shapes.of(old.args[0])]
        own: list[Atom] = [
            b.op("dim", source, axis=k, hint="n") if n.terms else const(n.constant) for k, n in enumerate(known)
        ]
        if own == dims:
            self.env[op.result] = source
        elif _is_read_by_elements(self.body, old.result):
            self.source[op.result] = source, dims, own
        else:
            self.env[op.result] = self.copied(b, op, old, own)

    def copied(self, b: Builder, op: Op, old: Op, own: Index) -> Var:
        source, *dims = op.args
        write = self.instances.written_after(self.body, old, old.result)
        if write is not None:
            raise UnsupportedError(
                "an array is written after it was reshaped, which a thread of a GPU cannot do",
                write.span or op.span,
                'make a copy of the array, or use batched(target="cpu")',
            )
        assert isinstance(source.type, Array)
        array = b.op("alloc", *dims, fill="empty", dtype=source.type.dtype, hint=op.result.hint)

        def copy(inner: Builder, index: Index) -> None:
            place = _parted(inner, _joined(inner, index, dims), own)
            inner.effect("store", array, *index, inner.op("load", source, *place))

        nest(b, dims, copy)
        return array

    def from_start(self, b: Builder, i: Atom, n: Atom) -> Atom:
        """An index that counts from the start also where it is negative."""
        if isinstance(i, Const) and i.value >= 0:
            return i
        if i in self.counters:
            return i
        return b.op("where", b.op("lt", i, const(0)), b.op("add", i, n), i)

    def element(self, b: Builder, op: Op) -> Op:
        """The same element where it is in memory."""
        while op.args[0] in self.source:
            source, dims, own = self.source[op.args[0]]
            index = [self.from_start(b, i, n) for i, n in zip(op.args[1 : len(dims) + 1], dims, strict=True)]
            place = _parted(b, _joined(b, index, dims), own)
            op = replace(op, args=(source, *place, *op.args[len(dims) + 1 :]))
        return op


def _is_read_by_elements(body: Block, array: Var) -> bool:
    for stmt in walk(body):
        given = operands(stmt)
        if isinstance(stmt, Op) and stmt.name in _ELEMENTS:
            given = given[1:]
        if array in given or any(array in inner.yields for inner in blocks_of(stmt)):
            return False
    return array not in body.yields


def _is_never_negative(loop: For) -> bool:
    """Whether the index is never negative."""
    up = (
        isinstance(loop.start, Const) and loop.start.value >= 0 and isinstance(loop.step, Const) and loop.step.value > 0
    )
    return up or (loop.step == const(-1) and isinstance(loop.stop, Const) and loop.stop.value >= -1)


def _joined(b: Builder, index: Index, sizes: Index) -> Atom:
    """The number of a place, counted row by row."""
    place: Atom = const(0)
    for k, (i, n) in enumerate(zip(index, sizes, strict=True)):
        place = i if k == 0 else b.op("add", b.op("mul", place, n), i)
    return place


def _parted(b: Builder, place: Atom, sizes: Index) -> list[Atom]:
    """The place with this number."""
    index: list[Atom] = []
    for n in reversed(sizes[1:]):
        index.insert(0, b.op("mod", place, n))
        place = b.op("floordiv", place, n)
    return [place, *index] if sizes else []

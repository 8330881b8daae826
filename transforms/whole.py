"""Functions of whole arrays as loops over elements, for what knows no arrays but by their elements: a thread of a GPU.

What works element by element is made into loops by `transforms.fuse` already, and what a library computes cannot be. Here is what
lies between: copies and broadcasts, products of matrices, extremes and where they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from srcad.ir import (
    BOOL,
    INT,
    Array,
    Atom,
    Block,
    Builder,
    Const,
    For,
    If,
    Op,
    Operand,
    Scalar,
    Trace,
    Type,
    Var,
    blocks_of,
    const,
    replace,
    rewrite,
    subst,
    with_blocks,
)
from srcad.transforms.shapes import Shapes

Index = Sequence[Atom]


def whole(trace: Trace) -> Trace:
    """The trace with such functions as loops. Sizes that are known are numbers."""
    return replace(trace, body=_Writer(trace).block(trace.body))


class _Writer:
    def __init__(self, trace: Trace) -> None:
        self.shapes = Shapes(trace)
        self.env: dict[Var, Operand] = {}
        self.rules: dict[str, Callable[[Builder, Op], Atom | None]] = {
            "dim": self.dim, "copy": self.copy, "array": self.array, "expand": self.expand, "reduce_like": self.reduce_like,
            "dot": self.dot, "max": self.extreme, "min": self.extreme, "argmax": self.place, "argmin": self.place,
            "any": self.test, "all": self.test, "trips": self.trips, "broadcast_dim": self.broadcast,
            "stop_gradient": lambda b, op: op.args[0],
        }  # fmt: skip

    def block(self, block: Block) -> Block:
        b = Builder()
        for old in block.stmts:
            stmt = rewrite(old, self.env)
            b.span = stmt.span
            rule = self.rules.get(stmt.name) if isinstance(stmt, Op) else None
            value = rule(b, stmt) if rule is not None and isinstance(stmt, Op) else None
            if value is None:
                b.add(with_blocks(stmt, [self.block(inner) for inner in blocks_of(stmt)]))
            else:
                assert isinstance(stmt, Op)
                self.env[stmt.result] = value
        return b.block(*(subst(self.env, operand) for operand in block.yields))

    # --- sizes ---------------------------------------------------------------------------------------------------------------

    def size(self, b: Builder, array: Atom, axis: int) -> Atom:
        known = self.shapes.of(array)[axis].affine
        return b.op("dim", array, axis=axis, hint="n") if known.terms else const(known.constant)

    def sizes(self, b: Builder, array: Atom) -> list[Atom]:
        assert isinstance(array.type, Array)
        return [self.size(b, array, axis) for axis in range(array.type.ndim)]

    def dim(self, b: Builder, op: Op) -> Atom | None:
        known = self.shapes.of(op.args[0])[op.attr("axis")].affine
        return None if known.terms else const(known.constant)

    def trips(self, b: Builder, op: Op) -> Atom:
        """The length of a range is its span over its step, rounded away from 0, if they have one sign."""
        start, stop, step = op.args
        span = b.op("sub", stop, start)
        if isinstance(step, Const) and step.value == -1:
            span = b.op("sub", start, stop)
        elif op.attr("positive"):
            span = b.op("floordiv", b.op("sub", b.op("add", span, step), const(1)), step)
        elif step != const(1):
            sign = b.op("where", b.op("gt", step, const(0)), const(1), const(-1))
            span = b.op("floordiv", b.op("sub", b.op("add", span, step), sign), step)
        return b.op("where", b.op("gt", span, const(0)), span, const(0), hint=op.result.hint)

    def broadcast(self, b: Builder, op: Op) -> Atom:
        n, m = op.args
        if isinstance(n, Const) and isinstance(m, Const) and (n == m or 1 in (n.value, m.value)):
            return n if m == const(1) else m
        one = b.op("eq", n, const(1))
        fits = b.op("or", b.op("or", b.op("eq", n, m), b.op("eq", m, const(1))), one)
        wrong = Builder(span=op.span)
        wrong.effect("raise", exc="ValueError", message="operands could not be broadcast together")
        b.add(If((), fits, Block(), wrong.block(), op.span))
        return b.op("where", one, m, n, hint=op.result.hint)

    # --- elements ------------------------------------------------------------------------------------------------------------

    def made(self, b: Builder, op: Op, sizes: Index, value: Callable[[Builder, Index], Atom]) -> Var:
        """A new array, element by element."""
        (result,) = op.results
        assert isinstance(result.type, Array)
        array = b.op("alloc", *sizes, fill="empty", dtype=result.type.dtype, hint=result.hint)
        nest(b, sizes, lambda inner, index: inner.effect("store", array, *index, value(inner, index)))
        return array

    def copy(self, b: Builder, op: Op) -> Var:
        (source,) = op.args
        return self.made(b, op, self.sizes(b, source), lambda inner, index: inner.op("load", source, *index))

    def array(self, b: Builder, op: Op) -> Var:
        shape = op.attr("shape")
        array = b.op("alloc", *map(const, shape), fill="empty", dtype=op.attr("dtype"), hint=op.result.hint)
        for k, value in enumerate(op.args):
            index: list[Atom] = []
            for n in reversed(shape):
                k, last = divmod(k, n)
                index.insert(0, const(last))
            b.effect("store", array, *index, value)
        return array

    def expand(self, b: Builder, op: Op) -> Atom:
        source, *dims = op.args
        own = self.sizes(b, source)
        if op.attr("seed") or own == dims:
            return source
        return self.made(b, op, dims, lambda inner, index: inner.op("load", source, *self.within(inner, index, own)))

    def reduce_like(self, b: Builder, op: Op) -> Atom:
        g, like = op.args
        sizes, own = self.sizes(b, g), self.sizes(b, like)
        if sizes == own:
            return g
        assert isinstance(g.type, Array)
        total = b.op("alloc", *own, fill="zeros", dtype=g.type.dtype, hint=op.result.hint)
        nest(
            b, sizes, lambda inner, index: inner.effect(
                "update", total, *self.within(inner, index, own), inner.op("load", g, *index)
            )
        )  # fmt: skip
        return total

    @staticmethod
    def within(b: Builder, index: Index, sizes: Index) -> list[Atom]:
        """The index in an array of these sizes that is broadcast to where `index` counts."""
        found: list[Atom] = []
        for i, n in zip(index[len(index) - len(sizes) :], sizes, strict=True):
            if isinstance(n, Const):
                found.append(const(0) if n == const(1) else i)
            else:
                found.append(b.op("where", b.op("eq", n, const(1)), const(0), i))
        return found

    # --- products and reductions ---------------------------------------------------------------------------------------------

    def dot(self, b: Builder, op: Op) -> Atom:
        left, right = op.args
        assert isinstance(left.type, Array)
        assert isinstance(right.type, Array)
        rows, columns = self.sizes(b, left)[:-1], self.sizes(b, right)[1:]
        inner, other = self.size(b, left, left.type.ndim - 1), self.size(b, right, 0)
        if inner != other:
            self.broadcast_exactly(b, inner, other, op)
        dtype = (op.result.type if isinstance(op.result.type, Scalar | Array) else INT).dtype

        def element(b: Builder, index: Index) -> Atom:
            row, column = index[: len(rows)], index[len(rows) :]

            def term(b: Builder, k: Var, total: Var) -> Atom:
                return b.op("add", total, b.op("mul", b.op("load", left, *row, k), b.op("load", right, k, *column)))

            return counted(b, inner, Const(0.0, Scalar(dtype), weak=dtype == "float64"), Scalar(dtype), term, "s")

        if isinstance(op.result.type, Scalar):
            return element(b, ())
        return self.made(b, op, [*rows, *columns], element)

    @staticmethod
    def broadcast_exactly(b: Builder, n: Atom, m: Atom, op: Op) -> None:
        wrong = Builder(span=op.span)
        wrong.effect("raise", exc="ValueError", message="shapes do not fit")
        b.add(If((), b.op("ne", n, m), wrong.block(), Block(), op.span))

    def flat(self, b: Builder, array: Atom, carried: Sequence[tuple[Operand, Type]], step: Step) -> list[Var]:
        """Loops over all elements that carry values from one to the next."""
        return _flat(b, self.sizes(b, array), carried, step, ())

    def extreme(self, b: Builder, op: Op) -> Atom | None:
        """The largest or smallest element; NaN if one is."""
        if op.attr("axis") is not None or op.attr("keepdims"):
            return None
        (array,) = op.args
        self.refuse_empty(b, op)
        assert isinstance(array.type, Array)
        first = b.op("load", array, *[const(0)] * array.type.ndim)
        name = {"max": "maximum", "min": "minimum"}[op.name]

        def step(b: Builder, index: Index, best: Sequence[Var]) -> list[Atom]:
            return [b.op(name, best[0], b.op("load", array, *index), hint=op.result.hint)]

        return self.flat(b, array, [(first, first.type)], step)[0]

    def place(self, b: Builder, op: Op) -> Atom:
        """Where the first of the largest (or smallest) elements is, counted row by row: the first NaN, if there is one."""
        (array,) = op.args
        self.refuse_empty(b, op)
        assert isinstance(array.type, Array)
        first = b.op("load", array, *[const(0)] * array.type.ndim)

        def step(b: Builder, index: Index, best: Sequence[Var]) -> list[Atom]:
            value, place, count = best
            x = b.op("load", array, *index)
            better = b.op("gt" if op.name == "argmax" else "lt", x, value)
            if isinstance(x.type, Scalar) and x.type.dtype.startswith("float"):
                better = b.op("or", better, b.op("and", b.op("ne", x, x), b.op("eq", value, value)))
            taken = [b.op("where", better, new, old) for new, old in ((x, value), (count, place))]
            return [*taken, b.op("add", count, const(1))]

        carried: list[tuple[Operand, Type]] = [(first, first.type), (const(0), INT), (const(0), INT)]
        return self.flat(b, array, carried, step)[1]

    def test(self, b: Builder, op: Op) -> Atom:
        (array,) = op.args
        name = {"any": "or", "all": "and"}[op.name]

        def step(b: Builder, index: Index, found: Sequence[Var]) -> list[Atom]:
            x = b.op("load", array, *index)
            return [b.op(name, found[0], x if x.type == BOOL else b.op("ne", x, const(0)))]

        return self.flat(b, array, [(Const(op.name == "all", BOOL), BOOL)], step)[0]

    def refuse_empty(self, b: Builder, op: Op) -> None:
        for n in self.sizes(b, op.args[0]):
            if not isinstance(n, Const) or n.value == 0:
                wrong = Builder(span=op.span)
                wrong.effect("raise", exc="ValueError", message=f"{op.name} of an empty array")
                b.add(If((), b.op("eq", n, const(0)), wrong.block(), Block(), op.span))


Step = Callable[[Builder, Index, Sequence[Var]], Sequence[Operand]]


def _flat(
    b: Builder, sizes: Index, carried: Sequence[tuple[Operand, Type]], step: Step, index: tuple[Var, ...]
) -> list[Var]:
    params = tuple(Var("", type, b.span) for _, type in carried)
    counter = Var(_letter(len(index)), INT)
    inner = Builder(span=b.span)
    if len(sizes) == 1:
        after = step(inner, (*index, counter), params)
    else:
        after = _flat(inner, sizes[1:], [(p, p.type) for p in params], step, (*index, counter))
    results = tuple(p.like() for p in params)
    inits = tuple(init for init, _ in carried)
    b.add(For(results, counter, const(0), sizes[0], const(1), params, inits, inner.block(*after), span=b.span))
    return list(results)


def counted(
    b: Builder, trips: Atom, init: Operand, type: Type, step: Callable[[Builder, Var, Var], Operand], hint: str
) -> Var:
    """A loop that carries one value."""
    counter, param = Var("m", INT), Var(hint, type)
    inner = Builder(span=b.span)
    after = step(inner, counter, param)
    result = param.like()
    b.add(For((result,), counter, const(0), trips, const(1), (param,), (init,), inner.block(after), span=b.span))
    return result


def nest(b: Builder, sizes: Index, body: Callable[[Builder, Index], None], index: tuple[Var, ...] = ()) -> None:
    """Loops over all places of an array of these sizes."""
    if len(index) == len(sizes):
        body(b, index)
        return
    counter = Var(_letter(len(index)), INT)
    inner = Builder(span=b.span)
    nest(inner, sizes, body, (*index, counter))
    b.add(For((), counter, const(0), sizes[len(index)], const(1), (), (), inner.block(), span=b.span))


def _letter(depth: int) -> str:
    return "ijk"[depth] if depth < 3 else f"i{depth - 2}"

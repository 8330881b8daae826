"""Jacobians: a tangent or an adjoint trace inside a loop over the unit vectors.

Forward mode seeds one element of x a time and gives one slice J[..., j] (n tangents for n inputs); reverse mode seeds one
element of y and gives J[i, ...] (m adjoints for m outputs). The result nests as y, each leaf of it as x, and each leaf of
that has y's shape followed by x's: as in JAX.

Where every tangent would repeat work of the primal that costs more than the tangent's own, a trip of the loop carries several
directions, a *chunk*, and does that work once for all (as ForwardDiff.jl does: Revels, Lubin & Papamarkou 2016).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from srcad.callees import adopted
from srcad.ir import (
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
    Static,
    Trace,
    Tree,
    Type,
    Var,
    While,
    blocks_of,
    const,
    is_float,
    leaves,
    map_tree,
    replace,
    uses,
    walk,
)
from srcad.ops import ELEMENTWISE
from srcad.transforms.adjoint import adjoint
from srcad.transforms.signature import inline, number, returning
from srcad.transforms.tangent import tangent

#: Elementwise ops that cost no more than a few multiplications.
_CHEAP = frozenset({"div", "sqrt", "floor", "ceil", "trunc", "rint", "deg2rad", "rad2deg", "copysign"})
#: The most statements of the primal for chunks of that many directions: what is generated grows with both.
_CHUNKS = {4: 150, 2: 300}


def jacfwd(trace: Trace, wrt: Sequence[int], single: bool) -> Trace:
    """The Jacobian of the result by the parameters in `wrt`, forward; without the tuple around them if `single`."""
    return _Jacobian(trace, wrt, single).forward()


def jacrev(trace: Trace, wrt: Sequence[int], single: bool) -> Trace:
    """The same, reverse."""
    return _Jacobian(trace, wrt, single).reverse()


class _Jacobian:
    """The trace under construction: the primal's value first (it has y's shape), then one loop a leaf of x or of y."""

    def __init__(self, trace: Trace, wrt: Sequence[int], single: bool) -> None:
        self.trace, self.wrt, self.single = trace, wrt, single
        self.b = Builder()
        self.params = tuple(replace(p, tree=map_tree(lambda v: v.like(), p.tree)) for p in trace.params)
        self.inputs = [leaf for param in self.params for leaf in leaves(param.tree)]
        self.xs = [leaf for k in wrt for leaf in leaves(self.params[k].tree) if is_float(leaf.type)]
        self.y_leaves = [i for i in leaves(trace.returns) if is_float(trace.body.yields[i].type)]
        #: J[y, x], by the index of y's leaf and by x's leaf.
        self.blocks: dict[tuple[int, Var], Operand] = {}
        self.functions: list[Trace] = list(trace.functions)
        yields: Sequence[Operand] = trace.body.yields
        if any(isinstance(yields[i].type, Array) for i in self.y_leaves):
            yields = inline(self.b, trace, self.inputs)
        self.ys = [yields[i] for i in self.y_leaves]

    def forward(self) -> Trace:
        for position, param in zip(self.wrt, (self.params[k] for k in self.wrt), strict=True):
            own = [leaf for leaf in leaves(param.tree) if is_float(leaf.type)]
            tangents: dict[int, Trace] = {}
            for x in own:
                count = chunk_for(self.trace, x)
                if count not in tangents:
                    made = tangent(self.trace, [position], count)
                    tangents[count] = adopted(self.functions, returning(made, Tree(made.returns.items[1:])))

                def run(
                    b: Builder, seeds: list[Operand], x: Var = x, own: list[Var] = own, dots: Trace = tangents[count]
                ) -> list[list[Operand]]:
                    given = [seed if leaf is x else zeros_like(b, leaf) for seed in seeds for leaf in own]
                    results = inline(b, dots, [*self.inputs, *given])
                    return [[results[i] for i in leaves(y_dot)] for y_dot in dots.returns.items]

                for index, block in zip(self.y_leaves, self.loop(x, self.ys, run, True, count), strict=True):
                    self.blocks[index, x] = block
        return self.finish("_jacfwd")

    def reverse(self) -> Trace:
        bars = adopted(self.functions, adjoint(self.trace, list(self.wrt)))
        for index, y in zip(self.y_leaves, self.ys, strict=True):

            def run(b: Builder, seeds: list[Operand], index: int = index) -> list[list[Operand]]:
                others = zip(self.y_leaves, self.ys, strict=True)
                given = [seeds[0] if i == index else zeros_like(b, other) for i, other in others]
                results = inline(b, bars, [*self.inputs, *given])
                return [[results[i] for i in leaves(Tree(bars.returns.items[1:]))]]

            for x, block in zip(self.xs, self.loop(y, self.xs, run, last=False), strict=True):
                self.blocks[index, x] = block
        return self.finish("_jacrev")

    def loop(
        self,
        seeded: Operand,
        others: Sequence[Operand],
        run: Callable[[Builder, list[Operand]], list[list[Operand]]],
        last: bool,
        count: int = 1,
    ) -> list[Operand]:
        """The blocks of `others` against `seeded`: `run` with each unit vector of it, `count` at once. `last`: its axes come
        last."""
        b = self.b
        if not isinstance(seeded.type, Array):
            return run(b, [number(b, seeded.type, 1.0)])[0]
        dims = sizes(b, seeded)
        blocks: list[Var] = []
        for other in others:
            shape = [*sizes(b, other), *dims] if last else [*dims, *sizes(b, other)]
            dtype = (other if last else seeded).type.dtype  # type: ignore[union-attr]
            blocks.append(b.op("alloc", *shape, hint="J", fill="empty", dtype=dtype))
        index = [Var(letter, INT) for letter in "ijklmnpq"[: len(dims)]]
        inner = Builder()
        places: list[tuple[list[Var], Var | None]] = [(index, None)]  # and whether they are inside
        for k in range(1, count):
            next_one = inner.op("add", index[-1], const(k))
            places.append(([*index[:-1], next_one], inner.op("lt", next_one, dims[-1])))
        seeds: list[Operand] = []
        for place, inside in places:
            seed = inner.op("alloc", *sizes(inner, seeded), hint="seed", fill="zeros", dtype=seeded.type.dtype)
            one = Builder()
            one.effect("store", seed, *place, const(1.0))
            where(inner, inside, one)
            seeds.append(seed)
        for (place, inside), values in zip(places, run(inner, seeds), strict=True):
            written = Builder()
            for block, value in zip(blocks, values, strict=True):
                write(written, block, place, value, last)
            where(inner, inside, written)
        stmts = inner.stmts
        steps = [*[1] * (len(index) - 1), count]
        for i, n, step in reversed(list(zip(index, dims, steps, strict=True))):
            stmts = [For((), i, const(0), n, const(step), (), (), Builder(stmts).block())]
        b.stmts.extend(stmts)
        return list(blocks)

    def finish(self, suffix: str) -> Trace:
        yields: list[Operand] = []

        def by_x(index: int) -> Any:
            def leaf(x: Var) -> int | Static:
                if (index, x) not in self.blocks:
                    return Static(None)
                yields.append(self.blocks[index, x])
                return len(yields) - 1

            trees = tuple(map_tree(leaf, self.params[k].tree) for k in self.wrt)
            return trees[0] if self.single else Tree(trees)

        def by_y(tree: Any) -> Any:
            if isinstance(tree, Tree):
                return Tree(tuple(map(by_y, tree.items)), tree.cls)
            return by_x(tree) if isinstance(tree, int) and tree in self.y_leaves else Static(None)

        returns = by_y(self.trace.returns)
        return replace(
            self.trace,
            name=self.trace.name + suffix,
            params=self.params,
            body=self.b.block(*yields),
            returns=returns,
            functions=tuple(self.functions),
            comments=(),
        )


def chunk_for(trace: Trace, x: Var) -> int:
    """How many directions of x a trip carries: several where tangents would repeat loops that compute what is dear, or one value
    after another. What stands in no loop is computed before all tangents anyway. Where code is made for the size of x, memory
    matters more."""
    if not isinstance(x.type, Array) or not x.type.ndim or x.type.sizes is not None or trace.functions:
        return 1
    stmts = list(walk(trace.body))
    if any(isinstance(stmt, Op) and stmt.name in ("custom", "call") for stmt in stmts):
        return 1
    loops = [stmt for stmt in stmts if isinstance(stmt, For | While)]
    if not any(_carries(loop) or any(map(_is_dear, _ops(loop))) for loop in loops):
        return 1
    return next((count for count, most in _CHUNKS.items() if len(stmts) <= most), 1)


def _carries(loop: For | While) -> bool:
    """Whether a number goes from trip to trip that is more than a sum."""
    read = Counter(var for block in blocks_of(loop) for var in uses(block))
    return any(isinstance(v.type, Scalar) and is_float(v.type) and read[v] > 1 for v in loop.params)


def _ops(loop: For | While) -> Iterator[Op]:
    return (stmt for block in blocks_of(loop) for stmt in walk(block) if isinstance(stmt, Op))


def _is_dear(op: Op) -> bool:
    return op.name in ELEMENTWISE and ELEMENTWISE[op.name].kind == "float" and op.name not in _CHEAP


def where(b: Builder, condition: Var | None, inner: Builder) -> None:
    """Append the statements of the inner builder, which run only where the condition holds, if there is one."""
    if condition is None:
        b.stmts += inner.stmts
    else:
        b.add(If((), condition, inner.block(), Block()))


def write(b: Builder, block: Var, index: Sequence[Var], value: Operand, last: bool) -> None:
    """block[..., *index] = value, or block[*index, ...] = value."""
    assert isinstance(block.type, Array) and isinstance(value, Var | Const)
    rest = block.type.ndim - len(index)
    if rest == 0:
        if isinstance(value.type, Array):
            value = b.op("load", value)
        b.effect("store", block, *index, value)
        return
    whole: list[Atom] = [Const(None, INT)] * (3 * rest)
    spec = "s" * rest + "i" * len(index) if last else "i" * len(index)
    target = b.op("view", block, *((*whole, *index) if last else index), spec=spec)
    b.effect("assign", target, value)


def sizes(b: Builder, operand: Operand) -> list[Atom]:
    if not isinstance(operand.type, Array):
        return []
    assert isinstance(operand, Var | Const)
    return [b.op("dim", operand, axis=k) for k in range(operand.type.ndim)]


def zeros_like(b: Builder, operand: Operand) -> Operand:
    type: Type = operand.type
    if isinstance(type, Array):
        return b.op("alloc", *sizes(b, operand), fill="zeros", dtype=type.dtype)
    return number(b, type, 0.0)

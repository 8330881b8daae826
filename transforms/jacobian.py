"""Jacobians: a tangent or an adjoint trace inside a loop over the unit vectors.

Forward mode seeds one element of x a time and gives one slice J[..., j] (n tangents for n inputs); reverse mode seeds one
element of y and gives J[i, ...] (m adjoints for m outputs). The result nests as y, each leaf of it as x, and each leaf of
that has y's shape followed by x's: as in JAX.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from srcad.callees import adopted
from srcad.ir import (
    INT,
    Array,
    Atom,
    Builder,
    Const,
    For,
    Operand,
    Static,
    Trace,
    Tree,
    Type,
    Var,
    const,
    is_float,
    leaves,
    map_tree,
    replace,
)
from srcad.transforms.adjoint import adjoint
from srcad.transforms.signature import inline, number, select
from srcad.transforms.tangent import tangent


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
            dots = adopted(self.functions, select(tangent(self.trace, [position]), 1))
            own = [leaf for leaf in leaves(param.tree) if is_float(leaf.type)]
            for x in own:

                def run(
                    b: Builder, seed: Operand, x: Var = x, own: list[Var] = own, dots: Trace = dots
                ) -> list[Operand]:
                    seeds = [seed if leaf is x else zeros_like(b, leaf) for leaf in own]
                    results = inline(b, dots, [*self.inputs, *seeds])
                    return [results[i] for i in leaves(dots.returns)]

                for index, block in zip(self.y_leaves, self.loop(x, self.ys, run, last=True), strict=True):
                    self.blocks[index, x] = block
        return self.finish("_jacfwd")

    def reverse(self) -> Trace:
        bars = adopted(self.functions, adjoint(self.trace, list(self.wrt)))
        for index, y in zip(self.y_leaves, self.ys, strict=True):

            def run(b: Builder, seed: Operand, index: int = index) -> list[Operand]:
                others = zip(self.y_leaves, self.ys, strict=True)
                seeds = [seed if i == index else zeros_like(b, other) for i, other in others]
                results = inline(b, bars, [*self.inputs, *seeds])
                return [results[i] for i in leaves(Tree(bars.returns.items[1:]))]

            for x, block in zip(self.xs, self.loop(y, self.xs, run, last=False), strict=True):
                self.blocks[index, x] = block
        return self.finish("_jacrev")

    def loop(
        self, seeded: Operand, others: Sequence[Operand], run: Callable[[Builder, Operand], list[Operand]], last: bool
    ) -> list[Operand]:
        """The blocks of `others` against `seeded`: `run` with each unit vector of it. `last`: its axes come last."""
        b = self.b
        if not isinstance(seeded.type, Array):
            return run(b, number(b, seeded.type, 1.0))
        dims = sizes(b, seeded)
        blocks: list[Var] = []
        for other in others:
            shape = [*sizes(b, other), *dims] if last else [*dims, *sizes(b, other)]
            dtype = (other if last else seeded).type.dtype  # type: ignore[union-attr]
            blocks.append(b.op("alloc", *shape, hint="J", fill="empty", dtype=dtype))
        index = [Var(letter, INT) for letter in "ijklmnpq"[: len(dims)]]
        inner = Builder()
        seed = inner.op("alloc", *sizes(inner, seeded), hint="seed", fill="zeros", dtype=seeded.type.dtype)
        inner.effect("store", seed, *index, const(1.0))
        for block, value in zip(blocks, run(inner, seed), strict=True):
            write(inner, block, index, value, last)
        stmts = inner.stmts
        for i, n in reversed(list(zip(index, dims, strict=True))):
            body = Builder(stmts).block()
            stmts = [For((), i, const(0), n, const(1), (), (), body)]
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

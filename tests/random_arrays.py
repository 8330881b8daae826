"""Random traces of array ops: elementwise, views, writes, reductions, loops and branches around them.

Shapes are tracked while a trace is made, so that nearly all are valid; parameters may share memory, axes may be
empty or broadcast at run time, and views overlap what is written.
"""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from srcad.ir import FLOAT, INT, Array, Atom, Block, Builder, Const, For, If, Param, Trace, Tree, Var, const

NONE = Const(None, INT)
Shape = tuple[int, ...]


class Maker:
    def __init__(self, seed: int, length: int = 14) -> None:
        self.r = random.Random(seed)
        self.numbers = np.random.default_rng(seed)
        self.b = Builder()
        self.arrays: list[Var] = []
        self.scalars: list[Var] = []
        self.shape: dict[Atom, Shape] = {}
        self.ints: dict[Var, int] = {}
        self.depth = 0
        self.params: list[Param] = []
        self.args: list[Any] = []
        self.buffer = self.numbers.uniform(-1, 1, 60)
        self._inputs()
        for _ in range(self.r.randint(1, length)):
            self.step()
        out = [a for a in self.arrays if self.r.random() < 0.35] + [a for a in self.scalars if self.r.random() < 0.5]
        self.trace = Trace("f", tuple(self.params), self.b.block(*out), Tree(tuple(range(len(out)))))

    def _inputs(self) -> None:
        n, m = self.r.choice([0, 1, 2, 3, 4]), self.r.choice([1, 2, 3])
        for name, shape in {"x": (n,), "y": (n,), "o": (1,), "A": (n, m), "B": (m, n), "u": (m,)}.items():
            self._input(name, shape)
        if self.r.random() < 0.3:
            self._input("f", (self.r.choice([1, n]),))
        s, k = Var("s", FLOAT), Var("k", INT)
        self.params += [Param("s", s), Param("k", k)]
        self.scalars.append(s)
        self.ints[k] = self.r.choice([-2, -1, 0, 1, 2, 3, 5])
        self.args += [0.7, self.ints[k]]
        d = self.b.op("dim", self.params[0].tree, axis=0)
        self.ints[d] = n
        for c in (1, 2, 3):
            self.ints[self.b.op("sub", d, const(c))] = n - c

    def _input(self, name: str, shape: Shape) -> None:
        var = Var(name, Array("float64", len(shape), self.r.choice("CA")))
        self.params.append(Param(name, var))
        self.add(var, shape)
        size, start = int(np.prod(shape)), self.r.randint(0, 8)
        shared = self.buffer[start : start + size].reshape(shape)
        self.args.append(shared if self.r.random() < 0.3 else self.numbers.uniform(-1, 1, shape))

    # --- what there is -------------------------------------------------------------------------------------------------------

    def add(self, var: Var, shape: Shape) -> None:
        self.shape[var] = shape
        (self.arrays if isinstance(var.type, Array) else self.scalars).append(var)

    def pick(self) -> Var:
        return self.r.choice(self.arrays[-8:] if self.r.random() < 0.6 else self.arrays)

    def floats(self) -> list[Var]:
        return [a for a in self.arrays if a.type.dtype == "float64"]

    def operand(self) -> Atom:
        kind = self.r.random()
        if kind < 0.75:
            return self.pick()
        return self.r.choice(self.scalars) if kind < 0.9 and self.scalars else const(self.r.choice([0.5, 2.0, -1.5]))

    def shape_of(self, a: Atom) -> Shape:
        return self.shape.get(a, ())

    # --- statements ----------------------------------------------------------------------------------------------------------

    def step(self) -> None:
        steps = {
            self.elementwise: 10.0, self.view: 5.0, self.reduction: 4.0, self.write: 5.0, self.alloc: 1.0, self.element: 1.0,
            self.copy: 1.5, self.loop: 0.7, self.branch: 0.7, self.zeros: 0.7,
        }  # fmt: skip
        self.r.choices(list(steps), list(steps.values()))[0]()

    def elementwise(self) -> None:
        operands = self.operand(), self.operand()
        try:
            shape = np.broadcast_shapes(*map(self.shape_of, operands))
        except ValueError:
            return
        if not any(isinstance(a.type, Array) for a in operands) or np.prod(shape) > 200:
            return
        a, b = (self.b.op("cast", x, dtype="float64") if x.type.dtype == "bool" else x for x in operands)
        kind = self.r.random()
        hint = self.r.choice(["", "p", "q", "w"])
        if kind < 0.15:
            if isinstance(a.type, Array):
                name = self.r.choice(["sin", "neg", "tanh", "abs"])
                self.add(self.b.op(name, a, hint=hint), self.shape_of(operands[0]))
        elif kind < 0.25:
            self.add(self.b.op("where", self.b.op("lt", a, b), a, b), shape)
        elif kind < 0.3:
            self.add(self.b.op("lt", a, b), shape)
        elif kind < 0.35:
            if isinstance(a.type, Array):
                self.add(self.b.op("cast", a, dtype="float32"), self.shape_of(operands[0]))
        else:
            self.add(self.b.op(self.r.choice(["add", "sub", "mul", "maximum"]), a, b, hint=hint), shape)

    def bounds(self) -> tuple[Atom, Atom, Atom]:
        small, end = const(self.r.choice([0, 1, 2])), const(self.r.choice([-1, -2, 1, 3]))
        size = self.r.choice(list(self.ints))
        kinds: list[tuple[Atom, Atom, Atom]] = [
            (NONE, NONE, NONE), (small, NONE, NONE), (NONE, end, NONE), (small, end, NONE), (NONE, NONE, const(-1)),
            (NONE, NONE, const(2)), (NONE, size, NONE), (size, NONE, NONE), (const(1), size, NONE), (NONE, size, NONE),
        ]  # fmt: skip
        return self.r.choice(kinds)

    def view(self) -> None:
        a = self.pick()
        shape = self.shape[a]
        if self.r.random() < 0.2 and len(shape) > 1:
            self.add(self.b.op("transpose", a, axes=tuple(reversed(range(len(shape))))), shape[::-1])
            return
        spec, operands, index = "", [], []
        for n in shape:
            if self.r.random() < 0.15 and len(shape) < 2:
                spec += "n"
                index.append(None)
            if self.r.random() < 0.2 and len(shape) > 1 and n > 0 and "i" not in spec:
                i = self.r.choice([0, -1, n - 1])
                spec += "i"
                operands.append(const(i))
                index.append(i)
            else:
                bounds = self.bounds()
                spec += "s"
                operands += bounds
                index.append(slice(*(b.value if isinstance(b, Const) else self.ints[b] for b in bounds)))
        if len(shape) == 1 and self.r.random() < 0.2:
            spec += "n"
            index.append(None)
        self.add(self.b.op("view", a, *operands, spec=spec, hint="v"), np.empty(shape)[tuple(index)].shape)

    def reduction(self) -> None:
        a = self.pick()
        shape = self.shape[a]
        name = self.r.choice(["sum", "sum", "mean", "prod", "max", "min"])
        full = self.r.random() < 0.4 or not shape
        axis = None if full else tuple(sorted(self.r.sample(range(len(shape)), self.r.randint(1, len(shape)))))
        if name in ("max", "min") and (a.type.dtype == "bool" or 0 in shape):
            return
        keep = self.r.random() < 0.3
        result = self.b.op(name, a, axis=axis, keepdims=keep, hint=self.r.choice(["", "total"]))
        self.add(result, np.empty(shape).sum(axis=axis, keepdims=keep).shape)

    def write(self) -> None:
        target, value = self.r.choice([a for a in self.arrays if a.type.dtype.startswith("float")]), self.operand()
        try:
            fits = np.broadcast_shapes(self.shape[target], self.shape_of(value)) == self.shape[target]
        except ValueError:
            return
        if fits and value.type.dtype != "bool":
            self.b.effect(self.r.choice(["assign", "accumulate"]), target, value)

    def _alloc(self, fill: str) -> Var:
        like = self.pick()
        dims = [self.b.op("dim", like, axis=k) for k in range(len(self.shape[like]))]
        made = self.b.op("alloc", *dims, fill=fill, dtype="float64", hint="z")
        self.add(made, self.shape[like])
        return made

    def alloc(self) -> None:
        self._alloc(self.r.choice(["zeros", "ones"]))

    def zeros(self) -> None:
        """As adjoints begin: zeros, and then something is added."""
        made = self._alloc("zeros")
        for _ in range(self.r.randint(1, 2)):
            fitting = [a for a in self.floats() if self.shape[a] == self.shape[made] and a is not made]
            value = self.r.choice(fitting) if fitting and self.r.random() < 0.8 else const(1.5)
            self.b.effect(self.r.choice(["accumulate", "accumulate", "assign"]), made, value)
            if self.r.random() < 0.5:
                self.elementwise()

    def element(self) -> None:
        a = self.pick()
        shape = self.shape[a]
        if 0 in shape or not shape or a.type.dtype == "bool":
            return
        index = [const(self.r.choice([0, n - 1, -1])) for n in shape]
        if self.r.random() < 0.5:
            self.b.effect(self.r.choice(["store", "update"]), a, *index, self.r.choice(self.scalars))
        else:
            self.add(self.b.op("load", a, *index), ())

    def copy(self) -> None:
        a = self.pick()
        self.add(self.b.op("copy", a, hint="c"), self.shape[a])

    # --- blocks --------------------------------------------------------------------------------------------------------------

    def block(self, start: list[Var], want: list[Shape], steps: int) -> Block:
        outer = self.b, list(self.arrays), list(self.scalars)
        self.b = Builder()
        self.depth += 1
        for var in start:
            self.add(var, self.shape[var])
        for _ in range(steps):
            self.step()
        yields = []
        for shape in want:
            recent = [a for a in self.floats()[len(outer[1]) - 3 :] if self.shape[a] == shape]
            yields.append(self.r.choice(recent or [a for a in self.floats() if self.shape[a] == shape]))
        made = self.b.block(*yields)
        self.b, self.arrays, self.scalars = outer
        self.depth -= 1
        return made

    def _like(self, var: Var, hint: str) -> Var:
        new = Var(hint, Array("float64", var.type.ndim, "A"))
        self.shape[new] = self.shape[var]
        return new

    def loop(self) -> None:
        if self.depth > 1:
            return
        inits = tuple(self.r.choice(self.floats()) for _ in range(self.r.randint(0, 2)))
        params = tuple(self._like(v, "p") for v in inits)
        body = self.block(list(params), [self.shape[v] for v in inits], self.r.randint(1, 6))
        results = tuple(self._like(v, "r") for v in inits)
        trips = const(self.r.choice([0, 1, 2, 3]))
        self.b.add(For(results, Var("it", INT), const(0), trips, const(1), params, inits, body))
        for var in results:
            self.add(var, self.shape[var])

    def branch(self) -> None:
        if self.depth > 1:
            return
        cond = self.b.op("lt", self.r.choice(self.scalars), const(0.3))
        like = self.r.choice(self.floats())
        then, orelse = (self.block([], [self.shape[like]], self.r.randint(0, 4)) for _ in range(2))
        result = self._like(like, "phi")
        self.b.add(If((result,), cond, then, orelse))
        self.add(result, self.shape[like])


def fresh_args(args: list[Any]) -> list[Any]:
    """Copies of the arguments that share memory where the arguments do."""
    copies: dict[int, np.ndarray] = {}
    result = []
    for x in args:
        base = x
        while isinstance(base, np.ndarray) and isinstance(base.base, np.ndarray):
            base = base.base
        if not isinstance(x, np.ndarray):
            result.append(x)
            continue
        copy = copies.setdefault(id(base), base.copy())
        start = (x.__array_interface__["data"][0] - base.__array_interface__["data"][0]) // 8
        result.append(copy.reshape(-1)[start : start + x.size].reshape(x.shape))
    return result

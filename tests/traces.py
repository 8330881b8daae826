"""Traces built by hand: small programs with every kind of control flow and memory, for tests of single passes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from srcad.ir import (
    BOOL,
    FLOAT,
    INT,
    Array,
    Atom,
    Builder,
    Const,
    For,
    If,
    Op,
    Operand,
    Param,
    Trace,
    Tree,
    Var,
    While,
    const,
    verify,
)

VECTOR, MATRIX = Array("float64", 1), Array("float64", 2)
NONE = Const(None, INT)
ZERO, ONE, TWO = const(0), const(1), const(2)


def trace(name: str, params: Sequence[Var], b: Builder, *results: Operand, **more: Any) -> Trace:
    returns = 0 if len(results) == 1 else Tree(tuple(range(len(results))))
    return verify(Trace(name, tuple(Param(v.hint, v) for v in params), b.block(*results), returns, **more))


Body = Callable[..., Sequence[Operand]]


def loop(
    b: Builder, start: Atom, stop: Atom, body: Body, *carried: tuple[str, Operand], step: int = 1, exits: bool = False
) -> tuple[Var, ...]:
    """Append a For; `body(b, i, *params)` gives the yields."""
    index = Var("i", INT)
    params = tuple(Var(hint, init.type) for hint, init in carried)
    inner = Builder()
    yields = body(inner, index, *params)
    results = tuple(p.like() for p in params)
    inits = tuple(init for _, init in carried)
    b.add(For(results, index, start, stop, const(step), params, inits, inner.block(*yields), exits))
    return results


def while_(
    b: Builder, cond: Callable[..., Atom], body: Body, *carried: tuple[str, Operand], exits: bool = False
) -> Any:
    params = tuple(Var(hint, init.type) for hint, init in carried)
    head, inner = Builder(), Builder()
    test = cond(head, *params)
    yields = body(inner, *params)
    results = tuple(p.like() for p in params)
    b.add(While(results, params, tuple(i for _, i in carried), head.block(test), inner.block(*yields), exits))
    return results


def branch(b: Builder, cond: Atom, then: Body, orelse: Body, *merged: Var) -> tuple[Var, ...]:
    """Append an If whose results are like `merged`."""
    left, right = Builder(), Builder()
    given, other = then(left), orelse(right)
    results = tuple(var.like() for var in merged)
    b.add(If(results, cond, left.block(*given), right.block(*other)))
    return results


# --- programs ---


def horner() -> Trace:
    """y = y * x + sin(y), n times."""
    x, n, b = Var("x", FLOAT), Var("n", INT), Builder()

    def body(b: Builder, i: Var, y: Var) -> list[Operand]:
        return [b.op("add", b.op("mul", y, x), b.op("sin", y), hint="y")]

    (y,) = loop(b, ZERO, n, body, ("y", const(1.0)))
    return trace("horner", [x, n], b, y)


def smooth() -> Trace:
    """u[i] = a * u[i - 1]**2 + (1 - a) * x[i], summed."""
    x, a, b = Var("x", VECTOR), Var("a", FLOAT), Builder()
    size = b.op("dim", x, axis=0)
    u = b.op("alloc", size, hint="u", fill="zeros", dtype="float64")

    def body(b: Builder, i: Var) -> list[Operand]:
        left = b.op("load", u, b.op("sub", i, ONE))
        new = b.op("mul", a, b.op("pow", left, TWO))
        rest = b.op("mul", b.op("sub", const(1.0), a), b.op("load", x, i))
        b.effect("store", u, i, b.op("add", new, rest))
        return []

    loop(b, ONE, size, body)
    (y,) = loop(
        b, ZERO, b.op("dim", u, axis=0), lambda b, i, s: [b.op("add", s, b.op("load", u, i))], ("s", const(0.0))
    )
    return trace("smooth", [x, a], b, y)


def leaky() -> Trace:
    """A branch in a loop, and a value that only one branch assigns."""
    x, w, b = Var("x", VECTOR), Var("w", FLOAT), Builder()

    def body(b: Builder, i: Var, s: Var) -> list[Operand]:
        z = b.op("mul", b.op("load", x, i), w, hint="z")
        positive = b.op("gt", z, const(0.0))
        (s2,) = branch(
            b,
            positive,
            lambda b: [b.op("add", s, b.op("mul", z, z))],
            lambda b: [b.op("add", s, b.op("mul", const(0.1), z))],
            s,
        )
        return [s2]

    (s,) = loop(b, ZERO, b.op("dim", x, axis=0), body, ("s", const(0.0)))
    return trace("leaky", [x, w], b, s)


def burgers() -> Trace:
    """Two arrays that change places in a time loop."""
    u0, dt, steps, b = Var("u0", VECTOR), Var("dt", FLOAT), Var("steps", INT), Builder()
    n = b.op("dim", u0, axis=0)
    u, v = b.op("copy", u0, hint="u"), b.op("copy", u0, hint="v")

    def step(b: Builder, k: Var, u: Var, v: Var) -> list[Operand]:
        def cell(b: Builder, i: Var) -> list[Operand]:
            here, left = b.op("load", u, i), b.op("load", u, b.op("sub", i, ONE))
            flux = b.op("mul", b.op("mul", dt, here), b.op("sub", here, left))
            b.effect("store", v, i, b.op("sub", here, flux))
            return []

        loop(b, ONE, n, cell)
        return [v, u]

    u, v = loop(b, ZERO, steps, step, ("u", u), ("v", v))

    def square(b: Builder, i: Var, s: Var) -> list[Operand]:
        return [b.op("add", s, b.op("mul", b.op("load", u, i), b.op("load", u, i)))]

    (y,) = loop(b, ZERO, n, square, ("y", const(0.0)))
    return trace("burgers", [u0, dt, steps], b, y)


def newton() -> Trace:
    """`while True` with a break: x = sqrt(a)."""
    a, b = Var("a", FLOAT), Builder()

    def body(b: Builder, x: Var) -> list[Operand]:
        step = b.op("div", b.op("sub", b.op("mul", x, x), a), b.op("mul", const(2.0), x))
        going = b.op("ge", b.op("abs", step), const(1e-13))
        return [going, b.op("sub", x, step)]

    (x,) = while_(b, lambda b, x: const(True), body, ("x", a), exits=True)
    return trace("newton", [a], b, x)


def stack() -> Trace:
    """A list filled in a loop, emptied in another."""
    x, n, b = Var("x", FLOAT), Var("n", INT), Builder()
    items = b.op("list", hint="items", item=FLOAT)

    def push(b: Builder, i: Var, p: Var) -> list[Operand]:
        b.effect("append", items, p)
        return [b.op("mul", p, x)]

    loop(b, ZERO, n, push, ("p", const(1.0)))

    def pop(b: Builder, s: Var) -> list[Operand]:
        return [b.op("add", b.op("mul", s, const(0.5)), b.op("pop", items))]

    (s,) = while_(b, lambda b, s: b.op("gt", b.op("length", items), ZERO), pop, ("s", const(0.0)))
    return trace("stack", [x, n], b, s)


def views() -> Trace:
    """Rows, transposes, slices, in-place sums; a result that is a view, and one that is an input."""
    x, b = Var("x", MATRIX), Builder()
    n, m = b.op("dim", x, axis=0), b.op("dim", x, axis=1)
    t = b.op("alloc", m, n, hint="t", fill="ones", dtype="float64")
    b.effect("assign", t, b.op("transpose", x, axes=(1, 0)))
    row = b.op("view", t, ZERO, hint="row", spec="i")
    tail = b.op("view", row, ONE, NONE, NONE, hint="tail", spec="s")
    b.effect("accumulate", tail, b.op("view", x, ONE, NONE, NONE, ZERO, spec="si"))
    b.effect("update", t, ONE, ZERO, b.op("mul", b.op("load", row, ONE), b.op("load", row, ONE)))
    flat = b.op("reshape", b.op("copy", t), b.op("mul", n, m), hint="flat")
    b.effect("store", flat, ZERO, b.op("exp", b.op("load", flat, ONE)))
    return trace("views", [x], b, flat, row, x)


def merged() -> Trace:
    """A branch that chooses between memory of two arrays and writes into what it chose."""
    x, w, b = Var("x", VECTOR), Var("w", FLOAT), Builder()
    u = b.op("copy", x, hint="u")
    v = b.op("alloc", TWO, hint="v", fill="ones", dtype="float64")
    big = b.op("gt", w, const(1.0))
    (a,) = branch(b, big, lambda b: [u], lambda b: [v], u.like("a"))
    b.effect("store", a, ZERO, b.op("mul", w, b.op("load", a, ONE)))
    b.effect("store", u, ONE, b.op("mul", b.op("load", u, ZERO), const(3.0)))
    y = b.op("add", b.op("load", u, ZERO), b.op("mul", b.op("load", v, ZERO), b.op("load", u, ONE)))
    return trace("merged", [x, w], b, y, v, b.op("array", y, w, shape=(2,), dtype="float64"))


def power() -> Trace:
    """Recursion: x**n by squaring."""
    x, n, b = Var("x", FLOAT), Var("n", INT), Builder()

    def recurse(b: Builder) -> list[Operand]:
        half = Var("half", FLOAT)
        attrs = (("callee", "power"), ("results", (FLOAT,)))
        b.add(Op((half,), "call", (x, b.op("floordiv", n, TWO)), attrs))
        square = b.op("mul", half, half)
        odd = b.op("eq", b.op("mod", n, TWO), ONE)
        return list(branch(b, odd, lambda b: [b.op("mul", square, x)], lambda b: [square], square))

    (y,) = branch(b, b.op("eq", n, ZERO), lambda b: [const(1.0)], recurse, x.like("y"))
    callee = trace("power", [x, n], b, y)
    x, n, b = Var("x", FLOAT), Var("n", INT), Builder()
    y = Var("y", FLOAT)
    b.add(Op((y,), "call", (b.op("sin", x), n), (("callee", "power"), ("results", (FLOAT,)))))
    return trace("f", [x, n], b, y, functions=(callee,))


#: A trace and its arguments.
PROGRAMS: dict[str, tuple[Callable[[], Trace], tuple[Any, ...]]] = {
    "horner": (horner, (0.4, 7)),
    "horner_no_trips": (horner, (0.4, 0)),
    "smooth": (smooth, (np.linspace(0.1, 0.9, 6), 0.3)),
    "leaky": (leaky, (np.array([0.5, -0.3, 0.2, -0.9]), 0.7)),
    "burgers": (burgers, (np.linspace(0.1, 0.9, 6), 0.1, 5)),
    "newton": (newton, (3.0,)),
    "stack": (stack, (0.8, 4)),
    "views": (views, (np.array([[0.5, -0.3, 0.2], [0.1, 0.7, -0.9]]),)),
    "merged": (merged, (np.array([0.5, -0.3]), 1.5)),
    "merged_other": (merged, (np.array([0.5, -0.3]), 0.5)),
    "power": (power, (0.6, 5)),
}

__all__ = ["BOOL", "PROGRAMS", "branch", "loop", "trace", "while_"]

"""The adjoint transform on traces written by hand, run by the reference interpreter, against central differences.

Each trace stands for a way in which the reverse sweep has to get hold of forward values: a tape of known length, a list, memory
that is its own tape, arrays swapped and arrays made anew in a loop, stacks shared by the calls of a recursive function.
"""

from __future__ import annotations

import linecache
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcad
from interp import run
from srcad.ir import (
    BOOL,
    FLOAT,
    INT,
    Array,
    Block,
    Builder,
    Const,
    For,
    If,
    Op,
    Param,
    Trace,
    Type,
    Var,
    While,
    const,
    verify,
    walk,
)
from srcad.transforms.adjoint import adjoint
from srcad.transforms.cse import cse
from srcad.transforms.dce import dce
from srcad.transforms.fold import fold
from srcad.transforms.fuse import fuse
from srcad.transforms.join import join
from srcad.transforms.protect import protect

VECTOR = Array("float64", 1)
Case = tuple[Trace, tuple[Any, ...]]


def var(hint: str, type: Type = FLOAT) -> Var:
    return Var(hint, type)


def function(name: str, params: list[Var], body: Block, functions: tuple[Trace, ...] = ()) -> Trace:
    return Trace(name, tuple(Param(p.hint, p) for p in params), body, 0, functions)


def total(b: Builder, array: Var, term: Callable[[Builder, Var], Var]) -> Var:
    """A loop that sums `term` of each element."""
    n, i, s, result, inner = b.op("dim", array, axis=0), var("i", INT), var("s"), var("s"), Builder()
    after = inner.op("add", s, term(inner, inner.op("load", array, i)), hint="s")
    b.add(For((result,), i, const(0), n, const(1), (s,), (const(0.0),), inner.block(after)))
    return result


def square(b: Builder, x: Var) -> Var:
    return b.op("mul", x, x)


def horner() -> Case:
    x, n, i, y, result, b = var("x"), var("n", INT), var("i", INT), var("y"), var("y"), Builder()
    after = b.op("add", b.op("mul", y, x), b.op("sin", y), hint="y")
    loop = For((result,), i, const(0), n, const(1), (y,), (const(1.0),), b.block(after))
    return function("horner", [x, n], Block((loop,), (result,))), (0.4, 7)


def newton() -> Case:
    a, x, result, b = var("a"), var("x"), var("x"), Builder()
    over = b.op("sub", b.op("mul", x, x), a)
    step = b.op("div", over, b.op("mul", const(2.0), x), hint="step")
    after = b.op("sub", x, step, hint="x")
    go = b.op("ge", b.op("abs", step), const(1e-12))
    loop = While((result,), (x,), (a,), Block((), (Const(True, BOOL),)), b.block(go, after), True)
    return function("newton", [a], Block((loop,), (result,))), (3.0,)


def smooth() -> Case:
    x, a, i, b, inner = var("x", VECTOR), var("a"), var("i", INT), Builder(), Builder()
    n = b.op("dim", x, axis=0)
    u = b.op("alloc", n, fill="zeros", dtype="float64", hint="u")
    before = inner.op("load", u, inner.op("sub", i, const(1)))
    new = inner.op("mul", inner.op("sub", const(1.0), a), inner.op("load", x, i))
    inner.effect("store", u, i, inner.op("add", inner.op("mul", a, inner.op("pow", before, const(2))), new))
    b.add(For((), i, const(1), n, const(1), (), (), inner.block()))
    return function("smooth", [x, a], b.block(total(b, u, lambda b, e: e))), (np.linspace(0.1, 1, 6), 0.3)


def burgers() -> Case:
    u0, dt, steps = var("u0", VECTOR), var("dt"), var("steps", INT)
    u, v, k, i, b, step, cell = (
        var("u", VECTOR),
        var("v", VECTOR),
        var("k", INT),
        var("i", INT),
        *map(Builder, [[], [], []]),
    )
    first, second = b.op("copy", u0, hint="u"), b.op("copy", u0, hint="v")
    n = b.op("dim", first, axis=0)
    here, left = cell.op("load", u, i), cell.op("load", u, cell.op("sub", i, const(1)))
    flux = cell.op("mul", cell.op("mul", dt, here), cell.op("sub", here, left))
    cell.effect("store", v, i, cell.op("sub", here, flux))
    step.add(For((), i, const(1), n, const(1), (), (), cell.block()))
    last, other = var("u", VECTOR), var("v", VECTOR)
    b.add(For((last, other), k, const(0), steps, const(1), (u, v), (first, second), step.block(v, u)))
    args = (np.linspace(0.1, 1, 6) ** 2, 0.1, 5)
    return function("burgers", [u0, dt, steps], b.block(total(b, last, square))), args


def descent() -> Case:
    """x = x - 0.1 * sin(x) with a new array in each step."""
    x0, x, k, i, n, b = var("x0", VECTOR), var("x", VECTOR), var("k", INT), var("i", INT), var("n", INT), Builder()
    size = b.op("dim", x0, axis=0)
    step, cell = Builder(), Builder()
    new = step.op("alloc", size, fill="empty", dtype="float64", hint="x")
    here = cell.op("load", x, i)
    cell.effect("store", new, i, cell.op("sub", here, cell.op("mul", const(0.1), cell.op("sin", here))))
    step.add(For((), i, const(0), size, const(1), (), (), cell.block()))
    last = var("x", VECTOR)
    b.add(For((last,), k, const(0), n, const(1), (x,), (x0,), step.block(new)))
    return function("descent", [x0, n], b.block(total(b, last, square))), (np.linspace(0.1, 1, 4), 3)


def leaky() -> Case:
    x, w, i, s, b = var("x", VECTOR), var("w"), var("i", INT), var("s"), Builder()
    n, inner, then, orelse = b.op("dim", x, axis=0), Builder(), Builder(), Builder()
    z = inner.op("mul", inner.op("load", x, i), w, hint="z")
    positive = inner.op("gt", z, const(0.0))
    merged, result = var("s"), var("s")
    up = then.op("add", s, then.op("mul", z, z))
    down = orelse.op("add", s, orelse.op("mul", const(0.1), z))
    inner.add(If((merged,), positive, then.block(up), orelse.block(down)))
    b.add(For((result,), i, const(0), n, const(1), (s,), (const(0.0),), inner.block(merged)))
    return function("leaky", [x, w], b.block(result)), (np.linspace(-1.0, 1.1, 6), 0.7)


def recursion() -> Case:
    """g(x, n) = x if n <= 0 else g(x sin x, n - 1) x."""
    x, n, b, inner = var("x"), var("n", INT), Builder(), Builder()
    z, r, result = inner.op("mul", x, inner.op("sin", x), hint="z"), var("r"), var("y")
    call = (("callee", "g"), ("results", (FLOAT,)))
    inner.add(Op((r,), "call", (z, inner.op("sub", n, const(1))), call))
    b.add(If((result,), b.op("le", n, const(0)), Block((), (x,)), inner.block(inner.op("mul", r, x))))
    g = function("g", [x, n], b.block(result))
    x, n, r = var("x"), var("n", INT), var("y")
    return function("f", [x, n], Block((Op((r,), "call", (x, n), call),), (r,)), (g,)), (1.1, 4)


def recursion_over_array() -> Case:
    """g(a, i) = 1.5 if i >= len(a) else a[i] a[i] + g(a, i + 1) a[i]."""
    a, i, b, inner = var("a", VECTOR), var("i", INT), Builder(), Builder()
    element, r, result = inner.op("load", a, i), var("r"), var("y")
    call = (("callee", "g"), ("results", (FLOAT,)))
    inner.add(Op((r,), "call", (a, inner.op("add", i, const(1))), call))
    y = inner.op("add", inner.op("mul", element, element), inner.op("mul", r, element))
    b.add(If((result,), b.op("ge", i, b.op("dim", a, axis=0)), Block((), (const(1.5),)), inner.block(y)))
    g = function("g", [a, i], b.block(result))
    a, r = var("a", VECTOR), var("y")
    return function("f", [a], Block((Op((r,), "call", (a, const(0)), call),), (r,)), (g,)), (np.linspace(0.1, 1, 5),)


CASES = [horner, newton, smooth, burgers, descent, leaky, recursion, recursion_over_array]


def differences(f: Callable[..., float], args: tuple[Any, ...]) -> list[Any]:
    """Central differences for each float argument."""
    found = []
    for k, arg in enumerate(args):
        if isinstance(arg, int):
            continue

        def at(step: Any, k: int = k, arg: Any = arg) -> float:
            return f(*args[:k], arg + step, *args[k + 1 :])

        steps = [1e-5] if np.ndim(arg) == 0 else list(1e-5 * np.eye(arg.size))
        slopes = [(at(h) - at(-h)) / 2e-5 for h in steps]
        found.append(slopes[0] if np.ndim(arg) == 0 else np.array(slopes))
    return found


def fresh(args: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(a.copy() if isinstance(a, np.ndarray) else a for a in args)


@pytest.mark.parametrize("case", CASES)
def test_adjoint(case: Callable[[], Case]) -> None:
    trace, args = case()
    y, *bars = run(verify(adjoint(verify(trace))), *fresh(args), 1.0)
    assert y == pytest.approx(run(trace, *fresh(args)))
    for bar, slope in zip(bars, differences(lambda *a: run(trace, *fresh(a)), args), strict=True):
        np.testing.assert_allclose(bar, slope, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("case", CASES)
def test_adjoint_of_adjoint(case: Callable[[], Case]) -> None:
    trace, args = case()
    first = adjoint(trace)
    second = verify(adjoint(protect(first)))
    weights = [np.cos(np.arange(np.size(bar))).reshape(np.shape(bar)) for bar in run(first, *fresh(args), 1.0)[1:]]

    def mixed(*a: Any) -> float:
        return sum(float(np.sum(w * bar)) for w, bar in zip(weights, run(first, *fresh(a), 1.0)[1:], strict=True))

    _, *bars = run(second, *fresh(args), 1.0, (0.0, *weights))
    for bar, slope in zip(bars, differences(mixed, args), strict=False):
        np.testing.assert_allclose(bar, slope, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("case", CASES)
def test_simplified_adjoint_is_the_same(case: Callable[[], Case]) -> None:
    trace, args = case()
    plain = simplified = adjoint(trace)
    for step in (fuse, fold, cse, dce, join, fold, cse, dce):
        simplified = verify(step(simplified))
    for a, b in zip(run(plain, *fresh(args), 0.7), run(simplified, *fresh(args), 0.7), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-13)


def ops(trace: Trace) -> list[str]:
    return [stmt.name for stmt in walk(trace.body) if isinstance(stmt, Op)]


def tidy(trace: Trace) -> Trace:
    for step in (fold, cse, dce, join, fold, cse, dce):
        trace = step(trace)
    return trace


def test_memory_written_once_is_its_own_tape() -> None:
    trace, _ = smooth()
    made = ops(tidy(adjoint(trace)))
    assert made.count("alloc") == 3  # u and the two shadows


def test_independent_iterations_share_one_loop_and_one_branch() -> None:
    trace, _ = leaky()
    made = tidy(adjoint(trace))
    assert sum(isinstance(s, For) for s in walk(made.body)) == 1
    assert sum(isinstance(s, If) for s in walk(made.body)) == 1
    assert ops(made).count("alloc") == 1  # x_bar: there is no tape


def test_arrays_made_anew_need_no_list_of_shadows() -> None:
    trace, _ = descent()
    lists = [s for s in walk(tidy(adjoint(trace)).body) if isinstance(s, Op) and s.name == "list"]
    assert len(lists) == 1  # the arrays themselves, whose elements the reverse reads


def test_chains_are_longer_than_the_stack_is_deep():
    lines = ["        y = y * x + 0.5 * y"] * 300
    text = "\n".join(["def chain(x, n):", "    y = x", "    for i in range(n):", *lines, "    return y", ""])
    scope: dict = {}
    linecache.cache["<chain>"] = len(text), None, text.splitlines(keepends=True), "<chain>"
    exec(compile(text, "<chain>", "exec"), scope)
    # y = x (x + 1/2)**m
    x, m = 0.5, 600
    assert srcad.grad(srcad.differentiate(scope["chain"], jit=False))(x, 2) == pytest.approx(1.0 + x * m)

"""What emitted code looks like, and that it computes what the trace means."""

from __future__ import annotations

import sys
import textwrap
from collections import namedtuple
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from interp import run
from random_traces import random_trace
from srcad.emit import emit, given_globals
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
    Operand,
    Param,
    Scalar,
    Span,
    Static,
    Trace,
    Tree,
    Undef,
    Var,
    While,
    const,
    verify,
)

ROW, GRID, SINGLE = Array("float64", 1), Array("float64", 2), Scalar("float32")
TRUE, FALSE, ZERO, ONE = const(True), const(False), const(0), const(1)


def inputs(**types: Any) -> tuple[tuple[Param, ...], list[Var]]:
    found = [Var(name, type) for name, type in types.items()]
    return tuple(Param(v.hint, v) for v in found), found


def function(params: tuple[Param, ...], b: Builder, *yields: Operand, **more: Any) -> Trace:
    returns = 0 if len(yields) == 1 else Tree(tuple(range(len(yields))))
    return verify(Trace("f", params, b.block(*yields), returns, **more))


def load(trace: Trace, jit: bool = False) -> tuple[str, Callable[..., Any]]:
    source = emit(trace, jit=jit)
    # A real module: Numba does not link recursive functions of code that belongs to none.
    module = sys.modules["generated"] = ModuleType("generated")
    exec(compile(source, "<generated>", "exec"), vars(module))
    return source, getattr(module, trace.name)


def same(a: Any, b: Any) -> bool:
    if isinstance(a, tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return a is b or isinstance(a, str) or np.array_equal(a, b, equal_nan=True)


def check(trace: Trace, text: str, *calls: tuple[Any, ...], jit: bool = False) -> None:
    """The function's text (without the module's head) is `text`; it computes what the interpreter does."""
    source, f = load(trace)
    assert "def f" + source.partition("def f")[2] == textwrap.dedent(text).lstrip("\n")
    for call in calls:
        assert same(run(trace, *_copy(call)), f(*_copy(call)))
        if jit:
            assert same(run(trace, *_copy(call)), load(trace, True)[1](*_copy(call)))


def _copy(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_copy, value))
    return value.copy() if isinstance(value, np.ndarray) else value


def count(
    builder: Builder, body: Callable[..., list[Operand]], n: Any, /, exits: bool = False, **carried: Any
) -> list[Var]:
    """Append `for i in range(n)` that carries variables: their inits by name."""
    index = Var("i", INT)
    params = [Var(name, init.type) for name, init in carried.items()]
    inner = Builder()
    yields = body(inner, index, *params)
    results = tuple(p.like() for p in params)
    builder.add(For(results, index, ZERO, n, ONE, tuple(params), tuple(carried.values()), inner.block(*yields), exits))
    return list(results)


# --- expressions ----------------------------------------------------------------------------------


def test_straight_line_nests_into_one_expression() -> None:
    params, (x1, x2) = inputs(x1=FLOAT, x2=FLOAT)
    b = Builder()
    y = b.op("sub", b.op("add", b.op("log", x1), b.op("mul", x1, x2)), b.op("sin", x2))
    check(
        function(params, b, y),
        """
        def f(x1, x2):
            return np.log(x1) + x1 * x2 - np.sin(x2)
        """,
        (2.0, 5.0),
        jit=True,
    )


def test_only_the_parentheses_that_are_needed() -> None:
    params, (a, c, n) = inputs(a=FLOAT, c=FLOAT, n=INT)
    b = Builder()
    y1 = b.op("mul", b.op("add", a, c), b.op("sub", a, b.op("sub", c, a)))
    y2 = b.op("div", a, b.op("mul", b.op("neg", c), a))
    y3 = b.op("pow", b.op("neg", a), const(2))
    y4 = b.op("neg", b.op("pow", a, const(-2)))
    y5 = b.op("pow", const(-1.5), n)
    y6 = b.op("not", b.op("lt", n, b.op("bitand", n, ONE)))
    check(
        function(params, b, y1, y2, y3, y4, y5, y6),
        """
        def f(a, c, n):
            return (a + c) * (a - (c - a)), a / (-c * a), (-a) ** 2, -a ** -2, (-1.5) ** n, not n < n & 1
        """,
        (2.0, 5.0, 3),
    )


def test_signs_merge_with_sums() -> None:
    params, (a, c) = inputs(a=FLOAT, c=FLOAT)
    b = Builder()
    y1 = b.op("add", a, b.op("neg", c))
    y2 = b.op("add", a, b.op("mul", b.op("neg", c), a))
    y3 = b.op("sub", a, const(-1.0))
    check(
        function(params, b, y1, y2, y3),
        """
        def f(a, c):
            return a - c, a - c * a, a + 1.0
        """,
        (2.0, 5.0),
    )


def test_nan_inf_and_a_value_read_twice() -> None:
    params, (a,) = inputs(a=FLOAT)
    b = Builder()
    v = b.op("exp", a)
    y = b.op("mul", v, b.op("minimum", v, const(float("-inf"))))
    check(
        function(params, b, y, const(float("nan"))),
        """
        def f(a):
            v1 = np.exp(a)
            return v1 * np.minimum(v1, -np.inf), np.nan
        """,
        (2.0,),
    )


def test_long_expressions_are_split() -> None:
    params, (speed, x) = inputs(the_initial_speed=FLOAT, the_other_variable=FLOAT)
    b = Builder()
    y = b.op("mul", speed, x)
    for k in range(5):
        y = b.op("add", y, b.op("mul", const(float(k)), b.op("sin", x)))
    source, f = load(function(params, b, y))
    assert max(map(len, source.splitlines())) < 110
    assert f(1.0, 2.0) == run(function(params, b, y), 1.0, 2.0)


def test_float32_constants_stay_single() -> None:
    params, (x,) = inputs(x=SINGLE)
    b = Builder()
    y = b.op("mul", b.op("add", x, const(0.1)), b.op("pow", x, const(2)))
    z = b.op("where", b.op("gt", x, const(0.3)), x, const(0))
    trace = function(params, b, b.op("mul", y, z))
    check(
        trace,
        """
        def f(x):
            return (x + np.float32(0.1)) * x ** 2 * (x if x > np.float32(0.3) else np.float32(0))
        """,
        (np.float32(0.7),),
        jit=True,
    )
    compiled = load(trace, True)[1]
    compiled(np.float32(1))
    assert str(compiled.nopython_signatures[0].return_type) == "float32"


def test_casts() -> None:
    params, (x, u) = inputs(x=FLOAT, u=ROW)
    b = Builder()
    casts = [b.op("cast", x, dtype=d) for d in ("int64", "float32", "bool", "float64")]
    check(
        function(params, b, *casts, b.op("cast", u, dtype="float32")),
        """
        def f(x, u):
            return int(x), np.float32(x), bool(x), float(x), u.astype(np.float32)
        """,
        (2.5, np.ones(2)),
    )


# --- memory ---------------------------------------------------------------------------------------


def test_loads_do_not_cross_stores_to_the_same_array() -> None:
    params, (x, u) = inputs(x=ROW, u=ROW)
    b = Builder()
    old = b.op("load", x, ZERO)
    fresh = b.op("copy", u)
    other = b.op("load", x, ONE)
    b.effect("store", fresh, ZERO, old)
    b.effect("update", u, ONE, other)
    b.effect("accumulate", u, b.op("load", fresh, ZERO))
    b.effect("update", u, ZERO, b.op("neg", b.op("load", x, ZERO)))
    check(
        function(params, b, b.op("load", u, const(-1))),
        """
        def f(x, u):
            v1 = u.copy()
            v1[0] = x[0]
            u[1] += x[1]
            u[:] += v1[0]
            u[0] -= x[0]
            return u[-1]
        """,
        (np.array([1.0, 2.0]), np.array([3.0, 4.0])),
        jit=True,
    )


def test_a_load_waits_no_longer_than_it_may() -> None:
    params, (x, u) = inputs(x=ROW, u=ROW)
    b = Builder()
    old = b.op("load", x, ZERO)
    b.effect("store", u, ZERO, const(7.0))
    check(
        function(params, b, b.op("add", old, ONE)),
        """
        def f(x, u):
            v1 = x[0]
            u[0] = 7.0
            return v1 + 1
        """,
        (np.array([1.0, 2.0]), np.array([3.0, 4.0])),
    )


def test_views_shapes_and_creation() -> None:
    params, (a,) = inputs(a=GRID)
    none = Const(None, INT)
    b = Builder()
    row = b.op("view", a, ONE, const(1), none, none, spec="is")
    column = b.op("view", a, none, none, none, ZERO, spec="si")
    newaxis = b.op("view", row, none, none, none, spec="sn")
    n, m = b.op("dim", a, axis=0), b.op("dim", a, axis=1)
    b.effect("assign", b.op("alloc", n, m, fill="zeros", dtype="float32"), const(1.0))
    flat = b.op("reshape", b.op("copy", b.op("transpose", a, axes=(1, 0))), b.op("mul", n, m))
    arrays = b.op("array", ONE, const(2.0), b.op("load", a, ZERO, ZERO), ZERO, shape=(2, 2), dtype="float64")
    total = b.op("sum", arrays, axis=(0,), keepdims=True)
    check(
        function(params, b, newaxis, b.op("dim", column, axis=0), flat, total),
        """
        def f(a):
            v1 = np.zeros((a.shape[0], a.shape[1]), dtype=np.float32)
            v1[...] = 1.0
            v2 = a.T.copy().reshape(a.shape[0] * a.shape[1])
            v3 = np.sum(np.array([[1.0, 2.0], [a[0, 0], 0.0]]), axis=0, keepdims=True)
            return a[1, 1:][:, np.newaxis], a[:, 0].size, v2, v3
        """,
        (np.arange(6.0).reshape(2, 3),),
    )


def test_lists() -> None:
    params, (x,) = inputs(x=FLOAT)
    b = Builder()
    tape = b.op("list", item=FLOAT, hint="tape")
    b.effect("append", tape, x)
    b.effect("append", tape, const(1.0))
    b.effect("pop", tape)
    last = Var("y", FLOAT)
    b.add(Op((last,), "pop", (tape,)))
    check(
        function(params, b, last, b.op("length", tape)),
        """
        def f(x):
            tape = [0.0][1:]
            tape.append(x)
            tape.append(1.0)
            tape.pop()
            y = tape.pop()
            return y, len(tape)
        """,
        (2.0,),
        jit=True,
    )


# --- loops ----------------------------------------------------------------------------------------


def test_loop_carried_value_keeps_one_name() -> None:
    params, (x, n) = inputs(x=FLOAT, n=INT)
    b = Builder()

    def body(b: Builder, i: Var, y: Var, s: Var) -> list[Operand]:
        return [b.op("add", b.op("mul", y, x), b.op("sin", y)), b.op("add", s, b.op("cast", i, dtype="float64"))]

    y, s = count(b, body, n, y=const(1.0), s=Const(0, FLOAT))
    check(
        function(params, b, y, s),
        """
        def f(x, n):
            y = 1.0
            s = 0.0
            for i in range(n):
                y = y * x + np.sin(y)
                s += float(i)
            return y, s
        """,
        (0.5, 3),
        jit=True,
    )


def test_swap_is_simultaneous() -> None:
    params, (x, n) = inputs(x=ROW, n=INT)
    b = Builder()
    u, v = b.op("copy", x, hint="u"), b.op("alloc", b.op("dim", x, axis=0), fill="zeros", dtype="float64", hint="v")

    def body(b: Builder, i: Var, u: Var, v: Var) -> list[Operand]:
        b.effect("store", v, ZERO, b.op("add", b.op("load", u, ONE), const(1.0)))
        return [v, u]

    u, v = count(b, body, n, u=u, v=v)
    check(
        function(params, b, u, v),
        """
        def f(x, n):
            u = x.copy()
            v = np.zeros(x.size)
            for i in range(n):
                v[0] = u[1] + 1.0
                u, v = v, u
            return u, v
        """,
        (np.array([1.0, 2.0]), 3),
        jit=True,
    )


def test_fibonacci_nests_in_the_swap() -> None:
    params, (n,) = inputs(n=INT)
    b = Builder()
    a, c = count(b, lambda b, i, a, c: [c, b.op("add", a, c)], n, a=ZERO, b=ONE)
    check(
        function(params, b, a),
        """
        def f(n):
            a = 0
            b = 1
            for i in range(n):
                a, b = b, a + b
            return a
        """,
        (10,),
        jit=True,
    )


def test_lost_copy() -> None:
    """The value from before the last step is read after the loop."""
    params, (n,) = inputs(n=INT)
    b = Builder()
    x, last = count(b, lambda b, i, x, last: [b.op("mul", x, const(3)), x], n, x=ONE, last=ZERO)
    check(
        function(params, b, x, last),
        """
        def f(n):
            x = 1
            last = 0
            for i in range(n):
                last = x
                x *= 3
            return x, last
        """,
        (4,),
        (0,),
    )


def test_parameters_are_not_overwritten_while_needed() -> None:
    params, (x, n) = inputs(x=FLOAT, n=INT)
    b = Builder()
    (y,) = count(b, lambda b, i, y: [b.op("mul", y, const(2.0), hint="x")], n, x=x)
    check(
        function(params, b, y),
        """
        def f(x, n):
            for i in range(n):
                x *= 2.0
            return x
        """,
        (3.0, 2),
    )
    check(
        function(params, b, y, x),
        """
        def f(x, n):
            x_1 = x
            for i in range(n):
                x_1 *= 2.0
            return x_1, x
        """,
        (3.0, 2),
    )


def test_nested_and_backward_loops() -> None:
    params, (a, n) = inputs(a=GRID, n=INT)
    b = Builder()

    def outer(b: Builder, i: Var, s: Var) -> list[Operand]:
        j, p, r, inner = Var("j", INT), Var("s", FLOAT), Var("s", FLOAT), Builder()
        new = inner.op("add", p, inner.op("load", a, i, j))
        b.add(For((r,), j, b.op("sub", n, ONE), const(-1), const(-1), (p,), (s,), inner.block(new)))
        return [r]

    (s,) = count(b, outer, n, s=Const(0, FLOAT))
    check(
        function(params, b, s),
        """
        def f(a, n):
            s = 0.0
            for i in range(n):
                for j in range(n - 1, -1, -1):
                    s += a[i, j]
            return s
        """,
        (np.arange(4.0).reshape(2, 2), 2),
        jit=True,
    )


def test_break_in_a_branch_with_more_behind_it() -> None:
    params, (x, n) = inputs(x=ROW, n=INT)
    b = Builder()

    def body(b: Builder, i: Var, s: Var) -> list[Operand]:
        e = b.op("load", x, i, hint="e")
        then, orelse = Builder(), Builder()
        doubled = then.op("mul", s, const(2.0))
        added = orelse.op("add", s, e)
        go, r = Var("", BOOL), Var("s", FLOAT)
        b.add(If((go, r), b.op("lt", e, const(0.0)), then.block(FALSE, doubled), orelse.block(TRUE, added)))
        return [go, r]

    (s,) = count(b, body, n, exits=True, s=Const(0, FLOAT))
    check(
        function(params, b, s),
        """
        def f(x, n):
            s = 0.0
            for i in range(n):
                e = x[i]
                if e < 0.0:
                    s *= 2.0
                    break
                s += e
            return s
        """,
        (np.array([1.0, 2.0, -1.0, 9.0]), 4),
        jit=True,
    )


def test_break_on_a_flag_and_negated_conditions() -> None:
    params, (x, n) = inputs(x=FLOAT, n=INT)
    b = Builder()

    def body(b: Builder, i: Var, s: Var) -> list[Operand]:
        new = b.op("add", s, x)
        return [b.op("lt", new, const(10.0)), new]

    def body2(b: Builder, i: Var, k: Var) -> list[Operand]:
        return [b.op("lt", i, const(2)), b.op("add", k, i)]

    (s,) = count(b, body, n, exits=True, s=Const(0, FLOAT))
    (k,) = count(b, body2, n, exits=True, k=ZERO)
    check(
        function(params, b, s, k),
        """
        def f(x, n):
            s = 0.0
            for i in range(n):
                s += x
                if not s < 10.0:
                    break
            k = 0
            for i in range(n):
                k += i
                if i >= 2:
                    break
            return s, k
        """,
        (4.0, 9),
        (float("nan"), 9),
    )


def test_while_true_with_break() -> None:
    params, (a,) = inputs(a=FLOAT)
    x, b, body = Var("x", FLOAT), Builder(), Builder()
    residual = body.op("sub", body.op("mul", x, x), a)
    step = body.op("div", residual, body.op("mul", const(2.0), x), hint="step")
    new = body.op("sub", x, step, hint="x")
    small = body.op("lt", body.op("abs", step), const(1e-12))
    go, r = Var("", BOOL), Var("x", FLOAT)
    body.add(If((go,), small, Block((), (FALSE,)), Block((), (TRUE,))))
    b.add(While((r,), (x,), (a,), Block((), (TRUE,)), body.block(go, new), exits=True))
    check(
        function(params, b, r),
        """
        def f(a):
            x = a
            while True:
                step = (x * x - a) / (2.0 * x)
                x -= step
                if abs(step) < 1e-12:
                    break
            return x
        """,
        (2.0,),
        jit=True,
    )


def test_while_with_conditions_short_and_long() -> None:
    params, (x,) = inputs(x=FLOAT)
    b = Builder()

    def loop(cond: Callable[[Builder, Var], Operand]) -> Var:
        p, r, test, body = Var("k", FLOAT), Var("k", FLOAT), Builder(), Builder()
        c = cond(test, p)
        new = body.op("add", p, ONE)
        b.add(While((r,), (p,), (Const(0, FLOAT),), test.block(c), body.block(new)))
        return r

    def long(b: Builder, p: Var) -> Operand:
        square = b.op("mul", p, p)
        return b.op("lt", b.op("add", square, b.op("sin", square)), x)

    k1 = loop(lambda b, p: b.op("lt", b.op("mul", p, p), x))
    k2 = loop(long)
    check(
        function(params, b, k1, k2),
        """
        def f(x):
            k = 0.0
            while k * k < x:
                k += 1
            k_1 = 0.0
            while True:
                v1 = k_1 * k_1
                if not v1 + np.sin(v1) < x:
                    break
                k_1 += 1
            return k, k_1
        """,
        (10.0,),
        jit=True,
    )


def test_loop_indices_take_the_next_letter_and_unread_ones_none() -> None:
    params, (a, n) = inputs(a=GRID, n=INT)
    b, inner = Builder(), Builder()
    i, k, _ = Var("i", INT), Var("i", INT), Var("_", INT)
    s0, s1, s2, r0, r1, r2 = (Var("s", FLOAT) for _ in range(6))
    new = inner.op("add", s2, inner.op("load", a, k, k))
    middle = Builder()
    middle.add(For((r2,), k, ZERO, n, ONE, (s2,), (s1,), inner.block(new)))
    outer = Builder()
    outer.add(For((r1,), i, ZERO, n, ONE, (s1,), (s0,), middle.block(r2)))
    b.add(For((r0,), _, ZERO, n, ONE, (s0,), (const(0.0),), outer.block(r1)))
    check(
        function(params, b, r0),
        """
        def f(a, n):
            s = 0.0
            for _ in range(n):
                for i in range(n):
                    for j in range(n):
                        s += a[j, j]
            return s
        """,
        (np.arange(4.0).reshape(2, 2), 2),
        jit=True,
    )


def test_continue() -> None:
    params, (x, n) = inputs(x=ROW, n=INT)
    b = Builder()

    def body(b: Builder, i: Var, s: Var) -> list[Operand]:
        rest, r = Builder(), Var("s", FLOAT)
        e = b.op("load", x, i, hint="e")
        added = rest.op("add", s, rest.op("sqrt", e))
        b.add(If((r,), b.op("lt", e, const(0.0)), Block((), (s,)), rest.block(added)))
        return [r]

    (s,) = count(b, body, n, s=Const(0, FLOAT))
    check(
        function(params, b, s),
        """
        def f(x, n):
            s = 0.0
            for i in range(n):
                e = x[i]
                if e < 0.0:
                    continue
                s += np.sqrt(e)
            return s
        """,
        (np.array([4.0, -1.0, 9.0]), 3),
        jit=True,
    )


def test_the_exit_comes_after_the_step() -> None:
    """What lowering makes of `n += 1; if n >= limit: break` with simultaneous assignments before it."""
    params, (x, limit) = inputs(x=FLOAT, limit=INT)
    b = Builder()

    def body(b: Builder, i: Var, u: Var, v: Var, n: Var) -> list[Operand]:
        new_u = b.op("add", b.op("mul", u, u), v, hint="u")
        new_v = b.op("mul", u, x, hint="v")
        more = b.op("add", n, ONE, hint="n")
        go = Var("", BOOL)
        b.add(If((go,), b.op("ge", more, limit), Block((), (FALSE,)), Block((), (TRUE,))))
        return [go, new_u, new_v, more]

    u, v, n = count(b, body, const(50), exits=True, u=x, v=const(1.0), n=ZERO)
    check(
        function(params, b, u, v, n),
        """
        def f(x, limit):
            u = x
            v = 1.0
            n = 0
            for i in range(50):
                n += 1
                u, v = u * u + v, u * x
                if n >= limit:
                    break
            return u, v, n
        """,
        (0.3, 7),
        jit=True,
    )


# --- branches -------------------------------------------------------------------------------------


def test_conditional_expressions_and_short_circuits() -> None:
    params, (x, n) = inputs(x=FLOAT, n=INT)
    b = Builder()
    v, w = Var("", FLOAT), Var("", BOOL)
    then, test = Builder(), Builder()
    b.add(If((v,), b.op("gt", x, const(0.0)), then.block(then.op("sqrt", x)), Block((), (const(0.0),))))
    rest = test.block(test.op("lt", test.op("floordiv", const(6), n), const(2)))
    b.add(If((w,), b.op("ne", n, ZERO), rest, Block((), (FALSE,))))
    check(
        function(params, b, b.op("mul", v, x), w),
        """
        def f(x, n):
            return (np.sqrt(x) if x > 0.0 else 0.0) * x, n != 0 and 6 // n < 2
        """,
        (4.0, 0),
        (-1.0, 5),
        jit=True,
    )


def test_if_statements_chain() -> None:
    params, (x,) = inputs(x=FLOAT)
    b = Builder()

    def branch(name: str, *args: Any) -> Block:
        inner = Builder()
        return inner.block(inner.op(name, *args), inner.op("add", x, const(1.0)))

    r1, r2, q1, q2 = Var("y", FLOAT), Var("z", FLOAT), Var("y", FLOAT), Var("z", FLOAT)
    inner = Builder()
    inner.add(If((r1, r2), inner.op("lt", x, const(1.0)), branch("sin", x), branch("cos", x)))
    b.add(If((q1, q2), b.op("lt", x, const(0.0)), branch("exp", x), inner.block(r1, r2)))
    check(
        function(params, b, q1, q2),
        """
        def f(x):
            if x < 0.0:
                y = np.exp(x)
                z = x + 1.0
            elif x < 1.0:
                y = np.sin(x)
                z = x + 1.0
            else:
                y = np.cos(x)
                z = x + 1.0
            return y, z
        """,
        (-1.0,),
        (0.5,),
        (2.0,),
        jit=True,
    )


def test_an_empty_branch_goes() -> None:
    params, (x, n) = inputs(x=FLOAT, n=INT)
    b = Builder()
    s1, s2, s3, e1, e2 = Var("s", FLOAT), Var("s", FLOAT), Var("s", FLOAT), Builder(), Builder()
    s0 = b.op("sin", x, hint="s")
    b.add(If((s1,), b.op("lt", n, ZERO), Block((), (s0,)), e1.block(e1.op("mul", s0, x))))
    b.add(If((s2,), b.op("lt", x, const(0.0)), Block((), (s1,)), e2.block(e2.op("mul", s1, x))))
    b.add(If((), b.op("lt", x, const(0.0)), Block(), Block()))
    b.add(If((s3,), b.op("lt", x, const(9.0)), Block((), (s2,)), Block((), (s2,))))
    check(
        function(params, b, s3),
        """
        def f(x, n):
            s = np.sin(x)
            if n >= 0:
                s *= x
            if not x < 0.0:
                s *= x
            return s
        """,
        (2.0, 1),
        (float("nan"), -1),
    )


def test_early_return() -> None:
    params, (x,) = inputs(x=FLOAT)
    b, then, orelse = Builder(), Builder(), Builder()
    r = Var("", FLOAT)
    z = orelse.op("exp", x, hint="z")
    b.add(If((r,), b.op("lt", x, const(0.0)), then.block(then.op("neg", x)), orelse.block(orelse.op("mul", z, z))))
    check(
        function(params, b, r),
        """
        def f(x):
            if x < 0.0:
                return -x
            z = np.exp(x)
            return z * z
        """,
        (2.0,),
        (-2.0,),
        jit=True,
    )


def test_undefined_values_print_nothing() -> None:
    params, (x, c) = inputs(x=FLOAT, c=BOOL)
    b, then, use = Builder(), Builder(), Builder()
    y, z, s = Var("y", FLOAT), Var("z", FLOAT), Var("s", FLOAT)
    b.add(If((y,), c, then.block(then.op("exp", x)), Block((), (Undef(FLOAT),))))
    b.add(If((s,), c, use.block(use.op("mul", y, y)), Block((), (x,))))
    check(
        function(params, b, s),
        """
        def f(x, c):
            if c:
                y = np.exp(x)
            if c:
                s = y * y
            else:
                s = x
            return s
        """,
        (2.0, True),
        (2.0, False),
        jit=True,
    )
    returned = function(params, b, s, y)
    assert load(returned)[1](2.0, False) == (2.0, 0.0)
    assert z.type == FLOAT


def test_raise() -> None:
    params, (x,) = inputs(x=FLOAT)
    b, then = Builder(), Builder()
    then.effect("raise", exc="ValueError", message="x must not be negative")
    b.add(If((), b.op("lt", x, const(0.0)), then.block(), Block()))
    trace = function(params, b, b.op("sqrt", x))
    check(
        trace,
        """
        def f(x):
            if x < 0.0:
                raise ValueError("x must not be negative")
            return np.sqrt(x)
        """,
        (2.0,),
        jit=True,
    )
    with pytest.raises(ValueError, match="negative"):
        load(trace, True)[1](-1.0)


# --- names ----------------------------------------------------------------------------------------


def test_names_never_hide_what_the_code_needs() -> None:
    params, (np_, range_, njit) = inputs(np=FLOAT, range=INT, njit=FLOAT)
    b = Builder()
    v1 = b.op("sin", np_, hint="v1")
    abs_ = b.op("abs", v1, hint="abs")
    math = b.op("erf", abs_, hint="math")
    both = b.op("mul", math, b.op("exp", math))
    hidden = b.op("add", both, both, hint="lambda")
    (s,) = count(b, lambda b, i, s: [b.op("add", s, b.op("mul", abs_, v1))], range_, len=Const(0, FLOAT))
    trace = function(params, b, s, hidden, njit)
    for jit in (False, True):
        f = load(trace, jit)[1]
        assert np.allclose(f(0.5, 3, 2.0), run(trace, 0.5, 3, 2.0))
    assert "import numpy as np_1" in emit(trace) and "range_1 = range" in emit(trace)


def test_one_name_has_one_type() -> None:
    params, (x, n) = inputs(x=FLOAT, n=INT)
    b = Builder()
    k = b.op("add", n, ONE, hint="y")
    v = b.op("mul", b.op("sin", b.op("cast", k, dtype="float64")), b.op("cast", k, dtype="float64"), hint="y")
    check(
        function(params, b, b.op("mul", v, v)),
        """
        def f(x, n):
            y = n + 1
            y_1 = np.sin(float(y)) * float(y)
            return y_1 * y_1
        """,
        (2.0, 1),
    )


def test_trees_statics_and_namedtuples() -> None:
    Point = namedtuple("Point", "a b")
    a, c, d = Var("a", FLOAT), Var("c", FLOAT), Var("d", FLOAT)
    params = (Param("p", Tree((Tree((a, Static(None))), c))), Param("g", Static(len)), Param("q", Tree((d,))))
    b = Builder()
    body = b.block(b.op("mul", a, c), d)
    trace = verify(Trace("f", params, body, Tree((Tree((0, 1), Point), Static(None), Static("text")))))
    check(
        trace,
        """
        def f(p, g, q):
            (a, _), c = p
            d, = q
            return Point(a * c, d), None, "text"
        """,
        (((2.0, None), 3.0), None, (4.0,)),
    )


def test_global_constants() -> None:
    params, (x,) = inputs(x=FLOAT)
    small, big = np.array([[1.0, np.inf]]), np.arange(2000.0)
    b = Builder()
    y = b.op("mul", x, Const(9.81, FLOAT, name="G"))
    y = b.op("mul", y, b.op("load", Const(small, GRID, False, "x"), ZERO, ZERO))
    y = b.op("add", y, b.op("load", Const(big, ROW, False, "TABLE"), const(5)))
    trace = function(params, b, y)
    source = emit(trace, jit=False)
    assert source == textwrap.dedent("""\
        import numpy as np

        G = 9.81
        x_1 = np.array([[1.0, np.inf]])


        def f(x):
            return x * G * x_1[0, 0] + TABLE[5]
        """)
    (found,) = given_globals(trace).items()
    assert found[0] == "TABLE" and found[1] is big


def test_calls_of_other_functions() -> None:
    n, x = Var("n", INT), Var("x", FLOAT)
    b, orelse, r = Builder(), Builder(), Var("", FLOAT)
    less = orelse.op("sub", n, ONE)
    inner = Var("", FLOAT)
    orelse.add(Op((inner,), "call", (less, x), (("callee", 0), ("results", (FLOAT,)))))
    b.add(If((r,), b.op("le", n, ZERO), Block((), (const(1.0),)), orelse.block(orelse.op("mul", inner, x))))
    power = Trace("power", (Param("n", n), Param("p", Tree((x,)))), b.block(r), Tree((0,)))
    params, (y,) = inputs(y=FLOAT)
    b, result = Builder(), Var("z", FLOAT)
    b.add(Op((result,), "call", (const(3), y), (("callee", 0), ("results", (FLOAT,)))))
    trace = function(params, b, result, functions=(power,))
    source, f = load(trace, True)
    assert f(2.0) == run(trace, 2.0) == 8.0
    assert source == textwrap.dedent("""\
        from numba import njit


        @njit(error_model="numpy")
        def power(n, p):
            x, = p
            if n <= 0:
                return 1.0,
            v1, = power(n - 1, (x,))
            return v1 * x,


        @njit(error_model="numpy")
        def f(y):
            z, = power(3, (y,))
            return z
        """)


def test_pure_calls_nest_and_comparisons_chain() -> None:
    n, x, r, first, second = Var("n", INT), Var("x", FLOAT), Var("result", FLOAT), Var("", FLOAT), Var("", FLOAT)
    b, orelse = Builder(), Builder()

    def call(result: Var, drop: int) -> None:
        orelse.add(
            Op((result,), "call", (orelse.op("sub", n, const(drop)), x), (("callee", "fib"), ("results", (FLOAT,))))
        )

    call(first, 1)
    call(second, 2)
    total = orelse.op("add", orelse.op("mul", first, const(0.5)), orelse.op("mul", second, x))
    test = b.op("and", b.op("lt", const(-9), n), b.op("lt", n, const(2)))
    b.add(If((r,), test, Block((), (x,)), orelse.block(total)))
    fib = verify(Trace("fib", (Param("n", n), Param("x", x)), b.block(r), 0))
    params, (y,) = inputs(y=FLOAT)
    b, result = Builder(), Var("", FLOAT)
    b.add(Op((result,), "call", (const(6), y), (("callee", "fib"), ("results", (FLOAT,)))))
    whole = function(params, b, b.op("neg", result), functions=(fib,))
    source, f = load(whole, True)
    assert f(0.5) == run(whole, 0.5)
    assert source.partition("\n\n\n")[2] == textwrap.dedent("""\
        @njit(error_model="numpy")
        def fib(n, x):
            if -9 < n < 2:
                return x
            return fib(n - 1, x) * 0.5 + fib(n - 2, x) * x


        @njit(error_model="numpy")
        def f(y):
            return -fib(6, y)
        """)


# --- comments -------------------------------------------------------------------------------------


def test_comments_and_lines() -> None:
    params, (x, y_bar) = inputs(x=FLOAT, y_bar=FLOAT)
    b = Builder()
    b.span = Span("/home/me/f.py", 5, 0, 5, 9)
    v = b.op("exp", x, hint="v")
    b.span = Span("/home/me/f.py", 6, 0, 6, 9)
    y = b.op("sin", v, hint="y")
    b.effect("comment", text="reverse sweep")
    v_bar = b.op("mul", y_bar, b.op("cos", v), hint="v_bar")
    x_bar = b.op("mul", v_bar, v, hint="x_bar")
    trace = function(params, b, y, x_bar, comments=((0, "forward sweep"),), doc="The adjoint of f.")
    assert emit(trace, jit=False) == textwrap.dedent('''\
        """The adjoint of f."""

        import numpy as np


        def f(x, y_bar):
            # forward sweep
            v = np.exp(x)  # f.py:5
            y = np.sin(v)  # f.py:6
            # reverse sweep
            v_bar = y_bar * np.cos(v)
            x_bar = v_bar * v
            return y, x_bar
        ''')


# --- anything -------------------------------------------------------------------------------------


def arguments(k: int, dtype: str) -> tuple[Any, ...]:
    u, t = np.array([1.0, -2.0, 0.5], dtype), np.array([0.25, 3.0, -1.0], dtype)
    return np.dtype(dtype).type(0.5), (u, t), k, k % 2 == 0


@pytest.mark.parametrize("first", range(0, 400, 50))
def test_random_traces(first: int) -> None:
    for seed in range(first, first + 50):
        trace = verify(random_trace(seed))
        f = load(trace)[1]
        for k in range(3):
            here, there = arguments(k, "float64"), arguments(k, "float64")
            assert same(run(trace, *here), f(*there)), seed
            assert same(here[1], there[1]), seed


@pytest.mark.parametrize("seed", range(1000, 1006))
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_random_traces_compiled(seed: int, dtype: str) -> None:
    trace = verify(random_trace(seed, dtype))
    f = load(trace, True)[1]
    for k in range(3):
        here, there = arguments(k, dtype), arguments(k, dtype)
        assert same(run(trace, *here), f(*there))
        assert same(here[1], there[1])

"""fold, cse and dce: what they leave, and that they change no result."""

from __future__ import annotations

import copy
from collections import Counter
from typing import Any

import numpy as np
import pytest

from interp import run
from random_traces import random_trace
from srcad.ir import Array, Builder, Const, Op, Scalar, Trace, Undef, Var, const, show, verify, walk
from srcad.transforms.cse import cse
from srcad.transforms.dce import dce
from srcad.transforms.fold import exact_fold, fold
from srcad.transforms.tangent import tangent
from test_rules import flatten
from test_tangent import directions
from traces import BOOL, FLOAT, INT, NONE, ONE, PROGRAMS, TWO, VECTOR, ZERO, branch, loop, trace, while_

PASSES = {"fold": fold, "cse": cse, "dce": dce, "all": lambda t: dce(verify(cse(verify(fold(t)))))}


def ops(given: Trace) -> list[str]:
    return [stmt.name if isinstance(stmt, Op) else type(stmt).__name__ for stmt in walk(given.body)]


def same(given: Trace, other: Trace, args: Any, tolerance: float = 1e-14) -> None:
    for one, two in zip(
        flatten(run(given, *copy.deepcopy(args))), flatten(run(other, *copy.deepcopy(args))), strict=True
    ):
        np.testing.assert_allclose(one, two, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("simplify", PASSES.values(), ids=PASSES)
@pytest.mark.parametrize("name", PROGRAMS)
def test_programs(name: str, simplify: Any) -> None:
    make, args = PROGRAMS[name]
    primal = make()
    same(primal, verify(simplify(primal)), args)
    derived = tangent(primal)
    more = (*args, *directions(primal, args))
    same(derived, verify(simplify(derived)), more)
    assert len(ops(PASSES["all"](derived))) <= len(ops(derived))


# --- fold ---


def test_the_function_itself_keeps_its_nans() -> None:
    """0 * inf is nan in the function, and in the function that a derivative computes along; adjoints are zero for good."""
    b = Builder()
    results = [b.op("mul", X, const(0)), b.op("div", const(0.0), X)]
    choice = b.op("where", b.op("gt", X, Y), X, const(0.0))
    results.append(b.op("mul", choice, Y))
    kept = exact_fold(trace("f", [X, Y], b, *results))
    assert ops(kept) == ["mul", "div", "gt", "where", "mul"]
    assert ops(fold(kept)) == ops(kept)
    assert ops(tangent(kept)).count("mul") > 2
    assert kept.body.yields == fold(kept).body.yields


def test_a_mask_stands_behind_the_product() -> None:
    line = folded(lambda b: b.op("div", b.op("mul", X, b.op("where", b.op("gt", X, Y), const(0.0), Y)), b.op("exp", X)))
    assert "where(%v.1, 0.0, %v.4); yield" in line, line


X, Y, N, M = Var("x", FLOAT), Var("y", FLOAT), Var("n", INT), Var("m", INT)


def folded(make: Any) -> str:
    """What the trace of `make(b)`, a number computed from x, y, n and m, folds to."""
    b = Builder()
    result = dce(fold(trace("f", [X, Y, N, M], b, make(b))))
    verify(result)
    return "; ".join(line.strip() for line in show(result).splitlines()[1:-1])


IDENTITIES = [
    (lambda b: b.op("mul", X, const(1.0)), "yield %x"),
    (lambda b: b.op("mul", const(1), X), "yield %x"),
    (lambda b: b.op("add", X, const(0.0)), "yield %x"),
    (lambda b: b.op("sub", X, const(0)), "yield %x"),
    (lambda b: b.op("mul", X, const(0.0)), "yield 0.0"),
    (lambda b: b.op("mul", const(0), X), "yield 0.0"),
    (lambda b: b.op("div", X, const(1.0)), "yield %x"),
    (lambda b: b.op("pow", X, const(1)), "yield %x"),
    (lambda b: b.op("neg", b.op("neg", X)), "yield %x"),
    (lambda b: b.op("add", X, b.op("neg", Y)), "%v.1: float64 = sub(%x, %y); yield %v.1"),
    (lambda b: b.op("add", b.op("neg", X), Y), "%v.1: float64 = sub(%y, %x); yield %v.1"),
    (lambda b: b.op("sub", X, b.op("neg", Y)), "%v.1: float64 = add(%x, %y); yield %v.1"),
    (
        lambda b: b.op("add", X, b.op("mul", b.op("neg", Y), X)),
        "%v.1: float64 = mul(%y, %x); %v.2: float64 = sub(%x, %v.1); yield %v.2",
    ),
    (lambda b: b.op("add", X, X), "%v.1: float64 = mul(2, %x); yield %v.1"),
    (lambda b: b.op("mul", const(2.0), b.op("mul", const(0.5), X)), "yield %x"),
    (lambda b: b.op("mul", const(2.0), const(3.0)), "yield 6.0"),
    (lambda b: b.op("where", const(True), X, Y), "yield %x"),
    (lambda b: b.op("where", b.op("gt", X, Y), Y, Y), "yield %y"),
    (lambda b: b.op("cast", X, dtype="float64"), "yield %x"),
    (lambda b: b.op("mul", N, const(0.0)), "yield 0.0"),
    (lambda b: b.op("mul", N, const(1.0)), "%v.1: float64 = mul(%n, 1.0); yield %v.1"),
    (lambda b: b.op("add", b.op("sub", N, ONE), ONE), "yield %n"),
    (lambda b: b.op("sub", b.op("add", N, TWO), b.op("add", N, ONE)), "yield 1"),
    (lambda b: b.op("sub", b.op("sub", N, ONE), b.op("sub", M, ONE)), "%v.1: int64 = sub(%n, %m); yield %v.1"),
    (lambda b: b.op("lt", N, b.op("add", N, ONE)), "yield True"),
    (lambda b: b.op("trips", ZERO, N, ONE), "%v.1: int64 = trips(0, %n, 1); yield %v.1"),
    (lambda b: b.op("trips", b.op("add", N, ONE), b.op("add", N, const(4)), ONE), "yield 3"),
    (lambda b: b.op("maximum", b.op("trips", ZERO, N, ONE), ZERO), "%v.1: int64 = trips(0, %n, 1); yield %v.1"),
    (lambda b: b.op("dim", b.op("alloc", N, M, fill="empty", dtype="float64"), axis=1), "yield %m"),
    (lambda b: b.op("not", b.op("not", b.op("lt", X, Y))), "%v.1: bool = lt(%x, %y); yield %v.1"),
]


@pytest.mark.parametrize(("make", "result"), IDENTITIES, ids=[r for _, r in IDENTITIES])
def test_identities(make: Any, result: str) -> None:
    assert folded(make) == result


def test_reverse_trips() -> None:
    """range(n - 1, -1, -1) has n trips where n is a size."""
    x, b = Var("x", VECTOR), Builder()
    size = b.op("dim", x, axis=0)
    trips = b.op("trips", b.op("sub", size, ONE), const(-1), const(-1))
    assert fold(trace("f", [x], b, trips)).body.yields == (size,)


def test_types_are_kept() -> None:
    """A folded literal is a strong one where a weak one would change the type of what it meets."""
    x, b = Var("x", Scalar("float32")), Builder()
    y = b.op("mul", x, b.op("mul", const(0.5), const(3.0)))
    (op,) = dce(fold(trace("f", [x], b, y))).body.stmts
    assert isinstance(op, Op)
    assert op.args[1] == Const(1.5, FLOAT, weak=False)
    assert op.result.type == FLOAT
    assert fold(trace("f", [x], Builder(), x)).body.yields == (x,)


def test_decided_branches() -> None:
    x, c, b = Var("x", FLOAT), Var("c", BOOL), Builder()

    def inner(b: Builder) -> list[Any]:
        return list(branch(b, c, lambda b: [b.op("sin", x)], lambda b: [b.op("cos", x)], x))

    (y,) = branch(b, c, inner, lambda b: [x], x)
    (z,) = branch(b, const(False), lambda b: [Undef(FLOAT)], lambda b: [y], x)
    result = dce(fold(trace("f", [x, c], b, z)))
    assert Counter(ops(result)) == {"If": 1, "sin": 1}
    assert run(result, 0.3, False) == 0.3


def test_same_results_leave_the_branch() -> None:
    x, c, b = Var("x", FLOAT), Var("c", BOOL), Builder()
    y, z = branch(b, c, lambda b: [x, Undef(FLOAT)], lambda b: [x, const(2.0)], x, x)
    assert fold(trace("f", [x, c], b, y, z)).body.yields == (x, const(2.0))


def test_loops() -> None:
    """No trips, one trip, and params that never change."""
    x, n, b = Var("x", FLOAT), Var("n", INT), Builder()
    (none,) = loop(b, ZERO, ZERO, lambda b, i, s: [b.op("sin", s)], ("s", x))
    (once,) = loop(b, const(3), const(4), lambda b, i, s: [b.op("mul", s, i)], ("s", none))
    same_, s = loop(b, ZERO, n, lambda b, i, p, s: [p, b.op("add", s, p)], ("p", const(0)), ("s", once))
    result = fold(trace("f", [x, n], b, s, same_))
    assert Counter(ops(dce(result))) == {"mul": 1}, show(result)
    assert run(result, 2.0, 4) == (6.0, 0)


def test_a_converted_init() -> None:
    """An int literal that starts a float param is a float where it stands for the param."""
    x, n, b = Var("x", FLOAT), Var("n", INT), Builder()
    index, param, inner = Var("i", INT), Var("p", FLOAT), Builder()
    from srcad.ir import For

    inner.effect("print", param, template=(None,))
    result = param.like()
    b.add(For((result,), index, ZERO, n, ONE, (param,), (const(1),), inner.block(param)))
    folded_ = fold(trace("f", [x, n], b, result))
    assert folded_.body.yields == (const(1.0),)


def test_a_loop_that_never_breaks() -> None:
    n, b = Var("n", INT), Builder()
    (s,) = loop(b, ZERO, n, lambda b, i, s: [b.op("le", i, i), b.op("add", s, i)], ("s", ZERO), exits=True)
    result = fold(trace("f", [n], b, s))
    assert not result.body.stmts[0].exits  # type: ignore[union-attr]
    assert run(result, 4) == 6


# --- cse ---


def test_common_subexpressions() -> None:
    x, c, b = Var("x", FLOAT), Var("c", BOOL), Builder()
    first = b.op("sin", x)
    named = b.op("sin", x, hint="s")
    (y,) = branch(b, c, lambda b: [b.op("mul", b.op("sin", x), x)], lambda b: [b.op("mul", x, first)], x)
    result = verify(cse(trace("f", [x, c], b, b.op("add", named, y))))
    assert Counter(ops(result)) == {"sin": 1, "mul": 2, "If": 1, "add": 1}
    assert result.body.stmts[0].results[0].hint == "s"


def test_branches_do_not_share() -> None:
    """What one branch computes is not known in the other, nor after."""
    x, c, b = Var("x", FLOAT), Var("c", BOOL), Builder()
    (y,) = branch(b, c, lambda b: [b.op("sin", x)], lambda b: [b.op("sin", x)], x)
    result = cse(trace("f", [x, c], b, y, b.op("sin", x)))
    assert ops(result).count("sin") == 3


def test_loads() -> None:
    """A cell is read once, until something is written to its array, or to a view of it."""
    x, n, b = Var("x", VECTOR), Var("n", INT), Builder()
    u, v = b.op("copy", x, hint="u"), b.op("copy", x, hint="v")
    read = [b.op("load", u, n)]
    b.effect("store", v, n, const(1.0))
    read.append(b.op("load", u, n))
    assert ops(cse(trace("f", [x, n], b, *read))).count("load") == 1
    b.effect("store", b.op("view", u, ONE, NONE, NONE, spec="s"), ZERO, const(5.0))
    read.append(b.op("load", u, n))
    result = cse(trace("f", [x, n], b, *read))
    assert ops(result).count("load") == 2
    same(trace("f", [x, n], b, *read), result, (np.array([1.0, 2.0]), 1))


def test_loads_in_loops() -> None:
    """A loop that writes an array reads it anew in every trip; one that does not may use what was read before."""
    x, b = Var("x", VECTOR), Builder()
    u = b.op("copy", x, hint="u")
    first = b.op("load", u, ZERO)

    def writing(b: Builder, i: Var, s: Var) -> list[Any]:
        again = b.op("load", u, ZERO)
        b.effect("store", u, ZERO, b.op("mul", again, const(2.0)))
        return [b.op("add", s, again)]

    (s,) = loop(b, ZERO, const(3), writing, ("s", first))
    (s,) = loop(b, ZERO, const(3), lambda b, i, s: [b.op("add", s, b.op("load", x, ONE))], ("s", s))
    given = trace("f", [x], b, s, b.op("load", x, ONE))
    same(given, verify(cse(given)), (np.array([1.0, 2.0]),))
    assert ops(cse(given)).count("load") == 4


def test_fresh_memory_is_not_shared() -> None:
    x, b = Var("x", VECTOR), Builder()
    u, v = (b.op("alloc", TWO, fill="zeros", dtype="float64") for _ in range(2))
    w = b.op("sum", x, axis=None, keepdims=False), b.op("sum", x, axis=None, keepdims=False)
    result = cse(trace("f", [x], b, u, v, *w))
    assert Counter(ops(result)) == {"alloc": 2, "sum": 1}


# --- dce ---


def test_unread_memory() -> None:
    """An array that is only written goes, with its views, its writes, and the loop that did nothing else."""
    x, n, b = Var("x", VECTOR), Var("n", INT), Builder()
    u = b.op("alloc", b.op("dim", x, axis=0), fill="zeros", dtype="float64")
    items = b.op("list", item=FLOAT)

    def fill(b: Builder, i: Var, p: Var) -> list[Any]:
        b.effect("store", b.op("view", u, ONE, NONE, NONE, spec="s"), i, b.op("load", x, i))
        b.effect("append", items, p)
        return [b.op("mul", p, const(2.0))]

    loop(b, ZERO, n, fill, ("p", const(1.0)))
    b.effect("accumulate", u, x)
    result = dce(trace("f", [x, n], b, b.op("dim", u, axis=0)))
    assert Counter(ops(result)) == {"dim": 2, "alloc": 1}
    assert Counter(ops(dce(fold(trace("f", [x, n], b, b.op("dim", u, axis=0)))))) == {"dim": 1}


def test_read_memory_stays() -> None:
    """Also where it is read through another name, or written before it is read in the next trip."""
    x, b = Var("x", VECTOR), Builder()
    u = b.op("copy", x, hint="u")
    row = b.op("view", u, ZERO, NONE, NONE, spec="s")

    def body(b: Builder, i: Var, s: Var) -> list[Any]:
        new = b.op("add", s, b.op("load", row, ZERO))
        b.effect("store", u, ZERO, new)
        return [new]

    (s,) = loop(b, ZERO, const(3), body, ("s", const(0.0)))
    given = trace("f", [x], b, s)
    assert ops(dce(given)) == ops(given)


def test_loop_params() -> None:
    """A param that only computes itself goes; the others stay."""
    x, n, b = Var("x", FLOAT), Var("n", INT), Builder()
    _, s = loop(b, ZERO, n, lambda b, i, p, s: [b.op("sin", p), b.op("mul", s, x)], ("p", x), ("s", x))
    result = verify(dce(trace("f", [x, n], b, s)))
    assert Counter(ops(result)) == {"For": 1, "mul": 1}


def test_effects_stay() -> None:
    x, n, c, b = Var("x", FLOAT), Var("n", INT), Var("c", BOOL), Builder()

    def body(b: Builder, i: Var) -> list[Any]:
        def fail(b: Builder) -> list[Any]:
            b.effect("raise", exc="ValueError", message="no")
            return []

        branch(b, b.op("eq", i, ONE), fail, lambda b: [])
        return []

    loop(b, ZERO, n, body)
    while_(b, lambda b, k: b.op("lt", k, n), lambda b, k: [b.op("add", k, ONE)], ("k", ZERO))
    result = verify(dce(trace("f", [x, n, c], b, x)))
    assert Counter(ops(result)) == {"For": 1, "If": 1, "eq": 1, "raise": 1}
    with pytest.raises(ValueError, match="no"):
        run(result, 1.0, 2, True)


def test_functions_that_nobody_calls() -> None:
    make, _ = PROGRAMS["power"]
    derived = tangent(make())
    assert [f.name for f in derived.functions] == ["power", "power_tangent"]
    assert [f.name for f in dce(derived).functions] == ["power_tangent"]


def test_writes_to_parameters_stay() -> None:
    x, b = Var("x", Array("float64", 1)), Builder()
    b.effect("store", b.op("view", x, ZERO, NONE, NONE, spec="s"), ZERO, const(1.0))
    assert ops(dce(trace("f", [x], b, const(0.0)))) == ["view", "store"]


# --- random traces ---


@pytest.mark.parametrize("seed", range(200))
def test_random(seed: int) -> None:
    given = random_trace(seed)
    args = arguments(seed)
    for simplify in PASSES.values():
        same(given, verify(simplify(given)), args, 0.0)


def arguments(seed: int) -> list[Any]:
    """x, (u, t), n, c: halves of small integers, with which the traces compute exactly for a while."""
    rng = np.random.default_rng(seed)
    rows = tuple(rng.integers(-4, 5, 3) / 2 for _ in range(2))
    return [rng.integers(-4, 5) / 2, rows, int(rng.integers(-2, 4)), bool(rng.integers(2))]

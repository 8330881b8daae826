"""Fusion keeps every value and every write, and makes the loops that a careful person would write."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import interp
from random_arrays import Maker, fresh_args
from srcad.ir import FLOAT, INT, Array, Builder, Const, For, If, Op, Span, Trace, Var, const, show, verify, walk
from srcad.ops import ELEMENTWISE
from srcad.transforms.fuse import fuse
from traces import MATRIX, NONE, VECTOR, trace


@pytest.fixture(autouse=True)
def _garbage(monkeypatch: pytest.MonkeyPatch) -> None:
    """Empty arrays are full of garbage, not of zeros."""
    meaning = interp.evaluate

    def evaluate(op: Op, args: list[Any]) -> Any:
        value = meaning(op, args)
        if op.name == "alloc" and op.attr("fill") == "empty":
            value[...] = np.nan if value.dtype.kind in "fc" else 99
        return value

    monkeypatch.setattr(interp, "evaluate", evaluate)


def outcome(t: Trace, args: list[Any]) -> list[Any]:
    """The results of the trace, and what it leaves in its arguments."""
    args = fresh_args(args)
    result = interp.run(t, *args)
    return [np.array(v) for v in (*(result if isinstance(result, tuple) else (result,)), *args)]


def lowered(t: Trace, final: bool) -> bool:
    """Whether only loops are left of what fusion lowers."""
    for op in walk(t.body):
        if isinstance(op, Op):
            arrays = any(isinstance(a.type, Array) for a in op.args)
            gone = op.name in ELEMENTWISE or op.name in ("assign", "accumulate", "mean", "sum", "prod")
            gone = gone or (
                final and op.name in ("max", "min") and (op.attr("axis") is not None or op.attr("keepdims"))
            )
            if arrays and gone:
                return False
    return True


def check(t: Trace, *args: Any, final: bool = False) -> Trace:
    """Fuse, compare with the unfused trace, and give what fusion made."""
    fused = verify(fuse(verify(t), final))
    assert lowered(fused, final)
    for got, want in zip(outcome(fused, list(args)), outcome(t, list(args)), strict=True):
        assert (got.shape, got.dtype) == (want.shape, want.dtype)
        np.testing.assert_allclose(got, want, rtol=1e-6, atol=1e-6)
    return fused


def count(t: Trace, what: type | str) -> int:
    return sum(
        isinstance(s, Op) and s.name == what if isinstance(what, str) else isinstance(s, what) for s in walk(t.body)
    )


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("block", range(12))
@pytest.mark.parametrize("length", [6, 14, 40])
def test_random_traces(block: int, length: int) -> None:
    for seed in range(25 * block, 25 * block + 25):
        made = Maker(1000 * length + seed, length)
        fused = check(made.trace, *made.args, final=seed % 2 == 1)
        if seed % 3 == 0:
            check(fused, *made.args, final=True)


# --- writes that overlap what they read -----------------------------------------------------------------------------------


def sliced(b: Builder, a: Var, start: int | None, stop: int | None, step: int | None = None) -> Var:
    bounds = [NONE if n is None else const(n) for n in (start, stop, step)]
    return b.op("view", a, *bounds, spec="s")


def numbers(*shape: int) -> np.ndarray:
    return np.random.default_rng(len(shape)).normal(size=shape)


@pytest.mark.parametrize("name", ["add", "accumulate"])
@pytest.mark.parametrize("source", [(None, -1), (None, None, -1)])
def test_overlapping_updates_are_buffered(name: str, source: tuple[int | None, ...]) -> None:
    """`y[1:] += y[:-1]` and `y -= y[::-1]`."""
    b, y = Builder(), Var("y", VECTOR)
    target = y if len(source) == 3 else sliced(b, y, 1, None)
    value = sliced(b, y, *source)
    if name == "add":
        b.effect("assign", target, b.op("add", target, value))
    else:
        b.effect("accumulate", target, value)
    fused = check(trace("f", [y], b, y), numbers(6))
    assert count(fused, "alloc") + count(fused, "copy") == 1


def test_transposed_update_is_buffered() -> None:
    b, a = Builder(), Var("B", MATRIX)
    b.effect("accumulate", a, b.op("transpose", a, axes=(1, 0)))
    check(trace("f", [a], b, a), numbers(4, 4))


def test_update_in_place_is_direct() -> None:
    """`x[1:] *= 2`, with the slice taken twice: one loop, no temporary."""
    b, x = Builder(), Var("x", VECTOR)
    b.effect("assign", sliced(b, x, 1, None), b.op("mul", sliced(b, x, 1, None), const(2.0)))
    fused = check(trace("f", [x], b, x), numbers(5))
    assert (count(fused, For), count(fused, "alloc"), count(fused, "copy")) == (1, 0, 0)


def test_stencil_between_arrays_counts_as_its_target() -> None:
    """`v[1:-1] = u[2:] - u[:-2]`: for i in range(1, n - 1): v[i] = u[i + 1] - u[i - 1]."""
    b, u = Builder(), Var("u", VECTOR)
    v = b.op("alloc", b.op("dim", u, axis=0), fill="zeros", dtype="float64", hint="v")
    b.effect("assign", sliced(b, v, 1, -1), b.op("sub", sliced(b, u, 2, None), sliced(b, u, None, -2)))
    fused = check(trace("f", [u], b, v), numbers(6))
    (loop,) = [s for s in walk(fused.body) if isinstance(s, For)]
    assert loop.start == const(1)
    assert any(isinstance(s, Op) and s.name == "store" and s.args[:2] == (v, loop.index) for s in walk(loop.body))
    check(trace("f", [u], b, v), numbers(1))


# --- what becomes one loop ---------------------------------------------------------------------------------------------------


def test_logistic_is_one_loop() -> None:
    b, z, t = Builder(), Var("z", VECTOR), Var("t", VECTOR)
    p = b.op("div", const(1.0), b.op("add", const(1.0), b.op("exp", b.op("neg", z))), hint="p")
    gain = b.op("mul", t, b.op("log", p))
    loss = b.op("mul", b.op("sub", const(1.0), t), b.op("log", b.op("sub", const(1.0), p)))
    fused = check(trace("f", [z, t], b, b.op("neg", b.op("sum", b.op("add", gain, loss)))), numbers(5), numbers(5))
    assert (count(fused, For), count(fused, "alloc"), count(fused, "expand"), count(fused, "spans")) == (1, 0, 0, 2)
    check(trace("f", [z, t], b, b.op("sum", b.op("add", gain, loss))), numbers(5), numbers(1))


def test_zeros_that_are_added_to_are_written_once() -> None:
    b, x, w = Builder(), Var("x", VECTOR), Var("w", FLOAT)
    x_bar = b.op("alloc", b.op("dim", x, axis=0), fill="zeros", dtype="float64", hint="x_bar")
    b.effect("accumulate", x_bar, b.op("mul", x, w))
    b.effect("accumulate", x_bar, b.op("sin", x))
    fused = check(trace("f", [x, w], b, x_bar), numbers(5), 2.0)
    assert (count(fused, For), count(fused, "store"), count(fused, "update")) == (1, 1, 0)
    (made,) = [s for s in walk(fused.body) if isinstance(s, Op) and s.name == "alloc"]
    assert made.attr("fill") == "empty"


def test_zeros_filled_from_an_array_are_a_copy() -> None:
    b, x = Builder(), Var("x", VECTOR)
    made = b.op("alloc", b.op("dim", x, axis=0), fill="zeros", dtype="float64")
    b.effect("accumulate", made, x)
    fused = check(trace("f", [x], b, made), numbers(5))
    assert [s.name for s in fused.body.stmts if isinstance(s, Op) and s.name != "dim"] == ["copy"]


def test_what_follows_a_reduction_stays_in_its_loop() -> None:
    """Pairwise distances: no array of them is made."""
    b, x = Builder(), Var("X", MATRIX)
    rows = b.op("view", x, *[NONE] * 6, spec="sns")
    columns = b.op("view", x, *[NONE] * 6, spec="nss")
    d = b.op("sub", rows, columns, hint="d")
    square = b.op("sum", b.op("mul", d, d), axis=(2,))
    fused = check(trace("f", [x], b, b.op("sum", b.op("exp", b.op("neg", square)))), numbers(4, 3))
    assert (count(fused, For), count(fused, "alloc")) == (3, 0)


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("axis", [None, (0,), (1,), (0, 1)])
@pytest.mark.parametrize("name", ["sum", "mean", "prod", "max", "min"])
def test_reductions(name: str, axis: tuple[int, ...] | None, keepdims: bool) -> None:
    b, x = Builder(), Var("X", MATRIX)
    y = b.op(name, b.op("mul", x, const(2.0)), axis=axis, keepdims=keepdims)
    check(trace("f", [x], b, y), numbers(3, 4), final=True)


@pytest.mark.parametrize("name", ["max", "min"])
def test_extremes_of_nothing_are_refused(name: str) -> None:
    b, x = Builder(), Var("X", MATRIX)
    fused = fuse(trace("f", [x], b, b.op(name, x, axis=(1,))), final=True)
    with pytest.raises(ValueError, match="zero-size array"):
        interp.run(fused, np.ones((3, 0)))


def test_extremes_pass_nan_on() -> None:
    b, x = Builder(), Var("X", MATRIX)
    check(trace("f", [x], b, b.op("max", x, axis=(1,))), np.array([[1.0, np.nan], [2.0, 3.0]]), final=True)


def test_extremes_stay_whole_until_the_end() -> None:
    """Their derivative shares among ties: it needs the op."""
    b, x = Builder(), Var("X", MATRIX)
    fused = check(trace("f", [x], b, b.op("max", b.op("abs", x), axis=(1,))), numbers(3, 2))
    assert count(fused, "max") == 1


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex128", "int64", "bool"])
@pytest.mark.parametrize("name", ["sum", "mean", "prod"])
def test_reductions_keep_dtypes(name: str, dtype: str) -> None:
    b, x = Builder(), Var("x", Array(dtype, 1))
    fused = check(trace("f", [x], b, b.op(name, x)), np.array([1, 0, 1, 1]).astype(dtype))
    carried = [p.type for s in walk(fused.body) if isinstance(s, For) for p in s.params]
    inits = [i.type for s in walk(fused.body) if isinstance(s, For) for i in s.inits]
    assert carried == inits


def test_nothing_moves_across_its_guard() -> None:
    """The loop after a check does not join the one before it, if the check looks at what that one gives."""
    b, x = Builder(), Var("x", VECTOR)
    total = b.op("sum", x)
    branch = Builder()
    branch.effect("raise", exc="ValueError", message="negative")
    b.add(If((), b.op("lt", total, const(0.0)), branch.block(), Builder().block()))
    y = b.op("sqrt", x)
    t = trace("f", [x], b, b.op("sum", y))
    check(t, np.ones(3))
    kinds = [type(s) for s in fuse(t).body.stmts if not isinstance(s, Op)]
    assert kinds == [For, If, For]


def test_spans_and_hints_survive() -> None:
    span = Span("f.py", 3, 4, 3, 9)
    b, x = Builder(span=span), Var("x", VECTOR)
    p = b.op("sin", x, hint="p")
    fused = fuse(trace("f", [x], b, b.op("sum", p, hint="total")))
    (loop,) = [s for s in fused.body.stmts if isinstance(s, For)]
    assert (loop.span, loop.index.hint, loop.params[0].hint) == (span, "i", "total")
    assert [s.result.hint for s in loop.body.stmts if isinstance(s, Op)][:2] == ["x_i", "p"]


def test_equal_sizes_are_seen_through_ints_and_views() -> None:
    """x[1:-1] and an array of n - 2 elements need no check."""
    b, x = Builder(), Var("x", VECTOR)
    n = b.op("dim", x, axis=0)
    made = b.op("alloc", b.op("sub", n, const(2)), fill="ones", dtype="float64")
    stop = b.op("sub", n, const(1))
    inner = b.op("view", x, const(1), stop, NONE, spec="s")
    fused = check(trace("f", [x], b, b.op("add", made, inner)), numbers(6))
    assert count(fused, "broadcast_dim") == count(fused, "expand") == 0


def test_sizes_stay_known_in_loops() -> None:
    """`u = u + v` keeps its size from one iteration to the next."""
    b, x = Builder(), Var("x", VECTOR)
    v = b.op("sin", x)
    u, result = Var("u", VECTOR), Var("u", VECTOR)
    body = Builder()
    new = body.op("add", u, v)
    b.add(For((result,), Var("k", INT), const(0), const(3), const(1), (u,), (x,), body.block(new)))
    fused = check(trace("f", [x], b, result), numbers(4))
    assert count(fused, "expand") == 0


def test_global_arrays_are_read_like_others() -> None:
    table = np.array([1.0, 2.0, 4.0])
    b, x = Builder(), Var("x", VECTOR)
    t = trace("f", [x], b, b.op("mul", x, Const(table, VECTOR, weak=False, name="TABLE")))
    check(t, numbers(3))
    check(t, numbers(1))


def test_what_was_fused_stays_as_it_is() -> None:
    b, x = Builder(), Var("x", VECTOR)
    fused = fuse(trace("f", [x], b, b.op("sum", b.op("sin", x))))
    assert show(fuse(fused, final=True)) == show(fused)


def test_fresh_memory_assigned_to_itself_stays() -> None:
    b = Builder()
    made = b.op("alloc", const(3), fill="ones", dtype="float64")
    b.effect("assign", made, made)
    check(trace("f", [], b, made))

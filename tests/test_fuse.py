"""Fusion keeps every value and every write, and makes the loops that a careful person would write."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import interp
from random_arrays import Maker, fresh_args
from srcad.ir import Array, Op, Trace, verify, walk
from srcad.ops import ELEMENTWISE
from srcad.transforms.fuse import fuse


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

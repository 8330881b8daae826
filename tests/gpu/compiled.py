"""Kernels compiled to PTX, where libnvvm is found. Run by `tests/test_cuda.py`, in a process of its own."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from ptx import compile_batched, missing, resources, toolkit

import srcad
from programs_batch import CASES
from srcad.trees import map_tree

WHY = missing()
pytestmark = pytest.mark.skipif(bool(WHY), reason=WHY)


def ptx(name: str, kind: str, narrow: bool = False, cc: tuple[int, int] = (8, 0)) -> str:
    c = CASES[name]

    def cast(x: Any) -> Any:
        if isinstance(x, float):
            return np.float32(x)
        return x.astype(np.float32) if getattr(x, "dtype", np.int64) == np.float64 else x

    args = tuple(map_tree(cast, x) for x in c.args) if narrow else c.args
    derivative = srcad.differentiate(c.fn) if kind == "value" else getattr(srcad, kind)(c.fn, c.argnums)
    return compile_batched(derivative.batched("cuda", c.axes), args, cc)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("lotka_volterra", "value_and_grad"),
        ("early", "grad"),
        ("leapfrog", "jacfwd"),
        ("nested", "grad"),
        ("of_flat_weights", "grad"),
        ("kinds", "value"),
    ],
)  # fmt: skip
def test_a_kernel_compiles(name: str, kind: str) -> None:
    text = ptx(name, kind)
    assert not re.search(
        r"\.extern \.func|NRT_|malloc", text
    )  # nothing that would have to be linked, or that allocates
    if toolkit() is not None:
        assert resources(text)["registers"] <= 255


@pytest.mark.parametrize(
    ("name", "kind"),
    [("black_scholes", "grad"), ("lotka_volterra", "grad"), ("network", "grad"), ("softmax", "jacfwd")],
)
def test_float32_kernels_do_not_compute_in_double(name: str, kind: str) -> None:
    assert ".f64" not in ptx(name, kind, narrow=True, cc=(9, 0))


def test_short_vectors_live_in_registers() -> None:
    if toolkit() is None:
        pytest.skip("no ptxas")
    assert resources(ptx("rosenbrock", "grad"))["stack"] == 0

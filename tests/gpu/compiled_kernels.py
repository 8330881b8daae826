"""Derivatives of users' kernels compiled to PTX, where libnvvm is found. Run by `tests/test_cuda.py`."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from ptx import compile_kernel, missing, resources, toolkit

from programs_kernels import KERNELS

WHY = missing()
pytestmark = pytest.mark.skipif(bool(WHY), reason=WHY)


LINKED = re.compile(r"\.extern \.func|NRT_|malloc")  # what would have to be linked, or allocates


@pytest.mark.parametrize("name", KERNELS)
def test_float32(name: str) -> None:
    def narrow(x: Any) -> Any:
        if isinstance(x, float):
            return np.float32(x)
        return x.astype(np.float32) if getattr(x, "dtype", None) == np.float64 else x

    c = KERNELS[name]
    text = compile_kernel("adjoint", c.kernel, tuple(map(narrow, c.args)), (9, 0))
    assert not LINKED.search(text)
    assert not c.narrow or ".f64" not in text


@pytest.mark.parametrize("name", list(KERNELS)[::3])
def test_float64(name: str) -> None:
    c = KERNELS[name]
    text = compile_kernel("adjoint", c.kernel, c.args, (8, 0))
    assert not LINKED.search(text)
    if toolkit() is not None:
        assert resources(text)["registers"] <= 128


@pytest.mark.parametrize("name", ["fixed_steps", "block_product", "histogram"])
def test_tangents(name: str) -> None:
    c = KERNELS[name]
    assert not LINKED.search(compile_kernel("tangent", c.kernel, c.args, (8, 0)))

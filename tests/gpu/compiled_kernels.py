"""Adjoints of users' kernels compiled to PTX, where libnvvm is found. Run by `tests/test_cuda.py`."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from ptx import compile_adjoint, missing, resources, toolkit

from programs_kernels import KERNELS

WHY = missing()
pytestmark = pytest.mark.skipif(bool(WHY), reason=WHY)


@pytest.mark.parametrize("name", KERNELS)
def test_an_adjoint_compiles(name: str) -> None:
    c = KERNELS[name]
    text = compile_adjoint(c.kernel, c.args, (8, 0))
    assert not re.search(r"\.extern \.func|NRT_|malloc", text)
    if name in ("fixed_steps", "given_steps", "staged_with_margins") and toolkit() is not None:
        assert resources(text)["registers"] <= 128


@pytest.mark.parametrize("name", [name for name, c in KERNELS.items() if c.narrow])
def test_float32_kernels_do_not_compute_in_double(name: str) -> None:
    def narrow(x: Any) -> Any:
        if isinstance(x, float):
            return np.float32(x)
        return x.astype(np.float32) if getattr(x, "dtype", None) == np.float64 else x

    c = KERNELS[name]
    assert ".f64" not in compile_adjoint(c.kernel, tuple(map(narrow, c.args)), (9, 0))

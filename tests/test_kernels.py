"""Derivatives of users' CUDA kernels: what is written, and what is refused. What they compute is tested in tests/gpu.

tests/cases/kernels.txt holds generated kernels, each under a line with its name. After a change that is meant:
`SRCAD_UPDATE_GOLDEN=1 pytest tests/test_kernels.py`, then read the diff.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import numba
import pytest

import srcad
from programs_kernels import KERNELS, REFUSED
from srcad import cli

FILE = Path(__file__).parent / "cases" / "kernels.txt"
#: Kernels to be read.
SHOWN = """saxpy stencil histogram given_steps local_array strided strided_steps staged dot_product
    staged_with_margins""".split()


def generated(name: str) -> str:
    c = KERNELS[name]
    return str(srcad.adjoint(c.kernel).source([numba.typeof(a) for a in c.args]))


def kept() -> dict[str, str]:
    _, *parts = re.split(r"^=+ (\w+)\n", FILE.read_text() if FILE.exists() else "", flags=re.MULTILINE)
    return {name: text.strip() + "\n" for name, text in zip(parts[::2], parts[1::2], strict=True)}


def test_what_is_written():
    now = {
        name: re.sub(r"programs_kernels.py:\d+", "programs_kernels.py", generated(name)).strip() + "\n"
        for name in SHOWN
    }
    now = {name: re.sub(r" +# programs_kernels.py$", "", text, flags=re.MULTILINE) for name, text in now.items()}
    if os.environ.get("SRCAD_UPDATE_GOLDEN"):
        FILE.write_text("\n".join(f"{'=' * 100} {name}\n{text}" for name, text in now.items()))
    assert now == kept()


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name):
    kernel, types, words, at = REFUSED[name]
    with pytest.raises((srcad.UnsupportedError, TypeError), match=words) as caught:
        srcad.adjoint(kernel).source(types)
    message = str(caught.value)
    assert caught.value.span is not None
    source, carets = message.splitlines()[1:3]
    start = carets.index("^")
    assert source[start : carets.rindex("^") + 1].startswith(at)


def test_derivatives_of_kernels_that_there_are_not():
    kernel = KERNELS["saxpy"].kernel
    for derivative in (srcad.grad, srcad.jacrev, srcad.differentiate):
        with pytest.raises(srcad.UnsupportedError, match="of kernels there are srcad.adjoint and.*\n.*device"):
            derivative(kernel)
    for outer, inner in (
        (srcad.adjoint, srcad.adjoint),
        (srcad.tangent, srcad.adjoint),
        (srcad.adjoint, srcad.tangent),
    ):
        with pytest.raises(srcad.UnsupportedError, match="no derivatives of its own"):
            outer(inner(kernel))
    with pytest.raises(srcad.UnsupportedError, match="device function"):
        srcad.adjoint(numba.cuda.jit(device=True)(lambda x: x * x))


def in_no_kernel(x):
    return numba.cuda.grid(1) * x


def test_ids_of_threads_are_for_kernels():
    with pytest.raises(srcad.UnsupportedError, match="outside of a kernel"):
        srcad.grad(in_no_kernel)(1.0)


def test_wrong_numbers_of_types():
    with pytest.raises(TypeError, match=r"2 parameters \(u, out\)"):
        srcad.adjoint(KERNELS["stencil"].kernel).source("f8[:]")


def test_show(tmp_path, capsys):
    file = tmp_path / "model.py"
    file.write_text(
        "from numba import cuda\n\n@cuda.jit\ndef twice(x, out):\n    i = cuda.grid(1)\n    if i < x.size:\n"
        "        out[i] = 2.0 * x[i]\n"
    )
    assert cli.main(["show", f"{file}:twice", "--target", "cuda", "--types", "f8[:], f8[:]"]) == 0
    out = capsys.readouterr().out
    assert "def twice_adjoint(x, out, x_bar, out_bar):" in out
    assert "        x_bar[i] += v1 * 2.0\n" in out
    assert cli.main(["show", str(file), "--types", "f8[:], f8[:]"]) == 0
    assert capsys.readouterr().out == out
    assert cli.main(["show", f"{file}:twice", "--types", "f8[:]"]) == 2
    assert cli.main(["show", f"{file}:twice", "--kind", "tangent", "--types", "f8[:], f8[:]"]) == 0
    assert "        out_dot[i] = 2.0 * x_dot[i]" in capsys.readouterr().out
    assert cli.main(["show", f"{file}:twice", "--kind", "grad"]) == 1
    assert "of kernels there are" in capsys.readouterr().err


def test_numbers_are_constants():
    text = srcad.adjoint(KERNELS["product"].kernel).source([numba.float32, *[numba.float32[:]] * 3])
    assert "def product_adjoint(a, x, y, out, x_bar, y_bar, out_bar):" in text
    assert "np.float64" not in text

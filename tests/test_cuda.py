"""The CUDA target without a GPU: in the simulator and as PTX, each in a process of its own, since Numba decides on both when it
is imported; and what is refused, which is found out before anything is compiled."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import srcad
from srcad import cli

HERE = Path(__file__).parent


@pytest.mark.parametrize("part", ["simulated", "compiled"])
def test_in_a_process_of_its_own(part):
    paths = [str(HERE), str(HERE / "gpu"), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    if part == "simulated":
        environment["NUMBA_ENABLE_CUDASIM"] = "1"
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        f"{HERE}/gpu/{part}.py",
        f"{HERE}/gpu/{part}_kernels.py",
    ]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    if part == "compiled" and " passed" not in done.stdout:
        pytest.skip(next(line for line in done.stdout.splitlines() if "SKIPPED" in line))


def solves(x):
    A = np.array([[2.0, x], [x, 3.0]])
    return np.sum(np.linalg.solve(A, np.ones(2)))


def sorts(x):
    y = np.sort(x)
    return y[0] * y[-1]


def is_complex(x):
    return abs(np.exp(1j * x)) ** 2


def recurses(x, n):
    return x if n <= 0 else x * recurses(x, n - 1)


def misfits(x):
    return np.sum(x[1:] * x)


def is_cut(x, n):
    return np.sum(x[:n] * x[1:])


def prints(x):
    print("x", x)
    return x * x


def transforms(x):
    return np.sum(np.abs(np.fft.rfft(x)) ** 2)


def grown(n, x):
    out = np.empty(n)
    for i in range(n):
        out[i] = x * i
    return out


def has_two_names(x):
    best = current = 1.0 * x
    for k in range(4):
        current = np.sin(current) + k
        if current[0] > best[0]:
            best = current
    return np.sum(best) * current[1]


def writes_what_had_a_name(x):
    u = 1.0 * x
    w = u
    for _ in range(3):
        u[0] = u[0] + 1.0
        u = 1.5 * u
    return u, w


@pytest.mark.parametrize(
    ("fn", "kind", "types", "words", "line"),
    [
        (solves, "grad", "f8", "linear algebra", "np.linalg.solve"),
        (sorts, "grad", "f8[4]", "sorting", "np.sort"),
        (is_complex, "grad", "f8", "complex", "1j"),
        (recurses, "grad", "f8, i8", "recursion", ""),
        (prints, "grad", "f8", "printing", "print"),
        (misfits, "grad", "f8[3]", "an axis of 2 elements meets one of 3|3 elements meets one of 2", "x[1:] * x"),
        (is_cut, "grad", "f8[3], i8", "sizes are known only", "x[:n] * x[1:]"),
        (transforms, "value", "f8[4]", "complex|Fourier", "rfft"),
        (has_two_names, "grad", "f8[2]", "kept in a list", ""),
        (writes_what_had_a_name, "value", "f8[2]", "another name", "u[0]"),
        (grown, "value", "i8, f8", "size of the result", ""),
    ],
)
def test_what_a_thread_cannot_do_is_refused_with_its_line(fn, kind, types, words, line):
    wrt = 0 if types.startswith("f") else 1
    derivative = srcad.differentiate(fn) if kind == "value" else getattr(srcad, kind)(fn, wrt)
    with pytest.raises(srcad.UnsupportedError, match=words) as caught:
        derivative.batched("cuda").source(types)
    assert caught.value.span is not None
    assert line in str(caught.value)


def test_a_kernel_is_made_for_sizes():
    with pytest.raises(ValueError, match=r"f8\[3\]"):
        srcad.grad(sorts).batched("cuda").source("f8[:]")
    with pytest.raises(ValueError, match="kind must be one of"):
        srcad.differentiate(sorts, target="cuda").source("integral")


def spread(x, *rest):
    return x * rest[0]


@pytest.mark.parametrize(
    ("axes", "words"),
    [("0, q", "write 0"), ("0, 0, 0, 0", "len(args)=3"), ("(0, 0), 0", "tree prefix"), ("7, 0", "rank")],
)
def test_show_with_poor_axes(axes, words, capsys):
    command = ["show", f"{__file__}:spread", "--target", "cuda", "--types", "f8, f8", "--in-axes"]
    assert cli.main([*command, "0, None"]) == 0
    assert "def spread_adjoint_launch(n, x, rest_0, y_bar)" in capsys.readouterr().out
    assert cli.main([*command, axes]) == 2
    assert words in capsys.readouterr().err


def test_show_with_assumed_types_says_so(capsys):
    assert cli.main(["show", f"{__file__}:sorts", "--target", "cuda"]) == 1
    err = capsys.readouterr().err
    assert "np.sort(x)" in err and "--types 'f8[3], f8'" in err


def test_a_device_function_has_nobody_to_give_it_memory():
    def slow(x):
        while x < 10.0:
            x = x * np.exp(1.0 / x)
        return x

    with pytest.raises(srcad.UnsupportedError, match="known only at run time"):
        srcad.grad(slow).device()
    assert callable(srcad.tangent(slow).device())


def test_there_is_no_gpu_here():
    from srcad.jit import cuda

    if cuda.backend()[1].is_available():
        pytest.skip("there is one")
    with pytest.raises(cuda.CudaError, match='target="cpu"'):
        srcad.grad(lambda x: x * x).batched("cuda")(np.ones(3))


def test_show_prints_the_kernel_and_the_launcher(tmp_path, capsys):
    file = tmp_path / "model.py"
    file.write_text("import numpy as np\n\ndef f(x, p):\n    return p * np.sum(np.sin(x))\n")
    command = [
        "show",
        f"{file}:f",
        "--kind",
        "grad",
        "--target",
        "cuda",
        "--types",
        "f8[3], f8",
        "--in-axes",
        "0, None",
    ]
    assert cli.main(command) == 0
    out = capsys.readouterr().out
    assert "    f_grad(x[k], p, x_bar[k])\n" in out.replace("        f_grad", "    f_grad")
    assert "def f_grad_launch(n, x, p):" in out
    assert "np.sin" not in out
    assert cli.main(["show", f"{file}:f", "--target", "cuda", "--types", "f8[:], f8"]) == 2
    assert "f8[3]" in capsys.readouterr().err

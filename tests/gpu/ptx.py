"""Kernels compiled to PTX where libnvvm is found, without a GPU; `PTXAS` reads registers and stack where that is found, too.

Run as a module, in a process of its own: `python -m tests.ptx` compiles the programs of `tests.programs_batch` and prints a
table.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

CC = (8, 0)


def missing() -> str:
    """Why nothing can be compiled here; empty if it can."""
    from srcad.jit.cuda import backend

    backend()
    try:
        from numba.cuda.cudadrv import nvvm

        nvvm.NVVM()
        nvvm.LibDevice()
    except Exception as error:
        return f"libnvvm is not found: {str(error).splitlines()[0] if str(error) else error!r}"
    return ""


def compile_batched(batched: Any, args: Any, cc: tuple[int, int] = CC) -> str:
    """The PTX of the kernel that a call with these arguments would launch."""
    import numba.cuda.dispatcher
    from numba import cuda, typeof, types

    from srcad import axes

    numba.cuda.dispatcher.get_current_device = lambda: SimpleNamespace(compute_capability=cc)
    trees = batched._arguments(args, {})
    axes.batch_size(trees)
    kernel, _, order = batched._make(trees)
    found: list[Any] = []

    def launch(dispatcher: Any, n: int, given: Any, results: Any, scratch: Any = (), fails: bool = False) -> None:
        arrays = [np.zeros((2, *r.shape), r.dtype, order="F" if type(r).__name__ == "Each" else "C") for r in results]
        arrays += [np.zeros(s.whole(2), s.dtype) for s in scratch]
        if any(type(s).__name__ == "Growing" for s in scratch):
            arrays.append(np.zeros(9, np.int64))
        if fails:
            arrays.append(np.zeros(2, np.bool_))
        signature = (types.int64, *map(typeof, [*given, *arrays]))
        found.append(cuda.compile_ptx(dispatcher.py_func, signature, cc=cc)[0])

    kernel.launch.__globals__["launch"] = launch
    leaves = [leaf for k in order for leaf in axes.flat(trees[k])]
    given = [
        np.array(x.value, order="C" if x.axis is None else "F") if isinstance(x.value, np.ndarray) else x.value
        for x in leaves
    ]
    kernel.launch(2, *given)
    return str(found[0])


def compile_kernel(kind: str, kernel: Any, args: Any, cc: tuple[int, int] = CC) -> str:
    """The PTX of the tangent or adjoint of a user's kernel, for these arguments and another for each array of floats."""
    import numba.cuda.dispatcher
    from numba import cuda, from_dtype, typeof, types

    import srcad
    from srcad.infer import as_arg_type

    numba.cuda.dispatcher.get_current_device = lambda: SimpleNamespace(compute_capability=cc)
    given = [typeof(a) for a in args]
    wrt = tuple(k for k, a in enumerate(args) if isinstance(a, np.ndarray) and a.dtype.kind == "f")
    made = getattr(srcad, kind)(kernel)._kernel(tuple(map(as_arg_type, given)), wrt)
    space = [types.Array(from_dtype(np.dtype(m.dtype)), len(m.shape) + 1, "C") for m in made.memory]
    need = [types.Array(types.int64, 1, "C")] if made.slots else []
    signature = (*given, *(given[k] for k in wrt), *space, *need)
    return str(cuda.compile_ptx(made.compiled.py_func, signature, cc=cc)[0])


def toolkit() -> Path | None:
    home = os.environ.get("CUDA_HOME")
    path = shutil.which("ptxas") or (f"{home}/bin/ptxas" if home and os.path.exists(f"{home}/bin/ptxas") else None)
    return Path(path) if path else None


def resources(ptx: str, cc: tuple[int, int] = CC) -> dict[str, int]:
    """What ptxas says of registers and of bytes on the stack."""
    ptxas = toolkit()
    assert ptxas is not None
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "k.ptx").write_text(ptx)
        done = subprocess.run(
            [ptxas, "-v", f"-arch=sm_{cc[0]}{cc[1]}", f"{folder}/k.ptx", "-o", f"{folder}/k.cubin"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    text = done.stderr + done.stdout
    return {
        "registers": int(re.search(r"Used (\d+) registers", text)[1]),  # type: ignore[index]
        "stack": int((re.search(r"(\d+) bytes stack frame", text) or [0, "0"])[1]),
    }

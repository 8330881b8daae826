"""The one place that knows which package compiles for NVIDIA's GPUs.

`numba.cuda` comes with Numba, is deprecated, and has the simulator (NUMBA_ENABLE_CUDASIM=1); numba-cuda puts itself in its
place when it is installed; numba-cuda-mlir is its successor, without a simulator. What is emitted is what all three accept.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numba.core import config

#: Where `cuda` is imported from, in the order in which it is looked for.
PACKAGES = ("numba", "numba_cuda_mlir")


class CudaError(RuntimeError):
    """No package, no driver, or no memory: nothing that is wrong with the program."""


@functools.cache
def backend() -> tuple[str, Any]:
    """The package, and its `cuda` module."""
    _find_toolkit()
    tried = []
    for package in PACKAGES:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # built-in numba.cuda says that it is deprecated
                return package, importlib.import_module(f"{package}.cuda")
        except ImportError as error:
            tried.append(f"{package}: {error}")
    raise CudaError(f'target="cuda" needs a CUDA compiler: pip install "srcad[cuda]" ({"; ".join(tried)})')


def _find_toolkit() -> None:
    """Compilers that were installed by pip are found where pip puts them, if the user says nothing else."""
    spec = importlib.util.find_spec("nvidia")
    for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
        if (Path(folder) / "cuda_nvcc" / "nvvm").is_dir():
            os.environ.setdefault("CUDA_HOME", str(Path(folder) / "cuda_nvcc"))


def is_simulated() -> bool:
    return bool(config.ENABLE_CUDASIM)


def ready() -> Any:
    """The `cuda` module, for a launch: with a driver and a device, or simulated."""
    _, cuda = backend()
    if is_simulated() or cuda.is_available():
        return cuda
    raise CudaError(
        'no GPU can be used here: no CUDA driver, or no device; target="cpu" runs the same batch on the CPU, and '
        "NUMBA_ENABLE_CUDASIM=1, set before Numba is imported, simulates a GPU"
    )


def is_kernel(value: Any) -> bool:
    """Whether this was made by `@cuda.jit`, of any package or of the simulator."""
    made = type(value)
    return made.__name__ in ("CUDADispatcher", "FakeCUDAKernel", "MLIRDispatcher") and ".cuda" in made.__module__


def described(value: Any) -> tuple[str, tuple[int, ...]] | None:
    """The dtype and the shape of an array that is on a GPU, of any library (or of the simulator); None for all else."""
    if isinstance(value, np.ndarray | np.generic):
        return None
    interface = getattr(value, "__cuda_array_interface__", None)
    if interface is not None:
        return str(np.dtype(interface["typestr"])), tuple(interface["shape"])
    if is_simulated() and hasattr(value, "copy_to_host"):
        return str(value.dtype), tuple(value.shape)
    return None


def as_array(cuda: Any, value: Any) -> Any:
    """An array that is on a GPU, as kernels take it."""
    return value if is_simulated() else cuda.as_cuda_array(value)


def free_memory(cuda: Any) -> int | None:
    """Bytes that can still be allocated; None where nobody knows."""
    if is_simulated():
        return None
    return int(cuda.current_context().get_memory_info()[0])

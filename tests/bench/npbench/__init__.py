"""Kernels of PolyBench (Pouchet, Ohio State) and of NPBench (Ziogas et al. 2021), in the form that NumPy programmers give them.

Every program works on copies of the arrays that its kernel overwrites, so that it can be called again, and returns the sum of
the kernel's output.
"""

from __future__ import annotations

from tests.bench.kit import Program
from tests.bench.npbench import learning, products, solutions, stencils, sweeps


def programs() -> list[Program]:
    return [p for module in (stencils, sweeps, products, solutions, learning) for p in module.programs()]

"""Adjoints written by hand in plain Numba: the yardstick. Each takes its program's arguments and gives the gradients.

They are what a person who knows reverse mode and Numba writes: one pass where one serves, gather where it is easy, products by
BLAS, nothing kept that is still there, and nothing of the function computed that its gradient does not need.
"""

from __future__ import annotations

from numba.core.dispatcher import Dispatcher

from tests.bench.hand import adbench, dynamics, learning, products, sequences, solutions, stencils, users

#: By the names of their programs.
ADJOINTS = {
    name: f
    for module in (stencils, products, solutions, learning, adbench, users, dynamics, sequences)
    for name, f in vars(module).items()
    if isinstance(f, Dispatcher) and not name.startswith("_")
}

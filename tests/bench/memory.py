"""How much memory derivatives take at their peak: the second table of `python -m tests.bench`; `python -m tests.bench.memory`
prints it alone.

Numba allocates arrays and lists by Python's raw allocator, which `tracemalloc` counts to the byte; so are NumPy's. The stack is
not counted. `inputs` are the arguments, which are there before; what a call takes beside them is `f` for the function and
`gradient` for the gradient, of which `results` is handed back. `all` is the gradient's whole footprint over the function's, with
the inputs in both, where these are more than a kilobyte.
"""

from __future__ import annotations

if __name__ == "__main__":
    from tests.bench import environment  # noqa: F401 - before NumPy

# isort: split
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

import srcad
from tests.bench import users
from tests.bench.kit import Program
from tests.bench.timing import Call
from tests.bench.variants import Variants, variants

LONG = 1_000_000
MARK = 20e6  #: bytes that a million steps of a scalar loop may take


def peak(call: Call) -> int:
    """Bytes at the most during a call, beyond those before it. The call must have been made before, or compiling counts."""
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    call()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most - before


def size(value: Any) -> int:
    if isinstance(value, tuple | list):
        return sum(map(size, value))
    return value.nbytes if isinstance(value, np.ndarray) else 8


def table(made: Iterable[tuple[Program, Variants]], width: int = 17) -> Iterator[str]:
    """The lines, in thousands of bytes and ratios; `width` is that of the programs' names."""
    titles = "memory, kB", "inputs", "f", "gradient", "results", "hand", "all", "gradient/hand"
    yield "{:{width}}{:>9}{:>9}{:>10}{:>9}{:>9}{:>7}{:>15}".format(*titles, width=width)
    for program, found in made:
        inputs, results = size(program.args), size(tuple(program.args[k] for k in program.argnums))
        of = {kind: peak(found.calls[kind]) for kind in ("primal", "gradient", "hand") if kind in found.calls}
        f, gradient, hand = of["primal"], of["gradient"], of.get("hand")
        footprint = f"{(inputs + gradient) / (inputs + f):.2f}" if inputs + f > 1000 else ""
        by_hand = "" if hand is None else f"{hand / 1e3:.1f}"
        over_hand = "" if hand is None else f"{gradient / max(hand, 1000):.2f}"
        sizes = f"{inputs / 1e3:9.1f}{f / 1e3:9.1f}{gradient / 1e3:10.1f}{results / 1e3:9.1f}{by_hand:>9}"
        yield f"{program.name:{width}}{sizes}{footprint:>7}{over_hand:>15}"
    yield ""
    yield f"{f'{LONG:,} steps':30}{'gradient, MB':>14}{f'under {MARK / 1e6:.0f}':>10}"
    for title, f, args in LOOPS:
        gradient = srcad.grad(f)
        gradient(*args)
        most = peak(lambda gradient=gradient, args=args: gradient(*args))  # type: ignore[misc]
        yield f"{title:30}{most / 1e6:14.1f}{'met' if most < MARK else 'missed':>10}"


def until(x, n):
    """The same map until it is said to stop: how often is not known before."""
    y = 0.5
    k = 0
    while k < n:
        y = x * y * (1.0 - y)
        k += 1
    return y


def paired(x, n):
    """Two values, one of them needed by both."""
    p, q = x, 1.0
    for k in range(n):
        p, q = p - 1e-3 * np.sin(q), q + 1e-3 * p
    return p * q


def nested(x, n):
    """Loops whose trips are found as they run, in one whose trips are known."""
    y = x
    for k in range(n // 10):
        z = y
        while z > 0.1 * y:
            z = 0.75 * z
        y = np.cos(z)
    return y


LOOPS: tuple[tuple[str, Callable[..., Any], tuple[Any, ...]], ...] = (
    ("`for`, one value (horner)", users.horner, (0.4, LONG)),
    ("`for`, two values", paired, (0.4, LONG)),
    ("`while`, one value", until, (3.2, LONG)),
    ("`while` in `for`", nested, (0.4, LONG)),
)


def main() -> None:
    from tests.bench.__main__ import programs

    for line in table((program, variants(program, ())) for program in programs()):
        print(line, flush=True)


if __name__ == "__main__":
    main()

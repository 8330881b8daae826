"""How long derivatives take beside the functions themselves: `python -m tests.bench [NAME ...]` from the root.

Every time is a median over rounds in which all variants of a program take turns, so that what else the machine does falls
on all of them alike. The yardstick is the user's own function compiled by plain `numba.njit`. Nothing is asserted: times
depend on the machine, and a test that sometimes fails is worse than none.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

import numba
import numpy as np

import srcad
from tests.bench import programs
from tests.bench.programs import Program

Call = Callable[[], object]
ROUND_S = 0.004  #: about how long one variant runs before the next has its turn


def medians(calls: dict[str, Call], rounds: int) -> dict[str, float]:
    """Seconds a call, with the variants interleaved."""
    batch = {}
    for name, call in calls.items():
        start = time.perf_counter()
        call()
        batch[name] = max(1, int(ROUND_S / max(time.perf_counter() - start, 1e-9)))
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            repeat = range(batch[name])
            start = time.perf_counter()
            for _ in repeat:
                call()
            times[name].append((time.perf_counter() - start) / batch[name])
    return {name: statistics.median(values) for name, values in times.items()}


def random_like(args: tuple[Any, ...], rng: np.random.Generator) -> tuple[Any, ...]:
    """A direction to differentiate along."""
    return tuple(rng.standard_normal(np.shape(arg)) if np.ndim(arg) else float(rng.standard_normal()) for arg in args)


def variants(program: Program) -> dict[str, Call]:
    f, args, argnums = program.function, program.args, program.argnums
    wrt = argnums[0] if len(argnums) == 1 else argnums
    rng = np.random.default_rng(1)
    plain = njit_deep(f)
    grad, hvp, tangent = srcad.grad(f, wrt), srcad.hvp(f, wrt), srcad.tangent(f)
    floats = tuple(arg for arg in args if not isinstance(arg, int))
    dots = random_like(floats, rng)
    v = random_like(tuple(args[i] for i in argnums), rng)
    direction = v[0] if len(argnums) == 1 else v
    return {
        "primal": lambda: plain(*args),
        "gradient": lambda: grad(*args),
        "tangent": lambda: tangent(*args, *dots),
        "hvp": lambda: hvp(*args, direction),
    }


def njit_deep(f: Callable[..., Any]) -> Any:
    """The function by plain Numba, as its user would have it: what it calls is compiled too."""
    scope = dict(vars(programs))
    for name in ("lorenz_rhs", "accelerations"):
        scope[name] = numba.njit(scope[name])
    return numba.njit(type(f)(f.__code__, scope, f.__name__, f.__defaults__))  # type: ignore[attr-defined]


def overhead(rounds: int) -> None:
    """What a call costs when the function does next to nothing."""

    def f(x, y):  # type: ignore[no-untyped-def]
        return x * y + x

    plain, own, grad = numba.njit(f), srcad.differentiate(f), srcad.grad(f)
    calls = {
        "numba.njit(f)": lambda: plain(2.0, 3.0),
        "srcad.differentiate(f)": lambda: own(2.0, 3.0),
        "srcad.grad(f)": lambda: grad(2.0, 3.0),
    }
    times = medians(calls, rounds)
    empty = medians({"": lambda: None}, rounds)[""]
    base = times["numba.njit(f)"] - empty
    print(f"\n{'one call':24}{'ns':>8}{'ratio':>8}")
    for name, seconds in times.items():
        print(f"{name:24}{(seconds - empty) * 1e9:8.0f}{(seconds - empty) / base:8.2f}")


def main() -> None:
    parser = argparse.ArgumentParser("python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", help="programs to time (all)")
    parser.add_argument("--rounds", type=int, default=31)
    options = parser.parse_args()
    chosen = [p for p in programs.programs() if not options.names or p.name in options.names]

    print(f"srcad {srcad.__version__}, numba {numba.__version__}, numpy {np.__version__}, {os.cpu_count()} cores")
    print(f"\n{'':18}{'njit(f)':>10}{'gradient':>10}{'tangent':>10}{'hvp':>10}{'first calls':>13}")
    print(f"{'program':18}{'us':>10}{'ratio':>10}{'ratio':>10}{'ratio':>10}{'s':>13}")
    ratios: list[list[float]] = []
    for program in chosen:
        calls = variants(program)
        start = time.perf_counter()
        for call in calls.values():
            call()
        compiling = time.perf_counter() - start
        times = medians(calls, options.rounds)
        base = times.pop("primal")
        row = [seconds / base for seconds in times.values()]
        ratios.append(row)
        cells = "".join(f"{ratio:10.2f}" for ratio in row)
        print(f"{program.name:18}{base * 1e6:10.1f}{cells}{compiling:13.1f}", flush=True)
    if len(ratios) > 1:
        print(f"{'median':28}" + "".join(f"{statistics.median(column):10.2f}" for column in zip(*ratios, strict=True)))
    if not options.names:
        overhead(options.rounds)


if __name__ == "__main__":
    main()

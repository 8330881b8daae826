"""What checkpoints save, and what they cost: `python -m tests.bench.checkpoint` from the root.

Each program's gradient is taken without checkpoints ("stored"), with `srcad.checkpoint(range(n))`, and with fewer slots. The
values agree before anything is timed. Times are medians over rounds in which the variants take turns; memory is measured in a
process of its own for each variant, as the most that is resident during a call beyond what was before it (Linux only).
"""

from __future__ import annotations

import argparse
import functools
import math
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

import srcad
from tests.bench.timing import medians


def plain(iterable: Any, slots: int | None) -> Any:
    return iterable


def programs(over: Callable[..., Any]) -> dict[str, Callable[..., Any]]:
    """The functions, with loops over `over(range(n), slots)`."""

    def orbit(x: float, n: int, slots: int | None) -> float:
        for _ in over(range(n), slots):
            x = x + 1e-6 * np.sin(x)
        return x

    def burgers(u0: Any, n: int, slots: int | None) -> Any:
        u, v = u0.copy(), u0.copy()
        for _ in over(range(n), slots):
            for i in range(1, u.size - 1):
                v[i] = u[i] - 0.2 * u[i] * (u[i + 1] - u[i - 1]) + 0.1 * (u[i + 1] - 2.0 * u[i] + u[i - 1])
            u, v = v, u
        return np.sum(u * u)

    def gray_scott(u0: Any, n: int, slots: int | None) -> Any:
        u, v = u0.copy(), 0.5 * u0
        for _ in over(range(n), slots):
            r = u * v * v
            inner = u[1:-1, 1:-1]
            inner += 0.1 * (u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2] - 4.0 * inner)
            inner += 0.01 * (0.04 * (1.0 - inner) - r[1:-1, 1:-1])
            v = v + 0.01 * (r - 0.1 * v)
        return np.sum(u * v)

    return {"scalar loop": orbit, "Burgers, 2000 cells": burgers, "Gray-Scott, 100 x 100": gray_scott}


def _wave() -> Any:
    return 0.5 + 0.4 * np.sin(np.linspace(0.0, 6.0, 2000))


def _spots() -> Any:
    return 0.5 + 0.4 * np.sin(np.add.outer(np.linspace(0.0, 6.0, 100), np.linspace(0.0, 4.0, 100)))


#: What the functions start from, and how many iterations there are.
SIZES: dict[str, tuple[Callable[[], Any], int]] = {
    "scalar loop": (lambda: 0.7, 1_000_000),
    "Burgers, 2000 cells": (_wave, 2000),
    "Gray-Scott, 100 x 100": (_spots, 1000),
}


def variants(name: str) -> dict[str, Callable[[int], Any]]:
    """The gradients, as functions of the number of iterations."""
    start, n = SIZES[name]
    x = start()
    stored, kept = srcad.grad(programs(plain)[name]), srcad.grad(programs(srcad.checkpoint)[name])
    log = round(math.log2(n))
    slots = {"default": None, **{f"slots={k}": k for k in (3 * log, log)}}
    few = {key: functools.partial(lambda k, n: kept(x, n, k), k) for key, k in slots.items()}
    return {"stored": lambda n: stored(x, n, None), **few}


def _resident(field: str) -> int:
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(field))


def peak(name: str, variant: str) -> float:
    """MB that one call takes, measured in this process."""
    call, n = variants(name)[variant], SIZES[name][1]
    call(3)
    before = _resident("VmRSS")
    with open("/proc/self/clear_refs", "w") as peaks:
        peaks.write("5")
    call(n)
    return (_resident("VmHWM") - before) / 1024


def measured(name: str, variant: str) -> float:
    command = [sys.executable, "-m", "tests.bench.checkpoint", "--peak", name, variant]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peak", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    if options.peak:
        print(peak(*options.peak))
        return
    for name, (start, n) in SIZES.items():
        calls = variants(name)
        want = calls["stored"](n)
        for call in calls.values():
            np.testing.assert_allclose(call(n), want, rtol=1e-9, atol=1e-12)
        f, x = srcad.differentiate(programs(plain)[name]), start()
        timed = {key: functools.partial(call, n) for key, call in calls.items()}
        times = medians({"f": lambda f=f, x=x, n=n: f(x, n, None), **timed}, options.rounds)  # type: ignore[misc]
        print(f"{name}, {n} iterations: {times['f'] * 1e3:.1f} ms for the function")
        print(f"    {'gradient':<12}{'time':>12}{'over stored':>14}{'over f':>10}{'memory':>14}")
        for key in calls:
            over, of_f = times[key] / times["stored"], times[key] / times["f"]
            time = f"{times[key] * 1e3:.1f} ms"
            print(f"    {key:<12}{time:>12}{over:>14.2f}{of_f:>10.2f}{measured(name, key):>11.1f} MB")


if __name__ == "__main__":
    main()

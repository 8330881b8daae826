"""How long derivatives take beside those written by hand and beside the functions: `python -m tests.bench` from the root.

Every time is a median over rounds in which all variants of a program take turns, on one thread. Every gradient is checked
against differences, and against the adjoint by hand and JAX's where there are these, before it is timed. Nothing is asserted of
times: they depend on the machine, and a test that sometimes fails is worse than none.
"""

from __future__ import annotations

import argparse
import os

os.environ.pop("OPENBLAS_CORETYPE", None)
for _name in ("NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")

import fnmatch
import math
import platform
from collections.abc import Callable, Iterable

import numba
import numpy as np

import srcad
from tests.bench import adbench, dynamics, npbench, sequences, users
from tests.bench.kit import Program
from tests.bench.timing import Call, medians
from tests.bench.variants import MODES, variants

#: The columns: their titles, and what over what.
COLUMNS = (
    ("gradient/hand", "gradient", "hand"),
    ("gradient/f", "gradient", "primal"),
    ("tangent/f", "tangent", "primal"),
    ("hvp/f", "hvp", "primal"),
    ("jax/gradient", "jax", "gradient"),
)


def main() -> None:
    parser = argparse.ArgumentParser("python -m tests.bench", description=__doc__)
    parser.add_argument("--filter", default="*", help="programs to time: names or patterns, with commas between")
    parser.add_argument(
        "--modes", default=",".join(MODES), help="which of gradient, tangent, hvp (the first always is)"
    )
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--no-jax", action="store_true")
    parser.add_argument(
        "--picture", metavar="FILE", help="save the bars of gradient over hand there (needs matplotlib)"
    )
    options = parser.parse_args()
    chosen = [p for p in programs() if any(fnmatch.fnmatch(p.name, k) for k in options.filter.split(","))]

    versions = f"srcad {srcad.__version__}, numba {numba.__version__}, numpy {np.__version__}"
    print(f"{versions}, one thread of {platform.processor() or platform.machine()}")
    print(
        f"\n{'program':18}{'f, us':>10}"
        + "".join(f"{title:>15}" for title, _, _ in COLUMNS)
        + f"{'first calls, s':>16}"
    )
    rows: dict[str, list[float]] = {}
    for program in chosen:
        calls, first = variants(program, tuple(options.modes.split(",")), not options.no_jax)
        times = medians(calls, options.rounds)
        row = [times[a] / times[b] if a in times and b in times else math.nan for _, a, b in COLUMNS]
        rows[program.name] = row
        compiling = sum(first.get(mode, 0.0) for mode in MODES)
        cells = "".join(f"{_text(ratio):>15}" for ratio in row)
        print(f"{program.name:18}{times['primal'] * 1e6:10.1f}{cells}{compiling:16.1f}", flush=True)
    if len(rows) > 1:
        means = "".join(f"{_text(geometric(column)):>15}" for column in zip(*rows.values(), strict=True))
        print(f"{'geometric mean':28}{means}")
    if options.picture:
        draw({name: row[0] for name, row in rows.items() if not math.isnan(row[0])}, options.picture)
    if options.filter == "*":
        overhead(options.rounds)


def programs() -> list[Program]:
    return [p for module in (npbench, adbench, users, dynamics, sequences) for p in module.programs()]


def geometric(ratios: Iterable[float]) -> float:
    logs = [math.log(r) for r in ratios if not math.isnan(r)]
    return math.exp(sum(logs) / len(logs)) if logs else math.nan


def _text(ratio: float) -> str:
    return "" if math.isnan(ratio) else f"{ratio:.2f}"


def overhead(rounds: int) -> None:
    """What a call costs when the function does next to nothing."""

    def f(x, y):  # type: ignore[no-untyped-def]
        return x * y + x

    plain, own, grad = numba.njit(f), srcad.differentiate(f), srcad.grad(f)
    calls: dict[str, Call] = {
        "numba.njit(f)": lambda: plain(2.0, 3.0),
        "srcad.differentiate(f)": lambda: own(2.0, 3.0),
        "srcad.grad(f)": lambda: grad(2.0, 3.0),
    }
    times = medians(calls, rounds)
    nothing: Callable[[], object] = lambda: None  # noqa: E731
    empty = medians({"": nothing}, rounds)[""]
    base = times["numba.njit(f)"] - empty
    print(f"\n{'one call':24}{'ns':>8}{'ratio':>8}")
    for name, seconds in times.items():
        print(f"{name:24}{(seconds - empty) * 1e9:8.0f}{(seconds - empty) / base:8.2f}")


def draw(ratios: dict[str, float], path: str) -> None:
    """Bars of gradient over hand, the best first."""
    import matplotlib.pyplot as plt

    names = sorted(ratios, key=ratios.__getitem__)
    figure, axes = plt.subplots(figsize=(7.0, 0.3 * len(names) + 1.0), layout="constrained")
    axes.barh(names, [ratios[name] for name in names])
    axes.axvline(1.0, color="black", linewidth=0.8)
    axes.invert_yaxis()
    axes.set_xlabel("time of the gradient over that of the adjoint by hand")
    figure.savefig(path)


if __name__ == "__main__":
    main()

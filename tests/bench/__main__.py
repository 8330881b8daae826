"""How long derivatives take beside those written by hand, beside the functions, and beside other tools, and how much memory:
`python -m tests.bench` from the root.

Every time is a median over rounds in which all variants of a program take turns, on one thread. Every gradient is checked
against differences, against the adjoint by hand and against every other tool's, before it is timed. First calls have empty caches
and include everything: reading, generating and compiling here, tracing and compiling for JAX. Nothing is asserted of times: they
depend on the machine, and a test that sometimes fails is worse than none.
"""

from __future__ import annotations

if __name__ == "__main__":
    from tests.bench import environment  # noqa: F401 - before NumPy

# isort: split
import argparse
import fnmatch
import math
import platform
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import ModuleType

import numba
import numpy as np

import srcad
from tests.bench import adbench, adbench_files, dynamics, memory, npbench, others, picture, sequences, starts, users
from tests.bench.kit import Program
from tests.bench.marks import COLUMNS, report
from tests.bench.timing import Call, medians
from tests.bench.variants import MODES, Variants, variants


def main() -> None:
    parser = argparse.ArgumentParser("python -m tests.bench", description=__doc__)
    parser.add_argument("--filter", default="*", help="programs to time: names or patterns, with commas between")
    parser.add_argument(
        "--modes", default=",".join(MODES), help="which of gradient, tangent, hvp (the first always is)"
    )
    parser.add_argument("--tools", default=",".join(others.TOOLS), help="which other tools: %(default)s")
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--adbench", metavar="FOLDER", type=Path, help="ADBench's input files, and only these")
    parser.add_argument("--picture", metavar="NAME", default="build/bench", help="NAME.png and NAME.svg: %(default)s")
    options = parser.parse_args()
    all_ = [*adbench_files.programs(options.adbench)] if options.adbench else programs()
    chosen = [p for p in all_ if any(fnmatch.fnmatch(p.name, k) for k in options.filter.split(","))]

    versions = f"srcad {srcad.__version__}, numba {numba.__version__}, numpy {np.__version__}"
    print(f"{versions}, one thread of {platform.processor() or platform.machine()}")
    tools, missing = others.installed([tool for tool in options.tools.split(",") if tool])
    print(*missing, sep="\n")
    _warm(tools)
    width = max(17, *(len(p.name) + 2 for p in chosen))
    heads = "".join(f"{column.title:>{column.width}}" for column in COLUMNS)
    print(f"{'program':{width}}{'f, us':>9}{heads}")
    rows: dict[str, list[float]] = {}
    made: list[tuple[Program, Variants]] = []
    for program in chosen:
        try:
            found = variants(program, tuple(options.modes.split(",")), tools)
        except AssertionError as error:
            print(f"{program.name:{width}}not timed: {error}", file=sys.stderr, flush=True)
            continue
        times = medians(found.calls, options.rounds)
        row = [column.of(times, found.first) for column in COLUMNS]
        rows[program.name] = row
        made.append((program, found))
        print(f"{program.name:{width}}{times['primal'] * 1e6:9.1f}{_cells(row)}", flush=True)
    if len(rows) > 1:
        print(
            f"{'geometric mean':{width + 9}}{_cells([geometric(column) for column in zip(*rows.values(), strict=True)])}"
        )
    print(*report(rows), "", sep="\n")
    print(*memory.table(made, width), "", sep="\n")
    if options.filter == "*" and not options.adbench:
        overhead(options.rounds)
        print(*starts.table(), "", sep="\n")
    print(picture.draw({name: row[0] for name, row in rows.items() if not math.isnan(row[0])}, options.picture))
    if len(rows) < len(chosen):
        sys.exit(1)


def programs() -> list[Program]:
    return [p for module in (npbench, adbench, users, dynamics, sequences) for p in module.programs()]


def geometric(ratios: Iterable[float]) -> float:
    logs = [math.log(r) for r in ratios if not math.isnan(r)]
    return math.exp(sum(logs) / len(logs)) if logs else math.nan


def _cells(row: Iterable[float]) -> str:
    return "".join(
        f"{'' if math.isnan(value) else f'{value:.2f}':>{column.width}}"
        for column, value in zip(COLUMNS, row, strict=True)
    )


def _warm(tools: Mapping[str, ModuleType]) -> None:
    """What only the first program of a process waits for: Numba's and the tools' own beginnings."""

    def own(alpha, beta, c, a, b):  # type: ignore[no-untyped-def]
        return np.sum(alpha * a @ b + beta * c)

    variants(Program("gemm", own, (1.0, 1.0, *[np.eye(2)] * 3), (2, 3, 4)), MODES, tools)


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
    print(f"{'one call':24}{'ns':>8}{'ratio':>8}")
    for name, seconds in times.items():
        print(f"{name:24}{(seconds - empty) * 1e9:8.0f}{(seconds - empty) / base:8.2f}")
    print()


if __name__ == "__main__":
    main()

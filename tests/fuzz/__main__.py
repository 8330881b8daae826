"""Random programs by the thousand: `python -m tests.fuzz --programs 20000 --seed 0 --jobs 2` from the root.

Program k of the run has the seed `--seed` + k, so that a run goes on where another ended, and one program is run again by its
seed alone. What fails is made small and written to tests/regressions (or `--out`), which the suite runs.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))  # as pytest does for the tests

import srcad
from fuzz.check import Discard, Mismatch, check
from fuzz.generator import generate
from fuzz.shrink import shrink

#: A program that takes longer is a finding, too. The processor's time counts, not that of the machine.
SLOW_S, LIMIT_S = 10.0, 120


def levels(seed: int, second: int, compiled: int) -> frozenset[str]:
    """What is checked besides the first order: on every so many programs."""
    every = {"first": 1, "primal": 4, "second": second, "compiled": compiled}
    return frozenset(name for name, n in every.items() if n and seed % n == n - 1)


def outcome(source: str, seed: int, wanted: frozenset[str]) -> tuple[str, str]:
    """(what became of it, the details): "ok", "discard", "refused", or "FAIL" with the kind of failure."""
    signal.signal(signal.SIGPROF, _late)
    signal.setitimer(signal.ITIMER_PROF, LIMIT_S)
    try:
        check(source, seed, wanted)
        return "ok", ""
    except Discard as why:
        return "discard", str(why)
    except srcad.UnsupportedError as why:
        return "refused", str(why)
    except Mismatch as why:
        return f"FAIL {why.kind}", str(why)
    except _Late:
        return "FAIL time", f"more than {LIMIT_S} s"
    except Exception as why:
        where = traceback.extract_tb(why.__traceback__)[-1]
        return f"FAIL {type(why).__name__} {Path(where.filename).name}", "".join(traceback.format_exc()[-1500:])
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


class _Late(BaseException):
    pass


def _late(*_: Any) -> None:
    raise _Late


def reason(message: str) -> str:
    """A refusal without its place."""
    lines = message.splitlines()
    return lines[0].split(": ", 1)[-1] if lines else message


def one(task: tuple[int, int, int]) -> tuple[int, str, str, float]:
    seed, second, compiled = task
    gc.disable()  # a sixth of the time; between programs there is little left to look through
    if seed % 50 == 0:
        gc.collect()
    start = time.process_time()
    try:
        source = generate(seed)
    except SyntaxError as error:
        return seed, "discard", f"no Python: {error.msg}", 0.0
    kind, detail = outcome(source, seed, levels(seed, second, compiled))
    return seed, kind, detail, time.process_time() - start


def smallest(
    seed: int, kind: str, wanted: frozenset[str], seconds: float, detail: str = ""
) -> tuple[str, frozenset[str]]:
    """The program of this seed, made small while it fails in this way, and the least that has to be checked to see it."""

    for level in wanted:
        if outcome(generate(seed), seed, frozenset({level}))[0] == kind:
            wanted = frozenset({level})
            break

    def fails(source: str) -> bool:
        found, why = outcome(source, seed, wanted)
        return found == kind and (kind.startswith("FAIL") or reason(why) == reason(detail))

    return shrink(generate(seed), fails, seconds), wanted


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--programs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0, help="the seed of the first program")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--second", type=int, default=5, help="second order on every so many; 0: on none")
    parser.add_argument("--compiled", type=int, default=40, help="compiled on every so many; 0: on none")
    parser.add_argument(
        "--shrink", type=float, default=120.0, help="seconds to make a failing program small; 0: do not"
    )
    parser.add_argument("--out", type=Path, default=Path("tests/regressions"))
    parser.add_argument("--show", action="store_true", help="print the first program, and what became of it")
    parser.add_argument("--refused", action="store_true", help="treat refusals as failures: make them small, too")
    options = parser.parse_args()
    if options.show:
        print(generate(options.seed))
        options.programs = 1
    return run(options)


def run(options: argparse.Namespace) -> int:
    print(f"seeds {options.seed} to {options.seed + options.programs - 1}, {options.jobs} processes", flush=True)
    folder = tempfile.mkdtemp(prefix="srcad-fuzz-")
    os.environ["SRCAD_CACHE_DIR"] = folder
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = "1"
    tasks = [(options.seed + k, options.second, options.compiled) for k in range(options.programs)]
    counts: Counter[str] = Counter()
    refusals: Counter[str] = Counter()
    failed: list[int] = []
    start, spent = time.perf_counter(), 0.0
    try:
        with multiprocessing.get_context("fork").Pool(options.jobs, maxtasksperchild=500) as pool:
            for done, (seed, kind, detail, took) in enumerate(pool.imap_unordered(one, tasks), start=1):
                spent += took
                counts[kind if kind != "discard" else f"discard ({detail.split(':')[0]})"] += 1
                if kind == "refused":
                    refusals[reason(detail)] += 1
                if took > SLOW_S:
                    print(f"seed {seed}: slow, {took:.1f} s", flush=True)
                if kind.startswith("FAIL") or (kind == "refused" and options.refused and "float32" not in detail):
                    failed.append(seed)
                    print(f"seed {seed}: {kind}\n    {detail[-600:]}", flush=True)
                    if options.shrink and counts[kind] <= 3 and refusals[reason(detail)] <= 1:
                        keep(seed, kind, detail, options)
                if done % 200 == 0 or options.programs == 1:
                    print(
                        f"{done} programs, {time.perf_counter() - start:.0f} s, {counts['ok']} ok, {len(failed)} failed",
                        flush=True,
                    )
        print(
            f"{options.programs} programs in {time.perf_counter() - start:.0f} s, {spent / options.programs:.3f} s each"
        )
        for kind, count in counts.most_common():
            print(f"{count:7} {kind}")
        for why, count in refusals.most_common(12):
            print(f"{count:7} refused: {why}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 1 if failed else 0


def keep(seed: int, kind: str, detail: str, options: argparse.Namespace) -> None:
    """A regression test of what failed: its source, made small."""
    wanted = levels(seed, options.second, options.compiled)
    source, wanted = smallest(seed, kind, wanted, options.shrink, detail)
    path = options.out / f"seed_{seed}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'"""{kind}."""\n\nSEED = {seed}\nLEVELS = "{" ".join(sorted(wanted))}"\n\n{source}')
    print(f"{path}\n{source}", flush=True)


if __name__ == "__main__":
    sys.exit(main())

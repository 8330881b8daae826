"""Medians of interleaved rounds: what else the machine does falls on all variants alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

Call = Callable[[], object]
ROUND_S = 0.004  #: about how long one variant runs before the next has its turn


def medians(calls: dict[str, Call], rounds: int) -> dict[str, float]:
    """Seconds a call."""
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

"""Medians of interleaved rounds, of the process's own time on the processor: what else the machine does falls on all variants
alike, if on any."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

Call = Callable[[], object]
ROUND_S = 0.004  #: about how long one variant runs before the next has its turn
SLOW_S = 1.0  #: how long a variant may take in all; one that has no turns left after that has had three at least


def medians(calls: dict[str, Call], rounds: int) -> dict[str, float]:
    """Seconds a call."""
    batch, turns = {}, {}
    for name, call in calls.items():
        start = time.process_time()
        call()
        once = max(time.process_time() - start, 1e-9)
        batch[name] = max(1, int(ROUND_S / once))
        turns[name] = max(3, int(SLOW_S / once)) if once > ROUND_S else rounds
    times: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(rounds):
        for name, call in calls.items():
            if turn >= turns[name]:
                continue
            repeat = range(batch[name])
            start = time.process_time()
            for _ in repeat:
                call()
            times[name].append((time.process_time() - start) / batch[name])
    return {name: statistics.median(values) for name, values in times.items()}

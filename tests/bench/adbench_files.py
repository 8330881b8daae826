"""ADBench's objectives at the sizes of its own input files: `python -m tests.bench --adbench FOLDER` of gmm, ba and lstm."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tests.bench.adbench import bundle, gmm_full, lstm_layers
from tests.bench.kit import Program


def programs(folder: Path) -> Iterator[Program]:
    for kind, read in READERS.items():
        for path in sorted((folder / kind).rglob("*.txt")):
            numbers = iter(map(float, path.read_text("utf-8").split()))
            f, args, argnums, calls = read(numbers)
            yield Program(f"{f.__name__}:{path.parent.name}/{path.stem}", f, args, argnums, calls)


def _take(numbers: Iterator[float], *shape: int) -> np.ndarray:
    return np.fromiter(numbers, float, int(np.prod(shape))).reshape(shape)


def _integers(numbers: Iterator[float], count: int) -> list[int]:
    return [int(next(numbers)) for _ in range(count)]


Read = tuple[Callable[..., Any], tuple[Any, ...], tuple[int, ...], tuple[str, ...]]


def _gmm(numbers: Iterator[float]) -> Read:
    d, k, n = _integers(numbers, 3)
    shapes = (k,), (k, d), (k, d * (d + 1) // 2), (n, d)
    return gmm_full, (*(_take(numbers, *shape) for shape in shapes), next(numbers)), (0, 1, 2), ()


def _ba(numbers: Iterator[float]) -> Read:
    """One camera, point, weight and feature, which all the others repeat."""
    n, m, p = _integers(numbers, 3)
    cams, points, weights = (np.tile(_take(numbers, size), (count, 1)) for size, count in ((11, n), (3, m), (1, p)))
    seen = np.stack([np.arange(p) % n, np.arange(p) % m], axis=1)
    feats = np.tile(_take(numbers, 2), (p, 1))
    return bundle, (cams, points, weights[:, 0].copy(), seen, feats), (0, 1, 2), ()


def _lstm(numbers: Iterator[float]) -> Read:
    layers, count, b = _integers(numbers, 3)
    shapes = (2 * layers, 4 * b), (3, b), (2 * layers, b), (count, b)
    return lstm_layers, tuple(_take(numbers, *shape) for shape in shapes), (0, 1), ("sigmoid",)


READERS: dict[str, Callable[[Iterator[float]], Read]] = {"gmm": _gmm, "ba": _ba, "lstm": _lstm}

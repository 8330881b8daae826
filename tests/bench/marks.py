"""The columns of the table, and the marks that are set for them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """One time over another. `worst` is what no program should pass and `mean` what the geometric mean should not; of what other
    tools take, at least these."""

    title: str
    over: str
    under: str
    worst: float = math.nan
    mean: float = math.nan
    least: bool = False
    firsts: bool = False

    @property
    def width(self) -> int:
        return len(self.title) + 2

    def of(self, times: Mapping[str, float], first: Mapping[str, float]) -> float:
        source = first if self.firsts else times
        over = source.get(self.over, math.nan)
        return over / source.get(self.under, math.nan) if self.under else over

    def misses(self, value: float, mark: float) -> bool:
        return value < mark if self.least else value > mark


COLUMNS = (
    Column("gradient/hand", "gradient", "hand", worst=1.25, mean=1.0),
    Column("gradient/f", "gradient", "primal", worst=5.0, mean=2.0),
    Column("tangent/f", "tangent", "primal", mean=2.0),
    Column("hvp/f", "hvp", "primal", mean=4.0),
    Column("jax/grad", "jax", "gradient", worst=1.0, mean=3.0, least=True),
    Column("loops/grad", "loops", "gradient", mean=90.0, least=True),
    Column("autograd/grad", "autograd", "gradient"),
    Column("torch/grad", "torch", "gradient"),
    Column("first, s", "gradient", "", firsts=True),
    Column("jax first/first", "jax", "gradient", mean=1.0, least=True, firsts=True),
)


def report(rows: Mapping[str, Sequence[float]]) -> list[str]:
    """A line for each mark: whether it is met, and by which programs it is not."""
    lines = []
    for k, column in enumerate(COLUMNS):
        values = {name: row[k] for name, row in rows.items() if not math.isnan(row[k])}
        if not values:
            continue
        side = "at least" if column.least else "at most"
        if not math.isnan(column.mean):
            mean = math.exp(sum(map(math.log, values.values())) / len(values))
            verdict = "missed" if column.misses(mean, column.mean) else "met"
            lines.append(f"{column.title}, mean of {len(values)}: {mean:.2f}, {side} {column.mean:g}: {verdict}")
        if not math.isnan(column.worst):
            missing = sorted(
                (name for name in values if column.misses(values[name], column.worst)),
                key=values.__getitem__,
                reverse=not column.least,
            )
            which = ", ".join(f"{name} {values[name]:.2f}" for name in missing)
            lines.append(f"{column.title}, each {side} {column.worst:g}: {f'missed by {which}' if which else 'met'}")
    return lines

"""What filter and the functions of itertools give, as the list of all that they would run through.

Written in the language that srcad compiles, for what is known only when the program runs; what is known while lowering is
handed to Python's own functions. An iterator is used up where it stands, so it cannot be given a name.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any


def accumulate(values: Any, function: Any) -> Any:
    out: list[Any] = []
    for value in values:
        if len(out) == 0:
            out.append(value)
        else:
            out.append(function(out[-1], value))
    return out


def accumulate_from(values: Any, function: Any, initial: Any) -> Any:
    out = [initial]
    for value in values:
        out.append(function(out[-1], value))
    return out


def chain(*sources: Any) -> Any:
    out: list[Any] = []
    for source in sources:
        for value in source:
            out.append(value)
    return out


def product(*sources: Any) -> Any:
    out: list[Any] = []
    if len(sources) == 2:
        for a in sources[0]:
            for b in sources[1]:
                out.append((a, b))
    else:
        for a in sources[0]:
            for b in sources[1]:
                for c in sources[2]:
                    out.append((a, b, c))
    return out


def combinations(values: Any, r: Any) -> Any:
    return _ascending(values, r, 1)


def combinations_with_replacement(values: Any, r: Any) -> Any:
    return _ascending(values, r, 0)


def _ascending(values: Any, r: Any, step: Any) -> Any:
    pool = [value for value in values]  # noqa: C416 - of ranges too
    n = len(pool)
    out: list[Any] = []
    for i in range(n):
        for j in range(i + step, n):
            if r == 2:
                out.append((pool[i], pool[j]))
            else:
                for k in range(j + step, n):
                    out.append((pool[i], pool[j], pool[k]))
    return out


def permutations(values: Any, r: Any) -> Any:
    pool = [value for value in values]  # noqa: C416 - of ranges too
    n = len(pool)
    out: list[Any] = []
    for i in range(n):
        for j in range(n):
            if i != j:
                if r == 2:
                    out.append((pool[i], pool[j]))
                else:
                    for k in range(n):
                        if k != i and k != j:
                            out.append((pool[i], pool[j], pool[k]))
    return out


def pairwise(values: Any) -> Any:
    pool = [value for value in values]  # noqa: C416 - of ranges too
    out: list[Any] = []
    for k in range(len(pool) - 1):
        out.append((pool[k], pool[k + 1]))
    return out


def islice(values: Any, start: Any, stop: Any, step: Any) -> Any:
    out: list[Any] = []
    for k, value in enumerate(values):
        if stop is not None and k >= stop:
            break
        if k >= start and (k - start) % step == 0:
            out.append(value)
    return out


def takewhile(predicate: Any, values: Any) -> Any:
    out: list[Any] = []
    for value in values:
        if not predicate(value):
            break
        out.append(value)
    return out


def dropwhile(predicate: Any, values: Any) -> Any:
    out: list[Any] = []
    dropping = True
    for value in values:
        if dropping:
            dropping = bool(predicate(value))
        if not dropping:
            out.append(value)
    return out


def filtered(predicate: Any, values: Any) -> Any:
    out: list[Any] = []
    for value in values:
        if predicate(value):
            out.append(value)
    return out


def filterfalse(predicate: Any, values: Any) -> Any:
    out: list[Any] = []
    for value in values:
        if not predicate(value):
            out.append(value)
    return out


def starmap(function: Any, values: Any) -> Any:
    out: list[Any] = []
    for value in values:
        out.append(function(*value))
    return out


def repeat(value: Any, times: Any) -> Any:
    out: list[Any] = []
    for _ in range(times):
        out.append(value)
    return out


#: The function here for each of Python's.
ITERATORS: Mapping[Any, Callable[..., Any]] = {
    filter: filtered,
    itertools.accumulate: accumulate,
    itertools.chain: chain,
    itertools.product: product,
    itertools.combinations: combinations,
    itertools.combinations_with_replacement: combinations_with_replacement,
    itertools.permutations: permutations,
    itertools.pairwise: pairwise,
    itertools.islice: islice,
    itertools.takewhile: takewhile,
    itertools.dropwhile: dropwhile,
    itertools.filterfalse: filterfalse,
    itertools.starmap: starmap,
    itertools.repeat: repeat,
}

"""How costs grow: `python -m tests.bench.growth` prints one table for each of trip count, array size, depth of nesting, number of
inputs, number of outputs, and length of the program.

`f` and `gradient` are what one trip, element or cell of it costs, and the last line of a table is the exponent with which the
cost of the whole grows over the last two sizes: 1 is proportional, 0 is not at all.
"""

from __future__ import annotations

if __name__ == "__main__":
    from tests.bench import environment  # noqa: F401 - before NumPy

# isort: split
import argparse
import atexit
import functools
import importlib.util
import math
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numba
import numpy as np

import srcad
from tests.bench import npbench, users
from tests.bench.kit import compiled
from tests.bench.memory import peak
from tests.bench.timing import medians


@functools.cache
def folder() -> Path:
    made = tempfile.mkdtemp(prefix="srcad-growth-")
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return Path(made)


def written(name: str, text: str) -> ModuleType:
    """The module of a program that was written just now: what srcad reads is in a file."""
    path = folder() / f"{name}.py"
    path.write_text(f"import numpy as np\n\n\n{text}", "utf-8")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def exponent(sizes: Sequence[float], costs: Sequence[float]) -> float:
    return math.log(costs[-1] / costs[-2]) / math.log(sizes[-1] / sizes[-2])


def sweep(
    title: str, f: Callable[..., Any], points: Sequence[tuple[int, tuple[Any, ...]]], rounds: int, cells: Any = None
) -> Iterator[str]:
    """A line for each size: what a cell costs the function and the gradient, and the memory that it takes."""
    plain, gradient = compiled(f), srcad.grad(f)
    yield f"{title:24}{'f, ns':>10}{'gradient, ns':>14}{'gradient/f':>12}{'bytes each':>12}"
    sizes, seconds, bytes_ = [], [], []
    for size, args in points:
        times = medians({"f": lambda: plain(*args), "gradient": lambda: gradient(*args)}, rounds)  # noqa: B023
        most = peak(lambda: gradient(*args))  # noqa: B023
        count = cells(size) if cells else size
        f_ns, gradient_ns = (times[kind] / count * 1e9 for kind in ("f", "gradient"))
        yield f"{size:24,}{f_ns:10.2f}{gradient_ns:14.2f}{gradient_ns / f_ns:12.2f}{most / count:12.1f}"
        sizes.append(count)
        seconds.append(times)
        bytes_.append(most)
    powers = [exponent(sizes, [t[kind] for t in seconds]) for kind in ("f", "gradient")]
    yield f"{'exponent':24}{powers[0]:10.2f}{powers[1]:14.2f}{'':12}{exponent(sizes, bytes_):12.2f}"
    yield ""


def trips(rounds: int) -> Iterator[str]:
    points = [(n, (0.4, n)) for n in (1_000, 10_000, 100_000, 1_000_000)]
    yield from sweep("trips (horner)", users.horner, points, rounds)


def elements(rounds: int) -> Iterator[str]:
    kernel = next(p.function for p in npbench.programs() if p.name == "jacobi_2d")
    r = np.random.default_rng(0)
    points = [(n, (*r.random((2, n, n)), 11)) for n in (30, 100, 300, 1_000)]
    yield from sweep("side (jacobi_2d)", kernel, points, rounds, lambda n: 20 * n * n)
    points = [(n, (r.random(n),)) for n in (100, 1_000, 10_000, 100_000, 1_000_000)]
    chain = written("chain", "def chain(x):\n    y = np.exp(-x) * x\n    return np.sum(np.sqrt(1.0 + y * y))\n")
    yield from sweep("elements (a chain)", chain.chain, points, rounds)


def depth(rounds: int) -> Iterator[str]:
    """Some 4,096 trips in all, in ever more loops."""
    yield f"{'loops in loops':24}{'f, us':>10}{'gradient, us':>14}{'gradient/f':>12}{'generated, ms':>15}{'compiled, ms':>14}"
    for levels in (1, 2, 3, 4, 6):
        trips = round(4096 ** (1.0 / levels))
        lines = [f"{'    ' * k}for i{k} in range({trips}):" for k in range(1, levels + 1)]
        body = "    " * (levels + 1) + "y = y * x + np.sin(y) / (1.0 + i1)"
        name = f"nest_{levels}"
        text = "\n".join([f"def {name}(x):", "    y = 0.5", *lines, body, "    return y", ""])
        f = getattr(written(name, text), name)
        plain, gradient = compiled(f), srcad.grad(f)
        generated, whole = generation(f, (0.4,))
        times = medians({"f": lambda: plain(0.4), "gradient": lambda: gradient(0.4)}, rounds)  # noqa: B023
        f_us, gradient_us = times["f"] * 1e6, times["gradient"] * 1e6
        ratio = gradient_us / f_us
        yield f"{levels:24}{f_us:10.2f}{gradient_us:14.2f}{ratio:12.2f}{generated * 1e3:15.1f}{(whole - generated) * 1e3:14.1f}"
    yield ""


def inputs(rounds: int) -> Iterator[str]:
    """Numbers as arguments of their own: reverse mode costs the same for all of them."""
    yield f"{'inputs':24}{'f, us':>10}{'gradient/f':>14}{'jacfwd/f':>12}{'generated, ms':>15}"
    for count in (1, 4, 16, 64):
        names = [f"x{k}" for k in range(count)]
        terms = " + ".join(f"{name} * np.sin({name} * t)" for name in names)
        name = f"inputs_{count}"
        text = f"def {name}({', '.join(names)}):\n    y = 0.0\n    for t in range(1000):\n        y += {terms}\n    return y\n"
        f = getattr(written(name, text), name)
        args = tuple(np.linspace(0.1, 0.9, count))
        wrt = tuple(range(count))
        plain, gradient, forward = compiled(f), srcad.grad(f, wrt), srcad.jacfwd(f, wrt)
        generated = generation(f, args)[0]
        calls = {"f": lambda: plain(*args), "gradient": lambda: gradient(*args), "jacfwd": lambda: forward(*args)}  # noqa: B023
        for call in calls.values():
            call()
        times = medians(calls, rounds)  # type: ignore[arg-type]
        ratios = times["gradient"] / times["f"], times["jacfwd"] / times["f"]
        yield f"{count:24}{times['f'] * 1e6:10.2f}{ratios[0]:14.2f}{ratios[1]:12.2f}{generated * 1e3:15.1f}"
    yield ""


def outputs(rounds: int) -> Iterator[str]:
    """A function from `n` numbers to `m`: columns of the Jacobian forward, rows of it in reverse."""
    text = """
def outputs(x, m):
    y = np.zeros(m)
    for i in range(m):
        for j in range(x.size):
            y[i] += np.sin(x[j]) * (i + 1.0)
    return y
"""
    f = written("outputs", text).outputs
    plain, forward, reverse = compiled(f), srcad.jacfwd(f), srcad.jacrev(f)
    yield f"{'n inputs, m outputs':24}{'f, us':>10}{'jacfwd/f':>12}{'jacrev/f':>12}"
    for n, m in ((64, 1), (64, 4), (64, 16), (64, 64), (16, 64), (4, 64), (1, 64)):
        x = np.linspace(0.1, 0.9, n)
        calls = {"f": lambda: plain(x, m), "forward": lambda: forward(x, m), "reverse": lambda: reverse(x, m)}  # noqa: B023
        for call in calls.values():
            call()
        times = medians(calls, rounds)  # type: ignore[arg-type]
        ratios = times["forward"] / times["f"], times["reverse"] / times["f"]
        yield f"{f'{n} to {m}':>24}{times['f'] * 1e6:10.2f}{ratios[0]:12.2f}{ratios[1]:12.2f}"
    yield ""


def generation(f: Callable[..., Any], args: tuple[Any, ...]) -> tuple[float, float]:
    """Seconds from source to source, the best of three; and to the first gradient, compiling and all."""
    types = [numba.typeof(arg) for arg in args]
    start = time.process_time()
    srcad.grad(f)(*args)
    whole = time.process_time() - start
    trials = []
    for _ in range(3):
        start = time.process_time()
        srcad.grad(f).source(types)
        trials.append(time.process_time() - start)
    return min(trials), whole


def length(rounds: int) -> Iterator[str]:
    """Programs of more and more lines of one kind, and of all kinds in turn."""
    given = (0.3, np.linspace(0.1, 0.8, 8), 3)
    generation(program("warm", ""), given)
    yield f"{'lines':24}{'generated':>10}{'generated, ms':>15}{'compiled, ms':>14}{'plain f, ms':>13}"
    for kind, line in KINDS.items():
        sizes, costs = [], []
        for lines in (15, 60, 240):
            body, k = "", 0
            while body.count("\n") < lines - 6:
                body += line(k)
                k += 1
            f = program(f"{kind}_{lines}", body)
            start = time.process_time()
            compiled(f)(*given)
            plain = time.process_time() - start
            title = f"{f'{lines} of {kind}':>24}"
            try:
                generated, whole = generation(f, given)
            except RecursionError as error:
                yield f"{title}    {error}"
                break
            text = srcad.grad(f).source([numba.typeof(arg) for arg in given])
            row = f"{text.count(chr(10)):10}{generated * 1e3:15.1f}{(whole - generated) * 1e3:14.1f}{plain * 1e3:13.1f}"
            yield f"{title}{row}"
            sizes.append(lines)
            costs.append((generated, whole - generated, plain))
        powers = [exponent(sizes, column) for column in zip(*costs, strict=True)]
        yield f"{'exponent':24}{'':10}{powers[0]:15.2f}{powers[1]:14.2f}{powers[2]:13.2f}"
    yield ""


def program(name: str, body: str) -> Callable[..., Any]:
    head = f"def {name}(x, a0, n):\n    a = a0.copy()\n    b = a0 * 2.0\n    s = x + 1.0\n"
    return getattr(written(name, f"{head}{body}    return s + np.sum(a) + np.sum(b)\n"), name)


#: Lines of programs of each kind, by how many came before.
KINDS: dict[str, Callable[[int], str]] = {
    "numbers": lambda k: f"    s = s * x + np.sin(s) / {k + 2}.0\n",
    "elements": lambda k: f"    a[{k % 8}] = a[{(k + 1) % 8}] * s + np.cos(a[{k % 8}])\n",
    "arrays": lambda k: "    b = b * s + np.tanh(b)\n",
    "branches": lambda k: f"    if s > {k}.5:\n        s = s * x + {k}.0\n",
    "loops": lambda k: f"    for i in range(n):\n        s = s * x + np.sin(a[i % 8]) / {k + 1}.0\n",
}
KINDS["all"] = lambda k: list(KINDS.values())[k % 5](k)


TABLES = {f.__name__: f for f in (trips, elements, depth, inputs, outputs, length)}


def main() -> None:
    parser = argparse.ArgumentParser("python -m tests.bench.growth", description=__doc__)
    parser.add_argument("--tables", default=",".join(TABLES), help="which of %(default)s")
    parser.add_argument("--rounds", type=int, default=11)
    options = parser.parse_args()
    for name in options.tables.split(","):
        for line in TABLES[name](options.rounds):
            print(line, flush=True)


if __name__ == "__main__":
    main()

"""What `srcad.vector_math` gains: `python -m tests.bench.vector_math` from the root prints two tables.

The first has each function in a loop over 100,000 numbers, beside Numba's. `lanes` are how many numbers LLVM computes at a
time, as its own code has it: 1 says that it did not vectorise the loop. The second has gradients of programs with
`vectorize_math` and without, and JAX's where there is a form for it. Medians of interleaved rounds on one thread.
"""

from __future__ import annotations

import argparse
import os

for _name in ("NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")

import re
from typing import Any

import numba
import numpy as np

import srcad
from srcad import vector_math as vm
from tests.bench import npbench, users
from tests.bench.kit import Program
from tests.bench.timing import medians
from tests.bench.variants import _jax_form, check

SIZE = 100_000
#: Numba's spelling, and between which numbers.
FUNCTIONS = {
    "exp": ("np.exp(x[i])", -20.0, 20.0),
    "expm1": ("np.expm1(x[i])", -2.0, 2.0),
    "log": ("np.log(x[i])", 0.01, 100.0),
    "log1p": ("np.log1p(x[i])", -0.9, 10.0),
    "sin_within": ("np.sin(x[i])", -20.0, 20.0),
    "cos_within": ("np.cos(x[i])", -20.0, 20.0),
    "tanh": ("np.tanh(x[i])", -4.0, 4.0),
    "sigmoid": ("one / (one + np.exp(-x[i]))", -8.0, 8.0),
    "pow": ("x[i] ** y[i]", 0.1, 4.0),
}


def waves(x, t):
    """A sum of damped oscillations: sines and powers of what is computed."""
    total = 0.0
    for i in range(t.size):
        total += x[0] * np.exp(-x[1] * t[i]) * np.sin(x[2] * t[i] + x[3])
    return total


def softmax_1d(x):
    e = np.exp(x - np.max(x))
    p = e / np.sum(e)
    return np.sum(p * p)


def loop(call: str, dtype: Any) -> Any:
    names = {"np": np, "vm": vm, "one": dtype(1.0)}
    exec(f"def loop(x, y, z):\n    for i in range(x.size):\n        z[i] = {call}", names)
    return numba.njit(error_model="numpy")(names["loop"])


def lanes(compiled: Any) -> int:
    (code,) = compiled.inspect_llvm().values()
    return max(map(int, re.findall(r"fmul <(\d+) x (?:double|float)>", code)), default=1)


def functions(rounds: int) -> None:
    print(f"{'function':14}{'dtype':>9}{'numba, ns':>11}{'vm, ns':>9}{'ratio':>8}{'lanes':>7}")
    rng = np.random.default_rng(0)
    for dtype in (np.float64, np.float32):
        for name, (spelling, low, high) in FUNCTIONS.items():
            x, y = (rng.uniform(low, high, SIZE).astype(dtype) for _ in range(2))
            z = np.empty_like(x)
            theirs = loop(spelling, dtype)
            ours = loop(f"vm.{name}(x[i]{', y[i]' if name == 'pow' else ''})", dtype)
            theirs(x, y, z)
            want = z.copy()
            ours(x, y, z)
            np.testing.assert_allclose(z, want, rtol=8 * np.finfo(dtype).eps, atol=np.finfo(dtype).eps, err_msg=name)
            times = medians({"numba": lambda: theirs(x, y, z), "vm": lambda: ours(x, y, z)}, rounds)  # noqa: B023
            a, b = (1e9 * times[k] / SIZE for k in ("numba", "vm"))
            print(f"{name:14}{dtype.__name__:>9}{a:11.2f}{b:9.2f}{a / b:8.1f}{lanes(ours):7}", flush=True)


def programs() -> list[Program]:
    r = np.random.default_rng(0)
    known = {p.name: p for p in (*npbench.programs(), *users.programs())}
    return [
        *(known[name] for name in ("softmax", "logistic", "network", "black_scholes", "lstm", "gmm")),
        Program("softmax_1d", softmax_1d, (r.standard_normal(SIZE),)),
        Program("waves", waves, (np.array([1.0, 0.1, 3.0, 0.5]), r.uniform(0.0, 20.0, SIZE))),
    ]


def gradients(rounds: int, jax: bool) -> None:
    print(f"\n{'gradient of':14}{'plain, us':>11}{'vm, us':>9}{'ratio':>8}{'jax, us':>10}{'jax/vm':>8}")
    for p in programs():
        wrt = p.argnums[0] if len(p.argnums) == 1 else p.argnums
        plain = srcad.grad(p.function, wrt)
        vector = srcad.grad(srcad.differentiate(p.function, vectorize_math=True), wrt)
        calls = {"plain": lambda: plain(*p.args), "vm": lambda: vector(*p.args)}  # noqa: B023
        found, other = (call() if len(p.argnums) > 1 else (call(),) for call in calls.values())
        check(found, other, p.name)
        form = _jax_form(p.name) if jax else None
        if form is not None:
            calls["jax"] = form(p.args, p.argnums)
            calls["jax"]()
        times = {name: 1e6 * seconds for name, seconds in medians(calls, rounds).items()}
        theirs = f"{times['jax']:10.1f}{times['jax'] / times['vm']:8.2f}" if form else ""
        print(
            f"{p.name:14}{times['plain']:11.1f}{times['vm']:9.1f}{times['plain'] / times['vm']:8.2f}{theirs}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser("python -m tests.bench.vector_math", description=__doc__)
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--no-jax", action="store_true")
    options = parser.parse_args()
    print(f"numba {numba.__version__}, one thread of {numba.core.config.CPU_NAME or 'the host'}\n")
    functions(options.rounds)
    gradients(options.rounds, not options.no_jax)


if __name__ == "__main__":
    main()

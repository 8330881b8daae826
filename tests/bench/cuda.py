"""Batches on a GPU: `python -m tests.bench.cuda` from the root prints one table. Without a GPU it runs in Numba's simulator, at
small sizes, which says that the kernels are right and nothing about time.

Each line is a program in one precision: the gradient is checked against the CPU on a part of the batch, then timed with arrays
that are on the GPU already (CUDA events around the whole call, median of `ROUNDS`). `ratio` is the gradient beside the
function itself, `of copy` the bytes that must be read and written, a second, beside those of a device copy. JAX is timed in the
same run where it is installed with a GPU.
"""

from __future__ import annotations

import os

if not os.path.exists("/dev/nvidia0"):
    os.environ.setdefault("NUMBA_ENABLE_CUDASIM", "1")  # before Numba is imported

import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import cuda
from numba.core import config
from scipy.special import erfc

import srcad
from srcad.trees import unpack

SIMULATED = bool(config.ENABLE_CUDASIM)
COUNT = 6 if SIMULATED else 1 << 22
ROUNDS = 1 if SIMULATED else 15


def black_scholes(s, k, t, r, sigma):
    d1 = (np.log(s / k) + (r + 0.5 * sigma * sigma) * t) / (sigma * np.sqrt(t))
    d2 = d1 - sigma * np.sqrt(t)
    return 0.5 * s * erfc(-d1 * 0.7071067811865476) - 0.5 * k * np.exp(-r * t) * erfc(-d2 * 0.7071067811865476)


def logistic(x, label, w):
    z = np.dot(x, w)
    return np.logaddexp(0.0, z) - label * z


def rhs(u, p, out):
    out[0] = p[0] * u[0] - p[1] * u[0] * u[1]
    out[1] = p[2] * u[0] * u[1] - p[3] * u[1]


def lotka_volterra(u, p, steps, h):
    u = u.copy()
    k = np.empty((4, 2), u.dtype)
    trial = np.empty(2, u.dtype)
    for _ in range(steps):
        rhs(u, p, k[0])
        for stage in range(1, 4):
            for i in range(2):
                trial[i] = u[i] + (h if stage == 3 else 0.5 * h) * k[stage - 1, i]
            rhs(trial, p, k[stage])
        for i in range(2):
            u[i] += h / 6.0 * (k[0, i] + 2.0 * k[1, i] + 2.0 * k[2, i] + k[3, i])
    return u[0] * u[0] + u[1] * u[1]


def lotka_volterra_64(u, p, h):
    return lotka_volterra(u, p, 64, h)


def rosenbrock(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


@dataclass(frozen=True)
class Row:
    """`args` makes the arguments for a number of problems; `kind` and `wrt` say what is timed."""

    name: str
    fn: Callable[..., Any]
    args: Callable[[Any, int], tuple[Any, ...]]
    axes: tuple[int | None, ...]
    wrt: Any = 0
    kind: str = "value_and_grad"


def uniform(rng: Any, *shape: int) -> Any:
    return rng.uniform(0.5, 1.5, shape)


ROWS = [
    Row("Black-Scholes greeks", black_scholes, lambda r, n: tuple(uniform(r, n) for _ in range(5)), (0,) * 5, (0, 1, 2, 3, 4)),
    Row(
        "logistic regression, 16 weights", logistic,
        lambda r, n: (uniform(r, n, 16), r.integers(0, 2, n).astype(float), uniform(r, 16)), (0, 0, None), 2,
    ),
    Row(
        "Lotka-Volterra RK4, 64 steps", lotka_volterra_64, lambda r, n: (uniform(r, n, 2), uniform(r, 4), 0.01),
        (0, None, None), (0, 1),
    ),
    Row(
        "Lotka-Volterra RK4, run-time steps", lotka_volterra, lambda r, n: (uniform(r, n, 2), uniform(r, 4), 64, 0.01),
        (0, None, None, None), (0, 1),
    ),
    Row("HVP of Rosenbrock, 16 dimensions", rosenbrock, lambda r, n: (uniform(r, n, 16),), (0,), 0, "hvp"),
]  # fmt: skip


def milliseconds(call: Callable[[], Any]) -> float:
    """The median time of a call, by the GPU's clock."""
    call()
    times = []
    for _ in range(ROUNDS):
        if SIMULATED:
            start = time.perf_counter()
            call()
            times.append(1e3 * (time.perf_counter() - start))
            continue
        before, after = cuda.event(timing=True), cuda.event(timing=True)
        before.record()
        call()
        after.record()
        after.synchronize()
        times.append(cuda.event_elapsed_time(before, after))
    return statistics.median(times)


def copy_speed() -> float:
    """Bytes a second that a device copy reads and writes, for more than any cache holds."""
    source = cuda.to_device(np.zeros(1000 if SIMULATED else 1 << 27, np.float64))
    target = cuda.device_array_like(source)
    return 2 * source.size * 8 / (1e-3 * milliseconds(lambda: target.copy_to_device(source)))


def narrow(value: Any) -> Any:
    if isinstance(value, float):
        return np.float32(value)
    return value.astype(np.float32) if getattr(value, "dtype", None) == np.float64 else value


def on_gpu(value: Any) -> Any:
    return cuda.to_device(np.asfortranarray(value)) if isinstance(value, np.ndarray) and value.ndim else value


def error(row: Row, derivative: Any, axes: Any, args: Any, single: bool) -> float:
    """The largest difference from the CPU, relative to the largest number, for a few problems."""
    few = tuple(a[:64] if axis == 0 else a for a, axis in zip(args, axes, strict=True))
    want, got = (list(unpack(derivative.batched(target, axes)(*few))) for target in ("cpu", "cuda"))
    return max(
        float(np.max(abs(np.asarray(a) - b)) / np.max(abs(np.asarray(a)))) for a, b in zip(want, got, strict=True)
    )


def jax_time(row: Row, args: Any) -> float | None:
    """The same gradient by `jit(vmap(grad))`; None where JAX has no GPU, or the program is not in JAX's words."""
    try:
        import jax
        import jax.numpy as jnp
        from jax.scipy.special import erfc

        if jax.default_backend() != "gpu":
            return None
    except ImportError:
        return None
    programs: dict[str, Callable[..., Any]] = {
        "rosenbrock": lambda x: jnp.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2),
        "logistic": lambda x, label, w: jnp.logaddexp(0.0, x @ w) - label * (x @ w),
        "black_scholes": lambda s, k, t, r, v: (
            lambda d: (
                0.5 * s * erfc(-d * 0.5**0.5) - 0.5 * k * jnp.exp(-r * t) * erfc(-(d - v * jnp.sqrt(t)) * 0.5**0.5)
            )
        )((jnp.log(s / k) + (r + 0.5 * v * v) * t) / (v * jnp.sqrt(t))),
    }
    f = programs.get(row.fn.__name__)
    if f is None:
        return None
    jax.config.update("jax_enable_x64", True)
    if row.kind == "hvp":
        run = jax.jit(jax.vmap(lambda x, v: jax.jvp(jax.grad(f), (x,), (v,))[1]))
        args = (*args, args[0])
    elif None in row.axes:
        run = jax.jit(jax.value_and_grad(lambda *a: jnp.sum(jax.vmap(f, row.axes)(*a)), row.wrt))
    else:
        run = jax.jit(jax.vmap(jax.value_and_grad(f, row.wrt), row.axes))
    given = [jnp.asarray(a) for a in args]
    jax.block_until_ready(run(*given))
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        jax.block_until_ready(run(*given))
        times.append(1e3 * (time.perf_counter() - start))
    return statistics.median(times)


# --- a kernel of the user's ------------------------------------------------------------------------------------------------


@cuda.jit
def stencil(u, out):
    j, i = cuda.grid(2)  # neighbouring threads are neighbours in a row
    if 0 < i < u.shape[0] - 1 and 0 < j < u.shape[1] - 1:
        out[i, j] = u[i, j] * (u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1] - 4.0 * u[i, j])


def stencil_by_hand(u: Any, u_bar: Any, out_bar: Any) -> None:
    """The adjoint of the stencil, as array statements."""
    y, own = out_bar[1:-1, 1:-1], u[1:-1, 1:-1]
    around = u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:]
    u_bar[1:-1, 1:-1] += y * (around - 8.0 * own)
    for place in (u_bar[:-2, 1:-1], u_bar[2:, 1:-1], u_bar[1:-1, :-2], u_bar[1:-1, 2:]):
        place += y * own
    y[...] = 0.0


def time_stencil(copy: float, single: bool) -> None:
    """The kernel and its adjoint; what must be moved is u, and each shadow there and back."""
    n = 6 if SIMULATED else 4096
    block = (4, 2) if SIMULATED else (32, 8)
    grid = tuple(-(-n // b) for b in block)
    arrays = [a.astype(np.float32 if single else np.float64) for a in np.random.default_rng(0).normal(size=(4, n, n))]
    u, out, u_bar, out_bar = given = [cuda.to_device(a) for a in arrays]
    adjoint = srcad.adjoint(stencil)
    adjoint[grid, block](*given)
    stencil_by_hand(arrays[0], arrays[2], arrays[3])
    pairs = [(u_bar.copy_to_host(), arrays[2]), (out_bar.copy_to_host(), arrays[3])]
    wrong = max(float(np.max(abs(a - b)) / np.max(abs(b))) for a, b in pairs)
    f_ms = milliseconds(lambda: stencil[grid, block](u, out))
    g_ms = milliseconds(lambda: adjoint[grid, block](*given))
    print_row("a stencil kernel, and its adjoint", single, wrong, f_ms, g_ms, 5 * arrays[0].nbytes, copy)
    assert wrong < (1e-5 if single else 1e-12), "the adjoint of the stencil and that by hand differ"


def print_row(
    name: str,
    single: bool,
    wrong: float,
    f_ms: float,
    g_ms: float,
    moved: int,
    copy: float,
    theirs: float | None = None,
) -> None:
    print(
        f"{name:38}{'float32' if single else 'float64':>8}{wrong:10.1e}{f_ms:10.3f}{g_ms:10.3f}{g_ms / f_ms:7.2f}"
        f"{moved / (1e-3 * g_ms) / copy:9.0%}{'' if theirs is None else f'{theirs:9.3f}'}"
    )
    sys.stdout.flush()


def main() -> None:
    device = "Numba's simulator" if SIMULATED else cuda.get_current_device().name.decode()
    copy = copy_speed()
    print(f"{COUNT} problems on {device}; a copy moves {copy / 1e9:.0f} GB/s")
    print(f"{'program':38}{'dtype':>8}{'error':>10}{'f ms':>10}{'grad ms':>10}{'ratio':>7}{'of copy':>9}{'JAX ms':>9}")
    for row in ROWS:
        for single in (False, True):
            args = row.args(np.random.default_rng(0), COUNT)
            args = tuple(map(narrow, args)) if single else args
            f = srcad.differentiate(row.fn, jit=not SIMULATED)
            derivative, axes, given = getattr(srcad, row.kind)(f, row.wrt), row.axes, args
            if row.kind == "hvp":
                axes, given = (*axes, 0), (*args, args[0])
            wrong = error(row, derivative, axes, given, single)
            primal, gradient = f.batched("cuda", row.axes), derivative.batched("cuda", axes)
            device_args, device_given = tuple(map(on_gpu, args)), tuple(map(on_gpu, given))
            f_ms = milliseconds(lambda: primal(*device_args))
            g_ms = milliseconds(lambda: gradient(*device_given))
            moved = sum(np.asarray(a).nbytes for a in given)
            moved += sum(a.size * a.dtype.itemsize for a in unpack(gradient(*device_given)) if hasattr(a, "size"))
            theirs = jax_time(row, args)
            print_row(row.name, single, wrong, f_ms, g_ms, moved, copy, theirs)
            assert wrong < (5e-3 if single else 1e-9), f"{row.name}: the GPU and the CPU differ"
    for single in (False, True):
        time_stencil(copy, single)


if __name__ == "__main__":
    main()

"""Hamiltonian Monte Carlo with a chain in each thread of a GPU, the gradient inside a kernel of one's own.

`.device()` makes a device function of a gradient: arrays in the result are written into the arguments that follow. The chains are
checked against the mean and the variance of the distribution.

Run it: python examples/hmc_cuda.py. Without a GPU it runs a few chains in Numba's simulator.
"""

import os

if not os.path.exists("/dev/nvidia0"):
    os.environ.setdefault("NUMBA_ENABLE_CUDASIM", "1")  # before Numba is imported

import math

import numpy as np
from numba import cuda
from numba.core import config

import srcad


def energy(q):
    """Minus the logarithm of a density: two correlated variables, the first with mean 1."""
    a, b = q[0] - 1.0, q[1]
    return 0.5 * (2.0 * a * a - 2.0 * a * b + 2.0 * b * b)


gradient = srcad.grad(energy).device("f8[2]")
value = srcad.differentiate(energy).device("f8[2]")


@cuda.jit
def chains(starts, noise, lots, h, total, squares):
    """noise[s, k] are the momenta of step s of chain k, lots[s, k] the number that decides about it."""
    k = cuda.grid(1)
    if k < starts.shape[0]:
        q = cuda.local.array(2, np.float64)
        p = cuda.local.array(2, np.float64)
        new = cuda.local.array(2, np.float64)
        slope = cuda.local.array(2, np.float64)
        q[0], q[1] = starts[k, 0], starts[k, 1]
        for s in range(noise.shape[0]):
            before = value(q)
            for j in range(2):
                p[j] = noise[s, k, j]
                new[j] = q[j]
                before += 0.5 * p[j] * p[j]
            for _ in range(5):  # leapfrog
                gradient(new, slope)
                for j in range(2):
                    p[j] -= 0.5 * h * slope[j]
                    new[j] += h * p[j]
                gradient(new, slope)
                for j in range(2):
                    p[j] -= 0.5 * h * slope[j]
            after = value(new) + 0.5 * (p[0] * p[0] + p[1] * p[1])
            if math.log(lots[s, k]) < before - after:
                q[0], q[1] = new[0], new[1]
            for j in range(2):
                total[k, j] += q[j]
                squares[k, j] += q[j] * q[j]


def main():
    simulated = bool(config.ENABLE_CUDASIM)
    count, steps = (8, 300) if simulated else (100_000, 300)
    rng = np.random.default_rng(0)
    noise, lots = rng.normal(size=(steps, count, 2)), rng.uniform(size=(steps, count))
    starts = rng.normal(size=(count, 2))
    total, squares = np.zeros((count, 2)), np.zeros((count, 2))
    chains[-(-count // 128) if not simulated else 1, 128 if not simulated else count](
        starts, noise, lots, 0.3, total, squares
    )

    mean = total.sum(0) / (count * steps)
    variance = squares.sum(0) / (count * steps) - mean**2
    print(f"{count} chains of {steps} steps{' in the simulator' if simulated else ''}")
    print(f"means     {mean.round(2)}, of the distribution [1. 0.]")
    print(f"variances {variance.round(2)}, of the distribution [0.67 0.67]")
    assert np.allclose(mean, [1.0, 0.0], atol=0.15)
    assert np.allclose(variance, 2 / 3, atol=0.15)


if __name__ == "__main__":
    main()

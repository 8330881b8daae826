"""A loop over srcad.checkpoint with few slots, and an array that it writes in place: runs are reached from the checkpoints."""

import numpy as np

import srcad


def erosion(z, k, n, slots):
    z = z.copy()
    for _ in srcad.checkpoint(range(n), slots=slots):
        for i in range(1, z.size - 1):
            z[i] -= k * (z[i] - z[i + 1]) ** 2
    return np.sum(z)


ARGS = (np.linspace(0.0, 1.0, 6), 0.2, 10, 2)
KINDS = ("grad",)


# ----------------------------------------------------------------------------------------------------------------- grad

import numpy as np
from numba import njit
from srcad.checkpointing import next_checkpoint


@njit(error_model="numpy")
def erosion_grad(z, k, n, slots):
    # forward sweep
    n_1 = z.size
    z = z.copy()                                    # erosion.py:9
    if slots < 1:                                   # erosion.py:10
        raise ValueError("slots= of srcad.checkpoint must be at least 1")
    n = max(n, 0)
    run = max(min((n + (slots - 1)) // slots, slots), 1)
    z_kept = [np.empty(0)][1:]
    at_kept = [0][1:]
    here = 0
    used = 0
    for at in range(0, n, run):
        if at == here:
            at_kept.append(at)
            z_1 = z.copy()
            z_kept.append(z_1)
            used += 1
            here = next_checkpoint(at, n, run, slots - used)
        end = min(at + run, n)
        for _ in range(at, end):
            for i in range(1, n_1 - 1):             # erosion.py:11
                z[i] -= k * (z[i] - z[i + 1]) ** 2  # erosion.py:12
    # reverse sweep
    z_bar = np.empty(n_1)
    for i in range(n_1):
        z_bar[i] = 1.0
    last = (n - 1) // run * run
    for at in range(last, -1, -run):
        z_1 = z_kept.pop()
        for i in range(n_1):
            z[i] = z_1[i]
        here = at_kept.pop()
        used -= 1
        while here < at:
            at_kept.append(here)
            z_1 = z.copy()
            z_kept.append(z_1)
            used += 1
            there = min(next_checkpoint(here, at + run, run, slots - used), at)
            for _ in range(here, there):
                for i in range(1, n_1 - 1):
                    z[i] -= k * (z[i] - z[i + 1]) ** 2
            here = there
        end = min(at + run, n)
        v_tape = np.empty((max(end - at, 0), max(n_1 - 1, 0)))
        for j in range(at, end):
            v1 = j - at
            for i in range(1, n_1 - 1):
                v2 = z[i] - z[i + 1]
                v_tape[v1, i] = v2
                z[i] -= k * v2 ** 2
        for j in range(end - 1, at - 1, -1):
            v3 = j - at
            for i in range(n_1 - 2, 0, -1):
                v4 = 2 * v_tape[v3, i] * (z_bar[i] * k)
                z_bar[i + 1] += v4
                z_bar[i] -= v4
    return z_bar

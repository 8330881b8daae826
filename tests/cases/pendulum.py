"""A loop over srcad.checkpoint: of its million steps the reverse sweep keeps a thousand states, and one run of a thousand."""

import numpy as np

import srcad


def pendulum(q, p, h, n):
    for _ in srcad.checkpoint(range(n)):
        p -= h * np.sin(q)
        q += h * p
    return q


ARGS = (0.3, 0.1, 0.01, 10)
KINDS = ("adjoint",)


# -------------------------------------------------------------------------------------------------------------- adjoint

import numpy as np
from numba import njit


@njit(error_model="numpy")
def pendulum_adjoint(q, p, h, n, y_bar):
    # forward sweep
    n = max(n, 0)
    run = max(int(np.sqrt(float(n))), 1)
    q_kept = [0.0][1:]
    p_kept = [0.0][1:]
    for at in range(0, n, run):  # pendulum.py:9
        q_kept.append(q)
        p_kept.append(p)
        end = min(at + run, n)
        for _ in range(at, end):
            p -= h * np.sin(q)   # pendulum.py:10
            q += h * p           # pendulum.py:11
    # reverse sweep
    last = (n - 1) // run * run
    h_bar = 0.0
    q_bar = y_bar
    p_bar = 0.0
    for at in range(last, -1, -run):
        p = p_kept.pop()
        q_1 = q_kept.pop()
        end = min(at + run, n)
        v1 = max(end - at, 0)
        p_tape = np.empty(v1)
        v_tape = np.empty(v1)
        q_tape = np.empty(v1)
        for k in range(at, end):
            v2 = k - at
            q_tape[v2] = q_1
            v3 = np.sin(q_1)
            v_tape[v2] = v3
            p -= h * v3
            p_tape[v2] = p
            q_1 += h * p
        for k in range(end - 1, at - 1, -1):
            v4 = k - at
            p = p_tape[v4]
            q_1 = q_tape[v4]
            h_bar += q_bar * p
            p_bar += q_bar * h
            h_bar -= p_bar * v_tape[v4]
            q_bar -= np.cos(q_1) * (p_bar * h)
    return q, q_bar, p_bar, h_bar

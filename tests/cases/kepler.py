"""A while loop inside a for loop."""

import numpy as np


def kepler(eccentricity, anomalies):
    total = 0.0
    for mean in anomalies:
        angle = mean
        while True:
            step = (angle - eccentricity * np.sin(angle) - mean) / (1.0 - eccentricity * np.cos(angle))
            angle -= step
            if abs(step) < 1e-12:
                break
        total += np.cos(angle)
    return total


ARGS = (0.3, np.array([0.2, 1.0, 2.5]))
KINDS = ("adjoint",)


# -------------------------------------------------------------------------------------------------------------- adjoint

import numpy as np
from numba import njit


@njit(error_model="numpy")
def kepler_adjoint(eccentricity, anomalies, y_bar):
    # forward sweep
    v_tape = [0.0][1:]
    step_tape = [0.0][1:]
    angle_tape = [0.0][1:]
    v_tape_1 = [0.0][1:]
    angle_tape_1 = np.empty(anomalies.size)
    n_tape = np.empty(anomalies.size, dtype=np.int64)
    total = 0.0
    for i in range(anomalies.size):  # kepler.py:8
        mean = anomalies[i]
        angle = mean
        n = 0
        while True:                  # kepler.py:10
            n += 1
            angle_tape.append(angle)
            v1 = np.sin(angle)       # kepler.py:11
            v_tape_1.append(v1)
            v2 = np.cos(angle)
            v_tape.append(v2)
            step = (angle - eccentricity * v1 - mean) / (1.0 - eccentricity * v2)
            step_tape.append(step)
            angle -= step            # kepler.py:12
            if abs(step) < 1e-12:
                break
        n_tape[i] = n
        angle_tape_1[i] = angle
        total += np.cos(angle)       # kepler.py:15
    # reverse sweep
    anomalies_bar = np.empty(anomalies.size)
    eccentricity_bar = 0.0
    for i in range(anomalies.size - 1, -1, -1):
        angle = angle_tape_1[i]
        n = n_tape[i]
        angle_bar = -(np.sin(angle) * y_bar)
        mean_bar = 0.0
        for j in range(n - 1, -1, -1):
            v3 = v_tape.pop()
            step = step_tape.pop()
            angle = angle_tape.pop()
            v4 = v_tape_1.pop()
            v5 = angle_bar / (1.0 - eccentricity * v3)
            v6 = v5 * step
            eccentricity_bar -= v6 * v3
            angle_bar += np.sin(angle) * (v6 * eccentricity)
            mean_bar += v5
            angle_bar -= v5
            eccentricity_bar += v5 * v4
            angle_bar += np.cos(angle) * (v5 * eccentricity)
        mean_bar += angle_bar
        anomalies_bar[i] = mean_bar
    return total, eccentricity_bar, anomalies_bar

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

"""A Jacobian by a state that is carried on: four directions at once, so that the state is computed once for them."""

import numpy as np


def pendulum(p, h, n):
    angle, speed = p[0], p[1]
    for _ in range(n):
        speed -= h * (p[2] * np.sin(angle) + p[3] * speed)
        angle += h * speed
    return np.array([angle, speed])


ARGS = (np.array([1.2, 0.0, 9.81, 0.1, 0.0]), 0.01, 20)
KINDS = ("jacfwd",)


# --------------------------------------------------------------------------------------------------------------- jacfwd

import numpy as np
from numba import njit


@njit(error_model="numpy")
def pendulum_jacfwd(p, h, n):
    angle = p[0]                                  # pendulum.py:7
    speed = p[1]
    J = np.empty((2, p.size))
    for i in range(0, p.size, 4):
        v1 = i + 1 < p.size
        v2 = i + 2 < p.size
        v3 = i + 3
        v4 = v3 < p.size
        seed = np.zeros(p.size)
        seed[i] = 1.0
        seed_1 = np.zeros(p.size)
        if v1:
            seed_1[i + 1] = 1.0
        seed_2 = np.zeros(p.size)
        if v2:
            seed_2[i + 2] = 1.0
        seed_3 = np.zeros(p.size)
        if v4:
            seed_3[v3] = 1.0
        angle_dot = seed[0]
        angle_dot_1 = seed_1[0]
        angle_dot_2 = seed_2[0]
        angle_dot_3 = seed_3[0]
        speed_dot = seed[1]
        speed_dot_1 = seed_1[1]
        speed_dot_2 = seed_2[1]
        speed_dot_3 = seed_3[1]
        angle_1 = angle
        speed_1 = speed
        for _ in range(n):                        # pendulum.py:8
            v5 = p[2]                             # pendulum.py:9
            v6 = np.sin(angle_1)
            v7 = np.cos(angle_1)
            v8 = p[3]
            v9 = h * (seed[2] * v6 + v5 * (v7 * angle_dot) + (seed[3] * speed_1 + v8 * speed_dot))
            v10 = h * (seed_1[2] * v6 + v5 * (v7 * angle_dot_1) + (seed_1[3] * speed_1 + v8 * speed_dot_1))
            v11 = h * (seed_2[2] * v6 + v5 * (v7 * angle_dot_2) + (seed_2[3] * speed_1 + v8 * speed_dot_2))
            v12 = h * (seed_3[2] * v6 + v5 * (v7 * angle_dot_3) + (seed_3[3] * speed_1 + v8 * speed_dot_3))
            speed_1 -= h * (v5 * v6 + v8 * speed_1)
            speed_dot -= v9
            speed_dot_1 -= v10
            speed_dot_2 -= v11
            speed_dot_3 -= v12
            angle_1 += h * speed_1                # pendulum.py:10
            angle_dot += h * speed_dot
            angle_dot_1 += h * speed_dot_1
            angle_dot_2 += h * speed_dot_2
            angle_dot_3 += h * speed_dot_3
        y_dot = np.array([angle_dot, speed_dot])  # pendulum.py:11
        y_dot_1 = np.array([angle_dot_1, speed_dot_1])
        y_dot_2 = np.array([angle_dot_2, speed_dot_2])
        y_dot_3 = np.array([angle_dot_3, speed_dot_3])
        for j in range(2):
            J[j, i] = y_dot[j]
        if v1:
            for j in range(2):
                J[j, i + 1] = y_dot_1[j]
        if v2:
            for j in range(2):
                J[j, i + 2] = y_dot_2[j]
        if v4:
            for j in range(2):
                J[j, v3] = y_dot_3[j]
    return J

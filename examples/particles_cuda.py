"""A million particles on a GPU, or a few on the CPU: how far each flies, and how that depends on its angle and on the drag.

Each particle is a problem of its own: it is thrown, slowed down by drag, and flies until it comes down, which takes each another
number of steps. The gradient for the angle is one for each particle; all share the drag, so that its gradient is one sum.

Run it: python examples/particles_cuda.py. Without a GPU the same batch runs in the threads of the CPU; with
NUMBA_ENABLE_CUDASIM=1 in the environment, in Numba's simulator.
"""

import os

import numpy as np
from numba import cuda

import srcad


@srcad.differentiate
def distance(angle, drag):
    x, y = 0.0, 0.0
    u, v = 30.0 * np.cos(angle), 30.0 * np.sin(angle)
    while y >= 0.0:
        speed = np.sqrt(u * u + v * v)
        u -= 0.01 * drag * speed * u
        v -= 0.01 * (9.81 + drag * speed * v)
        x += 0.01 * u
        y += 0.01 * v
    return x - y * u / v  # where the last step crosses the ground


def main():
    simulated = os.environ.get("NUMBA_ENABLE_CUDASIM") == "1"
    target = "cuda" if simulated or cuda.is_available() else "cpu"
    count = 1_000_000 if target == "cuda" and not simulated else 8 if simulated else 2_000
    angle, drag = np.linspace(0.3, 1.2, count), 0.01

    gradient = srcad.value_and_grad(distance, ("angle", "drag")).batched(target, in_axes=(0, None))
    x, (angle_bar, drag_bar) = gradient(angle, drag)

    best = int(np.argmin(np.abs(angle_bar)))
    step = 1e-6
    more, less = (np.sum(distance.batched(target, in_axes=(0, None))(angle, drag + h)) for h in (step, -step))
    print(f"{count} particles, target {target!r}")
    print(f"the best angle is {np.degrees(angle[best]):.1f} degrees, for {x[best]:.2f} m")
    print(f"d(sum of distances) / d(drag) = {drag_bar:.6g}, by differences {(more - less) / (2 * step):.6g}")
    assert abs(drag_bar - (more - less) / (2 * step)) < 1e-4 * abs(drag_bar)
    assert 35.0 < np.degrees(angle[best]) < 45.0


if __name__ == "__main__":
    main()

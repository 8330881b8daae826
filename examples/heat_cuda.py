"""What is a rod made of? Its conductivities are found from temperatures along it, with a CUDA kernel and its adjoint.

`step` is an ordinary `@cuda.jit` kernel, a stencil: a thread for each cell of the rod. `srcad.adjoint` makes a kernel of it that
takes the shadows of the arrays as well, and is launched in the same way, for the steps in reverse order.

Run it: python examples/heat_cuda.py. Without a GPU it runs a short rod in Numba's simulator.
"""

import os

if not os.path.exists("/dev/nvidia0"):
    os.environ.setdefault("NUMBA_ENABLE_CUDASIM", "1")  # before Numba is imported

import numpy as np
from numba import cuda
from numba.core import config

import srcad


@cuda.jit
def step(u, c, new):
    """c[i] is the conductivity between the cells i and i + 1."""
    i = cuda.grid(1)
    if i < u.size:
        flow = 0.0
        if i > 0:
            flow += c[i - 1] * (u[i - 1] - u[i])
        if i < u.size - 1:
            flow += c[i] * (u[i + 1] - u[i])
        new[i] = u[i] + flow


step_back = srcad.adjoint(step)


def run(start, c, steps):
    """The temperatures after each step, on the GPU."""
    u = cuda.device_array((steps + 1, start.size))
    u[0].copy_to_device(start)
    for k in range(steps):
        step[launch(start.size)](u[k], c, u[k + 1])
    return u


def misfit_and_gradient(c, start, seen, steps):
    """Half the squares of what is not as it was seen after the last step, and the gradient for the conductivities."""
    c = cuda.to_device(c)
    u = run(start, c, steps)
    wrong = u[steps].copy_to_host() - seen
    u_bar, c_bar = cuda.to_device(np.zeros(u.shape)), cuda.to_device(np.zeros(c.size))
    u_bar[steps].copy_to_device(wrong)
    for k in reversed(range(steps)):
        step_back[launch(start.size)](u[k], c, u[k + 1], u_bar[k], c_bar, u_bar[k + 1])
    return 0.5 * np.sum(wrong**2), c_bar.copy_to_host()


def launch(cells):
    threads = 8 if config.ENABLE_CUDASIM else 128
    return -(-cells // threads), threads


def main():
    cells, steps, rounds = (16, 6, 12) if config.ENABLE_CUDASIM else (100_000, 6, 40)
    x = np.linspace(0.0, 1.0, cells)
    start = 2.0 * np.random.default_rng(0).random(cells)
    real = 0.2 + 0.1 * np.sin(5.0 * x[:-1])
    seen = run(start, cuda.to_device(real), steps)[steps].copy_to_host()

    c = np.full(cells - 1, 0.2)
    first, gradient = misfit_and_gradient(c, start, seen, steps)
    e = np.zeros(cells - 1)
    e[cells // 2] = h = 1e-6
    more, less = (misfit_and_gradient(c + d, start, seen, steps)[0] for d in (e, -e))
    print(f"{cells} cells, {steps} steps{' in the simulator' if config.ENABLE_CUDASIM else ''}")
    print(f"the slope for one conductivity is {gradient[cells // 2]:.6f}, by differences {(more - less) / (2 * h):.6f}")
    assert abs(gradient[cells // 2] - (more - less) / (2 * h)) < 1e-6

    misfit, speed = first, 0.0 * c
    for _ in range(rounds):
        speed = 0.7 * speed - 0.1 * gradient
        c = np.clip(c + speed, 0.05, 0.45)  # where the steps are stable
        misfit, gradient = misfit_and_gradient(c, start, seen, steps)
    print(f"the misfit went from {first:.2e} to {misfit:.2e}")
    print(f"the conductivities are right to {np.mean(abs(c - real)):.4f}; at first, to {np.mean(abs(0.2 - real)):.4f}")
    assert misfit < 0.2 * first
    assert np.mean(abs(c - real)) < np.mean(abs(0.2 - real))


if __name__ == "__main__":
    main()

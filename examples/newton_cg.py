"""Newton's method without a Hessian: SciPy's Newton-CG asks for products H v, which forward over reverse gives.

First Rosenbrock's valley in 50 dimensions, then seven argon atoms that settle into the known best cluster, a pentagonal
bipyramid. Needs `pip install srcad[examples]`.
"""

import numpy as np
from scipy.optimize import minimize

import srcad


def rosenbrock(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def lennard_jones(positions):
    """The energy of atoms in reduced units; `positions` lists x, y, z of one after the other."""
    atoms = positions.reshape((positions.size // 3, 3))
    energy = 0.0
    for i in range(atoms.shape[0]):
        for j in range(i):
            r2 = 0.0
            for k in range(3):
                r2 += (atoms[i, k] - atoms[j, k]) ** 2
            s = 1.0 / r2**3
            energy += 4.0 * s * (s - 1.0)
    return energy


def newton_cg(f, start):
    return minimize(f, start, jac=srcad.grad(f), hessp=srcad.hvp(f), method="Newton-CG", options={"xtol": 1e-10})


def main() -> None:
    valley = newton_cg(rosenbrock, np.tile([-1.2, 1.0], 25))
    print(f"Rosenbrock, n = 50: {valley.nit} Newton steps, {valley.nhev} products H v, f = {valley.fun:.1e}")
    assert np.allclose(valley.x, 1.0, atol=1e-6)

    rng = np.random.default_rng(0)
    angles = 2 * np.pi * np.arange(5) / 5
    ring = np.column_stack((np.cos(angles), np.sin(angles), np.zeros(5)))
    start = np.vstack((ring, [[0.0, 0.0, 0.6], [0.0, 0.0, -0.6]])) + 0.05 * rng.standard_normal((7, 3))
    cluster = newton_cg(lennard_jones, start.ravel())
    print(f"7 argon atoms: {cluster.nit} Newton steps, {cluster.nhev} products H v, energy {cluster.fun:.6f}")
    assert abs(cluster.fun + 16.505384) < 1e-6  # the Cambridge Cluster Database

    H = srcad.hessian(lennard_jones)(cluster.x)
    modes = np.linalg.eigvalsh(H)
    print(f"Hessian there: {np.sum(abs(modes) < 1e-4)} rigid motions, softest vibration {modes[6]:.3f}")
    assert np.sum(abs(modes) < 1e-4) == 6
    assert modes[6] > 1.0


if __name__ == "__main__":
    main()

"""A rule of one's own: the matrix square root, differentiated by a Sylvester equation instead of through its iteration.

S S = A gives S dS + dS S = dA: the adjoint solves the same equation, S A_bar + A_bar S = S_bar for symmetric S (Higham 2008,
Functions of Matrices, section 6.1). The iteration is run once, forwards, and never differentiated.
"""

import numpy as np

import srcad


@srcad.custom_vjp
def sqrtm(A):
    """The principal square root of a symmetric positive definite matrix (Denman & Beavers 1976)."""
    Y, Z = A.copy(), np.eye(A.shape[0])
    for _ in range(100):
        Y, Z = 0.5 * (Y + np.linalg.inv(Z)), 0.5 * (Z + np.linalg.inv(Y))
        if np.max(np.abs(Y @ Y - A)) < 1e-13 * np.max(np.abs(A)):
            break
    return Y


def sylvester(S, R):
    """X with S X + X S = R, as one linear system in the elements of X."""
    n = S.shape[0]
    K = np.zeros((n * n, n * n))
    for i in range(n):
        for j in range(n):
            for k in range(n):
                K[i * n + j, k * n + j] += S[i, k]
                K[i * n + j, i * n + k] += S[k, j]
    return np.linalg.solve(K, R.copy().reshape(n * n)).reshape(n, n)


def sqrtm_fwd(A):
    S = sqrtm(A)
    return S, S


def sqrtm_bwd(S, S_bar):
    return (sylvester(S, S_bar),)


sqrtm.defvjp(sqrtm_fwd, sqrtm_bwd)


def distance(a, b, A, B):
    """Squared Bures-Wasserstein distance between the Gaussians N(a, A) and N(b, B)."""
    S = sqrtm(A)
    return np.sum((a - b) ** 2) + np.trace(A) + np.trace(B) - 2.0 * np.trace(sqrtm(S @ B @ S))


def main() -> None:
    rng = np.random.default_rng(0)
    n = 4
    roots = rng.standard_normal((2, n, n))
    A, B = (r @ r.T + np.eye(n) for r in roots)
    a, b = rng.standard_normal((2, n))

    value, B_bar = srcad.value_and_grad(distance, argnums=3)(a, b, A, B)
    S = sqrtm(A)
    # d/dB of -2 tr sqrt(S B S) is -S (S B S)^(-1/2) S, and that of tr B is 1
    exact = np.eye(n) - S @ np.linalg.inv(sqrtm(S @ B @ S)) @ S
    print(f"distance {value:.6f}; its gradient for B is off by {np.max(abs(B_bar - exact)):.1e}")
    assert np.allclose(B_bar, exact, atol=1e-9)

    V = rng.standard_normal((n, n))
    V += V.T
    product = srcad.hvp(distance, argnums=3)(a, b, A, B, V)
    step = 1e-5
    gradient = srcad.grad(distance, argnums=3)
    difference = (gradient(a, b, A, B + step * V) - gradient(a, b, A, B - step * V)) / (2 * step)
    print(f"its Hessian-vector product is off by {np.max(abs(product - difference)):.1e} from differences")
    assert np.allclose(product, difference, atol=1e-6)


if __name__ == "__main__":
    main()

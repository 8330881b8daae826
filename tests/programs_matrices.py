"""scipy.linalg, and stacks of matrices, as models of time series, of space and of control use them."""

import numpy as np
import scipy.linalg as sl
from scipy.linalg import cho_factor, cho_solve, expm, solve_triangular

from programs_kit import normal, program, sample, spd


@program(spd(4), normal(4), normal(4, 2), tags="cholesky triangular", single=True)
def gaussian_log_density_by_cho_solve(S, x, B):
    factor = cho_factor(S, lower=True)
    whitened = solve_triangular(factor[0], B, lower=True, check_finite=False)
    return -0.5 * x @ cho_solve(factor, x) - np.sum(np.log(np.diag(factor[0]))) + np.sum(whitened**2)


@program(spd(3) + normal(3, 3), normal(3, 2), tags="triangular", single=True, compiled=False)
def all_triangles(A, B):
    total = np.sum(solve_triangular(A, B) ** 2) + np.sum(solve_triangular(A, B[:, 0], lower=True, trans=1) ** 3)
    total += np.sum(solve_triangular(A, B, trans="T", unit_diagonal=True)) + np.sum(sl.cholesky(A) ** 3)
    R, low = cho_factor(A)
    return total + np.sum(cho_solve((R, low), B) ** 2) + sl.cholesky(A, lower=True)[1, 0]


@program(normal(4, 4), normal(4), 3, tags="lu loop", compiled=False)
def implicit_steps(A, x, n):
    """One factorisation, for all steps."""
    lu_piv = sl.lu_factor(np.eye(4) - 0.1 * A)
    for _ in range(n):
        x = sl.lu_solve(lu_piv, x + 0.1 * np.sin(x))
    return np.sum(x**2) + np.sum(sl.lu_solve(lu_piv, x, trans=1))


@program(normal(3, 3), tags="lu", single=True, compiled=False)
def factors_of_lu(A):
    P, L, U = sl.lu(A)
    PL, _ = sl.lu(A, permute_l=True)
    return np.sum(L**2) * U[0, 1] + np.sum((P @ A) ** 3) + PL[1, 0] * np.prod(np.diag(U))


@program(spd(3), normal(3), tags="solve", single=True, compiled=False)
def structures_of_systems(S, b):
    total = np.sum(sl.solve(S, b, assume_a="pos") ** 2) + np.sum(sl.solve(S, b, assume_a="sym", lower=True) ** 3)
    total += np.sum(sl.solve(S, b, assume_a="upper triangular")) + np.sum(sl.solve(S, b, transposed=True) ** 2)
    return total + np.sum(sl.inv(S)) * sl.det(S) + sl.norm(S, 2) + np.sum(sl.pinv(S)) + sl.norm(S)


@program(normal(3, 3), 0.4, tags="expm loop", single=True, compiled=False)
def markov_chain(Q, t):
    """The likelihood of a chain that is seen at intervals."""
    rates = np.exp(0.3 * Q)
    for i in range(3):
        rates[i, i] -= np.sum(rates[i])
    moves = expm(rates * t)
    return np.log(moves[0, 1]) + np.log(moves[1, 2]) + np.log(expm(2.5 * t * rates)[2, 0])


@program(spd(3) + normal(3, 3) * 0.5, tags="sqrtm logm", single=True, compiled=False)
def roots_and_logarithms(A):
    root = sl.sqrtm(A)
    return np.sum(root**3) + np.sum(sl.logm(A) ** 2) + sl.fractional_matrix_power(root, 0.3)[0, 1]


@program(normal(3, 3), tags="expm complex", compiled=False)
def waves_of_matrices(A):
    total = np.sum(sl.cosm(A) ** 2) + np.sum(sl.sinm(A) * sl.tanm(0.2 * A)) + np.sum(sl.sinhm(0.4 * A) ** 2)
    spin = expm(1j * (A + A.T))
    return total + np.sum(sl.tanhm(0.4 * A)) + np.abs(spin[0, 1]) ** 2 + sl.expm_frechet(A, A.T)[1][0, 0]


@program(normal(3, 3), spd(3), normal(3, 2), normal(2, 2), tags="sylvester", compiled=False)
def covariances_in_equilibrium(A, Q, C, B):
    stable = A - 5.0 * np.eye(3)
    P = sl.solve_continuous_lyapunov(stable, -Q)
    return np.sum(P**2) + np.sum(sl.solve_sylvester(stable, B - 4.0 * np.eye(2), C) ** 3)


@program(normal(3, 3), spd(3), tags="sylvester", single=True, compiled=False)
def stationary_covariance(A, Q):
    return np.log(sl.det(sl.solve_discrete_lyapunov(0.2 * A, Q)))


@program(normal(4, 4), tags="eig complex", compiled=False)
def spectrum_of_any_matrix(A):
    w, V = np.linalg.eig(A)
    return np.max(w.real) + np.sum(np.log(np.abs(w)) * w.real) + np.sum(np.abs(V[0]) ** 2 * np.abs(w))


@program(normal(3, 3), spd(3), tags="eig complex", compiled=False)
def eigenvectors_of_unit_length(A, S):
    """Their length and phase are those that LAPACK gives."""
    V, W = sl.eig(A)[1], np.linalg.eig(S @ np.diag(np.arange(1.0, 4.0)))[1]
    return (
        np.sum(V.real**3) + np.sum(V.imag**3) + np.sum(W.real * np.arange(3.0)) + np.sum(np.linalg.eigvals(A).imag ** 2)
    )


@program(spd(4), spd(4, seed=1), tags="eigh generalized", single=True, compiled=False)
def modes_of_vibration(K, M):
    w, V = sl.eigh(K, M)
    ends = sl.eigh(K, lower=False, subset_by_index=[0, 1])[0]
    return np.sum(np.sqrt(w)) + np.sum(V[0] ** 2 * w) + np.sum(ends**2) + sl.eigvalsh(K, M)[2]


@program(normal(3, 3), normal(4, 3), normal(4), tags="svd qr lstsq", compiled=False)
def twins_of_numpy(A, B, y):
    U, s, Vt = sl.svd(B, full_matrices=False)
    Q, R = sl.qr(B, mode="economic")
    x, rest, _, _ = sl.lstsq(B, y)
    total = np.sum(U**2 * s) * Vt[0, 1] ** 2 + np.sum(sl.svdvals(A)) + Q[0, 0] * R[1, 1]
    return total + np.sum(x**2) + rest + np.sum(np.abs(sl.eigvals(A))) + sl.qr(A)[1][0, 0] ** 2


@program(normal(2, 2), normal(3), sample(3), tags="blocks", compiled=False)
def structured_matrices(A, c, r):
    blocks = sl.block_diag(A, c, r[0], np.outer(c, r))
    total = np.sum(blocks @ np.arange(9.0)) + np.sum(sl.toeplitz(c, r) @ r) + np.sum(sl.toeplitz(c) @ c**2)
    return total + np.sum(sl.circulant(c) @ r**2) + np.sum(sl.hankel(c) @ r) + np.sum(sl.hankel(c, r) @ c)


STACK = np.stack([spd(3), spd(3, seed=1)])


@program(STACK, normal(2, 3, 2), normal(3), tags="stacks", compiled=False)
def stacks_of_systems(S, B, b):
    total = np.sum(np.linalg.solve(S, B) ** 2) + np.sum(np.linalg.solve(S, b) ** 3) + np.sum(np.linalg.solve(S[0], B))
    return total + np.sum(np.linalg.inv(S) ** 2) + np.sum(np.linalg.slogdet(S)[1]) + np.sum(np.linalg.cholesky(S) ** 3)


@program(STACK, normal(2, 2, 3, 2), tags="stacks", compiled=False)
def stacks_of_decompositions(S, A):
    w, V = np.linalg.eigh(S)
    U, s, Vt = np.linalg.svd(A, full_matrices=False)
    total = np.sum(w**2) + np.sum(V[:, 0] ** 2 * w) + np.sum(U[..., 0] ** 2 * s[..., :1]) * Vt[0, 1, 0, 0] ** 2
    total += np.sum(np.linalg.eigvalsh(S, UPLO="U")) + np.sum(np.linalg.pinv(A) ** 2) + np.sum(np.linalg.qr(A)[1] ** 2)
    total += np.sum(np.linalg.norm(A, 2, axis=(1, 3))) + np.sum(np.linalg.norm(A, "nuc", axis=(2, 3), keepdims=True))
    return total + np.sum(np.linalg.det(S)) + np.sum(np.abs(np.linalg.eigvals(S + A[:, 0, :, :1]))) + np.sum(U[0, 0])


@program(spd(3), normal(3, 3), tags="cholesky complex", compiled=False)
def hermitian_factors(S, B):
    L = np.linalg.cholesky(S + 1j * (B - B.T))
    R = np.linalg.cholesky(S, upper=True)
    x = cho_solve((L, True), B[0] + 0j)
    return np.sum(L.real**3) + np.sum(L.imag**3) + np.sum(R**3) + np.sum(x.imag**2)


@program(spd(3), 2, tags="cholesky recursion", compiled=False)
def factors_of_factors(S, depth):
    if depth == 0:
        return np.sum(S**2)
    L = np.linalg.cholesky(S)
    return L[1, 0] ** 2 + factors_of_factors(L @ L.T + np.tril(S) @ np.tril(S).T, depth - 1)

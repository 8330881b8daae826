"""Eigenvalues, singular values, QR and least squares, as models and fits use them."""

import numpy as np

from programs_kit import normal, program, sample, spd


@program(spd(4), sample(4), tags="eigh", single=True)
def gaussian_log_density_by_eigh(S, x):
    w, V = np.linalg.eigh((S + S.T) / 2)
    z = V.T @ (x - 0.5)
    return -0.5 * np.sum(z * z / w) - 0.5 * np.sum(np.log(w))


@program(normal(6, 4), tags="eigh")
def variance_explained(X):
    centred = X - np.mean(X, axis=0)
    w = np.linalg.eigvalsh(centred.T @ centred / X.shape[0])
    return np.sum(w[-2:]) / np.sum(w)


@program(normal(6, 3), normal(3, 1), tags="svd")
def principal_components(X, B):
    U, s, Vt = np.linalg.svd(X, full_matrices=False)
    scores = X @ Vt[:2].T
    rest = X - scores @ Vt[:2]
    return np.sum(rest**2) + np.sum((U[:, 0] * s[0]) ** 2 * Vt[0, 1]) + np.sum((Vt @ B) ** 2 * s)


@program(sample(4, 4), tags="eigh loop")
def connectivity_of_a_graph(weights):
    """The second eigenvalue of a Laplacian (the first is zero), and what diffusion leaves."""
    n = weights.shape[0]
    L = np.zeros((n, n))
    for i in range(n):
        for j in range(i):
            L[i, j] -= weights[i, j]
            L[j, i] -= weights[i, j]
            L[i, i] += weights[i, j]
            L[j, j] += weights[i, j]
    w, V = np.linalg.eigh(L)
    heat = V @ np.diag(np.exp(-0.3 * w)) @ V.T
    return w[1] + heat[0, 1]


@program(spd(3), tags="eigh")
def parts_of_eigh(A):
    S = 0.5 * (A + A.T)
    by_name = np.linalg.eigh(S)
    return np.sum(by_name.eigenvalues**2) + np.linalg.eigh(S)[0][0] + abs(by_name.eigenvectors[0, 0])


@program(normal(3, 3), tags="eigh")
def upper_triangle(A):
    U = A + A.T + np.diag(np.arange(3.0))
    return np.linalg.eigvalsh(U, UPLO="U")[0] * np.linalg.eigh(U, "u")[1][0, 0] ** 2


@program(0.4, 1.3, 5, tags="eigh loop")
def tight_binding(hopping, field, n):
    """A chain, of which only the lower triangle is filled: LAPACK reads no more."""
    H = np.zeros((n, n))
    for i in range(n):
        H[i, i] = field * i
        if i + 1 < n:
            H[i + 1, i] = -hopping
    w, V = np.linalg.eigh(H)
    return w[0] * V[1, 0] ** 2 + np.sum(np.exp(w)) + np.linalg.eigvalsh(H.T, UPLO="U")[1]


@program(normal(3, 3), normal(3, 3, seed=1), tags="eigh complex")
def half_of_a_hermitian_matrix(A, B):
    """Of any matrix the lower triangle counts, and of its diagonal the real part."""
    w, V = np.linalg.eigh(A + 1j * B)
    return np.sum(w**3 * np.abs(V[0]) ** 2) + np.linalg.eigvalsh(A + 1j * B, "U")[1]


@program(normal(3, 3), tags="eigh complex")
def hermitian(A):
    H = A + A.T + 1j * (A - A.T)
    w, V = np.linalg.eigh(H)
    return w[0] * w[2] + np.sum(np.abs(V[:, 0]) ** 2 * np.arange(3.0))


@program(spd(3), 3, tags="eigh loop while", rtol=1e-5)
def eigenvalues_in_a_loop(A, n):
    total = 0.0
    for k in range(n):
        w, V = np.linalg.eigh(A @ A.T + k * np.eye(3) * A[0, 0])
        if w[0] < 1.0:
            total += w[0]
        else:
            total += np.sum(np.sqrt(w)) * V[0, 2] ** 2
    return total


@program(normal(3, 4), tags="eigh memory")
def overwritten_eigenvectors(A):
    w, V = np.linalg.eigh(A @ A.T)
    V[0] *= w
    w[1:] = w[:-1] * 2.0
    return np.sum(V[0] ** 2) + np.sum(w)


@program(normal(4, 2), normal(2, 4), tags="svd", single=True)
def nuclear_and_spectral_norms(A, B):
    wide = np.linalg.svd(B, compute_uv=False)
    return np.linalg.norm(A, "nuc") + np.linalg.norm(A, 2) - np.linalg.norm(B @ A, -2) * wide[0] + np.linalg.cond(A)


@program(normal(3, 5), tags="svd")
def singular_vectors_of_a_wide_matrix(A):
    U, s, Vt = np.linalg.svd(A, full_matrices=False)
    return U[0, 1] * Vt[1, 3] * s[1] + np.sum((Vt[0] * Vt[2]) ** 2)


@program(normal(3, 3), normal(4, 2), tags="svd")
def full_singular_vectors(A, B):
    U, s, Vt = np.linalg.svd(A)
    polar = U @ Vt
    return polar[0, 1] * polar[2, 2] + s[0] + np.log(np.linalg.svd(B)[1]).sum()


@program(normal(5, 3), tags="qr", single=True)
def orthonormal_columns(A):
    Q, R = np.linalg.qr(A)
    return np.sum(Q[0] ** 3) + np.log(np.abs(R[0, 0] * R[2, 2])) * R[0, 1]


@program(normal(6, 3), normal(6), 0.3, tags="lstsq", single=True)
def ridge_by_least_squares(X, y, penalty):
    n = X.shape[1]
    A = np.concatenate((X, np.sqrt(penalty) * np.eye(n, dtype=X.dtype)))
    b = np.concatenate((y, np.zeros(n, dtype=y.dtype)))
    beta = np.linalg.lstsq(A, b, rcond=None)[0]
    return np.sum((X @ beta - y) ** 2) + beta[0]


@program(normal(5, 2), normal(5, 2), tags="lstsq")
def all_of_least_squares(A, B):
    x, residuals, rank, s = np.linalg.lstsq(A, B)
    return np.sum(x**2) + np.sum(residuals) * rank + s[1] / s[0]


@program(normal(2, 4), normal(3, 3), tags="pinv")
def pseudo_inverses(A, B):
    lost = B.copy()
    lost[2] = lost[0] + lost[1]
    return np.sum(np.linalg.pinv(A) ** 3) + np.sum(np.linalg.pinv(lost) ** 2) * np.linalg.matrix_rank(lost)


@program(normal(3, 4), normal(2, 3, 2), tags="norm")
def norms_of_all_kinds(A, C):
    total = np.linalg.norm(A, 1) + np.linalg.norm(A, -1) + np.linalg.norm(A, np.inf) * np.linalg.norm(A, -np.inf)
    total += np.sum(np.linalg.norm(A, 3, axis=0)) + np.linalg.norm(A[0], 1.5) + np.linalg.norm(A[0], -np.inf)
    total += np.sum(np.linalg.norm(C, axis=(1, 2))) + np.sum(np.linalg.norm(C, 1, axis=(2, 0)) ** 2)
    total += np.sum(np.linalg.norm(C, np.inf, axis=(0, 2), keepdims=True)) + np.linalg.norm(C)
    return total + np.linalg.norm(A[1], 0) + np.linalg.norm(A, "fro", keepdims=True)[0, 0] + np.linalg.norm(A[:, :3], 2)


@program(normal(3, 3), tags="cond")
def condition_numbers(A):
    return np.linalg.cond(A) + np.linalg.cond(A, 1) + np.linalg.cond(A, "fro") * np.linalg.cond(A, -2)


@program(normal(3, 3), 2, tags="eigh recursion")
def decomposed_again_and_again(A, depth):
    if depth == 0:
        return np.sum(A)
    w, V = np.linalg.eigh(A + A.T)
    return w[0] * V[1, 0] ** 2 + decomposed_again_and_again(A * V * 0.5, depth - 1)

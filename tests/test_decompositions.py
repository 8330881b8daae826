"""Decompositions and Fourier transforms beyond the corpus: JAX's numbers, repeated eigenvalues, layouts, refusals."""

import importlib.util
import math

import numpy as np
import pytest

import oracles as o
import srcad
from programs_kit import normal, spd
from srcad.emit import emit
from srcad.ir import INT, Array, Scalar, definitions
from srcad.jit import generate
from srcad.pipeline import Derivative

SIZES = [(1, 1), (3, 3), (4, 2), (2, 4)]


def interpreted(f):
    return srcad.differentiate(f, jit=False)


# --- repeated eigenvalues and singular values -------------------------------------------------------------------------


def entropy(A):
    w = np.linalg.eigvalsh(A)
    return -np.sum(w * np.log(w))


def by_vectors(A):
    """A matrix function by eigenvectors, which have no derivative where eigenvalues are equal."""
    w, V = np.linalg.eigh(A)
    return (V @ np.diag(np.sqrt(w)) @ V.T)[0, 1]


def test_functions_of_repeated_eigenvalues():
    """Of the values alone: finite, and right. With vectors: NaN, in both modes, not some number."""
    A = 2.0 * np.eye(3)
    np.testing.assert_allclose(srcad.grad(interpreted(entropy))(A), -(1 + math.log(2.0)) * np.eye(3), rtol=1e-12)
    _, along = srcad.jvp(interpreted(entropy), (A,), (np.ones((3, 3)),))
    np.testing.assert_allclose(along, -3 * (1 + math.log(2.0)), rtol=1e-12)
    assert np.isnan(srcad.grad(interpreted(by_vectors))(A)).any()
    assert np.isnan(srcad.jvp(interpreted(by_vectors), (A,), (np.ones((3, 3)),))[1])


def test_eigenvalues_that_are_equal_to_rounding():
    """A ring has pairs of equal eigenvalues, which LAPACK gives apart by a few units in the last place."""
    n = 6
    ring = 2 * np.eye(n) - np.roll(np.eye(n), 1, axis=0) - np.roll(np.eye(n), -1, axis=0) + 0.1 * np.eye(n)
    assert np.isnan(srcad.grad(interpreted(by_vectors))(ring)).any()
    want = -np.eye(n) - srcad.grad(interpreted(lambda A: np.linalg.det(A)))(ring) / np.linalg.det(ring)
    got = srcad.grad(interpreted(lambda A: -np.sum(np.log(np.linalg.eigvalsh(A)) + np.linalg.eigvalsh(A))))(ring)
    np.testing.assert_allclose(got, np.tril(want) + np.tril(want, -1), rtol=1e-9, atol=1e-12)


def test_second_derivatives_at_repeated_eigenvalues():
    """The gradient is made of eigenvectors: its own derivative there is no number, rather than a wrong one."""
    hv = srcad.hvp(interpreted(entropy))(np.eye(2), np.array([[0.0, 1.0], [1.0, 0.0]]))
    assert np.isnan(hv[np.tril_indices(2)]).all()


def test_repeated_singular_values():
    def nuclear(A):
        return np.linalg.norm(A, "nuc")

    rotation = np.array([[0.6, -0.8], [0.8, 0.6]])
    np.testing.assert_allclose(srcad.grad(interpreted(nuclear))(3 * rotation), rotation, atol=1e-14)


# --- what is read, and how it is laid out -----------------------------------------------------------------------------


def test_eigh_sees_the_lower_triangle():
    """As LAPACK does: the gradient is folded onto it, so that it is the derivative for each entry of the array."""

    def f(A):
        w, V = np.linalg.eigh(A)
        return w[0] * V[1, 2] ** 2

    A = spd(3) + np.triu(normal(3, 3), 1)
    gradient = srcad.grad(interpreted(f))(A)
    assert not np.triu(gradient, 1).any()
    E = normal(3, 3, seed=2)
    want = o.difference(f, (A,), (E,))
    np.testing.assert_allclose(np.sum(gradient * E), want, rtol=1e-7)
    np.testing.assert_allclose(srcad.jvp(interpreted(f), (A,), (E,))[1], want, rtol=1e-7)


def everything(A):
    U, s, Vt = np.linalg.svd(A, full_matrices=False)
    P = np.linalg.pinv(A)
    G = A @ A.T + np.diag(np.arange(float(A.shape[0])))
    w, V = np.linalg.eigh(G)
    Q, R = np.linalg.qr(G)
    spectrum = np.fft.fft2(A)
    return (
        np.sum(U**2 * s) * Vt[0, 0] ** 2
        + np.sum(P**2)
        + V[0, 0] ** 2 * w[0]
        + np.sum(Q**3 @ R)
        + np.sum(np.abs(spectrum))
    )


@pytest.mark.parametrize("shape", SIZES)
def test_layouts(shape):
    """Strided and Fortran-ordered arguments have the same gradient, and are not modified."""
    A = normal(*shape)
    want = srcad.grad(interpreted(everything))(A)
    strided = np.zeros((2 * shape[0], 3 * shape[1]))[::2, ::-3]
    strided[...] = A
    for other in (np.asfortranarray(A), strided):
        np.testing.assert_allclose(srcad.grad(interpreted(everything))(other), want, rtol=1e-9, atol=1e-12)
        np.testing.assert_array_equal(other, A)
    v = normal(*shape, seed=3)
    np.testing.assert_allclose(np.sum(want * v), o.difference(everything, (A,), (v,)), rtol=1e-6)
    along = srcad.jvp(interpreted(everything), (A,), (v,))[1]
    np.testing.assert_allclose(np.sum(want * v), along, rtol=1e-10)


def test_compiled_layouts():
    def f(A):
        _, s, Vt = np.linalg.svd(A, full_matrices=False)
        return np.sum(s * Vt[0] ** 2) + np.sum(np.abs(np.fft.fft2(A)))

    strided = normal(4, 6)[::2, ::3]
    for other in (strided, np.asfortranarray(strided)):
        np.testing.assert_allclose(srcad.grad(f)(other), srcad.grad(interpreted(f))(other), rtol=1e-9, atol=1e-12)


def test_stacks_of_arrays_in_two_layouts():
    """A recursion keeps inverses, which are laid out by columns, and their duals, which are laid out by rows."""
    args, v = (normal(3, 3), 2), (normal(3, 3, seed=1), None)
    _, want = srcad.jvp(srcad.grad(interpreted(inverses)), args, v)
    np.testing.assert_allclose(srcad.jvp(srcad.grad(inverses), args, v)[1], want, rtol=1e-9)


def inverses(A, depth):
    if depth == 0:
        return np.sum(A)
    B = np.linalg.inv(A)
    return B[1, 0] ** 2 + inverses(A * B * 0.5, depth - 1)


def test_single_precision_throughout():
    """Nothing that is computed for a float32 derivative is a float64."""
    A = normal(3, 3).astype(np.float32)
    value, gradient = srcad.value_and_grad(interpreted(everything_single))(A)
    assert np.asarray(value).dtype == gradient.dtype == np.float32
    for kind, seed in (("adjoint", Scalar("float32")), ("tangent", Array("float32", 2))):
        trace = Derivative(everything_single, kind).build([Array("float32", 2), seed])
        types = {str(getattr(v.type, "dtype", "")) for v in definitions(trace.body)}
        assert types <= {"float32", "complex64", "int64", "bool"}, types


def everything_single(A):
    U, s, Vt = np.linalg.svd(A, full_matrices=False)
    w, V = np.linalg.eigh(A @ A.T)
    Q, R = np.linalg.qr(A)
    z = np.fft.irfft(np.fft.rfft(A, axis=0), n=4)
    return np.sum(U * s) + np.sum(Vt) + np.sum(V * w) + np.sum(Q @ R) + np.sum(np.linalg.pinv(A)) + np.sum(z**2)


def test_empty_matrices():
    def f(A):
        w, V = np.linalg.eigh(A)
        return np.sum(w) + np.sum(V) + np.sum(np.linalg.svd(A, compute_uv=False))

    assert srcad.grad(interpreted(f))(np.zeros((0, 0))).shape == (0, 0)


# --- one factorization ------------------------------------------------------------------------------------------------


def kriging(A, b):
    x = np.linalg.solve(A, b)
    return np.sum(x**3) + b @ np.linalg.solve(A, np.exp(b))


@pytest.mark.parametrize(("kind", "count"), [("primal", 0), ("tangent", 2), ("adjoint", 2), ("hvp", 2)])
def test_solutions_share_factors(kind, count):
    """To any order, the derivative of a solution solves by the factors that the solution itself was found by."""
    trace = Derivative(kriging, kind).build([Array("float64", 2), Array("float64", 1), *SEEDS[kind]])
    source = emit(trace)
    assert source.count("matrices.lu(") == count
    assert source.count("np.linalg.solve(") == (2 if kind == "primal" else 0)


SEEDS = {
    "primal": [],
    "tangent": [Array("float64", 2), Array("float64", 1)],
    "adjoint": [Scalar("float64")],
    "hvp": [Array("float64", 2)],
}


def test_in_loops_nothing_is_kept():
    """The factors of a matrix that is the same in each step would be kept for each step."""

    def steps(A, x, n):
        for _ in range(n):
            x = np.linalg.solve(A, np.sin(x))
        return np.sum(x)

    trace = Derivative(steps, "adjoint").build([Array("float64", 2), Array("float64", 1), INT, Scalar("float64")])
    assert "matrices.lu" not in emit(trace)


def test_singular_matrices_raise():
    """What NumPy raises, in derivatives as well, and compiled."""
    for make in (interpreted, srcad.differentiate):
        with pytest.raises(np.linalg.LinAlgError, match="Singular matrix"):
            srcad.grad(make(kriging))(np.ones((2, 2)), np.ones(2))


# --- what is refused --------------------------------------------------------------------------------------------------


def test_vectors_without_a_singular_value():
    def null_space(A):
        return np.sum(np.linalg.svd(A)[2][-1] ** 3)

    with pytest.raises(ValueError, match="full_matrices=False"):
        srcad.grad(interpreted(null_space))(normal(2, 3))
    assert np.isnan(srcad.jvp(interpreted(null_space), (normal(2, 3),), (normal(2, 3, seed=1),))[1])


def test_qr_of_a_wide_matrix():
    def f(A):
        return np.sum(np.linalg.qr(A)[1])

    assert interpreted(f)(normal(2, 3)) == f(normal(2, 3))
    with pytest.raises(ValueError, match="as many rows as columns"):
        srcad.grad(interpreted(f))(normal(2, 3))


def test_transforms_need_rocket_fft_to_be_compiled(monkeypatch):
    monkeypatch.setattr(generate, "find_spec", lambda name: None)

    def f(x):
        return np.sum(np.abs(np.fft.fft(x)))

    with pytest.raises(srcad.UnsupportedError, match=r"pip install 'srcad\[fft\]'") as refusal:
        srcad.grad(f)(normal(3))
    assert "np.fft.fft(x)" in str(refusal.value)
    assert interpreted(f)(normal(3)) == pytest.approx(f(normal(3)))


def test_eigenvalues_are_complex():
    """Where NumPy looks at the values, srcad's dtype follows from the argument's: so a sum of eigenvalues is a complex number."""

    def f(A):
        return np.sum(np.linalg.eigvals(A))

    A = spd(3)
    value = interpreted(f)(A)
    assert value.dtype == np.complex128
    assert value == pytest.approx(f(A))
    with pytest.raises(TypeError, match="complex"):
        srcad.grad(interpreted(f))(A)


# --- a second opinion -------------------------------------------------------------------------------------------------


@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="pip install srcad[oracles]")
@pytest.mark.parametrize("name", ["eigh", "hermitian", "svd", "qr", "pinv", "lstsq", "norms", "fft", "rfft", "irfft"])
def test_agrees_with_jax(name):
    import jax

    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    try:
        f, args = FUNCTIONS[name]
        got = srcad.grad(interpreted(f(np)), argnums=tuple(range(len(args))))(*args)
        want = jax.grad(f(jax.numpy), argnums=tuple(range(len(args))))(*args)
        for a, b in zip(got, want, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-11)
    finally:
        jax.config.update("jax_enable_x64", before)


def _eigh(np):
    def f(A):
        """Of the sum, since JAX has the derivative for (A + A.T) / 2, and srcad, as NumPy, that for the lower triangle."""
        w, V = np.linalg.eigh(A + A.T)
        return np.sum(w**3 * V[0] ** 2) + np.sum(np.exp(-w)) + V[1, 0] * V[0, 0]

    return f


def _hermitian(np):
    def f(A):
        w, V = np.linalg.eigh(A + A.T + 1j * (A - A.T))
        return np.sum(w**2 * np.abs(V[0]) ** 2)

    return f


def _svd(np):
    def f(A):
        U, s, Vt = np.linalg.svd(A, full_matrices=False)
        return np.sum(U[:, 1] * U[0, 0] * s[1]) * Vt[1, 2] ** 2 * U[0, 1] + np.sum(np.log(s))

    return f


def _qr(np):
    def f(A):
        Q, R = np.linalg.qr(A)
        return np.sum(Q**3) + np.sum(R**2 * R[0, 1])

    return f


def _pinv(np):
    def f(A):
        return np.sum(np.linalg.pinv(A) ** 3)

    return f


def _lstsq(np):
    def f(A, b):
        return np.sum(np.linalg.lstsq(A, b)[0] ** 3)

    return f


def _norms(np):
    def f(A):
        norm = np.linalg.norm
        return norm(A, 2) * norm(A, "nuc") + norm(A, 1) * norm(A, np.inf) + np.sum(norm(A, 3, axis=1)) + norm(A, "fro")

    return f


def _fft(np):
    def f(x, y):
        z = np.fft.ifft(np.fft.fft(x, 9, norm="ortho") * np.exp(1j * np.fft.fft(y, 9)))
        return np.sum(np.abs(z) ** 2 * np.arange(9.0)) + np.sum(np.imag(np.fft.fft2(np.outer(x, y))) ** 2)

    return f


def _rfft(np):
    def f(x, y):
        z = np.fft.rfft(x, norm="forward")[:3] * np.fft.rfft(y, norm="ortho")[:3]
        return np.sum(np.real(z) ** 2 * np.arange(3.0)) + np.sum(np.imag(z**2))

    return f


def _irfft(np):
    def f(x, y):
        z = np.fft.irfft(np.exp(1j * x), n=7) * np.fft.irfft(x * (1 + 2j), n=7, norm="ortho")
        return np.sum(z**2) + np.sum(np.fft.irfft(y * (2 - 1j)) ** 3)

    return f


FUNCTIONS = {
    "eigh": (_eigh, (spd(4),)),
    "hermitian": (_hermitian, (normal(3, 3),)),
    "svd": (_svd, (normal(3, 4),)),
    "qr": (_qr, (normal(4, 3),)),
    "pinv": (_pinv, (normal(4, 3),)),
    "lstsq": (_lstsq, (normal(4, 3), normal(4))),
    "norms": (_norms, (normal(3, 4),)),
    "fft": (_fft, (normal(5), normal(4))),
    "rfft": (_rfft, (normal(6), normal(5))),
    "irfft": (_irfft, (normal(4), normal(6))),
}

"""Sizes that meet are taken to be equal, and where they are not, nothing but time is lost."""

import pickle

import numpy as np
import pytest
from numba import njit

import oracles as o
import srcad
from programs import PROGRAMS
from srcad.cli import main
from srcad.runtime import SizeError

X = np.arange(6.0).reshape(3, 2) / 5.0
W = np.array([1.0, -2.0])
Y = np.array([0.5, 1.5, 2.5])
ONE = np.array([0.5])


def residual(X, w, y):
    return np.sum((X @ w - y) ** 2)


def leapfrog(q, p, h, n):
    for _ in range(n):
        p = p - 0.5 * h * q
        q = q + h * p
        p = p - 0.5 * h * q
    return 0.5 * (p @ p) + 0.5 * (q @ q)


def products(a, b):
    return np.sum((a * b) ** 2)


def weighted_differences(x, m):
    return np.sum(np.diff(x) * m)


def padded(x, n):
    return np.sum((np.zeros(n) + x) ** 2)


def added_to(x, y):
    x += y
    return np.sum(x * x)


def shared(x):
    return np.sum(x * W)


def early(a, b, use):
    if not use:
        return np.sum(a)
    return np.sum(a * b)


def square(A):
    return np.sum(A * A.T)


def checked(f, types):
    return [line.strip() for line in srcad.adjoint(f).source(types).splitlines() if "check_sizes(" in line]


def compare(f, *args, jit=False, argnums=None):
    """Value, gradients and a Hessian-vector product against plain Python and differences."""
    f_ours = srcad.differentiate(f, jit=jit)
    floats = tuple(k for k, a in enumerate(args) if o.has_floats(a))
    before = o.copy(args)
    np.testing.assert_allclose(f_ours(*o.copy(args)), f(*o.copy(args)), rtol=1e-12)
    v = o.direction(args, seed=1)
    value, bars = srcad.value_and_grad(f_ours, floats)(*args)
    np.testing.assert_allclose(value, f(*o.copy(args)), rtol=1e-12)
    for k, bar in zip(floats, bars, strict=True):
        assert np.shape(bar) == np.shape(args[k])
    along = o.dot(bars, tuple(v[k] for k in floats))
    np.testing.assert_allclose(along, o.difference(f, args, v), rtol=1e-8)
    np.testing.assert_allclose(srcad.jvp(f_ours, args, v)[1], along, rtol=1e-10)
    gradient = srcad.grad(f_ours, floats)
    hv = srcad.jvp(gradient, args, v)[1]
    np.testing.assert_allclose(o.flatten(hv), o.flatten(o.difference(gradient, args, v)), rtol=1e-6, atol=1e-7)
    for now, then in zip(o.leaves(args), o.leaves(before), strict=True):
        np.testing.assert_array_equal(now, then)


CALLS = [
    (residual, X, W, Y),
    (residual, X, W, ONE),
    (leapfrog, np.array([1.0, 2.0]), np.array([0.5, -1.0]), 0.1, 3),
    (leapfrog, np.array([1.0]), np.array([0.5, -1.0]), 0.1, 3),
    (leapfrog, np.array([1.0, 2.0]), np.array([0.5]), 0.1, 0),
    (products, np.ones((3, 1)), np.arange(4.0).reshape(1, 4)),
    (products, np.ones((2, 2)), np.arange(4.0).reshape(2, 2)),
    (weighted_differences, Y, W),
    (weighted_differences, Y, ONE),
    (padded, Y, 3),
    (padded, ONE, 3),
    (padded, Y, 1),
    (added_to, Y, Y[::-1].copy()),
    (added_to, Y, ONE),
    (shared, W + 1.0),
    (shared, ONE),
    (early, Y, Y, True),
    (early, Y, W, False),
    (square, X @ X.T),
    (square, np.ones((1, 1))),
]


@pytest.mark.parametrize("call", CALLS, ids=lambda c: f"{c[0].__name__}-{'-'.join(str(np.shape(a)) for a in c[1:])}")
def test_interpreted(call):
    compare(*call)


@pytest.mark.parametrize("call", [CALLS[1], CALLS[3]], ids=["residual", "leapfrog"])
def test_compiled(call):
    compare(*call, jit=True)


def test_source():
    assert checked(residual, "f8[:,:], f8[:], f8[:]") == [
        "check_sizes(w.size, X.shape[1])",
        "check_sizes(y.size, X.shape[0])",
    ]
    assert checked(weighted_differences, "f8[:], f8[:]") == ["check_sizes(m.size, x.size - 1)"]
    assert checked(padded, "f8[:], i8") == ["check_sizes(n, x.size)"]
    assert checked(shared, "f8[:]") == ["check_sizes(x.size, 2)"]
    assert checked(square, "f8[:,:]") == ["check_sizes(A.shape[1], A.shape[0])"]
    assert not checked(lambda x: np.sum(x * x) + np.sum(x[1:] * x[:-1]), "f8[:]")
    for f, types in (
        (residual, "f8[:,:], f8[:], f8[:]"),
        (leapfrog, "f8[:], f8[:], f8, i8"),
        (products, "f8[:,:], f8[:,:]"),
    ):
        for kind in ("adjoint", "tangent", "hvp"):
            text = srcad.differentiate(f).source(kind, types)
            assert "expand" not in text, text
            assert "broadcast_dim" not in text, text
            assert "reduce_like" not in text, text
    text = srcad.differentiate(residual).source("hessian", "f8[:,:], f8[:], f8[:]")
    assert text.count("check_sizes(") == 2


def test_what_is_generated_runs_alone_and_refuses():
    namespace: dict[str, object] = {}
    exec(srcad.differentiate(residual, jit=False).grad.source("f8[:,:], f8[:], f8[:]"), namespace)
    gradient = namespace["residual_grad"]
    np.testing.assert_allclose(gradient(X, W, Y), srcad.grad(residual)(X, W, Y))
    with pytest.raises(SizeError, match="different sizes"):
        gradient(X, W, ONE)


def test_one_object_for_all_sizes():
    """The first call broadcasts, others do not, and all are right; in compiled code, too; and after pickling."""
    gradient = srcad.grad(residual, "y")

    @njit
    def both(X, w, y, one):
        return gradient(X, w, y), gradient(X, w, one)

    for g in (gradient, pickle.loads(pickle.dumps(gradient))):
        for y in (ONE, Y, ONE):
            np.testing.assert_allclose(
                g(X, W, y), np.reshape(np.sum(-2 * (X @ W - y)) if y is ONE else -2 * (X @ W - y), y.shape)
            )
    some, one = both(X, W, Y, ONE)
    np.testing.assert_array_equal(some, gradient(X, W, Y))
    np.testing.assert_array_equal(one, gradient(X, W, ONE))


@pytest.mark.parametrize("jit", [False, True])
def test_written_once(jit):
    """The check comes before anything is written: what is generated anew starts from what the caller gave."""
    f = srcad.differentiate(added_to, jit=jit)
    x = np.array([1.0, 2.0, 3.0])
    assert f(x, ONE) == 1.5**2 + 2.5**2 + 3.5**2
    np.testing.assert_array_equal(x, [1.5, 2.5, 3.5])


@pytest.mark.parametrize("jit", [False, True])
def test_sizes_that_do_not_broadcast(jit):
    f = srcad.differentiate(products, jit=jit)
    with pytest.raises(ValueError, match="operands could not be broadcast together") as caught:
        f(np.ones((2, 2)), np.ones((3, 3)))
    assert not isinstance(caught.value, SizeError)


def test_derivatives_inside():
    """Of the arguments of a derivative that the function calls, nothing is assumed."""

    def steepest(X, w, y):
        g = srcad.grad(residual, "w")(X, w, y)
        return np.sum(g**2)

    compare(steepest, X, W, ONE)
    compare(steepest, X, W, Y)


def arrays(p):
    return [leaf for leaf in o.leaves(p.args) if isinstance(leaf, np.ndarray)]


@pytest.mark.parametrize(
    "p", [p for p in PROGRAMS if len(arrays(p)) > 1 and "beyond" not in p.tags], ids=lambda p: p.name
)
def test_general_code_for_equal_sizes(p):
    """The corpus by the code that allows for broadcasting, where it differs."""
    derivative = srcad.adjoint(srcad.differentiate(p.fn, jit=False))
    y_bar = o.direction(getattr(p.fn, "py_func", p.fn)(*o.copy(p.args)), seed=2)
    want = derivative(*o.copy(p.args), y_bar)
    if "check_sizes" in derivative.source():
        got = derivative.general(*o.copy(p.args), y_bar)
        np.testing.assert_allclose(o.flatten(got), o.flatten(want), rtol=1e-10, atol=1e-12)


def test_command_line(tmp_path, capsys):
    path = tmp_path / "products.py"
    path.write_text("import numpy as np\n\n\ndef products(a, b):\n    return np.sum((a * b) ** 2)\n")
    arguments = ["show", f"{path}:products", "--types", "f8[:], f8[:]"]
    assert main(arguments) == main([*arguments, "--broadcast"]) == 0
    equal, general = capsys.readouterr().out.split("import numpy as np")[1:]
    assert "check_sizes(" in equal
    assert "check_sizes(" not in general
    assert "broadcast_dim(" in general

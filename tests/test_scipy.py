"""Every distribution of scipy.stats and every composed function of scipy.special that is known: values, and both modes."""

import inspect

import numpy as np
import pytest
import scipy.special as sc
import scipy.stats as st

import oracles as o
import srcad
from srcad.lower import special_library
from srcad.lower.stats_calls import CONTINUOUS, DISCRETE, JOINT, METHODS


def check(f, args, rtol=1e-6):
    """The value against SciPy's, forward mode against differences, reverse mode against forward mode."""
    g = srcad.differentiate(f, jit=False)
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(g(*args), f(*args), rtol=1e-9)
        v = o.direction(args, seed=1)
        want = o.difference(f, args, v)
        _, y_dot = srcad.jvp(g, args, v)
        floats = tuple(k for k, arg in enumerate(args) if o.has_floats(arg))
        bars = srcad.grad(g, argnums=floats)(*args)
    np.testing.assert_allclose(y_dot, want, rtol=rtol, atol=1e-8)
    np.testing.assert_allclose(o.dot(bars, tuple(v[k] for k in floats)), y_dot, rtol=1e-9, atol=1e-12)


#: Shapes to try each distribution at; those in upper case have no derivative.
SHAPES = {
    "t": (4.0,), "gamma": (2.2,), "invgamma": (2.2,), "chi2": (3.5,), "beta": (2.0, 3.0), "lognorm": (0.5,),
    "weibull_min": (1.5,), "pareto": (2.0,), "erlang": (2,), "lomax": (2.0,), "f": (3.0, 4.0), "genpareto": (0.2,),
    "fisk": (2.0,), "invgauss": (0.5,), "skewnorm": (1.0,), "gennorm": (1.5,), "vonmises": (1.2,), "loggamma": (1.3,),
    "truncnorm": (-1.0, 2.0), "poisson": (1.7,), "binom": (5, 0.3), "betabinom": (5, 1.2, 2.0), "bernoulli": (0.3,),
    "nbinom": (3.0, 0.4), "geom": (0.3,),
}  # fmt: skip


def test_standard_shapes_are_complete():
    assert SHAPES.keys() == {name for name, shapes in (CONTINUOUS | DISCRETE).items() if shapes}


@pytest.mark.parametrize("name", CONTINUOUS)
def test_continuous(name):
    """All methods at a few points, for location and scale."""
    owner, shapes = getattr(st, name), SHAPES.get(name, ())
    found = [m for m in METHODS if _is_known(getattr(owner, m, None))]
    points = np.array([0.25, 0.6, 0.9]) + (1.0 if name == "pareto" else 0.0)
    densities = [getattr(owner, m) for m in found if m not in ("ppf", "isf")]
    quantiles = [getattr(owner, m) for m in found if m in ("ppf", "isf")]
    assert len(densities) >= 2

    def f(x, loc, scale):
        total = 0.0
        for k, density in enumerate(densities):
            total += (k + 1) * np.sum(density(x, *shapes, loc, scale))
        for k, quantile in enumerate(quantiles):
            total += (k + 1) * np.sum(quantile(0.4 * x / (1.0 + x), *shapes, loc=loc, scale=scale))
        return total

    check(f, (points, 0.05, 1.1) if name not in ("beta", "pareto") else (points, -0.05, 1.0))


@pytest.mark.parametrize("name", DISCRETE)
def test_discrete(name):
    owner, shapes = getattr(st, name), SHAPES[name]
    found = [getattr(owner, m) for m in METHODS if _is_known(getattr(owner, m, None))]
    counts = np.array([1, 2, 3]) if name != "bernoulli" else np.array([0, 1])
    methods = [m for m in found if name != "bernoulli" or "log" not in m.__name__]
    first = 1 if isinstance(shapes[0], int) else 0

    def f(*params):
        total = 0.0
        for k, method in enumerate(methods):
            total += (k + 1) * np.sum(method(counts, *shapes[:first], *params))
        return total

    # of the shape of nbinom, as of other parameters of incomplete functions, no derivative is known: its mass function has one
    if name == "nbinom":
        check(lambda n, p: np.sum(st.nbinom.logpmf(counts, n, p)), shapes)
        check(lambda p: f(3.0, p), shapes[1:])
    else:
        check(f, shapes[first:])


def _is_known(method):
    from srcad.lower.numpy_calls import foreign_tables
    from srcad.lower.registry import lookup

    foreign_tables()
    return method is not None and lookup(method) is not None


S = np.array([[2.0, 0.3, 0.1], [0.3, 1.5, -0.2], [0.1, -0.2, 1.0]])
P = np.array([0.2, 0.3, 0.5])
JOINT_POINTS = {
    "dirichlet": (P, np.array([1.5, 2.0, 0.7])),
    "multinomial": (np.array([1, 2, 1]), 4, P),
    "dirichlet_multinomial": (np.array([1, 2, 0]), np.array([1.5, 2.0, 0.7]), 3),
    "matrix_normal": (np.ones((3, 2)), np.zeros((3, 2)), S, S[:2, :2].copy()),
    "wishart": (S @ S, 4.5, S),
    "invwishart": (S @ S, 4.5, S),
}


@pytest.mark.parametrize("name", JOINT)
def test_joint(name):
    """Matrices are symmetric, since SciPy looks at them by their eigenvalues, and so are the directions."""
    owner = getattr(st, name)
    density = getattr(owner, "logpmf", None) or owner.logpdf
    point, *params = JOINT_POINTS[name]

    def f(x, *params):
        sym = [0.5 * (p + p.T) if np.ndim(p) == 2 and p.shape[0] == p.shape[1] else p for p in params]
        return density(0.5 * (x + x.T) if name in ("wishart", "invwishart") else x, *sym)

    if name == "multinomial":  # only probabilities that sum to 1 are any: SciPy gives NaN for others
        check(lambda q: density(point, 4, np.array([q, 0.3, 0.7 - q])), (0.2,))
    elif name == "dirichlet":
        check(lambda a, q: density(np.array([q, 0.3, 0.7 - q]), a) + owner(a).logpdf(P[:2]), (params[0], 0.2))
    elif name == "dirichlet_multinomial":
        check(lambda a: density(point, a, 3), (params[0],))
    else:
        check(f, JOINT_POINTS[name], rtol=1e-5)


def test_forms_of_covariances():
    x, mean, X = np.array([0.3, -0.2, 1.0]), np.array([0.1, 0.0, 0.4]), np.arange(12.0).reshape(2, 2, 3) / 5.0
    normal, t = st.multivariate_normal, st.multivariate_t

    def f(x, mean, s, X):
        total = (
            normal.logpdf(x, mean, s) + normal.logpdf(x, mean, np.array([1.0, 2.0, 3.0]) * s) + normal.pdf(s, 0.2, 2.0)
        )
        total += np.sum(normal.logpdf(X, mean, S * s)) + np.sum(normal.logpdf(x, 0.5)) + normal(mean).logpdf(x)
        return total + t.logpdf(x, mean, S * s, df=3.0) + t(mean, S, df=s).logpdf(x) + np.sum(normal(mean, S).pdf(X[0]))

    check(f, (x, mean, 0.7, X))


ARGUMENTS = {
    **dict.fromkeys("chdtr chdtrc".split(), (3.0, 0.7)), **dict.fromkeys("gdtr gdtrc".split(), (1.2, 2.0, 0.7)),
    **dict.fromkeys("fdtr fdtrc".split(), (3.0, 4.0, 0.7)), **dict.fromkeys("pdtr pdtrc".split(), (2, 0.7)),
    **dict.fromkeys("bdtr bdtrc".split(), (2, 5, 0.3)), **dict.fromkeys("nbdtr nbdtrc".split(), (2, 3, 0.3)),
    **dict.fromkeys("softplus exp10 sindg cosdg factorial".split(), (0.7,)), "huber": (1.0, 0.7),
    "pseudo_huber": (1.0, 0.7), **dict.fromkeys("boxcox boxcox1p".split(), (0.7, 0.3)), "multigammaln": (2.7, 3),
    **{name: (n, 0.7) for n in (3,) for name in dir(special_library) if name.startswith("eval_") or name in ("kn", "yn")},
}  # fmt: skip
#: How many arguments come before those that have a derivative.
CONSTANT = {"chdtr": 1, "chdtrc": 1, "fdtr": 2, "fdtrc": 2, "gdtr": 1, "gdtrc": 1}
COMPOSED = [name for name, _ in inspect.getmembers(special_library, inspect.isfunction)]


@pytest.mark.parametrize(
    "name", [name for name in COMPOSED if getattr(special_library, name).__module__.startswith("srcad")]
)
def test_composed(name):
    function, args = getattr(sc, name), ARGUMENTS[name]
    if name in ("gdtr", "gdtrc", "multigammaln"):  # the constant stands in the middle, or last
        check(lambda *ends: function(ends[0], args[1], *ends[1:]), args[:1] + args[2:])
    else:
        held = CONSTANT.get(name, sum(isinstance(arg, int) for arg in args[:-1]))
        check(lambda *rest: np.sum(function(*args[:held], *rest)), args[held:])


def test_signs_and_zeta():
    def f(x, q):
        size, sign = sc.logsumexp(x, b=np.array([-1.0, 3.0, -2.5]), return_sign=True)
        return (
            size * sign + sc.zeta(2.5, q) + np.sum(sc.zeta(3.0, x)) + sc.zeta(2.0) + sc.comb(5.5, q) + sc.round(q) * q
        )

    check(f, (np.array([0.3, 0.7, 1.1]), 1.3))

"""scipy.stats: densities and distribution functions, by the names that SciPy gives them and their parameters."""

from __future__ import annotations

import functools
import inspect
from collections import namedtuple
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from srcad.ir import const
from srcad.lower.casts import dtype_of, is_array, ndim_of
from srcad.lower.elementwise_calls import elementwise
from srcad.lower.known import NONE, ONE, ZERO, ZERO_FLOAT, is_none
from srcad.lower.operands import array_operand, operand
from srcad.lower.operators import binary, unary
from srcad.lower.registry import MUST, Lowering, lowers, with_parameters
from srcad.lower.shapes import FULL, dims, product, reshape, view
from srcad.lower.values import Context, Obj, Tup, Value

#: The shape parameters of each distribution, before its location and scale.
CONTINUOUS = {
    "norm": "", "t": "df", "gamma": "a", "invgamma": "a", "chi2": "df", "beta": "a b", "expon": "", "laplace": "",
    "lognorm": "s", "cauchy": "", "logistic": "", "uniform": "", "halfnorm": "", "halfcauchy": "", "weibull_min": "c",
    "pareto": "b", "erlang": "a", "lomax": "c", "gumbel_r": "", "gumbel_l": "", "rayleigh": "", "maxwell": "", "f": "dfn dfd",
    "genpareto": "c", "fisk": "c", "invgauss": "mu", "skewnorm": "a", "gennorm": "beta", "vonmises": "kappa",
    "loggamma": "c", "truncnorm": "a b",
}  # fmt: skip
DISCRETE = {"poisson": "mu", "binom": "n p", "betabinom": "n a b", "bernoulli": "p", "nbinom": "n p", "geom": "p"}
#: The parameters of distributions of vectors and matrices, which have to be given.
JOINT = {
    "dirichlet": "alpha", "multinomial": "n p", "dirichlet_multinomial": "alpha n", "matrix_normal": "mean rowcov colcov",
    "wishart": "df scale", "invwishart": "df scale",
}  # fmt: skip

METHODS = "logpdf pdf logpmf pmf cdf sf logcdf logsf ppf isf".split()

Standard = Callable[..., Any]


def distributions(module: Any) -> None:
    """Register the functions of scipy.stats; called once it is there."""
    from srcad.lower import distributions as standards

    found = dict(inspect.getmembers(standards, inspect.isfunction))
    for name, shapes in (CONTINUOUS | DISCRETE).items():
        owner, names = getattr(module, name), tuple(shapes.split())
        for method, (function, way) in _ways(name, found).items():
            lowers(getattr(owner, method))(_lowering(f"{name}.{method}", function, names, way, name in DISCRETE))
        lowers(owner)(_frozen(name, owner, names, name in DISCRETE))
    _joint_distributions(module)


def _ways(name: str, found: Mapping[str, Standard]) -> dict[str, tuple[Standard, Callable[..., Value]]]:
    """How each method comes of a standard function: of its own, or of another method's, as in SciPy."""
    log, plain = ("logpmf", "pmf") if name in DISCRETE else ("logpdf", "pdf")
    own = {method: found.get(f"{name}_{method}") for method in METHODS}
    choices: dict[str, list[tuple[str, Callable[..., Value]]]] = {
        log: [(log, _log_density)],
        plain: [(log, _density)],
        "cdf": [("cdf", _as_it_is)],
        "sf": [("sf", _as_it_is), ("cdf", _complement)],
        "logcdf": [("logcdf", _as_it_is), ("cdf", _logarithm)],
        "logsf": [("logsf", _as_it_is), ("sf", _logarithm), ("cdf", _logarithm_of_complement)],
        "ppf": [("ppf", _quantile)],
        "isf": [("isf", _quantile), ("ppf", _quantile_of_complement)],
    }
    ways: dict[str, tuple[Standard, Callable[..., Value]]] = {}
    for method, possible in choices.items():
        for source, way in possible:
            standard = own[source]
            if standard is not None:
                ways.setdefault(method, (standard, way))
    return ways


def _joint_distributions(module: Any) -> None:
    from srcad.lower import joint_distributions as standards

    for name, shapes in JOINT.items():
        owner = getattr(module, name)
        log, plain = ("logpmf", "pmf") if hasattr(owner, "logpmf") else ("logpdf", "pdf")
        parameters = dict.fromkeys(shapes.split(), MUST)
        lowering = _joint(name, getattr(standards, f"{name}_{log}"), parameters)
        lowers(getattr(owner, log))(lowering)
        lowers(getattr(owner, plain))(_exponential(lowering))
        lowers(owner)(_frozen_with(parameters, _frozen_class(name, owner, tuple(parameters))))
    for name, extra in (("multivariate_normal", {}), ("multivariate_t", {"df": ONE})):
        owner = getattr(module, name)
        first, second = ("mean", "cov") if name == "multivariate_normal" else ("loc", "shape")
        gaussian: Mapping[str, Any] = {first: NONE, second: NONE, **extra}
        lowering = _gaussian(name, getattr(standards, f"{name}_logpdf"), gaussian)
        lowers(owner.logpdf)(lowering)
        lowers(owner.pdf)(_exponential(lowering))
        lowers(owner)(_frozen_with(gaussian, _frozen_class(name, owner, tuple(gaussian))))


def _frozen_with(parameters: Mapping[str, Any], cls: type) -> Lowering:
    return with_parameters(parameters, lambda ctx, *values: Tup(values, cls))


def _lowering(
    name: str, standard: Standard, shapes: tuple[str, ...], way: Callable[..., Value], discrete: bool
) -> Lowering:
    first = "q" if name.endswith(("ppf", "isf")) else "k" if discrete else "x"
    scales = {"loc": NONE} if discrete else {"loc": NONE, "scale": NONE}

    def run(ctx: Context, x: Value, *rest: Value) -> Value:
        *own, loc = rest if discrete else rest[:-1]
        return way(ctx, standard, operand(ctx, x, name), own, loc, NONE if discrete else rest[-1])

    return with_parameters({first: MUST, **dict.fromkeys(shapes, MUST), **scales}, run)


def _frozen(name: str, owner: Any, shapes: tuple[str, ...], discrete: bool) -> Lowering:
    """`norm(mu, sigma)`: a tuple of the parameters, with the distribution's functions for methods."""
    scales = {"loc": ZERO} if discrete else {"loc": ZERO_FLOAT, "scale": const(1.0)}
    parameters = dict.fromkeys(shapes, MUST) | scales
    cls = _frozen_class(name, owner, tuple(parameters))
    return _frozen_with(parameters, cls)


def _frozen_class(name: str, owner: Any, fields: tuple[str, ...]) -> type:
    methods = {method: _of_frozen(getattr(owner, method)) for method in METHODS if hasattr(owner, method)}
    return type(name, (namedtuple(name, fields),), methods)


def _of_frozen(function: Any) -> Any:
    def method(self: Any, x: Any) -> Any:
        return function(x, *self)

    return method


def _standard(ctx: Context, function: Standard, x: Value, own: list[Value], loc: Value, scale: Value) -> Value:
    """The standard function at (x - loc) / scale."""
    z = x if is_none(loc) else binary(ctx, "sub", x, loc)
    z = z if is_none(scale) else binary(ctx, "div", z, scale)
    return ctx.call(Obj(function), [operand(ctx, z), *own], {})


def _as_it_is(ctx: Context, function: Standard, x: Value, own: list[Value], loc: Value, scale: Value) -> Value:
    return _standard(ctx, function, x, own, loc, scale)


def _log_density(ctx: Context, function: Standard, x: Value, own: list[Value], loc: Value, scale: Value) -> Value:
    y = _standard(ctx, function, x, own, loc, scale)
    return y if is_none(scale) else binary(ctx, "sub", y, elementwise(ctx, "log", scale))


def _density(ctx: Context, function: Standard, x: Value, own: list[Value], loc: Value, scale: Value) -> Value:
    y = elementwise(ctx, "exp", _standard(ctx, function, x, own, loc, scale))
    return y if is_none(scale) else binary(ctx, "div", y, scale)


def _quantile(ctx: Context, function: Standard, q: Value, own: list[Value], loc: Value, scale: Value) -> Value:
    y = ctx.call(Obj(function), [q, *own], {})
    y = y if is_none(scale) else binary(ctx, "mul", scale, y)
    return y if is_none(loc) else binary(ctx, "add", loc, y)


def _complement(ctx: Context, *args: Any) -> Value:
    return binary(ctx, "sub", const(1.0), _standard(ctx, *args))


def _logarithm(ctx: Context, *args: Any) -> Value:
    return elementwise(ctx, "log", _standard(ctx, *args))


def _logarithm_of_complement(ctx: Context, *args: Any) -> Value:
    return elementwise(ctx, "log1p", unary(ctx, "neg", _standard(ctx, *args)))


def _quantile_of_complement(ctx: Context, function: Standard, q: Value, *rest: Any) -> Value:
    return _quantile(ctx, function, binary(ctx, "sub", const(1.0), q), *rest)


# --- of vectors and matrices --------------------------------------------------------------------------------------------


def _joint(name: str, function: Standard, parameters: Mapping[str, Any]) -> Lowering:
    """Of one point, which has as many axes as the distribution says."""
    axes = 2 if "matrix" in name or "wishart" in name else 1
    first = "X" if name == "matrix_normal" else "x"

    def run(ctx: Context, x: Value, *params: Value) -> Value:
        point = array_operand(ctx, x, name)
        if ndim_of(point) != axes:
            ctx.refuse(f"{name} is supported for one point", "call it in a loop over the points")
        return ctx.call(Obj(function), [point, *(operand(ctx, param, name) for param in params)], {})

    return with_parameters({first: MUST, **parameters}, run)


def _gaussian(name: str, function: Standard, parameters: Mapping[str, Any]) -> Lowering:
    """Of points in the last axis. The matrix may be given by its diagonal, by one number for all of that, or not at all."""

    def run(ctx: Context, x: Value, loc: Value, shape: Value, *rest: Value) -> Value:
        points = operand(ctx, x, name)
        middle = const(0.0) if is_none(loc) else operand(ctx, loc, name)
        matrix = const(1.0) if is_none(shape) else operand(ctx, shape, name)
        if not is_array(points):
            points = ctx.b.op("array", points, shape=(1,), dtype=dtype_of(points))
        elif ndim_of(points) == 1 and not (is_array(middle) or is_array(matrix)):
            points = view(ctx, points, [FULL, None])  # numbers, not a vector
        lead, n = dims(ctx, points)[:-1], dims(ctx, points)[-1]
        if ndim_of(matrix) < 2:
            diagonal = matrix if ndim_of(matrix) else ctx.call(Obj(np.full), [Tup((n,)), matrix], {})
            matrix = operand(ctx, ctx.call(Obj(np.diag), [diagonal], {}))
        rows = reshape(ctx, points, [product(ctx, lead), n]) if len(lead) > 1 else points
        found = ctx.call(Obj(function), [rows, middle, matrix, *rest], {})
        return reshape(ctx, operand(ctx, found), lead) if len(lead) > 1 else found

    return with_parameters({"x": MUST, **parameters}, run)


def _exponential(logarithm: Lowering) -> Lowering:
    @functools.wraps(logarithm)
    def lowering(ctx: Context, *args: Value, **kwargs: Value) -> Value:
        return elementwise(ctx, "exp", logarithm(ctx, *args, **kwargs))

    return lowering

"""scipy.stats: densities and distribution functions, by the names that SciPy gives them and their parameters."""

from __future__ import annotations

import functools
import inspect
from collections import namedtuple
from collections.abc import Callable
from typing import Any

from srcad.ir import const
from srcad.lower.casts import ndim_of
from srcad.lower.elementwise_calls import elementwise
from srcad.lower.known import NONE, ZERO, ZERO_FLOAT, is_none
from srcad.lower.operands import array_operand, operand
from srcad.lower.operators import binary
from srcad.lower.registry import MUST, Lowering, lowers, with_parameters
from srcad.lower.values import Context, Obj, Tup, Value

#: The shape parameters of each distribution, before its location and scale.
CONTINUOUS = {
    "norm": "", "t": "df", "gamma": "a", "invgamma": "a", "chi2": "df", "beta": "a b", "expon": "", "laplace": "",
    "lognorm": "s", "cauchy": "", "logistic": "", "uniform": "", "halfnorm": "", "halfcauchy": "", "weibull_min": "c",
    "pareto": "b",
}  # fmt: skip
DISCRETE = {"poisson": "mu", "binom": "n p", "bernoulli": "p", "nbinom": "n p", "geom": "p"}

METHODS = "logpdf pdf logpmf pmf cdf sf logcdf logsf ppf".split()

Standard = Callable[..., Any]


@functools.cache
def distributions(module: Any) -> None:
    """Register the functions of scipy.stats; called once it is there."""
    from srcad.lower import distributions as standards

    found = dict(inspect.getmembers(standards, inspect.isfunction))
    for name, shapes in (CONTINUOUS | DISCRETE).items():
        owner, names = getattr(module, name), tuple(shapes.split())
        log, plain = ("logpmf", "pmf") if name in DISCRETE else ("logpdf", "pdf")
        ways: dict[str, tuple[str, Callable[..., Value]]] = {log: (log, _log_density), plain: (log, _density)}
        ways |= {method: (method, _as_it_is) for method in ("cdf", "sf", "logcdf", "logsf")} | {
            "ppf": ("ppf", _quantile)
        }
        for method, (standard, way) in ways.items():
            function = found.get(f"{name}_{standard}")
            if function is not None:
                lowers(getattr(owner, method))(_lowering(f"{name}.{method}", function, names, way, name in DISCRETE))
        lowers(owner)(_frozen(name, owner, names, name in DISCRETE))
    normal, dirichlet = module.multivariate_normal, module.dirichlet
    lowers(normal.logpdf)(functools.partial(_multivariate_normal, standards.multivariate_normal_logpdf))
    lowers(normal.pdf)(_exponential(functools.partial(_multivariate_normal, standards.multivariate_normal_logpdf)))
    lowers(normal)(functools.partial(_frozen_normal, _frozen_class("multivariate_normal", normal, ("mean", "cov"))))
    lowers(dirichlet.logpdf)(functools.partial(_dirichlet, standards.dirichlet_logpdf))
    lowers(dirichlet.pdf)(_exponential(functools.partial(_dirichlet, standards.dirichlet_logpdf)))


def _lowering(
    name: str, standard: Standard, shapes: tuple[str, ...], way: Callable[..., Value], discrete: bool
) -> Lowering:
    first = "q" if name.endswith("ppf") else "k" if discrete else "x"
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
    return with_parameters(parameters, lambda ctx, *values: Tup(values, cls))


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


# --- of vectors -----------------------------------------------------------------------------------------------------------


def _multivariate_normal(function: Standard, ctx: Context, x: Value, mean: Value = NONE, cov: Value = NONE) -> Value:
    points, matrix = array_operand(ctx, x, "multivariate_normal"), array_operand(ctx, cov, "cov")
    if ndim_of(points) not in (1, 2) or ndim_of(matrix) != 2:
        ctx.refuse(
            "multivariate_normal is supported for a vector or rows, and a matrix cov=",
            "write the covariance as a matrix",
        )
    return ctx.call(Obj(function), [points, const(0.0) if is_none(mean) else mean, matrix], {})


def _frozen_normal(cls: type, ctx: Context, mean: Value = NONE, cov: Value = NONE) -> Value:
    return Tup((mean, cov), cls)


def _dirichlet(function: Standard, ctx: Context, x: Value, alpha: Value) -> Value:
    point, weights = array_operand(ctx, x, "dirichlet"), array_operand(ctx, alpha, "alpha")
    if ndim_of(point) != 1:
        ctx.refuse("dirichlet is supported for one point", "call it in a loop over the points")
    return ctx.call(Obj(function), [point, weights], {})


def _exponential(logarithm: Lowering) -> Lowering:
    @functools.wraps(logarithm)
    def lowering(ctx: Context, *args: Value, **kwargs: Value) -> Value:
        return elementwise(ctx, "exp", logarithm(ctx, *args, **kwargs))

    return lowering

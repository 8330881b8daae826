"""np.random: draws are constants to every derivative, and are made once, in the forward sweep.

Where a distribution is a function of its parameters and of a draw that has none (mu + sigma * z), it is written so, and has the
derivative of that. A parameter of which no such function is known has to be constant. The numbers are NumPy's for the same seed
where the code is interpreted, and those that Numba gives where it is compiled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from srcad.ir import Atom, const
from srcad.lower import matrix_library
from srcad.lower.arguments import shape_of
from srcad.lower.casts import is_array, ndim_of
from srcad.lower.elementwise_calls import elementwise
from srcad.lower.known import NONE, TRUE, ZERO, ZERO_FLOAT, describe, flag, is_none
from srcad.lower.operands import array_operand, int_operand, operand
from srcad.lower.operators import binary
from srcad.lower.registry import MUST, Lowering, lowers, with_parameters
from srcad.lower.shapes import alloc, dim, dims, reshape, size
from srcad.lower.values import Context, Obj, Tup, Value

ONE_FLOAT = const(1.0)
LOCATION: Mapping[str, Any] = {"loc": ZERO_FLOAT, "scale": ONE_FLOAT}
INTEGERS = frozenset("poisson binomial geometric randint permutation".split())


def draw(ctx: Context, function: str, params: Sequence[Atom] = (), shape: Sequence[Atom] | None = None) -> Atom:
    """One number, or an array of the shape."""
    dtype = "int64" if function in INTEGERS else "float64"
    return ctx.b.op("draw", *params, *(shape or []), function=function, count=len(params), dtype=dtype)


def _shape(ctx: Context, given: Value, params: Sequence[Atom]) -> list[Atom] | None:
    """size=, or the shape to which the parameters broadcast; None for one number."""
    if not is_none(given):
        return shape_of(ctx, given)
    found: list[Atom] = []
    for own in (dims(ctx, param) for param in params):
        longer, shorter = (own, found) if len(own) > len(found) else (found, own)
        extra = len(longer) - len(shorter)
        met = [ctx.b.op("broadcast_dim", n, m) for n, m in zip(longer[extra:], shorter, strict=True)]
        found = [*longer[:extra], *met]
    return found or None


def _distribution(parameters: Mapping[str, Any], made: Callable[..., Value]) -> Lowering:
    """The lowering of a function of these parameters and of size=, by what is made of them."""

    def run(ctx: Context, *values: Value) -> Value:
        given = [operand(ctx, value, "a distribution") for value in values[:-1]]
        return made(ctx, given, values[-1])

    return with_parameters({**parameters, "size": NONE}, run)


# --- functions of a draw ----------------------------------------------------------------------------------------------


def _moved(ctx: Context, z: Value, loc: Value, scale: Value) -> Value:
    return binary(ctx, "add", loc, _scaled(ctx, z, scale))


def _scaled(ctx: Context, z: Value, scale: Value) -> Value:
    return binary(ctx, "mul", scale, z)


def _lognormal(ctx: Context, z: Value, mean: Value, sigma: Value) -> Value:
    return elementwise(ctx, "exp", _moved(ctx, z, mean, sigma))


def _between(ctx: Context, z: Value, low: Value, high: Value) -> Value:
    return _moved(ctx, z, low, binary(ctx, "sub", high, low))


def _weibull(ctx: Context, z: Value, a: Value) -> Value:
    return binary(ctx, "pow", z, binary(ctx, "div", ONE_FLOAT, a))


def _pareto(ctx: Context, z: Value, a: Value) -> Value:
    return elementwise(ctx, "expm1", binary(ctx, "div", z, a))


#: The parameters; what is drawn, with which standard parameters; and the formula.
FORMULAS: dict[str, tuple[Mapping[str, Any], str, tuple[Atom, ...], Callable[..., Value]]] = {
    "normal": (LOCATION, "standard_normal", (), _moved),
    "laplace": (LOCATION, "laplace", (ZERO_FLOAT, ONE_FLOAT), _moved),
    "logistic": (LOCATION, "logistic", (ZERO_FLOAT, ONE_FLOAT), _moved),
    "gumbel": (LOCATION, "gumbel", (ZERO_FLOAT, ONE_FLOAT), _moved),
    "uniform": ({"low": ZERO_FLOAT, "high": ONE_FLOAT}, "random", (), _between),
    "lognormal": ({"mean": ZERO_FLOAT, "sigma": ONE_FLOAT}, "standard_normal", (), _lognormal),
    "exponential": ({"scale": ONE_FLOAT}, "standard_exponential", (), _scaled),
    "rayleigh": ({"scale": ONE_FLOAT}, "rayleigh", (ONE_FLOAT,), _scaled),
    "weibull": ({"a": MUST}, "standard_exponential", (), _weibull),
    "pareto": ({"a": MUST}, "standard_exponential", (), _pareto),
    **{name: ({}, name, (), lambda ctx, z: z) for name in ("standard_normal", "standard_exponential", "random")},
}


def _by_formula(function: str, standard: tuple[Atom, ...], formula: Callable[..., Value]) -> Callable[..., Value]:
    def made(ctx: Context, params: list[Atom], size: Value) -> Value:
        return formula(ctx, draw(ctx, function, standard, _shape(ctx, size, params)), *params)

    return made


for _name, (_parameters, _function, _standard, _formula) in FORMULAS.items():
    lowers(getattr(np.random, _name))(_distribution(_parameters, _by_formula(_function, _standard, _formula)))
for _name in ("random_sample", "ranf", "sample"):
    lowers(getattr(np.random, _name))(_distribution({}, _by_formula("random", (), lambda ctx, z: z)))


def _of_sizes(function: str) -> Lowering:
    return lambda ctx, *sizes: draw(ctx, function, (), [int_operand(ctx, n, "a size") for n in sizes])


lowers(np.random.rand)(_of_sizes("random"))
lowers(np.random.randn)(_of_sizes("standard_normal"))

# --- with parameters that must be constant ----------------------------------------------------------------------------


def _drawn(function: str, ctx: Context, params: list[Atom], given: Value) -> Value:
    """One for each place, where a parameter is an array."""
    shape = _shape(ctx, given, params)
    if shape is None or not any(map(is_array, params)):
        return draw(ctx, function, params, shape)
    out = alloc(ctx, shape, "int64" if function in INTEGERS else "float64")
    count = size(ctx, out)
    each = [reshape(ctx, ctx.b.op("expand", p, *shape), [count]) if is_array(p) else p for p in params]
    places = reshape(ctx, out, [count]) if len(shape) > 1 else out
    ctx.call(Obj(matrix_library.draw_each), [Obj(getattr(np.random, function)), places, Tup(tuple(each))], {})
    return out


CONSTANTS: dict[str, Mapping[str, Any]] = {
    "standard_gamma": {"shape": MUST},
    "chisquare": {"df": MUST},
    "standard_t": {"df": MUST},
    "geometric": {"p": MUST},
    "poisson": {"lam": ONE_FLOAT},
    "beta": {"a": MUST, "b": MUST},
    "binomial": {"n": MUST, "p": MUST},
}
for _name, _parameters in CONSTANTS.items():
    lowers(getattr(np.random, _name))(_distribution(_parameters, partial(_drawn, _name)))


def _gamma(ctx: Context, params: list[Atom], given: Value) -> Value:
    """Its scale is one, its shape a parameter of the draw."""
    shape, scale = params
    if is_none(given) and is_array(scale):
        shape = ctx.b.op("expand", shape, *(_shape(ctx, NONE, params) or [])) if is_array(shape) else shape
        given = Tup(tuple(_shape(ctx, NONE, params) or ()))
    return binary(ctx, "mul", scale, _drawn("standard_gamma", ctx, [shape], given))


lowers(np.random.gamma)(_distribution({"shape": MUST, "scale": ONE_FLOAT}, _gamma))


@lowers(np.random.randint)
def _randint(ctx: Context, low: Value, high: Value = NONE, size: Value = NONE) -> Value:
    if is_none(high):
        low, high = ZERO, low
    bounds = [int_operand(ctx, bound, "a bound of np.random.randint") for bound in (low, high)]
    return draw(ctx, "randint", bounds, None if is_none(size) else shape_of(ctx, size))


@lowers(np.random.permutation)
def _permutation(ctx: Context, x: Value) -> Value:
    a = operand(ctx, x, "np.random.permutation")
    if is_array(a):
        return ctx.call(Obj(np.take), [a, _permutation(ctx, dim(ctx, a, 0)), ZERO], {})
    return draw(ctx, "permutation", (), [int_operand(ctx, a, "the length of a permutation")])


@lowers(np.random.shuffle)
def _shuffle(ctx: Context, x: Value) -> Value:
    a = array_operand(ctx, x, "np.random.shuffle")
    ctx.b.effect("assign", a, operand(ctx, _permutation(ctx, a)))
    return NONE


@lowers(np.random.choice)
def _choice(ctx: Context, a: Value, size: Value = NONE, replace: Value = TRUE) -> Value:
    x = operand(ctx, a, "np.random.choice")
    if ndim_of(x) > 1:
        ctx.type_error(f"np.random.choice takes a vector or a number, not {describe(x)}")
    n = dim(ctx, x, 0) if is_array(x) else int_operand(ctx, x, "the number of choices")
    if not flag(ctx, replace, "replace="):
        ctx.refuse("choice without replacement is not supported", "take the first of np.random.permutation(n)")
    places = draw(ctx, "randint", [ZERO, n], None if is_none(size) else shape_of(ctx, size))
    return ctx.call(Obj(np.take), [x, places], {}) if is_array(x) else places


@lowers(np.random.seed)
def _seed(ctx: Context, seed: Value) -> Value:
    ctx.b.effect("draw", int_operand(ctx, seed, "the seed"), function="seed", count=1)
    return NONE

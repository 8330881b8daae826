"""One test walks the whole rule book: each rule against numerical differentiation, in both modes, to second order, in float32."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from interp import run
from srcad.ir import (
    BOOL,
    FLOAT,
    INT,
    Array,
    Atom,
    Builder,
    Const,
    Op,
    Param,
    Scalar,
    Trace,
    Tree,
    Type,
    Var,
    const,
    is_float,
    leaves,
    verify,
    walk,
)
from srcad.ops import ELEMENTWISE, MATH, RESULTS
from srcad.transforms.rules import has_rule, is_constant, pullback
from srcad.transforms.rules.complex_numbers import HOLOMORPHIC
from srcad.transforms.rules.language import BOOK
from srcad.transforms.rules.language import rule as enter
from srcad.transforms.rules.points import COMPLEX
from srcad.transforms.rules.structural import SEVERAL, STRUCTURAL, Case
from srcad.transforms.tangent import tangent

#: The ops of complex numbers.
PARTS = ("real", "imag", "conj", "complex")


def single(name: str, args: Sequence[Atom], **attrs: Any) -> Trace:
    """The function of the args that are Vars, of one op."""
    return of_result(name, args, 0, **attrs)


def of_result(name: str, args: Sequence[Any], result: int, **attrs: Any) -> Trace:
    """The same, where the op may have several results, and where "det" and "factors" stand for those of the first argument."""
    b = Builder()
    given = [arg for arg in args if not isinstance(arg, str)]
    made = {"det": lambda: [b.op("det", given[0])], "factors": lambda: b.several("factor", given[0])}
    args = [atom for arg in args for atom in (made[arg]() if isinstance(arg, str) else [arg])]
    ys = b.several(name, *args, **attrs) if name in SEVERAL else [b.op(name, *args, hint="y", **attrs)]
    params = tuple(Param(v.hint, v) for v in dict.fromkeys(given) if isinstance(v, Var))
    return verify(Trace("f", params, b.block(ys[result]), 0))


def reverse(trace: Trace) -> Trace:
    """The adjoint of a trace of ops without control flow or memory: parameters (*args, y_bar), results the x_bars."""
    b = Builder(list(trace.body.stmts))
    y = trace.body.yields[0]
    assert isinstance(y, Var)
    y_bar = y.like("y_bar")
    bars: dict[Var, Atom] = {y: y_bar}
    for op in reversed(trace.body.stmts):
        assert isinstance(op, Op)
        y_bars = [bars.get(y) for y in op.results]
        if not any(y_bars) or is_constant(op.name):
            continue
        wanted = [isinstance(arg, Var) and is_float(arg.type) for arg in op.args]
        for arg, given in zip(op.args, pullback(b, op, y_bars, wanted), strict=True):
            if given is not None:
                assert isinstance(arg, Var)
                bars[arg] = b.op("add", bars[arg], given) if arg in bars else given
    inputs = [v for v in trace.inputs if is_float(v.type)]
    results = [bars.get(v, const(0.0)) for v in inputs]
    params = (*trace.params, Param("y_bar", y_bar))
    return verify(Trace("f_adjoint", params, b.block(*results), Tree(tuple(range(len(results))))))


def numeric(trace: Trace, args: Sequence[Any], dots: Sequence[Any]) -> Any:
    """The derivative of the trace along `dots` (for float arguments only), by central differences of the fourth order."""

    def at(h: float) -> Any:
        moving = iter(dots)
        moved = [a + h * next(moving) if is_float(v.type) else a for a, v in zip(args, trace.inputs, strict=True)]
        return flatten(run(trace, *moved))

    h = 1e-3
    pairs = zip(at(h), at(-h), at(2 * h), at(-2 * h), strict=True)
    return [(8 * (p - m) - (pp - mm)) / (12 * h) for p, m, pp, mm in pairs]


def flatten(value: Any) -> list[Any]:
    return [leaf for item in value for leaf in flatten(item)] if isinstance(value, tuple) else [value]


def check(trace: Trace, args: Sequence[Any], order: int = 2, tolerance: float = 2e-8) -> None:
    """Both modes against numerical differentiation and against each other, and again for the derivatives they give."""
    rng = np.random.default_rng(0)
    inputs = [(a, v) for a, v in zip(args, trace.inputs, strict=True) if is_float(v.type)]
    dots = [rng.uniform(-1, 1, np.shape(a))[()] for a, _ in inputs]
    _, y_dot = run(verify(tangent(trace)), *args, *dots)
    np.testing.assert_allclose(
        np.hstack([np.ravel(v) for v in flatten(y_dot)]),
        np.hstack([np.ravel(v) for v in numeric(trace, args, dots)]),
        rtol=tolerance,
        atol=tolerance,
    )
    if isinstance(trace.returns, int):
        y_bar = rng.uniform(-1, 1, np.shape(y_dot))[()]
        backward = reverse(trace)
        x_bars = run(backward, *args, y_bar)
        forward = sum(
            np.sum(np.broadcast_to(bar, np.shape(x)) * d) for bar, (x, _), d in zip(x_bars, inputs, dots, strict=True)
        )
        np.testing.assert_allclose(np.real(forward), np.real(np.sum(y_bar * y_dot)), rtol=1e-12, atol=1e-14)
        if order > 1:
            check(backward, [*args, y_bar], order - 1, 1e-6)


# --- the book ---


def variables(rule: Any, type: Type = FLOAT) -> list[Atom]:
    """An upper-case name stands for a literal."""
    known = {p: p for p in rule.params if not isinstance(p, str)} | dict(rule.unknown)
    named = {p: Var(p, type) for p in rule.params if p not in known and not p.isupper()}
    return [named[p] if p in named else const(known.get(p, 1.7)) for p in rule.params]


def entries() -> list[Any]:
    real = [rule for rules in BOOK.values() for rule in rules if rule.op not in PARTS]
    return [pytest.param(rule, id=rule.text.split(";")[0]) for rule in real]


@pytest.mark.parametrize("name", [*PARTS, *sorted(name for name in HOLOMORPHIC if ELEMENTWISE[name].arity == 1)])
@pytest.mark.parametrize("z", COMPLEX)
def test_complex(name: str, z: complex) -> None:
    """Forward against differences in any direction; and Re(z_bar z_dot) is Re(y_bar y_dot)."""
    parts = [Var("a", FLOAT), Var("b", FLOAT)] if name == "complex" else [Var("z", Scalar("complex128"))]
    args = [z.real, z.imag] if name == "complex" else [z]
    trace = single(name, parts)
    for dots in ([0.7] * len(args), [-0.2] * len(args)) if name == "complex" else ([1.0], [1j], [0.3 - 2j]):
        y_dot = run(verify(tangent(trace)), *args, *dots)[1]
        np.testing.assert_allclose(y_dot, numeric(trace, args, dots)[0], rtol=1e-8)
        for y_bar in (1.0, 0.4 + 0.9j) if np.iscomplexobj(y_dot) else (1.0,):
            bars = run(reverse(trace), *args, y_bar)
            backward = sum((bar * dot).real for bar, dot in zip(bars, dots, strict=True))
            np.testing.assert_allclose(backward, (y_bar * y_dot).real, rtol=1e-12)


@pytest.mark.parametrize("rule", entries())
def test_book(rule: Any) -> None:
    args = variables(rule)
    attrs = {"dtype": "float64"} if rule.op == "cast" else {}
    if rule.op == "where":
        args[0] = Var("c", BOOL)
    trace = single(rule.op, args, **attrs)
    for point in rule.points:
        check(trace, point if isinstance(point, tuple) else (point,))


def test_no_rule_without_points() -> None:
    with pytest.raises(TypeError, match="'at'"):
        enter("y = sin(x)", "y_dot = cos(x) * x_dot", "x_bar = cos(x) * y_bar")  # type: ignore[call-arg]
    assert all(len(rule.points) >= 2 for rules in BOOK.values() for rule in rules)


@pytest.mark.parametrize("rule", entries())
def test_float32(rule: Any) -> None:
    """Nothing that is computed for a float32 derivative is a float64."""
    args = variables(rule, Scalar("float32"))
    if rule.op == "where":
        args[0] = Var("c", BOOL)
    trace = single(rule.op, args, **({"dtype": "float32"} if rule.op == "cast" else {}))
    for derived in (tangent(trace), reverse(trace)):
        types = {str(v.type) for stmt in walk(derived.body) for v in stmt.results}
        assert types <= {"float32", "bool", "int64"}, types


@pytest.mark.parametrize(
    "dtypes", [("float32", "float64"), ("float64", "float32"), ("int64", "float32"), ("float32", "int64")]
)
@pytest.mark.parametrize("name", ["add", "mul", "div", "pow", "maximum", "arctan2", "hypot"])
def test_mixed_dtypes(name: str, dtypes: tuple[str, str]) -> None:
    """A contribution has the dtype of its argument, a dot that of its result."""
    trace = single(name, [Var("a", Scalar(dtypes[0])), Var("b", Scalar(dtypes[1]))])
    forward = tangent(trace)
    y, y_dot = (forward.body.yields[i].type for i in leaves(forward.returns))
    assert y == y_dot
    floats = [v.type for v in trace.inputs if is_float(v.type)]
    assert [v.type for v in reverse(trace).body.yields] == floats


def test_every_op_is_known() -> None:
    """An op has a rule, or its derivative is zero, or it is refused; never two of these."""
    refused = {name for name in ELEMENTWISE if not has_rule(name) and not is_constant(name)}
    assert refused == {f"math_{name}" for name in MATH}  # threads of a GPU have them, after derivatives are taken
    assert not [name for name in ELEMENTWISE if has_rule(name) and is_constant(name)]


# --- corners ---

INFINITY, NAN = math.inf, math.nan

#: name, arguments, gradient: what JAX gives, or better where it gives NaN (the pow at 0, hypot at the origin).
CORNERS: list[tuple[str, tuple[float, ...], tuple[float, ...]]] = [
    ("abs", (0.0,), (0.0,)),
    ("abs", (-0.0,), (0.0,)),
    ("sqrt", (0.0,), (INFINITY,)),
    ("cbrt", (0.0,), (INFINITY,)),
    ("log", (0.0,), (INFINITY,)),
    ("maximum", (1.0, 1.0), (0.5, 0.5)),
    ("minimum", (1.0, 1.0), (0.5, 0.5)),
    ("fmax", (1.0, 1.0), (0.5, 0.5)),
    ("fmin", (1.0, 1.0), (0.5, 0.5)),
    ("fmax", (1.0, NAN), (1.0, 0.0)),
    ("fmin", (NAN, 1.0), (0.0, 1.0)),
    ("maximum", (-INFINITY, 1.0), (0.0, 1.0)),
    ("hypot", (0.0, 0.0), (0.0, 0.0)),
    ("hypot", (3.0, 0.0), (1.0, 0.0)),
    ("pow", (0.0, 2.0), (0.0, 0.0)),
    ("pow", (0.0, 1.0), (1.0, 0.0)),
    ("pow", (0.0, 0.0), (0.0, 0.0)),
    ("pow", (0.0, 0.5), (INFINITY, 0.0)),
    ("pow", (2.0, 0.0), (0.0, math.log(2.0))),
    ("pow", (-2.0, 3.0), (12.0, NAN)),
    ("logaddexp", (1000.0, 0.0), (1.0, 0.0)),
    ("logaddexp", (-1000.0, -1000.0), (0.5, 0.5)),
    ("logaddexp", (-INFINITY, 1.0), (0.0, 1.0)),
    ("logaddexp2", (2000.0, 0.0), (1.0, 0.0)),
    ("copysign", (2.0, -0.0), (-1.0, 0.0)),
    ("copysign", (0.0, -1.0), (0.0, 0.0)),
    ("mod", (-7.5, 2.0), (1.0, 4.0)),
    ("fmod", (-7.5, 2.0), (1.0, 3.0)),
    ("arctan2", (0.0, -1.0), (-1.0, 0.0)),
    ("tanh", (1000.0,), (0.0,)),
    ("arcsinh", (-2.0,), (1 / math.sqrt(5.0),)),
    ("expm1", (0.0,), (1.0,)),
]


@pytest.mark.parametrize(("name", "args", "gradient"), CORNERS)
def test_corners(name: str, args: tuple[float, ...], gradient: tuple[float, ...]) -> None:
    trace = single(name, [Var(hint, FLOAT) for hint, _ in zip("abc", args, strict=False)])
    np.testing.assert_allclose(run(reverse(trace), *args, 1.0), gradient, rtol=1e-12)
    for k in range(len(args)):
        _, y_dot = run(tangent(trace, [k]), *args, 1.0)
        np.testing.assert_allclose(y_dot, gradient[k], rtol=1e-12)


LITERAL_POWERS = [
    (0.0, 2, 0.0),
    (-3.0, 2, -6.0),
    (0.0, 1, 1.0),
    (0.0, 0, 0.0),
    (-2.0, 3, 12.0),
    (2.0, -1, -0.25),
    (4.0, 0.5, 0.25),
]


@pytest.mark.parametrize(("x", "n", "slope"), LITERAL_POWERS)
def test_literal_exponents(x: float, n: int | float, slope: float) -> None:
    trace = single("pow", [Var("x", FLOAT), const(n)])
    assert run(reverse(trace), x, 1.0) == (slope,)
    assert run(tangent(trace), x, 1.0)[1] == slope


def test_integer_exponent() -> None:
    """x**n at n = 0 has the derivative 0 also where x is 0."""
    trace = single("pow", [Var("x", FLOAT), Var("n", INT)])
    for x, n in itertools.product((-2.0, 0.0, 1.5), (0, 1, 2, 5)):
        assert run(reverse(trace), x, n, 1.0) == (n * x ** max(n - 1, 0),)


def test_where_masks() -> None:
    """What was not chosen gets a zero, though its own adjoint would be infinite or NaN."""
    trace = single("where", [Var("c", BOOL), Var("a", FLOAT), Var("b", FLOAT)])
    assert run(reverse(trace), True, 1.0, 2.0, INFINITY) == (INFINITY, 0.0)
    assert run(reverse(trace), False, 1.0, 2.0, NAN)[0] == 0.0


# --- whole-array functions ---


def matrix(ndim: int, dtype: str = "float64") -> Array:
    return Array(dtype, ndim)


def argument(kind: str, position: int) -> tuple[Any, Any]:
    """The argument of this kind: an array with an axis for each letter, square matrices with s and positive definite ones with p,
    a vector w of numbers apart, the determinant or the factors of the first argument, rows to be swapped, or a literal."""
    if kind.isdigit():
        return const(int(kind)), None
    rng, name = np.random.default_rng([4, position]), "abc"[position]
    if kind in ("det", "factors"):
        return kind, None
    if kind == "swaps":
        return Var(name, Array("int64", 1)), np.array([2, 2, 2])
    if kind == "w":
        return Var(name, matrix(1)), np.array([0.3, 1.1, 2.5])
    value = rng.standard_normal([{"m": 4, "n": 3, "s": 3, "p": 3, "k": 2}[letter] for letter in kind])
    if kind == "ss":
        value += 3 * np.eye(3)
    elif kind == "pp":
        value = value @ value.T + 3 * np.eye(3)
    return Var(name, matrix(len(kind))), value


def whole_array_rules() -> list[Any]:
    """For each rule in Python, each of its cases, and of ops with several results each one that is a float."""
    found = []
    for name, entry in (STRUCTURAL | SEVERAL).items():
        for case in entry.at:
            results = {"lu": 1, "eig": 1}.get(
                name, len(RESULTS.get(name, "y"))
            )  # of eig, lengths are not the rule's business
            label = " ".join([name, case.kinds, *map(str, case.attrs.values())])
            found += [pytest.param(name, case, k, id=f"{label} {k}") for k in range(results)]
    return found


@pytest.mark.parametrize(("name", "case", "result"), whole_array_rules())
def test_whole_array_rules(name: str, case: Case, result: int) -> None:
    args, values = zip(*[argument(kind, position) for position, kind in enumerate(case.kinds.split())], strict=True)
    check(of_result(name, args, result, **case.attrs), [value for value in values if value is not None])


def test_ties_share() -> None:
    trace = single("max", [Var("x", matrix(2))], axis=(1,), keepdims=False)
    x = np.array([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]])
    (x_bar,) = run(reverse(trace), x, np.array([1.0, 3.0]))
    np.testing.assert_allclose(x_bar, [[0, 0.5, 0.5], [1, 1, 1]])


def test_matrix_float32() -> None:
    for name in ("dot", "solve"):
        trace = single(name, [Var("a", matrix(2, "float32")), Var("b", matrix(1, "float32"))])
        for derived in (tangent(trace), reverse(trace)):
            types: set[Type] = {v.type for stmt in walk(derived.body) for v in stmt.results}
            assert {type.dtype for type in types} <= {"float32", "int64"}  # type: ignore[union-attr]


def test_const_arguments() -> None:
    """A global constant takes part in a rule but has no derivative."""
    g = Const(9.81, FLOAT, weak=True, name="G")
    check(single("mul", [Var("x", FLOAT), g]), [1.3])
    check(single("pow", [Var("x", FLOAT), Const(3, INT, name="N")]), [1.3])

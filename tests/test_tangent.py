"""Forward mode against numerical differentiation, and what its traces look like."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

from interp import run
from srcad.ir import Array, Builder, Param, Static, Trace, Tree, Var, const, is_float, leaves, show, verify, walk
from srcad.transforms.cse import cse
from srcad.transforms.dce import dce
from srcad.transforms.fold import fold
from srcad.transforms.tangent import tangent
from test_rules import flatten
from traces import FLOAT, INT, PROGRAMS, VECTOR, trace


def numeric(given: Trace, args: Any, dots: Any) -> list[Any]:
    def at(h: float) -> list[Any]:
        moving = iter(dots)
        moved = [
            copy.copy(a) + h * next(moving) if is_float(v.type) else a for a, v in zip(args, given.inputs, strict=True)
        ]
        return [np.copy(value) for value in flatten(run(given, *moved))]

    h = 1e-3
    pairs = zip(at(h), at(-h), at(2 * h), at(-2 * h), strict=True)
    return [(8 * (p - m) - (pp - mm)) / (12 * h) for p, m, pp, mm in pairs]


def directions(given: Trace, args: Any) -> list[Any]:
    rng = np.random.default_rng(5)
    return [rng.uniform(-1, 1, np.shape(a)) for a, v in zip(args, given.inputs, strict=True) if is_float(v.type)]


def agree(got: Any, wanted: Any, tolerance: float) -> None:
    for one, other in zip(flatten(got), wanted, strict=True):
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)


SIMPLIFIERS = {"plain": verify, "simplified": lambda t: verify(dce(verify(cse(verify(fold(t))))))}


@pytest.mark.parametrize("simplify", SIMPLIFIERS.values(), ids=SIMPLIFIERS)
@pytest.mark.parametrize("name", PROGRAMS)
def test_programs(name: str, simplify: Any) -> None:
    """The first derivative, and the derivative of the derivative."""
    make, args = PROGRAMS[name]
    primal = make()
    first = simplify(tangent(primal))
    dots = directions(primal, args)
    y, y_dot = run(first, *args, *dots)
    agree(y, flatten(run(primal, *args)), 1e-15)
    agree(y_dot, numeric(primal, args, dots), 1e-8)
    second = simplify(tangent(first))
    more = directions(first, (*args, *dots))
    agree(run(second, *args, *dots, *more)[1], numeric(first, (*args, *dots), more), 1e-6)


def test_wrt() -> None:
    """Only the parameters that are asked for have dots, and what does not depend on them has none."""
    make, args = PROGRAMS["smooth"]
    primal = make()
    derived = tangent(primal, [1])
    assert [p.name for p in derived.params] == ["x", "a", "a_dot"]
    _, y_dot = run(derived, *args, 1.0)
    agree(y_dot, numeric(primal, args, [np.zeros(6), 1.0]), 1e-8)


def test_constant_results() -> None:
    """A float that does not depend on x has a zero, an integer has nothing."""
    x, b = Var("x", FLOAT), Builder()
    n = b.op("cast", x, dtype="int64")
    u = b.op("alloc", n, hint="u", fill="ones", dtype="float64")
    y, y_dot = run(verify(tangent(trace("f", [x], b, n, u, const(2.0)))), 3.2, 1.0)
    assert y_dot[0] is None
    np.testing.assert_array_equal(y_dot[1], np.zeros(3))
    assert y_dot[2] == 0.0


def test_the_seed_is_not_returned_or_written() -> None:
    x, b = Var("x", VECTOR), Builder()
    u = b.op("copy", x)
    b.effect("store", u, const(0), const(1.0))
    derived = verify(tangent(trace("f", [x], b, x, u)))
    x_dot = np.array([1.0, 2.0])
    _, (same, stored) = run(derived, np.zeros(2), x_dot)
    assert not np.shares_memory(same, x_dot)
    assert not np.shares_memory(stored, x_dot)
    np.testing.assert_array_equal(x_dot, [1.0, 2.0])
    np.testing.assert_array_equal(stored, [0.0, 2.0])


def test_a_written_parameter() -> None:
    """Also without `protect` the seed stays as it is."""
    x, b = Var("x", VECTOR), Builder()
    b.effect("update", x, const(0), b.op("load", x, const(1)))
    derived = verify(tangent(trace("f", [x], b, b.op("load", x, const(0)))))
    x_dot = np.array([1.0, 2.0])
    assert run(derived, np.ones(2), x_dot) == (2.0, 3.0)
    np.testing.assert_array_equal(x_dot, [1.0, 2.0])


def test_a_seed_of_the_wrong_shape() -> None:
    x, b = Var("x", VECTOR), Builder()
    derived = tangent(trace("f", [x], b, b.op("load", x, const(0))))
    with pytest.raises(ValueError, match="broadcast"):
        run(derived, np.ones(2), np.ones(3))


def test_trees() -> None:
    """A tuple parameter has a tuple of dots; what is no float has None."""
    x, n, w = Var("x", FLOAT), Var("n", INT), Var("w", FLOAT)
    b = Builder()
    y = b.op("mul", b.op("mul", x, n), w)
    primal = Trace("f", (Param("p", Tree((x, Tree((n, w))))),), b.block(y, n), Tree((0, Tree((1,)))))
    derived = verify(tangent(primal))
    tree = derived.params[1].tree
    assert derived.params[1].name == "p_dot"
    assert isinstance(tree.items[1].items[0], Static)
    assert len(leaves(tree)) == 2
    y, y_dot = run(derived, (2.0, (3, 5.0)), (1.0, (None, 0.5)))
    assert y_dot == (15.0 + 3.0, (None,))


def test_stop_gradient() -> None:
    x, v, b = Var("x", FLOAT), Var("v", VECTOR), Builder()
    y = b.op("mul", b.op("stop_gradient", x), x)
    z = b.op("load", b.op("stop_gradient", v), const(0))
    derived = tangent(trace("f", [x, v], b, b.op("add", y, z)))
    assert run(derived, 3.0, np.ones(2), 1.0, np.ones(2)) == (10.0, 3.0)


def test_fortran_layout() -> None:
    """The zeros for a parameter without a seed have the layout that the types promise."""
    x, w, b = Var("x", Array("float64", 2, "F")), Var("w", FLOAT), Builder()
    b.effect("store", x, const(0), const(0), w)
    derived = verify(tangent(trace("f", [x, w], b, b.op("load", x, const(0), const(0))), [1]))
    assert run(derived, np.asfortranarray(np.ones((2, 3))), 4.0, 1.0) == (4.0, 1.0)


def test_straight_line_is_lean() -> None:
    """One op for a product with a constant, none for an addition of one."""
    x, w, b = Var("x", FLOAT), Var("w", FLOAT), Builder()
    derived = tangent(trace("f", [x, w], b, b.op("add", b.op("mul", x, w, hint="z"), w, hint="y")), [0])
    assert len(list(walk(derived.body))) == 3, show(derived)
    assert [v.hint for stmt in walk(derived.body) for v in stmt.results] == ["z", "z_dot", "y"]

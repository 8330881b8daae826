"""Checks of derivatives for users' own test suites, after `jax.test_util`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from srcad.api import grad, jvp, tangent, vjp
from srcad.primitive import with_rule
from srcad.trees import copied

Function = Callable[..., Any]
Vector = NDArray[np.float64]


def check_grads(
    f: Function,
    args: Sequence[Any],
    order: int = 2,
    modes: Sequence[str] = ("fwd", "rev"),
    atol: float | None = None,
    rtol: float | None = None,
    eps: float | None = None,
) -> None:
    """Check the derivatives that srcad gives for `f` at `args`; raise AssertionError where they are wrong.

    Forward mode is compared with central differences (Richardson-extrapolated) along a random direction of each
    argument in turn, reverse mode with forward mode by the identity y_bar . (J x_dot) = (J^T y_bar) . x_dot, or with
    the differences if `modes` has no "fwd". Orders above the first check the derivative function in the same way: the
    gradient where `f` gives a number, its tangent otherwise.

    f       any function that srcad takes, or one made by `differentiate` (whose options then hold)
    args    its arguments: floats, float arrays of any shape, tuples and namedtuples of them; the rest (ints, bools,
            None, functions) is constant. They are not modified, even if `f` writes into them.
    order   how often to differentiate, at least 1
    modes   "fwd", "rev" or both
    atol, rtol   1e-8 times the largest |f(args)|, if above 1, and 1e-6; 5e-3 each when any argument is float32.
            They grow tenfold with each order.
    eps     the step of the differences, 1e-3 (float32: 3e-2). `f` must be smooth that far around `args`.

    ValueError is raised for an order or a mode that does not exist, TypeError when nothing in `args` is a float, and
    whatever srcad raises where it cannot differentiate `f`.

    >>> import numpy as np
    >>> check_grads(lambda x, a: a * np.sum(np.sin(x)), (np.array([0.1, 0.2]), 3.0), order=2)
    """
    if order < 1:
        raise ValueError(f"order must be at least 1, not {order}")
    if not modes or set(modes) - {"fwd", "rev"}:
        raise ValueError(f"modes must be of 'fwd' and 'rev', not {modes!r}")
    active = [i for i, arg in enumerate(args) if any(map(_is_float, _leaves(arg)))]
    if not active:
        raise TypeError("none of the arguments is a float or an array of floats: there is nothing to differentiate")
    narrow = is_narrow(tuple(args))
    check = _Check(
        f,
        tuple(args),
        active,
        frozenset(modes),
        atol=(5e-3 if narrow else 1e-8) if atol is None else atol,
        rtol=(5e-3 if narrow else 1e-6) if rtol is None else rtol,
        eps=(3e-2 if narrow else 1e-3) if eps is None else eps,
    )
    check.run(order, getattr(f, "__name__", "f"))


def check_rule(f: Function, args: Sequence[Any], order: int = 1, **tolerances: float | None) -> None:
    """Check the rule of a function that `custom_jvp`, `custom_vjp` or `rule` gave one; raise AssertionError where it is wrong.

    Each mode for which a rule was given is compared with central differences of the function itself, argument by argument:
    the message says which. The arguments are those of `check_grads`, as are `atol`, `rtol` and `eps`. TypeError is raised for a
    function without a rule.

    >>> import srcad
    >>> square = srcad.custom_jvp(lambda x: x * x)
    >>> _ = square.defjvp(lambda primals, tangents: (square(primals[0]), 2.0 * primals[0] * tangents[0]))
    >>> check_rule(square, (3.0,))
    """
    rules = getattr(with_rule(f), "rules", {})
    if not rules:
        raise TypeError(f"{getattr(f, '__name__', f)} has no rule of its own")
    modes = [mode for mode, kind in (("fwd", "jvp"), ("rev", "vjp")) if kind in rules]
    check_grads(with_rule(f), args, order, modes, **tolerances)


@dataclass(frozen=True)
class _Check:
    """What `check_grads` was given, for `f` and then for its derivatives."""

    f: Function
    args: tuple[Any, ...]
    active: list[int]
    modes: frozenset[str]
    atol: float
    rtol: float
    eps: float

    def run(self, order: int, name: str) -> None:
        y = self.f(*copied(self.args))
        check_real(y)
        y_bar = _random(y, seed=1)
        scale = float(np.max(np.abs(_flatten(y)), initial=1.0))
        bars = vjp(self.f, *copied(self.args))[1](y_bar) if "rev" in self.modes else ()
        for i in self.active:
            along = tuple(_random(arg, seed=2 + i) if j == i else _zeros(arg) for j, arg in enumerate(self.args))
            want, by = self.difference(along), "finite differences"
            if "fwd" in self.modes:
                y_dot = _flatten(jvp(self.f, copied(self.args), along)[1])
                self.compare(f"forward mode of {name}", i, y_dot, want, by, scale)
                want, by = y_dot, "forward mode"
            if "rev" in self.modes:
                got = np.atleast_1d(_flatten(bars[i]) @ _flatten(along[i]))
                self.compare(f"reverse mode of {name}", i, got, np.atleast_1d(_flatten(y_bar) @ want), by, scale)
        if order > 1:
            self.next(y).run(order - 1, f"the derivative of {name}")

    def next(self, y: Any) -> _Check:
        """The check of the derivative function."""
        if _is_float(y) and np.ndim(y) == 0:
            derivative, args, active = grad(self.f, argnums=tuple(self.active)), self.args, self.active
        else:
            dots = tuple(_random(self.args[i], seed=20 + i) for i in self.active)
            derivative, args = tangent(self.f), self.args + dots
            active = self.active + list(range(len(self.args), len(args)))
        return replace(self, f=derivative, args=args, active=active, atol=10 * self.atol, rtol=10 * self.rtol)

    def difference(self, along: tuple[Any, ...]) -> Vector:
        """The directional derivative by central differences with steps h, h/2 and h/4, extrapolated."""
        x, x_dot = _flatten(self.args), _flatten(along)

        def slope(h: float) -> Vector:
            ahead, behind = (_flatten(self.f(*_unflatten(self.args, x + s * h * x_dot))) for s in (1.0, -1.0))
            return (ahead - behind) / (2 * h)

        coarse, middle, fine = (slope(self.eps / k) for k in (1, 2, 4))
        better, best = (4 * middle - coarse) / 3, (4 * fine - middle) / 3
        return (16 * best - better) / 15

    def compare(self, what: str, i: int, got: Vector, want: Vector, by: str, scale: float) -> None:
        atol = self.atol * scale
        if np.allclose(got, want, rtol=self.rtol, atol=atol):
            return
        worst = int(np.argmax(np.abs(got - want)))
        raise AssertionError(
            f"{what} disagrees with {by} for argument {i}: it gives\n    {got}\nwhere {by} gives\n    {want}\n"
            f"The largest difference, {abs(got - want)[worst]:.3g} at position {worst}, exceeds "
            f"atol={atol:.3g} + rtol={self.rtol:.3g} * |{want[worst]:.6g}|"
        )


# --- trees of numbers ------------------------------------------------------------------------------------------------


def _map(fn: Function, tree: Any) -> Any:
    if isinstance(tree, tuple):
        items = [_map(fn, item) for item in tree]
        return type(tree)(*items) if hasattr(tree, "_fields") else tuple(items)
    return fn(tree)


def _leaves(tree: Any) -> Iterator[Any]:
    if isinstance(tree, tuple):
        for item in tree:
            yield from _leaves(item)
    else:
        yield tree


def _is_float(leaf: Any) -> bool:
    return isinstance(leaf, float | np.floating | np.ndarray) and np.asarray(leaf).dtype.kind == "f"


def is_narrow(tree: Any) -> bool:
    """Whether any of the floats is a float32, of which less can be expected."""
    return any(leaf.dtype == np.float32 for leaf in map(np.asarray, filter(_is_float, _leaves(tree))))


def check_real(y: Any) -> None:
    """Refuse a result with complex numbers in it."""
    if any(map(np.iscomplexobj, _leaves(y))):
        raise TypeError("the result is complex, and real ones are compared: return np.real(...) or np.abs(...) of it")


def _flatten(tree: Any) -> Vector:
    parts = [np.ravel(leaf).astype(np.float64) for leaf in _leaves(tree) if _is_float(leaf)]
    return np.concatenate([np.zeros(0), *parts])


def _unflatten(tree: Any, vector: Vector) -> Any:
    """The tree with its floats replaced in order; each leaf keeps its type, shape and dtype."""
    position = 0

    def take(leaf: Any) -> Any:
        nonlocal position
        if not _is_float(leaf):
            return leaf
        part = vector[position : position + np.size(leaf)].reshape(np.shape(leaf))
        position += np.size(leaf)
        return part.astype(leaf.dtype) if isinstance(leaf, np.ndarray) else type(leaf)(part)

    return _map(take, tree)


def _random(tree: Any, seed: int) -> Any:
    """A tangent or cotangent of the tree."""
    vector = np.random.default_rng(seed).standard_normal(_flatten(tree).size)
    return _unflatten(tree, vector)


def _zeros(tree: Any) -> Any:
    return _unflatten(tree, np.zeros(_flatten(tree).size))

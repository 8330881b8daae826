"""The walk through NumPy: every function in every form that people use, differentiated to second order.

Each line of tests/cases/numpy_walk.txt is a program: expressions with ` | ` between them, or statements and the expression that
they end in. The arguments are strided, and the matrices lie in Fortran's order.
"""

from __future__ import annotations

import dis
import functools
import inspect
import linecache
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import interp
import oracles as o
import srcad
from programs_kit import normal, sample
from srcad import rulebook
from srcad.ir import Array, Scalar
from srcad.lower import lower
from srcad.lower.numpy_calls import full_name
from srcad.lower.registry import CALLS, METHODS

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")
LINES = (Path(__file__).parent / "cases" / "numpy_walk.txt").read_text().splitlines()
RNG = np.random.default_rng(5)


def strided(a: np.ndarray) -> np.ndarray:
    return np.repeat(a, 2, axis=-1)[..., ::2]


ARGUMENTS: dict[str, Any] = {
    "x": strided(np.array([0.31, 0.72, 1.24])),
    "y": strided(np.array([1.02, -2.0, 0.53])),
    "m": np.asfortranarray(RNG.permutation(12).reshape(4, 3) / 7 + RNG.uniform(0.1, 0.15, (4, 3))),
    "q": np.asfortranarray(RNG.permutation(9).reshape(3, 3) / 4 + RNG.uniform(0.1, 0.15, (3, 3))),
    "t": strided(RNG.permutation(24).reshape(2, 3, 4) / 5 + RNG.uniform(0.01, 0.05, (2, 3, 4))),
    "s": 0.4,
    "k": np.array([2, 1, 2]),
    "b": np.array([True, False, True]),
    "n": 5,
}
HEAD = f"import numpy as np\ndef f({', '.join(ARGUMENTS)}):\n    w = np.where(m > 0.5, m, np.nan)\n"
#: What arguments of NumPy's say of speed, or of subclasses, of which there are none here; and those of SciPy's, also of method.
WITHOUT_EFFECT = frozenset("kind stable optimize overwrite_input subok assume_unique device workers".split())
OF_LINALG = frozenset(
    "overwrite_a overwrite_b overwrite_c overwrite_ab check_finite driver lapack_driver lwork blocksize method".split()
)


@functools.cache
def program(line: str, scalar: bool = False) -> Callable[..., Any]:
    """The function; or one whose result is a number made of all its results."""
    *statements, result = line.split("; ")
    result = result.replace(" | ", ", ")
    if scalar:
        result = f"sum([np.sum(np.sin(part)) for part in flat(({result},))])"
    text = HEAD + "".join(f"    {statement}\n" for statement in (*statements, f"return {result}"))
    name = f"<numpy walk: {line}{scalar}>"
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    module = types.ModuleType("numpy_walk")
    module.__dict__["flat"] = flat
    exec(compile(text, name, "exec"), module.__dict__)
    return module.__dict__["f"]  # type: ignore[no-any-return]


def flat(parts: Any) -> Any:
    """The results without the tuples among them."""
    found: Any = ()
    for part in parts:
        found = (*found, *part) if isinstance(part, tuple) else (*found, part)
    return found


def arguments() -> tuple[Any, ...]:
    return tuple(a.copy(order="K") if isinstance(a, np.ndarray) else a for a in ARGUMENTS.values())


FLOATS = tuple(i for i, a in enumerate(ARGUMENTS.values()) if o.has_floats(a))


def close(got: Any, want: Any, rtol: float) -> None:
    np.testing.assert_allclose(got, want, rtol=rtol, atol=rtol * 1e-2 * max(1.0, float(np.max(np.abs(want)))))


@pytest.mark.parametrize("line", LINES)
def test_first_order(line: str) -> None:
    """Values, forward against differences, reverse against forward; arguments unchanged but where the program changes them."""
    f, args = program(line), arguments()
    d = srcad.differentiate(f, jit=False)
    want, v = f(*arguments()), o.direction(args, seed=1)
    y, y_dot = srcad.jvp(d, args, v)
    for got, expected in zip(o.leaves(y), o.leaves(want), strict=True):
        assert np.shape(got) == np.shape(expected)
        assert np.asarray(got).dtype == np.asarray(expected).dtype
    close(o.flatten(y), o.flatten(want), 1e-12)
    close(o.flatten(y_dot), o.difference(f, args, v, 1e-4), 1e-6)
    y, pullback = srcad.vjp(d, *args)
    y_bar = o.direction(y, seed=2)
    bars = pullback(y_bar)
    close(o.dot(tuple(bars[i] for i in FLOATS), tuple(v[i] for i in FLOATS)), o.dot(y_bar, y_dot), 1e-10)
    for now, then in zip(args, ARGUMENTS.values(), strict=True):
        np.testing.assert_array_equal(now, then)


@pytest.mark.parametrize("line", LINES[3::8])
def test_second_order(line: str) -> None:
    """Forward over reverse against differences of the gradient, reverse over reverse against that."""
    gradient = srcad.grad(srcad.differentiate(program(line, scalar=True), jit=False), argnums=FLOATS)
    args = arguments()
    v = o.direction(args, seed=3)
    g, hv = srcad.jvp(gradient, args, v)
    close(o.flatten(hv), o.difference(gradient, args, v, 1e-4), 1e-5)
    _, pullback = srcad.vjp(gradient, *args)
    bars = pullback(u := o.direction(g, seed=4))
    close(o.dot(tuple(bars[i] for i in FLOATS), tuple(v[i] for i in FLOATS)), o.dot(u, hv), 1e-8)


@pytest.mark.parametrize("line", [line for line in LINES if "complex" not in line and "1j" not in line][1::5])
def test_float32(line: str) -> None:
    """The dtypes of results and gradients are NumPy's where all arguments are float32."""
    f, args = program(line), o.single(arguments())
    with np.errstate(all="ignore"):
        want = f(*o.single(arguments()))
    y, pullback = srcad.vjp(srcad.differentiate(f, jit=False), *args)
    for got, expected in zip(o.leaves(y), o.leaves(want), strict=True):
        assert np.asarray(got).dtype == np.asarray(expected).dtype
    close(o.flatten(y), o.flatten(want), 1e-4)
    for i, bar in enumerate(pullback(o.direction(y, seed=2))):
        if i in FLOATS:
            assert np.asarray(bar).dtype == np.asarray(args[i]).dtype


def least(a: Any, size: int) -> Any:
    """The argument with as many items on its axes at most."""
    return a[(slice(size),) * a.ndim] if isinstance(a, np.ndarray) else a


@pytest.mark.parametrize("size", [0, 1])
@pytest.mark.parametrize("line", LINES[::2])
def test_small_arrays(line: str, size: int) -> None:
    """Of arrays that are empty, or have one element, what NumPy gives; or an exception, as NumPy's is at most."""
    for body in [line] if "; " in line else line.split(" | "):
        f = program(body)
        args, again = (tuple(least(a, size) for a in arguments()) for _ in range(2))
        trace = lower(f, tuple(map(type_of, args)))
        with np.errstate(all="ignore"):
            try:
                want = f(*args)
            except (ValueError, IndexError, ZeroDivisionError):
                continue
            try:
                got = interp.run(trace, *again)
            except (ValueError, ZeroDivisionError, NotImplementedError):
                assert any(word in body for word in ("reduce", "cov", "polymul"))
                continue
        if "nanpercentile" in body and not size:  # of nothing, it forgets how many there are
            continue
        np.testing.assert_allclose(o.flatten(got), o.flatten(want), rtol=1e-12)


def type_of(value: Any) -> Any:
    array = np.asarray(value)
    return Array(array.dtype.name, array.ndim, "A") if isinstance(value, np.ndarray) else Scalar(array.dtype.name)


# --- nested in everything else ----------------------------------------------------------------------------------------

NESTED: list[tuple[Callable[..., Any], tuple[Any, ...]]] = []


def nested(*args: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enter the function, to be tried at these arguments."""

    def enter(fn: Callable[..., Any]) -> Callable[..., Any]:
        NESTED.append((fn, args))
        return fn

    return enter


@nested(sample(2, 3, 4), sample(2, 3, 4, seed=1))
def attention(q: Any, k: Any) -> Any:
    scores = q @ k.transpose(0, 2, 1) / 2.0
    weights = np.exp(scores - np.max(scores, axis=-1, keepdims=True))
    weights /= np.sum(weights, axis=-1, keepdims=True)
    heads = np.einsum("...ij,...jd->...id", weights, k)
    return np.tensordot(heads, q, axes=([0, 1], [0, 1])) + np.einsum("...ii->...", weights)[0]


def _smoothed(x: Any, kernel: Any) -> Any:
    return np.convolve(np.pad(x, 2, "reflect"), kernel, "valid")


@nested(sample(7), sample(5, seed=2))
def edges(x: Any, kernel: Any) -> Any:
    total = 0.0
    for stride in (1, 2, 4):
        try:
            y = np.gradient(_smoothed(x, kernel)[::stride], 0.5, edge_order=2)
        except ValueError:
            y = np.ediff1d(x)
        total += np.trapezoid(np.roll(y, 1) * y) + np.interp(0.3, np.sort(x), np.cumsum(x))
    return total


@nested(normal(4, 3), np.array([2, 0, 1, 2]))
def swapped_entries(a: Any, k: Any) -> Any:
    b = a * 1.0
    for turn in range(2):
        best = np.argmax(b, axis=1)[:, None]
        values = np.take_along_axis(b, best, axis=1)
        np.put_along_axis(b, k[:, None], values * a[:, :1], axis=1)
        np.put(b, np.ravel_multi_index((turn, 1), b.shape), values[turn, 0])
    cube = np.stack([b, np.rot90(a, 2)])
    cube[cube > 0.5] *= b[0, 0]
    return np.sum(cube[np.nonzero(cube)] ** 2) + np.trace(cube, axis1=1, axis2=2)[1]


def doubled(v: Any) -> Any:
    v *= 2.0
    return v.sum()


@nested(normal(4, 3))
def written_along_an_axis(m: Any) -> Any:
    a = m * 1.0
    sums = np.apply_along_axis(doubled, 1, a)
    return np.sum(sums * sums) + np.sum(a)


@pytest.mark.parametrize("case", NESTED, ids=lambda case: case[0].__name__)
def test_nested(case: tuple[Callable[..., Any], tuple[Any, ...]]) -> None:
    f, args = case
    d, v = srcad.differentiate(f, jit=False), o.direction(args, seed=1)
    y, y_dot = srcad.jvp(d, args, v)
    close(o.flatten(y), o.flatten(f(*o.copy(args))), 1e-12)
    close(o.flatten(y_dot), o.difference(f, args, v, 1e-4), 1e-6)
    y, pullback = srcad.vjp(d, *args)
    bars = pullback(y_bar := o.direction(y, seed=2))
    floats = [i for i, a in enumerate(args) if o.has_floats(a)]
    close(o.dot(tuple(bars[i] for i in floats), tuple(v[i] for i in floats)), o.dot(y_bar, y_dot), 1e-10)


# --- arguments --------------------------------------------------------------------------------------------------------


def read_in(code: types.CodeType) -> Iterator[str]:
    """The variables that are read in a function, and in those inside it."""
    for instruction in dis.get_instructions(code):
        if instruction.opname.startswith(("LOAD_FAST", "LOAD_DEREF", "LOAD_CLOSURE")):
            yield from instruction.argval if isinstance(instruction.argval, tuple) else [instruction.argval]
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from read_in(constant)


def test_no_argument_is_ignored() -> None:
    """What a lowering accepts, it reads: a keyword without effect would be a wrong number without a word."""
    assert list(rulebook.lines())
    for name, lowering in [*((full_name(f), lowering) for f, lowering in CALLS.items()), *METHODS.items()]:
        function = inspect.unwrap(lowering)
        while isinstance(function, functools.partial):
            function = function.func
        inner = [cell.cell_contents for cell in function.__closure__ or ()]
        written = [f for f in inner if isinstance(f, types.FunctionType) and hasattr(function, "__signature__")]
        function = written[0] if written else function
        allowed = WITHOUT_EFFECT | OF_LINALG if name.startswith("scipy.linalg.") else WITHOUT_EFFECT
        ignored = set(inspect.signature(function).parameters) - set(read_in(function.__code__)) - allowed
        assert ignored <= {"ctx"}, f"{name} ignores {ignored}"

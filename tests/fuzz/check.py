"""One program through both modes and both orders, against differences and against itself compiled.

What disagrees raises `Mismatch`; `Discard` says why a program proves nothing: it fails in plain Python, or has a kink here.
"""

from __future__ import annotations

import linecache
import random
import re
import sys
import types
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

import oracles as o
import srcad
from srcad.infer import arg_type_of
from srcad.lower import lower

#: Where differences cannot say what the derivative is: at a kink, the slopes of the two sides differ.
KINK = 1e-3
LARGE = 1e4


class Mismatch(AssertionError):
    """`kind` says which comparison failed."""

    def __init__(self, kind: str, detail: str = "") -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind = kind


class Discard(Exception):
    """Nothing to compare with."""


def load(source: str, name: str) -> Any:
    """The function `program`, with its source where `inspect` and tracebacks find it."""
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    module = types.ModuleType(re.sub(r"\W", "_", name))
    sys.modules[module.__name__] = module  # namedtuples are pickled by name
    exec(compile(source, name, "exec"), vars(module))
    return module.program


def arguments(seed: int) -> tuple[Any, ...]:
    """(x, a, c, m, n, flag), laid out and rounded in one of several ways."""
    r, rng = random.Random(seed), np.random.default_rng(seed)
    single = r.random() < 0.1
    x, a, c, m = 0.7, rng.uniform(-1, 1, 4), rng.uniform(-1, 1, 4), rng.uniform(-1, 1, (3, 4))
    if r.random() < 0.2:
        c = np.repeat(c, 2)[::2]
    if r.random() < 0.2:
        m = np.asfortranarray(m)
    if single:
        x, a = np.float32(x), a.astype(np.float32)
        if r.random() < 0.5:
            c, m = c.astype(np.float32), m.astype(np.float32)
    return x, a, c, m, r.randint(0, 3), r.random() < 0.5


def widened(args: tuple[Any, ...]) -> tuple[Any, ...]:
    def wide(leaf: Any) -> Any:
        if not o.is_active(leaf):
            return leaf
        return leaf.astype(np.float64) if isinstance(leaf, np.ndarray) else float(leaf)

    return o.map_leaves(wide, args)


def slope(f: Callable[..., Any], args: tuple[Any, ...], v: Any) -> np.ndarray:
    """The directional derivative by differences; discards where two steps, or the two sides, disagree."""
    at, h = o.along(f, args, v), 1e-6
    coarse, fine = (o.difference(f, args, v, step) for step in (1e-4, 3e-5))
    scale = max(1.0, np.abs(fine).max(initial=0.0))
    bend = np.abs(at(h) - 2 * at(0.0) + at(-h)).max(initial=0.0) / h
    if not np.isfinite(scale) or bend > KINK * scale or not np.allclose(coarse, fine, rtol=1e-5, atol=1e-5 * scale):
        raise Discard("kink")
    return fine


def close(kind: str, got: Any, want: Any, rtol: float, scale: float = 1.0) -> None:
    got, want = np.asarray(got), np.asarray(want)
    if got.shape != want.shape:
        raise Mismatch(kind, f"shapes {got.shape} and {want.shape}")
    if not np.allclose(got, want, rtol=rtol, atol=rtol * max(scale, np.abs(want).max(initial=0.0)), equal_nan=True):
        raise Mismatch(kind, f"{got} is not {want}")


def dtypes(tree: Any) -> list[Any]:
    return [leaf.dtype for leaf in o.leaves(tree) if isinstance(leaf, np.ndarray)]


class Checked:
    """A program at its arguments, and what plain Python makes of it."""

    def __init__(self, source: str, seed: int) -> None:
        self.f, self.args, self.seed = load(source, f"<random program {seed}>"), arguments(seed), seed
        self.single = "float32" in source or any(
            leaf.dtype == np.float32 for leaf in self.args[:4] if hasattr(leaf, "dtype")
        )
        self.wide = load(source.replace("float32", "float64"), f"<wide program {seed}>") if self.single else self.f
        self.rtol = 2e-3 if self.single else 1e-8
        self.theirs = o.copy(self.args)
        try:
            self.want = self.f(*self.theirs)
        except Exception as error:
            raise Discard(f"{type(error).__name__} in Python: {error}") from None
        self.flat = o.flatten(self.want)
        if not np.all(np.isfinite(self.flat)) or np.abs(self.flat).max(initial=0.0) > LARGE:
            raise Discard("large")
        self.v = o.direction(self.args, seed)
        self.y_bar = o.direction(self.want, seed + 1)

    def first_order(self) -> None:
        adjoint, given = srcad.adjoint(srcad.differentiate(self.f, jit=False)), o.copy(self.args)
        value, *bars = adjoint(*given, self.y_bar)
        bars = tuple(bars)
        again = adjoint(*given, self.y_bar)
        if o.flatten((value, *bars)).tobytes() != o.flatten(again).tobytes():
            raise Mismatch("second call")
        self.unmodified(given)
        close("value", o.flatten(value), self.flat, 1e-4 if self.single else 1e-10)
        if not self.single and dtypes(value) != dtypes(self.want):  # a number in a variable is weak in Python alone
            raise Mismatch("dtype", f"{dtypes(value)} is not {dtypes(self.want)}")
        if dtypes(bars) != dtypes(self.args):
            raise Mismatch("dtype of bars", f"{dtypes(bars)}")
        value, y_dot = srcad.jvp(srcad.differentiate(self.f, jit=False), given, self.v)
        self.unmodified(given)
        close("value of tangent", o.flatten(value), self.flat, 1e-4 if self.single else 1e-10)
        dots = self.v[:4]
        forward, reverse = float(o.flatten(self.y_bar) @ o.flatten(y_dot)), o.dot(bars, dots)
        size = max(1e-4, float(np.abs(o.flatten(bars) * o.flatten(dots)).sum()))
        close("forward and reverse", reverse, forward, self.rtol, size)
        close(
            "differences", o.flatten(y_dot), slope(self.wide, widened(self.args), self.v), 5e-3 if self.single else 1e-5
        )

    def unmodified(self, given: Any) -> None:
        if o.flatten(given).tobytes() != o.flatten(self.args).tobytes():
            raise Mismatch("an input was modified")

    def primal(self, jit: bool = False) -> None:
        """The value, and what is written into the arguments."""
        given = o.copy(self.args)
        value = srcad.differentiate(self.f, jit=jit, cache=False)(*given)
        close("primal", o.flatten(value), self.flat, 1e-4 if self.single else 1e-10)
        close("writes", o.flatten(given), o.flatten(self.theirs), 1e-4 if self.single else 1e-10)

    def second_order(self) -> None:
        """The adjoint is differentiated in both modes, for the arguments and the seed."""
        if self.single:
            return
        adjoint = srcad.adjoint(srcad.differentiate(self.f, jit=False))
        args = (*self.args, self.y_bar)
        v = o.direction(args, self.seed + 2)
        value, dot = srcad.jvp(adjoint, args, v)
        seed = o.direction(value, self.seed + 3)
        _, pullback = srcad.vjp(adjoint, *args)
        bars = [bar for bar in pullback(seed) if bar is not None]
        dots = tuple(d for d, arg in zip(v, args, strict=True) if o.has_floats(arg))
        size = max(1e-4, float(np.abs(o.flatten(tuple(bars)) * o.flatten(dots)).sum()))
        close("second order, forward and reverse", o.dot(tuple(bars), dots), o.dot(seed, dot), 1e-7, size)
        want = slope(adjoint, args, v)
        close("second order, differences", o.flatten(dot), want, 1e-4)

    def compiled(self) -> None:
        self.primal(jit=True)
        interpreted = srcad.adjoint(srcad.differentiate(self.f, jit=False))(*o.copy(self.args), self.y_bar)
        got = srcad.adjoint(srcad.differentiate(self.f, cache=False))(*o.copy(self.args), self.y_bar)
        rtol = 2e-3 if self.single else 1e-7
        close("compiled", o.flatten(got), o.flatten(interpreted), rtol)
        if dtypes(got) != dtypes(interpreted):
            raise Mismatch("dtype compiled", f"{dtypes(got)} is not {dtypes(interpreted)}")


def check(source: str, seed: int, levels: frozenset[str]) -> None:
    """Every comparison of these levels: "first", "primal", "second", "compiled". "lowered": is it supported?"""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        checked = Checked(source, seed)
        kink = None
        try:
            if "first" in levels:
                checked.first_order()
        except Discard as found:
            kink = found
        if "lowered" in levels:
            lower(checked.f, tuple(map(arg_type_of, checked.args)))
        if "primal" in levels:
            checked.primal()
        if "compiled" in levels:
            checked.compiled()
        if kink is not None:
            raise kink
        if "second" in levels:
            checked.second_order()

"""What operations on arrays raise in NumPy, checked before they are done where somebody catches it.

While a `try` body is lowered, every op that is about to be appended goes through `check`. The table says what it may raise
and under which condition; the check becomes an `if` before the op, as the user could have written it. An op that is neither
in the table nor known to be safe is refused there. What Python's own arithmetic raises is the business of failures.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from srcad.ir import Atom, Builder, Const, Op, const
from srcad.lower.casts import ndim_of
from srcad.lower.guards import guard
from srcad.lower.known import ABSENT
from srcad.lower.shapes import dim
from srcad.lower.values import Context
from srcad.ops import ELEMENTWISE

SAFE = frozenset(
    """array copy transpose reduce_like stop_gradient dim trips sum mean prod argsort any all list append length call
    draw lu swap_rows is_invertible is_positive_definite raise throw print comment check_disjoint check_shape
    check_sizes""".split()
)
Risk = Callable[[Context, tuple[Atom, ...], Mapping[str, Any]], None]


def check(ctx: Context, name: str, args: tuple[Atom, ...], attrs: Mapping[str, Any]) -> None:
    """Append what raises, if anybody catches it, whatever the op would raise in NumPy."""
    if name in ELEMENTWISE:
        _broadcasts(ctx, args)
    elif name in RISKS:
        RISKS[name](ctx, args, attrs)
    elif name not in SAFE and ctx.catches(Exception):
        ctx.refuse(f"what this raises ({name}) is caught, and cannot be foreseen", "move it out of the `try`")


def _any(ctx: Context, conditions: Iterable[Atom]) -> Atom:
    """Whether one of the conditions holds."""
    found: Atom = const(False)
    for condition in conditions:
        if condition == const(True):
            return condition
        if condition != const(False):
            found = condition if found == const(False) else ctx.b.op("or", found, condition)
    return found


# --- indices ----------------------------------------------------------------------------------------------------------


def _outside(ctx: Context, index: Atom, size: Atom) -> Atom:
    """Whether the index is out of range."""
    if not isinstance(index, Const):
        return _any(ctx, [ctx.b.op("lt", index, ctx.b.op("neg", size)), ctx.b.op("ge", index, size)])
    if isinstance(size, Const):
        return const(not -size.value <= index.value < size.value)
    return ctx.b.op("le", size, index) if index.value >= 0 else ctx.b.op("lt", size, const(-index.value))


def _element(ctx: Context, args: tuple[Atom, ...], attrs: Mapping[str, Any]) -> None:
    array = args[0]
    _in_range(ctx, [(index, array, axis) for axis, index in enumerate(args[1 : 1 + ndim_of(array)])])


def _in_range(ctx: Context, places: Sequence[tuple[Atom, Atom, int]]) -> None:
    if places and ctx.catches(IndexError):
        wrong = _any(ctx, [_outside(ctx, index, dim(ctx, array, axis)) for index, array, axis in places])
        guard(ctx, wrong, IndexError, "index is out of bounds")


def _view(ctx: Context, args: tuple[Atom, ...], attrs: Mapping[str, Any]) -> None:
    array, *operands = args
    integers: list[tuple[Atom, Atom, int]] = []
    axis = 0
    for letter in attrs["spec"]:
        if letter == "i":
            integers.append((operands.pop(0), array, axis))
        elif letter == "s":
            step = operands[2]
            del operands[:3]
            if step != ABSENT and not isinstance(step, Const) and ctx.catches(ValueError):
                guard(ctx, ctx.b.op("eq", step, const(0)), ValueError, "slice step cannot be zero")
        axis += letter != "n"
    _in_range(ctx, integers)


# --- shapes -----------------------------------------------------------------------------------------------------------


def _broadcasts(ctx: Context, args: Sequence[Atom]) -> None:
    arrays = [arg for arg in dict.fromkeys(args) if ndim_of(arg)]
    if len(arrays) < 2 or not ctx.catches(ValueError):
        return
    wrong: list[Atom] = []
    for k in range(1, max(map(ndim_of, arrays)) + 1):
        sizes = [dim(ctx, array, ndim_of(array) - k) for array in arrays if ndim_of(array) >= k]
        wrong += [_clash(ctx, a, b) for j, a in enumerate(sizes) for b in sizes[:j]]
    guard(ctx, _any(ctx, wrong), ValueError, "operands could not be broadcast together")


def _clash(ctx: Context, a: Atom, b: Atom) -> Atom:
    one = const(1)
    if one in (a, b):
        return const(False)
    differ = ctx.b.op("ne", a, b)
    for size in (a, b):
        if not isinstance(size, Const):
            differ = ctx.b.op("and", differ, ctx.b.op("ne", size, one))
    return differ


def _assigned(ctx: Context, args: tuple[Atom, ...], attrs: Mapping[str, Any]) -> None:
    target, value = args
    if not ndim_of(value) or target is value or not ctx.catches(ValueError):
        return
    wrong: list[Atom] = []
    for k in range(1, ndim_of(value) + 1):
        given, wanted = dim(ctx, value, ndim_of(value) - k), dim(ctx, target, ndim_of(target) - k)
        if given != const(1):
            wrong.append(ctx.b.op("and", ctx.b.op("ne", given, wanted), ctx.b.op("ne", given, const(1))))
    guard(ctx, _any(ctx, wrong), ValueError, "could not broadcast input array into shape")


def _expanded(ctx: Context, args: tuple[Atom, ...], attrs: Mapping[str, Any]) -> None:
    array, *wanted = args
    if not ctx.catches(ValueError):
        return
    wrong: list[Atom] = []
    for k in range(1, ndim_of(array) + 1):
        given = dim(ctx, array, ndim_of(array) - k)
        wrong.append(ctx.b.op("and", ctx.b.op("ne", given, wanted[-k]), ctx.b.op("ne", given, const(1))))
    guard(ctx, _any(ctx, wrong), ValueError, "operands could not be broadcast together")


def _sizes_meet(ctx: Context, args: tuple[Atom, ...], attrs: Mapping[str, Any]) -> None:
    if ctx.catches(ValueError):
        guard(ctx, _clash(ctx, *args), ValueError, "operands could not be broadcast together")


def _allocated(ctx: Context, args: tuple[Atom, ...], attrs: Mapping[str, Any]) -> None:
    sizes = [arg for arg in args if not isinstance(arg, Const) and not _is_size(ctx, arg)]
    if sizes and ctx.catches(ValueError):
        wrong = _any(ctx, [ctx.b.op("lt", size, const(0)) for size in sizes])
        guard(ctx, wrong, ValueError, "negative dimensions are not allowed")


def _is_size(ctx: Context, atom: Atom) -> bool:
    return any(isinstance(made, Op) and made.name == "dim" and atom in made.results for made in ctx.b.stmts)


def _reshaped(ctx: Context, args: tuple[Atom, ...], attrs: Mapping[str, Any]) -> None:
    if not ctx.catches(ValueError):
        return
    array, *sizes = args
    given, wanted = const(1), const(1)
    for axis in range(ndim_of(array)):
        given = _times(ctx, given, dim(ctx, array, axis))  # type: ignore[assignment]
    for size in sizes:
        wanted = _times(ctx, wanted, size)  # type: ignore[assignment]
    guard(ctx, ctx.b.op("ne", given, wanted), ValueError, "cannot reshape array")


def _times(ctx: Context, a: Atom, b: Atom) -> Atom:
    return b if a == const(1) else ctx.b.op("mul", a, b)


def _reduced(ctx: Context, args: tuple[Atom, ...], attrs: Mapping[str, Any]) -> None:
    if ctx.catches(ValueError):
        axes = attrs.get("axis") or range(ndim_of(args[0]))
        wrong = _any(ctx, [ctx.b.op("eq", dim(ctx, args[0], axis), const(0)) for axis in axes])
        guard(ctx, wrong, ValueError, "zero-size array to reduction operation which has no identity")


def _popped(ctx: Context, args: tuple[Atom, ...], attrs: Mapping[str, Any]) -> None:
    if ctx.catches(IndexError):
        guard(ctx, ctx.b.op("eq", ctx.b.op("length", args[0]), const(0)), IndexError, "pop from empty list")


# --- linear algebra ---------------------------------------------------------------------------------------------------


def _product(ctx: Context, args: tuple[Atom, ...], attrs: Mapping[str, Any]) -> None:
    a, b = args
    if ctx.catches(ValueError):
        inner = dim(ctx, a, ndim_of(a) - 1), dim(ctx, b, 0)
        guard(ctx, ctx.b.op("ne", *inner), ValueError, "the arrays are not aligned for a product")


def _inverted(ctx: Context, args: tuple[Atom, ...], attrs: Mapping[str, Any]) -> None:
    if ctx.catches(np.linalg.LinAlgError):
        singular = ctx.b.op("not", ctx.b.op("is_invertible", args[0]))
        guard(ctx, singular, np.linalg.LinAlgError, "Singular matrix")
    if len(args) > 1 and ctx.catches(ValueError):
        guard(ctx, ctx.b.op("ne", *(dim(ctx, arg, 0) for arg in args)), ValueError, "the sizes do not match")


def _square(ctx: Context, args: tuple[Atom, ...], attrs: Mapping[str, Any]) -> None:
    if ctx.catches(np.linalg.LinAlgError):
        wrong = ctx.b.op("ne", dim(ctx, args[0], 0), dim(ctx, args[0], 1))
        guard(ctx, wrong, np.linalg.LinAlgError, "Last 2 dimensions of the array must be square")


def _positive(ctx: Context, args: tuple[Atom, ...], attrs: Mapping[str, Any]) -> None:
    if ctx.catches(np.linalg.LinAlgError):
        wrong = ctx.b.op("not", ctx.b.op("is_positive_definite", args[0]))
        guard(ctx, wrong, np.linalg.LinAlgError, "Matrix is not positive definite")


def _triangular(ctx: Context, args: tuple[Atom, ...], attrs: Mapping[str, Any]) -> None:
    a, b = args
    if ctx.catches(ValueError):
        wrong = _any(ctx, [ctx.b.op("ne", dim(ctx, a, 0), dim(ctx, other, k)) for other, k in ((a, 1), (b, 0))])
        guard(ctx, wrong, ValueError, "the sizes of the matrix and the right-hand side do not match")
    if ctx.catches(np.linalg.LinAlgError) and not attrs["unit"]:
        below = ctx.b.op("tril", a, k=0 if attrs["lower"] else -1)
        singular = ctx.b.op("not", ctx.b.op("is_invertible", below if attrs["lower"] else ctx.b.op("sub", a, below)))
        guard(ctx, singular, np.linalg.LinAlgError, "singular matrix: a number on the diagonal is zero")


RISKS: Mapping[str, Risk] = {
    **dict.fromkeys(("load", "store", "update"), _element),
    **dict.fromkeys(("assign", "accumulate"), _assigned),
    **dict.fromkeys(("max", "min", "argmax", "argmin"), _reduced),
    **dict.fromkeys(("solve", "inv"), _inverted),
    "view": _view,
    "broadcast_dim": _sizes_meet,
    "alloc": _allocated,
    "expand": _expanded,
    "reshape": _reshaped,
    "pop": _popped,
    "dot": _product,
    "det": _square,
    "cholesky": _positive,
    "solve_triangular": _triangular,
}


def watched(ctx: Context) -> Builder:
    """A block in which every op is checked."""
    return Builder(span=ctx.span, check=partial(check, ctx))

"""What Python's own arithmetic, math functions and conversions raise, checked before, since compiled code goes on.

math's functions raise for any number: by themselves (`srcad.checked_math`), or before where somebody catches it. Quotients of
what is Python's for sure are checked always. The rest is checked where somebody may catch it: `1.0 / 0.0` raises in Python, while
with one of NumPy's numbers it is inf, and raises again where plain Numba compiles it. So such a check holds for Python's numbers
only: it is noted as a claim, and once the whole function is lowered, origins.py looks where the numbers come from.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from srcad.ir import Atom, Const, Span, Var, const
from srcad.lower.casts import is_array, kind_of
from srcad.lower.guards import guard
from srcad.lower.values import Context
from srcad.lower.weak import least_of, weak_type

#: Products of two booleans: integers in Python, booleans to NumPy.
PRODUCTS: weakref.WeakSet[Atom] = weakref.WeakSet()
DIVIDE = {"div": "division by zero", "floordiv": "integer division or modulo by zero", "mod": "modulo by zero"}


@dataclass(frozen=True)
class Claim:
    """What is lowered here is right if these are Python's numbers, or NumPy's: it is refused if they are not, or `cond`, under
    which it raises, never holds then."""

    span: Span | None
    atoms: tuple[Atom, ...]
    reason: str
    remedy: str
    python: bool = True
    cond: Var | None = None


def _claim_raising(ctx: Context, symbol: str, *atoms: Atom) -> None:
    ctx.claim(
        Claim(
            ctx.span,
            atoms,
            f"what {symbol} raises is caught, and one of NumPy's numbers gives inf or nan instead",
            "compare with 0 by `if`, or make both Python's numbers: float(x)",
        )
    )


def check_booleans(ctx: Context, symbol: str, *atoms: Atom) -> None:
    """Python computes with its booleans as with 0 and 1. To NumPy, + of two of them is `or`, and - an error."""
    if all((kind_of(atom) == "b" or atom in PRODUCTS) and not is_array(atom) for atom in atoms):
        reason = f"{symbol} of booleans, which are integers in Python, but not where they are of NumPy"
        ctx.claim(Claim(ctx.span, atoms, reason, "make them integers: int(b)"))


def check_arithmetic(ctx: Context, op: str, symbol: str, x: Atom, y: Atom) -> None:
    """Append what raises where `x op y` would, for two numbers."""
    if is_array(x) or is_array(y):
        return
    if op == "div" and may_be(y, 0) and weak_type(x) and weak_type(y) and not ctx.catches(ZeroDivisionError):
        guard(ctx, ctx.b.op("eq", y, const(0)), ZeroDivisionError, DIVIDE[op])
    elif op in DIVIDE and may_be(y, 0) and ctx.catches(ZeroDivisionError):
        _claim_raising(ctx, symbol, x, y)
        guard(ctx, ctx.b.op("eq", y, const(0)), ZeroDivisionError, DIVIDE[op])
    elif op in DIVIDE and may_be(y, 0) and ctx.guarded and "f" in kind_of(x) + kind_of(y):
        # nobody catches this, but somebody may catch what would come of an infinite number
        zero = ctx.b.op("eq", y, const(0))
        ctx.claim(Claim(ctx.span, (x, y), "", "", cond=zero))
        guard(ctx, zero, ZeroDivisionError, DIVIDE[op])
    if op == "pow" and not (isinstance(y, Const) and kind_of(y) != "c" and y.value >= 0):
        _check_power(ctx, symbol, x, y)
    if op == "pow":
        _check_size_of_power(ctx, symbol, x, y)
    if op.endswith("shift") and not (isinstance(y, Const) and y.value >= 0) and ctx.catches(ValueError):
        guard(ctx, ctx.b.op("lt", y, const(0)), ValueError, "negative shift count")


def _check_size_of_power(ctx: Context, symbol: str, x: Atom, y: Atom) -> None:
    """The power is computed once more for this, as a constant: an infinite one is to have no derivative."""
    kinds = kind_of(x) + kind_of(y)
    if "f" not in kinds or "c" in kinds or not ctx.catches(OverflowError):
        return
    _claim_raising(ctx, symbol, x, y)
    fixed = [atom if isinstance(atom, Const) else ctx.b.op("stop_gradient", atom) for atom in (x, y)]
    wrong: Atom = ctx.b.op("isinf", ctx.b.op("pow", *fixed))
    for atom in (x, y):
        if kind_of(atom) == "f" and not isinstance(atom, Const):
            wrong = ctx.b.op("and", wrong, ctx.b.op("isfinite", atom))
    guard(ctx, wrong, OverflowError, "Numerical result out of range")


def _check_power(ctx: Context, symbol: str, x: Atom, y: Atom) -> None:
    if not may_be(x, 0) or not ctx.catches(ZeroDivisionError):
        return
    if "c" in kind_of(x) + kind_of(y):
        ctx.refuse("what this power raises is caught, and it is of complex numbers", "move it out of the `try`")
    _claim_raising(ctx, symbol, x, y)
    wrong = ctx.b.op("eq", x, const(0))
    if not isinstance(y, Const):
        wrong = ctx.b.op("and", wrong, ctx.b.op("lt", y, const(0)))
    guard(ctx, wrong, ZeroDivisionError, "0.0 cannot be raised to a negative power")


def may_be(atom: Atom, number: int) -> bool:
    if isinstance(atom, Const):
        return bool(atom.value == number)
    least = least_of(atom)
    return least is None or least <= number


# --- math -------------------------------------------------------------------------------------------------------------

Wrong = Callable[[Context, Atom], Atom]


def _compared(op: str, bound: float) -> Wrong:
    return lambda ctx, x: ctx.b.op(op, x, const(bound))


def _magnitude(op: str, bound: float) -> Wrong:
    return lambda ctx, x: ctx.b.op(op, ctx.b.op("abs", x), const(bound))


def _pole(ctx: Context, x: Atom) -> Atom:
    """Where the gamma function has none: at integers that are not positive."""
    whole = ctx.b.op("eq", ctx.b.op("floor", x), x) if kind_of(x) == "f" else const(True)
    return ctx.b.op("and", ctx.b.op("le", x, const(0.0)), whole)


def _infinite(ctx: Context, x: Atom) -> Atom:
    return ctx.b.op("isinf", x)


#: Where math's functions of one number raise ValueError, by their op.
DOMAIN: Mapping[str, Wrong] = {
    **dict.fromkeys(("log", "log2", "log10"), _compared("le", 0.0)),
    "log1p": _compared("le", -1.0),
    "sqrt": _compared("lt", 0.0),
    **dict.fromkeys(("arcsin", "arccos"), _magnitude("gt", 1.0)),
    "arccosh": _compared("lt", 1.0),
    "arctanh": _magnitude("ge", 1.0),
    **dict.fromkeys(("sin", "cos", "tan"), _infinite),
    "gamma": _pole,
}
#: The largest arguments (with even functions, the largest absolute values) for which these do not raise OverflowError.
LARGEST = {
    "exp": 709.782712893384,
    "expm1": 709.782712893384,
    "exp2": 1023.9999999999999,
    "sinh": 710.4758600739439,
    "cosh": 710.4758600739439,
    "gamma": 171.6243769563027,
    "lgamma": 2.5599833278516e305,
}


def check_math(ctx: Context, op: str, *args: Atom) -> bool:
    """Append what raises where math's function would for these numbers, if somebody catches it. Give whether the function may
    raise what nobody catches: the op does that then."""
    x, raises = args[0], False

    def check(error: type[Exception], wrong: Callable[[], Atom]) -> None:
        nonlocal raises
        if ctx.catches(error):
            guard(ctx, wrong(), error, f"math {'range' if error is OverflowError else 'domain'} error")
        else:
            raises = True

    if op in DOMAIN:
        check(ValueError, lambda: DOMAIN[op](ctx, x))
    if op == "lgamma":
        check(ValueError, lambda: _pole(ctx, x))
    if op == "fmod":
        check(ValueError, lambda: ctx.b.op("or", ctx.b.op("eq", args[1], const(0.0)), ctx.b.op("isinf", x)))
    if op in LARGEST:
        check(OverflowError, lambda: _too_large(ctx, op, x))
    if op == "pow":
        check(ValueError, lambda: _power_is_wrong(ctx, x, args[1], overflows=False))
        check(OverflowError, lambda: _power_is_wrong(ctx, x, args[1], overflows=True))
    return raises


def _power_is_wrong(ctx: Context, x: Atom, y: Atom, overflows: bool) -> Atom:
    """Where math.pow raises one of its two errors. The power is computed once more for this, as a constant."""
    fixed = [atom if isinstance(atom, Const) else ctx.b.op("stop_gradient", atom) for atom in (x, y)]
    power = ctx.b.op("pow", *fixed)
    wrong: Atom = ctx.b.op("isinf", power)
    if overflows:
        wrong = ctx.b.op("and", wrong, ctx.b.op("ne", x, const(0.0)))
    else:
        pole = ctx.b.op("and", wrong, ctx.b.op("eq", x, const(0.0)))
        wrong = ctx.b.op("or", pole, ctx.b.op("isnan", power))
    for atom in (x, y):
        if kind_of(atom) == "f" and not isinstance(atom, Const):
            wrong = ctx.b.op("and", wrong, ctx.b.op("isfinite", atom))
    return wrong


def check_remainder(ctx: Context, x: Atom, y: Atom) -> None:
    """Append what raises where math.remainder would."""
    wrong = ctx.b.op("isinf", x)
    if not isinstance(y, Const) or y.value == 0:
        wrong = ctx.b.op("or", ctx.b.op("eq", y, const(0.0)), wrong)
    guard(ctx, wrong, ValueError, "math domain error")


def _too_large(ctx: Context, op: str, x: Atom) -> Atom:
    size = ctx.b.op("abs", x) if op in ("sinh", "cosh") else x
    return ctx.b.op("and", ctx.b.op("gt", size, const(LARGEST[op])), ctx.b.op("isfinite", x))


def check_integer(ctx: Context, x: Atom) -> None:
    """Append what raises where `int(x)`, or rounding to an integer, would."""
    if is_array(x) or kind_of(x) != "f":
        return
    if ctx.catches(ValueError):
        guard(ctx, ctx.b.op("isnan", x), ValueError, "cannot convert float NaN to integer")
    if ctx.catches(OverflowError):
        guard(ctx, ctx.b.op("isinf", x), OverflowError, "cannot convert float infinity to integer")

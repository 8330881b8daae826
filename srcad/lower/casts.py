"""The dtypes of operands, and how they are converted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from srcad.ir import Array, Atom, Const, Scalar, Var, const
from srcad.lower.known import ZERO
from srcad.lower.values import Context, Value

#: The dtypes that have literals of their own.
LITERALS: dict[str, type] = {"bool": bool, "int64": int, "float64": float, "complex128": complex}


def dtype_of(atom: Atom) -> str:
    assert isinstance(atom.type, Scalar | Array), f"{atom} is a list"
    return atom.type.dtype


def ndim_of(atom: Atom) -> int:
    return atom.type.ndim if isinstance(atom.type, Array) else 0


def is_array(value: Value) -> bool:
    return isinstance(value, Var | Const) and isinstance(value.type, Array)


def kind_of(atom: Atom) -> str:
    """NumPy's letter: b, i, u, f or c."""
    return np.dtype(dtype_of(atom)).kind


def cast(ctx: Context, atom: Atom, dtype: str) -> Atom:
    """The atom with another dtype; literals are converted here and now, and stay as weak as they were."""
    if dtype_of(atom) == dtype:
        return atom
    if kind_of(atom) == "c" and not dtype.startswith("complex"):
        ctx.type_error(f"a complex number does not convert to {dtype}", "take its .real or .imag part")
    if isinstance(atom, Const) and isinstance(atom.type, Scalar) and dtype in LITERALS:
        try:
            return Const(LITERALS[dtype](atom.value), Scalar(dtype), atom.weak)
        except (ValueError, OverflowError):
            ctx.type_error(f"{atom.value!r} cannot be converted to {dtype}")
    if dtype == "bool":
        return atom if dtype_of(atom) == "bool" else ctx.b.op("ne", atom, zero_like(atom))
    return ctx.b.op("cast", atom, dtype=dtype)


def strong(ctx: Context, atom: Atom, dtype: str) -> Atom:
    """The atom as a NumPy scalar of the dtype: what `np.float64(2)` is, against `2.0`."""
    atom = cast(ctx, atom, dtype)
    if isinstance(atom, Const) and atom.weak:
        literal = dtype in LITERALS
        return Const(atom.value, Scalar(dtype), weak=False) if literal else ctx.b.op("cast", atom, dtype=dtype)
    return atom


def stored(ctx: Context, atom: Atom, dtype: str) -> Atom:
    """The atom as it is written into memory of the dtype. Literals adapt; integers become floats by themselves."""
    kind = np.dtype(dtype).kind
    if weak(atom):
        return cast(ctx, atom, {"b": "bool", "f": "float64", "c": "complex128"}.get(kind, "int64"))
    return atom if kind == "f" and kind_of(atom) in "biu" else cast(ctx, atom, dtype)


def zero_like(atom: Atom) -> Const:
    return const(0.0) if kind_of(atom) in "fc" else ZERO


def weak(atom: Atom) -> bool:
    return isinstance(atom, Const) and atom.weak


def common_dtype(items: Sequence[Atom]) -> str:
    """The dtype of an array made of the items; here Python's numbers are not weak, as in NumPy."""
    return np.result_type(*[np.dtype(dtype_of(item)) for item in items]).name if items else "float64"

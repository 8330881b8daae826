"""The dtypes of operands, and how they are converted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from srcad.ir import Array, Atom, Const, Scalar, Var, const
from srcad.lower.guards import guard
from srcad.lower.known import TRUE, ZERO
from srcad.lower.values import Context, Value
from srcad.lower.weak import weak_type

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


def whole(ctx: Context, atom: Atom) -> Atom:
    """`int(atom)`, which may fail."""
    if isinstance(atom, Var) and kind_of(atom) == "f":
        return ctx.b.op("cast", atom, dtype="int64", raises=True)
    return cast(ctx, atom, "int64")


def strong(ctx: Context, atom: Atom, dtype: str) -> Atom:
    """The atom as a NumPy scalar of the dtype: what `np.float64(2)` is, against `2.0`."""
    if np.dtype(dtype).kind in "iu" and weak_type(atom):
        atom = narrowed(ctx, atom, dtype)
    if isinstance(atom, Var) and dtype_of(atom) == dtype and weak_type(atom):
        return ctx.b.op("cast", atom, dtype=dtype)
    atom = cast(ctx, atom, dtype)
    if isinstance(atom, Const) and atom.weak:
        literal = dtype in LITERALS
        return Const(atom.value, Scalar(dtype), weak=False) if literal else ctx.b.op("cast", atom, dtype=dtype)
    return atom


def stored(ctx: Context, atom: Atom, dtype: str, *, wraps: bool = False) -> Atom:
    """The atom as it is written into memory of the dtype. Literals adapt; integers become floats by themselves. Numbers that
    an integer dtype does not hold are errors, and wrap in arrays; `wraps`: in single numbers of NumPy's, too."""
    kind = np.dtype(dtype).kind
    if kind in "iu" and not is_array(atom) and kind_of(atom) in "iuf" and (weak_type(atom) or not wraps):
        return narrowed(ctx, atom, dtype)
    if weak(atom):
        return cast(ctx, atom, {"b": "bool", "f": "float64", "c": "complex128"}.get(kind, "int64"))
    return atom if kind == "f" and kind_of(atom) in "biu" else cast(ctx, atom, dtype)


def narrowed(ctx: Context, number: Atom, dtype: str) -> Atom:
    """The number as an integer of the dtype, checked when the program runs to be within its bounds."""
    if np.can_cast(dtype_of(number), dtype):
        return cast(ctx, number, dtype)
    low, high = int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)
    message = f"Python integer out of bounds for {dtype}"
    if isinstance(number, Const) and weak(number):
        whole = cast(ctx, number, "int64")
        assert isinstance(whole, Const)
        if not low <= whole.value <= high:
            guard(ctx, TRUE, OverflowError, message.replace("integer", f"integer {whole.value}"))
        return whole
    whole = cast(ctx, number, "int64") if kind_of(number) == "f" else number
    wrong: list[Atom] = []
    if kind_of(whole) == "i" and np.iinfo(dtype_of(whole)).min < low:
        wrong.append(ctx.b.op("lt", whole, const(low)))
    if np.iinfo(dtype_of(whole)).max > high:
        wrong.append(ctx.b.op("gt", whole, const(high)))
    if wrong:
        guard(ctx, wrong[0] if len(wrong) == 1 else ctx.b.op("or", *wrong), OverflowError, message)
    return cast(ctx, whole, dtype)


def adapted(ctx: Context, *atoms: Atom, compared: bool = False) -> tuple[Atom, ...]:
    """The atoms with Python's numbers among them converted to what they are beside NumPy's. Integers that are `compared` stay as
    large as they are."""
    types = [weak_type(atom) for atom in atoms]
    if all(types) or not any(types):
        return atoms
    pairs = list(zip(atoms, types, strict=True))
    dtype = np.result_type(*(np.dtype(dtype_of(a)) if t is None else t.example for a, t in pairs))

    def convert(atom: Atom) -> Atom:
        if dtype.kind in "iu":
            return atom if compared else narrowed(ctx, atom, dtype.name)
        single = dtype.name in ("float32", "complex64") and isinstance(atom, Var)
        return ctx.b.op("cast", atom, dtype="float32") if single else atom

    return tuple(atom if type is None else convert(atom) for atom, type in pairs)


def zero_like(atom: Atom) -> Const:
    return const(0.0) if kind_of(atom) in "fc" else ZERO


def weak(atom: Atom) -> bool:
    return isinstance(atom, Const) and atom.weak


def common_dtype(items: Sequence[Atom]) -> str:
    """The dtype of an array made of the items; here Python's numbers are not weak, as in NumPy."""
    return np.result_type(*[np.dtype(dtype_of(item)) for item in items]).name if items else "float64"

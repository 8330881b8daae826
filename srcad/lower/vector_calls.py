"""The functions of `srcad.vector_math`: those of NumPy, with a note that it is these which were asked for."""

from __future__ import annotations

import numpy as np

from srcad import vector_math
from srcad.ir import Atom, Const, const
from srcad.lower.casts import cast, kind_of
from srcad.lower.elementwise_calls import elementwise
from srcad.lower.operands import operand
from srcad.lower.registry import Lowering, lowers
from srcad.lower.special_calls import expit
from srcad.lower.values import Context, Value
from srcad.ops import VECTOR


def _real(ctx: Context, x: Value, name: str) -> Atom:
    """The operand as a float, weak where Python's number is."""
    atom = operand(ctx, x, f"vector_math.{name}")
    if kind_of(atom) == "c":
        ctx.refuse(
            f"vector_math.{name} takes real numbers",
            f"use np.{name}" if hasattr(np, name) else "compute it from np.exp",
        )
    if kind_of(atom) == "f":
        return atom
    return const(float(atom.value)) if isinstance(atom, Const) else cast(ctx, atom, "float64")


def _of_one(name: str) -> Lowering:
    return lambda ctx, x, /: elementwise(ctx, name, _real(ctx, x, name), vector=VECTOR[name])


for _name in VECTOR:
    if _name != "pow":
        lowers(getattr(vector_math, _name))(_of_one(_name))


@lowers(vector_math.pow)
def _pow(ctx: Context, x: Value, y: Value, /) -> Value:
    return elementwise(ctx, "pow", _real(ctx, x, "pow"), _real(ctx, y, "pow"), vector=VECTOR["pow"])


@lowers(vector_math.sigmoid)
def _sigmoid(ctx: Context, x: Value, /) -> Value:
    return expit(ctx, _real(ctx, x, "sigmoid"), vector=VECTOR["exp"])


for _name in ("sin_within", "cos_within", "exceeds"):
    getattr(vector_math, _name).__srcad_refusal__ = (
        f"vector_math.{_name} is for loops that are written with its limit in mind, and has no derivative: "
        "differentiate a function of sin and cos, with vectorize_math=True"
    )

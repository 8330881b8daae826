"""Python's numbers, which adapt to the dtype of the NumPy number beside them (NEP 50): of a float32 `x`, `x * n` is float32.

A literal says of itself that it is one. What is computed from them, sizes, the indices of loops, and what `int`, `float` and
math's functions give are noted here, and the shapes of variables (merge.py) carry that past branches and loops. Before an
op they are converted (`casts.adapted`), so that the types of the trace are plain. Integer arguments of the function are taken
for Python's; a float argument may as well be one of NumPy's.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass, field

import numpy as np

from srcad.ir import FLOAT, INT, Const, Operand, Scalar, Type, Var


@dataclass(frozen=True)
class Weak(Scalar):
    """The type of a variable that holds one of Python's numbers. `small`: a literal that every dtype of its kind holds, as what
    a sum begins with; where such a variable is one of NumPy's numbers on another path, it has the dtype of that. `least`: an
    integer that it is not below, where one is known."""

    small: bool = False
    least: int | None = field(default=None, compare=False)

    @property
    def example(self) -> int | float:
        return 0.5 if self.dtype == "float64" else 0


#: The Vars that are Python's numbers.
_PYTHONS: weakref.WeakKeyDictionary[Var, Weak] = weakref.WeakKeyDictionary()


def weak_type(operand: Operand) -> Weak | None:
    """The type of one of Python's integers or floats; None for everything else."""
    if isinstance(operand, Var):
        return _PYTHONS.get(operand)
    if isinstance(operand, Const) and operand.weak and operand.type in (INT, FLOAT):
        number = operand.value
        small = 0 <= number <= 127 and float(np.float32(number)) == number
        return Weak(operand.type.dtype, small, number if operand.type == INT else None)
    return None


def note(var: object, small: bool = False, least: int | None = None) -> None:
    """Note that this is one of Python's numbers."""
    if isinstance(var, Var) and isinstance(var.type, Scalar) and var.type in (INT, FLOAT):
        _PYTHONS[var] = Weak(var.type.dtype, small, least)


def least_of(operand: Operand) -> int | None:
    """An integer that this one is not below."""
    type = weak_type(operand)
    return None if type is None else type.least


def forget(var: Var) -> None:
    """Note that this is one of NumPy's."""
    _PYTHONS.pop(var, None)


def alike(var: Var) -> Var:
    """Another Var for a value of the same kind."""
    other = var.like()
    if (type := weak_type(var)) is not None:
        note(other, type.small)
    return other


def plain(type: Type) -> Type:
    """The type in the trace."""
    return Scalar(type.dtype) if isinstance(type, Weak) else type


def joined(a: Scalar, b: Scalar) -> Scalar:
    """The type of a variable that is one on one path and the other on another."""
    weak, strong = (a, b) if isinstance(a, Weak) else (b, a)
    both = str(np.result_type(a.dtype, b.dtype))
    if not isinstance(weak, Weak):
        return Scalar(both)
    if isinstance(strong, Weak):
        return Weak(both, weak.small and strong.small)
    if weak.small and np.dtype(strong.dtype).kind != "b":
        return Scalar(str(np.result_type(strong.dtype, weak.example)))
    return Scalar(both)

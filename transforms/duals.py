"""Duals: the memory in which forward mode keeps derivatives, shaped and laid out as what they are the derivatives of."""

from __future__ import annotations

from srcad.errors import UnsupportedError
from srcad.ir import INT, Array, Atom, Builder, Const, For, ListOf, Scalar, Type, Var, const, is_float


def dot_of(var: Var) -> Var:
    return var.like(dot_hint(var))


def dot_hint(var: Var) -> str:
    return f"{var.hint}_dot" if var.hint else ""


def zero(type: Type) -> Const:
    """The derivative of a constant of a scalar type."""
    return const(0.0) if str(type) == "float64" or not is_float(type) else Const(0.0, type, weak=False)


def zeros_like(b: Builder, array: Atom) -> Atom:
    """Fresh memory of zeros with the shape of an array (or a list, of numbers), and its layout."""
    hint = dot_hint(array) if isinstance(array, Var) else ""
    type = array.type
    if isinstance(type, ListOf):
        return _zeros_like_list(b, array, hint)
    assert isinstance(type, Array)
    axes = tuple(range(type.ndim))
    if type.layout == "F" and type.ndim > 1:
        dims = [b.op("dim", array, axis=axis) for axis in reversed(axes)]
        return b.op("transpose", b.op("alloc", *dims, fill="zeros", dtype=type.dtype), hint=hint, axes=axes[::-1])
    dims = [b.op("dim", array, axis=axis) for axis in axes]
    return b.op("alloc", *dims, hint=hint, fill="zeros", dtype=type.dtype)


def _zeros_like_list(b: Builder, items: Atom, hint: str) -> Atom:
    type = items.type
    if not isinstance(type, ListOf) or not isinstance(type.item, Scalar):
        raise UnsupportedError(
            "a list of arrays that do not depend on the inputs, where others do",
            b.span,
            "make it one array, and index its rows",
        )
    zeros = b.op("list", hint=hint, item=type.item)
    body = Builder()
    body.effect("append", zeros, zero(type.item))
    b.add(For((), Var("i", INT), const(0), b.op("length", items), const(1), (), (), body.block()))
    return zeros


def shaped(b: Builder, dot: Var, array: Var) -> Atom:
    """The seed for an array, with its shape: ValueError if it has another."""
    if not isinstance(array.type, Array) or array.type.ndim == 0:
        return dot
    dims = [b.op("dim", array, axis=axis) for axis in range(array.type.ndim)]
    return b.op("expand", dot, *dims, hint=dot.hint, seed=dot.hint)


def copied(b: Builder, array: Atom, hint: str) -> Atom:
    """A copy of an array with its layout."""
    type = array.type
    if not isinstance(type, Array):
        raise UnsupportedError("a list parameter that is modified or returned", b.span, "build a new list from it")
    if type.layout == "F" and type.ndim > 1:
        axes = tuple(reversed(range(type.ndim)))
        return b.op("transpose", b.op("copy", b.op("transpose", array, axes=axes)), hint=hint, axes=axes)
    return b.op("copy", array, hint=hint)

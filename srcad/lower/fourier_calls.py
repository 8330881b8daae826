"""np.fft and scipy.fft. A transform of another length is one of a part of the array, or of the array with zeros after it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from srcad.ir import Atom, const
from srcad.lower import library
from srcad.lower.arguments import axis_number
from srcad.lower.casts import cast, dtype_of, kind_of, ndim_of
from srcad.lower.known import (
    ABSENT,
    FALSE,
    MINUS_ONE,
    NONE,
    ONE,
    TWO,
    describe,
    flag,
    is_known,
    is_none,
    known_int,
    python,
)
from srcad.lower.operands import array_operand, int_operand, operand, scalar_operand
from srcad.lower.operators import binary
from srcad.lower.registry import Lowering, lowers
from srcad.lower.shapes import alloc, along, contiguous, dim, dims, view, write
from srcad.lower.values import Context, Obj, Seq, Tup, Value

LAST_TWO = Tup((const(-2), const(-1)))


def _norm(ctx: Context, norm: Value) -> str:
    kind = "backward" if is_none(norm) else python(norm) if is_known(norm) else None
    if kind not in ("backward", "ortho", "forward"):
        ctx.type_error("norm= of a Fourier transform is 'backward', 'ortho' or 'forward'")
    return str(kind)


def _input(ctx: Context, value: Value, name: str, real: bool = False) -> Atom:
    x = array_operand(ctx, value, name)
    if real and kind_of(x) == "c":
        ctx.type_error(f"{name} takes real numbers, not {describe(x)}", "use fft, or take the .real part")
    return x if kind_of(x) in "fc" else cast(ctx, x, "float64")


def _resized(ctx: Context, x: Atom, size: Atom, axis: int) -> Atom:
    """The array with as many elements along the axis: cut off, or zeros after them."""
    sizes = dims(ctx, x)
    kept = (ABSENT, operand(ctx, ctx.b.op("minimum", sizes[axis], size)), ABSENT)
    out = alloc(ctx, [*sizes[:axis], size, *sizes[axis + 1 :]], dtype_of(x), "zeros")
    write(ctx, out, along(axis, kept), view(ctx, x, along(axis, kept)))
    return out


def _ready(ctx: Context, x: Atom, n: Value, axis: int) -> Atom:
    return x if is_none(n) else _resized(ctx, x, int_operand(ctx, n, "n="), axis)


def _transform(ctx: Context, op: str, x: Atom, axes: Sequence[int], norm: str) -> Atom:
    return ctx.b.op(op, contiguous(ctx, x), axes=tuple(axes), norm=norm)


def _half(size: Atom, ctx: Context) -> Atom:
    """How many frequencies a real array of this size has."""
    return operand(ctx, binary(ctx, "add", binary(ctx, "floordiv", size, const(2)), ONE))


def _inverse_real(ctx: Context, z: Atom, n: Value, axis: int, norm: str) -> Atom:
    """irfft of a complex array."""
    if is_none(n):
        size = operand(ctx, binary(ctx, "mul", const(2), binary(ctx, "sub", dim(ctx, z, axis), ONE)))
    else:
        size = int_operand(ctx, n, "n=")
        z = _resized(ctx, z, _half(size, ctx), axis)
    return ctx.b.op("irfft", contiguous(ctx, z), size, axes=(axis,), norm=norm)


def _complex(ctx: Context, z: Atom) -> Atom:
    return cast(ctx, z, "complex64" if dtype_of(z) in ("float32", "complex64") else "complex128")


def _along(ctx: Context, op: str, a: Value, n: Value, axis: Value, norm: Value, name: str) -> Value:
    """A transform along one axis."""
    x = _input(ctx, a, name, real=op == "rfft")
    number, scale = axis_number(ctx, axis, ndim_of(x)), _norm(ctx, norm)
    if op == "irfft":
        return _inverse_real(ctx, _complex(ctx, x), n, number, scale)
    return _transform(ctx, op, _ready(ctx, x, n, number), (number,), scale)


def _over_all(ctx: Context, op: str, a: Value, s: Value, axes: Value, norm: Value, name: str) -> Value:
    """A transform over several axes: of real numbers, or to them, along the last one, and a complex one along the others."""
    x = _input(ctx, a, name, real=op == "rfft")
    sizes: Sequence[Value] = () if is_none(s) else s.items if isinstance(s, Tup | Seq) else (s,)
    if is_none(axes):
        over = list(range(ndim_of(x)))[-len(sizes) if sizes else 0 :]
    else:
        over = [axis_number(ctx, k, ndim_of(x)) for k in (axes.items if isinstance(axes, Tup | Seq) else (axes,))]
    if sizes and len(sizes) != len(over):
        ctx.type_error(f"s= and axes= of {name} have different lengths")
    if not over or len(set(over)) < len(over):
        ctx.refuse(f"{name} over no axis, or over one twice, is not supported", "call fft for each axis")
    scale, lengths = _norm(ctx, norm), list(sizes) or [NONE] * len(over)
    last = over[-1]
    if op in ("fft", "ifft"):
        for axis, n in zip(over, lengths, strict=True):
            x = _ready(ctx, x, n, axis)
        return _transform(ctx, op, x, sorted(over), scale)
    z = _transform(ctx, "rfft", _ready(ctx, x, lengths[-1], last), (last,), scale) if op == "rfft" else _complex(ctx, x)
    for axis, n in zip(over[:-1], lengths[:-1], strict=True):
        z = _ready(ctx, z, n, axis)
    if over[:-1]:
        z = _transform(ctx, "fft" if op == "rfft" else "ifft", z, sorted(over[:-1]), scale)
    return z if op == "rfft" else _inverse_real(ctx, z, lengths[-1], last, scale)


def _numpy(op: str) -> None:
    name = f"np.fft.{op}"

    @lowers(getattr(np.fft, op))
    def along_one(ctx: Context, a: Value, n: Value = NONE, axis: Value = MINUS_ONE, norm: Value = NONE) -> Value:
        return _along(ctx, op, a, n, axis, norm, name)

    @lowers(getattr(np.fft, f"{op}2"))
    def over_two(ctx: Context, a: Value, s: Value = NONE, axes: Value = LAST_TWO, norm: Value = NONE) -> Value:
        return _over_all(ctx, op, a, s, axes, norm, f"{name}2")

    @lowers(getattr(np.fft, f"{op}n"))
    def over_all(ctx: Context, a: Value, s: Value = NONE, axes: Value = NONE, norm: Value = NONE) -> Value:
        return _over_all(ctx, op, a, s, axes, norm, f"{name}n")


TRANSFORMS = ("fft", "ifft", "rfft", "irfft")
for _op in TRANSFORMS:
    _numpy(_op)


def scipy_functions(module: Any) -> None:
    """scipy.fft's names for the same transforms; called once SciPy is there."""
    for op in TRANSFORMS:
        lowers(getattr(module, op))(_scipy(op))
        lowers(getattr(module, f"{op}2"))(_scipy_over(op, f"scipy.fft.{op}2", LAST_TWO))
        lowers(getattr(module, f"{op}n"))(_scipy_over(op, f"scipy.fft.{op}n", NONE))
    for name in ("dct", "idct", "dst", "idst"):
        lowers(getattr(module, name))(_trigonometric(name))
    lowers(module.fftshift)(_fftshift)
    lowers(module.ifftshift)(_ifftshift)
    lowers(module.fftfreq)(_fftfreq)
    lowers(module.rfftfreq)(_rfftfreq)


def _scipy(op: str) -> Lowering:
    def lowering(
        ctx: Context,
        x: Value,
        n: Value = NONE,
        axis: Value = MINUS_ONE,
        norm: Value = NONE,
        overwrite_x: Value = FALSE,
        workers: Value = NONE,
    ) -> Value:
        _kept(ctx, overwrite_x)
        return _along(ctx, op, x, n, axis, norm, f"scipy.fft.{op}")

    return lowering


def _scipy_over(op: str, name: str, every: Value) -> Lowering:
    def lowering(
        ctx: Context,
        x: Value,
        s: Value = NONE,
        axes: Value = every,
        norm: Value = NONE,
        overwrite_x: Value = FALSE,
        workers: Value = NONE,
    ) -> Value:
        _kept(ctx, overwrite_x)
        return _over_all(ctx, op, x, s, axes, norm, name)

    return lowering


def _trigonometric(name: str) -> Lowering:
    """The inverse of a transform is that of another type, which is scaled by what this one is not."""

    def lowering(
        ctx: Context,
        x: Value,
        type: Value = TWO,
        n: Value = NONE,
        axis: Value = MINUS_ONE,
        norm: Value = NONE,
        overwrite_x: Value = FALSE,
        workers: Value = NONE,
    ) -> Value:
        _kept(ctx, overwrite_x)
        a = _input(ctx, x, f"scipy.fft.{name}")
        if kind_of(a) == "c":
            ctx.refuse(f"scipy.fft.{name} of complex numbers is not supported", "transform the two parts")
        kind, scale = known_int(type), _norm(ctx, norm)
        if kind not in (1, 2, 3, 4):
            ctx.type_error(f"the type of scipy.fft.{name} is 1, 2, 3 or 4")
        if name.startswith("i"):
            kind = {2: 3, 3: 2}.get(kind, kind)
            scale = {"backward": "forward", "forward": "backward"}.get(scale, scale)
        number = axis_number(ctx, axis, ndim_of(a))
        rows = contiguous(ctx, _ready(ctx, a, n, number))
        return ctx.b.op(name.removeprefix("i"), rows, type=kind, axes=(number,), norm=scale)

    return lowering


def _kept(ctx: Context, overwrite_x: Value) -> None:
    if flag(ctx, overwrite_x, "overwrite_x="):
        ctx.refuse("overwrite_x=True leaves the argument undefined, and is not supported", "leave it out")


# --- frequencies ------------------------------------------------------------------------------------------------------


@lowers(np.fft.fftfreq)
def _fftfreq(ctx: Context, n: Value, d: Value = ONE, device: Value = NONE) -> Value:
    return _frequencies(ctx, n, d, library.frequencies)


@lowers(np.fft.rfftfreq)
def _rfftfreq(ctx: Context, n: Value, d: Value = ONE, device: Value = NONE) -> Value:
    return _frequencies(ctx, n, d, library.frequencies_of_real)


def _frequencies(ctx: Context, n: Value, d: Value, function: Any) -> Value:
    size, spacing = int_operand(ctx, n, "n"), scalar_operand(ctx, d, "d=")
    return ctx.call(Obj(function), [size, cast(ctx, spacing, "float64")], {})


def _shifted(ctx: Context, x: Value, axes: Value, back: bool) -> Value:
    a = array_operand(ctx, x, "np.fft.fftshift")
    every = range(ndim_of(a)) if is_none(axes) else python(axes) if is_known(axes) else ()
    for axis in (every,) if isinstance(every, int) else every:
        n = dim(ctx, a, axis_number(ctx, const(axis), ndim_of(a)))
        half = operand(ctx, binary(ctx, "floordiv", n, const(2)))
        by = ctx.b.op("neg", half) if back else half
        a = operand(ctx, ctx.call(Obj(np.roll), [a, by, const(axis)], {}))
    return a


@lowers(np.fft.fftshift)
def _fftshift(ctx: Context, x: Value, axes: Value = NONE) -> Value:
    return _shifted(ctx, x, axes, back=False)


@lowers(np.fft.ifftshift)
def _ifftshift(ctx: Context, x: Value, axes: Value = NONE) -> Value:
    return _shifted(ctx, x, axes, back=True)

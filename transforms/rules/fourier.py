"""Rules of the discrete Fourier transforms (Cooley & Tukey 1965), which are linear: their matrices, and these transposed.

The matrix of fft and of ifft is symmetric, and adjoints carry no conjugate: the adjoint of a transform is the same transform.
A frequency of rfft stands for itself and for its conjugate, if that is another one; multiplicity counts them.
"""

from __future__ import annotations

from collections.abc import Sequence

from srcad.ir import Atom, Builder, Op
from srcad.ops import real_part
from srcad.transforms.rules.structural import array_type, cases, newaxis, structural

#: Scaled as the transposed transform is: rfft is never scaled by what irfft is scaled by.
TRANSPOSED = {"backward": "forward", "forward": "backward", "ortho": "ortho"}


class _Linear:
    """What all of them have in common: the derivative is the same transform of the dot."""

    @staticmethod
    def pushforward(b: Builder, op: Op, dots: Sequence[Atom | None]) -> Atom | None:
        assert dots[0] is not None
        return _again(b, op, dots[0])


def _again(b: Builder, op: Op, a: Atom) -> Atom:
    """The same transform of another array."""
    return b.op(op.name, _in_rows(b, a), *op.args[1:], **dict(op.attrs))


def _in_rows(b: Builder, a: Atom) -> Atom:
    """The array, or a copy that is C-contiguous."""
    return a if array_type(a).layout == "C" else b.op("copy", a)


def _multiplicity(b: Builder, op: Op, n: Atom) -> Atom:
    """How many frequencies each stands for, along the axis of the transform."""
    ndim, (axis,) = array_type(op.result).ndim, op.attr("axes")
    counts = b.op("multiplicity", n, dtype=real_part(array_type(op.result).dtype))
    return newaxis(b, counts, tuple(range(1, ndim - axis)))


@structural("fft", "ifft", at=cases("mn", axes=(0,), norm="ortho"))
class Fft(_Linear):
    @staticmethod
    def pullback(b: Builder, op: Op, y_bar: Atom, wanted: Sequence[bool]) -> list[Atom | None]:
        return [_again(b, op, y_bar) if wanted[0] else None]


@structural("rfft", at=cases("mn", axes=(1,), norm="backward"))
class Rfft(_Linear):
    """y = rfft(x): x_bar = irfft(conj(y_bar) / multiplicity, n), without the factor 1 / n."""

    @staticmethod
    def pullback(b: Builder, op: Op, y_bar: Atom, wanted: Sequence[bool]) -> list[Atom | None]:
        if not wanted[0]:
            return [None]
        axes = op.attr("axes")
        n = b.op("dim", op.args[0], axis=axes[0])
        each = b.op("div", b.op("conj", y_bar), _multiplicity(b, op, n))
        return [b.op("irfft", each, n, axes=axes, norm=TRANSPOSED[op.attr("norm")])]


@structural("irfft", at=cases("mn 4", axes=(1,), norm="backward"))
class Irfft(_Linear):
    """x = irfft(z, n): z_bar = conj(rfft(x_bar)) multiplicity, with the factor 1 / n."""

    @staticmethod
    def pullback(b: Builder, op: Op, y_bar: Atom, wanted: Sequence[bool]) -> list[Atom | None]:
        if not wanted[0]:
            return [None, None]
        spectrum = b.op("rfft", _in_rows(b, y_bar), axes=op.attr("axes"), norm=TRANSPOSED[op.attr("norm")])
        return [b.op("mul", b.op("conj", spectrum), _multiplicity(b, op, op.args[1])), None]


#: The ends of what comes before and after the transposed transform, for each that is not orthogonal: see `Trigonometric`.
ENDS = {
    ("dct", 1): ((1.0, 0.5, 1.0), (1.0, 2.0, 1.0)),
    ("dct", 2): ((2.0, 1.0, 1.0), None),
    ("dct", 3): (None, (0.5, 1.0, 1.0)),
    ("dst", 2): ((1.0, 1.0, 2.0), None),
    ("dst", 3): (None, (1.0, 1.0, 0.5)),
}


@structural(
    "dct", "dst", at=tuple(case for k in (1, 2, 3, 4) for case in cases("mn", type=k, axes=(0,), norm="forward"))
)
class Trigonometric(_Linear):
    """The transposed matrix of the types 1 and 4 is that of the same type, those of 2 and 3 are each other's (Makhoul 1980),
    but for the factors of the first or last element that SciPy leaves out of transforms that are not orthogonal."""

    @staticmethod
    def pullback(b: Builder, op: Op, y_bar: Atom, wanted: Sequence[bool]) -> list[Atom | None]:
        if not wanted[0]:
            return [None]
        type, orthogonal = op.attr("type"), op.attr("norm") == "ortho"
        before, after = (None, None) if orthogonal else ENDS.get((op.name, type), (None, None))
        scaled = Trigonometric._scaled(b, op, y_bar, before)
        turned = b.op(op.name, _in_rows(b, scaled), **dict(op.attrs) | {"type": {2: 3, 3: 2}.get(type, type)})
        return [Trigonometric._scaled(b, op, turned, after)]

    @staticmethod
    def _scaled(b: Builder, op: Op, a: Atom, values: tuple[float, float, float] | None) -> Atom:
        if values is None:
            return a
        (axis,), array = op.attr("axes"), array_type(a)
        first, inside, last = values
        n = b.op("dim", op.args[0], axis=axis)
        factors = b.op("ends", n, first=first, inside=inside, last=last, dtype=array.dtype)
        return b.op("mul", a, newaxis(b, factors, tuple(range(1, array.ndim - axis))))

"""Products and linear algebra."""

from __future__ import annotations

import functools
import string
from collections.abc import Sequence

import numpy as np

from srcad.ir import Atom, const
from srcad.lower import library, product_library
from srcad.lower.arguments import axis_number, with_dtype, written
from srcad.lower.casts import cast, dtype_of, is_array, kind_of, ndim_of, zero_like
from srcad.lower.known import FALSE, MINUS_ONE, NONE, ONE, ZERO, describe, flag, is_known, known_int, python
from srcad.lower.operands import array_operand, int_operand, operand
from srcad.lower.operators import arithmetic, binary, guard
from srcad.lower.reduction_calls import reduction
from srcad.lower.registry import lowers
from srcad.lower.shapes import FULL, dims, ravel, view
from srcad.lower.stacks import stacked
from srcad.lower.values import Context, Obj, Seq, Tup, Value

#: What stands for axes in the subscripts of np.einsum.
LETTERS = string.ascii_letters


@lowers(np.matmul, np.linalg.matmul)
def matmul(ctx: Context, a: Value, b: Value, /, out: Value = NONE) -> Value:
    x, y = operand(ctx, a, "@"), operand(ctx, b, "@")
    if not (is_array(x) and is_array(y)):
        ctx.type_error(f"@ takes arrays, not {describe(x)} and {describe(y)}", "use * with a number")
    if ndim_of(x) > 2 or ndim_of(y) > 2:
        return written(ctx, ctx.call(Obj(product_library.matmul), [x, y], {}), out)
    return written(ctx, _product(ctx, x, y), out)


@lowers(np.dot, method="dot")
def dot(ctx: Context, a: Value, b: Value, out: Value = NONE) -> Value:
    x, y = operand(ctx, a, "np.dot"), operand(ctx, b, "np.dot")
    if not (is_array(x) and is_array(y)):
        return written(ctx, arithmetic(ctx, "mul", x, y), out)
    if ndim_of(x) > 2 or ndim_of(y) > 2:
        return written(ctx, ctx.call(Obj(product_library.dot), [x, y], {}), out)
    return written(ctx, _product(ctx, x, y), out)


def _product(ctx: Context, x: Atom, y: Atom) -> Value:
    """Of two vectors or matrices."""
    dtype = np.result_type(np.dtype(dtype_of(x)), np.dtype(dtype_of(y)))
    if dtype.kind in "biu":
        product = _integer_product(ctx, cast(ctx, x, "int64"), cast(ctx, y, "int64"))
        return cast(ctx, operand(ctx, product), dtype.name)
    return ctx.b.op("dot", cast(ctx, x, dtype.name), cast(ctx, y, dtype.name))


def _integer_product(ctx: Context, x: Atom, y: Atom) -> Value:
    """BLAS has no integers: the sum of products, broadcast so that the last axis but one of y meets the last of x."""
    inner = dims(ctx, x)[-1], dims(ctx, y)[0]
    guard(ctx, ctx.b.op("ne", *inner), ValueError, "the arrays are not aligned for a product")
    if ndim_of(y) == 2:
        x = view(ctx, x, [*[FULL] * ndim_of(x), None])
    return ctx.b.op(
        "sum", ctx.b.op("mul", x, y if ndim_of(x) < 3 else _lead(ctx, y)), axis=_summed(x, y), keepdims=False
    )


def _lead(ctx: Context, y: Atom) -> Atom:
    return view(ctx, y, [None, FULL, FULL])


def _summed(x: Atom, y: Atom) -> tuple[int, ...] | None:
    return (ndim_of(x) - 2,) if ndim_of(y) == 2 else None if ndim_of(x) == 1 else (1,)


@lowers(np.vdot)
def _vdot(ctx: Context, a: Value, b: Value, /) -> Value:
    x, y = operand(ctx, a, "np.vdot"), operand(ctx, b, "np.vdot")
    if kind_of(x) == "c":
        x = ctx.b.op("conj", x)
    return dot(ctx, ravel(ctx, x) if is_array(x) else x, ravel(ctx, y) if is_array(y) else y)


@lowers(np.outer, np.linalg.outer)
def outer(ctx: Context, a: Value, b: Value, out: Value = NONE) -> Value:
    x, y = _flat(ctx, a), _flat(ctx, b)
    return written(ctx, arithmetic(ctx, "mul", view(ctx, x, [FULL, None]), view(ctx, y, [None, FULL])), out)


def _flat(ctx: Context, value: Value) -> Atom:
    x = operand(ctx, value, "np.outer")
    return ravel(ctx, x) if is_array(x) else ctx.b.op("array", x, shape=(1,), dtype=dtype_of(x))


def transposed(ctx: Context, x: Atom) -> Atom:
    return ctx.b.op("transpose", x, axes=tuple(reversed(range(ndim_of(x)))))


@lowers(np.trace, method="trace")
def trace(
    ctx: Context,
    a: Value,
    offset: Value = ZERO,
    axis1: Value = ZERO,
    axis2: Value = ONE,
    dtype: Value = NONE,
    out: Value = NONE,
) -> Value:
    x = with_dtype(ctx, array_operand(ctx, a, "np.trace"), dtype)
    if kind_of(x) == "b":
        x = cast(ctx, x, "int64")
    if ndim_of(x) != 2:
        lines = ctx.call(Obj(np.diagonal), [x, offset, axis1, axis2], {})
        return written(ctx, reduction(ctx, "sum", lines, MINUS_ONE), out)
    x = x if axis_number(ctx, axis1, 2) < axis_number(ctx, axis2, 2) else transposed(ctx, x)
    found = ctx.call(Obj(library.trace), [x, int_operand(ctx, offset, "the offset"), zero_like(x)], {})
    return written(ctx, found, out)


@lowers(np.linalg.trace)
def _trace(ctx: Context, x: Value, /, *, offset: Value = ZERO, dtype: Value = NONE) -> Value:
    return trace(ctx, x, offset, const(-2), MINUS_ONE, dtype)


def matrix(ctx: Context, value: Value, name: str) -> Atom:
    x = operand(ctx, value, name)
    if ndim_of(x) != 2:
        remedy = "loop over the leading axes" if ndim_of(x) > 2 else "pass a two-dimensional array"
        ctx.refuse(f"{name} of {describe(x)} is not supported", remedy)
    return x


# --- np.linalg --------------------------------------------------------------------------------------------------------


def float_matrix(ctx: Context, value: Value, name: str) -> Atom:
    x = matrix(ctx, value, name)
    return x if kind_of(x) in "fc" else cast(ctx, x, "float64")


def float_matrices(ctx: Context, value: Value, name: str, real: bool = False) -> Atom:
    """A matrix, or a stack of them."""
    x = operand(ctx, value, name)
    if ndim_of(x) < 2:
        ctx.type_error(f"{name} takes a matrix, or an array of them, not {describe(x)}")
    if real and kind_of(x) == "c":
        ctx.refuse(f"{name} of a complex matrix is not supported", "write it for the real and imaginary parts")
    return x if kind_of(x) in "fc" else cast(ctx, x, "float64")


def common_floats(ctx: Context, *arrays: Atom) -> list[Atom]:
    """The arrays in one dtype."""
    dtype = np.result_type(*[np.dtype(dtype_of(x)) for x in arrays]).name
    return [cast(ctx, x, dtype) for x in arrays]


def solve(ctx: Context, a: Value, b: Value) -> Value:
    """A vector on the right is one only if it has one axis, as in NumPy 2."""
    x, y = float_matrices(ctx, a, "np.linalg.solve"), operand(ctx, b, "np.linalg.solve")
    if not is_array(y):
        ctx.type_error(f"np.linalg.solve takes a vector or a matrix on the right, not {describe(y)}")
    x, y = common_floats(ctx, x, y)
    if ndim_of(x) == 2 and ndim_of(y) < 3:
        return ctx.b.op("solve", x, y, raises=True)
    if ndim_of(y) > 1:
        return stacked(ctx, np.linalg.solve, [x, y], [("mc", dtype_of(x))])[0]
    column = view(ctx, y, [FULL, None])
    found = stacked(ctx, np.linalg.solve, [x, column], [("mc", dtype_of(x))])[0]
    return view(ctx, found, [*[FULL] * (ndim_of(x) - 1), ZERO])


lowers(np.linalg.solve)(solve)


@lowers(np.linalg.inv)
def inv(ctx: Context, a: Value) -> Value:
    x = float_matrices(ctx, a, "np.linalg.inv")
    if ndim_of(x) == 2:
        return ctx.b.op("inv", x, raises=True)
    return stacked(ctx, np.linalg.inv, [x], [("mm", dtype_of(x))])[0]


@lowers(np.linalg.det)
def det(ctx: Context, a: Value) -> Value:
    x = float_matrices(ctx, a, "np.linalg.det")
    return ctx.b.op("det", x) if ndim_of(x) == 2 else stacked(ctx, np.linalg.det, [x], [("", dtype_of(x))])[0]


@lowers(np.linalg.slogdet)
def _slogdet(ctx: Context, a: Value) -> Value:
    x = float_matrices(ctx, a, "np.linalg.slogdet")
    if kind_of(x) == "c":
        ctx.refuse("np.linalg.slogdet of a complex matrix is not supported", "take np.log(np.linalg.det(a))")
    d = operand(ctx, det(ctx, x))
    cls = type(np.linalg.slogdet(np.eye(1)))
    return Tup((ctx.b.op("sign", d), ctx.b.op("log", ctx.b.op("abs", d))), cls)


@lowers(np.linalg.cholesky)
def cholesky(ctx: Context, a: Value, /, *, upper: Value = FALSE) -> Value:
    """Of the lower triangle; of the upper one, which is the lower triangle of the adjoint, the adjoint of the factor."""
    x = float_matrices(ctx, a, "np.linalg.cholesky")
    turned = flag(ctx, upper, "upper=")
    if ndim_of(x) > 2:
        function = functools.partial(np.linalg.cholesky, upper=turned)
        return stacked(ctx, function, [x], [("mm", dtype_of(x))])[0]
    return hermitian(ctx, ctx.b.op("cholesky", hermitian(ctx, x))) if turned else ctx.b.op("cholesky", x)


def hermitian(ctx: Context, x: Atom) -> Atom:
    """The adjoint of a matrix: its transpose, conjugated."""
    turned = transposed(ctx, x)
    return ctx.b.op("conj", turned) if kind_of(x) == "c" else turned


@lowers(np.linalg.matrix_power)
def _matrix_power(ctx: Context, a: Value, n: Value) -> Value:
    x = matrix(ctx, a, "np.linalg.matrix_power")
    times = known_int(n)
    if times is None:
        return ctx.call(Obj(library.power_of_matrix), [x, int_operand(ctx, n, "the power")], {})
    if times < 0:
        x, times = ctx.b.op("inv", float_matrix(ctx, x, "np.linalg.matrix_power"), raises=True), -times
    if times == 0:
        return ctx.call(Obj(np.eye), [ctx.b.op("dim", x, axis=0)], {"dtype": Obj(np.dtype(dtype_of(x)))})
    result: Value = x
    for bit in bin(times)[3:]:
        result = matmul(ctx, result, result)
        if bit == "1":
            result = matmul(ctx, result, x)
    return result


@lowers(np.linalg.multi_dot)
def _multi_dot(ctx: Context, arrays: Value) -> Value:
    if not isinstance(arrays, Tup | Seq) or len(arrays.items) < 2:
        ctx.type_error("np.linalg.multi_dot takes a list of at least two arrays")
    result, *rest = arrays.items
    for array in rest:
        result = dot(ctx, result, array)
    return result


# --- contractions -----------------------------------------------------------------------------------------------------


@lowers(np.einsum)
def einsum(ctx: Context, subscripts: Value, /, *operands: Value, optimize: Value = FALSE) -> Value:
    """Every operand is turned so that its axes stand in one common order, newaxis where it has none; then their product
    is summed over the axes that the result leaves out. A letter that an operand has twice is its diagonal."""
    text, values = _subscripts(ctx, subscripts, operands)
    arrays = [operand(ctx, value, "np.einsum") for value in values]
    terms, right = _terms(ctx, text, arrays)
    for k, term in enumerate(terms):
        terms[k], arrays[k] = _diagonals(ctx, term, arrays[k])
    if len(terms) == 2 and (product := _as_dot(ctx, terms, right, arrays)) is not None:
        return product
    order = right + "".join(dict.fromkeys(c for c in "".join(terms) if c not in right))
    result: Value = _spread(ctx, arrays[0], terms[0], order)
    for array, term in zip(arrays[1:], terms[1:], strict=True):
        result = binary(ctx, "mul", result, _spread(ctx, array, term, order))
    summed = Tup(tuple(const(k) for k in range(len(right), len(order))))
    return reduction(ctx, "sum", result, summed) if summed.items else result


def _subscripts(ctx: Context, first: Value, rest: Sequence[Value]) -> tuple[str, Sequence[Value]]:
    """The subscripts as a string, and the operands; they may be given as lists of numbers, after each operand its own."""
    if isinstance(first, Obj) and isinstance(first.value, str):
        return first.value.replace(" ", ""), rest
    parts = (first, *rest)
    lists = parts[1::2] if len(parts) % 2 == 0 else (*parts[1::2], parts[-1])
    if not all(map(is_known, lists)):
        ctx.refuse("np.einsum needs its subscripts as a string", 'for example np.einsum("ij,j->i", a, x)')
    texts = ["".join("..." if k is Ellipsis else LETTERS[k] for k in python(each)) for each in lists]
    if len(parts) % 2 == 0:
        return ",".join(texts), parts[::2]
    return f"{','.join(texts[:-1])}->{texts[-1]}", parts[:-1:2]


def _terms(ctx: Context, text: str, arrays: Sequence[Atom]) -> tuple[list[str], str]:
    """The letters of each operand and of the result, with capital letters of their own for the axes that "..." stands for."""
    left, arrow, right = text.partition("->")
    terms = left.split(",")
    if len(terms) != len(arrays):
        ctx.type_error(f"the subscripts {text!r} do not fit the operands of np.einsum")
    widths = [ndim_of(x) - len(term.replace("...", "")) for term, x in zip(terms, arrays, strict=True)]
    if any(width < 0 or (width and "..." not in term) for width, term in zip(widths, terms, strict=True)):
        ctx.type_error(f"the subscripts {text!r} do not fit the operands of np.einsum")
    most = max(widths)
    dots = [letter for letter in reversed(LETTERS) if letter not in text][:most]
    if not arrow:
        letters = left.replace(",", "").replace(".", "")
        right = ("..." if "..." in left else "") + "".join(sorted(c for c in set(letters) if letters.count(c) == 1))
    if most and "..." not in right:
        ctx.type_error(f"the subscripts {text!r} have '...' on the left of '->' only")
    terms = [term.replace("...", "".join(dots[most - width :])) for term, width in zip(terms, widths, strict=True)]
    right = right.replace("...", "".join(dots))
    if len(set(right)) < len(right) or not set(right) <= set("".join(terms)):
        ctx.type_error(f"the result of the subscripts {text!r} repeats a letter, or has one of its own")
    return terms, right


def _diagonals(ctx: Context, term: str, array: Atom) -> tuple[str, Atom]:
    """The operand without letters that come twice."""
    for letter in dict.fromkeys(term):
        while term.count(letter) > 1:
            i = term.index(letter)
            j = term.index(letter, i + 1)
            wrong = ctx.b.op("ne", dims(ctx, array)[i], dims(ctx, array)[j])
            guard(ctx, wrong, ValueError, "dimensions in operand for collapsing index don't match")
            array = operand(ctx, ctx.call(Obj(np.diagonal), [array, ZERO, const(i), const(j)], {}))
            term = term[:i] + term[i + 1 : j] + term[j + 1 :] + letter
    return term, array


def _as_dot(ctx: Context, terms: list[str], right: str, arrays: list[Atom]) -> Value | None:
    """The subscripts of a matrix product, turned where they need it."""
    a, b = terms
    shared = set(a) & set(b)
    if len(shared) != 1 or len(a) > 2 or len(b) > 2 or shared & set(right):
        return None
    (letter,) = shared
    kept = a.replace(letter, ""), b.replace(letter, "")
    x, y = arrays
    x = transposed(ctx, x) if len(a) == 2 and a[0] == letter else x
    y = transposed(ctx, y) if len(b) == 2 and b[1] == letter else y
    if right == "".join(kept):
        return dot(ctx, x, y)
    result = dot(ctx, x, y)
    return transposed(ctx, operand(ctx, result)) if right == kept[1] + kept[0] else None


def _spread(ctx: Context, array: Atom, term: str, order: str) -> Atom:
    """The array with its axes in the common order; a missing axis is new."""
    if not term:
        return array
    turned = tuple(term.index(letter) for letter in order if letter in term)
    if turned != tuple(range(len(term))):
        array = ctx.b.op("transpose", array, axes=turned)
    return view(ctx, array, [FULL if letter in term else None for letter in order])

"""How each op is written in Python: an op and its operands' expressions give an expression, or a statement.

See `srcad.syntax` for what stands in these trees where a name will be.
"""

from __future__ import annotations

import ast
import builtins
import cmath
from collections.abc import Sequence
from typing import Any

import numpy as np

from srcad.ir import BOOL, INT, Array, Atom, Const, ListOf, Op, Scalar, Trace, Type
from srcad.ops import ELEMENTWISE, MATRICES, VECTOR, is_spelt, promote
from srcad.syntax import LOAD, STORE, both, call, is_number, name, one_or_tuple, phrase, total, unsigned

#: Array functions that are NumPy's, under the same name.
_NUMPY = frozenset("sum mean prod max min argmax argmin any all copy".split())
_REDUCTIONS = frozenset("sum mean prod max min".split())
_LINALG = frozenset("solve inv det eigh qr pinv cholesky".split())
_CASTS = {"float64": "float", "int64": "int", "bool": "bool", "complex128": "complex"}
_LOGIC = {"and": "np.logical_and", "or": "np.logical_or", "not": "np.logical_not", "where": "np.where"}

#: Functions of `srcad.checked_math`, by their ops.
RAISING = {
    **{
        name: name
        for name in "cos cosh exp exp2 expm1 fmod gamma lgamma log log10 log1p log2 pow sin sinh sqrt tan".split()
    },
    **{f"arc{name}": f"a{name}" for name in ("cos", "cosh", "sin", "tanh")},
}


# --- pieces ---------------------------------------------------------------------------------------


def dtype_name(dtype: str) -> ast.expr:
    return phrase(f"np.{'bool_' if dtype == 'bool' else dtype}")


def number(value: Any) -> ast.expr:
    """A Python number as an expression, also where it has no literal."""
    if isinstance(value, complex):
        if cmath.isfinite(value):
            return ast.Constant(value)
        return call("complex", number(value.real), number(value.imag))
    if isinstance(value, float) and value != value:
        return phrase("np.nan")
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return phrase("np.inf" if value > 0 else "-np.inf")
    return ast.Constant(value)


def literal(const: Const, type: Type | None = None) -> ast.expr:
    """The literal, such that compiled code gives it this type (its own by default; a float64 is plain Python's float)."""
    plain = name(const) if const.name else None
    if const.value is None or isinstance(const.type, Array | ListOf):
        return plain or ast.Constant(const.value)
    want = type.dtype if isinstance(type, Scalar | Array) else const.type.dtype
    value = np.dtype(want).type(const.value).item() if want in _CASTS else const.value
    if isinstance(value, np.generic):
        value = value.item()
    if want not in _CASTS:
        return phrase(f"np.{want}(_0)", plain or number(value))
    if plain and want != const.type.dtype:
        return phrase(f"{_CASTS[want]}(_0)", plain)
    return plain or number(value)


def default(type: Type) -> ast.expr:
    """Some value of the type, for a variable that must exist and is never read."""
    if isinstance(type, Scalar):
        return literal(Const(0, type))
    if isinstance(type, Array):
        array = _alloc("empty", [ast.Constant(0)] * type.ndim, type.dtype)
        if type.layout == "F":
            return phrase("_0.T", array)
        if type.layout == "A" and not type.ndim:
            return call("element", _alloc("empty", [ast.Constant(1)], type.dtype), ast.Constant(0))
        return array if type.layout == "C" else phrase("_0[::2]", array)
    # Numba types an empty list by what would be in it.
    # Not by a comprehension: where Numba inlines one it drops stores into arrays that it believes nobody reads, and it does not
    # see that a list may hold them.
    return phrase("[_0][1:]", default(type.item))


def _alloc(fill: str, dims: Sequence[ast.expr], dtype: str) -> ast.expr:
    return call(f"np.{fill}", one_or_tuple(dims), **_dtype_keyword(dtype))


def _dtype_keyword(dtype: str) -> dict[str, ast.expr]:
    return {} if dtype == "float64" else {"dtype": dtype_name(dtype)}


# --- expressions ----------------------------------------------------------------------------------


#: Ops that are called as the helpers of that name.
_OF_RUNTIME = frozenset(
    """reduce_like broadcast_dim spans next_checkpoint cofactors cofactors_along inverse_gaps is_invertible
    is_positive_definite""".split()
)


def constants(op: Op) -> list[Type | None]:
    """The type that each argument takes where it is a literal.

    Weak literals follow the dtype beside them in NumPy; to Numba they are float64 and int64, so beside float32 they are
    written with their dtype, or the whole operation would run in double.
    """
    types: list[Type | None] = [None] * len(op.args)
    if op.name == "call":
        return types
    if op.name == "array":
        return [Scalar(op.attr("dtype"))] * len(op.args)
    if op.name in ("store", "update", "atomic_add"):
        return [*types[:-1], Scalar(op.args[0].type.dtype)] if isinstance(op.args[0].type, Array) else types
    if op.name not in ELEMENTWISE or op.name == "cast":
        return types
    data = op.args[1:] if op.name == "where" else op.args
    strong = [a for a in data if not (isinstance(a, Const) and a.weak)]
    if not strong or promote(data) not in ("float32", "complex64", "uint64"):
        return types
    wanted = Scalar(promote(data))
    types = [wanted if isinstance(a, Const) and a.weak else None for a in op.args]
    integer = {"pow": 1, "polygamma": 0}.get(op.name)
    if integer is not None and isinstance(arg := op.args[integer], Const) and isinstance(arg.value, int):
        types[integer] = None
    return types


def expression(op: Op, args: Sequence[ast.expr]) -> ast.expr:
    """The value of an op with one result."""
    if op.name in ELEMENTWISE:
        return _elementwise(op, args)
    match op.name:
        case "alloc":
            return _alloc(op.attr("fill"), args, op.attr("dtype"))
        case "array":
            return _array(op, args)
        case "local":
            shape = op.attr("shape")
            size = phrase(repr(shape if len(shape) > 1 else shape[0]))
            return call(f"cuda.{'shared' if op.attr('shared') else 'local'}.array", size, dtype_name(op.attr("dtype")))
        case "thread":
            id = op.attr("id")
            return phrase(f"cuda.{id}" if "." in id else f"cuda.{id}(1)")
        case "strided":
            return phrase("_0 + _1 * _2", *args)
        case "grid2" | "grid3":
            return phrase(f"cuda.grid({op.name[-1]})")
        case "load":
            return _subscript(args[0], args[1:])
        case "view" if isinstance(op.result.type, Array) and op.result.type.ndim == 0 and op.attr("spec"):
            return call("element", *args)
        case "view":
            return _subscript(args[0], _slices(op.attr("spec"), args[1:]))
        case "transpose":
            axes = op.attr("axes")
            flipped = tuple(axes) == tuple(range(len(axes)))[::-1]
            return phrase("_0.T" if flipped else f"np.transpose(_0, {tuple(axes)})", args[0])
        case "reshape":
            return phrase("_0.reshape(_1)", args[0], one_or_tuple(args[1:]))
        case "copy":
            return phrase("_0.copy()", args[0])
        case "expand" if op.attr("seed"):
            return call("of_shape", ast.Constant(op.attr("seed")), *args)
        case "expand":
            return call("expand", *args)
        case name if name in _OF_RUNTIME:
            return call(name, *args)
        case "multiplicity":
            return call(op.name, *args, **_dtype_keyword(op.attr("dtype")))
        case "ends":
            values = [ast.Constant(op.attr(key)) for key in ("first", "inside", "last")]
            return call(op.name, *args, *values, **_dtype_keyword(op.attr("dtype")))
        case "tril":
            return call("np.tril", args[0], ast.Constant(op.attr("k")))
        case "svd":
            return call("np.linalg.svd", args[0], **({} if op.attr("full") else {"full_matrices": ast.Constant(False)}))
        case "fft" | "ifft" | "rfft" | "irfft" | "dct" | "dst":
            return _fourier(op, args)
        case "stop_gradient":
            return args[0]
        case "dim":
            return _size(op.args[0], op.attr("axis"), args[0])
        case "trips":
            return _trips(*args)
        case "dot":
            return phrase("_0 @ _1", *args)
        case "draw":
            return _draw(op, args)
        case "list":
            return default(ListOf(op.attr("item")))
        case "pop":
            return phrase("_0.pop()", args[0])
        case "length":
            return phrase("len(_0)", args[0])
        case "argsort":
            return call("np.argsort", args[0], kind=ast.Constant("mergesort"))
    if op.name == "factor":
        return call("matrices.lu", *args)
    if op.name in MATRICES:
        read = args[1:] if op.name == "lu_solve" else args  # the matrix itself stands there for its derivative
        return call(f"matrices.{op.name}", *read, **_attributes(op))
    if op.name in _LINALG:
        return call(f"np.linalg.{op.name}", *args)
    if op.name in _NUMPY:
        axis = op.attr("axis")
        keywords: dict[str, ast.expr] = {}
        if axis is not None:
            keywords["axis"] = ast.Constant(axis[0]) if len(axis) == 1 else phrase(repr(tuple(axis)))
        if op.attr("keepdims"):
            keywords["keepdims"] = ast.Constant(True)
        return call(f"np.{op.name}", *args, **keywords)
    raise AssertionError(f"no spelling for {op.name}")


def _draw(op: Op, args: Sequence[ast.expr]) -> ast.expr:
    count = op.attr("count")
    return call(
        f"np.random.{op.attr('function')}", *args[:count], *([one_or_tuple(args[count:])] if args[count:] else [])
    )


def _attributes(op: Op) -> dict[str, ast.expr]:
    """The options of a function of matrices, but for those that are 0 or False."""
    found = {key: op.attr(key) for key in MATRICES[op.name]}
    return {key: ast.Constant(value) for key, value in found.items() if value or key == "lower"}


def _fourier(op: Op, args: Sequence[ast.expr]) -> ast.expr:
    """Along the last axis unless said otherwise; `fftn` where there are several."""
    array = op.args[0].type
    assert isinstance(array, Array)
    axes, name = op.attr("axes"), f"np.fft.{op.name}"
    keywords: dict[str, ast.expr] = {}
    if op.attr("type"):
        name, keywords = f"scipy.fft.{op.name}", {} if op.attr("type") == 2 else {"type": ast.Constant(op.attr("type"))}
    if len(axes) > 1:
        name += "n"
        keywords = {} if axes == tuple(range(array.ndim)) else {"axes": phrase(repr(axes))}
    elif axes != (array.ndim - 1,):
        keywords["axis"] = ast.Constant(axes[0])
    if op.attr("norm") != "backward":
        keywords["norm"] = ast.Constant(op.attr("norm"))
    return call(name, *args, **keywords)


def _trips(start: ast.expr, stop: ast.expr, step: ast.expr) -> ast.expr:
    if not is_number(step, 1):
        return phrase("len(_0)", range_of(start, stop, step))
    count = stop if is_number(start, 0) else total(stop, start, minus=True)
    return count if isinstance(count, ast.Attribute | ast.Subscript) else call("max", count, ast.Constant(0))


def range_of(start: ast.expr, stop: ast.expr, step: ast.expr) -> ast.expr:
    args = [start, stop, step]
    if is_number(step, 1):
        args = [stop] if is_number(start, 0) else [start, stop]
    return call("range", *args)


def _elementwise(op: Op, args: Sequence[ast.expr]) -> ast.expr:
    on_array = isinstance(op.result.type, Array)
    if op.name == "cast":
        dtype = op.attr("dtype")
        if on_array:
            return ast.Call(ast.Attribute(args[0], "astype", LOAD), [dtype_name(dtype)], [])
        # Numba's float() does not take a bool, and its float(), complex() and int() leave a narrower number as it is.
        given = op.args[0].type
        assert isinstance(given, Scalar)
        narrow = given == BOOL if dtype == "float64" else False
        narrow |= given.dtype != dtype and np.dtype(given.dtype).kind == np.dtype(dtype).kind
        return call(f"np.{dtype}" if narrow else _CASTS.get(dtype, f"np.{dtype}"), args[0])
    if on_array and op.name in _LOGIC:
        return call(_LOGIC[op.name], *args)
    value, type = _calculated(op, args), op.result.type
    if isinstance(type, Scalar) and np.dtype(type.dtype).kind in "iu" and type != INT:
        # Numba computes with 64 bits where NumPy's narrower integers wrap.
        return call(f"np.{type.dtype}", value)
    return value


def raises(op: Op) -> bool:
    """Whether this is a function of math's that is to raise by itself."""
    return op.name in RAISING and bool(op.attr("raises"))


def _calculated(op: Op, args: Sequence[ast.expr]) -> ast.expr:
    if op.name in ("add", "sub"):
        return total(args[0], args[1], op.name == "sub")
    if op.name == "and":
        return both(*args)
    if op.name in ("minimum", "maximum") and op.result.type == INT:
        return call(op.name[:3], *args)
    if op.name in VECTOR and op.attr("vector"):
        return call(f"vm.{op.attr('vector')}", *args)
    if raises(op):
        return call(f"math.{RAISING[op.name]}", *args)
    text = ELEMENTWISE[op.name].text
    return phrase(text.format("_0", "_1", "_2", "_3"), *args)


def _array(op: Op, args: Sequence[ast.expr]) -> ast.expr:
    shape, dtype = op.attr("shape"), op.attr("dtype")
    if not args:
        return _alloc("empty", [ast.Constant(n) for n in shape], dtype)

    def rows(items: Sequence[ast.expr], shape: Sequence[int]) -> ast.expr:
        if len(shape) > 1:
            size = len(items) // shape[0]
            items = [rows(items[k * size : (k + 1) * size], shape[1:]) for k in range(shape[0])]
        return ast.List(list(items), LOAD)

    same = all(isinstance(a, Const) or a.type == Scalar(dtype) for a in op.args) and dtype in _CASTS
    keywords = {} if same else {"dtype": dtype_name(dtype)}
    return call("np.array", rows(args, shape) if shape else args[0], **keywords)


def _size(array: Atom, axis: int, node: ast.expr) -> ast.expr:
    vector = isinstance(array.type, Array) and array.type.ndim == 1
    return phrase("_0.size" if vector else f"_0.shape[{axis}]", node)


def _plus(node: ast.expr, n: int) -> ast.expr:
    if isinstance(node, ast.Constant):
        return ast.Constant(node.value + n)  # type: ignore[operator]
    return total(node, ast.Constant(abs(n)), n < 0) if n else node


def _subscript(array: ast.expr, items: Sequence[ast.expr]) -> ast.expr:
    return ast.Subscript(array, one_or_tuple(items), LOAD)


def _slices(spec: str, operands: Sequence[ast.expr]) -> list[ast.expr]:
    rest = iter(operands)

    def bound() -> ast.expr | None:
        node = next(rest)
        return None if isinstance(node, ast.Constant) and node.value is None else node

    items: list[ast.expr] = []
    for letter in spec:
        match letter:
            case "i":
                items.append(next(rest))
            case "s":
                items.append(ast.Slice(bound(), bound(), bound()))
            case "n":
                items.append(phrase("np.newaxis"))
    return items


# --- statements -----------------------------------------------------------------------------------


def effect(op: Op, args: Sequence[ast.expr]) -> ast.stmt:
    """The statement of an op that has no result."""
    match op.name:
        case "store" | "update":
            place = _subscript(args[0], args[1:-1])
            return _write(place, args[-1], op.name == "update")
        case "atomic_add":
            return ast.Expr(call("cuda.atomic.add", args[0], one_or_tuple(args[1:-1]), args[-1]))
        case "barrier":
            return ast.Expr(call("cuda.syncthreads"))
        case "assign" | "accumulate":
            whole: ast.expr = ast.Constant(...)
            if isinstance(op.args[0].type, Array) and op.args[0].type.ndim == 1:
                whole = ast.Slice()
            return _write(_subscript(args[0], [whole]), args[1], op.name == "accumulate")
        case "product":
            return ast.Expr(call("np.dot", args[1], args[2], args[0]))
        case "append":
            return ast.Expr(phrase("_0.append(_1)", *args))
        case "pop":
            return ast.Expr(phrase("_0.pop()", *args))
        case "check_disjoint" | "room":
            return ast.Expr(call(op.name, *args))
        case "check_shape":
            return ast.Expr(call("check_shape", ast.Constant(op.attr("called")), *args))
        case "check_sizes":
            one, other = (
                node if axis is None else _size(a, axis, node)
                for a, axis, node in zip(op.args, op.attr("axes"), args, strict=True)
            )
            return ast.Expr(call("check_sizes", one, _plus(other, op.attr("more"))))
        case "draw":
            return ast.Expr(_draw(op, args))
        case "raise":
            exc = op.attr("exc")
            exc = vars(builtins)[exc] if isinstance(exc, str) else exc
            texts: list[ast.expr] = [] if op.attr("message") is None else [ast.Constant(op.attr("message"))]
            if not is_spelt(exc):
                return ast.Raise(ast.Call(ast.Name(exc, LOAD), texts, []), None)
            text = "np.linalg.LinAlgError" if exc is np.linalg.LinAlgError else exc.__name__
            return ast.Raise(call(text, *texts), None)
        case "print":
            rest = iter(args)
            return ast.Expr(call("print", *[next(rest) if t is None else ast.Constant(t) for t in op.attr("template")]))
    raise AssertionError(f"no statement for {op.name}")


def _write(place: ast.expr, value: ast.expr, add: bool) -> ast.stmt:
    assert isinstance(place, ast.Subscript)
    place.ctx = STORE
    if not add:
        return ast.Assign([place], value)
    opposite = unsigned(value)
    return ast.AugAssign(place, ast.Add() if opposite is None else ast.Sub(), value if opposite is None else opposite)


def call_of(function: Trace, args: Sequence[ast.expr]) -> ast.expr:
    return ast.Call(name(function), list(args), [])

"""The vocabulary of the trace: every op, what it means, what type it gives, and what it does to memory.

Elementwise ops take scalars and arrays with NumPy's broadcasting, and give a scalar when all arguments are scalars. An array
result is always fresh memory. `where(c, a, b)` and `cast(x) dtype=` are elementwise too. With the
attribute vector= an op is the function of `srcad.vector_math` by that name; some have a limit, which `exceeds` knows.
`checked_add` and its kin are for integers that may not fit into 64 bits: see `transforms.integers`.

Memory (an array Var is a reference):

    alloc(*dims) fill= dtype=        fresh memory; fill is "empty", "zeros" or "ones". That of a tape, and a list that is
                                     one, has the attribute tape=True
    array(*elements) shape= dtype=   np.array([...]) of scalars, row-major; fresh memory
    load(a, *index)                  one element (as many indices as a has axes; negative ones count from the end)
    store(a, *index, value)          a[index] = value
    update(a, *index, value)         a[index] += value
    assign(a, value)                 a[...] = value, a scalar or an array that broadcasts to a (NumPy's buffered meaning)
    accumulate(a, value)             a[...] += value, likewise
    view(a, *operands) spec=         the view a[spec]; spec has one letter per index item: "i" an integer (1 operand),
                                     "s" a slice (3 operands, Const(None) where left out), "n" np.newaxis (0 operands);
                                     axes not mentioned are kept whole. With an integer for each axis, the result has no
                                     axes, as that of a[i, ...] has in NumPy
    transpose(a) axes=               a view; axes is a tuple
    reshape(a, *dims)                a view of a C-contiguous array (make it so by `copy` first); dims are never -1
    copy(a)                          fresh C-contiguous memory
    product(a, b, c)                 a[...] = b @ c, where a shares no memory with b or c; made when a trace is finished, of an
                                     assign with the attribute product=True
    expand(a, *dims)                 a broadcast to dims: a itself when it has that shape already, else a copy. With the
                                     attribute seed= (a name), ValueError if it has another shape
    reduce_like(g, a)                the adjoint of expand: g summed over the axes along which a was repeated, with a's
                                     shape. g is given away: it may be the result itself
    stop_gradient(x)                 x itself, as a constant (for arrays: the same memory)

Sizes and iteration:

    dim(a) axis=                     a.shape[axis]
    trips(start, stop, step)         len(range(start, stop, step)); with positive=True the step is known to be positive
    next_checkpoint(at, end, run, free)  where the next checkpoint is: see `srcad.checkpointing`
    broadcast_dim(n, m)              the size of an axis of which one array has n and another m; ValueError if they clash
    spans(n, m)                      whether an axis of n elements spans one of m, or its only element is repeated along that;
                                     ValueError if it has neither m nor one

Whole-array functions (fresh results): sum, mean, prod, max, min (a; axis= None or a tuple of nonnegative ints, keepdims=),
argmax, argmin (a), argsort (of a vector; equal elements keep their order), dot(a, b) (np.dot for 1-D and 2-D), solve(a, b),
inv(a), det(a), cofactors(a, d) (the derivative of det at a, where det(a) is d), cofactors_along(a, d, v) (that of
cofactors along v), pinv(a, rcond), tril(a) k=, inverse_gaps(w)
(1 / (w[j] - w[i]) off the diagonal), is_invertible(a), is_positive_definite(a) (whether inv and a Cholesky decomposition raise),
cholesky(a) (of the lower triangle); solve_triangular(a, b) lower= trans= (0 or 1) unit=, swap_rows(a, swaps) back=, expm(a),
sqrtm(a), logm(a), sylvester(a, b, q) (x with a x + x b = q) are functions of `srcad.matrices`.

With several results: eigh(a) gives the eigenvalues and eigenvectors of the lower triangle, eig(a) those of any square matrix,
complex in any case, qr(a) gives q and r (reduced), svd(a) full= gives u, s and v^H, lu(a) the two factors in one array and
the rows that were swapped. factor(a) is the same, and has no derivative: lu_solve(a, lu, swaps, b) trans= (what `solve`
gives, or with trans=1 for the transpose, by the factors) has that of a.

Fourier transforms, of C-contiguous arrays: fft(a), ifft(a) axes= norm=; rfft(a) and irfft(a, n) likewise along one axis;
multiplicity(n) dtype= says how many of the n frequencies each of rfft stands for. dct(a), dst(a) type= axis= norm= are SciPy's
trigonometric transforms; ends(n) first= inside= last= dtype= is a vector of n numbers, equal but for the ends.

Lists: list() item=, append(l, x), pop(l) (the last), length(l).

check_disjoint(a, b) raises ValueError if the two arrays share memory, check_shape(a, *dims) called= if a, which is called that,
has another shape. check_sizes(a, b) axes= more= raises SizeError unless the size of a's axis is that of b's plus a number; a or
b may be an int, whose axis is None. comment() text= is a line of comment in the generated code.

Effects without memory: raise() exc= message= ; throw(*variables) catcher= raised= shapes= (while a `try` is lowered only: see
srcad.lower.exceptions); print(*args) template= (a tuple of str | None: None stands for the next arg).

draw(*params, *dims) function= count= dtype= : a number, or an array of the dims, from np.random; count says how many parameters
it has. With function="seed" it has no result.

In what a thread of a GPU runs (see `transforms.thread`): local() shape= dtype= is memory of the thread's own; room(a, axis, n,
need, slot) raises MemoryError if a has no place n along the axis, and notes in need[slot] how many it should have. The
functions of `math` are ops there (`math_exp`), of scalars.

In a CUDA kernel of the user's (see `transforms.kernel`): thread() id= is where the thread is, or how large the launch is, by its
name in `cuda` ("grid", "gridsize", "threadIdx.x", ...); grid2() and grid3() are the same for several axes. strided(start, m,
step) is start + m * step, the index on trip m of a loop with a positive step that is not known. atomic_add(a, *index, value) is
an update that other threads may make at the same time; barrier() waits for the threads of the block. An alloc with the attribute
shared=True is memory of the block, one with own=True is `cuda.local.array`.

call(*args) callee= results= : a call of `Trace.functions[callee]`; results is a tuple of types.

custom(*args) primitive= : a function with a rule of its own (`srcad.primitive`); no effects, fresh results. The adjoint opens it:
the forward half of its rule, on arguments that `stop_gradient` with passing=True holds constant, and ruled(*args, *residuals,
*results) backward= residuals= primitive=, whose results are the ones given.
"""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from srcad.ir import BOOL, INT, Array, Atom, Const, ListOf, Scalar, Type

# --- elementwise ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Elementwise:
    """`text` is how the op is written, with {0}, {1} for its arguments; `kind` says how its dtype follows from theirs:
    "same" (NumPy's promotion), "float" (the same, ints become float64), "bool" (a comparison), "real" (the dtype of the
    parts of a complex number), "complex" (a number of two parts; scalars only)."""

    text: str
    arity: int
    kind: str


#: SciPy's special functions, with the numbers of their arguments: `srcad.special` makes Numba know them.
SPECIAL: Mapping[str, int] = {
    **dict.fromkeys(
        """ndtr log_ndtr ndtri erfinv erfcinv erfcx dawsn rgamma entr j0 j1 y0 y1 i0 i1 i0e i1e k0 k1 k0e k1e ellipk ellipe
        expi exp1 spence ndtri_exp exprel erfi wrightomega cosm1""".split(),
        1,
    ),
    **dict.fromkeys(
        """beta betaln gammainc gammaincc gammaincinv gammainccinv stdtr xlogy xlog1py rel_entr kl_div jv yv iv ive kv kve
        hyp0f1 expn ellipkinc ellipeinc struve modstruve binom poch inv_boxcox owens_t stdtrit""".split(),
        2,
    ),
    **dict.fromkeys("betainc betaincc betaincinv hyp1f1 hyperu wright_bessel log_wright_bessel".split(), 3),
    "hyp2f1": 4,
}


#: What is in `math` too, by its name there: all that the threads of a GPU know of scalars.
MATH: Mapping[str, str] = {
    **{name: name for name in "sqrt exp expm1 log log2 log10 log1p sin cos tan sinh cosh tanh floor ceil".split()},
    **{f"arc{name}": f"a{name}" for name in "sin cos tan sinh cosh tanh tan2".split()},
    **{name: name for name in "hypot copysign fmod isnan isinf isfinite".split()},
}


#: What there is in `srcad.vector_math`, by its name there.
VECTOR: Mapping[str, str] = {name: name for name in "exp expm1 log log1p sin cos tanh pow".split()}


def _table() -> dict[str, Elementwise]:
    table: dict[str, Elementwise] = {}
    for name, symbol in {"add": "+", "sub": "-", "mul": "*", "mod": "%", "floordiv": "//", "pow": "**"}.items():
        table[name] = Elementwise(f"{{0}} {symbol} {{1}}", 2, "same")
    table["div"] = Elementwise("{0} / {1}", 2, "float")
    table["neg"] = Elementwise("-{0}", 1, "same")
    for name, symbol in {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!="}.items():
        table[name] = Elementwise(f"{{0}} {symbol} {{1}}", 2, "bool")
    table["and"] = Elementwise("{0} and {1}", 2, "bool")
    table["or"] = Elementwise("{0} or {1}", 2, "bool")
    table["not"] = Elementwise("not {0}", 1, "bool")
    for name, symbol in {"bitand": "&", "bitor": "|", "bitxor": "^", "lshift": "<<", "rshift": ">>"}.items():
        table[name] = Elementwise(f"{{0}} {symbol} {{1}}", 2, "same")
    table["invert"] = Elementwise("~{0}", 1, "same")
    table["abs"] = Elementwise("abs({0})", 1, "same")
    floats = """sqrt cbrt exp exp2 expm1 log log2 log10 log1p sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh arccosh
        arctanh floor ceil trunc rint deg2rad rad2deg"""
    for name in floats.split():
        table[name] = Elementwise(f"np.{name}({{0}})", 1, "float")
    for name in ("erf", "erfc", "gamma", "lgamma"):
        table[name] = Elementwise(f"math.{name}({{0}})", 1, "float")
    for name, arity in SPECIAL.items():
        args = ", ".join(f"{{{k}}}" for k in range(arity))
        table[name] = Elementwise(f"special.{name}({args})", arity, "float")
    for name in ("polygamma", "zeta"):
        table[name] = Elementwise(f"{name}({{0}}, {{1}})", 2, "float")
    for name in ("arctan2", "hypot", "copysign", "logaddexp", "logaddexp2", "fmod"):
        table[name] = Elementwise(f"np.{name}({{0}}, {{1}})", 2, "float")
    for name in ("maximum", "minimum", "fmax", "fmin"):
        table[name] = Elementwise(f"np.{name}({{0}}, {{1}})", 2, "same")
    for name in ("add", "sub", "mul", "pow", "lshift", "floordiv", "mod"):
        table[f"checked_{name}"] = Elementwise(f"checked_{name}({{0}}, {{1}})", 2, "same")
    table["to_int"] = Elementwise("to_int({0})", 1, "cast")
    table["sign"] = Elementwise("np.sign({0})", 1, "same")
    for name in ("isnan", "isinf", "isfinite"):
        table[name] = Elementwise(f"np.{name}({{0}})", 1, "bool")
    table["exceeds"] = Elementwise("vm.exceeds({0})", 1, "bool")
    table["real"] = Elementwise("{0}.real", 1, "real")
    table["imag"] = Elementwise("{0}.imag", 1, "real")
    table["complex"] = Elementwise("complex({0}, {1})", 2, "complex")
    table["conj"] = Elementwise("np.conj({0})", 1, "same")
    for name, text in MATH.items():
        args = ", ".join(f"{{{k}}}" for k in range(table[name].arity))
        table[f"math_{name}"] = Elementwise(f"math.{text}({args})", table[name].arity, table[name].kind)
    return table


ELEMENTWISE: Mapping[str, Elementwise] = _table() | {
    "where": Elementwise("{1} if {0} else {2}", 3, "same"),
    "cast": Elementwise("", 1, "cast"),
}

# --- what an op does to memory --------------------------------------------------------------------------------------

#: Ops that are functions of `srcad.matrices`, with the same arguments; attributes follow, in this order.
MATRICES: Mapping[str, tuple[str, ...]] = {
    "solve_triangular": ("lower", "trans", "unit"),
    "lu": (),
    "lu_solve": ("trans",),
    "swap_rows": ("back",),
    "eig": (),
    "expm": (),
    "sqrtm": (),
    "logm": (),
    "sylvester": (),
}
#: Ops whose result is a reference to the memory of their first argument.
VIEWS = frozenset({"view", "transpose", "reshape", "stop_gradient", "expand"})
#: Ops that write the memory of their first argument.
WRITES = frozenset({"store", "update", "assign", "accumulate", "product", "atomic_add"})
#: Other ops that are there for what they do.
WITHOUT_RESULT = frozenset(
    "append raise throw print comment check_disjoint check_shape check_sizes room barrier".split()
)
#: Ops whose result is an int, whatever their arguments are.
COUNTS = frozenset("dim trips next_checkpoint broadcast_dim argmax argmin length thread strided".split())
#: Ops whose result is fresh memory that nobody else refers to.
FRESH = frozenset(
    """alloc local array copy sum mean prod max min dot solve inv cofactors cofactors_along argsort eigh svd qr pinv tril
    inverse_gaps custom ruled draw fft ifft rfft irfft multiplicity dct dst ends""".split(),
) | {"cholesky", "factor", *MATRICES}
#: Ops with several results, and what these are called.
RESULTS = {
    "eigh": ("w", "v"),
    "svd": ("u", "s", "vt"),
    "qr": ("q", "r"),
    "lu": ("lu", "swaps"),
    "factor": ("lu", "swaps"),
    "eig": ("w", "v"),
    "grid2": ("i", "j"),
    "grid3": ("i", "j", "k"),
}
#: Discrete Fourier transforms.
FOURIER = frozenset({"fft", "ifft", "rfft", "irfft", "dct", "dst"})
#: Ops that look at the shape of their first argument only, never at its contents.
SHAPE_ONLY = frozenset({"dim", *VIEWS})
#: Ops that must stay where they are, as often as they are.
EFFECTS = WRITES | WITHOUT_RESULT | {"pop", "call", "draw"}


#: An op with the attribute raises=True is one of the user's that may fail: it stays, too, though it has no effects.
def is_pure(name: str) -> bool:
    """Whether the op may be dropped when its result is not used (a `load` is pure; it depends on memory, though)."""
    return name not in EFFECTS


def is_spelt(error: type) -> bool:
    """Whether generated code can name the exception: Python's own, and NumPy's for singular matrices."""
    return error is np.linalg.LinAlgError or vars(builtins).get(error.__name__) is error


def can_be_raised(error: type) -> bool:
    """Whether generated code can raise the exception: one that it can name, or a class of the user's that is made of a text."""
    own = issubclass(error, Exception) and all(
        getattr(error, name) in [getattr(cls, name) for cls in error.__mro__ if is_spelt(cls)]
        for name in ("__init__", "__new__")
    )
    return is_spelt(error) or own


# --- types ----------------------------------------------------------------------------------------------------------


def promote(args: tuple[Atom, ...]) -> str:
    """NumPy's result dtype, with literals weak as in NEP 50 and scalar against array alike (both are typed)."""
    strong = [np.dtype(_dtype(a)) for a in args if not (isinstance(a, Const) and a.weak)]
    weak: list[Any] = [type(a.value)(1) for a in args if isinstance(a, Const) and a.weak]
    if not strong:
        return str(np.result_type(*[np.dtype(_dtype(a)) for a in args]))
    return str(np.result_type(*strong, *weak))


def _dtype(arg: Atom) -> str:
    assert isinstance(arg.type, Scalar | Array), f"{arg} is a list"
    return arg.type.dtype


def elementwise_type(name: str, args: tuple[Atom, ...], attrs: Mapping[str, Any]) -> Type:
    kind = ELEMENTWISE[name].kind
    if kind == "cast":
        dtype = str(attrs["dtype"])
    elif kind == "bool":
        dtype = "bool"
    elif kind == "complex":
        dtype = "complex128"
    else:
        dtype = promote(args[1:] if name == "where" else args)
        if kind == "float" and not dtype.startswith(("float", "complex")):
            dtype = "float64"
        if kind == "real":
            dtype = real_part(dtype)
        if dtype == "bool" and name in ("add", "sub", "mul", "pow", "floordiv", "mod", "neg"):
            dtype = "int64"
    arrays = [a.type for a in args if isinstance(a.type, Array)]
    return Array(dtype, max(a.ndim for a in arrays)) if arrays else Scalar(dtype)


def view_type(array: Array, spec: str, operands: tuple[Atom, ...] = ()) -> Array:
    """The type of `a[spec]`. As in Numba, contiguity survives integers in front, one slice without a step after them, and
    np.newaxis anywhere."""
    kept = array.ndim - spec.count("i") + spec.count("n")
    indices = spec.replace("n", "")
    leading = len(indices) - len(indices.lstrip("i"))
    rest = indices[leading:]
    plain = rest == "s" and len(operands) > leading + 2 and operands[leading + 2] == Const(None, INT)
    contiguous = array.layout == "C" and (not rest or plain)
    return Array(array.dtype, kept, "C" if contiguous and kept else "A")


def result_type(name: str, args: tuple[Atom, ...], attrs: Mapping[str, Any]) -> Type | None:
    """The type of the op's result; None for an op without one."""
    if name in ELEMENTWISE:
        return elementwise_type(name, args, attrs)
    first = args[0].type if args else None
    match name:
        case "alloc":
            return Array(attrs["dtype"], len(args))
        case "array" | "local":
            return Array(attrs["dtype"], len(attrs["shape"]))
        case _ if name in COUNTS:
            return INT
        case "draw":
            if attrs["function"] == "seed":
                return None
            return (
                Array(attrs["dtype"], len(args) - attrs["count"])
                if len(args) > attrs["count"]
                else Scalar(attrs["dtype"])
            )
        case "list":
            return ListOf(attrs["item"])
        case "pop":
            assert isinstance(first, ListOf)
            return first.item
        case "stop_gradient":
            return first
        case "any" | "all" | "spans" | "is_invertible" | "is_positive_definite":
            return BOOL
        case "multiplicity" | "ends":
            return Array(attrs["dtype"], 1)
    if name in WRITES or name in WITHOUT_RESULT:
        return None
    assert isinstance(first, Array), f"{name} of {first}"
    match name:
        case "argsort":
            return Array("int64", 1)
        case "load":
            return Scalar(first.dtype)
        case "view":
            return view_type(first, attrs["spec"], args[1:])
        case "transpose":
            identity = attrs["axes"] == tuple(range(first.ndim))
            flipped = attrs["axes"] == tuple(reversed(range(first.ndim)))
            layout = first.layout if identity else {"C": "F", "F": "C"}.get(first.layout, "A") if flipped else "A"
            return Array(first.dtype, first.ndim, layout)
        case "reshape":
            return Array(first.dtype, len(args) - 1)
        case "copy":
            return Array(first.dtype, first.ndim)
        case "expand":
            return Array(first.dtype, len(args) - 1, first.layout if len(args) - 1 == first.ndim else "C")
        case "reduce_like":
            like = args[1].type
            assert isinstance(like, Array)
            return Array(first.dtype, like.ndim)
        case "sum" | "mean" | "prod" | "max" | "min":
            dtype = first.dtype
            if name == "mean" and not dtype.startswith(("float", "complex")):
                dtype = "float64"
            elif name in ("sum", "prod") and dtype in ("bool", "int8", "int16", "int32"):
                dtype = "int64"
            elif name in ("sum", "prod") and dtype.startswith("uint"):
                dtype = "uint64"
            axis = attrs.get("axis")
            if attrs.get("keepdims"):
                return Array(dtype, first.ndim)
            left = 0 if axis is None else first.ndim - len(axis)
            return Array(dtype, left) if left else Scalar(dtype)
        case "dot":
            other = args[1].type
            assert isinstance(other, Array)
            left = first.ndim + other.ndim - 2
            dtype = promote(args)
            return Array(dtype, left) if left else Scalar(dtype)
        case "solve":
            other = args[1].type
            assert isinstance(other, Array)
            return Array(_float(promote(args)), other.ndim, "F" if other.ndim == 2 else "C")  # as Numba's LAPACK has it
        case "inv":
            return Array(_float(first.dtype), 2, "F")
        case "cofactors" | "cofactors_along":
            return Array(_float(first.dtype), 2)
        case "det":
            return Scalar(_float(first.dtype))
        case "pinv":
            return Array(first.dtype, 2, "F")
        case "tril" | "inverse_gaps" | "cholesky" | "expm" | "sqrtm" | "logm":
            return Array(first.dtype, 2)
        case "solve_triangular" | "lu_solve":
            right = args[-1].type
            assert isinstance(right, Array)
            by_rows = name == "lu_solve" and attrs["trans"]  # then rows are swapped last
            return Array(first.dtype, right.ndim, "F" if right.ndim == 2 and not by_rows else "C")
        case "swap_rows":
            return Array(first.dtype, first.ndim)
        case "sylvester":
            return Array(first.dtype, 2)
        case "dct" | "dst":
            return Array(first.dtype, first.ndim)
        case "fft" | "ifft" | "rfft":
            return Array(_paired(first.dtype), first.ndim)
        case "irfft":
            return Array(real_part(first.dtype), first.ndim)
    raise AssertionError(f"unknown op {name}")


def _float(dtype: str) -> str:
    return dtype if dtype.startswith(("float", "complex")) else "float64"


def _paired(dtype: str) -> str:
    """The complex dtype of numbers of this one."""
    return "complex64" if dtype in ("float32", "complex64") else "complex128"


def real_part(dtype: str) -> str:
    """The dtype of the parts of a complex number."""
    return {"complex64": "float32", "complex128": "float64"}.get(dtype, dtype)


def result_types(name: str, args: tuple[Atom, ...], attrs: Mapping[str, Any]) -> tuple[Type, ...]:
    """The types of the results of an op that has several, laid out as Numba's LAPACK has them."""
    if name in ("grid2", "grid3"):
        return (INT,) * int(name[-1])
    first = args[0].type
    assert isinstance(first, Array)
    matrix, vector = Array(first.dtype, 2, "F"), Array(real_part(first.dtype), 1)
    match name:
        case "eigh":
            return vector, matrix
        case "qr":
            return Array(first.dtype, 2, "A"), matrix
        case "svd":
            return matrix, vector, matrix
        case "lu" | "factor":
            return matrix, Array("int64", 1)
        case "eig":
            dtype = _paired(first.dtype)
            return Array(dtype, 1), Array(dtype, 2, "F")
    raise AssertionError(f"unknown op {name}")

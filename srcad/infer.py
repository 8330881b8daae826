"""Types in and out of Numba: what the caller passes, as the trace knows it.

Numba decides what an argument is (`numba.typeof`, or the types inside the user's own compiled code); the trace has only
scalars, arrays and trees of them, and everything known at compile time is a `Static`. Layouts survive, so that generated
code can rely on contiguity; literals do not, or `g(3)` and `g(4)` would be two specialisations.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_args, get_origin

import numba
import numpy as np
from numba import types
from numba.core import sigutils
from numba.core.datamodel.models import OpaqueModel
from numba.core.typing.typeof import typeof as numba_typeof
from numba.extending import NativeValue, register_model, unbox
from numba.np.numpy_support import as_dtype

from srcad.ir import BOOL, FLOAT, INT, REQUIRED, Array, Scalar, Static, Tree, Type, replace

ArgType = Type | Tree | Static


class Constant(types.Dummy):  # type: ignore[misc]
    """The Numba type of one function or string, which it carries; there is nothing at run time.

    Numba cannot pass a plain Python function or specialise on a string from Python, and a derivative is compiled for the
    function it is given. Strings are the same by content, functions by identity.
    """

    def __init__(self, value: Any) -> None:
        self.value = value
        super().__init__(f"constant({value!r}, {id(value)})")

    @property
    def key(self) -> Any:
        return self.value if isinstance(self.value, str) else id(self.value)


register_model(Constant)(OpaqueModel)


@unbox(Constant)  # type: ignore[untyped-decorator]
def _unbox(type: Constant, value: Any, context: Any) -> NativeValue:
    return NativeValue(context.context.get_dummy_value())


def typeof(value: Any, name: str = "") -> Any:
    """Numba's type of a Python value that is passed as an argument; functions and strings are types of their own."""
    if isinstance(value, str) or (
        callable(value) and not hasattr(value, "_numba_type_") and not isinstance(value, type)
    ):
        return Constant(value)
    if isinstance(value, tuple):
        return types.BaseTuple.from_types([typeof(item, name) for item in value], type(value))
    odd = _odd(value)
    if odd:
        raise TypeError(f"argument {name!r} is {odd}" if name else f"an argument is {odd}")
    try:
        return numba_typeof(value)
    except (ValueError, TypeError, NotImplementedError):
        where = f"argument {name!r}" if name else "an argument"
        remedy = "a namedtuple" if isinstance(value, dict) else "numbers, arrays or tuples"
        text = f"{where} is of type {type(value).__name__}, which compiled code cannot take: pass {remedy}"
        raise TypeError(text) from None


def _odd(value: Any) -> str:
    """What is the matter with an array, or a number of NumPy, that compiled code does not know or takes for another."""
    if isinstance(value, np.ndarray) and type(value) is not np.ndarray:
        return f"a {type(value).__module__.partition('.')[0]}.{type(value).__name__}: pass np.asarray(...) of it"
    dtype = getattr(value, "dtype", None) if isinstance(value, np.ndarray | np.generic) else None
    if dtype is None:
        return ""
    if not dtype.isnative:
        return f"of dtype {dtype.str!r}, which has foreign byte order: pass x.astype({dtype.newbyteorder('=').name!r})"
    if dtype.kind == "f" and dtype.itemsize not in (4, 8):
        return f"of dtype {dtype.name}, which compiled code does not compute with: pass x.astype('float64')"
    if dtype.kind == "c" and dtype.itemsize not in (8, 16):
        return f"of dtype {dtype.name}, which compiled code does not compute with: pass x.astype('complex128')"
    return ""


def is_function(value: Any) -> bool:
    """Whether the value is callable and of no type that Numba knows."""
    return callable(value) and not hasattr(value, "_numba_type_") and not isinstance(value, type)


def constant(default: Any) -> Any:
    """A parameter's default as Numba can carry it: functions as their types."""
    return Constant(default) if is_function(default) else default


def arg_type(type: Any, name: str = "") -> ArgType:
    """The trace's type for Numba's. `name` is the parameter's, for the message of the TypeError."""
    match type:
        case types.Omitted():
            return arg_type_of(type.value, name)
        case Constant():
            return Static(type.value)
        case types.StringLiteral():
            return Static(type.literal_value)
        case types.Literal():
            return arg_type(types.unliteral(type), name)
        case types.NoneType():
            return Static(None)
        case types.Boolean() | types.Number():
            return Scalar(str(as_dtype(type)))
        case types.Array() if isinstance(type.dtype, types.Number | types.Boolean):
            return Array(str(as_dtype(type.dtype)), type.ndim, type.layout)
        case types.BaseNamedTuple():
            return Tree(tuple(arg_type(item, name) for item in type), type.instance_class)
        case types.BaseTuple():
            return Tree(tuple(arg_type(item, name) for item in type))
        case types.Dispatcher():
            return Static(type.dispatcher)
        case types.Function():
            return Static(type.typing_key)
        case types.NumberClass() | types.DType():
            return Static(as_dtype(type.dtype).type)
    raise TypeError(_refusal(type, name))


def arg_type_of(value: Any, name: str = "") -> ArgType:
    """The trace's type of a Python value."""
    if isinstance(value, Constant):
        return Static(value.value)
    if value is None or callable(value) or isinstance(value, str):
        return Static(value)
    return arg_type(typeof(value, name), name)


def as_arg_type(type: Any) -> ArgType:
    """The trace's type for one of its own, for one of Numba's, or for its name in Numba's notation."""
    if isinstance(type, Scalar | Array | Tree | Static):
        return type
    if isinstance(type, str):
        (parsed,) = parse_types(type)
        return parsed
    found = _annotated(type)
    if found is None:
        raise TypeError(f"{type!r} is no type: write it as Numba does, as in 'f8[:]'")
    return found


def numba_type(type: ArgType) -> Any:
    """Numba's type for the trace's."""
    match type:
        case Scalar():
            return numba.from_dtype(np.dtype(type.dtype))
        case Array():
            return types.Array(numba.from_dtype(np.dtype(type.dtype)), type.ndim, type.layout)
        case Tree() if type.cls is not None:
            return types.NamedTuple([numba_type(item) for item in type.items], type.cls)
        case Tree():
            return types.Tuple([numba_type(item) for item in type.items])
        case Static():
            return typeof(type.value)
    raise TypeError(f"{type} cannot be an argument")


def parse_types(text: str) -> tuple[ArgType, ...]:
    """The types that `text` lists in Numba's notation, as in `"f8[:], i8"` or `"Tuple((f8, f8)), none"`.

    >>> [str(type) for type in parse_types("f8[:, ::1], i8")]
    ['float64[:, :]', 'int64']
    """
    if not text.strip():
        return ()
    try:
        ast.parse(f"({text},)", mode="eval")
        args, _ = sigutils.normalize_signature(f"({text},)")
    except Exception as error:
        raise TypeError(
            f"cannot read the types {text!r}: {error}; write them as Numba does, as in 'f8[:], i8'"
        ) from None
    return tuple(arg_type(types.unliteral(type)) for type in args)


def parse_sized(text: str) -> tuple[ArgType, ...]:
    """The types that `text` lists, where arrays may have sizes in place of colons.

    >>> [type.sizes for type in parse_sized("f8[3], f8[2, 2], f8[:]")]
    [(3,), (2, 2), None]
    """
    found = [m for m in re.finditer(r"\[([^\]]*)\]", text) if re.search(r"[\d:]", m[1])]
    sizes = [tuple(map(int, re.findall(r"\d+", m[1]))) if ":" not in m[1] else None for m in found]
    types = parse_types(re.sub(r"\[[\d, ]+\]", lambda m: f"[{', '.join(':' * (m[0].count(',') + 1))}]", text))
    each = iter(sizes)

    def sized(type: ArgType) -> ArgType:
        if isinstance(type, Tree):
            return replace(type, items=tuple(map(sized, type.items)))
        return replace(type, sizes=next(each)) if isinstance(type, Array) else type

    return tuple(map(sized, types))


def default_types(fn: Callable[..., Any], signature: inspect.Signature) -> tuple[ArgType, ...]:
    """The types to assume for a function that was never called: its annotations, its defaults, else float64 scalars."""
    return tuple(_default_type(fn, parameter) for parameter in signature.parameters.values())


def _default_type(fn: Callable[..., Any], parameter: inspect.Parameter) -> ArgType:
    if parameter.kind is parameter.VAR_POSITIONAL:
        raise TypeError(f"how many arguments *{parameter.name} stands for must be said by the types")
    annotation = parameter.annotation
    if isinstance(annotation, str):
        try:
            annotation = eval(annotation, getattr(fn, "__globals__", {}))  # what typing.get_type_hints does
        except Exception:
            annotation = _parsed_or_empty(annotation)
    found = None if annotation is inspect.Parameter.empty else _annotated(annotation)
    if found is not None:
        return found
    if parameter.default is not inspect.Parameter.empty and parameter.default is not REQUIRED:
        return arg_type_of(parameter.default, parameter.name)
    return FLOAT


def _parsed_or_empty(text: str) -> Any:
    try:
        (type,) = parse_types(text)
    except (TypeError, ValueError):
        return inspect.Parameter.empty
    return type


def _annotated(annotation: Any) -> ArgType | None:
    """The type that an annotation states, if it states one."""
    plain: Mapping[Any, ArgType] = {
        float: FLOAT,
        int: INT,
        bool: BOOL,
        complex: Scalar("complex128"),
        None: Static(None),
    }
    if isinstance(annotation, Scalar | Array | Tree | Static):
        return annotation
    if isinstance(annotation, types.Type):
        return arg_type(annotation)
    if get_origin(annotation) is tuple:
        items = [_annotated(item) for item in get_args(annotation)]
        return None if any(item is None for item in items) else Tree(tuple(items))
    if get_origin(annotation) is np.ndarray:
        (*_, dtype) = get_args(annotation)
        item = get_args(dtype)
        return Array(str(np.dtype(item[0])), 1) if item and isinstance(item[0], type) else Array("float64", 1)
    if annotation is np.ndarray:
        return Array("float64", 1)
    if isinstance(annotation, type) and issubclass(annotation, np.generic):
        return Scalar(str(np.dtype(annotation)))
    try:
        return plain.get(annotation)
    except TypeError:
        return None


def describe(type: ArgType) -> str:
    """The type as error messages name it."""
    if isinstance(type, Tree):
        inner = ", ".join(map(describe, type.items))
        return f"{type.cls.__name__}({inner})" if type.cls else f"({inner}{',' if len(type.items) == 1 else ''})"
    if isinstance(type, Array):
        type = replace(type, layout="C")  # no business of the user's
    return repr(type.value) if isinstance(type, Static) else str(type)


def _refusal(type: Any, name: str) -> str:
    remedies: Sequence[tuple[Any, str]] = (
        (types.List, "pass a tuple, or np.array(...)"),
        (types.ListType, "pass a tuple, or np.array(...)"),
        (types.UnicodeType, "a string must be a literal"),
        (types.Optional, "pass a number or None, not a value that may be either"),
        (types.PyObject, "pass numbers, arrays, tuples, functions or None"),
    )
    remedy = next((text for kind, text in remedies if isinstance(type, kind)), "pass numbers, arrays or tuples")
    where = f"argument {name!r}" if name else "an argument"
    if isinstance(type, types.List):
        return f"{where} is a list, which srcad does not differentiate: {remedy}"
    return f"{where} has the type {type}, which srcad does not differentiate: {remedy}"

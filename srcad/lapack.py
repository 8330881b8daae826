"""LAPACK's routines for compiled code, beyond those that stand behind Numba's np.linalg.

SciPy exports them (`scipy.linalg.cython_lapack`). They are called directly, by a symbol's name, so that what is compiled can be
cached. Matrices are laid out by columns.
"""

from __future__ import annotations

from typing import Any

import llvmlite.binding
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

try:
    from scipy.linalg.cython_lapack import __pyx_capi__ as _exported
except ImportError:
    raise ImportError("the derivatives of linear algebra need SciPy: pip install 'srcad[scipy]'") from None

from srcad.capsules import address

#: LAPACK's letter for each dtype.
LETTERS = {types.float32: "s", types.float64: "d", types.complex64: "c", types.complex128: "z"}


def symbol(name: str, dtype: Any) -> str:
    """What the routine for numbers of this dtype is called in compiled code."""
    return f"srcad_lapack_{LETTERS[dtype]}{name}"


for _name in ("trtrs", "getrf", "geev", "gees", "trsyl"):
    for _dtype, _letter in LETTERS.items():
        llvmlite.binding.add_symbol(symbol(_name, _dtype), address(_exported[_letter + _name]))


def routine(name: str, dtype: Any) -> Any:
    """The routine, as a function of its arguments without the last, INFO, which it returns. An integer is a size; a
    letter is an np.uint8; None stands for what is not referenced."""

    @intrinsic  # type: ignore[untyped-decorator]
    def call(typing_context: Any, *args: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            parts = cgutils.unpack_tuple(builder, values[0])
            byte = ir.IntType(8).as_pointer()

            def argument(type: Any, value: Any) -> Any:
                if isinstance(type, types.Array):
                    return builder.bitcast(context.make_array(type)(context, builder, value).data, byte)
                if isinstance(type, types.NoneType):
                    return cgutils.get_null_value(byte)
                letter = type == types.uint8
                place = cgutils.alloca_once(builder, ir.IntType(8 if letter else 32))
                builder.store(value if letter else builder.trunc(value, ir.IntType(32)), place)
                return builder.bitcast(place, byte)

            info = cgutils.alloca_once_value(builder, ir.Constant(ir.IntType(32), 0))
            pointers = [argument(t, v) for t, v in zip(args, parts, strict=True)] + [builder.bitcast(info, byte)]
            kind = ir.FunctionType(ir.VoidType(), [byte] * len(pointers))
            function = cgutils.get_or_insert_function(builder.module, kind, symbol(name, dtype))
            builder.call(function, pointers)
            return builder.sext(builder.load(info), ir.IntType(64))

        return types.int64(types.StarArgTuple.from_types(args)), generate

    return call

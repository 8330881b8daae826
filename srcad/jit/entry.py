"""How Python enters compiled code: arrays are arrays, not what derives from them.

Numba takes a masked array, an `np.matrix` or any other subclass for the plain array that is inside it, and so gives an answer
that NumPy would not. Types are told apart before compilation (`infer.typeof`), but a call with types that are known already
goes past that, in C. So the code that unboxes arguments looks at the class of each array: a load and a comparison.
"""

from __future__ import annotations

from typing import Any

import llvmlite.binding
import numpy as np
from llvmlite import ir
from numba.core import types
from numba.core.callwrapper import PyCallWrapper
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import register_pass
from numba.core.lowering import Lower
from numba.core.pythonapi import NativeValue
from numba.core.typed_passes import NativeLowering, NativeParforLowering
from numba.parfors.parfor_lowering import ParforLower

#: A symbol, not a number, since machine code is loaded by other processes.
NDARRAY = "srcad_ndarray_type"
MESSAGE = (
    "an argument is a subclass of np.ndarray, which compiled code takes for a plain array: pass np.asarray(...) of it"
)

llvmlite.binding.add_symbol(NDARRAY, id(np.ndarray))


class _Wrapper(PyCallWrapper):  # type: ignore[misc]
    def build_wrapper(self, api: Any, builder: Any, closure: Any, args: Any, kws: Any) -> None:
        unbox = api.to_native_value

        def to_native_value(type: Any, value: Any) -> Any:
            if not isinstance(type, types.Array):
                return unbox(type, value)
            with builder.if_else(_is_plain(builder, value), likely=True) as (plain, other):
                with plain:
                    native = unbox(type, value)
                    end = builder.block
                with other:
                    api.err_set_string("PyExc_TypeError", MESSAGE)
                    wrong = builder.block
            result = builder.phi(native.value.type)
            failed = builder.phi(ir.IntType(1))
            for found, error, block in (
                (native.value, native.is_error, end),
                (ir.Constant(native.value.type, ir.Undefined), ir.Constant(ir.IntType(1), 1), wrong),
            ):
                result.add_incoming(found, block)
                failed.add_incoming(error, block)
            return NativeValue(result, is_error=failed, cleanup=native.cleanup)

        api.to_native_value = to_native_value  # tuples of arrays are unboxed by it, too
        super().build_wrapper(api, builder, closure, args, kws)


def _is_plain(builder: Any, value: Any) -> Any:
    """Whether the object's class is np.ndarray: the class is what stands behind the reference count."""
    byte = ir.IntType(8).as_pointer()
    module = builder.module
    if NDARRAY not in module.globals:
        ir.GlobalVariable(module, ir.IntType(8), NDARRAY)
    fields = builder.bitcast(value, byte.as_pointer())
    found = builder.load(builder.gep(fields, [ir.Constant(ir.IntType(32), 1)]))
    return builder.icmp_unsigned("==", found, module.globals[NDARRAY])


class _Entry:
    """A lowering with such a wrapper."""

    def create_cpython_wrapper(self: Any, release_gil: bool = False) -> None:
        context = self.context
        module = context.create_module("wrapper")
        signature = context.call_conv.get_function_type(self.fndesc.restype, self.fndesc.argtypes)
        callee = ir.Function(module, signature, self.fndesc.llvm_func_name)
        _Wrapper(context, module, callee, self.fndesc, self.env, self.call_helper, release_gil).build()
        self.library.add_ir_module(module)


class _Lower(_Entry, Lower):  # type: ignore[misc]
    pass


class _ParforLower(_Entry, ParforLower):  # type: ignore[misc]
    pass


@register_pass(mutates_CFG=True, analysis_only=False)
class _Lowering(NativeLowering):  # type: ignore[misc]
    _name = "srcad_native_lowering"
    lowering_class = _Lower


@register_pass(mutates_CFG=True, analysis_only=False)
class _ParforLowering(NativeParforLowering):  # type: ignore[misc]
    _name = "srcad_native_parfor_lowering"
    lowering_class = _ParforLower


class Compiler(CompilerBase):  # type: ignore[misc]
    """Numba's compiler, with such a wrapper around what it compiles."""

    def define_pipelines(self) -> list[Any]:
        pipeline = DefaultPassBuilder.define_nopython_pipeline(self.state)
        own = {NativeLowering: _Lowering, NativeParforLowering: _ParforLowering}
        pipeline.passes = [(own.get(step, step), description) for step, description in pipeline.passes]
        pipeline.finalize()
        return [pipeline]

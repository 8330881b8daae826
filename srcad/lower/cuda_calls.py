"""What a kernel asks of `cuda`: where its thread is, memory of its own, atomic additions.

The names are known by where they stand in the module, not by the objects there: Numba's simulator has these only while a kernel
runs. They mean something in kernels alone; elsewhere they are refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from srcad.ir import Const
from srcad.lower.arguments import dtype_name, shape_of
from srcad.lower.casts import is_array
from srcad.lower.indexing import add_item
from srcad.lower.known import NONE, describe, is_known, known_int, python
from srcad.lower.registry import apply
from srcad.lower.values import Context, Obj, Tup, Value

MODULES = frozenset({"numba.cuda", "numba_cuda_mlir.cuda"})
#: The ids of a thread and the extents of a launch: `cuda.threadIdx.x` and its kin.
IDS = frozenset(f"{kind}.{axis}" for kind in ("threadIdx", "blockIdx", "blockDim", "gridDim") for axis in "xyz")
#: Names that are followed by others.
_SPACES = frozenset({"threadIdx", "blockIdx", "blockDim", "gridDim", "atomic", "local", "shared", "const"})
_REMEDIES = {
    "atomic.max": "find the extremum outside of the kernel, and its place with it",
    "atomic.min": "find the extremum outside of the kernel, and its place with it",
}


@dataclass(frozen=True)
class Intrinsic:
    """What stands at this path in the module `cuda`."""

    path: str


def path_of(thing: Any) -> str | None:
    """Where the object stands in the module `cuda`: "" for that itself, None for what is not in it."""
    if isinstance(thing, Intrinsic):
        return thing.path
    if isinstance(thing, ModuleType):
        module = next((m for m in MODULES if thing.__name__ == m or thing.__name__.startswith(f"{m}.")), None)
        return None if module is None else thing.__name__[len(module) + 1 :]
    module = getattr(thing, "__module__", None)
    if not isinstance(module, str) or not module.startswith(tuple(MODULES)):
        return None
    path = str(getattr(thing, "__qualname__", None) or getattr(thing, "__name__", ""))
    return path if path.partition(".")[0] in _KNOWN else None


def attribute(ctx: Context, inside: str, name: str) -> Value:
    """What is called so inside of what stands at that path."""
    path = f"{inside}.{name}" if inside else name
    if not ctx.in_kernel:
        ctx.refuse(f"cuda.{path} is used outside of a kernel", "differentiate the kernel: srcad.adjoint(kernel)")
    if path in IDS:
        return ctx.b.op("thread", id=path)
    if path in _SPACES or path in _CALLS:
        return Obj(Intrinsic(path))
    return ctx.refuse(
        f"cuda.{path} is not supported in a kernel that is differentiated",
        _REMEDIES.get(path, "use thread ids, cuda.local.array, cuda.atomic.add and plain loads and stores"),
    )


def call_intrinsic(ctx: Context, path: str, args: Sequence[Value], kwargs: Mapping[str, Value]) -> Value:
    if path not in _CALLS:
        ctx.type_error(f"cuda.{path} cannot be called")
    if not ctx.in_kernel:
        ctx.refuse(f"cuda.{path} is used outside of a kernel", "differentiate the kernel: srcad.adjoint(kernel)")
    return apply(ctx, f"cuda.{path}", _CALLS[path], args, kwargs)


def _axes(ctx: Context, ndim: Value) -> int:
    axes = known_int(ndim)
    if axes not in (1, 2, 3):
        ctx.type_error(f"the number of axes of a grid is 1, 2 or 3, not {describe(ndim)}")
    assert axes is not None
    return axes


def _grid(ctx: Context, ndim: Value) -> Value:
    axes = _axes(ctx, ndim)
    return ctx.b.op("thread", id="grid") if axes == 1 else Tup(ctx.b.several(f"grid{axes}"))


def _gridsize(ctx: Context, ndim: Value) -> Value:
    axes = _axes(ctx, ndim)
    if axes == 1:
        return ctx.b.op("thread", id="gridsize")
    pairs = [(ctx.b.op("thread", id=f"blockDim.{a}"), ctx.b.op("thread", id=f"gridDim.{a}")) for a in "xyz"[:axes]]
    return Tup(tuple(ctx.b.op("mul", *pair) for pair in pairs))


def _memory(shared: bool) -> Callable[..., Value]:
    def lowering(ctx: Context, shape: Value, dtype: Value) -> Value:
        dims = shape_of(ctx, shape)
        where = "shared" if shared else "local"
        if not all(isinstance(n, Const) and n.value > 0 for n in dims):
            ctx.refuse(f"the shape of a {where} array is not known while compiling", "write it as numbers")
        name = dtype_name(ctx, _plain_dtype(dtype), "float64")
        mark: dict[str, Any] = {"shared": True} if shared else {"own": True}
        return ctx.b.op("alloc", *dims, fill="empty", dtype=name, **mark)

    return lowering


def _plain_dtype(dtype: Value) -> Value:
    """Numba's name of a dtype as NumPy's."""
    if is_known(dtype) and type(found := python(dtype)).__module__.startswith("numba"):
        return Obj(str(found.name))
    return dtype


def _atomic_add(ctx: Context, array: Value, idx: Value, val: Value) -> Value:
    add_item(ctx, array, idx, val, "atomic_add")
    return Obj(OLD)


def _syncthreads(ctx: Context) -> Value:
    ctx.b.effect("barrier")
    return NONE


def _array_like(ctx: Context, ary: Value) -> Value:
    if not (isinstance(ary, Const) and is_array(ary)):
        ctx.type_error("cuda.const.array_like takes a global array")
    return ary


class Old:
    """What an atomic addition returns: what was there before, which depends on who came first."""


Old.__name__ = "old value of an atomic addition"  # as errors call it
OLD = Old()

_CALLS: Mapping[str, Callable[..., Value]] = {
    "grid": _grid,
    "gridsize": _gridsize,
    "local.array": _memory(shared=False),
    "shared.array": _memory(shared=True),
    "atomic.add": _atomic_add,
    "syncthreads": _syncthreads,
    "const.array_like": _array_like,
}
_KNOWN = _SPACES | {path.partition(".")[0] for path in _CALLS}

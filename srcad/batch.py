"""Derivatives of many independent problems at once: one thread a problem on a GPU, or in parallel on the CPU.

The trace is the one of a single problem. `in_axes` says of each argument along which axis problems are counted, as in `jax.vmap`;
results have the problems along axis 0. What would be a gradient for an argument that all problems share is the gradient of
the sum of all, since that is what one wants it for: it is summed over the batch.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numba.core.serialize import custom_reduce

from srcad import axes, infer
from srcad.ir import Array, Scalar, Static, Trace, Tree, is_float, leaves
from srcad.jit.cuda import described
from srcad.jit.gpu import Kernel
from srcad.jit.loop import Loop
from srcad.jit.names import is_constant
from srcad.jit.options import TARGETS, Options
from srcad.reads import Reads, recording
from srcad.transforms import signature
from srcad.trees import map_tree

#: The most elements of an array for the length of which code is made on the CPU: it is shorter, and compiles faster.
SHORT = 64


class Batched:
    """A derivative of many problems, to be called. Code is generated when arguments of new types (for a GPU, of new sizes)
    come."""

    def __init__(self, derivative: Any, options: Options, target: str, in_axes: axes.Axes) -> None:
        if target not in TARGETS:
            raise ValueError(f'target must be "cpu" or "cuda", not {target!r}')
        self.derivative, self.__srcad_options__ = derivative, options
        self.target, self.in_axes = target, axes.checked(in_axes)
        self.__name__ = self.__qualname__ = f"{derivative.name}_batched"
        self.__doc__ = getattr(derivative.fn, "__doc__", None)
        self.__signature__ = derivative.signature
        self.__srcad_refusal__ = (
            f"{self.__name__} is a function of batches: differentiate the function first, and call .batched on that"
        )
        self._made: dict[Any, tuple[Kernel | Loop, Any, list[int]]] = {}
        self.reads = Reads()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        trees = self._arguments(args, kwargs)
        count = axes.batch_size(trees)
        if self.reads.changed:
            self._made, self.reads = {}, Reads()
        on_gpu = self.target == "cuda"
        key = tuple(_key(tree, on_gpu) for tree in trees)
        if key not in self._made:
            self._made[key] = self._make(trees)
        made, returns, order = self._made[key]
        used = [trees[k] for k in order]
        found = made(count, used)
        self.reads.check_arguments([leaf.value for tree in used for leaf in axes.flat(tree)])
        return _nested(returns, iter(found))

    def source(self, types: Any = None) -> str:
        """The generated module: the function of one problem, and what runs it for all.

        `types` are those of the arguments of one problem, in Numba's notation, for a GPU with the sizes of arrays: "f8[3], f8".
        If not given, they are those of the last call that generated code, else the annotated ones, else float64.
        """
        if types is None and self._made:
            return next(reversed(self._made.values()))[0].text
        return self._make(self._imagined(types))[0].text

    def _imagined(self, types: Any) -> list[Any]:
        """Arguments of these types, for a batch of one."""
        d, own = self.derivative, types
        if types is None:
            own = infer.default_types(d.fn, d.signature)[: len(d.own)]
        elif isinstance(types, str):
            own = infer.parse_sized(types)
        own = [infer.as_arg_type(type) for type in own]
        if self.target == "cuda" and any(
            isinstance(t, Array) and t.sizes is None for type in own for t in leaves(type)
        ):
            raise ValueError("kernels are made for the sizes of arrays: write types as 'f8[3]', not as 'f8[:]'")
        trace = (d.with_args(len(own)) if d.star is not None else d).build(own)
        types = [*own, *(signature.types_of(p.tree) for p in trace.params[len(own) :])]
        each = self.in_axes if isinstance(self.in_axes, tuple) else (self.in_axes,) * len(types)
        each = (*each, *(0,) * (len(types) - len(each)))
        values = [_zeros(type, axis) for type, axis in zip(types, each, strict=False)]
        return axes.spread(each, values, [p.name for p in trace.params])

    def __reduce__(self) -> Any:
        state = {"derivative": self.derivative, "options": self.__srcad_options__, "target": self.target}
        return custom_reduce(type(self), {**state, "in_axes": self.in_axes})

    @classmethod
    def _rebuild(cls, derivative: Any, options: Options, target: str, in_axes: axes.Axes) -> Batched:
        new = cls.__new__(cls)
        Batched.__init__(new, derivative, options, target, in_axes)
        return new

    def __repr__(self) -> str:
        return f"<{self.__name__}{self.__signature__}, on the {'GPU' if self.target == 'cuda' else 'CPU'}>"

    # --- arguments -----------------------------------------------------------------------------------------------------------

    def _arguments(self, args: Sequence[Any], kwargs: dict[str, Any]) -> list[Any]:
        if "out" in kwargs and "out" not in self.__signature__.parameters:
            raise TypeError(f"{self.__name__} takes no out=: a batch allocates its results")
        bound = self.__signature__.bind(*args, **kwargs)
        given: list[Any] = []
        names: list[str] = []
        for name, value in bound.arguments.items():
            starred = self.__signature__.parameters[name].kind is inspect.Parameter.VAR_POSITIONAL
            given += value if starred else [value]
            names += [f"{name}[{k}]" for k in range(len(value))] if starred else [name]
        trees = axes.spread(self.in_axes, given, names)
        spread = dict(zip(names, trees, strict=True))
        bound.apply_defaults()
        result: list[Any] = []
        for name, value in bound.arguments.items():
            starred = self.__signature__.parameters[name].kind is inspect.Parameter.VAR_POSITIONAL
            if starred:
                result += [spread[f"{name}[{k}]"] for k in range(len(value))]
            else:
                result.append(spread[name] if name in spread else axes.spread(None, [value], [name])[0])
        return [_usable(tree) for tree in result]

    # --- code ----------------------------------------------------------------------------------------------------------------

    def _make(self, trees: Sequence[Any]) -> tuple[Kernel | Loop, Any, list[int]]:
        on_gpu = self.target == "cuda"
        types = [_type(tree, on_gpu) for tree in trees]
        with recording() as reads:
            trace, order = self.derivative.build_call(types)
        used = [trees[k] for k in order]
        sums = summed(self.derivative, trace, used)
        made: Kernel | Loop = (Kernel if on_gpu else Loop)(trace, used, sums, self.__srcad_options__)
        self.reads.update(reads)
        return made, trace.returns, order


def _zeros(type: Any, axis: Any) -> Any:
    """Zeros of a type, with an axis of one problem."""
    if isinstance(type, Tree):
        each = axis if isinstance(axis, tuple) else (axis,) * len(type.items)
        items = [_zeros(item, a) for item, a in zip(type.items, each, strict=True)]
        return type.cls(*items) if type.cls else tuple(items)
    if isinstance(type, Static):
        return type.value
    shape = list(type.sizes or (1,) * type.ndim) if isinstance(type, Array) else []
    if isinstance(axis, int):  # a tuple is refused by `axes.spread`
        shape.insert(axis % (len(shape) + 1), 1)
    return np.zeros(shape, type.dtype) if shape else np.dtype(type.dtype).type(0)


def _usable(tree: Any) -> Any:
    """Leaves that compiled code takes: NumPy's arrays and numbers, or arrays of a GPU; TypeError for others."""

    def check(leaf: axes.Mapped) -> axes.Mapped:
        if not is_constant(leaf.value) and described(leaf.value) is None:
            infer.typeof(leaf.value, leaf.where)
        return leaf

    return map_tree(check, tree)


def _whole_type(leaf: axes.Mapped) -> Any:
    found = described(leaf.value)
    if found is not None:
        return Array(found[0], len(found[1]), "A")
    return infer.arg_type_of(leaf.value, leaf.where)


def _sizes(leaf: axes.Mapped, on_gpu: bool) -> tuple[int, ...] | None:
    """The lengths of an array's axes, where code is made for those: on a GPU, and for short arrays."""
    sizes = tuple(n for k, n in enumerate(leaf.shape) if k != leaf.axis)
    return sizes if on_gpu or math.prod(sizes) <= SHORT else None


def _type(tree: Any, on_gpu: bool) -> Any:
    """The type of an argument of one problem."""
    if not isinstance(tree, axes.Mapped):
        return Tree(tuple(_type(item, on_gpu) for item in tree), type(tree) if hasattr(tree, "_fields") else None)
    type_ = _whole_type(tree)
    if not isinstance(type_, Array):
        return type_
    ndim = type_.ndim - (tree.axis is not None)
    if not ndim and tree.axis is not None:
        return Scalar(type_.dtype)
    layout = type_.layout if tree.axis is None else "C" if tree.axis == 0 and type_.layout == "C" else "A"
    return Array(type_.dtype, ndim, layout, _sizes(tree, on_gpu))


def _key(tree: Any, on_gpu: bool) -> Any:
    """What tells apart arguments for which other code is needed."""
    if not isinstance(tree, axes.Mapped):
        return (type(tree), *(_key(item, on_gpu) for item in tree))
    if is_constant(tree.value):
        return tree.value if isinstance(tree.value, str) else id(tree.value)
    return _whole_type(tree), tree.axis, isinstance(tree.value, np.ndarray), _sizes(tree, on_gpu)


# --- results -----------------------------------------------------------------------------------------------------------------


def summed(derivative: Any, trace: Trace, args: Sequence[Any]) -> frozenset[int]:
    """Which leaves of the result are summed over the batch: gradients for what all problems share. Hessian-vector products
    are, if the problems share their vector, too."""
    kind, returns = derivative.kind, trace.returns

    def bars(tree: Any, shared: Any = _is_shared) -> Any:
        if derivative.single:
            return _matched(tree, args[derivative.wrt[0]], shared)
        return [_matched(bar, args[k], shared) for bar, k in zip(tree.items, derivative.wrt, strict=True)]

    found: Any = []
    if kind == "grad":
        found = [bars(returns.items[0]), []] if derivative.has_aux else bars(returns)
    elif kind == "value_and_grad":
        found = [_never(returns.items[0]), bars(returns.items[1])]
    elif kind == "hvp" and all(leaf.axis is None for leaf in axes.flat(args[-1])):
        found = bars(returns)
    elif kind == "adjoint":
        own = [x for x, p in zip(args, trace.params[:-1], strict=False) if _has_float(p.tree)]
        rest = [_matched(bar, x, _is_shared) for bar, x in zip(returns.items[1:], own, strict=True)]
        found = [_never(returns.items[0]), *rest]
    return frozenset(k for k, shared in enumerate(_flat(found)) if shared)


def _is_shared(leaf: axes.Mapped) -> bool:
    return leaf.axis is None


def _matched(bar: Any, arg: Any, shared: Callable[[axes.Mapped], bool]) -> Any:
    """For each leaf of a gradient what `shared` says of the argument it belongs to."""
    if isinstance(bar, Tree):
        return [_matched(b, a, shared) for b, a in zip(bar.items, arg, strict=True)]
    return [] if isinstance(bar, Static) else shared(arg)


def _never(returns: Any) -> list[bool]:
    return [False] * len(leaves(returns))


def _flat(tree: Any) -> list[bool]:
    return [leaf for item in tree for leaf in _flat(item)] if isinstance(tree, list) else [tree]


def _has_float(tree: Any) -> bool:
    return any(is_float(v.type) for v in leaves(tree))


def _nested(returns: Any, values: Iterator[Any]) -> Any:
    """The leaves of the result, nested as the function's result is."""
    if isinstance(returns, Tree):
        items = [_nested(item, values) for item in returns.items]
        return returns.cls(*items) if returns.cls else tuple(items)
    return returns.value if isinstance(returns, Static) else next(values)

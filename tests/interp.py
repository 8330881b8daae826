"""A reference interpreter of traces: what a trace means, said with NumPy, one op at a time.

`run(trace, *args)` gives what the emitted code must give. It is slow and knows nothing of names, nesting or compilation, so
that every pass and the emitter can be checked against it.
"""

from __future__ import annotations

import builtins
import math
from typing import Any

import numpy as np
import scipy.fft
import scipy.special

from srcad import matrices, runtime
from srcad.ir import (
    Array,
    Block,
    Const,
    For,
    If,
    Op,
    Operand,
    Scalar,
    Static,
    Trace,
    Tree,
    Type,
    Undef,
    Var,
    While,
    leaves,
)
from srcad.ops import ELEMENTWISE, MATRICES
from srcad.runtime import polygamma, zeta

Env = dict[Var, Any]
SPECIAL = {
    "complex": complex,
    "and": np.logical_and,
    "or": np.logical_or,
    "not": np.logical_not,
    "where": np.where,
    "floordiv": np.floor_divide,
    "mod": np.mod,
    "bitand": np.bitwise_and,
    "bitor": np.bitwise_or,
    "bitxor": np.bitwise_xor,
    "polygamma": np.vectorize(polygamma),
    "zeta": np.vectorize(zeta),
}
BINARY = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "pow": np.power, "neg": np.negative,
    "lt": np.less, "le": np.less_equal, "gt": np.greater, "ge": np.greater_equal, "eq": np.equal, "ne": np.not_equal,
    "lshift": np.left_shift, "rshift": np.right_shift, "invert": np.invert, "abs": np.abs,
}  # fmt: skip


class _Unset:
    """What an UNDEF yields: any use of it by an op is an error."""


UNSET = _Unset()


def run(trace: Trace, *args: Any) -> Any:
    """The value of the trace for these arguments, one per parameter (a Tree parameter takes a tuple)."""
    with np.errstate(all="ignore"):
        return _Machine(trace.functions or (trace,)).function(trace, args)


class _Machine:
    def __init__(self, functions: tuple[Trace, ...]) -> None:
        self.functions = functions

    def function(self, trace: Trace, args: tuple[Any, ...]) -> Any:
        env: Env = {}
        for param, arg in zip(trace.params, args, strict=True):
            bind(param.tree, arg, env)
        values = self.block(trace.body, env)
        return nest(trace.returns, values)

    def block(self, block: Block, env: Env) -> list[Any]:
        for stmt in block.stmts:
            match stmt:
                case Op():
                    self.op(stmt, env)
                case If():
                    branch = stmt.then if read(stmt.cond, env) else stmt.orelse
                    define(stmt.results, self.block(branch, env), env)
                case For():
                    bounds = [int(read(b, env)) for b in (stmt.start, stmt.stop, stmt.step)]
                    define(stmt.params, [read(i, env) for i in stmt.inits], env)
                    for i in range(*bounds):
                        env[stmt.index] = np.int64(i)
                        if not self.body(stmt, env):
                            break
                    define(stmt.results, [env[p] for p in stmt.params], env)
                case While():
                    define(stmt.params, [read(i, env) for i in stmt.inits], env)
                    while self.block(stmt.cond, env)[0]:
                        if not self.body(stmt, env):
                            break
                    define(stmt.results, [env[p] for p in stmt.params], env)
        return [read(y, env) for y in block.yields]

    def body(self, loop: For | While, env: Env) -> bool:
        values = self.block(loop.body, env)
        go = bool(values.pop(0)) if loop.exits else True
        define(loop.params, values, env)
        return go

    def op(self, op: Op, env: Env) -> None:
        if op.name == "comment":
            return
        args = [read(a, env) for a in op.args]
        assert not any(arg is UNSET for arg in args), f"{op.name} reads an undefined value"
        if op.name == "call":
            callee = op.attr("callee")
            function = self.functions[callee] if isinstance(callee, int) else self.named(callee)
            result = self.function(function, refold([p.tree for p in function.params], iter(args)))
            values = dict(flat(function.returns, result))
            define(op.results, [values[i] for i in range(len(op.results))], env)
            return
        value = evaluate(op, args)
        if op.results:
            define(op.results, list(value) if len(op.results) > 1 else [value], env)

    def named(self, name: str) -> Trace:
        return next(f for f in self.functions if f.name == name)


def read(operand: Operand, env: Env) -> Any:
    if isinstance(operand, Undef):
        return UNSET
    if isinstance(operand, Var):
        return env[operand]
    if operand.weak or operand.value is None or isinstance(operand.type, Array):
        return operand.value
    return cast(operand.value, operand.type)


def cast(value: Any, type: Type) -> Any:
    """The value with exactly the type that the trace gives it."""
    if isinstance(type, Scalar) and value is not UNSET:
        return np.dtype(type.dtype).type(value)
    if isinstance(type, Array) and isinstance(value, np.ndarray) and value.dtype != type.dtype:
        return value.astype(type.dtype)
    return value


def define(targets: tuple[Var, ...], values: list[Any], env: Env) -> None:
    for var, value in zip(targets, values, strict=True):
        env[var] = cast(value, var.type)


def bind(tree: Any, arg: Any, env: Env) -> None:
    if isinstance(tree, Tree):
        for item, part in zip(tree.items, arg, strict=True):
            bind(item, part, env)
    elif isinstance(tree, Var):
        env[tree] = cast(arg, tree.type)


def nest(tree: Any, values: list[Any]) -> Any:
    if isinstance(tree, Tree):
        items = [nest(item, values) for item in tree.items]
        return tree.cls(*items) if tree.cls else tuple(items)
    return tree.value if isinstance(tree, Static) else values[tree]


def flat(tree: Any, value: Any) -> list[tuple[int, Any]]:
    if isinstance(tree, Tree):
        return [pair for item, part in zip(tree.items, value, strict=True) for pair in flat(item, part)]
    return [] if isinstance(tree, Static) else [(tree, value)]


def refold(trees: list[Any], args: Any) -> tuple[Any, ...]:
    return tuple(
        refold(list(t.items), args) if isinstance(t, Tree) else None if isinstance(t, Static) else next(args)
        for t in trees
    )


def index(spec: str, operands: list[Any]) -> tuple[Any, ...]:
    items: list[Any] = []
    rest = iter(operands)
    for letter in spec:
        items.append(next(rest) if letter == "i" else None if letter == "n" else slice(*(next(rest) for _ in range(3))))
    return tuple(items)


def evaluate(op: Op, args: list[Any]) -> Any:
    name = op.name
    if name == "cast":
        return np.asarray(args[0]).astype(op.attr("dtype"))[()]
    if name in ELEMENTWISE:
        special = SPECIAL.get(name) or BINARY.get(name) or getattr(np, name, None) or getattr(scipy.special, name, None)
        return special(*args) if special else np.vectorize(getattr(math, name))(*args)[()]
    match name, args:
        case "alloc", dims:
            fill = {"empty": np.zeros}.get(op.attr("fill")) or getattr(np, op.attr("fill"))
            return fill(tuple(int(d) for d in dims), op.attr("dtype"))
        case "array", elements:
            return np.array(elements, op.attr("dtype")).reshape(op.attr("shape"))
        case "load", [a, *where]:
            return a[tuple(where)]
        case "store", [a, *where, value]:
            a[tuple(where)] = value
        case "update", [a, *where, value]:
            a[tuple(where)] += value
        case "assign", [a, value]:
            a[...] = value
        case "accumulate", [a, value]:
            a[...] += value
        case "view", [a, *operands]:
            return a[index(op.attr("spec"), operands)]
        case "transpose", [a]:
            return a.transpose(op.attr("axes"))
        case "reshape", [a, *dims]:
            return a.reshape(tuple(dims))
        case "copy", [a]:
            return np.array(a, order="C")
        case "expand", [a, *dims]:
            return a if a.shape == tuple(dims) else np.broadcast_to(a, tuple(dims)).copy()
        case "reduce_like", [g, a]:
            lead = tuple(range(g.ndim - a.ndim))
            ones = tuple(k for k in range(-a.ndim, 0) if a.shape[k] == 1 and g.shape[k] != 1)
            return g.sum(axis=lead).sum(axis=ones, keepdims=True) if ones else np.array(g.sum(axis=lead))
        case "stop_gradient", [a]:
            return a
        case "dim", [a]:
            return a.shape[op.attr("axis")]
        case "trips", bounds:
            return len(range(*(int(b) for b in bounds)))
        case "broadcast_dim", [n, m]:
            return np.broadcast_shapes((n,), (m,))[0]
        case "spans", [n, m]:
            assert np.broadcast_shapes((n,), (m,)) == (m,)
            return n == m
        case (("sum" | "mean" | "prod" | "max" | "min"), [a]):
            return getattr(np, name)(a, axis=op.attr("axis"), keepdims=bool(op.attr("keepdims")))
        case (("argmax" | "argmin" | "any" | "all" | "dot"), _):
            return getattr(np, name)(*args)
        case "argsort", [a]:
            return np.argsort(a, kind="mergesort")
        case "cofactors", [a, d]:
            return runtime.cofactors(a, d)
        case "cofactors_along", [a, d, v]:
            return runtime.cofactors_along(a, d, v)
        case (("inverse_gaps" | "multiplicity"), [a]):
            return getattr(runtime, name)(a)
        case "ends", [n]:
            return runtime.ends(n, *(op.attr(key) for key in ("first", "inside", "last")))
        case (("dct" | "dst"), [a]):
            return getattr(scipy.fft, name)(a, op.attr("type"), axis=op.attr("axes")[0], norm=op.attr("norm"))
        case "tril", [a]:
            return np.tril(a, op.attr("k"))
        case "svd", [a]:
            return np.linalg.svd(a, full_matrices=op.attr("full"))
        case "factor", [a]:
            return matrices.lu(a)
        case "lu_solve", [_, lu, swaps, b]:
            return matrices.lu_solve(lu, swaps, b, op.attr("trans"))
        case name, _ if name in MATRICES:
            return getattr(matrices, name)(*args, *(op.attr(key) for key in MATRICES[name]))
        case (("solve" | "inv" | "det" | "eigh" | "qr" | "pinv" | "cholesky"), _):
            return getattr(np.linalg, name)(*args)
        case (("fft" | "ifft"), [a]):
            return getattr(np.fft, f"{name}n")(a, axes=op.attr("axes"), norm=op.attr("norm"))
        case (("rfft" | "irfft"), _):
            return getattr(np.fft, name)(*args, axis=op.attr("axes")[0], norm=op.attr("norm"))
        case "list", _:
            return []
        case "append", [items, x]:
            items.append(x)
        case "pop", [items]:
            return items.pop()
        case "length", [items]:
            return len(items)
        case "comment", _:
            pass
        case "check_disjoint", [a, b]:
            if np.shares_memory(a, b):
                raise ValueError("arrays share memory")
        case "check_shape", [a, *dims]:
            if a.shape != tuple(dims):
                raise ValueError(f"{op.attr('called')} has another shape")
        case "raise", _:
            exc = op.attr("exc")
            raise (getattr(builtins, exc) if isinstance(exc, str) else exc)(op.attr("message"))
        case "print", _:
            rest = iter(args)
            print(*(next(rest) if text is None else text for text in op.attr("template")))
        case _:
            raise AssertionError(f"no meaning for {name}")
    return None


__all__ = ["Const", "leaves", "run"]

"""Small changes to what a trace takes and gives: seeds filled in, results selected, parameters regrouped or cast.

An adjoint trace maps (*args, y_bar) to (y, *x_bars). `grad` is that trace with the seed 1 and without y; a Hessian-vector
product is the tangent of such a gradient. These adapters are the difference.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from srcad.ir import (
    Array,
    Block,
    Builder,
    Const,
    Op,
    Operand,
    Param,
    Scalar,
    Static,
    Stmt,
    Trace,
    Tree,
    Type,
    Var,
    clone,
    leaves,
    map_tree,
    replace,
    substitute,
)
from srcad.transforms.cse import rename

#: The dtypes of Python's own numbers.
PYTHON = frozenset({"float64", "int64", "bool", "complex128"})


def types_of(tree: Any) -> Any:
    """The tree with each Var replaced by its type."""
    return map_tree(lambda var: var.type, tree)


def result_types(trace: Trace) -> Any:
    """The types of the result, nested as it is."""
    return map_tree(lambda index: trace.body.yields[index].type, trace.returns)


def text(tree: Any) -> str:
    """A tree of types as error messages show it."""
    if isinstance(tree, Tree):
        return f"({', '.join(map(text, tree.items))}{',' if len(tree.items) == 1 else ''})"
    if isinstance(tree, Static):
        if tree.value is None or isinstance(tree.value, str):
            return repr(tree.value)
        return "a function" if callable(tree.value) else f"a {tree.value.__class__.__name__}"
    type = tree.type if isinstance(tree, Var) else tree
    return str(replace(type, layout="C") if isinstance(type, Array) else type)


def select(trace: Trace, *path: int) -> Trace:
    """The trace that returns one part of its result: `select(t, 1)` keeps the second item of the tuple it returned."""
    returns = trace.returns
    for index in path:
        returns = returns.items[index]
    return returning(trace, returns)


def returning(trace: Trace, returns: Any) -> Trace:
    """The trace with another tree of results; yields that no longer appear in it are dropped."""
    kept = list(dict.fromkeys(leaves(returns)))
    yields = tuple(trace.body.yields[index] for index in kept)
    return replace(trace, body=replace(trace.body, yields=yields), returns=map_tree(kept.index, returns))


def named(trace: Trace) -> Trace:
    """The trace with a name for its one result, if the program has none: y, as in y = f(x)."""
    result = trace.body.yields[0] if trace.returns == 0 else None
    if not isinstance(result, Var) or result.hint:
        return trace
    name = "result" if any(p.name == "y" for p in trace.params) else "y"
    return replace(trace, body=rename(trace.body, {result: result.like(name)}))


def strong_results(trace: Trace, types: Any) -> Trace:
    """Literals among the results get the dtype that `types` has for them: a float32 gradient of zero is `np.float32(0.0)`."""
    yields = list(trace.body.yields)

    def strong(returns: Any, types: Any) -> Any:
        if isinstance(returns, Tree):
            return Tree(tuple(strong(r, t) for r, t in zip(returns.items, types.items, strict=True)), returns.cls)
        if not isinstance(returns, int):
            return returns
        old = yields[returns]
        if not isinstance(old, Const) or not isinstance(types, Scalar) or types.dtype in PYTHON:
            return returns
        yields.append(Const(old.value, types, weak=False))
        return len(yields) - 1

    returns = strong(trace.returns, types)
    return returning(replace(trace, body=replace(trace.body, yields=tuple(yields))), returns)


def fill(trace: Trace, position: int, value: Callable[[Builder, Type], Operand], *path: int) -> Trace:
    """The trace without the parameter at `position`: its leaves, or those of the item at `path` in it while nobody reads
    the others, take what `value` builds."""
    b = Builder()
    tree = trace.params[position].tree
    for item in path:
        tree = tree.items[item]
    env: dict[Var, Any] = {leaf: value(b, leaf.type) for leaf in leaves(tree)}
    return _with_head(trace, b, env, (*trace.params[:position], *trace.params[position + 1 :]))


def bind(trace: Trace, position: int, value: Any) -> Trace:
    """The trace without the parameter at `position`, which is this value: numbers as literals, arrays as global ones."""
    param = trace.params[position]
    env: dict[Var, Any] = {}

    def fix(tree: Any, value: Any) -> None:
        if isinstance(tree, Tree):
            for item, part in zip(tree.items, value, strict=True):
                fix(item, part)
        elif isinstance(tree, Var) and isinstance(tree.type, Array):
            env[tree] = Const(value, tree.type, False, tree.hint or param.name)
        elif isinstance(tree, Var):
            env[tree] = Const(np.asarray(value).item(), tree.type, False)

    fix(param.tree, value)
    return _with_head(trace, Builder(), env, (*trace.params[:position], *trace.params[position + 1 :]))


def one(b: Builder, type: Type) -> Operand:
    """The seed 1.0 of a scalar, also of one that is a 0-d array."""
    return number(b, type, 1.0)


def number(b: Builder, type: Type, value: float) -> Operand:
    if isinstance(type, Array):
        assert type.ndim == 0
        array = b.op("alloc", fill="zeros", dtype=type.dtype)
        b.effect("store", array, Const(value, Scalar(type.dtype)))
        return array
    assert isinstance(type, Scalar)
    return Const(value, type, weak=False)


def unsized(tree: Any) -> Any:
    """A tree of types without the sizes of arrays."""
    return map_tree(lambda type: replace(type, sizes=None) if isinstance(type, Array) else type, tree)


def sized(trace: Trace, types: Sequence[Any]) -> Trace:
    """The trace for arrays with the sizes that these types of its parameters have, where they have any."""
    env: dict[Var, Var] = {}

    def fix(tree: Any, type: Any) -> Any:
        if isinstance(tree, Tree):
            return replace(tree, items=tuple(map(fix, tree.items, type.items)))
        if isinstance(tree, Var) and isinstance(tree.type, Array) and type.sizes is not None:
            env[tree] = Var(tree.hint, replace(tree.type, sizes=type.sizes), tree.span)
        return env.get(tree, tree)

    given = iter(types)
    params = tuple(p if p.outer is not None else replace(p, tree=fix(p.tree, next(given))) for p in trace.params)
    return replace(trace, params=params, body=rename(trace.body, env)) if env else trace


def named_seeds(trace: Trace, name: str) -> Trace:
    """The trace that says `name` where it complains of the shape of a seed."""

    def named(stmt: Stmt) -> Stmt:
        if not isinstance(stmt, Op) or stmt.attr("seed") is None:
            return stmt
        return replace(stmt, attrs=tuple((key, name if key == "seed" else value) for key, value in stmt.attrs))

    return replace(trace, body=replace(trace.body, stmts=tuple(map(named, trace.body.stmts))))


def group(trace: Trace, positions: Sequence[int], name: str, single: bool) -> Trace:
    """The parameters at `positions` (the only one itself if `single`, else as a tuple) as one parameter `name`, at the end."""
    trees = [trace.params[k].tree for k in positions]
    rest = tuple(p for k, p in enumerate(trace.params) if k not in positions)
    tree = trees[0] if single else Tree(tuple(trees))
    return replace(trace, params=(*rest, Param(unused(name, rest), tree)))


def spread(trace: Trace, position: int) -> Trace:
    """The trace with the items of a tuple as parameters of their own: `*args` as args_0, args_1 ..."""
    param = trace.params[position]
    others = [p for p in trace.params if p is not param]
    items = [Param(unused(f"{param.name}_{k}", others), tree) for k, tree in enumerate(param.tree.items)]
    return replace(trace, params=(*trace.params[:position], *items, *trace.params[position + 1 :]))


def outer_last(trace: Trace) -> Trace:
    """The trace with its parameters that are variables of a function around it after all others."""
    return replace(trace, params=tuple(sorted(trace.params, key=lambda p: p.outer is not None)))


def unused(name: str, params: Sequence[Any]) -> str:
    taken = {p.name for p in params}
    while name in taken:
        name += "_"
    return name


def take(trace: Trace, position: int, given: Any) -> Trace:
    """The trace whose parameter at `position` has the type `given`, cast to the type that it had.

    That is how seeds are taken: an int or a float64 for a float32 scalar, an array of another dtype or layout.
    """
    b = Builder()
    param = trace.params[position]
    env: dict[Var, Any] = {}
    tree = _taken(param.name, param.tree, given, b, env)
    params = (*trace.params[:position], Param(param.name, tree), *trace.params[position + 1 :])
    return _with_head(trace, b, env, params)


def _taken(name: str, wanted: Any, given: Any, b: Builder, env: dict[Var, Any]) -> Any:
    if isinstance(wanted, Static):
        return given if isinstance(given, Static) else map_tree(lambda found: Var(name, found), given)
    if isinstance(wanted, Tree):
        if not isinstance(given, Tree) or len(given.items) != len(wanted.items):
            raise TypeError(f"{name} must be nested as what it belongs to: {text(wanted)}, but got {text(given)}")
        pairs = zip(wanted.items, given.items, strict=True)
        return Tree(tuple(_taken(name, w, g, b, env) for w, g in pairs), given.cls)
    if given == wanted.type:
        return wanted
    fits = isinstance(given, Scalar | Array) and _ndim(given) == _ndim(wanted.type)
    if not fits or (given.dtype.startswith("complex") and not wanted.type.dtype.startswith("complex")):
        raise TypeError(f"{name} must have the type {text(wanted)}, as what it belongs to, but got {text(given)}")
    new = Var(wanted.hint, given, wanted.span)
    value: Var = new
    if isinstance(given, Array) and given.ndim == 0 and isinstance(wanted.type, Scalar):
        value = b.op("load", value)
    if given.dtype != wanted.type.dtype:
        value = b.op("cast", value, hint=wanted.hint, dtype=wanted.type.dtype)
    if isinstance(wanted.type, Array) and wanted.type.layout not in ("A", getattr(value.type, "layout", "C")):
        value = in_layout(b, value, wanted.type.layout)
    env[wanted] = value
    return new


def in_layout(b: Builder, array: Var, layout: str) -> Var:
    """A copy in C's or Fortran's order."""
    if layout == "C":
        return b.op("copy", array, hint=array.hint)
    assert isinstance(array.type, Array)
    axes = tuple(reversed(range(array.type.ndim)))
    return b.op("transpose", b.op("copy", b.op("transpose", array, axes=axes)), axes=axes, hint=array.hint)


def _ndim(type: Scalar | Array) -> int:
    return type.ndim if isinstance(type, Array) else 0


def inline(b: Builder, trace: Trace, args: Sequence[Operand]) -> tuple[Operand, ...]:
    """Append a fresh copy of the trace's body to `b`, with `args` for its inputs, and give its yields."""
    body = clone(trace.body, dict(zip(trace.inputs, args, strict=True)))
    b.stmts.extend(body.stmts)
    return body.yields


def _with_head(trace: Trace, b: Builder, env: dict[Var, Any], params: tuple[Param, ...]) -> Trace:
    body = substitute(trace.body, env)
    comments = tuple((at + len(b.stmts), text) for at, text in trace.comments)
    return replace(trace, params=params, body=Block((*b.stmts, *body.stmts), body.yields), comments=comments)

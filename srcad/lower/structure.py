"""Between the values of lowering, where tuples nest, and the trace, where everything is flat: parameters and results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from srcad.ir import Const, Operand, Static, Tree, Var
from srcad.lower.function import Lowering
from srcad.lower.merge import Growing, shape_of, told
from srcad.lower.records import is_record
from srcad.lower.values import CHOSEN, OPTIONAL, Func, Kind, Obj, Seq, Tup, Value


def parameter_tree(arg: Any, hint: str) -> Any:
    """The argument's type with a Var in the place of each type."""
    match arg:
        case Tree():
            fields = arg.cls._fields if arg.cls is not None and hasattr(arg.cls, "_fields") else range(len(arg.items))
            items = tuple(parameter_tree(item, f"{hint}_{f}") for item, f in zip(arg.items, fields, strict=True))
            return Tree(items, arg.cls)
        case Static():
            return arg
    return Var(hint, arg)


def value_of_parameter(ctx: Lowering, tree: Any, name: str) -> Value:
    match tree:
        case Tree(cls=Kind() as kind):
            return Func(kind, tuple(value_of_parameter(ctx, item, name) for item in tree.items))
        case Tree():
            return Tup(tuple(value_of_parameter(ctx, item, name) for item in tree.items), tree.cls)
        case Static():
            return ctx.session.constants.lift(ctx, tree.value, name)
    value: Var = tree
    return value


def returned(ctx: Lowering, value: Value, yields: list[Operand]) -> Any:
    """How the result nests; its leaves are appended to `yields`."""
    match value:
        case Var() | Const():
            yields.append(value)
            return len(yields) - 1
        case Tup(cls=cls) if cls is Growing:
            ctx.refuse("a list is returned", "return np.array(...) of it")
        case Tup():
            return Tree(tuple(returned(ctx, item, yields) for item in value.items), value.cls)
        case Seq():
            ctx.refuse("a list is returned", "return a tuple, or np.array(...) of it")
        case Obj():
            return Static(value.value)
        case Func(kind=kind) if kind is OPTIONAL:
            ctx.refuse(
                f"what the function returns is None on one path and {told(shape_of(value.items[1]))} on another",
                "give it the same type on every path",
            )
        case Func(kind=kind) if kind is CHOSEN:
            ctx.refuse(
                "what the function returns is a different object on each path", "return a number that says which"
            )
        case Func() if is_record(value):
            ctx.refuse("a dictionary is returned", "return a tuple, or a namedtuple")
        case Func():
            ctx.refuse("a function is returned that holds values", "call it, and return what it gives")
    return ctx.refuse("a slice is returned", "return its bounds")


def argument_type(value: Value) -> Any:
    """The ArgType of a value: what a caller would pass to `lower`."""
    match value:
        case Var() | Const():
            return value.type
        case Tup() | Seq():
            return Tree(tuple(map(argument_type, value.items)), value.cls if isinstance(value, Tup) else None)
        case Func():
            return Tree(tuple(map(argument_type, value.items)), value.kind)
        case Obj():
            return Static(value.value)
    raise AssertionError(f"{value} cannot be an argument")


def atoms_of(value: Value) -> list[Any]:
    match value:
        case Var() | Const():
            return [value]
        case Tup() | Seq() | Func():
            return [atom for item in value.items for atom in atoms_of(item)]
    return []


def value_of(tree: Any, atoms: Sequence[Any]) -> Value:
    """The value that a `Trace.returns` tree nests."""
    match tree:
        case Tree():
            return Tup(tuple(value_of(item, atoms) for item in tree.items), tree.cls)
        case Static():
            return Obj(tree.value)
    value: Value = atoms[tree]
    return value

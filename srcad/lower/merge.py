"""Where paths meet: what a variable is when it comes from two branches, or from before a loop and from its body."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeGuard

import numpy as np

from srcad.ir import (
    BOOL,
    INT,
    Array,
    Atom,
    Block,
    Builder,
    Const,
    If,
    ListOf,
    Operand,
    Scalar,
    Span,
    Type,
    Undef,
    Var,
    const,
    definitions,
)
from srcad.lower import weak
from srcad.lower.known import FALSE, TRUE, is_none
from srcad.lower.names import Names
from srcad.lower.records import Record
from srcad.lower.scope import Closure, Env, Poison, unbound
from srcad.lower.unbound import UnboundReadFound, flag_name, flag_of, is_flag, met, set_flag
from srcad.lower.values import (
    CHOSEN,
    FUNCTIONS,
    ITERATOR,
    OPTIONAL,
    RANGE,
    Context,
    Func,
    Kind,
    Obj,
    Seq,
    SliceValue,
    Tup,
    Value,
    is_kind,
)


@dataclass(frozen=True)
class Group:
    """The shape of a tuple, a list, or a function that holds values."""

    items: tuple[Shape, ...]
    kind: type[Tup] | type[Seq] | type[Func]
    cls: type | Kind | None = None


class Growing(tuple[Any, ...]):
    """The class of the tuples that stand for growing lists (lists.py): columns and a count, or nothing while empty."""


class Borrowed(Growing):
    """The class of such a list that is an item of another one: it is read, and changed by nobody else."""


def empty_columns(b: Builder, item: Shape) -> list[Atom]:
    """An empty list of items of this shape, flat: its columns, with room for a few, and a count."""
    return [*(_empty_column(b, type) for type in types_in(item)), const(0)]


def _empty_column(b: Builder, type: Type) -> Atom:
    assert not isinstance(type, ListOf)
    axes = type.ndim if isinstance(type, Array) else 0
    return b.op("alloc", const(8), *[const(0)] * axes, fill="empty", dtype=type.dtype)


#: What is fixed about a variable while its numbers vary: types, nesting, and the Python objects in it.
Shape = Type | Group | Obj | Poison


def shape_of(value: Value | Poison) -> Shape:
    match value:
        case Var() | Const():
            return typed(value)
        case Tup():
            return Group(tuple(map(shape_of, value.items)), Tup, value.cls)
        case Seq():
            return Group(tuple(map(shape_of, value.items)), Seq)
        case Func():
            return Group(tuple(map(shape_of, value.items)), Func, value.kind)
        case SliceValue():
            return Poison("a slice that depends on the path taken", "write the slice where it is used")
    return value


def typed(atom: Atom) -> Type:
    """The type, which tells Python's numbers from NumPy's."""
    return weak.weak_type(atom) or atom.type


def join(name: str, a: Shape, b: Shape) -> Shape:
    """The shape that holds values of both."""
    match a, b:
        case (Poison(), _) | (_, Poison()):
            return a if isinstance(a, Poison) else b
        case ((Scalar() | Array() | ListOf()), (Scalar() | Array() | ListOf())):
            joined = join_types(a, b)
            return mixed(name, a, b) if joined is None else joined
        case _ if _is_optional(a) or _is_optional(b):
            return _optional(name, a, b)
        case _ if CHOSEN in (getattr(a, "cls", None), getattr(b, "cls", None)) and _choices(a) and _choices(b):
            return _either(a, b)
        case Group(), Group() if (a.kind, a.cls, len(a.items)) == (b.kind, b.cls, len(b.items)):
            items = tuple(join(f"{name}[{k}]", x, y) for k, (x, y) in enumerate(zip(a.items, b.items, strict=True)))
            return next((item for item in items if isinstance(item, Poison)), Group(items, a.kind, a.cls))
        case Group(cls=cls), Group() if cls is b.cls is Growing and not (a.items and b.items):
            return a if a.items else b
        case Obj(), Obj() if same_object(a.value, b.value):
            return a
        case _ if _choices(a) and _choices(b):
            return _either(a, b)
        case (Obj(value=None), Scalar() | Array() | Group()) | (Scalar() | Array() | Group(), Obj(value=None)):
            return _optional(name, a, b)
    return mixed(name, a, b)


def _choices(shape: Shape) -> tuple[Shape, ...]:
    """The functions, strings and None of which something of this shape is one; none if it is none of these."""
    match shape:
        case Group(cls=cls) if cls in FUNCTIONS:
            return shape.items[1:] if cls is CHOSEN else (shape,)
        case Obj(value=thing) if isinstance(thing, Closure | str | None) or callable(thing):
            return (shape,)
    return ()


def _optional(name: str, a: Shape, b: Shape) -> Shape:
    """The shape of a value that may be None. One that holds what it was before would nest deeper with every trip."""
    if (_is_optional(a) and _holds(b, a)) or (_is_optional(b) and _holds(a, b)):
        return Poison(f"{_subject(name)} holds what it was before", "keep the values in a list or an array")
    inner = [shape.items[1] if _is_optional(shape) else shape for shape in (a, b) if not _is_nothing(shape)]
    held = inner[0] if len(inner) == 1 else join(name, *inner)
    return held if isinstance(held, Poison) else Group((BOOL, held), Func, OPTIONAL)


def _holds(shape: Shape, part: Shape) -> bool:
    """Whether values of this shape hold some of the other one, at any depth."""
    return isinstance(shape, Group) and any(item == part or _holds(item, part) for item in shape.items)


def _is_optional(shape: Shape) -> TypeGuard[Group]:
    return isinstance(shape, Group) and shape.cls is OPTIONAL


def _is_nothing(shape: Shape) -> bool:
    return isinstance(shape, Obj) and shape.value is None


def _either(a: Shape, b: Shape) -> Shape:
    """The shape of what is chosen among those of both. Functions that hold values are told apart by nothing."""
    more, fewer = sorted((_choices(a), _choices(b)), key=len, reverse=True)  # the numbers of most stay as they are
    found = [*more]
    for function in fewer:
        if not any(_same_function(function, other) for other in found):
            found.append(function)
    if not all(isinstance(function, Obj) for function in found):
        return Poison("one of several functions that hold values is chosen", "call them in each branch instead")
    return Group((INT, *found), Func, CHOSEN)


def _same_function(a: Shape, b: Shape) -> bool:
    return isinstance(a, Obj) and isinstance(b, Obj) and same_object(a.value, b.value)


def join_types(a: Type, b: Type) -> Type | None:
    """Numbers widen, strides become unknown; None where nothing holds both."""
    match a, b:
        case _ if a == b:
            return a
        case Scalar(), Scalar():
            return weak.joined(a, b)
        case Array(), Array() if (a.dtype, a.ndim) == (b.dtype, b.ndim):
            return Array(a.dtype, a.ndim, "A")
    return None


def is_plain(shape: Shape) -> bool:
    """Whether the shape holds nothing that belongs to one pass over the body, such as a nested function."""
    if isinstance(shape, Group):
        return all(map(is_plain, shape.items))
    return not isinstance(shape, Obj | Poison)


def same_object(a: Any, b: Any) -> bool:
    if isinstance(a, Closure) and isinstance(b, Closure):
        return a.node is b.node and a.frame is b.frame and a.defaults == b.defaults
    return a is b or (isinstance(a, str) and a == b)


def mixed(name: str, a: Shape, b: Shape) -> Poison:
    subject = _subject(name)
    remedy = "give it the same type on every path"
    if {type(a), type(b)} == {Scalar, Array}:
        remedy = "let it be an array from the start, for example np.zeros(n)"
    if isinstance(a, Obj) and isinstance(b, Obj):
        return Poison(f"{subject} is a different object on each path", "call it in each branch instead")
    return Poison(f"{subject} is {told(a)} on one path and {told(b)} on another", remedy)


def _subject(name: str) -> str:
    return {"<result>": "what the function returns", "<value>": "this expression"}.get(name, f"'{name}'")


def told(shape: Shape) -> str:
    match shape:
        case Scalar():
            return f"a number ({shape.dtype})"
        case Array():
            return f"a {shape.ndim}-d array of {shape.dtype}"
        case ListOf():
            return "a list"
        case Group():
            if shape.cls is Growing:
                return "a growing list"
            if shape.cls is OPTIONAL:
                return f"None or {told(shape.items[1])}"
            if isinstance(shape.cls, Record):
                return f"a dictionary of {', '.join(map(repr, shape.cls.keys))}"
            if shape.cls is RANGE or shape.cls is ITERATOR:
                return f"a{'n' if shape.cls is ITERATOR else ''} {shape.cls.name}"
            if isinstance(shape.cls, Kind):
                return "a function"
            kind = "list" if shape.kind is Seq else shape.cls.__name__ if shape.cls else "tuple"
            return f"a {kind} of {len(shape.items)}"
        case Obj(value=None):
            return "None"
        case Obj():
            return f"the object {getattr(shape.value, '__name__', shape.value)!r}"
    return "something else"


class Tracker(Context, Protocol):
    """What merging needs to know beside."""

    def tracks(self, name: str) -> bool:
        """Whether a bool is kept for whether this variable of the current function is bound."""

    def tracking_key(self, name: str) -> tuple[object, str]: ...


# --- between a value and its leaves -----------------------------------------------------------------------------------


def types_in(shape: Shape) -> list[Type]:
    match shape:
        case Scalar() | Array() | ListOf():
            return [shape]
        case Group():
            return [type for item in shape.items for type in types_in(item)]
    return []


def flatten(b: Builder, value: Value | Poison | None, shape: Shape) -> list[Operand]:
    """The value's numbers and arrays, converted to what the shape says; undefined ones if there is no value."""
    match shape:
        case Scalar() | Array() | ListOf():
            return [convert(b, value, shape) if isinstance(value, Var | Const) else Undef(weak.plain(shape))]
        case Group() if shape.cls is OPTIONAL:
            there, held = _opened(value)
            return [there, *flatten(b, held, shape.items[1])]
        case Group() if isinstance(value, Tup) and shape.items and not value.items:
            assert shape.cls is Growing, "only growing lists have two forms"
            return [*empty_columns(b, _item_shape(shape.items[0]))]
        case Group() if shape.cls is CHOSEN:
            return [Undef(INT) if value is None else _number(b, value, shape)]
        case Group():
            items = value.items if isinstance(value, Tup | Seq | Func) else [None] * len(shape.items)
            return [leaf for v, s in zip(items, shape.items, strict=True) for leaf in flatten(b, v, s)]
    return []


def _item_shape(column: Shape) -> Shape:
    """The shape of the items of which these are the columns."""
    match column:
        case Array(dtype=dtype, ndim=ndim):
            return Array(dtype, ndim - 1) if ndim > 1 else Scalar(dtype)
        case Group():
            return replace(column, items=tuple(map(_item_shape, column.items)))
    return column


def _opened(value: Value | Poison | None) -> tuple[Operand, Value | Poison | None]:
    """Whether the value is there, and the value."""
    if is_kind(value, OPTIONAL):
        there, held = value.items
        assert isinstance(there, Var | Const)
        return there, held
    if value is None:
        return Undef(BOOL), None
    return (FALSE, None) if not isinstance(value, Poison) and is_none(value) else (TRUE, value)


def _number(b: Builder, value: Value | Poison, shape: Group) -> Operand:
    """Which of the functions it is."""
    functions = shape.items[1:]

    def place(function: Value) -> Const:
        return const(
            next(k for k, f in enumerate(functions) if isinstance(function, Obj) and _same_function(f, function))
        )

    if not isinstance(value, Func):
        assert isinstance(value, Obj)
        return place(value)
    number, *own = value.items
    assert isinstance(number, Var | Const)
    for k, function in enumerate(own):
        if place(function) != const(k):
            number = b.op("where", b.op("eq", value.items[0], const(k)), place(function), number)  # type: ignore[arg-type]
    return number


def flatten_variable(
    ctx: Tracker, b: Builder, env: Env, name: str, value: Value | Poison | None, shape: Shape
) -> list[Operand]:
    """`flatten` for the variable that has this value; what may be unbound is converted only if it is bound."""
    bound = TRUE if value is None or name.startswith("<") else flag_of(env, name)
    if bound == TRUE or not _changes_numbers(value, shape):
        return flatten(b, value, shape)
    if not isinstance(bound, Var):
        raise UnboundReadFound(ctx.tracking_key(name))
    inner = Builder(span=ctx.span)
    leaves = flatten(inner, value, shape)
    results = tuple(fresh(name, shape, ctx.span))
    b.add(If(results, bound, inner.block(*leaves), Block((), tuple(Undef(var.type) for var in results)), ctx.span))
    return list(results)


def _changes_numbers(value: Value | Poison | None, shape: Shape) -> bool:
    """Whether some number in the value has to be computed anew to have the type that the shape says."""
    if isinstance(shape, Group) and shape.cls is OPTIONAL:
        return _changes_numbers(_opened(value)[1], shape.items[1])
    if isinstance(shape, Group):
        items = value.items if isinstance(value, Tup | Seq | Func) else ()
        return any(_changes_numbers(v, s) for v, s in zip(items, shape.items, strict=False))
    return isinstance(shape, Scalar) and isinstance(value, Var) and value.type != weak.plain(shape)


def convert(b: Builder, atom: Atom, type: Type) -> Atom:
    """The atom as a value of a type that holds its own."""
    if atom.type == weak.plain(type) or not isinstance(type, Scalar):
        return atom
    if isinstance(atom, Const) and atom.weak and not atom.name:
        kind = {"b": bool, "i": int, "u": int, "f": float, "c": complex}[np.dtype(type.dtype).kind]
        return Const(kind(atom.value), weak.plain(type))
    converted = b.op("cast", atom, dtype=type.dtype)
    if isinstance(type, weak.Weak):
        weak.note(converted)
    return converted


def rebuild(shape: Shape, leaves: Iterator[Any]) -> Value | Poison:
    """The value of this shape with these leaves: the inverse of `flatten`."""
    match shape:
        case Scalar() | Array() | ListOf():
            leaf: Atom = next(leaves)
            return leaf
        case Group():
            items: list[Value] = []
            for item in shape.items:
                value = rebuild(item, leaves)
                assert not isinstance(value, Poison)
                items.append(value)
            if isinstance(shape.cls, Kind):
                return Func(shape.cls, tuple(items))
            return Tup(tuple(items), shape.cls) if shape.kind is Tup else Seq(tuple(items))
    return shape


def fresh(name: str, shape: Shape, span: Span | None) -> list[Var]:
    """New Vars for the leaves of a variable, called by its name."""
    hint = f"{name[7:-1]}_bound" if is_flag(name) else name.strip("<>") if name != "<value>" else ""
    types = types_in(shape)
    if isinstance(shape, Group) and hint:
        if shape.cls is Growing:
            columns = shape.items[:1]
            counts = [fresh(f"{hint}_count", count, span) for count in shape.items[1:]]
            return [
                *(var for column in columns for var in fresh(hint, column, span)),
                *(var for count in counts for var in count),
            ]
        if shape.cls is CHOSEN:
            return [Var(f"{hint}_choice", INT, span)]
        if shape.cls is OPTIONAL:
            return [Var(f"has_{hint}", BOOL, span), *fresh(hint, shape.items[1], span)]
        fields = getattr(shape.cls, "_fields", range(len(shape.items)))
        return [var for f, item in zip(fields, shape.items, strict=True) for var in fresh(f"{hint}_{f}", item, span)]
    return [_fresh(hint, type, span) for type in types]


def _fresh(hint: str, type: Type, span: Span | None) -> Var:
    var = Var(hint, weak.plain(type), span)
    if isinstance(type, weak.Weak):
        weak.note(var, type.small)
    return var


# --- branches ---------------------------------------------------------------------------------------------------------


@dataclass
class Arm:
    """A branch, lowered: its statements, and the variables at its end."""

    b: Builder
    env: Env

    def defines(self, operand: Operand) -> bool:
        return isinstance(operand, Var) and operand in set(definitions(self.b.block()))


def merge(ctx: Tracker, cond: Atom, then: Arm, orelse: Arm, live: Names | None) -> Env:
    """Append the `If` and give the variables after it. Those not in `live` are forgotten unless they are the same in both
    branches; None means that all are live."""
    env = Env(dead=then.env.dead and orelse.env.dead)
    results: list[Var] = []
    yields: tuple[list[Operand], list[Operand]] = ([], [])

    def met_as(name: str, a: Value | Poison | None, b: Value | Poison | None) -> Value | Poison:
        shape = _shape_after(name, a, b, then, orelse)
        leaves: list[Atom] = []
        ends = (
            flatten_variable(ctx, then.b, then.env, name, a, shape),
            flatten_variable(ctx, orelse.b, orelse.env, name, b, shape),
        )
        for x, y, var in zip(*ends, fresh(name, shape, ctx.span), strict=True):
            common = _common(x, y, then, orelse)
            leaves.append(var if common is None else common)
            if common is None:
                results.append(var)
                yields[0].append(x)
                yields[1].append(y)
        return rebuild(shape, iter(leaves))

    for name in dict.fromkeys([*then.env.names, *orelse.env.names]):
        a, b = (None if arm.env.dead else arm.env.names.get(name) for arm in (then, orelse))
        if is_flag(name) or (a is None and b is None):
            continue
        if a is b and a is not None:
            env.names[name] = a
        elif live is None or name in live or name.startswith("<<"):  # what `finally` keeps for later
            env.names[name] = met_as(name, a, b)
        else:
            continue
        if not name.startswith("<"):
            set_flag(env, name, _bound_after(name, ctx.tracks(name), then, orelse, met_as))
    blocks = then.b.block(*yields[0]), orelse.b.block(*yields[1])
    if any(block.stmts or block.yields for block in blocks):
        ctx.b.add(If(tuple(results), cond, *blocks, ctx.span))
    return env


def _shape_after(name: str, a: Value | Poison | None, b: Value | Poison | None, then: Arm, orelse: Arm) -> Shape:
    if a is not None and b is not None:
        return join(name, shape_of(a), shape_of(b))
    value = b if a is None else a
    assert value is not None
    shape = shape_of(value)
    reached = not (then.env.dead or orelse.env.dead)
    return unbound(name) if reached and isinstance(shape, Obj) and not name.startswith("<") else shape


def _bound_after(name: str, tracked: bool, then: Arm, orelse: Arm, met_as: Callable[..., Any]) -> Value:
    """Whether the variable is bound where the branches meet."""
    a, b = (None if arm.env.dead else flag_of(arm.env, name) for arm in (then, orelse))
    if a is None or b is None:
        flag = b if a is None else a
        assert flag is not None
        known: Value | None = None if isinstance(flag, Var) else flag
    else:
        known = None if tracked and a != b else met(then.env, orelse.env, a, b)
    if known is not None:
        return known
    made: Value = met_as(flag_name(name), a, b)
    return made


def _common(x: Operand, y: Operand, then: Arm, orelse: Arm) -> Atom | None:
    """What both branches give, if it is the same or one gives nothing, and it is known outside of them."""
    if isinstance(x, Undef):
        return None if isinstance(y, Undef) or orelse.defines(y) else y
    if isinstance(y, Undef):
        return None if then.defines(x) else x
    return x if x == y else None

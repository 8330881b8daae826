"""Statements that are not control flow, and the table of those that srcad refuses."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Mapping
from typing import Any, NoReturn

import gast
import numpy as np

from srcad import reads
from srcad.ir import Array, Const, Var, const
from srcad.lower import list_methods, lists, records
from srcad.lower.casts import is_array
from srcad.lower.changes import changes
from srcad.lower.comprehensions import COMPREHENSIONS
from srcad.lower.control import Fork, Outcome
from srcad.lower.expressions import condition, expr, given, held, index_of, kept, listing, narrowed, record_in, used_up
from srcad.lower.function import Lowering
from srcad.lower.indexing import augment_item, getitem, setitem
from srcad.lower.known import FALSE, NONE, TRUE, describe, is_none, opened
from srcad.lower.loops import for_loop, while_loop
from srcad.lower.merge import Growing, flatten, join, rebuild, shape_of
from srcad.lower.names import read_names, rows_assigned, target_names
from srcad.lower.operators import augmented, compare, guard
from srcad.lower.scope import ALIVE, BROKE, GO, RESULT, RETURNED, Closure, Poison, owner
from srcad.lower.tries import raise_again, suppress, try_statement
from srcad.lower.values import NeverReturns, Obj, Seq, SliceValue, Tup, Value
from srcad.ops import can_be_raised
from srcad.source import parameter_names

OPERATORS: Mapping[type, str] = {
    gast.Add: "add",
    gast.Sub: "sub",
    gast.Mult: "mul",
    gast.Div: "div",
    gast.FloorDiv: "floordiv",
    gast.Mod: "mod",
    gast.Pow: "pow",
    gast.MatMult: "matmul",
    gast.BitAnd: "bitand",
    gast.BitOr: "bitor",
    gast.BitXor: "bitxor",
    gast.LShift: "lshift",
    gast.RShift: "rshift",
}

REFUSED: Mapping[type, tuple[str, str]] = {
    gast.With: ("`with` blocks are not supported", "open files and locks outside, and pass what was read"),
    gast.AsyncWith: ("`async with` is not supported", "differentiate a plain function"),
    gast.AsyncFor: ("`async for` is not supported", "differentiate a plain function"),
    gast.AsyncFunctionDef: ("coroutines are not supported", "differentiate a plain function"),
    gast.TryStar: ("`except*` is not supported: compiled code has no groups of exceptions", "write `except`"),
    gast.ClassDef: ("a class cannot be defined inside a compiled function", "define it outside"),
    gast.Global: (
        "`global` is not supported: a compiled function cannot assign to globals",
        "return the value instead",
    ),
    gast.Nonlocal: (
        "`nonlocal` is supported for variables of functions that are compiled together only",
        "return the value, and assign it outside",
    ),
    gast.Match: (
        "this `match` is not supported: its patterns are more than literals, names and tuples of a fixed length",
        "write if and elif",
    ),
}


def execute(ctx: Lowering, stmt: Any) -> Outcome:
    """Lower one statement. Control flow comes back as what is left to do."""
    with ctx.at(stmt):
        match stmt:
            case gast.If():
                return _if(ctx, stmt)
            case gast.For():
                return for_loop(ctx, stmt)
            case gast.While():
                return while_loop(ctx, stmt)
            case gast.Assert():
                return _assert(ctx, stmt)
            case gast.With() if all(managers := [_manager(ctx, item) for item in stmt.items]):
                if managers == [contextlib.suppress]:
                    return suppress(ctx, stmt, stmt.items[0].context_expr.args)
                if contextlib.suppress in managers:
                    ctx.refuse("contextlib.suppress is supported on its own", "nest the `with` statements")
                return list(stmt.body)
            case gast.Assign():
                only = stmt.targets[0] if len(stmt.targets) == 1 else None
                value = _assigned(ctx, only, stmt.value)
                value = kept(ctx, stmt.value, value) if isinstance(only, gast.Name) else value
                for target in stmt.targets:
                    bind(ctx, target, value, fresh=only is not None and not isinstance(stmt.value, NAMES))
            case gast.AnnAssign():
                if stmt.value is not None:
                    bind(ctx, stmt.target, _assigned(ctx, stmt.target, stmt.value))
            case gast.AugAssign():
                _augment(ctx, stmt)
            case gast.Expr():
                expr(ctx, stmt.value)
            case gast.Return():
                value = _common_type(ctx, NONE if stmt.value is None else _given_back(ctx, stmt.value))
                if len(ctx.stack) == 1 and not isinstance(value, Var | Const) and stmt.value is not None:
                    ctx.session.returned = ctx.session.returned or ctx.frame.span(stmt.value)
                ctx.env.names.update({RESULT: value, RETURNED: TRUE, GO: FALSE, ALIVE: FALSE})
            case gast.Break():
                ctx.env.names.update({BROKE: TRUE, GO: FALSE, ALIVE: FALSE})
            case gast.Continue():
                ctx.env.names[ALIVE] = FALSE
            case gast.Try():
                return try_statement(ctx, stmt)
            case gast.Raise():
                return _raise(ctx, stmt)
            case gast.Pass():
                pass
            case gast.Nonlocal() if all(ctx.frame.parent and owner(ctx.frame.parent, name) for name in stmt.names):
                pass
            case gast.Delete():
                for target in stmt.targets:
                    _delete(ctx, target)
            case gast.FunctionDef():
                _define_function(ctx, stmt)
            case gast.Import() | gast.ImportFrom():
                _import(ctx, stmt)
            case _:
                reason, remedy = REFUSED.get(
                    type(stmt),
                    (f"`{type(stmt).__name__}` statements are not supported", "write it with simpler statements"),
                )
                ctx.refuse(reason, remedy)
    return None


# --- branches ---------------------------------------------------------------------------------------------------------


def _if(ctx: Lowering, stmt: Any) -> Outcome:
    cond = condition(ctx, stmt.test)
    if isinstance(cond, bool):
        return list(stmt.body if cond else stmt.orelse)
    after = ctx.frame.liveness.live_after(stmt)
    return Fork(cond, stmt.body, stmt.orelse, after, narrow=narrowed(ctx, stmt.test))


def _manager(ctx: Lowering, item: Any) -> Any:
    """The context manager, if it is one that is supported: `np.errstate`, which does nothing to numbers, or
    `contextlib.suppress`."""
    call = item.context_expr
    if not isinstance(call, gast.Call) or item.optional_vars is not None:
        return None
    manager = expr(ctx, call.func)
    thing = manager.value if isinstance(manager, Obj) else None
    if thing is np.errstate:
        for keyword in call.keywords:
            if getattr(keyword.value, "value", "raise") in ("raise", "call"):
                with ctx.at(keyword.value):
                    ctx.refuse("np.errstate is supported where it does not raise", "test the numbers with `if`")
    return thing if thing in (np.errstate, contextlib.suppress) else None


def _raises_nothing(ctx: Lowering) -> None:
    if ctx.in_kernel:
        ctx.refuse(
            "a kernel raises nothing: its thread would end without a word", "check the arguments before the launch"
        )


def _assert(ctx: Lowering, stmt: Any) -> Outcome:
    _raises_nothing(ctx)
    cond = condition(ctx, stmt.test)
    if cond is True:
        return None
    span = ctx.span

    def fail() -> None:
        message = "" if stmt.msg is None else message_of(ctx, stmt.msg)
        with ctx.at_span(span):
            ctx.throw(AssertionError, message)
        ctx.env.dead = True

    if cond is False:
        return [fail]
    return Fork(cond, [], [fail])


def _raise(ctx: Lowering, stmt: Any) -> Outcome:
    _raises_nothing(ctx)
    if (again := raise_again(ctx, stmt)) is not NotImplemented:
        return again
    node = stmt.exc
    if node is None:
        ctx.refuse("a bare `raise` needs an `except` around it in the same function", "raise an exception by name")
    called = isinstance(node, gast.Call)
    kind = expr(ctx, node.func if called else node)
    exception = kind.value if isinstance(kind, Obj) else None
    if not (isinstance(exception, type) and issubclass(exception, BaseException)):
        ctx.refuse("only exception classes can be raised", "write raise ValueError('...')")
    if not can_be_raised(exception) and not ctx.catches(exception):
        ctx.refuse(
            f"'{exception.__name__}' is made in a way of its own, which compiled code cannot follow",
            "let it inherit __init__ from Exception, or raise ValueError",
        )
    parts = [message_of(ctx, arg) for arg in node.args] if called else []
    literal = not called or all(isinstance(getattr(arg, "value", None), str) for arg in node.args)
    ctx.throw(exception, ", ".join(parts), exact=literal and len(parts) <= 1)
    ctx.env.dead = True
    return None


def message_of(ctx: Lowering, node: Any) -> str:
    """The text of an exception: compiled code knows no other than constant ones, so what is computed shows as its source."""
    if isinstance(node, gast.JoinedStr):
        return "".join(map(str, (_part(ctx, part) for part in node.values)))
    known = _known_text(ctx, node)
    return ctx.frame.source.text(node) if known is None else known


def _known_text(ctx: Lowering, node: Any) -> str | None:
    if any(isinstance(ctx.env.names.get(name), Poison) for name in read_names(node)):
        return None
    value = expr(ctx, node)
    match value:
        case Obj() | Const() if not isinstance(value.type if isinstance(value, Const) else None, Array):
            return str(value.value)
    return None


def _part(ctx: Lowering, part: Any) -> str:
    if isinstance(part, gast.Constant):
        return str(part.value)
    plain = part.format_spec is None and part.conversion == -1
    known = _known_text(ctx, part.value) if plain else None
    return "{" + ctx.frame.source.text(part.value) + "}" if known is None else known


def _given_back(ctx: Lowering, node: Any) -> Value:
    """What a return statement gives: a list of a local variable too, which nobody else refers to."""
    if isinstance(node, gast.Name) and node.id in ctx.frame.liveness.captured:
        return expr(ctx, node)
    if isinstance(node, gast.Tuple) and not _stars(node):
        return Tup(tuple(_given_back(ctx, item) for item in node.elts))
    if (iterator := used_up(ctx, node)) is not None:
        return iterator
    if isinstance(node, gast.Name) and node.id not in parameter_names(ctx.frame.node):
        return listing(ctx, node)
    return kept(ctx, node, given(ctx, node, "to the caller"))


def _common_type(ctx: Lowering, value: Value) -> Value:
    """What a return statement gives, of the type that all those of the function have in common."""
    results, shape = ctx.frame.results, shape_of(value)
    if results.shape is None:
        results.shape = shape
    joined = join(RESULT, results.shape, shape)
    if isinstance(joined, Poison):
        return value
    results.unsettled |= joined != results.shape
    results.shape = joined
    if is_none(value):
        return value
    converted = rebuild(joined, iter(flatten(ctx.b, value, joined)))
    assert not isinstance(converted, Poison)
    return converted


# --- assignment -------------------------------------------------------------------------------------------------------


def bind(ctx: Lowering, target: Any, value: Value, fresh: bool = False) -> None:
    """`target = value`. `fresh`: nobody else knows the value."""
    match target:
        case gast.Name():
            if isinstance(opened(ctx, value), Seq) and lists.grows(ctx, target.id):
                with ctx.at(target):
                    ctx.refuse(
                        f"'{target.id}' is a list that is changed, and may be known by another name too",
                        "copy it: list(...), or make it an array",
                    )
            if not fresh and lists.is_changeable(value) and not lists.holds_list(value) and lists.grows(ctx, target.id):
                with ctx.at(target):
                    ctx.refuse(
                        f"'{target.id}' is a dictionary that is changed, and is known by another name too",
                        "copy it: dict(...)",
                    )
            ctx.define(target.id, value)
        case gast.Tuple() | gast.List():
            with ctx.at(target):
                _unpack(ctx, target, value)
        case gast.Subscript():
            with ctx.at(target):
                holder, index = listing(ctx, target.value), index_of(ctx, target.slice)
                if (name := record_in(ctx, target.value)) is not None:
                    ctx.define(name, records.with_item(ctx, holder, index, value))  # type: ignore[arg-type]
                    return
                if lists.is_growing(holder):
                    lists.set_item(ctx, holder, index, value)
                else:
                    setitem(ctx, holder, index, lists.as_array(ctx, value) if lists.is_growing(value) else value)
        case gast.Attribute():
            with ctx.at(target):
                _refuse_attribute(ctx, target.attr)
        case _:
            with ctx.at(target):
                ctx.refuse("this assignment is not supported", "assign to names and elements")


#: Expressions that make a list which nobody else knows.
FRESH = (gast.List, gast.BinOp, gast.Call, *COMPREHENSIONS)


def _assigned(ctx: Lowering, target: Any, node: Any) -> Value:
    """The value of the node for this target. A new list that is changed later takes the form for that."""
    if isinstance(target, gast.Name) and (iterator := used_up(ctx, node)) is not None:
        return iterator
    match target, node:
        case gast.Name(), _ if isinstance(node, FRESH):
            with ctx.at(node):
                value = held(ctx, node)
                items = opened(ctx, value)
                arrays = isinstance(items, Seq) and any(map(is_array, items.items))
                if isinstance(items, Seq) and not arrays and _rows_change(ctx, target.id) and _writes_rows(node):
                    return lists.table(ctx, items) or value
                return lists.growing(ctx, items) if isinstance(items, Seq) and lists.grows(ctx, target.id) else value
        case gast.Tuple(), gast.Tuple() if len(target.elts) == len(node.elts) and not _stars(target) | _stars(node):
            new = [_assigned(ctx, *part) for part in zip(target.elts, node.elts, strict=True)]
            return Tup(tuple(_moved(ctx, target, node, k, value) for k, value in enumerate(new)))
        case gast.Tuple() | gast.List(), _ if isinstance(node, FRESH) or lists.is_growing(
            ctx.env.names.get(getattr(node, "id", ""))
        ):
            return listing(ctx, node)
        case _, gast.Name() if _moves(ctx, target, node.id):
            return given(ctx, node, f"to '{target.id}'" if isinstance(target, gast.Name) else "to other variables")
        case _, gast.Subscript(slice=gast.Slice()):
            return listing(ctx, node)
        case gast.Subscript(), _ if isinstance(node, FRESH):
            return listing(ctx, node)
    return expr(ctx, node)


def _moved(ctx: Lowering, target: Any, node: Any, k: int, value: Value) -> Value:
    """What is assigned side by side with other items of a list, of which it may be one itself."""
    holder = getattr(target.elts[k], "value", None)
    if not lists.is_growing(ctx.env.names.get(getattr(holder, "id", ""))):
        return value
    text, *others = map(gast.unparse, (node.elts[k], *node.elts[:k], *node.elts[k + 1 :]))
    stays = text in others or text not in map(gast.unparse, target.elts)
    return lists.set_aside(ctx, value, stays)


def _rows_change(ctx: Lowering, name: str) -> bool:
    """Whether the function assigns items of items of this variable: `name[i][j] = ...`."""
    return name in rows_assigned(ctx.frame.node)


def _writes_rows(node: Any) -> bool:
    """Whether the expression makes a list of lists, each of its own."""
    rows = node.elts if isinstance(node, gast.List) else [node.elt] if isinstance(node, gast.ListComp) else []
    return bool(rows) and all(isinstance(row, gast.List | gast.ListComp | gast.BinOp) for row in rows)


#: Expressions that give what has a name already.
NAMES = (gast.Subscript, gast.Attribute, gast.IfExp, gast.BoolOp)


def _moves(ctx: Lowering, target: Any, name: str) -> bool:
    """Whether an assignment of the variable moves a list, or a dictionary that changes by one of its names."""
    value = ctx.env.names.get(name)
    if lists.holds_list(value):
        return True
    return lists.is_changeable(value) and any(changes(ctx.frame, n) for n in {name, *target_names(target)})


def _stars(node: Any) -> bool:
    return any(isinstance(part, gast.Starred) for part in node.elts)


def _unpack(ctx: Lowering, target: Any, value: Value) -> None:
    starred = [k for k, t in enumerate(target.elts) if isinstance(t, gast.Starred)]
    if starred and isinstance(value, Var | Const) and isinstance(value.type, Array) and value.type.ndim == 1:
        _unpack_array(ctx, target.elts, starred[0], value)
        return
    if starred and lists.is_growing(value) and lists.is_plain(value):
        _unpack_array(ctx, target.elts, starred[0], lists.contents(ctx, value))
        return
    items = _items(ctx, value, len(target.elts))
    if not starred:
        if len(items) != len(target.elts):
            ctx.type_error(f"{describe(value)} is unpacked into {len(target.elts)} variables")
        for part, item in zip(target.elts, items, strict=True):
            bind(ctx, part, item)
        return
    (star,) = starred
    last = len(items) - (len(target.elts) - star - 1)
    if isinstance(value, Var | Const) or last < star:
        ctx.type_error(f"{describe(value)} is unpacked into {len(target.elts)} variables with a star")
    for part, item in zip(target.elts, [*items[:star], Seq(items[star:last]), *items[last:]], strict=True):
        bind(ctx, part.value if isinstance(part, gast.Starred) else part, item)


def _unpack_array(ctx: Lowering, targets: list[Any], star: int, array: Var | Const) -> None:
    """`a, *b, c = array`: b is a list of numbers."""
    last = len(targets) - star - 1
    size = ctx.b.op("dim", array, axis=0)
    short = compare(ctx, "lt", size, const(len(targets) - 1))
    assert isinstance(short, Var)
    guard(ctx, short, ValueError, f"not enough values to unpack (expected at least {len(targets) - 1})")
    middle = getitem(ctx, array, SliceValue(const(star), const(-last) if last else NONE, NONE))
    assert isinstance(middle, Var)
    count = ctx.b.op("sub", size, const(len(targets) - 1))
    for k, part in enumerate(targets):
        if k == star:
            bind(ctx, part.value, Tup((ctx.b.op("copy", middle), count), Growing))
        else:
            bind(ctx, part, getitem(ctx, array, const(k if k < star else k - len(targets))))


def _items(ctx: Lowering, value: Value, count: int) -> tuple[Value, ...]:
    match value:
        case Tup() if lists.is_growing(value):
            number = lists.length(value)
            wrong = compare(ctx, "ne", number, const(count))
            assert isinstance(wrong, Var | Const)
            guard(ctx, wrong, ValueError, f"expected {count} values to unpack")
            return tuple(lists.item(ctx, value, const(k)) for k in range(count))
        case Tup() | Seq():
            return value.items
        case Var(type=Array(ndim=n)) | Const(type=Array(ndim=n)) if n:
            _check_length(ctx, value, count)
            return tuple(getitem(ctx, value, const(k)) for k in range(count))
    return ctx.type_error(f"{describe(value)} cannot be unpacked")


def _check_length(ctx: Lowering, array: Var | Const, count: int) -> None:
    """An array tells its length only when the program runs."""
    wrong = compare(ctx, "ne", ctx.b.op("dim", array, axis=0), const(count))
    assert isinstance(wrong, Var)
    guard(ctx, wrong, ValueError, f"expected {count} values to unpack")


def _augment(ctx: Lowering, stmt: Any) -> None:
    op, target = OPERATORS[type(stmt.op)], stmt.target
    match target:
        case gast.Name():
            if lists.is_growing(held := ctx.env.names.get(target.id)) and op == "add":
                ctx.read(target.id)
                ctx.define(target.id, list_methods.extended(ctx, held, listing(ctx, stmt.value)))
                return
            before = expr(ctx, gast.copy_location(gast.Name(target.id, gast.Load(), None, None), target))
            ctx.define(target.id, augmented(ctx, op, before, expr(ctx, stmt.value)))
        case gast.Subscript():
            holder, index = listing(ctx, target.value), index_of(ctx, target.slice)
            if (name := record_in(ctx, target.value)) is not None:
                part = augmented(ctx, op, records.item(ctx, holder, index), expr(ctx, stmt.value))  # type: ignore[arg-type]
                ctx.define(name, records.with_item(ctx, holder, index, part))  # type: ignore[arg-type]
            elif lists.is_growing(holder):
                lists.set_item(ctx, holder, index, expr(ctx, stmt.value), op)
            else:
                augment_item(ctx, holder, index, op, lambda: expr(ctx, stmt.value))
        case _:
            with ctx.at(target):
                _refuse_attribute(ctx, target.attr)


#: What is written in place of an assignment to an attribute of an array.
INSTEAD = {
    "real": "write the complex numbers: z[...] = x + 1j * z.imag",
    "imag": "write the complex numbers: z[...] = z.real + 1j * x",
    "shape": "use another name: b = a.reshape(...)",
    "T": "write the elements: a.T[...] = b",
    "flat": "write the elements: a[...] = b",
}


def _refuse_attribute(ctx: Lowering, name: str) -> NoReturn:
    remedy = INSTEAD.get(name, "use a local variable")
    ctx.refuse(f"assigning to the attribute '.{name}' is not supported", remedy)


def _delete(ctx: Lowering, target: Any) -> None:
    if not isinstance(target, gast.Name):
        ctx.refuse("`del` of an element is not supported", "leave it, or build a new array")
    ctx.read(target.id)
    ctx.env.names.pop(target.id, None)


# --- definitions ------------------------------------------------------------------------------------------------------


def _define_function(ctx: Lowering, stmt: Any) -> None:
    for decorator in stmt.decorator_list:
        with ctx.at(decorator):
            made_by = expr(ctx, decorator.func if isinstance(decorator, gast.Call) else decorator)
            if not (isinstance(made_by, Obj) and str(getattr(made_by.value, "__module__", "")).startswith("numba")):
                ctx.refuse("decorated inner functions are not supported", "decorate it outside, or call it plainly")
    ctx.define(stmt.name, Obj(Closure(stmt, ctx.frame, defaults_of(ctx, stmt))))


def defaults_of(ctx: Lowering, node: Any) -> dict[str, Value]:
    """The defaults of an inner function, evaluated where it is defined."""
    args = node.args
    positional = [*args.posonlyargs, *args.args]
    pairs = list(zip(positional[len(positional) - len(args.defaults) :], args.defaults, strict=True))
    pairs += [(arg, default) for arg, default in zip(args.kwonlyargs, args.kw_defaults, strict=True) if default]
    return {arg.id: expr(ctx, default) for arg, default in pairs}


def _import(ctx: Lowering, stmt: Any) -> None:
    for alias in stmt.names:
        if isinstance(stmt, gast.Import):
            module = _imported(ctx, alias.name)
            top = importlib.import_module(alias.name.split(".")[0])
            ctx.define(alias.asname or alias.name.split(".")[0], Obj(module if alias.asname else top))
        elif alias.name == "*" or stmt.level:
            ctx.refuse("this import is not supported inside a function", "import at the top of the module")
        else:
            owner = _imported(ctx, stmt.module)
            thing = getattr(owner, alias.name)
            reads.record_attribute(owner, alias.name, thing)
            ctx.define(alias.asname or alias.name, ctx.session.constants.lift(ctx, thing, alias.asname or alias.name))


def _imported(ctx: Lowering, name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        if not ctx.catches(type(error)):
            raise
        ctx.throw(type(error), str(error))
        raise NeverReturns from error

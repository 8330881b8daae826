"""Which names a piece of the tree assigns, and which are still needed after it.

Liveness decides what an `if` merges and what a loop carries, so that temporaries stay where they are.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from typing import Any

import gast

from srcad.source import FUNCTIONS, parameter_names

Names = frozenset[str]
NONE: Names = frozenset()
COMPREHENSIONS = (gast.ListComp, gast.SetComp, gast.DictComp, gast.GeneratorExp)


def walk_scope(nodes: Iterable[Any]) -> Iterator[Any]:
    """Every node of this scope: nested functions and classes are met, their bodies are not entered."""
    for node in nodes:
        yield from _in_scope(node)


@functools.lru_cache(maxsize=4096)
def _in_scope(node: Any) -> tuple[Any, ...]:
    """The node and those beneath: asked for again with every statement around, every time a function is called."""
    found: list[Any] = []
    pending = [node]
    while pending:
        found.append(node := pending.pop())
        if isinstance(node, FUNCTIONS):
            outside = [*node.args.defaults, *node.args.kw_defaults, *getattr(node, "decorator_list", [])]
            pending += [d for d in outside[::-1] if d is not None]
        elif not isinstance(node, gast.ClassDef):
            pending += [*gast.iter_child_nodes(node)][::-1]
    return tuple(found)


def assigned(nodes: Iterable[Any]) -> Names:
    """The names that the nodes bind; a comprehension's own variables are not among them."""
    names: set[str] = set()
    own: set[str] = set()
    for node in walk_scope(nodes):
        match node:
            case gast.Name(ctx=gast.Store() | gast.Del()):
                names.add(node.id)
            case gast.FunctionDef() | gast.AsyncFunctionDef() | gast.ClassDef():
                names.add(node.name)
            case gast.Import() | gast.ImportFrom():
                names.update(alias.asname or alias.name.split(".")[0] for alias in node.names)
            case gast.comprehension():
                own.update(target_names(node.target))
    return frozenset(names - (own - _bound_outside(nodes, own)))


def _bound_outside(nodes: Iterable[Any], names: set[str]) -> set[str]:
    """Which of these comprehension variables are assigned outside of comprehensions too."""
    found: set[str] = set()
    pending = list(nodes)
    while names and pending:
        node = pending.pop()
        if isinstance(node, COMPREHENSIONS + FUNCTIONS):
            continue
        if isinstance(node, gast.Name) and isinstance(node.ctx, gast.Store) and node.id in names:
            found.add(node.id)
        pending.extend(gast.iter_child_nodes(node))
    return found


def appended(nodes: Iterable[Any]) -> Names:
    """The names that hold lists which the nodes change by a method: that is lowered as an assignment."""
    calls = (
        node for node in walk_scope(nodes) if isinstance(node, gast.Call) and isinstance(node.func, gast.Attribute)
    )
    return frozenset(
        call.func.value.id
        for call in calls
        if isinstance(call.func.value, gast.Name) and call.func.attr in ("append", "extend", "insert", "pop", "remove")
    )


def item_assigned(nodes: Iterable[Any]) -> Names:
    """The names with items that the nodes, nested functions included, assign."""
    inside = (node for top in nodes for node in gast.walk(top) if isinstance(node, gast.Subscript))
    stores = (node for node in inside if isinstance(node.ctx, gast.Store))
    return frozenset(node.value.id for node in stores if isinstance(node.value, gast.Name))


@functools.lru_cache(maxsize=4096)
def changed_by(loop: Any) -> Names:
    """What a loop statement assigns, its target or condition included, or changes by a method."""
    parts = [*loop.body, loop.target if isinstance(loop, gast.For) else loop.test]
    return assigned(parts) | appended(parts)


def target_names(target: Any) -> Names:
    return frozenset(n.id for n in gast.walk(target) if isinstance(n, gast.Name) and isinstance(n.ctx, gast.Store))


def read_names(node: Any) -> Names:
    """The names that evaluating the node may read, those of nested functions included."""
    return frozenset(n.id for n in gast.walk(node) if isinstance(n, gast.Name) and isinstance(n.ctx, gast.Load))


def passed_on(node: Any) -> Names:
    """The names whose objects the value of an expression may be or hold: not those that it only computes with."""
    match node:
        case gast.Name():
            return frozenset((node.id,))
        case gast.BinOp() | gast.Compare() | gast.Subscript() | gast.Call(func=gast.Name(id="len" | "range" | "sum")):
            return NONE
    return NONE.union(*map(passed_on, gast.iter_child_nodes(node)))


def captured(nodes: Iterable[Any]) -> Names:
    """The names that nested functions read or change: they may do so whenever they are called."""
    inner = (node for node in walk_scope(nodes) if isinstance(node, FUNCTIONS))
    return NONE.union(*(read_names(node) | shared(node) for node in inner))


@functools.lru_cache(maxsize=1024)
def shared(node: Any) -> Names:
    """The names of the functions around that a nested function changes: `nonlocal` ones, and lists it appends to."""
    body = node.body if isinstance(node.body, list) else [node.body]
    declared = frozenset(n for inner in walk_scope(body) if isinstance(inner, gast.Nonlocal) for n in inner.names)
    own = assigned(body) | frozenset(parameter_names(node))
    return declared | ((appended(body) | changed_inside(node)) - own)


@functools.lru_cache(maxsize=1024)
def changed_inside(node: Any) -> Names:
    """The names that functions nested in this one change, whenever they are called."""
    body = node.body if isinstance(node.body, list) else [node.body]
    return NONE.union(*(shared(inner) for inner in walk_scope(body) if isinstance(inner, FUNCTIONS)))


def leaves_loop(body: Iterable[Any], kind: type) -> bool:
    """Whether the loop body has a `break` (or `continue`) of its own, or any `return`."""
    for node in body:
        if isinstance(node, kind):
            return True
        if isinstance(node, (*FUNCTIONS, gast.ClassDef)):
            continue
        inner = node.orelse if kind is not gast.Return and isinstance(node, gast.For | gast.While) else None
        if leaves_loop(gast.iter_child_nodes(node) if inner is None else inner, kind):
            return True
    return False


def _surely_assigned(test: Any) -> Names:
    """What evaluating a condition assigns by `:=`, whichever way it goes."""
    branching = any(
        isinstance(node, gast.BoolOp | gast.IfExp | gast.Lambda) or (isinstance(node, gast.Compare) and node.ops[1:])
        for node in gast.walk(test)
    )
    return NONE if branching else target_names(test)


def _jumped(stmts: list[Any], brk: Names, cont: Names) -> Names:
    """What is live where the statements may jump to."""
    return (brk if leaves_loop(stmts, gast.Break) else NONE) | (cont if leaves_loop(stmts, gast.Continue) else NONE)


class Liveness:
    """The names live after each `if` and loop of a function, however it is left, and at the head of each loop, by node
    identity."""

    def __init__(self, node: Any) -> None:
        body = [node.body] if isinstance(node, gast.Lambda) else node.body
        self.always = captured(body) | shared(node)
        self.after: dict[int, Names] = {}
        self.head: dict[int, Names] = {}
        if not isinstance(node, gast.Lambda):
            self._block(body, NONE, NONE, NONE)

    def live_after(self, stmt: Any) -> Names:
        return self.after[id(stmt)] | self.always

    def live_in_loop(self, loop: Any) -> Names:
        """What is live at the end of the loop's body: what the next trip needs, and what comes after."""
        return self.head[id(loop)] | self.live_after(loop)

    def _block(self, stmts: list[Any], out: Names, brk: Names, cont: Names) -> Names:
        for stmt in reversed(stmts):
            out = self._stmt(stmt, out, brk, cont)
        return out

    def _stmt(self, stmt: Any, out: Names, brk: Names, cont: Names) -> Names:
        match stmt:
            case gast.If():
                self.after[id(stmt)] = out | _jumped([*stmt.body, *stmt.orelse], brk, cont)
                arms = self._block(stmt.body, out, brk, cont) | self._block(stmt.orelse, out, brk, cont)
                return read_names(stmt.test) | arms
            case gast.With():
                contexts = NONE.union(*(read_names(item) for item in stmt.items))
                return contexts | self._block(stmt.body, out, brk, cont)
            case gast.For() | gast.While():
                return self._loop(stmt, out, brk, cont)
            case gast.Return() | gast.Raise():
                return read_names(stmt)
            case gast.Break():
                return brk
            case gast.Continue():
                return cont
            case gast.AugAssign(target=gast.Name()):
                return out | read_names(stmt) | {stmt.target.id}
            case gast.FunctionDef():
                return (out - {stmt.name}) | read_names(stmt)
            case gast.Assign() | gast.AnnAssign() if stmt.value is not None:
                return (out - assigned([stmt])) | read_names(stmt)
        return out | read_names(stmt)

    def _loop(self, stmt: Any, out: Names, brk: Names, cont: Names) -> Names:
        self.after[id(stmt)] = out | _jumped(stmt.orelse, brk, cont)
        done = self._block(stmt.orelse, out, brk, cont)
        is_for = isinstance(stmt, gast.For)
        bound = target_names(stmt.target) if is_for else _surely_assigned(stmt.test)
        # Reads in the target are subscripts of it: `for a[i] in ...`.
        reads = read_names(stmt.target if is_for else stmt.test)
        head = done | reads
        while True:
            grown = head | reads | (self._block(stmt.body, head, out, head) - bound)
            if grown == head:
                break
            head = grown
        self.head[id(stmt)] = head
        return head | read_names(stmt.iter) if is_for else head

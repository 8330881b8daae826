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


def statements(node: Any) -> list[Any]:
    """The body of a function, or of a statement: of a lambda its one expression."""
    return node.body if isinstance(node.body, list) else [node.body]


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
        if isinstance(call.func.value, gast.Name)
        and call.func.attr
        in ("append", "extend", "insert", "pop", "remove", "clear", "reverse", "sort", "update", "setdefault")
    )


def same_lists(nodes: Iterable[Any], names: Names) -> Names:
    """These names, and those that are assigned to them or from them, alone or side by side, however often."""
    pairs: set[tuple[str, str]] = set()
    todo = [
        (target, node.value) for node in walk_scope(nodes) if isinstance(node, gast.Assign) for target in node.targets
    ]
    while todo:
        target, value = todo.pop()
        match target, value:
            case gast.Name(), gast.Name():
                pairs.add((target.id, value.id))
            case gast.Tuple(), gast.Tuple():
                todo += zip(target.elts, value.elts, strict=False)
    while True:
        more = names.union(*(pair for pair in pairs if names.intersection(pair)))
        if more == names:
            return names
        names = more


def item_assigned(nodes: Iterable[Any]) -> Names:
    """The names with items that the nodes, nested functions included, assign."""
    inside = (node for top in nodes for node in gast.walk(top) if isinstance(node, gast.Subscript))
    stores = (node for node in inside if isinstance(node.ctx, gast.Store))
    return frozenset(node.value.id for node in stores if isinstance(node.value, gast.Name))


@functools.lru_cache(maxsize=1024)
def rows_assigned(node: Any) -> Names:
    """The names with items of items that a function, or one in it, assigns."""
    inside = (part for top in statements(node) for part in gast.walk(top) if isinstance(part, gast.Subscript))
    rows = (
        part.value for part in inside if isinstance(part.ctx, gast.Store) and isinstance(part.value, gast.Subscript)
    )
    return frozenset(row.value.id for row in rows if isinstance(row.value, gast.Name))


@functools.lru_cache(maxsize=4096)
def changed_by(loop: Any) -> Names:
    """What a loop statement assigns, its target or condition included, or changes by a method."""
    parts = [*loop.body, loop.target if isinstance(loop, gast.For) else loop.test]
    return assigned(parts) | appended(parts)


@functools.lru_cache(maxsize=4096)
def passed(node: Any) -> Names:
    """The variables that are arguments of calls in the body of this, or in the test, which may change a list in them."""
    body = statements(node)
    parts = [*body, node.test] if isinstance(node, gast.While) else body
    calls = [inner for part in parts for inner in gast.walk(part) if isinstance(inner, gast.Call)]
    args = [arg for call in calls for arg in (*call.args, *(keyword.value for keyword in call.keywords))]
    return frozenset(arg.id for arg in args if isinstance(arg, gast.Name))


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
    body = statements(node)
    declared = frozenset(n for inner in walk_scope(body) if isinstance(inner, gast.Nonlocal) for n in inner.names)
    own = assigned(body) | frozenset(parameter_names(node))
    return declared | ((appended(body) | changed_inside(node)) - own)


@functools.lru_cache(maxsize=1024)
def changed_inside(node: Any) -> Names:
    """The names that functions nested in this one change, whenever they are called."""
    body = statements(node)
    return NONE.union(*(shared(inner) for inner in walk_scope(body) if isinstance(inner, FUNCTIONS)))


@functools.lru_cache(maxsize=1024)
def stored_inside(node: Any) -> Names:
    """The names with items that functions nested in this one assign."""
    inside = (inner for inner in walk_scope(statements(node)) if isinstance(inner, FUNCTIONS))
    return NONE.union(*(item_assigned(statements(inner)) for inner in inside))


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
        # A list that was passed to the function is the caller's again when it returns.
        lent = frozenset(parameter_names(node)) & (
            appended(body) | ((passed(node) | item_assigned(body)) - assigned(body))
        )
        self.captured = captured(body) | shared(node)
        self.always = self.captured | lent
        self.after: dict[int, Names] = {}
        self.head: dict[int, Names] = {}
        self.handlers: dict[int, Names] = {}
        self.finals: dict[int, Names] = {}
        self.ends: dict[int, Names] = {}
        self.raising = NONE  # what is live where an exception goes
        if not isinstance(node, gast.Lambda):
            self._block(body, NONE, NONE, NONE)

    def live_after(self, stmt: Any) -> Names:
        return self.after[id(stmt)] | self.always

    def live_in_loop(self, loop: Any) -> Names:
        """What is live at the end of the loop's body: what the next trip needs, and what comes after."""
        return self.head[id(loop)] | self.live_after(loop)

    def live_in_handlers(self, stmt: Any) -> Names:
        """What the `except` clauses of a `try` statement read, and what comes after them."""
        return self.handlers[id(stmt)] | self.always

    def live_in_finally(self, stmt: Any) -> Names:
        return self.finals[id(stmt)] | self.always

    def live_after_body(self, stmt: Any) -> Names:
        """What is live at the end of the body of a `try` statement, or where it jumps to."""
        return self.ends[id(stmt)] | self.always

    def _block(self, stmts: list[Any], out: Names, brk: Names, cont: Names) -> Names:
        for stmt in reversed(stmts):
            out = self._stmt(stmt, out, brk, cont) | self.raising
        return out

    def _stmt(self, stmt: Any, out: Names, brk: Names, cont: Names) -> Names:
        match stmt:
            case gast.If():
                self.after[id(stmt)] = out | _jumped([*stmt.body, *stmt.orelse], brk, cont)
                arms = self._block(stmt.body, out, brk, cont) | self._block(stmt.orelse, out, brk, cont)
                return read_names(stmt.test) | arms
            case gast.With():
                contexts = NONE.union(*(read_names(item) for item in stmt.items))
                return contexts | self._with(stmt, out, brk, cont)
            case gast.For() | gast.While():
                return self._loop(stmt, out, brk, cont)
            case gast.Try():
                return self._try(stmt, out, brk, cont)
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

    def _with(self, stmt: Any, out: Names, brk: Names, cont: Names) -> Names:
        """A block that exceptions may leave for what follows it."""
        self.after[id(stmt)] = self.ends[id(stmt)] = out | _jumped(stmt.body, brk, cont)
        self.handlers[id(stmt)] = out
        outer, self.raising = self.raising, self.raising | out
        head = self._block(stmt.body, out, brk, cont) | self.raising
        self.raising = outer
        return head

    def _try(self, stmt: Any, out: Names, brk: Names, cont: Names) -> Names:
        parts = [*stmt.body, *stmt.orelse, *(part for handler in stmt.handlers for part in handler.body)]
        self.after[id(stmt)] = out | _jumped([*parts, *stmt.finalbody], brk, cont)
        outer = self.raising
        if stmt.finalbody:
            out = brk = cont = self._block(stmt.finalbody, self.after[id(stmt)] | outer, brk, cont)
            self.finals[id(stmt)] = self.raising = out
        end = self._block(stmt.orelse, out, brk, cont)
        caught = NONE.union(
            *(self._block(h.body, out, brk, cont) | (read_names(h.type) if h.type else NONE) for h in stmt.handlers)
        )
        self.ends[id(stmt)] = end | _jumped(stmt.body, brk, cont)
        self.handlers[id(stmt)] = caught
        self.raising |= caught
        head = self._block(stmt.body, end, brk, cont) | self.raising
        self.raising = outer
        return head

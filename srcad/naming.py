"""Out of SSA: which values share a variable, and what the variables are called.

Every Var becomes a variable; `Copies` say which values flow into which at the edges of the control flow. Two variables may be
one if neither is assigned while the other is still needed (they do not *interfere*); a copy between the two then disappears,
and `y = y * x` comes out instead of `y_2 = y_1 * x`. This is the coalescing of register allocation (Chaitin 1982), with names
in place of registers: copies go first, innermost loops foremost; then variables that would like the same name share it.
"""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, count
from typing import Any

from srcad.ir import INT, Array, Type, Var
from srcad.syntax import target
from srcad.unparse import Comment

Bits = int
#: What loop indices are called, one inside the other.
_LETTERS = "ijkmpq"


class Copies(ast.stmt):
    """Simultaneous assignments; no expression says that the variable is left as it is, since nobody will read it."""

    def __init__(self, pairs: list[tuple[Var, ast.expr | None]]) -> None:
        super().__init__()
        self.pairs = pairs


def source(expr: ast.expr | None) -> Var | None:
    """The variable that a copy reads, if it is no more than that."""
    return variable(expr) if isinstance(expr, ast.Name) and isinstance(expr.id, Var) else None


def variables(node: object) -> list[ast.Name]:
    """The names of variables in a statement or expression, in order."""
    return [found for found in names_in(node) if isinstance(found.id, Var)]


def names_in(node: object) -> list[ast.Name]:
    """All names in it, in order."""
    found: list[ast.Name] = []
    _collect(node, found)
    return found


def _collect(node: Any, found: list[ast.Name]) -> None:
    if type(node) is ast.Name:
        found.append(node)
    elif isinstance(node, (list, tuple)):
        for item in node:
            _collect(item, found)
    elif isinstance(node, Copies):
        for var, expr in node.pairs:
            found.append(target(var))
            _collect(expr, found)
    elif isinstance(node, ast.AST):
        for field in node._fields:
            value = getattr(node, field, None)
            if isinstance(value, _INNER) and not isinstance(value, _BARE):
                _collect(value, found)


_INNER = (ast.AST, list, tuple)
#: Nodes with nothing in them.
_BARE = (ast.expr_context, ast.operator, ast.unaryop, ast.cmpop, ast.boolop)


def variable(name: ast.Name) -> Var:
    """The Var that stands where a chosen name has its text."""
    var: Any = name.id
    assert isinstance(var, Var)
    return var


def mentioned(node: object) -> list[Var]:
    """The variables in a statement or expression, in order."""
    return [variable(name) for name in variables(node)]


def family(type: Type) -> object:
    """Variables of one name must be of one family, for the sake of Numba's type inference. Layouts may differ."""
    return ("array", type.dtype, type.ndim) if isinstance(type, Array) else type


class Liveness:
    """Goes backwards through the statements with the set of variables needed later, and notes which interfere."""

    def __init__(self, body: list[ast.stmt], inputs: Sequence[Var]) -> None:
        found = dict.fromkeys([*inputs, *mentioned(body)])
        self.order: list[Var] = list(found)
        self.index = {var: k for k, var in enumerate(self.order)}
        self.clashes: list[Bits] = [0] * len(self.order)
        self.reads_of: dict[int, tuple[Bits, Bits]] = {}
        self.needs: dict[tuple[int, Bits, Bits], Bits] = {}
        self.noting = True
        self.copies: list[tuple[int, Var, Var]] = []
        self.depth = 0
        self.indices: list[Var] = []
        entry = self.block(body, 0, 0)
        for var in inputs:
            self.define(var, entry | self.bits(inputs))

    def bits(self, vars: Iterable[Var]) -> Bits:
        total = 0
        for var in vars:
            total |= 1 << self.index[var]
        return total

    def names(self, node: ast.AST | list[ast.expr]) -> tuple[Bits, Bits]:
        """What a piece of code reads, and what it assigns."""
        if id(node) not in self.reads_of:
            found = variables(node)
            stores = self.bits(variable(n) for n in found if isinstance(n.ctx, ast.Store))
            self.reads_of[id(node)] = self.bits(variable(n) for n in found if not isinstance(n.ctx, ast.Store)), stores
        return self.reads_of[id(node)]

    def define(self, var: Var, live: Bits) -> None:
        """The variable is assigned while those in `live` are needed."""
        if self.noting:
            k = self.index[var]
            live &= ~(1 << k)
            self.clashes[k] |= live
            while live:
                low = live & -live
                self.clashes[low.bit_length() - 1] |= 1 << k
                live ^= low

    def block(self, stmts: list[ast.stmt], live: Bits, after_loop: Bits) -> Bits:
        for stmt in reversed(stmts):
            live = self.stmt(stmt, live, after_loop)
        return live

    def stmt(self, stmt: ast.stmt, live: Bits, after_loop: Bits) -> Bits:
        match stmt:
            case Copies():
                return self.parallel(stmt, live)
            case ast.If():
                both = self.block(stmt.body, live, after_loop) | self.block(stmt.orelse, live, after_loop)
                return both | self.names(stmt.test)[0]
            case ast.For():
                return self.for_loop(stmt, live)
            case ast.While():
                return self.while_loop(stmt, live)
            case ast.Break():
                return after_loop
            case ast.Return() | ast.Raise():
                return self.names(stmt)[0]
            case Comment():
                return live
        reads, stores = self.names(stmt)
        for var in self.members(stores):
            self.define(var, live | stores)
        return live & ~stores | reads

    def members(self, bits: Bits) -> Iterator[Var]:
        while bits:
            low = bits & -bits
            yield self.order[low.bit_length() - 1]
            bits ^= low

    def parallel(self, stmt: Copies, live: Bits) -> Bits:
        pairs = [(var, expr) for var, expr in stmt.pairs if live >> self.index[var] & 1]
        targets = self.bits(var for var, _ in pairs)
        reads = 0
        for var, expr in pairs:
            origin = source(expr)
            spared = self.bits([origin]) & ~targets if origin else 0
            self.define(var, (live | targets) & ~spared)
            if expr is not None:
                reads |= self.names(expr)[0]
            if origin and self.noting:
                self.copies.append((self.depth, var, origin))
        if self.noting:
            stmt.pairs = pairs
        return live & ~targets | reads

    def head(self, body: list[ast.stmt], entry: Bits, after: Bits, own: Bits = 0) -> Bits:
        """What a loop needs at its head: `entry` and what its body needs, each time around, but for its `own` index."""
        noting, self.noting = self.noting, False
        head, grown = entry, True
        while grown:
            key = id(body), head, after
            if key not in self.needs:
                self.needs[key] = self.block(body, head, after)
            before, head = head, head | self.needs[key] & ~own
            grown = head != before
        self.noting = noting
        return head

    def for_loop(self, loop: ast.For, after: Bits) -> Bits:
        own = mentioned(loop.target)
        index = self.bits(own)
        head = self.head(loop.body, after, after, index)
        self.indices += own
        inside = self.inside(loop.body, head, after)
        for var in own:
            # An outer loop's index may not be needed any more, but to share its name would be confusing.
            self.define(var, (inside | head) & ~index | self.bits(self.indices))
            self.indices.pop()
        return head | self.names(loop.iter)[0]

    def while_loop(self, loop: ast.While, after: Bits) -> Bits:
        forever = isinstance(loop.test, ast.Constant) and loop.test.value
        head = self.head(loop.body, self.names(loop.test)[0] | (0 if forever else after), after)
        return self.inside(loop.body, head, after) | head

    def inside(self, body: list[ast.stmt], head: Bits, after: Bits) -> Bits:
        self.depth += 1
        inside = self.block(body, head, after)
        self.depth -= 1
        return inside


class Names:
    """Classes of variables that are one, and their names."""

    def __init__(
        self, body: list[ast.stmt], params: Mapping[Var, str], reserved: Iterable[str], hints: Mapping[Var, str]
    ) -> None:
        self.live = Liveness(body, list(params))
        self.reserved = set(reserved)
        self.fixed = dict(params)
        self.leader = {var: var for var in self.live.order}
        self.members = {var: self.live.bits([var]) for var in self.live.order}
        self.clashes = {var: self.live.clashes[k] for k, var in enumerate(self.live.order)}
        self.hints = {var: clean(self.fixed.get(var) or hints.get(var) or var.hint) for var in self.live.order}
        for _, to, origin in sorted(self.live.copies, key=lambda copy: -copy[0]):
            self.unite(to, origin)
        self.names: dict[Var, str] = {}
        self.holders: dict[str, list[Var]] = {}

    def find(self, var: Var) -> Var:
        while self.leader[var] is not var:
            self.leader[var] = var = self.leader[self.leader[var]]
        return var

    def unite(self, to: Var, origin: Var) -> None:
        a, b = self.find(to), self.find(origin)
        if a is b or self.clashes[a] & self.members[b] or self.clashes[b] & self.members[a] or a.type != b.type:
            return
        wanted = {self.hints[a], self.hints[b]}
        if len(wanted) > 1 and ("" not in wanted or a in self.fixed or b in self.fixed):
            return
        if b in self.fixed:
            a, b = b, a
        self.leader[b] = a
        self.members[a] |= self.members[b]
        self.clashes[a] |= self.clashes[b]
        self.hints[a] = self.hints[a] or self.hints[b]

    def same(self, a: Var, b: Var) -> bool:
        return self.find(a) is self.find(b)

    def copied(self) -> Iterator[Var]:
        """The values that are copied into a variable, and have no name of their own to stay for."""
        for _, to, origin in self.live.copies:
            if not self.same(to, origin) and self.hints[origin] in ("", self.hints[to]):
                yield origin

    def choose(self, body: list[ast.stmt]) -> dict[Var, str]:
        """Names for all variables that the code still mentions, in the order in which it does."""
        order = dict.fromkeys([*self.fixed, *mentioned(body)])
        hints = {self.hints[self.find(var)] for var in order}
        taken = self.reserved | hints
        number = 0
        for var, text in self.fixed.items():
            self.hold(self.find(var), text)
        for var in order:
            leader = self.find(var)
            if leader in self.names:
                continue
            hint = self.hints[leader]
            if hint and hint not in self.reserved and self.free(leader, hint):
                self.hold(leader, hint)
            elif hint:
                letters = _LETTERS if hint in _LETTERS and leader.type == INT else ""
                tries = chain(letters, (f"{hint}_{k}" for k in count(1)))
                self.hold(leader, next(t for t in tries if t not in taken and self.free(leader, t)))
            else:
                number += 1
                while f"v{number}" in taken:
                    number += 1
                self.hold(leader, f"v{number}")
        return {var: self.names[self.find(var)] for var in order}

    def free(self, leader: Var, text: str) -> bool:
        """Whether the name is held by nobody who would mind."""
        for other in self.holders.get(text, ()):
            if self.clashes[leader] & self.members[other] or self.clashes[other] & self.members[leader]:
                return False
            if family(other.type) != family(leader.type):
                return False
        return True

    def hold(self, leader: Var, text: str) -> None:
        self.names[leader] = text
        self.holders.setdefault(text, []).append(leader)


def clean(hint: str) -> str:
    """The hint as an identifier."""
    text = re.sub(r"\W", "_", hint)
    return f"{text}_" if keyword.iskeyword(text) else f"_{text}" if text[:1].isdigit() else text


def sequence(pairs: Sequence[tuple[str, ast.expr, set[str]]]) -> list[list[tuple[str, ast.expr]]]:
    """Simultaneous assignments (name, value, names read) in an order such that each reads what is not overwritten yet; those
    that overwrite one another in a ring stay together."""
    left = list(pairs)
    done: list[list[tuple[str, ast.expr]]] = []
    while left:
        ring = _first_ring(left)
        done.append([(n, e) for n, e, _ in ring])
        left = [pair for pair in left if pair not in ring]
    return done


def _first_ring(left: Sequence[tuple[str, ast.expr, set[str]]]) -> list[tuple[str, ast.expr, set[str]]]:
    """The first assignments that no other one waits for: who reads a name goes before who writes it."""

    def before(target: str) -> set[str]:
        """The targets that must be assigned no later than this one, itself included."""
        found, todo = {target}, [target]
        while todo:
            written = todo.pop()
            for other, _, reads in left:
                if written in reads and other not in found:
                    found.add(other)
                    todo.append(other)
        return found

    smallest = min((before(target) for target, _, _ in left), key=len)
    return [pair for pair in left if pair[0] in smallest]

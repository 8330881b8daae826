"""A block that can still change: the forward sweep while the reverse sweep is being derived from it.

The reverse sweep finds out what it needs only when it is written, and by then the forward sweep must start to keep it: a store
into a tape after a definition, one more value carried by a loop, one more result of an `If`. Regions allow just these.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from srcad.ir import Block, For, If, Loop, Operand, Stmt, Type, Undef, Var, While, blocks_of, replace


@dataclass(eq=False)
class Region:
    """A growing block. `node` is the statement that it belongs to (None: the function); `invocation` marks a function that
    is called any number of times. `around`: the block is run in the reverse sweep, as a body of a loop in that region."""

    node: Node | None = None
    items: list[Stmt | Node] = field(default_factory=list)
    yields: list[Operand] = field(default_factory=list)
    head: int = 0
    invocation: bool = False
    around: Region | None = None

    @property
    def parent(self) -> Region | None:
        return self.node.parent if self.node else None

    def enclosing(self) -> Iterator[Region]:
        """The region, what it is in, and so on outwards."""
        region: Region | None = self
        while region is not None:
            yield region
            region = region.parent

    @property
    def is_function(self) -> bool:
        """Whether the region is the function's body."""
        return self.node is None and self.around is None

    def sees(self, region: Region) -> bool:
        """Whether the values of that region are there in this one."""
        outermost = self
        for outermost in self.enclosing():
            if outermost is region:
                return True
        return outermost.around is not None and outermost.around.sees(region)

    def depth(self) -> int:
        """How many loops of the function the region is in."""
        *_, outermost = self.enclosing()
        return len(self.loops()) + (0 if outermost.around is None else outermost.around.depth() + 1)

    def loops(self) -> list[Node]:
        """The loops whose bodies the region is in, outermost first."""
        inside = [r.node for r in self.enclosing() if r.node is not None and not isinstance(r.node.stmt, If)]
        return inside[::-1]

    def repeats(self) -> bool:
        """Whether the region may be run more than once, so that its values need a place each time."""
        return any(r.invocation or (r.node is not None and not isinstance(r.node.stmt, If)) for r in self.enclosing())

    def insert_at_head(self, stmt: Stmt) -> None:
        self.items.insert(self.head, stmt)
        self.head += 1

    def insert_after(self, item: Stmt | Node | None, stmt: Stmt) -> None:
        """After the item that defines a value; None: after the head, for what the region's owner defines."""
        if item is None:
            self.insert_at_head(stmt)
        else:
            at = next(k for k, other in enumerate(self.items) if other is item)
            self.items.insert(at + 1, stmt)

    def insert_before(self, item: Stmt | Node, stmt: Stmt) -> None:
        at = next(k for k, other in enumerate(self.items) if other is item)
        self.items.insert(at, stmt)

    def freeze(self) -> Block:
        stmts = tuple(item.freeze() if isinstance(item, Node) else item for item in self.items)
        return Block(stmts, tuple(self.yields))


@dataclass(eq=False)
class Node:
    """An If or a loop of the forward sweep, with what the reverse sweep made it carry besides. `source` is the statement of
    the trace that it was made from."""

    stmt: If | Loop
    parent: Region
    source: If | Loop
    regions: list[Region] = field(default_factory=list)
    results: list[Var] = field(default_factory=list)
    params: list[Var] = field(default_factory=list)
    inits: list[Operand] = field(default_factory=list)
    #: the iteration's number, counted from 0 (the place on the tape); the number of iterations, when only the run can tell
    position: Var | None = None
    count: Var | None = None

    def carry(self, param: Var, init: Operand, after: Operand) -> Var:
        """Thread one more value through the loop; gives the loop's result."""
        result = param.like()
        self.params.append(param)
        self.inits.append(init)
        self.results.append(result)
        self.regions[-1].yields.append(after)
        return result

    def merge(self, hint: str, type: Type, *values: Operand) -> Var:
        """One more result of an If, from a value in each branch."""
        result = Var(hint, type)
        self.results.append(result)
        for region, value in zip(self.regions, values, strict=True):
            region.yields.append(value)
        return result

    def export(self, var: Var, region: Region) -> Var:
        """A value of one branch as a result of the If: never read when the other branch was taken."""
        for result, given in zip((*self.stmt.results, *self.results), region.yields, strict=True):
            if given is var and result.type == var.type:
                return result
        return self.merge(var.hint, var.type, *(var if r is region else Undef(var.type) for r in self.regions))

    def freeze(self) -> Stmt:
        body = [region.freeze() for region in self.regions]
        results = (*self.stmt.results, *self.results)
        match self.stmt:
            case If():
                then, orelse = body
                return replace(self.stmt, results=results, then=then, orelse=orelse)
            case For():
                params, inits = (*self.stmt.params, *self.params), (*self.stmt.inits, *self.inits)
                return replace(self.stmt, results=results, params=params, inits=inits, body=body[0])
            case While():
                params, inits = (*self.stmt.params, *self.params), (*self.stmt.inits, *self.inits)
                return replace(self.stmt, results=results, params=params, inits=inits, cond=body[0], body=body[1])


def open_node(stmt: If | Loop, parent: Region) -> Node:
    """A node with empty regions that yield what the statement's blocks yield."""
    node = Node(replace(stmt, mirror=object()) if isinstance(stmt, For) else stmt, parent, stmt)
    node.regions = [Region(node, yields=list(block.yields)) for block in blocks_of(stmt)]
    parent.items.append(node)
    return node

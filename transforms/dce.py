"""Dead code elimination: keep what the results, the effects and the control flow around them need, and nothing else.

Liveness starts from what the function returns, raises, prints, calls and writes into its parameters, and spreads backwards over
the whole trace at once, so that a loop's param that only ever computes itself is dead. Memory is live as a class of names (see
`transforms.alias`): a write is needed if something that is needed reads the class. An array that is filled but never read
disappears with all its stores, a list that is only appended to likewise; that is how a tape, or a primal result, goes away
when the derivative does not need it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

from srcad.ir import Atom, Block, For, If, Op, Operand, Stmt, Trace, Var, While, blocks_of, replace, walk
from srcad.ops import EFFECTS, SHAPE_ONLY, WRITES
from srcad.transforms.alias import Aliases, is_memory, next_values

#: Kept wherever they stand.
KEPT = EFFECTS - WRITES - {"append", "pop", "comment"}


def dce(trace: Trace, forgotten: Collection[Var] = ()) -> Trace:
    """The trace without the statements, loop params and results that nothing needs. What it leaves in the parameters is needed,
    but for those that are `forgotten`."""
    live = _Liveness(trace, forgotten)
    stmts: list[Stmt] = []
    starts: list[int] = []
    for stmt in trace.body.stmts:
        starts.append(len(stmts))
        stmts.extend(live.kept(stmt))
    starts.append(len(stmts))
    body = Block(tuple(stmts), trace.body.yields)
    return replace(
        trace,
        body=body,
        functions=called(body, tuple(map(dce, trace.functions))),
        comments=tuple((starts[at], text) for at, text in trace.comments),
    )


def called(body: Block, functions: tuple[Trace, ...]) -> tuple[Trace, ...]:
    """The functions that the body calls, or that one of them calls."""
    bodies = {function.name: function.body for function in functions}
    reached: set[str] = set()
    todo = [body]
    while todo:
        for stmt in walk(todo.pop()):
            if isinstance(stmt, Op) and stmt.name == "call" and (callee := stmt.attr("callee")) not in reached:
                reached.add(callee)
                if callee in bodies:  # else a sibling of the function that this body belongs to
                    todo.append(bodies[callee])
    return tuple(function for function in functions if function.name in reached)


class _Liveness:
    """Which Vars, statements and classes of memory are needed."""

    def __init__(self, trace: Trace, forgotten: Collection[Var]) -> None:
        self._aliases = Aliases(trace, read_only=True)
        self._stmts: set[Stmt] = set()
        self._vars: set[Var] = set()
        self._memory: set[Var] = set()
        self._owner: dict[Stmt, Stmt | None] = {}
        self._source: dict[Var, Stmt] = {}
        self._mutations: dict[Var, list[Op]] = defaultdict(list)
        self._todo: list[Stmt] = []
        self._index(trace.body, None)
        for var in trace.inputs:
            if var not in forgotten:
                self._contents(var)
        for result in trace.body.yields:
            self._value(result)
            self._contents(result)
        self._spread()

    def _index(self, block: Block, owner: Stmt | None) -> None:
        for stmt in block.stmts:
            self._owner[stmt] = owner
            for var in stmt.results:
                self._source[var] = stmt
            match stmt:
                case Op():
                    if stmt.name in WRITES or stmt.name in ("append", "pop"):
                        target = stmt.args[0]
                        assert isinstance(target, Var)
                        self._mutations[self._aliases.find(target)].append(stmt)
                    elif stmt.name in KEPT or stmt.attr("raises") or (stmt.name == "comment" and owner is None):
                        self._need(stmt)
                case For() | While():
                    for var in stmt.params:
                        self._source[var] = stmt
            for inner in blocks_of(stmt):
                self._index(inner, stmt)

    # --- marking ---

    def _need(self, stmt: Stmt) -> None:
        if stmt not in self._stmts:
            self._stmts.add(stmt)
            self._todo.append(stmt)

    def _value(self, operand: Operand) -> None:
        """The operand is read: what defines it is needed, and the slot that carries it in an If or a loop."""
        if not isinstance(operand, Var) or operand in self._vars:
            return
        self._vars.add(operand)
        stmt = self._source.get(operand)
        if stmt is None:
            return
        self._need(stmt)
        match stmt:
            case If():
                slot = stmt.results.index(operand)
                self._values((stmt.then.yields[slot], stmt.orelse.yields[slot]))
            case For() | While():
                slot = (stmt.results if operand in stmt.results else stmt.params).index(operand)
                self._values((stmt.inits[slot], next_values(stmt)[slot], stmt.params[slot], stmt.results[slot]))

    def _values(self, operands: Iterable[Operand]) -> None:
        for operand in operands:
            self._value(operand)

    def _contents(self, operand: Operand) -> None:
        """The memory that the operand refers to is read: whatever writes there is needed."""
        if isinstance(operand, Var) and is_memory(operand):
            root = self._aliases.find(operand)
            if root not in self._memory:
                self._memory.add(root)
                for op in self._mutations[root]:
                    self._need(op)

    def _spread(self) -> None:
        while self._todo:
            stmt = self._todo.pop()
            owner = self._owner[stmt]
            if owner is not None:
                self._need(owner)
            match stmt:
                case Op():
                    self._values(stmt.args)
                    for arg in contents(stmt):
                        self._contents(arg)
                case If():
                    self._value(stmt.cond)
                case For():
                    self._values((stmt.start, stmt.stop, stmt.step, *([] if stmt.slots is None else [stmt.slots])))
                case While():
                    self._values(stmt.cond.yields)
            if isinstance(stmt, For | While) and stmt.exits:
                self._value(stmt.body.yields[0])

    # --- rebuilding ---

    def kept(self, stmt: Stmt) -> list[Stmt]:
        """The statement without its dead parts: a list of one, or empty."""
        if stmt not in self._stmts:
            return [stmt] if isinstance(stmt, Op) and stmt.attr("inside") else []

        def pick(operands: tuple[Operand, ...]) -> tuple[Operand, ...]:
            return tuple(operand for operand, keep in zip(operands, slots, strict=True) if keep)

        slots = [var in self._vars for var in stmt.results]
        results = tuple(var for var in stmt.results if var in self._vars)
        match stmt:
            case Op():
                return [stmt]
            case If():
                then, orelse = (self._block(block, pick(block.yields)) for block in blocks_of(stmt))
                return [replace(stmt, results=results, then=then, orelse=orelse)]
        params = tuple(var for var, keep in zip(stmt.params, slots, strict=True) if keep)
        go = stmt.body.yields[: int(stmt.exits)]
        body = self._block(stmt.body, (*go, *pick(next_values(stmt))))
        if isinstance(stmt, While):
            cond = self._block(stmt.cond, stmt.cond.yields)
            return [replace(stmt, results=results, params=params, inits=pick(stmt.inits), cond=cond, body=body)]
        return [replace(stmt, results=results, params=params, inits=pick(stmt.inits), body=body)]

    def _block(self, block: Block, yields: tuple[Operand, ...]) -> Block:
        return Block(tuple(kept for stmt in block.stmts for kept in self.kept(stmt)), yields)


def contents(op: Op) -> tuple[Atom, ...]:
    """The arguments whose memory the op reads: not those that it only writes or measures."""
    if op.name in ("check_disjoint", "check_shape", "check_sizes"):
        return ()
    if op.name == "reduce_like":
        return op.args[:1]
    return op.args[1:] if op.name in SHAPE_ONLY or op.name in WRITES else op.args

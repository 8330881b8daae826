"""Which names may mean the same memory, told apart by when it was made.

Memory that a loop's body makes is other memory on every trip. On the CPU that is so by itself; where all trips share one
place for it (`transforms.buffers`), what an earlier trip has made is what must be saved from the next one. So the roots of an
array, what it may be a view of, are here the statements that make memory, and for a loop's params what earlier trips made.
"""

from __future__ import annotations

from srcad.ir import Array, Block, Const, For, If, Op, Operand, Trace, Var, While, blocks_of, walk
from srcad.transforms.alias import REFERENCES, next_values

#: What an array may be (a view of): the Var that was made first, or a token for what earlier trips made of it.
Roots = frozenset[object]


class Instances:
    def __init__(self, trace: Trace) -> None:
        self._roots: dict[Var, Roots] = {var: frozenset((var,)) for var in trace.inputs}
        self._older: dict[object, Var] = {}
        #: The loops around what makes memory and around statements, innermost last, and where in the text these stand.
        self.loops: dict[object, tuple[For | While, ...]] = {}
        self.around: dict[object, tuple[For | While, ...]] = {}
        self.position: dict[object, int] = {}
        self._place(trace.body, ())
        before: dict[Var, Roots] = {}
        while before != self._roots:
            before = dict(self._roots)
            self._block(trace.body)

    def of(self, operand: Operand) -> Roots:
        if isinstance(operand, Const):
            return frozenset((operand,))
        return self._roots.get(operand, frozenset()) if isinstance(operand, Var) else frozenset()

    def share(self, a: Operand, b: Operand) -> bool:
        return not self.of(a).isdisjoint(self.of(b))

    def written_after(self, body: Block, op: Op, array: Operand) -> Op | None:
        """A statement that may change what the array holds after `op` has seen it; on a later trip of a loop only if the
        memory is not made anew there."""
        at, around = self.position[op], self.around[op]
        for write in writes(body):
            written = self.of(write.args[0])
            if not written.isdisjoint(self.aged(array)):
                return write
            shared = written & self.of(array)
            both = [loop for loop in self.around[write] if loop in around]
            anew = all(loop in self.loops.get(root, ()) for root in shared for loop in both)
            if shared and not (self.position[write] < at and anew):
                return write
        return None

    def aged(self, operand: Operand) -> Roots:
        """What the array is on later trips of the loops that make it."""
        return frozenset(self._older[root] for root in self.of(operand) if root in self._older)

    def ageless(self, operand: Operand) -> Roots:
        """What the array may be, of any trip."""
        made = {token: root for root, token in self._older.items()}
        return frozenset(made.get(root, root) for root in self.of(operand))  # type: ignore[call-overload]

    def made_in(self, loop: For | While, operand: Operand) -> set[object]:
        """What of an array this trip of the loop has made."""
        return {root for root in self.of(operand) if loop in self.loops.get(root, ())}

    def is_older(self, operand: Operand) -> bool:
        """Whether an array may be what an earlier trip of a loop has made."""
        return not self.of(operand).isdisjoint(self._older.values())

    def _place(self, block: Block, loops: tuple[For | While, ...]) -> None:
        for stmt in block.stmts:
            self.position[stmt], self.around[stmt] = len(self.position), loops
            for var in stmt.results:
                self.loops[var] = loops
            inside = (*loops, stmt) if isinstance(stmt, For | While) else loops
            for inner in blocks_of(stmt):
                self._place(inner, inside)

    def _block(self, block: Block) -> None:
        for stmt in block.stmts:
            match stmt:
                case Op():
                    for var in stmt.results:
                        if isinstance(var.type, Array):
                            self._roots[var] = self.of(stmt.args[0]) if stmt.name in REFERENCES else frozenset((var,))
                case If():
                    self._block(stmt.then)
                    self._block(stmt.orelse)
                    for var, a, b in zip(stmt.results, stmt.then.yields, stmt.orelse.yields, strict=True):
                        self._merge(var, self.of(a) | self.of(b))
                case For() | While():
                    for inner in blocks_of(stmt):
                        self._block(inner)
                    for var, param, init, after in zip(
                        stmt.results, stmt.params, stmt.inits, next_values(stmt), strict=True
                    ):
                        made = self.made_in(stmt, after)
                        older = frozenset(self._older.setdefault(root, Var("", param.type)) for root in made)
                        self._merge(param, self.of(init) | (self.of(after) - made) | older | {param})
                        self._merge(var, self.of(param) | self.of(after))

    def _merge(self, var: Var, roots: Roots) -> None:
        if isinstance(var.type, Array):
            self._roots[var] = roots


def writes(block: Block) -> list[Op]:
    """The statements that write into arrays."""
    names = ("store", "update", "assign", "accumulate")
    return [stmt for stmt in walk(block) if isinstance(stmt, Op) and stmt.name in names]

"""Activity analysis: which values need a derivative at all.

A value is *varied* if it depends on an independent input, *useful* if a result depends on it, *active* if both (Griewank &
Walther 2008, ch. 6). Dependence is reachability in a graph whose nodes are scalars and classes of memory: a store makes all
of its class depend on the value, a load makes the value depend on all of the class.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from srcad.ir import For, If, Op, Operand, Scalar, Trace, Var, While, is_float, walk
from srcad.ops import WRITES
from srcad.transforms.alias import Aliases, next_values
from srcad.transforms.rules import is_constant

Graph = Mapping[Var, Iterable[Var]]


class Activity:
    """What the trace's float values depend on. Give `wrt` (Vars) and `of` (operands) to ask about them."""

    def __init__(self, trace: Trace, wrt: Iterable[Operand], of: Iterable[Operand] | None = None) -> None:
        self.aliases = Aliases(trace)
        self._forward: dict[Var, list[Var]] = defaultdict(list)
        self._backward: dict[Var, list[Var]] = defaultdict(list)
        for stmt in walk(trace.body):
            match stmt:
                case Op():
                    self._op(stmt)
                case If():
                    for result, *given in zip(stmt.results, stmt.then.yields, stmt.orelse.yields, strict=True):
                        self._edges(given, result)
                case For() | While():
                    for result, param, init, after in zip(
                        stmt.results, stmt.params, stmt.inits, next_values(stmt), strict=True
                    ):
                        self._edges((init, after), param)
                        self._edges((init, after), result)
        self._active = _reach(self._forward, self._nodes(wrt))
        self._of = self._nodes(of or ())
        if of is not None:
            self._active &= _reach(self._backward, self._of)

    def __contains__(self, operand: Operand) -> bool:
        return isinstance(operand, Var) and is_float(operand.type) and self._node(operand) in self._active

    def past(self, memory: Var) -> set[Var]:
        """The scalars (and classes) that a result depends on otherwise than through what is stored in this memory."""
        return _reach(self._backward, self._of, without=self._node(memory))

    def _node(self, var: Var) -> Var:
        return var if isinstance(var.type, Scalar) else self.aliases.find(var)

    def _nodes(self, operands: Iterable[Operand]) -> list[Var]:
        return [self._node(v) for v in operands if isinstance(v, Var) and is_float(v.type)]

    def _edges(self, sources: Iterable[Operand], target: Operand) -> None:
        for b in self._nodes((target,)):
            for a in self._nodes(sources):
                if a is not b:
                    self._forward[a].append(b)
                    self._backward[b].append(a)

    def _op(self, op: Op) -> None:
        if op.name in WRITES or op.name == "append":
            self._edges(op.args[-1:], op.args[0])
        elif op.name == "call":
            arrays = [a for a in op.args if not isinstance(a.type, Scalar)]
            for target in (*op.results, *arrays):
                self._edges(op.args, target)
        elif op.name in ("load", "pop"):
            self._edges(op.args[:1], op.result)
        elif not is_constant(op.name):
            for result in op.results:
                self._edges(op.args, result)


def _reach(graph: Graph, start: Iterable[Var], without: Var | None = None) -> set[Var]:
    seen: set[Var] = set()
    todo = list(start)
    while todo:
        node = todo.pop()
        if node not in seen and node is not without:
            seen.add(node)
            todo.extend(graph.get(node, ()))
    return seen

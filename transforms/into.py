"""Results written into arrays that the caller gives, as NumPy's `out=`: nothing is allocated for them.

A gradient is an array that the adjoint makes at some place and fills. There the caller's array takes its place, checked for its
shape, and zeroed if zeros were made; what filled the one fills the other. What is made otherwise is copied. The caller's array
shares no memory with an argument, nor with another one, which is checked first: so what it held before is never read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from srcad.ir import (
    Array,
    Atom,
    Block,
    Builder,
    Const,
    Op,
    Operand,
    Param,
    Scalar,
    Static,
    Stmt,
    Trace,
    Tree,
    Var,
    const,
    map_tree,
    operands,
    replace,
    substitute,
    uses,
    walk,
)
from srcad.transforms.signature import text, unused

#: Ops that take an array of any layout, and do not pass it on.
_ANY_LAYOUT = frozenset({"load", "store", "update", "assign", "accumulate", "dim"})


def into(trace: Trace, results: Any, given: Any, at: int) -> Trace:
    """The trace with a parameter `out`, at position `at`, for arrays among these results, a part of `trace.returns`.

    `given` is the tree of its types, nested as the results are, with None for what is to be allocated; None alone asks for an
    array for each. TypeError is raised for types that are not those of the results.
    """
    name = unused("out", trace.params)
    yields = trace.body.yields
    if given is None:
        given = map_tree(lambda k: yields[k].type if isinstance(yields[k].type, Array) else Static(None), results)
    tree = _parameter(name, results, given, yields)
    buffers = dict(_pairs(name, results, tree))
    writer = _Writer(trace)
    _check_apart(writer.head, trace, [buffer for buffer, _ in buffers.values()])
    for index, (buffer, called) in buffers.items():
        writer.write(index, buffer, called)
    params = (*trace.params[:at], Param(name, tree), *trace.params[at:])
    return replace(trace, params=params, body=writer.body(), comments=writer.comments())


# --- the parameter ----------------------------------------------------------------------------------------------------


def _parameter(called: str, results: Any, given: Any, yields: Sequence[Operand]) -> Any:
    """The tree of the parameter's variables."""
    if isinstance(given, Static) and given.value is None:
        return given
    types = map_tree(lambda index: yields[index].type, results)
    if isinstance(results, Tree):
        if not isinstance(given, Tree) or len(given.items) != len(results.items):
            raise TypeError(f"{called} must be nested as the derivative, {text(types)}, but is {text(given)}")
        pairs = enumerate(zip(results.items, given.items, strict=True))
        return Tree(tuple(_parameter(f"{called}[{k}]", *pair, yields) for k, pair in pairs), given.cls)
    if not isinstance(types, Array):
        what = f"a number ({text(types)})" if isinstance(types, Scalar) else text(types)
        raise TypeError(f"{called} has nothing to hold, since the derivative is {what}: leave it out, or give None")
    if not isinstance(given, Array) or (given.dtype, given.ndim) != (types.dtype, types.ndim):
        raise TypeError(f"{called} must have the type of the derivative, {text(types)}, but is {text(given)}")
    return Var(getattr(yields[results], "hint", "") or "out", given)


def _pairs(called: str, results: Any, tree: Any) -> Iterator[tuple[int, tuple[Var, str]]]:
    """Each result that has a buffer, with that and with what the caller calls it."""
    if isinstance(tree, Tree):
        for k, (result, item) in enumerate(zip(results.items, tree.items, strict=True)):
            yield from _pairs(f"{called}[{k}]", result, item)
    elif isinstance(tree, Var):
        yield results, (tree, called)


def _check_apart(b: Builder, trace: Trace, buffers: Sequence[Var]) -> None:
    inputs = [v for v in trace.inputs if isinstance(v.type, Array)]
    read = (a for stmt in walk(trace.body) for a in operands(stmt))
    known: list[Atom] = [*dict.fromkeys(a for a in read if isinstance(a, Const) and isinstance(a.type, Array))]
    for k, buffer in enumerate(buffers):
        for other in (*inputs, *known, *buffers[:k]):
            b.effect("check_disjoint", buffer, other)


# --- the results ------------------------------------------------------------------------------------------------------


class _Writer:
    """The body under construction: what stands before it, what becomes of each of its statements, and what stands after it."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.head, self.end = Builder(), Builder()
        self.now: list[Sequence[Stmt]] = [(stmt,) for stmt in trace.body.stmts]
        self.yields = list(trace.body.yields)
        self.env: dict[Var, Any] = {}
        self.made = {var: k for k, stmt in enumerate(trace.body.stmts) for var in stmt.results}

    def body(self) -> Block:
        stmts = (*self.head.stmts, *(stmt for group in self.now for stmt in group), *self.end.stmts)
        return substitute(Block(stmts, tuple(self.yields)), self.env)

    def comments(self) -> tuple[tuple[int, str], ...]:
        count = len(self.head.stmts)
        return tuple((count + sum(map(len, self.now[:at])), comment) for at, comment in self.trace.comments)

    def write(self, index: int, buffer: Var, called: str) -> None:
        """Let the buffer stand for the result from where that is made on; or else copy the result at the end."""
        result = self.yields[index]
        op = self.maker(result)
        made = None if op is None or not self.stands_for(buffer, op.result) else self.prepared(op, buffer, called)
        if op is None or made is None:
            _fill(self.end, result, buffer, called)
            self.yields[index] = buffer
        else:
            self.now[self.made[op.result]] = made
            self.env[op.result] = buffer

    def prepared(self, op: Op, buffer: Var, called: str) -> Sequence[Stmt] | None:
        """What makes the buffer what the op makes."""
        b = Builder(span=op.span)
        match op:
            case Op(name="alloc"):
                _clear(b, op, op.args, buffer, called)
            case Op(name="copy"):
                _fill(b, op.args[0], buffer, called)
            case Op(name="dot"):
                left, right = op.args
                dims = [self.size(b, left, k) for k in range(_ndim(left) - 1)]
                dims += [self.size(b, right, k) for k in range(1, _ndim(right))]
                b.effect("check_shape", buffer, *dims, called=called)
                b.add(product := replace(op, results=(op.result.like(),)))
                b.effect("assign", buffer, product.result, product=True)
            case Op(name="transpose") if self.transposed(op, buffer, called):
                pass
            case _:
                return None
        return b.stmts

    def transposed(self, op: Op, buffer: Var, called: str) -> bool:
        """Let memory in Fortran's order, which is made as the transpose of other memory, be the buffer's."""
        alloc, axes = self.maker(op.args[0]), op.attr("axes")
        if alloc is None or alloc.name != "alloc":
            return False
        b = Builder(span=alloc.span)
        _clear(b, alloc, [alloc.args[k] for k in axes], buffer, called)
        view = b.op("transpose", buffer, axes=tuple(map(axes.index, range(len(axes)))), hint=alloc.result.hint)
        if not self.stands_for(view, alloc.result, op):
            return False
        self.now[self.made[alloc.result]] = b.stmts
        self.env[alloc.result] = view
        return True

    def size(self, b: Builder, array: Atom, axis: int) -> Atom:
        """The size of an axis, of a transpose that of what was transposed."""
        op = self.maker(array)
        if op is not None and op.name == "transpose":
            return self.size(b, op.args[0], op.attr("axes")[axis])
        return b.op("dim", array, axis=axis)

    def maker(self, operand: Operand) -> Op | None:
        """The statement at the top level that makes it."""
        at = self.made.get(operand) if isinstance(operand, Var) else None
        op = self.trace.body.stmts[at] if at is not None else None
        return op if isinstance(op, Op) else None

    def stands_for(self, other: Var, array: Var, *seen: Op) -> bool:
        """Whether no type depends on how the other array lies in memory, but those of what is `seen` to."""
        if other.type == array.type:
            return True
        body = self.trace.body
        ops = (s for s in walk(body) if isinstance(s, Op) and (s.name in _ANY_LAYOUT or s in seen))
        harmless = sum(arg is array for op in ops for arg in op.args) + sum(y is array for y in body.yields)
        return sum(var is array for var in uses(body)) == harmless


def _clear(b: Builder, alloc: Op, dims: Sequence[Atom], buffer: Var, called: str) -> None:
    """What makes the buffer what was allocated."""
    b.effect("check_shape", buffer, *dims, called=called)
    fill = alloc.attr("fill")
    if fill != "empty":
        b.effect("assign", buffer, const(1.0 if fill == "ones" else 0.0))


def _fill(b: Builder, result: Operand, buffer: Var, called: str) -> None:
    """What makes the buffer a copy of the result."""
    assert isinstance(result, Var | Const)
    dims = [b.op("dim", result, axis=k) for k in range(_ndim(result))]
    b.effect("check_shape", buffer, *dims, called=called)
    b.effect("assign", buffer, result)


def _ndim(array: Atom) -> int:
    assert isinstance(array.type, Array)
    return array.type.ndim

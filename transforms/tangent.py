"""Forward mode: from a trace to its tangent trace, x_dot -> y_dot (Griewank & Walther 2008, ch. 3).

Every statement is followed by its derivative. A scalar that depends on x has a dot, a value of its own; the others have none,
which means zero. Memory that depends on x has a *dual*, an array of the same shape, made where the array is made and named
wherever the array is named: the dual of a view is the same view of the dual, a store stores the dot as well. Loops carry the
dots beside the values, and an `If` merges them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from srcad.callees import unused_name
from srcad.errors import UnsupportedError
from srcad.ir import (
    Array,
    Atom,
    Block,
    Builder,
    For,
    If,
    Op,
    Operand,
    Param,
    Scalar,
    Static,
    Trace,
    Tree,
    Undef,
    Var,
    While,
    const,
    is_float,
    leaves,
    map_tree,
    replace,
)
from srcad.ops import ELEMENTWISE
from srcad.primitive import Primitive
from srcad.transforms import custom
from srcad.transforms.activity import Activity
from srcad.transforms.alias import any_layout, is_memory, made_fortran, next_values
from srcad.transforms.duals import copied, dot_hint, dot_of, shaped, zero, zeros_like
from srcad.transforms.factored import factored
from srcad.transforms.rules import has_rule, is_constant, pushforward

#: The dual is made from the dual of the first argument as the array is made from the first argument.
ALIKE = frozenset({"view", "transpose", "reshape", "copy", "expand", "reduce_like"})


def tangent(trace: Trace, wrt: Sequence[int] | None = None, directions: int = 1) -> Trace:
    """The tangent trace: parameters (*args, *x_dots), results (y, y_dot), one x_dot for each parameter in `wrt`.

    x_dot is nested as its parameter and y_dot as y, with None for what is not a float. `wrt` counts parameters; the default is
    every parameter with a float in it. With several `directions` there are as many x_dots for each, those of the first direction
    first, and as many y_dots: what the derivatives read of the primal is computed once for all.
    """
    params = [p for p in trace.params if p.outer is None] if wrt is None else [trace.params[k] for k in wrt]
    varied = [param for param in params if any(is_float(v.type) for v in leaves(param.tree))]
    sources = [v for param in params for v in leaves(param.tree) if is_float(v.type)]
    added: list[Param] = []
    given: list[dict[Var, Var]] = []
    for _ in range(directions):
        own = list(map(dotted, varied))
        given.append(dict(zip(sources, (v for param in own for v in leaves(param.tree)), strict=True)))
        added += own
    dots = given[0]
    rules: Mapping[Primitive, Trace] = {}
    if custom.has_custom(trace):
        trace, rules = custom.with_rules(trace, Activity(trace, dots))
    trace = factored(trace, Activity(trace, dots))
    fortran = any(list(made_fortran(f.body)) for f in (trace, *trace.functions))
    functions = _Functions(trace.functions, rules, fortran)
    work = _Tangent(trace, given, functions)
    body, returns = work.function(own=True)
    return replace(
        trace,
        name=f"{trace.name}_tangent",
        params=(*trace.params, *added),
        body=body,
        returns=returns,
        functions=functions.all(),
        comments=work.comments,
    )


def tangent_in_place(trace: Trace, wrt: Sequence[int]) -> Trace:
    """The tangent trace of what only writes into arrays that it is given: these have duals that it is given, and writes into.

    TypeError is raised where an array gets a derivative and has no dual.
    """
    added = [dotted(trace.params[k]) for k in wrt]
    dots = {trace.params[k].tree: p.tree for k, p in zip(wrt, added, strict=True)}
    active = Activity(trace, dots)
    for var in filter(is_memory, trace.inputs):
        if var in active and var not in dots:
            raise TypeError(
                f"{trace.name} writes into '{var.hint}' what depends on others: it needs {var.hint}_dot, not None"
            )
    rules: Mapping[Primitive, Trace] = {}
    if custom.has_custom(trace):
        trace, rules = custom.with_rules(trace, active)
    work = _Tangent(trace, [dots], _Functions((), rules, False))
    body, _ = work.function(own=False)
    return replace(trace, name=f"{trace.name}_tangent", params=(*trace.params, *added), body=body)


def dotted(param: Param) -> Param:
    """The parameter for the derivative of a parameter."""

    def leaf(tree: Any) -> Any:
        if isinstance(tree, Tree):
            return Tree(tuple(map(leaf, tree.items)), tree.cls)
        return dot_of(tree) if isinstance(tree, Var) and is_float(tree.type) else Static(None)

    return Param(f"{param.name}_dot", leaf(param.tree))


class _Functions:
    """The tangents of the functions that a trace calls: one for each set of arguments that have dots."""

    def __init__(self, functions: Iterable[Trace], rules: Mapping[Primitive, Trace], fortran: bool) -> None:
        self.rules = rules
        #: Whether any of them makes arrays whose duals are laid out otherwise: stacks are passed from one to another.
        self.fortran = fortran
        self._primal = {function.name: function for function in functions}
        self._names: dict[tuple[str, tuple[bool, ...]], str] = {}
        self._tangents: list[Trace] = []

    def all(self) -> tuple[Trace, ...]:
        return (*self._primal.values(), *self._tangents)

    def tangent(self, callee: str, varied: Sequence[bool]) -> str:
        """The name of the callee's tangent. It returns the callee's results and then the dots of those that are floats."""
        key = callee, tuple(varied)
        if key not in self._names:
            taken = {*self._primal, *self._names.values()}
            self._names[key] = unused_name(f"{callee}_tangent", taken)
            self._tangents.append(self._derive(self._primal[callee], key[1], self._names[key]))
        return self._names[key]

    def _derive(self, primal: Trace, varied: Sequence[bool], name: str) -> Trace:
        dots = {var: dot_of(var) for var, is_varied in zip(primal.inputs, varied, strict=True) if is_varied}
        work = _Tangent(primal, [dots], self)
        body, returns = work.function(own=False)
        added = tuple(Param(dot.hint or "v_dot", dot) for dot in dots.values())
        return replace(primal, name=name, params=(*primal.params, *added), body=body, returns=returns, functions=())


class _Tangent:
    """The derivation of one function. `given` maps scalars to their dots and memory to its dual, for each direction."""

    def __init__(self, trace: Trace, given: Sequence[dict[Var, Var]], functions: _Functions) -> None:
        self.trace = trace
        self.comments: tuple[tuple[int, str], ...] = ()
        self._given = given[0]
        self._all: list[dict[Var, Atom]] = [dict(dots) for dots in given]
        #: Those of the direction that statements are derived for.
        self._dots = self._all[0]
        self._active = Activity(trace, given[0])
        self._functions = functions
        self._fortran = functions.fortran

    def function(self, own: bool) -> tuple[Block, Tree]:
        """The body and the results. With `own`, nobody outside may see the given duals change or be returned."""
        b = Builder()
        shared: set[Var] = set()
        written = self._active.aliases.written(self.trace.body) if own else set()
        for var in (v for _ in self._directions() for v in self.trace.inputs if is_memory(v)):
            root = self._active.aliases.find(var)
            if var in self._given and own:
                self._dots[var] = shaped(b, self._dots[var], var)  # type: ignore[arg-type]
                if root in written:
                    self._dots[var] = copied(b, self._dots[var], dot_hint(var))
                else:
                    shared.add(root)
            elif var in self._active and var not in self._given:
                self._dots[var] = zeros_like(b, var)
        starts = self._stmts(self.trace.body, b)
        self.comments = tuple((starts[at], text) for at, text in self.trace.comments)
        yields: list[Operand] = list(self.trace.body.yields)

        def leaf(index: int) -> Any:
            y = self.trace.body.yields[index]
            if not is_float(y.type):
                return Static(None)
            y_dot = self._carry(b, y)
            if own and isinstance(y, Var) and is_memory(y) and self._active.aliases.find(y) in shared:
                y_dot = copied(b, y_dot, dot_hint(y))  # type: ignore[arg-type]
            yields.append(y_dot)
            return len(yields) - 1

        y_dots = [map_tree(leaf, self.trace.returns) for _ in self._directions()]
        return b.block(*yields), Tree((self.trace.returns, *y_dots))

    def _directions(self) -> Iterator[None]:
        """Do something for each direction."""
        for dots in self._all:
            self._dots = dots
            yield

    # --- dots ---

    def _dot(self, operand: Operand) -> Atom | None:
        """The derivative of the operand; None is zero."""
        return self._dots.get(operand) if isinstance(operand, Var) else None

    def _carry(self, b: Builder, operand: Operand) -> Operand:
        """The derivative of the operand where a value must stand: a zero is made for what has none."""
        if isinstance(operand, Undef):
            return operand
        dot = self._dot(operand)
        if dot is not None:
            return dot
        return zeros_like(b, operand) if not isinstance(operand.type, Scalar) else zero(operand.type)

    def _scalar(self, operand: Atom) -> Atom:
        """The dot that is written where the operand is written."""
        dot = self._dot(operand)
        return const(0.0) if dot is None else dot

    # --- statements ---

    def _stmts(self, block: Block, b: Builder) -> list[int]:
        """Append the block's statements and their derivatives; where each began, and the end."""
        starts = []
        for stmt in block.stmts:
            starts.append(len(b.stmts))
            match stmt:
                case Op():
                    b.span = stmt.span
                    if stmt.name == "call":
                        self._call(b, stmt)
                    elif stmt.name == "custom" and any(r in self._active for r in stmt.results):
                        self._custom(b, stmt)
                    else:
                        b.add(stmt)
                        for _ in self._directions():
                            self._op(b, stmt)
                case If():
                    self._if(b, stmt)
                case For() | While():
                    self._loop(b, stmt)
        return [*starts, len(b.stmts)]

    def _block(self, block: Block, carried: Sequence[Operand]) -> Block:
        """The block, which yields the dots of `carried` after its own yields."""
        b = Builder()
        self._stmts(block, b)
        dots = [self._carry(b, operand) for _ in self._directions() for operand in carried]
        return b.block(*block.yields, *dots)

    def _op(self, b: Builder, op: Op) -> None:
        match op.name:
            case "store" | "update" | "atomic_add":
                self._store(b, op)
            case "assign" | "accumulate":
                self._assign(b, op)
            case "append":
                if op.args[0] in self._active:
                    item = op.args[1]
                    memory = not isinstance(item.type, Scalar)
                    b.effect("append", self._dual(op.args[0]), self._carry(b, item) if memory else self._scalar(item))  # type: ignore[arg-type]
            case _ if len(op.results) > 1 and any(y in self._active for y in op.results):
                for y, dot in zip(op.results, pushforward(b, op, [self._dot(arg) for arg in op.args]), strict=True):
                    if is_float(y.type):
                        assert dot is not None
                        self._dots[y] = dot
            case _ if len(op.results) == 1 and op.result in self._active:
                dot = self._result(b, op)
                if dot is None and op.attr("shared"):
                    dot = b.op("alloc", *op.args, hint=dot_hint(op.result), **dict(op.attrs))
                if dot is None and not isinstance(op.result.type, Scalar):
                    dot = zeros_like(b, op.result)
                if dot is not None:
                    self._dots[op.result] = dot

    def _dual(self, array: Atom) -> Atom:
        dual = self._dot(array)
        assert dual is not None, f"{array} has no dual"
        return dual

    def _store(self, b: Builder, op: Op) -> None:
        array, *index, value = op.args
        if array in self._active and (op.name == "store" or self._dot(value) is not None):
            b.effect(op.name, self._dual(array), *index, self._scalar(value))

    def _assign(self, b: Builder, op: Op) -> None:
        array, value = op.args
        if array in self._active and (op.name == "assign" or self._dot(value) is not None):
            b.effect(op.name, self._dual(array), self._scalar(value))

    def _result(self, b: Builder, op: Op) -> Atom | None:
        """The dot of the op's result, None for zero."""
        hint = dot_hint(op.result)
        first = self._dot(op.args[0]) if op.args else None
        match op.name:
            case "load" | "pop":
                return None if first is None else b.op(op.name, first, *op.args[1:], hint=hint)
            case "array":
                return b.op("array", *map(self._scalar, op.args), hint=hint, **dict(op.attrs))
            case "list":
                stack = any_layout(op.result.type) if self._fortran else op.result.type
                return b.op("list", hint=hint, item=stack.item)  # type: ignore[union-attr]
            case name if name in ALIKE:
                return None if first is None else b.op(name, first, *op.args[1:], hint=hint, **dict(op.attrs))
            case "alloc" | "stop_gradient":
                return None
        if is_constant(op.name):
            return None
        dots = [self._dot(arg) for arg in op.args]
        if all(dot is None for dot in dots):
            return None
        if not has_rule(op.name):
            raise UnsupportedError(f"the derivative of {op.name} is not known to srcad", op.span)
        (dot,) = pushforward(b, op, dots)
        if op.name in ELEMENTWISE and isinstance(op.result.type, Array) and dot is not None:
            dual = zeros_like(b, op.result)
            b.effect("assign", dual, dot)
            return dual
        return dot

    def _call(self, b: Builder, op: Op) -> None:
        if not any(arg in self._active for arg in op.args):
            b.add(op)
            return
        varied = [arg in self._active and is_float(arg.type) for arg in op.args]
        name = self._functions.tangent(op.attr("callee"), varied)
        given = [self._carry(b, arg) for arg, is_varied in zip(op.args, varied, strict=True) if is_varied]
        floats = [var for var in op.results if is_float(var.type)]
        dots = [dot_of(var) for var in floats]
        self._dots.update(zip(floats, dots, strict=True))
        results = (*op.results, *dots)
        attrs = dict(op.attrs) | {"callee": name, "results": tuple(var.type for var in results)}
        b.add(Op(results, "call", (*op.args, *given), tuple(attrs.items()), op.span))  # type: ignore[arg-type]

    def _custom(self, b: Builder, op: Op) -> None:
        varies = op.attr("primitive").varies
        dots = [self._carry(b, arg) for arg, has_dot in zip(op.args, varies, strict=True) if has_dot]
        self._dots.update(custom.push_forward(b, op, self._functions.rules[op.attr("primitive")], dots))

    def _if(self, b: Builder, stmt: If) -> None:
        slots = [k for k, var in enumerate(stmt.results) if var in self._active]
        then, orelse = (self._block(block, pick(block.yields, slots)) for block in (stmt.then, stmt.orelse))
        dots = self._new(pick(stmt.results, slots))
        b.add(replace(stmt, results=(*stmt.results, *dots), then=then, orelse=orelse))

    def _loop(self, b: Builder, stmt: For | While) -> None:
        slots = [k for k, var in enumerate(stmt.params) if var in self._active]
        inits = [self._carry(b, operand) for _ in self._directions() for operand in pick(stmt.inits, slots)]
        params = self._new(pick(stmt.params, slots))
        body = self._block(stmt.body, pick(next_values(stmt), slots))
        results = self._new(pick(stmt.results, slots))
        b.add(
            replace(
                stmt,
                results=(*stmt.results, *results),
                params=(*stmt.params, *params),
                inits=(*stmt.inits, *inits),
                body=body,
            )
        )

    def _new(self, variables: Iterable[Var]) -> list[Var]:
        """Dots of merged or carried values, of the first direction first."""
        dots = []
        variables = tuple(variables)
        for var in (v for _ in self._directions() for v in variables):
            dot = dot_of(var)
            if self._fortran and isinstance(dot.type, Array):
                dot = replace(dot, type=replace(dot.type, layout="A"))
            dots.append(dot)
            self._dots[var] = dot
        return dots


def pick(items: Sequence[Any], places: Iterable[int]) -> tuple[Any, ...]:
    return tuple(items[place] for place in places)

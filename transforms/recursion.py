"""Recursive functions in reverse mode.

A function that calls itself cannot be inlined. It becomes two: its forward sweep, which pushes what the reverse
sweep will need on stacks, and its reverse sweep, which pops. Both take the function's arguments and the shadows of
its arrays; the reverse sweep also takes the adjoints of the scalar results and gives those of the scalar arguments.
The stacks are lists that every function of the group takes and the outermost caller makes: calls nest, so what a
call pushed last is what its reverse pops first, and a recursion of depth d costs O(d).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from srcad.callees import unused_name
from srcad.ir import (
    Block,
    Builder,
    ListOf,
    Op,
    Param,
    Stmt,
    Trace,
    Tree,
    Var,
    blocks_of,
    is_float,
    replace,
    walk,
    with_blocks,
)
from srcad.ops import WRITES
from srcad.transforms.activity import Activity
from srcad.transforms.alias import is_memory
from srcad.transforms.bars import Bars, zero
from srcad.transforms.memory import Memory
from srcad.transforms.regions import Region
from srcad.transforms.sweeps import Sweeps


def writes_parameters(functions: tuple[Trace, ...]) -> bool:
    """Whether a call of one of these functions may write into memory that the caller knows."""
    for function in functions:
        memory = Memory(function)
        for stmt in walk(function.body):
            if isinstance(stmt, Op) and stmt.name in WRITES:
                made = memory.definition.get(memory.origin(stmt.args[0]))  # type: ignore[arg-type]
                if made is None or made.name != "alloc":
                    return True
    return False


class Callees(Mapping[str, tuple[Trace, Trace]]):
    """The sweeps of the functions that a trace calls, by the name of the function; made when first asked for."""

    def __init__(self, trace: Trace, memory: Memory) -> None:
        self._given = {f.name: f for f in trace.functions}
        self._calls_write = writes_parameters(trace.functions)
        calls = [s for s in walk(trace.body) if isinstance(s, Op) and s.name == "call"]
        self._lasting = all(memory.intact(call, arg) for call in calls for arg in call.args if is_memory(arg))
        self._made: dict[str, tuple[Trace, Trace]] = {}
        self._stacks: list[Var] = []

    def __iter__(self) -> Iterator[str]:
        return iter(self._given)

    def __len__(self) -> int:
        return len(self._given)

    def __getitem__(self, name: str) -> tuple[Trace, Trace]:
        if name not in self._made:
            given = self._given[name]
            # the names are enough for the calls inside, which are completed by `finish`
            taken = {*self._given, *(f.name for pair in self._made.values() for f in pair)}
            forward, reverse = (unused_name(f"{name}_{sweep}", taken) for sweep in ("forward", "reverse"))
            self._made[name] = (_named(given, forward), _named(given, reverse))
            self._made[name] = self._sweeps(given, forward, reverse)
        return self._made[name]

    def _sweeps(self, trace: Trace, forward_name: str, reverse_name: str) -> tuple[Trace, Trace]:
        inputs = trace.inputs
        floats = [v for v in inputs if is_float(v.type)]
        arrays = [v for v in floats if is_memory(v)]
        scalars = [v for v in floats if not is_memory(v)]
        active = Activity(trace, floats, (*trace.body.yields, *arrays))
        volatile = [] if self._lasting and not self._calls_write else inputs
        memory = Memory(trace, calls_write=self._calls_write, volatile=volatile)
        sweeps = Sweeps(trace, active, memory, self)
        top = Region(yields=list(trace.body.yields), invocation=True)
        sweeps.tape.define(top, None, inputs)
        for var in arrays:
            sweeps.shadows[var] = var.like(f"{var.hint}_bar")
            sweeps.tape.define(top, None, (sweeps.shadows[var],))
        shadows = [sweeps.shadows[v] for v in arrays]
        sweeps.forward(trace.body, top)

        b, bars = Builder(), Bars()
        seeds: list[Var] = []
        for y in trace.body.yields:
            if is_float(y.type) and not is_memory(y):
                seeds.append(Var("y_bar", y.type))
                sweeps.contribute(b, bars, y, seeds[-1])
        sweeps.reverse(trace.body, top, b, bars)
        block = b.block(*(bars.get(v, zero(v.type)) for v in scalars))
        again = {v: v.like() for v in (*inputs, *shadows)}
        reverse = sweeps.tape.resolve(top, block, dict(again), Builder())
        self._stacks += sweeps.tape.stacks

        made = [sweeps.shadow_of(y, top) for y in trace.body.yields if is_memory(y) and is_float(y.type)]
        body = top.freeze()
        forward = replace(body, yields=(*body.yields, *made))
        return (
            _function(forward_name, (*inputs, *shadows), forward),
            _function(reverse_name, (*again.values(), *seeds), reverse),
        )

    def finish(self, body: Block) -> Block:
        """The outermost body, with the stacks made at its start; calls are given the stacks, here and in the functions."""
        if not self._made:
            return body
        calls = {f.name for pair in self._made.values() for f in pair}
        for name, pair in self._made.items():
            self._made[name] = (self._with_stacks(pair[0], calls), self._with_stacks(pair[1], calls))
        stacks = [var.like() for var in self._stacks]
        make = [Op((var,), "list", (), (("item", var.type.item),)) for var in stacks if isinstance(var.type, ListOf)]
        body = _pass_on(body, calls, stacks)
        return replace(body, stmts=(*make, *body.stmts))

    def _with_stacks(self, trace: Trace, calls: set[str]) -> Trace:
        own = {stack: stack.like() for stack in self._stacks}
        params = (*trace.params, *(Param(f"stack_{k}", var) for k, var in enumerate(own.values())))
        from srcad.ir import substitute

        return replace(
            trace, params=params, body=_pass_on(substitute(trace.body, dict(own)), calls, list(own.values()))
        )

    def functions(self) -> tuple[Trace, ...]:
        return (*self._given.values(), *(f for pair in self._made.values() for f in pair))


def _pass_on(block: Block, calls: set[str], stacks: list[Var]) -> Block:
    def step(stmt: Stmt) -> Stmt:
        if isinstance(stmt, Op):
            return replace(stmt, args=(*stmt.args, *stacks)) if stmt.attr("callee") in calls else stmt
        return with_blocks(stmt, [_pass_on(inner, calls, stacks) for inner in blocks_of(stmt)])

    return Block(tuple(map(step, block.stmts)), block.yields)


def _named(trace: Trace, name: str) -> Trace:
    return replace(trace, name=name)


def _function(name: str, inputs: tuple[Var, ...], body: Block) -> Trace:
    seen: dict[str, int] = {}
    params = []
    for var in inputs:
        base = var.hint or "v"
        seen[base] = seen.get(base, 0) + 1
        params.append(Param(base if seen[base] == 1 else f"{base}_{seen[base]}", var))
    return Trace(name, tuple(params), body, Tree(tuple(range(len(body.yields)))))

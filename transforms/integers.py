"""Integers that may leave the 64 bits of compiled code, where Python's go on: their arithmetic is checked when it runs.

Two analyses say where. How large a value can be is found by interval arithmetic on magnitudes: a loop does not make more than
`TRIPS` iterations, an argument is less than `ARGUMENT`, and what is computed from elements of integer arrays wraps in NumPy,
too. And what an integer is for: one that only says where in memory something is, or how often a loop runs, is left as it is, so
that index arithmetic costs nothing. What remains is rare: powers, factorials and the like, on their way to a float, to a result
or to a comparison.
"""

from __future__ import annotations

from collections.abc import Iterable

from srcad.ir import (
    BOOL,
    INT,
    Array,
    Block,
    Const,
    For,
    If,
    Loop,
    Op,
    Operand,
    Stmt,
    Trace,
    Var,
    While,
    blocks_of,
    is_float,
    replace,
    uses,
    walk,
    with_blocks,
)
from srcad.transforms.alias import next_values

#: A loop that counts so far does not end within an hour.
TRIPS = 2**42
ARGUMENT = 2**55
#: What a recursive function is given or gives: a call may add to it, as often as calls are nested, but not double it.
PASSED = 2**62
LIMIT = 2**63
#: How often a loop's body is looked at, to see how what it carries grows.
ROUNDS = 6
#: The ops that can leave the range, and what they become.
CHECKED = {
    "add": "checked_add",
    "sub": "checked_sub",
    "mul": "checked_mul",
    "pow": "checked_pow",
    "lshift": "checked_lshift",
    "cast": "to_int",
    "floordiv": "checked_floordiv",
    "mod": "checked_mod",
}
#: Those that fail where their divisor is zero, which compiled code would not tell.
DIVISIONS = frozenset({"floordiv", "mod"})
#: Ops whose integer operands, from this position on, are places in memory or sizes.
PLACES = {
    "load": 1,
    "view": 1,
    "reshape": 1,
    "expand": 1,
    "alloc": 0,
    "trips": 0,
    "broadcast_dim": 0,
    "spans": 0,
    "dim": 0,
}


def check_integers(trace: Trace) -> Trace:
    """The trace with checked ops for integers that may be too large and that matter."""
    functions = tuple(replace(f, body=_check(f, PASSED)) for f in trace.functions)
    return replace(trace, body=_check(trace, ARGUMENT), functions=functions)


def _check(trace: Trace, argument: int) -> Block:
    ranges = Ranges(dict.fromkeys((var for var in trace.inputs if var.type == INT), argument))
    ranges.block(trace.body)
    wrong = set(ranges.divided)
    if ranges.doubtful:
        wrong |= ranges.doubtful & (needed(trace.body) | unread(trace.body))
    return _checked(trace.body, wrong) if wrong else trace.body


def _checked(block: Block, wrong: set[Var]) -> Block:
    stmts: list[Stmt] = []
    for stmt in block.stmts:
        if isinstance(stmt, Op) and not wrong.isdisjoint(stmt.results):
            stmts.append(replace(stmt, name=CHECKED[stmt.name]))
        else:
            stmts.append(with_blocks(stmt, [_checked(inner, wrong) for inner in blocks_of(stmt)]))
    return Block(tuple(stmts), block.yields)


# --- how large ----------------------------------------------------------------------------------------------------------


class Ranges:
    """The largest magnitude of each integer. NumPy's own integers, which wrap as compiled ones do, are `wrapping`."""

    def __init__(self, most: dict[Var, int]) -> None:
        self.most = most
        self.wrapping: set[Var] = set()
        #: The quotients and remainders whose divisor may be zero.
        self.divided: set[Var] = set()
        self._doubtful: dict[Var, bool] = {}

    @property
    def doubtful(self) -> frozenset[Var]:
        """The results of ops that may be too large."""
        return frozenset(var for var, doubt in self._doubtful.items() if doubt)

    def of(self, operand: Operand) -> int:
        if isinstance(operand, Const):
            return abs(int(operand.value)) if operand.type in (INT, BOOL) else LIMIT
        return self.most.get(operand, LIMIT - 1 if operand.type == INT else 1) if isinstance(operand, Var) else 0

    def block(self, block: Block) -> None:
        for stmt in block.stmts:
            match stmt:
                case Op(name="list") if stmt.attr("tape"):
                    self.most[stmt.result] = 0
                case Op(name="append", args=(Var() as tape, value)) if tape in self.most:
                    self.most[tape] = max(self.most[tape], self.of(value))
                case Op():
                    if len(stmt.results) == 1 and stmt.result.type == INT:
                        self._op(stmt)
                case If():
                    self.block(stmt.then)
                    self.block(stmt.orelse)
                    for result, *ends in zip(stmt.results, stmt.then.yields, stmt.orelse.yields, strict=True):
                        self._take(result, ends)
                case For() | While():
                    self._loop(stmt)

    def _take(self, var: Var, values: Iterable[Operand]) -> None:
        if var.type == INT:
            values = list(values)
            self.most[var] = max(map(self.of, values))
            if any(value in self.wrapping for value in values):
                self.wrapping.add(var)

    def _op(self, op: Op) -> None:
        result, sizes = op.result, [self.of(arg) for arg in op.args]
        if any(isinstance(arg.type, Array) or arg in self.wrapping for arg in op.args):
            self.wrapping.add(result)
        most = self._most(op, sizes)
        doubt = most >= LIMIT and op.name in CHECKED and result not in self.wrapping
        if op.name in DIVISIONS and result not in self.wrapping and not _is_nonzero(op.args[1]):
            self.divided.add(result)
        self._doubtful[result] = doubt and all(arg.type == INT or op.name == "cast" for arg in op.args)
        self.most[result] = min(most, LIMIT - 1)

    def _most(self, op: Op, sizes: list[int]) -> int:
        match op.name, sizes:
            case (("add" | "sub"), [a, b]):
                return a + b
            case "mul", [a, b]:
                return a * b
            case "pow", [a, b]:
                return a**b if a < 2 or b < 64 else LIMIT
            case "lshift", [a, b]:
                return a << b if b < 64 else LIMIT
            case "mod", [_, b]:
                return b
            case "floordiv", [a, _]:
                divisor = op.args[1]
                return a // max(1, abs(divisor.value)) + 1 if isinstance(divisor, Const) else a
            case "rshift", [a, _]:
                return a
            case "bitand", _:
                masks = [arg.value for arg in op.args if isinstance(arg, Const) and arg.value >= 0]
                return min(masks, default=max(sizes))
            case (("bitor" | "bitxor"), [a, b]):
                return 1 << max(a, b).bit_length()
            case (("neg" | "abs" | "invert" | "sign" | "maximum" | "minimum"), _):
                return max(sizes)
            case (("dim" | "trips" | "length" | "argmax" | "argmin" | "broadcast_dim"), _):
                return TRIPS
            case "cast", [a]:
                return LIMIT if is_float(op.args[0].type) else a
            case "where", [_, *ends]:
                return max(ends)
            case "call", _:
                return PASSED
            case "pop", [most] if op.args[0] in self.most:
                return most
        return LIMIT

    def _loop(self, loop: Loop) -> None:
        """What a loop carries: settled, growing by the same amount in each iteration, or without a known limit."""
        for param, init in zip(loop.params, loop.inits, strict=True):
            self._take(param, [init])
        if isinstance(loop, For):
            step = loop.step.value if isinstance(loop.step, Const) else LIMIT
            ends = max(self.of(loop.start), self.of(loop.stop))
            self.most[loop.index] = min(ends, self.of(loop.start) + abs(step) * TRIPS)
        counters = [k for k, param in enumerate(loop.params) if param.type == INT]
        seen = [[self.of(loop.params[k]) for k in counters]]
        for _ in range(ROUNDS if counters else 1):
            self._body(loop)
            nexts = next_values(loop)
            for k in counters:
                self._take(loop.params[k], [loop.params[k], nexts[k]])
            seen.append([self.of(loop.params[k]) for k in counters])
            if seen[-1] == seen[-2]:
                break
        else:
            for place, k in enumerate(counters):
                steps = [b[place] - a[place] for a, b in zip(seen[-4:], seen[-3:], strict=False)]
                linear = len(set(steps)) == 1
                self.most[loop.params[k]] = min(seen[0][place] + steps[0] * TRIPS if linear else LIMIT, LIMIT - 1)
            if counters:
                self._body(loop)
        for result, param in zip(loop.results, loop.params, strict=True):
            self._take(result, [param])

    def _body(self, loop: Loop) -> None:
        for inner in blocks_of(loop):
            self.block(inner)


def _is_nonzero(divisor: Operand) -> bool:
    return isinstance(divisor, Const) and divisor.value != 0


# --- what for -----------------------------------------------------------------------------------------------------------


def unread(body: Block) -> frozenset[Var]:
    """What is computed for nothing but what it may raise."""
    raising = {op.result for op in walk(body) if isinstance(op, Op) and op.attr("raises")}
    return frozenset(raising.difference(uses(body)))


def needed(body: Block) -> frozenset[Var]:
    """The integers that a float, a result, a comparison or an element depends on."""
    found: set[Var] = set()
    feeds: dict[Var, list[Operand]] = {}

    def visit(block: Block) -> None:
        for stmt in block.stmts:
            match stmt:
                case Op(name="store" | "update"):
                    found.update(v for v in stmt.args[-1:] if isinstance(v, Var))
                case Op(results=(result,)) if result.type == INT and stmt.name != "call":
                    feeds.setdefault(result, []).extend(stmt.args[: PLACES.get(stmt.name)])
                case Op():
                    found.update(v for v in stmt.args[: PLACES.get(stmt.name)] if isinstance(v, Var))
                case If():
                    for result, *ends in zip(stmt.results, stmt.then.yields, stmt.orelse.yields, strict=True):
                        feeds.setdefault(result, []).extend(ends)
                case For() | While():
                    for param, result, *ends in zip(
                        stmt.params, stmt.results, stmt.inits, next_values(stmt), strict=True
                    ):
                        feeds.setdefault(param, []).extend(ends)
                        feeds.setdefault(result, []).append(param)
            for inner in blocks_of(stmt):
                visit(inner)

    visit(body)
    found.update(v for v in body.yields if isinstance(v, Var))
    pending = list(found)
    while pending:
        for operand in feeds.get(pending.pop(), ()):
            if isinstance(operand, Var) and operand not in found:
                found.add(operand)
                pending.append(operand)
    return frozenset(v for v in found if v.type == INT)

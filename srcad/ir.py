"""The trace: SSA with structure.

A trace is a tree of blocks, not a graph of jumps, so that readable source comes back out of it. Every value (`Var`) is
defined once, by an `Op`, as a parameter, or as the result of an `If`, `For` or `While`; those carry values in and out as
block arguments do in MLIR (Lattner et al. 2021): an `If` merges what its two blocks yield (the phi), a loop threads
`params` through its body. A `Var` is identity: its `hint` is only the name that the user would like to read.

Scalars are values. Arrays are *references to memory*: `store`, `update`, `assign` and their kin change what every view of the
memory sees, in program order, and two Vars may denote the same memory. `srcad.ops` says which op does what.

Blocks end in yields. What they mean depends on the owner:

    Trace body   the leaves of the result, in order (`Trace.returns` says how they nest)
    If           one yield per result, in both blocks; `UNDEF` where a branch leaves a value unassigned
    For, While   the next value of each param; in a loop with `exits`, a bool `go` comes first: False leaves the loop
                 (Python's `break`), with the values yielded beside it as results
    While.cond   one bool

A loop's results are its params' last values (its inits after zero trips).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import replace as replace
else:

    def replace(thing, /, **changes):
        """`dataclasses.replace` for the classes here, which check nothing when they are made: several times as fast."""
        new = object.__new__(type(thing))
        vars(new).update(vars(thing), **changes)
        return new

# --- types ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Scalar:
    """A number: `dtype` is NumPy's name of it ("float64", "float32", "int64", "bool", "complex128", ...)."""

    dtype: str

    def __str__(self) -> str:
        return self.dtype


@dataclass(frozen=True)
class Array:
    """A reference to an n-dimensional array. `layout` is Numba's: "C", "F" or "A" (any strides).

    `sizes` are the lengths of the axes of a parameter, where code is generated for those alone; they are no part of the type.
    """

    dtype: str
    ndim: int
    layout: str = "C"
    sizes: tuple[int, ...] | None = field(default=None, compare=False)

    def __str__(self) -> str:
        return f"{self.dtype}[{', '.join(':' * self.ndim)}]{'' if self.layout == 'C' else self.layout}"


@dataclass(frozen=True)
class ListOf:
    """A list used as a stack (a tape of unknown length) or as the user's own list."""

    item: Type

    def __str__(self) -> str:
        return f"list[{self.item}]"


Type = Scalar | Array | ListOf
BOOL, INT, FLOAT = Scalar("bool"), Scalar("int64"), Scalar("float64")


def is_float(type: Type) -> bool:
    """Whether values of this type can carry a derivative."""
    if isinstance(type, ListOf):
        return is_float(type.item)
    return type.dtype.startswith(("float", "complex"))


# --- where things come from -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Span:
    """A piece of the user's source: lines count from 1, columns from 0, the end is exclusive (as in `ast`)."""

    file: str
    line: int
    col: int
    end_line: int
    end_col: int


# --- operands -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Var:
    """A value. Two Vars are the same value only if they are the same object."""

    hint: str
    type: Type
    span: Span | None = None

    def like(self, hint: str | None = None) -> Var:
        return Var(self.hint if hint is None else hint, self.type, self.span)

    def __repr__(self) -> str:
        return f"%{self.hint or 'v'}"


@dataclass(frozen=True)
class Const:
    """A literal. A `weak` one came from Python source and adapts to the dtype beside it (NEP 50). `name` is the global name
    to print instead of the value, defined in the head of the generated module; a global array (never weak, always named)
    is a Const too, with an ndarray as its value, and is read-only."""

    value: Any
    type: Type
    weak: bool = True
    name: str = ""

    def __repr__(self) -> str:
        return repr(self.value)

    @property
    def key(self) -> tuple[Any, ...]:
        """What makes two literals the same: 0.0 is not -0.0, 1 is not True, nan is nan, an array is itself."""
        value = repr(self.value) if isinstance(self.type, Scalar) else id(self.value)
        return value, self.type, self.weak, self.name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Const) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


@dataclass(frozen=True)
class Undef:
    """A value that is never read: what a branch yields for a variable it leaves unassigned."""

    type: Type

    def __repr__(self) -> str:
        return "undef"


Operand = Var | Const | Undef
Atom = Var | Const


def const(value: bool | int | float | complex) -> Const:
    """The literal for a Python number."""
    kind = {bool: BOOL, int: INT, float: FLOAT, complex: Scalar("complex128")}[type(value)]
    return Const(value, kind)


# --- statements -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Block:
    stmts: tuple[Stmt, ...] = ()
    yields: tuple[Operand, ...] = ()


@dataclass(frozen=True, eq=False)
class Op:
    """`results = name(*args, **attrs)`; see `srcad.ops` for the names."""

    results: tuple[Var, ...]
    name: str
    args: tuple[Atom, ...]
    attrs: tuple[tuple[str, Any], ...] = ()
    span: Span | None = None

    @property
    def result(self) -> Var:
        (result,) = self.results
        return result

    def attr(self, key: str, default: Any = None) -> Any:
        return dict(self.attrs).get(key, default)


@dataclass(frozen=True, eq=False)
class If:
    results: tuple[Var, ...]
    cond: Atom
    then: Block
    orelse: Block
    span: Span | None = None


@dataclass(frozen=True, eq=False)
class For:
    """`for index in range(start, stop, step)`. `params` take `inits` at first, then what the body yields.

    `mirror` is a token that a loop of a forward sweep shares with the loop that runs its iterations backwards. `slots` says
    that an adjoint is to keep what the loop carries at checkpoints only, and at how many at most (`transforms.checkpoints`).
    """

    results: tuple[Var, ...]
    index: Var
    start: Atom
    stop: Atom
    step: Atom
    params: tuple[Var, ...]
    inits: tuple[Operand, ...]
    body: Block
    exits: bool = False
    span: Span | None = None
    mirror: object = None
    slots: Atom | None = None


@dataclass(frozen=True, eq=False)
class While:
    """`while cond: body`. Both blocks see `params`; `cond` has no effects and computes nothing differentiable."""

    results: tuple[Var, ...]
    params: tuple[Var, ...]
    inits: tuple[Operand, ...]
    cond: Block
    body: Block
    exits: bool = False
    span: Span | None = None


Loop = For | While
Stmt = Op | If | For | While

# --- whole functions ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Tree:
    """A tuple (or namedtuple, when `cls` is given) of trees; leaves are Vars (parameters), ints (results) or Static."""

    items: tuple[Any, ...]
    cls: Any = None


@dataclass(frozen=True, eq=False)
class Static:
    """A parameter or result that is known at compile time: None, a function, a string."""

    value: Any


class Required:
    """The default of a parameter that must be given although it stands after one with a default."""

    def __call__(self) -> None:
        """Callable, since that is what Numba's types carry as it is."""

    def __repr__(self) -> str:
        return "..."


REQUIRED = Required()


def leaves(tree: Any) -> list[Any]:
    """The leaves of a tree from left to right, Statics left out."""
    if isinstance(tree, Tree):
        return [leaf for item in tree.items for leaf in leaves(item)]
    return [] if isinstance(tree, Static) else [tree]


def map_tree(fn: Callable[[Any], Any], tree: Any) -> Any:
    if isinstance(tree, Tree):
        return Tree(tuple(map_tree(fn, item) for item in tree.items), tree.cls)
    return tree if isinstance(tree, Static) else fn(tree)


@dataclass(frozen=True, eq=False)
class Param:
    """A parameter as the caller sees it: `tree` is a Var, or a Tree of Vars for a tuple, or a Static.

    In the trace of a function that is defined inside another one, the variables of that one which it reads are parameters
    too, constants to every derivative. `outer` is then the variable, and `tree` the Var that stands for it.
    """

    name: str
    tree: Any
    outer: Var | None = None


@dataclass(frozen=True, eq=False)
class Trace:
    """A function. `returns` nests the indices of `body.yields` (and Statics) as the user's result is nested.

    `functions` are the traces that `call` ops name: recursive functions, which cannot be inlined, and functions without
    Python source, of which only the types are known: `foreign` is then the function for Numba to call. `comments` stand
    before the statement with that position in `body.stmts`.
    """

    name: str
    params: tuple[Param, ...]
    body: Block
    returns: Any
    functions: tuple[Trace, ...] = ()
    comments: tuple[tuple[int, str], ...] = ()
    doc: str = ""
    span: Span | None = None
    foreign: Any = None

    @property
    def inputs(self) -> list[Var]:
        return [leaf for param in self.params for leaf in leaves(param.tree)]


# --- reading a trace ------------------------------------------------------------------------------------------------


def blocks_of(stmt: Stmt) -> tuple[Block, ...]:
    if type(stmt) is Op:  # as most are
        return ()
    match stmt:
        case If():
            return (stmt.then, stmt.orelse)
        case For():
            return (stmt.body,)
        case While():
            return (stmt.cond, stmt.body)
    return ()


def operands(stmt: Stmt) -> tuple[Operand, ...]:
    """What the statement itself reads, its blocks' contents left out."""
    if isinstance(stmt, Op):
        return stmt.args
    match stmt:
        case If():
            return (stmt.cond,)
        case For():
            return (stmt.start, stmt.stop, stmt.step, *_given(stmt.slots), *stmt.inits)
        case While():
            return stmt.inits


def _given(operand: Atom | None) -> tuple[Atom, ...]:
    return () if operand is None else (operand,)


def binds(stmt: Stmt) -> tuple[Var, ...]:
    """The Vars that the statement defines inside its blocks: a loop's params and index."""
    match stmt:
        case For():
            return (stmt.index, *stmt.params)
        case While():
            return stmt.params
    return ()


def walk(block: Block) -> Iterator[Stmt]:
    """Every statement, outer before inner, in program order."""
    for stmt in block.stmts:
        yield stmt
        if type(stmt) is not Op:
            for inner in blocks_of(stmt):
                yield from walk(inner)


def uses(block: Block) -> Iterator[Var]:
    """Every read of a Var in the block, inner blocks and yields included, once per read."""
    for stmt in block.stmts:
        for arg in operands(stmt):
            if type(arg) is Var:
                yield arg
        if type(stmt) is not Op:
            for inner in blocks_of(stmt):
                yield from uses(inner)
    for arg in block.yields:
        if type(arg) is Var:
            yield arg


def definitions(block: Block) -> Iterator[Var]:
    for stmt in walk(block):
        yield from stmt.results
        yield from binds(stmt)


def free(block: Block) -> list[Var]:
    """The Vars that the block reads and does not define, in order of first use."""
    own = set(definitions(block))
    return list(dict.fromkeys(var for var in uses(block) if var not in own))


# --- rebuilding a trace ---------------------------------------------------------------------------------------------

#: What stands for a Var, or for the token of a loop that is mirrored.
Env = dict[Any, Any]


def subst(env: Env, operand: Any) -> Any:
    return env.get(operand, operand) if isinstance(operand, Var) else operand


def with_blocks(stmt: Stmt, blocks: Iterable[Block]) -> Stmt:
    """The statement with other blocks, in the order of `blocks_of`."""
    match stmt:
        case If():
            then, orelse = blocks
            return replace(stmt, then=then, orelse=orelse)
        case For():
            (body,) = blocks
            return replace(stmt, body=body)
        case While():
            cond, body = blocks
            return replace(stmt, cond=cond, body=body)
    return stmt


def rewrite(stmt: Stmt, env: Env) -> Stmt:
    """The statement with its own operands substituted (not inside its blocks)."""

    match stmt:
        case Op(args=args):
            changes = any(type(arg) is Var and arg in env for arg in args)
            return replace(stmt, args=_substituted(env, args)) if changes else stmt
        case If():
            return replace(stmt, cond=subst(env, stmt.cond))
        case For():
            start, stop, step = _substituted(env, (stmt.start, stmt.stop, stmt.step))
            inits, slots = _substituted(env, stmt.inits), subst(env, stmt.slots)
            return replace(stmt, start=start, stop=stop, step=step, slots=slots, inits=inits)
        case While():
            return replace(stmt, inits=_substituted(env, stmt.inits))


def _substituted(env: Env, operands: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple([env.get(operand, operand) if type(operand) is Var else operand for operand in operands])


def substitute(block: Block, env: Env) -> Block:
    """The block with Vars replaced by other operands throughout; definitions stay the same objects."""
    if not env:
        return block
    stmts = tuple(
        with_blocks(rewrite(stmt, env), [substitute(inner, env) for inner in blocks_of(stmt)]) for stmt in block.stmts
    )
    return Block(stmts, tuple(subst(env, operand) for operand in block.yields))


def clone(block: Block, env: Env) -> Block:
    """A copy of the block with fresh Vars for everything it defines. `env` maps old Vars to new operands and is extended.

    Loops that mirror each other in the block do so in the copy, and none outside of it."""

    def fresh(var: Var) -> Var:
        env[var] = new = var.like()
        return new

    stmts: list[Stmt] = []
    for stmt in block.stmts:
        new = rewrite(stmt, env)
        match new:
            case For():
                mirror = None if new.mirror is None else env.setdefault(new.mirror, object())
                new = replace(new, index=fresh(new.index), params=tuple(map(fresh, new.params)), mirror=mirror)
            case While():
                new = replace(new, params=tuple(map(fresh, new.params)))
        new = with_blocks(new, [clone(inner, env) for inner in blocks_of(stmt)])
        stmts.append(replace(new, results=tuple(map(fresh, new.results))))
    return Block(tuple(stmts), tuple(subst(env, operand) for operand in block.yields))


# --- building a trace -----------------------------------------------------------------------------------------------


@dataclass
class Builder:
    """Collects the statements of one block. `op` finds the result's type by `srcad.ops.result_type`. `check` is told of every
    op before it is appended, and may append others."""

    stmts: list[Stmt] = field(default_factory=list)
    span: Span | None = None
    check: Callable[[str, tuple[Atom, ...], dict[str, Any]], None] | None = None

    def op(self, name: str, *args: Atom, hint: str = "", span: Span | None = None, **attrs: Any) -> Var:
        """Append an op with one result, and give the result."""
        from srcad.ops import result_type

        span = span or self.span
        type = result_type(name, args, attrs)
        if self.check is not None:
            self.check(name, args, attrs)
        assert type is not None, f"{name} has no result: use effect()"
        result = Var(hint, type, span)
        self.stmts.append(Op((result,), name, args, tuple(attrs.items()), span))
        return result

    def several(self, name: str, *args: Atom, span: Span | None = None, **attrs: Any) -> tuple[Var, ...]:
        """Append an op with several results, and give these."""
        from srcad.ops import result_types

        span = span or self.span
        results = tuple(Var("", type, span) for type in result_types(name, args, attrs))
        self.stmts.append(Op(results, name, args, tuple(attrs.items()), span))
        return results

    def effect(self, name: str, *args: Atom, span: Span | None = None, **attrs: Any) -> None:
        """Append an op that has no result."""
        if self.check is not None:
            self.check(name, args, attrs)
        self.stmts.append(Op((), name, args, tuple(attrs.items()), span or self.span))

    def add(self, stmt: Stmt) -> None:
        self.stmts.append(stmt)

    def block(self, *yields: Operand) -> Block:
        return Block(tuple(self.stmts), yields)


# --- printing and checking ------------------------------------------------------------------------------------------


def show(trace: Trace) -> str:
    """The trace as text, one statement a line, for people and for tests."""
    names: dict[Var, str] = {}
    taken: dict[str, int] = {}

    def name(operand: Any) -> str:
        if isinstance(operand, int):
            return name(trace.body.yields[operand])
        if not isinstance(operand, Var):
            return repr(operand)
        if operand not in names:
            base = operand.hint or "v"
            count = taken[base] = taken.get(base, 0) + 1
            names[operand] = f"%{base}" if count == 1 and operand.hint else f"%{base}.{count}"
        return names[operand]

    def list_(operands: Iterable[Any]) -> str:
        return ", ".join(map(name, operands))

    def tree_text(tree: Any) -> str:
        if isinstance(tree, Tree):
            return f"({', '.join(map(tree_text, tree.items))})"
        return repr(tree.value) if isinstance(tree, Static) else name(tree)

    def threaded(stmt: Loop) -> str:
        return ", ".join(f"{name(p)}: {p.type} = {name(i)}" for p, i in zip(stmt.params, stmt.inits, strict=True))

    lines: list[str] = []

    def block(body: Block, depth: int) -> None:
        for stmt in body.stmts:
            pad = "    " * depth
            left = ", ".join(f"{name(r)}: {r.type}" for r in stmt.results)
            left = f"{left} = " if left else ""
            match stmt:
                case Op():
                    attrs = "".join(f" {key}={value!r}" for key, value in stmt.attrs)
                    lines.append(f"{pad}{left}{stmt.name}({list_(stmt.args)}){attrs}")
                case If():
                    lines.append(f"{pad}{left}if {name(stmt.cond)}:")
                    block(stmt.then, depth + 1)
                    lines.append(f"{pad}else:")
                    block(stmt.orelse, depth + 1)
                case For():
                    exits = " exits" if stmt.exits else ""
                    bounds = list_((stmt.start, stmt.stop, stmt.step))
                    exits += "" if stmt.slots is None else f" slots {name(stmt.slots)}"
                    lines.append(
                        f"{pad}{left}for {name(stmt.index)} in range({bounds}) carrying ({threaded(stmt)}){exits}:"
                    )
                    block(stmt.body, depth + 1)
                case While():
                    exits = " exits" if stmt.exits else ""
                    lines.append(f"{pad}{left}while carrying ({threaded(stmt)}){exits}:")
                    block(stmt.cond, depth + 1)
                    lines.append(f"{pad}do:")
                    block(stmt.body, depth + 1)
        lines.append(f"{'    ' * depth}yield {list_(body.yields)}".rstrip())

    params = ", ".join(f"{p.name}: {tree_text(p.tree)}" for p in trace.params)
    lines.append(f"trace {trace.name}({params}):")
    block(trace.body, 1)
    lines.append(f"    returns {tree_text(trace.returns)}")
    return "\n\n".join(["\n".join(lines), *map(show, trace.functions)])


def verify(trace: Trace) -> Trace:
    """Check that every Var is defined once and before its uses, that yields fit what takes them, and that types agree.

    Returns the trace, so that it can stand inside a pipeline. Raises AssertionError, which means a bug in srcad.
    """
    defined: set[Var] = set()

    def fail(message: str) -> None:
        raise AssertionError(f"{message} in trace\n{show(trace)}")

    def define(var: Var) -> None:
        if var in defined:
            fail(f"{var} is defined twice")
        defined.add(var)
        scope.add(var)

    def read(operands: Iterable[Any]) -> None:
        for operand in operands:
            if type(operand) is Var and operand not in scope:
                fail(f"{operand} is not defined where it is read")

    def fits(yields: tuple[Operand, ...], takers: tuple[Var, ...], what: str) -> None:
        if len(yields) != len(takers):
            fail(f"{what}: {len(yields)} yields for {len(takers)} values")
        for given, taker in zip(yields, takers, strict=True):
            weak = isinstance(given, Const) and given.weak
            if not weak and not compatible(given.type, taker.type):
                fail(f"{what}: {given} has type {given.type} where {taker} has {taker.type}")

    def check(block: Block) -> None:
        """Leaves `scope` as it was: what the block defines is not seen outside of it."""
        own: list[Var] = []
        for stmt in block.stmts:
            read(operands(stmt))
            match stmt:
                case If():
                    for branch in blocks_of(stmt):
                        check(branch)
                        fits(branch.yields, stmt.results, "if")
                case For() | While():
                    for var in binds(stmt):
                        define(var)
                    fits(stmt.inits, stmt.params, "loop inits")
                    fits(stmt.results, stmt.params, "loop results")
                    if isinstance(stmt, While):
                        check(stmt.cond)
                        fits(stmt.cond.yields, (Var("", BOOL),), "while condition")
                    check(stmt.body)
                    fits(stmt.body.yields[1:] if stmt.exits else stmt.body.yields, stmt.params, "loop body")
                    scope.difference_update(binds(stmt))
            for var in stmt.results:
                define(var)
                own.append(var)
        read(block.yields)
        scope.difference_update(own)

    scope: set[Var] = set()
    for var in trace.inputs:
        define(var)
    check(trace.body)
    if not all(isinstance(i, int) and 0 <= i < len(trace.body.yields) for i in leaves(trace.returns)):
        fail("the result names a yield that does not exist")
    for function in trace.functions:
        verify(function)
    return trace


def compatible(given: Type, taker: Type) -> bool:
    """Whether a value of one type may stand where the other is declared: an "A" layout takes any."""
    if isinstance(given, Array) and isinstance(taker, Array):
        return (given.dtype, given.ndim) == (taker.dtype, taker.ndim) and taker.layout in ("A", given.layout)
    return given == taker

"""What is known of every axis of every array, and of every int, without running anything."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from srcad.ir import INT, Array, Atom, Block, Const, For, If, Op, Operand, Scalar, Stmt, Trace, Undef, Var, While
from srcad.ops import ELEMENTWISE
from srcad.transforms.symbolic import ONE, Affine, Dim, Size, Sizes, Term, Unknown, join, max0, unknown


@dataclass(frozen=True)
class Cut:
    """What a view does to an axis that it keeps: `source` is the axis it comes from (None: a new one), `offset` where it
    starts in it (None: not known, or elements are skipped), `whole` whether it is all of it."""

    source: int | None
    offset: int | None
    size: Size
    whole: bool = False


class Shapes:
    """The sizes of all arrays and the values of all ints of a trace."""

    def __init__(self, trace: Trace) -> None:
        self._inputs = trace.inputs
        #: What `check_sizes` has found out about the sizes of arguments, before all else.
        self._checked: dict[Unknown, Affine] = {}
        checks = [k for k, s in enumerate(trace.body.stmts) if isinstance(s, Op) and s.name == "check_sizes"]
        if checks:
            self._walk(Block(), *trace.body.stmts[: checks[-1] + 1])
        self._walk(trace.body)

    def _walk(self, body: Block, *head: Stmt) -> None:
        self._sizes: dict[Var, Sizes] = {}
        self._values: dict[Var, Affine] = {}
        self._exact: dict[tuple[Var, int], Affine] = {}
        self._cuts: dict[Term, dict[Var, int]] = {}
        #: The sizes of all arrays on a tape; None where they differ, nothing before there are any.
        self._taped: dict[Operand, Sizes | None] = {}
        self._tapes: set[Operand] = set()
        for var in self._inputs:
            if isinstance(var.type, Array) and var.type.sizes is not None:
                self._sizes[var] = tuple(Size.of(Affine(n)) for n in var.type.sizes)
        for stmt in head:
            self._stmt(stmt)
            if isinstance(stmt, Op) and stmt.name == "check_sizes":
                self._check(stmt)
        self._block(body)

    def of(self, operand: Operand) -> Sizes:
        """The sizes of an array's axes; none for a scalar."""
        if not isinstance(operand.type, Array):
            return ()
        if isinstance(operand, Const):
            return tuple(Size.of(Affine(n)) for n in operand.value.shape)
        assert isinstance(operand, Var)
        known = self._sizes.get(operand)
        return known if known is not None else self._own(operand)

    def value(self, operand: Operand) -> Affine:
        """What is known of an int."""
        if isinstance(operand, Const):
            return Affine(int(operand.value))
        assert isinstance(operand, Var)
        return self._values.get(operand) or self._outside(operand)

    def set(self, var: Var, sizes: Sizes) -> None:
        self._sizes[var] = sizes

    def _own(self, var: Var) -> Sizes:
        assert isinstance(var.type, Array)
        return tuple(Size.of(self._outside(Dim(var, k))) for k in range(var.type.ndim))

    def _outside(self, u: Unknown) -> Affine:
        return self._checked.get(u) or unknown(u)

    def _check(self, op: Op) -> None:
        """Take note that a size is another one, plus a number."""
        late, known = (
            self.value(a) if axis is None else self.of(a)[axis].affine
            for a, axis in zip(op.args, op.attr("axes"), strict=True)
        )
        if late.lone is not None:
            self._checked[late.lone] = known.plus(Affine(op.attr("more")))

    # --- one walk, in program order ------------------------------------------------------------------------------------------

    def _block(self, block: Block) -> None:
        for stmt in block.stmts:
            self._stmt(stmt)

    def _stmt(self, stmt: Stmt) -> None:
        match stmt:
            case Op():
                self.op(stmt)
            case If():
                self._block(stmt.then)
                self._block(stmt.orelse)
                for var, a, b in zip(stmt.results, stmt.then.yields, stmt.orelse.yields, strict=True):
                    self._merge(var, self._agree(var, a, b))
            case For() | While():
                self._loop(stmt)

    def _loop(self, loop: For | While) -> None:
        """Take each param for as large as its init, until the body agrees."""
        for param, init in zip(loop.params, loop.inits, strict=True):
            self._merge(param, None if isinstance(init, Undef) else self.of(init))
        while True:
            if isinstance(loop, While):
                self._block(loop.cond)
            self._block(loop.body)
            yields = loop.body.yields[1:] if loop.exits else loop.body.yields
            before = [self.of(param) for param in loop.params]
            after = [self._agree(param, param, given) for param, given in zip(loop.params, yields, strict=True)]
            for param, sizes in zip(loop.params, after, strict=True):
                self._merge(param, sizes)
            if before == [self.of(param) for param in loop.params]:
                break
        for var, param in zip(loop.results, loop.params, strict=True):
            if isinstance(param.type, Array):
                inside = zip(self.of(param), self._own(param), self._own(var), strict=True)
                self._sizes[var] = tuple(mine if n == theirs else n for n, theirs, mine in inside)

    def _agree(self, var: Var, a: Operand, b: Operand) -> Sizes | None:
        """The sizes that both operands have; those of `var` itself where they differ."""
        if not isinstance(var.type, Array) or isinstance(a, Undef) or isinstance(b, Undef):
            return None
        return tuple(x if x == y else own for x, y, own in zip(self.of(a), self.of(b), self._own(var), strict=True))

    def _merge(self, var: Var, sizes: Sizes | None) -> None:
        if isinstance(var.type, Array):
            self._sizes[var] = self._own(var) if sizes is None else sizes

    # --- ops -----------------------------------------------------------------------------------------------------------------

    def op(self, op: Op) -> None:
        """Take note of what an op gives."""
        if op.name == "list" and op.attr("tape"):
            self._tapes.update(op.results)
        elif op.name == "append" and op.args[0] in self._tapes:
            self._tape(op.args[0], self.of(op.args[1]))
        if not op.results:
            return
        if op.name in ("eigh", "eig"):
            n = self.of(op.args[0])[:1]
            self._sizes.update(zip(op.results, (n, n * 2), strict=True))
            return
        var = op.results[0]
        if isinstance(var.type, Array):
            sizes = self._shape(op)
            if sizes is not None:
                self._sizes[var] = sizes
            if op.name == "alloc":
                self._exact.update({(var, k): self.value(n) for k, n in enumerate(op.args)})
        elif var.type == INT and (value := self._int(op)) is not None:
            self._values[var] = value

    def _tape(self, tape: Operand, sizes: Sizes) -> None:
        """Take note of what goes onto a tape. What is as large as arguments are is so whenever it comes back."""
        unknowns = [u for size in sizes for part in size.parts for u, _ in part.terms]
        lasting = all((u.array if isinstance(u, Dim) else u) in self._inputs for u in unknowns)
        self._taped[tape] = sizes if lasting and self._taped.get(tape, sizes) == sizes else None

    def _shape(self, op: Op) -> Sizes | None:
        if op.name in ELEMENTWISE:
            return join(self.of(a) for a in op.args)
        match op.name, op.args:
            case "alloc", dims:
                return self._made(dims)
            case (("reshape" | "expand"), (_, *dims)):
                return self._made(dims)
            case "array", _:
                return tuple(Size.of(Affine(n)) for n in op.attr("shape"))
            case (("copy" | "stop_gradient" | "inv" | "argsort" | "cholesky" | "expm" | "sqrtm" | "logm"), (a,)):
                return self.of(a)
            case (("cofactors" | "cofactors_along" | "tril" | "fft" | "ifft" | "dct" | "dst"), (a, *_)):
                return self.of(a)
            case "pop", (tape,):
                return self._taped.get(tape)
            case "ends", (n,):
                return self._made((n,))
            case "irfft", (z, n):
                (axis,) = op.attr("axes")
                return tuple(own if k != axis else Size.of(self.value(n)) for k, own in enumerate(self.of(z)))
            case "inverse_gaps", (w,):
                return self.of(w) * 2
            case "swap_rows", (a, _):
                return self.of(a)
            case "sylvester", (_, _, q):
                return self.of(q)
            case "lu_solve", (_, _, _, a):
                return self.of(a)
            case (("reduce_like" | "solve" | "solve_triangular"), (_, a)):
                return self.of(a)
            case "transpose", (a,):
                return tuple(self.of(a)[k] for k in op.attr("axes"))
            case "view", _:
                return tuple(cut.size for cut in self.cuts(op))
            case (("sum" | "mean" | "prod" | "max" | "min"), (a,)):
                sizes, axes = self.of(a), reduced_axes(op)
                if op.attr("keepdims"):
                    return tuple(ONE if k in axes else n for k, n in enumerate(sizes))
                return tuple(n for k, n in enumerate(sizes) if k not in axes)
            case "dot", (a, b):
                left, right = self.of(a), self.of(b)
                return left[:-1] + (right[:-2] + right[-1:] if len(right) > 1 else ())
        return None

    def _made(self, dims: Iterable[Atom]) -> Sizes:
        return tuple(Size.of(self.value(n)) for n in dims)

    def _int(self, op: Op) -> Affine | None:
        axis: int = op.attr("axis", 0)
        match op.name, op.args:
            case "dim", (Var() as var,):
                return self._exact.get((var, axis)) or max0(self.of(var)[axis].affine)
            case "dim", (array,):
                return self.of(array)[axis].affine
            case "broadcast_dim", (n, m):
                return Size.of(self.value(n)).join(Size.of(self.value(m))).affine
        if not all(isinstance(a.type, Scalar) and a.type.dtype == "int64" for a in op.args):
            return None
        return _arithmetic(op.name, [self.value(a) for a in op.args])

    # --- views ---------------------------------------------------------------------------------------------------------------

    def cuts(self, op: Op) -> list[Cut]:
        """The axes of a view, one by one."""
        base, rest = op.args[0], iter(op.args[1:])
        sizes = self.of(base)
        cuts: list[Cut] = []
        axis = 0
        for letter in op.attr("spec"):
            if letter == "n":
                cuts.append(Cut(None, 0, ONE))
                continue
            if letter == "i":
                next(rest)
            else:
                bounds = (next(rest), next(rest), next(rest))
                known = self._slice(axis, sizes[axis], bounds)
                cuts.append(known or Cut(axis, None, self._cut(op, len(cuts), sizes[axis], bounds)))
            axis += 1
        return cuts + [Cut(k, 0, sizes[k], True) for k in range(axis, len(sizes))]

    def _slice(self, axis: int, size: Size, bounds: tuple[Atom, Atom, Atom]) -> Cut | None:
        """A slice that starts at a known place and ends at the end or a known distance before it."""
        start, stop, step = bounds
        n = size.affine
        literal = [b.value for b in bounds if isinstance(b, Const)]
        if len(literal) == 3 and not n.terms:
            low, high, stride = slice(*literal).indices(n.constant)
            count = len(range(low, high, stride))
            return Cut(
                axis, low if stride == 1 else None, Size.of(Affine(count)), (low, stride, count) == (0, 1, n.constant)
            )
        if not (isinstance(step, Const) and step.value in (None, 1) and isinstance(start, Const)):
            return None
        offset = start.value or 0
        if offset < 0:
            return None
        if isinstance(stop, Const):
            short = 0 if stop.value is None else -stop.value if stop.value < 0 else None
        else:
            short = self._short(n, self.value(stop), offset)
        if short is None:
            return None
        return Cut(axis, offset, Size.of(n.plus(Affine(offset + short), -1)), offset == short == 0)

    def _cut(self, op: Op, axis: int, size: Size, bounds: tuple[Atom, Atom, Atom]) -> Size:
        """The size of a slice of which no more is known than that equal bounds cut as much from axes of equal size."""
        own = unknown(Dim(op.result, axis))
        start, stop, step = bounds
        if isinstance(step, Const) and step.value in (None, 1):
            n = size.affine
            first = Affine(0) if start == Const(None, INT) else self.value(start)
            cut = Term("cut", (n, first, n if stop == Const(None, INT) else self.value(stop)))
            self._cuts.setdefault(cut, {})[op.result] = axis
            own = unknown(cut)
        return Size((own,))

    def views(self, cut: Term) -> Iterable[tuple[Var, int]]:
        """Views with an axis of this size."""
        return self._cuts.get(cut, {}).items()

    def _short(self, n: Affine, stop: Affine, offset: int) -> int | None:
        """How far before the end a computed stop lies. Where it may fall below zero it counts from the end again; that makes
        no difference if the slice is empty then, too."""
        gap = n.plus(stop, -1)
        return gap.constant if not gap.terms and 0 <= gap.constant <= offset + 2 else None


def reduced_axes(op: Op) -> tuple[int, ...]:
    """The axes over which a reduction goes."""
    axis = op.attr("axis")
    assert isinstance(op.args[0].type, Array)
    return tuple(range(op.args[0].type.ndim)) if axis is None else tuple(axis)


def _arithmetic(name: str, values: list[Affine]) -> Affine | None:
    """An op on sizes as a size; None for an op that is none."""
    match name, values:
        case "add", [a, b]:
            return a.plus(b)
        case "sub", [a, b]:
            return a.plus(b, -1)
        case "neg", [a]:
            return a.times(-1)
        case "cast", [a]:
            return a
        case "maximum", [a, Affine(constant=0, terms=())]:
            return max0(a)
        case "mul", [a, b] if not a.terms or not b.terms:
            return b.times(a.constant) if not a.terms else a.times(b.constant)
        case "trips", [Affine(constant=0, terms=()), n, Affine(constant=1, terms=())]:
            return max0(n)
        case (("mul" | "floordiv" | "trips"), _):
            return unknown(Term(name, tuple(values)))
    return None

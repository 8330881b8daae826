"""Calls of functions with rules of their own: one op, whose rules are lowered when a derivative asks for them.

The function and its rules become traces of their own (`srcad.primitive`), for these arguments: numbers and arrays that are
computed are their inputs, the rest, such as functions and literals, is built in. What a function among the arguments reads of the
functions around it is an input too, to which the rules are blind, as in JAX.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from srcad import reads
from srcad.errors import SrcadError, TypeInferenceError
from srcad.ir import Array, Block, Const, Op, Param, Scalar, Trace, Tree, Type, Var, is_float
from srcad.lower.capture import captured, map_atoms, moved
from srcad.lower.entry import span_of, trace_of
from srcad.lower.function import Lowering, Session
from srcad.lower.known import NONE, describe, is_none
from srcad.lower.structure import atoms_of, value_of
from srcad.lower.values import Func, Obj, Seq, Tup, Value
from srcad.primitive import Primitive, Reverse


def call_custom(ctx: Lowering, function: Any, args: Sequence[Value], kwargs: Mapping[str, Value]) -> Value:
    """A call of what `srcad.custom_vjp` or `srcad.custom_jvp` made."""
    if ctx.guarded:
        ctx.refuse(
            f"'{function.__name__}', which has a rule, is called where exceptions are caught",
            "call it outside of the `try`",
        )
    rules = _Rules(ctx, function, _bound(ctx, function, args, kwargs))
    primal, y = rules.primal()
    given = {kind: functools.cache(getattr(rules, kind)) for kind in function.rules}
    primitive = Primitive(function.__name__, primal, rules.varies, **given, span=ctx.span)
    results = tuple(Var("", atom.type, ctx.span) for atom in primal.body.yields)
    ctx.b.add(Op(results, "custom", tuple(rules.inputs), (("primitive", primitive),), ctx.span))
    return _rebuilt(y, iter(results))


@dataclass
class Script:
    """What is done with the inputs of a trace: to be called as a function is, in the lowering of that trace."""

    session: Session  #: of the lowering that this is part of
    stack: tuple[object, ...]
    run: Callable[[Lowering, Sequence[Value]], Value]


class _Rules:
    """The traces of a function and of its rules, for the arguments of one call."""

    def __init__(self, ctx: Lowering, function: Any, values: Sequence[Value]) -> None:
        self.ctx, self.function, self.site = ctx, function, ctx.span
        self.around = captured(values)
        self.values = values
        self.names = _names(function, len(values))
        self.constant = [k in function.nondiff for k in range(len(values))]
        own = [(v, c) for value, c in zip(values, self.constant, strict=True) for v in _variables(value)]
        outer = [(v, True) for value in self.around.values() for v in _variables(value)]
        self.inputs = [v for v, _ in (*own, *outer)]
        self.varies = tuple(not constant and is_float(v.type) for v, constant in (*own, *outer))
        self.y: Value = NONE
        self.residuals: Value = NONE

    # --- the function and its rules ---------------------------------------------------------------------------------

    def primal(self) -> tuple[Trace, Value]:
        """The function, and what it returns."""
        from srcad.lower.calls import call_plain

        key = (self.function, *(v.type for v in self.inputs))
        if key in self.ctx.stack:
            self.ctx.refuse(f"'{self.function.__name__}' has a rule of its own and calls itself", "write a loop")

        def run(ctx: Lowering, given: Iterator[Value]) -> Sequence[Value]:
            self.y = call_plain(ctx, Obj(self.function.fn), self._arguments(given), {})
            if any(isinstance(v, Func) for v in _nested(self.y)):
                self._fail(self.function.fn, f"'{self.function.__name__}' returns a function")
            return atoms_of(self.y)

        try:
            return self._trace(self.function.fn, [v.type for v in self.inputs], run, key), self.y
        except SrcadError:
            foreign = self._foreign()
            if foreign is None:
                raise
            return foreign, self.y

    def _foreign(self) -> Trace | None:
        """The function as one that only Numba knows, if it takes and gives numbers and arrays."""
        atoms = [value for value in self.values if isinstance(value, Var | Const)]
        if len(atoms) < len(self.values):
            return None
        inputs = [v.like() for v in self.inputs]
        given = iter(inputs)
        args = [next(given) if isinstance(v, Var) else v for v in atoms]
        callee: Trace | None = self.function.foreign([arg.type for arg in args])
        if callee is None:
            return None
        results = tuple(Var("", y.type) for y in callee.body.yields)
        attrs = (("callee", callee.name), ("results", tuple(r.type for r in results)))
        body = Block((Op(results, "call", tuple(args), attrs, self.site),), results)
        self.y = value_of(callee.returns, results)
        params = tuple(Param(v.hint or "x", v) for v in inputs)
        return Trace(self.function.__name__, params, body, Tree(tuple(range(len(results)))), (callee,))

    def vjp(self) -> Reverse:
        fwd, bwd = self.function.rules["vjp"]
        name = self.function.__name__

        def run_forward(ctx: Lowering, given: Iterator[Value]) -> Sequence[Value]:
            pair = ctx.call(Obj(fwd), self._arguments(given), {})
            if not isinstance(pair, Tup | Seq) or len(pair.items) != 2:
                self._fail(fwd, f"fwd of '{name}' must return (y, residuals), not {describe(pair)}")
            y, self.residuals = pair.items
            return [*self._results(fwd, y), *atoms_of(self.residuals)]

        forward = self._trace(fwd, [v.type for v in self.inputs], run_forward)
        kept = list(map(_type_of, forward.body.yields[len(atoms_of(self.y)) :]))
        seeds = [_dense(atom.type) for atom in atoms_of(self.y) if is_float(atom.type)]

        def run_backward(ctx: Lowering, given: Iterator[Value]) -> Sequence[Value]:
            values = self._arguments(given)
            residuals = _rebuilt(self.residuals, given)
            y_bar = _rebuilt(_seed_of(self.y), given)
            constants = [v for v, constant in zip(values, self.constant, strict=True) if constant]
            bars = ctx.call(Obj(bwd), [*constants, residuals, y_bar], {})
            wanted = [(n, v) for n, v, constant in zip(self.names, values, self.constant, strict=True) if not constant]
            if not isinstance(bars, Tup | Seq) or len(bars.items) != len(wanted):
                reason = f"bwd of '{name}' must return a tuple of an x_bar for each of {len(wanted)} arguments"
                self._fail(bwd, f"{reason}, not {describe(bars)}")
            found = [self._derivative(ctx, bwd, v, bar, n) for (n, v), bar in zip(wanted, bars.items, strict=True)]
            of_wanted = iter(found)
            fixed = [
                next(of_wanted) if not c else [NONE] * len(_variables(v))
                for v, c in zip(self.values, self.constant, strict=True)
            ]
            outer = len(self.inputs) - sum(map(len, fixed))
            return [*(bar for group in fixed for bar in group), *[NONE] * outer]

        return Reverse(forward, self._trace(bwd, [*(v.type for v in self.inputs), *kept, *seeds], run_backward))

    def jvp(self) -> Trace:
        (rule,) = self.function.rules["jvp"]
        name = self.function.__name__
        dots = [_dense(v.type) for v, varies in zip(self.inputs, self.varies, strict=True) if varies]

        def run(ctx: Lowering, given: Iterator[Value]) -> Sequence[Value]:
            values = self._arguments(given)
            constants = [v for v, constant in zip(values, self.constant, strict=True) if constant]
            primals = tuple(v for v, constant in zip(values, self.constant, strict=True) if not constant)
            tangents = tuple(_dot(ctx, v, given) for v in primals)
            pair = ctx.call(Obj(rule), [*constants, Tup(primals), Tup(tangents)], {})
            if not isinstance(pair, Tup | Seq) or len(pair.items) != 2:
                self._fail(rule, f"the jvp of '{name}' must return (y, y_dot), not {describe(pair)}")
            y, y_dot = pair.items
            found = self._derivative(ctx, rule, y, y_dot, "y", literals=True)
            pairs = zip(atoms_of(y), found, strict=True)
            y_dots = [_zeros(ctx, atom) if is_none(dot) else dot for atom, dot in pairs if is_float(atom.type)]
            return [*self._results(rule, y), *y_dots]

        return self._trace(rule, [*(v.type for v in self.inputs), *dots], run)

    # --- the pieces -------------------------------------------------------------------------------------------------

    def _trace(
        self,
        fn: Any,
        types: Sequence[Type],
        run: Callable[[Lowering, Iterator[Value]], Sequence[Value]],
        key: object = None,
    ) -> Trace:
        """The flat trace of what `run` does with inputs of these types."""
        stack = self.ctx.stack if key is None else (*self.ctx.stack, key)
        script = Script(self.ctx.session, stack, lambda ctx, given: Tup(tuple(run(ctx, iter(given)))))
        hints = [v.hint or "x" for v in self.inputs] + ["x"] * (len(types) - len(self.inputs))
        parameters = [inspect.Parameter(hint, inspect.Parameter.POSITIONAL_ONLY) for hint in hints]
        try:
            return trace_of(Obj(script), parameters, types, _plain(fn).__name__, span_of(_plain(fn)), outer=script)
        except SrcadError as error:
            if self.site is not None and error.span is not self.site:
                error.callers.append(self.site)
            raise

    def _arguments(self, given: Iterator[Value]) -> list[Value]:
        """The arguments of the call, made of other variables."""
        values = [_rebuilt(value, given, variables=True) for value in self.values]
        around = {key: _rebuilt(value, given, variables=True) for key, value in self.around.items()}
        own, _ = moved(around)
        return [own(value) for value in values]

    def _results(self, fn: Any, y: Value) -> list[Any]:
        """The leaves of the y of a rule, which must be like that of the function."""
        if _outline(y) != _outline(self.y):
            wanted, found = _text(self.y), _text(y)
            self._fail(fn, f"the rule must give a y as '{self.function.__name__}' gives it, {wanted}, not {found}")
        return atoms_of(y)

    def _derivative(
        self, ctx: Lowering, fn: Any, of: Value, given: Value, name: str, literals: bool = False
    ) -> list[Value]:
        """The derivative of each variable in a value, None where there is none; of literals too, if they count."""
        own = atoms_of(of) if literals else _variables(of)
        if is_none(given) or not own:
            return [NONE] * len(own)
        if isinstance(of, Tup | Seq):
            if not isinstance(given, Tup | Seq) or len(given.items) != len(of.items):
                self._fail(fn, f"the derivative of '{name}', {_text(of)}, must be nested as it is, not {_text(given)}")
            pairs = zip(of.items, given.items, strict=True)
            return [found for x, bar in pairs for found in self._derivative(ctx, fn, x, bar, name, literals)]
        (x,) = own if isinstance(of, Var | Const) else (None,)
        if x is None or not is_float(x.type):
            return [NONE] * len(own)
        if not isinstance(given, Var | Const) or _axes(given.type) != _axes(x.type) or _is_list(given):
            self._fail(fn, f"the derivative of '{name}', {_text(x)}, must be one such, not {describe(given)}")
        assert isinstance(x.type, Scalar | Array)
        dtype = x.type.dtype
        if given.type.dtype.startswith("complex") and not dtype.startswith("complex"):  # type: ignore[union-attr]
            self._fail(fn, f"the derivative of '{name}', which is real, is complex")
        if given.type.dtype != dtype:  # type: ignore[union-attr]
            given = ctx.b.op("cast", given, dtype=dtype)
        return [given]

    def _fail(self, fn: Any, reason: str) -> NoReturn:
        raise TypeInferenceError(reason, span_of(_plain(fn)))


# --- arguments ----------------------------------------------------------------------------------------------------------


def _bound(ctx: Lowering, function: Any, args: Sequence[Value], kwargs: Mapping[str, Value]) -> list[Value]:
    reads.record_attribute(function, "rules", function.rules)
    signature = function.__signature__
    try:
        bound = signature.bind(*args, **kwargs)
    except TypeError as error:
        ctx.type_error(f"{function.__name__}: {error}")
    values: list[Value] = []
    for name, p in signature.parameters.items():
        if p.kind in (p.VAR_KEYWORD, p.KEYWORD_ONLY):
            ctx.refuse(f"'{function.__name__}' has a rule, and '{name}' by keyword only", "let it be positional too")
        elif p.kind is p.VAR_POSITIONAL:
            values += bound.arguments.get(name, ())
        elif name in bound.arguments:
            values.append(bound.arguments[name])
        else:
            values.append(ctx.session.constants.hold(ctx, p.default, name))
    return values


def _names(function: Any, count: int) -> list[str]:
    found = [p.name for p in function.__signature__.parameters.values()]
    return [*found, *found[-1:] * (count - len(found))][:count]


def _plain(fn: Any) -> Any:
    return getattr(fn, "py_func", fn)


# --- values -------------------------------------------------------------------------------------------------------------


def _variables(value: Value) -> list[Var]:
    return [atom for atom in atoms_of(value) if isinstance(atom, Var)]


def _rebuilt(value: Value, given: Iterator[Any], variables: bool = False) -> Value:
    """The value with what is given in the place of its leaves, or of its variables only."""
    return map_atoms(lambda atom: next(given) if isinstance(atom, Var) or not variables else atom, value)


def _nested(value: Value) -> Iterator[Value]:
    yield value
    for item in getattr(value, "items", ()):
        yield from _nested(item)


def _seed_of(y: Value) -> Value:
    """y as y_bar nests: None for what is no float."""
    return map_atoms(lambda atom: atom if is_float(atom.type) else NONE, y)  # type: ignore[union-attr]


def _dot(ctx: Lowering, primal: Value, given: Iterator[Value]) -> Value:
    """The tangent of a primal: what is given for its variables, zeros for literals, None for what is no float."""

    def leaf(atom: Any) -> Value:
        if not is_float(atom.type):
            return NONE
        return next(given) if isinstance(atom, Var) else _zeros(ctx, atom)

    return map_atoms(leaf, primal)


def _zeros(ctx: Lowering, atom: Var | Const) -> Value:
    if isinstance(atom.type, Array):
        dims = [ctx.b.op("dim", atom, axis=axis) for axis in range(atom.type.ndim)]
        return ctx.b.op("alloc", *dims, fill="zeros", dtype=atom.type.dtype)
    return Const(0.0, atom.type, weak=False)


def _dense(type: Type) -> Type:
    """The type of derivatives, which are laid out row by row."""
    return Array(type.dtype, type.ndim) if isinstance(type, Array) else type


def _type_of(operand: Any) -> Type:
    found: Type = operand.type
    return found


def _outline(value: Value) -> Any:
    """What two results of the same kind have in common: nesting, dtypes, numbers of axes, and the objects in them."""
    match value:
        case Tup() | Seq():
            return (getattr(value, "cls", None), *map(_outline, value.items))
        case Obj(value=thing):
            return thing if isinstance(thing, str) or thing is None else id(thing)
        case Var() | Const() if isinstance(value.type, Scalar | Array):
            return value.type.dtype, _axes(value.type)
    return None


def _text(value: Value) -> str:
    match value:
        case Tup() | Seq():
            return f"({', '.join(map(_text, value.items))})"
        case Var() | Const() if isinstance(value.type, Array):
            return f"{value.type.dtype}[{', '.join(':' * value.type.ndim)}]"
        case Var() | Const():
            return str(value.type)
    return describe(value)


def _axes(type: Type) -> int:
    return type.ndim if isinstance(type, Array) else 0


def _is_list(value: Var | Const) -> bool:
    return not isinstance(value.type, Scalar | Array)

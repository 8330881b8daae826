"""Whose a number is, Python's or NumPy's: the same value, of the same type in compiled code, but Python's raises where it is
divided by zero, and computes with booleans as with integers.

Literals, arguments of the function, what `float`, `int` and math's functions give, and sizes are Python's. Elements of arrays
and what NumPy's functions give are NumPy's, and so is arithmetic with one of those. A function that is called and not
inlined may be given either.
"""

from __future__ import annotations

from collections.abc import Iterable

from srcad.ir import Block, Const, For, If, Op, Operand, Param, Trace, Undef, Var, While, leaves, walk
from srcad.lower.function import Lowering
from srcad.lower.known import FALSE

#: What is whose its arguments are.
FOLLOWING = frozenset(
    """add sub mul div floordiv mod pow neg abs maximum minimum cast where bitand bitor bitxor lshift rshift invert real imag
    conj stop_gradient and or not lt le gt ge eq ne""".split()
)
PYTHON = frozenset({"dim", "trips", "length", "complex", "isnan", "isinf", "isfinite"})


def check_claims(
    ctx: Lowering, params: Iterable[Param], body: Block, functions: Iterable[Trace], nested: bool
) -> dict[Var, Const]:
    """Refuse what was lowered for Python's numbers and may be given NumPy's, or the other way round; give the conditions that
    never hold, since they were meant for the others."""
    claims = ctx.session.claims
    if not claims:
        return {}
    numpy = {*ctx.session.numpys}
    if nested:
        numpy |= {leaf for param in params for leaf in leaves(param.tree)}
    blocks = [body]
    for function in functions:
        blocks.append(function.body)
        numpy |= {*function.inputs}
    while True:
        before = len(numpy)
        for block in blocks:
            _spread(ctx, block, numpy)
        if len(numpy) == before:
            break
    never: dict[Var, Const] = {}
    for claim in claims:
        if any(_is_numpy(atom, numpy) == claim.python for atom in claim.atoms):
            if claim.cond is not None:
                never[claim.cond] = FALSE
                continue
            with ctx.at_span(claim.span):
                ctx.refuse(claim.reason, claim.remedy)
    return never


def _is_numpy(operand: Operand, numpy: set[Var]) -> bool:
    return operand in numpy if isinstance(operand, Var) else isinstance(operand, Const) and not operand.weak


def _spread(ctx: Lowering, block: Block, numpy: set[Var]) -> None:
    def note(var: Var, *operands: Operand) -> None:
        if var not in ctx.session.pythons and any(_is_numpy(o, numpy) for o in operands if not isinstance(o, Undef)):
            numpy.add(var)

    for stmt in walk(block):
        match stmt:
            case Op():
                for result in stmt.results:
                    if stmt.name in FOLLOWING:
                        note(result, *(stmt.args[1:] if stmt.name == "where" else stmt.args))
                    elif stmt.name not in PYTHON and result not in ctx.session.pythons:
                        numpy.add(result)
            case If():
                for result, then, orelse in zip(stmt.results, stmt.then.yields, stmt.orelse.yields, strict=True):
                    note(result, then, orelse)
            case For() | While():
                ends = stmt.body.yields[1:] if stmt.exits else stmt.body.yields
                for result, param, init, end in zip(stmt.results, stmt.params, stmt.inits, ends, strict=True):
                    note(param, init, end)
                    note(result, init, end, param)

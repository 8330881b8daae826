"""The last step: a trace becomes a Python module that a person can read, run and step through.

`srcad.nesting` makes statements of the trace, `srcad.spelling` knows how ops are written, `srcad.naming` decides on variables,
`srcad.finish` puts both together, and `srcad.unparse` prints. Here the functions get a module around them.
"""

from __future__ import annotations

import ast
import keyword
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from srcad.finish import Finisher, walk_statements
from srcad.ir import Array, Block, Const, Op, Operand, Param, Trace, Tree, Var, blocks_of, operands, walk
from srcad.naming import Names, names_in
from srcad.ops import is_spelt
from srcad.spelling import dtype_name, literal, number, raises
from srcad.structure import Structure
from srcad.syntax import call, name, phrase
from srcad.unparse import Comment, unparse

#: Global arrays of more elements are not spelled out: the caller defines them in the module (see `given_globals`).
LARGE = 1000
_RUNTIME = tuple(
    """broadcast_dim check_disjoint check_shape check_sizes checked_add checked_floordiv checked_lshift checked_mod
    checked_mul checked_pow checked_sub cofactors cofactors_along element ends expand inverse_gaps is_invertible
    is_positive_definite multiplicity of_shape polygamma reduce_like spans to_int zeta""".split()
)
_IMPORTS = {
    "math": "import math",
    "namedtuple": "from collections import namedtuple",
    "np": "import numpy as np",
    "scipy": "import scipy.fft",
    "njit": "from numba import njit",
    "matrices": "from srcad import matrices",
    "cuda": "from numba import cuda",
    "room": "from srcad.jit.threads import room",
    "special": "from srcad import special",
    "next_checkpoint": "from srcad.checkpointing import next_checkpoint",
    "vm": "from srcad import vector_math as vm",
    **{helper: f"from srcad.runtime import {helper}" for helper in _RUNTIME},
}
#: Where math's functions are to raise as in Python.
CHECKED = "from srcad import checked_math as math"
_BUILTINS = ("abs", "bool", "complex", "float", "int", "len", "max", "min", "print", "range")


#: What stands over a function of the module: for the CPU, for a thread of a GPU, and for all of them.
NJIT, DEVICE, KERNEL = "njit", "device", "kernel"
_DECORATORS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    NJIT: ("njit", {"error_model": "numpy"}),
    DEVICE: ("cuda.jit", {"device": True}),
    KERNEL: ("cuda.jit", {}),
}


def emit(trace: Trace, *, jit: bool = True, options: Mapping[str, Any] = {}, decorator: str = NJIT) -> str:
    """The trace as the source of a module that defines `trace.name`, compiled by Numba if `jit`.

    `options` go to the decorator. The module imports only what it uses, and runs by itself; but global arrays of more than
    `LARGE` elements, functions that are not Python, and exceptions of the user's own are left for the caller to define.
    """
    return _Module(trace, jit, options, decorator).text()


def given_globals(trace: Trace) -> dict[str, Any]:
    """The arrays, functions and exceptions that `emit` does not spell out, by the names that they must have in the module."""
    module = _Module(trace, True, {})
    arrays = {text: const.value for const, text in module.constants.items() if is_large(const)}
    functions = {text: f.foreign for f, text in module.function_names.items() if f.foreign is not None}
    return arrays | functions | {text: error for error, text in module.errors.items()}


def is_large(const: Const) -> bool:
    return isinstance(const.type, Array) and np.size(const.value) > LARGE


class _Module:
    """The names of a module: first those that cannot be chosen, then those of its head, then in each function the variables."""

    def __init__(self, trace: Trace, jit: bool, options: Mapping[str, Any], decorator: str = NJIT) -> None:
        self.main = trace
        self.jit = jit
        self.decorator, always = _DECORATORS[decorator]
        self.apart = decorator == KERNEL  # the launch sees to it
        self.options = {**always, **options}
        self.functions = list(dict.fromkeys([*trace.functions, trace]))
        self.function_names = {trace: trace.name}
        for function in trace.functions:
            others = set(self.function_names.values())
            self.function_names.setdefault(function, unused(function.name, others))
        params = {p.name for f in self.functions for p in f.params}
        fixed = {*self.function_names.values(), *params, "_"}
        self.standard = {text: unused(text, fixed) for text in (*_IMPORTS, *_BUILTINS)}
        taken = fixed | set(self.standard.values())
        self.constants: dict[Const, str] = {}
        self.classes: dict[type, str] = {}
        for const in (c for f in self.functions for c in global_constants(f.body)):
            if const not in self.constants:
                taken.add(self.constants.setdefault(const, unused(const.name, taken)))
        for cls in (c for f in self.functions for c in classes(f.returns)):
            if cls not in self.classes:
                taken.add(self.classes.setdefault(cls, unused(cls.__name__, taken)))
        self.errors: dict[type, str] = {}
        for error in (e for f in self.functions for e in own_errors(f.body)):
            if error not in self.errors:
                taken.add(self.errors.setdefault(error, unused(error.__name__, taken)))
        self.reserved = {*taken - params, *keyword.kwlist, "_"}
        self.used: set[str] = set()
        self.raises = any(isinstance(op, Op) and raises(op) for f in self.functions for op in walk(f.body))

    # --- text -----------------------------------------------------------------------------------------

    def text(self) -> str:
        functions = [unparse(self.definition(f)) for f in self.functions if f.foreign is None]
        values = []
        for stmt in self.values():
            self.resolve_all(stmt, {})
            values.append(unparse(stmt))
        doc = [f'"""{self.main.doc}"""'] if self.main.doc else []
        head = ["\n".join(part) for part in (self.imports(), values) if part]
        return "\n\n".join([*doc, *head]) + "\n\n\n" + "\n\n\n".join(functions) + "\n"

    def imports(self) -> list[str]:
        lines = []
        for text, line in _IMPORTS.items():
            if text in self.used:
                alias = self.standard[text]
                line = CHECKED if text == "math" and self.raises else line
                bare = line.removesuffix(f" as {text}") if text != alias else line
                lines.append(bare if text == alias else f"{bare} as {alias}")
        lines.sort(key=lambda line: line.startswith("from srcad "))
        runtime = [line.partition(" import ")[2] for line in lines if line.startswith("from srcad.runtime")]
        lines = [line for line in lines if not line.startswith("from srcad.runtime")]
        if runtime:
            lines.append(f"from srcad.runtime import {', '.join(runtime)}")
        return lines

    def values(self) -> list[ast.stmt]:
        """The head's assignments: builtins whose names a parameter hides, classes, constants."""
        values: list[tuple[str, ast.expr]] = []
        for text in _BUILTINS:
            if text in self.used and self.standard[text] != text:
                values.append((self.standard[text], _settled(text)))
        for cls, text in self.classes.items():
            fields = ast.List([ast.Constant(f) for f in cls._fields], ast.Load())  # type: ignore[attr-defined]
            values.append((text, ast.Call(name("namedtuple"), [ast.Constant(cls.__name__), fields], [])))
        values += [(text, constant(const)) for const, text in self.constants.items() if not is_large(const)]
        return [ast.Assign([ast.Name(text, ast.Store())], value) for text, value in values]

    # --- functions ------------------------------------------------------------------------------------

    def definition(self, trace: Trace) -> ast.stmt:
        signature: dict[Param, str] = {}
        for param in trace.params:
            signature[param] = unused(param.name, {*signature.values(), *keyword.kwlist})
        fixed = {p.tree: text for p, text in signature.items() if isinstance(p.tree, Var)}
        reserved = self.reserved | set(signature.values()) - set(fixed.values())

        def resolve(node: ast.AST) -> None:
            self.resolve_all(node, signature)

        body = statements(trace, self.main.functions, fixed, reserved, resolve, self.apart)
        note_lines(body)
        arguments = ast.arguments([], [ast.arg(text) for text in signature.values()], None, [], [], None, [])
        decorators: list[ast.expr] = []
        if self.jit:
            keywords = {key: phrase(repr(value)) for key, value in self.options.items()}
            decorators.append(call(self.decorator, **keywords) if keywords else phrase(self.decorator))
            resolve(decorators[0])
        return ast.FunctionDef(self.function_names[trace], arguments, body or [ast.Pass()], decorators)

    def resolve_all(self, node: ast.AST, signature: Mapping[Param, str]) -> None:
        for found in names_in(node):
            if not isinstance(found.id, Var):
                self.resolve(found, signature)

    def resolve(self, node: ast.Name, signature: Mapping[Param, str]) -> None:
        """Give its name to what is not a variable. Some nodes stand in several places and have it already."""
        if getattr(node, "done", False):
            return
        node.done = True  # type: ignore[attr-defined]
        id: Any = node.id
        if isinstance(id, str):
            if id in self.standard:
                self.used.add(id)
                node.id = self.standard[id]
        elif isinstance(id, Const):
            node.id = self.constants[id]
        elif isinstance(id, Trace):
            node.id = self.function_names[id]
        elif isinstance(id, Param):
            node.id = signature[id]
        elif id in self.errors:
            node.id = self.errors[id]
        else:
            self.used.add("namedtuple")
            node.id = self.classes[id]


def statements(
    trace: Trace,
    functions: tuple[Trace, ...],
    params: Mapping[Var, str],
    reserved: Iterable[str],
    resolve: Any,
    apart: bool = False,
) -> list[ast.stmt]:
    """The function's statements, with names. Values that have to be copied anyway are nested in the copies on a second round."""
    late: frozenset[Var] = frozenset()
    while True:
        written = Structure(trace, functions, late, apart)
        body = written.function()
        names = Names(body, params, reserved, written.hints)
        more = written.could_be_late.intersection(names.copied())
        if more <= late:
            return Finisher(names, body, resolve).block(body)
        late |= more


def _settled(text: str) -> ast.Name:
    """A name that needs no resolving."""
    node = name(text)
    node.done = True  # type: ignore[attr-defined]
    return node


def note_lines(body: list[ast.stmt]) -> None:
    """Say on each statement of the forward sweep which line it comes from, where that changes."""
    last = None
    for stmt in walk_statements(body):
        if isinstance(stmt, Comment) and "reverse" in stmt.text:
            break
        span = getattr(stmt, "span", None)
        if span is not None and (span.file, span.line) != last:
            last = span.file, span.line
            stmt.note = f"{os.path.basename(span.file)}:{span.line}"  # type: ignore[attr-defined]


def unused(text: str, taken: Iterable[str]) -> str:
    """The name, or the name with the first number that makes it different from those taken."""
    count, result = 0, text
    while result in taken:
        count += 1
        result = f"{text}_{count}"
    return result


def global_constants(block: Block) -> Iterator[Const]:
    def named(found: Iterable[Operand]) -> Iterator[Const]:
        return (c for c in found if isinstance(c, Const) and c.name)

    for stmt in walk(block):
        yield from named(operands(stmt))
        for inner in blocks_of(stmt):
            yield from named(inner.yields)
    yield from named(block.yields)


def own_errors(block: Block) -> Iterator[type]:
    """The exceptions of the user's own that are raised."""
    raised = (s.attr("exc") for s in walk(block) if isinstance(s, Op) and s.name == "raise")
    yield from (error for error in raised if isinstance(error, type) and not is_spelt(error))


def classes(tree: object) -> Iterator[type]:
    """The namedtuple classes in a result."""
    if isinstance(tree, Tree):
        if tree.cls:
            yield tree.cls
        for item in tree.items:
            yield from classes(item)


def constant(const: Const) -> ast.expr:
    """The value of a global constant."""
    if not isinstance(const.type, Array):
        return literal(Const(const.value, const.type, const.weak))
    array = np.asarray(const.value)
    if not array.size:
        return call("np.empty", phrase(repr(array.shape)), dtype=dtype_name(str(array.dtype)))

    def rows(items: Any) -> ast.expr:
        return ast.List([rows(i) for i in items], ast.Load()) if isinstance(items, list) else number(items)

    keywords = (
        {}
        if str(array.dtype) in ("float64", "int64", "bool", "complex128")
        else {"dtype": dtype_name(str(array.dtype))}
    )
    if const.type.layout == "F" and array.ndim > 1:
        keywords["order"] = ast.Constant("F")
    return call("np.array", rows(array.tolist()), **keywords)

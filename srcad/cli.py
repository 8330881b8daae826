"""The `srcad` command: `srcad show` prints generated code, `srcad check` compares derivatives by three routes, and `srcad rules`
prints what is known.

What needs Numba is imported when a command runs, so that `--help` and a misspelt option answer at once.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from srcad import __version__

Function = Callable[..., Any]

KINDS = ("primal", "tangent", "adjoint", "grad", "value_and_grad", "hvp", "jacfwd", "jacrev", "hessian")

DESCRIPTION = """\
Derivatives of NumPy and Numba code, as Python source.

TARGET names a function: path/file.py:f, package.module:f, or path/file.py alone
when the file defines one function (with several, they are listed)."""

CHECK = """\
Compare forward mode, reverse mode and finite differences, argument by argument
(arrays and tuples along a random direction). Exit code 1 if they disagree."""

EXAMPLES = """\
examples:
  srcad show model.py:loss                          the adjoint of loss
  srcad show model.py:loss --kind grad --types "f8[:], f8[:, :]"
  srcad show model.py:loss --target cuda --types "f8[3], f8" --in-axes "0, None"
  srcad show model.py:loss --pass lower             the trace after the first pass
  srcad show model.py:loss -o loss_adjoint.py       a module that runs by itself
  srcad check model.py:loss --at "2.0, [1.0, 0.5]"  forward, reverse, differences
  srcad rules tanh                                  the rules and functions by that name"""


class UsageError(Exception):
    """A command line that asks for something impossible: exit code 2."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; the result is the exit code: 0, 1 where a function failed, 2 where the command line did."""
    options = _parser().parse_args(argv)
    if sys.stdout is None:  # `srcad show ... >&-`
        print("srcad: standard output is closed", file=sys.stderr)
        return 1
    from srcad.errors import SrcadError
    from srcad.target import TargetError

    try:
        code = int(options.run(options))
        sys.stdout.flush()
        return code
    except (UsageError, TargetError) as error:
        print(f"srcad: {error}", file=sys.stderr)
        return 2
    except (SrcadError, TypeError) as error:
        print("\n".join([str(error), *getattr(error, "__notes__", ())]), file=sys.stderr)
        return 1
    except BrokenPipeError:  # `srcad show ... | head`
        _drop_output()
        return 0
    except OSError as error:
        print(f"srcad: cannot write the output: {error.strerror}", file=sys.stderr)
        _drop_output()
        return 1


def _drop_output() -> None:
    """What is still buffered goes nowhere: Python would try to write it when it ends, and complain."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser() -> argparse.ArgumentParser:
    plain = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("srcad", description=DESCRIPTION, epilog=EXAMPLES, formatter_class=plain)
    parser.add_argument("--version", action="version", version=f"srcad {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    show = commands.add_parser(
        "show", help="print generated code", description=DESCRIPTION, epilog=EXAMPLES, formatter_class=plain
    )
    show.set_defaults(run=_show)
    show.add_argument("target", metavar="TARGET", help="path/file.py:f, package.module:f, or path/file.py")
    show.add_argument("--kind", choices=KINDS, default="adjoint", metavar="KIND", help=f"{', '.join(KINDS)} (adjoint)")
    show.add_argument("--argnums", help="what to differentiate for: positions or names, as in 0,2 or w,b (0)")
    show.add_argument(
        "--types",
        help='argument types in Numba\'s notation, as in "f8[:], i8" (annotations, else float64); sizes for cuda: "f8[3]"',
    )
    show.add_argument(
        "--target", dest="device", choices=("cpu", "cuda"), help="cuda: the kernel of a batch, and its launcher"
    )
    show.add_argument(
        "--in-axes", default="0", metavar="AXES", help='with --target cuda: as in jax.vmap, as in "0, None" (0)'
    )
    show.add_argument("--out", action="store_true", help="with a parameter for buffers, as for calls with out=")
    show.add_argument("--broadcast", action="store_true", help="allow for sizes that differ where arrays meet")
    show.add_argument("--pass", dest="stop_after", metavar="NAME", help="print the trace after this pass instead")
    show.add_argument("-o", dest="output", metavar="FILE", help="write to FILE instead of standard output")

    check = commands.add_parser(
        "check",
        help="compare forward, reverse and finite differences",
        description=CHECK,
        epilog=EXAMPLES,
        formatter_class=plain,
    )
    check.set_defaults(run=_check)
    check.add_argument("target", metavar="TARGET", help="path/file.py:f, package.module:f, or path/file.py")
    check.add_argument("--at", required=True, metavar="ARGS", help='arguments, as in "2.0, [1.0, 0.5], np.eye(3)"')
    check.add_argument("--tol", type=float, help="largest relative error that passes (1e-6; float32: 5e-3)")

    rules = commands.add_parser("rules", help="print the rules and the functions that are known")
    rules.set_defaults(run=_rules)
    rules.add_argument("part", nargs="?", default="", metavar="NAME", help="only what has this in its name")
    rules.add_argument("--markdown", action="store_true", help="print the table of functions, for a document")
    return parser


# --- srcad show --------------------------------------------------------------------------------------------------------------


def _show(options: argparse.Namespace) -> int:
    found = _functions(options.target)
    if len(found) > 1 and not options.output:
        print("\n".join(_listed(options.target, found)))
        return 0
    text = _generate(_only(options.target, found), options)
    if options.output:
        try:
            Path(options.output).write_text(text, encoding="utf-8")
        except OSError as error:
            raise UsageError(f"cannot write {options.output}: {error.strerror}") from None
    elif sys.stdout.isatty() and not os.environ.get("NO_COLOR") and not options.stop_after:
        from srcad.highlight import highlight

        print(highlight(text), end="")
    else:
        print(text, end="")
    return 0


def _functions(target: str) -> dict[str, Function]:
    """The functions that the target may mean, by name: one if it names one, else those of its module."""
    from srcad.target import TargetError, functions, load

    module, function = load(target)
    found = {"": function} if function is not None else functions(module)
    if not found:
        raise TargetError(f"{target} defines no function")
    return found


def _only(target: str, found: dict[str, Function]) -> Function:
    if len(found) > 1:
        raise UsageError("\n  ".join([f"{target} has several functions, name one:", *_listed(target, found)]))
    return next(iter(found.values()))


def _listed(target: str, found: dict[str, Function]) -> list[str]:
    from inspect import Signature

    from srcad.callable import parameters
    from srcad.derive import underlying
    from srcad.jit.cuda import is_kernel

    plain = {name: getattr(f, "py_func", f) if is_kernel(f) else underlying(f) for name, f in found.items()}
    return [f"{target}:{name}{Signature(parameters(f))}" for name, f in plain.items()]


def _generate(function: Function, options: argparse.Namespace) -> str:
    """The module, or the trace after the pass that was asked for."""
    from srcad.callable import parameters
    from srcad.derive import derive, source_of
    from srcad.errors import SrcadError
    from srcad.infer import default_types, describe, parse_types
    from srcad.jit.cuda import is_kernel
    from srcad.pipeline import PIPELINES

    passes = [p.name for p in PIPELINES[options.kind]]
    if options.stop_after and options.stop_after not in passes:
        raise UsageError(f"{options.kind} has no pass {options.stop_after!r}; it has {', '.join(passes)}")
    if options.argnums and options.kind in ("primal", "tangent", "adjoint"):
        raise UsageError(f"--argnums goes with grad and its kin: {options.kind} is for every float argument")
    if is_kernel(function):
        return _adjoint_kernel(function, options)
    try:
        made = derive(function, options.kind, _argnums(options.argnums or "0"))
    except (TypeError, ValueError) as error:
        raise UsageError(str(error)) from None
    if not options.stop_after and (options.device or made.__srcad_options__.target) == "cuda":
        return _kernel(made, options)
    try:
        derivative = made.derivative.broadcasting if options.broadcast else made.derivative
        if options.out and derivative.buffer is None:
            raise UsageError("--out goes with derivatives")
        derivative = derivative.into_buffers if options.out else derivative
        names = [p.name for p in parameters(derivative.fn)]
        types = parse_types(options.types) if options.types else default_types(derivative.fn, derivative.signature)
    except (TypeError, ValueError) as error:
        raise UsageError(str(error)) from None
    types = types if options.types else types[: len(names)]
    if len(types) != len(names):
        raise UsageError(f"--types has {len(types)} types for {len(names)} parameters ({', '.join(names)})")
    try:
        text = source_of(derivative, made.__srcad_options__, types, None, options.stop_after or "")
    except (SrcadError, TypeError) as error:
        if not options.types:
            assumed = ", ".join(map(describe, types))
            error.add_note(f"help: the arguments were taken to be ({assumed}); say otherwise with --types 'f8[:], i8'")
        raise
    return text if text.endswith("\n") else text + "\n"


def _adjoint_kernel(kernel: Any, options: argparse.Namespace) -> str:
    """The module with the adjoint of a user's kernel."""
    from srcad.derive import derive
    from srcad.errors import SrcadError

    if options.stop_after or options.device == "cpu":
        raise UsageError("of a CUDA kernel there is the adjoint kernel: leave out --pass and --target cpu")
    made = derive(kernel, options.kind)
    try:
        return str(made.source(options.types))
    except SrcadError as error:
        if not options.types:
            error.add_note("help: the arguments were taken to be numbers; say otherwise with --types 'f8[:], f8[:]'")
        raise
    except TypeError as error:
        raise UsageError(str(error)) from None


def _kernel(made: Any, options: argparse.Namespace) -> str:
    """The module with the kernel of a batch; sizes and axes that do not fit are the command line's fault."""
    import ast

    from srcad.errors import SrcadError

    try:
        axes = ast.literal_eval(options.in_axes)
    except (SyntaxError, TypeError, ValueError):
        raise UsageError(
            f"cannot read --in-axes {options.in_axes!r}: write 0, or an entry for each argument, as in '0, None'"
        ) from None
    try:
        return str(made.batched("cuda", axes).source(options.types))
    except SrcadError as error:
        if not options.types:
            error.add_note(
                "help: the arguments were taken to be numbers, where nothing else is said; say so with --types 'f8[3], f8'"
            )
        raise
    except (TypeError, ValueError) as error:
        raise UsageError(str(error)) from None


def _argnums(text: str) -> int | str | list[int | str]:
    """`0`, `w` or `0,b`: positions and names."""
    items = [int(item) if item.lstrip("-").isdigit() else item for item in text.replace(" ", "").split(",")]
    return items[0] if len(items) == 1 else items


# --- srcad rules -------------------------------------------------------------------------------------------------------------


def _rules(options: argparse.Namespace) -> int:
    from srcad.rulebook import lines, markdown

    found = list(markdown() if options.markdown else lines(options.part))
    if not found:
        print(f"srcad: nothing is known by a name with {options.part!r} in it", file=sys.stderr)
        return 1
    print("\n".join(found))
    return 0


# --- srcad check -------------------------------------------------------------------------------------------------------------


def _check(options: argparse.Namespace) -> int:
    args = _arguments(options.at)
    function = _only(options.target, _functions(options.target))

    from srcad.check import compare, evaluate

    try:
        y = evaluate(function, args)
    except Exception as error:
        print(f"srcad: {options.target} raises {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    rows = compare(function, args, y)
    if not rows:
        raise UsageError(f"no argument in --at {options.at!r} is a float: write 2.0 rather than 2")
    from srcad.testing import is_narrow

    tol = (5e-3 if is_narrow(args) else 1e-6) if options.tol is None else options.tol
    print(f"{'argument':16}{'forward':>20}{'reverse':>20}{'differences':>20}{'error':>10}")
    for row in rows:
        numbers = "".join(f"{value:20.12g}" for value in (row.forward, row.reverse, row.difference))
        print(f"{row.name:16}{numbers}{row.error:10.1e}{'' if row.error <= tol else '  <- they disagree'}")
    return 0 if all(row.error <= tol for row in rows) else 1


def _arguments(text: str) -> tuple[Any, ...]:
    """The values that `--at` lists: Python expressions with `np` and `math`; a list is an array."""
    import math

    import numpy as np

    try:
        values = eval(
            f"({text.strip().removesuffix(',')},)" if text.strip(", ") else "()", {"np": np, "numpy": np, "math": math}
        )
    except Exception as error:
        raise UsageError(f"cannot read --at {text!r}: {type(error).__name__}: {error}") from None
    return tuple(np.array(value) if isinstance(value, list) else value for value in values)

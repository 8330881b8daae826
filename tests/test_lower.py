"""Lowering: what traces look like, that they mean what Python means, and what is refused and how."""

from __future__ import annotations

import copy
import functools
import inspect
import linecache
import math
import textwrap
from typing import Any

import numba
import numpy as np
import pytest

import interp
import srcad
from lower_programs import CASES
from srcad.errors import SourceError, SrcadError, TypeInferenceError, UnsupportedError
from srcad.ir import BOOL, FLOAT, INT, Array, Scalar, Static, Trace, Tree, show, verify
from srcad.lower import lower

VECTOR, MATRIX = Array("float64", 1), Array("float64", 2)
TYPES = {"x": FLOAT, "y": FLOAT, "n": INT, "a": VECTOR, "b": VECTOR, "m": MATRIX}


def type_of(value: Any) -> Any:
    if isinstance(value, tuple):
        return Tree(tuple(map(type_of, value)), type(value) if hasattr(value, "_fields") else None)
    if isinstance(value, np.ndarray):
        return Array(value.dtype.name, value.ndim)
    return {bool: BOOL, int: INT, float: FLOAT}[type(value)]


def function(text: str, **names: Any) -> Any:
    """The last function that the text defines."""
    text = textwrap.dedent(text).strip("\n") + "\n"
    file = f"<test_lower {hash(text)}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    module = {"np": np, "math": math, "__name__": "user", **names}
    exec(compile(text, file, "exec"), module)
    return [value for value in module.values() if getattr(value, "__module__", "") == "user"][-1]


def traced(text: str, **names: Any) -> Trace:
    fn = function(text, **names)
    return verify(lower(fn, tuple(TYPES[name] for name in inspect.signature(fn).parameters)))


def refusal(text: str, **names: Any) -> SrcadError:
    with pytest.raises(SrcadError) as caught:
        traced(text, **names)
    return caught.value


def flat(value: Any) -> list[Any]:
    return [leaf for item in value for leaf in flat(item)] if isinstance(value, tuple) else [value]


def outcome(call: Any) -> Any:
    try:
        return call()
    except Exception as error:
        return error


@pytest.mark.parametrize(("fn", "args"), CASES, ids=lambda value: getattr(value, "__name__", ""))
def test_means_what_python_means(fn, args):
    trace = verify(lower(fn, type_of(args).items))
    ours, theirs = copy.deepcopy(args), copy.deepcopy(args)
    got, want = outcome(lambda: interp.run(trace, *ours)), outcome(lambda: fn(*theirs))
    if isinstance(want, Exception):
        assert type(got) is type(want)
        return
    for x, y in zip([*flat(got), *flat(ours)], [*flat(want), *flat(theirs)], strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-12)
        # An integer that is a float on another path is a float: compiled code has one type a variable.
        assert np.asarray(x).dtype == np.asarray(y).dtype or (np.asarray(x).dtype, type(y)) == (np.float64, int)


# --- goldens ----------------------------------------------------------------------------------------------------------

GOLDENS = {
    "carried": (
        """
        def f(x, n):
            y = 1.0
            for i in range(n):
                t = np.sin(y)
                y = y * x + t
            return y
        """,
        """
        trace f(x: %x, n: %n):
            %y: float64 = for %i in range(0, %n, 1) carrying (%y.2: float64 = 1.0):
                %t: float64 = sin(%y.2)
                %v.1: float64 = mul(%y.2, %x)
                %y.3: float64 = add(%v.1, %t)
                yield %y.3
            yield %y
            returns %y
        """,
    ),
    "only the live variables are merged": (
        """
        def f(x, y):
            if x > y:
                t = x * y
                z = t + 1.0
            else:
                z = x
            return z
        """,
        """
        trace f(x: %x, y: %y):
            %v.1: bool = gt(%x, %y)
            %z: float64 = if %v.1:
                %t: float64 = mul(%x, %y)
                %z.2: float64 = add(%t, 1.0)
                yield %z.2
            else:
                yield %x
            yield %z
            returns %z
        """,
    ),
    "an early return": (
        """
        def f(x):
            if x < 0:
                return -x
            y = x * x
            return y
        """,
        """
        trace f(x: %x):
            %v.1: bool = lt(%x, 0)
            %result: float64 = if %v.1:
                %v.2: float64 = neg(%x)
                yield %v.2
            else:
                %y: float64 = mul(%x, %x)
                yield %y
            yield %result
            returns %result
        """,
    ),
    "break": (
        """
        def f(a, x):
            s = 0.0
            for v in a:
                s += v
                if s > x:
                    break
            return s
        """,
        """
        trace f(a: %a, x: %x):
            %v.1: int64 = dim(%a) axis=0
            %s: float64 = for %i in range(0, %v.1, 1) carrying (%s.2: float64 = 0.0) exits:
                %v.2: float64 = load(%a, %i)
                %s.3: float64 = add(%s.2, %v.2)
                %v.3: bool = gt(%s.3, %x)
                %go: bool = if %v.3:
                    yield False
                else:
                    yield True
                yield %go, %s.3
            yield %s
            returns %s
        """,
    ),
    "continue is nesting": (
        """
        def f(a, x):
            s = 0.0
            for i in range(len(a)):
                if a[i] > x:
                    continue
                s += a[i]
            return s
        """,
        """
        trace f(a: %a, x: %x):
            %v.1: int64 = dim(%a) axis=0
            %s: float64 = for %i in range(0, %v.1, 1) carrying (%s.2: float64 = 0.0):
                %v.2: float64 = load(%a, %i)
                %v.3: bool = gt(%v.2, %x)
                %s.3: float64 = if %v.3:
                    yield %s.2
                else:
                    %v.4: float64 = load(%a, %i)
                    %s.4: float64 = add(%s.2, %v.4)
                    yield %s.4
                yield %s.3
            yield %s
            returns %s
        """,
    ),
    "a return inside a loop": (
        """
        def f(x, n):
            for i in range(n):
                x = x * 2.0
                if x > 10.0:
                    return x + i
            return 0.5
        """,
        """
        trace f(x: %x, n: %n):
            %x.2: float64, %result: float64, %returned: bool = for %i in range(0, %n, 1) carrying \
(%x.3: float64 = %x, %result.2: float64 = undef, %returned.2: bool = False) exits:
                %x.4: float64 = mul(%x.3, 2.0)
                %v.1: bool = gt(%x.4, 10.0)
                %returned.3: bool, %go: bool, %result.3: float64 = if %v.1:
                    %v.2: float64 = add(%x.4, %i)
                    yield True, False, %v.2
                else:
                    yield False, True, undef
                yield %go, %x.4, %result.3, %returned.3
            %result.4: float64 = if %returned:
                yield %result
            else:
                yield 0.5
            yield %result.4
            returns %result.4
        """,
    ),
    "an endless loop that returns": (
        """
        def f(x):
            while True:
                x = x * 2.0
                if x > 10.0:
                    return x
        """,
        """
        trace f(x: %x):
            %x.2: float64, %result: float64, %returned: bool = while carrying \
(%x.3: float64 = %x, %result.2: float64 = undef, %returned.2: bool = False) exits:
                yield True
            do:
                %x.4: float64 = mul(%x.3, 2.0)
                %v.1: bool = gt(%x.4, 10.0)
                %returned.3: bool, %go: bool = if %v.1:
                    yield True, False
                else:
                    yield False, True
                yield %go, %x.4, %x.4, %returned.3
            yield %result
            returns %result
        """,
    ),
    "while, with a condition of two parts": (
        """
        def f(x, n):
            k = 0
            while x < 5.0 and k < n:
                x = x + 1.0
                k += 1
            return x
        """,
        """
        trace f(x: %x, n: %n):
            %x.2: float64, %k: int64 = while carrying (%x.3: float64 = %x, %k.2: int64 = 0):
                %v.1: bool = lt(%x.3, 5.0)
                %v.2: bool = lt(%k.2, %n)
                %v.3: bool = and(%v.1, %v.2)
                yield %v.3
            do:
                %x.4: float64 = add(%x.3, 1.0)
                %k.3: int64 = add(%k.2, 1)
                yield %x.4, %k.3
            yield %x.2
            returns %x.2
        """,
    ),
    "an array written in place is not carried": (
        """
        def f(a, n):
            y = np.zeros(n)
            for i in range(n):
                y[i] = a[i] * 2.0
                y += a
            return y
        """,
        """
        trace f(a: %a, n: %n):
            %y: float64[:] = alloc(%n) fill='zeros' dtype='float64'
            for %i in range(0, %n, 1) carrying ():
                %v.1: float64 = load(%a, %i)
                %v.2: float64 = mul(%v.1, 2.0)
                store(%y, %i, %v.2)
                accumulate(%y, %a)
                yield
            yield %y
            returns %y
        """,
    ),
    "buffers swapped are": (
        """
        def f(a, n):
            b = a.copy()
            for k in range(n):
                a, b = b, a
            return a
        """,
        """
        trace f(a: %a, n: %n):
            %b: float64[:] = copy(%a)
            %a.2: float64[:], %b.2: float64[:] = for %k in range(0, %n, 1) carrying \
(%a.3: float64[:] = %a, %b.3: float64[:] = %b):
                yield %b.3, %a.3
            yield %a.2
            returns %a.2
        """,
    ),
    "a guard does not indent what follows": (
        """
        def f(x):
            if x < 0:
                raise ValueError("negative")
            return np.sqrt(x)
        """,
        """
        trace f(x: %x):
            %v.1: bool = lt(%x, 0)
            if %v.1:
                raise() exc=<class 'ValueError'> message='negative'
                yield
            else:
                yield
            %v.2: float64 = sqrt(%x)
            yield %v.2
            returns %v.2
        """,
    ),
    "an operand that may fail is evaluated only if needed": (
        """
        def f(a, x, n):
            if n > 0 and a[n] > x:
                return x
            return 1.0
        """,
        """
        trace f(a: %a, x: %x, n: %n):
            %v.1: bool = gt(%n, 0)
            %v.2: bool = if %v.1:
                %v.3: float64 = load(%a, %n)
                %v.4: bool = gt(%v.3, %x)
                yield %v.4
            else:
                yield %v.1
            %result: float64 = if %v.2:
                yield %x
            else:
                yield 1.0
            yield %result
            returns %result
        """,
    ),
    "calls are inlined": (
        """
        def g(u, k=2.0):
            v = u * k
            return v, u

        def f(x):
            p, q = g(x + 1.0)
            return p * g(q)[0]
        """,
        """
        trace f(x: %x):
            %u: float64 = add(%x, 1.0)
            %v: float64 = mul(%u, 2.0)
            %v.2: float64 = mul(%u, 2.0)
            %v.3: float64 = mul(%v, %v.2)
            yield %v.3
            returns %v.3
        """,
    ),
    "recursion is called": (
        """
        def f(x, n):
            if n == 0:
                return x
            return x * f(x, n - 1)
        """,
        """
        trace f(x: %x, n: %n):
            %v.1: float64 = call(%x, %n) callee='f_recursive' results=(Scalar(dtype='float64'),)
            yield %v.1
            returns %v.1

        trace f_recursive(x: %x, n: %n):
            %v.1: bool = eq(%n, 0)
            %result: float64 = if %v.1:
                yield %x
            else:
                %v.2: int64 = sub(%n, 1)
                %v.3: float64 = call(%x, %v.2) callee='f_recursive' results=(Scalar(dtype='float64'),)
                %v.4: float64 = mul(%x, %v.3)
                yield %v.4
            yield %result
            returns %result
        """,
    ),
    "globals keep their names": (
        """
        G = 9.81
        W = np.array([1.0, 2.0])

        def f(x, n):
            return x * G * W[n]
        """,
        """
        trace f(x: %x, n: %n):
            %v.1: float64 = mul(%x, 9.81)
            %v.2: float64 = load(array([1., 2.]), %n)
            %v.3: float64 = mul(%v.1, %v.2)
            yield %v.3
            returns %v.3
        """,
    ),
}


@pytest.mark.parametrize("name", GOLDENS)
def test_golden(name):
    text, want = GOLDENS[name]
    assert show(traced(text)) == textwrap.dedent(want).strip("\n")


# --- refusals ---------------------------------------------------------------------------------------------------------

REFUSED = {
    "x = open('f')": ("open", "open('f')"),
    "with x: pass": ("`with`", "with x: pass"),
    "global G": ("`global`", "global G"),
    "class C: pass": ("class", "class C: pass"),
    "y = {x: n}": ("a dictionary has a key that is computed", "x"),
    "y = {'a': x}; return y": ("a dictionary is returned", "y"),
    "y = {'a': x}; z = y; z['b'] = x; x = y['a']": ("the dictionary 'y' is read after it was given to 'z'", "y"),
    "y = {'a': x}; z = (y, x); y['b'] = x": ("the dictionary 'y' is changed, and is known by another name", "y"),
    "y = [{'a': x}]\n    for z in y: z['a'] = 2 * x": ("'z' is a dictionary that is changed", "z"),
    "s = []\n    for i in range(n): a *= 2; s.append(a)": ("an array is put into a list", "s.append(a)"),
    "s = [a * 2]; s.append(a * 3); r = s[0]; s[0] = a * 4; x += r[0] + s[0][0]": (
        "an array of a list is in use",
        "s[0]",
    ),
    "s = [a * 2]; s.append(s[0]); s[0] += 1; x += s[1][0]": ("an array is in two places", "s.append(s[0])"),
    "s = [a * 2, a * 3]; s[0] = s[1]; s[1][0] = x; x += s[0][0]": ("an array is in two places", "s[0]"),
    "s = [a * 2]; s.append(a * 3); r = list(s); r[0] += 1; x += s[0][0]": ("an array is in two places", "list(s)"),
    "s = [a * 2]; s.append(a * 3); r = s[:1]; s[0] += 1; x += r[0][0]": ("an array is in two places", "s[:1]"),
    "s = [a * 2, a * 3]; s[0], s[1] = s[1], s[1]; s[0] += 1; x += s[1][0]": (
        "an array is in two places",
        "s[0], s[1] = s[1], s[1]",
    ),
    "s = []; r = a * 2\n    for i in range(n): s.append(r); r = r if i else r + 1\n    s[1] += 1; x += s[2][0]": (
        "an array is in two places",
        "s.append(r)",
    ),
    "s = []; r = a * 2; q = a + 1\n    for i in range(n): s.append(r); r, q = q, r\n    s[0] += 1; x += s[2][0]": (
        "an array is in two places",
        "s.append(r)",
    ),
    "s = []; s.append(x); s.append((x, x))": ("a tuple of 2 is appended to a list of float64", "s.append((x, x))"),
    "g = (v * v for v in a); x = sum(g) + sum(g)": ("the iterator 'g' is used up", "g"),
    "g = map(lambda v: v * v, (x, x))\n    for i in range(n): x += sum(g)": (
        "'g' is run through in a loop",
        "for i in range(n): x += sum(g)",
    ),
    "y = (zip((x, 1.0), (x, 2.0)), x)": ("an iterator is kept", "zip((x, 1.0), (x, 2.0))"),
    "s = [x]; s.append(x * 2); y = (s, x); s.append(x)": ("growing list 's'", "s"),
    "import itertools; s = itertools.pairwise(a)": ("an iterator is kept", "itertools.pairwise(a)"),
    "import itertools\n    for u, v in itertools.pairwise(a): a[0] = u": ("an array is written while an iterator", "a"),
    "g = (v * x for v in a); r = 0.0\n    x = 2.0 * r\n    x += sum(g)": (
        "'x' changes while an iterator",
        "(v * x for v in a)",
    ),
    "for v in (u * x for u in a): x += v": ("'x' changes while an iterator", "(u * x for u in a)"),
    "for v in map(lambda u: u * x, a): x += v": ("'x' changes while an iterator", "map(lambda u: u * x, a)"),
    "for i, v in enumerate(u * a[0] for u in a): a[0] = v": ("'a' changes", "enumerate(u * a[0] for u in a)"),
    "h = lambda u: u * x\n    for v in (h(u) for u in a): x += v": ("'x' changes", "(h(u) for u in a)"),
    "try:\n        for v in (1 / u for u in a): x += v\n    except ZeroDivisionError: pass": (
        "an iterator that computes its items is run through where exceptions are caught",
        "(1 / u for u in a)",
    ),
    "g = None\n    for v in a: g = (v, g)": ("'g' holds what it was before", "g"),
    "y = {x}": ("sets", "{x}"),
    "y = f'{x}'": ("f-string", "x"),
    "x.y = 1": ("attribute '.y'", "x.y"),
    "y = unknown + x": ("'unknown' is not defined", "unknown"),
    "y = z + x; z = 1": ("'z' has no value", "z"),
    "for i in x: pass": ("cannot be looped over", "x"),
    "for i in range(x): pass": ("must be an integer", "range(x)"),
    "p, q = x": ("cannot be unpacked", "p, q"),
    "p, q = x, x, x": ("a tuple of 3 is unpacked into 2", "p, q"),
    "x(1)": ("cannot be called", "x(1)"),
    "y = [x * i for i in range(n)], 1": ("this list is of a length", "[x * i for i in range(n)]"),
    "s = [x]\n    for v in s: s.append(v)": ("a list grows while it is looped over", "s"),
    "g = lambda **k: 1; g(a=x)": ("**k", "g(a=x)"),
    "g = lambda u: u; g()": ("misses the argument 'u'", "g()"),
    "g = lambda u: u; g(x, x)": ("takes 1 positional", "g(x, x)"),
    "g = lambda u: u; g(x, v=x)": ("unexpected keyword argument 'v'", "g(x, v=x)"),
    "return x if n else None": ("None on one path and a number (float64) on another", "x if n else None"),
    "y = x if n else a; y += 1": ("a number (float64) on one path and a 1-d array", "x if n else a"),
    "raise x": ("only exception classes", "raise x"),
    "raise": ("bare `raise`", "raise"),
    "del a[0]": ("`del` of an element", "del a[0]"),
    "s = [1.0]; s.append(x); t = s; y = s[0]": ("the list 's' is read after it was given to 't'", "s"),
    "s = [1]; s.append(x)": ("appended to a list of int64", "s.append(x)"),
    "s = [a, np.ones((2, 2))]; s.append(a)": (
        "the items of a list that is changed are of different",
        "[a, np.ones((2, 2))]",
    ),
    "s = [np.arange(3), a]; s.append(np.arange(3))": (
        "array of float64 is put into a list of int64",
        "[np.arange(3), a]",
    ),
    "s = [0]; s[0] = x": ("stored into a list of int64", "s[0]"),
    "s = [0.0] * n; s[:1] = [x]": ("a slice of a list is assigned", "s[:1]"),
    "s = [0.0] * n; s[0] = a": ("a 1-d array of float64 is stored into a list", "s[0]"),
    "s = t = [0.0, x]; s[0] = 1.0": ("'s' is a list that is changed", "s"),
    "s = [x] * n; return s": ("a list is returned", "s"),
    "g = [lambda: i for i in (1, 2)][0]; g()": ("'i' of a comprehension is read after its turn", "i"),
    "print(x, file=None)": ("print() to a file", "print(x, file=None)"),
    "match x:\n        case float(): pass": ("this `match`", "match x:"),
    "y = ((x, a), (a, x))[n][0]": ("a number (float64) on one path and a 1-d array", "((x, a), (a, x))[n]"),
    "for i, v in zip((1, 2.0), a): pass": ("tuple is zipped", "zip((1, 2.0), a)"),
    "y = (yield x)": ("generator", "def f(x, n, a):"),
}


@pytest.mark.parametrize("statement", REFUSED)
def test_refused(statement):
    reason, piece = REFUSED[statement]
    error = refusal(f"def f(x, n, a):\n    {statement}\n    return x\n")
    assert reason in error.reason
    lines = str(error).splitlines()
    assert lines[0].endswith(error.reason)
    text, carets = (line.partition("| ")[2] for line in lines[1:3])
    place = "".join(c for c, mark in zip(text, carets.ljust(len(text)), strict=False) if mark == "^")
    assert place == piece


def test_every_refusal_of_syntax_has_a_remedy():
    from srcad.lower import expressions, statements

    for reason, remedy in [*expressions.REFUSED.values(), *statements.REFUSED.values()]:
        assert reason
        assert remedy


def test_errors_in_callees_tell_the_way_there():
    error = refusal("""
        def h(v):
            return {v: 1}

        def g(u):
            return h(u)

        def f(x):
            return g(x)
    """)
    assert [place.line for place in error.callers] == [5, 8]
    assert isinstance(error, NotImplementedError)
    assert "called from" in str(error)


def test_a_variable_of_two_types_is_refused_only_if_it_is_read():
    text = "def f(x, a):\n    if x > 0:\n        y = x\n    else:\n        y = a\n    return {}\n"
    assert interp.run(traced(text.format("x")), 2.0, np.ones(2)) == 2.0
    error = refusal(text.format("y"))
    assert isinstance(error, NotImplementedError)
    assert "'y' is a number (float64) on one path and a 1-d array of float64 on another" in error.reason


def test_only_what_is_read_where_it_may_be_unbound_is_checked():
    checked = traced("def f(x, n):\n    for i in range(n):\n        y = x * i\n    return y\n")
    assert "UnboundLocalError" in show(checked)
    for text in (
        "def f(x):\n    for i in range(3):\n        y = x * i\n    return y\n",
        "def f(x, n):\n    for i in range(n):\n        y = x * i\n        x += y\n    return x\n",
        "def f(x):\n    if x > 0:\n        if x > 1:\n            return x\n"
        "        y = x\n    else:\n        y = 1.0\n    return y\n",
    ):
        assert "bound" not in show(traced(text))


def test_a_function_that_never_ends_is_refused():
    error = refusal("def f(x):\n    return f(x)\n")
    assert "calls itself on every path" in error.reason


def test_no_source():
    names: dict[str, Any] = {}
    exec(compile("def f(x): return x", "<made by exec>", "exec"), names)  # Python 3.13 knows "<string>" under xdist
    with pytest.raises(SourceError, match="not available"):
        lower(names["f"], (FLOAT,))


# --- what may be lowered ------------------------------------------------------------------------------------------------


def test_lambdas_on_one_line_are_told_apart():
    first, second = (lambda x: x + 1.0), (lambda x: x * 3.0)
    nested = lambda x: (lambda y: y * x)(x - 1.0)
    for fn in (first, second, nested):
        assert interp.run(lower(fn, (FLOAT,)), 2.0) == fn(2.0)


def test_columns_count_characters():
    error = refusal("def f(x):\n    é = x; ü = é + {1}\n    return x\n")
    assert error.span is not None
    assert error.span.col == 19


@numba.njit
def compiled(x):
    return x * 2.0


def scaled(x, factor, *, shift=0.0):
    return x * factor + shift


class Model:
    def __init__(self, k):
        self.k = k

    def value(self, x):
        return self.k * x


def test_callables():
    partial = functools.partial(scaled, factor=3.0)
    for fn, types in [
        (compiled, (FLOAT,)),
        (partial, (FLOAT, FLOAT, FLOAT)),
        (Model(2.5).value, (FLOAT,)),
    ]:
        args = (2.0, 3.0, 0.0)[: len(types)]
        assert interp.run(verify(lower(fn, types)), *args) == fn(2.0)


def test_parameters():
    trace = lower(
        lambda p, q, r: p[0] * p[1][0] + (q if r is None else r), (Tree((FLOAT, Tree((INT,)))), FLOAT, Static(None))
    )
    assert show(trace).splitlines()[0] == "trace function(p: (%p_0, (%p_1_0)), q: %q, r: None):"
    assert interp.run(trace, (2.0, (3,)), 1.0, None) == 7.0
    with pytest.raises(TypeError, match="1 parameters"):
        lower(compiled, (FLOAT, FLOAT))


def test_static_conditions_are_decided():
    trace = traced("""
        def f(a, m):
            def size(v):
                if v.ndim == 2:
                    return v.shape[1]
                elif isinstance(v, str):
                    return v.nothing
                return v.shape[0]
            return size(a) + size(m)
    """)
    assert "if" not in show(trace)


def test_float32_accumulates_as_python_does():
    trace = lower(
        function("def f(a):\n    s = 0.0\n    for v in a:\n        s += v\n    return s\n"), (Array("float32", 1),)
    )
    assert trace.body.yields[0].type == Scalar("float32")


def test_layouts_join():
    trace = traced("def f(m, n):\n    b = m.T if n else m\n    return b\n")
    assert trace.body.yields[0].type == Array("float64", 2, "A")


def test_two_globals_of_one_name():
    one = function("K = 2.0\ndef g(x):\n    return x + K\n")
    two = function("K = 3.0\ndef f(x):\n    return g(x * K)\n", g=one)
    assert interp.run(lower(two, (FLOAT,)), 1.0) == 5.0
    names = {arg.name for stmt in lower(two, (FLOAT,)).body.stmts for arg in stmt.args if hasattr(arg, "name")}
    assert names == {"K", "K_2"}


def test_deep_programs():
    branches = "".join(f"    if x > {k}:\n        return x * {k}.5\n" for k in range(150))
    trace = traced(f"def f(x):\n{branches}    return x\n")
    assert interp.run(trace, -1.0) == -1.0
    sums = " + ".join(["x"] * 900)
    assert interp.run(traced(f"def f(x):\n    return {sums}\n"), 1.0) == 900.0


def test_errors_are_python_errors():
    assert issubclass(UnsupportedError, NotImplementedError)
    assert issubclass(TypeInferenceError, TypeError)


# --- functions as values ------------------------------------------------------------------------------------------------

INNER = {
    "'buf' of the function around is written": """
        def f(x):
            buf = np.zeros(2)
            def g(t):
                buf[0] = t * x
                return buf[0]
            return srcad.grad(g)(x)
    """,
    "needs derivatives of every order": """
        def f(x, n):
            return x if n == 0 else srcad.grad(lambda t: f(t, n - 1))(x)
    """,
    "from which it is not called directly": """
        def f(x):
            t = 0.0
            def a():
                nonlocal t
                t += x
            def b():
                a()
            b()
            return t
    """,
    "a comprehension calls a function that changes variables": """
        def f(x, n):
            t = 0.0
            def a(v):
                nonlocal t
                t += v
                return t
            return sum(a(x * i) for i in range(n))
    """,
    "srcad.differentiate of a function defined inside": """
        def f(x):
            return srcad.differentiate(lambda t: t * x)(x)
    """,
    "srcad.inverse_hvp is for Python only": """
        def f(x):
            return srcad.inverse_hvp(lambda t: t * x)(x, x)
    """,
}


@pytest.mark.parametrize("reason", INNER)
def test_functions_that_are_refused(reason):
    error = refusal(INNER[reason], srcad=srcad)
    assert isinstance(error, srcad.UnsupportedError)
    assert reason in error.reason
    assert error.remedy


@pytest.mark.parametrize("k", [2, -3])
def test_the_index_of_a_tuple_is_checked(k):
    pick = srcad.differentiate(lambda x, k: (x, x * x)[k], jit=False)
    with pytest.raises(IndexError, match="tuple index out of range"):
        pick.grad(1.0, k)

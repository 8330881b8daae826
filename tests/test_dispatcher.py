"""The dispatcher, over traces made by hand: it is a citizen of Numba whatever the pipeline gives it."""

import copy
import inspect
import pickle
import subprocess
import sys
import threading
from collections import namedtuple
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from numba import njit
from numba.core.errors import TypingError

from srcad.infer import describe
from srcad.ir import Array, Builder, Param, Static, Trace, Var, leaves, map_tree
from srcad.jit.dispatcher import Compiled
from srcad.jit.interpreted import Interpreted
from srcad.jit.options import Options

EITHER = pytest.mark.parametrize("make", [Compiled, Interpreted])


def f(x, n=3):
    """Documented."""
    return x * n


def g(x):
    return x


def pick(fn, x, mode="twice", pair=(1.0, 2)):
    return x


@dataclass(frozen=True)
class Hand:
    """Multiplies its first number by its second; or returns its only argument doubled, leaf by leaf."""

    fn: Any
    kind: str = "grad"
    name: str = "hand"
    broadcasts: bool = False
    buffer: None = None
    star: None = None

    @property
    def broadcasting(self):
        return replace(self, broadcasts=True)

    @property
    def signature(self):
        return inspect.signature(self.fn)

    def build_call(self, given):
        return self.trace(given), list(range(len(given)))

    def trace(self, arg_types):
        names = [p.name for p in self.signature.parameters.values()]
        b = Builder()
        params = [
            Param(name, type if isinstance(type, Static) else map_tree(lambda t, name=name: Var(name, t), type))
            for name, type in zip(names, arg_types, strict=True)
        ]
        numbers = [leaf for p in params for leaf in leaves(p.tree)]
        if any(str(v.type) == "complex128" for v in numbers):
            raise TypeError("no complex numbers, please")
        if self.fn is f:
            yields, returns = [b.op("mul", *numbers, hint="y")], 0
        else:
            (tree,) = [p.tree for p in params if not isinstance(p.tree, Static)][:1]
            yields = []

            def double(leaf):
                yields.append(b.op("copy" if isinstance(leaf.type, Array) else "mul", leaf, *two(leaf)))
                return len(yields) - 1

            returns = map_tree(double, tree)
        doc = ", ".join(map(describe, arg_types))
        return Trace(self.name, tuple(params), b.block(*yields), returns, doc=doc)


def two(leaf):
    from srcad.ir import const

    return () if isinstance(leaf.type, Array) else (const(2),)


def make_f(make=Compiled, **options):
    return make(Hand(f), Options(**options, jit=make is Compiled))


# --- calls -----------------------------------------------------------------------------------------------------------


@EITHER
def test_calls_as_the_function_is_called(make):
    d = make_f(make)
    assert [d(2.0), d(2.0, 4), d(n=5, x=2.0), d(2.0, n=1), d(2)] == [6.0, 8.0, 10.0, 2.0, 6]
    assert list(inspect.signature(d).parameters) == ["x", "n"]
    assert inspect.signature(d).parameters["n"].default == 3
    assert (d.__name__, d.__doc__, d.__module__) == ("hand", "Documented.", __name__)
    with pytest.raises(TypeError):
        d()
    with pytest.raises(TypeError):
        d(1.0, 2, 3)
    with pytest.raises(TypeError, match="no complex"):
        d(1j)
    with pytest.raises(TypeError, match="list"):
        d([1.0])
    with pytest.raises(TypeError, match="object"):
        d(object())


def test_types_in_and_out():
    d = make_f()
    assert type(d(2.0)) is float
    a = np.arange(6.0).reshape(2, 3)
    e = Compiled(Hand(g), Options())
    for array in (a, a.T, a[:, ::2], a[0], np.float32(a), np.array(1.0), np.asfortranarray(a)):
        out = e(array)
        assert (out.shape, out.dtype) == (array.shape, array.dtype)
        np.testing.assert_array_equal(out, array)
        assert not np.shares_memory(out, array)
    assert len(e.signatures) == 6


Point = namedtuple("Point", "x y")


@EITHER
def test_structures(make):
    d = make(Hand(g), Options(jit=make is Compiled))
    assert d((1.0, (2, 3.0))) == (2.0, (4, 6.0))
    out = d(Point(1.0, (2.0,)))
    assert out == Point(2.0, (4.0,))
    assert type(out) is Point
    Local = namedtuple("Local", "a")
    assert type(d(Local(1.0))) is Local
    Other = namedtuple("Other", "a")
    assert type(d(Other(1.0))) is Other


@EITHER
def test_functions_and_strings_are_static(make):
    d = make(Hand(pick), Options(jit=make is Compiled))
    assert d(np.sin, 2.0) == 4.0
    assert d(f, 2.0, "once") == 4.0
    assert d(f, 2.0, "twice") == 4.0
    assert d(lambda x: x, 2.0, mode="once", pair=(2.0, 1)) == 4.0
    if make is Compiled:
        assert len(d.signatures) == 4
        d(f, 3.0, "once")
        assert len(d.signatures) == 4


# --- inside compiled code --------------------------------------------------------------------------------------------

d_global = make_f()


@njit
def calls_global(x):
    return d_global(x) + d_global(x, 2) + d_global(n=1, x=x)


@njit
def passed(function, x):
    return function(x, 2)


def test_called_from_njit():
    assert calls_global(2.0) == 6.0 + 4.0 + 2.0
    d = make_f()

    @njit
    def closure(x):
        total = 0.0
        for _ in range(3):
            total += d(x, 4)
        return total

    assert closure(1.0) == 12.0
    assert passed(d, 3.0) == 6.0
    assert passed(make_f(), 3.0) == 6.0


def test_literals_are_one_specialisation():
    d = make_f()

    @njit
    def run():
        return d(3, 1) + d(4, 2) + d(5, 3)

    assert run() == 3 + 8 + 15
    assert len(d.signatures) == 1


@dataclass(frozen=True)
class Refuses(Hand):
    """As `grad` does, refuses ints."""

    def trace(self, arg_types):
        if "int" in str(arg_types[0]):
            raise TypeError("grad requires floats")
        return super().trace(arg_types)


def test_errors_inside_njit_name_their_reason():
    d = Compiled(Refuses(g), Options())

    @njit
    def run():
        return d(1)

    with pytest.raises(TypingError, match="grad requires floats"):
        run()


def test_recursion_through_the_callers():
    d = make_f()

    @njit
    def power(x, n):
        if n == 0:
            return 1.0
        return d(power(x, n - 1), 2)

    assert power(1.0, 3) == 8.0


# --- as an object ----------------------------------------------------------------------------------------------------


@EITHER
def test_pickle_and_copy(make):
    d = make_f(make)
    for twin in (pickle.loads(pickle.dumps(d)), copy.copy(d), copy.deepcopy(d)):
        assert twin(2.0) == 6.0
        assert twin.__name__ == "hand"


def test_pickle_into_another_process(tmp_path):
    path = tmp_path / "d.pickle"
    path.write_bytes(pickle.dumps(make_f()))
    program = f"import pickle; print(pickle.load(open({str(path)!r}, 'rb'))(2.0))"
    folders = [str(p) for p in (inspect.getfile(Compiled).rpartition("/srcad/")[0], __file__.rpartition("/")[0])]
    env = {"PYTHONPATH": ":".join(folders), "PATH": ""}
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True)
    assert done.stdout == "6.0\n", done.stderr


def test_threads():
    d, results = make_f(), []
    gate = threading.Barrier(8)

    def work(k):
        gate.wait()
        results.append(d(float(k), k) == k * k and d(k, k) == k * k)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [True] * 8
    assert len(d.signatures) == 2


def test_dropped_objects_leave_compiled_callers_intact():
    import gc

    d = make_f()

    @njit
    def run(x):
        return d(x)  # noqa: F821 - deleted below

    assert run(2.0) == 6.0
    del d
    gc.collect()
    assert run(3.0) == 9.0


def test_fastmath_and_boundscheck_reach_numba():
    d = make_f(fastmath=True, boundscheck=True, cache=False)
    assert d(2.0) == 6.0
    (cres,) = d.overloads.values()
    assert cres.metadata is not None


def test_float32_scalars_stay_float32():
    d = Compiled(Hand(g), Options())
    x = np.float32(1.5)
    for _ in range(2):
        out = d(x)
        assert (type(out), out) == (np.float32, 3.0)
        out = d((x, 2.0, Point(x, (x, 1))))
        assert out == (3.0, 4.0, Point(3.0, (3.0, 2)))
        assert (type(out[0]), type(out[1]), type(out[2]), type(out[2].x)) == (np.float32, float, Point, np.float32)

    @njit
    def run(x):
        return d(x) * d(x)

    assert run(x) == 9.0

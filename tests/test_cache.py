"""Generated files: where they land, what shares them, and what happens when that cannot be."""

import os
import stat
import subprocess
import sys
import time
import traceback
import warnings
from pathlib import Path

import numpy as np
import pytest

import srcad
from srcad.jit import cache

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = """
import sys, time
import numpy as np
import srcad
from numba.core import compiler

compiled = []
original = compiler.compile_extra
def spy(*args, **kwargs):
    compiled.append(args)
    return original(*args, **kwargs)
compiler.compile_extra = spy
SCALE = 2.0

def f(x):
    s = 0.0
    for i in range(x.size):
        s += SCALE * np.sin(x[i]) ** 2
    return s

g = srcad.differentiate(f, cache="nocache" not in sys.argv)
x = np.linspace(0.0, 1.0, 5)
gradient = g.grad(x)
assert np.allclose(gradient, SCALE * np.sin(2.0 * x)), gradient
assert np.isclose(g.tangent(x, x)[1], gradient @ x)
print(len(compiled))
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("SRCAD_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def program(tmp_path):
    path = tmp_path / "program.py"
    path.write_text(PROGRAM)
    return path


def run(program, folder, *args, **more):
    env = {**os.environ, "SRCAD_CACHE_DIR": str(folder), "PYTHONPATH": str(ROOT), **more}
    env.pop("NUMBA_CACHE_DIR", None)  # Numba's files are to lie beside srcad's, where the tests can damage them
    done = subprocess.run([sys.executable, str(program), *args], env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return int(done.stdout), done.stderr


def fresh(number):
    """A function that no other test has compiled."""
    namespace = {}
    path = f"<fresh {number} {time.time_ns()}>"
    text = f"def fresh(x):\n    return x * {number!r}\n"
    import linecache

    linecache.cache[path] = (len(text), None, text.splitlines(keepends=True), path)
    exec(compile(text, path, "exec"), namespace)
    return namespace["fresh"]


def test_a_second_process_compiles_nothing(program, folder):
    assert run(program, folder)[0] > 0
    assert run(program, folder)[0] == 0


def test_a_changed_global_is_another_file(program, folder):
    run(program, folder)
    program.write_text(PROGRAM.replace("SCALE = 2.0", "SCALE = 3.0"))
    assert run(program, folder)[0] > 0


def test_without_cache(program, folder):
    assert run(program, folder, "nocache")[0] > 0
    assert run(program, folder, "nocache")[0] > 0
    assert not list(folder.glob("**/*.nbi"))


def test_files_are_private_and_readable(folder):
    g = srcad.grad(fresh(11.0))
    assert g(2.0) == 11.0
    (file,) = folder.glob("*.py")
    assert file.name.startswith("fresh_grad_")
    assert file.read_text().replace(", cache=True", "") == g.source()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not list(folder.glob("*.tmp"))


def test_tracebacks_show_the_generated_file(folder):
    @srcad.differentiate(jit=False)
    def quotient(x, n):
        return x / np.array([1.0, 2.0])[n]

    try:
        quotient.grad(1.0, 5)
    except IndexError:
        text = traceback.format_exc()
    assert str(folder) in text
    assert "quotient_grad(" in text or "in quotient_grad" in text


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="POSIX permissions")
def test_a_folder_that_others_can_write_to_is_not_used(folder):
    folder.mkdir()
    folder.chmod(0o777)
    with pytest.warns(UserWarning, match="can be written by others"):
        assert srcad.grad(fresh(12.0))(2.0) == 12.0
    assert not list(folder.iterdir())


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="POSIX permissions")
def test_a_cache_of_machine_code_that_others_can_write_to_is_not_used(folder):
    (folder / "__pycache__").mkdir(parents=True, mode=0o777)
    folder.chmod(0o700)
    (folder / "__pycache__").chmod(0o777)
    with pytest.warns(UserWarning, match="can be written by others"):
        assert srcad.grad(fresh(13.0))(2.0) == 13.0


def test_no_folder_at_all(folder, monkeypatch):
    folder.parent.mkdir(exist_ok=True)
    folder.write_text("a file where the folder should be")
    g = srcad.grad(fresh(14.0))
    assert g(2.0) == 14.0
    monkeypatch.setattr(cache, "_temporary", lambda: folder / "nowhere")
    h = srcad.grad(fresh(15.0))
    assert h(2.0) == 15.0


def test_no_folder_for_machine_code(folder, monkeypatch):
    from numba.core.caching import FunctionCache

    class Nowhere(FunctionCache._impl_class):
        _locator_classes = ()

    monkeypatch.setattr(FunctionCache, "_impl_class", Nowhere)
    assert srcad.grad(fresh(16.0))(2.0) == 16.0


@pytest.mark.parametrize("damage", [b"", b"\x80\x04garbage", b"x" * 1000])
def test_damaged_files_are_compiled_again(program, folder, damage):
    run(program, folder)
    for file in folder.glob("**/*.nb?"):
        file.write_bytes(damage)
    assert run(program, folder)[0] > 0
    assert run(program, folder)[0] == 0


def test_a_full_disk(folder, monkeypatch):
    from numba.core.caching import IndexDataCacheFile

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(IndexDataCacheFile, "_save_data", full)
    monkeypatch.setattr(IndexDataCacheFile, "_save_index", full)
    assert srcad.grad(fresh(17.0))(2.0) == 17.0


def test_an_edited_file_is_written_again(folder):
    g = srcad.grad(fresh(18.0))
    g(2.0)
    (file,) = folder.glob("*.py")
    file.write_text("raise SystemExit\n")
    cache._modules.clear()
    assert srcad.grad(g.derivative.fn)(2.0) == 18.0
    assert file.read_text().replace(", cache=True", "") == g.source()


def test_large_global_arrays_are_part_of_the_key(folder):
    def make(array):
        def weighted(x):
            return x * np.sum(array)

        return weighted

    a, b = np.ones(3000), np.full(3000, 2.0)
    assert srcad.grad(make(a))(1.0) == 3000.0
    assert srcad.grad(make(b))(1.0) == 6000.0


def test_same_text_is_compiled_once():
    f = fresh(19.0)
    first, second = srcad.grad(f), srcad.grad(f)
    first(1.0), second(1.0)
    assert first is not second
    assert [c.entry_point for c in first.overloads.values()] == [c.entry_point for c in second.overloads.values()]


def test_many_processes_at_once(program, folder):
    env = {**os.environ, "SRCAD_CACHE_DIR": str(folder), "PYTHONPATH": str(ROOT)}
    running = [
        subprocess.Popen([sys.executable, str(program)], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(3)
    ]
    for process in running:
        _, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors.decode()
    with warnings.catch_warnings():
        assert len(list(folder.glob("f_grad_*.py"))) == 1


RECURSIVE = """
import srcad

def power(x, n):
    return x if n == 0 else x * power(x * 1.1, n - 1)

print(srcad.grad(lambda x: power(x, 2))(0.7))
"""


def test_recursive_functions_in_a_second_process(tmp_path, folder):
    """What Numba itself keeps of a recursive function aborts the process that loads it."""
    path = tmp_path / "recursive.py"
    path.write_text(RECURSIVE)
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, str(path)], capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)}
        )
        assert float(done.stdout) == pytest.approx(3 * 1.1**3 * 0.7**2), done.stderr


CALLER = """
import sys
import numpy as np
import srcad
from numba import njit
from scipy.special import ndtr

def f(x):
    return ndtr(x) * np.sin(x)

g = srcad.grad(f)

@njit(cache=True)
def total(n):
    s = 0.0
    for i in range(n):
        s += g(0.1 * i)
    return s

x = 0.1 * np.arange(10)
exact = np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi) * np.sin(x) + ndtr(x) * np.cos(x)
assert np.isclose(total(10), np.sum(exact))
print(len(total.stats.cache_hits))
"""


def test_cached_code_of_the_user_that_calls_a_derivative(folder, tmp_path):
    """Numba imports the module of what such code calls, and finds its symbols, in a process that has generated nothing."""
    path = tmp_path / "caller.py"
    path.write_text(CALLER)
    assert run(path, folder)[0] == 0
    assert run(path, folder)[0] == 1

"""Generated files: where they land, what shares them, and what happens when that cannot be."""

import os
import pickle
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

g = srcad.differentiate(f, cache="nocache" not in sys.argv, vectorize_math="vector" in sys.argv)
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
    if "NUMBA_CACHE_DIR" not in more:
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


@pytest.mark.parametrize("options", [(), ("vector",)], ids=["plain", "vector"])
def test_a_second_process_compiles_nothing(program, folder, options):
    assert run(program, folder, *options)[0] > 0
    assert run(program, folder, *options)[0] == 0


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


COMPILED_CALLER = """
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
    path.write_text(COMPILED_CALLER)
    assert run(path, folder)[0] == 0
    assert run(path, folder)[0] == 1


# --- under attack -----------------------------------------------------------------------------------------------------


def test_truncated_files(program, folder):
    """Of the source, of the index and of the machine code."""
    run(program, folder)
    for pattern in ("*.py", "*.nbc", "*.nbi"):
        for file in folder.glob(f"**/{pattern}"):
            file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
        assert run(program, folder)[0] > 0 or pattern == "*.py"
    assert run(program, folder)[0] == 0


def test_foreign_machine_code_is_not_run(program, folder):
    """The data of one function under the name of another, as a failing disk or a careless copy may leave it."""
    run(program, folder)
    data = sorted(folder.glob("**/*.nbc"))
    assert len(data) > 1
    contents = [file.read_bytes() for file in data]
    for file, other in zip(data, [*contents[1:], contents[0]], strict=True):
        file.write_bytes(other)
    assert run(program, folder)[0] > 0


class Malicious:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="POSIX permissions")
@pytest.mark.parametrize("place", ["folder", "machine code", "NUMBA_CACHE_DIR"])
def test_nothing_is_unpickled_from_a_folder_that_others_can_write_to(program, folder, tmp_path, place):
    more = {"NUMBA_CACHE_DIR": str(tmp_path / "numba")} if place == "NUMBA_CACHE_DIR" else {}
    run(program, folder, **more)
    witness = tmp_path / "witness"
    planted = [file for file in tmp_path.glob("**/*.nb?")]
    assert planted
    for file in planted:
        file.write_bytes(pickle.dumps(Malicious(witness)))
        (folder if place == "folder" else file.parent).chmod(0o777)
    assert run(program, folder, **more)[0] > 0
    assert not witness.exists()


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="POSIX permissions")
def test_a_generous_umask(program, folder, tmp_path):
    program.write_text("import os; os.umask(0o002)" + PROGRAM)
    for more in ({}, {"NUMBA_CACHE_DIR": str(tmp_path / "numba")}):
        assert run(program, folder, **more)[0] > 0
        compiled, errors = run(program, folder, **more)
        assert (compiled, errors) == (0, "")


@pytest.mark.parametrize("fails", ["tempfile.mkstemp", "os.replace", "pathlib.Path.mkdir"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), PermissionError(13, "Permission denied")])
def test_a_full_or_read_only_folder(folder, monkeypatch, fails, error):
    def fail(*args, **kwargs):
        raise error

    f = fresh(len(fails) + error.errno / 128)
    monkeypatch.setattr(fails, fail)
    assert srcad.grad(f)(2.0) == len(fails) + error.errno / 128
    assert not list(folder.glob("*.*"))


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() == 0, reason="permissions that bind the user")
def test_a_folder_without_permission(folder):
    folder.mkdir(mode=0o500)
    assert srcad.grad(fresh(20.0))(2.0) == 20.0
    assert not list(folder.iterdir())


@pytest.mark.parametrize("what", ["numba", "numpy", "srcad", "python"])
def test_another_version_is_another_file(folder, monkeypatch, what):
    f = fresh(21.0 + sum(map(ord, what)))
    want = srcad.grad(f)(2.0)
    if what == "srcad":
        changed = folder.parent / "runtime.py"
        changed.write_text(cache.HELPERS[0].read_text() + "# changed")
        monkeypatch.setattr(cache, "HELPERS", (changed, *cache.HELPERS[1:]))
    elif what == "python":
        monkeypatch.setattr(sys, "version_info", (3, 99, 0, "final", 0))
    else:
        monkeypatch.setattr(f"{what}.__version__", "99.0")
    cache._versions.cache_clear()
    try:
        assert srcad.grad(f)(2.0) == want == 21.0 + sum(map(ord, what))
        assert len(list(folder.glob("fresh_grad_*.py"))) == 2
    finally:
        monkeypatch.undo()
        cache._versions.cache_clear()


CALLER = """
import numpy as np
import srcad
from helpers import helper, make

f = make(float(__import__("sys").argv[1]))
print(srcad.grad(lambda x: helper(x) * f(x))(2.0))
"""


def test_changed_callees_and_closure_values(tmp_path, folder):
    """In another file, which is not the one that is compiled; with time stamps that say nothing."""
    (tmp_path / "caller.py").write_text(CALLER)

    def gradient(power, factor):
        path = tmp_path / "helpers.py"
        path.write_text(f"def helper(t):\n    return t**{power}\n\n\ndef make(c):\n    return lambda t: c * t\n")
        os.utime(path, (1e9, 1e9))
        env = os.environ | {"PYTHONPATH": str(ROOT), "SRCAD_CACHE_DIR": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            [sys.executable, str(tmp_path / "caller.py"), str(factor)], capture_output=True, text=True, env=env
        )
        return float(done.stdout), done.stderr

    for power, factor in ((2, 1.0), (3, 1.0), (3, 5.0), (2, 1.0)):
        assert gradient(power, factor) == (factor * (power + 1) * 2.0**power, "")


def test_processes_with_different_values_at_once(program, folder, tmp_path):
    """The same function with another global, written to the same folder at the same time."""
    env = {**os.environ, "SRCAD_CACHE_DIR": str(folder), "PYTHONPATH": str(ROOT)}
    running = []
    for k in range(2):
        other = tmp_path / f"process{k}" / program.name
        other.parent.mkdir()
        other.write_text(PROGRAM.replace("SCALE = 2.0", f"SCALE = {k}.5"))
        running.append(subprocess.Popen([sys.executable, str(other)], env=env, stderr=subprocess.PIPE))
    for process in running:
        _, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors.decode()

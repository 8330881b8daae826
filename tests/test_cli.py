"""The command line, as a person at a terminal meets it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from srcad.cli import main
from srcad.highlight import highlight

PROGRAM = """\
import numpy as np


def survey(x1, x2):
    return np.log(x1) + x1 * x2 - np.sin(x2)
"""

SEVERAL = (
    PROGRAM
    + """

def total(x: "f8[:]", a=2.0):
    return a * np.sum(x * x)


def opens(x):
    return open(x)


CONSTANT = 3
"""
)


@pytest.fixture()
def one(tmp_path) -> str:
    path = tmp_path / "one.py"
    path.write_text(PROGRAM)
    return str(path)


@pytest.fixture()
def several(tmp_path) -> str:
    path = tmp_path / "several.py"
    path.write_text(SEVERAL)
    return str(path)


def run(capsys, *argv: str) -> tuple[int, str, str]:
    try:
        code = main(argv)
    except SystemExit as stop:  # argparse
        code = int(stop.code or 0)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_show_prints_a_module_that_runs_by_itself(capsys, one, tmp_path):
    code, out, err = run(capsys, "show", f"{one}:survey")
    assert (code, err) == (0, "")
    script = tmp_path / "alone.py"
    script.write_text(out + "\nprint(*survey_adjoint(2.0, 5.0, 1.0))\n")
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert [round(float(value), 4) for value in done.stdout.split()] == [11.6521, 5.5, 1.7163]


def test_a_file_with_one_function_needs_no_name(capsys, one):
    assert run(capsys, "show", one)[1] == run(capsys, "show", f"{one}:survey")[1]


def test_a_file_with_several_lists_them(capsys, several):
    code, out, _ = run(capsys, "show", several)
    assert code == 0
    assert [line.partition("(")[0] for line in out.splitlines()] == [
        f"{several}:{n}" for n in ("survey", "total", "opens")
    ]
    code, _, err = run(capsys, "show", several, "-o", "x.py")
    assert code == 2
    assert "name one:" in err
    assert run(capsys, "check", several, "--at", "1.0")[0] == 2


def test_a_differentiated_function_goes_before_its_helpers(capsys, tmp_path):
    path = tmp_path / "marked.py"
    path.write_text("from srcad import differentiate\n\n\ndef helper(x):\n    return x * x\n\n\n@differentiate\ndef f(x):\n"
                    "    return helper(x) + x\n")  # fmt: skip
    code, out, _ = run(capsys, "show", str(path))
    assert code == 0
    assert "def f_adjoint(x, y_bar):" in out


def test_a_module_by_name(capsys, one, monkeypatch):
    monkeypatch.chdir(Path(one).parent)
    monkeypatch.setattr(sys, "path", [*sys.path])
    assert "def survey_adjoint" in run(capsys, "show", "one:survey")[1]
    code, _, err = run(capsys, "show", "one.survey")
    assert code == 2
    assert "no module named" in err


@pytest.mark.parametrize(
    "kind", ["primal", "tangent", "adjoint", "grad", "value_and_grad", "hvp", "jacfwd", "jacrev", "hessian"]
)
def test_kinds(capsys, one, kind):
    code, out, err = run(capsys, "show", one, "--kind", kind)
    assert code == 0, err
    compile(out, "shown", "exec")
    assert f"def survey{'' if kind == 'primal' else '_' + kind}(" in out


def test_argnums_by_position_and_name(capsys, one):
    by_position = run(capsys, "show", one, "--kind", "grad", "--argnums", "1")
    assert by_position[0] == 0
    assert by_position == run(capsys, "show", one, "--kind", "grad", "--argnums", "x2")
    assert run(capsys, "show", one, "--kind", "grad", "--argnums", "x1,x2")[0] == 0
    code, _, err = run(capsys, "show", one, "--kind", "grad", "--argnums", "x3")
    assert code == 2
    assert "x1, x2" in err
    assert run(capsys, "show", one, "--argnums", "1")[0] == 2


def test_types(capsys, several):
    code, out, err = run(capsys, "show", f"{several}:total", "--types", "f4[:], f4")
    assert code == 0, err
    assert "float32" in out
    assert run(capsys, "show", f"{several}:total")[0] == 0, "the annotation and the default say the types"
    code, _, err = run(capsys, "show", f"{several}:total", "--types", "f8[:]")
    assert code == 2
    assert "2 parameters" in err
    code, _, err = run(capsys, "show", f"{several}:total", "--types", "nonsense, f8")
    assert code == 2
    assert "nonsense" in err


def test_buffers(capsys, several):
    code, out, _ = run(capsys, "show", f"{several}:total", "--types", "f8[:], f8", "--kind", "grad", "--out")
    assert (code, ", out):" in out, "return out" in out) == (0, True, True)
    code, _, err = run(capsys, "show", f"{several}:total", "--types", "f8[:], f8", "--kind", "primal", "--out")
    assert (code, err) == (2, "srcad: --out goes with derivatives\n")


def test_a_failure_with_assumed_types_says_so(capsys, tmp_path):
    path = tmp_path / "arrays.py"
    path.write_text("def f(x):\n    return x[0] * x[1]\n")
    code, out, err = run(capsys, "show", str(path))
    assert (code, out) == (1, "")
    assert "--types" in err
    assert run(capsys, "show", str(path), "--types", "f8[:]")[0] == 0


def test_pass_shows_a_trace(capsys, one):
    code, out, _ = run(capsys, "show", one, "--pass", "lower")
    assert code == 0
    assert out.startswith("trace survey(")
    assert len(out.splitlines()) > 5
    code, _, err = run(capsys, "show", one, "--pass", "nope")
    assert code == 2
    assert "lower, equal, fuse" in err


def test_output_file(capsys, one, tmp_path):
    target = tmp_path / "out.py"
    code, out, _ = run(capsys, "show", one, "-o", str(target))
    assert (code, out) == (0, "")
    assert target.read_text() == run(capsys, "show", one)[1]


def test_what_cannot_be_differentiated_is_shown_with_a_caret(capsys, several):
    code, out, err = run(capsys, "show", f"{several}:opens")
    assert (code, out) == (1, "")
    assert re.match(rf"{re.escape(several)}:13: ", err)
    assert "return open(x)" in err
    assert "^" in err


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("nope.py:f", "no such file: nope.py"),
        ("{one}:surve", "did you mean survey?"),
        ("{several}:CONSTANT", "is a int, not a function"),
        ("nope.module:f", "no module named"),
        ("{dir}/on.py", "did you mean one.py"),
        ("{dir}/broken.py:f", "broken.py:1: SyntaxError"),
        ("{dir}/raises.py:f", "raises.py:1: ZeroDivisionError"),
        ("{dir}/empty.py", "defines no function"),
    ],
)
def test_a_target_that_is_not_there(capsys, one, several, tmp_path, target, words):
    (tmp_path / "broken.py").write_text("def f(:\n")
    (tmp_path / "raises.py").write_text("1 / 0\n")
    (tmp_path / "empty.py").write_text("")
    code, out, err = run(capsys, "show", target.format(one=one, several=several, dir=tmp_path))
    assert (code, out) == (2, "")
    assert words in err
    assert "Traceback" not in err


def test_check_agrees(capsys, one):
    code, out, _ = run(capsys, "check", one, "--at", "2.0, 5.0")
    assert code == 0
    head, first, second = out.splitlines()
    assert head.split() == ["argument", "forward", "reverse", "differences", "error"]
    assert first.split()[:3] == ["x1", "5.5", "5.5"]
    assert second.split()[0] == "x2"
    assert float(second.split()[-1]) < 1e-8


def test_check_takes_lists_for_arrays(capsys, several):
    code, out, _ = run(capsys, "check", f"{several}:total", "--at", "[1.0, 2.0], np.pi")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()[1:]] == ["x", "a"]


def test_check_notices_a_difference(capsys, tmp_path):
    path = tmp_path / "kink.py"
    path.write_text("def f(x):\n    return abs(x)\n")
    code, out, _ = run(capsys, "check", str(path), "--at", "1e-4")
    assert code == 1
    assert "disagree" in out


def test_whatever_differentiate_made_is_found(capsys, tmp_path):
    path = tmp_path / "made.py"
    for option in ("jit=False", "target='cuda'", "parallel=True"):
        text = f"import srcad\n\ndef g(x): return x\n\n@srcad.differentiate({option})\ndef f(x): return g(x)**2\n"
        path.write_text(text)
        assert "def f_adjoint" in run(capsys, "show", str(path))[1]


@pytest.mark.parametrize(
    ("at", "words", "expected"),
    [("2, 5", "2.0 rather than 2", 2), ("2.0, (", "cannot read --at", 2), ("2.0", "TypeError", 1)],
)
def test_check_with_poor_arguments(capsys, one, at, words, expected):
    code, _, err = run(capsys, "check", one, "--at", at)
    assert code == expected
    assert words in err


def test_check_looks_at_one_problem_of_a_batch(capsys, tmp_path):
    path = tmp_path / "batches.py"
    path.write_text("import srcad\n\n@srcad.differentiate(target='cuda')\ndef f(x, p):\n    return p * x**2\n")
    code, out, _ = run(capsys, "check", str(path), "--at", "2.0, 3.0")
    assert code == 0
    assert [line.split()[:2] for line in out.splitlines()[1:]] == [["x", "12"], ["p", "4"]]


def test_check_of_a_complex_result(capsys, tmp_path):
    path = tmp_path / "waves.py"
    path.write_text("def f(x):\n    return x * 1j\n")
    code, _, err = run(capsys, "check", str(path), "--at", "2.0")
    assert code == 1
    assert "complex" in err


def test_help_has_examples(capsys):
    for command in ([], ["show"], ["check"]):
        code, out, _ = run(capsys, *command, "--help")
        assert code == 0
        assert "examples:" in out


def test_usage_errors(capsys, one):
    assert run(capsys)[0] == 2
    assert run(capsys, "show", one, "--kind", "integral")[0] == 2


def test_highlighting_changes_nothing_but_colour():
    source = Path(__file__).read_text()
    coloured = highlight(source)
    assert coloured != source
    assert re.sub("\033\\[[0-9;]*m", "", coloured) == source


def test_piped_output_is_plain_and_a_closed_pipe_is_no_error(one):
    env = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    command = f"{sys.executable} -m srcad show {one} | head -n 1"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, env=env)
    assert (done.returncode, done.stderr) == (0, "")
    assert "\033" not in done.stdout


def test_output_that_cannot_be_written(capsys, one, tmp_path):
    code, out, err = run(capsys, "show", one, "-o", str(tmp_path / "no" / "x.py"))
    assert (code, out) == (2, "")
    assert err.startswith("srcad: cannot write") and "No such file" in err
    code, _, err = run(capsys, "show", one, "-o", str(tmp_path))
    assert code == 2 and "directory" in err


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a file of Linux")
@pytest.mark.parametrize(("redirection", "message"), [(">/dev/full", "No space left"), (">&-", "is closed")])
def test_standard_output_that_cannot_be_written(one, redirection, message):
    command = f"{sys.executable} -m srcad show {one} {redirection}"
    done = subprocess.run(command, shell=True, capture_output=True, text=True)
    assert done.returncode == 1
    assert message in done.stderr and "Traceback" not in done.stderr


def test_check_takes_a_comma_at_the_end_and_knows_float32(capsys, one):
    assert run(capsys, "check", one, "--at", "2.0, 5.0,")[0] == 0
    assert run(capsys, "check", one, "--at", "np.float32(2.0), np.float32(5.0)")[0] == 0


def test_functions_of_libraries(capsys):
    code, _, err = run(capsys, "show", "numpy:sum")
    assert code == 2 and "must be said by the types" in err
    code, out, _ = run(capsys, "show", "numpy:sum", "--types", "f8[:]")
    assert code == 0 and "y_bar" in out


# --- srcad rules --------------------------------------------------------------------------------------------------------


def test_rules(capsys):
    code, out, _ = run(capsys, "rules", "tanh")
    assert code == 0
    assert "    y = tanh(x); y_dot = (1 - y * y) * x_dot; x_bar = (1 - y * y) * y_bar" in out.splitlines()
    assert "np.arctanh" in out
    code, out, _ = run(capsys, "rules")
    for name in (
        "np.einsum",
        "scipy.special.jv",
        "scipy.stats.norm.logpdf",
        "scipy.fft.dct",
        "math.hypot",
        ".cumsum",
        "eigh",
    ):
        assert name in out.split(), name


def test_one_rule(capsys):
    """With modes, orders, dtypes, where it is tested, and where it stands; of a rule in Python, its mathematics."""
    _, out, _ = run(capsys, "rules", "kv")
    assert "forward and reverse mode, of every order; float64, float32; numbers and arrays" in out
    assert "tested at 0.6; 1.3; 3.5, v = 1.7" in out
    assert re.search(r"transforms/rules/special\.py:\d+", out)
    _, out, _ = run(capsys, "rules", "expm")
    assert "the Fréchet derivative" in out and "scipy.linalg.expm_frechet" in out


def test_table_of_functions(capsys):
    code, out, _ = run(capsys, "rules", "--markdown")
    lines = out.splitlines()
    assert code == 0 and lines[:2] == ["| module | functions |", "|---|---|"]
    rows = {line.split("|")[1].strip(): line.split("|")[2] for line in lines[2:]}
    assert "logm" in rows["`scipy.linalg`"] and "eigvals" in rows["`np.linalg`"] and "linalg" not in rows["NumPy"]
    assert "norm (cdf isf logcdf logpdf logsf pdf ppf sf)" in rows["`scipy.stats`"]


def test_no_such_rule(capsys):
    assert run(capsys, "rules", "zzz") == (1, "", "srcad: nothing is known by a name with 'zzz' in it\n")

"""What the README shows is what happens. `SRCAD_UPDATE_GOLDEN=1` writes the generated blocks anew."""

import contextlib
import doctest
import io
import os
import re
from pathlib import Path

import pytest

import srcad
from srcad.cli import main

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
REFUSED = "import numpy as np\n\n\ndef smallest(x):\n    return np.unique(x)[0]\n"


def block(after: str) -> str:
    """The first code block after a piece of text."""
    return re.search(r"^```\w+\n(.*?)^```", README.read_text().partition(after)[2], re.DOTALL | re.MULTILINE)[1]


def agree(after: str, actual: str, same=lambda shown, actual: shown == actual) -> None:
    shown = block(after)
    if os.environ.get("SRCAD_UPDATE_GOLDEN"):
        head, tail = README.read_text().split(after)
        README.write_text(head + after + tail.replace(shown, actual, 1))
    else:
        assert same(shown, actual), f"the README shows\n{shown}\nbut this comes out\n{actual}"


def run(*argv: str) -> str:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        main(argv)
    return out.getvalue() + err.getvalue()


@pytest.fixture()
def example(tmp_path, monkeypatch) -> None:
    """The current folder, with the README's smooth.py in it."""
    monkeypatch.chdir(tmp_path)
    Path("smooth.py").write_text(block("## A first example").partition("\n")[2])


def test_the_adjoint(example):
    agree('`srcad show smooth.py --types "f8[:], f8"`', run("show", "smooth.py", "--types", "f8[:], f8"))


def test_the_check(example):
    def same(shown: str, actual: str) -> bool:
        """All but the last digits."""
        pairs = zip(shown.split(), actual.split(), strict=True)
        return all(a == b or abs(float(a) - float(b)) < 1e-8 for a, b in pairs)

    at = "[0.2, 0.5, 0.4], 0.3"
    agree(f'`srcad check smooth.py --at "{at}"`', run("check", "smooth.py", "--at", at), same)


def test_the_session(example):
    import numpy as np

    names = {"np": np, "__name__": "smooth"}
    exec(compile(Path("smooth.py").read_text(), str(Path("smooth.py").resolve()), "exec"), names)
    after = "It is still the same function"
    session = doctest.DocTestParser().get_doctest(block(after), names, "README", None, 0)
    if os.environ.get("SRCAD_UPDATE_GOLDEN"):
        lines = []
        for example in session.examples:
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                exec(compile(example.source, "README", "single"), names)
            lines.append(f">>> {example.source}{out.getvalue()}")
        agree(after, "".join(lines))
    else:
        assert doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(session).failed == 0


def test_the_refusal(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("model.py").write_text(REFUSED)
    actual = run("show", "model.py", "--types", "f8[:]").replace(f"{tmp_path}/", "")
    agree("A refusal names the place", actual)


def test_the_table_names_what_there_is():
    table = README.read_text().partition("## The interface")[2].partition("## ")[0]
    cells = "".join(line.split("|")[1] for line in table.splitlines() if line.startswith("| `"))
    names = set(re.findall(r"[`@](?:srcad\.)?([a-z_]+)(?:\.\w+)?\(", cells)) - {"testing"}
    assert {name for name in names if not hasattr(srcad, name)} == set()
    assert set(srcad.__all__) - {"testing"} - {n for n in srcad.__all__ if n.endswith("Error")} <= names


def test_the_commands_are_those_that_ci_runs():
    install = re.search(r"pip install (-e '\.\[test\]')", README.read_text())[1]
    assert f"pip install --quiet {install}" in (ROOT / ".ci" / "run").read_text()
    assert "pytest -n 2 --dist worksteal" in README.read_text()
    assert "pytest -n 2 --dist worksteal" in (ROOT / ".ci" / "run").read_text()
    (script,) = re.findall(r"python (examples/\S+\.py)", README.read_text())
    assert (ROOT / script).is_file()


def test_the_table_of_functions():
    """Between its markers in the README stands what `srcad rules --markdown` prints."""
    start, end = "<!-- srcad rules --markdown -->\n", "<!-- end -->"
    text = README.read_text()
    if start not in text:
        pytest.skip("the README has no such table")
    head, _, rest = text.partition(start)
    shown, _, tail = rest.partition(end)
    actual = run("rules", "--markdown")
    if os.environ.get("SRCAD_UPDATE_GOLDEN"):
        README.write_text(head + start + actual + end + tail)
    else:
        assert shown == actual

"""Programs that once had a wrong derivative, or none, as `python -m tests.fuzz` has found and shrunk them."""

from pathlib import Path

import pytest

from fuzz.check import Discard, check, load

FILES = sorted((Path(__file__).parent / "regressions").glob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_regression(path):
    source = path.read_text()
    program = load(source, path.name)
    try:
        check(source, program.__globals__["SEED"], frozenset(program.__globals__["LEVELS"].split()))
    except Discard as kink:
        assert str(kink) == "kink", "the program is not valid Python any more"

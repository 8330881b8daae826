"""Each example runs, passes its own check and says what it did."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"
NEEDS = {"logistic_regression": ("scipy", "sklearn"), "newton_cg": ("scipy",)}


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.stem)
def test_example(path):
    for module in NEEDS.get(path.stem, ()):
        pytest.importorskip(module, reason="pip install srcad[examples]")
    # From the root, as the README says; PYTHONPATH so that a checkout serves without being installed.
    env = os.environ | {"PYTHONPATH": str(EXAMPLES.parent)}
    done = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, timeout=300, env=env)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()

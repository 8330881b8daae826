"""How long a new process waits for its first gradient, past `import numba`: with empty caches, and with what the one before left
on the disk."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator

MARK = 50.0  #: milliseconds, warm
PROGRAM = """
import time
import numba
import numpy as np
numba.njit(lambda x: x)(1.0)
start = time.process_time()
import srcad
from tests.bench.users import burgers
imported = time.process_time()
srcad.grad(burgers)(np.linspace(0.1, 1.0, 100), 0.1, 10)
print((imported - start) * 1e3, (time.process_time() - imported) * 1e3)
"""


def table() -> Iterator[str]:
    yield f"{'a new process, ms':24}{'import srcad':>14}{'first gradient':>16}"
    with tempfile.TemporaryDirectory() as folder:
        folders = dict.fromkeys(("SRCAD_CACHE_DIR", "NUMBA_CACHE_DIR", "PYTHONPYCACHEPREFIX"), folder)
        environment = os.environ | folders | {"PYTHONDONTWRITEBYTECODE": ""}
        for title in ("empty caches", "warm", "warm again"):
            out = subprocess.run(
                [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True
            ).stdout
            imported, first = map(float, out.split())
            verdict = f"{'met' if imported + first < MARK else 'missed'}, under {MARK:.0f}" if "warm" in title else ""
            yield f"{title:24}{imported:14.0f}{first:16.0f}   {verdict}"

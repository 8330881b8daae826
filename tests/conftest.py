"""Tests keep their generated files to themselves: one cache folder a run, shared by its workers, gone afterwards. Every pass
is checked by the verifier."""

import gc
import os
import shutil
import tempfile

import pytest


def pytest_configure(config: pytest.Config) -> None:
    os.environ["SRCAD_VERIFY"] = "1"
    if hasattr(config, "workerinput") or "SRCAD_CACHE_DIR" in os.environ:
        return
    folder = os.environ["SRCAD_CACHE_DIR"] = tempfile.mkdtemp(prefix="srcad-tests-")
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))


def pytest_collection_finish() -> None:
    """The modules and the thousands of tests stay: looking through them again and again takes a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)

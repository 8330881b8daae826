"""The examples in docstrings do what they say."""

import doctest
import functools
import importlib
import math

import numpy as np
import pytest

import srcad


@pytest.mark.parametrize(
    "name",
    [
        "srcad",
        "srcad.api",
        "srcad.checkpointing",
        "srcad.custom",
        "srcad.implicit",
        "srcad.infer",
        "srcad.runtime",
        "srcad.testing",
        "srcad.vector_math",
    ],
)
def test_examples_in_docstrings(name):
    module = importlib.import_module(name)
    found = doctest.testmod(
        module, extraglobs={"np": np, "srcad": srcad, "functools": functools, "math": math, "grad": srcad.grad}
    )
    assert found.attempted
    assert not found.failed

"""Random programs, with seeds that do not change, through both modes and both orders. `SRCAD_RANDOM=1000:2000 pytest ...`
tries others, and `python -m tests.fuzz` many."""

import os

import pytest

import srcad
from fuzz.__main__ import levels
from fuzz.check import Discard, check
from fuzz.generator import generate

SEEDS = range(*map(int, os.environ.get("SRCAD_RANDOM", "0:200").split(":")))
SECOND, COMPILED = 8, 50


@pytest.mark.parametrize("seed", SEEDS)
def test_random_program(seed):
    try:
        check(generate(seed), seed, levels(seed, SECOND, COMPILED))
    except (Discard, srcad.UnsupportedError, SyntaxError) as why:
        pytest.skip(str(why).splitlines()[0])


def test_few_are_refused():
    """A program that is refused is not checked: of what the grammar has, nearly all is supported."""
    refused = 0
    for seed in range(1000, 1100):
        try:
            check(generate(seed), seed, frozenset({"lowered"}))
        except srcad.UnsupportedError:
            refused += 1
        except Discard:
            pass
    assert refused <= 10

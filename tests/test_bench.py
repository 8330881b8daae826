"""The benchmark's own parts, without timing anything: `python -m tests.bench` checks every gradient before it times it."""

import math
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))  # as for `python -m tests.bench`

from tests.bench import adbench, dynamics, hand, npbench, sequences, users
from tests.bench.growth import exponent
from tests.bench.marks import COLUMNS, report
from tests.bench.memory import peak, size
from tests.bench.others import arrays
from tests.bench.timing import medians

PROGRAMS = {p.name: p for module in (npbench, adbench, users, dynamics, sequences) for p in module.programs()}


def test_every_adjoint_by_hand_and_every_form_for_other_tools_belongs_to_a_program():
    helpers = {"gravity", "slope"} | {name for name in vars(arrays) if name.endswith("_step")}
    assert hand.ADJOINTS.keys() <= PROGRAMS.keys()
    assert {name for name, f in vars(arrays).items() if callable(f)} - helpers <= PROGRAMS.keys()


@pytest.mark.parametrize("name", ["hand_tracking", "kalman", "vadv", "simpson"])
def test_programs_do_not_write_into_their_arguments(name):
    program = PROGRAMS[name]
    before = [np.copy(arg) for arg in program.args]
    assert math.isfinite(program.function(*program.args))
    for arg, copy in zip(program.args, before, strict=True):
        np.testing.assert_array_equal(arg, copy)


def test_a_peak_is_what_was_there_at_once():
    def call():
        for _ in range(3):
            np.zeros(100_000)
        return np.zeros(50_000)

    assert 800_000 <= peak(call) < 810_000
    assert size((np.zeros(10), 1.0)) == 88


def test_marks_are_met_or_missed_by_name():
    nothing = [math.nan] * (len(COLUMNS) - 2)
    lines = report({"good": [0.8, 1.5, *nothing], "bad": [1.5, 6.0, *nothing]})
    assert lines == [
        "gradient/hand, mean of 2: 1.10, at most 1: missed",
        "gradient/hand, each at most 1.25: missed by bad 1.50",
        "gradient/f, mean of 2: 3.00, at most 2: missed",
        "gradient/f, each at most 5: missed by bad 6.00",
    ]


def test_exponents_and_medians():
    assert exponent((10, 100), (1.0, 100.0)) == pytest.approx(2.0)
    calls = []
    times = medians({"slow": lambda: calls.append(sum(range(300_000)))}, 50)
    assert times["slow"] > 0.0 and 4 <= len(calls) <= 51

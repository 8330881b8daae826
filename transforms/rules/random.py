"""Random draws: constants, refused where a parameter is not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from srcad.errors import UnsupportedError
from srcad.ir import Atom, Builder, Op
from srcad.transforms.rules.structural import structural


@structural("draw", at=())  # there is no derivative to be compared: tests/test_random_draws.py
class Draw:
    @staticmethod
    def _refuse(op: Op) -> NoReturn:
        raise UnsupportedError(
            f"np.random.{op.attr('function')} has no derivative for its parameters",
            op.span,
            "hold them constant with srcad.stop_gradient, or write the draw as a function of one without parameters",
        )

    @staticmethod
    def pushforward(b: Builder, op: Op, dots: Sequence[Atom | None]) -> Atom | None:
        return Draw._refuse(op)

    @staticmethod
    def pullback(b: Builder, op: Op, y_bar: Atom, wanted: Sequence[bool]) -> list[Atom | None]:
        return Draw._refuse(op) if any(wanted) else [None] * len(op.args)

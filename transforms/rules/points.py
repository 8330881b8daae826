"""Where the rules of the book are tested: points for the arguments that have a derivative, away from kinks and poles.

A rule names its points when it is entered, so that there is none without a test.
"""

from __future__ import annotations

REALS = (-1.7, -0.6, 0.4, 1.3, 2.9)
POSITIVE = (0.3, 0.9, 1.0, 2.5, 11.0)
NEGATIVE = (-2.5, -0.9, -0.2)
UNIT = (-0.8, -0.3, 0.2, 0.7)
FRACTIONS = (0.2, 0.7)
ABOVE_ONE = (1.2, 1.9, 4.0)
MODERATE = (0.3, 0.9, 2.5)
AWAY_FROM_ZERO = (0.6, 1.3, 3.5)
#: For functions with poles at 0, -1, -2, ...
BETWEEN_POLES = (-1.4, 0.3, 1.0, 4.2)
PAIRS = ((0.4, 1.9), (-1.3, 0.7), (2.2, -0.6), (-0.5, -1.1), (3.1, 3.3))
POSITIVE_PAIRS = ((0.4, 1.9), (1.3, 0.7), (2.2, 3.6))
#: Bases and exponents.
POWERS = ((0.4, 1.9), (1.3, 0.7), (2.2, -0.6), (3.1, 3.0), (0.7, 0.0))
#: A condition, and what it chooses from.
CHOICES = tuple((chosen, *pair) for chosen in (True, False) for pair in PAIRS)
COMPLEX = (0.6 - 0.3j, -0.4 + 1.1j)

"""A difficulty that is asked for → which compositions to plan, and which of the finished problems to keep.

The planner draws a level of effort, plans a few compositions, and takes the first that is expected to fit, or else the
one that misses by least. What the sandbox then finds decides: a problem that misses is not kept. Ours.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random
from typing import Protocol

from agentprop.composition.calibration import Calibration
from agentprop.composition.difficulty import BANDS, EDGES, band_of, declared_score
from agentprop.composition.efforts import draw_level
from agentprop.records import DeclaredDifficulty, Features

ASKED, USUAL_PLANS = 12, 3
"""Compositions planned for a difficulty that is asked for, and for none in particular."""


class Aim(Protocol):
    """What is asked of the difficulty of compositions."""

    plans: int
    """Compositions planned until one fits."""

    def level(self, rng: Random) -> int:
        """Draw the level of effort of a composition."""
        ...

    def miss(self, level: int, features: Features) -> float:
        """By how much expected features miss what is asked of a composition of this level; 0 if they do not."""
        ...

    def keeps(self, found: DeclaredDifficulty | None) -> bool:
        """True if a finished problem is what was asked for."""
        ...


@dataclass(frozen=True)
class AnyDifficulty:
    """Nothing in particular is asked for: all levels in turn, and every problem is kept."""

    plans: int = USUAL_PLANS

    def level(self, rng: Random) -> int:
        """Draw the level of effort of a composition."""
        return draw_level(rng)

    def miss(self, level: int, features: Features) -> float:
        """Distance of the expected score from the band of the level."""
        return _outside(declared_score(features), level + 1, level + 1)

    def keeps(self, found: DeclaredDifficulty | None) -> bool:
        """Keep every problem."""
        return True


@dataclass(frozen=True)
class Bands:
    """Bands of the declared difficulty, all of them as often."""

    low: int
    """Lowest band."""
    high: int
    """Highest band."""
    plans: int = ASKED

    def level(self, rng: Random) -> int:
        """Draw the level of one of the bands."""
        return rng.randint(self.low, self.high) - 1

    def miss(self, level: int, features: Features) -> float:
        """Distance of the expected score from the band of the level."""
        return _outside(declared_score(features), level + 1, level + 1)

    def keeps(self, found: DeclaredDifficulty | None) -> bool:
        """True for a problem in one of the bands."""
        return found is not None and self.low <= found.band <= self.high


@dataclass(frozen=True)
class PassRates:
    """A range of pass rates, as a calibration estimates them; a problem that it cannot tell of is not kept."""

    low: float
    """Least pass rate."""
    high: float
    """Greatest pass rate."""
    calibration: Calibration
    """Features → pass rate of one prober."""
    plans: int = ASKED

    def level(self, rng: Random) -> int:
        """Draw any level: which ones fit depends on the prober."""
        return rng.randrange(len(BANDS))

    def miss(self, level: int, features: Features) -> float:
        """Distance of the estimate from the range; without an estimate further than any."""
        found = self.calibration.estimate(features)
        return 1.0 if found is None else max(0.0, self.low - found, found - self.high)

    def keeps(self, found: DeclaredDifficulty | None) -> bool:
        """True for a problem whose estimated pass rate lies in the range."""
        return found is not None and self.miss(0, found.features) == 0


def _outside(score: float, low: int, high: int) -> float:
    """Distance of a score from a range of bands.

    >>> _outside(5.5, 3, 3), _outside(5.5, 4, 5), _outside(9.5, 1, 4)
    (0.0, 1.0, 1.5)
    """
    if low <= band_of(score) <= high:
        return 0.0
    edges = (-math.inf, *EDGES, math.inf)
    return max(edges[low - 1] - score, score - edges[high])

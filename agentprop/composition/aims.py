"""A difficulty that is asked for → which compositions to plan, and which of the finished problems to keep.

The planner draws a level of effort, plans a few compositions, and takes the first that is expected to fit, or else the
one that misses by least. What the sandbox then finds decides: a problem that misses is not kept. Ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Protocol

from agentprop.composition.calibration import Calibration
from agentprop.composition.difficulty import BANDS, EDGES, declared_score
from agentprop.composition.efforts import draw_level
from agentprop.records import DeclaredDifficulty, Features

ASKED, USUAL_PLANS = 12, 1
"""Compositions planned for a difficulty that is asked for, and for none in particular."""
MARGIN = 0.25
"""Share of a band at each of its ends that is not aimed at."""
_ENDS = (EDGES[0] - 1.5, *EDGES, 12.0)
"""Ends of the bands, the outer ones as far as they are aimed at."""


class Aim(Protocol):
    """What is asked of the difficulty of compositions."""

    @property
    def plans(self) -> int:
        """Compositions planned until one fits."""
        ...

    @property
    def alone(self) -> bool:
        """True if a bundled skill may be posed by itself, which is lighter than any composition."""
        ...

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
    alone: bool = False

    def level(self, rng: Random) -> int:
        """Draw the level of effort of a composition."""
        return draw_level(rng)

    def miss(self, level: int, features: Features) -> float:
        """Distance of the expected score from the middle of the band of the level."""
        return _off_middle(declared_score(features), level + 1)

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

    @property
    def alone(self) -> bool:
        """True for the lowest band."""
        return self.low == 1

    def level(self, rng: Random) -> int:
        """Draw the level of one of the bands."""
        return rng.randint(self.low, self.high) - 1

    def miss(self, level: int, features: Features) -> float:
        """Distance of the expected score from the middle of the band of the level."""
        return _off_middle(declared_score(features), level + 1)

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
    alone: bool = True

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


def _off_middle(score: float, band: int) -> float:
    """Distance of a score from the middle half of a band, since what is computed differs from what is expected.

    >>> [_off_middle(score, 3) for score in (5.0, 5.5, 6.5)], _off_middle(4.0, 1), _off_middle(9.0, 5)
    ([0.375, 0.0, 0.375], 0.375, 0.0)
    """
    low, high = _ENDS[band - 1], _ENDS[band]
    margin = MARGIN * (high - low)
    return max(0.0, low + margin - score, score - high + margin)

"""Position of a token in its reply → the temperature that it is drawn at: heat first, then cold.

Exploratory Annealed Decoding (EAD, arXiv 2510.05251): early tokens decide what a reply is about, so a policy explores
there, and late ones only carry it out. In step s of training,

    τ_t = 1                                    for t < 10
          max(1 + high − e^(t/d_s), low)       from there on,    d_s = min(d_0 + growth·s, 40000)

high = 1.2, low = 0.1 and the growth of 5 a step are the paper's. Paper and code differ in how fast e^(t/d) grows, so
d_0 is left to the user: a quarter of the reply's limit is ours. For d = 500:

    t     0     10       100      300      390    500
    τ     1     1.1798   0.9786   0.3779   0.1    0.1
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Self

HELD = 10
"""Tokens at the beginning of a reply that are drawn at temperature 1."""
LONGEST = 40_000.0
"""Largest decay d, tokens."""


@dataclass(frozen=True, slots=True)
class Annealing:
    """Temperature that falls over a reply."""

    decay: float
    """Decay d, tokens: about where in a reply the temperature has fallen to low."""
    growth: float = 5.0
    """Tokens that are added to the decay with every step of training."""
    high: float = 1.2
    """Largest temperature, reached after the first tokens."""
    low: float = 0.1
    """Smallest temperature."""
    after: str = ""
    """Text near the beginning of the replies that are annealed, and from which on; other replies are not."""

    def at(self, step: int) -> Self:
        """Return the annealing of a step of training, which does not grow any more."""
        return replace(self, decay=min(self.decay + self.growth * step, LONGEST), growth=0.0)

    def temperature(self, position: int) -> float:
        """Return the temperature of a token, by its position in the reply from 0."""
        if position < HELD:
            return 1.0
        fall = min(position / self.decay, 50.0)  # e^50 is far below any floor, and finite
        return max(1 + self.high - math.exp(fall), self.low)

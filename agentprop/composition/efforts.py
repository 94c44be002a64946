"""A level from 0 to 4 → how much work the compositions of the planner take; level n aims at difficulty band n + 1.

Ours. Level 0 chains two skills and takes the smallest of several draws of numbers, level 4 chains up to five, lets
other skills supply further parameters too, and takes the largest.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from agentprop.composition.grammar import NUMBER
from agentprop.composition.terms import Apply, Given


@dataclass(frozen=True)
class Effort:
    """Bounds on a composition."""

    depths: tuple[int, int]
    """Fewest and most skills in a row below the one that asks."""
    branches: float
    """Probability that a second parameter of a skill is supplied by another one."""
    most: int
    """Skills beyond which nothing branches."""
    numbers: int = 0
    """Draws of a skill's givens, of which the largest counts, or the smallest if negative; 0 takes the first one."""

    def depth(self, rng: Random) -> int:
        """Draw the number of skills below the one that asks."""
        return rng.randint(*self.depths)


EFFORTS = (
    Effort((1, 1), 0.0, 2, -3),
    Effort((1, 2), 0.05, 3),
    Effort((2, 2), 0.2, 4),
    Effort((2, 3), 0.4, 5),
    Effort((3, 4), 0.6, 7, 3),
)
USUAL = 1
"""Level of a composition that nobody asked for in particular, such as one that is tried."""
SHARES = (1.5, 6, 2, 0.5, 0.2)
"""Weights of the levels in a run that asks for no difficulty."""


def draw_level(rng: Random) -> int:
    """Draw a level as a run without a wish does."""
    return rng.choices(range(len(EFFORTS)), SHARES)[0]


def size(node: Apply) -> float:
    """Digits of a skill's givens, and their first ones as a fraction: larger numbers take more work.

    >>> size(Apply("a", (("n", Given("7")),))), size(Apply("a", (("n", Given("120")),)))
    (1.07, 3.012)
    """
    numbers = (NUMBER.search(value.text) for _, value in node.arguments if isinstance(value, Given))
    lengths = sum(len(value.text) for _, value in node.arguments if isinstance(value, Given))
    return lengths + sum(float(f"0.{found[0].replace('.', '')}") for found in numbers if found) / 10

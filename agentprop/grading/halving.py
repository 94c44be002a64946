"""Variants of a proposer → the best of them, by successive halving, and an estimate of it that is not too good.

    round    candidates of each variant    variants that stay
    1        64                            the better half
    2        128                           the better half of those
    …        twice as many                 until one is left

The number under which a variant won is the largest of several noisy ones, so it is too good. So the winner is measured
once more on tasks that no round had, and only that is reported as its rate. SwarmAgentic (arXiv 2506.15672) lets a
language model rewrite whole systems of agents by what failed, as a swarm of particles; what is sound in so few and so
noisy trials is taken from it here: variants that people wrote, compared by their verdicts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

FIRST = 64
"""Candidates of a variant in the first round (ours)."""


@dataclass(frozen=True)
class Trial:
    """What a variant earned in a round."""

    arm: str
    """Name of the variant."""
    round: int
    """Number of the round, from 1; the last one measures the winner alone."""
    candidates: int
    """Candidates that were proposed."""
    rate: float
    """Reward for what it took, as `play` counts it."""


@dataclass(frozen=True)
class Halved:
    """Result of successive halving."""

    winner: str
    """Variant that was left."""
    rate: float
    """Its rate on fresh tasks."""
    trials: tuple[Trial, ...]
    """All trials, in order."""


def halve(arms: Sequence[str], play: Callable[[str, int, int], float], first: int = FIRST) -> Halved:
    """Find the best of the variants. `play(arm, candidates, round)` returns a rate, on other tasks in every round.

    Raises ValueError if there are no variants.

    >>> found = halve(["a", "b", "c"], lambda arm, candidates, round: {"a": 0.2, "b": 0.5, "c": 0.3}[arm])
    >>> found.winner, [(trial.arm, trial.candidates) for trial in found.trials]
    ('b', [('a', 64), ('b', 64), ('c', 64), ('b', 128), ('c', 128), ('b', 256)])
    """
    if not arms:
        raise ValueError("there are no variants to compare")
    left, trials, number, candidates = list(arms), list[Trial](), 1, first
    while len(left) > 1:
        found = [Trial(arm, number, candidates, play(arm, candidates, number)) for arm in left]
        trials += found
        best = sorted(found, key=lambda trial: -trial.rate)  # stable: of equal ones the earlier stays
        left = [trial.arm for trial in best[: (len(left) + 1) // 2]]
        left.sort(key=list(arms).index)
        number, candidates = number + 1, 2 * candidates
    final = Trial(left[0], number, candidates, play(left[0], candidates, number))
    return Halved(left[0], final.rate, (*trials, final))

"""Attempts at the problems of a benchmark → Mean@k, pass@k and majority@k, with 95 % intervals.

The intervals are about the problems: what another draw of problems like these would give. They are Wilson's, for the
effective number of problems, the one at which a share would vary as much as these values do between problems (Korn and
Graubard 1998 for binomial proportions of clustered samples; ours: never more than the number of attempts). Unlike a
bootstrap they stay honest where every problem is solved, or none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, variance

from agentprop.grading.difficulty import pass_at
from agentprop.grading.wilson import wilson


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over problems."""

    value: float
    """The mean."""
    low: float
    """Lower end of its 95 % interval."""
    high: float
    """Upper end."""
    problems: int
    """Problems it is the mean of."""


@dataclass(frozen=True, slots=True)
class Score:
    """What a model did on one problem."""

    attempts: int
    """Attempts it answered."""
    correct: int
    """Those that are right."""
    majority: float | None
    """Probability that the most frequent answer is the right one, ties broken by lot; None for programs."""


def estimate(values: Sequence[float], attempts: int = 1) -> Estimate | None:
    """The mean of numbers in [0, 1], each of which rests on so many attempts; None without any."""
    if not values:
        return None
    count, mean = len(values), fmean(values)
    spread = variance(values) if count > 1 else 0.0
    effective = mean * (1 - mean) * count / spread if spread > 0 else float(count)
    trials = min(max(effective, 1.0), float(count * attempts))
    return Estimate(mean, *wilson(mean * trials, trials), count)


def mean_at(scores: Sequence[Score]) -> Estimate | None:
    """Mean@k: the share of right attempts."""
    answered = [score for score in scores if score.attempts]
    fewest = min((score.attempts for score in answered), default=1)
    return estimate([score.correct / score.attempts for score in answered], fewest)


def solved_at(scores: Sequence[Score], k: int) -> Estimate | None:
    """pass@k: whether one of k attempts is right, without bias (Chen et al. 2021, arXiv 2107.03374, equation 1)."""
    enough = [score for score in scores if score.attempts >= k]
    return estimate([pass_at(k, correct=score.correct, attempts=score.attempts) for score in enough])


def agreed(scores: Sequence[Score]) -> Estimate | None:
    """majority@k: whether the most frequent answer is right."""
    return estimate([score.majority for score in scores if score.majority is not None])


def majority(correct: int, others: Mapping[str, int], alike: Callable[[str, str], bool]) -> float:
    """Probability that the most frequent answer is the right one, which `correct` attempts gave.

    `others` counts the texts of the other answers; those that are `alike` are one answer. Texts are compared only as
    long as it matters.
    """
    left = sum(others.values())
    groups: Counter[str] = Counter()
    for text, count in sorted(others.items(), key=lambda item: (-item[1], item[0])):
        if max(groups.values(), default=0) > correct or max(groups.values(), default=0) + left < correct:
            break
        groups[next((known for known in groups if alike(known, text)), text)] += count
        left -= count
    most = max(groups.values(), default=0)
    if most > correct or not correct:
        return 0.0
    tied = sum(count == correct for count in groups.values()) if not left else 0
    return 1 / (1 + tied)

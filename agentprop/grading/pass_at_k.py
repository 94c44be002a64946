"""Attempts at the problems of a benchmark → Mean@k, pass@k and majority@k, with 95 % intervals.

The intervals estimate what another draw of problems like these would give. They are Wilson's, for the effective number
of problems: the number of independent trials whose share would vary as much as these values do between problems (Korn
and Graubard 1998 for binomial proportions of clustered samples; ours: never more than the number of attempts). Unlike
a bootstrap's they do not collapse to a point if every problem is solved, or none.

Example: three problems, four attempts each, of which 4, 2 and 0 are right.

    Mean@4 = (1 + 1/2 + 0)/3 = 0.5
    pass@2 = (1 + (1 − C(2,2)/C(4,2)) + 0)/3 = (1 + 5/6 + 0)/3 ≈ 0.611
    interval of the mean: variance between problems 1/4, so 0.5·0.5·3/(1/4) = 3 effective trials; Wilson of 1.5/3

    >>> scores = [Score(4, 4, 1.0), Score(4, 2, 0.5), Score(4, 0, 0.0)]
    >>> [round(found, 3) for found in (mean_at_k(scores).value, pass_at_k(scores, 2).value)]
    [0.5, 0.611]
    >>> round(mean_at_k(scores).low, 3), round(mean_at_k(scores).high, 3)
    (0.125, 0.875)
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
    """A mean over problems with its interval."""

    value: float
    """The mean."""
    low: float
    """Lower end of its 95 % interval."""
    high: float
    """Upper end."""
    problems: int
    """Number of problems."""


@dataclass(frozen=True, slots=True)
class Score:
    """A model's attempts at one problem, counted."""

    attempts: int
    """Attempts that gave an answer."""
    correct: int
    """Those that are right."""
    majority: float | None
    """Probability that the most frequent answer is right, ties broken at random; None for programs."""
    steps: float | None = None
    """Mean share of the problem's intermediate values that an attempt passes in order; None if it has none."""


def estimate(values: Sequence[float], attempts: int = 1) -> Estimate | None:
    """Estimate the mean of numbers in [0, 1], each of which rests on so many attempts; None if there are none."""
    if not values:
        return None
    count, mean = len(values), fmean(values)
    spread = variance(values) if count > 1 else 0.0
    # Equal values show no variance between problems; then every problem counts as one trial.
    effective = mean * (1 - mean) * count / spread if spread > 0 else float(count)
    # Small samples can vary less than independent attempts would: no more trials than attempts were made.
    trials = min(max(effective, 1.0), float(count * attempts))
    return Estimate(mean, *wilson(mean * trials, trials), count)


def mean_at_k(scores: Sequence[Score]) -> Estimate | None:
    """Estimate Mean@k, the share of right attempts."""
    answered = [score for score in scores if score.attempts]
    fewest = min((score.attempts for score in answered), default=1)  # the cautious number of attempts per problem
    return estimate([score.correct / score.attempts for score in answered], fewest)


def pass_at_k(scores: Sequence[Score], k: int) -> Estimate | None:
    """Estimate pass@k without bias: one of k attempts is right (Chen et al. 2021, arXiv 2107.03374, equation 1)."""
    enough = [score for score in scores if score.attempts >= k]
    return estimate([pass_at(k, correct=score.correct, attempts=score.attempts) for score in enough])


def steps_passed(scores: Sequence[Score]) -> Estimate | None:
    """Estimate stepwise accuracy: the share of the intermediate values that a reply passes in order."""
    return estimate([score.steps for score in scores if score.steps is not None])


def majority_at_k(scores: Sequence[Score]) -> Estimate | None:
    """Estimate majority@k: the most frequent answer is right."""
    return estimate([score.majority for score in scores if score.majority is not None])


def majority(correct: int, others: Mapping[str, int], alike: Callable[[str, str], bool]) -> float:
    """Probability that the most frequent answer is the right one, which `correct` attempts gave.

    `others` counts the texts of the other answers; texts that are `alike` are one answer. Example: with two attempts
    right, 7 and 7.0 together tie with them, so the right answer wins every other draw.

    >>> majority(2, {"7": 1, "7.0": 1, "3": 1}, lambda one, other: float(one) == float(other))
    0.5
    """
    left = sum(others.values())
    groups: Counter[str] = Counter()
    for text, count in sorted(others.items(), key=lambda item: (-item[1], item[0])):
        # Comparing answers is dear: stop as soon as the rest can no longer change who wins.
        if max(groups.values(), default=0) > correct or max(groups.values(), default=0) + left < correct:
            break
        groups[next((known for known in groups if alike(known, text)), text)] += count
        left -= count
    most = max(groups.values(), default=0)
    if most > correct or not correct:
        return 0.0
    tied = sum(count == correct for count in groups.values()) if not left else 0
    return 1 / (1 + tied)

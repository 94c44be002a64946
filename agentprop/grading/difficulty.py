"""Outcomes of attempts → the difficulty of a problem: ρ = c/k, pass@k, and the number of attempts still needed.

Paper (arXiv 2602.03279): ρ(q) by a prober. Ours: ρ is the pass *rate* c/k, because with a literal pass@16 in {0, 1} the
reward's 1 − ρ would be 0 for every problem that can be solved. An attempt that was cut off, timed out or could not be
compared says nothing about the problem: it counts in neither c nor k, is not replaced by another one, and keeps its
outcome in the record.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from math import comb, factorial
from typing import Literal

from agentprop.config import BAND

Outcome = Literal["correct", "wrong", "too_slow", "truncated", "timeout", "undetermined", "internal"]
"""`too_slow` is a program that overran twice, the second time with more time than its tests can need: it is wrong.
`internal` is a reply that agentprop could not grade, for a defect of its own."""

STOP_ERROR = Fraction(1, 20)
"""Largest probability, under a uniform prior, that an early stop puts a problem on the wrong side of a band's edge."""
BATCH = 4
"""Attempts made at once while an early stop is possible."""


@dataclass(frozen=True, slots=True)
class AttemptCounts:
    """The attempts of one prober at one problem, by outcome."""

    correct: int = 0
    """c: attempts that gave the problem's answer."""
    wrong: int = 0
    """Attempts that gave another answer, or none."""
    truncated: int = 0
    """Cut off by a token limit or by the context."""
    timeouts: int = 0
    """Lost to a time limit of the request or of the comparison."""
    undetermined: int = 0
    """Neither shown to be right nor to be wrong."""
    internal: int = 0
    """Not graded, because agentprop failed."""

    @property
    def counted(self) -> int:
        """k of ρ = c/k: the attempts that count."""
        return self.correct + self.wrong

    @property
    def made(self) -> int:
        """All attempts."""
        return self.counted + self.truncated + self.timeouts + self.undetermined + self.internal

    @property
    def rate(self) -> float | None:
        """ρ = c/k; None if no attempt counts."""
        return self.correct / self.counted if self.counted else None

    def plus(self, outcomes: Iterable[str]) -> AttemptCounts:
        """The counts with further attempts added, by their outcomes."""
        tally = self
        for outcome in outcomes:
            name = _FIELD[outcome]
            tally = replace(tally, **{name: getattr(tally, name) + 1})
        return tally


_FIELD = {
    "correct": "correct",
    "wrong": "wrong",
    "too_slow": "wrong",
    "truncated": "truncated",
    "timeout": "timeouts",
    "undetermined": "undetermined",
    "internal": "internal",
}


# --- estimates ---


def pass_at(k: int, *, correct: int, attempts: int) -> float:
    """Unbiased pass@k, 1 − C(n−c, k)/C(n, k): the chance that one of k attempts drawn from the n made is right.

    Source: Chen et al. 2021, arXiv 2107.03374, equation 1. Raises ValueError unless 1 ≤ k ≤ n and 0 ≤ c ≤ n.
    """
    if not 1 <= k <= attempts or not 0 <= correct <= attempts:
        raise ValueError(f"pass@{k} cannot be estimated from {correct} of {attempts} attempts")
    return float(1 - Fraction(comb(attempts - correct, k), comb(attempts, k)))


# --- early stop ---


@dataclass(frozen=True)
class Band:
    """Range of difficulties that was asked for, ends included."""

    low: Fraction
    """Least ρ."""
    high: Fraction
    """Greatest ρ."""

    @classmethod
    def of(cls, text: str | None) -> Band | None:
        """Parse LO..HI, as in the settings."""
        ends = BAND.fullmatch(text) if text is not None else None
        return cls(Fraction(ends[1]), Fraction(ends[2])) if ends else None

    def holds(self, correct: int, attempts: int) -> bool:
        """True if c/k lies in the band."""
        return attempts > 0 and self.low <= Fraction(correct, attempts) <= self.high


def band_probability(tally: AttemptCounts, left: int, band: Band) -> Fraction:
    """Probability that ρ lies in the band after `left` more attempts.

    Beta-binomial from a uniform prior; a certain outcome gives exactly 0 or 1. It is a martingale under that prior, so
    stopping as soon as it is below ε or above 1 − ε errs with probability at most ε, however often it is looked at.
    """
    c, n = tally.correct, tally.counted
    return sum((_exactly(x, left, c, n) for x in range(left + 1) if band.holds(c + x, n + left)), Fraction(0))


def _exactly(x: int, left: int, c: int, n: int) -> Fraction:
    """P(x of `left` further attempts are right | c of n were), by the beta-binomial distribution."""
    ways = comb(left, x) * factorial(c + x) * factorial(n - c + left - x) * factorial(n + 1)
    return Fraction(ways, factorial(c) * factorial(n - c) * factorial(n + left + 1))


def decided(tally: AttemptCounts, k: int, band: Band) -> bool:
    """True if the attempts made already tell, up to STOP_ERROR, if ρ of all k would lie in the band."""
    left = max(0, k - tally.made)
    return left == 0 or not STOP_ERROR < band_probability(tally, left, band) < 1 - STOP_ERROR


def attempts_due(tally: AttemptCounts, k: int, band: Band | None) -> int:
    """Number of attempts to make next: all that are missing, or a few at a time if a band allows an early stop."""
    left = max(0, k - tally.made)
    if band is None:
        return left
    return 0 if tally.made and decided(tally, k, band) else min(BATCH, left)

"""Outcomes of attempts → how hard a problem is: ρ = c/k, pass@k, an interval, and whether more attempts are owed.

Paper (arXiv 2602.03279): ρ(q) by a prober. Ours: ρ is the pass *rate* c/k, because of a literal pass@16 in {0, 1} the
reward's 1 − ρ would never be anything but 0. An attempt that was cut off, timed out or could not be compared says
nothing about the problem: it counts in none of c and k, is not made up for by another one, and is stored as what it is.
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

DOUBT = Fraction(1, 20)
"""Probability, under a uniform prior, that an early stop puts a problem on the wrong side of a band's edge."""
WAVE = 4
"""Attempts made at once where they may be the last."""


@dataclass(frozen=True, slots=True)
class AttemptCounts:
    """The attempts of one prober at one problem, by outcome."""

    correct: int = 0
    """c: the problem's answer."""
    wrong: int = 0
    """Another answer, or none."""
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
        """ρ; None where no attempt counts."""
        return self.correct / self.counted if self.counted else None

    def plus(self, outcomes: Iterable[str]) -> AttemptCounts:
        """With further attempts."""
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
    """Unbiased pass@k, 1 − C(n−c, k)/C(n, k): some of k attempts drawn from the n that were made is right."""
    if not 1 <= k <= attempts or not 0 <= correct <= attempts:
        raise ValueError(f"pass@{k} cannot be estimated from {correct} of {attempts} attempts")
    return float(1 - Fraction(comb(attempts - correct, k), comb(attempts, k)))


# --- early stop ---


@dataclass(frozen=True)
class Band:
    """The difficulties somebody asked for, ends included."""

    low: Fraction
    """Least ρ."""
    high: Fraction
    """Greatest ρ."""

    @classmethod
    def of(cls, text: str | None) -> Band | None:
        """From LO..HI as the settings have it."""
        ends = BAND.fullmatch(text) if text is not None else None
        return cls(Fraction(ends[1]), Fraction(ends[2])) if ends else None

    def holds(self, correct: int, attempts: int) -> bool:
        """Whether c/k lies in it."""
        return attempts > 0 and self.low <= Fraction(correct, attempts) <= self.high


def chance(tally: AttemptCounts, left: int, band: Band) -> Fraction:
    """The probability that ρ lies in the band once `left` more attempts have been made.

    Beta-binomial from a uniform prior: what is certain whatever happens comes out as exactly 0 or 1. It is a martingale
    under that prior, so stopping as soon as it is below ε or above 1 − ε errs with probability at most ε, however often
    one looks.
    """
    c, n = tally.correct, tally.counted
    return sum((_exactly(x, left, c, n) for x in range(left + 1) if band.holds(c + x, n + left)), Fraction(0))


def _exactly(x: int, left: int, c: int, n: int) -> Fraction:
    """P(x of `left` further attempts are right | c of n were)."""
    ways = comb(left, x) * factorial(c + x) * factorial(n - c + left - x) * factorial(n + 1)
    return Fraction(ways, factorial(c) * factorial(n - c) * factorial(n + left + 1))


def decided(tally: AttemptCounts, k: int, band: Band) -> bool:
    """Whether all k attempts would hardly say anything else about the band than those that were made."""
    left = max(0, k - tally.made)
    return left == 0 or not DOUBT < chance(tally, left, band) < 1 - DOUBT


def due(tally: AttemptCounts, k: int, band: Band | None) -> int:
    """How many attempts to make next: all that are owed, or a few where they may decide; none are never enough."""
    left = max(0, k - tally.made)
    if band is None:
        return left
    return 0 if tally.made and decided(tally, k, band) else min(WAVE, left)

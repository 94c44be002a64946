"""Differences between two arms by seed, and by pair of skills → an estimate, its interval, and how sure it is.

>>> found = paired([0.10, 0.02, 0.06, 0.06])
>>> round(found.mean, 3), round(found.half, 3), round(found.p, 3)
(0.06, 0.052, 0.035)
>>> sign_flip_p([0.10, 0.02, 0.06, 0.06])       # 2 of 2⁴ assignments of signs are as far from 0
0.125
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import sqrt
from random import Random
from statistics import fmean, quantiles, stdev

from mpmath import betainc

T_95 = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571, 7: 2.447, 8: 2.365, 9: 2.306, 10: 2.262}
"""97.5 % quantiles of Student's t by the number of values."""


@dataclass(frozen=True)
class Paired:
    """A mean difference over seeds."""

    mean: float
    """The mean."""
    half: float
    """Half the width of the 95 % t interval."""
    p: float
    """Two-sided p of the paired t test."""
    values: tuple[float, ...]
    """By seed."""

    def __str__(self) -> str:
        return f"{self.mean:+.3f} ± {self.half:.3f} (p = {self.p:.3f}, n = {len(self.values)})"


def paired(differences: Sequence[float]) -> Paired:
    """Test differences by seed against zero; 2 to 10 of them."""
    n, mean, sd = len(differences), fmean(differences), stdev(differences)
    if not sd:
        return Paired(mean, 0.0, 0.0 if mean else 1.0, tuple(differences))
    t = mean / (sd / sqrt(n))
    return Paired(mean, T_95[n] * sd / sqrt(n), p_of_t(t, n - 1), tuple(differences))


def p_of_t(t: float, freedom: int) -> float:
    """Two-sided p of Student's t, by the incomplete beta function.

    >>> round(p_of_t(2.365, 7), 3), p_of_t(0.0, 7)
    (0.05, 1.0)
    """
    return float(betainc(freedom / 2, 0.5, 0, freedom / (freedom + t * t), regularized=True))


def sign_flip_p(differences: Sequence[float]) -> float:
    """Exact two-sided p if each difference is as likely to have the other sign: 2ⁿ assignments."""
    observed = abs(fmean(differences)) - 1e-12
    flips = [abs(fmean(map(_times, signs, differences))) for signs in product((1, -1), repeat=len(differences))]
    return sum(found >= observed for found in flips) / len(flips)


def bootstrap(by_seed_and_pair: Sequence[Sequence[float]], resamples: int, seed: int = 0) -> tuple[float, float]:
    """Return the 95 % percentile interval of the mean, of seeds and pairs drawn with replacement.

    `by_seed_and_pair[s][p]` is the difference of seed s on pair p; pairs are those of every seed.
    """
    rng, seeds, pairs = Random(seed), range(len(by_seed_and_pair)), range(len(by_seed_and_pair[0]))
    means = []
    for _ in range(resamples):
        drawn = rng.choices(pairs, k=len(pairs))
        means.append(fmean(by_seed_and_pair[s][p] for s in rng.choices(seeds, k=len(seeds)) for p in drawn))
    cuts = quantiles(means, n=40, method="inclusive")
    return cuts[0], cuts[-1]


def _times(sign: int, value: float) -> float:
    return sign * value
